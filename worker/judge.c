/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be said of a command before it is executed: when it comes, and again when the namespaces
 * have changed while it waited for its data. Has no side effect but on the slot.
 */
#include "config.h"

#include "worker/worker.h"

static const struct cmd_rule *
find_rule(const struct qpair *qp, const struct cmd *cmd)
{
	if (cmd->opc == NVME_OPC_FABRICS)
		return (fabrics_rule(qp, cmd->fctype));
	return (qp->qid == 0 ? admin_rule(cmd->opc) : nvm_rule(cmd->opc));
}

/* By what its rule and the namespaces of now say. 0 or a status. */
static uint16_t
judge_rule(struct slot *s)
{
	const struct ns_table *table = s->qp->lane->ns;
	const struct ns *ns;
	uint16_t status;

	s->version = table->version;
	s->len_in = s->len_out = 0;
	s->src = NULL;
	s->in_place = false;
	if (table->unreachable != 0 && s->qp->qid != 0 &&
	    (ns = ns_find(table, s->cmd.nsid)) != NULL && (status = ns_reach(ns)) != 0)
		return (status);
	if (table->restricted && resv_forbids(s))
		return (NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR);
	return (s->rule->prepare(s));
}

uint16_t
slot_judge(struct slot *s, bool duplicate, uint32_t icd)
{
	const struct qpair *qp = s->qp;
	const struct controller *ctrl = qp->ctrl;
	uint16_t status;

	if (duplicate)
		return (NVME_SC_COMMAND_ID_CONFLICT | NVME_SC_DNR);
	if ((s->rule = find_rule(qp, &s->cmd)) == NULL)
		return (NVME_SC_INVALID_OPCODE | NVME_SC_DNR);
	if (ctrl->admit.discovery && (s->rule->flags & RULE_DISCOVERY) == 0)
		return (NVME_SC_INVALID_OPCODE | NVME_SC_DNR);
	/* an I/O queue does not outlive the enabled state: its lane is told to close it */
	if (qp->qid == 0 && !ctrl_enabled(ctrl) && (s->rule->flags & RULE_DISABLED) == 0)
		return (NVME_SC_COMMAND_SEQUENCE_ERROR);
	if (s->cmd.fuse != 0 && (status = fused_check(s)) != 0)
		return (status);
	status = sqe_check_sgl(&s->cmd, icd, conn_params(qp->conn)->max_icd);
	if (status != 0)
		return (status);
	if ((status = judge_rule(s)) != 0)
		return (status);
	/* in-capsule data that the command has no use for */
	if (icd != 0 && icd != s->len_in)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	return (0);
}

/* The namespaces have changed since. What was made ready for the command must still do. */
static uint16_t
judge_again(struct slot *s)
{
	uint32_t len_in = s->len_in, len_out = s->len_out;
	uint16_t status = judge_rule(s);

	if (status != 0)
		return (status);
	if (s->len_in != len_in || s->len_out != len_out ||
	    (len_out > 0 && s->buf == NULL && s->src == NULL) ||
	    (s->buf != NULL && s->pool == NULL && !s->in_place))
		return (NVME_SC_COMMAND_INTERRUPTED);
	return (0);
}

bool
slot_begin(struct slot *s)
{
	const struct lane *lane = s->qp->lane;
	uint16_t status;

	if (s->version != lane->ns->version && (status = judge_again(s)) != 0) {
		slot_done(s, status);
		return (false);
	}
	slot_hold(s, ns_find(lane->ns, s->cmd.nsid));
	return (true);
}
