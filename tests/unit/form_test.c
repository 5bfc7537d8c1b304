/*
 * form_test: numbers and names of papers in the one spelling they have, and
 * in no other; where the ledger files them.
 */
#include "unit.h"

#include "form.h"
#include "text.h"

static void
test_prefixes(void **state)
{
	static const char *const good[] = { "AK", "FM", "A1", "AB12CD34",
	    "ZZZZZZZZ" };
	static const char *const bad[] = { "", "A", "1A", "ak", "Ak", "A-",
	    "A B", "ABCDEFGHI", "\xc3\x84K", "AK\n", "_A" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!prefix_valid(good[i]))
			fail_msg("%s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (prefix_valid(bad[i]))
			fail_msg("\"%s\"", bad[i]);
}

static void
test_numbers(void **state)
{
	static const char *const good[] = { "AK-000001", "AK-000012",
	    "AK-999999", "AK-1000000", "FM-123456", "AB12CD34-000001",
	    "AK-999999999999" };
	static const char *const bad[] = { "", "AK", "AK-", "AK-1",
	    "AK-00001", "AK-0000001", "AK-0999999", "AK-01000000",
	    "AK-000000", "AK-1000000000000", "AK000001", "ak-000001",
	    "AK-00000a", "AK-000001 ", " AK-000001", "AK--00001",
	    "AK-000001-", "AK-000001.xml", "-000001", "A-000001",
	    "ABCDEFGHI-000001", "AK-+00001", "AK-\xd9\xa0\xd9\xa0\xd9\xa1" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!number_valid(good[i]))
			fail_msg("%s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (number_valid(bad[i]))
			fail_msg("\"%s\"", bad[i]);
}

static void
test_numbers_there_and_back(void **state)
{
	static const char *const prefixes[] = { "AK", "A1", "LONGPREF" };
	char text[NUMBER_TEXT], prefix[PREFIX_TEXT];
	uint64_t seq, back;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		seq = 1 + rnd(999999999999) / (1 + rnd(1000000000));
		number_make(text, prefixes[i % 3], seq);
		assert_true(number_valid(text));
		number_split(text, prefix, &back);
		assert_string_equal(prefix, prefixes[i % 3]);
		assert_true(back == seq);
	}
	assert_string_equal(number_make(text, "AK", 12), "AK-000012");
	assert_string_equal(number_make(text, "LONGPREF", 999999999999),
	    "LONGPREF-999999999999");
}

static void
split_nonsense(void *arg)
{
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	(void)arg;
	number_split("AK-12", prefix, &seq);
}

static void
file_nonsense(void *arg)
{
	char path[LEDGER_PATH];

	(void)arg;
	ledger_path(path, STATE_PENDING, "AK000012", "x.xml");
}

static void
test_bugs(void **state)
{
	(void)state;
	assert_bug(split_nonsense, NULL);
	assert_bug(file_nonsense, NULL);
}

static void
test_papers(void **state)
{
	static const struct {
		const char *name, *number, *stem, *who;
		enum paper_kind kind;
		unsigned revision;
		bool filed;
	} cases[] = {
		{ "AK-000012.xml", "AK-000012", "AK-000012", "", PAPER_FORM,
		  1, true },
		{ "AK-000012.r2.xml", "AK-000012", "AK-000012.r2", "",
		  PAPER_FORM, 2, true },
		{ "FM-1234567.r999999.xml", "FM-1234567",
		  "FM-1234567.r999999", "", PAPER_FORM, 999999, true },
		{ "AK-000012.revocation.xml", "AK-000012",
		  "AK-000012.revocation", "", PAPER_REVOCATION, 1, true },
		{ "AK-000012.revocation.r3.xml", "AK-000012",
		  "AK-000012.revocation.r3", "", PAPER_REVOCATION, 3, true },
		{ "AK-000012.withdrawal.xml", "AK-000012",
		  "AK-000012.withdrawal", "", PAPER_WITHDRAWAL, 1, true },
		{ "AK-000012.rotation.xml", "AK-000012",
		  "AK-000012.rotation", "", PAPER_ROTATION, 1, true },
		{ "AK-000012.rotation.r2.xml", "AK-000012",
		  "AK-000012.rotation.r2", "", PAPER_ROTATION, 2, true },
		{ "AK-000012.key.xml", "AK-000012", "AK-000012.key", "",
		  PAPER_KEY, 1, true },
		{ "AK-000012.key.r12.xml", "AK-000012", "AK-000012.key.r12",
		  "", PAPER_KEY, 12, true },
		{ "AK-000012.note.txt", "AK-000012", "AK-000012.note", "",
		  PAPER_NOTE, 0, false },
		{ "AK-000012.note.alice.txt", "AK-000012",
		  "AK-000012.note.alice", "alice", PAPER_NOTE, 0, false },
		{ "AK-000012.note.r2.txt", "AK-000012", "AK-000012.note.r2",
		  "r2", PAPER_NOTE, 0, false },
		{ "AK-000012.refused.txt", "AK-000012", "AK-000012.refused",
		  "", PAPER_REFUSED, 0, false },
	};
	char text[PAPER_NAME];
	struct paper p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (paper_parse(cases[i].name, &p) != 0)
			fail_msg("%s", cases[i].name);
		assert_string_equal(p.number, cases[i].number);
		assert_string_equal(p.who, cases[i].who);
		assert_int_equal(p.kind, cases[i].kind);
		assert_int_equal(p.revision, cases[i].revision);
		assert_int_equal(paper_is_filed(&p), cases[i].filed);
		assert_string_equal(paper_stem(text, &p), cases[i].stem);
		assert_string_equal(paper_name(text, &p), cases[i].name);
	}
}

static void
test_no_papers(void **state)
{
	static const char *const bad[] = { "", "x", ".xml", "AK-000012",
	    "AK-000012.", "AK-000012.XML", "AK-000012.xml ", " AK-000012.xml",
	    "AK-000012.xml.part", "AK-000012.xml~", "AK-000012..xml",
	    "ak-000012.xml", "AK-12.xml", "AK-000000.xml",
	    "AK-0000012.xml", "AK-000012.r1.xml", "AK-000012.r0.xml",
	    "AK-000012.r02.xml", "AK-000012.r.xml", "AK-000012.r-2.xml",
	    "AK-000012.r1000000.xml", "AK-000012.R2.xml",
	    "AK-000012.r2.r3.xml", "AK-000012r2.xml", "AK-000012.r2.txt",
	    "AK-000012.revocation.r1.xml", "AK-000012.revocation.txt",
	    "AK-000012.revocationr2.xml", "AK-000012.revocation..xml",
	    "AK-000012.rotation.r1.xml", "AK-000012.key",
	    "AK-000012.key.age", "AK-000012.r2.key.xml", "AK-000012.key.txt",
	    "AK-000012.key.xml.sig", "AK-000012.key.approve.alice.sig",
	    "AK-000012.keys.xml", "AK-000012.txt", "AK-000012.note.xml",
	    "AK-000012.note..txt", "AK-000012.note.a.b.txt",
	    "AK-000012.notealice.txt", "AK-000012.note.a\nb.txt",
	    "AK-000012.note.\xff.txt", "AK-000012.note.a/b.txt",
	    "AK-000012.note.\xe2\x80\xaex.txt",
	    "AK-000012.refused.alice.txt", "AK-000012.refused.r2.txt",
	    "AK-000012.note.txt.xml", "Thumbs.db", "\xff\xfe.xml",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-000012.xml" };
	char name[400];
	struct paper p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (paper_parse(bad[i], &p) == 0)
			fail_msg("\"%s\"", bad[i]);
	/* the longest that fits, and one more */
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "AK-000012.note.%0*d.txt",
		    (int)i + 1, 0);
		assert_int_equal(paper_parse(name, &p),
		    strlen(name) < PAPER_NAME ? 0 : -1);
	}
}

/* Whatever is taken for a paper is called so and not otherwise. */
static void
test_one_spelling(void **state)
{
	static const char *const pieces[] = { "AK-", "000012", "0", "1", "-",
	    ".", "r", "r2", ".r2", ".r10", "note", ".note", "revocation",
	    ".revocation", ".rotation", ".key", ".withdrawal", ".refused", "alice", ".xml", ".txt",
	    "xml", "\xc3\xa9", " " };
	char name[400], again[PAPER_NAME];
	struct paper p;
	int i, taken = 0;
	size_t n;

	(void)state;
	for (i = 0; i < 200000; i++) {
		strcpy(name, i % 2 == 0 ? "AK-000012" : "");
		for (n = rnd(5); n > 0; n--)
			strcat(name, pieces[rnd(COUNT(pieces))]);
		if (i % 3 == 0)
			strcat(name, i % 2 == 0 ? ".xml" : ".txt");
		if (paper_parse(name, &p) != 0)
			continue;
		taken++;
		assert_true(number_valid(p.number));
		assert_string_equal(paper_name(again, &p), name);
		assert_true(p.revision > 0 || !paper_is_filed(&p));
	}
	assert_true(taken > 100);
}

static void
test_requests(void **state)
{
	struct paper p = { .number = "AK-000012", .revision = 1 };

	(void)state;
	assert_int_equal(paper_of_request(REQUEST_CHANGE), PAPER_FORM);
	assert_int_equal(paper_of_request(REQUEST_REVOCATION),
	    PAPER_REVOCATION);
	p.kind = paper_of_request(REQUEST_CHANGE);
	assert_int_equal(request_of_paper(&p), REQUEST_CHANGE);
	p.kind = paper_of_request(REQUEST_REVOCATION);
	assert_int_equal(request_of_paper(&p), REQUEST_REVOCATION);
	assert_int_equal(paper_of_request(REQUEST_ROTATION), PAPER_ROTATION);
	p.kind = paper_of_request(REQUEST_ROTATION);
	assert_int_equal(request_of_paper(&p), REQUEST_ROTATION);
	p.kind = PAPER_KEY;
	assert_int_equal(request_of_paper(&p), REQUEST_NONE);
	p.kind = PAPER_WITHDRAWAL;
	assert_int_equal(request_of_paper(&p), REQUEST_NONE);
	p.kind = PAPER_NOTE;
	assert_int_equal(request_of_paper(&p), REQUEST_NONE);
}

static void
test_places(void **state)
{
	static const struct {
		enum state tray;
		const char *number, *name, *path;
	} cases[] = {
		{ STATE_APPROVED, "AK-000012", "AK-000012.xml",
		  "approved/AK/00/00/AK-000012.xml" },
		{ STATE_PENDING, "AK-123456", "AK-123456.r2.xml",
		  "pending/AK/12/34/AK-123456.r2.xml" },
		{ STATE_REVOKED, "AK-1234567", "AK-1234567.xml",
		  "revoked/AK/123/45/AK-1234567.xml" },
		{ STATE_RETURNED, "FM-000099", NULL, "returned/FM/00/00" },
		{ STATE_REJECTED, "LONGPREF-999999999999", NULL,
		  "rejected/LONGPREF/99999999/99" },
		{ STATE_PENDING, "AK-000100", NULL, "pending/AK/00/01" },
		{ STATE_PENDING, "AK-010000", NULL, "pending/AK/01/00" },
	};
	char path[LEDGER_PATH];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_string_equal(ledger_path(path, cases[i].tray,
		    cases[i].number, cases[i].name), cases[i].path);
}

/* The longest path fits. */
static void
test_longest_place(void **state)
{
	char path[LEDGER_PATH], name[PAPER_NAME];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ledger_path(path, STATE_APPROVED, "LONGPREF-999999999999", name);
	assert_string_equal(path + strlen(path) - strlen(name), name);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_there_and_back),
		cmocka_unit_test(test_bugs),
		cmocka_unit_test(test_papers),
		cmocka_unit_test(test_no_papers),
		cmocka_unit_test(test_one_spelling),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_longest_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
