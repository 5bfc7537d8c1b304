/*
 * policy: may this decision be made, by this person, with this evidence?
 *
 * May not: read a clock or a file, keep anything.
 */
#include <stdio.h>

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

/* What a decision file says of who made it. */
static enum evidence
evidence_of(const struct grounds *g, const struct case_decision *d)
{
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
refuse_weak(struct judgement *j, const struct grounds *g,
    const struct case_decision *d, const struct review *review)
{
	char text[320];

	if (j->evidence == EVIDENCE_NONE) {
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
		    evidence_name(review->evidence));
		refuse(j, FAULT_NOT_PERMITTED, text,
		    "Copy the paper into the tray instead of moving it (in a "
		    "file manager: drag with Ctrl), or use docket approve, "
		    "return, reject or revoke.");
	}
}

/* Who it was, as far as the evidence goes. */
static bool
identify(const struct settings *s, const struct case_decision *d,
    struct judgement *j)
{
	const struct reviewer *r;
	char text[160];

	if (j->evidence == EVIDENCE_MOVE) {
		j->who = "somebody";
		j->uid = -1;
		return true;
	}
	r = settings_reviewer(s, d->uid);
	if (r == NULL) {
		snprintf(text, sizeof(text), "The user with uid %ld is not a "
		    "reviewer of this desk.", d->uid);
		refuse(j, FAULT_NOT_PERMITTED, text,
		    "A reviewer must decide; docket.conf names them.");
		return false;
	}
	j->who = r->name;
	j->uid = d->uid;
	return true;
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

void
policy_judge(const struct settings *s, const struct grounds *g,
    const struct casefile *c, const struct case_decision *d,
    struct judgement *j)
{
	const struct review *review;
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	*j = (struct judgement){ .uid = -1 };
	number_split(c->number, prefix, &seq);
	review = settings_review(s, prefix);
	j->evidence = evidence_of(g, d);
	if (d->linked) {
		refuse(j, FAULT_LINKED, "The file in the tray is a hard link, "
		    "and does not tell who made it.",
		    "Copy or move the paper instead.");
	} else if (j->evidence < review->evidence) {
		refuse_weak(j, g, d, review);
	} else if (!identify(s, d, j)) {
		;
	} else if (review->apart && j->uid >= 0 &&
	    casefile_submitted_by(c, j->uid)) {
		refuse(j, FAULT_NOT_PERMITTED,
		    "Nobody decides on what they have submitted themselves.",
		    "Another reviewer must decide.");
	} else if (review->note[d->event] && !d->has_note) {
		j->wants_note = true;
		refuse(j, FAULT_NO_NOTE, NULL, note_remedy(d->event));
	} else
		j->allowed = true;
}
