/*
 * docket rebuild: projections of the ledger, made anew.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "clock.h"

#include "cmd.h"
#include "gateway.h"
#include "out.h"
#include "outbox.h"
#include "reindex.h"
#include "restoring.h"
#include "trays.h"

/* Gateways are waited for so long at most, ms. */
#define GATEWAY_MS 60000

struct rebuilding {
	struct desk	 desk;
	struct ledger	*ledger;
	struct settings	 settings;
	const char	*since;
	struct lost	 lost;
	char		**numbers;
	int		 n_numbers;
};

static int
on_progress(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	out_progress("commits", done, all);
	return 0;
}

static struct index *
open_index(struct rebuilding *b, bool anew)
{
	struct buf why = BUF_INIT;
	struct index *index = reindex(&b->desk, b->ledger, anew, on_progress,
	    b, &why);

	out_progress_end();
	if (index == NULL)
		cmd_say("%s", buf_str(&why));
	buf_free(&why);
	return index;
}

static int
rebuild_index(struct rebuilding *b)
{
	struct index *index = open_index(b, true);

	if (index == NULL)
		return EXIT_TROUBLE;
	printf("index: up to commit %.10s\n", index_head(index));
	index_close(index);
	return EXIT_DONE;
}

static int
rebuild_trays(struct rebuilding *b)
{
	struct trays *t = trays_open(&b->desk, &b->settings, b->ledger, NULL,
	    0);
	int status = t == NULL ? -1 : trays_reset(t);

	trays_close(t);
	if (status != 0)
		return cmd_trouble("the trays cannot be written");
	printf("trays: as of commit %.10s\n", ledger_head(b->ledger));
	return EXIT_DONE;
}

static int
rebuild_outbox(struct rebuilding *b)
{
	struct index *index = open_index(b, false);
	char commit[COMMIT_HEX] = "";
	struct outbox *o;
	int status = 0, i;

	if (index == NULL)
		return EXIT_TROUBLE;
	o = outbox_open(&b->desk, &b->settings, b->ledger, index);
	if (o == NULL)
		status = -1;
	else if (b->since != NULL && ledger_expand(b->ledger, b->since, commit) != 0)
		status = -1;
	else if (b->n_numbers == 0)
		status = outbox_rewrite_since(o, commit);
	for (i = 0; i < b->n_numbers && status == 0; i++)
		status = outbox_rewrite(o, b->numbers[i]);
	if (status == 0)
		status = outbox_finish(o, INT64_MAX);
	outbox_close(o);
	index_close(index);
	if (status != 0)
		return cmd_trouble(ledger_error());
	puts("outbox: receipts are written");
	return EXIT_DONE;
}

/* The index may be behind. */
static int
rebuild_gateway(struct rebuilding *b)
{
	struct index *index = open_index(b, false);
	struct gateway_told told;
	struct gateway *g;
	int status;

	if (index == NULL)
		return EXIT_TROUBLE;
	g = gateway_open(&b->desk, &b->settings, index);
	gateway_renew(g);
	status = gateway_finish(g, GATEWAY_MS);
	told = gateway_told(g);
	if (status != 0)
		status = cmd_trouble(index_error());
	else if (told.trouble != NULL)
		status = cmd_trouble(told.trouble);
	else
		printf("gateway: %llu key%s in force, %u files replaced%s\n",
		    (unsigned long long)told.keys, told.keys == 1 ? "" : "s",
		    told.files, told.haproxy ? ", HAProxy is told" : "");
	gateway_close(g);
	index_close(index);
	return status;
}

/* Where nothing is lost: what can be told from the ledger alone; old answers
 * would come to applicants once more. */
static int
rebuild_all(struct rebuilding *b)
{
	struct index *index;
	int status = rebuild_trays(b);

	if (status == EXIT_DONE)
		status = rebuild_index(b);
	if (status != EXIT_DONE)
		return status;
	index = open_index(b, false);
	if (index == NULL)
		return EXIT_TROUBLE;
	status = restore_answers(&b->desk, &b->settings, b->ledger, index,
	    &b->lost);
	if (status == EXIT_DONE)
		status = restore_say_lost(&b->desk, &b->settings, index,
		    &b->lost);
	index_close(index);
	return status;
}

static int
open_all(struct rebuilding *b)
{
	struct buf why = BUF_INIT, path = BUF_INIT;
	struct conf_error e;
	const struct rules_file *conf;
	struct rules rules;
	int status = EXIT_DESK;
	pid_t pid;

	if (desk_open(&b->desk, cmd_desk_path(), true, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		buf_free(&why);
		return EXIT_DESK;
	}
	buf_putf(&path, "%s/ledger.git", b->desk.path);
	if (desk_lock(&b->desk, &pid) != 0) {
		cmd_say("the desk is run by process %ld: end that first",
		    (long)pid);
	} else if ((b->ledger = ledger_open(buf_str(&path))) == NULL ||
	    ledger_recover(b->ledger) != 0 ||
	    ledger_rules(b->ledger, ledger_head(b->ledger), &rules) != 0) {
		cmd_say("%s", ledger_error());
	} else {
		conf = rules_get(&rules, "docket.conf");
		if (conf == NULL || settings_parse(&b->settings, conf->data,
		    conf->len, &e) != 0)
			cmd_say("the docket.conf in the ledger is not valid");
		else {
			settings_resolve(&b->settings, &e, NULL);
			clock_zone(b->settings.zone);
			status = EXIT_DONE;
		}
		rules_free(&rules);
	}
	buf_free(&path);
	buf_free(&why);
	return status;
}

static const struct {
	const char *what;
	int (*rebuild)(struct rebuilding *);
} projections[] = {
	{ "trays", rebuild_trays },
	{ "index", rebuild_index },
	{ "outbox", rebuild_outbox },
	{ "gateway", rebuild_gateway },
};
#define PROJECTIONS (sizeof(projections) / sizeof(projections[0]))

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "group", required_argument, NULL, 'g' },
		{ "since", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct rebuilding b = { .since = NULL };
	const char *what, *from = NULL;
	int option, status = EXIT_DONE;
	long group = -1;
	size_t i;

	while ((option = cmd_option(&cmd_rebuild, argc, argv, "f:g:s:",
	    options)) != -1)
		if (option == 'f')
			from = optarg;
		else if (option == 'g')
			group = cmd_group(&cmd_rebuild, optarg);
		else
			b.since = optarg;
	what = optind < argc ? argv[optind++] : NULL;
	b.numbers = argv + optind;
	b.n_numbers = argc - optind;
	if ((b.since != NULL || b.n_numbers > 0) &&
	    (what == NULL || strcmp(what, "outbox") != 0))
		cmd_usage(&cmd_rebuild, "numbers and --since go with outbox");
	for (i = 0; what != NULL && i < PROJECTIONS; i++)
		if (strcmp(projections[i].what, what) == 0)
			break;
	if (what != NULL && i == PROJECTIONS)
		cmd_usage(&cmd_rebuild, "trays, index, outbox or gateway?");
	if (what != NULL && (from != NULL || group >= 0))
		cmd_usage(&cmd_rebuild, "--from and --group go with the whole "
		    "desk");
	umask(022);
	if (from != NULL)
		status = restore_ledger(cmd_desk_path(), from);
	if (status == EXIT_DONE && what == NULL)
		status = restore_desk(cmd_desk_path(), group, &b.lost);
	if (status == EXIT_DONE)
		status = open_all(&b);
	if (status == EXIT_DONE)
		status = what != NULL ? projections[i].rebuild(&b) :
		    rebuild_all(&b);
	settings_free(&b.settings);
	ledger_close(b.ledger);
	if (b.desk.path != NULL)
		desk_close(&b.desk);
	return status;
}

const struct command cmd_rebuild = {
	"rebuild", run,
	"[--from COPY] [--group GROUP]\n"
	"       docket rebuild trays|index|gateway|outbox [--since COMMIT | "
	"NUMBER ...]",
	"Make anew from the ledger what is lost of a desk, or a part of it",
	"Without an argument: trays and index; and whatever else of the desk "
	"is missing.\n"
	"The desk must not be run meanwhile.\n"
	"\n"
	"  -f, --from COPY     first the ledger itself, a clone of that copy\n"
	"  -g, --group GROUP   inbox and trays that are missing are made for "
	"this group\n"
	"  -s, --since COMMIT  receipts after this commit only\n"
	"\n"
	"  rebuild outbox NUMBER ...       the receipts of these cases\n"
	"  rebuild outbox --since COMMIT   all receipts after a commit\n"
	"  rebuild outbox                  all receipts there ever were\n"
	"  rebuild gateway                 the files in outbox/gateway; "
	"HAProxy is told\n"
	"                                  everything anew\n",
};
