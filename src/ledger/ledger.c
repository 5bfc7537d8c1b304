/*
 * ledger: writing the truth.
 *
 * May not: know what a form says, or whether a ruling is right.
 * The machine's trouble: whatever cannot be read or written; the daemon then
 * stops and restarts through recovery.
 * Our bug: nothing here; a ruling about papers that are not there is
 * refused, since somebody else may have rewritten the ledger.
 */
#include <errno.h>
#include <fcntl.h>
#include <git2/sys/repository.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "log.h"

#include "sshsig.h"

#include "commit.h"
#include "history.h"
#include "repo.h"

/* Folders kept in memory between groups, in bytes. */
#define TREE_CACHE (4u * 1024 * 1024)

/* What libgit2 may keep: objects, and packs mapped into memory. */
#define OBJECT_CACHE (8u * 1024 * 1024)
#define MAP_WINDOW (1u * 1024 * 1024)
#define MAP_ALL (16u * 1024 * 1024)

static _Thread_local char last_error[512];
static _Thread_local bool lacks_files;

const char *
ledger_error(void)
{
	return last_error;
}

bool
ledger_lacks_files(void)
{
	return lacks_files;
}

/* libgit2 takes what it cannot open for what is not there: whether anything
 * can be opened is asked first. */
static const char *
reason(int error)
{
	const git_error *e = git_error_last();
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	lacks_files = fd < 0;
	if (lacks_files)
		return strerror(errno);
	close(fd);
	return e == NULL || e->message == NULL ? strerror(error) : e->message;
}

int
repo_fail(const char *what)
{
	snprintf(last_error, sizeof(last_error), "ledger: %s: %.400s", what,
	    reason(errno));
	git_error_clear();
	return -1;
}

void
repo_limits(void)
{
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)OBJECT_CACHE);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)MAP_WINDOW);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAP_ALL);
}

void
ledger_init(void)
{
	static bool done;
	int level;

	if (done)
		return;
	done = true;
	git_libgit2_init();
	/* nothing is synced otherwise */
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	repo_limits();
	/* what the branch is moved to was written just before: to look whether
	 * it is there would map the indexes of all packs */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	/* an auditor reads a ledger that is another user's */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	/* what a user or the system configured is none of our business */
	for (level = GIT_CONFIG_LEVEL_PROGRAMDATA;
	    level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
}

/* Settings of the repository, for git's own commands. */
static const struct {
	const char *key, *value;
} repo_config[] = {
	{ "core.fsync", "committed,reference" },
	{ "core.logallrefupdates", "false" },
	{ "gc.auto", "0" },
	{ "receive.denynonfastforwards", "true" },
	{ "receive.denydeletes", "true" },
};

#define REPO_CONFIG (sizeof(repo_config) / sizeof(repo_config[0]))

static bool
is_set(git_repository *repo, size_t i)
{
	git_config *snapshot = NULL;
	const char *value;
	bool is;

	is = git_repository_config_snapshot(&snapshot, repo) == 0 &&
	    git_config_get_string(&value, snapshot, repo_config[i].key) == 0 &&
	    strcmp(value, repo_config[i].value) == 0;
	git_error_clear();
	git_config_free(snapshot);
	return is;
}

/* What is so already is not written once more: a crash may have left a lock
 * that is to go first. */
static int
configure(git_repository *repo)
{
	git_config *config = NULL;
	int status;
	size_t i;

	if (git_repository_config(&config, repo) != 0)
		return -1;
	for (i = 0, status = 0; status == 0 && i < REPO_CONFIG; i++)
		if (!is_set(repo, i))
			status = git_config_set_string(config,
			    repo_config[i].key, repo_config[i].value);
	git_config_free(config);
	return status;
}

/* What a clone brings along and a ledger has no use for: a fetch into it
 * would go past the desk. */
static const char *const foreign_config[] = {
	"remote.origin.url", "remote.origin.fetch", "remote.origin.mirror",
	"remote.origin.tagopt",
};

static void
forget_foreign(git_repository *repo)
{
	git_config *config = NULL;
	size_t i;

	if (git_repository_config(&config, repo) == 0)
		for (i = 0; i < sizeof(foreign_config) /
		    sizeof(foreign_config[0]); i++)
			git_config_delete_entry(config, foreign_config[i]);
	git_error_clear();
	git_config_free(config);
}

static bool
is_head(git_repository *repo)
{
	git_reference *head = NULL;
	const char *target;
	bool is;

	is = git_reference_lookup(&head, repo, "HEAD") == 0 &&
	    (target = git_reference_symbolic_target(head)) != NULL &&
	    strcmp(target, REPO_BRANCH) == 0;
	git_error_clear();
	git_reference_free(head);
	return is;
}

int
ledger_adopt(const char *path)
{
	git_repository *repo = NULL;
	int status;

	ledger_init();
	if (git_repository_open_bare(&repo, path) != 0)
		return repo_fail("cannot be opened");
	status = configure(repo);
	forget_foreign(repo);
	if (status == 0 && !is_head(repo))
		status = git_repository_set_head(repo, REPO_BRANCH);
	if (status != 0)
		repo_fail("cannot be configured");
	git_repository_free(repo);
	return status;
}

int
ledger_configured(struct ledger *l, ledger_config_fn *fn, void *arg)
{
	int status = 0;
	size_t i;

	for (i = 0; i < REPO_CONFIG && status == 0; i++)
		if (!is_set(l->repo, i))
			status = fn(arg, repo_config[i].key,
			    repo_config[i].value);
	return status;
}

int
ledger_create(const char *path)
{
	git_repository_init_options o;
	git_repository *repo = NULL;
	int status;

	ledger_init();
	git_repository_init_options_init(&o,
	    GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	o.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT |
	    GIT_REPOSITORY_INIT_MKDIR;
	o.initial_head = "main";
	o.description = "The ledger of a docket desk: one commit a state "
	    "change.\n";
	if (git_repository_init_ext(&repo, path, &o) != 0)
		return repo_fail("cannot be made");
	status = configure(repo);
	if (status != 0)
		repo_fail("cannot be configured");
	git_repository_free(repo);
	return status;
}

/* Reading, for the tree. */

int
repo_read(struct ledger *l, const git_oid *oid, git_odb_object **object)
{
	int status = git_odb_read(object, l->odb, oid);

	l->reads++;
	if (status == 0)
		return 0;
	/* the pack may have been merged away under our eyes */
	git_odb_refresh(l->odb);
	return git_odb_read(object, l->odb, oid);
}

void
repo_rest(struct ledger *l)
{
	if (l->odb != NULL && l->reads < READS_MANY)
		return;
	l->reads = 0;
	git_tree_free(l->view);
	l->view = NULL;
	git_odb_free(l->odb);
	l->odb = NULL;
	/* packs are shared by all that are open: first this goes, then comes
	 * what is read next */
	git_repository__cleanup(l->repo);
	git_repository_odb(&l->odb, l->repo);
}

int
repo_load_tree(void *arg, const struct oid *oid, struct buf *raw)
{
	struct ledger *l = arg;
	git_odb_object *object;
	git_oid id;

	git_oid_fromraw(&id, oid->id);
	if (repo_read(l, &id, &object) != 0)
		return repo_fail("a folder cannot be read");
	buf_put(raw, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return 0;
}

void
repo_name(void *arg, enum object type, const void *data, size_t n,
    struct oid *oid)
{
	(void)arg;
	/* a tree is made of names and ids of ours */
	if (type == OBJECT_TREE)
		history_name_tree(data, n, oid);
	else
		history_name(type, data, n, oid);
}

/* Opening. */

/* The head, and the tree of the open group with it. */
static int
load_head(struct ledger *l)
{
	const struct tree_ops ops = { repo_load_tree, repo_name, l };
	git_commit *commit = NULL;
	struct oid root;
	git_oid id;
	int status;

	status = git_reference_name_to_id(&id, l->repo, REPO_BRANCH);
	if (status == GIT_ENOTFOUND) {
		git_error_clear();
		l->tree = tree_new(&ops, NULL);
		return 0;
	}
	if (status != 0 || git_commit_lookup(&commit, l->repo, &id) != 0)
		return repo_fail("its head cannot be read");
	git_oid_tostr(l->head, sizeof(l->head), &id);
	l->head_time = l->tip_time = git_commit_time(commit);
	memcpy(l->tip.id, id.id, OID_SIZE);
	memcpy(root.id, git_commit_tree_id(commit)->id, OID_SIZE);
	git_commit_free(commit);
	l->tree = tree_new(&ops, &root);
	return 0;
}

struct ledger *
ledger_open(const char *path)
{
	struct ledger *l = mem_alloc(sizeof(*l));
	struct buf packs = BUF_INIT;

	ledger_init();
	l->path = mem_str(path);
	l->packdir = -1;
	l->pack = pack_new();
	buf_putf(&packs, "%s/objects/pack", path);
	if (git_repository_open_bare(&l->repo, path) != 0 ||
	    git_repository_odb(&l->odb, l->repo) != 0) {
		repo_fail("cannot be opened");
	} else if ((l->packdir = open(buf_str(&packs),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		repo_fail("objects/pack cannot be opened");
	} else if (load_head(l) == 0) {
		buf_free(&packs);
		merge_init(l);
		return l;
	}
	buf_free(&packs);
	ledger_close(l);
	return NULL;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	merge_stop(l);
	tree_free(l->tree);
	tree_free(l->lookup);
	pack_free(l->pack);
	git_tree_free(l->view);
	git_odb_free(l->odb);
	git_repository_free(l->repo);
	if (l->packdir >= 0)
		close(l->packdir);
	buf_free(&l->last);
	free(l->signing_key);
	free(l->path);
	free(l);
}

int
ledger_sign_with(struct ledger *l, const char *keyfile, const char *signers)
{
	git_config *config = NULL;
	int status;

	free(l->signing_key);
	l->signing_key = mem_str(keyfile);
	if (keyfile == NULL)
		return 0;
	/* so that plain git can tell whether a signature is good */
	status = git_repository_config(&config, l->repo) != 0 ||
	    git_config_set_string(config, "gpg.format", "ssh") != 0 ||
	    git_config_set_string(config, "gpg.ssh.allowedsignersfile",
	    signers) != 0 ? repo_fail("cannot be configured") : 0;
	git_config_free(config);
	return status;
}

static const char *const stale[] = {
	"refs/heads/main.lock", "HEAD.lock", "packed-refs.lock",
	"config.lock", "objects/pack/tmp_docket.pack",
	"objects/pack/tmp_docket.idx", "gc.pid",
};

const char *
ledger_library(void)
{
	static char text[40];
	int major, minor, rev;

	git_libgit2_version(&major, &minor, &rev);
	snprintf(text, sizeof(text), "%d.%d.%d", major, minor, rev);
	return text;
}

const char *
ledger_lock_name(size_t i)
{
	return i < sizeof(stale) / sizeof(stale[0]) ? stale[i] : NULL;
}

size_t
ledger_packs(const struct ledger *l)
{
	return l->packs;
}

int64_t
ledger_head_time(const struct ledger *l)
{
	return l->head_time;
}

int
ledger_recover(struct ledger *l)
{
	int dir = open(l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;
	int status;

	if (dir < 0)
		return repo_fail("cannot be opened");
	for (i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
		if (unlinkat(dir, stale[i], 0) == 0)
			log_event(LOG_WARN, "ledger", "event", "stale-lock",
			    "removed", stale[i], NULL);
	merge_recover(l);
	status = fs_sync_all(dir);
	close(dir);
	return status == 0 ? 0 : repo_fail("cannot be synced");
}

const char *
ledger_head(const struct ledger *l)
{
	return l->head;
}

/* Groups. */

/* Whether everything that the ruling moves or drops is where it says. */
static int
check_ops(struct ledger *l, const struct ruling *r)
{
	struct oid oid;
	size_t i;

	for (i = 0; i < r->n_ops; i++)
		if (r->ops[i].kind != OP_PUT &&
		    tree_get(l->tree, r->ops[i].path, &oid) != 1) {
			snprintf(last_error, sizeof(last_error),
			    "ledger: %.200s is not there", r->ops[i].path);
			return -1;
		}
	return 0;
}

static int
apply_op(struct ledger *l, const struct op *op)
{
	struct oid oid;

	switch (op->kind) {
	case OP_PUT:
		repo_name(NULL, OBJECT_BLOB, op->data, op->len, &oid);
		pack_add(l->pack, OBJECT_BLOB, &oid, op->data, op->len, NULL);
		return tree_put(l->tree, op->path, &oid);
	case OP_MOVE:
		if (tree_get(l->tree, op->path, &oid) != 1 ||
		    tree_drop(l->tree, op->path) != 0)
			return -1;
		return tree_put(l->tree, op->to, &oid);
	default:
		return tree_drop(l->tree, op->path);
	}
}

static void
name_last(struct ledger *l)
{
	repo_name(NULL, OBJECT_COMMIT, l->last.data, l->last.len, &l->tip);
	oid_text(l->last_ruling->commit, &l->tip);
}

static void
add_commit(struct ledger *l, const char *id, struct ruling *r,
    const struct oid *root)
{
	bool first = l->open == 0 && l->head[0] == '\0';
	struct buf text = BUF_INIT;

	commit_encode(&text, root, first ? NULL : &l->tip, id, r);
	buf_free(&l->last);
	l->last = text;
	l->last_ruling = r;
	name_last(l);
}

static int
sign_last(struct ledger *l)
{
	struct buf sig = BUF_INIT, why = BUF_INIT;
	int status = sshsig_sign(l->signing_key, "git", l->last.data,
	    l->last.len, &sig, &why);

	if (status == 0) {
		commit_seal(&l->last, buf_str(&sig));
		name_last(l);
	} else
		snprintf(last_error, sizeof(last_error), "ledger: %s",
		    buf_str(&why));
	buf_free(&sig);
	buf_free(&why);
	return status;
}

/* The last commit goes into the pack as it is. */
static void
pack_last(struct ledger *l)
{
	if (l->last.len > 0)
		pack_add(l->pack, OBJECT_COMMIT, &l->tip, l->last.data,
		    l->last.len, NULL);
	buf_clear(&l->last);
	l->last_ruling = NULL;
}

int
ledger_add(struct ledger *l, const char *id, struct ruling *r)
{
	struct oid root;
	size_t i;

	if (check_ops(l, r) != 0)
		return -1;
	for (i = 0; i < r->n_ops; i++)
		if (apply_op(l, &r->ops[i]) != 0)
			return repo_fail("a folder cannot be read");
	tree_write(l->tree, l->pack, &root);
	if (r->at < l->tip_time)
		r->at = l->tip_time;
	l->tip_time = r->at;
	pack_last(l);
	add_commit(l, id, r, &root);
	l->open++;
	return 0;
}

/* What libgit2 says when a sync fails.  There was no room for the lock: the
 * branch is where it was, and the next lock is another file. */
static void
look_at_sync(const char *says)
{
	if (strstr(says, "fsync") == NULL)
		return;
	if (strstr(says, ".lock'") == NULL ||
	    (strstr(says, strerror(ENOSPC)) == NULL &&
	    strstr(says, strerror(EDQUOT)) == NULL))
		fs_lost(says);
}

/* Whether what was written is where it is looked for: folders may be moved
 * away, or put back from a backup, under our hands. */
static int
check_place(const struct ledger *l)
{
	struct buf path = BUF_INIT;
	struct stat is, should;
	int status;

	buf_putf(&path, "%s/objects/pack", l->path);
	status = fstat(l->packdir, &is) == 0 && stat(buf_str(&path),
	    &should) == 0 && is.st_dev == should.st_dev &&
	    is.st_ino == should.st_ino ? 0 : -1;
	buf_free(&path);
	if (status != 0)
		snprintf(last_error, sizeof(last_error), "ledger: objects/pack "
		    "is not the folder that it was when the ledger was opened");
	return status;
}

/* From the head that was known to the new one, or not at all. */
static int
move_branch(struct ledger *l)
{
	git_reference *ref = NULL;
	git_oid old, new;
	int status;

	git_oid_fromraw(&new, l->tip.id);
	if (l->head[0] != '\0')
		git_oid_fromstr(&old, l->head);
	status = git_reference_create_matching(&ref, l->repo, REPO_BRANCH,
	    &new, l->head[0] != '\0', l->head[0] != '\0' ? &old : NULL, NULL);
	git_reference_free(ref);
	if (status != 0 && git_error_last() != NULL)
		look_at_sync(git_error_last()->message);
	if (status == GIT_EMODIFIED || status == GIT_EEXISTS)
		return repo_fail("somebody else has moved the branch");
	return status == 0 ? 0 : repo_fail("the branch cannot be moved");
}

int
ledger_commit(struct ledger *l)
{
	git_oid tip;

	if (l->open == 0)
		return 0;
	if (l->signing_key != NULL && sign_last(l) != 0)
		return -1;
	pack_last(l);
	if (pack_write(l->pack, l->packdir) != 0) {
		git_error_clear();
		return repo_fail("a pack cannot be written");
	}
	if (check_place(l) != 0 || move_branch(l) != 0)
		return -1;
	git_oid_fromraw(&tip, l->tip.id);
	git_oid_tostr(l->head, sizeof(l->head), &tip);
	l->head_time = l->tip_time;
	l->open = 0;
	l->packs++;
	pack_reset(l->pack);
	repo_rest(l);
	if (tree_bytes(l->tree) > TREE_CACHE) {
		struct oid root;

		tree_write(l->tree, l->pack, &root);
		tree_reset(l->tree, &root);
	}
	return 0;
}

int
ledger_papers(struct ledger *l, enum state tray, const char *number,
    ledger_name_fn *fn, void *arg)
{
	char folder[LEDGER_PATH];

	return tree_papers(l->tree, ledger_path(folder, tray, number, NULL),
	    number, fn, arg);
}
