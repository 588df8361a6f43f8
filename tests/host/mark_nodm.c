/* SPDX-License-Identifier: BSD-2-Clause */
/* Where there is no Device Mapper. */
#include "config.h"

#include <errno.h>

#include "tests/host/nvmehost.h"

int
mark_dm_open(void)
{
	errno = ENOTSUP;
	return (-1);
}

int
mark_dm_say(int fd, const char *device, const char *text)
{
	(void)fd;
	(void)device;
	(void)text;
	errno = ENOTSUP;
	return (-1);
}
