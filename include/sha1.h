/*
 * sha1: SHA-1 (FIPS 180-4, 6.1), for the checksums at the end of a pack and
 * of its index, and for trees whose every byte is known (history.h).
 *
 * Objects are named by libgit2, whose SHA-1 also detects collisions; it
 * does not lend its hash out, and libsodium has none.  Not for anything of
 * which an attacker may choose bytes.
 */
#ifndef DOCKET_SHA1_H
#define DOCKET_SHA1_H

#include <stdbool.h>
#include <stddef.h>

#define SHA1_SIZE 20

/* Whether the processor has instructions for it. */
bool	sha1_is_fast(void);

void	sha1(unsigned char digest[SHA1_SIZE], const void *, size_t);
/* The same without them: for tests. */
void	sha1_plain(unsigned char digest[SHA1_SIZE], const void *, size_t);

#endif
