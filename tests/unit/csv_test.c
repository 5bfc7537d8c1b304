/*
 * csv: rows of tables, as spreadsheets write them, and those that are none.
 */
#include "unit.h"

#include "csv.h"

/* The rows as text: cells between brackets, the line first. */
static void
rows(const char *data, size_t n, struct buf *out)
{
	struct csv c;
	size_t i;
	int got;

	csv_open(&c, data, n);
	while ((got = csv_next(&c)) == 1) {
		buf_putf(out, "%ld:", c.line);
		for (i = 0; i < c.n; i++)
			buf_putf(out, "[%s]", c.cells[i]);
		buf_putc(out, ' ');
	}
	if (got < 0) {
		assert_non_null(c.why);
		buf_putf(out, "bad after %ld", c.line);
	}
	csv_close(&c);
}

static const struct {
	const char *data, *rows;
} tables[] = {
	{ "", "" },
	{ "\n\r\n", "" },
	{ "a", "1:[a] " },
	{ "a,b\nc,d\n", "1:[a][b] 2:[c][d] " },
	{ "a,b\r\nc,d\r\n", "1:[a][b] 2:[c][d] " },
	{ "a,,b,\n", "1:[a][][b][] " },
	{ ",\n", "1:[][] " },
	{ "\xef\xbb\xbfid,name\n", "1:[id][name] " },
	{ "\"a\",\"b, c\"\n", "1:[a][b, c] " },
	{ "\"a \"\"b\"\"\"\n", "1:[a \"b\"] " },
	{ "\"two\nlines\",x\ny\n", "1:[two\nlines][x] 3:[y] " },
	{ "\"two\r\nlines\"\r\ny", "1:[two\r\nlines] 3:[y] " },
	{ "\"\"\n", "1:[] " },
	{ "a\"b\n", "1:[a\"b] " },
	{ "a\n\n\nb\n", "1:[a] 4:[b] " },
	{ "a\rb,c\n", "1:[a\rb][c] " },
	{ "x\n\"a", "1:[x] bad after 2" },
	{ "\"a\"b\n", "bad after 1" },
	{ "\"a\"\"\n", "bad after 1" },
};

static void
test_rows(void **state)
{
	struct buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(tables); i++) {
		buf_clear(&out);
		rows(tables[i].data, strlen(tables[i].data), &out);
		assert_string_equal(buf_str(&out), tables[i].rows);
	}
	buf_clear(&out);
	rows("a\0b\n", 4, &out);
	assert_string_equal(buf_str(&out), "bad after 1");
	buf_free(&out);
}

static void
test_many_columns(void **state)
{
	struct buf data = BUF_INIT;
	struct csv c;
	int i;

	(void)state;
	for (i = 1; i < CSV_CELLS; i++)
		buf_putc(&data, ',');
	csv_open(&c, data.data, data.len);
	assert_int_equal(csv_next(&c), 1);
	assert_int_equal(c.n, CSV_CELLS);
	csv_close(&c);
	buf_putc(&data, ',');
	csv_open(&c, data.data, data.len);
	assert_int_equal(csv_next(&c), -1);
	csv_close(&c);
	buf_free(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_many_columns),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
