/*
 * hash_test: SHA-256 and SHA-1 by the examples of FIPS 180-4 and of NIST, and
 * by what git makes of the same bytes; names that are random; a hash for tables
 * that differs from process to process.
 */
#include "unit.h"

#include "hash.h"

static void
hash_too_early(void *arg)
{
	(void)arg;
	hash_short("x", 1);
}

static void
name_too_early(void *arg)
{
	char hex[17];

	(void)arg;
	hash_random(hex, 16);
}

/* First of all: the others open. */
static void
test_not_before_it_is_opened(void **state)
{
	(void)state;
	assert_bug(hash_too_early, NULL);
	assert_bug(name_too_early, NULL);
}

static void
put_short(void *arg)
{
	const int *fd = arg;
	uint64_t value;

	if (hash_open() != 0)
		_exit(1);
	value = hash_short("AK-000012", 9);
	if (write(*fd, &value, sizeof(value)) != sizeof(value))
		_exit(1);
}

static void
test_keyed_anew_in_each_process(void **state)
{
	uint64_t value[2];
	int fd[2], i;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(unit_status(put_short, &fd[1]), 0);
		assert_true(read(fd[0], &value[i], sizeof(value[i])) ==
		    sizeof(value[i]));
	}
	assert_true(value[0] != value[1]);
	close(fd[0]);
	close(fd[1]);
}

static void
test_sha256(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		  "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
		  "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039"
		  "a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklm"
		  "ghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
		  "mnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b049237"
		  "0b249b11e8f07a51afac45037afee9d1" },
	};
	static char a[1000000];
	char hex[SHA256_HEX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_ptr_equal(hash_sha256(hex, cases[i].text,
		    strlen(cases[i].text)), hex);
		assert_string_equal(hex, cases[i].hex);
		assert_true(hash_is_sha256(hex));
	}
	memset(a, 'a', sizeof(a));
	assert_string_equal(hash_sha256(hex, a, sizeof(a)),
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static const char *
sha1_hex(const void *p, size_t n)
{
	static char hex[2 * SHA1_SIZE + 1];
	unsigned char digest[SHA1_SIZE];
	int i;

	hash_sha1(digest, p, n);
	for (i = 0; i < SHA1_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

static void
test_sha1(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	};
	static char a[1000000];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_string_equal(sha1_hex(cases[i].text,
		    strlen(cases[i].text)), cases[i].hex);
	memset(a, 'a', sizeof(a));
	assert_string_equal(sha1_hex(a, sizeof(a)),
	    "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

/* Every length to some blocks, and some that are far longer, as git names
 * blobs: the digest of "blob N", a NUL and the bytes. */
static void
test_sha1_against_git(void **state)
{
	struct buf object = BUF_INIT, names = BUF_INIT, ours = BUF_INIT;
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
		buf_putf(&ours, "%s\n", sha1_hex(object.data, object.len));
	}
	assert_int_equal(unit_shell(&names,
	    "cd %s && git hash-object --no-filters *", unit_in("blobs")), 0);
	assert_string_equal(buf_str(&ours), buf_str(&names));
	close(dir);
	buf_free(&object);
	buf_free(&names);
	buf_free(&ours);
}

static void
test_is_sha256(void **state)
{
	char hex[SHA256_HEX + 1];

	(void)state;
	hash_sha256(hex, "x", 1);
	assert_true(hash_is_sha256(hex));
	hex[63] = '\0';
	assert_false(hash_is_sha256(hex));
	memset(hex, '0', 65);
	hex[65] = '\0';
	assert_false(hash_is_sha256(hex));
	hex[64] = '\0';
	assert_true(hash_is_sha256(hex));
	hex[10] = 'A';
	assert_false(hash_is_sha256(hex));
	hex[10] = 'g';
	assert_false(hash_is_sha256(hex));
	hex[10] = '\n';
	assert_false(hash_is_sha256(hex));
	assert_false(hash_is_sha256(""));
}

static void
odd_name(void *arg)
{
	char hex[80];

	(void)arg;
	hash_random(hex, 15);
}

static void
long_name(void *arg)
{
	char hex[80];

	(void)arg;
	hash_random(hex, 66);
}

static void
test_random_names(void **state)
{
	char a[65], b[65];
	size_t digits;

	(void)state;
	assert_int_equal(hash_open(), 0);
	for (digits = 2; digits <= 64; digits += 2) {
		memset(a, 'x', sizeof(a));
		assert_ptr_equal(hash_random(a, digits), a);
		assert_int_equal(strlen(a), digits);
		assert_int_equal(strspn(a, "0123456789abcdef"), digits);
		if (digits >= 16)
			assert_string_not_equal(a, hash_random(b, digits));
	}
	assert_bug(odd_name, NULL);
	assert_bug(long_name, NULL);
}

static void
test_short(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(hash_open(), 0);
	value = hash_short("abc", 3);
	assert_true(value == hash_short("abcd", 3));
	assert_true(value != hash_short("abcd", 4));
	assert_true(hash_short("", 0) != value);
	/* opened again, the tables that are there must stay good */
	assert_int_equal(hash_open(), 0);
	assert_true(hash_short("abc", 3) == value);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_before_it_is_opened),
		cmocka_unit_test(test_keyed_anew_in_each_process),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_sha1_against_git),
		cmocka_unit_test(test_is_sha256),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_short),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
