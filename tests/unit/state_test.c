/*
 * state_test: the table against the life of a case as the manual tells it,
 * over every state, request and event; names and back.
 */
#include "unit.h"

#include "state.h"

/* The life of a case once more, as a person would write it down. */
static const struct {
	const char *from, *request, *event, *to, *request_to, *who;
} life[] = {
	{ "-", "-", "receive", "pending", "-", "anyone" },

	{ "pending", "-", "approve", "approved", "-", "reviewer" },
	{ "pending", "-", "return", "returned", "-", "reviewer" },
	{ "pending", "-", "reject", "rejected", "-", "reviewer" },
	{ "pending", "-", "withdraw", "rejected", "-", "applicant" },
	{ "pending", "-", "revise", "pending", "-", "applicant" },
	{ "pending", "-", "lapse", "returned", "-", "clock" },

	{ "pending", "-", "endorse", "pending", "-", "reviewer" },

	{ "returned", "-", "resubmit", "pending", "-", "applicant" },
	{ "returned", "-", "withdraw", "rejected", "-", "applicant" },

	{ "approved", "-", "ask", "approved", "pending", "applicant" },
	{ "approved", "-", "revoke", "revoked", "-", "reviewer" },
	{ "approved", "-", "effect", "approved", "-", "clock" },
	{ "approved", "-", "expire", "revoked", "-", "clock" },

	{ "approved", "-", "notify", "approved", "-", "clock" },
	{ "approved", "change", "notify", "approved", "pending", "clock" },
	{ "approved", "revocation", "notify", "approved", "pending",
	  "clock" },
	{ "approved", "rotation", "notify", "approved", "pending", "clock" },

	{ "approved", "-", "endorse", "approved", "-", "reviewer" },
	{ "approved", "change", "endorse", "approved", "pending",
	  "reviewer" },
	{ "approved", "revocation", "endorse", "approved", "pending",
	  "reviewer" },

	{ "approved", "change", "approve", "approved", "-", "reviewer" },
	{ "approved", "change", "revise", "approved", "pending",
	  "applicant" },
	{ "approved", "change", "return", "approved", "returned",
	  "reviewer" },
	{ "approved", "change", "reject", "approved", "rejected",
	  "reviewer" },
	{ "approved", "change", "withdraw", "approved", "rejected",
	  "applicant" },
	{ "approved", "change", "lapse", "approved", "returned", "clock" },
	{ "approved", "change", "revoke", "revoked", "rejected",
	  "reviewer" },
	{ "approved", "change", "effect", "approved", "pending", "clock" },
	{ "approved", "change", "expire", "revoked", "rejected", "clock" },

	{ "approved", "revocation", "approve", "revoked", "revoked",
	  "reviewer" },
	{ "approved", "revocation", "return", "approved", "returned",
	  "reviewer" },
	{ "approved", "revocation", "reject", "approved", "rejected",
	  "reviewer" },
	{ "approved", "revocation", "withdraw", "approved", "rejected",
	  "applicant" },
	{ "approved", "revocation", "lapse", "approved", "returned",
	  "clock" },
	{ "approved", "revocation", "revoke", "revoked", "rejected",
	  "reviewer" },
	{ "approved", "revocation", "effect", "approved", "pending",
	  "clock" },
	{ "approved", "revocation", "expire", "revoked", "rejected",
	  "clock" },

	{ "approved", "rotation", "approve", "approved", "approved",
	  "reviewer" },
	{ "approved", "rotation", "return", "approved", "returned",
	  "reviewer" },
	{ "approved", "rotation", "reject", "approved", "rejected",
	  "reviewer" },
	{ "approved", "rotation", "withdraw", "approved", "rejected",
	  "applicant" },
	{ "approved", "rotation", "lapse", "approved", "returned", "clock" },
	{ "approved", "rotation", "endorse", "approved", "pending",
	  "reviewer" },
	{ "approved", "rotation", "revoke", "revoked", "rejected",
	  "reviewer" },
	{ "approved", "rotation", "effect", "approved", "pending", "clock" },
	{ "approved", "rotation", "expire", "revoked", "rejected", "clock" },

	{ "approved", "-", "retire", "approved", "-", "clock" },
	{ "approved", "change", "retire", "approved", "pending", "clock" },
	{ "approved", "revocation", "retire", "approved", "pending",
	  "clock" },
	{ "approved", "rotation", "retire", "approved", "pending", "clock" },

	{ "approved", "-", "supersede", "revoked", "-", "desk" },
	{ "approved", "change", "supersede", "revoked", "rejected", "desk" },
	{ "approved", "revocation", "supersede", "revoked", "rejected",
	  "desk" },
	{ "approved", "rotation", "supersede", "revoked", "rejected",
	  "desk" },
};

static enum who
who_called(const char *name)
{
	return strcmp(name, "anyone") == 0 ? WHO_ANYONE :
	    strcmp(name, "reviewer") == 0 ? WHO_REVIEWER :
	    strcmp(name, "applicant") == 0 ? WHO_APPLICANT :
	    strcmp(name, "desk") == 0 ? WHO_DESK : WHO_CLOCK;
}

static void
test_the_life_of_a_case(void **state)
{
	const struct transition *t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(life); i++) {
		t = state_next(state_named(life[i].from),
		    request_named(life[i].request),
		    event_named(life[i].event));
		if (t == NULL)
			fail_msg("%s, %s: %s is not in the table",
			    life[i].from, life[i].request, life[i].event);
		assert_string_equal(state_name(t->to), life[i].to);
		assert_string_equal(state_name(t->request_to),
		    life[i].request_to);
		assert_int_equal(t->who, who_called(life[i].who));
	}
}

/* And nothing else: over the whole grid. */
static void
test_nothing_else(void **state)
{
	unsigned s, r, e;
	size_t found = 0, rows = 0, i, k;

	(void)state;
	for (s = 0; s < STATE_COUNT; s++)
		for (r = 0; r < REQUEST_COUNT; r++)
			for (e = 0; e < EVENT_COUNT; e++)
				found += state_next((enum state)s,
				    (enum request)r, (enum event)e) != NULL;
	assert_int_equal(found, COUNT(life));
	while (state_row(rows) != NULL)
		rows++;
	assert_int_equal(rows, COUNT(life));
	assert_null(state_row(rows + 1));
	assert_null(state_row(SIZE_MAX));
	for (i = 0; i < rows; i++)
		for (k = 0; k < i; k++)
			assert_false(state_row(i)->from ==
			    state_row(k)->from && state_row(i)->request ==
			    state_row(k)->request && state_row(i)->event ==
			    state_row(k)->event);
}

static void
test_rows_make_sense(void **state)
{
	const struct transition *t;
	size_t i;

	(void)state;
	for (i = 0; (t = state_row(i)) != NULL; i++) {
		assert_ptr_equal(state_next(t->from, t->request, t->event),
		    t);
		assert_true(t->to != STATE_NONE && t->to < STATE_COUNT);
		assert_true(strlen(t->meaning) > 5);
		/* only an approved case is asked for anything */
		if (t->request != REQUEST_NONE)
			assert_int_equal(t->from, STATE_APPROVED);
		/* who ends a case against its wish says why */
		assert_int_equal(t->note, t->event == EVENT_RETURN ||
		    t->event == EVENT_REVOKE);
		if (t->note)
			assert_int_equal(t->who, WHO_REVIEWER);
		/* with a case its open request ends */
		if (state_ended(t->to) && t->request != REQUEST_NONE)
			assert_true(t->request_to == STATE_REJECTED ||
			    t->request_to == STATE_REVOKED);
		assert_false(state_ended(t->from));
	}
}

/* Every state can be reached, and every one that is no end can be left. */
static void
test_no_dead_ends(void **state)
{
	bool reached[STATE_COUNT] = { true };
	bool left[STATE_COUNT] = { false };
	const struct transition *t;
	unsigned s;
	size_t i;

	(void)state;
	for (i = 0; (t = state_row(i)) != NULL; i++) {
		reached[t->to] = true;
		left[t->from] = true;
	}
	for (s = 0; s < STATE_COUNT; s++) {
		assert_true(reached[s]);
		assert_int_equal(left[s], !state_ended((enum state)s));
	}
}

static void
test_names(void **state)
{
	static const char *const none[] = { "", " ", "Pending", "pending ",
	    "none", "--", "approve d" };
	unsigned i, k;

	(void)state;
	for (i = 0; i < STATE_COUNT; i++)
		assert_int_equal(state_named(state_name((enum state)i)), i);
	for (i = 0; i < EVENT_COUNT; i++) {
		assert_int_equal(event_named(event_name((enum event)i)), i);
		assert_true(strlen(event_past((enum event)i)) > 3);
		for (k = 0; k < i; k++)
			assert_string_not_equal(event_past((enum event)i),
			    event_past((enum event)k));
	}
	for (i = 0; i < REQUEST_COUNT; i++)
		assert_int_equal(request_named(request_name((enum request)i)),
		    i);
	for (i = WHO_ANYONE; i <= WHO_DESK; i++)
		assert_true(strlen(who_name((enum who)i)) > 5);
	for (i = 0; i < COUNT(none); i++) {
		assert_int_equal(state_named(none[i]), STATE_COUNT);
		assert_int_equal(event_named(none[i]), EVENT_COUNT);
		assert_int_equal(request_named(none[i]), REQUEST_COUNT);
	}
	assert_string_equal(state_name(STATE_NONE), "-");
	assert_string_equal(event_past(EVENT_APPROVE), "approved");
}

/* From one tray to another: every pair, with every request. */
static void
test_decisions(void **state)
{
	enum event want;
	unsigned from, to, r;

	(void)state;
	for (r = 0; r < REQUEST_COUNT; r++)
		for (from = 0; from < STATE_COUNT; from++)
			for (to = 0; to < STATE_COUNT; to++) {
				want = EVENT_COUNT;
				if (from == STATE_PENDING)
					want = to == STATE_APPROVED ?
					    EVENT_APPROVE :
					    to == STATE_RETURNED ?
					    EVENT_RETURN :
					    to == STATE_REJECTED ?
					    EVENT_REJECT :
					    to == STATE_REVOKED &&
					    r == REQUEST_REVOCATION ?
					    EVENT_APPROVE : EVENT_COUNT;
				if (from == STATE_APPROVED &&
				    to == STATE_REVOKED)
					want = EVENT_REVOKE;
				assert_int_equal(state_decision(
				    (enum state)from, (enum state)to,
				    (enum request)r), want);
			}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_life_of_a_case),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_rows_make_sense),
		cmocka_unit_test(test_no_dead_ends),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_decisions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
