/*
 * spawn_test: what another program gets of us: a small environment, no
 * descriptor, no blocked signal; and how its end is told.
 */
#include "unit.h"

#include <poll.h>
#include <sys/socket.h>

#include "spawn.h"

/* Runs a line of shell in the directory's place and waits. */
static int
run(const char *line)
{
	const char *const argv[] = { "sh", "-c", line, NULL };
	pid_t pid = spawn_quiet(argv);
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(spawn_wait(pid, &status), 0);
	return status;
}

static void
test_status(void **state)
{
	const char *const none[] = { "there-is-no-such-program", NULL };
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(run("exit 0"), 0);
	status = run("exit 7");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	status = run("kill -TERM $$");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	pid = spawn_quiet(none);
	assert_true(pid > 0);
	assert_int_equal(spawn_wait(pid, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 127);
	assert_int_equal(spawn_wait(pid, &status), -1);
}

static void
test_ended(void **state)
{
	const char *const argv[] = { "cat", NULL };
	int pair[2], status;
	siginfo_t info;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	pid = spawn_worker(argv, pair[0]);
	assert_true(pid > 0);
	assert_int_equal(spawn_ended(pid, &status), 0);
	close(pair[1]);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT),
	    0);
	assert_int_equal(spawn_ended(pid, &status), 1);
	assert_int_equal(status, 0);
	assert_int_equal(spawn_ended(pid, &status), -1);
	/* the descriptor is ours still */
	assert_true(fcntl(pair[0], F_GETFD) >= 0);
	close(pair[0]);
}

/* Says what it was given, and what it has of ours. */
static int
child(void *arg)
{
	const int *ours = arg;
	char bytes[32];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	if (n < 0 || write(STDOUT_FILENO, bytes, (size_t)n) != n ||
	    fcntl(*ours, F_GETFD) >= 0 || sigismember(&blocked, SIGTERM))
		return 1;
	return 7;
}

static void
test_child(void **state)
{
	int dir = unit_open_dir("child"), in, out, status;
	sigset_t term, before;
	pid_t pid;

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	unit_put(dir, "in", "some words");
	in = openat(dir, "in", O_RDONLY | O_CLOEXEC);
	out = openat(dir, "out", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	pid = spawn_child(child, &dir, in, out);
	assert_true(pid > 0);
	assert_int_equal(spawn_wait(pid, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_file(dir, "out", "some words");
	/* the descriptors are ours still */
	assert_int_equal(close(in), 0);
	assert_int_equal(close(out), 0);
	close(dir);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void
test_environment(void **state)
{
	struct buf b = BUF_INIT, line = BUF_INIT;
	const char *p, *end;

	(void)state;
	setenv("DOCKET_SECRET", "x", 1);
	setenv("LD_PRELOAD", "", 1);
	setenv("GIT_DIR", "/nowhere", 1);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	buf_putf(&line, "tr '\\0' '\\n' </proc/$$/environ >'%s'",
	    unit_in("env"));
	assert_int_equal(run(buf_str(&line)), 0);
	unsetenv("GIT_DIR");
	assert_true(unit_get(AT_FDCWD, unit_in("env"), &b));
	assert_true(unit_has(buf_str(&b), "LC_ALL=C.UTF-8\n"));
	assert_true(unit_has(buf_str(&b), "PATH="));
	assert_true(unit_has(buf_str(&b), "TZ="));
	for (p = buf_str(&b); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		assert_non_null(end);
		if (strncmp(p, "LC_ALL=", 7) != 0 &&
		    strncmp(p, "PATH=", 5) != 0 &&
		    strncmp(p, "TZ=", 3) != 0)
			fail_msg("%.*s", (int)(end - p), p);
	}
	buf_free(&b);
	buf_free(&line);
}

static void
test_descriptors(void **state)
{
	int fd = open("/", O_RDONLY), last = fd, i;	/* not close-on-exec */

	(void)state;
	for (i = 0; i < 5; i++)
		last = dup(fd);
	assert_true(last > 3);
	assert_int_equal(run("[ /proc/$$/fd/0 -ef /dev/null ] && "
	    "[ /proc/$$/fd/1 -ef /dev/null ]"), 0);
	assert_int_equal(run("for i in 3 4 5 6 7 8 9; do "
	    "if [ -e /proc/$$/fd/$i ]; then exit 1; fi; done; exit 0"), 0);
	for (i = fd; i <= last; i++)
		close(i);
}

static void
test_signals_are_not_blocked(void **state)
{
	struct buf b = BUF_INIT, line = BUF_INIT;
	sigset_t all, old;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	buf_putf(&line, "exec grep SigBlk /proc/self/status >'%s'",
	    unit_in("signals"));
	assert_int_equal(run(buf_str(&line)), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_true(unit_get(AT_FDCWD, unit_in("signals"), &b));
	assert_string_equal(buf_str(&b), "SigBlk:\t0000000000000000\n");
	buf_free(&b);
	buf_free(&line);
}

/* A program that would wait for ever, whose starter dies once it runs. */
static void
start_and_die(void *arg)
{
	const char *const argv[] = { "sh", "-c", "kill -STOP $$; cat", NULL };
	const int *end = arg;
	int status;
	pid_t pid = spawn_worker(argv, *end);

	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid ||
	    !WIFSTOPPED(status))
		_exit(1);
}

/* The same at once. */
static void
start_and_die_at_once(void *arg)
{
	const char *const argv[] = { "cat", NULL };
	const int *end = arg;

	if (spawn_worker(argv, *end) < 0)
		_exit(1);
}

/* That nobody has the other end of the program's socket any more. */
static void
check_dies_with(void (*starter)(void *))
{
	struct pollfd p = { .events = POLLIN };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(unit_status(starter, &pair[0]), 0);
	close(pair[0]);
	p.fd = pair[1];
	assert_int_equal(poll(&p, 1, 2000), 1);
	assert_true(p.revents & POLLHUP);
	close(pair[1]);
}

static void
test_dies_with_us(void **state)
{
	(void)state;
	check_dies_with(start_and_die);
}

static void
test_dies_with_us_before_it_runs(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		check_dies_with(start_and_die_at_once);
}

static void
test_sibling(void **state)
{
	char path[512], self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	/* a program beside this one: this one */
	assert_ptr_equal(spawn_sibling(strrchr(self, '/') + 1, path,
	    sizeof(path)), path);
	assert_string_equal(path, self);
	spawn_sibling("there-is-no-such-program", path, sizeof(path));
	assert_string_equal(path, LIBEXECDIR "/there-is-no-such-program");
}

static void
test_piped(void **state)
{
	const char *const argv[] = { "sh", "-c", "cat; echo out; echo err >&2",
	    NULL };
	struct pollfd p = { .events = POLLIN };
	struct buf said = BUF_INIT;
	char chunk[64];
	int status;
	ssize_t n;
	pid_t pid = spawn_piped(argv, -1, &p.fd);

	(void)state;
	assert_true(pid > 0);
	while (poll(&p, 1, 10000) == 1 &&
	    (n = read(p.fd, chunk, sizeof(chunk))) > 0)
		buf_put(&said, chunk, (size_t)n);
	assert_string_equal(buf_str(&said), "out\nerr\n");
	assert_int_equal(spawn_wait(pid, &status), 0);
	assert_int_equal(status, 0);
	close(p.fd);
	buf_free(&said);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_piped),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_signals_are_not_blocked),
		cmocka_unit_test(test_dies_with_us),
		cmocka_unit_test(test_dies_with_us_before_it_runs),
		cmocka_unit_test(test_sibling),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
