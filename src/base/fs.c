/*
 * fs: files that are not to be trusted, and files that must last.
 *
 * May not: log, decide what a failure means.
 * Fatal: a sync that fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "hash.h"
#include "log.h"
#include "text.h"

/* Files of one name are moved aside up to so many times. */
#define MOST_ASIDE (1u << 28)

bool
fs_is_trouble(int error)
{
	static const int of_file[] = { ENOENT, ENOTDIR, EISDIR, ELOOP, EACCES,
	    EPERM, EXDEV, ENXIO, ENODEV, EINVAL, EFBIG, EOVERFLOW,
	    ENAMETOOLONG };
	size_t i;

	for (i = 0; i < sizeof(of_file) / sizeof(of_file[0]); i++)
		if (error == of_file[i])
			return false;
	return true;
}

int
fs_look(int dirfd, const char *path, struct stat *st)
{
	if (fstatat(dirfd, path, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ?
	    0 : -1;
}

int
fs_open(int dirfd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW |
		    O_NONBLOCK | O_NOCTTY),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dirfd, path, (int)how.flags, mode);
	return (int)fd;
}

int
fs_open_dir(int dirfd, const char *path)
{
	return fs_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
}

DIR *
fs_list(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	if ((dir = fdopendir(fd)) == NULL)
		close(fd);
	return dir;
}

const char *
fs_list_next(DIR *dir)
{
	struct dirent *e;

	errno = 0;
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return e->d_name;
	return NULL;
}

const char *
fs_list_folder(DIR *dir)
{
	struct dirent *e;
	struct stat st;

	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && (e->d_type == DT_DIR ||
		    (e->d_type == DT_UNKNOWN && fstatat(dirfd(dir), e->d_name,
		    &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))))
			return e->d_name;
	return NULL;
}

#define READ_STEP 65536u

/* What is read next, so that a buffer only grows when it is full. */
static size_t
room_in(const struct buf *b)
{
	size_t spare = b->cap - b->len;

	return spare > 2 ? spare - 2 : READ_STEP;
}

int
fs_read(int fd, size_t limit, struct buf *out)
{
	size_t start = out->len, room, guess = READ_STEP;
	struct stat st;
	ssize_t n;

	/* most files are small, and many are held at a time */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < READ_STEP)
		guess = (size_t)st.st_size + 1;
	for (;; guess = room_in(out)) {
		room = limit - (out->len - start);
		if (room > guess)
			room = guess;
		/* one more than allowed, to see whether there is more */
		buf_reserve(out, room + 1);
		n = read(fd, out->data + out->len, room + 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		if ((size_t)n > limit - (out->len - start)) {
			errno = EFBIG;
			return -1;
		}
		out->len += (size_t)n;
	}
	buf_cut(out, out->len);
	return 0;
}

int
fs_read_file(int dirfd, const char *path, size_t limit, struct buf *out)
{
	int fd = fs_open(dirfd, path, O_RDONLY, 0), saved, status = -1;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			status = fs_read(fd, limit, out);
		else
			errno = EINVAL;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

int
fs_write(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t k;

	while (n > 0) {
		k = write(fd, at, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

void
fs_lost(const char *why)
{
	struct buf text = BUF_INIT;

	buf_putf(&text, "what was written may not be on the disk (%s), and "
	    "asking again would not tell: ended. Look at the disk, then start "
	    "docket again: it goes on from what is there", why);
	fatal(buf_str(&text));
}

/* What there is no room for is not written, and said so each time. */
static int
synced(int result)
{
	if (result != 0 && errno != ENOSPC && errno != EDQUOT &&
	    errno != EBADF)
		fs_lost(strerror(errno));
	return result;
}

int
fs_sync(int fd)
{
	int result;

	do
		result = fsync(fd);
	while (result != 0 && errno == EINTR);
	return synced(result);
}

void
fs_sync_soon(int fd)
{
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int
fs_sync_all(int fd)
{
	int result;

	do
		result = syncfs(fd);
	while (result != 0 && errno == EINTR);
	return synced(result);
}

int
fs_sync_dir(int dirfd)
{
	return fs_sync(dirfd);
}

int
fs_make_dir(int dirfd, const char *name, mode_t mode)
{
	struct stat st;

	if (mkdirat(dirfd, name, mode) == 0)
		/* past the umask, and with the special bits */
		return fchmodat(dirfd, name, mode, 0);
	if (errno != EEXIST)
		return -1;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	errno = EEXIST;
	return S_ISDIR(st.st_mode) ? 0 : -1;
}

#define WORKNAME 48

/* The process's umask, which does not change once files are made: to ask for
 * it is to set it, in all threads. */
static mode_t mask;

static void
ask_for_mask(void)
{
	mask = umask(0);
	umask(mask);
}

/* A new file; its mode is what is asked for, past the umask. */
static int
make_file(int dirfd, const char *name, mode_t mode)
{
	static pthread_once_t asked = PTHREAD_ONCE_INIT;
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, mode), saved;

	pthread_once(&asked, ask_for_mask);
	if (fd < 0 || (mode & mask) == 0 || fchmod(fd, mode) == 0)
		return fd;
	saved = errno;
	close(fd);
	unlinkat(dirfd, name, 0);
	errno = saved;
	return -1;
}

int
fs_write_new(int dirfd, const char *name, const void *p, size_t n, mode_t mode,
    int *keep)
{
	int fd = make_file(dirfd, name, mode), saved;

	if (fd < 0)
		return -1;
	if (fs_write(fd, p, n) != 0 || (keep == NULL && close(fd) != 0)) {
		saved = errno;
		close(fd);
		unlinkat(dirfd, name, 0);
		errno = saved;
		return -1;
	}
	if (keep != NULL)
		*keep = fd;
	return 0;
}

static int
rename_over(int dirfd, const char *temporary, const char *name)
{
	int saved;

	if (renameat(dirfd, temporary, dirfd, name) == 0)
		return 0;
	saved = errno;
	unlinkat(dirfd, temporary, 0);
	errno = saved;
	return -1;
}

int
fs_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	char temporary[WORKNAME], hex[SHA256_HEX];

	/* always the same one: what a crash leaves is taken away by the next
	 * who writes the file */
	hash_sha256(hex, name, strlen(name));
	snprintf(temporary, sizeof(temporary), ".docket-%.16s", hex);
	unlinkat(dirfd, temporary, 0);
	if (fs_write_new(dirfd, temporary, p, n, mode, NULL) == 0)
		return rename_over(dirfd, temporary, name);
	return errno == EEXIST ? fs_replace_shared(dirfd, name, p, n, mode) :
	    -1;
}

int
fs_replace_shared(int dirfd, const char *name, const void *p, size_t n,
    mode_t mode)
{
	char temporary[WORKNAME], random[17];

	/* others may write here: no name that they could guess */
	snprintf(temporary, sizeof(temporary), ".docket-%s",
	    hash_random(random, 16));
	if (fs_write_new(dirfd, temporary, p, n, mode, NULL) != 0)
		return -1;
	return rename_over(dirfd, temporary, name);
}

int
fs_move(int fromdir, const char *from, int todir, const char *to)
{
	struct stat st;

	if (renameat2(fromdir, from, todir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* a file system without the flag: look, then leap */
	if (fstatat(todir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(fromdir, from, todir, to);
}

void
fs_short_name(char out[NAME_SIZE], const char *name, size_t limit)
{
	char hex[SHA256_HEX];
	size_t n = strlen(name), used = 0, k;
	bool changed = n > limit;
	uint32_t code;
	const char *p = name;

	if (limit >= NAME_SIZE)
		bug("name limit");
	for (; n > 0 && used < limit; p += k, n -= k) {
		k = utf8_next(p, n, &code);
		if (k == 0 || text_unsafe(code) || code == '/') {
			out[used++] = '_';
			changed = true;
			k = k == 0 ? 1 : k;
			continue;
		}
		if (used + k > limit)
			break;
		memcpy(out + used, p, k);
		used += k;
	}
	out[used] = '\0';
	if (!changed)
		return;
	/* another long name must not get the same short one */
	hash_sha256(hex, name, strlen(name));
	while (used > limit - 9)
		do
			used--;
		while (used > 0 && ((unsigned char)out[used] & 0xc0) == 0x80);
	snprintf(out + used, NAME_SIZE - used, "~%.8s", hex);
}

static void
numbered(char out[NAME_SIZE], const char *base, unsigned n)
{
	snprintf(out, NAME_SIZE, "%.*s.~%u~", (int)strlen(base), base, n);
}

static bool
is_taken(int dirfd, const char *base, unsigned n)
{
	char name[NAME_SIZE];
	struct stat st;

	numbered(name, base, n);
	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A number that is free behind one that is taken, in a few steps also where
 * there are many. */
static unsigned
free_number(int dirfd, const char *base)
{
	unsigned low = 0, high = 1, middle;

	while (high < MOST_ASIDE && is_taken(dirfd, base, high)) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (is_taken(dirfd, base, middle))
			low = middle;
		else
			high = middle;
	}
	return high;
}

int
fs_move_aside(int fromdir, const char *from, int todir, const char *name,
    char *taken)
{
	char base[NAME_SIZE];
	unsigned tries = 0;

	fs_short_name(base, name, NAME_SIZE - 1 - 16);
	snprintf(taken, NAME_SIZE, "%s", base);
	while (fs_move(fromdir, from, todir, taken) != 0) {
		/* others take numbers too */
		if (errno != EEXIST || ++tries > 100)
			return -1;
		numbered(taken, base, free_number(todir, base));
	}
	return 0;
}

int64_t
fs_ms(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
fs_now(int probefd, int64_t *ms)
{
	struct stat st;

	if (futimens(probefd, NULL) != 0 || fstat(probefd, &st) != 0)
		return -1;
	*ms = fs_ms(st.st_mtim);
	return 0;
}

/* Where all changes are made by this machine's kernel, it tells of them; and
 * where a file's owner is the user who made it, it is evidence.  FUSE (with it
 * sshfs, virtiofs, many mounts of containers and virtual machines) and the
 * networks' do neither; overlays do as what is below them. */
#define EVENTS 1u
#define OWNERS 2u

static const struct kind {
	unsigned long magic;
	const char *name;
	unsigned has;
} kinds[] = {
	{ EXT4_SUPER_MAGIC, "ext4", EVENTS | OWNERS },
	{ 0x58465342, "xfs", EVENTS | OWNERS },
	{ BTRFS_SUPER_MAGIC, "btrfs", EVENTS | OWNERS },
	{ F2FS_SUPER_MAGIC, "f2fs", EVENTS | OWNERS },
	{ TMPFS_MAGIC, "tmpfs", EVENTS | OWNERS },
	{ RAMFS_MAGIC, "ramfs", EVENTS | OWNERS },
	{ 0x2fc12fc1, "zfs", EVENTS | OWNERS },
	{ 0xca451a4e, "bcachefs", EVENTS | OWNERS },
	{ 0x3153464a, "jfs", EVENTS | OWNERS },
	{ 0x00003434, "nilfs2", EVENTS | OWNERS },
	{ 0x24051905, "ubifs", EVENTS | OWNERS },
	{ OVERLAYFS_SUPER_MAGIC, "overlay", EVENTS | OWNERS },
	{ ECRYPTFS_SUPER_MAGIC, "ecryptfs", EVENTS | OWNERS },
	/* owners are an option of the mount */
	{ MSDOS_SUPER_MAGIC, "vfat", EVENTS },
	{ 0x2011bab0, "exfat", EVENTS },
	{ 0x7366746e, "ntfs", EVENTS },
	{ NFS_SUPER_MAGIC, "nfs", 0 },
	{ SMB_SUPER_MAGIC, "smb", 0 },
	{ 0xff534d42, "cifs", 0 },
	{ 0xfe534d42, "smb2", 0 },
	{ 0x65735546, "fuse", 0 },
	{ V9FS_MAGIC, "9p", 0 },
	{ 0x00c36400, "ceph", 0 },
	{ AFS_SUPER_MAGIC, "afs", 0 },
	{ CODA_SUPER_MAGIC, "coda", 0 },
	{ 0x01161970, "gfs2", 0 },
	{ 0x7461636f, "ocfs2", 0 },
	{ 0x0bd00bd0, "lustre", 0 },
	{ 0x47504653, "gpfs", 0 },
	{ 0x786f4256, "vboxsf", 0 },
	{ 0xbacbacbc, "vmhgfs", 0 },
	{ 0x7c7c6673, "prlfs", 0 },
	{ 0x00c0ffee, "hostfs", 0 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* NULL: one that we do not know, *magic, or none (0). */
static const struct kind *
kind_of(int fd, unsigned long *magic)
{
	struct statfs s;
	size_t i;

	*magic = fstatfs(fd, &s) != 0 ? 0 : (unsigned long)s.f_type &
	    0xffffffff;
	for (i = 0; i < KINDS; i++)
		if (kinds[i].magic == *magic)
			return &kinds[i];
	return NULL;
}

static bool
has(int fd, unsigned what)
{
	unsigned long magic;
	const struct kind *k = kind_of(fd, &magic);

	return k != NULL && (k->has & what) != 0;
}

bool
fs_is_local(int fd)
{
	return has(fd, OWNERS);
}

bool
fs_has_events(int fd)
{
	return has(fd, EVENTS);
}

const char *
fs_name(int fd)
{
	static char unknown[32];
	unsigned long magic;
	const struct kind *k = kind_of(fd, &magic);

	if (k != NULL)
		return k->name;
	if (magic == 0)
		return "?";
	snprintf(unknown, sizeof(unknown), "0x%lx", magic);
	return unknown;
}

int
fs_free(int fd, uint64_t *bytes)
{
	struct statfs s;

	if (fstatfs(fd, &s) != 0)
		return -1;
	*bytes = (uint64_t)s.f_bavail * (uint64_t)s.f_bsize;
	return 0;
}
