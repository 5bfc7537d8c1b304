/*
 * merge: packs become one, in the background, by a git of our own.
 *
 * It is git pack-objects that is run, and not git-repack, which runs it as a
 * child of its own: that would outlive us.  What repack does besides is done
 * here: the old packs go, but not before the new one is on the disk.
 *
 *	a merge ended		what is done
 *	well			the directory is synced, the old packs are
 *				removed, it is synced again
 *	badly			what it left unfinished is removed; it is
 *				tried again when more packs have come
 *	with us			nothing; the next start, or a later merge,
 *				removes what it left, an hour later
 *
 * May not: remove a pack that was not given to the merge.
 * The machine's trouble: never, but for a sync that fails; a ledger whose
 * packs are not merged is a slow one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "log.h"
#include "spawn.h"
#include "text.h"

#include "merge.h"
#include "packdir.h"
#include "repo.h"

/* Packs above which they are merged: when nothing else is to be done; and in
 * any case. */
#define PACKS_MANY 40
#define PACKS_MOST 80
#define LEAST 19		/* nice(2) */

/* An unfinished file that nobody has written to for so long is nobody's: an
 * administrator's own git may be at work. */
#define STALE_MS (INT64_C(3600) * 1000)

/* Which. */

size_t
merge_split(const uint64_t *sizes, size_t n)
{
	uint64_t sum = 0;
	size_t i, split = 0;

	for (i = 0; i < n; i++) {
		if (i > 0 && sizes[i] / 2 < sum)
			split = i + 1;
		sum += sizes[i];
	}
	return split;
}

static bool
is_free(const struct packdir_pack *p, const struct packdir *known)
{
	return !p->kept && p->bytes < MERGE_FULL && (known == NULL ||
	    packdir_find(known, p->name) == NULL);
}

/* No more of them at once than make two full ones: two that are not are always
 * taken. */
static size_t
take_no_more(const uint64_t *sizes, size_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		sum += sizes[i];
		if (sum > 2 * MERGE_FULL)
			return i;
	}
	return n;
}

/* By bytes, not by objects: it is these that are read, written and synced
 * again, and a file's size is told without reading it. */
size_t
merge_choose(struct packdir *d, const struct packdir *known)
{
	uint64_t *sizes = mem_alloc((d->n + 1) * sizeof(*sizes));
	size_t i, k = 0, split;

	for (i = 0; i < d->n; i++)
		if (is_free(&d->list[i], known))
			sizes[k++] = d->list[i].bytes;
	split = take_no_more(sizes, merge_split(sizes, k));
	free(sizes);
	for (i = k = 0; i < d->n && k < split; i++)
		if (is_free(&d->list[i], known)) {
			d->list[i].merged = true;
			k++;
		}
	return split;
}

/* Beginning. */

/* What pack-objects is told: the packs to be merged, and behind a ^ those
 * whose objects are left where they are, which also ends its walk back
 * through the history. */
static int
tell_packs(const struct packdir *d)
{
	int fd = memfd_create("packs", MFD_CLOEXEC);
	struct buf text = BUF_INIT;
	size_t i;

	for (i = 0; i < d->n; i++)
		buf_putf(&text, "%s%s.pack\n", d->list[i].merged ? "" : "^",
		    d->list[i].name);
	if (fd >= 0 && (fs_write(fd, text.data, text.len) != 0 ||
	    lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		fd = -1;
	}
	buf_free(&text);
	return fd;
}

/* Deltas are kept where there are some, and looked for between packs: without
 * that (--window=0) it takes a third of the time, and a ledger grows by a
 * quarter. */
static pid_t
start_git(const char *path, int in, int out)
{
	const char *const argv[] = {
		"git", "-c", "core.fsync=all", "-c", "pack.threads=1", "-c",
		"pack.packSizeLimit=0", "-C", path, "pack-objects", "-q",
		"--stdin-packs", "--delta-base-offset", "objects/pack/pack",
		NULL,
	};
	pid_t pid = spawn_filter(argv, in, out);

	/* after all who have something to do */
	if (pid > 0)
		setpriority(PRIO_PROCESS, (id_t)pid, LEAST);
	return pid;
}

static void
forget(struct merge *m)
{
	if (m->said >= 0)
		close(m->said);
	if (m->handle >= 0)
		close(m->handle);
	packdir_free(&m->known);
	*m = (struct merge){ .said = -1, .handle = -1 };
}

/* Not tried again before more have come: neither what fails nor what comes to
 * nothing. */
static void
put_off(struct ledger *l)
{
	l->packs = packdir_count(l->packdir);
	l->packs_rest = l->packs + PACKS_MANY;
}

static void
complain(struct ledger *l, const char *key, const char *value)
{
	log_event(LOG_WARN, "ledger", "event", "merge-failed", key, value,
	    NULL);
	put_off(l);
}

/* 0; -1, and errno. */
static int
run(struct ledger *l, struct merge *m)
{
	int in = tell_packs(&m->known), saved;

	m->said = memfd_create("pack", MFD_CLOEXEC);
	if (in >= 0 && m->said >= 0 && fs_now(l->packdir, &m->began) == 0)
		m->pid = start_git(l->path, in, m->said);
	if (m->pid > 0)
		m->handle = spawn_handle(m->pid);
	saved = errno;
	if (in >= 0)
		close(in);
	errno = saved;
	return m->pid > 0 ? 0 : -1;
}

/* The other one, if it is at work. */
static struct merge *
beside(struct ledger *l, const struct merge *m)
{
	struct merge *other = &l->merges[m == &l->merges[0]];

	return other->pid > 0 ? other : NULL;
}

/* 1: a merge has begun; 0: there is nothing to merge; -1. */
static int
begin(struct ledger *l, struct merge *m)
{
	const struct merge *other = beside(l, m);
	int status = packdir_list(l->packdir, &m->known);

	if (status == 0 && merge_choose(&m->known, other == NULL ? NULL :
	    &other->known) == 0) {
		forget(m);
		put_off(l);
		return 0;
	}
	m->second = other != NULL;
	if (status != 0 || run(l, m) != 0) {
		complain(l, "error", strerror(errno));
		forget(m);
		return -1;
	}
	return 1;
}

/* Where another may begin, and beside how many packs that are not for it;
 * NULL: not now.  One that began second is left alone when the first is
 * through, or small ones could go on beside each other, and what is large
 * never be taken. */
static struct merge *
place_for(struct ledger *l, size_t *known)
{
	struct merge *a = &l->merges[0], *b = &l->merges[1];

	*known = 0;
	if (a->pid > 0 && b->pid > 0)
		return NULL;
	if (a->pid <= 0 && b->pid <= 0)
		return a;
	if (b->pid > 0) {
		struct merge *free_one = a;

		a = b;
		b = free_one;
	}
	*known = a->known.n;
	return a->second ? NULL : b;
}

/* Ending. */

/* The name of the pack that git has made: one line, its hash. */
static int
take_name(int fd, char name[PACK_NAME])
{
	char said[PACK_NAME];
	ssize_t n = pread(fd, said, sizeof(said) - 1, 0);
	size_t hex;

	if (n <= 0)
		return -1;
	said[n] = '\0';
	hex = strspn(said, "0123456789abcdef");
	if (hex < 40 || hex > 64 || strcmp(said + hex, "\n") != 0)
		return -1;
	snprintf(name, PACK_NAME, "pack-%.*s", (int)hex, said);
	return 0;
}

/* Somebody else may have removed a pack that was relied on. */
static bool
is_whole(struct ledger *l, const struct merge *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->known.n; i++)
		if (!m->known.list[i].merged &&
		    !packdir_has(l->packdir, m->known.list[i].name))
			return false;
	return packdir_has(l->packdir, name);
}

/* The old packs go.  One with the name of the new one is the new one. */
static int
replace(struct ledger *l, const struct merge *m, const char *name)
{
	size_t i;

	if (!is_whole(l, m, name) || packdir_remove_multi(l->packdir) != 0 ||
	    fs_sync_dir(l->packdir) != 0)
		return -1;
	for (i = 0; i < m->known.n; i++)
		if (m->known.list[i].merged &&
		    strcmp(m->known.list[i].name, name) != 0 &&
		    packdir_remove(l->packdir, m->known.list[i].name) != 0)
			return -1;
	return fs_sync_dir(l->packdir);
}

/* What the other one relied on is in the new pack from now on. */
static void
pass_on(struct ledger *l, const struct merge *m, const char *name)
{
	struct merge *other = beside(l, m);
	bool relied = false;
	size_t i;

	if (other == NULL)
		return;
	for (i = 0; i < m->known.n; i++)
		if (m->known.list[i].merged)
			relied |= packdir_drop(&other->known,
			    m->known.list[i].name);
	if (relied)
		packdir_add(&other->known, name, 0);
}

/* What is unfinished and cannot be anybody's; `since' is when the merge began
 * that has failed (INT64_MAX: none has). */
static void
clear(struct ledger *l, int64_t since)
{
	int64_t now;

	if (fs_now(l->packdir, &now) != 0)
		return;
	packdir_clear(l->packdir, INT64_MIN, now - STALE_MS);
	if (since != INT64_MAX)
		packdir_clear(l->packdir, since, INT64_MAX);
}

static int
end(struct ledger *l, struct merge *m, int status)
{
	char name[PACK_NAME], code[NUM_TEXT];
	bool good = status == 0 && take_name(m->said, name) == 0 &&
	    replace(l, m, name) == 0;
	int64_t since = good ? INT64_MAX : m->began;

	m->pid = 0;
	if (good) {
		pass_on(l, m, name);
		l->packs = packdir_count(l->packdir);
		l->packs_rest = 0;
		l->reads = READS_MANY;	/* let go of what is removed */
	} else
		complain(l, "status", num_text(code, (unsigned)status));
	if (beside(l, m) == NULL)
		clear(l, since);
	forget(m);
	return good ? 0 : -1;
}

/* In the background. */

static void
look(struct ledger *l, struct merge *m)
{
	int status = -1;

	if (m->pid > 0 && spawn_ended(m->pid, &status) != 0)
		end(l, m, status);
}

void
ledger_tidy(struct ledger *l, bool busy)
{
	struct merge *m;
	size_t known;

	look(l, &l->merges[0]);
	look(l, &l->merges[1]);
	m = place_for(l, &known);
	if (m != NULL && l->packs >= l->packs_rest &&
	    l->packs > known + (busy ? PACKS_MOST : PACKS_MANY))
		begin(l, m);
}

bool
ledger_is_merging(const struct ledger *l)
{
	size_t i;

	for (i = 0; i < MERGES; i++)
		if (l->merges[i].pid > 0)
			return true;
	return false;
}

size_t
ledger_poll(const struct ledger *l, struct pollfd *fds)
{
	size_t i, n = 0;

	for (i = 0; i < MERGES; i++)
		if (l->merges[i].handle >= 0)
			fds[n++] = (struct pollfd){ .events = POLLIN,
			    .fd = l->merges[i].handle };
	return n;
}

/* Whatever way it ended. */
static int
await(struct ledger *l, struct merge *m)
{
	int status = -1;

	if (m->pid <= 0)
		return 0;
	if (spawn_wait(m->pid, &status) != 0)
		status = -1;
	return end(l, m, status);
}

int
ledger_settle(struct ledger *l)
{
	int first, second, more;

	do {
		first = await(l, &l->merges[0]);
		second = await(l, &l->merges[1]);
		if (first != 0 || second != 0)
			return -1;
		more = begin(l, &l->merges[0]);
	} while (more > 0);
	return more;
}

void
merges_init(struct ledger *l)
{
	size_t i;

	for (i = 0; i < MERGES; i++)
		l->merges[i].said = l->merges[i].handle = -1;
	l->packs = packdir_count(l->packdir);
}

void
merges_recover(struct ledger *l)
{
	clear(l, INT64_MAX);
}

void
merges_stop(struct ledger *l)
{
	int64_t since = INT64_MAX;
	int status;
	size_t i;

	for (i = 0; i < MERGES; i++) {
		struct merge *m = &l->merges[i];

		if (m->pid <= 0)
			continue;
		kill(m->pid, SIGKILL);
		spawn_wait(m->pid, &status);
		if (m->began < since)
			since = m->began;
		forget(m);
	}
	if (since != INT64_MAX)
		clear(l, since);
}
