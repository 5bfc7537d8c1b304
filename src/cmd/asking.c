/*
 * asking: docket apply on a terminal: question by question, then the whole
 * form, until its sender is content with it.
 *
 * May not: know what is good; the desk's own rules say so, after each answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

#include "applying.h"
#include "out.h"

static const char *const hints[APPLY_FIELDS] = {
	[APPLY_CLIENT] = "client id; ?WORD searches",
	[APPLY_NAME] = "what the key is called",
	[APPLY_EFFECTIVE] = "first day, YYYY-MM-DD",
	[APPLY_EXPIRY] = "last day, YYYY-MM-DD",
	[APPLY_QUOTA] = "number of calls, -1 for no limit",
	[APPLY_DESCRIPTION] = "what it is for",
	[APPLY_APIS] = "ids with blanks between; ?WORD searches",
	[APPLY_REASON] = "why",
	[APPLY_OVERLAP] = "the old key stays good so long: 36h; 0 if leaked",
};

/* The next line, the caller's; NULL at the end. */
static char *
read_line(void)
{
	char *line = NULL;
	size_t size = 0;

	fflush(stdout);
	if (getline(&line, &size, stdin) < 0) {
		free(line);
		putchar('\n');
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* Searching, for those who do not know their id by heart. */

#define FOUND_MOST 10

/* Not 0: that are enough. */
static int
print_found(unsigned *n, const char *id, const char *name)
{
	if ((*n)++ == FOUND_MOST) {
		puts("    ... and more; another word tells them apart");
		return 1;
	}
	fputs("    ", stdout);
	out_text(STYLE_PLAIN, id);
	if (*name != '\0') {
		fputs("  ", stdout);
		out_text(STYLE_PLAIN, name);
	}
	putchar('\n');
	return 0;
}

static int
print_entry(void *arg, const struct list_entry *e)
{
	return print_found(arg, e->id, e->name);
}

static int
print_seen(void *arg, const char *name, uint64_t cases)
{
	(void)cases;
	return print_found(arg, name, "");
}

/* In the list, if one is in force; else in what applications named. */
static int
find(struct index *index, bool apis, const char *words, unsigned *n)
{
	const char *list = apis ? "apis" : "clients";
	char sha256[65];
	int listed = index_list_digest(index, list, sha256);
	bool any = *words != '\0';

	if (listed < 0)
		return -1;
	if (listed == 0)
		return index_seen(index, apis, &words, any, print_seen, n);
	return any ? index_entries_found(index, list, words, print_entry, n) :
	    index_entries(index, list, print_entry, n);
}

static void
search(const struct applying *a, bool apis, const char *words)
{
	unsigned n = 0;

	words += strspn(words, " ");
	if (find(a->desk->index, apis, words, &n) < 0)
		cmd_trouble(index_error());
	else if (n == 0)
		puts("    1298 - No information found");
}

/* Faults. */

static void
print_fault(const struct fault *f, const char *indent)
{
	char code[NUM_TEXT];
	struct buf text = BUF_INIT;
	const char *remedy = fault_remedy(f);

	buf_putf(&text, "%s - %s", num_text(code, f->code), fault_text(f));
	fputs(indent, stdout);
	out_text(STYLE_BAD, buf_str(&text));
	putchar('\n');
	if (remedy != NULL) {
		printf("%s       ", indent);
		out_text(STYLE_PLAIN, remedy);
		putchar('\n');
	}
	buf_free(&text);
}

/* Those of one field; how many. */
static size_t
print_faults(const struct applying *a, const struct faults *faults,
    enum apply_field field, const char *indent)
{
	size_t i, n = 0;

	for (i = 0; i < faults->n; i++)
		if (apply_at(a, &faults->list[i]) == field) {
			print_fault(&faults->list[i], indent);
			n++;
		}
	return n;
}

/* Questions. */

/* What stands in brackets: what it is, or what it will be for most. */
static const char *
suggest(struct applying *a, enum apply_field field)
{
	char day[DAY_TEXT];
	int32_t from;

	if (a->value[field] != NULL)
		return a->value[field];
	switch (field) {
	case APPLY_CLIENT:
		return a->box == NULL ? NULL :
		    settings_client(&a->desk->settings, a->box);
	case APPLY_EFFECTIVE:
		return apply_keep(a, mem_str(day_text(day, a->today)));
	case APPLY_EXPIRY:
		if (day_parse(a->value[APPLY_EFFECTIVE] == NULL ? "" :
		    a->value[APPLY_EFFECTIVE], &from) != 0)
			return NULL;
		return apply_keep(a, mem_str(day_text(day, from + 365)));
	case APPLY_OVERLAP:
		return "7d";
	default:
		return NULL;
	}
}

static void
prompt(enum apply_field field, const char *otherwise)
{
	printf("  %s (%s)", apply_label(field), hints[field]);
	if (otherwise != NULL && *otherwise != '\0') {
		fputs(" [", stdout);
		out_text(STYLE_PLAIN, otherwise);
		putchar(']');
	}
	fputs(": ", stdout);
}

static bool
can_search(enum apply_field field)
{
	return field == APPLY_CLIENT || field == APPLY_APIS;
}

/* Asks until there is an answer that can stand. */
static int
ask(struct applying *a, enum apply_field field)
{
	struct faults faults = FAULTS_INIT;
	const char *otherwise = suggest(a, field), *was = a->value[field];
	char *line;
	size_t bad;
	int status;

	for (;;) {
		prompt(field, otherwise);
		if ((line = read_line()) == NULL) {
			a->value[field] = was;
			return EXIT_NO;
		}
		if (*line == '?' && can_search(field)) {
			search(a, field == APPLY_APIS, line + 1);
			free(line);
			continue;
		}
		a->value[field] = *line == '\0' && otherwise != NULL ?
		    otherwise : apply_keep(a, mem_str(line));
		free(line);
		status = apply_check(a, true, &faults);
		bad = status != EXIT_DONE ? 0 :
		    print_faults(a, &faults, field, "    ");
		faults_free(&faults);
		if (status != EXIT_DONE || bad == 0)
			return status;
	}
}

static int
ask_missing(struct applying *a)
{
	enum apply_field field;
	int status = EXIT_DONE;
	bool told = false;

	for (field = 0; field < APPLY_FIELDS && status == EXIT_DONE; field++) {
		if (!apply_has(a, field) || a->value[field] != NULL)
			continue;
		if (!told)
			puts("Enter takes what stands in brackets; Ctrl-D "
			    "leaves.\n");
		told = true;
		status = ask(a, field);
	}
	return status;
}

/* The whole. */

/* The n-th field of the form, from 1; APPLY_FIELDS: there is none. */
static enum apply_field
field_at(const struct applying *a, uint64_t n)
{
	enum apply_field field;

	for (field = 0; field < APPLY_FIELDS; field++)
		if (apply_has(a, field) && n-- == 1)
			break;
	return field;
}

static void
print_title(const struct applying *a)
{
	static const char *const titles[APPLY_KINDS] = {
		[APPLY_NEW] = "The application:",
		[APPLY_CHANGE] = "The terms that are asked for, of",
		[APPLY_REVOCATION] = "The request to revoke",
		[APPLY_ROTATION] = "The request for a new key, for",
		[APPLY_WITHDRAWAL] = "The request to withdraw",
	};

	printf("\n%s%s%s\n\n", titles[a->kind], a->number == NULL ? "" : " ",
	    a->number == NULL ? "" : a->number);
}

/* With what is wrong beneath; how much that is. */
static size_t
print_whole(const struct applying *a, const struct faults *faults)
{
	enum apply_field field;
	unsigned n = 0;

	print_title(a);
	for (field = 0; field < APPLY_FIELDS; field++) {
		if (!apply_has(a, field))
			continue;
		printf("  %u  %-16s", ++n, apply_label(field));
		out_text(STYLE_PLAIN, a->value[field] == NULL ? "" :
		    a->value[field]);
		putchar('\n');
		print_faults(a, faults, field, "       ");
	}
	print_faults(a, faults, APPLY_FIELDS, "     ");
	putchar('\n');
	return faults->n;
}

static void
print_choice(const struct applying *a, size_t bad)
{
	if (bad > 0)
		puts("A number corrects that line.");
	else if (a->output != NULL) {
		fputs("Enter writes it to ", stdout);
		out_text(STYLE_PLAIN, a->output);
		puts("; a number corrects that line.");
	} else
		puts("Enter sends it; a number corrects that line.");
	puts("\"w FILE\" keeps a draft, to be sent with docket apply --draft "
	    "FILE; \"q\" leaves.");
	fputs("> ", stdout);
}

enum choice { SEND, AGAIN, LEAVE };

/* Where nothing can be written nothing is lost: another place is asked for. */
static enum choice
keep_draft(struct applying *a, const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0) {
		cmd_say("%s: %s", name, strerror(errno));
		return AGAIN;
	}
	close(fd);
	a->output = apply_keep(a, mem_str(name));
	return SEND;
}

/* What is answered to the whole. */
static enum choice
choose(struct applying *a, char *line, size_t bad)
{
	enum apply_field field;
	uint64_t n;

	if (*line == '\0')
		return bad > 0 ? AGAIN : SEND;
	if (strcmp(line, "q") == 0)
		return LEAVE;
	if (strncmp(line, "w ", 2) == 0 && line[2] != '\0')
		return keep_draft(a, line + 2);
	field = text_number(line, 99, &n) ? field_at(a, n) : APPLY_FIELDS;
	if (field == APPLY_FIELDS) {
		puts("There is no such line.");
		return AGAIN;
	}
	putchar('\n');
	return ask(a, field) == EXIT_TROUBLE ? LEAVE : AGAIN;
}

static int
show_whole(struct applying *a)
{
	struct faults faults = FAULTS_INIT;
	enum choice choice = AGAIN;
	char *line;
	size_t bad;
	int status;

	while (choice == AGAIN) {
		status = apply_check(a, false, &faults);
		if (status != EXIT_DONE)
			return status;
		bad = print_whole(a, &faults);
		faults_free(&faults);
		print_choice(a, bad);
		line = read_line();
		choice = line == NULL ? LEAVE : choose(a, line, bad);
		free(line);
	}
	return choice == SEND ? EXIT_DONE : EXIT_NO;
}

int
apply_ask(struct applying *a)
{
	int status = ask_missing(a);

	/* what was answered so far is not lost where there is a place for it */
	if (status == EXIT_NO && a->output != NULL)
		return EXIT_DONE;
	if (status == EXIT_DONE)
		status = show_whole(a);
	if (status == EXIT_NO)
		puts("Nothing was sent.");
	return status;
}
