/*
 * settings: what docket.conf says.
 *
 * May not: apply anything.
 * A fault of the operator: every key that is unknown, every value that is
 * none, every combination that cannot hold; reported with its line.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "exchange.h"
#include "text.h"

#include "limit.h"
#include "reviewing.h"

struct setter {
	const char	*section, *key;
	bool		 sub;		/* [section "sub"], and only so */
	int		(*set)(struct settings *, const struct conf_item *);
	const char	*expects;
};

static int
set_text(char **to, const char *value)
{
	if (*value == '\0' || !text_plain(value, strlen(value)))
		return -1;
	free(*to);
	*to = mem_str(value);
	return 0;
}

static int
set_desk_id(struct settings *s, const struct conf_item *i)
{
	size_t n = strlen(i->value);

	if (n == 0 || n >= sizeof(s->desk_id) || strspn(i->value,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-") != n)
		return -1;
	strcpy(s->desk_id, i->value);
	return 0;
}

static int
set_desk_name(struct settings *s, const struct conf_item *i)
{
	return set_text(&s->desk_name, i->value);
}

static int
set_zone(struct settings *s, const struct conf_item *i)
{
	if (!clock_zone_known(i->value))
		return -1;
	return set_text(&s->zone, i->value);
}

static int
set_settle(struct settings *s, const struct conf_item *i)
{
	return span_parse(i->value, &s->settle);
}

static int
set_grace(struct settings *s, const struct conf_item *i)
{
	return span_parse(i->value, &s->grace);
}

static int
set_poll(struct settings *s, const struct conf_item *i)
{
	return span_parse(i->value, &s->poll) == 0 && s->poll > 0 ? 0 : -1;
}

/* More often would be work for its own sake. */
static int
set_probe(struct settings *s, const struct conf_item *i)
{
	return span_parse(i->value, &s->probe) == 0 &&
	    (s->probe == 0 || s->probe >= 100) ? 0 : -1;
}

static int
set_strays(struct settings *s, const struct conf_item *i)
{
	return span_parse(i->value, &s->strays);
}

/* Limits are set down, never up. */
static int
set_limit(const struct conf_item *i, uint64_t most, uint64_t *to)
{
	uint64_t value;

	if (conf_size(i->value, &value) != 0 || value == 0 || value > most)
		return -1;
	*to = value;
	return 0;
}

static int
set_limit32(const struct conf_item *i, uint32_t most, uint32_t *to)
{
	uint64_t value;

	if (set_limit(i, most, &value) != 0)
		return -1;
	*to = (uint32_t)value;
	return 0;
}

static int
set_form_limit(struct settings *s, const struct conf_item *i)
{
	return set_limit(i, LIMIT_FORM, &s->form_limit);
}

static int
set_batch_limit(struct settings *s, const struct conf_item *i)
{
	return set_limit(i, LIMIT_BATCH, &s->batch_limit);
}

static int
set_list_limit(struct settings *s, const struct conf_item *i)
{
	return set_limit(i, LIMIT_LIST, &s->list_limit);
}

static int
set_ratio(struct settings *s, const struct conf_item *i)
{
	return set_limit(i, LIMIT_RATIO, &s->ratio);
}

static int
set_depth(struct settings *s, const struct conf_item *i)
{
	return set_limit32(i, LIMIT_DEPTH, &s->check.depth);
}

static int
set_attributes(struct settings *s, const struct conf_item *i)
{
	return set_limit32(i, LIMIT_ATTRIBUTES, &s->check.attributes);
}

static int
set_value(struct settings *s, const struct conf_item *i)
{
	return set_limit32(i, LIMIT_VALUE, &s->check.value);
}

static int
set_cpu(struct settings *s, const struct conf_item *i)
{
	int64_t ms;

	if (span_parse(i->value, &ms) != 0 || ms < 1000 ||
	    ms > LIMIT_CHECK_CPU * 1000)
		return -1;
	s->check.cpu = (uint32_t)(ms / 1000);
	return 0;
}

static int
set_memory(struct settings *s, const struct conf_item *i)
{
	uint64_t value;

	/* with less, good forms are said to be too costly */
	if (set_limit(i, LIMIT_CHECK_MEMORY, &value) != 0 ||
	    value < LEAST_CHECK_MEMORY)
		return -1;
	s->check.memory = value;
	return 0;
}

static int
set_reuse(struct settings *s, const struct conf_item *i)
{
	return set_limit32(i, LIMIT_REUSE, &s->check.reuse);
}

static int
set_workers(struct settings *s, const struct conf_item *i)
{
	return set_limit(i, LIMIT_WORKERS, &s->workers);
}

/* Ascending, each once. */
static int
add_notice(struct settings *s, const char *word)
{
	const int64_t day = 86400 * 1000;
	unsigned days;
	int64_t ms;
	size_t i;

	if (span_parse(word, &ms) != 0 || ms < day || ms % day != 0 ||
	    ms > LIMIT_NOTICE_DAYS * day)
		return -1;
	days = (unsigned)(ms / day);
	for (i = 0; i < s->n_notices; i++)
		if (s->notices[i] == days)
			return 0;
	if (s->n_notices == NOTICES)
		return -1;
	for (i = s->n_notices++; i > 0 && s->notices[i - 1] > days; i--)
		s->notices[i] = s->notices[i - 1];
	s->notices[i] = days;
	return 0;
}

/* "30d, 7d, 1d" with blanks or commas between; or "never". */
static int
set_notify(struct settings *s, const struct conf_item *i)
{
	char *copy = mem_str(i->value), *at = copy, *word;
	bool any = false;
	int status = 0;

	s->n_notices = 0;
	while (status == 0 && strcmp(i->value, "never") != 0 &&
	    (word = strsep(&at, " ,\t")) != NULL) {
		if (*word == '\0')
			continue;
		any = true;
		status = add_notice(s, word);
	}
	if (!any && strcmp(i->value, "never") != 0)
		status = -1;
	free(copy);
	return status;
}

static int
set_refusals(struct settings *s, const struct conf_item *i)
{
	return conf_bool(i->value, &s->refusals);
}

static int
set_signing_key(struct settings *s, const struct conf_item *i)
{
	return set_text(&s->signing_key, i->value);
}

static int
set_revocations(struct settings *s, const struct conf_item *i)
{
	return i->sub == NULL ? conf_bool(i->value, &s->revocations) : -1;
}

static int
set_client(struct settings *s, const struct conf_item *i)
{
	struct box_rule rule = { NULL, NULL };

	if (set_text(&rule.client, i->value) != 0)
		return -1;
	rule.box = mem_str(i->sub);
	s->boxes = mem_grow(s->boxes, s->n_boxes + 1, sizeof(*s->boxes));
	s->boxes[s->n_boxes++] = rule;
	return 0;
}

/* It must fit a socket's address, with the directory of the desk before it;
 * that is seen when it is used. */
static int
set_haproxy(struct settings *s, const struct conf_item *i)
{
	return strlen(i->value) > EXCHANGE_PATH ? -1 :
	    set_text(&s->haproxy, i->value);
}

static int
set_reload(struct settings *s, const struct conf_item *i)
{
	return set_text(&s->reload, i->value);
}

static int
set_metrics(struct settings *s, const struct conf_item *i)
{
	if (text_ends(i->value, "/"))
		return -1;
	return set_text(&s->metrics, i->value);
}

static int
set_metrics_every(struct settings *s, const struct conf_item *i)
{
	return span_parse(i->value, &s->metrics_every) == 0 &&
	    s->metrics_every >= 100 ? 0 : -1;
}

static const struct setter setters[] = {
	{ "desk", "id", false, set_desk_id, "letters, digits, dots, hyphens" },
	{ "desk", "name", false, set_desk_name, "a name" },
	{ "desk", "timezone", false, set_zone,
	  "a time zone that this machine knows, such as Europe/Berlin" },
	{ "inbox", "settle", false, set_settle, "a span such as 2s" },
	{ "inbox", "grace", false, set_grace, "a span such as 5s" },
	{ "inbox", "poll", false, set_poll, "a span such as 2s" },
	{ "inbox", "probe", false, set_probe,
	  "0, or a span of 100ms or longer, such as 30s" },
	{ "trays", "strays", false, set_strays, "a span such as 60s" },
	{ "limits", "form", false, set_form_limit, "a size up to 1m" },
	{ "limits", "batch", false, set_batch_limit, "a size up to 4g" },
	{ "limits", "list", false, set_list_limit, "a size up to 16m" },
	{ "limits", "ratio", false, set_ratio, "a number from 1 to 100" },
	{ "limits", "depth", false, set_depth, "a number from 1 to 64" },
	{ "limits", "attributes", false, set_attributes,
	  "a number from 1 to 256" },
	{ "limits", "value", false, set_value, "a size up to 256k" },
	{ "check", "cpu", false, set_cpu, "a span from 1s to 10s" },
	{ "check", "memory", false, set_memory, "a size from 64m to 256m" },
	{ "check", "reuse", false, set_reuse, "a number from 1 to 256" },
	{ "check", "workers", false, set_workers, "a number from 1 to 64" },
	{ "expiry", "notify", false, set_notify,
	  "some whole days such as 30d, 7d, 1d, up to 365d and 16 of them; "
	  "or never" },
	{ "ledger", "refusals", false, set_refusals, "true or false" },
	{ "gateway", "haproxy", false, set_haproxy,
	  "HAProxy's admin socket, from the root or from the desk, at most "
	  "107 bytes" },
	{ "gateway", "reload", false, set_reload, "a command" },
	{ "metrics", "file", false, set_metrics,
	  "a file, from the root or from the desk" },
	{ "metrics", "every", false, set_metrics_every,
	  "a span of 100ms or longer, such as 15s" },
	{ "box", "client", true, set_client, "a client's id" },
	{ "ledger", "signingkey", false, set_signing_key,
	  "the file of an SSH key, from the root or from the desk" },
	{ "review", "revocations", false, set_revocations, "true or false" },
	{ "reviewer", "user", true, reviewer_set_user, "a Unix user" },
	{ "reviewer", "group", true, reviewer_set_group, "a group's name" },
	{ "reviewer", "client", true, reviewer_set_client, "a client's id" },
	{ "review", "evidence", false, review_set_evidence,
	  "move, owner or signature" },
	{ "review", "quorum", false, review_set_quorum,
	  "a number of people; 0 where applications need no review" },
	{ "review", "stage", false, review_set_stage,
	  "a group and how many of it, such as desk:1" },
	{ "review", "apart", false, review_set_apart, "true or false" },
	{ "review", "note", false, review_set_note,
	  "none, or some of approve, return, reject, revoke; true or false "
	  "for one decision" },
	{ "review", "emergency", false, review_set_emergency,
	  "a group, for revoke" },
	{ "review", "lapse", false, review_set_lapse, "a span such as 90d" },
	{ "review", "remind", false, review_set_remind, "a span such as 3d" },
	{ "review", "escalate", false, review_set_escalate,
	  "a span and a group, such as 7d:board" },
};
#define SETTERS (sizeof(setters) / sizeof(setters[0]))

/* What [review] may be about, review_fits() knows. */
static bool
sub_fits(const struct setter *setter, const struct conf_item *i)
{
	if (setter->sub)
		return i->sub != NULL;
	if (i->sub == NULL)
		return true;
	return strcmp(setter->section, "review") == 0 && review_fits(i);
}

/* Whether a becomes b by at most so many letters changed, left out or put
 * in. */
static bool
is_close(const char *a, const char *b, unsigned changes)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return true;
	if (changes-- == 0)
		return false;
	return (*a != '\0' && is_close(a + 1, b, changes)) ||
	    (*b != '\0' && is_close(a, b + 1, changes)) ||
	    (*a != '\0' && *b != '\0' && is_close(a + 1, b + 1, changes));
}

static int
unknown_key(const struct conf_item *i, struct conf_error *e)
{
	const char *close = NULL;
	size_t k;

	for (k = 0; k < SETTERS; k++)
		if (strcmp(setters[k].section, i->section) == 0 &&
		    is_close(setters[k].key, i->key, 2))
			close = setters[k].key;
	return conf_fail(e, i->line, "1290 - [%s] %s is not a parameter.%s%s%s",
	    i->section, i->key, close == NULL ? "" : " Did you mean ",
	    close == NULL ? "" : close, close == NULL ? "" : "?");
}

static int
apply(struct settings *s, const struct conf_item *i, struct conf_error *e)
{
	size_t k;

	for (k = 0; k < SETTERS; k++) {
		if (strcmp(setters[k].section, i->section) != 0 ||
		    strcmp(setters[k].key, i->key) != 0)
			continue;
		if (!sub_fits(&setters[k], i))
			return conf_fail(e, i->line, setters[k].sub ?
			    "[%s] needs a name: [%s \"…\"]" :
			    "[%s] takes no name here, or not this one",
			    i->section, i->section);
		if (setters[k].set(s, i) != 0)
			return conf_fail(e, i->line,
			    "[%s] %s = %.100s: %s was expected", i->section,
			    i->key, i->value, setters[k].expects);
		return 0;
	}
	return unknown_key(i, e);
}

static void
set_defaults(struct settings *s)
{
	*s = (struct settings){
		.desk_name = mem_str("docket"),
		.zone = mem_str("UTC"),
		.settle = 2000,
		.grace = 5000,
		.poll = 2000,
		.probe = 30000,
		.metrics_every = 15000,
		.strays = 60000,
		.form_limit = LIMIT_FORM,
		.batch_limit = LIMIT_BATCH,
		.list_limit = LIMIT_LIST,
		.ratio = LIMIT_RATIO,
		.check = {
			.depth = LIMIT_DEPTH,
			.attributes = LIMIT_ATTRIBUTES,
			.value = LIMIT_VALUE,
			.cpu = LIMIT_CHECK_CPU,
			.memory = LIMIT_CHECK_MEMORY,
			.reuse = LIMIT_REUSE,
		},
		.notices = { 1, 7, 30 },
		.n_notices = 3,
		.refusals = true,
	};
	review_defaults(s);
}

/* Wherever they stand, the general ones first: what is for less begins as a
 * copy of them. */
static int
apply_all(struct settings *s, const struct conf *conf, struct conf_error *e)
{
	unsigned rank;
	size_t i;

	for (rank = 0; rank < REVIEW_RANKS; rank++)
		for (i = 0; i < conf->n; i++)
			if (review_rank(&conf->items[i]) == rank &&
			    apply(s, &conf->items[i], e) != 0)
				return -1;
	return 0;
}

static int
check_whole(const struct settings *s, struct conf_error *e)
{
	if (s->desk_id[0] == '\0')
		return conf_fail(e, 0, "[desk] id is missing");
	return review_check(s, e);
}

int
settings_parse(struct settings *s, const char *p, size_t n,
    struct conf_error *e)
{
	struct conf conf;
	int status;

	if (conf_parse(&conf, p, n, e) != 0)
		return -1;
	set_defaults(s);
	status = apply_all(s, &conf, e);
	if (status == 0)
		status = check_whole(s, e);
	if (status != 0)
		settings_free(s);
	conf_free(&conf);
	return status;
}

void
settings_free(struct settings *s)
{
	size_t i;

	free(s->desk_name);
	free(s->zone);
	free(s->signing_key);
	free(s->reviews);
	for (i = 0; i < s->n_reviewers; i++) {
		free(s->reviewers[i].name);
		free(s->reviewers[i].user);
		free(s->reviewers[i].client);
		free(s->reviewers[i].groups);
	}
	free(s->reviewers);
	for (i = 0; i < s->n_boxes; i++) {
		free(s->boxes[i].box);
		free(s->boxes[i].client);
	}
	free(s->boxes);
	free(s->haproxy);
	free(s->reload);
	free(s->metrics);
	*s = (struct settings){ 0 };
}

/* Somebody before r with the same user; NULL: none. */
static const struct reviewer *
same_user(const struct settings *s, const struct reviewer *r)
{
	const struct reviewer *other = settings_reviewer(s, r->uid);

	return r->uid < 0 || other == r ? NULL : other;
}

bool
settings_lookup_failed(int error)
{
	return error == EINTR || error == EIO || error == EMFILE ||
	    error == ENFILE || error == ENOMEM || error == ERANGE ||
	    error == EAGAIN;
}

int
settings_resolve(struct settings *s, struct conf_error *e, bool *trouble)
{
	const struct reviewer *other;
	struct reviewer *r;
	struct passwd *pw;
	uint64_t uid;
	int status = 0;

	if (trouble != NULL)
		*trouble = false;
	for (r = s->reviewers; r < s->reviewers + s->n_reviewers; r++) {
		if (r->user == NULL)
			continue;
		do {
			errno = 0;
			pw = getpwnam(r->user);
		} while (pw == NULL && errno == EINTR);
		if (pw != NULL)
			r->uid = (long)pw->pw_uid;
		else if (settings_lookup_failed(errno)) {
			if (trouble != NULL)
				*trouble = true;
			return conf_fail(e, r->line, "[reviewer \"%.60s\"] "
			    "user = %.60s cannot be looked up: %s", r->name,
			    r->user, strerror(errno));
		} else if (text_number(r->user, 0xfffffffe, &uid))
			r->uid = (long)uid;
		else if (status == 0)
			status = conf_fail(e, r->line, "[reviewer \"%.60s\"] "
			    "user = %.60s: this machine has no such user",
			    r->name, r->user);
		other = same_user(s, r);
		if (other != NULL && status == 0)
			status = conf_fail(e, r->line, "[reviewer \"%.60s\"] "
			    "user = %.60s: reviewer %.60s is that user already",
			    r->name, r->user, other->name);
	}
	return status;
}

unsigned
settings_notice(const struct settings *s, int32_t left, unsigned notified)
{
	size_t i;

	for (i = 0; i < s->n_notices; i++)
		if (left <= (int32_t)s->notices[i] &&
		    s->notices[i] < notified)
			return s->notices[i];
	return 0;
}

const char *
settings_client(const struct settings *s, const char *box)
{
	size_t i;

	if (*box == '\0')
		return NULL;
	for (i = 0; i < s->n_boxes; i++)
		if (strcmp(s->boxes[i].box, box) == 0)
			return s->boxes[i].client;
	return box;
}
