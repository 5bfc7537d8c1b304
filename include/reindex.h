/*
 * reindex: the index, brought up to the ledger's head.
 *
 * What a form says is in no commit message: workers read it out of the
 * papers once more, under the schemas of the day on which each was filed.
 */
#ifndef DOCKET_REINDEX_H
#define DOCKET_REINDEX_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct desk;
struct index;
struct ledger;

/* Called now and then with the commits that are done, of so many.  0: go on;
 * else it ends: what was added to an index that was there stays, of one that
 * is made anew nothing does. */
typedef int reindex_fn(void *arg, uint64_t done, uint64_t all);

/*
 * Opens a desk's index and goes on where it ends; from the beginning where
 * that cannot be, or anew is set.  NULL: the ledger or the index cannot be
 * read or written, and why says so.
 */
struct index *reindex(struct desk *desk, struct ledger *ledger, bool anew,
    reindex_fn *fn, void *arg, struct buf *why);

#endif
