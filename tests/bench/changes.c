/*
 * changes: the ledger alone.
 *
 *	changes LEDGER FROM N [GROUP]
 *	changes LEDGER tidy
 *
 * N changes of state, by turns an application that is received (the first
 * under number FROM) and one of those before it approved, in groups of GROUP
 * (1000), each group durable before the next one begins.  The rulings are
 * made beforehand; what is timed is ledger_add() and ledger_commit().  Says
 * how long that took, and by how much objects/pack grew.
 *
 * tidy: merges packs until there is nothing to merge, as a desk does in the
 * background.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "hash.h"
#include "log.h"

#include "limit.h"

#include "settings.h"

#include "ledger.h"

#include "rule.h"

#include "form.h"
#include "tick.h"

#define BEFORE 200u	/* what is approved came so many before */

struct changes {
	struct settings	 settings;
	struct ledger	*ledger;
	char		 packs[4096];
	struct casefile	 cases[BEFORE];
	struct ruling	*group[LIMIT_GROUP];
	size_t		 n;
	double		 seconds;
};

static long long
pack_bytes_of(const char *path, unsigned *packs)
{
	DIR *list = opendir(path);
	long long sum = 0;
	struct dirent *e;
	struct stat st;

	*packs = 0;
	while (list != NULL && (e = readdir(list)) != NULL)
		if (fstatat(dirfd(list), e->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode)) {
			sum += st.st_size;
			*packs += strstr(e->d_name, ".idx") != NULL;
		}
	closedir(list);
	return sum;
}

/* A case has one paper, and that is pending. */
static int
papers_of(void *case_number, enum state tray, const char *number,
    ledger_name_fn *fn, void *arg)
{
	char name[PAPER_NAME];

	(void)case_number;
	if (tray != STATE_PENDING)
		return 0;
	snprintf(name, sizeof(name), "%s.xml", number);
	return fn(arg, name);
}

static struct rule_context
context(const struct changes *x)
{
	struct rule_context ctx = { .settings = &x->settings,
	    .papers = papers_of, .now = clock_now() };

	day_text(ctx.today, clock_day(ctx.now));
	return ctx;
}

static void
receive(struct changes *x, unsigned seq)
{
	static char form[] = "{urn:docket:api-key:1}application";
	struct rule_context ctx = context(x);
	struct form_type type = { .form = form };
	struct parcel p = { .uid = 0 };
	struct verdict v = { .type = 0 };
	struct rule_claim claim = { &p, &v, &type, NULL };
	struct casefile *c = &x->cases[seq % BEFORE];
	struct buf name = BUF_INIT, label = BUF_INIT, client = BUF_INIT;
	char number[NUMBER_TEXT];
	struct ruling *r;

	form_put(&p.file, seq, "", ctx.today);
	hash_sha256(p.sha256, p.file.data, p.file.len);
	strcpy(p.digest, p.sha256);
	snprintf(p.id, sizeof(p.id), "%012x-%012x", seq / 256, seq);
	buf_putf(&name, "form-%u.xml", seq);
	buf_putf(&label, "Application %u", seq);
	buf_putf(&client, "client-%03u", seq % BENCH_CLIENTS);
	p.name = buf_take(&name);
	p.box = mem_str("");
	v.facts.label = buf_take(&label);
	v.facts.client = buf_take(&client);
	if (rule_receive(&ctx, &claim, number_make(number, "AK", seq), &r) !=
	    RULE_MADE)
		give_up("cannot be received");
	casefile_free(c);
	casefile_init(c);
	if (casefile_apply(c, r) != 0)
		give_up("cannot follow");
	x->group[x->n++] = r;
	facts_free(&v.facts);
	free(p.name);
	free(p.box);
	buf_free(&p.file);
}

static void
approve(struct changes *x, unsigned seq)
{
	struct casefile *c = &x->cases[seq % BEFORE];
	struct rule_context ctx = context(x);
	char key[SHA256_HEX];
	struct ruling *r;

	if (rule_decide(&ctx, c, EVENT_APPROVE, NULL, &r) != RULE_MADE)
		give_up("cannot be approved");
	ruling_decider(r, "alice", EVIDENCE_OWNER, 1001, NULL);
	rule_issue_key(r, c, hash_sha256(key, c->number, strlen(c->number)));
	x->group[x->n++] = r;
}

static void
commit(struct changes *x)
{
	double began = tick();
	size_t i;

	for (i = 0; i < x->n; i++)
		if (ledger_add(x->ledger, "bench", x->group[i]) != 0)
			give_up(ledger_error());
	if (ledger_commit(x->ledger) != 0)
		give_up(ledger_error());
	x->seconds += (tick() - began) / 1e3;
	for (i = 0; i < x->n; i++) {
		ruling_free(x->group[i]);
		free(x->group[i]);
	}
	x->n = 0;
}

static void
change(struct changes *x, unsigned from, unsigned n, unsigned group)
{
	unsigned packs, i, seq = from;
	long long before;

	before = pack_bytes_of(x->packs, &packs);
	for (i = 0; i < n; i++) {
		if (i % 2 == 1 && seq - from > BEFORE - 1)
			approve(x, seq - BEFORE);
		else
			receive(x, seq++);
		if (x->n == group || i == n - 1)
			commit(x);
	}
	printf("changes=%u seconds=%.6f bytes=%lld next=%u packs=%u\n", n,
	    x->seconds, pack_bytes_of(x->packs, &packs) - before, seq, packs);
}

static void
tidy(struct changes *x)
{
	double began = tick();
	unsigned packs;
	long long bytes;

	if (ledger_settle(x->ledger) != 0)
		give_up("packs are not merged");
	bytes = pack_bytes_of(x->packs, &packs);
	printf("seconds=%.3f bytes=%lld packs=%u\n", (tick() - began) / 1e3, bytes,
	    packs);
}

int
main(int argc, char **argv)
{
	static struct changes x;
	unsigned group = LIMIT_GROUP;

	if (argc != 3 && argc != 4 && argc != 5) {
		fputs("usage: changes LEDGER FROM N [GROUP]\n"
		    "       changes LEDGER tidy\n", stderr);
		return 2;
	}
	log_least(LOG_WARN);
	if (hash_open() != 0)
		give_up("there are no random numbers");
	strcpy(x.settings.desk_id, "bench");
	snprintf(x.packs, sizeof(x.packs), "%s/objects/pack", argv[1]);
	x.ledger = ledger_open(argv[1]);
	if (x.ledger == NULL)
		give_up(ledger_error());
	if (argc > 4)
		group = (unsigned)strtoul(argv[4], NULL, 10);
	if (group < 1 || group > LIMIT_GROUP)
		give_up("no such group");
	if (argc == 3)
		tidy(&x);
	else
		change(&x, (unsigned)strtoul(argv[2], NULL, 10),
		    (unsigned)strtoul(argv[3], NULL, 10), group);
	ledger_close(x.ledger);
	return 0;
}
