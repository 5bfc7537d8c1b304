/*
 * idlist: the ids of the lists in force, as a worker knows them.
 *
 * They come from docket in parts, before the children are forked that are to
 * know them, who share them.  It is also how ids are found that a list has
 * twice.
 */
#ifndef DOCKET_IDLIST_H
#define DOCKET_IDLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* A set of texts: one after the other, and where each begins, by its hash. */
struct idset {
	struct buf	 text;
	uint32_t	*at;		/* 0: nothing; else place + 1 */
	size_t		 n, cap;
};

bool	idset_add(struct idset *, const char *, size_t);	/* false: it was */
bool	idset_has(const struct idset *, const char *, size_t);
void	idset_free(struct idset *);

struct idlist {
	char		*name;		/* "clients" */
	struct idset	 ids;
};

struct idlists {
	struct idlist	*list;
	size_t		 n;
};

/* Ids of a list, a line each; a list begins with the first of them, and be
 * there none in it. */
void	idlists_add(struct idlists *, const char *name, const char *lines);
/* NULL: no such list is in force. */
const struct idset *idlists_find(const struct idlists *, const char *name);
void	idlists_free(struct idlists *);

/* An id as it is meant: without the blanks around it. */
const char *id_trim(const char *, size_t *len);

#endif
