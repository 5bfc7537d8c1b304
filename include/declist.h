/*
 * declist: many decisions in a list that is signed once (--list).
 */
#ifndef DOCKET_DECLIST_H
#define DOCKET_DECLIST_H

#include <stddef.h>

#include "deciding.h"

/* Writes the list to a file, signs it, drops both into inbox and waits for
 * the answer.  An exit status. */
int	declist_carry_out(struct deciding *, const char *file, char **words,
	    size_t n);

#endif
