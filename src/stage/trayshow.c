/*
 * trayshow: the trays, written.
 *
 * May not: judge anything.
 * The machine's trouble: a tray that cannot be written.
 * A user's: something in a paper's place that is not ours to move, such as a
 * folder of their own.  That path waits, and holds up no other.
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

/* Pauses before a path that could not be shown is tried again, ms. */
#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS 300000

/* Files. */

void
tray_key(struct buf *key, enum state tray, const char *name)
{
	buf_clear(key);
	buf_putf(key, "%s/%s", state_name(tray), name);
}

int
tray_look(const struct trays *t, enum state tray, const char *name,
    struct stat *st)
{
	int there = fs_look(t->desk->tray[tray], name, st);

	if (there < 0)
		log_cause("trays", "look at", name);
	return there;
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

static int
move_to_strays(struct trays *t, int dirfd, const char *file, const char *name,
    char *taken)
{
	if (strays_dir(t) < 0)
		return -1;
	return fs_move_aside(dirfd, file, t->strays, name, taken);
}

int
tray_to_strays(struct trays *t, int dirfd, const char *file, const char *name)
{
	int status, error = 0;
	char taken[NAME_SIZE];
	struct buf text = BUF_INIT;
	struct stat st;

	status = move_to_strays(t, dirfd, file, name, taken);
	if (status != 0) {
		error = errno;
		if (fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
		    errno == ENOENT)
			return 0;
	}
	if (error == ENOENT) {
		/* it is the folder that was removed */
		if (t->strays >= 0)
			close(t->strays);
		t->strays = -1;
		status = move_to_strays(t, dirfd, file, name, taken);
		error = errno;
	}
	if (status == 0) {
		desk_notice(t->desk, "strays", NULL);
		log_event(LOG_INFO, "trays", "event", "stray", "name", name,
		    "to", taken, NULL);
		return 0;
	}
	text_line(&text, name, strlen(name), NAME_SIZE);
	buf_putf(&text, " cannot be moved to outbox/strays: %s",
	    strerror(error));
	desk_notice(t->desk, "strays", buf_str(&text));
	buf_free(&text);
	return -1;
}

/* A file in work/ that was in a tray: ours is deleted, what is not is kept
 * among the strays; where that cannot be now, it waits for the next start. */
static void
put_away(struct trays *t, const char *work, const char *name)
{
	char hex[BLOB_HEX];
	int status = tray_blob(t->desk->work, work, hex);

	if (status == 0 && hex[0] != '\0' && ledger_has_blob(t->ledger, hex))
		unlinkat(t->desk->work, work, 0);
	else if (status != 0 && fs_is_trouble(errno))
		log_errno("trays", "read", name);	/* ours, or not? */
	else
		tray_to_strays(t, t->desk->work, work, name);
}

/* Our own doings. */

/* Tells a file from another, and from itself once it was written to.  Being
 * renamed changes ctime, but not mtime. */
static uintptr_t
print_of(const struct stat *st)
{
	return ((uintptr_t)st->st_ino * 1000003 +
	    (uintptr_t)st->st_mtim.tv_sec) * 1000003 +
	    (uintptr_t)st->st_mtim.tv_nsec;
}

void
tray_remember(struct trays *t, enum state tray, const char *name,
    const struct stat *st)
{
	struct buf key = BUF_INIT;

	tray_key(&key, tray, name);
	map_put(&t->own, buf_str(&key), (void *)(st == NULL ? 0 :
	    print_of(st)));
	buf_free(&key);
}

static enum state
tray_of(const struct trays *t, int dirfd)
{
	enum state tray = STATE_PENDING;

	while (tray < STATE_COUNT - 1 && t->desk->tray[tray] != dirfd)
		tray++;
	return tray;
}

static void
placed(void *arg, int dirfd, const char *name, const struct stat *st)
{
	tray_remember(arg, tray_of(arg, dirfd), name, st);
}

/* Of our own making is the first event only, and only if nothing was done
 * since: the clock of ctime is a coarse one. */
bool
tray_is_own(struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	struct stat st;
	bool own;

	if (map_count(&t->own) == 0)
		return false;
	tray_key(&key, tray, name);
	own = map_has(&t->own, buf_str(&key)) &&
	    (uintptr_t)map_del(&t->own, buf_str(&key)) ==
	    (tray_look(t, tray, name, &st) == 1 ? print_of(&st) : 0);
	buf_free(&key);
	return own;
}

/* Paths that cannot be shown. */

bool
tray_is_unshown(const struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	bool unshown;

	if (map_count(&t->unshown) == 0)
		return false;
	tray_key(&key, tray, name);
	unshown = map_has(&t->unshown, buf_str(&key));
	buf_free(&key);
	return unshown;
}

static void
note_unshown(struct trays *t)
{
	size_t at = 0, n = map_count(&t->unshown);
	const struct map_entry *e = map_next(&t->unshown, &at);
	struct buf text = BUF_INIT;

	if (e != NULL) {
		buf_putf(&text, "%s cannot be shown as the ledger has it: "
		    "something is in the way that is not the desk's to move, "
		    "or the tray's permissions were changed", e->key);
		if (n > 1)
			buf_putf(&text, " (and %zu more)", n - 1);
	}
	desk_notice(t->desk, "unshown", e == NULL ? NULL : buf_str(&text));
	buf_free(&text);
}

static void
set_unshown(struct trays *t, enum state tray, const char *name,
    int64_t pause)
{
	struct buf key = BUF_INIT;

	tray_key(&key, tray, name);
	map_put(&t->unshown, buf_str(&key), (void *)(intptr_t)pause);
	tray_mark(t, name, pause);
	if (pause > 0)
		note_unshown(t);
	buf_free(&key);
}

int
tray_make_way(struct trays *t, enum state tray, const char *name)
{
	char taken[NAME_SIZE];

	if (fs_move_aside(t->desk->tray[tray], name, t->desk->tray[tray],
	    name, taken) != 0)
		return -1;
	log_event(LOG_WARN, "trays", "event", "aside", "name", name, "to",
	    taken, NULL);
	return 0;
}

/* Whether it is this path that cannot be written to, rather than any. */
static bool
is_in_the_way(int error)
{
	static const int errors[] = { EACCES, EPERM, EISDIR, ENOTDIR,
	    ENOTEMPTY, EEXIST, EBUSY };
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (error == errors[i])
			return true;
	return false;
}

/* A path could not be written to: it will be tried again.  -1: it is the
 * machine that fails us. */
static int
hold_path(struct trays *t, enum state tray, const char *name)
{
	int error = errno;

	if (!is_in_the_way(error)) {
		log_cause("trays", "show", name);
		return -1;
	}
	log_errno("trays", "show", name);
	set_unshown(t, tray, name, tray_make_way(t, tray, name) == 0 ? 0 :
	    RETRY_FIRST_MS);
	return 0;
}

int
tray_take_away(struct trays *t, enum state tray, const char *name)
{
	char work[64], random[17];

	snprintf(work, sizeof(work), WORK "%s", hash_random(random, 16));
	if (renameat(t->desk->tray[tray], name, t->desk->work, work) != 0)
		return errno == ENOENT ? 0 : hold_path(t, tray, name);
	tray_remember(t, tray, name, NULL);
	put_away(t, work, name);
	return 0;
}

/* Showing. */

static int
displaced(void *arg, int dirfd, const char *name, const char *work)
{
	(void)dirfd;
	put_away(arg, work, name);
	return 0;
}

static void
not_placed(void *arg, int dirfd, const char *name)
{
	struct trays *t = arg;

	if (hold_path(t, tray_of(t, dirfd), name) != 0)
		t->broken = true;
}

static const struct fs_batch_ops place_ops = { .placed = placed,
    .displaced = displaced, .failed = not_placed };

int
tray_put_text(struct trays *t, enum state tray, const char *name,
    const char *text, tray_failed_fn *failed)
{
	const struct fs_batch_ops ops = { .placed = placed,
	    .displaced = displaced, .failed = failed };
	struct fs_batch *b = fs_batch_new(t->desk->work, WORK);
	int status = -1, error;

	if (fs_batch_put(b, t->desk->tray[tray], name, text, strlen(text),
	    0444) == 0 && fs_batch_sync(b) == 0)
		status = fs_batch_show(b, &ops, t);
	error = errno;
	fs_batch_free(b);
	errno = error;
	return status;
}

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
	t->broken = false;
	if (fs_batch_sync(b) == 0 && fs_batch_show(b, &place_ops, t) == 0 &&
	    !t->broken)
		return 0;
	log_cause("trays", "write", "papers");
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
		if (!w->present) {
			status = tray_take_away(t, tray, name);
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
	log_cause("trays", "write", "shown");
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
	for (i = 0, status = 0; status == 0 && i < n; i++)
		status = want_restored(t, &wants, rulings[i]);
	if (status == 0)
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
 * not ours is kept.  One that was about to be written is empty. */
static int
clean_work(struct trays *t)
{
	DIR *list = fs_list(t->desk->work);
	const char *name;
	struct stat st;
	int status = 0;

	if (list == NULL) {
		log_cause("trays", "list", ".docket/work");
		return -1;
	}
	while ((name = fs_list_next(list)) != NULL)
		if (strncmp(name, WORK, strlen(WORK)) == 0 &&
		    (fstatat(t->desk->work, name, &st, AT_SYMLINK_NOFOLLOW) !=
		    0 || !S_ISREG(st.st_mode) || st.st_size > 0))
			put_away(t, name, name + strlen(WORK));
		else
			unlinkat(t->desk->work, name, 0);
	if (errno != 0) {
		log_cause("trays", "list", ".docket/work");
		status = -1;
	}
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
	return set_shown(t);
}

/* A tray's file as the ledger has it, once more. */
static int
place_again(struct trays *t, enum state tray, const char *number,
    const char *name)
{
	struct fs_batch *b = fs_batch_new(t->desk->work, WORK);
	int status = put_from_ledger(t, b, t->shown, tray, number, name);

	if (status == 0)
		status = show(t, b);
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
	struct buf key = BUF_INIT;
	int64_t pause;
	struct paper p;
	int status;

	if (paper_parse(name, &p) != 0)
		bug("not a paper");
	tray_key(&key, tray, name);
	pause = (intptr_t)map_del(&t->unshown, buf_str(&key)) * 2;
	buf_free(&key);
	status = tray_expects(t, t->shown, tray, p.number, name);
	if (status >= 0)
		status = status == 1 ?
		    place_again(t, tray, p.number, name) :
		    tray_take_away(t, tray, name);
	if (pause > RETRY_LAST_MS)
		pause = RETRY_LAST_MS;
	if (pause > 0 && tray_is_unshown(t, tray, name))
		set_unshown(t, tray, name, pause);
	note_unshown(t);
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
	status = ledger_walk(t->ledger, t->shown, head, NULL, catch_up,
	    &c);
	if (status == 0)
		status = ledger_diff(t->ledger, t->shown, head, want_change,
		    &c.wants);
	if (status == 0)
		status = show_wants(t, &c.wants);
	wants_free(&c.wants);
	return status == 0 ? set_shown(t) : -1;
}
