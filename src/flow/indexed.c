/*
 * indexed: the index, brought up to a group that is in the ledger.
 *
 * Of forms that came and nothing else, nothing but the answers asks the index
 * before they are given: it is written by a thread beside the trays and the
 * answers, which wait for the disk meanwhile.
 *
 * May not: let anybody ask the index while that thread is at work.
 * The machine's trouble: an index that cannot be written.
 */
#include <pthread.h>

#include "flowing.h"

static int
apply(struct index *index, struct ruling *const *rulings, size_t n)
{
	size_t i;

	if (index_begin(index) != 0)
		return -1;
	for (i = 0; i < n; i++)
		if (index_apply(index, rulings[i]) != 0)
			break;
	if (i == n && index_commit(index) == 0)
		return 0;
	index_abort(index);
	return -1;
}

/* It says nothing: who waits for it does. */
static void *
run(void *arg)
{
	struct indexed *x = arg;

	x->status = apply(x->index, x->rulings, x->n);
	return NULL;
}

/* Gateways, reminders and keys ask about all other cases that have moved. */
static bool
only_came(struct ruling *const *rulings, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rulings[i]->event != EVENT_RECEIVE &&
		    rulings[i]->event != EVENT_REFUSE)
			return false;
	return true;
}

int
flow_index_begin(struct flow *f, struct ruling *const *rulings, size_t n,
    struct indexed *x)
{
	*x = (struct indexed){ .index = f->index, .rulings = rulings, .n = n };
	if (only_came(rulings, n) &&
	    pthread_create(&x->thread, NULL, run, x) == 0) {
		x->beside = true;
		return 0;
	}
	x->status = apply(x->index, x->rulings, x->n);
	return flow_index_end(f, x);
}

int
flow_index_end(struct flow *f, struct indexed *x)
{
	if (x->beside)
		pthread_join(x->thread, NULL);
	x->beside = false;
	return x->status == 0 ? 0 : flow_fail(f, "%s", index_error());
}
