/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on mapped memory (RAM disks), and the way of every operation to whoever carries it
 * out. Copies are made when an operation is submitted: its buffer is free for other use at once.
 * Zeros are written in slices, some in each turn, so that nobody else on the lane waits for them.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "worker/stream.h"
#include "worker/worker.h"

#define SLICE		(128u << 10)	/* bytes of one operation before the next one's turn */
#define TURN_SLICES	8u		/* 1 MiB: some 50 us */

static bool
is_inside(const struct eng_op *op)
{
	uint64_t end;

	return (op->verb == ENG_FLUSH || (!__builtin_add_overflow(op->offset, op->len, &end) &&
	    end <= op->map_len));
}

/* Returns true when op is complete. A read without a buffer is sent from where it lies. */
static bool
begin(struct memory *m, struct eng_op *op)
{
	if (!is_inside(op)) {
		op->error = EINVAL;
		return (true);
	}
	switch (op->verb) {
	case ENG_READ:
		if (op->buf != NULL)
			memcpy(op->buf, op->map + op->offset, op->len);
		return (true);
	case ENG_WRITE:
		/* of Copy: within one map */
		m->streamed |= stream_copy(op->map + op->offset, op->buf, op->len);
		return (true);
	case ENG_ZERO:
	case ENG_DISCARD:
		return (op->len == 0);
	case ENG_FLUSH:
	case ENG_VERB_MAX:
		break;
	}
	return (true);
}

void
memory_init(struct memory *m)
{
	TAILQ_INIT(&m->ready);
	TAILQ_INIT(&m->slow);
	m->in_flight = 0;
	m->streamed = false;
}

void
lane_submit(struct lane *lane, struct eng_op *op)
{
	struct memory *m = &lane->memory;

	if (lane->holds != NULL && range_waits(lane, op))
		return;
	if (op->map == NULL) {
		engine_submit(lane->engine, op);
		return;
	}
	op->moved = 0;
	op->error = 0;
	m->in_flight++;
	if (begin(m, op))
		TAILQ_INSERT_TAIL(&m->ready, op, next);
	else
		TAILQ_INSERT_TAIL(&m->slow, op, next);
}

void
lane_fail(struct lane *lane, struct eng_op *op, int error)
{
	op->error = error;
	lane->memory.in_flight++;
	TAILQ_INSERT_TAIL(&lane->memory.ready, op, next);
}

static bool
is_slow(const struct memory *m, const struct eng_op *op)
{
	const struct eng_op *o;

	TAILQ_FOREACH(o, &m->slow, next)
		if (o == op)
			return (true);
	return (false);
}

bool
lane_has(const struct lane *lane, const struct eng_op *op)
{
	return (op->map != NULL ? is_slow(&lane->memory, op) : engine_has(op));
}

/* Zeros are taken back between two slices, too: who closes a queue does not wait for gigabytes. */
static bool
memory_cancel(struct memory *m, struct eng_op *op)
{
	if (!is_slow(m, op))
		return (false);
	TAILQ_REMOVE(&m->slow, op, next);
	m->in_flight--;
	return (true);
}

bool
lane_cancel(struct lane *lane, struct eng_op *op)
{
	bool taken = range_take_back(lane, op);

	if (!taken)
		taken = op->map != NULL ? memory_cancel(&lane->memory, op) :
		    engine_cancel(lane->engine, op);
	if (taken)
		range_cancelled(lane, op);
	return (taken);
}

static void
zero_some(struct memory *m)
{
	struct eng_op *op = TAILQ_FIRST(&m->slow);
	uint64_t n = op->len - op->moved;

	n = n > SLICE ? SLICE : n;
	memset(op->map + op->offset + op->moved, 0, n);
	op->moved += n;
	TAILQ_REMOVE(&m->slow, op, next);
	if (op->moved == op->len)
		TAILQ_INSERT_TAIL(&m->ready, op, next);
	else
		TAILQ_INSERT_TAIL(&m->slow, op, next);
}

void
memory_turn(struct memory *m)
{
	for (unsigned i = 0; i < TURN_SLICES && !TAILQ_EMPTY(&m->slow); i++)
		zero_some(m);
}

void
memory_done(struct memory *m)
{
	struct eng_queue due = TAILQ_HEAD_INITIALIZER(due);
	struct eng_op *op;

	if (m->streamed)
		stream_fence();		/* before anybody hears that it is there */
	m->streamed = false;
	TAILQ_CONCAT(&due, &m->ready, next);
	while ((op = TAILQ_FIRST(&due)) != NULL) {
		TAILQ_REMOVE(&due, op, next);
		assert(m->in_flight > 0);
		m->in_flight--;
		op->done(op);
	}
}
