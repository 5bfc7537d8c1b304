/*
 * sha256: SHA-256 (FIPS 180-4, 6.2) by the instructions that some processors
 * have for it (Intel, "SHA Extensions"): six times as fast as without.
 *
 * Our bug: use where there are none.
 */
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "log.h"
#include "sha256.h"

#if defined(__x86_64__)

/* 4.2.2 */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* What the instructions want of the state: its words in two halves. */
struct halves {
	__m128i	 abef, cdgh;
};

/* 6.2.2: so many blocks of 64 bytes. */
__attribute__((target("sha,sse4.1,ssse3")))
static void
blocks(struct halves *h, const unsigned char *p, size_t n)
{
	const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5,
	    6, 7, 0, 1, 2, 3);
	__m128i abef = h->abef, cdgh = h->cdgh, before[2], w[4], sum, k;
	unsigned i;

	for (; n > 0; n--, p += 64) {
		before[0] = abef;
		before[1] = cdgh;
#pragma GCC unroll 16
		for (i = 0; i < 16; i++) {
			if (i < 4)
				w[i] = _mm_shuffle_epi8(_mm_loadu_si128(
				    (const __m128i *)(const void *)
				    (p + 16 * i)), order);
			else
				/* the words of 16, 15, 7 and 2 before */
				w[i % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(
				    _mm_sha256msg1_epu32(w[i % 4],
				    w[(i + 1) % 4]),
				    _mm_alignr_epi8(w[(i + 3) % 4],
				    w[(i + 2) % 4], 4)), w[(i + 3) % 4]);
			k = _mm_load_si128((const __m128i *)(const void *)
			    (constants + 4 * i));
			sum = _mm_add_epi32(w[i % 4], k);
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh,
			    _mm_shuffle_epi32(sum, 0x0e));
		}
		abef = _mm_add_epi32(abef, before[0]);
		cdgh = _mm_add_epi32(cdgh, before[1]);
	}
	h->abef = abef;
	h->cdgh = cdgh;
}

static void
put_u32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static void
put_state(unsigned char digest[SHA256_SIZE], const struct halves *h)
{
	/* where each word is, in the order of its letter */
	static const unsigned place[8] = { 3, 2, 7, 6, 1, 0, 5, 4 };
	uint32_t words[8];
	unsigned i;

	memcpy(words, &h->abef, 16);
	memcpy(words + 4, &h->cdgh, 16);
	for (i = 0; i < 8; i++)
		put_u32(digest + 4 * i, words[place[i]]);
}

void
sha256(unsigned char digest[SHA256_SIZE], const void *data, size_t n)
{
	/* 5.3.3 */
	struct halves h = {
		_mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f,
		    (int)0x9b05688c),
		_mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab,
		    0x5be0cd19),
	};
	const unsigned char *p = data;
	unsigned char last[128] = { 0 };
	uint64_t bits = (uint64_t)n * 8;
	size_t rest = n % 64, padded = rest < 56 ? 64 : 128, i;

	if (!sha256_is_there())
		bug("sha256() without instructions for it");
	blocks(&h, p, n / 64);
	if (rest > 0)
		memcpy(last, p + n - rest, rest);
	/* 5.1.1: a one, zeros, the length in bits */
	last[rest] = 0x80;
	for (i = 0; i < 8; i++)
		last[padded - 1 - i] = (unsigned char)(bits >> (8 * i));
	blocks(&h, last, padded / 64);
	explicit_bzero(last, sizeof(last));	/* it may be of a key */
	put_state(digest, &h);
}

/* To ask costs, on a virtual machine: once. */
bool
sha256_is_there(void)
{
	static _Atomic int known = -1;
	unsigned a, b = 0, c, d;

	if (known < 0)
		known = __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 &&
		    (b >> 29 & 1) == 1;
	return known == 1;
}

#else

void
sha256(unsigned char digest[SHA256_SIZE], const void *data, size_t n)
{
	(void)digest;
	(void)data;
	(void)n;
	bug("sha256() without instructions for it");
}

bool
sha256_is_there(void)
{
	return false;
}

#endif
