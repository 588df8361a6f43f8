/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblock-listener: main and its loop. It holds the control channel, the listening sockets and
 * the doors of spare greeters, and waits on all of them; sockets are looked at only while there is
 * a spare to greet with. End of the control channel is the end of the listener.
 */
#include "config.h"

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "listener/listener.h"

#define NPOLL (1 + LISTENER_SPARES + LISTENER_SOCKETS)

uint64_t
listener_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* Order: control, doors, sockets. A door is there for its hang-up only. Returns how many. */
static nfds_t
fill(const struct listener *l, struct pollfd *p)
{
	nfds_t n = 0;

	p[n++] = (struct pollfd){ .fd = l->broker.fd, .events = POLLIN };
	for (unsigned i = 0; i < l->nspares; i++)
		p[n++] = (struct pollfd){ .fd = l->spare[i].door };
	if (l->nspares == 0 || l->paused_until_ms != 0)
		return (n);
	for (unsigned i = 0; i < l->nsockets; i++)
		p[n++] = (struct pollfd){ .fd = l->socket[i].fd, .events = POLLIN };
	return (n);
}

static int
wait_ms(const struct listener *l, uint64_t now_ms)
{
	uint64_t due = l->paused_until_ms;

	for (int v = 0; v < GREET_VERDICT_MAX; v++)
		if (l->closed[v] > 0 && (due == 0 || l->logged_ms + LISTENER_LOG_MS < due))
			due = l->logged_ms + LISTENER_LOG_MS;
	if (due == 0)
		return (-1);
	return (due > now_ms ? (int)(due - now_ms) : 0);
}

static void
serve_sockets(struct listener *l, const struct pollfd *p, nfds_t n)
{
	for (nfds_t i = 0; i < n && i < l->nsockets; i++)
		if (p[i].revents != 0)
			accept_some(l, &l->socket[i]);
}

/* Doors are dropped from the last to the first, so that their places in p[] stay true. */
static void
serve_doors(struct listener *l, const struct pollfd *p, unsigned n)
{
	while (n-- > 0)
		if ((p[n].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			control_drop_spare(l, n);
}

static void
step(struct listener *l)
{
	struct pollfd p[NPOLL];
	unsigned nspares = l->nspares;
	uint64_t now_ms = listener_now_ms();
	nfds_t n = fill(l, p);

	if (poll(p, n, wait_ms(l, now_ms)) == -1)
		return;	/* a signal */
	now_ms = listener_now_ms();
	if (l->paused_until_ms <= now_ms)
		l->paused_until_ms = 0;
	accept_log(l, now_ms);
	serve_doors(l, p + 1, nspares);
	serve_sockets(l, p + 1 + nspares, n - 1 - nspares);
	if (p[0].revents != 0 && ipc_dispatch(&l->broker) == -1)
		exit(strcmp(l->broker.why, "end of file") == 0 ? 0 : 1);
}

/* It holds control, sockets, doors and a connection; the kernel also counts by this limit how many
 * may be under way, of all processes of this user. */
static void
narrow(const struct ipc_jail *jail, int root, struct ipc_ready *ready)
{
	struct sandbox sandbox = { .jail = jail, .root = root, .max_files = LISTENER_FILES };
	char why[256];

	if (sandbox_enter(&sandbox, ready, why, sizeof(why)) == -1)
		errx(1, "%s", why);
}

int
main(int argc, char **argv, char **envp)
{
	static struct listener l;
	struct ipc_ready ready;
	struct ipc_jail jail = { 0 };
	int root = -1;

	setproctitle_init(argc, argv, envp);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);	/* of a terminal: meant for the warden */
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (sandbox_receive_jail(ROLE_LISTENER, &jail, &root, NULL, NULL) == -1)
		err(1, "first words");
	setproctitle("-listener");
	narrow(&jail, root, &ready);
	control_init(&l, IPC_CONTROL_FD);
	if (IPC_SEND(IPC_CONTROL_FD, LISTENER_READY, &ready) == -1)
		err(1, "ready");
	for (;;)
		step(&l);
}
