/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks for a device of dm-log-writes: messages to its target. See Device Mapper's uapi. */
#include "config.h"

#include <sys/ioctl.h>

#include <linux/dm-ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "tests/host/nvmehost.h"

_Static_assert(sizeof(struct dm_target_msg) == sizeof(uint64_t), "text behind a sector");

int
mark_dm_open(void)
{
	return (open("/dev/mapper/control", O_RDWR | O_CLOEXEC));
}

/* The target wants the text to be one word: blanks are quoted. */
int
mark_dm_say(int fd, const char *device, const char *text)
{
	struct {
		struct dm_ioctl head;
		uint64_t sector;	/* it and what follows: struct dm_target_msg */
		char text[512];
	} m;
	char *to = m.text, *end = m.text + sizeof(m.text) - 3;

	memset(&m, 0, sizeof(m));
	m.head.version[0] = DM_VERSION_MAJOR;
	m.head.data_size = sizeof(m);
	m.head.data_start = sizeof(m.head);
	if (strlen(device) >= sizeof(m.head.name)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	strcpy(m.head.name, device);
	memcpy(to, "mark ", 5);
	for (to += 5; *text != '\0' && *text != '\n' && to < end; *to++ = *text++)
		if (*text == ' ')
			*to++ = '\\';
	*to = '\0';
	return (ioctl(fd, DM_TARGET_MSG, &m));
}
