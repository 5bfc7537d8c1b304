/*
 * text_test: UTF-8 against a decoder that is written down another way; text
 * that is cleaned keeps its promises (length, one line, nothing unsafe,
 * cleaning twice changes nothing) whatever goes in.
 */
#include "unit.h"

#include <locale.h>

#include "text.h"

/* RFC 3629 once more, the slow way: by the value that comes out. */
static size_t
decode(const unsigned char *p, size_t n, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ?
	    3 : p[0] >> 3 == 30 ? 4 : 0, i;

	if (len == 0 || n < len)
		return 0;
	*code = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (p[i] & 0x3fu);
	}
	if (*code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

static size_t
encode(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void
test_utf8_every_code_point(void **state)
{
	uint32_t c, code;
	char p[4];
	size_t n, k;

	(void)state;
	for (c = 0; c <= 0x10ffff; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = encode(p, c);
		if (utf8_next(p, n, &code) != n || code != c)
			fail_msg("U+%04X", c);
		for (k = 0; k < n; k++)
			if (utf8_next(p, k, &code) != 0)
				fail_msg("U+%04X cut to %zu", c, k);
	}
}

/* Every sequence of four bytes whose last is ordinary, and samples beyond. */
static void
test_utf8_like_the_other_decoder(void **state)
{
	unsigned char p[4];
	uint32_t a, b = 0, i;
	size_t n;

	(void)state;
	for (i = 0; i < 1u << 24; i++) {
		p[0] = (unsigned char)(i >> 16);
		p[1] = (unsigned char)(i >> 8);
		p[2] = (unsigned char)i;
		p[3] = (unsigned char)(i % 5 == 0 ? 0x7f : 0x80 + i % 64);
		if (p[0] < 0x80 && p[1] != 0)
			continue;
		n = utf8_next((char *)p, 4, &a);
		if (n != decode(p, 4, &b) || (n > 0 && a != b))
			fail_msg("%02x %02x %02x %02x", p[0], p[1], p[2],
			    p[3]);
	}
}

static void
test_utf8_valid(void **state)
{
	(void)state;
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
	assert_true(utf8_valid("a\0b", 3));
	assert_false(utf8_valid("gr\xc3\xbc\xc3", 5));
	assert_false(utf8_valid("\xc0\x80", 2));
	assert_false(utf8_valid("\xed\xa0\x80", 3));
	assert_false(utf8_valid("\xf4\x90\x80\x80", 4));
}

static void
test_unsafe(void **state)
{
	static const uint32_t bad[] = {
		0x00, 0x07, 0x09, 0x0a, 0x0d, 0x1b, 0x1f, 0x7f, 0x80, 0x85,
		0x9b, 0x9f, 0xad, 0x061c, 0x200b, 0x200c, 0x200d, 0x200e,
		0x200f, 0x2028, 0x2029, 0x202a, 0x202d, 0x202e, 0x2060, 0x2066,
		0x2069, 0xfeff, 0xe0001, 0xe0041, 0xe007f,
	};
	static const uint32_t good[] = {
		' ', 'a', '~', 0xa0, 0xe9, 0x0627, 0x05d0, 0x2010, 0x2026,
		0x20ac, 0x3000, 0x4e00, 0xac00, 0xfffd, 0x1f600, 0x10ffff,
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (!text_unsafe(bad[i]))
			fail_msg("U+%04X is unsafe", bad[i]);
	for (i = 0; i < COUNT(good); i++)
		if (text_unsafe(good[i]))
			fail_msg("U+%04X is not unsafe", good[i]);
}

static void
test_plain(void **state)
{
	(void)state;
	assert_true(text_plain("", 0));
	assert_true(text_plain("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", 8));
	assert_false(text_plain("a\nb", 3));
	assert_false(text_plain("a\0b", 3));
	assert_false(text_plain("a\xe2\x80\xae" "b", 5));
	assert_false(text_plain("a\xff", 2));
}

static void
test_ends(void **state)
{
	(void)state;
	assert_true(text_ends("key.xml", ".xml"));
	assert_true(text_ends(".xml", ".xml"));
	assert_true(text_ends("key.xml", ""));
	assert_false(text_ends("xml", ".xml"));
	assert_false(text_ends("key.xml.gz", ".xml"));
}

/* A text of anything: ASCII, controls, broken bytes, characters that are
 * wide, combining, unsafe. */
static size_t
random_text(char *p, size_t most)
{
	static const uint32_t interesting[] = {
		' ', ' ', '\n', '\n', '\t', '\r', 0, 0x1b, 0x85, 0xa0, 0x200b,
		0x202e, 0x2028, 0xfeff, 0xe0001, 0xfffd, 0x1f600, 0x4e00,
		0x301, '\\', '"', '-',
	};
	size_t n = 0;

	while (n + 4 < most && rnd(40) != 0) {
		switch (rnd(4)) {
		case 0:
			n += encode(p + n, interesting[rnd(
			    COUNT(interesting))]);
			break;
		case 1:
			p[n++] = (char)(128 + rnd(128));
			break;
		default:
			p[n++] = (char)('a' + rnd(26));
		}
	}
	return n;
}

/* Undoes text_escape(); the length, or -1 where it is ambiguous. */
static long
unescape(const char *s, char *out)
{
	unsigned code;
	long n = 0;
	int used;

	for (; *s != '\0'; s++) {
		if (*s != '\\') {
			out[n++] = *s;
			continue;
		}
		s++;
		if (*s == 'n')
			out[n++] = '\n';
		else if (*s == 't')
			out[n++] = '\t';
		else if (sscanf(s, "x%2x%n", &code, &used) == 1 && used == 3) {
			out[n++] = (char)code;
			s += 2;
		} else if (sscanf(s, "u{%x}%n", &code, &used) == 1) {
			n += (long)encode(out + n, code);
			s += used - 1;
		} else if (strchr("\\\" =", *s) != NULL && *s != '\0')
			out[n++] = *s;
		else
			return -1;
	}
	return n;
}

static void
test_escape_loses_nothing(void **state)
{
	char text[300], back[1200];
	struct buf b = BUF_INIT;
	size_t n;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		n = random_text(text, sizeof(text));
		buf_clear(&b);
		text_escape(&b, text, n, "\" =");
		assert_true(text_plain(buf_str(&b), b.len));
		assert_int_equal(unescape(buf_str(&b), back), (long)n);
		assert_memory_equal(back, text, n);
	}
	buf_free(&b);
}

static void
test_escape_words(void **state)
{
	static const struct {
		const char *in, *also, *out;
	} cases[] = {
		{ "plain", "", "plain" },
		{ "a b", "", "a b" },
		{ "a b", " ", "a\\ b" },
		{ "a\nb\tc", "", "a\\nb\\tc" },
		{ "\x1b[31m", "", "\\x1b[31m" },
		{ "\\n", "", "\\\\n" },
		{ "caf\xe9", "", "caf\\xe9" },
		{ "\xe2\x80\xae", "", "\\u{202e}" },
		{ "\xc2\x85", "", "\\u{85}" },
		{ "say \"x\"", "\"", "say \\\"x\\\"" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		text_escape(&b, cases[i].in, strlen(cases[i].in),
		    cases[i].also);
		assert_string_equal(buf_str(&b), cases[i].out);
	}
	buf_clear(&b);
	text_escape(&b, "a\0b", 3, "");
	assert_string_equal(buf_str(&b), "a\\x00b");
	buf_free(&b);
}

static void
test_line_words(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "   \n\t ", "" },
		{ "  a  b\t\nc  ", "a b c" },
		{ "a\xe2\x80\x8b\xe2\x80\x8b" "b", "a b" },
		{ "a\r\nb", "a b" },
		{ "caf\xe9s", "caf\xef\xbf\xbds" },
		{ "\xff\xff", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		text_line(&b, cases[i].in, strlen(cases[i].in), 1000);
		assert_string_equal(buf_str(&b), cases[i].out);
	}
	/* what was there before is no part of it */
	buf_clear(&b);
	buf_puts(&b, "x:");
	text_line(&b, " y", 2, 1000);
	assert_string_equal(buf_str(&b), "x:y");
	buf_free(&b);
}

static bool
ends_in_ellipsis(const struct buf *b)
{
	return b->len >= 3 && memcmp(b->data + b->len - 3, "\xe2\x80\xa6",
	    3) == 0;
}

/* A line of at most so many bytes. */
static void
test_line_keeps_the_limit(void **state)
{
	char text[300];
	struct buf b = BUF_INIT;
	size_t n, limit;
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		n = random_text(text, sizeof(text));
		limit = 3 + rnd(60);
		buf_clear(&b);
		text_line(&b, text, n, limit);
		if (b.len > limit)
			fail_msg("%zu bytes, of at most %zu: \"%s\"", b.len,
			    limit, buf_str(&b));
	}
	buf_free(&b);
}

/* What fits is not cut; what is cut says so. */
static void
test_line_is_cut_only_at_need(void **state)
{
	char text[300];
	struct buf whole = BUF_INIT, b = BUF_INIT;
	size_t n, limit;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		n = random_text(text, sizeof(text));
		buf_clear(&whole);
		text_line(&whole, text, n, 100000);
		limit = 3 + rnd(60);
		buf_clear(&b);
		text_line(&b, text, n, limit);
		if (whole.len <= limit)
			assert_string_equal(buf_str(&b), buf_str(&whole));
		else {
			assert_true(ends_in_ellipsis(&b));
			assert_memory_equal(b.data, whole.data, b.len - 3);
		}
	}
	buf_free(&b);
	buf_free(&whole);
}

static void
test_line_is_one_line(void **state)
{
	struct buf b = BUF_INIT, again = BUF_INIT;
	char text[300];
	size_t n, limit;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		n = random_text(text, sizeof(text));
		limit = 3 + rnd(60);
		buf_clear(&b);
		text_line(&b, text, n, limit);
		assert_true(text_plain(buf_str(&b), b.len));
		assert_null(strstr(buf_str(&b), "  "));
		if (b.len > 0)
			assert_true(b.data[0] != ' ' &&
			    b.data[b.len - 1] != ' ');
		buf_clear(&again);
		text_line(&again, buf_str(&b), b.len, limit);
		assert_string_equal(buf_str(&again), buf_str(&b));
	}
	buf_free(&b);
	buf_free(&again);
}

static void
test_block_words(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "a\nb\n", "a\nb\n" },
		{ "a\r\nb\r\n", "a\nb\n" },
		{ "a  \t \n\n  b", "a\n\n b" },
		{ "a\x1b[0m\nb", "a [0m\nb" },
		{ "\xff\n", "\xef\xbf\xbd\n" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		text_block(&b, cases[i].in, strlen(cases[i].in), 1000);
		assert_string_equal(buf_str(&b), cases[i].out);
	}
	buf_free(&b);
}

/* The lines are those that went in, each cleaned, as long as they fit. */
static void
test_block_keeps_lines(void **state)
{
	struct buf b = BUF_INIT;
	char text[300];
	size_t n, i, in, out;
	int k;

	(void)state;
	for (k = 0; k < 20000; k++) {
		n = random_text(text, sizeof(text));
		buf_clear(&b);
		text_block(&b, text, n, 100000);
		for (i = in = 0; i < n; i++)
			in += text[i] == '\n';
		for (i = out = 0; i < b.len; i++)
			out += b.data[i] == '\n';
		assert_int_equal(in, out);
		for (i = 0; i < b.len; i++)
			if (b.data[i] == '\n')
				b.data[i] = ' ';
		assert_true(text_plain(buf_str(&b), b.len));
	}
	buf_free(&b);
}

static void
test_block_keeps_the_limit(void **state)
{
	char text[300];
	struct buf b = BUF_INIT;
	size_t n, limit;
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		n = random_text(text, sizeof(text));
		limit = 3 + rnd(60);
		buf_clear(&b);
		text_block(&b, text, n, limit);
		if (b.len > limit)
			fail_msg("%zu bytes, of at most %zu", b.len, limit);
	}
	/* blank lines are bytes too */
	memset(text, '\n', sizeof(text));
	buf_clear(&b);
	text_block(&b, text, sizeof(text), 20);
	assert_true(b.len <= 20);
	buf_free(&b);
}

static void
test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "", 10, false, 0 },
		{ "007", 10, true, 7 },
		{ "10", 10, true, 10 },
		{ "11", 10, false, 0 },
		{ "9", 5, false, 0 },
		{ "-1", 10, false, 0 },
		{ "+1", 10, false, 0 },
		{ " 1", 10, false, 0 },
		{ "1 ", 10, false, 0 },
		{ "0x1", 10, false, 0 },
		{ "1.0", 10, false, 0 },
		{ "\xd9\xa1", 10, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
		{ "255", 255, true, 255 },
		{ "256", 255, false, 0 },
		{ "300", 255, false, 0 },
	};
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		value = 77;
		if (text_number(cases[i].text, cases[i].max, &value) !=
		    cases[i].good || value != (cases[i].good ?
		    cases[i].value : 77))
			fail_msg("\"%s\" of at most %ju", cases[i].text,
			    (uintmax_t)cases[i].max);
	}
}

static void
test_number_written(void **state)
{
	char text[NUM_TEXT];
	uint64_t value;
	int i;

	(void)state;
	assert_string_equal(num_text(text, 0), "0");
	assert_string_equal(num_text(text, UINT64_MAX),
	    "18446744073709551615");
	for (i = 0; i < 1000; i++) {
		uint64_t n = rnd(UINT64_MAX) >> rnd(64);

		assert_true(text_number(num_text(text, n), n, &value));
		assert_true(value == n);
	}
}

static void
test_width(void **state)
{
	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		UNIT_SKIP("no locale C.UTF-8");
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("docket"), 6);
	assert_int_equal(text_width("caf\xc3\xa9"), 4);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("\xe5\xa5\xbd"), 2);
	/* a byte that is no character takes one column, whatever is before */
	assert_int_equal(text_width("\xe5\xa5\xbd\xff"), 3);
	assert_int_equal(text_width("e\xcc\x81\xff"), 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_every_code_point),
		cmocka_unit_test(test_utf8_like_the_other_decoder),
		cmocka_unit_test(test_utf8_valid),
		cmocka_unit_test(test_unsafe),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_escape_words),
		cmocka_unit_test(test_escape_loses_nothing),
		cmocka_unit_test(test_line_words),
		cmocka_unit_test(test_line_keeps_the_limit),
		cmocka_unit_test(test_line_is_cut_only_at_need),
		cmocka_unit_test(test_line_is_one_line),
		cmocka_unit_test(test_block_words),
		cmocka_unit_test(test_block_keeps_lines),
		cmocka_unit_test(test_block_keeps_the_limit),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_number_written),
		cmocka_unit_test(test_width),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
