/*
 * decided: decisions of people, and what the clock brings.
 *
 * The policy of the day judges each decision again, from the evidence that
 * the commit names; signatures are proven, of owners and moves the desk's
 * word is taken.
 *
 * May not: ask this machine who its users are.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hash.h"
#include "text.h"

#include "policy.h"

#include "auditing.h"

/* A decision, as far as it is understood. */
struct deciding {
	struct auditing	*a;
	struct item	*item;
	struct record	*k;
	const struct decider *by;	/* who decided now */
	enum event	 decision;
	struct paper	 about;
	char		 name[PAPER_NAME];	/* of that paper */
	enum state	 tray;		/* where it lies */
	bool		 request;	/* it is the open request */
	const struct policy *policy;
	struct prior	 priors[POLICY_PRIORS];
	size_t		 n_priors;
	struct buf	 paper;		/* its bytes, once they are needed */
	struct signature signature;
	struct buf	 list;		/* that was signed, not the paper */
};

/* What is decided on: the open request, but for the case itself being
 * revoked. */
static void
set_about(struct deciding *x)
{
	const struct ruling *r = &x->item->ruling;
	const struct casefile *c = &x->k->c;

	x->decision = r->event == EVENT_ENDORSE ? r->decision : r->event;
	x->request = c->request != REQUEST_NONE &&
	    (r->event == EVENT_ENDORSE ? r->request != REQUEST_NONE :
	    r->event != EVENT_REVOKE);
	if (x->request)
		casefile_request_paper(c, x->name);
	else
		casefile_paper(c, x->name);
	paper_parse(x->name, &x->about);
	x->tray = x->request ? STATE_PENDING : c->state;
}

/* A decision that is only counted must be one that could be made. */
static int
check_endorsed(const struct deciding *x)
{
	const struct casefile *c = &x->k->c;

	if (state_next(c->state, c->request, x->decision) == NULL ||
	    (x->request ? x->decision == EVENT_REVOKE : c->request !=
	    REQUEST_NONE && x->decision != EVENT_REVOKE))
		return audit_wrong(x->a, "%s is %s, and nobody can decide to "
		    "%s it", c->number, state_name(c->state),
		    event_name(x->decision));
	return 0;
}

static int
read_paper(struct deciding *x)
{
	char path[LEDGER_PATH];

	if (x->paper.len > 0)
		return 0;
	if (audit_read(x->a, ledger_path(path, x->tray, x->k->c.number,
	    x->name), &x->paper) == 1)
		return 0;
	return audit_wrong(x->a, "%s cannot be read", path);
}

/* Those counted before. */

static bool
signature_stands(struct deciding *x, const struct endorsement *e)
{
	struct paper p = paper_signature(&x->about, e->decision, e->who);
	struct buf text = BUF_INIT, list = BUF_INIT;
	bool by_list = e->list[0] != '\0', stands = false;
	struct signature g = { NULL, "" };
	char name[PAPER_NAME], path[LEDGER_PATH];

	if (by_list)
		ledger_list_path(path, e->list, e->who);
	else
		ledger_path(path, x->tray, p.number, paper_name(name, &p));
	if (audit_read(x->a, path, &text) == 1 &&
	    signature_parse(&g, text.data, text.len) == 0 && (by_list ?
	    audit_read(x->a, ledger_list_path(path, e->list, NULL), &list) ==
	    1 : read_paper(x) == 0))
		stands = seals_ask(x->a, &g, by_list ? &list : &x->paper,
		    e->who);
	signature_free(&g);
	buf_free(&text);
	buf_free(&list);
	return stands;
}

static bool
stands(struct deciding *x, const struct endorsement *e)
{
	const struct settings *s = &x->a->settings;
	const struct reviewer *r = settings_reviewer_named(s, e->who);

	if (r == NULL || e->evidence < x->policy->evidence)
		return false;
	return e->evidence == EVIDENCE_SIGNATURE ? signature_stands(x, e) :
	    r->uid == e->uid;
}

static void
gather_priors(struct deciding *x)
{
	const char *at = x->k->c.endorsed;
	struct endorsement e;

	while (x->n_priors < POLICY_PRIORS &&
	    casefile_next_endorsement(&at, &e))
		if (strcmp(e.paper, x->name) == 0 &&
		    e.decision == x->decision)
			x->priors[x->n_priors++] = (struct prior){ e,
			    stands(x, &e) };
}

/* Who decided now. */

/* Decisions by a list: one signature for many cases. */

/* A file of a list: in the tree before, or brought by this commit. */
static int
read_filed(struct deciding *x, const char *path, struct buf *bytes,
    struct ruling *made)
{
	struct filed f;
	int found = audit_read(x->a, path, bytes);

	if (found != 0)
		return found == 1 ? 0 : -1;
	filed_read(&f, x->a->history, &x->item->commit.tree, path);
	if (f.found == 1) {
		buf_put(bytes, f.bytes.data, f.bytes.len);
		ruling_put(made, path, f.bytes.data, f.bytes.len);
	}
	found = f.found;
	filed_free(&f);
	return found == 1 ? 0 : audit_wrong(x->a, "%s is not there", path);
}

/* The signature first, as the desk files them. */
static int
read_list(struct deciding *x, struct ruling *made)
{
	const char *sha256 = x->item->ruling.list;
	char path[LEDGER_PATH], hex[SHA256_HEX];
	struct buf text = BUF_INIT;
	int status = read_filed(x, ledger_list_path(path, sha256,
	    x->by->name), &text, made);

	if (status == 0 && (signature_parse(&x->signature, text.data,
	    text.len) != 0 || strcmp(x->signature.text, buf_str(&text)) != 0))
		status = audit_wrong(x->a, "%s is not a signature as the desk "
		    "files them", path);
	else if (status == 0 && strcmp(x->signature.name_space,
	    "decisions@docket") != 0)
		status = audit_wrong(x->a, "the signature of %s was made in "
		    "the namespace %s, and not for decisions@docket",
		    x->by->name, x->signature.name_space);
	buf_free(&text);
	if (status == 0)
		status = read_filed(x, ledger_list_path(path, sha256, NULL),
		    &x->list, made);
	if (status == 0 && strcmp(hash_sha256(hex, buf_str(&x->list),
	    x->list.len), sha256) != 0)
		status = audit_wrong(x->a, "%s has not the digest that it is "
		    "called by", path);
	return status;
}

/* "ID/n": the n-th entry is about this paper, and says what was decided. */
static int
check_entry(struct deciding *x, struct ruling *made)
{
	const struct ruling *r = &x->item->ruling;
	const char *slash = r->intake == NULL ? NULL : strrchr(r->intake, '/');
	const struct listed *e;
	uint64_t n;
	char *note;
	bool same;

	if (slash == NULL || !text_number(slash + 1, 1000000, &n) || n == 0)
		return audit_wrong(x->a, "it does not say which entry of the "
		    "list it is");
	if (forms_list(x->a, r->list, &x->list) != 0)
		return -1;
	if (n > x->a->list.n_listed)
		return audit_wrong(x->a, "the list has no entry %s",
		    slash + 1);
	e = &x->a->list.listed[n - 1];
	note = e->note == NULL ? NULL : note_clean(e->note);
	same = strcmp(e->number, made->number) == 0 &&
	    e->revision == made->revision && e->event == x->decision &&
	    strcmp(e->sha256, made->sha256) == 0 && (note == NULL ?
	    r->note == NULL : r->note != NULL && strcmp(note, r->note) == 0);
	free(note);
	if (!same)
		return audit_wrong(x->a, "entry %s of the list does not say "
		    "this", slash + 1);
	strcpy(made->list, r->list);
	made->intake = mem_str(r->intake);
	return 0;
}

static int
check_list(struct deciding *x, struct ruling *made)
{
	if (!paper_who_valid(x->by->name))
		return audit_wrong(x->a, "\"%s\" is not a name of a reviewer",
		    x->by->name);
	if (read_list(x, made) != 0 || check_entry(x, made) != 0)
		return -1;
	if (audit_in_full(x->a))
		seals_expect(x->a, &x->signature, &x->list, x->by->name,
		    x->by->key);
	return 0;
}

/* The namespace is that of the decision; or of the tray that grants what is
 * asked for: who signs a request for revocation with revoke@docket does. */
static bool
says_so(const struct deciding *x)
{
	enum event said = signature_decision(x->signature.name_space);

	return said != EVENT_COUNT && state_decision(x->tray,
	    state_brought(said), x->request ? x->k->c.request :
	    REQUEST_NONE) == x->decision;
}

/* The signature is a paper of the case now, and says what is decided. */
static int
read_signature(struct deciding *x, enum state tray)
{
	struct auditing *a = x->a;
	struct paper p = paper_signature(&x->about, x->decision, x->by->name);
	char name[PAPER_NAME], path[LEDGER_PATH], text[NAMESPACE_TEXT];
	struct filed f;
	int status;

	if (!paper_who_valid(x->by->name))
		return audit_wrong(a, "\"%s\" is not a name of a reviewer",
		    x->by->name);
	filed_read(&f, a->history, &x->item->commit.tree, ledger_path(path,
	    tray, p.number, paper_name(name, &p)));
	if (f.found != 1)
		status = audit_wrong(a, "it has no signature of %s: %s is not "
		    "there", x->by->name, path);
	else if (signature_parse(&x->signature, f.bytes.data, f.bytes.len) !=
	    0 || strcmp(x->signature.text, f.bytes.data) != 0)
		status = audit_wrong(a, "%s is not a signature as the desk "
		    "files them", path);
	else if (!says_so(x))
		status = audit_wrong(a, "the signature of %s was made in the "
		    "namespace %s, and not for %s", x->by->name,
		    x->signature.name_space, signature_namespace(text,
		    x->decision));
	else
		status = 0;
	filed_free(&f);
	return status;
}

static int
check_signer(struct deciding *x, enum state tray, struct ruling *made)
{
	const struct reviewer *r = settings_reviewer_named(&x->a->settings,
	    x->by->name);

	if (x->policy->apart && r != NULL && r->user != NULL && r->uid < 0)
		x->a->report->trust.apart++;
	if (x->item->ruling.list[0] != '\0')
		return check_list(x, made);
	if (read_signature(x, tray) != 0 || read_paper(x) != 0)
		return -1;
	rule_file_signature(made, &x->k->c, &x->about, x->decision,
	    x->by->name, x->signature.text);
	if (audit_in_full(x->a))
		seals_expect(x->a, &x->signature, &x->paper, x->by->name,
		    x->by->key);
	return 0;
}

/* The evidence that the commit names. */
static int
check_evidence(struct deciding *x, enum state tray, struct ruling *made)
{
	struct audit_trust *trust = &x->a->report->trust;

	switch (x->by->evidence) {
	case EVIDENCE_SIGNATURE:
		return check_signer(x, tray, made);
	case EVIDENCE_OWNER:
		if (x->by->uid < 0)
			return audit_wrong(x->a, "it does not say whose file "
			    "the decision was");
		trust->owner += audit_in_full(x->a);
		return governed_learn(x->a, x->by->name, x->by->uid);
	case EVIDENCE_MOVE:
		trust->move += audit_in_full(x->a);
		return 0;
	default:
		return audit_wrong(x->a, "it names no evidence that %s "
		    "decided", x->by->name);
	}
}

/* The judge is told what the evidence was of. */
static void
judge(struct deciding *x, struct judgement *j)
{
	const struct decider *by = x->by;
	bool owner = by->evidence == EVIDENCE_OWNER;
	bool is_signed = by->evidence == EVIDENCE_SIGNATURE;
	const struct grounds grounds = { .one_user = owner };
	const struct case_decision d = {
		.event = x->decision,
		.moved = by->evidence == EVIDENCE_MOVE,
		.uid = owner ? by->uid : -1,
		.desk_uid = owner ? by->uid : -2,
		.has_note = x->item->ruling.note != NULL,
		.signer = is_signed ? by->name : NULL,
		.key = is_signed ? by->key : NULL,
		.at = x->item->ruling.at,
	};

	policy_judge(&x->a->settings, &grounds, &x->k->c, &d, x->priors,
	    x->n_priors, j);
}

static void
add_deciders(const struct deciding *x, const struct judgement *j,
    struct ruling *made)
{
	const struct endorsement *e;
	size_t i;

	ruling_decider(made, j->who, j->evidence, j->key != NULL ? -1 : j->uid,
	    j->key);
	for (i = 0; j->complete && i < x->n_priors; i++) {
		e = &x->priors[i].said;
		if (j->counts[i])
			ruling_decider(made, e->who, e->evidence, e->uid,
			    e->key[0] == '\0' ? NULL : e->key);
	}
}

/* "1 of 2: alice; waiting for security" */
static int
quorum_wrong(const struct deciding *x)
{
	const char *who[POLICY_PRIORS + 1];
	struct buf text = BUF_INIT;
	size_t i, n = 0;

	for (i = 0; i < x->n_priors; i++)
		if (x->priors[i].stands)
			who[n++] = x->priors[i].said.who;
	who[n++] = x->by->name;
	policy_waiting_text(&x->a->settings, x->policy, who, n, &text);
	audit_wrong(x->a, "the quorum was not met: %s", buf_str(&text));
	buf_free(&text);
	return -1;
}

static int
check_judgement(struct deciding *x, const struct judgement *j,
    struct ruling *made)
{
	bool endorsed = x->item->ruling.event == EVENT_ENDORSE;

	if (!j->allowed)
		return audit_wrong(x->a, "the policy of that day does not "
		    "allow it: %s", fault_text(&j->faults.list[0]));
	if (strcmp(j->who, x->by->name) != 0)
		return audit_wrong(x->a, "it was decided by %s, and not by %s",
		    j->who, x->by->name);
	if (!endorsed && !j->complete)
		return quorum_wrong(x);
	if (endorsed && j->complete)
		return audit_wrong(x->a, "it is only counted, and nobody else "
		    "need decide");
	add_deciders(x, j, made);
	return 0;
}

/* Approved on receipt, where the policy asks for nobody. */
static int
check_unreviewed(struct deciding *x, struct ruling *made)
{
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	number_split(x->k->c.number, prefix, &seq);
	if (x->item->ruling.event != EVENT_APPROVE ||
	    !settings_review(&x->a->settings, prefix)->unreviewed)
		return audit_wrong(x->a, "nobody decided, and the policy of "
		    "that day asks for somebody");
	ruling_decider(made, "nobody", EVIDENCE_POLICY, -1, NULL);
	return 0;
}

static int
check_deciders(struct deciding *x, struct ruling *made)
{
	const struct ruling *r = &x->item->ruling;
	enum state tray = x->request ? made->request_to : made->to;
	char prefix[PREFIX_TEXT];
	struct judgement j;
	uint64_t seq;
	int status;

	if (r->n_deciders == 0)
		return audit_wrong(x->a, "it does not say who decided");
	x->by = &r->deciders[0];
	if (x->by->evidence == EVIDENCE_POLICY)
		return check_unreviewed(x, made);
	number_split(x->k->c.number, prefix, &seq);
	x->policy = settings_policy(&x->a->settings, prefix, x->decision);
	if (check_evidence(x, tray, made) != 0)
		return -1;
	gather_priors(x);
	judge(x, &j);
	status = check_judgement(x, &j, made);
	faults_free(&j.faults);
	return status;
}

/* Days. */

/* The day of the commit, or before it where the desk's clock was behind. */
static int
check_day(struct auditing *a, const struct ruling *r)
{
	char day[DAY_TEXT];
	int order;

	if (r->checked[0] == '\0')
		return audit_wrong(a, "it does not say as of which day the "
		    "paper was checked");
	order = strcmp(r->checked, day_text(day, clock_day(r->at)));
	if (order > 0 || (order < 0 && r->at != a->date))
		return audit_wrong(a, "the paper was checked as of %s; the "
		    "commit is of %s", r->checked, day);
	a->report->trust.behind += order != 0;
	return 0;
}

/* Whether it was found at its receipt, by the same schemas and lists, that
 * the paper could be approved on that day: all rules held on that day, or
 * those that are asked again were asked of it.  1, 0, -1. */
static int
was_good(struct deciding *x, const char *sha256, int32_t day)
{
	const struct record *k = x->k;
	char good[DAY_TEXT];

	if (k->good_schemas != x->a->schemas ||
	    strcmp(k->good_sha256, sha256) != 0)
		return 0;
	if (strcmp(k->good, day_text(good, day)) == 0)
		return 1;
	if (k->later != day)
		return 0;
	return forms_wait(x->a, k) != 0 ? -1 : k->good_later;
}

/* Whether the paper could be approved on that day. */
static int
check_paper(struct deciding *x, const struct ruling *made)
{
	const struct ruling *r = &x->item->ruling;
	int32_t day;
	int good;

	if (x->decision != EVENT_APPROVE || x->about.kind != PAPER_FORM ||
	    !audit_in_full(x->a))
		return 0;
	if (day_parse(r->checked, &day) != 0)
		return -1;
	good = was_good(x, made->sha256, day);
	if (good != 0)
		return good > 0 ? 0 : -1;
	return read_paper(x) != 0 ? -1 : forms_check(x->a, x->item, x->k,
	    made, &x->paper, PURPOSE_DECISION, day);
}

static int
check_lapse(struct auditing *a, const struct record *k,
    const struct ruling *r)
{
	char prefix[PREFIX_TEXT], span[SPAN_TEXT];
	const struct review *review;
	uint64_t seq;

	number_split(k->c.number, prefix, &seq);
	review = settings_review(&a->settings, prefix);
	if (review->lapse == 0)
		return audit_wrong(a, "by the rules of that day nothing "
		    "lapses");
	if (k->c.waiting == 0 || r->at - k->c.waiting < review->lapse / 1000)
		return audit_wrong(a, "it lapsed too early: it waited for less "
		    "than %s", span_text(span, review->lapse));
	return 0;
}

/* The one that was due that day, and was not given before.  A commit that
 * bears the time of the one before it may be of an earlier day. */
static int
check_notice(struct auditing *a, struct record *k, const struct ruling *r)
{
	bool behind = r->at == a->date;
	int32_t expiry, left;
	unsigned due;
	size_t i;

	/* what was not known when it was approved */
	k->c.notified = casefile_notified(&k->c);
	if (day_parse(k->c.facts.expiry, &expiry) != 0)
		return audit_wrong(a, "it has no day on which it expires");
	for (i = 0; i < a->settings.n_notices; i++)
		if (a->settings.notices[i] == r->notice)
			break;
	if (i == a->settings.n_notices)
		return audit_wrong(a, "by the rules of that day no notice is "
		    "given %u days before expiry", r->notice);
	left = expiry - clock_day(r->at);
	if (left > (int32_t)r->notice || (left < 0 && !behind))
		return audit_wrong(a, "it is good to the end of %s; that is "
		    "no day for the notice of %ud", k->c.facts.expiry,
		    r->notice);
	if (r->notice >= k->c.notified)
		return audit_wrong(a, "the notice of %ud was given before, or "
		    "is older than the approval", r->notice);
	due = settings_notice(&a->settings, left, k->c.notified);
	return behind || due == r->notice ? 0 : audit_wrong(a, "the notice "
	    "that was due that day is that of %ud", due);
}

static int
check_retire(struct auditing *a, const struct record *k,
    const struct ruling *r)
{
	struct case_key key;

	return casefile_retiring_key(&k->c, r->at, &key) ? 0 : audit_wrong(a,
	    "no key of %s ends by then", r->number);
}

static int
check_clock(struct auditing *a, struct record *k, const struct ruling *r)
{
	const struct facts *facts = &k->c.facts;
	char day[DAY_TEXT];

	if (r->event == EVENT_SUPERSEDE)
		return 0;
	if (r->event == EVENT_LAPSE)
		return check_lapse(a, k, r);
	if (r->event == EVENT_RETIRE)
		return check_retire(a, k, r);
	if (forms_wait(a, k) != 0 || forms_read(a, k) != 0)
		return -1;
	if (r->event == EVENT_NOTIFY)
		return check_notice(a, k, r);
	day_text(day, clock_day(r->at));
	if (r->event == EVENT_EFFECT) {
		if (k->effected || strcmp(facts->effective, k->approved) <= 0)
			return audit_wrong(a, "it was in force before");
		if (strcmp(facts->effective, day) > 0)
			return audit_wrong(a, "it takes effect on %s, and this "
			    "is of %s", facts->effective, day);
		/* what was not known when it was approved */
		k->c.in_force = false;
		return 0;
	}
	if (facts->expiry[0] == '\0')
		return audit_wrong(a, "it has no day on which it expires");
	if (strcmp(facts->expiry, day) >= 0)
		return audit_wrong(a, "it is good to the end of %s, and this "
		    "is of %s", facts->expiry, day);
	return 0;
}

/* The whole. */

static int
rule_again(struct deciding *x, struct ruling **made)
{
	const struct ruling *r = &x->item->ruling;
	struct rule_context ctx = audit_context(x->a, r->at);

	strcpy(ctx.today, r->checked);
	if (r->event == EVENT_NOTIFY)
		return rule_notify(&ctx, &x->k->c, r->notice, made) ==
		    RULE_MADE ? 0 : audit_wrong(x->a, "it cannot be so");
	if (r->event == EVENT_ENDORSE) {
		*made = rule_endorse(&ctx, &x->k->c, &x->about, r->decision,
		    r->note);
		return 0;
	}
	return rule_decide(&ctx, &x->k->c, r->event, r->note, made) ==
	    RULE_MADE ? 0 : audit_wrong(x->a, "it cannot be decided so");
}

/* A key is issued where the schemas of that day say so, and only there; its
 * record is made again from its digest. */
static int
check_key(struct deciding *x, struct ruling *made)
{
	const struct form_types *types = pool_types(x->a->pool);
	int type = types_find(types, x->k->c.form);

	if (!rule_wants_key(made, type >= 0 && types->list[type].issues_key))
		return 0;
	if (x->item->ruling.key[0] == '\0')
		return audit_wrong(x->a, "it issues no key, and such an "
		    "approval does");
	rule_issue_key(made, &x->k->c, x->item->ruling.key);
	return 0;
}

/* What is nobody's decision: that of the clock, or what follows from the
 * commit before (listed.c). */
static bool
is_of_desk(enum event event)
{
	return event == EVENT_LAPSE || event == EVENT_EFFECT ||
	    event == EVENT_EXPIRE || event == EVENT_RETIRE ||
	    event == EVENT_NOTIFY || event == EVENT_SUPERSEDE;
}

static int
decide_again(struct deciding *x, struct ruling **made)
{
	const struct ruling *r = &x->item->ruling;

	if (is_of_desk(r->event))
		return check_clock(x->a, x->k, r) != 0 ? -1 :
		    rule_again(x, made);
	set_about(x);
	if (r->event == EVENT_ENDORSE && check_endorsed(x) != 0)
		return -1;
	if (x->decision == EVENT_APPROVE && check_day(x->a, r) != 0)
		return -1;
	if (rule_again(x, made) != 0 || check_deciders(x, *made) != 0 ||
	    check_key(x, *made) != 0)
		return -1;
	return check_paper(x, *made);
}

int
decided_ruling(struct auditing *a, struct item *item, struct record *k,
    struct ruling **made)
{
	struct deciding x = { .a = a, .item = item, .k = k };
	int status = decide_again(&x, made);

	buf_free(&x.paper);
	buf_free(&x.list);
	signature_free(&x.signature);
	return status;
}
