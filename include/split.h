/*
 * split: where the forms of a batch are, a window at a time.
 *
 * A batch is one element with any number of forms in it.  It works on the raw
 * bytes, of an encoding that is a superset of ASCII, as xmlscan does, and
 * keeps nothing: what a window needs to know of those before it is in the
 * query (struct cutting), so that cutting can begin again anywhere.
 *
 * A form ends at the end tag that belongs to its first tag.  In what is
 * well-formed that is where a parser would end it; in what is not, only the
 * forms around the damage matter: a form that lacks the end tag of one of
 * its fields still ends where it should, and a parser says what is wrong.
 * (A '<' begins a tag wherever it stands but in comments, instructions and
 * CDATA sections, for no attribute may hold one.)
 *
 * The desk's stamp, an instruction right before a form, belongs to it.
 */
#ifndef DOCKET_SPLIT_H
#define DOCKET_SPLIT_H

#include <stddef.h>

#include "fault.h"
#include "wire.h"

/*
 * The first tag of a file: its bytes up to and with it, and its name.  0, or
 * -1 where there is none in so many bytes.  With *empty it is closed too.
 */
int	split_head(const char *, size_t, size_t *len, char name[TAG_NAME],
	    bool *empty);

/*
 * Adds the pieces of a window to v->cuts, and what is wrong with the batch
 * itself (not with a form) to v->faults.  `from': where the first tag ends;
 * 0 in all windows but the first.
 */
void	split_window(const struct query *, size_t from, struct verdict *);

#endif
