/*
 * notified: listens as a service manager does, and writes down what it is
 * told: a line a message, with the milliseconds since it began in front.
 *
 *	notified ADDRESS FILE COMMAND ...
 *
 * ADDRESS is a path, or with an @ an abstract address.  The command runs with
 * NOTIFY_SOCKET set; notified ends when it does, with its status.
 */
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

static int
listen_at(const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || len >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, name, len);
	if (*name == '@')
		to.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path) + (*name != '@');
	return bind(fd, (struct sockaddr *)&to, (socklen_t)len) == 0 ? fd : -1;
}

static void
write_down(FILE *to, int64_t since, int fd)
{
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	char *at;

	if (n <= 0)
		return;
	text[n] = '\0';
	for (at = text; (at = strchr(at, '\n')) != NULL;)
		*at = ' ';
	fprintf(to, "%lld %s\n", (long long)(clock_ticks() - since), text);
	fflush(to);
}

static pid_t
run(char **argv, const char *address, const sigset_t *blocked)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	sigprocmask(SIG_UNBLOCK, blocked, NULL);
	setenv("NOTIFY_SOCKET", address, 1);
	execvp(argv[0], argv);
	_exit(127);
}

int
main(int argc, char **argv)
{
	int64_t since = clock_ticks();
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int status = 0;
	sigset_t set;
	pid_t pid;
	FILE *to;

	if (argc < 4) {
		fputs("usage: notified ADDRESS FILE COMMAND ...\n", stderr);
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[0].fd = listen_at(argv[1]);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	to = fopen(argv[2], "we");
	if (fds[0].fd < 0 || fds[1].fd < 0 || to == NULL ||
	    (pid = run(argv + 3, argv[1], &set)) < 0) {
		perror("notified");
		return 3;
	}
	while (waitpid(pid, &status, WNOHANG) != pid) {
		poll(fds, 2, -1);
		write_down(to, since, fds[0].fd);
		if (fds[1].revents != 0) {
			struct signalfd_siginfo info;

			if (read(fds[1].fd, &info, sizeof(info)) < 0)
				break;
		}
	}
	while (poll(fds, 1, 0) > 0)
		write_down(to, since, fds[0].fd);
	fclose(to);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 +
	    WTERMSIG(status);
}
