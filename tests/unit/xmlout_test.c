/*
 * xmlout_test: XML that is written is well-formed and says what was put in,
 * as a parser of its own reads it; misuse is our bug.
 */
#include "unit.h"

#include "xmlout.h"

static void
test_a_document(void **state)
{
	struct buf b = BUF_INIT;
	struct xmlout x;

	(void)state;
	xml_begin(&x, &b);
	xml_open(&x, "receipt");
	xml_attr(&x, "xmlns", "urn:docket:receipt:1");
	xml_attr_num(&x, "line", -12);
	xml_leaf(&x, "client", "a & b");
	xml_comment(&x, "what follows is empty");
	xml_open(&x, "empty");
	xml_close(&x);
	xml_open(&x, "outer");
	xml_open(&x, "inner");
	xml_leaf(&x, "leaf", "");
	xml_close(&x);
	xml_close(&x);
	xml_close(&x);
	assert_string_equal(buf_str(&b),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<receipt xmlns=\"urn:docket:receipt:1\" line=\"-12\">\n"
	    "  <client>a &amp; b</client>\n"
	    "  <!-- what follows is empty -->\n"
	    "  <empty/>\n"
	    "  <outer>\n"
	    "    <inner>\n"
	    "      <leaf></leaf>\n"
	    "    </inner>\n"
	    "  </outer>\n"
	    "</receipt>\n");
	assert_int_equal(x.depth, 0);
	buf_free(&b);
}

static void
test_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "<a href=\"x\">&amp;</a>", "&lt;a href=&quot;x&quot;&gt;"
		  "&amp;amp;&lt;/a&gt;" },
		{ "]]>", "]]&gt;" },
		{ "it's", "it's" },
		{ "a\tb\nc", "a\tb\nc" },
		{ "a\r\nb", "a&#13;\nb" },
		{ "a\x01" "b\x1b", "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
		{ "\xff", "\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\x7f", "\x7f" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
		  "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		xml_escape(&b, cases[i].in, strlen(cases[i].in));
		assert_string_equal(buf_str(&b), cases[i].out);
	}
	buf_clear(&b);
	xml_escape(&b, "a\0b", 3);
	assert_string_equal(buf_str(&b), "a\xef\xbf\xbd" "b");
	buf_free(&b);
}

/* The smallest reader: references and, in an attribute, white space as XML
 * 1.0, 3.3.3 has it. */
static void
read_back(const char *p, size_t n, bool attribute, struct buf *out)
{
	static const struct {
		const char *entity;
		char c;
	} entity[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&#13;", '\r' }, { "&#10;", '\n' },
		{ "&#9;", '\t' }, { "&#xA;", '\n' }, { "&#x9;", '\t' },
	};
	const char *end = p + n;
	size_t i;

	while (p < end) {
		for (i = 0; i < COUNT(entity); i++)
			if (strncmp(p, entity[i].entity,
			    strlen(entity[i].entity)) == 0)
				break;
		if (i < COUNT(entity)) {
			buf_putc(out, entity[i].c);
			p += strlen(entity[i].entity);
			continue;
		}
		assert_true(*p != '<' && *p != '&');
		if (attribute && (*p == '\n' || *p == '\t'))
			buf_putc(out, ' ');
		else
			buf_putc(out, *p);
		p++;
	}
}

static void
random_value(char *value, size_t n)
{
	static const char letters[] = "ab <>&\"'\n\t\r-]";
	size_t i;

	for (i = 0; i < n; i++)
		value[i] = letters[rnd(sizeof(letters) - 1)];
	value[n] = '\0';
}

static void
test_content_comes_back(void **state)
{
	struct buf b = BUF_INIT, back = BUF_INIT;
	const char *from, *to;
	char value[40];
	struct xmlout x;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		random_value(value, rnd(sizeof(value)));
		buf_clear(&b);
		buf_clear(&back);
		xml_begin(&x, &b);
		xml_leaf(&x, "v", value);
		from = strstr(buf_str(&b), "<v>") + 3;
		to = strstr(from, "</v>");
		read_back(from, (size_t)(to - from), false, &back);
		assert_string_equal(buf_str(&back), value);
	}
	buf_free(&b);
	buf_free(&back);
}

static void
test_attributes_come_back(void **state)
{
	struct buf b = BUF_INIT, back = BUF_INIT;
	const char *from, *to;
	char value[40];
	struct xmlout x;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		random_value(value, rnd(sizeof(value)));
		buf_clear(&b);
		buf_clear(&back);
		xml_begin(&x, &b);
		xml_open(&x, "e");
		xml_attr(&x, "v", value);
		xml_close(&x);
		from = strstr(buf_str(&b), " v=\"") + 4;
		to = strchr(from, '"');
		read_back(from, (size_t)(to - from), true, &back);
		assert_string_equal(buf_str(&back), value);
	}
	buf_free(&b);
	buf_free(&back);
}

static void
attribute_too_late(void *arg)
{
	struct buf b = BUF_INIT;
	struct xmlout x;

	(void)arg;
	xml_begin(&x, &b);
	xml_open(&x, "a");
	xml_leaf(&x, "b", "");
	xml_attr(&x, "c", "d");
}

static void
close_too_much(void *arg)
{
	struct buf b = BUF_INIT;
	struct xmlout x;

	(void)arg;
	xml_begin(&x, &b);
	xml_open(&x, "a");
	xml_close(&x);
	xml_close(&x);
}

static void
open_too_deep(void *arg)
{
	struct buf b = BUF_INIT;
	struct xmlout x;
	int i;

	(void)arg;
	xml_begin(&x, &b);
	for (i = 0; i <= XML_DEPTH; i++)
		xml_open(&x, "a");
}

static void
comment_with_hyphens(void *arg)
{
	struct buf b = BUF_INIT;
	struct xmlout x;

	(void)arg;
	xml_begin(&x, &b);
	xml_comment(&x, "a -- b");
}

static void
test_bugs(void **state)
{
	(void)state;
	assert_bug(attribute_too_late, NULL);
	assert_bug(close_too_much, NULL);
	assert_bug(open_too_deep, NULL);
	assert_bug(comment_with_hyphens, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_document),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_content_comes_back),
		cmocka_unit_test(test_attributes_come_back),
		cmocka_unit_test(test_bugs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
