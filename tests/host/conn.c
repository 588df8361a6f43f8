/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One TCP connection of the test host: opening, ICReq and ICResp, errors, waiting, and raw bytes
 * for those who want to misbehave. Knows nothing of commands.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

const char *const host_fault_name[HOST_FAULT_MAX] = {
#define X(name, text) [HOST_##name] = text,
	HOST_FAULTS(X)
#undef X
};

int64_t
host_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

void
host_opts_default(struct host_opts *o)
{
	static const uint8_t hostid[16] = {0x63, 0x65, 0x6c, 0x6c, 0x62, 0x6c, 0x4f, 0x63, 0x8b,
		0x2d, 0x74, 0x65, 0x73, 0x74, 0x00, 0x01};

	*o = (struct host_opts){
		.addr = "127.0.0.1", .port = "4420", .subnqn = HOST_DISCOVERY_NQN,
		.hostnqn = "nqn.2014-08.org.nvmexpress:uuid:63656c6c-626c-4f63-8b2d-746573740001",
		.queues = 1, .depth = 32, .timeout_ms = 10000,
	};
	memcpy(o->hostid, hostid, sizeof(hostid));
}

/* Keeps the first error: what follows from it is no news. */
int
host_conn_fail(struct host_conn *c, enum host_fault fault, const char *fmt, ...)
{
	va_list ap;
	int n, error = errno;

	if (c->error.fault != HOST_NONE)
		return (-1);
	c->error.fault = fault;
	n = snprintf(c->error.text, sizeof(c->error.text), "%s: ", host_fault_name[fault]);
	va_start(ap, fmt);
	n += vsnprintf(c->error.text + n, sizeof(c->error.text) - (size_t)n, fmt, ap);
	va_end(ap);
	if (fault == HOST_SYSTEM && (size_t)n < sizeof(c->error.text))
		snprintf(
		    c->error.text + n, sizeof(c->error.text) - (size_t)n, ": %s", strerror(error));
	return (-1);
}

void
host_conn_attach(struct host_conn *c, const struct host_opts *o, int fd)
{
	memset(c, 0, offsetof(struct host_conn, tx));
	c->fd = fd;
	c->hpda = o->hpda;
	c->maxr2t = o->maxr2t + 1 != 0 ? o->maxr2t + 1 : UINT32_MAX;
	c->asked_dgst = (uint8_t)((o->hdgst ? 1 : 0) | (o->ddgst ? 2 : 0));
	c->timeout_ms = o->timeout_ms;
	c->trickle = o->trickle;
	c->tx_first = c->tx_count = 0;
	c->tx_done = c->rx_head = c->rx_tail = 0;
	c->rx_state = RX_COMMON;
}

/* Come from this address, if it is of this family. */
static int
bind_source(int fd, int family, const char *source)
{
	struct addrinfo hints = { .ai_family = family, .ai_flags = AI_NUMERICHOST }, *ai;
	int r;

	if (source == NULL)
		return (0);
	if (getaddrinfo(source, NULL, &hints, &ai) != 0) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	r = bind(fd, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	return (r);
}

/* connect(2) with a deadline. */
static int
connect_within(int fd, const struct sockaddr *sa, socklen_t salen, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (connect(fd, sa, salen) == 0)
		return (0);
	if (errno != EINPROGRESS)
		return (-1);
	if (poll(&pfd, 1, timeout_ms) != 1) {
		errno = ETIMEDOUT;
		return (-1);
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 || error != 0) {
		errno = error != 0 ? error : errno;
		return (-1);
	}
	return (0);
}

int
host_conn_open(struct host_conn *c, const struct host_opts *o)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list,
			*ai;
	int fd = -1, error, one = 1;

	host_conn_attach(c, o, -1);
	if ((error = getaddrinfo(o->addr, o->port, &hints, &list)) != 0)
		return (host_conn_fail(c, HOST_TCP, "%s port %s: %s", o->addr, o->port,
		    gai_strerror(error)));
	for (ai = list; ai != NULL; ai = ai->ai_next) {
		fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd != -1 && bind_source(fd, ai->ai_family, o->source) == 0 &&
		    connect_within(fd, ai->ai_addr, ai->ai_addrlen, o->timeout_ms) == 0)
			break;
		error = errno;
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd == -1)
		return (host_conn_fail(c, HOST_TCP, "%s port %s: %s", o->addr, o->port,
		    strerror(error)));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->fd = fd;
	return (0);
}

void
host_conn_close(struct host_conn *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

/* Wait until something can be read, or, while something waits to leave, written. 0: time is over.
 */
int
host_conn_wait(struct host_conn *c, int timeout_ms)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	int n;

	if (c->error.fault != HOST_NONE)
		return (-1);
	if (c->tx_count > 0)
		pfd.events |= POLLOUT;
	if ((n = poll(&pfd, 1, timeout_ms)) == -1 && errno != EINTR)
		return (host_conn_fail(c, HOST_SYSTEM, "poll"));
	return (n > 0);
}

/* Send all that waits, then these bytes as they are, before the deadline. */
int
host_conn_raw_send(struct host_conn *c, const void *data, size_t len)
{
	int64_t deadline = host_now_ms() + c->timeout_ms;
	const uint8_t *p = data;
	struct pollfd pfd = { .fd = c->fd, .events = POLLOUT };
	ssize_t n;

	while (c->tx_count > 0 || len > 0) {
		if (c->tx_count > 0) {
			if (host_conn_send(c) == -1)
				return (-1);
			n = 0;
		} else if ((n = send(c->fd, p, c->trickle ? 1 : len, MSG_NOSIGNAL)) == -1) {
			if (errno != EAGAIN && errno != EINTR)
				return (host_conn_lost(c));
			n = 0;
		}
		p += n;
		len -= (size_t)n;
		if (n > 0 || (c->tx_count == 0 && len == 0))
			continue;
		if (host_now_ms() >= deadline)
			return (host_conn_fail(c, HOST_TIMEOUT, "send: the target does not read"));
		poll(&pfd, 1, 100);
	}
	return (0);
}

/* Some bytes as they come; 0 at the end of the connection, -1 with ETIMEDOUT or what recv(2) says.
 */
ssize_t
host_conn_raw_receive(struct host_conn *c, void *buf, size_t size, int timeout_ms)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	int n;

	if ((n = poll(&pfd, 1, timeout_ms)) < 1) {
		errno = n == 0 ? ETIMEDOUT : errno;
		return (-1);
	}
	return (recv(c->fd, buf, size, 0));
}

void
host_icreq_fill(const struct host_opts *o, uint8_t *pdu)
{
	memset(pdu, 0, SPEC_IC_LEN);
	pdu[CH_TYPE] = SPEC_ICREQ;
	pdu[CH_HLEN] = SPEC_IC_LEN;
	put32(pdu, CH_PLEN, SPEC_IC_LEN);
	put16(pdu, IC_PFV, o->pfv);
	pdu[IC_PDA] = o->hpda;
	pdu[IC_DGST] = (uint8_t)((o->hdgst ? 1 : 0) | (o->ddgst ? 2 : 0));
	put32(pdu, IC_MAX, o->maxr2t);
}

/* ICReq, and wait for ICResp. */
int
host_conn_greet(struct host_conn *c, const struct host_opts *o)
{
	int64_t deadline = host_now_ms() + o->timeout_ms;
	uint8_t icreq[SPEC_IC_LEN];

	host_icreq_fill(o, icreq);
	if (host_conn_raw_send(c, icreq, sizeof(icreq)) == -1)
		return (-1);
	while (!c->ready) {
		if (host_conn_receive(c) == -1)
			return (-1);
		if (!c->ready && host_now_ms() >= deadline)
			return (host_conn_fail(c, HOST_TIMEOUT, "no ICResp"));
		if (!c->ready && host_conn_wait(c, (int)(deadline - host_now_ms() + 1)) == -1)
			return (-1);
	}
	if ((o->hdgst && !c->hdgst) || (o->ddgst && !c->ddgst))
		return (host_conn_fail(c, HOST_REFUSED, "the target refused the %s digest",
		    o->hdgst && !c->hdgst ? "header" : "data"));
	return (0);
}
