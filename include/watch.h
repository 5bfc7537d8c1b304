/*
 * watch: hints that something changed in a directory (inotify(7)).
 *
 * Only hints: they get lost on overflow, and never come on file systems
 * that send none.  Whoever uses them compares as well.
 */
#ifndef DOCKET_WATCH_H
#define DOCKET_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch;

enum watch_what {
	WATCH_TOUCHED,		/* made, written to: look some time */
	WATCH_LEFT,		/* deleted, or moved away */
	WATCH_COMPLETE,		/* closed after writing */
	WATCH_MOVED,		/* moved in: complete, and who did it is done */
	WATCH_LOST,		/* events were lost: compare everything */
	WATCH_GONE,		/* the directory itself is no more */
};

struct watch_event {
	enum watch_what	 what;
	int		 tag;
	const char	*name;	/* in the directory; until the next call */
};

struct watch *watch_new(void);		/* NULL with errno */
void	watch_free(struct watch *);
int	watch_fd(const struct watch *);	/* readable when events wait */

/* Watches a directory, named by its open descriptor; events bear the tag.
 * 0, or -1 with errno. */
int	watch_add(struct watch *, int dirfd, int tag);
/* Ends the watch that bears the tag. */
void	watch_del(struct watch *, int tag);

/* 1: an event; 0: none waits. */
int	watch_next(struct watch *, struct watch_event *);

#endif
