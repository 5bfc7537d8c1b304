/*
 * sha1_test: the standard's examples, every length around the blocks' ends,
 * and what git makes of the same bytes.
 */
#include "unit.h"

#include "sha1.h"

static const char *
hex_of(const unsigned char digest[SHA1_SIZE])
{
	static char hex[2 * SHA1_SIZE + 1];
	int i;

	for (i = 0; i < SHA1_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

static void
assert_sha1(const char *p, size_t n, const char *hex)
{
	unsigned char digest[SHA1_SIZE];

	sha1(digest, p, n);
	assert_string_equal(hex_of(digest), hex);
	sha1_plain(digest, p, n);
	assert_string_equal(hex_of(digest), hex);
}

/* FIPS 180-4's, from the examples that go with it. */
static void
test_examples(void **state)
{
	char *million = mem_alloc(1000000);

	(void)state;
	assert_sha1("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_sha1("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
	    "mnopnopq", 56, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	memset(million, 'a', 1000000);
	assert_sha1(million, 1000000,
	    "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	free(million);
}

/* Every length to some blocks, and some that are far longer, as git names
 * blobs: the digest of "blob N", a NUL and the bytes. */
static void
test_against_git(void **state)
{
	struct buf object = BUF_INIT, names = BUF_INIT, ours = BUF_INIT;
	unsigned char digest[SHA1_SIZE], plain[SHA1_SIZE];
	int dir = unit_open_dir("blobs");
	size_t len, i, head;
	char name[32];

	(void)state;
	for (i = 0; i < 210; i++) {
		len = i < 200 ? i : 1000 + (size_t)rnd(300000);
		buf_clear(&object);
		buf_putf(&object, "blob %zu", len);
		buf_putc(&object, '\0');
		head = object.len;
		while (object.len < head + len)
			buf_putc(&object, (char)rnd(256));
		snprintf(name, sizeof(name), "%03zu", i);
		unit_write(dir, name, object.data + head, len);
		sha1(digest, object.data, object.len);
		sha1_plain(plain, object.data, object.len);
		assert_memory_equal(plain, digest, SHA1_SIZE);
		buf_putf(&ours, "%s\n", hex_of(digest));
	}
	assert_int_equal(unit_shell(&names,
	    "cd %s && git hash-object --no-filters *", unit_in("blobs")), 0);
	assert_string_equal(buf_str(&ours), buf_str(&names));
	close(dir);
	buf_free(&object);
	buf_free(&names);
	buf_free(&ours);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_against_git),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
