/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The warden's whole life, from the first broker to the last, with the test as every one of them.
 * Those that break its rules are in warden_rules.c.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/warden_world.h"

static void
test_first_start(void **state)
{
	struct ipc_held last;
	struct message m;
	int b = broker_comes();
	struct ipc_jail jail = hear_jail(b);

	(void)state;
	assert_int_equal(jail.role, ROLE_BROKER);
	assert_int_equal(jail.change_ids, is_root);
	assert_int_equal(jail.keep_dac, 0);
	assert_int_equal(hear_held(b, &last), 0);
	say_settings(b, 4);
	say_ready(b);
	EXPECT(b, GO, &m);
	assert_true(manager_hears("READY=1"));
	close(b);
}

static void
test_first_broker_fails(void **state)
{
	int b = broker_comes();

	(void)state;
	hear_jail(b);
	assert_int_equal(send(b, "\5", 1, 0), 1);
	assert_int_equal(warden_exit(), 5);
	close(b);
}

/* What a child is told, as it saw it. */
static void
test_jails(void **state)
{
	struct ipc_path_add add = { 3, "/dev/example" };
	int b = broker_comes(), ends[2];
	struct ipc_spawned told;
	struct ipc_jail jail;
	struct ipc_held last;
	struct message m;

	(void)state;
	hear_jail(b);
	hear_held(b, &last);
	say_settings(b, 4);
	assert_int_equal(IPC_SEND(b, PATH_ADD, &add), 0);
	told = spawn(b, ROLE_OPENER, 3, ends);		/* permitted before READY */
	jail = hear_jail(ends[0]);
	assert_int_equal(jail.role, ROLE_OPENER);
	assert_int_equal(jail.child, told.child);
	assert_int_equal(jail.keep_dac, is_root);
	EXPECT(ends[0], PATH, &m);
	assert_string_equal((char *)m.payload, "/dev/example");
	close(ends[0]);
	EXPECT(b, CHILD_GONE, &m);	/* its channel's only other end was ours */
	say_ready(b);
	EXPECT(b, GO, &m);
	told = spawn(b, ROLE_WORKER, UINT32_MAX, ends);
	jail = hear_jail(ends[0]);
	assert_int_equal(jail.role, ROLE_WORKER);
	assert_int_equal(jail.uid, told.uid);
	if (is_root)
		assert_in_range(told.uid, UID_BASE + 16, UID_BASE + 19);
	assert_int_equal(jail.keep_dac, 0);
	EXPECT(ends[0], DOOR, &m);
	close(ends[0]);
	close(ends[1]);
	told = spawn(b, ROLE_LISTENER, UINT32_MAX, ends);
	jail = hear_jail(ends[0]);
	assert_int_equal(jail.uid, is_root ? UID_BASE + 1 : geteuid());
	close(ends[0]);
	close(b);
}

static void
test_uid_rests(void **state)
{
	struct ipc_spawn again = { .ticket = 1, .role = ROLE_WORKER, .path = UINT32_MAX };
	struct ipc_spawn_failed failed;
	struct ipc_child_ref ref;
	struct ipc_spawned told;
	struct message m;
	int b;

	(void)state;
	if (!is_root)
		skip();		/* needs root: uids of their own */
	b = broker_takes_charge(1);
	told = spawn_worker(b);
	ref = (struct ipc_child_ref){ told.child, 0 };
	for (int reaped = 0; reaped < 2; reaped++) {
		assert_int_equal(IPC_SEND(b, SPAWN, &again), 0);
		EXPECT(b, SPAWN_FAILED, &m);
		memcpy(&failed, m.payload, sizeof(failed));
		assert_int_equal(failed.error, EAGAIN);
		if (reaped == 0) {
			assert_int_equal(IPC_SEND(b, KILL, &ref), 0);
			expect_gone(b, told.child);
		}
	}
	release(b, told.child);
	assert_int_equal(spawn_worker(b).uid, told.uid);
	close(b);
}

/* Everything that a broker must find again, after a reload and after a crash. */
static void
expect_inheritance(int b, uint32_t live, uint32_t dead, bool recorded)
{
	struct ipc_held last;
	struct ipc_child child;
	struct message m;
	unsigned seen = 0;

	hear_jail(b);
	assert_int_equal(hear_held(b, &last), 1);
	assert_int_equal(last.key[0], 0x42);
	say_settings(b, 4);
	say_ready(b);
	for (EXPECT(b, CHILD, &m); m.head.type != IPC_GO; assert_true(hear(b, &m))) {
		memcpy(&child, m.payload, sizeof(child));
		if (m.head.type == IPC_CHILD)
			seen |= child.child == live ? 1 : child.child == dead ? 2 : 0x80;
		else if (m.head.type == IPC_CHILD_RECORD)
			seen |= child.child == live ? 4 : 0x80;
		else if (m.head.type == IPC_CHILD_GONE)
			seen |= child.child == dead ? 8 : 0x80;
		else
			seen |= 0x80;
		assert_int_equal(m.nfds, m.head.type != IPC_CHILD_GONE);
		forget(&m);
	}
	assert_int_equal(seen, 1 | 2 | 8 | (recorded ? 4 : 0));
}

static void
record(int b, uint32_t child)
{
	struct ipc_child_ref ref = { child, 0 };
	int fd = STDERR_FILENO;

	assert_int_equal(IPC_SEND_FD(b, RECORD, &ref, &fd), 0);
}

static void
test_reload(void **state)
{
	struct ipc_spawned live, dead;
	int b = broker_takes_charge(4), b2;
	struct message m;

	(void)state;
	hold(b, HOLD_CLAIM, 0x42);
	live = spawn_worker(b);
	dead = spawn_worker(b);
	kill((pid_t)dead.pid, SIGKILL);
	expect_gone(b, dead.child);
	kill(warden, SIGHUP);
	b2 = broker_comes();
	/* its record is said when the old one is already on its way out, and counts */
	record(b, live.child);
	expect_inheritance(b2, live.child, dead.child, true);
	assert_false(hear(b, &m));
	close(b);
	release(b2, dead.child);
	assert_true(manager_hears("RELOADING=1"));
	assert_true(manager_hears("READY=1"));
	assert_int_equal(kill((pid_t)live.pid, 0), 0);
	close(b2);
}

static void
test_crash(void **state)
{
	struct ipc_spawned live, dead;
	int b = broker_takes_charge(4), b2;

	(void)state;
	hold(b, HOLD_RAM, 0x42);
	live = spawn_worker(b);
	dead = spawn_worker(b);
	record(b, live.child);
	kill((pid_t)dead.pid, SIGKILL);
	expect_gone(b, dead.child);
	close(b);		/* and it exits */
	b2 = broker_comes();
	expect_inheritance(b2, live.child, dead.child, true);
	assert_int_equal(kill((pid_t)live.pid, 0), 0);
	close(b2);
}

/* Sends a descriptor into a worker, which sends it back. Returns the other end of that one. */
static int
make_echo(int end)
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(ipc_send(end, 0, "x", 1, &fd[1], 1), 0);
	close(fd[1]);
	return (fd[0]);
}

static void
expect_closed(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	assert_int_equal(poll(&p, 1, SOON_MS), 1);
	assert_true((p.revents & POLLHUP) != 0);
	close(fd);
}

/* A worker's last words may carry descriptors. Who does not want to hear them must not make the
 * warden keep them: its writes would never drain, and its uid would never be free. */
static void
test_unread_words(void **state)
{
	int b = broker_takes_charge(4), ends[2], unread;
	struct ipc_spawned w = spawn(b, ROLE_WORKER, UINT32_MAX, ends);
	struct message m;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(hear(ends[0], &m));
		forget(&m);
	}
	unread = make_echo(ends[0]);
	assert_int_equal(poll(&(struct pollfd){ ends[0], POLLIN, 0 }, 1, SOON_MS), 1);
	close(ends[0]);
	kill((pid_t)w.pid, SIGKILL);
	expect_gone(b, w.child);
	expect_closed(unread);
	close(ends[1]);
	close(b);
}

/* A new configuration that is wrong: what its broker held is forgotten, the old one stays. */
static void
test_reload_fails(void **state)
{
	int b = broker_takes_charge(4), b2;
	struct ipc_held last;
	struct ipc_spawned w;

	(void)state;
	hold(b, HOLD_CLAIM, 0x42);
	spawn_worker(b);		/* the answer says that all before it was heard */
	for (int i = 0; i < 2; i++) {
		kill(warden, SIGHUP);
		b2 = broker_comes();
		hear_jail(b2);
		assert_int_equal(hear_held(b2, &last), 1);
		hold(b2, HOLD_CLAIM, 0x43);
		assert_int_equal(send(b2, "\1", 1, 0), 1);
		expect_end(b2);
		assert_true(manager_hears("READY=1"));
	}
	w = spawn_worker(b);
	assert_int_not_equal(w.pid, 0);
	close(b);
}

/* What the old one takes in meanwhile reaches the new one. */
static void
test_hold_is_forwarded(void **state)
{
	int b = broker_takes_charge(4), b2;
	struct ipc_held held;
	struct message m;

	(void)state;
	kill(warden, SIGHUP);
	b2 = broker_comes();
	hear_jail(b2);
	assert_int_equal(hear_held(b2, &held), 0);
	hold(b, HOLD_CLAIM, 0x55);
	EXPECT(b2, HELD, &m);
	memcpy(&held, m.payload, sizeof(held));
	assert_int_equal(held.key[0], 0x55);
	forget(&m);
	close(b);
	close(b2);
}

static void
wait_to_write(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	assert_int_equal(errno, EAGAIN);
	assert_int_equal(poll(&p, 1, SOON_MS), 1);
}

/* More than a socket holds, and the broker reads when it likes. */
static void
test_many_children(void **state)
{
	enum { MANY = 200, HOLDS = 300 };
	int b = broker_takes_charge(MANY), b2;
	unsigned children = 0, records = 0;
	struct ipc_held last;
	struct message m;

	(void)state;
	for (int i = 0; i < HOLDS; i++) {
		struct ipc_held h = { .kind = HOLD_CLAIM, .key = { (uint8_t)i, (uint8_t)(i >> 8) } };
		int fd = STDERR_FILENO;

		while (IPC_SEND_FD(b, HOLD, &h, &fd) == -1)
			wait_to_write(b);
	}
	for (int i = 0; i < MANY; i++)
		record(b, spawn_worker(b).child);
	close(b);
	b2 = broker_comes();
	hear_jail(b2);
	say_settings(b2, MANY);
	say_ready(b2);
	usleep(200000);
	assert_int_equal(hear_held(b2, &last), HOLDS);
	for (;; forget(&m)) {
		assert_true(hear(b2, &m));
		if (m.head.type == IPC_GO)
			break;
		children += m.head.type == IPC_CHILD;
		records += m.head.type == IPC_CHILD_RECORD;
	}
	assert_int_equal(children, MANY);
	assert_int_equal(records, MANY);
	close(b2);
}

static void
test_status(void **state)
{
	struct ipc_status s = { "2 controllers\nMAINPID=1" };
	int b = broker_takes_charge(4);

	(void)state;
	assert_int_equal(IPC_SEND(b, ALIVE, &s), 0);
	assert_true(manager_hears("STATUS=2 controllers?MAINPID=1"));
	assert_true(manager_hears("WATCHDOG=1"));
	close(b);
}

/* The warden does not wait for ever for whom it killed. */
static bool
ends_soon(pid_t pid)
{
	for (int ms = 0; ms < SOON_MS; ms += 10) {
		if (kill(pid, 0) == -1)
			return (errno == ESRCH);
		usleep(10000);
	}
	return (false);
}

static void
test_stop(void **state)
{
	int b = broker_takes_charge(4);
	struct ipc_spawned w = spawn_worker(b);
	struct ipc_empty none = { 0 };
	struct message m;

	(void)state;
	kill(warden, SIGTERM);
	EXPECT(b, SHUTDOWN, &m);
	assert_true(manager_hears("STOPPING=1"));
	assert_int_equal(kill((pid_t)w.pid, 0), 0);
	assert_int_equal(IPC_SEND(b, DRAINED, &none), 0);
	assert_int_equal(warden_exit(), 0);
	assert_true(ends_soon((pid_t)w.pid));
	close(b);
}

static void
test_stop_at_once(void **state)
{
	int b = broker_takes_charge(4);
	struct ipc_spawned w = spawn_worker(b);
	struct message m;

	(void)state;
	kill(warden, SIGTERM);
	EXPECT(b, SHUTDOWN, &m);
	usleep(1100000);	/* sooner, it is the first one seen twice */
	kill(warden, SIGTERM);
	assert_int_equal(warden_exit(), 0);
	assert_true(ends_soon((pid_t)w.pid));
	close(b);
}

/* A broker that dies instead of draining does not keep the service from stopping. */
static void
test_stop_broker_dies(void **state)
{
	int b = broker_takes_charge(4);
	struct message m;

	(void)state;
	kill(warden, SIGTERM);
	EXPECT(b, SHUTDOWN, &m);
	close(b);
	assert_int_equal(warden_exit(), 0);
}

#ifdef WITH_SYSTEMD
static void
test_sockets(void **state)
{
	struct ipc_held held;
	struct message m;
	unsigned seen = 0;
	int b;

	(void)state;
	b = broker_comes();		/* of the warden that setup started */
	kill(warden, SIGKILL);
	waitpid(warden, NULL, 0);
	close(b);
	warden_start(3);
	b = broker_comes();
	hear_jail(b);
	for (int i = 0; i < 3; i++) {
		uint32_t count;

		EXPECT(b, HELD, &m);
		assert_int_equal(m.nfds, 1);
		forget(&m);
		memcpy(&held, m.payload, sizeof(held));
		assert_int_equal(held.kind, HOLD_SYSTEMD);
		memcpy(&count, held.key + IPC_SYSTEMD_NAME_SIZE, sizeof(count));
		seen |= strcmp((char *)held.key, "nvme") == 0 ? 1u << count :
		    strcmp((char *)held.key, "other") == 0 && count == 0 ? 4 : 8;
	}
	EXPECT(b, HELD_END, &m);
	assert_int_equal(seen, 7);
	close(b);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(test_first_start), STORY(test_first_broker_fails), STORY(test_jails),
		STORY(test_uid_rests), STORY(test_reload), STORY(test_crash),
		STORY(test_reload_fails), STORY(test_hold_is_forwarded), STORY(test_many_children),
		STORY(test_status), STORY(test_stop), STORY(test_stop_at_once),
		STORY(test_stop_broker_dies), STORY(test_unread_words),
#ifdef WITH_SYSTEMD
		STORY(test_sockets),
#endif
	};

	if (getenv("ONLY") != NULL)
		cmocka_set_test_filter(getenv("ONLY"));
	return (cmocka_run_group_tests(tests, setup_all, teardown_all));
}
