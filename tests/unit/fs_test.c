/*
 * fs_test: files that are not what they seem are not opened; what is written
 * appears whole or not at all; names that are taken, too long, or no text; a
 * batch that is shown, fails in part, or is forgotten.
 */
#include "unit.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fs.h"
#include "fsbatch.h"
#include "hash.h"
#include "text.h"

static int
open_hash(void **state)
{
	(void)state;
	return hash_open();
}

/* How many names there are in a directory. */
static size_t
names_in(int dirfd)
{
	DIR *d = fs_list(dirfd);
	size_t n = 0;

	assert_non_null(d);
	while (fs_list_next(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static mode_t
mode_of(int dirfd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void
test_open_follows_nothing(void **state)
{
	int dir = unit_open_dir("open"), fd;

	(void)state;
	assert_int_equal(mkdirat(dir, "sub", 0755), 0);
	unit_put(dir, "sub/file", "inside");
	unit_put(dir, "file", "outside");
	assert_int_equal(symlinkat("file", dir, "link"), 0);
	assert_int_equal(symlinkat("sub", dir, "dirlink"), 0);
	assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);

	fd = fs_open(dir, "sub/file", O_RDONLY, 0);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(fs_open(dir, "link", O_RDONLY, 0), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(fs_open(dir, "dirlink/file", O_RDONLY, 0), -1);
	assert_int_equal(fs_open(dir, "dangling", O_RDONLY, 0), -1);
	assert_int_equal(fs_open(dir, "dangling", O_WRONLY | O_CREAT, 0644),
	    -1);
	assert_false(unit_there(dir, "nowhere"));
	assert_int_equal(fs_open(dir, "none", O_RDONLY, 0), -1);
	assert_int_equal(errno, ENOENT);
	close(dir);
}

static void
test_open_stays_below(void **state)
{
	int dir = unit_open_dir("below"), sub, fd;

	(void)state;
	assert_int_equal(mkdirat(dir, "sub", 0755), 0);
	unit_put(dir, "file", "above");
	sub = fs_open_dir(dir, "sub");
	assert_true(sub >= 0);
	assert_int_equal(fs_open(sub, "../file", O_RDONLY, 0), -1);
	assert_int_equal(fs_open(sub, "/etc/passwd", O_RDONLY, 0), -1);
	assert_int_equal(fs_open(sub, "..", O_RDONLY, 0), -1);
	/* up and down again is no way out */
	fd = fs_open(dir, "sub/../file", O_RDONLY, 0);
	assert_true(fd >= 0);
	close(fd);
	/* another file system is one */
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_open(fd, "proc/version", O_RDONLY, 0), -1);
	close(fd);
	assert_int_equal(fs_open_dir(dir, "file"), -1);
	assert_int_equal(errno, ENOTDIR);
	close(sub);
	close(dir);
}

static void
test_open_makes(void **state)
{
	int dir = unit_open_dir("make"), fd;
	mode_t mask = umask(0);

	(void)state;
	fd = fs_open(dir, "new", O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mode_of(dir, "new"), 0640);
	assert_int_equal(fs_open(dir, "new", O_WRONLY | O_CREAT | O_EXCL,
	    0640), -1);
	assert_int_equal(errno, EEXIST);
	umask(mask);
	close(dir);
}

static void
test_read_only_files(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int dir = unit_open_dir("files"), s;
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(mkdirat(dir, "sub", 0755), 0);
	assert_int_equal(mkfifoat(dir, "fifo", 0644), 0);
	assert_int_equal(symlinkat("file", dir, "link"), 0);
	unit_put(dir, "file", "text");
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", unit_in("files/s"));
	assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);

	assert_int_equal(fs_read_file(dir, "file", 100, &b), 0);
	assert_string_equal(buf_str(&b), "text");
	buf_clear(&b);
	assert_int_equal(fs_read_file(dir, "sub", 100, &b), -1);
	assert_int_equal(errno, EINVAL);
	/* a pipe that nobody writes to must not hold us up */
	assert_int_equal(fs_read_file(dir, "fifo", 100, &b), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_read_file(dir, "link", 100, &b), -1);
	assert_false(fs_is_trouble(errno));
	assert_int_equal(fs_read_file(dir, "s", 100, &b), -1);
	assert_false(fs_is_trouble(errno));
	assert_int_equal(fs_read_file(dir, "none", 100, &b), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	close(s);
	close(dir);
}

/* What is not there, and what cannot be told. */
static void
test_trouble(void **state)
{
	static const int machine[] = { ENOMEM, EMFILE, ENFILE, EIO, EINTR,
	    EAGAIN, ENOSPC, EDQUOT, EROFS, ESTALE, EBADF };
	static const int file[] = { ENOENT, ENOTDIR, ELOOP, EACCES, EPERM,
	    EINVAL, EFBIG, ENXIO };
	int dir = unit_open_dir("trouble");
	struct rlimit before, none;
	struct buf b = BUF_INIT;
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(machine); i++)
		assert_true(fs_is_trouble(machine[i]));
	for (i = 0; i < COUNT(file); i++)
		assert_false(fs_is_trouble(file[i]));

	unit_put(dir, "file", "text");
	assert_int_equal(fs_look(dir, "file", &st), 1);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(fs_look(dir, "none", &st), 0);
	assert_int_equal(fs_look(dir, "file/none", &st), 0);
	assert_int_equal(fs_look(-1, "file", &st), -1);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(fs_read_file(dir, "none", 100, &b), -1);
	assert_true(fs_is_trouble(errno));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	buf_free(&b);
	close(dir);
}

static void
test_read_to_the_limit(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 65535, 65536, 65537,
	    200000 };
	static char data[200000];
	struct buf b = BUF_INIT;
	int dir = unit_open_dir("limit");
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)rnd(256);
	for (i = 0; i < COUNT(sizes); i++) {
		n = sizes[i];
		unit_write(dir, "f", data, n);
		buf_clear(&b);
		buf_puts(&b, "kept");
		assert_int_equal(fs_read_file(dir, "f", n, &b), 0);
		assert_int_equal(b.len, n + 4);
		assert_memory_equal(b.data, "kept", 4);
		assert_memory_equal(b.data + 4, data, n);
		assert_int_equal(b.data[b.len], '\0');
		buf_clear(&b);
		assert_int_equal(fs_read_file(dir, "f", n + 1, &b), 0);
		if (n == 0)
			continue;
		buf_clear(&b);
		assert_int_equal(fs_read_file(dir, "f", n - 1, &b), -1);
		assert_int_equal(errno, EFBIG);
		buf_clear(&b);
		assert_int_equal(fs_read_file(dir, "f", 0, &b), -1);
		assert_int_equal(errno, EFBIG);
	}
	buf_free(&b);
	close(dir);
}

/* Many files are held at a time: each takes little more than it has. */
static void
test_read_takes_no_more_than_there_is(void **state)
{
	static const size_t sizes[] = { 100, 1500, 4096, 60000 };
	static char data[60000];
	int dir = unit_open_dir("small");
	size_t i;

	(void)state;
	memset(data, 'x', sizeof(data));
	for (i = 0; i < COUNT(sizes); i++) {
		struct buf b = BUF_INIT;

		unit_write(dir, "f", data, sizes[i]);
		assert_int_equal(fs_read_file(dir, "f", 1000000, &b), 0);
		assert_int_equal(b.len, sizes[i]);
		assert_in_range(b.cap, sizes[i] + 1, sizes[i] + 16);
		buf_free(&b);
	}
	close(dir);
}

/* More than a pipe holds at once. */
static void
write_much(void *arg)
{
	static char data[1000000];
	const int *fd = arg;
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % 251);
	if (fs_write(*fd, data, sizeof(data)) != 0)
		_exit(1);
}

static void
test_write_all(void **state)
{
	struct buf b = BUF_INIT;
	int fd[2], status;
	pid_t pid;
	size_t i;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		write_much(&fd[1]);
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(fs_read(fd[0], 2000000, &b), 0);
	assert_int_equal(b.len, 1000000);
	for (i = 0; i < b.len; i++)
		if (b.data[i] != (char)(i % 251))
			fail_msg("byte %zu", i);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd[0]);
	assert_int_equal(fs_write(-1, "x", 1), -1);
	assert_int_equal(fs_write(-1, "x", 0), 0);
	buf_free(&b);
}

static void
test_list(void **state)
{
	int dir = unit_open_dir("list");
	DIR *a, *b;
	const char *first;

	(void)state;
	assert_int_equal(names_in(dir), 0);
	unit_put(dir, "one", "");
	unit_put(dir, ".two", "");
	unit_put(dir, "..three", "");
	assert_int_equal(names_in(dir), 3);
	assert_int_equal(names_in(dir), 3);
	/* two at a time, each with its own place */
	a = fs_list(dir);
	b = fs_list(dir);
	first = fs_list_next(a);
	assert_non_null(first);
	assert_non_null(fs_list_next(a));
	assert_non_null(fs_list_next(a));
	assert_null(fs_list_next(a));
	assert_non_null(fs_list_next(b));
	closedir(a);
	closedir(b);
	assert_null(fs_list(-1));
	close(dir);
}

static void
test_make_dir(void **state)
{
	int dir = unit_open_dir("dirs");
	mode_t mask = umask(077);

	(void)state;
	assert_int_equal(fs_make_dir(dir, "a", 0755), 0);
	assert_int_equal(mode_of(dir, "a"), 0755);
	assert_int_equal(fs_make_dir(dir, "sticky", 03775), 0);
	assert_int_equal(mode_of(dir, "sticky"), 03775);
	/* what is there stays as it is */
	assert_int_equal(fs_make_dir(dir, "a", 0700), 0);
	assert_int_equal(mode_of(dir, "a"), 0755);
	unit_put(dir, "file", "");
	assert_int_equal(fs_make_dir(dir, "file", 0755), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	assert_int_equal(fs_make_dir(dir, "link", 0755), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(fs_make_dir(dir, "none/b", 0755), -1);
	assert_int_equal(errno, ENOENT);
	umask(mask);
	close(dir);
}

static void
test_replace(void **state)
{
	int dir = unit_open_dir("replace"), old;
	mode_t mask = umask(077);
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(fs_replace(dir, "f", "first", 5, 0644), 0);
	assert_file(dir, "f", "first");
	assert_int_equal(mode_of(dir, "f"), 0644);
	old = openat(dir, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fs_replace(dir, "f", "second", 6, 0600), 0);
	assert_file(dir, "f", "second");
	assert_int_equal(mode_of(dir, "f"), 0600);
	/* who had it open reads the old one to its end */
	assert_int_equal(fs_read(old, 100, &b), 0);
	assert_string_equal(buf_str(&b), "first");
	close(old);
	assert_int_equal(fs_replace(dir, "f", "", 0, 0644), 0);
	assert_file(dir, "f", "");
	/* a folder where the file should go: nothing is left behind */
	assert_int_equal(mkdirat(dir, "d", 0755), 0);
	assert_int_equal(fs_replace(dir, "d", "x", 1, 0644), -1);
	assert_int_equal(names_in(dir), 2);
	umask(mask);
	buf_free(&b);
	close(dir);
}

static void
test_move(void **state)
{
	int a = unit_open_dir("from"), b = unit_open_dir("to");

	(void)state;
	unit_put(a, "f", "mine");
	unit_put(b, "taken", "theirs");
	assert_int_equal(fs_move(a, "f", b, "taken"), -1);
	assert_int_equal(errno, EEXIST);
	assert_file(a, "f", "mine");
	assert_file(b, "taken", "theirs");
	assert_int_equal(fs_move(a, "f", b, "f"), 0);
	assert_file(b, "f", "mine");
	assert_false(unit_there(a, "f"));
	assert_int_equal(fs_move(a, "f", b, "g"), -1);
	assert_int_equal(errno, ENOENT);
	/* a link that leads nowhere has the name all the same */
	assert_int_equal(symlinkat("nowhere", b, "dangling"), 0);
	assert_int_equal(fs_move(b, "f", b, "dangling"), -1);
	assert_int_equal(errno, EEXIST);
	close(a);
	close(b);
}

static void
test_move_aside(void **state)
{
	static const char *const want[] = { "f", "f.~1~", "f.~2~", "f.~3~" };
	int a = unit_open_dir("aside"), b = unit_open_dir("strays");
	char taken[NAME_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(want); i++) {
		unit_put(a, "f", want[i]);
		assert_int_equal(fs_move_aside(a, "f", b, "f", taken), 0);
		assert_string_equal(taken, want[i]);
		assert_file(b, want[i], want[i]);
	}
	assert_int_equal(fs_move_aside(a, "f", b, "f", taken), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(names_in(a), 0);
	close(a);
	close(b);
}

/* Also the thousandth finds a place, and in gaps. */
static void
test_move_aside_often(void **state)
{
	int a = unit_open_dir("often"), b = unit_open_dir("many");
	char name[NAME_SIZE], taken[NAME_SIZE];
	unsigned i;

	(void)state;
	unit_put(b, "f", "");
	for (i = 1; i <= 1000; i++) {
		snprintf(name, sizeof(name), "f.~%u~", i);
		unit_put(b, name, "");
	}
	unit_put(a, "f", "last");
	assert_int_equal(fs_move_aside(a, "f", b, "f", taken), 0);
	assert_string_equal(taken, "f.~1001~");
	assert_file(b, "f.~1001~", "last");
	assert_int_equal(unlinkat(b, "f.~1~", 0), 0);
	unit_put(a, "f", "gap");
	assert_int_equal(fs_move_aside(a, "f", b, "f", taken), 0);
	assert_string_equal(taken, "f.~1~");
	close(a);
	close(b);
}

/* Names of every length, ASCII and not, taken many times: each finds a place
 * under a name that is a name, and text. */
static void
test_move_aside_long_names(void **state)
{
	static const char *const tails[] = { "", "x", "\xc3\xa9",
	    "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	int a = unit_open_dir("long"), b = unit_open_dir("longer");
	char name[NAME_SIZE], taken[NAME_SIZE];
	size_t n, i, k;

	(void)state;
	for (n = 225; n <= 255; n++)
		for (i = 0; i < COUNT(tails); i++) {
			if (n + strlen(tails[i]) > 255)
				continue;
			memset(name, 'a', n);
			strcpy(name + n, tails[i]);
			for (k = 0; k < 3; k++) {
				unit_put(a, "f", "");
				assert_int_equal(fs_move_aside(a, "f", b,
				    name, taken), 0);
				assert_true(unit_there(b, taken));
				if (!utf8_valid(taken, strlen(taken)))
					fail_msg("%zu bytes and \"%s\"", n,
					    tails[i]);
			}
		}
	close(a);
	close(b);
}

static void
test_short_name(void **state)
{
	char out[NAME_SIZE];

	(void)state;
	fs_short_name(out, "key.xml", 200);
	assert_string_equal(out, "key.xml");
	fs_short_name(out, "gr\xc3\xbc\xc3\x9f.xml", 200);
	assert_string_equal(out, "gr\xc3\xbc\xc3\x9f.xml");
	fs_short_name(out, "exactly-20-bytes.xml", 20);
	assert_string_equal(out, "exactly-20-bytes.xml");
	fs_short_name(out, "exactly-21-bytes-.xml", 20);
	assert_int_equal(strlen(out), 20);
	assert_memory_equal(out, "exactly-21-", 11);
	assert_int_equal(out[11], '~');
	fs_short_name(out, "a\nb\xff" "c", 200);
	assert_memory_equal(out, "a_b_c~", 6);
	assert_int_equal(strlen(out), 14);
}

/* At most so long, plain, the same each time, and another for another. */
static void
test_short_name_of_anything(void **state)
{
	static const char *const pieces[] = { "a", "b", "/", "\n", "\xff",
	    "\xc3\xa9", "\xe2\x82\xac", "\xe2\x80\xae", "\xf0\x9f\x98\x80" };
	char name[NAME_SIZE], other[NAME_SIZE + 1], out[NAME_SIZE],
	    again[NAME_SIZE];
	size_t n, limit;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		name[0] = '\0';
		for (n = rnd(60); n > 0; n--)
			strcat(name, pieces[rnd(COUNT(pieces))]);
		limit = 16 + rnd(NAME_SIZE - 16);
		memset(out, 'x', sizeof(out));
		fs_short_name(out, name, limit);
		assert_true(strlen(out) <= limit);
		assert_true(text_plain(out, strlen(out)));
		assert_null(strchr(out, '/'));
		fs_short_name(again, name, limit);
		assert_string_equal(out, again);
		snprintf(other, sizeof(other), "%s\n", name);
		fs_short_name(again, other, limit);
		assert_string_not_equal(out, again);
	}
}

static void
test_now(void **state)
{
	int dir = unit_open_dir("now"), fd;
	int64_t a, b;
	struct stat st;

	(void)state;
	unit_put(dir, "probe", "");
	fd = openat(dir, "probe", O_RDWR | O_CLOEXEC);
	assert_int_equal(fs_now(fd, &a), 0);
	unit_put(dir, "later", "");
	assert_int_equal(fstatat(dir, "later", &st, 0), 0);
	assert_true(fs_ms(st.st_mtim) >= a);
	assert_int_equal(fs_now(fd, &b), 0);
	assert_true(b >= fs_ms(st.st_mtim));
	assert_int_equal(fs_now(-1, &a), -1);
	assert_int_equal(fs_ms((struct timespec){ 12, 345678901 }), 12345);
	close(fd);
	close(dir);
}

static void
test_kinds(void **state)
{
	int dir = unit_open_dir("kind"), proc = open("/proc",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t bytes = 0;

	(void)state;
	assert_true(strlen(fs_name(dir)) > 1);
	assert_int_equal(fs_free(dir, &bytes), 0);
	assert_true(bytes > 0);
	/* what is not known vouches for nobody */
	assert_string_equal(fs_name(proc), "0x9fa0");
	assert_false(fs_is_local(proc));
	assert_false(fs_is_local(-1));
	/* nor does it tell what happens */
	assert_false(fs_has_events(proc));
	assert_false(fs_has_events(-1));
	assert_string_equal(fs_name(-1), "?");
	assert_int_equal(fs_free(-1, &bytes), -1);
	close(proc);
	close(dir);
}

/* Batches. */

struct place {
	int	 work, dir;
	size_t	 displaced, failed, placed;
	char	 last[NAME_SIZE];
	struct buf was;
};

static void
open_place(struct place *p, const char *name)
{
	char path[64];

	*p = (struct place){ .was = BUF_INIT };
	p->dir = unit_open_dir(name);
	snprintf(path, sizeof(path), "%s.work", name);
	p->work = unit_open_dir(path);
}

static void
close_place(struct place *p)
{
	buf_free(&p->was);
	close(p->work);
	close(p->dir);
}

static void
assert_batch(const char *path, size_t many, bool beside)
{
	char name[32], text[32];
	struct fs_batch *b;
	struct place p;
	size_t k;

	open_place(&p, path);
	b = fs_batch_new(p.work, "receipt-");
	if (beside)
		fs_batch_beside(b);
	for (k = 0; k < many; k++) {
		snprintf(name, sizeof(name), "f%zu", k);
		snprintf(text, sizeof(text), "text of %zu", k);
		assert_int_equal(fs_batch_put(b, p.dir, name, text,
		    strlen(text), 0444), 0);
		text[0] = '?';		/* it is the caller's again */
	}
	assert_int_equal(fs_batch_count(b), many);
	/* nothing is to be seen of it yet */
	assert_int_equal(names_in(p.dir), 0);
	assert_int_equal(fs_batch_sync(b), 0);
	assert_int_equal(names_in(p.work), many);
	assert_int_equal(fs_batch_show(b, NULL, NULL), 0);
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	assert_int_equal(names_in(p.dir), many);
	for (k = 0; k < many; k++) {
		snprintf(name, sizeof(name), "f%zu", k);
		snprintf(text, sizeof(text), "text of %zu", k);
		assert_file(p.dir, name, text);
		assert_int_equal(mode_of(p.dir, name), 0444);
	}
	close_place(&p);
}

static void
test_batch(void **state)
{
	static const size_t many[] = { 0, 1, 7, 8, 9, 40 };
	char path[32];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(many); i++) {
		snprintf(path, sizeof(path), "batch%zu", many[i]);
		assert_batch(path, many[i], false);
		strcat(path, "b");
		assert_batch(path, many[i], true);
	}
}

/* More than may wait: who puts them does. */
static void
test_batch_beside_is_bounded(void **state)
{
	size_t each = 512 * 1024, many = 40, k;
	char *bytes = mem_alloc(each), name[32];
	struct fs_batch *b;
	struct stat st;
	struct place p;

	(void)state;
	open_place(&p, "bounded");
	b = fs_batch_new(p.work, "x-");
	fs_batch_beside(b);
	for (k = 0; k < many; k++) {
		memset(bytes, 'a' + (int)(k % 26), each);
		snprintf(name, sizeof(name), "f%zu", k);
		assert_int_equal(fs_batch_put(b, p.dir, name, bytes, each,
		    0644), 0);
		/* what was put is there, but for 2 MiB and two files */
		assert_true(names_in(p.work) + 6 >= k);
	}
	assert_int_equal(fs_batch_sync(b), 0);
	assert_int_equal(fs_batch_show(b, NULL, NULL), 0);
	fs_batch_free(b);
	for (k = 0; k < many; k++) {
		snprintf(name, sizeof(name), "f%zu", k);
		assert_int_equal(fstatat(p.dir, name, &st, 0), 0);
		assert_int_equal(st.st_size, each);
	}
	free(bytes);
	close_place(&p);
}

/* What cannot be written beside is told when it is synced. */
static void
test_batch_beside_fails(void **state)
{
	struct fs_batch *b;
	const char *work;
	char name[32];
	struct place p;
	DIR *list;
	int i;

	(void)state;
	open_place(&p, "besidefails");
	b = fs_batch_new(p.work, "x-");
	fs_batch_beside(b);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_int_equal(fs_batch_put(b, p.dir, name, "x", 1, 0644),
		    0);
	}
	/* the folder goes */
	list = fs_list(p.work);
	while ((work = fs_list_next(list)) != NULL)
		assert_int_equal(unlinkat(p.work, work, 0), 0);
	closedir(list);
	assert_int_equal(rmdir(unit_in("besidefails.work")), 0);
	assert_int_equal(fs_batch_put(b, p.dir, "f8", "x", 1, 0644), 0);
	errno = 0;
	assert_int_equal(fs_batch_sync(b), -1);
	assert_int_equal(errno, ENOENT);
	fs_batch_free(b);
	assert_int_equal(names_in(p.dir), 0);
	close_place(&p);
}

static struct fs_batch *
begin_batch(struct place *p, const char *path, size_t many)
{
	struct fs_batch *b;
	char name[32];
	size_t k;

	open_place(p, path);
	b = fs_batch_new(p->work, "x-");
	fs_batch_beside(b);
	for (k = 0; k < many; k++) {
		snprintf(name, sizeof(name), "f%zu", k);
		assert_int_equal(fs_batch_put(b, p->dir, name, name,
		    strlen(name), 0644), 0);
	}
	return b;
}

/* Begun beside where there are many, and to be waited for in any case. */
static void
test_batch_ends_beside(void **state)
{
	static const size_t many[] = { 0, 1, 8, 9, 40, 200 };
	char path[32], name[32];
	struct fs_batch *b;
	struct place p;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(many); i++) {
		snprintf(path, sizeof(path), "ends%zu", many[i]);
		b = begin_batch(&p, path, many[i]);
		assert_int_equal(fs_batch_begin_end(b), many[i] > 8);
		assert_int_equal(fs_batch_end(b, NULL, NULL), 0);
		fs_batch_free(b);
		assert_int_equal(names_in(p.work), 0);
		assert_int_equal(names_in(p.dir), many[i]);
		for (k = 0; k < many[i]; k++) {
			snprintf(name, sizeof(name), "f%zu", k);
			assert_file(p.dir, name, name);
		}
		close_place(&p);
	}
}

/* Nobody waits for the end: each file is there, or it is not. */
static void
test_batch_end_forgotten(void **state)
{
	struct fs_batch *b;
	struct place p;
	size_t k, there = 0;
	char name[32];
	struct stat st;

	(void)state;
	b = begin_batch(&p, "endforgotten", 100);
	assert_true(fs_batch_begin_end(b));
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	for (k = 0; k < 100; k++) {
		snprintf(name, sizeof(name), "f%zu", k);
		if (fstatat(p.dir, name, &st, 0) == 0) {
			assert_file(p.dir, name, name);
			there++;
		}
	}
	assert_int_equal(names_in(p.dir), there);
	close_place(&p);
}

static void
test_batch_replaces_in_order(void **state)
{
	struct fs_batch *b;
	struct place p;

	(void)state;
	open_place(&p, "order");
	unit_put(p.dir, "f", "old");
	b = fs_batch_new(p.work, "x-");
	assert_int_equal(fs_batch_put(b, p.dir, "f", "one", 3, 0644), 0);
	assert_int_equal(fs_batch_put(b, p.dir, "f", "two", 3, 0644), 0);
	assert_int_equal(fs_batch_show(b, NULL, NULL), 0);
	fs_batch_free(b);
	assert_file(p.dir, "f", "two");
	assert_int_equal(names_in(p.work), 0);
	close_place(&p);
}

static void
test_batch_forgotten(void **state)
{
	char name[32];
	struct fs_batch *b;
	struct place p;
	int i;

	(void)state;
	open_place(&p, "forgotten");
	b = fs_batch_new(p.work, "tray-");
	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_int_equal(fs_batch_put(b, p.dir, name, "x", 1, 0644),
		    0);
	}
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	assert_int_equal(names_in(p.dir), 0);
	fs_batch_free(NULL);
	close_place(&p);
}

/* After a crash they are known by their prefix. */
static void
test_batch_prefix(void **state)
{
	struct fs_batch *b;
	struct place p;
	DIR *d;

	(void)state;
	open_place(&p, "prefix");
	b = fs_batch_new(p.work, "tray-");
	assert_int_equal(fs_batch_put(b, p.dir, "f", "x", 1, 0644), 0);
	d = fs_list(p.work);
	assert_memory_equal(fs_list_next(d), "tray-", 5);
	closedir(d);
	fs_batch_free(b);
	close_place(&p);
}

static void
on_failed(void *arg, int dirfd, const char *name)
{
	struct place *p = arg;

	assert_int_equal(dirfd, p->dir);
	assert_true(errno != 0);
	snprintf(p->last, sizeof(p->last), "%s", name);
	p->failed++;
}

/* A folder has the name of a file: the others go on. */
static void
test_batch_fails_in_part(void **state)
{
	static const struct fs_batch_ops ops = { .failed = on_failed };
	struct fs_batch *b;
	struct place p;
	char name[32];
	int i;

	(void)state;
	open_place(&p, "part");
	assert_int_equal(mkdirat(p.dir, "f3", 0755), 0);
	unit_put(p.dir, "f3/in-it", "");
	b = fs_batch_new(p.work, "x-");
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_int_equal(fs_batch_put(b, p.dir, name, "x", 1, 0644),
		    0);
	}
	assert_int_equal(fs_batch_sync(b), 0);
	assert_int_equal(fs_batch_show(b, &ops, &p), 0);
	assert_int_equal(p.failed, 1);
	assert_string_equal(p.last, "f3");
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	assert_int_equal(names_in(p.dir), 6);
	assert_file(p.dir, "f5", "x");
	/* and without anyone to tell, the batch fails */
	b = fs_batch_new(p.work, "x-");
	assert_int_equal(fs_batch_put(b, p.dir, "f3", "x", 1, 0644), 0);
	assert_int_equal(fs_batch_show(b, NULL, NULL), -1);
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	close_place(&p);
}

static int
on_displaced(void *arg, int dirfd, const char *name, const char *workname)
{
	struct place *p = arg;

	assert_int_equal(dirfd, p->dir);
	snprintf(p->last, sizeof(p->last), "%s", name);
	p->displaced++;
	buf_clear(&p->was);
	assert_true(unit_get(p->work, workname, &p->was));
	return unlinkat(p->work, workname, 0);
}

/* Beside, what failed is told to whoever waits, with its reason. */
static void
test_batch_fails_beside(void **state)
{
	static const struct fs_batch_ops ops = { .failed = on_failed };
	struct fs_batch *b;
	struct place p;

	(void)state;
	b = begin_batch(&p, "partbeside", 20);
	assert_int_equal(mkdirat(p.dir, "f13", 0755), 0);
	unit_put(p.dir, "f13/in-it", "");
	assert_true(fs_batch_begin_end(b));
	assert_int_equal(fs_batch_end(b, &ops, &p), 0);
	assert_int_equal(p.failed, 1);
	assert_string_equal(p.last, "f13");
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	assert_int_equal(names_in(p.dir), 20);
	assert_file(p.dir, "f19", "f19");
	close_place(&p);
	/* and without anyone to tell, the batch fails */
	b = begin_batch(&p, "partbeside2", 20);
	assert_int_equal(mkdirat(p.dir, "f13", 0755), 0);
	assert_true(fs_batch_begin_end(b));
	errno = 0;
	assert_int_equal(fs_batch_end(b, NULL, NULL), -1);
	assert_int_equal(errno, EISDIR);
	fs_batch_free(b);
	assert_int_equal(names_in(p.work), 0);
	close_place(&p);
}

static void
test_batch_hands_over_what_was_there(void **state)
{
	static const struct fs_batch_ops ops = { .displaced = on_displaced };
	struct fs_batch *b;
	struct place p;

	(void)state;
	open_place(&p, "displaced");
	unit_put(p.dir, "theirs", "a stranger's");
	b = fs_batch_new(p.work, "x-");
	assert_int_equal(fs_batch_put(b, p.dir, "new", "1", 1, 0644), 0);
	assert_int_equal(fs_batch_put(b, p.dir, "theirs", "2", 1, 0644), 0);
	assert_int_equal(fs_batch_put(b, p.dir, "newer", "3", 1, 0644), 0);
	assert_int_equal(fs_batch_show(b, &ops, &p), 0);
	fs_batch_free(b);
	assert_int_equal(p.displaced, 1);
	assert_string_equal(p.last, "theirs");
	assert_string_equal(buf_str(&p.was), "a stranger's");
	assert_file(p.dir, "theirs", "2");
	assert_file(p.dir, "newer", "3");
	assert_int_equal(names_in(p.work), 0);
	close_place(&p);
}

static void
on_placed(void *arg, int dirfd, const char *name, const struct stat *st)
{
	struct place *p = arg;

	assert_int_equal(dirfd, p->dir);
	assert_true(S_ISREG(st->st_mode));
	assert_int_equal((size_t)st->st_size, strlen(name));
	p->placed++;
}

static const struct fs_batch_ops first_ops = { .placed = on_placed,
    .displaced = on_displaced, .failed = on_failed };

/* A batch of so many that goes before another; one name is taken. */
static struct fs_batch *
begin_first(struct place *p, const char *path, size_t many,
    struct fs_batch *next)
{
	static char names[16][24];
	struct fs_batch *b;
	size_t k;

	open_place(p, path);
	unit_put(p->dir, "f1", "a stranger's");
	b = fs_batch_new(p->work, "tray-");
	assert_true(fs_batch_before(b, next));
	for (k = 0; k < many; k++) {
		snprintf(names[k], sizeof(names[k]), "f%zu", k);
		assert_int_equal(fs_batch_lend(b, p->dir, names[k], names[k],
		    strlen(names[k]), 0444), 0);
	}
	assert_int_equal(names_in(p->dir), 1);
	return b;
}

static void
assert_first_shown(struct place *p, size_t many)
{
	char name[24];
	size_t k;

	assert_int_equal(names_in(p->work), 0);
	assert_int_equal(names_in(p->dir), many);
	assert_int_equal(p->placed, many);
	assert_int_equal(p->failed, 0);
	assert_int_equal(p->displaced, 1);
	assert_string_equal(p->last, "f1");
	assert_string_equal(buf_str(&p->was), "a stranger's");
	for (k = 0; k < many; k++) {
		snprintf(name, sizeof(name), "f%zu", k);
		assert_file(p->dir, name, name);
		assert_int_equal(mode_of(p->dir, name), 0444);
	}
}

/* By the other's thread, whichever of them is ended first. */
static void
test_batch_goes_before(void **state)
{
	static const size_t many[] = { 2, 9, 16 };
	struct fs_batch *first, *next;
	struct place p, q;
	char path[32];
	size_t i;

	(void)state;
	for (i = 0; i < 2 * COUNT(many); i++) {
		snprintf(path, sizeof(path), "next%zu", i);
		next = begin_batch(&q, path, 20);
		snprintf(path, sizeof(path), "first%zu", i);
		first = begin_first(&p, path, many[i / 2], next);
		assert_true(fs_batch_begin_end(next));
		if (i % 2 == 0)
			assert_int_equal(fs_batch_end(first, &first_ops, &p),
			    0);
		assert_int_equal(fs_batch_end(next, NULL, NULL), 0);
		fs_batch_free(next);
		if (i % 2 == 1)
			assert_int_equal(fs_batch_end(first, &first_ops, &p),
			    0);
		fs_batch_free(first);
		assert_first_shown(&p, many[i / 2]);
		assert_int_equal(names_in(q.work), 0);
		assert_int_equal(names_in(q.dir), 20);
		close_place(&p);
		close_place(&q);
	}
}

/* The descriptors of the watches whose folders got names, in turn. */
static size_t
names_that_came(int fd, int *wds, size_t most)
{
	char bytes[64 * 1024] __attribute__((aligned(8)));
	const struct inotify_event *e;
	ssize_t got = read(fd, bytes, sizeof(bytes));
	size_t n = 0;
	char *at;

	assert_true(got > 0);
	for (at = bytes; at < bytes + got && n < most;
	    at += sizeof(*e) + e->len) {
		e = (const struct inotify_event *)(void *)at;
		wds[n++] = e->wd;
	}
	return n;
}

/* Whoever sees one of the next batch sees all that went before. */
static void
test_batch_before_is_seen_before(void **state)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), wds[64], before;
	struct fs_batch *first, *next;
	struct place p, q;
	size_t n, k;

	(void)state;
	next = begin_batch(&q, "seennext", 30);
	first = begin_first(&p, "seenfirst", 10, next);
	before = inotify_add_watch(fd, unit_in("seenfirst"), IN_MOVED_TO);
	assert_true(before >= 0);
	assert_true(inotify_add_watch(fd, unit_in("seennext"),
	    IN_MOVED_TO) >= 0);
	assert_true(fs_batch_begin_end(next));
	assert_int_equal(fs_batch_end(next, NULL, NULL), 0);
	n = names_that_came(fd, wds, COUNT(wds));
	assert_int_equal(n, 39);	/* but for what was in the way */
	for (k = 0; k < n; k++)
		assert_int_equal(wds[k] == before, k < 9);
	assert_int_equal(fs_batch_end(first, &first_ops, &p), 0);
	assert_first_shown(&p, 10);
	fs_batch_free(next);
	fs_batch_free(first);
	close_place(&p);
	close_place(&q);
	close(fd);
}

/* Where the other has no thread, nothing goes before it. */
static void
test_batch_before_few(void **state)
{
	struct fs_batch *first, *next;
	struct place p, q;

	(void)state;
	next = begin_batch(&q, "fewnext", 8);
	open_place(&p, "fewfirst");
	first = fs_batch_new(p.work, "tray-");
	assert_false(fs_batch_before(first, next));
	assert_int_equal(fs_batch_put(first, p.dir, "f", "x", 1, 0444), 0);
	assert_int_equal(fs_batch_end(first, NULL, NULL), 0);
	assert_file(p.dir, "f", "x");
	assert_int_equal(names_in(q.dir), 0);
	assert_int_equal(fs_batch_end(next, NULL, NULL), 0);
	assert_int_equal(names_in(q.dir), 8);
	fs_batch_free(first);
	fs_batch_free(next);
	close_place(&p);
	close_place(&q);
}

/* The other is given up: this one is shown by whoever ends it, or not. */
static void
test_batch_before_is_left(void **state)
{
	struct fs_batch *first, *next;
	struct place p, q;
	bool ends;

	(void)state;
	for (ends = false;; ends = true) {
		next = begin_batch(&q, ends ? "leftnext" : "leftnext2", 20);
		first = begin_first(&p, ends ? "leftfirst" : "leftfirst2", 3,
		    next);
		fs_batch_free(next);
		assert_int_equal(names_in(q.dir), 0);
		assert_int_equal(names_in(p.dir), 1);
		if (ends) {
			assert_int_equal(fs_batch_end(first, &first_ops, &p),
			    0);
			assert_first_shown(&p, 3);
		}
		fs_batch_free(first);
		assert_int_equal(names_in(p.work), 0);
		assert_int_equal(names_in(q.work), 0);
		close_place(&p);
		close_place(&q);
		if (ends)
			return;
	}
}

/* What the thread could not do fails both. */
static void
test_batch_before_fails(void **state)
{
	struct fs_batch *first, *next;
	struct place p, q;

	(void)state;
	next = begin_batch(&q, "failnext", 9);
	open_place(&p, "failfirst");
	first = fs_batch_new(p.work, "tray-");
	assert_true(fs_batch_before(first, next));
	assert_int_equal(rmdir(unit_in("failfirst.work")), 0);
	assert_int_equal(fs_batch_lend(first, p.dir, "f", "x", 1, 0444), 0);
	assert_true(fs_batch_begin_end(next));
	errno = 0;
	assert_int_equal(fs_batch_end(next, NULL, NULL), -1);
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_int_equal(fs_batch_end(first, NULL, NULL), -1);
	assert_int_equal(errno, ENOENT);
	fs_batch_free(first);
	fs_batch_free(next);
	assert_int_equal(names_in(p.dir), 0);
	assert_int_equal(names_in(q.dir), 0);
	close_place(&p);
	close_place(&q);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_follows_nothing),
		cmocka_unit_test(test_open_stays_below),
		cmocka_unit_test(test_open_makes),
		cmocka_unit_test(test_read_only_files),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_read_to_the_limit),
		cmocka_unit_test(test_read_takes_no_more_than_there_is),
		cmocka_unit_test(test_write_all),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_make_dir),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_move_aside),
		cmocka_unit_test(test_move_aside_often),
		cmocka_unit_test(test_move_aside_long_names),
		cmocka_unit_test(test_short_name),
		cmocka_unit_test(test_short_name_of_anything),
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_beside_is_bounded),
		cmocka_unit_test(test_batch_beside_fails),
		cmocka_unit_test(test_batch_ends_beside),
		cmocka_unit_test(test_batch_end_forgotten),
		cmocka_unit_test(test_batch_replaces_in_order),
		cmocka_unit_test(test_batch_forgotten),
		cmocka_unit_test(test_batch_prefix),
		cmocka_unit_test(test_batch_fails_in_part),
		cmocka_unit_test(test_batch_fails_beside),
		cmocka_unit_test(test_batch_hands_over_what_was_there),
		cmocka_unit_test(test_batch_goes_before),
		cmocka_unit_test(test_batch_before_is_seen_before),
		cmocka_unit_test(test_batch_before_few),
		cmocka_unit_test(test_batch_before_is_left),
		cmocka_unit_test(test_batch_before_fails),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_hash, unit_clean);
}
