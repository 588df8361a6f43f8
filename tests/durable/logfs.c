/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logfs LOG BACKING MOUNTPOINT: the directory BACKING, with a record in LOG of all that changes it
 * and of every fsync, when it came and when it was complete (record.h). It lies below the kernel's
 * page cache: what was written and never written back is not in the log, as it would not be on a
 * disk. What is written to the file "mark" at its top is no file's: it is recorded as a mark.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/durable/record.h"

#define FUSE_USE_VERSION 35
#include <fuse.h>

static int backing, sink;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t moment;

/* ---- the log ---- */

static uint64_t
now(void)
{
	return (__atomic_add_fetch(&moment, 1, __ATOMIC_SEQ_CST));
}

/* Ends r, which began at r->begin. What cannot be recorded must not seem to have happened. */
static void
record(struct record *r, enum record_type type, const void *what, size_t size)
{
	struct iovec iov[2] = { { r, sizeof(*r) }, { (void *)(uintptr_t)what, size } };

	r->magic = RECORD_MAGIC;
	r->type = (uint16_t)type;
	r->size = size;
	pthread_mutex_lock(&lock);
	r->end = now();
	if (writev(sink, iov, 2) != (ssize_t)(sizeof(*r) + size))
		err(1, "log");
	pthread_mutex_unlock(&lock);
}

/* Some take their time, so that others come meanwhile. */
static void
dawdle(const struct record *r, unsigned sometimes)
{
	struct timespec step = { 0, 1000000 };

	if (r->begin % sometimes == 0)
		nanosleep(&step, NULL);
}

static uint64_t
inode_of(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 ? st.st_ino : 0);
}

static uint64_t
inode_at(const char *path)
{
	struct stat st;

	return (fstatat(backing, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0);
}

/* ---- names ---- */

/* Below the backing directory. */
static const char *
below(const char *path)
{
	return (path[1] == '\0' ? "." : path + 1);
}

static bool
is_mark(const char *path)
{
	return (path != NULL && strcmp(path, "/mark") == 0);
}

static int
log_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	if (is_mark(path)) {
		memset(st, 0, sizeof(*st));
		st->st_mode = S_IFREG | 0222;
		st->st_nlink = 1;
		return (0);
	}
	if (fi != NULL)
		return (fstat((int)fi->fh, st) == -1 ? -errno : 0);
	return (fstatat(backing, below(path), st, AT_SYMLINK_NOFOLLOW) == -1 ? -errno : 0);
}

static int
log_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t at,
    struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	int fd = openat(backing, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;

	(void)at;
	(void)fi;
	(void)flags;
	if (dir == NULL)
		return (-errno);
	while ((e = readdir(dir)) != NULL)
		fill(buf, e->d_name, NULL, 0, 0);
	closedir(dir);
	return (0);
}

/* Whoever asked owns it. */
static void
give(const char *path)
{
	const struct fuse_context *c = fuse_get_context();

	if (fchownat(backing, path, c->uid, c->gid, AT_SYMLINK_NOFOLLOW) == -1)
		warn("%s: owner", path);
}

static int
log_mkdir(const char *path, mode_t mode)
{
	struct record r = { .begin = now() };

	if (mkdirat(backing, below(path), mode) == -1)
		return (-errno);
	give(below(path));
	r.file = inode_at(below(path));
	record(&r, RECORD_MKDIR, below(path), strlen(below(path)));
	return (0);
}

static int
log_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	struct record r = { .begin = now() };
	int fd = openat(backing, below(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd == -1)
		return (-errno);
	give(below(path));
	fi->fh = (uint64_t)fd;
	r.file = inode_of(fd);
	record(&r, RECORD_CREATE, below(path), strlen(below(path)));
	return (0);
}

static int
log_unlink(const char *path)
{
	struct record r = { .begin = now(), .file = inode_at(below(path)) };

	if (unlinkat(backing, below(path), 0) == -1)
		return (-errno);
	record(&r, RECORD_UNLINK, below(path), strlen(below(path)));
	return (0);
}

static int
log_rename(const char *from, const char *to, unsigned flags)
{
	struct record r = { .begin = now(), .file = inode_at(below(from)) };
	char names[8192];
	int n;

	if (flags != 0)
		return (-EINVAL);
	if (renameat(backing, below(from), backing, below(to)) == -1)
		return (-errno);
	n = snprintf(names, sizeof(names), "%s%c%s", below(from), '\0', below(to));
	record(&r, RECORD_RENAME, names, (size_t)n);
	return (0);
}

static int
log_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	(void)fi;
	return (fchmodat(backing, below(path), mode, 0) == -1 ? -errno : 0);
}

static int
log_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	(void)fi;
	return (fchownat(backing, below(path), uid, gid, AT_SYMLINK_NOFOLLOW) == -1 ? -errno : 0);
}

/* The kernel's page cache keeps them, and tells them when it likes. */
static int
log_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
	(void)path;
	(void)times;
	(void)fi;
	return (0);
}

/* ---- what is in files ---- */

/* The page cache reads what it does not write over, so every file can be read. */
static int
log_open(const char *path, struct fuse_file_info *fi)
{
	int fd;

	if (is_mark(path)) {
		fi->direct_io = 1;
		fi->fh = UINT64_MAX;
		return (0);
	}
	if ((fd = openat(backing, below(path), O_RDWR | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return (-errno);
	fi->fh = (uint64_t)fd;
	return (0);
}

static int
log_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	if (fi->fh != UINT64_MAX)
		close((int)fi->fh);
	return (0);
}

static int
log_read(const char *path, char *buf, size_t size, off_t at, struct fuse_file_info *fi)
{
	ssize_t n = fi->fh != UINT64_MAX ? pread((int)fi->fh, buf, size, at) : 0;

	(void)path;
	return (n == -1 ? -errno : (int)n);
}

static int
log_write(const char *path, const char *buf, size_t size, off_t at, struct fuse_file_info *fi)
{
	struct record r = { .begin = now(), .offset = (uint64_t)at };
	ssize_t n;

	(void)path;
	if (fi->fh == UINT64_MAX) {
		record(&r, RECORD_MARK, buf, size);
		return ((int)size);
	}
	if ((n = pwrite((int)fi->fh, buf, size, at)) == -1)
		return (-errno);
	r.file = inode_of((int)fi->fh);
	r.len = (uint64_t)n;
	r.flags = (fi->flags & O_DSYNC) != 0 ? RECORD_DSYNC : 0;
	dawdle(&r, 7);
	record(&r, RECORD_WRITE, buf, (size_t)n);
	return ((int)n);
}

static int
log_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	struct record r = { .begin = now(), .offset = (uint64_t)size };
	int fd;

	if (is_mark(path))
		return (0);
	if ((fd = fi != NULL ? dup((int)fi->fh) : openat(backing, below(path), O_RDWR)) == -1)
		return (-errno);
	r.file = inode_of(fd);
	if (ftruncate(fd, size) == -1) {
		int error = errno;

		close(fd);
		return (-error);
	}
	close(fd);
	record(&r, RECORD_TRUNCATE, NULL, 0);
	return (0);
}

static int
log_fallocate(const char *path, int mode, off_t at, off_t len, struct fuse_file_info *fi)
{
	struct record r = { .begin = now(), .offset = (uint64_t)at, .len = (uint64_t)len };

	(void)path;
	if ((mode & FALLOC_FL_KEEP_SIZE) == 0)
		return (-EOPNOTSUPP);
	if (fallocate((int)fi->fh, mode, at, len) == -1)
		return (-errno);
	r.file = inode_of((int)fi->fh);
	record(&r, RECORD_ZERO, NULL, 0);
	return (0);
}

/* Nothing has to be done: who asks will judge by the record. */
static int
log_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
	struct record r = { .begin = now(), .file = inode_of((int)fi->fh) };

	(void)path;
	(void)data_only;
	dawdle(&r, 3);
	record(&r, RECORD_FSYNC, NULL, 0);
	return (0);
}

static int
log_fsyncdir(const char *path, int data_only, struct fuse_file_info *fi)
{
	struct record r = { .begin = now() };

	(void)data_only;
	(void)fi;
	record(&r, RECORD_FSYNCDIR, below(path), strlen(below(path)));
	return (0);
}

static void *
log_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	conn->want |= FUSE_CAP_WRITEBACK_CACHE & conn->capable;
	cfg->use_ino = 1;
	cfg->hard_remove = 1;
	cfg->kernel_cache = 1;
	return (NULL);
}

static const struct fuse_operations operations = {
	.init = log_init,
	.getattr = log_getattr,
	.readdir = log_readdir,
	.mkdir = log_mkdir,
	.create = log_create,
	.unlink = log_unlink,
	.rename = log_rename,
	.chmod = log_chmod,
	.chown = log_chown,
	.utimens = log_utimens,
	.open = log_open,
	.release = log_release,
	.read = log_read,
	.write = log_write,
	.truncate = log_truncate,
	.fallocate = log_fallocate,
	.fsync = log_fsync,
	.fsyncdir = log_fsyncdir,
};

/* What is at the top when it begins. */
static void
record_files(void)
{
	DIR *dir = fdopendir(openat(backing, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;
	struct stat st;

	if (dir == NULL)
		err(1, "BACKING");
	while ((e = readdir(dir)) != NULL) {
		struct record r = { .begin = now() };

		if (fstatat(backing, e->d_name, &st, 0) == -1 || !S_ISREG(st.st_mode))
			continue;
		r.file = st.st_ino;
		r.offset = (uint64_t)st.st_size;
		record(&r, RECORD_FILE, e->d_name, strlen(e->d_name));
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	char *own[] = { argv[0], argv[argc - 1], (char[]){ "-f" },
	    (char[]){ "-oallow_other,default_permissions" }, NULL };

	if (argc != 4)
		errx(2, "usage: logfs LOG BACKING MOUNTPOINT");
	if ((sink = open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)) == -1)
		err(1, "%s", argv[1]);
	if ((backing = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(1, "%s", argv[2]);
	record_files();
	umask(0);
	return (fuse_main(4, own, &operations, NULL));
}
