/*
 * shipped: the schemas, examples, blanks and samples that come with the
 * program, kept in it.
 */
#ifndef DOCKET_SHIPPED_H
#define DOCKET_SHIPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct shipped {
	const char	*path;		/* "schemas/api-key.xsd" */
	const char	*data;
	size_t		 len;
};

/* i = 0, 1, …; false at the end.  The files of a desk's schemas/; and the
 * blanks for applicants and the samples for gateways, whose path is a file's
 * name. */
bool	shipped_schema(size_t i, struct shipped *);
bool	shipped_blank(size_t i, struct shipped *);
bool	shipped_gateway(size_t i, struct shipped *);

/* A blank with days in it that fit today. */
void	shipped_fill(const struct shipped *, int32_t today, struct buf *);

#endif
