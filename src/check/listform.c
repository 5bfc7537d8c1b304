/*
 * listform: a form that is a list: its entries.
 *
 * May not: know which list is in force.
 * A fault of the form: an entry without an id, or with one of another.
 *
 * That no id is there twice a schema could say by xs:unique; in libxml2 that
 * takes a comparison of each with each, minutes for a list of 100,000.
 */
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "idlist.h"
#include "limit.h"
#include "listform.h"
#include "sentence.h"

/* What else is known of an entry, in the order of its line. */
static const char *const children[] = { "name", "recipient", "contact" };
#define CHILDREN (sizeof(children) / sizeof(children[0]))

static xmlChar *
id_of(xmlNodePtr node)
{
	return xmlGetNoNsProp(node, (const xmlChar *)"id");
}

/* The line in which an id stood first. */
static long
first_line(const xmlNodeSet *set, const char *id, size_t len)
{
	const char *other;
	xmlChar *value;
	size_t n;
	long line = 0;
	int i;

	for (i = 0; i < set->nodeNr && line == 0; i++) {
		value = id_of(set->nodeTab[i]);
		other = value == NULL ? "" : id_trim((const char *)value, &n);
		if (value != NULL && n == len && strncmp(id, other, n) == 0)
			line = xmlGetLineNo(set->nodeTab[i]);
		xmlFree(value);
	}
	return line;
}

static const char *
id_name(const struct schema_type *t, xmlNodePtr node)
{
	xmlAttrPtr attribute = xmlHasProp(node, (const xmlChar *)"id");

	return attribute == NULL ? "id" :
	    sentence_name(t->root, (const xmlNode *)attribute);
}

static void
check_entry(const struct schema_type *t, const xmlNodeSet *set,
    xmlNodePtr node, struct idset *seen, struct faults *faults)
{
	xmlChar *value = id_of(node);
	size_t n = 0;
	const char *id = value == NULL ? "" :
	    id_trim((const char *)value, &n);

	if (n == 0 || n > LIMIT_ENTRY_ID || !text_plain(id, n))
		faults_add(faults, FAULT_INVALID, xmlGetLineNo(node),
		    (const char *)node->name, "Every entry needs an attribute "
		    "id, of 1 to 256 bytes without characters that hide.");
	else if (!idset_add(seen, id, n))
		faults_addf(faults, FAULT_TWICE, xmlGetLineNo(node),
		    id_name(t, node), "The id \"%.*s\" stands in line %ld "
		    "already.", (int)n, id, first_line(set, id, n));
	xmlFree(value);
}

int
listform_check(struct form_rules *f, const struct schema_type *t,
    struct faults *faults)
{
	xmlXPathObjectPtr found;
	struct idset seen = { .n = 0 };
	int i;

	if (t->entries.compiled == NULL)
		return 0;
	if ((found = form_rules_eval(f, &t->entries)) == NULL)
		return -1;
	/* looking for the first of each costs: enough are enough */
	for (i = 0; found->nodesetval != NULL &&
	    i < found->nodesetval->nodeNr && faults->more == 0; i++)
		check_entry(t, found->nodesetval,
		    found->nodesetval->nodeTab[i], &seen, faults);
	idset_free(&seen);
	xmlXPathFreeObject(found);
	return 0;
}

static const xmlNode *
child_of(const xmlNode *entry, const char *name)
{
	const xmlNode *node;

	for (node = entry->children; node != NULL; node = node->next)
		if (node->type == XML_ELEMENT_NODE &&
		    strcmp((const char *)node->name, name) == 0)
			return node;
	return NULL;
}

static void
put_child(struct buf *out, const xmlNode *entry, const char *name)
{
	const xmlNode *node = child_of(entry, name);
	xmlChar *value = node == NULL ? NULL : xmlNodeGetContent(node);

	buf_putc(out, '\t');
	if (value != NULL)
		text_line(out, (const char *)value,
		    strlen((const char *)value), LIMIT_ENTRY);
	xmlFree(value);
}

static void
put_entry(struct buf *out, xmlNodePtr node)
{
	xmlChar *value = id_of(node);
	size_t n = 0, i;
	const char *id = value == NULL ? "" :
	    id_trim((const char *)value, &n);

	/* the list was checked before it could be approved */
	if (n > 0 && n <= LIMIT_ENTRY_ID && text_plain(id, n)) {
		buf_put(out, id, n);
		for (i = 0; i < CHILDREN; i++)
			put_child(out, node, children[i]);
		buf_putc(out, '\n');
	}
	xmlFree(value);
}

int
listform_entries(struct form_rules *f, const struct schema_type *t,
    struct buf *out)
{
	xmlXPathObjectPtr found;
	int i;

	if (t->entries.compiled == NULL)
		return 0;
	if ((found = form_rules_eval(f, &t->entries)) == NULL)
		return -1;
	for (i = 0; found->nodesetval != NULL &&
	    i < found->nodesetval->nodeNr; i++)
		put_entry(out, found->nodesetval->nodeTab[i]);
	xmlXPathFreeObject(found);
	return 0;
}
