/*
 * split: where the forms of a batch are, a window at a time.
 *
 * May not: keep anything from one window to the next; look for faults in a
 * form.
 * A fault of the batch: what stands between its forms and is none; a form, or
 * the batch, that is never closed.
 */
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "limit.h"
#include "split.h"

enum kind { COMMENT, INSTRUCTION, CDATA, DOCTYPE, OPEN_TAG, EMPTY_TAG,
    CLOSE_TAG };

/* Something between < and >. */
struct markup {
	enum kind	 kind;
	const char	*name, *end;	/* end: behind it */
	size_t		 n;		/* of the name */
};

struct split {
	const struct query *q;
	struct verdict	*v;
	const char	*start, *p, *end;
	const char	*stamp;		/* that was met, for the next form */
	const char	*boundary;	/* behind the last markup of a form */
	struct cutting	*at;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
looks_at(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* Behind `word'; NULL if it does not come. */
static const char *
behind(const char *p, const char *end, const char *word)
{
	const char *at = memmem(p, (size_t)(end - p), word, strlen(word));

	return at == NULL ? NULL : at + strlen(word);
}

/* A tag, from its name on.  One without a '>' of its own ends before the next
 * '<', also within quotes: whatever follows is not a part of it. */
static bool
read_tag(const char *p, const char *end, struct markup *m)
{
	char quote = '\0';

	m->name = p;
	while (p < end && !is_blank(*p) && *p != '>' && *p != '/' &&
	    *p != '<')
		p++;
	m->n = (size_t)(p - m->name);
	for (; p < end; p++) {
		if (*p == '<') {
			m->end = p;
			return true;
		}
		if (quote != '\0' ? *p == quote : *p == '"' || *p == '\'')
			quote = quote != '\0' ? '\0' : *p;
		else if (quote == '\0' && *p == '>') {
			m->end = p + 1;
			if (m->kind == OPEN_TAG && p[-1] == '/')
				m->kind = EMPTY_TAG;
			return true;
		}
	}
	return false;
}

/* What begins with the '<' at p.  False: the window ends within it. */
static bool
read_markup(const char *p, const char *end, struct markup *m)
{
	static const struct {
		const char *from, *to;
		enum kind kind;
	} sections[] = {
		{ "<!--", "-->", COMMENT },
		{ "<![CDATA[", "]]>", CDATA },
		{ "<!DOCTYPE", "", DOCTYPE },
		{ "<?", "?>", INSTRUCTION },
	};
	size_t i;

	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (looks_at(p, end, sections[i].from)) {
			m->kind = sections[i].kind;
			m->name = p + strlen(sections[i].from);
			m->n = 0;
			m->end = behind(m->name, end, sections[i].to);
			return m->end != NULL;
		}
	/* it may still become one of those */
	if (end - p < 9 && (end - p < 2 || p[1] == '!'))
		return false;
	m->kind = p[1] == '/' ? CLOSE_TAG : OPEN_TAG;
	return read_tag(p + (m->kind == CLOSE_TAG ? 2 : 1), end, m);
}

static bool
is_named(const struct markup *m, const char *name)
{
	return strlen(name) == m->n && memcmp(m->name, name, m->n) == 0;
}

/* An instruction of that name. */
static bool
instructs(const struct markup *m, const char *name)
{
	return m->kind == INSTRUCTION && looks_at(m->name, m->end, name) &&
	    (is_blank(m->name[strlen(name)]) || m->name[strlen(name)] == '?');
}

int
split_head(const char *p, size_t n, size_t *len, char name[TAG_NAME],
    bool *empty)
{
	const char *start = p, *end = p + n;
	struct markup m;

	if (looks_at(p, end, "\xef\xbb\xbf"))
		p += 3;
	for (;;) {
		p = skip_blanks(p, end);
		if (p == end || *p != '<' || !read_markup(p, end, &m))
			return -1;
		if (m.kind != COMMENT && m.kind != INSTRUCTION)
			break;
		p = m.end;
	}
	if ((m.kind != OPEN_TAG && m.kind != EMPTY_TAG) || m.n == 0 ||
	    m.n >= TAG_NAME || m.end[-1] != '>' ||
	    memchr(m.name, '\0', m.n) != NULL)
		return -1;
	memcpy(name, m.name, m.n);
	name[m.n] = '\0';
	*len = (size_t)(m.end - start);
	*empty = m.kind == EMPTY_TAG;
	return 0;
}

/* Faults. */

static long
line_of(const struct split *s, const char *p)
{
	const char *at = s->start;
	long line = 1;

	while ((at = memchr(at, '\n', (size_t)(p - at))) != NULL) {
		line++;
		at++;
	}
	return line;
}

static struct fault *
wrong(struct split *s, const char *at, unsigned code, const char *text)
{
	return faults_add(&s->v->faults, code, line_of(s, at), NULL, text);
}

/* A tag's name as it can be shown. */
static void
put_name(struct buf *out, const char *name, size_t n)
{
	text_line(out, name, n, 60);
}

static void
not_closed(struct split *s, const char *at, const char *name)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "Here begins <");
	put_name(&text, name, strlen(name));
	buf_puts(&text, ">, and it is never closed by </");
	put_name(&text, name, strlen(name));
	buf_puts(&text, ">.");
	wrong(s, at, FAULT_NOT_WELL_FORMED, buf_str(&text));
	buf_free(&text);
}

static void
closes_nothing(struct split *s, const struct markup *m)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "</");
	put_name(&text, m->name, m->n);
	buf_puts(&text, "> closes nothing that is open here.");
	wrong(s, m->name, FAULT_NOT_WELL_FORMED, buf_str(&text));
	buf_free(&text);
}

/* Forms. */

/* False: the batch is closed while the form is open. */
static bool
count_tag(struct cutting *c, const struct markup *m)
{
	if (m->kind != OPEN_TAG && m->kind != CLOSE_TAG)
		return true;
	if (is_named(m, c->form))
		c->depth += m->kind == OPEN_TAG ? 1 : (uint32_t)-1;
	else if (is_named(m, c->root) && m->kind == OPEN_TAG)
		c->inner++;
	else if (is_named(m, c->root))
		return c->inner-- > 0;
	return true;
}

/* Goes on to behind the end of the form that it is in.  1: it is there; 0:
 * the window ends before; -1: it never comes. */
static int
pass_form(struct split *s)
{
	struct markup m;

	while (s->at->depth > 0) {
		s->boundary = s->p;
		s->p = memchr(s->p, '<', (size_t)(s->end - s->p));
		if (s->p == NULL) {
			s->boundary = s->p = s->end;
			return 0;
		}
		s->boundary = s->p;
		if (!read_markup(s->p, s->end, &m))
			return 0;
		if (!count_tag(s->at, &m))
			return -1;
		s->p = m.end;
	}
	s->at->form[0] = '\0';
	s->at->inner = 0;
	return 1;
}

static void
add_piece(struct split *s, const char *from)
{
	struct piece *p = verdict_piece(s->v);

	p->at = (uint32_t)(from - s->start);
	p->len = (uint32_t)(s->p - from);
	s->v->cuts.used = (uint32_t)(s->p - s->start);
	s->stamp = NULL;
}

/* A form that does not end in this window: it is cut from the next one, which
 * begins with it; unless this one does, then it is longer than any may be,
 * and only its end is looked for. */
static bool
leave_form(struct split *s, const char *from)
{
	if (s->q->last) {
		not_closed(s, from, s->at->form);
		return false;
	}
	if (from == s->start && s->boundary > s->start)
		s->v->cuts.used = (uint32_t)(s->boundary - s->start);
	else {
		s->v->cuts.used = (uint32_t)(from - s->start);
		s->at->form[0] = '\0';
		s->at->depth = s->at->inner = 0;
	}
	return false;
}

/* From its first tag, or its stamp.  False: nothing more can be said. */
static bool
take_form(struct split *s, const struct markup *m)
{
	const char *from = s->stamp != NULL ? s->stamp : s->p;
	char name[TAG_NAME];

	if (m->n == 0 || m->n >= TAG_NAME ||
	    memchr(m->name, '\0', m->n) != NULL) {
		wrong(s, s->p, FAULT_NOT_WELL_FORMED, "Here is a < that "
		    "begins no tag.");
		return false;
	}
	memcpy(name, m->name, m->n);
	name[m->n] = '\0';
	s->p = m->end;
	if (m->kind == OPEN_TAG) {
		strcpy(s->at->form, name);
		s->at->depth = 1;
		switch (pass_form(s)) {
		case 0:
			return leave_form(s, from);
		case -1:
			not_closed(s, from, name);
			return false;
		}
	}
	add_piece(s, from);
	return s->v->cuts.n < LIMIT_PIECES;
}

/* Between forms. */

static bool
take_instruction(struct split *s, const struct markup *m)
{
	if (instructs(m, "xml")) {
		wrong(s, s->p, FAULT_NOT_WELL_FORMED, "Here is an XML "
		    "declaration: in a batch only the first line has one. "
		    "Leave it out of each form.");
		return false;
	}
	if (instructs(m, "docket") && s->stamp == NULL)
		s->stamp = s->p;
	return true;
}

static bool
take_close(struct split *s, const struct markup *m)
{
	if (s->at->ended || !is_named(m, s->at->root)) {
		closes_nothing(s, m);
		return false;
	}
	s->at->ended = true;
	s->stamp = NULL;
	return true;
}

/* One thing that is between two forms.  False: nothing more can be said. */
static bool
take_markup(struct split *s, const struct markup *m)
{
	switch (m->kind) {
	case COMMENT:
		return true;
	case INSTRUCTION:
		return take_instruction(s, m);
	case CLOSE_TAG:
		return take_close(s, m);
	case DOCTYPE:
		wrong(s, s->p, FAULT_DOCTYPE, NULL);
		return false;
	case CDATA:
		wrong(s, s->p, FAULT_INVALID, "There is text between the "
		    "forms of the batch.");
		return false;
	default:
		wrong(s, s->p, FAULT_NOT_WELL_FORMED, "Here is more, behind "
		    "the end of the batch.");
		return false;
	}
}

static bool
take_one(struct split *s)
{
	const char *from = s->p;
	struct markup m;

	if (*s->p != '<') {
		wrong(s, s->p, s->at->ended ? FAULT_NOT_WELL_FORMED :
		    FAULT_INVALID, s->at->ended ? "Here is more, behind the "
		    "end of the batch." : "There is text between the forms "
		    "of the batch.");
		return false;
	}
	if (!read_markup(s->p, s->end, &m)) {
		if (s->q->last || (s->v->cuts.used == 0 &&
		    s->q->len >= LIMIT_WINDOW))
			wrong(s, from, FAULT_NOT_WELL_FORMED, "What begins "
			    "here with < is never closed, or far too long.");
		return false;
	}
	if ((m.kind == OPEN_TAG || m.kind == EMPTY_TAG) && !s->at->ended)
		return take_form(s, &m);
	if (!take_markup(s, &m))
		return false;
	s->p = m.end;
	if (s->stamp == NULL)
		s->v->cuts.used = (uint32_t)(s->p - s->start);
	return true;
}

/* The rest of a form that is too long. */
static bool
take_rest(struct split *s)
{
	if (s->at->depth == 0)
		return true;
	switch (pass_form(s)) {
	case 1:
		add_piece(s, s->start);
		return true;
	case -1:
		wrong(s, s->p, FAULT_NOT_WELL_FORMED, "The batch ends here, "
		    "within a form.");
		return false;
	}
	s->v->cuts.used = (uint32_t)(s->boundary - s->start);
	if (s->q->last)
		wrong(s, s->boundary, FAULT_NOT_WELL_FORMED, "The file ends "
		    "within a form; perhaps the transfer was cut off.");
	else if (s->boundary == s->start && s->q->len >= LIMIT_WINDOW)
		wrong(s, s->start, FAULT_NOT_WELL_FORMED, "What begins here "
		    "with < is never closed, or far too long.");
	return false;
}

void
split_window(const struct query *q, size_t from, struct verdict *v)
{
	struct split s = { .q = q, .v = v, .start = q->data,
	    .p = q->data + from, .end = q->data + q->len,
	    .at = &v->cuts.then };
	bool more;

	v->cuts.used = (uint32_t)from;
	more = take_rest(&s);
	while (more && (s.p = skip_blanks(s.p, s.end)) < s.end)
		more = take_one(&s);
	/* nothing is left over but blanks */
	if (more && s.stamp == NULL)
		v->cuts.used = (uint32_t)q->len;
	if (q->last && v->faults.n == 0 && v->cuts.n < LIMIT_PIECES &&
	    !s.at->ended)
		faults_add(&v->faults, FAULT_NOT_WELL_FORMED,
		    line_of(&s, s.end), NULL, "The file ends here, before "
		    "the end of the batch; perhaps the transfer was cut "
		    "off.");
}
