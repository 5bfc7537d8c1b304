/*
 * outboxing: what the parts of the outbox share: outbox.c answers, longout.c
 * too where an answer is long, refusals.c gives back what is refused, boxes.c
 * knows the folders.
 */
#ifndef DOCKET_OUTBOXING_H
#define DOCKET_OUTBOXING_H

#include "map.h"

#include "limit.h"

#include "outbox.h"

/* A held box is tried again after so long, and each time after twice as
 * long. */
#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS 300000

struct box {
	char	 name[LIMIT_BOX + 1];
	int	 fd;			/* -1: cannot be opened */
	bool	 met;			/* these are known of its inbox: */
	bool	 private;		/* others may not look into it */
	gid_t	 gid;
	bool	 made;			/* by us, in this run */
	bool	 changed;		/* its status.txt is out of date, */
	bool	 listed;		/* clients.txt and apis.txt are not */
	char	 held[COMMIT_HEX];	/* answered up to here, "-": nothing;
					 * "": up to the mark */
	int64_t	 retry, pause, released;	/* ticks; ms; ticks */
};

/* Answers that are given together. */
struct giving {
	struct outbox	*outbox;
	struct fs_batch	*batch;
	const char	*only;		/* this box; NULL: all that are not
					 * held */
	struct map	 names;		/* of refused forms in the batch */
	struct move {
		struct box	*box;
		char		*claim, *name;
	}		*moves;		/* files that follow the batch */
	size_t		 n_moves;
	size_t		 commits;
	bool		 failed;	/* for `only', or some box */
	bool		 again;		/* somebody asks for it */
	bool		 refuses;	/* there will be refusals */
};

struct outbox {
	struct desk	*desk;
	const struct settings *settings;
	struct ledger	*ledger;
	struct index	*index;
	int		 work;		/* WORK_FOLDER */
	struct map	 boxes;
	char		 mark[COMMIT_HEX];
	size_t		 n_held;
	struct giving	 prepared;	/* and not given yet: a batch */
	bool		 delivering;	/* it is being given: */
	struct answer	*answers;	/* lent */
	size_t		 n_answers;
	bool		 trouble;	/* it could not be */
	bool		 released;	/* a box, and nobody has asked */
	int64_t		 status_due;
	outbox_waits_fn	*waits;		/* or NULL */
	void		*waits_arg;
};

/* In .docket, for files on their way into outbox: not with those on their way
 * into the trays, for in one folder a file system lets only one thread at a
 * time make a file. */
#define WORK_FOLDER "answers"
#define WORK "out-"

struct receipt_desk outbox_desk(const struct outbox *);

/* outbox.c */

/* Until what is being delivered is: before others are given something, or a
 * folder is closed. */
void	outbox_settle(struct outbox *);
/* Gives what there is, and goes on. */
int	giving_flush(struct giving *);
/* Both receipts of a ruling. */
int	giving_receipts(struct giving *, const struct box *,
	    const struct ruling *);

/* refusals.c */

/* Not while its box is held, and it then is (the answer says so). */
int	giving_refuse(struct giving *, struct answer *);

/* boxes.c */

/* The folder of that name, opened if it can be. */
struct box *box_of(struct outbox *, const char *name);
void	box_open(struct outbox *, struct box *);
/* Goes without answers from here, because of this file; and again. */
void	box_hold(struct outbox *, struct box *, const char *what,
	    const char *file);
void	box_release(struct outbox *, struct box *);
void	box_wait_longer(struct box *);
/* Lets in whom its inbox lets in. */
void	box_admit(const struct box *);
/* The blanks of forms, into a folder. */
void	box_put_blanks(struct outbox *, int fd);
/* Writes status.txt, clients.txt and apis.txt where they are out of date;
 * until then (ticks), the rest the next time. */
int	boxes_write_status(struct outbox *, int64_t until);
/* Whether they are of the time of the last change that they are to tell of:
 * status.txt bears, as its own, the time that it tells of. */
bool	box_is_current(struct outbox *, const struct box *);

#endif
