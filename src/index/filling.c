/*
 * filling: cases of an index that is made anew, before they are written.
 *
 * Most are decided on soon after they came, and never change again: each is
 * kept in memory as long as it waits, and then its row is written once.
 *
 * May not: decide anything; casefile_apply() says what a ruling means.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#include "indexing.h"

/* More than these, or than so many bytes, are not kept: all of them are written
 * then. */
#define HELD_MOST 4096
#define HELD_BYTES (32u * 1024 * 1024)

struct held {
	struct casefile	 c;
	int64_t		 id;
	size_t		 bytes;		/* as counted in held_bytes */
};

/* About as much as it takes. */
static size_t
bytes_of(const struct casefile *c)
{
	const struct facts *f = &c->facts;

	return sizeof(struct held) + (f->fields == NULL ? 0 :
	    strlen(f->fields)) + (f->apis == NULL ? 0 : strlen(f->apis));
}

static void
drop(struct index *x, const char *number)
{
	struct held *h = map_del(&x->held, number);

	x->held_bytes -= h->bytes;
	casefile_free(&h->c);
	free(h);
}

void
filling_free(struct index *x)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&x->held, &at)) != NULL)
		casefile_free(&((struct held *)e->value)->c);
	map_free_all(&x->held);
	x->held_bytes = 0;
}

int
filling_end(struct index *x)
{
	const struct map_entry *e;
	const struct held *h;
	size_t at = 0;

	while ((e = map_next(&x->held, &at)) != NULL) {
		h = e->value;
		if (index_add_case(x, &h->c, h->id) != 0)
			return -1;
	}
	filling_free(x);
	return 0;
}

static struct held *
hold(struct index *x, const char *number)
{
	struct held *h = mem_alloc(sizeof(*h));

	casefile_init(&h->c);
	h->id = ++x->last_id;
	map_put(&x->held, number, h);
	return h;
}

/* The case that the ruling is about, if it is held back: a new one, or one
 * that gets no other form. */
static int
find(struct index *x, const struct ruling *r, struct held **h)
{
	*h = map_get(&x->held, r->number);
	if (r->event == EVENT_RECEIVE && *h == NULL) {
		if ((map_count(&x->held) >= HELD_MOST ||
		    x->held_bytes >= HELD_BYTES) && filling_end(x) != 0)
			return -1;
		*h = hold(x, r->number);
	} else if (*h != NULL && index_changes_form(r)) {
		if (index_add_case(x, &(*h)->c, (*h)->id) != 0)
			return -1;
		drop(x, r->number);
		*h = NULL;
	}
	return *h != NULL;
}

int
filling_apply(struct index *x, const struct ruling *r)
{
	struct held *h;
	int held = find(x, r, &h);

	if (held != 1)
		return held;
	if (casefile_apply(&h->c, r) != 0)
		return index_complain("commit %s does not follow from where "
		    "%s stands", r->commit, r->number);
	if (r->event == EVENT_RECEIVE) {
		h->bytes = bytes_of(&h->c);
		x->held_bytes += h->bytes;
		return index_add_words(x, &h->c, h->id) == 0 ? 1 : -1;
	}
	if (h->c.waiting > 0)
		return 1;
	if (index_add_case(x, &h->c, h->id) != 0)
		return -1;
	drop(x, r->number);
	return 1;
}
