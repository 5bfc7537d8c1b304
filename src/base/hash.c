/*
 * hash: SHA-256, SHA-1, random names, SipHash.
 *
 * May not: keep a secret longer than a call.
 * Our bug: use before hash_open().
 */
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "log.h"

static unsigned char short_key[crypto_shorthash_KEYBYTES];
static bool opened;

int
hash_open(void)
{
	if (sodium_init() < 0)
		return -1;
	if (!opened)
		crypto_shorthash_keygen(short_key);
	opened = true;
	return 0;
}

/* Nettle's, which takes the processor's own instructions where there are any:
 * libsodium's SHA-256 is in C, and it has no SHA-1. */

struct hash {
	struct sha256_ctx ctx;
};

static const char *
end_sha256(struct sha256_ctx *ctx, char hex[SHA256_HEX])
{
	unsigned char digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(digest), digest);
	return sodium_bin2hex(hex, SHA256_HEX, digest, sizeof(digest));
}

const char *
hash_sha256(char hex[SHA256_HEX], const void *p, size_t n)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, p);
	return end_sha256(&ctx, hex);
}

struct hash *
hash_sha256_open(void)
{
	struct hash *h = mem_alloc(sizeof(*h));

	sha256_init(&h->ctx);
	return h;
}

void
hash_sha256_add(struct hash *h, const void *p, size_t n)
{
	sha256_update(&h->ctx, n, p);
}

void
hash_sha256_close(struct hash *h, char hex[SHA256_HEX])
{
	if (h == NULL)
		return;
	if (hex != NULL)
		end_sha256(&h->ctx, hex);
	free(h);
}

void
hash_sha1(unsigned char digest[SHA1_SIZE], const void *p, size_t n)
{
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, n, p);
	sha1_digest(&ctx, SHA1_SIZE, digest);
}

bool
hash_is_sha256(const char *hex)
{
	return strlen(hex) == SHA256_HEX - 1 &&
	    strspn(hex, "0123456789abcdef") == SHA256_HEX - 1;
}

const char *
hash_random(char *hex, size_t digits)
{
	unsigned char bytes[32];

	if (!opened || digits % 2 != 0 || digits / 2 > sizeof(bytes))
		bug("random name");
	randombytes_buf(bytes, digits / 2);
	return sodium_bin2hex(hex, digits + 1, bytes, digits / 2);
}

void
hash_secret(void *p, size_t n)
{
	if (!opened)
		bug("hash_open() was not called");
	randombytes_buf(p, n);
}

void
hash_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

uint64_t
hash_short(const void *p, size_t n)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t value;

	if (!opened)
		bug("hash_open() was not called");
	crypto_shorthash(out, p, n, short_key);
	memcpy(&value, out, sizeof(value));
	return value;
}

int
hash_unbase64(struct buf *out, const char *p, size_t n)
{
	unsigned char *raw = mem_alloc(n);
	size_t len;
	int status;

	/* a NUL would be among those that are left out */
	status = memchr(p, '\0', n) != NULL ? -1 : sodium_base642bin(raw, n,
	    p, n, "\r\n", &len, NULL, sodium_base64_VARIANT_ORIGINAL);
	if (status == 0)
		buf_put(out, raw, len);
	free(raw);
	return status == 0 ? 0 : -1;
}
