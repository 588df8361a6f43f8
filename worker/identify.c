/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify: which structure (CNS) for which namespace, controller and command set. A structure is
 * built zeroed and whole, then cut to what the host asked for: nothing of our memory is ever in it.
 * A CNS that is not in the table is an Invalid Field: NVM sets (04h), virtualization (14h, 15h),
 * granularities (16h), UUIDs (17h) and domains (18h) are capabilities that we do not have.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define CNTID(cdw10) ((cdw10) >> 16)
#define CNTID_THIS 0xffffu		/* the one that is asked */
#define CSI(cdw11) ((cdw11) >> 24)

static void
fill_ns(const struct slot *s, void *page)
{
	const struct ns *ns = ns_find(s->qp->lane->ns, s->cmd.nsid);

	if (ns != NULL)
		identify_ns(ns, page);
}

static void
fill_ns_descs(const struct slot *s, void *page)
{
	const struct ns *ns = ns_find(s->qp->lane->ns, s->cmd.nsid);

	if (ns != NULL)
		identify_ns_descs(ns, page);
}

static void
fill_ns_independent(const struct slot *s, void *page)
{
	const struct ns *ns = ns_find(s->qp->lane->ns, s->cmd.nsid);

	if (ns != NULL)
		identify_ns_independent(ns, page);
}

/* CNS 05h: no protection information; CNS 19h: no endurance groups. */
static void
fill_nothing(const struct slot *s, void *page)
{
	(void)s;
	(void)page;
}

/* What the NSID may be. */
enum nsid_rule {
	NSID_IGNORED,
	NSID_VALID,		/* 1 to NN; one that is not there gives a structure of zeros */
	NSID_ACTIVE,
	NSID_BEFORE,		/* where a list begins, not included */
	NSID_ONE,		/* as NSID_VALID, but "all" is an Invalid Field */
};

#define F_CSI		0x1u	/* CSI selects; ours is 0 (NVM) */
#define F_DISCOVERY	0x2u
#define F_THIS		0x4u	/* CNTID names this controller */

/* Allocated namespaces are those that this host may see: for it there are no others, and all of
 * them are attached. */
static const struct cns {
	uint8_t cns;
	enum nsid_rule nsid;
	unsigned flags;
	void (*fill)(const struct slot *, void *page);
} table[] = {
	{ NVME_CNS_NS, NSID_VALID, 0, fill_ns },
	{ NVME_CNS_CTRL, NSID_IGNORED, F_DISCOVERY, identify_ctrl },
	{ NVME_CNS_ACTIVE_NS_LIST, NSID_BEFORE, 0, identify_ns_list },
	{ NVME_CNS_NS_DESC_LIST, NSID_ACTIVE, 0, fill_ns_descs },
	{ NVME_CNS_CSI_NS, NSID_VALID, F_CSI, fill_nothing },
	{ NVME_CNS_CSI_CTRL, NSID_IGNORED, F_CSI, identify_ctrl_nvm },
	{ NVME_CNS_CSI_ACTIVE_NS_LIST, NSID_BEFORE, F_CSI, identify_ns_list },
	{ NVME_CNS_INDEPENDENT_NS, NSID_VALID, 0, fill_ns_independent },
	{ NVME_CNS_ALLOCATED_NS_LIST, NSID_BEFORE, 0, identify_ns_list },
	{ NVME_CNS_ALLOCATED_NS, NSID_VALID, 0, fill_ns },
	{ NVME_CNS_NS_CTRL_LIST, NSID_ONE, 0, identify_ns_ctrl_list },
	{ NVME_CNS_CTRL_LIST, NSID_IGNORED, 0, identify_ctrl_list },
	{ NVME_CNS_ENDURANCE_GROUP_LIST, NSID_IGNORED, 0, fill_nothing },
	{ NVME_CNS_IO_COMMAND_SETS, NSID_IGNORED, F_THIS, identify_command_sets },
};

static const struct cns *
find_cns(const struct slot *s)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].cns == (s->cmd.cdw10 & 0xff) &&
		    ((table[i].flags & F_DISCOVERY) != 0 || !s->qp->ctrl->admit.discovery))
			return (&table[i]);
	return (NULL);
}

static bool
nsid_ok(const struct controller *c, enum nsid_rule rule, uint32_t nsid)
{
	switch (rule) {
	case NSID_VALID:
	case NSID_ONE:
		return (nsid >= 1 && nsid <= c->admit.nn);
	case NSID_ACTIVE:
		return (ns_find(c->lane->ns, nsid) != NULL);
	case NSID_BEFORE:
		return (nsid < NVME_NSID_ALL - 1);
	case NSID_IGNORED:
		break;
	}
	return (true);
}

static uint16_t
check_fields(struct slot *s, const struct cns *cns)
{
	const struct controller *c = s->qp->ctrl;
	uint32_t cntid = CNTID(s->cmd.cdw10);

	if (cns->nsid == NSID_ONE && s->cmd.nsid == NVME_NSID_ALL)
		return (slot_bad_field(s, 4, 0));
	if (!nsid_ok(c, cns->nsid, s->cmd.nsid))
		return (NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	if ((cns->flags & F_THIS) != 0 && cntid != CNTID_THIS && cntid != c->admit.cntlid)
		return (slot_bad_field(s, 42, 0));
	if ((cns->flags & F_CSI) != 0 && CSI(s->cmd.cdw11) != NVME_CSI_NVM)
		return (slot_bad_field(s, 47, 0));
	return (0);
}

uint16_t
identify_prepare(struct slot *s)
{
	const struct cns *cns = find_cns(s);
	uint16_t status;

	if (cns == NULL)
		return (slot_bad_field(s, 40, 0));
	if ((status = check_fields(s, cns)) != 0)
		return (status);
	s->len_out = s->cmd.sgl_len < NVME_IDENTIFY_BYTES ? s->cmd.sgl_len : NVME_IDENTIFY_BYTES;
	return (0);
}

void
identify_execute(struct slot *s)
{
	uint8_t page[NVME_IDENTIFY_BYTES] = { 0 };

	find_cns(s)->fill(s, page);
	if (s->len_out > 0)
		memcpy(s->buf, page, s->len_out);
	slot_done_data(s, s->len_out);
}
