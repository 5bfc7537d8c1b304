/*
 * docket init: makes a desk.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "text.h"

#include "cmd.h"
#include "index.h"
#include "pool.h"
#include "reindex.h"
#include "rules.h"
#include "shipped.h"

struct making {
	const char	*path;
	const char	*name;
	long		 group;		/* -1: one user */
	struct desk	 desk;
	struct grounds	 grounds;
};

static int
refuse(const char *what, const char *name)
{
	cmd_say("%s %s: %s", what, name, strerror(errno));
	return EXIT_DESK;
}

int
cmd_put_shipped(const char *path, bool rules)
{
	struct shipped s;
	char full[4096];
	size_t i;
	int fd;

	snprintf(full, sizeof(full), "%s/schemas/examples", path);
	if (mkdir(full, 0755) != 0 && errno != EEXIST)
		return refuse("cannot make", full);
	for (i = 0; shipped_schema(i, &s); i++) {
		if (!rules && rules_is_path(s.path))
			continue;
		snprintf(full, sizeof(full), "%s/%s", path, s.path);
		fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0 || fs_write(fd, s.data, s.len) != 0)
			return refuse("cannot write", full);
		close(fd);
	}
	return EXIT_DONE;
}

/* The one user of a desk, who is its reviewer. */
static void
put_reviewer(struct buf *conf)
{
	const struct passwd *pw = getpwuid(geteuid());
	char uid[NUM_TEXT];
	const char *user = pw != NULL ? pw->pw_name :
	    num_text(uid, geteuid());

	buf_putf(conf,
	    "\n"
	    "; Only %s may write to this desk: whoever decides here is %s.\n"
	    "[reviewer \"%s\"]\n"
	    "\tuser = %s\n"
	    "\n"
	    "[review]\n"
	    "\tapart = false        ; one user may decide on forms of their "
	    "own\n"
	    "\tnote = return        ; a note is needed to send a form back\n",
	    user, user, user, user);
}

static void
put_reviewers_hint(struct buf *conf)
{
	buf_puts(conf,
	    "\n"
	    "; Who decides: one section for each reviewer.\n"
	    ";[reviewer \"alice\"]\n"
	    ";\tuser = alice         ; the Unix user\n"
	    "\n"
	    "[review]\n"
	    "\tevidence = owner     ; a decision is a copy that belongs to a "
	    "reviewer\n"
	    "\tapart = true         ; nobody decides on what they submitted\n"
	    "\tnote = return revoke ; decisions that need a note\n"
	    "\tlapse = 90d          ; what nobody decides on is sent back\n");
}

static void
make_conf(const struct making *m, struct buf *conf)
{
	char id[33], zone[64];

	buf_putf(conf,
	    "; docket.conf: what this desk is and who decides. See "
	    "docket.conf(5).\n"
	    "; A change takes effect by itself, once the file is saved.\n"
	    "\n"
	    "[desk]\n"
	    "\tid = %s\n"
	    "\tname = %s\n"
	    "\ttimezone = %s\n",
	    hash_random(id, 20), m->name,
	    clock_zone_here(zone, sizeof(zone)));
	if (m->grounds.one_user)
		put_reviewer(conf);
	else
		put_reviewers_hint(conf);
}

static int
put_conf(const struct making *m)
{
	struct buf conf = BUF_INIT;
	struct stat st;
	int dir = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = EXIT_DONE;

	if (dir < 0)
		return refuse("cannot open", m->path);
	if (fs_look(dir, "docket.conf", &st) == 0) {
		make_conf(m, &conf);
		if (fs_replace_shared(dir, "docket.conf", conf.data, conf.len,
		    0644) != 0)
			status = refuse("cannot write", "docket.conf");
	}
	buf_free(&conf);
	close(dir);
	return status;
}

static int
say_faults(const struct faults *faults)
{
	struct buf line = BUF_INIT;
	size_t i;

	for (i = 0; i < faults->n; i++) {
		buf_clear(&line);
		fault_line(&faults->list[i], &line);
		cmd_say("%s", buf_str(&line));
	}
	buf_free(&line);
	return EXIT_DESK;
}

/* Whether the rules could be in force. */
static int
check_rules(const struct rules *rules, struct settings *settings)
{
	const struct rules_file *f = rules_get(rules, "docket.conf");
	struct faults faults = FAULTS_INIT;
	struct conf_error e;
	struct pool *pool;
	int status = EXIT_DONE;

	if (settings_parse(settings, f->data, f->len, &e) != 0) {
		cmd_say("docket.conf: line %u: %s", e.line, e.text);
		return EXIT_DESK;
	}
	pool = pool_open(rules, settings, &faults);
	if (pool == NULL)
		status = faults.n > 0 ? say_faults(&faults) :
		    cmd_trouble(pool_error());
	pool_close(pool);
	faults_free(&faults);
	if (status != EXIT_DONE)
		settings_free(settings);
	return status;
}

/* The first commit: the rules. */
static int
commit_rules(const struct making *m, struct ledger *ledger,
    const struct rules *rules, const struct settings *settings)
{
	struct ruling r;
	int status = EXIT_DONE;
	size_t i;

	ruling_init(&r);
	r.event = EVENT_INIT;
	r.at = clock_now();
	r.uid = (long)geteuid();
	ruling_subject(&r, settings->desk_name);
	for (i = 0; i < rules->n; i++)
		ruling_put(&r, rules->files[i].path, rules->files[i].data,
		    rules->files[i].len);
	if (ledger_add(ledger, settings->desk_id, &r) != 0 ||
	    ledger_commit(ledger) != 0)
		status = cmd_trouble(ledger_error());
	else if (desk_put_line(&m->desk, "shown", r.commit) != 0 ||
	    desk_put_line(&m->desk, "delivered", r.commit) != 0)
		status = refuse("cannot write", ".docket/shown");
	ruling_free(&r);
	return status;
}

/* An empty one, for who asks before the desk has run. */
static int
make_index(struct making *m, struct ledger *ledger)
{
	struct buf why = BUF_INIT;
	struct index *index = reindex(&m->desk, ledger, false, NULL, NULL,
	    &why);
	int status = EXIT_DONE;

	if (index == NULL)
		status = cmd_trouble(buf_str(&why));
	index_close(index);
	buf_free(&why);
	return status;
}

static int
open_ledger(struct making *m, const char *path)
{
	struct buf why = BUF_INIT;
	struct ledger *ledger = NULL;
	struct settings settings;
	struct rules rules;
	int status;

	if (rules_load(&rules, &m->desk, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		buf_free(&why);
		return EXIT_DESK;
	}
	status = check_rules(&rules, &settings);
	if (status == EXIT_DONE) {
		if (ledger_create(path) != 0 ||
		    (ledger = ledger_open(path)) == NULL)
			status = cmd_trouble(ledger_error());
		else
			status = commit_rules(m, ledger, &rules, &settings);
		if (status == EXIT_DONE)
			status = make_index(m, ledger);
		settings_free(&settings);
	}
	ledger_close(ledger);
	rules_free(&rules);
	return status;
}

/* A ledger that was there before: its answers were given by whoever had it,
 * unless the desk itself says how far it came. */
static int
adopt_ledger(const struct making *m, const char *path)
{
	struct ledger *ledger;
	struct buf line = BUF_INIT;
	int status = EXIT_DONE;
	bool told;

	if (desk_get_line(&m->desk, "delivered", &line) != 0)
		status = refuse("cannot read", ".docket/delivered");
	told = line.len > 0;
	buf_free(&line);
	if (told || status != EXIT_DONE)
		return status;
	ledger = ledger_open(path);
	if (ledger == NULL)
		return cmd_trouble(ledger_error());
	if (desk_put_line(&m->desk, "delivered", ledger_head(ledger)) != 0)
		status = refuse("cannot write", ".docket/delivered");
	ledger_close(ledger);
	return status;
}

static void
say_done(const struct making *m)
{
	char *full = realpath(m->path, NULL);
	const struct passwd *pw = getpwuid(geteuid());

	printf("The desk \"%s\" is made in %s.\n", m->name, full);
	if (m->grounds.one_user)
		printf("Only %s may write there: a desk of one user, who is "
		    "its reviewer. Forms are\ndecided on by moving them.\n",
		    pw != NULL ? pw->pw_name : "you");
	else
		printf("Others may write there: name the reviewers in "
		    "docket.conf. They decide by copying\na form into a tray, "
		    "or with docket approve, return, reject, revoke.\n");
	printf("\nNext:\n  docket run %s\n", m->path);
	printf("\nWhoever else browses the history with git needs once:\n"
	    "  git config --global --add safe.directory %s/ledger.git\n",
	    full);
	free(full);
}

static int
make_desk(struct making *m)
{
	struct buf why = BUF_INIT, ledger = BUF_INIT;
	struct stat st;
	bool existed;
	int status;

	if (desk_make(m->path, m->group, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		buf_free(&why);
		return EXIT_DESK;
	}
	/* docket.conf tells what the permissions come to, so they are looked
	 * at before it is there */
	if (desk_look(&m->desk, m->path, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		buf_free(&why);
		return EXIT_DESK;
	}
	desk_grounds(&m->desk, &m->grounds);
	buf_putf(&ledger, "%s/ledger.git", m->path);
	existed = stat(buf_str(&ledger), &st) == 0;
	status = cmd_put_shipped(m->path, true);
	if (status == EXIT_DONE)
		status = put_conf(m);
	if (status == EXIT_DONE)
		status = existed ? adopt_ledger(m, buf_str(&ledger)) :
		    open_ledger(m, buf_str(&ledger));
	if (status == EXIT_DONE && existed)
		printf("%s is a desk already; what was missing was made.\n",
		    m->path);
	else if (status == EXIT_DONE)
		say_done(m);
	buf_free(&ledger);
	buf_free(&why);
	desk_close(&m->desk);
	return status;
}

long
cmd_group(const struct command *c, const char *name)
{
	const struct group *gr = getgrnam(name);
	uint64_t gid;

	if (gr != NULL)
		return (long)gr->gr_gid;
	if (text_number(name, 0xfffffffe, &gid))
		return (long)gid;
	cmd_usage(c, "there is no such group");
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "group", required_argument, NULL, 'g' },
		{ "name", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct making m = { .group = -1 };
	char *full;
	int option, status;

	while ((option = cmd_option(&cmd_init, argc, argv, "g:n:", options)) !=
	    -1)
		if (option == 'g')
			m.group = cmd_group(&cmd_init, optarg);
		else
			m.name = optarg;
	if (argc - optind > 1)
		cmd_usage(&cmd_init, "one directory at a time");
	m.path = optind < argc ? argv[optind] : cmd_desk_path();
	if (mkdir(m.path, 0755) != 0 && errno != EEXIST)
		return refuse("cannot make", m.path);
	full = realpath(m.path, NULL);
	if (full == NULL)
		return refuse("cannot open", m.path);
	if (m.name == NULL)
		m.name = strcmp(full, "/") == 0 ? "docket" :
		    strrchr(full, '/') + 1;
	status = make_desk(&m);
	free(full);
	return status;
}

const struct command cmd_init = {
	"init", run, "[--group GROUP] [--name NAME] [DIR]",
	"Make a desk in a directory",
	"  -g, --group GROUP  its reviewers and staff, who may write to inbox "
	"and trays\n"
	"  -n, --name NAME    what it is called in receipts (default: the "
	"directory's name)\n"
	"\n"
	"What is there already stays as it is.\n",
};
