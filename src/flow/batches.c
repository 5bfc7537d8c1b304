/*
 * batches: files with many forms, and all that is larger than a form.
 *
 *	looking		what is it?  A worker sees its first window.  A list
 *			goes on as a claim like any other; what is neither is
 *			refused.
 *	copying		from here on only the private copy counts
 *	counting	workers find where the forms are, window by window; a
 *			batch that is damaged between its forms is refused
 *			whole, before any of them is taken
 *	taking		the same once more; now each form is cut out, checked
 *			and ruled on as if it had come alone, in the order of
 *			the file: a case and a commit of its own, Intake: ID/n
 *	answering	one receipt, when all is in the ledger; then copy and
 *			claim are dropped
 *
 * What is held in memory does not grow with the number of forms: a window,
 * some forms that are with workers, and what came of those in the open group.
 * After each group it is noted in files how far it is (batchfile.h); a start
 * goes on from there, and finds in the ledger what is behind that.
 *
 * May not: look into a form; take a worker's word for more than where to cut.
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
#include "log.h"
#include "text.h"

#include "batched.h"
#include "limit.h"

#include "batching.h"

/* Batches that are looked at, or worked on, at a time; and one of a box. */
#define ACTIVE 4

/* One that cannot go on is tried again after so long, ms. */
#define AGAIN_MS 5000
#define TROUBLE_MS 60000

/* How often progress is told, ms: to who asks, and in the log. */
#define TELL_MS 500
#define LOG_MS 10000

/* Batches. */

static void
forget_window(struct batch *b)
{
	buf_free(&b->window);
	free(b->cuts.list);
	b->cuts = (struct cuts){ .list = NULL };
	b->next_cut = b->pos = 0;
}

/* Goes back to the form after the last that is done with. */
void
batch_rewind(struct batch *b)
{
	b->epoch++;
	b->asked = false;
	parts_forget(b);
	forget_window(b);
	b->at = b->mark.at;
	b->line = b->mark.line;
	b->issued = b->mark.n;
	b->cutting.form[0] = '\0';
	b->cutting.depth = b->cutting.inner = 0;
	b->cutting.ended = false;
	b->long_line = 0;
}

static void
batch_free(struct batch *b)
{
	int i;

	parts_forget(b);
	forget_window(b);
	for (i = 0; i < BODY_COUNT; i++)
		buf_free(&b->text[i]);
	batchfile_close(b->file);
	parcel_free(b->parcel);
	free(b);
}

void
flow_free_batches(struct flow *f)
{
	struct batch *b;

	while ((b = f->batches) != NULL) {
		f->batches = b->next;
		batch_free(b);
	}
}

static void
progress_key(struct buf *key, const struct batch *b)
{
	buf_putf(key, "batch %s", b->parcel->id);
}

/* Takes it out of the list; what else is to become of it is said before. */
static void
forget(struct flow *f, struct batch *b)
{
	struct batch **at = &f->batches;
	struct buf key = BUF_INIT;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	progress_key(&key, b);
	desk_progress(f->desk, buf_str(&key), NULL);
	desk_notice(f->desk, buf_str(&key), NULL);
	buf_free(&key);
	batch_free(b);
	f->more = true;
}

static void
add(struct flow *f, struct parcel *p, enum step step)
{
	struct batch *b = mem_alloc(sizeof(*b)), **at = &f->batches;

	while (*at != NULL)
		at = &(*at)->next;
	*at = b;
	b->parcel = p;
	b->step = step;
	b->line = 1;
	b->began = b->told = b->logged = clock_ticks();
	f->more = true;
}

void
flow_take_large(struct flow *f, struct parcel *p)
{
	add(f, p, LOOKING);
}

void
flow_take_batch(struct flow *f, struct parcel *p)
{
	/* it is read again, into the copy */
	parcel_unload(p);
	add(f, p, COPYING);
}

void
flow_count_batches(const struct flow *f, struct map *boxes)
{
	const struct batch *b;
	uintptr_t n;

	for (b = f->batches; b != NULL; b = b->next) {
		n = (uintptr_t)map_get(boxes, b->parcel->box);
		map_put(boxes, b->parcel->box, (void *)(n + 1));
	}
}

/* The whole is refused, and its claim taken over by the refusal. */
static int
refuse(struct flow *f, struct batch *b, const struct faults *faults)
{
	struct parcel *p = b->parcel;
	struct faults all = FAULTS_INIT;
	int status;

	if (b->file != NULL)
		batchfile_remove(b->file);
	faults_copy(&all, faults);
	b->parcel = mem_alloc(sizeof(*b->parcel));
	strcpy(b->parcel->id, p->id);
	forget(f, b);
	status = flow_refuse_claim(f, p, &all);
	faults_free(&all);
	return status;
}

/* It waits, and somebody is told. */
int
batch_wait(struct flow *f, struct batch *b, const char *what)
{
	char *source = parcel_source(b->parcel);
	struct buf key = BUF_INIT, text = BUF_INIT;

	progress_key(&key, b);
	buf_putf(&text, "inbox/%s: %s; it is kept and tried again", source,
	    what);
	desk_notice(f->desk, buf_str(&key), buf_str(&text));
	b->due = clock_ticks() + TROUBLE_MS;
	buf_free(&key);
	buf_free(&text);
	free(source);
	return 0;
}

/* Progress. */

static void
tell(struct flow *f, struct batch *b)
{
	uint64_t size = b->file == NULL ? 0 : batchfile_size(b->file);
	uint64_t at = b->step == TAKING ? b->mark.at : b->at;
	char *source = parcel_source(b->parcel);
	struct buf key = BUF_INIT, text = BUF_INIT;

	progress_key(&key, b);
	buf_putf(&text, "inbox/%s: ", source);
	if (b->step <= COPYING)
		buf_puts(&text, "being copied");
	else if (b->step == COUNTING)
		buf_putf(&text, "%" PRIu64 " forms counted so far, %u%%",
		    b->mark.forms, (unsigned)(size == 0 ? 0 :
		    at * 100 / size));
	else
		buf_putf(&text, "%" PRIu64 " of %" PRIu64 " forms, %u%%: %"
		    PRIu64 " received, %" PRIu64 " refused, %" PRIu64
		    " repeated", b->mark.n, b->mark.forms,
		    (unsigned)(size == 0 ? 0 : at * 100 / size),
		    b->mark.received, b->mark.refused, b->mark.repeated);
	desk_progress(f->desk, buf_str(&key), buf_str(&text));
	desk_notice(f->desk, buf_str(&key), NULL);
	if (clock_ticks() - b->logged >= LOG_MS) {
		log_event(LOG_INFO, "batch", "event", "progress", "is",
		    buf_str(&text), NULL);
		b->logged = clock_ticks();
	}
	b->told = clock_ticks();
	buf_free(&key);
	buf_free(&text);
	free(source);
}

static void
tell_end(const struct batch *b, const char *source)
{
	char forms[NUM_TEXT], received[NUM_TEXT], refused[NUM_TEXT];
	char repeated[NUM_TEXT], ms[NUM_TEXT];

	log_event(LOG_INFO, "batch", "event", "answered", "from", source,
	    "forms", num_text(forms, b->mark.n), "received",
	    num_text(received, b->mark.received), "refused",
	    num_text(refused, b->mark.refused), "repeated",
	    num_text(repeated, b->mark.repeated), "ms",
	    num_text(ms, (uint64_t)(clock_ticks() - b->began)), NULL);
}

/* Windows. */

static int
ask(struct flow *f, struct batch *b, struct buf *bytes, bool last)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->batch = b;
	t->epoch = b->epoch;
	t->box = mem_str(b->parcel->box);
	t->paper = *bytes;
	*bytes = (struct buf)BUF_INIT;
	t->cutting = b->cutting;
	t->job.cutting = &t->cutting;
	t->job.last = last;
	b->asked = true;
	flow_submit(f, t, PURPOSE_SPLIT, &t->paper);
	return 0;
}

static int
ask_window(struct flow *f, struct batch *b)
{
	struct buf bytes = BUF_INIT;
	bool last;

	if (batchfile_window(b->file, b->at, &bytes) != 0) {
		buf_free(&bytes);
		return flow_fail(f, "a batch cannot be read: %s",
		    strerror(errno));
	}
	last = b->at + bytes.len == batchfile_size(b->file);
	return ask(f, b, &bytes, last);
}

/* What a file larger than a form is, by its first tag. */
static int
take_look(struct flow *f, struct batch *b, struct job *job)
{
	const struct verdict *v = &job->verdict;
	const struct form_type *type = v->type < 0 ? NULL :
	    &pool_types(f->pool)->list[v->type];
	struct faults faults = FAULTS_INIT;
	struct parcel *p;
	size_t i;
	int status;

	if (type != NULL && type->lists != NULL) {
		p = b->parcel;
		b->parcel = mem_alloc(sizeof(*b->parcel));
		strcpy(b->parcel->id, p->id);
		forget(f, b);
		return flow_take_up_list(f, p);
	}
	/* what is wrong between its forms is said when all of it is seen */
	if (type != NULL && type->ask == ASK_BATCH) {
		b->step = COPYING;
		f->more = true;
		return 0;
	}
	faults_addf(&faults, FAULT_TOO_LARGE, 0, NULL, "The form has more than "
	    "%" PRIu64 " bytes (limits.form).",
	    flow_settings(f)->form_limit);
	for (i = 0; i < v->faults.n; i++)
		if (v->faults.list[i].code == FAULT_DOCTYPE ||
		    v->faults.list[i].code == FAULT_ENCODING)
			faults_add(&faults, v->faults.list[i].code,
			    v->faults.list[i].line, NULL,
			    v->faults.list[i].text);
	status = refuse(f, b, &faults);
	faults_free(&faults);
	return status;
}

/* Behind the window: what was used of it is done with. */
static void
pass_window(struct batch *b)
{
	b->line += parts_lines(b->window.data, b->cuts.used);
	b->at += b->cuts.used;
	forget_window(b);
}

/* All forms are counted, and the first is looked for again. */
static int
begin_taking(struct flow *f, struct batch *b)
{
	struct faults faults = FAULTS_INIT;
	uint64_t forms = b->mark.forms;
	int status;

	if (forms == 0) {
		faults_add(&faults, FAULT_INVALID, 0, NULL,
		    "There is no form in this batch.");
		status = refuse(f, b, &faults);
		faults_free(&faults);
		return status;
	}
	f->counts.batched += forms;
	b->mark = (struct batch_mark){ .line = 1, .forms = forms };
	b->step = TAKING;
	b->told = 0;
	b->unnoted = true;
	b->cutting = (struct cutting){ .ended = false };
	batch_rewind(b);
	f->more = true;
	return f->group.n == 0 ? parts_note(f, b) : 0;
}

static int
count_window(struct flow *f, struct batch *b)
{
	b->mark.forms += b->cuts.n;
	pass_window(b);
	if (b->at < batchfile_size(b->file)) {
		f->more = true;
		return 0;
	}
	return begin_taking(f, b);
}

/* A worker may say what it likes; but it moves on, and finds the end no
 * later than we do. */
static bool
is_sane(const struct job *job)
{
	const struct cuts *c = &job->verdict.cuts;

	return c->used <= job->len && c->used > 0 && (!job->last ||
	    c->n == LIMIT_PIECES || (c->used == job->len && c->then.ended));
}

static int
refuse_window(struct flow *f, struct batch *b, struct faults *faults)
{
	parts_shift(faults, b->line);
	/* of one that was counted, all is well: its copy does not change */
	if (b->step != COUNTING)
		return batch_wait(f, b, "it could not be cut into "
		    "forms: this desk has trouble of its own");
	return refuse(f, b, faults);
}

static int
take_window(struct flow *f, struct batch *b, struct task *t)
{
	struct job *job = &t->job;
	struct faults costly = FAULTS_INIT;
	bool first = b->cutting.root[0] == '\0';
	int status;

	b->asked = false;
	if (job->outcome == OUTCOME_COSTLY && b->step != TAKING) {
		faults_add(&costly, FAULT_COSTLY, 0, NULL, NULL);
		status = refuse(f, b, &costly);
		faults_free(&costly);
		return status;
	}
	if (job->outcome != OUTCOME_VERDICT)
		return batch_wait(f, b, "it could not be read: this desk "
		    "has trouble of its own");
	if (b->step == LOOKING)
		return take_look(f, b, job);
	if (job->verdict.faults.n > 0)
		return refuse_window(f, b, &job->verdict.faults);
	if (!is_sane(job))
		return batch_wait(f, b, "what a worker says of it makes "
		    "no sense");
	b->window = t->paper;
	t->paper = (struct buf)BUF_INIT;
	b->cuts = job->verdict.cuts;
	job->verdict.cuts.list = NULL;
	b->cutting = b->cuts.then;
	b->pos = 0;
	b->pos_line = b->line;
	if (first)
		strcpy(b->encoding, b->cuts.encoding);
	if (b->step == COUNTING)
		return count_window(f, b);
	/* only what it begins with was asked for: it goes on elsewhere */
	if (first && b->mark.at > 0)
		batch_rewind(b);
	f->more = true;
	return 0;
}

int
flow_rule_batch(struct flow *f, struct task *t)
{
	struct batch *b;
	int status = 0;

	/* it may be gone */
	for (b = f->batches; b != NULL && b != t->batch; b = b->next)
		;
	if (b == NULL || t->epoch != b->epoch)
		task_free(t);
	else if (t->part > 0) {
		b->ring[t->part % BATCH_IN_HAND] = t;
		status = parts_rule(f, b);
	} else {
		status = take_window(f, b, t);
		task_free(t);
	}
	return status;
}

/* The next step of each. */

static int
tend_looking(struct flow *f, struct batch *b)
{
	struct faults faults = FAULTS_INIT;
	struct buf bytes = BUF_INIT;
	bool all;
	int status;

	if (b->asked)
		return 0;
	b->cutting = (struct cutting){ .ended = false };
	if (batchfile_peek(b->file, &bytes, &all, &faults) == 0)
		return ask(f, b, &bytes, all);
	buf_free(&bytes);
	status = faults.n > 0 ? refuse(f, b, &faults) :
	    batch_wait(f, b, "it cannot be read");
	faults_free(&faults);
	return status;
}

/* The copy is whole: it is counted, or, where it was before a crash, gone on
 * with. */
static int
begin_counting(struct flow *f, struct batch *b)
{
	int resumed = batchfile_resume(b->file, &b->mark);

	if (resumed < 0)
		return flow_fail(f, "a batch's work cannot be opened: %s",
		    strerror(errno));
	strcpy(b->parcel->sha256, batchfile_sha256(b->file));
	b->resumed = true;
	b->step = resumed == 1 && b->mark.forms > 0 ? TAKING : COUNTING;
	b->cutting = (struct cutting){ .ended = false };
	/* the first window says what the root is, and the encoding */
	b->at = 0;
	b->line = 1;
	b->issued = b->mark.n;
	b->told = 0;
	if (b->step == TAKING)
		f->counts.batched += b->mark.forms - b->mark.n;
	f->more = true;
	return 0;
}

static int
tend_copying(struct flow *f, struct batch *b)
{
	struct faults faults = FAULTS_INIT;
	int status = 0;

	if (f->no_room) {
		b->due = clock_ticks() + AGAIN_MS;
		return 0;
	}
	f->more = true;
	switch (batchfile_copy(b->file, &faults)) {
	case BATCH_MORE:
		break;
	case BATCH_COPIED:
		status = begin_counting(f, b);
		break;
	case BATCH_FAULT:
		status = refuse(f, b, &faults);
		break;
	case BATCH_TROUBLE:
		status = flow_fail(f, "a batch cannot be copied: %s",
		    strerror(errno));
	}
	faults_free(&faults);
	return status;
}

static int
tend_taking(struct flow *f, struct batch *b, size_t share)
{
	if (parts_rule(f, b) != 0 || parts_hand_out(f, b, share) != 0)
		return -1;
	if (b->cuts.list != NULL || b->window.len > 0) {
		if (b->next_cut < b->cuts.n)
			return 0;
		/* it begins a form that is longer than a window */
		if (b->cuts.then.depth > 0 && b->long_line == 0) {
			b->long_at = b->at;
			b->long_line = b->line;
		}
		pass_window(b);
	}
	if (b->at < batchfile_size(b->file) && !b->asked && !f->no_room)
		return ask_window(f, b);
	if (b->at == batchfile_size(b->file) && b->mark.n == b->issued) {
		b->step = ANSWERING;
		f->more = true;
	}
	return 0;
}

static int
put_body(void *arg, int which, int fd)
{
	struct batch *b = arg;

	return batchfile_body(b->file, (enum batch_body)which, fd);
}

static int
tend_answering(struct flow *f, struct batch *b)
{
	char *source;
	struct batched said = { .sha256 = b->parcel->sha256,
	    .at = clock_now(), .forms = b->mark.n,
	    .received = b->mark.received, .refused = b->mark.refused,
	    .repeated = b->mark.repeated };
	int given;

	/* what is said to be received must be committed */
	if (f->group.n > 0)
		return 0;
	if (parts_note(f, b) != 0)
		return -1;
	source = parcel_source(b->parcel);
	said.file = source;
	given = outbox_batch(f->outbox, b->parcel->box, &said, put_body, b);
	if (given == 0) {
		tell_end(b, source);
		intake_drop(f->intake, b->parcel);
		batchfile_remove(b->file);
		forget(f, b);
	} else
		b->due = clock_ticks() + AGAIN_MS;
	free(source);
	return given < 0 ? flow_fail(f, "an answer cannot be written") : 0;
}

static int
tend(struct flow *f, struct batch *b, size_t share)
{
	int64_t now = clock_ticks();

	if (now < b->due)
		return 0;
	if (b->file == NULL) {
		b->file = batchfile_open(f->desk, flow_settings(f),
		    b->parcel);
		if (b->file == NULL)
			return batch_wait(f, b, "it cannot be opened");
	}
	if (now - b->told >= TELL_MS)
		tell(f, b);
	switch (b->step) {
	case LOOKING:
		return tend_looking(f, b);
	case COPYING:
		return tend_copying(f, b);
	case COUNTING:
		return b->asked ? 0 : ask_window(f, b);
	case TAKING:
		return tend_taking(f, b, share);
	case ANSWERING:
		return tend_answering(f, b);
	}
	return 0;
}

/* Whether it has its turn: each box one, and not too many; what is only
 * looked at waits for nobody but its like, and nobody for one of another box
 * that itself waits for better times. */
static bool
has_turn(const struct flow *f, const struct batch *b)
{
	bool looking = b->step == LOOKING;
	int64_t now = clock_ticks();
	const struct batch *o;
	unsigned before = 0;

	for (o = f->batches; o != b; o = o->next)
		if ((o->step == LOOKING) == looking) {
			if (!looking && strcmp(o->parcel->box,
			    b->parcel->box) == 0)
				return false;
			before += o->due <= now;
		}
	return before < ACTIVE;
}

static size_t
count_taking(const struct flow *f)
{
	const struct batch *b;
	size_t n = 0;

	for (b = f->batches; b != NULL; b = b->next)
		n += b->step == TAKING && has_turn(f, b);
	return n == 0 ? 1 : n;
}

int
flow_tend_batches(struct flow *f)
{
	size_t share = f->batches == NULL ? 0 : BATCH_IN_HAND / count_taking(f);
	struct batch *b, *next;

	if (f->batches != NULL && f->group.n == 0 && flow_note_batches(f) != 0)
		return -1;
	for (b = f->batches; b != NULL; b = next) {
		next = b->next;
		if (has_turn(f, b) && tend(f, b, share) != 0)
			return -1;
	}
	return 0;
}

int64_t
flow_batches_due(const struct flow *f)
{
	const struct batch *b;
	int64_t due = INT64_MAX, now = clock_ticks();

	for (b = f->batches; b != NULL; b = b->next)
		if (b->due > now && b->due < due)
			due = b->due;
	return due;
}

/* All: none can go on now, also not one behind another that waits. */
size_t
flow_batches(const struct flow *f)
{
	const struct batch *b;
	size_t n = 0;

	for (b = f->batches; b != NULL; b = b->next)
		n++;
	return n;
}

size_t
flow_waiting_batches(const struct flow *f, bool *all)
{
	const struct batch *b;
	size_t n = 0;

	*all = true;
	for (b = f->batches; b != NULL; b = b->next)
		if (b->due > clock_ticks() || !has_turn(f, b))
			n++;
		else
			*all = false;
	return n;
}

/* Under other rules: what is back from workers is checked again. */
void
flow_recheck_batches(struct flow *f)
{
	struct batch *b;

	for (b = f->batches; b != NULL; b = b->next)
		if (b->step == TAKING)
			batch_rewind(b);
}

static bool
is_claimed(void *arg, const char *id)
{
	const struct map *claims = arg;

	return map_has(claims, id);
}

/* Before any is taken up: `again' has all claims. */
void
flow_sweep_batches(struct flow *f)
{
	struct map claims = MAP_INIT;
	size_t i;

	for (i = 0; i < f->again.n; i++)
		map_put(&claims, f->again.list[i].parcel->id, NULL);
	batchfile_sweep(f->desk, is_claimed, &claims);
	desk_progress_clear(f->desk);
	map_free(&claims);
}
