/*
 * gunzip: gzip files, inflated within bounds.
 *
 * A fault of the form: all that is not GUNZIP_OK.
 * Fatal: zlib without memory.
 */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "buf.h"
#include "gunzip.h"
#include "log.h"

#define STEP 65536

/* A ratio means nothing in the first kilobytes: a short form of blanks is no
 * attack. */
#define RATIO_FROM 65536

bool
gunzip_is(const char *p, size_t n)
{
	return n >= 2 && (unsigned char)p[0] == 0x1f &&
	    (unsigned char)p[1] == 0x8b;
}

/* Inflates one member.  Z_STREAM_END at its end; Z_OK: bounds were met. */
static int
inflate_member(z_stream *z, struct buf *out, size_t start, size_t most)
{
	int status = Z_OK;

	while (status == Z_OK && out->len - start <= most) {
		buf_reserve(out, STEP);
		z->next_out = (Bytef *)out->data + out->len;
		z->avail_out = STEP;
		status = inflate(z, Z_NO_FLUSH);
		out->len += STEP - z->avail_out;
	}
	return status;
}

static enum gunzip
inflate_all(z_stream *z, size_t n, size_t limit, unsigned ratio,
    struct buf *out)
{
	size_t start = out->len, by_ratio = n > limit / ratio ? limit :
	    n * ratio;
	size_t most = by_ratio < RATIO_FROM ? RATIO_FROM : by_ratio;
	int status;

	if (most > limit)
		most = limit;
	while ((status = inflate_member(z, out, start, most)) ==
	    Z_STREAM_END) {
		if (out->len - start > most)
			break;
		if (z->avail_in == 0)
			return GUNZIP_OK;
		if (inflateReset(z) != Z_OK)
			bug("inflateReset");
	}
	if (status == Z_MEM_ERROR)
		fatal("out of memory");
	if (out->len - start > limit)
		return GUNZIP_TOO_LARGE;
	if (out->len - start > most)
		return GUNZIP_BOMB;
	return GUNZIP_DAMAGED;
}

enum gunzip
gunzip(const void *p, size_t n, size_t limit, unsigned ratio, struct buf *out)
{
	z_stream z = { 0 };
	enum gunzip result;

	if (n > UINT_MAX || ratio == 0)
		bug("gunzip bounds");
	z.next_in = p;
	z.avail_in = (uInt)n;
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		fatal("out of memory");
	result = inflate_all(&z, n, limit, ratio, out);
	inflateEnd(&z);
	buf_reserve(out, 0);
	out->data[out->len] = '\0';
	return result;
}
