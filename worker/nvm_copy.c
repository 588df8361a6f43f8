/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copy: up to 128 source ranges, one after the other, to one destination. All of them are judged
 * before the first block is written, and a source again before each slice: its namespace may have
 * changed meanwhile, while that of the destination is held. A slice is read into a bounce buffer and
 * written from there; memory is written from where it lies. CQE dword 0 of a command that failed is
 * the first range that was not copied.
 */
#include "config.h"

#include <string.h>

#include "worker/nvm.h"

#define FORMAT_SNSID 2u		/* descriptor format with a namespace in each range */

/* From where to where, in bytes; in one piece on both sides. */
struct piece {
	struct ns *src, *dst;
	uint64_t from, to, len;
};

static uint32_t
copy_ranges(const struct slot *s)
{
	return (NVME_COPY_NR0(s->cmd.cdw12) + 1);
}

static struct nvme_copy_range
copy_range(const struct slot *s, uint32_t i)
{
	struct nvme_copy_range r;

	memcpy(&r, s->buf + i * sizeof(r), sizeof(r));
	return (r);
}

/* In bytes; both sides have blocks of one size. */
static uint64_t
range_len(const struct slot *s, uint32_t i, const struct ns *ns)
{
	return (((uint64_t)le16_get(copy_range(s, i).nlb0) + 1) << ns->lbads);
}

struct nvm_copy_limits
nvm_copy_limits(const struct ns *ns)
{
	return ((struct nvm_copy_limits){ .mssrl = (uint16_t)(NVM_COPY_RANGE_MAX >> ns->lbads),
	    .mcl = NVM_COPY_MAX >> ns->lbads });
}
_Static_assert(NVM_COPY_RANGE_MAX >> 9 <= UINT16_MAX, "MSSRL of the smallest block");

/* ---- judging ---- */

/* A format with a namespace in each range is for hosts that said they know it. */
static bool
is_format_known(const struct slot *s)
{
	uint32_t format = NVME_COPY_FORMAT(s->cmd.cdw12);

	if ((NVM_COPY_FORMATS >> format & 1) == 0)
		return (false);
	return (format != FORMAT_SNSID || feature_copy_2(s->qp->ctrl));
}

uint16_t
nvm_copy_prepare(struct slot *s)
{
	uint16_t status = nvm_access(s, s->cmd.nsid, nvm_ns(s), true);

	if (status != 0)
		return (status);
	if (!is_format_known(s) || (s->cmd.cdw12 & NVME_RW_DTYPE) != 0)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (copy_ranges(s) > NVM_COPY_RANGES)		/* MSRC */
		return (NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED | NVME_SC_DNR);
	if (s->cmd.sgl_len < copy_ranges(s) * sizeof(struct nvme_copy_range) ||
	    s->cmd.sgl_len > NVM_COPY_RANGES * sizeof(struct nvme_copy_range))
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_in = s->cmd.sgl_len;
	return (0);
}

/* MSSRL and MCL; *total: bytes of all ranges. */
static uint16_t
judge_lengths(const struct slot *s, const struct ns *dst, uint64_t *total)
{
	*total = 0;
	for (uint32_t i = 0; i < copy_ranges(s); i++) {
		uint64_t len = range_len(s, i, dst);

		*total += len;
		if (len > NVM_COPY_RANGE_MAX || *total > NVM_COPY_MAX)
			return (NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED | NVME_SC_DNR);
	}
	return (0);
}

/* All of source range i: src, from and len of p, which has dst. 0 or status. */
static uint16_t
judge_source(const struct slot *s, uint32_t i, struct piece *p)
{
	struct nvme_copy_range r = copy_range(s, i);
	bool other = NVME_COPY_FORMAT(s->cmd.cdw12) == FORMAT_SNSID;
	uint32_t nsid = other ? le32_get(r.snsid) : s->cmd.nsid;
	uint64_t slba = le64_get(r.slba);
	uint16_t status;

	p->src = other ? ns_find(s->qp->lane->ns, nsid) : p->dst;
	if ((status = nvm_access(s, nsid, p->src, false)) != 0)
		return (status);
	if ((status = ns_reach(p->src)) != 0)
		return (status);
	if (p->src->id.no_read)		/* somebody else's reservation; of nsid itself, too */
		return (NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR);
	if (p->src->lbads != p->dst->lbads)
		return (NVME_SC_NVM_INCOMPATIBLE_NS_OR_FORMAT | NVME_SC_DNR);
	p->len = range_len(s, i, p->src);
	if ((status = ns_check_range(p->src, slba, p->len >> p->src->lbads)) != 0)
		return (status);
	p->from = slba << p->src->lbads;
	return (0);
}

static bool
is_overlapping(const struct piece *p, uint64_t to, uint64_t len)
{
	return (p->src == p->dst && p->from < to + len && to < p->from + p->len);
}

static uint16_t
judge_all(const struct slot *s, struct ns *dst)
{
	uint64_t to = nvm_slba(&s->cmd) << dst->lbads, total;
	struct piece p = { .dst = dst };
	uint16_t status;

	if ((status = judge_lengths(s, dst, &total)) != 0 ||
	    (status = ns_check_range(dst, nvm_slba(&s->cmd), total >> dst->lbads)) != 0)
		return (status);
	for (uint32_t i = 0; i < copy_ranges(s); i++) {
		if ((status = judge_source(s, i, &p)) != 0)
			return (status);
		/* format 0h leaves open what comes of it */
		if (NVME_COPY_FORMAT(s->cmd.cdw12) == FORMAT_SNSID && is_overlapping(&p, to, total))
			return (NVME_SC_NVM_OVERLAPPING_IO_RANGE | NVME_SC_DNR);
	}
	return (0);
}

/* ---- copying ---- */

/* Held until a slice comes from another one, or the answer. The destination is held anyway. */
static void
hold_source(struct slot *s, struct ns *src)
{
	struct ns *before = s->from;

	if (src == s->ns)
		src = NULL;
	if (src == before)
		return;
	if (src != NULL)
		ns_pin(s->qp->lane, src);
	s->from = src;
	if (before != NULL)
		ns_unpin(s->qp->lane, before);
}

/* The next slice: range s->parts, of which s->at bytes are copied; s->before were with the ranges
 * before. One that moves up within a namespace goes from its end, as memmove does. 0 or status. */
static uint16_t
next_slice(struct slot *s, struct piece *p)
{
	uint64_t left, n;
	uint16_t status;

	p->dst = nvm_ns(s);
	if ((status = judge_source(s, s->parts, p)) != 0)
		return (status);
	p->to = (nvm_slba(&s->cmd) << p->dst->lbads) + s->before;
	left = p->len - s->at;
	n = left < BOUNCE_BYTES ? left : BOUNCE_BYTES;
	if (is_overlapping(p, p->to, p->len) && p->to > p->from) {
		p->from += left - n;
		p->to += left - n;
	} else {
		p->from += s->at;
		p->to += s->at;
	}
	p->len = n;
	hold_source(s, p->src);
	return (0);
}

static void
finish(struct slot *s, uint16_t status)
{
	bounce_put(s);
	if (status == 0)
		ns_stat_write(s->qp->lane, s->op.file, s->before);
	else
		s->result = s->parts;
	slot_done(s, status);
}

/* If that failed nobody knows how far it came. */
static void
flush_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = ns_status(op->verb, ns_durable_error(op));

	if (status != 0)
		s->parts = 0;
	finish(s, status);
}

/* All is written: with FUA it is made durable at once, not with every slice. */
static void
copy_end(struct slot *s)
{
	uint32_t told = s->op.losses_told;

	if (!nvm_durable(s)) {
		finish(s, 0);
		return;
	}
	ns_flush_op(&s->op, nvm_ns(s));
	s->op.losses_told = told;	/* what was lost since it began may be its own */
	nvm_submit(s, flush_done);
}

static void copy_next(struct slot *, uint16_t status);

static void
write_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = nvm_op_status(s);

	if (status == 0)
		s->at += op->len;
	if (s->at == range_len(s, s->parts, nvm_ns(s))) {
		s->parts++;
		s->before += s->at;
		s->at = 0;
	}
	copy_next(s, status);
}

/* One command, wherever its ranges are from. */
static void
count_source(const struct slot *s, const struct piece *p)
{
	struct lane_stats *stats = &s->qp->lane->ns_stats[p->src->file];

	if (s->before == 0 && s->at == 0)
		stat_add(&stats->reads, 1);
	stat_add(&stats->read_units, p->len / 512);
}

static void
write_slice(struct slot *s, const struct piece *p)
{
	count_source(s, p);
	nvm_bounce_op(s, p->dst, ENG_WRITE, p->to, p->len);
	if (p->src->map != NULL)
		s->op.buf = p->src->map + p->from;
	nvm_submit(s, write_done);
}

static void
read_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	struct piece p;
	uint16_t status = nvm_op_status(s);

	if (status == 0 && (status = nvm_is_ending(s)) == 0)
		status = next_slice(s, &p);
	if (status != 0)
		finish(s, status);
	else
		write_slice(s, &p);
}

static void
copy_next(struct slot *s, uint16_t status)
{
	bool more = s->parts < copy_ranges(s);
	struct piece p;

	if (status == 0 && more && (status = nvm_is_ending(s)) == 0)
		status = next_slice(s, &p);
	if (status != 0)
		finish(s, status);
	else if (!more)
		copy_end(s);
	else if (p.src->map != NULL)
		write_slice(s, &p);
	else if (s->bounce == NULL)
		bounce_get(s, copy_next);
	else {
		nvm_bounce_op(s, p.src, ENG_READ, p.from, p.len);
		nvm_submit(s, read_done);
	}
}

void
nvm_copy_execute(struct slot *s)
{
	s->parts = 0;
	s->before = s->at = 0;
	s->in_parts = true;
	ns_flush_op(&s->op, nvm_ns(s));		/* for losses_told: see copy_end() */
	copy_next(s, judge_all(s, nvm_ns(s)));
}
