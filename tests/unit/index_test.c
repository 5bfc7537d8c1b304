/*
 * index_test: how SQLite means to answer each statement, and what people ask:
 * by an index, whatever the number of cases.  An index that is filled takes
 * the place of the one before when it is whole, and not before.  What words
 * find.
 */
#include "unit.h"

#include "hash.h"

#include "indexing.h"

/* Those that sort what they find, as the one asked for it has few, or is a
 * person; that go over a table which is small; or along one from its end. */
static bool
may_look_around(enum statement st)
{
	static const enum statement may[] = { S_PREFIXES, S_BOXES, S_LIST, S_NOTIFY,
	    S_OF_FILE, S_OF_LAST, S_COUNTS, S_LOADED, S_ENTRIES,
	    S_ENTRIES_FOUND, S_TERMS, S_COMMON };
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

/* What each statement may not do; a page of a list goes along an index. */
static bool
is_unwanted(const char *step, bool lenient, bool page)
{
	bool scans = strncmp(step, "SCAN", 4) == 0;
	bool by_index = strstr(step, "USING INDEX") != NULL;

	if (page && scans && by_index)
		return false;
	return strncmp(step, "SCAN cases", 10) == 0 ||
	    (!page && strstr(step, "USING INDEX by_state") != NULL) ||
	    (!lenient && (scans || strstr(step, "TEMP B-TREE") != NULL));
}

/* Fails with the step of the plan that is not wanted. */
static void
look_at(sqlite3 *db, const char *sql, bool lenient, bool page)
{
	struct buf text = BUF_INIT;
	sqlite3_stmt *plan;
	const char *step;

	buf_putf(&text, "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db, buf_str(&text), -1, &plan,
	    NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		step = (const char *)sqlite3_column_text(plan, 3);
		if (is_unwanted(step, lenient, page))
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
		    may_look_around((enum statement)i), false);
	}
	index_close(x);
}

/* Cases. */

static void
make(struct ruling *r, enum event event, unsigned n, const char *client,
    const char *label)
{
	ruling_init(r);
	number_make(r->number, "AK", n);
	snprintf(r->commit, sizeof(r->commit), "%040x", n * 2 +
	    (event != EVENT_RECEIVE));
	snprintf(r->digest, sizeof(r->digest), "%064x", n);
	strcpy(r->sha256, r->digest);
	r->event = event;
	r->from = event == EVENT_RECEIVE ? STATE_NONE : STATE_PENDING;
	r->to = event == EVENT_RECEIVE ? STATE_PENDING : STATE_REJECTED;
	r->at = 1700000000 + n;
	r->revision = 1;
	r->form = mem_str("{u}f");
	r->box = mem_str("acme");
	r->facts.client = mem_str(client);
	r->facts.label = mem_str(label);
	r->facts.fields = mem_str("apis/api\tAPI\torders\n\t\tstock\n");
	r->facts.apis = mem_str("orders\nstock\n");
}

static void
apply(struct index *x, enum event event, unsigned n, const char *client,
    const char *label)
{
	struct ruling r;

	make(&r, event, n, client, label);
	assert_int_equal(index_begin(x), 0);
	assert_int_equal(index_apply(x, &r), 0);
	assert_int_equal(index_commit(x), 0);
	ruling_free(&r);
}

static char first_step[200];

/* What is asked at the moment is what SQLite has at work. */
static int
look_at_question(void *arg, const struct casefile *c)
{
	struct index *x = arg;
	sqlite3_stmt *st = NULL;
	bool found = false;

	(void)c;
	while ((st = sqlite3_next_stmt(x->db, st)) != NULL)
		if (sqlite3_stmt_busy(st) != 0) {
			look_at(x->db, sqlite3_sql(st), false, true);
			found = true;
		}
	assert_true(found);
	return 1;
}

/* A page of a list is read, and no more. */
static void
test_questions(void **state)
{
	static const struct index_query all = { .state = STATE_COUNT,
	    .most = 50 };
	struct index *x = open_new();
	struct index_query q[9];
	size_t i;

	(void)state;
	apply(x, EVENT_RECEIVE, 1, "acme", "one");
	apply(x, EVENT_RECEIVE, 2, "acme", "two");
	for (i = 0; i < COUNT(q); i++)
		q[i] = all;
	q[1].client = "acme";
	q[2].client = "acme";
	q[2].state = STATE_PENDING;
	q[3].recent = true;
	q[4].state = STATE_PENDING;
	q[5].recent = true;
	q[5].box = "acme";
	q[6].waiting = true;
	q[7].prefix = "AK";
	q[7].client = "acme";
	q[8].prefix = "AK";
	q[8].waiting = true;
	for (i = 0; i < COUNT(q); i++)
		assert_int_equal(index_cases(x, &q[i], look_at_question, x),
		    1);
	index_close(x);
}

/* The first step of what is asked at the moment. */
static int
take_step(void *arg, const struct casefile *c)
{
	struct index *x = *(struct index **)arg;
	sqlite3_stmt *st = NULL, *plan;
	struct buf text = BUF_INIT;

	(void)c;
	while ((st = sqlite3_next_stmt(x->db, st)) != NULL)
		if (sqlite3_stmt_busy(st) != 0)
			break;
	assert_non_null(st);
	buf_putf(&text, "EXPLAIN QUERY PLAN %s", sqlite3_sql(st));
	assert_int_equal(sqlite3_prepare_v2(x->db, buf_str(&text), -1, &plan,
	    NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
	snprintf(first_step, sizeof(first_step), "%s",
	    (const char *)sqlite3_column_text(plan, 3));
	sqlite3_finalize(plan);
	buf_free(&text);
	return 1;
}

static void
goes_by(struct index *x, const struct index_query *q, const char *name)
{
	assert_int_equal(index_cases(x, q, take_step, &x), 1);
	if (strstr(first_step, name) == NULL)
		fail_msg("not by %s: %s", name, first_step);
}

/* The last changed of a state or prefix that few have are sorted; of others
 * the page is full soon. */
static void
test_recent(void **state)
{
	struct index_query q = { .state = STATE_REJECTED, .recent = true,
	    .most = 5 };
	struct index *x = open_new();
	unsigned i;

	(void)state;
	for (i = 1; i <= 200; i++) {
		apply(x, EVENT_RECEIVE, i, "acme", "one");
		if (i % 10 == 0)
			apply(x, EVENT_REJECT, i, "acme", "one");
	}
	goes_by(x, &q, "by_state");		/* 20 of 200 */
	for (i = 1; i <= 200; i++)
		if (i % 10 != 0 && i % 3 == 0)
			apply(x, EVENT_REJECT, i, "acme", "one");
	goes_by(x, &q, "by_change");		/* 80 */
	q.state = STATE_COUNT;
	q.prefix = "AK";
	goes_by(x, &q, "by_change");
	index_close(x);
}

static int
put_number(void *arg, const struct casefile *c)
{
	buf_putf(arg, "%s ", c->number);
	return 0;
}

static void
found_by(struct index *x, const char *words, const char *numbers)
{
	struct index_query q = { .state = STATE_COUNT, .words = words };
	struct buf found = BUF_INIT;

	assert_int_equal(index_cases(x, &q, put_number, &found), 0);
	assert_string_equal(buf_str(&found), numbers);
	buf_free(&found);
}

static void
test_words(void **state)
{
	struct index *x = open_new();
	char label[40];
	unsigned i;

	(void)state;
	apply(x, EVENT_RECEIVE, 1, "acme", "Bestellungen für Zoë");
	apply(x, EVENT_RECEIVE, 2, "beta-2", "a \"quoted\" word");
	for (i = 3; i < 200; i++) {
		snprintf(label, sizeof(label), "many%u", i);
		apply(x, EVENT_RECEIVE, i, "gamma", label);
	}
	found_by(x, "best", "AK-000001 ");
	found_by(x, "BEST acm", "AK-000001 ");
	found_by(x, "best beta", "");
	found_by(x, "zoe", "AK-000001 ");
	found_by(x, "Zo\303\253", "AK-000001 ");	/* as it is written */
	found_by(x, "\342\200\223 best", "AK-000001 ");	/* a dash */
	found_by(x, "- best .", "AK-000001 ");
	found_by(x, "-", "");
	found_by(x, "beta-2", "AK-000002 ");
	found_by(x, "\"quoted\"", "AK-000002 ");
	found_by(x, "quot OR NEAR", "");
	found_by(x, "AK-000002", "AK-000002 ");
	found_by(x, "many199", "AK-000199 ");
	found_by(x, "nothing", "");
	/* more terms than are put into a question; and a part of them */
	found_by(x, "man gamma 000150", "AK-000150 ");
	found_by(x, "many19", "AK-000019 AK-000190 AK-000191 AK-000192 "
	    "AK-000193 AK-000194 AK-000195 AK-000196 AK-000197 AK-000198 "
	    "AK-000199 ");
	index_close(x);
}

/* A new index. */

static const char *
path(const char *name)
{
	static char text[300];

	snprintf(text, sizeof(text), "%s/%s", unit_dir(), name);
	return text;
}

static void
leave_file(const char *name)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_true(fputs("left by a crash\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static bool
is_there(const char *name)
{
	return access(path(name), F_OK) == 0;
}

static enum state
state_of(struct index *x, unsigned n)
{
	char number[NUMBER_TEXT];
	enum state is = STATE_NONE;
	struct casefile c;

	number_make(number, "AK", n);
	if (index_case(x, number, &c) != 1)
		return STATE_NONE;
	is = c.state;
	assert_string_equal(c.facts.apis, "orders\nstock\n");
	casefile_free(&c);
	return is;
}

/* The one before is read as long as the new one is not whole; and one that is
 * given up leaves nothing. */
static void
test_beside(void **state)
{
	struct index *x = open_new(), *reader;

	(void)state;
	apply(x, EVENT_RECEIVE, 1, "acme", "one");
	index_close(x);
	x = index_open(unit_dir(), INDEX_ANEW);
	assert_non_null(x);
	assert_string_equal(index_head(x), "");
	apply(x, EVENT_RECEIVE, 7, "acme", "seven");
	reader = index_open(unit_dir(), INDEX_READ);
	assert_non_null(reader);
	assert_int_equal(state_of(reader, 1), STATE_PENDING);
	assert_int_equal(state_of(reader, 7), STATE_NONE);
	index_close(reader);
	index_close(x);
	assert_false(is_there("index.new"));
	x = index_open(unit_dir(), INDEX_WRITE);
	assert_non_null(x);
	assert_int_equal(state_of(x, 1), STATE_PENDING);
	index_close(x);
}

/* Cases that are held back, decided on at once, later, or never. */
static void
test_filled(void **state)
{
	enum { CASES = 5000 };
	struct index *x = index_open(unit_dir(), INDEX_ANEW);
	struct index_count count;
	unsigned i;

	(void)state;
	assert_non_null(x);
	for (i = 1; i <= CASES; i++) {
		apply(x, EVENT_RECEIVE, i, "acme", "held");
		if (i % 3 == 0)
			apply(x, EVENT_REJECT, i, "acme", "held");
	}
	apply(x, EVENT_REJECT, 1, "acme", "held");
	apply(x, EVENT_REJECT, CASES, "acme", "held");
	assert_int_equal(index_sort(x), 0);
	for (i = 1; i <= CASES; i++)
		assert_int_equal(state_of(x, i), i % 3 == 0 || i == 1 ||
		    i == CASES ? STATE_REJECTED : STATE_PENDING);
	assert_int_equal(index_count(x, &count), 0);
	assert_int_equal(count.in[STATE_REJECTED], CASES / 3 + 2);
	assert_int_equal(count.in[STATE_PENDING], CASES - CASES / 3 - 2);
	assert_int_equal(count.waiting, count.in[STATE_PENDING]);
	index_close(x);
}

/* It would be rolled back into what takes the name of its database. */
static void
test_journal(void **state)
{
	struct index *x;

	(void)state;
	x = index_open(unit_dir(), INDEX_ANEW);
	assert_non_null(x);
	leave_file("index.db-journal");
	apply(x, EVENT_RECEIVE, 1, "acme", "one");
	assert_int_equal(index_sort(x), 0);
	assert_int_equal(state_of(x, 1), STATE_PENDING);
	index_close(x);
	x = index_open(unit_dir(), INDEX_WRITE);
	assert_non_null(x);
	assert_int_equal(state_of(x, 1), STATE_PENDING);
	index_close(x);
}

/* The one before was left in the middle of a group: it goes, with its journal,
 * before the new one has its name. */
static void
test_torn(void **state)
{
	struct index *x;

	(void)state;
	leave_file("index.db");
	leave_file("index.db-journal");
	x = index_open(unit_dir(), INDEX_ANEW);
	assert_non_null(x);
	assert_true(is_there("index.db-journal"));
	apply(x, EVENT_RECEIVE, 1, "acme", "one");
	assert_int_equal(index_sort(x), 0);
	assert_int_equal(state_of(x, 1), STATE_PENDING);
	index_close(x);
}

/* Of another version, of another life of the machine, or none at all. */
static void
test_of_no_use(void **state)
{
	static const char *const spoil[] = {
		"UPDATE meta SET value = '6' WHERE key = 'version'",
		"UPDATE meta SET value = 'another' WHERE key = 'boot'",
		"DROP TABLE meta",
	};
	struct index *x;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(spoil); i++) {
		x = open_new();
		apply(x, EVENT_RECEIVE, 1, "acme", "one");
		index_close(x);
		x = index_open(unit_dir(), INDEX_WRITE);
		assert_non_null(x);
		assert_int_equal(index_exec(x, spoil[i]), 0);
		x->write = false;	/* as if it were killed */
		index_close(x);
		x = index_open(unit_dir(), INDEX_READ);
		assert_true((x == NULL) == (i != 1));
		index_close(x);
		x = index_open(unit_dir(), INDEX_WRITE);
		assert_non_null(x);
		assert_string_equal(index_head(x), "");
		assert_int_equal(index_sort(x), 0);
		assert_int_equal(state_of(x, 1), STATE_NONE);
		index_close(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_filled),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_of_no_use),
	};

	if (hash_open() != 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
