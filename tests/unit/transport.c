/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport of a worker (conn, qpair, xfer, lane): data both ways, digests, tags, back pressure
 * and what a host may not do to it.
 */
#include "config.h"

#include <sys/socket.h>

#include <string.h>
#include <unistd.h>

#include "tests/unit/transport_world.h"

static const uint8_t *
pattern(void)
{
	static uint8_t p[65536];

	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(i * 13 + i / 251);
	return (p);
}

static void
reads_and_writes(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x02, 1, 4096, NULL);
	expect_data(1, 4096, world.params.ddgst);
	if (!world.params.ddgst)
		expect_response(1, 0);
	command(0x01, 2, 512, pattern());
	expect_response(2, 0);
	assert_int_equal(world.nwritten, 512);
	assert_memory_equal(world.written, pattern(), 512);
	command(0x01, 3, 65536, NULL);
	ttag = expect_r2t(3, 65536);
	h2cdata(3, ttag, 0, pattern(), 32768, false, true);
	nothing_comes();
	h2cdata(3, ttag, 32768, pattern() + 32768, 32768, true, true);
	expect_response(3, 0);
	assert_memory_equal(world.written, pattern(), 65536);
	assert_int_equal(pool_used(world.lane.io) + pool_used(world.lane.h2c), 0);
}

static void
every_split_of_a_stream(void **state)
{
	uint8_t buf[1024];
	size_t n = capsule(buf, 0x01, 5, 512, pattern());

	(void)state;
	for (size_t i = 0; i < n; i++)
		put(buf + i, 1);
	expect_response(5, 0);
	assert_memory_equal(world.written, pattern(), 512);
}

static void
wrong_data_digest(void **state)
{
	uint8_t buf[1024];
	size_t n = capsule(buf, 0x01, 5, 512, pattern());
	uint16_t ttag;

	(void)state;
	buf[n - 1] ^= 1;
	put(buf, n);
	expect_response(5, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	command(0x01, 6, 8192, NULL);
	ttag = expect_r2t(6, 8192);
	h2cdata(6, ttag, 0, pattern(), 4096, false, false);
	h2cdata(6, ttag, 4096, pattern(), 4096, true, true);
	expect_response(6, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	assert_int_equal(world.nwritten, 0);
	command(0x01, 7, 512, pattern());
	expect_response(7, 0);
	assert_int_equal(world.errors, 2);
}

static void
wrong_header_digest(void **state)
{
	uint8_t buf[128];
	size_t n = capsule(buf, 0x00, 5, 0, NULL);
	struct le32 got;

	(void)state;
	buf[72] ^= 0x55;
	memcpy(&got, buf + 72, 4);
	put(buf, n);
	expect_termreq(PDU_FES_HDGST, le32_get(got));
}

static void
refused_with_data(void **state)
{
	uint8_t buf[1024];
	size_t n = capsule(buf, 0x01, 9, 512, pattern());
	struct pdu_capsule_cmd *pdu = (void *)buf;

	(void)state;
	pdu->sqe.cdw10 = le32(0xbad);
	put(buf, n);			/* the data is thrown away, the stream goes on */
	expect_response(9, NVME_SC_LBA_OUT_OF_RANGE);
	command(0x77, 10, 0, NULL);
	expect_response(10, NVME_SC_INVALID_OPCODE);
	command(0x02, 11, 16, NULL);
	expect_data(11, 16, false);
	expect_response(11, 0);
}

static void
duplicate_cid(void **state)
{
	(void)state;
	command(0x00, 1, 0, NULL);
	command(0x00, 1, 0, NULL);
	expect_response(1, NVME_SC_COMMAND_ID_CONFLICT);
	assert_int_equal(world.nheld, 1);
	slot_done(world.held[0], 0);
	expect_response(1, 0);
	command(0x00, 1, 0, NULL);	/* free again */
	assert_int_equal(world.nheld, 2);
	slot_done(world.held[1], 0);
	expect_response(1, 0);
}

static void
too_many_commands(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < SQSIZE; i++)
		command(0x00, i, 0, NULL);
	assert_int_equal(world.nheld, SQSIZE);
	command(0x00, 99, 0, NULL);
	expect_termreq(PDU_FES_SEQUENCE, 0);
	assert_false(world.closed);		/* a device still has them */
	for (unsigned i = 0; i < SQSIZE; i++)
		slot_done(world.held[i], 0);
	assert_true(world.closed);
}

static void
unknown_tags(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x01, 4, 8192, NULL);
	ttag = expect_r2t(4, 8192);
	h2cdata(4, (uint16_t)(ttag + 1), 0, pattern(), 8192, true, true);
	expect_termreq(PDU_FES_INVALID_FIELD, offsetof(struct pdu_h2cdata, ttag));
}

static void
tag_past_the_queue(void **state)
{
	(void)state;
	h2cdata(4, SQSIZE, 0, pattern(), 512, true, true);
	expect_termreq(PDU_FES_INVALID_FIELD, offsetof(struct pdu_h2cdata, ttag));
}

static void
other_cid(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x01, 4, 8192, NULL);
	ttag = expect_r2t(4, 8192);
	h2cdata(5, ttag, 0, pattern(), 8192, true, true);
	expect_termreq(PDU_FES_INVALID_FIELD, offsetof(struct pdu_h2cdata, cccid));
}

static void
offset_repeated(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x01, 4, 8192, NULL);
	ttag = expect_r2t(4, 8192);
	h2cdata(4, ttag, 0, pattern(), 4096, false, true);
	h2cdata(4, ttag, 0, pattern(), 4096, false, true);
	expect_termreq(PDU_FES_SEQUENCE, 0);
}

static void
offset_past_the_end(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x01, 4, 8192, NULL);
	ttag = expect_r2t(4, 8192);
	h2cdata(4, ttag, UINT32_MAX - 511, pattern(), 1024, true, true);
	expect_termreq(PDU_FES_OUT_OF_RANGE, 0);
}

/* A TermReq has the header that was wrong in it, and nothing that came behind it. */
static void
termreq_repeats_the_header(void **state)
{
	uint8_t buf[72 + 512], back[24 + 72];

	(void)state;
	assert_int_equal(capsule(buf, 0x01, 4, 512, pattern()), sizeof(buf));
	buf[2] = 73;			/* HLEN */
	put(buf, sizeof(buf));
	get(back, sizeof(back));
	assert_int_equal(le32_get(((struct pdu_common *)(void *)back)->plen), sizeof(back));
	assert_memory_equal(back + 24, buf, 72);
	turns(1);
	assert_int_equal(recv(world.host, buf, 1, 0), 0);
}

static void
last_too_early(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x01, 4, 8192, NULL);
	ttag = expect_r2t(4, 8192);
	h2cdata(4, ttag, 0, pattern(), 4096, true, true);
	expect_termreq(PDU_FES_SEQUENCE, 0);
}

/* A world.host that never sends what it is asked for stops no other command. */
static void
silent_writer(void **state)
{
	uint16_t ttag;

	(void)state;
	command(0x01, 1, 65536, NULL);
	ttag = expect_r2t(1, 65536);
	command(0x01, 2, 65536, NULL);
	nothing_comes();		/* no buffer, no R2T */
	command(0x02, 3, 65536, NULL);
	expect_data(3, 65536, false);
	expect_response(3, 0);
	command(0x01, 4, 512, pattern());
	expect_response(4, 0);
	h2cdata(1, ttag, 0, pattern(), 32768, false, true);
	h2cdata(1, ttag, 32768, pattern(), 32768, true, true);
	expect_response(1, 0);
	ttag = expect_r2t(2, 65536);	/* now it is its turn */
}

static void
time_is_up(struct timer *t)
{
	assert_true(t->set);
	timer_stop(&world.lane.timers, t);
	t->fire(t);
}

/* Always one R2T out: the queue is busy, not late. Only when nothing comes at all is it world.closed. */
static void
busy_is_not_late(void **state)
{
	uint16_t first, second;

	(void)state;
	command(0x01, 1, 4096, NULL);
	first = expect_r2t(1, 4096);
	for (uint16_t cid = 2; cid < 5; cid++) {
		command(0x01, cid, 4096, NULL);
		second = expect_r2t(cid, 4096);
		h2cdata((uint16_t)(cid - 1), first, 0, pattern(), 4096, true, true);
		expect_response((uint16_t)(cid - 1), 0);
		first = second;
		time_is_up(&world.qp->transfer);
		assert_false(world.closed);
	}
	time_is_up(&world.qp->transfer);
	assert_true(world.closed);
}

/* While we do not read, what we asked for cannot be late. */
static void
paused_is_not_late(void **state)
{
	void *all = pool_get(world.lane.io, 65536);
	uint16_t ttag;

	(void)state;
	command(0x01, 1, 4096, NULL);
	ttag = expect_r2t(1, 4096);
	command(0x01, 2, 512, pattern());	/* waits for a buffer */
	h2cdata(1, ttag, 0, pattern(), 4096, true, true);
	nothing_comes();
	time_is_up(&world.qp->transfer);
	time_is_up(&world.qp->transfer);
	assert_false(world.closed);
	lane_buffer_put(&world.lane, world.lane.io, all);
	expect_response(2, 0);
	expect_response(1, 0);
}

/* Whatever passes between us and the world.host counts for the keep world.alive timer. */
static void
all_traffic_counts(void **state)
{
	uint16_t ttag;
	unsigned before;

	(void)state;
	command(0x01, 1, 8192, NULL);
	ttag = expect_r2t(1, 8192);
	before = world.alive;
	h2cdata(1, ttag, 0, pattern(), 4096, false, true);
	assert_true(world.alive > before);
	h2cdata(1, ttag, 4096, pattern(), 4096, true, true);
	expect_response(1, 0);
	command(0x00, 2, 0, NULL);
	before = world.alive;
	slot_done(world.held[0], 0);
	assert_true(world.alive > before);
	expect_response(2, 0);
}

/* Buffers go back to the kernel when nobody had one for a while, not before. */
static void
idle_is_trimmed(void **state)
{
	uint8_t *buf;

	(void)state;
	command(0x01, 1, 4096, pattern());
	expect_response(1, 0);
	time_is_up(&world.lane.trim);		/* there was work */
	buf = lane_buffer_get(&world.lane, world.lane.io, 4096);
	buf[0] = 1;
	time_is_up(&world.lane.trim);		/* there is */
	time_is_up(&world.lane.trim);
	assert_int_equal(buf[0], 1);
	lane_buffer_put(&world.lane, world.lane.io, buf);
	time_is_up(&world.lane.trim);
	assert_false(world.lane.trim.set);
	buf = lane_buffer_get(&world.lane, world.lane.io, 4096);
	assert_int_equal(buf[0], 0);
	assert_true(world.lane.trim.set);
	lane_buffer_put(&world.lane, world.lane.io, buf);
}

/* In-capsule data waits in the socket while no buffer is free, and nothing of it is lost. */
static void
back_pressure(void **state)
{
	void *all = pool_get(world.lane.io, 65536);

	(void)state;
	assert_non_null(all);
	command(0x01, 1, 4096, pattern());
	command(0x02, 2, 512, NULL);
	nothing_comes();
	assert_int_equal(world.nwritten, 0);
	lane_buffer_put(&world.lane, world.lane.io, all);
	expect_response(1, 0);
	assert_memory_equal(world.written, pattern(), 4096);
	expect_data(2, 512, false);
	expect_response(2, 0);
}

/* What is complete is told, and what its done() submits carried out, before the lane sleeps. */
static void
sleeps_only_when_idle(void **state)
{
	uint8_t buf[128];
	struct pdu_capsule_cmd *pdu = (void *)buf;
	size_t n = capsule(buf, 0x04, 1, 0, NULL);

	(void)state;
	pdu->sqe.cdw10 = le32(8);
	assert_int_equal(send(world.host, buf, n, 0), (ssize_t)n);
	alarm(60);	/* ends what would sleep for ever */
	while (recv(world.host, buf, sizeof(struct pdu_capsule_resp), MSG_PEEK | MSG_DONTWAIT) !=
	    sizeof(struct pdu_capsule_resp))
		assert_int_equal(lane_turn(&world.lane, -1), 0);
	alarm(0);
	expect_response(1, 0);
}

/* Half a PDU on every queue costs little, the stream goes on, and nothing is kept of it. */
static void
many_receive_buffers(void **state)
{
	enum { MANY = 20 };
	uint8_t *taken[MANY], buf[4 * 16384];
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(taken[i] = rxbuf_get(&world.lane));
	assert_true(rxbuf_room(&world.lane) < RX_SIZE);
	for (uint16_t cid = 1; cid <= 4; cid++)
		n += capsule(buf + n, 0x01, cid, 12288, pattern());
	put(buf, n - 1);
	put(buf + n - 1, 1);
	for (uint16_t cid = 1; cid <= 4; cid++)
		expect_response(cid, 0);
	assert_int_equal(world.lane.nrxbufs, MANY);
	for (unsigned i = 0; i < MANY; i++)
		rxbuf_put(&world.lane, taken[i]);
	assert_int_equal(rxbuf_room(&world.lane), RX_SIZE);
	assert_true(world.lane.trim.set);
	time_is_up(&world.lane.trim);
	time_is_up(&world.lane.trim);
	assert_int_equal(world.lane.nrxbufs, 0);
}

/* Whoever comes later waits for a bounce buffer, in order, and can be taken back. */
static void
bounce_buffers(void **state)
{
	uint16_t cid;

	(void)state;
	for (cid = 1; cid <= BOUNCES + 3; cid++)
		command(0x08, cid, 0, NULL);
	assert_int_equal(world.nheld, BOUNCES);
	assert_int_equal(qp_abort(world.qp, BOUNCES + 1, NULL), ABORT_DONE);
	expect_response(BOUNCES + 1, NVME_SC_ABORT_REQUESTED);
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_NOT);
	bounce_put(world.held[0]);
	slot_done(world.held[0], 0);
	expect_response(1, 0);
	assert_int_equal(world.nheld, BOUNCES + 1);
	assert_int_equal(world.held[BOUNCES]->cmd.cid, BOUNCES + 2);
	/* the last one still waits when the queue ends; who has a buffer gives it back */
	qp_close(world.qp, "test");
	for (unsigned i = 1; i <= BOUNCES; i++) {
		bounce_put(world.held[i]);
		slot_done(world.held[i], NVME_SC_ABORT_REQUESTED);
	}
	turns(1);
	assert_true(world.closed);
	assert_int_equal(world.nheld, BOUNCES + 1);
	assert_int_equal(pool_used(world.lane.bounce), 0);
	assert_true(TAILQ_EMPTY(&world.lane.want_bounce));
}

static void
was_heard(struct eng_watch *w, unsigned events)
{
	(void)events;
	engine_unwatch(world.lane.engine, w);
	w->arg = w;
}

/* A connection that always has something keeps nobody else from being heard. */
static void
hot_is_not_alone(void **state)
{
	struct eng_watch other = { .events = ENG_IN, .ready = was_heard };
	uint8_t buf[1024];
	unsigned i;
	int pair[2];

	(void)state;
	world.lane.busy_poll_us = 1000;
	command(0x01, 1, 512, pattern());	/* this one is hot now */
	expect_response(1, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	other.fd = pair[0];
	assert_int_equal(engine_watch(world.lane.engine, &other), 0);
	assert_int_equal(send(pair[1], "", 1, 0), 1);
	world.lane.awake = true;
	for (i = 0; i < 100 && other.arg == NULL; i++) {
		size_t n = capsule(buf, 0x01, (uint16_t)i, 512, pattern());

		assert_int_equal(send(world.host, buf, n, 0), (ssize_t)n);
		assert_int_equal(lane_turn(&world.lane, 0), 0);
		assert_int_equal(recv(world.host, buf, 24, 0), 24);
	}
	assert_non_null(other.arg);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, begin, end)
#define TD(f)	cmocka_unit_test_setup_teardown(f, begin_digests, end)
	const struct CMUnitTest tests[] = {
		T(reads_and_writes), TD(reads_and_writes), T(every_split_of_a_stream),
		TD(every_split_of_a_stream), TD(wrong_data_digest), TD(wrong_header_digest),
		T(refused_with_data), T(duplicate_cid), T(too_many_commands), T(unknown_tags),
		T(tag_past_the_queue), T(other_cid), T(offset_repeated), T(offset_past_the_end),
		T(last_too_early), T(termreq_repeats_the_header), T(silent_writer),
		T(back_pressure), T(busy_is_not_late), T(idle_is_trimmed), T(all_traffic_counts),
		T(paused_is_not_late),
		T(sleeps_only_when_idle), T(hot_is_not_alone), T(bounce_buffers), T(many_receive_buffers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
