/* SPDX-License-Identifier: MIT */
#include "event.h"
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int os_event_create(int *ret_fd)
{
	int saved = errno;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int error = fd < 0 ? -errno : 0;

	errno = saved;
	if (!error)
		*ret_fd = fd;
	return error;
}

/* Neither of these two waits, so no signal interrupts it; and a counter of 64
 * bits does not fill. */
void os_event_write(int fd)
{
	const uint64_t one = 1;
	int saved = errno;
	ssize_t written = write(fd, &one, sizeof(one));

	(void)written;
	errno = saved;
}

void os_event_clear(int fd)
{
	int saved = errno;
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)got;
	errno = saved;
}

void os_event_close(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}
