/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending, receiving and judging messages between our processes (tables in ipc.h). A datagram is
 * an 8-byte head and a payload of exactly the size that its row says. Whatever is wrong with it is
 * the peer's fault and costs only the peer; descriptors that nobody took are closed here.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/ipc.h"

#define IPC_MAGIC 0xcb10u

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83	/* Linux 6.16 */
#endif

struct ipc_head {
	uint16_t magic;
	uint16_t type;
	uint32_t size;		/* payload, bytes */
};

_Static_assert(sizeof(struct ipc_head) == 8, "message head");

/* Room for one descriptor more than any row has, so that a surplus is seen and closed. */
#define CMSG_ROOM CMSG_SPACE((IPC_MAX_FDS + 2) * sizeof(int))

struct ipc_in {
	struct ipc_head head;
	_Alignas(8) uint8_t payload[IPC_MAX_PAYLOAD];
	size_t len;		/* payload bytes that came */
	int fds[IPC_MAX_FDS + 2];
	unsigned nfds;
	int flags;
};

static int	complain(struct ipc_peer *, const char *, ...) __attribute__((format(printf, 2, 3)));

static int
complain(struct ipc_peer *peer, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(peer->why, sizeof(peer->why), fmt, ap);
	va_end(ap);
	return (-1);
}

int
ipc_pair(int fd[2])
{
	return (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd));
}

int
ipc_refuse_fds(int fd)
{
	int off = 0;

	return (setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off)));
}

int
ipc_send(int fd, uint32_t type, const void *payload, size_t size, const int *fds, unsigned nfds)
{
	union { char buf[CMSG_ROOM]; struct cmsghdr align; } control;
	struct ipc_head head = { IPC_MAGIC, (uint16_t)type, (uint32_t)size };
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)payload, size } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *cm;
	ssize_t n;

	if (size > IPC_MAX_PAYLOAD || nfds > IPC_MAX_FDS) {
		errno = EMSGSIZE;
		return (-1);
	}
	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return (n == -1 ? -1 : 0);
}

static void
take_fds(struct ipc_in *in, struct msghdr *msg)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(msg); cm != NULL; cm = CMSG_NXTHDR(msg, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			if (in->nfds < IPC_MAX_FDS + 2)
				in->fds[in->nfds++] = fd;
			else
				close(fd);
		}
	}
}

/* Returns 1 with a datagram, 0 for none now, -1 for end of file or error. */
static int
receive(struct ipc_peer *peer, struct ipc_in *in)
{
	union { char buf[CMSG_ROOM]; struct cmsghdr align; } control;
	struct iovec iov[2] = { { &in->head, sizeof(in->head) },
	    { in->payload, sizeof(in->payload) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };
	ssize_t n;

	/* reset: the other end is closed and had left something unread; what it said is still here */
	do
		n = recvmsg(peer->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return (0);
	if (n == -1)
		return (complain(peer, "receive: %s", strerror(errno)));
	in->nfds = 0;
	in->flags = msg.msg_flags;
	take_fds(in, &msg);
	if (n == 0 && in->nfds == 0)
		return (complain(peer, "end of file"));
	in->len = (size_t)n < sizeof(in->head) ? 0 : (size_t)n - sizeof(in->head);
	if ((size_t)n < sizeof(in->head))
		in->head.magic = 0;
	return (1);
}

/* The rules of the row, in the order in which they can be known. */
static int
judge(struct ipc_peer *peer, const struct ipc_in *in, const struct ipc_rule **rule)
{
	const struct ipc_table *t = peer->in;
	const struct ipc_rule *r;

	if (in->head.magic != IPC_MAGIC)
		return (complain(peer, "short or foreign message"));
	if ((in->flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return (complain(peer, "message or descriptors cut off"));
	if (in->head.type >= t->count)
		return (complain(peer, "unknown message %u", in->head.type));
	r = &t->rules[in->head.type];
	if (in->len != r->size || in->head.size != r->size)
		return (complain(peer, "%s: %zu bytes, expected %zu", r->name, in->len, r->size));
	if ((r->states & peer->state) == 0)
		return (complain(peer, "%s: not permitted in state %#x", r->name, peer->state));
	if (r->times == IPC_ONCE && (peer->seen & 1u << in->head.type) != 0)
		return (complain(peer, "%s: a second time", r->name));
	if (in->nfds != r->nfds)
		return (complain(peer, "%s: %u descriptors, expected %u", r->name, in->nfds,
		    r->nfds));
	*rule = r;
	return (0);
}

int
ipc_dispatch(struct ipc_peer *peer)
{
	const struct ipc_rule *rule = NULL;
	struct ipc_in in;
	int r;

	peer->why[0] = '\0';
	if ((r = receive(peer, &in)) <= 0)
		return (r);
	if ((r = judge(peer, &in, &rule)) == 0) {
		peer->seen |= 1u << in.head.type;
		/* what failed may be a reason of its own: a handler that has none gets this */
		if ((r = rule->handler(peer->ctx, in.payload, in.fds)) == -1 &&
		    peer->why[0] == '\0')
			complain(peer, "%s: refused", rule->name);
	}
	for (unsigned i = 0; i < in.nfds; i++)
		if (in.fds[i] != -1)
			close(in.fds[i]);
	return (r == -1 ? -1 : 1);
}

int
ipc_dispatch_wait(struct ipc_peer *peer, int timeout_ms)
{
	struct pollfd pfd = { .fd = peer->fd, .events = POLLIN };
	int n;

	do
		n = poll(&pfd, 1, timeout_ms);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return (complain(peer, "nothing came within %d ms", timeout_ms));
	if (n == -1)
		return (complain(peer, "poll: %s", strerror(errno)));
	return (ipc_dispatch(peer));
}

bool
ipc_text_ok(const char *text, size_t size)
{
	return (memchr(text, '\0', size) != NULL);
}

int
ipc_sealed(const char *name, const void *data, size_t size)
{
	const char *p = data;
	size_t done = 0;
	ssize_t n;
	int fd;

	if ((fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)) == -1)
		return (-1);
	while (done < size) {
		if ((n = pwrite(fd, p + done, size - done, (off_t)done)) <= 0)
			goto fail;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
		goto fail;
	return (fd);
 fail:
	close(fd);
	return (-1);
}
