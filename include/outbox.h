/*
 * outbox: the answers.
 *
 * What came through inbox/acme/ is answered in outbox/acme/, what came
 * through inbox itself in outbox itself.  Receipts are projections of
 * commits: .docket/delivered names the one up to which they were given, and
 * after a crash those behind it are written again, under the same names.  A
 * box that cannot be written to (full, a folder where a file should go) is
 * held, and tried again; the others go on.
 *
 * Functions return 0, or -1 for the machine's trouble; a held box is none.
 */
#ifndef DOCKET_OUTBOX_H
#define DOCKET_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "batched.h"
#include "desk.h"
#include "index.h"
#include "ledger.h"
#include "parcel.h"
#include "receipt.h"
#include "ruling.h"
#include "settings.h"

struct outbox;

struct outbox *outbox_open(struct desk *, const struct settings *,
	    struct ledger *, struct index *);
void	outbox_close(struct outbox *);
void	outbox_configure(struct outbox *, const struct settings *);

/*
 * Makes the folder of a drop box and its blanks; `like' are the gid and mode
 * of the folder in inbox, now or again when they have changed.  Where others
 * may not look into that, only its group may look into this.  A folder that
 * is lost is made again the same way; of a box that was never met, for the
 * desk alone.
 */
void	outbox_meet(struct outbox *, const char *box, const struct stat *like);

/* Opens the folder of a box, which is made if it is not there: a descriptor
 * of the caller's, or -1. */
int	outbox_folder(struct outbox *, const char *box);

/* What the key of a case waits for, or NULL: status.txt tells. */
typedef const char *outbox_waits_fn(void *arg, const char *number);
void	outbox_ask(struct outbox *, outbox_waits_fn *, void *arg);
/* A box's status.txt is out of date, if there is one. */
void	outbox_changed(struct outbox *, const char *box);
/* Other lists are in force: clients.txt and apis.txt are to be written. */
void	outbox_relist(struct outbox *);

/* Gives the answers of all commits since the mark, and moves it. */
int	outbox_catch_up(struct outbox *);

/* What is to be answered.  A refused form comes back with its receipt. */
struct answer {
	const struct ruling *ruling;
	const struct parcel *parcel;	/* of a refusal; else NULL */
	bool		 held;		/* set: it was not given; the caller
					 * keeps the parcel and tries again */
};

/*
 * Answers to a group: outbox_prepare() writes them where nobody sees them yet,
 * but for refusals; outbox_deliver() gives all of them, of many beside what
 * the caller does (1), else at once (0).  After that, with the answers where
 * they were, outbox_delivered() waits, and moves the mark to a commit (NULL: it
 * stays where it is); the answers say by then which were not given.  There is
 * one group at a time, and its rulings are lent until then.
 */
int	outbox_prepare(struct outbox *, const struct answer *, size_t n);
/* What is prepared, and will appear together; NULL: there are refusals. */
struct fs_batch *outbox_prepared(struct outbox *);
int	outbox_deliver(struct outbox *, struct answer *, size_t n);
int	outbox_delivered(struct outbox *, const char *mark);
/* Whether that would not have to wait. */
bool	outbox_has_delivered(const struct outbox *);

/* A held box is given nothing until it is released. */
bool	outbox_is_held(const struct outbox *, const char *box);
size_t	outbox_held(const struct outbox *);	/* how many are */
/* Whether one was released since this was asked last. */
bool	outbox_was_released(struct outbox *);

/* An answer that is no state change.  1: it is not given, the box is held. */
int	outbox_notice(struct outbox *, const char *box, const struct notice *);

/* The receipt of a batch, in one piece however long it is: `body' appends to a
 * file what came of the forms: 0 for programs, 1 those that were refused, 2
 * the others.  1: it is not given, the box is held. */
typedef int outbox_body_fn(void *arg, int which, int fd);
int	outbox_batch(struct outbox *, const char *box, const struct batched *,
	    outbox_body_fn *, void *arg);

/* The first receipt of a case again (the file was sent twice). */
int	outbox_again(struct outbox *, const char *number, const char *box);

/* Writes receipts again: of a case, or of all commits since one ("" all);
 * also those of forms that came in a batch, whose own receipt told of them. */
int	outbox_rewrite(struct outbox *, const char *number);
int	outbox_rewrite_since(struct outbox *, const char *since);

/* What can wait: status.txt and lists of the boxes that have changed, held
 * boxes. */
int64_t	outbox_due(const struct outbox *);	/* ticks */
int	outbox_tend(struct outbox *);
/* At the end: all that can be written until then (ticks); what cannot is found
 * at the next start. */
int	outbox_finish(struct outbox *, int64_t until);

#endif
