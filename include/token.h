/*
 * token: a key as a client sends it.
 *
 *	docket_ 0123…xyz (52) abcdefg (7)
 *
 * 256 random bits as Crockford's base32 in lower case, most significant bit
 * first, with four zero bits at the end; then, in the same digits and with
 * three zero bits, the CRC-32 (ISO 3309, as zlib's crc32()) of all that comes
 * before it.  The prefix lets programs that look for leaked secrets find it,
 * the check tells a typing error from a key that is not good.
 *
 * What is kept of a token is the SHA-256 of the whole of it.
 */
#ifndef DOCKET_TOKEN_H
#define DOCKET_TOKEN_H

#include <stddef.h>

#define TOKEN_PREFIX "docket_"
#define TOKEN_LENGTH 66
#define TOKEN_TEXT (TOKEN_LENGTH + 1)

/* A new one, a secret: hash_wipe() it when it is written. */
void	token_make(char [TOKEN_TEXT]);

enum token {
	TOKEN_GOOD,
	TOKEN_MISTYPED,		/* meant to be one, and not as one was made */
	TOKEN_NONE,		/* something else */
};

/* Takes untrusted bytes, without a line end. */
enum token token_check(const char *, size_t);

#endif
