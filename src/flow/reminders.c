/*
 * reminders: what waits for whom, made visible.
 *
 * May not: decide anything; that a case is escalated policy.c says whenever
 * it is asked.
 * The operator's: a folder that cannot be written to.
 *
 * BUGS: after a loss of power a reminder that was just given may be given
 * once more, or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "map.h"
#include "text.h"

#include "form.h"

#include "policy.h"
#include "priors.h"
#include "reminders.h"

#define FOLDER "reviewers"
#define MARKS "reminded"

/* Lines of waiting.txt. */
#define LINES_MAX 1000

/* waiting.txt is not written more often than this while much goes on; what
 * has waited long enough is looked for so often, ms. */
#define WRITE_MS 1000
#define LOOK_MS 10000

/* What began to wait shortly before the last look is looked at again, s. */
#define OVERLAP 120

enum kind { REMINDER, ESCALATED, KINDS };

static const char *const suffixes[KINDS] = { ".reminder", ".escalated" };

/* What was given of a case that waits. */
struct given {
	char		 stem[PAPER_NAME];	/* of the paper */
	bool		 kinds[KINDS];
};

struct reminders {
	struct desk	*desk;
	const struct settings *settings;
	struct index	*index;
	int		 dir, marks;	/* -1: cannot be had */
	bool		 changed;	/* waiting.txt may be out of date */
	int64_t		 write_due, look_due;
	int64_t		 looked;	/* up to this time */
	struct map	 given;		/* number -> given, as the marks say */
	char		*shown;		/* waiting.txt; NULL: not known */
};

/* Files. */

static void
tell(struct reminders *r, const char *what)
{
	struct buf text = BUF_INIT;

	if (what != NULL)
		buf_putf(&text, "outbox/" FOLDER ": %s: %s; nobody is "
		    "reminded", what, strerror(errno));
	desk_notice(r->desk, FOLDER, what == NULL ? NULL : buf_str(&text));
	buf_free(&text);
}

/* For the group that may write to the trays. */
static void
open_folder(struct reminders *r)
{
	struct stat st;

	if (r->dir >= 0)
		return;
	if (mkdirat(r->desk->outbox, FOLDER, 0700) == 0 &&
	    (fstat(r->desk->tray[STATE_PENDING], &st) != 0 ||
	    fchownat(r->desk->outbox, FOLDER, (uid_t)-1, st.st_gid, 0) != 0 ||
	    fchmodat(r->desk->outbox, FOLDER, 02750, 0) != 0))
		log_errno("reminders", "give to the desk's group", FOLDER);
	r->dir = fs_open_dir(r->desk->outbox, FOLDER);
	tell(r, r->dir < 0 ? "it cannot be opened" : NULL);
}

void
reminders_configure(struct reminders *r, const struct settings *s)
{
	r->settings = s;
	r->changed = true;
	r->looked = 0;
	r->look_due = 0;
}

/* The paper that waits, without its suffix: "AK-000012.r2". */
static const char *
waiting_stem(const struct casefile *c, char stem[PAPER_NAME])
{
	casefile_decided_paper(c, EVENT_APPROVE, stem);
	stem[strlen(stem) - strlen(".xml")] = '\0';
	return stem;
}

static void
mark_name(char name[PAPER_NAME + 16], const char *stem, enum kind kind)
{
	snprintf(name, PAPER_NAME + 16, "%s%s", stem, suffixes[kind]);
}

static void
file_name(char name[PAPER_NAME + 16], const char *number, enum kind kind)
{
	snprintf(name, PAPER_NAME + 16, "%s%s.txt", number, suffixes[kind]);
}

/* What was given. */

static struct given *
given_of(struct reminders *r, const char *number, const char *stem)
{
	struct given *g = map_get(&r->given, number);

	if (g == NULL) {
		g = mem_alloc(sizeof(*g));
		map_put(&r->given, number, g);
	}
	snprintf(g->stem, sizeof(g->stem), "%s", stem);
	return g;
}

static bool
is_given(const struct reminders *r, const char *number, const char *stem,
    enum kind kind)
{
	const struct given *g = map_get(&r->given, number);

	return g != NULL && g->kinds[kind] && strcmp(g->stem, stem) == 0;
}

static void
forget(struct reminders *r, const char *key)
{
	char name[PAPER_NAME + 16], number[NUMBER_TEXT];
	struct given *g;
	enum kind kind;

	snprintf(number, sizeof(number), "%s", key);
	g = map_del(&r->given, number);		/* the key with it */

	for (kind = REMINDER; kind < KINDS; kind++) {
		if (!g->kinds[kind])
			continue;
		file_name(name, number, kind);
		if (r->dir >= 0)
			unlinkat(r->dir, name, 0);
		mark_name(name, g->stem, kind);
		unlinkat(r->marks, name, 0);
	}
	free(g);
}

/* Forgets what was given of a case, unless the same paper waits still.  -1:
 * the index cannot be read. */
static int
check_given(struct reminders *r, const char *number)
{
	const struct given *g = map_get(&r->given, number);
	char stem[PAPER_NAME] = "";
	struct casefile c;
	int found = index_case(r->index, number, &c);

	if (found < 0)
		return -1;
	if (found == 1 && c.waiting > 0)
		waiting_stem(&c, stem);
	if (found == 1)
		casefile_free(&c);
	if (strcmp(g->stem, stem) != 0)
		forget(r, number);
	return 0;
}

static void
load_mark(struct reminders *r, const char *mark)
{
	const char *dot = strrchr(mark, '.');
	char number[NUMBER_TEXT], stem[PAPER_NAME];
	enum kind kind;

	snprintf(number, sizeof(number), "%.*s",
	    (int)(strcspn(mark, ".") % sizeof(number)), mark);
	for (kind = REMINDER; kind < KINDS; kind++)
		if (dot != NULL && strcmp(dot, suffixes[kind]) == 0 &&
		    dot - mark < PAPER_NAME && number_valid(number)) {
			snprintf(stem, sizeof(stem), "%.*s",
			    (int)(dot - mark), mark);
			given_of(r, number, stem)->kinds[kind] = true;
		}
}

/* A file of ours without a mark, which a crash has left: it is given once
 * more if it is still due. */
static void
check_file(struct reminders *r, const char *file)
{
	size_t n = strcspn(file, ".");
	char number[NUMBER_TEXT], name[PAPER_NAME + 16];
	const struct given *g;
	enum kind kind;

	if (n >= sizeof(number))
		return;
	snprintf(number, sizeof(number), "%.*s", (int)n, file);
	if (!number_valid(number))
		return;
	g = map_get(&r->given, number);
	for (kind = REMINDER; kind < KINDS; kind++) {
		file_name(name, number, kind);
		if (strcmp(file, name) == 0 && (g == NULL || !g->kinds[kind]))
			unlinkat(r->dir, name, 0);
	}
}

/* The marks, as far as they are of what still waits, and what came of them. */
static int
load_marks(struct reminders *r)
{
	DIR *list = fs_list(r->marks);
	const struct map_entry *e;
	const char *name;
	size_t at = 0;
	int status = 0;

	while (list != NULL && (name = fs_list_next(list)) != NULL)
		load_mark(r, name);
	if (list == NULL || errno != 0) {
		log_cause("reminders", "list", ".docket/" MARKS);
		status = -1;
	}
	if (list != NULL)
		closedir(list);
	if (status != 0)
		return -1;
	while ((e = map_next(&r->given, &at)) != NULL)
		if (check_given(r, e->key) != 0)
			break;		/* whoever needs the index finds out */
	list = r->dir < 0 ? NULL : fs_list(r->dir);
	while (list != NULL && (name = fs_list_next(list)) != NULL)
		check_file(r, name);
	if (list != NULL)
		closedir(list);
	return 0;
}

struct reminders *
reminders_open(struct desk *desk, const struct settings *s,
    struct index *index)
{
	struct reminders *r = mem_alloc(sizeof(*r));

	*r = (struct reminders){ .desk = desk, .settings = s, .index = index,
	    .dir = -1, .marks = -1, .changed = true };
	if (fs_make_dir(desk->own, MARKS, 0700) == 0)
		r->marks = fs_open_dir(desk->own, MARKS);
	open_folder(r);
	if (r->marks >= 0 && load_marks(r) != 0) {
		reminders_close(r);
		return NULL;
	}
	return r;
}

void
reminders_close(struct reminders *r)
{
	if (r == NULL)
		return;
	if (r->dir >= 0)
		close(r->dir);
	if (r->marks >= 0)
		close(r->marks);
	map_free_all(&r->given);
	free(r->shown);
	free(r);
}

void
reminders_moved(struct reminders *r, const struct ruling *ruling)
{
	if (ruling->number[0] == '\0')
		return;
	r->changed = true;
	if (map_has(&r->given, ruling->number))
		check_given(r, ruling->number);
}

/* Texts. */

static void
put_progress(const struct reminders *r, const struct casefile *c,
    struct buf *out)
{
	const char *who[POLICY_PRIORS + 1];
	char paper[PAPER_NAME];
	struct priors priors;
	struct policy p;
	size_t n;

	priors_claimed(r->settings, c, casefile_decided_paper(c,
	    EVENT_APPROVE, paper), EVENT_APPROVE, &priors);
	n = priors_names(&priors, who);
	policy_of_case(r->settings, c, EVENT_APPROVE, clock_now(), &p);
	policy_waiting_text(r->settings, &p, who, n, out);
}

static void
put_label(const struct casefile *c, struct buf *out)
{
	const char *label = c->facts.label == NULL ? c->form : c->facts.label;

	text_line(out, label, strlen(label), 100);
	if (c->facts.client == NULL)
		return;
	buf_puts(out, " (");
	text_line(out, c->facts.client, strlen(c->facts.client), 60);
	buf_putc(out, ')');
}

static void
put_text(const struct reminders *r, const struct casefile *c, enum kind kind,
    struct buf *out)
{
	char when[TIME_TEXT], paper[PAPER_NAME], stem[PAPER_NAME];
	char span[SPAN_TEXT];
	struct policy p;

	policy_of_case(r->settings, c, EVENT_APPROVE, clock_now(), &p);
	put_label(c, out);
	buf_putf(out, "\n\n%s waits for a decision since %s, for %s.\n",
	    casefile_decided_paper(c, EVENT_APPROVE, paper),
	    time_local(when, c->waiting), span_text(span,
	    (clock_now() - c->waiting) * 1000));
	if (c->request != REQUEST_NONE)
		buf_putf(out, "What is asked for is a %s.\n",
		    request_name(c->request));
	buf_puts(out, "So far: ");
	put_progress(r, c, out);
	buf_puts(out, ".\n");
	if (kind == ESCALATED)
		buf_putf(out, "The group %s may decide now as well.\n",
		    p.instead);
	waiting_stem(c, stem);
	buf_putf(out, "\nLook at it: docket show %s\nDecide:     docket "
	    "approve %s, or return, or reject\n\nThis file goes when the case "
	    "moves on.\n", c->number, stem);
}

/* Giving. */

static int
give(struct reminders *r, const struct casefile *c, enum kind kind)
{
	char stem[PAPER_NAME], name[PAPER_NAME + 16], mark[PAPER_NAME + 16];
	struct buf text = BUF_INIT;
	int status;

	if (is_given(r, c->number, waiting_stem(c, stem), kind))
		return 0;
	put_text(r, c, kind, &text);
	file_name(name, c->number, kind);
	mark_name(mark, stem, kind);
	status = fs_replace(r->dir, name, buf_str(&text), text.len, 0640);
	if (status == 0)
		status = fs_replace(r->marks, mark, "", 0, 0600);
	if (status == 0) {
		given_of(r, c->number, stem)->kinds[kind] = true;
		log_event(LOG_INFO, c->number, "event", suffixes[kind] + 1,
		    "paper", stem, NULL);
	} else
		tell(r, "it cannot be written");
	buf_free(&text);
	return status;
}

/* Looking. */

static int
collect(void *arg, const char *text)
{
	buf_putf(arg, "%s\n", text);
	return 0;
}

/* What one case that waits is due for. */
static int
look_case(struct reminders *r, const char *number)
{
	int64_t now = clock_now();
	struct casefile c;
	int status = index_case(r->index, number, &c);

	if (status != 1)
		return status;
	status = 0;
	if (policy_overdue(r->settings, &c, now) != 0)
		status = give(r, &c, REMINDER);
	if (status == 0 && policy_escalated(r->settings, &c, now) != 0)
		status = give(r, &c, ESCALATED);
	casefile_free(&c);
	return status;
}

/* Those that have reached a span of waiting since the last look. */
static int
look_span(struct reminders *r, const char *prefix, int64_t span, int64_t now,
    bool *failed)
{
	struct buf numbers = BUF_INIT;
	int64_t after = r->looked == 0 ? 0 : r->looked - OVERLAP -
	    span / 1000;
	char *at, *number;
	int status = 0;

	if (span > 0)
		status = index_waiting(r->index, prefix, after < 0 ? 0 :
		    after, now - span / 1000, collect, &numbers);
	at = numbers.data;
	while (status == 0 && !*failed &&
	    (number = strsep(&at, "\n")) != NULL)
		if (*number != '\0' && look_case(r, number) != 0)
			*failed = true;
	buf_free(&numbers);
	return status;
}

static int
look(struct reminders *r)
{
	struct buf prefixes = BUF_INIT;
	const struct review *review;
	int64_t now = clock_now();
	bool failed = false;
	char *at, *prefix;
	int status = index_prefixes(r->index, collect, &prefixes);

	at = prefixes.data;
	while (status == 0 && (prefix = strsep(&at, "\n")) != NULL) {
		if (*prefix == '\0')
			continue;
		review = settings_review(r->settings, prefix);
		status = look_span(r, prefix, review->remind, now, &failed);
		if (status == 0)
			status = look_span(r, prefix, review->escalate, now,
			    &failed);
	}
	buf_free(&prefixes);
	if (status == 0 && !failed)
		r->looked = now;
	return status;
}

/* waiting.txt */

struct listing {
	const struct reminders *reminders;
	struct buf	*out;
	unsigned	 n;
};

static int
list_case(void *arg, const struct casefile *c)
{
	struct listing *l = arg;
	const struct reminders *r = l->reminders;
	char stem[PAPER_NAME], when[TIME_TEXT];
	int64_t now = clock_now();
	struct buf progress = BUF_INIT;

	if (l->n++ >= LINES_MAX) {
		if (l->n == LINES_MAX + 1)
			buf_puts(l->out, "(more wait: docket list --due)\n");
		return 0;
	}
	put_progress(r, c, &progress);
	buf_putf(l->out, "%-14s  %s  ", waiting_stem(c, stem),
	    time_local(when, c->waiting));
	put_label(c, l->out);
	buf_putf(l->out, "\n    %s%s\n", buf_str(&progress),
	    policy_escalated(r->settings, c, now) != 0 ? "; escalated" :
	    policy_overdue(r->settings, c, now) != 0 ? "; overdue" : "");
	buf_free(&progress);
	return 0;
}

/* Written only when it says something else than before. */
static int
show_waiting(struct reminders *r)
{
	struct index_query q = { .state = STATE_COUNT, .waiting = true,
	    .most = LINES_MAX + 1 };
	struct buf text = BUF_INIT;
	struct listing l = { r, &text, 0 };
	int status;

	buf_putf(&text, "%s: what waits for a decision, the longest first"
	    "\n\n", r->settings->desk_name);
	status = index_cases(r->index, &q, list_case, &l);
	if (l.n == 0)
		buf_puts(&text, "nothing\n");
	if (status == 0 && (r->shown == NULL ||
	    strcmp(r->shown, buf_str(&text)) != 0)) {
		if (fs_replace(r->dir, "waiting.txt", buf_str(&text),
		    text.len, 0640) != 0)
			tell(r, "it cannot be written");
		else {
			free(r->shown);
			r->shown = buf_take(&text);
		}
	}
	buf_free(&text);
	r->changed = false;
	r->write_due = clock_ticks() + WRITE_MS;
	return status;
}

/* What was written before a restart. */
static void
read_shown(struct reminders *r)
{
	struct buf text = BUF_INIT;

	if (fs_read_file(r->dir, "waiting.txt", 1024 * 1024, &text) == 0)
		r->shown = buf_take(&text);
	buf_free(&text);
}

int64_t
reminders_due(const struct reminders *r)
{
	return r->changed && r->write_due < r->look_due ? r->write_due :
	    r->look_due;
}

int
reminders_tend(struct reminders *r, bool at_once)
{
	int64_t now = clock_ticks();
	bool looked = at_once || now >= r->look_due;

	if (looked) {
		r->look_due = now + LOOK_MS;
		open_folder(r);
	}
	if (r->dir < 0 || r->marks < 0)
		return 0;
	if (looked && look(r) != 0)
		return -1;
	if (r->shown == NULL)
		read_shown(r);
	/* by time alone something may be overdue now */
	if (looked || (r->changed && now >= r->write_due))
		return show_waiting(r);
	return 0;
}
