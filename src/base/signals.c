/*
 * signals: SIGTERM and SIGINT, which end a program, and SIGHUP.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"

int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
signals_take(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ?
	    (int)info.ssi_signo : 0;
}

bool
signals_end(int signal)
{
	return signal == SIGTERM || signal == SIGINT;
}

bool
signals_say_end(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 &&
	    (sigismember(&waiting, SIGTERM) == 1 ||
	    sigismember(&waiting, SIGINT) == 1);
}
