/*
 * join: several packs as one.
 *
 * Once by names, to find what more than one has; then pack by pack, in the
 * order of offsets, to copy; then by names again, for the index.  What a delta
 * is made from comes before it in its pack, or was left out for one that came
 * earlier still: where that is in the new pack is known.
 *
 * May not: remove a pack; be where others wait: what is mapped and cannot be
 * written ends the process (SIGBUS).
 * The machine's trouble: no room, a disk that fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "hash.h"

#include "join.h"
#include "packfile.h"

#define WORK_NAME 40

/* Written out in such steps, so that nobody who syncs the file system waits for
 * more. */
#define STEP ((size_t)8 << 20)

struct source {
	struct packfile	 file;
	uint32_t	*placed;	/* where each object is in the new
					 * pack; 0: an earlier source has it */
	uint32_t	*crcs;		/* once one has changed; or NULL */
	uint32_t	 next;		/* in a walk by names */
	const char	*name;
};

struct join {
	int		 dirfd;
	struct source	*sources, *at;	/* the one that is read; or NULL */
	size_t		 n;
	size_t		*heap;		/* sources that go on, the one with the
					 * first name on top */
	size_t		 n_heap;
	uint32_t	 count;		/* of different names */
	uint32_t	 firsts[256];	/* by their first byte */
	struct out	 {
		char		 work[WORK_NAME];
		int		 fd;
		unsigned char	*bytes;
		size_t		 cap, len;
		size_t		 old, new;	/* being written out: from, to */
	}		 pack, index;
	unsigned char	 sum[SHA1_SIZE];	/* of the pack */
};

static void
set_u32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static int
damaged(void)
{
	errno = EBADMSG;
	return -1;
}

/* By names. */

static const unsigned char *
next_name(const struct join *j, size_t i)
{
	return packfile_name(&j->sources[i].file, j->sources[i].next);
}

/* Of the same name, the first source's comes first. */
static bool
is_before(const struct join *j, size_t a, size_t b)
{
	int order = memcmp(next_name(j, a), next_name(j, b), OID_SIZE);

	return order != 0 ? order < 0 : a < b;
}

static void
sink(struct join *j, size_t at)
{
	size_t *heap = j->heap, moved = heap[at], child;

	while ((child = 2 * at + 1) < j->n_heap) {
		if (child + 1 < j->n_heap &&
		    is_before(j, heap[child + 1], heap[child]))
			child++;
		if (!is_before(j, heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

/* `is_new': no earlier source has it. */
typedef void name_fn(struct join *, struct source *, uint32_t place,
	    bool is_new);

/* -1: an index is not in order. */
static int
walk_names(struct join *j, name_fn *fn)
{
	const unsigned char *last = NULL, *name;
	struct source *s;
	size_t i;
	int order;

	j->n_heap = 0;
	for (i = 0; i < j->n; i++) {
		j->sources[i].next = 0;
		if (j->sources[i].file.n > 0)
			j->heap[j->n_heap++] = i;
	}
	for (i = j->n_heap / 2; i-- > 0; )
		sink(j, i);
	while (j->n_heap > 0) {
		s = &j->sources[j->heap[0]];
		name = packfile_name(&s->file, s->next);
		order = last == NULL ? -1 : memcmp(last, name, OID_SIZE);
		if (order > 0) {
			j->at = s;
			return damaged();
		}
		fn(j, s, s->next, order != 0);
		last = name;
		if (++s->next == s->file.n)
			j->heap[0] = j->heap[--j->n_heap];
		if (j->n_heap > 0)
			sink(j, 0);
	}
	return 0;
}

static void
count_name(struct join *j, struct source *s, uint32_t place, bool is_new)
{
	if (!is_new)
		return;
	s->placed[place] = 1;	/* it will be somewhere */
	j->firsts[*packfile_name(&s->file, place)]++;
	j->count++;
}

/* The files. */

/* Room for so many bytes, which are written in place. */
static int
begin_file(const struct join *j, struct out *o, const char *kind, size_t cap)
{
	int error;
	void *p;

	snprintf(o->work, sizeof(o->work), "tmp_%s_%ld", kind, (long)getpid());
	unlinkat(j->dirfd, o->work, 0);
	o->fd = openat(j->dirfd, o->work, O_RDWR | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0444);
	if (o->fd < 0)
		return -1;
	error = posix_fallocate(o->fd, 0, (off_t)cap);
	if (error != 0) {
		errno = error;
		return -1;
	}
	p = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_SHARED, o->fd, 0);
	if (p == MAP_FAILED)
		return -1;
	o->bytes = p;
	o->cap = cap;
	return 0;
}

/* Begins to write what has come, and waits for what had come before.  Whether
 * it is durable is told by end_file(). */
static void
write_out(struct out *o)
{
	if (o->new > o->old)
		sync_file_range(o->fd, (off_t)o->old,
		    (off_t)(o->new - o->old), SYNC_FILE_RANGE_WAIT_BEFORE);
	sync_file_range(o->fd, (off_t)o->new, (off_t)(o->len - o->new),
	    SYNC_FILE_RANGE_WRITE);
	o->old = o->new;
	o->new = o->len;
}

static void
append(struct out *o, const void *p, size_t n)
{
	memcpy(o->bytes + o->len, p, n);
	o->len += n;
	if (o->len - o->new >= STEP)
		write_out(o);
}

static void
append_sum(struct out *o, unsigned char sum[SHA1_SIZE])
{
	hash_sha1(sum, o->bytes, o->len);
	append(o, sum, SHA1_SIZE);
}

static int
end_file(struct out *o)
{
	munmap(o->bytes, o->cap);
	o->bytes = NULL;
	/* not fs_sync(): what fails us here is not the ledger */
	return ftruncate(o->fd, (off_t)o->len) != 0 || fsync(o->fd) != 0 ?
	    -1 : 0;
}

static void
close_file(struct out *o)
{
	if (o->bytes != NULL)
		munmap(o->bytes, o->cap);
	if (o->fd >= 0)
		close(o->fd);
}

/* By offsets. */

struct spot {
	uint32_t	 offset, place;
};

static int
by_offset(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static struct spot *
spots_of(const struct packfile *f)
{
	struct spot *spots = mem_alloc(((size_t)f->n + 1) * sizeof(*spots));
	uint64_t offset;
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		if (!packfile_offset(f, i, &offset) || offset >= JOIN_MOST) {
			free(spots);
			errno = EBADMSG;
			return NULL;
		}
		spots[i] = (struct spot){ (uint32_t)offset, i };
	}
	if (f->n > 1)
		qsort(spots, f->n, sizeof(*spots), by_offset);
	spots[f->n].offset = (uint32_t)(f->pack_len - PACK_TAIL);
	return spots;
}

/* Where an object of a source is in the new pack; 0: it cannot be found. */
static uint32_t
place_of(const struct join *j, const struct source *s, uint32_t place)
{
	const struct source *earlier;
	struct oid oid;
	uint32_t there;

	if (s->placed[place] != 0)
		return s->placed[place];
	memcpy(oid.id, packfile_name(&s->file, place), OID_SIZE);
	for (earlier = j->sources; earlier < s; earlier++)
		if (packfile_find(&earlier->file, &oid, &there) &&
		    earlier->placed[there] != 0)
			return earlier->placed[there];
	return 0;
}

/* How far before it the new pack has what a delta is made from; 0: nowhere. */
static uint64_t
distance_of(const struct join *j, const struct source *s,
    const struct spot *spots, const struct packed *e)
{
	const struct spot key = { .offset = (uint32_t)e->base }, *base;
	uint32_t at;

	base = bsearch(&key, spots, s->file.n, sizeof(*spots), by_offset);
	at = base == NULL ? 0 : place_of(j, s, base->place);
	return at == 0 || at >= j->pack.len ? 0 : j->pack.len - at;
}

static void
change_crc(struct source *s, uint32_t place, uint32_t crc)
{
	uint32_t i;

	if (s->crcs == NULL) {
		s->crcs = mem_grow(NULL, s->file.n, sizeof(*s->crcs));
		for (i = 0; i < s->file.n; i++)
			s->crcs[i] = packfile_crc(&s->file, i);
	}
	s->crcs[place] = crc;
}

/* Head and distance anew, and what is deflated as it is. */
static void
copy_moved(struct join *j, struct source *s, const struct spot *spot,
    const struct packed *e, uint64_t distance)
{
	const unsigned char *p = s->file.pack + spot->offset;
	unsigned char b[PACK_DISTANCE];
	size_t head = 1, start = j->pack.len, n = pack_distance(b, distance);

	while ((p[head - 1] & 0x80) != 0)
		head++;
	append(&j->pack, p, head);
	append(&j->pack, b, n);
	append(&j->pack, s->file.pack + e->at, spot[1].offset - e->at);
	change_crc(s, spot->place, libdeflate_crc32(0, j->pack.bytes + start,
	    j->pack.len - start));
}

static int
copy_entry(struct join *j, struct source *s, const struct spot *spots,
    const struct spot *spot)
{
	const unsigned char *p = s->file.pack + spot->offset;
	size_t n = spot[1].offset - spot->offset;
	uint64_t distance = 0;
	struct packed e;

	if (s->placed[spot->place] == 0)
		return 0;
	if (libdeflate_crc32(0, p, n) != packfile_crc(&s->file,
	    spot->place) || !packfile_entry(&s->file, spot->offset, &e) ||
	    e.at > spot[1].offset)
		return damaged();
	if (e.type == OFS_DELTA) {
		distance = distance_of(j, s, spots, &e);
		if (distance == 0)
			return damaged();
	}
	s->placed[spot->place] = (uint32_t)j->pack.len;
	if (e.type == OFS_DELTA && distance != spot->offset - e.base)
		copy_moved(j, s, spot, &e, distance);
	else
		append(&j->pack, p, n);
	return 0;
}

static int
copy_source(struct join *j, struct source *s)
{
	struct spot *spots = spots_of(&s->file);
	int status = 0;
	uint32_t i;

	if (spots == NULL)
		return -1;
	for (i = 0; i < s->file.n && status == 0; i++)
		status = copy_entry(j, s, spots, &spots[i]);
	free(spots);
	return status;
}

/* A distance that is written anew is no longer than PACK_DISTANCE. */
static size_t
room_for(const struct join *j)
{
	size_t room = PACK_HEAD + PACK_TAIL, i;
	uint64_t names = 0;

	for (i = 0; i < j->n; i++) {
		room += j->sources[i].file.pack_len - PACK_HEAD - PACK_TAIL;
		names += j->sources[i].file.n;
	}
	if (names != j->count)
		room += (size_t)j->count * PACK_DISTANCE;
	return room;
}

static int
make_pack(struct join *j)
{
	size_t room = room_for(j), i;
	unsigned char head[PACK_HEAD] = "PACK\0\0\0\2";
	uint64_t left;

	if (room >= JOIN_MOST) {
		errno = EFBIG;
		return -1;
	}
	/* others need some, too */
	if (fs_free(j->dirfd, &left) != 0 || left / 2 < room) {
		errno = ENOSPC;
		return -1;
	}
	if (begin_file(j, &j->pack, "pack", room) != 0)
		return -1;
	set_u32(head + 8, j->count);
	append(&j->pack, head, sizeof(head));
	for (i = 0; i < j->n; i++) {
		j->at = &j->sources[i];
		if (copy_source(j, j->at) != 0)
			return -1;
	}
	j->at = NULL;
	append_sum(&j->pack, j->sum);
	return end_file(&j->pack);
}

/* The index: names, checksums and offsets, each where they belong. */

static void
index_name(struct join *j, struct source *s, uint32_t place, bool is_new)
{
	unsigned char *names = j->index.bytes + INDEX_HEAD + INDEX_FAN;
	unsigned char *crcs = names + (size_t)j->count * OID_SIZE;
	unsigned char *offsets = crcs + (size_t)j->count * 4;
	size_t at = j->index.len;	/* how many there are by now */

	if (!is_new)
		return;
	memcpy(names + at * OID_SIZE, packfile_name(&s->file, place),
	    OID_SIZE);
	set_u32(crcs + at * 4, s->crcs != NULL ? s->crcs[place] :
	    packfile_crc(&s->file, place));
	set_u32(offsets + at * 4, s->placed[place]);
	j->index.len++;
}

static int
make_index(struct join *j)
{
	static const unsigned char head[INDEX_HEAD] = "\377tOc\0\0\0\2";
	size_t room = INDEX_HEAD + INDEX_FAN + (size_t)j->count * INDEX_EACH +
	    INDEX_TAIL;
	unsigned char sum[SHA1_SIZE];
	uint32_t so_far = 0;
	unsigned i;

	if (begin_file(j, &j->index, "idx", room) != 0 ||
	    walk_names(j, index_name) != 0)
		return -1;
	memcpy(j->index.bytes, head, sizeof(head));
	for (i = 0; i < 256; i++) {
		so_far += j->firsts[i];
		set_u32(j->index.bytes + INDEX_HEAD + (size_t)4 * i, so_far);
	}
	j->index.len = room - INDEX_TAIL;
	append(&j->index, j->sum, sizeof(j->sum));
	append_sum(&j->index, sum);
	return end_file(&j->index);
}

/* The pack first: git takes an index for the sign of a pack. */
static int
publish(const struct join *j, char name[PACK_NAME])
{
	char file[PACK_NAME + 8];
	size_t i, at;

	at = (size_t)snprintf(name, PACK_NAME, "pack-");
	for (i = 0; i < sizeof(j->sum); i++, at += 2)
		snprintf(name + at, PACK_NAME - at, "%02x", j->sum[i]);
	snprintf(file, sizeof(file), "%s.pack", name);
	if (renameat(j->dirfd, j->pack.work, j->dirfd, file) != 0)
		return -1;
	snprintf(file, sizeof(file), "%s.idx", name);
	return renameat(j->dirfd, j->index.work, j->dirfd, file);
}

/* All of it. */

/* The index is as it was written, and for this pack, whose entries it has
 * checksums of. */
static bool
is_whole(const struct packfile *f)
{
	const unsigned char *end = f->index + f->index_len;
	unsigned char sum[SHA1_SIZE];

	hash_sha1(sum, f->index, f->index_len - SHA1_SIZE);
	return memcmp(sum, end - SHA1_SIZE, SHA1_SIZE) == 0 &&
	    memcmp(f->pack + f->pack_len - PACK_TAIL, end - INDEX_TAIL,
	    PACK_TAIL) == 0;
}

static int
open_sources(struct join *j, const struct packdir *d)
{
	struct source *s;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (!d->list[i].merged)
			continue;
		s = j->at = &j->sources[j->n++];
		s->name = d->list[i].name;
		if (!packfile_open(&s->file, j->dirfd, d->list[i].name))
			return -1;
		if (!is_whole(&s->file))
			return damaged();
		s->placed = mem_alloc(((size_t)s->file.n + 1) *
		    sizeof(*s->placed));
	}
	j->at = NULL;
	return 0;
}

static void
close_all(struct join *j)
{
	size_t i;

	for (i = 0; i < j->n; i++) {
		packfile_close(&j->sources[i].file);
		free(j->sources[i].placed);
		free(j->sources[i].crcs);
	}
	free(j->sources);
	free(j->heap);
	close_file(&j->pack);
	close_file(&j->index);
}

/* A byte of a pack that is mapped and cannot be read comes as a signal (mmap(2):
 * SIGBUS); the pack that it is of is the one that was read. */

static struct join *at_work;
static sigjmp_buf unreadable;

static bool
is_within(const void *p, const unsigned char *map, size_t len)
{
	return (uintptr_t)p >= (uintptr_t)map &&
	    (uintptr_t)p - (uintptr_t)map < len;
}

static void
take_fault(int sig, siginfo_t *info, void *context)
{
	struct source *s;

	(void)context;
	for (s = at_work->sources; s < at_work->sources + at_work->n; s++)
		if (is_within(info->si_addr, s->file.index,
		    s->file.index_len) || is_within(info->si_addr,
		    s->file.pack, s->file.pack_len)) {
			at_work->at = s;
			siglongjmp(unreadable, 1);
		}
	signal(sig, SIG_DFL);	/* and once more, to the end */
}

static int
join(struct join *j, const struct packdir *d, char name[PACK_NAME])
{
	int status = open_sources(j, d);

	if (status == 0)
		status = walk_names(j, count_name);
	if (status == 0)
		status = make_pack(j);
	if (status == 0)
		status = make_index(j);
	if (status == 0)
		status = publish(j, name);
	return status;
}

static int
join_or_fault(struct join *j, const struct packdir *d, char name[PACK_NAME])
{
	struct sigaction fault = { .sa_sigaction = take_fault,
	    .sa_flags = SA_SIGINFO }, before;
	int status = -1, saved;

	at_work = j;
	sigaction(SIGBUS, &fault, &before);
	if (sigsetjmp(unreadable, 1) == 0)
		status = join(j, d, name);
	else
		errno = EIO;
	saved = errno;
	sigaction(SIGBUS, &before, NULL);
	at_work = NULL;
	errno = saved;
	return status;
}

int
join_packs(int dirfd, const struct packdir *d, char name[PACK_NAME])
{
	struct join *j = mem_alloc(sizeof(*j));
	int status, saved;

	*j = (struct join){ .dirfd = dirfd, .pack = { .fd = -1 },
	    .index = { .fd = -1 } };
	j->sources = mem_alloc((d->n + 1) * sizeof(*j->sources));
	j->heap = mem_alloc((d->n + 1) * sizeof(*j->heap));
	status = join_or_fault(j, d, name);
	saved = errno;
	if (status != 0) {
		snprintf(name, PACK_NAME, "%s", j->at == NULL ? "" :
		    j->at->name);
		join_clear(dirfd, (long)getpid());
	}
	close_all(j);
	free(j);
	errno = saved;
	return status;
}

void
join_clear(int dirfd, long pid)
{
	static const char *const kinds[] = { "pack", "idx" };
	char work[WORK_NAME];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(work, sizeof(work), "tmp_%s_%ld", kinds[i], pid);
		unlinkat(dirfd, work, 0);
	}
}
