/*
 * xmlform_test: applications put together of values that are known to be
 * right or wrong.  A form is good when each of its values is; one wrong value
 * is one fault, of its code, its field and its line; the facts are what was
 * put in; and no form has a say in what is found in the next.
 */
#include "unit.h"

#include "clock.h"
#include "limit.h"
#include "xmlform.h"

#define TODAY 20000	/* 2024-10-04 */

static const struct check_limits limits = {
	.depth = LIMIT_DEPTH, .attributes = LIMIT_ATTRIBUTES,
	.value = LIMIT_VALUE, .cpu = LIMIT_CHECK_CPU,
	.memory = LIMIT_CHECK_MEMORY, .reuse = LIMIT_REUSE,
};
static struct schemas schemas;

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16

/* A value, and the code of its fault; 0: it is good. */
static const struct value {
	const char *text;
	unsigned code;
} clients[] = {
	{ "acme", 0 }, { "a.b-c_9", 0 }, { A64, 0 }, { "7", 0 },
	{ "", 2002 }, { "a b", 2002 }, { ".a", 2002 }, { A64 "a", 2002 },
	{ "\xc3\xa9", 2002 },
}, names[] = {
	{ "Acme app", 0 }, { "\xc3\xa9\xe5\xa5\xbd", 0 }, { "a &amp; b", 0 },
	{ A64 A64 A64 A16 A16 A16 "aaaaaaaaaaaaaaa", 0 },
	{ "", 2002 }, { A64 A64 A64 A64, 2002 },
}, effectives[] = {
	{ "2024-10-04", 0 }, { "2025-01-01", 0 },
	{ "2024-10-03", 1227 }, { "2024-02-30", 2002 }, { "", 2002 },
	{ "tomorrow", 2002 },
}, expiries[] = {
	{ "2099-12-31", 0 }, { "2025-01-02", 0 },
	{ "2024-10-04", 2010 }, { "2024-13-01", 2002 }, { "never", 2002 },
}, quotas[] = {
	{ "-1", 0 }, { "1", 0 }, { "2147483647", 0 }, { "007", 0 },
	{ "0", 2002 }, { "-2", 2002 }, { "2147483648", 2002 }, { "", 2002 },
	{ "1.5", 2002 }, { "many", 2002 },
}, descriptions[] = {
	{ "What it is for.", 0 }, { "", 2002 },
}, apis[] = {
	{ "<api>orders</api>", 0 },
	{ "<api>orders</api><api>stock</api><api>Orders</api>", 0 },
	{ "", 2002 }, { "<api>orders</api><api>orders</api>", 2002 },
	{ "<api/>", 2002 },
};

static const struct {
	const char *name, *label;
	const struct value *values;
	size_t n;
} fields[] = {
	{ "client", "Client", clients, COUNT(clients) },
	{ "name", "Name", names, COUNT(names) },
	{ "effective", "Effective date", effectives, COUNT(effectives) },
	{ "expiry", "Expiry date", expiries, COUNT(expiries) },
	{ "quota", "Quota", quotas, COUNT(quotas) },
	{ "description", "Description", descriptions, COUNT(descriptions) },
	{ "apis", "API", apis, COUNT(apis) },
};
#define FIELDS COUNT(fields)

/* What is kept for good (xmlform_init()'s converters) is no leak. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static int
prepare(void **state)
{
	static const char *const files[] = { "api-key.xsd", "request.xsd",
	    "receipt.xsd", "schema.xsd" };
	struct schema_file file;
	struct buf b = BUF_INIT;
	char path[64];
	size_t i;

	(void)state;
	if (clock_zone("UTC") != 0)
		return -1;
	if (__lsan_disable != NULL)
		__lsan_disable();
	xmlform_init();
	if (__lsan_enable != NULL)
		__lsan_enable();
	for (i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "schemas/%s", files[i]);
		unit_source(path, &b);
		file = (struct schema_file){ mem_str(files[i]), NULL, b.len };
		file.data = buf_take(&b);
		schemas_add(&schemas, &file);
	}
	schemas_compile(&schemas);
	return schemas.public.faults.n == 0 ? 0 : -1;
}

static int
release(void **state)
{
	schemas_free(&schemas);
	return unit_clean(state);
}

struct made {
	struct buf	 text;
	const struct value *is[FIELDS];
	long		 line[FIELDS];
	unsigned	 wrong;		/* values */
};

static void
put_line(struct made *m, const char *text, long *line)
{
	buf_puts(&m->text, text);
	buf_putc(&m->text, '\n');
	++*line;
}

/* Each field on a line, and sometimes lines between. */
static void
make(struct made *m, unsigned percent_wrong)
{
	const struct value *v;
	long line = 1;
	size_t i;

	buf_clear(&m->text);
	m->wrong = 0;
	put_line(m, "<application xmlns='urn:docket:api-key:1'>", &line);
	for (i = 0; i < FIELDS; i++) {
		do
			v = &fields[i].values[rnd(fields[i].n)];
		while ((v->code != 0) != (rnd(100) < percent_wrong));
		m->is[i] = v;
		m->wrong += v->code != 0;
		while (rnd(3) == 0)
			put_line(m, "<!-- c -->", &line);
		m->line[i] = line;
		buf_putf(&m->text, "<%s>%s</%s>", fields[i].name, v->text,
		    fields[i].name);
		put_line(m, "", &line);
	}
	buf_puts(&m->text, "</application>");
}

static void
ask(const struct buf *form, enum purpose purpose, int32_t today,
    struct verdict *v)
{
	const struct query q = { .purpose = purpose, .today = today,
	    .data = form->data, .len = form->len };

	assert_int_equal(xmlform_check(&schemas, &limits, &q, v),
	    XMLFORM_VERDICT);
}

static void
test_good(void **state)
{
	struct made m = { .text = BUF_INIT };
	struct verdict v;
	int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		make(&m, 0);
		ask(&m.text, PURPOSE_INTAKE, TODAY, &v);
		if (v.faults.n != 0)
			fail_msg("%s: %s", buf_str(&m.text),
			    fault_text(&v.faults.list[0]));
		assert_int_equal(v.type, types_find(&schemas.public,
		    "{urn:docket:api-key:1}application"));
		assert_string_equal(v.facts.client, m.is[0]->text);
		assert_string_equal(v.facts.effective, m.is[2]->text);
		assert_string_equal(v.facts.expiry, m.is[3]->text);
		assert_true(unit_has(v.facts.apis, "orders\n"));
		assert_true(unit_has(v.facts.fields, "quota\tQuota\t"));
		verdict_free(&v);
	}
	buf_free(&m.text);
}

/* One value wrong: one fault, and where it is. */
static void
test_one_wrong(void **state)
{
	struct made m = { .text = BUF_INIT };
	const struct fault *f;
	struct verdict v;
	size_t i;
	int n = 0;

	(void)state;
	while (n < 1000) {
		make(&m, 15);
		if (m.wrong != 1)
			continue;
		n++;
		for (i = 0; m.is[i]->code == 0; i++)
			;
		ask(&m.text, PURPOSE_INTAKE, TODAY, &v);
		f = v.faults.list;
		if (v.faults.n != 1 || f->code != m.is[i]->code ||
		    f->line != m.line[i] || f->field == NULL ||
		    strncmp(f->field, fields[i].label,
		    strlen(fields[i].label)) != 0)
			fail_msg("%s\n%zu faults, %u line %ld %s, expected "
			    "%u line %ld %s", buf_str(&m.text), v.faults.n,
			    v.faults.n == 0 ? 0 : f->code,
			    v.faults.n == 0 ? 0 : f->line,
			    v.faults.n == 0 ? "" : f->field, m.is[i]->code,
			    m.line[i], fields[i].label);
		if (f->code == FAULT_INVALID)
			assert_non_null(fault_remedy(f));
		verdict_free(&v);
	}
	buf_free(&m.text);
}

/* Several: the form is not good, and no fault is in a line that is. */
static void
test_several_wrong(void **state)
{
	struct made m = { .text = BUF_INIT };
	struct verdict v;
	size_t i, k;
	int n;

	(void)state;
	for (n = 0; n < 500; n++) {
		do
			make(&m, 40);
		while (m.wrong < 2);
		ask(&m.text, PURPOSE_INTAKE, TODAY, &v);
		assert_true(v.faults.n > 0);
		for (i = 0; i < v.faults.n; i++) {
			for (k = 0; k < FIELDS; k++)
				if (m.line[k] == v.faults.list[i].line)
					break;
			assert_true(k < FIELDS);
			assert_int_not_equal(m.is[k]->code, 0);
		}
		verdict_free(&v);
	}
	buf_free(&m.text);
}

/* A decision has a day of its own; reading facts looks for no fault. */
static void
test_purposes(void **state)
{
	static const struct {
		enum purpose purpose;
		int32_t today;
		unsigned code;
	} cases[] = {
		{ PURPOSE_INTAKE, 20089, 0 },		/* 2025-01-01 */
		{ PURPOSE_INTAKE, 20090, 1227 },
		{ PURPOSE_DECISION, 20090, 0 },		/* its last day */
		{ PURPOSE_DECISION, 20091, 2010 },
		{ PURPOSE_FACTS, 20091, 0 },
	};
	struct made m = { .text = BUF_INIT };
	struct verdict v;
	size_t i;

	(void)state;
	do
		make(&m, 0);
	while (m.is[2] != &effectives[1] || m.is[3] != &expiries[1]);
	for (i = 0; i < COUNT(cases); i++) {
		ask(&m.text, cases[i].purpose, cases[i].today, &v);
		assert_int_equal(v.faults.n, cases[i].code != 0);
		if (cases[i].code != 0)
			assert_int_equal(v.faults.list[0].code,
			    cases[i].code);
		assert_string_equal(v.facts.client, m.is[0]->text);
		verdict_free(&v);
	}
	buf_free(&m.text);
}

/* What is good is told of a later day as a decision finds it then. */
static void
test_later(void **state)
{
	static const struct {
		int32_t today, later;
		bool good;
	} cases[] = {
		{ 20089, 0, false },		/* nobody asks */
		{ 20089, 20090, true },		/* its last day */
		{ 20089, 20091, false },
		{ 20090, 20089, false },	/* it is not good itself */
	};
	struct made m = { .text = BUF_INIT };
	struct query q = { .purpose = PURPOSE_INTAKE };
	struct verdict v;
	size_t i;

	(void)state;
	do
		make(&m, 0);
	while (m.is[2] != &effectives[1] || m.is[3] != &expiries[1]);
	q.data = m.text.data;
	q.len = m.text.len;
	for (i = 0; i < COUNT(cases); i++) {
		q.today = cases[i].today;
		q.later = cases[i].later;
		assert_int_equal(xmlform_check(&schemas, &limits, &q, &v),
		    XMLFORM_VERDICT);
		assert_int_equal(v.later, cases[i].good);
		assert_true(v.faults.n > 0 || (v.facts.fields == NULL) ==
		    q.brief);
		verdict_free(&v);
		q.brief = !q.brief;
	}
	buf_free(&m.text);
}

/* The verdicts on some forms are the same in any order, with damaged ones
 * among them. */
#define FORMS 40

static void
test_order(void **state)
{
	struct made m = { .text = BUF_INIT };
	struct buf form[FORMS] = { BUF_INIT }, said[FORMS] = { BUF_INIT };
	struct buf again = BUF_INIT;
	struct verdict v;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < FORMS; i++) {
		make(&m, 20);
		buf_put(&form[i], m.text.data, m.text.len);
		if (i % 2 == 0)
			form[i].data[rnd(form[i].len)] = "<>&\"\0x"[rnd(6)];
		ask(&form[i], PURPOSE_INTAKE, TODAY, &v);
		verdict_encode(&v, &said[i]);
		verdict_free(&v);
	}
	for (n = 0; n < 1000; n++) {
		i = rnd(FORMS);
		ask(&form[i], PURPOSE_INTAKE, TODAY, &v);
		buf_clear(&again);
		verdict_encode(&v, &again);
		assert_int_equal(again.len, said[i].len);
		assert_memory_equal(again.data, said[i].data, again.len);
		verdict_free(&v);
	}
	for (i = 0; i < FORMS; i++) {
		buf_free(&form[i]);
		buf_free(&said[i]);
	}
	buf_free(&m.text);
	buf_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_one_wrong),
		cmocka_unit_test(test_several_wrong),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, prepare, release);
}
