/*
 * gunzip: gzip files (RFC 1952), inflated within bounds.
 *
 * The only user of inflate.  Members may follow one another; anything else
 * behind the last one is damage.
 */
#ifndef DOCKET_GUNZIP_H
#define DOCKET_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum gunzip {
	GUNZIP_OK,
	GUNZIP_DAMAGED,		/* not gzip, cut short, wrong checksum */
	GUNZIP_TOO_LARGE,	/* more than `limit' bytes come out */
	GUNZIP_BOMB,		/* more than `ratio' times what went in */
};

bool	gunzip_is(const char *, size_t);	/* by its first two bytes */

/* Appends to out; what is in it after a failure is of no use. */
enum gunzip gunzip(const void *, size_t, size_t limit, unsigned ratio,
	    struct buf *out);

/*
 * The same for files of any size, piece by piece: the sizes of the whole are
 * what the bounds are taken of.
 *
 *	g = gunzip_open(size, limit, ratio);
 *	while (there is more) gunzip_next(g, &p, &n, room, &out);
 *	gunzip_close(g);
 *
 * gunzip_next() takes from p, which moves on, and appends at most `room'
 * bytes.  GUNZIP_OK: go on with what is left of p, or with what comes after
 * it.  gunzip_ended() says whether the file may end here.
 */
struct gunzip_stream;

struct gunzip_stream *gunzip_open(uint64_t size, uint64_t limit,
	    unsigned ratio);
enum gunzip gunzip_next(struct gunzip_stream *, const char **p, size_t *n,
	    size_t room, struct buf *out);
bool	gunzip_ended(const struct gunzip_stream *);
void	gunzip_close(struct gunzip_stream *);

#endif
