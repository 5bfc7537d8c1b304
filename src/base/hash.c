/*
 * hash: SHA-256, random names, SipHash.
 *
 * May not: keep a secret longer than a call.
 * Our bug: use before hash_open().
 */
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

const char *
hash_sha256(char hex[SHA256_HEX], const void *p, size_t n)
{
	unsigned char digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest, p, n);
	return sodium_bin2hex(hex, SHA256_HEX, digest, sizeof(digest));
}

struct hash {
	crypto_hash_sha256_state state;
};

struct hash *
hash_sha256_open(void)
{
	struct hash *h = mem_alloc(sizeof(*h));

	crypto_hash_sha256_init(&h->state);
	return h;
}

void
hash_sha256_add(struct hash *h, const void *p, size_t n)
{
	crypto_hash_sha256_update(&h->state, p, n);
}

void
hash_sha256_close(struct hash *h, char hex[SHA256_HEX])
{
	unsigned char digest[crypto_hash_sha256_BYTES];

	if (h == NULL)
		return;
	crypto_hash_sha256_final(&h->state, digest);
	if (hex != NULL)
		sodium_bin2hex(hex, SHA256_HEX, digest, sizeof(digest));
	free(h);
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
