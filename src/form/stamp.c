/*
 * stamp: the processing instruction that a form gets when it is received.
 *
 * Looks at bytes only; nothing here parses XML beyond the declaration and
 * one processing instruction, whose ends are unmistakable in any encoding
 * that is a superset of ASCII.
 *
 * A fault of the form: a stamp that cannot be understood.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "hash.h"
#include "text.h"
#include "xmlout.h"

#include "form.h"

#define TARGET "<?docket"
#define STAMP_MAX 4096

struct scan {
	const char *p, *end;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

static bool
take(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

/* Moves behind the next "?>"; false if there is none. */
static bool
skip_instruction(struct scan *s)
{
	const char *at = memmem(s->p, (size_t)(s->end - s->p), "?>", 2);

	if (at == NULL)
		return false;
	s->p = at + 2;
	return true;
}

/* The bytes of an attribute without the five predefined entities. */
static char *
unescape(const char *p, size_t n)
{
	static const struct {
		const char *entity;
		char c;
	} entity[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' },
	};
	struct scan s = { p, p + n };
	struct buf b = BUF_INIT;
	size_t i;

	if (memchr(p, '&', n) == NULL)
		return mem_strn(p, n);
	while (s.p < s.end) {
		for (i = 0; i < 5; i++)
			if (take(&s, entity[i].entity))
				break;
		buf_putc(&b, i < 5 ? entity[i].c : *s.p++);
	}
	return buf_take(&b);
}

/* Copies a short value; -1 if it does not fit, or there is one. */
static int
set(char *to, size_t size, const char *value)
{
	if (strlen(value) >= size || *to != '\0')
		return -1;
	strcpy(to, value);
	return 0;
}

static int
set_revision(struct stamp *stamp, const char *value)
{
	uint64_t n;

	if (!text_number(value, 999999, &n) || n == 0 || stamp->revision != 0)
		return -1;
	stamp->revision = (unsigned)n;
	return 0;
}

static int
set_from(struct stamp *stamp, const char *value)
{
	if (stamp->from != NULL)
		return -1;
	stamp->from = mem_str(value);
	return 0;
}

static int
set_attribute(struct stamp *stamp, const char *name, const char *value)
{
	if (strcmp(name, "desk") == 0)
		return set(stamp->desk, sizeof(stamp->desk), value);
	if (strcmp(name, "number") == 0)
		return set(stamp->number, sizeof(stamp->number), value);
	if (strcmp(name, "revision") == 0)
		return set_revision(stamp, value);
	if (strcmp(name, "received") == 0)
		return set(stamp->received, sizeof(stamp->received), value);
	if (strcmp(name, "from") == 0)
		return set_from(stamp, value);
	if (strcmp(name, "sha256") == 0)
		return set(stamp->sha256, sizeof(stamp->sha256), value);
	return -1;
}

/* One name="value"; -1 if it is not one that a stamp has. */
static int
parse_attribute(struct scan *s, struct stamp *stamp)
{
	char name[16], *value;
	const char *start = s->p, *end;
	int status;
	char quote;

	while (s->p < s->end && *s->p >= 'a' && *s->p <= 'z')
		s->p++;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	if (s->p == start || (size_t)(s->p - start) >= sizeof(name))
		return -1;
	memcpy(name, start, (size_t)(s->p - start));
	name[s->p - start] = '\0';
	skip_blanks(s);
	if (!take(s, "="))
		return -1;
	skip_blanks(s);
	if (s->p == s->end || ((quote = *s->p) != '"' && quote != '\''))
		return -1;
	s->p++;
	end = memchr(s->p, quote, (size_t)(s->end - s->p));
	if (end == NULL)
		return -1;
	value = unescape(s->p, (size_t)(end - s->p));
	s->p = end + 1;
	status = set_attribute(stamp, name, value);
	free(value);
	return status;
}

static bool
is_whole(const struct stamp *stamp)
{
	int64_t at;

	return stamp->desk[0] != '\0' && number_valid(stamp->number) &&
	    stamp->revision > 0 && time_parse(stamp->received, &at) == 0 &&
	    stamp->from != NULL && hash_is_sha256(stamp->sha256);
}

void
stamp_free(struct stamp *stamp)
{
	free(stamp->from);
	*stamp = (struct stamp){ 0 };
}

/* From behind "<?docket" to behind "?>". */
static int
parse_stamp(struct scan *s, struct stamp *stamp)
{
	struct scan in = { s->p, s->p };

	if (!skip_instruction(s) || s->p - in.p > STAMP_MAX)
		return -1;
	in.end = s->p - 2;
	for (;;) {
		skip_blanks(&in);
		if (in.p == in.end)
			break;
		if (parse_attribute(&in, stamp) != 0)
			return -1;
	}
	return is_whole(stamp) ? 1 : -1;
}

/* Whether the target "xml" or "docket" ends here. */
static bool
ends_word(const struct scan *s)
{
	return s->p < s->end && (is_blank(*s->p) || *s->p == '?');
}

int
stamp_find(const char *p, size_t n, struct stamp *stamp, size_t *at,
    size_t *len)
{
	struct scan s = { p, p + n }, probe;
	int found;

	*stamp = (struct stamp){ 0 };
	take(&s, "\xef\xbb\xbf");
	probe = s;
	if (take(&probe, "<?xml") && ends_word(&probe) &&
	    skip_instruction(&probe))
		s = probe;
	*at = (size_t)(s.p - p);
	*len = 0;
	skip_blanks(&s);
	probe = s;
	if (!take(&probe, TARGET) || !ends_word(&probe))
		return 0;
	*at = (size_t)(s.p - p);
	found = parse_stamp(&probe, stamp);
	if (found != 1)
		stamp_free(stamp);
	else
		*len = (size_t)(probe.p - s.p);
	return found;
}

long
stamp_line(const char *p, size_t at)
{
	const char *end = p + at;
	long line = 1;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		line++;
		p++;
	}
	return line;
}

static void
put_attribute(struct buf *out, const char *name, const char *value)
{
	buf_putf(out, " %s=\"", name);
	xml_escape_attr(out, value, strlen(value));
	buf_putc(out, '"');
}

static void
put_instruction(struct buf *out, const struct stamp *stamp)
{
	char revision[NUM_TEXT];

	buf_puts(out, TARGET);
	put_attribute(out, "desk", stamp->desk);
	put_attribute(out, "number", stamp->number);
	put_attribute(out, "revision", num_text(revision, stamp->revision));
	put_attribute(out, "received", stamp->received);
	put_attribute(out, "from", stamp->from);
	put_attribute(out, "sha256", stamp->sha256);
	buf_puts(out, "?>");
}

void
stamp_put(struct buf *out, const char *p, size_t n, const struct stamp *stamp)
{
	struct stamp old;
	size_t at, len;

	stamp_find(p, n, &old, &at, &len);
	stamp_free(&old);
	buf_put(out, p, at);
	/* on a line of its own, whether it follows a declaration or not */
	if (len == 0 && at > 3)
		buf_putc(out, '\n');
	put_instruction(out, stamp);
	if (len == 0 && at <= 3)
		buf_putc(out, '\n');
	buf_put(out, p + at + len, n - at - len);
}

int
stamp_undo(struct buf *out, const char *p, size_t n)
{
	struct stamp stamp;
	size_t at, len, end;
	int found = stamp_find(p, n, &stamp, &at, &len);

	stamp_free(&stamp);
	if (found != 1)
		return -1;
	end = at + len;
	if (at > 3 && p[at - 1] == '\n')
		at--;
	else if (at <= 3 && end < n && p[end] == '\n')
		end++;
	else
		return -1;
	buf_put(out, p, at);
	buf_put(out, p + end, n - end);
	return 0;
}

int
stamp_exchange(struct buf *out, const char *p, size_t n, const char *other,
    size_t other_n)
{
	size_t at, len, from, from_len;
	struct stamp stamp;
	int found = stamp_find(p, n, &stamp, &at, &len);

	stamp_free(&stamp);
	if (found == 1) {
		found = stamp_find(other, other_n, &stamp, &from, &from_len);
		stamp_free(&stamp);
	}
	if (found != 1)
		return -1;
	buf_put(out, p, at);
	buf_put(out, other + from, from_len);
	buf_put(out, p + at + len, n - at - len);
	return 0;
}
