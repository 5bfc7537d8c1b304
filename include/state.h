/*
 * state: the life of a case, as a table.
 *
 * A case is in one state, which is the tray that holds its form.  An
 * approved case may have one open request (changed terms, revocation, a new
 * key), which waits in pending beside it.  What is not in the table cannot happen.
 */
#ifndef DOCKET_STATE_H
#define DOCKET_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* The trays, in the order in which a case may pass them. */
enum state {
	STATE_NONE,
	STATE_PENDING,
	STATE_APPROVED,
	STATE_RETURNED,
	STATE_REJECTED,
	STATE_REVOKED,
	STATE_COUNT
};

/* What an approved case may be asked for. */
enum request {
	REQUEST_NONE,
	REQUEST_CHANGE,		/* changed terms: a new revision */
	REQUEST_REVOCATION,
	REQUEST_ROTATION,	/* a new key in the place of the old one */
	REQUEST_COUNT
};

enum event {
	/* of a case */
	EVENT_RECEIVE,
	EVENT_APPROVE,
	EVENT_RETURN,
	EVENT_REJECT,
	EVENT_WITHDRAW,
	EVENT_RESUBMIT,
	EVENT_REVISE,
	EVENT_LAPSE,
	EVENT_ASK,
	EVENT_REVOKE,
	EVENT_ENDORSE,		/* counted, the quorum not yet met */
	EVENT_EFFECT,
	EVENT_EXPIRE,
	EVENT_RETIRE,		/* a key's own time is over */
	EVENT_NOTIFY,		/* that it will expire soon */
	EVENT_SUPERSEDE,	/* a newer list is in force */
	/* of the desk */
	EVENT_INIT,
	EVENT_RULES,
	EVENT_REFUSE,
	EVENT_RESTORE,
	EVENT_COUNT
};

enum who { WHO_ANYONE, WHO_REVIEWER, WHO_APPLICANT, WHO_CLOCK, WHO_DESK };

struct transition {
	enum state	from;
	enum request	request;	/* that is open */
	enum event	event;
	enum state	to;
	/* where the open request goes; for EVENT_ASK where the new one
	 * comes; STATE_NONE: there is none, or it takes the form's place */
	enum state	request_to;
	enum who	who;
	bool		note;		/* a note is required, unless the
					 * policy does without (review.note) */
	const char	*meaning;
};

/* The one transition, or NULL: it cannot happen.  Allocates nothing. */
const struct transition *state_next(enum state, enum request, enum event);

/* The rows in order, NULL at the end. */
const struct transition *state_row(size_t i);

/* "pending", "-" for STATE_NONE; and back: STATE_COUNT for no such name. */
const char	*state_name(enum state);
enum state	 state_named(const char *);

const char	*event_name(enum event);
enum event	 event_named(const char *);	/* EVENT_COUNT: none */
/* As it stands in the subject of a commit and in receipts: "approved". */
const char	*event_past(enum event);

const char	*request_name(enum request);
enum request	 request_named(const char *);	/* REQUEST_COUNT: none */

const char	*who_name(enum who);

/* Where a decision brings a paper: what a signature says without a move. */
enum state	 state_brought(enum event decision);
/* What a decision is called that brings a paper from one tray to another;
 * EVENT_COUNT: there is none. */
enum event	 state_decision(enum state from, enum state to, enum request);

/* Nothing follows any more. */
bool		 state_ended(enum state);

#endif
