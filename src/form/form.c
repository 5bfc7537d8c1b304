/*
 * form: numbers, papers, and their places.
 *
 * May not: look into a form.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "text.h"

#include "form.h"

bool
prefix_valid(const char *p)
{
	size_t n = strlen(p), i;

	if (n < 2 || n >= PREFIX_TEXT || !(p[0] >= 'A' && p[0] <= 'Z'))
		return false;
	for (i = 1; i < n; i++)
		if (!(p[i] >= 'A' && p[i] <= 'Z') &&
		    !(p[i] >= '0' && p[i] <= '9'))
			return false;
	return true;
}

const char *
number_make(char text[NUMBER_TEXT], const char *prefix, uint64_t seq)
{
	snprintf(text, NUMBER_TEXT, "%s-%06llu", prefix,
	    (unsigned long long)seq);
	return text;
}

/* Splits without trust; only the spelling that number_make() gives. */
static int
split(const char *number, char prefix[PREFIX_TEXT], uint64_t *seq)
{
	char again[NUMBER_TEXT];
	const char *dash = strchr(number, '-');
	size_t n;

	if (dash == NULL || (n = (size_t)(dash - number)) >= PREFIX_TEXT)
		return -1;
	memcpy(prefix, number, n);
	prefix[n] = '\0';
	if (!prefix_valid(prefix) ||
	    !text_number(dash + 1, 999999999999, seq) || *seq == 0)
		return -1;
	return strcmp(number_make(again, prefix, *seq), number) == 0 ? 0 : -1;
}

bool
number_valid(const char *number)
{
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	return split(number, prefix, &seq) == 0;
}

void
number_split(const char *number, char prefix[PREFIX_TEXT], uint64_t *seq)
{
	if (split(number, prefix, seq) != 0)
		bug("not a number");
}

/* What stands between the number and ".xml" or ".txt". */
static const struct {
	enum paper_kind kind;
	const char *word, *suffix;
	bool revision;		/* may be followed by .r2 */
	bool who;		/* may be followed by a name */
} names[] = {
	{ PAPER_FORM, "", ".xml", true, false },
	{ PAPER_REVOCATION, ".revocation", ".xml", true, false },
	{ PAPER_WITHDRAWAL, ".withdrawal", ".xml", true, false },
	{ PAPER_NOTE, ".note", ".txt", false, true },
	{ PAPER_REFUSED, ".refused", ".txt", false, false },
};
#define NAMES (sizeof(names) / sizeof(names[0]))

/* ".r2" and up, in the one spelling. */
static int
parse_revision(const char *s, unsigned *revision)
{
	uint64_t value;

	if (strncmp(s, ".r", 2) != 0 || s[2] == '0' ||
	    !text_number(s + 2, 999999, &value) || value < 2)
		return -1;
	*revision = (unsigned)value;
	return 0;
}

static int
parse_who(const char *s, char *who)
{
	if (s[0] != '.' || s[1] == '\0' || strpbrk(s + 1, "./") != NULL ||
	    !text_plain(s + 1, strlen(s + 1)))
		return -1;
	strcpy(who, s + 1);
	return 0;
}

/* The middle of the name against one row. */
static int
match(size_t row, const char *middle, struct paper *p)
{
	size_t n = strlen(names[row].word);

	if (strncmp(middle, names[row].word, n) != 0)
		return -1;
	p->kind = names[row].kind;
	p->revision = names[row].revision ? 1 : 0;
	p->who[0] = '\0';
	middle += n;
	if (*middle == '\0')
		return 0;
	if (names[row].revision)
		return parse_revision(middle, &p->revision);
	return names[row].who ? parse_who(middle, p->who) : -1;
}

int
paper_parse(const char *name, struct paper *paper)
{
	char copy[PAPER_NAME];
	size_t n = strlen(name), i;
	struct paper p = { 0 };
	char *dot;

	if (n >= PAPER_NAME || n < 5)
		return -1;
	memcpy(copy, name, n - 4);
	copy[n - 4] = '\0';
	dot = strchr(copy, '.');
	if ((dot == NULL ? strlen(copy) : (size_t)(dot - copy)) >= NUMBER_TEXT)
		return -1;
	snprintf(p.number, sizeof(p.number), "%.*s",
	    dot == NULL ? (int)strlen(copy) : (int)(dot - copy), copy);
	if (!number_valid(p.number))
		return -1;
	for (i = 0; i < NAMES; i++)
		if (strcmp(name + n - 4, names[i].suffix) == 0 &&
		    match(i, dot == NULL ? "" : dot, &p) == 0) {
			*paper = p;
			return 0;
		}
	return -1;
}

/* The row of a kind. */
static size_t
row_of(enum paper_kind kind)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (names[i].kind == kind)
			return i;
	bug("unknown kind of paper");
}

const char *
paper_stem(char stem[PAPER_NAME], const struct paper *p)
{
	size_t row = row_of(p->kind);
	int n = snprintf(stem, PAPER_NAME, "%s%s", p->number,
	    names[row].word);

	if (names[row].revision && p->revision > 1)
		snprintf(stem + n, PAPER_NAME - (size_t)n, ".r%u",
		    p->revision);
	else if (names[row].who && p->who[0] != '\0')
		snprintf(stem + n, PAPER_NAME - (size_t)n, ".%s", p->who);
	return stem;
}

const char *
paper_name(char name[PAPER_NAME], const struct paper *p)
{
	size_t n;

	paper_stem(name, p);
	n = strlen(name);
	snprintf(name + n, PAPER_NAME - n, "%s", names[row_of(p->kind)].suffix);
	return name;
}

bool
paper_is_filed(const struct paper *p)
{
	return p->kind == PAPER_FORM || p->kind == PAPER_REVOCATION ||
	    p->kind == PAPER_WITHDRAWAL;
}

enum paper_kind
paper_of_request(enum request request)
{
	return request == REQUEST_REVOCATION ? PAPER_REVOCATION : PAPER_FORM;
}

enum request
request_of_paper(const struct paper *p)
{
	return p->kind == PAPER_REVOCATION ? REQUEST_REVOCATION :
	    p->kind == PAPER_FORM ? REQUEST_CHANGE : REQUEST_NONE;
}

const char *
ledger_path(char path[LEDGER_PATH], enum state tray, const char *number,
    const char *name)
{
	const char *dash = strchr(number, '-');
	size_t digits;

	if (dash == NULL || (digits = strlen(dash + 1)) < 6)
		bug("not a number");
	snprintf(path, LEDGER_PATH, "%s/%.*s/%.*s/%.2s%s%s", state_name(tray),
	    (int)(dash - number), number, (int)digits - 4, dash + 1,
	    dash + 1 + digits - 4, name == NULL ? "" : "/",
	    name == NULL ? "" : name);
	return path;
}
