/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking a command back, from wherever it is: a queue's side of Abort (abort.c), and what the end of
 * a queue does with what executes. What the host was asked to send is waited for, and what a device
 * has already is not taken back.
 */
#include "config.h"

#include <errno.h>

#include "worker/worker.h"

bool
slot_take_back(struct slot *s)
{
	if (!bounce_forget(s) && (s->op.done == NULL || !lane_cancel(s->qp->lane, &s->op)))
		return (false);
	bounce_put(s);
	return (true);
}

/* The last operation of a command of several may have been under way: then it ended as ever. */
static void
op_given_up(struct eng_op *op)
{
	struct slot *s = op->arg;

	if (op->error == ECANCELED) {
		bounce_put(s);
		slot_done(s, NVME_SC_ABORT_REQUESTED);
	} else
		s->op_done(op);
}

void
slot_tell_aborter(struct slot *s, bool aborted)
{
	struct slot *a = s->aborter, *next;

	s->aborted = false;
	for (; a != NULL; a = next) {
		next = a->aborter;
		abort_over(a, aborted);
	}
}

/* Several may wait for one command; which is not itself one that waits. */
static enum abort_outcome
wait_for_it(struct slot *s, struct slot *aborter)
{
	aborter->aborter = s->aborted ? s->aborter : NULL;
	s->aborter = aborter;
	s->aborted = true;
	return (ABORT_LATER);
}

/* A device has it. */
static enum abort_outcome
abort_operation(struct slot *s, struct slot *aborter)
{
	void (**done)(struct eng_op *);

	if (s->aborted)
		return (wait_for_it(s, aborter));
	if (slot_take_back(s)) {
		slot_done(s, NVME_SC_ABORT_REQUESTED);
		return (ABORT_DONE);
	}
	if (s->op.done == NULL || !s->in_parts)
		return (ABORT_NOT);
	engine_give_up(&s->op);
	done = range_done(s);
	s->op_done = *done;
	*done = op_given_up;
	return (wait_for_it(s, aborter));
}

static enum abort_outcome
abort_slot(struct slot *s, struct slot *aborter)
{
	switch (s->state) {
	case SLOT_WAIT_BUFFER:
		xfer_forget(s);
		slot_done(s, NVME_SC_ABORT_REQUESTED);
		return (ABORT_DONE);
	case SLOT_RX:			/* answered when its data has come */
	case SLOT_WAIT_H2C:
		if (s->status == 0)
			s->status = NVME_SC_ABORT_REQUESTED;
		return (s->status == NVME_SC_ABORT_REQUESTED ? ABORT_DONE : ABORT_NOT);
	case SLOT_WAIT_FUSED:
		if (!fused_may_abort(s))
			return (ABORT_NOT);
		slot_done(s, NVME_SC_ABORT_REQUESTED);
		return (ABORT_DONE);
	case SLOT_EXECUTE:
		return (abort_operation(s, aborter));
	case SLOT_FREE:
	case SLOT_TX:
	case SLOT_STATE_MAX:
		break;
	}
	return (ABORT_NOT);
}

enum abort_outcome
qp_abort(struct qpair *qp, uint16_t cid, struct slot *aborter)
{
	if (qp->state != QP_LIVE || !qp_cid_in_use(qp, cid))
		return (ABORT_NOT);
	for (uint32_t i = 0; i < qp->sqsize; i++) {
		struct slot *s = &qp->slots[i];

		if (s->state != SLOT_FREE && s->owns_cid && s->cmd.cid == cid)
			return (abort_slot(s, aborter));
	}
	return (ABORT_NOT);
}
