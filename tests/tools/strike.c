/*
 * strike: runs a command, counts the system calls of it and of what it starts
 * that matter, and strikes at the Nth: kills, lets the call fail, or lets it
 * do only half of what it was asked. One number for all kinds of calls, in
 * the order in which they come.
 *
 *	strike [-p WHOM] [-c CALLS] [-s CALLS] [-n N] [-m TIMES] [-w FILE]
 *	    [-a WHAT] [-l LIST [-t]] -- COMMAND ...
 *
 *	-p daemon|worker|tool|all	whose calls count: those of COMMAND and its
 *		threads, of docket-check, of other programs and of forks on their
 *		way there
 *	-c write,fsync,...	which count; +change: all that change
 *		anything, +space: all that need room, and so on (classes[])
 *	-s ...	of those only these are numbered and struck, the others listed
 *	-n N	the Nth of them is struck, and TIMES (1) in all; with -w all
 *		from there on, for as long as FILE is there
 *	-a kill|short|ENOSPC|...	what becomes of them
 *	-l LIST	a line for each call that counts: its number, whose, which, on
 *		what; with "*" if it was struck
 *	-t	in front of each the thread's own number
 *
 * Exits as the command does, 128 + the signal if one ended it; 120 if
 * something that it started lives for longer than GRACE_S after it; 2 for
 * want of anything that strike itself needs.
 *
 * What the command says itself (writes to its descriptors 1 and 2) never counts.
 *
 * The calls are caught by a seccomp filter that the command runs under from
 * the start: those that do not count cost nothing, and the program itself
 * knows nothing of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_S 5

#if !defined(__x86_64__)
int
main(void)
{
	fputs("strike: knows the registers of x86-64 only\n", stderr);
	return 2;
}
#else

/* What of a call tells on what it works: a descriptor, a path behind one, two
 * such paths, a path alone, nothing. */
enum shape { FD, AT, AT2, PATH, NONE };

/* Classes. */
#define CHANGE	1u	/* changes what outlives the process */
#define SPACE	2u	/* needs room on the disk */
#define FAULTY	4u	/* the disk may fail it */
#define SYNC	8u
#define FILES	16u	/* gives a new descriptor */
#define MEMORY	32u
#define PARTIAL	64u	/* may do a part only */
#define SLOW	128u	/* a signal may end it */
#define START	256u	/* starts something */
#define FROZEN	512u	/* a file system that is read only refuses it */
#define LOOK	1024u	/* tells what is there */

static const struct {
	const char	*name;
	unsigned	 bit;
} classes[] = {
	{ "+change", CHANGE }, { "+space", SPACE }, { "+faulty", FAULTY },
	{ "+sync", SYNC }, { "+files", FILES }, { "+memory", MEMORY },
	{ "+partial", PARTIAL }, { "+slow", SLOW }, { "+start", START },
	{ "+frozen", FROZEN }, { "+look", LOOK },
};

/* With FLAGS, openat counts for CHANGE, SPACE and FROZEN only if it may
 * write. */
static const struct call {
	const char	*name;
	int		 nr;
	enum shape	 shape;
	unsigned	 in;
} calls[] = {
#define C(name, shape, in) { #name, SYS_##name, shape, in }
	C(write, FD, CHANGE | SPACE | FAULTY | PARTIAL | SLOW),
	C(pwrite64, FD, CHANGE | SPACE | FAULTY | PARTIAL),
	C(writev, FD, CHANGE | SPACE | FAULTY | SLOW),
	C(sendmsg, FD, CHANGE | SLOW),
	C(sendto, FD, CHANGE | SLOW),
	C(openat, AT, CHANGE | SPACE | FAULTY | FILES | MEMORY | FROZEN),
	C(openat2, AT, CHANGE | SPACE | FAULTY | FILES | MEMORY | FROZEN),
	C(open, PATH, CHANGE | SPACE | FAULTY | FILES | MEMORY | FROZEN),
	C(rename, PATH, CHANGE | SPACE | FAULTY | FROZEN),
	C(renameat, AT2, CHANGE | SPACE | FAULTY | FROZEN),
	C(renameat2, AT2, CHANGE | SPACE | FAULTY | FROZEN),
	C(link, PATH, CHANGE | SPACE | FAULTY | FROZEN),
	C(linkat, AT2, CHANGE | SPACE | FAULTY | FROZEN),
	C(symlinkat, AT, CHANGE | SPACE | FAULTY | FROZEN),
	C(unlink, PATH, CHANGE | FAULTY | FROZEN),
	C(unlinkat, AT, CHANGE | FAULTY | FROZEN),
	C(rmdir, PATH, CHANGE | FAULTY | FROZEN),
	C(mkdir, PATH, CHANGE | SPACE | FAULTY | FROZEN),
	C(mkdirat, AT, CHANGE | SPACE | FAULTY | FROZEN),
	C(ftruncate, FD, CHANGE | SPACE | FAULTY),
	C(truncate, PATH, CHANGE | FAULTY | FROZEN),
	C(fallocate, FD, CHANGE | SPACE | FAULTY),
	C(fchmod, FD, CHANGE | FAULTY | FROZEN),
	C(fchmodat, AT, CHANGE | FAULTY | FROZEN),
	C(chmod, PATH, CHANGE | FAULTY | FROZEN),
	C(fchown, FD, CHANGE | FAULTY | FROZEN),
	C(fchownat, AT, CHANGE | FAULTY | FROZEN),
	C(utimensat, AT, CHANGE | FROZEN),
	C(fsync, FD, CHANGE | SPACE | FAULTY | SYNC),
	C(fdatasync, FD, CHANGE | SPACE | FAULTY | SYNC),
	C(syncfs, FD, CHANGE | SPACE | FAULTY | SYNC),
	C(flock, FD, CHANGE | SLOW),
	C(read, FD, FAULTY | PARTIAL | SLOW),
	C(pread64, FD, FAULTY | PARTIAL),
	C(getdents64, FD, FAULTY),
	C(recvmsg, FD, SLOW),
	C(poll, NONE, SLOW),
	C(newfstatat, AT, LOOK),
	C(wait4, NONE, SLOW),
	C(mmap, NONE, MEMORY),
	C(mremap, NONE, MEMORY),
	C(pipe2, NONE, FILES),
	C(socketpair, NONE, FILES),
	C(socket, NONE, FILES),
	C(memfd_create, NONE, FILES | MEMORY),
	C(inotify_init1, NONE, FILES),
	C(inotify_add_watch, FD, MEMORY),
	C(signalfd4, NONE, FILES),
	C(clone, NONE, CHANGE | START | MEMORY),
	C(clone3, NONE, CHANGE | START | MEMORY),
	C(fork, NONE, CHANGE | START | MEMORY),
	C(vfork, NONE, CHANGE | START | MEMORY),
	C(execve, PATH, CHANGE | START | MEMORY),
	C(prctl, NONE, 0),
	C(seccomp, NONE, 0),
	C(landlock_restrict_self, NONE, 0),
	C(prlimit64, NONE, 0),
	C(close, FD, 0),
	C(exit_group, NONE, 0),
#undef C
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static const struct {
	const char	*name;
	int		 value;
} errors[] = {
	{ "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "EIO", EIO },
	{ "EMFILE", EMFILE }, { "ENFILE", ENFILE }, { "ENOMEM", ENOMEM },
	{ "EAGAIN", EAGAIN }, { "EINTR", EINTR }, { "EROFS", EROFS },
	{ "EACCES", EACCES }, { "ENOENT", ENOENT },
};

enum whom { DAEMON, WORKER, TOOL, ANYBODY };
static const char *const whom_name[] = { "daemon", "worker", "tool", "all" };

#define PROCS 512

static struct {
	pid_t	 pid;
	enum whom whom;
} procs[PROCS];

static struct {
	enum whom	 whom;
	bool		 counts[CALLS];
	bool		 strikes[CALLS], some;	/* not all of them */
	unsigned	 class;		/* of those asked for, if one */
	long		 n, times;
	const char	*while_file;
	bool		 kill, half;
	int		 error;
	FILE		*list;
	bool		 threads;
} opt = { .whom = ANYBODY, .times = 1 };

static long counted;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* Processes. */

static void
forget(pid_t pid)
{
	size_t i;

	for (i = 0; i < PROCS; i++)
		if (procs[i].pid == pid)
			procs[i].pid = 0;
}

static void
remember(pid_t pid, enum whom whom)
{
	size_t i;

	forget(pid);
	for (i = 0; i < PROCS; i++)
		if (procs[i].pid == 0) {
			procs[i].pid = pid;
			procs[i].whom = whom;
			return;
		}
	fputs("strike: too many processes\n", stderr);
	exit(2);
}

static bool
known(pid_t pid, enum whom *whom)
{
	size_t i;

	for (i = 0; i < PROCS; i++)
		if (procs[i].pid == pid) {
			*whom = procs[i].whom;
			return true;
		}
	return false;
}

static bool
any_left(void)
{
	size_t i;

	for (i = 0; i < PROCS; i++)
		if (procs[i].pid != 0)
			return true;
	return false;
}

/* Who a process is, by the program that it runs now. */
static enum whom
who_runs(pid_t pid, enum whom before)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	if ((f = fopen(path, "r")) != NULL) {
		if (fgets(name, sizeof(name), f) == NULL)
			name[0] = '\0';
		fclose(f);
	}
	name[strcspn(name, "\n")] = '\0';
	if (strcmp(name, "docket-check") == 0)
		return WORKER;
	return before == DAEMON ? DAEMON : TOOL;
}

/* Their memory. */

static bool
peek(pid_t pid, unsigned long long at, void *out, size_t n)
{
	struct iovec here = { out, n }, there = { (void *)(uintptr_t)at, n };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)n;
}

static void
peek_string(pid_t pid, unsigned long long at, char *out, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size; i++)
		if (!peek(pid, at + i, out + i, 1) || out[i] == '\0')
			break;
	out[i] = '\0';
}

static void
name_fd(pid_t pid, long long fd, char *out, size_t size)
{
	char path[64];
	ssize_t n;

	if ((int)fd == AT_FDCWD) {
		snprintf(out, size, ".");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)pid, (int)fd);
	n = readlink(path, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
}

static void
describe(pid_t pid, const struct call *c, const struct user_regs_struct *r,
    char *out, size_t size)
{
	char a[300] = "", b[300] = "", p[300] = "", q[300] = "";

	switch (c->shape) {
	case FD:
		name_fd(pid, (long long)r->rdi, a, sizeof(a));
		break;
	case AT:
	case AT2:
		name_fd(pid, (long long)r->rdi, a, sizeof(a));
		peek_string(pid, r->rsi, p, sizeof(p));
		if (c->shape == AT)
			break;
		name_fd(pid, (long long)r->rdx, b, sizeof(b));
		peek_string(pid, r->r10, q, sizeof(q));
		break;
	case PATH:
		peek_string(pid, r->rdi, p, sizeof(p));
		break;
	case NONE:
		break;
	}
	snprintf(out, size, "%s%s%s%s%s%s%s", p[0] == '/' ? "" : a,
	    *p != '\0' && *p != '/' ? "/" : "", p, *q != '\0' ? " to " : "",
	    q[0] == '/' ? "" : b, *q != '\0' && *q != '/' ? "/" : "", q);
}

/* Whether an open may write; others always may. */
static bool
may_write(pid_t pid, const struct call *c, const struct user_regs_struct *r)
{
	const int writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
	struct open_how how;

	if (c->nr == SYS_openat2)
		return peek(pid, r->rdx, &how, sizeof(how)) &&
		    ((int)how.flags & writing) != 0;
	if (c->nr == SYS_openat)
		return ((int)r->rdx & writing) != 0;
	if (c->nr == SYS_open)
		return ((int)r->rsi & writing) != 0;
	return true;
}

/* Striking. */

static bool
is_struck(void)
{
	if (opt.n == 0 || counted < opt.n)
		return false;
	if (opt.while_file != NULL)
		return access(opt.while_file, F_OK) == 0;
	return counted < opt.n + opt.times;
}

static void
strike(pid_t pid, struct user_regs_struct *r)
{
	if (opt.kill) {
		kill(pid, SIGKILL);
		return;
	}
	if (opt.half) {
		if (r->rdx < 2)
			return;
		r->rdx /= 2;
	} else {
		r->orig_rax = (unsigned long long)-1;
		r->rax = (unsigned long long)-opt.error;
	}
	ptrace(PTRACE_SETREGS, pid, NULL, r);
}

static void
on_call(pid_t pid)
{
	const unsigned if_writing = CHANGE | SPACE | FROZEN;
	struct user_regs_struct r;
	enum whom whom = TOOL;
	bool numbered;
	char on[1300];
	size_t i;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &r) != 0)
		return;
	for (i = 0; i < CALLS; i++)
		if (calls[i].nr == (int)r.orig_rax && opt.counts[i])
			break;
	if (i == CALLS)
		return;
	known(pid, &whom);
	if (opt.whom != ANYBODY && opt.whom != whom)
		return;
	if ((opt.class & if_writing) != 0 && !may_write(pid, &calls[i], &r))
		return;
	/* what it says is to be read */
	if (calls[i].nr == SYS_write && (r.rdi == 1 || r.rdi == 2))
		return;
	numbered = !opt.some || opt.strikes[i];
	counted += numbered;
	if (opt.list != NULL) {
		describe(pid, &calls[i], &r, on, sizeof(on));
		if (opt.threads)
			fprintf(opt.list, "%ld ", (long)pid);
		fprintf(opt.list, "%ld%s %s %s %s\n", counted,
		    numbered && is_struck() ? "*" : "", whom_name[whom], calls[i].name, on);
		fflush(opt.list);
	}
	if (numbered && is_struck())
		strike(pid, &r);
}

/* The command. */

static void
install_filter(void)
{
	struct sock_filter code[CALLS + 4];
	struct sock_fprog prog = { .filter = code };
	unsigned short n = 0;
	size_t i, left = 0;

	for (i = 0; i < CALLS; i++)
		left += opt.counts[i];
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, nr));
	for (i = 0; i < CALLS; i++)
		if (opt.counts[i]) {
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP |
			    BPF_JEQ | BPF_K, (unsigned)calls[i].nr,
			    (unsigned char)left, 0);
			left--;
		}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_TRACE);
	prog.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0)
		die("strike: seccomp");
}

static pid_t
start(char **argv)
{
	const unsigned long options = PTRACE_O_TRACESECCOMP |
	    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	    PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("strike: fork");
	if (pid == 0) {
		raise(SIGSTOP);
		install_filter();
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(2);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid ||
	    ptrace(PTRACE_SEIZE, pid, NULL, options) != 0)
		die("strike: ptrace");
	kill(pid, SIGCONT);
	return pid;
}

static void
on_stop(pid_t pid, int status)
{
	const int signal = WSTOPSIG(status), event = status >> 16;
	enum whom whom = TOOL;
	unsigned long child;
	int pass = 0;

	known(pid, &whom);
	switch (event) {
	case 0:
		pass = signal;
		break;
	case PTRACE_EVENT_SECCOMP:
		on_call(pid);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0)
			remember((pid_t)child, whom == WORKER ? WORKER : TOOL);
		break;
	case PTRACE_EVENT_CLONE:	/* a thread */
		if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0)
			remember((pid_t)child, whom);
		break;
	case PTRACE_EVENT_EXEC:
		remember(pid, who_runs(pid, whom));
		break;
	case PTRACE_EVENT_STOP:
		if (signal == SIGSTOP || signal == SIGTSTP ||
		    signal == SIGTTIN || signal == SIGTTOU) {
			ptrace(PTRACE_LISTEN, pid, NULL, NULL);
			return;
		}
		break;
	}
	ptrace(PTRACE_CONT, pid, NULL, pass);
}

static void
on_alarm(int signal)
{
	(void)signal;
}

static int
trace(pid_t root)
{
	struct sigaction act = { .sa_handler = on_alarm };
	int status, result = 2;
	bool ended = false;
	pid_t pid;

	sigaction(SIGALRM, &act, NULL);
	remember(root, DAEMON);
	while (any_left()) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR && ended) {
			fputs("strike: something lives on\n", stderr);
			return 120;	/* and dies with us */
		}
		if (pid < 0)
			break;
		if (WIFSTOPPED(status)) {
			on_stop(pid, status);
			continue;
		}
		forget(pid);
		if (pid != root)
			continue;
		result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
		    WEXITSTATUS(status);
		ended = true;
		alarm(GRACE_S);
	}
	return result;
}

/* Options. */

static void
count_call(const char *name, bool *set)
{
	bool found = false;
	unsigned bit = 0;
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].name, name) == 0)
			bit = classes[i].bit;
	for (i = 0; i < CALLS; i++)
		if (bit != 0 ? (calls[i].in & bit) != 0 :
		    strcmp(calls[i].name, name) == 0)
			found = set[i] = true;
	if (set == opt.counts)
		opt.class |= bit;
	if (!found) {
		fprintf(stderr, "strike: %s: no such call\n", name);
		exit(2);
	}
}

static void
set_action(const char *name)
{
	size_t i;

	opt.kill = strcmp(name, "kill") == 0;
	opt.half = strcmp(name, "short") == 0;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			opt.error = errors[i].value;
	if (!opt.kill && !opt.half && opt.error == 0) {
		fprintf(stderr, "strike: %s: not an action\n", name);
		exit(2);
	}
}

static void
set_whom(const char *name)
{
	size_t i;

	for (i = 0; i <= ANYBODY; i++)
		if (strcmp(whom_name[i], name) == 0) {
			opt.whom = (enum whom)i;
			return;
		}
	fprintf(stderr, "strike: %s: nobody\n", name);
	exit(2);
}

int
main(int argc, char **argv)
{
	char *call;
	int option;

	while ((option = getopt(argc, argv, "+p:c:s:n:m:w:a:l:t")) != -1)
		switch (option) {
		case 'p':
			set_whom(optarg);
			break;
		case 'c':
			for (call = strtok(optarg, ","); call != NULL;
			    call = strtok(NULL, ","))
				count_call(call, opt.counts);
			break;
		case 's':
			opt.some = true;
			for (call = strtok(optarg, ","); call != NULL;
			    call = strtok(NULL, ","))
				count_call(call, opt.strikes);
			break;
		case 'n':
			opt.n = atol(optarg);
			break;
		case 'm':
			opt.times = atol(optarg);
			break;
		case 'w':
			opt.while_file = optarg;
			break;
		case 'a':
			set_action(optarg);
			break;
		case 'l':
			if ((opt.list = fopen(optarg, "we")) == NULL)
				die(optarg);
			break;
		case 't':
			opt.threads = true;
			break;
		default:
			return 2;
		}
	if (optind == argc) {
		fputs("usage: strike [options] -- COMMAND ...\n", stderr);
		return 2;
	}
	return trace(start(argv + optind));
}
#endif
