/*
 * ruling_test: commit messages come back as the rulings they were made of,
 * and are what git takes for trailers; messages that are not ours are
 * refused; notes, subjects, answers.
 */
#include "unit.h"

#include "limit.h"
#include "ruling.h"

#define DIGEST "00112233445566778899aabbccddeeff" \
	"00112233445566778899aabbccddeeff"

/* Words that a message could be misread by. */
static const char *const words[] = {
	"acme", "Event: reject", "---", "a -> b", "(box b)", "x - y", ")", "(",
	"uid 0", "\xc3\xa9", "Number: AK-000099", ":", "end.", "# no", "--",
};

static char *
some_words(unsigned most, const char *between)
{
	struct buf b = BUF_INIT;
	uint64_t n = 1 + rnd(most);

	while (n-- > 0)
		buf_putf(&b, "%s%s", words[rnd(COUNT(words))],
		    n == 0 ? "" : between);
	return buf_take(&b);
}

static void
make_case(struct ruling *r)
{
	number_make(r->number, "AK", 1 + rnd(10000000));
	r->form = mem_str("{urn:docket:api-key:1}application");
	r->revision = (unsigned)rnd(4);
	r->from = (enum state)rnd(STATE_COUNT);
	r->to = (enum state)rnd(STATE_COUNT);
	if (r->event == EVENT_ASK || rnd(3) == 0) {
		r->request = 1 + (enum request)rnd(REQUEST_COUNT - 1);
		r->request_from = (enum state)rnd(STATE_COUNT);
		r->request_to = (enum state)rnd(STATE_COUNT);
	}
	if (r->request == REQUEST_ROTATION && (r->event == EVENT_ASK ||
	    r->event == EVENT_APPROVE))
		strcpy(r->overlap, rnd(2) == 0 ? "0" : "36h");
	if (r->event == EVENT_RETIRE || (r->event == EVENT_APPROVE &&
	    (r->request == REQUEST_ROTATION || rnd(2) == 0))) {
		strcpy(r->key, DIGEST);
		r->key_revision = 1 + (unsigned)rnd(20);
	}
	if (rnd(2) == 0)
		r->label = some_words(6, " ");
	if (rnd(2) == 0)
		r->client = some_words(1, " ");
	while (rnd(2) == 0)
		ruling_decider(r, rnd(2) == 0 ? "alice" : "bob (b) x",
		    (enum evidence)rnd(EVIDENCE_SIGNATURE),
		    rnd(2) == 0 ? -1 : (long)rnd(0xffffffff), NULL);
	while (rnd(2) == 0)
		ruling_decider(r, "carol", EVIDENCE_SIGNATURE, -1,
		    "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
	if (r->event == EVENT_ENDORSE)
		r->decision = EVENT_APPROVE + (enum event)rnd(3);
	if (r->event == EVENT_NOTIFY) {
		r->notice = 1 + (unsigned)rnd(LIMIT_NOTICE_DAYS);
		strcpy(r->expiry, "2026-12-31");
	}
}

static void
make_desk(struct ruling *r)
{
	uint64_t n = rnd(4);

	if (r->event == EVENT_REFUSE) {
		r->file = some_words(2, "_");
		for (n++; n > 0; n--)
			faults_add(&r->faults, FAULT_INVALID, 0, NULL,
			    "It - is (not) 2002 - allowed.");
	} else
		for (; n > 0; n--)
			ruling_subject(r, "schemas/a.xsd");
}

static void
make(struct ruling *r)
{
	static const char *const boxes[] = { "", "acme", "a.b-c" };
	char *note;
	uint64_t i;

	ruling_init(r);
	r->event = (enum event)rnd(EVENT_COUNT);
	if (r->event < EVENT_INIT)
		make_case(r);
	else
		make_desk(r);
	if (rnd(2) == 0) {
		note = some_words(12, rnd(2) == 0 ? "\n" : "\n\n");
		r->note = note_clean(note);
		free(note);
	}
	if (rnd(2) == 0) {
		r->uid = (long)rnd(100000);
		r->box = rnd(3) == 0 ? NULL : mem_str(boxes[rnd(3)]);
	}
	if (rnd(2) == 0)
		strcpy(r->checked, "2026-11-22");
	if (rnd(2) == 0)
		strcpy(r->sha256, DIGEST);
	for (i = rnd(4); i > 0; i--)
		ruling_answer(r, boxes[rnd(3)]);
	if (rnd(2) == 0)
		r->intake = mem_str("20261122T100000Z-1");
}

static void
assert_same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void
assert_deciders_equal(const struct ruling *a, const struct ruling *b)
{
	size_t i;

	assert_int_equal(a->n_deciders, b->n_deciders);
	for (i = 0; i < a->n_deciders; i++) {
		assert_string_equal(a->deciders[i].name, b->deciders[i].name);
		assert_int_equal(a->deciders[i].evidence,
		    b->deciders[i].evidence);
		assert_int_equal(a->deciders[i].uid, b->deciders[i].uid);
		if (a->deciders[i].key == NULL)
			assert_null(b->deciders[i].key);
		else
			assert_string_equal(a->deciders[i].key,
			    b->deciders[i].key);
	}
}

static void
assert_rulings_equal(const struct ruling *a, const struct ruling *b)
{
	size_t i;

	assert_int_equal(a->event, b->event);
	assert_string_equal(a->number, b->number);
	assert_same(a->form, b->form);
	assert_same(a->client, b->client);
	assert_same(a->label, b->label);
	assert_int_equal(a->from, b->from);
	assert_int_equal(a->to, b->to);
	assert_int_equal(a->request, b->request);
	assert_int_equal(a->request_from, b->request_from);
	assert_int_equal(a->request_to, b->request_to);
	assert_int_equal(a->revision, b->revision);
	assert_string_equal(a->key, b->key);
	assert_int_equal(a->key_revision, b->key_revision);
	assert_string_equal(a->overlap, b->overlap);
	assert_int_equal(a->notice, b->notice);
	assert_string_equal(a->expiry, b->expiry);
	assert_same(a->note, b->note);
	assert_int_equal(a->uid, b->uid);
	assert_same(a->box, b->box);
	assert_deciders_equal(a, b);
	assert_string_equal(a->checked, b->checked);
	assert_string_equal(a->sha256, b->sha256);
	assert_same(a->file, b->file);
	assert_same(a->subjects, b->subjects);
	assert_same(a->answers, b->answers);
	assert_same(a->intake, b->intake);
	assert_int_equal(a->faults.n, b->faults.n);
	for (i = 0; i < a->faults.n; i++) {
		assert_int_equal(a->faults.list[i].code,
		    b->faults.list[i].code);
		assert_same(a->faults.list[i].text, b->faults.list[i].text);
	}
}

static void
test_there_and_back(void **state)
{
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct ruling r, back;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		make(&r);
		buf_clear(&text);
		ruling_encode(&r, &text);
		if (ruling_decode(&back, text.data, text.len) != 0)
			fail_msg("%s", buf_str(&text));
		assert_rulings_equal(&r, &back);
		buf_clear(&again);
		ruling_encode(&back, &again);
		assert_string_equal(buf_str(&text), buf_str(&again));
		ruling_free(&r);
		ruling_free(&back);
	}
	buf_free(&text);
	buf_free(&again);
}

/* The last paragraph of a message, as git reads it. */
static void
test_trailers_are_gits(void **state)
{
	struct buf text = BUF_INIT, is = BUF_INIT;
	int dir = unit_open_dir("messages"), i;
	const char *last, *at;
	struct ruling r;

	(void)state;
	for (i = 0; i < 40; i++) {
		make(&r);
		buf_clear(&text);
		buf_clear(&is);
		ruling_encode(&r, &text);
		unit_write(dir, "message", text.data, text.len);
		assert_int_equal(unit_shell(&is,
		    "git interpret-trailers --parse --unfold <%s",
		    unit_in("messages/message")), 0);
		for (last = at = buf_str(&text);
		    (at = strstr(at, "\n\n")) != NULL; at += 2)
			last = at + 2;
		assert_string_equal(buf_str(&is), last);
		ruling_free(&r);
	}
	close(dir);
	buf_free(&text);
	buf_free(&is);
}

#define GOOD "AK-000012 approved: x\n\n" \
	"Event: approve\nNumber: AK-000012\nForm: {u}f\n" \
	"State: pending -> approved\n"

static void
test_not_ours(void **state)
{
	static const char *const bad[] = {
		"", "\n", "\n\n", "a", "Initial commit\n",
		"x\n\nEvent: approve\n",
		"x\n\nEvent: approve\nNumber: AK-000012\n",
		"x\n\nEvent: approve\nForm: {u}f\n",
		"x\n\nEvent: refuse\n",
		"x\n\nEvent: refuse\nFile: f\nNumber: AK-000012\n",
		"x\n\nEvent: rules\nNumber: AK-000012\nForm: {u}f\n",
		"x\n\nEvent: ask\nNumber: AK-000012\nForm: {u}f\n",
		"x\n\nNumber: AK-000012\nForm: {u}f\n",
		"x\n\n\nEvent: init\n", "x\n\n a\n\nEvent: init\n",
		"x\n\na  b\n\nEvent: init\n", "x\n\n---\n\nEvent: init\n",
		GOOD "Event: no\n", GOOD "Unknown: x\n", GOOD "Client:x\n",
		GOOD "Client: \n", GOOD "Client:   \n", GOOD "Client: \x1b[m\n",
		GOOD "Client: \xff\n", GOOD "Client: a\nClient: a\n",
		GOOD "Client: a", GOOD "Number: AK-12\n",
		GOOD "State: pending\n", GOOD "State: pending -> no\n",
		GOOD "Request: change\n", GOOD "Request: none - -> -\n",
		GOOD "Revision: 0\n", GOOD "Revision: x\n",
		GOOD "Submitted-by: uid\n", GOOD "Submitted-by: uid x\n",
		GOOD "Submitted-by: uid 1 (x)\n",
		GOOD "Submitted-by: uid 1(inbox)\n",
		GOOD "Submitted-by: uid 1 (inbox) \n",
		GOOD "Submitted-by: uid 4294967296\n",
		GOOD "Decided-by: alice\n", GOOD "Decided-by: (owner)\n",
		GOOD "Decided-by: alice (no)\n",
		GOOD "Decided-by: alice )owner(\n",
		GOOD "Decided-by: alice (owner uid -1)\n",
		GOOD "Checked: 2026-02-30\n", GOOD "Checked: today\n",
		GOOD "Form-SHA256: 00\n", GOOD "Fault: 2002\n",
		GOOD "Fault: x - y\n", GOOD "Answer-to: acme\n",
		GOOD "Answer-to: box a/b\n", GOOD "Answer-to: box \n",
	};
	struct ruling r;
	size_t i;

	(void)state;
	assert_int_equal(ruling_decode(&r, GOOD, strlen(GOOD)), 0);
	ruling_free(&r);
	assert_int_equal(ruling_decode(&r, GOOD "\0", sizeof(GOOD)), -1);
	ruling_free(&r);
	for (i = 0; i < COUNT(bad); i++) {
		if (ruling_decode(&r, bad[i], strlen(bad[i])) != -1)
			fail_msg("taken: %s", bad[i]);
		ruling_free(&r);
	}
}

/* Bytes of a good message changed: refused, or a ruling like any other. */
static void
test_damaged(void **state)
{
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct ruling r, back;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		make(&r);
		buf_clear(&text);
		ruling_encode(&r, &text);
		ruling_free(&r);
		text.data[rnd(text.len)] = (char)rnd(256);
		if (ruling_decode(&r, text.data, text.len) == 0) {
			buf_clear(&again);
			ruling_encode(&r, &again);
			assert_int_equal(ruling_decode(&back, again.data,
			    again.len), 0);
			assert_int_equal(back.event, r.event);
			assert_string_equal(back.number, r.number);
			ruling_free(&back);
		}
		ruling_free(&r);
	}
	buf_free(&text);
	buf_free(&again);
}

static void
test_subject_lines(void **state)
{
	static const struct {
		const char *message, *subject;
	} cases[] = {
		{ GOOD "Label: Acme app\nClient: acme\n",
		  "AK-000012 approved: Acme app (acme)" },
		{ GOOD, "AK-000012 approved: {u}f" },
		{ GOOD "Request: change pending -> -\n",
		  "AK-000012 change approved: {u}f" },
		{ "x\n\nEvent: revoke\nNumber: AK-000012\nForm: f\n"
		  "Request: change pending -> rejected\n",
		  "AK-000012 revoked: f" },
		{ "x\n\nEvent: rules\nPath: a\nPath: b\nPath: c\nPath: d\n",
		  "rules changed: a, b, c, \xe2\x80\xa6" },
		{ "x\n\nEvent: refuse\nFile: acme/k.xml\n"
		  "Fault: 2002 - a.\nFault: 2001 - b.\n",
		  "refused: acme/k.xml (2002, 2001)" },
	};
	struct buf b = BUF_INIT;
	struct ruling r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(ruling_decode(&r, cases[i].message,
		    strlen(cases[i].message)), 0);
		buf_clear(&b);
		ruling_subject_line(&r, &b);
		assert_string_equal(buf_str(&b), cases[i].subject);
		ruling_free(&r);
	}
	buf_free(&b);
}

/* Each box once, in the order of their coming; inbox itself is one. */
static void
test_answers(void **state)
{
	static const char *const boxes[] = { "acme", "", "b", "acme", "", "b" };
	char box[LIMIT_BOX + 1];
	const char *at;
	struct ruling r;
	size_t i;

	(void)state;
	ruling_init(&r);
	at = r.answers;
	assert_false(ruling_next_answer(&at, box));
	for (i = 0; i < COUNT(boxes); i++)
		ruling_answer(&r, boxes[i]);
	at = r.answers;
	for (i = 0; i < 3; i++) {
		assert_true(ruling_next_answer(&at, box));
		assert_string_equal(box, boxes[i]);
	}
	assert_false(ruling_next_answer(&at, box));
	ruling_free(&r);
}

static void
test_notes(void **state)
{
	static const struct {
		const char *note, *clean;
	} cases[] = {
		{ "", NULL }, { " \n\t\n", NULL }, { "\x01\x02", NULL },
		{ "a", "a\n" }, { "\n\n  a\nb\n\n", "a\nb\n" },
		{ "a\r\nb", "a\nb\n" }, { "---\na", " ---\na\n" },
		{ "a\n--- b", "a\n --- b\n" }, { "a\n\n\nb", "a\n\n\nb\n" },
		{ "a\x1b[31mb", "a [31mb\n" },
		{ "a\xff", "a\xef\xbf\xbd\n" },
	};
	char *is;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		is = note_clean(cases[i].note);
		assert_same(is, cases[i].clean);
		free(is);
	}
}

static void
test_evidence_names(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < EVIDENCE_COUNT; i++)
		assert_int_equal(evidence_named(evidence_name(
		    (enum evidence)i)), i);
	assert_int_equal(evidence_named("signed"), EVIDENCE_COUNT);
	assert_int_equal(evidence_named(""), EVIDENCE_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_trailers_are_gits),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_subject_lines),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_evidence_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
