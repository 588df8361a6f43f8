/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read, Write: one range of blocks, one engine operation. A Read with FUA has what a cache holds of
 * the namespace brought to the medium first. Write Zeroes is one operation for each WZSL of its
 * range: with its bit in ONCS that is advice, and what is longer is done, too.
 */
#include "config.h"

#include "worker/nvm.h"

/* Memory is sent from where it lies, unless a digest is made of it: a write meanwhile would break
 * that. */
uint16_t
nvm_read_prepare(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);
	uint16_t status = nvm_prepare_transfer(s, ns, false, &s->len_out);

	if (status == 0 && !s->qp->tx.ddgst && ns->map != NULL)
		s->src = ns->map + (nvm_slba(&s->cmd) << ns->lbads);
	return (status);
}

uint16_t
nvm_write_prepare(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);
	uint16_t status = nvm_prepare_transfer(s, ns, true, &s->len_in);

	if (status == 0 && (s->cmd.cdw12 & NVME_RW_DTYPE) != 0)	/* there are no directives */
		status = NVME_SC_INVALID_FIELD | NVME_SC_DNR;
	s->in_place = status == 0 && ns->map != NULL;
	return (status);
}

/* NSZ, which asks for more than its range, is not offered: doing the range only would be a lie. */
uint16_t
nvm_zero_prepare(struct slot *s)
{
	uint64_t bytes;
	uint16_t status = nvm_prepare_range(s, nvm_ns(s), true, &bytes);

	if (status == 0 && (s->cmd.cdw12 & NVME_RW_NSZ) != 0)
		status = NVME_SC_INVALID_FIELD | NVME_SC_DNR;
	return (status);
}

static void
read_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = nvm_op_status(s);

	if (status != 0) {
		slot_done(s, status);
		return;
	}
	ns_stat_read(s->qp->lane, op->file, s->len_out);
	slot_done_data(s, s->len_out);
}

static void
read_begin(struct slot *s, uint16_t status)
{
	if (status != 0) {
		slot_done(s, status);
		return;
	}
	nvm_range_op(s, ENG_READ, s->len_out);
	s->op.fua = false;
	nvm_submit(s, read_done);
}

void
nvm_read_execute(struct slot *s)
{
	if (nvm_fua(s))
		nvm_settle(s, read_begin);
	else
		read_begin(s, 0);
}

static void
write_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = nvm_op_status(s);

	if (status == 0) {
		ns_stat_write(s->qp->lane, op->file, s->len_in);
		if (!op->fua && cache_makes_durable(s))
			return;
	} else if (op->fua)
		ns_durable_failed(op);
	slot_done(s, status);
}

void
nvm_write_execute(struct slot *s)
{
	nvm_range_op(s, ENG_WRITE, s->len_in);
	nvm_submit(s, write_done);
	if (s->op.map != NULL && s->pool == NULL)
		s->buf = NULL;	/* received data, which is overwritten soon */
}

static void zero_next(struct slot *);

static void
zero_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint64_t len = nvm_nlb(&s->cmd) << nvm_ns(s)->lbads;

	if (op->error != 0 && op->fua)
		ns_durable_failed(op);
	s->at += op->len;
	if (op->error == 0 && s->at < len) {
		if (!nvm_is_given_up(s))
			zero_next(s);
		return;
	}
	if (op->error == 0 && !op->fua && cache_makes_durable(s))
		return;
	slot_done(s, nvm_op_status(s));
}

/* s->at: bytes that are zero. */
static void
zero_next(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);
	uint64_t left = (nvm_nlb(&s->cmd) << ns->lbads) - s->at;

	nvm_range_op(s, ENG_ZERO, left < NVM_ZERO_SLICE ? left : NVM_ZERO_SLICE);
	s->op.buf = NULL;
	s->op.offset += s->at;
	s->op.may_unmap = (s->cmd.cdw12 & NVME_RW_DEAC) != 0 && ns->id.can_discard;
	nvm_submit(s, zero_done);
}

void
nvm_zero_execute(struct slot *s)
{
	s->at = 0;
	s->in_parts = true;
	zero_next(s);
}
