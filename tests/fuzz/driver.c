/*
 * driver: calls a fuzz target once with each file that is named, so that
 * what the fuzzer has found is tried again without it, by any compiler.
 *
 * Names each file before it is tried: the last one named is the one that
 * failed.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "fs.h"

#define FILE_MAX (16u * 1024 * 1024)

int
main(int argc, char **argv)
{
	struct buf b = BUF_INIT;
	uint8_t *copy;
	int i, fd;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (i = 1; i < argc; i++) {
		printf("%s\n", argv[i]);
		fflush(stdout);
		buf_clear(&b);
		fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fs_read(fd, FILE_MAX, &b) != 0) {
			perror(argv[i]);
			return 1;
		}
		close(fd);
		/* to the byte, so that a sanitizer sees what reads behind */
		copy = malloc(b.len == 0 ? 1 : b.len);
		must(copy != NULL);
		if (b.len > 0)
			memcpy(copy, b.data, b.len);
		LLVMFuzzerTestOneInput(copy, b.len);
		free(copy);
	}
	buf_free(&b);
	return 0;
}
