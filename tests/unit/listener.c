/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listener as it runs: the real program in its sandbox, between a test that plays broker and
 * spare workers, and hosts that connect over loopback.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/addr.h"
#include "common/logmsg.h"
#include "tests/unit/child.h"

#define LISTENER "listener/cellblock-listener"
#define WAIT_MS 20000	/* only to end a test that fails */

static struct ipc_peer peer;
static pid_t pid;
static struct sockaddr_in where;
static struct ipc_greeting heard;
static struct ipc_log logged;
static int connection;

IPC_RECEIVER(from_listener, IPC_LISTENER_TO_BROKER)
IPC_RECEIVER(through_door, IPC_LISTENER_TO_WORKER)

static int
on_listener_ready(void *ctx, const struct ipc_ready *m, int *fds)
{
	(void)ctx;
	(void)m;
	(void)fds;
	peer.state = S_UP;
	return (0);
}

static int
on_greeting(void *ctx, const struct ipc_greeting *m, int *fds)
{
	(void)ctx;
	(void)fds;
	heard = *m;
	return (0);
}

static int
on_listener_log(void *ctx, const struct ipc_log *m, int *fds)
{
	(void)ctx;
	(void)fds;
	logged = *m;
	return (0);
}

static int
on_connection(void *ctx, const struct ipc_empty *m, int *fds)
{
	(void)ctx;
	(void)m;
	connection = fds[0];
	fds[0] = -1;
	return (0);
}

static int
tcp_socket(int bind_and_listen)
{
	socklen_t len = sizeof(where);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (bind_and_listen ? SOCK_NONBLOCK : 0),
	    0);

	if (!bind_and_listen)
		return (connect(fd, (struct sockaddr *)&where, len) == 0 ? fd : -1);
	where = (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)&where, len) == -1 || listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&where, &len) == -1)
		return (-1);
	return (fd);
}

static void
limits(uint32_t greetings, uint32_t per_source)
{
	struct ipc_greet_limits m = { greetings, per_source };

	assert_int_equal(IPC_SEND(peer.fd, GREET_LIMITS, &m), 0);
}

static int
setup(void **state)
{
	struct ipc_listen m = { .index = 3 };
	int fd;

	(void)state;
	memset(&logged, 0, sizeof(logged));
	peer = (struct ipc_peer){ .in = &from_listener, .state = S_NEW };
	peer.fd = child_start(LISTENER, NULL, ROLE_LISTENER, NULL, -1, &pid);
	if (peer.fd == -1 || (fd = tcp_socket(1)) == -1 || ipc_dispatch_wait(&peer, WAIT_MS) != 1)
		return (-1);
	limits(8, 8);
	if (IPC_SEND_FD(peer.fd, LISTEN, &m, &fd) == -1)
		return (-1);
	return (close(fd));
}

static int
teardown(void **state)
{
	(void)state;
	close(peer.fd);
	return (child_wait(pid) == 0 ? 0 : -1);
}

/* Returns our end of the door. */
static int
spare(uint32_t slot)
{
	struct ipc_slot m = { .slot = slot };
	int fd[2];

	assert_int_equal(ipc_pair(fd), 0);
	assert_int_equal(IPC_SEND_FD(peer.fd, SPARE, &m, &fd[1]), 0);
	close(fd[1]);
	return (fd[0]);
}

/* A connection comes through the door, and the broker has heard of it before. */
static int
arrives(int door, uint32_t slot)
{
	struct ipc_peer p = { .fd = door, .in = &through_door, .state = S_NEW };

	assert_int_equal(ipc_dispatch_wait(&p, WAIT_MS), 1);
	assert_int_equal(ipc_dispatch(&peer), 1);
	assert_int_equal(heard.slot, slot);
	assert_int_equal(ipc_dispatch_wait(&p, WAIT_MS), -1);	/* one message ever */
	assert_string_equal(p.why, "end of file");
	close(door);
	return (connection);
}

/* Was it closed from the other side? Waits until it knows, if it must. */
static int
is_closed(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return (poll(&p, 1, wait_ms) == 1 && read(fd, &c, 1) <= 0);
}

static void
greets(void **state)
{
	struct sockaddr_in mine;
	socklen_t len = sizeof(mine);
	struct ipc_addr a;
	int door = spare(41), host = tcp_socket(0), fd;

	(void)state;
	fd = arrives(door, 41);
	assert_int_equal(heard.listener, 3);
	assert_int_equal(getsockname(host, (struct sockaddr *)&mine, &len), 0);
	addr_from_sockaddr(&a, (struct sockaddr *)&mine, len);
	assert_memory_equal(&heard.peer, &a, sizeof(a));
	addr_from_sockaddr(&a, (struct sockaddr *)&where, sizeof(where));
	assert_memory_equal(&heard.local, &a, sizeof(a));
	/* nobody else holds it */
	close(fd);
	assert_true(is_closed(host, WAIT_MS));
	close(host);
}

static void
waits_without_a_spare(void **state)
{
	int host = tcp_socket(0), door;

	(void)state;
	assert_int_not_equal(host, -1);		/* the backlog has it */
	door = spare(1);
	close(arrives(door, 1));
	close(host);
}

static void
passes_dead_spares(void **state)
{
	int door = spare(1), host;

	(void)state;
	close(door);
	door = spare(2);
	host = tcp_socket(0);
	/* it may have been told first that slot 1 has it */
	while (heard.slot != 2)
		assert_int_equal(ipc_dispatch_wait(&peer, WAIT_MS), 1);
	close(host);
	close(door);
}

/* A spare whose door takes nothing now, as when too many descriptors are under way. */
static int
stuck_spare(uint32_t slot)
{
	static const struct ipc_empty nothing;
	struct ipc_slot m = { .slot = slot };
	int fd[2];

	assert_int_equal(ipc_pair(fd), 0);
	while (IPC_SEND(fd[1], CONNECTION, &nothing) == 0)
		;
	assert_int_equal(IPC_SEND_FD(peer.fd, SPARE, &m, &fd[1]), 0);
	close(fd[1]);
	return (fd[0]);
}

/* The broker has heard whose slot it is: nobody else may come through that door, since it would be
 * taken for the one before. */
static void
names_a_slot_once(void **state)
{
	int stuck = stuck_spare(1), door = spare(2), a = tcp_socket(0), b;
	char some[4096];

	(void)state;
	assert_int_equal(ipc_dispatch_wait(&peer, WAIT_MS), 1);
	assert_int_equal(heard.slot, 1);
	assert_true(is_closed(a, WAIT_MS));
	while (recv(stuck, some, sizeof(some), MSG_DONTWAIT) > 0)
		;
	b = tcp_socket(0);
	close(arrives(door, 2));
	assert_true(is_closed(stuck, WAIT_MS));
	close(stuck);
	close(a);
	close(b);
}

static void
closes_over_the_cap(void **state)
{
	struct ipc_slot done = { .slot = 1, .outcome = GREET_ADMITTED };
	int a, b, c, door;

	(void)state;
	limits(8, 1);
	door = spare(1);
	a = tcp_socket(0);
	close(arrives(door, 1));
	door = spare(2);
	b = tcp_socket(0);
	assert_true(is_closed(b, WAIT_MS));
	assert_int_equal(ipc_dispatch_wait(&peer, WAIT_MS), 1);
	assert_int_equal(logged.msg, MSG_LISTENER_CLOSED);
	assert_int_equal(logged.arg[1], 1);
	assert_int_equal(IPC_SEND(peer.fd, GREETED, &done), 0);
	c = tcp_socket(0);
	/* the message and the connection race: a connection that came first was closed */
	while (is_closed(c, 100)) {
		close(c);
		c = tcp_socket(0);
	}
	close(arrives(door, 2));
	close(a);
	close(b);
	close(c);
}

static void
unlistens(void **state)
{
	struct ipc_empty none = { 0 };
	int door = spare(1);

	(void)state;
	assert_int_equal(IPC_SEND(peer.fd, UNLISTEN, &none), 0);
	assert_true(is_closed(door, WAIT_MS));
	close(door);
	assert_int_equal(tcp_socket(0), -1);
}

/* Greetings that ended while there was no broker are not held against their source for ever. */
static void
forgets_with_its_broker(void **state)
{
	struct ipc_empty none = { 0 };
	struct ipc_listen m = { .index = 3 };
	int a, b, door, fd = tcp_socket(1);

	(void)state;
	limits(8, 1);
	assert_int_equal(IPC_SEND_FD(peer.fd, LISTEN, &m, &fd), 0);
	door = spare(2);
	a = tcp_socket(0);
	close(arrives(door, 2));
	assert_int_equal(IPC_SEND(peer.fd, UNLISTEN, &none), 0);
	assert_int_equal(IPC_SEND_FD(peer.fd, LISTEN, &m, &fd), 0);
	close(fd);
	door = spare(3);
	b = tcp_socket(0);
	close(arrives(door, 3));
	close(a);
	close(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(greets),
		TEST(waits_without_a_spare),
		TEST(passes_dead_spares),
		TEST(names_a_slot_once),
		TEST(closes_over_the_cap),
		TEST(unlistens),
		TEST(forgets_with_its_broker),
	};

	signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
