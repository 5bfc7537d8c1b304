/*
 * clock_fuzz: days, instants and spans as text.  A day or an instant that is
 * understood is the one spelling of it.
 */
#include "fuzz.h"

#include "clock.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *s = as_string(p, n), text[TIME_TEXT], day[DAY_TEXT];
	char span[SPAN_TEXT];
	int64_t at, ms;
	int32_t number;

	if (day_parse(s, &number) == 0)
		must(strcmp(day_text(day, number), s) == 0);
	/* a leap second is the first of the next minute */
	if (time_parse(s, &at) == 0 && strstr(s, ":60Z") == NULL)
		must(strcmp(time_text(text, at), s) == 0);
	if (span_parse(s, &ms) == 0) {
		must(ms >= 0);
		must(*span_text(span, ms) != '\0');
	}
	free(s);
	return 0;
}
