/*
 * sandbox: what docket-check gives up before it reads anything.
 *
 * Fatal: a kernel without seccomp filters.  One without Landlock is made do
 * with: the filter denies every way to a file as well.
 *
 * BUGS: under AddressSanitizer and ThreadSanitizer there is no filter and no
 * bound on memory, since their own runtime needs more than we allow; such a
 * build says so at every start and is for tests only.
 */
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "buf.h"

#include "limit.h"
#include "sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* CLONE_NEWNS and its like; the last shares its bit with the exit signal. */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/*
 * The system calls that are left, and why.  Whoever makes another one is
 * ended by SIGSYS.  Refused ones fail with EPERM instead: libraries try them in
 * passing and do without.
 *
 * Conditions on arguments are those of seccomp: 64 bits, unsigned, all of
 * them to be met.
 */
static const struct call {
	struct sandbox_call	 is;
	unsigned		 n;
	struct scmp_arg_cmp	 arg[2];
} calls[] = {
#define BOTH(name, reason)	{ { name, reason, true, true, true }, 0, {{0}} }
#define REFUSED(name, reason)	{ { name, reason, true, true, false }, 0, {{0}} }
#define PARENT(name, reason)	{ { name, reason, true, false, true }, 0, {{0}} }
#define WHEN(who, name, reason, ...)					\
	{ { name, reason, who }, COUNT(((struct scmp_arg_cmp[])		\
	    { __VA_ARGS__ })), { __VA_ARGS__ } }
#define IN_BOTH		true, true, true
#define IN_PARENT	true, false, true
#define IN_CHILD	false, true, true
#define NOT_IN_CHILD	false, true, false
	BOTH("exit", "to end"),
	BOTH("exit_group", "to end"),
	BOTH("brk", "memory"),
	WHEN(IN_BOTH, "mmap", "memory, which can never be executed",
	    { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 }),
	WHEN(IN_BOTH, "mprotect", "memory, which can never be executed",
	    { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 }),
	BOTH("munmap", "memory"),
	BOTH("mremap", "memory"),
	BOTH("madvise", "memory"),
	BOTH("futex", "locks of the C library"),
	BOTH("getrandom", "seeds of malloc(3) and libxml2"),
	BOTH("clock_gettime", "the day, where the vDSO cannot tell it"),
	BOTH("gettimeofday", "the same"),
	BOTH("time", "the same"),
	BOTH("setitimer", "the bound on processor time"),
	BOTH("rt_sigprocmask", "abort(3), and fork(2) in the parent"),
	BOTH("rt_sigreturn", "the end of a signal handler"),
	BOTH("restart_syscall", "a call that a stop has interrupted"),
	REFUSED("open", "files: time zones, catalogs, converters"),
	REFUSED("openat", "files"),
	REFUSED("stat", "files"),
	REFUSED("lstat", "files"),
	REFUSED("fstat", "files"),
	REFUSED("newfstatat", "files"),
	REFUSED("statx", "files"),
	REFUSED("access", "files"),
	REFUSED("faccessat", "files"),
	REFUSED("faccessat2", "files"),
	REFUSED("readlink", "files"),
	REFUSED("readlinkat", "files"),
	REFUSED("ioctl", "whether something is a terminal"),
	REFUSED("sysinfo", "qsort(3) asks for the memory"),

	/* A child reads and writes its socket and nothing else: what it holds
	 * of a form cannot get into a log, or fill one. */
	WHEN(IN_CHILD, "read", "queries, from its socket only",
	    { 0, SCMP_CMP_EQ, STDIN_FILENO, 0 }),
	WHEN(IN_CHILD, "write", "verdicts, to its socket only",
	    { 0, SCMP_CMP_EQ, STDIN_FILENO, 0 }),
	WHEN(NOT_IN_CHILD, "read", "any other descriptor",
	    { 0, SCMP_CMP_NE, STDIN_FILENO, 0 }),
	WHEN(NOT_IN_CHILD, "write", "any other descriptor: what libraries "
	    "say before they give up",
	    { 0, SCMP_CMP_NE, STDIN_FILENO, 0 }),

	/* The parent, which never sees a form. */
	PARENT("read", "schemas, from docket"),
	PARENT("write", "to docket; and why it ends, to standard error"),
	PARENT("recvmsg", "takes the sockets of children"),
	PARENT("close", "gives them away"),
	PARENT("dup2", "a child's socket becomes its standard input"),
	PARENT("dup3", "the same"),
	/* not into another namespace, where it could be root */
	WHEN(IN_PARENT, "clone", "children, in the same namespaces",
	    { 0, SCMP_CMP_MASKED_EQ, NAMESPACES, 0 }),
	PARENT("fork", "children"),
	PARENT("set_robust_list", "fork(2) of the C library"),
	PARENT("rseq", "the same"),
	PARENT("gettid", "the same"),
	PARENT("getpid", "the same"),
	PARENT("wait4", "how a child has ended"),
	/* with Landlock's sixth version to its children only */
	WHEN(IN_PARENT, "kill", "a child that is overdue: one, by SIGKILL",
	    { 0, SCMP_CMP_LE, INT_MAX, 0 }, { 1, SCMP_CMP_EQ, SIGKILL, 0 }),
	PARENT("ppoll", "waits for docket and for children"),
	PARENT("poll", "the same"),
	WHEN(IN_PARENT, "prctl", "that a child ends when its parent does",
	    { 0, SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0 }),
	PARENT("seccomp", "the tighter filter of a child"),
	WHEN(IN_PARENT, "prlimit64", "a child's bound on memory, its own",
	    { 0, SCMP_CMP_EQ, 0, 0 }),
	PARENT("setrlimit", "the same"),
};

static struct sock_fprog parent_filter, child_filter;

const struct sandbox_call *
sandbox_call_at(size_t i)
{
	return i < COUNT(calls) ? &calls[i].is : NULL;
}

static int
add_call(scmp_filter_ctx ctx, const struct call *c)
{
	int nr = seccomp_syscall_resolve_name(c->is.name);

	if (nr == __NR_SCMP_ERROR || nr < 0)
		return 0;	/* not on this machine */
	return seccomp_rule_add_array(ctx, c->is.allowed ? SCMP_ACT_ALLOW :
	    SCMP_ACT_ERRNO(EPERM), nr, c->n, c->arg);
}

static int
add_calls(scmp_filter_ctx ctx, bool parent)
{
	size_t i;

	for (i = 0; i < COUNT(calls); i++)
		if ((parent ? calls[i].is.parent : calls[i].is.child) &&
		    add_call(ctx, &calls[i]) != 0)
			return -1;
	return 0;
}

/* libseccomp 2.5 writes a program only to a file: one in memory. */
static int
export(scmp_filter_ctx ctx, struct sock_fprog *f)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	struct stat st;
	int status = -1;

	if (fd < 0)
		return -1;
	if (seccomp_export_bpf(ctx, fd) == 0 && fstat(fd, &st) == 0) {
		f->len = (unsigned short)((size_t)st.st_size /
		    sizeof(struct sock_filter));
		f->filter = mem_alloc((size_t)st.st_size);
		if (pread(fd, f->filter, (size_t)st.st_size, 0) ==
		    st.st_size)
			status = 0;
	}
	close(fd);
	return status;
}

static int
build(struct sock_fprog *f, bool parent)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int status = -1;

	if (ctx == NULL)
		return -1;
	if (add_calls(ctx, parent) == 0)
		status = export(ctx, f);
	seccomp_release(ctx);
	return status;
}

/* Bytes that the C library has from the kernel, used or not. */
uint64_t
sandbox_heap(void)
{
#ifdef __GLIBC__
	const struct mallinfo2 m = mallinfo2();

	return (uint64_t)m.arena + m.hblkhd;
#else
	return 0;
#endif
}

/* The address space that a program has without its heap; read while files
 * can be. */
static uint64_t taken_before;

static void
measure(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;
	uint64_t all, heap = sandbox_heap();

	if (f == NULL)
		return;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	all = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	taken_before = all > heap ? all - heap : 0;
}

int
sandbox_prepare(void)
{
	measure();
	if (SANITIZED) {
		fprintf(stderr, "docket-check: built with a sanitizer: "
		    "NOT SANDBOXED\n");
		return 0;
	}
	return build(&parent_filter, true) == 0 &&
	    build(&child_filter, false) == 0 ? 0 : -1;
}

static int
apply(const struct sock_fprog *f)
{
	if (SANITIZED)
		return 0;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, f) == 0 ?
	    0 : -1;
}

/* What Landlock can take away, version by version: rights on files, on TCP;
 * connecting to abstract sockets, and signals, but to those of the same
 * domain.  (The kernel's header may be older than the kernel.) */
static const struct {
	size_t		 size;		/* of the rights that it knows */
	uint64_t	 rights[3];
} landlock[] = {
	{ 0, { 0 } },
	{ 8, { (1u << 13) - 1 } },
	{ 8, { (1u << 14) - 1 } },		/* refer */
	{ 8, { (1u << 15) - 1 } },		/* truncate */
	{ 16, { (1u << 15) - 1, 3 } },		/* bind, connect */
	{ 16, { (1u << 16) - 1, 3 } },		/* ioctl */
	{ 24, { (1u << 16) - 1, 3, 3 } },	/* sockets, signals */
};

/* A ruleset that handles every right and grants none. */
static void
give_up_files(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION), fd;
	size_t v;

	if (abi < 1)
		return;		/* the filter does it alone */
	v = (size_t)abi < COUNT(landlock) ? (size_t)abi : COUNT(landlock) - 1;
	fd = syscall(SYS_landlock_create_ruleset, landlock[v].rights,
	    landlock[v].size, 0);
	if (fd < 0)
		return;
	syscall(SYS_landlock_restrict_self, fd, 0);
	close((int)fd);
}

void
sandbox_print(void)
{
	const struct scmp_version *v = seccomp_version();
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	printf("libseccomp %u.%u.%u\nlandlock %ld\n", v->major, v->minor,
	    v->micro, abi < 0 ? 0 : abi);
	if (SANITIZED)
		puts("sanitizer 1");
}

/* A bound that is there already, and lower, stays. */
static int
set_room(const struct rlimit *room)
{
	struct rlimit is, to = *room;

	if (getrlimit(RLIMIT_AS, &is) != 0)
		return -1;
	if (is.rlim_max < to.rlim_max)
		to.rlim_max = is.rlim_max;
	if (is.rlim_cur < to.rlim_cur)
		to.rlim_cur = is.rlim_cur;
	return setrlimit(RLIMIT_AS, &to);
}

int
sandbox_parent(void)
{
	const struct rlimit none = { 0, 0 };
	/* a child's bound may be above, if the schemas take much */
	const struct rlimit room = { taken_before + LIMIT_COMPILE_MEMORY,
	    RLIM_INFINITY };

	/* no bound on RLIMIT_FSIZE: standard error may be a file */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    (!SANITIZED && set_room(&room) != 0))
		return -1;
	give_up_files();
	return apply(&parent_filter);
}

/* What libraries and schemas take is not the form's: its room begins
 * above. */
int
sandbox_child(uint64_t memory)
{
	const uint64_t most = memory + taken_before + sandbox_heap();
	const struct rlimit room = { most, most };

	if (!SANITIZED && setrlimit(RLIMIT_AS, &room) != 0)
		return -1;
	return apply(&child_filter);
}

void
sandbox_timer(unsigned seconds)
{
	const struct itimerval t = { .it_value.tv_sec = (time_t)seconds };

	setitimer(ITIMER_PROF, &t, NULL);
}
