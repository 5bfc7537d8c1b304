/*
 * exchange: one question over a Unix socket.
 *
 * May not: wait; know what is asked.
 * The machine's trouble, or the other side's: returned with errno.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "exchange.h"

int
exchange_begin(struct exchange *x, const char *path,
    const struct buf *question, size_t most, int64_t ms)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int saved;

	if (strlen(path) > EXCHANGE_PATH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(to.sun_path, path);
	exchange_end(x);
	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (x->fd < 0)
		return -1;
	if (connect(x->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		saved = errno;
		exchange_end(x);
		errno = saved;
		return -1;
	}
	buf_put(&x->question, buf_str(question), question->len);
	x->most = most;
	x->until = clock_ticks() + ms;
	return 0;
}

bool
exchange_is_open(const struct exchange *x)
{
	return x->fd >= 0;
}

/* 0: all of it is sent, or no more can be now. */
static int
send_some(struct exchange *x)
{
	ssize_t n;

	while (x->sent < x->question.len) {
		n = send(x->fd, x->question.data + x->sent,
		    x->question.len - x->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		x->sent += (size_t)n;
	}
	return 0;
}

/* 1: the other side has hung up. */
static int
receive_some(struct exchange *x)
{
	char chunk[16384];
	ssize_t n;

	for (;;) {
		n = recv(x->fd, chunk, sizeof(chunk), 0);
		if (n == 0)
			return 1;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		if ((size_t)n > x->most - x->answer.len) {
			errno = EMSGSIZE;
			return -1;
		}
		buf_put(&x->answer, chunk, (size_t)n);
	}
}

int
exchange_go_on(struct exchange *x)
{
	int status = send_some(x);

	if (status == 0)
		status = receive_some(x);
	if (status == 1 && x->sent < x->question.len) {
		errno = EPIPE;
		return -1;
	}
	if (status == 0 && clock_ticks() >= x->until) {
		errno = ETIMEDOUT;
		return -1;
	}
	return status;
}

struct pollfd
exchange_poll(const struct exchange *x)
{
	short events = POLLIN;

	if (x->sent < x->question.len)
		events |= POLLOUT;
	return (struct pollfd){ .fd = x->fd, .events = events };
}

void
exchange_end(struct exchange *x)
{
	if (x->fd >= 0)
		close(x->fd);
	buf_free(&x->question);
	buf_free(&x->answer);
	*x = (struct exchange)EXCHANGE_INIT;
}
