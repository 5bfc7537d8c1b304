/*
 * waitfor: waits until something is so, woken by events, and says no after a
 * time.
 *
 *	waitfor [-t SECONDS] there PATH ...	all exist
 *	waitfor [-t SECONDS] some PATTERN	one that is like it exists, as
 *						for the shell
 *	waitfor [-t SECONDS] gone PATH ...	none exists
 *	waitfor [-t SECONDS] match FILE TEXT [N]
 *						the file contains the text, in
 *						so many lines
 *	waitfor [-t SECONDS] without FILE TEXT	no line of it does, or it is gone
 *	waitfor [-t SECONDS] count DIR N	so many names, not hidden
 *	waitfor [-t SECONDS] empty DIR		no names, not hidden
 */
#include <glob.h>
#include <libgen.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

#include "buf.h"
#include "clock.h"

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool
all_there(char **args, int n)
{
	while (n-- > 0)
		if (!exists(*args++))
			return false;
	return true;
}

static bool
one_there(char **args, int n)
{
	glob_t found;
	bool there = n == 1 && glob(args[0], 0, NULL, &found) == 0;

	if (there)
		globfree(&found);
	return there;
}

static bool
all_gone(char **args, int n)
{
	while (n-- > 0)
		if (exists(*args++))
			return false;
	return true;
}

static bool
matches(char **args, int n)
{
	char *line = NULL;
	size_t size = 0;
	int wanted = n == 3 ? atoi(args[2]) : 1;
	FILE *f = n == 2 || n == 3 ? fopen(args[0], "r") : NULL;

	while (f != NULL && wanted > 0 && getline(&line, &size, f) >= 0)
		wanted -= strstr(line, args[1]) != NULL;
	free(line);
	if (f != NULL)
		fclose(f);
	return f != NULL && wanted == 0;
}

static bool
lacks(char **args, int n)
{
	return n == 2 && !matches(args, n);
}

static int
count(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' &&
		    strncmp(e->d_name, "README", 6) != 0;
	closedir(d);
	return n;
}

static bool
counts(char **args, int n)
{
	return n == 2 && count(args[0]) == atoi(args[1]);
}

static bool
is_empty(char **args, int n)
{
	return n == 1 && count(args[0]) == 0;
}

static const struct {
	const char *name;
	bool (*holds)(char **, int);
} conditions[] = {
	{ "there", all_there },
	{ "some", one_there },
	{ "gone", all_gone },
	{ "match", matches },
	{ "without", lacks },
	{ "count", counts },
	{ "empty", is_empty },
};
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

/* Events from every directory that is named or that holds what is named. */
static int
watch(char **args, int n)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char *copy;

	for (; n > 0; n--, args++) {
		copy = mem_str(*args);
		inotify_add_watch(fd, *args, IN_CREATE | IN_DELETE | IN_MOVE |
		    IN_MODIFY | IN_CLOSE_WRITE);
		inotify_add_watch(fd, dirname(copy), IN_CREATE | IN_DELETE |
		    IN_MOVE | IN_MODIFY | IN_CLOSE_WRITE);
		free(copy);
	}
	return fd;
}

int
main(int argc, char **argv)
{
	int64_t until, left, seconds = 60;
	char events[8192];
	struct pollfd p;
	size_t i;

	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		seconds = atol(argv[2]);
		argc -= 2;
		argv += 2;
	}
	for (i = 0; argc > 2 && i < CONDITIONS; i++)
		if (strcmp(argv[1], conditions[i].name) == 0)
			break;
	if (argc <= 2 || i == CONDITIONS) {
		fprintf(stderr, "usage: waitfor [-t SECONDS] "
		    "there|some|gone|match|without|count|empty ...\n");
		return 2;
	}
	until = clock_ticks() + seconds * 1000;
	p = (struct pollfd){ .fd = watch(argv + 2, argc - 2),
	    .events = POLLIN };
	while (!conditions[i].holds(argv + 2, argc - 2)) {
		left = until - clock_ticks();
		if (left <= 0)
			return 1;
		/* a directory that is made later sends nothing */
		poll(&p, 1, left > 100 ? 100 : (int)left);
		while (read(p.fd, events, sizeof(events)) > 0)
			;
	}
	return 0;
}
