/*
 * sheet: cases as one table for a spreadsheet.
 *
 * May not: read the index; whoever lists walks it.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "map.h"
#include "text.h"

#include "out.h"
#include "sheet.h"

/* Columns of fields; forms that take any element could have any number. */
#define COLUMNS 1000

struct column {
	char		*path;
	int		 same;		/* the fixed column that says it; -1 */
	bool		 differs;	/* in some case it does not */
	struct buf	 cell;		/* of the row at hand, values a line */
	bool		 blanks;	/* one of them has some */
};

struct sheet {
	struct map	 by_path;	/* path -> column */
	struct column	**columns;
	size_t		 n;
	bool		 more;		/* there are others */
	struct buf	 others;	/* of the row: "path=value" a line */
};

/* What docket knows of a case. */

static const char *
get_number(const struct casefile *c, char *text)
{
	(void)text;
	return c->number;
}

static const char *
get_state(const struct casefile *c, char *text)
{
	(void)text;
	return state_name(c->state);
}

static const char *
get_in_force(const struct casefile *c, char *text)
{
	(void)text;
	return c->in_force ? "true" : "false";
}

static const char *
get_client(const struct casefile *c, char *text)
{
	(void)text;
	return c->facts.client;
}

static const char *
get_label(const struct casefile *c, char *text)
{
	(void)text;
	return c->facts.label;
}

static const char *
get_effective(const struct casefile *c, char *text)
{
	(void)text;
	return c->facts.effective;
}

static const char *
get_expiry(const struct casefile *c, char *text)
{
	(void)text;
	return c->facts.expiry;
}

static const char *
get_revision(const struct casefile *c, char *text)
{
	return num_text(text, c->revision);
}

static const char *
get_received(const struct casefile *c, char *text)
{
	return time_text(text, c->received);
}

static const char *
get_changed(const struct casefile *c, char *text)
{
	return time_text(text, c->changed);
}

static const char *
get_request(const struct casefile *c, char *text)
{
	(void)text;
	return c->request == REQUEST_NONE ? "" : request_name(c->request);
}

static const char *
get_form(const struct casefile *c, char *text)
{
	(void)text;
	return c->form;
}

/* `said': by applicants. */
static const struct {
	const char *head;
	const char *(*get)(const struct casefile *, char text[TIME_TEXT]);
	bool said;
} fixed[] = {
	{ "number", get_number, false },
	{ "state", get_state, false },
	{ "in_force", get_in_force, false },
	{ "client", get_client, true },
	{ "name", get_label, true },
	{ "effective", get_effective, true },
	{ "expiry", get_expiry, true },
	{ "revision", get_revision, false },
	{ "received", get_received, false },
	{ "changed", get_changed, false },
	{ "request", get_request, false },
	{ "form", get_form, false },
};
#define FIXED (sizeof(fixed) / sizeof(fixed[0]))

/* Columns. */

struct sheet *
sheet_new(void)
{
	struct sheet *s = mem_alloc(sizeof(*s));

	*s = (struct sheet){ .by_path = MAP_INIT };
	return s;
}

void
sheet_free(struct sheet *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->columns[i]->path);
		buf_free(&s->columns[i]->cell);
		free(s->columns[i]);
	}
	free(s->columns);
	map_free(&s->by_path);
	buf_free(&s->others);
	free(s);
}

static int
fixed_named(const char *path)
{
	size_t i;

	for (i = 0; i < FIXED; i++)
		if (strcmp(fixed[i].head, path) == 0)
			return (int)i;
	return -1;
}

/* NULL: there are too many already. */
static struct column *
add_column(struct sheet *s, const char *path)
{
	struct column *c;

	if (s->n == COLUMNS) {
		s->more = true;
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	*c = (struct column){ .path = mem_str(path),
	    .same = fixed_named(path) };
	s->columns = mem_grow(s->columns, s->n + 1, sizeof(struct column *));
	s->columns[s->n++] = c;
	map_put(&s->by_path, path, c);
	return c;
}

static void
meet_field(struct sheet *s, const struct casefile *k, const struct field *f)
{
	char *path = mem_strn(f->path, (size_t)f->path_len);
	struct column *c = map_get(&s->by_path, path);
	char text[TIME_TEXT];
	const char *known;

	if (c == NULL)
		c = add_column(s, path);
	if (c != NULL && c->same >= 0 && !c->differs) {
		known = fixed[c->same].get(k, text);
		c->differs = known == NULL ||
		    strlen(known) != (size_t)f->value_len ||
		    memcmp(known, f->value, (size_t)f->value_len) != 0;
	}
	free(path);
}

void
sheet_meet(struct sheet *s, const struct casefile *k)
{
	const char *at = k->facts.fields;
	struct field f = FIELD_INIT;

	while (facts_next(&at, &f))
		meet_field(s, k, &f);
}

static bool
is_shown(const struct column *c)
{
	return c->same < 0 || c->differs;
}

/* The last column that is shown of all. */
static size_t
last_column(const struct sheet *s)
{
	size_t i = s->n;

	while (i > 0 && !is_shown(s->columns[i - 1]))
		i--;
	return i;
}

void
sheet_head(const struct sheet *s, struct buf *out)
{
	size_t i, last = last_column(s);
	struct buf head = BUF_INIT;

	for (i = 0; i < FIXED; i++)
		csv_cell(out, fixed[i].head, i + 1 == FIXED && last == 0 &&
		    !s->more);
	for (i = 0; i < last; i++) {
		if (!is_shown(s->columns[i]))
			continue;
		buf_clear(&head);
		buf_putf(&head, "%s%s", s->columns[i]->same < 0 ? "" :
		    "form:", s->columns[i]->path);
		csv_cell(out, buf_str(&head), i + 1 == last && !s->more);
	}
	if (s->more)
		csv_cell(out, "others", true);
	buf_free(&head);
}

/* Rows. */

/* Whether a spreadsheet would calculate it; a number is a number. */
static bool
is_formula(const char *text)
{
	if (*text == '-' || *text == '+')
		return text[1 + strspn(text + 1, "0123456789.")] != '\0' ||
		    text[1] == '\0';
	return *text != '\0' && strchr("=@\t\r", *text) != NULL;
}

static void
said_cell(struct buf *out, const char *text, bool last)
{
	struct buf safe = BUF_INIT;

	if (text != NULL && is_formula(text)) {
		buf_putf(&safe, "'%s", text);
		text = buf_str(&safe);
	}
	csv_cell(out, text, last);
	buf_free(&safe);
}

/* False: it was not met. */
static bool
take_field(struct sheet *s, const struct field *f)
{
	char *path = mem_strn(f->path, (size_t)f->path_len);
	struct column *c = map_get(&s->by_path, path);

	free(path);
	if (c == NULL) {
		buf_putf(&s->others, "%s%.*s=%.*s", s->others.len == 0 ? "" :
		    "\n", f->path_len, f->path, f->value_len, f->value);
		return s->more;
	}
	if (c->cell.len > 0)
		buf_putc(&c->cell, '\n');
	buf_put(&c->cell, f->value, (size_t)f->value_len);
	c->blanks |= memchr(f->value, ' ', (size_t)f->value_len) != NULL;
	return true;
}

static void
put_field(struct column *c, struct buf *out, bool last)
{
	char *p;

	buf_str(&c->cell);
	for (p = c->cell.data; p != NULL && !c->blanks && *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	said_cell(out, buf_str(&c->cell), last);
	buf_clear(&c->cell);
	c->blanks = false;
}

bool
sheet_row(struct sheet *s, const struct casefile *k, struct buf *out)
{
	const char *at = k->facts.fields, *value;
	size_t i, last = last_column(s);
	char text[TIME_TEXT];
	struct field f = FIELD_INIT;
	bool whole = true;

	while (facts_next(&at, &f))
		whole &= take_field(s, &f);
	for (i = 0; i < FIXED; i++) {
		value = fixed[i].get(k, text);
		(fixed[i].said ? said_cell : csv_cell)(out, value,
		    i + 1 == FIXED && last == 0 && !s->more);
	}
	for (i = 0; i < s->n; i++)
		if (is_shown(s->columns[i]))
			put_field(s->columns[i], out, i + 1 == last &&
			    !s->more);
		else
			buf_clear(&s->columns[i]->cell);
	if (s->more)
		said_cell(out, buf_str(&s->others), true);
	buf_clear(&s->others);
	return whole;
}
