/*
 * drop: drops forms into a running desk, and waits for their receipts.
 *
 *	drop DESK [BOX RATE N FROM] ...
 *
 * For each BOX ("-": inbox itself) N forms, so many a second; RATE 0: each
 * when the receipt of the one before is there; "max": all at once.  They are
 * dropped when they are due, however far behind the desk is.  A line for each
 * form: its box, when it was dropped and when its receipt (.xml and .txt) was
 * there, in ms after the first.  DESK.drop is where they are before.
 *
 * While a desk is at work only the names of receipts are written down; which
 * forms they are for is read when all are there.  Who looks takes from what is
 * looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fs.h"

#include "form.h"
#include "tick.h"

#define WAIT_MS 120000		/* then it is given up */

struct box {
	const char	*name;		/* "" for inbox itself */
	int		 in, out, watch;
	double		 every;		/* ms; < 0: one after the other */
	unsigned	 n, from, dropped, done;
	double		*at, *answered;	/* of each form */
	struct receipt {
		char	 name[64];
		double	 came;
	}		*receipts;	/* as they came */
};

static struct box boxes[8];
static size_t n_boxes;
static int events, stage;
static double zero;

static void
fail(const char *what)
{
	fprintf(stderr, "drop: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	return tick() - zero;
}

/* The folder of a box; the desk makes those in outbox. */
static int
open_folder(const char *desk, const char *below, const char *box)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	char path[4096];
	int fd, tries;

	snprintf(path, sizeof(path), "%s/%s/%s", desk, below, box);
	if (strcmp(below, "inbox") == 0 && mkdir(path, 0755) != 0 &&
	    errno != EEXIST)
		fail(path);
	for (tries = 0; tries < 30000; tries++) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		nanosleep(&pause, NULL);
	}
	fail(path);
	return -1;
}

/* All forms of a box are written beforehand, beside the desk. */
static void
write_forms(const struct box *b)
{
	struct buf form = BUF_INIT;
	char name[64];
	unsigned i;
	int fd;

	for (i = 0; i < b->n; i++) {
		buf_clear(&form);
		form_put(&form, b->from + i, b->name, "2099-01-01");
		snprintf(name, sizeof(name), "%s-%u", b->name, i);
		fd = openat(stage, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || fs_write(fd, form.data, form.len) != 0 ||
		    close(fd) != 0)
			fail(name);
	}
	buf_free(&form);
}

static void
open_stage(const char *desk)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.drop", desk);
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		fail(path);
	stage = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (stage < 0)
		fail(path);
}

static void
open_box(const char *desk, char **words)
{
	struct box *b = &boxes[n_boxes++];
	char path[64];

	b->name = strcmp(words[0], "-") == 0 ? "" : words[0];
	b->every = strcmp(words[1], "max") == 0 ? 0 :
	    strcmp(words[1], "0") == 0 ? -1 : 1000 / strtod(words[1], NULL);
	b->n = (unsigned)strtoul(words[2], NULL, 10);
	b->from = (unsigned)strtoul(words[3], NULL, 10);
	b->at = mem_grow(NULL, b->n + 1, sizeof(*b->at));
	b->answered = mem_grow(NULL, b->n + 1, sizeof(*b->answered));
	b->receipts = mem_grow(NULL, b->n + 1, sizeof(*b->receipts));
	b->in = open_folder(desk, "inbox", b->name);
	b->out = open_folder(desk, "outbox", b->name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", b->out);
	b->watch = inotify_add_watch(events, path, IN_MOVED_TO);
	if (b->watch < 0)
		fail("inotify");
	write_forms(b);
}

static void
drop(struct box *b)
{
	unsigned i = b->dropped++;
	char from[64], name[64];

	snprintf(from, sizeof(from), "%s-%u", b->name, i);
	snprintf(name, sizeof(name), "drop-%u.xml", b->from + i);
	b->at[i] = now();
	b->answered[i] = -1;
	if (renameat(stage, from, b->in, name) != 0)
		fail(name);
}

/* The text is the last of the two. */
static void
take(struct box *b, const char *name)
{
	const char *dot = strstr(name, ".received.txt");
	struct receipt *r = &b->receipts[b->done];

	if (dot == NULL || dot[13] != '\0')
		return;
	if (b->done == b->n)
		give_up("a receipt too many");
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->came = now();
	b->done++;
}

static void
take_events(void)
{
	static char room[65536] __attribute__((aligned(8)));
	const struct inotify_event *e;
	ssize_t n = read(events, room, sizeof(room)), at;
	size_t i;

	for (at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
		e = (const void *)(room + at);
		if (e->mask & IN_Q_OVERFLOW)
			give_up("events were lost");
		for (i = 0; i < n_boxes; i++)
			if (e->wd == boxes[i].watch)
				take(&boxes[i], e->name);
	}
}

/* Which form a receipt is for: it says what the file was called. */
static void
assign(struct box *b, const struct receipt *r)
{
	struct buf text = BUF_INIT;
	unsigned serial = 0;
	const char *p;

	if (fs_read_file(b->out, r->name, 65536, &text) != 0)
		fail(r->name);
	p = strstr(buf_str(&text), "drop-");
	if (p == NULL || sscanf(p, "drop-%u", &serial) != 1 ||
	    serial < b->from || serial - b->from >= b->n ||
	    b->answered[serial - b->from] >= 0)
		give_up(r->name);
	b->answered[serial - b->from] = r->came;
	buf_free(&text);
}

/* When the next one is due; -1: when something is answered. */
static double
due(const struct box *b)
{
	if (b->dropped == b->n)
		return -1;
	if (b->every < 0)
		return b->dropped == b->done ? 0 : -1;
	return b->every * b->dropped;
}

static struct timespec
timespec_of(double ms)
{
	time_t s = (time_t)(ms / 1e3);

	return (struct timespec){ s, (long)((ms - (double)s * 1e3) * 1e6) };
}

static void
run(void)
{
	struct timespec pause;
	struct pollfd p = { .fd = events, .events = POLLIN };
	double wait, next, last = now();
	unsigned open;
	size_t i;

	do {
		wait = 1000;
		for (i = open = 0; i < n_boxes; i++) {
			next = due(&boxes[i]);
			if (next >= 0 && next <= now()) {
				drop(&boxes[i]);
				next = due(&boxes[i]);
			}
			if (next >= 0 && next - now() < wait)
				wait = next < now() ? 0 : next - now();
			open += boxes[i].n - boxes[i].done;
		}
		pause = timespec_of(wait);
		if (ppoll(&p, 1, &pause, NULL) == 1) {
			take_events();
			last = now();
		}
		if (now() - last > WAIT_MS)
			fail("no receipt comes");
	} while (open > 0);
}

int
main(int argc, char **argv)
{
	unsigned k;
	size_t i;
	int word;

	if (argc < 6 || (argc - 2) % 4 != 0 || argc > 2 + 4 * 8) {
		fputs("usage: drop DESK [BOX RATE N FROM] ...\n", stderr);
		return 2;
	}
	events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	open_stage(argv[1]);
	for (word = 2; word < argc; word += 4)
		open_box(argv[1], argv + word);
	zero = now();
	run();
	for (i = 0; i < n_boxes; i++) {
		for (k = 0; k < boxes[i].n; k++)
			assign(&boxes[i], &boxes[i].receipts[k]);
		for (k = 0; k < boxes[i].n; k++)
			printf("%s %.3f %.3f\n", boxes[i].name[0] == '\0' ?
			    "-" : boxes[i].name, boxes[i].at[k],
			    boxes[i].answered[k]);
	}
	return 0;
}
