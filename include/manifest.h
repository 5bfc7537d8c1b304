/*
 * manifest: what the rules of a desk are to be, for those who sign it.
 *
 * Where docket.conf has a [review "policy"], a change of the rules takes
 * effect only with a file policy.manifest and enough signatures over it, in
 * the namespace policy@docket, by the rules that are in force until then.
 * The file is one that sha256sum(1) -c takes:
 *
 *	# docket policy
 *	# desk: mjq4vvh2q2xl
 *	# serial: 3
 *	5f2e…  docket.conf
 *	…
 *
 * The serial is one higher with each change, so that an older manifest cannot
 * be brought back with its signatures.
 */
#ifndef DOCKET_MANIFEST_H
#define DOCKET_MANIFEST_H

#include <stdint.h>

#include "fault.h"
#include "rules.h"
#include "ruling.h"
#include "settings.h"

#define MANIFEST "policy.manifest"

/* The manifest of these rules, appended. */
void	manifest_put(struct buf *, const struct rules *, const char *desk,
	    uint64_t serial);
/* The serial of the manifest among them; 0: there is none. */
uint64_t manifest_serial(const struct rules *);

/*
 * Whether the new rules may take the place of those in force at this time: 0,
 * and who signed is added to the ruling (if it is not NULL) as deciders; or
 * -1 and the fault says what is missing.  Where the rules in force ask for no
 * signatures there is nothing to check.
 */
int	manifest_check(const struct rules *force, const struct settings *,
	    const struct rules *new, int64_t at, struct ruling *,
	    struct faults *);

#endif
