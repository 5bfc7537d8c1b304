/*
 * xmlscan_fuzz: the scan says no with one fault that may be shown, or yes
 * with none; and what narrow limits let pass, wide ones do.
 */
#include "fuzz.h"

#include "limit.h"
#include "xmlscan.h"

static const struct check_limits narrow = {
	.depth = 3, .attributes = 3, .value = 32,
};
static const struct check_limits wide = {
	.depth = LIMIT_DEPTH, .attributes = LIMIT_ATTRIBUTES,
	.value = LIMIT_VALUE,
};

static unsigned
scan(const char *p, size_t n, const struct check_limits *limits)
{
	struct faults faults = FAULTS_INIT;
	int status = xmlscan(p, n, limits, &faults);
	unsigned code = 0;
	long lines = 1;
	size_t i;

	must(faults.n == (status == 0 ? 0 : 1));
	if (status != 0) {
		for (i = 0; i < n; i++)
			lines += p[i] == '\n';
		code = faults.list[0].code;
		must(fault_kind(code) != NULL);
		must(is_plain(faults.list[0].text));
		must(faults.list[0].line >= 1 &&
		    faults.list[0].line <= lines);
	}
	faults_free(&faults);
	return code;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	unsigned strict = scan(s, n, &narrow), lax = scan(s, n, &wide);

	must(strict != 0 || lax == 0);
	must(lax != FAULT_DOCTYPE || strict != 0);
	/* limits are all that tells the two apart */
	must(strict == lax || strict == FAULT_VALUE ||
	    strict == FAULT_ATTRIBUTES || strict == FAULT_TOO_DEEP);
	return 0;
}
