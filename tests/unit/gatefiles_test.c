/*
 * gatefiles_test: a file of outbox/gateway is written where it differs from
 * what is to be in it, and only then; whatever was done to the one that is
 * there, and wherever in it.
 */
#include "unit.h"

#include "admission.h"
#include "fs.h"
#include "gatefiles.h"

/* As many as fill each file several times what is compared at once. */
#define KEYS 5000

static char client[] = "acme", apis[] = "orders\n";

struct desk_files {
	int	outbox, gate;
	struct gatefiles *files;
};

static int
put_keys(struct desk_files *d, unsigned keys, bool compares, unsigned *changed)
{
	struct terms t = { client, apis, 7, 99, 0 };
	struct admission a;
	char sha256[65];
	int status = 0;
	unsigned i;

	assert_int_equal(gatefiles_begin(d->files, compares), 0);
	for (i = 0; i < keys && status == 0; i++) {
		snprintf(sha256, sizeof(sha256), "%064u", i);
		a = admission_of(&t, sha256, 0);
		status = gatefiles_put(d->files, &a);
	}
	return status != 0 ? status : gatefiles_end(d->files, changed);
}

/* How many files were replaced; first it is seen whether there is anything to
 * be written. */
static unsigned
write_keys(struct desk_files *d, unsigned keys)
{
	unsigned changed = 0;
	int status = put_keys(d, keys, true, &changed);

	assert_int_equal(changed, 0);
	if (status == 0)
		return 0;
	assert_int_equal(status, 1);
	gatefiles_abort(d->files);
	assert_int_equal(put_keys(d, keys, false, &changed), 0);
	return changed;
}

static void
read_map(struct desk_files *d, struct buf *b)
{
	buf_clear(b);
	assert_int_equal(fs_read_file(d->gate, "clients.map", SIZE_MAX, b), 0);
}

static void
assert_same(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

/* When a name came into the folder, or went. */
static struct timespec
touched(const struct desk_files *d)
{
	struct stat st;

	assert_int_equal(fstat(d->gate, &st), 0);
	return st.st_mtim;
}

static void
open_files(struct desk_files *d, const char *name)
{
	d->outbox = unit_open_dir(name);
	d->files = gatefiles_new(d->outbox);
	assert_int_equal(write_keys(d, KEYS), ADMISSION_FILES);
	d->gate = openat(d->outbox, GATEWAY_FOLDER, O_RDONLY | O_DIRECTORY);
	assert_true(d->gate >= 0);
}

static void
close_files(struct desk_files *d)
{
	gatefiles_free(d->files);
	close(d->gate);
	close(d->outbox);
}

static void
test_nothing_new(void **state)
{
	struct timespec before, after;
	struct desk_files d;

	(void)state;
	open_files(&d, "same");
	before = touched(&d);
	assert_int_equal(write_keys(&d, KEYS), 0);
	after = touched(&d);
	assert_int_equal(after.tv_sec, before.tv_sec);
	assert_int_equal(after.tv_nsec, before.tv_nsec);
	close_files(&d);
}

/* Somebody has written there, or cut it there. */
static void
test_what_was_done(void **state)
{
	static const struct {
		off_t	 at;		/* from the end, if negative */
		const char *put;	/* NULL: cut */
	} cases[] = {
		{ 0, "x" }, { 70000, "x" }, { -1, "x" }, { 0, NULL },
		{ 70000, NULL }, { 65536, NULL }, { -1, NULL },
	};
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct desk_files d;
	off_t at;
	size_t i;
	int fd;

	(void)state;
	open_files(&d, "done");
	read_map(&d, &want);
	assert_true(want.len > 4 * 65536);
	for (i = 0; i < COUNT(cases); i++) {
		fd = openat(d.gate, "clients.map", O_WRONLY);
		assert_true(fd >= 0);
		at = cases[i].at + (cases[i].at < 0 ? (off_t)want.len : 0);
		if (cases[i].put == NULL)
			assert_int_equal(ftruncate(fd, at), 0);
		else
			assert_int_equal(pwrite(fd, cases[i].put, 1, at), 1);
		close(fd);
		assert_int_equal(write_keys(&d, KEYS), 1);
		read_map(&d, &got);
		assert_same(&got, &want);
	}
	buf_free(&want);
	buf_free(&got);
	close_files(&d);
}

static void
test_fewer_and_more(void **state)
{
	struct buf fewer = BUF_INIT, all = BUF_INIT, again = BUF_INIT;
	struct desk_files d;

	(void)state;
	open_files(&d, "more");
	read_map(&d, &all);
	assert_int_equal(write_keys(&d, KEYS - 1), ADMISSION_FILES);
	read_map(&d, &fewer);
	assert_true(fewer.len < all.len);
	assert_memory_equal(fewer.data, all.data, fewer.len);
	assert_int_equal(write_keys(&d, KEYS), ADMISSION_FILES);
	read_map(&d, &again);
	assert_same(&again, &all);
	buf_free(&fewer);
	buf_free(&all);
	buf_free(&again);
	close_files(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_what_was_done),
		cmocka_unit_test(test_fewer_and_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
