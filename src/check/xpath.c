/*
 * xpath: an expression in a schema, looked at before any form is.
 *
 * The text is one that the library has compiled: only its words are looked
 * at here, not its grammar (XPath 1.0, 3.7).
 * A fault of the schema: a name that means nothing.
 */
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#include "formrules.h"
#include "schema.h"
#include "xpath.h"

struct look {
	const char	*p;
	const struct expr *expr;
	struct form_rules *rules;
	struct buf	*why;
};

static bool
is_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (unsigned char)c >= 0x80;
}

static bool
is_in_name(char c)
{
	return is_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void
skip_blanks(struct look *l)
{
	l->p += strspn(l->p, " \t\r\n");
}

/* The name that begins here, without a prefix. */
static char *
take_name(struct look *l)
{
	const char *from = l->p;

	while (is_in_name(*l->p))
		l->p++;
	return mem_strn(from, (size_t)(l->p - from));
}

/* What stands before a bracket and is not a function. */
static bool
is_word(const char *name)
{
	static const char *const words[] = {
		"and", "or", "div", "mod",
		"node", "text", "comment", "processing-instruction",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

/* A name and what belongs to it: prefix:name, name(, axis::. */
static int
look_at_name(struct look *l)
{
	char *name = take_name(l), *prefix = NULL;
	xmlNsPtr ns = NULL;
	int status = -1;

	if (l->p[0] == ':' && l->p[1] != ':') {
		l->p++;
		prefix = name;
		name = take_name(l);
		ns = xmlSearchNs(l->expr->doc, l->expr->at,
		    (const xmlChar *)prefix);
	}
	skip_blanks(l);
	if (prefix != NULL && ns == NULL)
		buf_putf(l->why, "the prefix %s is not declared, in", prefix);
	else if (*l->p == '(' && (prefix != NULL || !is_word(name)) &&
	    !form_rules_know(l->rules, ns == NULL ? NULL :
	    (const char *)ns->href, name))
		buf_putf(l->why, "there is no function %s%s%s, in",
		    prefix == NULL ? "" : prefix, prefix == NULL ? "" : ":",
		    name);
	else
		status = 0;
	free(prefix);
	free(name);
	return status;
}

static int
look_at_names(struct look *l)
{
	const char *end;

	while (*l->p != '\0') {
		if (*l->p == '"' || *l->p == '\'') {
			end = strchr(l->p + 1, *l->p);
			if (end == NULL)
				break;
			l->p = end + 1;
		} else if (*l->p == '$') {
			buf_puts(l->why, "there are no variables, as in");
			return -1;
		} else if (!is_start(*l->p))
			l->p++;
		else if (look_at_name(l) != 0)
			return -1;
	}
	return 0;
}

static xmlDocPtr
empty_form(void)
{
	xmlDocPtr doc = xmlNewDoc(NULL);

	if (doc != NULL)
		xmlDocSetRootElement(doc,
		    xmlNewDocNode(doc, NULL, (const xmlChar *)"form", NULL));
	return doc;
}

int
xpath_check(const struct expr *e, const char *text, struct buf *why)
{
	const struct idlists none = { NULL, 0 };
	xmlDocPtr doc = empty_form();
	struct form_rules *rules = doc == NULL ? NULL :
	    form_rules_open(doc, 0, &none);
	struct look l = { text, e, rules, why };
	int status = -1;

	if (rules == NULL)
		buf_puts(why, "there is no memory for");
	else if (look_at_names(&l) != 0)
		;			/* it has said why */
	else if (!form_rules_try(rules, e))
		buf_puts(why, "this cannot be evaluated:");
	else
		status = 0;
	form_rules_close(rules);
	xmlFreeDoc(doc);
	return status;
}
