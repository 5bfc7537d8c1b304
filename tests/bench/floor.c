/*
 * floor: the file work that a desk cannot do without, and nothing else.
 *
 *	floor DIR
 *
 * Takes every file out of DIR/inbox in groups of GROUP: reads it, writes it
 * into pending/ under a number, and the same with two answers (.xml and
 * .txt, as long as a desk's are) into outbox/, then status.txt; makes all of
 * that durable with one syncfs(2) a group; and only then unlinks what it
 * read.  No XML is read, nothing is checked, no history is kept.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP 1000
#define ANSWER_XML 700		/* bytes; a receipt's */
#define ANSWER_TXT 500
#define STATUS_LINE 80

static char bytes[1 << 20];

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int
open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail(name);
	return fd;
}

/* As a receiver should: under another name first. */
static void
put(int dir, const char *name, const char *suffix, size_t n)
{
	char full[300];
	int fd = openat(dir, ".tmp", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	snprintf(full, sizeof(full), "%s%s", name, suffix);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0 ||
	    renameat(dir, ".tmp", dir, full) != 0)
		fail(full);
}

static size_t
get(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (n < 0 || close(fd) != 0)
		fail(name);
	return (size_t)n;
}

struct floor {
	int	 inbox, pending, outbox;
	char	*names[GROUP];
	size_t	 n;
	unsigned number;
};

static void
take(struct floor *f, size_t i)
{
	char name[32];
	size_t n = get(f->inbox, f->names[i]);

	snprintf(name, sizeof(name), "AK-%06u", ++f->number);
	put(f->pending, name, ".xml", n);
	put(f->outbox, name, ".xml", n);
	put(f->outbox, name, ".received.xml", ANSWER_XML);
	put(f->outbox, name, ".received.txt", ANSWER_TXT);
}

static void
close_group(struct floor *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		take(f, i);
	put(f->outbox, "status.txt", "", (f->number < 10000 ? f->number :
	    10000) * STATUS_LINE);
	if (syncfs(f->pending) != 0)
		fail("syncfs");
	for (i = 0; i < f->n; i++) {
		if (unlinkat(f->inbox, f->names[i], 0) != 0)
			fail(f->names[i]);
		free(f->names[i]);
	}
	f->n = 0;
}

int
main(int argc, char **argv)
{
	static struct floor f;
	struct dirent *e;
	DIR *list;
	int dir;

	if (argc != 2) {
		fputs("usage: floor DIR\n", stderr);
		return 2;
	}
	dir = open_folder(AT_FDCWD, argv[1]);
	f.inbox = open_folder(dir, "inbox");
	f.pending = open_folder(dir, "pending");
	f.outbox = open_folder(dir, "outbox");
	list = fdopendir(dup(f.inbox));
	while (list != NULL && (e = readdir(list)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		f.names[f.n++] = strdup(e->d_name);
		if (f.n == GROUP)
			close_group(&f);
	}
	if (f.n > 0)
		close_group(&f);
	printf("%u\n", f.number);
	return 0;
}
