/*
 * watch_test: what inotify sends of the things that people do to files; tags
 * that come and go; the word that events were lost.
 *
 * The temporary directory must be on a file system that sends events.
 */
#include "unit.h"

#include <poll.h>

#include "watch.h"

/* The next event; waits for it. */
static void
take(struct watch *w, struct watch_event *e)
{
	struct pollfd p = { .fd = watch_fd(w), .events = POLLIN };

	while (watch_next(w, e) == 0)
		assert_int_equal(poll(&p, 1, 10000), 1);
}

static void
expect(struct watch *w, enum watch_what what, int tag, const char *name)
{
	struct watch_event e;

	take(w, &e);
	assert_int_equal(e.what, what);
	assert_int_equal(e.tag, tag);
	assert_string_equal(e.name, name);
}

static void
expect_nothing(struct watch *w)
{
	struct watch_event e;

	assert_int_equal(watch_next(w, &e), 0);
}

static void
test_nothing(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	assert_non_null(w);
	expect_nothing(w);
	assert_true(fcntl(watch_fd(w), F_GETFD) & FD_CLOEXEC);
	watch_free(w);
	watch_free(NULL);
}

static void
test_a_file_and_its_life(void **state)
{
	int dir = unit_open_dir("life");
	struct watch *w = watch_new();

	(void)state;
	assert_int_equal(watch_add(w, dir, 7), 0);
	expect_nothing(w);
	unit_put(dir, "f", "text");
	expect(w, WATCH_TOUCHED, 7, "f");		/* made */
	expect(w, WATCH_COMPLETE, 7, "f");		/* closed */
	assert_int_equal(fchmodat(dir, "f", 0600, 0), 0);
	expect(w, WATCH_TOUCHED, 7, "f");
	assert_int_equal(renameat(dir, "f", dir, "g"), 0);
	expect(w, WATCH_LEFT, 7, "f");
	expect(w, WATCH_MOVED, 7, "g");
	assert_int_equal(unlinkat(dir, "g", 0), 0);
	expect(w, WATCH_LEFT, 7, "g");
	expect_nothing(w);
	watch_free(w);
	close(dir);
}

/* Written to bit by bit: complete only when it is closed. */
static void
test_not_before_it_is_closed(void **state)
{
	int dir = unit_open_dir("slow"), fd;
	struct watch *w = watch_new();

	(void)state;
	assert_int_equal(watch_add(w, dir, 1), 0);
	fd = openat(dir, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	expect(w, WATCH_TOUCHED, 1, "f");
	assert_int_equal(write(fd, "a", 1), 1);
	assert_int_equal(write(fd, "b", 1), 1);
	expect_nothing(w);
	close(fd);
	expect(w, WATCH_COMPLETE, 1, "f");
	/* reading is none of our business */
	fd = openat(dir, "f", O_RDONLY | O_CLOEXEC);
	close(fd);
	expect_nothing(w);
	watch_free(w);
	close(dir);
}

static void
test_moved_and_linked_in(void **state)
{
	int dir = unit_open_dir("in"), other = unit_open_dir("other");
	struct watch *w = watch_new();

	(void)state;
	unit_put(other, "f", "x");
	assert_int_equal(watch_add(w, dir, 3), 0);
	assert_int_equal(renameat(other, "f", dir, "f"), 0);
	expect(w, WATCH_MOVED, 3, "f");
	assert_int_equal(renameat(dir, "f", other, "f"), 0);
	expect(w, WATCH_LEFT, 3, "f");
	assert_int_equal(mkdirat(dir, "d", 0755), 0);
	expect(w, WATCH_TOUCHED, 3, "d");
	assert_int_equal(linkat(other, "f", dir, "hard", 0), 0);
	expect(w, WATCH_TOUCHED, 3, "hard");
	watch_free(w);
	close(dir);
	close(other);
}

static void
test_tags(void **state)
{
	int a = unit_open_dir("tag-a"), b = unit_open_dir("tag-b");
	struct watch *w = watch_new();

	(void)state;
	assert_int_equal(watch_add(w, a, 10), 0);
	assert_int_equal(watch_add(w, b, 20), 0);
	assert_int_equal(mkdirat(b, "x", 0755), 0);
	assert_int_equal(mkdirat(a, "y", 0755), 0);
	expect(w, WATCH_TOUCHED, 20, "x");
	expect(w, WATCH_TOUCHED, 10, "y");
	/* what has an end says nothing more, also of what was before */
	assert_int_equal(mkdirat(a, "z", 0755), 0);
	watch_del(w, 10);
	watch_del(w, 10);
	watch_del(w, 99);
	assert_int_equal(mkdirat(a, "zz", 0755), 0);
	assert_int_equal(mkdirat(b, "xx", 0755), 0);
	expect(w, WATCH_TOUCHED, 20, "xx");
	expect_nothing(w);
	/* and may be begun again, under another tag */
	assert_int_equal(watch_add(w, a, 30), 0);
	assert_int_equal(unlinkat(a, "y", AT_REMOVEDIR), 0);
	expect(w, WATCH_LEFT, 30, "y");
	watch_free(w);
	close(a);
	close(b);
}

static void
test_a_directory_that_goes(void **state)
{
	int dir = unit_open_dir("going");
	struct watch *w = watch_new();
	struct watch_event e;

	(void)state;
	assert_int_equal(watch_add(w, dir, 5), 0);
	assert_int_equal(rename(unit_in("going"), unit_in("gone")), 0);
	expect(w, WATCH_GONE, 5, "");
	close(dir);
	assert_int_equal(rmdir(unit_in("gone")), 0);
	expect(w, WATCH_GONE, 5, "");
	while (watch_next(w, &e))
		assert_int_equal(e.what, WATCH_GONE);
	watch_free(w);
}

static void
test_only_directories(void **state)
{
	int dir = unit_open_dir("only"), fd;
	struct watch *w = watch_new();

	(void)state;
	unit_put(dir, "f", "");
	fd = openat(dir, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(watch_add(w, fd, 1), -1);
	assert_int_equal(errno, ENOTDIR);
	close(fd);
	assert_int_equal(watch_add(w, fd, 1), -1);
	watch_free(w);
	close(dir);
}

/* By its descriptor, whatever it is called by now. */
static void
test_by_descriptor(void **state)
{
	int dir = unit_open_dir("old-name");
	struct watch *w = watch_new();

	(void)state;
	assert_int_equal(rename(unit_in("old-name"), unit_in("new-name")), 0);
	assert_int_equal(watch_add(w, dir, 1), 0);
	unit_put(AT_FDCWD, unit_in("new-name/f"), "");
	expect(w, WATCH_TOUCHED, 1, "f");
	expect(w, WATCH_COMPLETE, 1, "f");
	watch_free(w);
	close(dir);
}

/* More than are read at once, the longest names among them: all come, in
 * order. */
static void
test_many(void **state)
{
	int dir = unit_open_dir("many"), i;
	struct watch *w = watch_new();
	char name[256];

	(void)state;
	assert_int_equal(watch_add(w, dir, 1), 0);
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%0*d", 1 + i % 255, i % 10);
		assert_int_equal(mkdirat(dir, name, 0755), 0);
		assert_int_equal(unlinkat(dir, name, AT_REMOVEDIR), 0);
	}
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%0*d", 1 + i % 255, i % 10);
		expect(w, WATCH_TOUCHED, 1, name);
		expect(w, WATCH_LEFT, 1, name);
	}
	expect_nothing(w);
	watch_free(w);
	close(dir);
}

static long
most_queued(void)
{
	struct buf b = BUF_INIT;
	long n;

	if (!unit_get(AT_FDCWD, "/proc/sys/fs/inotify/max_queued_events", &b))
		return -1;
	n = atol(buf_str(&b));
	buf_free(&b);
	return n;
}

static void
test_lost(void **state)
{
	struct watch *w = watch_new();
	struct watch_event e;
	long n = most_queued(), i;
	bool lost = false;
	int dir;

	(void)state;
	if (n < 0 || n > 100000) {
		watch_free(w);
		UNIT_SKIP("the queue of events is too long to fill");
	}
	dir = unit_open_dir("lost");
	assert_int_equal(watch_add(w, dir, 1), 0);
	unit_put(dir, "a", "");
	for (i = 0; i < n / 2 + 10; i++)
		assert_int_equal(renameat(dir, i % 2 == 0 ? "a" : "b", dir,
		    i % 2 == 0 ? "b" : "a"), 0);
	while (watch_next(w, &e))
		lost |= e.what == WATCH_LOST;
	assert_true(lost);
	/* and it goes on after that */
	unit_put(dir, "c", "");
	expect(w, WATCH_TOUCHED, 1, "c");
	watch_free(w);
	close(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_a_file_and_its_life),
		cmocka_unit_test(test_not_before_it_is_closed),
		cmocka_unit_test(test_moved_and_linked_in),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_a_directory_that_goes),
		cmocka_unit_test(test_only_directories),
		cmocka_unit_test(test_by_descriptor),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
