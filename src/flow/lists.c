/*
 * lists: signed decision lists, from one signature to many rulings.
 *
 * NAME.xml and NAME.xml.sig come through inbox in any order and wait for each
 * other.  Once both are there they are one claim, to a crash too, and end as
 * one: neither is answered without the other.  The signature is verified over
 * the bytes that were sent.  Then they are read once more, by a worker that
 * has seen nothing else: one that some form in the same box has turned could
 * say anything of a good list.  What it finds is judged entry by entry, as if
 * each had been signed alone: by policy, against the case as it is now.  Each
 * entry that is allowed is a ruling of its own, its Intake the list's with the
 * number of the entry, so that after a crash it is known which are done.
 *
 * May not: take anything of a list on trust but through the signature.
 * A fault of the sender: a list without its signature, or one that is not
 * good.
 *
 * BUGS: a crash right between the answer and the deletion of the list judges
 * once more what did not hold of it, and answers again, under the same name.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#include "sshsig.h"

#include "flowing.h"
#include "listing.h"

/* Entries judged in one go: each may take calls of ssh-keygen. */
#define SLICE 32

/* While workers have much to do a list may be long in coming, ms; a held box
 * is tried again after so long. */
#define PATIENCE_MS 60000
#define AGAIN_MS 5000

/* With run --once all files are there. */
#define ONCE_MS 50

#define SIG ".sig"

/* The "entry" of the task that reads the list itself. */
#define WHOLE SIZE_MAX

#define SIGN_IT "Sign the list as it is, with ssh-keygen -Y sign -n " \
	LIST_NAMESPACE " -f KEY LIST, and send both."

/* Lists. */

static void
list_key(struct buf *key, const struct parcel *p, size_t n)
{
	buf_putf(key, "%s/%.*s", p->box, (int)n, p->name);
}

static int64_t
patience(const struct flow *f)
{
	return f->once ? ONCE_MS : flow_settings(f)->settle;
}

/* The list of that name, which is made if it is not there. */
static struct list *
list_of(struct flow *f, const struct parcel *p, size_t n)
{
	struct buf key = BUF_INIT;
	struct list *l;

	list_key(&key, p, n);
	l = map_get(&f->lists, buf_str(&key));
	if (l == NULL) {
		l = mem_alloc(sizeof(*l));
		l->key = mem_str(buf_str(&key));
		l->since = clock_ticks();
		l->due = l->since + patience(f);
		map_put(&f->lists, l->key, l);
	}
	buf_free(&key);
	f->in_hand_bytes += p->file.len;
	return l;
}

/* Parcels that are still its own go with it; their claims stay. */
static void
list_free(struct list *l)
{
	size_t i;

	for (i = 0; l->answers != NULL && i < l->verdict.n_listed; i++) {
		free(l->answers[i].text);
		faults_free(&l->answers[i].faults);
	}
	map_free(&l->lists);
	free(l->answers);
	free(l->key);
	parcel_free(l->parcel);
	parcel_free(l->signature);
	verdict_free(&l->verdict);
	signature_free(&l->signed_by);
	free(l);
}

static void
forget(struct flow *f, struct list *l)
{
	map_del(&f->lists, l->key);
	if (l->parcel != NULL)
		f->in_hand_bytes -= l->parcel->file.len;
	if (l->parcel != NULL && l->parcel->with != NULL)
		f->in_hand_bytes -= l->parcel->with->file.len;
	if (l->signature != NULL)
		f->in_hand_bytes -= l->signature->file.len;
	list_free(l);
}

void
flow_free_lists(struct flow *f)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&f->lists, &at)) != NULL)
		list_free(e->value);
	map_free(&f->lists);
}

/* The list has its signature, and takes no other. */
static bool
is_joined(const struct list *l)
{
	return l->parcel != NULL && l->parcel->with != NULL;
}

/* The whole is refused, the signature with its list. */
static int
refuse_whole(struct flow *f, struct list *l, struct parcel *p,
    const struct faults *faults)
{
	f->in_hand_bytes -= p->file.len +
	    (p->with == NULL ? 0 : p->with->file.len);
	if (l->parcel == p)
		l->parcel = NULL;
	else
		l->signature = NULL;
	forget(f, l);
	return flow_refuse(f, p, faults);
}

static int
refuse_list(struct flow *f, struct list *l, const char *text,
    const char *remedy)
{
	struct faults faults = FAULTS_INIT;
	struct parcel *p = l->parcel != NULL ? l->parcel : l->signature;
	struct fault *fault = faults_add(&faults, FAULT_SIGNATURE, 0, NULL,
	    text);
	int status;

	if (fault != NULL && remedy != NULL)
		fault->remedy = mem_str(remedy);
	status = refuse_whole(f, l, p, &faults);
	faults_free(&faults);
	return status;
}

/* The machine does not let us join, verify or read it: list and signature are
 * kept, and come up again together. */
static int
keep_list(struct flow *f, struct list *l)
{
	struct parcel *p = l->parcel, *signature = l->signature;

	if (p != NULL)
		f->in_hand_bytes -= p->file.len +
		    (p->with == NULL ? 0 : p->with->file.len);
	if (signature != NULL)
		f->in_hand_bytes -= signature->file.len;
	l->parcel = l->signature = NULL;
	forget(f, l);
	if (p != NULL)
		flow_keep(f, p, NULL);
	if (signature != NULL)
		flow_keep(f, signature, NULL);
	return 0;
}

/* Whether what it waits for may be here and could not be read or taken. */
static bool
is_other_held(const struct flow *f, const struct list *l)
{
	const char *suffix = l->parcel != NULL ? SIG : "";
	struct buf key = BUF_INIT;
	bool held = intake_has_missed(f->intake);
	size_t i;

	for (i = 0; i < f->held.n && !held; i++) {
		const struct parcel *p = f->held.list[i].parcel;

		buf_clear(&key);
		list_key(&key, p, strlen(p->name));
		held = strncmp(buf_str(&key), l->key, strlen(l->key)) == 0 &&
		    strcmp(buf_str(&key) + strlen(l->key), suffix) == 0;
	}
	buf_free(&key);
	return held;
}

/* What the worker says of the list itself. */
static int
take_entries(struct flow *f, struct list *l, struct job *job)
{
	struct faults faults = FAULTS_INIT;
	struct parcel *p = l->parcel;
	size_t i;
	int status;

	if (job->outcome == OUTCOME_TROUBLE ||
	    desk_grounds(f->desk, &f->grounds) != 0)
		return keep_list(f, l);
	if (job->outcome != OUTCOME_VERDICT || job->verdict.faults.n > 0 ||
	    job->verdict.n_listed == 0) {
		if (job->outcome == OUTCOME_VERDICT)
			faults_copy(&faults, &job->verdict.faults);
		else
			faults_add(&faults, FAULT_COSTLY, 0, NULL, NULL);
		if (faults.n == 0)
			faults_add(&faults, FAULT_INVALID, 0, NULL, NULL);
		status = refuse_whole(f, l, p, &faults);
		faults_free(&faults);
		return status;
	}
	l->verdict = job->verdict;
	job->verdict = (struct verdict){ .type = -1 };
	l->answers = mem_alloc(l->verdict.n_listed * sizeof(*l->answers));
	for (i = 0; i < l->verdict.n_listed; i++) {
		l->answers[i].number = l->verdict.listed[i].number;
		l->answers[i].revision = l->verdict.listed[i].revision;
		l->answers[i].event = l->verdict.listed[i].event;
	}
	l->begun = true;
	l->due = 0;
	f->more = true;
	return 0;
}

int
flow_rule_listed(struct flow *f, struct task *t)
{
	struct list *l = t->list;

	l->open--;
	if (t->entry == WHOLE)
		return take_entries(f, l, &t->job);
	return list_rule(f, l, t->entry, &t->job);
}

/* An entry that was decided before a crash. */
static int
was_decided(struct flow *f, struct list *l, size_t entry)
{
	struct listed_answer *a = &l->answers[entry];
	struct buf intake = BUF_INIT, text = BUF_INIT;
	char commit[COMMIT_HEX];
	struct ruling r;
	int found;

	list_intake(&intake, l, entry);
	found = index_intake(f->index, buf_str(&intake), commit);
	buf_free(&intake);
	if (found < 0)
		return flow_fail(f, "%s", index_error());
	if (found == 0)
		return 0;
	if (ledger_ruling(f->ledger, commit, &r) != 0) {
		ruling_free(&r);
		return flow_fail(f, "%s", ledger_error());
	}
	a->outcome = r.event == EVENT_ENDORSE ? "counted" : "decided";
	ruling_subject_line(&r, &text);
	a->text = buf_take(&text);
	ruling_free(&r);
	return 1;
}

static int
judge_some(struct flow *f, struct list *l)
{
	size_t end = l->next + SLICE;
	int known;

	for (; l->next < l->verdict.n_listed && l->next < end; l->next++) {
		known = was_decided(f, l, l->next);
		if (known < 0 || (known == 0 &&
		    list_judge(f, l, l->next, false) != 0))
			return -1;
	}
	return 0;
}

/* Beginning. */

/* 1; 0; -1: it cannot be told now. */
static int
is_good(struct flow *f, struct list *l, struct buf *why)
{
	const struct parcel *p = l->parcel;

	signature_free(&l->signed_by);
	if (signature_parse(&l->signed_by, p->with->file.data,
	    p->with->file.len) != 0 ||
	    strcmp(l->signed_by.name_space, LIST_NAMESPACE) != 0) {
		buf_puts(why, "The signature was made for another purpose: a "
		    "list is signed in the namespace " LIST_NAMESPACE ".");
		return 0;
	}
	return sshsig_verify(rulebook_rules(f->rulebook),
	    flow_settings(f)->revocations, &l->signed_by, buf_str(&p->file),
	    p->file.len, clock_now(), &l->signer, why);
}

/* Both are here. */
static int
begin(struct flow *f, struct list *l)
{
	struct buf why = BUF_INIT;
	struct task *t;
	int status = 0, good = is_good(f, l, &why);

	if (good == 1) {
		t = mem_alloc(sizeof(*t));
		t->list = l;
		t->entry = WHOLE;
		/* no box is called so, and no other list */
		buf_clear(&why);
		buf_putf(&why, "list %s", l->parcel->id);
		t->box = buf_take(&why);
		l->reading = true;
		l->open++;
		flow_submit(f, t, PURPOSE_INTAKE, &l->parcel->file);
	} else
		status = good < 0 ? keep_list(f, l) :
		    refuse_list(f, l, buf_str(&why), SIGN_IT);
	buf_free(&why);
	return status;
}

/* Under other rules: what is not judged yet is refused if the signature is
 * good no more. */
int
flow_recheck_lists(struct flow *f)
{
	const struct map_entry *e;
	struct buf why = BUF_INIT;
	struct list *l;
	size_t at = 0;
	int good = 1;

	while (good >= 0 && (e = map_next(&f->lists, &at)) != NULL) {
		l = e->value;
		map_free(&l->lists);
		buf_clear(&why);
		if (!l->begun || (good = is_good(f, l, &why)) != 0)
			continue;
		for (; l->next < l->verdict.n_listed; l->next++)
			list_refuse(&l->answers[l->next], FAULT_SIGNATURE,
			    buf_str(&why));
	}
	if (good < 0)
		flow_fail(f, "%s", buf_str(&why));
	buf_free(&why);
	return good < 0 ? -1 : 0;
}

/* From here on they are one claim: before anything is said of it. */
static int
join(struct flow *f, struct list *l)
{
	if (!is_joined(l)) {
		if (intake_join(f->intake, l->parcel, l->signature) != 0)
			return keep_list(f, l);
		l->signature = NULL;
	}
	f->more = true;
	return begin(f, l);
}

/* A signature that comes twice: the later one holds. */
static void
replace_signature(struct flow *f, struct list *l, struct parcel *p)
{
	if (l->signature != NULL) {
		intake_drop(f->intake, l->signature);
		f->in_hand_bytes -= l->signature->file.len;
		parcel_free(l->signature);
	}
	l->signature = p;
}

bool
flow_take_signature(struct flow *f, struct parcel *p)
{
	size_t n = strlen(p->name);
	struct signature g;
	struct list *l;

	if (n <= strlen(SIG) || strcmp(p->name + n - strlen(SIG), SIG) != 0 ||
	    signature_parse(&g, buf_str(&p->file), p->file.len) != 0)
		return false;
	signature_free(&g);
	l = list_of(f, p, n - strlen(SIG));
	if (is_joined(l)) {
		/* of a list that is being decided by another */
		f->in_hand_bytes -= p->file.len;
		return false;
	}
	replace_signature(f, l, p);
	f->more = true;
	return true;
}

/* A list that cannot be taken as one. */
static int
refuse_now(struct flow *f, struct parcel *p, const char *text)
{
	struct faults faults = FAULTS_INIT;
	int status;

	faults_add(&faults, FAULT_NOT_NOW, 0, NULL, text);
	status = flow_refuse(f, p, &faults);
	faults_free(&faults);
	return status;
}

/* The list had its signature before a crash: one that has come since is not
 * its. */
static void
keep_apart(struct flow *f, struct list *l)
{
	f->in_hand_bytes += l->parcel->with->file.len;
	if (l->signature == NULL)
		return;
	f->in_hand_bytes -= l->signature->file.len;
	flow_take_later(f, l->signature);
	l->signature = NULL;
}

int
flow_take_list(struct flow *f, struct parcel *p)
{
	struct list *l;

	if (p->form.len > 0)
		return refuse_now(f, p, "A signed list is sent as it was "
		    "signed, not compressed.");
	l = list_of(f, p, strlen(p->name));
	if (l->parcel != NULL) {
		f->in_hand_bytes -= p->file.len;
		return refuse_now(f, p, "A list of the same name is being "
		    "worked on.");
	}
	l->parcel = p;
	if (is_joined(l))
		keep_apart(f, l);
	else if (l->signature == NULL)
		l->due = clock_ticks() + patience(f);
	f->more = true;
	return 0;
}

/* Ending. */

static int
answer(struct flow *f, struct list *l)
{
	char *source = parcel_source(l->parcel);
	struct buf text = BUF_INIT;
	struct notice n = { .event = "decisions", .file = source,
	    .sha256 = l->parcel->sha256, .at = clock_now(),
	    .listed = l->answers, .n_listed = l->verdict.n_listed };
	int given;

	buf_putf(&text, "Signed by %s (%s). What came of each decision:",
	    l->signer.who, l->signer.key);
	n.text = buf_str(&text);
	given = outbox_notice(f->outbox, l->parcel->box, &n);
	buf_free(&text);
	if (given == 0) {
		log_event(LOG_INFO, "lists", "event", "decided", "by",
		    l->signer.who, "from", source, NULL);
		intake_drop(f->intake, l->parcel);
		forget(f, l);
	} else
		l->due = clock_ticks() + AGAIN_MS;
	free(source);
	return given < 0 ? flow_fail(f, "an answer cannot be written") : 0;
}

/* Nothing more will come. */
static int
give_up(struct flow *f, struct list *l)
{
	if (f->in_hand > 0 && clock_ticks() < l->since + PATIENCE_MS) {
		l->due = clock_ticks() + patience(f);
		return 0;
	}
	if (is_other_held(f, l))
		return keep_list(f, l);
	if (l->parcel != NULL)
		return refuse_list(f, l, "The list came without its "
		    "signature.", "Sign it (ssh-keygen -Y sign -n "
		    LIST_NAMESPACE " -f KEY NAME.xml) and drop both files, "
		    "NAME.xml and NAME.xml.sig.");
	return refuse_list(f, l, "This is a signature, and no list of "
	    "decisions came with it.", "Drop both files, NAME.xml and "
	    "NAME.xml.sig. To sign a paper, put the signature beside it.");
}

/* One step of one list; it may be gone then. */
static int
tend(struct flow *f, struct list *l)
{
	if (l->reading && !l->begun)
		return 0;
	if (!l->begun && l->parcel != NULL &&
	    (is_joined(l) || l->signature != NULL))
		return join(f, l);
	if (!l->begun)
		return clock_ticks() >= l->due ? give_up(f, l) : 0;
	if (l->next < l->verdict.n_listed) {
		f->more = true;
		return judge_some(f, l);
	}
	/* what is said to be decided must be committed */
	if (l->open == 0 && f->group.n == 0 && clock_ticks() >= l->due)
		return answer(f, l);
	return 0;
}

int
flow_tend_lists(struct flow *f)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&f->lists, &at)) != NULL)
		if (tend(f, e->value) != 0)
			return -1;
	return 0;
}

int64_t
flow_lists_due(const struct flow *f)
{
	const struct map_entry *e;
	const struct list *l;
	int64_t due = INT64_MAX, now = clock_ticks();
	size_t at = 0;

	while ((e = map_next(&f->lists, &at)) != NULL) {
		l = e->value;
		if (l->open > 0)
			continue;		/* the workers wake us */
		if (l->begun && l->due < now)
			due = now;
		else if (l->due < due)
			due = l->due;
	}
	return due;
}
