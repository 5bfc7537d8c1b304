/*
 * docket status: how a desk stands, on one screen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "json.h"
#include "text.h"

#include "cmd.h"
#include "limit.h"
#include "metrics.h"
#include "out.h"
#include "policy.h"
#include "waiting.h"

#define LAST 6
#define LONGEST 5

static const int64_t bounds[] = { 3600, 86400, 7 * 86400, 30 * 86400 };
static const char *const bound_names[] = { "less than an hour",
    "less than a day", "less than a week", "less than a month",
    "a month or longer" };
#define BOUNDS 4

struct standing {
	struct reading	*reading;
	bool		 is_run;
	long		 pid;
	struct grounds	 grounds;
	struct index_count count;
	uint64_t	 ages[BOUNDS + 1];
	struct waiting_list waiting;
	struct casefile	 longest[LONGEST];
	size_t		 n_longest;
	struct ruling	 last[LAST];
	size_t		 n_last;
	struct buf	 notices;	/* a line each */
	struct buf	 progress;	/* too */
	struct buf	 figures;	/* metrics.h */
};

static int
take_longest(void *arg, const struct casefile *c)
{
	struct standing *s = arg;

	casefile_copy(&s->longest[s->n_longest++], c);
	return 0;
}

static int
take_last(void *arg, const char *commit)
{
	struct standing *s = arg;

	return ledger_ruling(s->reading->ledger, commit,
	    &s->last[s->n_last++]);
}

/* What is wrong: what the daemon says, and what is plain without it. */
static void
gather_notices(struct standing *s)
{
	const struct desk *d = &s->reading->desk;
	struct buf line = BUF_INIT;

	if (!s->is_run)
		buf_puts(&s->notices, "the desk is not run: nothing is taken "
		    "in, and no decision carried out (docket run)\n");
	else
		fs_read_file(d->own, "notices", 65536, &s->notices);
	if (s->is_run) {
		fs_read_file(d->own, "progress", 65536, &s->progress);
		fs_read_file(d->own, METRICS_FILE, 65536, &s->figures);
	}
	if (strcmp(index_head(s->reading->index),
	    ledger_head(s->reading->ledger)) != 0 && !s->is_run)
		buf_puts(&s->notices, "the index is behind the ledger; the "
		    "next docket run, or docket rebuild index, mends that\n");
	if (s->reading->settings.n_reviewers == 0 &&
	    s->reading->settings.reviews[0].of[APPROVE].evidence !=
	    EVIDENCE_MOVE)
		buf_puts(&s->notices, "docket.conf names no reviewer: nobody "
		    "can decide\n");
	buf_free(&line);
}

static int
gather(struct standing *s)
{
	struct index *index = s->reading->index;
	struct index_query q = { .state = STATE_COUNT, .waiting = true,
	    .most = LONGEST };
	struct buf line = BUF_INIT;

	s->is_run = desk_is_run(&s->reading->desk);
	if (s->is_run && desk_get_line(&s->reading->desk, "lock", &line) == 0)
		s->pid = atol(buf_str(&line));
	buf_free(&line);
	desk_grounds(&s->reading->desk, &s->grounds);
	gather_notices(s);
	if (index_count(index, &s->count) != 0 ||
	    index_ages(index, clock_now(), bounds, BOUNDS, s->ages) != 0 ||
	    waiting_add_up(index, &s->reading->settings, clock_now(),
	    &s->waiting) != 0 ||
	    index_cases(index, &q, take_longest, s) != 0)
		return cmd_trouble(index_error());
	if (index_commits_last(index, LAST, take_last, s) != 0)
		return cmd_trouble(ledger_error());
	return EXIT_DONE;
}

static void
standing_free(struct standing *s)
{
	size_t i;

	for (i = 0; i < s->n_longest; i++)
		casefile_free(&s->longest[i]);
	for (i = 0; i < s->n_last; i++)
		ruling_free(&s->last[i]);
	free(s->waiting.list);
	buf_free(&s->notices);
	buf_free(&s->progress);
	buf_free(&s->figures);
}

static void
print_head(const struct standing *s)
{
	out_text(STYLE_HEAD, s->reading->settings.desk_name);
	fputs("  ", stdout);
	out_text(STYLE_PLAIN, s->reading->desk.path);
	fputs("  ", stdout);
	if (s->is_run)
		out_text(STYLE_GOOD, "running");
	else
		out_text(STYLE_BAD, "not running");
	if (s->pid > 0)
		printf(" (process %ld)", s->pid);
	printf("  %s\n\n", s->grounds.one_user ? "one user" : "many users");
}

static void
print_counts(const struct standing *s)
{
	enum state state;

	fputs("Cases    ", stdout);
	for (state = STATE_PENDING; state < STATE_COUNT; state++) {
		out_text(s->count.in[state] > 0 ? out_state_style(state) :
		    STYLE_DIM, state_name(state));
		printf(" %llu   ", (unsigned long long)s->count.in[state]);
	}
	putchar('\n');
}

/* A figure of the daemon's. */
static int64_t
figure(const struct standing *s, const char *sample, int64_t otherwise)
{
	char value[METRICS_VALUE];

	return metrics_get(buf_str(&s->figures), sample, value) ?
	    atoll(value) : otherwise;
}

/* In microseconds; -1: nothing was measured. */
static int64_t
lag_of(const struct standing *s)
{
	char value[METRICS_VALUE];

	return metrics_get(buf_str(&s->figures), "watch_lag_seconds", value) ?
	    (int64_t)(strtod(value, NULL) * 1e6 + 0.5) : -1;
}

static void
print_times(int64_t n, const char *before, const char *what)
{
	printf("%s%lld %s%s", before, (long long)n, what, n == 1 ? "" : "s");
}

/* "Watch    ext4: events come, 0.2 ms late; 0 overflows, 12 rescans" */
static void
print_watch(const struct standing *s)
{
	int64_t polled = figure(s, "boxes_polled", 0), lag = lag_of(s);
	char fs[METRICS_VALUE], span[SPAN_TEXT];

	if (!metrics_label(buf_str(&s->figures), "filesystem_info", "type",
	    fs))
		return;
	printf("Watch    %s: ", fs);
	if (polled == 0 && lag < 0)
		fputs("events come", stdout);
	else if (polled == 0)
		printf("events come, %lld.%lld ms late",
		    (long long)lag / 1000, (long long)lag % 1000 / 100);
	else
		printf("no events for %lld of %lld boxes, whose names are "
		    "compared every %s", (long long)polled,
		    (long long)figure(s, "boxes", 0), span_text(span,
		    s->reading->settings.poll));
	print_times(figure(s, "watch_overflows_total", 0), "; ", "overflow");
	print_times(figure(s, "rescans_total{of=\"boxes\"}", 0), ", ",
	    "rescan");
	putchar('\n');
}

static void
watch_json(const struct standing *s, struct json *j)
{
	char fs[METRICS_VALUE];
	int64_t lag = lag_of(s);

	if (!metrics_label(buf_str(&s->figures), "filesystem_info", "type",
	    fs))
		return;
	json_object(j, "watch");
	json_time(j, "at", figure(s, "written_timestamp_seconds", 0));
	json_str(j, "filesystem", fs);
	json_bool(j, "events", figure(s, "boxes_polled", 0) == 0);
	json_num(j, "boxes", figure(s, "boxes", 0));
	json_num(j, "polled", figure(s, "boxes_polled", 0));
	if (lag >= 0)
		json_num(j, "lag_us", lag);
	json_num(j, "overflows", figure(s, "watch_overflows_total", 0));
	json_num(j, "rescans", figure(s, "rescans_total{of=\"boxes\"}", 0));
	json_object_end(j);
}

static void
print_bar(uint64_t n, uint64_t most)
{
	uint64_t i, width = most == 0 ? 0 : (n * 30 + most - 1) / most;

	for (i = 0; i < width; i++)
		fputs("\xe2\x96\x88", stdout);	/* full block */
}

/* "  security   3, 1 overdue, 1 escalated" */
static void
print_groups(const struct waiting_list *all)
{
	const struct waiting *w;

	for (w = all->list; w < all->list + all->n; w++) {
		printf("  for %-14s %6llu", w->group[0] == '\0' ?
		    "a reviewer" : w->group, (unsigned long long)w->n);
		if (w->overdue > 0)
			printf(", %llu overdue",
			    (unsigned long long)w->overdue);
		if (w->escalated > 0)
			printf(", %llu escalated",
			    (unsigned long long)w->escalated);
		putchar('\n');
	}
}

/* A case that waits longest. */
static void
print_long(const struct standing *s, const struct casefile *c)
{
	const struct settings *settings = &s->reading->settings;
	int64_t now = clock_now();
	struct buf count = BUF_INIT;
	char span[SPAN_TEXT];

	printf("  %-12s %-12s ", c->number, span_text(span,
	    (now - c->waiting) * 1000));
	out_text(STYLE_PLAIN, c->facts.label == NULL ? c->form :
	    c->facts.label);
	if (c->facts.client != NULL) {
		fputs(" (", stdout);
		out_text(STYLE_PLAIN, c->facts.client);
		putchar(')');
	}
	cmd_put_count(settings, c, &count);
	if (count.len > 0)
		printf("  %s", buf_str(&count));
	if (policy_overdue(settings, c, now) != 0 ||
	    policy_escalated(settings, c, now) != 0)
		fputs("  ", stdout);
	out_text(STYLE_BAD, policy_escalated(settings, c, now) != 0 ?
	    "escalated" : policy_overdue(settings, c, now) != 0 ?
	    "overdue" : "");
	putchar('\n');
	buf_free(&count);
}

static void
print_waiting(const struct standing *s)
{
	uint64_t most = 0;
	size_t i;

	printf("\nWaiting for a decision: %llu\n",
	    (unsigned long long)s->count.waiting);
	for (i = 0; i <= BOUNDS; i++)
		if (s->ages[i] > most)
			most = s->ages[i];
	for (i = 0; i <= BOUNDS && most > 0; i++) {
		printf("  %-18s %6llu  ", bound_names[i],
		    (unsigned long long)s->ages[i]);
		print_bar(s->ages[i], most);
		putchar('\n');
	}
	print_groups(&s->waiting);
	for (i = 0; i < s->n_longest; i++)
		print_long(s, &s->longest[i]);
	if (s->count.waiting > s->n_longest)
		puts("  ... docket list --due shows all");
}

/* "AK-000012 approval counted: Acme mobile app (acme)"; of the desk itself,
 * "rules changed: docket.conf" */
static void
put_event(const struct ruling *r, struct buf *line)
{
	if (r->number[0] == '\0') {
		ruling_subject_line(r, line);
		return;
	}
	buf_putf(line, "%s ", r->number);
	cmd_put_what(r, line);
	buf_puts(line, ": ");
	ruling_title(r, line);
}

static void
print_last(const struct standing *s)
{
	struct buf line = BUF_INIT;
	char when[TIME_TEXT];
	size_t i;

	puts("\nLast");
	for (i = 0; i < s->n_last; i++) {
		buf_clear(&line);
		put_event(&s->last[i], &line);
		printf("  %s  ", time_local(when, s->last[i].at));
		out_text(STYLE_PLAIN, buf_str(&line));
		putchar('\n');
	}
	buf_free(&line);
}

static void
print_lines(const struct buf *lines, enum style style)
{
	const char *at = buf_str(lines), *end;
	char *line;

	for (; *at != '\0'; at = end + (*end != '\0')) {
		end = at + strcspn(at, "\n");
		line = mem_strn(at, (size_t)(end - at));
		fputs("  ", stdout);
		out_text(style, line);
		putchar('\n');
		free(line);
	}
}

static void
print_notices(const struct standing *s)
{
	if (s->progress.len > 0) {
		puts("\nBatches");
		print_lines(&s->progress, STYLE_PLAIN);
	}
	if (s->notices.len == 0) {
		puts("\nNothing is wrong.");
		return;
	}
	puts("\nWhat is wrong");
	print_lines(&s->notices, STYLE_BAD);
}

static void
waiting_json(struct json *j, const struct waiting_list *all)
{
	const struct waiting *w;

	json_array(j, "waiting_for");
	for (w = all->list; w < all->list + all->n; w++) {
		json_object(j, NULL);
		json_str(j, "group", w->group[0] == '\0' ? NULL : w->group);
		json_num(j, "waiting", (int64_t)w->n);
		json_num(j, "overdue", (int64_t)w->overdue);
		json_num(j, "escalated", (int64_t)w->escalated);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
lines_json(struct json *j, const char *name, const struct buf *lines)
{
	const char *at, *end;
	char *text;

	json_array(j, name);
	for (at = buf_str(lines); *at != '\0'; at = end + (*end != '\0')) {
		end = at + strcspn(at, "\n");
		text = mem_strn(at, (size_t)(end - at));
		json_str(j, NULL, text);
		free(text);
	}
	json_array_end(j);
}

static void
print_json(const struct standing *s)
{
	struct buf out = BUF_INIT, line = BUF_INIT;
	struct json j;
	enum state state;
	size_t i;

	json_begin(&j, &out);
	json_object(&j, NULL);
	json_str(&j, "desk", s->reading->settings.desk_id);
	json_str(&j, "name", s->reading->settings.desk_name);
	json_bool(&j, "running", s->is_run);
	json_num(&j, "process", s->pid);
	json_bool(&j, "one_user", s->grounds.one_user);
	json_str(&j, "head", ledger_head(s->reading->ledger));
	json_object(&j, "cases");
	for (state = STATE_PENDING; state < STATE_COUNT; state++)
		json_num(&j, state_name(state),
		    (int64_t)s->count.in[state]);
	json_object_end(&j);
	watch_json(s, &j);
	json_num(&j, "waiting", (int64_t)s->count.waiting);
	json_array(&j, "waiting_by_age");
	for (i = 0; i <= BOUNDS; i++)
		json_num(&j, NULL, (int64_t)s->ages[i]);
	json_array_end(&j);
	waiting_json(&j, &s->waiting);
	json_array(&j, "last");
	for (i = 0; i < s->n_last; i++) {
		buf_clear(&line);
		put_event(&s->last[i], &line);
		json_object(&j, NULL);
		json_time(&j, "at", s->last[i].at);
		json_str(&j, "commit", s->last[i].commit);
		json_str(&j, "what", buf_str(&line));
		json_object_end(&j);
	}
	json_array_end(&j);
	lines_json(&j, "batches", &s->progress);
	lines_json(&j, "wrong", &s->notices);
	json_object_end(&j);
	json_end(&j);
	out_flush(&out);
	buf_free(&out);
	buf_free(&line);
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	enum format format = FORMAT_TABLE;
	struct reading r;
	struct standing s = { .reading = &r };
	int option, status;

	while ((option = cmd_option(&cmd_status, argc, argv, "f:",
	    options)) != -1)
		format = cmd_format(&cmd_status, optarg, false);
	if (optind < argc)
		cmd_usage(&cmd_status, "it takes no arguments");
	status = cmd_open(&r);
	if (status != EXIT_DONE)
		return status;
	status = gather(&s);
	if (status == EXIT_DONE && format == FORMAT_JSON)
		print_json(&s);
	else if (status == EXIT_DONE) {
		print_head(&s);
		print_counts(&s);
		print_watch(&s);
		print_waiting(&s);
		print_last(&s);
		print_notices(&s);
	}
	standing_free(&s);
	cmd_close(&r);
	return status;
}

const struct command cmd_status = {
	"status", run, "[--format table|json]",
	"Show how the desk stands: what waits, what happened, what is wrong",
	"  -f, --format table|json\n",
};
