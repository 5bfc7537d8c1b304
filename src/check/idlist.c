/*
 * idlist: the ids of the lists in force, as a worker knows them.
 *
 * May not: know where they come from.
 *
 * BUGS: the hash has no key; whoever makes ids that collide makes looking
 * for doubles slow, until check.cpu ends it.
 */
#include <stdlib.h>
#include <string.h>

#include "idlist.h"

/* FNV-1a. */
static size_t
hash(const char *p, size_t n)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* Its place, or the one where it would go. */
static size_t
find(const struct idset *s, const char *p, size_t n)
{
	size_t at = hash(p, n) & (s->cap - 1);
	const char *is;

	for (; s->at[at] != 0; at = (at + 1) & (s->cap - 1)) {
		is = s->text.data + s->at[at] - 1;
		if (strncmp(is, p, n) == 0 && is[n] == '\0')
			break;
	}
	return at;
}

static void
grow(struct idset *s)
{
	struct idset more = { .text = s->text, .n = s->n,
	    .cap = s->cap == 0 ? 64 : s->cap * 2 };
	const char *is;
	size_t i;

	more.at = mem_alloc(more.cap * sizeof(*more.at));
	for (i = 0; i < s->cap; i++) {
		if (s->at[i] == 0)
			continue;
		is = s->text.data + s->at[i] - 1;
		more.at[find(&more, is, strlen(is))] = s->at[i];
	}
	free(s->at);
	*s = more;
}

bool
idset_add(struct idset *s, const char *p, size_t n)
{
	size_t at;

	if (s->n * 2 >= s->cap)
		grow(s);
	at = find(s, p, n);
	if (s->at[at] != 0)
		return false;
	s->at[at] = (uint32_t)s->text.len + 1;
	buf_put(&s->text, p, n);
	buf_putc(&s->text, '\0');
	s->n++;
	return true;
}

bool
idset_has(const struct idset *s, const char *p, size_t n)
{
	return s->n > 0 && s->at[find(s, p, n)] != 0;
}

void
idset_free(struct idset *s)
{
	buf_free(&s->text);
	free(s->at);
	*s = (struct idset){ .n = 0 };
}

const struct idset *
idlists_find(const struct idlists *all, const char *name)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->list[i].name, name) == 0)
			return &all->list[i].ids;
	return NULL;
}

void
idlists_add(struct idlists *all, const char *name, const char *lines)
{
	size_t i, n;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->list[i].name, name) == 0)
			break;
	if (i == all->n) {
		all->list = mem_grow(all->list, i + 1, sizeof(*all->list));
		all->list[all->n++] = (struct idlist){ mem_str(name),
		    { .n = 0 } };
	}
	for (; lines != NULL && *lines != '\0'; lines += n + (lines[n] != '\0'))
	{
		n = strcspn(lines, "\n");
		idset_add(&all->list[i].ids, lines, n);
	}
}

void
idlists_free(struct idlists *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		free(all->list[i].name);
		idset_free(&all->list[i].ids);
	}
	free(all->list);
	*all = (struct idlists){ .n = 0 };
}

const char *
id_trim(const char *s, size_t *len)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	for (n = strlen(s); n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL; n--)
		;
	*len = n;
	return s;
}
