/*
 * packs_test: what git packs is read as git has it, in either kind of delta;
 * what is damaged is not read, or as other bytes, and harms nobody.
 */
#include "unit.h"

#include "hash.h"
#include "packs.h"

static const char *const words[] = {
	[OBJECT_COMMIT] = "commit", [OBJECT_TREE] = "tree",
	[OBJECT_BLOB] = "blob",
};

/* A repository whose objects are much like one another, as a ledger's are. */
static void
make_repository(const char *name, const char *options)
{
	struct buf said = BUF_INIT;

	assert_int_equal(unit_shell(&said, "set -e; "
	    "git init -q --bare --initial-branch=main %s; cd %s; "
	    "i=0; while [ $i -lt 40 ]; do i=$((i + 1)); "
	    "echo 'commit refs/heads/main'; "
	    "echo \"committer x <x@x> $((1700000000 + i)) +0000\"; "
	    "echo 'data 5'; echo some; echo \"M 644 inline a/b/$((i %% 7))\"; "
	    "seq $i $((i + 300)) >text; echo \"data $(wc -c <text)\"; "
	    "cat text; done | git fast-import --quiet; rm text; "
	    "git %s repack -adfq --depth=50 --window=50", unit_in(name),
	    unit_in(name), options), 0);
	buf_free(&said);
}

struct listed {
	struct oid	 oid;
	enum object	 type;
};

static int
digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static size_t
list_objects(const char *name, struct listed *list, size_t most)
{
	struct buf out = BUF_INIT;
	const char *at;
	size_t n = 0, i;

	assert_int_equal(unit_shell(&out, "git -C %s cat-file "
	    "--batch-all-objects --batch-check='%%(objectname) %%(objecttype)'",
	    unit_in(name)), 0);
	for (at = buf_str(&out); *at != '\0'; at = strchr(at, '\n') + 1) {
		assert_true(n < most);
		for (i = 0; i < OID_SIZE; i++)
			list[n].oid.id[i] = (unsigned char)(digit(at[2 * i]) *
			    16 + digit(at[2 * i + 1]));
		at += 2 * OID_SIZE + 1;
		list[n++].type = *at == 'c' ? OBJECT_COMMIT : *at == 't' ?
		    OBJECT_TREE : OBJECT_BLOB;
	}
	buf_free(&out);
	return n;
}

static bool
is_named(const struct oid *oid, enum object type, const char *p, size_t n)
{
	unsigned char digest[SHA1_SIZE];
	struct buf b = BUF_INIT;

	buf_putf(&b, "%s %zu", words[type], n);
	buf_putc(&b, '\0');
	buf_put(&b, p, n);
	hash_sha1(digest, b.data, b.len);
	buf_free(&b);
	return memcmp(digest, oid->id, OID_SIZE) == 0;
}

/* How many are what they are called. */
static size_t
read_all(const char *name, const struct listed *list, size_t n)
{
	struct packs *p = packs_open(unit_in(name)), *other;
	struct buf b = BUF_INIT;
	enum object type;
	size_t i, good = 0;

	other = packs_share(p);
	for (i = 0; i < n; i++) {
		buf_clear(&b);
		buf_puts(&b, "before ");
		if (!packs_read(i % 3 == 0 ? other : p, &list[i].oid, &type,
		    &b)) {
			assert_string_equal(buf_str(&b), "before ");
			continue;
		}
		assert_memory_equal(b.data, "before ", 7);
		assert_true(type >= OBJECT_COMMIT && type <= OBJECT_BLOB);
		good += type == list[i].type && is_named(&list[i].oid, type,
		    b.data + 7, b.len - 7);
	}
	packs_close(other);
	packs_close(p);
	buf_free(&b);
	return good;
}

static void
test_reading(void **state)
{
	struct listed list[400];
	size_t n;

	(void)state;
	make_repository("offset.git", "");
	n = list_objects("offset.git", list, COUNT(list));
	assert_true(n > 150);
	assert_int_equal(read_all("offset.git", list, n), n);
	make_repository("name.git", "-c repack.useDeltaBaseOffset=false");
	assert_int_equal(read_all("name.git", list, n), n);
	list[0].oid.id[OID_SIZE - 1] ^= 1;
	assert_int_equal(read_all("name.git", list, n), n - 1);
	assert_int_equal(read_all("nowhere.git", list, n), 0);
}

/* A byte is another, or the end is missing. */
static void
damage(int fd, off_t size, int round)
{
	unsigned char c;
	off_t at = (off_t)rnd((unsigned)size);

	/* heads and tables, more often than their size says */
	if (round % 3 == 0)
		at %= 1100;
	if (round % 10 == 9) {
		assert_int_equal(ftruncate(fd, at), 0);
		return;
	}
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= (unsigned char)(1 + rnd(255));
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

static void
test_damage(void **state)
{
	static const char *const suffixes[] = { "idx", "pack" };
	struct listed list[400];
	struct buf said = BUF_INIT;
	struct stat st;
	size_t n, less = 0;
	int fd, round;

	(void)state;
	make_repository("damaged.git", "");
	n = list_objects("damaged.git", list, COUNT(list));
	assert_int_equal(unit_shell(&said, "cd %s/objects/pack && "
	    "chmod u+w * && for s in idx pack; do cp *.$s ../was.$s; done",
	    unit_in("damaged.git")), 0);
	for (round = 0; round < 300; round++) {
		assert_int_equal(unit_shell(&said, "cd %s/objects/pack && "
		    "for s in idx pack; do cat ../was.$s >it.$s; done; "
		    "rm -f pack-*", unit_in("damaged.git")), 0);
		buf_clear(&said);
		buf_putf(&said, "%s/objects/pack/it.%s",
		    unit_in("damaged.git"), suffixes[round % 2]);
		fd = open(buf_str(&said), O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		damage(fd, st.st_size, round);
		close(fd);
		less += read_all("damaged.git", list, n) < n;
	}
	assert_true(less > 100);
	buf_free(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
