/*
 * ahead: commits read ahead by threads, and handed out in order.
 *
 * What can be said of a commit without knowing any other is found out here:
 * its message, the paper that it brings, and the digests.  A paper with the
 * digest that its commit names may be one of a later tree, since neighbours
 * are then found in the same folders.
 */
#ifndef DOCKET_AHEAD_H
#define DOCKET_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "commit.h"
#include "form.h"
#include "hash.h"
#include "history.h"
#include "pack.h"
#include "ruling.h"

struct ahead;

/* A paper in the tree of a commit. */
struct filed {
	char		 path[LEDGER_PATH];	/* "": none was looked for */
	bool		 later;			/* of one some commits later:
						 * that this one has it too is
						 * not proven */
	int		 found;			/* 1; 0; -1: cannot be read */
	struct oid	 oid;
	struct buf	 bytes;
	bool		 stamped;
	struct stamp	 stamp;
	/* not where the ledger is believed: */
	char		 sha256[SHA256_HEX];
	bool		 as_sent;	/* without the stamp it has the digest
					 * that the stamp gives */
};

struct item {
	struct commit	 commit;
	struct ruling	 ruling;
	struct filed	 filed;
	const char	*wrong;		/* what is; lent; NULL: nothing yet */
	char		*unread;	/* why it cannot be read; or NULL */
};

/* Reads with so many threads.  The history and the oids stay the caller's,
 * and are there until it is closed. */
struct ahead *ahead_open(const struct history *, const struct oid *, size_t n,
	    unsigned threads);
void	ahead_close(struct ahead *);

/* The next commit, to be freed by item_free(); NULL at the end. */
struct item *ahead_next(struct ahead *);
void	item_free(struct item *);

/* Looks a paper up and finds out about it. */
void	filed_read(struct filed *, struct history *, const struct oid *tree,
	    const char *path);
void	filed_free(struct filed *);

#endif
