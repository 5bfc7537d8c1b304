/*
 * keylife: what became of the keys of a case, from its history.
 */
#ifndef DOCKET_KEYLIFE_H
#define DOCKET_KEYLIFE_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"

#include "desk.h"
#include "ruling.h"

struct key_life {
	unsigned	 revision;
	char		 sha256[65];
	int64_t		 issued;
	int64_t		 until;		/* its own end; 0: none */
	int64_t		 ended;		/* 0: it has not */
	char		*how;		/* "revoked"; NULL until it has */
};

struct key_lives {
	struct key_life	*list;
	size_t		 n;
};

/* One ruling of the case after the other, the oldest first. */
void	key_lives_add(struct key_lives *, const struct ruling *);
void	key_lives_free(struct key_lives *);

/* A section of docket show; the same for programs, as a member "keys" of an
 * object that is open. */
void	key_lives_print(const struct key_lives *, const struct desk *,
	    const char *number);
void	key_lives_json(const struct key_lives *, const struct desk *,
	    const char *number, struct json *);

#endif
