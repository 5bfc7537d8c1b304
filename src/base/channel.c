/*
 * channel: messages over a socket that is connected.
 *
 * May not: look into a message.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "buf.h"
#include "channel.h"

/* Taken at once. */
#define MOST 65536

int
channel_send(int fd, const struct buf *message)
{
	size_t done = 0;
	ssize_t n;

	while (done < message->len) {
		n = send(fd, message->data + done, message->len - done,
		    MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int
channel_send_fd(int fd, const struct buf *message, int sent)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { message->data, message->len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &sent, sizeof(int));
	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)message->len ? 0 : -1;
}

int
channel_receive(int fd, struct buf *in)
{
	ssize_t n;

	buf_reserve(in, MOST);
	do
		n = recv(fd, in->data + in->len, MOST, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return -1;
	in->len += (size_t)n;
	return 1;
}
