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
#include <string.h>

#include "clock.h"
#include "fs.h"
#include "log.h"

#include "traying.h"

/* Where no events come, names are compared every inbox.poll, papers only so
 * often. */
#define DEEP_MS 60000

/* While forms are in hand a slice comes so long after the one before, ms: they
 * do not wait for it, and a desk that is always busy gets through all the
 * same. */
#define GIVES_WAY_MS 100

static void
begin_tray(struct trays *t, enum state tray)
{
	t->at = tray;
	t->walked = false;
	t->matched = true;
	t->papers = t->names = 0;
	t->cursor[0] = '\0';
}

void
tray_begin_comparing(struct trays *t)
{
	if (t->list != NULL)
		closedir(t->list);
	t->list = NULL;
	begin_tray(t, STATE_PENDING);
	t->sliced = clock_ticks();
	t->compare_due = INT64_MAX;
	t->looks++;
}

void
trays_compare(struct trays *t)
{
	tray_begin_comparing(t);
	t->deep_due = 0;
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

/* A paper is either where the ledger has it, or to be looked at.  Where all
 * papers of the ledger were found just now it is enough to count: to look each
 * name up, in the order of a directory, which is none, takes long. */
static void
compare_name(struct trays *t, const char *name)
{
	struct paper p;

	if (tray_is_left_alone(name))
		return;
	if (paper_parse(name, &p) != 0 || !paper_is_filed(&p))
		tray_mark_foreign(t, t->at, name, 0);
	else if (t->matched)
		t->names++;
	else if (tray_expects(t, t->shown, t->at, p.number, name) != 1)
		tray_mark(t, name, 0);
}

static int
compare_paper(void *arg, const char *name, const char *hex)
{
	struct trays *t = arg;
	char there[BLOB_HEX];

	t->papers++;
	if (tray_blob(t->desk->tray[t->at], name, there) == 0 &&
	    strcmp(there, hex) == 0)
		return 0;
	t->matched = false;
	tray_mark(t, name, 0);
	return 0;
}

/* Everything is through; where no events come it begins anew some time. */
static void
compare_again(struct trays *t)
{
	int64_t now = clock_ticks();

	t->compare_due = now + t->settings->poll;
	if (now >= t->deep_due)
		t->deep_due = now + DEEP_MS;
}

/* The papers of the ledger, a folder at a time. */
static int
compare_folder(struct trays *t)
{
	int found;

	if (clock_ticks() < t->deep_due) {
		t->matched = false;	/* nobody has looked */
		found = 0;
	} else
		found = ledger_tray_next(t->ledger, t->shown, t->at,
		    t->cursor, compare_paper, t);
	t->walked = found == 0;
	return found < 0 ? -1 : 0;
}

/* The names in the tray are through: 1; or have to be looked up: 0. */
static int
end_names(struct trays *t)
{
	closedir(t->list);
	t->list = NULL;
	if (!t->matched || t->names == t->papers)
		return 1;
	t->matched = false;
	return 0;
}

static int
compare_some(struct trays *t)
{
	const char *name;
	unsigned i;

	if (!t->walked)
		return compare_folder(t);
	if (t->list == NULL && (t->list = fs_list(t->desk->tray[t->at])) ==
	    NULL)
		return -1;
	for (i = 0; i < TRAY_LOOK_MAX && (name = fs_list_next(t->list)) != NULL;
	    i++)
		compare_name(t, name);
	if (i < TRAY_LOOK_MAX && errno != 0) {
		log_cause("trays", "list", state_name(t->at));
		return -1;
	}
	if (i == TRAY_LOOK_MAX || end_names(t) == 0)
		return 0;
	begin_tray(t, t->at + 1);
	if (t->at == STATE_COUNT && (!t->watched || t->poll))
		compare_again(t);
	return 0;
}

int
tray_compare_some(struct trays *t)
{
	int status = compare_some(t);

	t->sliced = clock_ticks();
	return status;
}
