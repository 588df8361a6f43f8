/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the broker tells the listener: sockets, limits, spares, ends of greetings. The broker is
 * trusted to be the broker, not to be right: indices and counts are checked, and a message that
 * does not fit is dropped with its descriptor.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "listener/listener.h"

IPC_RECEIVER(from_broker, IPC_BROKER_TO_LISTENER)

void
control_init(struct listener *l, int fd)
{
	l->broker = (struct ipc_peer){ .fd = fd, .in = &from_broker, .ctx = l, .state = S_UP };
}

/* An index that is known gets the new socket. */
static int
on_listen(void *ctx, const struct ipc_listen *m, int *fds)
{
	struct listener *l = ctx;
	unsigned i;

	for (i = 0; i < l->nsockets && l->socket[i].index != m->index; i++)
		;
	if (i == LISTENER_SOCKETS)
		return (0);
	if (i < l->nsockets)
		close(l->socket[i].fd);
	else
		l->nsockets++;
	l->socket[i] = (struct listen_socket){ fds[0], m->index };
	fds[0] = -1;
	return (0);
}

static int
on_greet_limits(void *ctx, const struct ipc_greet_limits *m, int *fds)
{
	struct listener *l = ctx;

	(void)fds;
	return (greetings_set_limits(&l->greetings, m->greetings, m->per_source));
}

static int
on_spare(void *ctx, const struct ipc_slot *m, int *fds)
{
	struct listener *l = ctx;

	if (l->nspares == LISTENER_SPARES)
		return (0);	/* its door closes, it leaves */
	l->spare[l->nspares++] = (struct spare){ fds[0], m->slot };
	fds[0] = -1;
	return (0);
}

static int
on_greeted(void *ctx, const struct ipc_slot *m, int *fds)
{
	struct listener *l = ctx;

	(void)fds;
	if (m->outcome >= GREET_MAX)
		return (-1);
	greetings_end(&l->greetings, m->slot, m->outcome, listener_now_ms());
	return (0);
}

/* The first word of a new broker, too, which was not told of every end while there was none. */
static int
on_unlisten(void *ctx, const struct ipc_empty *m, int *fds)
{
	struct listener *l = ctx;

	(void)m;
	(void)fds;
	control_unlisten(l);
	greetings_forget(&l->greetings);
	return (0);
}

void
control_drop_spare(struct listener *l, unsigned i)
{
	close(l->spare[i].door);
	l->nspares--;
	memmove(&l->spare[i], &l->spare[i + 1], (l->nspares - i) * sizeof(l->spare[0]));
}

/* The sockets live on in the warden, and the kernel keeps what connects meanwhile. */
void
control_unlisten(struct listener *l)
{
	while (l->nsockets > 0)
		close(l->socket[--l->nsockets].fd);
	while (l->nspares > 0)
		control_drop_spare(l, l->nspares - 1);
}
