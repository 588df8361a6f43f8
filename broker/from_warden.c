/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the warden says to the broker: what it holds, who lives, who is in charge, who was started
 * and who ended. When its channel ends, a newer broker has taken over or the service has ended:
 * either way this broker is done.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

IPC_RECEIVER(from_warden, IPC_WARDEN_TO_BROKER)

static void
warden_closed(void *ctx, const char *why)
{
	(void)ctx;
	if (channel_ended(why))
		exit(0);
	log_errx("warden: %s", why);
	exit(1);
}

void
warden_open(struct broker *b)
{
	if (channel_open(&b->warden, IPC_CONTROL_FD, &from_warden, S_NEW, b, warden_closed) == -1)
		broker_fatal("warden: no channel");
}

static int
take(int *fds, int i)
{
	int fd = fds[i];

	fds[i] = -1;
	return (fd);
}

/* Also later: what the old broker, still in charge, has the warden hold meanwhile. */
static int
on_held(void *ctx, const struct ipc_held *m, int *fds)
{
	struct broker *b = ctx;

	if (m->kind >= HOLD_MAX)
		return (-1);
	b->fresh = false;
	held_put(&b->held, m->kind, m->key, take(fds, 0));
	return (0);
}

static int
on_held_end(void *ctx, const struct ipc_empty *m, int *fds)
{
	struct broker *b = ctx;

	(void)m;
	(void)fds;
	b->warden.peer.state = S_UP;
	start_held_end(b);
	return (0);
}

static int
on_child(void *ctx, const struct ipc_child *m, int *fds)
{
	takeover_child(ctx, m, take(fds, 0));
	return (0);
}

static int
on_child_record(void *ctx, const struct ipc_child *m, int *fds)
{
	takeover_record(ctx, m, fds[0]);
	return (0);
}

static int
on_go(void *ctx, const struct ipc_empty *m, int *fds)
{
	(void)m;
	(void)fds;
	takeover_go(ctx);
	return (0);
}

/* An answer to a ticket that nobody remembers: the child's channel closes, and it ends. */
static int
on_spawned(void *ctx, const struct ipc_spawned *m, int *fds)
{
	if (opener_spawned(ctx, m, fds[0]) || listener_spawned(ctx, m, fds[0]))
		fds[0] = -1;
	return (0);
}

static int
on_spawned_worker(void *ctx, const struct ipc_spawned *m, int *fds)
{
	int control = take(fds, 0), door = take(fds, 1);

	spare_spawned(ctx, m, control, door);
	return (0);
}

static int
on_spawn_failed(void *ctx, const struct ipc_spawn_failed *m, int *fds)
{
	(void)fds;
	if (!opener_spawn_failed(ctx, m) && !listener_spawn_failed(ctx, m))
		spare_spawn_failed(ctx, m);
	return (0);
}

static int
on_child_gone(void *ctx, const struct ipc_child_gone *m, int *fds)
{
	struct broker *b = ctx;
	struct session *s;

	(void)fds;
	if (opener_gone(b, m->child, m->status) || listener_gone(b, m->child, m->status) ||
	    (s = session_find(b, m->child)) == NULL)
		return (0);
	s->gone_early = b->phase < BROKER_IN_CHARGE;
	s->status = m->status;
	if (!s->gone_early)
		session_gone(s, m->status);
	return (0);
}

static int
on_shutdown(void *ctx, const struct ipc_empty *m, int *fds)
{
	(void)m;
	(void)fds;
	shutdown_begin(ctx);
	return (0);
}
