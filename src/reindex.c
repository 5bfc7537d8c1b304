/*
 * reindex: the index, brought up to the ledger's head.
 *
 * May not: touch trays or outbox; decide anything.
 * The machine's trouble: a ledger or an index that cannot be read.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#include "form.h"
#include "ruling.h"

#include "desk.h"
#include "rules.h"
#include "settings.h"

#include "index.h"
#include "ledger.h"
#include "pool.h"

#include "reindex.h"

/* Commits read ahead, so that workers have something to do meanwhile. */
#define WINDOW 512

struct ahead {
	struct ruling	 ruling;
	struct job	 job;
	struct buf	 paper;
	bool		 reads;		/* a worker reads the paper */
};

struct reindexing {
	struct ledger	*ledger;
	struct index	*index;
	struct settings	 settings;
	struct rules	 rules;		/* as of the commit at hand */
	struct pool	*pool;
	struct ahead	 window[WINDOW];
	size_t		 n;
	uint64_t	 done, all;
	reindex_fn	*fn;
	void		*arg;
	struct buf	*why;
};

static int
fail(struct reindexing *x, const char *why)
{
	buf_puts(x->why, why);
	return -1;
}

/* The schemas as of a commit. */
static int
take_rules(struct reindexing *x, const char *commit)
{
	struct faults faults = FAULTS_INIT;
	const struct rules_file *conf;
	struct conf_error e;

	pool_close(x->pool);
	x->pool = NULL;
	rules_free(&x->rules);
	settings_free(&x->settings);
	if (ledger_rules(x->ledger, commit, &x->rules) != 0)
		return fail(x, ledger_error());
	conf = rules_get(&x->rules, "docket.conf");
	if (conf == NULL || settings_parse(&x->settings, conf->data,
	    conf->len, &e) != 0)
		return fail(x, "a docket.conf in the ledger is not valid");
	x->pool = pool_open(&x->rules, &x->settings, &faults);
	faults_free(&faults);
	return x->pool != NULL ? 0 : fail(x,
	    "the schemas in the ledger cannot be compiled");
}

/* Whether the ruling brings a form whose facts matter. */
static bool
brings_facts(const struct ruling *r)
{
	return r->event == EVENT_RECEIVE || r->event == EVENT_RESUBMIT ||
	    r->event == EVENT_REVISE ||
	    (r->event == EVENT_ASK && r->request == REQUEST_CHANGE);
}

static int
read_paper(struct reindexing *x, struct ahead *a)
{
	struct ruling *r = &a->ruling;
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct stamp stamp;
	size_t at, len;

	if (ledger_read(x->ledger, r->commit, ledger_path(path, STATE_PENDING,
	    r->number, ruling_paper(r, name)), &a->paper) != 1)
		return fail(x, ledger_error());
	if (stamp_find(a->paper.data, a->paper.len, &stamp, &at, &len) == 1) {
		memcpy(r->digest, stamp.sha256, sizeof(r->digest));
		stamp_free(&stamp);
	}
	a->job = (struct job){ .purpose = PURPOSE_FACTS, .box = "",
	    .data = a->paper.data, .len = a->paper.len, .owner = a,
	    .today = clock_day(r->at) };
	pool_submit(x->pool, &a->job);
	a->reads = true;
	return 0;
}

/* What the worker read; a form whose schema is no more has no facts but
 * those of the commit. */
static void
take_facts(struct ahead *a)
{
	struct ruling *r = &a->ruling;

	if (a->job.outcome == OUTCOME_VERDICT) {
		facts_copy(&r->facts, &a->job.verdict.facts);
		verdict_free(&a->job.verdict);
	} else
		log_event(LOG_WARN, r->number, "event", "facts-unreadable",
		    NULL);
	if (r->facts.client == NULL)
		r->facts.client = mem_str(r->client);
	if (r->facts.label == NULL)
		r->facts.label = mem_str(r->label);
}

/* Applies what was read ahead, once the workers are through with it. */
static int
flush(struct reindexing *x)
{
	struct job *job;
	size_t i;
	int status = 0;

	while ((job = pool_wait(x->pool)) != NULL)
		take_facts(job->owner);
	if (pool_pending(x->pool) > 0)
		return fail(x, "the workers are gone");
	if (index_begin(x->index) != 0)
		status = fail(x, index_error());
	for (i = 0; i < x->n && status == 0; i++)
		if (index_apply(x->index, &x->window[i].ruling) != 0)
			status = fail(x, index_error());
	if (status == 0 && index_commit(x->index) != 0)
		status = fail(x, index_error());
	for (i = 0; i < x->n; i++) {
		ruling_free(&x->window[i].ruling);
		buf_free(&x->window[i].paper);
	}
	x->done += x->n;
	x->n = 0;
	if (x->fn != NULL)
		x->fn(x->arg, x->done, x->all);
	return status;
}

static int
take_ruling(void *arg, struct ruling *r)
{
	struct reindexing *x = arg;
	struct ahead *a = &x->window[x->n];
	bool rules = r->event == EVENT_INIT || r->event == EVENT_RULES;

	if (rules && x->n > 0) {
		if (flush(x) != 0)
			return -1;
		a = x->window;
	}
	*a = (struct ahead){ .ruling = *r };
	ruling_init(r);
	x->n++;
	if (rules && take_rules(x, a->ruling.commit) != 0)
		return -1;
	if (brings_facts(&a->ruling) && read_paper(x, a) != 0)
		return -1;
	return x->n == WINDOW ? flush(x) : 0;
}

static int
walk(struct reindexing *x, const char *from)
{
	const char *head = ledger_head(x->ledger);
	int64_t distance = ledger_distance(x->ledger, from, head);
	int status;

	if (distance < 0)
		return fail(x, ledger_error());
	x->all = (uint64_t)distance;
	if (*from != '\0' && take_rules(x, from) != 0)
		return -1;
	status = ledger_walk(x->ledger, from, head, take_ruling, x);
	if (status == 0 && x->n > 0)
		status = flush(x);
	if (status != 0 && x->why->len == 0)
		fail(x, ledger_error());
	return status;
}

static void
cleanup(struct reindexing *x)
{
	size_t i;

	/* jobs point into the window: the pool goes first */
	pool_close(x->pool);
	for (i = 0; i < x->n; i++) {
		ruling_free(&x->window[i].ruling);
		buf_free(&x->window[i].paper);
	}
	rules_free(&x->rules);
	settings_free(&x->settings);
	free(x);
}

struct index *
reindex(struct desk *desk, struct ledger *ledger, bool anew, reindex_fn *fn,
    void *arg, struct buf *why)
{
	struct reindexing *x = mem_alloc(sizeof(*x));
	struct buf path = BUF_INIT;
	struct index *index;
	char from[COMMIT_HEX];
	int status = 0;

	x->ledger = ledger;
	x->fn = fn;
	x->arg = arg;
	x->why = why;
	buf_putf(&path, "%s/.docket", desk->path);
	index = index_open(buf_str(&path), anew ? INDEX_ANEW : INDEX_WRITE);
	/* of another ledger, or of one that was rewritten: from the start */
	if (index != NULL && *index_head(index) != '\0' &&
	    ledger_distance(ledger, index_head(index), ledger_head(ledger)) <
	    0) {
		index_close(index);
		index = index_open(buf_str(&path), INDEX_ANEW);
	}
	buf_free(&path);
	x->index = index;
	if (index == NULL)
		status = fail(x, index_error());
	else if (strcmp(index_head(index), ledger_head(ledger)) != 0) {
		memcpy(from, index_head(index), sizeof(from));
		status = walk(x, from);
	}
	cleanup(x);
	if (status == 0)
		return index;
	index_close(index);
	return NULL;
}
