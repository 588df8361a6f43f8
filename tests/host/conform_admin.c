/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other admin commands: Abort, Keep Alive, and the opcodes that this controller must not have
 * or does not have. NVMe Base 2.0 chapter 5.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

#define MEMORY "Base 2.0, 5.4 to 5.7: not on fabrics"
#define ABSENT "Base 2.0, 5: an opcode that is not supported"
#define NO(name, opcode) { name, ABSENT, DNR(ST_OPCODE), .opc = (opcode) }

/* Bit 0 of DW0: 1, the command was not aborted. */
static const char *
check_not_aborted(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (c->cmd.dw0 == 1 ? NULL : "it says that something was aborted");
}

/* Abort of an Asynchronous Event Request: it is answered, and DW0 says so. */
static int
abort_event(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *aer = &c->other[0];

	(void)r;
	host_fill(aer, OPC_AER, 0, HOST_NODATA, NULL, 0);
	if (conf_send(c, c->q, aer) == -1)
		return (-1);
	host_fill_abort(&c->cmd, 0, aer->cid);
	if (conf_exec(c, c->q, &c->cmd) == -1)
		return (-1);
	if (c->cmd.dw0 != 0)
		return (conf_fail(c, "an event request was not aborted"));
	if (conf_wait(c, c->q, aer) == -1)
		return (-1);
	return ((aer->status & ST_SC_MASK) == ST_ABORTED ? 0 :
	    conf_fail(c, "what was aborted was answered with %#x", aer->status));
}

/* The data that a write's first R2T asked for, in one piece. */
static int
answer_r2t(struct conf *c, struct host_queue *q, struct host_cmd *cmd)
{
	const struct host_r2t *r = &cmd->r2t[0];
	struct host_tx *tx = host_conn_slot(&q->conn);

	if (tx == NULL || cmd->complete)
		return (0);
	memset(tx->hdr, 0, SPEC_DATA_LEN);
	tx->hdr[CH_TYPE] = SPEC_H2CDATA;
	tx->hdr[CH_FLAGS] = SPEC_F_LAST;
	put16(tx->hdr, DATA_CCCID, cmd->cid);
	put16(tx->hdr, DATA_TTAG, r->ttag);
	put32(tx->hdr, DATA_OFFSET, r->offset);
	put32(tx->hdr, DATA_LENGTH, r->len);
	host_conn_queue(&q->conn, tx, SPEC_DATA_LEN, (uint8_t *)cmd->buf + r->offset, r->len);
	return (host_conn_send(&q->conn) == -1 ? conf_fail(c, "%s", q->conn.error.text) : 0);
}

/* Abort of a write that waits for its data, which comes if it is not answered before. */
static int
abort_write(struct conf *c, const struct conf_row *r)
{
	struct host_queue *io = c->ctrl.io[0];
	struct host_cmd *write = &c->other[0];

	(void)r;
	host_fill_write(write, N_RAM, 0, 8, c->buf, 4096);
	write->flags = HOST_F_NO_ICD | HOST_F_HOLD;
	if (conf_send(c, io, write) == -1)
		return (-1);
	for (int i = 0; i < 100 && write->r2t_count == 0; i++)
		if (host_queue_wait(&io, 1, 100) == -1)
			return (conf_fail(c, "%s", io->conn.error.text));
	host_fill_abort(&c->cmd, 1, write->cid);
	if (conf_exec(c, c->ctrl.admin, &c->cmd) == -1)
		return (-1);
	for (int i = 0; i < 3 && !write->complete; i++)
		host_queue_wait(&io, 1, 100);
	if (answer_r2t(c, io, write) == -1 || conf_wait(c, io, write) == -1)
		return (-1);
	if (c->cmd.dw0 != 0)
		return (0);		/* permitted: it was not aborted */
	return ((write->status & ST_SC_MASK) == ST_ABORTED ? 0 :
	    conf_fail(c, "what was aborted was answered with %#x", write->status));
}

static const struct conf_row rows[] = {
	{ "keep-alive", "Base 2.0, 5.18", 0, .opc = OPC_KEEP_ALIVE },
	{ "keep-alive-reserved", "Base 2.0, 1.4: reserved bits", 0, { DNR(ST_FIELD) },
	    .opc = OPC_KEEP_ALIVE, .cdw10 = 0xffffffff, .cdw15 = 0xffffffff },
	{ "abort-unknown", "Base 2.0, 5.1", 0, .check = check_not_aborted, .opc = OPC_ABORT,
	    .cdw10 = 0x7777u << 16 },
	{ "abort-unknown-io", "Base 2.0, 5.1", 0, .check = check_not_aborted, .opc = OPC_ABORT,
	    .cdw10 = 0x7777u << 16 | 1, .place = P_IO, .flags = C_ADMIN },
	{ "abort-no-queue", "Base 2.0, 5.1", 0, { DNR(ST_FIELD) }, .check = check_not_aborted,
	    .opc = OPC_ABORT, .cdw10 = 0xffff },
	{ "abort-event", "Base 2.0, 5.1", 0, .run = abort_event, .opc = OPC_ABORT },
	{ "abort-write", "Base 2.0, 5.1", 0, .run = abort_write, .opc = OPC_ABORT, .place = P_IO,
	    .flags = C_FRESH | C_GONE },
	{ "delete-sq", MEMORY, DNR(ST_OPCODE), .opc = 0x00 },
	{ "create-sq", MEMORY, DNR(ST_OPCODE), .opc = 0x01 },
	{ "delete-cq", MEMORY, DNR(ST_OPCODE), .opc = 0x04 },
	{ "create-cq", MEMORY, DNR(ST_OPCODE), .opc = 0x05 },
	NO("firmware-commit", 0x10), NO("firmware-download", 0x11), NO("self-test", 0x14),
	NO("directive-send", 0x19), NO("directive-receive", 0x1a), NO("virtualization", 0x1c),
	NO("mi-send", 0x1d), NO("mi-receive", 0x1e), NO("capacity", 0x20), NO("lockdown", 0x24),
	NO("doorbell", 0x7c), NO("format", 0x80), NO("security-send", 0x81),
	NO("security-receive", 0x82), NO("sanitize", 0x84), NO("lba-status", 0x86),
	NO("reserved-03", 0x03), NO("reserved-07", 0x07), NO("reserved-0b", 0x0b),
	NO("reserved-3f", 0x3f), NO("vendor-c0", 0xc0), NO("vendor-fc", 0xfc),
	NO("vendor-ff", 0xff),
};

CONF_TABLE(admin, "Base 2.0, 5", "Other admin commands", false);
