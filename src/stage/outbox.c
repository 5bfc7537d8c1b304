/*
 * outbox: the answers.
 *
 * May not: decide what is answered; a receipt says what its ruling says.
 * The operator's: a box that cannot be written to; it is held.
 * The machine's trouble: files that cannot be written at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "fsbatch.h"
#include "log.h"

#include "outboxing.h"

/* Commits answered in one batch. */
#define BATCH 200

/* Lists of cases are written for so long before others have their turn, ms. */
#define SLICE_MS 20

struct receipt_desk
outbox_desk(const struct outbox *o)
{
	return (struct receipt_desk){ o->settings->desk_id,
	    o->settings->desk_name };
}

/* "HEAD acme=COMMIT …": the mark, and boxes that are behind it. */
static int
load_mark(struct outbox *o)
{
	struct buf line = BUF_INIT;
	char *at, *word, *equals;
	struct box *b;
	int status = desk_get_line(o->desk, "delivered", &line);

	if (status != 0)
		log_cause("outbox", "read", "delivered");
	else if (line.len > 0) {
		at = line.data;
		word = strsep(&at, " ");
		snprintf(o->mark, sizeof(o->mark), "%s", word);
		while ((word = strsep(&at, " ")) != NULL) {
			equals = strchr(word, '=');
			if (equals == NULL || equals[1] == '\0')
				continue;
			*equals = '\0';
			b = box_of(o, strcmp(word, "inbox") == 0 ? "" : word);
			if (b->held[0] != '\0')
				continue;
			snprintf(b->held, sizeof(b->held), "%s", equals + 1);
			o->n_held++;
		}
	}
	buf_free(&line);
	return status;
}

static int
save_mark(struct outbox *o, const char *commit)
{
	struct buf line = BUF_INIT;
	const struct map_entry *e;
	const struct box *b;
	size_t at = 0;
	int status;

	if (commit != o->mark)
		snprintf(o->mark, sizeof(o->mark), "%s", commit);
	buf_puts(&line, o->mark);
	while (o->n_held > 0 && (e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (b->held[0] != '\0')
			buf_putf(&line, " %s=%s", b->name[0] == '\0' ?
			    "inbox" : b->name, b->held);
	}
	status = desk_put_line(o->desk, "delivered", buf_str(&line));
	if (status != 0)
		log_cause("outbox", "write", "delivered");
	buf_free(&line);
	return status;
}

/* Forgets what was not given of it. */
static void
drop(struct giving *g)
{
	size_t i;

	fs_batch_free(g->batch);
	g->batch = NULL;
	for (i = 0; i < g->n_moves; i++) {
		free(g->moves[i].claim);
		free(g->moves[i].name);
	}
	free(g->moves);
	g->moves = NULL;
	g->n_moves = 0;
	map_free(&g->names);
}

/* What a crash has left of answers is written anew. */
static int
clean_work(struct outbox *o)
{
	DIR *list = fs_list(o->work);
	const char *name;
	int status;

	if (list == NULL)
		return -1;
	while ((name = fs_list_next(list)) != NULL)
		unlinkat(o->work, name, 0);
	status = errno == 0 ? 0 : -1;
	closedir(list);
	return status;
}

static int
open_work(struct outbox *o)
{
	if (fs_make_dir(o->desk->own, WORK_FOLDER, 0700) == 0)
		o->work = fs_open_dir(o->desk->own, WORK_FOLDER);
	if (o->work >= 0 && clean_work(o) == 0)
		return 0;
	log_cause("outbox", "open", ".docket/" WORK_FOLDER);
	return -1;
}

struct outbox *
outbox_open(struct desk *desk, const struct settings *s,
    struct ledger *ledger, struct index *index)
{
	struct outbox *o = mem_alloc(sizeof(*o));

	o->desk = desk;
	o->settings = s;
	o->ledger = ledger;
	o->index = index;
	o->work = -1;
	if (open_work(o) == 0 && load_mark(o) == 0)
		return o;
	outbox_close(o);
	return NULL;
}

void
outbox_close(struct outbox *o)
{
	const struct map_entry *e;
	struct box *b;
	size_t at = 0;

	if (o == NULL)
		return;
	drop(&o->prepared);	/* nothing is written to a box that is closed */
	while ((e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (b->name[0] != '\0' && b->fd >= 0)
			close(b->fd);
		free(b);
	}
	map_free(&o->boxes);
	if (o->work >= 0)
		close(o->work);
	free(o);
}

void
outbox_configure(struct outbox *o, const struct settings *s)
{
	o->settings = s;
}

void
outbox_relist(struct outbox *o)
{
	const struct map_entry *e;
	struct box *b;
	size_t at = 0;

	while ((e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		b->listed = false;
		b->changed = true;
	}
}

void
outbox_meet(struct outbox *o, const char *box, const struct stat *like)
{
	struct box *b = box_of(o, box);
	bool private = (like->st_mode & S_IRWXO) == 0;
	/* a folder that the operator has made is as it is to be */
	bool ours = *box != '\0' && (b->made || (b->met &&
	    (b->private != private || b->gid != like->st_gid)));

	b->met = true;
	b->private = private;
	b->gid = like->st_gid;
	if (b->fd < 0)
		box_hold(o, b, "opened", "");
	else {
		if (ours)
			box_admit(b);
		box_put_blanks(o, b->fd);
	}
	b->changed |= b->fd < 0 || !box_is_current(o, b);
}

/* Answers. */

static struct box *
box_of_fd(struct outbox *o, int fd)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&o->boxes, &at)) != NULL)
		if (((struct box *)e->value)->fd == fd)
			return e->value;
	bug("a file for no box");
}

static void
not_given(void *arg, int dirfd, const char *name)
{
	struct giving *g = arg;

	g->failed = true;
	box_hold(g->outbox, box_of_fd(g->outbox, dirfd), "written", name);
}

static const struct fs_batch_ops give_ops = { .failed = not_given };

static int
put_text(struct giving *g, const struct box *b, const char *stem,
    const char *suffix, const struct buf *text)
{
	char name[RECEIPT_NAME + 8];

	snprintf(name, sizeof(name), "%s%s", stem, suffix);
	return fs_batch_put(g->batch, b->fd, name, buf_str(text), text->len,
	    0644);
}

int
giving_receipts(struct giving *g, const struct box *b, const struct ruling *r)
{
	struct receipt_desk desk = outbox_desk(g->outbox);
	struct buf text = BUF_INIT;
	char stem[RECEIPT_NAME];
	int status;

	receipt_name(stem, r);
	receipt_xml(r, &desk, &text);
	status = put_text(g, b, stem, ".xml", &text);
	buf_clear(&text);
	receipt_text(r, &desk, b->name, &text);
	if (status == 0)
		status = put_text(g, b, stem, ".txt", &text);
	buf_free(&text);
	return status;
}

/* The stamped form, with the receipt of its arrival. */
static int
put_paper(struct giving *g, const struct box *b, const struct ruling *r)
{
	char name[PAPER_NAME], path[LEDGER_PATH];
	struct buf bytes = BUF_INIT;
	const struct op *op;
	int status = 0;

	if (r->event != EVENT_RECEIVE && r->event != EVENT_RESUBMIT &&
	    r->event != EVENT_REVISE && r->event != EVENT_ASK)
		return 0;
	ledger_path(path, STATE_PENDING, r->number, ruling_paper(r, name));
	/* a ruling that was just made has the bytes at hand */
	for (op = r->ops; op < r->ops + r->n_ops; op++)
		if (op->kind == OP_PUT && strcmp(op->path, path) == 0)
			return fs_batch_lend(g->batch, b->fd, name, op->data,
			    op->len, 0644);
	if (ledger_read(g->outbox->ledger, r->commit, path, &bytes) != 1)
		status = -1;
	else
		status = fs_batch_put(g->batch, b->fd, name, buf_str(&bytes),
		    bytes.len, 0644);
	buf_free(&bytes);
	return status;
}

static int
give_to(struct giving *g, const struct ruling *r, const char *name)
{
	struct box *b = box_of(g->outbox, name);

	if (g->only != NULL ? strcmp(g->only, name) != 0 : b->held[0] != '\0')
		return 0;
	b->changed = true;
	if (b->fd < 0) {
		box_hold(g->outbox, b, "opened", "");
		g->failed = true;
		return 0;
	}
	/* the receipt of a batch tells of all that came in it */
	if (((!ruling_is_part(r) || g->again) && giving_receipts(g, b, r) != 0) ||
	    put_paper(g, b, r) != 0) {
		log_cause("outbox", "write", r->number);
		return -1;
	}
	return 0;
}

static int
give(struct giving *g, const struct ruling *r)
{
	char box[LIMIT_BOX + 1];
	const char *at = r->answers;

	/* a refusal comes with the form, which only its claim has */
	if (r->event == EVENT_REFUSE)
		return 0;
	while (ruling_next_answer(&at, box))
		if (give_to(g, r, box) != 0)
			return -1;
	return 0;
}

static void
begin(struct giving *g, struct outbox *o, const char *only)
{
	outbox_settle(o);
	*g = (struct giving){ .outbox = o, .only = only,
	    .batch = fs_batch_new(o->work, WORK) };
}

/* A refused form that comes back as the file it is: after its receipts, for
 * when it is gone from the claims nobody knows of them any more.  A claim
 * that is not there was moved before. */
static void
move_form(struct giving *g, const struct move *m)
{
	struct outbox *o = g->outbox;
	char taken[NAME_SIZE];
	struct stat st;

	if (m->box->held[0] != '\0' || (fstatat(o->desk->claims, m->claim, &st,
	    AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT))
		return;
	if (fs_move_aside(o->desk->claims, m->claim, m->box->fd, m->name,
	    taken) != 0 || fs_sync_dir(m->box->fd) != 0) {
		box_hold(o, m->box, "written", m->name);
		g->failed = true;
	}
}

static int
end(struct giving *g)
{
	int status = 0;
	size_t i;

	if (g->batch == NULL)		/* it failed before its end */
		return -1;
	if (fs_batch_end(g->batch, &give_ops, g) != 0) {
		log_cause("outbox", "write", "receipts");
		status = -1;
	}
	for (i = 0; status == 0 && i < g->n_moves; i++)
		move_form(g, &g->moves[i]);
	drop(g);
	return status;
}

/* Gives what there is, and goes on. */
int
giving_flush(struct giving *g)
{
	if (end(g) != 0)
		return -1;
	g->batch = fs_batch_new(g->outbox->work, WORK);
	return 0;
}

/* Answers to what the ledger tells, in batches. */

/* 1: the one box that is asked for fails, and need not be given more. */
static int
give_walked(void *arg, struct ruling *r)
{
	struct giving *g = arg;
	struct box *b;

	if (give(g, r) != 0)
		return -1;
	if (++g->commits % BATCH != 0)
		return 0;
	if (giving_flush(g) != 0)
		return -1;
	if (g->only == NULL)
		return 0;
	if (g->failed)
		return 1;
	b = box_of(g->outbox, g->only);
	if (b->held[0] != '\0')
		snprintf(b->held, sizeof(b->held), "%s", r->commit);
	return 0;
}

static int
give_since(struct outbox *o, const char *since, const char *only, bool again,
    bool *failed)
{
	struct giving g;
	int status;

	begin(&g, o, only);
	g.again = again;
	status = ledger_walk(o->ledger, strcmp(since, "-") == 0 ? "" : since,
	    ledger_head(o->ledger), give_walked, &g);
	if (g.batch != NULL && end(&g) != 0)
		status = -1;
	*failed = g.failed;
	return status < 0 ? -1 : 0;
}

/* Whether a commit up to which something was answered is of this ledger. */
static bool
is_known(struct outbox *o, const char *mark)
{
	return *mark == '\0' || strcmp(mark, "-") == 0 ||
	    ledger_distance(o->ledger, mark, ledger_head(o->ledger)) >= 0;
}

/* On a ledger that is not the one it was, everything is old. */
static int
forget_unknown_marks(struct outbox *o)
{
	const char *head = ledger_head(o->ledger);
	const struct map_entry *e;
	struct box *b;
	size_t at = 0;

	while ((e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (!is_known(o, b->held))
			snprintf(b->held, sizeof(b->held), "%s", head);
	}
	return is_known(o, o->mark) ? 0 : save_mark(o, head);
}

int
outbox_catch_up(struct outbox *o)
{
	const char *head = ledger_head(o->ledger);
	bool failed;

	if (forget_unknown_marks(o) != 0)
		return -1;
	if (strcmp(o->mark, head) == 0)
		return 0;
	if (give_since(o, o->mark, NULL, false, &failed) != 0)
		return -1;
	return save_mark(o, head);
}

static int
rewrite_one(void *arg, const char *commit)
{
	struct giving *g = arg;
	struct ruling r;
	int status = ledger_ruling(g->outbox->ledger, commit, &r);

	if (status == 0)
		status = give_walked(g, &r);
	ruling_free(&r);
	return status;
}

int
outbox_rewrite_since(struct outbox *o, const char *since)
{
	bool failed;

	/* the receipt of a batch, which told of all its forms, cannot be
	 * written once more: each gets one of its own */
	return give_since(o, since, NULL, true, &failed);
}

int
outbox_rewrite(struct outbox *o, const char *number)
{
	struct giving g;
	int status;

	begin(&g, o, NULL);
	g.again = true;
	status = index_commits_of(o->index, number, rewrite_one, &g);
	if (g.batch != NULL && end(&g) != 0)
		status = -1;
	return status;
}

/* The first commit only. */
static int
again_one(void *arg, const char *commit)
{
	return rewrite_one(arg, commit) == 0 ? 1 : -1;
}

int
outbox_again(struct outbox *o, const char *number, const char *box)
{
	struct giving g;
	int status;

	begin(&g, o, box);
	g.again = true;
	status = index_commits_of(o->index, number, again_one, &g);
	if (g.batch != NULL && end(&g) != 0)
		status = -1;
	return status < 0 ? -1 : 0;
}

/* Answers to a group, refusals among them. */

int
outbox_prepare(struct outbox *o, const struct answer *answers, size_t n)
{
	struct giving *g = &o->prepared;
	int status = 0;
	size_t i;

	begin(g, o, NULL);
	fs_batch_beside(g->batch);
	/* a refused form makes room for itself in its box: later */
	for (i = 0; i < n && status == 0; i++) {
		if (answers[i].parcel == NULL)
			status = give(g, answers[i].ruling);
		else
			g->refuses = true;
	}
	return status;
}

struct fs_batch *
outbox_prepared(struct outbox *o)
{
	/* refusals are given in batches of their own */
	return o->prepared.refuses ? NULL : o->prepared.batch;
}

int
outbox_deliver(struct outbox *o, struct answer *answers, size_t n)
{
	struct giving *g = &o->prepared;
	int status = 0;
	size_t i;

	for (i = 0; i < n && status == 0; i++) {
		answers[i].held = false;
		if (answers[i].parcel != NULL)
			status = giving_refuse(g, &answers[i]);
	}
	o->delivering = true;
	o->answers = answers;
	o->n_answers = n;
	if (status == 0)
		return fs_batch_begin_end(g->batch);
	outbox_settle(o);
	return -1;
}

void
outbox_settle(struct outbox *o)
{
	struct answer *a;

	if (!o->delivering)
		return;
	o->delivering = false;
	o->trouble = end(&o->prepared) != 0;
	/* a box that failed just now has not got its refusals either; it may
	 * be released by the time that anybody asks */
	for (a = o->answers; o->prepared.failed && a < o->answers +
	    o->n_answers; a++)
		if (a->parcel != NULL &&
		    box_of(o, a->parcel->box)->held[0] != '\0')
			a->held = true;
}

bool
outbox_has_delivered(const struct outbox *o)
{
	return !o->delivering || fs_batch_has_ended(o->prepared.batch);
}

int
outbox_delivered(struct outbox *o, const char *mark)
{
	outbox_settle(o);
	return o->trouble ? -1 : save_mark(o, mark == NULL ? o->mark : mark);
}

int
outbox_notice(struct outbox *o, const char *box, const struct notice *n)
{
	struct receipt_desk desk = outbox_desk(o);
	struct box *b = box_of(o, box);
	const char *slash = strrchr(n->file, '/');
	char stem[RECEIPT_NAME];
	struct buf text = BUF_INIT;
	struct giving g;
	int status;

	outbox_settle(o);
	if (b->fd < 0)
		box_hold(o, b, "opened", "");
	if (b->held[0] != '\0')
		return 1;
	snprintf(stem, sizeof(stem), "%.255s.%.32s", slash == NULL ? n->file :
	    slash + 1, n->event);
	begin(&g, o, box);
	notice_xml(n, &desk, &text);
	status = put_text(&g, b, stem, ".xml", &text);
	buf_clear(&text);
	notice_text(n, &desk, &text);
	if (status == 0)
		status = put_text(&g, b, stem, ".txt", &text);
	if (status != 0)
		log_cause("outbox", "write", stem);
	buf_free(&text);
	return end(&g) != 0 || status != 0 ? -1 : b->held[0] != '\0';
}

static int
retry(struct outbox *o, struct box *b)
{
	char since[COMMIT_HEX];
	bool failed = true;

	outbox_settle(o);
	/* the folder may be another by now */
	if (b->name[0] != '\0' && b->fd >= 0) {
		close(b->fd);
		b->fd = -1;
	}
	box_open(o, b);
	snprintf(since, sizeof(since), "%s", b->held);
	if (b->fd >= 0 && give_since(o, since, b->name, false,
	    &failed) != 0)
		return -1;
	if (failed)
		box_wait_longer(b);
	else
		box_release(o, b);
	return 0;
}

static int64_t
retry_due(const struct outbox *o)
{
	const struct map_entry *e;
	const struct box *b;
	int64_t due = INT64_MAX;
	size_t at = 0;

	while (o->n_held > 0 && (e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (b->held[0] != '\0' && b->retry < due)
			due = b->retry;
	}
	return due;
}

static int
retry_held(struct outbox *o)
{
	const struct map_entry *e;
	struct box *b;
	size_t at = 0;

	while ((e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (b->held[0] != '\0' && clock_ticks() >= b->retry &&
		    retry(o, b) != 0)
			return -1;
	}
	return save_mark(o, o->mark);
}

static bool
any_changed(const struct outbox *o)
{
	const struct map_entry *e;
	const struct box *b;
	size_t at = 0;

	while ((e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (b->changed && b->fd >= 0)
			return true;
	}
	return false;
}

int64_t
outbox_due(const struct outbox *o)
{
	int64_t due = retry_due(o);

	if (any_changed(o) && o->status_due < due)
		due = o->status_due;
	return due;
}

int
outbox_tend(struct outbox *o)
{
	int64_t now = clock_ticks();

	if (now >= o->status_due && any_changed(o) &&
	    boxes_write_status(o, now + SLICE_MS) != 0)
		return -1;
	return now >= retry_due(o) ? retry_held(o) : 0;
}

int
outbox_finish(struct outbox *o, int64_t until)
{
	return any_changed(o) ? boxes_write_status(o, until) : 0;
}
