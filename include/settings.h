/*
 * settings: what docket.conf says (docket.conf(5)).
 */
#ifndef DOCKET_SETTINGS_H
#define DOCKET_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "form.h"
#include "ruling.h"
#include "wire.h"

/* What is asked of a decision on one form type. */
struct review {
	char		 prefix[PREFIX_TEXT];	/* "": all others */
	enum evidence	 evidence;		/* least that is accepted */
	unsigned	 quorum;		/* 0: approved on receipt */
	bool		 apart;
	int64_t		 lapse;			/* ms; 0: never */
	bool		 note[EVENT_COUNT];	/* decisions that need one */
};

struct reviewer {
	char		*name;
	char		*user;		/* Unix user, or its number */
	long		 uid;		/* -1: unknown here */
	unsigned	 line;
};

/* A drop box whose client's id is not its name. */
struct box_rule {
	char		*box, *client;
};

struct settings {
	char		 desk_id[DESK_ID];
	char		*desk_name;
	char		*zone;
	int64_t		 settle, grace, poll, strays;	/* ms */
	uint64_t	 form_limit, ratio;
	struct check_limits check;
	uint64_t	 workers;	/* 0: as many as processors */
	bool		 refusals;
	struct review	*reviews;	/* the first is for all others */
	size_t		 n_reviews;
	struct reviewer	*reviewers;
	size_t		 n_reviewers;
	struct box_rule	*boxes;
	size_t		 n_boxes;
};

/* Reads untrusted bytes.  -1 with the first error; nothing is owned then. */
int	settings_parse(struct settings *, const char *, size_t,
	    struct conf_error *);
void	settings_free(struct settings *);

/* Looks the reviewers' users up on this machine.  -1 with the first that
 * is unknown; the others are set all the same. */
int	settings_resolve(struct settings *, struct conf_error *);

const struct review *settings_review(const struct settings *,
	    const char *prefix);
/* The reviewer of that user, or NULL. */
const struct reviewer *settings_reviewer(const struct settings *, long uid);
/* The client whose box it is; NULL for inbox itself. */
const char *settings_client(const struct settings *, const char *box);

#endif
