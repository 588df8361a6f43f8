/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify, the lists: namespaces, controllers, combinations of command sets. Of controllers this
 * one is the only one that is listed: which other hosts are connected is no host's business, and a
 * worker does not even know. A host has no use for the list, since Namespace Attachment, which
 * takes one, is not offered.
 */
#include "config.h"

#include "worker/worker.h"

#define COMMAND_SET_NVM 0x1u		/* CNS 1Ch: bit 0 */

void
identify_ns_list(const struct slot *s, void *page)
{
	struct ns_table *table = s->qp->lane->ns;
	struct nvme_ns_list *list = page;
	const struct ns *ns = ns_after(table, s->cmd.nsid);

	for (unsigned i = 0; ns != NULL && i < sizeof(list->nsid) / sizeof(list->nsid[0]); i++) {
		list->nsid[i] = le32(ns->id.nsid);
		ns = ns_after(table, ns->id.nsid);
	}
}

/* From CNTID on, inclusive. */
void
identify_ctrl_list(const struct slot *s, void *page)
{
	struct nvme_ctrl_list *list = page;
	uint16_t cntlid = s->qp->ctrl->admit.cntlid;

	if (cntlid < s->cmd.cdw10 >> 16)
		return;
	list->num = le16(1);
	list->id[0] = le16(cntlid);
}

/* Those that the namespace is attached to. */
void
identify_ns_ctrl_list(const struct slot *s, void *page)
{
	if (ns_find(s->qp->lane->ns, s->cmd.nsid) != NULL)
		identify_ctrl_list(s, page);
}

void
identify_command_sets(const struct slot *s, void *page)
{
	struct nvme_io_command_sets *sets = page;

	(void)s;
	sets->vector[0] = le64(COMMAND_SET_NVM);
}
