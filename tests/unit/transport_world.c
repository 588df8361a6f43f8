/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world around the transport of a worker: a host that is the other end of a socket pair. Its
 * commands are those of transport_commands.c, or the real ones. What the broker is asked about ranges
 * is remembered.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crc.h"
#include "tests/unit/transport_world.h"

struct world world;

/* ---- what the transport asks of the rest of the worker ---- */

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
ctrl_alive(struct qpair *q)
{
	(void)q;
	world.alive++;
}

uint16_t
ctrl_error(struct controller *c, const struct slot *s, uint16_t status)
{
	(void)c;
	(void)s;
	world.errors++;
	return (status);
}

void
ns_told(struct controller *c, const struct ns *old, const struct ns *new)
{
	(void)c;
	(void)old;
	(void)new;
}

void
ctrl_queue_closed(struct controller *c, struct qpair *q)
{
	(void)c;
	(void)q;
	world.closed = true;
}

void
aer_drop_all(struct controller *c)
{
	(void)c;
}

int
ask_reservation(const struct ipc_resv *m)
{
	(void)m;
	return (0);
}

void
ask_fenced(uint64_t fence)
{
	(void)fence;
}

void
abort_over(struct slot *aborter, bool aborted)
{
	world.aborter = aborter;
	world.aborted = aborted;
}

void
ask_log(uint32_t msg, const char *text, unsigned nargs, ...)
{
	(void)msg;
	(void)text;
	(void)nargs;
}

/* ---- what is asked of the broker ---- */

static int
remember(const char *what, uint64_t token, const struct ipc_range *r)
{
	struct asked *a = &world.asked[world.nasked++ % ASKED];

	*a = (struct asked){ .what = what, .token = token };
	if (r != NULL)
		a->range = *r;
	return (world.broker_is_away ? -1 : 0);
}

int
ask_range_lock(const struct ipc_range *m)
{
	return (remember("lock", m->token, m));
}

int
ask_range_unlock(const struct ipc_range_ref *m)
{
	return (remember("unlock", m->token, NULL));
}

int
ask_range_held(const struct ipc_range_ref *m)
{
	return (remember("held", m->token, NULL));
}

int
ask_range_reset_done(void)
{
	return (remember("reset", 0, NULL));
}

/* The queue of this world is an I/O queue whose seat nobody looks at. */
void
seat_ended(struct seat *seat)
{
	(void)seat;
	world.closed = true;
}

/* ---- the world.host ---- */

int
begin_opts(void **state, const struct world_opts *o)
{
	struct ipc_hello hello = { .memory = 131072, .max_transfer = 65536, .engine_threads = 1,
	    .transfer_timeout_ms = 60000, .change_timeout_ms = 60000, .queue_size = SQSIZE, .queues = 1, .lanes = 1,
	    .r2t_size = o->r2t_size, .c2h_data_max = o->c2h_data_max,
	    .engine = (uint8_t)o->engine };
	int pair[2];

	(void)state;
	if (under_valgrind())		/* it does not see what a ring writes */
		hello.engine = ENGINE_THREADS;
	world.ctrl = (struct controller){ .hello = hello, .lane = &world.lane,
	    .io = &world.seat };
	world.lane = (struct lane){ .all = &world.lane, .nlanes = 1 };
	assert_int_equal(lane_init(&world.lane, &hello), 0);
	range_desk_init(&world.lane);
	world.nasked = 0;
	world.broker_is_away = false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	world.qp = calloc(1, sizeof(*world.qp));
	world.closed = world.aborted = false;
	world.errors = world.nheld = world.nwritten = 0;
	world.aborter = NULL;
	world.host = pair[1];
	world.params = o->params;
	if (world.params.maxr2t == 0)
		world.params.maxr2t = 1;
	world.params.maxh2cdata = 32768;
	world.params.max_icd = 16384;
	assert_int_equal(qp_open(world.qp, &world.lane, &world.ctrl, 1, SQSIZE, o->noflow), 0);
	qp_start(world.qp, pair[0], &world.params);
	return (0);
}

void
turns(unsigned n)
{
	while (n-- > 0)
		assert_int_equal(lane_turn(&world.lane, 0), 0);
}

int
begin(void **state)
{
	return (begin_opts(state, &(struct world_opts){ 0 }));
}

int
begin_digests(void **state)
{
	return (begin_opts(state, &(struct world_opts){ .noflow = true,
	    .params = { .hdgst = true, .ddgst = true, .hpda = 3 } }));
}

int
end(void **state)
{
	(void)state;
	if (world.host != -1)
		close(world.host);
	world.host = -1;
	turns(3);
	assert_true(world.closed);		/* nothing leaks: the queue could go */
	engine_free(world.lane.engine);
	pool_free(world.lane.io);
	pool_free(world.lane.h2c);
	pool_free(world.lane.bounce);
	free(world.qp);
	return (0);
}

void
put(const void *p, size_t n)
{
	assert_int_equal(send(world.host, p, n, MSG_NOSIGNAL), (ssize_t)n);
	turns(2);
}

void
get(void *p, size_t n)
{
	size_t have = 0;
	ssize_t r;

	while (have < n) {
		turns(1);
		r = recv(world.host, (uint8_t *)p + have, n - have, 0);
		if (r == -1 && errno == EAGAIN)
			continue;
		assert_true(r > 0);
		have += (size_t)r;
	}
}

void
nothing_comes(void)
{
	uint8_t b;

	turns(3);
	assert_int_equal(recv(world.host, &b, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Where data may begin behind n bytes of header. */
static size_t
aligned(size_t n)
{
	size_t align = (world.params.cpda + 1u) * 4;

	return ((n + align - 1) / align * align);
}

/* A capsule with icd bytes of data in it, or an SGL of len bytes to be asked for. */
size_t
capsule(uint8_t *out, uint8_t opc, uint16_t cid, uint32_t len, const uint8_t *data)
{
	return (capsule_of(out, &(struct nvme_sqe){ .opc = opc, .cid = le16(cid) }, len, data));
}

size_t
capsule_of(uint8_t *out, const struct nvme_sqe *sqe, uint32_t len, const uint8_t *data)
{
	struct pdu_capsule_cmd pdu = { .ch = { .type = PDU_CAPSULE_CMD, .hlen = 72 },
	    .sqe = *sqe };
	uint32_t icd = data != NULL ? len : 0;
	size_t n = sizeof(pdu);
	struct le32 crc;

	pdu.sqe.fuse_psdt |= 0x40;
	pdu.sqe.sgl1.len = le32(len);
	pdu.sqe.sgl1.id = icd > 0 ? 0x01 : 0x5a;
	pdu.ch.flags = (uint8_t)((world.params.hdgst ? PDU_F_HDGST : 0) |
	    (world.params.ddgst && icd > 0 ? PDU_F_DDGST : 0));
	if (world.params.hdgst)
		n += 4;
	if (icd > 0)
		n = aligned(n);
	pdu.ch.pdo = icd > 0 ? (uint8_t)n : 0;
	pdu.ch.plen = le32((uint32_t)(n + icd + (icd > 0 && world.params.ddgst ? 4 : 0)));
	memset(out, 0, n);
	memcpy(out, &pdu, sizeof(pdu));
	crc = le32(crc32c(&pdu, sizeof(pdu)));
	if (world.params.hdgst)
		memcpy(out + sizeof(pdu), &crc, 4);
	if (icd > 0)
		memcpy(out + n, data, icd);
	if (icd > 0 && world.params.ddgst) {
		crc = le32(crc32c(data, icd));
		memcpy(out + n + icd, &crc, 4);
	}
	return (le32_get(pdu.ch.plen));
}

void
command(uint8_t opc, uint16_t cid, uint32_t len, const uint8_t *data)
{
	uint8_t *buf = malloc(128 + len + 4);

	put(buf, capsule(buf, opc, cid, len, data));
	free(buf);
}

void
h2cdata(uint16_t cid, uint16_t ttag, uint32_t datao, const uint8_t *data, uint32_t len, bool last,
    bool good)
{
	struct pdu_h2cdata pdu = { .ch = { .type = PDU_H2C_DATA, .hlen = 24 },
	    .cccid = le16(cid), .ttag = le16(ttag), .datao = le32(datao), .datal = le32(len) };
	size_t n = aligned(sizeof(pdu) + (world.params.hdgst ? 4 : 0));
	uint8_t *buf = calloc(1, n + len + 4);
	struct le32 crc;

	pdu.ch.flags = (uint8_t)((world.params.hdgst ? PDU_F_HDGST : 0) |
	    (world.params.ddgst ? PDU_F_DDGST : 0) | (last ? PDU_F_LAST : 0));
	pdu.ch.pdo = (uint8_t)n;
	pdu.ch.plen = le32((uint32_t)(n + len + (world.params.ddgst ? 4 : 0)));
	memcpy(buf, &pdu, sizeof(pdu));
	crc = le32(crc32c(&pdu, sizeof(pdu)));
	memcpy(buf + sizeof(pdu), &crc, world.params.hdgst ? 4 : 0);
	memcpy(buf + n, data, len);
	crc = le32(crc32c(data, len) + (good ? 0 : 1));
	memcpy(buf + n + len, &crc, world.params.ddgst ? 4 : 0);
	put(buf, le32_get(pdu.ch.plen));
	free(buf);
}

void
expect_response(uint16_t cid, uint16_t status)
{
	struct pdu_capsule_resp r;
	uint8_t digest[4];

	get(&r, sizeof(r));
	if (world.params.hdgst)
		get(digest, 4);
	assert_int_equal(r.ch.type, PDU_CAPSULE_RESP);
	assert_int_equal(le16_get(r.cqe.cid), cid);
	assert_int_equal(le16_get(r.cqe.status) >> 1 & 0x3fff, status);
}

uint16_t
expect_r2t(uint16_t cid, uint32_t len)
{
	return (expect_window(cid, 0, len));
}

uint16_t
expect_window(uint16_t cid, uint32_t from, uint32_t len)
{
	struct pdu_r2t r;
	uint8_t digest[4];

	get(&r, sizeof(r));
	if (world.params.hdgst)
		get(digest, 4);
	assert_int_equal(r.ch.type, PDU_R2T);
	assert_int_equal(le16_get(r.cccid), cid);
	assert_int_equal(le32_get(r.r2to), from);
	assert_int_equal(le32_get(r.r2tl), len);
	return (le16_get(r.ttag));
}

void
expect_data(uint16_t cid, uint32_t len, bool success)
{
	expect_piece(cid, 0, len, success ? PDU_F_LAST | PDU_F_SUCCESS : PDU_F_LAST);
}

void
expect_piece(uint16_t cid, uint32_t from, uint32_t len, uint8_t flags)
{
	struct pdu_c2hdata d;
	uint8_t *buf, crc[4];

	get(&d, sizeof(d));
	assert_int_equal(d.ch.type, PDU_C2H_DATA);
	assert_int_equal(le16_get(d.cccid), cid);
	assert_int_equal(le32_get(d.datal), len);
	assert_int_equal(le32_get(d.datao), from);
	assert_int_equal(d.ch.flags & (PDU_F_LAST | PDU_F_SUCCESS), flags);
	assert_int_equal(d.ch.pdo % ((world.params.hpda + 1) * 4), 0);
	buf = malloc(d.ch.pdo + len);
	get(buf, d.ch.pdo - sizeof(d) + len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(buf[d.ch.pdo - sizeof(d) + i], (uint8_t)((from + i) * 7 + cid));
	if (world.params.ddgst) {
		struct le32 want = le32(crc32c(buf + d.ch.pdo - sizeof(d), len));

		get(crc, 4);
		assert_memory_equal(crc, &want, 4);
	}
	free(buf);
}

void
expect_termreq(uint16_t fes, uint32_t fei)
{
	struct pdu_termreq t;

	get(&t, sizeof(t));
	assert_int_equal(t.ch.type, PDU_C2H_TERMREQ);
	assert_int_equal(le16_get(t.fes), fes);
	assert_int_equal(le32_get(t.fei), fei);
}
