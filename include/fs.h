/*
 * fs: files whose names, types and owners are not to be trusted, and files
 * that must survive a power cut.
 *
 * Every function takes a directory's descriptor and a name in it.  Unless
 * said otherwise they return 0, or -1 with errno.
 */
#ifndef DOCKET_FS_H
#define DOCKET_FS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

struct buf;

/*
 * Opens path below dirfd: no symbolic link anywhere in it, no other mount,
 * no way out (openat2(2), RESOLVE_BENEATH and its companions; where the
 * kernel lacks it, O_NOFOLLOW on the last component).  Never blocks on a
 * FIFO, never acquires a terminal.
 */
int	fs_open(int dirfd, const char *path, int flags, mode_t mode);
int	fs_open_dir(int dirfd, const char *path);

/*
 * Whether the errno of looking for a file, opening or reading it tells of the
 * machine, and nothing of the file: no memory or descriptors, a damaged disk.
 * Else it is the file's: there is none (ENOENT), or none that we may have.
 * Who takes the one for the other throws away what is there, or blames whoever
 * put it there.
 */
bool	fs_is_trouble(int error);

/* What lies there, not followed: 1; 0: nothing; -1: it cannot be told. */
int	fs_look(int dirfd, const char *path, struct stat *);

/* Opens a directory stream that has a position of its own. */
DIR	*fs_list(int dirfd);
/* The next name but "." and ".."; NULL at the end, errno being 0, or where the
 * directory cannot be read further. */
const char *fs_list_next(DIR *);
/* The next of these that is a directory. */
const char *fs_list_folder(DIR *);

/* Reads to the end; EFBIG when there is more than limit. */
int	fs_read(int fd, size_t limit, struct buf *);
/* fs_open, a regular file only (EINVAL if it is not one), fs_read. */
int	fs_read_file(int dirfd, const char *path, size_t limit, struct buf *);

int	fs_write(int fd, const void *, size_t);

/*
 * A sync that fails, other than for want of room, ends the program: what was
 * written may be lost although it can still be read, and a second sync would
 * not say so.  The next start begins with what is on the disk.
 */
int	fs_sync(int fd);
/* Begins to write what is synced next: a file system's journal then commits
 * several files at once. */
void	fs_sync_soon(int fd);
int	fs_sync_dir(int dirfd);
int	fs_sync_all(int fd);	/* all of the file system that it is on */
/* The same of a sync that somebody else made for us. */
void	fs_lost(const char *why) __attribute__((noreturn));

/* Makes a directory unless there is one; EEXIST if it is something else. */
int	fs_make_dir(int dirfd, const char *name, mode_t mode);

/* Writes a new file, of this mode past the umask; EEXIST.  `keep' receives its
 * descriptor; NULL: it is closed. */
int	fs_write_new(int dirfd, const char *name, const void *, size_t,
	    mode_t mode, int *keep);

/* Replaces name as a whole (temporary file, rename), not synced: for what
 * can be made again, where nobody else writes the same file.  The other is
 * for folders in which several do. */
int	fs_replace(int dirfd, const char *name, const void *, size_t,
	    mode_t mode);
int	fs_replace_shared(int dirfd, const char *name, const void *, size_t,
	    mode_t mode);

/* Renames within one file system; EEXIST rather than replace. */
int	fs_move(int fromdir, const char *from, int todir, const char *to);

/* As fs_move(), but takes "name.~1~", "name.~2~", … when name is taken.
 * The name taken is written to `taken' (NAME_SIZE bytes). */
#define NAME_SIZE 256
int	fs_move_aside(int fromdir, const char *from, int todir,
	    const char *name, char *taken);

/* Shortens name to at most `limit' bytes by a digest of the whole, so that
 * a suffix fits; what is not plain UTF-8 in it becomes '_'. */
void	fs_short_name(char out[NAME_SIZE], const char *name, size_t limit);

/*
 * The file system's own clock, which need not be the machine's (NFS), as
 * that of a file that is touched for it; in milliseconds since the epoch.
 */
int	fs_now(int probefd, int64_t *ms);
int64_t	fs_ms(struct timespec);

/* Kinds of file systems, by statfs(2)'s magic number. */
bool	fs_is_local(int fd);	/* vouches for owners */
bool	fs_has_events(int fd);	/* inotify(7) tells of every change */
const char *fs_name(int fd);	/* "ext4", "nfs", …, "0x…" */

/* Free space for us, in bytes. */
int	fs_free(int fd, uint64_t *bytes);

#endif
