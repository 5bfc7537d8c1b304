/*
 * listform: a form that is a list: its entries.
 *
 * An entry is an element that the expression `entries' of its type finds.
 * Its attribute id names it; its children name, recipient and contact, each
 * of which may be missing, are what else is known of it.
 */
#ifndef DOCKET_LISTFORM_H
#define DOCKET_LISTFORM_H

#include "fault.h"
#include "formrules.h"
#include "schema.h"
#include "wire.h"

struct buf;

/* Adds a fault for each entry without an id that docket can keep, and for
 * each whose id stands before it already.  -1: it could not be evaluated. */
int	listform_check(struct form_rules *, const struct schema_type *,
	    struct faults *);

/* Appends a line for each entry: id, TAB, name, TAB, recipient, TAB,
 * contact, LF.  -1 as above. */
int	listform_entries(struct form_rules *, const struct schema_type *,
	    struct buf *);

#endif
