/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replacing a file so that a loss of power at any moment leaves the old one or the new one: written
 * under another name, synced, renamed, the directory synced. May block as long as the disk does, so
 * it is an opener that does it.
 */
#ifndef BROKER_DURABLE_H
#define BROKER_DURABLE_H

#include <sys/types.h>

#include <stddef.h>

enum { DURABLE_NAME = 64 };	/* of a file, with its NUL */

/* What it needs of a file system; each as the system call of that name. A test has its own. */
struct durable_ops {
	int	(*create)(int dir, const char *name);	/* exclusively, for writing */
	ssize_t	(*write)(int fd, const void *, size_t, off_t);
	int	(*sync)(int fd);			/* of a file, and of the directory */
	int	(*close)(int fd);
	int	(*rename)(int dir, const char *from, const char *to);
	int	(*unlink)(int dir, const char *name);
};

extern const struct durable_ops durable_files;

/* name has no slash and fewer than DURABLE_NAME - 4 bytes. 0 when the new file is durable; or -1
 * with errno: then it is the old one or the new one, and it is not known which lasts. */
int	durable_replace(const struct durable_ops *, int dir, const char *name, const void *data,
	    size_t size);

#endif
