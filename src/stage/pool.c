/*
 * pool: the workers, and the forms that are with them.
 *
 * May not: look into a form; believe a worker beyond what wire.c checks.
 * A fault of the form: OUTCOME_COSTLY, when a child exceeds its bounds at it.
 * Our trouble: everything else that happens to a child.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "log.h"
#include "notify.h"
#include "text.h"

#include "pooling.h"

/* Jobs with one child at a time: enough to keep it busy while we do
 * something else. */
#define DEPTH 40

/* A child that has so many jobs in hand does not wake us for each verdict: it is
 * asked for them so often, ms, as long as it has said something of late, ms.
 * Being woken a thousand times a second costs both sides a tenth of what they
 * do. */
#define DEPTH_QUIET 12
#define ASK_MS 2
#define OF_LATE_MS 20

/* How long a child may be silent beyond its bound of processor time, ms. */
#define PATIENCE_MS 20000

/* A child that has nothing more to say has so long to end, ms. */
#define ENDING_MS 2000

/* Queues. */

static void
queue_init(struct queue *q)
{
	*q = (struct queue){ NULL, &q->first, 0 };
}

static void
queue_put(struct queue *q, struct job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
	q->n++;
}

static struct job *
queue_take(struct queue *q)
{
	struct job *job = q->first;

	if (job == NULL)
		return NULL;
	q->first = job->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->n--;
	return job;
}

/* Puts all of `from' before all of `to'. */
static void
queue_prepend(struct queue *to, struct queue *from)
{
	struct job *job;

	while ((job = queue_take(to)) != NULL)
		queue_put(from, job);
	while ((job = queue_take(from)) != NULL)
		queue_put(to, job);
}

/* The jobs of a box that wait; to which some are put at once. */
static struct queue *
waiting_of(struct pool *p, const char *box)
{
	struct queue *q = map_get(&p->waiting, box);

	if (q == NULL) {
		q = mem_alloc(sizeof(*q));
		queue_init(q);
		map_put(&p->waiting, box, q);
	}
	return q;
}

static void
forget_empty(struct pool *p, const char *box, const struct queue *q)
{
	if (q->n == 0)
		free(map_del(&p->waiting, box));
}

static void
finish(struct pool *p, struct job *job, enum outcome outcome)
{
	job->outcome = outcome;
	queue_put(&p->done, job);
}

/* One more than asked for: it is kept for a box that has none, so that no box
 * has all of them. */
static size_t
slot_count(const struct settings *s)
{
	long n = s->workers > 0 ? (long)s->workers :
	    sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 2 : n >= LIMIT_WORKERS ? LIMIT_WORKERS : (size_t)n + 1;
}

struct pool *
pool_open(const struct rules *rules, const struct settings *s,
    struct faults *faults)
{
	struct pool *p = mem_alloc(sizeof(*p));
	size_t i;

	p->fd = -1;
	p->parent = -1;
	p->limits = s->check;
	p->n_slots = slot_count(s);
	queue_init(&p->done);
	for (i = 0; i < LIMIT_WORKERS; i++) {
		p->slots[i].fd = -1;
		queue_init(&p->slots[i].at);
	}
	if (pool_start_parent(p, rules) == 0) {
		if (p->types.faults.n == 0)
			return p;
		faults_copy(faults, &p->types.faults);
	}
	pool_close(p);
	return NULL;
}

void
pool_close(struct pool *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < LIMIT_WORKERS; i++) {
		if (p->slots[i].fd >= 0)
			close(p->slots[i].fd);
		free(p->slots[i].box);
		buf_free(&p->slots[i].in);
		buf_free(&p->slots[i].out);
		buf_free(&p->slots[i].entries);
	}
	pool_end_parent(p);
	map_free_all(&p->waiting);
	types_free(&p->types);
	buf_free(&p->in);
	free(p);
}

const struct form_types *
pool_types(const struct pool *p)
{
	return &p->types;
}

struct pool_counts
pool_counts(const struct pool *p)
{
	return p->counts;
}

/* Children. */

static void
restart_deadline(struct pool *p, struct slot *s)
{
	s->deadline = s->at.n == 0 ? INT64_MAX : clock_ticks() + PATIENCE_MS +
	    (int64_t)p->limits.cpu * 1000;
}

/* Asks the parent to fork. */
static int
start_child(struct pool *p, struct slot *s, const char *box)
{
	struct child_note note = { .slot = (uint32_t)(s - p->slots) };
	struct buf out = BUF_INIT;
	int pair[2], status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	child_encode(WIRE_FORK, &note, &out);
	status = channel_send_fd(p->fd, &out, pair[1]);
	buf_free(&out);
	close(pair[1]);
	if (status != 0) {
		close(pair[0]);
		return -1;
	}
	p->counts.started++;
	s->state = LIVE;
	s->fd = pair[0];
	s->box = mem_str(box);
	s->given = 0;
	s->said_last = s->leaving = s->lied = s->killed = false;
	s->deadline = INT64_MAX;
	s->heard = 0;
	return 0;
}

/* It is to end by itself; one that does not would keep its slot for ever. */
static void
expect_end(struct slot *s)
{
	s->deadline = clock_ticks() + ENDING_MS;
}

/* The child finds its socket closed and ends. */
static void
retire(struct slot *s)
{
	close(s->fd);
	s->fd = -1;
	s->state = ENDING;
	expect_end(s);
}

static void
give(struct pool *p, struct slot *s, struct job *job)
{
	struct query q = { .purpose = job->purpose, .today = job->today,
	    .data = job->data, .len = job->len, .before = job->before,
	    .later = job->later, .brief = job->brief,
	    .cutting = job->cutting, .last = job->last };

	query_encode(&q, &s->out);
	job->lists = p->lists;
	queue_put(&s->at, job);
	s->given++;
	if (s->at.n == 1)
		restart_deadline(p, s);
}

static bool
takes(const struct pool *p, const struct slot *s, const char *box)
{
	return s->state == LIVE && !s->said_last && !s->leaving &&
	    s->at.n < DEPTH && s->given < p->limits.reuse &&
	    strcmp(s->box, box) == 0;
}

/* Makes room for a box that has no child: the least laden child of another
 * box goes as soon as it is idle.  One at a time. */
static void
make_room(struct pool *p)
{
	struct slot *s, *least = NULL;

	for (s = p->slots; s < p->slots + p->n_slots; s++) {
		if (s->state != LIVE || s->said_last || s->leaving)
			return;		/* one is on its way out */
		if (least == NULL || s->at.n < least->at.n)
			least = s;
	}
	if (least == NULL)
		return;
	least->leaving = true;
	if (least->at.n == 0)
		retire(least);
}

/* The slot for a job: an idle child of its box; a new child, but the last free
 * slot is for a box that has none; the least laden child of its box.  NULL:
 * none now. */
static struct slot *
slot_for(struct pool *p, const char *box)
{
	struct slot *s, *free_slot = NULL, *best = NULL;
	bool served = false, has_one = false;
	size_t n_free = 0;

	for (s = p->slots; s < p->slots + p->n_slots; s++) {
		if (s->state == FREE) {
			free_slot = s;
			n_free++;
			continue;
		}
		has_one |= strcmp(s->box, box) == 0;
		served |= s->state == LIVE && strcmp(s->box, box) == 0;
		if (takes(p, s, box) && (best == NULL ||
		    s->at.n < best->at.n))
			best = s;
	}
	if (best != NULL && best->at.n == 0)
		return best;
	if (n_free > (has_one ? 1u : 0u) &&
	    start_child(p, free_slot, box) == 0)
		return free_slot;
	if (!served)
		make_room(p);
	return best;
}

/* Boxes in a row that cannot be served now, before the others are left for
 * the next time. */
#define BUSY_BOXES 8

/* False: some of the box's jobs stay. */
static bool
serve(struct pool *p, const char *box, struct queue *waiting)
{
	struct slot *s;

	while (waiting->n > 0) {
		if ((s = slot_for(p, box)) == NULL)
			return false;
		give(p, s, queue_take(waiting));
	}
	return true;
}

/* Hands out what waits: one box's hundreds of forms are no reason for
 * another's to wait. */
static void
hand_out(struct pool *p)
{
	const struct map_entry *e;
	size_t at = 0, busy = 0;

	while (busy < BUSY_BOXES && (e = map_next(&p->waiting, &at)) != NULL)
		if (serve(p, e->key, e->value))
			forget_empty(p, e->key, e->value);
		else
			busy++;
}

static void
send_some(struct slot *s)
{
	ssize_t n;

	while (s->fd >= 0 && s->sent < s->out.len) {
		n = send(s->fd, s->out.data + s->sent, s->out.len - s->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;	/* full; or dead, which reading will tell */
		s->sent += (size_t)n;
	}
	/* what a long list has taken is not kept */
	if (s->out.cap > LIMIT_FORM)
		buf_free(&s->out);
	buf_clear(&s->out);
	s->sent = 0;
}

/* Some entries of the list that the child is at.  -1: nonsense. */
static int
take_entries(struct slot *s, const struct frame *f)
{
	if (s->at.first == NULL ||
	    s->at.first->purpose != PURPOSE_ENTRIES ||
	    s->entries.len + f->len > LIMIT_LIST)
		return -1;
	return entries_decode(&s->entries, f);
}

/* A verdict for the first job of the child, or what comes before it.  -1:
 * nonsense. */
static int
take_verdict(struct pool *p, struct slot *s, const struct frame *f)
{
	struct job *job = s->at.first;

	if (f->type == WIRE_ENTRIES)
		return take_entries(s, f);
	if (job == NULL || f->type != WIRE_VERDICT || s->said_last ||
	    verdict_decode(&job->verdict, f, p->types.n) != 0)
		return -1;
	queue_take(&s->at);
	s->heard = clock_ticks();
	if (job->purpose == PURPOSE_ENTRIES)
		job->verdict.entries = buf_take(&s->entries);
	s->said_last = job->verdict.last;
	finish(p, job, OUTCOME_VERDICT);
	if (s->said_last)
		expect_end(s);
	else
		restart_deadline(p, s);
	return 0;
}

/* True while there may be more. */
static bool
receive_verdicts(struct pool *p, struct slot *s)
{
	struct frame f;
	size_t at = 0;
	int got, more;

	more = channel_receive(s->fd, &s->in);
	while ((got = wire_next(&s->in, &at, LIMIT_VERDICT, &f)) == 1 &&
	    take_verdict(p, s, &f) == 0)
		;
	if (got != 0) {
		/* it lies or is out of its mind: no word of it counts any
		 * more, and it does not get the time to do anything else */
		s->lied = true;
		p->counts.nonsense++;
		buf_clear(&s->in);
		retire(s);
		s->deadline = clock_ticks();
		return false;
	}
	buf_drop(&s->in, at);
	if (more < 0 || (s->leaving && s->at.n == 0))
		retire(s);
	return more > 0 && s->fd >= 0;
}

/* Why a child has ended that was to go on. */
static const char *
why_ended(const struct slot *s, int status)
{
	return s->lied ? "what it said made no sense" :
	    s->killed ? "it did not answer in time" :
	    !WIFSIGNALED(status) ? "it ended without an answer" :
	    WTERMSIG(status) == SIGSYS ? "it made a system call that it may "
	    "not make" :
	    WTERMSIG(status) == SIGKILL ? "it was killed by somebody else" :
	    "it crashed";
}

static void
log_end(const struct slot *s, const struct job *job, int status)
{
	char text[NUM_TEXT];

	log_event(LOG_WARN, "pool", "event", "worker-died", "box", s->box,
	    "form", job == NULL ? NULL : job->name, "why",
	    why_ended(s, status), "signal", WIFSIGNALED(status) ?
	    num_text(text, (unsigned)WTERMSIG(status)) : NULL, NULL);
}

/* What the end of a child means for the job it was at. */
static void
blame(struct pool *p, struct slot *s, struct job *job, int status)
{
	if (!s->lied && ((WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGPROF) || (WIFEXITED(status) &&
	    WEXITSTATUS(status) == CHILD_OUT_OF_MEMORY))) {
		finish(p, job, OUTCOME_COSTLY);
		return;
	}
	log_end(s, job, status);
	if (++job->tries >= LIMIT_TRIES)
		finish(p, job, OUTCOME_TROUBLE);
	else
		queue_put(waiting_of(p, job->box), job);
}

static void
child_ended(struct pool *p, struct slot *s, int status)
{
	struct job *job;

	/* what it said before it died counts */
	while (s->fd >= 0 && receive_verdicts(p, s))
		;
	if (s->fd >= 0)
		retire(s);
	if (!s->said_last && (job = queue_take(&s->at)) != NULL) {
		p->counts.died++;
		blame(p, s, job, status);
	} else if (s->lied)
		log_end(s, NULL, status);
	if (s->at.n > 0)
		queue_prepend(waiting_of(p, s->box), &s->at);
	free(s->box);
	s->box = NULL;
	buf_clear(&s->in);
	buf_clear(&s->out);
	buf_free(&s->entries);
	s->sent = 0;
	s->deadline = INT64_MAX;
	s->state = FREE;
}

static int
receive_endings(struct pool *p)
{
	struct child_note note;
	struct frame f;
	size_t at = 0;
	int got;

	if (channel_receive(p->fd, &p->in) < 0)
		return -1;
	while ((got = wire_next(&p->in, &at, 4096, &f)) == 1) {
		if (f.type != WIRE_ENDED || child_decode(&note, &f) != 0 ||
		    note.slot >= p->n_slots ||
		    p->slots[note.slot].state == FREE)
			return -1;
		child_ended(p, &p->slots[note.slot], (int)note.status);
	}
	buf_drop(&p->in, at);
	return got;
}

static int
kill_overdue(struct pool *p)
{
	int64_t now = clock_ticks();
	struct buf out = BUF_INIT;
	struct child_note note = { 0 };
	struct slot *s;
	int status;

	for (s = p->slots; s < p->slots + p->n_slots; s++)
		if (s->state != FREE && !s->killed && now >= s->deadline) {
			note.slot = (uint32_t)(s - p->slots);
			child_encode(WIRE_KILL, &note, &out);
			s->killed = true;
			p->counts.killed += !s->lied;
		}
	status = out.len == 0 ? 0 : channel_send(p->fd, &out);
	buf_free(&out);
	return status;
}

int
pool_forget(struct pool *p)
{
	struct frame forget = { WIRE_FORGET, NULL, 0 };
	struct buf out = BUF_INIT;
	struct slot *s;
	int status;

	p->lists++;
	for (s = p->slots; s < p->slots + p->n_slots; s++) {
		if (s->state != LIVE || s->said_last)
			continue;
		s->leaving = true;
		if (s->at.n == 0)
			retire(s);
	}
	frame_encode(&forget, &out);
	status = channel_send(p->fd, &out);
	buf_free(&out);
	return status;
}

int
pool_add_ids(struct pool *p, const struct ids *ids)
{
	struct buf out = BUF_INIT;
	int status;

	ids_encode(ids, &out);
	status = channel_send(p->fd, &out);
	buf_free(&out);
	return status;
}

unsigned
pool_lists(const struct pool *p)
{
	return p->lists;
}

void
pool_submit(struct pool *p, struct job *job)
{
	job->tries = 0;
	queue_put(waiting_of(p, job->box), job);
	p->pending++;
}

size_t
pool_pending(const struct pool *p)
{
	return p->pending;
}

static bool
is_quiet(const struct slot *s)
{
	return s->state == LIVE && s->at.n >= DEPTH_QUIET &&
	    s->sent == s->out.len && clock_ticks() - s->heard < OF_LATE_MS;
}

size_t
pool_poll(const struct pool *p, struct pollfd *fds, size_t most)
{
	const struct slot *s;
	size_t n = 0;

	if (n < most)
		fds[n++] = (struct pollfd){ .fd = p->fd, .events = POLLIN };
	for (s = p->slots; s < p->slots + p->n_slots && n < most; s++)
		if (s->fd >= 0 && !is_quiet(s))
			fds[n++] = (struct pollfd){ .fd = s->fd,
			    .events = (short)(s->sent < s->out.len ?
			    POLLIN | POLLOUT : POLLIN) };
	return n;
}

int64_t
pool_deadline(const struct pool *p)
{
	int64_t first = INT64_MAX, ask = clock_ticks() + ASK_MS;
	const struct slot *s;

	for (s = p->slots; s < p->slots + p->n_slots; s++) {
		if (s->state != FREE && !s->killed && s->deadline < first)
			first = s->deadline;
		if (is_quiet(s) && ask < first)
			first = ask;
	}
	return first;
}

int
pool_exchange(struct pool *p)
{
	struct slot *s;

	for (s = p->slots; s < p->slots + p->n_slots; s++)
		if (s->fd >= 0)
			receive_verdicts(p, s);
	if (receive_endings(p) != 0 || kill_overdue(p) != 0)
		return -1;
	hand_out(p);
	for (s = p->slots; s < p->slots + p->n_slots; s++)
		send_some(s);
	return 0;
}

struct job *
pool_done(struct pool *p)
{
	struct job *job = queue_take(&p->done);

	if (job != NULL)
		p->pending--;
	return job;
}

struct job *
pool_cancel(struct pool *p)
{
	struct job *job = queue_take(&p->done);
	const struct map_entry *e;
	struct slot *s;
	size_t at = 0;

	if (job == NULL && (e = map_next(&p->waiting, &at)) != NULL) {
		job = queue_take(e->value);
		forget_empty(p, e->key, e->value);
	}
	for (s = p->slots; job == NULL && s < p->slots + p->n_slots; s++)
		job = queue_take(&s->at);
	if (job != NULL)
		p->pending--;
	return job;
}

struct job *
pool_wait(struct pool *p)
{
	struct pollfd fds[POOL_FDS];
	int64_t left;
	size_t n;

	while (p->pending > 0) {
		if (p->done.n > 0)
			return pool_done(p);
		if (pool_exchange(p) != 0)
			return NULL;
		if (p->done.n > 0)
			continue;
		left = pool_deadline(p);
		left = left == INT64_MAX ? 1000 : left - clock_ticks();
		n = pool_poll(p, fds, POOL_FDS);
		notify_pulse();
		if (poll(fds, n, left < 0 ? 0 : left > 1000 ? 1000 :
		    (int)left) < 0 &&
		    errno != EINTR)
			return NULL;
	}
	return NULL;
}
