/*
 * hook: a command of the operator's.
 *
 * May not: wait; know what has changed.
 * The operator's: a command that fails; it is told, and run again with the
 * next change.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "spawn.h"
#include "text.h"

#include "hook.h"

/* A command that reloads a server is through in a second or two. */
#define HOOK_MS 30000

/* Of what it says so much is kept. */
#define SAID_MOST 4096

struct hook {
	char		*name, *command;
	pid_t		 pid;		/* 0: it is not run */
	int		 ended;		/* a pidfd; -1 */
	int		 out;		/* what it says; -1 */
	struct buf	 said;
	int64_t		 until;		/* ticks */
	bool		 again;
	char		*trouble;
};

struct hook *
hook_new(const char *name)
{
	struct hook *h = mem_alloc(sizeof(*h));

	h->name = mem_str(name);
	h->ended = h->out = -1;
	return h;
}

static void
close_both(struct hook *h)
{
	if (h->ended >= 0)
		close(h->ended);
	if (h->out >= 0)
		close(h->out);
	h->ended = h->out = -1;
}

void
hook_free(struct hook *h)
{
	int status;

	if (h == NULL)
		return;
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		spawn_wait(h->pid, &status);
	}
	close_both(h);
	buf_free(&h->said);
	free(h->trouble);
	free(h->name);
	free(h->command);
	free(h);
}

void
hook_configure(struct hook *h, const char *command)
{
	free(h->command);
	h->command = mem_str(command);
	if (command == NULL) {
		free(h->trouble);
		h->trouble = NULL;
	}
}

bool
hook_is_run(const struct hook *h)
{
	return h->pid > 0;
}

const char *
hook_trouble(const struct hook *h)
{
	return h->trouble;
}

/* How it went: `what' is NULL if it did. */
static void
conclude(struct hook *h, const char *what)
{
	struct buf line = BUF_INIT, text = BUF_INIT;

	text_line(&line, buf_str(&h->said), h->said.len, 300);
	log_event(what == NULL ? LOG_INFO : LOG_WARN, "gateway", "event",
	    h->name, "ended", what == NULL ? "well" : what, "says",
	    line.len == 0 ? NULL : buf_str(&line), NULL);
	free(h->trouble);
	h->trouble = NULL;
	if (what != NULL) {
		buf_putf(&text, "%s: the command %s%s%s", h->name, what,
		    line.len == 0 ? "" : ": ", buf_str(&line));
		h->trouble = buf_take(&text);
	}
	buf_free(&line);
	buf_clear(&h->said);
}

void
hook_run(struct hook *h)
{
	const char *argv[] = { "/bin/sh", "-c", h->command, NULL };

	if (h->command == NULL)
		return;
	if (h->pid > 0) {
		h->again = true;
		return;
	}
	h->again = false;
	h->pid = spawn_piped(argv, &h->out);
	h->until = clock_ticks() + HOOK_MS;
	if (h->pid < 0) {
		h->pid = 0;
		conclude(h, "cannot be started");
		return;
	}
	h->ended = pidfd_open(h->pid, 0);
}

/* What it has said so far. */
static void
listen_to(struct hook *h)
{
	char chunk[1024];
	ssize_t n;

	while (h->out >= 0 && (n = read(h->out, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if (h->said.len < SAID_MOST)
			buf_put(&h->said, chunk, (size_t)n);
	}
	if (h->out >= 0)
		close(h->out);
	h->out = -1;
}

void
hook_tend(struct hook *h)
{
	char what[64] = "";
	int status;

	if (h->pid == 0)
		return;
	listen_to(h);
	if (spawn_ended(h->pid, &status) == 0) {
		if (clock_ticks() < h->until)
			return;
		kill(h->pid, SIGKILL);
		spawn_wait(h->pid, &status);
		snprintf(what, sizeof(what), "took longer than %d seconds",
		    HOOK_MS / 1000);
	} else if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "was killed by signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(what, sizeof(what), "ended with %d",
		    WEXITSTATUS(status));
	/* a server that it has started may hold the pipe open for ever */
	listen_to(h);
	close_both(h);
	h->pid = 0;
	conclude(h, what[0] == '\0' ? NULL : what);
	if (h->again)
		hook_run(h);
}

int64_t
hook_due(const struct hook *h)
{
	if (h->pid == 0)
		return INT64_MAX;
	/* on a kernel that does not tell ends it is looked for them */
	return h->ended >= 0 ? h->until : clock_ticks() + 100;
}

size_t
hook_poll(const struct hook *h, struct pollfd *fds)
{
	size_t n = 0;

	if (h->ended >= 0)
		fds[n++] = (struct pollfd){ .fd = h->ended,
		    .events = POLLIN };
	if (h->out >= 0)
		fds[n++] = (struct pollfd){ .fd = h->out, .events = POLLIN };
	return n;
}
