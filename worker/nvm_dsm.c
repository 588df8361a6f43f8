/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dataset Management: ranges are all judged first, then deallocated one after the other, each in
 * slices. Hints other than Deallocate change nothing.
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
	uint16_t status = nvm_access(s, s->cmd.nsid, nvm_ns(s), writes);

	if (status != 0)
		return (status);
	if (s->cmd.sgl_len < dsm_ranges(s) * sizeof(struct nvme_dsm_range) ||
	    s->cmd.sgl_len > 256 * sizeof(struct nvme_dsm_range))
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	if (dsm_ranges(s) > NVM_DISCARD_RANGES)		/* DMRL */
		return (NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED | NVME_SC_DNR);
	s->len_in = s->cmd.sgl_len;
	return (0);
}

/* Every range is judged before the first is touched. */
static uint16_t
dsm_check(const struct slot *s, const struct ns *ns)
{
	struct nvm_limits limits = nvm_limits(s->qp->lane->ns);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < dsm_ranges(s); i++) {
		struct nvme_dsm_range r = dsm_range(s, i);
		uint32_t nlb = le32_get(r.nlb);
		uint16_t status = ns_check_range(ns, le64_get(r.slba), nlb);

		if (status != 0)
			return (status);
		sum += nlb;
		if (nlb > limits.dmrsl || sum > limits.dmsl)
			return (NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED | NVME_SC_DNR);
	}
	return (0);
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

/* s->parts: the range that s->op.offset lies in, or at the end of. */
static void
dsm_next(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);

	for (; s->parts < dsm_ranges(s); s->parts++) {
		struct nvme_dsm_range r = dsm_range(s, s->parts);
		uint64_t from = le64_get(r.slba) << ns->lbads;
		uint64_t end = from + ((uint64_t)le32_get(r.nlb) << ns->lbads);

		if (s->op.offset == UINT64_MAX)
			s->op.offset = from;
		if (s->op.offset < end) {
			s->op.len = end - s->op.offset;
			if (s->op.len > DISCARD_SLICE)
				s->op.len = DISCARD_SLICE;
			nvm_submit(s, dsm_done);
			return;
		}
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
	s->in_parts = true;
	dsm_next(s);
}

struct nvm_limits
nvm_limits(const struct ns_table *table)
{
	uint8_t lbads = 9;

	/* the limits are in blocks and hold for every namespace: so for the largest block */
	for (uint32_t i = 0; i < table->n; i++)
		if (table->at[i].ns->lbads > lbads)
			lbads = table->at[i].ns->lbads;
	return ((struct nvm_limits){ .dmrsl = (uint32_t)(NVM_DISCARD_RANGE_MAX >> lbads),
	    .dmsl = NVM_DISCARD_MAX >> lbads });
}
