/*
 * path: what it follows leads where XPath itself leads; what it does not is
 * left to XPath.
 */
#include "unit.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "path.h"

static const char form[] =
    "<f:a xmlns:f='urn:one' xmlns:g='urn:two'>"
    "text<!-- b --><f:b><f:c>1</f:c><g:c>2</g:c><c>3</c></f:b>"
    "<b xmlns='urn:one'><c>4</c><c xmlns=''>5</c><f:b><f:c/></f:b></b>"
    "<f:b-c.d_e9>6</f:b-c.d_e9><g:b><g:c/></g:b><x><x/><x><x/></x></x>"
    "</f:a>";

static xmlChar urn_one[] = "urn:one", urn_two[] = "urn:two", p[] = "p",
    qq[] = "qq";
static xmlNs one = { .href = urn_one, .prefix = p };
static xmlNs two = { .href = urn_two, .prefix = qq };
static xmlNs unnamed = { .href = urn_one, .prefix = NULL };
static xmlNsPtr namespaces[] = { &one, &unnamed, &two };

static void
test_same(void **state)
{
	static const struct {
		const char *text;
		int found;
	} paths[] = {
		{ "p:b", 2 }, { "p:b/p:c", 2 }, { "p:b/qq:c", 1 },
		{ "p:b/c", 2 }, { "c", 0 }, { "p:b/p:b/p:c", 1 },
		{ "qq:b/qq:c", 1 }, { "qq:b/p:c", 0 }, { "p:b-c.d_e9", 1 },
		{ "x/x/x", 1 }, { "x/x", 2 }, { "text", 0 },
	};
	xmlDocPtr doc = xmlReadMemory(form, sizeof(form) - 1, NULL, NULL, 0);
	xmlXPathContextPtr ctxt = xmlXPathNewContext(doc);
	xmlXPathObjectPtr theirs, ours;
	struct path path;
	size_t i;
	int k;

	(void)state;
	ctxt->namespaces = namespaces;
	ctxt->nsNr = COUNT(namespaces);
	ctxt->node = xmlDocGetRootElement(doc);
	for (i = 0; i < COUNT(paths); i++) {
		path_read(&path, paths[i].text, namespaces,
		    COUNT(namespaces));
		assert_int_not_equal(path.n, 0);
		ours = path_find(&path, xmlDocGetRootElement(doc));
		theirs = xmlXPathEval((const xmlChar *)paths[i].text, ctxt);
		assert_int_equal(ours->nodesetval->nodeNr, paths[i].found);
		assert_int_equal(ours->type, theirs->type);
		assert_int_equal(xmlXPathNodeSetGetLength(theirs->nodesetval),
		    paths[i].found);
		for (k = 0; k < paths[i].found; k++)
			assert_ptr_equal(ours->nodesetval->nodeTab[k],
			    theirs->nodesetval->nodeTab[k]);
		xmlXPathFreeObject(ours);
		xmlXPathFreeObject(theirs);
		path_free(&path);
	}
	ctxt->namespaces = NULL;
	ctxt->nsNr = 0;
	xmlXPathFreeContext(ctxt);
	xmlFreeDoc(doc);
}

static void
test_left(void **state)
{
	static const char *const left[] = {
		"", "/", "/p:b", "p:b/", "p:b//p:c", "//p:b", ".", "..",
		"./p:b", "*", "p:*", "@a", "p:b/@a", "p:b[1]", "p:b | p:c",
		"text()", "string(p:b)", "'p:b'", "1", "child::p:b", "p: b",
		" p:b", "p:b ", "p:b /p:c", "r:b", "p:b:c", ":b", "p:", "-b",
		"p:b/-c", "$b", "b\xc3\xa9", "p:b - 1", "a/a/a/a/a/a/a/a/a",
	};
	struct path path;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(left); i++) {
		path_read(&path, left[i], namespaces, COUNT(namespaces));
		assert_int_equal(path.n, 0);
	}
	path_read(&path, "a/a/a/a/a/a/a/a", NULL, 0);
	assert_int_equal(path.n, PATH_STEPS);
	path_free(&path);
	assert_int_equal(path.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_left),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("path", tests, NULL, unit_clean);
}
