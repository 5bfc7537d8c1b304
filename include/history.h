/*
 * history: a ledger's objects as they are, for who reads all of them.
 *
 * A handle is used by one thread at a time; each thread has its own, and the
 * first is opened before there are others and closed after them: packs are
 * mapped whole from then to then, also those of a struct ledger.
 * Functions return 0, or -1 with ledger_error().
 */
#ifndef DOCKET_HISTORY_H
#define DOCKET_HISTORY_H

#include <stddef.h>

#include "pack.h"

struct buf;
struct history;

/* Whether every object that is read is hashed and compared with its name, by
 * libgit2; the first that is open decides. */
enum history_belief { HISTORY_PROVEN, HISTORY_BELIEVED };

struct history *history_open(const char *path, enum history_belief);
/* Another of the same ledger, for another thread; it borrows packs, and is
 * closed first. */
struct history *history_beside(const struct history *);
void	history_close(struct history *);
/* As long as one is open. */
enum history_belief history_belief(void);

/* The commits that the branch leads to, by first parents, after the one named
 * (NULL: from the first), oldest first; the caller frees the array.  -1 too
 * if that one is not among them.  fn, or NULL, is shown the bytes of each
 * as they are come by, newest first.  What this says of parents, and those
 * bytes, is not proven: commits are not hashed here.  Before there are
 * threads. */
typedef void history_fn(void *arg, const struct buf *commit);
int	history_chain(struct history *, const struct oid *after,
	    history_fn *fn, void *arg, struct oid **oids, size_t *n);

/* The bytes of an object, appended. */
int	history_read(struct history *, enum object, const struct oid *,
	    struct buf *);

/* The file at a path of a tree.  1: there is one; 0: there is none. */
int	history_find(struct history *, const struct oid *tree,
	    const char *path, struct oid *);

/* What git calls an object with this content. */
void	history_name(enum object, const void *, size_t, struct oid *);

/* The same of a tree, faster, and blind to collisions: only for one that the
 * caller has made of names and ids that are proven, not for one that was read.
 * To make two such trees with one name, somebody would have to choose some
 * hundred bytes in a row, and of none that stand between two names more than 20
 * are left open, which are a hash again. */
void	history_name_tree(const void *, size_t, struct oid *);

#endif
