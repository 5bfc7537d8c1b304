/*
 * merge: packs become one, in the background, by a child of ours.
 *
 *	a merge ended		what is done
 *	well			the directory is synced, the old packs are
 *				removed, it is synced again
 *	badly			what it left unfinished is removed; it is
 *				tried again when more packs have come, without
 *				the one that could not be read
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
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "log.h"
#include "spawn.h"

#include "join.h"
#include "merge.h"
#include "packdir.h"
#include "repo.h"

/* Packs above which they are merged, beside those that the last merge has left:
 * when nothing else is to be done; and in any case. */
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
is_free(const struct packdir_pack *p, const struct packdir *spared)
{
	return !p->kept && p->bytes < MERGE_FULL &&
	    !packdir_lists(spared, p->name);
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
merge_choose(struct packdir *d, const struct packdir *spared)
{
	uint64_t *sizes = mem_alloc((d->n + 1) * sizeof(*sizes));
	size_t i, k = 0, split;

	for (i = 0; i < d->n; i++)
		if (is_free(&d->list[i], spared))
			sizes[k++] = d->list[i].bytes;
	split = take_no_more(sizes, merge_split(sizes, k));
	free(sizes);
	for (i = k = 0; i < d->n && k < split; i++)
		if (is_free(&d->list[i], spared)) {
			d->list[i].merged = true;
			k++;
		}
	return split;
}

/* Beginning. */

/* What the child says: why it failed (errno) or 0, and which pack it has made or
 * could not read. */
struct said {
	int		 error;
	char		 name[PACK_NAME];
};

/* In the child: its input is the folder. */
static int
work(void *packs)
{
	struct said said = { .error = 0 };

	/* after all who have something to do */
	setpriority(PRIO_PROCESS, 0, LEAST);
	if (join_packs(STDIN_FILENO, packs, said.name) != 0)
		said.error = errno;
	return fs_write(STDOUT_FILENO, &said, sizeof(said)) != 0;
}

static void
forget(struct merge *m)
{
	if (m->said >= 0)
		close(m->said);
	if (m->handle >= 0)
		close(m->handle);
	packdir_free(&m->packs);
	m->pid = 0;
	m->said = m->handle = -1;
}

/* Not looked at again before more have come: neither after what fails nor after
 * what comes to nothing. */
static void
put_off(struct ledger *l)
{
	l->packs = packdir_count(l->packdir);
	l->packs_left = l->packs;
}

static void
complain(struct ledger *l, const char *why, const char *pack)
{
	log_event(LOG_WARN, "ledger", "event", "merge-failed", "error", why,
	    "pack", pack, NULL);
	put_off(l);
}

/* 1: a merge has begun; 0: there is nothing to merge; -1. */
static int
begin(struct ledger *l)
{
	struct merge *m = &l->merge;
	int status = packdir_list(l->packdir, &m->packs);

	if (status == 0 && merge_choose(&m->packs, &m->spared) == 0) {
		forget(m);
		put_off(l);
		return 0;
	}
	if (status == 0)
		m->said = memfd_create("pack", MFD_CLOEXEC);
	if (m->said >= 0)
		m->pid = spawn_child(work, &m->packs, l->packdir, m->said);
	if (m->pid > 0) {
		m->handle = spawn_handle(m->pid);
		return 1;
	}
	complain(l, strerror(errno), NULL);
	forget(m);
	return -1;
}

/* Ending. */

/* The old packs go.  One with the name of the new one is the new one. */
static int
replace(struct ledger *l, const struct packdir *packs, const char *name)
{
	size_t i;

	if (!packdir_has(l->packdir, name)) {
		errno = ENOENT;
		return -1;
	}
	if (packdir_remove_multi(l->packdir) != 0 ||
	    fs_sync_dir(l->packdir) != 0)
		return -1;
	for (i = 0; i < packs->n; i++)
		if (packs->list[i].merged &&
		    strcmp(packs->list[i].name, name) != 0 &&
		    packdir_remove(l->packdir, packs->list[i].name) != 0)
			return -1;
	return fs_sync_dir(l->packdir);
}

/* What nobody will finish. */
static void
clear(struct ledger *l)
{
	int64_t now;

	if (fs_now(l->packdir, &now) == 0)
		packdir_clear(l->packdir, now - STALE_MS);
}

/* Why it came to nothing; NULL: it did not. */
static const char *
conclude(struct ledger *l, int status, struct said *said)
{
	struct merge *m = &l->merge;

	if (status == -1 || WIFSIGNALED(status))
		return status == -1 ? "its end was not seen" :
		    strsignal(WTERMSIG(status));
	if (WEXITSTATUS(status) != 0 || pread(m->said, said, sizeof(*said),
	    0) != (ssize_t)sizeof(*said))
		return "it ended before its time";
	if (said->error != 0 && *said->name != '\0' &&
	    !packdir_lists(&m->spared, said->name))
		packdir_add(&m->spared, said->name, 0);
	if (said->error != 0)
		return strerror(said->error);
	return replace(l, &m->packs, said->name) != 0 ? strerror(errno) :
	    NULL;
}

static int
end(struct ledger *l, int status)
{
	struct said said = { .error = 0 };
	const char *why = conclude(l, status, &said);

	if (why != NULL)
		complain(l, why, *said.name == '\0' ? NULL : said.name);
	else {
		l->packs = packdir_count(l->packdir);
		l->packs_left = 0;	/* there may be more to take */
		l->reads = READS_MANY;	/* let go of what is removed */
	}
	join_clear(l->packdir, (long)l->merge.pid);
	forget(&l->merge);
	clear(l);
	return why == NULL ? 0 : -1;
}

/* In the background. */

void
ledger_tidy(struct ledger *l, bool busy)
{
	struct merge *m = &l->merge;
	int status = -1;

	if (m->pid > 0 && spawn_ended(m->pid, &status) != 0)
		end(l, status);
	if (m->pid == 0 &&
	    l->packs > l->packs_left + (busy ? PACKS_MOST : PACKS_MANY))
		begin(l);
}

bool
ledger_is_merging(const struct ledger *l)
{
	return l->merge.pid > 0;
}

size_t
ledger_poll(const struct ledger *l, struct pollfd *fds)
{
	if (l->merge.handle < 0)
		return 0;
	fds[0] = (struct pollfd){ .events = POLLIN, .fd = l->merge.handle };
	return 1;
}

/* Whatever way it ended. */
static int
await(struct ledger *l)
{
	int status = -1;

	if (l->merge.pid == 0)
		return 0;
	if (spawn_wait(l->merge.pid, &status) != 0)
		status = -1;
	return end(l, status);
}

int
ledger_settle(struct ledger *l)
{
	int more;

	do {
		if (await(l) != 0)
			return -1;
		more = begin(l);
	} while (more > 0);
	return more;
}

void
merge_init(struct ledger *l)
{
	l->merge.said = l->merge.handle = -1;
	l->packs = packdir_count(l->packdir);
}

void
merge_recover(struct ledger *l)
{
	clear(l);
}

void
merge_stop(struct ledger *l)
{
	struct merge *m = &l->merge;
	int status;

	packdir_free(&m->spared);
	if (m->pid == 0)
		return;
	kill(m->pid, SIGKILL);
	spawn_wait(m->pid, &status);
	join_clear(l->packdir, (long)m->pid);
	forget(m);
}
