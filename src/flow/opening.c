/*
 * opening: a flow opened and recovered, in the order that docket-ledger(5)
 * gives; and closed.
 *
 * May not: rule on anything; what a crash has left is taken up by the stage
 * whose it is.
 * The machine's trouble, or (flow_open() tells) a desk that is not usable.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#include "flowing.h"
#include "reindex.h"

/* *trouble: whether it is the machine that does not let us. */
static int
open_rules(struct flow *f, struct buf *why, bool *trouble)
{
	struct faults faults = FAULTS_INIT;
	struct rules rules;
	size_t i;

	if (ledger_rules(f->ledger, ledger_head(f->ledger), &rules) != 0) {
		*trouble = ledger_lacks_files();
		buf_puts(why, ledger_error());
		return -1;
	}
	f->rulebook = rulebook_open(f->desk, &rules, f->watch, TAG_RULES, why,
	    trouble);
	if (f->rulebook == NULL)
		return -1;
	clock_zone(flow_settings(f)->zone);
	f->pool = pool_open(rulebook_rules(f->rulebook), flow_settings(f),
	    &faults);
	if (f->pool == NULL) {
		*trouble = faults.n == 0;
		buf_puts(why, *trouble ? pool_error() :
		    "the schemas in the ledger cannot be compiled");
		for (i = 0; i < faults.n; i++) {
			buf_puts(why, "\n  ");
			fault_line(&faults.list[i], why);
		}
	}
	faults_free(&faults);
	return f->pool == NULL ? -1 : 0;
}

static int
open_stages(struct flow *f)
{
	const struct settings *s = flow_settings(f);

	flow_open_telling(f);
	f->trays = trays_open(f->desk, s, f->ledger, f->watch, TAG_TRAYS);
	f->outbox = outbox_open(f->desk, s, f->ledger, f->index);
	f->intake = intake_open(f->desk, s, f->watch, TAG_BOXES);
	f->reminders = reminders_open(f->desk, s, f->index);
	if (f->trays == NULL || f->outbox == NULL || f->reminders == NULL)
		return flow_fail(f, "where the desk stopped cannot be read");
	f->gateway = gateway_open(f->desk, s, f->index);
	if (f->once) {
		intake_hurry(f->intake);
		trays_hurry(f->trays);
	}
	if (trays_catch_up(f->trays) != 0)
		return flow_fail(f, "the trays cannot be brought up to date%s"
		    "%s", log_caused() == NULL ? ": " : "",
		    log_caused() == NULL ? ledger_error() : "");
	flow_apply_settings(f);
	flow_meet_boxes(f);
	if (outbox_catch_up(f->outbox) != 0)
		return flow_fail(f, "answers cannot be written");
	return flow_open_keys(f);
}

/* A claim that a crash has left: if the ledger has it, it is finished; else
 * it is looked at as if it had come just now. */
static int
recover_claim(struct flow *f, struct parcel *p)
{
	char commit[COMMIT_HEX];
	int found = index_intake(f->index, p->id, commit);
	struct ruling *r;
	struct entry *e;

	if (found < 0) {
		parcel_free(p);
		return flow_fail(f, "%s", index_error());
	}
	if (found == 0) {
		flow_take_later(f, p);
		return 0;
	}
	r = mem_alloc(sizeof(*r));
	if (ledger_ruling(f->ledger, commit, r) != 0) {
		free(r);
		parcel_free(p);
		return flow_fail(f, "%s", ledger_error());
	}
	log_event(LOG_INFO, "intake", "event", "recovered", "claim", p->id,
	    NULL);
	if (r->event != EVENT_REFUSE) {
		intake_drop(f->intake, p);
		ruling_free(r);
		free(r);
		parcel_free(p);
		return 0;
	}
	e = entries_add(&f->unanswered, r);
	e->parcel = p;
	return 0;
}

struct recovering {
	struct flow	*flow;
	int		 status;
};

static void
on_claim(void *arg, struct parcel *p)
{
	struct recovering *x = arg;

	if (x->status == 0)
		x->status = recover_claim(x->flow, p);
	else
		parcel_free(p);
}

static int
recover_claims(struct flow *f)
{
	struct recovering x = { f, 0 };

	if (intake_recover(f->intake, on_claim, &x) != 0)
		return flow_fail(f, "the claims cannot be read: %s",
		    strerror(errno));
	if (x.status != 0)
		return -1;
	flow_sweep_batches(f);
	return flow_answer_again(f);
}

static struct flow *
give_up(struct flow *f, struct buf *why)
{
	if (why->len == 0)
		buf_puts(why, f->error);
	flow_close(f);
	return NULL;
}

struct flow *
flow_open(struct desk *desk, bool once, struct buf *why, bool *trouble)
{
	struct flow *f = mem_alloc(sizeof(*f));
	struct buf path = BUF_INIT;

	*trouble = true;
	f->desk = desk;
	f->once = once;
	f->watch = watch_new();
	if (f->watch == NULL) {
		flow_fail(f, "inotify: %s", strerror(errno));
		return give_up(f, why);
	}
	buf_putf(&path, "%s/ledger.git", desk->path);
	f->ledger = ledger_open(buf_str(&path));
	buf_free(&path);
	if (f->ledger == NULL || ledger_recover(f->ledger) != 0) {
		flow_fail(f, "%s", ledger_error());
		*trouble = f->ledger != NULL || ledger_lacks_files();
		return give_up(f, why);
	}
	*trouble = false;
	if (open_rules(f, why, trouble) != 0)
		return give_up(f, why);
	*trouble = true;
	f->index = reindex(desk, f->ledger, false, flow_index_progress, f,
	    why);
	if (f->index == NULL || flow_relist(f) != 0 || open_stages(f) != 0 ||
	    recover_claims(f) != 0)
		return give_up(f, why);
	trays_compare(f->trays);
	intake_look(f->intake);
	f->clock_due = clock_ticks();
	f->look_due = clock_ticks() + LOOK_MS;
	return f;
}

void
flow_close(struct flow *f)
{
	struct job *job;
	struct task *t;

	if (f == NULL)
		return;
	/* tasks that are still with workers are found again as claims */
	while (f->pool != NULL && (job = pool_cancel(f->pool)) != NULL) {
		t = job->owner;
		task_free(t);
	}
	pool_close(f->pool);
	flow_free_lists(f);
	flow_free_batches(f);
	/* before what is lent to it */
	outbox_close(f->outbox);
	flow_close_group(f);
	flow_forget_answers(f);
	entries_free(&f->again);
	entries_free(&f->held);
	entries_free(&f->unanswered);
	if (f->restore != NULL)
		ruling_free(f->restore);
	free(f->restore);
	intake_close(f->intake);
	keys_close(f->keys);
	reminders_close(f->reminders);
	gateway_close(f->gateway);
	probe_close(f->probe);
	metrics_close(f->metrics);
	trays_close(f->trays);
	rulebook_close(f->rulebook);
	index_close(f->index);
	ledger_close(f->ledger);
	watch_free(f->watch);
	flow_forget_numbers(f);
	free(f);
}
