/*
 * merge_test: which packs are merged, which files are whose.
 */
#include "unit.h"

#include "merge.h"
#include "packdir.h"

#define EVER INT64_MAX

static const struct packdir none = PACKDIR_INIT;

static void
test_split(void **state)
{
	static const struct {
		uint64_t sizes[6];
		size_t n, split;
	} cases[] = {
		{ { 0 }, 0, 0 },
		{ { 7 }, 1, 0 },
		{ { 7, 7 }, 2, 2 },
		{ { 7, 13 }, 2, 2 },
		{ { 7, 14 }, 2, 0 },
		{ { 7, 15 }, 2, 0 },
		{ { 1, 2, 6, 18 }, 4, 0 },
		{ { 1, 1, 5, 18 }, 4, 2 },
		{ { 1, 1, 4, 12 }, 4, 2 },
		{ { 1, 1, 3, 12 }, 4, 3 },
		{ { 1, 1, 3, 9 }, 4, 4 },
		/* a large one takes all with it */
		{ { 1, 2, 6, 17 }, 4, 4 },
		{ { 5, 5, 5, 5, 5, 1000 }, 6, 5 },
		{ { 1, UINT64_MAX / 4 }, 2, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(merge_split(cases[i].sizes, cases[i].n),
		    cases[i].split);
}

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Each that stays is large enough, and not one is taken without need. */
static void
test_rule(void **state)
{
	uint64_t sizes[50], sum;
	size_t n, i, round, split;

	(void)state;
	for (round = 0; round < 5000; round++) {
		n = (size_t)rnd(COUNT(sizes));
		for (i = 0; i < n; i++)
			sizes[i] = 1 + rnd(UINT64_C(1) << rnd(40));
		qsort(sizes, n, sizeof(sizes[0]), by_size);
		split = merge_split(sizes, n);
		assert_true(split <= n && split != 1);
		for (i = 0, sum = 0; i < n; i++) {
			if (i >= split)
				assert_true(sizes[i] >= 2 * sum);
			if (i + 1 == split)
				assert_true(sizes[i] < 2 * sum);
			sum += sizes[i];
		}
	}
}

/* Packs of one size come one by one, and are merged when there are ten: how
 * often each byte is written, and how many packs there are. */
static void
test_cost(void **state)
{
	uint64_t sizes[64], written = 0, sum;
	size_t n = 0, i, k, split, most = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		memmove(sizes + 1, sizes, n * sizeof(sizes[0]));
		sizes[0] = 1;
		if (++n > most)
			most = n;
		if (i % 10 != 9 || (split = merge_split(sizes, n)) == 0)
			continue;
		for (k = 0, sum = 0; k < split; k++)
			sum += sizes[k];
		written += sum;
		memmove(sizes + 1, sizes + split, (n - split) *
		    sizeof(sizes[0]));
		sizes[0] = sum;
		n -= split - 1;
	}
	assert_true(most < 20);
	assert_true(written / 100000 < 20);
}

static void
test_choose(void **state)
{
	struct packdir d = PACKDIR_INIT, spared = PACKDIR_INIT;

	(void)state;
	packdir_add(&d, "pack-a", 1);
	packdir_add(&d, "pack-b", 1);
	packdir_add(&d, "pack-c", 1);
	packdir_add(&d, "pack-d", 100);
	d.list[1].kept = true;
	assert_int_equal(merge_choose(&d, &none), 2);
	assert_true(d.list[0].merged && d.list[2].merged);
	assert_false(d.list[1].merged || d.list[3].merged);
	d.list[0].merged = d.list[2].merged = false;
	/* nor one that could not be read */
	packdir_add(&spared, "pack-a", 0);
	assert_int_equal(merge_choose(&d, &spared), 0);
	packdir_add(&d, "pack-e", 120);
	assert_int_equal(merge_choose(&d, &spared), 3);
	assert_false(d.list[0].merged || d.list[1].merged);
	assert_true(d.list[2].merged && d.list[3].merged && d.list[4].merged);
	packdir_free(&d);
	packdir_free(&spared);
	assert_int_equal(merge_choose(&d, &none), 0);
}

/* Full ones stay, and do not make others be taken. */
static void
test_full(void **state)
{
	struct packdir d = PACKDIR_INIT;
	size_t i;

	(void)state;
	packdir_add(&d, "pack-a", 1000);
	packdir_add(&d, "pack-b", MERGE_FULL);
	packdir_add(&d, "pack-c", MERGE_FULL + 1);
	assert_int_equal(merge_choose(&d, &none), 0);
	packdir_free(&d);
	packdir_add(&d, "pack-a", 1000);
	packdir_add(&d, "pack-b", MERGE_FULL - 1);
	packdir_add(&d, "pack-c", MERGE_FULL - 1);
	packdir_add(&d, "pack-d", MERGE_FULL);
	packdir_add(&d, "pack-e", MERGE_FULL + 1);
	/* nor are more taken than make two of them */
	assert_int_equal(merge_choose(&d, &none), 2);
	assert_true(d.list[0].merged && d.list[1].merged);
	for (i = 2; i < d.n; i++)
		assert_false(d.list[i].merged);
	packdir_free(&d);
	for (i = 0; i < 400; i++)
		packdir_add(&d, "pack-small", MERGE_FULL / 100);
	assert_int_equal(merge_choose(&d, &none), 200);
	packdir_free(&d);
	packdir_add(&d, "pack-a", MERGE_FULL - 1);
	packdir_add(&d, "pack-b", MERGE_FULL - 1);
	assert_int_equal(merge_choose(&d, &none), 2);
	packdir_free(&d);
}

static void
test_listing(void **state)
{
	int dir = unit_open_dir("listed");
	struct packdir d;

	(void)state;
	unit_put(dir, "pack-2.pack", "22222");
	unit_put(dir, "pack-2.idx", "");
	unit_put(dir, "pack-1.pack", "1");
	unit_put(dir, "pack-1.idx", "");
	unit_put(dir, "pack-1.keep", "");
	unit_put(dir, "pack-3.pack", "half of one");
	unit_put(dir, "pack-4.idx", "the other");
	unit_put(dir, "pack-5.pack", "to expire");
	unit_put(dir, "pack-5.idx", "");
	unit_put(dir, "pack-5.mtimes", "");
	assert_int_equal(packdir_list(dir, &d), 0);
	assert_int_equal(d.n, 2);
	assert_string_equal(d.list[0].name, "pack-1");
	assert_true(d.list[0].kept && d.list[0].bytes == 1);
	assert_string_equal(d.list[1].name, "pack-2");
	assert_true(!d.list[1].kept && d.list[1].bytes == 5);
	assert_int_equal(packdir_count(dir), 4);
	assert_true(packdir_has(dir, "pack-2"));
	assert_false(packdir_has(dir, "pack-3"));
	assert_false(packdir_has(dir, "pack-4"));
	packdir_free(&d);
	close(dir);
}

static void
test_removing(void **state)
{
	int dir = unit_open_dir("removed"), chain;

	(void)state;
	unit_put(dir, "pack-1.pack", "");
	unit_put(dir, "pack-1.idx", "");
	unit_put(dir, "pack-1.rev", "");
	unit_put(dir, "pack-10.pack", "");
	unit_put(dir, "pack-2.pack", "");
	unit_put(dir, "pack-2.keep", "");
	assert_int_equal(packdir_remove(dir, "pack-1"), 0);
	assert_false(unit_there(dir, "pack-1.pack"));
	assert_false(unit_there(dir, "pack-1.idx"));
	assert_false(unit_there(dir, "pack-1.rev"));
	assert_true(unit_there(dir, "pack-10.pack"));
	assert_int_equal(packdir_remove(dir, "pack-2"), 0);
	assert_true(unit_there(dir, "pack-2.pack"));
	assert_int_equal(packdir_remove(dir, "pack-9"), 0);
	assert_int_equal(packdir_remove_multi(dir), 0);
	unit_put(dir, "multi-pack-index", "");
	unit_put(dir, "multi-pack-index-1.rev", "");
	chain = unit_open_dir("removed/multi-pack-index.d");
	unit_put(chain, "multi-pack-index-chain", "");
	unit_put(chain, "multi-pack-index-1.midx", "");
	assert_int_equal(packdir_remove_multi(dir), 0);
	assert_false(unit_there(dir, "multi-pack-index"));
	assert_false(unit_there(dir, "multi-pack-index-1.rev"));
	assert_false(unit_there(chain, "multi-pack-index-chain"));
	assert_false(unit_there(chain, "multi-pack-index-1.midx"));
	close(chain);
	close(dir);
}

static void
test_temporaries(void **state)
{
	static const char *const yes[] = { "tmp_pack_x1Y2z3", "tmp_idx_abcdef",
	    "tmp_rev_abcdef", ".tmp-123-pack-0123.pack", ".tmp-1-pack-0.idx" };
	static const char *const no[] = { "pack-0123.pack", "pack-0123.idx",
	    "tmp_docket.pack", "tmp_docket.idx", "pack-tmp_pack_x.pack",
	    "multi-pack-index", "tmp", "", "xtmp_pack_" };
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	int dir = unit_open_dir("temporaries");
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(yes); i++)
		assert_true(packdir_is_temporary(yes[i]));
	for (i = 0; i < COUNT(no); i++)
		assert_false(packdir_is_temporary(no[i]));
	unit_put(dir, "tmp_pack_1", "");
	unit_put(dir, "tmp_pack_2", "");
	unit_put(dir, "pack-1.pack", "");
	assert_int_equal(utimensat(dir, "tmp_pack_1", old, 0), 0);
	packdir_clear(dir, 1000 * 1000);
	assert_true(unit_there(dir, "tmp_pack_1"));
	packdir_clear(dir, 1000 * 1000 + 1);
	assert_false(unit_there(dir, "tmp_pack_1"));
	assert_true(unit_there(dir, "tmp_pack_2"));
	packdir_clear(dir, EVER);
	assert_false(unit_there(dir, "tmp_pack_2"));
	assert_true(unit_there(dir, "pack-1.pack"));
	close(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_removing),
		cmocka_unit_test(test_temporaries),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
