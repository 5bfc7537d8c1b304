/*
 * idlist: sets of ids; the lists in force.
 */
#include "unit.h"

#include "idlist.h"

static void
test_set(void **state)
{
	struct idset s = { .n = 0 };
	char id[32];
	int i;

	(void)state;
	assert_false(idset_has(&s, "acme", 4));
	for (i = 0; i < 100000; i++) {
		snprintf(id, sizeof(id), "client-%d", i);
		assert_true(idset_add(&s, id, strlen(id)));
	}
	assert_int_equal(s.n, 100000);
	for (i = 0; i < 100000; i += 7) {
		snprintf(id, sizeof(id), "client-%d", i);
		assert_true(idset_has(&s, id, strlen(id)));
		assert_false(idset_add(&s, id, strlen(id)));
		/* neither its beginning nor more than it */
		assert_false(idset_has(&s, id, 6));
		strcat(id, "x");
		assert_false(idset_has(&s, id, strlen(id)));
	}
	assert_int_equal(s.n, 100000);
	assert_false(idset_has(&s, "", 0));
	assert_true(idset_add(&s, "", 0));
	assert_true(idset_has(&s, "", 0));
	idset_free(&s);
	assert_int_equal(s.n, 0);
}

static void
test_lists(void **state)
{
	struct idlists all = { .n = 0 };
	const struct idset *s;

	(void)state;
	assert_null(idlists_find(&all, "clients"));
	idlists_add(&all, "clients", "acme\nglobex\n");
	idlists_add(&all, "apis", NULL);
	idlists_add(&all, "clients", "initech");
	s = idlists_find(&all, "clients");
	assert_int_equal(s->n, 3);
	assert_true(idset_has(s, "globex", 6));
	assert_true(idset_has(s, "initech", 7));
	assert_int_equal(idlists_find(&all, "apis")->n, 0);
	assert_null(idlists_find(&all, "client"));
	idlists_free(&all);
	assert_null(idlists_find(&all, "clients"));
}

static void
test_trim(void **state)
{
	static const struct {
		const char *text, *id;
	} ids[] = {
		{ "acme", "acme" }, { "  acme\n", "acme" }, { "", "" },
		{ " \t\r\n", "" }, { "\ta b ", "a b" },
	};
	const char *id;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(ids); i++) {
		id = id_trim(ids[i].text, &n);
		assert_int_equal(n, strlen(ids[i].id));
		assert_memory_equal(id, ids[i].id, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_trim),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
