/*
 * sheet: cases as one table for a spreadsheet (CSV, RFC 4180): what docket
 * knows of each, then a column for each field that the forms of these cases
 * have, in the order in which they are met, headed by its path ("quota",
 * "apis/api").
 *
 * Nothing is lost: a field of which docket knows (client, name, days) has a
 * column of its own, "form:client", where it says something else in some
 * form; fields for which there are too many columns share one, "others".
 * Several values of a field are separated by blanks, or, where one of them
 * has blanks in it, by line feeds.  A text of a form that a spreadsheet would
 * take for a formula bears an apostrophe before it.
 *
 * The cases are walked twice: sheet_meet() for each, sheet_head(), and
 * sheet_row() for each.
 */
#ifndef DOCKET_SHEET_H
#define DOCKET_SHEET_H

#include <stdbool.h>

#include "casefile.h"

struct buf;
struct sheet;

struct sheet *sheet_new(void);
void	sheet_free(struct sheet *);

void	sheet_meet(struct sheet *, const struct casefile *);
void	sheet_head(const struct sheet *, struct buf *);
/* False: it has a field that was not met, which is left out. */
bool	sheet_row(struct sheet *, const struct casefile *, struct buf *);

#endif
