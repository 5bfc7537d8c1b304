/*
 * docket doctor: what is wrong with a desk, and what to do about it.
 *
 * May not: change anything.  The checks are in src/doctor (doctoring.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "json.h"
#include "text.h"

#include "cmd.h"
#include "doctoring.h"
#include "out.h"

static const struct check {
	const char	*name;
	doctor_fn	*look;
	const char	*what;
} checks[] = {
	{ "desk", doctor_desk, "the desk's own directory" },
	{ "folders", doctor_folders, "its folders and their permissions" },
	{ "files", doctor_files, "who may change rules, ledger and index" },
	{ "boxes", doctor_boxes, "drop boxes" },
	{ "answers", doctor_answers, "clients' folders in outbox" },
	{ "filesystem", doctor_filesystem, "the file system" },
	{ "space", doctor_space, "free space and files" },
	{ "clock", doctor_clock, "clock and time zone" },
	{ "limits", doctor_limits, "open files and watches" },
	{ "libraries", doctor_libraries, "libraries and kernel" },
	{ "programs", doctor_programs, "git, ssh-keygen, age" },
	{ "worker", doctor_worker, "a confined worker checks a form" },
	{ "rules", doctor_rules, "rules on the desk, against those in force" },
	{ "revocations", doctor_revocations, "allowed_signers, revoked_keys" },
	{ "signing", doctor_signing, "the key that signs the ledger" },
	{ "reviewers", doctor_reviewers, "reviewers have users or keys" },
	{ "signers", doctor_signers, "keys are reviewers' keys" },
	{ "quorum", doctor_quorum, "every stage can be met" },
	{ "ledger", doctor_ledger, "the repository" },
	{ "index", doctor_index, "the index is that of the ledger" },
	{ "trays", doctor_trays, "the trays show the ledger" },
	{ "daemon", doctor_daemon, "it runs, and complains of nothing" },
	{ "claims", doctor_claims, "forms in hand" },
	{ "keys", doctor_keys, "issued keys are delivered" },
	{ "gateway", doctor_gateway, "gateways know who may pass" },
};
#define CHECKS (sizeof(checks) / sizeof(checks[0]))

static const struct {
	const char	*name;
	enum style	 style;
} grades[GRADE_COUNT] = {
	[GRADE_OK] = { "ok", STYLE_GOOD },
	[GRADE_NOTE] = { "note", STYLE_DIM },
	[GRADE_WARN] = { "warn", STYLE_WAIT },
	[GRADE_FAIL] = { "fail", STYLE_BAD },
};

/* Opening what can be. */

static bool
is_desk(int dir)
{
	return faccessat(dir, "docket.conf", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    faccessat(dir, "ledger.git", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
open_ledger(struct doctor *d)
{
	struct buf path = BUF_INIT;
	const struct rules_file *f;
	struct conf_error e;

	buf_putf(&path, "%s/ledger.git", d->path);
	d->ledger = ledger_open(buf_str(&path));
	buf_free(&path);
	if (d->ledger == NULL ||
	    ledger_rules(d->ledger, ledger_head(d->ledger), &d->rules) != 0)
		return;
	f = rules_get(&d->rules, "docket.conf");
	if (f == NULL || settings_parse(&d->settings, f->data, f->len, &e) !=
	    0) {
		buf_putf(&path, "line %u: %s", f == NULL ? 0 : e.line,
		    f == NULL ? "there is no docket.conf" : e.text);
		d->unsettled = buf_take(&path);
		return;
	}
	settings_resolve(&d->settings, &e, NULL);
	clock_zone(d->settings.zone);
	d->settled = true;
}

static void
open_index(struct doctor *d)
{
	struct buf path = BUF_INIT;

	buf_putf(&path, "%s/.docket", d->path);
	d->index = index_open(buf_str(&path), INDEX_READ);
	buf_free(&path);
}

static int
open_all(struct doctor *d, struct buf *why)
{
	const char *path = cmd_desk_path();

	d->path = realpath(path, NULL);
	d->dir = d->path == NULL ? -1 :
	    open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0 || fstat(d->dir, &d->st) != 0) {
		cmd_say("%s: %s", path, strerror(errno));
		return EXIT_DESK;
	}
	if (!is_desk(d->dir)) {
		cmd_say("%s is not a desk: it has neither a docket.conf nor a "
		    "ledger.git; make one with: docket init %s", path, path);
		return EXIT_DESK;
	}
	d->open = desk_open(&d->desk, d->path, false, why) == 0;
	if (d->open) {
		d->is_run = desk_is_run(&d->desk);
		desk_grounds(&d->desk, &d->grounds);
	}
	open_ledger(d);
	if (d->open)
		open_index(d);
	return EXIT_DONE;
}

static void
close_all(struct doctor *d)
{
	size_t i;

	index_close(d->index);
	ledger_close(d->ledger);
	if (d->settled)
		settings_free(&d->settings);
	rules_free(&d->rules);
	if (d->open)
		desk_close(&d->desk);
	if (d->dir >= 0)
		close(d->dir);
	for (i = 0; i < d->n; i++) {
		free(d->list[i].where);
		free(d->list[i].what);
		free(d->list[i].remedy);
	}
	free(d->list);
	free(d->unsettled);
	free(d->path);
}

/* Looking. */

static bool
is_chosen(const char *name, char *const names[], int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n == 0;
}

static void
look(struct doctor *d, char *const names[], int n)
{
	size_t i, before;

	for (i = 0; i < CHECKS; i++) {
		if (!is_chosen(checks[i].name, names, n))
			continue;
		before = d->n;
		d->check = checks[i].name;
		checks[i].look(d);
		if (d->n == before)
			doctor_find(d, GRADE_OK, NULL, "%s", checks[i].what);
	}
}

/* A desk that cannot be opened for a reason that no check has found. */
static void
explain_closed(struct doctor *d, const struct buf *why)
{
	size_t i;

	d->check = "desk";
	for (i = 0; i < d->n; i++)
		if (d->list[i].grade == GRADE_FAIL)
			return;
	if (d->open)
		return;
	if (strstr(buf_str(why), strerror(EACCES)) == NULL)
		doctor_find(d, GRADE_FAIL, NULL, "The desk cannot be opened: "
		    "%s", buf_str(why));
	else {
		errno = EACCES;
		doctor_unseen(d, ".docket");
	}
}

/* Printing: the worst first. */

#define INDENT 18

static void
print_wrapped(const char *text)
{
	unsigned width = out_width();
	struct buf safe = BUF_INIT;
	char *at, *word;
	size_t column = INDENT, w;

	if (width < 40)
		width = width == 0 ? 80 : 40;
	text_line(&safe, text, strlen(text), 4000);
	at = safe.data;
	while ((word = strsep(&at, " ")) != NULL) {
		w = text_width(word);
		if (column > INDENT && column + 1 + w > width) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		}
		if (column > INDENT)
			putchar(' ');
		column += w + (column > INDENT);
		fputs(word, stdout);
	}
	putchar('\n');
	buf_free(&safe);
}

static void
print_finding(const struct finding *f)
{
	struct buf text = BUF_INIT;

	out_text(grades[f->grade].style, grades[f->grade].name);
	printf("%*s%-12s", (int)(6 - strlen(grades[f->grade].name)), "",
	    f->check);
	if (f->where != NULL && strcmp(f->where, ".") != 0)
		buf_putf(&text, "%s: ", f->where);
	buf_puts(&text, f->what);
	print_wrapped(buf_str(&text));
	if (f->remedy != NULL) {
		printf("%*s", INDENT, "");
		out_text(STYLE_HEAD, f->remedy);
		putchar('\n');
	}
	buf_free(&text);
}

static size_t
count(const struct doctor *d, enum grade grade)
{
	size_t i, n = 0;

	for (i = 0; i < d->n; i++)
		n += d->list[i].grade == grade;
	return n;
}

static void
print_all(const struct doctor *d, bool all)
{
	size_t i, todo = count(d, GRADE_FAIL) + count(d, GRADE_WARN);
	enum grade grade = GRADE_COUNT;

	while (grade-- > (all ? GRADE_OK : GRADE_NOTE))
		for (i = 0; i < d->n; i++)
			if (d->list[i].grade == grade)
				print_finding(&d->list[i]);
	if (todo == 0)
		out_text(STYLE_GOOD, "Nothing is wrong");
	else {
		printf("%zu ", todo);
		fputs(todo == 1 ? "thing is to be done" :
		    "things are to be done", stdout);
	}
	if (count(d, GRADE_FAIL) > 0)
		fputs("; the desk is not usable", stdout);
	puts(".");
}

static void
print_json(const struct doctor *d)
{
	struct buf out = BUF_INIT;
	struct json j;
	size_t i;

	json_begin(&j, &out);
	json_object(&j, NULL);
	json_str(&j, "desk", d->path);
	json_bool(&j, "running", d->is_run);
	json_num(&j, "fail", (int64_t)count(d, GRADE_FAIL));
	json_num(&j, "warn", (int64_t)count(d, GRADE_WARN));
	json_num(&j, "note", (int64_t)count(d, GRADE_NOTE));
	json_array(&j, "findings");
	for (i = 0; i < d->n; i++) {
		json_object(&j, NULL);
		json_str(&j, "grade", grades[d->list[i].grade].name);
		json_str(&j, "check", d->list[i].check);
		json_str(&j, "where", d->list[i].where);
		json_str(&j, "what", d->list[i].what);
		json_str(&j, "remedy", d->list[i].remedy);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_end(&j);
	out_flush(&out);
	buf_free(&out);
}

static void
check_names(char *const names[], int n)
{
	size_t k;
	int i;

	for (i = 0; i < n; i++) {
		for (k = 0; k < CHECKS; k++)
			if (strcmp(names[i], checks[k].name) == 0)
				break;
		if (k == CHECKS)
			cmd_usage(&cmd_doctor, "there is no check of that "
			    "name");
	}
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "format", required_argument, NULL, 'f' },
		{ "full", no_argument, NULL, 1 },
		{ NULL, 0, NULL, 0 },
	};
	enum format format = FORMAT_TABLE;
	struct doctor d = { .dir = -1 };
	struct buf why = BUF_INIT;
	bool all = false;
	int option, status;

	while ((option = cmd_option(&cmd_doctor, argc, argv, "af:",
	    options)) != -1)
		if (option == 'a')
			all = true;
		else if (option == 'f')
			format = cmd_format(&cmd_doctor, optarg, false);
		else
			d.full = true;
	check_names(argv + optind, argc - optind);
	status = open_all(&d, &why);
	if (status == EXIT_DONE) {
		look(&d, argv + optind, argc - optind);
		if (optind == argc)
			explain_closed(&d, &why);
		if (format == FORMAT_JSON)
			print_json(&d);
		else
			print_all(&d, all);
		status = count(&d, GRADE_FAIL) > 0 ? EXIT_DESK :
		    count(&d, GRADE_WARN) > 0 ? EXIT_NO : EXIT_DONE;
	}
	close_all(&d);
	buf_free(&why);
	return status;
}

const struct command cmd_doctor = {
	"doctor", run, "[--all] [--full] [--format table|json] [CHECK ...]",
	"Find out what is wrong with a desk, and what to do about it",
	"  -a, --all     what is right, too\n"
	"      --full    what takes long as well: git fsck, docket audit\n"
	"  -f, --format table|json\n"
	"\n"
	"It changes nothing, and may be asked while the desk is run. Exit: 0 "
	"nothing is to\nbe done, 1 something is, 3 the desk is not usable "
	"until then. CHECK is one of:\ndesk folders files boxes answers "
	"filesystem space clock limits libraries\nprograms worker rules "
	"revocations signing reviewers signers quorum ledger\nindex trays "
	"daemon claims keys gateway\n",
};
