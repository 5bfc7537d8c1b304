/*
 * csv_fuzz: a table.  Rows come in ascending lines and within it; written
 * again, every row is read as the same.
 */
#include "fuzz.h"

#include "csv.h"

static void
write_row(const struct csv *c, struct buf *out)
{
	const char *p;
	size_t i;

	for (i = 0; i < c->n; i++) {
		buf_puts(out, i == 0 ? "\"" : ",\"");
		for (p = c->cells[i]; *p != '\0'; p++) {
			if (*p == '"')
				buf_putc(out, '"');
			buf_putc(out, *p);
		}
		buf_putc(out, '"');
	}
	buf_puts(out, "\r\n");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf again = BUF_INIT;
	struct csv c, d;
	long line = 0;
	size_t i;
	int got;

	csv_open(&c, (const char *)p, n);
	while ((got = csv_next(&c)) == 1) {
		must(c.line > line && c.n > 0 && c.n <= CSV_CELLS);
		must(c.at <= c.end);
		line = c.line;
		buf_clear(&again);
		write_row(&c, &again);
		csv_open(&d, again.data, again.len);
		must(csv_next(&d) == 1 && d.n == c.n);
		for (i = 0; i < c.n; i++)
			must(strcmp(c.cells[i], d.cells[i]) == 0);
		must(csv_next(&d) == 0);
		csv_close(&d);
	}
	must(got == 0 ? c.at == c.end : c.why != NULL);
	csv_close(&c);
	buf_free(&again);
	return 0;
}
