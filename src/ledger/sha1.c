/*
 * sha1: SHA-1 (FIPS 180-4, 6.1), without detection of collisions.
 *
 * In C, and by the instructions that some processors have for it (Intel,
 * "SHA Extensions"), which are five times as fast.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "sha1.h"

static uint32_t
rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

/* 6.1.2: one block of 64 bytes. */
static void
block_plain(uint32_t h[5], const unsigned char *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f, k,
	    t;
	unsigned i;

	for (i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		    (uint32_t)p[2] << 8 | p[3];
	for (; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (i = 0; i < 80; i++) {
		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		t = rotate(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

#if defined(__x86_64__)

/* Four times five groups of four rounds, each five with a function of their
 * own, which the instruction wants to know beforehand.  `w' is a ring of the
 * last four groups of the schedule. */
#define GROUP(i, function) do {						\
	if ((i) >= 4)							\
		w[(i) % 4] = _mm_sha1msg2_epu32(_mm_xor_si128(		\
		    _mm_sha1msg1_epu32(w[(i) % 4], w[((i) + 1) % 4]),	\
		    w[((i) + 2) % 4]), w[((i) + 3) % 4]);		\
	e = (i) == 0 ? _mm_add_epi32(e, w[0]) :				\
	    _mm_sha1nexte_epu32(e, w[(i) % 4]);				\
	next = abcd;							\
	abcd = _mm_sha1rnds4_epu32(abcd, e, function);			\
	e = next;							\
} while (0)

#define GROUPS(i, function) do {					\
	GROUP(i, function);						\
	GROUP((i) + 1, function);					\
	GROUP((i) + 2, function);					\
	GROUP((i) + 3, function);					\
	GROUP((i) + 4, function);					\
} while (0)

__attribute__((target("sha,sse4.1")))
static void
block_fast(uint32_t h[5], const unsigned char *p)
{
	const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	    11, 12, 13, 14, 15);
	__m128i before, abcd, e, next, w[4];
	unsigned i;

	/* the first word is the highest */
	before = abcd = _mm_set_epi32((int)h[0], (int)h[1], (int)h[2],
	    (int)h[3]);
	e = _mm_set_epi32((int)h[4], 0, 0, 0);
	for (i = 0; i < 4; i++)
		w[i] = _mm_shuffle_epi8(_mm_loadu_si128(
		    (const __m128i *)(const void *)(p + 16 * i)), order);
	GROUPS(0, 0);
	GROUPS(5, 1);
	GROUPS(10, 2);
	GROUPS(15, 3);
	e = _mm_sha1nexte_epu32(e, _mm_set_epi32((int)h[4], 0, 0, 0));
	abcd = _mm_add_epi32(abcd, before);
	h[0] = (uint32_t)_mm_extract_epi32(abcd, 3);
	h[1] = (uint32_t)_mm_extract_epi32(abcd, 2);
	h[2] = (uint32_t)_mm_extract_epi32(abcd, 1);
	h[3] = (uint32_t)_mm_extract_epi32(abcd, 0);
	h[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

/* To ask costs, on a virtual machine: once. */
bool
sha1_is_fast(void)
{
	static _Atomic int known = -1;
	unsigned a, b = 0, c, d;

	if (known < 0)
		known = __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 &&
		    (b >> 29 & 1) == 1;
	return known == 1;
}

#else

#define block_fast block_plain

bool
sha1_is_fast(void)
{
	return false;
}

#endif

static void
digest_by(void (*block)(uint32_t [5], const unsigned char *),
    unsigned char digest[SHA1_SIZE], const void *data, size_t n)
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
	    0xc3d2e1f0 };
	const unsigned char *p = data;
	unsigned char last[128] = { 0 };
	uint64_t bits = (uint64_t)n * 8;
	size_t rest, padded, i;

	for (; n >= 64; n -= 64, p += 64)
		block(h, p);
	/* 5.1.1: a one, zeros, the length in bits */
	rest = n;
	if (rest > 0)
		memcpy(last, p, rest);
	last[rest] = 0x80;
	padded = rest < 56 ? 64 : 128;
	for (i = 0; i < 8; i++)
		last[padded - 1 - i] = (unsigned char)(bits >> (8 * i));
	for (i = 0; i < padded; i += 64)
		block(h, last + i);
	for (i = 0; i < SHA1_SIZE; i++)
		digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void
sha1(unsigned char digest[SHA1_SIZE], const void *data, size_t n)
{
	digest_by(sha1_is_fast() ? block_fast : block_plain, digest, data, n);
}

void
sha1_plain(unsigned char digest[SHA1_SIZE], const void *data, size_t n)
{
	digest_by(block_plain, digest, data, n);
}
