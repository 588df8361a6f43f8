/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feature 06h, Volatile Write Cache: with it off every write of this controller is durable before
 * it is answered. Switching it off is answered when that is so for all lanes and whatever was answered
 * before is flushed; nothing is locked for it. Other controllers keep their own.
 */
#include "config.h"

#include "worker/worker.h"

#define WCE 0x1u

bool
feature_write_cache(const struct controller *c)
{
	struct ns_table *table = c->lane->ns;

	for (const struct ns *ns = ns_after(table, 0); ns != NULL;
	    ns = ns_after(table, ns->id.nsid))
		if (ns->id.volatile_cache)
			return (true);
	return (false);
}

bool
cache_is_off(const struct lane *lane)
{
	return (__atomic_load_n(&lane->write_through, __ATOMIC_RELAXED));
}

static void
tell_lanes(const struct controller *c, bool off)
{
	for (unsigned i = 0; i < c->lane->nlanes; i++)
		__atomic_store_n(&c->lane->all[i].write_through, off, __ATOMIC_RELAXED);
}

void
cache_reset(struct controller *c)
{
	c->cache_off = c->cache.off = false;	/* also what is on its way */
	tell_lanes(c, false);
}

/* ---- switching ---- */

static void
finish(struct controller *c, uint16_t status)
{
	struct slot *s = c->cache.slot;

	c->cache.slot = NULL;
	if (status == 0)
		c->cache_off = c->cache.off;
	else
		tell_lanes(c, c->cache_off);	/* stays what it was */
	slot_done(s, status);
}

static void	flush_next(struct controller *);

static void
flushed(struct eng_op *op)
{
	struct controller *c = op->arg;
	uint16_t status = ns_status(op->verb, ns_flush_error(op));

	ns_unpin(c->lane, c->cache.flushing);
	if (status != 0)
		finish(c, status);
	else
		flush_next(c);
}

static void
flush_next(struct controller *c)
{
	struct ns *ns = ns_after(c->lane->ns, c->cache.flushed);

	while (ns != NULL && !ns_has_to_flush(ns))
		ns = ns_after(c->lane->ns, ns->id.nsid);
	if (ns == NULL) {
		finish(c, 0);
		return;
	}
	c->cache.flushed = ns->id.nsid;
	c->cache.flushing = ns;
	ns_pin(c->lane, ns);
	ns_flush_op(&c->cache.flush, ns);
	c->cache.flush.done = flushed;
	c->cache.flush.arg = c;
	lane_submit(c->lane, &c->cache.flush);
}

/* All lanes have looked: what any of them answers from now on is durable. */
static void
all_know(struct controller *c)
{
	if (!c->cache.off) {
		finish(c, 0);
		return;
	}
	c->cache.flushed = 0;
	flush_next(c);
}

static void
word_back(struct mail *m)
{
	struct controller *c = m->arg;

	if (--c->cache.away == 0)
		all_know(c);
}

/* On lane i. Its turn is the point: nothing that it does later has not seen the flag. */
static void
word_there(struct mail *m)
{
	struct controller *c = m->arg;
	struct lane *lane = &c->lane->all[m - c->cache.words];

	m->deliver = word_back;
	mail_post(lane, c->lane, m);
}

static void
ask_lanes(struct controller *c)
{
	c->cache.away = c->lane->nlanes;
	for (unsigned i = 0; i < c->lane->nlanes; i++) {
		c->cache.words[i] = (struct mail){ .deliver = word_there, .arg = c };
		mail_post(c->lane, &c->lane->all[i], &c->cache.words[i]);
	}
}

/* ---- the feature ---- */

static uint64_t
cache_get(struct slot *s, bool now)
{
	return (now && s->qp->ctrl->cache_off ? 0 : WCE);
}

/* One at a time: the second one may come again. */
static void
cache_set(struct slot *s)
{
	struct controller *c = s->qp->ctrl;
	bool off = (s->cmd.cdw11 & WCE) == 0;

	if (c->cache.slot != NULL || off == c->cache_off) {
		slot_done(s, c->cache.slot != NULL ? NVME_SC_COMMAND_INTERRUPTED : 0);
		return;
	}
	c->cache.slot = s;
	c->cache.off = off;
	tell_lanes(c, off);
	ask_lanes(c);
}

const struct feature feature_cache = {
	.fid = NVME_FID_VOLATILE_WRITE_CACHE, .can = FEATURE_CHANGEABLE, .bits = WCE,
	.is_there = feature_write_cache, .get = cache_get, .set = cache_set,
};

/* ---- writes that were on their way when it was switched off ---- */

static void
late_flushed(struct eng_op *op)
{
	slot_done(op->arg, ns_status(op->verb, ns_flush_error(op)));
}

bool
cache_makes_durable(struct slot *s)
{
	if (!cache_is_off(s->qp->lane) || s->qp->state != QP_LIVE)
		return (false);
	ns_flush_op(&s->op, slot_ns(s));
	s->op.done = late_flushed;
	s->op.arg = s;
	lane_submit(s->qp->lane, &s->op);
	return (true);
}
