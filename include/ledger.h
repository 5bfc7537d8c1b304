/*
 * ledger: the truth: a bare git repository, one branch, linear, one commit a
 * ruling.
 *
 * Writing goes in groups, and only the daemon (which holds the desk's lock)
 * and init write:
 *
 *	ledger_add() …		builds commits in memory, one a ruling
 *	ledger_commit()		writes all as one pack, syncs it, moves the
 *				branch from the head that was known to the
 *				new one, syncs that: the only commit point
 *
 * Reading names a commit by its 40 hex digits.  The functions return 0, or
 * -1 when the ledger cannot be read or written; ledger_error() says why.
 * Plain git reads the same repository at any time.
 */
#ifndef DOCKET_LEDGER_H
#define DOCKET_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ruling.h"
#include "rules.h"
#include "state.h"

struct buf;
struct ledger;
struct pollfd;

#define BLOB_HEX 41

/* Once a program; again does no harm. */
void	ledger_init(void);

/* Makes an empty repository; nothing is there before the first commit. */
int	ledger_create(const char *path);

/* Makes a repository that git has cloned a ledger: its settings, its HEAD,
 * nothing to fetch from. */
int	ledger_adopt(const char *path);

/* Opens it.  NULL: it cannot be; ledger_error() says why. */
struct ledger *ledger_open(const char *path);
void	ledger_close(struct ledger *);

/* What went wrong last, for the operator; and whether it is the machine's
 * trouble for certain: nothing could be opened then. */
const char *ledger_error(void);
bool	ledger_lacks_files(void);

/*
 * For the one that holds the desk's lock, before anything is projected:
 * removes locks that a crash has left, and files that git did not finish,
 * once they are an hour old; and makes durable whatever the head leads to.
 */
int	ledger_recover(struct ledger *);

/* The commit of the branch, "" for none; and its date. */
const char *ledger_head(const struct ledger *);
int64_t	ledger_head_time(const struct ledger *);

/* How it is. */

/* The version of libgit2 that is at work, "1.5.1". */
const char *ledger_library(void);

/* Names in the repository that only something at work, or a crash, leaves
 * there; NULL at the end. */
const char *ledger_lock_name(size_t i);
size_t	ledger_packs(const struct ledger *);
/* Calls fn for each setting that is not as ledger_create() has made it, with
 * the value that it should have, until it returns not 0. */
typedef int ledger_config_fn(void *arg, const char *key, const char *value);
int	ledger_configured(struct ledger *, ledger_config_fn *, void *);

/* Writing. */

/* From now on the last commit of each group is signed with the key in that
 * file (gpg.format = ssh); NULL: none is.  `signers' is the allowed_signers
 * file that plain git is to verify by, an absolute path. */
int	ledger_sign_with(struct ledger *, const char *keyfile,
	    const char *signers);

/* Adds a ruling as a commit by desk `id' at the time r->at, or at that of
 * the commit before it if that is later; sets r->at and r->commit.  The
 * ruling stays where it is until ledger_commit(), which gives the last one
 * another name where it is signed.  -1:
 * one of its papers is not where the ruling says; nothing has changed. */
int	ledger_add(struct ledger *, const char *id, struct ruling *);
int	ledger_commit(struct ledger *);

/* The papers of a case in a tray, the open group included. */
typedef int ledger_name_fn(void *arg, const char *name);
int	ledger_papers(struct ledger *, enum state tray, const char *number,
	    ledger_name_fn *, void *);

/* Reading. */

/* The blob at a path.  1: there is one, and hex is its name; 0: none. */
int	ledger_find(struct ledger *, const char *commit, const char *path,
	    char hex[BLOB_HEX]);
/* The contents of a path, appended.  1, 0 or -1 as above. */
int	ledger_read(struct ledger *, const char *commit, const char *path,
	    struct buf *);
/* The name that git would give these bytes. */
void	ledger_blob_name(const void *, size_t, char hex[BLOB_HEX]);
/* Whether the ledger holds a blob of that name anywhere. */
bool	ledger_has_blob(struct ledger *, const char *hex);

/* The rules as of a commit; the caller's to free. */
int	ledger_rules(struct ledger *, const char *commit, struct rules *);

/* One commit as a ruling (without ops and facts); the caller's to free. */
int	ledger_ruling(struct ledger *, const char *commit, struct ruling *);

/* Calls fn for each commit after `from' ("": from the first) up to `to',
 * oldest first, until it returns not 0, which is returned.  -1 too if from
 * is not an ancestor of to. */
typedef int ledger_ruling_fn(void *arg, struct ruling *);
int	ledger_walk(struct ledger *, const char *from, const char *to,
	    ledger_ruling_fn *, void *);
/* How many that would be; -1: from is not an ancestor. */
int64_t	ledger_distance(struct ledger *, const char *from, const char *to);
/* The full name of a commit that someone abbreviated; -1: none or several. */
int	ledger_expand(struct ledger *, const char *abbreviated,
	    char commit[COMMIT_HEX]);

/* Calls fn for each path that differs between two commits ("" is an empty
 * tree); the names of the blobs are "" where there is none. */
typedef int ledger_diff_fn(void *arg, const char *path, const char *old_hex,
	    const char *new_hex);
int	ledger_diff(struct ledger *, const char *from, const char *to,
	    ledger_diff_fn *, void *);

/*
 * Walks a tray in slices.  `cursor' ("" at first) names the last folder seen;
 * the next one's papers are given to fn and the cursor moves on.  1: there
 * was one; 0: no more; -1.
 */
typedef int ledger_paper_fn(void *arg, const char *name, const char *hex);
int	ledger_tray_next(struct ledger *, const char *commit, enum state tray,
	    char cursor[LEDGER_PATH], ledger_paper_fn *, void *);

/*
 * Packs are merged in the background by a child of ours, by a geometric rule,
 * when there are many; very many, while there is something else to do.  Call
 * now and then, in the thread that lives longest, for the child dies with it,
 * and while that is the only one, for the child is a copy of this process.  A
 * merge that fails is logged, and tried again when more packs have come.
 */
void	ledger_tidy(struct ledger *, bool busy);
/* Waits for a merge at work, and merges until there is nothing to merge; for
 * who has nothing else to do.  -1: one has failed. */
int	ledger_settle(struct ledger *);
/* Whether ledger_tidy() has begun what is not through; and what tells when it
 * is to be called again, at most LEDGER_FDS. */
bool	ledger_is_merging(const struct ledger *);
#define LEDGER_FDS 1
size_t	ledger_poll(const struct ledger *, struct pollfd *);

#endif
