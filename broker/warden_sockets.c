/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets that the service manager made for us: held from the start, never dropped.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "broker/warden.h"
#include "common/log.h"

/* How many of names[0..n) are names[n]? */
static uint32_t
count_same(char **names, int n)
{
	uint32_t same = 0;

	for (int i = 0; i < n; i++)
		same += strcmp(names[i], names[n]) == 0;
	return (same);
}

static int
hold_socket(struct warden *w, int fd, const char *name, uint32_t count)
{
	struct ipc_held held = { .kind = HOLD_SYSTEMD };
	size_t len = strlen(name);

	if (len >= IPC_SYSTEMD_NAME_SIZE) {
		log_errx("socket name \"%s\" from the service manager is longer than %d bytes",
		    name, IPC_SYSTEMD_NAME_SIZE - 1);
		return (-1);
	}
	memcpy(held.key, name, len);
	memcpy(held.key + IPC_SYSTEMD_NAME_SIZE, &count, sizeof(count));
	return (hold_add(w, 0, &held, fd));
}

int
sockets_hold(struct warden *w)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), r = 0;

	for (int i = 0; i < n && r == 0; i++)
		r = hold_socket(w, SD_LISTEN_FDS_START + i, names[i], count_same(names, i));
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return (n < 0 ? -1 : r);
}
