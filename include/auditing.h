/*
 * auditing: what the files of src/audit share.  Nobody else includes it.
 *
 * audit.c takes the commits in turn.  For each it has the ruling made again
 * that its message tells of (claimed.c: forms; decided.c: decisions and the
 * clock; governed.c: rules and the desk itself; listed.c: which lists are in
 * force), compares the commit that
 * this would be with the one that is there, and applies it to cases and tree.
 * What takes longer is proven meanwhile by others (forms.c: by workers that
 * look into papers, also as of the days that foreseen.c has heard of;
 * seals.c: by ssh-keygen) and may say later that a commit was wrong after all:
 * the first that is wrong is reported.
 */
#ifndef DOCKET_AUDITING_H
#define DOCKET_AUDITING_H

#include "ahead.h"
#include "audit.h"
#include "casefile.h"
#include "history.h"
#include "ledger.h"
#include "map.h"
#include "pool.h"
#include "rule.h"
#include "rules.h"
#include "settings.h"
#include "signature.h"
#include "sshsig.h"
#include "tree.h"

struct seals;

/* A case, and what is known of its papers. */
struct record {
	struct casefile	 c;
	unsigned	 pending;	/* papers that workers look into */
	bool		 unnamed;	/* client and label are not known until
					 * they have */
	bool		 unread;	/* nor are days: nobody looks */
	char		 approved[DAY_TEXT];	/* as of which it was last */
	bool		 effected;	/* since then */
	char		 good[DAY_TEXT];	/* its form was good as of it, */
	char		 good_sha256[65];	/* this one, */
	unsigned	 good_schemas;		/* under these schemas */
	int32_t		 later;		/* and a worker was asked whether it */
	bool		 good_later;	/* can be approved as of this day */
};

/* As of which day a paper will be approved for the first time, if a later
 * commit speaks the truth; papers by keyed hashes of their digests. */
struct foreseen_day {
	uint64_t	 paper;		/* 0: a free slot */
	int32_t		 day;
};

struct foreseen {
	struct foreseen_day *slots;
	size_t		 n, cap;
};

/* A list in force. */
struct listing {
	char		*name;
	char		 number[NUMBER_TEXT];	/* of its case */
	bool		 read;
	struct buf	 ids;		/* a line each, once they were read */
};

/* Claims' ids, or keys' digests, as keyed hashes: so many of them take 16
 * bytes each. */
struct idset {
	uint64_t	*slots;
	size_t		 n, cap;
};

/* A batch, of which forms are in the ledger, in the order of the file. */
struct batch_record {
	uint64_t	 last;		/* the place of the last */
	char		*file, *box;
	long		 uid;
};

struct auditing {
	const struct audit_asked *asked;
	struct audit_report *report;
	struct ledger	*ledger;
	struct history	*history;
	struct oid	*oids;
	size_t		 n;
	size_t		 full;		/* from here on proven in full */
	struct foreseen	 foreseen;
	struct ahead	*ahead;
	/* where it stands, before the commit at hand */
	size_t		 at;		/* that is its place in oids */
	int64_t		 date;		/* of the commit before */
	int64_t		 now;		/* of the one at hand */
	struct tree	*tree;
	struct map	 records;	/* number -> struct record */
	struct map	 last;		/* prefix -> last sequence */
	struct map	 uids;		/* reviewer -> uid, as decisions say */
	struct idset	 intakes, keys;
	struct map	 batches;	/* claim -> struct batch_record */
	struct rules	 rules;
	struct settings	 settings;
	unsigned	 schemas;	/* how often they changed, or lists */
	struct listing	*lists;
	size_t		 n_lists;
	char		 replaced[NUMBER_TEXT];	/* what the next commit must
						 * supersede; "": nothing */
	/* helpers */
	struct pool	*pool;
	size_t		 with_workers;	/* bytes of papers */
	struct seals	*seals;
	struct verdict	 list;		/* the signed list read last, */
	char		 list_sha256[65];	/* and its name */
	/* what was found */
	size_t		 wrong;		/* the first; n: none */
	bool		 whole;		/* no commit, but the history is */
	struct buf	 why;
	bool		 trouble;
	struct buf	 text;		/* of the commit as it should be */
	const char	*receipt_of;	/* the receipt's commit; NULL */
	char		 receipt_commit[COMMIT_HEX];
};

/* The commit at hand is wrong; always -1. */
int	audit_wrong(struct auditing *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* One before it turns out to be. */
void	audit_wrong_at(struct auditing *, size_t at, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* It cannot be told; always -1. */
int	audit_trouble(struct auditing *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Whether the commit at hand is proven in full. */
bool	audit_in_full(const struct auditing *);
struct rule_context audit_context(struct auditing *, int64_t now);
/* A file of the tree before the commit at hand, appended: 1, 0, -1. */
int	audit_read(struct auditing *, const char *path, struct buf *);

/* What the commit should be; *made is the caller's.  -1: it is wrong. */
int	claimed_ruling(struct auditing *, struct item *, struct record *,
	    struct ruling **made);
/* A paper that was found in a later tree, as the commit's own has it; -1: it
 * is wrong there. */
int	claimed_here(struct auditing *, const struct item *);
/* The kind of request that a claim is, by what its commit says. */
enum ask claimed_ask(const struct ruling *);
/* Whether a form of a batch may come here: behind those before it, from the
 * same sender. */
int	claimed_part(struct auditing *, const struct ruling *);
void	claimed_forget(struct auditing *);
int	decided_ruling(struct auditing *, struct item *, struct record *,
	    struct ruling **made);
int	governed_ruling(struct auditing *, struct item *, struct ruling **made);

/* Notes what a commit says, for history_chain(); what was noted of a paper, 0:
 * nothing. */
void	foreseen_note(void *foreseen, const struct buf *commit);
int32_t	foreseen_day(const struct foreseen *, const char *sha256);
void	foreseen_free(struct foreseen *);

/* Rules.  Takes over those of the commit at hand. */
int	governed_adopt(struct auditing *, const char *commit);
/* The reviewer's uid as far as the ledger tells it. */
int	governed_learn(struct auditing *, const char *name, long uid);

/* Papers.  Has workers look into one that a case brings, or decides on. */
int	forms_check(struct auditing *, const struct item *, struct record *,
	    const struct ruling *, struct buf *paper /* takes */,
	    enum purpose, int32_t today);
/* Goes on with what they have said. */
int	forms_go_on(struct auditing *);
/* Waits for a case; for all. */
int	forms_wait(struct auditing *, const struct record *);
int	forms_finish(struct auditing *);
/* What a case's form says, if nobody has looked. */
int	forms_read(struct auditing *, struct record *);
/* What a signed list says, in a->list; its bytes have this name. */
int	forms_list(struct auditing *, const char *sha256, const struct buf *);
/* The ids of a list, a line each. */
int	forms_entries(struct auditing *, const char *name,
	    const struct buf *paper, struct buf *ids);
void	forms_close(struct auditing *);

/* Lists: what must come before the commit at hand, and what follows from it
 * once it was applied; what must not be left open at the end.  The workers
 * are told again when they are others. */
int	listed_before(struct auditing *, const struct ruling *);
int	listed_after(struct auditing *, const struct ruling *);
int	listed_at_end(struct auditing *);
int	listed_tell(struct auditing *);
void	listed_close(struct auditing *);

/* Signatures. */
struct seals *seals_open(unsigned threads);
void	seals_close(struct seals *);
/* This signature is that of `who', with this key: to be proven meanwhile. */
void	seals_expect(struct auditing *, const struct signature *,
	    const struct buf *bytes, const char *who, const char *key);
/* Whether it is, by the rules in force at the commit at hand. */
bool	seals_ask(struct auditing *, const struct signature *,
	    const struct buf *bytes, const char *who);
/* Goes on with what was found; waits for all. */
void	seals_go_on(struct auditing *);
void	seals_finish(struct auditing *);

/* The one place for what ledger.signingKey asks of a tip. */
int	sealed_tip(struct auditing *, const struct commit *);

/* The receipt against the commit at hand. */
int	receipted(struct auditing *, const struct ruling *);
/* The commit that a receipt names. */
int	receipt_names(const struct buf *, char commit[COMMIT_HEX]);

#endif
