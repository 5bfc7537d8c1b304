/*
 * docket approve, return, reject and revoke: which cases are meant, and
 * whether it is meant.
 *
 * What is done to each is deciding.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "text.h"

#include "cmd.h"
#include "deciding.h"
#include "declist.h"
#include "limit.h"
#include "out.h"

/* Cases shown before a question. */
#define SHOWN 20

struct asking {
	struct deciding	 d;
	const struct command *command;
	bool		 dry_run, yes;
	const char	*list;		/* signed once, kept here; or NULL */
	/* a query instead of numbers */
	const char	*client, *prefix;
	int64_t		 older;		/* ms; -1: any */
	int64_t		 now;
	/* what it comes to */
	char		**words;
	size_t		 n;
};

static bool
is_query(const struct asking *a)
{
	return a->client != NULL || a->prefix != NULL || a->older >= 0;
}

/* Selecting. */

static void
add_word(struct asking *a, const char *word)
{
	a->words = mem_grow(a->words, a->n + 1, sizeof(*a->words));
	a->words[a->n++] = mem_str(word);
}

/* Cases are old by how long they wait; what is revoked, by how long it has
 * been as it is.  Named by their revision: nobody decides on what comes in
 * between. */
static int
take_case(void *arg, const struct casefile *c)
{
	struct asking *a = arg;
	char name[PAPER_NAME];
	int64_t since = a->d.event == EVENT_REVOKE ? c->changed : c->waiting;

	if (a->older >= 0 && (a->now - since) * 1000 < a->older)
		return 0;
	casefile_decided_paper(c, a->d.event, name);
	name[strlen(name) - strlen(".xml")] = '\0';
	add_word(a, name);
	return 0;
}

static int
run_query(struct asking *a)
{
	struct index_query q = { .client = a->client, .prefix = a->prefix,
	    .state = STATE_COUNT };

	if (a->d.event == EVENT_REVOKE)
		q.state = STATE_APPROVED;
	else
		q.waiting = true;
	a->now = clock_now();
	if (index_cases(a->d.reading.index, &q, take_case, a) != 0)
		return cmd_trouble(index_error());
	return a->n > 0 ? EXIT_DONE : cmd_nothing_found();
}

/* Asking. */

static void
show_one(struct asking *a, const char *word)
{
	char number[NUMBER_TEXT], span[SPAN_TEXT];
	struct casefile c;

	snprintf(number, sizeof(number), "%.*s",
	    (int)(strcspn(word, ".") % sizeof(number)), word);
	printf("  %-14s  ", word);
	if (index_case(a->d.reading.index, number, &c) == 1) {
		out_text(out_state_style(c.state), state_name(c.state));
		if (c.request != REQUEST_NONE)
			printf(", %s asked", request_name(c.request));
		if (c.waiting > 0)
			printf(", for %s", span_text(span, (clock_now() -
			    c.waiting) * 1000));
		fputs("  ", stdout);
		out_text(STYLE_PLAIN, c.facts.label == NULL ? c.form :
		    c.facts.label);
		if (c.facts.client != NULL) {
			fputs(" (", stdout);
			out_text(STYLE_PLAIN, c.facts.client);
			putchar(')');
		}
		casefile_free(&c);
	}
	putchar('\n');
}

static bool
is_agreed(struct asking *a)
{
	char answer[16] = "";
	size_t i;

	for (i = 0; i < a->n && i < SHOWN; i++)
		show_one(a, a->words[i]);
	if (a->n > SHOWN)
		printf("  ... and %zu more\n", a->n - SHOWN);
	printf("%c%s these %zu? [y/N] ", a->command->name[0] - 'a' + 'A',
	    a->command->name + 1, a->n);
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		putchar('\n');
	return answer[0] == 'y' || answer[0] == 'Y';
}

/* More than one: a terminal is asked, and who is none must have said so, if
 * not which. */
static int
confirm(struct asking *a)
{
	if (a->n < 2 || a->dry_run || a->yes)
		return EXIT_DONE;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		if (is_agreed(a))
			return EXIT_DONE;
		cmd_say("nothing was done");
		return EXIT_NO;
	}
	if (!is_query(a))
		return EXIT_DONE;
	cmd_say("%zu cases are meant: --dry-run shows what would come of it, "
	    "--yes does it", a->n);
	return EXIT_USAGE;
}

/* Doing. */

static int
decide(struct asking *a, const char *word)
{
	struct target t;
	int status = deciding_find(&a->d, word, &t);

	if (status != EXIT_DONE)
		return status;
	status = a->dry_run ? deciding_judge(&a->d, &t) :
	    deciding_carry_out(&a->d, &t);
	target_free(&t);
	return status;
}

static int
decide_all(struct asking *a)
{
	int status = EXIT_DONE, one;
	size_t i;

	if (a->list != NULL && !a->dry_run)
		return declist_carry_out(&a->d, a->list, a->words, a->n);
	for (i = 0; i < a->n; i++) {
		if (a->n > 2)
			out_progress("deciding", i, a->n);
		one = decide(a, a->words[i]);
		if (one > status)
			status = one;
	}
	out_progress_end();
	return status;
}

static int
open_asking(struct asking *a)
{
	struct reading *r = &a->d.reading;
	int status = cmd_open(r);

	if (status == EXIT_DONE && ledger_rules(r->ledger,
	    ledger_head(r->ledger), &a->d.rules) != 0)
		status = cmd_trouble(ledger_error());
	return status;
}

static void
asking_free(struct asking *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->words[i]);
	free(a->words);
	rules_free(&a->d.rules);
	cmd_close(&a->d.reading);
}

static void
take_option(struct asking *a, int option)
{
	switch (option) {
	case 'm':
		a->d.note = optarg;
		break;
	case 'k':
		a->d.key = optarg;
		break;
	case 'l':
		a->list = optarg;
		break;
	case 'n':
		a->dry_run = true;
		break;
	case 'y':
		a->yes = true;
		break;
	case 'c':
		a->client = optarg;
		break;
	case 'p':
		a->prefix = optarg;
		break;
	case 'o':
		if (span_parse(optarg, &a->older) != 0)
			cmd_usage(a->command, "--older takes a span such as "
			    "7d");
	}
}

static void
check_usage(struct asking *a, int argc)
{
	if (optind == argc && !is_query(a))
		cmd_usage(a->command, "which case?");
	if (optind < argc && is_query(a))
		cmd_usage(a->command, "numbers, or --client, --form, "
		    "--older");
	if (a->d.note != NULL && strlen(a->d.note) >= LIMIT_NOTE)
		cmd_usage(a->command, "the note is too long");
	if (a->list != NULL && a->d.note != NULL && strlen(a->d.note) > 500)
		cmd_usage(a->command, "a note in a list has 500 characters at "
		    "most");
	if (a->list != NULL && a->d.key == NULL)
		cmd_usage(a->command, "a list must be signed: -k KEY");
	if (a->d.key != NULL && access(a->d.key, R_OK) != 0)
		cmd_usage(a->command, "the file of the key cannot be read");
}

static int
run(const struct command *command, enum event event, int argc, char **argv)
{
	static const struct option options[] = {
		{ "message", required_argument, NULL, 'm' },
		{ "key", required_argument, NULL, 'k' },
		{ "list", required_argument, NULL, 'l' },
		{ "client", required_argument, NULL, 'c' },
		{ "form", required_argument, NULL, 'p' },
		{ "older", required_argument, NULL, 'o' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "yes", no_argument, NULL, 'y' },
		{ NULL, 0, NULL, 0 },
	};
	struct asking a = { .d = { .event = event }, .command = command,
	    .older = -1 };
	int option, status;

	while ((option = cmd_option(command, argc, argv, "m:k:l:c:p:o:ny",
	    options)) != -1)
		take_option(&a, option);
	check_usage(&a, argc);
	for (; optind < argc; optind++)
		add_word(&a, argv[optind]);
	status = open_asking(&a);
	if (status == EXIT_DONE && is_query(&a))
		status = run_query(&a);
	if (status == EXIT_DONE)
		status = confirm(&a);
	if (status == EXIT_DONE)
		status = decide_all(&a);
	asking_free(&a);
	return status;
}

static int
run_approve(int argc, char **argv)
{
	return run(&cmd_approve, EVENT_APPROVE, argc, argv);
}

static int
run_return(int argc, char **argv)
{
	return run(&cmd_return, EVENT_RETURN, argc, argv);
}

static int
run_reject(int argc, char **argv)
{
	return run(&cmd_reject, EVENT_REJECT, argc, argv);
}

static int
run_revoke(int argc, char **argv)
{
	return run(&cmd_revoke, EVENT_REVOKE, argc, argv);
}

#define ARGUMENTS "[OPTION ...] NUMBER[.rN] ... | QUERY"
#define OPTIONS(of, old)						\
	"  -m, --message NOTE  why; it goes into the history and to the "	\
	"applicant\n"							\
	"  -k, --key FILE      sign with this SSH key instead of copying the " \
	"paper\n"							\
	"  -l, --list FILE     sign once: write all decisions to FILE and drop " \
	"that\n"							\
	"  -n, --dry-run       only say what would come of it\n"		\
	"  -y, --yes           do not ask before doing more than one\n"	\
	"\n"								\
	"A query takes all of " of ":\n"				\
	"  -c, --client ID\n"						\
	"  -p, --form PREFIX   such as AK\n"				\
	"  -o, --older SPAN    that " old " for so long or longer, such as " \
	"7d\n"
#define HELP								\
	OPTIONS("what waits", "wait")					\
	"\n"								\
	"Of an approved case that was asked to be changed or revoked, the "	\
	"request is meant.\nNUMBER.rN decides on that revision only.\n"

const struct command cmd_approve = {
	"approve", run_approve, ARGUMENTS,
	"Approve what waits", HELP,
};

const struct command cmd_return = {
	"return", run_return, ARGUMENTS,
	"Send what waits back for correction", HELP,
};

const struct command cmd_reject = {
	"reject", run_reject, ARGUMENTS,
	"Reject what waits", HELP,
};

const struct command cmd_revoke = {
	"revoke", run_revoke, ARGUMENTS,
	"Revoke what was approved, at once",
	OPTIONS("what is approved", "are as they are"),
};
