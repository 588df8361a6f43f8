/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fused Compare and Write: pairs, what is none, and ends in the middle. What waits for others is in
 * range_lane.c.
 */
#include "config.h"

#include <unistd.h>

#include "tests/unit/fused_world.h"

/* ---- pairs ---- */

static void
a_pair(void **state)
{
	(void)state;
	for (uint32_t nsid = RAM; nsid <= FILE_NS; nsid++) {
		world.nasked = 0;
		preset(nsid, 1);
		send_pair(nsid, 8, 8, ones, twos);
		assert_int_equal(world.asked[0].range.nsid, nsid);
		assert_int_equal(world.asked[0].range.offset, 8 * BLOCK);
		assert_int_equal(world.asked[0].range.len, 8 * BLOCK);
		nothing_comes();
		assert_true(stored(nsid, 8, 8, ones));
		grant(0, 77);
		answered(0, 0);
		assert_true(stored(nsid, 8, 8, twos));
		assert_true(stored(nsid, 7, 1, ones) && stored(nsid, 16, 1, ones));
		ended(2, 77);
		assert_int_equal(world.nasked, 3);
	}
}

static void
a_miscompare(void **state)
{
	(void)state;
	for (uint32_t nsid = RAM; nsid <= FILE_NS; nsid++) {
		world.nasked = 0;
		preset(nsid, 1);
		send_pair(nsid, 8, 1, twos, twos);
		grant(0, 77);
		answered(NVME_SC_COMPARE_FAILURE, NVME_SC_FAILED_FUSED);
		assert_true(stored(nsid, 8, 1, ones));
		ended(2, 77);
	}
}

/* Data that is asked for; that of the second comes first. */
static void
a_pair_with_r2t(void **state)
{
	uint16_t ttag[2];

	(void)state;
	preset(FILE_NS, 1);
	send_pair(FILE_NS, 0, 2, NULL, NULL);
	ttag[0] = expect_r2t(1, 1024);
	ttag[1] = expect_r2t(2, 1024);
	h2cdata(2, ttag[1], 0, twos, 1024, true, true);
	assert_int_equal(world.nasked, 0);
	h2cdata(1, ttag[0], 0, ones, 1024, true, true);
	grant(0, 5);
	answered(0, 0);
	assert_true(stored(FILE_NS, 0, 2, twos));
	ended(2, 5);
}

static void
mixed_ways_of_data(void **state)
{
	uint16_t ttag;

	(void)state;
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, ram);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, NULL);
	ttag = expect_r2t(2, 512);
	h2cdata(2, ttag, 0, ones, 512, true, true);
	grant(0, 5);
	answered(0, 0);
	assert_true(stored(RAM, 0, 1, ones));
	ended(2, 5);
}

/* What is received is used again for what comes next: a pair may not rely on it. */
static void
both_in_one_segment(void **state)
{
	uint8_t buf[4096];
	size_t n;

	(void)state;
	n = put_cmd(buf, COMPARE, FIRST, 1, RAM, 0, 1, ram);
	n += put_cmd(buf + n, WRITE, SECOND, 2, RAM, 0, 1, ones);
	put(buf, n);
	send_cmd(WRITE, 0, 3, RAM, 64, 8, twos);
	expect_response(3, 0);
	grant(0, 5);
	answered(0, 0);
	assert_true(stored(RAM, 0, 1, ones));
	ended(2, 5);
}

/* ---- what is no pair ---- */

static void
wrong_pairs(void **state)
{
	static const struct {
		const char *name;
		struct { uint8_t opc; unsigned fuse; uint64_t slba; uint32_t nlb; } c[2];
		uint16_t status[2];
	} rows[] = {
		{ "not a Compare", { { WRITE, FIRST, 0, 1 }, { WRITE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_FAILED_FUSED } },
		{ "not a Write", { { COMPARE, FIRST, 0, 1 }, { COMPARE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD } },
		{ "another block", { { COMPARE, FIRST, 0, 1 }, { WRITE, SECOND, 1, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD } },
		{ "another length", { { COMPARE, FIRST, 0, 2 }, { WRITE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD } },
		{ "too long", { { COMPARE, FIRST, 0, 9 }, { WRITE, SECOND, 0, 9 } },
		    { NVME_SC_ATOMIC_WRITE_UNIT_EXCEEDED, NVME_SC_FAILED_FUSED } },
		{ "beyond the end", { { COMPARE, FIRST, BLOCKS, 1 }, { WRITE, SECOND, BLOCKS, 1 } },
		    { NVME_SC_LBA_OUT_OF_RANGE, NVME_SC_FAILED_FUSED } },
		{ "reserved", { { COMPARE, NVME_FUSE_RESERVED, 0, 1 }, { WRITE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_MISSING_FUSED } },
		{ "no first", { { WRITE, 0, 0, 1 }, { WRITE, SECOND, 0, 1 } },
		    { 0, NVME_SC_MISSING_FUSED } },
		{ "no second", { { COMPARE, FIRST, 0, 1 }, { WRITE, 0, 4, 1 } },
		    { NVME_SC_MISSING_FUSED, 0 } },
		{ "something between", { { COMPARE, FIRST, 0, 1 }, { READ, 0, BLOCKS, 1 } },
		    { NVME_SC_MISSING_FUSED, NVME_SC_LBA_OUT_OF_RANGE } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (unsigned k = 0; k < 2; k++)
			send_cmd(rows[i].c[k].opc, rows[i].c[k].fuse, (uint16_t)(k + 1), RAM,
			    rows[i].c[k].slba, rows[i].c[k].nlb,
			    rows[i].c[k].opc == READ ? NULL : ones);
		answered(rows[i].status[0], rows[i].status[1]);
		assert_int_equal(world.nasked, 0);
		/* and nothing of it is left */
		send_cmd(WRITE, SECOND, 9, RAM, 0, 1, ones);
		expect_response(9, NVME_SC_MISSING_FUSED);
	}
}

static void
a_first_and_another_one(void **state)
{
	(void)state;
	send_cmd(COMPARE, FIRST, 7, RAM, 0, 1, ram);
	send_pair(RAM, 8, 1, ram, ones);
	expect_response(7, NVME_SC_MISSING_FUSED);
	grant(0, 5);
	answered(0, 0);
	ended(2, 5);
}

static void
the_second_does_not_come(void **state)
{
	(void)state;
	world.ctrl.hello.transfer_timeout_ms = 20;
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, ram);
	usleep(30000);
	expect_response(1, NVME_SC_MISSING_FUSED);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, ones);
	expect_response(2, NVME_SC_FAILED_FUSED);
	assert_true(stored(RAM, 0, 1, ram + 512));
}

/* A wrong digest in the middle: neither is done. */
static void
bad_data(void **state)
{
	uint8_t buf[4096];
	uint16_t ttag;
	size_t n;

	(void)state;
	preset(RAM, 1);
	n = put_cmd(buf, COMPARE, FIRST, 1, RAM, 0, 1, ones);
	put(buf, n);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, NULL);
	ttag = expect_r2t(2, 512);
	h2cdata(2, ttag, 0, twos, 512, true, false);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	assert_int_equal(world.nasked, 0);
	assert_true(stored(RAM, 0, 1, ones));
}

/* ---- ends in the middle ---- */

static void
the_queue_closes(void **state)
{
	static const char *const at[] = { "alone", "second asks for data", "asked", "granted" };

	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		if (i > 0) {
			teardown(state);
			assert_int_equal(setup(state), 0);
		}
		send_cmd(COMPARE, FIRST, 1, FILE_NS, 0, 1, ram);
		if (i > 0)
			send_cmd(WRITE, SECOND, 2, FILE_NS, 0, 1, i == 1 ? NULL : ones);
		if (i == 3) {
			uint64_t t = asked(0, "lock");

			range_grant(&world.lane, t);	/* and the device has the Compare */
		}
		close(world.host);
		world.host = -1;
		for (unsigned k = 0; !world.closed && k < 1000; k++) {
			turns(1);
			usleep(1000);
		}
		assert_true(world.closed);
		if (i == 2) {			/* the grant comes too late: it is given back */
			range_grant(&world.lane, world.asked[0].token);
			turns(1);
		}
		if (i >= 2)
			asked(1, "unlock");
		assert_int_equal(world.lane.pairs == NULL ? 0 : world.nasked, i < 2 ? 0 : 2);
	}
}

static void
aborted(void **state)
{
	(void)state;
	for (uint16_t cid = 1; cid <= 2; cid++) {
		world.nasked = 0;
		send_pair(RAM, 0, 1, ram, ones);
		asked(0, "lock");
		assert_int_equal(qp_abort(world.qp, cid, NULL), ABORT_DONE);
		answered(cid == 1 ? NVME_SC_ABORT_REQUESTED : NVME_SC_FAILED_FUSED,
		    cid == 2 ? NVME_SC_ABORT_REQUESTED : NVME_SC_FAILED_FUSED);
		range_grant(&world.lane, world.asked[0].token);
		asked(1, "unlock");
		assert_true(stored(RAM, 0, 1, ram + 512));
	}
	/* the first alone */
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, ram);
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	expect_response(1, NVME_SC_ABORT_REQUESTED);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, ones);
	expect_response(2, NVME_SC_FAILED_FUSED);
}

/* Its namespace changed while it waited. */
static void
judged_again(void **state)
{
	(void)state;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	assert_int_equal(world.lane.ns->at[0].ns->use[0].users, 0);	/* it has not begun */
	world.lane.ns->at[0].ns->id.readonly = 1;
	world.lane.ns->version++;
	range_grant(&world.lane, world.asked[0].token);
	turns(1);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_NS_WRITE_PROTECTED);
	asked(1, "unlock");
	world.lane.ns->at[0].ns->id.readonly = 0;
	/* it may be another backend under the same number */
	world.nasked = 0;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	world.lane.ns->version++;
	range_grant(&world.lane, world.asked[0].token);
	turns(1);
	answered(NVME_SC_COMMAND_INTERRUPTED, NVME_SC_FAILED_FUSED);
	asked(1, "unlock");
	assert_true(stored(RAM, 0, 1, ram + 512));
}

/* ... or its namespace changed between the data of the one and of the other: the broker, which ends who
 * asks for what it does not have, is not asked. */
static void
judged_again_before_it_asks(void **state)
{
	uint16_t ttag;

	(void)state;
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, NULL);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, ones);
	ttag = expect_r2t(1, 512);
	world.lane.ns->at[0].ns->id.readonly = 1;
	world.lane.ns->version++;
	h2cdata(1, ttag, 0, ram, 512, true, true);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_NS_WRITE_PROTECTED);
	assert_int_equal(world.nasked, 0);
	world.lane.ns->at[0].ns->id.readonly = 0;
}

/* One has its range asked for and the other stands in line when their namespace changes. */
static void
told_of_a_change(void **state)
{
	(void)state;
	send_pair(RAM, 0, 1, ram, ones);
	send_cmd(COMPARE, FIRST, 3, RAM, 8, 1, ram);
	send_cmd(WRITE, SECOND, 4, RAM, 8, 1, ones);
	asked(0, "lock");
	world.lane.ns->at[0].ns->id.readonly = 1;
	world.lane.ns->version++;
	fused_changed(&world.lane);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_NS_WRITE_PROTECTED);
	expect_response(3, NVME_SC_FAILED_FUSED);
	expect_response(4, NVME_SC_NS_WRITE_PROTECTED);
	range_grant(&world.lane, world.asked[0].token);
	asked(1, "unlock");
	turns(2);
	assert_int_equal(world.nasked, 2);
	world.lane.ns->at[0].ns->id.readonly = 0;
}

static void
pairs_go_one_after_the_other(void **state)
{
	(void)state;
	send_pair(RAM, 0, 1, ram, ones);
	send_cmd(COMPARE, FIRST, 3, RAM, 0, 1, ones);
	send_cmd(WRITE, SECOND, 4, RAM, 0, 1, twos);
	assert_int_equal(world.nasked, 1);
	grant(0, 5);
	answered(0, 0);
	assert_int_equal(asked(2, "unlock"), world.asked[0].token);
	set_free(5);
	grant(3, 6);
	expect_response(3, 0);
	expect_response(4, 0);
	assert_true(stored(RAM, 0, 1, twos));
	ended(5, 6);
}

/* The channel is full while there is no broker; it is said when it goes. */
/* What has been said since then is asked(0) and so on. */
static void
it_comes_back(void)
{
	unsigned n = world.nasked;

	world.broker_is_away = false;
	for (unsigned i = 0; world.nasked == n && i < 1000; i++) {
		turns(1);
		usleep(1000);
	}
	world.nasked -= n;
	memmove(world.asked, world.asked + n, world.nasked * sizeof(world.asked[0]));
}

static void
the_broker_is_away(void **state)
{
	(void)state;
	world.broker_is_away = true;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	it_comes_back();
	asked(0, "lock");
	grant(0, 5);
	answered(0, 0);
	ended(2, 5);
}

/* What nobody wants any more is not asked for when it is back. */
static void
given_up_while_the_broker_is_away(void **state)
{
	(void)state;
	world.broker_is_away = true;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	answered(NVME_SC_ABORT_REQUESTED, NVME_SC_FAILED_FUSED);
	hold(70, FILE_NS, 0, 512);
	it_comes_back();
	assert_int_equal(asked(0, "held"), 70);
	turns(2);
	assert_int_equal(world.nasked, 1);
	assert_null(world.lane.desk.asked);
	set_free(70);
}

/* What the last broker was asked for is asked for again; what it granted is finished first. */
static void
a_new_broker(void **state)
{
	uint64_t old;

	(void)state;
	hold(70, RAM, 512, 512);
	asked(0, "held");
	world.nasked = 0;
	send_pair(RAM, 0, 1, ram, ones);
	old = asked(0, "lock");
	range_reset(&world.lane);
	asked(1, "reset");
	assert_int_not_equal(asked(2, "lock"), old);
	range_grant(&world.lane, old);		/* of the last one, under way meanwhile */
	nothing_comes();
	/* what was held stays so until this one has heard all */
	send_cmd(WRITE, 0, 3, RAM, 1, 1, ones);
	nothing_comes();
	set_free(70);				/* its tokens are not the last one's */
	set_unknown_free(FILE_NS);
	nothing_comes();
	set_unknown_free(RAM);
	expect_response(3, 0);
	range_grant(&world.lane, world.asked[2].token);
	answered(0, 0);
	asked(3, "unlock");
	world.nasked = 0;
	/* one that is granted, and reads */
	send_pair(FILE_NS, 0, 1, ram + 4096, ones);
	old = asked(0, "lock");
	range_grant(&world.lane, old);
	range_reset(&world.lane);
	assert_int_equal(world.nasked, 1);
	answered(0, 0);
	asked(1, "reset");
	assert_int_equal(world.nasked, 2);	/* no unlock: it was the last broker's */
}

/* A namespace that comes while nobody knows what is granted there: all of it is held, and what this
 * broker says of it later is not touched when that is known. */
static void
nobody_knows(void **state)
{
	(void)state;
	range_reset(&world.lane);
	for (int i = 0; i < 2; i++)
		assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .nsid = RAM,
		    .len = UINT64_MAX }), 0);
	assert_int_equal(world.lane.desk.nholds, 1);
	hold(80, RAM, 512, 512);
	send_cmd(WRITE, 0, 3, RAM, 0, 1, ones);
	send_cmd(WRITE, 0, 4, RAM, 1, 1, ones);
	send_cmd(WRITE, 0, 5, FILE_NS, 1, 1, ones);
	expect_response(5, 0);
	nothing_comes();
	set_unknown_free(NVME_NSID_ALL);
	expect_response(3, 0);
	nothing_comes();
	set_free(80);
	expect_response(4, 0);
	assert_int_equal(world.lane.desk.nholds, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pair),
		TEST(a_miscompare),
		TEST(a_pair_with_r2t),
		TEST(mixed_ways_of_data),
		TEST(both_in_one_segment),
		TEST(wrong_pairs),
		TEST(a_first_and_another_one),
		TEST(the_second_does_not_come),
		cmocka_unit_test_setup_teardown(bad_data, setup_digests, teardown),
		TEST(the_queue_closes),
		TEST(aborted),
		TEST(judged_again),
		TEST(judged_again_before_it_asks),
		TEST(told_of_a_change),
		TEST(pairs_go_one_after_the_other),
		TEST(the_broker_is_away),
		TEST(given_up_while_the_broker_is_away),
		TEST(a_new_broker),
		TEST(nobody_knows),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
