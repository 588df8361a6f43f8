/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ceiling: what could be reached here with the same bytes over the same loopback TCP if the
 * target had nothing to think about. A process of its own that believes every byte it gets: it
 * looks at the command identifier, the length and the place, and answers from one piece of memory.
 * It receives in batches and sends everything that is ready in one vectored call; it sleeps in
 * epoll or polls without end, as the shared flag says. Not a target: it checks nothing.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/ceiling.h"

enum { SPIN_BATCH = 1024 };	/* turns between looks at who else there is */

static void
ceiling_accept(struct responder *r)
{
	struct greeting g;
	struct bare *b;
	int one = 1, fd = accept(r->listener, NULL, NULL);

	if (fd == -1)
		return;
	for (b = r->bare; b < r->bare + BARE_MAX && b->fd != -1; b++)
		;
	if (b == r->bare + BARE_MAX || recv(fd, &g, sizeof(g), MSG_WAITALL) != sizeof(g))
		errx(1, "ceiling: too many connections");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	bare_open(b, r, fd, &g);
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd,
		&(struct epoll_event){ .events = EPOLLIN, .data.ptr = b }) == -1)
		err(1, "ceiling: epoll_ctl");
	r->nbare = r->nbare > (unsigned)(b - r->bare) + 1 ? r->nbare : (unsigned)(b - r->bare) + 1;
}

/* While something waits to be sent nothing is received: then only room in the socket counts. */
static void
watch(struct responder *r, struct bare *b)
{
	bool out = b->tx_head < b->tx_tail;

	if (out == b->watches_out)
		return;
	b->watches_out = out;
	epoll_ctl(r->epoll, EPOLL_CTL_MOD, b->fd,
	    &(struct epoll_event){ .events = out ? EPOLLOUT : EPOLLIN, .data.ptr = b });
}

static void
sleep_once(struct responder *r, int timeout_ms)
{
	struct epoll_event event[BARE_MAX];
	int n = epoll_wait(r->epoll, event, BARE_MAX, timeout_ms);

	for (int i = 0; i < n; i++) {
		if (event[i].data.ptr == NULL) {
			ceiling_accept(r);
			continue;
		}
		bare_turn(event[i].data.ptr);
		if (((struct bare *)event[i].data.ptr)->fd != -1)
			watch(r, event[i].data.ptr);
	}
}

static void
spin_some(struct responder *r)
{
	for (unsigned turns = 0; turns < SPIN_BATCH; turns++)
		for (unsigned i = 0; i < r->nbare; i++)
			if (r->bare[i].fd != -1)
				bare_turn(&r->bare[i]);
	sleep_once(r, 0);
}

static void
serve(struct responder *r)
{
	for (;;) {
		if (atomic_load_explicit(r->spin, memory_order_relaxed))
			spin_some(r);
		else
			sleep_once(r, -1);
	}
}

/* Memory of the same kind as a RAM disk of the target, all of it there. */
static uint8_t *
memory_of(uint64_t bytes)
{
	int fd = memfd_create("ceiling", MFD_CLOEXEC);
	uint8_t *p;

	if (fd == -1 || ftruncate(fd, (off_t)bytes) == -1 ||
	    (p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED)
		err(1, "ceiling: no memory");
	close(fd);
	for (uint64_t i = 0; i < bytes; i += 64)
		p[i] = (uint8_t)(i >> 6);
	return (p);
}

static void
responder(const struct ceiling *c, int listener, int cpu, uint64_t bytes, int ready)
{
	static struct responder r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bench-ceiling");
	cpu_pin(cpu);
	r.listener = listener;
	r.spin = c->spin;
	r.bytes = bytes;
	r.memory = memory_of(bytes);
	for (unsigned i = 0; i < BARE_MAX; i++)
		r.bare[i].fd = -1;
	if ((r.epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    epoll_ctl(r.epoll, EPOLL_CTL_ADD, listener,
		&(struct epoll_event){ .events = EPOLLIN, .data.ptr = NULL }) == -1)
		err(1, "ceiling: epoll");
	if (write(ready, "", 1) != 1)
		_exit(1);
	serve(&r);
}

/* bytes: size of the memory, a power of two. Returns when it is ready. */
void
ceiling_start(struct ceiling *c, int cpu, uint64_t bytes)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ready[2];
	char byte;

	c->spin = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == -1 || bind(s, (struct sockaddr *)&sin, len) == -1 || listen(s, 64) == -1 ||
	    getsockname(s, (struct sockaddr *)&sin, &len) == -1 || pipe2(ready, O_CLOEXEC) == -1 ||
	    c->spin == MAP_FAILED)
		err(1, "ceiling");
	c->port = ntohs(sin.sin_port);
	if ((c->pid = fork()) == -1)
		err(1, "fork");
	if (c->pid == 0) {
		responder(c, s, cpu, bytes, ready[1]);
		_exit(1);
	}
	close(s);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "the ceiling did not start");
	close(ready[0]);
}

void
ceiling_stop(struct ceiling *c)
{
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}

/* Returns a connected, non-blocking socket. */
int
ceiling_connect(const struct ceiling *c, const struct load *l, bool copies, unsigned lba_shift)
{
	struct greeting g = { .hdgst = l->hdgst, .ddgst = l->ddgst, .copies = copies,
		.lba_shift = (uint8_t)lba_shift };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(c->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s == -1 || connect(s, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    send(s, &g, sizeof(g), 0) != sizeof(g))
		err(1, "ceiling: connect");
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(s, F_SETFL, O_NONBLOCK);
	return (s);
}
