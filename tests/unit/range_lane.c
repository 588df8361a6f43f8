/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes that wait for ranges of others, in a lane: which do, what they keep meanwhile, and how that
 * ends. What waits for a range of its own is in fused.c.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/fused_world.h"

static void
writes_wait(void **state)
{
	static const struct { uint8_t opc; uint64_t slba; uint32_t nlb; bool waits; } rows[] = {
		{ WRITE, 8, 1, true },
		{ WRITE, 15, 1, true },
		{ WRITE, 7, 2, true },
		{ WRITE, 0, 32, true },
		{ WRITE, 7, 1, false },
		{ WRITE, 16, 1, false },
		{ ZERO, 15, 2, true },
		{ ZERO, 16, 2, false },
		{ COMPARE, 8, 1, false },
	};

	(void)state;
	for (uint32_t nsid = RAM; nsid <= FILE_NS; nsid++) {
		preset(nsid, 1);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			uint8_t data[32 * BLOCK];

			memset(data, 1, sizeof(data));
			world.nasked = 0;
			hold(70 + i, nsid, 8 * BLOCK, 8 * BLOCK);
			assert_int_equal(asked(0, "held"), 70 + i);
			send_cmd(rows[i].opc, 0, 1, nsid, rows[i].slba, rows[i].nlb,
			    rows[i].opc == ZERO ? NULL : data);
			if (rows[i].waits) {
				nothing_comes();
				set_free(70 + i);
			}
			expect_response(1, 0);
			if (!rows[i].waits)
				set_free(70 + i);
			preset(nsid, 1);
		}
		/* the other namespace is another one */
		hold(99, nsid, 0, DEV);
		send_cmd(WRITE, 0, 1, 3 - nsid, 8, 1, ones);
		expect_response(1, 0);
		set_free(99);
	}
}

/* Its data is what it was, though the place where it was received has been used since. */
static void
what_waits_keeps_its_data(void **state)
{
	(void)state;
	hold(70, RAM, 0, 512);
	send_cmd(WRITE, 0, 1, RAM, 0, 1, twos);
	send_cmd(WRITE, 0, 2, RAM, 8, 1, ones);
	expect_response(2, 0);
	set_free(70);
	expect_response(1, 0);
	assert_true(stored(RAM, 0, 1, twos));
}

static void
two_holds(void **state)
{
	(void)state;
	hold(70, RAM, 0, 512);
	hold(71, RAM, 0, 1024);
	hold(71, RAM, 0, 1024);		/* twice is once */
	send_cmd(WRITE, 0, 1, RAM, 0, 1, twos);
	set_free(70);
	nothing_comes();
	set_free(71);
	expect_response(1, 0);
}

static void
what_waits_can_be_aborted(void **state)
{
	(void)state;
	hold(70, RAM, 0, 512);
	send_cmd(WRITE, 0, 1, RAM, 0, 1, twos);
	nothing_comes();
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	expect_response(1, NVME_SC_ABORT_REQUESTED);
	set_free(70);
	assert_true(stored(RAM, 0, 1, ram + 512));
}

static void
a_queue_closes_while_it_waits(void **state)
{
	(void)state;
	hold(70, FILE_NS, 0, 512);
	send_cmd(WRITE, 0, 1, FILE_NS, 0, 1, twos);
	close(world.host);
	world.host = -1;
	turns(3);
	assert_true(world.closed);
	set_free(70);
	assert_false(stored(FILE_NS, 0, 1, twos));
}

/* Zeroing of memory takes many turns: it is under way when the hold comes. */
static void
what_is_under_way_is_finished(void **state)
{
	static uint8_t big[8 << 20];
	struct ns *ns = world.lane.ns->at[0].ns;

	(void)state;
	ns->map = big;
	ns->map_len = sizeof(big);
	ns->id.nlbas = sizeof(big) / BLOCK;
	send_cmd(ZERO, 0, 1, RAM, 0, sizeof(big) / BLOCK, NULL);
	assert_false(TAILQ_EMPTY(&world.lane.memory.slow));
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 70, .nsid = RAM,
	    .offset = 4096, .len = 512, .answer = 1 }), 0);
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 71, .nsid = RAM,
	    .offset = sizeof(big), .len = 512, .answer = 1 }), 0);
	assert_int_equal(world.nasked, 1);		/* of the one that does not overlap */
	assert_int_equal(world.asked[0].token, 71);
	expect_response(1, 0);
	assert_int_equal(asked(1, "held"), 70);
	set_free(70);
	set_free(71);
	/* freed before it has answered: no answer */
	world.nasked = 0;
	send_cmd(ZERO, 0, 1, RAM, 0, sizeof(big) / BLOCK, NULL);
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 72, .nsid = RAM,
	    .offset = 4096, .len = 512, .answer = 1 }), 0);
	range_free(&world.lane, &(struct ipc_range_ref){ .token = 72 });
	expect_response(1, 0);
	assert_int_equal(world.nasked, 0);
	/* taken back: nothing is under way any more */
	send_cmd(ZERO, 0, 1, RAM, 0, sizeof(big) / BLOCK, NULL);
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 73, .nsid = RAM,
	    .offset = 4096, .len = 512, .answer = 1 }), 0);
	assert_int_equal(world.nasked, 0);
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	assert_int_equal(asked(0, "held"), 73);
	expect_response(1, NVME_SC_ABORT_REQUESTED);
	set_free(73);
}

/* Reads find buffers, whatever waits: what would be too much is told to come again. */
static void
not_too_much_waits(void **state)
{
	(void)state;
	hold(70, FILE_NS, 0, DEV);
	for (uint16_t cid = 1; cid <= 3; cid++)
		send_cmd(WRITE, 0, cid, FILE_NS, 0, 8, ones);
	nothing_comes();
	assert_int_equal(world.lane.held.bytes, 3 * 4096);
	send_cmd(WRITE, 0, 4, FILE_NS, 0, 16, ones);
	expect_response(4, NVME_SC_COMMAND_INTERRUPTED);
	set_free(70);
	for (uint16_t cid = 1; cid <= 3; cid++)
		expect_response(cid, 0);
}

/* No message, no list, no look at an operation while nobody has a range for itself. */
static void
it_costs_nothing_when_it_is_not_used(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		send_cmd(WRITE, 0, 1, i % 2 == 0 ? RAM : FILE_NS, i, 1, ones);
		expect_response(1, 0);
		send_cmd(ZERO, 0, 1, i % 2 == 0 ? RAM : FILE_NS, i, 1, NULL);
		expect_response(1, 0);
	}
	assert_int_equal(world.nasked, 0);
	assert_null(world.lane.holds);
	assert_null(world.lane.pairs);
	assert_false(world.lane.held.timer.set);
	assert_false(world.lane.desk.again.set);
	for (unsigned i = 0; i < SQSIZE; i++)
		assert_null(world.qp->slots[i].after);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_wait),
		TEST(what_waits_keeps_its_data),
		TEST(two_holds),
		TEST(what_waits_can_be_aborted),
		TEST(a_queue_closes_while_it_waits),
		TEST(what_is_under_way_is_finished),
		TEST(not_too_much_waits),
		TEST(it_costs_nothing_when_it_is_not_used),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
