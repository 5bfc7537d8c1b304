/*
 * hook: a command of the operator's.
 *
 * May not: wait; know what has changed.
 * The operator's: a command that fails; it is told, and tried again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "errand.h"
#include "fs.h"
#include "log.h"
#include "text.h"

#include "hook.h"

/* A command that reloads a server is through in a second or two. */
#define HOOK_MS 30000

/* Of what it says so much is kept. */
#define SAID_MOST 4096

/* One that has failed is run again after so long, and each time after twice
 * as long. */
#define RETRY_FIRST_MS 5000
#define RETRY_LAST_MS 300000

struct hook {
	char		*name, *command;
	int		 dir;
	const char	*mark;
	bool		 noted;		/* the mark is there */
	struct errand	 errand;
	bool		 again;
	char		*trouble;
	int64_t		 retry, pause;	/* ticks, 0: none; ms */
};

struct hook *
hook_new(const char *name, int dir, const char *mark)
{
	struct hook *h = mem_alloc(sizeof(*h));

	h->name = mem_str(name);
	h->dir = dir;
	h->mark = mark;
	h->noted = faccessat(dir, mark, F_OK, 0) == 0;
	h->errand = (struct errand)ERRAND_INIT;
	return h;
}

void
hook_free(struct hook *h)
{
	if (h == NULL)
		return;
	errand_end(&h->errand);
	free(h->trouble);
	free(h->name);
	free(h->command);
	free(h);
}

static void
forget_trouble(struct hook *h)
{
	free(h->trouble);
	h->trouble = NULL;
	h->retry = h->pause = 0;
}

void
hook_configure(struct hook *h, const char *command)
{
	bool other = command == NULL || h->command == NULL ||
	    strcmp(command, h->command) != 0;

	free(h->command);
	h->command = mem_str(command);
	if (command == NULL)
		forget_trouble(h);
	else if (other && h->trouble != NULL)
		h->retry = clock_ticks();
}

bool
hook_is_run(const struct hook *h)
{
	return errand_is_out(&h->errand);
}

const char *
hook_trouble(const struct hook *h)
{
	return h->trouble;
}

/* The mark. */

void
hook_note(struct hook *h)
{
	int fd;

	if (h->command == NULL || h->noted)
		return;
	fd = fs_open(h->dir, h->mark, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		log_errno("gateway", "write", h->mark);
	else
		close(fd);
	h->noted = fd >= 0;
}

void
hook_forget(struct hook *h)
{
	if (h->noted && unlinkat(h->dir, h->mark, 0) != 0 && errno != ENOENT)
		log_errno("gateway", "remove", h->mark);
	h->noted = false;
}

bool
hook_is_due(const struct hook *h)
{
	return h->noted && !hook_is_run(h) && h->retry == 0;
}

/* The command. */

/* How it went: `what' is NULL if it did. */
static void
conclude(struct hook *h, const char *what)
{
	const struct buf *said = &h->errand.said;
	struct buf line = BUF_INIT, text = BUF_INIT;

	text_line(&line, buf_str(said), said->len, 300);
	log_event(what == NULL ? LOG_INFO : LOG_WARN, "gateway", "event",
	    h->name, "ended", what == NULL ? "well" : what, "says",
	    line.len == 0 ? NULL : buf_str(&line), NULL);
	if (what == NULL) {
		forget_trouble(h);
		if (!h->again)
			hook_forget(h);
	} else {
		buf_putf(&text, "%s: the command %s%s%s", h->name, what,
		    line.len == 0 ? "" : ": ", buf_str(&line));
		free(h->trouble);
		h->trouble = buf_take(&text);
		h->pause = h->pause == 0 ? RETRY_FIRST_MS : h->pause * 2;
		if (h->pause > RETRY_LAST_MS)
			h->pause = RETRY_LAST_MS;
		h->retry = clock_ticks() + h->pause;
	}
	buf_free(&line);
	errand_end(&h->errand);
}

void
hook_run(struct hook *h)
{
	const char *argv[] = { "/bin/sh", "-c", h->command, NULL };

	if (h->command == NULL) {
		hook_forget(h);
		return;
	}
	if (hook_is_run(h)) {
		h->again = true;
		return;
	}
	h->again = false;
	h->retry = 0;
	if (errand_begin(&h->errand, argv, -1, SAID_MOST, HOOK_MS) != 0)
		conclude(h, "cannot be started");
}

void
hook_tend(struct hook *h)
{
	char what[64] = "";
	int status, ended;

	if (!hook_is_run(h)) {
		if (h->retry != 0 && clock_ticks() >= h->retry)
			hook_run(h);
		return;
	}
	ended = errand_go_on(&h->errand, &status);
	if (ended == 0)
		return;
	if (ended < 0)
		snprintf(what, sizeof(what), "took longer than %d seconds",
		    HOOK_MS / 1000);
	else if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "was killed by signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(what, sizeof(what), "ended with %d",
		    WEXITSTATUS(status));
	conclude(h, what[0] == '\0' ? NULL : what);
	if (h->again)
		hook_run(h);
}

int64_t
hook_due(const struct hook *h)
{
	if (hook_is_run(h))
		return errand_due(&h->errand);
	return h->retry != 0 ? h->retry : INT64_MAX;
}

size_t
hook_poll(const struct hook *h, struct pollfd *fds)
{
	return errand_poll(&h->errand, fds);
}
