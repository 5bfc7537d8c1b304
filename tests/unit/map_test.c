/*
 * map_test: a map against a list that is searched from its front; its order;
 * entries that go while it is walked.
 */
#include "unit.h"

#include "hash.h"
#include "map.h"

static int
open_hash(void **state)
{
	(void)state;
	return hash_open();
}

static void
test_empty(void **state)
{
	struct map m = MAP_INIT;
	size_t at = 0;

	(void)state;
	assert_int_equal(map_count(&m), 0);
	assert_null(map_get(&m, "x"));
	assert_false(map_has(&m, "x"));
	assert_null(map_del(&m, "x"));
	assert_null(map_next(&m, &at));
	map_free(&m);
	map_free(&m);
}

static void
test_put_get_del(void **state)
{
	struct map m = MAP_INIT;
	char key[] = "key";
	int a, b;

	(void)state;
	assert_null(map_put(&m, key, &a));
	key[0] = 'X';		/* keys are copied */
	assert_ptr_equal(map_get(&m, "key"), &a);
	assert_ptr_equal(map_put(&m, "key", &b), &a);
	assert_int_equal(map_count(&m), 1);
	assert_ptr_equal(map_del(&m, "key"), &b);
	assert_null(map_del(&m, "key"));
	assert_int_equal(map_count(&m), 0);
	/* there, with nothing */
	assert_null(map_put(&m, "", NULL));
	assert_true(map_has(&m, ""));
	assert_null(map_get(&m, ""));
	assert_false(map_has(&m, "key"));
	map_free(&m);
}

/* The model: a list in order of insertion. */

#define KEYS 300

struct model {
	size_t	 keys[KEYS];
	int	*values[KEYS];
	size_t	 n;
};

static size_t
find(const struct model *l, size_t key)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->keys[i] == key)
			break;
	return i;
}

static const char *
key_text(char text[32], size_t key)
{
	snprintf(text, 32, "k%zu", key * key);
	return text;
}

static void
compare(const struct map *m, const struct model *l)
{
	const struct map_entry *e;
	size_t at = 0, i = 0;
	char text[32];

	assert_int_equal(map_count(m), l->n);
	for (; (e = map_next(m, &at)) != NULL; i++) {
		assert_true(i < l->n);
		assert_string_equal(e->key, key_text(text, l->keys[i]));
		assert_ptr_equal(e->value, l->values[i]);
	}
	assert_int_equal(i, l->n);
}

static void
put_both(struct map *m, struct model *l, size_t key, int *value)
{
	size_t i = find(l, key);
	char text[32];
	void *former = map_put(m, key_text(text, key), value);

	assert_ptr_equal(former, i < l->n ? l->values[i] : NULL);
	if (i == l->n)
		l->keys[l->n++] = key;
	l->values[i] = value;
}

static void
del_both(struct map *m, struct model *l, size_t key)
{
	size_t i = find(l, key);
	char text[32];
	void *former = map_del(m, key_text(text, key));

	assert_ptr_equal(former, i < l->n ? l->values[i] : NULL);
	if (i == l->n)
		return;
	l->n--;
	memmove(&l->keys[i], &l->keys[i + 1], (l->n - i) * sizeof(l->keys[0]));
	memmove(&l->values[i], &l->values[i + 1],
	    (l->n - i) * sizeof(l->values[0]));
}

static void
test_like_a_list(void **state)
{
	static int values[1000];
	struct model l = { .n = 0 };
	struct map m = MAP_INIT;
	size_t step, key, i;
	unsigned puts;
	char text[32];

	(void)state;
	for (step = 0; step < 30000; step++) {
		/* now mostly growing, now mostly shrinking */
		puts = step / 700 % 2 == 0 ? 7 : 3;
		key = rnd(KEYS);
		if (rnd(10) < puts)
			put_both(&m, &l, key, &values[rnd(1000)]);
		else
			del_both(&m, &l, key);
		i = find(&l, key = rnd(KEYS));
		assert_int_equal(map_has(&m, key_text(text, key)), i < l.n);
		if (step % 50 == 0)
			compare(&m, &l);
	}
	while (l.n > 0)
		del_both(&m, &l, l.keys[rnd(l.n)]);
	compare(&m, &l);
	put_both(&m, &l, 1, &values[0]);
	compare(&m, &l);
	map_free(&m);
}

/* The entry that was just given may go. */
static void
test_del_while_walking(void **state)
{
	const struct map_entry *e;
	struct map m = MAP_INIT;
	char text[32], *key;
	size_t i, at, seen, left;

	(void)state;
	for (i = 0; i < 100; i++)
		map_put(&m, key_text(text, i), &m);
	for (at = seen = 0; (e = map_next(&m, &at)) != NULL; seen++)
		if (seen % 3 != 0) {
			key = mem_str(e->key);
			assert_ptr_equal(map_del(&m, key), &m);
			free(key);
		}
	assert_int_equal(seen, 100);
	left = map_count(&m);
	assert_int_equal(left, 34);
	for (at = seen = 0; (e = map_next(&m, &at)) != NULL; seen++) {
		key = mem_str(e->key);
		map_del(&m, key);
		free(key);
	}
	assert_int_equal(seen, left);
	assert_int_equal(map_count(&m), 0);
	map_free(&m);
}

/* What goes and comes again stands at the end. */
static void
test_order_of_coming(void **state)
{
	struct map m = MAP_INIT;
	size_t at = 0;

	(void)state;
	map_put(&m, "a", NULL);
	map_put(&m, "b", NULL);
	map_put(&m, "c", NULL);
	map_put(&m, "a", &m);
	map_del(&m, "b");
	map_put(&m, "b", NULL);
	assert_string_equal(map_next(&m, &at)->key, "a");
	assert_string_equal(map_next(&m, &at)->key, "c");
	assert_string_equal(map_next(&m, &at)->key, "b");
	assert_null(map_next(&m, &at));
	map_free(&m);
}

/* One goes, one comes, ten thousand times: the memory must not grow. */
static void
test_tombstones_are_swept(void **state)
{
	struct map m = MAP_INIT;
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < 10; i++)
		map_put(&m, key_text(text, i), &m);
	for (; i < 20000; i++) {
		map_put(&m, key_text(text, i), &m);
		assert_ptr_equal(map_del(&m, key_text(text, i - 10)), &m);
	}
	assert_int_equal(map_count(&m), 10);
	assert_true(m.n_slots <= 128);
	map_free(&m);
}

static void
test_many(void **state)
{
	struct map m = MAP_INIT;
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < 50000; i++)
		map_put(&m, key_text(text, i), (char *)&m + i % 7);
	assert_int_equal(map_count(&m), 50000);
	for (i = 0; i < 50000; i++)
		assert_ptr_equal(map_get(&m, key_text(text, i)),
		    (char *)&m + i % 7);
	assert_false(map_has(&m, "k"));
	map_free(&m);
}

/* The sanitizers see to it that none is left, and none freed twice. */
static void
test_free_all(void **state)
{
	struct map m = MAP_INIT;
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		map_put(&m, key_text(text, i), mem_str(text));
	for (i = 0; i < 100; i += 3)
		free(map_del(&m, key_text(text, i)));
	map_put(&m, "none", NULL);
	map_free_all(&m);
	assert_int_equal(map_count(&m), 0);
	map_free_all(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_put_get_del),
		cmocka_unit_test(test_like_a_list),
		cmocka_unit_test(test_del_while_walking),
		cmocka_unit_test(test_order_of_coming),
		cmocka_unit_test(test_tombstones_are_swept),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_free_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_hash, unit_clean);
}
