/*
 * packdir: the files of a repository's objects/pack.
 *
 * A pack is there for its readers while both its .pack and its .idx are; what
 * else has its name (.rev, .bitmap, …) only speeds up reading it.
 */
#ifndef DOCKET_PACKDIR_H
#define DOCKET_PACKDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "pack-" and a hash, SHA-256 at most; no suffix */
#define PACK_NAME 72

struct packdir_pack {
	char		 name[PACK_NAME];
	uint64_t	 bytes;		/* of its .pack */
	bool		 kept;		/* somebody put a .keep beside it */
	bool		 merged;	/* for who merges: it is taken */
};

struct packdir {
	struct packdir_pack *list;
	size_t		 n, cap;
};

#define PACKDIR_INIT { NULL, 0, 0 }

/* The packs, smallest first; without those that git keeps for a reason of its
 * own (what is to expire, what can be fetched again).  -1, and errno. */
int	packdir_list(int dirfd, struct packdir *);
void	packdir_add(struct packdir *, const char *name, uint64_t bytes);
bool	packdir_lists(const struct packdir *, const char *name);
void	packdir_free(struct packdir *);

/* About how many there are: the .idx files. */
size_t	packdir_count(int dirfd);

/* Whether both its files are there. */
bool	packdir_has(int dirfd, const char *name);

/* Calls fn for each .pack without its .idx, and each .idx (index) without its
 * .pack, that was last written to before `until' (ms since 1970): of a pack that
 * is just written one is missing, too. */
typedef void packdir_half_fn(void *arg, const char *file, bool index);
void	packdir_halves(int dirfd, int64_t until, packdir_half_fn *, void *);

/* Removes a pack and what goes with it, unless it is to be kept.  -1. */
int	packdir_remove(int dirfd, const char *name);

/* Removes indexes of several packs at once, which name packs that are to go:
 * they can be made anew.  -1, and errno. */
int	packdir_remove_multi(int dirfd);

/* Whether git would give that name to a file that it has not finished. */
bool	packdir_is_temporary(const char *name);

/* Removes these, where last written to before `until' (fs_now()), and logs
 * each. */
void	packdir_clear(int dirfd, int64_t until);

#endif
