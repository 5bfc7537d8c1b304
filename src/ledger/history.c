/*
 * history: a ledger's objects as they are.
 *
 * May not: write; believe a tree to be well-formed.
 * The machine's trouble, or a lie: an object that is missing, or is not what
 * its name says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "log.h"
#include "notify.h"

#include "commit.h"
#include "history.h"
#include "packs.h"
#include "repo.h"

/* Packs mapped into memory, as libgit2 has it by itself: the kernel takes
 * back what it needs. */
#define MAP_WINDOW (1024u * 1024 * 1024)
#define MAP_ALL (1024ull * 1024 * 1024 * 1024)

/* The longest tree that is copied in order to be named. */
#define TREE_FAST (32u * 1024)

/* Folders of a path that are kept, one for each level, of the two trees that
 * were looked into last: who looks for one paper looks for its neighbours, and
 * may try another tree in between. */
#define LEVELS 6
#define TREES 2

struct folder {
	struct oid	 oid;
	struct buf	 raw;		/* empty: none is kept */
};

struct history {
	char		*path;
	git_repository	*repo;
	git_odb		*odb;
	struct packs	*packs;
	struct folder	 folders[TREES][LEVELS];
	unsigned	 looked;	/* into which of them last */
};

/* How many are open; the options are those of the process. */
static _Atomic unsigned opened;
static bool proven;

static void
take_options(enum history_belief belief)
{
	ledger_init();
	if (opened++ > 0)
		return;
	proven = belief == HISTORY_PROVEN;
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)MAP_WINDOW);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAP_ALL);
	/* nothing is read twice but what we keep ourselves */
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, proven);
}

static void
leave_options(void)
{
	if (--opened > 0)
		return;
	repo_limits();
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 1);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
}

/* Without its packs. */
static struct history *
open_repository(const char *path, enum history_belief belief)
{
	struct history *h = mem_alloc(sizeof(*h));

	take_options(belief);
	h->path = mem_str(path);
	if (git_repository_open_bare(&h->repo, path) == 0 &&
	    git_repository_odb(&h->odb, h->repo) == 0)
		return h;
	repo_fail("cannot be opened");
	history_close(h);
	return NULL;
}

struct history *
history_open(const char *path, enum history_belief belief)
{
	struct history *h = open_repository(path, belief);

	if (h != NULL)
		h->packs = packs_open(path);
	return h;
}

struct history *
history_beside(const struct history *lender)
{
	struct history *h = open_repository(lender->path, history_belief());

	if (h != NULL)
		h->packs = packs_share(lender->packs);
	return h;
}

enum history_belief
history_belief(void)
{
	return proven ? HISTORY_PROVEN : HISTORY_BELIEVED;
}

void
history_close(struct history *h)
{
	size_t i;

	if (h == NULL)
		return;
	git_odb_free(h->odb);
	git_repository_free(h->repo);
	packs_close(h->packs);
	free(h->path);
	for (i = 0; i < TREES * LEVELS; i++)
		buf_free(&h->folders[i / LEVELS][i % LEVELS].raw);
	free(h);
	leave_options();
}

/* Out of a pack, if it is in one and what its name says; else whoever knows
 * more is asked, and says what is wrong. */
static bool
read_packed(struct history *h, enum object type, const struct oid *oid,
    bool prove, struct buf *out)
{
	size_t before = out->len;
	enum object found;
	struct oid name;

	if (!packs_read(h->packs, oid, &found, out))
		return false;
	if (prove)
		history_name(found, out->data + before, out->len - before,
		    &name);
	if (found == type && (!prove || memcmp(&name, oid, sizeof(name)) ==
	    0))
		return true;
	buf_cut(out, before);
	return false;
}

static int
read_object(struct history *h, enum object type, const struct oid *oid,
    bool prove, struct buf *out)
{
	git_odb_object *object;
	char what[128], hex[COMMIT_HEX];
	git_oid id;
	bool fits;

	if (read_packed(h, type, oid, prove, out))
		return 0;
	git_oid_fromraw(&id, oid->id);
	if (git_odb_read(&object, h->odb, &id) != 0) {
		snprintf(what, sizeof(what), "object %s cannot be read",
		    oid_text(hex, oid));
		return repo_fail(what);
	}
	fits = git_odb_object_type(object) == (git_object_t)type;
	if (fits)
		buf_put(out, git_odb_object_data(object),
		    git_odb_object_size(object));
	git_odb_object_free(object);
	if (fits)
		return 0;
	snprintf(what, sizeof(what), "object %s is of another kind",
	    oid_text(hex, oid));
	return repo_fail(what);
}

int
history_read(struct history *h, enum object type, const struct oid *oid,
    struct buf *out)
{
	return read_object(h, type, oid, proven, out);
}

/* "tree …\nparent …\n"  1: there is a parent; 0: none; -1: it is no commit. */
static int
parent_of(const struct buf *raw, struct oid *parent)
{
	const size_t at = strlen("tree \n") + 40;

	if (raw->len < at || strncmp(raw->data, "tree ", 5) != 0)
		return -1;
	if (raw->len < at + strlen("parent ") + 40 ||
	    strncmp(raw->data + at, "parent ", 7) != 0)
		return 0;
	return oid_parse(parent, raw->data + at + 7) == 0 ? 1 : -1;
}

static void
reverse(struct oid *oids, size_t n)
{
	struct oid swap;
	size_t i;

	for (i = 0; i < n / 2; i++) {
		swap = oids[i];
		oids[i] = oids[n - 1 - i];
		oids[n - 1 - i] = swap;
	}
}

/* From the branch's head back to the first, or to `after'. */
static int
walk_back(struct history *h, const struct oid *after, history_fn *fn,
    void *arg, struct oid **oids, size_t *n)
{
	struct buf raw = BUF_INIT;
	struct oid at;
	size_t cap = 0;
	git_oid head;
	int more = 1;

	if (git_reference_name_to_id(&head, h->repo, REPO_BRANCH) != 0)
		return repo_fail("it has no branch main");
	memcpy(at.id, head.id, OID_SIZE);
	while (more == 1 && (after == NULL || memcmp(&at, after, sizeof(at)) !=
	    0)) {
		notify_pulse();
		if (*n == cap)
			*oids = mem_grow(*oids, cap = cap * 2 + 1024,
			    sizeof(**oids));
		(*oids)[(*n)++] = at;
		buf_clear(&raw);
		more = read_object(h, OBJECT_COMMIT, &at, false, &raw);
		if (more == 0 && fn != NULL)
			fn(arg, &raw);
		if (more == 0 && (more = parent_of(&raw, &at)) < 0)
			repo_fail("a commit's head is damaged");
		else if (more == 0 && after != NULL)
			more = repo_fail("the one commit does not follow from "
			    "the other");
	}
	buf_free(&raw);
	return more < 0 ? -1 : 0;
}

int
history_chain(struct history *h, const struct oid *after, history_fn *fn,
    void *arg, struct oid **oids, size_t *n)
{
	int status;

	*oids = NULL;
	*n = 0;
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	status = walk_back(h, after, fn, arg, oids, n);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, proven);
	if (status == 0) {
		reverse(*oids, *n);
		return 0;
	}
	free(*oids);
	*oids = NULL;
	return -1;
}

/* The entry of a name in the bytes of a tree.  1: found; 0: not. */
static int
search(const struct buf *raw, const char *name, size_t len, bool folder,
    struct oid *oid)
{
	const char *p = raw->data, *end = p + raw->len, *blank, *nul;

	while (p < end) {
		blank = memchr(p, ' ', (size_t)(end - p));
		nul = blank == NULL ? NULL : memchr(blank, '\0',
		    (size_t)(end - blank));
		if (nul == NULL || end - nul <= OID_SIZE)
			return 0;
		if ((size_t)(nul - blank - 1) == len &&
		    memcmp(blank + 1, name, len) == 0 &&
		    (*p == '4') == folder) {
			memcpy(oid->id, nul + 1, OID_SIZE);
			return 1;
		}
		p = nul + 1 + OID_SIZE;
	}
	return 0;
}

static bool
is_kept(const struct folder *f, const struct oid *oid)
{
	return f->raw.len > 0 && memcmp(&f->oid, oid, sizeof(*oid)) == 0;
}

/* The folders of a tree: those kept, or the ones that go for it. */
static struct folder *
folders_of(struct history *h, const struct oid *tree)
{
	unsigned i;

	for (i = 0; i < TREES; i++)
		if (is_kept(&h->folders[i][0], tree))
			break;
	h->looked = i < TREES ? i : (h->looked + 1) % TREES;
	return h->folders[h->looked];
}

/* The folder, read if it is not the one of its level that is kept. */
static int
folder_of(struct history *h, struct folder *folders, size_t level,
    const struct oid *oid, struct buf **raw)
{
	struct folder *f = &folders[level < LEVELS ? level : LEVELS - 1];

	*raw = &f->raw;
	if (is_kept(f, oid))
		return 0;
	buf_clear(&f->raw);
	f->oid = *oid;
	return history_read(h, OBJECT_TREE, oid, &f->raw);
}

int
history_find(struct history *h, const struct oid *tree, const char *path,
    struct oid *oid)
{
	struct folder *folders = folders_of(h, tree);
	struct oid at = *tree;
	struct buf *raw;
	size_t len, level = 0;
	bool more;

	do {
		len = strcspn(path, "/");
		more = path[len] == '/';
		if (folder_of(h, folders, level++, &at, &raw) != 0)
			return -1;
		if (raw->len == 0 || search(raw, path, len, more, &at) == 0)
			return 0;
		path += len + more;
	} while (more);
	*oid = at;
	return 1;
}

void
history_name(enum object type, const void *data, size_t n, struct oid *oid)
{
	git_oid id;

	if (git_odb_hash(&id, data, n, (git_object_t)type) != 0)
		bug("an object cannot be named");
	memcpy(oid->id, id.id, OID_SIZE);
}

void
history_name_tree(const void *data, size_t n, struct oid *oid)
{
	unsigned char bytes[TREE_FAST + 32];
	int head;

	if (n > TREE_FAST) {
		history_name(OBJECT_TREE, data, n, oid);
		return;
	}
	/* the NUL is a part of it */
	head = snprintf((char *)bytes, sizeof(bytes), "tree %zu", n) + 1;
	memcpy(bytes + head, data, n);
	hash_sha1(oid->id, bytes, (size_t)head + n);
}
