/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asynchronous Event Requests: held until there is an event, at most MAX_AER of them. An event that
 * comes before a request is kept, once; it is told once and then kept back until the host has read
 * its log page. All of it is lane 0's: other lanes send a word. NVMe Base 2.0, Asynchronous Event
 * Request.
 */
#include "config.h"

#include "worker/worker.h"

/* aec: its bit in OAES and Feature 0Bh; 0: whoever reports it knows whether it is wished for. */
static const struct event {
	uint8_t type, info, lid;
	uint32_t aec;
} events[] = {
	[AER_EVENT_FAULT] = { NVME_AER_ERROR, NVME_AER_TRANSIENT_INTERNAL_ERROR, NVME_LID_ERROR,
	    0 },
	[AER_EVENT_HEALTH] = { NVME_AER_SMART, NVME_AER_RELIABILITY, NVME_LID_SMART, 0 },
	[AER_EVENT_NS] = { NVME_AER_NOTICE, NVME_AER_NS_ATTRIBUTE_CHANGED, NVME_LID_CHANGED_NS,
	    NVME_AEC_NS_ATTRIBUTE },
	[AER_EVENT_ANA] = { NVME_AER_NOTICE, NVME_AER_ANA_CHANGE, NVME_LID_ANA,
	    NVME_AEC_ANA_CHANGE },
	[AER_EVENT_DISCOVERY] = { NVME_AER_NOTICE, NVME_AER_DISCOVERY_CHANGE, NVME_LID_DISCOVERY,
	    NVME_AEC_DISCOVERY_CHANGE },
	[AER_EVENT_RESERVATION] = { NVME_AER_IO_COMMAND_SET, NVME_AER_RESERVATION_LOG,
	    NVME_LID_RESERVATION, 0 },
};
_Static_assert(sizeof(events) / sizeof(events[0]) == AER_EVENT_MAX, "enum aer_event");

/* A notice can come when its log page can be read. */
uint32_t
aer_supported(const struct controller *c)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < AER_EVENT_MAX; i++)
		if (log_is_there(c, events[i].lid))
			bits |= events[i].aec;
	return (bits);
}

uint16_t
aer_prepare(struct slot *s)
{
	if (s->qp->ctrl->naers == MAX_AER)
		return (NVME_SC_AER_LIMIT_EXCEEDED | NVME_SC_DNR);
	return (0);
}

static void
forget(struct controller *c, struct slot *s)
{
	TAILQ_REMOVE(&c->aers, s, held);
	c->naers--;
}

static void
deliver(struct controller *c)
{
	for (unsigned i = 0; i < AER_EVENT_MAX; i++) {
		const struct event *e = &events[i];
		struct slot *s = TAILQ_FIRST(&c->aers);

		if (s == NULL)
			return;
		if ((c->events_pending & ~c->events_masked & 1u << i) == 0)
			continue;
		c->events_pending &= ~(1u << i);
		c->events_masked |= 1u << i;
		forget(c, s);
		s->result = NVME_AER_DW0(e->type, e->info, e->lid);
		slot_done(s, 0);
	}
}

void
aer_execute(struct slot *s)
{
	struct controller *c = s->qp->ctrl;

	TAILQ_INSERT_TAIL(&c->aers, s, held);
	c->naers++;
	deliver(c);
}

/* A host that stays at a discovery controller asks for its event by that (NVMe Base). */
void
aer_reset(struct controller *c)
{
	c->aec = c->persistent ? NVME_AEC_DISCOVERY_CHANGE : 0;
	c->events_pending = c->events_masked = 0;
}

void
aer_event(struct controller *c, enum aer_event event)
{
	if (events[event].aec != 0 && (c->aec & events[event].aec) == 0)
		return;
	c->events_pending |= 1u << event;
	deliver(c);
}

bool
aer_is_pending(const struct controller *c, enum aer_event event)
{
	return ((c->events_pending & 1u << event) != 0);
}

void
aer_log_read(struct controller *c, uint8_t lid, bool whole)
{
	for (unsigned i = 0; i < AER_EVENT_MAX; i++) {
		if (events[i].lid != lid)
			continue;
		c->events_masked &= ~(1u << i);
		if (whole)
			c->events_pending &= ~(1u << i);
	}
	deliver(c);
}

void
aer_drop_all(struct controller *c)
{
	struct slot *s;

	while ((s = TAILQ_FIRST(&c->aers)) != NULL) {
		forget(c, s);
		slot_done(s, NVME_SC_ABORT_REQUESTED);
	}
}

bool
aer_abort(struct controller *c, uint16_t cid)
{
	struct slot *s;

	TAILQ_FOREACH(s, &c->aers, held) {
		if (s->cmd.cid != cid)
			continue;
		forget(c, s);
		slot_done(s, NVME_SC_ABORT_REQUESTED);
		return (true);
	}
	return (false);
}
