/*
 * token_fuzz: what is taken for a key, and how long an old one stays good.
 * What is good has one spelling: no other byte in any place is good as well.
 */
#include "fuzz.h"

#include "facts.h"
#include "hash.h"
#include "token.h"

static void
check_good(const char *token, size_t n)
{
	char other[TOKEN_TEXT];
	size_t i;

	must(n == TOKEN_LENGTH);
	for (i = 0; i < n; i++) {
		memcpy(other, token, n);
		other[i] = (char)(token[i] ^ 1);
		must(token_check(other, n) != TOKEN_GOOD);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *s = as_string(p, n);
	int64_t seconds;

	if (token_check((const char *)p, n) == TOKEN_GOOD)
		check_good((const char *)p, n);
	if (overlap_parse(s, &seconds) == 0) {
		must(strlen(s) < OVERLAP_TEXT);
		must(seconds >= 0 && seconds <= 90 * 86400);
		must(seconds % 3600 == 0);
	}
	free(s);
	return 0;
}
