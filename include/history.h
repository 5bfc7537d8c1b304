/*
 * history: a ledger's objects as they are, for who believes nothing.
 *
 * Every object that is read is hashed and compared with its name, by
 * libgit2.  A handle is used by one thread at a time; each thread has its own.
 * Functions return 0, or -1 with ledger_error().
 */
#ifndef DOCKET_HISTORY_H
#define DOCKET_HISTORY_H

#include <stddef.h>

#include "pack.h"

struct buf;
struct history;

struct history *history_open(const char *path);
void	history_close(struct history *);

/* The commits that the branch leads to, by first parents, oldest first; the
 * caller frees the array.  What this says of parents is not proven: commits
 * are not hashed here.  Before there are threads. */
int	history_chain(struct history *, struct oid **, size_t *n);

/* The bytes of an object, appended. */
int	history_read(struct history *, enum object, const struct oid *,
	    struct buf *);

/* The file at a path of a tree.  1: there is one; 0: there is none. */
int	history_find(struct history *, const struct oid *tree,
	    const char *path, struct oid *);

/* What git calls an object with this content. */
void	history_name(enum object, const void *, size_t, struct oid *);

#endif
