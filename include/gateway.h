/*
 * gateway: who may pass, told to the gateways.
 *
 * A projection of the cases that are in force and have keys (admission.h).
 * It is told in three ways:
 *
 *	outbox/gateway/		files for HAProxy and for nginx, replaced when
 *				their bytes change (gatefiles.h): at once when
 *				nothing went on, else as often as leaves most
 *				of the time to other work
 *	gateway.haproxy		each change at once, over the admin socket of a
 *				HAProxy that runs (haproxy.h)
 *	gateway.reload		a command, when files were replaced (hook.h)
 *
 * What is told at once costs the same however many keys there are; the files
 * are written in slices between other work.  A key that was revoked comes
 * first.  Gateways that cannot be told are told later; the desk goes on, and
 * a notice says so.
 *
 * Functions return 0, or -1 when the index cannot be read.
 */
#ifndef DOCKET_GATEWAY_H
#define DOCKET_GATEWAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desk.h"
#include "index.h"
#include "ruling.h"
#include "settings.h"

struct gateway;

struct gateway *gateway_open(struct desk *, const struct settings *,
	    struct index *);
void	gateway_close(struct gateway *);
void	gateway_configure(struct gateway *, const struct settings *);

/*
 * Around a commit: gateway_moving() for each of its rulings while the index
 * holds what was before; gateway_moved() once it holds what is now, which
 * tells the difference.
 */
int	gateway_moving(struct gateway *, const struct ruling *);
int	gateway_moved(struct gateway *);

/* Does what is due; and when the next is. */
int	gateway_tend(struct gateway *);
int64_t	gateway_due(const struct gateway *);	/* ticks */
#define GATEWAY_FDS 3
size_t	gateway_poll(const struct gateway *, struct pollfd *);

/* Everything anew, also in a folder that is not there yet. */
void	gateway_renew(struct gateway *);
/* Tells what there is to tell, without pauses, and waits for it: at the most
 * so long, and not for a gateway that does not answer. */
int	gateway_finish(struct gateway *, int64_t ms);

/* What came of it: keys that may pass as of the last writing, files that were
 * replaced by it; and what is wrong, or NULL. */
struct gateway_told {
	uint64_t	 keys;
	unsigned	 files;
	const char	*trouble;
	bool		 haproxy;	/* it was told all */
};
struct gateway_told gateway_told(const struct gateway *);

#endif
