/*
 * pack: a group's objects, written as one pack with its index.
 *
 * The formats are git's: gitformat-pack(5), version 2 of both.  Objects are
 * compressed as they come and kept in memory until pack_write(), which syncs
 * everything before it gives the files their names: what a name leads to is
 * whole.
 *
 * A tree that was written before in the same pack is written as a delta
 * against that: copy, insert what is new, copy.  No search is needed, as a
 * change of a tree changes one entry.
 */
#ifndef DOCKET_PACK_H
#define DOCKET_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define OID_SIZE 20

struct oid {
	unsigned char	 id[OID_SIZE];
};

enum object { OBJECT_COMMIT = 1, OBJECT_TREE = 2, OBJECT_BLOB = 3 };

/* Where an object lies in the pack that is being made. */
struct pack_place {
	uint64_t	 pack;		/* which; 0: nowhere */
	uint64_t	 offset;
	unsigned	 depth;		/* deltas below it */
};

struct pack;

struct pack *pack_new(void);
void	pack_free(struct pack *);

/* Forgets everything, for the next group. */
void	pack_reset(struct pack *);

size_t	pack_count(const struct pack *);
size_t	pack_bytes(const struct pack *);
bool	pack_has(const struct pack *, const struct oid *);

/* Adds an object, unless it is there already.  *place, if not NULL, is set
 * to where it lies. */
void	pack_add(struct pack *, enum object, const struct oid *,
	    const void *, size_t, struct pack_place *);

/* Adds a tree against its last version, whose bytes are given too; *place
 * leads to that version and is set to the new one.  Adds it whole where a
 * delta cannot be or is not worth it. */
void	pack_add_tree(struct pack *, const struct oid *, const struct buf *raw,
	    const struct buf *last, struct pack_place *place);

/* The distance back to a delta's base, as it is written; how many bytes. */
#define PACK_DISTANCE 10
size_t	pack_distance(unsigned char to[PACK_DISTANCE], uint64_t distance);

/* Writes pack-<id>.pack and .idx into dirfd, durably.  0, or -1 with errno;
 * nothing has a name then that git would look at. */
int	pack_write(struct pack *, int dirfd);

#endif
