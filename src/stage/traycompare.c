/*
 * traycompare: all of the trays held against the ledger, a slice at a time:
 * at the start, after events were lost, and where none come.
 *
 * May not: decide what a difference means; it is marked, and trays.c looks.
 * The machine's trouble: a tray or the ledger that cannot be read.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "log.h"

#include "traying.h"

/* Where no events come, names are compared every inbox.poll, papers are read
 * only so often. */
#define READS_MS 60000

/* A round of run --once reads them unless that took long, and so many times as
 * long has not gone by since. */
#define READS_LONG_MS 1000
#define READS_PAUSE 20
#define READ_MARK "compared"

/* While forms are in hand a slice comes so long after the one before, ms: they
 * do not wait for it, and a desk that is always busy gets through all the
 * same. */
#define GIVES_WAY_MS 100

/* The tray from its beginning: to sum up its names, or to find those that
 * differ. */
static void
begin_names(struct trays *t, bool marks)
{
	t->walked = false;
	t->cursor[0] = '\0';
	t->marks = marks;
	if (!marks)
		memset(t->sums, 0, sizeof(t->sums));
}

void
tray_begin_comparing(struct trays *t)
{
	if (t->list != NULL)
		closedir(t->list);
	t->list = NULL;
	t->at = STATE_PENDING;
	begin_names(t, false);
	t->reads = clock_ticks() >= t->reads_due;
	t->reading = 0;
	t->sliced = clock_ticks();
	t->compare_due = INT64_MAX;
	t->looks++;
}

/* Whether a round not long ago has read all papers, in this life of the
 * machine.  What is in them then is damage at worst, which can wait: people
 * decide by names. */
static bool
was_read(const struct trays *t)
{
	char boot[CLOCK_BOOT], now[CLOCK_BOOT];
	struct buf line = BUF_INIT;
	long long at, took;
	int64_t age;
	bool was = false;

	if (desk_get_line(t->desk, READ_MARK, &line) == 0 && sscanf(
	    buf_str(&line), "%lld %lld %63s", &at, &took, boot) == 3 &&
	    strcmp(boot, clock_boot(now)) == 0) {
		age = clock_now_ms() - at;
		was = took >= READS_LONG_MS && age >= 0 &&
		    age / READS_PAUSE < took;
	}
	buf_free(&line);
	return was;
}

/* It is only a hint: where it cannot be written, they are read again. */
static void
note_read(const struct trays *t)
{
	char boot[CLOCK_BOOT], line[128];

	snprintf(line, sizeof(line), "%lld %lld %s",
	    (long long)clock_now_ms(), (long long)t->reading,
	    clock_boot(boot));
	if (desk_put_line(t->desk, READ_MARK, line) != 0)
		log_errno("trays", "write", READ_MARK);
}

void
trays_compare(struct trays *t)
{
	t->reads_due = t->hurry && was_read(t) ? INT64_MAX : 0;
	tray_begin_comparing(t);
}

bool
trays_compared(const struct trays *t)
{
	return t->at == STATE_COUNT;
}

void
trays_give_way(struct trays *t, bool busy)
{
	t->gives_way = busy;
}

int64_t
tray_slice_due(const struct trays *t)
{
	if (t->at == STATE_COUNT)
		return INT64_MAX;
	return t->gives_way ? t->sliced + GIVES_WAY_MS : t->sliced;
}

/* Whether only the ledger has it, or only the tray. */
static bool
is_amiss(struct trays *t, const char *name, bool here)
{
	struct stat st;
	struct paper p;

	if (!here)
		return tray_look(t, t->at, name, &st) != 1;
	return paper_parse(name, &p) != 0 || tray_expects(t, t->shown, t->at,
	    p.number, name) != 1;
}

/* A name that the ledger has in this tray, or that is here.  To look each up in
 * the ledger, in the order of a directory, which is none, takes long: they are
 * summed up, by hashes that nobody can foresee, and only those are looked up
 * whose sum is not what it should be. */
static void
hold(struct trays *t, const char *name, bool here)
{
	uint64_t hash = hash_short(name, strlen(name));
	uint64_t *sum = &t->sums[hash % TRAY_SUMS];

	if (!t->marks)
		*sum += here ? 0 - hash : hash;
	else if (*sum != 0 && is_amiss(t, name, here))
		tray_mark(t, name, 0);
}

static bool
names_differ(const struct trays *t)
{
	size_t i;

	for (i = 0; i < TRAY_SUMS; i++)
		if (t->sums[i] != 0)
			return true;
	return false;
}

static int
hold_paper(void *arg, const char *name, const char *hex)
{
	struct trays *t = arg;
	char there[BLOB_HEX];

	hold(t, name, false);
	if (t->reads && !t->marks &&
	    (tray_blob(t->desk->tray[t->at], name, there) != 0 ||
	    strcmp(there, hex) != 0))
		tray_mark(t, name, 0);
	return 0;
}

static void
hold_name(struct trays *t, const char *name)
{
	struct paper p;

	if (tray_is_left_alone(name))
		return;
	if (paper_parse(name, &p) == 0 && paper_is_filed(&p))
		hold(t, name, true);
	else if (!t->marks)
		tray_mark_foreign(t, t->at, name, 0);
}

/* The papers of the ledger, a folder at a time. */
static int
walk_ledger(struct trays *t)
{
	int found = ledger_tray_next(t->ledger, t->shown, t->at, t->cursor,
	    hold_paper, t);

	t->walked = found == 0;
	return found < 0 ? -1 : 0;
}

/* The names in the tray.  1: they are through. */
static int
walk_tray(struct trays *t)
{
	const char *name;
	unsigned i;

	if (t->list == NULL && (t->list = fs_list(t->desk->tray[t->at])) ==
	    NULL)
		return -1;
	for (i = 0; i < TRAY_LOOK_MAX && (name = fs_list_next(t->list)) != NULL;
	    i++)
		hold_name(t, name);
	if (i == TRAY_LOOK_MAX)
		return 0;
	if (errno != 0) {
		log_cause("trays", "list", state_name(t->at));
		return -1;
	}
	closedir(t->list);
	t->list = NULL;
	return 1;
}

/* Everything is through; where no events come it begins anew some time. */
static void
end_comparing(struct trays *t)
{
	int64_t now = clock_ticks();

	if (t->reads && t->hurry)
		note_read(t);
	if (t->watched && !t->poll)
		return;
	t->compare_due = now + t->settings->poll;
	if (t->reads)
		t->reads_due = now + READS_MS;
}

static int
compare_some(struct trays *t)
{
	int through;

	if (!t->walked)
		return walk_ledger(t);
	if ((through = walk_tray(t)) != 1)
		return through;
	if (!t->marks && names_differ(t)) {
		begin_names(t, true);
		return 0;
	}
	begin_names(t, false);
	if (++t->at == STATE_COUNT)
		end_comparing(t);
	return 0;
}

int
tray_compare_some(struct trays *t)
{
	int64_t began = clock_ticks();
	int status = compare_some(t);

	t->sliced = clock_ticks();
	t->reading += t->sliced - began;
	return status;
}
