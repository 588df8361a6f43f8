/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges that one controller has for itself, through the broker as it runs: who is told what, before
 * and after its admission, by a broker that takes over, and what becomes of those that lie or die.
 */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/broker_world.h"

enum { RAM = 1, DISK = 5 };

static void
lock(struct fake_peer *p, uint64_t token, uint32_t nsid)
{
	struct ipc_range m = { .token = token, .nsid = nsid, .offset = 4096, .len = 512 };

	FAKE_SAY(p, RANGE_LOCK, &m);
}

static uint64_t
hears_hold(struct fake_peer *p, uint32_t nsid, bool answer)
{
	const struct ipc_range *m = next_is(p, IPC_RANGE_HOLD);

	assert_int_equal(m->nsid, nsid);
	assert_int_equal(m->offset, 4096);
	assert_int_equal(m->len, 512);
	assert_int_equal(m->answer, answer);
	return (m->token);
}

static void
holds(struct fake_peer *p, uint64_t token)
{
	struct ipc_range_ref m = { .token = token };

	FAKE_SAY(p, RANGE_HELD, &m);
}

static void
hears(struct fake_peer *p, uint32_t type, uint64_t token)
{
	const struct ipc_range_ref *m = next_is(p, type);

	assert_int_equal(m->token, token);
}

static void
unlock(struct fake_peer *p, uint64_t token)
{
	struct ipc_range_ref m = { .token = token };

	FAKE_SAY(p, RANGE_UNLOCK, &m);
}

/* Up to the namespaces. other: a controller that may write for this host, and is asked whether it
 * lives; or NULL. */
static struct fake_peer
connecting(const char *host, uint32_t readonly, struct fake_peer *other)
{
	struct ipc_connect m = connect_of(host, 0, 0);
	struct fake_peer g = greet(1);
	struct ipc_ping ping;

	FAKE_SAY(&g, CONNECT, &m);
	if (other != NULL) {
		memcpy(&ping, fake_expect(other, IPC_PING), sizeof(ping));
		FAKE_SAY(other, PONG, &ping);
	}
	answer_reopen(readonly);
	answer_reopen(readonly);
	next_is(&g, IPC_NS);
	next_is(&g, IPC_NS);
	return (g);
}

static void
told_before_it_is_admitted(void **state)
{
	struct fake_peer a, b, reader;
	uint64_t t;

	(void)state;
	start_all();
	a = greet(1);
	admit(&a, HOST, 0);
	lock(&a, 7, DISK);
	t = hears_hold(&a, DISK, true);
	holds(&a, t);
	hears(&a, IPC_RANGE_GRANT, 7);
	b = connecting(HOST, 0, &a);
	assert_int_equal(hears_hold(&b, DISK, false), t);
	next_is(&b, IPC_ADMIT);
	/* who may not write has nothing to hold */
	reader = connecting(READER, 1, NULL);
	next_is(&reader, IPC_ADMIT);
	unlock(&a, 7);
	hears(&a, IPC_RANGE_FREE, t);
	hears(&b, IPC_RANGE_FREE, t);
	/* both are asked now */
	lock(&b, 9, DISK);
	t = hears_hold(&b, DISK, true);
	assert_int_equal(hears_hold(&a, DISK, true), t);
	holds(&b, t);
	assert_true(fake_hears_nothing(&b, IPC_RANGE_GRANT));
	holds(&a, t);
	hears(&b, IPC_RANGE_GRANT, 9);
	assert_true(fake_hears_nothing(&reader, IPC_RANGE_HOLD));
	fake_close(&a);
	fake_close(&b);
	fake_close(&reader);
	world_end();
}

/* What a dead worker wrote may land until it has drained: till then its range is its own. */
static void
the_dead_keep_theirs(void **state)
{
	const struct ipc_drain *asked;
	struct ipc_drain done;
	struct fake_peer a, b, drainer;
	uint64_t t, t2;

	(void)state;
	start_all();
	a = greet(1);
	admit(&a, HOST, 0);
	b = connecting(HOST, 0, &a);
	next_is(&b, IPC_ADMIT);
	lock(&a, 7, DISK);
	t = hears_hold(&a, DISK, true);
	hears_hold(&b, DISK, true);
	holds(&a, t);
	holds(&b, t);
	hears(&a, IPC_RANGE_GRANT, 7);
	lock(&b, 9, DISK);
	fake_gone(&w, &a, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &drainer);
	asked = fake_expect(&drainer, IPC_DRAIN);
	done = *asked;
	assert_true(fake_hears_nothing(&b, IPC_RANGE_FREE));
	FAKE_SAY(&drainer, DRAIN_DONE, &done);
	hears(&b, IPC_RANGE_FREE, t);
	t2 = hears_hold(&b, DISK, true);
	holds(&b, t2);
	hears(&b, IPC_RANGE_GRANT, 9);
	fake_close(&drainer);
	fake_close(&b);
	world_end();
}

static void
liars_end(void **state)
{
	struct fake_peer a, reader;

	(void)state;
	start_all();
	a = greet(1);
	admit(&a, HOST, 0);
	lock(&a, 7, 2);			/* nobody's */
	FAKE_UNTIL(&w, fake_has(&w.killed, a.child));
	reader = greet(1);
	admit(&reader, READER, 1);
	lock(&reader, 7, DISK);
	FAKE_UNTIL(&w, fake_has(&w.killed, reader.child));
	fake_close(&a);
	fake_close(&reader);
	world_end();
}

static bool
is_a_controller(uint32_t child)
{
	struct ipc_record r;

	return (w.record[child] != -1 &&
	    pread(w.record[child], &r, sizeof(r), 0) == (ssize_t)sizeof(r) &&
	    r.kind == RECORD_CONTROLLER);
}

static void
a_new_broker_begins_anew(void **state)
{
	struct ipc_empty none = { 0 };
	struct fake_warden old;
	struct fake_peer a;
	uint64_t t;

	(void)state;
	start_all();
	a = greet(1);
	admit(&a, HOST, 0);
	lock(&a, 7, RAM);
	holds(&a, hears_hold(&a, RAM, true));
	hears(&a, IPC_RANGE_GRANT, 7);
	FAKE_UNTIL(&w, is_a_controller(a.child));
	old = w;
	fake_inherit(&w, &old);
	fake_stop(&old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &a);
	fake_go(&w);
	next_is(&a, IPC_RANGE_RESET);
	next_is(&a, IPC_NS_CHANGE);
	next_is(&a, IPC_NS_CHANGE);
	unlock(&a, 7);			/* meant for the last one */
	FAKE_SAY(&a, RANGE_RESET_DONE, &none);
	hears(&a, IPC_RANGE_FREE, 0);
	lock(&a, 8, RAM);
	t = hears_hold(&a, RAM, true);
	holds(&a, t);
	hears(&a, IPC_RANGE_GRANT, 8);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	fake_close(&a);
	world_end();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(told_before_it_is_admitted),
		TEST(the_dead_keep_theirs),
		TEST(liars_end),
		TEST(a_new_broker_begins_anew),
	};

	signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
