/*
 * xmlform: one form, from its bytes to a verdict.
 *
 * First a scan of the raw bytes (xmlscan.h), which keeps from the parser
 * what would cost it dearly; then parsing, the schema, the rules.
 */
#ifndef DOCKET_XMLFORM_H
#define DOCKET_XMLFORM_H

#include "schema.h"
#include "wire.h"

/* Once, before the sandbox closes. */
void	xmlform_init(void);

enum xmlform {
	XMLFORM_VERDICT,	/* it is the caller's to free */
	XMLFORM_NO_MEMORY,	/* it takes more memory, or more steps of a
				 * rule, than a form may */
	XMLFORM_TROUBLE,	/* nor here: the library failed us */
};

enum xmlform xmlform_check(const struct schemas *, const struct check_limits *,
	    const struct query *, struct verdict *);

/* The version of libxml2 that is at work, "2.9.14". */
const char *xmlform_parser(void);

#endif
