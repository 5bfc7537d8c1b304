/*
 * sha256: SHA-256 by the processor, where it can.
 *
 * For hash.c, which turns to libsodium where it cannot; nobody else calls it.
 */
#ifndef DOCKET_SHA256_H
#define DOCKET_SHA256_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE 32

bool	sha256_is_there(void);
void	sha256(unsigned char digest[SHA256_SIZE], const void *, size_t);

#endif
