/*
 * policy: may this decision be made, by this person, with this evidence?
 *
 * A pure function of what is handed in: it allocates nothing but the fault's
 * text, reads no clock and no file.
 */
#ifndef DOCKET_POLICY_H
#define DOCKET_POLICY_H

#include <stdbool.h>

#include "casefile.h"
#include "desk.h"
#include "fault.h"
#include "settings.h"
#include "state.h"

struct buf;

/* What is known of a decision. */
struct case_decision {
	enum event	 event;
	bool		 moved;		/* not copied */
	bool		 linked;
	long		 uid;		/* of the decision file */
	long		 desk_uid;
	bool		 has_note;
	int64_t		 at;		/* when it is made; 0: that it has
					 * waited does not count */
	const char	*signer;	/* of a signature that verified; NULL */
	const char	*key;		/* its key: "SHA256:…" */
};

/* Decisions that were counted before for the same paper, and are the same;
 * in the order in which they came. */
#define POLICY_PRIORS 64

struct prior {
	struct endorsement said;
	bool		 stands;	/* its evidence is still good */
};

struct judgement {
	bool		 allowed;
	bool		 complete;	/* nobody else need decide */
	enum evidence	 evidence;
	const char	*who;		/* lent from the settings, or a literal */
	long		 uid;		/* -1: nobody's */
	const char	*key;		/* lent; NULL */
	bool		 counts[POLICY_PRIORS];	/* of the priors, if complete */
	bool		 wants_note;	/* refused for want of a note only */
	struct faults	 faults;	/* if not allowed; the caller's to free */
};

void	policy_judge(const struct settings *, const struct grounds *,
	    const struct casefile *, const struct case_decision *,
	    const struct prior *, size_t n_priors, struct judgement *);

/*
 * What is asked of a decision on a case at a time: as settings_policy() has
 * it; but what has waited for review.escalate may be decided by that group
 * as well, in the place of anybody's.  A function of the three alone, which
 * once true stays true while the case waits: an audit finds the same.
 */
void	policy_of_case(const struct settings *, const struct casefile *,
	    enum event decision, int64_t at, struct policy *);
/* Since when somebody should have been reminded, or the decision is
 * escalated; 0: not, or not yet. */
int64_t	policy_overdue(const struct settings *, const struct casefile *,
	    int64_t at);
int64_t	policy_escalated(const struct settings *, const struct casefile *,
	    int64_t at);

/*
 * How far a decision has come by those who decided so: which of them count
 * for its stages, one after the other, nobody twice.
 */
struct progress {
	unsigned	 stage;		/* that is open; n_stages: none */
	unsigned	 have;		/* who count for it */
	bool		 counts[POLICY_PRIORS + 1];
};

void	policy_progress(const struct settings *, const struct policy *,
	    const char *const who[], size_t n, struct progress *);

/* "1 of 2: alice; waiting for security", nothing if it is done. */
void	policy_waiting_text(const struct settings *, const struct policy *,
	    const char *const who[], size_t n, struct buf *);

#endif
