/* SPDX-License-Identifier: BSD-2-Clause */
/* Claiming, reopening and draining, as far as every platform does it alike: see probe.h. */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "broker/probe.h"

#ifndef F_OFD_SETLK	/* without them a process' end is the end of its locks: the next best */
#define F_OFD_SETLK	F_SETLK
#define F_OFD_GETLK	F_GETLK
#endif
#ifndef O_DIRECT
#define O_DIRECT	0
#endif

static int
failed(struct ipc_open_failed *why, enum open_stage stage, int error)
{
	why->stage = stage;
	why->error = (uint32_t)error;
	return (-1);
}

/* Nothing but a disk or a file is ever opened: opening a tape or a pipe has effects. */
static int
check_type(int fd, struct stat *st, struct ipc_open_failed *why)
{
	if (fstat(fd, st) == -1)
		return (failed(why, STAGE_TYPE, errno));
	if (!S_ISBLK(st->st_mode) && !S_ISREG(st->st_mode))
		return (failed(why, STAGE_TYPE, S_ISDIR(st->st_mode) ? EISDIR : ENOTBLK));
	return (0);
}

/* A write-protected device or file system is opened for reading, and says so. */
static int
open_claimed(int name, const struct ipc_claim *claim, const struct stat *st, bool *readonly)
{
	int flags = O_CLOEXEC | O_NOCTTY | (S_ISBLK(st->st_mode) ? O_EXCL : 0);
	int fd = -1;

	*readonly = claim->readonly != 0;
	if (!*readonly && ((fd = probe_open_again(name, flags | O_RDWR)) != -1 ||
	    (errno != EROFS && !(errno == EACCES && S_ISBLK(st->st_mode)))))
		return (fd);
	*readonly = true;
	return (probe_open_again(name, flags | O_RDONLY));
}

static int
lock_file(int fd, const struct stat *st, bool readonly)
{
	if (!S_ISREG(st->st_mode))
		return (0);
	return (flock(fd, (readonly ? LOCK_SH : LOCK_EX) | LOCK_NB));
}

static int
measure(int fd, const struct stat *st, const struct probe_limits *limits,
    const struct ipc_claim *claim, struct ipc_claimed *out)
{
	out->block_size = claim->block_size != 0 ? claim->block_size : 512;
	out->size = (uint64_t)st->st_size;
	out->dev = (uint64_t)st->st_dev;
	out->ino = (uint64_t)st->st_ino;
	out->volatile_cache = 1;
	out->kind = S_ISBLK(st->st_mode) ? BACKEND_BLOCK : BACKEND_FILE;
	if ((S_ISBLK(st->st_mode) ? probe_block(fd, st, limits, out) : probe_file(fd, out)) == -1)
		return (-1);
	/* LBAs may be larger than the device's own, never smaller */
	if (claim->block_size > out->block_size)
		out->block_size = claim->block_size;
	if (out->phys_block_size < out->block_size)
		out->phys_block_size = out->block_size;
	probe_direct(fd, out);
	if (out->size < out->block_size) {
		errno = ENOSPC;
		return (-1);
	}
	return (0);
}

/* Is what was opened what was looked at? (Only where a name had to be opened twice.) */
static bool
is_same(int fd, const struct stat *st)
{
	struct stat now;

	return (fstat(fd, &now) == 0 && now.st_dev == st->st_dev && now.st_ino == st->st_ino &&
	    now.st_rdev == st->st_rdev && (now.st_mode & S_IFMT) == (st->st_mode & S_IFMT));
}

int
probe_claim(const char *path, const struct probe_limits *limits, const struct ipc_claim *claim,
    struct ipc_claimed *out, struct ipc_open_failed *why)
{
	int name, fd = -1, r = -1;
	bool readonly;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if ((name = probe_look_up(path)) == -1)
		return (failed(why, STAGE_OPEN, errno));
	if (check_type(name, &st, why) == -1)
		goto out;
	if ((fd = open_claimed(name, claim, &st, &readonly)) == -1) {
		failed(why, errno == EBUSY ? STAGE_CLAIM : STAGE_OPEN, errno);
		goto out;
	}
	if (!is_same(fd, &st))
		r = failed(why, STAGE_OPEN, ESTALE);
	else if (lock_file(fd, &st, readonly) == -1)
		r = failed(why, STAGE_CLAIM, errno);
	else if (measure(fd, &st, limits, claim, out) == -1)
		r = failed(why, STAGE_SIZE, errno);
	else
		r = 0;
	out->readonly |= readonly;
 out:
	close(name);
	if (r == -1 && fd != -1)
		close(fd);
	return (r == -1 ? -1 : fd);
}

static struct flock
lock_at(uint64_t offset, short type)
{
	return ((struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset,
	    .l_len = 1 });
}

int
probe_reopen(int claim, const struct ipc_reopen *want, struct ipc_open_failed *why)
{
	struct flock lock = lock_at(want->lock_offset, want->readonly ? F_RDLCK : F_WRLCK);
	int flags = want->readonly ? O_RDONLY : O_RDWR;
	struct stat st;
	int fd;

	if (check_type(claim, &st, why) == -1)
		return (-1);
	fd = probe_open_again(claim, flags | O_CLOEXEC | O_NOCTTY | (want->direct ? O_DIRECT : 0));
	if (fd == -1)
		return (failed(why, STAGE_REOPEN, errno));
	if (fcntl(fd, F_OFD_SETLK, &lock) == -1) {
		failed(why, STAGE_LOCK, errno);
		close(fd);
		return (-1);
	}
	return (fd);
}

int
probe_is_locked(int claim, uint64_t lock_offset)
{
	struct flock lock = lock_at(lock_offset, F_WRLCK);

	if (fcntl(claim, F_OFD_GETLK, &lock) == -1)
		return (-1);
	return (lock.l_type != F_UNLCK);
}
