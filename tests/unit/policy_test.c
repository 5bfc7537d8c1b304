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
	unsigned i;

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
	w->review.of[0] = (struct policy){ .stage = { { "", 1 } },
	    .n_stages = 1 };
	w->review.of[0].evidence = bit(&bits) ? EVIDENCE_MOVE :
	    EVIDENCE_OWNER;
	w->review.of[0].apart = bit(&bits);
	for (i = 1; i < DECIDED_COUNT; i++)
		w->review.of[i] = w->review.of[0];
	w->review.of[RETURN].note = w->review.of[REVOKE].note = bit(&bits);
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
	if (e < w->review.of[0].evidence)
		return FAULT_NOT_PERMITTED;
	if (e == EVIDENCE_OWNER && (!is_reviewer ||
	    (w->review.of[0].apart && w->submitted)))
		return FAULT_NOT_PERMITTED;
	if (w->review.of[RETURN].note && wants_note && !w->d.has_note)
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
	assert_true(j->complete);
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
judge(const struct world *w, struct judgement *j)
{
	policy_judge(&w->settings, &w->grounds, &w->c, &w->d, NULL, 0, j);
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
		judge(&w, &j);
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
		judge(&w, &j);
		if (j.allowed) {
			assert_false(w.d.linked);
			assert_false(w.review.of[0].apart && w.submitted &&
			    j.evidence == EVIDENCE_OWNER);
			assert_true(j.evidence >= w.review.of[0].evidence);
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
	reviews[1].of[APPROVE].note = true;
	w.settings.reviews = reviews;
	w.settings.n_reviews = 2;
	judge(&w, &j);
	assert_true(j.allowed);
	faults_free(&j.faults);
	strcpy(w.c.number, "CL-000001");
	judge(&w, &j);
	check_refusal(&j, FAULT_NO_NOTE);
	faults_free(&j.faults);
}

/* Stages: one person of the desk, then two of security; carol is of both. */

static const char *const people[] = { "alice", "bob", "carol", "dave",
    "erin" };
#define PEOPLE COUNT(people)

static void
make_stages(struct world *w, struct reviewer *r)
{
	static const char *const groups[PEOPLE] = { " desk ", " desk ",
	    " desk security ", " security ", " security " };
	size_t i;

	make(w, 0);
	w->grounds.vouched = true;
	w->review.of[APPROVE].n_stages = 2;
	w->review.of[APPROVE].evidence = EVIDENCE_SIGNATURE;
	w->review.of[APPROVE].stage[0] = (struct stage){ "desk", 1 };
	w->review.of[APPROVE].stage[1] = (struct stage){ "security", 2 };
	for (i = 0; i < PEOPLE; i++)
		r[i] = (struct reviewer){ .name = mem_str(people[i]),
		    .uid = -1, .groups = mem_str(groups[i]) };
	w->settings.reviewers = r;
	w->settings.n_reviewers = PEOPLE;
}

static void
free_people(struct reviewer *r)
{
	size_t i;

	for (i = 0; i < PEOPLE; i++) {
		free(r[i].name);
		free(r[i].groups);
	}
}

static bool
of_security(size_t i)
{
	return i >= 2;
}

static bool
of_desk(size_t i)
{
	return i <= 2;
}

/* What must hold of whoever was counted when it was done: three people, of
 * whom one is of the desk and the two others of security. */
static void
check_done(const size_t *who, size_t n)
{
	bool fits = false;
	size_t i;

	assert_int_equal(n, 3);
	assert_true(who[0] != who[1] && who[0] != who[2] && who[1] != who[2]);
	for (i = 0; i < 3; i++)
		fits |= of_desk(who[i]) && of_security(who[(i + 1) % 3]) &&
		    of_security(who[(i + 2) % 3]);
	assert_true(fits);
}

/* People decide in any order, some twice, some of whose keys fall. */
static void
test_stages(void **state)
{
	struct reviewer r[PEOPLE];
	struct prior priors[POLICY_PRIORS];
	size_t n, i, k, who[POLICY_PRIORS + 1], rounds, counted, done = 0;
	struct judgement j;
	struct world w;

	(void)state;
	make_stages(&w, r);
	for (rounds = 0; rounds < 20000; rounds++) {
		n = 0;
		for (;;) {
			i = (size_t)rnd(PEOPLE);
			w.d.signer = people[i];
			w.d.key = "SHA256:x";
			policy_judge(&w.settings, &w.grounds, &w.c, &w.d,
			    priors, n, &j);
			faults_free(&j.faults);
			if (!j.allowed)
				continue;
			assert_string_equal(j.who, people[i]);
			if (j.complete)
				break;
			assert_true(n < POLICY_PRIORS);
			memset(&priors[n], 0, sizeof(priors[n]));
			strcpy(priors[n].said.who, people[i]);
			priors[n].stands = true;
			who[n++] = i;
			if (rnd(16) == 0)	/* its key is revoked */
				priors[rnd(n)].stands = false;
		}
		for (counted = k = 0; k < n; k++)
			if (j.counts[k])
				who[counted++] = who[k];
		who[counted++] = i;
		check_done(who, counted);
		done++;
	}
	assert_int_equal(done, 20000);
	free_people(r);
}

/* One of the emergency group revokes alone, with a note. */
static void
test_emergency(void **state)
{
	struct reviewer r[PEOPLE];
	struct judgement j;
	struct world w;

	(void)state;
	make_stages(&w, r);
	w.review.of[REVOKE] = w.review.of[APPROVE];
	strcpy(w.review.of[REVOKE].emergency, "security");
	w.d.event = EVENT_REVOKE;
	w.d.key = "SHA256:x";
	w.d.signer = "dave";
	judge(&w, &j);
	check_refusal(&j, FAULT_NO_NOTE);
	faults_free(&j.faults);
	w.d.has_note = true;
	judge(&w, &j);
	assert_true(j.allowed && j.complete);
	w.d.signer = "alice";
	judge(&w, &j);
	assert_true(j.allowed && !j.complete);
	free_people(r);
}

/* What has waited long enough somebody else may decide as well: from the very
 * second on, only what waits, and no revocation that nobody has asked for. */
static void
test_escalated(void **state)
{
	struct reviewer r[PEOPLE];
	struct judgement j;
	struct policy p;
	struct world w;

	(void)state;
	make_stages(&w, r);
	w.review.escalate = 7 * 86400 * 1000LL;
	strcpy(w.review.escalate_to, "security");
	w.c.waiting = 1000;
	w.d.key = "SHA256:x";
	w.d.signer = "dave";		/* of security; desk's turn */
	w.d.at = 1000 + 7 * 86400 - 1;
	judge(&w, &j);
	check_refusal(&j, FAULT_NOT_NOW);
	faults_free(&j.faults);
	w.d.at++;
	judge(&w, &j);
	assert_true(j.allowed && !j.complete);
	assert_int_equal(policy_escalated(&w.settings, &w.c, w.d.at), w.d.at);
	assert_int_equal(policy_escalated(&w.settings, &w.c, w.d.at - 1), 0);
	assert_int_equal(policy_overdue(&w.settings, &w.c, w.d.at), 0);
	w.review.remind = 1000;
	assert_int_equal(policy_overdue(&w.settings, &w.c, w.d.at), 1001);
	policy_of_case(&w.settings, &w.c, EVENT_REVOKE, w.d.at, &p);
	assert_string_equal(p.instead, "");
	w.c.waiting = 0;
	policy_of_case(&w.settings, &w.c, EVENT_APPROVE, w.d.at, &p);
	assert_string_equal(p.instead, "");
	judge(&w, &j);
	check_refusal(&j, FAULT_NOT_NOW);
	faults_free(&j.faults);
	free_people(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_by_form_type),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_escalated),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
