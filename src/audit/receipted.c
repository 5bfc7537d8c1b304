/*
 * receipted: an applicant's receipt against the commit that it names.
 *
 * A receipt is a function of its ruling: it is written again and compared,
 * line by line.  Only the faults of a refusal are told apart in it, and one
 * line each in the commit: they are brought to that.
 *
 * May not: parse XML; only what receipt.c writes is understood.
 */
#include <stdlib.h>
#include <string.h>

#include "text.h"

#include "receipt.h"

#include "auditing.h"

#define HEAD "<receipt xmlns=\"urn:docket:receipt:1\" "
#define COMMIT " commit=\""
#define FAULT "  <fault "
#define FAULT_END "  </fault>"
#define TEXT "    <text>"

/* A line without its end; false when there are no more. */
static bool
next_line(const char **at, const char **line, size_t *n)
{
	if (**at == '\0')
		return false;
	*line = *at;
	*n = strcspn(*at, "\n");
	*at += *n + ((*at)[*n] == '\n');
	if (*n > 0 && (*line)[*n - 1] == '\r')
		--*n;
	return true;
}

static bool
begins(const char *line, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

int
receipt_names(const struct buf *receipt, char commit[COMMIT_HEX])
{
	const char *at = buf_str(receipt), *line, *name;
	struct oid oid;
	size_t n;

	if (!next_line(&at, &line, &n) || !next_line(&at, &line, &n) ||
	    !begins(line, n, HEAD))
		return -1;
	name = memmem(line, n, COMMIT, strlen(COMMIT));
	if (name == NULL)
		return -1;
	name += strlen(COMMIT);
	if ((size_t)(line + n - name) < COMMIT_HEX ||
	    name[COMMIT_HEX - 1] != '"' || oid_parse(&oid, name) != 0)
		return -1;
	oid_text(commit, &oid);
	return 0;
}

static const char *
unescape(struct buf *out, const char *p, size_t n)
{
	static const struct {
		const char *entity;
		char c;
	} entity[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&#13;", '\r' }, { "&#10;", '\n' },
		{ "&#9;", '\t' },
	};
	size_t i, k;

	buf_clear(out);
	for (; n > 0; p += k, n -= k) {
		for (i = 0, k = 1; i < 7; i++)
			if (begins(p, n, entity[i].entity))
				break;
		if (i < 7)
			k = strlen(entity[i].entity);
		buf_putc(out, i < 7 ? entity[i].c : *p);
	}
	return buf_str(out);
}

/* The value of an attribute; NULL: there is none. */
static const char *
attribute(struct buf *out, const char *line, size_t n, const char *name)
{
	const char *at = memmem(line, n, name, strlen(name)), *end;

	if (at == NULL)
		return NULL;
	at += strlen(name);
	end = memchr(at, '"', (size_t)(line + n - at));
	return end == NULL ? NULL : unescape(out, at, (size_t)(end - at));
}

/* A fault as its commit has it in a line; *at moves behind it. */
static void
fault_text_of(struct buf *out, const char **at, const char *line, size_t n)
{
	struct buf code = BUF_INIT, number = BUF_INIT, field = BUF_INIT,
	    text = BUF_INIT;
	uint64_t value = 0;
	struct fault f = { 0 };
	const char *v;

	v = attribute(&code, line, n, " code=\"");
	if (v != NULL && text_number(v, 9999, &value))
		f.code = (unsigned)value;
	v = attribute(&number, line, n, " line=\"");
	if (v != NULL && text_number(v, INT32_MAX, &value))
		f.line = (long)value;
	if (attribute(&field, line, n, " field=\"") != NULL)
		f.field = field.data;
	while (next_line(at, &line, &n) && !begins(line, n, FAULT_END))
		if (begins(line, n, TEXT) && n > strlen(TEXT) + 7)
			unescape(&text, line + strlen(TEXT),
			    n - strlen(TEXT) - strlen("</text>"));
	f.text = text.data;
	fault_line(&f, out);
	buf_free(&code);
	buf_free(&number);
	buf_free(&field);
	buf_free(&text);
}

static int
differs(struct auditing *a, const char *is, size_t n, const char *should,
    size_t m)
{
	struct buf one = BUF_INIT, other = BUF_INIT;

	text_line(&one, is, n, 200);
	text_line(&other, should, m, 200);
	audit_wrong(a, "the receipt does not say what its commit says: \"%s\" "
	    "should be \"%s\"", buf_str(&one), buf_str(&other));
	buf_free(&one);
	buf_free(&other);
	return -1;
}

/* The next line of either, a whole fault being one. */
static bool
next_said(const char **at, struct buf *out)
{
	const char *line;
	size_t n;

	buf_clear(out);
	if (!next_line(at, &line, &n))
		return false;
	if (begins(line, n, FAULT))
		fault_text_of(out, at, line, n);
	else
		buf_put(out, line, n);
	return true;
}

static int
compare(struct auditing *a, const char *is, const char *should)
{
	struct buf one = BUF_INIT, other = BUF_INIT;
	bool more, others;
	int status = 0;

	do {
		more = next_said(&is, &one);
		others = next_said(&should, &other);
		if (more != others || strcmp(buf_str(&one), buf_str(&other)) !=
		    0)
			status = differs(a, buf_str(&one), one.len,
			    buf_str(&other), other.len);
	} while (status == 0 && more);
	buf_free(&one);
	buf_free(&other);
	return status;
}

int
receipted(struct auditing *a, const struct ruling *r)
{
	const struct receipt_desk desk = { a->settings.desk_id,
	    a->settings.desk_name };
	struct buf should = BUF_INIT;
	int status;

	if (r->event == EVENT_INIT || r->event == EVENT_RULES ||
	    r->event == EVENT_RESTORE || r->event == EVENT_ENDORSE)
		return audit_wrong(a, "no receipt tells of such a commit");
	receipt_xml(r, &desk, &should);
	status = compare(a, buf_str(a->asked->receipt), buf_str(&should));
	buf_free(&should);
	return status;
}
