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
#include <libxml/xmlmemory.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "xmlout.h"

#include "formrules.h"
#include "limit.h"
#include "listform.h"
#include "pieces.h"
#include "sentence.h"
#include "split.h"
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

/* Where nobody else listens the library would write to standard error,
 * and quote the form there. */
static void
say_nothing(void *arg, const char *message, ...)
{
	(void)arg;
	(void)message;
}

void
xmlform_init(void)
{
	size_t i;

	xmlMemSetup(pieces_free, pieces_malloc, pieces_realloc, pieces_strdup);
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, say_nothing);
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
	/* compact: short texts need no memory of their own */
	xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_BIG_LINES |
	    XML_PARSE_COMPACT);
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

/* The next node in document order. */
static const xmlNode *
next_node(const xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL)
		return node->children;
	while (node->next == NULL) {
		node = node->parent;
		if (node == NULL || node->type == XML_DOCUMENT_NODE)
			return NULL;
	}
	return node->next;
}

/* The stamp is the first thing after the declaration, or it is not there.
 * (Whether it is one, docket sees for itself.) */
static void
check_stamp(const xmlDoc *doc, struct faults *faults)
{
	const xmlNode *node = doc->children;

	while ((node = next_node(node)) != NULL)
		if (node->type == XML_PI_NODE &&
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
validate_once(const struct schema_type *t, xmlDocPtr doc, struct reporter *r)
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

/* False for want of memory. */
static bool
strip(xmlNodePtr node)
{
	xmlChar *content = xmlNodeGetContent(node);
	struct buf text = BUF_INIT;
	const char *from, *end;

	if (content == NULL)
		return false;
	from = (const char *)content;
	from += strspn(from, " \t\r\n");
	for (end = from + strlen(from); end > from &&
	    strchr(" \t\r\n", end[-1]) != NULL; end--)
		;
	xml_escape(&text, from, (size_t)(end - from));
	xmlNodeSetContent(node, (const xmlChar *)buf_str(&text));
	buf_free(&text);
	xmlFree(content);
	return true;
}

/* Values that may have been refused for the blanks around them alone are
 * stripped, and all is judged again. */
static void
validate(const struct schema_type *t, xmlDocPtr doc, struct reporter *r)
{
	size_t before = r->faults->n, i;

	validate_once(t, doc, r);
	if (r->n_blanks > 0 && before == 0) {
		for (i = 0; i < r->n_blanks; i++)
			r->no_memory |= !strip(r->blanks[i]);
		faults_free(r->faults);
		r->last = NULL;
		validate_once(t, doc, r);
	}
	free(r->blanks);
	r->blanks = NULL;
}

static int
take_entries(struct form_rules *f, const struct schema_type *t,
    struct verdict *v)
{
	struct buf lines = BUF_INIT;
	int status = listform_entries(f, t, &lines);

	if (status == 0)
		v->entries = buf_take(&lines);
	buf_free(&lines);
	return status;
}

/* Whether a form of this purpose is judged, and not only read. */
static bool
is_judged(enum purpose purpose)
{
	return purpose == PURPOSE_INTAKE || purpose == PURPOSE_DECISION;
}

/* Facts and rules. */
static int
apply_rules(const struct schemas *s, const struct schema_type *t,
    xmlDocPtr doc, const struct query *q, struct reporter *r,
    struct verdict *v)
{
	struct form_rules *f = form_rules_open(doc, q->today, &s->lists);
	int status;

	if (f == NULL)
		return -1;
	if (q->purpose == PURPOSE_ENTRIES)
		status = take_entries(f, t, v);
	else
		status = form_rules_facts(f, t, q->brief, v);
	if (status == 0 && is_judged(q->purpose) && v->faults.n == 0)
		status = listform_check(f, t, &v->faults);
	if (status == 0 && is_judged(q->purpose) && v->faults.n == 0)
		status = form_rules_check(f, t, q->purpose, v);
	r->no_memory |= form_rules_costly(f);
	form_rules_close(f);
	return status;
}

/* Whether a form that was found good could be decided on as of the later day:
 * what depends on a day are the rules.  What has entries, which are looked at
 * with its facts, is not told. */
static bool
is_good_later(const struct schemas *s, const struct schema_type *t,
    xmlDocPtr doc, const struct query *q)
{
	struct form_rules *f = form_rules_open(doc, q->later, &s->lists);
	bool good;

	if (f == NULL)
		return false;
	good = t->list.compiled == NULL && t->entries.compiled == NULL &&
	    form_rules_good(f, t);
	form_rules_close(f);
	return good;
}

/* Who has a form refused needs its faults, not its fields; both may be too
 * much for one message. */
static void
forget_fields(struct verdict *v)
{
	size_t i;

	free(v->facts.fields);
	free(v->facts.apis);
	v->facts.fields = v->facts.apis = NULL;
	for (i = 0; i < v->n_listed; i++)
		free(v->listed[i].note);
	free(v->listed);
	v->listed = NULL;
	v->n_listed = 0;
	free(v->cuts.list);
	v->cuts = (struct cuts){ .list = NULL };
}

static bool
is_batch(const struct schemas *s, const struct verdict *v)
{
	return v->type >= 0 && s->public.list[v->type].ask == ASK_BATCH;
}

static void
judge(const struct schemas *s, const struct query *q, xmlDocPtr doc,
    struct reporter *r, struct verdict *v)
{
	const struct schema_type *t;

	t = find_type(s, xmlDocGetRootElement(doc), v);
	if (t != NULL && is_batch(s, v) && q->purpose == PURPOSE_INTAKE)
		return;		/* its forms are looked at one by one */
	check_stamp(doc, &v->faults);
	if (t == NULL)
		return;
	if (is_judged(q->purpose))
		validate(t, doc, r);
	if (!r->no_memory && !r->internal &&
	    apply_rules(s, t, doc, q, r, v) != 0)
		r->internal = true;
	if (v->faults.n > 0)
		forget_fields(v);
	else if (q->purpose == PURPOSE_INTAKE && q->later != 0 &&
	    !r->no_memory && !r->internal)
		v->later = is_good_later(s, t, doc, q);
}

/* What a file is by its first tag alone, which is parsed as if it were
 * closed at once.  *from is where it ends. */
static void
look(const struct schemas *s, const struct check_limits *limits,
    const struct query *q, struct reporter *r, struct verdict *v,
    size_t *from)
{
	struct cutting *c = &v->cuts.then;
	struct buf text = BUF_INIT;
	struct query head;
	xmlDocPtr doc;
	bool empty;

	if (split_head(q->data, q->len, from, c->root, &empty) != 0) {
		/* what else may be wrong with it, the scan sees */
		if (xmlscan(q->data, q->len, limits, &v->faults) == 0)
			faults_add(&v->faults, FAULT_NOT_WELL_FORMED, 1, NULL,
			    NULL);
		return;
	}
	buf_put(&text, q->data, *from);
	if (!empty)
		buf_putf(&text, "</%s>", c->root);
	head = (struct query){ .data = text.data, .len = text.len };
	if (xmlscan(q->data, *from, limits, &v->faults) == 0 &&
	    (doc = parse(&head, r)) != NULL) {
		find_type(s, xmlDocGetRootElement(doc), v);
		xmlFreeDoc(doc);
	}
	snprintf(v->cuts.encoding, sizeof(v->cuts.encoding), "%s",
	    xmlscan_encoding(q->data, *from));
	c->ended = empty;
	buf_free(&text);
}

/* A window of a batch; of anything else, only what it is. */
static void
split(const struct schemas *s, const struct check_limits *limits,
    const struct query *q, struct reporter *r, struct verdict *v)
{
	size_t from = 0, i;

	v->cuts.then = *q->cutting;
	if (q->cutting->root[0] == '\0')
		look(s, limits, q, r, v, &from);
	else
		for (i = 0; i < s->public.n; i++)
			if (s->public.list[i].ask == ASK_BATCH)
				v->type = (int)i;
	if (v->faults.n == 0 && is_batch(s, v))
		split_window(q, from, v);
	else
		forget_fields(v);
	if (v->faults.n > 0)
		forget_fields(v);
}

/* A form with faults, if it is a batch, has none of its own. */
static void
look_again(const struct schemas *s, const struct check_limits *limits,
    const struct query *q, struct verdict *v)
{
	struct verdict head = { .type = -1 };
	struct reporter r = { .faults = &head.faults };
	size_t from;

	look(s, limits, q, &r, &head, &from);
	if (head.faults.n == 0 && is_batch(s, &head)) {
		verdict_free(v);
		*v = (struct verdict){ .type = head.type };
	}
	verdict_free(&head);
}

static void
check_form(const struct schemas *s, const struct check_limits *limits,
    const struct query *q, struct reporter *r, struct verdict *v)
{
	xmlDocPtr doc = NULL;

	if (q->len == 0)
		faults_add(&v->faults, FAULT_EMPTY, 0, NULL, NULL);
	else if (xmlscan(q->data, q->len, limits, &v->faults) == 0)
		doc = parse(q, r);
	if (doc != NULL)
		judge(s, q, doc, r, v);
	else if (q->purpose == PURPOSE_INTAKE && !r->no_memory &&
	    !r->internal)
		look_again(s, limits, q, v);
	xmlFreeDoc(doc);
}

enum xmlform
xmlform_check(const struct schemas *s, const struct check_limits *limits,
    const struct query *q, struct verdict *v)
{
	struct reporter r = { .faults = &v->faults, .before = q->before };

	*v = (struct verdict){ .type = -1 };
	(void)pieces_ran_out();
	xmlSetExternalEntityLoader(load_nothing);
	if (q->purpose == PURPOSE_SPLIT)
		split(s, limits, q, &r, v);
	else
		check_form(s, limits, q, &r, v);
	r.no_memory |= pieces_ran_out();
	if (!r.no_memory && !r.internal)
		return XMLFORM_VERDICT;
	verdict_free(v);
	return r.no_memory ? XMLFORM_NO_MEMORY : XMLFORM_TROUBLE;
}

const char *
xmlform_parser(void)
{
	static char text[32];
	int n = atoi(xmlParserVersion);

	snprintf(text, sizeof(text), "%d.%d.%d", n / 10000, n / 100 % 100,
	    n % 100);
	return text;
}
