/*
 * text: foreign bytes made fit to be shown.
 *
 * May not: know where the text comes from or goes to.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "buf.h"
#include "text.h"

static const char replacement[] = "\xef\xbf\xbd";	/* U+FFFD */
static const char ellipsis[] = "\xe2\x80\xa6";		/* U+2026 */

/* The second byte's range is what rules out overlong forms, surrogates and
 * code points too high: RFC 3629, section 4. */
static const struct {
	unsigned char first_lo, first_hi, second_lo, second_hi;
	size_t len;
} utf8_form[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Inclusive ranges of what may not reach a screen or a log. */
static const struct {
	uint32_t lo, hi;
} unsafe[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f },
	{ 0xad, 0xad },				/* soft hyphen */
	{ 0x061c, 0x061c },			/* Arabic letter mark */
	{ 0x200b, 0x200f },			/* zero width, LRM, RLM */
	{ 0x2028, 0x202e },			/* separators, embeddings */
	{ 0x2060, 0x206f },			/* joiners, isolates */
	{ 0xfeff, 0xfeff },			/* byte order mark */
	{ 0xfff9, 0xfffb },			/* interlinear annotation */
	{ 0xe0000, 0xe007f },			/* tags */
};

size_t
utf8_next(const char *p, size_t n, uint32_t *code)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t i, k;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		*code = u[0];
		return 1;
	}
	for (i = 0; i < sizeof(utf8_form) / sizeof(utf8_form[0]); i++) {
		if (u[0] < utf8_form[i].first_lo ||
		    u[0] > utf8_form[i].first_hi)
			continue;
		if (n < utf8_form[i].len || u[1] < utf8_form[i].second_lo ||
		    u[1] > utf8_form[i].second_hi)
			return 0;
		*code = u[0] & (0x7fU >> utf8_form[i].len);
		for (k = 1; k < utf8_form[i].len; k++) {
			if ((u[k] & 0xc0) != 0x80)
				return 0;
			*code = *code << 6 | (u[k] & 0x3fU);
		}
		return utf8_form[i].len;
	}
	return 0;
}

bool
utf8_valid(const char *p, size_t n)
{
	uint32_t code;
	size_t k;

	for (; n > 0; p += k, n -= k)
		if ((k = utf8_next(p, n, &code)) == 0)
			return false;
	return true;
}

bool
text_unsafe(uint32_t code)
{
	size_t i;

	for (i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (code >= unsafe[i].lo && code <= unsafe[i].hi)
			return true;
	return false;
}

static bool
is_plain(char c)
{
	return c > ' ' && c < 0x7f;
}

/* Bytes that are what they seem, words of ASCII and single blanks between
 * them: most of all text. */
static size_t
text_run(const char *p, size_t n)
{
	size_t k = 0;

	while (k < n && (is_plain(p[k]) || (p[k] == ' ' && k > 0 &&
	    k + 1 < n && is_plain(p[k + 1]))))
		k++;
	return k;
}

bool
text_plain(const char *p, size_t n)
{
	uint32_t code;
	size_t k;

	for (; n > 0; p += k, n -= k) {
		k = text_run(p, n);
		if (k == 0 && *p == ' ')
			k = 1;
		if (k == 0 && ((k = utf8_next(p, n, &code)) == 0 ||
		    text_unsafe(code)))
			return false;
	}
	return true;
}

bool
text_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && strcmp(s + n - k, suffix) == 0;
}

void
text_escape(struct buf *out, const char *p, size_t n, const char *also)
{
	uint32_t code;
	size_t k;

	for (; n > 0; p += k, n -= k) {
		if ((k = utf8_next(p, n, &code)) == 0) {
			k = 1;
			buf_putf(out, "\\x%02x", (unsigned char)*p);
		} else if (code == '\n')
			buf_puts(out, "\\n");
		else if (code == '\t')
			buf_puts(out, "\\t");
		else if (code < 0x80 && text_unsafe(code))
			buf_putf(out, "\\x%02x", code);
		else if (text_unsafe(code))
			buf_putf(out, "\\u{%x}", code);
		else if (code == '\\' ||
		    (code < 0x80 && strchr(also, (int)code) != NULL))
			buf_putf(out, "\\%c", (char)code);
		else
			buf_put(out, p, k);
	}
}

/* One character made clean.  White space and what is unsafe wait as one
 * blank for what follows them; at a line's end they go. */
static size_t
put_character(struct buf *out, const char *p, size_t n, bool keep, bool *blank)
{
	uint32_t code = 0;
	size_t k = utf8_next(p, n, &code);

	if (keep && code == '\n') {
		buf_putc(out, '\n');
		*blank = false;
	} else if (k != 0 && (code == ' ' || text_unsafe(code))) {
		*blank = true;
	} else {
		if (*blank)
			buf_putc(out, ' ');
		*blank = false;
		if (k == 0)
			buf_puts(out, replacement);
		else
			buf_put(out, p, k);
	}
	return k == 0 ? 1 : k;
}

/* The same of many that are clean. */
static void
put_run(struct buf *out, const char *p, size_t n, bool *blank)
{
	if (*blank)
		buf_putc(out, ' ');
	*blank = false;
	buf_put(out, p, n);
}

/* One pass for lines and blocks; `keep' says whether LF survives, and with it
 * what a line is indented by.  Cut, where it must be, behind the last
 * character that leaves room for the ellipsis. */
static void
put_clean(struct buf *out, const char *p, size_t n, size_t limit, bool keep)
{
	size_t start = out->len, fits = start, room, k;
	bool blank = false;

	for (; n > 0; p += k, n -= k) {
		room = limit - (out->len - start);
		room = room < sizeof(ellipsis) ? 0 : room - sizeof(ellipsis);
		if ((k = text_run(p, n < room ? n : room)) > 0)
			put_run(out, p, k, &blank);
		else
			k = put_character(out, p, n, keep, &blank);
		if (out->len == start && !keep)
			blank = false;
		if (out->len - start > limit) {
			buf_cut(out, fits);
			buf_puts(out, ellipsis);
			return;
		}
		if (out->len - start + sizeof(ellipsis) - 1 <= limit)
			fits = out->len;
	}
}

void
text_line(struct buf *out, const char *p, size_t n, size_t limit)
{
	put_clean(out, p, n, limit, false);
}

void
text_block(struct buf *out, const char *p, size_t n, size_t limit)
{
	put_clean(out, p, n, limit, true);
}

bool
text_number(const char *s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0, digit;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		digit = (uint64_t)(*s - '0');
		if (digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

size_t
text_width(const char *s)
{
	size_t n = strlen(s), width = 0, k;
	uint32_t code;
	int w;

	for (; n > 0; s += k, n -= k) {
		k = utf8_next(s, n, &code);
		w = k == 0 ? 1 : wcwidth((wchar_t)code);
		k = k == 0 ? 1 : k;
		width += w < 0 ? 1 : (size_t)w;
	}
	return width;
}

const char *
num_text(char text[NUM_TEXT], uint64_t n)
{
	snprintf(text, NUM_TEXT, "%llu", (unsigned long long)n);
	return text;
}
