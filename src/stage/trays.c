/*
 * trays: what people do to the trays: finding decisions and damage.
 *
 * May not: judge a decision; look into a form; write (trayshow.c does).
 * The machine's trouble: a tray or the ledger that cannot be read.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "fsbatch.h"
#include "log.h"

#include "traying.h"

/* How soon to look again at something that is still being written. */
#define AGAIN_MS 200

/* One that the machine does not let us read, ms. */
#define TROUBLE_MS 30000

/* Names. */

bool
tray_is_left_alone(const char *name)
{
	static const char *const whole[] = { "Thumbs.db", "desktop.ini",
	    ".DS_Store" };
	static const char *const start[] = { "._", "~$", ".nfs",
	    ".fuse_hidden", ".docket-" };
	size_t i;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strcmp(name, whole[i]) == 0)
			return true;
	for (i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		if (strncmp(name, start[i], strlen(start[i])) == 0)
			return true;
	return false;
}

void
tray_mark(struct trays *t, const char *key, int64_t in_ms)
{
	map_put(&t->dirty, key, (void *)(intptr_t)(clock_ticks() + in_ms + 1));
}

void
tray_mark_foreign(struct trays *t, enum state tray, const char *name,
    int64_t in_ms)
{
	struct buf key = BUF_INIT;

	tray_key(&key, tray, name);
	tray_mark(t, buf_str(&key), in_ms);
	buf_free(&key);
}

/* Opening. */

static void
watch_all(struct trays *t)
{
	unsigned i;

	t->watched = true;
	for (i = STATE_PENDING; i < STATE_COUNT; i++)
		if (!fs_has_events(t->desk->tray[i]) || watch_add(t->watch,
		    t->desk->tray[i], t->tag + (int)i) != 0)
			t->watched = false;
}

void
trays_watch(struct trays *t)
{
	unsigned i;

	for (i = STATE_PENDING; i < STATE_COUNT; i++)
		watch_del(t->watch, t->tag + (int)i);
	watch_all(t);
}

void
trays_poll(struct trays *t, bool poll)
{
	t->poll = poll;
	trays_compare(t);
}

uint64_t
trays_looks(const struct trays *t)
{
	return t->looks;
}

struct trays *
trays_open(struct desk *desk, const struct settings *s, struct ledger *ledger,
    struct watch *watch, int tag)
{
	struct trays *t = mem_alloc(sizeof(*t));
	struct buf line = BUF_INIT;

	t->desk = desk;
	t->settings = s;
	t->ledger = ledger;
	t->watch = watch;
	t->tag = tag;
	t->strays = -1;
	t->at = STATE_COUNT;
	t->compare_due = INT64_MAX;
	if (watch != NULL)
		watch_all(t);
	/* what is no commit's name is none, and everything is shown anew */
	if (desk_get_line(desk, "shown", &line) != 0) {
		log_cause("trays", "read", "shown");
		trays_close(t);
		t = NULL;
	} else if (line.len == 40)
		strcpy(t->shown, buf_str(&line));
	buf_free(&line);
	return t;
}

static void
free_values(struct map *m)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(m, &at)) != NULL) {
		buf_free(e->value);
		free(e->value);
	}
}

void
trays_close(struct trays *t)
{
	if (t == NULL)
		return;
	fs_batch_free(t->showing);
	free_values(&t->busy);
	map_free(&t->busy);
	map_free(&t->dirty);
	map_free(&t->own);
	map_free(&t->own_before);
	map_free(&t->heard);
	map_free(&t->unshown);
	if (t->list != NULL)
		closedir(t->list);
	if (t->strays >= 0)
		close(t->strays);
	free(t);
}

void
trays_configure(struct trays *t, const struct settings *s)
{
	t->settings = s;
}

void
trays_hurry(struct trays *t)
{
	t->hurry = true;
}

/* Looking. */

/* How long ago a file was put there or changed, ms. */
static int64_t
age_of(const struct trays *t, const struct stat *st)
{
	int64_t now, at = fs_ms(st->st_ctim);

	if (fs_now(t->desk->probe, &now) != 0 || at > now)
		return 0;
	return now - at;
}

static void
touch(struct trays *t, enum state tray, const char *name)
{
	struct paper p;

	if (tray_is_left_alone(name))
		return;
	if (paper_parse(name, &p) == 0 && paper_is_filed(&p))
		tray_mark(t, name, 0);
	else
		tray_mark_foreign(t, tray, name, 0);
}

void
tray_heard(struct trays *t, enum state tray, const char *name, bool again)
{
	if (!tray_is_own(t, tray, name) || again)
		touch(t, tray, name);
}

/* Whose doing it was is known when papers are no longer being shown. */
static void
hear_later(struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;

	tray_key(&key, tray, name);
	map_put(&t->heard, buf_str(&key), map_has(&t->heard, buf_str(&key)) ?
	    t : NULL);
	buf_free(&key);
}

void
trays_event(struct trays *t, const struct watch_event *e)
{
	enum state tray = (enum state)(e->tag - t->tag);

	if (e->what == WATCH_LOST)
		trays_compare(t);
	else if (*e->name == '\0' || tray <= STATE_NONE || tray >= STATE_COUNT)
		return;
	else if (t->showing != NULL)
		hear_later(t, tray, e->name);
	else
		tray_heard(t, tray, e->name, false);
}

int64_t
trays_due(const struct trays *t)
{
	const struct map_entry *e;
	int64_t due = t->compare_due, at_ticks = tray_slice_due(t);
	size_t at = 0;

	if (at_ticks < due)
		due = at_ticks;
	while ((e = map_next(&t->dirty, &at)) != NULL) {
		at_ticks = (int64_t)(intptr_t)e->value - 1;
		if (at_ticks < due)
			due = at_ticks;
	}
	return due;
}

/* Something that is not a paper in its tray. */
static void
look_foreign(struct trays *t, enum state tray, const char *name)
{
	struct stat st;
	int64_t left;
	int there;

	if (tray_is_left_alone(name))
		return;
	there = tray_look(t, tray, name, &st);
	if (there < 0)
		tray_mark_foreign(t, tray, name, TROUBLE_MS);
	if (there != 1)
		return;
	left = t->settings->strays - age_of(t, &st);
	if (left > 0 && !t->hurry)
		tray_mark_foreign(t, tray, name, left);
	else if (tray_to_strays(t, t->desk->tray[tray], name, name) != 0)
		tray_mark_foreign(t, tray, name, t->settings->strays);
}

static int
count_paper(void *arg, const char *name)
{
	(void)name;
	*(bool *)arg = true;
	return 1;
}

static bool
has_papers(struct trays *t, enum state tray, const char *number)
{
	bool found = false;

	ledger_papers(t->ledger, tray, number, count_paper, &found);
	return found;
}

/* What lies beside the papers of a case that is given away is looked at when
 * it is back. */
static bool
is_put_off(struct trays *t, const char *number, enum state tray,
    const char *name)
{
	struct buf *touched = map_get(&t->busy, number), key = BUF_INIT;

	if (touched == NULL)
		return false;
	tray_key(&key, tray, name);
	buf_putf(touched, "%s\n", buf_str(&key));
	buf_free(&key);
	return true;
}

/* Notes and explanations stay while the case has a paper in the tray. */
static int
look_beside(struct trays *t, enum state tray, const char *name,
    const struct paper *p)
{
	struct stat st;
	int there = tray_look(t, tray, name, &st);

	if (there != 1 || is_put_off(t, p->number, tray, name))
		return there < 0 ? -1 : 0;
	if (!S_ISREG(st.st_mode) || (p->kind == PAPER_REFUSED &&
	    st.st_uid != t->desk->uid))
		look_foreign(t, tray, name);
	else if (has_papers(t, tray, p->number)) {
		/* no event will say that the case has moved on */
		if (!t->hurry)
			tray_mark_foreign(t, tray, name, t->settings->strays +
			    AGAIN_MS);
	} else if (p->kind == PAPER_REFUSED)
		unlinkat(t->desk->tray[tray], name, 0);
	else
		look_foreign(t, tray, name);
	return 0;
}

/* Where the ledger has a paper, as shown; STATE_NONE: nowhere.  1, 0 or
 * -1. */
static int
find_home(struct trays *t, const char *number, const char *name,
    enum state *home, char hex[BLOB_HEX])
{
	char path[LEDGER_PATH];
	int found;

	for (*home = STATE_PENDING; *home < STATE_COUNT; (*home)++) {
		found = ledger_find(t->ledger, t->shown,
		    ledger_path(path, *home, number, name), hex);
		if (found != 0)
			return found;
	}
	*home = STATE_NONE;
	return 0;
}

int
trays_stands(struct trays *t, const struct decision *d)
{
	char hex[BLOB_HEX];
	enum state home;
	int found = find_home(t, d->paper.number, d->name, &home, hex);

	return found < 0 ? -1 : home == d->from;
}

/* A paper's places. */
struct sight {
	const char	*name;
	struct paper	 paper;
	enum state	 home;
	char		 hex[BLOB_HEX];
	bool		 there[STATE_COUNT];
	struct stat	 st[STATE_COUNT];
};

/* The tray that it was brought to: the first, if there are several. */
static enum state
brought_to(const struct sight *s)
{
	enum state tray, first = STATE_NONE;

	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++)
		if (tray != s->home && s->there[tray] &&
		    S_ISREG(s->st[tray].st_mode) && (first == STATE_NONE ||
		    fs_ms(s->st[tray].st_ctim) <
		    fs_ms(s->st[first].st_ctim)))
			first = tray;
	return first;
}

/* Something like a folder or a link that bears a paper's name. */
static void
look_oddities(struct trays *t, const struct sight *s)
{
	enum state tray;

	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++)
		if (tray != s->home && s->there[tray] &&
		    !S_ISREG(s->st[tray].st_mode))
			look_foreign(t, tray, s->name);
}

/* tray_blob(), or, where the machine does not let us read and nobody else is to
 * blame, false: it is looked at again. */
static bool
read_blob(struct trays *t, enum state tray, const char *name,
    char hex[BLOB_HEX], bool *unreadable)
{
	bool trouble;
	struct buf text = BUF_INIT;

	*unreadable = tray_blob(t->desk->tray[tray], name, hex) != 0;
	trouble = *unreadable && fs_is_trouble(errno);
	if (trouble) {
		buf_putf(&text, "%s/%s cannot be read, and is tried again: %s",
		    state_name(tray), name, strerror(errno));
		tray_mark(t, name, TROUBLE_MS);
	}
	desk_notice(t->desk, "tray", trouble ? buf_str(&text) : NULL);
	buf_free(&text);
	return !trouble;
}

static void
look_decision(struct trays *t, const struct sight *s, enum state to,
    const struct trays_found *found)
{
	struct decision d = { .paper = s->paper, .from = s->home, .to = to,
	    .moved = s->home != STATE_NONE && !s->there[s->home],
	    .linked = s->st[to].st_nlink > 1,
	    .uid = (long)s->st[to].st_uid, .age = age_of(t, &s->st[to]) };
	char hex[BLOB_HEX];

	d.brought = clock_now_ms() - d.age;
	if (!read_blob(t, to, s->name, hex, &d.unreadable))
		return;
	d.altered = strcmp(hex, s->hex) != 0;
	/* a copy may not be complete yet */
	if (d.altered && d.age < t->settings->settle && !t->hurry) {
		tray_mark(t, s->name, AGAIN_MS);
		return;
	}
	strcpy(d.name, s->name);
	map_put(&t->busy, d.paper.number, mem_alloc(sizeof(struct buf)));
	found->decided(found->arg, &d);
}

/* The paper where it belongs: gone, or not itself any more. */
static void
look_home(struct trays *t, const struct sight *s,
    const struct trays_found *found)
{
	const struct stat *st = &s->st[s->home];
	char hex[BLOB_HEX];
	bool unreadable = false;

	if (tray_is_unshown(t, s->home, s->name))
		return;		/* we know; it was nobody's doing now */
	if (!s->there[s->home]) {
		found->damaged(found->arg, s->home, s->name, "deleted");
		return;
	}
	if (S_ISREG(st->st_mode) && (!read_blob(t, s->home, s->name, hex,
	    &unreadable) || (!unreadable && strcmp(hex, s->hex) == 0)))
		return;
	if (age_of(t, st) < t->settings->settle && !t->hurry)
		tray_mark(t, s->name, AGAIN_MS);	/* still being written */
	else
		found->damaged(found->arg, s->home, s->name, "edited");
}

/* A paper that the ledger has nowhere.  If there is such a case, it was one
 * of its papers, or pretends to be: whoever put it there is told. */
static void
look_homeless(struct trays *t, struct sight *s,
    const struct trays_found *found)
{
	enum state tray;
	bool known = false;

	for (tray = STATE_PENDING; tray < STATE_COUNT && !known; tray++)
		known = has_papers(t, tray, s->paper.number);
	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++) {
		if (!s->there[tray])
			continue;
		if (known && S_ISREG(s->st[tray].st_mode)) {
			look_decision(t, s, tray, found);
			return;
		}
		look_foreign(t, tray, s->name);
	}
}

/* What could not be shown is tried once more. */
static int
settle(struct trays *t, const char *name)
{
	enum state tray;
	int status = 0;

	for (tray = STATE_PENDING; tray < STATE_COUNT && status == 0; tray++)
		if (tray_is_unshown(t, tray, name))
			status = tray_settle(t, tray, name);
	return status;
}

/* Where it lies; what we could not take away is nobody's decision. */
static int
look_about(struct trays *t, struct sight *s)
{
	enum state tray;
	int there;

	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++) {
		there = tray_look(t, tray, s->name, &s->st[tray]);
		if (there < 0)
			return -1;
		s->there[tray] = there == 1 && (tray == s->home ||
		    !tray_is_unshown(t, tray, s->name));
	}
	return 0;
}

static int
look_paper(struct trays *t, const char *name, const struct trays_found *found)
{
	struct sight s = { .name = name };
	struct buf *touched;
	enum state to;
	int status;

	if (paper_parse(name, &s.paper) != 0)
		bug("not a paper");
	touched = map_get(&t->busy, s.paper.number);
	if (touched != NULL) {
		buf_putf(touched, "%s\n", name);
		return 0;
	}
	if (settle(t, name) != 0)
		return -1;
	status = find_home(t, s.paper.number, name, &s.home, s.hex);
	if (status < 0 || look_about(t, &s) != 0)
		return -1;
	if (status == 0) {
		look_homeless(t, &s, found);
		return 0;
	}
	look_oddities(t, &s);
	to = brought_to(&s);
	if (to != STATE_NONE)
		look_decision(t, &s, to, found);
	else
		look_home(t, &s, found);
	return 0;
}

struct counted {
	struct trays	*trays;
	enum state	 tray;
	const char	*number, *hex;
	bool		 found;
};

static int
compare_counted(void *arg, const char *name)
{
	struct counted *c = arg;
	char path[LEDGER_PATH], hex[BLOB_HEX];
	int found = ledger_find(c->trays->ledger, c->trays->shown,
	    ledger_path(path, c->tray, c->number, name), hex);

	c->found = found == 1 && strcmp(hex, c->hex) == 0;
	return found < 0 ? -1 : c->found;
}

/* Whether the very signature is among the papers of the case, wherever they
 * are by now.  1, 0 or -1. */
static int
was_counted(struct trays *t, enum state tray, const char *number,
    const char *name)
{
	char hex[BLOB_HEX];
	struct counted c = { t, STATE_PENDING, number, hex, false };

	if (tray_blob(t->desk->tray[tray], name, hex) != 0)
		return fs_is_trouble(errno) ? -1 : 0;
	for (; hex[0] != '\0' && c.tray < STATE_COUNT && !c.found; c.tray++)
		if (ledger_papers(t->ledger, c.tray, number, compare_counted,
		    &c) < 0)
			return -1;
	return c.found;
}

/* A signature that somebody brought beside a paper. */
static int
look_signed(struct trays *t, enum state tray, const char *name,
    const struct paper *p, const struct trays_found *found)
{
	struct decision d = { .paper = paper_signed(p), .to = tray };
	struct stat st;
	int there = tray_look(t, tray, name, &st), status, counted;

	if (there != 1 || is_put_off(t, p->number, tray, name))
		return there < 0 ? -1 : 0;
	paper_name(d.name, &d.paper);
	status = tray_expects(t, t->shown, tray, p->number, d.name);
	if (status < 0)
		return -1;
	/* of one that was counted a crash may have left the copy */
	counted = S_ISREG(st.st_mode) ?
	    was_counted(t, tray, p->number, name) : 0;
	if (counted != 0)
		return counted < 0 ? -1 : tray_take_away(t, tray, name);
	if (status == 0 || !S_ISREG(st.st_mode)) {
		look_foreign(t, tray, name);
		return 0;
	}
	d.from = tray;
	strcpy(d.sig, name);
	d.uid = (long)st.st_uid;
	d.age = age_of(t, &st);
	d.brought = clock_now_ms() - d.age;
	map_put(&t->busy, p->number, mem_alloc(sizeof(struct buf)));
	found->decided(found->arg, &d);
	return 0;
}

/* Something that bore a paper's name where there was none: by now the paper may
 * lie in its place, which is ours to look after, not a stray. */
static int
look_once_foreign(struct trays *t, enum state tray, const char *name,
    const struct paper *p, const struct trays_found *found)
{
	int expected = tray_expects(t, t->shown, tray, p->number, name);

	if (expected == 1)
		return look_paper(t, name, found);
	if (expected == 0)
		look_foreign(t, tray, name);
	return expected;
}

static int
look_key(struct trays *t, const char *key, const struct trays_found *found)
{
	enum state tray;
	const char *name;
	struct paper p;

	if (!tray_split(key, &tray, &name))
		return paper_parse(key, &p) == 0 && paper_is_filed(&p) ?
		    look_paper(t, key, found) : 0;
	if (paper_parse(name, &p) != 0)
		look_foreign(t, tray, name);
	else if (paper_is_filed(&p))
		return look_once_foreign(t, tray, name, &p, found);
	else if (p.kind == PAPER_SIGNED)
		return look_signed(t, tray, name, &p, found);
	else
		return look_beside(t, tray, name, &p);
	return 0;
}

/* Names that are due: papers, or all. */
static int
look_due(struct trays *t, bool all, const struct trays_found *found,
    unsigned *looked)
{
	int64_t now = clock_ticks();
	const struct map_entry *e;
	size_t at = 0;
	char *key;
	int status = 0;

	while (status == 0 && *looked < TRAY_LOOK_MAX && found->room(found->arg) &&
	    (e = map_next(&t->dirty, &at)) != NULL) {
		if ((int64_t)(intptr_t)e->value - 1 > now ||
		    (!all && strchr(e->key, '/') != NULL))
			continue;
		/* looking may mark it again, or others */
		key = mem_str(e->key);
		map_del(&t->dirty, key);
		status = look_key(t, key, found);
		free(key);
		at = 0;
		++*looked;
	}
	return status;
}

int
trays_look(struct trays *t, const struct trays_found *found)
{
	unsigned looked = 0;
	int status;

	if (t->showing != NULL && trays_due(t) > clock_ticks())
		return 0;
	if (trays_settle(t) != 0)
		return -1;
	if (clock_ticks() >= t->compare_due)
		tray_begin_comparing(t);
	status = look_due(t, !t->hurry, found, &looked);
	/* in a hurry nothing waits for the paper that it lies beside: what is
	 * no paper comes last */
	if (status == 0 && t->hurry && looked == 0 && t->at == STATE_COUNT)
		status = look_due(t, true, found, &looked);
	if (status == 0 && looked < TRAY_LOOK_MAX &&
	    clock_ticks() >= tray_slice_due(t))
		status = tray_compare_some(t);
	if (status != 0)
		return -1;
	return (looked == TRAY_LOOK_MAX && found->room(found->arg)) ||
	    clock_ticks() >= tray_slice_due(t);
}

void
trays_release(struct trays *t, const struct decision *d, int64_t again_ms)
{
	struct buf *touched = map_del(&t->busy, d->paper.number);
	const char *at, *end;
	char *name;

	if (touched == NULL)
		bug("a case is released that was not given away");
	for (at = buf_str(touched); *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		name = mem_strn(at, (size_t)(end - at));
		tray_mark(t, name, again_ms);
		free(name);
	}
	buf_free(touched);
	free(touched);
	if (d->sig[0] != '\0')
		tray_mark_foreign(t, d->from, d->sig, again_ms);
	tray_mark(t, d->name, again_ms);
}
