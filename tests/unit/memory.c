/* SPDX-License-Identifier: BSD-2-Clause */
/* worker/memory.c: operations on mapped memory, their turns, and that everything else goes on. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "worker/worker.h"

#define SIZE	(4u << 20)
#define OPS	4

static uint8_t map[SIZE], buf[8192];
static struct lane lane;
static struct eng_op ops[OPS];
static int order[OPS], ndone;
static struct eng_op *engines;	/* the last one that the engine got */

void
engine_submit(struct engine *engine, struct eng_op *op)
{
	(void)engine;
	engines = op;
}

bool
engine_cancel(struct engine *engine, struct eng_op *op)
{
	(void)engine;
	return (op == engines);
}

void
engine_wake(struct engine *engine)
{
	(void)engine;
	fail_msg("there is one lane only");
}

static void
done(struct eng_op *op)
{
	order[ndone++] = (int)(op - ops);
}

static int
setup(void **state)
{
	(void)state;
	memset(&lane, 0, sizeof(lane));
	memory_init(&lane.memory);
	memset(map, 0xaa, sizeof(map));
	for (unsigned i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 3);
	for (unsigned i = 0; i < OPS; i++)
		ops[i] = (struct eng_op){ .map = map, .map_len = SIZE, .buf = buf, .done = done };
	ndone = 0;
	engines = NULL;
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (lane.memory.in_flight == 0 ? 0 : -1);
}

static void
submit(unsigned i, enum eng_verb verb, uint64_t offset, uint64_t len)
{
	ops[i].verb = verb;
	ops[i].offset = offset;
	ops[i].len = len;
	lane_submit(&lane, &ops[i]);
}

static void
test_write_leaves_its_buffer(void **state)
{
	(void)state;
	submit(0, ENG_WRITE, 4096, sizeof(buf));
	assert_int_equal(ndone, 0);		/* never from within */
	assert_memory_equal(map + 4096, buf, sizeof(buf));
	assert_int_equal(map[4095], 0xaa);
	assert_int_equal(map[4096 + sizeof(buf)], 0xaa);
	memory_done(&lane.memory);
	assert_int_equal(ndone, 1);
	assert_int_equal(ops[0].error, 0);
	assert_false(lane_cancel(&lane, &ops[0]));
}

static void
test_read(void **state)
{
	(void)state;
	memset(map + SIZE - 512, 0x55, 512);
	submit(0, ENG_READ, SIZE - 512, 512);
	ops[1].buf = NULL;			/* sent from where it lies */
	submit(1, ENG_READ, 0, SIZE);
	memory_done(&lane.memory);
	assert_int_equal(ndone, 2);
	assert_int_equal(buf[0], 0x55);
	assert_int_equal(buf[511], 0x55);
	assert_int_equal(buf[512], (uint8_t)(512 * 3));
}

static void
test_outside(void **state)
{
	(void)state;
	submit(0, ENG_READ, SIZE - 512, 1024);
	submit(1, ENG_WRITE, SIZE, 1);
	submit(2, ENG_ZERO, UINT64_MAX, 2);
	memory_done(&lane.memory);
	assert_int_equal(ndone, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ops[i].error, EINVAL);
	assert_int_equal(map[SIZE - 1], 0xaa);
	assert_int_equal(buf[0], 0);
}

static void
test_zeros_take_turns(void **state)
{
	unsigned turns = 0;

	(void)state;
	submit(0, ENG_ZERO, 0, SIZE - 1);
	submit(1, ENG_DISCARD, SIZE - 1, 1);
	submit(2, ENG_FLUSH, 0, 0);
	memory_done(&lane.memory);
	assert_int_equal(ndone, 1);		/* the flush waits for nobody */
	while (ndone < 3) {
		memory_turn(&lane.memory);
		memory_done(&lane.memory);
		turns++;
	}
	assert_true(turns > 1);
	assert_int_equal(order[1], 1);		/* the short one is not behind the long one */
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(map[i], 0);
}

static void
test_cancel(void **state)
{
	(void)state;
	submit(0, ENG_ZERO, 0, SIZE);
	submit(1, ENG_ZERO, 0, 0);
	assert_true(lane_cancel(&lane, &ops[0]));
	assert_false(lane_cancel(&lane, &ops[1]));	/* complete */
	submit(2, ENG_ZERO, 0, SIZE);
	memory_turn(&lane.memory);
	assert_int_equal(map[SIZE - 1], 0xaa);
	assert_true(lane_cancel(&lane, &ops[2]));	/* between two slices */
	for (unsigned i = 0; i < 64; i++) {
		memory_turn(&lane.memory);
		memory_done(&lane.memory);
	}
	assert_int_equal(ndone, 1);
	assert_int_equal(order[0], 1);
	assert_int_equal(map[SIZE - 1], 0xaa);
}

static void
test_others_go_to_the_engine(void **state)
{
	(void)state;
	ops[0].map = NULL;
	submit(0, ENG_READ, 0, 512);
	assert_ptr_equal(engines, &ops[0]);
	assert_true(lane_cancel(&lane, &ops[0]));
	memory_turn(&lane.memory);
	memory_done(&lane.memory);
	assert_int_equal(ndone, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_leaves_its_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zeros_take_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others_go_to_the_engine, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
