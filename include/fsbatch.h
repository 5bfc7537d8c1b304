/*
 * fsbatch: files that appear together, durably.
 *
 * fs_batch_put() writes each under a temporary name in `workdir', which is
 * on the same file system; fs_batch_sync() makes their contents durable,
 * with one syncfs(2) when they are many; fs_batch_show() renames them into
 * place in the order of their coming and syncs each directory once.
 *
 * What was in the place is replaced; or, where `displaced' is set,
 * exchanged: that function finds it under `workname' in workdir, and must
 * remove or keep it.  A file that cannot be put in its place fails the
 * batch; or, where `failed' is set, is reported to that function (errno
 * tells why) and the others go on.
 *
 * After fs_batch_beside() files are written by a thread of the batch's own,
 * while the caller goes on with something else: the bytes are copied, a few
 * MiB at most wait, or lent by fs_batch_lend() until the batch has ended; and
 * what fails is told by fs_batch_sync().  A few files are written at once,
 * also then.  Where there is such a thread, fs_batch_begin_end() makes it sync
 * and show all there is (nothing can be exchanged so, and nothing be put any
 * more); fs_batch_end() waits for that and tells what failed, or does it now.
 *
 * fs_batch_before() has the thread of another batch, if it has begun (else
 * false), do for this one as well what it does for its own: the files appear
 * before those, and what syncs those syncs these.  What is in the place of one
 * stays there, until fs_batch_end() of this one exchanges it.  Each of the two
 * is ended by itself, whichever first.
 *
 * Descriptors must stay open until the batch is freed.  Freeing a batch
 * that was not shown removes its temporary files; after a crash they are
 * found in workdir, their names beginning with `prefix'.
 *
 * What returns int returns 0, or -1 with errno.
 */
#ifndef DOCKET_FSBATCH_H
#define DOCKET_FSBATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct fs_batch;

struct stat;
struct fs_batch_ops {
	/* about to be renamed into its place, as the file that it is */
	void	(*placed)(void *arg, int dirfd, const char *name,
		    const struct stat *);
	int	(*displaced)(void *arg, int dirfd, const char *name,
		    const char *workname);
	void	(*failed)(void *arg, int dirfd, const char *name);
};

struct fs_batch *fs_batch_new(int workdir, const char *prefix);
void	fs_batch_free(struct fs_batch *);
void	fs_batch_beside(struct fs_batch *);
int	fs_batch_put(struct fs_batch *, int dirfd, const char *name,
	    const void *, size_t, mode_t);
int	fs_batch_lend(struct fs_batch *, int dirfd, const char *name,
	    const void *, size_t, mode_t);
bool	fs_batch_before(struct fs_batch *, struct fs_batch *next);
size_t	fs_batch_count(const struct fs_batch *);
int	fs_batch_sync(struct fs_batch *);
int	fs_batch_show(struct fs_batch *, const struct fs_batch_ops *, void *);
/* Whether it goes on beside; and whether that is over. */
bool	fs_batch_begin_end(struct fs_batch *);
bool	fs_batch_has_ended(struct fs_batch *);
int	fs_batch_end(struct fs_batch *, const struct fs_batch_ops *, void *);

#endif
