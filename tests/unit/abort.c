/* SPDX-License-Identifier: BSD-2-Clause */
/* Abort, state by state: what becomes of the command, and what its host is told of that. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/transport_world.h"

static const uint8_t data[8192];

static enum abort_outcome
abort_cid(uint16_t cid)
{
	static struct slot aborter;

	return (qp_abort(world.qp, cid, &aborter));
}

static void
of_none(void **state)
{
	(void)state;
	assert_int_equal(abort_cid(7), ABORT_NOT);
	command(0x00, 7, 0, NULL);
	assert_int_equal(abort_cid(6), ABORT_NOT);
	assert_int_equal(abort_cid(0x8007), ABORT_NOT);
	assert_int_equal(abort_cid(7), ABORT_NOT);	/* nobody who has it can be asked */
	slot_done(world.held[0], 0);
	expect_response(7, 0);
	assert_int_equal(abort_cid(7), ABORT_NOT);
	nothing_comes();
}

static void
waits_for_a_buffer(void **state)
{
	void *all = pool_get(world.lane.io, 65536), *in = pool_get(world.lane.h2c, 65536);

	(void)state;
	command(0x02, 2, 4096, NULL);
	command(0x01, 3, 4096, NULL);
	nothing_comes();
	assert_int_equal(abort_cid(2), ABORT_DONE);
	expect_response(2, NVME_SC_ABORT_REQUESTED);
	assert_int_equal(abort_cid(2), ABORT_NOT);
	assert_int_equal(abort_cid(3), ABORT_DONE);
	expect_response(3, NVME_SC_ABORT_REQUESTED);
	lane_buffer_put(&world.lane, world.lane.io, all);
	lane_buffer_put(&world.lane, world.lane.h2c, in);
	nothing_comes();
	assert_int_equal(world.nwritten, 0);
}

/* Half of the capsule is there: it is answered when the rest has come, and not carried out. */
static void
in_capsule_data_is_coming(void **state)
{
	uint8_t buf[1024];
	size_t n = capsule(buf, 0x01, 5, 512, data);

	(void)state;
	put(buf, n - 100);
	assert_int_equal(abort_cid(5), ABORT_DONE);
	assert_int_equal(abort_cid(5), ABORT_DONE);	/* still true */
	nothing_comes();
	put(buf + n - 100, 100);
	expect_response(5, NVME_SC_ABORT_REQUESTED);
	assert_int_equal(world.nwritten, 0);
	command(0x01, 5, 512, data);
	expect_response(5, 0);
}

/* It has been refused already: that is its answer. */
static void
refused_data_is_coming(void **state)
{
	uint8_t buf[1024];
	size_t n = capsule(buf, 0x01, 5, 512, data);

	(void)state;
	((struct pdu_capsule_cmd *)(void *)buf)->sqe.cdw10 = le32(0xbad);
	put(buf, n - 100);
	assert_int_equal(abort_cid(5), ABORT_NOT);
	put(buf + n - 100, 100);
	expect_response(5, NVME_SC_LBA_OUT_OF_RANGE);
}

/* The host may have sent some of what it was asked for: it is taken, no more is asked for, and the
 * tag is another's only then. */
static void
data_was_asked_for(void **state)
{
	uint16_t t[2];

	(void)state;
	world.qp->r2t_size = 4096;
	world.qp->r2t_max = 2;
	command(0x01, 5, 16384, NULL);
	t[0] = expect_window(5, 0, 4096);
	t[1] = expect_window(5, 4096, 4096);
	h2cdata(5, t[0], 0, data, 1024, false, true);
	assert_int_equal(abort_cid(5), ABORT_DONE);
	h2cdata(5, t[0], 1024, data, 3072, true, true);
	nothing_comes();
	command(0x01, 5, 512, data);
	expect_response(5, NVME_SC_COMMAND_ID_CONFLICT);
	h2cdata(5, t[1], 4096, data, 4096, true, true);
	expect_response(5, NVME_SC_ABORT_REQUESTED);
	assert_int_equal(world.nwritten, 0);
	assert_int_equal(world.qp->waiting_h2c, 0);
	command(0x01, 5, 512, data);
	expect_response(5, 0);
}

/* Aborting gives a host no more time than it had. */
static void
data_never_comes(void **state)
{
	struct timer *t = &world.qp->transfer;

	(void)state;
	command(0x01, 5, 8192, NULL);
	(void)expect_r2t(5, 8192);
	assert_int_equal(abort_cid(5), ABORT_DONE);
	for (unsigned i = 0; i < 2 && !world.closed; i++) {
		assert_true(t->set);
		timer_stop(&world.lane.timers, t);
		t->fire(t);
	}
	assert_true(world.closed);
}

/* Its answer is on the way: too late. */
static void
answered(void **state)
{
	uint8_t buf[4096];
	size_t n = capsule(buf, 0x02, 1, 65536, NULL);
	unsigned sending = 0;

	(void)state;
	for (uint16_t cid = 2; cid < SQSIZE; cid++)
		n += capsule(buf + n, 0x02, cid, 65536, NULL);
	assert_int_equal(send(world.host, buf, n, 0), (ssize_t)n);
	turns(10);
	for (unsigned i = 0; i < SQSIZE; i++) {
		const struct slot *s = &world.qp->slots[i];

		if (s->state != SLOT_TX)
			continue;
		sending++;
		assert_int_equal(abort_cid(s->cmd.cid), ABORT_NOT);
	}
	assert_true(sending > 0);
}

/* Between two slices of zeros. */
static void
zeros(void **state)
{
	uint8_t buf[128];
	size_t n = capsule(buf, 0x06, 9, 0, NULL);

	(void)state;
	((struct pdu_capsule_cmd *)(void *)buf)->sqe.cdw10 = le32(64);
	put(buf, n);
	assert_int_equal(abort_cid(9), ABORT_DONE);
	expect_response(9, NVME_SC_ABORT_REQUESTED);
	assert_int_equal(world.lane.memory.in_flight, 0);
}

static void
start_chain(uint16_t cid, uint32_t ops)
{
	uint8_t buf[128];
	size_t n = capsule(buf, 0x04, cid, 0, NULL);

	((struct pdu_capsule_cmd *)(void *)buf)->sqe.cdw10 = le32(ops);
	put(buf, n);
}

/* Of several operations one is under way: no other begins, and who asked is told when it is over. */
static void
between_operations(void **state)
{
	struct slot first, second;

	(void)state;
	start_chain(3, 1000000);
	assert_int_equal(qp_abort(world.qp, 3, &first), ABORT_LATER);
	assert_int_equal(qp_abort(world.qp, 3, &second), ABORT_LATER);
	assert_null(world.aborter);
	expect_response(3, NVME_SC_ABORT_REQUESTED);
	assert_ptr_equal(world.aborter, &first);	/* the last one that was told */
	assert_true(world.aborted);
	assert_null(first.aborter);
	assert_ptr_equal(second.aborter, &first);
}

static void
last_done(struct eng_op *op)
{
	slot_done(op->arg, 0);
}

/* It was the last one: the command ends as ever, and so it is told. */
static void
at_the_last_operation(void **state)
{
	struct slot aborter;

	(void)state;
	start_chain(3, 1000000);
	world.qp->slots[0].op.done = last_done;
	assert_int_equal(qp_abort(world.qp, 3, &aborter), ABORT_LATER);
	expect_response(3, 0);
	assert_ptr_equal(world.aborter, &aborter);
	assert_false(world.aborted);
}

/* The queue closes meanwhile. */
static void
queue_closes(void **state)
{
	struct slot aborter;

	(void)state;
	start_chain(3, 1000000);
	assert_int_equal(qp_abort(world.qp, 3, &aborter), ABORT_LATER);
	qp_close(world.qp, "test");
	turns(2);
	assert_true(world.closed);
	assert_ptr_equal(world.aborter, &aborter);
	assert_true(world.aborted);
}

/* A device has it, all of it: it goes on, and the Abort says so. */
static void
with_the_device(void **state)
{
	(void)state;
	command(0x05, 1, 0, NULL);
	assert_int_equal(abort_cid(1), ABORT_NOT);
	nothing_comes();
	world.held[0]->op.done(&world.held[0]->op);
	expect_response(1, 0);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(of_none), T(waits_for_a_buffer), T(in_capsule_data_is_coming),
		T(refused_data_is_coming), T(data_was_asked_for), T(data_never_comes), T(answered),
		T(zeros), T(between_operations), T(at_the_last_operation), T(queue_closes),
		T(with_the_device),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
