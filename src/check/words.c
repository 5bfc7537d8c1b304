/*
 * words: what a schema tells docket, in xs:appinfo, in urn:docket:schema:1.
 *
 *	<d:form element="f:application" prefix="AK" client="f:client" …/>
 *	<d:rule element="f:application" fault="1227" at="f:effective"
 *	    test="…">The sentence.</d:rule>
 *
 * A fault of the schemas: anything that is not understood.
 */
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "limit.h"
#include "schema.h"
#include "xpath.h"

struct reading {
	struct schemas	*schemas;
	const struct schema_root *root;
	xmlNodePtr	 node;		/* the d:form or d:rule at hand */
	bool		 bad;		/* the word, as far as it is read */
};

static void
complain(struct reading *r, const char *what, const char *value)
{
	r->bad = true;
	faults_addf(&r->schemas->public.faults, FAULT_INVALID,
	    xmlGetLineNo(r->node), r->root->doc->file.path,
	    "In d:%s: %s%s%.200s.", (const char *)r->node->name, what,
	    value == NULL ? "" : " ", value == NULL ? "" : value);
}

/* The attribute's value, or NULL; the caller's to free. */
static char *
value_of(const struct reading *r, const char *name)
{
	xmlChar *v = xmlGetNoNsProp(r->node, (const xmlChar *)name);
	char *copy = mem_str((const char *)v);

	xmlFree(v);
	return copy;
}

static void
read_expr(struct reading *r, const char *attribute, struct expr *e)
{
	char *text = value_of(r, attribute);
	struct buf why = BUF_INIT;

	if (text == NULL)
		return;
	e->compiled = xmlXPathCompile((const xmlChar *)text);
	e->dated = strstr(text, "today") != NULL;
	e->doc = r->root->doc->doc;
	e->at = r->node;
	e->namespaces = xmlGetNsList(e->doc, e->at);
	while (e->namespaces != NULL &&
	    e->namespaces[e->n_namespaces] != NULL)
		e->n_namespaces++;
	if (e->compiled == NULL)
		complain(r, "this is not an XPath expression:", text);
	else if (xpath_check(e, text, &why) != 0)
		complain(r, buf_str(&why), text);
	else
		path_read(&e->path, text, e->namespaces, e->n_namespaces);
	buf_free(&why);
	free(text);
}

void
expr_free(struct expr *e)
{
	if (e->compiled != NULL)
		xmlXPathFreeCompExpr(e->compiled);
	xmlFree(e->namespaces);
	path_free(&e->path);
	*e = (struct expr){ .compiled = NULL };
}

void
rule_free(struct rule *rule)
{
	expr_free(&rule->test);
	expr_free(&rule->where);
	free(rule->text);
}

/* The {namespace}element that the attribute `element' names. */
static char *
read_element(struct reading *r)
{
	char *qname = value_of(r, "element"), *colon;
	struct buf form = BUF_INIT;
	const char *href, *name;
	xmlNsPtr ns;

	if (qname == NULL) {
		complain(r, "the attribute element is missing", NULL);
		return NULL;
	}
	colon = strchr(qname, ':');
	if (colon != NULL)
		*colon = '\0';
	ns = xmlSearchNs(r->root->doc->doc, r->node,
	    colon == NULL ? NULL : (xmlChar *)qname);
	name = colon == NULL ? qname : colon + 1;
	href = ns == NULL ? "" : (const char *)ns->href;
	if (colon != NULL && ns == NULL)
		complain(r, "the prefix is not declared:", qname);
	else if (!schema_defines(r->schemas, r->root->doc, href, name))
		complain(r, "there is no such element:", name);
	else
		buf_putf(&form, "{%s}%s", href, name);
	free(qname);
	return form.len == 0 ? NULL : buf_take(&form);
}

/* No attribute but those named. */
static void
check_attributes(struct reading *r, const char *const known[])
{
	const xmlAttr *a;
	size_t i;

	for (a = r->node->properties; a != NULL; a = a->next) {
		for (i = 0; known[i] != NULL; i++)
			if (strcmp((const char *)a->name, known[i]) == 0)
				break;
		if (known[i] == NULL)
			complain(r, "there is no attribute",
			    (const char *)a->name);
	}
}

static enum ask
read_asks(struct reading *r)
{
	static const struct {
		const char *word;
		enum ask ask;
	} words[] = {
		{ "revocation", ASK_REVOCATION },
		{ "rotation", ASK_ROTATION },
		{ "withdrawal", ASK_WITHDRAWAL },
		{ "decisions", ASK_DECISIONS },
		{ "batch", ASK_BATCH },
	};
	char *v = value_of(r, "asks");
	enum ask ask = ASK_NOTHING;
	size_t i;

	if (v == NULL)
		return ASK_NOTHING;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(v, words[i].word) == 0)
			ask = words[i].ask;
	if (ask == ASK_NOTHING)
		complain(r, "asks is revocation, rotation, withdrawal, "
		    "decisions or batch, not", v);
	free(v);
	return ask;
}

static void
read_prefix(struct reading *r, struct form_type *public)
{
	char *v = value_of(r, "prefix");

	if (public->ask != ASK_NOTHING) {
		if (v != NULL)
			complain(r, "a request has no prefix of its own",
			    NULL);
	} else if (v == NULL)
		complain(r, "the attribute prefix is missing", NULL);
	else if (!prefix_valid(v))
		complain(r, "a prefix is two to eight capital letters and "
		    "digits, not", v);
	else
		strcpy(public->prefix, v);
	free(v);
}

static void
read_issues(struct reading *r, struct form_type *public)
{
	char *v = value_of(r, "issues");

	if (v == NULL)
		return;
	public->issues_key = strcmp(v, "key") == 0;
	if (!public->issues_key)
		complain(r, "issues is key, not", v);
	free(v);
}

/* A list that such a form is: what is in force from its approval on, with no
 * days of its own. */
static void
read_lists(struct reading *r, struct schema_type *t,
    struct form_type *public)
{
	char *v = value_of(r, "lists");

	if ((v != NULL) != (t->entries.compiled != NULL) && !r->bad)
		complain(r, "lists and entries belong together", NULL);
	if (v == NULL)
		return;
	if (*v == '\0' || strlen(v) > LIMIT_CATALOG ||
	    strspn(v, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(v))
		complain(r, "a list is called by small letters, digits and "
		    "hyphens, at most 32, not", v);
	else if (public->ask != ASK_NOTHING)
		complain(r, "a request is not a list", NULL);
	else if (t->effective.compiled != NULL || t->expiry.compiled != NULL)
		complain(r, "a list has neither effective nor expiry: it is in "
		    "force from its approval on", NULL);
	else
		public->lists = mem_str(v);
	free(v);
}

static char *
title_of(const struct schema_root *root, const char *form)
{
	const char *name = strchr(form, '}') + 1;
	const struct label *l = schema_label(root, name);

	return mem_str(l == NULL || l->label == NULL ? name : l->label);
}

static void
read_form(struct reading *r)
{
	static const char *const known[] = {
		"element", "prefix", "client", "label", "effective", "expiry",
		"apis", "issues", "asks", "number", "reason", "overlap",
		"list", "lists", "entries", NULL,
	};
	struct schemas *s = r->schemas;
	struct form_type *public;
	struct schema_type *t;
	char *form;

	check_attributes(r, known);
	form = read_element(r);
	if (form == NULL)
		return;
	if (schemas_type(s, form) != NULL) {
		complain(r, "the form is defined already:", form);
		free(form);
		return;
	}
	s->types = mem_grow(s->types, s->n_types + 1, sizeof(*s->types));
	t = &s->types[s->n_types++];
	*t = (struct schema_type){ .form = form, .root = r->root,
	    .schema = r->root->compiled };
	read_expr(r, "client", &t->client);
	read_expr(r, "label", &t->label);
	read_expr(r, "effective", &t->effective);
	read_expr(r, "expiry", &t->expiry);
	read_expr(r, "apis", &t->apis);
	read_expr(r, "number", &t->number);
	read_expr(r, "reason", &t->reason);
	read_expr(r, "overlap", &t->overlap);
	read_expr(r, "list", &t->list);
	read_expr(r, "entries", &t->entries);
	public = types_add(&s->public);
	public->form = mem_str(form);
	public->title = title_of(r->root, form);
	public->ask = read_asks(r);
	read_prefix(r, public);
	read_issues(r, public);
	read_lists(r, t, public);
	if (public->ask == ASK_DECISIONS) {
		if (t->list.compiled == NULL)
			complain(r, "decisions need the attribute list", NULL);
	} else if (public->ask != ASK_NOTHING && public->ask != ASK_BATCH &&
	    t->number.compiled == NULL)
		complain(r, "a request needs the attribute number", NULL);
	else if ((public->ask == ASK_ROTATION) != (t->overlap.compiled !=
	    NULL))
		complain(r, public->ask == ASK_ROTATION ? "a rotation needs "
		    "the attribute overlap" : "only a rotation has the "
		    "attribute overlap", NULL);
}

static unsigned
read_code(struct reading *r)
{
	char *v = value_of(r, "fault");
	unsigned code = FAULT_RULE;
	uint64_t n;

	if (v == NULL)
		return code;
	if (!text_number(v, 9999, &n) || fault_kind((unsigned)n) == NULL)
		complain(r, "there is no fault", v);
	else
		code = (unsigned)n;
	free(v);
	return code;
}

static bool
read_when(struct reading *r)
{
	char *v = value_of(r, "when");
	bool decision = v != NULL && strcmp(v, "decision") == 0;

	if (v != NULL && !decision)
		complain(r, "when is decision, not", v);
	free(v);
	return decision;
}

static void
read_rule(struct reading *r)
{
	static const char *const known[] = {
		"element", "fault", "at", "test", "when", NULL,
	};
	struct buf text = BUF_INIT;
	struct schema_type *t = NULL;
	struct rule rule = { 0 };
	xmlChar *content;
	char *form;

	check_attributes(r, known);
	form = read_element(r);
	if (form != NULL) {
		t = schemas_type(r->schemas, form);
		if (t == NULL)
			complain(r, "a d:form for it must come first:", form);
		free(form);
	}
	if (t == NULL)
		return;
	rule.fault = read_code(r);
	rule.decision = read_when(r);
	read_expr(r, "test", &rule.test);
	read_expr(r, "at", &rule.where);
	if (rule.test.compiled == NULL && !r->bad)
		complain(r, "the attribute test is missing", NULL);
	content = xmlNodeGetContent(r->node);
	text_line(&text, (const char *)content, strlen((const char *)content),
	    LIMIT_SENTENCE);
	xmlFree(content);
	rule.text = text.len == 0 ? NULL : buf_take(&text);
	t->rules = mem_grow(t->rules, t->n_rules + 1, sizeof(*t->rules));
	t->rules[t->n_rules++] = rule;
}

/* All elements of our namespace below a node, in document order. */
static void
walk(struct reading *r, xmlNodePtr node)
{
	for (; node != NULL; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (node->ns == NULL || strcmp((const char *)node->ns->href,
		    SCHEMA_WORDS) != 0) {
			walk(r, node->children);
			continue;
		}
		r->node = node;
		r->bad = false;
		if (strcmp((const char *)node->name, "form") == 0)
			read_form(r);
		else if (strcmp((const char *)node->name, "rule") == 0)
			read_rule(r);
		else if (strcmp((const char *)node->name, "no-forms") != 0)
			complain(r, "there is no such word", NULL);
	}
}

void
words_read(struct schemas *s, const struct schema_root *root)
{
	struct reading r = { .schemas = s, .root = root };

	walk(&r, xmlDocGetRootElement(root->doc->doc)->children);
}
