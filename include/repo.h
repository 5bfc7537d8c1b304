/*
 * repo: what the files of src/ledger share.  Nobody else includes it: it is
 * the only header with <git2.h>.
 */
#ifndef DOCKET_REPO_H
#define DOCKET_REPO_H

#include <git2.h>
#include <sys/types.h>

#include "buf.h"

#include "ledger.h"
#include "pack.h"
#include "packdir.h"
#include "tree.h"

#define REPO_BRANCH "refs/heads/main"

/* A merge of packs, a child of ours: merge.c. */
struct merge {
	pid_t		 pid;		/* 0: none */
	int		 said;		/* what it says, a file; -1: none */
	int		 handle;	/* of its end; -1: none */
	struct packdir	 packs;		/* those that it takes are marked */
	struct packdir	 spared;	/* could not be read, once */
};

struct ledger {
	char		*path;
	git_repository	*repo;
	git_odb		*odb;
	int		 packdir;
	char		 head[COMMIT_HEX];
	int64_t		 head_time;

	/* the open group */
	struct tree	*tree;		/* as of its last commit */
	struct pack	*pack;
	struct oid	 tip;
	int64_t		 tip_time;
	size_t		 open;
	struct buf	 last;		/* its last commit, not in the pack yet:
					 * it may be signed */
	struct ruling	*last_ruling;	/* lent; whose name then changes */
	char		*signing_key;	/* file; NULL: nothing is signed */

	/* the tree of the commit that was read last */
	git_tree	*view;
	char		 view_commit[COMMIT_HEX];
	/* the same, its folders kept as they are read */
	struct tree	*lookup;
	struct oid	 lookup_root;
	unsigned	 reads;		/* since packs were closed */

	size_t		 packs;		/* about how many there are */
	size_t		 packs_left;	/* when it was last seen to */
	struct merge	 merge;
};

/* Notes libgit2's last error, with what was tried.  Always -1. */
int	repo_fail(const char *what);

/*
 * To be called where no object of the repository is held: libgit2 keeps what
 * deltas were made of, up to 16 MiB for each pack, and what it has mapped of
 * their indexes, until the pack is closed; so all are closed after so many
 * reads.
 */
#define READS_MANY 8
void	repo_rest(struct ledger *);

/* When the ledger is opened, recovered, closed. */
void	merge_init(struct ledger *);
void	merge_recover(struct ledger *);
void	merge_stop(struct ledger *);

/* What libgit2 keeps in memory does not grow with the ledger. */
void	repo_limits(void);

/* For trees that are read from a ledger: struct tree_ops. */
int	repo_load_tree(void *ledger, const struct oid *, struct buf *raw);
void	repo_name(void *, enum object, const void *, size_t, struct oid *);

/* Reads an object's bytes; tries again once when packs have moved. */
int	repo_read(struct ledger *, const git_oid *, git_odb_object **);

#endif
