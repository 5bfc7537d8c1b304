/*
 * packs: objects read straight out of a repository's packs.
 *
 * May not: write; believe what a delta says.
 * Not ours to tell: what is wrong with a pack; whoever asks turns to libgit2.
 * Fatal: no memory to inflate with.
 */
#include <dirent.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"

#include "packfile.h"
#include "packs.h"

/* What is left to libgit2: larger objects, and longer chains of deltas. */
#define SIZE_MOST (64u * 1024 * 1024)
#define DEPTH_MOST 256

/* Objects kept that others are deltas against, and bytes of each. */
#define BASES 1024
#define BASE_MOST (32u * 1024)

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

/* Opening. */

static void
open_file(struct packs *p, int dir, const char *name)
{
	struct packfile f;

	if (!packfile_open(&f, dir, name)) {
		packfile_close(&f);
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
	struct dirent *e;
	char *end;
	DIR *dir;

	buf_putf(&path, "%s/objects/pack", repository);
	dir = opendir(buf_str(&path));
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		end = strrchr(e->d_name, '.');
		if (end == NULL || strcmp(end, ".idx") != 0)
			continue;
		*end = '\0';
		open_file(p, dirfd(dir), e->d_name);
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
		packfile_close(&p->files[i]);
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

/* Appends what is deflated there: as much as its head says, or it is wrong. */
static bool
inflate_entry(struct packs *p, const struct packfile *f,
    const struct packed *e, struct buf *out)
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
	struct packed	 entries[DEPTH_MOST];
	uint64_t	 offsets[DEPTH_MOST];
	unsigned	 n;
	const struct base *kept;	/* NULL: the last entry is whole */
};

static bool
go_down(struct packs *p, const struct packfile *f, uint64_t offset,
    struct chain *c)
{
	const struct base *b;
	struct packed *e;

	c->kept = NULL;
	for (c->n = 0; c->n < DEPTH_MOST; offset = e->base) {
		b = base_of(p, f, offset);
		if (b->file == f && b->offset == offset) {
			c->kept = b;
			return true;
		}
		e = &c->entries[c->n];
		c->offsets[c->n++] = offset;
		if (!packfile_entry(f, offset, e) || e->size > SIZE_MOST)
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
	const struct packed *e;

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
	uint32_t place;
	size_t i, k;

	for (i = 0; i < p->n; i++) {
		k = (p->last + i) % p->n;
		if (!packfile_find(&p->files[k], oid, &place) ||
		    !packfile_offset(&p->files[k], place, &offset))
			continue;
		p->last = k;
		return read_at(p, &p->files[k], offset, type, out);
	}
	return false;
}
