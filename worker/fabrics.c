/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fabrics commands on a queue that is connected: a table by FCTYPE. The Connect that made the queue
 * was the greeter's; another one is an error, and authentication is not offered.
 */
#include "config.h"

#include "worker/worker.h"

static unsigned
property_size(const struct cmd *cmd)
{
	switch (cmd->cdw10 & NVME_PROP_SIZE_MASK) {
	case NVME_PROP_SIZE_4:
		return (4);
	case NVME_PROP_SIZE_8:
		return (8);
	default:
		return (0);
	}
}

static uint16_t
property_get_prepare(struct slot *s)
{
	uint64_t value;

	return (ctrl_property_get(s->qp->ctrl, s->cmd.cdw11, property_size(&s->cmd), &value));
}

static void
property_get_execute(struct slot *s)
{
	slot_done(s, ctrl_property_get(s->qp->ctrl, s->cmd.cdw11, property_size(&s->cmd),
	    &s->result));
}

static uint16_t
nothing_prepare(struct slot *s)
{
	(void)s;
	return (0);
}

static void
property_set_execute(struct slot *s)
{
	uint64_t value = (uint64_t)s->cmd.cdw13 << 32 | s->cmd.cdw12;

	slot_done(s, ctrl_property_set(s->qp->ctrl, s->cmd.cdw11, property_size(&s->cmd), value));
}

static uint16_t
connect_prepare(struct slot *s)
{
	(void)s;
	return (NVME_SC_COMMAND_SEQUENCE_ERROR | NVME_SC_DNR);
}

static uint16_t
disconnect_prepare(struct slot *s)
{
	if ((s->cmd.cdw10 & 0xffff) != 0)	/* RECFMT */
		return (NVME_SC_CONNECT_INCOMPATIBLE_FORMAT | NVME_SC_DNR);
	if (s->qp->qid == 0)
		return (NVME_SC_INVALID_QUEUE_TYPE | NVME_SC_DNR);
	return (0);
}

/* The queue is closed when the answer has left. */
static void
disconnect_execute(struct slot *s)
{
	s->qp->disconnect = true;
	slot_done(s, 0);
}

#define EVER (RULE_DISABLED | RULE_DISCOVERY)

static const struct rule {
	struct cmd_rule rule;
	bool io;		/* on I/O queues too */
} rules[] = {
	{ { NVMF_PROPERTY_SET, "Property Set", nothing_prepare, property_set_execute, EVER },
	    false },
	{ { NVMF_CONNECT, "Connect", connect_prepare, NULL, EVER }, true },
	{ { NVMF_PROPERTY_GET, "Property Get", property_get_prepare, property_get_execute, EVER },
	    false },
	/* not on a discovery controller (NVMe Base, Discovery controller) */
	{ { NVMF_DISCONNECT, "Disconnect", disconnect_prepare, disconnect_execute,
	    RULE_DISABLED }, true },
};

const struct cmd_rule *
fabrics_rule(const struct qpair *qp, uint8_t fctype)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].rule.opc == fctype && (qp->qid == 0 || rules[i].io))
			return (&rules[i].rule);
	return (NULL);
}
