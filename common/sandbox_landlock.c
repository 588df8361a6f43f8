/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: no file may be opened but those named, no TCP port bound or connected, no signal or
 * abstract socket reach out. Each kernel is asked for all that it knows (ABI 1 to 6). Numbers are
 * written out here because the headers of a build machine are older than the kernels we run on.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/sandbox_layers.h"

#ifndef SYS_landlock_create_ruleset	/* one number on every architecture */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define ASK_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS_WRITE_FILE	(1ull << 1)
#define FS_READ_FILE	(1ull << 2)
#define FS_READ_DIR	(1ull << 3)
#define FS_REMOVE_FILE	(1ull << 5)
#define FS_MAKE_REG	(1ull << 8)
#define FS_IOCTL_DEV	(1ull << 15)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* What an ABI can forbid, all of it; the newest that is not newer than the kernel's counts. */
static const struct {
	int abi;
	struct ruleset all;
} known[] = {
	{ 6, { 0xffff, 3, 3 } },	/* Linux 6.12: abstract sockets, signals */
	{ 5, { 0xffff, 3, 0 } },	/* 6.10: ioctl on devices */
	{ 4, { 0x7fff, 3, 0 } },	/* 6.7: TCP bind, connect */
	{ 3, { 0x7fff, 0, 0 } },	/* 6.2: truncate */
	{ 2, { 0x3fff, 0, 0 } },	/* 5.19: refer */
	{ 1, { 0x1fff, 0, 0 } },	/* 5.13 */
};

/* A directory is the one in which a file is replaced. */
static int
leave(int ruleset, const char *path, uint64_t handled)
{
	struct path_beneath rule = {
		.access = (FS_READ_FILE | FS_WRITE_FILE | FS_IOCTL_DEV) & handled,
		.fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat st;
	int r;

	if (rule.fd == -1)	/* what is not there cannot be opened, and says so when tried */
		return (0);
	if (fstat(rule.fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.access = (FS_READ_FILE | FS_WRITE_FILE | FS_READ_DIR | FS_REMOVE_FILE |
		    FS_MAKE_REG) & handled;
	r = (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	close(rule.fd);
	return (r);
}

enum sandbox_outcome
sandbox_landlock(struct sandbox_entry *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	const struct ruleset *all;
	size_t row = 0;
	int fd, r = 0;

	if (abi < 1)
		return (errno == ENOSYS || errno == EOPNOTSUPP ? STEP_KERNEL_LACKS :
		    sandbox_failed(e, "landlock_create_ruleset"));
	while (known[row].abi > abi)
		row++;
	all = &known[row].all;
	if ((fd = (int)syscall(SYS_landlock_create_ruleset, all, sizeof(*all), 0)) == -1)
		return (sandbox_failed(e, "landlock_create_ruleset"));
	for (const char *const *p = e->s->paths; r == 0 && p != NULL && *p != NULL; p++)
		r = leave(fd, *p, all->fs);
	if (r == 0)
		r = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return (r == 0 ? STEP_DONE : sandbox_failed(e, "landlock"));
}
