/*
 * tables: prints what the manual pages list, out of the program's own
 * tables, so that 7100-manuals.t can hold one against the other.
 *
 *	tables states		the rows of the life of a case, as mdoc(7)
 *	tables faults		the fault codes, as mdoc(7)
 *	tables codes		the same, the numbers only
 *	tables settings		the keys of docket.conf: section key sub
 *	tables default SECTION KEY VALUE
 *				exits 0 if the value is the key's default
 *	tables parse FILE	exits 0 if it is a valid docket.conf
 *	tables events		the names of events, as mdoc(7)
 *	tables calls		the system calls of the worker, as mdoc(7)
 */
#include <stdio.h>
#include <string.h>

/* for the table of keys, which is its own */
#include "../../src/desk/settings.c"

#include "fault.h"
#include "fs.h"
#include "sandbox.h"
#include "state.h"

#include <fcntl.h>
#include <unistd.h>

static int
usage(void)
{
	fputs("usage: tables states | faults | codes | settings | events | "
	    "calls | default SECTION KEY VALUE | parse FILE\n", stderr);
	return 2;
}

/* Text as mdoc(7) takes it: in lines of at most 78 bytes, a new one after
 * each sentence. */
static void
put_mdoc(const char *text)
{
	size_t column = 0, n;
	const char *p;

	for (p = text; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (column > 0 && (column + 1 + n > 78 || p[-2] == '.')) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf("%s%.*s", column > 0 ? " " : "",
		    (int)n, p);
	}
	puts(strchr(".!?", p[-1]) == NULL ? "." : "");
}

static const char *
by(enum who who)
{
	static const char *const names[] = {
		[WHO_ANYONE] = "anyone",
		[WHO_REVIEWER] = "reviewer",
		[WHO_APPLICANT] = "applicant",
		[WHO_CLOCK] = "clock",
		[WHO_DESK] = "desk",
	};

	return names[who];
}

static int
print_states(void)
{
	const struct transition *t;
	size_t i;

	for (i = 0; (t = state_row(i)) != NULL; i++)
		printf(".It %s Ta %s Ta %s Ta %s Ta %s Ta %s%s\n",
		    state_name(t->from), request_name(t->request),
		    event_name(t->event), state_name(t->to),
		    state_name(t->request_to), by(t->who),
		    t->note ? "*" : "");
	return 0;
}

static int
print_faults(void)
{
	const struct fault_kind *k;
	size_t i;

	for (i = 0; (k = fault_kind_at(i)) != NULL; i++) {
		printf(".It Sy %u Pq %s\n", (unsigned)k->code, k->name);
		put_mdoc(k->sentence);
		if (k->remedy != NULL)
			put_mdoc(k->remedy);
	}
	return 0;
}

static int
print_codes(void)
{
	const struct fault_kind *k;
	size_t i;

	for (i = 0; (k = fault_kind_at(i)) != NULL; i++)
		printf("%u\n", (unsigned)k->code);
	return 0;
}

static int
print_events(void)
{
	unsigned i;

	for (i = 0; i < EVENT_COUNT; i++)
		printf(".It %s Ta %s\n", event_name((enum event)i),
		    event_past((enum event)i));
	return 0;
}

static int
print_calls(void)
{
	const struct sandbox_call *c;
	size_t i;

	for (i = 0; (c = sandbox_call_at(i)) != NULL; i++)
		printf(".It %s Ta %s Ta %s Ta %s\n", c->name,
		    c->parent && c->child ? "both" : c->parent ? "parent" :
		    "child", c->allowed ? "allowed" : "refused", c->reason);
	return 0;
}

static int
print_settings(void)
{
	size_t i;

	for (i = 0; i < SETTERS; i++)
		printf("%s %s%s\n", setters[i].section, setters[i].key,
		    setters[i].sub ? " sub" : "");
	return 0;
}

static int
parse(struct settings *s, const char *text)
{
	struct conf_error e;

	if (settings_parse(s, text, strlen(text), &e) == 0)
		return 0;
	fprintf(stderr, "line %u: %s\n", e.line, e.text);
	return -1;
}

static bool
same_review(const struct review *a, const struct review *b)
{
	unsigned i;

	for (i = 0; i < DECIDED_COUNT; i++)
		if (a->of[i].evidence != b->of[i].evidence ||
		    a->of[i].stage[0].quorum != b->of[i].stage[0].quorum ||
		    a->of[i].apart != b->of[i].apart ||
		    a->of[i].note != b->of[i].note)
			return false;
	return a->lapse == b->lapse && a->remind == b->remind &&
	    a->unreviewed == b->unreviewed;
}

static bool
same_settings(const struct settings *a, const struct settings *b)
{
	return strcmp(a->desk_name, b->desk_name) == 0 &&
	    strcmp(a->zone, b->zone) == 0 && a->settle == b->settle &&
	    a->grace == b->grace && a->poll == b->poll &&
	    a->probe == b->probe && a->metrics_every == b->metrics_every &&
	    a->strays == b->strays && a->form_limit == b->form_limit &&
	    a->batch_limit == b->batch_limit &&
	    a->list_limit == b->list_limit &&
	    a->ratio == b->ratio && a->check.depth == b->check.depth &&
	    a->check.attributes == b->check.attributes &&
	    a->check.value == b->check.value &&
	    a->check.cpu == b->check.cpu &&
	    a->check.memory == b->check.memory &&
	    a->check.reuse == b->check.reuse && a->workers == b->workers &&
	    a->refusals == b->refusals &&
	    a->n_notices == b->n_notices && memcmp(a->notices, b->notices,
	    a->n_notices * sizeof(a->notices[0])) == 0 &&
	    a->revocations == b->revocations &&
	    same_review(&a->reviews[0], &b->reviews[0]);
}

static int
is_default(const char *section, const char *key, const char *value)
{
	static const char least[] = "[desk]\nid = x\n[review]\napart = on\n";
	struct settings a, b;
	struct buf text = BUF_INIT;
	int status = 1;

	if (parse(&a, least) != 0)
		return 1;
	buf_putf(&text, "%s[%s]\n%s = %s\n", least, section, key, value);
	if (parse(&b, buf_str(&text)) == 0) {
		status = same_settings(&a, &b) ? 0 : 1;
		settings_free(&b);
	}
	settings_free(&a);
	buf_free(&text);
	return status;
}

static int
parse_file(const char *name)
{
	struct settings s;
	struct buf text = BUF_INIT;
	int fd = open(name, O_RDONLY | O_CLOEXEC), status = 1;

	if (fd >= 0 && fs_read(fd, LIMIT_RULES_FILE, &text) == 0 &&
	    parse(&s, buf_str(&text)) == 0) {
		settings_free(&s);
		status = 0;
	}
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*print)(void);
	} prints[] = {
		{ "states", print_states }, { "faults", print_faults },
		{ "codes", print_codes }, { "settings", print_settings },
		{ "events", print_events }, { "calls", print_calls },
	};
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(prints) / sizeof(prints[0]); i++)
		if (strcmp(argv[1], prints[i].name) == 0)
			return prints[i].print();
	if (argc == 5 && strcmp(argv[1], "default") == 0)
		return is_default(argv[2], argv[3], argv[4]);
	if (argc == 3 && strcmp(argv[1], "parse") == 0)
		return parse_file(argv[2]);
	return usage();
}
