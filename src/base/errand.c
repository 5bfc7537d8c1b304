/*
 * errand: a program that is sent for something.
 *
 * May not: wait, but for the end of what it has killed.
 */
#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "spawn.h"

/* On a kernel that does not tell ends they are looked for so often, ms. */
#define LOOK_MS 50

/* Who says too much is listened to in pieces, of so many reads: more than a
 * pipe holds. */
#define READS 64

int
errand_begin(struct errand *e, const char *const argv[], int in, size_t most,
    int64_t ms)
{
	e->pid = spawn_piped(argv, in, &e->out);
	if (e->pid < 0) {
		e->pid = 0;
		return -1;
	}
	e->most = most;
	e->until = clock_ticks() + ms;
	e->ended = pidfd_open(e->pid, 0);
	return 0;
}

bool
errand_is_out(const struct errand *e)
{
	return e->pid > 0;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What it has said so far. */
static void
listen_to(struct errand *e)
{
	char chunk[4096];
	unsigned reads = READS;
	size_t room;
	ssize_t n;

	while (e->out >= 0 && reads-- > 0) {
		n = read(e->out, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_fd(&e->out);
			return;
		}
		room = e->most - e->said.len;
		buf_put(&e->said, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

int
errand_go_on(struct errand *e, int *status)
{
	int ended;

	listen_to(e);
	ended = spawn_ended(e->pid, status);
	if (ended == 0 && clock_ticks() < e->until)
		return 0;
	if (ended == 0) {
		kill(e->pid, SIGKILL);
		spawn_wait(e->pid, status);
	}
	/* what it has said since */
	listen_to(e);
	e->pid = 0;
	close_fd(&e->out);
	close_fd(&e->ended);
	return ended == 1 ? 1 : -1;
}

int64_t
errand_due(const struct errand *e)
{
	if (e->pid == 0)
		return INT64_MAX;
	return e->ended >= 0 ? e->until : clock_ticks() + LOOK_MS;
}

size_t
errand_poll(const struct errand *e, struct pollfd *fds)
{
	size_t n = 0;

	if (e->ended >= 0)
		fds[n++] = (struct pollfd){ .fd = e->ended,
		    .events = POLLIN };
	if (e->out >= 0)
		fds[n++] = (struct pollfd){ .fd = e->out, .events = POLLIN };
	return n;
}

void
errand_end(struct errand *e)
{
	int status;

	if (e->pid > 0) {
		kill(e->pid, SIGKILL);
		spawn_wait(e->pid, &status);
	}
	close_fd(&e->ended);
	close_fd(&e->out);
	buf_free(&e->said);
	*e = (struct errand)ERRAND_INIT;
}
