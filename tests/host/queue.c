/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue: one connection, its commands in flight, SQ flow control, and the judgement of every
 * CapsuleResp. A cid carries a generation, so that an answer to a command that is over is seen as
 * such.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

enum { WAIT_MAX = 256 };

static struct host_queue *
queue_of(struct host_conn *c)
{
	return ((struct host_queue *)c);
}

struct host_cmd *
host_queue_find(struct host_queue *q, uint16_t cid)
{
	struct host_cmd *cmd = q->cmd[cid % q->size];

	return (cmd != NULL && cmd->cid == cid ? cmd : NULL);
}

/* The command is over: its slot is free before done() runs, so that done() may submit. */
void
host_queue_complete(struct host_queue *q, struct host_cmd *cmd)
{
	q->cmd[cmd->cid % q->size] = NULL;
	q->free_slot[q->nfree++] = (uint16_t)(cmd->cid % q->size);
	q->inflight--;
	q->answers++;
	cmd->complete = true;
	if (cmd->done != NULL)
		cmd->done(q, cmd);
}

/* SQHD may only move forward, and not past the tail. */
static int
check_sqhd(struct host_queue *q, uint16_t sqhd)
{
	uint32_t step = (sqhd + q->size - q->sqhd) % q->size;
	uint32_t room = (q->sqtail + q->size - q->sqhd) % q->size;

	if (!q->sqflow) {
		if (sqhd != 0 && sqhd != 0xffff)
			return (host_conn_fail(
			    &q->conn, HOST_CQE_SQHD, "%u without flow control", sqhd));
		return (0);
	}
	if (sqhd >= q->size || step > room)
		return (host_conn_fail(&q->conn, HOST_CQE_SQHD,
		    "%u, head was %u, tail is %u, size %u", sqhd, q->sqhd, q->sqtail, q->size));
	q->sqhd = sqhd;
	return (0);
}

/* May the command end now, as far as its data is concerned? */
static int
check_data_done(struct host_queue *q, const struct host_cmd *cmd)
{
	if (!(cmd->flags & HOST_F_HOLD) && (cmd->r2t_count > 0 || cmd->unsent > 0))
		return (host_conn_fail(&q->conn, HOST_RESP_EARLY,
		    "cid %u: data that was asked for is still on its way", cmd->cid));
	if (cmd->status != 0 || (cmd->flags & HOST_F_HOLD))
		return (0);
	if (cmd->dir == HOST_FROM_TARGET && !(cmd->flags & HOST_F_SHORT) &&
	    cmd->received < cmd->len)
		return (host_conn_fail(&q->conn, HOST_DATA_SHORT,
		    "cid %u: success after %u of %u bytes", cmd->cid, cmd->received, cmd->len));
	if (cmd->dir == HOST_FROM_TARGET && cmd->received > 0 && !cmd->last)
		return (host_conn_fail(&q->conn, HOST_DATA_LAST, "cid %u: success without LAST_PDU",
		    cmd->cid));
	if (cmd->dir == HOST_TO_TARGET && cmd->requested < cmd->len && !(cmd->flags & HOST_F_SHORT))
		return (host_conn_fail(&q->conn, HOST_DATA_SHORT,
		    "cid %u: success, %u of %u bytes taken", cmd->cid, cmd->requested, cmd->len));
	return (0);
}

static int
take_response(struct host_queue *q, const uint8_t *hdr)
{
	const uint8_t *cqe = hdr + SPEC_CH_LEN;
	struct host_cmd *cmd = host_queue_find(q, get16(cqe, CQE_CID));

	if (cmd == NULL)
		return (host_conn_fail(&q->conn, HOST_CID, "CapsuleResp for cid %u",
		    get16(cqe, CQE_CID)));
	if (q->connected && check_sqhd(q, get16(cqe, CQE_SQHD)) == -1)
		return (-1);
	if (get16(cqe, CQE_SQID) != 0 && get16(cqe, CQE_SQID) != q->qid)
		return (host_conn_fail(&q->conn, HOST_CQE_SQID, "%u on queue %u",
		    get16(cqe, CQE_SQID), q->qid));
	if (get16(cqe, CQE_STATUS) & 1)
		return (host_conn_fail(&q->conn, HOST_CQE_PHASE, "cid %u", cmd->cid));
	cmd->status = get16(cqe, CQE_STATUS) >> 1;
	cmd->dw0 = get32(cqe, CQE_DW0);
	cmd->dw1 = get32(cqe, CQE_DW1);
	if (q->qid != 0 && cmd->sqe[SQE_OPC] != OPC_FABRICS && (cmd->dw0 | cmd->dw1) != 0)
		return (host_conn_fail(&q->conn, HOST_CQE_RESERVED, "cid %u: DW0 %#x, DW1 %#x",
		    cmd->cid, cmd->dw0, cmd->dw1));
	if (check_data_done(q, cmd) == -1)
		return (-1);
	cmd->sqhd = get16(cqe, CQE_SQHD);
	host_queue_complete(q, cmd);
	return (0);
}

static int
queue_header(struct host_conn *c, const uint8_t *hdr)
{
	if (hdr[CH_TYPE] == SPEC_C2HDATA)
		return (host_xfer_c2hdata(queue_of(c), hdr));
	return (0);
}

static int
queue_end(struct host_conn *c, const uint8_t *hdr)
{
	if (hdr[CH_TYPE] == SPEC_C2HDATA)
		return (host_xfer_c2hdata_end(queue_of(c), hdr));
	if (hdr[CH_TYPE] == SPEC_R2T)
		return (host_xfer_r2t(queue_of(c), hdr));
	return (take_response(queue_of(c), hdr));
}

static const struct host_conn_ops queue_ops = { queue_header, queue_end };

/* A queue of 2 to 65535 entries: open it, then host_connect(). NULL: out of memory, or size. */
struct host_queue *
host_queue_new(uint16_t qid, uint32_t size, const struct host_opts *o)
{
	struct host_queue *q = size >= 2 && size <= 0xffff ? calloc(1, sizeof(*q)) : NULL;

	if (q == NULL)
		return (NULL);
	q->conn.fd = -1;
	q->qid = qid;
	q->size = size;
	q->sqflow = !o->no_sqflow;
	q->icd_max = SPEC_ADMIN_ICD;
	q->cmd = calloc(size, sizeof(*q->cmd));
	q->generation = calloc(size, sizeof(*q->generation));
	q->free_slot = calloc(size, sizeof(*q->free_slot));
	if (q->cmd == NULL || q->generation == NULL || q->free_slot == NULL) {
		host_queue_free(q);
		return (NULL);
	}
	for (q->nfree = 0; q->nfree < size; q->nfree++)
		q->free_slot[q->nfree] = (uint16_t)(size - 1 - q->nfree);
	return (q);
}

void
host_queue_free(struct host_queue *q)
{
	if (q == NULL)
		return;
	host_conn_close(&q->conn);
	free(q->cmd);
	free(q->generation);
	free(q->free_slot);
	free(q);
}

/* TCP only. */
int
host_queue_dial(struct host_queue *q, const struct host_opts *o)
{
	int r = host_conn_open(&q->conn, o);

	q->conn.ops = &queue_ops;
	return (r);
}

/* TCP, ICReq, ICResp. */
int
host_queue_open(struct host_queue *q, const struct host_opts *o)
{
	if (host_queue_dial(q, o) == -1)
		return (-1);
	return (host_conn_greet(&q->conn, o));
}

/* A queue on a non-blocking descriptor, which is the queue's from now on. */
void
host_queue_attach(struct host_queue *q, const struct host_opts *o, int fd)
{
	host_conn_attach(&q->conn, o, fd);
	q->conn.ops = &queue_ops;
}

bool
host_queue_may_submit(struct host_queue *q)
{
	if (q->conn.error.fault != HOST_NONE || q->nfree == 0 || host_conn_slot(&q->conn) == NULL)
		return (false);
	if (q->sqflow)
		return ((q->sqtail + 1) % q->size != q->sqhd);
	return (q->inflight + 1 < q->size);
}

static void
fill_sgl(struct host_cmd *cmd, bool in_capsule)
{
	cmd->sqe[SQE_FLAGS] = (uint8_t)((cmd->sqe[SQE_FLAGS] & 0x3f) | SPEC_PSDT_SGL);
	put64(cmd->sqe, SQE_SGL_ADDR, 0);
	put32(cmd->sqe, SQE_SGL_LEN, cmd->dir == HOST_NODATA ? 0 : cmd->len);
	memset(cmd->sqe + SQE_SGL_LEN + 4, 0, 3);
	cmd->sqe[SQE_SGL_TYPE] = in_capsule ? SPEC_SGL_ICD : SPEC_SGL_TRANSPORT;
}

static bool
goes_in_capsule(const struct host_queue *q, const struct host_cmd *cmd)
{
	if (cmd->flags & HOST_F_SGL)
		return ((cmd->flags & HOST_F_IN_CAPSULE) != 0);
	return (cmd->dir == HOST_TO_TARGET && cmd->len > 0 && cmd->len <= q->icd_max &&
	    !(cmd->flags & HOST_F_NO_ICD));
}

/* Put the command on its way. Needs host_queue_may_submit(); nothing leaves before poll, wait or
 * exec. */
int
host_queue_submit(struct host_queue *q, struct host_cmd *cmd)
{
	bool in_capsule = goes_in_capsule(q, cmd);
	struct host_tx *tx;
	uint16_t slot;

	if (!host_queue_may_submit(q))
		return (host_conn_fail(&q->conn, HOST_ARGUMENT, "queue %u is full", q->qid));
	slot = q->free_slot[--q->nfree];
	q->generation[slot] = (uint16_t)((q->generation[slot] + 1) % (0xffff / q->size));
	cmd->cid = (uint16_t)(slot + q->size * q->generation[slot]);
	cmd->complete = cmd->last = false;
	cmd->status = 0;
	cmd->dw0 = cmd->dw1 = cmd->received = 0;
	cmd->requested = in_capsule ? cmd->len : 0;
	cmd->unsent = cmd->r2t_first = cmd->r2t_count = 0;
	put16(cmd->sqe, SQE_CID, cmd->cid);
	if (!(cmd->flags & HOST_F_SGL))
		fill_sgl(cmd, in_capsule);
	q->cmd[slot] = cmd;
	q->inflight++;
	q->sqtail = (q->sqtail + 1) % q->size;

	tx = host_conn_slot(&q->conn);
	memset(tx->hdr, 0, SPEC_CH_LEN);
	tx->hdr[CH_TYPE] = SPEC_CMD;
	memcpy(tx->hdr + SPEC_CH_LEN, cmd->sqe, sizeof(cmd->sqe));
	host_conn_queue(&q->conn, tx, SPEC_CMD_LEN, in_capsule ? cmd->buf : NULL,
	    in_capsule ? cmd->len : 0);
	tx->unsent = &cmd->unsent;
	cmd->unsent++;
	return (0);
}

/* Send what the socket takes: capsules, and the data that R2Ts ask for. */
static int
queue_push(struct host_queue *q)
{
	if (q->conn.error.fault != HOST_NONE)
		return (-1);
	do {
		host_xfer_pump(q);
		if (host_conn_send(&q->conn) == -1)
			return (-1);
	} while (q->conn.tx_count == 0 && q->xfer_first != NULL);
	return (0);
}

/* Send and receive what goes without waiting. */
int
host_queue_poll(struct host_queue *q)
{
	if (queue_push(q) == -1 || host_conn_receive(&q->conn) == -1)
		return (-1);
	return (queue_push(q));
}

/*
 * Send what waits on n queues, wait until one of them has something, and take it. -1: a queue has
 * failed (those without an error go on). 0 also when the time is over.
 */
int
host_queue_wait(struct host_queue **q, unsigned n, int timeout_ms)
{
	struct pollfd pfd[WAIT_MAX];
	int ret = 0;

	if (n > WAIT_MAX)
		return (host_conn_fail(&q[0]->conn, HOST_ARGUMENT, "%u queues at once", n));
	for (unsigned i = 0; i < n; i++) {
		if (queue_push(q[i]) == -1)
			ret = -1;
		pfd[i].fd = q[i]->conn.error.fault == HOST_NONE ? q[i]->conn.fd : -1;
		pfd[i].events = (short)(POLLIN | (q[i]->conn.tx_count > 0 ? POLLOUT : 0));
	}
	if (ret == -1 || poll(pfd, n, timeout_ms) <= 0)
		return (ret);
	for (unsigned i = 0; i < n; i++)
		if (pfd[i].fd != -1 && pfd[i].revents != 0 && host_queue_poll(q[i]) == -1)
			ret = -1;
	return (ret);
}

/* Submit and wait for this command. 0: it has been answered, look at its status. */
int
host_queue_exec(struct host_queue *q, struct host_cmd *cmd)
{
	int64_t deadline = host_now_ms() + q->conn.timeout_ms;

	if (host_queue_submit(q, cmd) == -1)
		return (-1);
	while (!cmd->complete) {
		if (host_queue_wait(&q, 1, 100) == -1)
			return (-1);
		if (!cmd->complete && host_now_ms() >= deadline)
			return (host_conn_fail(&q->conn, HOST_TIMEOUT, "opcode %#x is not answered",
			    cmd->sqe[SQE_OPC]));
	}
	return (0);
}
