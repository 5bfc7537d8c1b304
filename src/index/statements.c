/*
 * statements: what SQLite is asked, prepared once; and cases as rows.
 *
 * May not: open or commit anything, or begin more than a writer's reading.
 * The machine's trouble: a database that cannot be read or written.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"

#include "indexing.h"

/* The columns of a case and the members they are kept in. */

enum kind { STRING, ARRAY, INT, BOOL, INT64 };

static const struct column {
	const char	*name;
	enum kind	 kind;
	size_t		 at, size;
	bool		 of_form;	/* stays until another form comes */
	bool		 is_text;	/* in the table of texts */
} columns[] = {
#define M(m) offsetof(struct casefile, m), \
	sizeof(((struct casefile *)0)->m), false, false
#define F(m) offsetof(struct casefile, m), \
	sizeof(((struct casefile *)0)->m), true, false
#define T(m) offsetof(struct casefile, m), \
	sizeof(((struct casefile *)0)->m), true, true
	{ "number", ARRAY, F(number) },
	{ "form", STRING, F(form) },
	{ "state", INT, M(state) },
	{ "revision", INT, M(revision) },
	{ "last_revision", INT, M(last_revision) },
	{ "request", INT, M(request) },
	{ "request_revision", INT, M(request_revision) },
	{ "requests", INT, M(requests) },
	{ "rotations", INT, M(rotations) },
	{ "withdrawals", INT, M(withdrawals) },
	{ "in_force", BOOL, M(in_force) },
	{ "approved", ARRAY, M(approved) },
	{ "noticed", INT, M(noticed) },
	{ "noticed_of", ARRAY, M(noticed_of) },
	{ "notified", INT, M(notified) },
	{ "box", STRING, F(box) },
	{ "request_box", STRING, M(request_box) },
	{ "submitters", STRING, M(submitters) },
	{ "endorsed", STRING, M(endorsed) },
	{ "keys", STRING, M(keys) },
	{ "issued", INT, M(issued) },
	{ "retires", INT64, M(retires) },
	{ "overlap", ARRAY, M(overlap) },
	{ "catalog", STRING, M(catalog) },
	{ "received", INT64, F(received) },
	{ "changed", INT64, M(changed) },
	{ "waiting", INT64, M(waiting) },
	{ "digest", ARRAY, F(digest) },
	{ "sha256", ARRAY, F(sha256) },
	{ "client", STRING, F(facts.client) },
	{ "label", STRING, F(facts.label) },
	{ "effective", ARRAY, F(facts.effective) },
	{ "expiry", ARRAY, F(facts.expiry) },
	{ "fields", STRING, T(facts.fields) },
	{ "apis", STRING, T(facts.apis) },
	{ "asked_client", STRING, M(asked.client) },
	{ "asked_label", STRING, M(asked.label) },
	{ "asked_effective", ARRAY, M(asked.effective) },
	{ "asked_expiry", ARRAY, M(asked.expiry) },
	{ "asked_fields", STRING, T(asked.fields) },
	{ "asked_apis", STRING, T(asked.apis) },
	{ "asked_sha256", ARRAY, M(asked_sha256) },
#undef M
#undef F
#undef T
};
#define COLUMNS (int)(sizeof(columns) / sizeof(columns[0]))

/* Statements, prepared when they are first needed.  %C stands for all that
 * is known of a case, to be selected from INDEX_CASES, %L for the same
 * without the texts; %N for the columns of
 * its own table, %V for their parameters (?1, …), %S for their settings
 * (number = ?1, …), %M for those that any move of a case may change; %I, %J
 * and %K for the parameters after those.  Where SQLite would rather go over all
 * cases of a state, the index is named; tests/unit/index_test.c looks at all
 * their plans. */
static const char *const sql[STATEMENTS] = {
	[S_META_SET] = "UPDATE meta SET value = ?2 WHERE key = ?1",
	[S_CASE] = "SELECT %C, cases.id FROM " INDEX_CASES
	    " WHERE number = ?1",
	[S_CASE_ADD] = "INSERT INTO cases(%N, prefix, seq, id)"
	    " VALUES(%V, %I, %J, %K)",
	[S_CASE_SET] = "UPDATE cases SET %S WHERE id = %I",
	[S_CASE_MOVE] = "UPDATE cases SET %M WHERE id = %I",
	[S_TEXTS_SET] = "INSERT OR REPLACE INTO texts"
	    " VALUES(?1, ?2, ?3, ?4, ?5)",
	[S_LAST] = "SELECT last FROM prefixes WHERE prefix = ?1",
	[S_LAST_SET] = "INSERT INTO prefixes VALUES(?1, ?2)"
	    " ON CONFLICT DO UPDATE SET last = max(last, ?2)",
	[S_PREFIXES] = "SELECT prefix FROM prefixes",
	/* few, out of many cases: from one to the next */
	[S_BOXES] = "WITH RECURSIVE known(box) AS (SELECT min(box) FROM cases"
	    " WHERE box > '' UNION ALL SELECT (SELECT min(box) FROM cases"
	    " WHERE box > known.box) FROM known WHERE known.box IS NOT NULL)"
	    " SELECT box FROM known WHERE box IS NOT NULL",
	[S_DUPLICATE] = "SELECT number FROM cases INDEXED BY by_digest"
	    " WHERE " INDEX_IS(digest, ?2) " AND box = ?1"
	    " AND state IN (1, 2, 3) ORDER BY id DESC LIMIT 1",
	[S_INTAKE] = "SELECT \"commit\" FROM events WHERE intake = ?1",
	[S_EVENT_ADD] = "INSERT INTO events(number, \"commit\", intake,"
	    " digest, file) VALUES(?1, ?2, ?3, ?4, ?5)",
	[S_COUNT_ADD] = "INSERT INTO counts VALUES(?1, ?2)"
	    " ON CONFLICT DO UPDATE SET n = n + ?2",
	[S_SEEN_ADD] = "INSERT INTO seen VALUES(?1, ?2, ?3)"
	    " ON CONFLICT DO UPDATE SET n = n + ?3",
	/* of values: from a SELECT each would be written out by itself */
	[S_WORDS_DEL] = "INSERT INTO words(words, rowid, number, client,"
	    " label, fields) VALUES('delete', ?1, ?2, ?3, ?4, ?5)",
	[S_WORDS_ADD] = "INSERT INTO words(rowid, number, client, label,"
	    " fields) VALUES(?1, ?2, ?3, ?4, ?5)",
	[S_LAPSE] = "SELECT number FROM cases WHERE waiting > 0 AND"
	    " waiting <= ?2 AND prefix = ?1 AND ?3 = ?3"
	    " ORDER BY waiting LIMIT ?4",
	[S_EFFECT] = "SELECT number FROM cases INDEXED BY by_effect"
	    " WHERE state = 2 AND in_force = 0 AND effective <= ?3 AND"
	    " (?1 = '' OR prefix = ?1) AND ?2 = ?2"
	    " ORDER BY effective LIMIT ?4",
	[S_EXPIRE] = "SELECT number FROM cases INDEXED BY by_expiry"
	    " WHERE state = 2 AND expiry > '' AND expiry < ?3 AND"
	    " (?1 = '' OR prefix = ?1) AND ?2 = ?2 ORDER BY expiry LIMIT ?4",
	[S_RETIRE] = "SELECT number FROM cases WHERE retires > 0 AND"
	    " retires <= ?2 AND (?1 = '' OR prefix = ?1) AND ?3 = ?3"
	    " ORDER BY retires LIMIT ?4",
	[S_ADMITTED] = "SELECT %C FROM cases INDEXED BY by_admitted"
	    INDEX_TEXTS " WHERE state = 2 AND in_force = 1 AND keys > ''"
	    " AND number > ?1"
	    " ORDER BY number LIMIT ?2",
	[S_KEY] = "SELECT number FROM keys"
	    " WHERE " INDEX_IS(sha256, ?1) " ORDER BY id LIMIT 1",
	[S_KEY_ADD] = "INSERT INTO keys(sha256, number) VALUES(?1, ?2)",
	/* by what is known of them: few numbers, which the index finds one
	 * after the other */
	[S_NOTIFY] = "WITH RECURSIVE known(n) AS (SELECT min(notified)"
	    " FROM cases INDEXED BY by_notice WHERE state = 2 AND"
	    " notified > ?2 UNION ALL SELECT (SELECT min(notified)"
	    " FROM cases INDEXED BY by_notice WHERE state = 2 AND"
	    " notified > known.n) FROM known WHERE known.n IS NOT NULL)"
	    " SELECT number FROM known CROSS JOIN cases INDEXED BY by_notice"
	    " WHERE state = 2 AND notified = known.n AND expiry <= ?3 AND"
	    " (?1 = '' OR prefix = ?1) LIMIT ?4",
	[S_OF] = "SELECT \"commit\" FROM events WHERE number = ?1"
	    " ORDER BY id",
	[S_OF_FILE] = "SELECT \"commit\" FROM events"
	    " WHERE (digest IS NOT NULL AND " INDEX_IS(digest, ?1) ")"
	    " OR file = ?2 ORDER BY id DESC LIMIT ?3",
	[S_OF_LAST] = "SELECT \"commit\" FROM events ORDER BY id DESC"
	    " LIMIT ?1",
	[S_WAITING] = "SELECT number FROM cases WHERE waiting > ?2 AND"
	    " waiting <= ?3 AND waiting > 0 AND prefix = ?1"
	    " ORDER BY waiting, id",
	[S_WAITING_COUNT] = "SELECT count(*) FROM cases WHERE waiting > 0 AND"
	    " waiting <= ?2 AND prefix = ?1 AND endorsed IS NULL",
	[S_COUNTS] = "SELECT state, n FROM counts",
	[S_COUNT_WAITING] = "SELECT count(*) FROM cases WHERE waiting > 0",
	[S_ENTRY] = "SELECT id, name, recipient, contact FROM entries"
	    " WHERE list = ?1 AND id = ?2",
	[S_LIST] = "SELECT %C FROM cases INDEXED BY by_catalog" INDEX_TEXTS
	    " WHERE state = 2 AND catalog = ?1 ORDER BY changed DESC,"
	    " cases.id DESC LIMIT 1",
	[S_LISTS] = "SELECT DISTINCT catalog FROM cases INDEXED BY by_catalog"
	    " WHERE state = 2 AND catalog IS NOT NULL ORDER BY catalog",
	[S_LOADED] = "SELECT list FROM lists ORDER BY list",
	[S_LIST_DIGEST] = "SELECT sha256 FROM lists WHERE list = ?1",
	[S_LIST_ADD] = "INSERT INTO lists VALUES(?1, ?2)",
	[S_LIST_DEL] = "DELETE FROM lists WHERE list = ?1",
	[S_ENTRY_ADD] = "INSERT OR IGNORE INTO entries(list, id, name,"
	    " recipient, contact) VALUES(?1, ?2, ?3, ?4, ?5)",
	[S_ENTRIES_DEL] = "DELETE FROM entries WHERE list = ?1",
	[S_ENTRY_WORDS_ADD] = "INSERT INTO entry_words(rowid, id, name)"
	    " SELECT key, id, name FROM entries WHERE list = ?1",
	[S_ENTRY_WORDS_DEL] = "INSERT INTO entry_words(entry_words, rowid, id,"
	    " name) SELECT 'delete', key, id, name FROM entries"
	    " WHERE list = ?1",
	[S_ENTRIES] = "SELECT id, name, recipient, contact FROM entries"
	    " WHERE list = ?1 ORDER BY key",
	[S_ENTRIES_FOUND] = "SELECT entries.id, entries.name, recipient,"
	    " contact FROM entry_words JOIN entries ON entries.key ="
	    " entry_words.rowid WHERE entry_words MATCH ?2 AND list = ?1"
	    " ORDER BY bm25(entry_words, 4.0, 1.0), entries.id",
	[S_TERMS] = "SELECT term FROM terms WHERE term >= ?1 AND term < ?2"
	    " LIMIT ?3",
	[S_COMMON] = "SELECT 1 FROM words WHERE words MATCH ?1"
	    " LIMIT 1 OFFSET ?2",
	[S_BOX_CHANGED] = "SELECT max(changed) FROM cases WHERE box = ?1",
	[S_AGES] = "SELECT count(*) FROM cases WHERE waiting > 0 AND"
	    " waiting > ?1 AND waiting <= ?2",
};

static char last_error[512];

const char *
index_error(void)
{
	return last_error;
}

int
index_fail(struct index *x, const char *what)
{
	snprintf(last_error, sizeof(last_error), "index: %s: %s", what,
	    x->db == NULL ? "out of memory" : sqlite3_errmsg(x->db));
	return -1;
}

int
index_complain(const char *fmt, ...)
{
	size_t n = (size_t)snprintf(last_error, sizeof(last_error), "index: ");
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_error + n, sizeof(last_error) - n, fmt, ap);
	va_end(ap);
	return -1;
}

/* Statements. */

int
index_exec(struct index *x, const char *text)
{
	return sqlite3_exec(x->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 :
	    index_fail(x, "exec");
}

static void
expand_columns(struct buf *out, char how)
{
	const char *comma = "";
	int i;

	for (i = 0; i < COLUMNS; i++) {
		if ((how == 'M' && columns[i].of_form) ||
		    (strchr("NVSM", how) != NULL && columns[i].is_text))
			continue;
		buf_puts(out, comma);
		comma = ", ";
		if (how == 'L' && columns[i].is_text) {
			buf_puts(out, "NULL");
			continue;
		}
		if (how == 'C' || how == 'L')
			buf_puts(out, columns[i].is_text ? "texts." :
			    "cases.");
		if (how != 'V')
			buf_puts(out, columns[i].name);
		if (strchr("SMV", how) != NULL)
			buf_putf(out, "%s?%d", how == 'V' ? "" : " = ", i + 1);
	}
}

static void
expand(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text != '%')
			buf_putc(out, *text);
		else if (*++text >= 'I' && *text <= 'K')
			buf_putf(out, "?%d", COLUMNS + 1 + (*text - 'I'));
		else
			expand_columns(out, *text);
}

sqlite3_stmt *
index_statement(struct index *x, enum statement which)
{
	struct buf text = BUF_INIT;

	/* who writes is the only one: it need not look again, for each
	 * question, whether somebody else has written */
	if (x->write && sqlite3_get_autocommit(x->db) != 0 &&
	    index_exec(x, "BEGIN") != 0)
		return NULL;
	if (x->st[which] != NULL) {
		sqlite3_reset(x->st[which]);
		sqlite3_clear_bindings(x->st[which]);
		return x->st[which];
	}
	expand(&text, sql[which]);
	if (sqlite3_prepare_v3(x->db, buf_str(&text), -1,
	    SQLITE_PREPARE_PERSISTENT, &x->st[which], NULL) != SQLITE_OK)
		index_fail(x, "prepare");
	buf_free(&text);
	return x->st[which];
}

void
index_bind_text(sqlite3_stmt *st, int at, const char *value)
{
	if (value != NULL)
		sqlite3_bind_text(st, at, value, -1, SQLITE_TRANSIENT);
}

/* Ends a statement whose last step returned `rc'. */
int
index_finish(struct index *x, sqlite3_stmt *st, int rc)
{
	int status = 0;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		status = index_fail(x, "step");
	sqlite3_reset(st);
	return status;
}

int
index_run(struct index *x, sqlite3_stmt *st)
{
	return index_finish(x, st, sqlite3_step(st));
}

/* Cases. */

static void
load_column(const struct column *c, struct casefile *to, sqlite3_stmt *st,
    int at)
{
	const char *text = (const char *)sqlite3_column_text(st, at);
	int64_t number = sqlite3_column_int64(st, at);
	char *p = (char *)to + c->at;

	switch (c->kind) {
	case STRING:
		*(char **)(void *)p = mem_str(text);
		break;
	case ARRAY:
		snprintf(p, c->size, "%s", text == NULL ? "" : text);
		break;
	case INT:
		*(int *)(void *)p = (int)number;
		break;
	case BOOL:
		*(bool *)(void *)p = number != 0;
		break;
	case INT64:
		*(int64_t *)(void *)p = number;
	}
}

void
index_put_columns(struct buf *out, bool texts)
{
	expand_columns(out, texts ? 'C' : 'L');
}

int
index_columns(void)
{
	return COLUMNS;
}

void
index_load_case(struct casefile *c, sqlite3_stmt *st)
{
	int i;

	casefile_init(c);
	for (i = 0; i < COLUMNS; i++)
		load_column(&columns[i], c, st, i);
}

static void
bind_column(const struct column *c, const struct casefile *from,
    sqlite3_stmt *st, int at)
{
	const char *p = (const char *)from + c->at;

	switch (c->kind) {
	case STRING:
		index_bind_text(st, at, *(char *const *)(const void *)p);
		break;
	case ARRAY:
		index_bind_text(st, at, p);
		break;
	case INT:
		sqlite3_bind_int(st, at, *(const int *)(const void *)p);
		break;
	case BOOL:
		sqlite3_bind_int(st, at, *(const bool *)(const void *)p);
		break;
	case INT64:
		sqlite3_bind_int64(st, at, *(const int64_t *)(const void *)p);
	}
}

int
index_find_case(struct index *x, const char *number, struct casefile *c,
    int64_t *id)
{
	sqlite3_stmt *st = index_statement(x, S_CASE);
	int rc;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, number);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		index_load_case(c, st);
		*id = sqlite3_column_int64(st, COLUMNS);
	}
	return index_finish(x, st, rc) != 0 ? -1 : rc == SQLITE_ROW;
}

int
index_case(struct index *x, const char *number, struct casefile *c)
{
	int64_t id;

	return index_find_case(x, number, c, &id);
}

void
index_bind_case(sqlite3_stmt *st, const struct casefile *c, bool of_form)
{
	int i;

	for (i = 0; i < COLUMNS; i++)
		if (!columns[i].is_text && (of_form || !columns[i].of_form))
			bind_column(&columns[i], c, st, i + 1);
}
