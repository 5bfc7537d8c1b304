/*
 * trays: what people see of the ledger, and what they do to it.
 *
 * A tray shows the ledger's tree as of the commit named in .docket/shown,
 * flattened.  What somebody does to a tray is found by comparing with that
 * commit, never with the head: a crash between commit and trays is thus not
 * taken for anybody's decision.
 *
 * What stands in a paper's place and is not ours to move (a folder of
 * somebody else's in a sticky tray) makes that one path wait: it is tried
 * again with growing pauses, a notice says so, and everything else goes on.
 *
 *	trays_open()
 *	trays_catch_up()	brings the trays from `shown' to the head
 *	trays_compare()		begins to compare everything, in slices
 *	trays_event(), trays_look()
 *				finds decisions and damage
 *	trays_tidy(), trays_apply(), trays_settle()
 *				after a commit: shows it
 *	trays_undo()		puts a refused decision back, and says why
 *	trays_release()		ends what trays_look() began with a decision
 */
#ifndef DOCKET_TRAYS_H
#define DOCKET_TRAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "desk.h"
#include "form.h"
#include "ledger.h"
#include "ruling.h"
#include "settings.h"
#include "watch.h"

struct fs_batch;
struct trays;

/* Somebody has brought a paper of a case into another tray, or a signature
 * over it to where it lies. */
struct decision {
	struct paper	 paper;
	char		 name[PAPER_NAME];
	enum state	 from, to;	/* from STATE_NONE: it is no paper of
					 * the case any more, or never was */
	bool		 moved;		/* it is no longer where it was */
	bool		 linked;	/* the file has other names */
	bool		 altered;	/* it is not the text that was filed */
	bool		 unreadable;	/* which cannot be told */
	char		 sig[PAPER_NAME];	/* the signature's file, in the
					 * tray `from'; "" for none; `to' is
					 * what it says, set by who reads it */
	long		 uid;		/* the file's owner */
	int64_t		 age;		/* ms since it was put there */
	int64_t		 brought;	/* when that was, as clock_now_ms() */
};

struct trays *trays_open(struct desk *, const struct settings *,
	    struct ledger *, struct watch *, int tag);
void	trays_close(struct trays *);
void	trays_configure(struct trays *, const struct settings *);

int	trays_catch_up(struct trays *);
/* Names, and what is in papers; in a hurry not that, if a round not long ago
 * has read them (.docket/compared). */
void	trays_compare(struct trays *);
/* No events come, though they should: names are compared each inbox.poll until
 * (false) they come again; watches can be laid anew meanwhile. */
void	trays_poll(struct trays *, bool poll);
void	trays_watch(struct trays *);
/* How often comparing began. */
uint64_t trays_looks(const struct trays *);
/* Whether comparing everything has come to its end. */
bool	trays_compared(const struct trays *);
/* Foreign files are moved away at once (run --once does not wait, and is
 * soon to come again). */
void	trays_hurry(struct trays *);

/* While forms are in hand, comparing gives way to them, for a while. */
void	trays_give_way(struct trays *, bool);

void	trays_event(struct trays *, const struct watch_event *);
int64_t	trays_due(const struct trays *);

/*
 * Looks at what may have changed, a bounded amount at a time.  Decisions are
 * given to `decided', which owns the case until trays_release(); papers that
 * were edited or taken away to `damaged', with what happened ("edited",
 * "deleted"): trays_apply() puts them back with the ruling that records it.
 * 1: there is more to look at; 0: not now, or there is no room; -1.
 */
struct trays_found {
	/* whether more can be taken now */
	bool	(*room)(void *arg);
	void	(*decided)(void *arg, const struct decision *);
	void	(*damaged)(void *arg, enum state tray, const char *name,
		    const char *what);
	void	*arg;
};
int	trays_look(struct trays *, const struct trays_found *);

/* The bytes of the signature that is the decision, none if they may not be
 * read.  1; 0: it is gone; -1: they cannot be read now (errno). */
int	trays_signature(struct trays *, const struct decision *, struct buf *);

/* What the decider with this uid (-1: anyone) has to say: the note beside
 * the paper, in the one tray or the other.  1, and *note is the caller's to
 * free; 0: nothing; -1: it cannot be read now. */
int	trays_note(struct trays *, const struct decision *, long uid,
	    const char *who, char **note);

/* Shows what the head has come to by these rulings, which the ledger has
 * committed.  Displaced foreign files go to outbox/strays.  Of forms that came
 * and nothing else, `next' (NULL: none) may show the papers before its own
 * files, if it has a thread: it has then to be made end, and the rulings are
 * lent until trays_settle() has waited for it. */
int	trays_apply(struct trays *, struct ruling *const *, size_t n,
	    struct fs_batch *next);
int	trays_settle(struct trays *);

/* Puts the paper back, says why beside it (if that can be done), and takes
 * away what was brought. */
int	trays_undo(struct trays *, const struct decision *, const char *why);
/* Clears away what a decision was made with, which was committed: the
 * signature as it was brought; the copy, where the paper stays or went to
 * another tray than that. */
int	trays_accept(struct trays *, const struct decision *, bool stays);
/* Whether the paper is still shown where the decision found it. */
int	trays_stands(struct trays *, const struct decision *);	/* 1, 0, -1 */
/* Puts a paper back that was damaged; nothing, if it is not shown there any
 * more. */
int	trays_restore(struct trays *, enum state tray, const char *name);
/* The case may be looked at again, after so many milliseconds. */
void	trays_release(struct trays *, const struct decision *,
	    int64_t again_ms);

/* Removes what was said of a case that has moved on: explanations of ours,
 * and the note that went into the commit; other notes go to the strays. */
void	trays_tidy(struct trays *, const char *number, const char *note);

/* Makes all trays anew from the head, taking no requests. */
int	trays_reset(struct trays *);

#endif
