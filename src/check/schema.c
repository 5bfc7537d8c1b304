/*
 * schema: the schemas of a desk, compiled.
 *
 * May not: open anything; the loader below answers for every address.
 * A fault of the schemas (the operator's): whatever does not compile, with
 * the file as its field.
 *
 * libxml2 keeps the loader of external entities in a global variable; so
 * does this file, for the time of schemas_compile().
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <libxml/xmlerror.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "limit.h"
#include "schema.h"
#include "sentence.h"

#define XS "http://www.w3.org/2001/XMLSchema"

/* As the schema parser itself reads them: entities of an internal subset are
 * replaced, W3C's own schemas use some. */
#define PARSE_OPTIONS (XML_PARSE_NOENT | XML_PARSE_NONET | \
	XML_PARSE_BIG_LINES)

static const struct schemas *loading;	/* for the loader, below */

/* Faults. */

struct complaints {
	struct faults	*faults;
	const char	*file;
};

static void
complain(void *arg, xml_error_ptr e)
{
	const struct complaints *c = arg;
	const char *file = e->file != NULL ? e->file : c->file;
	struct buf text = BUF_INIT;

	if (e->level < XML_ERR_ERROR)
		return;
	if (e->message != NULL)
		text_line(&text, e->message, strlen(e->message),
		    LIMIT_SENTENCE / 2);
	faults_add(c->faults, FAULT_INVALID, e->line,
	    file[0] == '/' ? file + 1 : file, buf_str(&text));
	buf_free(&text);
}

/* Documents. */

void
schemas_add(struct schemas *s, struct schema_file *file)
{
	s->docs = mem_grow(s->docs, s->n_docs + 1, sizeof(*s->docs));
	s->docs[s->n_docs++] = (struct schema_doc){ .file = *file };
	*file = (struct schema_file){ NULL, NULL, 0 };
}

static char *
attribute(const xmlNode *node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char *copy = mem_str((const char *)value);

	xmlFree(value);
	return copy;
}

static bool
is_xs(const xmlNode *node, const char *name)
{
	return node != NULL && node->type == XML_ELEMENT_NODE &&
	    node->ns != NULL && strcmp((const char *)node->ns->href, XS) == 0 &&
	    (name == NULL || strcmp((const char *)node->name, name) == 0);
}

/* The address by which libxml2 knows a document. */
static char *
address_of(const struct schema_doc *d)
{
	struct buf b = BUF_INIT;

	buf_putf(&b, "/%s", d->file.path);
	return buf_take(&b);
}

static void
parse_doc(struct schemas *s, struct schema_doc *d)
{
	struct complaints c = { &s->public.faults, d->file.path };
	char *address = address_of(d);
	xmlNodePtr root;

	xmlSetStructuredErrorFunc(&c, (xmlStructuredErrorFunc)complain);
	d->doc = xmlReadMemory(d->file.data, (int)d->file.len, address, NULL,
	    PARSE_OPTIONS);
	xmlSetStructuredErrorFunc(NULL, NULL);
	free(address);
	root = d->doc == NULL ? NULL : xmlDocGetRootElement(d->doc);
	if (root == NULL) {
		if (s->public.faults.n == 0)
			faults_add(&s->public.faults, FAULT_NOT_WELL_FORMED, 0,
			    d->file.path, NULL);
		return;
	}
	if (!is_xs(root, "schema")) {
		faults_add(&s->public.faults, FAULT_INVALID, 1, d->file.path,
		    "This is not an XML schema.");
		return;
	}
	d->ns = attribute(root, "targetNamespace");
	if (d->ns == NULL)
		d->ns = mem_str("");
}

/* References from one document to another. */

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static void
remember(struct schemas *s, const char *uri, size_t doc)
{
	s->uris = mem_grow(s->uris, s->n_uris + 1, sizeof(*s->uris));
	s->uris[s->n_uris++] = (struct map_uri){ mem_str(uri), doc };
}

/*
 * The document that a reference means: the file itself; else, whatever the
 * address, a file of that name and namespace; else, for an import, any file
 * of the namespace.  n_docs: there is none.
 */
static size_t
resolve(const struct schemas *s, const char *uri, const char *ns,
    bool import)
{
	size_t i;

	for (i = 0; uri != NULL && i < s->n_docs; i++)
		if (uri[0] == '/' && strcmp(uri + 1, s->docs[i].file.path) == 0)
			return i;
	for (i = 0; uri != NULL && i < s->n_docs; i++)
		if (strcmp(base_name(uri), base_name(s->docs[i].file.path)) ==
		    0 && (strcmp(s->docs[i].ns, ns) == 0 ||
		    (!import && s->docs[i].ns[0] == '\0')))
			return i;
	for (i = 0; import && i < s->n_docs; i++)
		if (strcmp(s->docs[i].ns, ns) == 0 && !s->docs[i].part)
			return i;
	for (i = 0; import && i < s->n_docs; i++)
		if (strcmp(s->docs[i].ns, ns) == 0)
			return i;
	return s->n_docs;
}

/* Writes the document anew, after a change of its tree. */
static void
rewrite(struct schema_doc *d)
{
	xmlChar *text;
	int n;

	xmlDocDumpMemory(d->doc, &text, &n);
	if (text == NULL)
		return;
	free(d->file.data);
	d->file.data = mem_strn((const char *)text, (size_t)n);
	d->file.len = (size_t)n;
	xmlFree(text);
}

/* An xs:include, xs:redefine or xs:import. */
static void
follow(struct schemas *s, struct schema_doc *d, xmlNodePtr node, bool import)
{
	char *location = attribute(node, "schemaLocation");
	char *ns = import ? attribute(node, "namespace") : mem_str(d->ns);
	char *base = address_of(d), *target;
	xmlChar *uri = location == NULL ? NULL :
	    xmlBuildURI((xmlChar *)location, (xmlChar *)base);
	size_t to = resolve(s, (const char *)uri, ns == NULL ? "" : ns,
	    import);

	if (to < s->n_docs && &s->docs[to] != d) {
		s->docs[to].part = true;
		d->links = mem_grow(d->links, d->n_links + 1,
		    sizeof(*d->links));
		d->links[d->n_links++] = to;
		if (uri != NULL)
			remember(s, (const char *)uri, to);
		else {
			/* the library follows no import without an address */
			target = address_of(&s->docs[to]);
			xmlSetProp(node, (const xmlChar *)"schemaLocation",
			    (const xmlChar *)target);
			remember(s, target, to);
			rewrite(d);
			free(target);
		}
	} else if (to == s->n_docs && !import)
		faults_addf(&s->public.faults, FAULT_INVALID,
		    xmlGetLineNo(node), d->file.path,
		    "It includes \"%.200s\", which is not in schemas/.",
		    location == NULL ? "" : location);
	xmlFree(uri);
	free(base);
	free(ns);
	free(location);
}

static void
follow_all(struct schemas *s, struct schema_doc *d)
{
	xmlNodePtr node = xmlDocGetRootElement(d->doc)->children;

	for (; node != NULL; node = node->next)
		if (is_xs(node, "import"))
			follow(s, d, node, true);
		else if (is_xs(node, "include") || is_xs(node, "redefine"))
			follow(s, d, node, false);
}

/* Whether the tree says anything to us; that may be a word which there is
 * not, and must not pass unnoticed.  */
static bool
has_words(const xmlNode *node)
{
	for (; node != NULL; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (node->ns != NULL && strcmp((const char *)node->ns->href,
		    SCHEMA_WORDS) == 0)
			return true;
		if (has_words(node->children))
			return true;
	}
	return false;
}

/* Labels. */

static int
by_name(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
name_to_label(const void *name, const void *label)
{
	const struct label *l = label;

	return strcmp(name, l->name);
}

const struct label *
schema_label(const struct schema_root *root, const char *name)
{
	if (root == NULL || root->n_labels == 0)
		return NULL;
	return bsearch(name, root->labels, root->n_labels,
	    sizeof(*root->labels), name_to_label);
}

/* The n-th xs:documentation of an element's annotation, as one line. */
static char *
documentation(const xmlNode *element, unsigned n, size_t limit)
{
	const xmlNode *node = element->children, *doc;
	struct buf line = BUF_INIT;
	xmlChar *text;

	while (node != NULL && !is_xs(node, "annotation"))
		node = node->next;
	if (node == NULL)
		return NULL;
	for (doc = node->children; doc != NULL; doc = doc->next)
		if (is_xs(doc, "documentation") && n-- == 0) {
			text = xmlNodeGetContent(doc);
			text_line(&line, (const char *)text,
			    strlen((const char *)text), limit);
			xmlFree(text);
			return buf_take(&line);
		}
	return NULL;
}

/* A label that is longer than this explains, and does not name. */
#define LABEL_MAX 60

static void
add_label(struct schema_root *root, const xmlNode *element)
{
	char *name = attribute(element, "name");
	char *label = documentation(element, 0, LABEL_MAX + 8);

	if (name == NULL) {
		free(label);
		return;
	}
	if (label != NULL && (*label == '\0' || strlen(label) > LABEL_MAX)) {
		free(label);
		label = NULL;
	}
	root->labels = mem_grow(root->labels, root->n_labels + 1,
	    sizeof(*root->labels));
	root->labels[root->n_labels++] = (struct label){ name, label,
	    documentation(element, 1, LIMIT_SENTENCE) };
}

static void
collect_labels(struct schema_root *root, const xmlNode *node)
{
	for (; node != NULL; node = node->next) {
		if (is_xs(node, "element") || is_xs(node, "attribute"))
			add_label(root, node);
		collect_labels(root, node->children);
	}
}

static void
label_free(struct label *l)
{
	free(l->name);
	free(l->label);
	free(l->help);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Of several with one name, one remains; its words only if all agree. */
static void
merge_labels(struct schema_root *root)
{
	struct label *l = root->labels;
	size_t i, n = 0;

	if (root->n_labels == 0)
		return;
	if (root->n_labels > 1)
		qsort(l, root->n_labels, sizeof(*l), by_name);
	for (i = 1; i < root->n_labels; i++) {
		if (strcmp(l[n].name, l[i].name) != 0) {
			l[++n] = l[i];
			continue;
		}
		if (!same(l[n].label, l[i].label)) {
			free(l[n].label);
			l[n].label = NULL;
		}
		if (!same(l[n].help, l[i].help)) {
			free(l[n].help);
			l[n].help = NULL;
		}
		label_free(&l[i]);
	}
	root->n_labels = n + 1;
}

/* Compiling. */

/* The only source of what a schema refers to. */
static xmlParserInputPtr
load(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
	const struct schema_doc *d = NULL;
	xmlParserInputBufferPtr buffer;
	xmlParserInputPtr input;
	char *address;
	size_t i;

	(void)id;
	for (i = 0; url != NULL && loading != NULL && i < loading->n_uris; i++)
		if (strcmp(loading->uris[i].uri, url) == 0) {
			d = &loading->docs[loading->uris[i].doc];
			break;
		}
	if (d == NULL)
		return NULL;
	buffer = xmlParserInputBufferCreateMem(d->file.data,
	    (int)d->file.len, XML_CHAR_ENCODING_NONE);
	if (buffer == NULL)
		return NULL;
	input = xmlNewIOInputStream(ctxt, buffer, XML_CHAR_ENCODING_NONE);
	if (input == NULL) {
		xmlFreeParserInputBuffer(buffer);
		return NULL;
	}
	/* whatever address led here: what the document refers to is looked
	 * for beside its file, and its faults are told with its name */
	address = address_of(d);
	input->filename = (char *)xmlStrdup((const xmlChar *)address);
	free(address);
	return input;
}

static void
compile_root(struct schemas *s, struct schema_root *root)
{
	struct complaints c = { &s->public.faults, root->doc->file.path };
	char *address = address_of(root->doc);
	xmlSchemaParserCtxtPtr ctxt = xmlSchemaNewParserCtxt(address);
	size_t before = s->public.faults.n;

	if (ctxt != NULL) {
		xmlSchemaSetParserStructuredErrors(ctxt,
		    (xmlStructuredErrorFunc)complain, &c);
		root->compiled = xmlSchemaParse(ctxt);
		xmlSchemaFreeParserCtxt(ctxt);
	}
	if (root->compiled == NULL && s->public.faults.n == before)
		faults_add(&s->public.faults, FAULT_INVALID, 0, c.file,
		    "The schema cannot be compiled.");
	free(address);
}

/* Marks a document and all that it leads to. */
static void
mark(struct schemas *s, struct schema_doc *d)
{
	size_t i;

	if (d->seen)
		return;
	d->seen = true;
	for (i = 0; i < d->n_links; i++)
		mark(s, &s->docs[d->links[i]]);
}

static void
mark_from(struct schemas *s, struct schema_doc *d)
{
	size_t i;

	for (i = 0; i < s->n_docs; i++)
		s->docs[i].seen = false;
	mark(s, d);
}

static void
label_root(struct schemas *s, struct schema_root *root)
{
	size_t i;

	mark_from(s, root->doc);
	for (i = 0; i < s->n_docs; i++)
		if (s->docs[i].seen)
			collect_labels(root,
			    xmlDocGetRootElement(s->docs[i].doc)->children);
	merge_labels(root);
}

/* A document without a namespace is included by one that has it. */
static bool
has_element(const struct schema_doc *d, const char *ns, const char *element)
{
	const xmlNode *node = xmlDocGetRootElement(d->doc)->children;
	bool found = false;
	char *name;

	if (strcmp(d->ns, ns) != 0 && d->ns[0] != '\0')
		return false;
	for (; node != NULL && !found; node = node->next) {
		if (!is_xs(node, "element"))
			continue;
		name = attribute(node, "name");
		found = name != NULL && strcmp(name, element) == 0;
		free(name);
	}
	return found;
}

bool
schema_defines(struct schemas *s, struct schema_doc *d, const char *ns,
    const char *element)
{
	size_t i;

	mark_from(s, d);
	for (i = 0; i < s->n_docs; i++)
		if (s->docs[i].seen && has_element(&s->docs[i], ns, element))
			return true;
	return false;
}

/* Types. */

struct schema_type *
schemas_type(const struct schemas *s, const char *form)
{
	size_t i;

	for (i = 0; i < s->n_types; i++)
		if (strcmp(s->types[i].form, form) == 0)
			return &s->types[i];
	return NULL;
}

/* Whether any document of the namespace names its forms itself. */
static bool
namespace_has_words(const struct schemas *s, const char *ns)
{
	size_t i;

	for (i = 0; i < s->n_docs; i++)
		if (s->docs[i].has_words && strcmp(s->docs[i].ns, ns) == 0)
			return true;
	return false;
}

/* A schema that says nothing of forms: each global element is one. */
static void
add_plain_types(struct schemas *s, const struct schema_root *root)
{
	const xmlNode *node =
	    xmlDocGetRootElement(root->doc->doc)->children;
	struct form_type *public;
	struct buf form = BUF_INIT;
	char *name;

	for (; node != NULL; node = node->next) {
		if (!is_xs(node, "element") ||
		    (name = attribute(node, "name")) == NULL)
			continue;
		buf_clear(&form);
		buf_putf(&form, "{%s}%s", root->doc->ns, name);
		if (schemas_type(s, buf_str(&form)) != NULL) {
			faults_addf(&s->public.faults, FAULT_INVALID,
			    xmlGetLineNo(node), root->doc->file.path,
			    "The form %s is defined by another schema as "
			    "well.", buf_str(&form));
			free(name);
			continue;
		}
		s->types = mem_grow(s->types, s->n_types + 1,
		    sizeof(*s->types));
		s->types[s->n_types++] = (struct schema_type){
			.form = mem_str(buf_str(&form)),
			.schema = root->compiled,
			.root = root,
		};
		public = types_add(&s->public);
		public->form = mem_str(buf_str(&form));
		strcpy(public->prefix, "FM");
		public->title = documentation(node, 0, 200);
		if (public->title == NULL)
			public->title = mem_str(name);
		free(name);
	}
	buf_free(&form);
}

/* The steps of schemas_compile(), in order; a step is left out once there
 * are faults. */

static void
parse_all(struct schemas *s)
{
	size_t i;

	for (i = 0; i < s->n_docs; i++)
		parse_doc(s, &s->docs[i]);
}

static void
link_all(struct schemas *s)
{
	size_t i;
	char *address;

	for (i = 0; i < s->n_docs; i++) {
		s->docs[i].has_words = has_words(
		    xmlDocGetRootElement(s->docs[i].doc)->children);
		follow_all(s, &s->docs[i]);
	}
	for (i = 0; i < s->n_docs; i++) {
		address = address_of(&s->docs[i]);
		remember(s, address, i);
		free(address);
	}
}

static void
compile_all(struct schemas *s)
{
	size_t i;

	for (i = 0; i < s->n_docs; i++) {
		if (s->docs[i].part && !s->docs[i].has_words)
			continue;
		s->roots = mem_grow(s->roots, s->n_roots + 1,
		    sizeof(*s->roots));
		s->roots[s->n_roots++] = (struct schema_root){
			.doc = &s->docs[i],
		};
	}
	loading = s;
	for (i = 0; i < s->n_roots; i++) {
		compile_root(s, &s->roots[i]);
		label_root(s, &s->roots[i]);
	}
	loading = NULL;
}

static void
type_all(struct schemas *s)
{
	size_t i;

	for (i = 0; i < s->n_roots; i++)
		if (s->roots[i].doc->has_words)
			words_read(s, &s->roots[i]);
	for (i = 0; i < s->n_roots; i++)
		if (!namespace_has_words(s, s->roots[i].doc->ns))
			add_plain_types(s, &s->roots[i]);
}

/* docket takes no name that it could not show. */
static void
name_all(struct schemas *s)
{
	size_t i;

	for (i = 0; i < s->n_types; i++)
		if (strlen(s->types[i].form) > LIMIT_SENTENCE ||
		    !text_plain(s->types[i].form, strlen(s->types[i].form)))
			faults_addf(&s->public.faults, FAULT_INVALID, 0,
			    s->types[i].root->doc->file.path, "The namespace "
			    "or the name of the form %.200s is too long, or "
			    "has characters that hide.", s->types[i].form);
}

void
schemas_compile(struct schemas *s)
{
	static void (*const step[])(struct schemas *) = {
		parse_all, link_all, compile_all, type_all, name_all,
	};
	size_t i;

	/* from the first word on: entities have addresses too */
	xmlSetExternalEntityLoader(load);
	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++)
		if (s->public.faults.n == 0)
			step[i](s);
}

static void
type_free(struct schema_type *t)
{
	struct expr *const exprs[] = {
		&t->client, &t->label, &t->effective, &t->expiry, &t->apis,
		&t->number, &t->reason, &t->overlap, &t->list, &t->entries,
	};
	size_t i;

	for (i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++)
		expr_free(exprs[i]);
	for (i = 0; i < t->n_rules; i++)
		rule_free(&t->rules[i]);
	free(t->rules);
	free(t->form);
}

void
schemas_free(struct schemas *s)
{
	size_t i, k;

	for (i = 0; i < s->n_types; i++)
		type_free(&s->types[i]);
	for (i = 0; i < s->n_roots; i++) {
		xmlSchemaFree(s->roots[i].compiled);
		for (k = 0; k < s->roots[i].n_labels; k++)
			label_free(&s->roots[i].labels[k]);
		free(s->roots[i].labels);
	}
	for (i = 0; i < s->n_docs; i++) {
		xmlFreeDoc(s->docs[i].doc);
		schema_free(&s->docs[i].file);
		free(s->docs[i].ns);
		free(s->docs[i].links);
	}
	for (i = 0; i < s->n_uris; i++)
		free(s->uris[i].uri);
	free(s->uris);
	free(s->types);
	free(s->roots);
	free(s->docs);
	types_free(&s->public);
	idlists_free(&s->lists);
	*s = (struct schemas){ 0 };
}
