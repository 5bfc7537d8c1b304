/*
 * clock_test: days, instants and spans; the first instant of a day in zones
 * where midnight comes twice or not at all; the clock that a test may set.
 */
#include "unit.h"

#include <time.h>

#include "clock.h"

static int32_t
day(const char *text)
{
	int32_t d;

	assert_int_equal(day_parse(text, &d), 0);
	return d;
}

static int64_t
instant(const char *text)
{
	int64_t t;

	assert_int_equal(time_parse(text, &t), 0);
	return t;
}

static void
test_days_known(void **state)
{
	char text[DAY_TEXT];

	(void)state;
	assert_int_equal(day("1970-01-01"), 0);
	assert_int_equal(day("1969-12-31"), -1);
	assert_int_equal(day("2000-03-01"), 11017);
	assert_int_equal(day("2026-11-22"), 20779);
	assert_int_equal(day("1600-01-01"), -135140);
	assert_int_equal(day("9999-12-31"), 2932896);
	assert_string_equal(day_text(text, 0), "1970-01-01");
	assert_string_equal(day_text(text, -719162), "0001-01-01");
}

/* Every day of nine centuries is read as it is written, and is what the C
 * library calls it. */
static void
test_days_there_and_back(void **state)
{
	int32_t d, back, first = day("1600-01-01"), last = day("2500-12-31");
	char text[DAY_TEXT], want[DAY_TEXT + 32];
	struct tm tm;
	time_t t;

	(void)state;
	for (d = first; d <= last; d++) {
		day_text(text, d);
		if (day_parse(text, &back) != 0 || back != d)
			fail_msg("%s", text);
		if (d % 7 != 0)
			continue;
		t = (time_t)d * 86400;
		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%d", &tm);
		assert_string_equal(text, want);
	}
	for (d = day("0000-01-01"); d <= 2932896; d += 97)
		assert_int_equal(day(day_text(text, d)), d);
}

static void
test_days_refused(void **state)
{
	static const char *const bad[] = {
		"", "2026", "2026-", "2026-11", "2026-11-", "2026-11-2",
		"2026-11-222", "2026-11-22 ", " 2026-11-22", "2026-11-22Z",
		"2026-11-22T00:00:00Z", "2026/11/22", "20261122", "2026-1-22",
		"02026-11-22", "+026-11-22", "-026-11-22", "2026-00-22",
		"2026-13-22", "2026-11-00", "2026-11-31", "2026-02-29",
		"2100-02-29", "2026-02-30", "2024-02-30", "2026-11-32",
		"abcd-ef-gh", "2026-11-2x", "\xd9\xa2\xd9\xa0-11-22",
	};
	int32_t d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		d = 42;
		if (day_parse(bad[i], &d) != -1 || d != 42)
			fail_msg("\"%s\"", bad[i]);
	}
	assert_int_equal(day("2024-02-29"), day("2024-03-01") - 1);
	assert_int_equal(day("2000-02-29"), day("2000-03-01") - 1);
}

static void
test_times(void **state)
{
	char text[TIME_TEXT];
	int64_t t, back;
	int i;

	(void)state;
	assert_int_equal(instant("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(instant("2026-11-22T10:00:00Z"), 1795341600);
	assert_int_equal(instant("1969-12-31T23:59:59Z"), -1);
	assert_string_equal(time_text(text, 1795341600),
	    "2026-11-22T10:00:00Z");
	for (i = 0; i < 20000; i++) {
		/* every year of four digits, before 1970 too */
		t = (int64_t)rnd(315569520000u) - 62167219200;
		assert_int_equal(time_parse(time_text(text, t), &back), 0);
		assert_int_equal(back, t);
	}
}

static void
test_times_refused(void **state)
{
	static const char *const bad[] = {
		"", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22T10:00Z",
		"2026-11-22 10:00:00Z", "2026-11-22t10:00:00Z",
		"2026-11-22T10:00:00z", "2026-11-22T10:00:00+00:00",
		"2026-11-22T10:00:00.5Z", "2026-11-22T24:00:00Z",
		"2026-11-22T10:60:00Z", "2026-11-22T10:00:61Z",
		"2026-02-30T10:00:00Z", "2026-11-22T1:00:00Z",
		"2026-11-22T10:00:00Z ", "2026-11-22T10:00:00ZZ",
	};
	int64_t t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		t = 42;
		if (time_parse(bad[i], &t) != -1 || t != 42)
			fail_msg("\"%s\"", bad[i]);
	}
}

static void
test_zone_names(void **state)
{
	static const char *const bad[] = {
		"", "/etc/passwd", "/usr/share/zoneinfo/Europe/Berlin",
		"../zoneinfo/Europe/Berlin", "Europe/../../../etc/passwd",
		"Europe/Nowhere", "Europe/Berlin ", "Europe/Ber\nlin",
		"europe berlin", ":UTC", "Europe/Berlin/",
		/* a folder, and a file that is no zone */
		"Europe", "America/Argentina", "leapseconds",
	};
	size_t i;

	(void)state;
	assert_true(clock_zone_known("UTC"));
	assert_true(clock_zone_known("Europe/Berlin"));
	assert_true(clock_zone_known("America/Argentina/Buenos_Aires"));
	assert_true(clock_zone_known("Etc/GMT+5"));
	for (i = 0; i < COUNT(bad); i++) {
		if (clock_zone_known(bad[i]))
			fail_msg("\"%s\" is no zone", bad[i]);
		assert_int_equal(clock_zone(bad[i]), -1);
	}
}

static void
test_zone_here(void **state)
{
	char name[64];

	(void)state;
	assert_ptr_equal(clock_zone_here(name, sizeof(name)), name);
	assert_true(clock_zone_known(name));
}

static void
test_days_in_zones(void **state)
{
	char text[TIME_TEXT];
	int64_t t = instant("2026-11-22T23:30:00Z");

	(void)state;
	assert_int_equal(clock_zone("UTC"), 0);
	assert_int_equal(clock_day(t), day("2026-11-22"));
	assert_string_equal(time_local(text, t), "2026-11-22 23:30");
	assert_int_equal(clock_zone("Europe/Berlin"), 0);
	assert_int_equal(clock_day(t), day("2026-11-23"));
	assert_string_equal(time_local(text, t), "2026-11-23 00:30");
	assert_string_equal(time_text(text, t), "2026-11-22T23:30:00Z");
	assert_int_equal(clock_day_start(day("2026-11-23")),
	    instant("2026-11-22T23:00:00Z"));
	assert_int_equal(clock_day_start(day("2026-07-01")),
	    instant("2026-06-30T22:00:00Z"));
	assert_int_equal(clock_zone("Pacific/Auckland"), 0);
	assert_int_equal(clock_day(t), day("2026-11-23"));
	assert_int_equal(clock_zone("America/Los_Angeles"), 0);
	assert_int_equal(clock_day(t), day("2026-11-22"));
	assert_int_equal(clock_day(-1), day("1969-12-31"));
	assert_int_equal(clock_zone("UTC"), 0);
	assert_int_equal(clock_day(-1), -1);
	assert_int_equal(clock_day(-86401), -2);
}

/* What begins on a day begins with its first instant: no instant of the day
 * is before it, and it is one. */
static void
check_day(const char *zone, int32_t d)
{
	int64_t start = clock_day_start(d);
	char text[DAY_TEXT];

	if (clock_day(start) != d || clock_day(start - 1) >= d ||
	    clock_day(start - 3600) >= d)
		fail_msg("%s: %s begins at %lld", zone, day_text(text, d),
		    (long long)start);
}

/* In order, and then in any: what was asked before makes no difference. */
static void
check_days(const char *zone, const char *from, const char *to)
{
	int32_t d, first = day(from), last = day(to);

	assert_int_equal(clock_zone(zone), 0);
	for (d = first; d <= last; d++)
		check_day(zone, d);
	for (d = first; d <= last; d++)
		check_day(zone, first + (int32_t)rnd((uint64_t)(last -
		    first)));
	assert_int_equal(clock_zone("UTC"), 0);
}

static void
test_day_start(void **state)
{
	static const char *const zones[] = {
		"UTC", "Europe/Berlin", "Europe/London", "America/New_York",
		"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
		"Pacific/Kiritimati", "Africa/Casablanca",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(zones); i++)
		check_days(zones[i], "2005-01-01", "2037-12-31");
}

/* Midnight does not come when the clocks go forward at it. */
static void
test_day_start_without_midnight(void **state)
{
	static const char *const zones[] = {
		"America/Sao_Paulo", "America/Asuncion", "America/Santiago",
		"Africa/Cairo", "Asia/Beirut", "Asia/Amman", "Asia/Tehran",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(zones); i++)
		check_days(zones[i], "2005-01-01", "2037-12-31");
}

/* Midnight comes twice when they go back at one o'clock. */
static void
test_day_start_with_two_midnights(void **state)
{
	static const char *const zones[] = {
		"America/Havana", "Atlantic/Azores", "America/Scoresbysund",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(zones); i++)
		check_days(zones[i], "2005-01-01", "2037-12-31");
}

/* The same day, asked anew: in the same zone, in another, after a zone that is
 * none. */
static void
test_day_start_kept(void **state)
{
	int32_t d = day("2100-01-01"), i;
	int64_t t = instant("2100-01-01T00:00:00Z");

	(void)state;
	assert_int_equal(clock_zone("UTC"), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(clock_day_start(d), t);
	assert_int_equal(clock_zone("Europe/Berlin"), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(clock_day_start(d), t - 3600);
		assert_int_equal(clock_day_start(d + 1), t + 82800);
		assert_int_equal(clock_zone("Europe/Nowhere"), -1);
	}
	assert_int_equal(clock_zone("Asia/Kathmandu"), 0);
	assert_int_equal(clock_day_start(d), t - 20700);
	/* day 0 is no answer of nobody's */
	assert_int_equal(clock_zone("UTC"), 0);
	assert_int_equal(clock_day_start(0), 0);
	assert_int_equal(clock_day_start(d), t);
}

static void
test_ticks(void **state)
{
	int64_t last = clock_ticks(), now;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		now = clock_ticks();
		assert_true(now >= last);
		last = now;
	}
}

/* The clock is read once a program: each case is a process of its own, which
 * ends with 1 where it finds something else. */

struct start {
	const char	*text;		/* DOCKET_NOW */
	bool		 test;
};

static void
look_at_clock(void *arg)
{
	const struct start *s = arg;
	int64_t now, want = (int64_t)time(NULL);

	setenv("DOCKET_NOW", s->text, 1);
	if (s->test && time_parse(s->text, &want) != 0)
		_exit(1);
	now = clock_now();
	if (clock_is_test() != s->test || now < want || now > want + 2)
		_exit(1);
	want = clock_now_ms();
	if (want < now * 1000 || want / 1000 > clock_now())
		_exit(1);
	if (clock_now() < now)
		_exit(1);
}

static void
test_clock_that_is_set(void **state)
{
	static struct start starts[] = {
		{ "2026-11-22T10:00:00Z", true },
		{ "1999-12-31T23:59:59Z", true },
		{ "2099-01-01T00:00:00Z", true },
		{ "", false },
		{ "tomorrow", false },
		{ "2026-11-22", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(starts); i++)
		if (unit_status(look_at_clock, &starts[i]) != 0)
			fail_msg("DOCKET_NOW=%s", starts[i].text);
}

static void
test_spans(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;		/* -1: refused */
	} cases[] = {
		{ "0", 0 }, { "0s", 0 }, { "00", 0 }, { "1ms", 1 },
		{ "250ms", 250 }, { "2s", 2000 }, { "5m", 300000 },
		{ "3h", 10800000 }, { "90d", 7776000000 },
		{ "2w", 1209600000 }, { "10000000w", 6048000000000000 },
		{ "", -1 }, { "5", -1 }, { "s", -1 }, { "-1s", -1 },
		{ "+1s", -1 }, { "1 s", -1 }, { " 1s", -1 }, { "1s ", -1 },
		{ "1S", -1 }, { "1D", -1 }, { "1.5h", -1 }, { "1h30m", -1 },
		{ "1y", -1 }, { "1sec", -1 }, { "10000001w", -1 },
		{ "99999999999999999999s", -1 },
	};
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		ms = -1;
		if ((span_parse(cases[i].text, &ms) == 0) !=
		    (cases[i].ms >= 0) || ms != cases[i].ms)
			fail_msg("\"%s\": %lld", cases[i].text, (long long)ms);
	}
}

static void
test_spans_for_people(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0 seconds" }, { 1, "1 millisecond" },
		{ 999, "999 milliseconds" }, { 1000, "1 second" },
		{ 1999, "1 second" }, { 60000, "1 minute" },
		{ 7200000, "2 hours" }, { 86400000, "1 day" },
		{ 86400000LL * 3, "3 days" }, { 86400000LL * 90, "90 days" },
		{ 6048000000000000, "999999 days" },
	};
	char text[SPAN_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_string_equal(span_text(text, cases[i].ms),
		    cases[i].text);
}

/* Instants come out of ledgers that others may have written. */
static void
test_instants_beyond_all_years(void **state)
{
	static const int64_t far[] = { INT64_MAX, INT64_MIN, INT64_MAX / 2,
	    1LL << 56, -(1LL << 56) };
	char text[TIME_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(far); i++) {
		memset(text, 'x', sizeof(text));
		time_text(text, far[i]);
		assert_non_null(memchr(text, '\0', sizeof(text)));
		if (i < 3)
			assert_string_equal(text, "-");
		memset(text, 'x', sizeof(text));
		time_local(text, far[i]);
		assert_non_null(memchr(text, '\0', sizeof(text)));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_that_is_set),
		cmocka_unit_test(test_days_known),
		cmocka_unit_test(test_days_there_and_back),
		cmocka_unit_test(test_days_refused),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_times_refused),
		cmocka_unit_test(test_zone_names),
		cmocka_unit_test(test_zone_here),
		cmocka_unit_test(test_days_in_zones),
		cmocka_unit_test(test_day_start),
		cmocka_unit_test(test_day_start_without_midnight),
		cmocka_unit_test(test_day_start_with_two_midnights),
		cmocka_unit_test(test_day_start_kept),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_spans_for_people),
		cmocka_unit_test(test_instants_beyond_all_years),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
