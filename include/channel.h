/*
 * channel: messages over a socket that is connected.
 *
 * Functions return -1, with errno, where the other side is gone.
 */
#ifndef DOCKET_CHANNEL_H
#define DOCKET_CHANNEL_H

struct buf;

/* All of it, however long that takes. */
int	channel_send(int fd, const struct buf *);
/* A short message that a descriptor goes along with; it stays the caller's. */
int	channel_send_fd(int fd, const struct buf *, int sent);

/* What is there now, up to 64 KiB, appended.  1: something; 0: nothing. */
int	channel_receive(int fd, struct buf *);

#endif
