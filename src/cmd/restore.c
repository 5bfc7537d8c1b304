/*
 * restore: a desk of which little more than the ledger is left.
 *
 * May not: replace anything that is there; guess who may write where. A
 * ledger does not hold permissions: what cannot be known is closed, and said.
 * The operator's: a desk of somebody else's, or that is run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "spawn.h"
#include "text.h"

#include "rules.h"

#include "cmd.h"
#include "keys.h"
#include "out.h"
#include "outbox.h"
#include "restoring.h"

/* A ledger of a million cases is through in minutes. */
#define GIT_MS (INT64_C(24) * 3600 * 1000)

/* A line of .docket/: the parts that were gone when this began. */
#define MARK "restoring"

static int
refuse(const char *path, const char *name)
{
	cmd_say("%s/%s: %s", path, name, strerror(errno));
	return EXIT_DESK;
}

/* The ledger. */

/* 0, or -1 having passed on what it said. */
static int
run_git(const char *const argv[])
{
	struct buf says = BUF_INIT, line = BUF_INIT;
	int status, result = 0;

	if (spawn_capture(argv, -1, &says, 1 << 20, GIT_MS, &status) != 0 ||
	    !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		text_block(&line, buf_str(&says), says.len, 2000);
		cmd_say("%s", line.len > 0 ? buf_str(&line) :
		    "git cannot be run");
		result = -1;
	}
	buf_free(&says);
	buf_free(&line);
	return result;
}

/* Over git's protocol although it may be here: every object is looked at,
 * and none shared. */
static int
clone_ledger(const char *from, const char *part, const char *path)
{
	const char *const clear[] = { "rm", "-rf", "--", part, NULL };
	const char *const clone[] = { "git", "-c", "core.fsync=all", "-c",
	    "transfer.fsckObjects=true", "clone", "--quiet", "--bare",
	    "--no-local", "--single-branch", "--branch", "main", "--", from,
	    part, NULL };
	int status;

	if (run_git(clear) != 0 || run_git(clone) != 0) {
		cmd_say("%s cannot be copied; a copy that was made by hand "
		    "does as well:\n  git clone --bare %s %s && docket "
		    "rebuild", from, from, path);
		return EXIT_TROUBLE;
	}
	status = ledger_adopt(part) == 0 ? EXIT_DONE :
	    cmd_trouble(ledger_error());
	if (status == EXIT_DONE && rename(part, path) != 0)
		status = refuse(path, "");
	return status;
}

int
restore_ledger(const char *desk, const char *from)
{
	struct buf path = BUF_INIT, part = BUF_INIT;
	struct stat st;
	int status;

	if (mkdir(desk, 0755) != 0 && errno != EEXIST)
		return refuse(desk, "");
	buf_putf(&path, "%s/ledger.git", desk);
	buf_putf(&part, "%s/.ledger.git.part", desk);
	if (lstat(buf_str(&path), &st) == 0) {
		cmd_say("%s is there: move it away first, if it is to be "
		    "another", buf_str(&path));
		status = EXIT_NO;
	} else
		status = clone_ledger(from, buf_str(&part), buf_str(&path));
	if (status == EXIT_DONE) {
		fputs("ledger: copied from ", stdout);
		puts(from);
	}
	buf_free(&path);
	buf_free(&part);
	return status;
}

/* Whether it may be done. */

static int
check_owner(const char *desk)
{
	struct stat st;

	if (stat(desk, &st) != 0)
		return refuse(desk, "");
	if (st.st_uid == geteuid())
		return EXIT_DONE;
	cmd_say("%s belongs to uid %ld, and is made anew by that user only",
	    desk, (long)st.st_uid);
	return EXIT_DESK;
}

/* Only what is here and held; the lock itself is taken later. */
static int
check_idle(int dir)
{
	struct desk d = { .own = fs_open_dir(dir, ".docket") };
	bool is_run = d.own >= 0 && desk_is_run(&d);

	if (d.own >= 0)
		close(d.own);
	if (!is_run)
		return EXIT_DONE;
	cmd_say("the desk is run: end that first");
	return EXIT_DESK;
}

/* What is missing. */

static bool
is_missing(int dir, const char *name)
{
	struct stat st;

	return fs_look(dir, name, &st) == 0;
}

static const struct {
	const char *name;
	size_t	part;
} parts[] = {
	{ "inbox", offsetof(struct lost, inbox) },
	{ "pending", offsetof(struct lost, trays) },
	{ "approved", offsetof(struct lost, trays) },
	{ "returned", offsetof(struct lost, trays) },
	{ "rejected", offsetof(struct lost, trays) },
	{ "revoked", offsetof(struct lost, trays) },
	{ "outbox", offsetof(struct lost, outbox) },
	{ ".docket", offsetof(struct lost, own) },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static bool *
part_of(struct lost *l, size_t i)
{
	return (bool *)(void *)((char *)l + parts[i].part);
}

static int
find_lost(int dir, struct lost *l)
{
	struct desk d = { .own = fs_open_dir(dir, ".docket") };
	struct buf line = BUF_INIT;
	int status = EXIT_DONE;
	size_t i;

	if (d.own < 0 ? errno != ENOENT : desk_get_line(&d, MARK, &line) != 0)
		status = refuse(".docket", MARK);
	for (i = 0; i < PARTS; i++)
		if (is_missing(dir, parts[i].name) ||
		    strstr(buf_str(&line), parts[i].name) != NULL)
			*part_of(l, i) = true;
	buf_free(&line);
	if (d.own >= 0)
		close(d.own);
	return status;
}

/* Who is killed here finds what was gone when it is begun again. */
static int
note_lost(int dir, struct lost *l)
{
	struct desk d = { .own = fs_open_dir(dir, ".docket") };
	struct buf line = BUF_INIT;
	int status;
	size_t i;

	for (i = 0; i < PARTS; i++)
		if (*part_of(l, i))
			buf_putf(&line, "%s ", parts[i].name);
	status = d.own < 0 || desk_put_line(&d, MARK, buf_str(&line)) != 0 ?
	    refuse(".docket", MARK) : EXIT_DONE;
	buf_free(&line);
	if (d.own >= 0)
		close(d.own);
	return status;
}

/* The group of what is left of a desk of many; -1: nothing is. */
static long
group_left(int dir)
{
	struct stat st;
	size_t i;

	for (i = 0; i < PARTS; i++)
		if (parts[i].part <= offsetof(struct lost, trays) &&
		    fstatat(dir, parts[i].name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0 && S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0)
			return (long)st.st_gid;
	return -1;
}

/* A reviewer who is another user decides by a copy, and needs to be let in. */
static const char *
other_user(const struct rules *rules)
{
	const struct rules_file *f = rules_get(rules, "docket.conf");
	static char name[REVIEWER_NAME];
	struct settings s;
	struct conf_error e;
	const char *found = NULL;
	size_t i;

	if (f == NULL || settings_parse(&s, f->data, f->len, &e) != 0)
		return NULL;
	settings_resolve(&s, &e, NULL);
	for (i = 0; i < s.n_reviewers && found == NULL; i++)
		if (s.reviewers[i].user != NULL &&
		    s.reviewers[i].uid != (long)geteuid()) {
			snprintf(name, sizeof(name), "%s",
			    s.reviewers[i].name);
			found = name;
		}
	settings_free(&s);
	return found;
}

static int
choose_group(int dir, const struct rules *rules, const struct lost *l,
    long *group)
{
	const char *other;

	if (*group >= 0 || (!l->inbox && !l->trays) ||
	    (*group = group_left(dir)) >= 0)
		return EXIT_DONE;
	other = other_user(rules);
	if (other == NULL)
		return EXIT_DONE;
	cmd_say("reviewer %s is another user than you, and no ledger knows "
	    "the group that may write to inbox and trays: docket rebuild "
	    "--group GROUP", other);
	return EXIT_USAGE;
}

/* Rules. */

/* "schemas/ubl/common/x.xsd": the folders before it, then the file. */
static int
put_rule(int dir, const struct rules_file *f)
{
	char *path = mem_str(f->path), *slash = path;
	int at = dup(dir), next, status = 0;

	while (status == 0 && (slash = strchr(path, '/')) != NULL) {
		*slash = '\0';
		status = fs_make_dir(at, path, 0755);
		next = status == 0 ? fs_open_dir(at, path) : -1;
		close(at);
		at = next;
		status = at < 0 ? -1 : 0;
		memmove(path, slash + 1, strlen(slash + 1) + 1);
	}
	if (status == 0 && is_missing(at, path)) {
		status = fs_replace(at, path, f->data, f->len, 0644);
		if (status == 0)
			printf("rules: %s\n", f->path);
	}
	if (at >= 0)
		close(at);
	free(path);
	return status == 0 ? 0 : refuse(f->path, "");
}

static int
put_rules(int dir, const struct rules *rules)
{
	int status = EXIT_DONE;
	size_t i;

	for (i = 0; i < rules->n && status == EXIT_DONE; i++)
		status = put_rule(dir, &rules->files[i]);
	return status;
}

static int
make_folders(const char *desk, long group)
{
	struct buf why = BUF_INIT;
	int status = EXIT_DONE;

	if (desk_make(desk, group, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		status = EXIT_DESK;
	}
	buf_free(&why);
	return status;
}

static bool
any_lost(const struct lost *l)
{
	return l->inbox || l->trays || l->outbox || l->own;
}

static int
put_all(const char *desk, int dir, const struct rules *rules, long group,
    struct lost *l)
{
	bool examples = is_missing(dir, "schemas");
	int status = choose_group(dir, rules, l, &group);

	if (status == EXIT_DONE)
		status = make_folders(desk, group);
	if (status == EXIT_DONE && any_lost(l))
		status = note_lost(dir, l);
	if (status == EXIT_DONE)
		status = put_rules(dir, rules);
	if (status == EXIT_DONE && examples)
		status = cmd_put_shipped(desk, false);
	return status;
}

int
restore_desk(const char *desk, long group, struct lost *l)
{
	struct buf path = BUF_INIT;
	struct ledger *ledger = NULL;
	struct rules rules = { NULL, 0 };
	int dir = open(desk, O_RDONLY | O_DIRECTORY | O_CLOEXEC), status;

	*l = (struct lost){ false, false, false, false };
	buf_putf(&path, "%s/ledger.git", desk);
	status = dir < 0 ? refuse(desk, "") : check_owner(desk);
	if (status == EXIT_DONE)
		status = check_idle(dir);
	if (status == EXIT_DONE && is_missing(dir, "ledger.git")) {
		cmd_say("%s is not there. From a copy of it: docket rebuild "
		    "--from COPY", buf_str(&path));
		status = EXIT_DESK;
	}
	if (status == EXIT_DONE && (ledger_adopt(buf_str(&path)) != 0 ||
	    (ledger = ledger_open(buf_str(&path))) == NULL ||
	    ledger_rules(ledger, ledger_head(ledger), &rules) != 0)) {
		cmd_say("%s", ledger_error());
		status = EXIT_DESK;
	}
	if (status == EXIT_DONE)
		status = find_lost(dir, l);
	if (status == EXIT_DONE)
		status = put_all(desk, dir, &rules, group, l);
	rules_free(&rules);
	ledger_close(ledger);
	buf_free(&path);
	if (dir >= 0)
		close(dir);
	return status;
}

/* Drop boxes and answers. */

struct boxing {
	struct desk	*desk;
	bool		 many;
	int		 status;
};

/* Closed: who its group was is in no ledger, and keys go to nobody else. */
static int
put_box(void *arg, const char *box)
{
	struct boxing *x = arg;

	if (*box == '\0' || !is_missing(x->desk->inbox, box))
		return 0;
	if (fs_make_dir(x->desk->inbox, box, 0700) != 0) {
		x->status = refuse("inbox", box);
		return 1;
	}
	printf("inbox: drop box %s%s\n", box, x->many ?
	    ", for the desk alone until it is given to its group" : "");
	if (x->many)
		printf("  chgrp GROUP inbox/%s && chmod 3770 inbox/%s\n", box,
		    box);
	return 0;
}

static int
put_boxes(struct desk *desk, const struct settings *s, struct index *index)
{
	struct boxing x = { desk, false, EXIT_DONE };
	struct grounds g;
	size_t i;

	desk_grounds(desk, &g);
	x.many = !g.one_user;
	if (index_boxes(index, put_box, &x) < 0)
		return cmd_trouble(index_error());
	for (i = 0; i < s->n_boxes && x.status == EXIT_DONE; i++)
		put_box(&x, s->boxes[i].box);
	return x.status;
}

/* The folders of the outbox are as open as those of inbox. */
static void
meet_boxes(const struct desk *desk, struct outbox *o)
{
	DIR *list = fs_list(desk->inbox);
	const char *name;
	struct stat st;

	if (fstat(desk->inbox, &st) == 0)
		outbox_meet(o, "", &st);
	while (list != NULL && (name = fs_list_next(list)) != NULL)
		if (parcel_box_valid(name) && !parcel_box_reserved(name) &&
		    fstatat(desk->inbox, name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
		    (st.st_uid == desk->uid || st.st_uid == 0))
			outbox_meet(o, name, &st);
	if (list != NULL)
		closedir(list);
}

static int
put_receipts(struct desk *desk, const struct settings *s,
    struct ledger *ledger, struct index *index)
{
	struct outbox *o = outbox_open(desk, s, ledger, index);
	int status;

	if (o == NULL)
		return refuse(desk->path, ".docket/delivered");
	meet_boxes(desk, o);
	status = outbox_rewrite_since(o, "") != 0 ||
	    outbox_finish(o, INT64_MAX) != 0 ? cmd_trouble(ledger_error()) :
	    EXIT_DONE;
	outbox_close(o);
	if (status == EXIT_DONE)
		puts("outbox: receipts are written");
	return status;
}

int
restore_answers(struct desk *desk, const struct settings *s,
    struct ledger *ledger, struct index *index, const struct lost *l)
{
	struct buf line = BUF_INIT;
	int status = EXIT_DONE;

	if (l->inbox)
		status = put_boxes(desk, s, index);
	if (status == EXIT_DONE && l->outbox)
		status = put_receipts(desk, s, ledger, index);
	/* what was given by then is not given once more */
	if (status == EXIT_DONE && (desk_get_line(desk, "delivered",
	    &line) != 0 || (line.len == 0 && desk_put_line(desk, "delivered",
	    ledger_head(ledger)) != 0)))
		status = refuse(desk->path, ".docket/delivered");
	buf_free(&line);
	return status;
}

/* What is lost for good. */

struct missing_keys {
	struct desk	*desk;
	const struct settings *settings;
	uint64_t	 n;
};

static bool
is_in(int dir, const char *folder, const char *file)
{
	struct buf path = BUF_INIT;
	bool is;

	if (folder == NULL)
		return false;
	buf_putf(&path, "%s/%s", folder, file);
	is = !is_missing(dir, buf_str(&path));
	buf_puts(&path, ".age");
	is |= !is_missing(dir, buf_str(&path));
	buf_free(&path);
	return is;
}

/* In a folder of its client's, or still on its way there. */
static bool
is_here(const struct missing_keys *m, const struct casefile *c,
    const char *file)
{
	const struct settings *s = m->settings;
	bool is = is_in(m->desk->own, "keys", file) ||
	    is_in(m->desk->outbox, c->box, file) ||
	    is_in(m->desk->outbox, c->facts.client, file);
	size_t i;

	for (i = 0; i < s->n_boxes && !is && c->facts.client != NULL; i++)
		is = strcmp(s->boxes[i].client, c->facts.client) == 0 &&
		    is_in(m->desk->outbox, s->boxes[i].box, file);
	return is;
}

static int
say_key(void *arg, const struct casefile *c)
{
	struct missing_keys *m = arg;
	const char *at = c->keys;
	struct case_key key;
	char file[PAPER_NAME];

	while (casefile_next_key(&at, &key)) {
		keys_file(file, c->number, key.revision);
		if (is_here(m, c, file))
			continue;
		if (m->n++ == 0)
			puts("- keys that their clients have not fetched: the "
			    "ledger has digests only. If the client\n  does "
			    "not have it, it needs another:");
		printf("    %s (", file);
		out_text(STYLE_PLAIN, c->facts.client == NULL ? "?" :
		    c->facts.client);
		printf(")  docket apply --rotation %s --overlap 0\n",
		    c->number);
	}
	return 0;
}

static const struct {
	size_t part;
	const char *what;
} gone[] = {
	{ offsetof(struct lost, inbox),
	    "forms that lay in inbox: their senders have no receipt, and must "
	    "send them again" },
	{ offsetof(struct lost, own),
	    "forms that were in hand and had no number yet: the same" },
	{ offsetof(struct lost, trays),
	    "decisions and notes that lay in the trays and were in no commit "
	    "yet" },
	{ offsetof(struct lost, outbox),
	    "refused forms that lay in outbox, with what was wrong with them, "
	    "and strays" },
};

int
restore_say_lost(struct desk *desk, const struct settings *s,
    struct index *index, const struct lost *l)
{
	struct index_query q = { .state = STATE_APPROVED };
	struct missing_keys m = { desk, s, 0 };
	int status = EXIT_DONE;
	size_t i;

	if (!any_lost(l))
		return EXIT_DONE;
	puts("\nLost for good, if there were any:");
	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (*(const bool *)(const void *)((const char *)l +
		    gone[i].part))
			printf("- %s\n", gone[i].what);
	if ((l->outbox || l->own) && index_cases(index, &q, say_key, &m) != 0)
		status = cmd_trouble(index_error());
	if (l->outbox)
		puts("\nIf gateways read outbox/gateway: docket rebuild "
		    "gateway");
	if (status == EXIT_DONE && unlinkat(desk->own, MARK, 0) != 0 &&
	    errno != ENOENT)
		status = refuse(desk->path, ".docket/" MARK);
	return status;
}
