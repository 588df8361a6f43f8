/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending a command's data to its host: in one C2HData, or, where the service says how large one may
 * be, in several, each sent when the one before is in the socket. So those of other commands come in
 * between, and no command has more than one of them.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/crc.h"
#include "worker/worker.h"

/* NVMe/TCP: SUCCESS, in the last one only, stands for a CQE without SQHD and result. */
static uint8_t
last_flags(const struct slot *s)
{
	bool success = s->qp->noflow && s->result == 0;

	return (success ? PDU_F_LAST | PDU_F_SUCCESS : PDU_F_LAST);
}

static void
send_piece(struct slot *s, uint32_t from, uint32_t len, uint8_t flags, void (*sent)(struct tx *))
{
	const struct pdu_tx *how = &s->qp->tx;
	struct tx *tx = &s->tx_data;

	tx->data = (s->src != NULL ? s->src : s->buf) + from;
	tx->data_len = len;
	if (how->ddgst) {
		struct le32 d = le32(crc32c(tx->data, len));

		memcpy(tx->tail, &d, sizeof(d));
		tx->tail_len = sizeof(d);
	}
	slot_send(s, tx, s->head_data,
	    pdu_put_c2hdata(s->head_data, s->cmd.cid, from, len, flags, how), sent);
}

static void
send_last(struct slot *s, uint32_t from, uint32_t len)
{
	uint8_t flags = last_flags(s);

	send_piece(s, from, len, flags, slot_sent);
	if ((flags & PDU_F_SUCCESS) == 0)
		slot_respond(s, 0);
}

static void
next_piece(struct tx *tx)
{
	struct slot *s = tx->owner;
	uint32_t from = s->c2h_from, max = s->qp->c2h_max;

	s->tx_out--;
	if (s->c2h_len - from <= max) {
		send_last(s, from, s->c2h_len - from);
		return;
	}
	s->c2h_from += max;
	send_piece(s, from, max, 0, next_piece);
}

void
c2h_send(struct slot *s, uint32_t len)
{
	uint32_t max = s->qp->c2h_max;

	assert(len > 0);
	if (len <= max) {
		send_last(s, 0, len);
		return;
	}
	s->c2h_len = len;
	s->c2h_from = max;
	send_piece(s, 0, max, 0, next_piece);
}
