/*
 * hook: a command of the operator's that is run when something has changed,
 * and not waited for.
 *
 * Never two at a time: what changes while it runs makes it run once more.
 * What it says is logged; one that takes too long is killed; one that fails is
 * run again, later and later, and at once when it is another command.
 *
 * hook_note() before something is changed, then hook_run(), or hook_forget()
 * if nothing was: a file says so until the command has ended well, so that a
 * crash does not keep a gateway from hearing of a revocation.  It is not
 * synced: with the machine the gateways end as well.
 */
#ifndef DOCKET_HOOK_H
#define DOCKET_HOOK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hook;

/* `name' is what it is called in the log and in troubles: its setting; `mark'
 * the file in dir, which must stay open. */
struct hook *hook_new(const char *name, int dir, const char *mark);
/* One that is running is killed. */
void	hook_free(struct hook *);

/* What sh(1) is to do; NULL: nothing. */
void	hook_configure(struct hook *, const char *command);

void	hook_note(struct hook *);
void	hook_forget(struct hook *);
/* Something was noted, now or before a crash, and the command is neither run
 * nor waits to be tried again. */
bool	hook_is_due(const struct hook *);
void	hook_run(struct hook *);
bool	hook_is_run(const struct hook *);

/* Does what can be done now. */
void	hook_tend(struct hook *);
int64_t	hook_due(const struct hook *);		/* ticks */
/* Up to HOOK_FDS descriptors to wait for. */
#define HOOK_FDS 2
size_t	hook_poll(const struct hook *, struct pollfd *);

/* What was wrong with it the last time, in a sentence; or NULL. */
const char *hook_trouble(const struct hook *);

#endif
