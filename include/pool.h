/*
 * pool: the workers, and the forms that are with them.
 *
 * A parent (docket-check) has compiled the schemas; on demand it forks
 * children, which check.  Jobs are handed to children so that none ever
 * serves two drop boxes; several may be with one child.  A child that dies
 * harms nobody: the job it was at is tried again, those behind it go to
 * others.
 *
 *	pool_open()
 *	pool_submit() …		as many as one likes
 *	pool_exchange()		when a descriptor is ready, or a deadline over
 *	pool_done() …		what is finished, in no particular order
 *	pool_close()
 */
#ifndef DOCKET_POOL_H
#define DOCKET_POOL_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "rules.h"
#include "settings.h"
#include "wire.h"

struct pool;

enum outcome {
	OUTCOME_VERDICT,	/* verdict is set */
	OUTCOME_COSTLY,		/* it exceeds time or memory, by itself */
	OUTCOME_TROUBLE,	/* workers died of it too often; or we failed */
};

/* Everything but outcome and verdict is set by the one who submits, lent
 * until the job is done. */
struct job {
	enum purpose	 purpose;
	int32_t		 today;
	const char	*box;
	const char	*name;		/* for the log; or NULL */
	const char	*data;
	size_t		 len;
	uint32_t	 before;	/* lines of a batch, before a form */
	int32_t		 later;		/* see struct query */
	bool		 brief;		/* see there */
	const struct cutting *cutting;	/* of a window of a batch, and */
	bool		 last;		/* whether the file ends with it */
	void		*owner;

	enum outcome	 outcome;
	struct verdict	 verdict;	/* whoever takes the job frees it */
	unsigned	 lists;		/* that it was checked under */

	unsigned	 tries;		/* ours */
	struct job	*next;		/* ours */
};

/*
 * Starts the parent and has it compile the schemas.  NULL: the faults say
 * what is wrong with them; or, where there are none, the worker could not be
 * started, and pool_error() says why.
 */
struct pool *pool_open(const struct rules *, const struct settings *,
	    struct faults *);
const char *pool_error(void);
void	pool_close(struct pool *);

const struct form_types *pool_types(const struct pool *);

/* Workers: how many were started; of them, those that ended amid a form, that
 * were killed as they took too long, and whose answers made no sense. */
struct pool_counts {
	uint64_t	 started, died, killed, nonsense;
};
struct pool_counts pool_counts(const struct pool *);

/*
 * Other lists are in force: workers of before end once they are through with
 * what they have, those that come know nothing, and then what they are told
 * next.  Nothing may be exchanged in between.  -1: the parent is gone.
 */
int	pool_forget(struct pool *);
int	pool_add_ids(struct pool *, const struct ids *);
/* How often they have changed: a verdict under others counts no more. */
unsigned pool_lists(const struct pool *);

void	pool_submit(struct pool *, struct job *);
size_t	pool_pending(const struct pool *);	/* submitted, not yet done */

/* What to poll(2) for: at most `most' entries are written.  A child that has
 * much in hand is not among them: it is asked when pool_deadline() says. */
size_t	pool_poll(const struct pool *, struct pollfd *, size_t most);
#define POOL_FDS (LIMIT_WORKERS + 1)
/* Ticks (clock.h) at which pool_exchange() is to be called though nothing came;
 * INT64_MAX: then only. */
int64_t	pool_deadline(const struct pool *);

/* Reads and writes what can be without waiting.  -1: the parent is gone. */
int	pool_exchange(struct pool *);
struct job *pool_done(struct pool *);

/* Takes back jobs that are not done, one a call, before the pool is closed;
 * NULL: there are no more. */
struct job *pool_cancel(struct pool *);

/* Waits until something is done, or nothing is pending.  NULL then, or when
 * the parent is gone. */
struct job *pool_wait(struct pool *);

#endif
