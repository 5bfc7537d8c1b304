/*
 * xpath: an expression in a schema, looked at before any form is.
 *
 * XPath finds out what an expression lacks when it gets there: with most forms
 * never, with some only then.  So what it names is looked up beforehand:
 * prefixes and functions that nobody declares, variables (there are none);
 * and it is evaluated once over an empty form.
 */
#ifndef DOCKET_XPATH_H
#define DOCKET_XPATH_H

struct buf;
struct expr;

/* 0; or -1 and the beginning of a sentence that the expression ends. */
int	xpath_check(const struct expr *, const char *text, struct buf *why);

#endif
