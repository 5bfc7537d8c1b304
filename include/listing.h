/*
 * listing: a signed list in hand, as the files of lists share it.  Nobody else
 * includes it.
 *
 * lists.c has list and signature wait for each other, and be read; listjudge.c
 * judges their entries.
 */
#ifndef DOCKET_LISTING_H
#define DOCKET_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"
#include "signature.h"
#include "sshsig.h"
#include "wire.h"

struct buf;
struct flow;
struct job;
struct parcel;

struct list {
	char		*key;		/* box/name */
	struct parcel	*parcel;	/* the list; NULL: not here yet */
	struct parcel	*signature;	/* that waits for it; then it goes
					 * with the parcel */
	struct verdict	 verdict;	/* once it is begun */
	bool		 reading;	/* the worker is at it */
	int64_t		 since, due;	/* ticks */
	/* once both are here and the signature is good */
	bool		 begun;
	struct signature signed_by;
	struct signer	 signer;
	bool		 filed;		/* list and signature are in the
					 * ledger, or its open group */
	struct listed_answer *answers;	/* of each entry */
	size_t		 next;		/* to be judged */
	size_t		 open;		/* with workers */
	struct map	 lists;		/* verified for priors */
};

/* Judges an entry, whose paper was checked as of today or may have to be
 * (a task of its own then), and notes its answer. */
int	list_judge(struct flow *, struct list *, size_t entry, bool checked);
/* The same once its paper was checked. */
int	list_rule(struct flow *, struct list *, size_t entry,
	    const struct job *);
/* Notes that one is refused; the text may be NULL, the code says it all. */
void	list_refuse(struct listed_answer *, unsigned code, const char *text);
/* The intake of an entry, appended. */
void	list_intake(struct buf *, const struct list *, size_t entry);

#endif
