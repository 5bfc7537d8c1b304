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

#endif
