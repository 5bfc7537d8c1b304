/*
 * witness: notes what a desk has acknowledged, as somebody who looks at it
 * sees it, in a file elsewhere: witness DESK NOTES COPIES
 *
 *	file PATH SHA-256	an answer or a key that is there now
 *	there PATH		a paper that waits in pending/
 *	gone PATH		one that does so no longer
 *
 * Of a file there is a copy in COPIES, called by its digest.  A line is written
 * when it was seen, and what was seen was there to read.
 * Ends when the desk's file system does, or somebody ends it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "hash.h"

#define MOST 64
#define EVENTS (IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | \
	IN_DELETE)

static struct {
	char	*path;		/* below the desk */
	bool	 tray;
} watched[MOST];

static int notes, desk, copies, inotify;

static void
note(const char *what, const char *path, const char *more)
{
	struct buf line = BUF_INIT;

	buf_putf(&line, "%s %s%s%s\n", what, path, *more == '\0' ? "" : " ",
	    more);
	if (fs_write(notes, line.data, line.len) != 0)
		_exit(1);
	buf_free(&line);
}

static void
note_file(const char *path)
{
	struct buf bytes = BUF_INIT;
	char hex[SHA256_HEX];

	if (fs_read_file(desk, path, 1 << 24, &bytes) == 0 && bytes.len > 0) {
		hash_sha256(hex, bytes.data, bytes.len);
		if (fs_replace(copies, hex, bytes.data, bytes.len, 0600) == 0)
			note("file", path, hex);
	}
	buf_free(&bytes);
}

static void
watch(const char *root, const char *path, bool tray)
{
	struct buf full = BUF_INIT;
	int wd;

	buf_putf(&full, "%s/%s", root, path);
	wd = inotify_add_watch(inotify, buf_str(&full), EVENTS | IN_ONLYDIR);
	buf_free(&full);
	if (wd < 0 || wd >= MOST)
		return;
	free(watched[wd].path);
	watched[wd].path = mem_str(path);
	watched[wd].tray = tray;
}

/* Answers that stay as they are: of a case, or of a form that was refused. */
static bool
is_answer(const char *name)
{
	return strncmp(name, "AK-", 3) == 0 ||
	    strstr(name, ".refused.") != NULL ||
	    strstr(name, ".batch.") != NULL;
}

static void
on_event(const char *root, const struct inotify_event *e)
{
	struct buf path = BUF_INIT;

	if (e->wd < 0 || e->wd >= MOST || watched[e->wd].path == NULL ||
	    e->len == 0)
		return;
	buf_putf(&path, "%s/%s", watched[e->wd].path, e->name);
	if ((e->mask & IN_ISDIR) != 0) {
		if (!watched[e->wd].tray && (e->mask & IN_CREATE) != 0)
			watch(root, buf_str(&path), false);
	} else if (watched[e->wd].tray && strncmp(e->name, "AK-", 3) == 0) {
		if ((e->mask & IN_MOVED_TO) != 0)
			note("there", buf_str(&path), "");
		else if ((e->mask & (IN_MOVED_FROM | IN_DELETE)) != 0)
			note("gone", buf_str(&path), "");
	} else if (is_answer(e->name) && (e->mask & IN_MOVED_TO) != 0)
		note_file(buf_str(&path));
	buf_free(&path);
}

int
main(int argc, char **argv)
{
	char space[65536] __attribute__((aligned(8)));
	const struct inotify_event *e;
	struct dirent *d;
	ssize_t n, at;
	DIR *dir;

	if (argc != 4)
		return 2;
	if (hash_open() != 0)
		return 2;
	copies = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	desk = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	notes = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	inotify = inotify_init1(IN_CLOEXEC);
	if (desk < 0 || notes < 0 || copies < 0 || inotify < 0) {
		perror("witness");
		return 2;
	}
	watch(argv[1], "pending", true);
	watch(argv[1], "outbox", false);
	dir = fdopendir(openat(desk, "outbox", O_RDONLY | O_DIRECTORY));
	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (d->d_type == DT_DIR && d->d_name[0] != '.') {
			struct buf path = BUF_INIT;

			buf_putf(&path, "outbox/%s", d->d_name);
			watch(argv[1], buf_str(&path), false);
			buf_free(&path);
		}
	while ((n = read(inotify, space, sizeof(space))) > 0)
		for (at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
			e = (const void *)(space + at);
			on_event(argv[1], e);
		}
	return 0;
}
