/*
 * traying: what the rooms of trays share: trays.c looks, traycompare.c holds
 * all of them against the ledger, trayshow.c shows, trayfiles.c has the files
 * and what is in their way, traytell.c what people and the desk say to each
 * other there.
 */
#ifndef DOCKET_TRAYING_H
#define DOCKET_TRAYING_H

#include <dirent.h>
#include <sys/stat.h>

#include "buf.h"
#include "map.h"

#include "limit.h"

#include "trays.h"

/* A paper is a form and its stamp. */
#define PAPER_MAX LIMIT_PAPER

/* Names looked at in one go. */
#define TRAY_LOOK_MAX 256

/* So many sums do the names of a tray go into, each into one of them. */
#define TRAY_SUMS 4096

struct fs_batch;

struct trays {
	struct desk	*desk;
	const struct settings *settings;
	struct ledger	*ledger;
	struct watch	*watch;
	int		 tag;
	int		 strays;	/* outbox/strays, once it is needed */
	bool		 watched;
	bool		 poll;		/* no events come */
	uint64_t	 looks;
	bool		 hurry;
	bool		 broken;	/* the machine failed us in a batch */
	char		 shown[COMMIT_HEX];

	/* what to look at: a paper's name, or "tray/name"; the value is the
	 * ticks from when on, plus one */
	struct map	 dirty;
	/* cases given away: number -> names that were touched meanwhile */
	struct map	 busy;
	/* what we did to a tray ourselves, whose events are still to come:
	 * "tray/name" -> what is there by now, told by inode and ctime */
	struct map	 own;
	struct map	 own_before;	/* of the showing before */
	/* paths that are not as the ledger has them, for something is in the
	 * way: "tray/name" -> the pause before the next try, ms */
	struct map	 unshown;

	/* papers that are shown beside, and the commit that they are of; what
	 * is heard meanwhile, "tray/name", is ours or somebody's; a value: it
	 * was heard again */
	struct fs_batch	*showing;
	char		 showing_to[COMMIT_HEX];
	struct map	 heard;

	/* comparing everything */
	enum state	 at;		/* the tray; STATE_COUNT: done */
	char		 cursor[LEDGER_PATH];	/* in the ledger, first */
	bool		 walked;	/* its papers are through */
	DIR		*list;		/* then the tray's names */
	uint64_t	 sums[TRAY_SUMS];	/* of names there, less those
						 * here */
	bool		 marks;		/* once more, for those that differ */
	bool		 reads;		/* what is in papers, too; which */
	int64_t		 reading;	/* has taken so long, ms */
	bool		 gives_way;	/* to forms that are in hand */
	int64_t		 sliced;	/* when the last slice ended, ticks */
	int64_t		 compare_due;	/* where no events come: names, */
	int64_t		 reads_due;	/* and what is in papers */
};

/* trays.c */

/* Has a paper's name, or "tray/name", looked at in so many ms. */
void	tray_mark(struct trays *, const char *key, int64_t in_ms);
void	tray_mark_foreign(struct trays *, enum state tray, const char *name,
	    int64_t in_ms);
/* Something has happened under a name, or again; once it may have been us. */
void	tray_heard(struct trays *, enum state tray, const char *name,
	    bool again);
/* A name that file managers and network file systems leave behind. */
bool	tray_is_left_alone(const char *name);

/* traycompare.c */

/* From the first tray on; then slice by slice, each when it is due (ticks),
 * until t->at is STATE_COUNT.  -1: one cannot be read. */
void	tray_begin_comparing(struct trays *);
int64_t	tray_slice_due(const struct trays *);
int	tray_compare_some(struct trays *);

/* trayfiles.c */

/* What lies there under a name: 1; 0: nothing; -1: it cannot be told. */
int	tray_look(const struct trays *, enum state tray, const char *name,
	    struct stat *);
/* The name that git gives a file's bytes; "" if they cannot be a paper's.
 * -1: it cannot be read (errno). */
int	tray_blob(int dirfd, const char *name, char hex[BLOB_HEX]);
/* Takes a file out of a tray, whatever it is: what the ledger has is deleted,
 * what it has not goes to the strays. */
int	tray_take_away(struct trays *, enum state tray, const char *name);
/* Moves a file to outbox/strays, under a name that is free. */
int	tray_to_strays(struct trays *, int dirfd, const char *file,
	    const char *name);
/* Tray and file name of a path in the ledger or of "tray/name"; false: it is
 * none. */
bool	tray_split(const char *path, enum state *tray, const char **name);
/* Whether what an event tells of is what we did ourselves; asked once for
 * each event. */
bool	tray_is_own(struct trays *, enum state tray, const char *name);
/* Whether a path could not be shown. */
bool	tray_is_unshown(const struct trays *, enum state tray,
	    const char *name);
/* Its pause is over: how long it was, ms; and if it still cannot be shown the
 * next one is longer. */
int64_t	tray_end_pause(struct trays *, enum state tray, const char *name);
void	tray_pause_longer(struct trays *, enum state tray, const char *name,
	    int64_t pause);
/* What we are about to put there, or have; NULL: nothing.  Not what is found
 * there afterwards: that may be somebody else's already. */
void	tray_remember(struct trays *, enum state tray, const char *name,
	    const struct stat *);
/* A folder of somebody else's cannot leave the tray, but be renamed in it. */
int	tray_make_way(struct trays *, enum state tray, const char *name);
/* Puts a text of ours there; what lies there goes to the strays.  Where it
 * cannot be put, failed is called, the trays its first argument; -1: the
 * machine fails us (errno). */
typedef void tray_failed_fn(void *, int dirfd, const char *name);
int	tray_put_text(struct trays *, enum state tray, const char *name,
	    const char *text, tray_failed_fn *failed);
/* Papers for the trays, put by tray_put_paper and shown together; -1: the
 * machine fails us. */
struct fs_batch *tray_batch(struct trays *);
int	tray_put_paper(struct trays *, struct fs_batch *, enum state tray,
	    const char *name, const void *data, size_t n);
int	tray_lend_paper(struct trays *, struct fs_batch *, enum state tray,
	    const char *name, const void *data, size_t n);
int	tray_show(struct trays *, struct fs_batch *);
/* Events of what was shown before the last time have all come. */
void	tray_forget_own(struct trays *);
/* What a crash has left in .docket/work: what is not ours is kept. */
int	tray_clean_work(struct trays *);
/* "tray/name" */
void	tray_key(struct buf *key, enum state tray, const char *name);

/* trayshow.c */

/* Whether the ledger has a paper in a tray: 1, 0, -1. */
int	tray_expects(struct trays *, const char *commit, enum state tray,
	    const char *number, const char *name);
/* Tries a path that could not be shown once more. */
int	tray_settle(struct trays *, enum state tray, const char *name);

#endif
