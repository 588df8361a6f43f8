/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the client receives: as much as there is in one call, then PDU after PDU. The data of reads
 * is skipped where it lies, after its digest has been checked if there is one.
 */
#include "config.h"

#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/host/spec.h"

static struct cl_cmd *
command_of(struct cl_conn *c, uint16_t cid)
{
	if (cid >= c->client->load.depth || !c->cmd[cid].busy)
		errx(1, "an answer to command %u, which is not there", cid);
	return (&c->cmd[cid]);
}

static void
on_response(struct cl_conn *c, const uint8_t *pdu)
{
	const uint8_t *cqe = pdu + SPEC_CH_LEN;
	uint16_t cid = get16(cqe, CQE_CID);

	command_of(c, cid);
	client_complete(c, cid, cqe);
}

static void
on_c2hdata(struct cl_conn *c, const uint8_t *pdu)
{
	c->rx_cid = get16(pdu, DATA_CCCID);
	c->rx_skip = get32(pdu, DATA_LENGTH);
	c->rx_ddgst = (pdu[CH_FLAGS] & SPEC_F_DDGST) != 0;
	c->rx_success = (pdu[CH_FLAGS] & SPEC_F_SUCCESS) != 0;
	c->rx_crc = 0;
	if (c->rx_ddgst != c->client->load.ddgst)
		errx(1, "a data digest came unasked, or did not come");
	command_of(c, c->rx_cid)->got += c->rx_skip;
}

/* A header without data, or the beginning of data. */
static void
on_header(struct cl_conn *c, const uint8_t *pdu)
{
	if (c->client->load.hdgst &&
	    get32(pdu, SPEC_DATA_LEN) != crc32c_isal(0, pdu, SPEC_DATA_LEN))
		errx(1, "a header digest is wrong");
	if (pdu[CH_TYPE] == SPEC_C2HDATA)
		on_c2hdata(c, pdu);
	else if (pdu[CH_TYPE] == SPEC_RESP)
		on_response(c, pdu);
	else if (pdu[CH_TYPE] == SPEC_R2T) {
		command_of(c, get16(pdu, DATA_CCCID));
		client_answer_r2t(c, pdu);
	} else
		errx(1, "a PDU of type %#x", pdu[CH_TYPE]);
}

static void
end_of_data(struct cl_conn *c)
{
	c->rx_ddgst = false;
	if (c->rx_success)
		client_complete(c, c->rx_cid, NULL);
	c->rx_success = false;
}

static void
skip_data(struct cl_conn *c, size_t avail)
{
	size_t n = c->rx_skip < avail ? c->rx_skip : avail;

	if (c->rx_ddgst)
		c->rx_crc = crc32c_isal(c->rx_crc, c->rx + c->rx_head, n);
	c->rx_skip -= (uint32_t)n;
	c->rx_head += n;
	if (c->rx_skip == 0 && !c->rx_ddgst)
		end_of_data(c);
}

/* One step through what is there; false when it needs more. */
static bool
step(struct cl_conn *c)
{
	size_t avail = c->rx_tail - c->rx_head;
	size_t hlen = SPEC_DATA_LEN + (c->client->load.hdgst ? SPEC_DIGEST_LEN : 0u);
	uint8_t *at = c->rx + c->rx_head;

	if (c->rx_skip > 0) {
		if (avail > 0)
			skip_data(c, avail);
		return (avail > 0);
	}
	if (c->rx_ddgst) {
		if (avail < SPEC_DIGEST_LEN)
			return (false);
		if (get32(at, 0) != c->rx_crc)
			errx(1, "a data digest is wrong");
		c->rx_head += SPEC_DIGEST_LEN;
		end_of_data(c);
		return (true);
	}
	if (avail < hlen)
		return (false);
	c->rx_head += hlen;
	on_header(c, at);
	return (true);
}

/* Returns whether anything came. */
bool
client_receive(struct cl_conn *c)
{
	ssize_t n = recv(c->fd, c->rx + c->rx_tail, CLIENT_RX_SIZE - c->rx_tail, MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (false);
	if (n == -1)
		err(1, "receive");
	if (n == 0)
		errx(1, "the server closed a connection");
	c->client->now = now_ns();
	c->rx_tail += (size_t)n;
	while (step(c))
		;
	if (c->rx_head == c->rx_tail)
		c->rx_head = c->rx_tail = 0;
	else if (c->rx_head > 0) {
		memmove(c->rx, c->rx + c->rx_head, c->rx_tail - c->rx_head);
		c->rx_tail -= c->rx_head;
		c->rx_head = 0;
	}
	return (true);
}
