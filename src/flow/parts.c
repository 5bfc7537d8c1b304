/*
 * parts: the forms of a batch: cut out, checked and ruled on in the order of the
 * file, each as if it had come alone; and what came of each, for the one
 * receipt.
 *
 * May not: look into a form; know a batch's steps.
 * The machine's trouble: a form that no worker can check.  The batch waits at
 * it, and goes on from it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "hash.h"
#include "log.h"

#include "batched.h"
#include "limit.h"

#include "batching.h"

void
parts_forget(struct batch *b)
{
	size_t i;

	for (i = 0; i < BATCH_IN_HAND; i++) {
		task_free(b->ring[i]);
		b->ring[i] = NULL;
	}
}

long
parts_lines(const char *p, size_t n)
{
	const char *end = p + n;
	long lines = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		lines++;
		p++;
	}
	return lines;
}

/* What came of forms. */

/* What came of a form is written down with the group. */
static void
note_part(struct flow *f, struct batch *b, const struct part *part)
{
	bool bad = part->number == NULL && (part->ruling == NULL ||
	    part->ruling->event == EVENT_REFUSE);

	part_xml(part, &b->text[BODY_XML]);
	part_text(part, &b->text[bad ? BODY_BAD : BODY_GOOD]);
	if (bad)
		b->mark.refused++;
	else if (part->number != NULL)
		b->mark.repeated++;
	else
		b->mark.received++;
	b->unnoted = true;
	if (part->number != NULL)
		f->counts.repeated++;
}

int
flow_add_part(struct flow *f, struct ruling *r, struct parcel *p)
{
	const struct part part = { .n = p->part, .line = p->line,
	    .ruling = r, .faults = &r->faults };

	note_part(f, p->batch, &part);
	parcel_free(p);
	return flow_add(f, r, NULL, NULL);
}

void
flow_refuse_part(struct flow *f, struct parcel *p,
    const struct faults *faults)
{
	const struct part part = { .n = p->part, .line = p->line,
	    .faults = faults };

	note_part(f, p->batch, &part);
	parcel_free(p);
}

void
flow_repeat_part(struct flow *f, struct parcel *p, const char *number)
{
	const struct part part = { .n = p->part, .line = p->line,
	    .number = number };

	note_part(f, p->batch, &part);
	parcel_free(p);
}

/* Nothing is in the open group: what is done with is in the ledger. */
int
parts_note(struct flow *f, struct batch *b)
{
	int i;

	if (!b->unnoted)
		return 0;
	if (batchfile_note(b->file, b->text, &b->mark) != 0)
		return flow_fail(f, "a batch's work cannot be written: %s",
		    strerror(errno));
	for (i = 0; i < BODY_COUNT; i++)
		buf_clear(&b->text[i]);
	b->unnoted = false;
	return 0;
}

int
flow_note_batches(struct flow *f)
{
	struct batch *b;

	for (b = f->batches; b != NULL; b = b->next)
		if (parts_note(f, b) != 0)
			return -1;
	return 0;
}

/* Forms, back from workers. */

/* Its lines are those of the batch. */
void
parts_shift(struct faults *faults, long line)
{
	size_t i;

	for (i = 0; i < faults->n; i++)
		faults->list[i].line = faults->list[i].line == 0 ? line :
		    faults->list[i].line + line - 1;
}

/* A form that the ledger had before a crash.  Of one that was refused the
 * worker says it better: the ledger keeps each fault as one sentence. */
static int
take_known(struct flow *f, struct batch *b, struct task *t)
{
	struct part part = { .n = t->parcel->part, .line = t->parcel->line };
	struct faults *again = t->parcel->faults.n > 0 ? &t->parcel->faults :
	    &t->job.verdict.faults;
	struct ruling r;
	int status = ledger_ruling(f->ledger, t->known, &r);

	if (status != 0)
		status = flow_fail(f, "%s", ledger_error());
	else {
		part.ruling = &r;
		part.faults = &r.faults;
		if (r.event == EVENT_REFUSE && again->n > 0) {
			if (again != &t->parcel->faults)
				parts_shift(again, part.line);
			part.faults = again;
		}
		note_part(f, b, &part);
	}
	ruling_free(&r);
	return status;
}

static int
refuse_form(struct flow *f, struct task *t, unsigned code, const char *text)
{
	struct faults faults = FAULTS_INIT;
	struct parcel *p = t->parcel;
	int status;

	t->parcel = NULL;
	faults_add(&faults, code, p->line, NULL, text);
	status = flow_refuse(f, p, &faults);
	faults_free(&faults);
	return status;
}

/* What the worker says of a form. */
static int
rule_form(struct flow *f, struct task *t)
{
	struct verdict *v = &t->job.verdict;
	struct parcel *p = t->parcel;
	enum ask ask;

	if (p->faults.n > 0) {
		t->parcel = NULL;
		return flow_refuse(f, p, &p->faults);
	}
	if (t->job.outcome == OUTCOME_COSTLY)
		return refuse_form(f, t, FAULT_COSTLY, NULL);
	if (v->faults.n == 0) {
		ask = pool_types(f->pool)->list[v->type].ask;
		if (ask == ASK_BATCH)
			return refuse_form(f, t, FAULT_NOT_NOW, "This is a "
			    "batch within a batch.");
		if (ask == ASK_DECISIONS)
			return refuse_form(f, t, FAULT_NOT_NOW, "A signed "
			    "list of decisions is sent alone, with its "
			    "signature.");
	}
	parts_shift(&v->faults, p->line);
	t->parcel = NULL;
	return flow_rule_verdict(f, p, v);
}

static void
submit_form(struct flow *f, struct task *t)
{
	t->job.before = (uint32_t)(t->parcel->line - 1);
	flow_submit(f, t, PURPOSE_INTAKE, parcel_form(t->parcel));
}

/* The next one in order. */
static int
rule_next(struct flow *f, struct batch *b, struct task *t)
{
	int status;

	if (t->job.outcome == OUTCOME_TROUBLE) {
		batch_rewind(b);		/* frees the task */
		return batch_wait(f, b, "a form in it could not be "
		    "checked: this desk has trouble of its own");
	}
	b->ring[t->part % BATCH_IN_HAND] = NULL;
	if (t->known[0] == '\0' && t->parcel->faults.n == 0 &&
	    !flow_claim_is_current(f, t->parcel, &t->job)) {
		verdict_free(&t->job.verdict);
		submit_form(f, t);
		return 0;
	}
	b->mark.n = t->part;
	b->mark.at = t->then_at;
	b->mark.line = t->then_line;
	status = t->known[0] != '\0' ? take_known(f, b, t) : rule_form(f, t);
	task_free(t);
	return status;
}

/* As far as they are there, and the group has room. */
int
parts_rule(struct flow *f, struct batch *b)
{
	struct task *t;

	while (f->group.n < LIMIT_GROUP && !f->relisted &&
	    (t = b->ring[(b->mark.n + 1) % BATCH_IN_HAND]) != NULL &&
	    t->part == b->mark.n + 1)
		if (rule_next(f, b, t) != 0)
			return -1;
	return 0;
}

/* Handing out. */

static struct parcel *
new_part(const struct batch *b)
{
	const struct parcel *whole = b->parcel;
	struct parcel *p = mem_alloc(sizeof(*p));

	/* a claim's id has 33 characters, and a batch some million forms */
	if (snprintf(p->id, sizeof(p->id), "%s/%" PRIu64, whole->id,
	    b->issued + 1) >= (int)sizeof(p->id))
		bug("the name of a part is too long");
	p->box = mem_str(whole->box);
	p->name = mem_str(whole->name);
	p->uid = whole->uid;
	p->batch = (void *)(uintptr_t)b;
	p->part = b->issued + 1;
	return p;
}

/* The bytes, with the encoding that the batch declares. */
static void
cut_out(const struct batch *b, const struct piece *c, struct parcel *p)
{
	if (b->encoding[0] != '\0')
		buf_putf(&p->file, "<?xml version=\"1.0\" encoding=\"%s\"?>",
		    b->encoding);
	buf_put(&p->file, b->window.data + c->at, c->len);
}

static void
refuse_long(struct flow *f, struct parcel *p, uint64_t bytes)
{
	faults_addf(&p->faults, FAULT_TOO_LARGE, p->line, NULL, "The form has "
	    "%" PRIu64 " bytes, and may have %" PRIu64 " (limits.form).",
	    bytes, flow_settings(f)->form_limit);
	buf_free(&p->file);
}

/* A form that is too long begins in a window, and ends in another. */
static bool
is_rest(const struct batch *b)
{
	return b->long_line > 0 && b->next_cut == 0;
}

static struct task *
cut_form(struct flow *f, struct batch *b)
{
	const struct piece *c = &b->cuts.list[b->next_cut];
	struct task *t = mem_alloc(sizeof(*t));
	struct parcel *p = new_part(b);
	uint64_t end = b->at + c->at + c->len;

	b->pos_line += parts_lines(b->window.data + b->pos, c->at - b->pos);
	p->line = b->pos_line;
	if (is_rest(b)) {
		p->line = b->long_line;
		refuse_long(f, p, end - b->long_at);
		b->long_line = 0;
	} else if (c->len > flow_settings(f)->form_limit)
		refuse_long(f, p, c->len);
	else
		cut_out(b, c, p);
	hash_sha256(p->sha256, buf_str(&p->file), p->file.len);
	strcpy(p->digest, p->sha256);
	b->pos_line += parts_lines(b->window.data + c->at, c->len);
	b->pos = c->at + c->len;
	t->batch = b;
	t->epoch = b->epoch;
	t->box = mem_str(p->box);
	t->parcel = p;
	t->part = p->part;
	t->then_at = end;
	t->then_line = b->pos_line;
	return t;
}

/* Goes to a worker, unless all is known of it. */
static int
hand_out_one(struct flow *f, struct batch *b)
{
	struct task *t = cut_form(f, b);
	int found = 0;

	b->next_cut++;
	b->issued++;
	if (b->resumed)
		found = index_intake(f->index, t->parcel->id, t->known);
	if (found < 0) {
		task_free(t);
		return flow_fail(f, "%s", index_error());
	}
	if (found == 0)
		t->known[0] = '\0';
	if (t->parcel->faults.n == 0) {
		f->counts.taken++;
		submit_form(f, t);
		return 0;
	}
	t->job.outcome = OUTCOME_VERDICT;
	b->ring[t->part % BATCH_IN_HAND] = t;
	return parts_rule(f, b);
}

int
parts_hand_out(struct flow *f, struct batch *b, size_t most)
{
	while (b->next_cut < b->cuts.n && b->issued - b->mark.n < most &&
	    f->group.n < LIMIT_GROUP && f->in_hand < LIMIT_IN_HAND / 2 &&
	    flow_has_room(f) && !f->no_room && clock_ticks() >= b->due)
		if (hand_out_one(f, b) != 0)
			return -1;
	return 0;
}
