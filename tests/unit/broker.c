/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The broker as it runs, in its sandbox, between a warden, a listener, workers and openers that
 * this test plays: from start to takeover, with those that lie, hang and die.
 */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/nvme.h"
#include "tests/unit/broker_world.h"

static void
starts(void **state)
{
	(void)state;
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.path[0][0] != '\0');
	assert_string_equal(w.path[0], file);
	assert_int_equal(w.settings.uid_base, 1879048192);
	answer_claim();
	fake_go(&w);
	assert_non_null(fake_find_held(&w, HOLD_RAM, 0));
	assert_non_null(fake_find_held(&w, HOLD_LISTEN, 0));
	assert_non_null(fake_find_held(&w, HOLD_CONTROL, 0));
	start_listener();
	start_spare();
	world_end();
}

static void
admits(void **state)
{
	struct fake_peer a, b;

	(void)state;
	start_all();
	a = greet(1);
	admit(&a, HOST, 0);
	b = greet(1);
	admit(&b, READER, 1);
	fake_close(&a);
	fake_close(&b);
	world_end();
}

static void
refuses(void **state)
{
	struct ipc_connect m = connect_of("nqn.2026-11.example:stranger", 0, 0);
	const struct ipc_refuse *r;
	const struct ipc_slot *over;
	struct fake_peer g;

	(void)state;
	start_all();
	g = greet(1);
	FAKE_SAY(&g, CONNECT, &m);
	r = next_is(&g, IPC_REFUSE);
	assert_int_equal(r->status, NVME_SC_CONNECT_INVALID_HOST | NVME_SC_DNR);
	/* it counts until it is gone, and as what it was at its end */
	fake_gone(&w, &g, SIGKILL);
	over = fake_expect(&listener, IPC_GREETED);
	assert_int_equal(over->outcome, GREET_CRASHED);
	world_end();
}

/* Asks for queue 1; returns the token that both sides were told. */
static uint32_t
ask_queue(struct fake_peer *g, struct fake_peer *controller, uint16_t cntlid)
{
	struct ipc_connect m = connect_of(HOST, 1, cntlid);
	const struct ipc_queue_ask *ask;

	FAKE_SAY(g, QUEUE, &m);
	ask = next_is(controller, IPC_QUEUE_ASK);
	assert_int_equal(ask->qid, 1);
	assert_int_equal(ask->sqsize, 32);
	return (ask->token);
}

static void
hand_queue(struct fake_peer *g, struct fake_peer *controller, uint32_t token)
{
	struct ipc_queue_answer yes = { .token = token };
	struct ipc_queue_handoff hand = { .token = token, .sqsize = 32, .qid = 1, .maxr2t = 1 };
	const struct ipc_queue_handoff *given;
	int fd = open("/dev/null", O_RDWR);

	FAKE_SAY(controller, QUEUE_ANSWER, &yes);
	next_is(g, IPC_QUEUE_OK);
	hand.peer.family = AF_INET6;	/* not its word: the broker's */
	FAKE_SAY_FD(g, QUEUE_HAND, &hand, &fd);
	close(fd);
	given = next_is(controller, IPC_QUEUE_GIVE);
	assert_int_equal(given->token, token);
	assert_int_equal(given->peer.family, AF_INET);
	assert_int_equal(given->peer.addr[3], 1);
}

static void
carries_queues(void **state)
{
	struct ipc_queue_answer no = { .refuse = { .status = 0x182, .ipo = 42 } };
	const struct ipc_refuse *r;
	const struct ipc_queue_ref *cancelled;
	struct fake_peer c, g;
	uint16_t cntlid;
	uint32_t token;

	(void)state;
	start_all();
	c = greet(1);
	cntlid = admit(&c, HOST, 0);
	g = greet(1);
	token = ask_queue(&g, &c, cntlid);
	hand_queue(&g, &c, token);
	fake_gone(&w, &g, 0);
	/* the controller says no */
	g = greet(1);
	no.token = ask_queue(&g, &c, cntlid);
	FAKE_SAY(&c, QUEUE_ANSWER, &no);
	r = next_is(&g, IPC_REFUSE);
	assert_int_equal(r->status, 0x182);
	assert_int_equal(r->ipo, 42);
	fake_gone(&w, &g, 0);
	/* the greeter dies before it has handed over */
	g = greet(1);
	token = ask_queue(&g, &c, cntlid);
	fake_gone(&w, &g, SIGKILL);
	cancelled = next_is(&c, IPC_QUEUE_CANCEL);
	assert_int_equal(cancelled->token, token);
	/* from elsewhere */
	g = greet(9);
	{
		struct ipc_connect m = connect_of(HOST, 2, cntlid);

		FAKE_SAY(&g, QUEUE, &m);
	}
	r = next_is(&g, IPC_REFUSE);
	assert_int_equal(r->status, NVME_SC_CONNECT_INVALID_HOST | NVME_SC_DNR);
	fake_close(&g);
	fake_close(&c);
	world_end();
}

/* A device that hangs costs its own namespace, and only for as long as it hangs. */
static void
leaves_out_what_hangs(void **state)
{
	struct ipc_connect m = connect_of(HOST, 0, 0);
	const struct ipc_admit *a;
	struct fake_peer g, ram, hangs;
	struct ipc_drain reopened;
	int fd = open("/dev/null", O_RDWR);

	(void)state;
	start_all();
	g = greet(1);
	FAKE_SAY(&g, CONNECT, &m);
	fake_spawned(&w, ROLE_OPENER, &ram);
	fake_spawned(&w, ROLE_OPENER, &hangs);
	reopened.lock_offset = ((const struct ipc_reopen *)fake_expect(&ram, IPC_REOPEN))->lock_offset;
	FAKE_SAY_FD(&ram, REOPENED, &reopened, &fd);
	close(fd);
	next_is(&g, IPC_NS);
	a = next_is(&g, IPC_ADMIT);
	assert_int_equal(a->nns, 1);
	FAKE_UNTIL(&w, fake_has(&w.killed, hangs.child));
	fake_close(&hangs);
	fake_close(&ram);
	fake_close(&g);
	world_end();
}

static void
waits_for_drains(void **state)
{
	struct ipc_connect m = connect_of(HOST, 0, 0);
	const struct ipc_drain *asked;
	const struct ipc_refuse *r;
	struct ipc_drain done;
	struct fake_peer c, g, drainer;

	(void)state;
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	fake_gone(&w, &c, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &drainer);
	asked = fake_expect(&drainer, IPC_DRAIN);
	done = *asked;
	/* its host comes back too early: not for ever, so without DNR */
	g = greet(1);
	FAKE_SAY(&g, CONNECT, &m);
	answer_reopen(0);	/* the RAM disk has nothing to wait for */
	r = next_is(&g, IPC_REFUSE);
	assert_int_equal(r->status, NVME_SC_CONNECT_CONTROLLER_BUSY);
	assert_false(fake_has(&w.released, c.child));
	fake_gone(&w, &g, 0);
	/* it comes again, and the last write lands */
	g = greet(1);
	FAKE_SAY(&g, CONNECT, &m);
	answer_reopen(0);
	FAKE_SAY(&drainer, DRAIN_DONE, &done);
	answer_reopen(0);
	next_is(&g, IPC_NS);
	next_is(&g, IPC_NS);
	next_is(&g, IPC_ADMIT);
	FAKE_UNTIL(&w, fake_has(&w.released, c.child));
	fake_close(&drainer);
	fake_close(&g);
	world_end();
}

static void
survives_liars(void **state)
{
	struct ipc_queue_handoff hand = { .token = 1 };
	struct ipc_connect m;
	struct ipc_log log;
	struct fake_peer g, c;
	int fd = open("/dev/null", O_RDWR);

	(void)state;
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	/* not permitted now */
	g = greet(1);
	FAKE_SAY_FD(&g, QUEUE_HAND, &hand, &fd);
	FAKE_UNTIL(&w, fake_has(&w.killed, g.child));
	fake_gone(&w, &g, SIGKILL);
	/* before anybody connected */
	memset(&m, 'n', sizeof(m));
	FAKE_SAY(&spare, CONNECT, &m);
	FAKE_UNTIL(&w, fake_has(&w.killed, spare.child));
	fake_gone(&w, &spare, SIGKILL);
	start_spare();
	/* texts without an end, numbers without a meaning */
	memset(&log, 0xff, sizeof(log));
	g = greet(1);
	FAKE_SAY(&g, WORKER_LOG, &log);
	FAKE_SAY(&g, CONNECT, &m);
	next_is(&g, IPC_REFUSE);
	fake_gone(&w, &g, 0);
	/* a controller answers what nobody asked, and is left alone */
	{
		struct ipc_queue_answer a = { .token = 12345 };

		FAKE_SAY(&c, QUEUE_ANSWER, &a);
	}
	g = greet(1);
	hand_queue(&g, &c, ask_queue(&g, &c, ((const struct ipc_admit *)c.got.payload)->cntlid));
	close(fd);
	fake_close(&g);
	fake_close(&c);
	world_end();
}

static bool
is_recorded(uint32_t child, uint32_t kind)
{
	struct ipc_record r;

	return (w.record[child] != -1 &&
	    pread(w.record[child], &r, sizeof(r), 0) == (ssize_t)sizeof(r) && r.kind == kind);
}

/* A new broker with other ends of the same things, and the record of who is who. */
static void
takes_over(void **state)
{
	struct fake_peer c, g;
	struct fake_warden old;
	uint16_t cntlid;

	(void)state;
	start_all();
	c = greet(1);
	cntlid = admit(&c, HOST, 0);
	FAKE_UNTIL(&w, is_recorded(c.child, RECORD_CONTROLLER));
	old = w;
	fake_inherit(&w, &old);
	fake_stop(&old);
	world_config("  - nqn: " SUB "2\n    allow-any-host: true\n"
	    "    namespaces: [{nsid: 1, ram: 1M}]\n");
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);	/* nothing has to be claimed again */
	assert_int_equal(w.nspawn, 0);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &c);
	fake_go(&w);
	assert_non_null(strstr(w.status, "1 controllers"));
	next_is(&c, IPC_RANGE_RESET);
	/* what it has is told again: what the old broker said last is not known */
	next_is(&c, IPC_NS_CHANGE);
	next_is(&c, IPC_NS_CHANGE);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	fake_close(&spare);
	start_spare();
	g = greet(1);
	hand_queue(&g, &c, ask_queue(&g, &c, cntlid));
	/* its namespaces are known, too */
	fake_gone(&w, &c, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &c);
	fake_expect(&c, IPC_DRAIN);
	fake_close(&c);
	fake_close(&g);
	world_end();
}

/* A queue on its way while the broker changes is lost, and that is nobody's fault. */
static void
loses_a_queue(void **state)
{
	struct ipc_queue_answer yes = { 0 };
	struct ipc_queue_handoff hand = { .sqsize = 32, .qid = 1, .maxr2t = 1 };
	const struct ipc_slot *over;
	struct fake_peer c, g;
	struct fake_warden old;
	uint16_t cntlid;
	int fd = open("/dev/null", O_RDWR);

	(void)state;
	start_all();
	c = greet(1);
	cntlid = admit(&c, HOST, 0);
	FAKE_UNTIL(&w, is_recorded(c.child, RECORD_CONTROLLER));
	g = greet(1);
	hand.token = yes.token = ask_queue(&g, &c, cntlid);
	FAKE_SAY(&c, QUEUE_ANSWER, &yes);
	next_is(&g, IPC_QUEUE_OK);
	old = w;
	fake_inherit(&w, &old);
	fake_stop(&old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &c);
	fake_child(&w, ROLE_WORKER, &g);
	fake_go(&w);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	FAKE_SAY_FD(&g, QUEUE_HAND, &hand, &fd);
	close(fd);
	FAKE_UNTIL(&w, fake_has(&w.killed, g.child));
	fake_gone(&w, &g, SIGKILL);
	over = fake_expect(&listener, IPC_GREETED);
	assert_int_equal(over->slot, g.child);
	assert_int_not_equal(over->outcome, GREET_CRASHED);
	fake_close(&spare);
	start_spare();
	fake_close(&c);
	world_end();
}

/* The file grows; it is measured when the next host comes, and whoever has it is told. */
static uint64_t
grow_and_greet(struct fake_peer *c, uint8_t last, off_t size)
{
	struct ipc_connect m = connect_of(READER, 0, 0);
	const struct ipc_ns *ns;
	struct fake_peer g;
	uint64_t fence;

	assert_int_equal(truncate(file, size), 0);
	g = greet(last);
	FAKE_SAY(&g, CONNECT, &m);
	ns = next_is(c, IPC_NS_CHANGE);
	assert_int_equal(ns->nsid, 5);
	assert_int_equal(ns->nlbas, size / 512);
	fence = ns->fence;
	answer_reopen(1);
	answer_reopen(1);
	next_is(&g, IPC_NS);
	ns = next_is(&g, IPC_NS);
	assert_int_equal(ns->nlbas, size / 512);
	next_is(&g, IPC_ADMIT);
	fake_gone(&w, &g, 0);
	return (fence);
}

static void
tells_changes(void **state)
{
	struct ipc_fence answer;
	struct fake_peer c, liar;

	(void)state;
	world_config("");
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	answer.fence = grow_and_greet(&c, 2, 2 << 20);
	assert_int_not_equal(answer.fence, 0);
	FAKE_SAY(&c, FENCED, &answer);
	/* one that answers what nobody asked breaks a rule */
	liar = greet(3);
	{
		struct ipc_connect m = connect_of(READER, 0, 0);

		FAKE_SAY(&liar, CONNECT, &m);
		answer_reopen(1);
		answer_reopen(1);
		fake_expect(&liar, IPC_ADMIT);
	}
	FAKE_SAY(&liar, FENCED, &answer);
	FAKE_UNTIL(&w, fake_has(&w.killed, liar.child));
	fake_gone(&w, &liar, SIGKILL);
	/* and one that does not answer is ended */
	answer.fence = grow_and_greet(&c, 4, 3 << 20);
	FAKE_UNTIL(&w, fake_has(&w.killed, c.child));
	fake_close(&c);
	world_end();
}

static void
stops(void **state)
{
	struct ipc_empty none = { 0 };
	struct fake_peer c;

	(void)state;
	start_all();
	c = greet(1);
	admit(&c, READER, 1);
	FAKE_SAY(&w.broker, SHUTDOWN, &none);
	next_is(&c, IPC_LEAVE);
	fake_expect(&listener, IPC_UNLISTEN);
	assert_false(w.drained);
	fake_gone(&w, &c, 0);
	fake_gone(&w, &spare, 0);
	FAKE_UNTIL(&w, w.drained);
	spare.peer.fd = spare.door = -1;
	world_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts),
		TEST(admits),
		TEST(refuses),
		TEST(carries_queues),
		TEST(leaves_out_what_hangs),
		TEST(waits_for_drains),
		TEST(survives_liars),
		TEST(takes_over),
		TEST(loses_a_queue),
		TEST(tells_changes),
		TEST(stops),
	};

	signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
