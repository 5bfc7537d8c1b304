/*
 * rules: docket.conf, allowed_signers, revoked_keys and the schemas, and the
 * policy.manifest with its signatures, as one set of files.
 *
 * They are versioned in the ledger under the same paths, and in force is
 * what stands there: a change of the files on the desk takes effect when it
 * has been committed.
 */
#ifndef DOCKET_RULES_H
#define DOCKET_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct desk;

struct rules_file {
	char	*path;		/* "docket.conf", "schemas/api-key.xsd" */
	char	*data;
	size_t	 len;
};

struct rules {
	struct rules_file *files;	/* sorted by path */
	size_t	n;
};

/* Reads those of the desk.  -1: one cannot be read, or is too large; why
 * says which. */
int	rules_load(struct rules *, const struct desk *, struct buf *why);
void	rules_free(struct rules *);

/* Whether a file of that name at the top of a desk, or of the ledger, is one
 * of the rules; and whether it is a signature over their manifest. */
bool	rules_is_top(const char *name);
bool	rules_is_signature(const char *path);
/* Whether rules are kept under that path. */
bool	rules_is_path(const char *path);

/* In any order; data is copied. */
void	rules_add(struct rules *, const char *path, const char *data,
	    size_t);
void	rules_sort(struct rules *);

const struct rules_file *rules_get(const struct rules *, const char *path);
/* Signatures aside. */
bool	rules_same(const struct rules *, const struct rules *);
/* Byte for byte, signatures too. */
bool	rules_equal(const struct rules *, const struct rules *);

/* Whether the schemas differ. */
bool	rules_same_schemas(const struct rules *, const struct rules *);

#endif
