/*
 * receipt_test: for each thing that can happen to a case there is an answer,
 * whatever is in the ruling: as XML that is valid by receipt.xsd, as text
 * that fits a screen, under a name that is fit for a file.
 */
#include "unit.h"

#include "clock.h"
#include "receipt.h"
#include "text.h"

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 "aaaaaaaa\xc3\xa9"

static const struct receipt_desk desk = { "office.example", "The <office> &" };

static const char *const words[] = {
	"Acme & Co.", "<b>", "]]>", "\xc3\xa9\xe5\xa5\xbd", "\"quoted\"", "%N",
	"averyveryveryverylongwordthatgoesonforeverandeveryonwithoutanyblank",
	"a -- b",
};

static char *
word(void)
{
	return rnd(4) == 0 ? NULL : mem_str(words[rnd(COUNT(words))]);
}

/* A ruling by this row of the table. */
static void
make(struct ruling *r, const struct transition *t)
{
	ruling_init(r);
	r->event = t->event;
	r->from = t->from;
	r->to = t->to;
	r->at = (int64_t)rnd(4000000000u);
	strcpy(r->number, "AK-000012");
	r->form = mem_str("{urn:docket:api-key:1}application");
	r->label = word();
	r->client = word();
	r->revision = (unsigned)rnd(3);
	r->request = t->event == EVENT_ASK ?
	    1 + (enum request)rnd(REQUEST_COUNT - 1) : t->request;
	if (r->request != REQUEST_NONE) {
		r->request_from = STATE_PENDING;
		r->request_to = t->request_to;
	}
	if (rnd(2) == 0)
		r->note = mem_str("First.\n\n  <second> & \xe2\x80\xa6\n");
	if (rnd(2) == 0)
		ruling_decider(r, "alice & bob", EVIDENCE_OWNER, 1000, NULL);
	if (rnd(2) == 0)
		strcpy(r->commit, "0123456789012345678901234567890123456789");
	strcpy(r->sha256, "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff");
	if (r->event == EVENT_NOTIFY) {
		r->notice = 7;
		day_text(r->expiry, clock_day(r->at) + (int32_t)rnd(8));
	}
}

/* What is shown fits, says who it is from, and leaves no mark unfilled. */
static void
check_text(const struct ruling *r, const char *box)
{
	struct buf b = BUF_INIT;
	const char *p, *end;

	receipt_text(r, &desk, box, &b);
	assert_true(utf8_valid(b.data, b.len));
	for (p = buf_str(&b); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		assert_non_null(end);
		assert_true(text_plain(p, (size_t)(end - p)));
		assert_true(end == p || end[-1] != ' ' ||
		    strncmp(p, "-- ", 3) == 0);
	}
	if (!unit_has(buf_str(&b), desk.name) ||
	    !unit_has(buf_str(&b), r->number) ||
	    strstr(buf_str(&b), "%S") != NULL ||
	    strstr(buf_str(&b), "%B") != NULL ||
	    strstr(buf_str(&b), "%E") != NULL ||
	    strstr(buf_str(&b), "%W") != NULL)
		fail_msg("%s", buf_str(&b));
	if (r->note != NULL)
		assert_true(unit_has(buf_str(&b), "<second>"));
	buf_free(&b);
}

static void
check_name(const struct ruling *r)
{
	char name[RECEIPT_NAME];

	receipt_name(name, r);
	assert_true(strlen(name) + 4 <= 255);
	assert_null(strchr(name, '/'));
	assert_true(text_plain(name, strlen(name)));
	if (r->event != EVENT_REFUSE)
		assert_int_equal(strncmp(name, "AK-000012.", 10), 0);
}

static void
write_xml(const struct ruling *r, int dir, unsigned n)
{
	struct buf b = BUF_INIT, again = BUF_INIT;
	char name[32];

	receipt_xml(r, &desk, &b);
	receipt_xml(r, &desk, &again);
	assert_string_equal(buf_str(&b), buf_str(&again));
	snprintf(name, sizeof(name), "%u.xml", n);
	unit_write(dir, name, b.data, b.len);
	buf_free(&b);
	buf_free(&again);
}

static void
assert_all_valid(const char *dir)
{
	struct buf xsd = BUF_INIT, said = BUF_INIT;

	unit_source("schemas/receipt.xsd", &xsd);
	unit_write(AT_FDCWD, unit_in("receipt.xsd"), xsd.data, xsd.len);
	if (unit_shell(&said, "xmllint --nonet --noout --schema %s %s/*.xml",
	    unit_in("receipt.xsd"), unit_in(dir)) != 0)
		fail_msg("%.2000s", buf_str(&said));
	buf_free(&xsd);
	buf_free(&said);
}

static void
test_each_event(void **state)
{
	int dir = unit_open_dir("events");
	const struct transition *t;
	struct ruling r;
	unsigned n = 0;
	size_t i;
	int k;

	(void)state;
	assert_int_equal(clock_zone("UTC"), 0);
	for (i = 0; (t = state_row(i)) != NULL; i++)
		/* of what is only counted nobody is told */
		for (k = 0; k < 12 && t->event != EVENT_ENDORSE; k++) {
			make(&r, t);
			check_name(&r);
			check_text(&r, k % 2 == 0 ? "" : "acme");
			write_xml(&r, dir, n++);
			ruling_free(&r);
		}
	assert_all_valid("events");
	close(dir);
}

static void
make_refusal(struct ruling *r)
{
	static const char *const files[] = { "acme/a <b> &.xml", "key.xml",
	    "acme/" A50 A50 A50 A50 "\xc3\xa9" A50 ".xml" };
	const struct fault_kind *kind;
	struct fault *f;
	char *field, *text;
	int i;

	ruling_init(r);
	r->event = EVENT_REFUSE;
	r->file = mem_str(files[rnd(COUNT(files))]);
	for (i = (int)rnd(60); i >= 0; i--) {
		do
			kind = fault_kind_at(rnd(40));
		while (kind == NULL);
		field = word();
		text = word();
		f = faults_add(&r->faults, kind->code, (long)rnd(20), field,
		    text);
		if (f != NULL)
			f->raw = word();
		free(field);
		free(text);
	}
}

static void
test_refusals(void **state)
{
	int dir = unit_open_dir("refusals");
	struct buf b = BUF_INIT;
	struct ruling r;
	unsigned n;

	(void)state;
	for (n = 0; n < 100; n++) {
		make_refusal(&r);
		check_name(&r);
		write_xml(&r, dir, n);
		buf_clear(&b);
		receipt_text(&r, &desk, "acme", &b);
		assert_true(utf8_valid(b.data, b.len));
		assert_true(unit_has(buf_str(&b), "inbox/acme"));
		ruling_free(&r);
	}
	assert_all_valid("refusals");
	close(dir);
	buf_free(&b);
}

static void
test_notices(void **state)
{
	static const struct notice notices[] = {
		{ .event = "duplicate", .number = "AK-000012",
		  .file = "a <b>.xml", .sha256 = "00", .at = 1795341600,
		  .text = "It was & is known.", .code = FAULT_DUPLICATE },
		{ .event = "held", .file = "key.xml", .at = 0,
		  .text = "It could not be checked." },
	};
	int dir = unit_open_dir("notices");
	struct buf b = BUF_INIT;
	struct notice n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(notices); i++) {
		n = notices[i];
		n.sha256 = "00112233445566778899aabbccddeeff"
		    "00112233445566778899aabbccddeeff";
		buf_clear(&b);
		notice_xml(&n, &desk, &b);
		unit_write(dir, i == 0 ? "0.xml" : "1.xml", b.data, b.len);
		buf_clear(&b);
		notice_text(&n, &desk, &b);
		assert_true(unit_has(buf_str(&b), n.text));
		assert_true(unit_has(buf_str(&b), n.file));
		assert_int_equal(strstr(buf_str(&b), "2008") != NULL,
		    n.code == FAULT_DUPLICATE);
	}
	assert_all_valid("notices");
	close(dir);
	buf_free(&b);
}

/* How far away the last day is. */
static void
test_expiring(void **state)
{
	static const struct {
		const char *at, *says;
	} cases[] = {
		{ "2027-12-01T00:00:00Z", "last day is 2027-12-31, in 30 days." },
		{ "2027-12-30T23:59:59Z", "last day is 2027-12-31, tomorrow." },
		{ "2027-12-31T23:59:59Z", "last day is 2027-12-31, which is "
		  "today." },
		{ "2028-01-01T00:00:00Z", "last day is 2027-12-31." },
	};
	struct buf b = BUF_INIT;
	struct ruling r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		ruling_init(&r);
		strcpy(r.number, "AK-000012");
		r.form = mem_str("{u}f");
		r.event = EVENT_NOTIFY;
		r.revision = 1;
		r.notice = 30;
		strcpy(r.expiry, "2027-12-31");
		assert_int_equal(time_parse(cases[i].at, &r.at), 0);
		buf_clear(&b);
		receipt_text(&r, &desk, "acme", &b);
		if (!unit_has(buf_str(&b), cases[i].says))
			fail_msg("%s", buf_str(&b));
		ruling_free(&r);
	}
	buf_free(&b);
}

/* Forms, requests and their revisions have names of their own; what is about
 * the case has the case's. */
static void
test_names(void **state)
{
	static const struct {
		enum event event;
		enum request request;
		unsigned revision;
		const char *name;
	} cases[] = {
		{ EVENT_RECEIVE, REQUEST_NONE, 1, "AK-000012.received" },
		{ EVENT_REVISE, REQUEST_NONE, 2, "AK-000012.r2.received" },
		{ EVENT_ASK, REQUEST_CHANGE, 3, "AK-000012.r3.received" },
		{ EVENT_ASK, REQUEST_REVOCATION, 1,
		  "AK-000012.revocation.received" },
		{ EVENT_ASK, REQUEST_REVOCATION, 2,
		  "AK-000012.revocation.r2.received" },
		{ EVENT_APPROVE, REQUEST_NONE, 1, "AK-000012.approved" },
		{ EVENT_APPROVE, REQUEST_CHANGE, 2, "AK-000012.r2.approved" },
		{ EVENT_APPROVE, REQUEST_REVOCATION, 1,
		  "AK-000012.revocation.revoked" },
		{ EVENT_LAPSE, REQUEST_NONE, 1, "AK-000012.returned" },
		{ EVENT_REVOKE, REQUEST_CHANGE, 4, "AK-000012.revoked" },
		{ EVENT_EFFECT, REQUEST_NONE, 2, "AK-000012.effective" },
		{ EVENT_EXPIRE, REQUEST_REVOCATION, 2, "AK-000012.expired" },
		{ EVENT_NOTIFY, REQUEST_NONE, 2, "AK-000012.expiring" },
	};
	char name[RECEIPT_NAME];
	struct ruling r;
	size_t i;

	(void)state;
	ruling_init(&r);
	r.event = EVENT_REFUSE;
	r.file = mem_str("acme/key.xml");
	assert_string_equal(receipt_name(name, &r), "key.xml.refused");
	ruling_free(&r);
	for (i = 0; i < COUNT(cases); i++) {
		ruling_init(&r);
		strcpy(r.number, "AK-000012");
		r.event = cases[i].event;
		r.request = cases[i].request;
		r.revision = cases[i].revision;
		assert_string_equal(receipt_name(name, &r), cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_event),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_expiring),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
