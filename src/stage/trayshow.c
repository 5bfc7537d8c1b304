/*
 * trayshow: the trays, written.
 *
 * May not: judge anything.
 * The machine's trouble: a tray that cannot be written.
 *
 * Nothing that we did not write ourselves is ever deleted: it goes to
 * outbox/strays.  "Ourselves" is told by the bytes, which the ledger has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "log.h"
#include "text.h"

#include "traying.h"

#define WORK "tray-"		/* our files in .docket/work */

/* Files. */

void
tray_key(struct buf *key, enum state tray, const char *name)
{
	buf_clear(key);
	buf_putf(key, "%s/%s", state_name(tray), name);
}

bool
tray_is_there(const struct trays *t, enum state tray, const char *name,
    struct stat *st)
{
	return fstatat(t->desk->tray[tray], name, st, AT_SYMLINK_NOFOLLOW) ==
	    0;
}

/* The name that git gives a file's bytes; "" if they cannot be a paper's.
 * -1: it cannot be read. */
int
tray_blob(int dirfd, const char *name, char hex[BLOB_HEX])
{
	struct buf bytes = BUF_INIT;
	int status = fs_read_file(dirfd, name, PAPER_MAX, &bytes);

	hex[0] = '\0';
	if (status == 0)
		ledger_blob_name(buf_str(&bytes), bytes.len, hex);
	else if (errno == EFBIG || errno == EINVAL || errno == ELOOP)
		status = 0;
	buf_free(&bytes);
	return status;
}

/* Strays. */

static int
strays_dir(struct trays *t)
{
	if (t->strays < 0 && fs_make_dir(t->desk->outbox, "strays", 0750) == 0)
		t->strays = fs_open_dir(t->desk->outbox, "strays");
	return t->strays;
}

int
tray_to_strays(struct trays *t, int dirfd, const char *file, const char *name)
{
	char taken[NAME_SIZE];
	struct buf text = BUF_INIT;

	if (strays_dir(t) < 0 ||
	    fs_move_aside(dirfd, file, t->strays, name, taken) != 0) {
		if (errno == ENOENT)
			return 0;
		text_line(&text, name, strlen(name), NAME_SIZE);
		buf_putf(&text, " cannot be moved to outbox/strays: %s",
		    strerror(errno));
		desk_notice(t->desk, "strays", buf_str(&text));
		buf_free(&text);
		return -1;
	}
	log_event(LOG_INFO, "trays", "event", "stray", "name", name, "to",
	    taken, NULL);
	return 0;
}

/* A file in work/ that was in a tray: ours is deleted, what is not is kept
 * among the strays. */
static int
put_away(struct trays *t, const char *work, const char *name)
{
	char hex[BLOB_HEX];

	if (tray_blob(t->desk->work, work, hex) == 0 && hex[0] != '\0' &&
	    ledger_has_blob(t->ledger, hex))
		return unlinkat(t->desk->work, work, 0);
	return tray_to_strays(t, t->desk->work, work, name);
}

static void
remember_own(struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	struct stat st;

	tray_key(&key, tray, name);
	map_put(&t->own, buf_str(&key), (void *)(uintptr_t)
	    (tray_is_there(t, tray, name, &st) ? (uintptr_t)st.st_ino : 0));
	buf_free(&key);
}

/* Takes a file out of a tray, whatever it is. */
static int
take_away(struct trays *t, enum state tray, const char *name)
{
	char work[64], random[17];

	snprintf(work, sizeof(work), WORK "%s", hash_random(random, 16));
	if (renameat(t->desk->tray[tray], name, t->desk->work, work) != 0) {
		if (errno == ENOENT)
			return 0;
		log_errno("trays", "take away", name);
		return -1;
	}
	remember_own(t, tray, name);
	return put_away(t, work, name);
}

/* Whether the event is of our own making. */
bool
tray_is_own(const struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	uintptr_t ino = 0;
	struct stat st;
	bool known;

	if (map_count(&t->own) == 0)
		return false;
	tray_key(&key, tray, name);
	known = map_has(&t->own, buf_str(&key));
	if (known)
		ino = (uintptr_t)map_get(&t->own, buf_str(&key));
	buf_free(&key);
	if (!known)
		return false;
	return tray_is_there(t, tray, name, &st) ? ino == (uintptr_t)st.st_ino :
	    ino == 0;
}

/* Showing. */

static int
displaced(void *arg, int dirfd, const char *name, const char *work)
{
	(void)dirfd;
	return put_away(arg, work, name);
}

static const struct fs_batch_ops place_ops = { .displaced = displaced };

static int
put_paper(struct trays *t, struct fs_batch *b, enum state tray,
    const char *name, const void *data, size_t n)
{
	return fs_batch_put(b, t->desk->tray[tray], name, data, n, 0444);
}

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
		status = put_paper(t, b, tray, name, buf_str(&bytes),
		    bytes.len);
	buf_free(&bytes);
	return status;
}

static int
show(struct trays *t, struct fs_batch *b)
{
	if (fs_batch_sync(b) == 0 && fs_batch_show(b, &place_ops, t) == 0)
		return 0;
	log_errno("trays", "write", "papers");
	return -1;
}

/* Tray and file name of a path in the ledger; false: it is not a paper's. */
bool
tray_split(const char *path, enum state *tray, const char **name)
{
	char word[16];
	size_t n = strcspn(path, "/");

	if (n >= sizeof(word) || path[n] == '\0')
		return false;
	memcpy(word, path, n);
	word[n] = '\0';
	*tray = state_named(word);
	*name = strrchr(path, '/') + 1;
	return *tray != STATE_NONE && *tray != STATE_COUNT;
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

static void
wants_free(struct map *wants)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(wants, &at)) != NULL)
		free(e->value);
	map_free(wants);
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
		return put_paper(t, b, tray, name, w->put->data, w->put->len);
	return put_from_ledger(t, b, ledger_head(t->ledger), tray, p.number,
	    name);
}

/* New papers first, then the old ones go: whoever looks in between sees a
 * paper twice rather than nowhere. */
static int
show_wants(struct trays *t, const struct map *wants)
{
	struct fs_batch *b = fs_batch_new(t->desk->work, WORK);
	bool touched[STATE_COUNT] = { false };
	const struct map_entry *e;
	const char *name;
	enum state tray;
	size_t at = 0;
	int status = 0;

	while (status == 0 && (e = map_next(wants, &at)) != NULL)
		status = place(t, b, e->key, e->value);
	if (status == 0)
		status = show(t, b);
	fs_batch_free(b);
	for (at = 0; status == 0 && (e = map_next(wants, &at)) != NULL;) {
		const struct want *w = e->value;

		if (!tray_split(e->key, &tray, &name))
			continue;
		if (w->present)
			remember_own(t, tray, name);
		else {
			status = take_away(t, tray, name);
			touched[tray] = true;
		}
	}
	for (tray = STATE_PENDING; status == 0 && tray < STATE_COUNT; tray++)
		if (touched[tray])
			status = fs_sync_dir(t->desk->tray[tray]);
	return status;
}

static int
set_shown(struct trays *t)
{
	strcpy(t->shown, ledger_head(t->ledger));
	if (desk_put_line(t->desk, "shown", t->shown) == 0)
		return 0;
	log_errno("trays", "write", "shown");
	return -1;
}

int
trays_apply(struct trays *t, struct ruling *const *rulings, size_t n)
{
	struct map wants = MAP_INIT;
	int status;
	size_t i;

	/* the events of the last time have all come by now */
	map_free(&t->own);
	for (i = 0; i < n; i++)
		want_ops(&wants, rulings[i]);
	status = show_wants(t, &wants);
	wants_free(&wants);
	return status == 0 ? set_shown(t) : -1;
}

static int
want_change(void *arg, const char *path, const char *old_hex,
    const char *new_hex)
{
	(void)old_hex;
	want(arg, path, *new_hex != '\0', NULL);
	return 0;
}

/* Files in work/ after a crash: of those that came out of a tray, what is
 * not ours is kept. */
static int
clean_work(struct trays *t)
{
	DIR *list = fs_list(t->desk->work);
	const char *name;
	int status = 0;

	if (list == NULL)
		return -1;
	while (status == 0 && (name = fs_list_next(list)) != NULL)
		if (strncmp(name, WORK, strlen(WORK)) == 0)
			status = put_away(t, name, name + strlen(WORK));
		else
			status = unlinkat(t->desk->work, name, 0);
	closedir(list);
	return status;
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
		wants_free(&r.wants);
		if (found != 0)
			return -1;
	}
	if (found == 0)
		found = show_wants(t, &r.wants);
	wants_free(&r.wants);
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
			status = take_away(t, tray, name);
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
	return set_shown(t);
}

/* Answers. */

static bool
read_note(struct trays *t, enum state tray, const char *name, long uid,
    struct buf *text)
{
	struct stat st;

	if (!tray_is_there(t, tray, name, &st) || !S_ISREG(st.st_mode) ||
	    (uid >= 0 && (long)st.st_uid != uid))
		return false;
	if (fs_read_file(t->desk->tray[tray], name, LIMIT_NOTE, text) == 0 &&
	    text->len > 0)
		return true;
	buf_clear(text);
	return false;
}

char *
trays_note(struct trays *t, const struct decision *d, long uid,
    const char *who)
{
	const enum state trays[] = { d->to, d->from };
	struct paper p = { .kind = PAPER_NOTE };
	struct buf text = BUF_INIT;
	char name[PAPER_NAME];
	unsigned i;

	strcpy(p.number, d->paper.number);
	for (i = 0; i < 4 && text.len == 0; i++) {
		p.who[0] = '\0';
		if (i >= 2 && who != NULL)
			snprintf(p.who, sizeof(p.who), "%.60s", who);
		read_note(t, trays[i % 2], paper_name(name, &p), uid, &text);
	}
	if (text.len == 0) {
		buf_free(&text);
		return NULL;
	}
	return buf_take(&text);
}

/* A tray's file as the ledger has it, once more. */
static int
place_again(struct trays *t, struct fs_batch *b, enum state tray,
    const char *name)
{
	struct paper p;

	if (paper_parse(name, &p) != 0)
		return -1;
	return put_from_ledger(t, b, t->shown, tray, p.number, name);
}

int
trays_restore(struct trays *t, enum state tray, const char *name)
{
	struct fs_batch *b = fs_batch_new(t->desk->work, WORK);
	int status = place_again(t, b, tray, name);

	if (status == 0)
		status = show(t, b);
	fs_batch_free(b);
	if (status == 0)
		remember_own(t, tray, name);
	return status;
}

int
trays_undo(struct trays *t, const struct decision *d, const char *why)
{
	struct fs_batch *b = fs_batch_new(t->desk->work, WORK);
	struct paper p = { .kind = PAPER_REFUSED };
	char name[PAPER_NAME];
	int status = 0;

	strcpy(p.number, d->paper.number);
	paper_name(name, &p);
	if (d->moved)
		status = place_again(t, b, d->from, d->name);
	if (status == 0)
		status = fs_batch_put(b, t->desk->tray[d->from], name, why,
		    strlen(why), 0444);
	/* an explanation of before is ours, and simply replaced */
	unlinkat(t->desk->tray[d->from], name, 0);
	if (status == 0)
		status = show(t, b);
	fs_batch_free(b);
	if (status != 0)
		return -1;
	remember_own(t, d->from, d->name);
	remember_own(t, d->from, name);
	return take_away(t, d->to, d->name);
}

/* A note that went into the commit is deleted; another is kept. */
static void
tidy_note(struct trays *t, enum state tray, const char *name,
    const char *note)
{
	struct buf text = BUF_INIT;
	struct stat st;
	char *clean;

	if (!tray_is_there(t, tray, name, &st))
		return;
	read_note(t, tray, name, -1, &text);
	clean = note_clean(buf_str(&text));
	if (note != NULL && clean != NULL && strcmp(clean, note) == 0)
		unlinkat(t->desk->tray[tray], name, 0);
	else
		tray_to_strays(t, t->desk->tray[tray], name, name);
	remember_own(t, tray, name);
	free(clean);
	buf_free(&text);
}

void
trays_tidy(struct trays *t, const char *number, const char *note)
{
	struct paper p = { .kind = PAPER_REFUSED };
	char name[PAPER_NAME];
	enum state tray;
	size_t i;

	strcpy(p.number, number);
	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++) {
		p.kind = PAPER_REFUSED;
		p.who[0] = '\0';
		if (unlinkat(t->desk->tray[tray], paper_name(name, &p), 0) ==
		    0)
			remember_own(t, tray, name);
		p.kind = PAPER_NOTE;
		tidy_note(t, tray, paper_name(name, &p), note);
		for (i = 0; i < t->settings->n_reviewers; i++) {
			snprintf(p.who, sizeof(p.who), "%.60s",
			    t->settings->reviewers[i].name);
			tidy_note(t, tray, paper_name(name, &p), note);
		}
	}
}

/* Catching up, after everything that it uses. */

static int
tidy_after(void *arg, struct ruling *r)
{
	if (r->number[0] != '\0' && r->event != EVENT_RECEIVE)
		trays_tidy(arg, r->number, r->note);
	return 0;
}

int
trays_catch_up(struct trays *t)
{
	const char *head = ledger_head(t->ledger);
	struct map wants = MAP_INIT;
	int status;

	if (clean_work(t) != 0)
		return -1;
	if (strcmp(t->shown, head) == 0)
		return 0;
	if (t->shown[0] == '\0' ||
	    ledger_distance(t->ledger, t->shown, head) < 0) {
		log_event(LOG_WARN, "trays", "event", "reset", "shown",
		    t->shown, NULL);
		return trays_reset(t);
	}
	status = ledger_walk(t->ledger, t->shown, head, tidy_after, t);
	if (status == 0)
		status = ledger_diff(t->ledger, t->shown, head, want_change,
		    &wants);
	if (status == 0)
		status = show_wants(t, &wants);
	wants_free(&wants);
	return status == 0 ? set_shown(t) : -1;
}
