/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hangfs CONTROL BACKING MOUNTPOINT: a file system of one file, "disk", whose content is BACKING
 * and which misbehaves on demand. Files that exist in the directory CONTROL are the demands:
 *
 *	eio, enospc	reads and writes, or writes only, fail so
 *	hang		open(2) does not return while it is there
 *	hold		writes that come now are held, each until "release" is there
 *
 * It makes "held" in CONTROL when it holds a write. Nothing waits for longer than LIMIT_MS.
 */
#include "config.h"

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FUSE_USE_VERSION 35
#include <fuse.h>

enum { STEP_MS = 10, LIMIT_MS = 120000 };

static int control, backing;

static bool
demanded(const char *what)
{
	return (faccessat(control, what, F_OK, 0) == 0);
}

static void
wait_until(const char *what, bool there)
{
	struct timespec step = { 0, STEP_MS * 1000000 };

	for (int ms = 0; demanded(what) != there && ms < LIMIT_MS; ms += STEP_MS)
		nanosleep(&step, NULL);
}

static bool
is_disk(const char *path)
{
	return (strcmp(path, "/disk") == 0);
}

static int
hang_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	memset(st, 0, sizeof(*st));
	if (is_disk(path))
		return (fstat(backing, st) == -1 ? -errno : 0);
	st->st_mode = S_IFDIR | 0755;
	st->st_nlink = 1;
	return (strcmp(path, "/") == 0 ? 0 : -ENOENT);
}

static int
hang_open(const char *path, struct fuse_file_info *fi)
{
	if (!is_disk(path))
		return (-ENOENT);
	wait_until("hang", false);
	fi->direct_io = 1;
	return (0);
}

static int
hang_read(const char *path, char *buf, size_t size, off_t at, struct fuse_file_info *fi)
{
	ssize_t n;

	(void)path;
	(void)fi;
	if (demanded("eio"))
		return (-EIO);
	n = pread(backing, buf, size, at);
	return (n == -1 ? -errno : (int)n);
}

static void
hold_write(void)
{
	int fd = openat(control, "held", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	if (fd != -1)
		close(fd);
	wait_until("release", true);
}

static int
hang_write(const char *path, const char *buf, size_t size, off_t at, struct fuse_file_info *fi)
{
	ssize_t n;

	(void)path;
	(void)fi;
	if (demanded("eio") || demanded("enospc"))
		return (demanded("eio") ? -EIO : -ENOSPC);
	if (demanded("hold"))
		hold_write();
	n = pwrite(backing, buf, size, at);
	return (n == -1 ? -errno : (int)n);
}

static int
hang_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
	(void)path;
	(void)data_only;
	(void)fi;
	return (demanded("eio") ? -EIO : 0);
}

static const struct fuse_operations operations = {
	.getattr = hang_getattr,
	.open = hang_open,
	.read = hang_read,
	.write = hang_write,
	.fsync = hang_fsync,
};

int
main(int argc, char **argv)
{
	char *own[] = { argv[0], argv[argc - 1], (char[]){ "-f" },
	    (char[]){ "-oallow_other,default_permissions" }, NULL };

	if (argc != 4)
		errx(2, "usage: hangfs CONTROL BACKING MOUNTPOINT");
	if ((control = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(1, "%s", argv[1]);
	if ((backing = open(argv[2], O_RDWR | O_CLOEXEC)) == -1)
		err(1, "%s", argv[2]);
	return (fuse_main(4, own, &operations, NULL));
}
