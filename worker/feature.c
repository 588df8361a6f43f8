/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Get and Set Features: a table of features, each of which is a row in the room of its noun, and
 * the rules that hold for all of them. A reserved bit of CDW11 is an Invalid Field: what we do not
 * know we do not pretend to keep. NVMe Base 2.0, Features.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define FSUPP 0x1u			/* log 12h */
#define SCOPE_NS 0x00100000u		/* FSP */
#define SCOPE_CONTROLLER 0x00200000u

static const struct feature *const features[] = {
	&feature_arbitration,
	&feature_power,
	&feature_temperature,
	&feature_error_recovery,
	&feature_cache,
	&feature_queues,
	&feature_coalescing,
	&feature_atomicity,
	&feature_events,
	&feature_kato,
	&feature_behavior,
	&feature_hostid,
	&feature_resv_mask,
	&feature_resv_persistence,
	&feature_protect,
};

static bool
is_there(const struct controller *c, const struct feature *f)
{
	return ((f->discovery || !c->admit.discovery) && (f->is_there == NULL || f->is_there(c)));
}

static const struct feature *
find_feature(const struct controller *c, uint8_t fid)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (features[i]->fid == fid)
			return (is_there(c, features[i]) ? features[i] : NULL);
	return (NULL);
}

static const struct feature *
slot_feature(const struct slot *s)
{
	return (find_feature(s->qp->ctrl, s->cmd.cdw10 & 0xff));
}

uint32_t
feature_effects(const struct controller *c, uint8_t fid)
{
	const struct feature *f = find_feature(c, fid);

	if (f == NULL)
		return (0);
	return (FSUPP | (f->can & FEATURE_NS ? SCOPE_NS : SCOPE_CONTROLLER));
}

/* By the ANA state of the namespace: where it is lost for good nothing can be set. */
static uint16_t
check_reach(const struct feature *f, const struct ns *ns, bool set)
{
	if (f->needs_access || (set && ns->id.ana_state == NVME_ANA_PERSISTENT_LOSS))
		return (ns_reach(ns));
	return (0);
}

/* A value of one namespace can be got from that one only; Set may mean all of them. */
static uint16_t
check_ns(struct slot *s, const struct feature *f, bool set)
{
	const struct ns_table *table = s->qp->lane->ns;
	const struct ns *ns = ns_find(table, s->cmd.nsid);
	uint16_t status = 0;

	if (ns != NULL)
		return (check_reach(f, ns, set));
	if (!set || s->cmd.nsid != NVME_NSID_ALL)
		return (slot_no_ns(s));
	for (ns = ns_after(table, 0); ns != NULL && status == 0; ns = ns_after(table, ns->id.nsid))
		status = check_reach(f, ns, set);
	return (status);
}

/* ---- Get ---- */

static unsigned
slot_select(const struct slot *s)
{
	return (s->cmd.cdw10 >> 8 & 0x7);
}

uint16_t
get_features_prepare(struct slot *s)
{
	const struct feature *f = slot_feature(s);
	uint16_t status;

	if (f == NULL)
		return (slot_bad_field(s, 40, 0));
	if (slot_select(s) > NVME_FEATURE_SUPPORTED)
		return (slot_bad_field(s, 41, 0));
	if (slot_select(s) == NVME_FEATURE_SUPPORTED)
		return (0);
	if ((f->can & FEATURE_NS) != 0 && (status = check_ns(s, f, false)) != 0)
		return (status);
	if (f->check_get != NULL && (status = f->check_get(s)) != 0)
		return (status);
	if (s->cmd.sgl_len < f->len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_out = f->len;
	return (0);
}

/* What cannot be saved has its default as the saved value. The feature may have gone meanwhile,
 * with the namespace that it was for. */
void
get_features_execute(struct slot *s)
{
	const struct feature *f = slot_feature(s);

	if (f == NULL) {
		slot_done(s, slot_bad_field(s, 40, 0));
		return;
	}
	if (slot_select(s) == NVME_FEATURE_SUPPORTED)
		s->result = f->can;
	else
		s->result = f->get(s, slot_select(s) == NVME_FEATURE_CURRENT);
	slot_done_data(s, s->len_out);
}

/* ---- Set ---- */

/* The lowest bit of CDW11 that has no meaning. */
static uint16_t
check_bits(struct slot *s, const struct feature *f)
{
	uint32_t wrong = s->cmd.cdw11 & ~f->bits;
	unsigned bit = 0;

	if (wrong == 0)
		return (0);
	while ((wrong & 1u << bit) == 0)
		bit++;
	return (slot_bad_field(s, 44 + bit / 8, bit % 8));
}

static uint16_t
check_scope(struct slot *s, const struct feature *f)
{
	if ((f->can & FEATURE_NS) != 0)
		return (check_ns(s, f, true));
	if (s->cmd.nsid != 0 && s->cmd.nsid != NVME_NSID_ALL)
		return (NVME_SC_FEATURE_NOT_NS_SPECIFIC | NVME_SC_DNR);
	return (0);
}

uint16_t
set_features_prepare(struct slot *s)
{
	const struct feature *f = slot_feature(s);
	uint16_t status;

	if (f == NULL)
		return (slot_bad_field(s, 40, 0));
	if ((s->cmd.cdw10 & NVME_FEATURE_SAVE) != 0 && (f->can & FEATURE_SAVEABLE) == 0)
		return (NVME_SC_FEATURE_NOT_SAVEABLE | NVME_SC_DNR);
	if ((status = check_scope(s, f)) != 0 || (status = check_bits(s, f)) != 0 ||
	    (f->check_set != NULL && (status = f->check_set(s)) != 0))
		return (status);
	if ((f->can & FEATURE_CHANGEABLE) == 0)
		return (NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
	if (s->cmd.sgl_len < f->len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_in = f->len;
	return (0);
}

void
set_features_execute(struct slot *s)
{
	const struct feature *f = slot_feature(s);

	if (f == NULL)
		slot_done(s, slot_bad_field(s, 40, 0));
	else
		f->set(s);
}
