/*
 * batching: what the parts of batches share: batches.c brings each file from
 * step to step, parts.c takes its forms out, one by one, and hears what comes
 * of them.
 */
#ifndef DOCKET_BATCHING_H
#define DOCKET_BATCHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#include "batchfile.h"

#include "flowing.h"

/* Forms of all batches with workers at a time: the rest of LIMIT_IN_HAND is
 * for what comes alone. */
#define BATCH_IN_HAND 96u

enum step { LOOKING, COPYING, COUNTING, TAKING, ANSWERING };

struct batch {
	struct batch	*next;
	struct parcel	*parcel;
	struct batchfile *file;
	enum step	 step;
	int64_t		 due;		/* ticks: not before */
	unsigned	 epoch;		/* answers to older ones do not count */
	bool		 asked;		/* a window is with a worker */
	/* the window at hand: where it begins, what is in it */
	struct buf	 window;
	uint64_t	 at;
	long		 line;
	struct cuts	 cuts;
	size_t		 next_cut;	/* to be handed out */
	size_t		 pos;		/* in the window, and its line */
	long		 pos_line;
	struct cutting	 cutting;	/* behind it */
	char		 encoding[24];
	uint64_t	 long_at;	/* of a form that is too long; or */
	long		 long_line;	/* (line 0) there is none */
	/* forms: handed out; done with, as of the open group */
	uint64_t	 issued;
	struct task	*ring[BATCH_IN_HAND];	/* back from workers, by number */
	struct batch_mark mark;
	bool		 unnoted;
	struct buf	 text[BODY_COUNT];	/* not noted yet */
	bool		 resumed;
	int64_t		 began, told, logged;	/* ticks */
};

/* batches.c */

/* Goes back to the form after the last that is done with. */
void	batch_rewind(struct batch *);
/* It waits for better times, and somebody is told why.  0. */
int	batch_wait(struct flow *, struct batch *, const char *what);

/* parts.c */

/* Cuts forms out of the window at hand, so many at the most with workers at a
 * time, and hands them out. */
int	parts_hand_out(struct flow *, struct batch *, size_t most);
/* Rules on those that are back, in order, as far as they are there and the
 * group has room. */
int	parts_rule(struct flow *, struct batch *);
/* Frees those that are back. */
void	parts_forget(struct batch *);
/* Writes down what came of them.  Nothing is in the open group: what is done
 * with is in the ledger. */
int	parts_note(struct flow *, struct batch *);

/* Faults of a piece that begins at this line get the lines of the batch. */
void	parts_shift(struct faults *, long line);
/* How many lines end in it. */
long	parts_lines(const char *, size_t);

#endif
