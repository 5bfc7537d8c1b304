/*
 * xmlscan: a look at the raw bytes of a form before a parser sees them.
 *
 * May not: allocate, but for a fault.
 * A fault of the form: everything it objects to.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "buf.h"

#include "xmlscan.h"

struct scan {
	const char	*start, *p, *end;
	const struct check_limits *limits;
	struct faults	*faults;
	uint32_t	 depth;
};

/* Supersets of ASCII, byte by byte: what looks like a tag is one. */
static const char *const encodings[] = {
	"UTF-8", "US-ASCII", "ASCII",
	"ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7", "ISO-8859-9",
	"ISO-8859-15",
	"windows-1250", "windows-1251", "windows-1252",
};

static long
line_of(const struct scan *s, const char *p)
{
	const char *at = s->start;
	long line = 1;

	while ((at = memchr(at, '\n', (size_t)(p - at))) != NULL) {
		line++;
		at++;
	}
	return line;
}

static bool
looks_at(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
}

/* Moves behind `word'; to the end if it does not come. */
static void
skip_past(struct scan *s, const char *word)
{
	const char *at = memmem(s->p, (size_t)(s->end - s->p), word,
	    strlen(word));

	s->p = at == NULL ? s->end : at + strlen(word);
}

static int
too_long(struct scan *s, const char *from, const char *what)
{
	faults_addf(s->faults, FAULT_VALUE, line_of(s, from), NULL,
	    "%s of more than %u bytes.", what, s->limits->value);
	return -1;
}

/* The encoding that the declaration names, or NULL; *n is its length. */
static const char *
declared_encoding(const struct scan *s, size_t *n)
{
	const char *close, *at, *end;

	if (!looks_at(s, "<?xml") || s->end - s->p < 6)
		return NULL;
	close = memmem(s->p, (size_t)(s->end - s->p), "?>", 2);
	if (close == NULL)
		return NULL;
	at = memmem(s->p, (size_t)(close - s->p), "encoding", 8);
	if (at == NULL)
		return NULL;
	for (at += 8; at < close && *at != '"' && *at != '\''; at++)
		;
	if (at == close)
		return NULL;
	end = memchr(at + 1, *at, (size_t)(close - at - 1));
	if (end == NULL)
		return NULL;
	*n = (size_t)(end - at - 1);
	return at + 1;
}

static int
scan_encoding(struct scan *s)
{
	const unsigned char *u = (const unsigned char *)s->p;
	size_t n = (size_t)(s->end - s->p), i, len = 0;
	const char *name;

	if (n >= 2 && ((u[0] == 0xfe && u[1] == 0xff) ||
	    (u[0] == 0xff && u[1] == 0xfe) || u[0] == 0 || u[1] == 0)) {
		faults_add(s->faults, FAULT_ENCODING, 1, NULL,
		    "The file is saved as UTF-16 or UTF-32.");
		return -1;
	}
	if (looks_at(s, "\xef\xbb\xbf"))
		s->p += 3;
	name = declared_encoding(s, &len);
	if (name == NULL)
		return 0;
	for (i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (strlen(encodings[i]) == len &&
		    strncasecmp(encodings[i], name, len) == 0)
			return 0;
	faults_addf(s->faults, FAULT_ENCODING, 1, NULL,
	    "The encoding \"%.*s\" is not one that this desk reads.",
	    len > 40 ? 40 : (int)len, name);
	return -1;
}

/* From behind a quote to behind its fellow. */
static int
scan_value(struct scan *s, char quote)
{
	const char *from = s->p;
	const char *end = memchr(s->p, quote, (size_t)(s->end - s->p));

	s->p = end == NULL ? s->end : end + 1;
	if ((size_t)(s->p - from) > s->limits->value)
		return too_long(s, from, "An attribute has a value");
	return 0;
}

/* A start tag or an empty one, from behind its '<'. */
static int
scan_tag(struct scan *s)
{
	const char *from = s->p;
	uint32_t attributes = 0;
	char c = 0, before;

	do {
		before = c;
		if (s->p == s->end)
			return 0;
		c = *s->p++;
		if ((c == '"' || c == '\'') && scan_value(s, c) != 0)
			return -1;
		if (c == '=' && ++attributes > s->limits->attributes) {
			faults_addf(s->faults, FAULT_ATTRIBUTES,
			    line_of(s, from), NULL,
			    "A tag has more than %u attributes.",
			    s->limits->attributes);
			return -1;
		}
	} while (c != '>');
	if (before == '/')
		return 0;
	if (++s->depth > s->limits->depth) {
		faults_addf(s->faults, FAULT_TOO_DEEP, line_of(s, from), NULL,
		    "Elements are nested more than %u levels deep.",
		    s->limits->depth);
		return -1;
	}
	return 0;
}

static int
scan_markup(struct scan *s)
{
	const char *from = s->p;

	if (looks_at(s, "<!--")) {
		s->p += 4;
		skip_past(s, "-->");
	} else if (looks_at(s, "<![CDATA[")) {
		skip_past(s, "]]>");
		if ((size_t)(s->p - from) > s->limits->value)
			return too_long(s, from, "There is a text");
	} else if (looks_at(s, "<!DOCTYPE")) {
		faults_add(s->faults, FAULT_DOCTYPE, line_of(s, from), NULL,
		    NULL);
		return -1;
	} else if (looks_at(s, "<?")) {
		skip_past(s, "?>");
	} else if (looks_at(s, "</")) {
		if (s->depth > 0)
			s->depth--;
		skip_past(s, ">");
	} else {
		s->p++;
		return scan_tag(s);
	}
	return 0;
}

int
xmlscan(const char *p, size_t n, const struct check_limits *limits,
    struct faults *faults)
{
	struct scan s = { p, p, p + n, limits, faults, 0 };
	const char *from;

	if (scan_encoding(&s) != 0)
		return -1;
	while (s.p < s.end) {
		from = s.p;
		s.p = memchr(s.p, '<', (size_t)(s.end - s.p));
		if (s.p == NULL)
			s.p = s.end;
		if ((size_t)(s.p - from) > limits->value)
			return too_long(&s, from, "There is a text");
		if (s.p < s.end && scan_markup(&s) != 0)
			return -1;
	}
	return 0;
}
