/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lane's side of ranges that some controller has for itself while it does a fused Compare and
 * Write: operations that would change something there wait, each part of a command for itself, and
 * those that the engine has are counted until it is done with them. As long as nothing is held a
 * lane has no hold and no operation is looked at. Lane 0's side is range_desk.c.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include "worker/worker.h"

static bool
changes(const struct eng_op *op)
{
	return (op->verb == ENG_WRITE || op->verb == ENG_ZERO || op->verb == ENG_DISCARD);
}

static bool
overlaps(const struct range_hold *h, const struct eng_op *op)
{
	return (h->nsid == op->nsid &&
	    op->offset < h->end && h->offset < op->offset + op->len);
}

static bool
must_wait(const struct lane *lane, const struct eng_op *op)
{
	if (op == lane->through)
		return (false);
	for (const struct range_part *p = lane->holds; p != NULL; p = p->next)
		if (overlaps(p->hold, op))
			return (true);
	return (false);
}

/* ---- waiting ---- */

static size_t
cost(const struct eng_op *op)
{
	return (op->buf != NULL ? (size_t)op->len : 0);
}

static void
wait_no_more(struct lane *lane, struct eng_op *op)
{
	TAILQ_REMOVE(&lane->held.ops, op, next);
	lane->held.bytes -= cost(op);
	op->held = false;
	if (TAILQ_EMPTY(&lane->held.ops))
		timer_stop(&lane->timers, &lane->held.timer);
}

/* It gives up before its worker would be ended for being late with a change: others decide how long a
 * range is held. op->moved is the engine's, which does not have it: how often this has seen it. */
static void
waited(struct timer *t)
{
	struct lane *lane = t->arg;
	struct eng_op *op, *next;

	timer_set(&lane->timers, t, lane->held.wait_ms);
	for (op = TAILQ_FIRST(&lane->held.ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, next);
		if (op->moved++ == 0)
			continue;
		wait_no_more(lane, op);
		lane_fail(lane, op, EAGAIN);
	}
}

/* What waits keeps its buffer: not so many do that reads find none. */
bool
range_waits(struct lane *lane, struct eng_op *op)
{
	if (!changes(op) || !must_wait(lane, op))
		return (false);
	if (lane->held.bytes + cost(op) > lane->held.most) {
		lane_fail(lane, op, EAGAIN);
		return (true);
	}
	if (TAILQ_EMPTY(&lane->held.ops))
		timer_set(&lane->timers, &lane->held.timer, lane->held.wait_ms);
	op->moved = 0;
	op->held = true;
	lane->held.bytes += cost(op);
	TAILQ_INSERT_TAIL(&lane->held.ops, op, next);
	return (true);
}

bool
range_take_back(struct lane *lane, struct eng_op *op)
{
	if (!op->held)
		return (false);
	wait_no_more(lane, op);
	return (true);
}

static void
go_on(struct lane *lane)
{
	struct eng_op *op, *next;

	for (op = TAILQ_FIRST(&lane->held.ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, next);
		if (must_wait(lane, op))
			continue;
		wait_no_more(lane, op);
		lane_submit(lane, op);
	}
}

/* ---- what is under way when a hold comes ---- */

static struct slot *
slot_of(struct eng_op *op)
{
	return ((struct slot *)((char *)op - offsetof(struct slot, op)));
}

/* Nothing of this lane's is under way there any more. */
static void
part_clear(struct range_part *p)
{
	p->owes = false;
	p->mail.deliver = p->hold->held;
	mail_post(p->lane, p->lane->all, &p->mail);
}

static void
uncount(struct lane *lane, const struct eng_op *op)
{
	for (struct range_part *p = lane->holds, *next; p != NULL; p = next) {
		next = p->next;
		if (p->in_flight > 0 && overlaps(p->hold, op) && --p->in_flight == 0)
			part_clear(p);
	}
}

static void
counted_done(struct eng_op *op)
{
	struct slot *s = slot_of(op);

	op->done = s->after;
	uncount(s->qp->lane, op);
	op->done(op);
}

void
(**range_done(struct slot *s))(struct eng_op *)
{
	return (s->op.done == counted_done ? &s->after : &s->op.done);
}

void
range_cancelled(struct lane *lane, struct eng_op *op)
{
	if (op->done != counted_done)
		return;
	op->done = slot_of(op)->after;
	uncount(lane, op);
}

/* Slots that were never used are not looked at: any host's fused commands bring us here. */
static unsigned
count_slots(struct qpair *qp, const struct range_hold *h)
{
	unsigned n = 0, left = qp->busy;

	for (uint32_t i = 0; left > 0 && i < qp->sqsize; i++) {
		struct slot *s = &qp->slots[i];

		left -= s->state != SLOT_FREE;
		if (s->state != SLOT_EXECUTE || s->op.done == NULL || !changes(&s->op) ||
		    !overlaps(h, &s->op) || !lane_has(qp->lane, &s->op))
			continue;
		if (s->op.done != counted_done) {
			s->after = s->op.done;
			s->op.done = counted_done;
		}
		n++;
	}
	return (n);
}

/* ---- words of lane 0 ---- */

void
range_part_comes(struct mail *m)
{
	struct range_part *p = m->arg;
	struct lane *lane = p->lane;
	struct qpair *qp;

	p->owes = true;
	LIST_FOREACH(qp, &lane->queues, of_lane)
		p->in_flight += count_slots(qp, p->hold);
	p->next = lane->holds;
	lane->holds = p;
	if (p->in_flight == 0)
		part_clear(p);
}

void
range_part_goes(struct mail *m)
{
	struct range_part *p = m->arg, **at;
	struct lane *lane = p->lane;

	for (at = &lane->holds; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	p->in_flight = 0;
	if (p->owes)
		part_clear(p);
	m->deliver = p->hold->gone;
	go_on(lane);
	mail_post(lane, lane->all, m);
}

void
range_lane_init(struct lane *lane, size_t most, uint32_t wait_ms)
{
	lane->holds = NULL;
	LIST_INIT(&lane->queues);
	TAILQ_INIT(&lane->held.ops);
	lane->held.bytes = 0;
	lane->held.most = most;
	lane->held.wait_ms = wait_ms;
	lane->held.timer = (struct timer){ .name = "range", .fire = waited, .arg = lane };
}
