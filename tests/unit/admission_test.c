/*
 * admission_test: what gateways are told of a key; and that nothing a form
 * says gets out of its place in any of the files.
 */
#include "unit.h"

#include "admission.h"
#include "clock.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char client[] = "acme", apis[] = "orders\nstock\n",
    fields[] = "quota\tQuota\t10000\n";

static struct facts
some_facts(void)
{
	struct facts f = FACTS_INIT;

	f.client = client;
	f.apis = apis;
	f.fields = fields;
	strcpy(f.expiry, "2026-12-31");
	return f;
}

static void
assert_files(const struct admission *a, const char *const want[])
{
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < ADMISSION_FILES; i++) {
		buf_clear(&b);
		admission_put(i, a, &b);
		assert_string_equal(buf_str(&b), want[i]);
	}
	buf_free(&b);
	assert_null(admission_file(i));
}

static void
test_files(void **state)
{
	static const char *const want[] = {
		HASH "/orders 1\n" HASH "/stock 1\n",
		HASH " 10000\n",
		HASH " 1798761600\n",	/* date -u -d 2027-01-01 +%s */
		HASH " acme\n",
		"\"" HASH "/orders\" 1;\n\"" HASH "/stock\" 1;\n",
		"\"" HASH "\" \"acme|1798761600|10000\";\n",
	};
	struct facts f = some_facts();
	struct admission a;
	struct terms t;

	(void)state;
	assert_int_equal(clock_zone("UTC"), 0);
	assert_int_equal(terms_of(&f, &t), 0);
	a = admission_of(&t, HASH, 0);
	assert_files(&a, want);
	terms_free(&t);
}

/* The day ends where the desk is; what ends before ends before. */
static void
test_end(void **state)
{
	struct facts f = some_facts();
	struct terms t;

	(void)state;
	assert_int_equal(clock_zone("Europe/Berlin"), 0);
	assert_int_equal(terms_of(&f, &t), 0);
	assert_true(t.until == 1798758000);
	assert_true(admission_of(&t, HASH, 1798757999).until == 1798757999);
	assert_true(admission_of(&t, HASH, 1798758001).until == 1798758000);
	terms_free(&t);
	assert_int_equal(clock_zone("UTC"), 0);
	f.expiry[0] = '\0';
	assert_int_equal(terms_of(&f, &t), 0);
	assert_true(t.until == ADMISSION_NO_END);
	terms_free(&t);
}

static void
test_quota(void **state)
{
	static const struct {
		const char *fields;
		int64_t quota;
	} rows[] = {
		{ "quota\tQuota\t-1\n", -1 },
		{ "quota\tQuota\t2147483647\n", 2147483647 },
		{ "name\tName\tquota\n", -1 },	/* of a form without one */
		{ "quota\tQuota\t2147483648\n", 0 },
		{ "quota\tQuota\tmany\n", 0 },
		{ "quota\tQuota\t\n", 0 },
		{ "quota\tQuota\t-2\n", 0 },
	};
	struct facts f = some_facts();
	struct terms t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		f.fields = mem_str(rows[i].fields);
		assert_int_equal(terms_of(&f, &t), 0);
		assert_true(t.quota == rows[i].quota);
		terms_free(&t);
		free(f.fields);
	}
}

/* Names in other forms than ours may hold anything. */
static void
test_escapes(void **state)
{
	static char other[] = "A\"b;\\$x|y #\t\xc3\xa9%";
	static char names[] = "a b\n\nq\"r;\n../x\n";
	static const char *const want[] = {
		HASH "/a%20b 1\n" HASH "/q%22r%3B 1\n" HASH "/..%2Fx 1\n",
		HASH " 10000\n",
		HASH " 1798761600\n",
		HASH " A%22b%3B%5C%24x%7Cy%20%23%09%C3%A9%25\n",
		"\"" HASH "/a%20b\" 1;\n\"" HASH "/q%22r%3B\" 1;\n\"" HASH
		    "/..%2Fx\" 1;\n",
		"\"" HASH "\" \"A%22b%3B%5C%24x%7Cy%20%23%09%C3%A9%25|"
		    "1798761600|10000\";\n",
	};
	struct facts f = some_facts();
	struct admission a;
	struct terms t;

	(void)state;
	f.client = other;
	f.apis = names;
	assert_int_equal(terms_of(&f, &t), 0);
	a = admission_of(&t, HASH, 0);
	assert_files(&a, want);
	terms_free(&t);
}

/* A line that is longer than a gateway's would become two of them. */
static void
test_long(void **state)
{
	struct facts f = some_facts();
	struct buf b = BUF_INIT;
	struct map_item item;
	struct admission a;
	const char *at = NULL;
	struct terms t;
	int i;

	(void)state;
	for (i = 0; i < ADMISSION_WORD; i++)
		buf_putc(&b, 'a');
	f.client = buf_take(&b);
	for (i = 0; i < ADMISSION_WORD; i++)
		buf_putc(&b, 'b');
	buf_putc(&b, '\n');
	for (i = 0; i <= ADMISSION_WORD; i++)
		buf_putc(&b, 'c');
	buf_puts(&b, "\nlast\n");
	f.apis = buf_take(&b);
	assert_int_equal(terms_of(&f, &t), 0);
	assert_int_equal(t.left_out, 1);
	a = admission_of(&t, HASH, 0);
	assert_true(admission_next(&a, MAP_APIS, &at, &item));
	assert_int_equal(strlen(item.key), 64 + 1 + ADMISSION_WORD);
	assert_true(admission_next(&a, MAP_APIS, &at, &item));
	assert_string_equal(item.key, HASH "/last");
	assert_false(admission_next(&a, MAP_APIS, &at, &item));
	at = NULL;
	assert_true(admission_next(&a, MAP_CLIENTS, &at, &item));
	assert_int_equal(strlen(item.value), ADMISSION_WORD);
	assert_false(admission_next(&a, MAP_CLIENTS, &at, &item));
	terms_free(&t);
	free(f.client);

	for (i = 0; i < ADMISSION_WORD / 3 + 1; i++)
		buf_putc(&b, ' ');
	f.client = buf_take(&b);
	assert_int_equal(terms_of(&f, &t), -1);
	free(f.client);
	free(f.apis);
}

/* What nobody has asked for is not given. */
static void
test_nothing(void **state)
{
	struct facts f = FACTS_INIT;
	struct map_item item;
	struct admission a;
	const char *at = NULL;
	struct terms t;

	(void)state;
	assert_int_equal(terms_of(&f, &t), 0);
	a = admission_of(&t, HASH, 0);
	assert_false(admission_next(&a, MAP_APIS, &at, &item));
	at = NULL;
	assert_true(admission_next(&a, MAP_CLIENTS, &at, &item));
	assert_string_equal(item.value, "-");
	terms_free(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
