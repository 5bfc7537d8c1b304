/*
 * docket apply: writes a form, checks it, and drops it into inbox.
 *
 * For those who would rather answer questions (asking.c) than edit XML; what
 * comes out is a form like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "text.h"
#include "xmlout.h"

#include "applying.h"
#include "arrival.h"
#include "catalogs.h"
#include "limit.h"

#define API_KEY "urn:docket:api-key:1"
#define REQUEST "urn:docket:request:1"

/* How long to wait for the receipt, ms. */
#define PATIENCE_MS 15000

#define OF(kind) (1u << (kind))
#define OF_TERMS (OF(APPLY_NEW) | OF(APPLY_CHANGE))
#define OF_REQUESTS \
	(OF(APPLY_REVOCATION) | OF(APPLY_ROTATION) | OF(APPLY_WITHDRAWAL))

/* What is made up for a field that is not known yet, and the kinds that have
 * it. */
static const struct {
	const char *element, *label, *fill;
	unsigned of;
} fields[APPLY_FIELDS] = {
	[APPLY_CLIENT] = { "client", "Client", "x", OF_TERMS },
	[APPLY_NAME] = { "name", "Name", "x", OF_TERMS },
	[APPLY_EFFECTIVE] = { "effective", "Effective date", "", OF_TERMS },
	[APPLY_EXPIRY] = { "expiry", "Expiry date", "9999-12-31", OF_TERMS },
	[APPLY_QUOTA] = { "quota", "Quota", "-1", OF_TERMS },
	[APPLY_DESCRIPTION] = { "description", "Description", "x", OF_TERMS },
	[APPLY_APIS] = { "apis", "APIs", "x", OF_TERMS },
	[APPLY_REASON] = { "reason", "Reason", "x", OF_REQUESTS },
	[APPLY_OVERLAP] = { "overlap", "Overlap", "0", OF(APPLY_ROTATION) },
};

/* The form of each, and how its file is called. */
static const struct {
	const char *form, *element, *file;
} kinds[APPLY_KINDS] = {
	[APPLY_NEW] = { "{" API_KEY "}application", "application",
	    "api-key" },
	[APPLY_CHANGE] = { "{" API_KEY "}application", "application",
	    "api-key" },
	[APPLY_REVOCATION] = { "{" REQUEST "}revocation", "revocation",
	    "revocation" },
	[APPLY_ROTATION] = { "{" REQUEST "}rotation", "rotation", "rotation" },
	[APPLY_WITHDRAWAL] = { "{" REQUEST "}withdrawal", "withdrawal",
	    "withdrawal" },
};

static bool
is_request(const struct applying *a)
{
	return (OF(a->kind) & OF_REQUESTS) != 0;
}

bool
apply_has(const struct applying *a, enum apply_field field)
{
	return (OF(a->kind) & fields[field].of) != 0;
}

const char *
apply_label(enum apply_field field)
{
	return fields[field].label;
}

const char *
apply_keep(struct applying *a, char *text)
{
	a->kept = mem_grow(a->kept, a->n_kept + 1, sizeof(*a->kept));
	a->kept[a->n_kept++] = text;
	return text;
}

static void
applying_free(struct applying *a)
{
	while (a->n_kept > 0)
		free(a->kept[--a->n_kept]);
	free(a->kept);
	pool_close(a->pool);
	buf_free(&a->old);
	buf_free(&a->form);
}

static void
add_api(struct applying *a, const char *api, size_t n)
{
	struct buf b = BUF_INIT;

	if (a->value[APPLY_APIS] != NULL)
		buf_putf(&b, "%s ", a->value[APPLY_APIS]);
	buf_put(&b, api, n);
	a->value[APPLY_APIS] = apply_keep(a, buf_take(&b));
}

/* What there is to begin with. */

/* The form as it stands, for the fields that are not given. */
static void
take_facts(struct applying *a, const struct facts *facts)
{
	const char *at = facts->apis, *end;
	bool apis = a->value[APPLY_APIS] != NULL;
	enum apply_field i;
	char *value;

	for (i = 0; i < APPLY_FIELDS; i++)
		if (a->value[i] == NULL && apply_has(a, i) &&
		    i != APPLY_APIS) {
			value = facts_value(facts, fields[i].element);
			if (value != NULL && *value != '\0')
				a->value[i] = apply_keep(a, value);
			else
				free(value);
		}
	for (; !apis && at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		if (end > at)
			add_api(a, at, (size_t)(end - at));
	}
}

/* What a change begins with: the open change, or the terms in force. */
static int
load_old(struct applying *a)
{
	struct reading *r = a->desk;
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct casefile c;
	bool asked;
	int found = index_case(r->index, a->number, &c), status = EXIT_DONE;

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0)
		return cmd_nothing_found();
	asked = c.request == REQUEST_CHANGE;
	a->today = casefile_since(&c, a->today);
	if (strcmp(c.form, kinds[APPLY_CHANGE].form) != 0) {
		cmd_say("%s is not an application for an API key: edit its "
		    "stamped form", a->number);
		status = EXIT_NO;
	} else if (ledger_read(r->ledger, ledger_head(r->ledger),
	    ledger_path(path, asked ? STATE_PENDING : c.state, a->number,
	    asked ? casefile_request_paper(&c, name) :
	    casefile_paper(&c, name)), &a->old) != 1) {
		cmd_say("%s is %s: its terms cannot be changed", a->number,
		    state_name(c.state));
		status = EXIT_NO;
	} else
		take_facts(a, asked ? &c.asked : &c.facts);
	casefile_free(&c);
	return status;
}

/* A worker's look at a form.  EXIT_DONE, or it failed. */
static int
look(struct applying *a, enum purpose purpose, const struct buf *form,
    struct job *job)
{
	*job = (struct job){ .purpose = purpose, .box = "",
	    .today = a->today, .data = form->data, .len = form->len };
	pool_submit(a->pool, job);
	if (pool_wait(a->pool) != NULL && job->outcome == OUTCOME_VERDICT)
		return EXIT_DONE;
	verdict_free(&job->verdict);
	return cmd_trouble("the form cannot be checked");
}

/* Of a draft that bears the stamp of a case. */
static void
take_stamp(struct applying *a, struct buf *draft)
{
	struct stamp stamp;
	struct casefile c;
	size_t at, len;

	if (stamp_find(draft->data, draft->len, &stamp, &at, &len) != 1)
		return;
	a->kind = APPLY_CHANGE;
	a->number = apply_keep(a, mem_str(stamp.number));
	if (index_case(a->desk->index, a->number, &c) == 1) {
		a->today = casefile_since(&c, a->today);
		casefile_free(&c);
	}
	stamp_free(&stamp);
	a->old = *draft;
	*draft = (struct buf)BUF_INIT;
}

static int
take_draft(struct applying *a, const char *name, struct buf *draft,
    const struct verdict *v)
{
	const char *form = v->type < 0 ? "" :
	    pool_types(a->pool)->list[v->type].form;
	struct buf text = BUF_INIT;
	enum apply_kind kind;

	if (v->faults.n > 0) {
		faults_block(&v->faults, &text);
		cmd_say("%s cannot be taken up", name);
		fprintf(stderr, "%s", buf_str(&text));
		buf_free(&text);
		return EXIT_NO;
	}
	for (kind = APPLY_NEW; kind < APPLY_KINDS; kind++)
		if (strcmp(kinds[kind].form, form) == 0)
			break;
	if (kind == APPLY_KINDS) {
		cmd_say("%s is another form: edit it, and copy it into inbox",
		    name);
		return EXIT_NO;
	}
	a->kind = kind;
	if (is_request(a)) {
		a->number = apply_keep(a, mem_str(v->number));
		if (a->value[APPLY_REASON] == NULL && v->reason != NULL &&
		    *v->reason != '\0')
			a->value[APPLY_REASON] = apply_keep(a,
			    mem_str(v->reason));
		if (a->value[APPLY_OVERLAP] == NULL && v->overlap[0] != '\0')
			a->value[APPLY_OVERLAP] = apply_keep(a,
			    mem_str(v->overlap));
		return EXIT_DONE;
	}
	take_facts(a, &v->facts);
	take_stamp(a, draft);
	return EXIT_DONE;
}

static int
load_draft(struct applying *a, const char *name)
{
	struct buf draft = BUF_INIT;
	struct job job;
	int status = cmd_read(name, LIMIT_FORM, &draft);

	if (status == EXIT_DONE)
		status = look(a, PURPOSE_FACTS, &draft, &job);
	if (status == EXIT_DONE) {
		status = take_draft(a, name, &draft, &job.verdict);
		verdict_free(&job.verdict);
	}
	buf_free(&draft);
	return status;
}

/* Writing. */

static long
count_lines(const char *p, size_t n)
{
	long lines = 0;

	while (n-- > 0)
		lines += *p++ == '\n';
	return lines;
}

/* What stands there, or what is made up for it. */
static const char *
value_of(const struct applying *a, enum apply_field field, bool fill,
    char day[DAY_TEXT])
{
	if (a->value[field] != NULL)
		return a->value[field];
	if (!fill)
		return "";
	return field == APPLY_EFFECTIVE ? day_text(day, a->today) :
	    fields[field].fill;
}

static void
put_apis(struct applying *a, struct xmlout *x, const char *at)
{
	char *api;
	size_t n;

	a->line[APPLY_APIS] = count_lines(a->form.data, a->form.len) + 1;
	xml_open(x, fields[APPLY_APIS].element);
	for (; *(at += strspn(at, ", ")) != '\0'; at += n) {
		n = strcspn(at, ", ");
		api = mem_strn(at, n);
		xml_leaf(x, "api", api);
		free(api);
	}
	xml_close(x);
}

/* The stamp of the old paper goes into the new one: it says which case is
 * meant. */
static void
put_old_stamp(struct applying *a)
{
	struct buf stamped = BUF_INIT;
	struct stamp stamp;
	enum apply_field i;
	size_t at, len;
	long more;

	if (stamp_find(a->old.data, a->old.len, &stamp, &at, &len) != 1)
		return;
	stamp_put(&stamped, a->form.data, a->form.len, &stamp);
	stamp_free(&stamp);
	more = count_lines(stamped.data, stamped.len) -
	    count_lines(a->form.data, a->form.len);
	for (i = 0; i < APPLY_FIELDS; i++)
		a->line[i] += more;
	buf_free(&a->form);
	a->form = stamped;
}

static void
write_form(struct applying *a, bool fill)
{
	char day[DAY_TEXT];
	const char *value;
	enum apply_field i;
	struct xmlout x;

	buf_clear(&a->form);
	xml_begin(&x, &a->form);
	xml_open(&x, kinds[a->kind].element);
	xml_attr(&x, "xmlns", is_request(a) ? REQUEST : API_KEY);
	if (is_request(a))
		xml_attr(&x, "number", a->number);
	for (i = 0; i < APPLY_FIELDS; i++) {
		if (!apply_has(a, i))
			continue;
		value = value_of(a, i, fill, day);
		if (i == APPLY_APIS) {
			put_apis(a, &x, value);
			continue;
		}
		xml_leaf(&x, fields[i].element, value);
		a->line[i] = count_lines(a->form.data, a->form.len) -
		    count_lines(value, strlen(value));
	}
	xml_close(&x);
	if (a->old.len > 0)
		put_old_stamp(a);
}

enum apply_field
apply_at(const struct applying *a, const struct fault *f)
{
	enum apply_field i, at = APPLY_FIELDS;

	for (i = 0; i < APPLY_FIELDS; i++)
		if (apply_has(a, i) && a->line[i] <= f->line)
			at = i;
	return at;
}

/* Checking. */

static int
open_pool(struct applying *a)
{
	struct reading *r = a->desk;
	struct faults faults = FAULTS_INIT;
	struct buf why = BUF_INIT;
	struct rules rules;

	if (ledger_rules(r->ledger, ledger_head(r->ledger), &rules) != 0)
		return cmd_trouble(ledger_error());
	a->pool = pool_open(&rules, &r->settings, &faults);
	rules_free(&rules);
	faults_free(&faults);
	if (a->pool == NULL)
		return cmd_trouble("docket-check cannot be started");
	/* where they cannot be told, the desk looks again */
	catalogs_tell(r->index, a->pool, &why);
	buf_free(&why);
	return EXIT_DONE;
}

int
apply_check(struct applying *a, bool fill, struct faults *faults)
{
	struct job job;
	int status;

	*faults = (struct faults)FAULTS_INIT;
	write_form(a, fill);
	status = look(a, PURPOSE_INTAKE, &a->form, &job);
	if (status != EXIT_DONE)
		return status;
	faults_copy(faults, &job.verdict.faults);
	verdict_free(&job.verdict);
	return EXIT_DONE;
}

/* What the desk would say to it. */
static int
check(struct applying *a)
{
	struct faults faults;
	struct buf text = BUF_INIT;
	int status = apply_check(a, false, &faults);

	if (status == EXIT_DONE && faults.n > 0) {
		faults_block(&faults, &text);
		fprintf(stderr, "%s", buf_str(&text));
		status = EXIT_NO;
	}
	faults_free(&faults);
	buf_free(&text);
	return status;
}

static int
write_draft(struct applying *a)
{
	bool out = strcmp(a->output, "-") == 0;
	int fd = out ? STDOUT_FILENO :
	    open(a->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	write_form(a, false);
	if (fd < 0 || fs_write(fd, a->form.data, a->form.len) != 0) {
		cmd_say("%s: %s", a->output, strerror(errno));
		return EXIT_DESK;
	}
	if (out)
		return EXIT_DONE;
	close(fd);
	if (isatty(STDOUT_FILENO))
		printf("A draft is in %s; nothing was sent.\n", a->output);
	return EXIT_DONE;
}

/* Into inbox, whole: the name that the desk takes appears by a rename. */
static int
drop(const struct applying *a, char name[64])
{
	const struct reading *r = a->desk;
	int dir = a->box == NULL ? r->desk.inbox :
	    fs_open_dir(r->desk.inbox, a->box);
	char random[17];
	int status = EXIT_DONE;

	snprintf(name, 64, "%s-%s.xml", kinds[a->kind].file,
	    hash_random(random, 8));
	if (dir < 0 || fs_replace_shared(dir, name, a->form.data, a->form.len,
	    0644) != 0) {
		cmd_say("inbox/%s: %s", a->box == NULL ? "" : a->box,
		    strerror(errno));
		status = EXIT_DESK;
	}
	if (dir >= 0 && a->box != NULL)
		close(dir);
	return status;
}

/* Waits until the ledger has what became of the file. */
static int
wait_for(const struct applying *a, const char *name)
{
	struct buf file = BUF_INIT;
	int status;

	buf_putf(&file, "%s%s%s", a->box == NULL ? "" : a->box,
	    a->box == NULL ? "" : "/", name);
	status = arrival_wait(a->desk, buf_str(&file), PATIENCE_MS);
	buf_free(&file);
	return status;
}

/* Whether somebody at a terminal is to be asked. */
static bool
is_asked(const struct applying *a, bool given)
{
	enum apply_field i;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	for (i = 0; i < APPLY_FIELDS; i++)
		if (apply_has(a, i) && a->value[i] == NULL)
			return true;
	return !given;
}

static bool
is_given(const struct applying *a)
{
	enum apply_field i;

	for (i = 0; i < APPLY_FIELDS; i++)
		if (a->value[i] != NULL)
			return true;
	return false;
}

static int
apply(struct applying *a, const char *draft)
{
	bool given = is_given(a);
	char name[64];
	int status = open_pool(a);

	a->today = clock_day(clock_now());
	if (status == EXIT_DONE && draft != NULL)
		status = load_draft(a, draft);
	else if (status == EXIT_DONE && a->kind == APPLY_CHANGE)
		status = load_old(a);
	if (status == EXIT_DONE && is_asked(a, given))
		status = apply_ask(a);
	if (status != EXIT_DONE)
		return status;
	if (a->output != NULL)
		return write_draft(a);
	status = check(a);
	if (status == EXIT_DONE)
		status = drop(a, name);
	return status == EXIT_DONE ? wait_for(a, name) : status;
}

static void
set_case(struct applying *a, enum apply_kind kind, const char *number)
{
	if (a->kind != APPLY_NEW)
		cmd_usage(&cmd_apply, "one of --change, --revocation, "
		    "--rotation, --withdrawal");
	if (!number_valid(number))
		cmd_usage(&cmd_apply, "that is not the number of a case");
	a->kind = kind;
	a->number = number;
}

static int
run(int argc, char **argv)
{
	enum { OPT_KIND = 256, OPT_FIELD = OPT_KIND + APPLY_KINDS,
	    OPT_BOX = OPT_FIELD + APPLY_FIELDS, OPT_DRAFT };
	static const struct option options[] = {
		{ "change", required_argument, NULL, OPT_KIND + APPLY_CHANGE },
		{ "revocation", required_argument, NULL,
		  OPT_KIND + APPLY_REVOCATION },
		{ "rotation", required_argument, NULL,
		  OPT_KIND + APPLY_ROTATION },
		{ "withdrawal", required_argument, NULL,
		  OPT_KIND + APPLY_WITHDRAWAL },
		{ "client", required_argument, NULL,
		  OPT_FIELD + APPLY_CLIENT },
		{ "name", required_argument, NULL, OPT_FIELD + APPLY_NAME },
		{ "effective", required_argument, NULL,
		  OPT_FIELD + APPLY_EFFECTIVE },
		{ "expiry", required_argument, NULL,
		  OPT_FIELD + APPLY_EXPIRY },
		{ "quota", required_argument, NULL, OPT_FIELD + APPLY_QUOTA },
		{ "description", required_argument, NULL,
		  OPT_FIELD + APPLY_DESCRIPTION },
		{ "api", required_argument, NULL, OPT_FIELD + APPLY_APIS },
		{ "reason", required_argument, NULL,
		  OPT_FIELD + APPLY_REASON },
		{ "overlap", required_argument, NULL,
		  OPT_FIELD + APPLY_OVERLAP },
		{ "box", required_argument, NULL, OPT_BOX },
		{ "draft", required_argument, NULL, OPT_DRAFT },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct applying a = { .kind = APPLY_NEW };
	const char *draft = NULL;
	struct reading r;
	int option, status;

	while ((option = cmd_option(&cmd_apply, argc, argv, "o:",
	    options)) != -1)
		if (option == 'o')
			a.output = optarg;
		else if (option == OPT_BOX)
			a.box = optarg;
		else if (option == OPT_DRAFT)
			draft = optarg;
		else if (option == OPT_FIELD + APPLY_APIS)
			add_api(&a, optarg, strlen(optarg));
		else if (option >= OPT_FIELD)
			a.value[option - OPT_FIELD] = optarg;
		else
			set_case(&a, (enum apply_kind)(option - OPT_KIND),
			    optarg);
	if (optind < argc)
		cmd_usage(&cmd_apply, "it takes options only");
	if (draft != NULL && a.kind != APPLY_NEW)
		cmd_usage(&cmd_apply, "a draft says itself what it asks for");
	if (draft == NULL && a.value[APPLY_OVERLAP] != NULL &&
	    a.kind != APPLY_ROTATION)
		cmd_usage(&cmd_apply, "--overlap is for --rotation");
	a.desk = &r;
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = apply(&a, draft);
	applying_free(&a);
	cmd_close(&r);
	return status;
}

const struct command cmd_apply = {
	"apply", run,
	"[OPTION ...]",
	"Apply for an API key, or ask for a change, by answering questions",
	"      --client ID --name NAME --effective DAY --expiry DAY --quota N\n"
	"      --description TEXT --api ID [--api ID ...]\n"
	"                            the fields; on a terminal what is missing "
	"is asked for,\n"
	"                            and all is shown before it is sent\n"
	"      --change NUMBER       changed terms: only what is given "
	"changes\n"
	"      --revocation NUMBER   ask for revocation\n"
	"      --rotation NUMBER     ask for a new key in the place of the "
	"old one\n"
	"      --overlap SPAN        how long the old key stays good: 36h, 7d, "
	"at most 90d;\n"
	"                            0 if it has leaked\n"
	"      --withdrawal NUMBER   take back what is not decided\n"
	"      --reason TEXT         why, for these three\n"
	"      --box BOX             drop it into inbox/BOX\n"
	"  -o, --output FILE         write the form there, and drop nothing\n"
	"      --draft FILE          go on with a form that was written so\n",
};
