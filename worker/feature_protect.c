/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feature 84h, Namespace Write Protection Config: whether a namespace may be written, for all hosts.
 * The broker keeps the state and decides; it asks every controller to finish its writes first. What
 * they have written is made durable here, before the host that protects it has its answer. Of the
 * states, "until power cycle" and "permanent" are not offered.
 */
#include "config.h"

#include "worker/worker.h"

#define WPS_MASK 0x7u

uint8_t
protect_offered(const struct controller *c)
{
	struct ns_table *table = c->lane->ns;
	uint32_t nwpc = 0;

	for (const struct ns *ns = ns_after(table, 0); ns != NULL;
	    ns = ns_after(table, ns->id.nsid))
		nwpc |= ns->id.nwpc;
	return ((uint8_t)(nwpc & NVME_NWPC_WRITE_PROTECT));
}

static bool
is_offered(const struct controller *c)
{
	return (protect_offered(c) != 0);
}

static uint64_t
protect_get(struct slot *s, bool now)
{
	const struct ns *ns = slot_ns(s);

	return (now && ns != NULL && ns->id.wprotect ? NVME_WPS_WRITE_PROTECT : NVME_WPS_NONE);
}

/* One that its host may only read stays as it is. */
static uint16_t
protect_check(struct slot *s)
{
	const struct ns_table *table = s->qp->ctrl->lane->ns;

	if ((s->cmd.cdw11 & WPS_MASK) > NVME_WPS_WRITE_PROTECT)
		return (slot_bad_field(s, 44, 0));
	for (const struct ns *ns = ns_after(table, 0); ns != NULL; ns = ns_after(table, ns->id.nsid))
		if ((s->cmd.nsid == NVME_NSID_ALL || s->cmd.nsid == ns->id.nsid) &&
		    ns->id.nwpc == 0)
			return (NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
	return (0);
}

const struct feature feature_protect = {
	.fid = NVME_FID_NS_WRITE_PROTECTION, .can = FEATURE_NS | FEATURE_CHANGEABLE,
	.bits = WPS_MASK, .is_there = is_offered, .get = protect_get, .check_set = protect_check,
	.set = resv_set,
};

/* ---- what was written before ---- */

bool
protect_needs_flush(const struct slot *s)
{
	return (s->qp->qid == 0 && (s->cmd.cdw10 & 0xff) == NVME_FID_NS_WRITE_PROTECTION &&
	    (s->cmd.cdw11 & WPS_MASK) == NVME_WPS_WRITE_PROTECT);
}

static void
flushed(struct eng_op *op)
{
	struct controller *c = op->arg;
	uint16_t status = ns_status(op->verb, ns_flush_error(op));

	ns_unpin(c->lane, c->resv.flushing);
	c->resv.flushing = NULL;
	resv_protected(c, status);
}

/* Not by the slot's operation: that could be taken back, and the slot with it. */
void
protect_flush(struct controller *c, uint32_t nsid)
{
	struct ns *ns = ns_find(c->lane->ns, nsid);

	if (ns == NULL || !ns_has_to_flush(ns)) {	/* taken from this host meanwhile */
		resv_protected(c, 0);
		return;
	}
	c->resv.flushing = ns;
	ns_pin(c->lane, ns);
	ns_flush_op(&c->resv.flush, ns);
	c->resv.flush.done = flushed;
	c->resv.flush.arg = c;
	lane_submit(c->lane, &c->resv.flush);
}
