/*
 * read: reading the ledger, at any commit.
 *
 * May not: write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"
#include "notify.h"

#include "commit.h"
#include "repo.h"

/* Bytes of folders that are kept for lookups. */
#define LOOKUP_CACHE (4u * 1024 * 1024)

static int
parse_oid(const char *hex, git_oid *oid)
{
	return git_oid_fromstr(oid, hex) == 0 ? 0 :
	    repo_fail("not the name of a commit");
}

/* The tree of a commit; kept until another commit is looked at. */
static int
view(struct ledger *l, const char *commit, git_tree **tree)
{
	git_commit *c = NULL;
	git_tree *t = NULL;
	git_oid oid;
	int status;

	if (l->view != NULL && strcmp(l->view_commit, commit) == 0) {
		*tree = l->view;
		return 0;
	}
	if (parse_oid(commit, &oid) != 0)
		return -1;
	status = git_commit_lookup(&c, l->repo, &oid);
	if (status != 0) {
		git_odb_refresh(l->odb);
		status = git_commit_lookup(&c, l->repo, &oid);
	}
	if (status == 0)
		status = git_commit_tree(&t, c);
	git_commit_free(c);
	if (status != 0)
		return repo_fail("a commit cannot be read");
	git_tree_free(l->view);
	l->view = *tree = t;
	snprintf(l->view_commit, sizeof(l->view_commit), "%s", commit);
	return 0;
}

/* The entry of a path, once more if packs have moved. */
static int
entry_of(struct ledger *l, const char *commit, const char *path,
    git_tree_entry **entry)
{
	git_tree *tree = NULL;
	int status;

	if (view(l, commit, &tree) != 0)
		return -1;
	status = git_tree_entry_bypath(entry, tree, path);
	if (status != 0 && status != GIT_ENOTFOUND) {
		git_odb_refresh(l->odb);
		status = git_tree_entry_bypath(entry, tree, path);
	}
	if (status == 0)
		return 1;
	if (status != GIT_ENOTFOUND)
		return repo_fail("a folder cannot be read");
	git_error_clear();
	return 0;
}

/* The blob of a path.  Who asks for one path of a commit asks for others:
 * folders are kept, up to a limit. */
static int
find_blob(struct ledger *l, const char *commit, const char *path,
    struct oid *oid)
{
	const struct tree_ops ops = { repo_load_tree, repo_name, l };
	struct oid root;
	git_tree *tree;

	repo_rest(l);
	if (view(l, commit, &tree) != 0)
		return -1;
	memcpy(root.id, git_tree_id(tree)->id, OID_SIZE);
	if (l->lookup == NULL)
		l->lookup = tree_new(&ops, &root);
	else if (memcmp(&root, &l->lookup_root, sizeof(root)) != 0 ||
	    tree_bytes(l->lookup) > LOOKUP_CACHE)
		tree_reset(l->lookup, &root);
	l->lookup_root = root;
	return tree_get(l->lookup, path, oid);
}

int
ledger_find(struct ledger *l, const char *commit, const char *path,
    char hex[BLOB_HEX])
{
	struct oid oid;
	int found = find_blob(l, commit, path, &oid);

	if (found == 1)
		oid_text(hex, &oid);
	return found;
}

static int
read_blob(struct ledger *l, const git_oid *oid, struct buf *out)
{
	git_odb_object *object;

	if (repo_read(l, oid, &object) != 0)
		return repo_fail("a paper cannot be read");
	buf_put(out, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return 0;
}

int
ledger_read(struct ledger *l, const char *commit, const char *path,
    struct buf *out)
{
	struct oid oid;
	git_oid id;
	int found = find_blob(l, commit, path, &oid);

	if (found != 1)
		return found;
	git_oid_fromraw(&id, oid.id);
	return read_blob(l, &id, out) == 0 ? 1 : -1;
}

void
ledger_blob_name(const void *data, size_t n, char hex[BLOB_HEX])
{
	git_oid oid;

	ledger_init();
	if (git_odb_hash(&oid, data, n, GIT_OBJECT_BLOB) != 0)
		bug("a blob cannot be named");
	git_oid_tostr(hex, BLOB_HEX, &oid);
}

bool
ledger_has_blob(struct ledger *l, const char *hex)
{
	git_oid oid;

	l->reads++;
	return git_oid_fromstr(&oid, hex) == 0 && git_odb_exists(l->odb, &oid);
}

/* Rules. */

struct rules_walk {
	struct ledger	*ledger;
	struct rules	*rules;
	int		 status;
};

static int
take_schema(const char *root, const git_tree_entry *entry, void *arg)
{
	struct rules_walk *w = arg;
	struct buf path = BUF_INIT, data = BUF_INIT;

	if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
		buf_putf(&path, "schemas/%s%s", root,
		    git_tree_entry_name(entry));
		w->status = read_blob(w->ledger, git_tree_entry_id(entry),
		    &data);
		if (w->status == 0)
			rules_add(w->rules, buf_str(&path), buf_str(&data),
			    data.len);
	}
	buf_free(&path);
	buf_free(&data);
	return w->status;
}

static int
take_top(struct ledger *l, const git_tree_entry *e, struct rules *rules)
{
	struct buf data = BUF_INIT;
	int status = read_blob(l, git_tree_entry_id(e), &data);

	if (status == 0)
		rules_add(rules, git_tree_entry_name(e), buf_str(&data),
		    data.len);
	buf_free(&data);
	return status;
}

static int
take_schemas(struct ledger *l, const char *commit, struct rules *rules)
{
	struct rules_walk w = { l, rules, 0 };
	git_tree_entry *entry = NULL;
	git_tree *tree = NULL;
	int found = entry_of(l, commit, "schemas", &entry);

	if (found == 1 && git_tree_lookup(&tree, l->repo,
	    git_tree_entry_id(entry)) == 0)
		git_tree_walk(tree, GIT_TREEWALK_PRE, take_schema, &w);
	else if (found == 1)
		w.status = repo_fail("the schemas cannot be read");
	git_tree_free(tree);
	git_tree_entry_free(entry);
	return found < 0 ? -1 : w.status;
}

/* The files of the rules at the top. */
static int
take_tops(struct ledger *l, const char *commit, struct rules *rules)
{
	git_commit *c = NULL;
	git_tree *tree = NULL;
	git_oid oid;
	size_t i;
	int status = 0;

	if (git_oid_fromstr(&oid, commit) != 0 ||
	    git_commit_lookup(&c, l->repo, &oid) != 0 ||
	    git_commit_tree(&tree, c) != 0)
		status = repo_fail("the rules cannot be read");
	for (i = 0; status == 0 && i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *e = git_tree_entry_byindex(tree, i);

		if (git_tree_entry_type(e) == GIT_OBJECT_BLOB &&
		    rules_is_top(git_tree_entry_name(e)))
			status = take_top(l, e, rules);
	}
	git_tree_free(tree);
	git_commit_free(c);
	return status;
}

int
ledger_rules(struct ledger *l, const char *commit, struct rules *rules)
{
	*rules = (struct rules){ NULL, 0 };
	if (take_tops(l, commit, rules) != 0 ||
	    take_schemas(l, commit, rules) != 0) {
		rules_free(rules);
		return -1;
	}
	rules_sort(rules);
	return 0;
}

/* Commits. */

static int
ruling_of(struct ledger *l, const git_oid *oid, struct ruling *r)
{
	git_commit *c = NULL;
	const char *message;
	int status;

	ruling_init(r);
	repo_rest(l);
	l->reads++;
	status = git_commit_lookup(&c, l->repo, oid);
	if (status != 0) {
		git_odb_refresh(l->odb);
		status = git_commit_lookup(&c, l->repo, oid);
	}
	if (status != 0)
		return repo_fail("a commit cannot be read");
	message = git_commit_message(c);
	status = ruling_decode(r, message, strlen(message));
	r->at = git_commit_time(c);
	git_oid_tostr(r->commit, sizeof(r->commit), oid);
	git_commit_free(c);
	if (status != 0) {
		ruling_free(r);
		return repo_fail("a commit's message is not one of ours");
	}
	return 0;
}

int
ledger_ruling(struct ledger *l, const char *commit, struct ruling *r)
{
	git_oid oid;

	ruling_init(r);
	return parse_oid(commit, &oid) != 0 ? -1 : ruling_of(l, &oid, r);
}

struct chain {
	git_oid	*oids;		/* newest first */
	size_t	 n, cap;
};

static void
chain_add(struct chain *chain, const git_oid *oid)
{
	if (chain->n == chain->cap) {
		chain->cap = chain->cap == 0 ? 64 : chain->cap * 2;
		chain->oids = mem_grow(chain->oids, chain->cap,
		    sizeof(*chain->oids));
	}
	chain->oids[chain->n++] = *oid;
}

/* The commits after `from' up to `to'. */
static int
chain_of(struct ledger *l, const char *from, const char *to,
    struct chain *chain)
{
	git_commit *c = NULL;
	git_oid at, stop;
	bool all = *from == '\0';
	unsigned parents;

	*chain = (struct chain){ NULL, 0, 0 };
	if (*to == '\0')
		return all ? 0 : -1;
	if (parse_oid(to, &at) != 0 || (!all && parse_oid(from, &stop) != 0))
		return -1;
	while (all || git_oid_cmp(&at, &stop) != 0) {
		notify_pulse();
		repo_rest(l);
		l->reads++;
		if (git_commit_lookup(&c, l->repo, &at) != 0)
			goto fail;
		chain_add(chain, &at);
		parents = git_commit_parentcount(c);
		if (parents > 0)
			at = *git_commit_parent_id(c, 0);
		git_commit_free(c);
		if (parents == 0) {
			if (all)
				return 0;
			goto fail;
		}
	}
	return 0;
fail:
	free(chain->oids);
	*chain = (struct chain){ NULL, 0, 0 };
	return repo_fail("the one commit does not follow from the other");
}

int
ledger_walk(struct ledger *l, const char *from, const char *to,
    ledger_ruling_fn *fn, void *arg)
{
	struct chain chain;
	struct ruling r;
	int status;

	if (chain_of(l, from, to, &chain) != 0)
		return -1;
	for (status = 0; status == 0 && chain.n > 0; chain.n--) {
		notify_pulse();
		status = ruling_of(l, &chain.oids[chain.n - 1], &r);
		if (status == 0)
			status = fn(arg, &r);
		ruling_free(&r);
	}
	free(chain.oids);
	return status;
}

int64_t
ledger_distance(struct ledger *l, const char *from, const char *to)
{
	struct chain chain;

	if (chain_of(l, from, to, &chain) != 0)
		return -1;
	free(chain.oids);
	return (int64_t)chain.n;
}

int
ledger_expand(struct ledger *l, const char *abbreviated,
    char commit[COMMIT_HEX])
{
	git_object *object = NULL;
	git_oid oid;
	size_t n = strlen(abbreviated);

	if (n < 4 || n > 40 || git_oid_fromstrn(&oid, abbreviated, n) != 0 ||
	    git_object_lookup_prefix(&object, l->repo, &oid, n,
	    GIT_OBJECT_COMMIT) != 0)
		return repo_fail("no such commit");
	git_oid_tostr(commit, COMMIT_HEX, git_object_id(object));
	git_object_free(object);
	return 0;
}

/* Differences. */

struct diff_walk {
	ledger_diff_fn	*fn;
	void		*arg;
};

static const char *
hex_of(const git_oid *oid, char hex[BLOB_HEX])
{
	if (git_oid_is_zero(oid))
		hex[0] = '\0';
	else
		git_oid_tostr(hex, BLOB_HEX, oid);
	return hex;
}

static int
take_delta(const git_diff_delta *delta, float progress, void *arg)
{
	const struct diff_walk *w = arg;
	char old_hex[BLOB_HEX], new_hex[BLOB_HEX];

	(void)progress;
	return w->fn(w->arg, delta->status == GIT_DELTA_DELETED ?
	    delta->old_file.path : delta->new_file.path,
	    hex_of(&delta->old_file.id, old_hex),
	    hex_of(&delta->new_file.id, new_hex));
}

static int
tree_of(struct ledger *l, const char *commit, git_tree **tree)
{
	git_commit *c = NULL;
	git_oid oid;
	int status;

	*tree = NULL;
	if (*commit == '\0')
		return 0;
	if (parse_oid(commit, &oid) != 0)
		return -1;
	status = git_commit_lookup(&c, l->repo, &oid);
	if (status == 0)
		status = git_commit_tree(tree, c);
	git_commit_free(c);
	return status == 0 ? 0 : repo_fail("a commit cannot be read");
}

int
ledger_diff(struct ledger *l, const char *from, const char *to,
    ledger_diff_fn *fn, void *arg)
{
	git_diff_options o;
	struct diff_walk w = { fn, arg };
	git_tree *old = NULL, *new = NULL;
	git_diff *diff = NULL;
	int status = -1;

	git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.flags = GIT_DIFF_SKIP_BINARY_CHECK;
	if (tree_of(l, from, &old) == 0 && tree_of(l, to, &new) == 0) {
		status = git_diff_tree_to_tree(&diff, l->repo, old, new, &o);
		if (status == 0)
			status = git_diff_foreach(diff, take_delta, NULL, NULL,
			    NULL, &w);
		if (status != 0)
			repo_fail("two commits cannot be compared");
	}
	git_diff_free(diff);
	git_tree_free(old);
	git_tree_free(new);
	l->reads += READS_MANY;
	repo_rest(l);
	return status == 0 ? 0 : -1;
}

/* Slices of a tray: the folders two levels below a prefix, in order.  At
 * each of the three levels the walk goes on at the first name that is not
 * before the cursor's, and behind it once the levels below are through. */

struct slice {
	struct ledger	*ledger;
	char		 at[3][64];	/* the cursor's components */
	char		*cursor;
	const char	*tray;
	ledger_paper_fn	*fn;
	void		*arg;
};

static int
give_papers(struct slice *s, git_tree *leaf)
{
	const git_tree_entry *e;
	char hex[BLOB_HEX];
	size_t i;

	for (i = 0; i < git_tree_entrycount(leaf); i++) {
		e = git_tree_entry_byindex(leaf, i);
		git_oid_tostr(hex, sizeof(hex), git_tree_entry_id(e));
		if (s->fn(s->arg, git_tree_entry_name(e), hex) != 0)
			return -1;
	}
	return 1;
}

/* 1: a folder was given; 0: none is left below; -1. */
static int
descend(struct slice *s, git_tree *tree, unsigned level, const char *path)
{
	const git_tree_entry *e;
	char below[LEDGER_PATH];
	git_tree *sub;
	const char *name;
	int found, order;
	size_t i;

	for (i = 0; i < git_tree_entrycount(tree); i++) {
		e = git_tree_entry_byindex(tree, i);
		name = git_tree_entry_name(e);
		order = strcmp(name, s->at[level]);
		if (git_tree_entry_type(e) != GIT_OBJECT_TREE || order < 0 ||
		    (order == 0 && level == 2))
			continue;
		if (order > 0 && level < 2)
			s->at[level + 1][0] = '\0';
		if (order > 0 && level == 0)
			s->at[2][0] = '\0';
		s->ledger->reads++;
		if (git_tree_lookup(&sub, s->ledger->repo,
		    git_tree_entry_id(e)) != 0)
			return repo_fail("a folder cannot be read");
		snprintf(below, sizeof(below), "%s%s%.64s", path,
		    *path == '\0' ? "" : "/", name);
		if (level == 2) {
			found = give_papers(s, sub);
			snprintf(s->cursor, LEDGER_PATH, "%s", below);
		} else
			found = descend(s, sub, level + 1, below);
		git_tree_free(sub);
		if (found != 0)
			return found;
	}
	return 0;
}

int
ledger_tray_next(struct ledger *l, const char *commit, enum state tray,
    char cursor[LEDGER_PATH], ledger_paper_fn *fn, void *arg)
{
	struct slice s = { .ledger = l, .cursor = cursor, .fn = fn,
	    .arg = arg };
	git_tree_entry *entry = NULL;
	git_tree *tree = NULL;
	int found;

	repo_rest(l);
	found = entry_of(l, commit, state_name(tray), &entry);
	if (found != 1)
		return found;
	sscanf(cursor, "%63[^/]/%63[^/]/%63[^/]", s.at[0], s.at[1], s.at[2]);
	if (git_tree_lookup(&tree, l->repo, git_tree_entry_id(entry)) != 0)
		found = repo_fail("a tray cannot be read");
	else
		found = descend(&s, tree, 0, "");
	git_tree_free(tree);
	git_tree_entry_free(entry);
	return found;
}
