/*
 * keyseal: keys that are encrypted to their client's recipient, by age(1).
 *
 * May not: wait for age; leave a key both plain and encrypted.
 * The operator's: age is missing, or does not take a recipient; the key waits.
 * The machine's trouble: files that cannot be written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fsbatch.h"
#include "text.h"

#include "staged.h"

/* How long age may take, ms, and how much it may say. */
#define AGE_MS 10000
#define AGE_BYTES 65536
#define AGE_BEGINS "-----BEGIN AGE ENCRYPTED FILE-----"
#define NO_AGE "age cannot be run, which encrypts keys: install it"

/* A client whose recipient age does not take: nothing is tried until then, so
 * that its keys do not keep those of others waiting. */
struct failed {
	int64_t	 until;			/* ticks */
	char	*why;
};

void
seals_init(struct seals *x)
{
	size_t i;

	*x = (struct seals){ .no_age = 0 };
	for (i = 0; i < KEYS_AGES; i++)
		x->list[i].age = (struct errand)ERRAND_INIT;
}

void
seals_forget_failures(struct seals *x)
{
	const struct map_entry *e;
	struct failed *f;
	size_t at = 0;

	while ((e = map_next(&x->failed, &at)) != NULL) {
		f = e->value;
		free(f->why);
		free(f);
	}
	map_free(&x->failed);
	x->no_age = 0;
}

void
seals_free(struct seals *x)
{
	size_t i;

	for (i = 0; i < KEYS_AGES; i++)
		errand_end(&x->list[i].age);
	seals_forget_failures(x);
}

/* Sending. */

static struct seal *
free_seal(struct seals *x)
{
	size_t i;

	for (i = 0; i < KEYS_AGES; i++)
		if (x->list[i].of == NULL)
			return &x->list[i];
	return NULL;
}

/* Why it need not be tried just now; NULL: it may be possible. */
static const char *
hopeless(struct seals *x, const char *client)
{
	const struct failed *f = map_get(&x->failed, client);
	int64_t now = clock_ticks();

	if (x->no_age > now)
		return NO_AGE;
	return f != NULL && f->until > now ? f->why : NULL;
}

/* NULL, or why age cannot be sent. */
static char *
send_age(struct keys *k, struct seal *x, struct staged *s,
    const char *recipient)
{
	const char *const argv[] = { "age", "-r", recipient, "-a", NULL };
	int fd = fs_open(k->dir, s->file, O_RDONLY, 0), status;

	if (fd < 0)
		return sentence("the key cannot be read: %s", strerror(errno));
	status = errand_begin(&x->age, argv, fd, AGE_BYTES, AGE_MS);
	close(fd);
	if (status != 0)
		return sentence("age cannot be started: %s", strerror(errno));
	x->of = s;
	s->out = true;
	return NULL;
}

enum sealing
seal_begin(struct keys *k, struct staged *s, char **why)
{
	struct seal *x = free_seal(&k->seals);
	const char *known = hopeless(&k->seals, s->client);
	char *recipient = NULL;
	int found = k->ops.recipient(k->ops.arg, s->client, &recipient);

	*why = NULL;
	if (found == 0)
		return SEAL_NONE;
	if (found < 0)
		*why = sentence("the list of clients cannot be read");
	else if (known != NULL)
		*why = mem_str(known);
	else if (x == NULL)
		line_put(&k->seals.line, s);
	else
		*why = send_age(k, x, s, recipient);
	free(recipient);
	return *why != NULL ? SEAL_WAITS : SEAL_SENT;
}

/* Hearing. */

static void
note_failure(struct seals *x, const char *client, const char *why)
{
	struct failed *f = mem_alloc(sizeof(*f)), *old;

	f->until = clock_ticks() + KEYS_RETRY_MS;
	f->why = mem_str(why);
	old = map_put(&x->failed, client, f);
	if (old != NULL)
		free(old->why);
	free(old);
}

/* How age has ended: NULL if well; else why not. */
static char *
judge(struct keys *k, const struct seal *x, int ended, int status)
{
	const struct buf *said = &x->age.said;
	struct buf line = BUF_INIT;
	char *why = NULL;

	if (ended < 0)
		return sentence("age does not end");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		k->seals.no_age = clock_ticks() + KEYS_RETRY_MS;
		return mem_str(NO_AGE);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    said->len >= AGE_BYTES || strncmp(buf_str(said), AGE_BEGINS,
	    strlen(AGE_BEGINS)) != 0) {
		text_line(&line, buf_str(said), strcspn(buf_str(said), "\n"),
		    200);
		why = sentence("age does not take the recipient of client "
		    "%s: %s", x->of->client, buf_str(&line));
		buf_free(&line);
	}
	return why;
}

static int
put_sealed(struct keys *k, struct fs_batch *batch, struct seal *x)
{
	char name[STAGED_NAME];

	x->of->sealed = true;
	return fs_batch_put(batch, k->dir, staged_name(x->of, name),
	    x->age.said.data, x->age.said.len, 0644);
}

/* One of them, if it is through: what is well goes into the batch. */
static int
hear(struct keys *k, struct seal *x, struct fs_batch *batch)
{
	struct staged *s = x->of;
	int exit_status, ended, status = 0;
	char *why;

	ended = errand_go_on(&x->age, &exit_status);
	if (ended == 0)
		return 0;
	why = judge(k, x, ended, exit_status);
	if (why == NULL)
		status = put_sealed(k, batch, x);
	else {
		note_failure(&k->seals, s->client, why);
		staged_wait(k, s, why);
	}
	s->out = false;
	x->of = NULL;
	errand_end(&x->age);
	if (s->sealed || !s->known)
		line_put(&k->look, s);
	return status;
}

/* Plain keys go when the encrypted ones are durable. */
static int
drop_plain(struct keys *k)
{
	const struct staged *s;

	for (s = k->look.first; s != NULL; s = s->next)
		if (s->sealed && unlinkat(k->dir, s->file, 0) != 0 &&
		    errno != ENOENT)
			return -1;
	return fs_sync_dir(k->dir);
}

struct staged *
seals_next(struct seals *x)
{
	return free_seal(x) == NULL ? NULL : line_take(&x->line);
}

int
seals_tend(struct keys *k)
{
	struct fs_batch *batch;
	int status = 0;
	size_t i;

	if (!seals_are_out(&k->seals))
		return 0;
	batch = fs_batch_new(k->dir, KEYS_WORK);
	for (i = 0; i < KEYS_AGES && status == 0; i++)
		if (k->seals.list[i].of != NULL)
			status = hear(k, &k->seals.list[i], batch);
	if (status == 0 && fs_batch_count(batch) > 0)
		status = fs_batch_sync(batch) != 0 ||
		    fs_batch_show(batch, NULL, NULL) != 0 ||
		    drop_plain(k) != 0 ? -1 : 0;
	fs_batch_free(batch);
	return status;
}

bool
seals_are_out(const struct seals *x)
{
	size_t i;

	for (i = 0; i < KEYS_AGES; i++)
		if (x->list[i].of != NULL)
			return true;
	return false;
}

int64_t
seals_due(const struct seals *x)
{
	int64_t due = INT64_MAX, one;
	size_t i;

	for (i = 0; i < KEYS_AGES; i++) {
		one = errand_due(&x->list[i].age);
		due = one < due ? one : due;
	}
	return due;
}

size_t
seals_poll(const struct seals *x, struct pollfd *fds)
{
	size_t n = 0, i;

	for (i = 0; i < KEYS_AGES; i++)
		n += errand_poll(&x->list[i].age, fds + n);
	return n;
}
