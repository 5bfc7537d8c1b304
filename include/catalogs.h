/*
 * catalogs: the lists in force: who is a client, which APIs there are.
 *
 * A list is a form whose type says so (d:form lists); once it is approved it
 * is in force, in the place of the one of that name before it.  The ledger
 * says which one that is (the trailer Catalog); the index keeps its entries;
 * workers know its ids, for d:listed().  It binds as long as the schemas say
 * that such a form is a list; once it is revoked, and none has taken its
 * place, no list of that name binds.
 *
 *	approved -> committed -> catalogs_load() -> catalogs_tell()
 *
 * Functions return 0, or -1 with why: the machine's trouble.
 */
#ifndef DOCKET_CATALOGS_H
#define DOCKET_CATALOGS_H

#include "index.h"
#include "ledger.h"
#include "pool.h"

struct buf;

/*
 * Brings the entries in the index in step with the lists in force.  Papers
 * that are new are read by a worker of its own, within the bounds that come
 * with docket, whatever those of the desk are: a list that could be approved
 * once can always be read.  Where nothing is new nothing is started.
 */
int	catalogs_load(struct ledger *, struct index *, struct buf *why);

/* Tells the workers which ids are listed. */
int	catalogs_tell(struct index *, struct pool *, struct buf *why);

#endif
