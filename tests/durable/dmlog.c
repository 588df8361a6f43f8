/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmlog create NAME DATA LOG: a device that is DATA, and has LOG filled by dm-log-writes; prints its
 * path. dmlog remove NAME: the log is complete then.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include <linux/dm-ioctl.h>
#include <linux/fs.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct dm_ioctl head;
	struct dm_target_spec spec;
	char params[1024];
};

static void
call(unsigned long what, const char *name, struct request *r)
{
	static int control = -1;

	if (control == -1 && (control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC)) == -1)
		err(1, "/dev/mapper/control");
	r->head.version[0] = DM_VERSION_MAJOR;
	r->head.data_size = sizeof(*r);
	r->head.data_start = sizeof(r->head);
	strncpy(r->head.name, name, sizeof(r->head.name) - 1);
	if (ioctl(control, what, r) == -1)
		err(1, "device mapper: %s", name);
}

static uint64_t
sectors(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t bytes;

	if (fd == -1 || ioctl(fd, BLKGETSIZE64, &bytes) == -1)
		err(1, "%s", path);
	close(fd);
	return (bytes / 512);
}

static void
create(const char *name, const char *data, const char *log)
{
	struct request make = { 0 }, load = { 0 }, resume = { 0 };

	call(DM_DEV_CREATE, name, &make);
	load.head.target_count = 1;
	load.spec.length = sectors(data);
	strcpy(load.spec.target_type, "log-writes");
	snprintf(load.params, sizeof(load.params), "%s %s", data, log);
	call(DM_TABLE_LOAD, name, &load);
	call(DM_DEV_SUSPEND, name, &resume);	/* without a flag: to resume it */
	printf("/dev/dm-%u\n", minor(make.head.dev));
}

int
main(int argc, char **argv)
{
	struct request remove = { 0 };

	if (argc == 5 && strcmp(argv[1], "create") == 0)
		create(argv[2], argv[3], argv[4]);
	else if (argc == 3 && strcmp(argv[1], "remove") == 0)
		call(DM_DEV_REMOVE, argv[2], &remove);
	else
		errx(2, "usage: dmlog create NAME DATA LOG | remove NAME");
	return (0);
}
