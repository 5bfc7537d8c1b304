/*
 * docket import: a list of clients or APIs, out of a table.
 *
 * What is wrong with the table is said by its own lines; the form that is
 * made of it goes the way of every form.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "csv.h"
#include "fs.h"
#include "hash.h"
#include "text.h"
#include "xmlout.h"

#include "arrival.h"
#include "cmd.h"
#include "fault.h"
#include "limit.h"
#include "map.h"

#define CATALOG "urn:docket:catalog:1"

/* How long the answer of the desk is waited for, ms. */
#define PATIENCE_MS 60000

/* A table is larger than its form only where it quotes everything. */
#define TABLE_MAX (2 * LIMIT_LIST)

enum { ID, NAME, RECIPIENT, CONTACT, FIELDS };

static const char *const fields[FIELDS] = {
	"id", "name", "recipient", "contact",
};

static const struct kind {
	const char *list, *entry;
	int	n;			/* of the fields */
} kinds[] = {
	{ "clients", "client", FIELDS },
	{ "apis", "api", NAME + 1 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct importing {
	const struct kind *kind;
	struct csv	 csv;
	int		 column[FIELDS];	/* -1: the table has none */
	struct faults	 faults;
	struct map	 lines;		/* id -> line */
	struct buf	 form;
};

static struct fault *
wrong(struct importing *m, unsigned code, int field, const char *text)
{
	return faults_add(&m->faults, code, m->csv.line,
	    field < 0 ? NULL : fields[field], text);
}

/* A cell without the blanks around it; "" where there is none. */
static const char *
cell(struct importing *m, int field)
{
	int at = m->column[field];
	char *text, *end;

	if (at < 0 || (size_t)at >= m->csv.n)
		return "";
	text = m->csv.cells[at];
	text += strspn(text, " \t\r\n");
	for (end = text + strlen(text); end > text &&
	    strchr(" \t\r\n", end[-1]) != NULL; end--)
		;
	*end = '\0';
	return text;
}

/* The first row names the columns, in any order. */
static void
read_head(struct importing *m)
{
	struct buf known = BUF_INIT;
	size_t i;
	int field;

	for (field = 0; field < FIELDS; field++)
		m->column[field] = -1;
	for (field = 0; field < m->kind->n; field++)
		buf_putf(&known, "%s%s", field == 0 ? "" : ",",
		    fields[field]);
	for (i = 0; i < m->csv.n; i++) {
		for (field = 0; field < m->kind->n; field++)
			if (strcasecmp(m->csv.cells[i], fields[field]) == 0)
				break;
		if (field == m->kind->n)
			faults_addf(&m->faults, FAULT_NO_PARAMETER,
			    m->csv.line, NULL, "\"%.60s\" is not a column of "
			    "such a table, which has %s.", m->csv.cells[i],
			    buf_str(&known));
		else if (m->column[field] >= 0)
			faults_addf(&m->faults, FAULT_NO_PARAMETER,
			    m->csv.line, NULL, "The column \"%.60s\" is there "
			    "twice.", m->csv.cells[i]);
		else
			m->column[field] = (int)i;
	}
	if (m->column[ID] < 0 || m->column[NAME] < 0)
		faults_addf(&m->faults, FAULT_INVALID, m->csv.line, NULL,
		    "The first line must name the columns: %s. id and name "
		    "must be there.", buf_str(&known));
	buf_free(&known);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* As catalog.xsd has it. */
static bool
is_id(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 64 && strchr(LETTERS, *s) != NULL &&
	    strspn(s, LETTERS "._-") == n;
}

static void
check_row(struct importing *m)
{
	const char *id = cell(m, ID), *text;
	uintptr_t first = (uintptr_t)map_get(&m->lines, id);
	int field;

	if (!is_id(id))
		wrong(m, FAULT_INVALID, ID, *id == '\0' ? "It is empty." :
		    "An id has letters, digits, dots, hyphens and "
		    "underscores, at most 64, and begins with a letter or "
		    "digit.");
	else if (first > 0)
		faults_addf(&m->faults, FAULT_TWICE, m->csv.line, fields[ID],
		    "The id \"%s\" stands in line %lu already.", id,
		    (unsigned long)first);
	else
		map_put(&m->lines, id, (void *)(uintptr_t)m->csv.line);
	if (*cell(m, NAME) == '\0')
		wrong(m, FAULT_INVALID, NAME, "It is empty.");
	for (field = NAME; field < m->kind->n; field++) {
		text = cell(m, field);
		if (!utf8_valid(text, strlen(text)))
			wrong(m, FAULT_ENCODING, field, NULL);
	}
}

/* A line each, without blanks between the tags: a long list is read by more
 * programs than people. */
static void
put_row(struct importing *m)
{
	const char *text;
	int field;

	buf_putf(&m->form, "<%s id=\"%s\">", m->kind->entry, cell(m, ID));
	for (field = NAME; field < m->kind->n; field++) {
		text = cell(m, field);
		if (*text == '\0')
			continue;
		buf_putf(&m->form, "<%s>", fields[field]);
		xml_escape(&m->form, text, strlen(text));
		buf_putf(&m->form, "</%s>", fields[field]);
	}
	buf_putf(&m->form, "</%s>\n", m->kind->entry);
}

/* The whole table; what is wrong with it is in the faults. */
static void
read_table(struct importing *m, const struct buf *table)
{
	int got;

	csv_open(&m->csv, buf_str(table), table->len);
	buf_putf(&m->form, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<%s xmlns=\"" CATALOG "\">\n", m->kind->list);
	if ((got = csv_next(&m->csv)) == 1)
		read_head(m);
	else if (got == 0)
		faults_add(&m->faults, FAULT_EMPTY, 0, NULL, NULL);
	/* under other columns nothing is as it should be */
	while (got == 1 && m->column[ID] >= 0 && m->column[NAME] >= 0 &&
	    (got = csv_next(&m->csv)) == 1) {
		check_row(m);
		if (m->faults.n == 0)
			put_row(m);
	}
	if (got < 0)
		faults_addf(&m->faults, FAULT_INVALID, m->csv.line, NULL,
		    "This is no row of a table: %s.", m->csv.why);
	buf_putf(&m->form, "</%s>\n", m->kind->list);
	csv_close(&m->csv);
	map_free(&m->lines);
}

static int
write_form(const struct importing *m, const char *name)
{
	int fd = strcmp(name, "-") == 0 ? STDOUT_FILENO :
	    open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int status = EXIT_DONE;

	if (fd < 0 || fs_write(fd, m->form.data, m->form.len) != 0) {
		cmd_say("%s: %s", name, strerror(errno));
		status = EXIT_DESK;
	}
	if (fd > STDOUT_FILENO && close(fd) != 0 && status == EXIT_DONE) {
		cmd_say("%s: %s", name, strerror(errno));
		status = EXIT_DESK;
	}
	return status;
}

/* Into inbox, whole: the name that the desk takes appears by a rename. */
static int
drop(const struct importing *m)
{
	char random[17], name[64];
	struct reading r;
	int status = cmd_open(&r);

	if (status != EXIT_DONE)
		return status;
	snprintf(name, sizeof(name), "%s-%s.xml", m->kind->list,
	    hash_random(random, 8));
	if (fs_replace_shared(r.desk.inbox, name, m->form.data, m->form.len,
	    0644) != 0) {
		cmd_say("inbox: %s", strerror(errno));
		status = EXIT_DESK;
	} else
		status = arrival_wait(&r, name, PATIENCE_MS);
	cmd_close(&r);
	return status;
}

static int
import(struct importing *m, const char *table, const char *output)
{
	struct buf bytes = BUF_INIT, text = BUF_INIT;
	int status = cmd_read(table, TABLE_MAX, &bytes);

	if (status == EXIT_DONE) {
		read_table(m, &bytes);
		if (m->faults.n == 0 && m->form.len > LIMIT_LIST)
			faults_addf(&m->faults, FAULT_TOO_LARGE, 0, NULL,
			    "The list would have %zu bytes; at most %u are "
			    "taken.", m->form.len, LIMIT_LIST);
	}
	buf_free(&bytes);
	if (m->faults.n > 0) {
		faults_block(&m->faults, &text);
		fprintf(stderr, "%s: nothing is imported:\n%s", table,
		    buf_str(&text));
		buf_free(&text);
		return EXIT_NO;
	}
	if (status != EXIT_DONE)
		return status;
	return output != NULL ? write_form(m, output) : drop(m);
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct importing m = { .kind = NULL };
	const char *output = NULL;
	int option, status;
	size_t i;

	while ((option = cmd_option(&cmd_import, argc, argv, "o:",
	    options)) != -1)
		output = optarg;
	for (i = 0; optind < argc && i < KINDS; i++)
		if (strcmp(kinds[i].list, argv[optind]) == 0)
			m.kind = &kinds[i];
	if (m.kind == NULL)
		cmd_usage(&cmd_import, "clients or apis?");
	if (optind + 2 != argc)
		cmd_usage(&cmd_import, "which table?");
	status = import(&m, argv[optind + 1], output);
	faults_free(&m.faults);
	buf_free(&m.form);
	return status;
}

const struct command cmd_import = {
	"import", run, "[-o FILE] clients|apis FILE.csv",
	"Make a list of clients or APIs out of a table, and send it",
	"  -o, --output FILE   write the form there, and send nothing\n"
	"\n"
	"The table is CSV in UTF-8 with commas, as spreadsheets save it, its "
	"first line\nid,name,recipient,contact for clients, id,name for APIs; "
	"recipient and contact may\nbe left out. FILE.csv may be - for "
	"standard input. The list waits for approval like\nany form; then it "
	"is in force, whole, in the place of the one before.\n",
};
