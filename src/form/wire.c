/*
 * wire: what docket and docket-check say to each other.
 *
 * May not: read or write a descriptor.
 * A fault of the other side: every decode that fails.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"
#include "text.h"

#include "limit.h"
#include "wire.h"

/* Writing. */

static void
put_u32(struct buf *out, uint32_t v)
{
	unsigned char b[4] = {
		(unsigned char)v, (unsigned char)(v >> 8),
		(unsigned char)(v >> 16), (unsigned char)(v >> 24),
	};

	buf_put(out, b, 4);
}

static void
put_bytes(struct buf *out, const char *p, size_t n)
{
	if (n > UINT32_MAX)
		bug("message too long");
	put_u32(out, (uint32_t)n);
	buf_put(out, p, n);
}

/* An absent string is an empty one. */
static void
put_str(struct buf *out, const char *s)
{
	put_bytes(out, s == NULL ? "" : s, s == NULL ? 0 : strlen(s));
}

static size_t
begin(struct buf *out, enum wire_type type)
{
	size_t at = out->len;

	put_u32(out, 0);
	buf_putc(out, (char)type);
	return at;
}

static void
end(struct buf *out, size_t at)
{
	size_t n = out->len - at - WIRE_HEADER;
	unsigned char *p = (unsigned char *)out->data + at;
	int i;

	if (n > UINT32_MAX)
		bug("message too long");
	for (i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (8 * i));
}

/* A text that will be shown: what names and values of a form bring along is
 * made plain here, since the other side takes nothing that is not. */
static void
put_text(struct buf *out, const char *s, size_t limit)
{
	struct buf line = BUF_INIT;

	if (s != NULL)
		text_line(&line, s, strlen(s), limit);
	put_str(out, buf_str(&line));
	buf_free(&line);
}

/* Reading: once something is wrong, everything after it reads as empty, and
 * done() says so. */
struct reader {
	const char *p, *end;
	bool	 bad;
};

static struct reader
reader(const struct frame *f)
{
	return (struct reader){ f->data, f->data + f->len, false };
}

static uint32_t
get_u32(struct reader *r)
{
	const unsigned char *u = (const unsigned char *)r->p;

	if (r->end - r->p < 4) {
		r->bad = true;
		return 0;
	}
	r->p += 4;
	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 |
	    (uint32_t)u[3] << 24;
}

static const char *
get_bytes(struct reader *r, size_t most, size_t *n)
{
	const char *p;

	*n = get_u32(r);
	if (*n > most || *n > (size_t)(r->end - r->p)) {
		r->bad = true;
		*n = 0;
	}
	p = r->p;
	r->p += *n;
	return p;
}

/* Plain text that may be shown; tabs and line ends only where `lines'. */
static bool
is_fit(const char *p, size_t n, bool lines)
{
	const char *end = p + n, *q;

	if (!lines)
		return text_plain(p, n);
	for (; p < end; p = q + 1) {
		for (q = p; q < end && *q != '\t' && *q != '\n'; q++)
			;
		if (!text_plain(p, (size_t)(q - p)))
			return false;
	}
	return true;
}

static char *
get_text(struct reader *r, size_t most, bool lines)
{
	size_t n;
	const char *p = get_bytes(r, most, &n);

	if (!is_fit(p, n, lines)) {
		r->bad = true;
		n = 0;
	}
	return n == 0 ? NULL : mem_strn(p, n);
}

/* Into an array of the caller's. */
static void
get_short(struct reader *r, char *to, size_t size)
{
	char *s = get_text(r, size - 1, false);

	strcpy(to, s == NULL ? "" : s);
	free(s);
}

static uint32_t
get_below(struct reader *r, uint32_t bound)
{
	uint32_t v = get_u32(r);

	if (v >= bound) {
		r->bad = true;
		return 0;
	}
	return v;
}

static int
done(const struct reader *r)
{
	return r->bad || r->p != r->end ? -1 : 0;
}

int
wire_next(const struct buf *in, size_t *at, size_t most, struct frame *f)
{
	struct reader r = { in->data + *at, in->data + in->len, false };
	size_t n;

	if (in->len - *at < WIRE_HEADER)
		return 0;
	n = get_u32(&r);
	if (n > most)
		return -1;
	if ((size_t)(r.end - r.p) < n + 1)
		return 0;
	f->type = (enum wire_type)(unsigned char)*r.p;
	f->data = r.p + 1;
	f->len = n;
	*at += WIRE_HEADER + n;
	return 1;
}

void
frame_encode(const struct frame *f, struct buf *out)
{
	size_t at = begin(out, f->type);

	buf_put(out, f->data, f->len);
	end(out, at);
}

/* Messages. */

void
limits_encode(const struct check_limits *l, struct buf *out)
{
	size_t at = begin(out, WIRE_LIMITS);

	put_u32(out, l->depth);
	put_u32(out, l->attributes);
	put_u32(out, l->value);
	put_u32(out, l->cpu);
	put_u32(out, (uint32_t)(l->memory >> 32));
	put_u32(out, (uint32_t)l->memory);
	put_u32(out, l->reuse);
	end(out, at);
}

int
limits_decode(struct check_limits *l, const struct frame *f)
{
	struct reader r = reader(f);

	l->depth = get_u32(&r);
	l->attributes = get_u32(&r);
	l->value = get_u32(&r);
	l->cpu = get_u32(&r);
	l->memory = (uint64_t)get_u32(&r) << 32;
	l->memory |= get_u32(&r);
	l->reuse = get_u32(&r);
	return done(&r);
}

void
schema_encode(const struct schema_file *s, struct buf *out)
{
	size_t at = begin(out, WIRE_SCHEMA);

	put_str(out, s->path);
	put_bytes(out, s->data, s->len);
	end(out, at);
}

int
schema_decode(struct schema_file *s, const struct frame *f)
{
	struct reader r = reader(f);
	const char *p;

	s->path = get_text(&r, 4096, false);
	p = get_bytes(&r, LIMIT_SCHEMA, &s->len);
	s->data = mem_strn(p, s->len);
	if (done(&r) == 0 && s->path != NULL)
		return 0;
	schema_free(s);
	return -1;
}

void
schema_free(struct schema_file *s)
{
	free(s->path);
	free(s->data);
	*s = (struct schema_file){ NULL, NULL, 0 };
}

/* Nobody reads a longer name; and all faults must fit into a verdict. */
#define FIELD_MAX 256

static void
put_faults(struct buf *out, const struct faults *all)
{
	const struct fault *f;

	put_u32(out, (uint32_t)all->n);
	for (f = all->list; f < all->list + all->n; f++) {
		put_u32(out, f->code);
		put_u32(out, f->line > 0 ? (uint32_t)f->line : 0);
		put_text(out, f->field, FIELD_MAX);
		put_text(out, f->text, LIMIT_SENTENCE);
		put_text(out, f->remedy, LIMIT_SENTENCE);
		put_text(out, f->raw, LIMIT_SENTENCE / 2);
	}
	put_u32(out, (uint32_t)all->more);
}

static void
get_faults(struct reader *r, struct faults *all)
{
	uint32_t n = get_below(r, LIMIT_FAULTS + 1), i, code;
	char *field, *text;
	struct fault *f;
	long line;

	for (i = 0; i < n && !r->bad; i++) {
		code = get_u32(r);
		line = (long)get_u32(r);
		field = get_text(r, LIMIT_SENTENCE, false);
		text = get_text(r, LIMIT_SENTENCE, false);
		if (fault_kind(code) == NULL)
			r->bad = true;
		f = faults_add(all, code, line, field, text);
		f->remedy = get_text(r, LIMIT_SENTENCE, false);
		f->raw = get_text(r, LIMIT_SENTENCE, false);
		free(field);
		free(text);
	}
	all->more = get_u32(r);
}

void
types_encode(const struct form_types *types, struct buf *out)
{
	size_t at = begin(out, WIRE_TYPES), i;
	const struct form_type *t;

	size_t n = types->faults.n > 0 ? 0 : types->n;

	put_u32(out, (uint32_t)n);
	for (i = 0; i < n; i++) {
		t = &types->list[i];
		put_str(out, t->form);
		put_str(out, t->prefix);
		put_text(out, t->title, LIMIT_SENTENCE);
		put_u32(out, t->issues_key);
		put_str(out, t->lists);
		put_u32(out, t->ask);
	}
	put_faults(out, &types->faults);
	end(out, at);
}

struct form_type *
types_add(struct form_types *types)
{
	types->list = mem_grow(types->list, types->n + 1,
	    sizeof(*types->list));
	memset(&types->list[types->n], 0, sizeof(*types->list));
	return &types->list[types->n++];
}

int
types_decode(struct form_types *types, const struct frame *f)
{
	struct reader r = reader(f);
	uint32_t n = get_below(&r, 65536), i;
	struct form_type *t;

	*types = (struct form_types){ 0 };
	for (i = 0; i < n && !r.bad; i++) {
		t = types_add(types);
		t->form = get_text(&r, 4096, false);
		get_short(&r, t->prefix, sizeof(t->prefix));
		t->title = get_text(&r, LIMIT_SENTENCE, false);
		t->issues_key = get_below(&r, 2);
		t->lists = get_text(&r, LIMIT_CATALOG, false);
		t->ask = (enum ask)get_below(&r, ASK_COUNT);
		if (t->form == NULL || (t->ask == ASK_NOTHING &&
		    !prefix_valid(t->prefix)))
			r.bad = true;
	}
	get_faults(&r, &types->faults);
	if (done(&r) == 0)
		return 0;
	types_free(types);
	return -1;
}

void
types_free(struct form_types *types)
{
	size_t i;

	for (i = 0; i < types->n; i++) {
		free(types->list[i].form);
		free(types->list[i].title);
		free(types->list[i].lists);
	}
	free(types->list);
	faults_free(&types->faults);
	*types = (struct form_types){ 0 };
}

int
types_find(const struct form_types *types, const char *form)
{
	size_t i;

	for (i = 0; i < types->n; i++)
		if (strcmp(types->list[i].form, form) == 0)
			return (int)i;
	return -1;
}

void
child_encode(enum wire_type type, const struct child_note *c, struct buf *out)
{
	size_t at = begin(out, type);

	put_u32(out, c->slot);
	put_u32(out, c->status);
	end(out, at);
}

int
child_decode(struct child_note *c, const struct frame *f)
{
	struct reader r = reader(f);

	c->slot = get_u32(&r);
	c->status = get_u32(&r);
	return done(&r);
}

/* A tag as it is written: bytes that nobody is shown. */
static void
get_tag(struct reader *r, char tag[TAG_NAME])
{
	size_t n;
	const char *p = get_bytes(r, TAG_NAME - 1, &n);

	if (memchr(p, '\0', n) != NULL)
		r->bad = true;
	memcpy(tag, p, n);
	tag[n] = '\0';
}

static void
put_cutting(struct buf *out, const struct cutting *c)
{
	put_str(out, c->root);
	put_str(out, c->form);
	put_u32(out, c->depth);
	put_u32(out, c->inner);
	put_u32(out, c->ended);
}

static void
get_cutting(struct reader *r, struct cutting *c)
{
	get_tag(r, c->root);
	get_tag(r, c->form);
	c->depth = get_u32(r);
	c->inner = get_u32(r);
	c->ended = get_below(r, 2);
	/* within a form it has a name, which is a batch's */
	if ((c->depth > 0) != (c->form[0] != '\0') || ((c->depth > 0 ||
	    c->ended) && c->root[0] == '\0') || (c->depth > 0 && c->ended))
		r->bad = true;
}

void
query_encode(const struct query *q, struct buf *out)
{
	size_t at = begin(out, WIRE_QUERY);

	put_u32(out, q->purpose);
	put_u32(out, (uint32_t)q->today);
	put_u32(out, q->before);
	put_u32(out, (uint32_t)q->later);
	put_u32(out, q->brief);
	if (q->purpose == PURPOSE_SPLIT) {
		put_cutting(out, q->cutting);
		put_u32(out, q->last);
	}
	put_bytes(out, q->data, q->len);
	end(out, at);
}

int
query_decode(struct query *q, struct cutting *c, const struct frame *f)
{
	struct reader r = reader(f);

	*q = (struct query){ .cutting = c };
	*c = (struct cutting){ .ended = false };
	q->purpose = (enum purpose)get_below(&r, PURPOSE_COUNT);
	q->today = (int32_t)get_u32(&r);
	q->before = get_u32(&r);
	q->later = (int32_t)get_u32(&r);
	q->brief = get_below(&r, 2);
	if (q->purpose == PURPOSE_SPLIT) {
		get_cutting(&r, c);
		q->last = get_below(&r, 2);
	}
	q->data = get_bytes(&r, q->purpose == PURPOSE_SPLIT ? LIMIT_WINDOW :
	    LIMIT_PAPER, &q->len);
	return done(&r);
}

void
ids_encode(const struct ids *ids, struct buf *out)
{
	size_t at = begin(out, WIRE_IDS);

	put_str(out, ids->list);
	put_str(out, ids->lines);
	end(out, at);
}

int
ids_decode(struct ids *ids, const struct frame *f)
{
	struct reader r = reader(f);

	ids->list = get_text(&r, LIMIT_CATALOG, false);
	ids->lines = get_text(&r, LIMIT_ENTRIES_PART, true);
	if (done(&r) == 0 && ids->list != NULL)
		return 0;
	ids_free(ids);
	return -1;
}

void
ids_free(struct ids *ids)
{
	free(ids->list);
	free(ids->lines);
	*ids = (struct ids){ NULL, NULL };
}

void
entries_encode(const char *lines, size_t n, struct buf *out)
{
	size_t at = begin(out, WIRE_ENTRIES);

	put_bytes(out, lines, n);
	end(out, at);
}

/* An id, and three tabs. */
static bool
is_entry(const char *p, size_t n)
{
	const char *tab = memchr(p, '\t', n);
	size_t i, tabs = 0;

	for (i = 0; i < n; i++)
		tabs += p[i] == '\t';
	return tab != NULL && tab > p && tab - p <= LIMIT_ENTRY_ID &&
	    tabs == 3;
}

int
entries_decode(struct buf *to, const struct frame *f)
{
	struct reader r = reader(f);
	char *text = get_text(&r, LIMIT_ENTRIES_PART, true);
	const char *line = text, *end;

	for (; line != NULL && *line != '\0' && !r.bad; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL || !is_entry(line, (size_t)(end - line))) {
			r.bad = true;
			break;
		}
	}
	if (!r.bad && text != NULL)
		buf_puts(to, text);
	free(text);
	return done(&r);
}

struct listed *
verdict_list(struct verdict *v)
{
	v->listed = mem_grow(v->listed, v->n_listed + 1, sizeof(*v->listed));
	memset(&v->listed[v->n_listed], 0, sizeof(*v->listed));
	return &v->listed[v->n_listed++];
}

static void
put_listed(struct buf *out, const struct verdict *v)
{
	const struct listed *l;

	put_u32(out, (uint32_t)v->n_listed);
	for (l = v->listed; l < v->listed + v->n_listed; l++) {
		put_str(out, l->number);
		put_u32(out, l->revision);
		put_str(out, l->sha256);
		put_str(out, event_name(l->event));
		put_str(out, l->note);
	}
}

bool
listed_valid(const struct listed *l)
{
	return number_valid(l->number) && l->revision > 0 &&
	    strlen(l->sha256) == 64 &&
	    strspn(l->sha256, "0123456789abcdef") == 64 &&
	    (l->event == EVENT_APPROVE || l->event == EVENT_RETURN ||
	    l->event == EVENT_REJECT || l->event == EVENT_REVOKE);
}

static void
get_listed(struct reader *r, struct verdict *v)
{
	uint32_t n = get_below(r, LIMIT_LISTED + 1), i;
	size_t left = LIMIT_LISTED_BYTES;
	char event[16];
	struct listed *l;

	for (i = 0; i < n && !r->bad; i++) {
		l = verdict_list(v);
		get_short(r, l->number, sizeof(l->number));
		l->revision = get_below(r, 1000000);
		get_short(r, l->sha256, sizeof(l->sha256));
		get_short(r, event, sizeof(event));
		l->event = event_named(event);
		l->note = get_text(r, left, false);
		if (l->note != NULL)
			left -= strlen(l->note);
		if (!listed_valid(l))
			r->bad = true;
	}
}

struct piece *
verdict_piece(struct verdict *v)
{
	struct cuts *c = &v->cuts;

	c->list = mem_grow(c->list, c->n + 1, sizeof(*c->list));
	c->list[c->n] = (struct piece){ 0, 0 };
	return &c->list[c->n++];
}

static void
put_cuts(struct buf *out, const struct cuts *c)
{
	size_t i;

	put_u32(out, (uint32_t)c->n);
	for (i = 0; i < c->n; i++) {
		put_u32(out, c->list[i].at);
		put_u32(out, c->list[i].len);
	}
	put_u32(out, c->used);
	put_cutting(out, &c->then);
	put_str(out, c->encoding);
}

/* Pieces follow one another, within what is used of the window (whose length
 * whoever has asked must compare). */
static void
get_cuts(struct reader *r, struct verdict *v)
{
	uint32_t n = get_below(r, LIMIT_PIECES + 1), i;
	uint64_t behind = 0;
	struct piece *p;

	for (i = 0; i < n && !r->bad; i++) {
		p = verdict_piece(v);
		p->at = get_u32(r);
		p->len = get_u32(r);
		if (p->at < behind || p->len == 0)
			r->bad = true;
		behind = (uint64_t)p->at + p->len;
	}
	v->cuts.used = get_u32(r);
	get_cutting(r, &v->cuts.then);
	get_short(r, v->cuts.encoding, sizeof(v->cuts.encoding));
	if (behind > v->cuts.used || v->cuts.used > LIMIT_WINDOW ||
	    strspn(v->cuts.encoding, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-") !=
	    strlen(v->cuts.encoding))
		r->bad = true;
}

void
verdict_encode(const struct verdict *v, struct buf *out)
{
	size_t at = begin(out, WIRE_VERDICT);

	put_u32(out, (uint32_t)(v->type + 1));
	put_u32(out, v->last);
	put_u32(out, v->later);
	put_faults(out, &v->faults);
	put_str(out, v->facts.client);
	put_str(out, v->facts.label);
	put_str(out, v->facts.effective);
	put_str(out, v->facts.expiry);
	put_str(out, v->facts.fields);
	put_str(out, v->facts.apis);
	put_str(out, v->number);
	put_str(out, v->reason);
	put_str(out, v->overlap);
	put_listed(out, v);
	put_cuts(out, &v->cuts);
	end(out, at);
}

/* Empty or a day. */
static void
get_day(struct reader *r, char day[DAY_TEXT])
{
	int32_t value;

	get_short(r, day, DAY_TEXT);
	if (day[0] != '\0' && day_parse(day, &value) != 0)
		r->bad = true;
}

/* Empty, or one that can be granted. */
static void
get_overlap(struct reader *r, char overlap[OVERLAP_TEXT])
{
	int64_t seconds;

	get_short(r, overlap, OVERLAP_TEXT);
	if (overlap[0] != '\0' && overlap_parse(overlap, &seconds) != 0)
		r->bad = true;
}

int
verdict_decode(struct verdict *v, const struct frame *f, size_t n_types)
{
	struct reader r = reader(f);

	*v = (struct verdict){ 0 };
	v->type = (int)get_below(&r, (uint32_t)n_types + 1) - 1;
	v->last = get_below(&r, 2);
	v->later = get_below(&r, 2);
	get_faults(&r, &v->faults);
	v->facts.client = get_text(&r, LIMIT_FIELD_VALUE, false);
	v->facts.label = get_text(&r, LIMIT_FIELD_VALUE, false);
	get_day(&r, v->facts.effective);
	get_day(&r, v->facts.expiry);
	v->facts.fields = get_text(&r, LIMIT_FIELDS_BYTES, true);
	v->facts.apis = get_text(&r, LIMIT_FIELDS_BYTES, true);
	get_short(&r, v->number, sizeof(v->number));
	v->reason = get_text(&r, LIMIT_NOTE, true);
	get_overlap(&r, v->overlap);
	get_listed(&r, v);
	get_cuts(&r, v);
	/* a form is either good and of a known type, or has faults */
	if (v->faults.n == 0 ? v->type < 0 : v->later)
		r.bad = true;
	if (done(&r) == 0)
		return 0;
	verdict_free(v);
	return -1;
}

void
verdict_free(struct verdict *v)
{
	size_t i;

	faults_free(&v->faults);
	facts_free(&v->facts);
	free(v->reason);
	for (i = 0; i < v->n_listed; i++)
		free(v->listed[i].note);
	free(v->listed);
	free(v->entries);
	free(v->cuts.list);
	*v = (struct verdict){ 0 };
}
