/*
 * unit: what the unit tests share: cmocka and what it needs, a temporary
 * directory, numbers that look random and are the same in each run, other
 * programs, functions that are to end their process.
 *
 * A test's main() sets TAP, names its tests, and gives unit_clean() as the
 * teardown of the group.
 */
#ifndef DOCKET_UNIT_H
#define DOCKET_UNIT_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNIT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNIT_SANITIZED 1
#endif
#endif
#ifndef UNIT_SANITIZED
#define UNIT_SANITIZED 0
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The temporary directory; made when it is first asked for. */

static char unit_path[256];

static inline const char *
unit_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (unit_path[0] != '\0')
		return unit_path;
	snprintf(unit_path, sizeof(unit_path), "%.200s/docket-unit.XXXXXX",
	    base == NULL ? "/tmp" : base);
	if (mkdtemp(unit_path) == NULL)
		abort();
	return unit_path;
}

static inline int
unit_remove_one(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int
unit_clean(void **state)
{
	(void)state;
	if (unit_path[0] != '\0')
		nftw(unit_path, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	unit_path[0] = '\0';
	return 0;
}

/* A path in it; lent until the eighth next call. */
static inline const char *
unit_in(const char *name)
{
	static char path[8][512];
	static unsigned at;

	at = (at + 1) % 8;
	snprintf(path[at], sizeof(path[at]), "%s/%.240s", unit_dir(), name);
	return path[at];
}

/* A new directory in it, opened. */
static inline int
unit_open_dir(const char *name)
{
	int fd;

	assert_int_equal(mkdir(unit_in(name), 0755), 0);
	fd = open(unit_in(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline void
unit_write(int dirfd, const char *name, const void *p, size_t n)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644);

	assert_true(fd >= 0);
	assert_true(write(fd, p, n) == (ssize_t)n);
	assert_int_equal(close(fd), 0);
}

static inline void
unit_put(int dirfd, const char *name, const char *text)
{
	unit_write(dirfd, name, text, strlen(text));
}

/* The whole of a file, appended; false: it is not there. */
static inline bool
unit_get(int dirfd, const char *name, struct buf *out)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_put(out, chunk, (size_t)n);
	close(fd);
	return true;
}

static inline void
assert_file(int dirfd, const char *name, const char *text)
{
	struct buf b = BUF_INIT;

	assert_true(unit_get(dirfd, name, &b));
	assert_string_equal(buf_str(&b), text);
	buf_free(&b);
}

static inline bool
unit_there(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A file of the source, looked for from here and from the program upwards. */
static inline void
unit_source(const char *path, struct buf *out)
{
	char dir[512];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;
	int fd;

	if (unit_get(AT_FDCWD, path, out))
		return;
	assert_true(n > 0);
	dir[n] = '\0';
	while ((slash = strrchr(dir, '/')) != NULL) {
		*slash = '\0';
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && unit_get(fd, path, out)) {
			close(fd);
			return;
		}
		if (fd >= 0)
			close(fd);
	}
	fail_msg("%s is not found", path);
}

/* Numbers: xorshift64*. */

static uint64_t unit_seed = 88172645463325252u;

static inline uint64_t
rnd(uint64_t below)
{
	unit_seed ^= unit_seed >> 12;
	unit_seed ^= unit_seed << 25;
	unit_seed ^= unit_seed >> 27;
	return (unit_seed * 2685821657736338717u >> 11) % below;
}

static inline void
rnd_from(uint64_t seed)
{
	unit_seed = seed * 2654435769u + 88172645463325252u;
}

/* Processes. */

/* How a function ends a process of its own; what it says is not shown. */
static inline int
unit_status(void (*fn)(void *), void *arg)
{
	const struct rlimit cpu = { 2, 2 };
	int status = -1, null;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		setrlimit(RLIMIT_CPU, &cpu);
		fn(arg);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* A test that cannot be had here says why; cmocka's own skip() is a failure
 * to who reads its TAP. */
#define UNIT_SKIP(why) do {						\
	print_message("# skipped: %s\n", (why));			\
	return;								\
} while (0)

/* That it is called our bug, and aborts. */
static inline void
assert_bug(void (*fn)(void *), void *arg)
{
	int status = unit_status(fn, arg);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* Runs a line of shell; its output (and errors) to out.  Its exit status. */
static inline int
unit_shell(struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline int
unit_shell(struct buf *out, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	char chunk[4096];
	va_list ap;
	FILE *f;
	size_t n;
	int status;

	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	va_start(ap, fmt);
	buf_vputf(&line, fmt, ap);
	va_end(ap);
	buf_puts(&line, " 2>&1");
	fflush(NULL);
	f = popen(buf_str(&line), "r");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(out, chunk, n);
	status = pclose(f);
	buf_free(&line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Words. */

static inline bool
unit_has(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return true;
	print_message("# not in it: %s\n", part);
	return false;
}

#endif
