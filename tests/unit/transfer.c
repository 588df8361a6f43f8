/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How data is cut: R2T windows and what a host may answer them with, C2HData in pieces, and where
 * data begins behind a header (CPDA, HPDA).
 */
#include "config.h"

#include <sys/socket.h>

#include <string.h>

#include "tests/unit/transport_world.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define TTAG_FEI offsetof(struct pdu_h2cdata, ttag)

static const uint8_t *
pattern(void)
{
	static uint8_t p[65536];

	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(i * 13 + i / 251);
	return (p);
}

static int
begin_windows(void **state)
{
	return (begin_opts(state, &(struct world_opts){ .params.maxr2t = 3, .r2t_size = 4096 }));
}

/* Data for one window, all of it. */
static void
fill(uint16_t cid, uint16_t ttag, uint32_t from, uint32_t len)
{
	h2cdata(cid, ttag, from, pattern() + from, len, true, true);
}

/* As many as the host takes, the last one shorter; each that is answered is followed by the next. */
static void
windows(void **state)
{
	uint16_t t[5];

	(void)state;
	command(0x01, 7, 18432, NULL);
	for (uint32_t i = 0; i < 3; i++)
		t[i] = expect_window(7, i * 4096, 4096);
	assert_int_not_equal(t[0], t[1]);
	assert_int_not_equal(t[1], t[2]);
	assert_int_not_equal(t[0], t[2]);
	nothing_comes();
	fill(7, t[0], 0, 4096);
	t[3] = expect_window(7, 12288, 4096);
	fill(7, t[1], 4096, 4096);
	t[4] = expect_window(7, 16384, 2048);
	nothing_comes();
	for (uint32_t i = 2; i < 4; i++)
		fill(7, t[i], i * 4096, 4096);
	nothing_comes();
	fill(7, t[4], 16384, 2048);
	expect_response(7, 0);
	assert_int_equal(world.nwritten, 18432);
	assert_memory_equal(world.written, pattern(), 18432);
	assert_int_equal(world.qp->waiting_h2c, 0);
	assert_int_equal(pool_used(world.lane.h2c), 0);
}

/* In whatever order, in pieces, and with another command's in between. */
static void
windows_in_any_order(void **state)
{
	uint16_t a[3], b;

	(void)state;
	command(0x01, 1, 12288, NULL);
	for (uint32_t i = 0; i < 3; i++)
		a[i] = expect_window(1, i * 4096, 4096);
	command(0x01, 2, 4096, NULL);
	b = expect_window(2, 0, 4096);
	h2cdata(1, a[2], 8192, pattern() + 8192, 1024, false, true);
	fill(1, a[0], 0, 4096);
	h2cdata(1, a[2], 9216, pattern() + 9216, 3072, true, true);
	fill(2, b, 0, 4096);
	expect_response(2, 0);
	nothing_comes();
	fill(1, a[1], 4096, 4096);
	expect_response(1, 0);
	assert_memory_equal(world.written, pattern(), 12288);
}

/* A host that takes one R2T at a time gets one at a time; one that takes more than we do, four. */
static void
windows_at_a_time(void **state)
{
	uint16_t ttag;

	(void)state;
	world.qp->r2t_max = 1;
	command(0x01, 1, 8192, NULL);
	ttag = expect_window(1, 0, 4096);
	nothing_comes();
	fill(1, ttag, 0, 4096);
	ttag = expect_window(1, 4096, 4096);
	fill(1, ttag, 4096, 4096);
	expect_response(1, 0);
	end(state);
	begin_opts(state, &(struct world_opts){ .params.maxr2t = UINT32_MAX, .r2t_size = 4096 });
	assert_int_equal(world.qp->r2t_max, R2T_MAX);
}

static void
windows_with_digests(void **state)
{
	uint16_t t[3];

	(void)state;
	command(0x01, 1, 16384, NULL);
	for (uint32_t i = 0; i < 3; i++)
		t[i] = expect_window(1, i * 4096, 4096);
	h2cdata(1, t[1], 4096, pattern(), 4096, true, false);	/* wrong: no more is asked for */
	fill(1, t[0], 0, 4096);
	nothing_comes();
	fill(1, t[2], 8192, 4096);
	expect_response(1, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	assert_int_equal(world.nwritten, 0);
}

/* What one of two open windows (4096 each, from 0 and from 4096; 12288 in all) is answered with. */
static const struct wrong {
	const char *what;
	unsigned window;
	uint16_t cid_plus, ttag_plus;
	uint32_t datao, len;
	bool last;
	uint16_t fes;
	uint32_t fei;
} wrongs[] = {
	{ "the other one's data", 0, 0, 0, 4096, 4096, true, PDU_FES_OUT_OF_RANGE, 0 },
	{ "what lies before it", 1, 0, 0, 0, 4096, true, PDU_FES_OUT_OF_RANGE, 0 },
	{ "its last dword and one more", 0, 0, 0, 4092, 8, true, PDU_FES_OUT_OF_RANGE, 0 },
	{ "both in one", 0, 0, 0, 0, 8192, true, PDU_FES_OUT_OF_RANGE, 0 },
	{ "what was not asked for yet", 1, 0, 0, 8192, 4096, true, PDU_FES_OUT_OF_RANGE, 0 },
	{ "one that begins before it", 1, 0, 0, 4092, 8, false, PDU_FES_OUT_OF_RANGE, 0 },
	{ "a gap", 1, 0, 0, 4100, 4, false, PDU_FES_SEQUENCE, 0 },
	{ "an early LAST", 1, 0, 0, 4096, 4, true, PDU_FES_SEQUENCE, 0 },
	{ "no LAST", 0, 0, 0, 0, 4096, false, PDU_FES_SEQUENCE, 0 },
	{ "a window that is not open", 0, 0, 2 << 12, 8192, 4096, true, PDU_FES_INVALID_FIELD,
	    TTAG_FEI },
	{ "a window that there is not", 0, 0, 4 << 12, 0, 4096, true, PDU_FES_INVALID_FIELD,
	    TTAG_FEI },
	{ "the last TTAG", 1, 0, 0xefff, 4096, 4096, true, PDU_FES_INVALID_FIELD, TTAG_FEI },
	{ "another slot", 0, 0, 1, 0, 4096, true, PDU_FES_INVALID_FIELD, TTAG_FEI },
	{ "another command", 1, 1, 0, 4096, 4096, true, PDU_FES_INVALID_FIELD,
	    offsetof(struct pdu_h2cdata, cccid) },
};

static void
wrong_answers(void **state)
{
	for (size_t i = 0; i < ROWS(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		uint16_t t[2];

		begin_opts(state, &(struct world_opts){ .params.maxr2t = 2, .r2t_size = 4096 });
		command(0x01, 7, 12288, NULL);
		t[0] = expect_window(7, 0, 4096);
		t[1] = expect_window(7, 4096, 4096);
		print_message("# %s\n", w->what);
		h2cdata((uint16_t)(7 + w->cid_plus), (uint16_t)(t[w->window] + w->ttag_plus),
		    w->datao, pattern(), w->len, w->last, true);
		expect_termreq(w->fes, w->fei);
		assert_true(world.closed);
		end(state);
	}
}

static void
a_window_is_answered_once(void **state)
{
	uint16_t t[3];

	(void)state;
	command(0x01, 7, 12288, NULL);
	for (uint32_t i = 0; i < 3; i++)
		t[i] = expect_window(7, i * 4096, 4096);
	fill(7, t[1], 4096, 4096);
	fill(7, t[1], 4096, 4096);
	expect_termreq(PDU_FES_INVALID_FIELD, TTAG_FEI);
}

/* Nobody can know an R2T that has not left yet, however well the TTAG was guessed. */
static void
answered_before_it_was_sent(void **state)
{
	struct pdu_h2cdata pdu = { .cccid = le16(7), .datal = le32(4096),
	    .ch.flags = PDU_F_LAST };
	struct pdu_verdict v;
	uint16_t ttag;

	(void)state;
	command(0x01, 7, 4096, NULL);
	ttag = expect_window(7, 0, 4096);
	pdu.ttag = le16(ttag);
	assert_non_null(r2t_judge(world.qp, &pdu, 4096, &v));
	world.qp->slots[ttag & 0xfff].r2ts_sent = 0;
	assert_null(r2t_judge(world.qp, &pdu, 4096, &v));
	assert_int_equal(v.fei, TTAG_FEI);
}

/* Two windows and what answers them, cut at each byte of both headers and some of the data: the host
 * goes on there, or leaves. */
static void
cut_at(void **state, size_t cut, bool leaves)
{
	enum { ONE = 24 + 4096 };
	uint8_t stream[2 * ONE];
	struct pdu_h2cdata pdu = { .ch = { .type = PDU_H2C_DATA, .hlen = 24, .pdo = 24,
	    .flags = PDU_F_LAST } };

	begin_opts(state, &(struct world_opts){ .params.maxr2t = 2, .r2t_size = 4096 });
	command(0x01, 7, 8192, NULL);
	for (uint32_t i = 0; i < 2; i++) {
		pdu.ch.plen = le32(ONE);
		pdu.cccid = le16(7);
		pdu.ttag = le16(expect_window(7, i * 4096, 4096));
		pdu.datao = le32(i * 4096);
		pdu.datal = le32(4096);
		memcpy(stream + i * ONE, &pdu, sizeof(pdu));
		memcpy(stream + i * ONE + sizeof(pdu), pattern() + i * 4096, 4096);
	}
	put(stream, cut);
	nothing_comes();
	if (!leaves) {
		put(stream + cut, sizeof(stream) - cut);
		expect_response(7, 0);
		assert_memory_equal(world.written, pattern(), 8192);
	}
	end(state);
	assert_int_equal(world.nwritten, leaves ? 0 : 8192);
}

static void
every_cut(void **state)
{
	for (size_t cut = 1; cut < 2 * (24 + 4096); cut += cut % (24 + 4096) < 32 ? 1 : 503) {
		cut_at(state, cut, false);
		cut_at(state, cut, true);
	}
}

/* ---- C2HData ---- */

static int
begin_pieces(void **state)
{
	return (begin_opts(state, &(struct world_opts){ .noflow = true, .c2h_data_max = 4096 }));
}

static int
begin_pieces_digests(void **state)
{
	return (begin_opts(state, &(struct world_opts){ .c2h_data_max = 4096,
	    .params = { .hdgst = true, .ddgst = true, .hpda = 31 } }));
}

/* LAST and SUCCESS are in the last one only; each has the digest of its own data. */
static void
pieces(void **state)
{
	bool digests = world.params.ddgst;

	(void)state;
	command(0x02, 1, 10240, NULL);
	expect_piece(1, 0, 4096, 0);
	expect_piece(1, 4096, 4096, 0);
	expect_piece(1, 8192, 2048, digests ? PDU_F_LAST : PDU_F_LAST | PDU_F_SUCCESS);
	if (digests)
		expect_response(1, 0);
	command(0x02, 2, 4096, NULL);		/* just one */
	expect_data(2, 4096, !digests);
	if (digests)
		expect_response(2, 0);
	command(0x02, 3, 4100, NULL);
	expect_piece(3, 0, 4096, 0);
	expect_piece(3, 4096, 4, digests ? PDU_F_LAST : PDU_F_LAST | PDU_F_SUCCESS);
	if (digests)
		expect_response(3, 0);
	assert_int_equal(pool_used(world.lane.io), 0);
}

/* Two commands at once: theirs come in turns. */
static void
pieces_in_turns(void **state)
{
	uint8_t buf[256];
	size_t n = capsule(buf, 0x02, 1, 8192, NULL);

	(void)state;
	n += capsule(buf + n, 0x02, 2, 8192, NULL);
	put(buf, n);
	expect_piece(1, 0, 4096, 0);
	expect_piece(2, 0, 4096, 0);
	expect_piece(1, 4096, 4096, PDU_F_LAST | PDU_F_SUCCESS);
	expect_piece(2, 4096, 4096, PDU_F_LAST | PDU_F_SUCCESS);
}

static void
drop_piece(void)
{
	static uint8_t data[4096];
	struct pdu_c2hdata d;

	get(&d, sizeof(d));
	assert_int_equal(d.ch.type, PDU_C2H_DATA);
	assert_int_equal(le32_get(d.datal), sizeof(data));
	get(data, sizeof(data));
}

/* A host that reads nothing for a while, and more pieces than a turn may send. */
static void
pieces_of_much(void **state)
{
	uint8_t buf[1024];
	size_t n = 0;

	(void)state;
	for (uint16_t cid = 0; cid < SQSIZE; cid++)
		n += capsule(buf + n, 0x02, cid, 65536, NULL);
	assert_int_equal(send(world.host, buf, n, 0), (ssize_t)n);
	turns(20);
	for (unsigned left = 65536 / 4096 * SQSIZE; left > 0; left--)
		drop_piece();
	nothing_comes();
	assert_int_equal(world.qp->busy, 0);
}

static void
pieces_of_a_queue_that_closes(void **state)
{
	(void)state;
	command(0x02, 1, 65536, NULL);
	turns(1);
	qp_close(world.qp, "test");
	turns(2);
	assert_true(world.closed);
}

/* ---- alignment ---- */

static void
aligned(void **state)
{
	static const uint8_t pda[] = { 0, 3, 31 };

	for (unsigned i = 0; i < 27; i++) {
		struct world_opts o = { .params = { .hpda = pda[i % 3], .cpda = pda[i / 3 % 3],
		    .hdgst = i >= 9, .ddgst = i >= 18 } };
		uint16_t ttag;

		begin_opts(state, &o);
		command(0x01, 1, 512, pattern());
		expect_response(1, 0);
		assert_memory_equal(world.written, pattern(), 512);
		command(0x01, 2, 8192, NULL);
		ttag = expect_r2t(2, 8192);
		h2cdata(2, ttag, 0, pattern(), 4096, false, true);
		h2cdata(2, ttag, 4096, pattern() + 4096, 4096, true, true);
		expect_response(2, 0);
		assert_memory_equal(world.written, pattern(), 8192);
		command(0x02, 3, 4096, NULL);
		expect_data(3, 4096, false);
		expect_response(3, 0);
		end(state);
	}
}

/* With a CPDA, data that begins right behind the header is wrong: PDO is byte 3. */
static void
not_aligned(void **state)
{
	uint8_t buf[1024];
	size_t n;

	(void)state;
	world.params.cpda = 0;
	n = capsule(buf, 0x01, 1, 512, pattern());
	put(buf, n);
	expect_termreq(PDU_FES_INVALID_FIELD, 3);
}

static int
begin_cpda(void **state)
{
	return (begin_opts(state, &(struct world_opts){ .params.cpda = 3 }));
}

static int
begin_windows_digests(void **state)
{
	return (begin_opts(state, &(struct world_opts){ .r2t_size = 4096,
	    .params = { .maxr2t = 3, .hdgst = true, .ddgst = true, .cpda = 3 } }));
}

int
main(void)
{
#define T(f, b)	cmocka_unit_test_setup_teardown(f, b, end)
	const struct CMUnitTest tests[] = {
		T(windows, begin_windows), T(windows, begin_windows_digests),
		T(windows_in_any_order, begin_windows), T(windows_at_a_time, begin_windows),
		T(windows_with_digests, begin_windows_digests), cmocka_unit_test(wrong_answers),
		T(a_window_is_answered_once, begin_windows),
		T(answered_before_it_was_sent, begin_windows), cmocka_unit_test(every_cut),
		T(pieces, begin_pieces), T(pieces, begin_pieces_digests),
		T(pieces_in_turns, begin_pieces), T(pieces_of_much, begin_pieces),
		T(pieces_of_a_queue_that_closes, begin_pieces), cmocka_unit_test(aligned),
		T(not_aligned, begin_cpda),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
