/*
 * batchfile: the private copy of a batch, and what came of its forms so far.
 *
 * May not: look into a form; know what is done with one.
 * A fault of the file: it is damaged, or larger than a batch may be.
 * The machine's trouble: whatever cannot be read or written.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fs.h"
#include "gunzip.h"
#include "log.h"

#include "batchfile.h"
#include "limit.h"

/* Copied in one go, bytes. */
#define SLICE (4u * 1024 * 1024)
#define STEP 65536u

#define FOLDER "batches"
#define PATH_SIZE (CLAIM_ID + 32)

static const char *const bodies[BODY_COUNT] = { ".xml", ".bad", ".good" };

struct batchfile {
	struct desk	*desk;
	char		 id[CLAIM_ID];
	int		 claim;		/* what was sent */
	uint64_t	 sent;		/* its bytes */
	uint64_t	 limit;
	unsigned	 ratio;
	int		 copy;		/* -1: none yet */
	bool		 whole;		/* the copy is */
	uint64_t	 size;		/* of the copy */
	int		 body[BODY_COUNT];
	int		 mark;
	/* while it is copied */
	struct hash	*hash;
	struct gunzip_stream *gunzip;
	char		 sha256[SHA256_HEX];
};

static const char *
path_of(char path[PATH_SIZE], const struct batchfile *f, const char *suffix)
{
	snprintf(path, PATH_SIZE, FOLDER "/%s%s", f->id, suffix);
	return path;
}

static int
open_file(const struct batchfile *f, const char *suffix, int flags)
{
	char path[PATH_SIZE];

	return fs_open(f->desk->own, path_of(path, f, suffix), flags, 0600);
}

static void
remove_file(const struct batchfile *f, const char *suffix)
{
	char path[PATH_SIZE];

	if (unlinkat(f->desk->own, path_of(path, f, suffix), 0) != 0 &&
	    errno != ENOENT)
		log_errno("batch", "remove", path);
}

static int
sync_folder(const struct batchfile *f)
{
	int fd = fs_open_dir(f->desk->own, FOLDER), status;

	if (fd < 0)
		return -1;
	status = fs_sync_dir(fd);
	close(fd);
	return status;
}

struct batchfile *
batchfile_open(struct desk *desk, const struct settings *s,
    const struct parcel *p)
{
	int claim = fs_open(desk->claims, p->claim, O_RDONLY, 0);
	struct batchfile *f;
	struct stat st;
	int i, saved;

	if (claim < 0 || fstat(claim, &st) != 0 ||
	    fs_make_dir(desk->own, FOLDER, 0700) != 0) {
		saved = errno;
		if (claim >= 0)
			close(claim);
		errno = saved;
		return NULL;
	}
	f = mem_alloc(sizeof(*f));
	f->desk = desk;
	strcpy(f->id, p->id);
	f->claim = claim;
	f->sent = (uint64_t)st.st_size;
	f->limit = s->batch_limit;
	f->ratio = (unsigned)s->ratio;
	f->copy = f->mark = -1;
	for (i = 0; i < BODY_COUNT; i++)
		f->body[i] = -1;
	return f;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
batchfile_close(struct batchfile *f)
{
	int i;

	if (f == NULL)
		return;
	close_fd(&f->claim);
	close_fd(&f->copy);
	close_fd(&f->mark);
	for (i = 0; i < BODY_COUNT; i++)
		close_fd(&f->body[i]);
	hash_sha256_close(f->hash, NULL);
	gunzip_close(f->gunzip);
	free(f);
}

/* What was sent. */

static int
inflate_fault(enum gunzip result, const struct batchfile *f,
    struct faults *faults)
{
	if (result == GUNZIP_TOO_LARGE)
		faults_addf(faults, FAULT_TOO_LARGE, 0, NULL, "The batch has "
		    "more than %" PRIu64 " bytes (limits.batch).", f->limit);
	else
		faults_add(faults, result == GUNZIP_BOMB ? FAULT_BOMB :
		    FAULT_GZIP, 0, NULL, NULL);
	return -1;
}

static ssize_t
read_claim(struct batchfile *f, char step[STEP])
{
	ssize_t n;

	do
		n = read(f->claim, step, STEP);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Inflates a piece up to a window, or (copy) to the end, into the copy, for
 * it may be a thousand times as long. */
static int
inflate_some(struct batchfile *f, struct gunzip_stream *g, const char *p,
    size_t n, bool copy, struct buf *out, struct faults *faults)
{
	enum gunzip result = GUNZIP_OK;
	int status = 0;
	size_t before;
	bool more;

	do {
		before = out->len;
		result = gunzip_next(g, &p, &n, STEP, out);
		more = n > 0 || out->len - before == STEP;
		if (copy) {
			status = fs_write(f->copy, buf_str(out), out->len);
			f->size += out->len;
			buf_clear(out);
		}
	} while (result == GUNZIP_OK && status == 0 && more &&
	    out->len < LIMIT_WINDOW);
	return result == GUNZIP_OK ? status :
	    inflate_fault(result, f, faults);
}

int
batchfile_peek(struct batchfile *f, struct buf *out, bool *all,
    struct faults *faults)
{
	struct gunzip_stream *g = NULL;
	char step[STEP];
	int status = 0;
	ssize_t n = 1;

	if (lseek(f->claim, 0, SEEK_SET) != 0)
		return -1;
	while (status == 0 && out->len < LIMIT_WINDOW &&
	    (n = read_claim(f, step)) > 0) {
		if (out->len == 0 && g == NULL && gunzip_is(step, (size_t)n))
			g = gunzip_open(f->sent, f->limit, f->ratio);
		if (g == NULL)
			buf_put(out, step, (size_t)n);
		else
			status = inflate_some(f, g, step, (size_t)n,
			    false, out, faults);
	}
	gunzip_close(g);
	*all = n == 0 && out->len <= LIMIT_WINDOW;
	if (out->len > LIMIT_WINDOW)
		buf_cut(out, LIMIT_WINDOW);
	return n < 0 ? -1 : status;
}

/* The copy. */

static int
begin_copy(struct batchfile *f)
{
	f->copy = open_file(f, ".part", O_RDWR | O_CREAT | O_TRUNC);
	f->size = 0;
	f->hash = hash_sha256_open();
	return f->copy < 0 || lseek(f->claim, 0, SEEK_SET) != 0 ? -1 : 0;
}

static int
copy_plain(struct batchfile *f, const char *p, size_t n,
    struct faults *faults)
{
	f->size += n;
	return f->size > f->limit ?
	    inflate_fault(GUNZIP_TOO_LARGE, f, faults) :
	    fs_write(f->copy, p, n);
}

/* One step: false at the end, and where something is wrong. */
static bool
copy_step(struct batchfile *f, enum batch_copy *what, struct faults *faults)
{
	struct buf out = BUF_INIT;
	char step[STEP];
	ssize_t n = read_claim(f, step);
	int status;

	if (n <= 0) {
		*what = n < 0 ? BATCH_TROUBLE : BATCH_COPIED;
		return false;
	}
	hash_sha256_add(f->hash, step, (size_t)n);
	if (f->size == 0 && f->gunzip == NULL && gunzip_is(step, (size_t)n))
		f->gunzip = gunzip_open(f->sent, f->limit, f->ratio);
	status = f->gunzip == NULL ? copy_plain(f, step, (size_t)n, faults) :
	    inflate_some(f, f->gunzip, step, (size_t)n, true, &out, faults);
	buf_free(&out);
	*what = status == 0 ? BATCH_MORE : faults->n > 0 ? BATCH_FAULT :
	    BATCH_TROUBLE;
	return status == 0;
}

/* From here on only these bytes count, whatever happens. */
static enum batch_copy
end_copy(struct batchfile *f, struct faults *faults)
{
	char from[PATH_SIZE], to[PATH_SIZE];

	if (f->gunzip != NULL && !gunzip_ended(f->gunzip)) {
		faults_add(faults, FAULT_GZIP, 0, NULL, NULL);
		return BATCH_FAULT;
	}
	hash_sha256_close(f->hash, f->sha256);
	f->hash = NULL;
	if (fs_sync(f->copy) != 0 || renameat(f->desk->own,
	    path_of(from, f, ".part"), f->desk->own,
	    path_of(to, f, "")) != 0 || sync_folder(f) != 0)
		return BATCH_TROUBLE;
	f->whole = true;
	return BATCH_COPIED;
}

/* A copy that was made before a crash.  The digest of what was sent is made
 * again, of a claim that nobody has written to since.  1, 0 or -1. */
static int
has_copy(struct batchfile *f)
{
	struct hash *h;
	struct stat st;
	char step[STEP];
	ssize_t n;

	f->copy = open_file(f, "", O_RDWR);
	if (f->copy < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(f->copy, &st) != 0 || lseek(f->claim, 0, SEEK_SET) != 0) {
		close_fd(&f->copy);
		return -1;
	}
	f->size = (uint64_t)st.st_size;
	h = hash_sha256_open();
	while ((n = read_claim(f, step)) > 0)
		hash_sha256_add(h, step, (size_t)n);
	hash_sha256_close(h, f->sha256);
	if (n < 0)
		close_fd(&f->copy);
	f->whole = n == 0;
	return n == 0 ? 1 : -1;
}

enum batch_copy
batchfile_copy(struct batchfile *f, struct faults *faults)
{
	enum batch_copy what = BATCH_MORE;
	uint64_t before = f->size;
	int has = f->whole ? 1 : f->copy < 0 ? has_copy(f) : 0;

	if (has != 0)
		return has < 0 ? BATCH_TROUBLE : BATCH_COPIED;
	if (f->copy < 0 && begin_copy(f) != 0)
		return BATCH_TROUBLE;
	while (f->size - before < SLICE && copy_step(f, &what, faults))
		;
	return what == BATCH_COPIED ? end_copy(f, faults) : what;
}

const char *
batchfile_sha256(const struct batchfile *f)
{
	return f->sha256;
}

uint64_t
batchfile_size(const struct batchfile *f)
{
	return f->size;
}

int
batchfile_window(struct batchfile *f, uint64_t at, struct buf *out)
{
	ssize_t n;

	buf_reserve(out, LIMIT_WINDOW);
	while (out->len < LIMIT_WINDOW && at + out->len < f->size) {
		n = pread(f->copy, out->data + out->len,
		    LIMIT_WINDOW - out->len, (off_t)(at + out->len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		out->len += (size_t)n;
	}
	out->data[out->len] = '\0';
	return 0;
}

/* What came of the forms. */

#define MARK "%63s %" SCNu64 " %" SCNu64 " %ld %" SCNu64 " %" SCNu64 \
	" %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "\n"

/* In the same run of the machine; else what is behind may be anything. */
static bool
read_mark(const struct batchfile *f, struct batch_mark *m)
{
	char line[512], boot[CLOCK_BOOT], now[CLOCK_BOOT];
	ssize_t n = pread(f->mark, line, sizeof(line) - 1, 0);

	if (n <= 0 || line[n - 1] != '\n')
		return false;
	line[n] = '\0';
	return sscanf(line, MARK, boot, &m->n, &m->at, &m->line,
	    &m->received, &m->refused, &m->repeated, &m->forms, &m->body[0],
	    &m->body[1], &m->body[2]) == 11 &&
	    strcmp(boot, clock_boot(now)) == 0 && m->at <= f->size;
}

static int
write_mark(const struct batchfile *f, const struct batch_mark *m)
{
	char boot[CLOCK_BOOT];
	struct buf line = BUF_INIT;
	int status;

	/* of one length, so that it is replaced as a whole */
	buf_putf(&line, "%s %020" PRIu64 " %020" PRIu64 " %020ld", clock_boot(
	    boot), m->n, m->at, m->line);
	buf_putf(&line, " %020" PRIu64 " %020" PRIu64 " %020" PRIu64
	    " %020" PRIu64, m->received, m->refused, m->repeated, m->forms);
	buf_putf(&line, " %020" PRIu64 " %020" PRIu64 " %020" PRIu64 "\n",
	    m->body[0], m->body[1], m->body[2]);
	status = lseek(f->mark, 0, SEEK_SET) == 0 ?
	    fs_write(f->mark, line.data, line.len) : -1;
	buf_free(&line);
	return status;
}

static int
open_work(struct batchfile *f)
{
	int i;

	if (f->mark < 0)
		f->mark = open_file(f, ".mark", O_RDWR | O_CREAT);
	for (i = 0; i < BODY_COUNT && f->mark >= 0; i++)
		if (f->body[i] < 0 && (f->body[i] = open_file(f, bodies[i],
		    O_RDWR | O_CREAT)) < 0)
			return -1;
	return f->mark < 0 ? -1 : 0;
}

int
batchfile_resume(struct batchfile *f, struct batch_mark *m)
{
	struct stat st;
	bool known;
	int i;

	if (open_work(f) != 0)
		return -1;
	known = read_mark(f, m);
	for (i = 0; i < BODY_COUNT && known; i++)
		known = fstat(f->body[i], &st) == 0 &&
		    (uint64_t)st.st_size >= m->body[i];
	if (!known)
		*m = (struct batch_mark){ .line = 1 };
	for (i = 0; i < BODY_COUNT; i++)
		if (ftruncate(f->body[i], (off_t)m->body[i]) != 0 ||
		    lseek(f->body[i], 0, SEEK_END) < 0)
			return -1;
	return known;
}

int
batchfile_note(struct batchfile *f, const struct buf text[BODY_COUNT],
    struct batch_mark *m)
{
	int i;

	for (i = 0; i < BODY_COUNT; i++) {
		if (fs_write(f->body[i], buf_str(&text[i]), text[i].len) != 0)
			return -1;
		m->body[i] += text[i].len;
	}
	return write_mark(f, m);
}

int
batchfile_body(struct batchfile *f, enum batch_body body, int fd)
{
	char step[STEP];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(f->body[body], step, STEP, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fs_write(fd, step, (size_t)n) != 0)
			return -1;
		at += n;
	}
	return 0;
}

void
batchfile_remove(struct batchfile *f)
{
	int i;

	remove_file(f, "");
	remove_file(f, ".part");
	remove_file(f, ".mark");
	for (i = 0; i < BODY_COUNT; i++)
		remove_file(f, bodies[i]);
}

void
batchfile_sweep(struct desk *desk, bool (*is_claimed)(void *, const char *),
    void *arg)
{
	int fd = fs_open_dir(desk->own, FOLDER);
	DIR *list = fd < 0 ? NULL : fs_list(fd);
	const char *name;
	char id[CLAIM_ID];

	while (list != NULL && (name = fs_list_next(list)) != NULL) {
		snprintf(id, sizeof(id), "%.*s", (int)strcspn(name, "."),
		    name);
		if (!is_claimed(arg, id) && unlinkat(fd, name, 0) != 0)
			log_errno("batch", "remove", name);
	}
	if (list != NULL)
		closedir(list);
	if (fd >= 0)
		close(fd);
}
