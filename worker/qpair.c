/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues: their states, their command slots and flow control. The only place that changes a queue's
 * state. A slot is taken when a capsule arrives and free again when its answer is in the socket;
 * slots are allocated when the queue is, never for a command.
 */
#include "config.h"

#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>

#include "common/logmsg.h"
#include "worker/worker.h"

static void	qp_transfer_late(struct timer *);

/* ---- slots ---- */

bool
qp_cid_in_use(const struct qpair *qp, uint16_t cid)
{
	return ((qp->cids[cid / 8] & 1u << cid % 8) != 0);
}

static void
cid_mark(struct qpair *qp, uint16_t cid, bool used)
{
	if (used)
		qp->cids[cid / 8] |= (uint8_t)(1u << cid % 8);
	else
		qp->cids[cid / 8] &= (uint8_t)~(1u << cid % 8);
}

static struct slot *
slot_take(struct qpair *qp)
{
	struct slot *s;
	uint16_t index;

	if (qp->nfree == 0)
		return (NULL);
	index = qp->free[--qp->nfree];
	s = &qp->slots[index];
	s->qp = qp;
	s->index = index;
	qp->busy++;
	s->state = SLOT_RX;
	s->rule = NULL;
	s->buf = NULL;
	s->pool = NULL;
	s->len_in = s->len_out = s->got = s->icd = s->tx_out = s->parts = 0;
	s->status = 0;
	s->ploc = PLOC_NONE;
	s->result = 0;
	s->data_bad = s->aborted = s->owns_cid = s->in_place = false;
	s->in_parts = s->sends_memory = false;
	s->src = NULL;
	s->ns = s->from = NULL;
	return (s);
}

void
slot_let_go(struct slot *s)
{
	struct lane *lane = s->qp->lane;

	if (s->ns == NULL)
		return;
	if (s->sends_memory)
		ns_unpin_memory(lane, s->ns);
	else
		ns_unpin(lane, s->ns);
	if (s->from != NULL)
		ns_unpin(lane, s->from);
	s->ns = s->from = NULL;
}

/* Back to the stack; nobody is told, nothing is freed but the slot. */
static void
slot_untake(struct slot *s)
{
	struct qpair *qp = s->qp;

	slot_let_go(s);
	if (s->owns_cid)
		cid_mark(qp, s->cmd.cid, false);
	s->owns_cid = false;
	s->state = SLOT_FREE;
	qp->free[qp->nfree++] = s->index;
	qp->busy--;
}

/* Zeroed memory that is there when it is touched first, which malloc does not promise. */
static void *
array_new(size_t n, size_t size)
{
	void *array = mmap(NULL, n * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);

	return (array == MAP_FAILED ? NULL : array);
}

static void
array_free(void *array, size_t n, size_t size)
{
	if (array != NULL)
		munmap(array, n * size);
}

static void
free_arrays(struct qpair *qp)
{
	array_free(qp->slots, qp->sqsize, sizeof(*qp->slots));
	array_free(qp->windows, qp->sqsize, R2T_MAX * sizeof(*qp->windows));
	free(qp->free);
	free(qp->cids);
	qp->slots = NULL;
	qp->windows = NULL;
	qp->free = NULL;
	qp->cids = NULL;
}

static void
qp_gone(struct qpair *qp)
{
	struct controller *ctrl = qp->ctrl;

	timer_stop(&qp->lane->timers, &qp->transfer);
	if (qp->listed)
		LIST_REMOVE(qp, of_lane);
	qp->listed = false;
	if (qp->conn != NULL)
		conn_free(qp->conn);
	qp->conn = NULL;
	free_arrays(qp);
	qp->state = QP_FREE;
	if (qp->qid == 0)
		ctrl_queue_closed(ctrl, qp);
	else
		seat_ended(&ctrl->io[qp->qid - 1]);
}

void
slot_free(struct slot *s)
{
	struct qpair *qp = s->qp;

	if (s->pair != NULL)
		fused_forget(s);
	lane_buffer_put(qp->lane, s->pool, s->buf);
	s->buf = NULL;
	slot_untake(s);
	qp->lane->freed = true;
	if (qp->state == QP_CLOSING && qp->busy == 0)
		qp_gone(qp);
}

/* ---- queues ---- */

int
qp_open(struct qpair *qp, struct lane *lane, struct controller *ctrl, uint16_t qid,
    uint32_t sqsize, bool noflow)
{
	memset(qp, 0, sizeof(*qp));
	qp->lane = lane;
	qp->ctrl = ctrl;
	qp->qid = qid;
	qp->sqsize = sqsize;
	qp->noflow = noflow;
	qp->slots = array_new(sqsize, sizeof(*qp->slots));
	qp->windows = array_new(sqsize, R2T_MAX * sizeof(*qp->windows));
	qp->free = calloc(sqsize, sizeof(*qp->free));
	qp->cids = calloc(1, 65536 / 8);
	if (qp->slots == NULL || qp->windows == NULL || qp->free == NULL || qp->cids == NULL) {
		free_arrays(qp);
		return (-1);
	}
	/* Slots are written when they are taken, the low ones first: a queue that is deeper than its
	 * host ever needs costs address space, not memory. */
	for (uint32_t i = 0; i < sqsize; i++)
		qp->free[qp->nfree++] = (uint16_t)(sqsize - 1 - i);
	qp->transfer = (struct timer){ .name = "transfer", .fire = qp_transfer_late, .arg = qp };
	qp->state = QP_RESERVED;
	return (0);
}

/* 0 is no limit. */
static uint32_t
or_all(uint32_t bytes)
{
	return (bytes != 0 ? bytes : UINT32_MAX);
}

void
qp_start(struct qpair *qp, int fd, const struct conn_params *p)
{
	qp->sqhd = (uint16_t)(1 % qp->sqsize);	/* the Connect was the first command */
	qp->tx = (struct pdu_tx){ p->hdgst, p->ddgst, (uint8_t)((p->hpda + 1) * 4) };
	qp->r2t_max = p->maxr2t < R2T_MAX ? p->maxr2t : R2T_MAX;
	qp->r2t_size = or_all(qp->ctrl->hello.r2t_size);
	qp->c2h_max = or_all(qp->ctrl->hello.c2h_data_max);
	qp->state = QP_LIVE;
	qp->listed = true;
	LIST_INSERT_HEAD(&qp->lane->queues, qp, of_lane);
	qp->conn = conn_new(qp->lane, fd, p, qp);
	if (qp->conn == NULL)
		qp_close(qp, "cannot watch the connection");
}

void
qp_close(struct qpair *qp, const char *why)
{
	if (qp->state == QP_FREE || qp->state == QP_CLOSING)
		return;
	if (qp->state == QP_LIVE)
		ask_log(MSG_QUEUE_CLOSED, why, 2, (uint64_t)qp->qid, (uint64_t)qp->busy);
	qp->state = QP_CLOSING;
	timer_stop(&qp->lane->timers, &qp->transfer);
	if (qp->conn != NULL)
		conn_free(qp->conn);	/* its unsent answers are gone */
	qp->conn = NULL;
	qp->busy++;			/* not gone while we look at it */
	if (qp->qid == 0)
		aer_drop_all(qp->ctrl);
	for (uint32_t i = 0; i < qp->sqsize; i++) {
		struct slot *s = &qp->slots[i];

		if (s->state == SLOT_FREE)
			continue;
		if (s->state == SLOT_WAIT_BUFFER)
			xfer_forget(s);
		if (s->state == SLOT_EXECUTE && !slot_take_back(s))
			continue;
		if (s->aborted)
			slot_tell_aborter(s, true);
		slot_free(s);
	}
	if (--qp->busy == 0)
		qp_gone(qp);
}

void
qp_conn_lost(struct qpair *qp, const char *why)
{
	qp_close(qp, why);
}

static void
transfer_begin(struct qpair *qp)
{
	qp->moving = false;
	timer_set(&qp->lane->timers, &qp->transfer, qp->ctrl->hello.transfer_timeout_ms);
}

/* Set once and looked at when it is due: a busy queue, which always has an R2T out, is neither
 * ended by it nor charged for it with every command. */
static void
qp_transfer_late(struct timer *t)
{
	struct qpair *qp = t->arg;

	if (qp->waiting_h2c == 0)
		return;
	/* paused: it may have come, and it is we who do not look */
	if (qp->moving || conn_is_paused(qp->conn)) {
		transfer_begin(qp);
		return;
	}
	ask_log(MSG_TRANSFER_LATE, "", 2, (uint64_t)qp->qid, (uint64_t)qp->waiting_h2c);
	qp_close(qp, "data that was asked for did not come");
}

/* ---- capsules ---- */

struct ns *
slot_ns(const struct slot *s)
{
	return (s->ns != NULL ? s->ns : ns_find(s->qp->lane->ns, s->cmd.nsid));
}

void
slot_hold(struct slot *s, struct ns *ns)
{
	if (ns != NULL)
		ns_pin(s->qp->lane, ns);
	slot_let_go(s);
	s->ns = ns;
}

struct slot *
qp_capsule(struct qpair *qp, const struct nvme_sqe *sqe, uint32_t icd, uint8_t *here, uint8_t **to)
{
	struct slot *s = slot_take(qp);
	bool duplicate;

	*to = NULL;
	if (s == NULL) {
		/* more commands than the queue has entries: MAXCMD is what we told the host */
		conn_fatal(qp->conn, PDU_FES_SEQUENCE, 0, NULL, 0);
		return (NULL);
	}
	sqe_decode(sqe, &s->cmd);
	duplicate = qp_cid_in_use(qp, s->cmd.cid);
	s->icd = icd;
	s->status = slot_judge(s, duplicate, icd);
	/* what has to wait for a range keeps its data longer than that lies there */
	if (s->status == 0 && icd > 0 && s->in_place && here != NULL && qp->lane->holds == NULL)
		s->buf = here;		/* of no pool */
	else if (s->status == 0 && icd > 0) {
		s->pool = qp->lane->io;
		if ((s->buf = lane_buffer_get(qp->lane, s->pool, icd)) == NULL) {
			slot_untake(s);		/* the capsule is looked at again later */
			return (NULL);
		}
		*to = s->buf;
	}
	if (!duplicate) {
		s->owns_cid = true;
		cid_mark(qp, s->cmd.cid, true);
	}
	qp->sqhd = (uint16_t)((qp->sqhd + 1u) % qp->sqsize);
	qp->commands++;
	ctrl_alive(qp);
	if (s->cmd.fuse != 0 || qp->fusing != FUSING_NONE)
		fused_arrived(s);
	return (s);
}

void
qp_capsule_complete(struct slot *s, bool data_good)
{
	if (s->status != 0)
		slot_done(s, s->status);
	else if (!data_good)
		slot_done(s, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	else {
		s->got = s->icd;
		xfer_begin(s);
	}
}

/* ---- R2T, H2CData ---- */

void
slot_r2t(struct slot *s)
{
	struct qpair *qp = s->qp;

	s->state = SLOT_WAIT_H2C;
	qp->waiting_h2c++;
	qp->moving = true;
	if (!qp->transfer.set)
		transfer_begin(qp);
	r2t_begin(s);
}

struct slot *
qp_h2cdata(struct qpair *qp, const struct pdu_h2cdata *pdu, uint32_t len, uint8_t **to)
{
	struct pdu_verdict v;
	struct slot *s = r2t_judge(qp, pdu, len, &v);

	if (s == NULL) {
		conn_fatal(qp->conn, (uint16_t)v.fes, v.fei, pdu, sizeof(*pdu));
		return (NULL);
	}
	*to = s->buf + le32_get(pdu->datao);
	return (s);
}

/* What was aborted meanwhile is answered only now: nobody sends data for a command that is over. */
void
qp_h2cdata_complete(struct slot *s, uint32_t len, bool data_good)
{
	struct qpair *qp = s->qp;

	s->data_bad |= !data_good;
	qp->moving = true;
	ctrl_alive(qp);
	if (!r2t_came(s, len))
		return;
	qp->waiting_h2c--;
	if (s->status != 0)
		slot_done(s, s->status);
	else if (s->data_bad)
		slot_done(s, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	else
		xfer_begin(s);
}
