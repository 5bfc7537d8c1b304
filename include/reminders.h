/*
 * reminders: what waits for whom, made visible in outbox/reviewers.
 *
 *	waiting.txt		what waits, for which group, since when
 *	AK-000012.reminder.txt	it has waited for review.remind
 *	AK-000012.escalated.txt	it has waited for review.escalate, and that
 *				group may decide as well
 *
 * The latter two come once for a case and revision, and go when the case
 * moves on.  They follow from time alone and are in no commit: marks in
 * .docket/reminded keep what was given, so that a file which somebody has
 * read and deleted does not come back.  The folder is for the group of the
 * desk's trays.
 *
 * Functions return 0, or -1 when the index cannot be read; a folder that
 * cannot be written to is told in a notice, and tried again.
 */
#ifndef DOCKET_REMINDERS_H
#define DOCKET_REMINDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "desk.h"
#include "index.h"
#include "ruling.h"
#include "settings.h"

struct reminders;

struct reminders *reminders_open(struct desk *, const struct settings *,
	    struct index *);
void	reminders_close(struct reminders *);
void	reminders_configure(struct reminders *, const struct settings *);

/* After a commit: what was said of a case that has moved on goes. */
void	reminders_moved(struct reminders *, const struct ruling *);

/* Gives what is due, now: at once. */
int64_t	reminders_due(const struct reminders *);	/* ticks */
int	reminders_tend(struct reminders *, bool now);

#endif
