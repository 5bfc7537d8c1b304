/*
 * changes: what a ruling changes in the index.
 *
 * May not: decide anything; casefile_apply() says what a ruling means.
 * The machine's trouble: a database that cannot be written; a ruling that
 * does not follow from where its case stands, for then the ledger is not the
 * one that the index was made of.
 */
#include <string.h>

#include "buf.h"

#include "form.h"

#include "indexing.h"

/* How many cases are where, and who was named how often: added up, and
 * written once a group. */

static void
add_seen(struct index *x, char kind, const char *name, size_t n)
{
	struct buf key = BUF_INIT;

	buf_putc(&key, kind);
	buf_put(&key, name, n);
	map_put(&x->seen, buf_str(&key), (void *)((uintptr_t)map_get(&x->seen,
	    buf_str(&key)) + 1));
	buf_free(&key);
}

static void
add_names(struct index *x, const struct facts *facts)
{
	const char *at = facts->apis, *end;

	if (facts->client != NULL)
		add_seen(x, '0', facts->client, strlen(facts->client));
	for (; at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		add_seen(x, '1', at, (size_t)(end - at));
	}
}

static int
put_seen(struct index *x)
{
	const struct map_entry *e;
	sqlite3_stmt *st;
	size_t at = 0;

	while ((e = map_next(&x->seen, &at)) != NULL) {
		if ((st = index_statement(x, S_SEEN_ADD)) == NULL)
			return -1;
		sqlite3_bind_int(st, 1, e->key[0] == '1');
		index_bind_text(st, 2, e->key + 1);
		sqlite3_bind_int64(st, 3, (int64_t)(uintptr_t)e->value);
		if (index_run(x, st) != 0)
			return -1;
	}
	map_free(&x->seen);
	return 0;
}

int
index_put_counts(struct index *x)
{
	sqlite3_stmt *st;
	int i;

	for (i = STATE_PENDING; i < STATE_COUNT; i++) {
		if ((st = index_statement(x, S_COUNT_ADD)) == NULL)
			return -1;
		sqlite3_bind_int(st, 1, i);
		sqlite3_bind_int64(st, 2, x->counts[i]);
		if (index_run(x, st) != 0)
			return -1;
		x->counts[i] = 0;
	}
	return put_seen(x);
}

/* Cases. */

static int
add_row(struct index *x, const struct casefile *c, int64_t *id)
{
	sqlite3_stmt *st = index_statement(x, S_CASE_ADD);
	char prefix[PREFIX_TEXT];
	uint64_t seq;

	if (st == NULL)
		return -1;
	number_split(c->number, prefix, &seq);
	index_bind_case(st, c, true);
	index_bind_text(st, index_columns() + 1, prefix);
	sqlite3_bind_int64(st, index_columns() + 2, (int64_t)seq);
	if (*id != 0)
		sqlite3_bind_int64(st, index_columns() + 3, *id);
	if (index_run(x, st) != 0)
		return -1;
	*id = sqlite3_last_insert_rowid(x->db);
	if ((st = index_statement(x, S_LAST_SET)) == NULL)
		return -1;
	index_bind_text(st, 1, prefix);
	sqlite3_bind_int64(st, 2, (int64_t)seq);
	return index_run(x, st);
}

static int
set_case(struct index *x, const struct casefile *c, int64_t id, bool of_form)
{
	sqlite3_stmt *st = index_statement(x, of_form ? S_CASE_SET :
	    S_CASE_MOVE);

	if (st == NULL)
		return -1;
	index_bind_case(st, c, of_form);
	sqlite3_bind_int64(st, index_columns() + 1, id);
	return index_run(x, st);
}

/* What fields hold; what they are called would find every case. */
static void
put_values(const struct facts *facts, struct buf *values)
{
	const char *at = facts->fields;
	struct field f = FIELD_INIT;

	while (facts_next(&at, &f)) {
		buf_put(values, f.value, (size_t)f.value_len);
		buf_putc(values, '\n');
	}
}

/* What a case is found by: S_WORDS_ADD or S_WORDS_DEL. */
static int
put_words(struct index *x, enum statement which, int64_t id,
    const struct casefile *c)
{
	sqlite3_stmt *st = index_statement(x, which);
	struct buf values = BUF_INIT;
	int status;

	if (st == NULL)
		return -1;
	put_values(&c->facts, &values);
	sqlite3_bind_int64(st, 1, id);
	index_bind_text(st, 2, c->number);
	index_bind_text(st, 3, c->facts.client);
	index_bind_text(st, 4, c->facts.label);
	index_bind_text(st, 5, buf_str(&values));
	status = index_run(x, st);
	buf_free(&values);
	return status;
}

/* Whether the ruling changes what can be searched for. */
static bool
changes_words(const struct ruling *r)
{
	return r->event == EVENT_RECEIVE || r->event == EVENT_RESUBMIT ||
	    (r->event == EVENT_REVISE && r->request == REQUEST_NONE) ||
	    (r->event == EVENT_APPROVE && r->request == REQUEST_CHANGE);
}

/* Whether a form comes, or takes the place of another. */
bool
index_changes_form(const struct ruling *r)
{
	return changes_words(r) || r->event == EVENT_REVISE ||
	    r->event == EVENT_ASK;
}

static int
set_texts(struct index *x, const struct casefile *c, int64_t id)
{
	sqlite3_stmt *st = index_statement(x, S_TEXTS_SET);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	index_bind_text(st, 2, c->facts.fields);
	index_bind_text(st, 3, c->facts.apis);
	index_bind_text(st, 4, c->asked.fields);
	index_bind_text(st, 5, c->asked.apis);
	return index_run(x, st);
}

int
index_add_words(struct index *x, const struct casefile *c, int64_t id)
{
	return put_words(x, S_WORDS_ADD, id, c);
}

int
index_add_case(struct index *x, const struct casefile *c, int64_t id)
{
	return add_row(x, c, &id) == 0 ? set_texts(x, c, id) : -1;
}

/* id 0: it has no row yet. */
static int
save_case(struct index *x, const struct casefile *c, int64_t id,
    const struct ruling *r, bool texts)
{
	if ((id == 0 ? add_row(x, c, &id) :
	    set_case(x, c, id, index_changes_form(r))) != 0)
		return -1;
	if ((texts || index_changes_form(r)) && set_texts(x, c, id) != 0)
		return -1;
	return changes_words(r) ? index_add_words(x, c, id) : 0;
}

static int
apply_to_row(struct index *x, const struct ruling *r)
{
	struct casefile c;
	int64_t id = 0;
	/* of a new one there is nothing */
	int status = r->event == EVENT_RECEIVE ? 0 :
	    index_find_case(x, r->number, &c, &id);
	bool asked = status == 1 && c.asked.fields != NULL;

	if (status < 0)
		return -1;
	if (status == 0)
		casefile_init(&c);
	if (id != 0 && changes_words(r) &&
	    put_words(x, S_WORDS_DEL, id, &c) != 0) {
		status = -1;
	} else if (casefile_apply(&c, r) != 0) {
		status = index_complain("commit %s does not follow from "
		    "where %s stands", r->commit, r->number);
	} else
		status = save_case(x, &c, id, r, asked);
	casefile_free(&c);
	return status;
}

static int
apply_to_case(struct index *x, const struct ruling *r)
{
	int held = x->filling == NULL ? 0 : filling_apply(x, r);

	if (held < 0 || (held == 0 && apply_to_row(x, r) != 0))
		return -1;
	x->counts[r->from]--;
	x->counts[r->to]++;
	if (r->event == EVENT_RECEIVE)
		add_names(x, &r->facts);
	return 0;
}

static int
add_event(struct index *x, const struct ruling *r)
{
	sqlite3_stmt *st = index_statement(x, S_EVENT_ADD);

	if (st == NULL)
		return -1;
	if (r->number[0] != '\0')
		index_bind_text(st, 1, r->number);
	index_bind_text(st, 2, r->commit);
	index_bind_text(st, 3, r->intake);
	/* what was submitted: the file itself if it was refused */
	if (r->event == EVENT_REFUSE && r->sha256[0] != '\0')
		index_bind_text(st, 4, r->sha256);
	else if (r->digest[0] != '\0')
		index_bind_text(st, 4, r->digest);
	index_bind_text(st, 5, r->file);
	return index_run(x, st);
}

static int
add_key(struct index *x, const struct ruling *r)
{
	sqlite3_stmt *st = index_statement(x, S_KEY_ADD);

	if (st == NULL)
		return -1;
	index_bind_text(st, 1, r->key);
	index_bind_text(st, 2, r->number);
	return index_run(x, st);
}

int
index_apply(struct index *x, const struct ruling *r)
{
	if (r->number[0] != '\0' && apply_to_case(x, r) != 0)
		return -1;
	/* its end is of the same key */
	if (r->key[0] != '\0' && r->event != EVENT_RETIRE &&
	    add_key(x, r) != 0)
		return -1;
	if (add_event(x, r) != 0)
		return -1;
	strcpy(x->head, r->commit);
	return 0;
}
