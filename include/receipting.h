/*
 * receipting: what the two halves of receipts share: receipt.c tells of one
 * ruling, batched.c of all the forms in a batch.
 */
#ifndef DOCKET_RECEIPTING_H
#define DOCKET_RECEIPTING_H

#include "xmlout.h"

#include "receipt.h"

#define RECEIPT_NAMESPACE "urn:docket:receipt:1"

/* Text: the heading; a row under it; a text wrapped at 76 columns and
 * indented; faults, and a blank line. */
void	receipt_heading(struct buf *, const char *what, const char *event,
	    int64_t at);
void	receipt_row(struct buf *, const char *key, const char *value);
void	receipt_wrapped(struct buf *, const char *indent, const char *text);
void	receipt_faults(struct buf *, const struct faults *);

/* XML. */
void	receipt_open(struct xmlout *, const char *event,
	    const struct receipt_desk *, int64_t at);
void	receipt_fault_xml(struct xmlout *, const struct fault *);

#endif
