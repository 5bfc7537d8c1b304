/*
 * claimed: what a form that came makes of its case.
 *
 * The stage that rules on claims is handed what the commit says was claimed;
 * it makes the ruling again, from the paper that was filed.
 *
 * May not: look into a form; workers do (forms.c).
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "text.h"

#include "parcel.h"

#include "auditing.h"

/* The paper's name, where its message alone does not tell. */
static const char *
paper_path(const struct record *k, const struct ruling *r,
    char path[LEDGER_PATH])
{
	struct paper p = { .kind = PAPER_WITHDRAWAL,
	    .revision = k->c.withdrawals + 1 };
	char name[PAPER_NAME];

	if (r->event != EVENT_WITHDRAW)
		return ledger_path(path, STATE_PENDING, r->number,
		    ruling_paper(r, name));
	strcpy(p.number, r->number);
	return ledger_path(path, STATE_REJECTED, r->number,
	    paper_name(name, &p));
}

static int
check_filed(struct auditing *a, const struct filed *f, const struct ruling *r)
{
	if (f->found < 0)
		return audit_wrong(a, "%s cannot be read: %s", f->path,
		    ledger_error());
	if (f->found == 0)
		return audit_wrong(a, "the paper %s is not in the tree",
		    f->path);
	if (r->sha256[0] != '\0' && r->event != EVENT_WITHDRAW &&
	    strcmp(r->sha256, f->sha256) != 0)
		return audit_wrong(a, "%s has the digest %s, not the "
		    "Form-SHA256 of its commit", f->path, f->sha256);
	return 0;
}

static int
find_paper(struct auditing *a, struct item *item, const struct record *k)
{
	struct filed *f = &item->filed;
	char path[LEDGER_PATH];

	paper_path(k, &item->ruling, path);
	if (strcmp(f->path, path) != 0) {
		filed_free(f);
		filed_read(f, a->history, &item->commit.tree, path);
	}
	return check_filed(a, f, &item->ruling);
}

int
claimed_here(struct auditing *a, const struct item *item)
{
	struct filed f;
	int status;

	filed_read(&f, a->history, &item->commit.tree, item->filed.path);
	status = check_filed(a, &f, &item->ruling);
	filed_free(&f);
	return status;
}

/* What a claim must say in its message. */
static int
check_sender(struct auditing *a, const struct ruling *r)
{
	if (r->intake == NULL || strlen(r->intake) >= CLAIM_ID)
		return audit_wrong(a, "it does not name the claim that it "
		    "came from");
	if (r->uid < 0 || r->box == NULL || r->file == NULL)
		return audit_wrong(a, "it does not say who submitted the form");
	return 0;
}

/* The time of receipt is the commit's, or before it where the desk's clock
 * was behind the commit before. */
static int
check_received(struct auditing *a, const struct stamp *s, int64_t at,
    int64_t *received)
{
	if (time_parse(s->received, received) != 0 || *received > at ||
	    (*received != at && at != a->date))
		return audit_wrong(a, "the paper was received at %s by its "
		    "stamp, which is not the commit's time", s->received);
	a->report->trust.behind += *received != at;
	return 0;
}

static int
check_stamp(struct auditing *a, const struct item *item,
    const struct ruling *made, const struct op *op)
{
	const struct filed *f = &item->filed;
	const struct stamp *s = &f->stamp;

	if (strcmp(s->desk, a->settings.desk_id) != 0)
		return audit_wrong(a, "%s bears the stamp of the desk %s",
		    f->path, s->desk);
	if (strcmp(s->number, made->number) != 0)
		return audit_wrong(a, "%s bears the stamp of %s", f->path,
		    s->number);
	if (op == NULL || strcmp(op->path, f->path) != 0)
		return audit_wrong(a, "%s is not where the paper belongs",
		    f->path);
	if (op->len != f->bytes.len ||
	    memcmp(op->data, f->bytes.data, op->len) != 0)
		return audit_wrong(a, "the stamp of %s is not as the desk "
		    "would write it", f->path);
	return 0;
}

/* A form that bore the stamp of an earlier revision when it was sent. */
struct earlier {
	struct auditing	*a;
	enum state	 tray;
	const char	*number;
	const struct filed *filed;
	bool		 found;
};

static int
try_earlier(void *arg, const char *name)
{
	struct earlier *x = arg;
	struct buf before = BUF_INIT, sent = BUF_INIT;
	char path[LEDGER_PATH], sha256[SHA256_HEX];
	struct paper p;

	if (paper_parse(name, &p) != 0 || p.kind != PAPER_FORM)
		return 0;
	if (audit_read(x->a, ledger_path(path, x->tray, x->number, name),
	    &before) == 1 && stamp_exchange(&sent, x->filed->bytes.data,
	    x->filed->bytes.len, before.data, before.len) == 0)
		x->found |= strcmp(hash_sha256(sha256, sent.data, sent.len),
		    x->filed->stamp.sha256) == 0;
	buf_free(&before);
	buf_free(&sent);
	return 0;
}

/* Whether the digest of what was submitted can be made again: not where the
 * applicant has written the stamp's line anew. */
static int
check_sent(struct auditing *a, const struct item *item)
{
	static const enum state trays[] = {
		STATE_PENDING, STATE_RETURNED, STATE_APPROVED,
	};
	const struct ruling *r = &item->ruling;
	const struct rule_context ctx = audit_context(a, r->at);
	struct earlier x = { .a = a, .number = r->number,
	    .filed = &item->filed };
	size_t i;

	if (item->filed.as_sent)
		return 0;
	if (r->event == EVENT_RECEIVE)
		return audit_wrong(a, "without its stamp %s has not the digest "
		    "that the stamp gives", item->filed.path);
	for (i = 0; i < sizeof(trays) / sizeof(trays[0]) && !x.found; i++) {
		x.tray = trays[i];
		ctx.papers(ctx.ledger, x.tray, x.number, try_earlier, &x);
	}
	a->report->trust.sent += !x.found;
	return 0;
}

/* Forms of batches. */

static struct batch_record *
batch_of(struct auditing *a, const struct ruling *r, size_t n)
{
	char *id = mem_strn(r->intake, n);
	struct batch_record *b = map_get(&a->batches, id);

	if (b == NULL) {
		b = mem_alloc(sizeof(*b));
		b->file = mem_str(r->file);
		b->box = mem_str(r->box);
		b->uid = r->uid;
		map_put(&a->batches, id, b);
	}
	free(id);
	return b;
}

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

int
claimed_part(struct auditing *a, const struct ruling *r)
{
	const char *slash = r->intake == NULL || r->list[0] != '\0' ? NULL :
	    strchr(r->intake, '/');
	struct batch_record *b;
	uint64_t n;

	if (slash == NULL)
		return 0;
	if (!text_number(slash + 1, UINT64_MAX, &n) || slash[1] == '0')
		return audit_wrong(a, "the claim %s names no place in a batch",
		    r->intake);
	b = batch_of(a, r, (size_t)(slash - r->intake));
	if (n <= b->last)
		return audit_wrong(a, "the form at place %llu of a batch "
		    "comes behind that at %llu", (unsigned long long)n,
		    (unsigned long long)b->last);
	if (b->uid != r->uid || !same_text(b->box, r->box) ||
	    !same_text(b->file, r->file))
		return audit_wrong(a, "the forms of one batch are not from "
		    "one sender");
	b->last = n;
	return 0;
}

void
claimed_forget(struct auditing *a)
{
	const struct map_entry *e;
	struct batch_record *b;
	size_t at = 0;

	while ((e = map_next(&a->batches, &at)) != NULL) {
		b = e->value;
		free(b->file);
		free(b->box);
		free(b);
	}
	map_free(&a->batches);
}

/* What is known of a paper before anybody has looked inside. */
static void
make_verdict(const struct ruling *r, struct verdict *v)
{
	*v = (struct verdict){ .type = -1 };
	if (r->event == EVENT_RECEIVE) {
		v->facts.client = mem_str(r->client);
		v->facts.label = mem_str(r->label);
	}
	v->reason = mem_str(r->note);
	memcpy(v->overlap, r->overlap, sizeof(v->overlap));
}

static void
make_parcel(const struct item *item, struct parcel *p)
{
	const struct ruling *r = &item->ruling;
	const char *from = item->filed.stamp.from;
	size_t n = strlen(r->box);

	*p = (struct parcel){ .box = mem_str(r->box), .uid = r->uid };
	if (n > 0 && strncmp(from, r->box, n) == 0 && from[n] == '/')
		from += n + 1;
	p->name = mem_str(from);
	strcpy(p->id, r->intake);
	strcpy(p->digest, item->filed.stamp.sha256);
	p->form = item->filed.bytes;	/* lent */
}

static void
parcel_clear(struct parcel *p)
{
	free(p->box);
	free(p->name);
}

static enum rule
rule_claim(const struct rule_context *ctx, const struct rule_claim *claim,
    const struct ruling *r, const struct casefile *c, struct ruling **made,
    struct faults *faults)
{
	if (r->event == EVENT_RECEIVE)
		return rule_may_send(ctx->settings, claim->parcel->box,
		    &claim->verdict->facts, faults) ? rule_receive(ctx, claim,
		    r->number, made) : RULE_FAULT;
	if (claim->type->ask == ASK_NOTHING)
		return rule_revise(ctx, claim, c, made, faults);
	return rule_request(ctx, claim, c, made, faults);
}

enum ask
claimed_ask(const struct ruling *r)
{
	if (r->event == EVENT_WITHDRAW)
		return ASK_WITHDRAWAL;
	return r->event != EVENT_ASK ? ASK_NOTHING :
	    r->request == REQUEST_REVOCATION ? ASK_REVOCATION :
	    r->request == REQUEST_ROTATION ? ASK_ROTATION : ASK_NOTHING;
}

/* The ruling, as the desk made it of this claim. */
static int
rule_again(struct auditing *a, const struct item *item,
    const struct record *k, int64_t received, struct ruling **made)
{
	const struct ruling *r = &item->ruling;
	const struct rule_context ctx = audit_context(a, received);
	/* the stamp that it was sent with is not known, and fitted */
	struct stamp before = { .revision = k->c.last_revision };
	struct form_type type = { .form = r->event == EVENT_RECEIVE ?
	    r->form : k->c.form, .ask = claimed_ask(r) };
	struct verdict v;
	struct parcel p;
	struct rule_claim claim = { &p, &v, &type, &before };
	struct faults faults = FAULTS_INIT;
	int status = -1;

	make_parcel(item, &p);
	make_verdict(r, &v);
	strcpy(before.desk, a->settings.desk_id);
	switch (rule_claim(&ctx, &claim, r, &k->c, made, &faults)) {
	case RULE_MADE:
		status = 0;
		break;
	case RULE_DUPLICATE:
		audit_wrong(a, "the form is the one that is there already");
		break;
	default:
		audit_wrong(a, "it could not be received: %s", faults.n > 0 ?
		    fault_text(&faults.list[0]) : ledger_error());
	}
	faults_free(&faults);
	verdict_free(&v);
	parcel_clear(&p);
	return status;
}

static const struct op *
put_of(const struct ruling *r)
{
	size_t i;

	for (i = 0; i < r->n_ops; i++)
		if (r->ops[i].kind == OP_PUT)
			return &r->ops[i];
	return NULL;
}

/* The note of a request is its reason, and the rest is in the paper too. */
static int
look_inside(struct auditing *a, struct item *item, struct record *k,
    const struct ruling *made, int64_t received)
{
	enum ask ask = claimed_ask(&item->ruling);
	int32_t day = clock_day(received);

	/* changed terms: as of which day, those in force say */
	if (ask == ASK_NOTHING && k->c.state == STATE_APPROVED &&
	    audit_in_full(a)) {
		if (forms_wait(a, k) != 0 || forms_read(a, k) != 0)
			return -1;
		day = casefile_since(&k->c, day);
	}
	k->unnamed |= ask == ASK_NOTHING && made->event != EVENT_RECEIVE;
	if (!audit_in_full(a)) {
		k->unread |= ask == ASK_NOTHING;
		return 0;
	}
	a->report->forms++;
	a->report->trust.times++;
	return forms_check(a, item, k, made, &item->filed.bytes,
	    PURPOSE_INTAKE, day);
}

int
claimed_ruling(struct auditing *a, struct item *item, struct record *k,
    struct ruling **made)
{
	int64_t received;

	if (check_sender(a, &item->ruling) != 0 ||
	    find_paper(a, item, k) != 0)
		return -1;
	if (!item->filed.stamped)
		return audit_wrong(a, "%s bears no stamp", item->filed.path);
	if (check_received(a, &item->filed.stamp, item->ruling.at,
	    &received) != 0 ||
	    rule_again(a, item, k, received, made) != 0 ||
	    check_stamp(a, item, *made, put_of(*made)) != 0 ||
	    check_sent(a, item) != 0)
		return -1;
	return look_inside(a, item, k, *made, received);
}
