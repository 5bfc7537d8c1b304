/*
 * index: where every case stands, and what happened to it, in SQLite.
 *
 * A projection of the ledger: it names the commit up to which it holds, and
 * can be made anew from the ledger at any time.  The daemon alone writes it;
 * everybody of the desk's group may read.
 *
 * It is not synced.  A process that dies leaves it consistent (SQLite rolls
 * back); after a crash of the machine it is not trusted and made anew, which
 * it notices by the machine's boot id.
 *
 * Functions return 0, or -1 when the database cannot be read or written;
 * index_error() says why.  Where they find or not: 1 and 0.  Functions given
 * to be called return 0 to go on; what else they return ends the walk and is
 * returned.
 */
#ifndef DOCKET_INDEX_H
#define DOCKET_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "casefile.h"
#include "ruling.h"
#include "state.h"

struct index;

enum index_use {
	INDEX_READ,
	INDEX_WRITE,		/* as it is, or anew if it is of no use */
	INDEX_ANEW,
};

/* dirpath: .docket.  NULL: it cannot be opened. */
struct index *index_open(const char *dirpath, enum index_use);
/*
 * Of one that is opened to be written, but is not there or of no use, a new one
 * is filled, beside what is there; index_sort() has it take its place.  Call it
 * once all is applied, and before anything is asked: an index that is filled
 * answers nothing, and one that is closed before leaves nothing.
 */
int	index_sort(struct index *);
void	index_close(struct index *);
/* Whether one is being filled there; or was, by a process that was killed. */
bool	index_is_filled(const char *dirpath);
const char *index_error(void);

/* The commit up to which it holds, "" for none; lent. */
const char *index_head(const struct index *);

/* Writing: between begin and commit any number of rulings, in the ledger's
 * order.  Abort forgets them; one that is being filled is to be closed then. */
int	index_begin(struct index *);
int	index_apply(struct index *, const struct ruling *);
int	index_commit(struct index *);
void	index_abort(struct index *);

/* One case; the caller's to free. */
int	index_case(struct index *, const char *number, struct casefile *);

/* Where one text a row is found it is given to such a function. */
typedef int index_text_fn(void *arg, const char *);

/* The prefixes of all numbers, and the highest sequence of one, 0 for none. */
int	index_prefixes(struct index *, index_text_fn *, void *);
int	index_last(struct index *, const char *prefix, uint64_t *seq);
/* The drop boxes that cases came through. */
int	index_boxes(struct index *, index_text_fn *, void *);

/* The open case of a box whose last form was submitted with this digest. */
int	index_duplicate(struct index *, const char *box, const char *digest,
	    char number[NUMBER_TEXT]);

/* The commit that a claim became. */
int	index_intake(struct index *, const char *intake,
	    char commit[COMMIT_HEX]);

/* The case that a key was issued to, by the key's digest: 1, 0, -1. */
int	index_key(struct index *, const char *sha256,
	    char number[NUMBER_TEXT]);

/* What the clock has to do: cases of a prefix that wait since `before' or
 * longer; cases (of a prefix; "": any) whose effective day has come, or whose
 * expiry day is over, on `day'; of which a key ends by itself, at `before' or
 * earlier; or (DUE_NOTIFY) whose expiry day is `day' or before it, and that
 * have more than `before' days to go by what was said of them (see
 * casefile_notified()).  At most `most'. */
enum due { DUE_LAPSE, DUE_EFFECT, DUE_EXPIRE, DUE_RETIRE, DUE_NOTIFY,
    DUE_COUNT };
int	index_due(struct index *, enum due, const char *prefix,
	    int64_t before, const char *day, unsigned most,
	    index_text_fn *, void *);

/* Cases of a prefix that wait, since a time after `after' and not after
 * `before', the longest first. */
int	index_waiting(struct index *, const char *prefix, int64_t after,
	    int64_t before, index_text_fn *, void *);
/* How many of them there are of whom no decision is counted. */
int	index_waiting_count(struct index *, const char *prefix,
	    int64_t before, uint64_t *n);

/* Cases for people; a NULL is any. */
struct index_query {
	const char	*number, *client, *prefix, *box;
	enum state	 state;		/* STATE_COUNT: any */
	bool		 waiting;	/* only where a decision is waited
					 * for, the longest first */
	bool		 counted;	/* only where a decision is counted */
	bool		 recent;	/* the last changed first */
	const char	*words;		/* full text; the best first, or of
					 * thousands the last */
	int64_t		 most;		/* 0: all */
	bool		 fields;	/* with all their fields */
};

typedef int index_case_fn(void *arg, const struct casefile *);
int	index_cases(struct index *, const struct index_query *,
	    index_case_fn *, void *);

/* Cases that are in force and have keys, by number, those after one; at most
 * so many. */
int	index_admitted(struct index *, const char *after, unsigned most,
	    index_case_fn *, void *);

/* Commits: of a case (oldest first); of a file that was sent, by its digest
 * or by its name in inbox (newest first); the last ones (newest first). */
int	index_commits_of(struct index *, const char *number,
	    index_text_fn *, void *);
int	index_commits_of_file(struct index *, const char *digest,
	    const char *file, int64_t most, index_text_fn *, void *);
int	index_commits_last(struct index *, int64_t most, index_text_fn *,
	    void *);

/* When a case of a box was last changed; 0: there is none. */
int	index_box_changed(struct index *, const char *box, int64_t *changed);

/* How many cases are in a state; how many wait. */
struct index_count {
	uint64_t	 in[STATE_COUNT];
	uint64_t	 waiting;
};
int	index_count(struct index *, struct index_count *);

/* Ages of what waits, now: below each of `n' bounds (seconds, ascending),
 * and above the last. */
int	index_ages(struct index *, int64_t now, const int64_t *bounds,
	    size_t n, uint64_t *counts);

/*
 * Entries of the lists in force (catalogs.h keeps them), by the list's name
 * and the entry's id.  1: there is such an entry, the caller's to free; 0:
 * there is none, or no such list in force; -1.
 */
struct list_entry {
	char	*id, *name;
	char	*recipient;		/* NULL where it has none */
	char	*contact;
};

int	index_entry(struct index *, const char *list, const char *id,
	    struct list_entry *);
void	list_entry_free(struct list_entry *);

/* The case that is the list in force, as far as approvals tell: 1, 0, -1. */
int	index_list(struct index *, const char *list, struct casefile *);
/* The names of all lists that a case in force is. */
int	index_lists(struct index *, index_text_fn *, void *);

/*
 * Keeping the entries, between begin and commit.  They come as lines: id,
 * TAB, name, TAB, recipient, TAB, contact; what is empty is not there; of
 * two with one id the first is kept.  sha256: of the paper that they are of.
 */
int	index_list_put(struct index *, const char *list, const char *sha256,
	    const char *lines);
int	index_list_drop(struct index *, const char *list);
/* The lists whose entries are here, and the paper that they are of: 1, 0,
 * -1. */
int	index_loaded(struct index *, index_text_fn *, void *);
int	index_list_digest(struct index *, const char *list, char sha256[65]);

/* All entries in the order of the list; or those that have all the words
 * (each the beginning of one), the best first. */
typedef int index_entry_fn(void *arg, const struct list_entry *);
int	index_entries(struct index *, const char *list, index_entry_fn *,
	    void *);
int	index_entries_found(struct index *, const char *list,
	    const char *words, index_entry_fn *, void *);

/* Clients or APIs that applications named, by words in their name, the most
 * often named first. */
typedef int index_seen_fn(void *arg, const char *name, uint64_t cases);
int	index_seen(struct index *, bool apis, const char *const *words,
	    size_t n_words, index_seen_fn *, void *);

#endif
