/*
 * rule_test: what rules without a ledger: who a box may speak for, what a
 * paper that went from tray to tray is a decision on, refusals.  The rest is
 * seen from outside, in tests/t/5*.
 */
#include "unit.h"

#include "rule.h"

static char north[] = "north", acme[] = "acme", acme2[] = "acme",
    other[] = "other";
static struct box_rule boxes[] = { { .box = north, .client = acme } };
static const struct settings settings = {
	.boxes = boxes, .n_boxes = COUNT(boxes),
};

static void
test_may_send(void **state)
{
	static const struct {
		const char *box;
		char *client;
		bool may;
	} cases[] = {
		{ "", NULL, true }, { "", acme, true }, { "", other, true },
		{ "acme", acme2, true }, { "acme", NULL, true },
		{ "acme", other, false }, { "north", acme2, true },
		{ "north", north, false }, { "Acme", acme, false },
	};
	struct faults faults = FAULTS_INIT;
	struct facts facts = FACTS_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		facts.client = cases[i].client;
		assert_int_equal(rule_may_send(&settings, cases[i].box,
		    &facts, &faults), cases[i].may);
		assert_int_equal(faults.n, !cases[i].may);
		assert_int_equal(faults_has(&faults, FAULT_NOT_PERMITTED),
		    !cases[i].may);
		faults_free(&faults);
	}
}

/* The papers of a case that may lie in a tray. */
static const struct paper papers[] = {
	{ .number = "AK-000012", .kind = PAPER_FORM, .revision = 1 },
	{ .number = "AK-000012", .kind = PAPER_FORM, .revision = 2 },
	{ .number = "AK-000012", .kind = PAPER_REVOCATION, .revision = 1 },
	{ .number = "AK-000012", .kind = PAPER_WITHDRAWAL, .revision = 1 },
};

/* The decision that this would be, as the manual has it: of a pending case
 * its form is decided on; of an approved one the paper of the open request,
 * or the form itself when it is revoked. */
static const char *
expected(const struct casefile *c, const struct paper *p, enum state from,
    enum state to)
{
	bool form = p->kind == PAPER_FORM && p->revision == c->revision;
	bool asked = c->request == REQUEST_CHANGE ?
	    p->kind == PAPER_FORM && p->revision == c->request_revision :
	    c->request == REQUEST_REVOCATION && p->kind == PAPER_REVOCATION &&
	    p->revision == c->request_revision;

	if (form && c->state == STATE_APPROVED && from == STATE_APPROVED)
		return to == STATE_REVOKED ? "revoke" : "";
	if (from != STATE_PENDING || (c->state == STATE_PENDING ? !form :
	    !asked))
		return "";
	/* a request to revoke is granted in revoked/ as in approved/ */
	if (to == STATE_REVOKED)
		return c->request == REQUEST_REVOCATION ? "approve" : "";
	return to == STATE_APPROVED ? "approve" : to == STATE_RETURNED ?
	    "return" : to == STATE_REJECTED ? "reject" : "";
}

static void
check_event(const struct casefile *c, const struct paper *p, enum state from,
    enum state to)
{
	struct faults faults = FAULTS_INIT;
	enum event e = rule_event(c, p, from, to, &faults);
	const char *is = e == EVENT_COUNT ? "" : event_name(e);
	const char *should = expected(c, p, from, to);

	if (strcmp(is, should) != 0)
		fail_msg("%s, request %s: paper %d.%u from %s to %s: \"%s\", "
		    "expected \"%s\"", state_name(c->state),
		    request_name(c->request), p->kind, p->revision,
		    state_name(from), state_name(to), is, should);
	assert_int_equal(faults.n, e == EVENT_COUNT);
	if (e != EVENT_COUNT)
		assert_non_null(state_next(c->state, c->request, e));
	else
		assert_true(faults_has(&faults, FAULT_NOT_NOW));
	faults_free(&faults);
}

static void
test_events(void **state)
{
	struct casefile c = { .number = "AK-000012", .revision = 1 };
	unsigned from, to, p, s, q;

	(void)state;
	for (s = STATE_PENDING; s < STATE_COUNT; s++)
		for (q = 0; q < REQUEST_COUNT; q++) {
			if (q != REQUEST_NONE && s != STATE_APPROVED)
				continue;
			c.state = (enum state)s;
			c.request = (enum request)q;
			c.request_revision = q == REQUEST_CHANGE ? 2 :
			    q == REQUEST_REVOCATION ? 1 : 0;
			for (p = 0; p < COUNT(papers); p++)
				for (from = 1; from < STATE_COUNT; from++)
					for (to = 1; to < STATE_COUNT; to++)
						check_event(&c, &papers[p],
						    (enum state)from,
						    (enum state)to);
		}
}

/* A refusal says what was sent, by whom, from where, and why. */
static void
test_refuse(void **state)
{
	static char box[] = "acme", name[] = "a b.xml";
	const struct rule_context ctx = { .settings = &settings, .now = 77 };
	struct parcel p = { .id = "id-1", .box = box, .name = name,
	    .uid = 1004, .sha256 = "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff" };
	struct faults faults = FAULTS_INIT;
	struct buf b = BUF_INIT;
	struct ruling *r, back;

	(void)state;
	faults_add(&faults, FAULT_INVALID, 9, "Quota", "It is empty.");
	r = rule_refuse(&ctx, &p, &faults);
	assert_int_equal(r->event, EVENT_REFUSE);
	assert_string_equal(r->number, "");
	assert_string_equal(r->file, "acme/a b.xml");
	assert_string_equal(r->sha256, p.sha256);
	assert_string_equal(r->intake, "id-1");
	assert_int_equal(r->uid, 1004);
	assert_int_equal(r->at, 77);
	assert_string_equal(r->answers, "acme\n");
	assert_int_equal(r->faults.n, 1);
	assert_int_equal(r->n_ops, 0);
	ruling_encode(r, &b);
	assert_int_equal(ruling_decode(&back, b.data, b.len), 0);
	assert_int_equal(back.faults.list[0].line, 9);
	assert_string_equal(back.faults.list[0].field, "Quota");
	assert_string_equal(back.faults.list[0].text, "It is empty.");
	ruling_free(&back);
	ruling_free(r);
	free(r);
	faults_free(&faults);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_may_send),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_refuse),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
