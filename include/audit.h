/*
 * audit: a ledger proven again, from its objects alone.
 *
 * Every commit is made once more, from where its case stands, what it says
 * and what it brings, and compared with what is there.  Nobody is believed:
 * not the desk, not its index, not the clone.  What cannot be known from a
 * ledger is taken on trust and counted.
 */
#ifndef DOCKET_AUDIT_H
#define DOCKET_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "ruling.h"
#include "state.h"

/* Called now and then. */
typedef void audit_fn(void *arg, uint64_t done, uint64_t all);

struct audit_asked {
	const char	*ledger;	/* its path */
	unsigned	 jobs;		/* at once; 0: as many as processors */
	const char	*root;		/* the first commit must be this; NULL */
	const char	*since;		/* proven in full after this; NULL */
	const char	*seen;		/* a head that was seen before; NULL */
	const struct buf *receipt;	/* an applicant's; NULL */
	audit_fn	*progress;	/* or NULL */
	void		*arg;
};

/* What was not proven, because a ledger cannot show it. */
struct audit_trust {
	uint64_t	 times;		/* of receipt */
	uint64_t	 owner, move;	/* evidence: the desk's word */
	uint64_t	 sent;		/* forms whose bytes as they were
					 * submitted cannot be told */
	uint64_t	 behind;	/* commits whose own clock was behind
					 * the date that they bear */
	uint64_t	 apart;		/* signers whose user is not known
					 * from the ledger */
	bool		 root;		/* the first commit was not pinned */
};

struct audit_report {
	uint64_t	 commits, skipped;	/* before `since' */
	uint64_t	 events[EVENT_COUNT];
	uint64_t	 cases, forms, signatures;
	struct audit_trust trust;
	char		 first[COMMIT_HEX], head[COMMIT_HEX];
	int64_t		 from, to;		/* dates */
	int64_t		 ms;
	/* of one that is not proven */
	char		 wrong[COMMIT_HEX];	/* "": none in particular */
	char		*subject;		/* fit to be shown; or NULL */
	char		*why;			/* a sentence */
};

/* 1: proven; 0: not, and why says what is wrong first; -1: it could not be
 * told, and why says so.  The report is the caller's to free. */
int	audit(const struct audit_asked *, struct audit_report *);
void	audit_report_free(struct audit_report *);

#endif
