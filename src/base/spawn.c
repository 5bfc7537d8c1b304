/*
 * spawn: other programs.
 *
 * May not: pass on a descriptor or the environment unasked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
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
	char *env[] = {
		env_of("PATH", "/usr/local/bin:/usr/bin:/bin"),
		env_of("TZ", "UTC"),
		locale,
		NULL,
	};
	sigset_t none;

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
