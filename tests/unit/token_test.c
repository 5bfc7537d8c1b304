/*
 * token_test: tokens are what the page says they are, no two are the same,
 * and one wrong character is noticed.
 */
#include <zlib.h>

#include "unit.h"

#include "hash.h"
#include "token.h"

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static const char *const good[] = {
	/* nothing but zeros, and nothing but ones */
	"docket_0000000000000000000000000000000000000000000000000000",
	"docket_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzg",
};

/* As zlib has it. */
static void
put_crc(char *to, const char *text)
{
	unsigned long crc = crc32(0, (const unsigned char *)text,
	    (unsigned)strlen(text));
	uint64_t bits = (uint64_t)crc << 3;
	int i;

	for (i = 6; i >= 0; i--, bits >>= 5)
		to[i] = digits[bits & 31];
	to[7] = '\0';
}

static void
test_checked_as_by_zlib(void **state)
{
	char token[TOKEN_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		strcpy(token, good[i]);
		put_crc(token + 59, good[i]);
		assert_int_equal(token_check(token, strlen(token)),
		    TOKEN_GOOD);
	}
}

static void
test_made(void **state)
{
	char a[TOKEN_TEXT], b[TOKEN_TEXT] = "", head[60], check[8];
	size_t seen[52][32] = { { 0 } }, i, k;

	(void)state;
	for (i = 0; i < 4000; i++) {
		token_make(a);
		assert_int_equal(strlen(a), TOKEN_LENGTH);
		assert_int_equal(strncmp(a, "docket_", 7), 0);
		assert_int_equal(strspn(a + 7, digits), TOKEN_LENGTH - 7);
		/* all but the sum at the end */
		snprintf(head, sizeof(head), "%.59s", a);
		put_crc(check, head);
		assert_string_equal(a + 59, check);
		assert_int_equal(token_check(a, strlen(a)), TOKEN_GOOD);
		assert_string_not_equal(a, b);
		strcpy(b, a);
		for (k = 0; k < 52; k++)
			seen[k][strchr(digits, a[7 + k]) - digits]++;
	}
	/* every digit in every place, but in the last one, of one bit */
	for (k = 0; k < 51; k++)
		for (i = 0; i < 32; i++)
			assert_true(seen[k][i] > 50 && seen[k][i] < 250);
	assert_true(seen[51][0] > 1800 && seen[51][16] > 1800);
	assert_int_equal(seen[51][0] + seen[51][16], 4000);
}

/* Any one character that is another, and any two that change places. */
static void
test_mistyped(void **state)
{
	char token[TOKEN_TEXT], bad[TOKEN_TEXT];
	size_t at, i;

	(void)state;
	token_make(token);
	for (at = 7; at < TOKEN_LENGTH; at++) {
		for (i = 0; i < 32; i++) {
			strcpy(bad, token);
			bad[at] = digits[i];
			assert_int_equal(token_check(bad, TOKEN_LENGTH),
			    bad[at] == token[at] ? TOKEN_GOOD :
			    TOKEN_MISTYPED);
		}
		if (at + 1 == TOKEN_LENGTH || token[at] == token[at + 1])
			continue;
		strcpy(bad, token);
		bad[at] = token[at + 1];
		bad[at + 1] = token[at];
		assert_int_equal(token_check(bad, TOKEN_LENGTH),
		    TOKEN_MISTYPED);
	}
}

static void
test_others(void **state)
{
	static const struct {
		const char *text;
		enum token is;
	} cases[] = {
		{ "", TOKEN_NONE }, { "docket", TOKEN_NONE },
		{ "docket_", TOKEN_MISTYPED }, { "hunter2", TOKEN_NONE },
		{ "DOCKET_000", TOKEN_NONE }, { "docket_0", TOKEN_MISTYPED },
		{ "docket_I000000000000000000000000000000000000000000000000000"
		  "0000000", TOKEN_MISTYPED },
	};
	char token[TOKEN_TEXT + 1];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(token_check(cases[i].text,
		    strlen(cases[i].text)), cases[i].is);
	token_make(token);
	for (n = 0; n < TOKEN_LENGTH; n++)
		assert_int_equal(token_check(token, n), n < 7 ? TOKEN_NONE :
		    TOKEN_MISTYPED);
	/* a line end is the caller's to leave out, a NUL is none */
	strcat(token, "\n");
	assert_int_equal(token_check(token, TOKEN_LENGTH + 1),
	    TOKEN_MISTYPED);
	token[20] = '\0';
	assert_int_equal(token_check(token, TOKEN_LENGTH), TOKEN_MISTYPED);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checked_as_by_zlib),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_mistyped),
		cmocka_unit_test(test_others),
	};

	if (hash_open() != 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
