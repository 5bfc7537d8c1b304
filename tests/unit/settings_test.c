/*
 * settings_test: what docket.conf sets and what it leaves; limits that go
 * down only; combinations that cannot hold; that an error names its line and
 * leaves nothing behind.
 */
#include "unit.h"

#include <pwd.h>
#include <sys/resource.h>

#include "limit.h"
#include "settings.h"

#define ID "[desk]\nid = a\n"
#define TWO "[reviewer \"a\"]\nuser = root\ngroup = desk\n" \
    "[reviewer \"b\"]\ngroup = desk\ngroup = board\nclient = acme\n"

static int
parse(struct settings *s, const char *text, struct conf_error *e)
{
	*e = (struct conf_error){ 0 };
	return settings_parse(s, text, strlen(text), e);
}

static void
must_parse(struct settings *s, const char *text)
{
	struct conf_error e;

	if (parse(s, text, &e) != 0)
		fail_msg("%s: line %u: %s", text, e.line, e.text);
}

static void
test_defaults(void **state)
{
	struct settings s;

	(void)state;
	must_parse(&s, ID);
	assert_string_equal(s.desk_id, "a");
	assert_string_equal(s.zone, "UTC");
	assert_int_equal(s.settle, 2000);
	assert_int_equal(s.grace, 5000);
	assert_int_equal(s.strays, 60000);
	assert_int_equal(s.form_limit, LIMIT_FORM);
	assert_int_equal(s.ratio, LIMIT_RATIO);
	assert_int_equal(s.check.depth, LIMIT_DEPTH);
	assert_int_equal(s.check.memory, LIMIT_CHECK_MEMORY);
	assert_int_equal(s.check.reuse, LIMIT_REUSE);
	assert_true(s.refusals);
	assert_int_equal(s.n_notices, 3);
	assert_int_equal(settings_notice(&s, 30, 31), 30);
	assert_int_equal(s.n_reviews, 1);
	assert_int_equal(s.reviews[0].of[APPROVE].evidence, EVIDENCE_OWNER);
	assert_int_equal(s.reviews[0].of[APPROVE].n_stages, 1);
	assert_int_equal(s.reviews[0].of[APPROVE].stage[0].quorum, 1);
	assert_true(s.reviews[0].of[REVOKE].apart);
	assert_int_equal(s.reviews[0].lapse, 90LL * 86400000);
	assert_true(s.reviews[0].of[RETURN].note);
	assert_true(s.reviews[0].of[REVOKE].note);
	assert_false(s.reviews[0].of[APPROVE].note);
	assert_null(settings_reviewer(&s, 0));
	settings_free(&s);
}

/* Taken, or refused in the line of the key with what was expected. */
static void
test_values(void **state)
{
	static const struct {
		const char *section, *key, *good, *bad;
	} keys[] = {
		{ "desk", "id", "office-1.example",
		  "|a b|a/b|\xc3\xa9|"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaa" },
		{ "desk", "name", "The office|\xc3\xa9", "|a\xe2\x80\xae" },
		{ "desk", "timezone", "Europe/Berlin|UTC",
		  "|Europe/Nowhere|../UTC|/etc/passwd" },
		{ "inbox", "settle", "0|2s|500ms", "|2|-1s|2 s|s" },
		{ "inbox", "grace", "0|5s|1h", "|five" },
		{ "inbox", "poll", "1ms|2s", "|0|0s" },
		{ "trays", "strays", "0|60s", "|x" },
		{ "limits", "form", "1|1k|1m|1048576", "|0|1048577|2m|-1" },
		{ "limits", "ratio", "1|100", "|0|101" },
		{ "limits", "depth", "1|64", "|0|65|1.5" },
		{ "limits", "attributes", "1|256", "|0|257" },
		{ "limits", "value", "1|256k", "|0|257k" },
		{ "check", "cpu", "1s|10s", "|0|999ms|11s|10" },
		{ "check", "memory", "64m|256m", "|0|32m|65535k|257m|1g" },
		{ "check", "reuse", "1|256", "|0|257" },
		{ "check", "workers", "1|64", "|0|65" },
		{ "expiry", "notify", "30d, 7d, 1d|2w|365d|1d 1d|never",
		  "|0|0d|7|36h|366d|never, 7d|7d never|,|1d 2d 3d 4d 5d 6d 7d "
		  "8d 9d 10d 11d 12d 13d 14d 15d 16d 17d" },
		{ "ledger", "refusals", "true|no|ON|0", "|2|maybe" },
		{ "review", "evidence", "owner|signature", "|none|policy|sign" },
		{ "review", "quorum", "0|1", "|100|-1|many" },
		{ "review", "remind", "0|3d", "|3" },
		{ "review", "revocations", "true|no", "|2" },
		{ "review", "apart", "true|false", "|2" },
		{ "review", "lapse", "0|90d", "|90" },
		{ "review", "note", "none|approve|return, reject revoke",
		  "receive|lapse|all" },
	};
	struct buf text = BUF_INIT, values = BUF_INIT;
	struct conf_error e;
	struct settings s;
	char *at, *value;
	size_t i, good;

	(void)state;
	for (i = 0; i < COUNT(keys) * 2; i++) {
		good = i % 2;
		buf_clear(&values);
		buf_puts(&values, good ? keys[i / 2].good : keys[i / 2].bad);
		for (at = values.data; (value = strsep(&at, "|")) != NULL;) {
			buf_clear(&text);
			buf_putf(&text, ID "[%s]\n%s = %s\n",
			    keys[i / 2].section, keys[i / 2].key, value);
			if (parse(&s, buf_str(&text), &e) == 0) {
				if (!good)
					fail_msg("%s", buf_str(&text));
				settings_free(&s);
			} else if (good || e.line != 4 ||
			    !unit_has(e.text, "was expected"))
				fail_msg("%s%u: %s", buf_str(&text), e.line,
				    e.text);
		}
	}
	buf_free(&text);
	buf_free(&values);
}

/* Of several thresholds that were reached the smallest, and only one that is
 * news. */
static void
test_due_notices(void **state)
{
	static const struct {
		int32_t left;
		unsigned notified, due;
	} cases[] = {
		{ 31, 366, 0 }, { 30, 366, 30 }, { 30, 30, 0 }, { 8, 30, 0 },
		{ 7, 30, 7 }, { 3, 30, 7 }, { 3, 366, 7 }, { 3, 7, 0 },
		{ 1, 7, 1 }, { 1, 366, 1 }, { 0, 366, 1 }, { 0, 1, 0 },
		{ 20, 20, 0 }, { 7, 7, 0 }, { 1, 2, 1 }, { 0, 0, 0 },
	};
	struct settings s;
	size_t i;

	(void)state;
	must_parse(&s, ID "[expiry]\nnotify = 7d 30d, 1d\t1w\n");
	assert_int_equal(s.n_notices, 3);
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(settings_notice(&s, cases[i].left,
		    cases[i].notified), cases[i].due);
	settings_free(&s);
	must_parse(&s, ID "[expiry]\nnotify = never\n");
	assert_int_equal(settings_notice(&s, 0, 366), 0);
	settings_free(&s);
}

static void
test_errors(void **state)
{
	static const struct {
		unsigned line;
		const char *text, *says;
	} cases[] = {
		{ 0, "", "[desk] id is missing" },
		{ 0, "[desk]\nname = a\n", "[desk] id is missing" },
		{ 4, ID "[inbox]\nsettel = 2s\n", "Did you mean settle?" },
		{ 4, ID "[inbox]\ncolour = red\n",
		  "1290 - [inbox] colour is not a parameter." },
		{ 4, ID "[inbx]\nsettle = 2s\n", "1290" },
		{ 4, ID "[inbox \"a\"]\nsettle = 2s\n", "takes no name" },
		{ 4, ID "[reviewer]\nuser = root\n", "needs a name" },
		{ 4, ID "[box]\nclient = a\n", "needs a name" },
		{ 4, ID "[review \"ak\"]\nquorum = 1\n", "not this one" },
		{ 4, ID "[review \"TOOLONGER\"]\nquorum = 1\n",
		  "not this one" },
		{ 4, ID "[reviewer \"a (b)\"]\nuser = root\n", "expected" },
		{ 4, ID "[reviewer \"\"]\nuser = root\n", "expected" },
		{ 4, ID "[reviewer \"a\"]\nuser =\n", "expected" },
		{ 0, ID "[review]\nevidence = move\n", "apart = true" },
		{ 0, ID "[review]\napart = false\n[review \"AK\"]\n"
		  "evidence = move\napart = true\n", "AK: evidence = move" },
		{ 0, ID "[review]\nquorum = 2\n", "quorum needs 2" },
		{ 0, ID "[review]\nstage = desk:1\n", "group desk" },
		{ 0, ID "[review]\nescalate = 3d:board\n", "group board" },
		{ 0, ID "[review]\nemergency = board\n", "group board" },
		{ 0, ID "[review]\nevidence = move\napart = no\nquorum = 2\n"
		  TWO, "quorum of 2" },
		{ 0, ID "[review \"policy\"]\nquorum = 3\n" TWO, "needs 3" },
		{ 4, ID "[review \"policy\"]\nevidence = owner\n", "expected" },
		{ 4, ID "[review \"AK receive\"]\nquorum = 1\n",
		  "not this one" },
		{ 4, ID "[review \"return\"]\nquorum = 0\n", "expected" },
		{ 4, ID "[reviewer \"a/b\"]\nuser = root\n", "expected" },
		{ 5, ID "[reviewer \"a\"]\nuser = root\nuser = bin\n",
		  "expected" },
		{ 3, "[desk]\nid = a\n[x", "closing bracket" },
	};
	struct conf_error e;
	struct settings s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (parse(&s, cases[i].text, &e) == 0)
			fail_msg("taken: %s", cases[i].text);
		if (e.line != cases[i].line ||
		    !unit_has(e.text, cases[i].says))
			fail_msg("%s%u: %s", cases[i].text, e.line, e.text);
	}
}

/* The reviews of form types begin as the general one is, wherever it is. */
static void
test_stages(void **state)
{
	static const char text[] = ID TWO "[review]\nquorum = 2\n"
	    "[review \"AK\"]\nstage = desk:1\nstage = board\n"
	    "[review \"revoke\"]\nemergency = board\nevidence = signature\n"
	    "[review \"AK revoke\"]\nquorum = 2\nnote = no\n"
	    "[review \"policy\"]\nevidence = signature\nstage = board:1\n";
	const struct policy *p;
	struct settings s;

	(void)state;
	must_parse(&s, text);
	p = settings_policy(&s, "FM", EVENT_APPROVE);
	assert_int_equal(p->n_stages, 1);
	assert_int_equal(p->stage[0].quorum, 2);
	p = settings_policy(&s, "AK", EVENT_APPROVE);
	assert_int_equal(p->n_stages, 2);
	assert_string_equal(p->stage[0].group, "desk");
	assert_string_equal(p->stage[1].group, "board");
	assert_int_equal(p->evidence, EVIDENCE_OWNER);
	p = settings_policy(&s, "AK", EVENT_REVOKE);
	assert_int_equal(p->stage[0].quorum, 2);
	assert_int_equal(p->evidence, EVIDENCE_SIGNATURE);
	assert_string_equal(p->emergency, "board");
	assert_false(p->note);
	p = settings_policy(&s, "FM", EVENT_REVOKE);
	assert_int_equal(p->stage[0].quorum, 1);
	assert_true(p->note);
	p = settings_policy(&s, "AK", EVENT_RETURN);
	assert_int_equal(p->stage[0].quorum, 1);
	assert_int_equal(s.rules_quorum, 1);
	assert_string_equal(s.rules_group, "board");
	assert_true(reviewer_in(settings_reviewer_named(&s, "a"), "desk"));
	assert_false(reviewer_in(settings_reviewer_named(&s, "a"), "des"));
	assert_string_equal(settings_reviewer_named(&s, "b")->client, "acme");
	assert_null(settings_reviewer_named(&s, "c"));
	settings_free(&s);
}

/* Who must approve wins over nobody in what is for more, and what is said of
 * other decisions says nothing of it. */
static void
test_unreviewed(void **state)
{
	static const struct {
		const char *text;
		bool unreviewed;
	} cases[] = {
		{ "[review]\nquorum = 0\n", true },
		{ "[review]\nquorum = 0\n[review \"AK\"]\nquorum = 1\n",
		  false },
		{ "[review]\nquorum = 0\n[review \"AK\"]\nstage = desk:1\n",
		  false },
		{ "[review]\nquorum = 0\nstage = desk:1\n", false },
		{ "[review]\nstage = desk:1\n[review \"AK\"]\nquorum = 0\n",
		  true },
		{ "[review]\nquorum = 0\n[review \"approve\"]\n"
		  "stage = desk:1\n", false },
		{ "[review]\nquorum = 0\n[review \"revoke\"]\nquorum = 2\n",
		  true },
		{ "[review]\nquorum = 0\n[review \"AK revoke\"]\n"
		  "stage = desk:1\n", true },
	};
	struct buf text = BUF_INIT;
	struct settings s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&text);
		buf_putf(&text, ID TWO "%s", cases[i].text);
		must_parse(&s, buf_str(&text));
		if (settings_review(&s, "AK")->unreviewed !=
		    cases[i].unreviewed)
			fail_msg("%s", cases[i].text);
		settings_free(&s);
	}
	buf_free(&text);
}

static void
test_reviews(void **state)
{
	static const char *const text[] = {
		ID "[review]\napart = no\nlapse = 5d\n[review \"AK\"]\n"
		    "quorum = 0\n[review \"CL\"]\nnote = none\n",
		ID "[review \"CL\"]\nnote = none\n[review \"AK\"]\n"
		    "quorum = 0\n[review]\napart = no\nlapse = 5d\n",
		ID "[review \"AK\"]\n[review \"CL\"]\nnote = none\n"
		    "[review]\nlapse = 5d\n[review \"AK\"]\nquorum = 1\n"
		    "quorum = 0\n[review]\napart = no\n",
	};
	const struct review *r;
	struct settings s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(text); i++) {
		must_parse(&s, text[i]);
		r = settings_review(&s, "AK");
		assert_string_equal(r->prefix, "AK");
		assert_true(r->unreviewed);
		assert_false(r->of[APPROVE].apart);
		assert_int_equal(r->lapse, 5 * 86400000);
		assert_true(r->of[RETURN].note);
		r = settings_review(&s, "CL");
		assert_string_equal(r->prefix, "CL");
		assert_false(r->unreviewed);
		assert_false(r->of[APPROVE].apart);
		assert_false(r->of[RETURN].note);
		r = settings_review(&s, "FM");
		assert_ptr_equal(r, &s.reviews[0]);
		assert_false(r->unreviewed);
		assert_int_equal(r->lapse, 5 * 86400000);
		settings_free(&s);
	}
}

static void
test_reviewers(void **state)
{
	struct conf_error e = { 0 };
	struct settings s;
	struct rlimit before, none;
	bool trouble = false, last;

	(void)state;
	must_parse(&s, ID "[reviewer \"alice\"]\nuser = root\n"
	    "[reviewer \"nobody-else\"]\nuser = no-such-user-here\n"
	    "[reviewer \"bob\"]\nuser = 40123\n");
	assert_null(settings_reviewer(&s, 0));
	assert_int_equal(settings_resolve(&s, &e, NULL), -1);
	assert_int_equal(e.line, 6);
	assert_true(unit_has(e.text, "no-such-user-here"));
	/* the others are known all the same */
	assert_string_equal(settings_reviewer(&s, 0)->name, "alice");
	assert_string_equal(settings_reviewer(&s, 40123)->name, "bob");
	assert_null(settings_reviewer(&s, 40124));
	/* who cannot be looked up is not unknown */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(settings_resolve(&s, &e, &trouble), -1);
	/* unless another than /etc/passwd is asked last, and knows */
	errno = 0;
	last = getpwnam("root") == NULL && errno == EMFILE;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(trouble, last);
	if (last)
		assert_true(unit_has(e.text, "cannot be looked up"));
	settings_free(&s);
	must_parse(&s, ID "[reviewer \"alice\"]\nuser = root\n");
	assert_int_equal(settings_resolve(&s, &e, NULL), 0);
	settings_free(&s);
	/* nobody is two reviewers, however they are called */
	must_parse(&s, ID "[reviewer \"alice\"]\nuser = root\n"
	    "[reviewer \"bob\"]\nuser = 0\n");
	assert_int_equal(settings_resolve(&s, &e, NULL), -1);
	assert_int_equal(e.line, 6);
	assert_true(unit_has(e.text, "alice"));
	settings_free(&s);
}

static void
test_boxes(void **state)
{
	struct settings s;

	(void)state;
	must_parse(&s, ID "[box \"north\"]\nclient = acme\n"
	    "[box \"Acme\"]\nclient = \"a b\"\n");
	assert_null(settings_client(&s, ""));
	assert_string_equal(settings_client(&s, "north"), "acme");
	assert_string_equal(settings_client(&s, "Acme"), "a b");
	assert_string_equal(settings_client(&s, "acme"), "acme");
	assert_string_equal(settings_client(&s, "south"), "south");
	settings_free(&s);
}

/* An unknown user is looked up again; nobody is found by an unknown uid. */
static void
test_unknown_user(void **state)
{
	struct conf_error e = { 0 };
	struct settings s;

	(void)state;
	must_parse(&s, ID "[reviewer \"x\"]\nuser = no-such-user-here\n");
	assert_int_equal(settings_resolve(&s, &e, NULL), -1);
	assert_int_equal(s.reviewers[0].uid, -1);
	settings_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_due_notices),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_reviews),
		cmocka_unit_test(test_unreviewed),
		cmocka_unit_test(test_reviewers),
		cmocka_unit_test(test_boxes),
		cmocka_unit_test(test_unknown_user),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
