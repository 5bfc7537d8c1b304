/*
 * intake: inbox: which files in it and in its boxes are complete.
 *
 * May not: open a file; know what becomes of it (claim.c makes it ours).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "text.h"

#include "limit.h"

#include "intaking.h"

/* Names remembered from events, for one box; beyond it is looked at whole. */
#define READY_MAX 4096

/* A file that was just written is left for so long, ms: cp(1) of several
 * files, and mv(1) from another file system, look at each once more and
 * complain if it is gone.  Who moves it there by rename(2) does not. */
#define TOUCH_MS 3

/* Files of one box in a row, while others wait. */
#define TURN 64

/* After trouble with a box it is looked at again, ms; and until it went well
 * for so long something that came may not be here yet. */
#define AGAIN_MS 5000
#define MISSED_MS 30000

/* Names looked at in one go, when most are left alone. */
#define LOOK_MAX 2000

/* Grace. */

static void
grace_key(const struct box *b, const char *name, struct buf *key)
{
	buf_putf(key, "%s/%s", b->name, name);
}

void
intake_give_grace(struct intake *in, struct box *b, const char *name)
{
	struct buf key = BUF_INIT;
	struct grace *g;
	struct stat st;

	if (fstatat(b->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	g = mem_alloc(sizeof(*g));
	*g = (struct grace){ clock_ticks() + in->settings->grace, st.st_dev,
	    st.st_ino, st.st_size, st.st_mtim };
	grace_key(b, name, &key);
	free(map_put(&in->grace, buf_str(&key), g));
	buf_free(&key);
	intake_due_in(b, in->settings->grace);
}

static bool
is_as_it_was(const struct grace *g, const struct stat *st)
{
	return g->dev == st->st_dev && g->ino == st->st_ino &&
	    g->size == st->st_size && g->mtim.tv_sec == st->st_mtim.tv_sec &&
	    g->mtim.tv_nsec == st->st_mtim.tv_nsec;
}

/* How long a file that was put back is still left, ms.  An event says that
 * somebody has completed it, and ends the wait; but for the event of our own
 * putting back. */
static int64_t
grace_left(struct intake *in, const struct box *b, const char *name,
    const struct stat *st, bool complete)
{
	struct buf key = BUF_INIT;
	const struct grace *g;
	int64_t left = 0;

	if (map_count(&in->grace) == 0)
		return 0;
	grace_key(b, name, &key);
	g = map_get(&in->grace, buf_str(&key));
	if (g != NULL && (!complete || is_as_it_was(g, st)))
		left = g->until - clock_ticks();
	if (g != NULL && left <= 0)
		free(map_del(&in->grace, buf_str(&key)));
	buf_free(&key);
	return left;
}

/* Those that nobody has asked for until then: their senders took them away. */
static void
forget_grace(struct intake *in, int64_t until)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&in->grace, &at)) != NULL)
		if (((const struct grace *)e->value)->until < until)
			free(map_del(&in->grace, e->key));
}

struct intake *
intake_open(struct desk *desk, const struct settings *s, struct watch *watch,
    int tag)
{
	struct intake *in = mem_alloc(sizeof(*in));

	in->desk = desk;
	in->settings = s;
	in->watch = watch;
	in->tag = tag;
	box_add(in, "", desk->inbox);
	folders_meet(in);
	return in;
}

void
intake_close(struct intake *in)
{
	size_t i;

	if (in == NULL)
		return;
	for (i = 0; i < in->n_boxes; i++) {
		if (!in->boxes[i].gone)
			box_close(in, &in->boxes[i]);
		free(in->boxes[i].name);
	}
	free(in->boxes);
	map_free_all(&in->grace);
	map_free(&in->fresh);
	map_free(&in->rounds);
	while (in->n_dropped > 0)
		free(in->dropped[--in->n_dropped]);
	free(in->dropped);
	map_free_all(&in->odd);
	free(in);
}

void
intake_configure(struct intake *in, const struct settings *s)
{
	in->settings = s;
}

const char *
intake_box(const struct intake *in, size_t *at)
{
	while (*at < in->n_boxes)
		if (!in->boxes[(*at)++].gone)
			return in->boxes[*at - 1].name;
	return NULL;
}

const char *
intake_changed_box(struct intake *in, struct stat *st)
{
	struct box *b;

	for (b = in->boxes; b < in->boxes + in->n_boxes; b++)
		if (!b->gone && fstat(b->fd, st) == 0 &&
		    (b->mode != st->st_mode || b->gid != st->st_gid)) {
			b->mode = st->st_mode;
			b->gid = st->st_gid;
			return b->name;
		}
	return NULL;
}

/* What to look at. */

static void
look_box(struct box *b)
{
	b->look = true;
	if (b->list != NULL) {
		closedir(b->list);
		b->list = NULL;
	}
}

void
intake_look(struct intake *in)
{
	size_t i;

	folders_meet(in);
	forget_grace(in, clock_ticks() - in->settings->settle);
	for (i = 0; i < in->n_boxes; i++)
		if (!in->boxes[i].gone)
			look_box(&in->boxes[i]);
}

void
intake_watch(struct intake *in)
{
	struct box *b;

	for (b = in->boxes; b < in->boxes + in->n_boxes; b++) {
		if (b->gone)
			continue;
		if (b->watched)
			watch_del(in->watch, b->tag);
		box_watch(in, b);
	}
}

void
intake_poll(struct intake *in, bool poll)
{
	in->poll = poll;
	/* what no event told of is found */
	intake_look(in);
}

struct intake_counts
intake_counts(const struct intake *in)
{
	struct intake_counts n = in->counts;
	const struct box *b;

	for (b = in->boxes; b < in->boxes + in->n_boxes; b++) {
		n.boxes += !b->gone;
		n.polled += !b->gone && (in->poll || !b->watched);
	}
	return n;
}

void
intake_stop(struct intake *in, const char *box, bool stop)
{
	struct box *b = intake_find_box(in, box);

	if (b == NULL || b->stopped == stop)
		return;
	b->stopped = stop;
	box_tell_stopped(in, b);
	if (!stop)
		look_box(b);
}

void
intake_hurry(struct intake *in)
{
	in->hurry = true;
}

/* Brings a box's next look forward. */
void
intake_due_in(struct box *b, int64_t ms)
{
	int64_t at = clock_ticks() + (ms < 0 ? 0 : ms);

	if (at < b->due)
		b->due = at;
}

void
intake_miss(struct intake *in, struct box *b)
{
	in->missed = clock_ticks() + MISSED_MS;
	intake_due_in(b, AGAIN_MS);
}

bool
intake_has_missed(const struct intake *in)
{
	return clock_ticks() < in->missed;
}

/* Something that may still be written to. */
static bool
is_file(const struct box *b, const char *name)
{
	struct stat st;

	return fstatat(b->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    S_ISREG(st.st_mode);
}

void
intake_event(struct intake *in, const struct watch_event *e)
{
	size_t at = (size_t)(e->tag - in->tag);
	struct box *b;

	if (at >= in->n_boxes || in->boxes[at].gone)
		return;
	b = &in->boxes[at];
	if (at == 0 && intake_find_box(in, e->name) != NULL)
		folders_miss(in);
	if (at == 0 && map_has(&in->odd, e->name)) {
		folder_forget(in, e->name);
		in->recount = true;
	}
	if (e->what == WATCH_GONE && at > 0)
		box_close(in, b);
	else if (e->what == WATCH_LEFT)
		return;		/* as what we take does, too */
	else if (e->what == WATCH_TOUCHED && is_file(b, e->name))
		intake_due_in(b, in->settings->settle);
	else if (e->what <= WATCH_MOVED && b->n_ready < READY_MAX) {
		b->ready = mem_grow(b->ready, b->n_ready + 1,
		    sizeof(*b->ready));
		b->ready[b->n_ready++] = (struct ready){ mem_str(e->name),
		    clock_ticks() + (e->what == WATCH_MOVED ? 0 : TOUCH_MS) };
	} else
		look_box(b);
}

bool
intake_is_waiting(struct intake *in)
{
	forget_grace(in, clock_ticks() - in->settings->settle);
	return map_count(&in->grace) > 0;
}

int64_t
intake_due(const struct intake *in)
{
	int64_t due = INT64_MAX;
	const struct box *b;

	for (b = in->boxes; b < in->boxes + in->n_boxes; b++) {
		if (b->gone || b->stopped)
			continue;
		if (b->look)
			return clock_ticks();
		if (b->n_ready > 0 && b->ready[0].at < due)
			due = b->ready[0].at;
		if (b->due < due)
			due = b->due;
	}
	return due;
}

/* Files. */

/* Names that others use while they write, or to say something to people. */
static bool
is_left_alone(const char *name)
{
	static const char *const suffix[] = { ".part", ".tmp", ".filepart",
	    "~" };
	size_t i;

	if (name[0] == '.' || strncmp(name, "README", 6) == 0)
		return true;
	for (i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++)
		if (text_ends(name, suffix[i]))
			return true;
	return false;
}

int
intake_now(struct intake *in, int64_t from, int64_t until)
{
	int64_t ticks = clock_ticks();

	if (in->now_at > 0 && (ticks - in->now_at < NOW_TICK_MS ||
	    (in->now >= from && in->now < until &&
	    ticks - in->now_at < NOW_SLACK_MS)))
		return 0;
	in->now_at = ticks;
	return fs_now(in->desk->probe, &in->now);
}

/* How long until a file counts as complete, ms; 0: it does. */
static int64_t
unsettled(struct intake *in, const struct stat *st)
{
	int64_t now, changed = fs_ms(st->st_ctim);
	int64_t modified = fs_ms(st->st_mtim);

	/* what has settled already stays so */
	if (in->hurry || intake_now(in, changed + in->settings->settle,
	    INT64_MAX) != 0)
		return 0;
	now = in->now;
	if (modified > changed && modified <= now)
		changed = modified;
	/* a change in the future is none that we could wait for */
	if (changed > now)
		changed = now;
	return changed + in->settings->settle - now;
}

/* Whether the file at hand is to be taken; else when to look again. */
static bool
is_ready(struct intake *in, struct box *b, const char *name, bool complete)
{
	struct stat st;
	int64_t wait;
	int there;

	if (is_left_alone(name))
		return false;
	there = fs_look(b->fd, name, &st);
	if (there < 0)
		intake_miss(in, b);
	if (there != 1)
		return false;
	if (S_ISDIR(st.st_mode)) {
		if (*b->name == '\0') {
			folder_meet(in, name, &st);
			in->recount |= complete;
		}
		return false;
	}
	wait = grace_left(in, b, name, &st, complete);
	/* a file with two names may be one that is being delivered by
	 * link(2) and unlink(2); what is no file will not become one */
	if (wait <= 0 && S_ISREG(st.st_mode) &&
	    (!complete || st.st_nlink > 1))
		wait = unsettled(in, &st);
	if (wait > 0)
		intake_due_in(b, wait);
	return wait <= 0;
}

struct collecting {
	struct intake	*in;
	struct round	 round;
	unsigned	 left;		/* of this turn */
	unsigned	 looks;
	intake_fn	*fn;
	void		*arg;
};

/* What is large was not read. */
static uint64_t
size_of(const struct intake *in, const struct parcel *p)
{
	struct stat st;

	return p->large && fstatat(in->desk->claims, p->claim, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : p->file.len;
}

static void
take(struct collecting *c, struct box *b, const char *name, bool complete)
{
	struct parcel *p;

	c->looks--;
	if (!is_ready(c->in, b, name, complete))
		return;
	p = intake_claim(c->in, b, &c->round, name);
	if (p == NULL)
		return;
	c->left--;
	c->in->counts.files++;
	c->in->counts.bytes += size_of(c->in, p);
	c->fn(c->arg, p);
}

/* Those that events have named, as far as they are due. */
static void
collect_ready(struct collecting *c, size_t box)
{
	struct box *b = &c->in->boxes[box];
	int64_t now = clock_ticks();
	size_t i;

	for (i = 0; i < b->n_ready && c->left > 0 && b->ready[i].at <= now;
	    i++) {
		take(c, b, b->ready[i].name, true);
		b = &c->in->boxes[box];		/* boxes may have moved */
		free(b->ready[i].name);
	}
	if (i == 0)
		return;
	memmove(b->ready, b->ready + i, (b->n_ready - i) * sizeof(*b->ready));
	b->n_ready -= i;
}

/* The directory, from where it was left. */
static void
collect_listed(struct collecting *c, size_t box)
{
	struct box *b = &c->in->boxes[box];
	const char *name = NULL;

	/* not in the middle: what is behind us would not be seen again */
	if (b->list == NULL && b->due <= clock_ticks()) {
		b->due = INT64_MAX;
		b->look = true;
	}
	if (b->look && b->list == NULL) {
		b->list = fs_list(b->fd);
		c->in->counts.looks++;
	}
	while (b->list != NULL && c->left > 0 && c->looks > 0) {
		name = fs_list_next(b->list);
		if (name == NULL)
			break;
		take(c, b, name, false);
		b = &c->in->boxes[box];
	}
	if (!b->look || name != NULL || c->left == 0 || c->looks == 0)
		return;
	if (b->list == NULL || errno != 0)
		intake_miss(c->in, b);
	if (b->list != NULL)
		closedir(b->list);
	b->list = NULL;
	b->look = false;
	if (!b->watched || c->in->poll)
		intake_due_in(b, c->in->settings->poll);
}

static bool
has_some(const struct box *b, int64_t now)
{
	return !b->gone && !b->stopped && (b->look || b->due <= now ||
	    (b->n_ready > 0 && b->ready[0].at <= now));
}

/* Files of one box in a row: a folder is made for each turn of it, so that one
 * whose turn it always is has long ones. */
static unsigned
turn_of(const struct intake *in, unsigned most)
{
	int64_t now = clock_ticks();
	const struct box *b;
	size_t n = 0;

	for (b = in->boxes; b < in->boxes + in->n_boxes && n < 2; b++)
		n += has_some(b, now);
	return n > 1 && most > TURN ? TURN : most;
}

bool
intake_collect(struct intake *in, unsigned most, intake_fn *fn, void *arg)
{
	struct collecting c = { .in = in, .fn = fn, .arg = arg };
	unsigned turn = turn_of(in, most);
	size_t n = in->n_boxes, i;
	bool more = false;
	struct box *b;

	for (i = 0; i < n && most > 0; i++) {
		in->turn = (in->turn + 1) % n;
		b = &in->boxes[in->turn];
		if (b->gone || b->stopped)
			continue;
		c.left = most < turn ? most : turn;
		most -= c.left;
		c.looks = LOOK_MAX;
		intake_begin(&c.round);
		collect_ready(&c, in->turn);
		collect_listed(&c, in->turn);
		most += c.left;
		intake_end(in, &c.round);
		b = &in->boxes[in->turn];
		more |= b->look || (b->n_ready > 0 &&
		    b->ready[0].at <= clock_ticks());
	}
	/* once, however many have come or gone */
	if (in->recount)
		folders_count(in);
	return more || most == 0;
}

