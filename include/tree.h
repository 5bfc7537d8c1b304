/*
 * tree: the ledger's tree, edited in memory.
 *
 * Folders are loaded when they are first needed and kept as the raw bytes of
 * git's tree objects (entries of mode, name and object name, sorted), so that
 * a change is an insertion into a few kilobytes and nothing is parsed twice.
 * tree_write() gives every changed folder, deepest first, to the pack.
 */
#ifndef DOCKET_TREE_H
#define DOCKET_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "pack.h"

struct tree;

struct tree_ops {
	/* Reads a tree object; -1: it cannot be had. */
	int	(*load)(void *arg, const struct oid *, struct buf *raw);
	/* Names an object. */
	void	(*name)(void *arg, enum object, const void *, size_t,
		    struct oid *);
	void	*arg;
};

/* root NULL: an empty tree. */
struct tree *tree_new(const struct tree_ops *, const struct oid *root);
void	tree_free(struct tree *);

/* Forgets every change and everything loaded. */
void	tree_reset(struct tree *, const struct oid *root);

/* Bytes held; a caller may tree_reset() to the written root when it is
 * much. */
size_t	tree_bytes(const struct tree *);

/* 1: found; 0: there is no such path; -1: a folder cannot be read. */
int	tree_get(struct tree *, const char *path, struct oid *);

/* Puts a file there, making folders as needed, or replaces it. */
int	tree_put(struct tree *, const char *path, const struct oid *);
/* Takes an entry away, and the folders that it leaves empty.  -1 with
 * nothing changed if it is not there. */
int	tree_drop(struct tree *, const char *path);

/* Calls fn for each entry of a folder, in order, until it returns not 0,
 * which is returned.  A folder that is not there is empty.  fn may not
 * change the tree. */
typedef int tree_fn(void *arg, const char *name, bool folder,
	    const struct oid *);
int	tree_list(struct tree *, const char *folder, tree_fn *, void *);

/* Calls fn, as above, for the papers of a case in its folder: those files
 * that begin with its number and a dot. */
typedef int tree_name_fn(void *arg, const char *name);
int	tree_papers(struct tree *, const char *folder, const char *number,
	    tree_name_fn *, void *);

/* Adds the changed folders to the pack; *root is the whole tree's name. */
void	tree_write(struct tree *, struct pack *, struct oid *root);

/* The whole tree's name alone, for who only proves what was written. */
void	tree_name(struct tree *, struct oid *root);

#endif
