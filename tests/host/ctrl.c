/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A controller as a host sees it: admin queue, properties, enabling, I/O queues, keep alive,
 * shutting down. What a real host insists on is insisted on here as well (host_ctrl_enable).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

enum { POLL_CSTS_MS = 10, FID_QUEUES = 7 };

/* Remember why: the queue may be gone before the caller asks. */
int
host_ctrl_fail(struct host_ctrl *h, const struct host_queue *q)
{
	if (q == NULL) {
		h->error.fault = HOST_SYSTEM;
		strcpy(h->error.text, "system call: out of memory");
		return (-1);
	}
	h->error = q->conn.error;
	h->refusal = q->refusal;
	return (-1);
}

int
host_prop_get(struct host_queue *q, uint32_t ofst, unsigned size, uint64_t *value)
{
	struct host_cmd cmd;

	host_fill(&cmd, OPC_FABRICS, 0, HOST_NODATA, NULL, 0);
	cmd.sqe[SQE_FCTYPE] = FCT_PROP_GET;
	cmd.sqe[SQE_ATTRIB] = size == 8;
	put32(cmd.sqe, SQE_OFST, ofst);
	if (host_run(q, &cmd) == -1)
		return (-1);
	if (size == 4 && cmd.dw1 != 0)
		return (host_conn_fail(
		    &q->conn, HOST_CQE_RESERVED, "Property Get %#x: DW1 %#x", ofst, cmd.dw1));
	*value = cmd.dw0 | (uint64_t)cmd.dw1 << 32;
	return (0);
}

int
host_prop_set(struct host_queue *q, uint32_t ofst, unsigned size, uint64_t value)
{
	struct host_cmd cmd;

	host_fill(&cmd, OPC_FABRICS, 0, HOST_NODATA, NULL, 0);
	cmd.sqe[SQE_FCTYPE] = FCT_PROP_SET;
	cmd.sqe[SQE_ATTRIB] = size == 8;
	put32(cmd.sqe, SQE_OFST, ofst);
	put64(cmd.sqe, SQE_VALUE, value);
	return (host_run(q, &cmd));
}

/* Wait until CSTS & mask == want. */
static int
wait_csts(struct host_ctrl *h, uint32_t mask, uint32_t want)
{
	int64_t deadline = host_now_ms() + h->opts.timeout_ms;
	struct host_conn *c = &h->admin->conn;
	uint64_t csts;

	for (;;) {
		if (host_prop_get(h->admin, PROP_CSTS, 4, &csts) == -1)
			return (-1);
		if (csts & CSTS_CFS)
			return (host_conn_fail(c, HOST_CONTROLLER, "CSTS.CFS is set"));
		if ((csts & mask) == want)
			return (0);
		if (host_now_ms() >= deadline)
			return (host_conn_fail(c, HOST_TIMEOUT, "CSTS is %#x, waited for %#x",
			    (unsigned)csts, want));
		host_queue_wait(&h->admin, 1, POLL_CSTS_MS);
	}
}

/* The admin queue, connected; not yet enabled. */
int
host_ctrl_connect(struct host_ctrl *h, const struct host_opts *o)
{
	memset(h, 0, sizeof(*h));
	h->opts = *o;
	if ((h->admin = host_queue_new(0, 32, o)) == NULL)
		return (host_ctrl_fail(h, NULL));
	if (host_queue_open(h->admin, o) == -1 || host_connect(h->admin, o, HOST_CNTLID_ANY) == -1)
		return (host_ctrl_fail(h, h->admin));
	h->cntlid = h->admin->cntlid;
	h->kato_last = host_now_ms();
	return (0);
}

static bool
is_padded_ascii(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return (false);
	return (true);
}

/* Who asked for any discovery subsystem is told which one this is. */
static bool
is_named_so(const struct host_ctrl *h, const char *subnqn, bool discovery)
{
	if (strnlen(subnqn, 256) > HOST_NQN_MAX)
		return (false);
	return (strcmp(subnqn, h->opts.subnqn) == 0 || (discovery &&
	    strcmp(h->opts.subnqn, HOST_DISCOVERY_NQN) == 0 && strncmp(subnqn, "nqn.", 4) == 0));
}

/* What Linux and others refuse to work with, and what breaks their tools. */
static int
check_identify(struct host_ctrl *h)
{
	struct host_conn *c = &h->admin->conn;
	const uint8_t *id = h->identify;
	bool discovery = id[111] == 2;

	if (get16(id, 78) != h->cntlid)
		return (host_conn_fail(c, HOST_CONTROLLER,
		    "Identify says cntlid %u, Connect said %u", get16(id, 78), h->cntlid));
	if (get32(id, 80) != h->vs)
		return (host_conn_fail(
		    c, HOST_CONTROLLER, "VER %#x is not VS %#x", get32(id, 80), h->vs));
	if (!is_padded_ascii(id + 4, 20) || !is_padded_ascii(id + 24, 40) ||
	    !is_padded_ascii(id + 64, 8))
		return (
		    host_conn_fail(c, HOST_CONTROLLER, "SN, MN or FR is not ASCII with spaces"));
	if ((get32(id, 536) & 3) == 0)
		return (host_conn_fail(c, HOST_CONTROLLER, "SGLS says no SGLs"));
	if (!is_named_so(h, (const char *)id + 768, discovery))
		return (host_conn_fail(c, HOST_CONTROLLER, "SUBNQN is not the one asked for"));
	if (discovery)
		return (0);
	if (get16(id, 320) == 0)
		return (host_conn_fail(c, HOST_CONTROLLER, "KAS is 0"));
	if (get32(id, 1792) < 4 || get32(id, 1796) < 1 || get16(id, 1800) != 0)
		return (host_conn_fail(c, HOST_CONTROLLER, "IOCCSZ %u, IORCSZ %u, ICDOFF %u",
		    get32(id, 1792), get32(id, 1796), get16(id, 1800)));
	return (0);
}

static int
identify_controller(struct host_ctrl *h)
{
	unsigned mpsmin = (unsigned)(h->cap >> 48) & 15;
	struct host_cmd cmd;

	host_fill_identify(&cmd, 1, 0, h->identify, sizeof(h->identify));
	if (host_run(h->admin, &cmd) == -1 || check_identify(h) == -1)
		return (-1);
	h->mdts = UINT32_MAX;
	if (h->identify[77] != 0 && h->identify[77] + 12 + mpsmin < 32)
		h->mdts = 1u << (h->identify[77] + 12 + mpsmin);
	return (0);
}

/* CAP, VS, CC.EN, CSTS.RDY, Identify. */
int
host_ctrl_enable(struct host_ctrl *h)
{
	uint64_t vs;

	if (host_prop_get(h->admin, PROP_CAP, 8, &h->cap) == -1 ||
	    host_prop_get(h->admin, PROP_VS, 4, &vs) == -1 ||
	    host_prop_set(h->admin, PROP_CC, 4, CC_SIZES | CC_EN) == -1 ||
	    wait_csts(h, CSTS_RDY, CSTS_RDY) == -1)
		return (host_ctrl_fail(h, h->admin));
	h->vs = (uint32_t)vs;
	if (identify_controller(h) == -1)
		return (host_ctrl_fail(h, h->admin));
	return (0);
}

int
host_ctrl_open(struct host_ctrl *h, const struct host_opts *o)
{
	return (host_ctrl_connect(h, o) == -1 ? -1 : host_ctrl_enable(h));
}

/* Connect I/O queue qid; it is h's and in h->io. NULL: h->error says why. */
struct host_queue *
host_ctrl_add_queue(struct host_ctrl *h, uint16_t qid)
{
	struct host_queue **io = reallocarray(h->io, h->nio + 1, sizeof(*io)), *q;

	if (io == NULL || (h->io = io, q = host_queue_new(qid, h->opts.depth, &h->opts)) == NULL) {
		host_ctrl_fail(h, NULL);
		return (NULL);
	}
	if (host_queue_open(q, &h->opts) == -1 || host_connect(q, &h->opts, h->cntlid) == -1) {
		host_ctrl_fail(h, q);
		host_queue_free(q);
		return (NULL);
	}
	q->icd_max = get32(h->identify, 1792) * 16 - SPEC_SQE_LEN;
	h->io[h->nio++] = q;
	return (q);
}

/* Number of Queues, at least 1: fewer granted than asked for is an error. */
int
host_ctrl_ask_queues(struct host_ctrl *h)
{
	uint32_t n0 = h->opts.queues - 1;
	struct host_cmd cmd;

	if (h->opts.depth > (h->cap & 0xffff) + 1) {
		host_conn_fail(&h->admin->conn, HOST_ARGUMENT, "depth %u, MQES is %u",
		    h->opts.depth, (unsigned)(h->cap & 0xffff));
		return (host_ctrl_fail(h, h->admin));
	}
	host_fill_set_feature(&cmd, FID_QUEUES, n0 | n0 << 16);
	if (host_run(h->admin, &cmd) == -1)
		return (host_ctrl_fail(h, h->admin));
	if ((cmd.dw0 & 0xffff) < n0 || cmd.dw0 >> 16 < n0) {
		host_conn_fail(&h->admin->conn, HOST_CONTROLLER,
		    "%u queues asked, %u and %u granted", n0 + 1, (cmd.dw0 & 0xffff) + 1,
		    (cmd.dw0 >> 16) + 1);
		return (host_ctrl_fail(h, h->admin));
	}
	return (0);
}

/* As many I/O queues as asked for. */
int
host_ctrl_open_io(struct host_ctrl *h)
{
	if (h->opts.queues == 0)
		return (0);
	if (host_ctrl_ask_queues(h) == -1)
		return (-1);
	for (unsigned i = 1; i <= h->opts.queues; i++)
		if (host_ctrl_add_queue(h, (uint16_t)i) == NULL)
			return (-1);
	return (0);
}

/* Send a Keep Alive if a third of KATO has gone; call it from the loop. Takes its answer as well.
 */
int
host_ctrl_keep_alive(struct host_ctrl *h)
{
	if (host_queue_poll(h->admin) == -1)
		return (host_ctrl_fail(h, h->admin));
	if (h->kato_busy && h->kato_cmd.complete) {
		h->kato_busy = false;
		if (h->kato_cmd.status != 0) {
			host_conn_fail(&h->admin->conn, HOST_STATUS, "Keep Alive: %s",
			    host_status_name(h->kato_cmd.status));
			return (host_ctrl_fail(h, h->admin));
		}
	}
	if (h->kato_busy || h->opts.kato_ms == 0 ||
	    host_now_ms() - h->kato_last < (int64_t)h->opts.kato_ms / 3)
		return (0);
	host_fill(&h->kato_cmd, OPC_KEEP_ALIVE, 0, HOST_NODATA, NULL, 0);
	h->kato_last = host_now_ms();
	h->kato_busy = true;
	if (host_queue_submit(h->admin, &h->kato_cmd) == -1 || host_queue_poll(h->admin) == -1)
		return (host_ctrl_fail(h, h->admin));
	return (0);
}

/* CC.SHN, and wait for SHST to say complete. */
int
host_ctrl_shutdown(struct host_ctrl *h)
{
	if (host_prop_set(h->admin, PROP_CC, 4, CC_SIZES | CC_EN | CC_SHN_NORMAL) == -1 ||
	    wait_csts(h, CSTS_SHST, CSTS_SHST_DONE) == -1)
		return (host_ctrl_fail(h, h->admin));
	return (0);
}

/* Close all connections, and free what h holds; h->error stays. */
void
host_ctrl_close(struct host_ctrl *h)
{
	for (unsigned i = 0; i < h->nio; i++)
		host_queue_free(h->io[i]);
	free(h->io);
	host_queue_free(h->admin);
	h->io = NULL;
	h->admin = NULL;
	h->nio = 0;
}
