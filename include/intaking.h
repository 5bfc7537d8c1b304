/*
 * intaking: what the parts of intake share: folders.c knows the boxes, intake.c
 * finds files that are complete, claim.c makes them ours.
 */
#ifndef DOCKET_INTAKING_H
#define DOCKET_INTAKING_H

#include <dirent.h>
#include <sys/stat.h>

#include "buf.h"
#include "map.h"

#include "limit.h"

#include "intake.h"

struct box {
	char	*name;		/* "": inbox itself */
	int	 fd;
	int	 tag;
	mode_t	 mode;		/* as last told of; 0: never */
	gid_t	 gid;
	bool	 watched;
	bool	 gone;
	bool	 stopped;	/* nothing is taken from it now */
	bool	 look;		/* to be compared whole */
	DIR	*list;		/* where comparing is */
	struct ready {
		char	*name;
		int64_t	 at;	/* ticks from when on it is taken */
	}	*ready;		/* complete, by events; oldest first */
	size_t	 n_ready;
	int64_t	 due;		/* ticks; something settles then */
	bool	 claimed;	/* since the last sync */
};

/* The claims of one turn of one box. */
struct round {
	char	 dir[32 + LIMIT_BOX];
	char	 id[32];
	int	 fd;
};

/* A file that was put back: it is left until then, unless it is no longer
 * what it was. */
struct grace {
	int64_t	 until;		/* ticks */
	dev_t	 dev;
	ino_t	 ino;
	off_t	 size;
	struct timespec mtim;
};

/* Rounds synced one by one; when there are more, the file system as a whole. */
#define ROUNDS_SYNCED 8

struct intake {
	struct desk	*desk;
	const struct settings *settings;
	struct watch	*watch;
	int		 tag;
	struct box	*boxes;
	size_t		 n_boxes, cap_boxes;
	size_t		 turn;		/* whose it is */
	bool		 hurry;
	bool		 poll;		/* no events come */
	struct intake_counts counts;
	struct map	 odd;		/* folders that are no boxes; whether
					 * they are named, a bool */
	size_t		 odd_named;
	bool		 recount;	/* what is said of them is old */
	struct map	 grace;		/* put back: box/name -> struct grace */
	struct map	 fresh;		/* rounds since the last sync */
	bool		 unsynced;	/* there are more than those */
	struct map	 rounds;	/* claims in each, by its folder */
	char		**dropped;	/* claims to be deleted */
	size_t		 n_dropped, dropped_bytes;
	int64_t		 now, now_at;	/* the file system's clock, and the
					 * ticks when it was asked */
	const char	*open;		/* the round that goes on; or NULL */
	int64_t		 missed;	/* ticks until which something may still
					 * be there that we could not take */
};

/* folders.c */

/* The box of a name, or NULL. */
struct box *intake_find_box(const struct intake *, const char *name);
/* A new one, of a folder that is open and is then its own; boxes move. */
void	box_add(struct intake *, const char *name, int fd);
void	box_close(struct intake *, struct box *);
/* Has events told, if there are any. */
void	box_watch(struct intake *, struct box *);
/* Tells the operator that it is stopped, or that it no longer is. */
void	box_tell_stopped(struct intake *, const struct box *);

/* A folder that is there; one of which something was told, and that may be
 * gone. */
void	folder_meet(struct intake *, const char *name, const struct stat *);
void	folder_forget(struct intake *, const char *name);
/* All that are there; boxes that are no longer; what is told of others. */
void	folders_meet(struct intake *);
void	folders_miss(struct intake *);
void	folders_count(struct intake *);

/* intake.c */

/* Brings a box's next look forward. */
void	intake_due_in(struct box *, int64_t ms);
/* The machine did not let us take something of it, or look: it is looked at
 * again. */
void	intake_miss(struct intake *, struct box *);
/* Leaves a file that was put back alone for inbox.grace. */
void	intake_give_grace(struct intake *, struct box *, const char *name);

/*
 * Sets in->now, the file system's clock: a while ago, if that was at `from'
 * or later and what time it is now makes no difference before `until'; else
 * asked anew.  (To ask it, a file is written to.)
 */
#define NOW_SLACK_MS 1000
#define NOW_TICK_MS 4
int	intake_now(struct intake *, int64_t from, int64_t until);

/* claim.c */

/* A turn's claims: from the first intake_claim() on there is a round. */
void	intake_begin(struct round *);
void	intake_end(struct intake *, struct round *);
/* Moves a file to the claims and reads it.  NULL: it is gone, or stays where
 * it is. */
struct parcel *intake_claim(struct intake *, struct box *, struct round *,
	    const char *name);

#endif
