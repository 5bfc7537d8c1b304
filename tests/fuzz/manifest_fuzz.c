/*
 * manifest_fuzz: a policy.manifest.  No other bytes are it than those that
 * docket would write, and without a signature not even they do.
 */
#include "fuzz.h"

#include "manifest.h"

#define CONF "[desk]\nid = mjq4vvh2q2xl\n[review]\napart = on\n"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct settings s = { .desk_id = "mjq4vvh2q2xl", .rules_quorum = 1 };
	struct rules force = { NULL, 0 }, new = { NULL, 0 };
	struct faults faults = FAULTS_INIT;
	size_t i;

	rules_add(&force, "docket.conf", CONF, strlen(CONF));
	rules_add(&new, "docket.conf", CONF "# \n", strlen(CONF) + 3);
	rules_add(&new, MANIFEST, (const char *)p, n);
	rules_sort(&new);
	must(manifest_check(&force, &s, &new, 1700000000, NULL, &faults) ==
	    -1);
	must(faults.n == 1);
	for (i = 0; i < faults.n; i++)
		must(is_plain(faults.list[i].text));
	(void)manifest_serial(&new);
	faults_free(&faults);
	rules_free(&force);
	rules_free(&new);
	return 0;
}
