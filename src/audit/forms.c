/*
 * forms: papers that workers look into while the replay goes on.
 *
 * What they say of a paper is compared with what its commit says of it; what
 * is wrong is reported for that commit, whichever is at hand by then.
 *
 * The machine's trouble: a worker that cannot say anything.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "text.h"

#include "auditing.h"

/* Papers with workers at a time, and their bytes. */
#define MOST 128
#define MOST_BYTES (32u * 1024 * 1024)

struct check {
	struct job	 job;
	struct buf	 paper;
	size_t		 at;		/* the commit */
	char		 number[NUMBER_TEXT];
	char		 sha256[65];
	char		 day[DAY_TEXT];
	enum event	 event;
	enum ask	 ask;
	char		 overlap[OVERLAP_TEXT];
	char		*form, *client, *label, *note, *box;
};

static void
check_free(struct check *c)
{
	verdict_free(&c->job.verdict);
	buf_free(&c->paper);
	free(c->form);
	free(c->client);
	free(c->label);
	free(c->note);
	free(c->box);
	free(c);
}

/* A value as a trailer has it. */
static bool
same_line(const char *trailer, const char *value)
{
	struct buf line = BUF_INIT;
	bool same;

	if (value != NULL)
		text_line(&line, value, strlen(value), 4096);
	same = strcmp(trailer == NULL ? "" : trailer, buf_str(&line)) == 0;
	buf_free(&line);
	return same;
}

static void
differs(struct auditing *a, const struct check *c, const char *what,
    const char *is, const char *should)
{
	audit_wrong_at(a, c->at, "its paper says %s %s; the commit says %s",
	    what, should == NULL ? "nothing" : should,
	    is == NULL ? "nothing" : is);
}

/* The facts of a form, its client by default that of the box. */
static void
compare_form(struct auditing *a, struct check *c, struct facts *facts)
{
	const struct form_types *types = pool_types(a->pool);
	const struct verdict *v = &c->job.verdict;
	struct faults faults = FAULTS_INIT;
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	if (v->type < 0 || strcmp(types->list[v->type].form, c->form) != 0) {
		differs(a, c, "it is", c->form, v->type < 0 ? NULL :
		    types->list[v->type].form);
		return;
	}
	number_split(c->number, prefix, &seq);
	if (c->event == EVENT_RECEIVE &&
	    strcmp(types->list[v->type].prefix, prefix) != 0)
		audit_wrong_at(a, c->at, "%s is no number for %s", c->number,
		    c->form);
	if (!rule_may_send(&a->settings, c->box, facts, &faults) ||
	    !rule_may_list(&a->settings, c->box, &types->list[v->type],
	    &faults))
		audit_wrong_at(a, c->at, "%s", fault_text(&faults.list[0]));
	faults_free(&faults);
	if (facts->client == NULL)
		facts->client = mem_str(settings_client(&a->settings, c->box));
	if (c->event == EVENT_RECEIVE ? !same_line(c->client, facts->client) :
	    c->client != NULL && facts->client != NULL &&
	    !same_line(c->client, facts->client))
		differs(a, c, "its client is", c->client, facts->client);
	if (c->event == EVENT_RECEIVE && !same_line(c->label, facts->label))
		differs(a, c, "it is called", c->label, facts->label);
}

static void
compare_request(struct auditing *a, const struct check *c)
{
	const struct verdict *v = &c->job.verdict;
	char *note = v->reason == NULL ? NULL : note_clean(v->reason);

	if (v->type < 0 ||
	    pool_types(a->pool)->list[v->type].ask != c->ask)
		audit_wrong_at(a, c->at, "its paper asks for something else");
	if (strcmp(v->number, c->number) != 0)
		differs(a, c, "it is about", c->number, v->number);
	if (strcmp(note == NULL ? "" : note, c->note == NULL ? "" : c->note) !=
	    0)
		differs(a, c, "the reason is", c->note, note);
	if (strcmp(v->overlap, c->overlap) != 0)
		differs(a, c, "the overlap is", c->overlap, v->overlap);
	free(note);
}

/* What is proven by them; not the fields, which nobody asks for. */
static void
keep_facts(struct facts *to, const struct facts *from)
{
	struct facts few = *from;

	few.fields = few.apis = NULL;
	facts_free(to);
	facts_copy(to, &few);
}

/* The facts belong to whatever paper of the case this is. */
static void
take_facts(struct auditing *a, const struct check *c, struct facts *facts)
{
	struct record *k = map_get(&a->records, c->number);

	if (k == NULL)
		return;
	k->pending--;
	if (k->pending == 0)
		k->unnamed = false;
	if (strcmp(k->good_sha256, c->sha256) == 0)
		k->good_later |= c->job.verdict.later;
	if (c->ask != ASK_NOTHING || c->job.purpose == PURPOSE_DECISION)
		return;
	if (strcmp(k->c.sha256, c->sha256) == 0)
		keep_facts(&k->c.facts, facts);
	if (strcmp(k->c.asked_sha256, c->sha256) == 0)
		keep_facts(&k->c.asked, facts);
}

static void
take_verdict(struct auditing *a, struct check *c)
{
	struct verdict *v = &c->job.verdict;
	struct buf line = BUF_INIT;

	if (v->faults.n > 0) {
		fault_line(&v->faults.list[0], &line);
		audit_wrong_at(a, c->at, c->job.purpose == PURPOSE_DECISION ?
		    "the paper could not be approved on that day: %s" :
		    "the paper is not valid by the rules of that day: %s",
		    buf_str(&line));
		buf_free(&line);
	} else if (c->job.purpose == PURPOSE_INTAKE) {
		if (c->ask == ASK_NOTHING)
			compare_form(a, c, &v->facts);
		else
			compare_request(a, c);
	}
	take_facts(a, c, &v->facts);
}

/* By itself it may be within the bounds. */
static int
ask_less(struct auditing *a, struct job *job)
{
	job->later = 0;
	a->with_workers += job->len;
	pool_submit(a->pool, job);
	return 0;
}

static int
take_job(struct auditing *a, struct job *job)
{
	struct check *c = job->owner;
	int status = 0;

	a->with_workers -= job->len;
	switch (job->outcome) {
	case OUTCOME_VERDICT:
		take_verdict(a, c);
		break;
	case OUTCOME_COSTLY:
		if (job->later != 0)
			return ask_less(a, job);
		audit_wrong_at(a, c->at, "its paper exceeds the bounds of time "
		    "and memory");
		break;
	default:
		status = audit_trouble(a, "a worker failed at the paper of %s",
		    c->number);
	}
	check_free(c);
	return status;
}

/* Waits for the next that a worker is through with. */
static int
take_next(struct auditing *a)
{
	struct job *job = pool_wait(a->pool);

	if (job == NULL)
		return audit_trouble(a, "the workers are gone");
	return take_job(a, job);
}

/* Waits until no more than so many are with workers. */
static int
wait_until(struct auditing *a, size_t most)
{
	while (a->pool != NULL && (pool_pending(a->pool) > most ||
	    a->with_workers > MOST_BYTES))
		if (take_next(a) != 0)
			return -1;
	return 0;
}

/* A job that is waited for, after all that were before it. */
static int
do_at_once(struct auditing *a, struct job *job, const char *what)
{
	if (wait_until(a, 0) != 0)
		return -1;
	pool_submit(a->pool, job);
	if (pool_wait(a->pool) == job && job->outcome == OUTCOME_VERDICT)
		return 0;
	return audit_trouble(a, "a worker failed at %s", what);
}

int
forms_go_on(struct auditing *a)
{
	struct job *job;

	if (a->pool == NULL || pool_pending(a->pool) == 0)
		return 0;
	if (pool_exchange(a->pool) != 0)
		return audit_trouble(a, "the workers are gone");
	while ((job = pool_done(a->pool)) != NULL)
		if (take_job(a, job) != 0)
			return -1;
	return wait_until(a, MOST);
}

int
forms_wait(struct auditing *a, const struct record *k)
{
	while (k->pending > 0)
		if (take_next(a) != 0)
			return -1;
	return 0;
}

int
forms_finish(struct auditing *a)
{
	return wait_until(a, 0);
}

/* If it is not, this commit is wrong, and none after it matters; but of the
 * later day nothing is claimed yet. */
static void
expect_good(const struct auditing *a, struct check *c, struct record *k)
{
	c->job.later = foreseen_day(&a->foreseen, c->sha256);
	if (c->job.later == c->job.today)
		c->job.later = 0;
	strcpy(k->good, c->day);
	strcpy(k->good_sha256, c->sha256);
	k->good_schemas = a->schemas;
	k->later = c->job.later;
	k->good_later = false;
}

int
forms_check(struct auditing *a, const struct item *item, struct record *k,
    const struct ruling *r, struct buf *paper, enum purpose purpose,
    int32_t today)
{
	struct check *c = mem_alloc(sizeof(*c));

	c->paper = *paper;
	*paper = (struct buf)BUF_INIT;
	c->at = a->at;
	c->event = r->event;
	c->ask = claimed_ask(r);
	strcpy(c->overlap, r->overlap);
	strcpy(c->number, r->number);
	strcpy(c->sha256, purpose == PURPOSE_INTAKE ? item->filed.sha256 :
	    r->sha256);
	day_text(c->day, today);
	c->form = mem_str(r->form);
	c->client = mem_str(r->client);
	c->label = mem_str(r->label);
	c->note = mem_str(r->note);
	c->box = mem_str(r->box);
	c->job = (struct job){ .purpose = purpose, .today = today, .box = "",
	    .brief = true, .data = buf_str(&c->paper), .len = c->paper.len,
	    .owner = c };
	if (purpose == PURPOSE_INTAKE && c->ask == ASK_NOTHING)
		expect_good(a, c, k);
	k->pending++;
	a->with_workers += c->job.len;
	pool_submit(a->pool, &c->job);
	return 0;
}

/* Facts of a paper in the tree, read at once. */
static int
read_facts(struct auditing *a, const char *number, enum state tray,
    const char *name, struct facts *facts)
{
	struct check *c = mem_alloc(sizeof(*c));
	char path[LEDGER_PATH];
	int status;

	if (audit_read(a, ledger_path(path, tray, number, name), &c->paper) !=
	    1) {
		audit_trouble(a, "%s cannot be read", path);
		check_free(c);
		return -1;
	}
	c->job = (struct job){ .purpose = PURPOSE_FACTS, .box = "",
	    .brief = true, .data = buf_str(&c->paper), .len = c->paper.len,
	    .owner = c };
	status = do_at_once(a, &c->job, path);
	if (status == 0)
		keep_facts(facts, &c->job.verdict.facts);
	check_free(c);
	return status;
}

int
forms_read(struct auditing *a, struct record *k)
{
	char name[PAPER_NAME];

	if (!k->unread)
		return 0;
	if (read_facts(a, k->c.number, k->c.state, casefile_paper(&k->c,
	    name), &k->c.facts) != 0 || (k->c.request == REQUEST_CHANGE &&
	    read_facts(a, k->c.number, STATE_PENDING,
	    casefile_request_paper(&k->c, name), &k->c.asked) != 0))
		return -1;
	if (k->c.facts.client == NULL && k->c.box != NULL)
		k->c.facts.client = mem_str(settings_client(&a->settings,
		    k->c.box));
	k->unread = k->unnamed = false;
	return 0;
}

int
forms_list(struct auditing *a, const char *sha256, const struct buf *bytes)
{
	struct job job = { .purpose = PURPOSE_FACTS, .box = "",
	    .data = buf_str(bytes), .len = bytes->len };

	if (strcmp(a->list_sha256, sha256) == 0)
		return 0;
	if (do_at_once(a, &job, "a list") != 0) {
		verdict_free(&job.verdict);
		return -1;
	}
	verdict_free(&a->list);
	a->list = job.verdict;
	strcpy(a->list_sha256, sha256);
	return 0;
}

int
forms_entries(struct auditing *a, const char *name, const struct buf *paper,
    struct buf *ids)
{
	struct job job = { .purpose = PURPOSE_ENTRIES, .box = "",
	    .data = buf_str(paper), .len = paper->len };
	const char *line;
	int status = 0;

	if (wait_until(a, 0) != 0)
		return -1;
	pool_submit(a->pool, &job);
	if (pool_wait(a->pool) != &job || job.outcome != OUTCOME_VERDICT ||
	    job.verdict.entries == NULL)
		status = audit_trouble(a, "a worker failed at the list of %s",
		    name);
	for (line = job.verdict.entries; status == 0 && *line != '\0';
	    line = strchr(line, '\n') + 1) {
		buf_put(ids, line, strcspn(line, "\t"));
		buf_putc(ids, '\n');
	}
	verdict_free(&job.verdict);
	return status;
}

void
forms_close(struct auditing *a)
{
	struct job *job;

	while (a->pool != NULL && (job = pool_cancel(a->pool)) != NULL)
		check_free(job->owner);
	pool_close(a->pool);
	a->pool = NULL;
	verdict_free(&a->list);
}
