/*
 * path: an XPath expression that only names elements on the way down.
 *
 * May not: guess; whatever is not plainly such an expression is XPath's.
 * Our trouble: memory.
 */
#include <libxml/xpathInternals.h>
#include <stdbool.h>
#include <string.h>

#include "path.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define OTHERS "0123456789.-"

/* How long the name is that the text begins with; 0: with none. */
static size_t
name_length(const char *text)
{
	return strspn(text, LETTERS) == 0 ? 0 : strspn(text, LETTERS OTHERS);
}

/* NULL: the prefix is not declared. */
static const xmlChar *
namespace_of(const char *prefix, size_t n, xmlNsPtr *namespaces, int count)
{
	const char *known;
	int i;

	for (i = 0; i < count; i++) {
		known = (const char *)namespaces[i]->prefix;
		if (known != NULL && strlen(known) == n &&
		    memcmp(known, prefix, n) == 0)
			return namespaces[i]->href;
	}
	return NULL;
}

/* The text behind the step; NULL: there is none. */
static const char *
read_step(struct step *step, const char *text, xmlNsPtr *namespaces, int count)
{
	size_t n = name_length(text);

	*step = (struct step){ NULL, NULL };
	if (n > 0 && text[n] == ':') {
		step->ns = namespace_of(text, n, namespaces, count);
		if (step->ns == NULL)
			return NULL;
		text += n + 1;
		n = name_length(text);
	}
	if (n == 0)
		return NULL;
	step->name = xmlStrndup((const xmlChar *)text, (int)n);
	return step->name == NULL ? NULL : text + n;
}

void
path_read(struct path *path, const char *text, xmlNsPtr *namespaces, int n)
{
	path->n = 0;
	while (path->n < PATH_STEPS && (text = read_step(
	    &path->steps[path->n], text, namespaces, n)) != NULL) {
		path->n++;
		if (*text == '\0')
			return;
		if (*text++ != '/')
			break;
	}
	path_free(path);
}

void
path_free(struct path *path)
{
	while (path->n > 0)
		xmlFree(path->steps[--path->n].name);
}

static bool
is_step(const struct step *step, const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE &&
	    xmlStrEqual(node->name, step->name) &&
	    xmlStrEqual(node->ns == NULL ? NULL : node->ns->href, step->ns);
}

/* -1 for want of memory. */
static int
follow(const struct path *path, size_t at, xmlNodePtr parent,
    xmlNodeSetPtr found)
{
	xmlNodePtr node;
	int status = 0;

	for (node = parent->children; status == 0 && node != NULL;
	    node = node->next)
		if (is_step(&path->steps[at], node))
			status = at + 1 == path->n ?
			    xmlXPathNodeSetAddUnique(found, node) :
			    follow(path, at + 1, node, found);
	return status;
}

xmlXPathObjectPtr
path_find(const struct path *path, xmlNodePtr root)
{
	xmlXPathObjectPtr found = xmlXPathNewNodeSet(NULL);

	if (found == NULL || found->nodesetval == NULL ||
	    follow(path, 0, root, found->nodesetval) != 0) {
		xmlXPathFreeObject(found);
		return NULL;
	}
	return found;
}
