/*
 * docket diff: what a revision changes, field by field.
 *
 * May not: parse XML.  What is asked for is in the index; a revision of
 * before is read out of the ledger by a worker, under the schemas of its day.
 *
 * BUGS: where a field stands several times, values are compared and not their
 * places: of lines of an order with a name and a price each, it tells which
 * names and prices came and went.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "text.h"

#include "cmd.h"
#include "out.h"
#include "pool.h"

/* Columns of a value in the table. */
#define LONG 40

/* One change; before or after is NULL where there is no such value. */
struct change {
	char	*path, *label, *before, *after;
};

struct diff {
	struct reading	 reading;
	struct casefile	 c;
	unsigned	 before, after;		/* revisions */
	struct facts	 old;
	const struct facts *is;
	struct change	*list;
	size_t		 n;
};

static void
diff_free(struct diff *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		free(d->list[i].path);
		free(d->list[i].label);
		free(d->list[i].before);
		free(d->list[i].after);
	}
	free(d->list);
	facts_free(&d->old);
	casefile_free(&d->c);
	cmd_close(&d->reading);
}

/* The revision of before. */

struct search {
	struct diff	*d;
	char		 commit[COMMIT_HEX];
};

static int
take_filing(void *arg, const char *commit)
{
	struct search *s = arg;
	struct ruling r;
	int status = ledger_ruling(s->d->reading.ledger, commit, &r);

	if (status == 0 && r.revision == s->d->before &&
	    r.request != REQUEST_REVOCATION &&
	    (r.event == EVENT_RECEIVE || r.event == EVENT_REVISE ||
	    r.event == EVENT_RESUBMIT || r.event == EVENT_ASK))
		strcpy(s->commit, commit);
	ruling_free(&r);
	return status;
}

/* What the worker reads out of the paper. */
static int
ask_worker(struct pool *pool, const struct buf *paper, struct facts *facts)
{
	struct job job = { .purpose = PURPOSE_FACTS, .box = "",
	    .data = paper->data, .len = paper->len };

	pool_submit(pool, &job);
	if (pool_wait(pool) != &job || job.outcome != OUTCOME_VERDICT)
		return cmd_trouble("the worker failed");
	*facts = job.verdict.facts;
	job.verdict.facts = (struct facts)FACTS_INIT;
	verdict_free(&job.verdict);
	return EXIT_DONE;
}

static int
read_facts(struct diff *d, const char *commit, const struct buf *paper)
{
	struct faults faults = FAULTS_INIT;
	struct rules rules;
	struct pool *pool;
	int status;

	if (ledger_rules(d->reading.ledger, commit, &rules) != 0)
		return cmd_trouble(ledger_error());
	pool = pool_open(&rules, &d->reading.settings, &faults);
	status = pool == NULL ? cmd_trouble("docket-check cannot be started, "
	    "or not with the schemas of that day") :
	    ask_worker(pool, paper, &d->old);
	pool_close(pool);
	rules_free(&rules);
	faults_free(&faults);
	return status;
}

static int
find_before(struct diff *d)
{
	struct search s = { d, "" };
	struct paper p = { .kind = PAPER_FORM, .revision = d->before };
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct buf paper = BUF_INIT;
	int status;

	if (index_commits_of(d->reading.index, d->c.number, take_filing,
	    &s) != 0)
		return cmd_trouble(ledger_error());
	strcpy(p.number, d->c.number);
	if (s.commit[0] == '\0' || ledger_read(d->reading.ledger, s.commit,
	    ledger_path(path, STATE_PENDING, p.number, paper_name(name, &p)),
	    &paper) != 1)
		status = cmd_nothing_found();
	else
		status = read_facts(d, s.commit, &paper);
	buf_free(&paper);
	return status;
}

/* Which two are meant: what is asked for and what is in force; else the last
 * revision and the one before it. */
static int
find_both(struct diff *d, const char *number)
{
	struct casefile *c = &d->c;
	int found = index_case(d->reading.index, number, c);

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0)
		return cmd_nothing_found();
	if (c->request == REQUEST_CHANGE) {
		d->before = c->revision;
		d->after = c->request_revision;
		facts_copy(&d->old, &c->facts);
		d->is = &c->asked;
		return EXIT_DONE;
	}
	if (c->revision < 2)
		return cmd_nothing_found();
	d->before = c->revision - 1;
	d->after = c->revision;
	d->is = &c->facts;
	return find_before(d);
}

/* Comparing. */

/* A field that was taken has no value. */
struct values {
	struct field	*list;
	size_t		 n;
};

static void
split(const struct facts *facts, struct values *v)
{
	const char *at = facts->fields;
	size_t cap = 0;
	struct field f = FIELD_INIT;

	while (facts_next(&at, &f)) {
		if (v->n == cap) {
			cap = cap == 0 ? 32 : cap * 2;
			v->list = mem_grow(v->list, cap, sizeof(*v->list));
		}
		v->list[v->n++] = f;
	}
}

static bool
same(const char *a, int a_len, const char *b, int b_len)
{
	return a_len == b_len && memcmp(a, b, (size_t)a_len) == 0;
}

static bool
same_path(const struct field *a, const struct field *b)
{
	return same(a->path, a->path_len, b->path, b->path_len);
}

static void
take(struct field *f)
{
	f->value = NULL;
}

/* Values that are the same on both sides are no change. */
static void
take_same(struct values *old, struct values *new)
{
	struct field *a, *b;

	for (a = old->list; a < old->list + old->n; a++)
		for (b = new->list; b < new->list + new->n; b++)
			if (b->value != NULL && same_path(a, b) &&
			    same(a->value, a->value_len, b->value,
			    b->value_len)) {
				take(a);
				take(b);
				break;
			}
}

static size_t
count_path(const struct values *v, const struct field *f)
{
	size_t i, n = 0;

	for (i = 0; i < v->n; i++)
		n += same_path(&v->list[i], f);
	return n;
}

static void
add_change(struct diff *d, const struct field *of, const struct field *before,
    const struct field *after)
{
	struct change *c;

	d->list = mem_grow(d->list, d->n + 1, sizeof(*d->list));
	c = &d->list[d->n++];
	*c = (struct change){
		mem_strn(of->path, (size_t)of->path_len),
		mem_strn(of->label, (size_t)of->label_len),
		before == NULL ? NULL :
		    mem_strn(before->value, (size_t)before->value_len),
		after == NULL ? NULL :
		    mem_strn(after->value, (size_t)after->value_len),
	};
}

/* One API for another is one less and one more. */
static bool
is_api(const struct facts *facts, const struct field *f)
{
	const char *at = facts->apis, *end;

	for (; at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		if (same(at, (int)(end - at), f->value, f->value_len))
			return true;
	}
	return false;
}

/* The one value that a field had before, where it stands once on either
 * side. */
static struct field *
counterpart(const struct diff *d, struct values *old,
    const struct values *new, const struct field *f)
{
	size_t i;

	if (f->value == NULL || count_path(old, f) != 1 ||
	    count_path(new, f) != 1 || is_api(d->is, f))
		return NULL;
	for (i = 0; i < old->n; i++)
		if (same_path(&old->list[i], f))
			return &old->list[i];
	return NULL;
}

/* What went of a field that stands several times, before what came. */
static void
add_gone(struct diff *d, struct values *old, const struct field *of)
{
	size_t i;

	for (i = 0; i < old->n; i++)
		if (old->list[i].value != NULL &&
		    (of == NULL || same_path(&old->list[i], of))) {
			add_change(d, of == NULL ? &old->list[i] : of,
			    &old->list[i], NULL);
			take(&old->list[i]);
		}
}

static void
compare(struct diff *d)
{
	struct values old = { NULL, 0 }, new = { NULL, 0 };
	struct field *f, *was;

	split(&d->old, &old);
	split(d->is, &new);
	take_same(&old, &new);
	for (f = new.list; f < new.list + new.n; f++) {
		was = counterpart(d, &old, &new, f);
		if (was == NULL)
			add_gone(d, &old, f);
		if (f->value == NULL)
			continue;
		add_change(d, f, was, f);
		if (was != NULL)
			take(was);
	}
	add_gone(d, &old, NULL);
	free(old.list);
	free(new.list);
}

/* Printing. */

static const char *
revision_name(char name[PAPER_NAME], const struct diff *d, unsigned revision)
{
	struct paper p = { .kind = PAPER_FORM, .revision = revision };

	strcpy(p.number, d->c.number);
	return paper_stem(name, &p);
}

static bool
is_long(const struct change *c)
{
	return (c->before != NULL && text_width(c->before) > LONG) ||
	    (c->after != NULL && text_width(c->after) > LONG);
}

/* Texts that no table has room for are below it, one above the other. */
static void
print_long(const struct change *c)
{
	putchar('\n');
	out_text(STYLE_HEAD, c->label);
	putchar('\n');
	if (c->before != NULL) {
		fputs("  - ", stdout);
		out_text(STYLE_BAD, c->before);
		putchar('\n');
	}
	if (c->after != NULL) {
		fputs("  + ", stdout);
		out_text(STYLE_GOOD, c->after);
		putchar('\n');
	}
}

static void
print_table(const struct diff *d)
{
	char before[PAPER_NAME], after[PAPER_NAME];
	const char *const heads[] = { "FIELD",
	    revision_name(before, d, d->before),
	    revision_name(after, d, d->after) };
	const struct change *c;
	struct table *t;

	if (d->n == 0) {
		printf("No field of %s differs from %s.\n", heads[2],
		    heads[1]);
		return;
	}
	t = table_new(heads, 3);
	for (c = d->list; c < d->list + d->n; c++) {
		if (is_long(c))
			continue;
		table_cell(t, STYLE_PLAIN, c->label);
		table_cell(t, STYLE_BAD, c->before == NULL ? "-" : c->before);
		table_cell(t, STYLE_GOOD, c->after == NULL ? "-" : c->after);
	}
	table_print(t);
	table_free(t);
	for (c = d->list; c < d->list + d->n; c++)
		if (is_long(c))
			print_long(c);
}

static void
print_json(const struct diff *d)
{
	struct buf out = BUF_INIT;
	const struct change *c;
	struct json j;

	json_begin(&j, &out);
	json_object(&j, NULL);
	json_str(&j, "number", d->c.number);
	json_num(&j, "before", d->before);
	json_num(&j, "after", d->after);
	json_array(&j, "changes");
	for (c = d->list; c < d->list + d->n; c++) {
		json_object(&j, NULL);
		json_str(&j, "path", c->path);
		json_str(&j, "field", c->label);
		json_str(&j, "before", c->before);
		json_str(&j, "after", c->after);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_end(&j);
	out_flush(&out);
	buf_free(&out);
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	enum format format = FORMAT_TABLE;
	struct diff d = { .before = 0 };
	int option, status;

	while ((option = cmd_option(&cmd_diff, argc, argv, "f:", options)) !=
	    -1)
		format = cmd_format(&cmd_diff, optarg, false);
	if (argc - optind != 1)
		cmd_usage(&cmd_diff, "which case?");
	status = cmd_open(&d.reading);
	if (status == EXIT_DONE)
		status = find_both(&d, argv[optind]);
	if (status == EXIT_DONE) {
		compare(&d);
		if (format == FORMAT_JSON)
			print_json(&d);
		else
			print_table(&d);
	}
	diff_free(&d);
	return status;
}

const struct command cmd_diff = {
	"diff", run, "[--format table|json] NUMBER",
	"Show what a revision changes, field by field",
	"  -f, --format table|json\n"
	"\n"
	"An open change is compared with the terms in force, else the last "
	"revision with\nthe one before it.\n",
};
