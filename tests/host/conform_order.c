/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wrong order: commands before CC.EN, after a reset, after a shutdown; identifiers that are in
 * use. NVMe Base 2.0 sections 3.3 to 3.7.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

/* The same CID as a command that waits (an Asynchronous Event Request) on the admin queue. */
static int
same_cid(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *aer = &c->other[0];
	struct host_conn *conn = &c->q->conn;
	struct host_tx *tx;

	(void)r;
	host_fill(aer, OPC_AER, 0, HOST_NODATA, NULL, 0);
	if (conf_send(c, c->q, aer) == -1)
		return (-1);
	host_fill(&c->cmd, OPC_KEEP_ALIVE, 0, HOST_NODATA, NULL, 0);
	if (host_queue_submit(c->q, &c->cmd) == -1)
		return (conf_fail(c, "%s", conn->error.text));
	tx = &conn->tx[(conn->tx_first + conn->tx_count - 1) % HOST_TX_SLOTS];
	put16(tx->hdr + SPEC_CH_LEN, SQE_CID, aer->cid);
	if (conf_wait(c, c->q, aer) == -1)	/* the answer carries that CID */
		return (-1);
	c->cmd.status = aer->status;
	return (0);
}

/* An I/O command when the controller was shut down, or reset: there is no queue for it then, or
 * it is answered that it is out of order. */
static int
after_cc(struct conf *c, const struct conf_row *r)
{
	struct host_queue *q = c->ctrl.io[0];

	if (host_prop_set(c->ctrl.admin, PROP_CC, 4, r->cdw12) == -1)
		return (conf_fail(c, "%s", c->ctrl.admin->conn.error.text));
	host_fill_read(&c->cmd, N_RAM, 0, 1, c->buf, 512);
	if (host_queue_exec(q, &c->cmd) == 0)
		return (0);
	if (q->conn.error.fault != HOST_CLOSED)
		return (conf_fail(c, "%s", q->conn.error.text));
	c->cmd.status = r->want;
	return (0);
}

/* Reset, then an admin command without CC.EN; then everything as new. */
static int
admin_after_reset(struct conf *c, const struct conf_row *r)
{
	uint64_t csts = CSTS_RDY;

	if (host_prop_set(c->ctrl.admin, PROP_CC, 4, CC_SIZES) == -1)
		return (conf_fail(c, "%s", c->ctrl.admin->conn.error.text));
	for (int i = 0; i < 500 && (csts & CSTS_RDY) != 0; i++)
		if (host_prop_get(c->ctrl.admin, PROP_CSTS, 4, &csts) == -1)
			return (conf_fail(c, "%s", c->ctrl.admin->conn.error.text));
	if ((csts & CSTS_RDY) != 0)
		return (conf_fail(c, "CSTS.RDY does not become 0"));
	return (conf_plain(c, r));
}

/* Reset, enable, and Number of Queues again: it may be set once more. */
static int
queues_after_reset(struct conf *c, const struct conf_row *r)
{
	struct conf_row off = { .opc = OPC_IDENTIFY, .cdw10 = 1, .dir = HOST_FROM_TARGET,
		.len = SPEC_IDENTIFY_LEN };

	host_fill_set_feature(&c->other[0], 7, 0);
	if (conf_good(c, c->q, &c->other[0]) == -1 || admin_after_reset(c, &off) == -1)
		return (-1);
	if (host_ctrl_enable(&c->ctrl) == -1)
		return (conf_fail(c, "%s", c->ctrl.error.text));
	return (conf_plain(c, r));
}

#define DISABLED "Base 2.0, 3.5.2: before CC.EN"

static const struct conf_row rows[] = {
	{ "cid-in-use", "Base 2.0, 3.3.3.1: CID", ANY(ST_CID), .run = same_cid,
	    .flags = C_FRESH | C_GONE },
	{ "disabled-abort", DISABLED, ANY(ST_SEQUENCE), .opc = OPC_ABORT, .place = P_DISABLED },
	{ "disabled-event", DISABLED, ANY(ST_SEQUENCE), .opc = OPC_AER, .place = P_DISABLED },
	{ "disabled-keep-alive", "Base 2.0, 3.9: Keep Alive", 0, { ANY(ST_SEQUENCE) },
	    .opc = OPC_KEEP_ALIVE, .place = P_DISABLED },
	{ "disabled-unknown", DISABLED, ANY(ST_SEQUENCE), { DNR(ST_OPCODE) }, .opc = 0xff,
	    .place = P_DISABLED },
	{ "io-after-shutdown", "Base 2.0, 3.6.2", ANY(ST_SEQUENCE), { ANY(ST_ABORTED), ANY(0x008) },
	    .run = after_cc, .opc = OPC_READ, .cdw12 = CC_SIZES | CC_EN | CC_SHN_NORMAL,
	    .place = P_IO, .flags = C_FRESH | C_GONE },
	{ "io-after-reset", "Base 2.0, 3.7.2", ANY(ST_SEQUENCE), { ANY(ST_ABORTED), ANY(0x008) },
	    .run = after_cc, .opc = OPC_READ, .cdw12 = CC_SIZES, .place = P_IO,
	    .flags = C_FRESH | C_GONE },
	{ "admin-after-reset", DISABLED, ANY(ST_SEQUENCE), .run = admin_after_reset,
	    .opc = OPC_IDENTIFY, .cdw10 = 1, .dir = HOST_FROM_TARGET, .len = SPEC_IDENTIFY_LEN,
	    .flags = C_FRESH },
	{ "queues-after-reset", "Base 2.0, 5.27.1.5: again after a reset", 0,
	    .run = queues_after_reset, .opc = OPC_SET_FEATURES, .cdw10 = 7, .flags = C_FRESH },
};

CONF_TABLE(order, "Base 2.0, 3.5", "The order of things", false);
