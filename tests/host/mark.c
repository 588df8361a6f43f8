/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks: what this host asks for and is answered, told to whoever records what reaches the medium
 * (tests/durable), in between. A mark is in the record when mark_say() returns. The path is a file
 * to write to, or dm:NAME, a device of dm-log-writes.
 */
#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/host/nvmehost.h"

enum { MARK_MAX = 200 };

int
mark_open(struct marks *m, const char *path)
{
	m->device = strncmp(path, "dm:", 3) == 0 ? path + 3 : NULL;
	m->fd = m->device != NULL ? mark_dm_open() : open(path, O_WRONLY | O_CLOEXEC);
	return (m->fd == -1 ? -1 : 0);
}

int
mark_say(const struct marks *m, const char *fmt, ...)
{
	char text[MARK_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= MARK_MAX)
		return (-1);
	if (m->device != NULL)
		return (mark_dm_say(m->fd, m->device, text));
	return (write(m->fd, text, (size_t)n) == n ? 0 : -1);
}

void
mark_close(struct marks *m)
{
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
}
