/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log page 04h: which namespaces changed, came or went since the host read it without RAE. A host
 * that had more changes than the page has room for is told FFFFFFFFh and looks at all of them.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

static void
add(struct changed *list, uint32_t nsid)
{
	uint32_t at = 0;

	if (list->n > CHANGED_MAX)
		return;
	while (at < list->n && list->nsid[at] < nsid)
		at++;
	if (at < list->n && list->nsid[at] == nsid)
		return;
	if (list->n < CHANGED_MAX) {
		memmove(&list->nsid[at + 1], &list->nsid[at],
		    (list->n - at) * sizeof(list->nsid[0]));
		list->nsid[at] = nsid;
	}
	list->n++;
}

void
ns_changed(struct controller *c, uint32_t nsid)
{
	add(&c->changed, nsid);
	aer_event(c, AER_EVENT_NS);
}

/* Would Identify say something else? What a reservation permits is not in it. */
static bool
is_different(const struct ipc_ns *a, const struct ipc_ns *b)
{
	return (a->nlbas != b->nlbas || a->block_size != b->block_size ||
	    a->readonly != b->readonly || a->wprotect != b->wprotect ||
	    a->can_discard != b->can_discard || a->phys_block_size != b->phys_block_size ||
	    a->opt_io_size != b->opt_io_size || a->discard_gran != b->discard_gran);
}

/* A host that has not enabled the controller looks at everything when it does. */
void
ns_told(struct controller *c, const struct ns *old, const struct ns *new)
{
	if (new != NULL && (old == NULL || old->file != new->file)) {
		c->features.tler[new->file] = 0;
		health_begin(c, new->file);
	}
	if (new != NULL)
		health_forget(c, new);
	ana_told(c, old, new);
	if (!ctrl_enabled(c))
		return;
	if (old == NULL || new == NULL || is_different(&old->id, &new->id))
		ns_changed(c, old != NULL ? old->id.nsid : new->id.nsid);
}

static void
fill_changed(struct slot *s, void *page)
{
	const struct changed *list = &s->qp->ctrl->changed;
	struct nvme_ns_list *to = page;

	if (list->n > CHANGED_MAX) {
		to->nsid[0] = le32(NVME_NSID_ALL);
		return;
	}
	for (uint32_t i = 0; i < list->n; i++)
		to->nsid[i] = le32(list->nsid[i]);
}

/* The last part of a page that changed while it was read in parts keeps it: the event, which is
 * still to come, makes the host read it again. */
static void
clear(struct slot *s)
{
	struct controller *c = s->qp->ctrl;

	if (log_offset(s) == 0 || !aer_is_pending(c, AER_EVENT_NS))
		c->changed.n = 0;
}

const struct log log_changed_ns = {
	.lid = NVME_LID_CHANGED_NS, .where = LOG_IO, .size = sizeof(struct nvme_ns_list),
	.fill = fill_changed, .was_read = clear,
};
