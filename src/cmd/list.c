/*
 * docket list: which cases there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "json.h"
#include "text.h"

#include "cmd.h"
#include "counted.h"
#include "out.h"
#include "sheet.h"

/* A table has so many rows at most, unless asked for more. */
#define ROWS 1000

struct listing {
	const struct settings *settings;
	enum format	 format;
	struct table	*table;
	struct json	 json;
	struct buf	 out;
	int64_t		 now;
	uint64_t	 n, most;
	bool		 cut;		/* there are more than `most' */
	struct sheet	*sheet;
	bool		 whole;		/* all fields have their column */
	bool		 of_client;	/* all are of one */
};

/* "pending", "pending, 1 of 2", "approved, change asked", "approved from
 * 2027-01-01" */
static void
put_state(const struct listing *l, const struct casefile *c, struct buf *out)
{
	struct buf count = BUF_INIT;

	buf_puts(out, state_name(c->state));
	if (c->state == STATE_APPROVED && !c->in_force)
		buf_putf(out, " from %s", c->facts.effective);
	if (c->request != REQUEST_NONE)
		buf_putf(out, ", %s asked", request_name(c->request));
	cmd_put_count(l->settings, c, &count);
	if (count.len > 0)
		buf_putf(out, ", %s", buf_str(&count));
	buf_free(&count);
}

static void
list_row(struct listing *l, const struct casefile *c)
{
	struct buf state = BUF_INIT;
	char text[SPAN_TEXT];

	put_state(l, c, &state);
	table_cell(l->table, STYLE_PLAIN, c->number);
	table_cell(l->table, out_state_style(c->state), buf_str(&state));
	table_cell(l->table, STYLE_PLAIN, c->waiting > 0 ?
	    span_text(text, (l->now - c->waiting) * 1000) : "");
	if (l->of_client) {
		table_cell(l->table, STYLE_PLAIN, c->state != STATE_APPROVED ?
		    "" : c->in_force ? "yes" : "no");
		table_cell(l->table, STYLE_PLAIN, c->facts.effective);
	}
	table_cell(l->table, STYLE_PLAIN, c->facts.expiry);
	if (!l->of_client)
		table_cell(l->table, STYLE_PLAIN, c->facts.client);
	table_cell(l->table, STYLE_PLAIN, c->facts.label);
	buf_free(&state);
}

static void
put_fields(struct json *j, const struct facts *facts)
{
	const char *at = facts->fields;
	struct field f = FIELD_INIT;
	char *path, *label, *value;

	json_array(j, "fields");
	while (facts_next(&at, &f)) {
		path = mem_strn(f.path, (size_t)f.path_len);
		label = mem_strn(f.label, (size_t)f.label_len);
		value = mem_strn(f.value, (size_t)f.value_len);
		json_object(j, NULL);
		json_str(j, "path", path);
		json_str(j, "label", label);
		json_str(j, "value", value);
		json_object_end(j);
		free(path);
		free(label);
		free(value);
	}
	json_array_end(j);
}

void
cmd_case_json(struct json *j, const struct settings *s,
    const struct casefile *c)
{
	json_str(j, "number", c->number);
	json_str(j, "state", state_name(c->state));
	json_str(j, "form", c->form);
	json_str(j, "client", c->facts.client);
	json_str(j, "name", c->facts.label);
	json_num(j, "revision", c->revision);
	json_bool(j, "in_force", c->in_force);
	json_str(j, "effective", c->facts.effective[0] == '\0' ? NULL :
	    c->facts.effective);
	json_str(j, "expiry", c->facts.expiry[0] == '\0' ? NULL :
	    c->facts.expiry);
	json_str(j, "request", c->request == REQUEST_NONE ? NULL :
	    request_name(c->request));
	json_str(j, "box", c->box);
	json_time(j, "received", c->received);
	json_time(j, "changed", c->changed);
	json_time(j, "waiting_since", c->waiting);
	json_str(j, "sha256", c->sha256);
	counted_json(j, s, c);
	put_fields(j, &c->facts);
}

static int
list_case(void *arg, const struct casefile *c)
{
	struct listing *l = arg;

	if (l->n == l->most) {
		l->cut = true;
		return 0;
	}
	l->n++;
	switch (l->format) {
	case FORMAT_TABLE:
		list_row(l, c);
		break;
	case FORMAT_JSON:
		json_object(&l->json, NULL);
		cmd_case_json(&l->json, l->settings, c);
		json_object_end(&l->json);
		break;
	case FORMAT_CSV:
		l->whole &= sheet_row(l->sheet, c, &l->out);
	}
	if (l->out.len > 65536)
		out_flush(&l->out);
	return 0;
}

static int
meet_case(void *arg, const struct casefile *c)
{
	sheet_meet(arg, c);
	return 0;
}

/* The cases, once for the columns; then they are listed. */
static int
begin_sheet(struct listing *l, struct index *index,
    const struct index_query *q)
{
	l->sheet = sheet_new();
	l->whole = true;
	if (index_cases(index, q, meet_case, l->sheet) != 0)
		return -1;
	sheet_head(l->sheet, &l->out);
	return 0;
}

/* How many are listed; one more is asked for, to see whether there is. */
static uint64_t
take_limit(struct index_query *q, enum format format)
{
	if (q->most >= 0)
		return UINT64_MAX;
	q->most = format == FORMAT_TABLE ? ROWS + 1 : 0;
	return format == FORMAT_TABLE ? ROWS : UINT64_MAX;
}

static int
print_list(const struct reading *r, struct index_query *q,
    enum format format)
{
	static const char *const heads[] = { "NUMBER", "STATE", "WAITING",
	    "EXPIRY", "CLIENT", "NAME" };
	static const char *const client_heads[] = { "NUMBER", "STATE",
	    "WAITING", "IN FORCE", "EFFECTIVE", "EXPIRY", "NAME" };
	struct listing l = { .settings = &r->settings, .format = format,
	    .now = clock_now(), .of_client = q->client != NULL,
	    .most = take_limit(q, format) };
	int status = 0;

	l.table = l.of_client ? table_new(client_heads, 7) :
	    table_new(heads, 6);
	json_begin(&l.json, &l.out);
	if (format == FORMAT_JSON)
		json_array(&l.json, NULL);
	if (format == FORMAT_CSV)
		status = begin_sheet(&l, r->index, q);
	if (status == 0)
		status = index_cases(r->index, q, list_case, &l);
	if (format == FORMAT_JSON) {
		json_array_end(&l.json);
		json_end(&l.json);
	}
	if (status == 0 && (l.n > 0 || format == FORMAT_JSON)) {
		out_flush(&l.out);
		if (format == FORMAT_TABLE)
			table_print(l.table);
	}
	if (l.cut)
		fprintf(stderr, "... and more: name a --state, a --client or "
		    "WORDs, --recent for\nthe last changed first, or "
		    "--most 0 for all\n");
	table_free(l.table);
	buf_free(&l.out);
	if (l.sheet != NULL)
		sheet_free(l.sheet);
	if (status != 0)
		return cmd_trouble(index_error());
	if (format == FORMAT_CSV && !l.whole)
		return cmd_trouble("a form came in meanwhile with fields that "
		    "have no column here: list again");
	return l.n > 0 ? EXIT_DONE : cmd_nothing_found();
}

static void
join_words(struct buf *words, int argc, char **argv)
{
	for (; argc > 0; argc--, argv++)
		buf_putf(words, "%s%s", words->len == 0 ? "" : " ", *argv);
}

static enum state
parse_state(const char *name)
{
	enum state state = state_named(name);

	if (state == STATE_COUNT || state == STATE_NONE)
		cmd_usage(&cmd_list, "--state is pending, approved, returned, "
		    "rejected or revoked");
	return state;
}

static int
run_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "state", required_argument, NULL, 's' },
		{ "client", required_argument, NULL, 'c' },
		{ "form", required_argument, NULL, 'p' },
		{ "due", no_argument, NULL, 'd' },
		{ "recent", no_argument, NULL, 'r' },
		{ "most", required_argument, NULL, 'm' },
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct index_query q = { .state = STATE_COUNT, .most = -1 };
	enum format format = FORMAT_TABLE;
	struct buf words = BUF_INIT;
	struct reading r;
	uint64_t most;
	int option, status;

	while ((option = cmd_option(&cmd_list, argc, argv, "s:c:p:drm:f:",
	    options)) != -1)
		switch (option) {
		case 's':
			q.state = parse_state(optarg);
			break;
		case 'c':
			q.client = optarg;
			break;
		case 'p':
			q.prefix = optarg;
			break;
		case 'd':
			q.waiting = true;
			break;
		case 'r':
			q.recent = true;
			break;
		case 'm':
			if (!text_number(optarg, 1000000000, &most))
				cmd_usage(&cmd_list, "--most takes a number");
			q.most = (int64_t)most;
			break;
		case 'f':
			format = cmd_format(&cmd_list, optarg, true);
			break;
		}
	join_words(&words, argc - optind, argv + optind);
	if (words.len > 0)
		q.words = buf_str(&words);
	q.fields = format != FORMAT_TABLE;
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = print_list(&r, &q, format);
	cmd_close(&r);
	buf_free(&words);
	return status;
}

const struct command cmd_list = {
	"list", run_list, "[OPTION ...] [WORD ...]",
	"List cases",
	"  -s, --state STATE   pending, approved, returned, rejected, revoked\n"
	"  -c, --client ID     the client's cases, with the days of its "
	"keys\n"
	"  -p, --form PREFIX   such as AK\n"
	"  -d, --due           only where a decision is waited for, the "
	"longest first\n"
	"  -r, --recent        the last changed first\n"
	"  -m, --most N        at most N; 0: all (a table ends after 1000)\n"
	"  -f, --format table|json|csv\n"
	"\n"
	"WORDs are looked for in numbers, clients, names and what all fields "
	"hold; each may\nbe the beginning of a word.\n",
};
