/*
 * claims: forms, from a parcel to a ruling or an answer.
 *
 * May not: look into a form; the worker's verdict says what is in it.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#include "form.h"
#include "limit.h"

#include "flowing.h"

/* A form that no worker could check is tried again after so long, ms; one
 * that could not be read or answered, sooner. */
#define HELD_MS 3600000
#define TROUBLE_MS 60000

/* Bytes of forms in hand, with workers or in the open group. */
#define IN_HAND_BYTES (16u * 1024 * 1024)

/* What a claim became.  Takes both. */
static int
add_claim(struct flow *f, struct ruling *r, struct parcel *p)
{
	return p->batch == NULL ? flow_add(f, r, p, NULL) :
	    flow_add_part(f, r, p);
}

int
flow_refuse(struct flow *f, struct parcel *p, const struct faults *faults)
{
	struct rule_context ctx = flow_context(f);
	struct ruling *r = rule_refuse(&ctx, p, faults);

	f->counts.refused++;
	metrics_verdict(f->metrics, faults->list[0].code);
	if (flow_settings(f)->refusals)
		return add_claim(f, r, p);
	if (p->batch == NULL) {
		flow_add_unrecorded(f, r, p);
		return 0;
	}
	flow_refuse_part(f, p, faults);
	ruling_free(r);
	free(r);
	return 0;
}

/* What is malformed and young may still be growing: it goes back, to be
 * looked at again.  Not a list that was whole once. */
static bool
is_put_back(struct flow *f, struct parcel *p, const struct faults *faults)
{
	char *source;

	if (!p->young || p->with != NULL ||
	    (!faults_has(faults, FAULT_NOT_WELL_FORMED) &&
	    !faults_has(faults, FAULT_EMPTY) &&
	    !faults_has(faults, FAULT_GZIP)))
		return false;
	if (!intake_put_back(f->intake, p))
		return false;
	source = parcel_source(p);
	log_event(LOG_INFO, "intake", "event", "put-back", "from", source,
	    NULL);
	free(source);
	parcel_free(p);
	return true;
}

int
flow_refuse_claim(struct flow *f, struct parcel *p,
    const struct faults *faults)
{
	return is_put_back(f, p, faults) ? 0 : flow_refuse(f, p, faults);
}

/* Takes the parcel. */
static int
answer_duplicate(struct flow *f, struct parcel *p, const char *number)
{
	struct buf text = BUF_INIT;
	char *source = parcel_source(p);
	struct notice n = { .event = "duplicate", .number = number,
	    .file = source, .sha256 = p->sha256, .at = clock_now(),
	    .code = FAULT_DUPLICATE };
	int status;

	metrics_verdict(f->metrics, FAULT_DUPLICATE);
	if (p->batch != NULL) {
		free(source);
		flow_repeat_part(f, p, number);
		return 0;
	}
	buf_putf(&text, "This form was received before, as %s. Nothing new "
	    "was opened; the first receipt is here once more.", number);
	n.text = buf_str(&text);
	/* of a case of this very group the receipt is still to come */
	status = map_has(&f->cases, number) ? 0 :
	    outbox_again(f->outbox, number, p->box);
	if (status == 0)
		status = outbox_notice(f->outbox, p->box, &n);
	log_event(LOG_INFO, number, "event", "duplicate", "from", source,
	    NULL);
	buf_free(&text);
	free(source);
	if (status == 1) {
		/* its box is held: it comes up, and is answered, again */
		flow_keep(f, p, NULL);
		return 0;
	}
	if (status == 0)
		intake_drop(f->intake, p);
	parcel_free(p);
	return status < 0 ? flow_fail(f, "an answer cannot be written") : 0;
}

int
flow_approve_unreviewed(struct flow *f, const char *number)
{
	struct rule_context ctx = flow_context(f);
	struct casefile c;
	struct ruling *r;
	char prefix[PREFIX_TEXT];
	uint64_t seq;
	int status = 0;

	number_split(number, prefix, &seq);
	if (!settings_review(flow_settings(f), prefix)->unreviewed)
		return 0;
	if (flow_case(f, number, &c) != 1)
		return -1;
	if (rule_decide(&ctx, &c, EVENT_APPROVE, NULL, &r) != RULE_MADE) {
		status = flow_fail(f, "%s", ledger_error());
	} else {
		ruling_decider(r, "nobody", EVIDENCE_POLICY, -1, NULL);
		status = flow_add(f, r, NULL, NULL);
	}
	casefile_free(&c);
	return status;
}

/* A form that opens a case.  Takes the parcel. */
static int
rule_new(struct flow *f, struct parcel *p, const struct rule_claim *claim)
{
	struct rule_context ctx = flow_context(f);
	char number[NUMBER_TEXT];
	struct ruling *r;
	int found = flow_duplicate(f, p, number);

	if (found < 0)
		return -1;
	if (found == 1)
		return answer_duplicate(f, p, number);
	if (flow_next_number(f, claim->type->prefix, number) != 0 ||
	    rule_receive(&ctx, claim, number, &r) != RULE_MADE)
		return -1;
	f->counts.received++;
	metrics_verdict(f->metrics, FAULT_NONE);
	if (add_claim(f, r, p) != 0)
		return -1;
	return flow_approve_unreviewed(f, number);
}

/* A revision, or a request about a case.  Takes the parcel. */
static int
rule_known(struct flow *f, struct parcel *p, const struct rule_claim *claim,
    const char *number)
{
	struct rule_context ctx = flow_context(f);
	struct faults faults = FAULTS_INIT;
	struct ruling *r = NULL;
	enum rule result = RULE_FAULT;
	struct casefile c;
	int found = number_valid(number) ? flow_case(f, number, &c) : 0;
	int status;

	if (found < 0)
		return -1;
	if (found == 0)
		faults_addf(&faults, FAULT_NO_CASE, 0, NULL,
		    "This desk has no case %.30s.", number);
	else if (claim->type->ask != ASK_NOTHING)
		result = rule_request(&ctx, claim, &c, &r, &faults);
	else
		result = rule_revise(&ctx, claim, &c, &r, &faults);
	switch (result) {
	case RULE_MADE:
		f->counts.received++;
		metrics_verdict(f->metrics, FAULT_NONE);
		status = add_claim(f, r, p);
		if (status == 0 && r->event != EVENT_WITHDRAW)
			status = flow_approve_unreviewed(f, number);
		break;
	case RULE_FAULT:
		status = flow_refuse(f, p, &faults);
		break;
	case RULE_DUPLICATE:
		status = answer_duplicate(f, p, number);
		break;
	default:
		status = flow_fail(f, "%s", ledger_error());
	}
	if (found == 1)
		casefile_free(&c);
	faults_free(&faults);
	return status;
}

/* A list may be longer than other forms. */
static void
check_size(const struct flow *f, const struct buf *form,
    const struct form_type *type, struct faults *faults)
{
	uint64_t most = type->lists != NULL ? flow_settings(f)->list_limit :
	    flow_settings(f)->form_limit;

	if (form->len > most)
		faults_addf(faults, FAULT_TOO_LARGE, 0, NULL, "It has %zu "
		    "bytes; at most %llu are taken.", form->len,
		    (unsigned long long)most);
}

/* A form that the worker finds no fault with.  Takes the parcel. */
static int
rule_good(struct flow *f, struct parcel *p, const struct verdict *v)
{
	const struct buf *form = parcel_form(p);
	struct rule_claim claim = { .parcel = p, .verdict = v,
	    .type = &pool_types(f->pool)->list[v->type] };
	struct faults faults = FAULTS_INIT;
	struct stamp stamp;
	size_t at, len;
	int stamped = stamp_find(form->data, form->len, &stamp, &at, &len);
	int status;

	if (stamped < 0)
		faults_add(&faults, FAULT_STAMP, stamp_line(form->data, at),
		    NULL, NULL);
	else if (stamped == 1 && claim.type->ask == ASK_NOTHING &&
	    strcmp(stamp.desk, flow_settings(f)->desk_id) != 0)
		faults_add(&faults, FAULT_STAMP, 0, NULL,
		    "The form bears the stamp of another desk.");
	else if (rule_may_send(flow_settings(f), p->box, &v->facts, &faults))
		rule_may_list(flow_settings(f), p->box, claim.type, &faults);
	check_size(f, form, claim.type, &faults);
	if (faults.n > 0)
		status = flow_refuse(f, p, &faults);
	else if (claim.type->ask != ASK_NOTHING)
		status = rule_known(f, p, &claim, v->number);
	else if (stamped == 1) {
		claim.stamp = &stamp;
		status = rule_known(f, p, &claim, stamp.number);
	} else
		status = rule_new(f, p, &claim);
	if (stamped == 1)
		stamp_free(&stamp);
	faults_free(&faults);
	return status;
}

static void
note_held(struct flow *f)
{
	struct buf text = BUF_INIT;

	f->counts.held = f->held.n;
	if (f->held.n > 0)
		buf_putf(&text, "%zu form%s could not be read, checked or "
		    "answered: this desk has trouble of its own; they are kept "
		    "and tried again", f->held.n, f->held.n == 1 ? "" : "s");
	desk_notice(f->desk, "held", f->held.n > 0 ? buf_str(&text) : NULL);
	buf_free(&text);
}

/* Takes the parcel and the ruling. */
static void
keep_until(struct flow *f, struct parcel *p, struct ruling *r, int64_t due)
{
	parcel_unload(p);
	if (f->held.n == 0 || due < f->held_due)
		f->held_due = due;
	entries_add(&f->held, r)->parcel = p;
	note_held(f);
}

void
flow_keep(struct flow *f, struct parcel *p, struct ruling *r)
{
	keep_until(f, p, r, clock_ticks() + TROUBLE_MS);
}

/* Nothing can be said of the form, for reasons that are ours.  Takes the
 * parcel. */
static int
hold_claim(struct flow *f, struct parcel *p)
{
	char *source = parcel_source(p);
	struct notice n = { .event = "held", .file = source,
	    .sha256 = p->sha256, .at = clock_now(),
	    .text = "Your form is here and safe, but it could not be checked "
	    "yet: this desk has trouble of its own. You need not do anything; "
	    "the operator knows of it, and the form will be tried again." };
	int given = outbox_notice(f->outbox, p->box, &n);

	free(source);
	keep_until(f, p, NULL, clock_ticks() + (p->trouble ? TROUBLE_MS :
	    HELD_MS));
	return given < 0 ? flow_fail(f, "an answer cannot be written") : 0;
}

/*
 * The day as of which a form that came is checked: today.  Terms that are to
 * take the place of others may have begun when those did: what is in force
 * since last year could else not be changed without a new first day.
 */
static int32_t
claim_day(struct flow *f, const struct parcel *p)
{
	const struct buf *form = parcel_form(p);
	int32_t today = clock_day(clock_now()), since = today;
	struct casefile c;
	struct stamp stamp;
	size_t at, len;

	if (stamp_find(form->data, form->len, &stamp, &at, &len) != 1)
		return today;
	if (strcmp(stamp.desk, flow_settings(f)->desk_id) == 0 &&
	    number_valid(stamp.number) &&
	    flow_case(f, stamp.number, &c) == 1) {
		since = casefile_since(&c, today);
		casefile_free(&c);
	}
	stamp_free(&stamp);
	return since;
}

/* What is ruled on bears the day of the ruling, and was checked under the
 * lists in force. */
bool
flow_is_current(const struct flow *f, const struct job *job)
{
	return job->today == clock_day(clock_now()) &&
	    job->lists == pool_lists(f->pool);
}

bool
flow_claim_is_current(struct flow *f, const struct parcel *p,
    const struct job *job)
{
	return job->today == claim_day(f, p) &&
	    job->lists == pool_lists(f->pool);
}

static void
submit_claim(struct flow *f, struct parcel *p)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->parcel = p;
	t->box = mem_str(p->box);
	flow_submit(f, t, PURPOSE_INTAKE, parcel_form(p));
}

/* Takes the parcel. */
int
flow_rule_claim(struct flow *f, struct parcel *p, struct job *job)
{
	struct faults costly = FAULTS_INIT;
	int status;

	switch (job->outcome) {
	case OUTCOME_TROUBLE:
		return hold_claim(f, p);
	case OUTCOME_COSTLY:
		faults_add(&costly, FAULT_COSTLY, 0, NULL, NULL);
		status = flow_refuse(f, p, &costly);
		faults_free(&costly);
		return status;
	case OUTCOME_VERDICT:
		break;
	}
	if (!flow_claim_is_current(f, p, job)) {
		submit_claim(f, p);
		return 0;
	}
	if (job->verdict.faults.n > 0)
		return flow_refuse_claim(f, p, &job->verdict.faults);
	switch (pool_types(f->pool)->list[job->verdict.type].ask) {
	case ASK_DECISIONS:
		return flow_take_list(f, p);
	case ASK_BATCH:
		flow_take_batch(f, p);
		return 0;
	default:
		return flow_rule_verdict(f, p, &job->verdict);
	}
}

int
flow_rule_verdict(struct flow *f, struct parcel *p, const struct verdict *v)
{
	return v->faults.n == 0 ? rule_good(f, p, v) :
	    flow_refuse(f, p, &v->faults);
}

int
flow_try_held(struct flow *f)
{
	struct entry *e;

	for (e = f->held.list; e < f->held.list + f->held.n; e++) {
		if (e->ruling != NULL)
			entries_add(&f->unanswered, e->ruling)->parcel =
			    e->parcel;
		else
			flow_take_later(f, e->parcel);
		*e = (struct entry){ .ruling = NULL };
	}
	entries_free(&f->held);
	note_held(f);
	f->more = true;
	return flow_answer_again(f);
}

/* With workers. */

void
task_free(struct task *t)
{
	if (t == NULL)
		return;
	parcel_free(t->parcel);
	verdict_free(&t->job.verdict);
	buf_free(&t->paper);
	free(t->box);
	free(t);
}

void
flow_submit(struct flow *f, struct task *t, enum purpose purpose,
    const struct buf *bytes)
{
	t->job.purpose = purpose;
	t->job.today = t->parcel != NULL ? claim_day(f, t->parcel) :
	    clock_day(clock_now());
	t->job.box = t->box;
	t->job.name = t->parcel != NULL ? t->parcel->name : NULL;
	t->job.data = bytes->data;
	t->job.len = bytes->len;
	t->job.owner = t;
	f->in_hand++;
	f->in_hand_bytes += bytes->len;
	pool_submit(f->pool, &t->job);
}

bool
flow_has_room(const struct flow *f)
{
	return f->in_hand < LIMIT_IN_HAND && !f->relisted &&
	    f->in_hand_bytes + f->group_bytes < IN_HAND_BYTES;
}

/* Forms taken at a time, while so many are with the workers: a turn costs a
 * folder. */
#define TAKEN_LEAST (LIMIT_IN_HAND / 4)

bool
flow_takes_more(const struct flow *f)
{
	return flow_has_room(f) && (pool_pending(f->pool) < TAKEN_LEAST ||
	    f->in_hand <= LIMIT_IN_HAND - TAKEN_LEAST);
}

/* A parcel out of inbox, or out of the claims: what intake itself objects to
 * is answered, the rest goes to a worker.  Takes the parcel. */
static int
take_up(struct flow *f, struct parcel *p)
{
	f->counts.taken++;
	if (p->trouble)
		return hold_claim(f, p);
	if (p->faults.n > 0)
		return flow_refuse_claim(f, p, &p->faults);
	if (p->large)
		flow_take_large(f, p);
	else if (!flow_take_signature(f, p))
		submit_claim(f, p);
	return 0;
}

int
flow_take_up_list(struct flow *f, struct parcel *p)
{
	if (intake_reload_list(f->intake, p) == 0)
		return take_up(f, p);
	parcel_free(p);
	return 0;
}

/* Adds up, for each box, the claims that wait. */
static void
count_waiting(struct map *boxes, const struct entries *all)
{
	const struct entry *e;
	uintptr_t n;

	for (e = all->list; e < all->list + all->n; e++) {
		n = (uintptr_t)map_get(boxes, e->parcel->box);
		map_put(boxes, e->parcel->box, (void *)(n + 1));
	}
}

/* A box for which too much waits holds up itself only. */
static void
stop_full_boxes(struct flow *f)
{
	struct map waiting = MAP_INIT;
	const char *box;
	size_t at = 0;

	if (f->held.n + f->unanswered.n >= LIMIT_WAITING) {
		count_waiting(&waiting, &f->held);
		count_waiting(&waiting, &f->unanswered);
	}
	flow_count_batches(f, &waiting);
	while ((box = intake_box(f->intake, &at)) != NULL)
		intake_stop(f->intake, box,
		    (uintptr_t)map_get(&waiting, box) >= LIMIT_WAITING);
	map_free(&waiting);
}

struct taking {
	struct flow	*flow;
	int		 status;
};

static void
take_parcel(void *arg, struct parcel *p)
{
	struct taking *t = arg;

	if (t->status == 0)
		t->status = take_up(t->flow, p);
	else
		parcel_free(p);		/* its claim is found again */
}

void
flow_take_later(struct flow *f, struct parcel *p)
{
	entries_add(&f->again, NULL)->parcel = p;
}

/* Claims that were left, or held: those before what is in inbox. */
static int
collect_again(struct flow *f)
{
	struct parcel *p;
	struct entry *e;
	int status = 0;

	while (f->again_at < f->again.n && status == 0 && flow_has_room(f)) {
		e = &f->again.list[f->again_at++];
		p = e->parcel;
		e->parcel = NULL;
		if (intake_reload(f->intake, p) == 0)
			status = take_up(f, p);
		else
			parcel_free(p);		/* somebody took it away */
	}
	if (f->again_at == f->again.n) {
		entries_free(&f->again);
		f->again_at = 0;
	} else if (pool_pending(f->pool) == 0)
		f->more = true;
	return status;
}

int
flow_collect(struct flow *f)
{
	struct taking t = { f, 0 };
	bool room = desk_has_room(f->desk);
	const char *moved = desk_moved(f->desk);

	if (moved != NULL)
		return flow_fail(f, "%s is not the folder that it was when the "
		    "desk was opened", moved);
	desk_notice(f->desk, "disk", room ? NULL : "the disk is almost full: "
	    "intake has stopped, forms wait in inbox");
	f->no_room = !room;
	if (!room)
		return 0;
	if (collect_again(f) != 0)
		return -1;
	stop_full_boxes(f);
	if (!flow_takes_more(f))
		return 0;
	if (intake_collect(f->intake, (unsigned)(LIMIT_IN_HAND - f->in_hand),
	    take_parcel, &t))
		f->more = true;
	return t.status;
}
