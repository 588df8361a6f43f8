/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No service manager makes sockets for us. In warden_sockets.c's place in a build without
 * libsystemd.
 */
#include "config.h"

#include "broker/warden.h"

int
sockets_hold(struct warden *w)
{
	(void)w;
	return (0);
}
