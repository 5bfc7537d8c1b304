/*
 * sentence: what libxml2 says, in words that a clerk understands.
 */
#ifndef DOCKET_SENTENCE_H
#define DOCKET_SENTENCE_H

#include <libxml/xmlerror.h>

#include "fault.h"
#include "schema.h"

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error_ptr;
#else
typedef xmlErrorPtr xml_error_ptr;
#endif

/* Collects what the parser or the validator reports. */
struct reporter {
	struct faults	*faults;
	const struct schema_root *root;	/* for labels; NULL while parsing */
	long		 before;	/* lines of the file, before the form */
	xmlNodePtr	 last;		/* the node of the last fault: libxml2
					 * says most things twice */
	xmlNodePtr	*blanks;	/* with blanks around their value, */
	size_t		 n_blanks;	/* which may be all that is wrong */
	bool		 no_memory;	/* it ran out: no verdict */
	bool		 internal;	/* the library failed us */
};

/* The blanks are the caller's to free.
 *
 * xmlStructuredErrorFuncs; the context is a struct reporter. */
void	sentence_parser(void *, xml_error_ptr);
void	sentence_schema(void *, xml_error_ptr);

/* What a person calls an element or attribute. */
const char *sentence_name(const struct schema_root *, const xmlNode *);

#endif
