/*
 * map: from strings to pointers.
 *
 * Open addressing with linear probing over an array of entries; deleting
 * leaves a tombstone that the next growth sweeps up.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "map.h"

void
map_free(struct map *m)
{
	size_t i;

	for (i = 0; i < m->n_entries; i++)
		free(m->entries[i].key);
	free(m->entries);
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

void
map_free_all(struct map *m)
{
	size_t i;

	for (i = 0; i < m->n_entries; i++)
		free(m->entries[i].value);	/* NULL, if it was deleted */
	map_free(m);
}

size_t
map_count(const struct map *m)
{
	return m->live;
}

/* The slot that holds the key, or the free one where it would go. */
static size_t
find(const struct map *m, const char *key)
{
	size_t mask = m->n_slots - 1;
	size_t at = (size_t)hash_short(key, strlen(key)) & mask;
	const struct map_entry *e;

	for (; m->slots[at] != 0; at = (at + 1) & mask) {
		e = &m->entries[m->slots[at] - 1];
		if (e->key != NULL && strcmp(e->key, key) == 0)
			break;
	}
	return at;
}

/* Drops the tombstones and makes room for at least one more. */
static void
grow(struct map *m)
{
	size_t i, n = 0, slots = 16;

	for (i = 0; i < m->n_entries; i++)
		if (m->entries[i].key != NULL)
			m->entries[n++] = m->entries[i];
	m->n_entries = n;
	while (slots < (n + 1) * 4)
		slots *= 2;
	free(m->slots);
	m->slots = mem_alloc(slots * sizeof(*m->slots));
	m->entries = mem_grow(m->entries, slots / 2, sizeof(*m->entries));
	m->n_slots = slots;
	for (i = 0; i < n; i++)
		m->slots[find(m, m->entries[i].key)] = i + 1;
}

static struct map_entry *
lookup(const struct map *m, const char *key)
{
	size_t at;

	if (m->live == 0)
		return NULL;
	at = find(m, key);
	return m->slots[at] == 0 ? NULL : &m->entries[m->slots[at] - 1];
}

void *
map_get(const struct map *m, const char *key)
{
	const struct map_entry *e = lookup(m, key);

	return e == NULL ? NULL : e->value;
}

bool
map_has(const struct map *m, const char *key)
{
	return lookup(m, key) != NULL;
}

void *
map_put(struct map *m, const char *key, void *value)
{
	struct map_entry *e = lookup(m, key);
	void *former;

	if (e != NULL) {
		former = e->value;
		e->value = value;
		return former;
	}
	if (m->n_entries + 1 > m->n_slots / 2)
		grow(m);
	e = &m->entries[m->n_entries++];
	e->key = mem_str(key);
	e->value = value;
	m->slots[find(m, key)] = m->n_entries;
	m->live++;
	return NULL;
}

void *
map_del(struct map *m, const char *key)
{
	struct map_entry *e = lookup(m, key);
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	free(e->key);
	*e = (struct map_entry){ NULL, NULL };
	if (--m->live == 0) {
		/* nothing left to find: the next put starts afresh */
		m->n_entries = 0;
		memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
	}
	return value;
}

const struct map_entry *
map_next(const struct map *m, size_t *at)
{
	while (*at < m->n_entries)
		if (m->entries[(*at)++].key != NULL)
			return &m->entries[*at - 1];
	return NULL;
}
