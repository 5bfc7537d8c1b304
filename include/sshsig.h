/*
 * sshsig: SSH signatures, verified by ssh-keygen(1) under the rules of a day.
 *
 * Everything unclear fails closed: no ssh-keygen, no allowed_signers, a
 * revocation file that is missing or empty (which ssh-keygen itself would
 * take for nothing revoked), a key of several principals, an outcome that is
 * not understood.  What is unclear for reasons that are ours alone (no
 * ssh-keygen, one that was killed) is told apart: nobody is to be blamed.
 */
#ifndef DOCKET_SSHSIG_H
#define DOCKET_SSHSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#include "form.h"
#include "rules.h"

#include "signature.h"

#define FINGERPRINT 80		/* "SHA256:" and 43 letters; longer for none */

struct signer {
	char	who[REVIEWER_NAME];	/* the principal */
	char	key[FINGERPRINT];
};

/*
 * Whether the signature is good over these bytes, in its own namespace, at
 * this time, by allowed_signers and revoked_keys among the rules;
 * `revocations' says that there must be a revoked_keys.  1: yes, and *by is
 * who; 0: no, and why (a sentence) is appended; -1: it cannot be told now, by
 * no fault of the signer's, and why says so as well.
 */
int	sshsig_verify(const struct rules *, bool revocations,
	    const struct signature *, const void *, size_t, int64_t at,
	    struct signer *by, struct buf *why);

/* Signs bytes in a namespace with the key in a file (private, or the public
 * half of one that an agent holds).  0 and the signature; or -1 and why. */
int	sshsig_sign(const char *keyfile, const char *name_space, const void *,
	    size_t, struct buf *sig, struct buf *why);

/* Whether allowed_signers and revoked_keys can be used at all; the faults'
 * fields are the files. */
struct faults;
void	sshsig_check_rules(const struct rules *, bool revocations,
	    struct faults *);

/* The lines of allowed_signers that can be read, until fn returns not 0. */
struct signer_line {
	long		 line;
	char		 principals[256];	/* with commas, as it is there */
	char		 namespaces[256];	/* too; "": any */
	bool		 authority;		/* it certifies others' keys */
	int64_t		 after, before;		/* 0: no bound */
	struct buf	 key;			/* type and key */
};
typedef int sshsig_signer_fn(void *arg, const struct signer_line *);
int	sshsig_each_signer(const struct rules *, sshsig_signer_fn *,
	    void *arg);
/* Whether revoked_keys has that key: 1, 0; -1: it cannot be told. */
int	sshsig_is_revoked(const struct rules *, const char *key);

#endif
