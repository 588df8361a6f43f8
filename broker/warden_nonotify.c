/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No service manager: nobody to tell. In warden_notify.c's place in a build without libsystemd.
 */
#include "config.h"

#include "broker/warden.h"

void
notify_ready(void)
{
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_status(const char *text)
{
	(void)text;
}

void
notify_watchdog(void)
{
}

int
notify_listen_fds(struct warden *w)
{
	(void)w;
	return (0);
}
