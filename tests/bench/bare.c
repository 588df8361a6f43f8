/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection of the ceiling: its turn, and what it sends. Headers adjoin, so the response of one
 * command and the data header of the next leave as one piece.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/ceiling.h"

void
bare_open(struct bare *b, struct responder *r, int fd, const struct greeting *g)
{
	uint8_t *rx = b->rx != NULL ? b->rx : malloc(BARE_RX);

	if (rx == NULL)
		abort();
	b->r = r;
	b->fd = fd;
	b->rx = rx;
	b->hdgst = g->hdgst;
	b->ddgst = g->ddgst;
	b->copies = g->copies;
	b->lba_shift = g->lba_shift;
	b->watches_out = b->wants_ddgst = false;
	b->tx_head = b->tx_tail = 0;
	b->heads = b->rx_head = b->rx_tail = 0;
	b->left = b->len = 0;
}

/* Room for what one command can cause: header, data, digest and response. */
bool
bare_has_room(const struct bare *b)
{
	return (b->tx_tail + 4 <= BARE_IOV && b->heads + 128 <= BARE_HEADS);
}

static void
add(struct bare *b, const void *base, size_t len)
{
	struct iovec *last = b->tx + b->tx_tail - 1;

	if (b->tx_tail > b->tx_head && (uint8_t *)last->iov_base + last->iov_len == base) {
		last->iov_len += len;
		return;
	}
	b->tx[b->tx_tail].iov_base = (void *)(uintptr_t)base;
	b->tx[b->tx_tail++].iov_len = len;
}

/* 24 bytes of header, with what all of them have in common; the digest comes with end_header. */
static uint8_t *
begin_header(struct bare *b, unsigned type, unsigned flags, uint32_t data)
{
	uint8_t *pdu = b->head + b->heads;
	uint32_t hlen = SPEC_DATA_LEN + (b->hdgst ? SPEC_DIGEST_LEN : 0u);
	bool ddgst = b->ddgst && data > 0;

	memset(pdu, 0, SPEC_DATA_LEN);
	pdu[CH_TYPE] = (uint8_t)type;
	pdu[CH_FLAGS] = (uint8_t)(flags | (b->hdgst ? SPEC_F_HDGST : 0u) |
	    (ddgst ? SPEC_F_DDGST : 0u));
	pdu[CH_HLEN] = SPEC_DATA_LEN;
	pdu[CH_PDO] = (uint8_t)(data > 0 ? hlen : 0);
	put32(pdu, CH_PLEN, hlen + data + (ddgst ? SPEC_DIGEST_LEN : 0));
	return (pdu);
}

static void
end_header(struct bare *b, uint8_t *pdu)
{
	size_t len = SPEC_DATA_LEN;

	if (b->hdgst) {
		put32(pdu, SPEC_DATA_LEN, crc32c_isal(0, pdu, SPEC_DATA_LEN));
		len += SPEC_DIGEST_LEN;
	}
	b->heads += len;
	add(b, pdu, len);
}

void
bare_send_data(struct bare *b, uint16_t cid, const uint8_t *data, uint32_t len)
{
	uint8_t *pdu = begin_header(b, SPEC_C2HDATA, SPEC_F_LAST, len);

	put16(pdu, DATA_CCCID, cid);
	put32(pdu, DATA_LENGTH, len);
	end_header(b, pdu);
	add(b, data, len);
	if (!b->ddgst)
		return;
	put32(b->head, (unsigned)b->heads, crc32c_isal(0, data, len));
	add(b, b->head + b->heads, SPEC_DIGEST_LEN);
	b->heads += SPEC_DIGEST_LEN;
}

void
bare_send_response(struct bare *b, uint16_t cid)
{
	uint8_t *pdu = begin_header(b, SPEC_RESP, 0, 0);

	put16(pdu, SPEC_CH_LEN + CQE_CID, cid);
	end_header(b, pdu);
}

void
bare_send_r2t(struct bare *b, uint16_t cid, uint32_t len)
{
	uint8_t *pdu = begin_header(b, SPEC_R2T, 0, 0);

	put16(pdu, DATA_CCCID, cid);
	put16(pdu, DATA_TTAG, cid);
	put32(pdu, DATA_LENGTH, len);
	end_header(b, pdu);
}

/* Returns false when something is left. */
static bool
send_all(struct bare *b)
{
	while (b->tx_head < b->tx_tail) {
		struct msghdr msg = { .msg_iov = b->tx + b->tx_head,
			.msg_iovlen = b->tx_tail - b->tx_head };
		ssize_t n = sendmsg(b->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == -1)
			return (false);	/* a client that is gone is seen when receiving */
		while (n > 0 && (size_t)n >= b->tx[b->tx_head].iov_len)
			n -= (ssize_t)b->tx[b->tx_head++].iov_len;
		if (n > 0) {
			b->tx[b->tx_head].iov_base = (uint8_t *)b->tx[b->tx_head].iov_base + n;
			b->tx[b->tx_head].iov_len -= (size_t)n;
		}
	}
	b->tx_head = b->tx_tail = 0;
	b->heads = 0;
	return (true);
}

static void
bare_close(struct bare *b)
{
	close(b->fd);
	b->fd = -1;
}

/* Send what is left; when there is nothing, receive once, answer, send. */
void
bare_turn(struct bare *b)
{
	if (!send_all(b)) {
		if (errno == EPIPE || errno == ECONNRESET)
			bare_close(b);
		return;
	}
	if (!bare_receive(b)) {
		bare_close(b);
		return;
	}
	for (;;) {
		while (bare_has_room(b) && bare_step(b))
			;
		if (b->tx_head == b->tx_tail || !send_all(b))
			return;
	}
}
