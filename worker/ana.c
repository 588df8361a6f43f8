/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asymmetric Namespace Access as a host sees it: log page 0Ch, its event, and what Identify says.
 * Groups and states are in the rows of namespaces, as the broker told them; a group without a
 * namespace here is not shown. What commands are answered is in ns.c.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

/* Each namespace is of one group. */
#define PAGE_MAX (sizeof(struct nvme_ana_header) + \
	    IPC_MAX_NS * (sizeof(struct nvme_ana_group) + sizeof(struct le32)))

/* A namespace that comes or goes changes the log and nothing that its host does not know. */
void
ana_told(struct controller *c, const struct ns *old, const struct ns *new)
{
	bool both = old != NULL && new != NULL;

	if (both && old->id.ana_group == new->id.ana_group &&
	    old->id.ana_state == new->id.ana_state && old->id.ana_count == new->id.ana_count)
		return;
	c->ana_changes++;
	if (both && ctrl_enabled(c))
		aer_event(c, AER_EVENT_ANA);
}

bool
ana_is_offered(const struct controller *c)
{
	return (c->admit.anatt != 0);
}

void
ana_identify(const struct controller *c, struct nvme_id_ctrl *id)
{
	if (!ana_is_offered(c))
		return;
	id->cmic |= NVME_CMIC_ANA;
	id->anatt = c->admit.anatt;
	id->anacap = NVME_ANACAP_STATES;
	id->anagrpmax = id->nanagrpid = le32(c->admit.ana_groups);
	id->mnan = le32(c->admit.nn < IPC_MAX_NS ? c->admit.nn : IPC_MAX_NS);
}

/* ---- log page 0Ch ---- */

/* The next larger group id, or 0. */
static uint32_t
group_after(const struct ns_table *t, uint32_t group)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t g = t->at[i].ns->id.ana_group;

		if (g > group && (next == 0 || g < next))
			next = g;
	}
	return (next);
}

/* The rows of a group are told one by one: the newest of them has its state. */
static const struct ns *
newest_of(const struct ns_table *t, uint32_t group)
{
	const struct ns *newest = NULL;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct ns *ns = t->at[i].ns;

		if (ns->id.ana_group == group &&
		    (newest == NULL || ns->id.ana_count > newest->id.ana_count))
			newest = ns;
	}
	return (newest);
}

/* Returns how many. */
static uint32_t
list_nsids(const struct ns_table *t, uint32_t group, uint8_t *to)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		struct le32 nsid = le32(t->at[i].nsid);

		if (t->at[i].ns->id.ana_group != group)
			continue;
		memcpy(to + n * sizeof(nsid), &nsid, sizeof(nsid));
		n++;
	}
	return (n);
}

/* RGO: without NSIDs. */
static const uint8_t *
view(struct slot *s, uint64_t *size)
{
	static uint8_t page[PAGE_MAX];
	const struct controller *c = s->qp->ctrl;
	const struct ns_table *t = c->lane->ns;
	bool groups_only = (s->cmd.cdw10 & NVME_ANA_RGO) != 0;
	struct nvme_ana_header head = { .chgcnt = le64(c->ana_changes) };
	uint8_t *to = page + sizeof(head);
	uint16_t n = 0;

	for (uint32_t g = 0; (g = group_after(t, g)) != 0; n++) {
		const struct ns *ns = newest_of(t, g);
		struct nvme_ana_group group = { .grpid = le32(g),
		    .chgcnt = le64(ns->id.ana_count), .state = (uint8_t)ns->id.ana_state };
		uint8_t *list = to + sizeof(group);
		uint32_t nnsids = groups_only ? 0 : list_nsids(t, g, list);

		group.nnsids = le32(nnsids);
		memcpy(to, &group, sizeof(group));
		to = list + nnsids * sizeof(struct le32);
	}
	head.ngrps = le16(n);
	memcpy(page, &head, sizeof(head));
	*size = (uint64_t)(to - page);
	return (page);
}

const struct log log_ana = {
	.lid = NVME_LID_ANA, .where = LOG_IO, .is_there = ana_is_offered, .view = view,
};
