/*
 * xmlscan: a look at the raw bytes of a form before a parser sees them.
 *
 * It knows just enough of XML to count: tags, attributes in a tag,
 * namespaces in scope, the length of values and text, depth.  It sees that
 * every byte is one of the encoding that is declared.  It is linear in time
 * and uses no memory.  What it lets pass need not be
 * well-formed; what it refuses no form needs.
 */
#ifndef DOCKET_XMLSCAN_H
#define DOCKET_XMLSCAN_H

#include <stddef.h>

#include "fault.h"
#include "wire.h"

/* 0: nothing to object to; -1: a fault was added. */
int	xmlscan(const char *, size_t, const struct check_limits *,
	    struct faults *);

/* The encoding that a file declares, of those that are read, as the table
 * calls it; "" for UTF-8, and where there is none. */
const char *xmlscan_encoding(const char *, size_t);

#endif
