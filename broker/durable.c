/* SPDX-License-Identifier: BSD-2-Clause */
/* Replacing a file durably: see durable.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/durable.h"

/* For the group as well: the user id is the configuration's choice and may change. */
static int
file_create(int dir, const char *name)
{
	return (openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660));
}

static int
file_rename(int dir, const char *from, const char *to)
{
	return (renameat(dir, from, dir, to));
}

static int
file_unlink(int dir, const char *name)
{
	return (unlinkat(dir, name, 0));
}

const struct durable_ops durable_files = {
	.create = file_create,
	.write = pwrite,
	.sync = fsync,
	.close = close,
	.rename = file_rename,
	.unlink = file_unlink,
};

static int
write_all(const struct durable_ops *fs, int fd, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = fs->write(fd, data + done, size - done, (off_t)done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return (-1);
		done += (size_t)n;
	}
	return (0);
}

static int
write_new(const struct durable_ops *fs, int dir, const char *name, const void *data, size_t size)
{
	int fd, ret, saved;

	/* of one who did not come to the end */
	if (fs->unlink(dir, name) == -1 && errno != ENOENT)
		return (-1);
	if ((fd = fs->create(dir, name)) == -1)
		return (-1);
	ret = write_all(fs, fd, data, size) == 0 && fs->sync(fd) == 0 ? 0 : -1;
	saved = errno;
	if (fs->close(fd) == -1 && ret == 0)
		return (-1);
	errno = saved;
	return (ret);
}

int
durable_replace(const struct durable_ops *fs, int dir, const char *name, const void *data,
    size_t size)
{
	char new[DURABLE_NAME];
	int saved, n = snprintf(new, sizeof(new), "%s.new", name);

	if (n < 0 || (size_t)n >= sizeof(new) || strchr(name, '/') != NULL) {
		errno = EINVAL;
		return (-1);
	}
	if (write_new(fs, dir, new, data, size) == -1) {
		saved = errno;
		fs->unlink(dir, new);
		errno = saved;
		return (-1);
	}
	return (fs->rename(dir, new, name) == 0 && fs->sync(dir) == 0 ? 0 : -1);
}
