/*
 * pooling: what the files of the pool share.  Nobody else includes it.
 *
 * poolparent.c starts docket-check and has it compile the schemas; pool.c has
 * it fork children, and hands them jobs.
 */
#ifndef DOCKET_POOLING_H
#define DOCKET_POOLING_H

#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"
#include "map.h"

#include "limit.h"
#include "pool.h"

struct queue {
	struct job	*first, **last;
	size_t		 n;
};

struct slot {
	enum { FREE, LIVE, ENDING } state;
	int		 fd;		/* -1: closed */
	char		*box;
	uint32_t	 given;		/* jobs in its life */
	struct queue	 at;		/* jobs with it, in order */
	bool		 said_last;
	bool		 leaving;	/* for another box: gets no more jobs */
	bool		 lied;		/* what it said made no sense */
	bool		 killed;	/* by us, overdue */
	struct buf	 in, out;
	size_t		 sent;		/* of out */
	struct buf	 entries;	/* of the list at hand, so far */
	int64_t		 deadline;	/* for the first job */
	int64_t		 heard;		/* its last verdict, ticks; 0: none */
};

struct pool {
	pid_t		 parent;
	int		 fd;
	struct buf	 in;
	struct form_types types;
	struct check_limits limits;
	struct slot	 slots[LIMIT_WORKERS];
	size_t		 n_slots;
	struct map	 waiting;	/* box -> struct queue, none empty */
	struct queue	 done;
	size_t		 pending;
	unsigned	 lists;		/* how often they have changed */
	struct pool_counts counts;
};

/* Starts docket-check with these limits and schemas, and takes what forms
 * there are.  -1: pool_error() says why. */
int	pool_start_parent(struct pool *, const struct rules *);
/* Ends it, and its children with it. */
void	pool_end_parent(struct pool *);

#endif
