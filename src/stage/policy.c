/*
 * policy: may this decision be made, by this person, with this evidence?
 *
 * May not: read a clock or a file, keep anything.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"

#include "form.h"
#include "policy.h"

static void
refuse(struct judgement *j, unsigned code, const char *text,
    const char *remedy)
{
	struct fault *f = faults_add(&j->faults, code, 0, NULL, text);

	if (f != NULL)
		f->remedy = mem_str(remedy);
}

/* What is known says of who made it. */
static enum evidence
evidence_of(const struct grounds *g, const struct case_decision *d)
{
	if (d->signer != NULL)
		return EVIDENCE_SIGNATURE;
	if (d->uid == d->desk_uid || d->uid == 0) {
		/* the desk's own files say nothing, but where nobody else
		 * can be the one who moved or copied them */
		if (g->one_user)
			return EVIDENCE_OWNER;
		return d->moved ? EVIDENCE_MOVE : EVIDENCE_NONE;
	}
	return g->vouched ? EVIDENCE_OWNER : EVIDENCE_MOVE;
}

static void
refuse_unsigned(struct judgement *j, const struct case_decision *d)
{
	char text[320];

	snprintf(text, sizeof(text), "Sign the paper where it lies: "
	    "ssh-keygen -Y sign -n %s@docket -f KEY PAPER; or use: docket %s "
	    "NUMBER -k KEY", event_name(d->event), event_name(d->event));
	refuse(j, FAULT_NOT_PERMITTED, "This decision must be signed.", text);
}

static void
refuse_weak(struct judgement *j, const struct grounds *g,
    const struct case_decision *d, const struct policy *p)
{
	char text[320];

	if (p->evidence == EVIDENCE_SIGNATURE) {
		refuse_unsigned(j, d);
	} else if (j->evidence == EVIDENCE_NONE) {
		refuse(j, FAULT_NOT_PERMITTED,
		    "The copy belongs to the desk's own user or to root, and "
		    "does not tell who decided.",
		    "Decide under your own user: copy the paper yourself, or "
		    "use docket approve, return, reject or revoke.");
	} else if (!g->vouched && !d->moved) {
		snprintf(text, sizeof(text), "Who owns a file is no evidence "
		    "here: %s.", g->why_not);
		refuse(j, FAULT_NOT_PERMITTED, text,
		    "The operator can mend that; docket status tells how the "
		    "desk stands.");
	} else {
		snprintf(text, sizeof(text), "This desk asks for %s as "
		    "evidence; moving a paper does not tell who moved it.",
		    evidence_name(p->evidence));
		refuse(j, FAULT_NOT_PERMITTED, text,
		    "Copy the paper into the tray instead of moving it (in a "
		    "file manager: drag with Ctrl), or use docket approve, "
		    "return, reject or revoke.");
	}
}

static void
refuse_stranger(struct judgement *j, const struct case_decision *d)
{
	char text[200];

	if (d->signer != NULL)
		snprintf(text, sizeof(text), "The key is that of %.60s, who "
		    "is not a reviewer of this desk.", d->signer);
	else
		snprintf(text, sizeof(text), "The user with uid %ld is not a "
		    "reviewer of this desk.", d->uid);
	refuse(j, FAULT_NOT_PERMITTED, text,
	    "A reviewer must decide; docket.conf names them.");
}

/* Who it was, as far as the evidence goes: NULL is nobody in particular. */
static bool
identify(const struct settings *s, const struct case_decision *d,
    struct judgement *j, const struct reviewer **r)
{
	*r = NULL;
	if (j->evidence == EVIDENCE_MOVE) {
		j->who = "somebody";
		return true;
	}
	*r = d->signer != NULL ? settings_reviewer_named(s, d->signer) :
	    settings_reviewer(s, d->uid);
	if (*r == NULL) {
		refuse_stranger(j, d);
		return false;
	}
	j->who = (*r)->name;
	j->uid = (*r)->uid;
	j->key = d->key;
	return true;
}

/* Nobody decides on their own, nor on what is of those they belong to. */
static bool
is_apart(const struct casefile *c, const struct reviewer *r,
    struct judgement *j)
{
	if (r->uid >= 0 && casefile_submitted_by(c, r->uid))
		refuse(j, FAULT_NOT_PERMITTED,
		    "Nobody decides on what they have submitted themselves.",
		    "Another reviewer must decide.");
	else if (r->client != NULL && c->facts.client != NULL &&
	    strcmp(r->client, c->facts.client) == 0)
		refuse(j, FAULT_NOT_PERMITTED,
		    "Nobody decides on what their own client has submitted.",
		    "A reviewer who is not of this client must decide.");
	else
		return true;
	return false;
}

static const char *
note_remedy(enum event event)
{
	return event == EVENT_REVOKE ?
	    "Write the reason into NUMBER.note.txt beside the paper before "
	    "you move or copy it, or use: docket revoke NUMBER -m \"reason\"" :
	    "Write what is to be corrected into NUMBER.note.txt beside the "
	    "paper before you move or copy it, or use: docket return NUMBER "
	    "-m \"what to correct\"";
}

/* What is asked of a case. */

static const struct review *
review_of(const struct settings *s, const struct casefile *c)
{
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	number_split(c->number, prefix, &seq);
	return settings_review(s, prefix);
}

/* Since when a span of waiting is over. */
static int64_t
over_since(const struct casefile *c, int64_t span, int64_t at)
{
	int64_t since = c->waiting + span / 1000;

	return c->waiting > 0 && span > 0 && since <= at ? since : 0;
}

int64_t
policy_overdue(const struct settings *s, const struct casefile *c, int64_t at)
{
	return over_since(c, review_of(s, c)->remind, at);
}

int64_t
policy_escalated(const struct settings *s, const struct casefile *c,
    int64_t at)
{
	return over_since(c, review_of(s, c)->escalate, at);
}

void
policy_of_case(const struct settings *s, const struct casefile *c,
    enum event decision, int64_t at, struct policy *p)
{
	const struct review *r = review_of(s, c);

	*p = *settings_policy(s, r->prefix, decision);
	p->instead[0] = '\0';
	/* nobody waits for a revocation that was not asked for */
	if (decision != EVENT_REVOKE && over_since(c, r->escalate, at) != 0)
		strcpy(p->instead, r->escalate_to);
}

/* How far a decision has come. */

/* Whether somebody may count for a stage. */
static bool
fills(const struct reviewer *r, const struct policy *p, unsigned stage)
{
	return reviewer_in(r, p->stage[stage].group) ||
	    (p->instead[0] != '\0' && reviewer_in(r, p->instead));
}

void
policy_progress(const struct settings *s, const struct policy *p,
    const char *const who[], size_t n, struct progress *g)
{
	const struct reviewer *r;
	size_t i;

	*g = (struct progress){ 0 };
	for (; g->stage < p->n_stages; g->stage++) {
		g->have = 0;
		for (i = 0; i < n && g->have < p->stage[g->stage].quorum; i++)
			if (!g->counts[i] && (r = settings_reviewer_named(s,
			    who[i])) != NULL &&
			    fills(r, p, g->stage)) {
				g->counts[i] = true;
				g->have++;
			}
		if (g->have < p->stage[g->stage].quorum)
			return;
	}
}

static unsigned
people_needed(const struct policy *p)
{
	unsigned i, people = 0;

	for (i = 0; i < p->n_stages; i++)
		people += p->stage[i].quorum;
	return people;
}

void
policy_waiting_text(const struct settings *s, const struct policy *p,
    const char *const who[], size_t n, struct buf *out)
{
	const struct stage *stage;
	struct progress g;
	unsigned have = 0;
	size_t i;

	policy_progress(s, p, who, n, &g);
	if (g.stage == p->n_stages)
		return;
	for (i = 0; i < n; i++)
		have += g.counts[i];
	stage = &p->stage[g.stage];
	buf_putf(out, "%u of %u", have, people_needed(p));
	for (i = 0, have = 0; i < n; i++)
		if (g.counts[i])
			buf_putf(out, "%s%s", have++ == 0 ? ": " : ", ",
			    who[i]);
	buf_putf(out, "; waiting for %s", stage->group[0] != '\0' ?
	    stage->group : have == 0 ? "a reviewer" : "another reviewer");
	if (p->instead[0] != '\0' && stage->group[0] != '\0')
		buf_putf(out, " or %s", p->instead);
}

/* Those before that stand, by name; their places in `priors' to `at'. */
static size_t
standing(const struct prior *priors, size_t n,
    const char *who[POLICY_PRIORS + 1], size_t at[POLICY_PRIORS])
{
	size_t i, k = 0;

	for (i = 0; i < n && i < POLICY_PRIORS; i++)
		if (priors[i].stands) {
			at[k] = i;
			who[k++] = priors[i].said.who;
		}
	return k;
}

static void
refuse_stage(struct judgement *j, const struct stage *stage)
{
	char text[200];

	snprintf(text, sizeof(text), "%.64s cannot decide so now: it is for "
	    "group %s to decide.", j->who, stage->group);
	refuse(j, FAULT_NOT_NOW, text, "The stages of a review come one after "
	    "the other; docket show tells which is open.");
}

/* Counts the decision with those before it. */
static bool
count(const struct settings *s, const struct policy *p,
    const struct reviewer *r, const struct prior *priors, size_t n,
    struct judgement *j)
{
	const char *who[POLICY_PRIORS + 1];
	size_t at[POLICY_PRIORS], n_who = standing(priors, n, who, at), i;
	struct progress g;

	if (r == NULL)		/* somebody: a quorum of one */
		return j->complete = true;
	for (i = 0; i < n_who; i++)
		if (strcmp(who[i], r->name) == 0) {
			refuse(j, FAULT_NOT_NOW,
			    "You have decided so already, and are counted.",
			    "Another reviewer must decide now.");
			return false;
		}
	policy_progress(s, p, who, n_who, &g);
	if (g.stage < p->n_stages && !fills(r, p, g.stage)) {
		refuse_stage(j, &p->stage[g.stage]);
		return false;
	}
	who[n_who] = r->name;
	policy_progress(s, p, who, n_who + 1, &g);
	j->complete = g.stage == p->n_stages;
	for (i = 0; j->complete && i < n_who; i++)
		j->counts[at[i]] = g.counts[i];
	return true;
}

void
policy_judge(const struct settings *s, const struct grounds *g,
    const struct casefile *c, const struct case_decision *d,
    const struct prior *priors, size_t n_priors, struct judgement *j)
{
	const struct reviewer *r;
	struct policy of_case;
	const struct policy *p = &of_case;
	bool emergency;

	*j = (struct judgement){ .uid = -1 };
	policy_of_case(s, c, d->event, d->at, &of_case);
	j->evidence = evidence_of(g, d);
	if (d->linked) {
		refuse(j, FAULT_LINKED, "The file in the tray is a hard link, "
		    "and does not tell who made it.",
		    "Copy or move the paper instead.");
		return;
	}
	if (j->evidence < p->evidence) {
		refuse_weak(j, g, d, p);
		return;
	}
	if (!identify(s, d, j, &r) ||
	    (p->apart && r != NULL && !is_apart(c, r, j)))
		return;
	emergency = r != NULL && p->emergency[0] != '\0' &&
	    reviewer_in(r, p->emergency);
	if (emergency)
		j->complete = true;
	else if (!count(s, p, r, priors, n_priors, j))
		return;
	if ((p->note || emergency) && !d->has_note) {
		j->wants_note = true;
		refuse(j, FAULT_NO_NOTE, NULL, note_remedy(d->event));
		return;
	}
	j->allowed = true;
}
