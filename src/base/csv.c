/*
 * csv: tables as spreadsheets write them (RFC 4180).
 *
 * May not: know what is in a cell.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "csv.h"

#define BOM "\xef\xbb\xbf"

void
csv_open(struct csv *c, const char *data, size_t n)
{
	*c = (struct csv){ .at = data, .end = data + n, .next = 1 };
	if (n >= 3 && memcmp(data, BOM, 3) == 0)
		c->at += 3;
}

static void
forget_row(struct csv *c)
{
	while (c->n > 0)
		free(c->cells[--c->n]);
}

static int
wrong(struct csv *c, const char *why)
{
	c->why = why;
	return -1;
}

static bool
is_line_end(const struct csv *c)
{
	return c->at == c->end || *c->at == '\n' ||
	    (*c->at == '\r' && (c->at + 1 == c->end || c->at[1] == '\n'));
}

static void
skip_line_end(struct csv *c)
{
	if (c->at < c->end && *c->at == '\r')
		c->at++;
	if (c->at < c->end && *c->at == '\n')
		c->at++;
	c->next++;
}

/* What is between quotes; the first is passed. */
static int
take_quoted(struct csv *c, struct buf *cell)
{
	for (; c->at < c->end; c->at++) {
		if (*c->at == '"' && (c->at + 1 == c->end ||
		    c->at[1] != '"')) {
			c->at++;
			return 0;
		}
		if (*c->at == '"')
			c->at++;
		c->next += *c->at == '\n';
		buf_putc(cell, *c->at);
	}
	return wrong(c, "a quote is not closed");
}

static int
take_cell(struct csv *c)
{
	struct buf cell = BUF_INIT;
	int status = 0;

	if (c->at < c->end && *c->at == '"') {
		c->at++;
		status = take_quoted(c, &cell);
		if (status == 0 && !is_line_end(c) && *c->at != ',')
			status = wrong(c, "behind a closing quote comes "
			    "something else than a comma");
	} else
		while (!is_line_end(c) && *c->at != ',')
			buf_putc(&cell, *c->at++);
	if (status == 0 && memchr(buf_str(&cell), '\0', cell.len) != NULL)
		status = wrong(c, "there is a NUL in it");
	if (status == 0 && c->n == CSV_CELLS)
		status = wrong(c, "it has too many columns");
	if (status == 0)
		c->cells[c->n++] = buf_take(&cell);
	buf_free(&cell);
	return status;
}

int
csv_next(struct csv *c)
{
	forget_row(c);
	while (c->at < c->end && is_line_end(c))
		skip_line_end(c);
	if (c->at == c->end)
		return 0;
	c->line = c->next;
	for (;;) {
		if (take_cell(c) != 0)
			return -1;
		if (is_line_end(c))
			break;
		c->at++;		/* the comma */
	}
	skip_line_end(c);
	return 1;
}

void
csv_close(struct csv *c)
{
	forget_row(c);
}
