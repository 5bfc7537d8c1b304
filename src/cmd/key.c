/*
 * docket key: whose is this key?
 *
 * For one that was found where it should not be.  It is read from standard
 * input, as what stands on a command line can be seen by others, and is not
 * repeated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "hash.h"
#include "json.h"

#include "cmd.h"
#include "keylife.h"
#include "out.h"
#include "token.h"

/* More than any line that may be a key. */
#define LINE_MAX_KEY 4096

/* What is known of a key. */
struct found {
	struct casefile	 c;
	struct key_lives lives;
	const struct key_life *key;
	bool		 good;		/* now */
	char		 standing[200];
};

/* The first line, without the blanks around it. */
static char *
read_line(void)
{
	struct termios before, silent;
	bool asks = isatty(STDIN_FILENO) &&
	    tcgetattr(STDIN_FILENO, &before) == 0;
	char *line = NULL, *text;
	size_t size = 0, n;

	if (asks) {
		fputs("Key: ", stderr);
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	if (getline(&line, &size, stdin) < 0) {
		free(line);
		line = mem_str("");
	}
	if (asks) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	n = strspn(line, " \t");
	text = mem_strn(line + n, strcspn(line + n, " \t\r\n"));
	hash_wipe(line, strlen(line));
	free(line);
	return text;
}

/* The digest of a key, or one that was given in its place. */
static int
digest_of(const char *line, char sha256[SHA256_HEX])
{
	size_t n = strlen(line);

	if (hash_is_sha256(line)) {
		strcpy(sha256, line);
		return EXIT_DONE;
	}
	switch (n > LINE_MAX_KEY ? TOKEN_NONE : token_check(line, n)) {
	case TOKEN_GOOD:
		hash_sha256(sha256, line, n);
		return EXIT_DONE;
	case TOKEN_MISTYPED:
		cmd_say("there is a typing error in it: a key is " TOKEN_PREFIX
		    " and 59 letters and digits, and the last seven do not "
		    "fit the others");
		return EXIT_NO;
	default:
		cmd_say("this is not a key: one begins with " TOKEN_PREFIX);
		return EXIT_NO;
	}
}

struct walking {
	struct ledger	*ledger;
	struct found	*found;
};

static int
take_commit(void *arg, const char *commit)
{
	struct walking *w = arg;
	struct ruling r;
	int status = ledger_ruling(w->ledger, commit, &r);

	if (status == 0)
		key_lives_add(&w->found->lives, &r);
	ruling_free(&r);
	return status;
}

static void
say_standing(struct found *x)
{
	const struct facts *facts = &x->c.facts;
	const struct key_life *k = x->key;
	char when[TIME_TEXT], today[DAY_TEXT];
	int64_t now = clock_now();

	day_text(today, clock_day(now));
	if (k->ended != 0)
		snprintf(x->standing, sizeof(x->standing), "good no more: "
		    "%s %s", k->how, time_local(when, k->ended));
	else if ((k->until != 0 && k->until <= now) ||
	    (facts->expiry[0] != '\0' && strcmp(facts->expiry, today) < 0))
		snprintf(x->standing, sizeof(x->standing),
		    "good no more: its time is over");
	else if (strcmp(facts->effective, today) > 0)
		snprintf(x->standing, sizeof(x->standing),
		    "not good yet, but from %s", facts->effective);
	else {
		x->good = true;
		snprintf(x->standing, sizeof(x->standing), "good now%s%s",
		    k->until != 0 ? ", until " : facts->expiry[0] != '\0' ?
		    ", to the end of " : "", k->until != 0 ?
		    time_local(when, k->until) : facts->expiry);
	}
}

static void
print_found(const struct found *x)
{
	out_text(STYLE_HEAD, x->c.number);
	printf("  key %u", x->key->revision);
	if (x->c.facts.client != NULL) {
		fputs(" of client ", stdout);
		out_text(STYLE_PLAIN, x->c.facts.client);
	}
	if (x->c.facts.label != NULL) {
		fputs(" (", stdout);
		out_text(STYLE_PLAIN, x->c.facts.label);
		putchar(')');
	}
	fputs("\n  ", stdout);
	out_text(x->good ? STYLE_GOOD : STYLE_BAD, x->standing);
	printf("\n  SHA-256 %s\n", x->key->sha256);
}

static void
print_json(const struct found *x)
{
	struct buf out = BUF_INIT;
	struct json j;

	json_begin(&j, &out);
	json_object(&j, NULL);
	json_str(&j, "number", x->c.number);
	json_num(&j, "revision", x->key->revision);
	json_str(&j, "sha256", x->key->sha256);
	json_str(&j, "client", x->c.facts.client);
	json_str(&j, "name", x->c.facts.label);
	json_str(&j, "state", state_name(x->c.state));
	json_bool(&j, "good", x->good);
	json_str(&j, "effective", x->c.facts.effective[0] == '\0' ? NULL :
	    x->c.facts.effective);
	json_str(&j, "expiry", x->c.facts.expiry[0] == '\0' ? NULL :
	    x->c.facts.expiry);
	json_time(&j, "issued", x->key->issued);
	json_time(&j, "until", x->key->until);
	json_time(&j, "ended", x->key->ended);
	json_str(&j, "how", x->key->how);
	json_object_end(&j);
	json_end(&j);
	out_flush(&out);
	buf_free(&out);
}

/* The case, and what became of this key of its. */
static int
look_up(struct reading *r, const char *sha256, const char *number,
    struct found *x)
{
	struct walking w = { r->ledger, x };
	const struct key_life *k;

	if (index_case(r->index, number, &x->c) != 1)
		return cmd_trouble(index_error());
	if (index_commits_of(r->index, number, take_commit, &w) != 0)
		return cmd_trouble(ledger_error());
	for (k = x->lives.list; k < x->lives.list + x->lives.n; k++)
		if (strcmp(k->sha256, sha256) == 0)
			x->key = k;
	return x->key == NULL ? cmd_nothing_found() : EXIT_DONE;
}

static int
key(struct reading *r, const char *sha256, enum format format)
{
	struct found x = { .key = NULL };
	char number[NUMBER_TEXT];
	int found = index_key(r->index, sha256, number), status;

	if (found < 0)
		return cmd_trouble(index_error());
	if (found == 0)
		return cmd_nothing_found();
	casefile_init(&x.c);
	status = look_up(r, sha256, number, &x);
	if (status == EXIT_DONE) {
		say_standing(&x);
		if (format == FORMAT_JSON)
			print_json(&x);
		else
			print_found(&x);
		status = x.good ? EXIT_DONE : EXIT_NO;
	}
	key_lives_free(&x.lives);
	casefile_free(&x.c);
	return status;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	enum format format = FORMAT_TABLE;
	char sha256[SHA256_HEX], *line;
	struct reading r;
	int option, status;

	while ((option = cmd_option(&cmd_key, argc, argv, "f:", options)) !=
	    -1)
		format = cmd_format(&cmd_key, optarg, false);
	if (optind < argc)
		cmd_usage(&cmd_key, "the key is read from standard input: "
		    "what is written here, others can see");
	status = cmd_open(&r);
	if (status == EXIT_DONE) {
		line = read_line();
		status = digest_of(line, sha256);
		hash_wipe(line, strlen(line));
		free(line);
	}
	if (status == EXIT_DONE)
		status = key(&r, sha256, format);
	cmd_close(&r);
	return status;
}

const struct command cmd_key = {
	"key", run, "[--format table|json] < FILE",
	"Say whose key it is that stands on standard input, and if it is good",
	"  -f, --format table|json\n\n"
	"A SHA-256 in its place, as gateways know it, will do.\n",
};
