/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/fake_disk.h"
#include "tests/unit/unit.h"

bool fake_disk_lanes;

#define STARTED 1	/* eng_op.stage, which is the engine's */

static struct fake_op expected[512];
static unsigned nexpected, nseen;
static struct eng_queue flying = TAILQ_HEAD_INITIALIZER(flying);
static unsigned nflying;
static int files[ENGINE_FILES];
struct fake_ends fake_wrote;

void
fake_disk_expect(const struct fake_op *op)
{
	assert_true(nexpected < ARRAY_LEN(expected));
	expected[nexpected++] = *op;
}

int
engine_file_set(struct engine *engine, unsigned slot, int fd)
{
	(void)engine;
	assert_true(slot < ENGINE_FILES);
	files[slot] = fd;
	return (0);
}

int
fake_disk_fd(unsigned slot)
{
	return (files[slot]);
}

bool
engine_needs_fd(const struct engine *engine)
{
	(void)engine;
	return (true);
}

void
engine_wake(struct engine *engine)
{
	(void)engine;
	if (!fake_disk_lanes)
		fail_msg("there is one lane only");
}

void
engine_submit(struct engine *engine, struct eng_op *op)
{
	const struct fake_op *e = &expected[nseen];

	(void)engine;
	assert_true(nseen < nexpected);
	assert_int_equal(op->verb, e->verb);
	assert_int_equal(files[op->file], e->fd);
	assert_true(op->offset == e->offset);
	assert_true(op->len == e->len);
	assert_int_equal(op->fua, (e->flags & FAKE_FUA) != 0);
	assert_int_equal(op->may_unmap, (e->flags & FAKE_UNMAP) != 0);
	assert_non_null(op->done);
	if (op->verb == ENG_WRITE)
		fake_wrote = (struct fake_ends){ ((uint8_t *)op->buf)[0],
		    ((uint8_t *)op->buf)[op->len - 1] };
	op->error = e->error;
	op->stage = 0;
	nseen++;
	nflying++;
	TAILQ_INSERT_TAIL(&flying, op, next);
}

bool
engine_cancel(struct engine *engine, struct eng_op *op)
{
	struct eng_op *o;

	(void)engine;
	TAILQ_FOREACH(o, &flying, next) {
		if (o != op || o->stage == STARTED)
			continue;
		TAILQ_REMOVE(&flying, o, next);
		nflying--;
		return (true);
	}
	return (false);
}

unsigned
engine_in_flight(const struct engine *engine)
{
	(void)engine;
	return (nflying);
}

void
fake_disk_start(void)
{
	struct eng_op *op;

	TAILQ_FOREACH(op, &flying, next)
		op->stage = STARTED;
}

void
fake_disk_run(void)
{
	struct eng_op *op;

	while ((op = TAILQ_FIRST(&flying)) != NULL) {
		TAILQ_REMOVE(&flying, op, next);
		nflying--;
		if (op->verb == ENG_READ && op->error == 0)
			memset(op->buf, FAKE_FILL, op->len);
		op->done(op);
	}
}

void
fake_disk_end(void)
{
	assert_int_equal(nflying, 0);
	assert_int_equal(nseen, nexpected);
	nseen = nexpected = 0;
}
