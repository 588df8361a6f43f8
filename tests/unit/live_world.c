/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stories of controllers that are there already have in common: a worker's answers, another
 * broker, the control socket, the record that the warden keeps.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/live_world.h"

struct ctl_done live_done;

void
live_fenced(struct fake_peer *c, uint64_t fence)
{
	struct ipc_fence m = { .fence = fence };

	assert_true(fence != 0);
	FAKE_SAY(c, FENCED, &m);
}

void
live_told_again(struct fake_peer *c, uint32_t nsid)
{
	const struct ipc_ns *ns = next_is(c, IPC_NS_CHANGE);

	assert_int_equal(ns->nsid, nsid);
	live_fenced(c, ns->fence);
}

void
live_another_broker(struct fake_peer *c)
{
	struct ipc_empty none = { 0 };
	struct fake_warden old = w;

	fake_inherit(&w, &old);
	fake_stop(&old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, c);
	fake_go(&w);
	next_is(c, IPC_RANGE_RESET);
	FAKE_SAY(c, RANGE_RESET_DONE, &none);
	fake_close(&spare);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	start_spare();
}

void
live_let_go(void)
{
	struct fake_peer opener;
	struct ipc_drain m;

	fake_spawned(&w, ROLE_OPENER, &opener);
	m = *(const struct ipc_drain *)fake_expect(&opener, IPC_DRAIN);
	FAKE_SAY(&opener, DRAIN_DONE, &m);
	fake_gone(&w, &opener, 0);
}

static int
on_ctl_done(void *ctx, const struct ctl_done *m, int *fds)
{
	(void)ctx;
	(void)fds;
	live_done = *m;
	return (0);
}

static int
on_ctl_reply(void *ctx, const struct ctl_reply *m, int *fds)
{
	(void)ctx;
	(void)m;
	(void)fds;
	return (-1);
}

IPC_RECEIVER(from_broker, IPC_BROKER_TO_CTL)

struct ipc_peer
live_ctl(void)
{
	return ((struct ipc_peer){ .fd = world_ctl(), .in = &from_broker, .state = S_UP });
}

unsigned
live_recorded(uint32_t child, uint32_t nsid, uint32_t state)
{
	static struct ipc_record r;
	unsigned n = 0;

	if (w.record[child] == -1 || pread(w.record[child], &r, sizeof(r), 0) != sizeof(r))
		return (0);
	for (uint32_t i = 0; i < r.nns; i++)
		n += r.ns[i].nsid == nsid && r.ns[i].state == state;
	return (n);
}
