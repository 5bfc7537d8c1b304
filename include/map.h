/*
 * map: from strings to pointers, in the order in which they came.
 *
 * Keys are copied; values are the caller's, who frees them before the map or
 * with it.
 * map_next() walks in order of insertion and tolerates map_del() of the
 * entry that it has just returned, but no map_put() of a new key.
 */
#ifndef DOCKET_MAP_H
#define DOCKET_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
	char	*key;		/* NULL: deleted */
	void	*value;
};

struct map {
	struct map_entry *entries;
	size_t	*slots;		/* 0: free; else entry index + 1 */
	size_t	 n_entries;	/* with the deleted ones */
	size_t	 n_slots;
	size_t	 live;
};

#define MAP_INIT { NULL, NULL, 0, 0, 0 }

void	 map_free(struct map *);
/* With its values, which are each one piece of memory. */
void	 map_free_all(struct map *);
size_t	 map_count(const struct map *);
void	*map_get(const struct map *, const char *key);
bool	 map_has(const struct map *, const char *key);

/* Sets or replaces; the former value, or NULL. */
void	*map_put(struct map *, const char *key, void *value);
void	*map_del(struct map *, const char *key);

/* Start with *at = 0; NULL at the end. */
const struct map_entry *map_next(const struct map *, size_t *at);

#endif
