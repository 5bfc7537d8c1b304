/*
 * listed: the lists in force at the commit at hand.
 *
 * Forms are proven under the lists of their day: when a list is approved, or
 * ends, what is with workers is finished first, and they are told anew.
 *
 * May not: look into a list; workers do (forms.c).
 */
#include <stdlib.h>
#include <string.h>

#include "limit.h"

#include "auditing.h"

static struct listing *
find(struct auditing *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_lists; i++)
		if (strcmp(a->lists[i].name, name) == 0)
			return &a->lists[i];
	return NULL;
}

static bool
is_of_number(struct auditing *a, const char *number)
{
	size_t i;

	for (i = 0; i < a->n_lists; i++)
		if (strcmp(a->lists[i].number, number) == 0)
			return true;
	return false;
}

/* Whether the schemas of the day say that it is a list. */
static bool
binds(const struct auditing *a, const struct listing *l)
{
	const struct form_types *types = pool_types(a->pool);
	const struct record *k = map_get(&a->records, l->number);
	int at = k == NULL ? -1 : types_find(types, k->c.form);

	return at >= 0 && types->list[at].lists != NULL &&
	    strcmp(types->list[at].lists, l->name) == 0;
}

/* The ids, out of the paper in the tree as it is now. */
static int
read_ids(struct auditing *a, struct listing *l)
{
	const struct record *k = map_get(&a->records, l->number);
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct buf paper = BUF_INIT;
	int status;

	if (l->read)
		return 0;
	ledger_path(path, STATE_APPROVED, l->number, casefile_paper(&k->c,
	    name));
	if (audit_read(a, path, &paper) != 1)
		status = audit_wrong(a, "%s cannot be read", path);
	else
		status = forms_entries(a, l->name, &paper, &l->ids);
	l->read = status == 0;
	buf_free(&paper);
	return status;
}

/* As many lines as one message holds. */
static int
send_ids(struct auditing *a, const struct listing *l)
{
	const char *at = buf_str(&l->ids);
	struct ids ids;
	size_t n;
	int status;

	do {
		n = strlen(at);
		if (n > LIMIT_ENTRIES_PART)
			for (n = LIMIT_ENTRIES_PART; at[n - 1] != '\n'; n--)
				;
		ids = (struct ids){ mem_str(l->name), mem_strn(at, n) };
		status = pool_add_ids(a->pool, &ids);
		ids_free(&ids);
		at += n;
	} while (status == 0 && *at != '\0');
	return status;
}

int
listed_tell(struct auditing *a)
{
	size_t i;

	/* what was good may not be by other lists */
	a->schemas++;
	/* first all that needs a worker, then without a word between */
	for (i = 0; i < a->n_lists; i++)
		if (binds(a, &a->lists[i]) && read_ids(a, &a->lists[i]) != 0)
			return -1;
	if (pool_forget(a->pool) != 0)
		return audit_trouble(a, "the workers are gone");
	for (i = 0; i < a->n_lists; i++)
		if (binds(a, &a->lists[i]) && send_ids(a, &a->lists[i]) != 0)
			return audit_trouble(a, "the workers are gone");
	return 0;
}

/* This case is the list of that name now. */
static void
put_in_force(struct auditing *a, const char *name, const char *number)
{
	struct listing *l = find(a, name);

	if (l == NULL) {
		a->lists = mem_grow(a->lists, a->n_lists + 1,
		    sizeof(*a->lists));
		l = &a->lists[a->n_lists++];
		*l = (struct listing){ .name = mem_str(name) };
	} else if (strcmp(l->number, number) != 0)
		strcpy(a->replaced, l->number);
	strcpy(l->number, number);
	buf_free(&l->ids);
	l->read = false;
}

static void
end(struct auditing *a, const char *number)
{
	size_t i;

	for (i = 0; i < a->n_lists; i++)
		if (strcmp(a->lists[i].number, number) == 0) {
			free(a->lists[i].name);
			buf_free(&a->lists[i].ids);
			a->lists[i] = a->lists[--a->n_lists];
			return;
		}
}

int
listed_before(struct auditing *a, const struct ruling *r)
{
	bool ends = r->event == EVENT_SUPERSEDE;

	if (a->replaced[0] == '\0')
		return !ends ? 0 : audit_wrong(a, "no newer list has taken the "
		    "place of %s", r->number);
	if (!ends || strcmp(r->number, a->replaced) != 0)
		return audit_wrong(a, "%s, whose place a newer list has taken, "
		    "was not superseded before it", a->replaced);
	a->replaced[0] = '\0';
	return 0;
}

int
listed_after(struct auditing *a, const struct ruling *r)
{
	bool ends = r->to == STATE_REVOKED && is_of_number(a, r->number);

	if (r->catalog == NULL && !ends)
		return 0;
	if (forms_finish(a) != 0)
		return -1;
	if (r->catalog != NULL)
		put_in_force(a, r->catalog, r->number);
	else
		end(a, r->number);
	return listed_tell(a);
}

int
listed_at_end(struct auditing *a)
{
	if (a->replaced[0] == '\0')
		return 0;
	audit_wrong_at(a, a->n - 1, "%s is in force beside the list that has "
	    "taken its place: it was not superseded", a->replaced);
	return -1;
}

void
listed_close(struct auditing *a)
{
	size_t i;

	for (i = 0; i < a->n_lists; i++) {
		free(a->lists[i].name);
		buf_free(&a->lists[i].ids);
	}
	free(a->lists);
}
