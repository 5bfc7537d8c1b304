/*
 * arrival: what becomes of a form that a command has dropped into inbox.
 */
#ifndef DOCKET_ARRIVAL_H
#define DOCKET_ARRIVAL_H

#include "cmd.h"

/* Waits, at most so long, until the desk has dealt with inbox/FILE
 * ("acme/key.xml"), and says what came of it.  The exit status: done where it
 * was received, is there already, or is left to a desk that runs; no where it
 * was refused; trouble where no desk runs. */
int	arrival_wait(struct reading *, const char *file, int64_t ms);

#endif
