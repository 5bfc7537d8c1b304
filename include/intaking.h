/*
 * intaking: what the two halves of intake share: intake.c finds files that are
 * complete, claim.c makes them ours.
 */
#ifndef DOCKET_INTAKING_H
#define DOCKET_INTAKING_H

#include <dirent.h>

#include "buf.h"
#include "map.h"

#include "limit.h"

#include "intake.h"

struct box {
	char	*name;		/* "": inbox itself */
	int	 fd;
	int	 tag;
	bool	 watched;
	bool	 gone;
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

struct intake {
	struct desk	*desk;
	const struct settings *settings;
	struct watch	*watch;
	int		 tag;
	struct box	*boxes;
	size_t		 n_boxes, cap_boxes;
	size_t		 turn;		/* whose it is */
	bool		 hurry;
	struct map	 grace;		/* put back: box/name -> ticks + 1 */
	bool		 claimed;	/* since the last sync */
};

/* intake.c */

/* The box of a name, or NULL. */
struct box *intake_find_box(const struct intake *, const char *name);
/* Brings a box's next look forward. */
void	intake_due_in(struct box *, int64_t ms);
/* The key of a file in `grace'. */
void	intake_grace_key(const struct box *, const char *name, struct buf *);

/* claim.c */

/* Moves a file to the claims and reads it.  NULL: it is gone, or stays where
 * it is. */
struct parcel *intake_claim(struct intake *, struct box *, struct round *,
	    const char *name);

#endif
