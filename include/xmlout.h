/*
 * xmlout: XML, written.  Indented, UTF-8, every value escaped; what XML
 * cannot carry (control characters, bytes that are not UTF-8) becomes
 * U+FFFD.
 *
 *	xml_begin(&x, out);
 *	xml_open(&x, "receipt");
 *	xml_attr(&x, "xmlns", "urn:docket:receipt:1");
 *	xml_leaf(&x, "client", "acme");
 *	xml_close(&x);
 *
 * Attributes follow their xml_open() directly.
 */
#ifndef DOCKET_XMLOUT_H
#define DOCKET_XMLOUT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

#define XML_DEPTH 16

struct xmlout {
	struct buf	*out;
	const char	*open[XML_DEPTH];	/* names, lent */
	unsigned	 depth;
	bool		 in_tag;		/* <name … not yet closed by > */
};

void	xml_begin(struct xmlout *, struct buf *);	/* the declaration */
void	xml_open(struct xmlout *, const char *name);
void	xml_attr(struct xmlout *, const char *name, const char *value);
void	xml_attr_num(struct xmlout *, const char *name, long value);
void	xml_leaf(struct xmlout *, const char *name, const char *text);
void	xml_comment(struct xmlout *, const char *text);
void	xml_close(struct xmlout *);

/* Appends text, escaped for content, or for an attribute in double quotes;
 * what XML cannot hold becomes U+FFFD. */
void	xml_escape(struct buf *, const char *text, size_t);
void	xml_escape_attr(struct buf *, const char *value, size_t);

#endif
