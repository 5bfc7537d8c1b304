/*
 * casefile_test: random lives of cases.  After each ruling what must hold
 * between state, request, revision, box and waiting does; what is in force
 * changes by approval alone; a ruling that does not follow changes nothing.
 */
#include "unit.h"

#include "casefile.h"

static const char *const days[] = { "", "2026-01-01", "2026-06-30",
    "2026-12-31" };

static int64_t now;

/* What the case should be known by, kept apart from it. */
struct known {
	char	 sha256[65];	/* of the revision in force or review */
	char	 asked[65];	/* of the change that is open */
	char	 label[32], asked_label[32];
	bool	 submitted[8];	/* by uid */
	unsigned withdrawals;
};

static void
random_hex(char hex[65])
{
	int i;

	for (i = 0; i < 64; i++)
		hex[i] = "0123456789abcdef"[rnd(16)];
	hex[64] = '\0';
}

/* What a ruling says of keys: that one is issued, or ends. */
static void
make_key(struct ruling *r, const struct casefile *c)
{
	static const char *const overlaps[] = { "0", "1h", "36h", "90d" };
	struct case_key k;

	if (r->request == REQUEST_ROTATION)
		strcpy(r->overlap, r->event == EVENT_ASK ?
		    overlaps[rnd(COUNT(overlaps))] : c->overlap);
	if (r->event == EVENT_RETIRE && casefile_retiring_key(c, INT64_MAX,
	    &k)) {
		strcpy(r->key, k.sha256);
		r->key_revision = k.revision;
	}
	if (r->event != EVENT_APPROVE || (r->request != REQUEST_NONE &&
	    r->request != REQUEST_ROTATION))
		return;
	random_hex(r->key);
	r->key_revision = c->issued + 1;
}

/* A ruling on this case that the table has a row for. */
static void
make(struct ruling *r, const struct casefile *c, const struct transition *t)
{
	ruling_init(r);
	strcpy(r->number, "AK-000012");
	r->event = t->event;
	r->from = t->from;
	r->to = t->to;
	r->at = ++now;
	r->uid = (long)rnd(8);
	r->form = mem_str("{u}f");
	r->box = mem_str(rnd(2) == 0 ? "" : "acme");
	r->request = t->event != EVENT_ASK ? t->request :
	    1 + (enum request)rnd(REQUEST_COUNT - 1);
	r->revision = r->request == REQUEST_REVOCATION ? c->requests + 1 :
	    r->request == REQUEST_ROTATION ? c->rotations + 1 :
	    c->last_revision + 1;
	make_key(r, c);
	random_hex(r->sha256);
	random_hex(r->digest);
	if (r->event == EVENT_ENDORSE) {
		r->decision = EVENT_APPROVE;
		ruling_decider(r, "alice", EVIDENCE_OWNER, 1000, NULL);
	}
	strcpy(r->checked, days[1 + rnd(3)]);
	strcpy(r->facts.effective, days[rnd(4)]);
	r->facts.label = mem_alloc(32);
	snprintf(r->facts.label, 32, "label %d", (int)now);
}

/* What the ruling should mean. */
static void
learn(struct known *k, const struct ruling *r, enum request request)
{
	bool change = r->request == REQUEST_CHANGE;

	switch (r->event) {
	case EVENT_RECEIVE:
	case EVENT_RESUBMIT:
	case EVENT_REVISE:
	case EVENT_ASK:
		k->submitted[r->uid] = true;
		if (r->request == REQUEST_REVOCATION ||
		    r->request == REQUEST_ROTATION)
			break;
		strcpy(change ? k->asked : k->sha256, r->sha256);
		strcpy(change ? k->asked_label : k->label, r->facts.label);
		break;
	case EVENT_APPROVE:
		if (request == REQUEST_CHANGE) {
			strcpy(k->sha256, k->asked);
			strcpy(k->label, k->asked_label);
		}
		break;
	case EVENT_WITHDRAW:
		k->withdrawals++;
		break;
	default:
		break;
	}
}

/* What is approved has one key without an end, the last; those before it end
 * one after the other; nothing else has any. */
static void
check_keys(const struct casefile *c)
{
	const char *at = c->keys;
	struct case_key k = { .revision = 0 };
	unsigned last = 0;
	int64_t first = 0;

	assert_int_equal(c->keys != NULL, c->state == STATE_APPROVED);
	assert_int_equal(c->overlap[0] != '\0',
	    c->request == REQUEST_ROTATION);
	while (casefile_next_key(&at, &k)) {
		assert_true(k.revision > last && k.revision <= c->issued);
		assert_int_equal(strlen(k.sha256), 64);
		assert_true(k.issued <= now);
		assert_int_equal(k.until == 0, k.revision == c->issued);
		if (k.until != 0) {
			assert_true(k.until > k.issued);
			assert_true(k.until <= now + 90 * 86400);
			first = first == 0 || k.until < first ? k.until :
			    first;
		}
		last = k.revision;
	}
	if (c->state == STATE_APPROVED)
		assert_int_equal(last, c->issued);
	assert_int_equal(c->retires, first);
	assert_false(first > 0 && casefile_retiring_key(c, first - 1, &k));
	assert_int_equal(casefile_retiring_key(c, first, &k), first > 0);
	if (first > 0)
		assert_int_equal(k.until, first);
}

static void
check(const struct casefile *c, const struct known *k)
{
	bool open = c->request != REQUEST_NONE;
	char name[PAPER_NAME];
	struct paper p;
	long uid;

	assert_int_equal(open, c->request_revision > 0);
	assert_int_equal(open, c->request_box != NULL);
	assert_true(!open || c->state == STATE_APPROVED);
	assert_int_equal(c->waiting != 0, open || c->state == STATE_PENDING);
	assert_true(!c->in_force || c->state == STATE_APPROVED);
	assert_true(c->revision >= 1 && c->revision <= c->last_revision);
	assert_true(c->request != REQUEST_CHANGE ||
	    c->request_revision == c->last_revision);
	assert_int_equal(open, c->asked_sha256[0] != '\0');
	assert_string_equal(c->sha256, k->sha256);
	assert_string_equal(c->facts.label, k->label);
	if (c->request == REQUEST_CHANGE) {
		assert_string_equal(c->asked_sha256, k->asked);
		assert_string_equal(c->asked.label, k->asked_label);
	} else
		assert_null(c->asked.label);
	for (uid = 0; uid < 8; uid++)
		assert_int_equal(casefile_submitted_by(c, uid),
		    k->submitted[uid]);
	assert_false(casefile_submitted_by(c, 11));
	assert_int_equal(c->withdrawals, k->withdrawals);
	assert_int_equal(c->changed, now);
	check_keys(c);
	assert_int_equal(paper_parse(casefile_paper(c, name), &p), 0);
	assert_int_equal(p.revision, c->revision);
	if (open) {
		assert_int_equal(paper_parse(casefile_request_paper(c, name),
		    &p), 0);
		assert_int_equal(request_of_paper(&p), c->request);
		assert_int_equal(p.revision, c->request_revision);
	}
}

/* In force is decided when a case is approved, and by the day after that. */
static void
check_in_force(const struct casefile *c, const struct ruling *r, bool was)
{
	if (r->event == EVENT_APPROVE && c->state == STATE_APPROVED)
		assert_int_equal(c->in_force, strcmp(c->facts.effective,
		    r->checked) <= 0);
	else if (r->event == EVENT_EFFECT)
		assert_true(c->in_force);
	else if (c->state == STATE_APPROVED)
		assert_int_equal(c->in_force, was);
}

/* Byte for byte, strings and all, as far as it is told. */
static void
assert_same_case(const struct casefile *a, const struct casefile *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->request, b->request);
	assert_int_equal(a->revision, b->revision);
	assert_int_equal(a->last_revision, b->last_revision);
	assert_int_equal(a->request_revision, b->request_revision);
	assert_int_equal(a->in_force, b->in_force);
	assert_int_equal(a->waiting, b->waiting);
	assert_int_equal(a->changed, b->changed);
	assert_string_equal(a->sha256, b->sha256);
	assert_string_equal(a->digest, b->digest);
	assert_string_equal(a->keys == NULL ? "" : a->keys,
	    b->keys == NULL ? "" : b->keys);
	assert_string_equal(a->submitters == NULL ? "" : a->submitters,
	    b->submitters == NULL ? "" : b->submitters);
}

/* The event, or the states, are not those that can come now. */
static void
try_wrong(struct casefile *c, const struct transition *t)
{
	struct casefile before;
	struct ruling r;

	casefile_copy(&before, c);
	make(&r, c, t);
	if (rnd(2) == 0)
		r.from = (enum state)((r.from + 1 + rnd(STATE_COUNT - 1)) %
		    STATE_COUNT);
	else
		r.to = (enum state)((r.to + 1 + rnd(STATE_COUNT - 1)) %
		    STATE_COUNT);
	assert_int_equal(casefile_apply(c, &r), -1);
	assert_same_case(c, &before);
	r.from = c->state;
	r.event = (enum event)rnd(EVENT_COUNT);
	if (state_next(c->state, c->request, r.event) == NULL)
		assert_int_equal(casefile_apply(c, &r), -1);
	assert_same_case(c, &before);
	ruling_free(&r);
	casefile_free(&before);
	now--;
}

/* The next row that fits, from a random one on; NULL: the case is closed. */
static const struct transition *
next_row(const struct casefile *c)
{
	const struct transition *t;
	enum event e = (enum event)rnd(EVENT_COUNT);
	unsigned i;

	for (i = 0; i < EVENT_COUNT; i++) {
		t = state_next(c->state, c->request, e);
		if (t != NULL)
			return t;
		e = (enum event)((e + 1) % EVENT_COUNT);
	}
	return NULL;
}

static unsigned
live(struct casefile *c)
{
	const struct transition *t;
	struct known k = { "", "", "", "", { false }, 0 };
	enum request request;
	struct ruling r;
	unsigned steps;
	bool was;

	casefile_init(c);
	for (steps = 0; steps < 40 && (t = next_row(c)) != NULL; steps++) {
		try_wrong(c, t);
		make(&r, c, t);
		request = c->request;
		was = c->in_force;
		assert_int_equal(casefile_apply(c, &r), 0);
		assert_int_equal(c->state, t->to);
		learn(&k, &r, request);
		check(c, &k);
		check_in_force(c, &r, was);
		ruling_free(&r);
	}
	return steps;
}

static void
test_lives(void **state)
{
	struct casefile c;
	unsigned longest = 0, steps;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		rnd_from((uint64_t)i);
		steps = live(&c);
		longest = steps > longest ? steps : longest;
		assert_true(steps == 40 || state_ended(c.state));
		casefile_free(&c);
	}
	assert_true(longest > 20);
}

/* A copy has nothing in common with what it was made of. */
static void
test_copy(void **state)
{
	struct casefile a, b;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		rnd_from((uint64_t)i);
		live(&a);
		casefile_copy(&b, &a);
		assert_same_case(&a, &b);
		assert_string_equal(a.facts.label, b.facts.label);
		assert_ptr_not_equal(a.facts.label, b.facts.label);
		assert_string_equal(a.box, b.box);
		casefile_free(&a);
		assert_string_equal(b.form, "{u}f");
		casefile_free(&b);
	}
}

/* Uids that contain each other are told apart. */
static void
test_submitters(void **state)
{
	struct casefile c;
	struct ruling r;

	(void)state;
	casefile_init(&c);
	assert_false(casefile_submitted_by(&c, 0));
	ruling_init(&r);
	r.event = EVENT_RECEIVE;
	r.to = STATE_PENDING;
	r.revision = 1;
	r.uid = 1004;
	assert_int_equal(casefile_apply(&c, &r), 0);
	assert_true(casefile_submitted_by(&c, 1004));
	assert_false(casefile_submitted_by(&c, 100));
	assert_false(casefile_submitted_by(&c, 4));
	assert_false(casefile_submitted_by(&c, 10040));
	assert_false(casefile_submitted_by(&c, -1));
	ruling_free(&r);
	casefile_free(&c);
}

/* What was counted is told in order, and counts for the paper that it was
 * about, as long as that is decided on. */

static void
apply(struct casefile *c, enum event event, enum request request,
    unsigned revision, enum event decision, const char *who)
{
	struct ruling r;

	ruling_init(&r);
	r.event = event;
	r.from = c->state;
	r.to = state_next(c->state, c->request, event)->to;
	strcpy(r.number, "AK-000012");
	r.form = mem_str("{u}f");
	r.box = mem_str("");
	r.request = request;
	r.revision = revision;
	r.decision = decision;
	r.at = ++now;
	random_hex(r.sha256);
	if (who != NULL)
		ruling_decider(&r, who, EVIDENCE_SIGNATURE, -1, "SHA256:x");
	assert_int_equal(casefile_apply(c, &r), 0);
	ruling_free(&r);
}

static void
assert_endorsed(const struct casefile *c, const char *want)
{
	const char *at = c->endorsed;
	struct endorsement e;
	struct buf b = BUF_INIT;

	while (casefile_next_endorsement(&at, &e)) {
		assert_int_equal(e.evidence, EVIDENCE_SIGNATURE);
		assert_int_equal(e.uid, -1);
		assert_string_equal(e.key, "SHA256:x");
		buf_putf(&b, "%s %s %s;", e.paper, event_name(e.decision),
		    e.who);
	}
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
test_endorsements(void **state)
{
	struct casefile c;

	(void)state;
	casefile_init(&c);
	apply(&c, EVENT_RECEIVE, REQUEST_NONE, 1, 0, NULL);
	apply(&c, EVENT_ENDORSE, REQUEST_NONE, 1, EVENT_APPROVE, "alice");
	apply(&c, EVENT_ENDORSE, REQUEST_NONE, 1, EVENT_REJECT, "b@c.org");
	assert_endorsed(&c, "AK-000012.xml approve alice;"
	    "AK-000012.xml reject b@c.org;");
	apply(&c, EVENT_REVISE, REQUEST_NONE, 2, 0, NULL);
	assert_endorsed(&c, "");
	apply(&c, EVENT_ENDORSE, REQUEST_NONE, 2, EVENT_APPROVE, "bob");
	apply(&c, EVENT_APPROVE, REQUEST_NONE, 2, 0, "alice");
	assert_endorsed(&c, "");
	apply(&c, EVENT_ENDORSE, REQUEST_NONE, 2, EVENT_REVOKE, "carol");
	apply(&c, EVENT_ASK, REQUEST_CHANGE, 3, 0, NULL);
	apply(&c, EVENT_ENDORSE, REQUEST_CHANGE, 3, EVENT_APPROVE, "bob");
	assert_endorsed(&c, "AK-000012.r2.xml revoke carol;"
	    "AK-000012.r3.xml approve bob;");
	apply(&c, EVENT_REJECT, REQUEST_CHANGE, 3, 0, "alice");
	assert_endorsed(&c, "AK-000012.r2.xml revoke carol;");
	apply(&c, EVENT_ASK, REQUEST_CHANGE, 4, 0, NULL);
	apply(&c, EVENT_APPROVE, REQUEST_CHANGE, 4, 0, "alice");
	assert_endorsed(&c, "");
	casefile_free(&c);
}

/* A step of a case that is to expire. */
static void
day(struct casefile *c, enum event event, const char *checked,
    const char *expiry, unsigned notice)
{
	const struct transition *t = state_next(c->state, c->request, event);
	struct ruling r;

	ruling_init(&r);
	strcpy(r.number, "AK-000012");
	r.event = event;
	r.from = c->state;
	r.to = t->to;
	r.form = mem_str("{u}f");
	r.box = mem_str("");
	r.request = event == EVENT_ASK ? REQUEST_CHANGE : c->request;
	r.revision = c->last_revision + 1;
	r.at = ++now;
	strcpy(r.checked, checked);
	strcpy(r.facts.expiry, event == EVENT_NOTIFY ? "" : expiry);
	strcpy(r.expiry, event == EVENT_NOTIFY ? expiry : "");
	r.notice = notice;
	assert_int_equal(casefile_apply(c, &r), 0);
	ruling_free(&r);
}

/* The terms are changed, and approved that day. */
static void
change(struct casefile *c, const char *checked, const char *expiry)
{
	unsigned was = c->notified;

	day(c, EVENT_ASK, checked, expiry, 0);
	assert_int_equal(c->notified, was);
	day(c, EVENT_APPROVE, checked, "", 0);
}

/* What was said, or known when it was approved, is not said again. */
static void
test_notices(void **state)
{
	struct casefile c;

	(void)state;
	casefile_init(&c);
	day(&c, EVENT_RECEIVE, "2026-01-01", "2026-03-01", 0);
	assert_int_equal(c.notified, 0);
	day(&c, EVENT_APPROVE, "2026-02-01", "", 0);
	assert_int_equal(c.notified, 28);
	day(&c, EVENT_NOTIFY, "", "2026-03-01", 7);
	assert_int_equal(c.notified, 7);
	change(&c, "2026-02-22", "2026-03-01");
	assert_int_equal(c.notified, 7);	/* the same day */
	change(&c, "2026-02-23", "2026-02-28");
	assert_int_equal(c.notified, 5);	/* an earlier one */
	change(&c, "2026-02-23", "2026-03-11");
	assert_int_equal(c.notified, 16);	/* a later one */
	change(&c, "2026-02-23", "9999-12-31");
	assert_int_equal(c.notified, 366);
	change(&c, "2026-02-23", "");
	assert_int_equal(c.notified, 0);	/* it does not expire */
	casefile_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_endorsements),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_submitters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
