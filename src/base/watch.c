/*
 * watch: hints that something changed in a directory.
 *
 * May not: be relied upon.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "buf.h"
#include "watch.h"

#define COMPLETE (IN_CLOSE_WRITE | IN_MOVED_TO)
#define TOUCHED (IN_CREATE | IN_ATTRIB)
#define LEFT (IN_DELETE | IN_MOVED_FROM)
#define GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)

struct watch {
	int	 fd;
	struct tagged {
		int	 wd, tag;
	}	*tagged;
	size_t	 n_tagged;
	size_t	 have, at;	/* bytes in store, and those consumed */
	char	 store[8192]
		    __attribute__((aligned(_Alignof(struct inotify_event))));
};

struct watch *
watch_new(void)
{
	struct watch *w = mem_alloc(sizeof(*w));

	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		free(w);
		return NULL;
	}
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	close(w->fd);
	free(w->tagged);
	free(w);
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

int
watch_add(struct watch *w, int dirfd, int tag)
{
	char path[64];
	int wd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	wd = inotify_add_watch(w->fd, path, COMPLETE | TOUCHED | LEFT |
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	if (wd < 0)
		return -1;
	w->tagged = mem_grow(w->tagged, w->n_tagged + 1, sizeof(*w->tagged));
	w->tagged[w->n_tagged++] = (struct tagged){ wd, tag };
	return 0;
}

void
watch_del(struct watch *w, int tag)
{
	size_t i;

	for (i = 0; i < w->n_tagged; i++)
		if (w->tagged[i].tag == tag) {
			inotify_rm_watch(w->fd, w->tagged[i].wd);
			w->tagged[i] = w->tagged[--w->n_tagged];
			return;
		}
}

/* The tag of a watch, or -1 for one that was ended meanwhile. */
static int
tag_of(const struct watch *w, int wd)
{
	size_t i;

	for (i = 0; i < w->n_tagged; i++)
		if (w->tagged[i].wd == wd)
			return w->tagged[i].tag;
	return -1;
}

static enum watch_what
what_of(uint32_t mask)
{
	if (mask & IN_Q_OVERFLOW)
		return WATCH_LOST;
	if (mask & GONE)
		return WATCH_GONE;
	if (mask & IN_CLOSE_WRITE)
		return WATCH_COMPLETE;
	if (mask & IN_MOVED_TO)
		return WATCH_MOVED;
	return mask & LEFT ? WATCH_LEFT : WATCH_TOUCHED;
}

static int
refill(struct watch *w)
{
	ssize_t n;

	do
		n = read(w->fd, w->store, sizeof(w->store));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	w->have = (size_t)n;
	w->at = 0;
	return 0;
}

int
watch_next(struct watch *w, struct watch_event *e)
{
	const struct inotify_event *raw;

	do {
		if (w->at == w->have && refill(w) != 0)
			return 0;
		raw = (const void *)(w->store + w->at);
		w->at += sizeof(*raw) + raw->len;
		e->what = what_of(raw->mask);
		e->tag = tag_of(w, raw->wd);
		e->name = raw->len > 0 ? raw->name : "";
	} while (e->tag < 0 && e->what != WATCH_LOST);
	return 1;
}
