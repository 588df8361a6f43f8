/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disks behind a target that are not its own memory: a file, and a loop device with direct I/O
 * on a second file. Each target has its own, for it claims them. They are gone at the end.
 */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

const char *const backend_name[BACKEND_MAX] = { "ram", "file", "loop" };

static void
make_file(struct target *t, enum backend b)
{
	static unsigned number;
	int fd;

	snprintf(t->file[b], sizeof(t->file[b]), "%s/bench-%d-%u.%s", settings.file_dir,
	    (int)getpid(), ++number, backend_name[b]);
	fd = open(t->file[b], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1 || ftruncate(fd, (off_t)settings.ram) == -1)
		err(1, "%s", t->file[b]);
	close(fd);
}

/* The device that losetup names, or no path where that does not work. */
static void
attach(struct target *t)
{
	char command[700];
	FILE *f;

	make_file(t, BACKEND_LOOP);
	snprintf(command, sizeof(command),
	    "losetup -f --show --direct-io=on --sector-size 4096 '%s' 2>/dev/null",
	    t->file[BACKEND_LOOP]);
	if ((f = popen(command, "r")) == NULL)
		err(1, "losetup");
	if (fgets(t->path[BACKEND_LOOP], sizeof(t->path[BACKEND_LOOP]), f) == NULL)
		report_note("loop: losetup --direct-io does not work here");
	t->path[BACKEND_LOOP][strcspn(t->path[BACKEND_LOOP], "\n")] = '\0';
	pclose(f);
}

void
disks_make(struct target *t)
{
	if (t->options.ram_only)
		return;
	if (is_chosen(settings.backends, backend_name[BACKEND_FILE])) {
		make_file(t, BACKEND_FILE);
		snprintf(t->path[BACKEND_FILE], sizeof(t->path[BACKEND_FILE]), "%s",
		    t->file[BACKEND_FILE]);
	}
	if (!is_chosen(settings.backends, backend_name[BACKEND_LOOP]))
		return;
	if (geteuid() == 0)
		attach(t);
	else
		report_note("loop: needs root");
}

/* After the target has ended. */
void
disks_remove(struct target *t)
{
	char command[700];

	snprintf(command, sizeof(command), "losetup -d '%s'", t->path[BACKEND_LOOP]);
	if (t->path[BACKEND_LOOP][0] != '\0' && system(command) != 0)
		warnx("%s failed", command);
	for (int b = BACKEND_FILE; b < BACKEND_MAX; b++)
		if (t->file[b][0] != '\0')
			unlink(t->file[b]);
}

bool
target_has(const struct target *t, enum backend b)
{
	return (b == BACKEND_RAM || t->path[b][0] != '\0');
}
