/*
 * haproxy: keeps the maps of a HAProxy that runs as the desk wants them, over
 * its admin socket, without ever waiting for it.
 *
 *	haproxy_change()	one item that has changed: told at once
 *	haproxy_renew()		everything is told anew: into maps that are
 *				prepared beside those in use, then all of them
 *				take their place (prepare, add, commit map)
 *
 * Everything is told anew at first, after any trouble, and when another
 * process answers at the socket: it has read the files as they were when it
 * started.  That is looked for every few seconds.  Meanwhile changes go to
 * the maps in use, too.
 *
 * It is an exchange at a time: a line of commands, and the answer.  A
 * HAProxy that does not answer, or says no, is tried again, later and later.
 */
#ifndef DOCKET_HAPROXY_H
#define DOCKET_HAPROXY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admission.h"

struct haproxy;

/* `socket' is its path, `folder' that of the files, by which its maps are
 * told from others of the same name. */
struct haproxy *haproxy_new(const char *socket, const char *folder);
void	haproxy_free(struct haproxy *);

/* A change to an item: added, set to another value, or (value not looked at)
 * deleted.  Sent by haproxy_tend(), in the order in which they came. */
enum change { CHANGE_ADD = '+', CHANGE_SET = '=', CHANGE_DELETE = '-' };

void	haproxy_change(struct haproxy *, enum change, enum map_kind,
	    const struct map_item *);

void	haproxy_renew(struct haproxy *);
/* While everything is told anew: whether it takes items just now; one of
 * them; that there are no more.  Changes that came after an item was given
 * are to be given to haproxy_after() as well: they are made once more when
 * the new maps are in place. */
bool	haproxy_wants(const struct haproxy *);
bool	haproxy_is_renewing(const struct haproxy *);
void	haproxy_give(struct haproxy *, enum map_kind, const struct map_item *);
void	haproxy_given(struct haproxy *);
void	haproxy_after(struct haproxy *, enum change, enum map_kind,
	    const struct map_item *);

/* Does what can be done now.  True: it has begun to tell everything anew:
 * the items are wanted from the first one on. */
bool	haproxy_tend(struct haproxy *);
int64_t	haproxy_due(const struct haproxy *);	/* ticks */
/* 1 or 0 descriptors to wait for. */
size_t	haproxy_poll(const struct haproxy *, struct pollfd *);

/* Whether it has been told all there is to tell. */
bool	haproxy_is_told(const struct haproxy *);
/* Why not, in a sentence; NULL: nothing is wrong. */
const char *haproxy_trouble(const struct haproxy *);

/*
 * What "show info" and "show map" answer: the process, and what the maps are
 * called there.  -1 with why: they cannot be told which, or are not there.
 */
#define MAP_PATH 512
struct haproxy_maps {
	long	 pid;
	char	 name[MAP_KINDS][MAP_PATH];
};

int	haproxy_parse(const char *answer, const char *folder,
	    struct haproxy_maps *, struct buf *why);

#endif
