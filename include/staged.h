/*
 * staged: what the parts of keys share: keys.c makes keys and delivers them,
 * keyplace.c knows whose folder is whose, keyseal.c has age encrypt them.
 *
 * A key that is still here is either to be looked at, in the line `look'; or
 * waits for something that it is tried again for, at `due'; or for age, in the
 * line of the seals, or in its hands.
 */
#ifndef DOCKET_STAGED_H
#define DOCKET_STAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "errand.h"
#include "fs.h"
#include "hash.h"
#include "map.h"

#include "form.h"

#include "keys.h"

#define KEYS_FOLDER "keys"
#define KEYS_WORK ".new-"	/* our files on their way into it */
#define AGE ".age"

/* A key that waits is tried again after so long, ms. */
#define KEYS_RETRY_MS 5000

/* A key's file here, encrypted or not. */
#define STAGED_NAME (PAPER_NAME + 8)

struct staged {
	char		 file[PAPER_NAME];	/* AK-000012.r2.key */
	char		 number[NUMBER_TEXT];
	char		 sha256[SHA256_HEX];	/* "": not known */
	struct staged	*sibling;	/* of the same case */
	bool		 committed;
	bool		 known;		/* these are: */
	char		*client;
	char		*box;		/* that the case came through */
	char		*place;		/* folder of the outbox; NULL: none */
	bool		 sealed;	/* encrypted */
	bool		 out;		/* with age */
	bool		 in_line;
	struct staged	*next;		/* in it */
	int64_t		 due;		/* ticks */
	char		*why;		/* it waits; NULL: it does not */
};

/* First come, first served; nobody is in two. */
struct line {
	struct staged	*first, *last;
};

void	line_put(struct line *, struct staged *);
struct staged *line_take(struct line *);	/* NULL: it is empty */

/* A folder, as it is in this round. */
struct place {
	int		 fd;		/* -1: it cannot be used */
	gid_t		 gid;
	bool		 moved;		/* something was put there */
	char		*why;		/* a plain key cannot go there */
};

/* Keys that are being encrypted, each by a call of age. */
struct seals {
	struct seal {
		struct staged	*of;	/* NULL: free */
		struct errand	 age;
	}		 list[KEYS_AGES];
	struct line	 line;		/* those that wait for a free one */
	struct map	 failed;	/* client -> struct failed */
	int64_t		 no_age;	/* ticks: not there, until then */
};

struct keys {
	struct desk	*desk;
	const struct settings *settings;
	struct index	*index;
	struct keys_ops	 ops;
	int		 dir;
	struct fs_batch	*made;		/* in the open group; NULL: none */
	struct map	 staged;	/* file -> struct staged */
	struct map	 cases;		/* number -> the first of its keys */
	struct line	 look;
	int64_t		 retry;		/* ticks: the next of those that wait */
	struct seals	 seals;
	struct map	 told;		/* notices that are given */
	bool		 changed;	/* what waits, and why */
	struct map	 places;	/* of one round: name -> struct place */
};

/* The name as it is here, and will be there. */
const char *staged_name(const struct staged *, char name[STAGED_NAME]);

/* It waits, for this.  Takes why. */
void	staged_wait(struct keys *, struct staged *, char *why);

char	*sentence(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

/* keyplace.c */

/* The folder of the outbox that is this client's; NULL: none can be.  `came':
 * the box that the case came through, or NULL. */
const char *place_name(const struct settings *, const char *client,
	    const char *came);
struct place *place_of(struct keys *, const char *name);
/* Lets the folder's group read the key.  NULL, or why it cannot be. */
char	*place_open(const struct keys *, const struct staged *,
	    const struct place *);
int	places_sync(struct keys *);
void	places_free(struct keys *);

/* keyseal.c */

void	seals_init(struct seals *);
void	seals_free(struct seals *);
/* What could not be done may be possible now. */
void	seals_forget_failures(struct seals *);

/* What becomes of a key that is not encrypted: it goes as it is; it is with
 * age, or in line, and looked at again when that is through; or it waits, for
 * *why. */
enum sealing { SEAL_NONE, SEAL_SENT, SEAL_WAITS };
enum sealing seal_begin(struct keys *, struct staged *, char **why);

/* Hears those that are out.  -1: the machine's trouble. */
int	seals_tend(struct keys *);
/* The next in line, if it need not wait any longer; or NULL. */
struct staged *seals_next(struct seals *);
bool	seals_are_out(const struct seals *);
int64_t	seals_due(const struct seals *);
size_t	seals_poll(const struct seals *, struct pollfd *);

#endif
