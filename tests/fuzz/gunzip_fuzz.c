/*
 * gunzip_fuzz: what comes out keeps within its bounds; what looser bounds
 * give is the same; what was compressed comes back.
 */
#include "fuzz.h"

#include <zlib.h>

#include "gunzip.h"

#define LIMIT (256u * 1024)
#define RATIO 20u
#define LOOSE (2u * 1024 * 1024)

static void
check_loose(const void *p, size_t n, const struct buf *out)
{
	struct buf loose = BUF_INIT;

	must(gunzip(p, n, LOOSE, 10000, &loose) == GUNZIP_OK);
	must(same_bytes(out, &loose));
	buf_free(&loose);
}

/* The target's input as contents: compressed, in two members. */
static void
check_back(const uint8_t *p, size_t n)
{
	struct buf gz = BUF_INIT, out = BUF_INIT;
	size_t part[2] = { n / 3, n - n / 3 };
	z_stream z;
	int i;

	for (i = 0; i < 2; i++, p += part[0]) {
		z = (z_stream){ 0 };
		must(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
		    Z_DEFAULT_STRATEGY) == Z_OK);
		buf_reserve(&gz, part[i] + 1024);
		z.next_in = (Bytef *)(uintptr_t)p;
		z.avail_in = (uInt)part[i];
		z.next_out = (Bytef *)gz.data + gz.len;
		z.avail_out = (uInt)part[i] + 1024;
		must(deflate(&z, Z_FINISH) == Z_STREAM_END);
		gz.len += z.total_out;
		deflateEnd(&z);
	}
	must(gunzip_is(gz.data, gz.len));
	must(gunzip(gz.data, gz.len, LOOSE, 10000, &out) == GUNZIP_OK);
	must(out.len == n && (n == 0 ||
	    memcmp(out.data, p - 2 * part[0], n) == 0));
	buf_free(&gz);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf out = BUF_INIT;
	enum gunzip result = gunzip(p, n, LIMIT, RATIO, &out);

	if (result == GUNZIP_OK) {
		must(gunzip_is((const char *)p, n));
		must(out.len <= LIMIT);
		must(out.len <= n * RATIO || out.len <= 65536);
		check_loose(p, n, &out);
	}
	must(out.len <= LIMIT + 65536);
	buf_free(&out);
	if (n <= LOOSE)
		check_back(p, n);
	return 0;
}
