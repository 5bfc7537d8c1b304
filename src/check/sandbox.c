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
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <seccomp.h>
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

enum action { ALLOW, REFUSE };

struct call {
	const char	*name;
	enum action	 action;
};

/* Both: what a running C program needs.  read(2) and write(2) see below. */
static const struct call everyone[] = {
	{ "exit", ALLOW },
	{ "exit_group", ALLOW },
	{ "brk", ALLOW },		/* memory; never executable, below */
	{ "munmap", ALLOW },
	{ "mremap", ALLOW },
	{ "madvise", ALLOW },
	{ "futex", ALLOW },		/* locks of the C library */
	{ "getrandom", ALLOW },		/* malloc's and libxml2's seeds */
	{ "clock_gettime", ALLOW },	/* where the vDSO cannot answer */
	{ "gettimeofday", ALLOW },
	{ "time", ALLOW },
	{ "setitimer", ALLOW },		/* the bound on processor time */
	{ "rt_sigprocmask", ALLOW },
	{ "rt_sigreturn", ALLOW },
	{ "restart_syscall", ALLOW },	/* read() after a stop */
	/* what libraries try in passing fails, without an end */
	{ "open", REFUSE },
	{ "openat", REFUSE },
	{ "stat", REFUSE },
	{ "lstat", REFUSE },
	{ "fstat", REFUSE },
	{ "newfstatat", REFUSE },
	{ "statx", REFUSE },
	{ "access", REFUSE },
	{ "faccessat", REFUSE },
	{ "faccessat2", REFUSE },
	{ "readlink", REFUSE },
	{ "readlinkat", REFUSE },
	{ "ioctl", REFUSE },
	{ "sysinfo", REFUSE },		/* qsort(3) asks for the memory */
};

/* The parent, which never sees a form. */
static const struct call parent_only[] = {
	{ "read", ALLOW },
	{ "write", ALLOW },		/* also why it ends, to standard error */
	{ "recvmsg", ALLOW },		/* takes the sockets of children */
	{ "close", ALLOW },
	{ "dup2", ALLOW },		/* a child's socket becomes its 0 */
	{ "dup3", ALLOW },
	{ "clone", ALLOW },		/* fork(2) */
	{ "fork", ALLOW },
	{ "set_robust_list", ALLOW },	/* fork(2) of the C library */
	{ "rseq", ALLOW },
	{ "gettid", ALLOW },
	{ "getpid", ALLOW },
	{ "wait4", ALLOW },
	{ "kill", ALLOW },		/* children that are overdue */
	{ "ppoll", ALLOW },
	{ "poll", ALLOW },
	{ "prctl", ALLOW },		/* for sandbox_child() */
	{ "seccomp", ALLOW },
	{ "prlimit64", ALLOW },
	{ "setrlimit", ALLOW },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct sock_fprog parent_filter, child_filter;

static int
add_calls(scmp_filter_ctx ctx, const struct call *calls, size_t n)
{
	size_t i;
	int nr;

	for (i = 0; i < n; i++) {
		nr = seccomp_syscall_resolve_name(calls[i].name);
		if (nr == __NR_SCMP_ERROR || nr < 0)
			continue;	/* not on this machine */
		if (seccomp_rule_add(ctx, calls[i].action == ALLOW ?
		    SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), nr, 0) != 0)
			return -1;
	}
	/* memory, but never to be executed */
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
		return -1;
	return 0;
}

/* A child reads and writes its socket and nothing else: what it holds of a
 * form cannot get into a log, or fill one. */
static int
add_socket_calls(scmp_filter_ctx ctx)
{
	const int calls[] = { SCMP_SYS(read), SCMP_SYS(write) };
	size_t i;

	for (i = 0; i < COUNT(calls); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 1,
		    SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO, 0)) != 0 ||
		    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
		    SCMP_A0(SCMP_CMP_NE, STDIN_FILENO, 0)) != 0)
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
	if (add_calls(ctx, everyone, COUNT(everyone)) == 0 && (parent ?
	    add_calls(ctx, parent_only, COUNT(parent_only)) :
	    add_socket_calls(ctx)) == 0)
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

/* A ruleset that handles every right on files and grants none. */
static void
give_up_files(void)
{
	static const uint64_t every_right[] = {
		0,
		(LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,	/* ABI 1 */
		(1ULL << 14) - 1,			/* 2: refer */
		(1ULL << 15) - 1,			/* 3: truncate */
	};
	struct landlock_ruleset_attr attr = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION), fd;

	if (abi < 1)
		return;		/* the filter does it alone */
	attr.handled_access_fs = every_right[abi > 3 ? 3 : abi];
	fd = syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
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

int
sandbox_parent(void)
{
	const struct rlimit none = { 0, 0 };

	/* no bound on RLIMIT_FSIZE: standard error may be a file */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
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
