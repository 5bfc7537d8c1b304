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
#include "notify.h"

#include "form.h"
#include "ruling.h"

#include "desk.h"
#include "rules.h"
#include "settings.h"

#include "index.h"
#include "catalogs.h"
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

/* Settings that come with docket: to read a form that was good in its day
 * neither that day's docket.conf is needed, which may not be valid any more,
 * nor its limits, which may have been lower. */
static void
take_settings(struct reindexing *x)
{
	static const char plain[] = "[desk]\n\tid = reindex\n";
	struct conf_error e;

	if (settings_parse(&x->settings, plain, sizeof(plain) - 1, &e) != 0)
		bug("settings that are none");
}

/* The schemas as of a commit.  Where they do not compile any more, papers
 * have no facts but those of their commits. */
static int
take_rules(struct reindexing *x, const char *commit)
{
	struct faults faults = FAULTS_INIT;
	struct buf line = BUF_INIT;
	int status = 0;

	pool_close(x->pool);
	x->pool = NULL;
	rules_free(&x->rules);
	if (ledger_rules(x->ledger, commit, &x->rules) != 0)
		return fail(x, ledger_error());
	x->pool = pool_open(&x->rules, &x->settings, &faults);
	if (x->pool == NULL && faults.n > 0) {
		fault_line(&faults.list[0], &line);
		log_event(LOG_WARN, "reindex", "event", "schemas-invalid",
		    "commit", commit, "fault", buf_str(&line), NULL);
	} else if (x->pool == NULL)
		status = fail(x, "docket-check cannot be started");
	faults_free(&faults);
	buf_free(&line);
	return status;
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
	/* no child reads papers of two drop boxes */
	a->job = (struct job){ .purpose = PURPOSE_FACTS,
	    .box = r->box == NULL ? "" : r->box, .data = a->paper.data, .len = a->paper.len, .owner = a,
	    .today = clock_day(r->at) };
	a->reads = true;
	if (x->pool != NULL)
		pool_submit(x->pool, &a->job);
	return 0;
}

/* What the worker read.  -1: it could not; an index without the day on which
 * a key expires is worse than none. */
static int
take_verdict(struct reindexing *x, struct ahead *a)
{
	struct ruling *r = &a->ruling;

	if (a->job.outcome != OUTCOME_VERDICT) {
		buf_putf(x->why, "no worker could read the paper of %s in "
		    "commit %s", r->number, r->commit);
		return -1;
	}
	facts_copy(&r->facts, &a->job.verdict.facts);
	verdict_free(&a->job.verdict);
	return 0;
}

/* A form whose schema is no more has no facts but those of the commit. */
static void
complete_facts(struct ruling *r)
{
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

	while (x->pool != NULL && (job = pool_wait(x->pool)) != NULL)
		if (status == 0)
			status = take_verdict(x, job->owner);
		else
			verdict_free(&job->verdict);
	if (status != 0)
		return -1;
	if (x->pool != NULL && pool_pending(x->pool) > 0)
		return fail(x, "the workers are gone");
	for (i = 0; i < x->n; i++)
		if (x->window[i].reads)
			complete_facts(&x->window[i].ruling);
	if (index_begin(x->index) != 0)
		return fail(x, index_error());
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
	notify_pulse();
	if (status == 0 && x->fn != NULL &&
	    x->fn(x->arg, x->done, x->all) != 0)
		status = fail(x, "asked to end");
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
	int status;

	if (*from != '\0' && take_rules(x, from) != 0)
		return -1;
	status = ledger_walk(x->ledger, from, ledger_head(x->ledger), &x->all,
	    take_ruling, x);
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
	take_settings(x);
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
	if (status == 0 && catalogs_load(ledger, index, why) != 0)
		status = -1;
	cleanup(x);
	if (status == 0)
		return index;
	index_close(index);
	return NULL;
}
