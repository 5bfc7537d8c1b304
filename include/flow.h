/*
 * flow: the story: what comes after what.
 *
 *	inbox -> parcels -> verdicts -+
 *	trays -> decisions -----------+-> rulings -> ledger -> index
 *	clock, rules -----------------+                     -> trays, outbox
 *
 * flow.c is the only one that knows the order, and the only one that
 * includes all stages.  One thread, but for the index beside the trays
 * (indexed.c) and the files of answers and of forms that came (fsbatch.h);
 * flow_wait() is the only place that sleeps; the ledger's commit is the only
 * point at which something has happened.
 */
#ifndef DOCKET_FLOW_H
#define DOCKET_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "desk.h"

struct flow;

struct flow_counts {
	uint64_t	 taken;		/* files out of inbox */
	uint64_t	 received;	/* cases, revisions, requests */
	uint64_t	 refused;
	uint64_t	 decided;
	uint64_t	 undone;
	uint64_t	 commits, groups;
	uint64_t	 batched;	/* forms that are in batches */
	uint64_t	 repeated;	/* of them, received before */
	uint64_t	 held;		/* no worker could check them, now */
	uint64_t	 put_off;	/* decisions that could not be judged */
};

/*
 * Opens everything on a desk whose lock is held, and recovers: the ledger,
 * the rules, the index, the trays, answers, claims.  NULL with why: the desk
 * is not usable (*trouble false), or the machine failed us (true).  A signal
 * that ends the program (signals.h) gives opening up, as trouble.
 */
struct flow *flow_open(struct desk *, bool once, struct buf *why,
	    bool *trouble);
void	flow_close(struct flow *);

/*
 * Goes on until *quit is set (by a signal handler, or progress), or, once,
 * until nothing is left to do, or until signals, a descriptor (signalfd(2)),
 * is readable.  It may be called again then.  -1: the machine is bad; restart
 * through flow_open().
 */
int	flow_run(struct flow *, int signals, volatile const bool *quit);
/* Before the end: what is in hand is finished and told, as far as that takes
 * less than a second; the rest is found again at the next start.  -1 as
 * above. */
int	flow_finish(struct flow *);

/* Called after each round with what was done since flow_open(). */
typedef void flow_progress_fn(void *arg, const struct flow_counts *);
void	flow_progress(struct flow *, flow_progress_fn *, void *arg);

/* Look at the rules soon (SIGHUP). */
void	flow_reload(struct flow *);

/* What failed last. */
const char *flow_error(const struct flow *);

#endif
