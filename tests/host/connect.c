/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connect and Disconnect. The capsule is filled as a good host would; a test may change any byte of
 * sqe and data before it is sent. The answer's SQHD tells where the queue starts.
 */
#include "config.h"

#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

void
host_connect_fill(struct host_connect *k, const struct host_queue *q, const struct host_opts *o,
    uint16_t cntlid)
{
	uint8_t *sqe = k->cmd.sqe;

	memset(k, 0, sizeof(*k));
	sqe[SQE_OPC] = OPC_FABRICS;
	sqe[SQE_FCTYPE] = FCT_CONNECT;
	put16(sqe, SQE_QID, q->qid);
	put16(sqe, SQE_SQSIZE, (uint16_t)(q->size - 1));
	sqe[SQE_CATTR] = q->sqflow ? 0 : 4;
	put32(sqe, SQE_KATO, q->qid == 0 ? o->kato_ms : 0);
	memcpy(k->data + CONN_HOSTID, o->hostid, sizeof(o->hostid));
	put16(k->data, CONN_CNTLID, cntlid);
	memcpy(k->data + CONN_SUBNQN, o->subnqn, strnlen(o->subnqn, 255));
	memcpy(k->data + CONN_HOSTNQN, o->hostnqn, strnlen(o->hostnqn, 255));
	k->cmd.dir = HOST_TO_TARGET;
	k->cmd.buf = k->data;
	k->cmd.len = sizeof(k->data);
}

/* Where does the queue start, and is that plausible? */
static int
take_sqhd(struct host_queue *q, const struct host_cmd *cmd)
{
	if (q->sqflow ? cmd->sqhd > 1 : cmd->sqhd != 0xffff)
		return (host_conn_fail(
		    &q->conn, HOST_CQE_SQHD, "%#x in the answer to Connect", cmd->sqhd));
	q->sqhd = q->sqtail = q->sqflow ? cmd->sqhd : 0;
	return (0);
}

/* 0: answered, see status in the command. The queue counts as connected only after success. */
int
host_connect_send(struct host_queue *q, struct host_connect *k)
{
	if (host_queue_exec(q, &k->cmd) == -1)
		return (-1);
	if (k->cmd.status != 0)
		return (0);
	if (take_sqhd(q, &k->cmd) == -1)
		return (-1);
	q->cntlid = (uint16_t)k->cmd.dw0;
	q->connected = true;
	return (0);
}

/* Connect as a good host: a refusal is an error here. */
int
host_connect(struct host_queue *q, const struct host_opts *o, uint16_t cntlid)
{
	struct host_connect k;

	host_connect_fill(&k, q, o, cntlid);
	if (host_connect_send(q, &k) == -1)
		return (-1);
	if (k.cmd.status != 0) {
		q->refusal = (struct host_refusal){ k.cmd.status, (uint8_t)(k.cmd.dw0 >> 16 & 1),
			(uint16_t)k.cmd.dw0 };
		return (host_conn_fail(&q->conn, HOST_REFUSED,
		    "queue %u: status %#x (%s), IATTR %u, IPO %u", q->qid, k.cmd.status,
		    host_status_name(k.cmd.status), q->refusal.iattr, q->refusal.ipo));
	}
	if (q->cntlid == HOST_CNTLID_ANY || (cntlid != HOST_CNTLID_ANY && q->cntlid != cntlid))
		return (host_conn_fail(&q->conn, HOST_CONTROLLER,
		    "Connect answered cntlid %u, asked for %u", q->cntlid, cntlid));
	return (0);
}

int
host_disconnect(struct host_queue *q)
{
	struct host_cmd cmd;

	host_fill(&cmd, OPC_FABRICS, 0, HOST_NODATA, NULL, 0);
	cmd.sqe[SQE_FCTYPE] = FCT_DISCONNECT;
	return (host_run(q, &cmd));
}
