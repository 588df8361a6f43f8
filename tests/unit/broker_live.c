/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another configuration for controllers that are there, with workers that answer, hang and lie, and
 * brokers that end in the middle.
 */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/nvme.h"
#include "tests/unit/live_world.h"

#define HOSTS	"{nqn: " HOST "}, {nqn: " READER ", read-only: true}"

static void
opens(uint32_t readonly)
{
	const struct ipc_reopen *asked;
	struct fake_peer opener;
	struct ipc_drain m;
	int fd = open("/dev/null", O_RDWR);

	fake_spawned(&w, ROLE_OPENER, &opener);
	asked = fake_expect(&opener, IPC_REOPEN);
	assert_int_equal(asked->readonly, readonly);
	m.lock_offset = asked->lock_offset;
	FAKE_SAY_FD(&opener, REOPENED, &m, &fd);
	close(fd);
	fake_gone(&w, &opener, 0);
}

static void
admit_first(struct fake_peer *c)
{
	start_all();
	*c = greet(1);
	admit(c, HOST, 0);
	UNTIL_RECORDED(c, 1, HAD, 1);
	UNTIL_RECORDED(c, 5, HAD, 1);
}

static void
ns_is_taken(void **state)
{
	const struct ipc_ns_gone *gone;
	struct fake_peer c;
	char one[256];

	(void)state;
	admit_first(&c);
	snprintf(one, sizeof(one), "{nsid: 5, path: %s}", file);
	world_config_with(one, HOSTS, "");
	live_another_broker(&c);
	live_told_again(&c, 5);
	gone = next_is(&c, IPC_NS_GONE);
	assert_int_equal(gone->nsid, 1);
	UNTIL_RECORDED(&c, 1, LEAVING, 1);	/* as long as it may be written to */
	assert_non_null(fake_find_held(&w, HOLD_RAM, 0));
	live_fenced(&c, gone->fence);
	live_let_go();
	FAKE_UNTIL(&w, fake_find_held(&w, HOLD_RAM, 0) == NULL);
	assert_int_equal(live_recorded(c.child, 1, RECORD_NS_LEAVING), 0);
	assert_int_equal(live_recorded(c.child, 5, RECORD_NS_HAD), 1);
	fake_close(&c);
	world_end();
}

static void
ns_is_given(void **state)
{
	const struct ipc_ns *ns;
	struct fake_peer c;
	char three[256];

	(void)state;
	admit_first(&c);
	snprintf(three, sizeof(three), "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}, "
	    "{nsid: 900, ram: 2M}", file);
	world_config_with(three, HOSTS, "");
	live_another_broker(&c);
	live_told_again(&c, 1);
	live_told_again(&c, 5);
	opens(0);
	UNTIL_RECORDED(&c, 900, COMING, 1);
	ns = next_is(&c, IPC_NS);
	assert_int_equal(ns->nsid, 900);
	assert_int_equal(ns->nlbas, 4096);
	assert_int_equal(ns->readonly, 0);
	live_fenced(&c, ns->fence);
	UNTIL_RECORDED(&c, 900, HAD, 1);
	fake_close(&c);
	world_end();
}

/* A worker that ends before it got what it was to have: the broker keeps no duplicate, whose lock
 * would look like writes that are under way, for ever. */
static void
ns_is_given_to_the_dead(void **state)
{
	struct fake_peer c, opener;
	struct ipc_drain m;
	char three[256], none;
	int fd[2];

	(void)state;
	admit_first(&c);
	snprintf(three, sizeof(three), "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}, "
	    "{nsid: 900, ram: 2M}", file);
	world_config_with(three, HOSTS, "");
	live_another_broker(&c);
	live_told_again(&c, 1);
	live_told_again(&c, 5);
	fake_spawned(&w, ROLE_OPENER, &opener);
	m.lock_offset = ((const struct ipc_reopen *)fake_expect(&opener, IPC_REOPEN))->lock_offset;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(shutdown(c.peer.fd, SHUT_RD), 0);
	FAKE_SAY_FD(&opener, REOPENED, &m, &fd[1]);
	close(fd[1]);
	FAKE_UNTIL(&w, fake_has(&w.killed, c.child));
	assert_int_equal(live_recorded(c.child, 900, RECORD_NS_COMING), 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = fd[0], .events = POLLIN }, 1,
	    FAKE_WAIT_MS), 1);
	assert_int_equal(read(fd[0], &none, 1), 0);
	close(fd[0]);
	fake_close(&opener);
	fake_close(&c);
	world_end();
}

/* A device that was slow when the host came: it has the namespace a little later. */
static void
ns_that_was_slow_is_given(void **state)
{
	struct ipc_connect m = connect_of(HOST, 0, 0);
	struct fake_peer c, slow;
	const struct ipc_ns *ns;

	(void)state;
	start_all();
	c = greet(1);
	FAKE_SAY(&c, CONNECT, &m);
	opens(0);
	fake_spawned(&w, ROLE_OPENER, &slow);
	fake_expect(&slow, IPC_REOPEN);
	assert_int_equal(((const struct ipc_ns *)next_is(&c, IPC_NS))->nsid, 1);
	assert_int_equal(((const struct ipc_admit *)next_is(&c, IPC_ADMIT))->nns, 1);
	fake_gone(&w, &slow, SIGKILL);
	opens(0);
	ns = next_is(&c, IPC_NS);
	assert_int_equal(ns->nsid, 5);
	live_fenced(&c, ns->fence);
	UNTIL_RECORDED(&c, 5, HAD, 1);
	fake_close(&c);
	world_end();
}

/* Both namespaces, one after the other: another description, and the end of the first one. */
static void
ns_becomes_readonly(void **state)
{
	static const uint32_t nsid[] = { 1, 5 };
	struct fake_peer c;
	char two[256];

	(void)state;
	admit_first(&c);
	snprintf(two, sizeof(two), "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}", file);
	world_config_with(two, "{nqn: " HOST ", read-only: true}", "");
	live_another_broker(&c);
	live_told_again(&c, 1);
	live_told_again(&c, 5);
	for (int i = 0; i < 2; i++) {
		const struct ipc_ns *ns;

		opens(1);
		ns = next_is(&c, IPC_NS);
		assert_int_equal(ns->nsid, nsid[i]);
		assert_int_equal(ns->readonly, 1);
		UNTIL_RECORDED(&c, nsid[i], COMING, 1);
		assert_int_equal(live_recorded(c.child, nsid[i], RECORD_NS_LEAVING), 1);
		live_fenced(&c, ns->fence);
		live_let_go();
		UNTIL_RECORDED(&c, nsid[i], LEAVING, 0);
		assert_int_equal(live_recorded(c.child, nsid[i], RECORD_NS_HAD), 1);
	}
	fake_close(&c);
	world_end();
}

/* It says that it has finished, and keeps what it was to give back. */
static void
ns_is_kept_by_a_liar(void **state)
{
	const struct ipc_ns_gone *gone;
	struct fake_peer c, opener;
	char one[256];

	(void)state;
	admit_first(&c);
	snprintf(one, sizeof(one), "{nsid: 5, path: %s}", file);
	world_config_with(one, HOSTS, "");
	live_another_broker(&c);
	live_told_again(&c, 5);
	gone = next_is(&c, IPC_NS_GONE);
	live_fenced(&c, gone->fence);
	fake_spawned(&w, ROLE_OPENER, &opener);
	fake_expect(&opener, IPC_DRAIN);
	FAKE_UNTIL(&w, fake_has(&w.killed, c.child));
	assert_int_equal(live_recorded(c.child, 1, RECORD_NS_LEAVING), 1);
	assert_non_null(fake_find_held(&w, HOLD_RAM, 0));
	fake_close(&opener);
	fake_close(&c);
	world_end();
}

/* The broker ends after the record, before or after the descriptor: it is given once more. */
static void
ns_is_given_again(void **state)
{
	const struct ipc_ns *ns;
	struct fake_peer c;
	char three[256];

	(void)state;
	admit_first(&c);
	snprintf(three, sizeof(three), "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}, "
	    "{nsid: 9, ram: 1M}", file);
	world_config_with(three, HOSTS, "");
	live_another_broker(&c);
	opens(0);
	UNTIL_RECORDED(&c, 9, COMING, 1);
	live_another_broker(&c);
	live_told_again(&c, 1);
	live_told_again(&c, 5);
	opens(0);
	ns = next_is(&c, IPC_NS);
	assert_int_equal(ns->nsid, 9);
	UNTIL_RECORDED(&c, 9, LEAVING, 1);
	assert_int_equal(live_recorded(c.child, 9, RECORD_NS_COMING), 1);
	live_fenced(&c, ns->fence);
	live_let_go();
	UNTIL_RECORDED(&c, 9, LEAVING, 0);
	assert_int_equal(live_recorded(c.child, 9, RECORD_NS_HAD), 1);
	fake_close(&c);
	world_end();
}

static void
host_is_removed(void **state)
{
	struct fake_peer c;
	char two[256];

	(void)state;
	admit_first(&c);
	snprintf(two, sizeof(two), "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}", file);
	world_config_with(two, "{nqn: " READER "}", "");
	live_another_broker(&c);
	next_is(&c, IPC_LEAVE);
	assert_false(fake_has(&w.killed, c.child));
	fake_close(&c);
	world_end();
}

/* A worker that was told to leave and does not. */
static void
host_is_removed_and_stays(void **state)
{
	struct fake_peer c;
	char two[256];

	(void)state;
	admit_first(&c);
	snprintf(two, sizeof(two), "{nsid: 1, ram: 1M}, {nsid: 5, path: %s}", file);
	world_config_with(two, "{nqn: " READER "}", "");
	live_another_broker(&c);
	next_is(&c, IPC_LEAVE);
	FAKE_UNTIL(&w, fake_has(&w.killed, c.child));
	fake_close(&c);
	world_end();
}

/* The file grows; somebody asks. */
static void
ns_grows(void **state)
{
	struct ctl_request rescan = { .what = CTL_RESCAN, .version = CTL_VERSION };
	const struct ipc_ns *ns;
	struct ipc_peer ctl;
	struct fake_peer c;

	(void)state;
	admit_first(&c);
	assert_int_equal(truncate(file, 3 << 20), 0);
	ctl = live_ctl();
	assert_int_equal(IPC_SEND(ctl.fd, CTL_REQUEST, &rescan), 0);
	ns = next_is(&c, IPC_NS_CHANGE);
	assert_int_equal(ns->nsid, 5);
	assert_int_equal(ns->nlbas, 6144);
	live_fenced(&c, ns->fence);
	assert_int_equal(truncate(file, 1 << 20), 0);	/* and shrinks, and nobody asks */
	ns = next_is(&c, IPC_NS_CHANGE);
	assert_int_equal(ns->nlbas, 2048);
	close(ctl.fd);
	fake_close(&c);
	world_end();
}

/* A worker with many namespaces: so many rows at a time as its channel can do with, the others when
 * it has answered some. */
static void
rows_come_in_portions(void **state)
{
	enum { ROWS = 40, PORTION = 32, SOME = 3 };
	static char namespaces[8192];
	struct ipc_connect m = connect_of(HOST, 0, 0);
	uint64_t fence[ROWS];
	struct fake_peer c;
	size_t n = 0;

	(void)state;
	for (unsigned i = 1; i <= ROWS; i++)
		n += (size_t)snprintf(namespaces + n, sizeof(namespaces) - n,
		    "%s{nsid: %u, ram: 4K}", i == 1 ? "" : ", ", i);
	world_config_with(namespaces, HOSTS, "");
	fake_start(&w, config);
	fake_go(&w);
	start_listener();
	start_spare();
	c = greet(1);
	FAKE_SAY(&c, CONNECT, &m);
	for (unsigned i = 0; i < ROWS; i++)
		answer_reopen(0);
	for (unsigned i = 0; i < ROWS; i++)
		next_is(&c, IPC_NS);
	next_is(&c, IPC_ADMIT);
	UNTIL_RECORDED(&c, ROWS, HAD, 1);
	live_another_broker(&c);
	for (unsigned i = 0; i < PORTION; i++)
		fence[i] = ((const struct ipc_ns *)next_is(&c, IPC_NS_CHANGE))->fence;
	assert_true(fake_hears_nothing(&c, IPC_NS_CHANGE));
	for (unsigned i = 0; i < SOME; i++)
		live_fenced(&c, fence[i]);
	for (unsigned i = 0; i < SOME; i++)
		next_is(&c, IPC_NS_CHANGE);
	assert_true(fake_hears_nothing(&c, IPC_NS_CHANGE));
	for (unsigned i = SOME; i < PORTION; i++)
		live_fenced(&c, fence[i]);
	for (unsigned i = PORTION + SOME; i < ROWS; i++)
		next_is(&c, IPC_NS_CHANGE);
	fake_close(&c);
	world_end();
}

static void
cntlids_come_from_their_range(void **state)
{
	struct ipc_connect m = connect_of(READER, 0, 0);
	const struct ipc_refuse *r;
	struct fake_peer a, b, g;
	uint16_t first, second;

	(void)state;
	world_config("    cntlids: 700-701\n");
	start_all();
	a = greet(1);
	first = admit(&a, HOST, 0);
	b = greet(1);
	second = admit(&b, READER, 1);
	assert_in_range(first, 700, 701);
	assert_int_equal(first + second, 1401);
	/* for now there is no more: not for ever, so without DNR */
	g = greet(1);
	FAKE_SAY(&g, CONNECT, &m);
	opens(1);
	opens(1);
	r = next_is(&g, IPC_REFUSE);
	assert_int_equal(r->status, NVME_SC_CONNECT_CONTROLLER_BUSY);
	fake_close(&a);
	fake_close(&b);
	fake_close(&g);
	world_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ns_is_taken),
		TEST(ns_is_given),
		TEST(ns_is_given_to_the_dead),
		TEST(ns_that_was_slow_is_given),
		TEST(ns_becomes_readonly),
		TEST(ns_is_kept_by_a_liar),
		TEST(ns_is_given_again),
		TEST(host_is_removed),
		TEST(host_is_removed_and_stays),
		TEST(ns_grows),
		TEST(rows_come_in_portions),
		TEST(cntlids_come_from_their_range),
	};

	signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
