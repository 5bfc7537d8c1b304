/*
 * packfile: a pack and its index, mapped and read in place.
 *
 * Nothing that they say is believed further than to where they end.  Formats
 * are git's: gitformat-pack(5), version 2 of both.
 */
#ifndef DOCKET_PACKFILE_H
#define DOCKET_PACKFILE_H

#include "pack.h"

/* Types that are deltas, beside those of enum object. */
#define OFS_DELTA 6
#define REF_DELTA 7

/* What is before the first entry of a pack, and behind the last. */
#define PACK_HEAD 12
#define PACK_TAIL OID_SIZE

/* An index: a head, 256 counts, so many names, checksums, offsets, and two
 * checksums. */
#define INDEX_HEAD 8
#define INDEX_FAN (256 * 4)
#define INDEX_EACH (OID_SIZE + 4 + 4)
#define INDEX_TAIL (2 * OID_SIZE)

struct packfile {
	const unsigned char *index, *pack;
	size_t		 index_len, pack_len;
	uint32_t	 n;		/* objects */
};

/* Opens `name' (pack-<hash>, without a suffix) in a folder.  False: it cannot
 * be mapped (errno), or is not what it is called (EBADMSG). */
bool	packfile_open(struct packfile *, int dirfd, const char *name);
void	packfile_close(struct packfile *);

/* Objects have places in the index, in the order of their names, from 0. */
bool	packfile_find(const struct packfile *, const struct oid *,
	    uint32_t *place);
const unsigned char *packfile_name(const struct packfile *, uint32_t place);
uint32_t packfile_crc(const struct packfile *, uint32_t place);
/* Where its entry begins; false: not within the pack. */
bool	packfile_offset(const struct packfile *, uint32_t place,
	    uint64_t *offset);

/* An entry of a pack, by its head. */
struct packed {
	unsigned	 type;		/* an enum object, or a delta's */
	uint64_t	 size;		/* inflated */
	uint64_t	 base;		/* of a delta: where that entry is */
	uint64_t	 at;		/* where what is deflated begins */
};
bool	packfile_entry(const struct packfile *, uint64_t offset,
	    struct packed *);

#endif
