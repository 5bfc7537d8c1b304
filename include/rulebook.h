/*
 * rulebook: the rules in force, and changes of them on the desk.
 *
 * In force is what the ledger's head holds.  When files on the desk differ,
 * and have been still for inbox.settle, they are read as a whole; a set that
 * is not valid is refused once, with a FILE.refused.txt beside the file that
 * is wrong, and the old rules stay.
 */
#ifndef DOCKET_RULEBOOK_H
#define DOCKET_RULEBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "desk.h"
#include "fault.h"
#include "rules.h"
#include "ruling.h"
#include "settings.h"
#include "watch.h"

struct rulebook;

/* Takes over the rules in force.  NULL: their docket.conf cannot be
 * understood (why), or the machine does not let us (*trouble). */
struct rulebook *rulebook_open(struct desk *, struct rules * /* takes */,
	    struct watch *, int tag, struct buf *why, bool *trouble);
void	rulebook_close(struct rulebook *);

const struct rules *rulebook_rules(const struct rulebook *);
const struct settings *rulebook_settings(const struct rulebook *);

/* Tags are tag (the desk) and tag + 1 (schemas/). */
void	rulebook_event(struct rulebook *, const struct watch_event *);
/* Lays the watches anew; without events it looks all the same. */
void	rulebook_watch(struct rulebook *);
void	rulebook_look(struct rulebook *);	/* look now */
int64_t	rulebook_due(const struct rulebook *);

/* What is on the desk, if it differs, was not refused before, and its
 * docket.conf is valid.  True: *r and *s are the caller's. */
bool	rulebook_changed(struct rulebook *, struct rules *r,
	    struct settings *s);

/* The set is not valid after all; the faults' fields are the files. */
void	rulebook_refuse(struct rulebook *, struct rules * /* takes */,
	    const struct faults *);

/* The change as a ruling, to be committed. */
struct ruling *rulebook_ruling(const struct rulebook *, const struct rules *,
	    int64_t now);

/* It is committed: in force from now on. */
void	rulebook_adopt(struct rulebook *, struct rules * /* takes */,
	    struct settings * /* takes */);

/* Whether the desk can sign the ledger with the key that the settings name,
 * so that plain git can verify it by allowed_signers.  With a key that nobody
 * can verify by, no ledger is signed. */
void	rulebook_check_signing(const struct desk *, const struct rules *,
	    const struct settings *, struct faults *);

#endif
