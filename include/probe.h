/*
 * probe: whether events come, and how late.
 *
 * A file of ours appears in inbox every inbox.probe, and goes at once; its
 * name, .docket-probe…, is one that intake leaves alone.  From closing it to
 * its event being read is how far the desk is behind.  An event that has not
 * been read after five seconds (or after inbox.probe, if that is less), with
 * nothing left to read, will not come: whoever relies on events compares
 * until they come again.
 *
 * Where the file system is known to send none, or not all (fs_has_events()),
 * nothing is probed: an event for what we do ourselves says nothing about
 * what others do elsewhere.
 */
#ifndef DOCKET_PROBE_H
#define DOCKET_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "desk.h"
#include "settings.h"
#include "watch.h"

struct probe;

/* tag: that of inbox. */
struct probe *probe_open(struct desk *, const struct settings *, int tag);
void	probe_close(struct probe *);
void	probe_configure(struct probe *, const struct settings *);

/* An event.  True: it was of a probe, and is nobody else's business. */
bool	probe_event(struct probe *, const struct watch_event *);
/* Events were lost: what is on its way may be among them. */
void	probe_lost(struct probe *);

/* When there is something to do, in ticks; and does it, after all events were
 * read.  True: from now on probe_is_deaf() says something else. */
int64_t	probe_due(const struct probe *);
bool	probe_tend(struct probe *);

/* Events should come, and do not. */
bool	probe_is_deaf(const struct probe *);
/* How late the last event was, in microseconds; -1: none has come yet. */
int64_t	probe_lag(const struct probe *);

#endif
