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
#include "text.h"

#include "limit.h"
#include "xmlscan.h"

struct scan {
	const char	*start, *p, *end;
	const struct check_limits *limits;
	struct faults	*faults;
	uint32_t	 depth;
	/* declarations of namespaces: in scope, and at each depth */
	uint32_t	 namespaces, declared[LIMIT_DEPTH + 1];
};

/* A start tag, as far as it is read. */
struct tag {
	const char	*name;		/* of the attribute at hand; or NULL */
	uint32_t	 attributes, namespaces;
};

/* Supersets of ASCII, byte by byte: what looks like a tag is one.  Of the
 * bytes above ASCII, those that stand for nothing. */
static const struct encoding {
	const char	*name;
	enum { UTF_8, ASCII, BYTES } kind;
	const char	*holes;
} encodings[] = {
	{ "UTF-8", UTF_8, "" },
	{ "US-ASCII", ASCII, "" },
	{ "ASCII", ASCII, "" },
	{ "ISO-8859-1", BYTES, "" },
	{ "ISO-8859-2", BYTES, "" },
	{ "ISO-8859-5", BYTES, "" },
	{ "ISO-8859-7", BYTES, "\xae\xd2\xff" },
	{ "ISO-8859-9", BYTES, "" },
	{ "ISO-8859-15", BYTES, "" },
	{ "windows-1250", BYTES, "\x81\x83\x88\x90\x98" },
	{ "windows-1251", BYTES, "\x98" },
	{ "windows-1252", BYTES, "\x81\x8d\x8f\x90\x9d" },
};
#define ENCODINGS (sizeof(encodings) / sizeof(encodings[0]))

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
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
looks_at(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
}

/* Moves behind `word'; to the end if it does not come (false). */
static bool
skip_past(struct scan *s, const char *word)
{
	const char *at = memmem(s->p, (size_t)(s->end - s->p), word,
	    strlen(word));

	s->p = at == NULL ? s->end : at + strlen(word);
	return at != NULL;
}

/* A parser would name the file's end, where nothing is to be mended. */
static int
not_closed(struct scan *s, const char *from, const char *what,
    const char *word)
{
	faults_addf(s->faults, FAULT_NOT_WELL_FORMED, line_of(s, from), NULL,
	    "%s begins here and is never closed by %s.", what, word);
	return -1;
}

static int
too_long(struct scan *s, const char *from, const char *what)
{
	faults_addf(s->faults, FAULT_VALUE, line_of(s, from), NULL,
	    "%s of more than %u bytes.", what, s->limits->value);
	return -1;
}

/* Whether the XML declaration stands here; not <?xml-stylesheet …?>. */
static bool
looks_at_declaration(const struct scan *s)
{
	return looks_at(s, "<?xml") && s->end - s->p > 5 &&
	    is_blank(s->p[5]);
}

/* The encoding that the declaration names, or NULL; *n is its length. */
static const char *
declared_encoding(const struct scan *s, size_t *n)
{
	const char *close, *at, *end;

	if (!looks_at_declaration(s))
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

static const struct encoding *
known_encoding(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ENCODINGS; i++)
		if (strlen(encodings[i].name) == len &&
		    strncasecmp(encodings[i].name, name, len) == 0)
			return &encodings[i];
	return NULL;
}

/* NULL: it is none that we read, and a fault was added. */
static const struct encoding *
find_encoding(struct scan *s)
{
	size_t len = 0;
	const char *name = declared_encoding(s, &len);
	const struct encoding *known;
	struct buf clean = BUF_INIT;

	if (name == NULL)
		return &encodings[0];
	known = known_encoding(name, len);
	if (known != NULL)
		return known;
	text_line(&clean, name, len, 40);
	faults_addf(s->faults, FAULT_ENCODING, 1, NULL,
	    "The encoding \"%s\" is not one that this desk reads.",
	    buf_str(&clean));
	buf_free(&clean);
	return NULL;
}

/* Whether the file ends within a character that is right so far: it was cut
 * off, or is still being written. */
static bool
is_cut_short(const char *p, size_t n)
{
	static const struct {
		unsigned char lo, hi;
		size_t len;
	} lead[] = {
		{ 0xc2, 0xdf, 2 }, { 0xe0, 0xef, 3 }, { 0xf0, 0xf4, 4 },
	};
	unsigned char first = (unsigned char)*p;
	size_t i, k;

	for (i = 0; i < sizeof(lead) / sizeof(lead[0]); i++) {
		if (first < lead[i].lo || first > lead[i].hi ||
		    n >= lead[i].len)
			continue;
		for (k = 1; k < n; k++)
			if (((unsigned char)p[k] & 0xc0) != 0x80)
				return false;
		return true;
	}
	return false;
}

/* Eight bytes at once. */
static bool
is_ascii(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (v & 0x8080808080808080u) == 0;
}

/* The first byte that is not in the encoding; the end if all are. */
static const char *
find_foreign(const struct scan *s, const struct encoding *e)
{
	const char *p = s->p;
	uint32_t code;
	size_t k;

	for (;; p += k) {
		while (s->end - p >= 8 && is_ascii(p))
			p += 8;
		if (p == s->end)
			break;
		k = 1;
		if ((unsigned char)*p < 0x80)
			continue;
		if (e->kind == UTF_8)
			k = utf8_next(p, (size_t)(s->end - p), &code);
		if (k == 0 || e->kind == ASCII ||
		    strchr(e->holes, *p) != NULL)
			break;
	}
	return p;
}

static int
scan_bytes(struct scan *s, const struct encoding *e)
{
	const char *bad = find_foreign(s, e);

	if (bad == s->end)
		return 0;
	if (e->kind == UTF_8 && is_cut_short(bad, (size_t)(s->end - bad)))
		faults_add(s->faults, FAULT_NOT_WELL_FORMED, line_of(s, bad),
		    NULL, "The file ends in the middle of a character; "
		    "perhaps the transfer was cut off.");
	else
		faults_addf(s->faults, FAULT_ENCODING, line_of(s, bad), NULL,
		    "Here is a character that is not saved as %s.", e->name);
	return -1;
}

/* The library takes a NUL for the end; what is behind it would be signed
 * without having been checked. */
static int
scan_nul(struct scan *s)
{
	const char *nul = memchr(s->p, '\0', (size_t)(s->end - s->p));

	if (nul == NULL)
		return 0;
	faults_add(s->faults, FAULT_NOT_WELL_FORMED, line_of(s, nul), NULL,
	    "Here is a NUL byte, which XML does not allow.");
	return -1;
}

static int
scan_encoding(struct scan *s)
{
	const unsigned char *u = (const unsigned char *)s->p;
	const struct encoding *e;
	size_t n = (size_t)(s->end - s->p);

	if (n >= 2 && ((u[0] == 0xfe && u[1] == 0xff) ||
	    (u[0] == 0xff && u[1] == 0xfe) || u[0] == 0 || u[1] == 0)) {
		faults_add(s->faults, FAULT_ENCODING, 1, NULL,
		    "The file is saved as UTF-16 or UTF-32.");
		return -1;
	}
	if (looks_at(s, "\xef\xbb\xbf"))
		s->p += 3;
	e = find_encoding(s);
	return e == NULL || scan_nul(s) != 0 || scan_bytes(s, e) != 0 ? -1 : 0;
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

static bool
declares_namespace(const struct scan *s, const struct tag *t)
{
	return t->name != NULL && s->end - t->name > 5 &&
	    memcmp(t->name, "xmlns", 5) == 0 &&
	    (t->name[5] == ':' || t->name[5] == '=' || is_blank(t->name[5]));
}

/* One character of a tag; what is in quotes is one.  The parser looks through
 * all namespaces that are in scope for each name. */
static int
scan_attribute(struct scan *s, struct tag *t, char before)
{
	char c = s->p[-1];

	if (c == '"' || c == '\'')
		return scan_value(s, c);
	if (is_blank(before) && !is_blank(c) && c != '=')
		t->name = s->p - 1;
	if (c != '=')
		return 0;
	t->attributes++;
	t->namespaces += declares_namespace(s, t);
	t->name = NULL;
	return 0;
}

static int
too_many(struct scan *s, const char *from, const char *what)
{
	faults_addf(s->faults, FAULT_ATTRIBUTES, line_of(s, from), NULL,
	    "A tag has more than %u %s.", s->limits->attributes, what);
	return -1;
}

/* A start tag or an empty one, from behind its '<'. */
static int
scan_tag(struct scan *s)
{
	const char *from = s->p;
	struct tag t = { NULL, 0, 0 };
	char c = 0, before;

	do {
		before = c;
		if (s->p == s->end)
			return 0;
		c = *s->p++;
		if (scan_attribute(s, &t, before) != 0)
			return -1;
		if (t.attributes > s->limits->attributes)
			return too_many(s, from, "attributes");
		if (s->namespaces + t.namespaces > s->limits->attributes)
			return too_many(s, from, "namespaces declared around "
			    "it");
	} while (c != '>');
	if (before == '/')
		return 0;
	if (++s->depth > s->limits->depth || s->depth > LIMIT_DEPTH) {
		faults_addf(s->faults, FAULT_TOO_DEEP, line_of(s, from), NULL,
		    "Elements are nested more than %u levels deep.",
		    s->limits->depth);
		return -1;
	}
	s->declared[s->depth] = t.namespaces;
	s->namespaces += t.namespaces;
	return 0;
}

static void
scan_end_tag(struct scan *s)
{
	if (s->depth > 0)
		s->namespaces -= s->declared[s->depth--];
	(void)skip_past(s, ">");
}

static int
scan_markup(struct scan *s)
{
	const char *from = s->p;
	bool closed;

	if (looks_at(s, "<!--")) {
		s->p += 4;
		if (!skip_past(s, "-->"))
			return not_closed(s, from, "A comment", "-->");
	} else if (looks_at(s, "<![CDATA[")) {
		closed = skip_past(s, "]]>");
		if ((size_t)(s->p - from) > s->limits->value)
			return too_long(s, from, "There is a text");
		if (!closed)
			return not_closed(s, from, "A CDATA section", "]]>");
	} else if (looks_at(s, "<!DOCTYPE")) {
		faults_add(s->faults, FAULT_DOCTYPE, line_of(s, from), NULL,
		    NULL);
		return -1;
	} else if (looks_at(s, "<?")) {
		if (!skip_past(s, "?>"))
			return not_closed(s, from, "An instruction <?", "?>");
	} else if (looks_at(s, "</")) {
		scan_end_tag(s);
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
	struct scan s = { .start = p, .p = p, .end = p + n, .limits = limits,
	    .faults = faults };
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

const char *
xmlscan_encoding(const char *p, size_t n)
{
	struct scan s = { .start = p, .p = p, .end = p + n };
	const struct encoding *e;
	const char *name;
	size_t len = 0;

	if (looks_at(&s, "\xef\xbb\xbf"))
		s.p += 3;
	name = declared_encoding(&s, &len);
	e = name == NULL ? NULL : known_encoding(name, len);
	return e == NULL || e == &encodings[0] ? "" : e->name;
}
