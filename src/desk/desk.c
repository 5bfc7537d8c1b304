/*
 * desk: a directory that holds a desk, and the descriptors into it.
 *
 * May not: know what a form is; write outside .docket/, but for desk_make().
 * A fault of the operator: a desk that is not one, or spread over devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "text.h"

#include "desk.h"
#include "limit.h"
#include "settings.h"

#define STICKY 03775

/* Every directory of a desk: its descriptor in struct desk, its modes for
 * one user and for a group. */
static const struct place {
	const char	*name;
	size_t		 fd;
	mode_t		 one_user, group;
	bool		 own;		/* opened only by the daemon */
} places[] = {
#define TRAY(s) offsetof(struct desk, tray) + (s) * sizeof(int)
	{ "inbox", offsetof(struct desk, inbox), 0755, STICKY, false },
	{ "pending", TRAY(STATE_PENDING), 0755, STICKY, false },
	{ "approved", TRAY(STATE_APPROVED), 0755, STICKY, false },
	{ "returned", TRAY(STATE_RETURNED), 0755, STICKY, false },
	{ "rejected", TRAY(STATE_REJECTED), 0755, STICKY, false },
	{ "revoked", TRAY(STATE_REVOKED), 0755, STICKY, false },
	{ "outbox", offsetof(struct desk, outbox), 0755, 0755, false },
	{ "schemas", offsetof(struct desk, schemas), 0755, 0755, false },
	{ ".docket", offsetof(struct desk, own), 0755, 02750, false },
	{ ".docket/claims", offsetof(struct desk, claims), 0700, 0700, true },
	{ ".docket/work", offsetof(struct desk, work), 0700, 0700, true },
#undef TRAY
};
#define PLACES (sizeof(places) / sizeof(places[0]))

const char *
desk_place(size_t i, bool *others)
{
	if (i >= PLACES)
		return NULL;
	*others = places[i].group == STICKY;
	return places[i].name;
}

static int *
fd_of(struct desk *d, const struct place *p)
{
	return (int *)(void *)((char *)d + p->fd);
}

static int
refuse(struct buf *why, const char *path, const char *name, const char *what)
{
	buf_putf(why, "%s/%s: %s", path, name, what);
	return -1;
}

static int
open_place(struct desk *d, const struct place *p, dev_t dev, struct buf *why)
{
	struct stat st;
	int fd = openat(d->dir, p->name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return refuse(why, d->path, p->name, strerror(errno));
	*fd_of(d, p) = fd;
	if (fstat(fd, &st) != 0)
		return refuse(why, d->path, p->name, strerror(errno));
	if (st.st_dev != dev)
		return refuse(why, d->path, p->name,
		    "this is on another file system than the desk; a form "
		    "could not be moved in one step");
	return 0;
}

static int
open_own(struct desk *d, struct buf *why)
{
	d->probe = openat(d->own, "probe",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->probe < 0)
		return refuse(why, d->path, ".docket/probe", strerror(errno));
	return 0;
}

static int
open_all(struct desk *d, const char *path, bool own, bool made,
    struct buf *why)
{
	struct stat st;
	size_t i;

	*d = (struct desk){ .path = mem_str(path), .dir = -1, .lock = -1,
	    .probe = -1, .notices = MAP_INIT, .progress = MAP_INIT };
	d->tray[STATE_NONE] = -1;
	for (i = 0; i < PLACES; i++)
		*fd_of(d, &places[i]) = -1;
	d->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0 || fstat(d->dir, &st) != 0)
		return refuse(why, path, "", strerror(errno));
	d->uid = st.st_uid;
	if (made && faccessat(d->dir, "docket.conf", F_OK, 0) != 0) {
		buf_putf(why, "%s is not a desk: it has no docket.conf; make "
		    "one with: docket init %s", path, path);
		return -1;
	}
	if (own && d->uid != geteuid()) {
		buf_putf(why, "%s belongs to uid %ld, and is run by that user "
		    "only", path, (long)d->uid);
		return -1;
	}
	for (i = 0; i < PLACES; i++)
		if ((own || !places[i].own) &&
		    open_place(d, &places[i], st.st_dev, why) != 0)
			return -1;
	return own ? open_own(d, why) : 0;
}

int
desk_open(struct desk *d, const char *path, bool own, struct buf *why)
{
	int status = open_all(d, path, own, true, why);

	if (status != 0)
		desk_close(d);
	return status;
}

int
desk_look(struct desk *d, const char *path, struct buf *why)
{
	int status = open_all(d, path, false, false, why);

	if (status != 0)
		desk_close(d);
	return status;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
desk_close(struct desk *d)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		close_fd(fd_of(d, &places[i]));
	close_fd(&d->dir);
	close_fd(&d->lock);
	close_fd(&d->probe);
	map_free_all(&d->notices);
	map_free_all(&d->progress);
	free(d->path);
	d->path = NULL;
}

/* While it is open. */

static bool
is_open(int fd, int dir, const char *name)
{
	struct stat open_st, st;

	return fstat(fd, &open_st) == 0 &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == open_st.st_ino && st.st_dev == open_st.st_dev;
}

const char *
desk_moved(const struct desk *d)
{
	size_t i;
	int fd;

	for (i = 0; i < PLACES; i++) {
		fd = *(const int *)(const void *)((const char *)d +
		    places[i].fd);
		if (fd >= 0 && !is_open(fd, d->dir, places[i].name))
			return places[i].name;
	}
	return NULL;
}

int
desk_reopen(struct desk *d, struct buf *why)
{
	struct desk fresh;
	int status = open_all(&fresh, d->path, true, true, why);

	if (status == 0 && !is_open(d->own, fresh.dir, ".docket"))
		status = refuse(why, d->path, ".docket",
		    "this is not the folder that is locked");
	if (status != 0) {
		desk_close(&fresh);
		return -1;
	}
	fresh.lock = d->lock;
	fresh.notices = d->notices;
	fresh.progress = d->progress;
	d->lock = -1;
	d->notices = (struct map)MAP_INIT;
	d->progress = (struct map)MAP_INIT;
	desk_close(d);
	*d = fresh;
	return 0;
}

/* Making one. */

static int
make_place(int dir, const struct place *p, long group)
{
	struct stat st;

	if (fstatat(dir, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return S_ISDIR(st.st_mode) ? 0 : -1;
	}
	if (fs_make_dir(dir, p->name, group < 0 ? p->one_user : p->group) != 0)
		return -1;
	if (group < 0 || p->group == 0700 || p->group == 0755)
		return 0;
	if (fchownat(dir, p->name, (uid_t)-1, (gid_t)group, 0) != 0)
		return -1;
	/* the change of group took the special bits away */
	return fchmodat(dir, p->name, p->group, 0);
}

int
desk_make(const char *path, long group, struct buf *why)
{
	int dir, status = 0;
	size_t i;

	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return refuse(why, path, "", strerror(errno));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return refuse(why, path, "", strerror(errno));
	for (i = 0; i < PLACES && status == 0; i++)
		if (make_place(dir, &places[i], group) != 0)
			status = refuse(why, path, places[i].name,
			    strerror(errno));
	close(dir);
	return status;
}

/* The lock. */

static int
not_locked(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

/* How long a lock is waited for whose holder has gone, and how often it is
 * tried, ms. */
#define HELD_ON_MS 5000
#define HELD_LOOK_MS 10

/* Who holds the lock, as they say; 0: they have not yet. */
static pid_t
holder(int fd)
{
	char text[NUM_TEXT + 1];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return (pid_t)atol(text);
}

/* A process that has gone may leave a child that was about to become another
 * program, and holds the lock until it does, or is killed for its parent's
 * end. */
static bool
is_held_on(int fd, int64_t since)
{
	pid_t pid = holder(fd);

	if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH ||
	    clock_ticks() - since >= HELD_ON_MS)
		return false;
	poll(NULL, 0, HELD_LOOK_MS);
	return true;
}

int
desk_lock(struct desk *d, pid_t *pid)
{
	char text[NUM_TEXT + 1];
	int64_t began = clock_ticks();
	int n, fd = openat(d->own, "lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	*pid = 0;
	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return not_locked(fd);
		if (is_held_on(fd, began))
			continue;
		*pid = holder(fd);
		errno = EWOULDBLOCK;
		return not_locked(fd);
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || fs_write(fd, text, (size_t)n) != 0)
		return not_locked(fd);
	d->lock = fd;
	/* what was wrong when the desk was run last is found out anew */
	unlinkat(d->own, "notices", 0);
	return 0;
}

bool
desk_is_run(const struct desk *d)
{
	int fd = openat(d->own, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return held;
}

/* Grounds. */

/* These are 1, 0, or -1: it cannot be told. */

/* A group that nobody but the user is in. */
static int
is_private_group(gid_t gid, uid_t uid)
{
	struct group *gr;
	struct passwd *pw = NULL;

	errno = 0;
	gr = getgrgid(gid);
	if (gr != NULL) {
		errno = 0;
		pw = getpwuid(uid);
	}
	if (pw == NULL)
		return settings_lookup_failed(errno) ? -1 : 0;
	return pw->pw_gid == gid && strcmp(gr->gr_name, pw->pw_name) == 0 &&
	    (gr->gr_mem[0] == NULL || (strcmp(gr->gr_mem[0],
	    pw->pw_name) == 0 && gr->gr_mem[1] == NULL));
}

static int
only_writes(const struct stat *st, uid_t uid)
{
	if (st->st_uid != uid || (st->st_mode & S_IWOTH) != 0)
		return 0;
	return (st->st_mode & S_IWGRP) == 0 ? 1 :
	    is_private_group(st->st_gid, uid);
}

bool
desk_only_writes(const struct stat *st, uid_t uid)
{
	return only_writes(st, uid) == 1;
}

static int
only_user_writes(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) != 0 ? -1 : only_writes(&st, uid);
}

static int
is_sticky(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) != 0 ? -1 : st.st_uid == uid &&
	    (st.st_mode & S_ISVTX) != 0;
}

/* Calls a predicate on inbox and all trays; the name is of the first for which
 * it does not hold. */
static int
all_hold(const struct desk *d, int (*holds)(int, uid_t), const char **name)
{
	int status = holds(d->inbox, d->uid);
	unsigned i;

	*name = "inbox";
	for (i = STATE_PENDING; i < STATE_COUNT && status == 1; i++) {
		*name = state_name((enum state)i);
		status = holds(d->tray[i], d->uid);
	}
	return status;
}

static void
no_ground(struct grounds *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
no_ground(struct grounds *g, const char *fmt, ...)
{
	va_list ap;

	g->vouched = false;
	va_start(ap, fmt);
	vsnprintf(g->why_not, sizeof(g->why_not), fmt, ap);
	va_end(ap);
}

int
desk_grounds(const struct desk *d, struct grounds *g)
{
	const char *name;
	struct stat st;
	int mine, sticky;

	*g = (struct grounds){ .vouched = true };
	mine = all_hold(d, only_user_writes, &name);
	if (mine == 1)
		mine = only_user_writes(d->dir, d->uid);
	sticky = mine == 0 ? all_hold(d, is_sticky, &name) : mine;
	if (sticky < 0 || fstat(d->dir, &st) != 0) {
		no_ground(g, "whose the folders are cannot be told now: %s",
		    strerror(errno));
		return -1;
	}
	g->one_user = mine == 1;
	if (!fs_is_local(d->dir))
		no_ground(g, "the desk is on a file system (%s) that does "
		    "not vouch for owners", fs_name(d->dir));
	else if (g->one_user)
		return 0;
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		no_ground(g, "others may write to the desk's directory");
	else if (sticky == 0)
		no_ground(g, "%s/ is not sticky (mode 3775)", name);
	return 0;
}

/* Notices. */

/* Sets a line of a file.  False: it was so before. */
static bool
set_line(struct desk *d, struct map *lines, const char *file,
    const char *key, const char *text)
{
	const char *old = map_get(lines, key);
	struct buf all = BUF_INIT;
	const struct map_entry *e;
	size_t at = 0;

	if (text == NULL ? old == NULL : old != NULL && strcmp(old, text) == 0)
		return false;
	if (text == NULL)
		free(map_del(lines, key));
	else
		free(map_put(lines, key, mem_str(text)));
	while ((e = map_next(lines, &at)) != NULL) {
		text_line(&all, e->value, strlen(e->value), 1000);
		buf_putc(&all, '\n');
	}
	if (d->own >= 0 && fs_replace(d->own, file, buf_str(&all), all.len,
	    0644) != 0)
		log_errno("desk", "write", file);
	buf_free(&all);
	return true;
}

void
desk_notice(struct desk *d, const char *key, const char *text)
{
	if (set_line(d, &d->notices, "notices", key, text) && text != NULL)
		log_event(LOG_WARN, key, "notice", text, NULL);
}

void
desk_progress(struct desk *d, const char *key, const char *text)
{
	(void)set_line(d, &d->progress, "progress", key, text);
}

void
desk_progress_clear(struct desk *d)
{
	map_free_all(&d->progress);
	unlinkat(d->own, "progress", 0);
}

bool
desk_has_room(const struct desk *d)
{
	uint64_t bytes;

	return fs_free(d->dir, &bytes) != 0 || bytes >= LIMIT_FREE;
}

int
desk_get_line(const struct desk *d, const char *name, struct buf *line)
{
	char *end;

	if (fs_read_file(d->own, name, 65536, line) != 0)
		return errno == ENOENT ? 0 : -1;
	end = line->data == NULL ? NULL : strchr(line->data, '\n');
	buf_cut(line, end == NULL ? 0 : (size_t)(end - line->data));
	return 0;
}

int
desk_put_line(const struct desk *d, const char *name, const char *text)
{
	struct buf line = BUF_INIT;
	int fd = openat(d->own, name,
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int status = -1;

	if (fd < 0)
		return -1;
	buf_putf(&line, "%s\n", text);
	if (fs_write(fd, line.data, line.len) == 0 &&
	    ftruncate(fd, (off_t)line.len) == 0)
		status = 0;
	buf_free(&line);
	close(fd);
	return status;
}
