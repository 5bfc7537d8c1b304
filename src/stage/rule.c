/*
 * rule: from a claim, a decision or a day to a ruling.
 *
 * May not: write; decide who may decide (policy.c).
 * A fault of the form: a request that the case's state does not allow, a
 * stamp that is not of this desk, a client that the box does not speak for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "xmlout.h"

#include "rule.h"

/* Permissions. */

bool
rule_may_send(const struct settings *s, const char *box,
    const struct facts *facts, struct faults *faults)
{
	const char *client = settings_client(s, box);

	if (client == NULL || facts->client == NULL ||
	    strcmp(client, facts->client) == 0)
		return true;
	faults_addf(faults, FAULT_NOT_PERMITTED, 0, NULL, "inbox/%s is for "
	    "client %s; the form names %.100s.", box, client, facts->client);
	return false;
}

bool
rule_may_list(const struct settings *s, const char *box,
    const struct form_type *type, struct faults *faults)
{
	if (type->lists == NULL || settings_client(s, box) == NULL)
		return true;
	faults_addf(faults, FAULT_NOT_PERMITTED, 0, NULL, "The list of %s is "
	    "that of the whole desk, and inbox/%s speaks for client %s only. "
	    "It is sent through inbox itself.", type->lists, box,
	    settings_client(s, box));
	return false;
}

/* A box speaks for its own client, and for cases that came through it. */
static bool
may_speak_for(const struct settings *s, const char *box,
    const struct casefile *c, struct faults *faults)
{
	const char *client = settings_client(s, box);

	if (client == NULL || strcmp(c->box, box) == 0 ||
	    (c->facts.client != NULL && strcmp(c->facts.client, client) == 0))
		return true;
	faults_addf(faults, FAULT_NOT_PERMITTED, 0, NULL, "%s is not a case "
	    "of client %s.", c->number, client);
	return false;
}

/* Rulings. */

static struct ruling *
new_ruling(const struct rule_context *ctx, enum event event,
    const struct casefile *c)
{
	struct ruling *r = mem_alloc(sizeof(*r));

	ruling_init(r);
	r->event = event;
	r->at = ctx->now;
	if (c == NULL)
		return r;
	strcpy(r->number, c->number);
	r->form = mem_str(c->form);
	r->client = mem_str(c->facts.client);
	r->label = mem_str(c->facts.label);
	r->from = r->to = c->state;
	r->revision = c->revision;
	ruling_answer(r, c->box);
	if (c->request_box != NULL)
		ruling_answer(r, c->request_box);
	return r;
}

static enum rule
give_up(struct ruling *r, enum rule why)
{
	ruling_free(r);
	free(r);
	return why;
}

static char *
note_of(const char *text)
{
	return text == NULL ? NULL : note_clean(text);
}

/* Who sent it, and what. */
static void
set_sender(struct ruling *r, const struct parcel *p)
{
	r->uid = p->uid;
	r->box = mem_str(p->box);
	r->intake = mem_str(p->id);
	r->file = parcel_source(p);
	ruling_answer(r, p->box);
}

/* The facts of a form; a box whose forms name no client names it. */
static void
set_facts(const struct rule_context *ctx, struct ruling *r,
    const struct rule_claim *claim)
{
	facts_copy(&r->facts, &claim->verdict->facts);
	if (r->facts.client == NULL)
		r->facts.client = mem_str(settings_client(ctx->settings,
		    claim->parcel->box));
	memcpy(r->digest, claim->parcel->digest, sizeof(r->digest));
	strcpy(r->checked, ctx->today);
}

/* Stamps the form and files it as this paper. */
static void
file_paper(const struct rule_context *ctx, struct ruling *r,
    const struct parcel *p, enum state tray, const struct paper *paper)
{
	const struct buf *form = parcel_form(p);
	char received[TIME_TEXT], name[PAPER_NAME], path[LEDGER_PATH];
	struct buf stamped = BUF_INIT;
	struct stamp stamp = { .revision = paper->revision };

	strcpy(stamp.desk, ctx->settings->desk_id);
	strcpy(stamp.number, paper->number);
	strcpy(stamp.received, time_text(received, ctx->now));
	strcpy(stamp.sha256, p->digest);
	stamp.from = parcel_source(p);
	stamp_put(&stamped, form->data, form->len, &stamp);
	stamp_free(&stamp);
	hash_sha256(r->sha256, stamped.data, stamped.len);
	ruling_put(r, ledger_path(path, tray, paper->number,
	    paper_name(name, paper)), stamped.data, stamped.len);
	buf_free(&stamped);
}

static struct paper
paper_of(const char *number, enum paper_kind kind, unsigned revision)
{
	struct paper p = { .kind = kind, .revision = revision };

	strcpy(p.number, number);
	return p;
}

/* Papers of a case from one tray to another, or out of it. */

struct papers {
	struct ruling	*ruling;
	enum state	 from, to;	/* to STATE_NONE: dropped */
	enum paper_kind	 only;		/* with `one': of this kind */
	bool		 one;
};

static int
take_paper(void *arg, const char *name)
{
	const struct papers *p = arg;
	char from[LEDGER_PATH], to[LEDGER_PATH];
	const char *number = p->ruling->number;
	struct paper paper;

	if (p->one && (paper_parse(name, &paper) != 0 ||
	    (paper.kind == PAPER_SIGNATURE ? paper.about : paper.kind) !=
	    p->only))
		return 0;
	ledger_path(from, p->from, number, name);
	if (p->to == STATE_NONE)
		ruling_drop(p->ruling, from);
	else
		ruling_move(p->ruling, from,
		    ledger_path(to, p->to, number, name));
	return 0;
}

static int
move_papers(const struct rule_context *ctx, struct ruling *r, enum state from,
    enum state to)
{
	struct papers p = { .ruling = r, .from = from, .to = to };

	if (from == to)
		return 0;
	return ctx->papers(ctx->ledger, from, r->number, take_paper, &p);
}

/* Drops what a new revision takes the place of, and what was signed of it. */
static int
drop_forms(const struct rule_context *ctx, struct ruling *r, enum state from)
{
	struct papers p = { .ruling = r, .from = from, .one = true,
	    .only = PAPER_FORM };

	return ctx->papers(ctx->ledger, from, r->number, take_paper, &p);
}

/* Claims. */

enum rule
rule_receive(const struct rule_context *ctx, const struct rule_claim *claim,
    const char *number, struct ruling **made)
{
	struct paper paper = paper_of(number, PAPER_FORM, 1);
	struct ruling *r = new_ruling(ctx, EVENT_RECEIVE, NULL);

	strcpy(r->number, number);
	r->form = mem_str(claim->type->form);
	r->from = STATE_NONE;
	r->to = STATE_PENDING;
	r->revision = 1;
	set_sender(r, claim->parcel);
	set_facts(ctx, r, claim);
	r->client = mem_str(r->facts.client);
	r->label = mem_str(r->facts.label);
	file_paper(ctx, r, claim->parcel, STATE_PENDING, &paper);
	*made = r;
	return RULE_MADE;
}

static bool
stamp_fits(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, struct faults *faults)
{
	const struct stamp *s = claim->stamp;

	if (strcmp(s->desk, ctx->settings->desk_id) != 0)
		faults_add(faults, FAULT_STAMP, 0, NULL,
		    "The form bears the stamp of another desk.");
	else if (strcmp(c->form, claim->type->form) != 0)
		faults_addf(faults, FAULT_STAMP, 0, NULL,
		    "%s is about another kind of form.", c->number);
	else if (s->revision != c->last_revision && s->revision != c->revision)
		faults_addf(faults, FAULT_CHANGED, 0, NULL,
		    "This is revision %u of %s; the last one is %u.",
		    s->revision, c->number, c->last_revision);
	else
		return true;
	return false;
}

/* A case is of one client for ever. */
static bool
client_fits(const struct casefile *c, const struct facts *facts,
    struct faults *faults)
{
	const char *was = c->facts.client, *is = facts->client;

	if (was == NULL || is == NULL || strcmp(was, is) == 0)
		return true;
	faults_addf(faults, FAULT_NOT_PERMITTED, 0, NULL, "%s is a case of "
	    "client %.100s; a revision cannot make it one of %.100s. Send a "
	    "new application instead.", c->number, was, is);
	return false;
}

/* What a new revision means where the case stands. */
static enum event
revision_event(const struct casefile *c, struct faults *faults)
{
	if (c->state == STATE_PENDING)
		return EVENT_REVISE;
	if (c->state == STATE_RETURNED)
		return EVENT_RESUBMIT;
	if (c->state != STATE_APPROVED)
		faults_addf(faults, FAULT_NOT_NOW, 0, NULL, "%s is %s: the "
		    "case is closed. Send a new application, without the "
		    "line <?docket ...?>.", c->number, state_name(c->state));
	else if (c->request == REQUEST_CHANGE)
		return EVENT_REVISE;
	else if (c->request == REQUEST_NONE)
		return EVENT_ASK;
	else
		faults_addf(faults, FAULT_REQUEST_OPEN, 0, NULL, "For %s a "
		    "%s was asked for, and is not decided yet.", c->number,
		    request_name(c->request));
	return EVENT_COUNT;
}

/* The stamped form just as it was filed; of a returned one that is an answer
 * all the same. */
static bool
is_unchanged(const struct casefile *c, const struct parcel *p)
{
	return c->state != STATE_RETURNED &&
	    (strcmp(p->digest, c->sha256) == 0 ||
	    strcmp(p->digest, c->asked_sha256) == 0);
}

enum rule
rule_revise(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, struct ruling **made, struct faults *faults)
{
	struct paper paper = paper_of(c->number, PAPER_FORM,
	    c->last_revision + 1);
	const struct transition *t;
	struct ruling *r;
	enum event event;

	if (!may_speak_for(ctx->settings, claim->parcel->box, c, faults) ||
	    !stamp_fits(ctx, claim, c, faults))
		return RULE_FAULT;
	event = revision_event(c, faults);
	if (event == EVENT_COUNT)
		return RULE_FAULT;
	if (is_unchanged(c, claim->parcel))
		return RULE_DUPLICATE;
	if (!client_fits(c, &claim->verdict->facts, faults))
		return RULE_FAULT;
	t = state_next(c->state, c->request, event);
	r = new_ruling(ctx, event, c);
	r->from = t->from;
	r->to = t->to;
	r->revision = paper.revision;
	if (c->state == STATE_APPROVED) {
		r->request = REQUEST_CHANGE;
		r->request_from = event == EVENT_ASK ? STATE_NONE :
		    STATE_PENDING;
		r->request_to = STATE_PENDING;
	}
	set_sender(r, claim->parcel);
	set_facts(ctx, r, claim);
	if (drop_forms(ctx, r, STATE_PENDING) != 0 ||
	    drop_forms(ctx, r, STATE_RETURNED) != 0)
		return give_up(r, RULE_TROUBLE);
	file_paper(ctx, r, claim->parcel, STATE_PENDING, &paper);
	*made = r;
	return RULE_MADE;
}

/* What is not as far as that, or farther. */
static enum rule
not_now(const struct casefile *c, const char *what, const char *pending,
    const char *approved, struct faults *faults)
{
	struct fault *f;

	f = faults_addf(faults, FAULT_NOT_NOW, 0, NULL, "%s is %s: it cannot "
	    "be %s.", c->number, state_name(c->state), what);
	if (f != NULL && (c->state == STATE_PENDING ||
	    c->state == STATE_RETURNED))
		f->remedy = mem_str(pending);
	else if (f != NULL && c->state == STATE_APPROVED)
		f->remedy = mem_str(approved);
	return RULE_FAULT;
}

/* Only one thing is asked for at a time. */
static bool
is_asked(const struct casefile *c, struct faults *faults)
{
	if (c->request == REQUEST_NONE)
		return false;
	faults_addf(faults, FAULT_REQUEST_OPEN, 0, NULL, "For %s a %s was "
	    "asked for, and is not decided yet.", c->number,
	    request_name(c->request));
	return true;
}

static struct ruling *
new_request(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, enum request request, const struct paper *paper)
{
	struct ruling *r = new_ruling(ctx, EVENT_ASK, c);

	r->request = request;
	r->request_to = STATE_PENDING;
	r->revision = paper->revision;
	r->note = note_of(claim->verdict->reason);
	set_sender(r, claim->parcel);
	file_paper(ctx, r, claim->parcel, STATE_PENDING, paper);
	return r;
}

static enum rule
ask_revocation(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, struct ruling **made, struct faults *faults)
{
	struct paper paper = paper_of(c->number, PAPER_REVOCATION,
	    c->requests + 1);

	if (c->state != STATE_APPROVED)
		return not_now(c, "revoked", "What is not approved is "
		    "withdrawn: use forms/withdrawal.xml.", NULL, faults);
	if (is_asked(c, faults))
		return RULE_FAULT;
	*made = new_request(ctx, claim, c, REQUEST_REVOCATION, &paper);
	return RULE_MADE;
}

static bool
no_key(const struct casefile *c, struct faults *faults)
{
	if (c->keys != NULL)
		return false;
	faults_addf(faults, FAULT_NOT_NOW, 0, NULL, "%s has no key that "
	    "another could take the place of.", c->number);
	return true;
}

static enum rule
ask_rotation(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, struct ruling **made, struct faults *faults)
{
	struct paper paper = paper_of(c->number, PAPER_ROTATION,
	    c->rotations + 1);
	struct ruling *r;

	if (c->state != STATE_APPROVED)
		return not_now(c, "given a new key", "It has no key yet: that "
		    "is issued when it is approved.", NULL, faults);
	if (is_asked(c, faults) || no_key(c, faults))
		return RULE_FAULT;
	r = new_request(ctx, claim, c, REQUEST_ROTATION, &paper);
	memcpy(r->overlap, claim->verdict->overlap, sizeof(r->overlap));
	*made = r;
	return RULE_MADE;
}

static enum rule
withdraw(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, struct ruling **made, struct faults *faults)
{
	const struct transition *t = state_next(c->state, c->request,
	    EVENT_WITHDRAW);
	struct paper paper = paper_of(c->number, PAPER_WITHDRAWAL,
	    c->withdrawals + 1);
	struct ruling *r;
	int status;

	if (t == NULL)
		return not_now(c, "withdrawn", NULL, "What was approved is "
		    "revoked: use forms/revocation.xml.", faults);
	r = new_ruling(ctx, EVENT_WITHDRAW, c);
	r->to = t->to;
	r->note = note_of(claim->verdict->reason);
	set_sender(r, claim->parcel);
	if (c->request != REQUEST_NONE) {
		r->request = c->request;
		r->request_from = STATE_PENDING;
		r->request_to = t->request_to;
		r->revision = c->request_revision;
		status = move_papers(ctx, r, STATE_PENDING, t->request_to);
	} else
		status = move_papers(ctx, r, c->state, t->to);
	if (status != 0)
		return give_up(r, RULE_TROUBLE);
	file_paper(ctx, r, claim->parcel, STATE_REJECTED, &paper);
	*made = r;
	return RULE_MADE;
}

enum rule
rule_request(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct casefile *c, struct ruling **made, struct faults *faults)
{
	if (!may_speak_for(ctx->settings, claim->parcel->box, c, faults))
		return RULE_FAULT;
	return claim->type->ask == ASK_REVOCATION ?
	    ask_revocation(ctx, claim, c, made, faults) :
	    claim->type->ask == ASK_ROTATION ?
	    ask_rotation(ctx, claim, c, made, faults) :
	    withdraw(ctx, claim, c, made, faults);
}

/* Decisions. */

/* What the paper is to the case: its form, its open request, or neither. */
static bool
is_request_paper(const struct casefile *c, const struct paper *p)
{
	return c->request != REQUEST_NONE &&
	    p->kind == paper_of_request(c->request) &&
	    p->revision == c->request_revision;
}

static bool
is_form_paper(const struct casefile *c, const struct paper *p)
{
	return p->kind == PAPER_FORM && p->revision == c->revision;
}

enum event
rule_event(const struct casefile *c, const struct paper *p, enum state from,
    enum state to, struct faults *faults)
{
	enum event event = EVENT_COUNT;

	if (is_request_paper(c, p) && from == STATE_PENDING)
		event = state_decision(from, to, c->request);
	else if (is_form_paper(c, p) && from == c->state)
		event = state_decision(from, to, REQUEST_NONE);
	/* a request is not revoked, and a form not decided on twice */
	if (event != EVENT_COUNT && (is_request_paper(c, p) ?
	    event != EVENT_REVOKE : c->request == REQUEST_NONE ||
	    event == EVENT_REVOKE) &&
	    state_next(c->state, c->request, event) != NULL)
		return event;
	faults_addf(faults, FAULT_NOT_NOW, 0, NULL,
	    "From %s/ this paper cannot go to %s/: %s is %s.",
	    state_name(from), state_name(to), c->number, state_name(c->state));
	return EVENT_COUNT;
}

/* What neither decides on the open request nor ends it. */
static bool
is_beside(enum event event)
{
	return event == EVENT_EFFECT || event == EVENT_RETIRE;
}

/* Where the papers go, for decisions and for what the clock brings. */
static int
move_for(const struct rule_context *ctx, struct ruling *r,
    const struct casefile *c, const struct transition *t)
{
	bool request_decided = r->request != REQUEST_NONE;

	if (is_beside(t->event))
		return 0;
	if (!request_decided && c->request == REQUEST_NONE)
		return move_papers(ctx, r, c->state, t->to);
	/* an approved change takes the form's place */
	if (t->event == EVENT_APPROVE && c->request == REQUEST_CHANGE)
		return drop_forms(ctx, r, STATE_APPROVED) != 0 ? -1 :
		    move_papers(ctx, r, STATE_PENDING, STATE_APPROVED);
	if (move_papers(ctx, r, c->state, t->to) != 0)
		return -1;
	return move_papers(ctx, r, STATE_PENDING, t->request_to);
}

/* Keys. */

/* The record of a key that is good no more. */
static void
move_key(struct ruling *r, const struct casefile *c, const struct case_key *k)
{
	char name[PAPER_NAME], from[LEDGER_PATH], to[LEDGER_PATH];

	casefile_key_paper(c, k, name);
	ruling_move(r, ledger_path(from, STATE_APPROVED, r->number, name),
	    ledger_path(to, STATE_REVOKED, r->number, name));
}

static void
end_key(struct ruling *r, const struct casefile *c, const struct case_key *k)
{
	memcpy(r->key, k->sha256, sizeof(r->key));
	r->key_revision = k->revision;
	move_key(r, c, k);
}

static void
put_record(struct buf *out, const struct ruling *r, const struct case_key *k)
{
	struct xmlout x;

	xml_begin(&x, out);
	xml_open(&x, "key");
	xml_attr(&x, "xmlns", "urn:docket:key:1");
	xml_attr(&x, "number", r->number);
	xml_attr_num(&x, "revision", (long)k->revision);
	xml_attr(&x, "sha256", k->sha256);
	if (r->client != NULL)
		xml_attr(&x, "client", r->client);
	xml_close(&x);
}

bool
rule_wants_key(const struct ruling *r, bool issues)
{
	return r->event == EVENT_APPROVE && (r->request == REQUEST_ROTATION ||
	    (r->request == REQUEST_NONE && issues));
}

void
rule_issue_key(struct ruling *r, const struct casefile *c, const char *sha256)
{
	struct case_key k, new = { .revision = c->issued + 1 };
	const char *at = c->keys;
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct buf record = BUF_INIT;

	while (strcmp(r->overlap, "0") == 0 && casefile_next_key(&at, &k))
		move_key(r, c, &k);
	snprintf(new.sha256, sizeof(new.sha256), "%s", sha256);
	memcpy(r->key, new.sha256, sizeof(r->key));
	r->key_revision = new.revision;
	put_record(&record, r, &new);
	ruling_put(r, ledger_path(path, STATE_APPROVED, r->number,
	    casefile_key_paper(c, &new, name)), record.data, record.len);
	buf_free(&record);
}

/* The name of the list that such a form is, or NULL. */
static const char *
list_of(const struct rule_context *ctx, const struct casefile *c)
{
	int at = ctx->types == NULL ? -1 : types_find(ctx->types, c->form);

	return at < 0 ? NULL : ctx->types->list[at].lists;
}

enum rule
rule_decide(const struct rule_context *ctx, const struct casefile *c,
    enum event event, const char *note, struct ruling **made)
{
	const struct transition *t = state_next(c->state, c->request, event);
	struct case_key key;
	struct ruling *r;

	/* the day comes once, also where the open group has seen it */
	if (t == NULL || (event == EVENT_EFFECT && c->in_force) ||
	    (event == EVENT_RETIRE && !casefile_retiring_key(c, ctx->now,
	    &key)))
		return RULE_FAULT;
	r = new_ruling(ctx, event, c);
	r->to = t->to;
	r->note = note_of(note);
	if (event == EVENT_APPROVE)
		strcpy(r->checked, ctx->today);
	if (event == EVENT_APPROVE && t->to == STATE_APPROVED)
		r->catalog = mem_str(list_of(ctx, c));
	memcpy(r->sha256, c->sha256, sizeof(r->sha256));
	if (event == EVENT_RETIRE)
		end_key(r, c, &key);
	if (c->request != REQUEST_NONE && !is_beside(event)) {
		r->request = c->request;
		r->request_from = STATE_PENDING;
		r->request_to = t->event == EVENT_APPROVE &&
		    c->request == REQUEST_CHANGE ? STATE_APPROVED :
		    t->request_to;
		if (event != EVENT_REVOKE && event != EVENT_EXPIRE &&
		    event != EVENT_SUPERSEDE) {
			r->revision = c->request_revision;
			memcpy(r->sha256, c->asked_sha256, sizeof(r->sha256));
		}
		if (event == EVENT_APPROVE)
			memcpy(r->overlap, c->overlap, sizeof(r->overlap));
	}
	if (move_for(ctx, r, c, t) != 0)
		return give_up(r, RULE_TROUBLE);
	*made = r;
	return RULE_MADE;
}

enum rule
rule_notify(const struct rule_context *ctx, const struct casefile *c,
    unsigned days, struct ruling **made)
{
	const struct transition *t = state_next(c->state, c->request,
	    EVENT_NOTIFY);
	struct ruling *r;

	if (t == NULL || days == 0 || days >= c->notified)
		return RULE_FAULT;
	r = new_ruling(ctx, EVENT_NOTIFY, c);
	r->to = t->to;
	r->notice = days;
	memcpy(r->expiry, c->facts.expiry, sizeof(r->expiry));
	memcpy(r->sha256, c->sha256, sizeof(r->sha256));
	*made = r;
	return RULE_MADE;
}

struct ruling *
rule_endorse(const struct rule_context *ctx, const struct casefile *c,
    const struct paper *paper, enum event decision, const char *note)
{
	struct ruling *r = new_ruling(ctx, EVENT_ENDORSE, c);

	/* it is nothing to the applicant yet */
	free(r->answers);
	r->answers = NULL;
	r->decision = decision;
	r->note = note_of(note);
	memcpy(r->sha256, c->sha256, sizeof(r->sha256));
	if (decision == EVENT_APPROVE)
		strcpy(r->checked, ctx->today);
	if (is_request_paper(c, paper)) {
		r->request = c->request;
		r->request_from = r->request_to = STATE_PENDING;
		r->revision = c->request_revision;
		memcpy(r->sha256, c->asked_sha256, sizeof(r->sha256));
	}
	return r;
}

void
rule_file_signature(struct ruling *r, const struct casefile *c,
    const struct paper *about, enum event decision, const char *who,
    const char *text)
{
	struct paper p = paper_signature(about, decision, who);
	enum state tray = is_request_paper(c, about) ? r->request_to : r->to;
	char name[PAPER_NAME], path[LEDGER_PATH];

	ruling_put(r, ledger_path(path, tray, r->number, paper_name(name,
	    &p)), text, strlen(text));
}

struct ruling *
rule_refuse(const struct rule_context *ctx, const struct parcel *p,
    const struct faults *faults)
{
	struct ruling *r = new_ruling(ctx, EVENT_REFUSE, NULL);

	r->from = r->to = STATE_NONE;
	set_sender(r, p);
	strcpy(r->sha256, p->sha256);
	faults_copy(&r->faults, faults);
	return r;
}
