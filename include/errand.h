/*
 * errand: a program that is sent for something, and heard out without ever
 * waiting for it.
 *
 * errand_begin(), then errand_go_on() whenever one of the descriptors of
 * errand_poll() is ready, or errand_due() has come, until it is through; then
 * errand_end().  It is through when the program has ended: a server that it
 * has started may hold its output open for ever.
 */
#ifndef DOCKET_ERRAND_H
#define DOCKET_ERRAND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"

struct errand {
	pid_t		 pid;		/* 0: none is out */
	int		 ended;		/* a pidfd; -1 */
	int		 out;		/* -1 */
	struct buf	 said;		/* its output and its errors */
	size_t		 most;		/* bytes of it that are kept */
	int64_t		 until;		/* ticks */
};

#define ERRAND_INIT { 0, -1, -1, BUF_INIT, 0, 0 }

/* Starts argv[0] (looked for in PATH), as spawn.h says, with `in' as its
 * input (-1: the null device), which stays the caller's.  It may take `ms'.
 * -1: it cannot be started. */
int	errand_begin(struct errand *, const char *const argv[], int in,
	    size_t most, int64_t ms);
bool	errand_is_out(const struct errand *);

/* 1: it has ended, and *status is as from wait(2); 0: not yet; -1: it took
 * too long, and was killed. */
int	errand_go_on(struct errand *, int *status);

int64_t	errand_due(const struct errand *);	/* ticks */
/* Up to so many descriptors to wait for. */
#define ERRAND_FDS 2
size_t	errand_poll(const struct errand *, struct pollfd *);

/* Kills it if it is out, and forgets what it has said. */
void	errand_end(struct errand *);

#endif
