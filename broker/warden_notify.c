/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service manager is told: readiness, reloading, stopping, status, the watchdog's sign.
 * Without one all of this does nothing.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
