/*
 * join_test: packs of git's, with deltas of either kind and with objects that
 * several of them have, become one that git finds good; what is damaged is
 * not passed on.
 */
#include "unit.h"

#include "fs.h"
#include "join.h"
#include "packdir.h"

/* Runs lines of shell in a folder. */
static void
shell(const char *where, const char *lines, struct buf *said)
{
	struct buf out = BUF_INIT;
	int status = unit_shell(said == NULL ? &out : said,
	    "set -e; cd '%s'; %s", unit_in(where), lines);

	if (status != 0)
		print_message("%s\n", buf_str(said == NULL ? &out : said));
	assert_int_equal(status, 0);
	buf_free(&out);
}

/* A history in four packs that overlap, each whole by itself. */
static void
make_packs(const char *name)
{
	int dir = unit_open_dir(name);

	shell(name, "git init -q --bare --initial-branch=main .; "
	    "i=0; while [ $i -lt 60 ]; do i=$((i + 1)); "
	    "echo 'commit refs/heads/main'; "
	    "echo \"committer x <x@x> $((1700000000 + i)) +0000\"; "
	    "echo 'data 5'; echo some; echo \"M 644 inline a/b/$((i % 7))\"; "
	    "seq $i $((i + 300)) >text; echo \"data $(wc -c <text)\"; "
	    "cat text; done | git fast-import --quiet; rm text; "
	    "git cat-file --batch-all-objects --batch-check='%(objectname)' "
	    "    >all; "
	    "mkdir old; mv objects/pack/* old/; "
	    "for pack in old/*.pack; do git unpack-objects -q <$pack; done; "
	    "n=$(wc -l <all); "
	    "pack() { git pack-objects -q --window=20 --depth=20 $2 "
	    "    objects/pack/pack <$1 >>packed; }; "
	    "head -n $((n * 2 / 3)) all >some; "
	    "pack some --delta-base-offset; "
	    "tail -n $((n * 2 / 3)) all >some; "
	    "pack some --delta-base-offset; "
	    "sed -n 'n;p' all >some; pack some; "
	    "sort -r all | sed -n 'n;n;p' >some; "
	    "pack some --delta-base-offset; "
	    "git prune-packed; rm -r old; chmod u+w objects/pack/*", NULL);
	close(dir);
}

static int
open_packs(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/objects/pack", name);
	return open(unit_in(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Joins all, in the order that packdir has or its reverse. */
static int
join(int dir, bool reverse, char made[PACK_NAME])
{
	struct packdir d;
	struct packdir_pack p;
	size_t i, k;
	int status;

	assert_int_equal(packdir_list(dir, &d), 0);
	for (i = 0; i < d.n; i++)
		d.list[i].merged = true;
	for (i = 0, k = d.n; reverse && i + 1 < k--; i++) {
		p = d.list[i];
		d.list[i] = d.list[k];
		d.list[k] = p;
	}
	errno = 0;
	status = join_packs(dir, &d, made);
	packdir_free(&d);
	return status;
}

static size_t
packs_in(int dir)
{
	struct packdir d;
	size_t n;

	assert_int_equal(packdir_list(dir, &d), 0);
	n = d.n;
	packdir_free(&d);
	return n;
}

/* Nothing else than the packs is there. */
static void
assert_tidy(int dir, size_t packs)
{
	const char *name;
	DIR *list = fs_list(dir);
	size_t n = 0;

	while ((name = fs_list_next(list)) != NULL) {
		assert_false(packdir_is_temporary(name));
		n++;
	}
	closedir(list);
	assert_int_equal(packs_in(dir), packs);
	assert_int_equal(n, 2 * packs);
}

static void
assert_joined(const char *name, bool reverse)
{
	char made[PACK_NAME];
	struct buf lines = BUF_INIT, said = BUF_INIT;
	int dir;

	make_packs(name);
	dir = open_packs(name);
	assert_int_equal(packs_in(dir), 4);
	assert_int_equal(join(dir, reverse, made), 0);
	assert_tidy(dir, 5);
	/* alone, it has all there was; its index is the one that git makes */
	buf_putf(&lines, "for pack in $(cat packed); do "
	    "rm objects/pack/pack-$pack.*; done; "
	    "git fsck --full --strict; git verify-pack objects/pack/%s.pack; "
	    "git cat-file --batch-all-objects --batch-check='%%(objectname)' |"
	    "    cmp - all; "
	    "git index-pack --strict --index-version=2 -o its.idx "
	    "    objects/pack/%s.pack; cmp its.idx objects/pack/%s.idx", made,
	    made, made);
	shell(name, buf_str(&lines), &said);
	assert_true(unit_has(buf_str(&said), made + strlen("pack-")));
	assert_tidy(dir, 1);
	/* by itself it stays as it is, by another name or not */
	assert_int_equal(join(dir, false, made), 0);
	assert_tidy(dir, 1);
	buf_free(&lines);
	buf_free(&said);
	close(dir);
}

static void
test_join(void **state)
{
	(void)state;
	assert_joined("some.git", false);
	assert_joined("others.git", true);
}

/* A byte that is another one, in any file of any pack: nothing is made, unless
 * it is in what another pack has, and what is made is the same then. */
static void
test_damaged(void **state)
{
	struct packdir d;
	char made[PACK_NAME], good[PACK_NAME], file[PACK_NAME + 8];
	unsigned char was, is;
	struct stat st;
	off_t at;
	int dir, round, fd, failed = 0;
	size_t i;

	(void)state;
	make_packs("damaged.git");
	dir = open_packs("damaged.git");
	assert_int_equal(packdir_list(dir, &d), 0);
	assert_int_equal(join(dir, false, good), 0);
	assert_int_equal(packdir_remove(dir, good), 0);
	for (round = 0; round < 400; round++) {
		i = (size_t)rnd(d.n);
		snprintf(file, sizeof(file), "%s.%s", d.list[i].name,
		    round % 2 == 0 ? "pack" : "idx");
		fd = openat(dir, file, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0 && fstat(fd, &st) == 0);
		/* heads and tails more often */
		at = round % 8 < 2 ? (off_t)rnd(40) : round % 8 < 4 ?
		    st.st_size - 1 - (off_t)rnd(40) :
		    (off_t)rnd((uint64_t)st.st_size);
		assert_int_equal(pread(fd, &was, 1, at), 1);
		is = (unsigned char)(was ^ (1u << rnd(8)));
		assert_int_equal(pwrite(fd, &is, 1, at), 1);
		if (join(dir, false, made) == 0) {
			assert_int_equal(round % 2, 0);
			assert_string_equal(made, good);
			assert_int_equal(packdir_remove(dir, made), 0);
		} else {
			assert_int_equal(errno, EBADMSG);
			assert_string_equal(made, d.list[i].name);
			failed++;
		}
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
		close(fd);
		assert_tidy(dir, 4);
	}
	assert_true(failed > 250);
	assert_int_equal(join(dir, false, made), 0);
	assert_string_equal(made, good);
	packdir_free(&d);
	close(dir);
}

/* One that ends too early, or is gone. */
static void
test_cut(void **state)
{
	struct packdir d;
	char made[PACK_NAME], file[PACK_NAME + 8];
	struct stat st;
	int dir, fd, i;

	(void)state;
	for (i = 0; i < 6; i++) {
		make_packs("cut.git");
		dir = open_packs("cut.git");
		assert_int_equal(packdir_list(dir, &d), 0);
		snprintf(file, sizeof(file), "%s.%s", d.list[i % 3].name,
		    i % 2 == 0 ? "pack" : "idx");
		fd = openat(dir, file, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0 && fstat(fd, &st) == 0);
		assert_int_equal(ftruncate(fd, i < 2 ? 0 : (off_t)rnd(
		    (uint64_t)st.st_size)), 0);
		close(fd);
		assert_int_equal(join(dir, false, made), -1);
		assert_int_equal(errno, EBADMSG);
		assert_string_equal(made, d.list[i % 3].name);
		packdir_free(&d);
		close(dir);
		shell("", "rm -rf cut.git", NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
