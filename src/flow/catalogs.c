/*
 * catalogs: the lists in force, from the ledger to the index and the workers.
 *
 * May not: look into a list (a worker does); decide which one is in force
 * (the ledger says it).
 * The machine's trouble: a list that was approved and cannot be read.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"

#include "form.h"
#include "limit.h"

#include "rules.h"
#include "settings.h"

#include "catalogs.h"

struct loading {
	struct ledger	*ledger;
	struct index	*index;
	struct pool	*pool;		/* once it is needed */
	struct buf	*why;
};

static int
fail(struct loading *x, const char *list, const char *why)
{
	buf_putf(x->why, "the list %s cannot be read: %s", list, why);
	return -1;
}

static int
collect(void *arg, const char *name)
{
	buf_putf(arg, "%s\n", name);
	return 0;
}

/* Calls fn for each of these names. */
static int
each_name(int (*names_of)(struct index *, index_text_fn *, void *),
    struct loading *x, int (*fn)(struct loading *, const char *))
{
	struct buf names = BUF_INIT;
	int status = names_of(x->index, collect, &names);
	char *at = names.data, *name;

	if (status != 0)
		buf_puts(x->why, index_error());
	while (status == 0 && (name = strsep(&at, "\n")) != NULL)
		if (*name != '\0')
			status = fn(x, name);
	buf_free(&names);
	return status;
}

/* Whether the entries of this very paper are in the index: 1, 0, -1. */
static int
is_loaded(struct index *index, const char *list, const struct casefile *c)
{
	char sha256[65];
	int found = index_list_digest(index, list, sha256);

	return found != 1 ? found : strcmp(sha256, c->sha256) == 0;
}

/* A worker for this alone. */
static int
open_pool(struct loading *x)
{
	static const char plain[] =
	    "[desk]\n\tid = catalogs\n[check]\n\tworkers = 1\n";
	struct faults faults = FAULTS_INIT;
	struct settings settings;
	struct conf_error e;
	struct rules rules;

	if (x->pool != NULL)
		return 0;
	if (ledger_rules(x->ledger, ledger_head(x->ledger), &rules) != 0) {
		buf_puts(x->why, ledger_error());
		return -1;
	}
	if (settings_parse(&settings, plain, sizeof(plain) - 1, &e) != 0)
		bug("settings that are none");
	x->pool = pool_open(&rules, &settings, &faults);
	if (x->pool == NULL)
		buf_puts(x->why, pool_error());
	faults_free(&faults);
	settings_free(&settings);
	rules_free(&rules);
	return x->pool == NULL ? -1 : 0;
}

static bool
is_list(const struct pool *pool, const struct casefile *c, const char *list)
{
	const struct form_types *types = pool_types(pool);
	int at = types_find(types, c->form);

	return at >= 0 && types->list[at].lists != NULL &&
	    strcmp(types->list[at].lists, list) == 0;
}

static int
store(struct loading *x, const char *list, const struct casefile *c,
    const char *lines)
{
	if (index_begin(x->index) != 0) {
		buf_puts(x->why, index_error());
		return -1;
	}
	if ((lines == NULL ? index_list_drop(x->index, list) :
	    index_list_put(x->index, list, c->sha256, lines)) == 0 &&
	    index_commit(x->index) == 0)
		return 0;
	buf_puts(x->why, index_error());
	index_abort(x->index);
	return -1;
}

/* The box is called as no folder is. */
static int
read_list(struct loading *x, const char *list, const struct casefile *c,
    struct buf *paper)
{
	struct job job = { .purpose = PURPOSE_ENTRIES,
	    .box = "a list / in force", .data = buf_str(paper),
	    .len = paper->len };
	int status;

	pool_submit(x->pool, &job);
	if (pool_wait(x->pool) != &job || job.outcome != OUTCOME_VERDICT ||
	    job.verdict.entries == NULL)
		status = fail(x, list, "no worker could do it");
	else {
		/* what is sent on needs the paper no more */
		buf_free(paper);
		status = store(x, list, c, job.verdict.entries);
	}
	verdict_free(&job.verdict);
	return status;
}

static int
load_paper(struct loading *x, const char *list, const struct casefile *c)
{
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct buf paper = BUF_INIT;
	int status;

	if (open_pool(x) != 0)
		return -1;
	/* of schemas that know of no such list it is none: it is looked at
	 * again when there are others */
	if (!is_list(x->pool, c, list))
		return store(x, list, c, NULL);
	ledger_path(path, STATE_APPROVED, c->number, casefile_paper(c, name));
	if (ledger_read(x->ledger, ledger_head(x->ledger), path, &paper) != 1)
		status = fail(x, list, ledger_error());
	else
		status = read_list(x, list, c, &paper);
	buf_free(&paper);
	if (status == 0)
		log_event(LOG_INFO, c->number, "event", "listed", "list", list,
		    NULL);
	return status;
}

static int
load_list(struct loading *x, const char *list)
{
	struct casefile c;
	int found = index_list(x->index, list, &c), loaded, status = 0;

	if (found != 1)
		return found == 0 ? 0 : fail(x, list, index_error());
	loaded = is_loaded(x->index, list, &c);
	if (loaded < 0)
		status = fail(x, list, index_error());
	else if (loaded == 0)
		status = load_paper(x, list, &c);
	casefile_free(&c);
	return status;
}

/* One that is in force no more. */
static int
drop_list(struct loading *x, const char *list)
{
	struct casefile c;
	int found = index_list(x->index, list, &c);

	if (found < 0)
		return fail(x, list, index_error());
	if (found == 0)
		return store(x, list, NULL, NULL);
	casefile_free(&c);
	return 0;
}

int
catalogs_load(struct ledger *ledger, struct index *index, struct buf *why)
{
	struct loading x = { .ledger = ledger, .index = index, .why = why };
	int status = each_name(index_loaded, &x, drop_list);

	if (status == 0)
		status = each_name(index_lists, &x, load_list);
	pool_close(x.pool);
	return status;
}

/* Telling. */

struct telling {
	struct pool	*pool;
	const char	*list;
	struct buf	 lines;
};

static int
send_ids(struct telling *t)
{
	struct ids ids = { mem_str(t->list), mem_str(buf_str(&t->lines)) };
	int status = pool_add_ids(t->pool, &ids);

	ids_free(&ids);
	buf_clear(&t->lines);
	return status;
}

static int
tell_entry(void *arg, const struct list_entry *e)
{
	struct telling *t = arg;

	if (t->lines.len + strlen(e->id) + 1 > LIMIT_ENTRIES_PART &&
	    send_ids(t) != 0)
		return -1;
	buf_putf(&t->lines, "%s\n", e->id);
	return 0;
}

static int
tell_list(struct loading *x, const char *list)
{
	struct telling t = { x->pool, list, BUF_INIT };
	struct casefile c;
	int found = index_list(x->index, list, &c), status = 0;

	if (found != 1)
		return found == 0 ? 0 : fail(x, list, index_error());
	if (is_list(x->pool, &c, list)) {
		if (is_loaded(x->index, list, &c) != 1)
			status = fail(x, list, "the index is behind");
		else if (index_entries(x->index, list, tell_entry, &t) != 0 ||
		    send_ids(&t) != 0)
			status = fail(x, list, "no worker takes it");
	}
	buf_free(&t.lines);
	casefile_free(&c);
	return status;
}

int
catalogs_tell(struct index *index, struct pool *pool, struct buf *why)
{
	struct loading x = { .index = index, .pool = pool, .why = why };

	if (pool_forget(pool) != 0) {
		buf_puts(why, "the workers are gone");
		return -1;
	}
	return each_name(index_lists, &x, tell_list);
}
