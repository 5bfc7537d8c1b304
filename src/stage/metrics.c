/*
 * metrics: figures about a desk, for those who watch over it.
 *
 * May not: say what is in a form, or name a client: labels are words of ours.
 * The operator's: a file that cannot be written; a notice says so.
 * The machine's trouble: an index that cannot be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "text.h"

#include "fault.h"
#include "state.h"

#include "metrics.h"

#define P "docket_"

/* Ages are counted no more often than this, ms, and so many times as long as
 * it took goes to other work. */
#define AGES_MS 15000
#define SHARE 100

/* Sizes of groups: up to so many commits; beyond LIMIT_GROUP only where one
 * brings others with it. */
static const unsigned sizes[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* How long cases have waited, seconds. */
static const int64_t bounds[] = { 3600, 86400, 7 * 86400, 30 * 86400 };
static const char *const ages[] = { "less than 1h", "1h to 1d", "1d to 7d",
    "7d to 30d", "30d or more" };
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

#define CODES 64		/* more than there are faults */

struct metrics {
	struct desk	*desk;
	const struct settings *settings;
	struct index	*index;
	int64_t		 opened;
	int64_t		 due;		/* ticks */
	uint64_t	 received;
	uint64_t	 refused[CODES];	/* by place in the table */
	uint64_t	 events[EVENT_COUNT];
	uint64_t	 keys;			/* issued */
	uint64_t	 commits, groups;
	uint64_t	 sized[SIZES + 1];	/* groups, not added up */
	int64_t		 last_commit;
	struct index_count cases;
	uint64_t	 waiting[BOUNDS + 1];
	int64_t		 count_due;		/* ticks */
};

struct metrics *
metrics_open(struct desk *desk, const struct settings *s, struct index *index)
{
	struct metrics *m = mem_alloc(sizeof(*m));

	m->desk = desk;
	m->index = index;
	m->opened = clock_now();
	m->settings = s;
	m->due = clock_ticks();
	return m;
}

void
metrics_close(struct metrics *m)
{
	free(m);
}

void
metrics_configure(struct metrics *m, const struct settings *s)
{
	m->settings = s;
	m->due = clock_ticks();
}

/* Counting. */

void
metrics_verdict(struct metrics *m, unsigned code)
{
	const struct fault_kind *k;
	size_t i;

	if (code == FAULT_NONE) {
		m->received++;
		return;
	}
	for (i = 0; (k = fault_kind_at(i)) != NULL && i < CODES; i++)
		if (k->code == code)
			m->refused[i]++;
}

/* Whether what happened has given a key, not ended one. */
static bool
is_issue(const struct ruling *r)
{
	return r->key[0] != '\0' && r->event != EVENT_RETIRE;
}

void
metrics_commit(struct metrics *m, struct ruling *const *rulings, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		m->events[rulings[i]->event]++;
		m->keys += is_issue(rulings[i]);
		if (rulings[i]->at > m->last_commit)
			m->last_commit = rulings[i]->at;
	}
	m->commits += n;
	m->groups++;
	for (i = 0; i < SIZES && n > sizes[i]; i++)
		;
	m->sized[i]++;
}

/* Writing. */

static void
family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_putf(b, "# HELP " P "%s %s\n# TYPE " P "%s %s\n", name, help, name,
	    type);
}

/* A value of a label: in quotes, with what would end it escaped. */
static void
put_quoted(struct buf *b, const char *value)
{
	for (; *value != '\0'; value++)
		if (*value == '\n')
			buf_puts(b, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_putf(b, "\\%c", *value);
		else
			buf_putc(b, *value);
}

static void
labelled(struct buf *b, const char *name, const char *label,
    const char *value, uint64_t n)
{
	buf_putf(b, P "%s{%s=\"", name, label);
	put_quoted(b, value);
	buf_putf(b, "\"} %" PRIu64 "\n", n);
}

static void
one(struct buf *b, const char *name, const char *type, const char *help,
    uint64_t n)
{
	family(b, name, type, help);
	buf_putf(b, P "%s %" PRIu64 "\n", name, n);
}

static void
put_build(const struct metrics *m, const struct metrics_now *now,
    struct buf *b)
{
	family(b, "build_info", "gauge", "The program that runs the desk.");
	labelled(b, "build_info", "version", VERSION, 1);
	one(b, "opened_timestamp_seconds", "gauge",
	    "When the desk was opened; counters began then.",
	    (uint64_t)m->opened);
	one(b, "written_timestamp_seconds", "gauge",
	    "When these figures were written.", (uint64_t)clock_now());
	family(b, "ledger_head_info", "gauge", "The last commit.");
	labelled(b, "ledger_head_info", "commit", now->head, 1);
	if (m->last_commit > 0)
		one(b, "last_commit_timestamp_seconds", "gauge",
		    "When something was committed last.",
		    (uint64_t)m->last_commit);
	one(b, "disk_has_room", "gauge",
	    "Whether there is enough free space to take in more.", now->room);
}

static void
put_watch(const struct metrics_now *now, struct buf *b)
{
	family(b, "filesystem_info", "gauge", "The file system of inbox.");
	labelled(b, "filesystem_info", "type", now->fs, 1);
	one(b, "watch_deaf", "gauge", "Whether events should come and do not.",
	    now->deaf);
	one(b, "boxes", "gauge", "Drop boxes, with inbox itself.", now->boxes);
	one(b, "boxes_polled", "gauge", "Drop boxes whose names are compared "
	    "each inbox.poll, as no events come.", now->polled);
	if (now->lag >= 0) {
		family(b, "watch_lag_seconds", "gauge",
		    "How late the event of the last probe was read.");
		buf_putf(b, P "watch_lag_seconds %" PRId64 ".%06d\n",
		    now->lag / 1000000, (int)(now->lag % 1000000));
	}
	one(b, "watch_overflows_total", "counter",
	    "How often events were lost, and everything compared.",
	    now->overflows);
	family(b, "rescans_total", "counter",
	    "How often all names were compared.");
	labelled(b, "rescans_total", "of", "boxes", now->box_looks);
	labelled(b, "rescans_total", "of", "trays", now->tray_looks);
}

static void
put_intake(const struct metrics *m, const struct metrics_now *now,
    struct buf *b)
{
	const struct fault_kind *k;
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < CODES; i++)
		all += m->refused[i];
	one(b, "intake_files_total", "counter", "Files taken out of inbox; "
	    "one that was put back counts again.", now->files);
	one(b, "intake_bytes_total", "counter", "Bytes of them, as they were "
	    "sent.", now->bytes);
	one(b, "forms_received_total", "counter",
	    "Forms that were taken: cases, revisions, requests.", m->received);
	one(b, "forms_refused_total", "counter",
	    "Forms that were not, for whatever fault.", all);
	family(b, "verdicts_total", "counter", "What came of forms: the code "
	    "of their first fault; 0: none.");
	labelled(b, "verdicts_total", "code", "0", m->received);
	for (i = 0; (k = fault_kind_at(i)) != NULL && i < CODES; i++)
		if (m->refused[i] > 0)
			buf_putf(b, P "verdicts_total{code=\"%u\"} %" PRIu64
			    "\n", (unsigned)k->code, m->refused[i]);
	one(b, "forms_in_hand", "gauge",
	    "Forms taken, and not yet ruled on.", now->in_hand);
	one(b, "forms_held", "gauge", "Forms that could not be read, checked "
	    "or answered, and wait.", now->held_forms);
	one(b, "answers_held", "gauge", "Refusals whose box cannot be written "
	    "to.", now->unanswered);
	one(b, "boxes_held", "gauge", "Drop boxes whose answers cannot be "
	    "written.", now->held_boxes);
	one(b, "batches", "gauge", "Batches in hand.", now->batches);
}

static void
put_cases(const struct metrics *m, struct buf *b)
{
	unsigned i;

	family(b, "cases", "gauge", "Cases in each tray.");
	for (i = STATE_PENDING; i < STATE_COUNT; i++)
		labelled(b, "cases", "state", state_name((enum state)i),
		    m->cases.in[i]);
	family(b, "waiting", "gauge", "Cases that wait for a decision, by how "
	    "long they have.");
	for (i = 0; i <= BOUNDS; i++)
		labelled(b, "waiting", "age", ages[i], m->waiting[i]);
}

static void
put_ledger(const struct metrics *m, const struct metrics_now *now,
    struct buf *b)
{
	uint64_t n = 0;
	unsigned i;

	family(b, "events_total", "counter", "What was committed.");
	for (i = 0; i < EVENT_COUNT; i++)
		if (m->events[i] > 0)
			labelled(b, "events_total", "event",
			    event_name((enum event)i), m->events[i]);
	one(b, "decisions_undone_total", "counter", "Decisions that policy "
	    "refused.", now->undone);
	one(b, "commits_total", "counter", "Commits.", m->commits);
	family(b, "group_size", "histogram", "Commits that were written "
	    "together.");
	for (i = 0; i < SIZES; i++) {
		n += m->sized[i];
		buf_putf(b, P "group_size_bucket{le=\"%u\"} %" PRIu64 "\n",
		    sizes[i], n);
	}
	buf_putf(b, P "group_size_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    P "group_size_sum %" PRIu64 "\n" P "group_size_count %" PRIu64
	    "\n", m->groups, m->commits, m->groups);
}

static void
put_workers(const struct metrics_now *now, struct buf *b)
{
	one(b, "workers_started_total", "counter", "Workers that were "
	    "started.", now->workers_started);
	family(b, "workers_failed_total", "counter", "Workers that ended amid "
	    "a form, took too long, or made no sense.");
	labelled(b, "workers_failed_total", "how", "died", now->workers_died);
	labelled(b, "workers_failed_total", "how", "killed",
	    now->workers_killed);
	labelled(b, "workers_failed_total", "how", "nonsense",
	    now->workers_nonsense);
}

static void
put_keys(const struct metrics *m, const struct metrics_now *now,
    struct buf *b)
{
	one(b, "keys_issued_total", "counter", "Keys that were issued.",
	    m->keys);
	one(b, "keys_waiting", "gauge", "Keys that are not yet with their "
	    "clients.", now->keys_waiting);
}

/* Counts cases, unless that was just now. */
static int
count_cases(struct metrics *m)
{
	int64_t began = clock_ticks(), took;

	if (began < m->count_due)
		return 0;
	if (index_count(m->index, &m->cases) != 0 ||
	    index_ages(m->index, clock_now(), bounds, BOUNDS, m->waiting) != 0)
		return -1;
	took = (clock_ticks() - began) * SHARE;
	m->count_due = began + (took > AGES_MS ? took :
	    m->settings->metrics_every < AGES_MS ? m->settings->metrics_every :
	    AGES_MS);
	return 0;
}

/* The operator's file: in another folder perhaps, from where others read
 * while it is replaced. */
static int
write_file(const struct metrics *m, const char *file, const struct buf *b)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash == NULL ? mem_str(".") : slash == file ?
	    mem_str("/") : mem_strn(file, (size_t)(slash - file));
	int dir = openat(m->desk->dir, folder,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = dir < 0 ? -1 : fs_replace(dir, slash == NULL ? file :
	    slash + 1, buf_str(b), b->len, 0644);
	int saved = errno;

	if (dir >= 0)
		close(dir);
	free(folder);
	errno = saved;
	return status;
}

static void
write_all(const struct metrics *m, const struct buf *b)
{
	const char *file = m->settings->metrics;
	struct buf why = BUF_INIT;

	if (fs_replace(m->desk->own, METRICS_FILE, buf_str(b), b->len,
	    0644) != 0)
		log_errno("metrics", "write", ".docket/" METRICS_FILE);
	if (file != NULL && write_file(m, file, b) != 0)
		buf_putf(&why, "metrics.file: %.200s cannot be written: %s",
		    file, strerror(errno));
	desk_notice(m->desk, "metrics", why.len > 0 ? buf_str(&why) : NULL);
	buf_free(&why);
}

int64_t
metrics_due(const struct metrics *m)
{
	return m->due;
}

int
metrics_write(struct metrics *m, const struct metrics_now *now)
{
	struct buf b = BUF_INIT;

	m->due = clock_ticks() + m->settings->metrics_every;
	if (count_cases(m) != 0)
		return -1;
	put_build(m, now, &b);
	put_watch(now, &b);
	put_intake(m, now, &b);
	put_cases(m, &b);
	put_ledger(m, now, &b);
	put_workers(now, &b);
	put_keys(m, now, &b);
	write_all(m, &b);
	buf_free(&b);
	return 0;
}

/* Reading. */

/* Up to what ends it, if there is anything. */
static bool
take_value(const char *at, const char *end, char value[METRICS_VALUE])
{
	size_t n = strcspn(at, end);

	if (n == 0 || n >= METRICS_VALUE)
		return false;
	memcpy(value, at, n);
	value[n] = '\0';
	return true;
}

/* Behind the beginning of a line; NULL: no line begins so. */
static const char *
find_line(const char *text, const char *begin)
{
	size_t n = strlen(begin);

	while (text != NULL && strncmp(text, begin, n) != 0) {
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
	}
	return text == NULL ? NULL : text + n;
}

bool
metrics_get(const char *text, const char *sample, char value[METRICS_VALUE])
{
	char begin[128];
	const char *at;

	snprintf(begin, sizeof(begin), P "%s ", sample);
	at = find_line(text, begin);
	return at != NULL && take_value(at, "\n", value);
}

bool
metrics_label(const char *text, const char *name, const char *label,
    char value[METRICS_VALUE])
{
	char begin[128];
	const char *at;

	snprintf(begin, sizeof(begin), P "%s{%s=\"", name, label);
	at = find_line(text, begin);
	return at != NULL && take_value(at, "\"\n", value);
}
