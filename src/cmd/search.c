/*
 * docket search: who is a client, which APIs there are.
 *
 * Out of the list in force; or, while there is none, out of what applications
 * have named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "text.h"

#include "cmd.h"
#include "out.h"

struct searching {
	struct index	*index;
	const char	*list;
	char		**words;
	size_t		 n_words;
	enum format	 format;
	struct table	*table;
	struct json	 json;
	struct buf	 out;
	uint64_t	 n;
};

static void
begin(struct searching *s, const char *const heads[], size_t n)
{
	size_t i;

	s->table = table_new(heads, n);
	json_begin(&s->json, &s->out);
	if (s->format == FORMAT_JSON)
		json_array(&s->json, NULL);
	for (i = 0; s->format == FORMAT_CSV && i < n; i++)
		csv_cell(&s->out, heads[i], i == n - 1);
}

static int
end(struct searching *s, int status)
{
	if (s->format == FORMAT_JSON) {
		json_array_end(&s->json);
		json_end(&s->json);
	}
	if (status == 0 && s->format != FORMAT_TABLE)
		out_flush(&s->out);
	else if (status == 0 && s->n > 0)
		table_print(s->table);
	table_free(s->table);
	buf_free(&s->out);
	if (status != 0)
		return cmd_trouble(index_error());
	return s->n > 0 ? EXIT_DONE : cmd_nothing_found();
}

/* Out of a list. */

static void
entry_json(struct searching *s, const struct list_entry *e)
{
	json_object(&s->json, NULL);
	json_str(&s->json, "id", e->id);
	json_str(&s->json, "name", e->name);
	json_str(&s->json, "recipient", e->recipient);
	json_str(&s->json, "contact", e->contact);
	json_object_end(&s->json);
}

static int
take_entry(void *arg, const struct list_entry *e)
{
	struct searching *s = arg;

	s->n++;
	switch (s->format) {
	case FORMAT_JSON:
		entry_json(s, e);
		break;
	case FORMAT_CSV:
		csv_cell(&s->out, e->id, false);
		csv_cell(&s->out, e->name, false);
		csv_cell(&s->out, e->recipient, false);
		csv_cell(&s->out, e->contact, true);
		break;
	default:
		table_cell(s->table, STYLE_PLAIN, e->id);
		table_cell(s->table, STYLE_PLAIN, e->name);
		table_cell(s->table, STYLE_PLAIN, e->contact);
	}
	if (s->out.len > 65536)
		out_flush(&s->out);
	return 0;
}

static int
search_list(struct searching *s)
{
	static const char *const heads[] = { "ID", "NAME", "CONTACT" };
	/* such a table can be imported again */
	static const char *const csv[] = { "id", "name", "recipient",
	    "contact" };
	struct buf words = BUF_INIT;
	size_t i;
	int status;

	if (s->format == FORMAT_CSV)
		begin(s, csv, 4);
	else
		begin(s, heads, 3);
	for (i = 0; i < s->n_words; i++)
		buf_putf(&words, "%s%s", i == 0 ? "" : " ", s->words[i]);
	status = s->n_words == 0 ?
	    index_entries(s->index, s->list, take_entry, s) :
	    index_entries_found(s->index, s->list, buf_str(&words),
	    take_entry, s);
	buf_free(&words);
	return end(s, status);
}

/* Out of what was named. */

static int
take_seen(void *arg, const char *name, uint64_t cases)
{
	struct searching *s = arg;
	char text[NUM_TEXT];

	s->n++;
	switch (s->format) {
	case FORMAT_JSON:
		json_object(&s->json, NULL);
		json_str(&s->json, "id", name);
		json_num(&s->json, "cases", (int64_t)cases);
		json_object_end(&s->json);
		break;
	case FORMAT_CSV:
		csv_cell(&s->out, name, false);
		csv_cell(&s->out, num_text(text, cases), true);
		break;
	default:
		table_cell(s->table, STYLE_PLAIN, name);
		table_cell(s->table, STYLE_PLAIN, num_text(text, cases));
	}
	return 0;
}

static int
search_seen(struct searching *s)
{
	static const char *const heads[] = { "ID", "CASES" };
	static const char *const csv[] = { "id", "cases" };
	const char **words = mem_grow(NULL, s->n_words, sizeof(*words));
	size_t i;
	int status;

	for (i = 0; i < s->n_words; i++)
		words[i] = s->words[i];
	begin(s, s->format == FORMAT_CSV ? csv : heads, 2);
	status = index_seen(s->index, strcmp(s->list, "apis") == 0, words,
	    s->n_words, take_seen, s);
	free(words);
	return end(s, status);
}

static int
search(struct searching *s)
{
	char sha256[65];
	int found = index_list_digest(s->index, s->list, sha256);

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 1)
		return search_list(s);
	if (strcmp(s->list, "clients") == 0 || strcmp(s->list, "apis") == 0)
		return search_seen(s);
	cmd_usage(&cmd_search, "clients or apis? No list of that name is in "
	    "force");
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct searching s = { .format = FORMAT_TABLE };
	struct reading r;
	int option, status;

	while ((option = cmd_option(&cmd_search, argc, argv, "f:",
	    options)) != -1)
		s.format = cmd_format(&cmd_search, optarg, true);
	if (optind == argc)
		cmd_usage(&cmd_search, "clients or apis?");
	s.list = argv[optind++];
	s.words = argv + optind;
	s.n_words = (size_t)(argc - optind);
	status = cmd_open(&r);
	s.index = r.index;
	if (status == EXIT_DONE)
		status = search(&s);
	cmd_close(&r);
	return status;
}

const struct command cmd_search = {
	"search", run, "[--format table|json|csv] clients|apis [WORD ...]",
	"Find clients or APIs",
	"  -f, --format table|json|csv\n"
	"\n"
	"Out of the list in force: by words in id and name, each of which may "
	"be the\nbeginning of one, the best first; without a WORD all of them. "
	"While no such list\nis in force: out of what applications have named, "
	"by parts of the id, the most\noften named first. A desk may have "
	"lists of other names.\n",
};
