/*
 * sentence: what libxml2 says, in words that a clerk understands (of the
 * parser: parserwords.c).
 *
 * May not: decide whether a form is good; every report of level ERROR or
 * above is a fault.
 * Our trouble: the library out of memory, or failing inside.
 */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "text.h"

#include "limit.h"
#include "saying.h"

#define BLANKS " \t\r\n"

/* Helpers. */

void
sentence_put(struct buf *out, const char *s, size_t limit)
{
	if (s != NULL)
		text_line(out, s, strlen(s), limit);
}

/* The end of a namespace in braces that begins here; NULL: it is none. */
static const char *
namespace_end(const char *p)
{
	const char *close = strchr(p, '}');

	return *p == '{' && close != NULL &&
	    memchr(p, ':', (size_t)(close - p)) != NULL ? close : NULL;
}

/* The library's own words as one line, without its namespaces. */
static char *
raw_words(const char *message)
{
	struct buf line = BUF_INIT, out = BUF_INIT;
	const char *p, *close;

	sentence_put(&line, message, LIMIT_SENTENCE / 2);
	for (p = buf_str(&line); *p != '\0'; p++) {
		if ((close = namespace_end(p)) != NULL)
			p = close;
		else
			buf_putc(&out, *p);
	}
	buf_free(&line);
	return buf_take(&out);
}

void
sentence_add(struct reporter *r, unsigned code, long line, const char *field,
    struct buf *text, const char *remedy, const char *raw)
{
	struct fault *f = faults_add(r->faults, code, line, field,
	    text->len == 0 ? NULL : buf_str(text));

	if (f != NULL) {
		f->remedy = mem_str(remedy);
		f->raw = raw == NULL ? NULL : raw_words(raw);
	}
	buf_free(text);
}

bool
sentence_is_ours(struct reporter *r, xml_error_ptr e)
{
	if (e->code == XML_ERR_NO_MEMORY || e->code == XML_SCHEMAP_INTERNAL)
		r->no_memory = true;
	else if (e->code == XML_ERR_INTERNAL_ERROR ||
	    e->code == XML_SCHEMAV_INTERNAL)
		r->internal = true;
	else
		return e->level < XML_ERR_ERROR;
	return true;
}

/* What the validator says. */

const char *
sentence_name(const struct schema_root *root, const xmlNode *node)
{
	const struct label *label;

	label = schema_label(root, (const char *)node->name);
	return label == NULL || label->label == NULL ?
	    (const char *)node->name : label->label;
}

/* The element that a node of any kind is or belongs to. */
static xmlNodePtr
element_of(xmlNodePtr node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->parent;
	return node;
}

/* In double quotes, shortened. */
static void
put_quoted(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	sentence_put(out, s, QUOTE_MAX);
	buf_putc(out, '"');
}

static bool
is_blank(const char *s)
{
	return s[strspn(s, BLANKS)] == '\0';
}

/* '"abc" ' and what is wrong with it; or that it is empty (false). */
static bool
put_content(struct buf *out, xmlNodePtr node, const char *what)
{
	xmlChar *content = xmlNodeGetContent(node);
	bool empty = content == NULL || is_blank((const char *)content);

	if (empty)
		buf_puts(out, "It is empty");
	else {
		put_quoted(out, (const char *)content);
		buf_putf(out, " %s", what);
	}
	xmlFree(content);
	return !empty;
}

/* The n-th text in single quotes of the message, behind "The value";
 * NULL: there is none.  The caller frees it. */
static char *
quoted(const char *message, const char *behind, unsigned n)
{
	const char *p = strstr(message, behind), *end;

	while (p != NULL && (p = strchr(p, '\'')) != NULL) {
		end = strchr(p + 1, '\'');
		if (end == NULL)
			return NULL;
		if (n-- == 0)
			return mem_strn(p + 1, (size_t)(end - p - 1));
		p = end + 1;
	}
	return NULL;
}

/* The names between "Expected is …( a, b )" as a person calls them; *one is
 * the label of the last. */
static unsigned
put_expected(struct buf *out, const struct schema_root *root,
    const char *message, const struct label **one)
{
	const char *p = strstr(message, "Expected is");
	const struct label *label = NULL;
	struct buf name = BUF_INIT;
	unsigned n = 0;
	const char *end;

	p = p == NULL ? NULL : strchr(p, '(');
	if (p == NULL)
		return 0;
	for (p++; *p != '\0' && *p != ')'; p = end + strspn(end, ", ")) {
		p += strspn(p, " ");
		if (*p == '{' && strchr(p, '}') != NULL)
			p = strchr(p, '}') + 1;
		end = p + strcspn(p, ", )");
		if (end == p)
			break;
		buf_clear(&name);
		buf_put(&name, p, (size_t)(end - p));
		label = schema_label(root, buf_str(&name));
		buf_puts(out, n++ == 0 ? "" : " or ");
		put_quoted(out, label != NULL && label->label != NULL ?
		    label->label : buf_str(&name));
	}
	buf_free(&name);
	*one = label;
	return n;
}

struct complaint {
	struct reporter	*reporter;
	xml_error_ptr	 error;
	xmlNodePtr	 node;		/* element or attribute; or NULL */
	unsigned	 code;
	const struct label *label;	/* whose help is the remedy; or NULL */
	struct buf	 text;
};

/* Whether an element of this local name is among those expected. */
static bool
is_expected(const char *message, const char *name)
{
	const char *p = strstr(message, "Expected is");
	size_t n = strlen(name);

	while (p != NULL && (p = strstr(p, name)) != NULL) {
		if (strchr("} ", p[-1]) != NULL && strchr(", )", p[n]) != NULL)
			return true;
		p += n;
	}
	return false;
}

/* A name of the form that differs in capital letters only; or NULL. */
static const char *
similar(const struct schema_root *root, const char *name)
{
	size_t i;

	for (i = 0; i < root->n_labels; i++)
		if (strcasecmp(root->labels[i].name, name) == 0)
			return root->labels[i].name;
	return NULL;
}

static void
say_unknown(struct complaint *c)
{
	const char *name = (const char *)c->node->name;
	const char *meant = similar(c->reporter->root, name);

	c->code = FAULT_NO_PARAMETER;
	buf_puts(&c->text, "There is no field ");
	put_quoted(&c->text, name);
	buf_puts(&c->text, " in this form");
	if (meant != NULL) {
		buf_puts(&c->text, "; perhaps ");
		put_quoted(&c->text, meant);
		buf_puts(&c->text, " is meant");
	}
	buf_putc(&c->text, '.');
}

/* Whether the element before has the same name. */
static bool
is_repeated(const xmlNode *node)
{
	const xmlNode *before = node->prev;

	while (before != NULL && before->type != XML_ELEMENT_NODE)
		before = before->prev;
	return before != NULL && xmlStrEqual(before->name, node->name);
}

/* An element is missing, misplaced or unknown. */
static void
say_content(struct complaint *c)
{
	const struct schema_root *root = c->reporter->root;
	const char *message = c->error->message;
	const char *name = (const char *)c->node->name;
	struct buf expected = BUF_INIT;
	const struct label *one = NULL;
	unsigned n = put_expected(&expected, root, message, &one);

	c->label = NULL;
	if (strstr(message, "Missing child") != NULL) {
		c->label = n == 1 ? one : NULL;
		buf_putf(&c->text, "%s is missing in it.",
		    n == 0 ? "Something" : buf_str(&expected));
	} else if (schema_label(root, name) == NULL)
		say_unknown(c);
	else if (is_expected(message, name))
		buf_puts(&c->text, "The tag has the right name, but not the "
		    "namespace (xmlns) that is asked for.");
	else if (n > 0 && !is_repeated(c->node)) {
		c->label = n == 1 ? one : NULL;
		buf_putf(&c->text, "Here %s was expected: it is missing, or "
		    "the order is not that of the form.",
		    buf_str(&expected));
	} else
		buf_puts(&c->text, "This stands there once too often, or at "
		    "the wrong place.");
	buf_free(&expected);
}

#define DATE_TYPE "xs:date'"

static const struct {
	const char *type, *what;
} type_words[] = {
	{ DATE_TYPE, "a date written as YYYY-MM-DD" },
	{ "xs:dateTime'", "a date and time written as YYYY-MM-DDThh:mm:ss" },
	{ "xs:time'", "a time written as hh:mm:ss" },
	{ "xs:int", "a whole number" },
	{ "xs:short'", "a whole number" },
	{ "xs:long'", "a whole number" },
	{ "xs:byte'", "a whole number" },
	{ "xs:unsigned", "a whole number, 0 or more" },
	{ "xs:positiveInteger'", "a whole number, 1 or more" },
	{ "xs:nonNegativeInteger'", "a whole number, 0 or more" },
	{ "xs:decimal'", "a number" },
	{ "xs:double'", "a number" },
	{ "xs:float'", "a number" },
	{ "xs:boolean'", "true or false" },
	{ "xs:anyURI'", "an address (URI)" },
};

/* 2099-02-29 */
static bool
is_written_as_day(xmlNodePtr node)
{
	static const char shape[] = "dddd-dd-dd";
	xmlChar *content = xmlNodeGetContent(node);
	const char *p = (const char *)content, *s = shape;

	if (content == NULL)
		return false;
	for (p += strspn(p, BLANKS); *s != '\0'; s++, p++)
		if (*s == 'd' ? *p < '0' || *p > '9' : *p != *s)
			break;
	s = *s == '\0' && is_blank(p) ? s : NULL;
	xmlFree(content);
	return s != NULL;
}

static void
say_type(struct complaint *c)
{
	const char *what = "a value that is allowed here";
	struct buf is_not = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++)
		if (strstr(c->error->message, type_words[i].type) != NULL) {
			what = type_words[i].what;
			break;
		}
	if (strstr(c->error->message, DATE_TYPE) != NULL &&
	    is_written_as_day(c->node))
		what = "a day of the calendar";
	buf_putf(&is_not, "is not %s", what);
	put_content(&c->text, c->node, buf_str(&is_not));
	buf_putc(&c->text, '.');
	buf_free(&is_not);
}

/* "…the value, then a bound": the bound is the second quoted text. */
static void
say_bound(struct complaint *c, const char *relation)
{
	char *bound = quoted(c->error->message, "The value", 1);

	if (put_content(&c->text, c->node, relation) && bound != NULL)
		buf_putf(&c->text, " %s", bound);
	buf_putc(&c->text, '.');
	free(bound);
}

static void
say_too_small(struct complaint *c)
{
	say_bound(c, "is less than");
}

static void
say_too_great(struct complaint *c)
{
	say_bound(c, "is more than");
}

static void
say_length(struct complaint *c)
{
	char *is = quoted(c->error->message, "has a length", 0);
	char *bound = quoted(c->error->message, "has a length", 1);
	const char *relation = c->error->code ==
	    XML_SCHEMAV_CVC_MINLENGTH_VALID ? "at least" :
	    c->error->code == XML_SCHEMAV_CVC_MAXLENGTH_VALID ? "at most" :
	    "exactly";

	if (is != NULL && strcmp(is, "0") == 0)
		buf_puts(&c->text, "It is empty.");
	else
		buf_putf(&c->text, "It has %s characters; %s %s are allowed.",
		    is == NULL ? "too many" : is, relation,
		    bound == NULL ? "so many" : bound);
	free(is);
	free(bound);
}

static void
say_enumeration(struct complaint *c)
{
	const char *set = strstr(c->error->message, "the set {");
	const char *end = set == NULL ? NULL : strrchr(set, '}');

	if (put_content(&c->text, c->node, "is not one of the allowed values")
	    && end != NULL) {
		buf_puts(&c->text, ": ");
		text_line(&c->text, set + 9, (size_t)(end - set - 9), 300);
	}
	buf_putc(&c->text, '.');
}

static void
say_pattern(struct complaint *c)
{
	put_content(&c->text, c->node,
	    "is not written in the way that is asked for");
	buf_putc(&c->text, '.');
}

/* "has more digits than are allowed ('5')", in one way or another. */
static void
say_digits(struct complaint *c)
{
	bool fraction = c->error->code == XML_SCHEMAV_CVC_FRACTIONDIGITS_VALID;
	char *bound = quoted(c->error->message, "are allowed", 0);

	put_content(&c->text, c->node, "has too many digits");
	if (bound != NULL)
		buf_putf(&c->text, ": at most %s %sare allowed", bound,
		    fraction ? "after the point " : "");
	buf_putc(&c->text, '.');
	free(bound);
}

static void
say_fixed(struct complaint *c)
{
	char *fixed = quoted(c->error->message, "constraint", 0);

	buf_puts(&c->text, "It must be ");
	put_quoted(&c->text, fixed == NULL ? "" : fixed);
	buf_putc(&c->text, '.');
	free(fixed);
}

static void
say_nil(struct complaint *c)
{
	buf_puts(&c->text, "It may not be left out by xsi:nil.");
}

/* The attribute that the message is about, without its namespace. */
static void
put_attribute_name(struct complaint *c)
{
	char *name = quoted(c->error->message, "The attribute", 0);
	const char *local = name == NULL ? NULL : strrchr(name, '}');

	put_quoted(&c->text, local != NULL ? local + 1 :
	    name != NULL ? name : "");
	free(name);
}

static void
say_no_attribute(struct complaint *c)
{
	c->code = FAULT_NO_PARAMETER;
	c->label = NULL;		/* no value is wrong */
	c->node = element_of(c->node);
	buf_puts(&c->text, "There is no attribute ");
	put_attribute_name(c);
	buf_puts(&c->text, " here.");
}

static void
say_attribute_missing(struct complaint *c)
{
	buf_puts(&c->text, "The attribute ");
	put_attribute_name(c);
	buf_puts(&c->text, " is missing.");
}

/* Of an element the key may be an attribute, which the message tells. */
static void
say_unique(struct complaint *c)
{
	char *key = quoted(c->error->message, "key-sequence", 0);

	if (key != NULL && c->node->children == NULL) {
		put_quoted(&c->text, key);
		buf_puts(&c->text, " stands there twice.");
	} else {
		put_content(&c->text, c->node, "stands there twice");
		buf_putc(&c->text, '.');
	}
	free(key);
}

static void
say_text(struct complaint *c)
{
	buf_puts(&c->text, "There is text between the tags where only tags "
	    "may be.");
}

static void
say_tags(struct complaint *c)
{
	buf_puts(&c->text, "There are tags in it where only text may be.");
}

static void
say_must_be_empty(struct complaint *c)
{
	buf_puts(&c->text, "This must be empty.");
}

static const struct {
	int	 error;
	void	(*say)(struct complaint *);
} schema_words[] = {
	{ XML_SCHEMAV_ELEMENT_CONTENT, say_content },
	{ XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3, say_text },
	{ XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1, say_must_be_empty },
	{ XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1, say_type },
	{ XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3, say_type },
	{ XML_SCHEMAV_CVC_MININCLUSIVE_VALID, say_too_small },
	{ XML_SCHEMAV_CVC_MINEXCLUSIVE_VALID, say_too_small },
	{ XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID, say_too_great },
	{ XML_SCHEMAV_CVC_MAXEXCLUSIVE_VALID, say_too_great },
	{ XML_SCHEMAV_CVC_LENGTH_VALID, say_length },
	{ XML_SCHEMAV_CVC_MINLENGTH_VALID, say_length },
	{ XML_SCHEMAV_CVC_MAXLENGTH_VALID, say_length },
	{ XML_SCHEMAV_CVC_ENUMERATION_VALID, say_enumeration },
	{ XML_SCHEMAV_CVC_PATTERN_VALID, say_pattern },
	{ XML_SCHEMAV_CVC_TOTALDIGITS_VALID, say_digits },
	{ XML_SCHEMAV_CVC_FRACTIONDIGITS_VALID, say_digits },
	{ XML_SCHEMAV_CVC_ELT_5_2_2_2_1, say_fixed },
	{ XML_SCHEMAV_CVC_ELT_5_2_2_2_2, say_fixed },
	{ XML_SCHEMAV_CVC_AU, say_fixed },
	{ XML_SCHEMAV_CVC_ELT_3_1, say_nil },
	{ XML_SCHEMAV_CVC_TYPE_3_1_2, say_tags },
	{ XML_SCHEMAV_CVC_TYPE_3_1_1, say_no_attribute },
	{ XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1, say_no_attribute },
	{ XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2, say_no_attribute },
	{ XML_SCHEMAV_CVC_COMPLEX_TYPE_4, say_attribute_missing },
	{ XML_SCHEMAV_CVC_IDC, say_unique },
};
#define SCHEMA_WORDS_N (sizeof(schema_words) / sizeof(schema_words[0]))

/* Of a value that is not valid libxml2 says more than once that it is not:
 * after a facet by its type, and as a key that cannot be compared. */
static bool
is_said(const struct reporter *r, xml_error_ptr e, const xmlNode *node)
{
	return node != NULL && node == r->last &&
	    (e->code == XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1 ||
	    e->code == XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2 ||
	    e->code == XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3 ||
	    e->code == XML_SCHEMAV_CVC_IDC);
}

/* The library names the element alone, even where it is an attribute that
 * has a wrong value; only its words say so. */
static xmlNodePtr
node_of(xml_error_ptr e)
{
	xmlNodePtr node = e->node;
	char *name = quoted(e->message, ", attribute", 0);
	xmlAttrPtr a = NULL;

	if (name != NULL && node != NULL && node->type == XML_ELEMENT_NODE)
		for (a = node->properties; a != NULL; a = a->next)
			if (a->ns == NULL &&
			    strcmp((const char *)a->name, name) == 0)
				break;
	free(name);
	return a == NULL ? node : (xmlNodePtr)a;
}

/* The line where a text begins to be one.  The library keeps the line where
 * it had read the text's first piece, mostly all of it: its lines are counted
 * back.  Where that leads too far there were more pieces. */
static long
line_of_text(const xmlNode *text)
{
	const char *s = (const char *)text->content;
	long line = xmlGetLineNo(text), from = line, least;

	for (s += strspn(s, BLANKS); *s != '\0'; s++)
		from -= *s == '\n';
	least = xmlGetLineNo(text->prev != NULL ? text->prev : text->parent);
	return from < least ? line : from;
}

/* Text between tags is told with its own line: the element's may be far
 * above. */
static long
line_of(const xmlNode *element, int error)
{
	const xmlNode *node = element->children;
	long line = xmlGetLineNo(element);

	if (error != XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3)
		return line;
	for (; node != NULL; node = node->next) {
		if (node->type != XML_TEXT_NODE &&
		    node->type != XML_CDATA_SECTION_NODE)
			continue;
		if (!is_blank((const char *)node->content))
			return line_of_text(node);
	}
	return line;
}

/* Numbers and dates are good with blanks around them (XML Schema part 2,
 * 4.3.6); the library forgets to strip them where the type has no facets. */
static bool
has_blanks(const struct reporter *r, xml_error_ptr e, const xmlNode *node)
{
	xmlChar *content;
	bool blanks;
	size_t n;

	if (e->code != XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1 || node == NULL ||
	    node == r->last)
		return false;
	content = xmlNodeGetContent(node);
	n = content == NULL ? 0 : strlen((const char *)content);
	blanks = n > 0 && !is_blank((const char *)content) &&
	    (strchr(BLANKS, content[0]) != NULL ||
	    strchr(BLANKS, content[n - 1]) != NULL);
	xmlFree(content);
	return blanks;
}

void
sentence_schema(void *arg, xml_error_ptr e)
{
	struct reporter *r = arg;
	struct complaint c = { .reporter = r, .error = e,
		.code = FAULT_INVALID };
	xmlNodePtr element;
	size_t i;

	if (sentence_is_ours(r, e) || e->message == NULL ||
	    strstr(e->message, "No precomputed value") != NULL)
		return;
	c.node = node_of(e);
	if (is_said(r, e, c.node))
		return;
	if (has_blanks(r, e, c.node)) {
		r->blanks = mem_grow(r->blanks, r->n_blanks + 1,
		    sizeof(xmlNodePtr));
		r->blanks[r->n_blanks++] = c.node;
	}
	r->last = c.node;
	element = element_of(c.node);
	if (c.node != NULL)
		c.label = schema_label(r->root, (const char *)c.node->name);
	for (i = 0; i < SCHEMA_WORDS_N && c.node != NULL; i++)
		if (schema_words[i].error == e->code) {
			schema_words[i].say(&c);
			break;
		}
	sentence_add(r, c.code, element == NULL ? e->line : line_of(element, e->code),
	    element == NULL ? NULL : sentence_name(r->root, c.node),
	    &c.text, c.label == NULL ? NULL : c.label->help, e->message);
}
