/*
 * formrules: what the words of urn:docket:schema:1 say of a form, evaluated.
 *
 * May not: read a clock; the day comes with the query.
 * A fault of the form: a rule whose test is false, or not to be told.
 * Our trouble: memory, or an expression that cannot be evaluated.
 */
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "text.h"

#include "limit.h"
#include "formrules.h"
#include "sentence.h"

/* Steps of one expression; a form of 1 MiB cannot hold so many nodes that
 * an honest rule needs more. */
#define OPS_MAX 10000000

struct form_rules {
	xmlXPathContextPtr ctxt;
	xmlNodePtr	 root;
	int32_t		 today;
	const struct idlists *lists;
	bool		 costly;	/* too many steps, or no memory */
};

/* The functions. */

/* The names of the parameters are those that CHECK_ARITY() looks for. */

static void
fn_today(xmlXPathParserContextPtr ctxt, int nargs)
{
	const struct form_rules *f = ctxt->context->userData;

	CHECK_ARITY(0);
	xmlXPathReturnNumber(ctxt, f->today);
}

/* Seconds east of UTC that "+01:00" or "Z" means. */
static int64_t
zone_offset(const char *s)
{
	char *colon;
	long seconds;

	if (*s == 'Z')
		return 0;
	seconds = strtol(s + 1, &colon, 10) * 3600;
	if (*colon == ':')
		seconds += strtol(colon + 1, NULL, 10) * 60;
	return *s == '-' ? -seconds : seconds;
}

/* 0001-01-01 and 9999-12-31, the bounds of what docket can write down. */
#define FIRST_DAY (-719162)
#define LAST_DAY 2932896

/* The day, or NaN where it is not within them. */
static double
day_within(int32_t day)
{
	return day < FIRST_DAY || day > LAST_DAY ? (double)NAN : (double)day;
}

/* The day of an xs:date or xs:dateTime.  A date is the day that is written,
 * whatever zone follows it; a dateTime with a zone is brought to ours.  Its
 * 24:00:00 is the next day's 00:00:00 (XML Schema part 2, 3.2.7). */
static double
day_of(const char *s)
{
	char text[24];
	bool midnight;
	int32_t day;
	int64_t at;

	s += strspn(s, " \t\r\n");
	snprintf(text, sizeof(text), "%.10s", s);
	if (day_parse(text, &day) != 0)
		return NAN;
	/* a year of more than four digits */
	if (s[10] >= '0' && s[10] <= '9')
		return NAN;
	midnight = strncmp(s + 10, "T24:00:00", 9) == 0;
	if (midnight)
		day++;
	if (strlen(s) < 20 || s[10] != 'T')
		return day_within(day);
	snprintf(text, sizeof(text), "%.10sT%.8sZ", s, midnight ? "00:00:00" :
	    s + 11);
	s += 19;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (*s == '\0' || strchr("Z+-", *s) == NULL ||
	    time_parse(text, &at) != 0)
		return day_within(day);
	return day_within(clock_day(at + (midnight ? 86400 : 0) -
	    zone_offset(s)));
}

static void
fn_day(xmlXPathParserContextPtr ctxt, int nargs)
{
	xmlChar *s;

	CHECK_ARITY(1);
	s = xmlXPathPopString(ctxt);
	xmlXPathReturnNumber(ctxt, s == NULL ? NAN :
	    day_of((const char *)s));
	xmlFree(s);
}

static bool
is_listed(const struct idset *ids, xmlXPathObjectPtr value)
{
	xmlChar *text = xmlXPathCastToString(value);
	const char *id;
	bool listed = false;
	size_t n;

	if (text != NULL) {
		id = id_trim((const char *)text, &n);
		listed = idset_has(ids, id, n);
	}
	xmlFree(text);
	return listed;
}

static void
fn_listed(xmlXPathParserContextPtr ctxt, int nargs)
{
	const struct form_rules *f = ctxt->context->userData;
	const struct idset *ids = NULL;
	xmlXPathObjectPtr value;
	xmlChar *list;
	bool listed = false;

	CHECK_ARITY(2);
	value = valuePop(ctxt);
	list = xmlXPathPopString(ctxt);
	if (list != NULL) {
		ids = idlists_find(f->lists, (const char *)list);
		listed = ids == NULL || is_listed(ids, value);
	}
	xmlFree(list);
	xmlXPathFreeObject(value);
	xmlXPathReturnBoolean(ctxt, listed);
}

/* Evaluation. */

static void
note_costly(void *arg, xml_error_ptr e)
{
	struct form_rules *f = arg;

	f->costly |= e->code == XML_ERR_NO_MEMORY || e->code ==
	    XML_XPATH_EXPRESSION_OK + XPATH_OP_LIMIT_EXCEEDED;
}

/* A context that knows the functions, and of forms nothing: it is kept from
 * one to the next, since to make it costs as much as to ask a dozen times. */
static xmlXPathContextPtr
functions(void)
{
	static const struct {
		const char *name;
		xmlXPathFunction fn;
	} ours[] = {
		{ "today", fn_today },
		{ "day", fn_day },
		{ "listed", fn_listed },
	};
	static xmlXPathContextPtr ctxt;
	size_t i;

	if (ctxt != NULL || (ctxt = xmlXPathNewContext(NULL)) == NULL)
		return ctxt;
	ctxt->error = (xmlStructuredErrorFunc)note_costly;
	ctxt->opLimit = OPS_MAX;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		xmlXPathRegisterFuncNS(ctxt, (const xmlChar *)ours[i].name,
		    (const xmlChar *)SCHEMA_WORDS, ours[i].fn);
	return ctxt;
}

struct form_rules *
form_rules_open(xmlDocPtr doc, int32_t today, const struct idlists *lists)
{
	xmlXPathContextPtr ctxt = functions();
	struct form_rules *f;

	if (ctxt == NULL)
		return NULL;
	f = mem_alloc(sizeof(*f));
	f->ctxt = ctxt;
	f->root = xmlDocGetRootElement(doc);
	f->today = today;
	f->lists = lists;
	ctxt->doc = doc;
	ctxt->userData = f;
	return f;
}

void
form_rules_close(struct form_rules *f)
{
	if (f == NULL)
		return;
	f->ctxt->doc = NULL;
	f->ctxt->node = NULL;
	f->ctxt->userData = NULL;
	xmlResetError(&f->ctxt->lastError);
	free(f);
}

bool
form_rules_costly(const struct form_rules *f)
{
	return f->costly;
}

bool
form_rules_know(struct form_rules *f, const char *ns, const char *function)
{
	return (ns == NULL ?
	    xmlXPathFunctionLookup(f->ctxt, (const xmlChar *)function) :
	    xmlXPathFunctionLookupNS(f->ctxt, (const xmlChar *)function,
	    (const xmlChar *)ns)) != NULL;
}

xmlXPathObjectPtr
form_rules_eval(struct form_rules *f, const struct expr *e)
{
	xmlXPathObjectPtr value;

	if (e->path.n > 0) {
		value = path_find(&e->path, f->root);
		f->costly |= value == NULL;
		return value;
	}
	f->ctxt->namespaces = e->namespaces;
	f->ctxt->nsNr = e->n_namespaces;
	f->ctxt->node = f->root;
	f->ctxt->opCount = 0;
	f->ctxt->depth = 0;	/* an error may leave it where it was */
	value = xmlXPathCompiledEval(e->compiled, f->ctxt);
	f->ctxt->namespaces = NULL;
	f->ctxt->nsNr = 0;
	return value;
}

bool
form_rules_try(struct form_rules *f, const struct expr *e)
{
	xmlXPathObjectPtr value = form_rules_eval(f, e);

	xmlXPathFreeObject(value);
	return value != NULL;
}

/* The value as one line; NULL where there is none.  -1: trouble. */
static int
eval_line(struct form_rules *f, const struct expr *e, char **line)
{
	xmlXPathObjectPtr value;
	struct buf b = BUF_INIT;
	xmlChar *s;

	*line = NULL;
	if (e->compiled == NULL)
		return 0;
	if ((value = form_rules_eval(f, e)) == NULL)
		return -1;
	s = xmlXPathCastToString(value);
	xmlXPathFreeObject(value);
	if (s != NULL)
		text_line(&b, (const char *)s, strlen((const char *)s),
		    LIMIT_FIELD_VALUE);
	xmlFree(s);
	if (b.len > 0)
		*line = buf_take(&b);
	buf_free(&b);
	return 0;
}

/* The day that the value names, or "". */
static int
eval_day(struct form_rules *f, const struct expr *e, char day[DAY_TEXT])
{
	double number;
	char *line;

	day[0] = '\0';
	if (eval_line(f, e, &line) != 0)
		return -1;
	if (line == NULL)
		return 0;
	number = day_of(line);
	if (!isnan(number))
		day_text(day, (int32_t)number);
	free(line);
	return 0;
}

/* Every node's value, a line each. */
static int
eval_list(struct form_rules *f, const struct expr *e, char **lines)
{
	xmlXPathObjectPtr value;
	struct buf b = BUF_INIT;
	xmlChar *s;
	int i;

	*lines = NULL;
	if (e->compiled == NULL)
		return 0;
	if ((value = form_rules_eval(f, e)) == NULL)
		return -1;
	for (i = 0; value->type == XPATH_NODESET && value->nodesetval != NULL &&
	    i < value->nodesetval->nodeNr; i++) {
		s = xmlXPathCastNodeToString(value->nodesetval->nodeTab[i]);
		if (s != NULL && b.len + LIMIT_FIELD_VALUE + 1 <
		    LIMIT_FIELDS_BYTES) {
			text_line(&b, (const char *)s,
			    strlen((const char *)s), LIMIT_FIELD_VALUE);
			buf_putc(&b, '\n');
		}
		xmlFree(s);
	}
	xmlXPathFreeObject(value);
	if (b.len > 0)
		*lines = buf_take(&b);
	return 0;
}

/* The decisions of a list. */

static void
read_attribute(xmlNodePtr node, const char *name, char *to, size_t size)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	const char *s = value == NULL ? "" : (const char *)value;
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strcspn(s, " \t\r\n");
	snprintf(to, size, "%.*s", (int)(n < size ? n : 0), s);
	xmlFree(value);
}

/* One of them; -1: it is none, though the schema may think so. */
static int
read_listed(xmlNodePtr node, struct listed *l)
{
	char revision[16], event[16];
	struct buf note = BUF_INIT;
	xmlChar *text = xmlNodeGetContent(node);
	uint64_t n = 0;

	read_attribute(node, "number", l->number, sizeof(l->number));
	read_attribute(node, "revision", revision, sizeof(revision));
	read_attribute(node, "sha256", l->sha256, sizeof(l->sha256));
	read_attribute(node, "event", event, sizeof(event));
	if (text != NULL)
		text_line(&note, (const char *)text,
		    strlen((const char *)text), LIMIT_FIELD_VALUE);
	xmlFree(text);
	l->note = note.len == 0 ? NULL : buf_take(&note);
	buf_free(&note);
	l->event = event_named(event);
	if (text_number(revision + strspn(revision, "+0"), 999999, &n))
		l->revision = (unsigned)n;
	return listed_valid(l) ? 0 : -1;
}

/* In a list that has a fault nobody looks at what else it says. */
static int
read_list(struct form_rules *f, const struct schema_type *t,
    struct verdict *v)
{
	xmlXPathObjectPtr value;
	xmlNodePtr node;
	size_t bytes = 0;
	int i, n;

	if (t->list.compiled == NULL)
		return 0;
	if ((value = form_rules_eval(f, &t->list)) == NULL)
		return -1;
	n = value->type != XPATH_NODESET || value->nodesetval == NULL ? 0 :
	    value->nodesetval->nodeNr;
	for (i = 0; i < n && v->faults.n == 0 && v->n_listed < LIMIT_LISTED;
	    i++) {
		struct listed *l = verdict_list(v);

		node = value->nodesetval->nodeTab[i];
		if (read_listed(node, l) != 0)
			faults_add(&v->faults, FAULT_INVALID,
			    xmlGetLineNo(node), NULL,
			    "This is not the number of a case, a revision, a "
			    "digest and a decision.");
		bytes += l->note == NULL ? 0 : strlen(l->note);
		if (bytes > LIMIT_LISTED_BYTES)
			faults_add(&v->faults, FAULT_TOO_LARGE,
			    xmlGetLineNo(node), NULL,
			    "The notes of a list are of 64 KiB at most.");
	}
	xmlXPathFreeObject(value);
	return 0;
}

/* The fields: every leaf element and every attribute. */

#define NAME_SHOWN 200

struct fields {
	const struct schema_root *root;
	struct buf	 out;
	struct buf	 path;
	unsigned	 n;
	const xmlNode	*last;		/* whose like follow it; NULL: none */
};

/* Names of XML may hold characters that hide. */
static void
put_name(struct buf *out, const char *name)
{
	text_line(out, name, strlen(name), NAME_SHOWN);
}

/* The text of a value that is one piece of text, as most are; else NULL. */
static const xmlChar *
only_text(const xmlNode *child)
{
	return child != NULL && child->type == XML_TEXT_NODE &&
	    child->next == NULL ? child->content : NULL;
}

/* Names are kept once by the parser, and can be told apart by where. */
static bool
is_like(const xmlNode *a, const xmlNode *b)
{
	return a != NULL && a->parent == b->parent && a->type == b->type &&
	    a->name == b->name;
}

/* The path and the name, which of many in a row are said once. */
static void
put_head(struct fields *f, const xmlNode *node)
{
	if (is_like(f->last, node)) {
		buf_puts(&f->out, "\t\t");
		return;
	}
	buf_put(&f->out, buf_str(&f->path), f->path.len);
	if (node->type == XML_ATTRIBUTE_NODE)
		buf_putc(&f->out, '@');
	put_name(&f->out, (const char *)node->name);
	buf_putc(&f->out, '\t');
	put_name(&f->out, sentence_name(f->root, node));
	buf_putc(&f->out, '\t');
	f->last = node;
}

static void
put_field(struct fields *f, const xmlNode *node)
{
	size_t from = f->out.len;
	xmlChar *copy = NULL;
	const xmlChar *value = only_text(node->children);

	if (value == NULL)
		value = copy = xmlNodeGetContent(node);
	put_head(f, node);
	if (value != NULL)
		text_line(&f->out, (const char *)value,
		    strlen((const char *)value), LIMIT_FIELD_VALUE);
	buf_putc(&f->out, '\n');
	xmlFree(copy);
	if (f->n++ >= LIMIT_FIELDS || f->out.len > LIMIT_FIELDS_BYTES) {
		buf_cut(&f->out, from);
		f->last = NULL;
	}
}

static const xmlNode *
first_element(const xmlNode *node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

static void
put_attributes(struct fields *f, const xmlNode *node)
{
	const xmlAttr *a;

	for (a = node->properties; a != NULL; a = a->next)
		if (a->ns == NULL)
			put_field(f, (const xmlNode *)a);
}

/* The depth is bounded by the scan. */
static void
put_fields(struct fields *f, const xmlNode *parent)
{
	const xmlNode *node = first_element(parent->children);
	size_t len = f->path.len;

	for (; node != NULL && f->n < LIMIT_FIELDS;
	    node = first_element(node->next)) {
		if (first_element(node->children) == NULL)
			put_field(f, node);
		put_name(&f->path, (const char *)node->name);
		buf_putc(&f->path, '/');
		put_attributes(f, node);
		put_fields(f, node);
		buf_cut(&f->path, len);
	}
}

int
form_rules_facts(struct form_rules *f, const struct schema_type *t,
    bool brief, struct verdict *v)
{
	struct fields fields = { .root = t->root };
	int64_t seconds;
	char *number, *overlap;

	if (eval_line(f, &t->client, &v->facts.client) != 0 ||
	    eval_line(f, &t->label, &v->facts.label) != 0 ||
	    eval_day(f, &t->effective, v->facts.effective) != 0 ||
	    eval_day(f, &t->expiry, v->facts.expiry) != 0 ||
	    eval_list(f, &t->apis, &v->facts.apis) != 0 ||
	    eval_line(f, &t->reason, &v->reason) != 0 ||
	    eval_line(f, &t->number, &number) != 0 ||
	    eval_line(f, &t->overlap, &overlap) != 0)
		return -1;
	if (number != NULL && strlen(number) < sizeof(v->number))
		strcpy(v->number, number);
	free(number);
	if (overlap != NULL && overlap_parse(overlap, &seconds) == 0)
		strcpy(v->overlap, overlap);
	free(overlap);
	if (t->list.compiled != NULL)
		return read_list(f, t, v);
	if (brief)
		return 0;
	put_attributes(&fields, f->root);
	put_fields(&fields, f->root);
	if (fields.out.len > 0)
		v->facts.fields = buf_take(&fields.out);
	buf_free(&fields.path);
	return 0;
}

/* The fields that a rule points at: none, where *fields is NULL. */
static int
find_fields(struct form_rules *f, const struct expr *e,
    xmlXPathObjectPtr *fields)
{
	*fields = NULL;
	if (e->compiled == NULL)
		return 0;
	if ((*fields = form_rules_eval(f, e)) == NULL)
		return -1;
	if ((*fields)->type != XPATH_NODESET ||
	    (*fields)->nodesetval == NULL ||
	    (*fields)->nodesetval->nodeNr == 0) {
		xmlXPathFreeObject(*fields);
		*fields = NULL;
	}
	return 0;
}

/* The first of them. */
static int
find_field(struct form_rules *f, const struct expr *e, xmlNodePtr *node)
{
	xmlXPathObjectPtr fields;

	*node = NULL;
	if (find_fields(f, e, &fields) != 0)
		return -1;
	if (fields != NULL)
		*node = fields->nodesetval->nodeTab[0];
	xmlXPathFreeObject(fields);
	return 0;
}

/* The rule's sentence, in which {.} stands for the value at fault. */
#define VALUE_MARK "{.}"
#define VALUE_SHOWN 80

static void
add_unmet(struct form_rules *f, const struct schema_type *t,
    const struct rule *rule, xmlNodePtr node, struct faults *faults)
{
	const char *mark = rule->text == NULL ? NULL :
	    strstr(rule->text, VALUE_MARK);
	xmlChar *value = mark == NULL || node == NULL ? NULL :
	    xmlNodeGetContent(node);
	struct buf text = BUF_INIT;

	if (value != NULL) {
		buf_put(&text, rule->text, (size_t)(mark - rule->text));
		text_line(&text, (const char *)value,
		    strlen((const char *)value), VALUE_SHOWN);
		buf_puts(&text, mark + strlen(VALUE_MARK));
	}
	faults_add(faults, rule->fault,
	    xmlGetLineNo(node == NULL ? f->root : node),
	    node == NULL ? NULL : sentence_name(t->root, node),
	    value == NULL ? rule->text : buf_str(&text));
	buf_free(&text);
	xmlFree(value);
}

static int
check_rule(struct form_rules *f, const struct schema_type *t,
    const struct rule *rule, struct faults *faults)
{
	xmlXPathObjectPtr value = form_rules_eval(f, &rule->test), fields;
	bool met;
	int i;

	if (value == NULL)
		return -1;
	met = xmlXPathCastToBoolean(value) == 1;
	xmlXPathFreeObject(value);
	if (met)
		return 0;
	if (find_fields(f, &rule->where, &fields) != 0)
		return -1;
	if (fields == NULL)
		add_unmet(f, t, rule, NULL, faults);
	for (i = 0; fields != NULL && i < fields->nodesetval->nodeNr; i++)
		add_unmet(f, t, rule, fields->nodesetval->nodeTab[i], faults);
	xmlXPathFreeObject(fields);
	return 0;
}

/* Of what has no day among the facts: a date that a schema allows, but that is no day to us, would be taken for
 * none at all: an approval that never expires. */
static int
check_day(struct form_rules *f, const struct schema_type *t,
    const struct expr *e, const char *day, struct faults *faults)
{
	xmlNodePtr node;
	char *line;

	if (*day != '\0')
		return 0;
	if (find_field(f, e, &node) != 0 || eval_line(f, e, &line) != 0)
		return -1;
	if (line != NULL && isnan(day_of(line)))
		faults_addf(faults, FAULT_INVALID,
		    xmlGetLineNo(node == NULL ? f->root : node),
		    node == NULL ? NULL : sentence_name(t->root, node),
		    "\"%.60s\" is not a day between 0001-01-01 and "
		    "9999-12-31.", line);
	free(line);
	return 0;
}

int
form_rules_check(struct form_rules *f, const struct schema_type *t,
    enum purpose purpose, struct verdict *v)
{
	struct faults *faults = &v->faults;
	size_t i;

	if (check_day(f, t, &t->effective, v->facts.effective, faults) != 0 ||
	    check_day(f, t, &t->expiry, v->facts.expiry, faults) != 0)
		return -1;
	if (faults->n > 0)
		return 0;
	for (i = 0; i < t->n_rules; i++)
		if ((purpose == PURPOSE_INTAKE || t->rules[i].decision) &&
		    check_rule(f, t, &t->rules[i], faults) != 0)
			return -1;
	return 0;
}

bool
form_rules_good(struct form_rules *f, const struct schema_type *t)
{
	struct faults faults = FAULTS_INIT;
	bool good = true;
	size_t i;

	for (i = 0; i < t->n_rules && good; i++)
		if (t->rules[i].decision && t->rules[i].test.dated)
			good = check_rule(f, t, &t->rules[i], &faults) == 0 &&
			    faults.n == 0;
	faults_free(&faults);
	return good && !f->costly;
}
