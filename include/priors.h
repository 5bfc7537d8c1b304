/*
 * priors: decisions that were counted before for the same paper, and whether
 * their evidence is still good: what policy_judge() is handed.
 *
 * The daemon and a command's dry run ask the same.
 */
#ifndef DOCKET_PRIORS_H
#define DOCKET_PRIORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"

#include "casefile.h"
#include "ledger.h"
#include "policy.h"
#include "rules.h"
#include "settings.h"

struct priors {
	struct prior	 list[POLICY_PRIORS];
	size_t		 n;
	bool		 unclear;	/* whether some stand cannot be told
					 * now: nothing is to follow from it */
};

/* Where evidence is looked for, and by which rules it is judged. */
struct priors_from {
	struct ledger	*ledger;
	const struct rules *rules;
	const struct settings *settings;
	int64_t		 now;
	bool		 log;		/* what does not stand any more */
	struct map	*lists;		/* signatures over lists that were
					 * verified just now; NULL: none */
};

/* Those who have decided so on a paper of the case, which lies in a tray of
 * the ledger's head; signatures are verified once more. */
void	priors_gather(const struct priors_from *, const struct casefile *,
	    const struct paper *, enum state tray, enum event decision,
	    struct priors *);

/* The same without looking at the evidence: for lists that people read. */
void	priors_claimed(const struct settings *, const struct casefile *,
	    const char *paper, enum event decision, struct priors *);

/* Names of those that stand, into an array of POLICY_PRIORS + 1; lent. */
size_t	priors_names(const struct priors *, const char *who[]);

#endif
