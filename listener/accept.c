/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection's few microseconds here: accepted, counted, told to the broker, passed through a
 * spare's door, closed. The broker hears of it first, so that it knows the address before the
 * greeter can say a word. Nothing is read from it, ever.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/addr.h"
#include "common/logmsg.h"
#include "listener/listener.h"

static void
pause_accepting(struct listener *l)
{
	l->paused_until_ms = listener_now_ms() + LISTENER_PAUSE_MS;
}

/* The kernel is short of something: connections wait until it is not. */
static void
pause_because(struct listener *l, int error)
{
	struct ipc_log log = { .msg = MSG_LISTENER_FULL, .nargs = 1, .arg = { (uint64_t)error } };
	uint64_t now_ms = listener_now_ms();

	pause_accepting(l);
	if (l->full_logged_ms != 0 && now_ms < l->full_logged_ms + LISTENER_LOG_MS)
		return;
	l->full_logged_ms = now_ms;
	IPC_SEND(l->broker.fd, LISTENER_LOG, &log);
}

/* DEAD: nobody is behind that door. STUCK: too many descriptors are under way. UNHEARD: the broker does
 * not read. */
enum passed { PASSED, PASSED_DEAD, PASSED_STUCK, PASSED_UNHEARD };

static enum passed
pass(struct listener *l, const struct spare *spare, struct ipc_greeting *greeting, int fd)
{
	static const struct ipc_empty nothing;

	greeting->slot = spare->slot;
	if (IPC_SEND(l->broker.fd, GREETING, greeting) == -1)
		return (PASSED_UNHEARD);
	if (IPC_SEND_FD(spare->door, CONNECTION, &nothing, &fd) == 0)
		return (PASSED);
	return (errno == EPIPE || errno == ECONNRESET ? PASSED_DEAD : PASSED_STUCK);
}

/* A spare whose greeting the broker has heard of is used up, whatever comes of it: the next connection
 * through its door would be taken for this one, and for its address. */
static void
hand_over(struct listener *l, struct ipc_greeting *greeting, int fd)
{
	enum passed how = PASSED_DEAD;

	while (how == PASSED_DEAD && l->nspares > 0) {
		uint32_t slot = l->spare[0].slot;

		if ((how = pass(l, &l->spare[0], greeting, fd)) == PASSED_UNHEARD)
			break;
		control_drop_spare(l, 0);
		if (how == PASSED)
			greetings_begin(&l->greetings, slot, &greeting->peer);
	}
	/* without a broker, or a spare that lives, it is better to let the backlog wait */
	if (how != PASSED)
		pause_accepting(l);
}

static void
judge(struct listener *l, struct ipc_greeting *greeting, int fd)
{
	uint64_t now_ms = listener_now_ms();
	enum greet_verdict v = greetings_judge(&l->greetings, &greeting->peer, now_ms);

	if (v == GREET_WELCOME) {
		hand_over(l, greeting, fd);
		return;
	}
	l->closed[v]++;
	accept_log(l, now_ms);
}

/* Returns 0, or -1 when there is nothing more to accept now. */
static int
accept_one(struct listener *l, const struct listen_socket *s)
{
	struct ipc_greeting greeting = { .listener = s->index };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	fd = accept4(s->fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1) {
		/* some errors are of a connection that is no more */
		if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO)
			return (0);
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			pause_because(l, errno);
		return (-1);
	}
	addr_from_sockaddr(&greeting.peer, (struct sockaddr *)&ss, len);
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(&greeting.local, (struct sockaddr *)&ss, len);
	if (greeting.peer.family != 0 && greeting.local.family != 0)
		judge(l, &greeting, fd);
	close(fd);
	return (0);
}

void
accept_some(struct listener *l, const struct listen_socket *s)
{
	for (int i = 0; i < LISTENER_BATCH && l->nspares > 0; i++)
		if (accept_one(l, s) == -1 || l->paused_until_ms != 0)
			return;
}

/* One line about those that were closed: the first at once, the others summed up. */
void
accept_log(struct listener *l, uint64_t now_ms)
{
	uint64_t *n = l->closed;
	struct ipc_log log = { .msg = MSG_LISTENER_CLOSED, .nargs = 3,
	    .arg = { n[GREET_FULL], n[GREET_SOURCE_FULL], n[GREET_PENALTY] } };

	if (n[GREET_FULL] + n[GREET_SOURCE_FULL] + n[GREET_PENALTY] == 0 ||
	    (l->logged_ms != 0 && now_ms < l->logged_ms + LISTENER_LOG_MS))
		return;
	/* the broker may be away: then the counts are told later */
	if (IPC_SEND(l->broker.fd, LISTENER_LOG, &log) == 0)
		memset(l->closed, 0, sizeof(l->closed));
	l->logged_ms = now_ms;
}
