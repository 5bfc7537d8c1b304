/*
 * packs: objects read straight out of a repository's packs.
 *
 * For who reads all of a ledger: no lock, no search that is not needed, and
 * memory that is used again.  What is not found here, or not understood, may
 * be there all the same: libgit2 knows more (loose objects, alternates, packs
 * that came meanwhile, objects beyond all measure).  Formats are git's:
 * gitformat-pack(5), version 2 of both.
 *
 * A handle is used by one thread at a time.
 */
#ifndef DOCKET_PACKS_H
#define DOCKET_PACKS_H

#include "pack.h"

struct buf;
struct packs;

/* Those that are there now, in the folder objects/pack of a repository; none
 * is fine. */
struct packs *packs_open(const char *repository);
/* The same ones for another thread; they are lent, and closed last. */
struct packs *packs_share(const struct packs *);
void	packs_close(struct packs *);

/* The bytes of an object, appended, and its type.  They are as long as the
 * pack says and have zlib's checksum (RFC 1950); that they are what the object
 * is called by is the caller's to prove.  False, and nothing appended: ask
 * libgit2. */
bool	packs_read(struct packs *, const struct oid *, enum object *type,
	    struct buf *);

#endif
