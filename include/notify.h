/*
 * notify: what a service manager is told (sd_notify(3), without its library).
 *
 * Where NOTIFY_SOCKET is set, to a path or (with an @) an abstract address,
 * messages go there; elsewhere nothing happens.  They never wait and never
 * fail: who does not listen misses them.
 *
 * The watchdog (WATCHDOG_USEC) is fed by notify_pulse(), which the loop calls
 * in each round, and who does long work in between calls between its parts.  A
 * program that is stuck feeds nothing.  Before notify_ready() pulses ask for
 * more time to start in.
 */
#ifndef DOCKET_NOTIFY_H
#define DOCKET_NOTIFY_H

#include <stdint.h>

/* Takes what the environment says, and out of it. */
void	notify_open(void);

void	notify_ready(const char *status);
void	notify_status(const char *status);
/* In trouble, and trying again.  Before notify_ready() no more time is asked
 * for from here on: what does not start is ended when it should have. */
void	notify_stalled(const char *status);
/* Reading its rules once more, until notify_ready(). */
void	notify_reloading(void);
void	notify_stopping(void);

/* Still at work.  Cheap: what is too early goes nowhere. */
void	notify_pulse(void);
/* Between two pulses at most, ms; INT64_MAX: nobody waits for them. */
int64_t	notify_interval(void);

#endif
