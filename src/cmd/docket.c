/*
 * docket: the table of commands.
 *
 * Each does nothing that could not be done with cp, mv, cat and git.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "log.h"
#include "text.h"

#include "fault.h"

#include "cmd.h"
#include "out.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

static const struct command *const commands[] = {
	&cmd_init, &cmd_run, &cmd_check, &cmd_apply, &cmd_status, &cmd_list,
	&cmd_show, &cmd_diff, &cmd_log, &cmd_why, &cmd_search,
	&cmd_import, &cmd_key, &cmd_approve,
	&cmd_return, &cmd_reject, &cmd_revoke, &cmd_policy,
	&cmd_audit, &cmd_doctor, &cmd_rebuild,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *desk_path;

const char *
cmd_desk_path(void)
{
	const char *env = getenv("DOCKET_DIR");

	if (desk_path != NULL)
		return desk_path;
	return env != NULL && *env != '\0' ? env : ".";
}

void
cmd_set_desk_path(const char *path)
{
	desk_path = path;
}

static void
print_version(void)
{
	puts("docket " VERSION);
	exit(EXIT_DONE);
}

static void
print_commands(FILE *to)
{
	size_t i;

	fprintf(to, "usage: docket [-C DIR] COMMAND [ARGUMENT ...]\n\n"
	    "A desk for application forms, made of files.\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s  %s\n", commands[i]->name,
		    commands[i]->summary);
	fprintf(to, "\n-C DIR names the desk (default: DOCKET_DIR, or the "
	    "current directory).\ndocket COMMAND --help tells more; the "
	    "manual is docket(1).\n");
}

static void
print_help(const struct command *c)
{
	printf("usage: docket %s %s\n\n%s.\n\n%s", c->name, c->arguments,
	    c->summary, c->help);
	exit(EXIT_DONE);
}

void
cmd_usage(const struct command *c, const char *why)
{
	if (why != NULL)
		fprintf(stderr, "docket %s: %s\n", c->name, why);
	fprintf(stderr, "usage: docket %s %s\n(docket %s --help tells "
	    "more)\n", c->name, c->arguments, c->name);
	exit(EXIT_USAGE);
}

/* Says which option it was that getopt_long(3) does not like: the word that it
 * has looked at last, or a letter, which may be one of several in a word. */
static void
refuse_option(const struct command *c, int option, const char *word)
{
	bool is_word = strncmp(word, "--", 2) == 0 && (option == ':' ||
	    optopt == 0 || strchr(word, '=') != NULL);
	const char letter[] = { '-', (char)optopt, '\0' };
	struct buf why = BUF_INIT;

	if (option == '?')
		buf_puts(&why, "1290 - ");
	text_line(&why, is_word ? word : letter, is_word ? strlen(word) :
	    strlen(letter), 60);
	buf_puts(&why, option == '?' ? " is not an option of this command" :
	    " lacks its value");
	cmd_usage(c, buf_str(&why));
}

int
cmd_option(const struct command *c, int argc, char **argv,
    const char *letters, const struct option *own)
{
	struct option all[24] = { { "help", no_argument, NULL, 'h' } };
	char list[64];
	size_t n = 1;
	int option;

	for (; own != NULL && own->name != NULL; own++)
		all[n++] = *own;
	snprintf(list, sizeof(list), ":hC:%s", letters);
	opterr = 0;
	while ((option = getopt_long(argc, argv, list, all, NULL)) == 'C')
		cmd_set_desk_path(optarg);
	if (option == 'h')
		print_help(c);
	if (option == '?' || option == ':')
		refuse_option(c, option, argv[optind - 1]);
	return option;
}

void
cmd_say(const char *fmt, ...)
{
	va_list ap;

	out_progress_end();
	fflush(stdout);
	fputs("docket: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

enum format
cmd_format(const struct command *c, const char *name, bool csv)
{
	if (strcmp(name, "table") == 0)
		return FORMAT_TABLE;
	if (strcmp(name, "json") == 0)
		return FORMAT_JSON;
	if (csv && strcmp(name, "csv") == 0)
		return FORMAT_CSV;
	cmd_usage(c, csv ? "--format is table, json or csv" :
	    "--format is table or json");
}

static int
load_settings(struct reading *r)
{
	struct conf_error e;
	struct rules rules;
	const struct rules_file *f;
	int status = -1;

	if (ledger_rules(r->ledger, ledger_head(r->ledger), &rules) != 0)
		return -1;
	f = rules_get(&rules, "docket.conf");
	if (f != NULL)
		status = settings_parse(&r->settings, f->data, f->len, &e);
	rules_free(&rules);
	if (status == 0)
		settings_resolve(&r->settings, &e, NULL);
	return status;
}

int
cmd_read(const char *name, size_t most, struct buf *out)
{
	int fd = strcmp(name, "-") == 0 ? STDIN_FILENO :
	    open(name, O_RDONLY | O_CLOEXEC), status = EXIT_DONE;

	if (fd < 0 || fs_read(fd, most, out) != 0) {
		cmd_say("%s: %s", name, strerror(errno));
		status = EXIT_NO;
	}
	if (fd > STDIN_FILENO)
		close(fd);
	return status;
}

int
cmd_open(struct reading *r)
{
	struct buf why = BUF_INIT, path = BUF_INIT;
	int status = EXIT_DESK;

	*r = (struct reading){ .open = true };
	if (desk_open(&r->desk, cmd_desk_path(), false, &why) != 0) {
		cmd_say("%s", buf_str(&why));
		goto out;
	}
	buf_putf(&path, "%s/ledger.git", r->desk.path);
	r->ledger = ledger_open(buf_str(&path));
	if (r->ledger == NULL || load_settings(r) != 0) {
		cmd_say("%s", ledger_error());
		goto out;
	}
	clock_zone(r->settings.zone);
	buf_clear(&path);
	buf_putf(&path, "%s/.docket", r->desk.path);
	r->index = index_open(buf_str(&path), INDEX_READ);
	if (r->index == NULL) {
		cmd_say(index_is_filled(buf_str(&path)) ?
		    "%s; the desk is making a new one, if it is run" :
		    "%s; the desk makes one when it runs (docket run), or "
		    "docket rebuild index", index_error());
		goto out;
	}
	status = EXIT_DONE;
out:
	buf_free(&why);
	buf_free(&path);
	if (status != EXIT_DONE)
		cmd_close(r);
	return status;
}

void
cmd_close(struct reading *r)
{
	if (!r->open)
		return;
	index_close(r->index);
	ledger_close(r->ledger);
	settings_free(&r->settings);
	desk_close(&r->desk);
	r->open = false;
}

int
cmd_trouble(const char *why)
{
	cmd_say("%s", why);
	return EXIT_TROUBLE;
}

int
cmd_nothing_found(void)
{
	cmd_say("1298 - No information found");
	return EXIT_NO;
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const struct command *c;
	int option;

	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	if (hash_open() != 0)
		fatal("the system has no random numbers to give");
	while ((option = getopt_long(argc, argv, "+hVC:", options, NULL)) !=
	    -1)
		switch (option) {
		case 'h':
			print_commands(stdout);
			return EXIT_DONE;
		case 'V':
			print_version();
			break;
		case 'C':
			cmd_set_desk_path(optarg);
			break;
		default:
			return EXIT_USAGE;
		}
	if (optind == argc) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	c = find_command(argv[optind]);
	if (c == NULL) {
		fprintf(stderr, "docket: there is no command %s\n",
		    argv[optind]);
		print_commands(stderr);
		return EXIT_USAGE;
	}
	argc -= optind;
	argv += optind;
	optind = 0;
	option = c->run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout))
		return option == EXIT_DONE ? EXIT_TROUBLE : option;
	return option;
}
