/*
 * probe: whether events come, and how late.
 *
 * May not: decide what follows from it (flow.c does).
 * The machine's trouble: a probe that cannot be written says nothing about
 * events; others will stumble over the same, and complain.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"

#include "probe.h"

#define NAME ".docket-probe"

/* An event that takes longer will not come, ms. */
#define PATIENCE_MS 5000

/* A name may be taken, by somebody who wants to be in the way. */
#define NAMES 8

struct probe {
	struct desk	*desk;
	const struct settings *settings;
	int		 tag;
	bool		 on;		/* this file system sends events */
	bool		 deaf, was_deaf;	/* now; as last told */
	char		 name[32];	/* that is waited for; "": none */
	int64_t		 sent;		/* microseconds */
	int64_t		 lag;
	int64_t		 due;		/* ticks: the next one, or the end of
					 * our patience with this one */
};

struct probe *
probe_open(struct desk *desk, const struct settings *s, int tag)
{
	struct probe *p = mem_alloc(sizeof(*p));

	p->desk = desk;
	p->tag = tag;
	p->lag = -1;
	probe_configure(p, s);
	return p;
}

void
probe_close(struct probe *p)
{
	free(p);
}

void
probe_configure(struct probe *p, const struct settings *s)
{
	p->settings = s;
	p->on = s->probe > 0 && fs_has_events(p->desk->inbox);
	p->name[0] = '\0';
	p->due = p->on ? clock_ticks() : INT64_MAX;
	if (!p->on)
		p->deaf = false;
}

static int64_t
patience(const struct probe *p)
{
	return p->settings->probe < PATIENCE_MS ? p->settings->probe :
	    PATIENCE_MS;
}

/* Makes the file and takes it away: three events, of which that of closing it
 * counts.  -1 with errno. */
static int
send_as(struct probe *p, const char *name)
{
	int fd = openat(p->desk->inbox, name, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	snprintf(p->name, sizeof(p->name), "%s", name);
	close(fd);
	p->sent = clock_micros();
	unlinkat(p->desk->inbox, name, 0);
	return 0;
}

/* What we were killed with goes; what is another's stays. */
static void
clear_away(const struct probe *p, const char *name)
{
	struct stat st;

	if (fstatat(p->desk->inbox, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_size == 0)
		unlinkat(p->desk->inbox, name, 0);
}

static void
send_one(struct probe *p)
{
	char name[sizeof(p->name)];
	unsigned n;

	snprintf(name, sizeof(name), NAME);
	for (n = 1; send_as(p, name) != 0 && errno == EEXIST && n < NAMES;
	    n++) {
		clear_away(p, name);
		snprintf(name, sizeof(name), NAME ".%u", n);
	}
	p->due = clock_ticks() + (p->name[0] != '\0' ? patience(p) :
	    p->settings->probe);
}

bool
probe_event(struct probe *p, const struct watch_event *e)
{
	if (e->tag != p->tag || strncmp(e->name, NAME, strlen(NAME)) != 0)
		return false;
	if (e->what != WATCH_COMPLETE || strcmp(e->name, p->name) != 0)
		return true;
	p->lag = clock_micros() - p->sent;
	p->name[0] = '\0';
	p->deaf = false;
	p->due = p->was_deaf ? clock_ticks() :
	    clock_ticks() + p->settings->probe;
	return true;
}

void
probe_lost(struct probe *p)
{
	if (p->on && p->name[0] != '\0') {
		p->name[0] = '\0';
		p->due = clock_ticks();
	}
}

int64_t
probe_due(const struct probe *p)
{
	return p->due;
}

bool
probe_tend(struct probe *p)
{
	bool changed;

	if (p->on && clock_ticks() >= p->due) {
		if (p->name[0] != '\0')
			p->deaf = true;
		p->name[0] = '\0';
		send_one(p);
	}
	changed = p->deaf != p->was_deaf;
	p->was_deaf = p->deaf;
	return changed;
}

bool
probe_is_deaf(const struct probe *p)
{
	return p->deaf;
}

int64_t
probe_lag(const struct probe *p)
{
	return p->lag;
}
