/* sandbox: from inside, every system call there is, and those that are left
 * with arguments that they are not left with. */
#include "unit.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sandbox.h"

#define MEMORY (64u * 1024 * 1024)

/* More than any kernel has; x86-64 has others above. */
#define NUMBERS 700
#define X32 0x40000000

enum who { PARENT, CHILD };

/* How a process ends that has made a call: ENDED by SIGSYS, or with its error
 * number, or with 0. */
#define ENDED (-1)
#define OTHERWISE (-2)

static void
lock(enum who who)
{
	if (sandbox_parent() != 0 || (who == CHILD &&
	    sandbox_child(MEMORY) != 0))
		_exit(99);
}

static int
how(pid_t pid)
{
	int status = 0;

	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? ENDED : OTHERWISE;
	return WEXITSTATUS(status);
}

static int
outcome(enum who who, long nr, const long a[6])
{
	pid_t pid = fork();

	if (pid == 0) {
		lock(who);
		_exit(syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]) == -1 ?
		    errno : 0);
	}
	return how(pid);
}

static bool
is_listed(enum who who, long nr)
{
	const struct sandbox_call *c;
	size_t i;

	for (i = 0; (c = sandbox_call_at(i)) != NULL; i++)
		if ((who == PARENT ? c->parent : c->child) &&
		    seccomp_syscall_resolve_name(c->name) == nr)
			return true;
	return false;
}

/* Breakpoints of the kernel's own (uretprobe, uprobe), which it lets pass any
 * filter, and which do nothing where it has set none. */
static bool
is_the_kernels(long nr)
{
#ifdef __x86_64__
	return nr == 335 || nr == 336;
#else
	return nr < 0;
#endif
}

static void
sweep(enum who who)
{
	static const long none[6];
	int ended = 0, left = 0;
	long nr;

	for (nr = 0; nr < NUMBERS; nr++) {
		if (is_listed(who, nr))
			left++;
		if (is_listed(who, nr) || is_the_kernels(nr))
			continue;
		if (outcome(who, nr, none) != ENDED)
			fail_msg("system call %ld does not end it", nr);
		ended++;
	}
	print_message("# %s: %d system calls end it, %d are listed\n",
	    who == PARENT ? "parent" : "child", ended, left);
}

static void
test_child_sweep(void **state)
{
	(void)state;
	sweep(CHILD);
}

static void
test_parent_sweep(void **state)
{
	(void)state;
	sweep(PARENT);
}

/* The numbers of another ABI are no way around. */
static void
test_other_numbers(void **state)
{
	static const long none[6];
	pid_t pid;

	(void)state;
#ifdef __x86_64__
	assert_int_equal(outcome(CHILD, X32 | 0, none), ENDED);
	assert_int_equal(outcome(CHILD, X32 | 59, none), ENDED);
	assert_int_equal(outcome(PARENT, X32 | 59, none), ENDED);
	pid = fork();
	if (pid == 0) {
		long nr = 20;		/* getpid(), for 32 bits */

		lock(CHILD);
		__asm__ volatile("int $0x80" : "+a"(nr) : : "memory");
		_exit(0);
	}
	/* SIGSEGV, where the kernel has no such numbers */
	assert_true(how(pid) < 0);
#else
	(void)none;
	(void)pid;
	skip();
#endif
}

static void
test_arguments(void **state)
{
	static char page[4096] __attribute__((aligned(4096)));
	static const char file[] = "/etc/passwd";
	const struct {
		enum who	 who;
		long		 nr, a[6];
		int		 is;
	} tries[] = {
		{ CHILD, SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, ENDED },
		{ CHILD, SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, 0 },
		{ CHILD, SYS_mprotect, { (long)page, 4096, PROT_EXEC }, ENDED },
		{ CHILD, SYS_mprotect, { (long)page, 4096, PROT_READ }, 0 },
		{ CHILD, SYS_openat, { AT_FDCWD, (long)file, O_RDONLY },
		    EPERM },
		{ PARENT, SYS_openat, { AT_FDCWD, (long)file, O_RDONLY },
		    EPERM },
		{ CHILD, SYS_read, { 3, (long)page, 1 }, EPERM },
		{ CHILD, SYS_read, { 1L << 32, (long)page, 1 }, EPERM },
		{ CHILD, SYS_write, { 1, (long)file, 1 }, EPERM },
		{ CHILD, SYS_write, { 2, (long)file, 1 }, EPERM },
		{ CHILD, SYS_ioctl, { 0, 0x5412 /* TIOCSTI */, (long)file },
		    EPERM },
		{ PARENT, SYS_clone, { CLONE_NEWUSER | SIGCHLD }, ENDED },
		{ PARENT, SYS_clone, { CLONE_NEWNET | SIGCHLD }, ENDED },
		{ PARENT, SYS_kill, { -1, SIGKILL }, ENDED },
		{ PARENT, SYS_kill, { 1L << 32 | 0xffffffffL, SIGKILL },
		    ENDED },
		{ PARENT, SYS_kill, { 1, SIGTERM }, ENDED },
		{ PARENT, SYS_kill, { 1, 0 }, ENDED },
		{ PARENT, SYS_prctl, { PR_SET_DUMPABLE, 1 }, ENDED },
		{ PARENT, SYS_prctl, { PR_SET_MM, 1 }, ENDED },
		{ PARENT, SYS_prctl, { PR_SET_PDEATHSIG, SIGKILL }, 0 },
		{ PARENT, SYS_prlimit64, { 1, RLIMIT_NOFILE }, ENDED },
		{ PARENT, SYS_prlimit64, { 0, RLIMIT_NOFILE }, 0 },
	};
	size_t i;
	int is;

	(void)state;
	for (i = 0; i < COUNT(tries); i++) {
		is = outcome(tries[i].who, tries[i].nr, tries[i].a);
		if (is != tries[i].is)
			fail_msg("%zu: system call %ld: %d, expected %d", i,
			    tries[i].nr, is, tries[i].is);
	}
}

/* What is outside cannot be killed, where the kernel's Landlock knows of
 * signals. */
static void
test_signal_outside(void **state)
{
	pid_t victim;
	int is;

	(void)state;
	if (syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) < 6)
		skip();
	victim = fork();
	if (victim == 0) {
		pause();
		_exit(0);
	}
	is = outcome(PARENT, SYS_kill, (const long[6]){ victim, SIGKILL });
	kill(victim, SIGTERM);
	assert_int_equal(how(victim), OTHERWISE);
	assert_int_equal(is, EPERM);
}

static void
test_memory(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		lock(CHILD);
		_exit(malloc(MEMORY / 2) != NULL && malloc(MEMORY) == NULL ?
		    0 : 1);
	}
	assert_int_equal(how(pid), 0);
}

static int
prepare(void **state)
{
	const struct rlimit none = { 0, 0 };

	(void)state;
	setrlimit(RLIMIT_CORE, &none);
	return sandbox_prepare();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child_sweep),
		cmocka_unit_test(test_parent_sweep),
		cmocka_unit_test(test_other_numbers),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_signal_outside),
		cmocka_unit_test(test_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (UNIT_SANITIZED) {
		puts("1..0 # SKIP no sandbox in this build");
		return 0;
	}
	return cmocka_run_group_tests_name("sandbox", tests, prepare,
	    unit_clean);
}
