/*
 * pieces: a hundred thousand steps of asking, changing and giving back, with
 * every byte of every piece watched; no two share one.
 */
#include "unit.h"

#include "pieces.h"

#define KEPT 500

static struct piece {
	unsigned char	*p;
	size_t		 n;
	unsigned char	 mark;
} kept[KEPT];

static void
fill(struct piece *k, unsigned char mark)
{
	k->mark = mark;
	memset(k->p, mark, k->n);
}

static void
look(const struct piece *k, size_t n)
{
	size_t i;

	assert_int_equal((uintptr_t)k->p % 16, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(k->p[i], k->mark);
}

/* Most are small; some are at and beyond what is kept, some large. */
static size_t
some_length(void)
{
	static const unsigned most[] = { 16, 64, 64, 300, 300, 600, 600,
	    40000 };

	return rnd(most[rnd(COUNT(most))] + 1);
}

static void
step(unsigned i)
{
	struct piece *k = &kept[rnd(KEPT)];
	size_t n = some_length();

	if (k->p == NULL) {
		*k = (struct piece){ pieces_malloc(n), n, 0 };
	} else if (rnd(3) == 0) {
		look(k, k->n);
		k->p = pieces_realloc(k->p, n);
		look(k, n < k->n ? n : k->n);
		k->n = n;
	} else {
		look(k, k->n);
		pieces_free(k->p);
		k->p = NULL;
		return;
	}
	assert_non_null(k->p);
	fill(k, (unsigned char)i);
}

static void
test_pieces(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 100000; i++)
		step(i);
	for (i = 0; i < KEPT; i++)
		if (kept[i].p != NULL) {
			look(&kept[i], kept[i].n);
			pieces_free(kept[i].p);
			kept[i].p = NULL;
		}
	pieces_free(NULL);
	assert_false(pieces_ran_out());
}

static void
test_text(void **state)
{
	char *empty = pieces_strdup(""), *some = pieces_strdup("docket");

	(void)state;
	assert_string_equal(empty, "");
	assert_string_equal(some, "docket");
	some = pieces_realloc(some, 1000);
	assert_string_equal(some, "docket");
	some = pieces_realloc(some, 7);
	assert_string_equal(some, "docket");
	pieces_free(empty);
	pieces_free(some);
	some = pieces_realloc(NULL, 40);
	assert_non_null(some);
	pieces_free(some);
}

/* A piece that is given back is the next of its size: forms, one after the
 * other, take no more than the largest of them. */
static void
test_again(void **state)
{
	void *one = pieces_malloc(100), *other;

	(void)state;
	pieces_free(one);
	other = pieces_malloc(101);
	if (!UNIT_SANITIZED)
		assert_ptr_equal(one, other);
	pieces_free(other);
}

/* What cannot be had is said, once, and what was there stays. */
static void
test_no_memory(void **state)
{
	char *some = pieces_strdup("docket");

	(void)state;
	assert_null(pieces_malloc(SIZE_MAX - 4));
	assert_true(pieces_ran_out());
	assert_false(pieces_ran_out());
	assert_null(pieces_realloc(some, SIZE_MAX / 2 + 1));
	assert_true(pieces_ran_out());
	assert_string_equal(some, "docket");
	pieces_free(some);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pieces", tests, NULL, unit_clean);
}
