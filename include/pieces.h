/*
 * pieces: memory for the XML library, which asks for many small pieces and
 * soon gives them back: a form of 1.5 kB takes some 2,000 of them.
 *
 * A small piece is cut from a larger one of malloc(3), and kept for the next
 * of its size when it is given back; malloc(3) does not get it again.  What
 * that comes to is part of sandbox_heap().  All other pieces are malloc(3)'s
 * own.  One thread.
 *
 * A piece goes back by pieces_free() and by nothing else.
 */
#ifndef DOCKET_PIECES_H
#define DOCKET_PIECES_H

#include <stdbool.h>
#include <stddef.h>

/* As in the C library; NULL where memory cannot be had. */
void	*pieces_malloc(size_t);
void	*pieces_realloc(void *, size_t);
char	*pieces_strdup(const char *);
void	 pieces_free(void *);

/* Whether any could not be had since it was last asked: the library does not
 * tell of all of them, and what it says of a form then is worth nothing. */
bool	 pieces_ran_out(void);

#endif
