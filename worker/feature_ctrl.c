/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Features that change what this controller does: how many queues (07h), which events (0Bh), how
 * long it waits for its host (0Fh).
 */
#include "config.h"

#include "worker/worker.h"

/* ---- 07h Number of Queues: 0's based, submission low, completion high ---- */

static uint32_t
queues_dw0(uint32_t queues)
{
	return ((queues - 1) | (queues - 1) << 16);
}

static uint64_t
queues_get(struct slot *s, bool now)
{
	const struct controller *c = s->qp->ctrl;

	return (queues_dw0(now && c->queues_granted != 0 ? c->queues_granted : c->hello.queues));
}

static uint16_t
queues_check(struct slot *s)
{
	const struct controller *c = s->qp->ctrl;

	if ((s->cmd.cdw11 & 0xffff) == 0xffff)
		return (slot_bad_field(s, 44, 0));
	if (s->cmd.cdw11 >> 16 == 0xffff)
		return (slot_bad_field(s, 46, 0));
	/* once between resets, and before there are I/O queues */
	if (c->queues_granted != 0 || ctrl_has_queues(c))
		return (NVME_SC_COMMAND_SEQUENCE_ERROR | NVME_SC_DNR);
	return (0);
}

/* A queue here is a pair, so the smaller number counts. */
static void
queues_set(struct slot *s)
{
	struct controller *c = s->qp->ctrl;
	uint32_t n = (s->cmd.cdw11 & 0xffff) + 1, ncqr = (s->cmd.cdw11 >> 16) + 1;

	if (n > ncqr)
		n = ncqr;
	if (n > c->hello.queues)
		n = c->hello.queues;
	c->queues_granted = n;
	s->result = queues_dw0(n);
	slot_done(s, 0);
}

const struct feature feature_queues = {
	.fid = NVME_FID_NUMBER_OF_QUEUES, .can = FEATURE_CHANGEABLE, .bits = 0xffffffff,
	.get = queues_get, .check_set = queues_check, .set = queues_set,
};

/* ---- 0Bh Asynchronous Event Configuration: health in bits 7:0, and our notices ---- */

static uint64_t
events_get(struct slot *s, bool now)
{
	return (now ? s->qp->ctrl->aec : 0);
}

static uint16_t
events_check(struct slot *s)
{
	uint32_t wrong = s->cmd.cdw11 & ~(NVME_AEC_SMART_MASK | aer_supported(s->qp->ctrl));
	unsigned bit = 0;

	if (wrong == 0)
		return (0);
	while ((wrong & 1u << bit) == 0)
		bit++;
	return (slot_bad_field(s, 44 + bit / 8, bit % 8));
}

/* A warning that is there already is told to who begins to listen. */
static void
events_set(struct slot *s)
{
	struct controller *c = s->qp->ctrl;
	uint32_t before = c->aec;

	c->aec = s->cmd.cdw11;
	slot_done(s, 0);
	health_listen(c, (uint8_t)(c->aec & ~before));
}

const struct feature feature_events = {
	.fid = NVME_FID_ASYNC_EVENT_CONFIG, .can = FEATURE_CHANGEABLE, .discovery = true,
	.bits = 0xffffffff, .get = events_get, .check_set = events_check, .set = events_set,
};

/* ---- 0Fh Keep Alive Timer, ms; the default is the Connect's ---- */

static uint64_t
kato_get(struct slot *s, bool now)
{
	const struct controller *c = s->qp->ctrl;

	return (now ? c->kato_ms : c->features.kato_ms);
}

static uint16_t
kato_check(struct slot *s)
{
	if (s->cmd.cdw11 > s->qp->ctrl->hello.keep_alive_max_ms)
		return (NVME_SC_KEEP_ALIVE_INVALID | NVME_SC_DNR);
	return (0);
}

static void
kato_set(struct slot *s)
{
	ctrl_set_kato(s->qp->ctrl, s->cmd.cdw11);
	slot_done(s, 0);
}

const struct feature feature_kato = {
	.fid = NVME_FID_KEEP_ALIVE_TIMER, .can = FEATURE_CHANGEABLE, .discovery = true,
	.bits = 0xffffffff, .get = kato_get, .check_set = kato_check, .set = kato_set,
};
