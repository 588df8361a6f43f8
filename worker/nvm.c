/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NVM command set: a table by opcode, and what its rooms (nvm_*.c) share. Everything that can be
 * wrong with a command is found before its data is asked for. A command has one engine operation
 * out at a time, in its slot, so that nothing is allocated for it and it can be taken back between
 * two of them.
 */
#include "config.h"

#include "worker/nvm.h"

uint64_t
nvm_slba(const struct cmd *cmd)
{
	return ((uint64_t)cmd->cdw11 << 32 | cmd->cdw10);
}

uint64_t
nvm_nlb(const struct cmd *cmd)
{
	return ((uint64_t)NVME_RW_NLB0(cmd->cdw12) + 1);
}

struct ns *
nvm_ns(const struct slot *s)
{
	return (slot_ns(s));
}

void
nvm_submit(struct slot *s, void (*done)(struct eng_op *))
{
	s->op.done = done;
	s->op.arg = s;
	lane_submit(s->qp->lane, &s->op);
}

bool
nvm_is_given_up(struct slot *s)
{
	if (nvm_is_ending(s) == 0)
		return (false);
	slot_done(s, NVME_SC_ABORT_REQUESTED);
	return (true);
}

uint16_t
nvm_op_status(const struct slot *s)
{
	return (ns_status(s->op.verb, s->op.error));
}

uint16_t
nvm_access(const struct slot *s, uint32_t nsid, const struct ns *ns, bool writes)
{
	if (ns == NULL)
		return (ctrl_no_ns(s->qp->ctrl, nsid));
	if (writes && ns_is_protected(ns))
		return (NVME_SC_NS_WRITE_PROTECTED | NVME_SC_DNR);
	return (0);
}

uint16_t
nvm_prepare_range(const struct slot *s, const struct ns *ns, bool writes, uint64_t *len)
{
	uint64_t nlb = nvm_nlb(&s->cmd);
	uint16_t status = nvm_access(s, s->cmd.nsid, ns, writes);

	if (status != 0)
		return (status);
	*len = nlb << ns->lbads;
	return (ns_check_range(ns, nvm_slba(&s->cmd), nlb));
}

uint16_t
nvm_prepare_transfer(const struct slot *s, const struct ns *ns, bool writes, uint32_t *len)
{
	uint64_t bytes;
	uint16_t status = nvm_prepare_range(s, ns, writes, &bytes);

	if (status != 0)
		return (status);
	if (bytes > s->qp->ctrl->hello.max_transfer)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (bytes != s->cmd.sgl_len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	*len = (uint32_t)bytes;
	return (0);
}

void
nvm_range_op(struct slot *s, enum eng_verb verb, uint64_t len)
{
	const struct ns *ns = nvm_ns(s);

	ns_op(&s->op, ns, verb);
	s->op.buf = s->buf;
	s->op.offset = nvm_slba(&s->cmd) << ns->lbads;
	s->op.len = len;
	s->op.fua = nvm_durable(s);
}

void
nvm_bounce_op(struct slot *s, const struct ns *ns, enum eng_verb verb, uint64_t offset, uint64_t len)
{
	ns_op(&s->op, ns, verb);
	s->op.buf = s->bounce;
	s->op.offset = offset;
	s->op.len = len;
}

bool
nvm_durable(const struct slot *s)
{
	return (nvm_fua(s) || cache_is_off(s->qp->lane));
}

uint16_t
nvm_is_ending(const struct slot *s)
{
	return (s->qp->state == QP_LIVE && !s->aborted ? 0 : NVME_SC_ABORT_REQUESTED);
}

/* ---- reading with FUA ---- */

/* What failed to reach the medium was written by somebody who has to know: the next flush says so. */
static void
settle_done(struct eng_op *op)
{
	struct slot *s = op->arg;

	if (op->error != 0)
		ns_durable_failed(op);
	s->go_on(s, op->error != 0 ? ns_status(ENG_READ, op->error) : nvm_is_ending(s));
}

void
nvm_settle(struct slot *s, void (*go_on)(struct slot *, uint16_t))
{
	const struct ns *ns = nvm_ns(s);

	if (!nvm_fua(s) || ns->id.ram || (ns->id.direct && !ns->id.volatile_cache)) {
		go_on(s, 0);
		return;
	}
	s->go_on = go_on;
	ns_flush_op(&s->op, ns);
	nvm_submit(s, settle_done);
}

/* ---- the table ---- */

static const struct cmd_rule rules[] = {
	{ NVME_NVM_FLUSH, "Flush", nvm_flush_prepare, nvm_flush_execute, RULE_WRITES },
	{ NVME_NVM_WRITE, "Write", nvm_write_prepare, nvm_write_execute,
	    RULE_CHANGES | RULE_WRITES },
	{ NVME_NVM_READ, "Read", nvm_read_prepare, nvm_read_execute, RULE_READS },
	{ NVME_NVM_COMPARE, "Compare", nvm_compare_prepare, nvm_compare_execute, RULE_READS },
	{ NVME_NVM_WRITE_ZEROES, "Write Zeroes", nvm_zero_prepare, nvm_zero_execute,
	    RULE_CHANGES | RULE_WRITES },
	{ NVME_NVM_DATASET_MANAGEMENT, "Dataset Management", nvm_dsm_prepare,
	    nvm_dsm_execute, RULE_CHANGES | RULE_WRITES },
	{ NVME_NVM_VERIFY, "Verify", nvm_verify_prepare, nvm_verify_execute, RULE_READS },
	{ NVME_NVM_COPY, "Copy", nvm_copy_prepare, nvm_copy_execute,
	    RULE_CHANGES | RULE_READS | RULE_WRITES },
	{ NVME_NVM_RESERVATION_REGISTER, "Reservation Register", resv_register_prepare, resv_execute,
	    0 },
	{ NVME_NVM_RESERVATION_REPORT, "Reservation Report", resv_report_prepare, resv_execute, 0 },
	{ NVME_NVM_RESERVATION_ACQUIRE, "Reservation Acquire", resv_register_prepare, resv_execute,
	    0 },
	{ NVME_NVM_RESERVATION_RELEASE, "Reservation Release", resv_release_prepare, resv_execute,
	    0 },
};

const struct cmd_rule *
nvm_rule(uint8_t opc)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].opc == opc)
			return (&rules[i]);
	return (NULL);
}

/* Dataset Management where nothing can be deallocated would be a lie: hosts send it for nothing. */
bool
nvm_is_offered(const struct ns_table *table, uint8_t opc)
{
	return (nvm_rule(opc) != NULL &&
	    (opc != NVME_NVM_DATASET_MANAGEMENT || nvm_limits(table).dmrl != 0));
}
