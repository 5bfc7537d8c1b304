/*
 * people: reviewers, their keys, and whether they can decide at all.
 *
 * May not: ask anything of a key's owner.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"

#include "doctoring.h"
#include "sshsig.h"

/* A key that ends within so long is told of, s. */
#define SOON (30 * INT64_C(86400))

/* Keys that are looked for in revoked_keys, each by a call of ssh-keygen. */
#define REVOKED_MOST 200

enum key_state { KEY_GOOD, KEY_SOON, KEY_EARLY, KEY_EXPIRED, KEY_REVOKED,
    KEY_OTHER };

static const char *const key_states[] = {
	[KEY_EARLY] = "is not good yet (valid-after)",
	[KEY_EXPIRED] = "has expired (valid-before)",
	[KEY_REVOKED] = "is revoked (revoked_keys)",
	[KEY_OTHER] = "is for other namespaces only",
};

static bool
in_list(const char *list, const char *name, bool patterns)
{
	char *all = mem_str(list), *at = all, *word;
	bool in = false;

	while (!in && (word = strsep(&at, ",")) != NULL)
		in = patterns ? fnmatch(word, name, 0) == 0 :
		    strcmp(word, name) == 0;
	free(all);
	return in;
}

/* What a line is worth for decisions. */
static enum key_state
key_state(const struct doctor *d, const struct signer_line *l)
{
	int64_t now = clock_now();

	if (l->namespaces[0] != '\0' &&
	    !in_list(l->namespaces, "approve@docket", true))
		return KEY_OTHER;
	if (l->before != 0 && l->before <= now)
		return KEY_EXPIRED;
	if (l->after != 0 && l->after > now)
		return KEY_EARLY;
	if (!l->authority && l->line <= REVOKED_MOST &&
	    sshsig_is_revoked(&d->rules, buf_str(&l->key)) == 1)
		return KEY_REVOKED;
	return l->before != 0 && l->before <= now + SOON ? KEY_SOON :
	    KEY_GOOD;
}

/* The best key of somebody. */
struct keyring {
	const struct doctor *d;
	const char	*who;
	bool		 any;
	enum key_state	 best;
	long		 line;
	int64_t		 before;
};

static int
take_key(void *arg, const struct signer_line *l)
{
	struct keyring *k = arg;
	enum key_state state;

	if (!in_list(l->principals, k->who, false))
		return 0;
	state = key_state(k->d, l);
	if (!k->any || state < k->best) {
		k->best = state;
		k->line = l->line;
		k->before = l->before;
	}
	k->any = true;
	return 0;
}

static struct keyring
keys_of(const struct doctor *d, const char *who)
{
	struct keyring k = { .d = d, .who = who };

	sshsig_each_signer(&d->rules, take_key, &k);
	return k;
}

static bool
can_sign(const struct doctor *d, const struct reviewer *r)
{
	struct keyring k = keys_of(d, r->name);

	return k.any && k.best <= KEY_SOON;
}

/* The desk's own user and root are nobody's evidence on a desk of many. */
static bool
can_own(const struct doctor *d, const struct reviewer *r)
{
	return r->uid >= 0 && (d->grounds.one_user ||
	    (r->uid != 0 && r->uid != (long)d->st.st_uid));
}

static bool
can_decide(const struct doctor *d, const struct reviewer *r,
    enum evidence least)
{
	return least <= EVIDENCE_MOVE ||
	    (least == EVIDENCE_OWNER && can_own(d, r)) || can_sign(d, r);
}

/* Reviewers. */

/* A section without a word in it is none. */
static void
find_empty(struct doctor *d)
{
	const struct rules_file *f = rules_get(&d->rules, "docket.conf");
	char *text = f == NULL ? NULL : mem_strn(f->data, f->len);
	char *at = text, *line, name[64];

	while ((line = strsep(&at, "\n")) != NULL) {
		line += strspn(line, " \t");
		if (sscanf(line, "[reviewer \"%63[^\"]\"]", name) != 1 ||
		    settings_reviewer_named(&d->settings, name) != NULL)
			continue;
		doctor_find(d, GRADE_WARN, "docket.conf", "[reviewer \"%s\"] "
		    "is empty, and names nobody.", name);
		doctor_remedy(d, "git config -f %s reviewer.%s.user %s",
		    doctor_path(d, "docket.conf"), name, name);
	}
	free(text);
}

static void
check_user(struct doctor *d, const struct reviewer *r, bool asked)
{
	if (r->user != NULL && r->uid < 0) {
		doctor_find(d, GRADE_WARN, "docket.conf", "Reviewer %s: this "
		    "machine has no user %s.", r->name, r->user);
		doctor_remedy(d, "useradd %s", r->user);
	} else if (asked && r->user == NULL && !can_sign(d, r)) {
		doctor_find(d, GRADE_WARN, "docket.conf", "Reviewer %s has "
		    "neither a Unix user nor a key, and cannot decide.",
		    r->name);
		doctor_remedy(d, "git config -f %s reviewer.%s.user %s",
		    doctor_path(d, "docket.conf"), r->name, r->name);
	} else if (asked && d->open && r->uid >= 0 && !can_own(d, r) &&
	    !can_sign(d, r)) {
		doctor_find(d, GRADE_WARN, "docket.conf", "Reviewer %s is %s: "
		    "on a desk of many users what root and the desk's own "
		    "user do is no evidence.", r->name,
		    r->uid == 0 ? "root" : "the desk's own user");
		doctor_remedy(d, "git config -f %s reviewer.%s.user USER",
		    doctor_path(d, "docket.conf"), r->name);
	}
}

static void
check_key(struct doctor *d, const struct reviewer *r)
{
	struct keyring k = keys_of(d, r->name);
	char day[DAY_TEXT];

	if (!k.any) {
		doctor_find(d, GRADE_WARN, "allowed_signers", "Reviewer %s "
		    "has no key there, and the policy asks for signatures.",
		    r->name);
		doctor_remedy(d, "echo \"%s $(cut -d' ' -f1,2 %s.pub)\" >>%s",
		    r->name, r->name, doctor_path(d, "allowed_signers"));
	} else if (k.best == KEY_SOON)
		doctor_find(d, GRADE_NOTE, "allowed_signers", "The last key "
		    "of reviewer %s (line %ld) is good until %s.", r->name,
		    k.line, day_text(day, clock_day(k.before)));
	else if (k.best > KEY_SOON) {
		doctor_find(d, GRADE_WARN, "allowed_signers", "Reviewer %s "
		    "has no key that is good: that of line %ld %s.", r->name,
		    k.line, key_states[k.best]);
		doctor_remedy(d, "echo \"%s $(cut -d' ' -f1,2 %s.pub)\" >>%s",
		    r->name, r->name, doctor_path(d, "allowed_signers"));
	}
}

void
doctor_reviewers(struct doctor *d)
{
	const struct settings *s = &d->settings;
	bool owner, sign;
	size_t i;

	if (!d->settled)
		return;
	owner = doctor_asks(d, EVIDENCE_OWNER);
	sign = doctor_asks(d, EVIDENCE_SIGNATURE);
	find_empty(d);
	if (s->n_reviewers == 0 && (owner || sign)) {
		doctor_find(d, GRADE_WARN, "docket.conf", "It names no "
		    "reviewer: nobody can decide.");
		doctor_remedy(d, "git config -f %s reviewer.NAME.user USER",
		    doctor_path(d, "docket.conf"));
	}
	for (i = 0; i < s->n_reviewers; i++) {
		check_user(d, &s->reviewers[i], owner);
		if (sign)
			check_key(d, &s->reviewers[i]);
	}
}

/* Who else stands in allowed_signers. */

struct looking {
	struct doctor	*d;
	bool		 tip;		/* the line is for the ledger itself */
};

static void
check_principal(struct doctor *d, const struct signer_line *l,
    const char *who)
{
	const struct reviewer *r = settings_reviewer_named(&d->settings, who);
	enum key_state state = key_state(d, l);

	if (r == NULL && (l->namespaces[0] == '\0' ||
	    in_list(l->namespaces, "approve@docket", true))) {
		doctor_find(d, GRADE_NOTE, "allowed_signers", "Line %ld: %s "
		    "is no reviewer; what that key signs is no decision.",
		    l->line, who);
		doctor_remedy(d, "sed -i %ldd %s", l->line,
		    doctor_path(d, "allowed_signers"));
	} else if (r != NULL && (state == KEY_EXPIRED ||
	    state == KEY_REVOKED) && can_sign(d, r))
		doctor_find(d, GRADE_NOTE, "allowed_signers", "Line %ld: this "
		    "key of %s %s; there is another.", l->line, who,
		    key_states[state]);
}

static int
look_at_line(void *arg, const struct signer_line *l)
{
	struct doctor *d = arg;
	char *all = mem_str(l->principals), *at = all, *who;

	while ((who = strsep(&at, ",")) != NULL)
		check_principal(d, l, who);
	free(all);
	return 0;
}

void
doctor_signers(struct doctor *d)
{
	if (d->settled)
		sshsig_each_signer(&d->rules, look_at_line, d);
}

/* Quorum: whether there are people for every stage, each for one of them. */

#define SEATS_MOST 64

struct seats {
	const struct doctor *d;
	const struct policy *p;
	unsigned	 stage[SEATS_MOST];	/* of each */
	size_t		 n;
	size_t		*taken;		/* by reviewer + 1, of each seat */
	bool		*seen;		/* seats, in this search */
};

static bool
may_sit(const struct seats *s, size_t person, size_t seat)
{
	const struct reviewer *r = &s->d->settings.reviewers[person];

	return reviewer_in(r, s->p->stage[s->stage[seat]].group) &&
	    can_decide(s->d, r, s->p->evidence);
}

/* Finds a seat for somebody, moving others if need be (Kuhn). */
static bool
seat(struct seats *s, size_t person)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->seen[i] || !may_sit(s, person, i))
			continue;
		s->seen[i] = true;
		if (s->taken[i] == 0 || seat(s, s->taken[i] - 1)) {
			s->taken[i] = person + 1;
			return true;
		}
	}
	return false;
}

static void
make_seats(struct seats *s)
{
	unsigned i, n;

	for (i = 0; i < s->p->n_stages; i++)
		for (n = 0; n < s->p->stage[i].quorum && s->n < SEATS_MOST; n++)
			s->stage[s->n++] = i;
}

/* How many people are left over; -1: a seat stays empty (*open: its
 * stage). */
static long
fill_seats(struct seats *s, unsigned *open)
{
	size_t person, sitting = 0, able = 0, i, k;
	bool can;

	for (person = 0; person < s->d->settings.n_reviewers; person++) {
		memset(s->seen, 0, s->n * sizeof(*s->seen));
		sitting += seat(s, person);
		for (can = false, k = 0; k < s->n && !can; k++)
			can = may_sit(s, person, k);
		able += can;
	}
	for (i = 0; i < s->n; i++)
		if (s->taken[i] == 0) {
			*open = s->stage[i];
			return -1;
		}
	return (long)(able - sitting);
}

static void
check_stages(struct doctor *d, const char *prefix, enum event decision,
    const struct policy *p)
{
	struct seats s = { .d = d, .p = p };
	const struct stage *at;
	unsigned open = 0;
	long left;

	make_seats(&s);
	s.taken = mem_alloc((s.n + 1) * sizeof(*s.taken));
	s.seen = mem_alloc((s.n + 1) * sizeof(*s.seen));
	left = fill_seats(&s, &open);
	if (left < 0) {
		at = &p->stage[open];
		doctor_find(d, GRADE_WARN, "docket.conf", "%s%s: nobody is "
		    "left for stage %s:%u who is able to decide (evidence = "
		    "%s) and fills no other: it can never be met.",
		    event_name(decision), prefix, at->group[0] == '\0' ?
		    "any" : at->group, at->quorum, evidence_name(p->evidence));
		doctor_remedy(d, "git config -f %s --add reviewer.NAME.%s %s",
		    doctor_path(d, "docket.conf"), at->group[0] == '\0' ?
		    "user" : "group", at->group[0] == '\0' ? "USER" :
		    at->group);
	} else if (left == 0 && p->apart && s.n > 1)
		doctor_find(d, GRADE_NOTE, "docket.conf", "%s%s: it takes "
		    "everybody there is; what one of them submits nobody can "
		    "decide on (apart).", event_name(decision), prefix);
	free(s.taken);
	free(s.seen);
}

static void
check_group(struct doctor *d, const char *group, const char *what,
    enum evidence least)
{
	const struct settings *s = &d->settings;
	size_t i;

	if (group[0] == '\0')
		return;
	for (i = 0; i < s->n_reviewers; i++)
		if (reviewer_in(&s->reviewers[i], group) &&
		    can_decide(d, &s->reviewers[i], least))
			return;
	doctor_find(d, GRADE_WARN, "docket.conf", "%s = %s: nobody of that "
	    "group is able to decide.", what, group);
	doctor_remedy(d, "git config -f %s --add reviewer.NAME.group %s",
	    doctor_path(d, "docket.conf"), group);
}

static void
check_review(struct doctor *d, const struct review *r)
{
	static const enum event decisions[DECIDED_COUNT] = {
		[APPROVE] = EVENT_APPROVE, [RETURN] = EVENT_RETURN,
		[REJECT] = EVENT_REJECT, [REVOKE] = EVENT_REVOKE };
	char prefix[PREFIX_TEXT + 8] = "";
	unsigned i;

	if (r->prefix[0] != '\0')
		snprintf(prefix, sizeof(prefix), " of %s", r->prefix);
	for (i = 0; i < DECIDED_COUNT; i++) {
		if (i > 0 && r->of[i].n_stages == r->of[0].n_stages &&
		    memcmp(r->of[i].stage, r->of[0].stage,
		    sizeof(r->of[i].stage)) == 0 &&
		    r->of[i].evidence == r->of[0].evidence)
			continue;	/* as approval */
		if (!r->unreviewed)
			check_stages(d, prefix, decisions[i], &r->of[i]);
		check_group(d, r->of[i].emergency, "review.emergency",
		    r->of[i].evidence);
	}
	check_group(d, r->escalate_to, "review.escalateTo",
	    r->of[APPROVE].evidence);
}

static void
check_rules_quorum(struct doctor *d)
{
	const struct settings *s = &d->settings;
	unsigned n = 0;
	size_t i;

	for (i = 0; i < s->n_reviewers; i++)
		n += reviewer_in(&s->reviewers[i], s->rules_group) &&
		    can_sign(d, &s->reviewers[i]);
	if (n >= s->rules_quorum)
		return;
	doctor_find(d, GRADE_WARN, "review.policy", "A change of the rules "
	    "needs %u signatures, and %u of those who may sign have a good "
	    "key: no rule can be changed any more. What cannot be signed can "
	    "only be begun anew, in another desk.", s->rules_quorum, n);
}

void
doctor_quorum(struct doctor *d)
{
	size_t i;

	if (!d->settled || d->settings.n_reviewers == 0)
		return;
	for (i = 0; i < d->settings.n_reviews; i++)
		check_review(d, &d->settings.reviews[i]);
	if (d->settings.rules_quorum > 0)
		check_rules_quorum(d);
}
