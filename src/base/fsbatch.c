/*
 * fsbatch: files that appear together, durably.
 *
 * To write many files is mostly the file system's work, and while one thread
 * waits for it another can go on.  What they share is a queue of bytes; once
 * no more come, and until it has ended, all of the batch is the thread's, and
 * of the one that goes before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "fsbatch.h"
#include "hash.h"
#include "notify.h"

/* Up to so many files are synced one by one, more by syncfs(2). */
#define SYNC_EACH 8

/* Copied bytes that wait to be written beside. */
#define WAITING_MOST ((size_t)2 << 20)

/* Who waits for the thread hears of it after so many files. */
#define NEWS 32

#define WORKNAME 48

struct item {
	int	 dirfd;
	int	 fd;		/* -1: closed, too many to be synced singly */
	char	 work[WORKNAME];
	char	*name;
	bool	 shown;
	struct stat st;		/* of one that was shown beside, in a batch
				 * that goes before another */
};

struct waiting {
	struct waiting	*next;
	int		 workdir;
	char		 work[WORKNAME];
	mode_t		 mode;
	const void	*bytes;
	size_t		 n;
	size_t		 copied;	/* of them; the others are lent */
	char		 copy[];
};

struct fs_batch {
	int	 workdir;
	char	 prefix[16], random[9];
	struct item *items;
	size_t	 n, cap;

	struct fs_batch *next;		/* whose thread does it all; or NULL */
	struct fs_batch *before;	/* what ours does as well, first */
	bool	 led;			/* there was such a next one */
	bool	 beside, begun;		/* asked for; there is a thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t come, gone;
	/* under the lock */
	struct waiting *first, **last;
	size_t	 bytes;		/* copied, of those that wait */
	bool	 over;		/* no more of them come */
	bool	 shows;		/* all are shown then */
	bool	 ended;
	int	 error;		/* why it has ended before its time; or 0 */
};

struct fs_batch *
fs_batch_new(int workdir, const char *prefix)
{
	struct fs_batch *b = mem_alloc(sizeof(*b));

	b->workdir = workdir;
	snprintf(b->prefix, sizeof(b->prefix), "%s", prefix);
	hash_random(b->random, 8);
	return b;
}

void
fs_batch_beside(struct fs_batch *b)
{
	b->beside = true;
}

bool
fs_batch_before(struct fs_batch *b, struct fs_batch *next)
{
	if (!next->begun)
		return false;
	b->next = next;
	b->led = true;
	next->before = b;
	return true;
}

size_t
fs_batch_count(const struct fs_batch *b)
{
	return b->n;
}

/* Where many appear, beside what the caller does. */

static int	sync_written(const struct fs_batch *);
static int	show_beside(struct fs_batch *);

/* Whoever waits for the thread is to know that it is at work. */
static void
tell_news(struct fs_batch *b)
{
	pthread_mutex_lock(&b->lock);
	pthread_cond_signal(&b->gone);
	pthread_mutex_unlock(&b->lock);
}

/* The next one that waits; NULL: there will be none. */
static struct waiting *
take(struct fs_batch *b)
{
	struct waiting *w;

	while (b->first == NULL && !b->over)
		pthread_cond_wait(&b->come, &b->lock);
	w = b->first;
	if (w != NULL)
		b->first = w->next;
	if (b->first == NULL)
		b->last = &b->first;
	return w;
}

/* 0, or why one could not be: after that nothing will be shown. */
static int
write_waiting(struct fs_batch *b)
{
	struct waiting *w;
	unsigned news = 0;
	int error = 0;

	pthread_mutex_lock(&b->lock);
	while ((w = take(b)) != NULL) {
		pthread_mutex_unlock(&b->lock);
		if (error == 0 && fs_write_new(w->workdir, w->work, w->bytes,
		    w->n, w->mode, NULL) != 0)
			error = errno;
		pthread_mutex_lock(&b->lock);
		b->bytes -= w->copied;
		free(w);
		if (++news % NEWS == 0 || b->first == NULL)
			pthread_cond_signal(&b->gone);
	}
	pthread_mutex_unlock(&b->lock);
	return error;
}

static void *
work_beside(void *arg)
{
	struct fs_batch *b = arg;
	int error = write_waiting(b);

	/* `shows' was set before the last of them was said to have come */
	if (error == 0 && b->shows && (sync_written(b) != 0 ||
	    show_beside(b) != 0))
		error = errno;
	pthread_mutex_lock(&b->lock);
	b->error = error;
	b->ended = true;
	pthread_cond_signal(&b->gone);
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void
forget_beside(struct fs_batch *b)
{
	pthread_cond_destroy(&b->gone);
	pthread_cond_destroy(&b->come);
	pthread_mutex_destroy(&b->lock);
	b->beside = b->begun = false;
}

static bool
begin_beside(struct fs_batch *b)
{
	if (b->begun)
		return true;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->come, NULL);
	pthread_cond_init(&b->gone, NULL);
	b->last = &b->first;
	b->begun = pthread_create(&b->thread, NULL, work_beside, b) == 0;
	if (!b->begun)
		forget_beside(b);
	return b->begun;
}

static void
write_beside(struct fs_batch *b, int workdir, const char *work,
    const struct waiting *what)
{
	struct waiting *w = mem_alloc(sizeof(*w) + what->copied);

	*w = *what;
	w->workdir = workdir;
	snprintf(w->work, sizeof(w->work), "%s", work);
	if (w->copied > 0)
		w->bytes = memcpy(w->copy, what->bytes, what->n);
	pthread_mutex_lock(&b->lock);
	while (w->copied > 0 && b->bytes > WAITING_MOST) {
		pthread_cond_wait(&b->gone, &b->lock);
		notify_pulse();
	}
	b->bytes += w->copied;
	*b->last = w;
	b->last = &w->next;
	pthread_cond_signal(&b->come);
	pthread_mutex_unlock(&b->lock);
}

/* No more come: what waits is written, and shown, if it is to be. */
static void
begin_end(struct fs_batch *b, bool shows)
{
	pthread_mutex_lock(&b->lock);
	if (shows)
		b->shows = true;
	b->over = true;
	pthread_cond_signal(&b->come);
	pthread_mutex_unlock(&b->lock);
}

/* What was before it is on its own again, as far as it has come. */
static void
part(struct fs_batch *b)
{
	if (b->before == NULL)
		return;
	b->before->shows = b->shows;
	b->before->error = b->error;
	b->before->next = NULL;
	b->before = NULL;
}

/* Until the thread has done what there was to be done. */
static void
join(struct fs_batch *b)
{
	begin_end(b, false);
	pthread_mutex_lock(&b->lock);
	while (!b->ended) {
		pthread_cond_wait(&b->gone, &b->lock);
		notify_pulse();
	}
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	forget_beside(b);
	part(b);
}

static int
end_beside(struct fs_batch *b)
{
	if (b->next != NULL)
		join(b->next);
	if (b->begun)
		join(b);
	if (b->error == 0)
		return 0;
	errno = b->error;
	return -1;
}

/* The batch. */

void
fs_batch_free(struct fs_batch *b)
{
	size_t i;

	if (b == NULL)
		return;
	end_beside(b);
	for (i = 0; i < b->n; i++) {
		if (b->items[i].fd >= 0)
			close(b->items[i].fd);
		if (!b->items[i].shown)
			unlinkat(b->workdir, b->items[i].work, 0);
		free(b->items[i].name);
	}
	free(b->items);
	free(b);
}

static struct item *
add(struct fs_batch *b, int dirfd)
{
	struct item *item;

	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 16;
		b->items = mem_grow(b->items, b->cap, sizeof(*b->items));
	}
	item = &b->items[b->n];
	*item = (struct item){ .dirfd = dirfd, .fd = -1 };
	snprintf(item->work, sizeof(item->work), "%s%s-%zu", b->prefix,
	    b->random, b->n);
	return item;
}

/* Whose thread writes the next file; NULL: the caller does. */
static struct fs_batch *
writer(struct fs_batch *b)
{
	if (b->next != NULL)
		return b->next;
	return b->n >= SYNC_EACH && b->beside && begin_beside(b) ? b : NULL;
}

static int
put(struct fs_batch *b, int dirfd, const char *name,
    const struct waiting *what)
{
	struct item *item = add(b, dirfd);
	struct fs_batch *by = writer(b);

	notify_pulse();
	if (by != NULL)
		write_beside(by, b->workdir, item->work, what);
	else if (fs_write_new(b->workdir, item->work, what->bytes, what->n,
	    what->mode, b->n < SYNC_EACH ? &item->fd : NULL) != 0)
		return -1;
	item->name = mem_str(name);
	b->n++;
	return 0;
}

int
fs_batch_put(struct fs_batch *b, int dirfd, const char *name, const void *p,
    size_t n, mode_t mode)
{
	const struct waiting what = { .bytes = p, .n = n, .copied = n,
	    .mode = mode };

	return put(b, dirfd, name, &what);
}

int
fs_batch_lend(struct fs_batch *b, int dirfd, const char *name, const void *p,
    size_t n, mode_t mode)
{
	const struct waiting what = { .bytes = p, .n = n, .mode = mode };

	return put(b, dirfd, name, &what);
}

static bool
is_many(const struct fs_batch *b)
{
	return b->n > SYNC_EACH || b->led;
}

static int
sync_written(const struct fs_batch *b)
{
	size_t i;

	if (is_many(b))
		return fs_sync_all(b->workdir);
	for (i = 0; b->n > 1 && i < b->n; i++)
		fs_sync_soon(b->items[i].fd);
	for (i = 0; i < b->n; i++)
		if (fs_sync(b->items[i].fd) != 0)
			return -1;
	return 0;
}

int
fs_batch_sync(struct fs_batch *b)
{
	return end_beside(b) != 0 ? -1 : sync_written(b);
}

/* Puts the file in its place and hands over the one that was there. */
static int
exchange(struct fs_batch *b, struct item *item,
    const struct fs_batch_ops *ops, void *arg)
{
	char random[17], aside[WORKNAME];
	const char *old = item->work;

	if (fs_move(b->workdir, item->work, item->dirfd, item->name) == 0) {
		item->shown = true;
		return 0;
	}
	if (errno != EEXIST)
		return -1;
	if (renameat2(b->workdir, item->work, item->dirfd, item->name,
	    RENAME_EXCHANGE) != 0) {
		if (errno != EINVAL && errno != ENOSYS)
			return -1;
		/* a file system that cannot: one after the other */
		snprintf(aside, sizeof(aside), "%s%s", b->prefix,
		    hash_random(random, 16));
		if (renameat(item->dirfd, item->name, b->workdir, aside) != 0 ||
		    renameat(b->workdir, item->work, item->dirfd,
		    item->name) != 0)
			return -1;
		old = aside;
	}
	item->shown = true;
	return ops->displaced(arg, item->dirfd, item->name, old);
}

static int
show(struct fs_batch *b, struct item *item, const struct fs_batch_ops *ops,
    void *arg)
{
	struct stat st;

	if (ops != NULL && ops->placed != NULL && fstatat(b->workdir,
	    item->work, &st, AT_SYMLINK_NOFOLLOW) == 0)
		ops->placed(arg, item->dirfd, item->name, &st);
	if (ops != NULL && ops->displaced != NULL)
		return exchange(b, item, ops, arg);
	if (renameat(b->workdir, item->work, item->dirfd, item->name) != 0)
		return -1;
	item->shown = true;
	return 0;
}

/* Whether no earlier item was in the same directory. */
static bool
dir_is_new(const struct fs_batch *b, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (b->items[k].dirfd == b->items[i].dirfd)
			return false;
	return true;
}

static int
sync_places(struct fs_batch *b)
{
	size_t i;

	if (is_many(b))
		return fs_sync_all(b->workdir);
	for (i = 0; i < b->n; i++)
		if (dir_is_new(b, i) && fs_sync_dir(b->items[i].dirfd) != 0)
			return -1;
	return 0;
}

/* errno says why. */
static int
tell_failed(const struct item *item, const struct fs_batch_ops *ops, void *arg)
{
	if (ops == NULL || ops->failed == NULL)
		return -1;
	ops->failed(arg, item->dirfd, item->name);
	return 0;
}

int
fs_batch_show(struct fs_batch *b, const struct fs_batch_ops *ops, void *arg)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (show(b, &b->items[i], ops, arg) != 0 &&
		    tell_failed(&b->items[i], ops, arg) != 0)
			return -1;
	return sync_places(b);
}

/* What is in its place stays there. */
static int
show_new(struct fs_batch *b, struct item *item)
{
	if (fstatat(b->workdir, item->work, &item->st,
	    AT_SYMLINK_NOFOLLOW) != 0 || fs_move(b->workdir, item->work,
	    item->dirfd, item->name) != 0)
		return -1;
	item->shown = true;
	return 0;
}

/* By the thread: what cannot be shown is tried again by who ends it. */
static int
show_beside(struct fs_batch *b)
{
	struct fs_batch *first = b->before;
	size_t i;

	for (i = 0; first != NULL && i < first->n; i++) {
		show_new(first, &first->items[i]);
		if (i % NEWS == 0)
			tell_news(b);
	}
	for (i = 0; i < b->n; i++) {
		show(b, &b->items[i], NULL, NULL);
		if (i % NEWS == 0)
			tell_news(b);
	}
	return sync_places(b);
}

bool
fs_batch_has_ended(struct fs_batch *b)
{
	bool ended;

	if (!b->begun)
		return true;
	pthread_mutex_lock(&b->lock);
	ended = b->ended;
	pthread_mutex_unlock(&b->lock);
	return ended;
}

bool
fs_batch_begin_end(struct fs_batch *b)
{
	if (b->begun)
		begin_end(b, true);
	return b->begun;
}

/* After it was shown beside: what the thread did is told, what it could not do
 * is tried once more. */
static int
end_shown(struct fs_batch *b, const struct fs_batch_ops *ops, void *arg)
{
	struct item *item;
	bool late = false;

	for (item = b->items; item < b->items + b->n; item++) {
		if (!item->shown) {
			late = true;
			if (show(b, item, ops, arg) != 0 &&
			    tell_failed(item, ops, arg) != 0)
				return -1;
		} else if (ops != NULL && ops->placed != NULL)
			ops->placed(arg, item->dirfd, item->name, &item->st);
	}
	return late ? sync_places(b) : 0;
}

int
fs_batch_end(struct fs_batch *b, const struct fs_batch_ops *ops, void *arg)
{
	if (end_beside(b) != 0)
		return -1;
	if (b->shows)
		return end_shown(b, ops, arg);
	return sync_written(b) != 0 ? -1 : fs_batch_show(b, ops, arg);
}
