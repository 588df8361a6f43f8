/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Get and Set Features: a table by feature identifier. No value survives the controller, so nothing
 * can be saved and only the current value can be asked for.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define FSUPP 0x1u			/* log 12h */
#define SCOPE_CONTROLLER 0x00200000u	/* FSP */

struct feature {
	uint8_t fid;
	bool discovery;
	/* Judges; get: len_out is 0 before. NULL: nothing to judge. 0 or status. */
	uint16_t (*check_get)(struct slot *);
	uint64_t (*get)(struct slot *);		/* dword 0 of the answer; or fills buf */
	uint16_t (*check_set)(const struct slot *);
	void (*set)(struct slot *);		/* NULL: nothing to do */
};

/* ---- 07h Number of Queues: 0's based, submission low, completion high ---- */

static uint32_t
queues_dw0(uint32_t queues)
{
	return ((queues - 1) | (queues - 1) << 16);
}

static uint64_t
queues_get(struct slot *s)
{
	const struct controller *c = s->qp->ctrl;

	return (queues_dw0(c->queues_granted != 0 ? c->queues_granted : c->hello.queues));
}

static uint16_t
queues_check(const struct slot *s)
{
	const struct controller *c = s->qp->ctrl;

	if ((s->cmd.cdw11 & 0xffff) == 0xffff || s->cmd.cdw11 >> 16 == 0xffff)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
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
}

/* ---- 06h Volatile Write Cache: where there is one, it stays on ---- */

bool
feature_write_cache(const struct controller *c)
{
	for (uint32_t i = 0; i < c->lane->ns->n; i++)
		if (c->lane->ns->at[i].ns->id.volatile_cache)
			return (true);
	return (false);
}

static uint64_t
cache_get(struct slot *s)
{
	(void)s;
	return (1);
}

static uint16_t
cache_check(const struct slot *s)
{
	return (s->cmd.cdw11 & 1 ? 0 : NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
}

/* ---- 0Bh Asynchronous Event Configuration ---- */

static uint64_t
events_get(struct slot *s)
{
	return (s->qp->ctrl->aec);
}

static uint16_t
events_check(const struct slot *s)
{
	uint32_t known = NVME_AEC_SMART_MASK | aer_supported(s->qp->ctrl);

	return (s->cmd.cdw11 & ~known ? NVME_SC_INVALID_FIELD | NVME_SC_DNR : 0);
}

static void
events_set(struct slot *s)
{
	s->qp->ctrl->aec = s->cmd.cdw11;
}

/* ---- 0Fh Keep Alive Timer, ms ---- */

static uint64_t
kato_get(struct slot *s)
{
	return (s->qp->ctrl->kato_ms);
}

static uint16_t
kato_check(const struct slot *s)
{
	if (s->cmd.cdw11 > s->qp->ctrl->hello.keep_alive_max_ms)
		return (NVME_SC_KEEP_ALIVE_INVALID | NVME_SC_DNR);
	return (0);
}

static void
kato_set(struct slot *s)
{
	ctrl_set_kato(s->qp->ctrl, s->cmd.cdw11);
}

/* ---- 81h Host Identifier: 16 bytes, known from the Connect ---- */

static uint16_t
hostid_check_get(struct slot *s)
{
	if ((s->cmd.cdw11 & 1) == 0)	/* EXHID: fabrics know no other */
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (s->cmd.sgl_len < sizeof(s->qp->ctrl->hostid))
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_out = sizeof(s->qp->ctrl->hostid);
	return (0);
}

static uint64_t
hostid_get(struct slot *s)
{
	memcpy(s->buf, s->qp->ctrl->hostid, sizeof(s->qp->ctrl->hostid));
	return (0);
}

static uint16_t
hostid_check_set(const struct slot *s)
{
	(void)s;
	return (NVME_SC_COMMAND_SEQUENCE_ERROR | NVME_SC_DNR);
}

static const struct feature features[] = {
	{ NVME_FID_VOLATILE_WRITE_CACHE, false, NULL, cache_get, cache_check, NULL },
	{ NVME_FID_NUMBER_OF_QUEUES, false, NULL, queues_get, queues_check, queues_set },
	{ NVME_FID_ASYNC_EVENT_CONFIG, true, NULL, events_get, events_check, events_set },
	{ NVME_FID_KEEP_ALIVE_TIMER, true, NULL, kato_get, kato_check, kato_set },
	{ NVME_FID_HOST_IDENTIFIER, false, hostid_check_get, hostid_get, hostid_check_set, NULL },
};

static bool
is_there(const struct controller *c, const struct feature *f)
{
	if (f->fid == NVME_FID_VOLATILE_WRITE_CACHE && !feature_write_cache(c))
		return (false);
	return (f->discovery || !c->admit.discovery);
}

static const struct feature *
find_feature(const struct controller *c, uint8_t fid)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (features[i].fid == fid)
			return (is_there(c, &features[i]) ? &features[i] : NULL);
	return (NULL);
}

static const struct feature *
slot_feature(const struct slot *s)
{
	return (find_feature(s->qp->ctrl, s->cmd.cdw10 & 0xff));
}

uint32_t
feature_effects(const struct controller *c, uint8_t fid)
{
	return (find_feature(c, fid) == NULL ? 0 : FSUPP | SCOPE_CONTROLLER);
}

uint16_t
get_features_prepare(struct slot *s)
{
	const struct feature *f = slot_feature(s);

	if (f == NULL || (s->cmd.cdw10 >> 8 & 0x7) != NVME_FEATURE_CURRENT)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	return (f->check_get == NULL ? 0 : f->check_get(s));
}

void
get_features_execute(struct slot *s)
{
	s->result = slot_feature(s)->get(s);
	slot_done_data(s, s->len_out);
}

uint16_t
set_features_prepare(struct slot *s)
{
	const struct feature *f = slot_feature(s);

	if (f == NULL)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if ((s->cmd.cdw10 & NVME_FEATURE_SAVE) != 0)
		return (NVME_SC_FEATURE_NOT_SAVEABLE | NVME_SC_DNR);
	if (s->cmd.nsid != 0 && s->cmd.nsid != NVME_NSID_ALL)
		return (NVME_SC_FEATURE_NOT_NS_SPECIFIC | NVME_SC_DNR);
	return (f->check_set(s));
}

void
set_features_execute(struct slot *s)
{
	const struct feature *f = slot_feature(s);

	if (f->set != NULL)
		f->set(s);
	slot_done(s, 0);
}
