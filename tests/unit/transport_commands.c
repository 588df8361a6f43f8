/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seven commands for transport_world.c: 01h takes what the SGL says, 02h gives it, 00h is held until
 * the test lets it go, 04h is CDW10 flushes of memory, one after the other, 05h one operation that
 * ends when the test says so, 06h zeroes CDW10 MiB of memory; 08h is held with a bounce buffer.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/transport_world.h"

static uint16_t
prepare_in(struct slot *s)
{
	s->len_in = s->cmd.sgl_len;
	return (s->cmd.cdw10 == 0xbad ? NVME_SC_LBA_OUT_OF_RANGE : 0);
}

static void
execute_in(struct slot *s)
{
	memcpy(world.written, s->buf, s->len_in);
	world.nwritten = s->len_in;
	slot_done(s, 0);
}

static uint16_t
prepare_out(struct slot *s)
{
	s->len_out = s->cmd.sgl_len;
	return (0);
}

static void
execute_out(struct slot *s)
{
	for (uint32_t i = 0; i < s->len_out; i++)
		s->buf[i] = (uint8_t)(i * 7 + s->cmd.cid);
	slot_done_data(s, s->len_out);
}

static uint16_t
prepare_hold(struct slot *s)
{
	(void)s;
	return (0);
}

static void
execute_hold(struct slot *s)
{
	world.held[world.nheld++] = s;
}

static void flush_submit(struct slot *);

static void
hold_bounced(struct slot *s, uint16_t status)
{
	assert_int_equal(status, 0);
	assert_non_null(s->bounce);
	execute_hold(s);
}

static void
execute_bounce(struct slot *s)
{
	bounce_get(s, hold_bounced);
}

static void
flush_next(struct eng_op *op)
{
	struct slot *s = op->arg;

	if (s->aborted)
		slot_done(s, NVME_SC_ABORT_REQUESTED);
	else
		flush_submit(s);
}

static void
flush_submit(struct slot *s)
{
	if (s->cmd.cdw10-- > 0) {
		s->op.done = flush_next;
		lane_submit(&world.lane, &s->op);
	} else
		slot_done(s, 0);
}

static void
execute_chain(struct slot *s)
{
	static uint8_t map[1];

	s->op = (struct eng_op){ .verb = ENG_FLUSH, .map = map, .map_len = sizeof(map),
	    .arg = s };
	s->in_parts = true;
	flush_submit(s);
}

static void
op_done(struct eng_op *op)
{
	slot_done(op->arg, op->error == 0 ? 0 : NVME_SC_INTERNAL_DEVICE_ERROR);
}

/* Begun, and not cancelled by anybody: the test calls done(). */
static void
execute_one(struct slot *s)
{
	static uint8_t map[1];

	s->op = (struct eng_op){ .verb = ENG_FLUSH, .map = map, .map_len = sizeof(map),
	    .done = op_done, .arg = s };
	world.held[world.nheld++] = s;
}

static void
execute_zero(struct slot *s)
{
	static uint8_t map[64 << 20];

	s->op = (struct eng_op){ .verb = ENG_ZERO, .map = map, .map_len = sizeof(map),
	    .len = (uint64_t)s->cmd.cdw10 << 20, .done = op_done, .arg = s };
	lane_submit(&world.lane, &s->op);
}

const struct cmd_rule *
nvm_rule(uint8_t opc)
{
	static const struct cmd_rule rules[] = {
		{ 0x00, "hold", prepare_hold, execute_hold, 0 },
		{ 0x01, "in", prepare_in, execute_in, 0 },
		{ 0x02, "out", prepare_out, execute_out, 0 },
		{ 0x04, "chain", prepare_hold, execute_chain, 0 },
		{ 0x08, "bounce", prepare_hold, execute_bounce, 0 },
		{ 0x05, "one", prepare_hold, execute_one, 0 },
		{ 0x06, "zero", prepare_hold, execute_zero, 0 },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].opc == opc)
			return (&rules[i]);
	return (NULL);
}

/* ---- there are no fused commands ---- */

uint16_t
fused_check(struct slot *s)
{
	(void)s;
	return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
}

void
fused_arrived(struct slot *s)
{
	(void)s;
}

void
fused_done(struct slot *s, uint16_t status)
{
	(void)s;
	(void)status;
	abort();
}

void
fused_forget(struct slot *s)
{
	(void)s;
	abort();
}

bool
fused_may_abort(const struct slot *s)
{
	(void)s;
	abort();
}

void
fused_changed(struct lane *lane)
{
	(void)lane;
}
