/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verify: a range is read, slice by slice, and thrown away; whether it can be read is the answer.
 * VSL is advice, since its bit in ONCS is set: what is longer takes longer. There is no protection
 * information to check. Memory is there, or this process would not be.
 */
#include "config.h"

#include "worker/nvm.h"

uint16_t
nvm_verify_prepare(struct slot *s)
{
	uint64_t bytes;

	return (nvm_prepare_range(s, nvm_ns(s), false, &bytes));
}

static uint64_t
length(const struct slot *s, const struct ns *ns)
{
	return (nvm_nlb(&s->cmd) << ns->lbads);
}

static void
finish(struct slot *s, uint16_t status)
{
	bounce_put(s);
	if (status == 0)
		ns_stat_read(s->qp->lane, nvm_ns(s)->file, length(s, nvm_ns(s)));
	slot_done(s, status);
}

static void verify_next(struct slot *, uint16_t status);

static void
slice_done(struct eng_op *op)
{
	struct slot *s = op->arg;

	s->at += op->len;
	verify_next(s, nvm_op_status(s));
}

/* s->at: bytes that could be read. */
static void
verify_next(struct slot *s, uint16_t status)
{
	const struct ns *ns = nvm_ns(s);
	uint64_t left = length(s, ns) - s->at;

	if (status == 0 && left > 0)
		status = nvm_is_ending(s);
	if (status != 0 || left == 0) {
		finish(s, status);
		return;
	}
	nvm_bounce_op(s, ns, ENG_READ, (nvm_slba(&s->cmd) << ns->lbads) + s->at,
	    left < BOUNCE_BYTES ? left : BOUNCE_BYTES);
	nvm_submit(s, slice_done);
}

static void
verify_begin(struct slot *s, uint16_t status)
{
	if (status != 0 || nvm_ns(s)->map != NULL)
		finish(s, status);
	else
		bounce_get(s, verify_next);
}

void
nvm_verify_execute(struct slot *s)
{
	s->at = 0;
	s->in_parts = true;
	nvm_settle(s, verify_begin);
}
