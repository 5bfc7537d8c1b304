/*
 * admission: what a gateway must know to let a key pass: whose it is, until
 * when, for how many calls, to which APIs; and how that is written in the
 * files that gateways read.
 *
 * A pure function of a case; nothing here knows whether it is in force.
 *
 * What comes from forms (client, APIs) is written in letters, digits, dots,
 * hyphens and underscores, everything else as %XX with capital digits, and
 * never longer than ADMISSION_WORD: so it means the same to every gateway,
 * and cannot end a line, a quotation or a command, nor open one.
 *
 *	clients.map	<hash> <client>			HAProxy
 *	expiry.map	<hash> <epoch>
 *	quota.map	<hash> <n>, -1: no limit
 *	apis.map	<hash>/<api> 1
 *	nginx-keys.map	"<hash>" "<client>|<epoch>|<n>";	nginx
 *	nginx-apis.map	"<hash>/<api>" 1;
 *
 * A key is in each of the first three and in nginx-keys.map, or it is not
 * known: a gateway that has read some of them before a change and some after
 * it lets nobody pass who should not.
 */
#ifndef DOCKET_ADMISSION_H
#define DOCKET_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts.h"

struct buf;

/* The longest name of a client or an API, as it is written.  nginx keeps a
 * key of a map in one bucket, HAProxy a line in one buffer. */
#define ADMISSION_WORD 255

/* What all keys of a case have in common. */
struct terms {
	char	*client;
	char	*apis;			/* one a line; NULL: none */
	int64_t	 quota;			/* -1: no limit */
	int64_t	 until;			/* the first second after it */
	unsigned left_out;		/* APIs whose names are too long */
};

#define TERMS_INIT { NULL, NULL, -1, 0, 0 }

/* Where a form names no expiry day: the end of the year 9999. */
#define ADMISSION_NO_END INT64_C(253402300800)

/*
 * -1: a client whose name is too long: no key of the case can be admitted.
 * The quota is the field of that name; one that cannot be understood is 0.
 */
int	terms_of(const struct facts *, struct terms *);
void	terms_free(struct terms *);

struct admission {
	const struct terms *terms;	/* lent */
	const char	*sha256;	/* of the key; lent */
	int64_t		 until;
};

/* `end' is the key's own, 0 for none. */
struct admission admission_of(const struct terms *, const char *sha256,
	    int64_t end);

/*
 * The maps of HAProxy, in the order in which a new key comes into them: the
 * one that makes it known is the last.
 */
enum map_kind { MAP_APIS, MAP_QUOTA, MAP_EXPIRY, MAP_CLIENTS, MAP_KINDS };

const char *map_kind_name(enum map_kind);	/* "apis.map" */

struct map_item {
	char	 key[64 + 1 + ADMISSION_WORD + 1];
	char	 value[ADMISSION_WORD + 1];
};

/* The items of one map, beginning with *at = NULL; false at the end. */
bool	admission_next(const struct admission *, enum map_kind,
	    const char **at, struct map_item *);

/* The files: those maps first, then nginx's. */
#define ADMISSION_FILES 6
const char *admission_file(size_t);		/* NULL at the end */
/* What each file begins with, and the lines of one key in it. */
#define ADMISSION_HEAD "# Written by docket; what is changed here is lost.\n"
void	admission_put(size_t file, const struct admission *, struct buf *);

#endif
