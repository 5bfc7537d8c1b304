/*
 * index: where every case stands, in SQLite: its tables, opened and closed.
 *
 * May not: decide anything; casefile_apply() says what a ruling means.
 * The machine's trouble: a database that cannot be read or written.
 *
 * BUGS: a reader that keeps its lock for longer than BUSY_MS (a debugger on
 * it, say) makes the daemon stop and restart through recovery.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "notify.h"

#include "indexing.h"

#define BUSY_MS 10000

/* What is kept in memory, in KiB, and of words before they are written, in
 * bytes: as long as an index is filled, which is faster with more; and then. */
#define WORDS_KEPT "; INSERT INTO words(words, rank) VALUES('hashsize', "
#define FILLING "PRAGMA cache_size = -32000" WORDS_KEPT "8388608)"
#define FILLED "PRAGMA cache_size = -8000" WORDS_KEPT "1048576)"

/* While its indexes are made, the service manager hears of it each so many
 * steps of SQLite's. */
#define PULSE_STEPS 1000000

/* Names kept with how often they were seen, while an index is filled. */
#define SEEN_MOST 8192

/* A change of the tables below needs another number: an index of another
 * version is made anew. */
#define LAYOUT "7"

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE cases(id INTEGER PRIMARY KEY, number TEXT, prefix TEXT,"
    " seq INTEGER, form TEXT, state INTEGER, revision INTEGER,"
    " last_revision INTEGER, request INTEGER, request_revision INTEGER,"
    " requests INTEGER, rotations INTEGER, withdrawals INTEGER,"
    " in_force INTEGER, approved TEXT, noticed INTEGER, noticed_of TEXT,"
    " notified INTEGER, box TEXT,"
    " request_box TEXT, submitters TEXT, endorsed TEXT, catalog TEXT,"
    " keys TEXT, issued INTEGER, retires INTEGER, overlap TEXT,"
    " received INTEGER, changed INTEGER, waiting INTEGER,"
    " digest TEXT, sha256 TEXT,"
    " client TEXT, label TEXT, effective TEXT, expiry TEXT,"
    " asked_client TEXT, asked_label TEXT,"
    " asked_effective TEXT, asked_expiry TEXT, asked_sha256 TEXT);"
    /* what is long and seldom asked for: a page holds many cases */
    "CREATE TABLE texts(id INTEGER PRIMARY KEY, fields TEXT,"
    " apis TEXT, asked_fields TEXT, asked_apis TEXT);"
    "CREATE UNIQUE INDEX by_number ON cases(number);"
    "CREATE TABLE lists(list TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;"
    "CREATE TABLE entries(key INTEGER PRIMARY KEY, list TEXT, id TEXT,"
    " name TEXT, recipient TEXT, contact TEXT);"
    "CREATE UNIQUE INDEX entry_id ON entries(list, id);"
    "CREATE VIRTUAL TABLE entry_words USING fts5(id, name,"
    " content='entries', content_rowid='key', prefix='2 3');"
    "CREATE TABLE events(id INTEGER PRIMARY KEY, number TEXT,"
    " \"commit\" TEXT, intake TEXT, digest TEXT, file TEXT);"
    "CREATE TABLE prefixes(prefix TEXT PRIMARY KEY, last INTEGER)"
    " WITHOUT ROWID;"
    "CREATE TABLE keys(id INTEGER PRIMARY KEY, sha256 TEXT, number TEXT);"
    "CREATE TABLE counts(state INTEGER PRIMARY KEY, n INTEGER);"
    "CREATE TABLE seen(api INTEGER, name TEXT, n INTEGER,"
    " PRIMARY KEY(api, name)) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE words USING fts5(number, client, label, fields,"
    " content='');"
    "CREATE VIRTUAL TABLE terms USING fts5vocab(words, row);"
    "INSERT INTO meta VALUES('version', '" LAYOUT "'), ('head', ''),"
    " ('boot', '-');";

/* What is only asked by: it is made faster of all rows at once.  Digests are
 * found by their beginning: they come in no order, and the less there is of
 * them, the more of it is in memory.  What a list is asked by, it is ordered
 * by: a page of it is read, not all of a state or client. */
#define ADD "CREATE INDEX "
static const char sorted[] =
    ADD "by_seq ON cases(prefix, seq);"
    ADD "by_state ON cases(state, prefix, seq);"
    ADD "by_waiting ON cases(waiting) WHERE waiting > 0;"
    ADD "by_lapse ON cases(prefix, waiting) WHERE waiting > 0;"
    ADD "by_digest ON cases(" INDEX_SHORT(digest) ");"
    ADD "by_client ON cases(client, prefix, seq);"
    ADD "by_box ON cases(box, changed);"
    ADD "by_change ON cases(changed);"
    ADD "by_effect ON cases(effective)"
    " WHERE state = 2 AND in_force = 0;"
    ADD "by_expiry ON cases(expiry)"
    " WHERE state = 2 AND expiry > '';"
    ADD "by_retire ON cases(retires) WHERE retires > 0;"
    ADD "by_admitted ON cases(number)"
    " WHERE state = 2 AND in_force = 1 AND keys > '';"
    ADD "by_notice ON cases(notified, expiry) WHERE state = 2;"
    ADD "by_catalog ON cases(catalog, id)"
    " WHERE state = 2 AND catalog IS NOT NULL;"
    ADD "event_number ON events(number);"
    ADD "event_intake ON events(intake) WHERE intake IS NOT NULL;"
    ADD "event_digest ON events(" INDEX_SHORT(digest) ")"
    " WHERE digest IS NOT NULL;"
    ADD "event_file ON events(file) WHERE file IS NOT NULL;"
    ADD "key_sha256 ON keys(" INDEX_SHORT(sha256) ");";

/* Opening. */

static int
get_meta(struct index *x, const char *key, char *value, size_t size)
{
	sqlite3_stmt *st = NULL;
	int status = -1;

	value[0] = '\0';
	if (sqlite3_prepare_v2(x->db, "SELECT value FROM meta WHERE key = ?",
	    -1, &st, NULL) != SQLITE_OK)
		return -1;
	index_bind_text(st, 1, key);
	if (sqlite3_step(st) == SQLITE_ROW) {
		snprintf(value, size, "%s",
		    (const char *)sqlite3_column_text(st, 0));
		status = 0;
	}
	sqlite3_finalize(st);
	return status;
}

static int
set_meta(struct index *x, const char *key, const char *value)
{
	sqlite3_stmt *st = index_statement(x, S_META_SET);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, key);
	index_bind_text(st, 2, value);
	return index_run(x, st);
}

/* The same by itself, between groups. */
static int
keep_meta(struct index *x, const char *key, const char *value)
{
	return index_begin(x) == 0 && set_meta(x, key, value) == 0 ?
	    index_exec(x, "COMMIT") : -1;
}

/* Whether what is there is of this version. */
static bool
is_known(struct index *x)
{
	char version[16];

	return get_meta(x, "version", version, sizeof(version)) == 0 &&
	    strcmp(version, LAYOUT) == 0;
}

/* Whether what is there can be gone on with. */
static bool
is_of_use(struct index *x)
{
	char boot[CLOCK_BOOT], now[CLOCK_BOOT];

	return is_known(x) && get_meta(x, "boot", boot, sizeof(boot)) == 0 &&
	    (boot[0] == '\0' || strcmp(boot, clock_boot(now)) == 0) &&
	    get_meta(x, "head", x->head, sizeof(x->head)) == 0;
}

static int
open_db(struct index *x, const char *path, int flags)
{
	/* what it has in use nobody asks, and each piece of memory would be
	 * counted under a lock; it can be said before anything else only */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* one thread at a time asks it: there is nothing to be locked */
	if (sqlite3_open_v2(path, &x->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return index_fail(x, path);
	sqlite3_busy_timeout(x->db, BUSY_MS);
	return 0;
}

static void
close_db(struct index *x)
{
	int i;

	for (i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(x->st[i]);
		x->st[i] = NULL;
	}
	sqlite3_close(x->db);
	x->db = NULL;
}

/* The database, and what SQLite keeps beside it: a journal that is left from
 * one would be rolled back into the next. */
static void
remove_db(const char *path)
{
	struct buf journal = BUF_INIT;

	buf_putf(&journal, "%s-journal", path);
	unlink(path);
	unlink(buf_str(&journal));
	buf_free(&journal);
}

/* A new one is filled beside the one that is there, which is read meanwhile,
 * and takes its place when it is whole: nothing of it need be taken back, so
 * that there is no journal, and it is one transaction.  In which life of the
 * machine it was made stands in it from its first page on. */
static int
open_to_fill(struct index *x)
{
	char now[CLOCK_BOOT];

	x->head[0] = '\0';
	x->write = true;
	if (open_db(x, x->filling, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE) != 0)
		return -1;
	chmod(x->filling, 0640);
	return index_exec(x, "PRAGMA synchronous = OFF; PRAGMA journal_mode ="
	    " OFF; PRAGMA locking_mode = EXCLUSIVE;"
	    " PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE") == 0 &&
	    index_exec(x, schema) == 0 &&
	    set_meta(x, "boot", clock_boot(now)) == 0 &&
	    index_exec(x, "COMMIT") == 0 && index_exec(x, FILLING) == 0 ?
	    0 : -1;
}

/* The one that is there, to be gone on with.  1: it is of no use. */
static int
open_to_write(struct index *x)
{
	char now[CLOCK_BOOT];

	if (access(x->path, F_OK) != 0)
		return 1;
	if (open_db(x, x->path, SQLITE_OPEN_READWRITE) != 0)
		return -1;
	if (!is_of_use(x)) {
		close_db(x);
		remove_db(x->path);
		return 1;
	}
	x->write = true;
	chmod(x->path, 0640);
	return index_exec(x, "PRAGMA synchronous = OFF; PRAGMA journal_mode ="
	    " TRUNCATE; PRAGMA temp_store = MEMORY") == 0 &&
	    index_exec(x, FILLED) == 0 &&
	    keep_meta(x, "boot", clock_boot(now)) == 0 ? 0 : -1;
}

static int
open_to_read(struct index *x)
{
	if (open_db(x, x->path, SQLITE_OPEN_READONLY) != 0)
		return -1;
	if (get_meta(x, "head", x->head, sizeof(x->head)) != 0)
		return index_fail(x, x->path);
	return is_known(x) ? 0 : index_complain("%s: it is of another version "
	    "of docket", x->path);
}

static char *
path_of(const char *dirpath, const char *name)
{
	struct buf path = BUF_INIT;

	buf_putf(&path, "%s/%s", dirpath, name);
	return buf_take(&path);
}

bool
index_is_filled(const char *dirpath)
{
	char *new = path_of(dirpath, "index.new");
	bool is = access(new, F_OK) == 0;

	free(new);
	return is;
}

/* One that was not filled to its end is of no use to anybody. */
static int
open_or_fill(struct index *x, const char *dirpath, bool anew)
{
	char *new = path_of(dirpath, "index.new");
	int status;

	remove_db(new);
	status = anew ? 1 : open_to_write(x);
	if (status != 1) {
		free(new);
		return status;
	}
	x->filling = new;
	return open_to_fill(x);
}

struct index *
index_open(const char *dirpath, enum index_use use)
{
	struct index *x = mem_alloc(sizeof(*x));
	int status;

	x->path = path_of(dirpath, "index.db");
	status = use == INDEX_READ ? open_to_read(x) :
	    open_or_fill(x, dirpath, use == INDEX_ANEW);
	if (status == 0)
		return x;
	x->write = false;
	index_close(x);
	return NULL;
}

static int
end_reading(struct index *x)
{
	return x->filling != NULL || sqlite3_get_autocommit(x->db) != 0 ? 0 :
	    index_exec(x, "COMMIT");
}

/* Closed in order, and durably: the next start may trust it. */
static int
leave(struct index *x)
{
	return end_reading(x) == 0 &&
	    index_exec(x, "PRAGMA synchronous = FULL") == 0 ?
	    keep_meta(x, "boot", "") : -1;
}

void
index_close(struct index *x)
{
	if (x == NULL)
		return;
	if (x->write && x->db != NULL && x->filling == NULL && leave(x) != 0)
		/* what is in it may be lost: it is made anew */
		unlink(x->path);
	close_db(x);
	if (x->filling != NULL)
		remove_db(x->filling);
	filling_free(x);
	map_free(&x->seen);
	free(x->filling);
	free(x->path);
	free(x);
}

const char *
index_head(const struct index *x)
{
	return x->head;
}

static int
pulse(void *arg)
{
	(void)arg;
	notify_pulse();
	return 0;
}

/* Whether the old one was left in the middle of something: with its name the
 * new one would take its journal over. */
static bool
is_torn(const char *path)
{
	struct buf journal = BUF_INIT;
	struct stat st;
	bool torn;

	buf_putf(&journal, "%s-journal", path);
	torn = stat(buf_str(&journal), &st) == 0 && st.st_size > 0;
	buf_free(&journal);
	return torn;
}

static int
take_place(struct index *x)
{
	int status;

	close_db(x);
	if (is_torn(x->path))
		remove_db(x->path);
	status = rename(x->filling, x->path);
	if (status != 0)
		return index_complain("%s: %s", x->path, strerror(errno));
	free(x->filling);
	x->filling = NULL;
	status = open_to_write(x);
	return status == 1 ? index_complain("%s: it is not there any more",
	    x->path) : status;
}

int
index_sort(struct index *x)
{
	if (x->filling == NULL)
		return 0;
	if (filling_end(x) != 0 || index_put_counts(x) != 0 ||
	    set_meta(x, "head", x->head) != 0)
		return -1;
	sqlite3_progress_handler(x->db, PULSE_STEPS, pulse, NULL);
	if (index_exec(x, sorted) != 0 ||
	    (sqlite3_get_autocommit(x->db) == 0 &&
	    index_exec(x, "COMMIT") != 0))
		return -1;
	return take_place(x);
}

/* Groups: of an index that is filled, parts of one. */

int
index_begin(struct index *x)
{
	if (end_reading(x) != 0)
		return -1;
	return sqlite3_get_autocommit(x->db) != 0 ?
	    index_exec(x, "BEGIN IMMEDIATE") : 0;
}

int
index_commit(struct index *x)
{
	if (x->filling != NULL)
		return map_count(&x->seen) < SEEN_MOST ? 0 :
		    index_put_counts(x);
	if (index_put_counts(x) != 0 || set_meta(x, "head", x->head) != 0)
		return -1;
	return index_exec(x, "COMMIT");
}

void
index_abort(struct index *x)
{
	if (x->filling != NULL)
		return;
	/* SQLite may have done so already; why is not to be forgotten */
	if (sqlite3_get_autocommit(x->db) == 0)
		sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
	memset(x->counts, 0, sizeof(x->counts));
	map_free(&x->seen);
	get_meta(x, "head", x->head, sizeof(x->head));
}
