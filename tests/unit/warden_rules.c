/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker that breaks the rules, and the warden that outlives it: what it says at the wrong time,
 * twice, or of what is not its own.
 */
#include "config.h"

#include <sys/socket.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/warden_world.h"

static void bad_short(int b) { assert_int_equal(send(b, "xyz", 3, 0), 3); }
static void bad_type(int b) { ipc_send(b, 999, "xyz", 3, NULL, 0); }
static void bad_state(int b) { say_ready(b); }
static void bad_kind(int b) { hold(b, HOLD_SYSTEMD, 1); }
static void bad_release(int b) { release(b, 12345); }

static void
bad_fds(int b)
{
	struct ipc_held h = { .kind = HOLD_RAM };
	int fds[2] = { STDERR_FILENO, STDERR_FILENO };

	IPC_SEND_FDS(b, HOLD, &h, fds, 2);
}

static void
bad_role(int b)
{
	struct ipc_spawn s = { .role = ROLE_BROKER, .path = UINT32_MAX };

	IPC_SEND(b, SPAWN, &s);
}

static void
bad_path(int b)
{
	struct ipc_spawn s = { .role = ROLE_OPENER, .path = 5 };

	IPC_SEND(b, SPAWN, &s);
}

static void
bad_drained(int b)
{
	struct ipc_empty none = { 0 };

	IPC_SEND(b, DRAINED, &none);
}

static void
bad_status(int b)
{
	struct ipc_status s;

	memset(&s, 'x', sizeof(s));
	IPC_SEND(b, ALIVE, &s);
}

static void
bad_drop(int b)
{
	struct ipc_held h = { .kind = HOLD_SYSTEMD, .key = { 9 } };

	IPC_SEND(b, DROP, &h);
}

/* What a broker was told of may have been dropped by the one before it, meanwhile. */
static void
test_drop_twice(void **state)
{
	struct ipc_held h = { .kind = HOLD_CLAIM, .key = { 0x42 } };
	int b = broker_takes_charge(4);

	(void)state;
	hold(b, HOLD_CLAIM, 0x42);
	assert_int_equal(IPC_SEND(b, DROP, &h), 0);
	assert_int_equal(IPC_SEND(b, DROP, &h), 0);
	assert_int_not_equal(spawn_worker(b).pid, 0);
	close(b);
}

/* The list of paths ends with BROKER_READY, even while the old broker is still leaving. */
static void
test_path_too_late(void **state)
{
	struct ipc_path_add late = { 1, "/etc/shadow" };
	int b = broker_takes_charge(4), b2;
	struct ipc_held last;
	struct message m;

	(void)state;
	kill(warden, SIGHUP);
	b2 = broker_comes();
	hear_jail(b2);
	hear_held(b2, &last);
	say_settings(b2, 4);
	say_ready(b2);
	assert_false(hear(b, &m));	/* it has heard READY, and b lives until we say so */
	IPC_SEND(b2, PATH_ADD, &late);
	expect_end(b2);
	close(b);
}

static void
test_bad_broker(void **state)
{
	static void (*const bad[])(int) = { bad_short, bad_type, bad_state, bad_kind, bad_release,
	    bad_fds, bad_role, bad_path, bad_drained, bad_status, bad_drop };
	int b = broker_takes_charge(4);
	struct ipc_spawned w = spawn_worker(b);
	struct ipc_held last;
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bad[i](b);
		expect_end(b);
		if (i >= 3)	/* it would wait for a second and longer */
			kill(warden, SIGHUP);
		b = broker_comes();
		hear_jail(b);
		hear_held(b, &last);
		say_settings(b, 4);
		say_ready(b);
		EXPECT(b, CHILD, &m);
		forget(&m);
		EXPECT(b, GO, &m);
		assert_int_equal(kill((pid_t)w.pid, 0), 0);
	}
	close(b);
}

/* Rules of the time before GO; each costs the first broker its life, and so the warden's. */
static void bad_base(int b) { struct ipc_settings s = { 100, 50, 0, 0 }; IPC_SEND(b, SETTINGS, &s); }
static void bad_wrap(int b) { struct ipc_settings s = { ~5u, 50, 0, 0 }; IPC_SEND(b, SETTINGS, &s); }
static void bad_count(int b) { struct ipc_settings s = { 1u << 20, 16, 0, 0 }; IPC_SEND(b, SETTINGS, &s); }
static void bad_relative(int b) { struct ipc_path_add p = { 0, "etc" }; IPC_SEND(b, PATH_ADD, &p); }
static void bad_index(int b) { struct ipc_path_add p = { 1u << 31, "/e" }; IPC_SEND(b, PATH_ADD, &p); }

static void
bad_twice(int b)
{
	struct ipc_path_add p = { 2, "/e" };

	IPC_SEND(b, PATH_ADD, &p);
	IPC_SEND(b, PATH_ADD, &p);
}

static void
bad_early(int b)
{
	struct ipc_spawn s = { .role = ROLE_WORKER, .path = UINT32_MAX };

	IPC_SEND(b, SPAWN, &s);
}

static void
test_bad_beginning(void **state)
{
	static void (*const bad[])(int) = { bad_early, bad_relative, bad_index, bad_twice, bad_base,
	    bad_wrap, bad_count };
	struct ipc_held last;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int b;

		if (!is_root && (bad[i] == bad_base || bad[i] == bad_wrap || bad[i] == bad_count))
			continue;
		if (warden == 0)
			warden_start(0);
		b = broker_comes();
		hear_jail(b);
		hear_held(b, &last);
		bad[i](b);
		expect_end(b);
		assert_int_equal(warden_exit(), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(test_bad_broker), STORY(test_bad_beginning), STORY(test_drop_twice),
		STORY(test_path_too_late),
	};

	if (getenv("ONLY") != NULL)
		cmocka_set_test_filter(getenv("ONLY"));
	return (cmocka_run_group_tests(tests, setup_all, teardown_all));
}
