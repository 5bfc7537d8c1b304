/*
 * decisions: trays and clock, from a decision or a day to a ruling.
 *
 * May not: judge; policy.c does, from what is handed to it.
 * A fault of the decider: answered beside the paper, which is put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#include "sshsig.h"

#include "flowing.h"

/* Cases that the clock moves in one go. */
#define CLOCK_MOST 256

/* Papers that were edited or deleted, recorded in one commit. */
#define DAMAGE_MOST 100

/* How soon to look for a note that may be on its way, and at a decision on a
 * case that the open group has moved, ms. */
#define NOTE_MS 200
#define OPEN_MS 200

/* A decision that the machine does not let us judge is tried again, ms. */
#define TROUBLE_MS 10000

static void
why_text(struct buf *out, const struct decision *d,
    const struct faults *faults)
{
	char when[TIME_TEXT];

	buf_putf(out, "%s: what you did was undone.\n\n", d->paper.number);
	if (d->sig[0] != '\0')
		buf_putf(out, "Somebody brought the signature %s to %s/ (%s, "
		    "file of uid %ld).\n\n", d->sig, state_name(d->from),
		    time_local(when, clock_now()), d->uid);
	else
		buf_putf(out, "Somebody brought %s from %s/ to %s/ (%s, file "
		    "of uid %ld).\n\n", d->name, state_name(d->from),
		    state_name(d->to), time_local(when, clock_now()), d->uid);
	faults_block(faults, out);
	buf_putf(out, "\nThe paper is where it was. This note goes when the "
	    "case moves on.\n");
}

static int
undo(struct flow *f, const struct decision *d, const struct faults *faults)
{
	struct buf why = BUF_INIT, line = BUF_INIT;
	int status = 0;

	/* what is in the open group goes to where it says first: an
	 * explanation of now would not outlast that */
	if (map_has(&f->cases, d->paper.number)) {
		trays_release(f->trays, d, OPEN_MS);
		return 0;
	}
	why_text(&why, d, faults);
	fault_line(&faults->list[0], &line);
	log_event(LOG_INFO, d->paper.number, "event", "undone", "to",
	    state_name(d->to), "fault", buf_str(&line), NULL);
	f->counts.undone++;
	if (trays_undo(f->trays, d, buf_str(&why)) != 0)
		status = flow_fail(f, "a decision cannot be undone");
	trays_release(f->trays, d, 0);
	buf_free(&why);
	buf_free(&line);
	return status;
}

static int
undo_for(struct flow *f, const struct decision *d, unsigned code,
    const char *text)
{
	struct faults faults = FAULTS_INIT;
	int status;

	faults_add(&faults, code, 0, NULL, text);
	status = undo(f, d, &faults);
	faults_free(&faults);
	return status;
}

static void
note_put_off(struct flow *f, const struct decision *d, const char *why)
{
	struct buf key = BUF_INIT, text = BUF_INIT;

	buf_putf(&key, "decision %s", d->paper.number);
	if (why != NULL)
		buf_putf(&text, "a decision on %s waits, and is tried again: "
		    "%s", d->paper.number, why);
	desk_notice(f->desk, buf_str(&key), why == NULL ? NULL :
	    buf_str(&text));
	buf_free(&key);
	buf_free(&text);
}

/* It cannot be judged now, and nobody is to blame but the machine: it stays
 * where it is. */
static int
put_off(struct flow *f, const struct decision *d, const char *why)
{
	note_put_off(f, d, why);
	f->counts.put_off++;
	trays_release(f->trays, d, TROUBLE_MS);
	return 0;
}

/* A paper that is no longer the case's: somebody was faster. */
static int
undo_stale(struct flow *f, const struct decision *d,
    const struct casefile *c)
{
	struct decision here = *d;
	struct buf text = BUF_INIT;
	char name[PAPER_NAME];
	int status;

	here.from = c->request != REQUEST_NONE ? STATE_PENDING : c->state;
	buf_putf(&text, "%s is no longer the paper of %s that is decided on: "
	    "that is %s.", d->name, c->number, c->request != REQUEST_NONE ?
	    casefile_request_paper(c, name) : casefile_paper(c, name));
	status = undo_for(f, &here, FAULT_CHANGED, buf_str(&text));
	buf_free(&text);
	return status;
}

/* Has the paper checked again, as of today. */
static int
check_again(struct flow *f, const struct decision *d,
    const struct casefile *c)
{
	struct task *t = mem_alloc(sizeof(*t));
	char path[LEDGER_PATH];

	t->decision = *d;
	t->box = mem_str(c->box);
	if (ledger_read(f->ledger, ledger_head(f->ledger), ledger_path(path,
	    d->from, c->number, d->name), &t->paper) != 1) {
		task_free(t);
		return flow_fail(f, "%s", ledger_error());
	}
	flow_submit(f, t, PURPOSE_DECISION, &t->paper);
	return 0;
}

/* What a decision turns out to be. */
struct deciding {
	const struct decision *d;
	const struct casefile *c;
	struct case_decision known;
	struct judgement j;
	struct priors	 priors;
	char		*note;
	/* of a signature */
	struct decision	 said;		/* what it says, then decided on */
	struct signature signature;
	struct signer	 signer;
};

/* A paper as the ledger has it where it was signed. */
static int
read_signed(struct flow *f, enum state tray, const char *number,
    const char *name, struct buf *bytes)
{
	char path[LEDGER_PATH];

	return ledger_read(f->ledger, ledger_head(f->ledger),
	    ledger_path(path, tray, number, name), bytes);
}

static void
gather_priors(struct flow *f, struct deciding *x)
{
	const struct priors_from from = { f->ledger,
	    rulebook_rules(f->rulebook), flow_settings(f), clock_now(), true, NULL };

	priors_gather(&from, x->c, &x->d->paper, x->d->from, x->known.event,
	    &x->priors);
}

void
flow_name_deciders(struct ruling *r, const struct judgement *j,
    const struct priors *priors)
{
	const struct endorsement *e;
	size_t i;

	/* of a signer the key says enough */
	ruling_decider(r, j->who, j->evidence, j->key != NULL ? -1 : j->uid,
	    j->key);
	for (i = 0; j->complete && i < priors->n; i++) {
		e = &priors->list[i].said;
		if (j->counts[i])
			ruling_decider(r, e->who, e->evidence, e->uid,
			    e->key[0] == '\0' ? NULL : e->key);
	}
}

/* The decision is allowed: it becomes a ruling, or one of several that are
 * needed. */
static int
carry_out(struct flow *f, const struct deciding *x)
{
	struct rule_context ctx = flow_context(f);
	enum rule made = RULE_MADE;
	struct ruling *r;

	if (x->j.complete)
		made = rule_decide(&ctx, x->c, x->known.event, x->note, &r);
	else
		r = rule_endorse(&ctx, x->c, &x->d->paper, x->known.event,
		    x->note);
	if (made == RULE_TROUBLE)
		return flow_fail(f, "%s", ledger_error());
	if (made != RULE_MADE)
		return undo_for(f, x->d, FAULT_CHANGED, NULL);
	flow_name_deciders(r, &x->j, &x->priors);
	if (x->signature.text != NULL)
		rule_file_signature(r, x->c, &x->d->paper, x->known.event,
		    x->j.who, x->signature.text);
	f->counts.decided++;
	return flow_add(f, r, NULL, x->d);
}

/* An explanation for what is in no row of the table: if the case has changed
 * since, or in the same second, that somebody else was faster.  (The ledger
 * tells when a case changed by seconds.) */
static void
explain_change(const struct decision *d, const struct casefile *c,
    struct faults *faults)
{
	int64_t brought = d->brought / 1000;

	/* who took it from where it is now has seen how the case stands */
	if ((brought < c->changed || (brought == c->changed && !d->moved)) &&
	    faults->n > 0 && faults->list[0].code == FAULT_NOT_NOW)
		faults->list[0].code = FAULT_CHANGED;
}

static void
judge(struct flow *f, struct deciding *x)
{
	faults_free(&x->j.faults);
	policy_judge(flow_settings(f), &f->grounds, x->c, &x->known,
	    x->priors.list, x->priors.n, &x->j);
}

/* With the note that the decider has to say, if that is what is wanted.  -1: it
 * cannot be read. */
static int
judge_with_note(struct flow *f, struct deciding *x)
{
	x->known.at = clock_now();
	gather_priors(f, x);
	judge(f, x);
	if (!x->j.allowed && !x->j.wants_note)
		return 0;
	/* a signer who has no user here has no file either */
	if ((x->signature.text == NULL || x->j.uid >= 0) && trays_note(
	    f->trays, x->d, x->j.uid, x->j.who, &x->note) < 0)
		return -1;
	if (x->j.wants_note && x->note != NULL) {
		x->known.has_note = true;
		judge(f, x);
	}
	return 0;
}

static int
decide_on(struct flow *f, struct deciding *x, bool checked)
{
	const struct decision *d = x->d;
	struct faults faults = FAULTS_INIT;
	int status;

	x->known.event = rule_event(x->c, &d->paper, d->from, d->to, &faults);
	if (x->known.event == EVENT_COUNT) {
		explain_change(d, x->c, &faults);
		status = undo(f, d, &faults);
		faults_free(&faults);
		return status;
	}
	/* permissions may have changed a moment ago */
	if (desk_grounds(f->desk, &f->grounds) != 0)
		return put_off(f, d, f->grounds.why_not);
	if (judge_with_note(f, x) != 0)
		return put_off(f, d, "the note beside it cannot be read");
	if (x->priors.unclear)
		return put_off(f, d, "the signatures of those before cannot "
		    "be verified");
	if (x->j.wants_note && d->age < flow_settings(f)->settle && !f->once) {
		/* it may be on its way */
		trays_release(f->trays, d, NOTE_MS);
		return 0;
	}
	if (!x->j.allowed)
		return undo(f, d, &x->j.faults);
	if (x->known.event == EVENT_APPROVE && !checked &&
	    d->paper.kind == PAPER_FORM)
		return check_again(f, d, x->c);
	return carry_out(f, x);
}

/* Over the bytes in the ledger, never those in the tray. */
static int
verify(struct flow *f, struct deciding *x)
{
	struct buf bytes = BUF_INIT, why = BUF_INIT;
	int good = read_signed(f, x->d->from, x->c->number, x->d->name,
	    &bytes), status = 0;

	if (good == 1)
		good = sshsig_verify(rulebook_rules(f->rulebook),
		    flow_settings(f)->revocations, &x->signature,
		    buf_str(&bytes), bytes.len, clock_now(), &x->signer, &why);
	else
		status = flow_fail(f, "%s", ledger_error());
	if (status == 0 && good < 0)
		status = put_off(f, x->d, buf_str(&why));
	else if (status == 0 && good != 1)
		status = undo_for(f, x->d, FAULT_SIGNATURE, buf_str(&why));
	buf_free(&bytes);
	buf_free(&why);
	return good == 1 ? 1 : status;
}

/* 1: it is a signature, and *d goes where it says. */
static int
read_signature(struct flow *f, struct deciding *x, struct decision *d)
{
	struct buf bytes = BUF_INIT;
	enum event event;
	int found = trays_signature(f->trays, d, &bytes);

	if (found < 0)
		return put_off(f, d, "the signature cannot be read");
	if (found == 0) {
		trays_release(f->trays, d, 0);
		return 0;
	}
	if (signature_parse(&x->signature, buf_str(&bytes),
	    bytes.len) != 0) {
		buf_free(&bytes);
		if (d->age >= flow_settings(f)->settle || f->once)
			return undo_for(f, d, FAULT_SIGNATURE,
			    "The file is not a signature that ssh-keygen "
			    "wrote, or cannot be read.");
		trays_release(f->trays, d, NOTE_MS);
		return 0;
	}
	buf_free(&bytes);
	event = signature_decision(x->signature.name_space);
	if (event == EVENT_COUNT)
		return undo_for(f, d, FAULT_SIGNATURE, "The namespace says "
		    "what is decided: approve@docket, return@docket, "
		    "reject@docket or revoke@docket. This signature was made "
		    "for another.");
	d->to = state_brought(event);
	return 1;
}

/* A signature is verified last: by then the paper was checked. */
static int
decide_signed(struct flow *f, const struct decision *brought,
    struct deciding *x, bool checked)
{
	struct decision *d = &x->said;
	struct faults faults = FAULTS_INIT;
	enum event event;
	int status;

	*d = *brought;
	x->d = d;
	status = read_signature(f, x, d);
	if (status != 1)
		return status;
	event = rule_event(x->c, &d->paper, d->from, d->to, &faults);
	faults_free(&faults);
	if (event == EVENT_APPROVE && !checked && d->paper.kind == PAPER_FORM)
		return check_again(f, d, x->c);
	status = verify(f, x);
	if (status != 1)
		return status;
	x->known.signer = x->signer.who;
	x->known.key = x->signer.key;
	return decide_on(f, x, true);
}

static int
flow_decide(struct flow *f, const struct decision *d, bool checked)
{
	struct deciding x = { .d = d, .known = { .moved = d->moved,
	    .linked = d->linked, .uid = d->uid,
	    .desk_uid = (long)f->desk->uid } };
	struct casefile c;
	int found = flow_case(f, d->paper.number, &c), status;

	x.c = &c;
	note_put_off(f, d, NULL);
	if (found < 0)
		return -1;
	if (found == 0)
		return flow_fail(f, "the index does not know %s",
		    d->paper.number);
	if (d->sig[0] != '\0')
		status = decide_signed(f, d, &x, checked);
	else if (d->from == STATE_NONE)
		status = undo_stale(f, d, &c);
	else if (d->unreadable)
		status = undo_for(f, d, FAULT_ALTERED, "This desk may not "
		    "read the file that was put there, and cannot tell that "
		    "it is the paper.");
	else if (d->altered)
		status = undo_for(f, d, FAULT_ALTERED, NULL);
	else
		status = decide_on(f, &x, checked);
	faults_free(&x.j.faults);
	signature_free(&x.signature);
	free(x.note);
	casefile_free(&c);
	return status;
}

/* Whether what was found still is so: the trays may show another commit by
 * now, the day of the check may be over, or another list in force.  1, 0 or
 * -1. */
static int
is_current(struct flow *f, const struct task *t)
{
	if (!flow_is_current(f, &t->job))
		return 0;
	return trays_stands(f->trays, &t->decision);
}

/* What a worker says of a paper that is to be approved. */
int
flow_rule_decision(struct flow *f, struct task *t)
{
	int current = is_current(f, t);

	if (current < 0)
		return flow_fail(f, "%s", ledger_error());
	if (current == 0) {
		/* it is found again, as it stands now */
		trays_release(f->trays, &t->decision, 0);
		return 0;
	}
	switch (t->job.outcome) {
	case OUTCOME_TROUBLE:
		return put_off(f, &t->decision, "no worker could check the "
		    "paper once more");
	case OUTCOME_COSTLY:
		return undo_for(f, &t->decision, FAULT_COSTLY, NULL);
	case OUTCOME_VERDICT:
		break;
	}
	if (t->job.verdict.faults.n > 0)
		return undo(f, &t->decision, &t->job.verdict.faults);
	return flow_decide(f, &t->decision, true);
}

struct looking {
	struct flow	*flow;
	int		 status;
};

static bool
has_room(void *arg)
{
	const struct looking *l = arg;

	return flow_has_room(l->flow);
}

static void
on_decision(void *arg, const struct decision *d)
{
	struct looking *l = arg;

	if (l->status == 0)
		l->status = flow_decide(l->flow, d, false);
}

/* Damage is recorded, in one commit for all that was found at a time, and
 * mended when that is committed. */
static void
on_damage(void *arg, enum state tray, const char *name, const char *what)
{
	struct looking *l = arg;
	struct flow *f = l->flow;
	struct buf path = BUF_INIT;

	if (f->restore == NULL) {
		f->restore = mem_alloc(sizeof(*f->restore));
		ruling_init(f->restore);
		f->restore->event = EVENT_RESTORE;
		f->restore->at = clock_now();
	}
	buf_putf(&path, "%s/%s (%s)", state_name(tray), name, what);
	log_event(LOG_WARN, "trays", "event", what, "path", buf_str(&path),
	    NULL);
	ruling_subject(f->restore, buf_str(&path));
	buf_free(&path);
	f->restored++;
}

int
flow_look(struct flow *f)
{
	struct looking l = { f, 0 };
	const struct trays_found found = { has_room, on_decision, on_damage,
	    &l };
	struct ruling *r;
	int more = trays_look(f->trays, &found);

	if (more < 0)
		return flow_fail(f, "the trays cannot be read: %s",
		    ledger_error());
	f->more |= more == 1;
	if (l.status != 0)
		return -1;
	/* comparing may only give way, and find more */
	if (f->restore == NULL || ((more == 1 || !trays_compared(f->trays)) &&
	    f->restored < DAMAGE_MOST))
		return 0;
	r = f->restore;
	f->restore = NULL;
	f->restored = 0;
	return flow_add(f, r, NULL, NULL);
}

/* The clock. */

struct due_list {
	struct flow	*flow;
	enum event	 event;
	int64_t		 now, before;
	char		 today[DAY_TEXT];
	unsigned	 n;
};

/* The index does not know the open group, which may have moved the case
 * since. */
static bool
is_still_due(const struct due_list *due, const struct casefile *c)
{
	struct case_key key;

	switch (due->event) {
	case EVENT_EFFECT:
		return !c->in_force &&
		    strcmp(c->facts.effective, due->today) <= 0;
	case EVENT_EXPIRE:
		return c->facts.expiry[0] != '\0' &&
		    strcmp(c->facts.expiry, due->today) < 0;
	case EVENT_RETIRE:
		return casefile_retiring_key(c, due->now, &key);
	case EVENT_LAPSE:
		return c->waiting > 0 && c->waiting <= due->before;
	case EVENT_NOTIFY:
		return c->facts.expiry[0] != '\0';
	default:
		bug("the clock does not bring this about");
	}
}

/* The notice that is due on the very day that its commit will bear. */
static enum rule
decide_notice(const struct rule_context *ctx, const struct casefile *c,
    struct ruling **r)
{
	int32_t expiry, left;

	if (day_parse(c->facts.expiry, &expiry) != 0)
		return RULE_FAULT;
	left = expiry - clock_day(ctx->now);
	return left < 0 ? RULE_FAULT : rule_notify(ctx, c,
	    settings_notice(ctx->settings, left, c->notified), r);
}

static int
bring_about(void *arg, const char *number)
{
	struct due_list *due = arg;
	struct flow *f = due->flow;
	struct rule_context ctx = flow_context(f);
	struct casefile c;
	struct ruling *r;
	int status = 0;

	if (flow_case(f, number, &c) != 1)
		return -1;
	if (!is_still_due(due, &c)) {
		casefile_free(&c);
		return 0;
	}
	switch (due->event == EVENT_NOTIFY ? decide_notice(&ctx, &c, &r) :
	    rule_decide(&ctx, &c, due->event, NULL, &r)) {
	case RULE_MADE:
		due->n++;
		status = flow_add(f, r, NULL, NULL);
		break;
	case RULE_TROUBLE:
		status = flow_fail(f, "%s", ledger_error());
		break;
	default:
		break;		/* this very group has moved it on */
	}
	casefile_free(&c);
	return status;
}

static int
collect_due(void *arg, const char *number)
{
	struct buf *numbers = arg;

	buf_putf(numbers, "%s\n", number);
	return 0;
}

static int
bring_all_about(struct due_list *due, enum due what, const char *prefix,
    const char *day)
{
	struct flow *f = due->flow;
	struct buf numbers = BUF_INIT;
	char *at, *number;
	int status;

	status = index_due(f->index, what, prefix, due->before, day, CLOCK_MOST,
	    collect_due, &numbers);
	if (status != 0)
		status = flow_fail(f, "%s", index_error());
	at = numbers.data;
	while (status == 0 && (number = strsep(&at, "\n")) != NULL)
		if (*number != '\0')
			status = bring_about(due, number);
	buf_free(&numbers);
	return status;
}

static int
lapse_all(struct due_list *due)
{
	struct flow *f = due->flow;
	struct buf prefixes = BUF_INIT;
	const struct review *review;
	char *at, *prefix;
	int status = index_prefixes(f->index, collect_due, &prefixes);

	if (status != 0)
		status = flow_fail(f, "%s", index_error());
	due->event = EVENT_LAPSE;
	at = prefixes.data;
	while (status == 0 && (prefix = strsep(&at, "\n")) != NULL) {
		review = settings_review(flow_settings(f), prefix);
		if (*prefix == '\0' || review->lapse == 0)
			continue;
		due->before = due->now - review->lapse / 1000;
		status = bring_all_about(due, DUE_LAPSE, prefix,
		    due->today);
	}
	buf_free(&prefixes);
	return status;
}

/* Those that have come within one of the thresholds. */
static int
notify_all(struct due_list *due)
{
	const struct settings *s = flow_settings(due->flow);
	char day[DAY_TEXT];
	int status = 0;
	size_t i;

	due->event = EVENT_NOTIFY;
	for (i = 0; i < s->n_notices && status == 0; i++) {
		due->before = s->notices[i];
		day_text(day, clock_day(due->now) + (int32_t)s->notices[i]);
		status = bring_all_about(due, DUE_NOTIFY, "", day);
	}
	return status;
}

int
flow_clock(struct flow *f)
{
	struct due_list due = { .flow = f, .now = clock_now() };

	day_text(due.today, clock_day(due.now));
	if (lapse_all(&due) != 0)
		return -1;
	due.event = EVENT_EFFECT;
	if (bring_all_about(&due, DUE_EFFECT, "", due.today) != 0)
		return -1;
	due.event = EVENT_EXPIRE;
	if (bring_all_about(&due, DUE_EXPIRE, "", due.today) != 0)
		return -1;
	/* what has expired is nothing to warn of any more */
	if (notify_all(&due) != 0)
		return -1;
	due.event = EVENT_RETIRE;
	due.before = due.now;
	if (bring_all_about(&due, DUE_RETIRE, "", due.today) != 0)
		return -1;
	f->clock_more |= due.n > 0;
	return 0;
}
