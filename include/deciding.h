/*
 * deciding: one decision by a command: what decide.c asks for, many times.
 *
 *	deciding_find()		which paper is meant
 *	deciding_judge()	what the policy would say (--dry-run)
 *	deciding_carry_out()	puts a copy, or a signature, where it would be
 *				put by hand, and waits for the answer
 *
 * Functions return an exit status, having said what there is to say.
 */
#ifndef DOCKET_DECIDING_H
#define DOCKET_DECIDING_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "buf.h"

#include "form.h"
#include "rules.h"
#include "sshsig.h"

#include "cmd.h"

struct deciding {
	struct reading	 reading;
	struct rules	 rules;		/* in force */
	enum event	 event;
	const char	*note, *key;	/* or NULL */
	struct signer	 probed;	/* by a dry run; "": not yet */
};

struct target {
	struct casefile	 c;
	struct paper	 paper;
	char		 name[PAPER_NAME];
	enum state	 from, to;
	struct signer	 by;		/* "": by a copy */
	char		 who[REVIEWER_NAME];	/* we; "": no reviewer */
	/* what we put there, and where */
	enum state	 tray;
	char		 file[PAPER_NAME];
	struct stat	 st;
	char		 note_name[PAPER_NAME];
	struct timespec	 refused;	/* what was explained before */
};

/* What is meant by AK-000012 or AK-000012.r2.  Of EXIT_DONE the target is
 * the caller's, to be freed. */
int	deciding_find(struct deciding *, const char *word, struct target *);
void	target_free(struct target *);

/* The paper as the ledger has it, after a look whether the tray shows the
 * same. */
int	deciding_read(struct deciding *, const struct target *, struct buf *);
/* Signs bytes with the key, and tells whose it is by the rules in force. */
int	deciding_sign(struct deciding *, const char *name_space,
	    const char *about, const struct buf *bytes, struct buf *sig,
	    struct signer *by);

int	deciding_judge(struct deciding *, struct target *);
int	deciding_carry_out(struct deciding *, struct target *);

#endif
