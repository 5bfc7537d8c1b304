/*
 * audit: a ledger proven again, commit by commit.
 *
 * May not: write anywhere; look at a desk.
 * A lie: whatever differs from what this makes of the same history.
 * The machine's trouble: workers that die, ssh-keygen that is missing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "hash.h"
#include "log.h"
#include "text.h"

#include "limit.h"

#include "auditing.h"

/* How often to see what workers and ssh-keygen have found, in commits; and
 * to tell how far it is. */
#define GO_ON 8
#define TELL 256

/* Folders of the tree kept in memory, in bytes. */
#define TREE_CACHE (64u * 1024 * 1024)

/* Verdicts. */

void
audit_wrong_at(struct auditing *a, size_t at, const char *fmt, ...)
{
	va_list ap;

	/* what trouble keeps us from knowing is not held against the ledger */
	if (a->trouble || at >= a->wrong)
		return;
	a->wrong = at;
	buf_clear(&a->why);
	va_start(ap, fmt);
	buf_vputf(&a->why, fmt, ap);
	va_end(ap);
}

int
audit_wrong(struct auditing *a, const char *fmt, ...)
{
	struct buf why = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vputf(&why, fmt, ap);
	va_end(ap);
	audit_wrong_at(a, a->at, "%s", buf_str(&why));
	buf_free(&why);
	return -1;
}

int
audit_trouble(struct auditing *a, const char *fmt, ...)
{
	va_list ap;

	/* what is wrong is so whatever else fails */
	if (a->trouble || (a->n > 0 && a->wrong < a->n))
		return -1;
	a->trouble = true;
	buf_clear(&a->why);
	va_start(ap, fmt);
	buf_vputf(&a->why, fmt, ap);
	va_end(ap);
	return -1;
}

bool
audit_in_full(const struct auditing *a)
{
	return a->at >= a->full;
}

/* The tree. */

static int
load_tree(void *arg, const struct oid *oid, struct buf *raw)
{
	struct auditing *a = arg;

	return history_read(a->history, OBJECT_TREE, oid, raw);
}

static void
name_tree(void *arg, enum object type, const void *data, size_t n,
    struct oid *oid)
{
	(void)arg;
	(void)type;
	history_name_tree(data, n, oid);
}

static int
papers_of(void *arg, enum state tray, const char *number, ledger_name_fn *fn,
    void *fn_arg)
{
	struct auditing *a = arg;
	char folder[LEDGER_PATH];

	return tree_papers(a->tree, ledger_path(folder, tray, number, NULL),
	    number, fn, fn_arg);
}

struct rule_context
audit_context(struct auditing *a, int64_t now)
{
	struct rule_context ctx = { .settings = &a->settings,
	    .types = a->pool == NULL ? NULL : pool_types(a->pool),
	    .papers = papers_of, .ledger = a, .now = now };

	day_text(ctx.today, clock_day(now));
	return ctx;
}

int
audit_read(struct auditing *a, const char *path, struct buf *out)
{
	struct oid oid;
	int found = tree_get(a->tree, path, &oid);

	if (found == 1 && history_read(a->history, OBJECT_BLOB, &oid, out) !=
	    0)
		found = -1;
	return found;
}

/* What a ruling puts there: the paper that was looked up, or another. */
static int
put_paper(struct auditing *a, const struct item *item, const struct op *op)
{
	const struct filed *f = &item->filed;
	struct oid oid;

	if (strcmp(f->path, op->path) == 0 && f->found == 1)
		oid = f->oid;
	else
		history_name(OBJECT_BLOB, op->data, op->len, &oid);
	return tree_put(a->tree, op->path, &oid);
}

static int
apply_op(struct auditing *a, const struct item *item, const struct op *op)
{
	struct oid oid;

	switch (op->kind) {
	case OP_PUT:
		return put_paper(a, item, op);
	case OP_MOVE:
		if (tree_get(a->tree, op->path, &oid) != 1 ||
		    tree_drop(a->tree, op->path) != 0)
			return -1;
		return tree_put(a->tree, op->to, &oid);
	default:
		return tree_drop(a->tree, op->path);
	}
}

/* What differs in the tree that the ruling does not speak of. */
struct difference {
	const struct ruling *ruling;
	struct buf	*why;
	size_t		 expected;
};

static bool
speaks_of(const struct ruling *r, const char *path)
{
	size_t i;

	for (i = 0; i < r->n_ops; i++)
		if (strcmp(r->ops[i].path, path) == 0 ||
		    (r->ops[i].to != NULL && strcmp(r->ops[i].to, path) == 0))
			return true;
	return false;
}

static int
take_difference(void *arg, const char *path, const char *old_hex,
    const char *new_hex)
{
	struct difference *d = arg;

	if (speaks_of(d->ruling, path)) {
		d->expected++;
		return 0;
	}
	if (d->why->len > 0)
		return 0;
	text_escape(d->why, path, strlen(path), "");
	buf_puts(d->why, *old_hex == '\0' ? " is in the tree, and nothing of "
	    "this commit puts it there" : *new_hex == '\0' ? " is no longer in "
	    "the tree, and nothing of this commit takes it away" : " is not "
	    "what it was, and nothing of this commit changes it");
	return 0;
}

static const char *
parent_text(const struct auditing *a, char hex[COMMIT_HEX])
{
	hex[0] = '\0';
	return a->at == 0 ? hex : oid_text(hex, &a->oids[a->at - 1]);
}

static int
explain_tree(struct auditing *a, const struct item *item,
    const struct ruling *made)
{
	struct buf why = BUF_INIT;
	struct difference d = { made, &why, 0 };
	char parent[COMMIT_HEX];
	int status;

	if (item->filed.later && claimed_here(a, item) != 0)
		return -1;
	if (ledger_diff(a->ledger, parent_text(a, parent), item->ruling.commit,
	    take_difference, &d) != 0)
		status = audit_wrong(a, "its tree cannot be read: %s",
		    ledger_error());
	else if (d.why->len > 0)
		status = audit_wrong(a, "%s", buf_str(d.why));
	else
		status = audit_wrong(a, "its tree is not what the commit "
		    "makes of the one before");
	buf_free(d.why);
	return status;
}

static int
check_tree(struct auditing *a, const struct item *item,
    const struct ruling *made)
{
	struct oid root;
	size_t i;

	for (i = 0; i < made->n_ops; i++)
		if (apply_op(a, item, &made->ops[i]) != 0)
			return audit_wrong(a, "%s is not there",
			    made->ops[i].path);
	tree_name(a->tree, &root);
	if (!oid_same(&root, &item->commit.tree))
		return explain_tree(a, item, made);
	if (tree_bytes(a->tree) > TREE_CACHE)
		tree_reset(a->tree, &root);
	return 0;
}

/* The commit itself. */

static size_t
line_length(const char *p, const char *end)
{
	const char *eol = memchr(p, '\n', (size_t)(end - p));

	return eol == NULL ? (size_t)(end - p) : (size_t)(eol - p);
}

/* The first line that differs. */
static int
explain_text(struct auditing *a, const struct commit *c)
{
	const char *is = c->plain.data, *is_end = is + c->plain.len;
	const char *should = a->text.data, *should_end = should + a->text.len;
	struct buf one = BUF_INIT, other = BUF_INIT;
	size_t n, m;

	for (;;) {
		n = line_length(is, is_end);
		m = line_length(should, should_end);
		if (n != m || memcmp(is, should, n) != 0 ||
		    is + n >= is_end || should + m >= should_end)
			break;
		is += n + 1;
		should += m + 1;
	}
	text_escape(&one, is, n < 200 ? n : 200, "");
	text_escape(&other, should, m < 200 ? m : 200, "");
	if (one.len == 0)
		audit_wrong(a, "the line \"%s\" is missing in it",
		    buf_str(&other));
	else if (other.len == 0)
		audit_wrong(a, "nothing tells of its line \"%s\"",
		    buf_str(&one));
	else
		audit_wrong(a, "its line \"%s\" should be \"%s\"",
		    buf_str(&one), buf_str(&other));
	buf_free(&one);
	buf_free(&other);
	return -1;
}

static int
check_text(struct auditing *a, const struct item *item,
    const struct ruling *made)
{
	const struct commit *c = &item->commit;

	buf_clear(&a->text);
	commit_encode(&a->text, &c->tree, a->at == 0 ? NULL :
	    &a->oids[a->at - 1], a->settings.desk_id, made);
	if (a->text.len == c->plain.len &&
	    memcmp(a->text.data, c->plain.data, a->text.len) == 0)
		return 0;
	return explain_text(a, c);
}

/* What can be said of it without its meaning. */
static int
check_place(struct auditing *a, const struct item *item)
{
	const struct commit *c = &item->commit;
	char was[TIME_TEXT], is[TIME_TEXT];

	if (item->unread != NULL)
		return audit_wrong(a, "%s", item->unread);
	if (c->parents > 1)
		return audit_wrong(a, "it is a merge: a ledger is one line");
	if (item->wrong != NULL)
		return audit_wrong(a, "%s", item->wrong);
	if (a->at > 0 && (c->parents == 0 ||
	    !oid_same(&c->parent, &a->oids[a->at - 1])))
		return audit_wrong(a, "its parent is not the commit before");
	if (a->at > 0 && c->at < a->date)
		return audit_wrong(a, "its date steps back, from %s to %s",
		    time_text(was, a->date), time_text(is, c->at));
	if ((a->at == 0) != (item->ruling.event == EVENT_INIT))
		return audit_wrong(a, a->at == 0 ? "it is the first commit, "
		    "and opens no desk" : "it opens the desk a second time");
	return sealed_tip(a, c);
}

/* The tip bears the key of the ledger from the day on that the rules name
 * one; the hash chain covers what is before it. */
int
sealed_tip(struct auditing *a, const struct commit *c)
{
	struct signature g = { NULL, "" };
	struct buf why = BUF_INIT;
	struct signer by;
	int status = 0, good = 1;

	if (a->settings.signing_key == NULL)
		return c->signature.len == 0 ? 0 : audit_wrong(a, "it bears a "
		    "signature, and the rules name no key of the ledger");
	if (a->at + 1 < a->n)
		return 0;
	if (c->signature.len == 0)
		return audit_wrong(a, "it is the last commit, and is not "
		    "signed with the key of the ledger");
	if (signature_parse(&g, c->signature.data, c->signature.len) != 0 ||
	    strcmp(g.name_space, "git") != 0)
		status = audit_wrong(a, "its signature is none over a commit");
	else
		good = sshsig_verify(&a->rules, false, &g, buf_str(&c->plain),
		    c->plain.len, a->now, &by, &why);
	if (status == 0 && good < 0)
		status = audit_trouble(a, "%s", buf_str(&why));
	else if (status == 0 && good == 0)
		status = audit_wrong(a, "its signature is not good: %s",
		    buf_str(&why));
	else if (status == 0)
		a->report->signatures++;
	signature_free(&g);
	buf_free(&why);
	return status;
}

/* Claims' ids. */

static void
idset_grow(struct idset *s)
{
	struct idset grown = { .cap = s->cap == 0 ? 1024 : s->cap * 2,
	    .n = s->n };
	size_t i, at;

	grown.slots = mem_alloc(grown.cap * sizeof(*grown.slots));
	for (i = 0; i < s->cap; i++) {
		if (s->slots[i] == 0)
			continue;
		at = s->slots[i] & (grown.cap - 1);
		while (grown.slots[at] != 0)
			at = (at + 1) & (grown.cap - 1);
		grown.slots[at] = s->slots[i];
	}
	free(s->slots);
	*s = grown;
}

/* False: it was there.  Two ids of a million have the same hash once in
 * thirty million ledgers, and the key differs from run to run. */
static bool
idset_add(struct idset *s, const char *id)
{
	uint64_t hash = hash_short(id, strlen(id));
	size_t at;

	if (hash == 0)
		hash = 1;
	if (s->n * 2 >= s->cap)
		idset_grow(s);
	for (at = hash & (s->cap - 1); s->slots[at] != 0;
	    at = (at + 1) & (s->cap - 1))
		if (s->slots[at] == hash)
			return false;
	s->slots[at] = hash;
	s->n++;
	return true;
}

/* Cases. */

static int
check_number(struct auditing *a, const char *number)
{
	char prefix[PREFIX_TEXT], next[NUMBER_TEXT];
	uint64_t seq, *last;

	number_split(number, prefix, &seq);
	last = map_get(&a->last, prefix);
	if (last == NULL) {
		last = mem_alloc(sizeof(*last));
		map_put(&a->last, prefix, last);
	}
	if (seq <= *last)
		return audit_wrong(a, "the number %s was given before", number);
	if (seq != *last + 1)
		return audit_wrong(a, "the next number is %s, not %s",
		    number_make(next, prefix, *last + 1), number);
	*last = seq;
	return 0;
}

/* The case that it is about. */
static struct record *
record_of(struct auditing *a, const struct ruling *r)
{
	struct record *k = map_get(&a->records, r->number);

	if (r->event == EVENT_RECEIVE) {
		if (check_number(a, r->number) != 0)
			return NULL;
		k = mem_alloc(sizeof(*k));
		casefile_init(&k->c);
		map_put(&a->records, r->number, k);
		a->report->cases++;
	} else if (k == NULL)
		audit_wrong(a, "there is no case %s", r->number);
	return k;
}

static int
check_transition(struct auditing *a, const struct record *k,
    const struct ruling *r)
{
	const struct transition *t = state_next(k->c.state, k->c.request,
	    r->event);

	if (t == NULL && k->c.state == STATE_NONE)
		return audit_wrong(a, "%s was not received", r->number);
	if (t == NULL)
		return audit_wrong(a, "%s is %s%s%s%s and cannot be %s",
		    r->number, state_name(k->c.state),
		    k->c.request == REQUEST_NONE ? "" : ", with an open ",
		    k->c.request == REQUEST_NONE ? "" :
		    request_name(k->c.request),
		    k->c.request == REQUEST_NONE ? "" : " request",
		    event_past(r->event));
	if (t->from != r->from || t->to != r->to)
		return audit_wrong(a, "it goes from %s to %s; %s goes from %s "
		    "to %s", state_name(r->from), state_name(r->to),
		    event_name(r->event), state_name(t->from),
		    state_name(t->to));
	return 0;
}

static bool
is_claimed(enum event event)
{
	return event == EVENT_RECEIVE || event == EVENT_RESUBMIT ||
	    event == EVENT_REVISE || event == EVENT_ASK ||
	    event == EVENT_WITHDRAW;
}

static int
case_ruling(struct auditing *a, struct item *item, struct record **k,
    struct ruling **made)
{
	*k = record_of(a, &item->ruling);
	if (*k == NULL || check_transition(a, *k, &item->ruling) != 0)
		return -1;
	/* what its papers say is in the next message */
	if ((*k)->unnamed && forms_wait(a, *k) != 0)
		return -1;
	if ((*k)->unnamed && forms_read(a, *k) != 0)
		return -1;
	return is_claimed(item->ruling.event) ?
	    claimed_ruling(a, item, *k, made) :
	    decided_ruling(a, item, *k, made);
}

static void
note_case(struct record *k, const struct ruling *made)
{
	if (made->event == EVENT_APPROVE) {
		strcpy(k->approved, made->checked);
		k->effected = false;
	} else if (made->event == EVENT_EFFECT)
		k->effected = true;
}

/* Nothing follows any more: the number tells that it was there. */
static void
forget_case(struct record *k)
{
	if (!state_ended(k->c.state) || k->pending > 0)
		return;
	casefile_free(&k->c);
	k->c.state = STATE_REVOKED;
}

static int
prove(struct auditing *a, struct item *item)
{
	const struct ruling *r = &item->ruling;
	struct ruling *made = NULL;
	struct record *k = NULL;
	int status;

	a->now = r->at;
	if (check_place(a, item) != 0)
		return -1;
	if (listed_before(a, r) != 0)
		return -1;
	if (r->intake != NULL && !idset_add(&a->intakes, r->intake))
		return audit_wrong(a, "the claim %s was in the ledger before",
		    r->intake);
	if (r->event == EVENT_APPROVE && r->key[0] != '\0' &&
	    !idset_add(&a->keys, r->key))
		return audit_wrong(a, "the key of this digest was issued "
		    "before");
	if (claimed_part(a, r) != 0)
		return -1;
	status = r->number[0] == '\0' ? governed_ruling(a, item, &made) :
	    case_ruling(a, item, &k, &made);
	if (status == 0) {
		made->at = r->at;
		strcpy(made->commit, r->commit);
		status = check_text(a, item, made);
	}
	if (status == 0)
		status = check_tree(a, item, made);
	if (status == 0 && a->receipt_of != NULL &&
	    strcmp(a->receipt_of, r->commit) == 0)
		status = receipted(a, r);
	if (status == 0 && k != NULL) {
		if (casefile_apply(&k->c, made) != 0)
			bug("a transition that is in the table");
		note_case(k, made);
		status = listed_after(a, made);
		forget_case(k);
	} else if (status == 0 && r->event == EVENT_RULES)
		status = governed_adopt(a, r->commit);
	if (made != NULL)
		ruling_free(made);
	free(made);
	return status;
}

/* The whole. */

static void
count(struct auditing *a, const struct item *item)
{
	struct audit_report *p = a->report;

	p->commits++;
	p->events[item->ruling.event]++;
	if (!audit_in_full(a))
		p->skipped++;
	if (a->at == 0)
		p->from = item->commit.at;
	p->to = a->date = item->commit.at;
}

static int
walk(struct auditing *a)
{
	struct item *item;
	int status = 0;

	for (a->at = 0; status == 0 && (item = ahead_next(a->ahead)) != NULL;
	    a->at++) {
		status = prove(a, item);
		if (status == 0)
			count(a, item);
		item_free(item);
		if (status == 0 && a->at % GO_ON == 0) {
			status = forms_go_on(a);
			seals_go_on(a);
		}
		if (a->wrong < a->at)
			status = -1;
		if (a->asked->progress != NULL && a->at % TELL == 0)
			a->asked->progress(a->asked->arg, a->at, a->n);
	}
	if (status == 0)
		status = listed_at_end(a);
	/* one before may be wrong as well */
	if (forms_finish(a) != 0)
		status = -1;
	seals_finish(a);
	return a->trouble || a->wrong < a->n ? -1 : status;
}

/* A commit that somebody names; it must be of this history. */
static int
place_of(struct auditing *a, const char *name, size_t *at)
{
	char hex[COMMIT_HEX];
	struct oid oid;

	if (ledger_expand(a->ledger, name, hex) != 0 ||
	    oid_parse(&oid, hex) != 0)
		return -1;
	for (*at = 0; *at < a->n; ++*at)
		if (oid_same(&a->oids[*at], &oid))
			return 0;
	return -1;
}

static int
not_here(struct auditing *a, const char *what, const char *name)
{
	a->wrong = 0;
	a->whole = true;
	buf_putf(&a->why, "%s %s is not in this history", what, name);
	return -1;
}

/* What was asked about it as a whole. */
static int
check_asked(struct auditing *a)
{
	const struct audit_asked *asked = a->asked;
	size_t at;

	if (asked->root != NULL && (place_of(a, asked->root, &at) != 0 ||
	    at != 0))
		return audit_wrong(a, "it is the first commit, and not %s",
		    asked->root);
	if (asked->seen != NULL && place_of(a, asked->seen, &at) != 0)
		return not_here(a, "the head that was seen before,",
		    asked->seen);
	if (asked->since != NULL) {
		if (place_of(a, asked->since, &at) != 0)
			return not_here(a, "commit", asked->since);
		a->full = at + 1;
	}
	if (asked->receipt == NULL)
		return 0;
	if (receipt_names(asked->receipt, a->receipt_commit) != 0) {
		a->wrong = 0;
		a->whole = true;
		buf_puts(&a->why, "the receipt names no commit: it tells of "
		    "no change of state, or is none of a desk");
		return -1;
	}
	a->receipt_of = a->receipt_commit;
	return place_of(a, a->receipt_commit, &at) == 0 ? 0 :
	    not_here(a, "the receipt's commit", a->receipt_commit);
}

static unsigned
jobs_of(const struct audit_asked *asked)
{
	long n = asked->jobs > 0 ? (long)asked->jobs :
	    sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > LIMIT_WORKERS ? LIMIT_WORKERS : (unsigned)n;
}

static int
open_all(struct auditing *a)
{
	const struct tree_ops ops = { load_tree, name_tree, a };
	unsigned jobs = jobs_of(a->asked);

	a->ledger = ledger_open(a->asked->ledger);
	a->history = a->ledger == NULL ? NULL :
	    history_open(a->asked->ledger, HISTORY_PROVEN);
	if (a->history == NULL ||
	    history_chain(a->history, NULL, foreseen_note, &a->foreseen,
	    &a->oids, &a->n) != 0)
		return audit_trouble(a, "%s", ledger_error());
	a->wrong = a->n;
	oid_text(a->report->first, &a->oids[0]);
	oid_text(a->report->head, &a->oids[a->n - 1]);
	if (check_asked(a) != 0)
		return -1;
	a->tree = tree_new(&ops, NULL);
	a->seals = seals_open(jobs);
	a->ahead = ahead_open(a->history, a->oids, a->n, jobs);
	return 0;
}

static void
close_all(struct auditing *a)
{
	const struct map_entry *e;
	size_t at = 0;

	ahead_close(a->ahead);
	seals_close(a->seals);
	forms_close(a);
	while ((e = map_next(&a->records, &at)) != NULL)
		casefile_free(&((struct record *)e->value)->c);
	map_free_all(&a->records);
	map_free_all(&a->last);
	map_free_all(&a->uids);
	listed_close(a);
	free(a->intakes.slots);
	free(a->keys.slots);
	claimed_forget(a);
	foreseen_free(&a->foreseen);
	tree_free(a->tree);
	rules_free(&a->rules);
	settings_free(&a->settings);
	free(a->oids);
	history_close(a->history);
	ledger_close(a->ledger);
	buf_free(&a->text);
	buf_free(&a->why);
}

/* The commit that is wrong, by name and subject. */
static void
report_wrong(struct auditing *a)
{
	struct audit_report *p = a->report;
	struct buf raw = BUF_INIT, subject = BUF_INIT;
	struct commit c = { .at = 0 };
	const char *line;

	p->why = mem_str(buf_str(&a->why));
	if (a->trouble || a->whole || a->wrong >= a->n)
		return;
	p->commits = a->wrong;
	oid_text(p->wrong, &a->oids[a->wrong]);
	if (history_read(a->history, OBJECT_COMMIT, &a->oids[a->wrong],
	    &raw) == 0 && commit_parse(&c, raw.data, raw.len) == 0) {
		line = buf_str(&c.plain) + c.message;
		text_line(&subject, line, strcspn(line, "\n"), 200);
		p->subject = buf_take(&subject);
	}
	commit_free(&c);
	buf_free(&raw);
}

int
audit(const struct audit_asked *asked, struct audit_report *report)
{
	struct auditing a = { .asked = asked, .report = report };
	int64_t start = clock_ticks();
	int status;

	*report = (struct audit_report){ .trust.root = asked->root == NULL };
	status = open_all(&a) == 0 && walk(&a) == 0 ? 1 : a.trouble ? -1 : 0;
	if (status != 1)
		report_wrong(&a);
	close_all(&a);
	report->ms = clock_ticks() - start;
	return status;
}

void
audit_report_free(struct audit_report *p)
{
	free(p->subject);
	free(p->why);
	*p = (struct audit_report){ 0 };
}
