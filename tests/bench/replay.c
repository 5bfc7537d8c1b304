/*
 * replay: how long the disk needs for syncs, alone.
 *
 *	replay DIR ROUNDS <CALLS
 *
 * CALLS has a line for each: "file" (a new file of two kilobytes, fsync),
 * "dir" (a folder in which a name is new, fsync) or "fs" (syncfs).  Only the
 * syncs are timed; a line for each round, in ms.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tick.h"

#define CALLS 256

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The time of one call, after something was made that it is for. */
static double
replay(int dir, char call, unsigned n)
{
	static char bytes[2048];
	char name[32];
	double began;
	int fd, status;

	snprintf(name, sizeof(name), "replay-%u", n);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
		fail(name);
	began = tick();
	status = call == 'f' ? fsync(fd) : call == 'd' ? fsync(dir) :
	    syncfs(dir);
	began = tick() - began;
	if (status != 0 || close(fd) != 0 || unlinkat(dir, name, 0) != 0)
		fail("sync");
	return began;
}

int
main(int argc, char **argv)
{
	char calls[CALLS], line[64];
	unsigned n = 0, i, round;
	double sum;
	int dir;

	if (argc != 3) {
		fputs("usage: replay DIR ROUNDS <CALLS\n", stderr);
		return 2;
	}
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		fail(argv[1]);
	while (n < CALLS && fgets(line, sizeof(line), stdin) != NULL)
		calls[n++] = strcmp(line, "file\n") == 0 ? 'f' :
		    strcmp(line, "dir\n") == 0 ? 'd' : 's';
	for (round = 0; round < (unsigned)atoi(argv[2]); round++) {
		for (sum = 0, i = 0; i < n; i++)
			sum += replay(dir, calls[i], i);
		printf("%.3f\n", sum);
	}
	return 0;
}
