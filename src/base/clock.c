/*
 * clock: time, days and spans.
 *
 * May not: wait, know what a form is.
 * Fatal: nothing.  A zone that the machine does not know is the operator's.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

#define ZONEINFO "/usr/share/zoneinfo/"

/* What RFC 8536, section 3.1 has such a file begin with. */
static bool
is_zone_file(const char *path)
{
	char magic[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = fd >= 0 && read(fd, magic, 4) == 4 &&
	    memcmp(magic, "TZif", 4) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

bool
clock_zone_known(const char *name)
{
	char path[256];
	const char *p;

	if (strcmp(name, "UTC") == 0)
		return true;
	if (*name == '\0' || *name == '/')
		return false;
	for (p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("_+-/", *p) == NULL)
			return false;
	snprintf(path, sizeof(path), ZONEINFO "%s", name);
	return is_zone_file(path);
}

/* The day that was asked for last, in this zone, and when it begins: whoever
 * asks for thousands of keys mostly asks for the day after all of them. */
static struct {
	bool	 known;
	int32_t	 day;
	int64_t	 start;
} kept_day;

int
clock_zone(const char *name)
{
	if (!clock_zone_known(name))
		return -1;
	if (setenv("TZ", name, 1) != 0)
		return -1;
	tzset();
	kept_day.known = false;
	return 0;
}

const char *
clock_zone_here(char *name, int size)
{
	char link[256];
	const char *at;
	ssize_t n = readlink("/etc/localtime", link, sizeof(link) - 1);

	snprintf(name, (size_t)size, "UTC");
	if (n <= 0)
		return name;
	link[n] = '\0';
	at = strstr(link, "zoneinfo/");
	if (at != NULL && strncmp(at + 9, "Etc/", 4) != 0)
		snprintf(name, (size_t)size, "%s", at + 9);
	return name;
}

/* How far the test clock is from the machine's. */
static int64_t
offset(bool *test)
{
	static bool known, is_test;
	static int64_t off;
	const char *start;
	int64_t at;

	if (!known) {
		start = getenv("DOCKET_NOW");
		if (start != NULL && time_parse(start, &at) == 0) {
			off = at - (int64_t)time(NULL);
			is_test = true;
		}
		known = true;
	}
	if (test != NULL)
		*test = is_test;
	return off;
}

int64_t
clock_now(void)
{
	return (int64_t)time(NULL) + offset(NULL);
}

/* By the same clock as time(2) and the times of files, which is a coarse one: a
 * finer one would be in the next second some milliseconds before them. */
int64_t
clock_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return ((int64_t)t.tv_sec + offset(NULL)) * 1000 + t.tv_nsec / 1000000;
}

bool
clock_is_test(void)
{
	bool test;

	offset(&test);
	return test;
}

int64_t
clock_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_micros(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Days from civil date and back: H. Hinnant, "chrono-compatible low-level
 * date algorithms". */
static int32_t
day_of(int32_t y, int32_t m, int32_t d)
{
	int32_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void
day_split(int32_t day, int32_t *y, int32_t *m, int32_t *d)
{
	int32_t era, doe, yoe, doy, mp;

	day += 719468;
	era = (day >= 0 ? day : day - 146096) / 146097;
	doe = day - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp + (mp < 10 ? 3 : -9);
	*y = yoe + era * 400 + (*m <= 2);
}

int32_t
clock_day(int64_t instant)
{
	time_t t = (time_t)instant;
	struct tm tm;

	localtime_r(&t, &tm);
	return day_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static int64_t
midnight(int32_t day, int isdst)
{
	int32_t y, m, d;
	struct tm tm = { .tm_isdst = isdst };

	day_split(day, &y, &m, &d);
	tm.tm_year = y - 1900;
	tm.tm_mon = m - 1;
	tm.tm_mday = d;
	return (int64_t)mktime(&tm);
}

/* Where clocks go forward at midnight there is none, and the day begins with
 * the first instant that is not of the day before. */
static int64_t
first_instant(int32_t day)
{
	int64_t before = (int64_t)(day - 1) * 86400, mid,
	    after = (int64_t)(day + 1) * 86400 + 43200;

	while (after - before > 1) {
		mid = before + (after - before) / 2;
		if (clock_day(mid) < day)
			before = mid;
		else
			after = mid;
	}
	return after;
}

/* Where they go back over it there are two, and it begins with the first. */
static int64_t
find_start(int32_t day)
{
	int64_t start = INT64_MAX, t;
	int isdst;

	for (isdst = 0; isdst <= 1; isdst++) {
		t = midnight(day, isdst);
		if (t < start && clock_day(t) == day && clock_day(t - 1) < day)
			start = t;
	}
	return start == INT64_MAX ? first_instant(day) : start;
}

int64_t
clock_day_start(int32_t day)
{
	if (!kept_day.known || kept_day.day != day) {
		kept_day.start = find_start(day);
		kept_day.day = day;
		kept_day.known = true;
	}
	return kept_day.start;
}

const char *
time_text(char text[TIME_TEXT], int64_t instant)
{
	time_t t = (time_t)instant;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(text, TIME_TEXT,
	    "%04Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(text, "-");
	return text;
}

const char *
time_local(char text[TIME_TEXT], int64_t instant)
{
	time_t t = (time_t)instant;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL || strftime(text, TIME_TEXT,
	    "%04Y-%m-%d %H:%M", &tm) == 0)
		strcpy(text, "-");
	return text;
}

/* Exactly n digits at *p, which moves on. */
static int
digits(const char **p, int n, int32_t *value)
{
	*value = 0;
	while (n-- > 0) {
		if (!isdigit((unsigned char)**p))
			return -1;
		*value = *value * 10 + (*(*p)++ - '0');
	}
	return 0;
}

static int
skip(const char **p, char c)
{
	return *(*p)++ == c ? 0 : -1;
}

static int
parse_day(const char **p, int32_t *day)
{
	int32_t y, m, d, y2, m2, d2;

	if (digits(p, 4, &y) != 0 || skip(p, '-') != 0 ||
	    digits(p, 2, &m) != 0 || skip(p, '-') != 0 ||
	    digits(p, 2, &d) != 0 || m < 1 || m > 12 || d < 1 || d > 31)
		return -1;
	*day = day_of(y, m, d);
	day_split(*day, &y2, &m2, &d2);
	return y == y2 && m == m2 && d == d2 ? 0 : -1;
}

int
day_parse(const char *s, int32_t *day)
{
	int32_t value;

	if (parse_day(&s, &value) != 0 || *s != '\0')
		return -1;
	*day = value;
	return 0;
}

int
time_parse(const char *s, int64_t *instant)
{
	int32_t day, h, m, sec;

	if (parse_day(&s, &day) != 0 || skip(&s, 'T') != 0 ||
	    digits(&s, 2, &h) != 0 || skip(&s, ':') != 0 ||
	    digits(&s, 2, &m) != 0 || skip(&s, ':') != 0 ||
	    digits(&s, 2, &sec) != 0 || skip(&s, 'Z') != 0 || *s != '\0' ||
	    h > 23 || m > 59 || sec > 60)
		return -1;
	*instant = (int64_t)day * 86400 + h * 3600 + m * 60 + sec;
	return 0;
}

const char *
day_text(char text[DAY_TEXT], int32_t day)
{
	int32_t y, m, d;

	day_split(day, &y, &m, &d);
	snprintf(text, DAY_TEXT, "%04d-%02d-%02d", y % 10000, m, d);
	return text;
}

static const struct {
	const char *suffix, *name;
	int64_t ms;
} unit[] = {
	{ "w", "week", 604800000 },
	{ "d", "day", 86400000 },
	{ "h", "hour", 3600000 },
	{ "m", "minute", 60000 },
	{ "s", "second", 1000 },
	{ "ms", "millisecond", 1 },
};
#define UNITS (sizeof(unit) / sizeof(unit[0]))

int
span_parse(const char *s, int64_t *ms)
{
	char num[12];
	size_t n = strspn(s, "0123456789"), i;
	uint64_t value;

	if (n == 0 || n >= sizeof(num))
		return -1;
	memcpy(num, s, n);
	num[n] = '\0';
	if (!text_number(num, 10000000, &value))
		return -1;
	if (s[n] == '\0' && value == 0) {
		*ms = 0;
		return 0;
	}
	for (i = 0; i < UNITS; i++)
		if (strcmp(s + n, unit[i].suffix) == 0) {
			*ms = (int64_t)value * unit[i].ms;
			return 0;
		}
	return -1;
}

/* The largest unit but weeks of which there is at least one; below a second
 * there is nothing to tell people. */
const char *
span_text(char text[SPAN_TEXT], int64_t ms)
{
	size_t i = 1, last = ms > 0 ? UNITS - 1 : UNITS - 2;
	int64_t n;

	while (i < last && ms < unit[i].ms)
		i++;
	n = ms / unit[i].ms;
	snprintf(text, SPAN_TEXT, "%d %s%s", (int)(n > 999999 ? 999999 : n),
	    unit[i].name, n == 1 ? "" : "s");
	return text;
}

const char *
clock_boot(char id[CLOCK_BOOT])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, id, CLOCK_BOOT - 1);

	if (fd >= 0)
		close(fd);
	id[n < 0 ? 0 : n] = '\0';
	id[strcspn(id, "\n")] = '\0';
	return id;
}
