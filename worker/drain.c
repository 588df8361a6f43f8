/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coming to rest: for a shutdown, a controller reset, or the end of this process. I/O queues are
 * closed, what the engine has begun is waited for, then every namespace is flushed where data must
 * be safe. Completion is never claimed before it is true; only the end has a deadline.
 */
#include "config.h"

#include "common/logmsg.h"
#include "worker/worker.h"

static const char *const drain_name[] = {
	[DRAIN_NONE] = "none",
	[DRAIN_SHUTDOWN] = "shutdown",
	[DRAIN_RESET] = "controller reset",
	[DRAIN_END] = "the controller ends",
	[DRAIN_LEAVE] = "the service asked for it",
};
_Static_assert(sizeof(drain_name) / sizeof(drain_name[0]) == DRAIN_MAX, "enum drain");

static bool
is_end(enum drain drain)
{
	return (drain == DRAIN_END || drain == DRAIN_LEAVE);
}

static void
reset_done(struct controller *c)
{
	c->csts = 0;
	c->queues_granted = 0;
	c->changed.n = 0;
	aer_reset(c);
	feature_reset(c);
	resv_reset(c);
}

static void
finish(struct controller *c)
{
	enum drain what = c->drain;

	timer_stop(&c->lane->timers, &c->shutdown);
	if (is_end(what)) {
		lane_stop(c->lane, 0);
		return;			/* c->drain stays: nothing else may begin */
	}
	c->drain = DRAIN_NONE;
	if (what == DRAIN_RESET)
		reset_done(c);
	else
		c->csts = (c->csts & ~NVME_CSTS_SHST_MASK) | NVME_CSTS_SHST_COMPLETE;
	ask_stats(c);
	if (what == DRAIN_RESET && c->shutdown_wanted)
		drain_begin(c, DRAIN_SHUTDOWN);
}

static void
flush_done(struct eng_op *op)
{
	struct controller *c = op->arg;
	int error = ns_flush_error(op);

	ns_unpin(c->lane, c->flushing);
	c->flushing = NULL;
	if (error != 0) {
		ask_log(MSG_FLUSH_FAILED, drain_name[c->drain], 2, (uint64_t)c->flushed,
		    (uint64_t)error);
		ctrl_fault(c, c->flushed, ns_status(op->verb, error));
		c->csts |= NVME_CSTS_CFS;	/* a shutdown must not look complete */
		if (c->drain == DRAIN_SHUTDOWN) {
			timer_stop(&c->lane->timers, &c->shutdown);
			c->drain = DRAIN_NONE;
			return;
		}
	}
	drain_step(c);
}

/* Returns false when there is nothing left to flush. */
static bool
flush_next(struct controller *c)
{
	struct ns *ns = ns_after(c->lane->ns, c->flushed);

	while (ns != NULL && !ns_has_to_flush(ns))
		ns = ns_after(c->lane->ns, ns->id.nsid);
	if (ns == NULL)
		return (false);
	c->flushed = ns->id.nsid;
	c->flushing = ns;
	ns_pin(c->lane, ns);
	ns_flush_op(&c->flush, ns);
	c->flush.done = flush_done;
	c->flush.arg = c;
	lane_submit(c->lane, &c->flush);
	return (true);
}

void
drain_step(struct controller *c)
{
	if (c->drain == DRAIN_NONE || c->flushing != NULL || c->lane->stop || ctrl_has_queues(c))
		return;
	if (is_end(c->drain) && c->admin.state != QP_FREE)
		return;
	if ((c->drain == DRAIN_SHUTDOWN || c->drain == DRAIN_LEAVE) && flush_next(c))
		return;
	finish(c);
}

/* The device did not answer in time. */
static void
drain_late(struct timer *t)
{
	struct controller *c = t->arg;

	ask_log(MSG_DRAIN_LATE, drain_name[c->drain], 1,
	    (uint64_t)engine_in_flight(c->lane->engine) + c->lane->memory.in_flight);
	if (is_end(c->drain))
		lane_stop(c->lane, 1);
}

void
drain_init(struct controller *c)
{
	c->shutdown = (struct timer){ .name = "shutdown", .fire = drain_late, .arg = c };
}

void
drain_begin(struct controller *c, enum drain drain)
{
	c->shutdown_wanted = drain == DRAIN_SHUTDOWN;
	if (drain <= c->drain)
		return;			/* of a reset that is under way, the shutdown comes after it */
	c->drain = drain;
	c->flushed = 0;
	timer_set(&c->lane->timers, &c->shutdown, c->hello.shutdown_timeout_ms);
	if (drain == DRAIN_SHUTDOWN)
		c->csts = (c->csts & ~NVME_CSTS_SHST_MASK) | NVME_CSTS_SHST_OCCURRING;
	for (uint32_t i = 0; i < c->hello.queues; i++)
		seat_close(&c->io[i], drain_name[drain]);
	if (drain == DRAIN_RESET)
		aer_drop_all(c);
	if (is_end(drain))
		qp_close(&c->admin, drain_name[drain]);
	drain_step(c);
}
