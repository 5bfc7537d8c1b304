/*
 * schema_fuzz: somebody's schema, compiled beside a form of it.  It is told
 * what is wrong, or forms are checked by it; either can be shown.
 */
#include "fuzz.h"

#include "limit.h"
#include "xmlform.h"

static const struct check_limits limits = {
	.depth = LIMIT_DEPTH, .attributes = LIMIT_ATTRIBUTES,
	.value = LIMIT_VALUE,
};

extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static void
prepare(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	if (__lsan_disable != NULL)
		__lsan_disable();
	xmlform_init();
	if (__lsan_enable != NULL)
		__lsan_enable();
}

static void
check_form(const struct schemas *s)
{
	static const char form[] = "<f xmlns=\"urn:f\"><a>1</a><b c=\"2\"/>"
	    "</f>";
	struct query q = { .purpose = PURPOSE_INTAKE, .today = 20000,
	    .data = form, .len = sizeof(form) - 1 };
	struct verdict v;
	size_t i;

	if (xmlform_check(s, &limits, &q, &v) != XMLFORM_VERDICT)
		return;
	for (i = 0; i < v.faults.n; i++)
		must(is_plain(v.faults.list[i].text));
	verdict_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct schemas s = { 0 };
	struct schema_file file = { mem_str("f.xsd"),
	    mem_strn((const char *)p, n), n };
	struct buf out = BUF_INIT;
	struct form_types types;
	struct frame f;
	size_t at = 0;

	prepare();
	schemas_add(&s, &file);
	schemas_compile(&s);
	types_encode(&s.public, &out);
	must(wire_next(&out, &at, LIMIT_SCHEMA, &f) == 1);
	must(types_decode(&types, &f) == 0);
	types_free(&types);
	buf_free(&out);
	if (s.public.faults.n == 0)
		check_form(&s);
	schemas_free(&s);
	return 0;
}
