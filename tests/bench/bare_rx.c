/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection of the ceiling receives. Small data comes with the commands around it and is
 * copied to its place; large data is received in its place, with what follows it in the same call.
 * Or it is copied, too: where the processors are near that is faster, for memory that is not in
 * any cache is then written without the lock of the socket, and the sender goes on meanwhile.
 */
#include "config.h"

#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <string.h>

#include "tests/bench/ceiling.h"

/* Below this much it is cheaper to receive more at once and copy. */
enum { IN_PLACE = 16 << 10 };

static void
make_room(struct bare *b)
{
	if (b->rx_head == b->rx_tail)
		b->rx_head = b->rx_tail = 0;
	else if (b->rx_head > 0) {
		memmove(b->rx, b->rx + b->rx_head, b->rx_tail - b->rx_head);
		b->rx_tail -= b->rx_head;
		b->rx_head = 0;
	}
}

static ssize_t
receive_in_place(struct bare *b)
{
	struct iovec iov[2] = { { b->to, b->left }, { b->rx, BARE_RX } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n = recvmsg(b->fd, &msg, MSG_DONTWAIT);
	uint32_t here;

	if (n <= 0)
		return (n);
	here = (size_t)n < b->left ? (uint32_t)n : b->left;
	b->to += here;
	b->left -= here;
	b->rx_tail = (size_t)n - here;
	return (n);
}

/* Returns false at the end of the connection. */
bool
bare_receive(struct bare *b)
{
	ssize_t n;

	make_room(b);
	if (b->rx_tail == BARE_RX)
		return (true);
	if (b->left >= IN_PLACE && b->rx_tail == 0 && !b->copies)
		n = receive_in_place(b);
	else {
		n = recv(b->fd, b->rx + b->rx_tail, BARE_RX - b->rx_tail, MSG_DONTWAIT);
		if (n > 0)
			b->rx_tail += (size_t)n;
	}
	return (n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR)));
}

static void
expect_data(struct bare *b, uint16_t cid, uint8_t *to, uint32_t len)
{
	b->cid = cid;
	b->to = to;
	b->left = b->len = len;
	b->wants_ddgst = b->ddgst;
}

static void
on_command(struct bare *b, const uint8_t *sqe)
{
	uint16_t cid = get16(sqe, SQE_CID);
	uint32_t len = get32(sqe, SQE_SGL_LEN);
	uint8_t *at = b->r->memory + ((get64(sqe, SQE_CDW10) << b->lba_shift) & (b->r->bytes - 1));

	if (sqe[SQE_OPC] == OPC_READ) {
		bare_send_data(b, cid, at, len);
		bare_send_response(b, cid);
	} else if (sqe[SQE_SGL_TYPE] == SPEC_SGL_ICD)
		expect_data(b, cid, at, len);
	else {
		b->write[cid] = (struct bare_write){ at, len };
		bare_send_r2t(b, cid, len);
	}
}

static bool
take_header(struct bare *b)
{
	size_t avail = b->rx_tail - b->rx_head, digest = b->hdgst ? SPEC_DIGEST_LEN : 0, hlen;
	const uint8_t *pdu = b->rx + b->rx_head;

	if (avail < SPEC_DATA_LEN)
		return (false);
	hlen = pdu[CH_TYPE] == SPEC_CMD ? SPEC_CMD_LEN : SPEC_DATA_LEN;
	if (avail < hlen + digest)
		return (false);
	if (b->hdgst && get32(pdu, (unsigned)hlen) != crc32c_isal(0, pdu, hlen))
		errx(1, "ceiling: a header digest is wrong");
	b->rx_head += hlen + digest;
	if (pdu[CH_TYPE] == SPEC_CMD)
		on_command(b, pdu + SPEC_CH_LEN);
	else {
		uint16_t ttag = get16(pdu, DATA_TTAG);

		expect_data(b, ttag, b->write[ttag].to, b->write[ttag].len);
	}
	return (true);
}

static bool
take_data(struct bare *b)
{
	size_t avail = b->rx_tail - b->rx_head, n = b->left < avail ? b->left : avail;

	memcpy(b->to, b->rx + b->rx_head, n);
	b->rx_head += n;
	b->to += n;
	b->left -= (uint32_t)n;
	return (n > 0);
}

/* All of the data is there: check its digest, answer. */
static bool
end_of_data(struct bare *b)
{
	if (b->wants_ddgst) {
		if (b->rx_tail - b->rx_head < SPEC_DIGEST_LEN)
			return (false);
		if (get32(b->rx, (unsigned)b->rx_head) != crc32c_isal(0, b->to - b->len, b->len))
			errx(1, "ceiling: a data digest is wrong");
		b->rx_head += SPEC_DIGEST_LEN;
	}
	bare_send_response(b, b->cid);
	b->len = 0;
	return (true);
}

/* One step through what is there; false when it needs more. */
bool
bare_step(struct bare *b)
{
	if (b->left > 0)
		return (take_data(b));
	if (b->len > 0)
		return (end_of_data(b));
	return (take_header(b));
}
