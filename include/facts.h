/*
 * facts: what docket needs to know of a form's content.
 *
 * A worker reads them out of the form; docket cannot parse XML and believes
 * them only within bounds (see wire.h).  They are shown, searched and used
 * for dates; what is decided on is always the paper itself.
 */
#ifndef DOCKET_FACTS_H
#define DOCKET_FACTS_H

#include <stdint.h>

#include "clock.h"

struct facts {
	char	*client;		/* NULL: the form names none */
	char	*label;			/* what the case is called */
	char	 effective[DAY_TEXT];	/* YYYY-MM-DD or "" */
	char	 expiry[DAY_TEXT];
	/* every field as a line: path, TAB, label, TAB, value, LF; path is
	 * "apis/api", label as a person calls it; values are plain.  Where
	 * both path and label are those of the line before they are empty:
	 * read them with facts_next() */
	char	*fields;
	/* the values of the fields that are the form's `apis', one a line */
	char	*apis;
};

#define FACTS_INIT { NULL, NULL, "", "", NULL, NULL }

void	facts_free(struct facts *);
void	facts_copy(struct facts *, const struct facts *);

/* Walks the fields: start with *at = facts->fields and a field FIELD_INIT,
 * and leave it as it is from one to the next; false at the end.
 * Path, label and value are lent, and not NUL-terminated. */
struct field {
	const char *path, *label, *value;
	int	path_len, label_len, value_len;
};

#define FIELD_INIT { "", "", "", 0, 0, 0 }

int	facts_next(const char **at, struct field *);

/* The first value of a path, or NULL; the caller's to free. */
char	*facts_value(const struct facts *, const char *path);

/* How long an old key stays good beside the one that takes its place: "0", or
 * hours or days, "36h", "7d", at most 90 days. */
#define OVERLAP_TEXT 8
/* In seconds.  -1: it is none. */
int	overlap_parse(const char *, int64_t *seconds);

#endif
