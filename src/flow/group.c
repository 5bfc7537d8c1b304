/*
 * group: the open group: rulings that will be committed together.
 *
 * May not: make a ruling.
 * The machine's trouble: whatever fails between the commit and the last
 * answer; recovery takes up from there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "signals.h"
#include "text.h"

#include "limit.h"

#include "flowing.h"

/* Cases: as the open group has them, else as the index. */

int
flow_case(struct flow *f, const char *number, struct casefile *c)
{
	const struct casefile *open = map_get(&f->cases, number);
	int found;

	if (open != NULL) {
		casefile_copy(c, open);
		return 1;
	}
	found = index_case(f->index, number, c);
	return found < 0 ? flow_fail(f, "%s", index_error()) : found;
}

static void
digest_key(struct buf *key, const char *box, const char *digest)
{
	buf_putf(key, "%s %s", box, digest);
}

int
flow_duplicate(struct flow *f, const struct parcel *p,
    char number[NUMBER_TEXT])
{
	struct buf key = BUF_INIT;
	const char *open;
	int found;

	digest_key(&key, p->box, p->digest);
	open = map_get(&f->digests, buf_str(&key));
	buf_free(&key);
	if (open != NULL) {
		snprintf(number, NUMBER_TEXT, "%s", open);
		return 1;
	}
	found = index_duplicate(f->index, p->box, p->digest, number);
	return found < 0 ? flow_fail(f, "%s", index_error()) : found;
}

int
flow_next_number(struct flow *f, const char *prefix, char number[NUMBER_TEXT])
{
	uint64_t *last = map_get(&f->last, prefix);

	if (last == NULL) {
		last = mem_alloc(sizeof(*last));
		if (index_last(f->index, prefix, last) != 0) {
			free(last);
			return flow_fail(f, "%s", index_error());
		}
		map_put(&f->last, prefix, last);
	}
	number_make(number, prefix, ++*last);
	return 0;
}

void
flow_forget_numbers(struct flow *f)
{
	map_free_all(&f->last);
}

/* The open group. */

struct entry *
entries_add(struct entries *all, struct ruling *r)
{
	struct entry *e;

	all->list = mem_grow(all->list, all->n + 1, sizeof(*all->list));
	e = &all->list[all->n++];
	*e = (struct entry){ .ruling = r };
	return e;
}

void
entry_free(struct entry *e)
{
	if (e->ruling != NULL)
		ruling_free(e->ruling);
	free(e->ruling);
	parcel_free(e->parcel);
}

void
entries_free(struct entries *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		entry_free(&all->list[i]);
	free(all->list);
	*all = (struct entries){ NULL, 0 };
}

static struct entry *
add_entry(struct flow *f, struct ruling *r, struct parcel *p)
{
	struct entry *e;

	if (f->group.n == 0)
		f->group_since = clock_ticks();
	e = entries_add(&f->group, r);
	e->parcel = p;
	if (p != NULL)
		f->group_bytes += p->file.len + p->form.len;
	return e;
}

static int
apply_to_case(struct flow *f, const struct ruling *r)
{
	struct casefile *c = map_get(&f->cases, r->number);

	if (c == NULL) {
		c = mem_alloc(sizeof(*c));
		casefile_init(c);
		map_put(&f->cases, r->number, c);
		/* of a new one there is nothing */
		if (r->event != EVENT_RECEIVE &&
		    index_case(f->index, r->number, c) < 0)
			return flow_fail(f, "%s", index_error());
	}
	if (casefile_apply(c, r) != 0)
		bug("a ruling does not follow from where its case stands");
	return 0;
}

/* Lists of this name in force, but for this case. */
static int
others_listed(struct flow *f, const struct ruling *r, struct buf *numbers)
{
	const struct map_entry *e;
	const struct casefile *open;
	struct casefile c;
	size_t at = 0;
	int found = index_list(f->index, r->catalog, &c);

	if (found < 0)
		return flow_fail(f, "%s", index_error());
	if (found == 1 && !map_has(&f->cases, c.number))
		buf_putf(numbers, "%s\n", c.number);
	if (found == 1)
		casefile_free(&c);
	while ((e = map_next(&f->cases, &at)) != NULL) {
		open = e->value;
		if (open->state == STATE_APPROVED && open->catalog != NULL &&
		    strcmp(open->catalog, r->catalog) == 0 &&
		    strcmp(open->number, r->number) != 0)
			buf_putf(numbers, "%s\n", open->number);
	}
	return 0;
}

static int
supersede(struct flow *f, const char *number)
{
	struct rule_context ctx = flow_context(f);
	struct casefile c;
	struct ruling *r;
	int status;

	if (flow_case(f, number, &c) != 1)
		return -1;
	if (rule_decide(&ctx, &c, EVENT_SUPERSEDE, NULL, &r) == RULE_MADE)
		status = flow_add(f, r, NULL, NULL);
	else
		status = flow_fail(f, "%s", ledger_error());
	casefile_free(&c);
	return status;
}

/* A list that is in force from now on takes the place of the one before; and
 * nothing that was checked under others is ruled on. */
static int
take_place(struct flow *f, const struct ruling *r)
{
	const struct casefile *c = map_get(&f->cases, r->number);
	struct buf numbers = BUF_INIT;
	char *at, *number;
	int status = 0;

	if (r->from == STATE_APPROVED && r->to == STATE_REVOKED &&
	    c->catalog != NULL)
		f->relisted = true;
	if (r->catalog == NULL)
		return 0;
	f->relisted = true;
	status = others_listed(f, r, &numbers);
	at = numbers.data;
	while (status == 0 && (number = strsep(&at, "\n")) != NULL)
		if (*number != '\0')
			status = supersede(f, number);
	buf_free(&numbers);
	return status;
}

int
flow_relist(struct flow *f)
{
	struct buf why = BUF_INIT;
	int status = 0;

	if (catalogs_load(f->ledger, f->index, &why) != 0 ||
	    catalogs_tell(f->index, f->pool, &why) != 0)
		status = flow_fail(f, "%s", buf_str(&why));
	buf_free(&why);
	if (f->outbox != NULL)
		outbox_relist(f->outbox);
	/* keys may have a recipient now */
	if (f->keys != NULL)
		keys_look(f->keys);
	f->relisted = false;
	f->more = true;
	return status;
}

int
flow_add(struct flow *f, struct ruling *r, struct parcel *p,
    const struct decision *d)
{
	struct entry *e = add_entry(f, r, p);
	struct buf key = BUF_INIT;
	size_t i;

	if (d != NULL) {
		e->decided = true;
		e->decision = *d;
	}
	if (flow_issue_key(f, r) != 0)
		return -1;
	if (ledger_add(f->ledger, flow_settings(f)->desk_id, r) != 0)
		return flow_fail(f, "%s", ledger_error());
	for (i = 0; i < r->n_ops; i++)
		f->group_bytes += r->ops[i].len;
	if (r->number[0] != '\0' && apply_to_case(f, r) != 0)
		return -1;
	if (r->event == EVENT_RECEIVE) {
		digest_key(&key, r->box, r->digest);
		free(map_put(&f->digests, buf_str(&key), mem_str(r->number)));
		buf_free(&key);
	}
	return r->number[0] != '\0' ? take_place(f, r) : 0;
}

void
flow_add_unrecorded(struct flow *f, struct ruling *r, struct parcel *p)
{
	add_entry(f, r, p)->unrecorded = true;
}

void
flow_close_group(struct flow *f)
{
	const struct map_entry *e;
	size_t at = 0;

	entries_free(&f->group);
	f->group_bytes = 0;
	while ((e = map_next(&f->cases, &at)) != NULL)
		casefile_free(e->value);
	map_free_all(&f->cases);
	map_free_all(&f->digests);
}

int64_t
flow_group_due(const struct flow *f)
{
	int64_t window = f->group_took < GROUP_MS ? GROUP_MS : f->group_took;

	return f->group_since + (window > GROUP_MOST_MS ? GROUP_MOST_MS :
	    window);
}

bool
flow_due(const struct flow *f)
{
	return f->group.n > 0 && (pool_pending(f->pool) == 0 ||
	    f->group.n >= LIMIT_GROUP || f->relisted ||
	    f->group_bytes >= LIMIT_GROUP_BYTES ||
	    clock_ticks() >= flow_group_due(f));
}

/* Committing. */

static void
log_ruling(const struct ruling *r)
{
	bool of_case = r->number[0] != '\0';

	struct buf about = BUF_INIT;

	if (r->subjects != NULL)
		text_line(&about, r->subjects, strlen(r->subjects), 300);
	log_event(LOG_INFO, of_case ? r->number : "desk", "event",
	    event_name(r->event), "from", r->file, "by",
	    r->n_deciders > 0 ? r->deciders[0].name : NULL, "state",
	    of_case ? state_name(r->to) : NULL, "about",
	    about.len > 0 ? buf_str(&about) : NULL, NULL);
	buf_free(&about);
}

/* The rulings that are in the ledger; the caller frees the array. */
static struct ruling **
recorded(const struct flow *f, size_t *n)
{
	struct ruling **rulings = mem_grow(NULL, f->group.n,
	    sizeof(*rulings));
	size_t i;

	for (*n = i = 0; i < f->group.n; i++)
		if (!f->group.list[i].unrecorded)
			rulings[(*n)++] = f->group.list[i].ruling;
	return rulings;
}

/* What a ruling was made of, in the trays. */
static int
clear_away(struct flow *f, const struct entry *e)
{
	if (e->decided && trays_accept(f->trays, &e->decision,
	    e->ruling->event == EVENT_ENDORSE) != 0)
		return flow_fail(f, "a tray cannot be cleared");
	return 0;
}

/* Gateways and trays: of forms that came, while the index is written, and by
 * who gives the answers (next). */
static int
show(struct flow *f, struct ruling *const *rulings, size_t n,
    struct fs_batch *next)
{
	size_t i;

	/* before all else: a key that was revoked lets nobody in any more */
	if (gateway_moved(f->gateway) != 0)
		return flow_fail(f, "%s", index_error());
	/* before the new papers are there: a note that comes after them is
	 * about them */
	for (i = 0; i < n; i++)
		if (rulings[i]->number[0] != '\0' &&
		    rulings[i]->event != EVENT_RECEIVE)
			trays_tidy(f->trays, rulings[i]->number,
			    rulings[i]->note);
	return trays_apply(f->trays, rulings, n, next) == 0 ? 0 :
	    flow_fail(f, "the trays cannot be written");
}

/* What these entries are answered by; the caller frees the array. */
static struct answer *
answers_to(const struct entries *all)
{
	struct answer *answers = mem_grow(NULL, all->n, sizeof(*answers));
	const struct entry *e;
	size_t i;

	for (i = 0; i < all->n; i++) {
		e = &all->list[i];
		answers[i] = (struct answer){ .ruling = e->ruling,
		    .parcel = e->ruling->event == EVENT_REFUSE ? e->parcel :
		    NULL };
	}
	return answers;
}

static int
prepare(struct flow *f, const struct answer *answers, size_t n)
{
	return outbox_prepare(f->outbox, answers, n) == 0 ? 0 :
	    flow_fail(f, "answers cannot be written");
}

/* What follows from rulings which are in the ledger now, on the desk; the
 * answers are written beside that, and what nothing else waits for. */
static int
project(struct flow *f, struct ruling *const *rulings, size_t n,
    const struct answer *answers)
{
	struct indexed indexed;
	int status;
	size_t i;

	for (i = 0; i < n; i++)
		if (gateway_moving(f->gateway, rulings[i]) != 0)
			return flow_fail(f, "%s", index_error());
	if (flow_index_begin(f, rulings, n, &indexed) != 0)
		return -1;
	status = prepare(f, answers, f->group.n);
	if (status == 0)
		status = show(f, rulings, n, indexed.beside ?
		    outbox_prepared(f->outbox) : NULL);
	if (flow_index_end(f, &indexed) != 0 || status != 0)
		return -1;
	for (i = 0; i < n; i++)
		reminders_moved(f->reminders, rulings[i]);
	for (i = 0; i < f->group.n; i++)
		if (clear_away(f, &f->group.list[i]) != 0)
			return -1;
	for (i = 0; i < n; i++)
		keys_moved(f->keys, rulings[i]);
	return flow_tend_keys(f);
}

/* A refusal whose box is held: ruling and claim are kept. */
static void
keep_unanswered(struct flow *f, struct entry *e)
{
	struct entry *kept = entries_add(&f->unanswered, e->ruling);

	kept->unrecorded = e->unrecorded;
	kept->parcel = e->parcel;
	parcel_unload(kept->parcel);
	e->ruling = NULL;
	e->parcel = NULL;
}

/* Gives what was prepared: of many answers beside what the flow goes on with,
 * with the papers that are shown so, until flow_end_answers(); else at once.
 * Takes the entries, and the answers whatever comes of it. */
static int
deliver(struct flow *f, struct entries *all, struct answer *answers,
    const char *mark)
{
	int status = outbox_deliver(f->outbox, answers, all->n);

	if (status < 0) {
		free(answers);
		return flow_fail(f, "answers cannot be written");
	}
	f->told = *all;
	f->answers = answers;
	snprintf(f->told_mark, sizeof(f->told_mark), "%s",
	    mark == NULL ? "" : mark);
	*all = (struct entries){ NULL, 0 };
	return status == 1 ? 0 : flow_end_answers(f);
}

/* What was answered is dropped, and may be decided on. */
static void
drop_told(struct flow *f, struct entry *e, const struct answer *a)
{
	if (e->decided)
		trays_release(f->trays, &e->decision, 0);
	if (a->held)
		keep_unanswered(f, e);
	else if (e->parcel != NULL)
		intake_drop(f->intake, e->parcel);
}

void
flow_forget_answers(struct flow *f)
{
	entries_free(&f->told);
	free(f->answers);
	f->answers = NULL;
}

bool
flow_has_answered(const struct flow *f)
{
	return f->answers != NULL && outbox_has_delivered(f->outbox);
}

int
flow_end_answers(struct flow *f)
{
	size_t i;

	if (f->answers == NULL)
		return 0;
	if (trays_settle(f->trays) != 0)
		return flow_fail(f, "the trays cannot be written");
	if (outbox_delivered(f->outbox, *f->told_mark == '\0' ? NULL :
	    f->told_mark) != 0)
		return flow_fail(f, "answers cannot be written");
	for (i = 0; i < f->told.n; i++)
		drop_told(f, &f->told.list[i], &f->answers[i]);
	flow_forget_answers(f);
	return 0;
}

/* Takes the entries. */
static int
answer_all(struct flow *f, struct entries *all)
{
	struct answer *answers = answers_to(all);

	if (prepare(f, answers, all->n) != 0) {
		free(answers);
		return -1;
	}
	if (deliver(f, all, answers, NULL) != 0)
		return -1;
	return flow_end_answers(f);
}

/* Whether a refusal can be answered now, from its claim; else it is kept.  A
 * claim that is gone was given back. */
static bool
is_ready(struct flow *f, struct entry *e)
{
	if (outbox_is_held(f->outbox, e->parcel->box) || signals_say_end()) {
		keep_unanswered(f, e);
		return false;
	}
	if (intake_reload(f->intake, e->parcel) != 0)
		e->parcel->keep = false;
	if (e->parcel->trouble) {
		flow_keep(f, e->parcel, e->ruling);
		*e = (struct entry){ .ruling = NULL };
		return false;
	}
	return true;
}

/* The next refusals that can be answered, as many as make a group. */
static size_t
next_answers(struct flow *f, struct entry *list, size_t n,
    struct entries *some)
{
	size_t bytes = 0, i;

	for (i = 0; i < n && some->n < LIMIT_GROUP &&
	    bytes < LIMIT_GROUP_BYTES; i++) {
		if (!is_ready(f, &list[i]))
			continue;
		bytes += parcel_form(list[i].parcel)->len;
		*entries_add(some, NULL) = list[i];
		list[i] = (struct entry){ .ruling = NULL };
	}
	return i;
}

int
flow_answer_again(struct flow *f)
{
	struct entries again, some = { NULL, 0 };
	int status = 0;
	size_t i;

	/* there may be some among these */
	if (flow_end_answers(f) != 0)
		return -1;
	again = f->unanswered;
	f->unanswered = (struct entries){ NULL, 0 };
	for (i = 0; i < again.n && status == 0; ) {
		i += next_answers(f, again.list + i, again.n - i, &some);
		if (some.n > 0)
			status = answer_all(f, &some);
		entries_free(&some);
	}
	entries_free(&again);
	return status;
}

/* What was sent is in the ledger; a refusal comes with it. */
static void
let_go(const struct entry *e)
{
	if (e->parcel != NULL && e->ruling->event != EVENT_REFUSE)
		parcel_unload(e->parcel);
}

/* In the ledger, and synced: from here on it is so. */
static int
record(struct flow *f)
{
	size_t i;

	if (intake_sync(f->intake) != 0)
		return flow_fail(f, "inbox cannot be synced: %s",
		    strerror(errno));
	if (keys_sync(f->keys) != 0)
		return flow_fail(f, "keys cannot be written: %s",
		    strerror(errno));
	if (ledger_commit(f->ledger) != 0)
		return flow_fail(f, "%s", ledger_error());
	for (i = 0; i < f->group.n; i++) {
		log_ruling(f->group.list[i].ruling);
		let_go(&f->group.list[i]);
	}
	return 0;
}

/* What was recorded, on the desk. */
static int
tell(struct flow *f, const struct answer *answers)
{
	struct ruling **rulings;
	int status;
	size_t n;

	rulings = recorded(f, &n);
	if (n > 0) {
		f->counts.commits += n;
		f->counts.groups++;
		metrics_commit(f->metrics, rulings, n);
		status = project(f, rulings, n, answers);
	} else
		status = prepare(f, answers, f->group.n);
	free(rulings);
	return status;
}

/* And then to those who asked. */
static int
tell_and_answer(struct flow *f)
{
	struct answer *answers = answers_to(&f->group);

	if (tell(f, answers) != 0) {
		free(answers);
		return -1;
	}
	return deliver(f, &f->group, answers, ledger_head(f->ledger));
}

int
flow_commit(struct flow *f)
{
	int64_t began = clock_ticks();

	if (f->group.n == 0)
		return 0;
	/* the answers to the group before are given meanwhile */
	if (record(f) != 0 || flow_end_answers(f) != 0)
		return -1;
	ledger_tidy(f->ledger, f->in_hand > 0);
	if (tell_and_answer(f) != 0)
		return -1;
	flow_close_group(f);
	f->group_took = clock_ticks() - began;
	if (f->clock_more)
		f->clock_due = clock_ticks();
	f->clock_more = false;
	if (flow_note_batches(f) != 0)
		return -1;
	return f->relisted ? flow_relist(f) : 0;
}
