/*
 * exchange: one question over a Unix socket, and all of the answer, without
 * ever waiting for the other side.
 *
 * For servers that answer a line and hang up, as HAProxy's admin socket does.
 * exchange_begin(), then exchange_go_on() whenever the descriptor of
 * exchange_poll() is ready, or the time is over, until it is through; then
 * exchange_end().
 */
#ifndef DOCKET_EXCHANGE_H
#define DOCKET_EXCHANGE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct exchange {
	int		 fd;		/* -1: nothing is asked */
	struct buf	 question;
	size_t		 sent;
	struct buf	 answer;
	size_t		 most;		/* bytes of it that are taken */
	int64_t		 until;		/* ticks */
};

#define EXCHANGE_INIT { -1, BUF_INIT, 0, BUF_INIT, 0, 0 }

/* The longest path of a socket; sockaddr_un has room for so many. */
#define EXCHANGE_PATH 107

/* Takes up to `ms' and an answer of `most' bytes.  -1 with errno: nobody
 * listens there. */
int	exchange_begin(struct exchange *, const char *path,
	    const struct buf *question, size_t most, int64_t ms);
bool	exchange_is_open(const struct exchange *);

/* 1: the answer is complete; 0: not yet; -1 with errno: it will not come
 * (ETIMEDOUT), or is too long (EMSGSIZE). */
int	exchange_go_on(struct exchange *);

/* What poll(2) is to wait for. */
struct pollfd exchange_poll(const struct exchange *);

/* Forgets question and answer. */
void	exchange_end(struct exchange *);

#endif
