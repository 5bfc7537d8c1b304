/*
 * reviewing: what settings.c and review.c share: the sections [review …] and
 * [reviewer …] of docket.conf, and their keys.
 *
 * A section [review] is about all form types and decisions; [review "revoke"]
 * about a decision; [review "AK"] about a form type; [review "AK revoke"]
 * about both; [review "policy"] about changes of the rules.  The more a
 * section is about, the later it is applied (its rank), and what it does not
 * say is as in those before.
 */
#ifndef DOCKET_REVIEWING_H
#define DOCKET_REVIEWING_H

#include "settings.h"

#define REVIEW_RANKS 4

unsigned review_rank(const struct conf_item *);
/* Whether a section [review "…"] is about something. */
bool	review_fits(const struct conf_item *);

void	review_defaults(struct settings *);
/* That all of it can hold together. */
int	review_check(const struct settings *, struct conf_error *);

/* Setters: -1 if the value is none. */
int	review_set_evidence(struct settings *, const struct conf_item *);
int	review_set_quorum(struct settings *, const struct conf_item *);
int	review_set_stage(struct settings *, const struct conf_item *);
int	review_set_apart(struct settings *, const struct conf_item *);
int	review_set_note(struct settings *, const struct conf_item *);
int	review_set_emergency(struct settings *, const struct conf_item *);
int	review_set_lapse(struct settings *, const struct conf_item *);
int	review_set_remind(struct settings *, const struct conf_item *);
int	review_set_escalate(struct settings *, const struct conf_item *);
int	reviewer_set_user(struct settings *, const struct conf_item *);
int	reviewer_set_group(struct settings *, const struct conf_item *);
int	reviewer_set_client(struct settings *, const struct conf_item *);

#endif
