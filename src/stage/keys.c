/*
 * keys: keys on their way from an approval to their client.
 *
 * May not: say a key to anyone but its client: not to a log, not to the
 * ledger, not to a receipt.
 * The operator's: a folder that others can read, a client that has none, age
 * missing; the key waits.
 * The machine's trouble: files that cannot be written at all.
 *
 * BUGS: a key that was encrypted, and then could not be put into its folder,
 * stays encrypted to the recipient that its client had at that time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fsbatch.h"
#include "log.h"
#include "text.h"

#include "staged.h"
#include "token.h"

#define KEY ".key"

/* Keys that are looked at in one round: other work has its turn between. */
#define LOOK_MOST 1000

/* As many files are synced one by one, more of them all together. */
#define SYNC_EACH 16

/* Names. */

void
keys_file(char name[PAPER_NAME], const char *number, unsigned revision)
{
	if (revision > 1)
		snprintf(name, PAPER_NAME, "%s.r%u" KEY, number, revision);
	else
		snprintf(name, PAPER_NAME, "%s" KEY, number);
}

static void
sealed_file(char name[STAGED_NAME], const struct staged *s)
{
	snprintf(name, STAGED_NAME, "%s" AGE, s->file);
}

const char *
staged_name(const struct staged *s, char name[STAGED_NAME])
{
	if (s->sealed)
		sealed_file(name, s);
	else
		snprintf(name, STAGED_NAME, "%s", s->file);
	return name;
}

char *
sentence(const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vputf(&text, fmt, ap);
	va_end(ap);
	return buf_take(&text);
}

/* Lines. */

void
line_put(struct line *line, struct staged *s)
{
	if (s->in_line)
		return;
	s->in_line = true;
	s->next = NULL;
	if (line->first == NULL)
		line->first = s;
	else
		line->last->next = s;
	line->last = s;
}

struct staged *
line_take(struct line *line)
{
	struct staged *s = line->first;

	if (s == NULL)
		return NULL;
	line->first = s->next;
	s->in_line = false;
	return s;
}

/* What is staged. */

static void
staged_free(struct staged *s)
{
	free(s->client);
	free(s->box);
	free(s->place);
	free(s->why);
	free(s);
}

static struct staged *
add_staged(struct keys *k, const char *file, const char *number)
{
	struct staged *s = mem_alloc(sizeof(*s));

	snprintf(s->file, sizeof(s->file), "%s", file);
	snprintf(s->number, sizeof(s->number), "%s", number);
	map_put(&k->staged, file, s);
	s->sibling = map_put(&k->cases, number, s);
	return s;
}

/* Out of those of its case. */
static void
leave_case(struct keys *k, const struct staged *s)
{
	struct staged *first = map_get(&k->cases, s->number), *before;

	if (first == s && s->sibling == NULL)
		map_del(&k->cases, s->number);
	else if (first == s)
		map_put(&k->cases, s->number, s->sibling);
	else {
		for (before = first; before->sibling != s;)
			before = before->sibling;
		before->sibling = s->sibling;
	}
}

static void
forget(struct keys *k, struct staged *s)
{
	k->changed |= s->why != NULL;
	if (s->why != NULL && s->box != NULL)
		k->ops.changed(k->ops.arg, s->box);
	leave_case(k, s);
	map_del(&k->staged, s->file);
	staged_free(s);
}

/* No copy of it is left. */
static int
destroy(struct keys *k, struct staged *s, const char *why)
{
	char name[STAGED_NAME];

	sealed_file(name, s);
	if ((unlinkat(k->dir, s->file, 0) != 0 && errno != ENOENT) ||
	    (unlinkat(k->dir, name, 0) != 0 && errno != ENOENT))
		return -1;
	log_event(LOG_INFO, s->number, "event", "key-destroyed", "why", why,
	    NULL);
	forget(k, s);
	return 0;
}

void
staged_wait(struct keys *k, struct staged *s, char *why)
{
	bool same = s->why != NULL && strcmp(s->why, why) == 0;

	s->due = clock_ticks() + KEYS_RETRY_MS;
	if (s->due < k->retry)
		k->retry = s->due;
	free(s->why);
	s->why = why;
	if (same)
		return;
	k->changed = true;
	if (s->box != NULL)
		k->ops.changed(k->ops.arg, s->box);
}

size_t
keys_count(const struct keys *k)
{
	return map_count(&k->staged);
}

const char *
keys_waiting(const struct keys *k, const char *number)
{
	const struct staged *s = map_get(&k->cases, number);

	while (s != NULL && s->why == NULL)
		s = s->sibling;
	return s == NULL ? NULL : s->why;
}

/* Opening. */

/* A file that is there at the start: a key, plain or encrypted, or what a
 * crash has left of one. */
static int
find_staged(struct keys *k, const char *name)
{
	char file[PAPER_NAME], number[NUMBER_TEXT];
	struct staged *s;
	bool sealed = text_ends(name, AGE);
	size_t n = strlen(name) - (sealed ? strlen(AGE) : 0);

	snprintf(number, sizeof(number), "%.*s",
	    (int)(strcspn(name, ".") % sizeof(number)), name);
	if (n >= sizeof(file) || n < strlen(KEY) || !number_valid(number) ||
	    memcmp(name + n - strlen(KEY), KEY, strlen(KEY)) != 0)
		return unlinkat(k->dir, name, 0);
	snprintf(file, sizeof(file), "%.*s", (int)n, name);
	s = map_get(&k->staged, file);
	if (s == NULL)
		s = add_staged(k, file, number);
	s->committed = true;
	s->sealed |= sealed;
	line_put(&k->look, s);
	return 0;
}

/* By its digest it is known whether it was committed.  What is encrypted was;
 * the plain one that it was made of is destroyed. */
static int
read_digest(struct keys *k, struct staged *s)
{
	struct buf token = BUF_INIT;
	int status = 0;

	if (s->sealed)
		return unlinkat(k->dir, s->file, 0) == 0 || errno == ENOENT ?
		    0 : -1;
	/* one that is cut was never committed */
	if (fs_read_file(k->dir, s->file, TOKEN_LENGTH + 1, &token) != 0)
		status = errno == EFBIG ? 0 : -1;
	else if (token.len == TOKEN_LENGTH + 1)
		hash_sha256(s->sha256, token.data, TOKEN_LENGTH);
	if (token.len > 0)
		hash_wipe(token.data, token.len);
	buf_free(&token);
	return status;
}

static int
recover(struct keys *k)
{
	DIR *list = fs_list(k->dir);
	const struct map_entry *e;
	const char *name;
	size_t at = 0;
	int status = 0;

	if (list == NULL)
		return -1;
	while (status == 0 && (name = fs_list_next(list)) != NULL)
		status = find_staged(k, name);
	if (status == 0 && errno != 0)
		status = -1;
	closedir(list);
	while (status == 0 && (e = map_next(&k->staged, &at)) != NULL)
		status = read_digest(k, e->value);
	k->changed = true;
	return status;
}

struct keys *
keys_open(struct desk *desk, const struct settings *settings,
    struct index *index, const struct keys_ops *ops)
{
	struct keys *k = mem_alloc(sizeof(*k));

	*k = (struct keys){ .desk = desk, .settings = settings,
	    .index = index, .ops = *ops, .dir = -1, .retry = INT64_MAX };
	seals_init(&k->seals);
	if (fs_make_dir(desk->own, KEYS_FOLDER, 0700) == 0)
		k->dir = fs_open_dir(desk->own, KEYS_FOLDER);
	if (k->dir >= 0 && recover(k) == 0)
		return k;
	keys_close(k);
	return NULL;
}

void
keys_close(struct keys *k)
{
	const struct map_entry *e;
	size_t at = 0;

	if (k == NULL)
		return;
	seals_free(&k->seals);
	fs_batch_free(k->made);
	while ((e = map_next(&k->staged, &at)) != NULL)
		staged_free(e->value);
	map_free(&k->staged);
	map_free(&k->cases);
	map_free(&k->told);
	if (k->dir >= 0)
		close(k->dir);
	free(k);
}

void
keys_configure(struct keys *k, const struct settings *settings)
{
	k->settings = settings;
	keys_look(k);
}

/* Nothing of what was known may be so any more. */
void
keys_look(struct keys *k)
{
	const struct map_entry *e;
	struct staged *s;
	size_t at = 0;

	seals_forget_failures(&k->seals);
	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		s->known = false;
		if (s->committed)
			line_put(&k->look, s);
	}
}

/* Making. */

int
keys_make(struct keys *k, const char *number, unsigned revision,
    char sha256[SHA256_HEX])
{
	char token[TOKEN_TEXT + 1], name[PAPER_NAME];
	struct staged *s;
	int status;

	if (k->made == NULL)
		k->made = fs_batch_new(k->dir, KEYS_WORK);
	keys_file(name, number, revision);
	token_make(token);
	hash_sha256(sha256, token, TOKEN_LENGTH);
	token[TOKEN_LENGTH] = '\n';
	status = fs_batch_put(k->made, k->dir, name, token, TOKEN_LENGTH + 1,
	    0600);
	hash_wipe(token, sizeof(token));
	if (status != 0)
		return -1;
	s = add_staged(k, name, number);
	memcpy(s->sha256, sha256, sizeof(s->sha256));
	return 0;
}

int
keys_sync(struct keys *k)
{
	int status;

	if (k->made == NULL)
		return 0;
	status = fs_batch_sync(k->made) != 0 ||
	    fs_batch_show(k->made, NULL, NULL) != 0 ? -1 : 0;
	fs_batch_free(k->made);
	k->made = NULL;
	return status;
}

void
keys_moved(struct keys *k, const struct ruling *r)
{
	struct staged *s = map_get(&k->cases, r->number);

	for (; s != NULL; s = s->sibling) {
		s->committed = true;
		s->known = false;	/* the case may have ended */
		line_put(&k->look, s);
	}
}

/* Delivering. */

/* Whether the key is one that its case still has. */
static bool
is_good(const struct staged *s, const struct casefile *c)
{
	const char *at = c->keys;
	struct case_key key;
	char file[PAPER_NAME];

	while (casefile_next_key(&at, &key)) {
		keys_file(file, c->number, key.revision);
		if (strcmp(file, s->file) == 0)
			return s->sealed || strcmp(key.sha256, s->sha256) == 0;
	}
	return false;
}

static void
replace(char **to, const char *value)
{
	free(*to);
	*to = mem_str(value);
}

/* Looks its case up.  1: it is to be delivered; 0: it was destroyed. */
static int
learn(struct keys *k, struct staged *s)
{
	struct casefile c;
	int found;

	if (s->known)
		return 1;
	found = index_case(k->index, s->number, &c);
	if (found < 0) {
		log_event(LOG_WARN, s->number, "error", index_error(), NULL);
		errno = EIO;
		return -1;
	}
	if (found == 1 && is_good(s, &c)) {
		replace(&s->client, c.facts.client);
		replace(&s->box, c.box);
		replace(&s->place, place_name(k->settings, s->client,
		    c.box));
		s->known = true;
	}
	if (found == 1)
		casefile_free(&c);
	if (s->known)
		return 1;
	return destroy(k, s, "no case has it") != 0 ? -1 : 0;
}

/* No folder is its client's. */
static char *
no_place(const struct staged *s)
{
	return s->client == NULL ? sentence("its form names no client, and it "
	    "came through no drop box") : sentence("client %s has no folder, "
	    "and none can be called so: give it a drop box ([box \"NAME\"] "
	    "client = ... in docket.conf)", s->client);
}

/* Everything up to the move, which is done for all together.  True: it is to
 * be moved. */
static bool
prepare(struct keys *k, struct staged *s)
{
	enum sealing sealing = SEAL_NONE;
	struct place *p;
	char *why = NULL;

	if (s->place == NULL) {
		staged_wait(k, s, no_place(s));
		return false;
	}
	p = place_of(k, s->place);
	if (p->fd >= 0 && !s->sealed)
		sealing = seal_begin(k, s, &why);
	if (sealing == SEAL_SENT)
		return false;
	if (p->fd < 0 || (why == NULL && !s->sealed && p->why != NULL))
		why = mem_str(p->why);
	else if (why == NULL && !s->sealed)
		why = place_open(k, s, p);
	if (why != NULL)
		staged_wait(k, s, why);
	return why == NULL;
}

static struct staged *
next_to_look(struct keys *k)
{
	struct staged *s = line_take(&k->look);

	return s != NULL ? s : seals_next(&k->seals);
}

/* Those that are to be looked at; *ready: those that can be moved. */
static int
prepare_all(struct keys *k, struct line *ready, size_t *n)
{
	unsigned left = LOOK_MOST;
	struct staged *s;
	int status;

	*n = 0;
	while (left-- > 0 && (s = next_to_look(k)) != NULL) {
		if (s->out)
			continue;
		status = learn(k, s);
		if (status < 0)
			return -1;
		if (status == 1 && prepare(k, s)) {
			line_put(ready, s);
			(*n)++;
		}
	}
	return 0;
}

static int
sync_ready(const struct keys *k, const struct line *ready, size_t n)
{
	const struct staged *s;
	char name[STAGED_NAME];
	int fd, status = 0;

	if (n > SYNC_EACH)
		return fs_sync_all(k->dir);
	for (s = ready->first; s != NULL && status == 0; s = s->next) {
		fd = fs_open(k->dir, staged_name(s, name), O_RDONLY, 0);
		status = fd < 0 || fs_sync(fd) != 0 ? -1 : 0;
		if (fd >= 0)
			close(fd);
	}
	return status;
}

static void
deliver(struct keys *k, struct staged *s)
{
	struct place *p = place_of(k, s->place);
	char name[STAGED_NAME];

	staged_name(s, name);
	if (fs_move(k->dir, name, p->fd, name) != 0) {
		staged_wait(k, s, errno == EEXIST ? sentence("there is a file "
		    "outbox/%s/%s: move it away", s->place, name) :
		    sentence("outbox/%s/%s cannot be written: %s", s->place,
		    name, strerror(errno)));
		return;
	}
	p->moved = true;
	log_event(LOG_INFO, s->number, "event", "key-delivered", "to",
	    s->place, "file", name, NULL);
	forget(k, s);
}

/* What is told. */

/* "keys acme" of each folder, or client, for which keys wait. */
static void
tell_all(struct keys *k)
{
	struct map still = MAP_INIT;
	const struct map_entry *e;
	const struct staged *s;
	struct buf key = BUF_INIT, text = BUF_INIT;
	size_t at = 0;

	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (s->why == NULL)
			continue;
		buf_clear(&key);
		buf_putf(&key, "keys %s", s->place != NULL ? s->place :
		    s->number);
		if (map_has(&still, buf_str(&key)))
			continue;
		map_put(&still, buf_str(&key), k);
		buf_clear(&text);
		buf_putf(&text, "the key %s waits: %s", s->file, s->why);
		desk_notice(k->desk, buf_str(&key), buf_str(&text));
		map_put(&k->told, buf_str(&key), k);
	}
	for (at = 0; (e = map_next(&k->told, &at)) != NULL;)
		if (!map_has(&still, e->key))
			desk_notice(k->desk, e->key, NULL);
	map_free(&k->told);
	k->told = still;
	buf_free(&key);
	buf_free(&text);
}

static void
write_waiting(struct keys *k)
{
	const struct map_entry *e;
	const struct staged *s;
	struct buf text = BUF_INIT;
	size_t at = 0;

	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (s->why != NULL)
			buf_putf(&text, "%s\t%s\n", s->file, s->why);
	}
	if (fs_replace(k->desk->own, KEYS_WAITING, buf_str(&text), text.len,
	    0640) != 0)
		log_errno("keys", "write", KEYS_WAITING);
	buf_free(&text);
}

/* All of it. */

int64_t
keys_due(const struct keys *k)
{
	int64_t due = seals_due(&k->seals);

	if (k->look.first != NULL)
		return 0;
	return k->retry < due ? k->retry : due;
}

bool
keys_are_busy(const struct keys *k)
{
	return k->look.first != NULL || seals_are_out(&k->seals);
}

size_t
keys_poll(const struct keys *k, struct pollfd *fds)
{
	return seals_poll(&k->seals, fds);
}

/* Those that have waited long enough. */
static void
look_again(struct keys *k)
{
	const struct map_entry *e;
	struct staged *s;
	int64_t now = clock_ticks();
	size_t at = 0;

	if (now < k->retry)
		return;
	k->retry = INT64_MAX;
	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (s->why == NULL || s->in_line || s->out)
			continue;
		if (s->due <= now)
			line_put(&k->look, s);
		else if (s->due < k->retry)
			k->retry = s->due;
	}
}

static int
deliver_all(struct keys *k)
{
	struct line ready = { NULL, NULL };
	struct staged *s;
	size_t n;
	int status = prepare_all(k, &ready, &n);

	if (status == 0)
		status = sync_ready(k, &ready, n);
	while ((s = line_take(&ready)) != NULL)
		if (status == 0)
			deliver(k, s);
	if (status == 0)
		status = places_sync(k);
	places_free(k);
	return status;
}

int
keys_tend(struct keys *k)
{
	if (seals_tend(k) != 0)
		return -1;
	look_again(k);
	if (deliver_all(k) != 0)
		return -1;
	if (k->changed) {
		tell_all(k);
		write_waiting(k);
		k->changed = false;
	}
	return 0;
}
