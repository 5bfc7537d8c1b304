/*
 * packdir: the files of a repository's objects/pack.
 *
 * May not: read a pack, or decide which is to go.
 * Not ours to tell: whether a .pack without its .idx, or the other way round,
 * is what a crash has left or what somebody has damaged; it stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "log.h"
#include "text.h"

#include "packdir.h"

#define FILE_NAME (PACK_NAME + 16)

static const char *
file_of(char file[FILE_NAME], const char *name, const char *suffix)
{
	snprintf(file, FILE_NAME, "%.*s%s", PACK_NAME - 1, name, suffix);
	return file;
}

static bool
has_file(int dirfd, const char *name, const char *suffix, struct stat *st)
{
	char file[FILE_NAME];

	return fstatat(dirfd, file_of(file, name, suffix), st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode);
}

bool
packdir_has(int dirfd, const char *name)
{
	struct stat st;

	return has_file(dirfd, name, ".pack", &st) &&
	    has_file(dirfd, name, ".idx", &st);
}

/* Listing. */

void
packdir_add(struct packdir *d, const char *name, uint64_t bytes)
{
	struct packdir_pack *p;

	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 64 : d->cap * 2;
		d->list = mem_grow(d->list, d->cap, sizeof(*d->list));
	}
	p = &d->list[d->n++];
	*p = (struct packdir_pack){ .bytes = bytes };
	snprintf(p->name, sizeof(p->name), "%s", name);
}

bool
packdir_lists(const struct packdir *d, const char *name)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->list[i].name, name) == 0)
			return true;
	return false;
}

void
packdir_free(struct packdir *d)
{
	free(d->list);
	*d = (struct packdir)PACKDIR_INIT;
}

/* The name of the pack that a file with this suffix is of. */
static bool
is_of_pack(const char *file, const char *suffix, char name[PACK_NAME])
{
	size_t n = strlen(file) - strlen(suffix);

	if (!text_ends(file, suffix) || n >= PACK_NAME)
		return false;
	memcpy(name, file, n);
	name[n] = '\0';
	return true;
}

static void
list_one(int dirfd, const char *name, struct packdir *d)
{
	struct stat st, other;

	if (has_file(dirfd, name, ".mtimes", &other) ||
	    has_file(dirfd, name, ".promisor", &other) ||
	    !has_file(dirfd, name, ".pack", &st))
		return;
	packdir_add(d, name, (uint64_t)st.st_size);
	d->list[d->n - 1].kept = has_file(dirfd, name, ".keep", &other);
}

static int
by_bytes(const void *a, const void *b)
{
	const struct packdir_pack *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
packdir_list(int dirfd, struct packdir *d)
{
	char name[PACK_NAME];
	const char *file;
	DIR *dir = fs_list(dirfd);
	int saved;

	*d = (struct packdir)PACKDIR_INIT;
	if (dir == NULL)
		return -1;
	while ((file = fs_list_next(dir)) != NULL)
		if (is_of_pack(file, ".idx", name))
			list_one(dirfd, name, d);
	saved = errno;
	closedir(dir);
	if (saved != 0) {
		packdir_free(d);
		errno = saved;
		return -1;
	}
	if (d->n > 1)
		qsort(d->list, d->n, sizeof(*d->list), by_bytes);
	return 0;
}

static bool
is_half(int dirfd, const char *name, const char *suffix, const char *other,
    int64_t until)
{
	struct stat st, st_other;

	return !has_file(dirfd, name, other, &st_other) &&
	    has_file(dirfd, name, suffix, &st) && fs_ms(st.st_mtim) < until;
}

void
packdir_halves(int dirfd, int64_t until, packdir_half_fn *fn, void *arg)
{
	DIR *dir = fs_list(dirfd);
	char name[PACK_NAME];
	const char *file;

	while (dir != NULL && (file = fs_list_next(dir)) != NULL)
		if (is_of_pack(file, ".pack", name) &&
		    is_half(dirfd, name, ".pack", ".idx", until))
			fn(arg, file, false);
		else if (is_of_pack(file, ".idx", name) &&
		    is_half(dirfd, name, ".idx", ".pack", until))
			fn(arg, file, true);
	if (dir != NULL)
		closedir(dir);
}

size_t
packdir_count(int dirfd)
{
	DIR *dir = fs_list(dirfd);
	const char *file;
	size_t n = 0;

	while (dir != NULL && (file = fs_list_next(dir)) != NULL)
		n += text_ends(file, ".idx");
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* Removing. */

/* 0 too where there is none. */
static int
drop(int dirfd, const char *file)
{
	return unlinkat(dirfd, file, 0) == 0 || errno == ENOENT ? 0 : -1;
}

int
packdir_remove(int dirfd, const char *name)
{
	/* As git does it: an index without a pack is passed over by every
	 * reader, and what a crash leaves is the smaller one. */
	static const char *const suffixes[] = { ".pack", ".idx", ".rev",
	    ".bitmap" };
	char file[FILE_NAME];
	struct stat st;
	size_t i;

	if (has_file(dirfd, name, ".keep", &st))
		return 0;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (drop(dirfd, file_of(file, name, suffixes[i])) != 0)
			return -1;
	return 0;
}

static int
drop_all(int dirfd, const char *prefix)
{
	DIR *dir = fs_list(dirfd);
	const char *file;
	int status = 0;

	if (dir == NULL)
		return -1;
	while (status == 0 && (file = fs_list_next(dir)) != NULL)
		if (strncmp(file, prefix, strlen(prefix)) == 0)
			status = drop(dirfd, file);
	closedir(dir);
	return status;
}

int
packdir_remove_multi(int dirfd)
{
	int chain = fs_open_dir(dirfd, "multi-pack-index.d"), status = 0;

	/* what names the others goes first */
	if (chain >= 0) {
		status = drop(chain, "multi-pack-index-chain");
		if (status == 0)
			status = drop_all(chain, "multi-pack-index-");
		close(chain);
	}
	if (status == 0 && unlinkat(dirfd, "multi-pack-index", 0) == 0)
		status = drop_all(dirfd, "multi-pack-index-");
	else if (status == 0 && errno != ENOENT)
		status = -1;
	return status;
}

/* What is unfinished. */

bool
packdir_is_temporary(const char *name)
{
	/* pack-objects and index-pack, and our own; repack */
	static const char *const prefixes[] = { "tmp_pack_", "tmp_idx_",
	    "tmp_rev_", "tmp_bitmap_", "tmp_mtimes_", ".tmp-" };
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void
clear_one(int dirfd, const char *name, int64_t until)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && fs_ms(st.st_mtim) < until &&
	    unlinkat(dirfd, name, 0) == 0)
		log_event(LOG_WARN, "ledger", "event", "stale-pack", "removed",
		    name, NULL);
}

void
packdir_clear(int dirfd, int64_t until)
{
	DIR *dir = fs_list(dirfd);
	const char *name;

	if (dir == NULL)
		return;
	while ((name = fs_list_next(dir)) != NULL)
		if (packdir_is_temporary(name))
			clear_one(dirfd, name, until);
	closedir(dir);
}
