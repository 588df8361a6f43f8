/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disks behind the target that are not its own memory: a file, and a loop device with direct
 * I/O on a second file. Both are made at the start and are gone at the end.
 */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

const char *const backend_name[BACKEND_MAX] = { "ram", "file", "loop" };

static struct disk {
	char path[300];
	const char *missing;
} disks[BACKEND_MAX];

static char loop_file[300];

const char *
disk_path(enum backend b)
{
	return (disks[b].path);
}

bool
target_has(enum backend b, const char **why)
{
	*why = disks[b].missing;
	return (disks[b].missing == NULL);
}

/* All of it written, so that no read finds a hole. */
static void
make_file(const char *path)
{
	static uint64_t block[8192];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd == -1)
		err(1, "%s", path);
	for (uint64_t at = 0; at < settings.ram; at += sizeof(block)) {
		for (size_t i = 0; i < sizeof(block) / sizeof(block[0]); i += 8)
			block[i] = (at + i) * 0x9e3779b97f4a7c15u;
		if (write(fd, block, sizeof(block)) != sizeof(block))
			err(1, "%s", path);
	}
	if (fsync(fd) == -1)
		err(1, "%s", path);
	close(fd);
}

static void
make_loop(struct disk *d)
{
	char command[700];
	FILE *f;

	if (geteuid() != 0) {
		d->missing = "needs root";
		return;
	}
	snprintf(loop_file, sizeof(loop_file), "%s/bench-loop.%d", settings.file_dir, (int)getpid());
	make_file(loop_file);
	snprintf(command, sizeof(command),
	    "losetup -f --show --direct-io=on --sector-size 4096 '%s' 2>/dev/null", loop_file);
	if ((f = popen(command, "r")) == NULL || fgets(d->path, sizeof(d->path), f) == NULL)
		d->missing = "losetup --direct-io does not work here";
	d->path[strcspn(d->path, "\n")] = '\0';
	if (f != NULL)
		pclose(f);
}

void
disks_make(bool with_loop)
{
	struct disk *file = &disks[BACKEND_FILE], *loop = &disks[BACKEND_LOOP];

	snprintf(file->path, sizeof(file->path), "%s/bench-file.%d", settings.file_dir,
	    (int)getpid());
	make_file(file->path);
	if (with_loop)
		make_loop(loop);
	else
		loop->missing = "not asked for";
}

void
disks_remove(void)
{
	char command[700];

	if (disks[BACKEND_LOOP].missing == NULL && disks[BACKEND_LOOP].path[0] == '/') {
		snprintf(command, sizeof(command), "losetup -d '%s'", disks[BACKEND_LOOP].path);
		if (system(command) != 0)
			warnx("%s failed", command);
	}
	if (loop_file[0] != '\0')
		unlink(loop_file);
	if (disks[BACKEND_FILE].path[0] != '\0')
		unlink(disks[BACKEND_FILE].path);
}
