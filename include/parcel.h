/*
 * parcel: a file that was taken out of inbox, and what is known of it before
 * anybody has looked inside.
 */
#ifndef DOCKET_PARCEL_H
#define DOCKET_PARCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fault.h"
#include "hash.h"

#define CLAIM_ID 48

/* Whether a folder of inbox, and so of outbox, can have that name: letters,
 * digits, dots, hyphens and underscores, but not as forms are called. */
bool	parcel_box_valid(const char *name);
/* Folders of the outbox that are no box's: forms, gateway, reviewers,
 * strays. */
bool	parcel_box_reserved(const char *name);

struct parcel {
	char		 id[CLAIM_ID];	/* unique for ever */
	char		*box;		/* "": inbox itself */
	char		*name;		/* the file's */
	char		*claim;		/* its path below .docket/claims */
	long		 uid;		/* its owner; -1: unknown */
	bool		 young;		/* may still be growing */
	bool		 trouble;	/* it could not be read now, and that is
					 * not the sender's fault */
	bool		 keep;		/* refused, it is given back */
	bool		 large;		/* more than a form may have: its bytes
					 * are not here */
	struct buf	 file;		/* as it was sent */
	size_t		 size;		/* of that, here or not */
	struct buf	 form;		/* inflated; empty: as it was sent */
	char		 sha256[SHA256_HEX];	/* of the file */
	char		 digest[SHA256_HEX];	/* of the form */
	struct faults	 faults;	/* found by intake itself */
	/* of a form that was cut out of a batch: */
	void		*batch;		/* that; NULL: it is a file */
	uint64_t	 part;		/* 1, 2, ... */
	long		 line;		/* of the batch, where it begins */
	struct parcel	*with;		/* that came with it, and goes with
					 * it: a list's signature; or NULL */
};

void	parcel_free(struct parcel *);
/* Its bytes are no longer in memory; its claim has them. */
void	parcel_unload(struct parcel *);

/* The form's bytes. */
const struct buf *parcel_form(const struct parcel *);

/*
 * "acme/key.xml", as receipts and commits call it; the caller's to free.  A
 * name that is not fit to be shown, or leaves no room for the suffixes of an
 * answer, is made so (fs_short_name() with PARCEL_NAME).
 */
#define PARCEL_NAME (255 - 32)
char	*parcel_source(const struct parcel *);

#endif
