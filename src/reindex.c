/*
 * reindex: the index, brought up to the ledger's head.
 *
 * Commits and papers are read ahead by threads, what papers say is found out
 * by workers; here it comes together, in the ledger's order.
 *
 * May not: touch trays or outbox; decide anything.
 * The machine's trouble: a ledger or an index that cannot be read.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "notify.h"

#include "form.h"
#include "ruling.h"

#include "desk.h"
#include "rules.h"
#include "settings.h"

#include "ahead.h"
#include "catalogs.h"
#include "history.h"
#include "index.h"
#include "ledger.h"
#include "pool.h"

#include "reindex.h"

/* Commits with workers or after one that is; and how many at most are one
 * transaction of the index. */
#define WINDOW 512
#define TRANSACTION 8192

/* Commits that another thread is worth. */
#define COMMITS_MANY 1024

/* A commit, until it is applied. */
struct reading {
	struct item	*item;
	struct job	 job;
	bool		 waits;		/* a worker reads the paper */
};

struct reindexing {
	struct buf	 path;		/* of the ledger */
	struct ledger	*ledger;
	struct index	*index;
	struct settings	 settings;
	struct rules	 rules;		/* as of the commit at hand */
	struct pool	*pool;
	struct history	*history;
	struct oid	*oids;
	struct ahead	*ahead;
	struct reading	 window[WINDOW];	/* a ring */
	size_t		 first, n;
	size_t		 open;		/* applied, in a transaction */
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
 * nor its limits, which may have been lower.  A worker serves one drop box:
 * of those of a window, most find theirs at work. */
static void
take_settings(struct reindexing *x)
{
	static const char plain[] = "[desk]\n\tid = reindex\n"
	    "[check]\n\tworkers = 32\n";
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

/* Has a worker read it: one that has seen no other drop box. */
static void
give_paper(struct reindexing *x, struct reading *r)
{
	const struct filed *f = &r->item->filed;
	struct ruling *ruling = &r->item->ruling;

	if (f->stamped)
		memcpy(ruling->digest, f->stamp.sha256,
		    sizeof(ruling->digest));
	if (x->pool == NULL)
		return;
	r->job = (struct job){ .purpose = PURPOSE_FACTS,
	    .box = ruling->box == NULL ? "" : ruling->box,
	    .data = f->bytes.data, .len = f->bytes.len, .owner = r,
	    .today = clock_day(ruling->at) };
	r->waits = true;
	pool_submit(x->pool, &r->job);
}

/* What a worker read.  -1: it could not; an index without the day on which
 * a key expires is worse than none. */
static int
take_job(struct reindexing *x)
{
	struct job *job = pool_wait(x->pool);
	struct reading *r;
	struct ruling *ruling;

	if (job == NULL)
		return fail(x, "the workers are gone");
	r = job->owner;
	ruling = &r->item->ruling;
	r->waits = false;
	if (job->outcome != OUTCOME_VERDICT) {
		buf_putf(x->why, "no worker could read the paper of %s in "
		    "commit %s", ruling->number, ruling->commit);
		return -1;
	}
	facts_copy(&ruling->facts, &job->verdict.facts);
	verdict_free(&job->verdict);
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

static int
end_transaction(struct reindexing *x)
{
	if (x->open > 0 && index_commit(x->index) != 0)
		return fail(x, index_error());
	x->open = 0;
	return 0;
}

/* Tells how far it is. */
static int
tell(struct reindexing *x)
{
	notify_pulse();
	if (x->fn == NULL || x->fn(x->arg, x->done, x->all) == 0)
		return 0;
	if (end_transaction(x) == 0)
		fail(x, "asked to end");
	return -1;
}

static int
apply(struct reindexing *x, struct item *item)
{
	if (brings_facts(&item->ruling))
		complete_facts(&item->ruling);
	if (x->open == 0 && index_begin(x->index) != 0)
		return fail(x, index_error());
	x->open++;
	if (index_apply(x->index, &item->ruling) != 0)
		return fail(x, index_error());
	if (x->open == TRANSACTION && end_transaction(x) != 0)
		return -1;
	return ++x->done % WINDOW == 0 ? tell(x) : 0;
}

/* Applies the first of the window, once workers are through with it. */
static int
apply_first(struct reindexing *x)
{
	struct reading *r = &x->window[x->first];

	while (r->waits)
		if (take_job(x) != 0)
			return -1;
	if (apply(x, r->item) != 0)
		return -1;
	item_free(r->item);
	x->first = (x->first + 1) % WINDOW;
	x->n--;
	return 0;
}

static int
apply_all(struct reindexing *x)
{
	while (x->n > 0)
		if (apply_first(x) != 0)
			return -1;
	return 0;
}

/* -1: the commit cannot be read, or is not one of the desk's. */
static int
check_item(struct reindexing *x, const struct item *item)
{
	const char *why = item->unread != NULL ? item->unread : item->wrong;

	if (why == NULL && brings_facts(&item->ruling) &&
	    item->filed.found != 1)
		why = "its paper is not there";
	if (why == NULL)
		return 0;
	buf_putf(x->why, "commit %s: %s", item->ruling.commit, why);
	return -1;
}

/* Takes the item over. */
static int
take_item(struct reindexing *x, struct item *item)
{
	const struct ruling *ruling = &item->ruling;
	bool rules = ruling->event == EVENT_INIT ||
	    ruling->event == EVENT_RULES;
	struct reading *r;

	if ((rules && apply_all(x) != 0) ||
	    (x->n == WINDOW && apply_first(x) != 0) ||
	    check_item(x, item) != 0) {
		item_free(item);
		return -1;
	}
	r = &x->window[(x->first + x->n++) % WINDOW];
	*r = (struct reading){ .item = item };
	if (rules && take_rules(x, ruling->commit) != 0)
		return -1;
	if (brings_facts(ruling))
		give_paper(x, r);
	return 0;
}

static unsigned
threads_for(size_t commits)
{
	long most = sysconf(_SC_NPROCESSORS_ONLN);
	size_t worth = commits / COMMITS_MANY + 1;

	return most < 1 ? 1 : worth < (size_t)most ? (unsigned)worth :
	    (unsigned)most;
}

/* The commits after that one, "" for none; -1: it is not among them. */
static int
find_commits(struct reindexing *x, const char *from)
{
	struct oid after;
	size_t n;

	if (*ledger_head(x->ledger) == '\0')
		return *from == '\0' ? 0 : -1;
	if (*from != '\0' && oid_parse(&after, from) != 0)
		return -1;
	if (history_chain(x->history, *from == '\0' ? NULL : &after, NULL,
	    NULL, &x->oids, &n) != 0)
		return -1;
	x->all = n;
	return 0;
}

static int
walk(struct reindexing *x)
{
	const char *from = index_head(x->index);
	struct item *item;
	int status = 0;

	if (x->all == 0)
		return 0;
	if (*from != '\0' && take_rules(x, from) != 0)
		return -1;
	x->ahead = ahead_open(x->history, x->oids, (size_t)x->all,
	    threads_for((size_t)x->all));
	while (status == 0 && (item = ahead_next(x->ahead)) != NULL)
		status = take_item(x, item);
	if (status == 0)
		status = apply_all(x);
	if (status == 0)
		return end_transaction(x);
	if (x->open > 0)
		index_abort(x->index);
	return -1;
}

static void
cleanup(struct reindexing *x)
{
	struct job *job;

	/* jobs point into the window: the pool goes first */
	while (x->pool != NULL && (job = pool_cancel(x->pool)) != NULL)
		verdict_free(&job->verdict);
	pool_close(x->pool);
	for (; x->n > 0; x->n--, x->first = (x->first + 1) % WINDOW)
		item_free(x->window[x->first].item);
	ahead_close(x->ahead);
	history_close(x->history);
	free(x->oids);
	rules_free(&x->rules);
	settings_free(&x->settings);
	buf_free(&x->path);
	/* what a long walk has taken, nobody needs any more */
	if (x->done >= COMMITS_MANY)
		malloc_trim(0);
	free(x);
}

/* Opens the index, and finds the commits that it lacks. */
static int
begin(struct reindexing *x, const char *dirpath, bool anew)
{
	x->history = history_open(buf_str(&x->path), HISTORY_BELIEVED);
	if (x->history == NULL)
		return fail(x, ledger_error());
	x->index = index_open(dirpath, anew ? INDEX_ANEW : INDEX_WRITE);
	if (x->index != NULL && find_commits(x, index_head(x->index)) == 0)
		return 0;
	if (x->index != NULL && *index_head(x->index) != '\0') {
		/* of another ledger, or of one that was rewritten */
		index_close(x->index);
		x->index = index_open(dirpath, INDEX_ANEW);
		if (x->index != NULL && find_commits(x, "") == 0)
			return 0;
	}
	return fail(x, x->index == NULL ? index_error() : ledger_error());
}

struct index *
reindex(struct desk *desk, struct ledger *ledger, bool anew, reindex_fn *fn,
    void *arg, struct buf *why)
{
	struct reindexing *x = mem_alloc(sizeof(*x));
	struct buf path = BUF_INIT;
	struct index *index;
	int status;

	x->ledger = ledger;
	x->fn = fn;
	x->arg = arg;
	x->why = why;
	take_settings(x);
	buf_putf(&x->path, "%s/ledger.git", desk->path);
	buf_putf(&path, "%s/.docket", desk->path);
	status = begin(x, buf_str(&path), anew);
	buf_free(&path);
	if (status == 0)
		status = walk(x);
	if (status == 0 && index_sort(x->index) != 0)
		status = fail(x, index_error());
	index = x->index;
	cleanup(x);
	if (status == 0 && catalogs_load(ledger, index, why) == 0)
		return index;
	index_close(index);
	return NULL;
}
