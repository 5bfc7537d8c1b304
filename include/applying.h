/*
 * applying: what the two halves of docket apply share: apply.c writes a form,
 * checks it and drops it; asking.c asks for it on a terminal.  Nobody else
 * includes it.
 */
#ifndef DOCKET_APPLYING_H
#define DOCKET_APPLYING_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cmd.h"
#include "fault.h"
#include "pool.h"

enum apply_kind { APPLY_NEW, APPLY_CHANGE, APPLY_REVOCATION,
    APPLY_ROTATION, APPLY_WITHDRAWAL, APPLY_KINDS };

/* All that any of them asks for, in the order of the form. */
enum apply_field { APPLY_CLIENT, APPLY_NAME, APPLY_EFFECTIVE, APPLY_EXPIRY,
    APPLY_QUOTA, APPLY_DESCRIPTION, APPLY_APIS, APPLY_REASON, APPLY_OVERLAP,
    APPLY_FIELDS };

struct applying {
	enum apply_kind	 kind;
	const char	*number;	/* of the case; NULL: APPLY_NEW */
	const char	*value[APPLY_FIELDS];	/* NULL: not given; of the
					 * APIs: with blanks between */
	const char	*box;		/* NULL: inbox itself */
	const char	*output;	/* it is written there; or NULL */
	struct reading	*desk;
	struct pool	*pool;
	int32_t		 today;		/* as of which it is checked */
	struct buf	 old;		/* the paper that is changed */
	struct buf	 form;
	long		 line[APPLY_FIELDS];	/* where it stands in there */
	char		**kept;		/* what was asked for or read */
	size_t		 n_kept;
};

/* Whether this kind of form has the field. */
bool	apply_has(const struct applying *, enum apply_field);
/* As a person calls it. */
const char *apply_label(enum apply_field);
/* Keeps a text until the form is done. */
const char *apply_keep(struct applying *, char * /* takes */);

/* What the desk would say to it.  With `fill', what is not given yet is made
 * up, so that the rest can be judged.  EXIT_DONE, or it cannot be told. */
int	apply_check(struct applying *, bool fill, struct faults *);
/* The field that a fault is about; APPLY_FIELDS: none of them. */
enum apply_field apply_at(const struct applying *, const struct fault *);

/*
 * Asks for what is missing, one by one, until each is good; then shows the
 * whole and lets it be corrected.  EXIT_DONE: it is to be sent, or written to
 * a->output; EXIT_NO: to be left.
 */
int	apply_ask(struct applying *);

#endif
