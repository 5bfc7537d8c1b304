/*
 * fault_test: the table of faults, by what programs and people rely on; one
 * fault as a line and as a block; more faults than anyone reads.
 */
#include "unit.h"

#include "fault.h"
#include "limit.h"
#include "text.h"

static void
test_table(void **state)
{
	const struct fault_kind *k, *other;
	size_t i, j;

	(void)state;
	for (i = 0; (k = fault_kind_at(i)) != NULL; i++) {
		assert_ptr_equal(fault_kind((unsigned)k->code), k);
		assert_in_range(k->code, 1000, 9999);
		assert_int_equal(strspn(k->name, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(k->name));
		assert_true(text_plain(k->sentence, strlen(k->sentence)));
		assert_null(strchr(".!?", k->sentence[strlen(k->sentence) -
		    1]));
		if (k->remedy != NULL)
			assert_int_equal(k->remedy[strlen(k->remedy) - 1],
			    '.');
		for (j = 0; j < i; j++) {
			other = fault_kind_at(j);
			assert_int_not_equal(k->code, other->code);
			assert_string_not_equal(k->name, other->name);
		}
	}
	assert_true(i > 25);
	assert_null(fault_kind_at(i + 1));
	assert_null(fault_kind(0));
	assert_null(fault_kind(2099));
	assert_null(fault_kind(UINT32_MAX));
}

/* Codes that other systems know by their meaning. */
static void
test_codes_that_stay(void **state)
{
	static const struct {
		unsigned code;
		const char *name;
	} codes[] = {
		{ 1191, "changed-meanwhile" }, { 1218, "not-now" },
		{ 1219, "not-permitted" }, { 1227, "date-in-the-past" },
		{ 1290, "not-a-parameter" }, { 1298, "no-information-found" },
		{ 2001, "not-well-formed" }, { 2002, "invalid" },
		{ 2003, "doctype" }, { 2004, "too-large" },
		{ 2005, "too-deep" }, { 2006, "unknown-form" },
		{ 2007, "encoding" }, { 2008, "duplicate" },
		{ 2009, "not-a-file" }, { 2010, "rule" },
		{ 2011, "request-open" }, { 2013, "no-such-case" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(codes); i++) {
		assert_non_null(fault_kind(codes[i].code));
		assert_string_equal(fault_kind(codes[i].code)->name,
		    codes[i].name);
	}
	assert_string_equal(fault_kind(1298)->sentence,
	    "No information found");
}

static void
test_line(void **state)
{
	static const struct {
		unsigned code;
		long line;
		const char *field, *text, *out;
	} cases[] = {
		{ 2002, 9, "Quota", "0 is not allowed.",
		  "2002 - line 9, Quota: 0 is not allowed." },
		{ 2002, 9, "Quota", "0 is not allowed",
		  "2002 - line 9, Quota: 0 is not allowed." },
		{ 2002, 9, NULL, "Really?", "2002 - line 9: Really?" },
		{ 2002, 0, "Quota", "No!", "2002 - Quota: No!" },
		{ 2002, 0, NULL, "x", "2002 - x." },
		{ 1298, 0, NULL, NULL, "1298 - No information found." },
		{ 2001, 3, NULL, NULL,
		  "2001 - line 3: This is not well-formed XML." },
		{ 2002, 1, "a\nb", "c\x1b\nd", "2002 - line 1, a b: c d." },
		{ 2002, 0, NULL, "", "2002 - ." },
		{ 999, 0, NULL, NULL, "999 - Unknown fault." },
	};
	struct faults all = FAULTS_INIT;
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		fault_line(faults_add(&all, cases[i].code, cases[i].line,
		    cases[i].field, cases[i].text), &b);
		assert_string_equal(buf_str(&b), cases[i].out);
		faults_free(&all);
	}
	buf_free(&b);
}

/* One line, whatever is said. */
static void
test_line_is_one(void **state)
{
	static const char *const pieces[] = { "a", " ", "\n", "\r", ".",
	    "\x1b", "\xff", "\xe2\x80\xa8", "2002 - " };
	struct faults all = FAULTS_INIT;
	struct buf text = BUF_INIT, b = BUF_INIT;
	size_t n;
	int i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		buf_clear(&text);
		buf_clear(&b);
		for (n = rnd(20) * (i % 10 == 0 ? 100 : 1); n > 0; n--)
			buf_puts(&text, pieces[rnd(COUNT(pieces))]);
		fault_line(faults_add(&all, 2002, 1, buf_str(&text),
		    buf_str(&text)), &b);
		assert_true(text_plain(buf_str(&b), b.len));
		assert_true(b.len < 200 + LIMIT_SENTENCE + 256 + 50);
		faults_free(&all);
	}
	buf_free(&text);
	buf_free(&b);
}

static void
test_block(void **state)
{
	struct faults all = FAULTS_INIT;
	struct buf b = BUF_INIT;
	struct fault *f;

	(void)state;
	f = faults_add(&all, FAULT_INVALID, 9, "Quota", "0 is not allowed.");
	f->remedy = mem_str("A whole number\nfrom 1.");
	f->raw = mem_str("Element 'quota': [facet]");
	faults_add(&all, FAULT_PAST, 7, "Effective date", NULL);
	faults_addf(&all, FAULT_NOT_NOW, 0, NULL, "%s is %s", "AK-000012",
	    "revoked");
	faults_block(&all, &b);
	assert_string_equal(buf_str(&b),
	    "2002 - line 9, Quota: 0 is not allowed.\n"
	    "    A whole number from 1.\n"
	    "    (Element 'quota': [facet])\n"
	    "1227 - line 7, Effective date: The effective date is in the "
	    "past.\n"
	    "    Give today's date or a later one.\n"
	    "1218 - AK-000012 is revoked.\n");
	assert_true(faults_has(&all, 1227));
	assert_false(faults_has(&all, 2001));
	assert_string_equal(fault_remedy(&all.list[0]),
	    "A whole number\nfrom 1.");
	assert_null(fault_remedy(&all.list[2]));
	assert_string_equal(fault_text(&all.list[1]),
	    "The effective date is in the past");
	faults_free(&all);
	faults_free(&all);
	assert_false(faults_has(&all, 1227));
	buf_free(&b);
}

static void
test_strings_are_copied(void **state)
{
	char field[] = "Quota", text[] = "Text.";
	struct faults all = FAULTS_INIT;

	(void)state;
	faults_add(&all, FAULT_INVALID, 0, field, text);
	field[0] = text[0] = 'X';
	assert_string_equal(all.list[0].field, "Quota");
	assert_string_equal(all.list[0].text, "Text.");
	faults_free(&all);
}

static void
test_more_than_enough(void **state)
{
	struct faults all = FAULTS_INIT, copy = FAULTS_INIT;
	struct buf b = BUF_INIT;
	unsigned i;

	(void)state;
	for (i = 0; i < LIMIT_FAULTS; i++)
		assert_non_null(faults_addf(&all, FAULT_INVALID, 1, NULL,
		    "number %u", i));
	for (i = 0; i < 7; i++)
		assert_null(faults_add(&all, FAULT_PAST, 0, NULL, NULL));
	assert_int_equal(all.n, LIMIT_FAULTS);
	assert_int_equal(all.more, 7);
	faults_block(&all, &b);
	assert_true(unit_has(buf_str(&b), "... and 7 more.\n"));
	/* a copy on top of others counts what it leaves out */
	for (i = 0; i < 10; i++)
		faults_add(&copy, FAULT_INVALID, 0, NULL, NULL);
	faults_copy(&copy, &all);
	assert_int_equal(copy.n, LIMIT_FAULTS);
	assert_int_equal(copy.n + copy.more, 10 + all.n + all.more);
	faults_free(&copy);
	faults_free(&all);
	buf_free(&b);
}

static void
test_copy(void **state)
{
	struct faults all = FAULTS_INIT, copy = FAULTS_INIT;
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct fault *f;

	(void)state;
	f = faults_add(&all, FAULT_INVALID, 9, "Quota", "x");
	f->remedy = mem_str("y");
	f->raw = mem_str("z");
	faults_add(&all, FAULT_PAST, 0, NULL, NULL);
	faults_copy(&copy, &all);
	faults_block(&all, &a);
	faults_free(&all);
	faults_block(&copy, &b);
	assert_string_equal(buf_str(&a), buf_str(&b));
	assert_null(copy.list[1].text);
	faults_free(&copy);
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_codes_that_stay),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_is_one),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_strings_are_copied),
		cmocka_unit_test(test_more_than_enough),
		cmocka_unit_test(test_copy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
