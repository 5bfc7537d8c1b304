/*
 * commit: a ruling as the bytes of a git commit, and back.
 *
 * Both ends are here: the ledger writes what commit_encode() makes, and who
 * audits it makes the same again.
 */
#ifndef DOCKET_COMMIT_H
#define DOCKET_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "pack.h"
#include "ruling.h"

/* 40 hex digits and back; parse takes untrusted text of at least so many. */
const char *oid_text(char [COMMIT_HEX], const struct oid *);
int	oid_parse(struct oid *, const char *hex);
bool	oid_same(const struct oid *, const struct oid *);

/* The whole commit by desk `id', at r->at; parent NULL: the first. */
void	commit_encode(struct buf *, const struct oid *tree,
	    const struct oid *parent, const char *id, const struct ruling *);

/* Puts a signature over the commit into it (gitformat-signature(5)). */
void	commit_seal(struct buf *, const char *armour);

/* A commit that somebody wrote. */
struct commit {
	struct oid	 tree, parent;	/* the first one */
	unsigned	 parents;
	int64_t		 at;		/* of the committer */
	struct buf	 plain;		/* all of it but a signature */
	size_t		 message;	/* where that begins in it */
	struct buf	 signature;	/* armoured; empty: none */
};

/* Untrusted bytes.  -1: they are no commit that we could have written.  Free
 * it in either case. */
int	commit_parse(struct commit *, const char *, size_t);
void	commit_free(struct commit *);

#endif
