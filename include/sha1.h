/*
 * sha1: SHA-1 (FIPS 180-4, 6.1), for the checksums at the end of a pack and
 * of its index.
 *
 * Objects are named by libgit2, whose SHA-1 also detects collisions; it
 * does not lend its hash out, and libsodium has none.  Not for anything that
 * must resist an attacker.
 */
#ifndef DOCKET_SHA1_H
#define DOCKET_SHA1_H

#include <stddef.h>

#define SHA1_SIZE 20

void	sha1(unsigned char digest[SHA1_SIZE], const void *, size_t);

#endif
