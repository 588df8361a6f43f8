/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flush: of one namespace, or of all of them one after the other.
 */
#include "config.h"

#include "worker/nvm.h"

uint16_t
nvm_flush_prepare(struct slot *s)
{
	if (s->cmd.nsid == NVME_NSID_ALL)
		return (0);
	return (nvm_access(s, s->cmd.nsid, nvm_ns(s), false));
}

static void flush_all_next(struct slot *);

static void
flush_all_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = ns_status(op->verb, ns_flush_error(op));

	if (status != 0)
		slot_done(s, status);
	else if (!nvm_is_given_up(s))
		flush_all_next(s);
}

/* s->parts: nsid of the last one flushed. */
static void
flush_all_next(struct slot *s)
{
	struct ns *ns = ns_after(s->qp->lane->ns, s->parts);

	while (ns != NULL && !ns_has_to_flush(ns))
		ns = ns_after(s->qp->lane->ns, ns->id.nsid);
	if (ns == NULL) {
		slot_done(s, 0);
		return;
	}
	s->parts = ns->id.nsid;
	slot_hold(s, ns);
	ns_flush_op(&s->op, ns);
	nvm_submit(s, flush_all_done);
}

static void
flush_done(struct eng_op *op)
{
	slot_done(op->arg, ns_status(op->verb, ns_flush_error(op)));
}

void
nvm_flush_execute(struct slot *s)
{
	const struct ns *ns;

	if (s->cmd.nsid == NVME_NSID_ALL) {
		s->parts = 0;
		s->in_parts = true;
		flush_all_next(s);
		return;
	}
	ns = nvm_ns(s);
	if (!ns_has_to_flush(ns)) {
		slot_done(s, 0);
		return;
	}
	ns_flush_op(&s->op, ns);
	nvm_submit(s, flush_done);
}
