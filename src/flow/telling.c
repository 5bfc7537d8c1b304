/*
 * telling: whether events come, and figures for those who watch over a desk.
 *
 * May not: let anything wait for it.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "notify.h"
#include "signals.h"

#include "flowing.h"

void
flow_open_telling(struct flow *f)
{
	f->metrics = metrics_open(f->desk, flow_settings(f), f->index);
	/* a single round compares everything, and is soon over */
	if (!f->once)
		f->probe = probe_open(f->desk, flow_settings(f), TAG_BOXES);
}

void
flow_configure_telling(struct flow *f)
{
	metrics_configure(f->metrics, flow_settings(f));
	if (f->probe != NULL)
		probe_configure(f->probe, flow_settings(f));
}

/* Everything is compared; what was on its way may be among the lost. */
static void
lose_events(struct flow *f)
{
	log_event(LOG_WARN, "watch", "event", "overflow", NULL);
	f->overflows++;
	intake_look(f->intake);
	trays_compare(f->trays);
	rulebook_look(f->rulebook);
	if (f->probe != NULL)
		probe_lost(f->probe);
}

bool
flow_hear(struct flow *f, const struct watch_event *e)
{
	if (e->what != WATCH_LOST)
		return f->probe != NULL && probe_event(f->probe, e);
	lose_events(f);
	return true;
}

static void
note_deaf(struct flow *f, bool deaf)
{
	struct buf text = BUF_INIT;
	char span[SPAN_TEXT];

	if (deaf)
		buf_putf(&text, "no events come from inbox, although its file "
		    "system (%s) sends some: names are compared every %s "
		    "instead (inbox.poll)", fs_name(f->desk->inbox),
		    span_text(span, flow_settings(f)->poll));
	else
		log_event(LOG_INFO, "watch", "event", "heard", NULL);
	desk_notice(f->desk, "watch", deaf ? buf_str(&text) : NULL);
	buf_free(&text);
}

/* While none come the watches are laid anew with each probe: the file system
 * may be another, or watches free again. */
static void
tend_probe(struct flow *f)
{
	bool deaf = probe_is_deaf(f->probe);

	if (deaf && clock_ticks() >= probe_due(f->probe)) {
		intake_watch(f->intake);
		trays_watch(f->trays);
		rulebook_watch(f->rulebook);
	}
	if (!probe_tend(f->probe))
		return;
	deaf = probe_is_deaf(f->probe);
	intake_poll(f->intake, deaf);
	trays_poll(f->trays, deaf);
	note_deaf(f, deaf);
	f->more = true;
}

void
flow_keep_counts(struct flow *f)
{
	struct pool_counts n = pool_counts(f->pool);

	f->workers.started += n.started;
	f->workers.died += n.died;
	f->workers.killed += n.killed;
	f->workers.nonsense += n.nonsense;
}

static void
put_workers(const struct flow *f, struct metrics_now *now)
{
	struct pool_counts n = pool_counts(f->pool);

	now->workers_started = f->workers.started + n.started;
	now->workers_died = f->workers.died + n.died;
	now->workers_killed = f->workers.killed + n.killed;
	now->workers_nonsense = f->workers.nonsense + n.nonsense;
}

static int
write_metrics(struct flow *f)
{
	struct intake_counts in = intake_counts(f->intake);
	struct metrics_now now = {
		.fs = fs_name(f->desk->inbox),
		.deaf = probe_is_deaf(f->probe), .lag = probe_lag(f->probe),
		.overflows = f->overflows, .box_looks = in.looks,
		.tray_looks = trays_looks(f->trays), .boxes = in.boxes,
		.polled = in.polled, .held_boxes = outbox_held(f->outbox),
		.files = in.files, .bytes = in.bytes,
		.undone = f->counts.undone, .in_hand = f->in_hand,
		.held_forms = f->held.n, .unanswered = f->unanswered.n,
		.batches = flow_batches(f),
		.keys_waiting = keys_count(f->keys),
		.head = ledger_head(f->ledger), .room = !f->no_room,
	};

	put_workers(f, &now);
	return metrics_write(f->metrics, &now) != 0 ?
	    flow_fail(f, "%s", index_error()) : 0;
}

int
flow_tend_telling(struct flow *f, bool now)
{
	if (f->probe == NULL)
		return 0;
	tend_probe(f);
	return now || clock_ticks() >= metrics_due(f->metrics) ?
	    write_metrics(f) : 0;
}

int64_t
flow_telling_due(const struct flow *f)
{
	int64_t probe, metrics;

	if (f->probe == NULL)
		return INT64_MAX;
	probe = probe_due(f->probe);
	metrics = metrics_due(f->metrics);
	return probe < metrics ? probe : metrics;
}

/* What is indexed so far stays. */
int
flow_index_progress(void *arg, uint64_t done, uint64_t all)
{
	char text[80];

	(void)arg;
	snprintf(text, sizeof(text), "reading the ledger: %llu of %llu "
	    "commits", (unsigned long long)done, (unsigned long long)all);
	notify_status(text);
	return signals_say_end() ? -1 : 0;
}
