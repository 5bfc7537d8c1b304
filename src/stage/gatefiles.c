/*
 * gatefiles: the files of outbox/gateway.
 *
 * May not: know a case, or when to write.
 * The operator's: a folder that cannot be written to.
 *
 * What there is to say is held against the file that is there, and written only
 * from where it differs: a desk that starts, or a round of it from cron, mostly
 * has nothing new to say to hundreds of megabytes.  A file that differs is
 * written beside the old one, under a name of ours that is hidden, and takes
 * its place by rename(2) once all of them are synced: whoever reads a file
 * reads one or the other, also after a crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"

#include "gatefiles.h"
#include "shipped.h"

#define CHUNK 65536

struct gatefile {
	int		 old;		/* the one that is there; -1: none */
	struct stat	 found;		/* as it was when it was opened */
	int		 new;		/* -1: nothing differs so far */
	off_t		 done;		/* bytes compared, or written */
	struct buf	 buf;		/* the next ones */
};

struct gatefiles {
	int		 outbox, dir;	/* dir -1: not open */
	bool		 shipped;	/* the samples were seen to */
	const char	*at;
	struct gatefile	 files[ADMISSION_FILES];
};

struct gatefiles *
gatefiles_new(int outbox)
{
	struct gatefiles *g = mem_alloc(sizeof(*g));
	size_t i;

	g->outbox = outbox;
	g->dir = -1;
	g->at = "";
	for (i = 0; i < ADMISSION_FILES; i++)
		g->files[i].old = g->files[i].new = -1;
	return g;
}

void
gatefiles_free(struct gatefiles *g)
{
	if (g == NULL)
		return;
	gatefiles_abort(g);
	free(g);
}

const char *
gatefiles_at(const struct gatefiles *g)
{
	return g->at;
}

bool
gatefiles_are_wanted(const struct gatefiles *g)
{
	struct stat st;

	/* a key that was revoked is told of rather once too often */
	return fs_look(g->outbox, GATEWAY_FOLDER, &st) != 0;
}

static const char *
hidden(char name[64], size_t file)
{
	snprintf(name, 64, ".docket-%s", admission_file(file));
	return name;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_file(struct gatefile *f)
{
	close_fd(&f->old);
	close_fd(&f->new);
	buf_free(&f->buf);
	f->done = 0;
}

void
gatefiles_abort(struct gatefiles *g)
{
	char name[64];
	size_t i;

	for (i = 0; i < ADMISSION_FILES; i++) {
		if (g->files[i].new >= 0)
			unlinkat(g->dir, hidden(name, i), 0);
		close_file(&g->files[i]);
	}
	close_fd(&g->dir);
}

/* Gives up, errno as it is. */
static int
give_up(struct gatefiles *g, const char *at)
{
	int saved = errno;

	g->at = at;
	gatefiles_abort(g);
	errno = saved;
	return -1;
}

/* Those that the operator has not got already; what he has is his. */
static int
put_samples(struct gatefiles *g)
{
	struct shipped s;
	struct stat st;
	int there;
	size_t i;

	for (i = 0; shipped_gateway(i, &s); i++) {
		there = fs_look(g->dir, s.path, &st);
		if (there < 0 || (there == 0 && fs_replace(g->dir, s.path,
		    s.data, s.len, 0644) != 0)) {
			g->at = s.path;
			return -1;
		}
	}
	g->shipped = true;
	return 0;
}

static int
append(struct gatefile *f, const char *p, size_t n)
{
	off_t at = f->done;

	if (fs_write(f->new, p, n) != 0)
		return -1;
	/* begins to write it to disk, so that the sync has less to wait for */
	sync_file_range(f->new, at, (off_t)n, SYNC_FILE_RANGE_WRITE);
	f->done = at + (off_t)n;
	return 0;
}

static bool
is_as_found(const struct gatefile *f, const struct stat *st)
{
	return st->st_dev == f->found.st_dev && st->st_ino == f->found.st_ino &&
	    st->st_size == f->found.st_size &&
	    fs_ms(st->st_mtim) == fs_ms(f->found.st_mtim);
}

/* A piece of the old one, of so many bytes at most. */
static int
copy_some(struct gatefile *f, off_t most)
{
	char *chunk = mem_alloc(CHUNK);
	ssize_t n = pread(f->old, chunk, most < CHUNK ? (size_t)most : CHUNK,
	    f->done);
	int status = -1;

	if (n > 0)
		status = append(f, chunk, (size_t)n);
	else if (n == 0)
		errno = EBUSY;
	free(chunk);
	return status;
}

/* What was the same so far goes into the new one; not if somebody writes to the
 * old one just now. */
static int
copy_done(struct gatefile *f)
{
	off_t end = f->done;
	struct stat st;

	for (f->done = 0; f->done < end; )
		if (copy_some(f, end - f->done) != 0)
			return -1;
	if (end > 0 && (fstat(f->old, &st) != 0 || !is_as_found(f, &st))) {
		errno = EBUSY;
		return -1;
	}
	return 0;
}

/* From here on they differ. */
static int
begin_new(struct gatefiles *g, size_t i)
{
	struct gatefile *f = &g->files[i];
	char name[64];

	f->new = openat(g->dir, hidden(name, i), O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0600);
	return f->new >= 0 && fchmod(f->new, 0644) == 0 ? copy_done(f) : -1;
}

/* Whether the next bytes are in the old one, too.  What cannot be read is
 * another. */
static bool
goes_on(const struct gatefile *f)
{
	char *there;
	bool same;

	if (f->old < 0 || f->new >= 0)
		return false;
	there = mem_alloc(f->buf.len + 1);
	same = pread(f->old, there, f->buf.len, f->done) ==
	    (ssize_t)f->buf.len && memcmp(there, f->buf.data, f->buf.len) == 0;
	free(there);
	return same;
}

static int
flush(struct gatefiles *g, size_t i)
{
	struct gatefile *f = &g->files[i];
	int status = 0;

	if (goes_on(f))
		f->done += (off_t)f->buf.len;
	else if ((f->new < 0 && begin_new(g, i) != 0) ||
	    append(f, buf_str(&f->buf), f->buf.len) != 0)
		status = -1;
	buf_clear(&f->buf);
	return status;
}

static void
begin_file(struct gatefiles *g, size_t i)
{
	struct gatefile *f = &g->files[i];
	char name[64];

	/* what a crash has left */
	unlinkat(g->dir, hidden(name, i), 0);
	f->old = fs_open(g->dir, admission_file(i), O_RDONLY, 0);
	if (f->old >= 0 && (fstat(f->old, &f->found) != 0 ||
	    !S_ISREG(f->found.st_mode)))
		close_fd(&f->old);
	buf_puts(&f->buf, ADMISSION_HEAD);
}

int
gatefiles_begin(struct gatefiles *g)
{
	size_t i;

	gatefiles_abort(g);
	if (mkdirat(g->outbox, GATEWAY_FOLDER, 0755) == 0)
		g->shipped = false;
	else if (errno != EEXIST)
		return give_up(g, "");
	g->dir = fs_open_dir(g->outbox, GATEWAY_FOLDER);
	if (g->dir < 0)
		return give_up(g, "");
	if (!g->shipped && put_samples(g) != 0)
		return give_up(g, g->at);
	for (i = 0; i < ADMISSION_FILES; i++)
		begin_file(g, i);
	return 0;
}

int
gatefiles_put(struct gatefiles *g, const struct admission *a)
{
	struct gatefile *f;
	size_t i;

	for (i = 0; i < ADMISSION_FILES; i++) {
		f = &g->files[i];
		admission_put(i, a, &f->buf);
		if (f->buf.len >= CHUNK && flush(g, i) != 0)
			return give_up(g, admission_file(i));
	}
	return 0;
}

/* Whether the file that is there is still the one that was compared, and holds
 * nothing more. */
static bool
is_same(const struct gatefiles *g, size_t i)
{
	const struct gatefile *f = &g->files[i];
	struct stat st;

	return f->new < 0 && f->old >= 0 && f->found.st_size == f->done &&
	    fs_look(g->dir, admission_file(i), &st) == 1 &&
	    is_as_found(f, &st);
}

/* 1: it is to be replaced; 0: it is as it was. */
static int
finish_file(struct gatefiles *g, size_t i)
{
	struct gatefile *f = &g->files[i];

	if (flush(g, i) != 0)
		return -1;
	if (is_same(g, i))
		return 0;
	if (f->new < 0 && begin_new(g, i) != 0)
		return -1;
	return fs_sync(f->new) == 0 ? 1 : -1;
}

int
gatefiles_end(struct gatefiles *g, unsigned *changed)
{
	bool replace[ADMISSION_FILES];
	char name[64];
	unsigned n = 0;
	size_t i;
	int status;

	for (i = 0; i < ADMISSION_FILES; i++) {
		status = finish_file(g, i);
		if (status < 0)
			return give_up(g, admission_file(i));
		replace[i] = status == 1;
	}
	for (i = 0; i < ADMISSION_FILES; i++) {
		if (!replace[i])
			continue;
		if (renameat(g->dir, hidden(name, i), g->dir,
		    admission_file(i)) != 0)
			return give_up(g, admission_file(i));
		close_file(&g->files[i]);
		n++;
	}
	if (n > 0 && fs_sync_dir(g->dir) != 0)
		return give_up(g, "");
	gatefiles_abort(g);	/* those that are as they were */
	*changed = n;
	return 0;
}
