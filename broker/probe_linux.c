/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux knows of a disk or file: sizes by ioctl, limits from sysfs, direct I/O by statx. No
 * probe changes a byte: hole punching is tried behind the end of a file only, and a device's limits
 * are read, not tried. Where sysfs cannot be read, the careful value stands.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <linux/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/probe.h"

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ	_IOR(0x12, 128, uint64_t)
#endif
#define DIO_ALIGN_MAX	65536u	/* no sense in more */
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN	0x00002000U
#endif

int
probe_look_up(const char *path)
{
	return (open(path, O_PATH | O_CLOEXEC));
}

int
probe_open_again(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (open(path, flags));
}

/* One file of a disk's queue directory; a partition has its disk's. "" where it is not known. */
static void
queue_text(dev_t rdev, const char *name, char *text, size_t size)
{
	static const char *const where[] = { "queue", "../queue" };
	char path[128];
	ssize_t n;
	int fd;

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/%s", major(rdev), minor(rdev),
		    where[i], name);
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
			continue;
		n = read(fd, text, size - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (n > 0)
			return;
	}
	text[0] = '\0';
}

static uint32_t
queue_limit(dev_t rdev, const char *name)
{
	unsigned long long v;
	char text[32];

	queue_text(rdev, name, text, sizeof(text));
	v = strtoull(text, NULL, 10);
	return (v > UINT32_MAX ? UINT32_MAX : (uint32_t)v);
}

void
probe_read_limits(const char *path, struct probe_limits *limits)
{
	char text[32];
	struct stat st;

	memset(limits, 0, sizeof(*limits));
	if (stat(path, &st) == -1 || !S_ISBLK(st.st_mode))
		return;
	limits->rdev = st.st_rdev;
	limits->discard_max = queue_limit(st.st_rdev, "discard_max_bytes");
	limits->discard_gran = queue_limit(st.st_rdev, "discard_granularity");
	limits->write_zeroes_max = queue_limit(st.st_rdev, "write_zeroes_max_bytes");
	queue_text(st.st_rdev, "write_cache", text, sizeof(text));
	limits->write_through = strcmp(text, "write through\n") == 0;
}

static void
block_limits(int fd, struct ipc_claimed *c)
{
	unsigned int phys = 0, opt = 0;
	int ro = 0;

	if (ioctl(fd, BLKPBSZGET, &phys) == 0)
		c->phys_block_size = phys;
	if (ioctl(fd, BLKIOOPT, &opt) == 0)
		c->opt_io_size = opt;
	if (ioctl(fd, BLKROGET, &ro) == 0)
		c->readonly = ro != 0;
	c->can_zero = 1;	/* the kernel writes zeros where the device cannot */
}

int
probe_block(int fd, const struct stat *st, const struct probe_limits *limits,
    struct ipc_claimed *c)
{
	uint64_t size, seq = 0;
	int lba;

	if (ioctl(fd, BLKGETSIZE64, &size) == -1 || ioctl(fd, BLKSSZGET, &lba) == -1)
		return (-1);
	if (lba < 512 || (lba & (lba - 1)) != 0) {
		errno = EINVAL;
		return (-1);
	}
	c->size = size;
	c->block_size = (uint32_t)lba;
	c->dev = (uint64_t)st->st_rdev;
	c->ino = ioctl(fd, BLKGETDISKSEQ, &seq) == 0 ? seq : 0;
	block_limits(fd, c);
	if (limits->rdev == st->st_rdev) {
		c->discard_max = limits->discard_max;
		c->discard_gran = limits->discard_gran;
		/* punching a hole must leave zeros: the kernel asks the device to write them */
		c->can_discard = limits->write_zeroes_max != 0;
		c->volatile_cache = !limits->write_through;
	}
	return (0);
}

static uint32_t
can_fallocate(int fd, int mode, off_t behind_end)
{
	return (fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, behind_end, 4096) == 0);
}

int
probe_file(int fd, struct ipc_claimed *c)
{
	/* behind the end there is nothing to lose, and the size stays */
	off_t end = (off_t)((c->size + 4095) & ~UINT64_C(4095));

	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return (0);
	c->can_discard = can_fallocate(fd, FALLOC_FL_PUNCH_HOLE, end);
	c->can_zero = can_fallocate(fd, FALLOC_FL_ZERO_RANGE, end);
	if (c->can_zero)	/* it may have allocated what it zeroed */
		c->can_discard = can_fallocate(fd, FALLOC_FL_PUNCH_HOLE, end);
	return (0);
}

/* glibc's struct statx may be older than the members: they follow stx_mnt_id. */
struct dio_align {
	uint32_t mem, offset;
};

static bool
ask_statx(int fd, struct dio_align *a)
{
	union { struct statx sx; uint32_t word[64]; } u = { .word = { 0 } };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &u.sx) == -1 ||
	    (u.sx.stx_mask & STATX_DIOALIGN) == 0)
		return (false);
	a->mem = u.word[0x98 / 4];
	a->offset = u.word[0x9c / 4];
	return (true);
}

/* Only reading is tried: a device that cannot even do that is none to go past the cache for. */
static bool
try_read(int fd, uint32_t align)
{
	void *buf = NULL;
	ssize_t n = -1;

	if (posix_memalign(&buf, align, align) == 0)
		n = pread(fd, buf, align, 0);
	free(buf);
	return (n >= 0);
}

/* Kernels before 6.1 do not say: then it is found out. */
static bool
find_align(int fd, struct dio_align *a)
{
	static const uint32_t usual[] = { 512, 4096 };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		a->mem = a->offset = usual[i];
		if (try_read(fd, usual[i]))
			return (true);
	}
	return (false);
}

static bool
is_align(uint32_t n)
{
	return (n != 0 && (n & (n - 1)) == 0 && n <= DIO_ALIGN_MAX);
}

void
probe_direct(int claim, struct ipc_claimed *c)
{
	struct dio_align a;
	int fd = probe_open_again(claim, O_RDONLY | O_DIRECT | O_CLOEXEC);
	bool ok;

	if (fd == -1)
		return;
	if (ask_statx(fd, &a))
		ok = is_align(a.mem) && is_align(a.offset) &&
		    try_read(fd, a.mem > a.offset ? a.mem : a.offset);
	else
		ok = find_align(fd, &a);
	close(fd);
	if (ok) {
		c->dio_mem = a.mem;
		c->dio_offset = a.offset;
	}
}
