/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Abort. The lane of the queue takes the command back if that can be done; bit 0 of the answer is 0
 * only when the command has not been carried out to its end and never will be. Where that is not
 * known yet, because a command of several operations is at one of them, the Abort waits for it.
 */
#include "config.h"

#include "worker/worker.h"

static uint16_t
sqid_of(const struct slot *s)
{
	return ((uint16_t)(s->cmd.cdw10 & 0xffff));
}

static uint16_t
cid_of(const struct slot *s)
{
	return ((uint16_t)(s->cmd.cdw10 >> 16));
}

static struct seat *
seat_of(const struct slot *s)
{
	return (&s->qp->ctrl->io[sqid_of(s) - 1]);
}

static void
answer(struct slot *s)
{
	s->qp->ctrl->naborts--;
	slot_done(s, 0);
}

static void
is_back(struct mail *m)
{
	struct slot *s = m->arg;

	seat_back(seat_of(s));
	answer(s);
}

void
abort_over(struct slot *s, bool aborted)
{
	s->result = aborted ? 0 : 1;
	if (sqid_of(s) == 0)
		answer(s);
	else
		seat_answer(seat_of(s), &s->mail, is_back);
}

static void
try(struct slot *s, struct qpair *qp)
{
	enum abort_outcome outcome = qp_abort(qp, cid_of(s), s);

	if (outcome != ABORT_LATER)
		abort_over(s, outcome == ABORT_DONE);
}

/* On the lane of the queue. */
static void
is_there(struct mail *m)
{
	struct slot *s = m->arg;

	try(s, &seat_of(s)->qp);
}

uint16_t
abort_prepare(struct slot *s)
{
	if (s->qp->ctrl->naborts == MAX_ABORTS)
		return (NVME_SC_ABORT_LIMIT_EXCEEDED);
	return (0);
}

/* What is not found, on a queue that is not there, too, was not aborted. */
void
abort_execute(struct slot *s)
{
	struct controller *c = s->qp->ctrl;
	struct seat *seat = seat_live(c, sqid_of(s));

	c->naborts++;
	if (seat != NULL) {
		s->mail = (struct mail){ .deliver = is_there, .arg = s };
		seat_tell(seat, &s->mail);
	} else if (sqid_of(s) != 0) {
		s->result = 1;
		answer(s);
	} else if (aer_abort(c, cid_of(s)))
		abort_over(s, true);
	else
		try(s, &c->admin);
}
