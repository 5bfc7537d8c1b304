/*
 * policy_test: every decision there is, against the policy as a person would
 * put it: who may, with what evidence; that a refusal always says why and
 * what would do, and never names anybody it does not know.
 */
#include "unit.h"

#include "policy.h"

#define DESK 900
#define ALICE 1000
#define BOB 1001		/* no reviewer */

static char alice_name[] = "alice", desk_name[] = "desk";
static struct reviewer reviewers[] = {
	{ .name = alice_name, .uid = ALICE },
	{ .name = desk_name, .uid = DESK },
	{ .name = desk_name, .uid = -1 },
};

struct world {
	struct settings	 settings;
	struct review	 review;
	struct grounds	 grounds;
	struct casefile	 c;
	struct case_decision d;
	bool		 submitted;	/* by whoever decides */
};

static bool
bit(unsigned *bits)
{
	bool is = *bits & 1;

	*bits >>= 1;
	return is;
}

#define WORLDS (1u << 13)

/* One of all that there can be. */
static void
make(struct world *w, unsigned bits)
{
	static const enum event events[] = { EVENT_APPROVE, EVENT_RETURN,
	    EVENT_REJECT, EVENT_REVOKE };
	static const long uids[] = { ALICE, BOB, DESK, 0 };
	static char submitters[32];

	memset(w, 0, sizeof(*w));
	w->d.event = events[bits & 3];
	bits >>= 2;
	w->d.uid = uids[bits & 3];
	bits >>= 2;
	w->d.moved = bit(&bits);
	w->d.linked = bit(&bits);
	w->d.has_note = bit(&bits);
	w->d.desk_uid = DESK;
	w->grounds.one_user = bit(&bits);
	w->grounds.vouched = bit(&bits);
	strcpy(w->grounds.why_not, "the trays are not sticky");
	w->review.evidence = bit(&bits) ? EVIDENCE_MOVE : EVIDENCE_OWNER;
	w->review.apart = bit(&bits);
	w->review.quorum = 1;
	w->review.note[EVENT_RETURN] = w->review.note[EVENT_REVOKE] =
	    bit(&bits);
	w->submitted = bit(&bits);
	w->settings.reviews = &w->review;
	w->settings.n_reviews = 1;
	w->settings.reviewers = reviewers;
	w->settings.n_reviewers = COUNT(reviewers);
	strcpy(w->c.number, "AK-000012");
	snprintf(submitters, sizeof(submitters), " 77 %ld ",
	    w->submitted ? w->d.uid : 78);
	w->c.submitters = submitters;
}

/* The policy once more, in words: a hard link tells nothing.  A file of
 * somebody's is evidence where the kernel vouches for owners; one of the
 * desk's or root's is where they are the only ones about; else a move is
 * that of somebody, and a copy nobody's. */
static enum evidence
evidence_of(const struct world *w)
{
	bool ours = w->d.uid == DESK || w->d.uid == 0;

	if (ours && w->grounds.one_user)
		return EVIDENCE_OWNER;
	if (!ours && w->grounds.vouched)
		return EVIDENCE_OWNER;
	return ours && !w->d.moved ? EVIDENCE_NONE : EVIDENCE_MOVE;
}

static unsigned
expected(const struct world *w)
{
	enum evidence e = evidence_of(w);
	bool is_reviewer = w->d.uid == ALICE || w->d.uid == DESK;
	bool wants_note = w->d.event == EVENT_RETURN ||
	    w->d.event == EVENT_REVOKE;

	if (w->d.linked)
		return FAULT_LINKED;
	if (e < w->review.evidence)
		return FAULT_NOT_PERMITTED;
	if (e == EVIDENCE_OWNER && (!is_reviewer ||
	    (w->review.apart && w->submitted)))
		return FAULT_NOT_PERMITTED;
	if (w->review.note[EVENT_RETURN] && wants_note && !w->d.has_note)
		return FAULT_NO_NOTE;
	return 0;
}

static void
check_refusal(const struct judgement *j, unsigned code)
{
	assert_false(j->allowed);
	assert_int_equal(j->faults.n, 1);
	assert_int_equal(j->faults.list[0].code, code);
	assert_non_null(fault_text(&j->faults.list[0]));
	assert_non_null(j->faults.list[0].remedy);
	assert_int_equal(j->wants_note, code == FAULT_NO_NOTE);
}

static void
check_allowed(const struct world *w, const struct judgement *j)
{
	assert_true(j->allowed);
	assert_int_equal(j->faults.n, 0);
	assert_false(j->wants_note);
	assert_int_equal(j->evidence, evidence_of(w));
	if (j->evidence == EVIDENCE_OWNER) {
		assert_int_equal(j->uid, w->d.uid);
		assert_string_equal(j->who, w->d.uid == ALICE ? "alice" :
		    "desk");
	} else {
		assert_int_equal(j->uid, -1);
		assert_string_equal(j->who, "somebody");
	}
}

static void
test_everything(void **state)
{
	unsigned bits, code, allowed = 0;
	struct judgement j;
	struct world w;

	(void)state;
	for (bits = 0; bits < WORLDS; bits++) {
		make(&w, bits);
		policy_judge(&w.settings, &w.grounds, &w.c, &w.d, &j);
		code = expected(&w);
		if (code != 0)
			check_refusal(&j, code);
		else {
			check_allowed(&w, &j);
			allowed++;
		}
		faults_free(&j.faults);
	}
	assert_true(allowed > 100 && allowed < WORLDS / 2);
}

/* What must never be, whatever the settings are. */
static void
test_never(void **state)
{
	struct judgement j;
	struct world w;
	unsigned bits;

	(void)state;
	for (bits = 0; bits < WORLDS; bits++) {
		make(&w, bits);
		policy_judge(&w.settings, &w.grounds, &w.c, &w.d, &j);
		if (j.allowed) {
			assert_false(w.d.linked);
			assert_false(w.review.apart && w.submitted &&
			    j.evidence == EVIDENCE_OWNER);
			assert_true(j.evidence >= w.review.evidence);
			assert_false(w.d.uid == BOB &&
			    j.evidence == EVIDENCE_OWNER);
		}
		faults_free(&j.faults);
	}
}

/* The review of the case's own form type is what counts. */
static void
test_by_form_type(void **state)
{
	struct review reviews[2];
	struct judgement j;
	struct world w;

	(void)state;
	make(&w, 0);
	w.grounds.vouched = true;
	reviews[0] = reviews[1] = w.review;
	strcpy(reviews[1].prefix, "CL");
	reviews[1].note[EVENT_APPROVE] = true;
	w.settings.reviews = reviews;
	w.settings.n_reviews = 2;
	policy_judge(&w.settings, &w.grounds, &w.c, &w.d, &j);
	assert_true(j.allowed);
	faults_free(&j.faults);
	strcpy(w.c.number, "CL-000001");
	policy_judge(&w.settings, &w.grounds, &w.c, &w.d, &j);
	check_refusal(&j, FAULT_NO_NOTE);
	faults_free(&j.faults);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_by_form_type),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
