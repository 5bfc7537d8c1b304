/*
 * path: an XPath expression that only names elements on the way down, as
 * most of those in schemas do ("f:apis/f:api"), followed without XPath.
 *
 * What it finds is what XPath 1.0 finds (2.1, abbreviated location paths of
 * the child axis and name tests), in document order.
 */
#ifndef DOCKET_PATH_H
#define DOCKET_PATH_H

#include <stddef.h>

#include <libxml/tree.h>
#include <libxml/xpath.h>

#define PATH_STEPS 8

struct path {
	struct step {
		xmlChar		*name;	/* local name */
		const xmlChar	*ns;	/* lent; NULL: none */
	}	steps[PATH_STEPS];
	size_t	n;			/* 0: it is not such an expression */
};

/* The namespaces are those that the prefixes stand for. */
void	path_read(struct path *, const char *text, xmlNsPtr *namespaces,
	    int n);
void	path_free(struct path *);

/* The elements below the root element that it leads to, to be freed; NULL
 * for want of memory. */
xmlXPathObjectPtr path_find(const struct path *, xmlNodePtr root);

#endif
