/*
 * xmlscan_test: forms made at random whose depth, attributes and longest
 * text are known: with just these limits they pass, with one less of any
 * they do not; what looks like markup and is not, is not counted.
 */
#include "unit.h"

#include "xmlscan.h"

static unsigned
scan(const struct buf *b, const struct check_limits *limits)
{
	struct faults faults = FAULTS_INIT;
	int status = xmlscan(buf_str(b), b->len, limits, &faults);
	unsigned code = status == 0 ? 0 : faults.list[0].code;

	assert_int_equal(faults.n, status == 0 ? 0 : 1);
	faults_free(&faults);
	return code;
}

struct making {
	struct buf	 out;
	uint32_t	 depth, attributes, value;	/* the most so far */
};

static void
most(uint32_t *is, size_t n)
{
	if (n > *is)
		*is = (uint32_t)n;
}

static void
put_run(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, "abc d\n"[rnd(6)]);
}

/* Text that nothing interrupts; the scan sees it with the next tag. */
static void
put_text(struct making *m)
{
	size_t n = rnd(30);

	put_run(&m->out, n);
	most(&m->value, n);
}

static void
put_attributes(struct making *m)
{
	static const char *const odd[] = { "", ">", "/>", "=", "<b c=''>",
	    "<!--", "]]>", "?>" };
	uint32_t n = (uint32_t)rnd(5), i;
	const char *value;
	char quote;

	for (i = 0; i < n; i++) {
		quote = rnd(2) == 0 ? '"' : '\'';
		value = odd[rnd(quote == '\'' ? 4 : COUNT(odd))];
		buf_putf(&m->out, "%sa%u%s=%s%c%s%c", rnd(2) == 0 ? " " :
		    "\n", i, rnd(3) == 0 ? " " : "", rnd(3) == 0 ? " " : "",
		    quote, value, quote);
		/* from behind its quote to behind the other one */
		most(&m->value, strlen(value) + 1);
	}
	most(&m->attributes, n);
}

/* What counts for nothing but its length. */
static void
put_decoy(struct making *m)
{
	static const char *const decoys[] = { "<!-- <a><a><a><a> -->",
	    "<!---->", "<?p <a b='' c=''> ?>", "<!-- <!DOCTYPE x> -->" };
	static const char cdata[] = "<![CDATA[<a><a b='";

	if (rnd(2) == 0) {
		buf_puts(&m->out, decoys[rnd(COUNT(decoys))]);
		return;
	}
	buf_puts(&m->out, cdata);
	buf_puts(&m->out, "]]>");
	most(&m->value, strlen(cdata) + 3);
}

static void
put_element(struct making *m, uint32_t depth)
{
	uint64_t n = depth < 12 ? rnd(6) : 0;

	buf_puts(&m->out, "<e");
	put_attributes(m);
	if (rnd(4) == 0) {
		buf_puts(&m->out, rnd(2) == 0 ? "/>" : " />");
		return;
	}
	buf_putc(&m->out, '>');
	most(&m->depth, depth);
	put_text(m);
	while (n-- > 0) {
		if (rnd(3) == 0)
			put_decoy(m);
		else
			put_element(m, depth + 1);
		put_text(m);
	}
	buf_puts(&m->out, rnd(3) == 0 ? "</e >" : "</e>");
}

static void
test_limits(void **state)
{
	struct making m = { BUF_INIT, 0, 0, 0 };
	struct check_limits just, less;
	unsigned deep = 0;
	int i;

	(void)state;
	for (i = 0; i < 4000; i++) {
		buf_clear(&m.out);
		m.depth = m.attributes = m.value = 0;
		put_element(&m, 1);
		just = (struct check_limits){ .depth = m.depth,
		    .attributes = m.attributes, .value = m.value };
		if (scan(&m.out, &just) != 0)
			fail_msg("depth %u, attributes %u, value %u:\n%s",
			    m.depth, m.attributes, m.value, buf_str(&m.out));
		deep += m.depth > 3;
		less = just;
		if (m.depth > 0) {
			less.depth--;
			assert_int_equal(scan(&m.out, &less), FAULT_TOO_DEEP);
		}
		less = just;
		if (m.attributes > 0) {
			less.attributes--;
			assert_int_equal(scan(&m.out, &less),
			    FAULT_ATTRIBUTES);
		}
		less = just;
		if (m.value > 0) {
			less.value--;
			assert_int_equal(scan(&m.out, &less), FAULT_VALUE);
		}
	}
	assert_true(deep > 500);
	buf_free(&m.out);
}

/* Cut off anywhere, it is still no more than it was; and a DOCTYPE put in
 * front is always seen. */
static void
test_cut(void **state)
{
	struct making m = { BUF_INIT, 0, 0, 0 };
	struct buf b = BUF_INIT;
	struct check_limits just;
	unsigned code;
	int i, k;

	(void)state;
	for (i = 0; i < 300; i++) {
		buf_clear(&m.out);
		m.depth = m.attributes = m.value = 0;
		put_element(&m, 1);
		just = (struct check_limits){ .depth = m.depth,
		    .attributes = m.attributes, .value = m.value };
		for (k = 0; k < 20; k++) {
			buf_clear(&b);
			buf_put(&b, m.out.data, rnd(m.out.len));
			code = scan(&b, &just);
			if (code != 0 && code != FAULT_NOT_WELL_FORMED)
				fail_msg("%u: %s", code, buf_str(&b));
		}
		buf_clear(&b);
		buf_puts(&b, "<!-- c --><?p ?>\n<!DOCTYPE e>");
		buf_put(&b, m.out.data, m.out.len);
		just.value += 64;
		assert_int_equal(scan(&b, &just), FAULT_DOCTYPE);
	}
	buf_free(&m.out);
	buf_free(&b);
}

static void
test_encodings(void **state)
{
	static const struct {
		const char *head;
		unsigned code;
	} cases[] = {
		{ "", 0 }, { "\xef\xbb\xbf", 0 },
		{ "<?xml version='1.0'?>", 0 },
		{ "<?xml encoding='utf-8'?>", 0 },
		{ "<?xml encoding = \"ISO-8859-15\" ?>", 0 },
		{ "<?xml encoding='windows-1252'?>", 0 },
		{ "<?xml encoding='UTF-16'?>", FAULT_ENCODING },
		{ "<?xml encoding='UTF-8x'?>", FAULT_ENCODING },
		{ "<?xml encoding='UTF'?>", FAULT_ENCODING },
		{ "<?xml encoding='\xe2\x80\xae'?>", FAULT_ENCODING },
		{ "<?xml encoding=''?>", FAULT_ENCODING },
		{ "\xfe\xff", FAULT_ENCODING }, { "\xff\xfe", FAULT_ENCODING },
	};
	const struct check_limits limits = { .depth = 4, .attributes = 4,
	    .value = 100 };
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		buf_puts(&b, cases[i].head);
		buf_puts(&b, "<a/>");
		if (scan(&b, &limits) != cases[i].code)
			fail_msg("%s", buf_str(&b));
	}
	buf_free(&b);
}

/* A fault is told with the line where it is, whatever is before it. */
static void
test_lines(void **state)
{
	const struct check_limits limits = { .depth = 4, .attributes = 4,
	    .value = 100 };
	struct faults faults = FAULTS_INIT;
	struct buf b = BUF_INIT;
	long line, before;
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		buf_clear(&b);
		before = (long)rnd(40);
		for (line = 0; line < before; line++)
			buf_puts(&b, rnd(2) == 0 ? "<?p\n?>" : "<!--\n-->");
		buf_puts(&b, "<!DOCTYPE a>\n\n<a/>");
		assert_int_equal(xmlscan(b.data, b.len, &limits, &faults),
		    -1);
		assert_int_equal(faults.list[0].line, before + 1);
		faults_free(&faults);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
