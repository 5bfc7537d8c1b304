/*
 * listjudge: one entry of a signed list, judged as if it had been signed alone.
 *
 * May not: take anything from the list but what its signature covers.
 * A fault of the entry: that it is not about the paper which is decided on now,
 * or that the policy does not allow it.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"

#include "flowing.h"
#include "listing.h"

static void
refused(struct listed_answer *a, unsigned code, const char *text)
{
	a->outcome = "refused";
	faults_add(&a->faults, code, 0, NULL, text);
}

/* The text of a refusal is that of its first fault. */
static void
finish(struct listed_answer *a)
{
	struct buf line = BUF_INIT;

	if (a->text == NULL && a->faults.n > 0) {
		fault_line(&a->faults.list[0], &line);
		a->text = buf_take(&line);
	}
	buf_free(&line);
}

void
list_refuse(struct listed_answer *a, unsigned code, const char *text)
{
	refused(a, code, text);
	finish(a);
}

/* What an entry turns out to be. */
struct judging {
	const struct listed *entry;
	struct casefile	 c;
	struct paper	 paper;
	char		 name[PAPER_NAME];
	enum state	 from;
	struct case_decision known;
	struct judgement j;
	struct priors	 priors;
};

/* The entry is about the very paper that is decided on now. */
static bool
is_current(struct judging *x, struct listed_answer *a)
{
	const struct listed *e = x->entry;
	bool request = x->c.request != REQUEST_NONE &&
	    e->event != EVENT_REVOKE;
	struct buf text = BUF_INIT;

	casefile_decided_paper(&x->c, e->event, x->name);
	x->from = e->event == EVENT_REVOKE ? STATE_APPROVED : STATE_PENDING;
	if (paper_parse(x->name, &x->paper) == 0 &&
	    e->revision == (request ? x->c.request_revision :
	    x->c.revision) && strcmp(e->sha256, request ?
	    x->c.asked_sha256 : x->c.sha256) == 0)
		return true;
	buf_putf(&text, "The list is about revision %u with the digest "
	    "%.12s...; what is decided on is %s with %.12s...", e->revision,
	    e->sha256, x->name, request ? x->c.asked_sha256 : x->c.sha256);
	refused(a, FAULT_CHANGED, buf_str(&text));
	buf_free(&text);
	return false;
}

static bool
is_allowed(struct flow *f, struct list *l, struct judging *x,
    struct listed_answer *a)
{
	const struct priors_from from = { f->ledger,
	    rulebook_rules(f->rulebook), flow_settings(f), clock_now(), true,
	    &l->lists };

	x->known = (struct case_decision){ .uid = -1,
	    .desk_uid = (long)f->desk->uid, .at = clock_now(),
	    .has_note = x->entry->note != NULL, .signer = l->signer.who,
	    .key = l->signer.key };
	x->known.event = rule_event(&x->c, &x->paper, x->from,
	    state_brought(x->entry->event), &a->faults);
	if (x->known.event == EVENT_COUNT) {
		a->outcome = "refused";
		return false;
	}
	priors_gather(&from, &x->c, &x->paper, x->from, x->known.event,
	    &x->priors);
	policy_judge(flow_settings(f), &f->grounds, &x->c, &x->known,
	    x->priors.list, x->priors.n, &x->j);
	if (x->j.allowed)
		return true;
	a->outcome = "refused";
	faults_copy(&a->faults, &x->j.faults);
	if (x->j.wants_note) {
		free(a->faults.list[0].remedy);
		a->faults.list[0].remedy = mem_str("Give the entry a note "
		    "that says why, and sign the list anew.");
	}
	return false;
}

/* Has the paper checked again, as of today. */
static int
check_again(struct flow *f, struct list *l, size_t entry,
    const struct judging *x)
{
	struct task *t = mem_alloc(sizeof(*t));
	char path[LEDGER_PATH];

	t->list = l;
	t->entry = entry;
	t->box = mem_str(x->c.box);
	if (ledger_read(f->ledger, ledger_head(f->ledger), ledger_path(path,
	    x->from, x->c.number, x->name), &t->paper) != 1) {
		task_free(t);
		return flow_fail(f, "%s", ledger_error());
	}
	l->open++;
	flow_submit(f, t, PURPOSE_DECISION, &t->paper);
	return 0;
}

/* List and signature, with the first ruling that rests on them. */
static void
file_list(struct flow *f, struct list *l, struct ruling *r)
{
	const struct parcel *p = l->parcel;
	char path[LEDGER_PATH], hex[BLOB_HEX];

	memcpy(r->list, p->sha256, sizeof(r->list));
	if (l->filed || ledger_find(f->ledger, ledger_head(f->ledger),
	    ledger_list_path(path, p->sha256, l->signer.who), hex) == 1)
		return;
	l->filed = true;
	ruling_put(r, path, l->signed_by.text, strlen(l->signed_by.text));
	ruling_put(r, ledger_list_path(path, p->sha256, NULL), p->file.data,
	    p->file.len);
}

void
list_intake(struct buf *out, const struct list *l, size_t entry)
{
	buf_putf(out, "%s/%zu", l->parcel->id, entry + 1);
}

/* "1 of 2: alice; waiting for security" */
static void
tell_counted(const struct flow *f, struct judging *x, struct listed_answer *a)
{
	const char *who[POLICY_PRIORS + 1];
	size_t n = priors_names(&x->priors, who);
	struct buf text = BUF_INIT;
	struct policy p;

	who[n++] = x->j.who;
	policy_of_case(flow_settings(f), &x->c, x->known.event, x->known.at,
	    &p);
	policy_waiting_text(flow_settings(f), &p, who, n, &text);
	a->outcome = "counted";
	a->text = buf_take(&text);
}

static int
carry_out(struct flow *f, struct list *l, size_t entry, struct judging *x)
{
	struct listed_answer *a = &l->answers[entry];
	struct rule_context ctx = flow_context(f);
	struct buf text = BUF_INIT;
	enum rule made = RULE_MADE;
	struct ruling *r;

	if (x->j.complete)
		made = rule_decide(&ctx, &x->c, x->known.event,
		    x->entry->note, &r);
	else
		r = rule_endorse(&ctx, &x->c, &x->paper, x->known.event,
		    x->entry->note);
	if (made == RULE_TROUBLE)
		return flow_fail(f, "%s", ledger_error());
	if (made != RULE_MADE) {
		refused(a, FAULT_CHANGED, NULL);
		return 0;
	}
	flow_name_deciders(r, &x->j, &x->priors);
	file_list(f, l, r);
	list_intake(&text, l, entry);
	r->intake = buf_take(&text);
	if (x->j.complete) {
		a->outcome = "decided";
		ruling_subject_line(r, &text);
		a->text = buf_take(&text);
	} else
		tell_counted(f, x, a);
	f->counts.decided++;
	return flow_add(f, r, NULL, NULL);
}

int
list_judge(struct flow *f, struct list *l, size_t entry, bool checked)
{
	struct listed_answer *a = &l->answers[entry];
	struct judging x = { .entry = &l->verdict.listed[entry] };
	int found = flow_case(f, x.entry->number, &x.c), status = 0;

	if (found < 0)
		return -1;
	if (found == 0)
		refused(a, FAULT_NO_CASE, NULL);
	else if (is_current(&x, a) && is_allowed(f, l, &x, a))
		status = x.known.event == EVENT_APPROVE && !checked &&
		    x.paper.kind == PAPER_FORM ?
		    check_again(f, l, entry, &x) :
		    carry_out(f, l, entry, &x);
	if (found == 1)
		casefile_free(&x.c);
	faults_free(&x.j.faults);
	finish(a);
	return status;
}

int
list_rule(struct flow *f, struct list *l, size_t entry, const struct job *job)
{
	struct listed_answer *a = &l->answers[entry];

	if (job->outcome == OUTCOME_TROUBLE)
		list_refuse(a, FAULT_NOT_NOW, "The paper could not be checked "
		    "once more: the desk has trouble of its own. Try again "
		    "later.");
	else if (job->outcome == OUTCOME_COSTLY)
		list_refuse(a, FAULT_COSTLY, NULL);
	else if (!flow_is_current(f, job))
		return list_judge(f, l, entry, false);
	else if (job->verdict.faults.n == 0)
		return list_judge(f, l, entry, true);
	else {
		a->outcome = "refused";
		faults_copy(&a->faults, &job->verdict.faults);
		finish(a);
	}
	return 0;
}
