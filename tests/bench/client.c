/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load: keeps every queue at its depth, or offers commands at a fixed rate, and records how
 * long each took. The same code talks to the target and to the ceiling. It looks at what comes
 * only as far as it must to know what it belongs to; that answers are right is for other tests.
 */
#include "config.h"

#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/host/spec.h"

#define STALL_NS	(10 * NS_PER_S)
enum { CONNS_MAX = 256 };

static void *
must_alloc(size_t n, size_t size)
{
	void *p = NULL;

	if (posix_memalign(&p, 4096, n * size) != 0)
		errx(1, "out of memory");
	memset(p, 0, n * size);
	return (p);
}

/* bytes: how much of the disk is used, at blocks of 1 << lba_shift bytes. */
struct client *
client_new(const struct load *load, unsigned lba_shift, uint64_t bytes)
{
	struct client *cl = must_alloc(1, sizeof(*cl));

	cl->load = *load;
	cl->nsid = 1;
	cl->lba_shift = lba_shift;
	cl->slots = bytes / load->size;
	cl->random = 0x9e3779b97f4a7c15u;
	cl->hist = must_alloc(1, sizeof(*cl->hist));
	cl->conn = must_alloc(load->queues, sizeof(*cl->conn));
	return (cl);
}

/* Headers adjoin, so that those of commands with neighbouring cids leave as one piece. */
static void
fill_headers(struct cl_conn *c)
{
	const struct load *l = &c->client->load;
	size_t digest = l->hdgst ? SPEC_DIGEST_LEN : 0;

	c->capsule = must_alloc(l->depth, SPEC_CMD_LEN + digest);
	c->h2c = must_alloc(l->depth, SPEC_DATA_LEN + digest);
	for (unsigned cid = 0; cid < l->depth; cid++) {
		uint8_t *pdu = c->capsule + cid * (SPEC_CMD_LEN + digest);
		uint8_t *sqe = pdu + SPEC_CH_LEN;

		pdu[CH_TYPE] = SPEC_CMD;
		pdu[CH_HLEN] = SPEC_CMD_LEN;
		sqe[SQE_FLAGS] = SPEC_PSDT_SGL;
		put16(sqe, SQE_CID, (uint16_t)cid);
		put32(sqe, SQE_NSID, c->client->nsid);
		put32(sqe, SQE_SGL_LEN, l->size);
		put32(sqe, SQE_CDW12, (l->size >> c->client->lba_shift) - 1);
	}
}

/* A queue on a connected socket; the socket stays the caller's. */
void
client_add(struct client *cl, int fd, uint32_t icd_max, uint32_t maxh2cdata)
{
	struct cl_conn *c = &cl->conn[cl->nconn++];
	unsigned depth = cl->load.depth;

	c->client = cl;
	c->fd = fd;
	c->icd_max = icd_max;
	c->maxh2cdata = maxh2cdata;
	c->cmd = must_alloc(depth, sizeof(*c->cmd));
	c->idle = must_alloc(depth, sizeof(*c->idle));
	c->nidle = depth;
	for (unsigned i = 0; i < depth; i++)
		c->idle[i] = (uint16_t)i;
	fill_headers(c);
	c->data = must_alloc(depth, cl->load.size);
	for (size_t i = 0; i < (size_t)depth * cl->load.size; i++)
		c->data[i] = (uint8_t)(i * 2654435761u >> 13);
	c->tx_max = 6 * depth + 6;
	c->tx = must_alloc(c->tx_max, sizeof(*c->tx));
	c->rx = must_alloc(1, CLIENT_RX_SIZE);
}

void
client_free(struct client *cl)
{
	for (unsigned i = 0; i < cl->nconn; i++) {
		struct cl_conn *c = &cl->conn[i];

		free(c->cmd);
		free(c->idle);
		free(c->capsule);
		free(c->h2c);
		free(c->data);
		free(c->tx);
		free(c->rx);
	}
	free(cl->conn);
	free(cl->hist);
	free(cl);
}

static bool
is_filled(const struct client *cl)
{
	return (cl->in_order && cl->next >= cl->slots);
}

void
client_complete(struct cl_conn *c, uint16_t cid, const uint8_t *cqe)
{
	struct client *cl = c->client;
	const struct load *l = &cl->load;
	struct cl_cmd *cmd = &c->cmd[cid];

	if (cqe != NULL && get16(cqe, CQE_STATUS) >> 1 != 0)
		errx(1, "a command failed with status %#x", get16(cqe, CQE_STATUS) >> 1);
	if (!cmd->write && cmd->got != l->size)
		errx(1, "a read of %u bytes brought %u", l->size, cmd->got);
	cmd->busy = false;
	c->inflight--;
	c->idle[(c->idle_head + c->nidle++) % l->depth] = cid;
	cl->done++;
	hist_add(cl->hist, cl->now - cmd->since);
	if (cl->issue && l->rate == 0 && !is_filled(cl))
		client_issue(c, cl->now);
}

static void
keep_depth(struct client *cl)
{
	for (unsigned i = 0; cl->issue && i < cl->nconn; i++)
		while (cl->conn[i].nidle > 0 && !is_filled(cl))
			client_issue(&cl->conn[i], cl->now);
}

/* Commands that have become due, on the queues in turn. They count from when they were due. */
static void
keep_rate(struct client *cl)
{
	double step = (double)NS_PER_S / cl->load.rate;
	unsigned tries = 0;

	while (cl->issue && cl->next_due <= (double)cl->now && tries < cl->nconn) {
		struct cl_conn *c = &cl->conn[(uint64_t)(cl->next_due / step) % cl->nconn];

		tries++;
		if (c->nidle == 0)
			continue;
		client_issue(c, (uint64_t)cl->next_due);
		cl->next_due += step;
		tries = 0;
	}
}

static void
sleep_until(struct client *cl, uint64_t until)
{
	struct pollfd pfd[CONNS_MAX];
	struct timespec ts;
	uint64_t now = now_ns();

	if (cl->load.rate > 0 && cl->next_due < (double)until)
		until = (uint64_t)cl->next_due;
	until = until > now ? until - now : 0;
	ts.tv_sec = (time_t)(until / NS_PER_S);
	ts.tv_nsec = (long)(until % NS_PER_S);
	for (unsigned i = 0; i < cl->nconn; i++) {
		pfd[i].fd = cl->conn[i].fd;
		pfd[i].events = (short)(POLLIN |
		    (cl->conn[i].tx_head < cl->conn[i].tx_tail ? POLLOUT : 0));
	}
	ppoll(pfd, cl->nconn, &ts, NULL);
}

/* Take what has come, send what follows from it. */
static bool
turn(struct client *cl)
{
	bool any = false;

	for (unsigned i = 0; i < cl->nconn; i++) {
		struct cl_conn *c = &cl->conn[i];

		if (client_receive(c))
			any = true;
		if (c->tx_head < c->tx_tail)
			client_flush(c);
	}
	return (any);
}

static void
begin(struct client *cl)
{
	cl->now = cl->moved = cl->stamp = now_ns();
	if (cl->load.rate > 0 && !cl->issue)
		cl->next_due = (double)cl->now;
	cl->issue = !cl->load.idle;
	if (cl->load.rate == 0)
		keep_depth(cl);
}

static void
one_turn(struct client *cl, uint64_t until)
{
	if (cl->load.rate > 0)
		keep_rate(cl);
	if (cl->load.block || cl->load.rate > 0 || cl->load.idle)
		sleep_until(cl, until);
	if (turn(cl)) {
		cl->moved = cl->now;
		cl->stamp = now_ns();
	} else {
		cl->now = now_ns();
		cl->idle_ns += cl->now - cl->stamp;
		cl->stamp = cl->now;
	}
	if (cl->now - cl->moved > STALL_NS && cl->load.rate == 0 && !cl->load.idle)
		errx(1, "nothing has come for %llu s", STALL_NS / NS_PER_S);
}

/* Go on until that time, leaving the queues full. Only clients that do not sleep go together. */
void
clients_run(struct client *const *cl, unsigned n, uint64_t until)
{
	for (unsigned i = 0; i < n; i++)
		begin(cl[i]);
	while (cl[0]->now < until && !interrupted && !is_filled(cl[0]))
		for (unsigned i = 0; i < n; i++)
			one_turn(cl[i], until);
	if (interrupted)
		errx(1, "interrupted");
}

void
client_run(struct client *cl, uint64_t until)
{
	clients_run(&cl, 1, until);
}

static unsigned
inflight(const struct client *cl)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cl->nconn; i++)
		n += cl->conn[i].inflight;
	return (n);
}

/* Wait for all that is out, and send no more. */
void
client_drain(struct client *cl)
{
	uint64_t until = now_ns() + STALL_NS;

	cl->issue = false;
	while (inflight(cl) > 0) {
		turn(cl);
		if ((cl->now = now_ns()) > until)
			errx(1, "%u commands are not answered", inflight(cl));
	}
}

/* Write every place once: what was never written may be read faster than what was. */
void
client_fill(struct client *cl)
{
	cl->in_order = true;
	cl->next = 0;
	client_run(cl, now_ns() + 600 * NS_PER_S);
	client_drain(cl);
	cl->in_order = false;
}
