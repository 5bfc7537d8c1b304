/*
 * signature: an SSH signature as a file, as ssh-keygen(1) -Y sign writes it:
 * the format of OpenSSH's PROTOCOL.sshsig, armoured.
 *
 * Parsing tells what somebody claims to have signed; whether it is so, only
 * ssh-keygen says (sshsig.h).
 */
#ifndef DOCKET_SIGNATURE_H
#define DOCKET_SIGNATURE_H

#include <stddef.h>

#include "state.h"

#define SIGNATURE_MAX 16384	/* an RSA key of 16384 bits in a certificate
				 * takes 10 kB */
#define NAMESPACE_TEXT 64

struct signature {
	char	*text;			/* the armour alone: what follows its
					 * end does not belong to it; owned */
	char	 name_space[NAMESPACE_TEXT];
};

/* Untrusted bytes.  -1: they are no signature. */
int	signature_parse(struct signature *, const char *, size_t);
void	signature_free(struct signature *);

/* "approve@docket"; and back: EVENT_COUNT for any other. */
const char *signature_namespace(char [NAMESPACE_TEXT], enum event);
enum event signature_decision(const char *name_space);

#endif
