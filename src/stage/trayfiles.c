/*
 * trayfiles: the files of the trays: whose they are, putting them there and
 * taking them away, and what is in their way.
 *
 * May not: judge anything; know what should be shown (trayshow.c does).
 * The machine's trouble: a tray that cannot be written.
 * A user's: something in a paper's place that is not ours to move, such as a
 * folder of their own.  That path waits, and holds up no other.
 *
 * Nothing that we did not write ourselves is ever deleted: it goes to
 * outbox/strays.  "Ourselves" is told by the bytes, which the ledger has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "fsbatch.h"
#include "hash.h"
#include "log.h"
#include "text.h"

#include "traying.h"

#define WORK "tray-"		/* our files in .docket/work */

/* Pauses before a path that could not be shown is tried again, ms. */
#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS 300000

/* Files. */

void
tray_key(struct buf *key, enum state tray, const char *name)
{
	buf_clear(key);
	buf_putf(key, "%s/%s", state_name(tray), name);
}

int
tray_look(const struct trays *t, enum state tray, const char *name,
    struct stat *st)
{
	int there = fs_look(t->desk->tray[tray], name, st);

	if (there < 0)
		log_cause("trays", "look at", name);
	return there;
}

/* The name that git gives a file's bytes; "" if they cannot be a paper's.
 * -1: it cannot be read. */
int
tray_blob(int dirfd, const char *name, char hex[BLOB_HEX])
{
	struct buf bytes = BUF_INIT;
	int status = fs_read_file(dirfd, name, PAPER_MAX, &bytes);

	hex[0] = '\0';
	if (status == 0)
		ledger_blob_name(buf_str(&bytes), bytes.len, hex);
	else if (errno == EFBIG || errno == EINVAL || errno == ELOOP)
		status = 0;
	buf_free(&bytes);
	return status;
}

/* Tray and file name of a path in the ledger; false: it is not a paper's. */
bool
tray_split(const char *path, enum state *tray, const char **name)
{
	char word[16];
	size_t n = strcspn(path, "/");

	if (n >= sizeof(word) || path[n] == '\0')
		return false;
	memcpy(word, path, n);
	word[n] = '\0';
	*tray = state_named(word);
	*name = strrchr(path, '/') + 1;
	return *tray != STATE_NONE && *tray != STATE_COUNT;
}

/* Strays. */

static int
strays_dir(struct trays *t)
{
	if (t->strays < 0 && fs_make_dir(t->desk->outbox, "strays", 0750) == 0)
		t->strays = fs_open_dir(t->desk->outbox, "strays");
	return t->strays;
}

static int
move_to_strays(struct trays *t, int dirfd, const char *file, const char *name,
    char *taken)
{
	if (strays_dir(t) < 0)
		return -1;
	return fs_move_aside(dirfd, file, t->strays, name, taken);
}

int
tray_to_strays(struct trays *t, int dirfd, const char *file, const char *name)
{
	int status, error = 0;
	char taken[NAME_SIZE];
	struct buf text = BUF_INIT;
	struct stat st;

	status = move_to_strays(t, dirfd, file, name, taken);
	if (status != 0) {
		error = errno;
		if (fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
		    errno == ENOENT)
			return 0;
	}
	if (error == ENOENT) {
		/* it is the folder that was removed */
		if (t->strays >= 0)
			close(t->strays);
		t->strays = -1;
		status = move_to_strays(t, dirfd, file, name, taken);
		error = errno;
	}
	if (status == 0) {
		desk_notice(t->desk, "strays", NULL);
		log_event(LOG_INFO, "trays", "event", "stray", "name", name,
		    "to", taken, NULL);
		return 0;
	}
	text_line(&text, name, strlen(name), NAME_SIZE);
	buf_putf(&text, " cannot be moved to outbox/strays: %s",
	    strerror(error));
	desk_notice(t->desk, "strays", buf_str(&text));
	buf_free(&text);
	return -1;
}

/* A file in work/ that was in a tray: ours is deleted, what is not is kept
 * among the strays; where that cannot be now, it waits for the next start. */
static void
put_away(struct trays *t, const char *work, const char *name)
{
	char hex[BLOB_HEX];
	int status = tray_blob(t->desk->work, work, hex);

	if (status == 0 && hex[0] != '\0' && ledger_has_blob(t->ledger, hex))
		unlinkat(t->desk->work, work, 0);
	else if (status != 0 && fs_is_trouble(errno))
		log_errno("trays", "read", name);	/* ours, or not? */
	else
		tray_to_strays(t, t->desk->work, work, name);
}

/* Our own doings. */

/* Tells a file from another, and from itself once it was written to.  Being
 * renamed changes ctime, but not mtime. */
static uintptr_t
print_of(const struct stat *st)
{
	return ((uintptr_t)st->st_ino * 1000003 +
	    (uintptr_t)st->st_mtim.tv_sec) * 1000003 +
	    (uintptr_t)st->st_mtim.tv_nsec;
}

void
tray_remember(struct trays *t, enum state tray, const char *name,
    const struct stat *st)
{
	struct buf key = BUF_INIT;

	tray_key(&key, tray, name);
	map_put(&t->own, buf_str(&key), (void *)(st == NULL ? 0 :
	    print_of(st)));
	buf_free(&key);
}

static enum state
tray_of(const struct trays *t, int dirfd)
{
	enum state tray = STATE_PENDING;

	while (tray < STATE_COUNT - 1 && t->desk->tray[tray] != dirfd)
		tray++;
	return tray;
}

static void
placed(void *arg, int dirfd, const char *name, const struct stat *st)
{
	tray_remember(arg, tray_of(arg, dirfd), name, st);
}

void
tray_forget_own(struct trays *t)
{
	map_free(&t->own_before);
	t->own_before = t->own;
	t->own = (struct map)MAP_INIT;
}

/* Of our own making is the first event only, and only if nothing was done
 * since: the clock of ctime is a coarse one. */
bool
tray_is_own(struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	struct map *own = &t->own;
	struct stat st;
	bool is_own;

	if (map_count(own) + map_count(&t->own_before) == 0)
		return false;
	tray_key(&key, tray, name);
	if (!map_has(own, buf_str(&key)))
		own = &t->own_before;
	is_own = map_has(own, buf_str(&key)) &&
	    (uintptr_t)map_del(own, buf_str(&key)) ==
	    (tray_look(t, tray, name, &st) == 1 ? print_of(&st) : 0);
	buf_free(&key);
	return is_own;
}

/* Paths that cannot be shown. */

bool
tray_is_unshown(const struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	bool unshown;

	if (map_count(&t->unshown) == 0)
		return false;
	tray_key(&key, tray, name);
	unshown = map_has(&t->unshown, buf_str(&key));
	buf_free(&key);
	return unshown;
}

static void
note_unshown(struct trays *t)
{
	size_t at = 0, n = map_count(&t->unshown);
	const struct map_entry *e = map_next(&t->unshown, &at);
	struct buf text = BUF_INIT;

	if (e != NULL) {
		buf_putf(&text, "%s cannot be shown as the ledger has it: "
		    "something is in the way that is not the desk's to move, "
		    "or the tray's permissions were changed", e->key);
		if (n > 1)
			buf_putf(&text, " (and %zu more)", n - 1);
	}
	desk_notice(t->desk, "unshown", e == NULL ? NULL : buf_str(&text));
	buf_free(&text);
}

static void
set_unshown(struct trays *t, enum state tray, const char *name,
    int64_t pause)
{
	struct buf key = BUF_INIT;

	tray_key(&key, tray, name);
	map_put(&t->unshown, buf_str(&key), (void *)(intptr_t)pause);
	tray_mark(t, name, pause);
	if (pause > 0)
		note_unshown(t);
	buf_free(&key);
}

int64_t
tray_end_pause(struct trays *t, enum state tray, const char *name)
{
	struct buf key = BUF_INIT;
	int64_t pause;

	tray_key(&key, tray, name);
	pause = (intptr_t)map_del(&t->unshown, buf_str(&key));
	buf_free(&key);
	return pause;
}

void
tray_pause_longer(struct trays *t, enum state tray, const char *name,
    int64_t pause)
{
	pause = pause > RETRY_LAST_MS / 2 ? RETRY_LAST_MS : pause * 2;
	if (pause > 0 && tray_is_unshown(t, tray, name))
		set_unshown(t, tray, name, pause);
	note_unshown(t);
}

int
tray_make_way(struct trays *t, enum state tray, const char *name)
{
	char taken[NAME_SIZE];

	if (fs_move_aside(t->desk->tray[tray], name, t->desk->tray[tray],
	    name, taken) != 0)
		return -1;
	log_event(LOG_WARN, "trays", "event", "aside", "name", name, "to",
	    taken, NULL);
	return 0;
}

/* Whether it is this path that cannot be written to, rather than any. */
static bool
is_in_the_way(int error)
{
	static const int errors[] = { EACCES, EPERM, EISDIR, ENOTDIR,
	    ENOTEMPTY, EEXIST, EBUSY };
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (error == errors[i])
			return true;
	return false;
}

/* A path could not be written to: it will be tried again.  -1: it is the
 * machine that fails us. */
static int
hold_path(struct trays *t, enum state tray, const char *name)
{
	int error = errno;

	if (!is_in_the_way(error)) {
		log_cause("trays", "show", name);
		return -1;
	}
	log_errno("trays", "show", name);
	set_unshown(t, tray, name, tray_make_way(t, tray, name) == 0 ? 0 :
	    RETRY_FIRST_MS);
	return 0;
}

int
tray_take_away(struct trays *t, enum state tray, const char *name)
{
	char work[64], random[17];

	snprintf(work, sizeof(work), WORK "%s", hash_random(random, 16));
	if (renameat(t->desk->tray[tray], name, t->desk->work, work) != 0)
		return errno == ENOENT ? 0 : hold_path(t, tray, name);
	tray_remember(t, tray, name, NULL);
	put_away(t, work, name);
	return 0;
}

/* Putting. */

struct fs_batch *
tray_batch(struct trays *t)
{
	return fs_batch_new(t->desk->work, WORK);
}

static int
displaced(void *arg, int dirfd, const char *name, const char *work)
{
	(void)dirfd;
	put_away(arg, work, name);
	return 0;
}

static void
not_placed(void *arg, int dirfd, const char *name)
{
	struct trays *t = arg;

	if (hold_path(t, tray_of(t, dirfd), name) != 0)
		t->broken = true;
}

static const struct fs_batch_ops place_ops = { .placed = placed,
    .displaced = displaced, .failed = not_placed };

int
tray_put_text(struct trays *t, enum state tray, const char *name,
    const char *text, tray_failed_fn *failed)
{
	const struct fs_batch_ops ops = { .placed = placed,
	    .displaced = displaced, .failed = failed };
	struct fs_batch *b = tray_batch(t);
	int status = -1, error;

	if (fs_batch_put(b, t->desk->tray[tray], name, text, strlen(text),
	    0444) == 0 && fs_batch_sync(b) == 0)
		status = fs_batch_show(b, &ops, t);
	error = errno;
	fs_batch_free(b);
	errno = error;
	return status;
}

int
tray_put_paper(struct trays *t, struct fs_batch *b, enum state tray,
    const char *name, const void *data, size_t n)
{
	return fs_batch_put(b, t->desk->tray[tray], name, data, n, 0444);
}

int
tray_lend_paper(struct trays *t, struct fs_batch *b, enum state tray,
    const char *name, const void *data, size_t n)
{
	return fs_batch_lend(b, t->desk->tray[tray], name, data, n, 0444);
}

int
tray_show(struct trays *t, struct fs_batch *b)
{
	t->broken = false;
	if (fs_batch_end(b, &place_ops, t) == 0 && !t->broken)
		return 0;
	log_cause("trays", "write", "papers");
	return -1;
}

/* After a crash. */

/* Files in work/ after a crash: of those that came out of a tray, what is
 * not ours is kept.  One that was about to be written is empty. */
int
tray_clean_work(struct trays *t)
{
	DIR *list = fs_list(t->desk->work);
	const char *name;
	struct stat st;
	int status = 0;

	if (list == NULL) {
		log_cause("trays", "list", ".docket/work");
		return -1;
	}
	while ((name = fs_list_next(list)) != NULL)
		if (strncmp(name, WORK, strlen(WORK)) == 0 &&
		    (fstatat(t->desk->work, name, &st, AT_SYMLINK_NOFOLLOW) !=
		    0 || !S_ISREG(st.st_mode) || st.st_size > 0))
			put_away(t, name, name + strlen(WORK));
		else
			unlinkat(t->desk->work, name, 0);
	if (errno != 0) {
		log_cause("trays", "list", ".docket/work");
		status = -1;
	}
	closedir(list);
	return status;
}
