/*
 * rule: from a form that was checked, a decision that was judged, or a day
 * that has come, to a ruling.
 *
 * Nothing is written here.  Whoever calls looks the case up, in the open
 * group first, and adds the ruling to the ledger's open group.
 */
#ifndef DOCKET_RULE_H
#define DOCKET_RULE_H

#include "casefile.h"
#include "form.h"
#include "ledger.h"
#include "parcel.h"
#include "ruling.h"
#include "settings.h"
#include "wire.h"

struct rule_context {
	const struct settings *settings;
	const struct form_types *types;	/* NULL: not known, as none lists */
	/* calls fn for each paper of a case in a tray, as ledger_papers() */
	int		(*papers)(void *ledger, enum state tray,
			    const char *number, ledger_name_fn *, void *);
	void		*ledger;
	int64_t		 now;
	char		 today[DAY_TEXT];
};

enum rule {
	RULE_MADE,		/* *r is the ruling, the caller's */
	RULE_FAULT,		/* a fault was added: it cannot be done */
	RULE_DUPLICATE,		/* nothing is new in it */
	RULE_TROUBLE,		/* the ledger cannot be read */
};

/* A claim: what was sent, what the worker says of it, what it is. */
struct rule_claim {
	const struct parcel	*parcel;
	const struct verdict	*verdict;
	const struct form_type	*type;
	const struct stamp	*stamp;		/* NULL: it bears none */
};

/* Whether the box may send a form that names this client. */
bool	rule_may_send(const struct settings *, const char *box,
	    const struct facts *, struct faults *);

/* Whether it may send a list: that is of the whole desk. */
bool	rule_may_list(const struct settings *, const char *box,
	    const struct form_type *, struct faults *);

/* A form that opens a case under this number. */
enum rule rule_receive(const struct rule_context *, const struct rule_claim *,
	    const char *number, struct ruling **);

/* A stamped form: a revision of a case, or a change of its terms. */
enum rule rule_revise(const struct rule_context *, const struct rule_claim *,
	    const struct casefile *, struct ruling **, struct faults *);

/* A request about a case. */
enum rule rule_request(const struct rule_context *, const struct rule_claim *,
	    const struct casefile *, struct ruling **, struct faults *);

/* What a decision on this paper would be, by which it went from tray to
 * tray.  EVENT_COUNT with a fault: none. */
enum event rule_event(const struct casefile *, const struct paper *,
	    enum state from, enum state to, struct faults *);

/* A decision that was judged, or what the clock brings.  What issues a key
 * wants one next, before the ruling is worth anything. */
enum rule rule_decide(const struct rule_context *, const struct casefile *,
	    enum event, const char *note, struct ruling **);

/* Whether the ruling issues a key, where forms of its type are for one
 * (issues). */
bool	rule_wants_key(const struct ruling *, bool issues);

/* Gives such a ruling, of a case as it stands before it, the key that it
 * issues, by its digest: the record is filed, and the records of those that
 * end at once go. */
void	rule_issue_key(struct ruling *, const struct casefile *,
	    const char *sha256);
/* A notice that the expiry day comes near: so many days at most are left.
 * RULE_FAULT: that was said before, or is no news. */
enum rule rule_notify(const struct rule_context *, const struct casefile *,
	    unsigned days, struct ruling **);

/* A decision that is counted, of which more are needed. */
struct ruling *rule_endorse(const struct rule_context *,
	    const struct casefile *, const struct paper *, enum event,
	    const char *note);

/* Files the signature that a decision was made by with the papers of the
 * case, where the ruling brings them. */
void	rule_file_signature(struct ruling *, const struct casefile *,
	    const struct paper *about, enum event decision, const char *who,
	    const char *text);

/* A form that was refused. */
struct ruling *rule_refuse(const struct rule_context *,
	    const struct parcel *, const struct faults *);

#endif
