/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservation notices: log page 80h, which has the oldest one that was not read, its event, and the
 * features of a namespace's reservations: which notices its host does not want (82h), and whether
 * they survive the loss of power (83h).
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define MASK_BITS 0xeu		/* by type of notice: bits 1 to 3 */

void
resv_notice(struct controller *c, const struct ipc_resv_notice *m)
{
	struct resv *r = &c->resv;
	const struct ns *ns = ns_find(c->lane->ns, m->nsid);

	if (ns == NULL || m->type >= NVME_RESV_NOTICE_MAX || (r->mask[ns->file] & 1u << m->type) != 0)
		return;
	if (r->n == RESV_NOTICES) {
		r->first = (r->first + 1) % RESV_NOTICES;
		r->n--;
	}
	r->notice[(r->first + r->n++) % RESV_NOTICES] = (struct resv_notice){ m->nsid, m->type,
	    ++r->notices };
	aer_event(c, AER_EVENT_RESERVATION);
}

/* ---- 80h ---- */

static void
fill(struct slot *s, void *page)
{
	const struct resv *r = &s->qp->ctrl->resv;
	const struct resv_notice *oldest = &r->notice[r->first];
	struct nvme_resv_log *log = page;

	if (r->n == 0)
		return;
	log->lpc = le64(oldest->number);
	log->rnlpt = (uint8_t)oldest->type;
	log->nalp = (uint8_t)(r->n - 1 > 255 ? 255 : r->n - 1);
	log->nsid = le32(oldest->nsid);
}

static void
was_read(struct slot *s)
{
	struct resv *r = &s->qp->ctrl->resv;

	if (r->n == 0)
		return;
	r->first = (r->first + 1) % RESV_NOTICES;
	r->n--;
}

/* The next one has taken its place. */
static void
again(struct slot *s)
{
	if (s->qp->ctrl->resv.n > 0)
		aer_event(s->qp->ctrl, AER_EVENT_RESERVATION);
}

const struct log log_reservation = {
	.lid = NVME_LID_RESERVATION, .where = LOG_IO, .size = sizeof(struct nvme_resv_log),
	.fill = fill, .was_read = was_read, .again = again,
};

/* ---- 82h ---- */

static uint64_t
mask_get(struct slot *s, bool now)
{
	const struct ns *ns = slot_ns(s);

	return (now && ns != NULL ? s->qp->ctrl->resv.mask[ns->file] : 0);
}

static void
mask_set(struct slot *s)
{
	struct controller *c = s->qp->ctrl;

	for (const struct ns *ns = ns_after(c->lane->ns, 0); ns != NULL;
	    ns = ns_after(c->lane->ns, ns->id.nsid))
		if (s->cmd.nsid == NVME_NSID_ALL || s->cmd.nsid == ns->id.nsid)
			c->resv.mask[ns->file] = (uint8_t)s->cmd.cdw11;
	slot_done(s, 0);
}

const struct feature feature_resv_mask = {
	.fid = NVME_FID_RESERVATION_MASK, .can = FEATURE_NS | FEATURE_CHANGEABLE,
	.needs_access = true, .bits = MASK_BITS, .get = mask_get, .set = mask_set,
};

/* ---- 83h ---- */

static uint64_t
persistence_get(struct slot *s, bool now)
{
	const struct ns *ns = slot_ns(s);

	return (now && ns != NULL ? ns->id.ptpl : 0);
}

static uint16_t
persistence_check(struct slot *s)
{
	const struct ns_table *table = s->qp->ctrl->lane->ns;

	for (const struct ns *ns = ns_after(table, 0); ns != NULL; ns = ns_after(table, ns->id.nsid))
		if ((s->cmd.nsid == NVME_NSID_ALL || s->cmd.nsid == ns->id.nsid) &&
		    s->cmd.cdw11 == 1 && (ns->id.rescap & NVME_RESCAP_PTPL) == 0)
			return (slot_bad_field(s, 44, 0));
	return (0);
}

const struct feature feature_resv_persistence = {
	.fid = NVME_FID_RESERVATION_PERSISTENCE, .can = FEATURE_NS | FEATURE_CHANGEABLE,
	.needs_access = true, .bits = 1, .get = persistence_get,
	.check_set = persistence_check, .set = resv_set,
};
