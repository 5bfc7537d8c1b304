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
	{ PAPER_ROTATION, ".rotation", ".xml", true, false },
	{ PAPER_WITHDRAWAL, ".withdrawal", ".xml", true, false },
	{ PAPER_KEY, ".key", ".xml", true, false },
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

bool
paper_who_valid(const char *who)
{
	size_t n = strlen(who);

	return n > 0 && n < REVIEWER_NAME && who[0] != '.' &&
	    strpbrk(who, "/() ") == NULL && text_plain(who, n);
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

/* A name that ends in none of the rows' suffixes but ".sig". */
static int
parse_plain(const char *name, struct paper *paper)
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

#define SIG ".sig"

/* Decisions that can be signed, by their names. */
static const enum event signed_events[] = {
	EVENT_APPROVE, EVENT_RETURN, EVENT_REJECT, EVENT_REVOKE,
};
#define SIGNED_EVENTS (sizeof(signed_events) / sizeof(signed_events[0]))

/* The paper whose name is the first n bytes, and then `suffix'. */
static int
parse_about(const char *name, size_t n, const char *suffix, struct paper *p)
{
	char copy[PAPER_NAME + 8];
	struct paper about;

	if (n >= PAPER_NAME)
		return -1;
	snprintf(copy, sizeof(copy), "%.*s%s", (int)n, name, suffix);
	if (parse_plain(copy, &about) != 0 || about.kind > PAPER_WITHDRAWAL)
		return -1;
	*p = about;
	p->about = about.kind;
	return 0;
}

/* "AK-000012.r2.xml.sig", "AK-000012.r2.xml.alice.sig": n is without SIG. */
static int
parse_signed(const char *name, size_t n, struct paper *p)
{
	const char *at = strstr(name, ".xml.");

	if (at == NULL || (size_t)(at - name) + 4 > n ||
	    parse_about(name, (size_t)(at - name), ".xml", p) != 0)
		return -1;
	p->kind = PAPER_SIGNED;
	p->who[0] = '\0';
	if ((size_t)(at - name) + 4 == n)
		return 0;
	snprintf(p->who, sizeof(p->who), "%.*s",
	    (int)(n - 5 - (size_t)(at - name)), at + 5);
	return paper_who_valid(p->who) ? 0 : -1;
}

/* "AK-000012.r2.approve.alice.sig" */
static int
parse_signature(const char *name, size_t n, struct paper *p)
{
	char word[24];
	const char *at;
	size_t i, len;

	for (i = 0; i < SIGNED_EVENTS; i++) {
		snprintf(word, sizeof(word), ".%s.",
		    event_name(signed_events[i]));
		at = strstr(name, word);
		len = strlen(word);
		if (at == NULL || (size_t)(at - name) + len >= n ||
		    parse_about(name, (size_t)(at - name), ".xml", p) != 0)
			continue;
		p->kind = PAPER_SIGNATURE;
		p->decision = signed_events[i];
		snprintf(p->who, sizeof(p->who), "%.*s",
		    (int)(n - len - (size_t)(at - name)), at + len);
		return paper_who_valid(p->who) ? 0 : -1;
	}
	return -1;
}

int
paper_parse(const char *name, struct paper *paper)
{
	size_t n = strlen(name);
	struct paper p = { 0 };

	if (n >= PAPER_NAME || n < 5)
		return -1;
	if (strcmp(name + n - 4, SIG) != 0)
		return parse_plain(name, paper);
	if (parse_signed(name, n - 4, &p) != 0 &&
	    parse_signature(name, n - 4, &p) != 0)
		return -1;
	*paper = p;
	return 0;
}

struct paper
paper_signed(const struct paper *signature)
{
	struct paper p = *signature;

	p.kind = signature->about;
	p.who[0] = '\0';
	return p;
}

struct paper
paper_signature(const struct paper *about, enum event decision,
    const char *who)
{
	struct paper p = *about;

	p.kind = PAPER_SIGNATURE;
	p.about = about->kind;
	p.decision = decision;
	snprintf(p.who, sizeof(p.who), "%s", who);
	return p;
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

static const char *
signature_name(char name[PAPER_NAME], const struct paper *p)
{
	struct paper about = paper_signed(p);
	size_t n;

	if (p->kind == PAPER_SIGNED) {
		paper_name(name, &about);
		n = strlen(name);
		snprintf(name + n, PAPER_NAME - n, "%s%s" SIG,
		    p->who[0] == '\0' ? "" : ".", p->who);
		return name;
	}
	paper_stem(name, &about);
	n = strlen(name);
	snprintf(name + n, PAPER_NAME - n, ".%s.%s" SIG,
	    event_name(p->decision), p->who);
	return name;
}

static bool
is_signature(const struct paper *p)
{
	return p->kind == PAPER_SIGNED || p->kind == PAPER_SIGNATURE;
}

const char *
paper_stem(char stem[PAPER_NAME], const struct paper *p)
{
	struct paper of = is_signature(p) ? paper_signed(p) : *p;
	size_t row = row_of(of.kind);
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

	if (is_signature(p))
		return signature_name(name, p);
	paper_stem(name, p);
	n = strlen(name);
	snprintf(name + n, PAPER_NAME - n, "%s", names[row_of(p->kind)].suffix);
	return name;
}

bool
paper_is_filed(const struct paper *p)
{
	return p->kind <= PAPER_KEY || p->kind == PAPER_SIGNATURE;
}

enum paper_kind
paper_of_request(enum request request)
{
	return request == REQUEST_REVOCATION ? PAPER_REVOCATION :
	    request == REQUEST_ROTATION ? PAPER_ROTATION : PAPER_FORM;
}

enum request
request_of_paper(const struct paper *p)
{
	return p->kind == PAPER_REVOCATION ? REQUEST_REVOCATION :
	    p->kind == PAPER_ROTATION ? REQUEST_ROTATION :
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

const char *
ledger_list_path(char path[LEDGER_PATH], const char *sha256, const char *who)
{
	snprintf(path, LEDGER_PATH, "lists/%.2s/%s%s%s%s", sha256, sha256,
	    who == NULL ? "" : ".", who == NULL ? "" : who,
	    who == NULL ? ".xml" : SIG);
	return path;
}
