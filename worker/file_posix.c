/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of an operation, for any POSIX system: nothing can be tried, zeroed or punched,
 * and a durable write is a write and an fsync. Of several pieces the first is moved; the caller
 * goes on with the rest as after every short transfer.
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "worker/engine_impl.h"

ssize_t
file_sys_read(int fd, const struct iovec *iov, int n, off_t at, bool now)
{
	(void)n;
	if (now) {
		errno = EOPNOTSUPP;
		return (-1);
	}
	return (pread(fd, iov->iov_base, iov->iov_len, at));
}

ssize_t
file_sys_write(int fd, const struct iovec *iov, int n, off_t at, bool durable)
{
	ssize_t done = pwrite(fd, iov->iov_base, iov->iov_len, at);

	(void)n;
	if (durable && done > 0 && fsync(fd) == -1)
		return (-1);
	return (done);
}

int
file_sys_sync(int fd)
{
	return (fsync(fd));
}

static int
not_supported(void)
{
	errno = EOPNOTSUPP;
	return (-1);
}

int
file_sys_zero_range(int fd, off_t at, off_t len)
{
	(void)fd, (void)at, (void)len;
	return (not_supported());
}

int
file_sys_punch_hole(int fd, off_t at, off_t len)
{
	(void)fd, (void)at, (void)len;
	return (not_supported());
}
