/*
 * boxes: the folders of the outbox, and what is in each besides answers: the
 * blanks, status.txt, and the lists in force.
 *
 * May not: answer anything.
 * The operator's: a folder that cannot be written to; it is held.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "text.h"

#include "outboxing.h"
#include "shipped.h"

/* Lines of a status.txt; who has more looks into an older receipt. */
#define STATUS_MAX 1000

/* A status.txt is not written more often than this while much goes on. */
#define STATUS_MS 1000

#define STATUS "status.txt"

static void
tell(struct outbox *o, const struct box *b, const char *what,
    const char *file)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	int saved = errno;

	buf_putf(&key, "outbox %s", b->name);
	if (what != NULL)
		buf_putf(&text, "outbox/%s%s%s cannot be %s: %s; its answers "
		    "wait", b->name, *b->name == '\0' ? "" : "/", file, what,
		    strerror(saved));
	desk_notice(o->desk, buf_str(&key),
	    what == NULL ? NULL : buf_str(&text));
	buf_free(&key);
	buf_free(&text);
}

/* A blank that is there already, filled in for another day, will do. */
void
box_put_blanks(struct outbox *o, int fd)
{
	struct buf text = BUF_INIT;
	struct shipped blank;
	size_t i;
	int dir;

	if (fs_make_dir(fd, "forms", 0755) != 0 ||
	    (dir = fs_open_dir(fd, "forms")) < 0) {
		desk_notice(o->desk, "forms",
		    "a folder forms/ cannot be made in outbox");
		return;
	}
	for (i = 0; shipped_blank(i, &blank); i++) {
		buf_clear(&text);
		shipped_fill(&blank, clock_day(clock_now()), &text);
		fs_replace(dir, blank.path, buf_str(&text), text.len, 0644);
	}
	buf_free(&text);
	close(dir);
}

/* Lets those in who may look into the box's folder in inbox.  Closed first:
 * nobody is to have it open from before. */
void
box_admit(const struct box *b)
{
	if (!b->private ? fchmod(b->fd, 0755) != 0 :
	    fchmod(b->fd, 0700) != 0 ||
	    fchown(b->fd, (uid_t)-1, b->gid) != 0 ||
	    fchmod(b->fd, 02750) != 0)
		log_errno("outbox", "give to the box's group", b->name);
}

void
box_open(struct outbox *o, struct box *b)
{
	if (b->fd >= 0)
		return;
	if (b->name[0] == '\0') {
		b->fd = o->desk->outbox;
		return;
	}
	b->made = mkdirat(o->desk->outbox, b->name, 0700) == 0;
	if (!b->made && errno != EEXIST)
		return;
	b->fd = fs_open_dir(o->desk->outbox, b->name);
	if (b->fd < 0 || !b->made || !b->met)
		return;
	box_admit(b);
	box_put_blanks(o, b->fd);
}

struct box *
box_of(struct outbox *o, const char *name)
{
	struct box *b = map_get(&o->boxes, name);

	if (b == NULL) {
		b = mem_alloc(sizeof(*b));
		snprintf(b->name, sizeof(b->name), "%s", name);
		b->fd = -1;
		map_put(&o->boxes, name, b);
	}
	box_open(o, b);
	return b;
}

/* When to try it again. */
void
box_wait_longer(struct box *b)
{
	b->pause = b->pause == 0 ? RETRY_FIRST_MS : b->pause * 2;
	if (b->pause > RETRY_LAST_MS)
		b->pause = RETRY_LAST_MS;
	b->retry = clock_ticks() + b->pause;
}

/* The box goes on without answers from here. */
void
box_hold(struct outbox *o, struct box *b, const char *what, const char *file)
{
	tell(o, b, what, file);
	if (b->held[0] != '\0')
		return;
	snprintf(b->held, sizeof(b->held), "%s",
	    o->mark[0] == '\0' ? "-" : o->mark);
	o->n_held++;
	/* that it was released just now was too early */
	if (clock_ticks() - b->released > RETRY_LAST_MS)
		b->pause = 0;
	box_wait_longer(b);
}

void
box_release(struct outbox *o, struct box *b)
{
	b->held[0] = '\0';
	b->released = clock_ticks();
	b->changed = true;
	o->n_held--;
	o->released = true;
	tell(o, b, NULL, NULL);
}

/* Somebody has removed the one that is open.  The new one gets its number, by
 * which answers that are prepared know it. */
static void
reopen(struct outbox *o, struct box *b)
{
	int old = b->fd;

	outbox_settle(o);
	b->fd = -1;
	box_open(o, b);
	if (b->fd >= 0) {
		dup3(b->fd, old, O_CLOEXEC);
		close(b->fd);
	}
	b->fd = old;
}

int
outbox_folder(struct outbox *o, const char *name)
{
	struct box *b = box_of(o, name);
	int fd = fs_open_dir(o->desk->outbox, name);

	if (fd >= 0 || errno != ENOENT || b->fd < 0)
		return fd;
	reopen(o, b);
	return fs_open_dir(o->desk->outbox, name);
}

void
outbox_ask(struct outbox *o, outbox_waits_fn *waits, void *arg)
{
	o->waits = waits;
	o->waits_arg = arg;
}

void
outbox_changed(struct outbox *o, const char *name)
{
	struct box *b = map_get(&o->boxes, name);

	if (b != NULL)
		b->changed = true;
}

size_t
outbox_held(const struct outbox *o)
{
	const struct map_entry *e;
	size_t at = 0, n = 0;

	while (o->n_held > 0 && (e = map_next(&o->boxes, &at)) != NULL)
		n += ((const struct box *)e->value)->held[0] != '\0';
	return n;
}

bool
outbox_is_held(const struct outbox *o, const char *box)
{
	const struct box *b = map_get(&o->boxes, box);

	return b != NULL && b->held[0] != '\0';
}

bool
outbox_was_released(struct outbox *o)
{
	bool was = o->released;

	o->released = false;
	return was;
}


/* status.txt */

struct listing {
	const struct outbox *outbox;
	struct buf	 text;
	unsigned	 n;
};

static void
put_state(struct buf *out, const struct casefile *c)
{
	if (c->request != REQUEST_NONE)
		buf_putf(out, "%s, %s asked", state_name(c->state),
		    request_name(c->request));
	else if (c->state == STATE_APPROVED && !c->in_force)
		buf_putf(out, "approved, from %s", c->facts.effective);
	else
		buf_puts(out, state_name(c->state));
}

/* In a line of its own: it is what somebody has to do. */
static void
put_waiting_key(struct listing *l, const struct casefile *c)
{
	const struct outbox *o = l->outbox;
	const char *why = o->waits == NULL || c->keys == NULL ? NULL :
	    o->waits(o->waits_arg, c->number);

	if (why != NULL)
		buf_putf(&l->text, "              its key waits: %s\n", why);
}

static int
list_case(void *arg, const struct casefile *c)
{
	struct listing *l = arg;
	struct buf state = BUF_INIT;
	char when[TIME_TEXT];

	if (l->n++ == STATUS_MAX) {
		buf_putf(&l->text, "(older ones are left out)\n");
		return 0;
	}
	if (l->n > STATUS_MAX)
		return 0;
	put_state(&state, c);
	buf_putf(&l->text, "%-12s  %-28s  %s  ", c->number, buf_str(&state),
	    time_local(when, c->changed));
	if (c->facts.label != NULL)
		text_line(&l->text, c->facts.label, strlen(c->facts.label),
		    100);
	buf_putc(&l->text, '\n');
	put_waiting_key(l, c);
	buf_free(&state);
	return 0;
}

static int
write_status(struct outbox *o, struct box *b)
{
	struct index_query q = { .box = b->name, .state = STATE_COUNT,
	    .recent = true, .most = STATUS_MAX + 1 };
	struct listing l = { o, BUF_INIT, 0 };
	char when[TIME_TEXT];
	int status;

	buf_putf(&l.text, "%s: your cases, the last changed first; as of %s"
	    "\n\n", o->settings->desk_name, time_local(when, clock_now()));
	status = index_cases(o->index, &q, list_case, &l);
	if (l.n == 0)
		buf_puts(&l.text, "none\n");
	if (status == 0 && b->fd >= 0 && fs_replace(b->fd, STATUS,
	    buf_str(&l.text), l.text.len, 0644) != 0 && b->held[0] == '\0')
		box_hold(o, b, "written", "status.txt");
	buf_free(&l.text);
	b->changed = false;
	return status;
}

/* clients.txt, apis.txt */

struct names {
	struct buf	 text;
	const char	*only;		/* this id; NULL: all */
};

static int
name_entry(void *arg, const struct list_entry *e)
{
	struct names *l = arg;

	if (l->only != NULL && strcmp(l->only, e->id) != 0)
		return 0;
	buf_putf(&l->text, "%-24s  ", e->id);
	if (e->name != NULL)
		text_line(&l->text, e->name, strlen(e->name), 300);
	buf_putc(&l->text, '\n');
	return 0;
}

/* To a box of one client it is nobody's business who the others are. */
static int
write_names(struct outbox *o, struct box *b, const char *list,
    const char *what, const struct casefile *c)
{
	struct names l = { .only = strcmp(list, "clients") == 0 ?
	    settings_client(o->settings, b->name) : NULL };
	struct buf name = BUF_INIT;
	char when[TIME_TEXT];
	int status;

	buf_putf(&l.text, "%s: %s, as of %s (%s)\n\n",
	    o->settings->desk_name, what, c->number, time_local(when,
	    c->changed));
	status = index_entries(o->index, list, name_entry, &l);
	buf_putf(&name, "%s.txt", list);
	if (status == 0 && fs_replace(b->fd, buf_str(&name),
	    buf_str(&l.text), l.text.len, 0644) != 0 && b->held[0] == '\0')
		box_hold(o, b, "written", buf_str(&name));
	buf_free(&name);
	buf_free(&l.text);
	return status;
}

/* When the list in force came to be so; 0: there is none, and no file of it
 * either.  -1: it cannot be told, or the file is to go. */
static int
list_changed(struct outbox *o, const struct box *b, const char *list,
    int64_t *changed)
{
	char name[32], sha256[65];
	struct casefile c;
	struct stat st;
	int found = index_list_digest(o->index, list, sha256);

	*changed = 0;
	snprintf(name, sizeof(name), "%s.txt", list);
	if (found == 0)
		return fs_look(b->fd, name, &st) != 0 ? -1 : 0;
	if (found < 0 || index_list(o->index, list, &c) != 1)
		return -1;
	*changed = c.changed;
	casefile_free(&c);
	return 0;
}

/* What is in no list that is in force may be named freely: no such file. */
static int
write_lists(struct outbox *o, struct box *b)
{
	static const struct {
		const char *list, *file, *what;
	} lists[] = {
		{ "clients", "clients.txt", "clients that may apply" },
		{ "apis", "apis.txt", "APIs that may be applied for" },
	};
	char sha256[65];
	struct casefile c;
	size_t i;
	int found, status = 0;

	for (i = 0; i < 2 && status == 0; i++) {
		found = index_list_digest(o->index, lists[i].list, sha256);
		if (found == 1)
			found = index_list(o->index, lists[i].list, &c);
		if (found < 0)
			return -1;
		if (found == 0) {
			unlinkat(b->fd, lists[i].file, 0);
			continue;
		}
		status = write_names(o, b, lists[i].list, lists[i].what, &c);
		casefile_free(&c);
	}
	b->listed = true;
	return status;
}

bool
box_is_current(struct outbox *o, const struct box *b)
{
	static const char *const lists[] = { "clients", "apis" };
	int64_t changed, listed;
	struct stat st;
	size_t i;

	if (fstatat(b->fd, STATUS, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    index_box_changed(o->index, b->name, &changed) != 0)
		return false;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (list_changed(o, b, lists[i], &listed) != 0)
			return false;
		changed = listed > changed ? listed : changed;
	}
	return changed < st.st_mtim.tv_sec;
}

/* Its lists first: the time of status.txt vouches for them too. */
static int
write_box(struct outbox *o, struct box *b)
{
	const struct timespec now[2] = { { .tv_sec = clock_now() },
	    { .tv_sec = clock_now() } };

	if ((!b->listed && write_lists(o, b) != 0) || write_status(o, b) != 0)
		return -1;
	utimensat(b->fd, STATUS, now, AT_SYMLINK_NOFOLLOW);
	return 0;
}

int
boxes_write_status(struct outbox *o, int64_t until)
{
	const struct map_entry *e;
	struct box *b;
	size_t at = 0;

	while ((e = map_next(&o->boxes, &at)) != NULL) {
		b = e->value;
		if (!b->changed || b->fd < 0)
			continue;
		if (write_box(o, b) != 0)
			return -1;
		if (clock_ticks() >= until)
			return 0;	/* some are left, and due */
	}
	o->status_due = clock_ticks() + STATUS_MS;
	return 0;
}
