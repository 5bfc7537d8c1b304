/*
 * batched: the one receipt of a batch: what came of each of its forms.
 *
 * It is made piece by piece, for it may be long: a form's part of it when the
 * form is done with; head and end, which have the sums, last of all.
 */
#ifndef DOCKET_BATCHED_H
#define DOCKET_BATCHED_H

#include <stdint.h>

#include "receipt.h"

struct buf;

/* A form of a batch. */
struct part {
	uint64_t	 n;		/* its place: 1, 2, ... */
	long		 line;		/* where it begins */
	const struct ruling *ruling;	/* what it became; NULL: nothing new */
	const char	*number;	/* then the case that has it already; or
					 * NULL: it was refused */
	const struct faults *faults;	/* why */
};

void	part_xml(const struct part *, struct buf *);
void	part_text(const struct part *, struct buf *);

struct batched {
	const char	*file;		/* as it was called in inbox */
	const char	*sha256;
	int64_t		 at;
	uint64_t	 forms, received, refused, repeated;
};

/* What comes before, between and after them: for people first those that were
 * refused. */
void	batched_xml(const struct batched *, const struct receipt_desk *,
	    struct buf *);
void	batched_xml_end(struct buf *);
void	batched_text(const struct batched *, const char *box, struct buf *);
void	batched_text_good(const struct batched *, struct buf *);
void	batched_text_end(const struct receipt_desk *, struct buf *);

#endif
