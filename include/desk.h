/*
 * desk: a directory that holds a desk, and the descriptors into it.
 *
 *	docket.conf schemas/ …		the rules (rules.h)
 *	inbox/				others write here
 *	pending/ approved/ returned/ rejected/ revoked/
 *					the trays
 *	outbox/				answers
 *	ledger.git/			the truth
 *	.docket/			ours:
 *	    lock	held with flock(2) while a daemon runs; its pid
 *	    claims/	forms in hand
 *	    work/	files on their way into trays
 *	    answers/	files on their way into outbox
 *	    index.db	index.h
 *	    shown	the commit that the trays show
 *	    compared	when a round of run --once last read all papers
 *	    delivered	the commit up to which answers were given
 *	    notices	what is wrong at the moment, a line each
 *	    progress	what takes long at the moment, a line each
 *	    metrics	figures for those who watch over the desk
 *	    batches/	batches in hand
 *	    restoring	what was lost, while docket rebuild makes it again
 */
#ifndef DOCKET_DESK_H
#define DOCKET_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "map.h"
#include "state.h"

struct buf;

struct desk {
	char	*path;
	uid_t	 uid;			/* whose desk it is: the directory's */
	int	 dir;
	int	 inbox, outbox, schemas, own, claims, work;
	int	 tray[STATE_COUNT];	/* [STATE_NONE] is -1 */
	int	 lock;			/* -1 unless held */
	int	 probe;			/* for the file system's clock; or -1 */
	struct map notices;		/* key -> text */
	struct map progress;
};

/*
 * Opens a desk that is there.  `own' asks for what only the daemon and init
 * may touch as well; without it claims, work and probe are -1.  -1: it is
 * not one, or not usable; why says so in a sentence.
 */
int	desk_open(struct desk *, const char *path, bool own, struct buf *why);
void	desk_close(struct desk *);

/* The name of a folder that is no longer the one that is open, as somebody
 * has put another in its place; or NULL. */
const char *desk_moved(const struct desk *);
/* Opens the folders again, as after desk_open(); lock and notices are kept.
 * -1 with why: nothing is changed. */
int	desk_reopen(struct desk *, struct buf *why);

/* The same for one that is just being made, without a docket.conf. */
int	desk_look(struct desk *, const char *path, struct buf *why);

/* Makes what is missing of a desk; modes as of one user, or (group >= 0)
 * sticky and for a group.  -1 with why. */
int	desk_make(const char *path, long group, struct buf *why);

/* 0: the lock is ours; -1: somebody else's (*pid, or 0), or errno. */
int	desk_lock(struct desk *, pid_t *pid);
/* Whether a daemon holds the lock. */
bool	desk_is_run(const struct desk *);

/* What the desk's permissions say of evidence. */
struct grounds {
	bool	 one_user;	/* only the desk's user may write anywhere */
	bool	 vouched;	/* the owner of a decision file is evidence */
	char	 why_not[200];	/* if not vouched */
};

/* -1: they cannot be told now, and nothing is vouched for. */
int	desk_grounds(const struct desk *, struct grounds *);

/* Whether nobody but that user, whose it is, may write to it. */
bool	desk_only_writes(const struct stat *, uid_t);
/* The folders of a desk; NULL at the end.  Others: they may write there on a
 * desk of many users. */
const char *desk_place(size_t i, bool *others);

/* Sets, changes or (text NULL) removes a notice; the file follows. */
void	desk_notice(struct desk *, const char *key, const char *text);

/* The same for what takes long, and how far it is. */
void	desk_progress(struct desk *, const char *key, const char *text);
/* At start: nothing goes on. */
void	desk_progress_clear(struct desk *);

/* The free space is enough to take in more. */
bool	desk_has_room(const struct desk *);

/* A small file of .docket/ that holds a line, such as "shown"; "" when it
 * is not there.  Written in place, in one piece: either the old line or the
 * new one is found after a crash. */
int	desk_get_line(const struct desk *, const char *name, struct buf *);
int	desk_put_line(const struct desk *, const char *name, const char *);

#endif
