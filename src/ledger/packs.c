/*
 * packs: objects read straight out of a repository's packs.
 *
 * May not: write; believe a byte of a pack or of its index.
 * Not ours to tell: what is wrong with a pack; whoever asks turns to libgit2.
 * Fatal: no memory to inflate with.
 */
#include <dirent.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"

#include "packs.h"

#define OFS_DELTA 6
#define REF_DELTA 7

/* An index: a head, 256 counts, so many names, checksums, offsets, and two
 * checksums. */
#define INDEX_HEAD 8
#define INDEX_FAN (256 * 4)
#define INDEX_EACH (OID_SIZE + 4 + 4)
#define INDEX_TAIL (2 * OID_SIZE)

#define PACK_HEAD 12
#define PACK_TAIL OID_SIZE

/* What is left to libgit2: larger objects, and longer chains of deltas. */
#define SIZE_MOST (64u * 1024 * 1024)
#define DEPTH_MOST 256

/* Objects kept that others are deltas against, and bytes of each. */
#define BASES 1024
#define BASE_MOST (32u * 1024)

struct packfile {
	const unsigned char *index, *pack;
	size_t		 index_len, pack_len;
	uint32_t	 n;
};

/* An object that was needed for another. */
struct base {
	const struct packfile *file;	/* NULL: none is kept */
	uint64_t	 offset;
	enum object	 type;
	struct buf	 bytes;
};

struct packs {
	struct packfile	*files;
	bool		 lent;
	size_t		 n, last;	/* where the last was found */
	struct libdeflate_decompressor *inflater;
	struct base	 bases[BASES];
	struct buf	 delta, made[2];
};

/* An entry of a pack, by its head. */
struct entry {
	unsigned	 type;		/* an enum object, or a delta's */
	size_t		 size;		/* inflated */
	uint64_t	 base;		/* of a delta: its offset */
	uint64_t	 at;		/* where what is deflated begins */
};

static uint32_t
get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Opening. */

static const unsigned char *
map_file(int dir, const char *name, size_t *len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	void *p = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		*len = (size_t)st.st_size;
		p = mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, 0);
	}
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static void
unmap(const unsigned char *p, size_t len)
{
	if (p != NULL)
		munmap((void *)(uintptr_t)p, len);
}

static uint32_t
fan(const struct packfile *f, unsigned first)
{
	return get_u32(f->index + INDEX_HEAD + 4 * first);
}

/* What is read of them later is within them. */
static bool
is_sound(struct packfile *f)
{
	static const unsigned char head[INDEX_HEAD] = "\377tOc\0\0\0\2";
	static const unsigned char pack_head[8] = "PACK\0\0\0\2";
	unsigned i;

	if (f->index_len < INDEX_HEAD + INDEX_FAN + INDEX_TAIL ||
	    memcmp(f->index, head, sizeof(head)) != 0 ||
	    f->pack_len < PACK_HEAD + PACK_TAIL ||
	    memcmp(f->pack, pack_head, sizeof(pack_head)) != 0)
		return false;
	for (i = 1; i < 256; i++)
		if (fan(f, i) < fan(f, i - 1))
			return false;
	f->n = fan(f, 255);
	return (f->index_len - INDEX_HEAD - INDEX_FAN - INDEX_TAIL) /
	    INDEX_EACH >= f->n && get_u32(f->pack + 8) == f->n;
}

static void
close_file(struct packfile *f)
{
	unmap(f->index, f->index_len);
	unmap(f->pack, f->pack_len);
}

static void
open_file(struct packs *p, int dir, const char *name, size_t stem)
{
	struct buf pack = BUF_INIT;
	struct packfile f = { NULL, NULL, 0, 0, 0 };

	buf_put(&pack, name, stem);
	buf_puts(&pack, ".pack");
	f.index = map_file(dir, name, &f.index_len);
	f.pack = map_file(dir, buf_str(&pack), &f.pack_len);
	buf_free(&pack);
	if (f.index == NULL || f.pack == NULL || !is_sound(&f)) {
		close_file(&f);
		return;
	}
	p->files = mem_grow(p->files, p->n + 1, sizeof(*p->files));
	p->files[p->n++] = f;
}

static struct packs *
new(void)
{
	struct packs *p = mem_alloc(sizeof(*p));

	p->inflater = libdeflate_alloc_decompressor();
	if (p->inflater == NULL)
		fatal("out of memory");
	return p;
}

struct packs *
packs_share(const struct packs *other)
{
	struct packs *p = new();

	p->files = other->files;
	p->n = other->n;
	p->lent = true;
	return p;
}

struct packs *
packs_open(const char *repository)
{
	struct packs *p = new();
	struct buf path = BUF_INIT;
	const struct dirent *e;
	const char *end;
	DIR *dir;

	buf_putf(&path, "%s/objects/pack", repository);
	dir = opendir(buf_str(&path));
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		end = strrchr(e->d_name, '.');
		if (end != NULL && strcmp(end, ".idx") == 0)
			open_file(p, dirfd(dir), e->d_name,
			    (size_t)(end - e->d_name));
	}
	if (dir != NULL)
		closedir(dir);
	buf_free(&path);
	return p;
}

void
packs_close(struct packs *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n && !p->lent; i++)
		close_file(&p->files[i]);
	for (i = 0; i < BASES; i++)
		buf_free(&p->bases[i].bytes);
	buf_free(&p->delta);
	buf_free(&p->made[0]);
	buf_free(&p->made[1]);
	libdeflate_free_decompressor(p->inflater);
	if (!p->lent)
		free(p->files);
	free(p);
}

/* Looking up. */

/* Names are spread evenly: where one is can be guessed, a few times; then
 * halving takes over. */
static uint32_t
guess(uint32_t low, uint32_t high, uint32_t from, uint32_t to, uint32_t name)
{
	uint64_t span = (uint64_t)to - from + 1;

	if (name < from || name > to)
		return low + (high - low) / 2;
	return low + (uint32_t)((uint64_t)(high - low) * (name - from) /
	    span);
}

/* The place of a name in the index. */
static bool
find_name(const struct packfile *f, const struct oid *oid, uint32_t *place)
{
	const unsigned char *names = f->index + INDEX_HEAD + INDEX_FAN, *at;
	uint32_t low = oid->id[0] == 0 ? 0 : fan(f, oid->id[0] - 1u);
	uint32_t high = fan(f, oid->id[0]), mid, name = get_u32(oid->id);
	uint32_t from = (uint32_t)oid->id[0] << 24, to = from | 0xffffff;
	unsigned steps = 0;
	int order;

	while (low < high) {
		mid = steps++ < 4 ? guess(low, high, from, to, name) :
		    low + (high - low) / 2;
		at = names + (size_t)mid * OID_SIZE;
		order = memcmp(oid->id, at, OID_SIZE);
		if (order == 0) {
			*place = mid;
			return true;
		}
		if (order < 0) {
			high = mid;
			to = get_u32(at);
		} else {
			low = mid + 1;
			from = get_u32(at);
		}
	}
	return false;
}

/* False too for an offset that is not within the pack. */
static bool
find_offset(const struct packfile *f, const struct oid *oid, uint64_t *offset)
{
	const unsigned char *offsets = f->index + INDEX_HEAD + INDEX_FAN +
	    (size_t)f->n * (OID_SIZE + 4);
	const unsigned char *large = offsets + (size_t)f->n * 4;
	size_t n_large = (f->index_len - (size_t)(large - f->index) -
	    INDEX_TAIL) / 8;
	uint32_t place;

	if (!find_name(f, oid, &place))
		return false;
	*offset = get_u32(offsets + (size_t)place * 4);
	if (*offset >> 31 == 1) {
		place = (uint32_t)*offset & 0x7fffffff;
		if (place >= n_large)
			return false;
		large += (size_t)place * 8;
		*offset = (uint64_t)get_u32(large) << 32 | get_u32(large + 4);
	}
	return *offset >= PACK_HEAD && *offset < f->pack_len - PACK_TAIL;
}

/* Entries. */

/* The type, and the size in groups of seven bits. */
static bool
get_head(const struct packfile *f, uint64_t offset, struct entry *e)
{
	const size_t end = f->pack_len - PACK_TAIL;
	unsigned char c = f->pack[offset++];
	unsigned shift = 4;

	e->type = c >> 4 & 7;
	e->size = c & 15;
	for (; (c & 0x80) != 0; shift += 7) {
		if (offset >= end || shift > 25)
			return false;
		c = f->pack[offset++];
		e->size |= (size_t)(c & 0x7f) << shift;
	}
	e->at = offset;
	return e->size <= SIZE_MOST;
}

/* How far before it the base is: seven bits at a time, each group but the
 * last counting one more. */
static bool
get_distance(const struct packfile *f, uint64_t offset, struct entry *e)
{
	const size_t end = f->pack_len - PACK_TAIL;
	uint64_t distance = 0;
	unsigned char c;

	do {
		if (e->at >= end || distance >> 48 != 0)
			return false;
		c = f->pack[e->at++];
		distance = distance << 7 | (c & 0x7f);
		if ((c & 0x80) != 0)
			distance++;
	} while ((c & 0x80) != 0);
	if (distance == 0 || distance > offset - PACK_HEAD)
		return false;
	e->base = offset - distance;
	return true;
}

static bool
get_base(const struct packfile *f, struct entry *e)
{
	const size_t end = f->pack_len - PACK_TAIL;
	struct oid oid;

	if (end - e->at < OID_SIZE)
		return false;
	memcpy(oid.id, f->pack + e->at, OID_SIZE);
	e->at += OID_SIZE;
	return find_offset(f, &oid, &e->base);
}

static bool
get_entry(const struct packfile *f, uint64_t offset, struct entry *e)
{
	if (!get_head(f, offset, e))
		return false;
	switch (e->type) {
	case OBJECT_COMMIT:
	case OBJECT_TREE:
	case OBJECT_BLOB:
		return true;
	case OFS_DELTA:
		return get_distance(f, offset, e);
	case REF_DELTA:
		return get_base(f, e);
	default:
		return false;
	}
}

/* Appends what is deflated there: as much as its head says, or it is wrong. */
static bool
inflate_entry(struct packs *p, const struct packfile *f,
    const struct entry *e, struct buf *out)
{
	size_t left = f->pack_len - PACK_TAIL - e->at, used;

	buf_reserve(out, e->size);
	if (libdeflate_zlib_decompress_ex(p->inflater, f->pack + e->at, left,
	    out->data + out->len, e->size, &used, NULL) !=
	    LIBDEFLATE_SUCCESS)
		return false;
	out->len += e->size;
	out->data[out->len] = '\0';
	return true;
}

/* Deltas. */

static bool
get_size(const unsigned char **p, const unsigned char *end, size_t *size)
{
	unsigned shift = 0;
	unsigned char c;

	*size = 0;
	do {
		if (*p == end || shift > 28)
			return false;
		c = *(*p)++;
		*size |= (size_t)(c & 0x7f) << shift;
		shift += 7;
	} while ((c & 0x80) != 0);
	return true;
}

/* The offset and size of a copy: of each only those bytes that are not 0. */
static bool
get_copy(const unsigned char **p, const unsigned char *end, unsigned op,
    size_t *at, size_t *n)
{
	size_t value[2] = { 0, 0 };
	unsigned i;

	for (i = 0; i < 7; i++) {
		if ((op >> i & 1) == 0)
			continue;
		if (*p == end)
			return false;
		value[i / 4] |= (size_t)*(*p)++ << 8 * (i % 4);
	}
	*at = value[0];
	*n = value[1] == 0 ? 0x10000 : value[1];
	return true;
}

/* Appends what a delta makes of its base. */
static bool
apply(const struct buf *base, const struct buf *delta, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)buf_str(delta);
	const unsigned char *end = p + delta->len;
	size_t from, to, at, n, start = out->len;
	unsigned op;

	if (!get_size(&p, end, &from) || from != base->len ||
	    !get_size(&p, end, &to) || to > SIZE_MOST)
		return false;
	buf_reserve(out, to);
	while (p < end) {
		op = *p++;
		if ((op & 0x80) != 0) {
			if (!get_copy(&p, end, op, &at, &n) ||
			    at > base->len || n > base->len - at ||
			    n > to - (out->len - start))
				return false;
			buf_put(out, base->data + at, n);
		} else {
			n = op;
			if (n == 0 || n > (size_t)(end - p) ||
			    n > to - (out->len - start))
				return false;
			buf_put(out, p, n);
			p += n;
		}
	}
	return out->len - start == to;
}

static struct base *
base_of(struct packs *p, const struct packfile *f, uint64_t offset)
{
	uint64_t at = (offset + (uint64_t)(f - p->files)) *
	    0x9e3779b97f4a7c15u;

	return &p->bases[at >> 54];
}

/* Keeps what another is made of, if it is not too much, and gives the buffer
 * another memory.  Returns where the bytes are now. */
static const struct buf *
keep(struct packs *p, const struct packfile *f, uint64_t offset,
    enum object type, struct buf *bytes)
{
	struct base *b = base_of(p, f, offset);
	struct buf former = b->bytes;

	if (bytes->len > BASE_MOST)
		return bytes;
	*b = (struct base){ f, offset, type, *bytes };
	*bytes = former;
	return &b->bytes;
}

/* The way down from an object to what is no delta, or is kept. */
struct chain {
	struct entry	 entries[DEPTH_MOST];
	uint64_t	 offsets[DEPTH_MOST];
	unsigned	 n;
	const struct base *kept;	/* NULL: the last entry is whole */
};

static bool
go_down(struct packs *p, const struct packfile *f, uint64_t offset,
    struct chain *c)
{
	const struct base *b;
	struct entry *e;

	c->kept = NULL;
	for (c->n = 0; c->n < DEPTH_MOST; offset = e->base) {
		b = base_of(p, f, offset);
		if (b->file == f && b->offset == offset) {
			c->kept = b;
			return true;
		}
		e = &c->entries[c->n];
		c->offsets[c->n++] = offset;
		if (!get_entry(f, offset, e))
			return false;
		if (e->type != OFS_DELTA && e->type != REF_DELTA)
			return true;
	}
	return false;
}

/* The deltas, up again, upon `base'. */
static bool
go_up(struct packs *p, const struct packfile *f, struct chain *c,
    enum object type, const struct buf *base, struct buf *out)
{
	struct buf *made = &p->made[1];

	while (c->n-- > 0) {
		buf_clear(&p->delta);
		if (!inflate_entry(p, f, &c->entries[c->n], &p->delta))
			return false;
		if (c->n == 0)
			return apply(base, &p->delta, out);
		buf_clear(made);
		if (!apply(base, &p->delta, made))
			return false;
		base = keep(p, f, c->offsets[c->n], type, made);
		made = base == &p->made[1] ? &p->made[0] : &p->made[1];
	}
	buf_put(out, buf_str(base), base->len);
	return true;
}

/* From what is whole. */
static bool
rise(struct packs *p, const struct packfile *f, struct chain *c,
    enum object *type, struct buf *out)
{
	struct buf *made = &p->made[0];
	const struct entry *e;

	if (c->kept != NULL) {
		*type = c->kept->type;
		return go_up(p, f, c, *type, &c->kept->bytes, out);
	}
	e = &c->entries[--c->n];
	*type = (enum object)e->type;
	if (c->n == 0)
		return inflate_entry(p, f, e, out);
	buf_clear(made);
	return inflate_entry(p, f, e, made) && go_up(p, f, c, *type,
	    keep(p, f, c->offsets[c->n], *type, made), out);
}

static bool
read_at(struct packs *p, const struct packfile *f, uint64_t offset,
    enum object *type, struct buf *out)
{
	size_t before = out->len;
	struct chain chain;

	if (go_down(p, f, offset, &chain) && rise(p, f, &chain, type, out))
		return true;
	if (out->data != NULL)
		buf_cut(out, before);
	return false;
}

bool
packs_read(struct packs *p, const struct oid *oid, enum object *type,
    struct buf *out)
{
	uint64_t offset;
	size_t i, k;

	for (i = 0; i < p->n; i++) {
		k = (p->last + i) % p->n;
		if (!find_offset(&p->files[k], oid, &offset))
			continue;
		p->last = k;
		return read_at(p, &p->files[k], offset, type, out);
	}
	return false;
}
