/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dataset Management: ranges are all judged first, then deallocated one after the other, each in
 * slices. Hints other than Deallocate change nothing. Its bit in ONCS is set, so blocks beyond DMRL,
 * DMRSL or DMSL are left as they are, and that is no error. Where no namespace can deallocate it is
 * not there at all. NVM Command Set 1.0, Dataset Management Processing Limits.
 */
#include "config.h"

#include <string.h>

#include "worker/nvm.h"

#define DISCARD_SLICE (256ull << 20)	/* bytes: no thread is held longer than by this */

static uint32_t
dsm_ranges(const struct slot *s)
{
	return (NVME_DSM_NR0(s->cmd.cdw10) + 1);
}

static struct nvme_dsm_range
dsm_range(const struct slot *s, uint32_t i)
{
	struct nvme_dsm_range r;

	memcpy(&r, s->buf + i * sizeof(r), sizeof(r));
	return (r);
}

/* Linux always sends room for 256 ranges, whatever their number. */
uint16_t
nvm_dsm_prepare(struct slot *s)
{
	bool writes = (s->cmd.cdw11 & NVME_DSM_AD) != 0;
	uint16_t status;

	if (!nvm_is_offered(s->qp->lane->ns, NVME_NVM_DATASET_MANAGEMENT))
		return (NVME_SC_INVALID_OPCODE | NVME_SC_DNR);
	if ((status = nvm_access(s, s->cmd.nsid, nvm_ns(s), writes)) != 0)
		return (status);
	if (s->cmd.sgl_len < dsm_ranges(s) * sizeof(struct nvme_dsm_range) ||
	    s->cmd.sgl_len > 256 * sizeof(struct nvme_dsm_range))
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_in = s->cmd.sgl_len;
	return (0);
}

/* Every range is judged before the first is touched. */
static uint16_t
dsm_check(const struct slot *s, const struct ns *ns)
{
	uint16_t status = 0;

	for (uint32_t i = 0; i < dsm_ranges(s) && status == 0; i++) {
		struct nvme_dsm_range r = dsm_range(s, i);

		status = ns_check_range(ns, le64_get(r.slba), le32_get(r.nlb));
	}
	return (status);
}

/* Of nlb blocks, how many the limits leave: before them in the command there are s->before. */
static uint64_t
within_limits(const struct slot *s, const struct nvm_limits *l, uint32_t nlb)
{
	uint64_t left = s->parts < l->dmrl && s->before < l->dmsl ? l->dmsl - s->before : 0;

	if (left > l->dmrsl)
		left = l->dmrsl;
	return (nlb < left ? nlb : left);
}

static void dsm_next(struct slot *);

static void
dsm_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = nvm_op_status(s);

	if (status != 0) {
		slot_done(s, status);
		return;
	}
	op->offset += op->len;
	if (!nvm_is_given_up(s))
		dsm_next(s);
}

/* s->parts: the range that s->op.offset lies in, or at the end of; s->before: the blocks of those
 * before it. */
static void
dsm_next(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);
	struct nvm_limits limits = nvm_limits(s->qp->lane->ns);

	for (; s->parts < dsm_ranges(s); s->parts++) {
		struct nvme_dsm_range r = dsm_range(s, s->parts);
		uint32_t nlb = le32_get(r.nlb);
		uint64_t from = le64_get(r.slba) << ns->lbads;
		uint64_t end = from + (within_limits(s, &limits, nlb) << ns->lbads);

		if (s->op.offset == UINT64_MAX)
			s->op.offset = from;
		if (s->op.offset < end) {
			s->op.len = end - s->op.offset;
			if (s->op.len > DISCARD_SLICE)
				s->op.len = DISCARD_SLICE;
			nvm_submit(s, dsm_done);
			return;
		}
		s->before += nlb;
		s->op.offset = UINT64_MAX;	/* the next range says where it begins */
	}
	if (!cache_makes_durable(s))	/* what is read from now on has to stay what it is */
		slot_done(s, 0);
}

void
nvm_dsm_execute(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);
	uint16_t status = dsm_check(s, ns);

	if (status != 0 || (s->cmd.cdw11 & NVME_DSM_AD) == 0 || !ns->id.can_discard) {
		slot_done(s, status);
		return;
	}
	ns_op(&s->op, ns, ENG_DISCARD);
	s->op.offset = UINT64_MAX;
	s->parts = 0;
	s->before = 0;
	s->in_parts = true;
	dsm_next(s);
}

struct nvm_limits
nvm_limits(const struct ns_table *table)
{
	uint8_t lbads = 9;
	bool any = false;

	/* the limits are in blocks and hold for every namespace: so for the largest block */
	for (uint32_t i = 0; i < table->n; i++) {
		const struct ns *ns = table->at[i].ns;

		if (ns->lbads > lbads)
			lbads = ns->lbads;
		any |= ns->id.can_discard != 0;
	}
	if (!any)
		return ((struct nvm_limits){ 0 });
	return ((struct nvm_limits){ .dmrl = NVM_DISCARD_RANGES,
	    .dmrsl = (uint32_t)(NVM_DISCARD_RANGE_MAX >> lbads),
	    .dmsl = NVM_DISCARD_MAX >> lbads });
}
