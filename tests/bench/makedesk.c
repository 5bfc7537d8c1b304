/*
 * makedesk: gives a new desk a past.
 *
 *	DOCKET_NOW=<61 days ago> docket init DIR && makedesk DIR N
 *
 * N applications have come in over sixty days, a fifth of them through drop
 * boxes, and were decided on: most approved, some of those revoked later, a
 * few returned or rejected; the last ones wait.  Every one was read by a
 * worker and ruled on, numbered, stamped, committed, indexed and shown by the
 * program's own code, in groups as it has them; only the answers to the
 * applicants are not there, who have taken them away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "log.h"

#include "limit.h"

#include "desk.h"
#include "rules.h"
#include "settings.h"

#include "indexing.h"
#include "ledger.h"

#include "pool.h"
#include "rule.h"

#include "reindex.h"

#include "form.h"
#include "tick.h"

#define AGE (60 * 86400)	/* of the desk, seconds */
#define WAITING 3000u		/* applications that nobody has looked at */
#define WINDOW 500u		/* forms with the workers at once */
#define BOXES 20u

struct making {
	struct desk	 desk;
	struct rules	 rules;
	struct settings	 settings;
	struct ledger	*ledger;
	struct index	*index;
	struct pool	*pool;
	struct ruling	*group[LIMIT_GROUP];
	size_t		 n;
	unsigned	 cases;
	unsigned	 lag;		/* cases that come in before one is
					 * decided on */
	uint64_t	 changes;
	int64_t		 from, now;
	struct parcel	*parcels[WINDOW];
	struct job	 jobs[WINDOW];
};

/* The trays. */

static int
tray_of(const struct making *m, const char *path)
{
	char word[16];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(path, "/"), path);
	return m->desk.tray[state_named(word)];
}

static const char *
name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int
put(int tray, const char *name, const struct op *op)
{
	int fd = openat(tray, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0444);
	int status = fd < 0 ? -1 : fs_write(fd, op->data, op->len);

	return fd < 0 || close(fd) != 0 ? -1 : status;
}

static void
show(const struct making *m, const struct ruling *r)
{
	const struct op *op;
	int status;

	for (op = r->ops; op < r->ops + r->n_ops; op++) {
		int tray = tray_of(m, op->path);
		const char *name = name_of(op->path);

		if (op->kind == OP_PUT)
			status = put(tray, name, op);
		else if (op->kind == OP_MOVE)
			status = renameat(tray, name, tray_of(m, op->to),
			    name_of(op->to));
		else
			status = unlinkat(tray, name, 0);
		if (status != 0)
			give_up(op->path);
	}
}

/* The group. */

static void
commit(struct making *m)
{
	size_t i;

	if (ledger_commit(m->ledger) != 0)
		give_up(ledger_error());
	if (index_begin(m->index) != 0)
		give_up(index_error());
	for (i = 0; i < m->n; i++) {
		if (index_apply(m->index, m->group[i]) != 0)
			give_up(index_error());
		show(m, m->group[i]);
		ruling_free(m->group[i]);
		free(m->group[i]);
	}
	if (index_commit(m->index) != 0)
		give_up(index_error());
	m->changes += m->n;
	m->n = 0;
	ledger_tidy(m->ledger, false);
}

static void
add(struct making *m, struct ruling *r)
{
	r->at = m->now;
	if (ledger_add(m->ledger, m->settings.desk_id, r) != 0)
		give_up(ledger_error());
	m->group[m->n++] = r;
	/* no case is in a group twice: the index knows where it stands */
	if (m->n == LIMIT_GROUP || m->n == m->lag)
		commit(m);
}

static int
papers_of(void *ledger, enum state tray, const char *number,
    ledger_name_fn *fn, void *arg)
{
	return ledger_papers(ledger, tray, number, fn, arg);
}

static struct rule_context
context(struct making *m)
{
	struct rule_context ctx = { .settings = &m->settings,
	    .types = pool_types(m->pool), .papers = papers_of,
	    .ledger = m->ledger, .now = m->now };

	day_text(ctx.today, clock_day(m->now));
	return ctx;
}

/* Applications. */

static void
send(struct making *m, unsigned n, size_t at)
{
	struct parcel *p = mem_alloc(sizeof(*p));
	char box[16] = "", day[DAY_TEXT];
	struct buf name = BUF_INIT;

	if (n % 5 == 0)
		snprintf(box, sizeof(box), "client-%03u", n / 5 % BOXES);
	form_put(&p->file, n, box, day_text(day, clock_day(m->now)));
	snprintf(p->id, sizeof(p->id), "%012x-%012x", n / WINDOW, n);
	buf_putf(&name, "form-%u.xml", n);
	p->name = buf_take(&name);
	p->box = mem_str(box);
	p->uid = (long)geteuid();
	hash_sha256(p->sha256, p->file.data, p->file.len);
	strcpy(p->digest, p->sha256);
	m->parcels[at] = p;
	m->jobs[at] = (struct job){ .purpose = PURPOSE_INTAKE,
	    .today = clock_day(m->now), .box = p->box, .data = p->file.data,
	    .len = p->file.len };
	pool_submit(m->pool, &m->jobs[at]);
}

static void
receive(struct making *m, unsigned n, size_t at)
{
	struct job *j = &m->jobs[at];
	struct rule_context ctx = context(m);
	struct rule_claim claim = { .parcel = m->parcels[at],
	    .verdict = &j->verdict };
	char number[NUMBER_TEXT];
	struct ruling *r;

	if (j->outcome != OUTCOME_VERDICT || j->verdict.type < 0 ||
	    j->verdict.faults.n > 0)
		give_up("a form of ours is refused");
	claim.type = &ctx.types->list[j->verdict.type];
	number_make(number, claim.type->prefix, n + 1);
	if (rule_receive(&ctx, &claim, number, &r) != RULE_MADE)
		give_up("a form cannot be received");
	add(m, r);
	verdict_free(&j->verdict);
	parcel_free(m->parcels[at]);
}

/* Decisions. */

static void
decide(struct making *m, unsigned n, enum event event)
{
	struct rule_context ctx = context(m);
	char number[NUMBER_TEXT], key[SHA256_HEX];
	struct casefile c;
	struct ruling *r;

	number_make(number, "AK", n + 1);
	if (index_case(m->index, number, &c) != 1)
		give_up("a case is not in the index");
	if (rule_decide(&ctx, &c, event, event == EVENT_APPROVE ? NULL :
	    "Looked at, and discussed by telephone.", &r) != RULE_MADE)
		give_up("a case cannot be decided");
	if (m->settings.n_reviewers == 0)
		give_up("the desk has no reviewer");
	ruling_decider(r, m->settings.reviewers[0].name, EVIDENCE_OWNER,
	    (long)geteuid(), NULL);
	if (rule_wants_key(r, true))
		rule_issue_key(r, &c, hash_sha256(key, number, strlen(number)));
	add(m, r);
	casefile_free(&c);
}

/* What becomes of an application. */
static enum event
fate(unsigned n)
{
	unsigned dice = n * 2654435761u >> 16 & 127;

	return dice < 4 ? EVENT_RETURN : dice < 10 ? EVENT_REJECT :
	    EVENT_APPROVE;
}

static void
step(struct making *m, unsigned n, size_t at)
{
	m->now = m->from + (int64_t)n * AGE / m->cases;
	receive(m, n, at);
	if (n >= m->lag)
		decide(m, n - m->lag, fate(n - m->lag));
	if (n >= 2 * m->lag && n % 4 == 0 &&
	    fate(n - 2 * m->lag) == EVENT_APPROVE)
		decide(m, n - 2 * m->lag, EVENT_REVOKE);
}

static void
live(struct making *m)
{
	unsigned n, i, many;

	for (n = 0; n < m->cases; n += many) {
		many = m->cases - n < WINDOW ? m->cases - n : WINDOW;
		for (i = 0; i < many; i++) {
			m->now = m->from + (int64_t)(n + i) * AGE / m->cases;
			send(m, n + i, i);
		}
		while (pool_wait(m->pool) != NULL)
			;
		for (i = 0; i < many; i++)
			step(m, n + i, i);
		if (n / WINDOW % 20 == 0)
			fprintf(stderr, "\r%u cases ", n);
	}
	if (m->n > 0)
		commit(m);
	fprintf(stderr, "\r%u cases, %llu changes\n", m->cases,
	    (unsigned long long)m->changes);
}

/* The desk. */

static void
open_all(struct making *m, const char *path)
{
	struct buf why = BUF_INIT, ledger = BUF_INIT;
	struct faults faults = FAULTS_INIT;
	const struct rules_file *conf;
	struct conf_error e;
	pid_t pid;

	if (desk_open(&m->desk, path, true, &why) != 0)
		give_up(buf_str(&why));
	if (desk_lock(&m->desk, &pid) != 0)
		give_up("the desk is in use");
	buf_putf(&ledger, "%s/ledger.git", path);
	m->ledger = ledger_open(buf_str(&ledger));
	if (m->ledger == NULL || ledger_rules(m->ledger,
	    ledger_head(m->ledger), &m->rules) != 0)
		give_up(ledger_error());
	conf = rules_get(&m->rules, "docket.conf");
	if (settings_parse(&m->settings, conf->data, conf->len, &e) != 0)
		give_up("docket.conf is not valid");
	settings_resolve(&m->settings, &e, NULL);
	clock_zone(m->settings.zone);
	m->pool = pool_open(&m->rules, &m->settings, &faults);
	if (m->pool == NULL)
		give_up("docket-check cannot be started");
	m->index = reindex(&m->desk, m->ledger, false, NULL, NULL, &why);
	if (m->index == NULL)
		give_up(buf_str(&why));
	/* a past is made faster than it was lived through */
	sqlite3_exec(m->index->db, "PRAGMA cache_size = -262144", NULL, NULL,
	    NULL);
	buf_free(&ledger);
	buf_free(&why);
}

/* What trays_apply() comes to, where nobody looks on. */
static void
finish(struct making *m)
{
	const char *head = ledger_head(m->ledger);

	if (syncfs(m->desk.dir) != 0 ||
	    desk_put_line(&m->desk, "shown", head) != 0 ||
	    desk_put_line(&m->desk, "delivered", head) != 0)
		give_up(strerror(errno));
}

int
main(int argc, char **argv)
{
	static struct making m;

	if (argc != 3) {
		fputs("usage: makedesk DESK CASES\n", stderr);
		return 2;
	}
	log_least(LOG_WARN);
	if (hash_open() != 0)
		give_up("there are no random numbers");
	open_all(&m, argv[1]);
	m.cases = (unsigned)strtoul(argv[2], NULL, 10);
	m.lag = m.cases / 4 < WAITING ? m.cases / 4 + 1 : WAITING;
	m.from = clock_now() - AGE;
	live(&m);
	finish(&m);
	pool_close(m.pool);
	index_close(m.index);
	if (ledger_settle(m.ledger) != 0)
		give_up("packs are not merged");
	ledger_close(m.ledger);
	rules_free(&m.rules);
	settings_free(&m.settings);
	desk_close(&m.desk);
	return 0;
}
