/*
 * keys: keys on their way from an approval to their client.
 *
 *	keys_make()	a key is made and written to .docket/keys/
 *	keys_sync()	what was made is durable; then the commit that bears
 *			the digests
 *	keys_moved()	for each ruling that is committed
 *	keys_tend()	what is committed goes to its client
 *
 * A key goes to the client's folder of the outbox: the drop box that is the
 * client's, else the folder that is called like the client.  It leaves
 * .docket/keys by rename(2), and so is delivered once, whatever happens: who
 * is killed leaves a key that no commit knows, which keys_open() destroys, or
 * a commit whose key is still here, which is delivered.
 *
 * As it is, a key goes only where nobody but the desk and the folder's group
 * can read.  A client with a recipient gets it encrypted to that, by age(1).
 * Otherwise it waits, a notice says for what, and it is tried again.  Nobody
 * waits for age: keys_poll() says when it has something to say.
 *
 * Functions return 0, or -1 with errno for the machine's trouble.
 */
#ifndef DOCKET_KEYS_H
#define DOCKET_KEYS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errand.h"
#include "hash.h"

#include "form.h"

#include "desk.h"
#include "index.h"
#include "ruling.h"
#include "settings.h"

struct keys;

/* What keys has others do. */
struct keys_ops {
	/* Opens the folder of the outbox of that name, made for the desk
	 * alone if it is not there.  -1: it cannot be. */
	int	(*folder)(void *arg, const char *name);
	/* Whom keys of a client are encrypted to: 1 and *recipient, the
	 * caller's to free; 0: nobody; -1: it cannot be told. */
	int	(*recipient)(void *arg, const char *client, char **recipient);
	/* The key of a case that came through this box begins to wait, or
	 * waits no more. */
	void	(*changed)(void *arg, const char *box);
	void	*arg;
};

/* Finds what a crash has left.  NULL: it cannot be read. */
struct keys *keys_open(struct desk *, const struct settings *,
	    struct index *, const struct keys_ops *);
void	keys_close(struct keys *);
void	keys_configure(struct keys *, const struct settings *);
/* All are looked at again: another list of clients is in force. */
void	keys_look(struct keys *);

/* Makes a key of a case, its `revision'th, and gives its digest. */
int	keys_make(struct keys *, const char *number, unsigned revision,
	    char sha256[SHA256_HEX]);

/* Makes durable what was made.  Before the commit of the digests. */
int	keys_sync(struct keys *);

/* After a commit, when the index knows of it. */
void	keys_moved(struct keys *, const struct ruling *);

/* Delivers what can be; and when there is more to do. */
int	keys_tend(struct keys *);
int64_t	keys_due(const struct keys *);	/* ticks */
/* Calls of age at a time; and descriptors to wait for, at the most. */
#define KEYS_AGES 4
#define KEYS_FDS (KEYS_AGES * ERRAND_FDS)
size_t	keys_poll(const struct keys *, struct pollfd *);
/* Something is on its way that waits for nobody. */
bool	keys_are_busy(const struct keys *);

/* What a key of the case waits for, in a sentence; NULL: none does. */
const char *keys_waiting(const struct keys *, const char *number);

/* "AK-000012.key", "AK-000012.r2.key": what a case's key is called where it
 * is delivered; with .age behind it, if it is encrypted. */
void	keys_file(char name[PAPER_NAME], const char *number,
	    unsigned revision);

/* How many wait, for whatever it is. */
size_t	keys_count(const struct keys *);

/* The same as a file that the desk's group may read, .docket/waiting-keys: a
 * line for each, the key's file, a tab, the sentence. */
#define KEYS_WAITING "waiting-keys"

#endif
