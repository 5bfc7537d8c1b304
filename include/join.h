/*
 * join: several packs as one.
 *
 * Entries are copied as they are, each held against its checksum in the index;
 * of an object that several packs have, the first one's is taken.  Nothing is
 * inflated, and no delta is looked for: it takes as long as reading and writing
 * the bytes, and of memory, beside what is mapped, 4 bytes for each object and
 * 8 for each of the largest pack (and 4 of each where distances have changed).
 */
#ifndef DOCKET_JOIN_H
#define DOCKET_JOIN_H

#include "packdir.h"

/* All together they are smaller, or it fails (EFBIG). */
#define JOIN_MOST (UINT64_C(1) << 31)

/* Makes one pack of those that are marked as `merged', durably but for their
 * folder, and tells its name.  They stay where they are.  0; -1, and errno, and
 * the name of the pack that could not be read, if it was one: EIO where the disk
 * fails, EBADMSG where it is damaged, or such as git wrote long ago (version 1
 * of the index).  What is unfinished bears the names that join_clear() removes,
 * of this process, in which one is at work at a time. */
int	join_packs(int dirfd, const struct packdir *, char name[PACK_NAME]);
void	join_clear(int dirfd, long pid);

#endif
