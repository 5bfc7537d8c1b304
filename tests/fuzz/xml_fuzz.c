/*
 * xml_fuzz: a form, checked as docket-check does it: scan, parser, schema,
 * rules, with the schemas that are shipped.  Every verdict must be one that
 * docket takes; the same form has the same facts however it is asked for.
 */
#include "fuzz.h"

#include "clock.h"
#include "limit.h"
#include "shipped.h"
#include "xmlform.h"

#define TODAY 20000		/* 2024-10-04 */

static const struct check_limits limits = {
	.depth = LIMIT_DEPTH, .attributes = LIMIT_ATTRIBUTES,
	.value = LIMIT_VALUE,
};
static struct schemas schemas;

/* What is kept for good (xmlform_init()'s converters) is no leak. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static void
prepare(void)
{
	struct schema_file file;
	struct shipped s;
	size_t i;

	must(clock_zone("UTC") == 0);
	if (__lsan_disable != NULL)
		__lsan_disable();
	xmlform_init();
	if (__lsan_enable != NULL)
		__lsan_enable();
	for (i = 0; shipped_schema(i, &s); i++) {
		if (strstr(s.path, ".xsd") == NULL)
			continue;
		file = (struct schema_file){ mem_str(s.path +
		    strlen("schemas/")), mem_strn(s.data, s.len), s.len };
		schemas_add(&schemas, &file);
	}
	schemas_compile(&schemas);
	must(schemas.public.faults.n == 0 && schemas.public.n > 0);
}

/* The verdict as docket gets it. */
static bool
ask(const char *p, size_t n, enum purpose purpose, struct verdict *v)
{
	struct query q = { .purpose = purpose, .today = TODAY, .data = p,
	    .len = n };
	struct buf out = BUF_INIT;
	struct verdict said;
	struct frame f;
	size_t at = 0;

	if (xmlform_check(&schemas, &limits, &q, &said) != XMLFORM_VERDICT)
		return false;
	must(said.type >= 0 || said.faults.n > 0);
	verdict_encode(&said, &out);
	verdict_free(&said);
	must(wire_next(&out, &at, LIMIT_VERDICT, &f) == 1);
	must(verdict_decode(v, &f, schemas.public.n) == 0);
	buf_free(&out);
	return true;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	struct verdict intake, facts;

	if (schemas.n_docs == 0)
		prepare();
	if (n > LIMIT_FORM || !ask(s, n, PURPOSE_INTAKE, &intake))
		return 0;
	/* of a batch, intake says only that it is one */
	if (intake.faults.n == 0 &&
	    schemas.public.list[intake.type].ask != ASK_BATCH && ask(s, n, PURPOSE_FACTS, &facts)) {
		must(facts.type == intake.type && facts.faults.n == 0);
		must(same_text(facts.facts.client, intake.facts.client));
		must(same_text(facts.facts.fields, intake.facts.fields));
		must(strcmp(facts.number, intake.number) == 0);
		verdict_free(&facts);
	}
	verdict_free(&intake);
	return 0;
}
