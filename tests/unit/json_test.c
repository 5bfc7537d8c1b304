/*
 * json_test: JSON that is written, read back by the smallest reader of RFC
 * 8259; strings come back as they were, or as U+FFFD where they were no
 * text.
 */
#include "unit.h"

#include "json.h"
#include "text.h"

static void
test_a_value(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_begin(&j, &b);
	json_object(&j, NULL);
	json_str(&j, "number", "AK-000012");
	json_str(&j, "note", NULL);
	json_num(&j, "least", INT64_MIN);
	json_num(&j, "most", INT64_MAX);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_time(&j, "at", 1795341600);
	json_time(&j, "never", 0);
	json_array(&j, "list");
	json_str(&j, NULL, "a");
	json_num(&j, NULL, 2);
	json_object(&j, NULL);
	json_object_end(&j);
	json_array(&j, NULL);
	json_array_end(&j);
	json_array_end(&j);
	json_object(&j, "inner");
	json_num(&j, "", 0);
	json_object_end(&j);
	json_object_end(&j);
	json_end(&j);
	json_str(&j, NULL, "next line");
	json_end(&j);
	assert_string_equal(buf_str(&b),
	    "{\"number\":\"AK-000012\",\"note\":null,"
	    "\"least\":-9223372036854775808,\"most\":9223372036854775807,"
	    "\"yes\":true,\"no\":false,\"at\":\"2026-11-22T10:00:00Z\","
	    "\"never\":null,\"list\":[\"a\",2,{},[]],\"inner\":{\"\":0}}\n"
	    "\"next line\"\n");
	buf_free(&b);
}

static unsigned
hex4(const char *p)
{
	unsigned v;

	assert_int_equal(sscanf(p, "%4x", &v), 1);
	assert_int_equal(strspn(p, "0123456789abcdefABCDEF") >= 4, 1);
	return v;
}

static void
put_code(struct buf *out, unsigned c)
{
	if (c < 0x80)
		buf_putc(out, (char)c);
	else if (c < 0x800) {
		buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_putc(out, (char)(0xe0 | c >> 12));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* A string, RFC 8259, 7; what stands behind it. */
static const char *
read_string(const char *p, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	assert_int_equal(*p++, '"');
	for (; *p != '"'; p++) {
		assert_true((unsigned char)*p >= 0x20);
		if (*p != '\\')
			buf_putc(out, *p);
		else if (*++p == 'u') {
			put_code(out, hex4(p + 1));
			p += 4;
		} else {
			assert_non_null(strchr(from, *p));
			buf_putc(out, to[strchr(from, *p) - from]);
		}
	}
	return p + 1;
}

/* What is no UTF-8 is U+FFFD, byte by byte. */
static void
put_valid(struct buf *out, const char *p, size_t n)
{
	uint32_t code;
	size_t k;

	for (; n > 0; p += k, n -= k)
		if ((k = utf8_next(p, n, &code)) == 0) {
			k = 1;
			buf_puts(out, "\xef\xbf\xbd");
		} else
			buf_put(out, p, k);
}

static void
test_strings_come_back(void **state)
{
	static const char *const pieces[] = { "a", "\"", "\\", "/", "\n", "\r",
	    "\t", "\x01", "\x1f", "\x7f", "\xc2\x85", "\xc3\xa9",
	    "\xe2\x80\xa8", "\xe2\x80\xae", "\xef\xbb\xbf",
	    "\xf0\x9f\x98\x80", "\xf3\xa0\x80\x81", "\xff", "\xc3", "u0041" };
	struct buf text = BUF_INIT, b = BUF_INIT, back = BUF_INIT,
	    want = BUF_INIT;
	struct json j;
	size_t n;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		buf_clear(&text);
		buf_clear(&b);
		buf_clear(&back);
		buf_clear(&want);
		for (n = rnd(12); n > 0; n--)
			buf_puts(&text, pieces[rnd(COUNT(pieces))]);
		json_begin(&j, &b);
		json_str(&j, NULL, buf_str(&text));
		assert_true(utf8_valid(buf_str(&b), b.len));
		assert_string_equal(read_string(buf_str(&b), &back), "");
		put_valid(&want, buf_str(&text), text.len);
		assert_string_equal(buf_str(&back), buf_str(&want));
	}
	buf_free(&text);
	buf_free(&b);
	buf_free(&back);
	buf_free(&want);
}

/* A line a value, whatever is in it: keys too. */
static void
test_one_line(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_begin(&j, &b);
	json_object(&j, NULL);
	json_str(&j, "k\n\"", "v\nw");
	json_object_end(&j);
	json_end(&j);
	assert_string_equal(buf_str(&b), "{\"k\\n\\\"\":\"v\\nw\"}\n");
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_value),
		cmocka_unit_test(test_strings_come_back),
		cmocka_unit_test(test_one_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
