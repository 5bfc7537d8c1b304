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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "map.h"
#include "spawn.h"
#include "text.h"

#include "form.h"
#include "parcel.h"

#include "keys.h"
#include "token.h"

#define FOLDER "keys"
#define WORK ".new-"		/* our files on their way into it */
#define KEY ".key"
#define AGE ".age"

/* A key that waits is tried again after so long, ms. */
#define RETRY_MS 5000

/* Keys encrypted in one go, each by a call of age; how long that may take,
 * ms, and how much it may say. */
#define SEAL_MOST 16
#define AGE_MS 10000
#define AGE_BYTES 65536
#define NO_AGE "age cannot be run, which encrypts keys: install it"
#define AGE_BEGINS "-----BEGIN AGE ENCRYPTED FILE-----"

/* As many files are synced one by one, more of them all together. */
#define SYNC_EACH 16

/* A key that is still here. */
struct staged {
	char		 file[PAPER_NAME];	/* AK-000012.r2.key */
	char		 number[NUMBER_TEXT];
	char		 sha256[SHA256_HEX];	/* "": not known */
	bool		 committed;
	bool		 known;		/* these are: */
	char		*client;
	char		*box;		/* that the case came through */
	char		*place;		/* folder of the outbox; NULL: none */
	bool		 sealed;	/* encrypted */
	bool		 ready;		/* to be moved in this round */
	int64_t		 due;		/* ticks */
	char		*why;		/* it waits; NULL: it does not */
};

/* A folder, as it is in this round. */
struct place {
	int		 fd;		/* -1: it cannot be used */
	gid_t		 gid;
	bool		 moved;		/* something was put there */
	char		*why;		/* a plain key cannot go there */
	char		*unsealed;	/* age has failed for it */
};

struct keys {
	struct desk	*desk;
	const struct settings *settings;
	struct index	*index;
	struct keys_ops	 ops;
	int		 dir;
	struct fs_batch	*made;		/* in the open group; NULL: none */
	struct map	 staged;	/* file -> struct staged */
	struct map	 told;		/* notices that are given */
	bool		 changed;	/* what waits, and why */
	/* one round of keys_tend() */
	struct map	 places;	/* name -> struct place */
	unsigned	 sealing;	/* calls of age that are left */
	bool		 no_age;
};

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
sealed_file(char name[PAPER_NAME + 8], const struct staged *s)
{
	snprintf(name, PAPER_NAME + 8, "%s" AGE, s->file);
}

/* The name as it is here, and will be there. */
static const char *
file_of(const struct staged *s, char name[PAPER_NAME + 8])
{
	if (s->sealed)
		sealed_file(name, s);
	else
		snprintf(name, PAPER_NAME + 8, "%s", s->file);
	return name;
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
	return s;
}

static void
forget(struct keys *k, struct staged *s)
{
	k->changed |= s->why != NULL;
	if (s->why != NULL && s->box != NULL)
		k->ops.changed(k->ops.arg, s->box);
	map_del(&k->staged, s->file);
	staged_free(s);
}

/* No copy of it is left. */
static int
destroy(struct keys *k, struct staged *s, const char *why)
{
	char name[PAPER_NAME + 8];

	sealed_file(name, s);
	if ((unlinkat(k->dir, s->file, 0) != 0 && errno != ENOENT) ||
	    (unlinkat(k->dir, name, 0) != 0 && errno != ENOENT))
		return -1;
	log_event(LOG_INFO, s->number, "event", "key-destroyed", "why", why,
	    NULL);
	forget(k, s);
	return 0;
}

/* Takes why: it waits for that. */
static void
wait_for(struct keys *k, struct staged *s, char *why)
{
	bool same = s->why != NULL && strcmp(s->why, why) == 0;

	s->due = clock_ticks() + RETRY_MS;
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
	const struct map_entry *e;
	const struct staged *s;
	size_t at = 0;

	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (s->why != NULL && strcmp(s->number, number) == 0)
			return s->why;
	}
	return NULL;
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
	    .index = index, .ops = *ops, .dir = -1 };
	if (fs_make_dir(desk->own, FOLDER, 0700) == 0)
		k->dir = fs_open_dir(desk->own, FOLDER);
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
	fs_batch_free(k->made);
	while ((e = map_next(&k->staged, &at)) != NULL)
		staged_free(e->value);
	map_free(&k->staged);
	map_free(&k->told);
	if (k->dir >= 0)
		close(k->dir);
	free(k);
}

void
keys_configure(struct keys *k, const struct settings *settings)
{
	const struct map_entry *e;
	struct staged *s;
	size_t at = 0;

	k->settings = settings;
	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		s->known = false;	/* another box may be its client's */
		s->due = 0;
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
		k->made = fs_batch_new(k->dir, WORK);
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
	const struct map_entry *e;
	struct staged *s;
	size_t at = 0;

	while (r->number[0] != '\0' &&
	    (e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (strcmp(s->number, r->number) != 0)
			continue;
		s->committed = true;
		s->known = false;	/* the case may have ended */
		s->due = 0;
	}
}

/* Where to. */

/* The box that is this client's: the one that the case came through, one
 * that the settings name, or the one that is called so. */
static const char *
box_of(const struct settings *s, const char *client, const char *came)
{
	const char *of = came == NULL ? NULL : settings_client(s, came);
	size_t i;

	if (client == NULL)
		return NULL;
	if (of != NULL && strcmp(of, client) == 0)
		return came;
	for (i = 0; i < s->n_boxes; i++)
		if (strcmp(s->boxes[i].client, client) == 0)
			return s->boxes[i].box;
	of = parcel_box_valid(client) ? settings_client(s, client) : NULL;
	return of != NULL && strcmp(of, client) == 0 ? client : NULL;
}

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
		replace(&s->place, box_of(k->settings, s->client, c.box));
		s->known = true;
	}
	if (found == 1)
		casefile_free(&c);
	if (s->known)
		return 1;
	return destroy(k, s, "no case has it") != 0 ? -1 : 0;
}

static char *sentence(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static char *
sentence(const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vputf(&text, fmt, ap);
	va_end(ap);
	return buf_take(&text);
}

/* What keeps a plain key from a folder; NULL: nothing. */
static char *
exposed(const struct keys *k, const char *name, const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != k->desk->uid)
		return sentence("outbox/%s is not the desk's own folder: "
		    "remove it, and it is made again; or give the client a "
		    "recipient in the list of clients", name);
	if ((st->st_mode & S_IRWXO) != 0)
		return sentence("others may look into outbox/%s: close it "
		    "(chmod 2750 outbox/%s, for the client's group), or give "
		    "the client a recipient in the list of clients", name,
		    name);
	if ((st->st_mode & S_IWGRP) != 0)
		return sentence("its group may write to outbox/%s: chmod g-w "
		    "outbox/%s, or give the client a recipient in the list of "
		    "clients", name, name);
	return NULL;
}

static struct place *
place_of(struct keys *k, const char *name)
{
	struct place *p = map_get(&k->places, name);
	struct stat st;

	if (p != NULL)
		return p;
	p = mem_alloc(sizeof(*p));
	map_put(&k->places, name, p);
	p->fd = k->ops.folder(k->ops.arg, name);
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		p->fd = -1;
		p->why = sentence("outbox/%s cannot be opened: %s", name,
		    strerror(errno));
		return p;
	}
	p->gid = st.st_gid;
	p->why = exposed(k, name, &st);
	return p;
}

static void
free_places(struct keys *k)
{
	const struct map_entry *e;
	struct place *p;
	size_t at = 0;

	while ((e = map_next(&k->places, &at)) != NULL) {
		p = e->value;
		if (p->fd >= 0)
			close(p->fd);
		free(p->why);
		free(p->unsealed);
		free(p);
	}
	map_free(&k->places);
}

/* Encrypting. */

/* What age makes of the key.  NULL, or why it makes nothing. */
static char *
run_age(struct keys *k, const struct staged *s, const char *recipient,
    struct buf *out)
{
	const char *const argv[] = { "age", "-r", recipient, "-a", NULL };
	struct buf line = BUF_INIT;
	int fd = fs_open(k->dir, s->file, O_RDONLY, 0), status;
	char *why = NULL;

	if (fd < 0)
		return sentence("the key cannot be read: %s", strerror(errno));
	if (spawn_capture(argv, fd, out, AGE_BYTES, AGE_MS, &status) != 0)
		why = sentence("age does not end");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		why = mem_str(NO_AGE);
		k->no_age = true;
	}
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    strncmp(buf_str(out), AGE_BEGINS, strlen(AGE_BEGINS)) != 0) {
		text_line(&line, buf_str(out), strcspn(buf_str(out), "\n"),
		    200);
		why = sentence("age does not take the recipient of client "
		    "%s: %s", s->client, buf_str(&line));
	}
	close(fd);
	buf_free(&line);
	return why;
}

/* The plain key goes when the encrypted one is durable. */
static int
seal(struct keys *k, struct staged *s, const char *recipient, char **why)
{
	struct fs_batch *batch;
	struct buf sealed = BUF_INIT;
	char name[PAPER_NAME + 8];
	int status = 0;

	*why = run_age(k, s, recipient, &sealed);
	if (*why == NULL) {
		sealed_file(name, s);
		batch = fs_batch_new(k->dir, WORK);
		status = fs_batch_put(batch, k->dir, name, sealed.data,
		    sealed.len, 0644) != 0 || fs_batch_sync(batch) != 0 ||
		    fs_batch_show(batch, NULL, NULL) != 0 ||
		    unlinkat(k->dir, s->file, 0) != 0 ||
		    fs_sync_dir(k->dir) != 0 ? -1 : 0;
		fs_batch_free(batch);
		s->sealed = status == 0;
	}
	buf_free(&sealed);
	return status;
}

/* Delivering. */

/* Has it encrypted if its client has a recipient.  1: it has none. */
static int
seal_if_asked(struct keys *k, struct staged *s, struct place *p, char **why)
{
	char *recipient = NULL;
	int found = k->ops.recipient(k->ops.arg, s->client, &recipient);
	int status = 0;

	*why = NULL;
	if (found == 0)
		return 1;
	if (found < 0)
		*why = sentence("the list of clients cannot be read");
	else if (k->no_age || p->unsealed != NULL)
		*why = mem_str(k->no_age ? NO_AGE : p->unsealed);
	else if (k->sealing == 0)
		s->due = 0;		/* in the next round */
	else {
		k->sealing--;
		status = seal(k, s, recipient, why);
		p->unsealed = mem_str(*why);
	}
	free(recipient);
	return status;
}

/* For the folder's group.  NULL, or why not. */
static char *
open_to_group(const struct keys *k, const struct staged *s,
    const struct place *p)
{
	int fd = fs_open(k->dir, s->file, O_RDONLY, 0);
	char *why = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || (st.st_gid != p->gid &&
	    fchown(fd, (uid_t)-1, p->gid) != 0) || fchmod(fd, 0640) != 0)
		why = sentence("the key cannot be given to the group of "
		    "outbox/%s: %s", s->place, strerror(errno));
	if (fd >= 0)
		close(fd);
	return why;
}

/* Everything up to the move, which is done for all together. */
static int
prepare(struct keys *k, struct staged *s)
{
	struct place *p;
	char *why = NULL;
	int plain = 0;

	if (s->client == NULL || s->place == NULL ||
	    parcel_box_reserved(s->place)) {
		wait_for(k, s, s->client == NULL ? sentence("its form names "
		    "no client, and it came through no drop box") :
		    sentence("client %s has no folder, and none can be called "
		    "so: give it a drop box ([box \"NAME\"] client = ... in "
		    "docket.conf)", s->client));
		return 0;
	}
	p = place_of(k, s->place);
	if (p->fd >= 0 && !s->sealed)
		plain = seal_if_asked(k, s, p, &why);
	if (plain < 0)
		return -1;
	if (p->fd < 0 || (plain == 1 && p->why != NULL))
		why = mem_str(p->why);
	else if (why == NULL && plain == 1)
		why = open_to_group(k, s, p);
	else if (why == NULL && !s->sealed)
		return 0;
	if (why != NULL)
		wait_for(k, s, why);
	else
		s->ready = true;
	return 0;
}

static int
sync_ready(struct keys *k, size_t n)
{
	const struct map_entry *e;
	const struct staged *s;
	char name[PAPER_NAME + 8];
	size_t at = 0;
	int fd, status = 0;

	if (n > SYNC_EACH)
		return syncfs(k->dir);
	while (n > 0 && status == 0 &&
	    (e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (!s->ready)
			continue;
		fd = fs_open(k->dir, file_of(s, name), O_RDONLY, 0);
		status = fd < 0 || fsync(fd) != 0 ? -1 : 0;
		if (fd >= 0)
			close(fd);
	}
	return status;
}

static void
deliver(struct keys *k, struct staged *s)
{
	struct place *p = place_of(k, s->place);
	char name[PAPER_NAME + 8];

	s->ready = false;
	file_of(s, name);
	if (fs_move(k->dir, name, p->fd, name) != 0) {
		wait_for(k, s, errno == EEXIST ? sentence("there is a file "
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

static int
sync_places(struct keys *k)
{
	const struct map_entry *e;
	const struct place *p;
	bool moved = false;
	size_t at = 0;

	while ((e = map_next(&k->places, &at)) != NULL) {
		p = e->value;
		if (p->moved && fs_sync_dir(p->fd) != 0)
			return -1;
		moved |= p->moved;
	}
	return moved ? fs_sync_dir(k->dir) : 0;
}

/* Those that are due, looked at and got ready. */
static int
prepare_all(struct keys *k, bool now, size_t *ready)
{
	const struct map_entry *e;
	struct staged *s;
	size_t at = 0;
	int status;

	*ready = 0;
	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (!s->committed || (!now && clock_ticks() < s->due))
			continue;
		status = learn(k, s);
		if (status == 1 && prepare(k, s) == 0)
			*ready += s->ready;
		else if (status != 0)
			return -1;
	}
	return 0;
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

int64_t
keys_due(const struct keys *k)
{
	const struct map_entry *e;
	const struct staged *s;
	int64_t due = INT64_MAX;
	size_t at = 0;

	while ((e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (s->committed && s->due < due)
			due = s->due;
	}
	return due;
}

int
keys_tend(struct keys *k, bool now)
{
	const struct map_entry *e;
	struct staged *s;
	size_t at = 0, ready;
	int status;

	if (!now && clock_ticks() < keys_due(k) && !k->changed)
		return 0;
	k->sealing = SEAL_MOST;
	k->no_age = false;
	status = prepare_all(k, now, &ready);
	if (status == 0)
		status = sync_ready(k, ready);
	while (status == 0 && (e = map_next(&k->staged, &at)) != NULL) {
		s = e->value;
		if (s->ready)
			deliver(k, s);
	}
	if (status == 0)
		status = sync_places(k);
	free_places(k);
	if (status == 0 && k->changed) {
		tell_all(k);
		write_waiting(k);
		k->changed = false;
	}
	return status;
}
