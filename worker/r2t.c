/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking a host for the data of a command. It is asked for in windows, so many of them at a time as
 * the host said in its ICReq (MAXR2T), R2T_MAX at most; each is an R2T with a TTAG of its own, and
 * when all of it has come, the next one is sent. Windows may be answered in any order, but the data
 * of each comes in order. An R2T that is not in the socket yet cannot be answered.
 */
#include "config.h"

#include <assert.h>

#include "worker/worker.h"

#define TTAG_SHIFT	12u		/* the window; below it the slot */
#define TTAG_SLOT	0x0fffu

_Static_assert(R2T_MAX <= 8 && R2T_MAX << TTAG_SHIFT <= 0x10000, "bits of r2ts, and of a TTAG");
_Static_assert(ADMIN_SQSIZE <= TTAG_SLOT + 1, "a TTAG names every slot");

static struct window *
window(const struct slot *s, unsigned w)
{
	return (&s->qp->windows[s->index * R2T_MAX + w]);
}

static void
window_sent(struct tx *tx)
{
	struct slot *s = tx->owner;

	for (unsigned w = 0; w < R2T_MAX; w++)
		if (tx == &window(s, w)->tx)
			s->r2ts_sent |= (uint8_t)(1u << w);
	s->tx_out--;
}

static void
window_open(struct slot *s, unsigned w)
{
	const struct qpair *qp = s->qp;
	struct window *win = window(s, w);
	uint32_t left = s->len_in - s->asked;

	win->from = s->asked;
	win->len = left < qp->r2t_size ? left : qp->r2t_size;
	win->got = 0;
	s->asked += win->len;
	s->r2ts |= (uint8_t)(1u << w);
	slot_send(s, &win->tx, win->head, pdu_put_r2t(win->head, s->cmd.cid,
	    (uint16_t)(w << TTAG_SHIFT | s->index), win->from, win->len, &qp->tx), window_sent);
}

static void
open_all(struct slot *s)
{
	for (unsigned w = 0; w < s->qp->r2t_max && s->asked < s->len_in; w++)
		if ((s->r2ts & 1u << w) == 0)
			window_open(s, w);
}

void
r2t_begin(struct slot *s)
{
	assert(s->index <= TTAG_SLOT && s->len_in > 0);
	s->asked = 0;
	s->r2ts = s->r2ts_sent = 0;
	open_all(s);
}

static struct slot *
find(struct qpair *qp, uint16_t ttag)
{
	unsigned index = ttag & TTAG_SLOT, w = ttag >> TTAG_SHIFT;
	struct slot *s;

	if (index >= qp->sqsize || w >= R2T_MAX)
		return (NULL);
	s = &qp->slots[index];
	if (s->state != SLOT_WAIT_H2C || (s->r2ts_sent & 1u << w) == 0)
		return (NULL);
	s->r2t_now = (uint8_t)w;
	return (s);
}

/* Of the lowest wrong field; TTAG comes first here, since only it says what CCCID has to be. */
struct slot *
r2t_judge(struct qpair *qp, const struct pdu_h2cdata *pdu, uint32_t len, struct pdu_verdict *v)
{
	struct slot *s = find(qp, le16_get(pdu->ttag));
	uint32_t datao = le32_get(pdu->datao);
	bool last = (pdu->ch.flags & PDU_F_LAST) != 0;
	const struct window *win;

	*v = (struct pdu_verdict){ .fes = PDU_FES_INVALID_FIELD };
	if (s == NULL) {
		v->fei = offsetof(struct pdu_h2cdata, ttag);
		return (NULL);
	}
	if (le16_get(pdu->cccid) != s->cmd.cid) {
		v->fei = offsetof(struct pdu_h2cdata, cccid);
		return (NULL);
	}
	win = window(s, s->r2t_now);
	if (datao < win->from || (uint64_t)datao + len > (uint64_t)win->from + win->len)
		v->fes = PDU_FES_OUT_OF_RANGE;
	else if (datao != win->from + win->got || last != (win->got + len == win->len))
		v->fes = PDU_FES_SEQUENCE;
	else
		v->fes = PDU_FES_NONE;
	return (v->fes == PDU_FES_NONE ? s : NULL);
}

/* A command that has failed meanwhile is asked for nothing more. */
bool
r2t_came(struct slot *s, uint32_t len)
{
	struct window *win = window(s, s->r2t_now);
	uint8_t bit = (uint8_t)(1u << s->r2t_now);

	s->got += len;
	win->got += len;
	if (win->got < win->len)
		return (false);
	s->r2ts &= (uint8_t)~bit;
	s->r2ts_sent &= (uint8_t)~bit;
	if (s->status == 0 && !s->data_bad)
		open_all(s);
	return (s->r2ts == 0);
}
