/*
 * restoring: a desk of which little more than the ledger is left.
 *
 *	restore_ledger()	copies the ledger, if it is gone too
 *	restore_desk()		folders and rules, where they are missing
 *	(the desk is opened, trays and index are made anew)
 *	restore_answers()	drop boxes, receipts, the mark of what was given
 *	restore_say_lost()	what no ledger can give back
 *
 * What is there stays as it is.  Functions return an exit status, having said
 * what is wrong.
 */
#ifndef DOCKET_RESTORING_H
#define DOCKET_RESTORING_H

#include <stdbool.h>

#include "desk.h"
#include "index.h"
#include "ledger.h"
#include "settings.h"

struct buf;

/* Parts that were gone, also in a run before this one that did not end. */
struct lost {
	bool	inbox, trays, outbox, own;
};

/* A clone of that repository, without what a ledger has no use for. */
int	restore_ledger(const char *desk, const char *from);
/* group: who may write to inbox and trays; -1: as it was, or nobody. */
int	restore_desk(const char *desk, long group, struct lost *);
int	restore_answers(struct desk *, const struct settings *,
	    struct ledger *, struct index *, const struct lost *);
int	restore_say_lost(struct desk *, const struct settings *,
	    struct index *, const struct lost *);

#endif
