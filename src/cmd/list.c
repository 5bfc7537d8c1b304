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

struct listing {
	const struct settings *settings;
	enum format	 format;
	struct table	*table;
	struct json	 json;
	struct buf	 out;
	int64_t		 now;
	uint64_t	 n;
	bool		 head;		/* of the CSV is written */
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
	struct field f;
	char *path, *value;

	json_array(j, "fields");
	while (facts_next(&at, &f)) {
		path = mem_strn(f.path, (size_t)f.path_len);
		value = mem_strn(f.value, (size_t)f.value_len);
		json_object(j, NULL);
		json_str(j, "path", path);
		json_str(j, "value", value);
		json_object_end(j);
		free(path);
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

static void
csv_head(struct buf *out)
{
	static const char *const heads[] = { "number", "state", "in_force",
	    "client", "name", "effective", "expiry", "revision", "received",
	    "changed", "fields" };
	size_t i, n = sizeof(heads) / sizeof(heads[0]);

	for (i = 0; i < n; i++)
		csv_cell(out, heads[i], i == n - 1);
}

/* Every field as "path=value", a line each, in one cell. */
static void
csv_fields(struct buf *out, const struct facts *facts)
{
	const char *at = facts->fields;
	struct buf cell = BUF_INIT;
	struct field f;

	while (facts_next(&at, &f))
		buf_putf(&cell, "%s%.*s=%.*s", cell.len == 0 ? "" : "\n",
		    f.path_len, f.path, f.value_len, f.value);
	csv_cell(out, buf_str(&cell), true);
	buf_free(&cell);
}

static void
csv_row(struct buf *out, const struct casefile *c)
{
	char text[TIME_TEXT], number[NUM_TEXT];

	csv_cell(out, c->number, false);
	csv_cell(out, state_name(c->state), false);
	csv_cell(out, c->in_force ? "true" : "false", false);
	csv_cell(out, c->facts.client, false);
	csv_cell(out, c->facts.label, false);
	csv_cell(out, c->facts.effective, false);
	csv_cell(out, c->facts.expiry, false);
	csv_cell(out, num_text(number, c->revision), false);
	csv_cell(out, time_text(text, c->received), false);
	csv_cell(out, time_text(text, c->changed), false);
	csv_fields(out, &c->facts);
}

static int
list_case(void *arg, const struct casefile *c)
{
	struct listing *l = arg;

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
		csv_row(&l->out, c);
	}
	if (l->out.len > 65536)
		out_flush(&l->out);
	return 0;
}

static int
print_list(const struct reading *r, const struct index_query *q,
    enum format format)
{
	static const char *const heads[] = { "NUMBER", "STATE", "WAITING",
	    "EXPIRY", "CLIENT", "NAME" };
	static const char *const client_heads[] = { "NUMBER", "STATE",
	    "WAITING", "IN FORCE", "EFFECTIVE", "EXPIRY", "NAME" };
	struct listing l = { .settings = &r->settings, .format = format,
	    .now = clock_now(), .of_client = q->client != NULL };
	int status;

	l.table = l.of_client ? table_new(client_heads, 7) :
	    table_new(heads, 6);
	json_begin(&l.json, &l.out);
	if (format == FORMAT_JSON)
		json_array(&l.json, NULL);
	if (format == FORMAT_CSV)
		csv_head(&l.out);
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
	table_free(l.table);
	buf_free(&l.out);
	if (status != 0)
		return cmd_trouble(index_error());
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
	struct index_query q = { .state = STATE_COUNT };
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
	"  -m, --most N\n"
	"  -f, --format table|json|csv\n"
	"\n"
	"WORDs are looked for in numbers, clients, names and all fields; each "
	"may be the\nbeginning of a word.\n",
};
