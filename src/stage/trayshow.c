/*
 * trayshow: the trays as the ledger has them.
 *
 * May not: judge anything; touch a file but by trayfiles.c.
 * The machine's trouble: a tray that cannot be written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "fs.h"
#include "fsbatch.h"
#include "log.h"

#include "traying.h"

/* Showing. */

/* As the ledger's head has it. */
static int
put_from_ledger(struct trays *t, struct fs_batch *b, const char *commit,
    enum state tray, const char *number, const char *name)
{
	struct buf bytes = BUF_INIT;
	char path[LEDGER_PATH];
	int status = -1;

	if (ledger_read(t->ledger, commit, ledger_path(path, tray, number,
	    name), &bytes) == 1)
		status = tray_put_paper(t, b, tray, name, buf_str(&bytes),
		    bytes.len);
	buf_free(&bytes);
	return status;
}

/* What a set of changes comes to: path -> bytes to show, or none. */
struct want {
	bool		 present;
	const struct op	*put;		/* its bytes, if they are at hand */
};

static void
want(struct map *wants, const char *path, bool present, const struct op *put)
{
	struct want *w = map_get(wants, path);

	if (w == NULL) {
		w = mem_alloc(sizeof(*w));
		map_put(wants, path, w);
	}
	*w = (struct want){ present, put };
}

static void
want_ops(struct map *wants, const struct ruling *r)
{
	const struct op *op;

	for (op = r->ops; op < r->ops + r->n_ops; op++) {
		want(wants, op->path, op->kind == OP_PUT,
		    op->kind == OP_PUT ? op : NULL);
		if (op->kind == OP_MOVE)
			want(wants, op->to, true, NULL);
	}
}

/* Papers that were edited or deleted, and recorded as that, are put back with
 * the commit that says so, as it may be that nobody finds them a second time;
 * but not one that has gone elsewhere with its case. */
static int
want_restored(struct trays *t, struct map *wants, const struct ruling *r)
{
	const char *at = r->event == EVENT_RESTORE ? r->subjects : NULL, *end,
	    *name;
	char line[1024], path[LEDGER_PATH];
	enum state tray;
	struct paper p;
	int expected = 0;

	for (; at != NULL && *at != '\0' && expected >= 0; at = end) {
		end = at + strcspn(at, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, " \n"),
		    at);
		end += *end == '\n';
		if (!tray_split(line, &tray, &name) ||
		    paper_parse(name, &p) != 0)
			continue;
		expected = tray_expects(t, ledger_head(t->ledger), tray,
		    p.number, name);
		if (expected == 1)
			want(wants, ledger_path(path, tray, p.number, name),
			    true, NULL);
	}
	return expected < 0 ? -1 : 0;
}

/* Where somebody brought the paper for a decision that was committed, if it
 * does not stay or come there; STATE_NONE: it does. */
static enum state
left_in(const struct ruling *r)
{
	if (r->event == EVENT_ENDORSE)
		return state_brought(r->decision);
	/* the request goes where its case goes */
	return r->event == EVENT_APPROVE && r->request == REQUEST_REVOCATION ?
	    STATE_APPROVED : STATE_NONE;
}

/* What such a decision was made with is no other one: a crash may have left
 * it. */
static int
want_brought(struct trays *t, struct map *wants, const struct ruling *r)
{
	enum state tray = left_in(r), home = r->request != REQUEST_NONE ?
	    r->request_to : r->to;
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct stat st;
	int there, expected;

	if (tray == STATE_NONE || *ruling_paper(r, name) == '\0' ||
	    r->n_deciders == 0)
		return 0;
	there = tray_look(t, tray, name, &st);
	if (there != 1 || r->deciders[0].uid != (long)st.st_uid)
		return there < 0 ? -1 : 0;
	expected = tray_expects(t, ledger_head(t->ledger), tray, r->number,
	    name);
	if (expected != 0)
		return expected < 0 ? -1 : 0;
	want(wants, ledger_path(path, tray, r->number, name), false, NULL);
	/* it was moved, perhaps */
	expected = tray_expects(t, ledger_head(t->ledger), home, r->number,
	    name);
	if (expected == 1)
		want(wants, ledger_path(path, home, r->number, name), true,
		    NULL);
	return expected < 0 ? -1 : 0;
}

static int
place(struct trays *t, struct fs_batch *b, const char *path,
    const struct want *w)
{
	const char *name;
	struct paper p;
	enum state tray;

	if (!w->present || !tray_split(path, &tray, &name) ||
	    paper_parse(name, &p) != 0)
		return 0;
	if (w->put != NULL)
		return tray_lend_paper(t, b, tray, name, w->put->data,
		    w->put->len);
	return put_from_ledger(t, b, ledger_head(t->ledger), tray, p.number,
	    name);
}

static int
place_all(struct trays *t, struct fs_batch *b, const struct map *wants)
{
	const struct map_entry *e;
	size_t at = 0;
	int status = 0;

	while (status == 0 && (e = map_next(wants, &at)) != NULL)
		status = place(t, b, e->key, e->value);
	return status;
}

static int
take_unwanted(struct trays *t, const struct map *wants)
{
	bool touched[STATE_COUNT] = { false };
	const struct map_entry *e;
	const struct want *w;
	const char *name;
	enum state tray;
	size_t at = 0;
	int status = 0;

	while (status == 0 && (e = map_next(wants, &at)) != NULL) {
		w = e->value;
		if (w->present || !tray_split(e->key, &tray, &name))
			continue;
		status = tray_take_away(t, tray, name);
		touched[tray] = true;
	}
	for (tray = STATE_PENDING; status == 0 && tray < STATE_COUNT; tray++)
		if (touched[tray])
			status = fs_sync_dir(t->desk->tray[tray]);
	return status;
}

/* New papers first, then the old ones go: whoever looks in between sees a
 * paper twice rather than nowhere. */
static int
show_wants(struct trays *t, const struct map *wants)
{
	struct fs_batch *b = tray_batch(t);
	int status = place_all(t, b, wants);

	if (status == 0)
		status = tray_show(t, b);
	fs_batch_free(b);
	return status == 0 ? take_unwanted(t, wants) : -1;
}

/* Whether all there is to do is to put papers that are at hand. */
static bool
are_new(const struct map *wants)
{
	const struct map_entry *e;
	const struct want *w;
	size_t at = 0;

	while ((e = map_next(wants, &at)) != NULL) {
		w = e->value;
		if (!w->present || w->put == NULL)
			return false;
	}
	return true;
}

static int
set_shown(struct trays *t, const char *commit)
{
	strcpy(t->shown, commit);
	if (desk_put_line(t->desk, "shown", t->shown) == 0)
		return 0;
	log_cause("trays", "write", "shown");
	return -1;
}

/* 1: it goes on beside; 0: `next' has no thread; -1. */
static int
show_beside(struct trays *t, const struct map *wants, struct fs_batch *next)
{
	struct fs_batch *b = tray_batch(t);
	int status = fs_batch_before(b, next);

	if (status == 1 && place_all(t, b, wants) != 0)
		status = -1;
	if (status == 1) {
		t->showing = b;
		strcpy(t->showing_to, ledger_head(t->ledger));
	} else
		fs_batch_free(b);
	return status;
}

int
trays_apply(struct trays *t, struct ruling *const *rulings, size_t n,
    struct fs_batch *next)
{
	struct map wants = MAP_INIT;
	int status = trays_settle(t);
	size_t i;

	tray_forget_own(t);
	for (i = 0; i < n; i++)
		want_ops(&wants, rulings[i]);
	for (i = 0; status == 0 && i < n; i++)
		status = want_restored(t, &wants, rulings[i]);
	if (status == 0 && next != NULL && are_new(&wants))
		status = show_beside(t, &wants, next);
	if (status == 0 && show_wants(t, &wants) != 0)
		status = -1;
	map_free_all(&wants);
	if (status == 1)
		return 0;
	return status == 0 ? set_shown(t, ledger_head(t->ledger)) : -1;
}

int
trays_settle(struct trays *t)
{
	struct fs_batch *b = t->showing;
	const struct map_entry *e;
	const char *name;
	enum state tray;
	size_t at = 0;
	int status;

	if (b == NULL)
		return 0;
	t->showing = NULL;
	status = tray_show(t, b);
	fs_batch_free(b);
	while ((e = map_next(&t->heard, &at)) != NULL)
		if (tray_split(e->key, &tray, &name))
			tray_heard(t, tray, name, e->value != NULL);
	map_free(&t->heard);
	return status == 0 ? set_shown(t, t->showing_to) : -1;
}

static int
want_change(void *arg, const char *path, const char *old_hex,
    const char *new_hex)
{
	(void)old_hex;
	want(arg, path, *new_hex != '\0', NULL);
	return 0;
}

/* Everything anew, a folder of the ledger at a time. */

struct reset {
	struct trays	*trays;
	enum state	 tray;
	struct map	 wants;
};

static int
reset_paper(void *arg, const char *name, const char *hex)
{
	struct reset *r = arg;
	char there[BLOB_HEX], path[LEDGER_PATH];
	struct paper p;

	if (paper_parse(name, &p) != 0)
		return 0;
	if (tray_blob(r->trays->desk->tray[r->tray], name, there) != 0 ||
	    strcmp(there, hex) != 0)
		want(&r->wants, ledger_path(path, r->tray, p.number, name),
		    true, NULL);
	return 0;
}

static int
reset_present(struct trays *t, enum state tray)
{
	struct reset r = { t, tray, MAP_INIT };
	char cursor[LEDGER_PATH] = "";
	int found;

	while ((found = ledger_tray_next(t->ledger, ledger_head(t->ledger),
	    tray, cursor, reset_paper, &r)) == 1) {
		if (map_count(&r.wants) < 500)
			continue;
		found = show_wants(t, &r.wants);
		map_free_all(&r.wants);
		if (found != 0)
			return -1;
	}
	if (found == 0)
		found = show_wants(t, &r.wants);
	map_free_all(&r.wants);
	return found;
}

int
tray_expects(struct trays *t, const char *commit, enum state tray,
    const char *number, const char *name)
{
	char path[LEDGER_PATH], hex[BLOB_HEX];

	return ledger_find(t->ledger, commit,
	    ledger_path(path, tray, number, name), hex);
}

static int
reset_absent(struct trays *t, enum state tray)
{
	DIR *list = fs_list(t->desk->tray[tray]);
	const char *name;
	struct paper p;
	int status = 0;

	if (list == NULL)
		return -1;
	while (status == 0 && (name = fs_list_next(list)) != NULL)
		if (paper_parse(name, &p) == 0 && paper_is_filed(&p) &&
		    tray_expects(t, ledger_head(t->ledger), tray, p.number,
		    name) == 0)
			status = tray_take_away(t, tray, name);
	if (name == NULL && errno != 0)
		status = -1;
	closedir(list);
	return status;
}

int
trays_reset(struct trays *t)
{
	enum state tray;

	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++)
		if (reset_present(t, tray) != 0 || reset_absent(t, tray) != 0)
			return -1;
	/* once more, where way was made */
	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++)
		if (map_count(&t->unshown) > 0 && reset_present(t, tray) != 0)
			return -1;
	return set_shown(t, ledger_head(t->ledger));
}

/* A tray's file as the ledger has it, once more. */
static int
place_again(struct trays *t, enum state tray, const char *number,
    const char *name)
{
	struct fs_batch *b = tray_batch(t);
	int status = put_from_ledger(t, b, t->shown, tray, number, name);

	if (status == 0)
		status = tray_show(t, b);
	fs_batch_free(b);
	return status;
}

int
trays_restore(struct trays *t, enum state tray, const char *name)
{
	struct paper p;
	int expected;

	if (paper_parse(name, &p) != 0)
		bug("not a paper");
	expected = tray_expects(t, t->shown, tray, p.number, name);
	/* it may have gone elsewhere with its case */
	return expected != 1 ? expected :
	    place_again(t, tray, p.number, name);
}

int
tray_settle(struct trays *t, enum state tray, const char *name)
{
	struct paper p;
	int64_t pause;
	int status;

	if (paper_parse(name, &p) != 0)
		bug("not a paper");
	pause = tray_end_pause(t, tray, name);
	status = tray_expects(t, t->shown, tray, p.number, name);
	if (status >= 0)
		status = status == 1 ?
		    place_again(t, tray, p.number, name) :
		    tray_take_away(t, tray, name);
	tray_pause_longer(t, tray, name, pause);
	return status;
}

/* Catching up, after everything that it uses. */

struct catching_up {
	struct trays	*trays;
	struct map	 wants;
};

static int
catch_up(void *arg, struct ruling *r)
{
	struct catching_up *c = arg;

	if (r->number[0] != '\0' && r->event != EVENT_RECEIVE)
		trays_tidy(c->trays, r->number, r->note);
	if (want_brought(c->trays, &c->wants, r) != 0)
		return -1;
	return want_restored(c->trays, &c->wants, r);
}

int
trays_catch_up(struct trays *t)
{
	const char *head = ledger_head(t->ledger);
	struct catching_up c = { t, MAP_INIT };
	int status;

	if (tray_clean_work(t) != 0)
		return -1;
	if (strcmp(t->shown, head) == 0)
		return 0;
	if (t->shown[0] == '\0' ||
	    ledger_distance(t->ledger, t->shown, head) < 0) {
		log_event(LOG_WARN, "trays", "event", "reset", "shown",
		    t->shown, NULL);
		return trays_reset(t);
	}
	status = ledger_walk(t->ledger, t->shown, head, catch_up,
	    &c);
	if (status == 0)
		status = ledger_diff(t->ledger, t->shown, head, want_change,
		    &c.wants);
	if (status == 0)
		status = show_wants(t, &c.wants);
	map_free_all(&c.wants);
	return status == 0 ? set_shown(t, ledger_head(t->ledger)) : -1;
}
