/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listener: accepts connections, counts them, and passes each to a fresh greeter through that
 * greeter's door. It never reads a byte from a connection, and holds none longer than it takes to
 * pass it on.
 */
#ifndef LISTENER_LISTENER_H
#define LISTENER_LISTENER_H

#include <stdint.h>

#include "common/ipc.h"
#include "listener/greetings.h"

enum {
	LISTENER_SOCKETS = 64,
	LISTENER_SPARES = 64,
	LISTENER_FILES = 1024,
	LISTENER_BATCH = 8,		/* connections of one socket before the others' turn */
	LISTENER_PAUSE_MS = 100,	/* after the kernel was short of something */
	LISTENER_LOG_MS = 5000,		/* one line about closed connections in this time */
};

struct listen_socket {
	int fd;
	uint32_t index;			/* the broker's, comes back in GREETING */
};

struct spare {
	int door;
	uint32_t slot;			/* the worker's child number */
};

struct listener {
	struct ipc_peer broker;
	struct listen_socket socket[LISTENER_SOCKETS];
	unsigned nsockets;
	struct spare spare[LISTENER_SPARES];	/* the oldest first */
	unsigned nspares;
	struct greetings greetings;
	uint64_t paused_until_ms;
	uint64_t logged_ms;		/* when the last line about closed ones was sent */
	uint64_t full_logged_ms;
	uint64_t closed[GREET_VERDICT_MAX];	/* since then */
};

/* listener.c */
uint64_t listener_now_ms(void);

/* control.c: what the broker says. */
void	control_init(struct listener *, int fd);
void	control_unlisten(struct listener *);
void	control_drop_spare(struct listener *, unsigned i);

/* accept.c: up to LISTENER_BATCH connections of one socket. */
void	accept_some(struct listener *, const struct listen_socket *);
void	accept_log(struct listener *, uint64_t now_ms);

#endif
