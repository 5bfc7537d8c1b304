/*
 * ahead: commits read ahead by threads.
 *
 * Threads take the next commits of the chain in turn and put them into a
 * ring, from which one reader takes them in order.  Each thread has its own
 * handle on the ledger; they share nothing but the ring.
 *
 * May not: use the desk's time zone, which another thread may change.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#include "ahead.h"
#include "ledger.h"

/* Commits in the ring, and bytes of papers that they may hold. */
#define RING 2048
#define BYTES (32u * 1024 * 1024)

/* Commits that a thread takes at once, and puts there with their papers. */
#define STRIDE 128
#define PART 8

#define THREADS 64

struct ahead {
	const struct history *history;
	const struct oid *oids;
	size_t		 n;
	pthread_t	 threads[THREADS];
	unsigned	 n_threads;
	pthread_mutex_t	 lock;
	pthread_cond_t	 filled, emptied;
	struct item	*ring[RING];
	size_t		 most;		/* items in it */
	size_t		 next;		/* to be read */
	size_t		 given;		/* to be handed out */
	size_t		 bytes;
	unsigned	 held;		/* threads that wait for bytes */
	bool		 closing, waiting;
};

void
filed_free(struct filed *f)
{
	buf_free(&f->bytes);
	stamp_free(&f->stamp);
	*f = (struct filed){ .path = "" };
}

static void
find_stamp(struct filed *f)
{
	size_t at, len;

	f->stamped = stamp_find(buf_str(&f->bytes), f->bytes.len, &f->stamp,
	    &at, &len) == 1;
}

static void
prove_digests(struct filed *f)
{
	char sha256[SHA256_HEX];
	struct buf sent = BUF_INIT;

	hash_sha256(f->sha256, buf_str(&f->bytes), f->bytes.len);
	if (f->stamped && stamp_undo(&sent, f->bytes.data, f->bytes.len) == 0)
		f->as_sent = strcmp(hash_sha256(sha256, buf_str(&sent),
		    sent.len), f->stamp.sha256) == 0;
	buf_free(&sent);
}

static void
look_up(struct filed *f, struct history *h, const struct oid *tree,
    const char *path)
{
	*f = (struct filed){ .path = "" };
	strcpy(f->path, path);
	f->found = history_find(h, tree, path, &f->oid);
	if (f->found == 1 && history_read(h, OBJECT_BLOB, &f->oid,
	    &f->bytes) != 0)
		f->found = -1;
	if (f->found == 1)
		find_stamp(f);
}

void
filed_read(struct filed *f, struct history *h, const struct oid *tree,
    const char *path)
{
	look_up(f, h, tree, path);
	if (f->found == 1)
		prove_digests(f);
}

static bool
brings_paper(const struct ruling *r)
{
	return (r->event == EVENT_RECEIVE || r->event == EVENT_RESUBMIT ||
	    r->event == EVENT_REVISE || r->event == EVENT_ASK) &&
	    r->revision > 0;
}

/* One commit, as far as it can be judged by itself; without its paper. */
static struct item *
read_item(struct history *h, const struct oid *oid, struct buf *raw)
{
	struct item *item = mem_alloc(sizeof(*item));
	struct commit *c = &item->commit;
	struct ruling *r = &item->ruling;

	ruling_init(r);
	buf_clear(raw);
	if (history_read(h, OBJECT_COMMIT, oid, raw) != 0)
		item->unread = mem_str(ledger_error());
	else if (commit_parse(c, buf_str(raw), raw->len) != 0)
		item->wrong = "it is not written as the desk writes commits";
	else if (ruling_decode(r, c->plain.data + c->message,
	    c->plain.len - c->message) != 0)
		item->wrong = "its message is not one that the desk writes";
	oid_text(r->commit, oid);
	r->at = c->at;
	return item;
}

static bool
is_read(const struct item *item)
{
	return item->unread == NULL && item->wrong == NULL;
}

/* A paper in a tree some commits later, if it is there still, to the digest:
 * the folders there are those of all papers in between.  Whether it was there
 * from the beginning is for the reader to prove, who makes the tree anew. */
static bool
look_later(struct filed *f, struct history *h, const struct ruling *r,
    const struct oid *later, const char *path)
{
	if (r->sha256[0] == '\0')
		return false;
	look_up(f, h, later, path);
	if (f->found == 1) {
		prove_digests(f);
		f->later = strcmp(f->sha256, r->sha256) == 0;
		if (f->later)
			return true;
	}
	filed_free(f);
	return false;
}

static void
read_paper(struct history *h, struct item *item, const struct oid *later)
{
	struct filed *f = &item->filed;
	char name[PAPER_NAME], path[LEDGER_PATH];

	ledger_path(path, STATE_PENDING, item->ruling.number,
	    ruling_paper(&item->ruling, name));
	if (history_belief() == HISTORY_PROVEN &&
	    look_later(f, h, &item->ruling, later, path))
		return;
	look_up(f, h, &item->commit.tree, path);
	if (f->found == 1 && history_belief() == HISTORY_PROVEN)
		prove_digests(f);
	if (f->found < 0)
		item->unread = mem_str(ledger_error());
}

/* Commits without their papers.  Returns the tree of the last that could be
 * read, or NULL; it is lent. */
static const struct oid *
read_items(struct history *h, const struct oid *oids, struct item **items,
    size_t n)
{
	const struct oid *last = NULL;
	struct buf raw = BUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		items[i] = read_item(h, &oids[i], &raw);
		if (is_read(items[i]))
			last = &items[i]->commit.tree;
	}
	buf_free(&raw);
	return last;
}

static void
read_papers(struct history *h, struct item **items, size_t n,
    const struct oid *later)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_read(items[i]) && brings_paper(&items[i]->ruling))
			read_paper(h, items[i], later);
}

void
item_free(struct item *item)
{
	if (item == NULL)
		return;
	commit_free(&item->commit);
	ruling_free(&item->ruling);
	filed_free(&item->filed);
	free(item->unread);
	free(item);
}

/* Where reading ahead ends: enough for each thread to have something to do
 * while what it has read before is taken. */
static size_t
most_ahead(unsigned threads)
{
	return threads < RING / STRIDE / 2 ? 2 * STRIDE * (size_t)threads :
	    RING;
}

/* Whether these must wait until others have been read. */
static bool
is_too_much(const struct ahead *a, size_t first)
{
	return !a->closing && a->bytes > BYTES && first > a->given;
}

/* Waits for the reader; one that waits for bytes is woken sooner. */
static void
wait_for_reader(struct ahead *a, size_t first)
{
	bool held = is_too_much(a, first);

	a->held += held;
	pthread_cond_wait(&a->emptied, &a->lock);
	a->held -= held;
}

/* The next commits to read.  0: there are none any more. */
static size_t
take(struct ahead *a, size_t *first)
{
	size_t n = 0;

	pthread_mutex_lock(&a->lock);
	while (!a->closing && a->next < a->n && (a->next + STRIDE >
	    a->given + a->most || is_too_much(a, a->next)))
		wait_for_reader(a, a->next);
	if (!a->closing && a->next < a->n) {
		*first = a->next;
		n = a->n - a->next < STRIDE ? a->n - a->next : STRIDE;
		a->next += n;
	}
	pthread_mutex_unlock(&a->lock);
	return n;
}

static void
put(struct ahead *a, size_t first, struct item *const *items, size_t n)
{
	size_t i;

	pthread_mutex_lock(&a->lock);
	while (is_too_much(a, first))
		wait_for_reader(a, first);
	for (i = 0; i < n; i++) {
		a->ring[(first + i) % RING] = items[i];
		a->bytes += items[i]->filed.bytes.len;
	}
	if (a->waiting)
		pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
}

static void *
run(void *arg)
{
	struct ahead *a = arg;
	struct history *h = history_beside(a->history);
	struct item *items[STRIDE];
	const struct oid *last;
	struct oid later = { { 0 } };
	size_t first = 0, n, i, part;

	if (h == NULL)
		fatal(ledger_error());
	while ((n = take(a, &first)) > 0) {
		last = read_items(h, a->oids + first, items, n);
		if (last != NULL)
			later = *last;	/* its item may be gone then */
		for (i = 0; i < n; i += part) {
			part = n - i < PART ? n - i : PART;
			read_papers(h, items + i, part, &later);
			put(a, first + i, items + i, part);
		}
	}
	history_close(h);
	return NULL;
}

struct ahead *
ahead_open(const struct history *history, const struct oid *oids, size_t n,
    unsigned threads)
{
	struct ahead *a = mem_alloc(sizeof(*a));

	a->history = history;
	a->oids = oids;
	a->n = n;
	a->most = most_ahead(threads);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->filled, NULL);
	pthread_cond_init(&a->emptied, NULL);
	while (a->n_threads < threads && a->n_threads < THREADS) {
		if (pthread_create(&a->threads[a->n_threads], NULL, run, a) !=
		    0)
			fatal("a thread cannot be started");
		a->n_threads++;
	}
	return a;
}

struct item *
ahead_next(struct ahead *a)
{
	struct item *item;

	if (a->given == a->n)
		return NULL;
	pthread_mutex_lock(&a->lock);
	while ((item = a->ring[a->given % RING]) == NULL) {
		a->waiting = true;
		pthread_cond_wait(&a->filled, &a->lock);
		a->waiting = false;
	}
	a->ring[a->given++ % RING] = NULL;
	a->bytes -= item->filed.bytes.len;
	/* there is room for a stride only at the end of one */
	if (a->given % (a->held > 0 ? PART : STRIDE) == 0)
		pthread_cond_broadcast(&a->emptied);
	pthread_mutex_unlock(&a->lock);
	return item;
}

void
ahead_close(struct ahead *a)
{
	unsigned i;
	size_t k;

	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->closing = true;
	pthread_cond_broadcast(&a->emptied);
	pthread_mutex_unlock(&a->lock);
	for (i = 0; i < a->n_threads; i++)
		pthread_join(a->threads[i], NULL);
	for (k = 0; k < RING; k++)
		item_free(a->ring[k]);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->emptied);
	free(a);
}
