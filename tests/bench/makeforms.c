/*
 * makeforms: writes forms into a folder, as they would wait in inbox.
 *
 *	makeforms DIR N [FROM [CLIENT]]
 *				form-<FROM>.xml and the N - 1 that follow
 *
 * They are renamed into DIR, so that a running desk may take each at once.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs.h"

#include "form.h"

int
main(int argc, char **argv)
{
	unsigned n, from, i;
	struct buf form = BUF_INIT;
	char name[64];
	int dir, fd;

	if (argc < 3 || argc > 5) {
		fputs("usage: makeforms DIR N [FROM [CLIENT]]\n", stderr);
		return 2;
	}
	n = (unsigned)strtoul(argv[2], NULL, 10);
	from = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		perror(argv[1]);
		return 1;
	}
	for (i = from; i < from + n; i++) {
		buf_clear(&form);
		form_put(&form, i, argc > 4 ? argv[4] : "", "2099-01-01");
		fd = openat(dir, ".new", O_WRONLY | O_CREAT | O_TRUNC, 0644);
		snprintf(name, sizeof(name), "form-%u.xml", i);
		if (fd < 0 || fs_write(fd, form.data, form.len) != 0 ||
		    close(fd) != 0 || renameat(dir, ".new", dir, name) != 0) {
			perror(name);
			return 1;
		}
	}
	buf_free(&form);
	return 0;
}
