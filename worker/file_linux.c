/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of an operation, for Linux. A worker's filter allows these and these flags only.
 */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "worker/engine_impl.h"

ssize_t
file_sys_read(int fd, const struct iovec *iov, int n, off_t at, bool now)
{
	return (preadv2(fd, iov, n, at, now ? RWF_NOWAIT : 0));
}

ssize_t
file_sys_write(int fd, const struct iovec *iov, int n, off_t at, bool durable)
{
	return (pwritev2(fd, iov, n, at, durable ? RWF_DSYNC : 0));
}

int
file_sys_sync(int fd)
{
	return (fdatasync(fd));
}

int
file_sys_zero_range(int fd, off_t at, off_t len)
{
	return (fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, at, len));
}

int
file_sys_punch_hole(int fd, off_t at, off_t len)
{
	return (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len));
}
