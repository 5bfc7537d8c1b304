/*
 * metrics: figures about a desk, for those who watch over it.
 *
 * Written in the text format of Prometheus (version 0.0.4) to
 * .docket/metrics, which docket status reads, and, where metrics.file says so,
 * to a file from which node_exporter's textfile collector takes them.  Both
 * are replaced as a whole, no more often than metrics.every.
 *
 * What happens is counted here as it happens; what is so at the moment is
 * handed over when the files are written.  Counters begin at nothing whenever
 * the desk is opened.  What costs more with every case that waits (their ages)
 * is asked for seldom: no more than a hundredth of the time goes into it.
 */
#ifndef DOCKET_METRICS_H
#define DOCKET_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desk.h"
#include "index.h"
#include "ruling.h"
#include "settings.h"

struct metrics;

struct metrics *metrics_open(struct desk *, const struct settings *,
	    struct index *);
void	metrics_close(struct metrics *);
void	metrics_configure(struct metrics *, const struct settings *);

/* What came of a form: its first fault, or FAULT_NONE: it was received. */
void	metrics_verdict(struct metrics *, unsigned code);
/* What is in the ledger now, a group of so many. */
void	metrics_commit(struct metrics *, struct ruling *const *, size_t n);

/* What others count, and what is so at the moment. */
struct metrics_now {
	const char	*fs;		/* the kind of inbox's file system */
	bool		 deaf;		/* no events come */
	int64_t		 lag;		/* microseconds; -1: not known */
	uint64_t	 overflows, box_looks, tray_looks;
	size_t		 boxes, polled, held_boxes;
	uint64_t	 files, bytes;
	uint64_t	 undone;
	uint64_t	 workers_started, workers_died, workers_killed,
			 workers_nonsense;
	size_t		 in_hand, held_forms, unanswered, batches;
	size_t		 keys_waiting;
	const char	*head;		/* of the ledger */
	bool		 room;		/* on the disk */
};

int64_t	metrics_due(const struct metrics *);	/* ticks */
/* Writes the files.  What cannot be written is in a notice; -1: the index
 * cannot be read. */
int	metrics_write(struct metrics *, const struct metrics_now *);

/* The value of a sample in such a text, by its name and labels as they stand
 * there; false: it has none.  Into an array of METRICS_VALUE bytes. */
#define METRICS_VALUE 64
bool	metrics_get(const char *text, const char *sample,
	    char value[METRICS_VALUE]);
/* The same for one label of the first sample of a name. */
bool	metrics_label(const char *text, const char *name, const char *label,
	    char value[METRICS_VALUE]);
#define METRICS_FILE "metrics"

#endif
