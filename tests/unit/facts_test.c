/*
 * facts_test: the fields of a form, walked; lists that are not as they
 * should be; copies that stand by themselves.
 */
#include "unit.h"

#include "facts.h"

static char fields[] =
    "client\tClient\tacme\n"
    "apis/api\tAPI\torders\n"
    "\t\tstock\n"		/* like the one before */
    "apis/api\t\tinvoices\n"
    "@version\tversion\t1\n"
    "empty\tEmpty\t\n"
    "tabs\tTabs\ta\tb\n";

static void
test_walk(void **state)
{
	static const struct {
		const char *path, *label, *value;
	} want[] = {
		{ "client", "Client", "acme" },
		{ "apis/api", "API", "orders" },
		{ "apis/api", "API", "stock" },
		{ "apis/api", "", "invoices" },
		{ "@version", "version", "1" },
		{ "empty", "Empty", "" },
		{ "tabs", "Tabs", "a\tb" },
	};
	const char *at = fields;
	struct field f = FIELD_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(want); i++) {
		assert_int_equal(facts_next(&at, &f), 1);
		assert_int_equal(f.path_len, strlen(want[i].path));
		assert_memory_equal(f.path, want[i].path,
		    strlen(want[i].path));
		assert_int_equal(f.label_len, strlen(want[i].label));
		assert_memory_equal(f.label, want[i].label,
		    strlen(want[i].label));
		assert_int_equal(f.value_len, strlen(want[i].value));
		assert_memory_equal(f.value, want[i].value,
		    strlen(want[i].value));
	}
	assert_int_equal(facts_next(&at, &f), 0);
	assert_int_equal(facts_next(&at, &f), 0);
	at = NULL;
	assert_int_equal(facts_next(&at, &f), 0);
	at = "";
	assert_int_equal(facts_next(&at, &f), 0);
}

static void
test_value(void **state)
{
	struct facts f = FACTS_INIT;
	char *s;

	(void)state;
	assert_null(facts_value(&f, "client"));
	f.fields = fields;
	s = facts_value(&f, "apis/api");
	assert_string_equal(s, "orders");
	free(s);
	s = facts_value(&f, "empty");
	assert_string_equal(s, "");
	free(s);
	assert_null(facts_value(&f, "apis"));
	assert_null(facts_value(&f, "api"));
	assert_null(facts_value(&f, ""));
	assert_null(facts_value(&f, "client\tClient"));
}

/* Each step goes on, within the text, to its end. */
static void
test_any_list(void **state)
{
	static const char letters[] = "ab/@\t\n";
	char text[60];
	const char *at, *before;
	struct field f = FIELD_INIT;
	size_t n, i;
	int k;

	(void)state;
	for (k = 0; k < 50000; k++) {
		n = rnd(sizeof(text));
		for (i = 0; i < n; i++)
			text[i] = letters[rnd(sizeof(letters) - 1)];
		text[n] = '\0';
		f = (struct field)FIELD_INIT;
		for (at = text; before = at, facts_next(&at, &f);) {
			assert_true(at > before && at <= text + n);
			assert_true(f.path_len == 0 || (f.path >= text &&
			    f.path + f.path_len <= text + n));
			assert_true(f.label_len == 0 || (f.label >= text &&
			    f.label + f.label_len <= text + n));
			assert_true(f.value >= text &&
			    f.value + f.value_len <= text + n);
		}
		assert_ptr_equal(at, text + n);
	}
}

static void
test_copy(void **state)
{
	struct facts a = FACTS_INIT, b;

	(void)state;
	facts_copy(&b, &a);
	assert_null(b.client);
	facts_free(&b);
	a.client = mem_str("acme");
	a.label = mem_str("Acme app");
	a.fields = mem_str(fields);
	a.apis = mem_str("orders\nstock\n");
	strcpy(a.effective, "2026-11-22");
	facts_copy(&b, &a);
	facts_free(&a);
	assert_null(a.client);
	assert_string_equal(a.effective, "");
	assert_string_equal(b.client, "acme");
	assert_string_equal(b.label, "Acme app");
	assert_string_equal(b.fields, fields);
	assert_string_equal(b.apis, "orders\nstock\n");
	assert_string_equal(b.effective, "2026-11-22");
	assert_string_equal(b.expiry, "");
	facts_free(&b);
	facts_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_any_list),
		cmocka_unit_test(test_copy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
