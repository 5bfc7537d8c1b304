/*
 * pieces: memory for the XML library.
 *
 * May not: give a piece of one size out as one of another.
 * Our trouble: there is no memory.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pieces.h"

/* Before each piece stands how long it is, with that; pieces are aligned as
 * those of malloc(3). */
#define HEAD sizeof(uint64_t)
#define ALIGN 16

/* The longest that is kept.  A sanitizer is to see each by itself. */
#if defined(__SANITIZE_ADDRESS__)
#define SMALL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SMALL 0
#endif
#endif
#ifndef SMALL
#define SMALL 512
#endif

#define SLAB 32768

struct spare {
	struct spare	*next;
};

static struct spare *spares[SMALL / ALIGN + 1];
static char *slab;			/* what is not cut yet */
static size_t slab_left;
static bool ran_out;

static uint64_t *
head_of(void *piece)
{
	return (uint64_t *)((char *)piece - HEAD);
}

static void *
refuse(void)
{
	ran_out = true;
	return NULL;
}

/* SIZE_MAX: too long to be had. */
static size_t
length_for(size_t n)
{
	return n > SIZE_MAX / 2 ? SIZE_MAX :
	    (n + HEAD + ALIGN - 1) / ALIGN * ALIGN;
}

static void *
cut(size_t length)
{
	void *piece;
	char *more;

	if (slab_left < length) {
		if ((more = malloc(SLAB)) == NULL)
			return refuse();
		/* the first head stands where its piece will be aligned */
		slab = more + ALIGN - HEAD;
		slab_left = SLAB - ALIGN;
	}
	piece = slab + HEAD;
	*head_of(piece) = length;
	slab += length;
	slab_left -= length;
	return piece;
}

/* One of malloc(3)'s, new or longer. */
static void *
large(void *block, size_t length)
{
	char *more = length == SIZE_MAX ? NULL : realloc(block,
	    length + ALIGN - HEAD);
	void *piece;

	if (more == NULL)
		return refuse();
	piece = more + ALIGN;
	*head_of(piece) = length;
	return piece;
}

static void *
block_of(void *piece)
{
	return (char *)piece - ALIGN;
}

void *
pieces_malloc(size_t n)
{
	size_t length = length_for(n);
	struct spare *spare;

	if (length > SMALL)
		return large(NULL, length);
	spare = spares[length / ALIGN];
	if (spare == NULL)
		return cut(length);
	spares[length / ALIGN] = spare->next;
	return spare;
}

void
pieces_free(void *piece)
{
	struct spare *spare = piece;
	uint64_t length;

	if (piece == NULL)
		return;
	length = *head_of(piece);
	if (length > SMALL) {
		free(block_of(piece));
		return;
	}
	spare->next = spares[length / ALIGN];
	spares[length / ALIGN] = spare;
}

void *
pieces_realloc(void *piece, size_t n)
{
	size_t to = length_for(n), from;
	void *other;

	if (piece == NULL)
		return pieces_malloc(n);
	from = *head_of(piece);
	if (from > SMALL && to > SMALL)
		return large(block_of(piece), to);
	if (to <= from && from <= SMALL)
		return piece;
	if ((other = pieces_malloc(n)) == NULL)
		return NULL;
	memcpy(other, piece, (from < to ? from : to) - HEAD);
	pieces_free(piece);
	return other;
}

char *
pieces_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = pieces_malloc(n);

	if (copy != NULL)
		memcpy(copy, s, n);
	return copy;
}

bool
pieces_ran_out(void)
{
	bool was = ran_out;

	ran_out = false;
	return was;
}
