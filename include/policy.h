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

/* What is known of a decision. */
struct case_decision {
	enum event	 event;
	bool		 moved;		/* not copied */
	bool		 linked;
	long		 uid;		/* of the decision file */
	long		 desk_uid;
	bool		 has_note;
};

struct judgement {
	bool		 allowed;
	enum evidence	 evidence;
	const char	*who;		/* lent from the settings, or a literal */
	long		 uid;		/* -1: nobody's */
	bool		 wants_note;	/* refused for want of a note only */
	struct faults	 faults;	/* if not allowed; the caller's to free */
};

void	policy_judge(const struct settings *, const struct grounds *,
	    const struct casefile *, const struct case_decision *,
	    struct judgement *);

#endif
