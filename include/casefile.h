/*
 * casefile: where a case stands, as the sum of its rulings.
 *
 * casefile_apply() is the only place that knows how a ruling changes a case;
 * the daemon's open group, the index and its rebuilding all use it, so that
 * they cannot differ.
 */
#ifndef DOCKET_CASEFILE_H
#define DOCKET_CASEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "facts.h"
#include "form.h"
#include "ruling.h"
#include "state.h"

struct casefile {
	char		 number[NUMBER_TEXT];
	char		*form;
	enum state	 state;
	unsigned	 revision;	/* in force, or under review */
	unsigned	 last_revision;	/* the highest that was given */
	enum request	 request;	/* open, or REQUEST_NONE */
	unsigned	 request_revision;
	unsigned	 requests;	/* papers asking for revocation so far */
	unsigned	 rotations;	/* papers asking for a new key so far */
	unsigned	 withdrawals;
	bool		 in_force;
	char		 approved[DAY_TEXT];	/* as of this day, its terms */
	/* notices before expiry: the last, in days (0: none), and of which
	 * last day; what follows from them, see casefile_notified() */
	unsigned	 noticed;
	char		 noticed_of[DAY_TEXT];
	unsigned	 notified;
	char		*catalog;	/* the list that it is, once it was
					 * approved as one: "clients" */
	char		*box;		/* it came through; "": inbox */
	char		*request_box;	/* the open request came through */
	/* everyone who submitted a revision or request, as " uid uid " */
	char		*submitters;
	/* decisions counted for its papers, of which more are needed; read
	 * with casefile_next_endorsement() */
	char		*endorsed;
	/* its keys: those that were issued and have not ended, the oldest
	 * first; read with casefile_next_key() */
	char		*keys;
	unsigned	 issued;	/* keys so far */
	int64_t		 retires;	/* when the first of them ends by
					 * itself; 0: none does */
	char		 overlap[OVERLAP_TEXT];	/* of the open rotation */
	int64_t		 received;
	int64_t		 changed;	/* the last ruling */
	int64_t		 waiting;	/* since when a decision is waited
					 * for; 0: it is not */
	char		 digest[65];	/* the last form, as submitted */
	char		 sha256[65];	/* the paper, as filed */
	struct facts	 facts;		/* of `revision' */
	struct facts	 asked;		/* of the open change */
	char		 asked_sha256[65];
};

void	casefile_init(struct casefile *);
void	casefile_free(struct casefile *);
void	casefile_copy(struct casefile *, const struct casefile *);

/*
 * 0; or -1 if the ruling does not follow from where the case stands, by the
 * table of states.  The case is unchanged then.
 */
int	casefile_apply(struct casefile *, const struct ruling *);

/* One decision that was counted. */
struct endorsement {
	char		 paper[PAPER_NAME];
	enum event	 decision;
	enum evidence	 evidence;
	long		 uid;			/* -1: none */
	char		 key[80];		/* "" for none */
	char		 list[65];		/* signed list that it is in,
						 * by digest; "": none */
	char		 who[REVIEWER_NAME];
};

/* The endorsements in the order in which they came, beginning with *at =
 * c->endorsed; false at the end. */
bool	casefile_next_endorsement(const char **at, struct endorsement *);

/* A key of the case, as its digest. */
struct case_key {
	unsigned	 revision;		/* 1, and one more each time */
	char		 sha256[65];
	int64_t		 issued;
	int64_t		 until;			/* 0: no end of its own */
};

/* The keys in the order in which they were issued, beginning with *at =
 * c->keys; false at the end. */
bool	casefile_next_key(const char **at, struct case_key *);
/* The key that ends first by itself, if its time has come; false: none. */
bool	casefile_retiring_key(const struct casefile *, int64_t now,
	    struct case_key *);
/* The record of a key: "AK-000012.key.r2.xml". */
const char *casefile_key_paper(const struct casefile *,
	    const struct case_key *, char [PAPER_NAME]);
/*
 * A notice before expiry is due only at a threshold of fewer days than this:
 * so many were left when the terms were approved (whoever sent them knows),
 * or when it was last said that this last day, or a later one, comes near.
 * 0: none is due any more.  At most LIMIT_NOTICE_DAYS + 1, however far away.
 */
unsigned casefile_notified(const struct casefile *);

/* The day as of which a form is checked that comes today and bears the stamp
 * of the case: the first day of the terms in force, if that is over. */
int32_t	casefile_since(const struct casefile *, int32_t today);

bool	casefile_submitted_by(const struct casefile *, long uid);

/* The paper under review, or in force: "AK-000012.r2.xml". */
const char *casefile_paper(const struct casefile *, char [PAPER_NAME]);
/* The paper of the open request. */
const char *casefile_request_paper(const struct casefile *,
	    char [PAPER_NAME]);
/* The one that such a decision is about. */
const char *casefile_decided_paper(const struct casefile *,
	    enum event decision, char [PAPER_NAME]);

#endif
