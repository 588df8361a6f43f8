/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole PDUs in and out of a non-blocking socket: batched vectored sending, receiving into the
 * buffer where the data belongs, digests made and compared. What a PDU means is check.c's and the
 * queue's business.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include <isa-l/crc.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

enum { SEND_BATCH = 64, DIRECT_MIN = 4096 };

uint32_t
host_crc32c(const void *data, size_t len)
{
	uint8_t *p;

	memcpy(&p, &data, sizeof(p));	/* the library's prototype lacks const */
	return (~crc32_iscsi(p, (int)len, ~0u));
}

/* A slot for one PDU: the caller fills hdr, then queues it. NULL: full, send first. */
struct host_tx *
host_conn_slot(struct host_conn *c)
{
	if (c->tx_count == HOST_TX_SLOTS)
		return (NULL);
	return (&c->tx[(c->tx_first + c->tx_count) % HOST_TX_SLOTS]);
}

/*
 * Complete and queue the PDU whose header of hlen bytes is in the slot: flags of digests, PDO,
 * PLEN, digests. unsent, if the caller wants it, must be set in the slot after this call.
 */
void
host_conn_queue(
    struct host_conn *c, struct host_tx *tx, uint32_t hlen, const void *data, uint32_t len)
{
	uint32_t align = (c->cpda + 1u) * 4, at = hlen + (c->hdgst ? SPEC_DIGEST_LEN : 0);

	memset(tx->hdr + hlen, 0, sizeof(tx->hdr) - hlen);
	tx->data = data;
	tx->data_len = len;
	tx->ddgst_len = len > 0 && c->ddgst ? SPEC_DIGEST_LEN : 0;
	tx->unsent = NULL;
	tx->hdr_len = len > 0 ? (at + align - 1) / align * align : at;
	tx->hdr[CH_HLEN] = (uint8_t)hlen;
	tx->hdr[CH_PDO] = (uint8_t)(len > 0 ? tx->hdr_len : 0);
	put32(tx->hdr, CH_PLEN, tx->hdr_len + len + tx->ddgst_len);
	tx->hdr[CH_FLAGS] |= (uint8_t)((c->hdgst ? SPEC_F_HDGST : 0) |
	    (tx->ddgst_len > 0 ? SPEC_F_DDGST : 0));
	if (c->hdgst)
		put32(tx->hdr, hlen, host_crc32c(tx->hdr, hlen));
	if (tx->ddgst_len > 0)
		put32(tx->ddgst, 0, host_crc32c(data, len));
	c->tx_count++;
}

static size_t
tx_total(const struct host_tx *tx)
{
	return ((size_t)tx->hdr_len + tx->data_len + tx->ddgst_len);
}

/* The parts of waiting PDUs as vectors, without the first tx_done bytes. */
static int
tx_gather(struct host_conn *c, struct iovec *iov)
{
	size_t skip = c->tx_done;
	int n = 0;

	for (unsigned i = 0; i < c->tx_count && i < SEND_BATCH; i++) {
		struct host_tx *tx = &c->tx[(c->tx_first + i) % HOST_TX_SLOTS];
		struct iovec part[3] = { { tx->hdr, tx->hdr_len }, { NULL, tx->data_len },
		    { tx->ddgst, tx->ddgst_len } };

		memcpy(&part[1].iov_base, &tx->data, sizeof(tx->data));
		for (unsigned k = 0; k < 3; k++) {
			size_t cut = skip < part[k].iov_len ? skip : part[k].iov_len;

			skip -= cut;
			if (part[k].iov_len == cut)
				continue;
			iov[n].iov_base = (uint8_t *)part[k].iov_base + cut;
			iov[n++].iov_len = part[k].iov_len - cut;
		}
	}
	return (n);
}

static void
tx_advance(struct host_conn *c, size_t n)
{
	c->tx_done += n;
	while (c->tx_count > 0 && c->tx_done >= tx_total(&c->tx[c->tx_first])) {
		struct host_tx *tx = &c->tx[c->tx_first];

		c->tx_done -= tx_total(tx);
		if (tx->unsent != NULL)
			--*tx->unsent;
		c->tx_first = (c->tx_first + 1) % HOST_TX_SLOTS;
		c->tx_count--;
	}
}

/* Sending failed. What the target said before it closed is worth more than EPIPE. Always -1. */
int
host_conn_lost(struct host_conn *c)
{
	int error = errno;

	if (host_conn_receive(c) == 0)
		host_conn_fail(c, HOST_CLOSED, "send: %s", strerror(error));
	return (-1);
}

/* Send what the socket takes now. */
int
host_conn_send(struct host_conn *c)
{
	struct iovec iov[SEND_BATCH * 3];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	while (c->tx_count > 0) {
		msg.msg_iovlen = (size_t)tx_gather(c, iov);
		if (c->trickle)
			msg.msg_iovlen = iov[0].iov_len = 1;
		if ((n = sendmsg(c->fd, &msg, MSG_NOSIGNAL)) == -1) {
			if (errno == EAGAIN || errno == EINTR)
				return (0);
			return (host_conn_lost(c));
		}
		tx_advance(c, (size_t)n);
	}
	return (0);
}

static int
rx_end(struct host_conn *c)
{
	uint8_t type = c->rx_hdr[CH_TYPE];

	c->rx_state = RX_COMMON;
	if (type == SPEC_C2HTERM)
		return (host_check_termreq(c, c->rx_hdr));
	if (type == SPEC_ICRESP)
		return (host_check_icresp(c, c->rx_hdr));
	return (c->ops->end(c, c->rx_hdr));
}

/* The header is complete: is it right, and where does the data go? */
static int
rx_header(struct host_conn *c)
{
	if (host_check_header(c, c->rx_hdr) == -1)
		return (-1);
	c->rx_got = 0;
	c->rx_data = c->term;
	if (c->rx_hdr[CH_TYPE] != SPEC_C2HTERM && c->rx_hdr[CH_TYPE] != SPEC_ICRESP &&
	    c->ops->header(c, c->rx_hdr) == -1)
		return (-1);
	c->rx_state = RX_DATA;
	return (0);
}

static int
rx_digest(struct host_conn *c, const uint8_t *digest)
{
	uint32_t made = host_crc32c(c->rx_data, c->rx_len);

	if (get32(digest, 0) != made)
		return (host_conn_fail(c, HOST_DDGST, "cid %u: %#x, the data has %#x",
		    get16(c->rx_hdr, DATA_CCCID), get32(digest, 0), made));
	return (rx_end(c));
}

/* One step with what has arrived: 1 done, 0 more bytes are needed, -1 failed. */
static int
rx_step(struct host_conn *c)
{
	uint8_t *p = c->rx + c->rx_head;
	size_t have = c->rx_tail - c->rx_head;

	switch (c->rx_state) {
	case RX_COMMON:
		if (have < SPEC_CH_LEN)
			return (0);
		if (host_check_common(c, p) == -1)
			return (-1);
		c->rx_state = RX_HEADER;
		return (1);
	case RX_HEADER:
		if (have < c->rx_hdr_len)
			return (0);
		memcpy(c->rx_hdr, p, c->rx_hdr_len);
		c->rx_head += c->rx_hdr_len;
		return (rx_header(c) == -1 ? -1 : 1);
	case RX_DATA:
		if (have > c->rx_len - c->rx_got)
			have = c->rx_len - c->rx_got;
		if (have > 0)
			memcpy(c->rx_data + c->rx_got, p, have);
		c->rx_got += (uint32_t)have;
		c->rx_head += have;
		if (c->rx_got < c->rx_len)
			return (0);
		c->rx_state = RX_DIGEST;
		return (c->rx_digest ? 1 : rx_end(c) == -1 ? -1 : 1);
	case RX_DIGEST:
		if (have < SPEC_DIGEST_LEN)
			return (0);
		c->rx_head += SPEC_DIGEST_LEN;
		return (rx_digest(c, p) == -1 ? -1 : 1);
	}
	return (-1);
}

/* Read once: large data straight to its place, the rest behind what is in the buffer. */
static ssize_t
rx_read(struct host_conn *c, bool *drained)
{
	struct iovec iov[2];
	size_t direct = 0;
	ssize_t n;
	int k = 0;

	memmove(c->rx, c->rx + c->rx_head, c->rx_tail - c->rx_head);
	c->rx_tail -= c->rx_head;
	c->rx_head = 0;
	if (c->rx_state == RX_DATA && c->rx_len - c->rx_got >= DIRECT_MIN && c->rx_tail == 0) {
		direct = c->rx_len - c->rx_got;
		iov[k++] = (struct iovec){ c->rx_data + c->rx_got, direct };
	}
	iov[k++] = (struct iovec){ c->rx + c->rx_tail, sizeof(c->rx) - c->rx_tail };
	if ((n = readv(c->fd, iov, k)) <= 0)
		return (n);
	*drained = (size_t)n < direct + sizeof(c->rx) - c->rx_tail;
	if ((size_t)n < direct)
		direct = (size_t)n;
	c->rx_got += (uint32_t)direct;
	c->rx_tail += (size_t)n - direct;
	return (n);
}

/* Take what has arrived and act on it; returns when nothing more is there. */
int
host_conn_receive(struct host_conn *c)
{
	bool drained = false;
	ssize_t n;
	int r;

	if (c->error.fault != HOST_NONE)
		return (-1);
	while (!drained) {
		if ((n = rx_read(c, &drained)) == -1 && (errno == EAGAIN || errno == EINTR))
			return (0);
		if (n <= 0)
			return (host_conn_fail(c, HOST_CLOSED, "%s", n == 0 ? "end of file" :
			    strerror(errno)));
		while ((r = rx_step(c)) == 1)
			continue;
		if (r == -1)
			return (-1);
	}
	return (0);
}
