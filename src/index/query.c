/*
 * query: questions to the index.
 *
 * May not: write.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"

#include "indexing.h"

/* Up to so many cases are ranked by how well they match. */
#define RANKED_MAX 5000

/* Questions of the daemon. */

int
index_last(struct index *x, const char *prefix, uint64_t *seq)
{
	sqlite3_stmt *st = index_statement(x, S_LAST);
	int rc;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, prefix);
	rc = sqlite3_step(st);
	*seq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
	return index_finish(x, st, rc);
}

/* One text of at most one row. */
static int
one_text(struct index *x, sqlite3_stmt *st, char *text, size_t size)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		snprintf(text, size, "%s",
		    (const char *)sqlite3_column_text(st, 0));
	return index_finish(x, st, rc) != 0 ? -1 : rc == SQLITE_ROW;
}

int
index_duplicate(struct index *x, const char *box, const char *digest,
    char number[NUMBER_TEXT])
{
	sqlite3_stmt *st = index_statement(x, S_DUPLICATE);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, box);
	index_bind_text(st, 2, digest);
	return one_text(x, st, number, NUMBER_TEXT);
}

int
index_intake(struct index *x, const char *intake, char commit[COMMIT_HEX])
{
	sqlite3_stmt *st = index_statement(x, S_INTAKE);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, intake);
	return one_text(x, st, commit, COMMIT_HEX);
}

int
index_key(struct index *x, const char *sha256, char number[NUMBER_TEXT])
{
	sqlite3_stmt *st = index_statement(x, S_KEY);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, sha256);
	return one_text(x, st, number, NUMBER_TEXT);
}

int
index_each_text(struct index *x, sqlite3_stmt *st, index_text_fn *fn, void *arg)
{
	int rc, status = 0;

	while (status == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		status = fn(arg, (const char *)sqlite3_column_text(st, 0));
	if (status != 0) {
		sqlite3_reset(st);
		return status;
	}
	return index_finish(x, st, rc);
}

int
index_prefixes(struct index *x, index_text_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_PREFIXES);

	return st == NULL ? -1 : index_each_text(x, st, fn, arg);
}

int
index_boxes(struct index *x, index_text_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_BOXES);

	return st == NULL ? -1 : index_each_text(x, st, fn, arg);
}

int
index_due(struct index *x, enum due due, const char *prefix, int64_t before,
    const char *day, unsigned most, index_text_fn *fn, void *arg)
{
	static const enum statement which[DUE_COUNT] = {
		[DUE_LAPSE] = S_LAPSE,
		[DUE_EFFECT] = S_EFFECT,
		[DUE_EXPIRE] = S_EXPIRE,
		[DUE_RETIRE] = S_RETIRE,
		[DUE_NOTIFY] = S_NOTIFY,
	};
	sqlite3_stmt *st = index_statement(x, which[due]);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, prefix);
	sqlite3_bind_int64(st, 2, before);
	index_bind_text(st, 3, day);
	sqlite3_bind_int(st, 4, (int)most);
	return index_each_text(x, st, fn, arg);
}

int
index_waiting(struct index *x, const char *prefix, int64_t after,
    int64_t before, index_text_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_WAITING);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, prefix);
	sqlite3_bind_int64(st, 2, after);
	sqlite3_bind_int64(st, 3, before);
	return index_each_text(x, st, fn, arg);
}

/* Questions of people. */

/* Whether so many cases have the words that to rank them takes long, and
 * says little. */
static bool
is_common(struct index *x, const char *words)
{
	sqlite3_stmt *st = index_statement(x, S_COMMON);
	bool common;

	if (st == NULL)
		return false;
	index_bind_text(st, 1, words);
	sqlite3_bind_int(st, 2, RANKED_MAX);
	common = sqlite3_step(st) == SQLITE_ROW;
	sqlite3_reset(st);
	return common;
}

/* Whether a list has the order of change. */
static bool
is_by_change(const struct index_query *q)
{
	return q->recent && q->words == NULL && !q->waiting;
}

/* By which conditions SQLite may find cases: such a one has a plus before it
 * where it may not. */
struct ways {
	const char	*state, *prefix;
};

/* Whether a page of n cases, the last changed first, is found sooner by sorting
 * all n than by going along all cases until it is full. */
static bool
is_few(uint64_t n, uint64_t all, int64_t most)
{
	return most <= 0 || n * n <= all * (uint64_t)most;
}

static int
find_ways(struct index *x, const struct index_query *q, struct ways *w)
{
	struct index_count count;
	uint64_t all = 0, of_prefix = 0;
	unsigned i;

	if (index_count(x, &count) != 0 || (q->prefix != NULL &&
	    index_last(x, q->prefix, &of_prefix) != 0))
		return -1;
	for (i = STATE_PENDING; i < STATE_COUNT; i++)
		all += count.in[i];
	if (q->state != STATE_COUNT && is_few(count.in[q->state], all,
	    q->most))
		w->state = "";
	if (is_few(of_prefix, all, q->most))
		w->prefix = "";
	return 0;
}

/* State and prefix are ways to cases where nothing else is asked for that few
 * have, and in the order of their indexes; in that of change where few are
 * found so. */
static int
choose_ways(struct index *x, const struct index_query *q, struct ways *w)
{
	bool other = q->number != NULL || q->box != NULL || q->words != NULL;
	bool asked = q->state != STATE_COUNT || q->prefix != NULL;

	*w = (struct ways){ "+", "+" };
	if (!asked)
		return 0;	/* nothing is to be counted */
	if (is_by_change(q) && !other && q->client == NULL)
		return find_ways(x, q, w);
	if (!other)
		w->prefix = "";
	if (!other && q->client == NULL && !q->waiting)
		w->state = "";
	return 0;
}

static void
put_conditions(struct buf *out, const struct index_query *q,
    const struct ways *w)
{
	if (q->number != NULL)
		buf_puts(out, " AND cases.number = :number");
	if (q->client != NULL)
		buf_puts(out, " AND cases.client = :client");
	if (q->prefix != NULL)
		buf_putf(out, " AND %sprefix = :prefix", w->prefix);
	if (q->box != NULL)
		buf_puts(out, " AND box = :box");
	if (q->state != STATE_COUNT)
		buf_putf(out, " AND %sstate = %d", w->state, (int)q->state);
	if (q->waiting)
		buf_puts(out, " AND waiting > 0");
	if (q->counted)
		buf_puts(out, " AND endorsed IS NOT NULL");
}

static void
put_query(struct buf *out, const struct index_query *q, const struct ways *w,
    bool common)
{
	buf_puts(out, "SELECT ");
	index_put_columns(out, q->fields);
	buf_puts(out, q->words == NULL ? " FROM cases" :
	    " FROM words JOIN cases ON cases.id = words.rowid");
	buf_puts(out, q->fields ? INDEX_TEXTS : "");
	buf_puts(out, q->words == NULL ? " WHERE 1" :
	    " WHERE words MATCH :words");
	put_conditions(out, q, w);
	buf_puts(out, common ? " ORDER BY words.rowid DESC" :
	    q->words != NULL ? " ORDER BY rank" :
	    q->waiting ? " ORDER BY waiting, cases.id" :
	    is_by_change(q) ? " ORDER BY changed DESC, cases.id DESC" :
	    " ORDER BY prefix, seq");
	if (q->most > 0)
		buf_putf(out, " LIMIT %lld", (long long)q->most);
}

static void
bind_named(sqlite3_stmt *st, const char *name, const char *value)
{
	int at = sqlite3_bind_parameter_index(st, name);

	if (at > 0)
		index_bind_text(st, at, value);
}

int
index_cases(struct index *x, const struct index_query *q, index_case_fn *fn,
    void *arg)
{
	struct buf text = BUF_INIT, words = BUF_INIT;
	sqlite3_stmt *st = NULL;
	struct ways ways;
	struct casefile c;
	int rc = SQLITE_DONE, status;

	status = choose_ways(x, q, &ways);
	if (status == 0 && q->words != NULL)
		status = index_put_terms(x, &words, q->words);
	put_query(&text, q, &ways, status == 0 && words.len > 0 &&
	    is_common(x, buf_str(&words)));
	if (status == 0 && sqlite3_prepare_v2(x->db, buf_str(&text), -1, &st,
	    NULL) != SQLITE_OK)
		status = index_fail(x, "list");
	bind_named(st, ":words", buf_str(&words));
	bind_named(st, ":number", q->number);
	bind_named(st, ":client", q->client);
	bind_named(st, ":prefix", q->prefix);
	bind_named(st, ":box", q->box);
	while (status == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		index_load_case(&c, st);
		status = fn(arg, &c);
		casefile_free(&c);
	}
	if (status == 0 && rc != SQLITE_DONE)
		status = index_fail(x, "list");
	sqlite3_finalize(st);
	buf_free(&text);
	buf_free(&words);
	return status;
}

int
index_admitted(struct index *x, const char *after, unsigned most,
    index_case_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_ADMITTED);
	int rc = SQLITE_DONE, status = 0;
	struct casefile c;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, after);
	sqlite3_bind_int(st, 2, (int)most);
	while (status == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		index_load_case(&c, st);
		status = fn(arg, &c);
		casefile_free(&c);
	}
	if (status == 0)
		return index_finish(x, st, rc);
	sqlite3_reset(st);
	return status;
}

int
index_commits_of(struct index *x, const char *number, index_text_fn *fn,
    void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_OF);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, number);
	return index_each_text(x, st, fn, arg);
}

int
index_commits_of_file(struct index *x, const char *digest, const char *file,
    int64_t most, index_text_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_OF_FILE);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, digest);
	index_bind_text(st, 2, file);
	sqlite3_bind_int64(st, 3, most);
	return index_each_text(x, st, fn, arg);
}

int
index_commits_last(struct index *x, int64_t most, index_text_fn *fn,
    void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_OF_LAST);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, most);
	return index_each_text(x, st, fn, arg);
}

static int
count_one(struct index *x, sqlite3_stmt *st, uint64_t *n)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		*n = (uint64_t)sqlite3_column_int64(st, 0);
	return index_finish(x, st, rc);
}

int
index_waiting_count(struct index *x, const char *prefix, int64_t before,
    uint64_t *n)
{
	sqlite3_stmt *st = index_statement(x, S_WAITING_COUNT);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, prefix);
	sqlite3_bind_int64(st, 2, before);
	return count_one(x, st, n);
}

int
index_count(struct index *x, struct index_count *count)
{
	sqlite3_stmt *st = index_statement(x, S_COUNTS);
	int rc, state;

	*count = (struct index_count){ { 0 }, 0 };
	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		state = sqlite3_column_int(st, 0);
		if (state > 0 && state < STATE_COUNT)
			count->in[state] =
			    (uint64_t)sqlite3_column_int64(st, 1);
	}
	if (index_finish(x, st, rc) != 0 ||
	    (st = index_statement(x, S_COUNT_WAITING)) == NULL)
		return -1;
	return count_one(x, st, &count->waiting);
}

int
index_box_changed(struct index *x, const char *box, int64_t *changed)
{
	sqlite3_stmt *st = index_statement(x, S_BOX_CHANGED);
	uint64_t at = 0;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, box);
	if (count_one(x, st, &at) != 0)
		return -1;
	*changed = (int64_t)at;
	return 0;
}

int
index_ages(struct index *x, int64_t now, const int64_t *bounds, size_t n,
    uint64_t *counts)
{
	sqlite3_stmt *st;
	size_t i;

	for (i = 0; i <= n; i++) {
		if ((st = index_statement(x, S_AGES)) == NULL)
			return -1;
		sqlite3_bind_int64(st, 1, i == n ? 0 : now - bounds[i]);
		sqlite3_bind_int64(st, 2, i == 0 ? INT64_MAX :
		    now - bounds[i - 1]);
		if (count_one(x, st, &counts[i]) != 0)
			return -1;
	}
	return 0;
}

int
index_seen(struct index *x, bool apis, const char *const *words,
    size_t n_words, index_seen_fn *fn, void *arg)
{
	struct buf text = BUF_INIT;
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_DONE, status = 0;
	size_t i;

	buf_putf(&text, "SELECT name, n FROM seen WHERE api = %d", apis);
	for (i = 0; i < n_words; i++)
		buf_puts(&text, " AND instr(lower(name), lower(?)) > 0");
	buf_puts(&text, " ORDER BY n DESC, name");
	if (sqlite3_prepare_v2(x->db, buf_str(&text), -1, &st, NULL) !=
	    SQLITE_OK)
		status = index_fail(x, "search");
	for (i = 0; i < n_words && status == 0; i++)
		index_bind_text(st, (int)i + 1, words[i]);
	while (status == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		status = fn(arg, (const char *)sqlite3_column_text(st, 0),
		    (uint64_t)sqlite3_column_int64(st, 1));
	if (status == 0 && rc != SQLITE_DONE)
		status = index_fail(x, "search");
	sqlite3_finalize(st);
	buf_free(&text);
	return status;
}
