/*
 * xmlform: one form, from its bytes to a verdict.
 *
 * May not: keep anything from one form to the next; a parser that is used
 * again remembers every name it has seen.
 * A fault of the form: all that scan, parser, schema and rules object to.
 * Our trouble: memory, a failure inside the library.
 */
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#include "formrules.h"
#include "sentence.h"
#include "xmlform.h"
#include "xmlscan.h"

/* Converters that the library opens by dlopen(3) are opened while that is
 * still possible, and kept. */
static const char *const converters[] = {
	"ISO-8859-2", "ISO-8859-5", "ISO-8859-7", "ISO-8859-9",
	"ISO-8859-15", "windows-1250", "windows-1251", "windows-1252",
};

/* Nothing that a form refers to is loaded, whoever asks. */
static xmlParserInputPtr
load_nothing(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
	(void)url;
	(void)id;
	(void)ctxt;
	return NULL;
}

void
xmlform_init(void)
{
	size_t i;

	xmlInitParser();
	xmlSchemaInitTypes();
	for (i = 0; i < sizeof(converters) / sizeof(converters[0]); i++)
		(void)xmlFindCharEncodingHandler(converters[i]);
}

/* A DOCTYPE that the scan did not see is stopped here. */
static void
refuse_doctype(void *arg, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	xmlParserCtxtPtr ctxt = arg;
	struct reporter *r = ctxt->_private;

	(void)name;
	(void)external;
	(void)system;
	faults_add(r->faults, FAULT_DOCTYPE, xmlSAX2GetLineNumber(ctxt), NULL,
	    NULL);
	xmlStopParser(ctxt);
}

static void
report(void *arg, xml_error_ptr e)
{
	xmlParserCtxtPtr ctxt = arg;

	sentence_parser(ctxt->_private, e);
}

static xmlDocPtr
parse(const struct query *q, struct reporter *r)
{
	xmlParserCtxtPtr ctxt;
	xmlDocPtr doc;

	ctxt = xmlCreateMemoryParserCtxt(q->data, (int)q->len);
	if (ctxt == NULL) {
		r->no_memory = true;
		return NULL;
	}
	ctxt->_private = r;
	ctxt->sax->internalSubset = refuse_doctype;
	ctxt->sax->serror = (xmlStructuredErrorFunc)report;
	xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
	xmlParseDocument(ctxt);
	doc = ctxt->myDoc;
	ctxt->myDoc = NULL;
	if (!ctxt->wellFormed && r->faults->n == 0 && !r->no_memory)
		faults_add(r->faults, FAULT_NOT_WELL_FORMED, 0, NULL, NULL);
	xmlFreeParserCtxt(ctxt);
	if (r->faults->n > 0 || r->no_memory || r->internal) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

/* The stamp is the first thing after the declaration, or it is not there. */
static void
check_stamp(const xmlDoc *doc, struct faults *faults)
{
	const xmlNode *node;

	for (node = doc->children; node != NULL; node = node->next)
		if (node->type == XML_PI_NODE && node != doc->children &&
		    strcmp((const char *)node->name, "docket") == 0)
			faults_add(faults, FAULT_STAMP, xmlGetLineNo(node),
			    NULL, "The desk's stamp is not in its place, the "
			    "second line.");
}

static const struct schema_type *
find_type(const struct schemas *s, const xmlNode *root, struct verdict *v)
{
	const struct schema_type *t;
	struct buf form = BUF_INIT;

	buf_putf(&form, "{%s}%s", root->ns == NULL ? "" :
	    (const char *)root->ns->href, (const char *)root->name);
	t = schemas_type(s, buf_str(&form));
	if (t != NULL)
		v->type = (int)(t - s->types);
	else
		faults_addf(&v->faults, FAULT_UNKNOWN_FORM, xmlGetLineNo(root),
		    (const char *)root->name,
		    "This desk has no form <%.100s>%s%.200s%s.",
		    (const char *)root->name,
		    root->ns == NULL ? "" : " of \"",
		    root->ns == NULL ? "" : (const char *)root->ns->href,
		    root->ns == NULL ? " without a namespace" : "\"");
	buf_free(&form);
	return t;
}

static void
validate(const struct schema_type *t, xmlDocPtr doc, struct reporter *r)
{
	xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(t->schema);
	int status;

	if (ctxt == NULL) {
		r->no_memory = true;
		return;
	}
	r->root = t->root;
	xmlSchemaSetValidStructuredErrors(ctxt,
	    (xmlStructuredErrorFunc)sentence_schema, r);
	status = xmlSchemaValidateDoc(ctxt, doc);
	xmlSchemaFreeValidCtxt(ctxt);
	if (status < 0)
		r->internal = true;
	else if (status > 0 && r->faults->n == 0)
		faults_add(r->faults, FAULT_INVALID, 0, NULL, NULL);
}

/* Facts and rules. */
static int
apply_rules(const struct schema_type *t, xmlDocPtr doc,
    const struct query *q, struct verdict *v)
{
	struct form_rules *f = form_rules_open(doc, q->today);
	int status = -1;

	if (f == NULL)
		return -1;
	if (form_rules_facts(f, t, v) == 0 &&
	    (q->purpose == PURPOSE_FACTS || v->faults.n > 0 ||
	    form_rules_check(f, t, q->purpose, &v->faults) == 0))
		status = 0;
	form_rules_close(f);
	return status;
}

static void
judge(const struct schemas *s, const struct query *q, xmlDocPtr doc,
    struct reporter *r, struct verdict *v)
{
	const struct schema_type *t;

	check_stamp(doc, &v->faults);
	t = find_type(s, xmlDocGetRootElement(doc), v);
	if (t == NULL)
		return;
	if (q->purpose != PURPOSE_FACTS)
		validate(t, doc, r);
	if (!r->no_memory && !r->internal && apply_rules(t, doc, q, v) != 0)
		r->internal = true;
}

enum xmlform
xmlform_check(const struct schemas *s, const struct check_limits *limits,
    const struct query *q, struct verdict *v)
{
	struct reporter r = { .faults = &v->faults };
	xmlDocPtr doc;

	*v = (struct verdict){ .type = -1 };
	if (xmlscan(q->data, q->len, limits, &v->faults) != 0)
		return XMLFORM_VERDICT;
	xmlSetExternalEntityLoader(load_nothing);
	doc = parse(q, &r);
	if (doc != NULL)
		judge(s, q, doc, &r, v);
	xmlFreeDoc(doc);
	if (!r.no_memory && !r.internal)
		return XMLFORM_VERDICT;
	verdict_free(v);
	return r.no_memory ? XMLFORM_NO_MEMORY : XMLFORM_TROUBLE;
}
