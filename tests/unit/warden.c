/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The warden's whole life, with the test as every broker: the real cellblockd in a directory of
 * its own, beside it tests/fake_broker as each other program. Works as root (uids, releases) and
 * as an ordinary user.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/ipc.h"

#define SOON_MS 60000		/* nothing waits that long unless it is broken */
#define UID_BASE 1000000u

static char dir[64];
static char where[128];		/* of this test's brokers: those of the last one do not find it */
static char manager[128];
static int brokers;		/* where fake brokers come in */
static int notify = -1;		/* what the service manager would hear */
static pid_t warden;
static bool is_root;

/* ---- messages, seen raw ---- */

struct message {
	struct { uint16_t magic, type; uint32_t size; } head;
	_Alignas(8) uint8_t payload[IPC_MAX_PAYLOAD];
	int fds[8];
	unsigned nfds;
};

static void
forget(struct message *m)
{
	for (unsigned i = 0; i < m->nfds; i++)
		close(m->fds[i]);
	m->nfds = 0;
}

static void
wait_to_write(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	assert_int_equal(errno, EAGAIN);
	assert_int_equal(poll(&p, 1, SOON_MS), 1);
}

/* Returns false at end of file. */
static bool
hear(int fd, struct message *m)
{
	_Alignas(8) char control[CMSG_SPACE(8 * sizeof(int))];
	struct iovec iov[2] = { { &m->head, sizeof(m->head) }, { m->payload, sizeof(m->payload) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control,
	    .msg_controllen = sizeof(control) };
	struct pollfd p = { fd, POLLIN, 0 };
	struct cmsghdr *cm;
	ssize_t n;

	assert_int_equal(poll(&p, 1, SOON_MS), 1);
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	m->nfds = 0;
	if (n <= 0)
		return (false);
	if ((cm = CMSG_FIRSTHDR(&msg)) != NULL) {
		m->nfds = (unsigned)((cm->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fds, CMSG_DATA(cm), m->nfds * sizeof(int));
	}
	return (true);
}

static void
expect(int fd, uint32_t type, struct message *m)
{
	if (!hear(fd, m))
		fail_msg("end of file instead of message %u", type);
	if (m->head.type != type)
		fail_msg("message %u instead of %u", m->head.type, type);
}

#define EXPECT(fd, NAME, m) expect((fd), IPC_##NAME, (m))

/* End of file, after whatever else was under way. */
static void
expect_end(int fd)
{
	struct message m;

	while (hear(fd, &m))
		forget(&m);
	close(fd);
}

/* ---- brokers ---- */

static int
broker_comes(void)
{
	struct pollfd p = { brokers, POLLIN, 0 };
	int fd;

	assert_int_equal(poll(&p, 1, SOON_MS), 1);
	fd = accept4(brokers, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(fd, -1);
	return (fd);
}

/* As a broker gets it with the root directory, or as a child sent it back. */
static struct ipc_jail
hear_jail(int b)
{
	struct message m;
	struct ipc_jail jail;

	EXPECT(b, JAIL, &m);
	forget(&m);
	memcpy(&jail, m.payload, sizeof(jail));
	return (jail);
}

/* Up to HELD_END; returns how many were held. */
static unsigned
hear_held(int b, struct ipc_held *last)
{
	struct message m;
	unsigned n = 0;

	for (;; n++) {
		assert_true(hear(b, &m));
		if (m.head.type == IPC_HELD_END)
			return (n);
		assert_int_equal(m.head.type, IPC_HELD);
		assert_int_equal(m.nfds, 1);
		memcpy(last, m.payload, sizeof(*last));
		forget(&m);
	}
}

static void
say_settings(int b, uint32_t workers)
{
	struct ipc_settings s = { UID_BASE, 16 + workers, 0, 0 };

	assert_int_equal(IPC_SEND(b, SETTINGS, &s), 0);
}

static void
say_ready(int b)
{
	struct ipc_empty none = { 0 };

	assert_int_equal(IPC_SEND(b, BROKER_READY, &none), 0);
}

/* A broker from its first word to GO, with nothing special. */
static int
broker_takes_charge(uint32_t workers)
{
	struct message m;
	struct ipc_held last;
	int b = broker_comes();

	hear_jail(b);
	hear_held(b, &last);
	say_settings(b, workers);
	say_ready(b);
	EXPECT(b, GO, &m);
	return (b);
}

static void
hold(int b, uint32_t kind, uint8_t mark)
{
	struct ipc_held h = { .kind = kind, .key = { mark } };
	int fd = STDERR_FILENO;

	assert_int_equal(IPC_SEND_FD(b, HOLD, &h, &fd), 0);
}

static struct ipc_spawned
spawn(int b, uint32_t role, uint32_t path, int ends[2])
{
	struct ipc_spawn s = { .ticket = 77, .role = role, .path = path };
	struct ipc_spawned told;
	struct message m;
	bool worker = role == ROLE_WORKER;

	assert_int_equal(IPC_SEND(b, SPAWN, &s), 0);
	expect(b, worker ? IPC_SPAWNED_WORKER : IPC_SPAWNED, &m);
	assert_int_equal(m.nfds, worker ? 2 : 1);
	memcpy(&told, m.payload, sizeof(told));
	assert_int_equal(told.ticket, 77);
	ends[0] = m.fds[0];
	ends[1] = worker ? m.fds[1] : -1;
	return (told);
}

/* What a worker (one whose end we may close) is, in short. */
static struct ipc_spawned
spawn_worker(int b)
{
	int ends[2];
	struct ipc_spawned told = spawn(b, ROLE_WORKER, UINT32_MAX, ends);

	close(ends[0]);
	close(ends[1]);
	return (told);
}

static void
release(int b, uint32_t child)
{
	struct ipc_child_ref ref = { child, 0 };

	assert_int_equal(IPC_SEND(b, RELEASE, &ref), 0);
}

static void
expect_gone(int b, uint32_t child)
{
	struct message m;
	struct ipc_child_gone gone;

	EXPECT(b, CHILD_GONE, &m);
	memcpy(&gone, m.payload, sizeof(gone));
	assert_int_equal(gone.child, child);
	assert_true(WIFSIGNALED(gone.status) && WTERMSIG(gone.status) == SIGKILL);
}

/* ---- the warden ---- */

static void
in(const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", dir, name);
}

static int
listen_at(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) == -1)
		return (-1);
	if (type == SOCK_SEQPACKET && listen(fd, 10) == -1)
		return (-1);
	return (fd);
}

static int
copy(const char *from, const char *to)
{
	char path[128], command[512];

	in(to, path, sizeof(path));
	snprintf(command, sizeof(command), "cp '%s' '%s'", from, path);
	return (system(command));
}

static int
make_tree(void)
{
	static const char *const dirs[] = { "broker", "listener", "worker" };
	char path[128];

	snprintf(dir, sizeof(dir), "/tmp/warden-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return (-1);
	for (int i = 0; i < 3; i++) {
		in(dirs[i], path, sizeof(path));
		mkdir(path, 0755);
	}
	return (copy("broker/cellblockd", "broker/cellblockd") |
	    copy("tests/fake_broker", "broker/cellblock-broker") |
	    copy("tests/fake_broker", "broker/cellblock-opener") |
	    copy("tests/fake_broker", "listener/cellblock-listener") |
	    copy("tests/fake_broker", "worker/cellblock-worker"));
}

/* sockets: how many the service manager passes, named "nvme", "nvme", "other"... */
static void
warden_start(int sockets)
{
	char program[128], pid[16], number[16];
	int null;

	in("broker/cellblockd", program, sizeof(program));
	if ((warden = fork()) != 0)
		return;
	null = open(getenv("WARDEN_LOG") != NULL ? getenv("WARDEN_LOG") : "/dev/null",
	    O_RDWR | O_APPEND | O_CREAT, 0600);
	dup2(null, STDERR_FILENO);
	setenv("NOTIFY_SOCKET", manager, 1);
	for (int i = 0; i < sockets; i++)
		dup2(STDERR_FILENO, 3 + i);
	closefrom(3 + sockets);
	if (sockets > 0) {
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		snprintf(number, sizeof(number), "%d", sockets);
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", number, 1);
		setenv("LISTEN_FDNAMES", "nvme:nvme:other", 1);
	}
	execl(program, program, "-dv", "-f", where, (char *)NULL);
	_exit(99);
}

static int
warden_exit(void)
{
	int status = -1;

	for (int ms = 0; ms < SOON_MS; ms += 10) {
		if (waitpid(warden, &status, WNOHANG) == warden) {
			warden = 0;
			return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		}
		usleep(10000);
	}
	return (-1);
}

static int
setup(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "brokers-%d", ++number);
	in(name, where, sizeof(where));
	snprintf(name, sizeof(name), "notify-%d", number);
	in(name, manager, sizeof(manager));
	brokers = listen_at(where, SOCK_SEQPACKET);
	notify = listen_at(manager, SOCK_DGRAM);
	if (brokers == -1 || notify == -1)
		return (-1);
	warden_start(0);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	close(brokers);
	close(notify);
	if (warden > 0) {
		kill(warden, SIGKILL);
		waitpid(warden, NULL, 0);
	}
	return (0);
}

static int
setup_all(void **state)
{
	(void)state;
	is_root = geteuid() == 0;
	return (make_tree());
}

static int
teardown_all(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return (system(command));
}

static bool
manager_hears(const char *words)
{
	struct pollfd p = { notify, POLLIN, 0 };
	char text[1024];
	ssize_t n;

	while (poll(&p, 1, SOON_MS) == 1) {
		n = recv(notify, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		if (strncmp(text, words, strlen(words)) == 0)
			return (true);
	}
	return (false);
}

/* ---- the stories ---- */

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

/* ---- a broker that breaks the rules ---- */

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

#define STORY(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(test_first_start), STORY(test_first_broker_fails), STORY(test_jails),
		STORY(test_uid_rests), STORY(test_reload), STORY(test_crash),
		STORY(test_reload_fails), STORY(test_hold_is_forwarded), STORY(test_bad_broker),
		STORY(test_bad_beginning), STORY(test_many_children), STORY(test_status),
		STORY(test_stop), STORY(test_stop_at_once), STORY(test_stop_broker_dies),
		STORY(test_unread_words), STORY(test_drop_twice), STORY(test_path_too_late),
#ifdef WITH_SYSTEMD
		STORY(test_sockets),
#endif
	};

	if (getenv("ONLY") != NULL)
		cmocka_set_test_filter(getenv("ONLY"));
	return (cmocka_run_group_tests(tests, setup_all, teardown_all));
}
