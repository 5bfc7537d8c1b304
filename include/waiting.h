/*
 * waiting: for whom everything waits, added up.
 */
#ifndef DOCKET_WAITING_H
#define DOCKET_WAITING_H

#include <stddef.h>
#include <stdint.h>

#include "index.h"
#include "settings.h"

struct waiting {
	char		 group[GROUP_NAME];	/* "": any reviewer */
	uint64_t	 n;			/* cases that wait for it */
	uint64_t	 overdue;		/* of them, for review.remind */
	uint64_t	 escalated;		/* and for review.escalate */
};

struct waiting_list {
	struct waiting	*list;		/* the caller's to free */
	size_t		 n;
};

/* 0, or -1 as the index does. */
int	waiting_add_up(struct index *, const struct settings *, int64_t now,
	    struct waiting_list *);

#endif
