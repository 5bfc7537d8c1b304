/*
 * counted: how far the decisions on a case have come, as the index knows it:
 * evidence is not looked at once more.
 */
#ifndef DOCKET_COUNTED_H
#define DOCKET_COUNTED_H

#include "casefile.h"
#include "settings.h"
#include "state.h"

struct counted {
	enum event	 decision;
	unsigned	 have, need;		/* people */
	char		 group[GROUP_NAME];	/* whose turn it is; "" for
						 * any reviewer */
	char		 instead[GROUP_NAME];	/* to whom it is escalated */
};

void	counted_look(const struct settings *, const struct casefile *,
	    enum event decision, struct counted *);

/* The array "review", in an object that is open. */
struct json;
void	counted_json(struct json *, const struct settings *,
	    const struct casefile *);

#endif
