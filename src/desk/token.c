/*
 * token: a key as a client sends it.
 *
 * May not: keep one; know whose it is.
 */
#include <stdint.h>
#include <string.h>

#include "hash.h"

#include "token.h"

#define SECRET 32		/* bytes */
#define SECRET_DIGITS 52
#define CHECK_DIGITS 7

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* So many digits of the bits of p, zeros behind its n bytes. */
static char *
put_digits(char *to, const unsigned char *p, size_t n, size_t count)
{
	size_t i, bit, value, k;

	for (i = 0; i < count; i++) {
		for (value = k = 0; k < 5; k++) {
			bit = i * 5 + k;
			value = value << 1 | (bit / 8 < n &&
			    (p[bit / 8] >> (7 - bit % 8) & 1));
		}
		*to++ = digits[value];
	}
	return to;
}

/* CRC-32, reflected, as in ISO 3309 and zlib. */
static uint32_t
check_of(const char *p, size_t n)
{
	uint32_t crc = 0xffffffff;
	int bit;

	for (; n > 0; n--) {
		crc ^= (unsigned char)*p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void
put_check(char *to, const char *p, size_t n)
{
	uint32_t crc = check_of(p, n);
	const unsigned char bytes[4] = {
		(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
		(unsigned char)(crc >> 8), (unsigned char)crc,
	};

	put_digits(to, bytes, sizeof(bytes), CHECK_DIGITS);
}

void
token_make(char token[TOKEN_TEXT])
{
	const size_t before = TOKEN_LENGTH - CHECK_DIGITS;
	unsigned char secret[SECRET];

	hash_secret(secret, sizeof(secret));
	strcpy(token, TOKEN_PREFIX);
	put_digits(token + strlen(TOKEN_PREFIX), secret, sizeof(secret),
	    SECRET_DIGITS);
	hash_wipe(secret, sizeof(secret));
	put_check(token + before, token, before);
	token[TOKEN_LENGTH] = '\0';
}

enum token
token_check(const char *p, size_t n)
{
	const size_t before = TOKEN_LENGTH - CHECK_DIGITS;
	char check[CHECK_DIGITS];
	size_t i;

	if (n < strlen(TOKEN_PREFIX) ||
	    memcmp(p, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) != 0)
		return TOKEN_NONE;
	if (n != TOKEN_LENGTH)
		return TOKEN_MISTYPED;
	for (i = strlen(TOKEN_PREFIX); i < n; i++)
		if (p[i] == '\0' || strchr(digits, p[i]) == NULL)
			return TOKEN_MISTYPED;
	put_check(check, p, before);
	/* four bits of the last digit before the check are not used */
	return memcmp(p + before, check, sizeof(check)) == 0 &&
	    (p[before - 1] == digits[0] || p[before - 1] == digits[16]) ?
	    TOKEN_GOOD : TOKEN_MISTYPED;
}
