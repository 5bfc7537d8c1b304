/*
 * schema: the schemas of a desk, compiled, and the form types they define.
 *
 * All files of schemas/ are given first; then they are compiled together.
 * xs:include and xs:import are resolved among them only: by file, or by
 * target namespace whatever address they name.  Nothing is fetched.
 *
 * A file that no other includes or imports is a root, and its global
 * elements are form types (prefix FM); but where a namespace has d:form
 * declarations (urn:docket:schema:1, in xs:appinfo), only those are, and
 * with d:no-forms none is.
 */
#ifndef DOCKET_SCHEMA_H
#define DOCKET_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <libxml/tree.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>

#include "fault.h"
#include "idlist.h"
#include "path.h"
#include "wire.h"

#define SCHEMA_WORDS "urn:docket:schema:1"

/* An XPath expression with the namespaces of the place where it stands. */
struct expr {
	xmlXPathCompExprPtr compiled;	/* NULL: not given */
	xmlDocPtr	 doc;		/* lent: a document of the schemas */
	xmlNodePtr	 at;		/* lent: whose namespaces hold */
	xmlNsPtr	*namespaces;	/* those, as the library wants them */
	int		 n_namespaces;
	struct path	 path;		/* the same, where it is one */
	bool		 dated;		/* it may ask what day it is */
};

struct rule {
	unsigned	 fault;
	bool		 decision;	/* also when the case is decided */
	struct expr	 test, where;	/* where: the field that is at fault */
	char		*text;
};

/* What a schema says of an element by its name. */
struct label {
	char	*name;			/* local name */
	char	*label;			/* its first xs:documentation */
	char	*help;			/* its second */
};

struct schema_type {
	char		*form;		/* {namespace}element */
	xmlSchemaPtr	 schema;	/* lent: of its root */
	struct expr	 client, label, effective, expiry, apis, number,
			 reason, overlap, list, entries;
	struct rule	*rules;
	size_t		 n_rules;
	const struct schema_root *root;
};

struct schema_doc {
	struct schema_file file;
	xmlDocPtr	 doc;
	char		*ns;		/* target namespace; "" for none */
	size_t		*links;		/* documents it includes or imports */
	size_t		 n_links;
	bool		 part;		/* included or imported by another */
	bool		 seen;		/* on the way through the links */
	bool		 has_words;	/* of urn:docket:schema:1 */
};

/* A schema that stands by itself, with what it includes and imports. */
struct schema_root {
	struct schema_doc *doc;
	xmlSchemaPtr	 compiled;
	struct label	*labels;	/* sorted by name */
	size_t		 n_labels;
};

struct schemas {
	struct schema_doc *docs;
	size_t		 n_docs;
	struct schema_root *roots;
	size_t		 n_roots;
	struct schema_type *types;	/* as in `public' */
	size_t		 n_types;
	struct form_types public;	/* what docket is told */
	struct map_uri {
		char	*uri;
		size_t	 doc;
	}		*uris;		/* what a schemaLocation leads to */
	size_t		 n_uris;
	struct idlists	 lists;		/* in force */
};

/* Takes the file's contents. */
void	schemas_add(struct schemas *, struct schema_file * /* takes */);

/* Compiles all; the faults are in public.faults.  Call once. */
void	schemas_compile(struct schemas *);
void	schemas_free(struct schemas *);

/* The type of {namespace}element, or NULL. */
struct schema_type *schemas_type(const struct schemas *, const char *form);

/* By local name, or NULL. */
const struct label *schema_label(const struct schema_root *, const char *);

/* Whether the document, or one that it includes, has this global element. */
bool	schema_defines(struct schemas *, struct schema_doc *, const char *ns,
	    const char *element);

/* words.c: adds the form types that the words of urn:docket:schema:1 in a
 * document define; what is wrong with them becomes faults. */
void	words_read(struct schemas *, const struct schema_root *);
void	rule_free(struct rule *);
void	expr_free(struct expr *);

#endif
