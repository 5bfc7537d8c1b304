/*
 * signature_fuzz: the armour of an SSH signature.  What is understood is kept
 * as an armour alone, and understood again just so.
 */
#include "fuzz.h"

#include "signature.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct signature g, again;
	enum event event;
	char name[NAMESPACE_TEXT];

	if (signature_parse(&g, (const char *)p, n) != 0) {
		must(g.text == NULL);
		return 0;
	}
	must(strlen(g.text) <= n + 1);
	must(memcmp(g.text, p, strlen(g.text) - 1) == 0);
	must(is_plain(g.name_space));
	must(signature_parse(&again, g.text, strlen(g.text)) == 0);
	must(strcmp(again.text, g.text) == 0);
	must(strcmp(again.name_space, g.name_space) == 0);
	event = signature_decision(g.name_space);
	must(event == EVENT_COUNT || strcmp(signature_namespace(name, event),
	    g.name_space) == 0);
	signature_free(&again);
	signature_free(&g);
	return 0;
}
