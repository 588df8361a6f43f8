/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine over a file layer that lasts as long as the test wants: its own file_try() and file_do()
 * look at who calls them, and wait when they are told to.
 */
#include "config.h"

#include <pthread.h>
#include <semaphore.h>

#include "tests/unit/engine_world.h"

pthread_t lane;
struct engine *engine;
struct eng_op ops[OPS];
struct fake fakes[OPS];
int order[OPS], norder;

bool
file_try(struct eng_op *op)
{
	struct fake *fake = op->buf;

	assert_true(pthread_equal(pthread_self(), lane));
	fake->tried = true;
	fake->done_in_lane = fake->at_hand;
	return (fake->at_hand);
}

void
file_do(struct eng_op *op)
{
	struct fake *fake = op->buf;

	fake->done_in_lane = pthread_equal(pthread_self(), lane);
	fake->moved_before = op->moved;
	op->moved = op->len;
	if (fake->slow) {
		sem_post(&fake->begun);
		while (sem_wait(&fake->go) == -1)
			continue;
	}
	op->error = (int)op->offset;
}

void
note_done(struct eng_op *op)
{
	struct fake *fake = op->buf;

	assert_true(pthread_equal(pthread_self(), lane));
	assert_ptr_equal(op->arg, &ops);
	assert_int_equal(op->error, (int)op->offset);
	assert_int_equal(fake->moved_before, 0);
	fake->calls++;
	order[norder++ % OPS] = (int)(op - ops);
}

static int
setup_with(enum engine_kind of, unsigned threads)
{
	int i;

	lane = pthread_self();
	norder = 0;
	memset(ops, 0, sizeof(ops));
	memset(fakes, 0, sizeof(fakes));
	for (i = 0; i < OPS; i++) {
		sem_init(&fakes[i].begun, 0, 0);
		sem_init(&fakes[i].go, 0, 0);
		ops[i] = (struct eng_op){ .verb = ENG_WRITE, .buf = &fakes[i], .len = 4096,
			.offset = (uint64_t)i, .done = note_done, .arg = &ops };
	}
	engine = new_engine(of, threads);
	return (0);
}

int
setup_none(void **state)
{
	(void)state;
	return (setup_with(ENGINE_THREADS, 0));
}

int
setup_one(void **state)
{
	(void)state;
	return (setup_with(ENGINE_THREADS, 1));
}

int
setup_two(void **state)
{
	(void)state;
	return (setup_with(ENGINE_THREADS, 2));
}

int
setup_kind(enum engine_kind of)
{
	return (setup_with(of, 2));
}

int
teardown(void **state)
{
	int i;

	(void)state;
	engine_free(engine);
	for (i = 0; i < OPS; i++) {
		sem_destroy(&fakes[i].begun);
		sem_destroy(&fakes[i].go);
	}
	return (0);
}

void
finish_all(void)
{
	while (engine_in_flight(engine) > 0)
		assert_true(engine_wait(engine, -1) >= 0);
}

void
submit_slow(int i)
{
	fakes[i].slow = true;
	engine_submit(engine, &ops[i]);
	while (sem_wait(&fakes[i].begun) == -1)
		continue;
}
