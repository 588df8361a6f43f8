/* SPDX-License-Identifier: BSD-2-Clause */
/* PDUs from a controller: every byte, paddings, digests, and nothing written past the end. */
#include "config.h"

#include "common/crc.h"
#include "common/pdu.h"
#include "tests/unit/unit.h"

#define STALE 0xa5

static const struct pdu_tx plain = { .tx_align = 4 };
static const struct pdu_tx digests = { .hdgst = true, .ddgst = true, .tx_align = 4 };

/* A buffer that is just large enough, full of what must not leave. */
static uint8_t *
stale_buffer(void)
{
	uint8_t *p = malloc(PDU_TERMREQ_MAX);

	assert_non_null(p);
	memset(p, STALE, PDU_TERMREQ_MAX);
	return (p);
}

static uint32_t
get32(const uint8_t *p)
{
	struct le32 v;

	memcpy(&v, p, sizeof(v));
	return (le32_get(v));
}

static void
icresp(void **state)
{
	static const struct pdu_env env = { .hdgst = true, .rx_align = 8, .maxh2cdata = 0x20000 };
	static const uint8_t want[128] = { 1, 0, 128, 0, 128, 0, 0, 0, 0, 0, 1, 1, 0, 0, 2, 0 };
	uint8_t *p = stale_buffer();

	(void)state;
	assert_int_equal(pdu_put_icresp(p, &env), 128);
	assert_memory_equal(p, want, sizeof(want));
	assert_int_equal(p[128], STALE);
	free(p);
}

static void
capsule_resp(void **state)
{
	static const uint8_t want[] = { 5, 0, 24, 0, 24, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 4, 0,
		5, 0, 0x04, 0x80 };
	struct nvme_cqe cqe = { .dw0 = le32(1), .dw1 = le32(2), .sqhd = le16(3), .sqid = le16(4),
		.cid = le16(5), .status = le16((NVME_SC_INVALID_FIELD | NVME_SC_DNR) << 1) };
	uint8_t *p = stale_buffer();

	(void)state;
	assert_int_equal(pdu_put_capsule_resp(p, &cqe, &plain), 24);
	assert_memory_equal(p, want, sizeof(want));
	assert_int_equal(p[24], STALE);
	assert_int_equal(pdu_put_capsule_resp(p, &cqe, &digests), 28);
	assert_int_equal(p[1], PDU_F_HDGST);
	assert_int_equal(get32(p + 4), 28);
	assert_int_equal(get32(p + 24), crc32c(p, 24));
	assert_int_equal(p[28], STALE);
	free(p);
}

static void
r2t(void **state)
{
	static const uint8_t want[] = { 9, 0, 24, 0, 24, 0, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0,
		0, 0, 0, 0 };
	uint8_t *p = stale_buffer();

	(void)state;
	assert_int_equal(pdu_put_r2t(p, 1, 2, 3, 4, &plain), 24);
	assert_memory_equal(p, want, sizeof(want));
	assert_int_equal(pdu_put_r2t(p, 1, 2, 3, 4, &digests), 28);
	assert_int_equal(get32(p + 24), crc32c(p, 24));
	free(p);
}

static void
c2hdata(void **state)
{
	static const uint8_t want[] = { 7, 0x0c, 24, 24, 24, 0x10, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
		0, 0x10, 0, 0, 0, 0, 0, 0 };
	uint8_t *p = stale_buffer();

	(void)state;
	assert_int_equal(pdu_put_c2hdata(p, 1, 2, 4096, PDU_F_LAST | PDU_F_SUCCESS, &plain), 24);
	assert_memory_equal(p, want, sizeof(want));
	assert_int_equal(pdu_put_c2hdata(p, 1, 2, 4096, 0, &digests), 28);
	assert_int_equal(p[1], PDU_F_HDGST | PDU_F_DDGST);
	assert_int_equal(p[3], 28);
	assert_int_equal(get32(p + 4), 28 + 4096 + 4);
	assert_int_equal(get32(p + 24), crc32c(p, 24));
	free(p);
}

/* For every alignment that a host can ask for: data begins on it, zeros before it. */
static void
c2hdata_padding(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		struct pdu_tx tx = { .hdgst = i & 1, .tx_align = (uint8_t)((i / 2 + 1) * 4) };
		size_t head = tx.hdgst ? 28 : 24, n;
		uint8_t *p = stale_buffer();

		n = pdu_put_c2hdata(p, 0, 0, 512, PDU_F_LAST, &tx);
		assert_true(n % tx.tx_align == 0 && n >= head && n < head + tx.tx_align);
		assert_true(n <= PDU_HEADER_MAX);
		assert_int_equal(p[3], n);
		assert_int_equal(get32(p + 4), n + 512);
		for (size_t at = head; at < n; at++)
			assert_int_equal(p[at], 0);
		assert_int_equal(p[n], STALE);
		free(p);
	}
}

static void
termreq(void **state)
{
	static const uint8_t want[] = { 3, 0, 24, 0, 32, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 'o', 'f', 'f', 'e', 'n', 'd', 'e', 'r' };
	uint8_t *p = stale_buffer(), *long_one = stale_buffer();

	(void)state;
	assert_int_equal(pdu_put_termreq(p, PDU_FES_INVALID_FIELD, 4, want + 24, 8), 32);
	assert_memory_equal(p, want, sizeof(want));
	assert_int_equal(p[32], STALE);
	assert_int_equal(pdu_put_termreq(p, PDU_FES_SEQUENCE, 0, NULL, 99), 24);
	assert_int_equal(get32(p + 4), 24);
	assert_int_equal(pdu_put_termreq(p, PDU_FES_HDGST, 0xdeadbeef, long_one, 152), 152);
	assert_int_equal(get32(p + 4), 152);
	assert_int_equal(get32(p + 10), 0xdeadbeef);
	free(p);
	free(long_one);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(icresp),
		cmocka_unit_test(capsule_resp),
		cmocka_unit_test(r2t),
		cmocka_unit_test(c2hdata),
		cmocka_unit_test(c2hdata_padding),
		cmocka_unit_test(termreq),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
