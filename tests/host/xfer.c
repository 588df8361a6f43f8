/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data of commands: R2Ts judged and answered by H2CData in turns, so that pieces of several
 * commands interleave; C2HData judged and received into the command's buffer.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

static void
xfer_append(struct host_queue *q, struct host_cmd *cmd)
{
	cmd->xfer_next = NULL;
	if (q->xfer_first == NULL)
		q->xfer_first = cmd;
	else
		q->xfer_last->xfer_next = cmd;
	q->xfer_last = cmd;
}

static bool
has_open(const struct host_cmd *cmd, uint16_t ttag)
{
	for (unsigned i = 0; i < cmd->r2t_count; i++)
		if (cmd->r2t[(cmd->r2t_first + i) % HOST_R2TS].ttag == ttag)
			return (true);
	return (false);
}

/* A TTAG names one transfer at a time: no other command of this queue may have it. */
static bool
ttag_is_open(const struct host_queue *q, const struct host_cmd *mine, uint16_t ttag)
{
	for (const struct host_cmd *cmd = q->xfer_first; cmd != NULL; cmd = cmd->xfer_next)
		if (cmd != mine && has_open(cmd, ttag))
			return (true);
	return (false);
}

static int
check_r2t(struct host_queue *q, const struct host_cmd *cmd, const struct host_r2t *r)
{
	struct host_conn *c = &q->conn;

	if (cmd->dir != HOST_TO_TARGET || (cmd->sqe[SQE_SGL_TYPE] == SPEC_SGL_ICD))
		return (host_conn_fail(
		    c, HOST_R2T_DIRECTION, "cid %u has no data to ask for", cmd->cid));
	if (ttag_is_open(q, cmd, r->ttag))
		return (host_conn_fail(
		    c, HOST_R2T_TTAG, "cid %u: TTAG %u is another command's", cmd->cid, r->ttag));
	if (r->offset != cmd->requested || r->offset % 4 != 0)
		return (host_conn_fail(c, HOST_R2T_OFFSET, "cid %u: R2TO %u, expected %u", cmd->cid,
		    r->offset, cmd->requested));
	if (r->len == 0 || r->len % 4 != 0 || r->len > cmd->len - r->offset)
		return (host_conn_fail(c, HOST_R2T_LENGTH, "cid %u: R2TL %u at %u of %u", cmd->cid,
		    r->len, r->offset, cmd->len));
	if (cmd->r2t_count >= c->maxr2t || cmd->r2t_count >= HOST_R2TS)
		return (host_conn_fail(c, HOST_R2T_LIMIT, "cid %u: %u are open", cmd->cid,
		    cmd->r2t_count));
	if (has_open(cmd, r->ttag))
		return (host_conn_fail(c, HOST_R2T_TTAG, "cid %u: TTAG %u is an open R2T's",
		    cmd->cid, r->ttag));
	return (0);
}

int
host_xfer_r2t(struct host_queue *q, const uint8_t *hdr)
{
	struct host_cmd *cmd = host_queue_find(q, get16(hdr, DATA_CCCID));
	struct host_r2t r = {
	    get16(hdr, DATA_TTAG), get32(hdr, DATA_OFFSET), get32(hdr, DATA_LENGTH), 0};

	if (cmd == NULL)
		return (
		    host_conn_fail(&q->conn, HOST_CID, "R2T for cid %u", get16(hdr, DATA_CCCID)));
	if (check_r2t(q, cmd, &r) == -1)
		return (-1);
	cmd->requested += r.len;
	cmd->r2t[(cmd->r2t_first + cmd->r2t_count++) % HOST_R2TS] = r;
	if (cmd->r2t_count == 1 && !(cmd->flags & HOST_F_HOLD))
		xfer_append(q, cmd);
	return (0);
}

/* The next piece of the oldest R2T of this command. */
static void
send_piece(struct host_queue *q, struct host_cmd *cmd, struct host_tx *tx)
{
	struct host_r2t *r = &cmd->r2t[cmd->r2t_first];
	uint32_t len =
	    r->len - r->done < q->conn.maxh2cdata ? r->len - r->done : q->conn.maxh2cdata;
	uint32_t at = r->offset + r->done;
	bool last = r->done + len == r->len;

	memset(tx->hdr, 0, SPEC_DATA_LEN);
	tx->hdr[CH_TYPE] = SPEC_H2CDATA;
	tx->hdr[CH_FLAGS] = last ? SPEC_F_LAST : 0;
	put16(tx->hdr, DATA_CCCID, cmd->cid);
	put16(tx->hdr, DATA_TTAG, r->ttag);
	put32(tx->hdr, DATA_OFFSET, at);
	put32(tx->hdr, DATA_LENGTH, len);
	host_conn_queue(&q->conn, tx, SPEC_DATA_LEN, (const uint8_t *)cmd->buf + at, len);
	tx->unsent = &cmd->unsent;
	cmd->unsent++;
	r->done += len;
	if (last) {
		cmd->r2t_first = (cmd->r2t_first + 1) % HOST_R2TS;
		cmd->r2t_count--;
	}
}

/* Answer R2Ts as far as there is room, one piece per command in turn. */
void
host_xfer_pump(struct host_queue *q)
{
	struct host_cmd *cmd;
	struct host_tx *tx;

	while ((cmd = q->xfer_first) != NULL && (tx = host_conn_slot(&q->conn)) != NULL) {
		q->xfer_first = cmd->xfer_next;
		send_piece(q, cmd, tx);
		if (cmd->r2t_count > 0)
			xfer_append(q, cmd);
	}
}

/* A C2HData header: judge it, and say where its data goes. */
int
host_xfer_c2hdata(struct host_queue *q, const uint8_t *hdr)
{
	struct host_conn *c = &q->conn;
	struct host_cmd *cmd = host_queue_find(q, get16(hdr, DATA_CCCID));
	uint32_t offset = get32(hdr, DATA_OFFSET), len = c->rx_len;
	bool last = (hdr[CH_FLAGS] & SPEC_F_LAST) != 0, full;

	if (cmd == NULL)
		return (host_conn_fail(c, HOST_CID, "C2HData for cid %u", get16(hdr, DATA_CCCID)));
	if (cmd->dir != HOST_FROM_TARGET)
		return (host_conn_fail(c, HOST_DATA_DIRECTION, "cid %u reads nothing", cmd->cid));
	if (cmd->last)
		return (host_conn_fail(c, HOST_DATA_LAST, "cid %u: data after LAST_PDU", cmd->cid));
	if (offset != cmd->received || offset % 4 != 0)
		return (host_conn_fail(c, HOST_DATA_OFFSET, "cid %u: DATAO %u, expected %u",
		    cmd->cid, offset, cmd->received));
	if ((len % 4 != 0 && offset + len != cmd->len) || len > cmd->len - offset)
		return (host_conn_fail(c, HOST_DATA_LENGTH, "cid %u: DATAL %u at %u of %u",
		    cmd->cid, len, offset, cmd->len));
	full = offset + len == cmd->len;
	if ((full && !last) || (last && !full && !(cmd->flags & HOST_F_SHORT)))
		return (host_conn_fail(c, HOST_DATA_LAST, "cid %u: LAST_PDU is %d at %u of %u",
		    cmd->cid, last, offset + len, cmd->len));
	if ((hdr[CH_FLAGS] & SPEC_F_SUCCESS) && q->sqflow)
		return (host_conn_fail(c, HOST_DATA_SUCCESS, "cid %u: SUCCESS with SQ flow control",
		    cmd->cid));
	c->rx_data = (uint8_t *)cmd->buf + offset;
	return (0);
}

int
host_xfer_c2hdata_end(struct host_queue *q, const uint8_t *hdr)
{
	struct host_cmd *cmd = host_queue_find(q, get16(hdr, DATA_CCCID));

	cmd->received += q->conn.rx_len;
	cmd->last = (hdr[CH_FLAGS] & SPEC_F_LAST) != 0;
	if (hdr[CH_FLAGS] & SPEC_F_SUCCESS)
		host_queue_complete(q, cmd);
	return (0);
}
