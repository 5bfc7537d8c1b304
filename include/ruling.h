/*
 * ruling: one state change, whole: what becomes one commit.
 *
 * A ruling is made by flow.c out of a claim, a decision or the clock; the
 * ledger writes it and reads it back; trays, outbox and index are
 * projections of it.  ruling_encode() and ruling_decode() are the two ends
 * of the commit message, whose format other programs rely on
 * (docket-ledger(5)).
 */
#ifndef DOCKET_RULING_H
#define DOCKET_RULING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "facts.h"
#include "fault.h"
#include "form.h"
#include "state.h"

struct buf;

#define COMMIT_HEX 41

/* Kinds of evidence that a decision is somebody's, weakest first. */
enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_POLICY,	/* nobody's: the policy asks for none */
	EVIDENCE_MOVE,		/* someone with write permission */
	EVIDENCE_OWNER,		/* the decision file's owner */
	EVIDENCE_SIGNATURE,	/* an SSH signature over the paper's bytes */
	EVIDENCE_COUNT
};

const char	*evidence_name(enum evidence);
enum evidence	 evidence_named(const char *);	/* EVIDENCE_COUNT: none */

struct decider {
	char		*name;
	enum evidence	 evidence;
	long		 uid;		/* -1: unknown */
	char		*key;		/* of a signature: "SHA256:…"; or NULL */
};

/* What a commit does to the tree.  Paths are the ledger's. */
enum op_kind { OP_PUT, OP_MOVE, OP_DROP };

struct op {
	enum op_kind	 kind;
	char		*path;		/* put there; moved from; dropped */
	char		*to;		/* moved to */
	char		*data;		/* put; owned */
	size_t		 len;
};

struct ruling {
	enum event	 event;
	char		 number[NUMBER_TEXT];	/* "": of the desk */
	char		*form;		/* {namespace}element */
	char		*client;
	char		*label;
	enum state	 from, to;
	enum request	 request;	/* the one concerned */
	enum state	 request_from, request_to;
	unsigned	 revision;	/* of the paper concerned; 0: none */
	char		*note;
	long		 uid;		/* of the submitter; -1: none */
	char		*box;		/* "": inbox itself; NULL: none */
	struct decider	*deciders;	/* who decided now first, then those
					 * counted before */
	size_t		 n_deciders;
	enum event	 decision;	/* EVENT_ENDORSE: which; else 0 */
	char		 checked[DAY_TEXT];	/* the day of the rules' check */
	unsigned	 notice;	/* EVENT_NOTIFY: the threshold that
					 * was reached, in days; else 0 */
	char		 expiry[DAY_TEXT];	/* with it: the last day */
	char		 sha256[65];	/* of the paper; of a refused file */
	char		 list[65];	/* signed list that the decision is
					 * in: its digest; "": none */
	char		 key[65];	/* the digest of the key that is issued,
					 * or retired; "": none */
	unsigned	 key_revision;	/* which of the case's keys it is */
	char		 overlap[OVERLAP_TEXT];	/* of a rotation; "": none */
	char		*catalog;	/* the list by that name is in force
					 * now: "clients"; NULL: it is none */
	char		*intake;	/* the claim's id */
	char		*file;		/* as it was called in inbox */
	struct faults	 faults;	/* of a refusal */
	char		*subjects;	/* files changed or restored, one a
					 * line */
	char		*answers;	/* boxes that are answered, one a line;
					 * an empty line is inbox itself */
	int64_t		 at;
	char		 commit[COMMIT_HEX];	/* once it is one */

	/* not in the message */
	struct op	*ops;
	size_t		 n_ops;
	struct facts	 facts;		/* of a new paper */
	char		 digest[65];	/* of a new paper, as submitted */
};

void	ruling_init(struct ruling *);
void	ruling_free(struct ruling *);

void	ruling_put(struct ruling *, const char *path, const char *data,
	    size_t);
void	ruling_move(struct ruling *, const char *from, const char *to);
void	ruling_drop(struct ruling *, const char *path);
void	ruling_decider(struct ruling *, const char *name, enum evidence,
	    long uid, const char *key);
void	ruling_subject(struct ruling *, const char *file);
/* Once for each box. */
void	ruling_answer(struct ruling *, const char *box);
/* The boxes in turn, starting with *at = r->answers; false at the end.  Into
 * an array of LIMIT_BOX + 1 bytes. */
bool	ruling_next_answer(const char **at, char *box);

/* Whether it came in a batch: such a claim is one of many. */
bool	ruling_is_part(const struct ruling *);

/* A note as it is kept: what cannot be shown taken out, without blank lines
 * around it, every line ending in LF.  NULL if nothing is left; the caller's
 * to free.  Cleaning twice changes nothing. */
char	*note_clean(const char *);

/* The name of the paper concerned; "" for none. */
const char *ruling_paper(const struct ruling *, char [PAPER_NAME]);

/* What the case is about: "Acme mobile app (acme)". */
void	ruling_title(const struct ruling *, struct buf *);

/* "AK-000012 approved: Acme mobile app (acme)", without a newline: the
 * ledger's words. */
void	ruling_subject_line(const struct ruling *, struct buf *);

/* The whole commit message. */
void	ruling_encode(const struct ruling *, struct buf *);

/*
 * Reads a message.  *r is initialised here and owned by the caller, also
 * when -1 says that the message is not one of ours: that a trailer is empty
 * or not plain, or one missing without which the event means nothing.
 * `at', `commit', ops and facts are not in it.
 */
int	ruling_decode(struct ruling *, const char *, size_t);

#endif
