/*
 * merge: which packs become one.
 */
#ifndef DOCKET_MERGE_H
#define DOCKET_MERGE_H

#include <stddef.h>
#include <stdint.h>

struct packdir;

/*
 * Of packs of these sizes, smallest first, so many of the first are to become
 * one that each that stays is at least twice as large as all smaller ones
 * together; 0: it is so.  (git's own rule compares neighbours.)  Of N bytes
 * some log(N) packs are made, and each byte is written again only so often.
 */
size_t	merge_split(const uint64_t *sizes, size_t n);

/*
 * Of the packs that are listed, marks as `merged' those that a merge is to take,
 * but for those that are spared.  How many: 0, or at least 2.
 *
 * One that is full is left as it is, and no more are taken at once than make
 * two: what a merge takes of time and memory is bounded so, and offsets in what
 * it makes fit into the index.  Each pack costs the desk half a MiB.
 */
#define MERGE_FULL (UINT64_C(512) << 20)	/* bytes */
size_t	merge_choose(struct packdir *, const struct packdir *spared);

#endif
