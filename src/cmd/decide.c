/*
 * docket approve, return, reject and revoke.
 *
 * Each writes what a reviewer could write by hand: a note, and a copy of the
 * paper in the tray; then it waits for what the desk makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include "watch.h"

#include "cmd.h"
#include "limit.h"
#include "out.h"
#include "policy.h"

/* How long the desk may take, ms. */
#define PATIENCE_MS 60000

struct deciding {
	struct reading	 reading;
	const struct command *command;
	enum event	 event;
	const char	*note;
	bool		 dry_run;
};

struct target {
	struct casefile	 c;
	struct paper	 paper;
	char		 name[PAPER_NAME];
	enum state	 from, to;
	struct stat	 copy;		/* ours, in `to' */
	char		 note_name[PAPER_NAME];
	struct timespec	 refused;	/* what was there before */
};

static const struct {
	enum event event;
	enum state to;
} goals[] = {
	{ EVENT_APPROVE, STATE_APPROVED },
	{ EVENT_RETURN, STATE_RETURNED },
	{ EVENT_REJECT, STATE_REJECTED },
	{ EVENT_REVOKE, STATE_REVOKED },
};

/* Which paper is meant: of AK-000012 the one that waits, of AK-000012.r2
 * that very one. */
static int
find_target(struct deciding *d, const char *word, struct target *t)
{
	char stem[PAPER_NAME], number[NUMBER_TEXT];
	int found;
	size_t i;

	snprintf(number, sizeof(number), "%.*s",
	    (int)(strcspn(word, ".") % sizeof(number)), word);
	found = index_case(d->reading.index, number, &t->c);
	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0) {
		cmd_say("%s: 2013 - there is no such case", word);
		return EXIT_NO;
	}
	for (i = 0; i < 4; i++)
		if (goals[i].event == d->event)
			t->to = goals[i].to;
	t->from = d->event == EVENT_REVOKE ? STATE_APPROVED : STATE_PENDING;
	if (t->c.request != REQUEST_NONE && d->event != EVENT_REVOKE)
		casefile_request_paper(&t->c, t->name);
	else
		casefile_paper(&t->c, t->name);
	if (paper_parse(t->name, &t->paper) != 0)
		return cmd_trouble("the index names a paper that is none");
	paper_stem(stem, &t->paper);
	if (strchr(word, '.') != NULL && strcmp(stem, word) != 0) {
		cmd_say("%s: 1191 - what is decided on is %s now", word, stem);
		casefile_free(&t->c);
		return EXIT_NO;
	}
	return EXIT_DONE;
}

/* What the policy would say, without doing anything. */
static int
judge(struct deciding *d, struct target *t)
{
	struct case_decision cd = { .event = d->event,
	    .uid = (long)geteuid(), .desk_uid = (long)d->reading.desk.uid,
	    .has_note = d->note != NULL };
	enum event event;
	struct judgement j = { .allowed = false };
	struct buf text = BUF_INIT;
	struct grounds g;
	struct faults faults = FAULTS_INIT;
	bool allowed;

	desk_grounds(&d->reading.desk, &g);
	event = state_decision(t->from, t->to, t->c.request);
	if (event == EVENT_COUNT ||
	    state_next(t->c.state, t->c.request, event) == NULL)
		faults_addf(&faults, FAULT_NOT_NOW, 0, NULL, "%s is %s.",
		    t->c.number, state_name(t->c.state));
	else {
		policy_judge(&d->reading.settings, &g, &t->c, &cd, &j);
		faults_copy(&faults, &j.faults);
		faults_free(&j.faults);
	}
	if (faults.n == 0)
		printf("%s: would be %s, by %s (%s)\n", t->c.number,
		    event_past(d->event), j.who, evidence_name(j.evidence));
	else {
		faults_block(&faults, &text);
		printf("%s: would be undone\n%s", t->c.number,
		    buf_str(&text));
	}
	buf_free(&text);
	allowed = faults.n == 0;
	faults_free(&faults);
	return allowed ? EXIT_DONE : EXIT_NO;
}

/* Doing it. */

static int
cannot_write(const struct deciding *d, enum state tray)
{
	cmd_say("%s/%s: %s; those who decide must be able to write there",
	    d->reading.desk.path, state_name(tray), strerror(errno));
	return EXIT_DESK;
}

/* A file of ours in a tray, whole or not at all. */
static int
put_file(const struct deciding *d, enum state tray, const char *name,
    const struct buf *bytes, bool replace, struct stat *st)
{
	int dir = d->reading.desk.tray[tray], fd;
	char work[32], random[17];
	int status;

	snprintf(work, sizeof(work), ".docket-%s", hash_random(random, 16));
	fd = openat(dir, work, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return cannot_write(d, tray);
	status = fs_write(fd, buf_str(bytes), bytes->len) == 0 &&
	    fchmod(fd, 0644) == 0 && fstat(fd, st) == 0 ? 0 : -1;
	close(fd);
	if (status == 0)
		status = replace ? renameat(dir, work, dir, name) :
		    fs_move(dir, work, dir, name);
	if (status == 0)
		return EXIT_DONE;
	status = errno;
	unlinkat(dir, work, 0);
	errno = status;
	if (errno != EEXIST)
		return cannot_write(d, tray);
	cmd_say("%s/%s is there already: somebody is deciding on it",
	    state_name(tray), name);
	return EXIT_NO;
}

static int
put_note(struct deciding *d, struct target *t)
{
	const struct reviewer *me = settings_reviewer(&d->reading.settings,
	    (long)geteuid());
	struct paper p = { .kind = PAPER_NOTE };
	struct buf text = BUF_INIT;
	struct stat st;
	int status;

	t->note_name[0] = '\0';
	if (d->note == NULL)
		return EXIT_DONE;
	strcpy(p.number, t->c.number);
	if (me != NULL && strlen(me->name) < 60)
		strcpy(p.who, me->name);
	paper_name(t->note_name, &p);
	buf_putf(&text, "%s\n", d->note);
	status = put_file(d, t->to, t->note_name, &text, true, &st);
	buf_free(&text);
	return status;
}

static int
put_copy(struct deciding *d, struct target *t)
{
	char path[LEDGER_PATH];
	struct buf bytes = BUF_INIT;
	int status, found = ledger_read(d->reading.ledger,
	    ledger_head(d->reading.ledger), ledger_path(path, t->from,
	    t->c.number, t->name), &bytes);

	if (found < 0)
		status = cmd_trouble(ledger_error());
	else if (found == 0) {
		cmd_say("%s: 1218 - it is %s, and cannot be %s", t->c.number,
		    state_name(t->c.state), event_past(d->event));
		status = EXIT_NO;
	} else
		status = put_file(d, t->to, t->name, &bytes, false, &t->copy);
	buf_free(&bytes);
	return status;
}

static bool
copy_is_there(const struct deciding *d, const struct target *t)
{
	struct stat st;

	return fstatat(d->reading.desk.tray[t->to], t->name, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == t->copy.st_ino;
}

static const char *
refused_name(const struct target *t, char name[PAPER_NAME])
{
	struct paper p = { .kind = PAPER_REFUSED };

	strcpy(p.number, t->c.number);
	return paper_name(name, &p);
}

/* When the explanation was written that is there, if there is one. */
static struct timespec
refused_at(const struct deciding *d, const struct target *t)
{
	static const struct timespec never;
	char name[PAPER_NAME];
	struct stat st;

	return fstatat(d->reading.desk.tray[t->from], refused_name(t, name),
	    &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ctim : never;
}

static int
take_last(void *arg, const char *commit)
{
	return snprintf(arg, COMMIT_HEX, "%s", commit) < 0;
}

static int
say_done(struct deciding *d, const struct target *t)
{
	char commit[COMMIT_HEX] = "";
	struct buf line = BUF_INIT;
	struct ruling r;

	ruling_init(&r);
	if (index_commits_of(d->reading.index, t->c.number, take_last,
	    commit) != 0 ||
	    ledger_ruling(d->reading.ledger, commit, &r) != 0)
		return cmd_trouble(ledger_error());
	ruling_subject_line(&r, &line);
	out_text(out_state_style(r.to), buf_str(&line));
	printf("  [%.10s]\n", commit);
	buf_free(&line);
	ruling_free(&r);
	return EXIT_DONE;
}

static int
say_undone(struct deciding *d, const struct target *t)
{
	struct buf text = BUF_INIT;
	char name[PAPER_NAME];

	fs_read_file(d->reading.desk.tray[t->from], refused_name(t, name),
	    65536, &text);
	fprintf(stderr, "%s", buf_str(&text));
	buf_free(&text);
	return EXIT_NO;
}

/* What has come of it: -1 nothing yet, else an exit status. */
static int
outcome(struct deciding *d, const struct target *t)
{
	struct timespec at = refused_at(d, t);
	struct casefile now;
	bool changed;

	if (copy_is_there(d, t))
		return -1;
	if (at.tv_sec != t->refused.tv_sec || at.tv_nsec != t->refused.tv_nsec)
		if (at.tv_sec != 0)
			return say_undone(d, t);
	if (index_case(d->reading.index, t->c.number, &now) != 1)
		return -1;
	changed = now.state != t->c.state || now.request != t->c.request ||
	    now.revision != t->c.revision;
	casefile_free(&now);
	return changed ? say_done(d, t) : -1;
}

static int
wait_for(struct deciding *d, struct target *t, struct watch *watch)
{
	int64_t until = clock_ticks() + PATIENCE_MS;
	struct pollfd p = { .fd = watch_fd(watch), .events = POLLIN };
	struct watch_event e;
	int status;

	while ((status = outcome(d, t)) < 0) {
		if (!desk_is_run(&d->reading.desk)) {
			cmd_say("%s: left in %s/ for the desk, which is not "
			    "run (docket run)", t->c.number,
			    state_name(t->to));
			return EXIT_TROUBLE;
		}
		if (clock_ticks() > until) {
			cmd_say("%s: the desk has not answered yet",
			    t->c.number);
			return EXIT_TROUBLE;
		}
		/* an event wakes us; where none come, the time */
		poll(&p, 1, 250);
		while (watch_next(watch, &e) == 1)
			;
	}
	return status;
}

static int
carry_out(struct deciding *d, struct target *t)
{
	struct watch *watch = watch_new();
	int status;

	if (watch == NULL)
		return cmd_trouble("inotify cannot be used");
	watch_add(watch, d->reading.desk.tray[t->from], 1);
	watch_add(watch, d->reading.desk.tray[t->to], 2);
	t->refused = refused_at(d, t);
	status = put_note(d, t);
	if (status == EXIT_DONE)
		status = put_copy(d, t);
	if (status == EXIT_DONE)
		status = wait_for(d, t, watch);
	else if (t->note_name[0] != '\0')
		unlinkat(d->reading.desk.tray[t->to], t->note_name, 0);
	watch_free(watch);
	return status;
}

static int
decide(struct deciding *d, const char *word)
{
	struct target t = { .from = STATE_NONE };
	int status = find_target(d, word, &t);

	if (status != EXIT_DONE)
		return status;
	status = d->dry_run ? judge(d, &t) : carry_out(d, &t);
	casefile_free(&t.c);
	return status;
}

static int
run(const struct command *command, enum event event, int argc, char **argv)
{
	static const struct option options[] = {
		{ "message", required_argument, NULL, 'm' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct deciding d = { .command = command, .event = event };
	int option, status, one;

	while ((option = cmd_option(command, argc, argv, "m:n", options)) !=
	    -1)
		if (option == 'm')
			d.note = optarg;
		else
			d.dry_run = true;
	if (optind == argc)
		cmd_usage(command, "which case?");
	if (d.note != NULL && strlen(d.note) >= LIMIT_NOTE)
		cmd_usage(command, "the note is too long");
	status = cmd_open(&d.reading);
	if (status != EXIT_DONE)
		return status;
	for (; optind < argc; optind++) {
		one = decide(&d, argv[optind]);
		if (one > status)
			status = one;
	}
	cmd_close(&d.reading);
	return status;
}

static int
run_approve(int argc, char **argv)
{
	return run(&cmd_approve, EVENT_APPROVE, argc, argv);
}

static int
run_return(int argc, char **argv)
{
	return run(&cmd_return, EVENT_RETURN, argc, argv);
}

static int
run_reject(int argc, char **argv)
{
	return run(&cmd_reject, EVENT_REJECT, argc, argv);
}

static int
run_revoke(int argc, char **argv)
{
	return run(&cmd_revoke, EVENT_REVOKE, argc, argv);
}

#define ARGUMENTS "[-m NOTE] [--dry-run] NUMBER[.rN] ..."
#define HELP								\
	"  -m, --message NOTE  why; it goes into the history and to the "	\
	"applicant\n"							\
	"  -n, --dry-run       only say what would come of it\n"		\
	"\n"								\
	"Of an approved case that was asked to be changed or revoked, the "	\
	"request is meant.\nNUMBER.rN decides on that revision only.\n"

const struct command cmd_approve = {
	"approve", run_approve, ARGUMENTS,
	"Approve what waits", HELP,
};

const struct command cmd_return = {
	"return", run_return, ARGUMENTS,
	"Send what waits back for correction", HELP,
};

const struct command cmd_reject = {
	"reject", run_reject, ARGUMENTS,
	"Reject what waits", HELP,
};

const struct command cmd_revoke = {
	"revoke", run_revoke, ARGUMENTS,
	"Revoke what was approved, at once",
	"  -m, --message NOTE  why; it goes into the history and to the "
	"applicant\n"
	"  -n, --dry-run       only say what would come of it\n",
};
