/*
 * keys: keys on their way from an approval to their client.
 *
 *	keys_make()	a key is made and written to .docket/keys/
 *	keys_sync()	what was made is durable; then the commit that bears
 *			the digests
 *
 * Whoever is killed in between leaves a key that no commit knows, or a commit
 * whose key is still here: each is found at the next start.
 *
 * Functions return 0, or -1 with errno for the machine's trouble.
 */
#ifndef DOCKET_KEYS_H
#define DOCKET_KEYS_H

#include "desk.h"
#include "hash.h"

struct keys;

struct keys *keys_open(struct desk *);
void	keys_close(struct keys *);

/* Makes a key of a case, its `revision'th, and gives its digest. */
int	keys_make(struct keys *, const char *number, unsigned revision,
	    char sha256[SHA256_HEX]);

/* Makes durable what was made.  Before the commit of the digests. */
int	keys_sync(struct keys *);

#endif
