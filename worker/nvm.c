/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NVM command set: a table by opcode. Everything that can be wrong with a command is found
 * before its data is asked for. A command has one engine operation out at a time, in its slot, so
 * that nothing is allocated for it and it can be taken back between two of them.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define DISCARD_SLICE (256ull << 20)	/* bytes: no thread is held longer than by this */

static uint64_t
cmd_slba(const struct cmd *cmd)
{
	return ((uint64_t)cmd->cdw11 << 32 | cmd->cdw10);
}

static uint64_t
cmd_nlb(const struct cmd *cmd)
{
	return ((uint64_t)NVME_RW_NLB0(cmd->cdw12) + 1);
}

/* Submits s->op; done() comes on this thread, later. */
static void
submit(struct slot *s, void (*done)(struct eng_op *))
{
	s->op.done = done;
	s->op.arg = s;
	lane_submit(s->qp->lane, &s->op);
}

/* Between two operations of a command: its queue closes, so nobody waits for the rest of it. */
static bool
is_given_up(struct slot *s)
{
	if (s->qp->state == QP_LIVE)
		return (false);
	slot_done(s, NVME_SC_ABORT_REQUESTED);
	return (true);
}

static uint16_t
op_status(const struct slot *s)
{
	return (ns_status(s->op.verb, s->op.error));
}

/* ---- Read, Write, Write Zeroes ---- */

/* Namespace, range and protection of a command with SLBA and NLB. 0 and *len (bytes), or status. */
static uint16_t
prepare_range(const struct slot *s, const struct ns *ns, bool writes, uint64_t *len)
{
	uint64_t nlb = cmd_nlb(&s->cmd);

	if (ns == NULL)
		return (NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	if (writes && ns->id.readonly)
		return (NVME_SC_NS_WRITE_PROTECTED | NVME_SC_DNR);
	*len = nlb << ns->lbads;
	return (ns_check_range(ns, cmd_slba(&s->cmd), nlb));
}

static uint16_t
prepare_transfer(const struct slot *s, const struct ns *ns, bool writes, uint32_t *len)
{
	uint64_t bytes;
	uint16_t status = prepare_range(s, ns, writes, &bytes);

	if (status != 0)
		return (status);
	if (bytes > s->qp->ctrl->hello.max_transfer)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (bytes != s->cmd.sgl_len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	*len = (uint32_t)bytes;
	return (0);
}

/* Memory is sent from where it lies, unless a digest is made of it: a write meanwhile would break
 * that. */
static uint16_t
read_prepare(struct slot *s)
{
	const struct ns *ns = slot_ns(s);
	uint16_t status = prepare_transfer(s, ns, false, &s->len_out);

	if (status == 0 && !s->qp->tx.ddgst && ns->map != NULL)
		s->src = ns->map + (cmd_slba(&s->cmd) << ns->lbads);
	return (status);
}

static uint16_t
write_prepare(struct slot *s)
{
	const struct ns *ns = slot_ns(s);
	uint16_t status = prepare_transfer(s, ns, true, &s->len_in);

	s->in_place = status == 0 && ns->map != NULL;
	return (status);
}

static uint16_t
zero_prepare(struct slot *s)
{
	uint64_t bytes;
	uint16_t status = prepare_range(s, slot_ns(s), true, &bytes);

	if (status == 0 && bytes > NVM_ZERO_MAX)
		status = NVME_SC_INVALID_FIELD | NVME_SC_DNR;
	return (status);
}

static void
range_op(struct slot *s, enum eng_verb verb, uint64_t len)
{
	const struct ns *ns = slot_ns(s);

	ns_op(&s->op, ns, verb);
	s->op.buf = s->buf;
	s->op.offset = cmd_slba(&s->cmd) << ns->lbads;
	s->op.len = len;
	s->op.fua = (s->cmd.cdw12 & NVME_RW_FUA) != 0;
}

static void
read_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	struct lane_stats *stats = &s->qp->lane->stats;
	uint16_t status = op_status(s);

	if (status != 0) {
		slot_done(s, status);
		return;
	}
	stat_add(&stats->reads, 1);
	stat_add(&stats->read_units, s->len_out / 512);
	slot_done_data(s, s->len_out);
}

static void
read_execute(struct slot *s)
{
	range_op(s, ENG_READ, s->len_out);
	s->op.fua = false;
	submit(s, read_done);
}

static void
write_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	struct lane_stats *stats = &s->qp->lane->stats;
	uint16_t status = op_status(s);

	if (status == 0) {
		stat_add(&stats->writes, 1);
		stat_add(&stats->write_units, s->len_in / 512);
	} else if (op->fua)
		ns_durable_failed(op);
	slot_done(s, status);
}

static void
write_execute(struct slot *s)
{
	range_op(s, ENG_WRITE, s->len_in);
	submit(s, write_done);
	if (s->op.map != NULL && s->pool == NULL)
		s->buf = NULL;	/* received data, which is overwritten soon */
}

static void
op_done(struct eng_op *op)
{
	struct slot *s = op->arg;

	if (op->error != 0 && op->fua)
		ns_durable_failed(op);
	slot_done(s, op_status(s));
}

static void
zero_execute(struct slot *s)
{
	const struct ns *ns = slot_ns(s);

	range_op(s, ENG_ZERO, cmd_nlb(&s->cmd) << ns->lbads);
	s->op.buf = NULL;
	s->op.may_unmap = (s->cmd.cdw12 & NVME_RW_DEAC) != 0 && ns->id.can_discard;
	submit(s, op_done);
}

/* ---- Flush: one namespace, or all of them one after the other ---- */

static uint16_t
flush_prepare(struct slot *s)
{
	if (s->cmd.nsid != NVME_NSID_ALL && slot_ns(s) == NULL)
		return (NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	return (0);
}

static void flush_all_next(struct slot *);

static void
flush_all_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = ns_status(op->verb, ns_flush_error(op));

	if (status != 0)
		slot_done(s, status);
	else if (!is_given_up(s))
		flush_all_next(s);
}

/* s->parts: nsid of the last one flushed. */
static void
flush_all_next(struct slot *s)
{
	struct ns *ns = ns_after(s->qp->lane->ns, s->parts);

	while (ns != NULL && ns->id.readonly)
		ns = ns_after(s->qp->lane->ns, ns->id.nsid);
	if (ns == NULL) {
		slot_done(s, 0);
		return;
	}
	s->parts = ns->id.nsid;
	slot_hold(s, ns);
	ns_flush_op(&s->op, ns);
	submit(s, flush_all_done);
}

static void
flush_done(struct eng_op *op)
{
	slot_done(op->arg, ns_status(op->verb, ns_flush_error(op)));
}

static void
flush_execute(struct slot *s)
{
	const struct ns *ns;

	if (s->cmd.nsid == NVME_NSID_ALL) {
		s->parts = 0;
		flush_all_next(s);
		return;
	}
	ns = slot_ns(s);
	if (ns->id.readonly) {
		slot_done(s, 0);
		return;
	}
	ns_flush_op(&s->op, ns);
	submit(s, flush_done);
}

/* ---- Dataset Management: ranges one after the other, each in slices ---- */

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
static uint16_t
dsm_prepare(struct slot *s)
{
	const struct ns *ns = slot_ns(s);

	if (ns == NULL)
		return (NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	if ((s->cmd.cdw11 & NVME_DSM_AD) != 0 && ns->id.readonly)
		return (NVME_SC_NS_WRITE_PROTECTED | NVME_SC_DNR);
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
	uint16_t status = op_status(s);

	if (status != 0) {
		slot_done(s, status);
		return;
	}
	op->offset += op->len;
	if (!is_given_up(s))
		dsm_next(s);
}

/* s->parts: the range that s->op.offset lies in, or at the end of. */
static void
dsm_next(struct slot *s)
{
	const struct ns *ns = slot_ns(s);

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
			submit(s, dsm_done);
			return;
		}
		s->op.offset = UINT64_MAX;	/* the next range says where it begins */
	}
	slot_done(s, 0);
}

static void
dsm_execute(struct slot *s)
{
	const struct ns *ns = slot_ns(s);
	uint16_t status = dsm_check(s, ns);

	if (status != 0 || (s->cmd.cdw11 & NVME_DSM_AD) == 0 || !ns->id.can_discard) {
		slot_done(s, status);
		return;
	}
	ns_op(&s->op, ns, ENG_DISCARD);
	s->op.offset = UINT64_MAX;
	s->parts = 0;
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

static const struct cmd_rule rules[] = {
	{ NVME_NVM_FLUSH, "Flush", flush_prepare, flush_execute, 0 },
	{ NVME_NVM_WRITE, "Write", write_prepare, write_execute,
	    RULE_CHANGES },
	{ NVME_NVM_READ, "Read", read_prepare, read_execute, 0 },
	{ NVME_NVM_WRITE_ZEROES, "Write Zeroes", zero_prepare, zero_execute,
	    RULE_CHANGES },
	{ NVME_NVM_DATASET_MANAGEMENT, "Dataset Management", dsm_prepare, dsm_execute,
	    RULE_CHANGES },
};

const struct cmd_rule *
nvm_rule(uint8_t opc)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].opc == opc)
			return (&rules[i]);
	return (NULL);
}
