/*
 * spawn: other programs.
 *
 * May not: pass on a descriptor or the environment unasked.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "notify.h"
#include "spawn.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/docket"
#endif

static char *
env_of(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	char *text;

	if (asprintf(&text, "%s=%s", name,
	    value == NULL ? otherwise : value) < 0)
		fatal("out of memory");
	return text;
}

static void
run(const char *const argv[], int in, int out, pid_t parent)
{
	char locale[] = "LC_ALL=C.UTF-8";
	char *env[5] = {
		env_of("PATH", "/usr/local/bin:/usr/bin:/bin"),
		env_of("TZ", "UTC"),
		locale,
	};
	sigset_t none;

	if (getenv("SSH_AUTH_SOCK") != NULL)
		env[3] = env_of("SSH_AUTH_SOCK", "");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)	/* it died before we asked */
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	close_range(3, ~0U, 0);
	execvpe(argv[0], (char *const *)(unsigned long)argv, env);
	_exit(127);
}

static pid_t
start(const char *const argv[], int in)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t parent = getpid(), pid;

	if (null < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		run(argv, in < 0 ? null : in, null, parent);
	close(null);
	return pid;
}

pid_t
spawn_quiet(const char *const argv[])
{
	return start(argv, -1);
}

pid_t
spawn_worker(const char *const argv[], int fd)
{
	return start(argv, fd);
}

static pid_t
start_captured(const char *const argv[], int in, int out)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	if (dup2(out, STDERR_FILENO) < 0)
		_exit(127);
	run(argv, in, out, parent);
	return -1;
}

/* Reads to the end.  -1: too much, or too late. */
static int
read_all(int fd, struct buf *out, size_t most, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t start = out->len;
	char chunk[4096];
	int64_t left;
	ssize_t n;

	for (;;) {
		left = until - clock_ticks();
		if (left <= 0 || out->len - start > most)
			return -1;
		notify_pulse();
		if (poll(&p, 1, left > 1000 ? 1000 : (int)left) <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			buf_put(out, chunk, (size_t)n);
	}
}

int
spawn_capture(const char *const argv[], int fd, struct buf *out, size_t most,
    int64_t ms, int *status)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2], failed;
	pid_t pid;

	if (null < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		close(null);
		return -1;
	}
	pid = start_captured(argv, fd < 0 ? null : fd, ends[1]);
	close(null);
	close(ends[1]);
	failed = pid < 0 ? -1 : read_all(ends[0], out, most,
	    clock_ticks() + ms);
	close(ends[0]);
	if (failed != 0 && pid > 0)
		kill(pid, SIGKILL);
	if (pid > 0 && spawn_wait(pid, status) != 0)
		return -1;
	return failed;
}

pid_t
spawn_piped(const char *const argv[], int in, int *out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2];
	pid_t pid = -1;

	if (null < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = start_captured(argv, in < 0 ? null : in, ends[1]);
		close(ends[1]);
		if (pid > 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
			*out = ends[0];
		else
			close(ends[0]);
	}
	close(null);
	return pid;
}

int
spawn_ended(pid_t pid, int *status)
{
	pid_t got = waitpid(pid, status, WNOHANG);

	return got < 0 ? -1 : got == pid;
}

int
spawn_wait(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? 0 : -1;
}

const char *
spawn_sibling(const char *name, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL) {
			snprintf(slash + 1, size - (size_t)(slash + 1 - path),
			    "%s", name);
			if (access(path, X_OK) == 0)
				return path;
		}
	}
	snprintf(path, size, LIBEXECDIR "/%s", name);
	return path;
}
