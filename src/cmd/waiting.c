/*
 * waiting: for whom everything waits.
 *
 * May not: look at evidence.  Where nothing is counted the index counts;
 * the others are looked at one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#include "counted.h"
#include "policy.h"
#include "waiting.h"

struct adding {
	struct index	*index;
	const struct settings *settings;
	int64_t		 now;
	struct waiting_list *to;
	int		 status;
};

static struct waiting *
group_of(struct waiting_list *all, const char *group)
{
	struct waiting *w;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->list[i].group, group) == 0)
			return &all->list[i];
	all->list = mem_grow(all->list, all->n + 1, sizeof(*all->list));
	w = &all->list[all->n++];
	*w = (struct waiting){ .n = 0 };
	strcpy(w->group, group);
	return w;
}

static uint64_t
count(struct adding *a, const char *prefix, int64_t span, bool any)
{
	uint64_t n = 0;

	if ((any || span > 0) && index_waiting_count(a->index, prefix, any ?
	    INT64_MAX : a->now - span / 1000, &n) != 0)
		a->status = -1;
	return n;
}

/* What waits of a form type and is not counted waits for the first stage. */
static int
add_prefix(void *arg, const char *prefix)
{
	struct adding *a = arg;
	const struct review *r = settings_review(a->settings, prefix);
	uint64_t n = count(a, prefix, 0, true);
	struct waiting *w;

	if (n == 0)
		return a->status;
	w = group_of(a->to, r->of[APPROVE].stage[0].group);
	w->n += n;
	w->overdue += count(a, prefix, r->remind, false);
	w->escalated += count(a, prefix, r->escalate, false);
	return a->status;
}

static int
add_case(void *arg, const struct casefile *c)
{
	struct adding *a = arg;
	struct waiting *w;
	struct counted k;

	counted_look(a->settings, c, EVENT_APPROVE, &k);
	w = group_of(a->to, k.group);
	w->n++;
	w->overdue += policy_overdue(a->settings, c, a->now) != 0;
	w->escalated += policy_escalated(a->settings, c, a->now) != 0;
	return 0;
}

int
waiting_add_up(struct index *index, const struct settings *s, int64_t now,
    struct waiting_list *to)
{
	struct adding a = { index, s, now, to, 0 };
	struct index_query q = { .state = STATE_COUNT, .waiting = true,
	    .counted = true };

	*to = (struct waiting_list){ NULL, 0 };
	if (index_prefixes(index, add_prefix, &a) != 0)
		return -1;
	return index_cases(index, &q, add_case, &a);
}
