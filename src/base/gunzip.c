/*
 * gunzip: gzip files, inflated within bounds.
 *
 * A fault of the form: all that is not GUNZIP_OK.
 * Fatal: zlib without memory.
 */
#define ZLIB_CONST
#include <limits.h>
#include <stdlib.h>
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

/* Piece by piece. */

struct gunzip_stream {
	z_stream	 z;
	uint64_t	 out, limit, most;
	bool		 ended;		/* a member, and nothing behind it */
};

struct gunzip_stream *
gunzip_open(uint64_t size, uint64_t limit, unsigned ratio)
{
	struct gunzip_stream *g = mem_alloc(sizeof(*g));
	uint64_t by_ratio = size > limit / ratio ? limit : size * ratio;

	if (inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK)
		fatal("out of memory");
	g->limit = limit;
	g->most = by_ratio < RATIO_FROM ? RATIO_FROM : by_ratio;
	if (g->most > limit)
		g->most = limit;
	return g;
}

/* What zlib says of a step, and of where that leaves us. */
static enum gunzip
judge_step(struct gunzip_stream *g, int status)
{
	if (status == Z_MEM_ERROR)
		fatal("out of memory");
	if (g->out > g->limit)
		return GUNZIP_TOO_LARGE;
	if (g->out > g->most)
		return g->most == g->limit ? GUNZIP_TOO_LARGE : GUNZIP_BOMB;
	/* there was nothing to do */
	if (status == Z_BUF_ERROR)
		return GUNZIP_OK;
	g->ended = status == Z_STREAM_END;
	if (g->ended && inflateReset(&g->z) != Z_OK)
		bug("inflateReset");
	return g->ended || status == Z_OK ? GUNZIP_OK : GUNZIP_DAMAGED;
}

enum gunzip
gunzip_next(struct gunzip_stream *g, const char **p, size_t *n, size_t room,
    struct buf *out)
{
	size_t given = *n > STEP ? STEP : *n, before = out->len;
	int status;

	buf_reserve(out, room);
	g->z.next_in = (const Bytef *)*p;
	g->z.avail_in = (uInt)given;
	g->z.next_out = (Bytef *)out->data + out->len;
	g->z.avail_out = (uInt)room;
	status = inflate(&g->z, Z_NO_FLUSH);
	out->len += room - g->z.avail_out;
	out->data[out->len] = '\0';
	g->out += out->len - before;
	*p += given - g->z.avail_in;
	*n -= given - g->z.avail_in;
	return judge_step(g, status);
}

bool
gunzip_ended(const struct gunzip_stream *g)
{
	return g->ended;
}

void
gunzip_close(struct gunzip_stream *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->z);
	free(g);
}
