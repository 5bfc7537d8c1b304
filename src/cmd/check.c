/*
 * docket check: what a desk would say of a form.
 *
 * The same worker, sandbox, schemas and rules as at intake.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "gunzip.h"
#include "json.h"

#include "catalogs.h"
#include "cmd.h"
#include "form.h"
#include "limit.h"
#include "out.h"
#include "pool.h"
#include "shipped.h"

struct checking {
	struct rules	 rules;
	struct settings	 settings;
	struct pool	*pool;
	struct index	*index;		/* of the desk; NULL: none */
	enum format	 format;
	struct json	 json;
	struct buf	 out;
	bool		 bad;
};

/* With no desk at hand: what is shipped. */
static void
shipped_rules(struct rules *rules)
{
	static const char conf[] = "[desk]\n\tid = check\n";
	struct shipped s;
	size_t i, n;

	*rules = (struct rules){ NULL, 0 };
	rules_add(rules, "docket.conf", conf, sizeof(conf) - 1);
	for (i = 0; shipped_schema(i, &s); i++) {
		n = strlen(s.path);
		if (strcmp(s.path + n - 4, ".xsd") == 0)
			rules_add(rules, s.path, s.data, s.len);
	}
	rules_sort(rules);
}

static int
load_rules(struct checking *c)
{
	struct rules *rules = &c->rules;
	struct buf why = BUF_INIT, own = BUF_INIT;
	struct desk desk;
	int status = EXIT_DONE;

	if (desk_open(&desk, cmd_desk_path(), false, &why) != 0) {
		cmd_say("%s is no desk: the schemas that come with docket are "
		    "used", cmd_desk_path());
		shipped_rules(rules);
		buf_free(&why);
		return EXIT_DONE;
	}
	if (rules_load(rules, &desk, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		status = EXIT_DESK;
	}
	buf_putf(&own, "%s/.docket", desk.path);
	c->index = index_open(buf_str(&own), INDEX_READ);
	desk_close(&desk);
	buf_free(&own);
	buf_free(&why);
	return status;
}

/* The lists in force, as far as whoever asks may look into the index: the
 * desk itself looks again. */
static void
tell_lists(struct checking *c)
{
	struct buf path = BUF_INIT, why = BUF_INIT;
	struct index *index;

	buf_putf(&path, "%s/.docket", cmd_desk_path());
	index = index_open(buf_str(&path), INDEX_READ);
	if (index != NULL)
		catalogs_tell(index, c->pool, &why);
	index_close(index);
	buf_free(&path);
	buf_free(&why);
}

static int
open_pool(struct checking *c)
{
	const struct rules_file *f;
	struct faults faults = FAULTS_INIT;
	struct buf text = BUF_INIT;
	struct conf_error e;
	int status = load_rules(c);
	bool told;

	if (status != EXIT_DONE)
		return status;
	f = rules_get(&c->rules, "docket.conf");
	if (settings_parse(&c->settings, f->data, f->len, &e) != 0) {
		cmd_say("docket.conf: line %u: %s", e.line, e.text);
		return EXIT_DESK;
	}
	clock_zone(c->settings.zone);
	c->pool = pool_open(&c->rules, &c->settings, &faults);
	if (c->pool != NULL) {
		tell_lists(c);
		return EXIT_DONE;
	}
	faults_block(&faults, &text);
	told = faults.n > 0;
	if (told)
		cmd_say("the schemas cannot be compiled:\n%s",
		    buf_str(&text));
	else
		cmd_say("%s", pool_error());
	buf_free(&text);
	faults_free(&faults);
	return told ? EXIT_DESK : EXIT_TROUBLE;
}

/* What kind of form it is, and which limit holds, is seen later. */
static size_t
most_bytes(const struct checking *c)
{
	return (size_t)(c->settings.form_limit > c->settings.list_limit ?
	    c->settings.form_limit : c->settings.list_limit);
}

static void
check_size(const struct checking *c, const struct buf *form,
    const struct verdict *v, struct faults *faults)
{
	bool list = v->type >= 0 &&
	    pool_types(c->pool)->list[v->type].lists != NULL;

	/* it may be a list, whatever it costs */
	if (v->type < 0 && faults_has(faults, FAULT_COSTLY) &&
	    form->len <= c->settings.list_limit)
		return;
	if (form->len > (list ? c->settings.list_limit :
	    c->settings.form_limit)) {
		faults_free(faults);
		faults_add(faults, FAULT_TOO_LARGE, 0, NULL, NULL);
	}
}

/* Reads the form; what stands in the way becomes a fault.  -1: the file
 * cannot be read at all. */
static int
read_form(struct checking *c, const char *name, struct buf *form,
    struct faults *faults)
{
	struct buf raw = BUF_INIT;
	int fd = strcmp(name, "-") == 0 ? STDIN_FILENO :
	    open(name, O_RDONLY | O_CLOEXEC);
	int status = fd < 0 ? -1 : fs_read(fd, most_bytes(c), form);

	if (fd > STDIN_FILENO)
		close(fd);
	if (status != 0 && errno == EFBIG) {
		faults_add(faults, FAULT_TOO_LARGE, 0, NULL, NULL);
		return 0;
	}
	if (status == 0 && form->len == 0)
		faults_add(faults, FAULT_EMPTY, 0, NULL, NULL);
	else if (status == 0 && gunzip_is(form->data, form->len)) {
		raw = *form;
		*form = (struct buf)BUF_INIT;
		switch (gunzip(raw.data, raw.len, (size_t)most_bytes(c),
		    (unsigned)c->settings.ratio, form)) {
		case GUNZIP_OK:
			break;
		case GUNZIP_DAMAGED:
			faults_add(faults, FAULT_GZIP, 0, NULL, NULL);
			break;
		case GUNZIP_TOO_LARGE:
			faults_add(faults, FAULT_TOO_LARGE, 0, NULL, NULL);
			break;
		case GUNZIP_BOMB:
			/* what is no list was too large before */
			faults_add(faults, form->len > c->settings.form_limit ?
			    FAULT_TOO_LARGE : FAULT_BOMB, 0, NULL, NULL);
			break;
		}
		buf_free(&raw);
	}
	return status;
}

static void
check_stamp(const struct buf *form, struct faults *faults)
{
	struct stamp stamp;
	size_t at, len;
	int found = stamp_find(form->data, form->len, &stamp, &at, &len);

	if (found < 0)
		faults_add(faults, FAULT_STAMP, stamp_line(form->data, at),
		    NULL, NULL);
	else if (found == 1)
		stamp_free(&stamp);
}

/* The day as of which the desk would check it. */
static int32_t
check_day(const struct checking *c, const struct buf *form)
{
	int32_t today = clock_day(clock_now()), since = today;
	struct casefile k;
	struct stamp stamp;
	size_t at, len;

	if (c->index == NULL ||
	    stamp_find(form->data, form->len, &stamp, &at, &len) != 1)
		return today;
	if (strcmp(stamp.desk, c->settings.desk_id) == 0 &&
	    index_case(c->index, stamp.number, &k) == 1) {
		since = casefile_since(&k, today);
		casefile_free(&k);
	}
	stamp_free(&stamp);
	return since;
}

/* -1: the workers failed. */
static int
ask_worker(struct checking *c, const struct buf *form, struct verdict *v,
    struct faults *faults)
{
	struct job job = { .purpose = PURPOSE_INTAKE, .box = "",
	    .today = check_day(c, form), .data = form->data,
	    .len = form->len };

	*v = (struct verdict){ .type = -1 };
	pool_submit(c->pool, &job);
	if (pool_wait(c->pool) != &job)
		return -1;
	switch (job.outcome) {
	case OUTCOME_COSTLY:
		faults_add(faults, FAULT_COSTLY, 0, NULL, NULL);
		return 0;
	case OUTCOME_TROUBLE:
		return -1;
	case OUTCOME_VERDICT:
		break;
	}
	*v = job.verdict;
	faults_copy(faults, &v->faults);
	return 0;
}

static void
print_text(struct checking *c, const char *name, const struct verdict *v,
    const struct faults *faults)
{
	struct buf line = BUF_INIT;
	const struct fault *f;
	const char *remedy;

	out_text(STYLE_PLAIN, name);
	if (faults->n == 0) {
		fputs(": ", stdout);
		out_text(STYLE_GOOD, "good");
		printf(": %s", pool_types(c->pool)->list[v->type].title);
		if (v->facts.label != NULL) {
			fputs(": ", stdout);
			out_text(STYLE_PLAIN, v->facts.label);
		}
		putchar('\n');
	} else
		printf(": %zu fault%s\n", faults->n + faults->more,
		    faults->n + faults->more == 1 ? "" : "s");
	for (f = faults->list; f < faults->list + faults->n; f++) {
		buf_clear(&line);
		fault_line(f, &line);
		fputs("  ", stdout);
		out_text(STYLE_BAD, buf_str(&line));
		putchar('\n');
		if ((remedy = fault_remedy(f)) != NULL) {
			fputs("         ", stdout);
			out_text(STYLE_PLAIN, remedy);
			putchar('\n');
		}
		if (f->raw != NULL) {
			buf_clear(&line);
			buf_putf(&line, "(%s)", f->raw);
			fputs("         ", stdout);
			out_text(STYLE_DIM, buf_str(&line));
			putchar('\n');
		}
	}
	buf_free(&line);
}

static void
put_json(struct checking *c, const char *name, const struct verdict *v,
    const struct faults *faults)
{
	struct json *j = &c->json;
	const struct fault *f;

	json_object(j, NULL);
	json_str(j, "file", name);
	json_bool(j, "good", faults->n == 0);
	json_str(j, "form", v->type < 0 ? NULL :
	    pool_types(c->pool)->list[v->type].form);
	json_str(j, "client", v->facts.client);
	json_str(j, "name", v->facts.label);
	json_array(j, "faults");
	for (f = faults->list; f < faults->list + faults->n; f++) {
		json_object(j, NULL);
		json_num(j, "code", f->code);
		json_num(j, "line", f->line);
		json_str(j, "field", f->field);
		json_str(j, "text", fault_text(f));
		json_str(j, "remedy", fault_remedy(f));
		json_str(j, "parser", f->raw);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static int
check_file(struct checking *c, const char *name)
{
	struct faults faults = FAULTS_INIT;
	struct verdict v = { .type = -1 };
	struct buf form = BUF_INIT;
	int status = EXIT_DONE;

	if (read_form(c, name, &form, &faults) != 0) {
		cmd_say("%s: %s", name, strerror(errno));
		status = EXIT_NO;
	} else if (faults.n == 0 && ask_worker(c, &form, &v, &faults) != 0) {
		status = cmd_trouble("the worker failed");
	} else {
		if (faults.n == 0)
			check_stamp(&form, &faults);
		check_size(c, &form, &v, &faults);
		if (c->format == FORMAT_JSON)
			put_json(c, name, &v, &faults);
		else
			print_text(c, name, &v, &faults);
		if (faults.n > 0)
			status = EXIT_NO;
	}
	verdict_free(&v);
	faults_free(&faults);
	buf_free(&form);
	return status;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct checking c = { .format = FORMAT_TABLE };
	int option, status, worst = EXIT_DONE;

	while ((option = cmd_option(&cmd_check, argc, argv, "f:", options)) !=
	    -1)
		c.format = cmd_format(&cmd_check, optarg, false);
	if (optind == argc)
		cmd_usage(&cmd_check, "which files?");
	status = open_pool(&c);
	json_begin(&c.json, &c.out);
	json_array(&c.json, NULL);
	for (; status == EXIT_DONE && optind < argc; optind++) {
		int one = check_file(&c, argv[optind]);

		if (one == EXIT_TROUBLE)
			status = one;
		else if (one > worst)
			worst = one;
	}
	json_array_end(&c.json);
	json_end(&c.json);
	if (status == EXIT_DONE && c.format == FORMAT_JSON)
		out_flush(&c.out);
	buf_free(&c.out);
	pool_close(c.pool);
	index_close(c.index);
	settings_free(&c.settings);
	rules_free(&c.rules);
	return status != EXIT_DONE ? status : worst;
}

const struct command cmd_check = {
	"check", run, "[--format table|json] FILE ...",
	"Say what is wrong with forms, as a desk would",
	"  -f, --format table|json\n"
	"\n"
	"Uses the schemas of the desk, or, where there is none, those that "
	"come with\ndocket. FILE may be - for standard input, and gzipped. "
	"Exits 1 if one is not good.\n",
};
