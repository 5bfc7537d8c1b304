/*
 * casefile: where a case stands.
 *
 * May not: read a clock; know where a ruling came from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#include "casefile.h"
#include "limit.h"

void
casefile_init(struct casefile *c)
{
	*c = (struct casefile){ .state = STATE_NONE };
}

void
casefile_free(struct casefile *c)
{
	free(c->form);
	free(c->catalog);
	free(c->box);
	free(c->request_box);
	free(c->submitters);
	free(c->endorsed);
	free(c->keys);
	facts_free(&c->facts);
	facts_free(&c->asked);
	casefile_init(c);
}

void
casefile_copy(struct casefile *to, const struct casefile *from)
{
	*to = *from;
	to->form = mem_str(from->form);
	to->catalog = mem_str(from->catalog);
	to->box = mem_str(from->box);
	to->request_box = mem_str(from->request_box);
	to->submitters = mem_str(from->submitters);
	to->endorsed = mem_str(from->endorsed);
	to->keys = mem_str(from->keys);
	facts_copy(&to->facts, &from->facts);
	facts_copy(&to->asked, &from->asked);
}

bool
casefile_submitted_by(const struct casefile *c, long uid)
{
	char text[32];

	snprintf(text, sizeof(text), " %ld ", uid);
	return c->submitters != NULL && strstr(c->submitters, text) != NULL;
}

static void
add_submitter(struct casefile *c, long uid)
{
	struct buf b = BUF_INIT;

	if (uid < 0 || casefile_submitted_by(c, uid))
		return;
	buf_puts(&b, c->submitters == NULL ? " " : c->submitters);
	buf_putf(&b, "%ld ", uid);
	free(c->submitters);
	c->submitters = buf_take(&b);
}

static void
set(char **to, const char *value)
{
	char *copy = mem_str(value);

	free(*to);
	*to = copy;
}

static void
set_facts(struct facts *to, const struct facts *from)
{
	facts_free(to);
	facts_copy(to, from);
}

static bool
is_in_force(const struct facts *facts, const char *day)
{
	return facts->effective[0] == '\0' ||
	    strcmp(facts->effective, day) <= 0;
}

static void
close_request(struct casefile *c)
{
	c->request = REQUEST_NONE;
	c->request_revision = 0;
	set(&c->request_box, NULL);
	facts_free(&c->asked);
	c->asked_sha256[0] = '\0';
	c->overlap[0] = '\0';
	c->waiting = 0;
}

/* A form comes: the first, a new revision, or changed terms. */
static void
take_form(struct casefile *c, const struct ruling *r)
{
	c->last_revision = r->revision;
	c->revision = r->revision;
	memcpy(c->sha256, r->sha256, sizeof(c->sha256));
	memcpy(c->digest, r->digest, sizeof(c->digest));
	set_facts(&c->facts, &r->facts);
	add_submitter(c, r->uid);
	c->waiting = r->at;
}

static void
on_receive(struct casefile *c, const struct ruling *r)
{
	memcpy(c->number, r->number, sizeof(c->number));
	set(&c->form, r->form);
	set(&c->box, r->box);
	c->received = r->at;
	take_form(c, r);
}

/* Changed terms, or a request about the case, begin to wait. */
static void
take_request(struct casefile *c, const struct ruling *r)
{
	c->request = r->request;
	c->request_revision = r->revision;
	set(&c->request_box, r->box);
	add_submitter(c, r->uid);
	c->waiting = r->at;
	memcpy(c->asked_sha256, r->sha256, sizeof(c->asked_sha256));
	if (r->request == REQUEST_REVOCATION) {
		c->requests = r->revision;
		return;
	}
	if (r->request == REQUEST_ROTATION) {
		c->rotations = r->revision;
		memcpy(c->overlap, r->overlap, sizeof(c->overlap));
		return;
	}
	c->last_revision = r->revision;
	memcpy(c->digest, r->digest, sizeof(c->digest));
	set_facts(&c->asked, &r->facts);
}

static void
on_revise(struct casefile *c, const struct ruling *r)
{
	if (c->request == REQUEST_CHANGE)
		take_request(c, r);
	else
		take_form(c, r);
}

/* Keys. */

bool
casefile_next_key(const char **at, struct case_key *k)
{
	long long issued, until;
	int used = 0;

	if (*at == NULL || **at == '\0' || sscanf(*at, "%u %64s %lld %lld%n",
	    &k->revision, k->sha256, &issued, &until, &used) != 4)
		return false;
	*at += used + ((*at)[used] == '\n');
	k->issued = issued;
	k->until = until;
	return true;
}

bool
casefile_retiring_key(const struct casefile *c, int64_t now,
    struct case_key *first)
{
	const char *at = c->keys;
	struct case_key k;
	bool found = false;

	while (casefile_next_key(&at, &k))
		if (k.until > 0 && k.until <= now &&
		    (!found || k.until < first->until)) {
			*first = k;
			found = true;
		}
	return found;
}

/* Takes over the keys as they are now, and what follows from them. */
static void
set_keys(struct casefile *c, struct buf *keys)
{
	const char *at;
	struct case_key k;

	free(c->keys);
	c->keys = keys->len == 0 ? NULL : buf_take(keys);
	buf_free(keys);
	c->retires = 0;
	for (at = c->keys; casefile_next_key(&at, &k);)
		if (k.until > 0 && (c->retires == 0 || k.until < c->retires))
			c->retires = k.until;
}

static void
put_key(struct buf *out, const struct case_key *k)
{
	buf_putf(out, "%u %s %lld %lld\n", k->revision, k->sha256,
	    (long long)k->issued, (long long)k->until);
}

/* A key is issued; those before it end at once, or when the overlap that was
 * asked for is over, if they do not end earlier. */
static void
add_key(struct casefile *c, const struct ruling *r)
{
	struct case_key k, new = { .revision = r->key_revision,
	    .issued = r->at };
	struct buf keys = BUF_INIT;
	const char *at = c->keys;
	int64_t overlap = 0;

	overlap_parse(r->overlap, &overlap);
	while (overlap > 0 && casefile_next_key(&at, &k)) {
		if (k.until == 0 || k.until > r->at + overlap)
			k.until = r->at + overlap;
		put_key(&keys, &k);
	}
	memcpy(new.sha256, r->key, sizeof(new.sha256));
	put_key(&keys, &new);
	c->issued = r->key_revision;
	set_keys(c, &keys);
}

static void
on_retire(struct casefile *c, const struct ruling *r)
{
	struct buf keys = BUF_INIT;
	const char *at = c->keys;
	struct case_key k;

	while (casefile_next_key(&at, &k))
		if (strcmp(k.sha256, r->key) != 0)
			put_key(&keys, &k);
	set_keys(c, &keys);
}

static void
drop_keys(struct casefile *c)
{
	set_keys(c, &(struct buf)BUF_INIT);
}

static void
on_approve(struct casefile *c, const struct ruling *r)
{
	if (c->request == REQUEST_NONE || c->request == REQUEST_CHANGE)
		strcpy(c->approved, r->checked);
	if (c->request == REQUEST_CHANGE) {
		c->revision = c->request_revision;
		memcpy(c->sha256, c->asked_sha256, sizeof(c->sha256));
		set_facts(&c->facts, &c->asked);
	}
	/* of a change as of the approval before; a schema may have begun to
	 * say that such forms are lists, or ended */
	if (r->to == STATE_APPROVED)
		set(&c->catalog, r->catalog);
	close_request(c);
	if (r->key[0] != '\0')
		add_key(c, r);
	if (r->to != STATE_APPROVED)
		drop_keys(c);
	c->in_force = r->to == STATE_APPROVED &&
	    is_in_force(&c->facts, r->checked);
}

/* Returned, rejected, withdrawn, lapsed: nobody is waited for any more. */
static void
on_close(struct casefile *c, const struct ruling *r)
{
	if (r->event == EVENT_WITHDRAW)
		c->withdrawals++;
	close_request(c);
}

static void
on_effect(struct casefile *c, const struct ruling *r)
{
	(void)r;
	c->in_force = true;
}

unsigned
casefile_notified(const struct casefile *c)
{
	int32_t approved, expiry;
	unsigned left;

	if (day_parse(c->approved, &approved) != 0 ||
	    day_parse(c->facts.expiry, &expiry) != 0 || expiry <= approved)
		return 0;
	left = (unsigned)(expiry - approved);
	if (left > LIMIT_NOTICE_DAYS)
		left = LIMIT_NOTICE_DAYS + 1;
	/* a later last day begins anew */
	if (c->noticed > 0 && c->noticed < left &&
	    strcmp(c->facts.expiry, c->noticed_of) <= 0)
		return c->noticed;
	return left;
}

int32_t
casefile_since(const struct casefile *c, int32_t today)
{
	int32_t effective;

	return c->state == STATE_APPROVED &&
	    day_parse(c->facts.effective, &effective) == 0 &&
	    effective < today ? effective : today;
}

static void
on_notify(struct casefile *c, const struct ruling *r)
{
	c->noticed = r->notice;
	strcpy(c->noticed_of, r->expiry);
}

/* "PAPER DECISION EVIDENCE UID KEY LIST WHO" */
static void
on_endorse(struct casefile *c, const struct ruling *r)
{
	const struct decider *d = r->deciders;
	struct buf b = BUF_INIT;
	char name[PAPER_NAME];

	if (r->n_deciders == 0)
		return;
	if (c->endorsed != NULL)
		buf_puts(&b, c->endorsed);
	buf_putf(&b, "%s %s %s %ld %s %s %s\n", ruling_paper(r, name),
	    event_name(r->decision), evidence_name(d->evidence), d->uid,
	    d->key == NULL ? "-" : d->key, r->list[0] == '\0' ? "-" :
	    r->list, d->name);
	free(c->endorsed);
	c->endorsed = buf_take(&b);
}

bool
casefile_next_endorsement(const char **at, struct endorsement *e)
{
	char decision[16], evidence[16];
	int used = 0;

	if (*at == NULL || **at == '\0' ||
	    sscanf(*at, "%159s %15s %15s %ld %79s %64s %63[^\n]%n", e->paper,
	    decision, evidence, &e->uid, e->key, e->list, e->who, &used) != 7)
		return false;
	*at += used + ((*at)[used] == '\n');
	e->decision = event_named(decision);
	e->evidence = evidence_named(evidence);
	if (strcmp(e->key, "-") == 0)
		e->key[0] = '\0';
	if (strcmp(e->list, "-") == 0)
		e->list[0] = '\0';
	return true;
}

/* What is said of papers that are no longer decided on counts no more. */
static void
clear_endorsed(struct casefile *c, enum state was)
{
	char form[PAPER_NAME], request[PAPER_NAME] = "";
	const char *at = c->endorsed, *line;
	struct endorsement e;
	struct buf keep = BUF_INIT;

	if (at == NULL)
		return;
	casefile_paper(c, form);
	if (c->request != REQUEST_NONE)
		casefile_request_paper(c, request);
	for (line = at; casefile_next_endorsement(&at, &e); line = at)
		if (strcmp(e.paper, request) == 0 ||
		    (c->state == was && strcmp(e.paper, form) == 0))
			buf_put(&keep, line, (size_t)(at - line));
	free(c->endorsed);
	c->endorsed = keep.len == 0 ? NULL : buf_take(&keep);
	buf_free(&keep);
}

static void
on_end(struct casefile *c, const struct ruling *r)
{
	(void)r;
	close_request(c);
	drop_keys(c);
	c->in_force = false;
}

static void (*const effect[EVENT_COUNT])(struct casefile *,
    const struct ruling *) = {
	[EVENT_RECEIVE] = on_receive,
	[EVENT_REVISE] = on_revise,
	[EVENT_RESUBMIT] = take_form,
	[EVENT_ASK] = take_request,
	[EVENT_APPROVE] = on_approve,
	[EVENT_RETURN] = on_close,
	[EVENT_REJECT] = on_close,
	[EVENT_WITHDRAW] = on_close,
	[EVENT_LAPSE] = on_close,
	[EVENT_ENDORSE] = on_endorse,
	[EVENT_EFFECT] = on_effect,
	[EVENT_EXPIRE] = on_end,
	[EVENT_RETIRE] = on_retire,
	[EVENT_NOTIFY] = on_notify,
	[EVENT_SUPERSEDE] = on_end,
	[EVENT_REVOKE] = on_end,
};

int
casefile_apply(struct casefile *c, const struct ruling *r)
{
	const struct transition *t = state_next(c->state, c->request,
	    r->event);

	if (t == NULL || t->from != r->from || t->to != r->to ||
	    effect[r->event] == NULL)
		return -1;
	effect[r->event](c, r);
	c->state = r->to;
	c->changed = r->at;
	c->notified = casefile_notified(c);
	clear_endorsed(c, r->from);
	return 0;
}

const char *
casefile_paper(const struct casefile *c, char name[PAPER_NAME])
{
	struct paper p = { .kind = PAPER_FORM, .revision = c->revision };

	strcpy(p.number, c->number);
	return paper_name(name, &p);
}

const char *
casefile_key_paper(const struct casefile *c, const struct case_key *k,
    char name[PAPER_NAME])
{
	struct paper p = { .kind = PAPER_KEY, .revision = k->revision };

	strcpy(p.number, c->number);
	return paper_name(name, &p);
}

const char *
casefile_request_paper(const struct casefile *c, char name[PAPER_NAME])
{
	struct paper p = {
		.kind = paper_of_request(c->request),
		.revision = c->request_revision,
	};

	strcpy(p.number, c->number);
	return paper_name(name, &p);
}

const char *
casefile_decided_paper(const struct casefile *c, enum event decision,
    char name[PAPER_NAME])
{
	return c->request != REQUEST_NONE && decision != EVENT_REVOKE ?
	    casefile_request_paper(c, name) : casefile_paper(c, name);
}
