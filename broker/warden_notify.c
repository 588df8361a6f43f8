/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service manager: readiness, status, watchdog, and the sockets that it made for us. Without
 * one all of this does nothing.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

static bool ready_unheard;	/* READY=1 found the manager's queue full */

/* sd_notify would block on a manager that does not read. Returns 0, or -1: not said. */
static int
say(const char *words)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = path == NULL ? 0 : strlen(path);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	ssize_t n;
	int fd;

	if (len == 0 || len >= sizeof(un.sun_path))
		return (0);
	memcpy(un.sun_path, path, len);
	if (path[0] == '@')
		un.sun_path[0] = '\0';	/* abstract */
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	n = sendto(fd, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL,
	    (struct sockaddr *)&un, size);
	close(fd);
	return (n == -1 ? -1 : 0);
}

void
notify_ready(void)
{
	ready_unheard = say("READY=1") == -1;
}

void
notify_reloading(void)
{
	char words[64];

	snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    warden_now_ms() * 1000);
	ready_unheard = false;
	say(words);
}

void
notify_stopping(void)
{
	ready_unheard = false;
	say("STOPPING=1");
}

/* A newline would begin another assignment, MAINPID= for one. */
void
notify_status(const char *text)
{
	char words[IPC_TEXT_SIZE + 16] = "STATUS=";
	size_t n = strlen(words);

	for (size_t i = 0; n < sizeof(words) - 1 && text[i] != '\0'; i++, n++)
		words[n] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	words[n] = '\0';
	if (ready_unheard)
		notify_ready();
	say(words);
}

void
notify_watchdog(void)
{
	say("WATCHDOG=1");
}

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
notify_listen_fds(struct warden *w)
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
