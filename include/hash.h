/*
 * hash: SHA-256 and SHA-1 (FIPS 180-4), random names, and SipHash for tables.
 *
 * The only user of nettle and libsodium.  hash_open() comes first, once a
 * program.
 */
#ifndef DOCKET_HASH_H
#define DOCKET_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SHA256_HEX 65		/* 64 lower-case digits and a NUL */

/* 0, or -1 where the system has no random numbers to give. */
int	hash_open(void);

const char *hash_sha256(char hex[SHA256_HEX], const void *, size_t);

/* The same of bytes that come piece by piece: open, add …, close, which
 * frees it; hex NULL: nobody asks any more. */
struct hash;
struct hash *hash_sha256_open(void);
void	hash_sha256_add(struct hash *, const void *, size_t);
void	hash_sha256_close(struct hash *, char hex[SHA256_HEX]);

/* For the checksums at the end of a pack and of its index, and for trees whose
 * every byte is known (history.h).  Objects are named by libgit2, whose SHA-1
 * also detects collisions: this is not for anything of which an attacker may
 * choose bytes. */
#define SHA1_SIZE 20
void	hash_sha1(unsigned char digest[SHA1_SIZE], const void *, size_t);

bool	hash_is_sha256(const char *);	/* 64 lower-case hex digits */

/* Appends what base64 text (RFC 4648, 4) stands for; line ends are left out.
 * -1: it is none. */
int	hash_unbase64(struct buf *, const char *, size_t);

/* `digits' random hex digits and a NUL; digits is even. */
const char *hash_random(char *hex, size_t digits);

/* n random bytes, for a secret. */
void	hash_secret(void *, size_t n);
/* Forgets one. */
void	hash_wipe(void *, size_t n);

/* Keyed anew in each process: nobody can choose names that collide. */
uint64_t hash_short(const void *, size_t);

#endif
