/*
 * flow: the story: what comes after what.
 *
 * May not: do any stage's work itself.
 * Failures: a bad form becomes an answer; a decision that is refused is
 * undone and explained; a box that cannot be written to waits.  Whatever the
 * machine fails us in ends the run (-1), and everything begins anew through
 * recovery: nothing is tried again in the middle.
 *
 * The order of events for a form (docket-ledger(5) tells what a crash after
 * each leaves behind):
 *
 *	1 claim		intake_collect()	moved to .docket/claims
 *	2 check		pool_exchange()
 *	3 rule		flow_rule_claim()
 *	4 build		flow_add()		number, commit in memory
 *	5 commit	flow_commit()		claims synced, pack, branch
 *	6 trays		trays_apply()		of forms that came, as 7
 *	7 outbox	outbox_deliver()	while the next ones are at 1 to 5
 *	8 drop		intake_drop()
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "notify.h"
#include "signals.h"

#include "limit.h"

#include "flowing.h"

/* The clock's work is looked for so often, ms. */
#define CLOCK_MS 10000

/* A full disk is looked at again after so long, ms. */
#define ROOM_MS 1000

/* At the end, what is in hand is finished if it is so little, and does not
 * take longer than this, ms; and all is over so long after it began: who stops
 * a desk waits for it.  What is left are claims and decisions of which nobody
 * was told anything: the next start finds them, as after a crash.  What a
 * gateway was not told, it is told then. */
#define END_FEW 100
#define DRAIN_MS 400
#define END_MS 800

/* Whether to end is looked for so often while workers are waited for. */
#define DRAIN_LOOK_MS 100

/* Events taken in a round: what the kernel keeps of them. */
#define EVENTS_MOST 16384

/* When the rules change, workers may finish what they have for so long, ms. */
#define ADOPT_MS 2000

/* A single round is waited for as long as its forms take, and tells the
 * gateways all there is, for so long at most, ms. */
#define GATEWAY_MS 60000

/* Whether answers are given is looked at so often, ms. */
#define ANSWERS_MS 20

/* The longest sleep, ms. */
#define SLEEP_MS 60000

int
flow_fail(struct flow *f, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(f->error, sizeof(f->error), fmt, ap);
	va_end(ap);
	if (log_caused() != NULL && n > 0 && (size_t)n < sizeof(f->error))
		snprintf(f->error + n, sizeof(f->error) - (size_t)n, " (%s)",
		    log_caused());
	log_cause_clear();
	return -1;
}

const struct settings *
flow_settings(const struct flow *f)
{
	return rulebook_settings(f->rulebook);
}

static int
papers_of(void *ledger, enum state tray, const char *number,
    ledger_name_fn *fn, void *arg)
{
	return ledger_papers(ledger, tray, number, fn, arg);
}

struct rule_context
flow_context(const struct flow *f)
{
	struct rule_context ctx = { .settings = flow_settings(f),
	    .types = pool_types(f->pool), .papers = papers_of,
	    .ledger = f->ledger, .now = clock_now() };

	day_text(ctx.today, clock_day(ctx.now));
	return ctx;
}

const char *
flow_error(const struct flow *f)
{
	return f->error;
}

/* Rules. */

static void
look_at_grounds(struct flow *f)
{
	bool asked = flow_settings(f)->reviews[0].of[APPROVE].evidence ==
	    EVIDENCE_OWNER;
	struct buf text = BUF_INIT;

	desk_grounds(f->desk, &f->grounds);
	if (asked && !f->grounds.vouched)
		buf_putf(&text, "no decision can be accepted: the policy asks "
		    "for the owner of a file as evidence, but %s",
		    f->grounds.why_not);
	desk_notice(f->desk, "grounds", text.len > 0 ? buf_str(&text) : NULL);
	buf_free(&text);
}

/* A key of the desk's is named from the desk on. */
static void
sign_ledger(struct flow *f, const struct settings *s)
{
	char *full = realpath(f->desk->path, NULL);
	struct buf key = BUF_INIT, signers = BUF_INIT;

	if (s->signing_key != NULL)
		buf_putf(&key, "%s%s%s", *s->signing_key == '/' ? "" : full,
		    *s->signing_key == '/' ? "" : "/", s->signing_key);
	buf_putf(&signers, "%s/allowed_signers", full);
	if (ledger_sign_with(f->ledger, key.len > 0 ? buf_str(&key) : NULL,
	    buf_str(&signers)) != 0)
		log_event(LOG_WARN, "ledger", "error", ledger_error(), NULL);
	buf_free(&key);
	buf_free(&signers);
	free(full);
}

void
flow_apply_settings(struct flow *f)
{
	const struct settings *s = flow_settings(f);

	if (clock_zone(s->zone) != 0)
		log_event(LOG_WARN, "desk", "event", "unknown-timezone",
		    "zone", s->zone, NULL);
	sign_ledger(f, s);
	intake_configure(f->intake, s);
	trays_configure(f->trays, s);
	outbox_configure(f->outbox, s);
	if (f->keys != NULL)
		keys_configure(f->keys, s);
	reminders_configure(f->reminders, s);
	gateway_configure(f->gateway, s);
	flow_configure_telling(f);
	look_at_grounds(f);
}

/* Everything that is with workers comes back and is committed, until then
 * (ticks), or a signal says to end. */
static int
flow_drain(struct flow *f, int64_t until);

/* What workers of the old rules are not through with is checked under the new
 * ones. */
static void
hand_over(struct pool *from, struct pool *to)
{
	struct job *job;

	while ((job = pool_cancel(from)) != NULL) {
		verdict_free(&job->verdict);
		pool_submit(to, job);
	}
	pool_close(from);
}

/* Takes rules and settings.  1: it does not, there is to be an end first. */
static int
adopt_rules(struct flow *f, struct rules *rules, struct settings *settings,
    struct pool *pool)
{
	/* nothing is ruled on under other rules than it was checked by; and
	 * nobody waits for a worker that is stuck */
	if (flow_drain(f, clock_ticks() + ADOPT_MS) != 0)
		return -1;
	if (pool_pending(f->pool) > 0 && signals_say_end())
		return 1;
	if (flow_add(f, rulebook_ruling(f->rulebook, rules, clock_now()),
	    NULL, NULL) != 0 || flow_commit(f) != 0)
		return -1;
	flow_keep_counts(f);
	hand_over(f->pool, pool);
	f->pool = pool;
	rulebook_adopt(f->rulebook, rules, settings);
	flow_apply_settings(f);
	if (flow_relist(f) != 0)
		return -1;
	if (flow_recheck_lists(f) != 0)
		return -1;
	flow_recheck_batches(f);
	/* what no worker could check may be checked now */
	return flow_try_held(f);
}

/* It may be that docket-check cannot bear them: the workers of the old rules
 * go on. */
static void
refuse_rules(struct flow *f, struct rules *rules, struct faults *faults)
{
	if (faults->n == 0)
		faults_add(faults, FAULT_INVALID, 0, "schemas",
		    "The schemas could not be compiled: docket-check ended "
		    "before it was through, or took longer than a minute.");
	rulebook_refuse(f->rulebook, rules, faults);
}

static int
flow_rules(struct flow *f)
{
	struct faults faults = FAULTS_INIT;
	struct settings settings;
	struct rules rules;
	struct pool *pool;
	int status = 0;

	if (clock_ticks() < rulebook_due(f->rulebook) ||
	    !rulebook_changed(f->rulebook, &rules, &settings))
		return 0;
	clock_zone(settings.zone);	/* the workers' too */
	pool = pool_open(&rules, &settings, &faults);
	if (pool != NULL) {
		status = adopt_rules(f, &rules, &settings, pool);
		if (status != 0 && f->pool != pool)
			pool_close(pool);
		if (status == 1) {
			clock_zone(flow_settings(f)->zone);
			status = 0;
		}
	} else {
		clock_zone(flow_settings(f)->zone);
		if (faults.n > 0 || !signals_say_end())
			refuse_rules(f, &rules, &faults);
	}
	rules_free(&rules);
	settings_free(&settings);
	faults_free(&faults);
	return status;
}

/* The loop. */

static int
flow_rule_done(struct flow *f)
{
	struct parcel *p;
	struct job *job;
	struct task *t;
	int status = 0;

	while (status == 0 && f->group.n < LIMIT_GROUP && !f->relisted &&
	    (job = pool_done(f->pool)) != NULL) {
		t = job->owner;
		f->in_hand--;
		f->in_hand_bytes -= job->len;
		if (t->batch != NULL) {
			status = flow_rule_batch(f, t);
			continue;
		}
		p = t->parcel;
		t->parcel = NULL;
		status = p != NULL ? flow_rule_claim(f, p, job) :
		    t->list != NULL ? flow_rule_listed(f, t) :
		    flow_rule_decision(f, t);
		task_free(t);
	}
	return status;
}

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Not long: signals do not wake us here. */
static int
drain_patience(const struct flow *f, int64_t until)
{
	int64_t left = earliest(until, pool_deadline(f->pool)) - clock_ticks();

	return left < 0 ? 0 : (int)earliest(left, DRAIN_LOOK_MS);
}

static int
flow_drain(struct flow *f, int64_t until)
{
	struct pollfd fds[POOL_FDS];

	while (pool_pending(f->pool) > 0 && clock_ticks() < until &&
	    !signals_say_end()) {
		if (pool_exchange(f->pool) != 0)
			return flow_fail(f, "the workers are gone");
		if (flow_rule_done(f) != 0)
			return -1;
		notify_pulse();
		if (pool_pending(f->pool) > 0)
			poll(fds, pool_poll(f->pool, fds, POOL_FDS),
			    drain_patience(f, until));
		if ((f->group.n >= LIMIT_GROUP || f->relisted) &&
		    flow_commit(f) != 0)
			return -1;
	}
	return flow_commit(f);
}

/* All that there are; but no more than the kernel keeps: while somebody makes
 * them as fast as they are taken, there are other things to do. */
static void
take_events(struct flow *f)
{
	struct watch_event e;
	unsigned n;

	for (n = 0; n < EVENTS_MOST; n++) {
		if (watch_next(f->watch, &e) != 1)
			return;
		if (flow_hear(f, &e))
			continue;
		if (e.tag >= TAG_BOXES)
			intake_event(f->intake, &e);
		else if (e.tag >= TAG_TRAYS)
			trays_event(f->trays, &e);
		else
			rulebook_event(f->rulebook, &e);
	}
	f->more = true;
}

/* How long until something is due, ms. */
static int
flow_patience(const struct flow *f)
{
	int64_t due = earliest(f->clock_due, f->look_due), left;

	if (f->more)
		return 0;
	/* what is with the workers wakes us when there is none */
	if (flow_has_room(f))
		due = earliest(due, trays_due(f->trays));
	if (flow_takes_more(f))
		due = earliest(due, f->no_room ? clock_ticks() + ROOM_MS :
		    intake_due(f->intake));
	due = earliest(due, outbox_due(f->outbox));
	due = earliest(due, keys_due(f->keys));
	due = earliest(due, reminders_due(f->reminders));
	due = earliest(due, gateway_due(f->gateway));
	due = earliest(due, flow_lists_due(f));
	due = earliest(due, flow_batches_due(f));
	due = earliest(due, rulebook_due(f->rulebook));
	due = earliest(due, pool_deadline(f->pool));
	due = earliest(due, flow_telling_due(f));
	if (f->held.n > 0)
		due = earliest(due, f->held_due);
	if (f->group.n > 0)
		due = earliest(due, flow_group_due(f));
	if (f->answers != NULL)
		due = earliest(due, clock_ticks() + ANSWERS_MS);
	left = earliest(due - clock_ticks(), earliest(SLEEP_MS,
	    notify_interval()));
	return left < 0 ? 0 : (int)left;
}

/* The only place that sleeps. */
static int
flow_wait(struct flow *f, int signals)
{
	struct pollfd fds[POOL_FDS + GATEWAY_FDS + KEYS_FDS + LEDGER_FDS +
	    2];
	size_t n = pool_poll(f->pool, fds, POOL_FDS);

	if (f->answers == NULL)		/* as in flow_tend() */
		n += ledger_poll(f->ledger, fds + n);
	n += gateway_poll(f->gateway, fds + n);
	n += keys_poll(f->keys, fds + n);
	fds[n++] = (struct pollfd){ .fd = watch_fd(f->watch),
	    .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = signals, .events = POLLIN };
	if (poll(fds, n, flow_patience(f)) < 0 && errno != EINTR)
		return flow_fail(f, "poll: %s", strerror(errno));
	return fds[n - 1].revents != 0;
}

/* When the clock's work is looked for again: a day begins when it begins.
 * (Ticks stand still while the machine sleeps, and the clock may be set:
 * hence the look every CLOCK_MS.) */
static int64_t
next_clock(int64_t ticks)
{
	int64_t now = clock_now(), midnight;

	midnight = clock_day_start(clock_day(now) + 1) - now;
	return ticks + (midnight * 1000 < CLOCK_MS && midnight > 0 ?
	    midnight * 1000 : CLOCK_MS);
}

static int
flow_tend(struct flow *f)
{
	int64_t now = clock_ticks();

	if (now >= f->clock_due) {
		f->clock_due = next_clock(now);
		if (flow_clock(f) != 0)
			return -1;
	}
	if (now >= f->look_due) {
		f->look_due = now + LOOK_MS;
		intake_look(f->intake);
		look_at_grounds(f);
	}
	/* not while another thread gives answers */
	if (f->answers == NULL)
		ledger_tidy(f->ledger, f->in_hand > 0);
	if (f->held.n > 0 && now >= f->held_due && flow_try_held(f) != 0)
		return -1;
	if (outbox_tend(f->outbox) != 0)
		return flow_fail(f, "answers cannot be written");
	if (reminders_tend(f->reminders, false) != 0 ||
	    gateway_tend(f->gateway) != 0)
		return flow_fail(f, "%s", index_error());
	if (flow_tend_lists(f) != 0 || flow_tend_batches(f) != 0 ||
	    flow_tend_keys(f) != 0 || flow_tend_telling(f, false) != 0)
		return -1;
	return outbox_was_released(f->outbox) ? flow_answer_again(f) : 0;
}

void
flow_meet_boxes(struct flow *f)
{
	struct stat st;
	const char *box;

	while ((box = intake_changed_box(f->intake, &st)) != NULL)
		outbox_meet(f->outbox, box, &st);
}

/* Whether what is in hand is left as it is, for the next start. */
static bool
is_left(const struct flow *f)
{
	return f->group.n + pool_pending(f->pool) > END_FEW &&
	    signals_say_end();
}

/* Comparing trays is for when there is nothing else to do. */
static void
tell_trays(struct flow *f)
{
	trays_give_way(f->trays, f->in_hand > 0 || f->group.n > 0);
}

static int
flow_round(struct flow *f)
{
	bool rests;

	f->more = false;
	notify_pulse();
	log_cause_clear();
	take_events(f);
	if (flow_rules(f) != 0)
		return -1;
	if (f->reloading)
		notify_ready("running");
	f->reloading = false;
	if (flow_collect(f) != 0)
		return -1;
	flow_meet_boxes(f);
	/* after everything that gives the workers something to do */
	tell_trays(f);
	if (flow_look(f) != 0)
		return -1;
	if (pool_exchange(f->pool) != 0)
		return flow_fail(f, "the workers are gone");
	if (flow_rule_done(f) != 0 || flow_tend(f) != 0)
		return -1;
	if (flow_due(f) && !is_left(f) && flow_commit(f) != 0)
		return -1;
	tell_trays(f);
	rests = !f->more && f->in_hand == 0 && f->group.n == 0;
	if ((rests || flow_has_answered(f)) && flow_end_answers(f) != 0)
		return -1;
	if (rests)
		f->more = intake_sweep(f->intake);
	if (f->progress != NULL)
		f->progress(f->progress_arg, &f->counts);
	return 0;
}

/* Nothing is left to do, but what only time will bring. */
static bool
flow_is_idle(struct flow *f)
{
	bool waiting;

	flow_waiting_batches(f, &waiting);
	return !f->more && waiting && f->group.n == 0 &&
	    pool_pending(f->pool) == 0 && !keys_are_busy(f->keys) &&
	    trays_compared(f->trays) && map_count(&f->lists) == 0 &&
	    !ledger_is_merging(f->ledger) &&
	    !intake_is_waiting(f->intake) &&
	    intake_due(f->intake) > clock_ticks() &&
	    trays_due(f->trays) > clock_ticks() + 1000 &&
	    f->clock_due > clock_ticks();
}

int
flow_run(struct flow *f, int signals, volatile const bool *quit)
{
	int woken = 0;

	while (!*quit && woken == 0) {
		if (flow_round(f) != 0)
			return -1;
		if (f->once && flow_is_idle(f))
			break;
		woken = flow_wait(f, signals);
	}
	return woken < 0 ? -1 : 0;
}

int
flow_finish(struct flow *f)
{
	int64_t until = clock_ticks() + END_MS, left;
	bool all;

	if (f->group.n + pool_pending(f->pool) <= END_FEW &&
	    flow_drain(f, clock_ticks() + DRAIN_MS) != 0)
		return -1;
	if (flow_end_answers(f) != 0)
		return -1;
	f->counts.held += flow_waiting_batches(f, &all);
	while (clock_ticks() < until && intake_sweep(f->intake))
		;
	if (outbox_finish(f->outbox, f->once ? INT64_MAX : until) != 0)
		return flow_fail(f, "answers cannot be written");
	if (flow_tend_telling(f, true) != 0)
		return -1;
	left = f->once ? GATEWAY_MS : until - clock_ticks();
	if (reminders_tend(f->reminders, true) != 0 ||
	    gateway_finish(f->gateway, left < 0 ? 0 : left) != 0)
		return flow_fail(f, "%s", index_error());
	return 0;
}

void
flow_progress(struct flow *f, flow_progress_fn *fn, void *arg)
{
	f->progress = fn;
	f->progress_arg = arg;
}

void
flow_reload(struct flow *f)
{
	notify_reloading();
	f->reloading = true;
	rulebook_look(f->rulebook);
}
