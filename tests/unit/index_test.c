/*
 * index_test: how SQLite means to answer each statement: by an index, whatever
 * the number of cases.
 */
#include "unit.h"

#include "indexing.h"

/* Those that sort what they find, as the one asked for it has few, or is a
 * person; that go over a table which is small; or along one from its end. */
static bool
may_look_around(enum statement st)
{
	static const enum statement may[] = { S_PREFIXES, S_BOXES, S_LIST, S_NOTIFY,
	    S_OF_FILE, S_OF_LAST, S_COUNTS, S_LOADED, S_ENTRIES,
	    S_ENTRIES_FOUND, S_COMMON };
	size_t i;

	for (i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		if (may[i] == st)
			return true;
	return false;
}

static struct index *
open_new(void)
{
	struct index *x = index_open(unit_dir(), INDEX_ANEW);

	assert_non_null(x);
	assert_int_equal(index_sort(x), 0);
	return x;
}

/* Fails with the step of the plan that is not wanted. */
static void
look_at(sqlite3 *db, const char *sql, bool lenient)
{
	struct buf text = BUF_INIT;
	sqlite3_stmt *plan;
	const char *step;

	buf_putf(&text, "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db, buf_str(&text), -1, &plan,
	    NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		step = (const char *)sqlite3_column_text(plan, 3);
		if (strncmp(step, "SCAN cases", 10) == 0 ||
		    strstr(step, "USING INDEX by_state") != NULL ||
		    (!lenient && (strncmp(step, "SCAN", 4) == 0 ||
		    strstr(step, "TEMP B-TREE") != NULL)))
			fail_msg("%s: %s", step, sql);
	}
	sqlite3_finalize(plan);
	buf_free(&text);
}

static void
test_plans(void **state)
{
	struct index *x = open_new();
	sqlite3_stmt *st;
	int i;

	(void)state;
	for (i = 0; i < STATEMENTS; i++) {
		st = index_statement(x, (enum statement)i);
		assert_non_null(st);
		look_at(x->db, sqlite3_sql(st),
		    may_look_around((enum statement)i));
	}
	index_close(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
