/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compare: what is stored, with what the host sent. Memory is compared where it lies; of anything
 * else a slice at a time is read into a bounce buffer. The first difference ends it.
 */
#include "config.h"

#include <string.h>

#include "worker/nvm.h"

/* A fused Compare is done later than its data came: that needs a buffer. */
uint16_t
nvm_compare_prepare(struct slot *s)
{
	const struct ns *ns = nvm_ns(s);
	uint16_t status = nvm_prepare_transfer(s, ns, false, &s->len_in);

	s->in_place = status == 0 && ns->map != NULL && s->cmd.fuse == NVME_FUSE_NONE;
	return (status);
}

/* The same command fails again until somebody writes. */
static uint16_t
verdict(const uint8_t *stored, const uint8_t *sent, uint64_t len)
{
	if (memcmp(stored, sent, len) == 0)
		return (0);
	return (NVME_SC_COMPARE_FAILURE | NVME_SC_DNR);
}

static void
finish(struct slot *s, uint16_t status)
{
	bounce_put(s);
	if (status == 0)
		ns_stat_read(s->qp->lane, nvm_ns(s)->file, s->len_in);
	s->then(s, status);
}

static void compare_next(struct slot *, uint16_t status);

static void
slice_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = nvm_op_status(s);

	if (status == 0)
		status = verdict(s->bounce, s->buf + s->at, op->len);
	s->at += op->len;
	compare_next(s, status);
}

/* s->at: bytes that are equal. */
static void
compare_next(struct slot *s, uint16_t status)
{
	const struct ns *ns = nvm_ns(s);
	uint64_t left = s->len_in - s->at;

	if (status == 0 && left > 0)
		status = nvm_is_ending(s);
	if (status != 0 || left == 0) {
		finish(s, status);
		return;
	}
	nvm_bounce_op(s, ns, ENG_READ, (nvm_slba(&s->cmd) << ns->lbads) + s->at,
	    left < BOUNCE_BYTES ? left : BOUNCE_BYTES);
	nvm_submit(s, slice_done);
}

static void
compare_begin(struct slot *s, uint16_t status)
{
	const struct ns *ns = nvm_ns(s);

	if (status == 0 && ns->map == NULL) {
		bounce_get(s, compare_next);
		return;
	}
	if (status == 0)
		status = verdict(ns->map + (nvm_slba(&s->cmd) << ns->lbads), s->buf, s->len_in);
	finish(s, status);
}

void
nvm_compare(struct slot *s, void (*then)(struct slot *, uint16_t))
{
	s->then = then;
	s->at = 0;
	nvm_settle(s, compare_begin);
}

void
nvm_compare_execute(struct slot *s)
{
	s->in_parts = true;
	nvm_compare(s, slot_done);
}
