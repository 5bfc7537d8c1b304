/*
 * gatefiles: the files of outbox/gateway, made anew a few cases at a time.
 *
 * begin, then put for each key that is to pass, then end: each file whose
 * bytes are others now is synced and replaced as a whole, those that make a
 * key known after those that say what it may do.  The folder is the desk's
 * (0755), or as the operator has made it.
 *
 * Or they are only compared: put or end say (1) that a file is not what it is
 * to be, and everything is to be begun once more, and written.
 *
 * Functions return 0, or -1 with errno and gatefiles_at() naming the file;
 * what was begun is given up then.
 */
#ifndef DOCKET_GATEFILES_H
#define DOCKET_GATEFILES_H

#include <stdbool.h>

#include "admission.h"

#define GATEWAY_FOLDER "gateway"

struct gatefiles;

struct gatefiles *gatefiles_new(int outbox);
void	gatefiles_free(struct gatefiles *);

/* Whether the folder is there. */
bool	gatefiles_are_wanted(const struct gatefiles *);

/* Opens the folder, or makes it; puts the sample configurations in it that
 * are not there. */
int	gatefiles_begin(struct gatefiles *, bool compares);
int	gatefiles_put(struct gatefiles *, const struct admission *);
/* *changed: how many files were replaced. */
int	gatefiles_end(struct gatefiles *, unsigned *changed);
void	gatefiles_abort(struct gatefiles *);

const char *gatefiles_at(const struct gatefiles *);

#endif
