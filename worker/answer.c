/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer of a command: what is let go before it leaves, its data and its CapsuleResp, and the
 * end of the slot when all of that is in the socket. Each command is answered exactly once.
 */
#include "config.h"

#include <assert.h>

#include "worker/worker.h"

void
slot_sent(struct tx *tx)
{
	struct slot *s = tx->owner;
	struct qpair *qp = s->qp;
	bool leave = qp->disconnect && s->cmd.opc == NVME_OPC_FABRICS;

	if (--s->tx_out > 0 || s->state != SLOT_TX)
		return;
	slot_free(s);
	if (leave)
		qp_close(qp, "disconnected by the host");
}

void
slot_send(struct slot *s, struct tx *tx, const uint8_t *head, size_t head_len,
    void (*sent)(struct tx *))
{
	tx->head = head;
	tx->head_len = (uint32_t)head_len;
	tx->owner = s;
	tx->sent = sent;
	s->tx_out++;
	conn_send(s->qp->conn, tx);
}

void
slot_respond(struct slot *s, uint16_t status)
{
	const struct qpair *qp = s->qp;
	struct nvme_cqe cqe = {
		.dw0 = le32((uint32_t)s->result), .dw1 = le32((uint32_t)(s->result >> 32)),
		.sqhd = le16(qp->noflow ? 0 : qp->sqhd),
		.cid = le16(s->cmd.cid), .status = le16((uint16_t)(status << 1)),
	};

	slot_send(s, &s->tx_resp, s->head_resp, pdu_put_capsule_resp(s->head_resp, &cqe, &qp->tx),
	    slot_sent);
}

void
slot_done(struct slot *s, uint16_t status)
{
	if (s->pair != NULL)
		fused_done(s, status);
	else
		slot_answer(s, status);
}

void
slot_answer(struct slot *s, uint16_t status)
{
	struct qpair *qp = s->qp;

	assert(s->state != SLOT_FREE && s->state != SLOT_TX);
	ctrl_alive(qp);
	if (status != 0)
		status = ctrl_error(qp->ctrl, s, status);
	if (s->aborted)
		slot_tell_aborter(s, (status & 0x7ff) == NVME_SC_ABORT_REQUESTED);
	if (qp->state != QP_LIVE) {
		slot_free(s);
		return;
	}
	slot_let_go(s);
	lane_buffer_put(qp->lane, s->pool, s->buf);
	s->buf = NULL;
	s->state = SLOT_TX;
	slot_respond(s, status);
}

/* A read is over for its namespace when it is answered; where it is sent from that one's memory, the
 * memory stays. */
static void
hold_memory(struct slot *s)
{
	struct lane *lane = s->qp->lane;
	struct ns *ns = s->ns;

	if (ns == NULL || s->src == NULL) {
		slot_let_go(s);
		return;
	}
	ns_pin_memory(lane, ns);
	s->sends_memory = true;
	ns_unpin(lane, ns);
}

void
slot_done_data(struct slot *s, uint32_t len)
{
	struct qpair *qp = s->qp;

	assert(s->state == SLOT_EXECUTE && len <= s->len_out);
	if (len == 0 || qp->state != QP_LIVE) {
		slot_done(s, 0);
		return;
	}
	ctrl_alive(qp);
	hold_memory(s);
	if (s->aborted)
		slot_tell_aborter(s, false);
	s->state = SLOT_TX;
	c2h_send(s, len);
}
