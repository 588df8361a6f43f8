/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Features by which a host says what it is: its behaviour (16h) and its identifier (81h), which is
 * the one of its Connect and nothing else.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

/* ---- 16h Host Behavior Support ---- */

static uint64_t
behavior_get(struct slot *s, bool now)
{
	const struct feature_values *v = &s->qp->ctrl->features;
	struct nvme_host_behavior b = { .acre = v->acre, .etdas = v->etdas, .lbafee = v->lbafee,
	    .cdfe = le16(v->copy_2 ? NVME_CDFE_FORMAT_2 : 0) };

	if (now)
		memcpy(s->buf, &b, sizeof(b));
	return (0);
}

/* Of the copy formats that can be enabled, 2 is the one that there is. */
static bool
behavior_ok(const struct nvme_host_behavior *b)
{
	return (b->acre <= 1 && b->etdas <= 1 && b->lbafee <= 1 && b->hdisns == 0 &&
	    (le16_get(b->cdfe) & ~NVME_CDFE_FORMAT_2) == 0);
}

/* Other lanes look at two of them. */
static void
behavior_set(struct slot *s)
{
	struct feature_values *v = &s->qp->ctrl->features;
	struct nvme_host_behavior b;

	memcpy(&b, s->buf, sizeof(b));
	if (!behavior_ok(&b)) {
		slot_done(s, NVME_SC_INVALID_FIELD | NVME_SC_DNR);
		return;
	}
	v->etdas = b.etdas;
	v->lbafee = b.lbafee;
	__atomic_store_n(&v->acre, b.acre != 0, __ATOMIC_RELAXED);
	__atomic_store_n(&v->copy_2, le16_get(b.cdfe) != 0, __ATOMIC_RELAXED);
	slot_done(s, 0);
}

bool
feature_copy_2(const struct controller *c)
{
	return (__atomic_load_n(&c->features.copy_2, __ATOMIC_RELAXED));
}

bool
feature_retry_delay(const struct controller *c)
{
	return (__atomic_load_n(&c->features.acre, __ATOMIC_RELAXED));
}

const struct feature feature_behavior = {
	.fid = NVME_FID_HOST_BEHAVIOR, .can = FEATURE_CHANGEABLE,
	.len = sizeof(struct nvme_host_behavior), .get = behavior_get, .set = behavior_set,
};

/* ---- 81h Host Identifier: 16 bytes ---- */

static uint16_t
hostid_check_get(struct slot *s)
{
	/* EXHID: fabrics know no other */
	return ((s->cmd.cdw11 & 1) == 0 ? slot_bad_field(s, 44, 0) : 0);
}

static uint64_t
hostid_get(struct slot *s, bool now)
{
	const struct controller *c = s->qp->ctrl;

	(void)now;
	memcpy(s->buf, c->hostid, sizeof(c->hostid));
	return (0);
}

static uint16_t
hostid_check_set(struct slot *s)
{
	(void)s;
	return (NVME_SC_COMMAND_SEQUENCE_ERROR | NVME_SC_DNR);
}

const struct feature feature_hostid = {
	.fid = NVME_FID_HOST_IDENTIFIER, .bits = 0xffffffff,
	.len = sizeof(((struct controller *)0)->hostid), .check_get = hostid_check_get,
	.get = hostid_get, .check_set = hostid_check_set,
};
