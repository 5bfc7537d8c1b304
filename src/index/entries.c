/*
 * entries: the entries of the lists in force, in SQLite.
 *
 * May not: know which list is in force; catalogs.c does.
 * The machine's trouble: a database that cannot be read or written.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#include "indexing.h"

void
list_entry_free(struct list_entry *e)
{
	free(e->id);
	free(e->name);
	free(e->recipient);
	free(e->contact);
	*e = (struct list_entry){ NULL, NULL, NULL, NULL };
}

static char *
column(sqlite3_stmt *st, int at)
{
	return mem_str((const char *)sqlite3_column_text(st, at));
}

static void
load_entry(struct list_entry *e, sqlite3_stmt *st)
{
	*e = (struct list_entry){ column(st, 0), column(st, 1), column(st, 2),
	    column(st, 3) };
}

int
index_entry(struct index *x, const char *list, const char *id,
    struct list_entry *e)
{
	sqlite3_stmt *st = index_statement(x, S_ENTRY);
	int rc;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, list);
	index_bind_text(st, 2, id);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		load_entry(e, st);
	return index_finish(x, st, rc) != 0 ? -1 : rc == SQLITE_ROW;
}

int
index_list(struct index *x, const char *list, struct casefile *c)
{
	sqlite3_stmt *st = index_statement(x, S_LIST);
	int rc;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, list);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		index_load_case(c, st);
	return index_finish(x, st, rc) != 0 ? -1 : rc == SQLITE_ROW;
}

int
index_lists(struct index *x, index_text_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_LISTS);

	return st == NULL ? -1 : index_each_text(x, st, fn, arg);
}

int
index_loaded(struct index *x, index_text_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_LOADED);

	return st == NULL ? -1 : index_each_text(x, st, fn, arg);
}

int
index_list_digest(struct index *x, const char *list, char sha256[65])
{
	sqlite3_stmt *st = index_statement(x, S_LIST_DIGEST);
	const char *text;
	int rc;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, list);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(st, 0);
		strncpy(sha256, text == NULL ? "" : text, 64);
		sha256[64] = '\0';
	}
	return index_finish(x, st, rc) != 0 ? -1 : rc == SQLITE_ROW;
}

/* Writing. */

static int
run_on_list(struct index *x, enum statement which, const char *list,
    const char *sha256)
{
	sqlite3_stmt *st = index_statement(x, which);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, list);
	if (sha256 != NULL)
		index_bind_text(st, 2, sha256);
	return index_finish(x, st, sqlite3_step(st));
}

int
index_list_drop(struct index *x, const char *list)
{
	return run_on_list(x, S_ENTRY_WORDS_DEL, list, NULL) != 0 ||
	    run_on_list(x, S_ENTRIES_DEL, list, NULL) != 0 ||
	    run_on_list(x, S_LIST_DEL, list, NULL) != 0 ? -1 : 0;
}

/* "id TAB name TAB recipient TAB contact", an empty one being none. */
static int
add_line(struct index *x, const char *list, const char *line, size_t n)
{
	sqlite3_stmt *st = index_statement(x, S_ENTRY_ADD);
	const char *end = line + n, *tab;
	int at;

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, list);
	for (at = 2; at <= 5 && line <= end; at++, line = tab + 1) {
		tab = memchr(line, '\t', (size_t)(end - line));
		if (tab == NULL)
			tab = end;
		if (tab > line)
			sqlite3_bind_text(st, at, line, (int)(tab - line),
			    SQLITE_TRANSIENT);
	}
	return index_finish(x, st, sqlite3_step(st));
}

int
index_list_put(struct index *x, const char *list, const char *sha256,
    const char *lines)
{
	size_t n;

	if (index_list_drop(x, list) != 0)
		return -1;
	for (; lines != NULL && *lines != '\0'; lines += n + (lines[n] != '\0'))
	{
		n = strcspn(lines, "\n");
		if (n > 0 && add_line(x, list, lines, n) != 0)
			return -1;
	}
	return run_on_list(x, S_ENTRY_WORDS_ADD, list, NULL) != 0 ||
	    run_on_list(x, S_LIST_ADD, list, sha256) != 0 ? -1 : 0;
}

/* Asking. */

static int
each_entry(struct index *x, sqlite3_stmt *st, index_entry_fn *fn, void *arg)
{
	struct list_entry e;
	int rc = SQLITE_DONE, status = 0;

	while (status == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		load_entry(&e, st);
		status = fn(arg, &e);
		list_entry_free(&e);
	}
	if (status != 0) {
		sqlite3_reset(st);
		return status;
	}
	return index_finish(x, st, rc);
}

int
index_entries(struct index *x, const char *list, index_entry_fn *fn,
    void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_ENTRIES);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, list);
	return each_entry(x, st, fn, arg);
}

int
index_entries_found(struct index *x, const char *list, const char *words,
    index_entry_fn *fn, void *arg)
{
	sqlite3_stmt *st = index_statement(x, S_ENTRIES_FOUND);
	struct buf match = BUF_INIT;
	int status;

	if (st == NULL)
		return -1;
	index_put_words(&match, words);
	index_bind_text(st, 1, list);
	index_bind_text(st, 2, buf_str(&match));
	status = each_entry(x, st, fn, arg);
	buf_free(&match);
	return status;
}
