/*
 * intake: inbox, from files that somebody writes to parcels that are ours.
 *
 * A file is taken when it is complete: it was closed after writing or moved
 * in, as inotify says; or it has been still for inbox.settle.  It is moved
 * to .docket/claims/, opened without following anything, checked, and read:
 * from then on only the bytes read count.  One that is larger than a form may
 * be is not read, but marked so (parcel.h).
 *
 *	.docket/claims/<round>@<box>/<name>
 *
 * keeps box and name through a crash; a round is unique for ever, and with
 * the name gives the claim's id.  What goes with a claim, and is done with when
 * that is, lies beside it:
 *
 *	.docket/claims/<round>@<box>/.<name>
 *
 * Drop boxes are the folders in inbox that the desk's user or root has made.
 * Boxes take turns, so that a flood in one leaves the others served.
 */
#ifndef DOCKET_INTAKE_H
#define DOCKET_INTAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "desk.h"
#include "parcel.h"
#include "settings.h"
#include "watch.h"

struct intake;

/* tag: events of inbox bear it, those of box n (from 1) tag + n. */
struct intake *intake_open(struct desk *, const struct settings *,
	    struct watch *, int tag);
void	intake_close(struct intake *);
/* Other settings from now on; lent. */
void	intake_configure(struct intake *, const struct settings *);

/* The drop boxes that are known, in turn: *at is 0 at first. */
const char *intake_box(const struct intake *, size_t *at);
/* The next box that is new, or whose folder has another mode or group than it
 * had; NULL: none. */
const char *intake_changed_box(struct intake *, struct stat *);

void	intake_event(struct intake *, const struct watch_event *);
/* Compare everything: at start, after lost events, on a timer. */
void	intake_look(struct intake *);
/*
 * No events come, though they should: every box is compared each inbox.poll
 * until (false) they come again.  Watches can be laid anew meanwhile, also
 * those of boxes for which there was none left.
 */
void	intake_poll(struct intake *, bool poll);
void	intake_watch(struct intake *);
/* Take everything now, without waiting for it to settle (run --once). */
void	intake_hurry(struct intake *);
/* A file that was put back is still to be judged. */
bool	intake_is_waiting(struct intake *);
/* The machine has just kept something in inbox from being taken: what goes
 * with what was taken may still come. */
bool	intake_has_missed(const struct intake *);
/* Ticks at which there is something to do; INT64_MAX: only by events. */
int64_t	intake_due(const struct intake *);

/* What it did so far; and how many boxes there are, inbox itself one of them,
 * and how many of these are compared each inbox.poll. */
struct intake_counts {
	uint64_t	 files, bytes;	/* claimed */
	uint64_t	 looks;		/* at all names of a box */
	size_t		 boxes, polled;
};
struct intake_counts intake_counts(const struct intake *);

/* Takes nothing from a box, in which too much waits, until that is over. */
void	intake_stop(struct intake *, const char *box, bool stop);

/* Takes up to `most' files; each becomes a parcel that fn takes over.  True:
 * there is more to do now. */
typedef void intake_fn(void *arg, struct parcel * /* takes */);
bool	intake_collect(struct intake *, unsigned most, intake_fn *, void *);

/* At start: the claims that a crash has left, as parcels, with what goes with
 * them; not yet read. */
int	intake_recover(struct intake *, intake_fn *, void *);

/* Makes durable that what was claimed is no longer in inbox. */
int	intake_sync(struct intake *);

/* Puts a parcel's file back, to be looked at again when somebody changes it,
 * or inbox.grace is over; false: another file has its name by now.  The
 * parcel is the caller's still. */
bool	intake_put_back(struct intake *, const struct parcel *);
/* Makes the second go with the first from now on, after a crash too: a list's
 * signature, which is called as the list and longer.  -1: it does not, and is
 * the caller's still. */
int	intake_join(struct intake *, struct parcel *,
	    struct parcel * /* takes */);
/* Reads the claim, again after a wait.  What a file itself is to blame for
 * are faults; anything else is trouble (parcel.h).  -1: there is no such claim
 * any more. */
int	intake_reload(struct intake *, struct parcel *);
/* The same for one that is too large for a form, but not for a list. */
int	intake_reload_list(struct intake *, struct parcel *);
/* The claim is done with: it is deleted, or will be by intake_sweep() when
 * there is time (true: there are more).  Whatever a crash leaves of them is
 * found to be done with at the next start.  One with another that goes with it
 * is deleted at once. */
void	intake_drop(struct intake *, const struct parcel *);
bool	intake_sweep(struct intake *);

#endif
