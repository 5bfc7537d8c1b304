/*
 * gatefiles: the files of outbox/gateway.
 *
 * May not: know a case, or when to write.
 * The operator's: a folder that cannot be written to.
 *
 * Where nothing is known to have changed, what there is to say is held against
 * the files that are there: a desk that starts, or a round of it from cron,
 * mostly has nothing new to say to hundreds of megabytes.
 *
 * A file is written beside the old one, under a name of ours that is hidden,
 * and takes its place by rename(2) once all of them are synced: whoever reads
 * a file reads one or the other, also after a crash.
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
	int		 fd;		/* -1: closed */
	struct buf	 buf;		/* not yet written, or compared */
};

struct gatefiles {
	int		 outbox, dir;	/* dir -1: not open */
	bool		 shipped;	/* the samples were seen to */
	bool		 compares;	/* the files that are there */
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
		g->files[i].fd = -1;
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
close_file(struct gatefile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	buf_free(&f->buf);
}

void
gatefiles_abort(struct gatefiles *g)
{
	char name[64];
	size_t i;

	for (i = 0; i < ADMISSION_FILES; i++) {
		if (g->files[i].fd >= 0 && !g->compares)
			unlinkat(g->dir, hidden(name, i), 0);
		close_file(&g->files[i]);
	}
	if (g->dir >= 0)
		close(g->dir);
	g->dir = -1;
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
write_on(struct gatefile *f)
{
	off_t at = lseek(f->fd, 0, SEEK_CUR);

	if (fs_write(f->fd, buf_str(&f->buf), f->buf.len) != 0)
		return -1;
	/* begins to write it to disk, so that the sync has less to wait for */
	sync_file_range(f->fd, at, (off_t)f->buf.len, SYNC_FILE_RANGE_WRITE);
	return 0;
}

/* 1: the next bytes are others.  What cannot be read is another. */
static int
compare_on(struct gatefile *f)
{
	char *there = mem_alloc(f->buf.len + 1);
	size_t n = 0;
	ssize_t k = 1;
	int differs;

	while (f->fd >= 0 && n < f->buf.len && k > 0) {
		k = read(f->fd, there + n, f->buf.len - n);
		n += k > 0 ? (size_t)k : 0;
	}
	differs = n != f->buf.len || (n > 0 &&
	    memcmp(there, f->buf.data, n) != 0);
	free(there);
	return differs;
}

static int
flush(struct gatefiles *g, struct gatefile *f)
{
	int status = g->compares ? compare_on(f) : write_on(f);

	buf_clear(&f->buf);
	return status;
}

static int
begin_file(struct gatefiles *g, size_t i)
{
	struct gatefile *f = &g->files[i];
	char name[64];

	buf_puts(&f->buf, ADMISSION_HEAD);
	/* what a crash has left */
	unlinkat(g->dir, hidden(name, i), 0);
	if (g->compares) {
		f->fd = fs_open(g->dir, admission_file(i), O_RDONLY, 0);
		return 0;
	}
	f->fd = openat(g->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	return f->fd >= 0 && fchmod(f->fd, 0644) == 0 ? 0 : -1;
}

int
gatefiles_begin(struct gatefiles *g, bool compares)
{
	size_t i;

	gatefiles_abort(g);
	g->compares = compares;
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
		if (begin_file(g, i) != 0)
			return give_up(g, admission_file(i));
	return 0;
}

int
gatefiles_put(struct gatefiles *g, const struct admission *a)
{
	struct gatefile *f;
	int status = 0;
	size_t i;

	for (i = 0; i < ADMISSION_FILES && status == 0; i++) {
		f = &g->files[i];
		admission_put(i, a, &f->buf);
		if (f->buf.len >= CHUNK && (status = flush(g, f)) < 0)
			return give_up(g, admission_file(i));
	}
	return status;
}

/* Whether the two hold the same.  What cannot be read is another. */
static bool
same_bytes(int a, int b)
{
	char *chunk = mem_alloc((size_t)2 * CHUNK);
	off_t at = 0;
	ssize_t n, k;

	do {
		n = pread(a, chunk, CHUNK, at);
		k = pread(b, chunk + CHUNK, CHUNK, at);
		at += n;
	} while (n > 0 && n == k && memcmp(chunk, chunk + CHUNK,
	    (size_t)n) == 0);
	free(chunk);
	return n == 0 && k == 0;
}

static bool
is_same(const struct gatefiles *g, size_t i)
{
	int fd = fs_open(g->dir, admission_file(i), O_RDONLY, 0);
	struct stat old, new;
	bool same = fd >= 0 && fstat(fd, &old) == 0 &&
	    fstat(g->files[i].fd, &new) == 0 && S_ISREG(old.st_mode) &&
	    old.st_size == new.st_size && same_bytes(fd, g->files[i].fd);

	if (fd >= 0)
		close(fd);
	return same;
}

/* 1: it is to be replaced; 0: it is as it was. */
static int
finish_file(struct gatefiles *g, size_t i)
{
	struct gatefile *f = &g->files[i];

	if (flush(g, f) != 0)
		return -1;
	if (!is_same(g, i))
		return fs_sync(f->fd) == 0 ? 1 : -1;
	return 0;
}

static bool
goes_on(const struct gatefile *f)
{
	char c;

	return read(f->fd, &c, 1) != 0;
}

/* 1: a file holds something else, or more. */
static int
end_comparing(struct gatefiles *g)
{
	int differs = 0;
	size_t i;

	for (i = 0; i < ADMISSION_FILES && !differs; i++)
		differs = compare_on(&g->files[i]) || goes_on(&g->files[i]);
	gatefiles_abort(g);
	return differs;
}

int
gatefiles_end(struct gatefiles *g, unsigned *changed)
{
	bool replace[ADMISSION_FILES];
	char name[64];
	unsigned n = 0;
	size_t i;
	int status;

	*changed = 0;
	if (g->compares)
		return end_comparing(g);
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
