/*
 * docket apply: writes a form, checks it, and drops it into inbox.
 *
 * For those who would rather answer questions than edit XML; what comes out
 * is a form like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "text.h"
#include "xmlout.h"

#include "catalogs.h"
#include "cmd.h"
#include "limit.h"
#include "pool.h"

#define API_KEY "urn:docket:api-key:1"
#define REQUEST "urn:docket:request:1"

/* How long to wait for the receipt, ms. */
#define PATIENCE_MS 15000

/* The fields of the API key form, in its order. */
enum { CLIENT, NAME, EFFECTIVE, EXPIRY, QUOTA, DESCRIPTION, FIELDS };

static const struct {
	const char *element, *question;
} fields[FIELDS] = {
	{ "client", "Client id" },
	{ "name", "Name of the key" },
	{ "effective", "First day (YYYY-MM-DD)" },
	{ "expiry", "Last day (YYYY-MM-DD)" },
	{ "quota", "Quota: number of calls, -1 for no limit" },
	{ "description", "What it is for" },
};

enum { NEW, CHANGE, REVOCATION, WITHDRAWAL };

struct applying {
	int		 kind;
	const char	*number;	/* of the case, unless NEW */
	const char	*value[FIELDS];	/* NULL: not given */
	const char	**apis;
	size_t		 n_apis;
	const char	*reason;
	const char	*box, *draft;
	struct buf	 old;		/* the paper that is changed */
	struct buf	 form;
	char		**kept;		/* what was asked for or read */
	size_t		 n_kept;
};

/* Keeps a text until the form is done. */
static const char *
keep(struct applying *a, char *text /* takes */)
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
	free(a->apis);
	buf_free(&a->old);
	buf_free(&a->form);
}

/* Asks on a terminal. */
static const char *
ask(struct applying *a, const char *question, const char *otherwise)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (otherwise != NULL && *otherwise != '\0')
		printf("%s [%s]: ", question, otherwise);
	else
		printf("%s: ", question);
	fflush(stdout);
	n = getline(&line, &size, stdin);
	if (n < 0) {
		free(line);
		return otherwise;
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0') {
		free(line);
		return otherwise;
	}
	return keep(a, line);
}

static void
add_api(struct applying *a, const char *api)
{
	a->apis = mem_grow(a->apis, a->n_apis + 1, sizeof(*a->apis));
	a->apis[a->n_apis++] = api;
}

/* "orders stock" or "orders, stock" */
static void
add_apis(struct applying *a, const char *line)
{
	size_t n;

	for (; *line != '\0'; line += n) {
		line += strspn(line, ", ");
		n = strcspn(line, ", ");
		if (n > 0)
			add_api(a, keep(a, mem_strn(line, n)));
	}
}

static void
ask_all(struct applying *a)
{
	struct buf apis = BUF_INIT;
	const char *answer;
	size_t i;

	for (i = 0; i < FIELDS; i++)
		a->value[i] = ask(a, fields[i].question, a->value[i]);
	for (i = 0; i < a->n_apis; i++)
		buf_putf(&apis, "%s%s", i == 0 ? "" : " ", a->apis[i]);
	answer = ask(a, "APIs, with blanks between", buf_str(&apis));
	a->n_apis = 0;
	if (answer != NULL)
		add_apis(a, answer);
	buf_free(&apis);
}

/* The form as it stands, for the fields that are not given. */
static void
take_old_facts(struct applying *a, const struct facts *facts)
{
	const char *at = facts->apis, *end;
	size_t i;

	for (i = 0; i < FIELDS; i++)
		if (a->value[i] == NULL)
			a->value[i] = keep(a, facts_value(facts,
			    fields[i].element));
	if (a->n_apis > 0)
		return;
	for (; at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		add_api(a, keep(a, mem_strn(at, (size_t)(end - at))));
	}
}

/* What a change begins with: the open change, or the terms in force. */
static int
load_old(struct applying *a, struct reading *r)
{
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct casefile c;
	bool asked;
	int found = index_case(r->index, a->number, &c), status = EXIT_DONE;

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0)
		return cmd_nothing_found();
	asked = c.request == REQUEST_CHANGE;
	if (strcmp(c.form, "{" API_KEY "}application") != 0) {
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
		take_old_facts(a, asked ? &c.asked : &c.facts);
	casefile_free(&c);
	return status;
}

/* The stamp of the old paper goes into the new one: it says which case is
 * meant. */
static void
put_old_stamp(struct applying *a)
{
	struct buf stamped = BUF_INIT;
	struct stamp stamp;
	size_t at, len;

	if (stamp_find(a->old.data, a->old.len, &stamp, &at, &len) != 1)
		return;
	stamp_put(&stamped, a->form.data, a->form.len, &stamp);
	stamp_free(&stamp);
	buf_free(&a->form);
	a->form = stamped;
}

static void
write_application(struct applying *a)
{
	struct xmlout x;
	size_t i;

	xml_begin(&x, &a->form);
	xml_open(&x, "application");
	xml_attr(&x, "xmlns", API_KEY);
	for (i = 0; i < FIELDS; i++)
		xml_leaf(&x, fields[i].element,
		    a->value[i] == NULL ? "" : a->value[i]);
	xml_open(&x, "apis");
	for (i = 0; i < a->n_apis; i++)
		xml_leaf(&x, "api", a->apis[i]);
	xml_close(&x);
	xml_close(&x);
	if (a->old.len > 0)
		put_old_stamp(a);
}

static void
write_request(struct applying *a)
{
	struct xmlout x;

	xml_begin(&x, &a->form);
	xml_open(&x, a->kind == REVOCATION ? "revocation" : "withdrawal");
	xml_attr(&x, "xmlns", REQUEST);
	xml_attr(&x, "number", a->number);
	xml_leaf(&x, "reason", a->reason == NULL ? "" : a->reason);
	xml_close(&x);
}

/* What the desk would say to it. */
static int
check(const struct applying *a, struct reading *r)
{
	struct job job = { .purpose = PURPOSE_INTAKE, .box = "",
	    .today = clock_day(clock_now()), .data = a->form.data,
	    .len = a->form.len };
	struct faults faults = FAULTS_INIT;
	struct buf text = BUF_INIT;
	struct rules rules;
	struct pool *pool;
	int status = EXIT_DONE;

	if (ledger_rules(r->ledger, ledger_head(r->ledger), &rules) != 0)
		return cmd_trouble(ledger_error());
	pool = pool_open(&rules, &r->settings, &faults);
	rules_free(&rules);
	faults_free(&faults);
	if (pool == NULL)
		return cmd_trouble("docket-check cannot be started");
	/* where they cannot be told, the desk looks again */
	catalogs_tell(r->index, pool, &text);
	buf_clear(&text);
	pool_submit(pool, &job);
	if (pool_wait(pool) == NULL || job.outcome != OUTCOME_VERDICT)
		status = cmd_trouble("the form cannot be checked");
	else if (job.verdict.faults.n > 0) {
		faults_block(&job.verdict.faults, &text);
		fprintf(stderr, "%s", buf_str(&text));
		status = EXIT_NO;
	}
	verdict_free(&job.verdict);
	buf_free(&text);
	pool_close(pool);
	return status;
}

static int
write_draft(const struct applying *a)
{
	int fd = strcmp(a->draft, "-") == 0 ? STDOUT_FILENO :
	    open(a->draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fs_write(fd, a->form.data, a->form.len) != 0) {
		cmd_say("%s: %s", a->draft, strerror(errno));
		return EXIT_DESK;
	}
	if (fd != STDOUT_FILENO)
		close(fd);
	return EXIT_DONE;
}

/* Into inbox, whole: the name that the desk takes appears by a rename. */
static int
drop(const struct applying *a, struct reading *r, char name[64])
{
	int dir = a->box == NULL ? r->desk.inbox :
	    fs_open_dir(r->desk.inbox, a->box);
	char random[17];
	int status = EXIT_DONE;

	snprintf(name, 64, "%s-%s.xml", a->kind == REVOCATION ? "revocation" :
	    a->kind == WITHDRAWAL ? "withdrawal" : "api-key",
	    hash_random(random, 8));
	if (dir < 0 || fs_replace(dir, name, a->form.data, a->form.len,
	    0644) != 0) {
		cmd_say("inbox/%s: %s", a->box == NULL ? "" : a->box,
		    strerror(errno));
		status = EXIT_DESK;
	}
	if (dir >= 0 && a->box != NULL)
		close(dir);
	return status;
}

struct arrival {
	struct ledger	*ledger;
	struct ruling	 ruling;
	bool		 found;
};

static int
take_arrival(void *arg, const char *commit)
{
	struct arrival *x = arg;

	if (ledger_ruling(x->ledger, commit, &x->ruling) != 0)
		return -1;
	x->found = true;
	return 1;
}

static int
say_arrival(const struct arrival *x)
{
	struct buf text = BUF_INIT;
	int status = EXIT_DONE;

	if (x->ruling.event == EVENT_REFUSE) {
		faults_block(&x->ruling.faults, &text);
		fprintf(stderr, "%s", buf_str(&text));
		status = EXIT_NO;
	} else {
		ruling_subject_line(&x->ruling, &text);
		printf("%s\n", buf_str(&text));
	}
	buf_free(&text);
	return status;
}

/* Waits until the ledger has what became of the file. */
static int
wait_for(const struct applying *a, struct reading *r, const char *name)
{
	int64_t until = clock_ticks() + PATIENCE_MS;
	struct arrival x = { .ledger = r->ledger };
	struct buf file = BUF_INIT;
	int status;

	buf_putf(&file, "%s%s%s", a->box == NULL ? "" : a->box,
	    a->box == NULL ? "" : "/", name);
	ruling_init(&x.ruling);
	while (!x.found && clock_ticks() < until &&
	    desk_is_run(&r->desk)) {
		index_commits_of_file(r->index, "", buf_str(&file), 1,
		    take_arrival, &x);
		if (!x.found)
			poll(NULL, 0, 50);
	}
	if (x.found)
		status = say_arrival(&x);
	else {
		cmd_say("dropped as inbox/%s; the answer will be in outbox",
		    buf_str(&file));
		status = desk_is_run(&r->desk) ? EXIT_DONE : EXIT_TROUBLE;
	}
	ruling_free(&x.ruling);
	buf_free(&file);
	return status;
}

static int
apply(struct applying *a, struct reading *r)
{
	bool asks = isatty(STDIN_FILENO);
	char name[64];
	int status;

	if (a->kind == CHANGE && (status = load_old(a, r)) != EXIT_DONE)
		return status;
	if (a->kind == REVOCATION || a->kind == WITHDRAWAL) {
		if (a->reason == NULL && asks)
			a->reason = ask(a, "Why", NULL);
		write_request(a);
	} else {
		if (asks && (a->value[CLIENT] == NULL || a->kind == CHANGE))
			ask_all(a);
		write_application(a);
	}
	if (a->draft != NULL)
		return write_draft(a);
	status = check(a, r);
	if (status == EXIT_DONE)
		status = drop(a, r, name);
	return status == EXIT_DONE ? wait_for(a, r, name) : status;
}

static void
set_case(struct applying *a, int kind, const char *number)
{
	if (a->kind != NEW)
		cmd_usage(&cmd_apply, "one of --change, --revocation, "
		    "--withdrawal");
	if (!number_valid(number))
		cmd_usage(&cmd_apply, "that is not the number of a case");
	a->kind = kind;
	a->number = number;
}

static int
run(int argc, char **argv)
{
	enum { OPT_CHANGE = 256, OPT_REVOCATION, OPT_WITHDRAWAL, OPT_API,
	    OPT_REASON, OPT_BOX, OPT_FIELD };
	static const struct option options[] = {
		{ "change", required_argument, NULL, OPT_CHANGE },
		{ "revocation", required_argument, NULL, OPT_REVOCATION },
		{ "withdrawal", required_argument, NULL, OPT_WITHDRAWAL },
		{ "client", required_argument, NULL, OPT_FIELD + CLIENT },
		{ "name", required_argument, NULL, OPT_FIELD + NAME },
		{ "effective", required_argument, NULL,
		  OPT_FIELD + EFFECTIVE },
		{ "expiry", required_argument, NULL, OPT_FIELD + EXPIRY },
		{ "quota", required_argument, NULL, OPT_FIELD + QUOTA },
		{ "description", required_argument, NULL,
		  OPT_FIELD + DESCRIPTION },
		{ "api", required_argument, NULL, OPT_API },
		{ "reason", required_argument, NULL, OPT_REASON },
		{ "box", required_argument, NULL, OPT_BOX },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct applying a = { .kind = NEW };
	struct reading r;
	int option, status;

	while ((option = cmd_option(&cmd_apply, argc, argv, "o:",
	    options)) != -1)
		switch (option) {
		case OPT_CHANGE:
			set_case(&a, CHANGE, optarg);
			break;
		case OPT_REVOCATION:
			set_case(&a, REVOCATION, optarg);
			break;
		case OPT_WITHDRAWAL:
			set_case(&a, WITHDRAWAL, optarg);
			break;
		case OPT_API:
			add_api(&a, optarg);
			break;
		case OPT_REASON:
			a.reason = optarg;
			break;
		case OPT_BOX:
			a.box = optarg;
			break;
		case 'o':
			a.draft = optarg;
			break;
		default:
			a.value[option - OPT_FIELD] = optarg;
		}
	if (optind < argc)
		cmd_usage(&cmd_apply, "it takes options only");
	status = cmd_open(&r);
	if (status == EXIT_DONE)
		status = apply(&a, &r);
	cmd_close(&r);
	applying_free(&a);
	return status;
}

const struct command cmd_apply = {
	"apply", run,
	"[OPTION ...]",
	"Apply for an API key, or ask for a change, by answering questions",
	"      --client ID --name NAME --effective DAY --expiry DAY --quota N\n"
	"      --description TEXT --api ID [--api ID ...]\n"
	"                            the fields; on a terminal what is missing "
	"is asked for\n"
	"      --change NUMBER       changed terms: only what is given "
	"changes\n"
	"      --revocation NUMBER   ask for revocation\n"
	"      --withdrawal NUMBER   take back what is not decided\n"
	"      --reason TEXT         why, for these two\n"
	"      --box BOX             drop it into inbox/BOX\n"
	"  -o, --output FILE         write the form there, and drop nothing\n",
};
