/*
 * packfile: a pack and its index, mapped and read in place.
 *
 * May not: write; believe a byte of a pack or of its index.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

#include "packfile.h"

static uint32_t
get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Opening. */

static const unsigned char *
map_file(int dirfd, const char *name, const char *suffix, size_t *len)
{
	struct buf path = BUF_INIT;
	void *p = MAP_FAILED;
	struct stat st;
	int fd;

	buf_putf(&path, "%s%s", name, suffix);
	fd = openat(dirfd, buf_str(&path), O_RDONLY | O_CLOEXEC);
	buf_free(&path);
	if (fd < 0)
		return NULL;
	errno = EBADMSG;
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
	return get_u32(f->index + INDEX_HEAD + (size_t)4 * first);
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

bool
packfile_open(struct packfile *f, int dirfd, const char *name)
{
	*f = (struct packfile){ NULL, NULL, 0, 0, 0 };
	f->index = map_file(dirfd, name, ".idx", &f->index_len);
	if (f->index != NULL)
		f->pack = map_file(dirfd, name, ".pack", &f->pack_len);
	if (f->pack == NULL)
		return false;
	errno = EBADMSG;
	return is_sound(f);
}

void
packfile_close(struct packfile *f)
{
	unmap(f->index, f->index_len);
	unmap(f->pack, f->pack_len);
	*f = (struct packfile){ NULL, NULL, 0, 0, 0 };
}

/* Looking up. */

static const unsigned char *
names(const struct packfile *f)
{
	return f->index + INDEX_HEAD + INDEX_FAN;
}

static const unsigned char *
crcs(const struct packfile *f)
{
	return names(f) + (size_t)f->n * OID_SIZE;
}

static const unsigned char *
offsets(const struct packfile *f)
{
	return crcs(f) + (size_t)f->n * 4;
}

const unsigned char *
packfile_name(const struct packfile *f, uint32_t place)
{
	return names(f) + (size_t)place * OID_SIZE;
}

uint32_t
packfile_crc(const struct packfile *f, uint32_t place)
{
	return get_u32(crcs(f) + (size_t)place * 4);
}

bool
packfile_offset(const struct packfile *f, uint32_t place, uint64_t *offset)
{
	const unsigned char *large = offsets(f) + (size_t)f->n * 4;
	size_t n_large = (f->index_len - (size_t)(large - f->index) -
	    INDEX_TAIL) / 8;

	*offset = get_u32(offsets(f) + (size_t)place * 4);
	if (*offset >> 31 == 1) {
		place = (uint32_t)*offset & 0x7fffffff;
		if (place >= n_large)
			return false;
		large += (size_t)place * 8;
		*offset = (uint64_t)get_u32(large) << 32 | get_u32(large + 4);
	}
	return *offset >= PACK_HEAD && *offset < f->pack_len - PACK_TAIL;
}

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

bool
packfile_find(const struct packfile *f, const struct oid *oid, uint32_t *place)
{
	const unsigned char *at;
	uint32_t low = oid->id[0] == 0 ? 0 : fan(f, oid->id[0] - 1u);
	uint32_t high = fan(f, oid->id[0]), mid, name = get_u32(oid->id);
	uint32_t from = (uint32_t)oid->id[0] << 24, to = from | 0xffffff;
	unsigned steps = 0;
	int order;

	while (low < high) {
		mid = steps++ < 4 ? guess(low, high, from, to, name) :
		    low + (high - low) / 2;
		at = packfile_name(f, mid);
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

/* Entries. */

/* The type, and the size in groups of seven bits. */
static bool
get_head(const struct packfile *f, uint64_t offset, struct packed *e)
{
	const size_t end = f->pack_len - PACK_TAIL;
	unsigned char c = f->pack[offset++];
	unsigned shift = 4;

	e->type = c >> 4 & 7;
	e->size = c & 15;
	for (; (c & 0x80) != 0; shift += 7) {
		if (offset >= end || shift > 53)
			return false;
		c = f->pack[offset++];
		e->size |= (uint64_t)(c & 0x7f) << shift;
	}
	e->at = offset;
	return true;
}

/* How far before it the base is: seven bits at a time, each group but the
 * last counting one more. */
static bool
get_distance(const struct packfile *f, uint64_t offset, struct packed *e)
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
get_base(const struct packfile *f, struct packed *e)
{
	const size_t end = f->pack_len - PACK_TAIL;
	struct oid oid;
	uint32_t place;

	if (end - e->at < OID_SIZE)
		return false;
	memcpy(oid.id, f->pack + e->at, OID_SIZE);
	e->at += OID_SIZE;
	return packfile_find(f, &oid, &place) &&
	    packfile_offset(f, place, &e->base);
}

bool
packfile_entry(const struct packfile *f, uint64_t offset, struct packed *e)
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
