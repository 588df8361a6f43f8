/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PDUs taken in hand before they leave, so that a row can change them: built as a good host does,
 * then bytes are replaced, digests made anew where the row is not about digests, and off it goes.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/misbehave.h"

int
mis_fail(struct mis *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->why, sizeof(m->why), fmt, ap);
	va_end(ap);
	return (MIS_SETUP);
}

int
mis_skip(struct mis *m, const char *why)
{
	snprintf(m->why, sizeof(m->why), "%s", why);
	return (MIS_SKIP);
}

/* Put the row's value at the row's place. */
void
mis_patch(uint8_t *p, const struct mis_row *r)
{
	if (r->width == 1)
		p[r->at] = (uint8_t)r->value;
	else if (r->width == 2)
		put16(p, r->at, (uint16_t)r->value);
	else if (r->width == 4)
		put32(p, r->at, (uint32_t)r->value);
	else if (r->width == 8)
		put64(p, r->at, r->value);
}

/* Take the PDU that was queued last out of the queue, and into m->pdu. */
static void
take_pdu(struct mis *m)
{
	struct host_conn *c = &m->q->conn;
	struct host_tx *tx = &c->tx[(c->tx_first + c->tx_count - 1) % HOST_TX_SLOTS];

	memcpy(m->pdu, tx->hdr, tx->hdr_len);
	if (tx->data_len > 0)
		memcpy(m->pdu + tx->hdr_len, tx->data, tx->data_len);
	memcpy(m->pdu + tx->hdr_len + tx->data_len, tx->ddgst, tx->ddgst_len);
	m->pdu_len = (size_t)tx->hdr_len + tx->data_len + tx->ddgst_len;
	if (tx->unsent != NULL)
		--*tx->unsent;
	c->tx_count--;
}

void
mis_capsule(struct mis *m, struct host_cmd *cmd)
{
	host_queue_submit(m->q, cmd);
	take_pdu(m);
}

/* Make the digests of m->pdu right again, as far as its header says that there are any. */
void
mis_seal(struct mis *m)
{
	uint8_t *p = m->pdu;
	size_t hlen = p[CH_HLEN], pdo = p[CH_PDO];

	if ((p[CH_FLAGS] & SPEC_F_HDGST) && hlen <= 124)
		put32(p, (unsigned)hlen, host_crc32c(p, hlen));
	if ((p[CH_FLAGS] & SPEC_F_DDGST) && pdo > 0 && pdo + 4 < m->pdu_len)
		put32(p, (unsigned)m->pdu_len - 4, host_crc32c(p + pdo, m->pdu_len - 4 - pdo));
}

/* The target may close while we send: that is an outcome, not a failure of the row. */
int
mis_send(struct mis *m)
{
	host_conn_raw_send(&m->q->conn, m->pdu, m->pdu_len);
	return (0);
}

/* Send a command without touching its PDU. */
int
mis_submit(struct mis *m, struct host_cmd *cmd)
{
	host_queue_submit(m->q, cmd);
	host_queue_poll(m->q);
	return (0);
}

/* Wait for an answer, or, if the command holds its R2Ts, for one of those. */
int
mis_wait(struct mis *m, const struct host_cmd *cmd)
{
	int64_t deadline = host_now_ms() + m->wait_ms;

	while (!cmd->complete && !((cmd->flags & HOST_F_HOLD) && cmd->r2t_count > 0)) {
		if (host_queue_wait(&m->q, 1, 20) == -1)
			return (mis_fail(m, "%s", m->q->conn.error.text));
		if (host_now_ms() >= deadline)
			return (mis_fail(m, "no answer to a good command"));
	}
	return (0);
}

/* We leave: nobody is to answer, and the row is about what the others notice. */
int
mis_gone(struct mis *m)
{
	host_conn_fail(&m->q->conn, HOST_CLOSED, "by us");
	host_conn_close(&m->q->conn);
	return (0);
}

/* Take whatever comes, unjudged, until it ends: CLOSE, or SUCCESS if nothing more comes. */
int
mis_drain(struct mis *m)
{
	uint8_t buf[16384];
	ssize_t n;

	while ((n = host_conn_raw_receive(&m->q->conn, buf, sizeof(buf), 500)) > 0)
		continue;
	if (n == 0 || errno != ETIMEDOUT)
		return (mis_gone(m));
	m->other.complete = true;
	m->other.status = 0;
	m->watch = &m->other;
	return (0);
}

/* A good write whose data waits for the row; its first R2T has come. */
int
mis_long_write(struct mis *m, uint32_t len)
{
	len -= len % m->ns.block;
	if (len > m->ctrl.mdts || len > MIS_BUF_MAX)
		return (mis_skip(m, "MDTS is too small"));
	host_fill_write(&m->cmd, m->ns.nsid, 0, len / m->ns.block, m->buf, len);
	m->cmd.flags = HOST_F_HOLD | HOST_F_NO_ICD;
	mis_submit(m, &m->cmd);
	if (mis_wait(m, &m->cmd) != 0)
		return (MIS_SETUP);
	if (m->cmd.complete)
		return (mis_fail(m, "a good write: status %#x, no R2T", m->cmd.status));
	m->watch = &m->cmd;
	return (0);
}

/* The same, and what the R2T asks for fits one H2CData. */
int
mis_held_write(struct mis *m, uint32_t len)
{
	int e = mis_long_write(m, len);

	if (e == 0 && m->cmd.r2t[0].len > m->q->conn.maxh2cdata)
		return (mis_skip(m, "the R2T is for more than MAXH2CDATA"));
	return (e);
}

/* An H2CData for the open R2T of m->cmd: `offset` and `len` are in the transfer of the R2T. */
void
mis_h2cdata(struct mis *m, uint32_t offset, uint32_t len, bool last)
{
	const struct host_r2t *r2t = &m->cmd.r2t[m->cmd.r2t_first];
	struct host_tx *tx = host_conn_slot(&m->q->conn);

	memset(tx->hdr, 0, SPEC_DATA_LEN);
	tx->hdr[CH_TYPE] = SPEC_H2CDATA;
	tx->hdr[CH_FLAGS] = last ? SPEC_F_LAST : 0;
	put16(tx->hdr, DATA_CCCID, m->cmd.cid);
	put16(tx->hdr, DATA_TTAG, r2t->ttag);
	put32(tx->hdr, DATA_OFFSET, r2t->offset + offset);
	put32(tx->hdr, DATA_LENGTH, len);
	host_conn_queue(&m->q->conn, tx, SPEC_DATA_LEN, len > 0 ? m->buf : NULL, len);
	take_pdu(m);
}

/* A second connection, greeted; from now on the row happens there. NULL: m->why. */
struct host_queue *
mis_second_queue(struct mis *m, uint16_t qid, uint32_t size)
{
	host_queue_free(m->own);
	m->own = host_queue_new(qid, size, &m->opts);
	if (m->own == NULL || host_queue_open(m->own, &m->opts) == -1) {
		mis_fail(m, "a second connection: %s",
		    m->own == NULL ? "out of memory" : m->own->conn.error.text);
		return (NULL);
	}
	return (m->q = m->own);
}

/* The command with one field of its sqe changed. */
int
mis_sqe(struct mis *m, const struct mis_row *r, struct host_cmd *cmd)
{
	mis_capsule(m, cmd);
	mis_patch(m->pdu + SPEC_CH_LEN, r);
	mis_seal(m);
	m->watch = cmd;
	return (mis_send(m));
}
