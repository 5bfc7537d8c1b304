/*
 * review: who decides, and what is asked of a decision, as docket.conf says.
 *
 * May not: judge (policy.c does).
 * A fault of the operator: a policy that cannot hold, such as two people of a
 * group of one.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "text.h"

#include "form.h"

#include "reviewing.h"

/* A whole quorum, or a stage. */
#define PEOPLE_MOST 99

static const enum event decided_events[DECIDED_COUNT] = {
	[APPROVE] = EVENT_APPROVE,
	[RETURN] = EVENT_RETURN,
	[REJECT] = EVENT_REJECT,
	[REVOKE] = EVENT_REVOKE,
};

enum decided
decided_of(enum event event)
{
	unsigned i;

	for (i = 0; i < DECIDED_COUNT; i++)
		if (decided_events[i] == event)
			break;
	return (enum decided)i;
}

static enum decided
decided_named(const char *name)
{
	return decided_of(event_named(name));
}

/* What a section is about. */
struct about {
	char		 prefix[PREFIX_TEXT];	/* "": all form types */
	enum decided	 decided;		/* DECIDED_COUNT: all */
	bool		 rules;
};

static bool
parse_about(const char *sub, struct about *a)
{
	const char *blank;

	*a = (struct about){ .decided = DECIDED_COUNT };
	if (sub == NULL)
		return true;
	if (strcmp(sub, "policy") == 0)
		return a->rules = true;
	blank = strchr(sub, ' ');
	if (blank == NULL && (a->decided = decided_named(sub)) !=
	    DECIDED_COUNT)
		return true;
	if (blank != NULL && (a->decided = decided_named(blank + 1)) ==
	    DECIDED_COUNT)
		return false;
	if (blank == NULL)
		blank = sub + strlen(sub);
	if ((size_t)(blank - sub) >= sizeof(a->prefix))
		return false;
	memcpy(a->prefix, sub, (size_t)(blank - sub));
	return prefix_valid(a->prefix);
}

bool
review_fits(const struct conf_item *i)
{
	struct about a;

	return parse_about(i->sub, &a);
}

unsigned
review_rank(const struct conf_item *i)
{
	struct about a;

	if (strcmp(i->section, "review") != 0 || !parse_about(i->sub, &a))
		return 0;
	return (a.prefix[0] != '\0' ? 2u : 0) +
	    (a.decided != DECIDED_COUNT ? 1u : 0);
}

void
review_defaults(struct settings *s)
{
	struct review *r = mem_alloc(sizeof(*r));
	unsigned i;

	for (i = 0; i < DECIDED_COUNT; i++)
		r->of[i] = (struct policy){ .evidence = EVIDENCE_OWNER,
		    .stage = { { "", 1 } }, .n_stages = 1, .apart = true };
	r->of[RETURN].note = r->of[REVOKE].note = true;
	r->lapse = 90LL * 86400 * 1000;
	s->reviews = r;
	s->n_reviews = 1;
}

/* The review that a section is about; made after the general one when it
 * is met for the first time. */
static struct review *
review_of(struct settings *s, const struct about *a)
{
	struct review *r;
	size_t i;

	for (i = 0; i < s->n_reviews; i++)
		if (strcmp(s->reviews[i].prefix, a->prefix) == 0)
			return &s->reviews[i];
	s->reviews = mem_grow(s->reviews, s->n_reviews + 1,
	    sizeof(*s->reviews));
	r = &s->reviews[s->n_reviews++];
	*r = s->reviews[0];
	strcpy(r->prefix, a->prefix);
	return r;
}

/* The policies that a section sets; of those about no decision in
 * particular, `one' is set alone if it is a decision. */
static struct policy *
first_policy(struct settings *s, const struct about *a, enum decided one,
    unsigned *n)
{
	struct review *r = review_of(s, a);

	*n = 1;
	if (a->decided != DECIDED_COUNT)
		return &r->of[a->decided];
	if (one != DECIDED_COUNT)
		return &r->of[one];
	*n = DECIDED_COUNT;
	return r->of;
}

static bool
group_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < GROUP_NAME && strpbrk(name, " :/,") == NULL &&
	    text_plain(name, n);
}

int
review_set_evidence(struct settings *s, const struct conf_item *i)
{
	enum evidence e = evidence_named(i->value);
	struct about a;
	struct policy *p;
	unsigned n;

	if (e < EVIDENCE_MOVE || e >= EVIDENCE_COUNT)
		return -1;
	parse_about(i->sub, &a);
	if (a.rules)
		return e == EVIDENCE_SIGNATURE ? 0 : -1;
	for (p = first_policy(s, &a, DECIDED_COUNT, &n); n > 0; n--, p++)
		p->evidence = e;
	return 0;
}

int
review_set_apart(struct settings *s, const struct conf_item *i)
{
	struct about a;
	struct policy *p;
	unsigned n;
	bool apart;

	parse_about(i->sub, &a);
	if (a.rules || conf_bool(i->value, &apart) != 0)
		return -1;
	for (p = first_policy(s, &a, DECIDED_COUNT, &n); n > 0; n--, p++)
		p->apart = apart;
	return 0;
}

int
review_set_quorum(struct settings *s, const struct conf_item *i)
{
	struct about a;
	struct policy *p;
	uint64_t people;
	unsigned n;

	parse_about(i->sub, &a);
	if (!text_number(i->value, PEOPLE_MOST, &people))
		return -1;
	if (a.rules) {
		s->rules_quorum = (unsigned)people;
		return people > 0 ? 0 : -1;
	}
	if (people == 0 && a.decided != DECIDED_COUNT)
		return -1;
	p = first_policy(s, &a, APPROVE, &n);
	if (p == &review_of(s, &a)->of[APPROVE])
		review_of(s, &a)->unreviewed = people == 0;
	p->n_stages = 1;
	p->stage[0] = (struct stage){ "", (unsigned)people };
	p->staged_by = 0;
	return 0;
}

/* "desk:2" */
static int
parse_stage(const char *value, struct stage *stage)
{
	const char *colon = strrchr(value, ':');
	uint64_t people = 1;
	size_t n = colon == NULL ? strlen(value) : (size_t)(colon - value);

	if (n >= sizeof(stage->group) || (colon != NULL &&
	    (!text_number(colon + 1, PEOPLE_MOST, &people) || people == 0)))
		return -1;
	memcpy(stage->group, value, n);
	stage->group[n] = '\0';
	stage->quorum = (unsigned)people;
	return group_valid(stage->group) ? 0 : -1;
}

/* The first stage of a section takes the place of those of others. */
int
review_set_stage(struct settings *s, const struct conf_item *i)
{
	unsigned by = review_rank(i) + 1, n;
	struct stage stage;
	struct policy *p;
	struct about a;

	parse_about(i->sub, &a);
	if (parse_stage(i->value, &stage) != 0)
		return -1;
	if (a.rules) {
		s->rules_quorum = stage.quorum;
		strcpy(s->rules_group, stage.group);
		return 0;
	}
	p = first_policy(s, &a, APPROVE, &n);
	if (p == &review_of(s, &a)->of[APPROVE])
		review_of(s, &a)->unreviewed = false;
	if (p->staged_by != by)
		p->n_stages = 0;
	p->staged_by = by;
	if (p->n_stages == STAGES)
		return -1;
	p->stage[p->n_stages++] = stage;
	return 0;
}

/* Names of decisions with blanks or commas between; or "none". */
static int
set_notes(struct review *r, const char *value)
{
	bool note[DECIDED_COUNT] = { false };
	char *copy = mem_str(value), *at = copy, *word;
	enum decided decided;
	unsigned k;
	int status = 0;

	while (status == 0 && (word = strsep(&at, " ,\t")) != NULL) {
		if (*word == '\0' || strcmp(word, "none") == 0)
			continue;
		decided = decided_named(word);
		if (decided == DECIDED_COUNT)
			status = -1;
		else
			note[decided] = true;
	}
	free(copy);
	for (k = 0; status == 0 && k < DECIDED_COUNT; k++)
		r->of[k].note = note[k];
	return status;
}

int
review_set_note(struct settings *s, const struct conf_item *i)
{
	struct about a;

	parse_about(i->sub, &a);
	if (a.rules)
		return -1;
	if (a.decided != DECIDED_COUNT)
		return conf_bool(i->value, &review_of(s, &a)->
		    of[a.decided].note);
	return set_notes(review_of(s, &a), i->value);
}

int
review_set_emergency(struct settings *s, const struct conf_item *i)
{
	struct about a;

	parse_about(i->sub, &a);
	if (a.rules || !group_valid(i->value) ||
	    (a.decided != DECIDED_COUNT && a.decided != REVOKE))
		return -1;
	strcpy(review_of(s, &a)->of[REVOKE].emergency, i->value);
	return 0;
}

/* A span for a form type as a whole. */
static int
set_span(struct settings *s, const struct conf_item *i, const char *value,
    size_t member)
{
	struct about a;

	parse_about(i->sub, &a);
	if (a.rules || a.decided != DECIDED_COUNT)
		return -1;
	return span_parse(value, (int64_t *)(void *)((char *)
	    review_of(s, &a) + member));
}

int
review_set_lapse(struct settings *s, const struct conf_item *i)
{
	return set_span(s, i, i->value, offsetof(struct review, lapse));
}

int
review_set_remind(struct settings *s, const struct conf_item *i)
{
	return set_span(s, i, i->value, offsetof(struct review, remind));
}

/* "7d:board" */
int
review_set_escalate(struct settings *s, const struct conf_item *i)
{
	const char *colon = strchr(i->value, ':');
	struct about a;
	char *span;
	int status;

	if (colon == NULL || !group_valid(colon + 1))
		return -1;
	span = mem_strn(i->value, (size_t)(colon - i->value));
	status = set_span(s, i, span, offsetof(struct review, escalate));
	free(span);
	if (status != 0)
		return -1;
	parse_about(i->sub, &a);
	strcpy(review_of(s, &a)->escalate_to, colon + 1);
	return 0;
}

/* Reviewers. */

static struct reviewer *
reviewer_of(struct settings *s, const struct conf_item *i)
{
	struct reviewer *r;
	size_t k;

	for (k = 0; k < s->n_reviewers; k++)
		if (strcmp(s->reviewers[k].name, i->sub) == 0)
			return &s->reviewers[k];
	if (!paper_who_valid(i->sub))
		return NULL;
	s->reviewers = mem_grow(s->reviewers, s->n_reviewers + 1,
	    sizeof(*s->reviewers));
	r = &s->reviewers[s->n_reviewers++];
	*r = (struct reviewer){ .name = mem_str(i->sub), .uid = -1,
	    .line = i->line };
	return r;
}

static int
set_once(char **to, const char *value)
{
	if (*to != NULL || *value == '\0' || !text_plain(value, strlen(value)))
		return -1;
	*to = mem_str(value);
	return 0;
}

int
reviewer_set_user(struct settings *s, const struct conf_item *i)
{
	struct reviewer *r = reviewer_of(s, i);

	return r == NULL ? -1 : set_once(&r->user, i->value);
}

int
reviewer_set_client(struct settings *s, const struct conf_item *i)
{
	struct reviewer *r = reviewer_of(s, i);

	return r == NULL ? -1 : set_once(&r->client, i->value);
}

int
reviewer_set_group(struct settings *s, const struct conf_item *i)
{
	struct reviewer *r = reviewer_of(s, i);
	struct buf b = BUF_INIT;

	if (r == NULL || !group_valid(i->value))
		return -1;
	buf_putf(&b, "%s%s ", r->groups == NULL ? " " : r->groups, i->value);
	free(r->groups);
	r->groups = buf_take(&b);
	return 0;
}

bool
reviewer_in(const struct reviewer *r, const char *group)
{
	char word[GROUP_NAME + 2];

	if (*group == '\0')
		return true;
	if (r->groups == NULL)
		return false;
	word[0] = ' ';
	strcpy(word + 1, group);
	strcat(word, " ");
	return strstr(r->groups, word) != NULL;
}

/* Checks. */

static unsigned
members(const struct settings *s, const char *group)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < s->n_reviewers; i++)
		n += reviewer_in(&s->reviewers[i], group);
	return n;
}

static int
check_group(const struct settings *s, const char *of, const char *key,
    const char *group, unsigned people, struct conf_error *e)
{
	unsigned n = members(s, group);

	/* a desk without reviewers at all says so where it matters */
	if (n >= people || (*group == '\0' && people == 1))
		return 0;
	return conf_fail(e, 0, "%s: %s needs %u of %s%s, and docket.conf "
	    "names %u", of, key, people, *group == '\0' ?
	    "all reviewers" : "group ", group, n);
}

static int
check_policy(const struct settings *s, const char *of, const struct policy *p,
    struct conf_error *e)
{
	unsigned i, people = 0;

	for (i = 0; i < p->n_stages; i++) {
		people += p->stage[i].quorum;
		if (check_group(s, of, p->stage[i].group[0] == '\0' ?
		    "quorum" : "stage", p->stage[i].group,
		    p->stage[i].quorum, e) != 0)
			return -1;
	}
	if (p->evidence == EVIDENCE_MOVE && p->apart)
		return conf_fail(e, 0, "%s: evidence = move says nothing of "
		    "who decided; it cannot go with apart = true", of);
	if (p->evidence == EVIDENCE_MOVE && people > 1)
		return conf_fail(e, 0, "%s: evidence = move says nothing of "
		    "who decided; it cannot go with a quorum of %u", of,
		    people);
	return p->emergency[0] == '\0' ? 0 :
	    check_group(s, of, "emergency", p->emergency, 1, e);
}

int
review_check(const struct settings *s, struct conf_error *e)
{
	const struct review *r;
	const char *of;
	unsigned i;

	for (r = s->reviews; r < s->reviews + s->n_reviews; r++) {
		of = r->prefix[0] == '\0' ? "[review]" : r->prefix;
		for (i = 0; i < DECIDED_COUNT; i++)
			if (check_policy(s, of, &r->of[i], e) != 0)
				return -1;
		if (r->escalate > 0 && check_group(s, of, "escalate",
		    r->escalate_to, 1, e) != 0)
			return -1;
	}
	return check_group(s, "[review \"policy\"]", "quorum", s->rules_group,
	    s->rules_quorum, e);
}

/* Asking. */

const struct review *
settings_review(const struct settings *s, const char *prefix)
{
	size_t i;

	for (i = 1; i < s->n_reviews; i++)
		if (strcmp(s->reviews[i].prefix, prefix) == 0)
			return &s->reviews[i];
	return &s->reviews[0];
}

const struct policy *
settings_policy(const struct settings *s, const char *prefix,
    enum event decision)
{
	enum decided decided = decided_of(decision);

	return &settings_review(s, prefix)->of[decided == DECIDED_COUNT ?
	    APPROVE : decided];
}

const struct reviewer *
settings_reviewer(const struct settings *s, long uid)
{
	size_t i;

	for (i = 0; i < s->n_reviewers && uid >= 0; i++)
		if (s->reviewers[i].uid == uid)
			return &s->reviewers[i];
	return NULL;
}

const struct reviewer *
settings_reviewer_named(const struct settings *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_reviewers; i++)
		if (strcmp(s->reviewers[i].name, name) == 0)
			return &s->reviewers[i];
	return NULL;
}
