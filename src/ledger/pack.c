/*
 * pack: a group's objects, written as one pack with its index.
 *
 * May not: read an object back; name one (ledger.c does, by libgit2).
 * Fatal: no memory to deflate with.
 */
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "hash.h"
#include "log.h"

#include "pack.h"
#include "packfile.h"

/* Deltas on deltas; git's own default. */
#define DEPTH_MAX 50

#define OFS_DELTA 6

/* How objects are deflated: at level 1 libdeflate takes half of zlib's time for
 * what is as short as this, and the same space.  A short delta is ids of
 * objects, which cannot become shorter. */
enum deflater { STORE, DEFLATE, DEFLATERS };
static const int levels[DEFLATERS] = { 0, 1 };

#define SHORT_DELTA 128

struct entry {
	struct oid	 oid;
	uint32_t	 crc;
	uint64_t	 offset;
	unsigned	 depth;
};

struct pack {
	uint64_t	 id;		/* a new one at each reset */
	struct buf	 data;
	struct entry	*entries;
	size_t		 n, cap;
	uint32_t	*slots;		/* entry + 1 by the oid's first bytes */
	size_t		 n_slots;
	struct libdeflate_compressor *deflaters[DEFLATERS];
};

static void
put_u32(struct buf *out, uint32_t v)
{
	const unsigned char b[4] = {
		(unsigned char)(v >> 24), (unsigned char)(v >> 16),
		(unsigned char)(v >> 8), (unsigned char)v,
	};

	buf_put(out, b, 4);
}

static void
begin(struct pack *p)
{
	static uint64_t id;

	p->id = ++id;
	buf_clear(&p->data);
	buf_puts(&p->data, "PACK");
	put_u32(&p->data, 2);
	put_u32(&p->data, 0);	/* the count, when it is known */
	p->n = 0;
}

static void
open_deflaters(struct pack *p)
{
	size_t i;

	for (i = 0; i < DEFLATERS; i++) {
		p->deflaters[i] = libdeflate_alloc_compressor(levels[i]);
		if (p->deflaters[i] == NULL)
			fatal("out of memory");
	}
}

struct pack *
pack_new(void)
{
	struct pack *p = mem_alloc(sizeof(*p));

	open_deflaters(p);
	begin(p);
	return p;
}

void
pack_free(struct pack *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < DEFLATERS; i++)
		libdeflate_free_compressor(p->deflaters[i]);
	buf_free(&p->data);
	free(p->entries);
	free(p->slots);
	free(p);
}

void
pack_reset(struct pack *p)
{
	if (p->n_slots > 0)
		memset(p->slots, 0, p->n_slots * sizeof(*p->slots));
	begin(p);
}

size_t
pack_count(const struct pack *p)
{
	return p->n;
}

size_t
pack_bytes(const struct pack *p)
{
	return p->data.len;
}

/* The slot of an oid, or the free one for it.  Object names are hashes: their
 * own bytes will do. */
static size_t
slot_of(const struct pack *p, const struct oid *oid)
{
	size_t mask = p->n_slots - 1, at;

	memcpy(&at, oid->id, sizeof(at));
	for (at &= mask; p->slots[at] != 0; at = (at + 1) & mask)
		if (memcmp(&p->entries[p->slots[at] - 1].oid, oid,
		    sizeof(*oid)) == 0)
			break;
	return at;
}

static const struct entry *
find(const struct pack *p, const struct oid *oid)
{
	size_t at;

	if (p->n == 0)
		return NULL;
	at = slot_of(p, oid);
	return p->slots[at] == 0 ? NULL : &p->entries[p->slots[at] - 1];
}

bool
pack_has(const struct pack *p, const struct oid *oid)
{
	return find(p, oid) != NULL;
}

static void
grow(struct pack *p)
{
	size_t i;

	p->cap = p->cap == 0 ? 256 : p->cap * 2;
	p->entries = mem_grow(p->entries, p->cap, sizeof(*p->entries));
	p->n_slots = p->cap * 2;
	free(p->slots);
	p->slots = mem_alloc(p->n_slots * sizeof(*p->slots));
	for (i = 0; i < p->n; i++)
		p->slots[slot_of(p, &p->entries[i].oid)] = (uint32_t)i + 1;
}

/* Type and size: four bits of size in the first byte, seven in each after
 * it, lowest first. */
static void
put_header(struct buf *out, unsigned type, size_t size)
{
	unsigned c = type << 4 | (size & 15);

	for (size >>= 4; size > 0; size >>= 7) {
		buf_putc(out, (char)(c | 0x80));
		c = size & 0x7f;
	}
	buf_putc(out, (char)c);
}

/* Seven bits a byte, highest first, and one is added at each step. */
size_t
pack_distance(unsigned char to[PACK_DISTANCE], uint64_t distance)
{
	unsigned char b[PACK_DISTANCE];
	size_t i = sizeof(b);

	b[--i] = distance & 0x7f;
	while ((distance >>= 7) > 0)
		b[--i] = 0x80 | (--distance & 0x7f);
	memcpy(to, b + i, sizeof(b) - i);
	return sizeof(b) - i;
}

static void
put_distance(struct buf *out, uint64_t distance)
{
	unsigned char b[PACK_DISTANCE];

	buf_put(out, b, pack_distance(b, distance));
}

static void
put_deflated(struct pack *p, enum deflater which, const void *data, size_t n)
{
	struct libdeflate_compressor *c = p->deflaters[which];
	size_t bound = libdeflate_zlib_compress_bound(c, n), made;

	buf_reserve(&p->data, bound);
	made = libdeflate_zlib_compress(c, data, n,
	    p->data.data + p->data.len, bound);
	if (made == 0)
		bug("deflate");
	p->data.len += made;
}

static void
end_entry(struct pack *p, const struct oid *oid, uint64_t offset,
    unsigned depth, struct pack_place *place)
{
	if (p->n == p->cap)
		grow(p);
	p->slots[slot_of(p, oid)] = (uint32_t)p->n + 1;
	p->entries[p->n++] = (struct entry){
		.oid = *oid,
		.crc = libdeflate_crc32(0, p->data.data + offset,
		    p->data.len - offset),
		.offset = offset,
		.depth = depth,
	};
	if (place != NULL)
		*place = (struct pack_place){ p->id, offset, depth };
}

/* True if it is there; place is set then. */
static bool
is_there(const struct pack *p, const struct oid *oid,
    struct pack_place *place)
{
	const struct entry *e = find(p, oid);

	if (e != NULL && place != NULL)
		*place = (struct pack_place){ p->id, e->offset, e->depth };
	return e != NULL;
}

void
pack_add(struct pack *p, enum object type, const struct oid *oid,
    const void *data, size_t n, struct pack_place *place)
{
	uint64_t offset = p->data.len;

	if (is_there(p, oid, place))
		return;
	put_header(&p->data, type, n);
	put_deflated(p, DEFLATE, data, n);
	end_entry(p, oid, offset, 0, place);
}

/* Sizes at the head of a delta: seven bits a byte, lowest first. */
static void
put_size(struct buf *out, size_t size)
{
	for (; size > 0x7f; size >>= 7)
		buf_putc(out, (char)(0x80 | (size & 0x7f)));
	buf_putc(out, (char)size);
}

static void
put_copy(struct buf *delta, size_t offset, size_t n)
{
	unsigned char op[8];
	size_t step, at, i;

	for (; n > 0; n -= step, offset += step) {
		step = n > 0xffff ? 0xffff : n;
		op[0] = 0x80;
		at = 1;
		for (i = 0; i < 4; i++)
			if ((offset >> (8 * i) & 0xff) != 0) {
				op[0] |= (unsigned char)(1u << i);
				op[at++] = (offset >> (8 * i)) & 0xff;
			}
		for (i = 0; i < 2; i++)
			if ((step >> (8 * i) & 0xff) != 0) {
				op[0] |= (unsigned char)(0x10u << i);
				op[at++] = (step >> (8 * i)) & 0xff;
			}
		buf_put(delta, op, at);
	}
}

static void
put_insert(struct buf *delta, const char *data, size_t n)
{
	size_t step;

	for (; n > 0; n -= step, data += step) {
		step = n > 0x7f ? 0x7f : n;
		buf_putc(delta, (char)step);
		buf_put(delta, data, step);
	}
}

/* What both begin with, and what both end with beyond that, is copied. */
static void
make_delta(struct buf *delta, const struct buf *from, const struct buf *to)
{
	size_t least = from->len < to->len ? from->len : to->len;
	size_t head = 0, tail = 0;

	while (head < least && from->data[head] == to->data[head])
		head++;
	while (tail < least - head && from->data[from->len - 1 - tail] ==
	    to->data[to->len - 1 - tail])
		tail++;
	put_size(delta, from->len);
	put_size(delta, to->len);
	put_copy(delta, 0, head);
	put_insert(delta, to->data + head, to->len - head - tail);
	put_copy(delta, from->len - tail, tail);
}

void
pack_add_tree(struct pack *p, const struct oid *oid, const struct buf *raw,
    const struct buf *last, struct pack_place *place)
{
	uint64_t offset = p->data.len;
	struct buf delta = BUF_INIT;

	if (is_there(p, oid, place))
		return;
	if (place->pack == p->id && place->depth < DEPTH_MAX &&
	    last->len > 0 && raw->len > 0)
		make_delta(&delta, last, raw);
	if (delta.len > 0 && delta.len < raw->len / 2) {
		put_header(&p->data, OFS_DELTA, delta.len);
		put_distance(&p->data, offset - place->offset);
		put_deflated(p, delta.len <= SHORT_DELTA ? STORE : DEFLATE,
		    delta.data, delta.len);
		end_entry(p, oid, offset, place->depth + 1, place);
	} else {
		put_header(&p->data, OBJECT_TREE, raw->len);
		put_deflated(p, DEFLATE, buf_str(raw), raw->len);
		end_entry(p, oid, offset, 0, place);
	}
	buf_free(&delta);
}

/* Writing. */

static int
by_oid(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(&x->oid, &y->oid, sizeof(x->oid));
}

/* The index: where each object lies, by its name. */
static void
make_index(struct pack *p, const unsigned char *pack_sum, struct buf *idx)
{
	unsigned char sum[SHA1_SIZE];
	size_t i, k = 0;

	if (p->n > 1)
		qsort(p->entries, p->n, sizeof(*p->entries), by_oid);
	buf_put(idx, "\377tOc", 4);
	put_u32(idx, 2);
	for (i = 0; i < 256; i++) {
		while (k < p->n && p->entries[k].oid.id[0] <= i)
			k++;
		put_u32(idx, (uint32_t)k);
	}
	for (i = 0; i < p->n; i++)
		buf_put(idx, &p->entries[i].oid, OID_SIZE);
	for (i = 0; i < p->n; i++)
		put_u32(idx, p->entries[i].crc);
	for (i = 0; i < p->n; i++)
		put_u32(idx, (uint32_t)p->entries[i].offset);
	buf_put(idx, pack_sum, SHA1_SIZE);
	hash_sha1(sum, idx->data, idx->len);
	buf_put(idx, sum, SHA1_SIZE);
}

static void
close_kept(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

/* The descriptor, to be synced; -1. */
static int
write_file(int dirfd, const char *name, const struct buf *data)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0444);

	if (fd < 0 || fs_write(fd, data->data, data->len) == 0)
		return fd;
	close_kept(fd);
	return -1;
}

/* Both are written before the disk is waited for. */
static int
write_both(int dirfd, const char *pack_name, const struct buf *pack,
    const char *idx_name, const struct buf *idx)
{
	int first = write_file(dirfd, pack_name, pack), status = -1;
	int second = first < 0 ? -1 : write_file(dirfd, idx_name, idx);

	if (second >= 0) {
		fs_sync_soon(first);
		fs_sync_soon(second);
		if (fs_sync(first) == 0 && fs_sync(second) == 0)
			status = 0;
	}
	close_kept(second);
	close_kept(first);
	return status;
}

/* The pack first: git takes an index for the sign of a pack. */
static int
publish(int dirfd, const char *id, const struct buf *pack,
    const struct buf *idx)
{
	static const char pack_work[] = "tmp_docket.pack";
	static const char idx_work[] = "tmp_docket.idx";
	char pack_name[64], idx_name[64];

	snprintf(pack_name, sizeof(pack_name), "pack-%s.pack", id);
	snprintf(idx_name, sizeof(idx_name), "pack-%s.idx", id);
	unlinkat(dirfd, pack_work, 0);
	unlinkat(dirfd, idx_work, 0);
	if (write_both(dirfd, pack_work, pack, idx_work, idx) != 0 ||
	    renameat(dirfd, pack_work, dirfd, pack_name) != 0 ||
	    renameat(dirfd, idx_work, dirfd, idx_name) != 0)
		return -1;
	return fs_sync_dir(dirfd);
}

int
pack_write(struct pack *p, int dirfd)
{
	unsigned char sum[SHA1_SIZE];
	char id[2 * SHA1_SIZE + 1];
	struct buf idx = BUF_INIT;
	int status;
	size_t i;

	if (p->data.len > INT_MAX)
		bug("pack too large");
	for (i = 0; i < 4; i++)
		p->data.data[8 + i] = (char)(p->n >> (24 - 8 * i));
	hash_sha1(sum, p->data.data, p->data.len);
	buf_put(&p->data, sum, SHA1_SIZE);
	make_index(p, sum, &idx);
	for (i = 0; i < SHA1_SIZE; i++)
		snprintf(id + 2 * i, 3, "%02x", sum[i]);
	status = publish(dirfd, id, &p->data, &idx);
	buf_free(&idx);
	return status;
}
