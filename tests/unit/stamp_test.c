/*
 * stamp_test: where the stamp goes and where it is looked for; that it comes
 * back as it was put in and all other bytes stay; bytes that are no stamp.
 */
#include "unit.h"

#include "form.h"

#define DIGEST "00112233445566778899aabbccddeeff" \
	"00112233445566778899aabbccddeeff"
#define STAMP "<?docket desk=\"office\" number=\"AK-000012\" revision=\"1\"" \
	" received=\"2026-11-22T10:00:00Z\" from=\"acme/key.xml\"" \
	" sha256=\"" DIGEST "\"?>"

static char from_text[] = "acme/key.xml";

static const struct stamp stamp = {
	.desk = "office",
	.number = "AK-000012",
	.revision = 1,
	.received = "2026-11-22T10:00:00Z",
	.from = from_text,
	.sha256 = DIGEST,
};

static void
assert_stamps_equal(const struct stamp *a, const struct stamp *b)
{
	assert_string_equal(a->desk, b->desk);
	assert_string_equal(a->number, b->number);
	assert_int_equal(a->revision, b->revision);
	assert_string_equal(a->received, b->received);
	assert_string_equal(a->from, b->from);
	assert_string_equal(a->sha256, b->sha256);
}

static void
test_where_it_goes(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "<a/>", STAMP "\n<a/>" },
		{ "", STAMP "\n" },
		{ "\n<a/>", STAMP "\n\n<a/>" },
		{ "\xef\xbb\xbf<a/>", "\xef\xbb\xbf" STAMP "\n<a/>" },
		{ "<?xml version=\"1.0\"?>\n<a/>",
		  "<?xml version=\"1.0\"?>\n" STAMP "\n<a/>" },
		{ "<?xml version=\"1.0\"?><a/>",
		  "<?xml version=\"1.0\"?>\n" STAMP "<a/>" },
		{ "\xef\xbb\xbf<?xml version='1.0'?>\r\n<a/>",
		  "\xef\xbb\xbf<?xml version='1.0'?>\n" STAMP "\r\n<a/>" },
		{ "<!-- c --><a/>", STAMP "\n<!-- c --><a/>" },
		{ "<?xml-stylesheet href=\"x\"?><a/>",
		  STAMP "\n<?xml-stylesheet href=\"x\"?><a/>" },
	};
	struct buf b = BUF_INIT, undone = BUF_INIT;
	struct stamp back;
	size_t i, at, len;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		buf_clear(&undone);
		stamp_put(&b, cases[i].before, strlen(cases[i].before),
		    &stamp);
		assert_string_equal(buf_str(&b), cases[i].after);
		assert_int_equal(stamp_undo(&undone, b.data, b.len), 0);
		assert_string_equal(buf_str(&undone), cases[i].before);
		assert_int_equal(stamp_undo(&undone, cases[i].before,
		    strlen(cases[i].before)), -1);
		assert_int_equal(stamp_find(b.data, b.len, &back, &at, &len),
		    1);
		assert_stamps_equal(&back, &stamp);
		assert_memory_equal(b.data + at, STAMP, len);
		assert_int_equal(len, strlen(STAMP));
		stamp_free(&back);
	}
	buf_free(&b);
	buf_free(&undone);
}

/* The stamp of another form, as it is written there. */
static void
test_exchange(void **state)
{
	static const char form[] = "<?xml version=\"1.0\"?>\n" STAMP "\n<a/>";
	static const char other[] = "<?docket  number='AK-000012' desk='x' "
	    "revision='2' received='2026-11-22T10:00:00Z' from='' sha256='"
	    DIGEST "' ?><b/>";
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(stamp_exchange(&b, form, strlen(form), other,
	    strlen(other)), 0);
	assert_string_equal(buf_str(&b), "<?xml version=\"1.0\"?>\n<?docket  "
	    "number='AK-000012' desk='x' revision='2' "
	    "received='2026-11-22T10:00:00Z' from='' sha256='" DIGEST
	    "' ?>\n<a/>");
	assert_int_equal(stamp_exchange(&b, form, strlen(form), "<b/>", 4),
	    -1);
	assert_int_equal(stamp_exchange(&b, "<b/>", 4, form, strlen(form)),
	    -1);
	buf_free(&b);
}

/* Another stamp takes the place of the one that is there: nothing else
 * changes, however the form was laid out. */
static void
test_takes_the_old_ones_place(void **state)
{
	static const char *const heads[] = { "", "\xef\xbb\xbf",
	    "<?xml version=\"1.0\"?>", "<?xml version=\"1.0\"?>\r\n",
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?> \t\n\n" };
	static const char *const tails[] = { "<a/>", "\n<a/>",
	    "\n<!-- <?docket?> --><a>\xff<?docket x?></a>\n" };
	struct buf old = BUF_INIT, new = BUF_INIT, want = BUF_INIT;
	struct stamp next = stamp;
	size_t i, k;

	(void)state;
	next.revision = 2;
	for (i = 0; i < COUNT(heads); i++)
		for (k = 0; k < COUNT(tails); k++) {
			buf_clear(&old);
			buf_clear(&new);
			buf_clear(&want);
			buf_putf(&old, "%s%s%s", heads[i], STAMP, tails[k]);
			stamp_put(&new, old.data, old.len, &next);
			buf_puts(&want, heads[i]);
			buf_puts(&want, STAMP);
			strstr(want.data, "revision=\"1\"")[10] = '2';
			buf_puts(&want, tails[k]);
			assert_string_equal(buf_str(&new), buf_str(&want));
		}
	buf_free(&old);
	buf_free(&new);
	buf_free(&want);
}

static void
test_none(void **state)
{
	static const struct {
		const char *form;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "<a/>", 0 },
		{ "\xef\xbb\xbf<a/>", 3 },
		{ "<?xml version=\"1.0\"?><a/>", 21 },
		{ "<?xml version=\"1.0\"?>\n<!-- c -->" STAMP "<a/>", 21 },
		{ "<a>" STAMP "</a>", 0 },
		{ "x" STAMP, 0 },
		{ "<?dockets desk=\"x\"?><a/>", 0 },
		{ "<?docket-x desk=\"x\"?><a/>", 0 },
		{ "<?DOCKET desk=\"x\"?><a/>", 0 },
		{ "<? docket desk=\"x\"?><a/>", 0 },
		{ "<?docket", 0 },
		{ "<?xml version=\"1.0\"", 0 },
	};
	struct stamp s;
	size_t i, at, len;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		at = len = 77;
		if (stamp_find(cases[i].form, strlen(cases[i].form), &s, &at,
		    &len) != 0)
			fail_msg("%s", cases[i].form);
		assert_int_equal(at, cases[i].at);
		assert_int_equal(len, 0);
		stamp_free(&s);
	}
}

#define REST " received=\"2026-11-22T10:00:00Z\" from=\"x\" sha256=\"" \
	DIGEST "\"?>"

static void
test_not_understood(void **state)
{
	static const char *const bad[] = {
		"<?docket?><a/>",
		"<?docket ?><a/>",
		"<?docket desk=\"office\"?><a/>",
		"<?docket desk=\"office\" ",
		/* one thing wrong in each */
		"<?docket desk=\"\" number=\"AK-000012\" revision=\"1\"" REST,
		"<?docket desk=\"o\" number=\"AK-12\" revision=\"1\"" REST,
		"<?docket desk=\"o\" number=\"\" revision=\"1\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"0\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"x\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\""
		" revision=\"1000000\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=1" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1\""
		" more=\"x\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1\""
		" X=\"x\"" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1\""
		" word" REST,
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1\""
		" received=\"yesterday\" from=\"x\" sha256=\"" DIGEST "\"?>",
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1\""
		" received=\"2026-11-22T10:00:00Z\" from=\"x\""
		" sha256=\"0011\"?>",
		"<?docket desk=\"o\" number=\"AK-000012\" revision=\"1\""
		" received=\"2026-11-22T10:00:00Z\" sha256=\"" DIGEST "\"?>",
	};
	struct stamp s;
	size_t i, at, len;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (stamp_find(bad[i], strlen(bad[i]), &s, &at, &len) != -1)
			fail_msg("%s", bad[i]);
		assert_null(s.from);
	}
}

/* As another tool may have written it. */
static void
test_other_spellings(void **state)
{
	static const char *const good[] = {
		"<?docket\tdesk='office' \r\n number = \"AK-000012\"\n"
		"revision= '1' received =\"2026-11-22T10:00:00Z\"\n"
		" from='acme/key.xml' sha256='" DIGEST "' ?><a/>",
		"<?docket sha256=\"" DIGEST "\" from=\"acme/key.xml\""
		" received=\"2026-11-22T10:00:00Z\" revision=\"1\""
		" number=\"AK-000012\" desk=\"office\"?><a/>",
	};
	struct stamp s;
	size_t i, at, len;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(stamp_find(good[i], strlen(good[i]), &s, &at,
		    &len), 1);
		assert_stamps_equal(&s, &stamp);
		assert_int_equal(at, 0);
		assert_string_equal(good[i] + len, "<a/>");
		stamp_free(&s);
	}
}

/* A stamp says one thing: who reads the first word and who reads the last
 * read the same. */
static void
test_nothing_twice(void **state)
{
	static const char form[] = "<?docket desk=\"office\""
	    " number=\"AK-000001\" number=\"AK-000012\" revision=\"1\""
	    REST "<a/>";
	struct stamp s;
	size_t at, len;
	int found = stamp_find(form, strlen(form), &s, &at, &len);

	(void)state;
	stamp_free(&s);
	assert_int_equal(found, -1);
}

static void
test_a_stamp_is_no_book(void **state)
{
	struct buf b = BUF_INIT;
	struct stamp s;
	size_t at, len;
	int i;

	(void)state;
	buf_puts(&b, "<?docket desk=\"o\" number=\"AK-000012\""
	    " revision=\"1\"");
	for (i = 0; i < 5000; i++)
		buf_putc(&b, ' ');
	buf_puts(&b, REST);
	assert_int_equal(stamp_find(b.data, b.len, &s, &at, &len), -1);
	buf_free(&b);
}

/* File names come from outside. */
static void
test_any_name_comes_back(void **state)
{
	static const char *const pieces[] = { "a", " ", "&", "<", ">", "\"",
	    "'", "?>", "?", "&amp;", "--", "\xc3\xa9", "<?docket", "]]>",
	    "number=\"AK-000001\"" };
	struct buf from = BUF_INIT, b = BUF_INIT;
	struct stamp s = stamp, back;
	size_t n, at, len;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		buf_clear(&from);
		buf_clear(&b);
		buf_puts(&from, "x");
		for (n = rnd(12); n > 0; n--)
			buf_puts(&from, pieces[rnd(COUNT(pieces))]);
		s.from = from.data;
		stamp_put(&b, "<a/>", 4, &s);
		assert_int_equal(stamp_find(b.data, b.len, &back, &at, &len),
		    1);
		assert_stamps_equal(&back, &s);
		assert_string_equal(b.data + at + len, "\n<a/>");
		stamp_free(&back);
	}
	buf_free(&from);
	buf_free(&b);
}

/* Cut anywhere, changed anywhere: an answer, and a place within the bytes. */
static void
test_damaged_in_any_way(void **state)
{
	static const char form[] = "\xef\xbb\xbf<?xml version=\"1.0\"?>\n"
	    STAMP "<a/>";
	char copy[sizeof(form)];
	struct stamp s;
	size_t n, i, at, len;
	int c, found;

	(void)state;
	for (n = 0; n < sizeof(form); n++) {
		/* a copy of its own, so that reading beyond it is seen */
		char *cut = mem_strn(form, n);

		at = len = SIZE_MAX / 2;
		found = stamp_find(cut, n, &s, &at, &len);
		assert_in_range(found + 1, 0, 2);
		assert_true(at + len <= n);
		stamp_free(&s);
		free(cut);
	}
	for (i = 0; i < sizeof(form) - 1; i++)
		for (c = 0; c < 256; c++) {
			memcpy(copy, form, sizeof(form));
			copy[i] = (char)c;
			at = len = SIZE_MAX / 2;
			found = stamp_find(copy, sizeof(form) - 1, &s, &at,
			    &len);
			assert_true(at + len <= sizeof(form) - 1);
			if (found == 1)
				assert_true(number_valid(s.number));
			stamp_free(&s);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_it_goes),
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_takes_the_old_ones_place),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_other_spellings),
		cmocka_unit_test(test_nothing_twice),
		cmocka_unit_test(test_a_stamp_is_no_book),
		cmocka_unit_test(test_any_name_comes_back),
		cmocka_unit_test(test_damaged_in_any_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
