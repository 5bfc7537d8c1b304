/*
 * formrules: what the words of urn:docket:schema:1 say of a form, evaluated.
 *
 * XPath 1.0 over the form, its root element being the context node, with
 * the functions
 *
 *	d:today()	the day of the check, as a number of days
 *	d:day(x)	the day that an xs:date or xs:dateTime names, as a
 *			number of days in the desk's time zone; NaN if none
 *	d:listed(l, x)	whether x is an id of the list called l; true while no
 *			such list is in force
 */
#ifndef DOCKET_FORMRULES_H
#define DOCKET_FORMRULES_H

#include <libxml/tree.h>

#include "fault.h"
#include "schema.h"
#include "wire.h"

struct form_rules;	/* an XPath context for one form */

/* NULL for want of memory. */
struct form_rules *form_rules_open(xmlDocPtr, int32_t today,
	    const struct idlists *);
void	form_rules_close(struct form_rules *);

/* Why something could not be evaluated: it takes more steps or memory than a
 * form may; otherwise it is our trouble. */
bool	form_rules_costly(const struct form_rules *);

/* Whether there is such a function; ns is NULL for those of XPath itself. */
bool	form_rules_know(struct form_rules *, const char *ns,
	    const char *function);
/* The value, to be freed; NULL: it could not be evaluated. */
xmlXPathObjectPtr form_rules_eval(struct form_rules *, const struct expr *);
/* Whether the expression can be evaluated. */
bool	form_rules_try(struct form_rules *, const struct expr *);

/* The facts, and what a request says, into the verdict; brief: not the fields.
 * -1: the expression could not be evaluated. */
int	form_rules_facts(struct form_rules *, const struct schema_type *,
	    bool brief, struct verdict *);

/* Once the facts are there: adds a fault for each day that is none, or else
 * for each rule that is not met.  -1 as above. */
int	form_rules_check(struct form_rules *, const struct schema_type *,
	    enum purpose, struct verdict *);

/* Of a form that was found good on another day: whether it can be decided on
 * on this one.  What does not ask for the day is as it was.  False where that
 * could not be evaluated. */
bool	form_rules_good(struct form_rules *, const struct schema_type *);

#endif
