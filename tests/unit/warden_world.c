/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real cellblockd in a directory of its own, beside it tests/fake_broker as each other program.
 * Works as root (uids, releases) and as an ordinary user.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/warden_world.h"

static char dir[64];
static char where[128];		/* of this test's brokers: those of the last one do not find it */
static char manager[128];
static int brokers;		/* where fake brokers come in */
static int notify = -1;		/* what the service manager would hear */
pid_t warden;
bool is_root;

/* ---- messages, seen raw ---- */

void
forget(struct message *m)
{
	for (unsigned i = 0; i < m->nfds; i++)
		close(m->fds[i]);
	m->nfds = 0;
}

bool
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

void
expect(int fd, uint32_t type, struct message *m)
{
	if (!hear(fd, m))
		fail_msg("end of file instead of message %u", type);
	if (m->head.type != type)
		fail_msg("message %u instead of %u", m->head.type, type);
}

void
expect_end(int fd)
{
	struct message m;

	while (hear(fd, &m))
		forget(&m);
	close(fd);
}

/* ---- brokers ---- */

int
broker_comes(void)
{
	struct pollfd p = { brokers, POLLIN, 0 };
	int fd;

	assert_int_equal(poll(&p, 1, SOON_MS), 1);
	fd = accept4(brokers, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(fd, -1);
	return (fd);
}

struct ipc_jail
hear_jail(int b)
{
	struct message m;
	struct ipc_jail jail;

	EXPECT(b, JAIL, &m);
	forget(&m);
	memcpy(&jail, m.payload, sizeof(jail));
	return (jail);
}

unsigned
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

void
say_settings(int b, uint32_t workers)
{
	struct ipc_settings s = { UID_BASE, 16 + workers, 0, 0 };

	assert_int_equal(IPC_SEND(b, SETTINGS, &s), 0);
}

void
say_ready(int b)
{
	struct ipc_empty none = { 0 };

	assert_int_equal(IPC_SEND(b, BROKER_READY, &none), 0);
}

int
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

void
hold(int b, uint32_t kind, uint8_t mark)
{
	struct ipc_held h = { .kind = kind, .key = { mark } };
	int fd = STDERR_FILENO;

	assert_int_equal(IPC_SEND_FD(b, HOLD, &h, &fd), 0);
}

struct ipc_spawned
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

struct ipc_spawned
spawn_worker(int b)
{
	int ends[2];
	struct ipc_spawned told = spawn(b, ROLE_WORKER, UINT32_MAX, ends);

	close(ends[0]);
	close(ends[1]);
	return (told);
}

void
release(int b, uint32_t child)
{
	struct ipc_child_ref ref = { child, 0 };

	assert_int_equal(IPC_SEND(b, RELEASE, &ref), 0);
}

void
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

void
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

int
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

int
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

int
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

int
setup_all(void **state)
{
	(void)state;
	is_root = geteuid() == 0;
	return (make_tree());
}

int
teardown_all(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return (system(command));
}

bool
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
