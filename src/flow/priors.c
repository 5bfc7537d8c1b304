/*
 * priors: decisions that were counted before.
 *
 * May not: judge how far they go; policy.c does.
 * What cannot be read, or verified, does not stand.
 */
#include <string.h>

#include "buf.h"
#include "log.h"

#include "sshsig.h"

#include "priors.h"

/* A paper as the ledger has it. */
static int
read_paper(const struct priors_from *from, enum state tray,
    const char *number, const char *name, struct buf *bytes)
{
	char path[LEDGER_PATH];

	return ledger_read(from->ledger, ledger_head(from->ledger),
	    ledger_path(path, tray, number, name), bytes);
}

static int
read_list(const struct priors_from *from, const struct endorsement *e,
    const char *who, struct buf *bytes)
{
	char path[LEDGER_PATH];

	return ledger_read(from->ledger, ledger_head(from->ledger),
	    ledger_list_path(path, e->list, who), bytes);
}

/* The signature, and what it is over: the paper, or a list (which names the
 * paper: when it was counted a worker has said so). */
static bool
read_signed(const struct priors_from *from, const struct paper *about,
    enum state tray, const struct endorsement *e, struct buf *text,
    struct buf *bytes)
{
	struct paper p = paper_signature(about, e->decision, e->who);
	char name[PAPER_NAME];

	if (e->list[0] != '\0')
		return read_list(from, e, e->who, text) == 1 &&
		    read_list(from, e, NULL, bytes) == 1;
	return read_paper(from, tray, p.number, paper_name(name, &p), text) ==
	    1 && read_paper(from, tray, p.number, e->paper, bytes) == 1;
}

/* Whether a signature that was counted is good still, as of now and by the
 * rules in force.  1, 0, or -1: it cannot be told now. */
static int
signature_stands(const struct priors_from *from, const struct paper *about,
    enum state tray, const struct endorsement *e)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT, why = BUF_INIT;
	struct signature g = { NULL, "" };
	struct signer by;
	int stands = 0;

	if (read_signed(from, about, tray, e, &text, &bytes) &&
	    signature_parse(&g, buf_str(&text), text.len) == 0)
		stands = sshsig_verify(from->rules,
		    from->settings->revocations, &g, buf_str(&bytes),
		    bytes.len, from->now, &by, &why);
	if (stands == 1 && strcmp(by.who, e->who) != 0)
		stands = 0;
	if (stands == 0 && from->log)
		log_event(LOG_WARN, about->number, "event", "void", "by",
		    e->who, "why", buf_str(&why), NULL);
	signature_free(&g);
	buf_free(&text);
	buf_free(&bytes);
	buf_free(&why);
	return stands;
}

/* One signature over a list may be that of a thousand cases. */
static int
list_stands(const struct priors_from *from, const struct paper *about,
    enum state tray, const struct endorsement *e)
{
	static char good, bad;
	struct buf key = BUF_INIT;
	const char *known;
	int stands;

	if (from->lists == NULL || e->list[0] == '\0')
		return signature_stands(from, about, tray, e);
	buf_putf(&key, "%s %s", e->list, e->who);
	known = map_get(from->lists, buf_str(&key));
	stands = known != NULL ? known == &good :
	    signature_stands(from, about, tray, e);
	if (known == NULL && stands >= 0)
		map_put(from->lists, buf_str(&key), stands == 1 ? &good : &bad);
	buf_free(&key);
	return stands;
}

static int
stands(const struct priors_from *from, const struct paper *about,
    enum state tray, const struct endorsement *e)
{
	const struct reviewer *r = settings_reviewer_named(from->settings,
	    e->who);
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	number_split(about->number, prefix, &seq);
	if (r == NULL || e->evidence < settings_policy(from->settings, prefix,
	    e->decision)->evidence)
		return 0;
	return e->evidence == EVIDENCE_SIGNATURE ?
	    list_stands(from, about, tray, e) : r->uid == e->uid;
}

void
priors_claimed(const struct settings *s, const struct casefile *c,
    const char *paper, enum event decision, struct priors *p)
{
	const char *at = c->endorsed;
	struct endorsement e;

	p->n = 0;
	p->unclear = false;
	while (p->n < POLICY_PRIORS && casefile_next_endorsement(&at, &e))
		if (strcmp(e.paper, paper) == 0 && e.decision == decision)
			p->list[p->n++] = (struct prior){ e,
			    settings_reviewer_named(s, e.who) != NULL };
}

void
priors_gather(const struct priors_from *from, const struct casefile *c,
    const struct paper *about, enum state tray, enum event decision,
    struct priors *p)
{
	char name[PAPER_NAME];
	size_t i;
	int good;

	priors_claimed(from->settings, c, paper_name(name, about), decision,
	    p);
	for (i = 0; i < p->n; i++) {
		good = stands(from, about, tray, &p->list[i].said);
		p->list[i].stands = good == 1;
		p->unclear |= good < 0;
	}
}

size_t
priors_names(const struct priors *p, const char *who[])
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++)
		if (p->list[i].stands)
			who[n++] = p->list[i].said.who;
	return n;
}
