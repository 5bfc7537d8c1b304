/*
 * deciding: one decision by a command.
 *
 * It does what a reviewer could do by hand: writes a note and a copy of the
 * paper into the tray, or signs the paper and lays the signature beside it;
 * then it waits for what the desk makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "watch.h"

#include "deciding.h"
#include "limit.h"
#include "out.h"
#include "policy.h"
#include "priors.h"

/* How long the desk may take, ms. */
#define PATIENCE_MS 60000

/* A paper is a form and its stamp. */
#define PAPER_MAX LIMIT_PAPER

static const struct {
	enum event event;
	enum state to;
} goals[] = {
	{ EVENT_APPROVE, STATE_APPROVED },
	{ EVENT_RETURN, STATE_RETURNED },
	{ EVENT_REJECT, STATE_REJECTED },
	{ EVENT_REVOKE, STATE_REVOKED },
};

/* Finding. */

static int
is_meant(const struct target *t, const char *word)
{
	char stem[PAPER_NAME];

	paper_stem(stem, &t->paper);
	if (strchr(word, '.') == NULL || strcmp(stem, word) == 0)
		return EXIT_DONE;
	cmd_say("%s: 1191 - what is decided on is %s now", word, stem);
	return EXIT_NO;
}

int
deciding_find(struct deciding *d, const char *word, struct target *t)
{
	char number[NUMBER_TEXT];
	int found, status;
	size_t i;

	*t = (struct target){ .from = STATE_NONE };
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
	casefile_decided_paper(&t->c, d->event, t->name);
	if (paper_parse(t->name, &t->paper) != 0)
		status = cmd_trouble("the index names a paper that is none");
	else
		status = is_meant(t, word);
	if (status != EXIT_DONE)
		casefile_free(&t->c);
	return status;
}

void
target_free(struct target *t)
{
	casefile_free(&t->c);
}

/* The paper as the ledger has it.  The ledger may have gone on since it was
 * opened. */
static int
read_paper(struct deciding *d, const struct target *t, struct buf *bytes)
{
	struct reading *r = &d->reading;
	struct buf path = BUF_INIT;
	char in[LEDGER_PATH];
	struct ledger *again;
	int found;

	ledger_path(in, t->from, t->c.number, t->name);
	found = ledger_read(r->ledger, ledger_head(r->ledger), in, bytes);
	if (found == 0) {
		buf_putf(&path, "%s/ledger.git", r->desk.path);
		again = ledger_open(buf_str(&path));
		buf_free(&path);
		if (again == NULL)
			return cmd_trouble(ledger_error());
		ledger_close(r->ledger);
		r->ledger = again;
		found = ledger_read(again, ledger_head(again), in, bytes);
	}
	if (found < 0)
		return cmd_trouble(ledger_error());
	if (found == 1)
		return EXIT_DONE;
	cmd_say("%s: 1218 - it is %s, and cannot be %s", t->c.number,
	    state_name(t->c.state), event_past(d->event));
	return EXIT_NO;
}

/* Signing. */

/* Whose key it is, by the rules in force. */
static int
identify(struct deciding *d, const char *about, const struct buf *sig,
    const struct buf *bytes, struct signer *by)
{
	struct signature g = { NULL, "" };
	struct buf why = BUF_INIT;
	int good = 0;

	if (signature_parse(&g, buf_str(sig), sig->len) != 0)
		buf_puts(&why, "It is no signature.");
	else
		good = sshsig_verify(&d->rules,
		    d->reading.settings.revocations, &g, buf_str(bytes),
		    bytes->len, clock_now(), by, &why);
	signature_free(&g);
	if (good != 1)
		cmd_say("%s: %s%s", about, good == 0 ? "2012 - " : "",
		    buf_str(&why));
	buf_free(&why);
	return good == 1 ? EXIT_DONE : good == 0 ? EXIT_NO : EXIT_TROUBLE;
}

int
deciding_sign(struct deciding *d, const char *name_space, const char *about,
    const struct buf *bytes, struct buf *sig, struct signer *by)
{
	struct buf why = BUF_INIT;
	int status = EXIT_DONE;

	if (sshsig_sign(d->key, name_space, buf_str(bytes), bytes->len, sig,
	    &why) != 0) {
		cmd_say("%s: %s", about, buf_str(&why));
		status = EXIT_TROUBLE;
	}
	buf_free(&why);
	return status == EXIT_DONE ? identify(d, about, sig, bytes, by) :
	    status;
}

static int
sign(struct deciding *d, const char *about, const struct buf *bytes,
    struct buf *sig, struct signer *by)
{
	char name_space[NAMESPACE_TEXT];

	return deciding_sign(d, signature_namespace(name_space, d->event),
	    about, bytes, sig, by);
}

/* Who a dry run would be, by a text that decides nothing; once is enough for
 * a key that wants to be touched. */
static int
probe(struct deciding *d)
{
	struct buf text = BUF_INIT, sig = BUF_INIT;
	int status = EXIT_DONE;

	if (d->key != NULL && d->probed.who[0] == '\0') {
		buf_puts(&text, "docket: a dry run\n");
		status = sign(d, d->key, &text, &sig, &d->probed);
	}
	buf_free(&text);
	buf_free(&sig);
	return status;
}

/* Whoever we are to this desk. */
static const struct reviewer *
who_we_are(const struct deciding *d, const struct signer *by)
{
	return by->who[0] != '\0' ?
	    settings_reviewer_named(&d->reading.settings, by->who) :
	    settings_reviewer(&d->reading.settings, (long)geteuid());
}

/* A note counts for the decider whose file it is. */
static bool
note_is_ours(const struct deciding *d, const struct signer *by)
{
	const struct reviewer *r = who_we_are(d, by);

	return by->who[0] == '\0' || (r != NULL && r->uid == (long)geteuid());
}

/* What would be. */

static void
gather(struct deciding *d, const struct target *t, struct priors *p)
{
	const struct priors_from from = { .ledger = d->reading.ledger,
	    .rules = &d->rules, .settings = &d->reading.settings,
	    .now = clock_now() };

	priors_gather(&from, &t->c, &t->paper, t->from, d->event, p);
}

/* What it would come to, with ours. */
static void
print_allowed(const struct deciding *d, const struct target *t,
    struct priors *p, const struct judgement *j)
{
	struct buf text = BUF_INIT;
	struct prior *ours;

	if (j->complete) {
		printf("%s: would be %s, by %s (%s)\n", t->c.number,
		    event_past(d->event), j->who, evidence_name(j->evidence));
		return;
	}
	if (p->n < POLICY_PRIORS) {
		ours = &p->list[p->n++];
		*ours = (struct prior){ .stands = true };
		snprintf(ours->said.who, sizeof(ours->said.who), "%s",
		    j->who);
	}
	cmd_put_progress(&d->reading.settings, &t->c, d->event, p, &text);
	printf("%s: the %s of %s (%s) would be counted: %s\n", t->c.number,
	    cmd_noun(d->event), j->who, evidence_name(j->evidence),
	    buf_str(&text));
	buf_free(&text);
}

static int
print_judged(const struct deciding *d, const struct target *t,
    struct priors *p, const struct judgement *j)
{
	struct buf text = BUF_INIT;

	out_progress_end();
	if (j->allowed) {
		print_allowed(d, t, p, j);
		return EXIT_DONE;
	}
	faults_block(&j->faults, &text);
	printf("%s: would be undone\n%s", t->c.number, buf_str(&text));
	buf_free(&text);
	return EXIT_NO;
}

int
deciding_judge(struct deciding *d, struct target *t)
{
	struct case_decision cd = { .event = d->event,
	    .uid = (long)geteuid(), .desk_uid = (long)d->reading.desk.uid,
	    .at = clock_now() };
	struct judgement j = { .allowed = false };
	struct priors priors = { .n = 0 };
	struct grounds g;
	enum event event;
	int status = probe(d);

	if (status != EXIT_DONE)
		return status;
	if (d->key != NULL) {
		cd.signer = d->probed.who;
		cd.key = d->probed.key;
	}
	cd.has_note = d->note != NULL && note_is_ours(d, &d->probed);
	desk_grounds(&d->reading.desk, &g);
	event = state_decision(t->from, t->to, t->c.request);
	if (event == EVENT_COUNT ||
	    state_next(t->c.state, t->c.request, event) == NULL)
		faults_addf(&j.faults, FAULT_NOT_NOW, 0, NULL, "%s is %s.",
		    t->c.number, state_name(t->c.state));
	else {
		gather(d, t, &priors);
		policy_judge(&d->reading.settings, &g, &t->c, &cd,
		    priors.list, priors.n, &j);
	}
	status = print_judged(d, t, &priors, &j);
	faults_free(&j.faults);
	return status;
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
	struct paper p = { .kind = PAPER_NOTE };
	struct buf text = BUF_INIT;
	struct stat st;
	int status;

	if (d->note == NULL)
		return EXIT_DONE;
	if (!note_is_ours(d, &t->by)) {
		cmd_say("%s: 1219 - a note counts for whose file it is, and "
		    "docket.conf does not give %s the user who runs this; "
		    "sign as that user, or without -m", t->c.number,
		    t->by.who);
		return EXIT_NO;
	}
	strcpy(p.number, t->c.number);
	snprintf(p.who, sizeof(p.who), "%.60s", t->who);
	paper_name(t->note_name, &p);
	buf_putf(&text, "%s\n", d->note);
	status = put_file(d, t->tray, t->note_name, &text, true, &st);
	buf_free(&text);
	return status;
}

/* The tray's file must be what the signer has looked at. */
static int
check_tray(const struct deciding *d, const struct target *t,
    const struct buf *bytes)
{
	struct buf there = BUF_INIT;
	int read = fs_read_file(d->reading.desk.tray[t->from], t->name,
	    PAPER_MAX, &there);
	bool same = read == 0 && there.len == bytes->len &&
	    memcmp(buf_str(&there), buf_str(bytes), bytes->len) == 0;

	buf_free(&there);
	if (same)
		return EXIT_DONE;
	cmd_say("%s: 2024 - %s/%s is not the text that was filed; the desk "
	    "puts that back, then look at it again", t->c.number,
	    state_name(t->from), t->name);
	return EXIT_NO;
}

int
deciding_read(struct deciding *d, const struct target *t, struct buf *bytes)
{
	int status = read_paper(d, t, bytes);

	return status == EXIT_DONE ? check_tray(d, t, bytes) : status;
}

/* ssh-keygen signs the same bytes in the same way: the desk would take it
 * for the signature that it has. */
static int
check_new(const struct deciding *d, const struct target *t)
{
	const char *at = t->c.endorsed;
	struct endorsement e;

	while (casefile_next_endorsement(&at, &e))
		if (strcmp(e.paper, t->name) == 0 && e.decision == d->event &&
		    strcmp(e.who, t->by.who) == 0 &&
		    strcmp(e.key, t->by.key) == 0) {
			cmd_say("%s: 1218 - the %s of %s is counted already",
			    t->c.number, cmd_noun(d->event), e.who);
			return EXIT_NO;
		}
	return EXIT_DONE;
}

/* What is to be put into the tray, and under which name. */
static int
prepare_signature(struct deciding *d, struct target *t,
    const struct buf *bytes, struct buf *sig)
{
	struct paper p = t->paper;
	int status;

	status = sign(d, t->c.number, bytes, sig, &t->by);
	if (status == EXIT_DONE)
		status = check_new(d, t);
	p.about = p.kind;
	p.kind = PAPER_SIGNED;
	strcpy(p.who, t->by.who);
	paper_name(t->file, &p);
	t->tray = t->from;
	return status;
}

static int
prepare(struct deciding *d, struct target *t, struct buf *bytes)
{
	const struct reviewer *r;
	struct buf sig = BUF_INIT;
	int status = d->key != NULL ? deciding_read(d, t, bytes) :
	    read_paper(d, t, bytes);

	if (status == EXIT_DONE && d->key != NULL) {
		status = prepare_signature(d, t, bytes, &sig);
		buf_free(bytes);
		*bytes = sig;
	} else {
		strcpy(t->file, t->name);
		t->tray = t->to;
	}
	r = who_we_are(d, &t->by);
	if (r != NULL)
		snprintf(t->who, sizeof(t->who), "%s", r->name);
	return status;
}

/* What comes of it. */

static bool
is_still_there(const struct deciding *d, const struct target *t)
{
	struct stat st;

	return fstatat(d->reading.desk.tray[t->tray], t->file, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == t->st.st_ino;
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
	out_progress_end();
	out_text(out_state_style(r.to), buf_str(&line));
	printf("  [%.10s]\n", commit);
	buf_free(&line);
	ruling_free(&r);
	return EXIT_DONE;
}

/* "AK-000012 approval counted: 1 of 2: alice; waiting for security" */
static int
say_counted(struct deciding *d, const struct target *t,
    const struct casefile *now)
{
	struct buf text = BUF_INIT, line = BUF_INIT;
	struct priors p;

	priors_claimed(&d->reading.settings, now, t->name, d->event, &p);
	cmd_put_progress(&d->reading.settings, now, d->event, &p, &text);
	buf_putf(&line, "%s %s counted: %s", t->c.number,
	    cmd_noun(d->event), buf_str(&text));
	out_progress_end();
	out_text(STYLE_WAIT, buf_str(&line));
	putchar('\n');
	buf_free(&text);
	buf_free(&line);
	return EXIT_DONE;
}

static int
say_undone(struct deciding *d, const struct target *t)
{
	struct buf text = BUF_INIT;
	char name[PAPER_NAME];

	out_progress_end();
	fflush(stdout);
	fs_read_file(d->reading.desk.tray[t->from], refused_name(t, name),
	    65536, &text);
	fprintf(stderr, "%s", buf_str(&text));
	buf_free(&text);
	return EXIT_NO;
}

/* How often we are among those who have decided so. */
static unsigned
counted(const struct deciding *d, const struct target *t,
    const struct casefile *c)
{
	const char *at = c->endorsed;
	struct endorsement e;
	unsigned n = 0;

	while (casefile_next_endorsement(&at, &e))
		n += strcmp(e.paper, t->name) == 0 && e.decision == d->event &&
		    strcmp(e.who, t->who) == 0;
	return n;
}

static bool
has_changed(const struct casefile *was, const struct casefile *is)
{
	return is->state != was->state || is->request != was->request ||
	    is->revision != was->revision;
}

/* What has come of it: -1 nothing yet, else an exit status. */
static int
outcome(struct deciding *d, const struct target *t)
{
	struct timespec at = refused_at(d, t);
	struct casefile now;
	int status = -1;

	if (is_still_there(d, t))
		return -1;
	if (at.tv_sec != 0 && (at.tv_sec != t->refused.tv_sec ||
	    at.tv_nsec != t->refused.tv_nsec))
		return say_undone(d, t);
	if (index_case(d->reading.index, t->c.number, &now) != 1)
		return -1;
	if (has_changed(&t->c, &now))
		status = say_done(d, t);
	else if (counted(d, t, &now) > counted(d, t, &t->c))
		status = say_counted(d, t, &now);
	casefile_free(&now);
	return status;
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
			    state_name(t->tray));
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

int
deciding_carry_out(struct deciding *d, struct target *t)
{
	struct watch *watch = watch_new();
	struct buf bytes = BUF_INIT;
	int status;

	if (watch == NULL)
		return cmd_trouble("inotify cannot be used");
	watch_add(watch, d->reading.desk.tray[t->from], 1);
	watch_add(watch, d->reading.desk.tray[t->to], 2);
	t->refused = refused_at(d, t);
	status = prepare(d, t, &bytes);
	if (status == EXIT_DONE)
		status = put_note(d, t);
	if (status == EXIT_DONE)
		status = put_file(d, t->tray, t->file, &bytes, false, &t->st);
	if (status == EXIT_DONE)
		status = wait_for(d, t, watch);
	else if (t->note_name[0] != '\0')
		unlinkat(d->reading.desk.tray[t->tray], t->note_name, 0);
	buf_free(&bytes);
	watch_free(watch);
	return status;
}
