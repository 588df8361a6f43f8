/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the client sends: command capsules, with the data where it fits, and H2CData. Headers and
 * data leave from where they lie, all that is ready in one vectored send.
 */
#include "config.h"

#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <isa-l/crc.h>

#include "tests/bench/bench.h"
#include "tests/host/spec.h"

uint32_t
crc32c_isal(uint32_t crc, const void *buf, size_t len)
{
	return (~crc32_iscsi((unsigned char *)(uintptr_t)buf, (int)len, ~crc));
}

void
client_queue(struct cl_conn *c, const void *base, size_t len)
{
	struct iovec *last = &c->tx[c->tx_tail - 1];

	if (c->tx_tail > c->tx_head && (const uint8_t *)last->iov_base + last->iov_len == base) {
		last->iov_len += len;
		return;
	}
	if (c->tx_tail == c->tx_max) {
		c->tx_tail -= c->tx_head;
		memmove(c->tx, c->tx + c->tx_head, c->tx_tail * sizeof(*c->tx));
		c->tx_head = 0;
		if (c->tx_tail == c->tx_max)
			errx(1, "more to send than there are commands");
	}
	c->tx[c->tx_tail].iov_base = (void *)(uintptr_t)base;
	c->tx[c->tx_tail++].iov_len = len;
}

void
client_flush(struct cl_conn *c)
{
	size_t most = c->client->gentle ? 2 : IOV_MAX;

	while (c->tx_head < c->tx_tail) {
		struct msghdr msg = { .msg_iov = c->tx + c->tx_head,
			.msg_iovlen = c->tx_tail - c->tx_head };
		ssize_t n;

		if (msg.msg_iovlen > most)
			msg.msg_iovlen = most;
		n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == -1)
			err(1, "send");
		while (n > 0 && (size_t)n >= c->tx[c->tx_head].iov_len)
			n -= (ssize_t)c->tx[c->tx_head++].iov_len;
		if (n > 0) {
			c->tx[c->tx_head].iov_base = (uint8_t *)c->tx[c->tx_head].iov_base + n;
			c->tx[c->tx_head].iov_len -= (size_t)n;
		}
		if (c->client->gentle && c->tx_head < c->tx_tail)
			return;
	}
	c->tx_head = c->tx_tail = 0;
}

/* A header whose digest, if there is one, stands behind it. */
static void
queue_header(struct cl_conn *c, uint8_t *pdu, uint32_t hlen)
{
	bool hdgst = c->client->load.hdgst;

	if (hdgst)
		put32(pdu, hlen, crc32c_isal(0, pdu, hlen));
	client_queue(c, pdu, hlen + (hdgst ? SPEC_DIGEST_LEN : 0));
}

static void
queue_data(struct cl_conn *c, uint16_t cid, uint32_t offset, uint32_t len)
{
	const uint8_t *data = c->data + (size_t)cid * c->client->load.size + offset;

	client_queue(c, data, len);
	if (!c->client->load.ddgst)
		return;
	put32(c->cmd[cid].ddgst, 0, crc32c_isal(0, data, len));
	client_queue(c, c->cmd[cid].ddgst, SPEC_DIGEST_LEN);
}

/* Flags, PDO and PLEN of a PDU that carries len bytes of data. */
static void
put_lengths(uint8_t *pdu, const struct load *l, uint32_t hlen, uint32_t len, unsigned flags)
{
	uint32_t pdo = hlen + (l->hdgst ? SPEC_DIGEST_LEN : 0);

	if (l->hdgst)
		flags |= SPEC_F_HDGST;
	if (l->ddgst && len > 0)
		flags |= SPEC_F_DDGST;
	pdu[CH_FLAGS] = (uint8_t)flags;
	pdu[CH_PDO] = (uint8_t)(len > 0 ? pdo : 0);
	put32(pdu, CH_PLEN, pdo + len + (flags & SPEC_F_DDGST ? SPEC_DIGEST_LEN : 0));
}

static uint64_t
random_next(struct client *cl)
{
	cl->random ^= cl->random << 13;
	cl->random ^= cl->random >> 7;
	cl->random ^= cl->random << 17;
	return (cl->random);
}

static uint64_t
place_of(struct client *cl, uint64_t random)
{
	if (cl->in_order)
		return (cl->next++);
	return ((random >> 32) * cl->slots >> 32);
}

/* One command at a random place. Needs an idle cid; nothing leaves before client_flush. */
void
client_issue(struct cl_conn *c, uint64_t since)
{
	struct client *cl = c->client;
	const struct load *l = &cl->load;
	uint16_t cid = c->idle[c->idle_head];
	uint8_t *pdu = c->capsule + cid * (SPEC_CMD_LEN + (l->hdgst ? SPEC_DIGEST_LEN : 0u));
	uint8_t *sqe = pdu + SPEC_CH_LEN;
	uint64_t r = random_next(cl), slot = place_of(cl, r);
	bool write = l->reads < 100 && (l->reads == 0 || (r & 0xffff) % 100 >= l->reads);
	uint32_t in_capsule = write && l->size <= c->icd_max ? l->size : 0;

	c->idle_head = (c->idle_head + 1) % l->depth;
	c->nidle--;
	c->inflight++;
	c->cmd[cid] = (struct cl_cmd){ .since = since, .busy = true, .write = write };
	put_lengths(pdu, l, SPEC_CMD_LEN, in_capsule, 0);
	sqe[SQE_OPC] = write ? OPC_WRITE : OPC_READ;
	sqe[SQE_SGL_TYPE] = in_capsule > 0 ? SPEC_SGL_ICD : SPEC_SGL_TRANSPORT;
	put64(sqe, SQE_CDW10, slot * l->size >> cl->lba_shift);
	queue_header(c, pdu, SPEC_CMD_LEN);
	if (in_capsule > 0)
		queue_data(c, cid, 0, in_capsule);
}

/* The data that was asked for, as one PDU. */
void
client_answer_r2t(struct cl_conn *c, const uint8_t *r2t)
{
	const struct load *l = &c->client->load;
	uint16_t cid = get16(r2t, DATA_CCCID);
	uint32_t offset = get32(r2t, DATA_OFFSET), len = get32(r2t, DATA_LENGTH);
	uint8_t *pdu = c->h2c + cid * (SPEC_DATA_LEN + (l->hdgst ? SPEC_DIGEST_LEN : 0u));

	if (offset > l->size || len > l->size - offset || len > c->maxh2cdata)
		errx(1, "an R2T asks for %u bytes at %u of %u", len, offset, l->size);
	memcpy(pdu, r2t, SPEC_DATA_LEN);	/* CCCID, TTAG, offset, length */
	pdu[CH_TYPE] = SPEC_H2CDATA;
	put_lengths(pdu, l, SPEC_DATA_LEN, len, SPEC_F_LAST);
	queue_header(c, pdu, SPEC_DATA_LEN);
	queue_data(c, cid, offset, len);
}
