/*
 * keying: keys, from an approval to the client's folder.
 *
 * May not: see a key; the stage that makes them gives their digests.
 */
#include <errno.h>
#include <string.h>

#include "buf.h"
#include "clock.h"

#include "flowing.h"

static int
open_folder(void *arg, const char *name)
{
	struct flow *f = arg;

	return outbox_folder(f->outbox, name);
}

/* Whom the client's keys are encrypted to, by the list of clients that is in
 * force. */
static int
recipient_of(void *arg, const char *client, char **recipient)
{
	struct flow *f = arg;
	struct list_entry e;
	int found = index_entry(f->index, "clients", client, &e);

	if (found != 1)
		return found;
	found = e.recipient != NULL && *e.recipient != '\0';
	if (found == 1)
		*recipient = mem_str(e.recipient);
	list_entry_free(&e);
	return found;
}

static void
on_changed(void *arg, const char *box)
{
	struct flow *f = arg;

	outbox_changed(f->outbox, box);
}

static const char *
waiting_for(void *arg, const char *number)
{
	const struct flow *f = arg;

	return keys_waiting(f->keys, number);
}

int
flow_open_keys(struct flow *f)
{
	const struct keys_ops ops = { open_folder, recipient_of, on_changed,
	    f };

	f->keys = keys_open(f->desk, flow_settings(f), f->index, &ops);
	if (f->keys == NULL)
		return flow_fail(f, ".docket/keys: %s", strerror(errno));
	outbox_ask(f->outbox, waiting_for, f);
	return flow_tend_keys(f);
}

/* Whatever approves a form that is for a key, or a rotation, issues one. */
int
flow_issue_key(struct flow *f, struct ruling *r)
{
	const struct form_types *types = pool_types(f->pool);
	int type = r->form == NULL ? -1 : types_find(types, r->form);
	char sha256[SHA256_HEX];
	struct casefile c;
	int status;

	if (!rule_wants_key(r, type >= 0 && types->list[type].issues_key))
		return 0;
	if (flow_case(f, r->number, &c) != 1)
		return flow_fail(f, "the index does not know %s", r->number);
	status = keys_make(f->keys, r->number, c.issued + 1, sha256);
	if (status == 0)
		rule_issue_key(r, &c, sha256);
	else
		flow_fail(f, "a key cannot be made: %s", strerror(errno));
	casefile_free(&c);
	return status;
}

int
flow_tend_keys(struct flow *f)
{
	if (keys_tend(f->keys) != 0)
		return flow_fail(f, "keys cannot be delivered: %s",
		    strerror(errno));
	f->more |= keys_due(f->keys) <= clock_ticks();
	return 0;
}
