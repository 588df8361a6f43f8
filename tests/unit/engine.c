/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/engine_threads.c, over a file layer that lasts as long as the test wants: which thread does
 * what, that nothing stops the lane, and that done() comes when it may and never otherwise. What is
 * the same with a ring, descriptors and signals, is in engine_watch.c.
 */
#include "config.h"

#include "tests/unit/engine_world.h"

/* ---- operations ---- */

static void
test_nothing(void **state)
{
	(void)state;
	need_engine(engine);
	engine_free(NULL);
	assert_int_equal(engine_in_flight(engine), 0);
	assert_int_equal(engine_wait(engine, 0), 0);
	assert_int_equal(engine_wait(engine, 1), 0);
}

/* Carried out at once, told later, and engine_wait does not sleep over it. */
static void
test_never_blocks(void **state)
{
	(void)state;
	ops[0].never_blocks = true;
	ops[1] = ops[0];
	ops[1].verb = ENG_FLUSH;
	ops[1].len = UINT64_MAX;
	ops[1].buf = &fakes[1];
	engine_submit(engine, &ops[0]);
	engine_submit(engine, &ops[1]);
	assert_true(fakes[0].done_in_lane && fakes[1].done_in_lane);
	assert_int_equal(fakes[0].calls, 0);
	assert_int_equal(engine_in_flight(engine), 2);
	assert_int_equal(engine_wait(engine, -1), 2);
	assert_int_equal(fakes[0].calls + fakes[1].calls, 2);
	assert_int_equal(engine_in_flight(engine), 0);
	assert_int_equal(engine_wait(engine, 0), 0);
}

/* Zeroing a whole RAM disk would stop the lane: that is for a thread. */
static void
test_never_blocks_but_long(void **state)
{
	(void)state;
	ops[0].never_blocks = true;
	ops[0].verb = ENG_ZERO;
	ops[0].len = (uint64_t)1 << 40;
	engine_submit(engine, &ops[0]);
	finish_all();
	assert_false(fakes[0].done_in_lane);
	assert_int_equal(fakes[0].calls, 1);
}

static void
test_page_cache(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		ops[i].verb = ENG_READ;
		ops[i].page_cache = i != 2;
		fakes[i].at_hand = i != 1;
	}
	ops[3].len = (uint64_t)1 << 30;
	for (i = 0; i < 4; i++)
		engine_submit(engine, &ops[i]);
	finish_all();
	for (i = 0; i < 4; i++) {
		assert_int_equal(fakes[i].tried, i < 2);
		assert_int_equal(fakes[i].done_in_lane, i == 0);
		assert_int_equal(fakes[i].calls, 1);
	}
}

static void
test_without_threads(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		engine_submit(engine, &ops[i]);
	assert_int_equal(norder, 0);
	assert_int_equal(engine_wait(engine, -1), 10);
	for (i = 0; i < 10; i++)
		assert_int_equal(order[i], i);
	assert_true(fakes[3].done_in_lane);
}

static void
test_first_come_first_served(void **state)
{
	int i;

	(void)state;
	submit_slow(0);
	for (i = 1; i < OPS; i++)
		engine_submit(engine, &ops[i]);
	assert_int_equal(engine_in_flight(engine), OPS);
	assert_int_equal(engine_wait(engine, 0), 0);
	sem_post(&fakes[0].go);
	finish_all();
	assert_int_equal(norder, OPS);
	for (i = 0; i < OPS; i++) {
		assert_int_equal(order[i], i);
		assert_false(fakes[i].done_in_lane);
	}
}

static void
test_cancel(void **state)
{
	(void)state;
	assert_false(engine_cancel(engine, &ops[0]));
	submit_slow(0);
	engine_submit(engine, &ops[1]);
	engine_submit(engine, &ops[2]);
	engine_submit(engine, &ops[3]);
	assert_false(engine_cancel(engine, &ops[0]));
	assert_true(engine_cancel(engine, &ops[1]));
	assert_true(engine_cancel(engine, &ops[3]));
	assert_false(engine_cancel(engine, &ops[3]));
	assert_int_equal(engine_in_flight(engine), 2);
	/* The last one was cancelled: the queue must still have an end. */
	engine_submit(engine, &ops[4]);
	engine_submit(engine, &ops[1]);
	sem_post(&fakes[0].go);
	finish_all();
	assert_int_equal(norder, 4);
	assert_int_equal(fakes[3].calls, 0);
	assert_memory_equal(order, ((int[]){ 0, 2, 4, 1 }), 4 * sizeof(int));
	assert_false(engine_cancel(engine, &ops[1]));
}

/* done() has not been called, but it has been carried out. */
static void
test_cancel_too_late(void **state)
{
	(void)state;
	ops[0].never_blocks = true;
	engine_submit(engine, &ops[0]);
	assert_false(engine_cancel(engine, &ops[0]));
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(fakes[0].calls, 1);
}

static int again;

static void
submit_again(struct eng_op *op)
{
	note_done(op);
	if (--again > 0)
		engine_submit(engine, op);
}

/* What done() submits belongs to the next turn, even if it is carried out at once. */
static void
test_submit_in_done(void **state)
{
	(void)state;
	again = 3;
	ops[0].never_blocks = true;
	ops[0].done = submit_again;
	engine_submit(engine, &ops[0]);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, 0), 0);
}

/* A wake-up that gets lost would end this in a sleep for ever. */
static void
test_many(void **state)
{
	int i;

	(void)state;
	again = 20000;
	for (i = 0; i < OPS; i++) {
		ops[i].done = submit_again;
		ops[i].never_blocks = i % 8 == 0;
		engine_submit(engine, &ops[i]);
	}
	finish_all();
	assert_int_equal(norder, 20000 + OPS - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH_KIND(test_nothing),
		cmocka_unit_test_setup_teardown(test_never_blocks, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_never_blocks_but_long, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_page_cache, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_without_threads, setup_none, teardown),
		cmocka_unit_test_setup_teardown(test_first_come_first_served, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_too_late, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_submit_in_done, setup_one, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup_two, teardown),
	};

	return (cmocka_run_group_tests_name("engine", tests, NULL, NULL));
}
