/*
 * xmlout: XML, written.
 *
 * Our bug: an attribute after content, more closed than was opened.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "log.h"
#include "text.h"
#include "xmlout.h"

/* XML 1.0, production [2] Char. */
static bool
is_char(uint32_t c)
{
	return c == 0x9 || c == 0xa || c == 0xd ||
	    (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

/* Bytes that stand for themselves, wherever they are. */
static size_t
plain_run(const char *p, size_t n)
{
	size_t k = 0;

	while (k < n && p[k] >= ' ' && p[k] < 0x7f && p[k] != '&' &&
	    p[k] != '<' && p[k] != '>' && p[k] != '"')
		k++;
	return k;
}

/* The blanks that a reader would take for others there: in an attribute all
 * but U+0020, in text the carriage return (XML 1.0, 3.3.3 and 2.11). */
static void
escape(struct buf *out, const char *p, size_t n, const char *blanks)
{
	uint32_t code;
	size_t k;

	for (; n > 0; p += k, n -= k) {
		if ((k = plain_run(p, n)) > 0) {
			buf_put(out, p, k);
			continue;
		}
		if ((k = utf8_next(p, n, &code)) == 0) {
			k = 1;
			code = 0;
		}
		if (code == '&')
			buf_puts(out, "&amp;");
		else if (code == '<')
			buf_puts(out, "&lt;");
		else if (code == '>')
			buf_puts(out, "&gt;");
		else if (code == '"')
			buf_puts(out, "&quot;");
		else if (!is_char(code))
			buf_puts(out, "\xef\xbf\xbd");
		else if (code < ' ' && strchr(blanks, (int)code) != NULL)
			buf_putf(out, "&#%u;", code);
		else
			buf_put(out, p, k);
	}
}

void
xml_escape(struct buf *out, const char *p, size_t n)
{
	escape(out, p, n, "\r");
}

void
xml_escape_attr(struct buf *out, const char *p, size_t n)
{
	escape(out, p, n, "\r\n\t");
}

static void
end_tag(struct xmlout *x)
{
	if (x->in_tag)
		buf_puts(x->out, ">\n");
	x->in_tag = false;
}

static void
indent(struct xmlout *x)
{
	unsigned i;

	end_tag(x);
	for (i = 0; i < x->depth; i++)
		buf_puts(x->out, "  ");
}

void
xml_begin(struct xmlout *x, struct buf *out)
{
	*x = (struct xmlout){ .out = out };
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void
xml_open(struct xmlout *x, const char *name)
{
	if (x->depth == XML_DEPTH)
		bug("XML too deep");
	indent(x);
	buf_putc(x->out, '<');
	buf_puts(x->out, name);
	x->open[x->depth++] = name;
	x->in_tag = true;
}

void
xml_attr(struct xmlout *x, const char *name, const char *value)
{
	if (!x->in_tag)
		bug("attribute after content");
	buf_putc(x->out, ' ');
	buf_puts(x->out, name);
	buf_puts(x->out, "=\"");
	xml_escape_attr(x->out, value, strlen(value));
	buf_putc(x->out, '"');
}

void
xml_attr_num(struct xmlout *x, const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	xml_attr(x, name, text);
}

static void
put_end(struct buf *out, const char *name)
{
	buf_puts(out, "</");
	buf_puts(out, name);
	buf_puts(out, ">\n");
}

void
xml_leaf(struct xmlout *x, const char *name, const char *text)
{
	indent(x);
	buf_putc(x->out, '<');
	buf_puts(x->out, name);
	buf_putc(x->out, '>');
	xml_escape(x->out, text, strlen(text));
	put_end(x->out, name);
}

void
xml_comment(struct xmlout *x, const char *text)
{
	if (strstr(text, "--") != NULL)
		bug("XML comment with two hyphens");
	indent(x);
	buf_putf(x->out, "<!-- %s -->\n", text);
}

void
xml_close(struct xmlout *x)
{
	const char *name;

	if (x->depth == 0)
		bug("nothing to close");
	name = x->open[x->depth - 1];
	if (x->in_tag) {
		buf_puts(x->out, "/>\n");
		x->in_tag = false;
		x->depth--;
		return;
	}
	x->depth--;
	indent(x);
	put_end(x->out, name);
}
