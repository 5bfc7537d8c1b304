/*
 * clock: time, days and spans.
 *
 * An instant is an int64_t, seconds since the epoch (UTC).  A day is an
 * int32_t, days since 1970-01-01 in the proleptic Gregorian calendar; which
 * instants belong to it depends on the desk's time zone, set once with
 * clock_zone().
 *
 * A test may let the clock start elsewhere: DOCKET_NOW=2026-11-22T10:00:00Z
 * in the environment is the instant at which the program begins; from there
 * it runs on as usual.
 */
#ifndef DOCKET_CLOCK_H
#define DOCKET_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define TIME_TEXT 32		/* holds 2026-11-22T10:00:00Z */
#define DAY_TEXT 16		/* holds 2026-11-22 */
#define SPAN_TEXT 32		/* holds "3 days" */

/* Zones go by their IANA names ("Europe/Berlin"), or "UTC". */
bool	clock_zone_known(const char *name);
/* -1 where the machine does not know it. */
int	clock_zone(const char *name);

/* The machine's own zone by its IANA name; "UTC" where it does not say. */
const char *clock_zone_here(char *, int size);

int64_t	clock_now(void);
int64_t	clock_now_ms(void);	/* the same instant to the millisecond */
bool	clock_is_test(void);	/* DOCKET_NOW is set and understood */

/* Milliseconds that never step back, for waiting only. */
int64_t	clock_ticks(void);
/* The same in microseconds, for measuring. */
int64_t	clock_micros(void);

/* Names the machine's run: another after each time it was started. */
#define CLOCK_BOOT 64
const char *clock_boot(char [CLOCK_BOOT]);

int32_t	clock_day(int64_t instant);
/* Its first instant in the zone.  The last answer is kept: not for several
 * threads at once. */
int64_t	clock_day_start(int32_t day);

/* UTC as in RFC 3339, to the second: 2026-11-22T10:00:00Z; "-": in no year that
 * can be counted. */
const char *time_text(char [TIME_TEXT], int64_t);
int	time_parse(const char *, int64_t *);

/* The same in the desk's zone, for people: 2026-11-22 11:00. */
const char *time_local(char [TIME_TEXT], int64_t);

/* ISO 8601 calendar date; parse takes exactly YYYY-MM-DD. */
const char *day_text(char [DAY_TEXT], int32_t);
int	day_parse(const char *, int32_t *);

/* A span in milliseconds: digits and one of ms s m h d w ("90d"); a bare 0
 * too. */
int	span_parse(const char *, int64_t *);
/* The same for people, in its largest unit: "3 days". */
const char *span_text(char [SPAN_TEXT], int64_t);

#endif
