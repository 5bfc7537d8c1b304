/*
 * buf_test: a byte buffer against the plainest model of one; the ends of its
 * range; allocation that ends the program rather than fail.
 */
#include "unit.h"

static void
test_empty(void **state)
{
	struct buf b = BUF_INIT;
	char *s;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
	buf_cut(&b, 0);
	assert_null(b.data);
	s = buf_take(&b);
	assert_string_equal(s, "");
	free(s);
	buf_put(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
}

/* Bytes of every kind in pieces of every size, against an array. */
static void
test_like_an_array(void **state)
{
	static char model[70000], piece[700];
	struct buf b = BUF_INIT;
	size_t len = 0, n, i;

	(void)state;
	while (len < sizeof(model) - sizeof(piece)) {
		n = rnd(sizeof(piece));
		for (i = 0; i < n; i++)
			piece[i] = (char)rnd(256);
		memcpy(model + len, piece, n);
		len += n;
		if (n == 1)
			buf_putc(&b, piece[0]);
		else
			buf_put(&b, piece, n);
		if (rnd(8) == 0) {
			len -= rnd(len + 1) / 16;
			buf_cut(&b, len);
		}
		assert_int_equal(b.len, len);
		assert_true(b.len < b.cap);
		assert_int_equal(b.data[len], '\0');
	}
	assert_memory_equal(b.data, model, len);
	buf_free(&b);
}

static void
test_clear_keeps_the_memory(void **state)
{
	struct buf b = BUF_INIT;
	size_t cap;

	(void)state;
	buf_puts(&b, "something");
	cap = b.cap;
	buf_clear(&b);
	assert_int_equal(b.cap, cap);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
}

/* A reserve is room for so many bytes and the NUL. */
static void
test_reserve(void **state)
{
	struct buf b = BUF_INIT;
	const char *data;
	size_t n, i;

	(void)state;
	for (n = 0; n < 3000; n += 1 + n / 7) {
		buf_reserve(&b, n);
		assert_true(b.cap > b.len + n);
		data = b.data;
		for (i = 0; i < n; i++)
			buf_putc(&b, 'x');
		assert_ptr_equal(b.data, data);
	}
	buf_free(&b);
}

static void
test_putf(void **state)
{
	struct buf b = BUF_INIT;
	char want[400];
	int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		buf_clear(&b);
		buf_puts(&b, "<");
		buf_putf(&b, "%*d|%s", i, 7, "seven");
		snprintf(want, sizeof(want), "<%*d|%s", i, 7, "seven");
		assert_string_equal(buf_str(&b), want);
		assert_int_equal(b.len, strlen(want));
	}
	buf_putf(&b, "%s", "");
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
test_take(void **state)
{
	struct buf b = BUF_INIT;
	char *s;

	(void)state;
	buf_puts(&b, "mine");
	s = buf_take(&b);
	assert_string_equal(s, "mine");
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	assert_null(b.data);
	buf_puts(&b, "another");
	assert_string_equal(s, "mine");
	free(s);
	buf_free(&b);
}

static void
test_memory(void **state)
{
	char *p = mem_alloc(0), *s;
	size_t i;

	(void)state;
	assert_non_null(p);
	free(p);
	p = mem_alloc(1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	p = mem_grow(p, 500, 4);
	memset(p, 1, 2000);
	p = mem_grow(p, 0, 4);
	assert_non_null(p);
	free(p);
	assert_null(mem_str(NULL));
	s = mem_strn("a\0b", 3);
	assert_memory_equal(s, "a\0b", 4);
	free(s);
	s = mem_strn("abc", 0);
	assert_string_equal(s, "");
	free(s);
}

static void
cut_beyond(void *arg)
{
	struct buf b = BUF_INIT;

	(void)arg;
	buf_puts(&b, "abc");
	buf_cut(&b, 4);
}

static void
grow_too_far(void *arg)
{
	(void)arg;
	free(mem_grow(NULL, SIZE_MAX / 4, 8));
}

static void
reserve_too_far(void *arg)
{
	const size_t *more = arg;
	struct buf b = BUF_INIT;

	buf_puts(&b, "abc");
	buf_reserve(&b, *more);
}

static void
test_bugs(void **state)
{
	static size_t most = SIZE_MAX, nearly = SIZE_MAX - 64;

	(void)state;
	assert_bug(cut_beyond, NULL);
	assert_bug(grow_too_far, NULL);
	assert_bug(reserve_too_far, &most);
	/* what still fits beside the length is no less a bug */
	assert_bug(reserve_too_far, &nearly);
}

static void
want_too_much(void *arg)
{
	const struct rlimit room = { 256u << 20, 256u << 20 };

	(void)arg;
	setrlimit(RLIMIT_AS, &room);
	free(mem_alloc(1u << 30));
}

static void
test_no_memory(void **state)
{
	int status;

	(void)state;
	if (UNIT_SANITIZED)
		UNIT_SKIP("a sanitizer wants all the address space");
	status = unit_status(want_too_much, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_like_an_array),
		cmocka_unit_test(test_clear_keeps_the_memory),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_putf),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_bugs),
		cmocka_unit_test(test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
