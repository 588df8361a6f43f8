/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport of a worker (conn, qpair, xfer, lane) against a host that is a socket pair and
 * commands that are three rules of this file: 01h takes what the SGL says, 02h gives it, 00h is
 * held until the test lets it go.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crc.h"
#include "worker/worker.h"

#include "tests/unit/unit.h"

#define SQSIZE 8u

static struct lane lane;
static struct controller ctrl;
static struct qpair *qp;
static int host;			/* the other end */
static struct conn_params params;
static bool closed;
static unsigned errors, alive;
static struct slot *held[SQSIZE];
static unsigned nheld;
static uint8_t written[65536];
static uint32_t nwritten;

/* ---- what the transport asks of the rest of the worker ---- */

static uint16_t
prepare_in(struct slot *s)
{
	s->len_in = s->cmd.sgl_len;
	return (s->cmd.cdw10 == 0xbad ? NVME_SC_LBA_OUT_OF_RANGE : 0);
}

static void
execute_in(struct slot *s)
{
	memcpy(written, s->buf, s->len_in);
	nwritten = s->len_in;
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
	held[nheld++] = s;
}

const struct cmd_rule *
nvm_rule(uint8_t opc)
{
	static const struct cmd_rule rules[] = {
		{ 0x00, "hold", prepare_hold, execute_hold, 0 },
		{ 0x01, "in", prepare_in, execute_in, 0 },
		{ 0x02, "out", prepare_out, execute_out, 0 },
	};

	return (opc < 3 ? &rules[opc] : NULL);
}

const struct cmd_rule *
admin_rule(uint8_t opc)
{
	(void)opc;
	return (NULL);
}

const struct cmd_rule *
fabrics_rule(const struct qpair *q, uint8_t fctype)
{
	(void)q;
	(void)fctype;
	return (NULL);
}

bool
ctrl_enabled(const struct controller *c)
{
	(void)c;
	return (true);
}

void
ctrl_alive(struct controller *c)
{
	(void)c;
	alive++;
}

void
ctrl_error(struct controller *c, const struct slot *s, uint16_t status)
{
	(void)c;
	(void)s;
	(void)status;
	errors++;
}

void
ctrl_queue_closed(struct controller *c, struct qpair *q)
{
	(void)c;
	(void)q;
	closed = true;
}

void
aer_drop_all(struct controller *c)
{
	(void)c;
}

void
ask_log(uint32_t msg, const char *text, unsigned nargs, ...)
{
	(void)msg;
	(void)text;
	(void)nargs;
}

/* ---- the host ---- */

static int
begin_with(void **state, bool hdgst, bool ddgst, uint8_t hpda, bool noflow)
{
	struct ipc_hello hello = { .memory = 131072, .max_transfer = 65536, .engine_threads = 1,
	    .transfer_timeout_ms = 60000, .queue_size = SQSIZE, .queues = 1 };
	int pair[2];

	(void)state;
	ctrl = (struct controller){ .hello = hello, .lane = &lane };
	assert_int_equal(lane_init(&lane, &hello), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	qp = calloc(1, sizeof(*qp));
	closed = false;
	errors = nheld = nwritten = 0;
	host = pair[1];
	params = (struct conn_params){ .hdgst = hdgst, .ddgst = ddgst, .hpda = hpda,
	    .maxr2t = 1, .maxh2cdata = 32768, .max_icd = 16384 };
	assert_int_equal(qp_open(qp, &lane, &ctrl, 1, SQSIZE, noflow), 0);
	qp_start(qp, pair[0], &params);
	return (0);
}

static void
turns(unsigned n)
{
	while (n-- > 0)
		assert_int_equal(lane_turn(&lane, 0), 0);
}

static int
begin(void **state)
{
	return (begin_with(state, false, false, 0, false));
}

static int
begin_digests(void **state)
{
	return (begin_with(state, true, true, 3, true));
}

static int
end(void **state)
{
	(void)state;
	if (host != -1)
		close(host);
	host = -1;
	turns(3);
	assert_true(closed);		/* nothing leaks: the queue could go */
	engine_free(lane.engine);
	pool_free(lane.io);
	pool_free(lane.h2c);
	free(qp);
	return (0);
}

static void
put(const void *p, size_t n)
{
	assert_int_equal(send(host, p, n, MSG_NOSIGNAL), (ssize_t)n);
	turns(2);
}

static void
get(void *p, size_t n)
{
	size_t have = 0;
	ssize_t r;

	while (have < n) {
		turns(1);
		r = recv(host, (uint8_t *)p + have, n - have, 0);
		if (r == -1 && errno == EAGAIN)
			continue;
		assert_true(r > 0);
		have += (size_t)r;
	}
}

static void
nothing_comes(void)
{
	uint8_t b;

	turns(3);
	assert_int_equal(recv(host, &b, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

/* A capsule with icd bytes of data in it, or an SGL of len bytes to be asked for. */
static size_t
capsule(uint8_t *out, uint8_t opc, uint16_t cid, uint32_t len, const uint8_t *data)
{
	struct pdu_capsule_cmd pdu = { .ch = { .type = PDU_CAPSULE_CMD, .hlen = 72 } };
	uint32_t icd = data != NULL ? len : 0;
	size_t n = sizeof(pdu);
	struct le32 crc;

	pdu.sqe.opc = opc;
	pdu.sqe.fuse_psdt = 0x40;
	pdu.sqe.cid = le16(cid);
	pdu.sqe.sgl1.len = le32(len);
	pdu.sqe.sgl1.id = icd > 0 ? 0x01 : 0x5a;
	pdu.ch.flags = (uint8_t)((params.hdgst ? PDU_F_HDGST : 0) |
	    (params.ddgst && icd > 0 ? PDU_F_DDGST : 0));
	if (params.hdgst)
		n += 4;
	pdu.ch.pdo = icd > 0 ? (uint8_t)n : 0;
	pdu.ch.plen = le32((uint32_t)(n + icd + (icd > 0 && params.ddgst ? 4 : 0)));
	memcpy(out, &pdu, sizeof(pdu));
	crc = le32(crc32c(&pdu, sizeof(pdu)));
	if (params.hdgst)
		memcpy(out + sizeof(pdu), &crc, 4);
	if (icd > 0)
		memcpy(out + n, data, icd);
	if (icd > 0 && params.ddgst) {
		crc = le32(crc32c(data, icd));
		memcpy(out + n + icd, &crc, 4);
	}
	return (le32_get(pdu.ch.plen));
}

static void
command(uint8_t opc, uint16_t cid, uint32_t len, const uint8_t *data)
{
	uint8_t *buf = malloc(80 + len + 4);

	put(buf, capsule(buf, opc, cid, len, data));
	free(buf);
}

static void
h2cdata(uint16_t cid, uint16_t ttag, uint32_t datao, const uint8_t *data, uint32_t len, bool last,
    bool good)
{
	struct pdu_h2cdata pdu = { .ch = { .type = PDU_H2C_DATA, .hlen = 24 },
	    .cccid = le16(cid), .ttag = le16(ttag), .datao = le32(datao), .datal = le32(len) };
	size_t n = sizeof(pdu) + (params.hdgst ? 4 : 0);
	uint8_t *buf = malloc(n + len + 4);
	struct le32 crc;

	pdu.ch.flags = (uint8_t)((params.hdgst ? PDU_F_HDGST : 0) |
	    (params.ddgst ? PDU_F_DDGST : 0) | (last ? PDU_F_LAST : 0));
	pdu.ch.pdo = (uint8_t)n;
	pdu.ch.plen = le32((uint32_t)(n + len + (params.ddgst ? 4 : 0)));
	memcpy(buf, &pdu, sizeof(pdu));
	crc = le32(crc32c(&pdu, sizeof(pdu)));
	memcpy(buf + sizeof(pdu), &crc, params.hdgst ? 4 : 0);
	memcpy(buf + n, data, len);
	crc = le32(crc32c(data, len) + (good ? 0 : 1));
	memcpy(buf + n + len, &crc, params.ddgst ? 4 : 0);
	put(buf, le32_get(pdu.ch.plen));
	free(buf);
}

static void
expect_response(uint16_t cid, uint16_t status)
{
	struct pdu_capsule_resp r;
	uint8_t digest[4];

	get(&r, sizeof(r));
	if (params.hdgst)
		get(digest, 4);
	assert_int_equal(r.ch.type, PDU_CAPSULE_RESP);
	assert_int_equal(le16_get(r.cqe.cid), cid);
	assert_int_equal(le16_get(r.cqe.status) >> 1 & 0x3fff, status);
}

static uint16_t
expect_r2t(uint16_t cid, uint32_t len)
{
	struct pdu_r2t r;
	uint8_t digest[4];

	get(&r, sizeof(r));
	if (params.hdgst)
		get(digest, 4);
	assert_int_equal(r.ch.type, PDU_R2T);
	assert_int_equal(le16_get(r.cccid), cid);
	assert_int_equal(le32_get(r.r2to), 0);
	assert_int_equal(le32_get(r.r2tl), len);
	return (le16_get(r.ttag));
}

static void
expect_data(uint16_t cid, uint32_t len, bool success)
{
	struct pdu_c2hdata d;
	uint8_t *buf, crc[4];

	get(&d, sizeof(d));
	assert_int_equal(d.ch.type, PDU_C2H_DATA);
	assert_int_equal(le16_get(d.cccid), cid);
	assert_int_equal(le32_get(d.datal), len);
	assert_int_equal((d.ch.flags & PDU_F_SUCCESS) != 0, success);
	assert_int_equal(d.ch.pdo % ((params.hpda + 1) * 4), 0);
	buf = malloc(d.ch.pdo + len);
	get(buf, d.ch.pdo - sizeof(d) + len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(buf[d.ch.pdo - sizeof(d) + i], (uint8_t)(i * 7 + cid));
	if (params.ddgst) {
		struct le32 want = le32(crc32c(buf + d.ch.pdo - sizeof(d), len));

		get(crc, 4);
		assert_memory_equal(crc, &want, 4);
	}
	free(buf);
}

static void
expect_termreq(uint16_t fes, uint32_t fei)
{
	struct pdu_termreq t;

	get(&t, sizeof(t));
	assert_int_equal(t.ch.type, PDU_C2H_TERMREQ);
	assert_int_equal(le16_get(t.fes), fes);
	assert_int_equal(le32_get(t.fei), fei);
}

/* ---- tests ---- */

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
	expect_data(1, 4096, params.ddgst);
	if (!params.ddgst)
		expect_response(1, 0);
	command(0x01, 2, 512, pattern());
	expect_response(2, 0);
	assert_int_equal(nwritten, 512);
	assert_memory_equal(written, pattern(), 512);
	command(0x01, 3, 65536, NULL);
	ttag = expect_r2t(3, 65536);
	h2cdata(3, ttag, 0, pattern(), 32768, false, true);
	nothing_comes();
	h2cdata(3, ttag, 32768, pattern() + 32768, 32768, true, true);
	expect_response(3, 0);
	assert_memory_equal(written, pattern(), 65536);
	assert_int_equal(pool_used(lane.io) + pool_used(lane.h2c), 0);
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
	assert_memory_equal(written, pattern(), 512);
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
	assert_int_equal(nwritten, 0);
	command(0x01, 7, 512, pattern());
	expect_response(7, 0);
	assert_int_equal(errors, 2);
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
	assert_int_equal(nheld, 1);
	slot_done(held[0], 0);
	expect_response(1, 0);
	command(0x00, 1, 0, NULL);	/* free again */
	assert_int_equal(nheld, 2);
	slot_done(held[1], 0);
	expect_response(1, 0);
}

static void
too_many_commands(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < SQSIZE; i++)
		command(0x00, i, 0, NULL);
	assert_int_equal(nheld, SQSIZE);
	command(0x00, 99, 0, NULL);
	expect_termreq(PDU_FES_SEQUENCE, 0);
	assert_false(closed);		/* a device still has them */
	for (unsigned i = 0; i < SQSIZE; i++)
		slot_done(held[i], 0);
	assert_true(closed);
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
	assert_int_equal(recv(host, buf, 1, 0), 0);
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

/* A host that never sends what it is asked for stops no other command. */
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
	assert_true(qp_abort(qp, 2) == false);
}

static void
time_is_up(struct timer *t)
{
	assert_true(t->set);
	timer_stop(&lane.timers, t);
	t->fire(t);
}

/* Always one R2T out: the queue is busy, not late. Only when nothing comes at all is it closed. */
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
		time_is_up(&qp->transfer);
		assert_false(closed);
	}
	time_is_up(&qp->transfer);
	assert_true(closed);
}

/* While we do not read, what we asked for cannot be late. */
static void
paused_is_not_late(void **state)
{
	void *all = pool_get(lane.io, 65536);
	uint16_t ttag;

	(void)state;
	command(0x01, 1, 4096, NULL);
	ttag = expect_r2t(1, 4096);
	command(0x01, 2, 512, pattern());	/* waits for a buffer */
	h2cdata(1, ttag, 0, pattern(), 4096, true, true);
	nothing_comes();
	time_is_up(&qp->transfer);
	time_is_up(&qp->transfer);
	assert_false(closed);
	lane_buffer_put(&lane, lane.io, all);
	expect_response(2, 0);
	expect_response(1, 0);
}

/* Whatever passes between us and the host counts for the keep alive timer. */
static void
all_traffic_counts(void **state)
{
	uint16_t ttag;
	unsigned before;

	(void)state;
	command(0x01, 1, 8192, NULL);
	ttag = expect_r2t(1, 8192);
	before = alive;
	h2cdata(1, ttag, 0, pattern(), 4096, false, true);
	assert_true(alive > before);
	h2cdata(1, ttag, 4096, pattern(), 4096, true, true);
	expect_response(1, 0);
	command(0x00, 2, 0, NULL);
	before = alive;
	slot_done(held[0], 0);
	assert_true(alive > before);
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
	time_is_up(&lane.trim);		/* there was work */
	buf = lane_buffer_get(&lane, lane.io, 4096);
	buf[0] = 1;
	time_is_up(&lane.trim);		/* there is */
	time_is_up(&lane.trim);
	assert_int_equal(buf[0], 1);
	lane_buffer_put(&lane, lane.io, buf);
	time_is_up(&lane.trim);
	assert_false(lane.trim.set);
	buf = lane_buffer_get(&lane, lane.io, 4096);
	assert_int_equal(buf[0], 0);
	assert_true(lane.trim.set);
	lane_buffer_put(&lane, lane.io, buf);
}

/* In-capsule data waits in the socket while no buffer is free, and nothing of it is lost. */
static void
back_pressure(void **state)
{
	void *all = pool_get(lane.io, 65536);

	(void)state;
	assert_non_null(all);
	command(0x01, 1, 4096, pattern());
	command(0x02, 2, 512, NULL);
	nothing_comes();
	assert_int_equal(nwritten, 0);
	lane_buffer_put(&lane, lane.io, all);
	expect_response(1, 0);
	assert_memory_equal(written, pattern(), 4096);
	expect_data(2, 512, false);
	expect_response(2, 0);
}

static void
abort_while_waiting(void **state)
{
	void *all = pool_get(lane.io, 65536);

	(void)state;
	command(0x02, 2, 4096, NULL);
	nothing_comes();
	assert_true(qp_abort(qp, 2));
	expect_response(2, NVME_SC_ABORT_REQUESTED);
	assert_false(qp_abort(qp, 2));
	lane_buffer_put(&lane, lane.io, all);
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
		T(paused_is_not_late), T(abort_while_waiting),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
