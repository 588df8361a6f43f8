/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stories of reservations in the broker have in common. The tests play the workers of two hosts,
 * which have namespaces 1 (memory) and 5 (a file), and the openers that store what has to last.
 */
#include "config.h"

#include "tests/unit/reserve_world.h"

struct fake_peer a, b;

struct fake_peer
controller(const char *host, uint8_t hostid, uint32_t readonly, unsigned nns)
{
	struct ipc_connect m = connect_of(host, 0, 0);
	struct fake_peer g = greet(hostid);

	m.hostid[0] = hostid;
	FAKE_SAY(&g, CONNECT, &m);
	for (unsigned i = 0; i < nns; i++)
		answer_reopen(readonly);
	for (unsigned i = 0; i < nns; i++)
		next_is(&g, IPC_NS);
	next_is(&g, IPC_ADMIT);
	return (g);
}

void
two_hosts(void)
{
	world_config_state();
	start_all();
	a = controller(HOST, 1, 0, 2);
	b = controller(OTHER, 2, 0, 2);
}

void
over(void)
{
	fake_close(&a);
	fake_close(&b);
	world_end();
}

void
ask(struct fake_peer *p, uint32_t token, uint32_t nsid, uint32_t opc, uint32_t cdw10, uint64_t crkey,
    uint64_t key2)
{
	struct ipc_resv m = { token, nsid, opc, cdw10, crkey, key2 };

	FAKE_SAY(p, RESV, &m);
}

uint32_t
answered(struct fake_peer *p, uint32_t token)
{
	const struct ipc_resv_answer *m = next_is(p, IPC_RESV_ANSWER);

	assert_int_equal(m->token, token);
	return (m->status);
}

uint64_t
told(struct fake_peer *p, uint32_t nsid, uint32_t no_read, uint32_t no_write)
{
	const struct ipc_ns *ns = next_is(p, IPC_NS_CHANGE);

	assert_int_equal(ns->nsid, nsid);
	assert_int_equal(ns->no_read, no_read);
	assert_int_equal(ns->no_write, no_write);
	return (ns->fence);
}

void
fenced(struct fake_peer *p, uint64_t fence)
{
	struct ipc_fence m = { fence };

	FAKE_SAY(p, FENCED, &m);
}

void
all_told(uint32_t nsid, uint32_t ptpl)
{
	struct fake_peer *p[] = { &a, &b };

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		const struct ipc_ns *ns = next_is(p[i], IPC_NS_CHANGE);

		assert_int_equal(ns->nsid, nsid);
		assert_int_equal(ns->ptpl, ptpl);
		fenced(p[i], ns->fence);
	}
}

struct ipc_resv_report
report(struct fake_peer *p, uint32_t token, uint32_t nsid)
{
	const struct ipc_resv_report *m;

	ask(p, token, nsid, NVME_NVM_RESERVATION_REPORT, 0, 0, 0);
	m = next_is(p, IPC_RESV_REPORT);
	assert_int_equal(m->token, token);
	return (*m);
}

void
new_broker(void)
{
	struct fake_warden old;

	fake_catch_up(&w);
	old = w;
	fake_inherit(&w, &old);
	fake_stop(&old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &a);
	fake_child(&w, ROLE_WORKER, &b);
	fake_go(&w);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	fake_close(&spare);
	start_spare();
}

void
hears_all(struct fake_peer *p, uint32_t nsid, uint32_t no_read, uint32_t no_write)
{
	fenced(p, told(p, nsid, no_read, no_write));
	fenced(p, told(p, 5, 0, 0));
	next_is(p, IPC_RESV_AGAIN);
}

struct ipc_store
stores(struct fake_peer *opener)
{
	fake_spawned(&w, ROLE_OPENER, opener);
	return (*(const struct ipc_store *)fake_expect(opener, IPC_STORE));
}

void
stored(struct fake_peer *opener)
{
	struct ipc_empty m = { 0 };

	FAKE_SAY(opener, STORED, &m);
	fake_gone(&w, opener, 0);
	fake_close(opener);
}
