/*
 * counted: how far the decisions on a case have come, for people.
 *
 * May not: judge; it says what policy.c makes of those who have decided.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "json.h"

#include "cmd.h"
#include "counted.h"
#include "form.h"
#include "policy.h"
#include "priors.h"

const enum event cmd_decisions[] = { EVENT_APPROVE, EVENT_RETURN,
    EVENT_REJECT, EVENT_REVOKE, EVENT_COUNT };

const char *
cmd_noun(enum event decision)
{
	return decision == EVENT_APPROVE ? "approval" :
	    decision == EVENT_RETURN ? "return" :
	    decision == EVENT_REJECT ? "rejection" : "revocation";
}

void
cmd_put_progress(const struct settings *s, const struct casefile *c,
    enum event decision, const struct priors *priors, struct buf *out)
{
	const char *who[POLICY_PRIORS + 1];
	size_t n = priors_names(priors, who);
	struct policy p;

	if (n == 0 && (decision != EVENT_APPROVE || c->waiting == 0))
		return;
	policy_of_case(s, c, decision, clock_now(), &p);
	policy_waiting_text(s, &p, who, n, out);
}

void
counted_look(const struct settings *s, const struct casefile *c,
    enum event decision, struct counted *k)
{
	const char *who[POLICY_PRIORS + 1];
	struct priors priors;
	char paper[PAPER_NAME];
	struct policy p;
	struct progress g;
	unsigned i;
	size_t n;

	*k = (struct counted){ .decision = decision };
	priors_claimed(s, c, casefile_decided_paper(c, decision, paper),
	    decision, &priors);
	n = priors_names(&priors, who);
	policy_of_case(s, c, decision, clock_now(), &p);
	policy_progress(s, &p, who, n, &g);
	for (i = 0; i < n; i++)
		k->have += g.counts[i];
	for (i = 0; i < p.n_stages; i++)
		k->need += p.stage[i].quorum;
	if (g.stage < p.n_stages)
		strcpy(k->group, p.stage[g.stage].group);
	strcpy(k->instead, p.instead);
}

void
cmd_put_count(const struct settings *s, const struct casefile *c,
    struct buf *out)
{
	const enum event *e;
	struct counted k, best = { .have = 0 };

	if (c->endorsed == NULL)
		return;
	for (e = cmd_decisions; *e != EVENT_COUNT; e++) {
		counted_look(s, c, *e, &k);
		if (k.have > best.have)
			best = k;
	}
	if (best.have == 0)
		return;
	buf_putf(out, "%u of %u", best.have, best.need);
	if (best.decision != EVENT_APPROVE)
		buf_putf(out, " for %s", cmd_noun(best.decision));
}

static void
one_json(struct json *j, const struct settings *s, const struct casefile *c,
    enum event decision)
{
	struct priors priors;
	char paper[PAPER_NAME];
	struct counted k;
	size_t i;

	priors_claimed(s, c, casefile_decided_paper(c, decision, paper),
	    decision, &priors);
	if (priors.n == 0 && (decision != EVENT_APPROVE || c->waiting == 0))
		return;
	counted_look(s, c, decision, &k);
	json_object(j, NULL);
	json_str(j, "decision", event_name(decision));
	json_str(j, "paper", paper);
	json_num(j, "have", k.have);
	json_num(j, "need", k.need);
	json_str(j, "waiting_for", k.group[0] == '\0' ? NULL : k.group);
	json_str(j, "escalated_to", k.instead[0] == '\0' ? NULL :
	    k.instead);
	json_array(j, "by");
	for (i = 0; i < priors.n; i++) {
		json_object(j, NULL);
		json_str(j, "name", priors.list[i].said.who);
		json_str(j, "evidence",
		    evidence_name(priors.list[i].said.evidence));
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

void
counted_json(struct json *j, const struct settings *s,
    const struct casefile *c)
{
	const enum event *e;

	json_array(j, "review");
	for (e = cmd_decisions; *e != EVENT_COUNT; e++)
		one_json(j, s, c, *e);
	json_array_end(j);
}
