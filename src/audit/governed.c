/*
 * governed: rules, and commits of the desk itself.
 *
 * May not: judge a policy; settings.c says whether it can hold.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "text.h"

#include "manifest.h"

#include "auditing.h"

/* What a message may hold, by its event; the rest is left out, and missed
 * when the two are compared. */
static struct ruling *
again(const struct ruling *r)
{
	struct ruling *made = mem_alloc(sizeof(*made));

	ruling_init(made);
	made->event = r->event;
	made->at = r->at;
	return made;
}

/* Refusals and damage: nothing changes. */

static int
refused(struct auditing *a, const struct ruling *r, struct ruling **made)
{
	struct ruling *m;

	if (!a->settings.refusals)
		return audit_wrong(a, "this desk records no refusals");
	/* of a file that cannot be read there is no digest */
	if (r->intake == NULL || r->box == NULL || r->faults.n == 0)
		return audit_wrong(a, "it does not say what was refused, and "
		    "why");
	m = *made = again(r);
	m->uid = r->uid;
	m->box = mem_str(r->box);
	m->intake = mem_str(r->intake);
	m->file = mem_str(r->file);
	strcpy(m->sha256, r->sha256);
	faults_copy(&m->faults, &r->faults);
	ruling_answer(m, r->box);
	return 0;
}

static int
restored(struct auditing *a, const struct ruling *r, struct ruling **made)
{
	if (r->subjects == NULL)
		return audit_wrong(a, "it does not say what was restored");
	*made = again(r);
	(*made)->subjects = mem_str(r->subjects);
	return 0;
}

/* Rules. */

struct changes {
	struct auditing	*a;
	struct ruling	*made;
	bool		 dropped;	/* these are looked for now */
	bool		 foreign;
};

static int
take_change(void *arg, const char *path, const char *old_hex,
    const char *new_hex)
{
	struct changes *c = arg;
	struct oid oid;

	(void)old_hex;
	if (!rules_is_path(path)) {
		c->foreign = true;
		audit_wrong(c->a, "it changes %s, which is no rule",
		    path);
		return -1;
	}
	if ((*new_hex == '\0') != c->dropped)
		return 0;
	if (c->dropped)
		ruling_drop(c->made, path);
	else if (oid_parse(&oid, new_hex) == 0 && tree_put(c->a->tree, path,
	    &oid) != 0)
		return -1;
	if (c->made->event == EVENT_RULES)
		ruling_subject(c->made, path);
	return 0;
}

/* What differs from the commit before, in the order in which the desk names
 * it: what is new, then what is gone. */
static int
take_changes(struct auditing *a, const struct ruling *r, struct ruling *made)
{
	struct changes c = { a, made, false, false };
	char parent[COMMIT_HEX] = "";
	int status = 0, pass;

	if (a->at > 0)
		oid_text(parent, &a->oids[a->at - 1]);
	for (pass = 0; pass < 2 && status == 0; pass++) {
		c.dropped = pass == 1;
		status = ledger_diff(a->ledger, parent, r->commit,
		    take_change, &c);
	}
	if (status != 0 && !c.foreign)
		audit_wrong(a, "its tree cannot be read: %s", ledger_error());
	return status;
}

static int
first_fault(struct auditing *a, const struct faults *faults)
{
	return faults->n == 0 ? 0 : audit_wrong(a, "%s: %s",
	    faults->list[0].field, fault_text(&faults->list[0]));
}

/* Whether the desk could have taken these over: they can be used, and where
 * the policy of before asks for signatures, it has them. */
static int
check_change(struct auditing *a, const struct rules *new,
    const struct settings *s, struct ruling *made)
{
	struct faults faults = FAULTS_INIT;
	int status;

	if (strcmp(s->desk_id, a->settings.desk_id) != 0)
		return audit_wrong(a, "the desk's id changes from %s to %s",
		    a->settings.desk_id, s->desk_id);
	sshsig_check_rules(new, s->revocations, &faults);
	if (faults.n == 0)
		manifest_check(&a->rules, &a->settings, new, a->now, made,
		    &faults);
	status = first_fault(a, &faults);
	faults_free(&faults);
	return status;
}

static int
check_rules(struct auditing *a, const char *commit, struct ruling *made)
{
	const struct rules_file *conf;
	struct settings settings;
	struct conf_error e;
	struct rules rules;
	int status = 0;

	if (ledger_rules(a->ledger, commit, &rules) != 0)
		return audit_wrong(a, "its rules cannot be read: %s",
		    ledger_error());
	conf = rules_get(&rules, "docket.conf");
	if (conf == NULL)
		status = audit_wrong(a, "there is no docket.conf");
	else if (settings_parse(&settings, conf->data, conf->len, &e) != 0)
		status = audit_wrong(a, "docket.conf, line %u: %s", e.line,
		    e.text);
	else {
		if (a->at > 0)
			status = check_change(a, &rules, &settings, made);
		settings_free(&settings);
	}
	rules_free(&rules);
	return status;
}

static int
ruled(struct auditing *a, const struct ruling *r, struct ruling **made)
{
	struct ruling *m = *made = again(r);

	m->uid = r->uid;
	if (check_rules(a, r->commit, m) != 0 || take_changes(a, r, m) != 0)
		return -1;
	if (r->event == EVENT_INIT) {
		m->subjects = mem_str(r->subjects);
		return governed_adopt(a, r->commit);
	}
	if (m->subjects == NULL)
		return audit_wrong(a, "it changes no rule");
	else if (r->subjects == NULL || strcmp(r->subjects, m->subjects) != 0)
		return audit_wrong(a, "its Path lines are not the rules that "
		    "it changes");
	return 0;
}

/* Takes over. */

static long *
known_uid(const struct auditing *a, const char *name)
{
	return map_get(&a->uids, name);
}

/* What the ledger tells of reviewers' users; this machine is not asked. */
static void
set_uids(struct auditing *a)
{
	struct settings *s = &a->settings;
	struct reviewer *r;
	uint64_t uid;
	long *known;

	for (r = s->reviewers; r < s->reviewers + s->n_reviewers; r++) {
		if (r->user == NULL)
			continue;
		if (text_number(r->user, 0xfffffffe, &uid))
			r->uid = (long)uid;
		else if ((known = known_uid(a, r->name)) != NULL)
			r->uid = *known;
	}
}

int
governed_learn(struct auditing *a, const char *name, long uid)
{
	struct settings *s = &a->settings;
	struct reviewer *r = NULL;
	uint64_t number;
	long *known;
	size_t i;

	for (i = 0; i < s->n_reviewers; i++)
		if (strcmp(s->reviewers[i].name, name) == 0)
			r = &s->reviewers[i];
	if (r == NULL)
		return audit_wrong(a, "%s is no reviewer by the rules of that "
		    "day", name);
	if (r->user == NULL)
		return audit_wrong(a, "%s has no user by the rules of that "
		    "day, and owns nothing", name);
	if (text_number(r->user, 0xfffffffe, &number) && (long)number != uid)
		return audit_wrong(a, "%s is the user with uid %s, not %ld",
		    name, r->user, uid);
	known = known_uid(a, name);
	if (known == NULL) {
		known = mem_alloc(sizeof(*known));
		map_put(&a->uids, name, known);
	}
	r->uid = *known = uid;
	return 0;
}

static bool
same_checks(const struct settings *a, const struct settings *b)
{
	return strcmp(a->zone, b->zone) == 0 &&
	    memcmp(&a->check, &b->check, sizeof(a->check)) == 0;
}

/* Everything that was checked by the old rules is through. */
int
governed_adopt(struct auditing *a, const char *commit)
{
	struct faults faults = FAULTS_INIT;
	const struct rules_file *conf;
	struct settings settings;
	struct conf_error e;
	struct rules rules;
	bool same;

	if (forms_finish(a) != 0)
		return -1;
	seals_finish(a);
	if (ledger_rules(a->ledger, commit, &rules) != 0)
		return audit_trouble(a, "%s", ledger_error());
	conf = rules_get(&rules, "docket.conf");
	if (conf == NULL || settings_parse(&settings, conf->data, conf->len,
	    &e) != 0)
		return audit_trouble(a, "the rules cannot be read again");
	same = a->pool != NULL && rules_same_schemas(&rules, &a->rules) &&
	    same_checks(&settings, &a->settings);
	rules_free(&a->rules);
	settings_free(&a->settings);
	a->rules = rules;
	a->settings = settings;
	set_uids(a);
	if (same)
		return 0;
	clock_zone(a->settings.zone);	/* the workers' too */
	pool_close(a->pool);
	a->schemas++;
	if (a->asked->jobs > 0)
		settings.workers = a->asked->jobs;
	a->pool = pool_open(&a->rules, &settings, &faults);
	if (a->pool == NULL && faults.n > 0)
		audit_wrong(a, "its schemas cannot be compiled: %s",
		    fault_text(&faults.list[0]));
	else if (a->pool == NULL)
		audit_trouble(a, "%s", pool_error());
	faults_free(&faults);
	return a->pool == NULL ? -1 : listed_tell(a);
}

int
governed_ruling(struct auditing *a, struct item *item, struct ruling **made)
{
	const struct ruling *r = &item->ruling;

	switch (r->event) {
	case EVENT_REFUSE:
		return refused(a, r, made);
	case EVENT_RESTORE:
		return restored(a, r, made);
	default:
		return ruled(a, r, made);
	}
}
