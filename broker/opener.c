/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblock-opener: one operation on one device, file or directory, one answer, exit. Whatever the device
 * does to it (a hanging open, a sleep that nothing interrupts), only this process is stopped: the
 * broker has a deadline for it and goes on. The name comes from the warden, never from the broker.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/durable.h"
#include "broker/probe.h"
#include "common/ipc.h"
#include "common/sandbox.h"

#define DRAIN_POLL_MS	20
#define SEND_TRIES	1000
#define SEND_WAIT_MS	5

/* It needs ten. But Linux refuses to send a descriptor when more than this many of the same user are
 * under way, and that is the broker's user: what some worker leaves unread is counted here. */
#define MAX_FILES	65536

struct opener {
	char path[IPC_PATH_SIZE];	/* "": none, then nothing can be claimed */
	struct probe_limits limits;
};

IPC_RECEIVER(from_broker, IPC_BROKER_TO_OPENER)

/* Descriptors under way are limited per user, and all openers are one: then it takes its turn. */
static int
tell_opened(uint32_t type, const void *m, size_t size, int fd)
{
	int tries = SEND_TRIES, r;

	while ((r = ipc_send(IPC_CONTROL_FD, type, m, size, &fd, 1)) == -1 &&
	    errno == ETOOMANYREFS && tries-- > 0)
		poll(NULL, 0, SEND_WAIT_MS);
	return (r);
}

static int
tell_failed(const struct ipc_open_failed *why)
{
	return (IPC_SEND(IPC_CONTROL_FD, OPEN_FAILED, why));
}

static int
on_claim(void *ctx, const struct ipc_claim *m, int *fds)
{
	const struct opener *o = ctx;
	struct ipc_open_failed why = { STAGE_OPEN, ENOENT };
	struct ipc_claimed claimed;
	int fd = -1;

	(void)fds;
	setproctitle("-opener: claiming %s", o->path);
	if (o->path[0] == '\0' || (fd = probe_claim(o->path, &o->limits, m, &claimed,
	    &why)) == -1)
		return (tell_failed(&why));
	return (tell_opened(IPC_CLAIMED, &claimed, sizeof(claimed), fd));
}

static int
on_reopen(void *ctx, const struct ipc_reopen *m, int *fds)
{
	struct ipc_drain answer = { m->lock_offset };
	struct ipc_open_failed why;
	int fd;

	(void)ctx;
	setproctitle("-opener: opening");
	if ((fd = probe_reopen(fds[0], m, &why)) == -1)
		return (tell_failed(&why));
	return (tell_opened(IPC_REOPENED, &answer, sizeof(answer), fd));
}

/* One at a time, and the next one only when its predecessor has ended: one that was killed and hangs
 * in a rename shall not overwrite what came after it. */
static int
on_store(void *ctx, const struct ipc_store *m, int *fds)
{
	const struct opener *o = ctx;
	struct ipc_open_failed why = { .stage = STAGE_STORE, .error = EINVAL };
	struct ipc_empty done = { 0 };
	int dir;

	(void)fds;
	setproctitle("-opener: storing");
	if (o->path[0] == '\0' || !ipc_text_ok(m->name, sizeof(m->name)) ||
	    m->size > sizeof(m->data))
		return (tell_failed(&why));
	dir = open(o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir != -1 && flock(dir, LOCK_EX) == 0 &&
	    durable_replace(&durable_files, dir, m->name, m->data, m->size) == 0)
		return (IPC_SEND(IPC_CONTROL_FD, STORED, &done));
	why.error = (uint32_t)errno;
	return (tell_failed(&why));
}

/* Until the last description of a dead worker is gone, or the broker is. */
static int
on_drain(void *ctx, const struct ipc_drain *m, int *fds)
{
	struct pollfd p = { .fd = IPC_CONTROL_FD, .events = POLLIN };
	struct ipc_open_failed why = { .stage = STAGE_LOCK };
	int locked;

	(void)ctx;
	setproctitle("-opener: draining");
	while ((locked = probe_is_locked(fds[0], m->lock_offset)) == 1)
		if (poll(&p, 1, DRAIN_POLL_MS) != 0)
			exit(0);
	if (locked == 0)
		return (IPC_SEND(IPC_CONTROL_FD, DRAIN_DONE, m));
	why.error = (uint32_t)errno;
	return (tell_failed(&why));
}

/* The path is all that is left to open; what was opened before and sent here is that path, too. */
static void
narrow(const struct ipc_jail *jail, const struct opener *o, int root)
{
	const char *paths[] = { o->path[0] != '\0' ? o->path : NULL, NULL };
	struct sandbox sandbox = { .jail = jail, .root = root, .paths = paths, .max_files = MAX_FILES,
	    .max_fsize = UINT64_MAX };
	struct ipc_ready ready;
	char why[256];

	if (sandbox_enter(&sandbox, &ready, why, sizeof(why)) == -1)
		errx(1, "%s", why);
}

int
main(int argc, char **argv, char **envp)
{
	static struct opener o;
	struct ipc_peer broker = { .fd = IPC_CONTROL_FD, .in = &from_broker, .ctx = &o,
	    .state = S_UP };
	struct ipc_jail jail = { 0 };
	int root = -1;

	setproctitle_init(argc, argv, envp);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);	/* of a terminal: meant for the warden */
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	umask(0007);		/* what it stores is for the group, too */
	if (sandbox_receive_jail(ROLE_OPENER, &jail, &root, NULL, o.path) == -1)
		err(1, "first words");
	setproctitle("-opener");
	if (o.path[0] != '\0')
		probe_read_limits(o.path, &o.limits);
	narrow(&jail, &o, root);
	return (ipc_dispatch_wait(&broker, -1) == 1 ? 0 : 1);
}
