/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQEs from the fields of a row, and the steps that rows of several tables are made of.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/conform.h"

int
conf_fail(struct conf *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return (-1);
}

static uint32_t
nsid_of(const struct conf *c, uint32_t nsid)
{
	return (nsid == N_ZERO ? 0 : nsid == N_AFTER ? c->nn + 1 : nsid);
}

/* Geometry of the row's namespace; where it has none, that of the first one. */
const struct host_ns *
conf_ns(const struct conf *c, const struct conf_row *r)
{
	return (&c->ns[r->nsid < N_MAX && c->ns[r->nsid].block != 0 ? r->nsid : N_RAM]);
}

static void
patch(uint8_t *sqe, const struct conf_patch *p)
{
	if (p->width == 1)
		sqe[p->at] = (uint8_t)p->value;
	else if (p->width == 2)
		put16(sqe, p->at, (uint16_t)p->value);
	else if (p->width == 4)
		put32(sqe, p->at, (uint32_t)p->value);
	else if (p->width == 8)
		put64(sqe, p->at, p->value);
}

/* The library would fill in flags and SGL, so that it is done here where a row changes them. */
static void
own_sgl(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *cmd = &c->cmd;
	bool icd = cmd->dir == HOST_TO_TARGET && cmd->len > 0 && !(r->flags & C_NO_ICD) &&
	    cmd->len <= c->q->icd_max;

	cmd->flags |= HOST_F_SGL | (icd ? (unsigned)HOST_F_IN_CAPSULE : 0);
	cmd->sqe[SQE_FLAGS] = SPEC_PSDT_SGL;
	put32(cmd->sqe, SQE_SGL_LEN, cmd->dir == HOST_NODATA ? 0 : cmd->len);
	cmd->sqe[SQE_SGL_TYPE] = icd ? SPEC_SGL_ICD : SPEC_SGL_TRANSPORT;
	patch(cmd->sqe, &r->patch);
}

/* c->cmd from the row, its data c->buf. */
void
conf_fill(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *cmd = &c->cmd;

	host_fill(cmd, r->opc, nsid_of(c, r->nsid), r->dir, c->buf, r->len);
	put32(cmd->sqe, SQE_CDW10, r->cdw10);
	put32(cmd->sqe, SQE_CDW11, r->cdw11);
	put32(cmd->sqe, SQE_CDW12, r->cdw12);
	put32(cmd->sqe, SQE_CDW13, r->cdw13);
	put32(cmd->sqe, SQE_CDW14, r->cdw14);
	put32(cmd->sqe, SQE_CDW15, r->cdw15);
	if (!(r->flags & C_EXACT))
		cmd->flags |= HOST_F_SHORT;
	if (r->flags & C_NO_ICD)
		cmd->flags |= HOST_F_NO_ICD;
	if (r->patch.width != 0)
		own_sgl(c, r);
}

/* Submit and wait; 0 when there is an answer. */
int
conf_exec(struct conf *c, struct host_queue *q, struct host_cmd *cmd)
{
	if (host_queue_exec(q, cmd) == -1)
		return (conf_fail(c, "%s", q->conn.error.text));
	return (0);
}

/* A step that has to succeed. */
int
conf_good(struct conf *c, struct host_queue *q, struct host_cmd *cmd)
{
	if (conf_exec(c, q, cmd) == -1)
		return (-1);
	if (cmd->status != 0)
		return (conf_fail(c, "a good command, opcode %#x: status %#x (%s)",
		    cmd->sqe[SQE_OPC], cmd->status, host_status_name(cmd->status)));
	return (0);
}

int
conf_send(struct conf *c, struct host_queue *q, struct host_cmd *cmd)
{
	if (host_queue_submit(q, cmd) == -1 || host_queue_poll(q) == -1)
		return (conf_fail(c, "%s", q->conn.error.text));
	return (0);
}

int
conf_wait(struct conf *c, struct host_queue *q, const struct host_cmd *cmd)
{
	int64_t deadline = host_now_ms() + q->conn.timeout_ms;

	while (!cmd->complete) {
		if (host_queue_wait(&q, 1, 100) == -1)
			return (conf_fail(c, "%s", q->conn.error.text));
		if (!cmd->complete && host_now_ms() >= deadline)
			return (conf_fail(c, "opcode %#x is not answered", cmd->sqe[SQE_OPC]));
	}
	return (0);
}

/* The row as it is. */
int
conf_plain(struct conf *c, const struct conf_row *r)
{
	conf_fill(c, r);
	return (conf_exec(c, c->q, &c->cmd));
}

/* A command with SLBA and NLB (0's based in the SQE), and data for as many blocks. */
int
conf_range(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = *r;
	const struct host_ns *ns;
	uint64_t slba = r->slba;

	if (full.nsid == 0)
		full.nsid = N_RAM;
	ns = conf_ns(c, &full);
	if (r->flags & C_END)
		slba += ns->nlbas;
	if (full.nlb == 0)
		full.nlb = 1;
	full.cdw10 = (uint32_t)slba;
	full.cdw11 = (uint32_t)(slba >> 32);
	full.cdw12 |= full.nlb - 1;
	full.flags |= r->flags & C_LEN ? 0u : (unsigned)C_EXACT;
	if (!(r->flags & C_LEN))
		full.len = full.nlb * ns->block;
	conf_fill(c, &full);
	return (conf_exec(c, c->q, &c->cmd));
}

/* Good commands whose data is in c->buf afterwards. */
int
conf_identify(struct conf *c, uint8_t cns, uint32_t nsid)
{
	host_fill_identify(&c->cmd, cns, nsid, c->buf, SPEC_IDENTIFY_LEN);
	return (conf_good(c, c->ctrl.admin, &c->cmd));
}

int
conf_log(struct conf *c, uint8_t lid, uint32_t len)
{
	host_fill_log(&c->cmd, lid, 0, c->buf, len);
	return (conf_good(c, c->ctrl.admin, &c->cmd));
}

/* c->second, a controller of another host with an I/O queue; it ends with the first one. */
int
conf_second(struct conf *c)
{
	struct host_opts o = c->ctrl.opts;

	if (c->second.admin != NULL)
		return (0);
	o.hostnqn = "nqn.2026-01.example:second-host";
	o.hostid[15] ^= 0xff;
	if (host_ctrl_open(&c->second, &o) == -1 || host_ctrl_open_io(&c->second) == -1)
		return (conf_fail(c, "the second host: %s", c->second.error.text));
	return (0);
}

const char *
conf_is_zero(struct conf *c, const struct conf_row *r)
{
	(void)r;
	for (uint32_t i = 0; i < c->cmd.received; i++)
		if (c->buf[i] != 0)
			return ("it is not all zeros");
	return (NULL);
}
