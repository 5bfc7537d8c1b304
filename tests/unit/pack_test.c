/*
 * pack_test: packs, and trees edited at random, as git reads them: every
 * object is there byte for byte, index and checksums are right, deltas
 * resolve, and what the last tree holds is what was put there.
 */
#include "unit.h"

#include "hash.h"
#include "pack.h"
#include "tree.h"

static const char *
hex_of(const struct oid *oid)
{
	static char hex[2 * OID_SIZE + 1];
	int i;

	for (i = 0; i < OID_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", oid->id[i]);
	return hex;
}

/* git's names, by our SHA-1. */
static void
name_object(void *arg, enum object type, const void *p, size_t n,
    struct oid *oid)
{
	static const char *const word[] = {
		[OBJECT_COMMIT] = "commit", [OBJECT_TREE] = "tree",
		[OBJECT_BLOB] = "blob",
	};
	struct buf b = BUF_INIT;

	(void)arg;
	buf_putf(&b, "%s %zu", word[type], n);
	buf_putc(&b, '\0');
	buf_put(&b, p, n);
	hash_sha1(oid->id, b.data, b.len);
	buf_free(&b);
}

/* A repository of its own, and where its packs go. */
static int
make_repository(const char *name)
{
	struct buf b = BUF_INIT;
	char path[300];
	int fd;

	assert_int_equal(unit_shell(&b,
	    "git init -q --bare --initial-branch=main %s", unit_in(name)), 0);
	snprintf(path, sizeof(path), "%s/objects/pack", unit_in(name));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	buf_free(&b);
	return fd;
}

/* git has nothing to say of the repository's packs. */
static void
assert_git_is_content(const char *name)
{
	struct buf b = BUF_INIT;

	if (unit_shell(&b, "cd %s && for p in objects/pack/*.pack; do "
	    "git verify-pack $p && "
	    "git index-pack --strict -o ours.idx $p >/dev/null && "
	    "cmp ours.idx ${p%%.pack}.idx || exit 1; rm -f ours.idx; done && "
	    "git fsck --strict --no-dangling >said 2>&1 || { cat said; exit 1; "
	    "}; sed /^notice:/d said", unit_in(name)) != 0 || b.len > 0)
		fail_msg("%s", buf_str(&b));
	buf_free(&b);
}

static void
add_blob(struct pack *p, const void *data, size_t n, struct oid *oid)
{
	name_object(NULL, OBJECT_BLOB, data, n, oid);
	pack_add(p, OBJECT_BLOB, oid, data, n, NULL);
}

static void
test_blobs(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 127, 128, 2047, 2048,
	    2049, 65535, 65536, 300000 };
	struct buf data = BUF_INIT, got = BUF_INIT, expected = BUF_INIT;
	int dir = make_repository("blobs.git");
	struct pack *p = pack_new();
	struct oid oid[COUNT(sizes)], other;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		buf_clear(&data);
		/* half of them cannot be compressed */
		while (data.len < sizes[i])
			buf_putc(&data, i % 2 == 0 ? 'x' : (char)rnd(256));
		assert_int_equal(pack_count(p), i);
		add_blob(p, buf_str(&data), data.len, &oid[i]);
		assert_true(pack_has(p, &oid[i]));
		n = pack_bytes(p);
		add_blob(p, buf_str(&data), data.len, &oid[i]);
		assert_int_equal(pack_bytes(p), n);
		buf_putf(&expected, "%s blob %zu\n", hex_of(&oid[i]),
		    sizes[i]);
	}
	memset(&other, 0x55, sizeof(other));
	assert_false(pack_has(p, &other));
	assert_int_equal(pack_write(p, dir), 0);
	assert_git_is_content("blobs.git");
	for (i = 0; i < COUNT(sizes); i++)
		assert_int_equal(unit_shell(&got,
		    "echo %s | git -C %s cat-file --batch-check",
		    hex_of(&oid[i]), unit_in("blobs.git")), 0);
	assert_string_equal(buf_str(&got), buf_str(&expected));
	pack_free(p);
	close(dir);
	buf_free(&data);
	buf_free(&got);
	buf_free(&expected);
}

/* After a reset nothing is left, and the next pack stands alone. */
static void
test_reset(void **state)
{
	int dir = make_repository("reset.git");
	struct pack *p = pack_new();
	struct oid first, second;
	struct buf b = BUF_INIT;

	(void)state;
	add_blob(p, "first", 5, &first);
	pack_reset(p);
	assert_int_equal(pack_count(p), 0);
	assert_false(pack_has(p, &first));
	add_blob(p, "second", 6, &second);
	assert_int_equal(pack_write(p, dir), 0);
	assert_git_is_content("reset.git");
	assert_int_not_equal(unit_shell(&b, "git -C %s cat-file -e %s",
	    unit_in("reset.git"), hex_of(&first)), 0);
	assert_int_equal(unit_shell(&b, "git -C %s cat-file -e %s",
	    unit_in("reset.git"), hex_of(&second)), 0);
	pack_free(p);
	close(dir);
	buf_free(&b);
}

static void
test_no_directory(void **state)
{
	struct pack *p = pack_new();
	struct oid oid;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	add_blob(p, "a", 1, &oid);
	errno = 0;
	assert_int_equal(pack_write(p, null), -1);
	assert_int_equal(errno, ENOTDIR);
	pack_free(p);
	close(null);
}

/* Trees. */

#define PATHS 400

/* Names that git sorts in ways of its own, at three depths. */
static void
path_of(size_t i, char path[64])
{
	static const char *const ends[] = { "", "-", ".xml", "0", "A", "~" };
	const char *end = ends[i % COUNT(ends)];

	switch (i % 3) {
	case 0:
		snprintf(path, 64, i % 6 == 0 ? "f%zu" : "d%zu.", i / 6);
		break;
	case 1:
		snprintf(path, 64, "d%zu%s/f%zu", i / 60, end, i);
		break;
	default:
		snprintf(path, 64, "d%zu/e%zu%s/f%zu", i / 60, i / 30 % 3,
		    end, i);
	}
}

/* Reads trees back through git. */
static int
load_tree(void *arg, const struct oid *oid, struct buf *raw)
{
	return unit_shell(raw, "git -C %s cat-file tree %s", unit_in(arg),
	    hex_of(oid)) == 0 ? 0 : -1;
}

struct edit {
	struct tree	*tree;
	struct pack	*pack;
	bool		 is[PATHS];
	struct oid	 oid[PATHS];
};

static void
edit_one(struct edit *e)
{
	size_t i = rnd(PATHS);
	char path[64], data[16];
	struct oid is;
	int n;

	path_of(i, path);
	if (rnd(3) == 0) {
		assert_int_equal(tree_drop(e->tree, path),
		    e->is[i] ? 0 : -1);
		e->is[i] = false;
	} else {
		n = snprintf(data, sizeof(data), "%u", (unsigned)rnd(10000));
		add_blob(e->pack, data, (size_t)n, &e->oid[i]);
		assert_int_equal(tree_put(e->tree, path, &e->oid[i]), 0);
		e->is[i] = true;
	}
	i = rnd(PATHS);
	path_of(i, path);
	assert_int_equal(tree_get(e->tree, path, &is), e->is[i]);
	if (e->is[i])
		assert_memory_equal(&is, &e->oid[i], sizeof(is));
}

/* The tree as it should be, one "oid path" a line; and as git shows it. */
static void
assert_tree(const struct edit *e, const char *name, const struct oid *root)
{
	struct buf is = BUF_INIT, expected = BUF_INIT;
	char path[64];
	size_t i;

	for (i = 0; i < PATHS; i++) {
		path_of(i, path);
		if (e->is[i])
			buf_putf(&expected, "%s %s\n", hex_of(&e->oid[i]),
			    path);
	}
	unit_put(AT_FDCWD, unit_in("expected"), buf_str(&expected));
	if (unit_shell(&is, "git -C %s ls-tree -r --format="
	    "'%%(objectname) %%(path)' %s | LC_ALL=C sort >%s && "
	    "LC_ALL=C sort %s | cmp - %s", unit_in(name), hex_of(root),
	    unit_in("is"), unit_in("expected"), unit_in("is")) != 0)
		fail_msg("%s", buf_str(&is));
	buf_free(&is);
	buf_free(&expected);
}

/* Commits of random edits, several to a pack, so that trees become deltas of
 * those before; now and then the tree is loaded anew. */
static void
test_edits(void **state)
{
	static char name[] = "trees.git";
	const struct tree_ops ops = { load_tree, name_object, name };
	struct edit e = { NULL, pack_new(), { false }, { { "" } } };
	int dir = make_repository(name), group, commit, k;
	struct buf b = BUF_INIT;
	struct oid root;

	(void)state;
	e.tree = tree_new(&ops, NULL);
	for (group = 0; group < 6; group++) {
		pack_reset(e.pack);
		for (commit = 0; commit < 100; commit++) {
			/* alone: a long row of deltas; or many at once */
			for (k = group % 2 == 0 ? 0 : (int)rnd(5); k >= 0; k--)
				edit_one(&e);
			tree_write(e.tree, e.pack, &root);
		}
		assert_int_equal(pack_write(e.pack, dir), 0);
		assert_tree(&e, name, &root);
		if (group % 2 == 1)
			tree_reset(e.tree, &root);
	}
	assert_git_is_content(name);
	/* there were deltas, on one another up to git's own limit */
	assert_int_equal(unit_shell(&b, "cd %s/objects/pack && "
	    "git verify-pack -v *.idx | awk 'NF == 7 && $6 > most "
	    "{ most = $6 } END { print most + 0 }'", unit_in(name)), 0);
	assert_string_equal(buf_str(&b), "50\n");
	tree_free(e.tree);
	pack_free(e.pack);
	close(dir);
	buf_free(&b);
}

static int
count_entry(void *arg, const char *name, bool folder, const struct oid *oid)
{
	struct buf *b = arg;

	(void)oid;
	buf_putf(b, "%s%s ", name, folder ? "/" : "");
	return 0;
}

static void
assert_list(struct tree *t, const char *folder, const char *names)
{
	struct buf b = BUF_INIT;

	assert_int_equal(tree_list(t, folder, count_entry, &b), 0);
	assert_string_equal(buf_str(&b), names);
	buf_free(&b);
}

/* A list shows what was put and dropped since the last write. */
static void
test_lists(void **state)
{
	const struct tree_ops ops = { NULL, name_object, NULL };
	struct tree *t = tree_new(&ops, NULL);
	struct pack *p = pack_new();
	struct oid oid = { { 1 } }, root, empty;

	(void)state;
	assert_list(t, "", "");
	assert_list(t, "a/b", "");
	assert_int_equal(tree_put(t, "a/b/c", &oid), 0);
	assert_int_equal(tree_put(t, "a.x", &oid), 0);
	assert_int_equal(tree_put(t, "a0", &oid), 0);
	/* git's order: a folder as if its name ended in a slash */
	assert_list(t, "", "a.x a/ a0 ");
	assert_list(t, "a", "b/ ");
	assert_list(t, "a/b", "c ");
	tree_write(t, p, &root);
	assert_int_equal(tree_drop(t, "a/b/c"), 0);
	assert_list(t, "", "a.x a0 ");
	assert_int_equal(tree_drop(t, "a/b/c"), -1);
	assert_int_equal(tree_drop(t, "a"), -1);
	assert_int_equal(tree_drop(t, "a.x"), 0);
	assert_int_equal(tree_drop(t, "a0"), 0);
	tree_write(t, p, &root);
	name_object(NULL, OBJECT_TREE, "", 0, &empty);
	assert_memory_equal(&root, &empty, sizeof(root));
	tree_free(t);
	pack_free(p);
}

/* A folder that cannot be read fails what needs it, and nothing else. */
static int
load_nothing(void *arg, const struct oid *oid, struct buf *raw)
{
	(void)arg;
	(void)oid;
	(void)raw;
	return -1;
}

static void
test_unreadable(void **state)
{
	const struct tree_ops ops = { load_nothing, name_object, NULL };
	struct oid oid = { { 1 } }, root = { { 2 } };
	struct tree *t = tree_new(&ops, &root);
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(tree_get(t, "a", &oid), -1);
	assert_int_equal(tree_put(t, "a", &oid), -1);
	assert_int_equal(tree_drop(t, "a"), -1);
	assert_int_equal(tree_list(t, "", count_entry, &b), -1);
	tree_reset(t, NULL);
	assert_int_equal(tree_put(t, "a", &oid), 0);
	assert_int_equal(tree_get(t, "a", &oid), 1);
	tree_free(t);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blobs),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_unreadable),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
