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
#include <sys/syscall.h>
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

/* What a program gets as its environment.  It is made before there is a child:
 * a fork of a process with threads may not allocate. */
struct environment {
	char	*words[5];
};

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
env_make(struct environment *env)
{
	*env = (struct environment){ {
		env_of("PATH", "/usr/local/bin:/usr/bin:/bin"),
		env_of("TZ", "UTC"),
		mem_str("LC_ALL=C.UTF-8"),
		getenv("SSH_AUTH_SOCK") == NULL ? NULL :
		    env_of("SSH_AUTH_SOCK", ""),
	} };
}

static void
env_free(struct environment *env)
{
	char **word;

	for (word = env->words; *word != NULL; word++)
		free(*word);
}

/* In the child: nothing but what signal-safety(7) allows. */
static void
settle_in(int in, int out, int err, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)	/* it died before we asked */
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    (err >= 0 && dup2(err, STDERR_FILENO) < 0))
		_exit(127);
	close_range(3, ~0U, 0);
}

static void
run(const char *const argv[], const struct environment *env, int in, int out,
    int err, pid_t parent)
{
	settle_in(in, out, err, parent);
	execvpe(argv[0], (char *const *)(unsigned long)argv, env->words);
	_exit(127);
}

/* `in' may be -1, the null device; so may `out'.  `err' -1: ours. */
static pid_t
start(const char *const argv[], int in, int out, int err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t parent = getpid(), pid;
	struct environment env;

	if (null < 0)
		return -1;
	env_make(&env);
	pid = fork();
	if (pid == 0)
		run(argv, &env, in < 0 ? null : in, out < 0 ? null : out, err,
		    parent);
	env_free(&env);
	close(null);
	return pid;
}

pid_t
spawn_quiet(const char *const argv[])
{
	return start(argv, -1, -1, -1);
}

pid_t
spawn_worker(const char *const argv[], int fd)
{
	return start(argv, fd, -1, -1);
}

pid_t
spawn_child(int (*fn)(void *), void *arg, int in, int out)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	settle_in(in, out, -1, parent);
	_exit(fn(arg));
}

/* Reads to the end.  -1, and errno: too much, or too late. */
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
		if (left <= 0 || out->len - start > most) {
			errno = left <= 0 ? ETIMEDOUT : EMSGSIZE;
			return -1;
		}
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
	int ends[2], failed, why;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = start(argv, fd, ends[1], ends[1]);
	failed = pid < 0 ? -1 : 0;
	why = errno;
	close(ends[1]);
	if (failed == 0 && (failed = read_all(ends[0], out, most,
	    clock_ticks() + ms)) != 0) {
		why = errno;
		kill(pid, SIGKILL);
	}
	close(ends[0]);
	if (pid > 0 && spawn_wait(pid, status) != 0)
		return -1;
	errno = why;
	return failed;
}

pid_t
spawn_piped(const char *const argv[], int in, int *out)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = start(argv, in, ends[1], ends[1]);
	close(ends[1]);
	if (pid > 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
		*out = ends[0];
	else
		close(ends[0]);
	return pid;
}

int
spawn_ended(pid_t pid, int *status)
{
	pid_t got = waitpid(pid, status, WNOHANG);

	return got < 0 ? -1 : got == pid;
}

int
spawn_handle(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
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
