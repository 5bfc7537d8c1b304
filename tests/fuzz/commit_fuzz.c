/*
 * commit_fuzz: the bytes of a commit.  What is understood is all there: the
 * plain part and the signature are not longer than what was given, and the
 * plain part alone is understood as the same commit.
 */
#include "fuzz.h"

#include "commit.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct commit c, again;

	if (commit_parse(&c, (const char *)p, n) == 0) {
		must(c.plain.len + c.signature.len <= n);
		must(c.message <= c.plain.len);
		must(c.at >= 0);
		must(commit_parse(&again, c.plain.data, c.plain.len) == 0);
		must(same_bytes(&again.plain, &c.plain));
		must(again.signature.len == 0 && again.message == c.message);
		must(again.parents == c.parents && again.at == c.at);
		must(oid_same(&again.tree, &c.tree));
		commit_free(&again);
	}
	commit_free(&c);
	return 0;
}
