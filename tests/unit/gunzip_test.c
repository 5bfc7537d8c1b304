/*
 * gunzip_test: what gzip wrote comes back; what is cut short, damaged, too
 * large or grows too much does not; bounds are met to the byte.
 */
#include "unit.h"

#include <zlib.h>

#include "gunzip.h"

#define NO_LIMIT (64u * 1024 * 1024)

/* Appends a gzip member. */
static void
pack(struct buf *out, const void *p, size_t n, int level)
{
	z_stream z = { 0 };
	size_t room = 64 + n + n / 100;

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS,
	    8, Z_DEFAULT_STRATEGY), Z_OK);
	buf_reserve(out, room);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

static void
fill(struct buf *b, size_t n, uint64_t alphabet)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_putc(b, (char)rnd(alphabet));
}

static void
test_by_its_first_bytes(void **state)
{
	(void)state;
	assert_true(gunzip_is("\x1f\x8b", 2));
	assert_true(gunzip_is("\x1f\x8b\x08", 3));
	assert_false(gunzip_is("\x1f", 1));
	assert_false(gunzip_is("", 0));
	assert_false(gunzip_is("\x1f\x9d", 2));
	assert_false(gunzip_is("<?xml", 5));
}

static void
test_there_and_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 65535, 65536, 65537,
	    200000 };
	struct buf in = BUF_INIT, gz = BUF_INIT, out = BUF_INIT;
	size_t i;
	int level;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++)
		for (level = 0; level <= 9; level += 3) {
			buf_clear(&in);
			buf_clear(&gz);
			buf_clear(&out);
			fill(&in, sizes[i], 200);
			pack(&gz, buf_str(&in), in.len, level);
			buf_puts(&out, "before");
			assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT,
			    1000, &out), GUNZIP_OK);
			assert_int_equal(out.len, 6 + in.len);
			assert_memory_equal(out.data, "before", 6);
			assert_memory_equal(out.data + 6, buf_str(&in),
			    in.len);
			assert_int_equal(out.data[out.len], '\0');
		}
	buf_free(&in);
	buf_free(&gz);
	buf_free(&out);
}

static void
test_members(void **state)
{
	struct buf gz = BUF_INIT, out = BUF_INIT;

	(void)state;
	pack(&gz, "one ", 4, 6);
	pack(&gz, "", 0, 6);
	pack(&gz, "two", 3, 9);
	assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, 100, &out),
	    GUNZIP_OK);
	assert_string_equal(buf_str(&out), "one two");
	/* over all members together */
	buf_clear(&out);
	assert_int_equal(gunzip(gz.data, gz.len, 7, 100, &out), GUNZIP_OK);
	buf_clear(&out);
	assert_int_equal(gunzip(gz.data, gz.len, 6, 100, &out),
	    GUNZIP_TOO_LARGE);
	buf_free(&gz);
	buf_free(&out);
}

/* Cut anywhere, it is damaged. */
static void
test_cut_short(void **state)
{
	struct buf in = BUF_INIT, gz = BUF_INIT, out = BUF_INIT;
	size_t n, first;

	(void)state;
	fill(&in, 300, 20);
	pack(&gz, in.data, in.len, 6);
	first = gz.len;
	pack(&gz, in.data, in.len, 6);
	for (n = 0; n < gz.len; n++) {
		buf_clear(&out);
		assert_int_equal(gunzip(gz.data, n, NO_LIMIT, 100, &out),
		    n == first ? GUNZIP_OK : GUNZIP_DAMAGED);
	}
	buf_free(&in);
	buf_free(&gz);
	buf_free(&out);
}

static void
test_behind_the_end(void **state)
{
	static const char *const more[] = { "x", "\n", "\x1f", "\x1f\x8b",
	    "<a/>" };
	struct buf gz = BUF_INIT, out = BUF_INIT;
	size_t i, n;

	(void)state;
	pack(&gz, "form", 4, 6);
	n = gz.len;
	for (i = 0; i < COUNT(more); i++) {
		buf_cut(&gz, n);
		buf_puts(&gz, more[i]);
		assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, 100, &out),
		    GUNZIP_DAMAGED);
	}
	buf_cut(&gz, n);
	buf_putc(&gz, '\0');
	assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, 100, &out),
	    GUNZIP_DAMAGED);
	buf_free(&gz);
	buf_free(&out);
}

/* One bit wrong: damage, or what was there, where the bit says nothing of
 * the content. */
static void
test_every_bit_wrong(void **state)
{
	struct buf in = BUF_INIT, gz = BUF_INIT, out = BUF_INIT;
	size_t i, same = 0;
	unsigned bit;

	(void)state;
	fill(&in, 200, 30);
	pack(&gz, in.data, in.len, 6);
	for (i = 0; i < gz.len; i++)
		for (bit = 0; bit < 8; bit++) {
			gz.data[i] = (char)(gz.data[i] ^ 1 << bit);
			buf_clear(&out);
			if (gunzip(gz.data, gz.len, NO_LIMIT, 100, &out) ==
			    GUNZIP_OK) {
				assert_int_equal(out.len, in.len);
				assert_memory_equal(out.data, in.data,
				    in.len);
				same++;
			}
			gz.data[i] = (char)(gz.data[i] ^ 1 << bit);
		}
	/* time, extra flags and system, in the header */
	assert_in_range(same, 1, 8 * 10);
	buf_free(&in);
	buf_free(&gz);
	buf_free(&out);
}

static void
test_not_gzip(void **state)
{
	static const char *const bad[] = { "", "x", "<?xml version=\"1.0\"?>",
	    "\x1f\x8b\x08", "\x78\x9c\x03\x00\x00\x00\x00\x01" };
	struct buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(gunzip(bad[i], strlen(bad[i]), NO_LIMIT, 100,
		    &out), GUNZIP_DAMAGED);
	buf_free(&out);
}

static void
test_limit(void **state)
{
	static const size_t sizes[] = { 1, 10, 65535, 65536, 65537, 131072,
	    300000 };
	struct buf in = BUF_INIT, gz = BUF_INIT, out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		buf_clear(&in);
		buf_clear(&gz);
		fill(&in, sizes[i], 256);
		pack(&gz, in.data, in.len, 6);
		buf_clear(&out);
		assert_int_equal(gunzip(gz.data, gz.len, in.len, 100, &out),
		    GUNZIP_OK);
		buf_clear(&out);
		assert_int_equal(gunzip(gz.data, gz.len, in.len - 1, 100,
		    &out), GUNZIP_TOO_LARGE);
	}
	buf_free(&in);
	buf_free(&gz);
	buf_free(&out);
}

/* 8 MiB of blanks in 8 KiB. */
static void
test_bomb(void **state)
{
	struct buf in = BUF_INIT, gz = BUF_INIT, out = BUF_INIT;
	unsigned least;

	(void)state;
	buf_reserve(&in, 8u << 20);
	memset(in.data, ' ', 8u << 20);
	in.len = 8u << 20;
	pack(&gz, in.data, in.len, 9);
	assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, 100, &out),
	    GUNZIP_BOMB);
	/* it was stopped long before its end */
	assert_true(out.len < 100 * gz.len + 200000);
	least = (unsigned)(in.len / gz.len) + 1;
	buf_clear(&out);
	assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, least, &out),
	    GUNZIP_OK);
	buf_clear(&out);
	assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, least - 1, &out),
	    GUNZIP_BOMB);
	/* where both are exceeded, the size is what a sender understands */
	buf_clear(&out);
	assert_int_equal(gunzip(gz.data, gz.len, 100000, 100, &out),
	    GUNZIP_TOO_LARGE);
	buf_free(&in);
	buf_free(&gz);
	buf_free(&out);
}

/* In a few kilobytes a ratio means nothing. */
static void
test_small_forms_of_blanks(void **state)
{
	char blanks[60000];
	struct buf gz = BUF_INIT, out = BUF_INIT;

	(void)state;
	memset(blanks, ' ', sizeof(blanks));
	pack(&gz, blanks, sizeof(blanks), 9);
	assert_true(sizeof(blanks) / gz.len > 100);
	assert_int_equal(gunzip(gz.data, gz.len, NO_LIMIT, 100, &out),
	    GUNZIP_OK);
	assert_int_equal(out.len, sizeof(blanks));
	buf_free(&gz);
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_its_first_bytes),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_behind_the_end),
		cmocka_unit_test(test_every_bit_wrong),
		cmocka_unit_test(test_not_gzip),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_small_forms_of_blanks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
