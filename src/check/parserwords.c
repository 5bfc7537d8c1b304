/*
 * parserwords: what libxml2's parser says, in words that a clerk understands;
 * what its validator says is in sentence.c.
 *
 * May not: decide whether a form is good.
 */
#include <libxml/parser.h>
#include <string.h>

#include "buf.h"

#include "saying.h"

static void
say_mismatch(struct buf *out, xml_error_ptr e, long before)
{
	buf_puts(out, "The tag <");
	sentence_put(out, e->str1, QUOTE_MAX);
	buf_putf(out, "> of line %ld is not closed: </", before + e->int1);
	sentence_put(out, e->str2, QUOTE_MAX);
	buf_puts(out, "> comes first.");
}

static void
say_cut_off(struct buf *out, xml_error_ptr e, long before)
{
	buf_puts(out, "The file ends before the tag <");
	sentence_put(out, e->str1, QUOTE_MAX);
	buf_putf(out, "> of line %ld is closed; perhaps the transfer was cut "
	    "off.", before + e->int1);
}

static void
say_entity(struct buf *out, xml_error_ptr e, long before)
{
	(void)before;
	buf_puts(out, "\"&");
	sentence_put(out, e->str1, QUOTE_MAX);
	buf_puts(out, ";\" means nothing here; a plain & is written &amp;.");
}

static void
say_prefix(struct buf *out, xml_error_ptr e, long before)
{
	(void)before;
	buf_puts(out, "The prefix \"");
	sentence_put(out, e->str1, QUOTE_MAX);
	buf_puts(out, "\" is not declared by an xmlns attribute.");
}

static void
say_twice(struct buf *out, xml_error_ptr e, long before)
{
	(void)before;
	buf_puts(out, "The attribute \"");
	sentence_put(out, e->str1, QUOTE_MAX);
	buf_puts(out, "\" stands there twice.");
}

static const struct {
	int	 error;
	unsigned code;
	const char *text;
	void	(*say)(struct buf *, xml_error_ptr, long before);
} parser_words[] = {
	{ XML_ERR_TAG_NAME_MISMATCH, FAULT_NOT_WELL_FORMED, NULL,
	  say_mismatch },
	{ XML_ERR_TAG_NOT_FINISHED, FAULT_NOT_WELL_FORMED, NULL,
	  say_cut_off },
	{ XML_ERR_UNDECLARED_ENTITY, FAULT_NOT_WELL_FORMED, NULL,
	  say_entity },
	{ XML_NS_ERR_UNDEFINED_NAMESPACE, FAULT_NOT_WELL_FORMED, NULL,
	  say_prefix },
	{ XML_ERR_ATTRIBUTE_REDEFINED, FAULT_NOT_WELL_FORMED, NULL,
	  say_twice },
	{ XML_ERR_DOCUMENT_EMPTY, FAULT_NOT_WELL_FORMED,
	  "The file does not begin with an XML tag.", NULL },
	{ XML_ERR_DOCUMENT_END, FAULT_NOT_WELL_FORMED,
	  "Something follows after the end of the form.", NULL },
	{ XML_ERR_GT_REQUIRED, FAULT_NOT_WELL_FORMED,
	  "A tag lacks its closing >.", NULL },
	{ XML_ERR_LTSLASH_REQUIRED, FAULT_NOT_WELL_FORMED,
	  "A closing tag is missing.", NULL },
	{ XML_ERR_NAME_REQUIRED, FAULT_NOT_WELL_FORMED,
	  "A name was expected after & or <.", NULL },
	{ XML_ERR_ENTITYREF_SEMICOL_MISSING, FAULT_NOT_WELL_FORMED,
	  "A plain & is written &amp;.", NULL },
	{ XML_ERR_LT_IN_ATTRIBUTE, FAULT_NOT_WELL_FORMED,
	  "There is a < in an attribute: perhaps its closing quote is missing; "
	  "a plain < is written &lt;.", NULL },
	{ XML_ERR_ATTRIBUTE_NOT_STARTED, FAULT_NOT_WELL_FORMED,
	  "The value of an attribute lacks its quotes.", NULL },
	{ XML_ERR_ATTRIBUTE_NOT_FINISHED, FAULT_NOT_WELL_FORMED,
	  "The value of an attribute lacks its closing quote.", NULL },
	{ XML_ERR_ATTRIBUTE_WITHOUT_VALUE, FAULT_NOT_WELL_FORMED,
	  "An attribute has no value.", NULL },
	{ XML_ERR_UNKNOWN_VERSION, FAULT_NOT_WELL_FORMED,
	  "The first line must say version=\"1.0\".", NULL },
	{ XML_ERR_VERSION_MISSING, FAULT_NOT_WELL_FORMED,
	  "The first line must say version=\"1.0\".", NULL },
	{ XML_ERR_INVALID_CHAR, FAULT_NOT_WELL_FORMED,
	  "There is a character that XML does not allow.", NULL },
	{ XML_ERR_INVALID_CHARREF, FAULT_NOT_WELL_FORMED,
	  "There is a character reference that XML does not allow.", NULL },
	{ XML_ERR_COMMENT_NOT_FINISHED, FAULT_NOT_WELL_FORMED,
	  "A comment is not closed by -->.", NULL },
	{ XML_ERR_HYPHEN_IN_COMMENT, FAULT_NOT_WELL_FORMED,
	  "A comment may not contain two hyphens.", NULL },
	{ XML_ERR_CDATA_NOT_FINISHED, FAULT_NOT_WELL_FORMED,
	  "A CDATA section is not closed by ]]>.", NULL },
	{ XML_ERR_RESERVED_XML_NAME, FAULT_NOT_WELL_FORMED,
	  "The XML declaration <?xml …?> must be the very first thing in the "
	  "file.", NULL },
	{ XML_ERR_INVALID_ENCODING, FAULT_ENCODING,
	  "The bytes are not in the encoding that the file claims, or not "
	  "UTF-8.", NULL },
	{ XML_ERR_UNSUPPORTED_ENCODING, FAULT_ENCODING, NULL, NULL },
	{ XML_I18N_CONV_FAILED, FAULT_ENCODING,
	  "The bytes are not in the encoding that the file claims.", NULL },
};
#define PARSER_WORDS (sizeof(parser_words) / sizeof(parser_words[0]))

/* Whether the parser wanted more where there was no more. */
static bool
is_cut_off(xml_error_ptr e)
{
	const xmlParserCtxt *ctxt = e->ctxt;

	return e->domain == XML_FROM_PARSER && ctxt != NULL &&
	    ctxt->input != NULL &&
	    ctxt->input->cur >= ctxt->input->end &&
	    e->code != XML_ERR_DOCUMENT_EMPTY &&
	    e->code != XML_ERR_DOCUMENT_END &&
	    e->code != XML_ERR_TAG_NOT_FINISHED &&
	    e->code != XML_ERR_TAG_NAME_MISMATCH;
}

void
sentence_parser(void *arg, xml_error_ptr e)
{
	struct reporter *r = arg;
	struct buf text = BUF_INIT;
	unsigned code = FAULT_NOT_WELL_FORMED;
	size_t i;

	/* what follows the first is mostly its consequence */
	if (sentence_is_ours(r, e) || r->faults->n > 0)
		return;
	if (is_cut_off(e))
		buf_puts(&text, "The file ends in the middle of a tag; "
		    "perhaps the transfer was cut off.");
	for (i = 0; i < PARSER_WORDS && text.len == 0; i++) {
		if (parser_words[i].error != e->code)
			continue;
		code = parser_words[i].code;
		if (parser_words[i].say != NULL)
			parser_words[i].say(&text, e, r->before);
		else if (parser_words[i].text != NULL)
			buf_puts(&text, parser_words[i].text);
		break;
	}
	/* lines in its own words are not those of the file */
	sentence_add(r, code, e->line, NULL, &text, NULL, r->before > 0 &&
	    strstr(e->message, " line ") != NULL ? NULL : e->message);
}
