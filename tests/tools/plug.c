/*
 * plug: pulls the plug of a file system: plug DIR
 *
 * It is shut down at once (FS_IOC_SHUTDOWN, no flush): what was not synced is
 * gone, as if the machine had lost its power, and everything that is asked of
 * it fails until it is mounted again.  ext4, XFS and f2fs know how; root only.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHUTDOWN	_IOR('X', 125, uint32_t)
#define NO_FLUSH	2u

int
main(int argc, char **argv)
{
	const uint32_t how = NO_FLUSH;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	if (fd < 0 || ioctl(fd, SHUTDOWN, &how) != 0) {
		perror("plug");
		return 1;
	}
	return 0;
}
