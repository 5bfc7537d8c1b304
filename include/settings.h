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

/* The decisions of people. */
enum decided { APPROVE, RETURN, REJECT, REVOKE, DECIDED_COUNT };

enum decided	decided_of(enum event);

#define GROUP_NAME 32
#define STAGES 8

/* So many distinct people of a group; "" is any reviewer. */
struct stage {
	char		 group[GROUP_NAME];
	unsigned	 quorum;
};

/* What is asked of one decision on one form type. */
struct policy {
	enum evidence	 evidence;		/* least that is accepted */
	struct stage	 stage[STAGES];		/* one after the other */
	unsigned	 n_stages;
	unsigned	 staged_by;		/* rank of the section; settings */
	bool		 apart;
	bool		 note;			/* one is needed */
	char		 emergency[GROUP_NAME];	/* may decide alone, with a
						 * note; "": nobody */
	char		 instead[GROUP_NAME];	/* may fill any stage: what is
						 * escalated; policy.h sets
						 * it; "": nobody */
};

/* What is asked for one form type. */
struct review {
	char		 prefix[PREFIX_TEXT];	/* "": all others */
	struct policy	 of[DECIDED_COUNT];
	bool		 unreviewed;		/* approved on receipt */
	int64_t		 lapse;			/* ms; 0: never */
	int64_t		 remind;		/* ms; 0: never */
	int64_t		 escalate;		/* ms; 0: never */
	char		 escalate_to[GROUP_NAME];
};

struct reviewer {
	char		*name;
	char		*user;		/* Unix user, or its number; or NULL */
	long		 uid;		/* -1: none, or unknown here */
	char		*client;	/* whose people it is of; or NULL */
	char		*groups;	/* " desk board "; or NULL */
	unsigned	 line;
};

/* Thresholds of notices before expiry. */
#define NOTICES 16

/* A drop box whose client's id is not its name. */
struct box_rule {
	char		*box, *client;
};

struct settings {
	char		 desk_id[DESK_ID];
	char		*desk_name;
	char		*zone;
	int64_t		 settle, grace, poll, strays;	/* ms */
	uint64_t	 form_limit, batch_limit, list_limit, ratio;
	struct check_limits check;
	uint64_t	 workers;	/* 0: as many as processors */
	/* notices before expiry, in days, ascending, each once */
	unsigned	 notices[NOTICES];
	size_t		 n_notices;
	bool		 refusals;
	char		*signing_key;	/* file of the ledger's key, or NULL */
	bool		 revocations;	/* revoked_keys must be there */
	unsigned	 rules_quorum;	/* signatures on a change of the
					 * rules; 0: none are asked for */
	char		 rules_group[GROUP_NAME];
	struct review	*reviews;	/* the first is for all others */
	size_t		 n_reviews;
	struct reviewer	*reviewers;
	size_t		 n_reviewers;
	struct box_rule	*boxes;
	size_t		 n_boxes;
	char		*haproxy;	/* its admin socket, or NULL */
	char		*reload;	/* a command, or NULL */
	int64_t		 probe;		/* ms; 0: never */
	char		*metrics;	/* file for Prometheus, or NULL */
	int64_t		 metrics_every;	/* ms */
};

/* Reads untrusted bytes.  -1 with the first error; nothing is owned then. */
int	settings_parse(struct settings *, const char *, size_t,
	    struct conf_error *);
void	settings_free(struct settings *);

/* Looks the reviewers' users up on this machine.  -1 with the first that
 * is unknown; the others are set all the same.  Or with one that could not be
 * looked up: *trouble, unless that is NULL. */
int	settings_resolve(struct settings *, struct conf_error *,
	    bool *trouble);
/* Whether that is what the errno of getpwnam(3) and its like says; it was 0
 * before. */
bool	settings_lookup_failed(int error);

const struct review *settings_review(const struct settings *,
	    const char *prefix);
const struct policy *settings_policy(const struct settings *,
	    const char *prefix, enum event decision);
/* The reviewer of that user, or of that name, or NULL. */
const struct reviewer *settings_reviewer(const struct settings *, long uid);
const struct reviewer *settings_reviewer_named(const struct settings *,
	    const char *name);
/* Whether it is of the group; everybody is of "". */
bool	reviewer_in(const struct reviewer *, const char *group);
/* The notice that is due with so many days left where none of `notified' days
 * or more is: the smallest threshold that was reached; 0: none. */
unsigned settings_notice(const struct settings *, int32_t left,
	    unsigned notified);
/* The client whose box it is; NULL for inbox itself. */
const char *settings_client(const struct settings *, const char *box);

#endif
