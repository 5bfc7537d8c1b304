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
 * Of the packs that are listed, marks as `merged' those that a merge which
 * begins now is to take, beside one at work (NULL: none is) that knows these.
 * How many: 0, or at least 2.
 *
 * One that is full is left as it is, and no more are taken at once than make
 * two: git holds about half a KiB of memory for each object that it merges, and
 * in a full one there are a million (the packs of a million cases, all at once,
 * took 6 GiB); while each pack costs the desk half a MiB.
 *
 * A merge leaves out what is in a pack that it knows and does not take.  So it
 * must not lose that one: nothing that a merge at work knows is taken by
 * another.  Else two could leave the same object to one another, and both
 * remove it.
 */
#define MERGE_FULL (UINT64_C(128) << 20)	/* bytes */
size_t	merge_choose(struct packdir *, const struct packdir *known);

#endif
