/*
 * commit_test: a ruling as a commit and back; what is no commit of ours; a
 * signature in the head is set apart.
 */
#include "unit.h"

#include "commit.h"

#define HEX "00112233445566778899aabbccddeeff00112233"

static const struct oid tree = { { 0xab, 1 } }, parent = { { 0xcd, 2 } };

static void
make(struct buf *out, const struct oid *from)
{
	struct ruling r;

	ruling_init(&r);
	r.event = EVENT_RESTORE;
	r.at = 1795428000;
	ruling_subject(&r, "pending/AK-000001.xml (edited)");
	commit_encode(out, &tree, from, "office", &r);
	ruling_free(&r);
}

static void
test_there_and_back(void **state)
{
	struct buf b = BUF_INIT;
	struct commit c;
	struct ruling r;

	(void)state;
	make(&b, &parent);
	assert_int_equal(commit_parse(&c, b.data, b.len), 0);
	assert_true(oid_same(&c.tree, &tree));
	assert_true(oid_same(&c.parent, &parent));
	assert_int_equal(c.parents, 1);
	assert_int_equal(c.at, 1795428000);
	assert_int_equal(c.signature.len, 0);
	assert_int_equal(c.plain.len, b.len);
	assert_memory_equal(c.plain.data, b.data, b.len);
	assert_int_equal(ruling_decode(&r, c.plain.data + c.message,
	    c.plain.len - c.message), 0);
	assert_int_equal(r.event, EVENT_RESTORE);
	ruling_free(&r);
	commit_free(&c);
	buf_clear(&b);
	make(&b, NULL);
	assert_int_equal(commit_parse(&c, b.data, b.len), 0);
	assert_int_equal(c.parents, 0);
	commit_free(&c);
	buf_free(&b);
}

static void
test_signature_is_set_apart(void **state)
{
	static const char head[] = "tree " HEX "\nparent " HEX "\n"
	    "author a <a@office> 7 +0000\ncommitter b <b@office> 7 +0000\n";
	static const char rest[] = "\nSubject\n\nEvent: init\n";
	struct buf b = BUF_INIT, plain = BUF_INIT;
	struct commit c;

	(void)state;
	buf_putf(&b, "%sgpgsig -----BEGIN\n one\n two\n%s", head, rest);
	buf_putf(&plain, "%s%s", head, rest);
	assert_int_equal(commit_parse(&c, b.data, b.len), 0);
	assert_string_equal(buf_str(&c.plain), buf_str(&plain));
	assert_string_equal(buf_str(&c.signature), "-----BEGIN\none\ntwo\n");
	assert_string_equal(c.plain.data + c.message,
	    "Subject\n\nEvent: init\n");
	commit_free(&c);
	buf_free(&b);
	buf_free(&plain);
}

static void
test_no_commits(void **state)
{
	static const char *const cases[] = {
		"", "\n", "tree", "tree " HEX "\n",
		/* no committer, or not as we write them */
		"tree " HEX "\n\nx\n",
		"tree " HEX "\ncommitter b <b> 7 +0100\n\nx\n",
		"tree " HEX "\ncommitter b <b> 7 +0000",
		"tree " HEX "\ncommitter b <b> seven +0000\n\nx\n",
		"tree " HEX "\ncommitter b <b> 99999999999999999999 +0000\n\nx",
		/* no message */
		"tree " HEX "\ncommitter b <b> 7 +0000\n",
		"tree X" HEX "\n\nx\n",
		"tree 00112233445566778899001122334455667788XX\n\nx\n",
	};
	struct commit c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(commit_parse(&c, cases[i],
		    strlen(cases[i])), -1);
		commit_free(&c);
	}
}

static void
test_merges_are_counted(void **state)
{
	static const char text[] = "tree " HEX "\nparent " HEX "\nparent "
	    "ff112233445566778899aabbccddeeff00112233\n"
	    "committer b <b> 7 +0000\n\nx\n";
	char hex[COMMIT_HEX];
	struct commit c;

	(void)state;
	assert_int_equal(commit_parse(&c, text, strlen(text)), 0);
	assert_int_equal(c.parents, 2);
	assert_string_equal(oid_text(hex, &c.parent), HEX);
	commit_free(&c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_signature_is_set_apart),
		cmocka_unit_test(test_no_commits),
		cmocka_unit_test(test_merges_are_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
