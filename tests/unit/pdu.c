/* SPDX-License-Identifier: BSD-2-Clause */
/* PDUs from a host: a good one of each type, then one fault at a time with its FES and FEI. */
#include "config.h"

#include "common/crc.h"
#include "common/pdu.h"
#include "tests/unit/unit.h"

#define MAX_ICD 8192u
#define MAXH2CDATA 131072u

enum { CH_TYPE, CH_FLAGS, CH_HLEN, CH_PDO, CH_PLEN };

static const struct pdu_env fresh = { .rx_align = 4, .max_icd = MAX_ICD,
	.maxh2cdata = MAXH2CDATA };
static const struct pdu_env plain = { .icreq_done = true, .rx_align = 4, .max_icd = MAX_ICD,
	.maxh2cdata = MAXH2CDATA };
static const struct pdu_env digests = { .icreq_done = true, .hdgst = true, .ddgst = true,
	.rx_align = 4, .max_icd = MAX_ICD, .maxh2cdata = MAXH2CDATA };
static const struct pdu_env aligned = { .icreq_done = true, .rx_align = 128, .max_icd = MAX_ICD,
	.maxh2cdata = MAXH2CDATA };

/* A header in bytes, with its digest if there is one. */
struct sample { uint8_t b[PDU_HEADER_MAX]; size_t len; };

static struct sample
sample(uint8_t type, uint8_t flags, uint8_t hlen, uint8_t pdo, uint32_t plen)
{
	struct pdu_common ch = { type, flags, hlen, pdo, le32(plen) };
	struct sample s = { .len = hlen };

	memcpy(s.b, &ch, sizeof(ch));
	return (s);
}

static void
put32(struct sample *s, size_t at, uint32_t v)
{
	struct le32 w = le32(v);

	memcpy(s->b + at, &w, sizeof(w));
}

static void
seal(struct sample *s)
{
	put32(s, s->b[CH_HLEN], crc32c(s->b, s->b[CH_HLEN]));
	s->len = s->b[CH_HLEN] + 4u;
}

static struct sample
icreq(void)
{
	return (sample(PDU_ICREQ, 0, 128, 0, 128));
}

static struct sample
termreq(void)
{
	return (sample(PDU_H2C_TERMREQ, 0, 24, 0, 24 + 72));
}

static struct sample
capsule(void)
{
	return (sample(PDU_CAPSULE_CMD, 0, 72, 0, 72));
}

static struct sample
capsule_icd(void)
{
	return (sample(PDU_CAPSULE_CMD, 0, 72, 72, 72 + 4096));
}

static struct sample
capsule_digests(void)
{
	struct sample s = sample(PDU_CAPSULE_CMD, PDU_F_HDGST | PDU_F_DDGST, 72, 76,
	    76 + 4096 + 4);

	seal(&s);
	return (s);
}

static struct sample
capsule_hdgst(void)
{
	struct sample s = sample(PDU_CAPSULE_CMD, PDU_F_HDGST, 72, 0, 76);

	seal(&s);
	return (s);
}

static struct sample
capsule_aligned(void)
{
	return (sample(PDU_CAPSULE_CMD, 0, 72, 128, 128 + 512));
}

static struct sample
h2cdata(void)
{
	struct sample s = sample(PDU_H2C_DATA, PDU_F_LAST, 24, 24, 24 + 4096);

	put32(&s, 12, 8192);
	put32(&s, 16, 4096);
	return (s);
}

static struct sample
h2cdata_small(void)
{
	struct sample s = sample(PDU_H2C_DATA, 0, 24, 24, 28);

	put32(&s, 16, 4);
	return (s);
}

static struct sample
h2cdata_digests(void)
{
	struct sample s = sample(PDU_H2C_DATA, PDU_F_HDGST | PDU_F_DDGST, 24, 28, 28 + 4096 + 4);

	put32(&s, 16, 4096);
	seal(&s);
	return (s);
}

/* pdu_check() on an allocation that ends where the header does. */
static int
check(const struct sample *s, const struct pdu_env *env, struct pdu_verdict *v)
{
	uint8_t *p = exact_copy(s->b, s->len);
	int ret = pdu_check(p, s->len, env, v);

	free(p);
	return (ret);
}

static const struct {
	const char *what;
	struct sample (*make)(void);
	const struct pdu_env *env;
	uint8_t header_len, pad;
	uint32_t data_len;
} good_cases[] = {
	{ "ICReq", icreq, &fresh, 128, 0, 0 },
	{ "TermReq", termreq, &plain, 24, 0, 72 },
	{ "capsule", capsule, &plain, 72, 0, 0 },
	{ "capsule with data", capsule_icd, &plain, 72, 0, 4096 },
	{ "capsule, digests", capsule_digests, &digests, 76, 0, 4096 },
	{ "capsule, no data and so no digest of it", capsule_hdgst, &digests, 76, 0, 0 },
	{ "capsule, alignment", capsule_aligned, &aligned, 72, 56, 512 },
	{ "H2CData", h2cdata, &plain, 24, 0, 4096 },
	{ "H2CData of a dword", h2cdata_small, &plain, 24, 0, 4 },
	{ "H2CData, digests", h2cdata_digests, &digests, 28, 0, 4096 },
};

static void
good_ones_pass(void **state)
{
	struct pdu_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
		struct sample s = good_cases[i].make();

		if (check(&s, good_cases[i].env, &v) != 0)
			fail_msg("%s: fes %d fei %u", good_cases[i].what, (int)v.fes, v.fei);
		assert_int_equal(v.fes, PDU_FES_NONE);
		assert_int_equal(v.header_len, good_cases[i].header_len);
		assert_int_equal(v.pad, good_cases[i].pad);
		assert_int_equal(v.data_len, good_cases[i].data_len);
		assert_int_equal(v.total, v.header_len + v.pad + v.data_len + (v.ddgst ? 4 : 0));
	}
}

/* One fault: width bytes at `at` become value. The header digest is made right again. */
static const struct fault {
	const char *what;
	struct sample (*make)(void);
	const struct pdu_env *env;
	size_t at, width;
	uint32_t value;
	enum pdu_fes fes;
	uint32_t fei;
} faults[] = {
	{ "capsule before ICReq", capsule, &fresh, 0, 0, 0, PDU_FES_INVALID_FIELD, 0 },
	{ "data before ICReq", h2cdata, &fresh, 0, 0, 0, PDU_FES_INVALID_FIELD, 0 },
	{ "second ICReq", icreq, &plain, 0, 0, 0, PDU_FES_INVALID_FIELD, 0 },
	{ "ICResp", capsule, &plain, CH_TYPE, 1, PDU_ICRESP, PDU_FES_INVALID_FIELD, 0 },
	{ "CapsuleResp", capsule, &plain, CH_TYPE, 1, PDU_CAPSULE_RESP, PDU_FES_INVALID_FIELD, 0 },
	{ "C2HData", h2cdata, &plain, CH_TYPE, 1, PDU_C2H_DATA, PDU_FES_INVALID_FIELD, 0 },
	{ "R2T", h2cdata, &plain, CH_TYPE, 1, PDU_R2T, PDU_FES_INVALID_FIELD, 0 },
	{ "type 08h", capsule, &plain, CH_TYPE, 1, 8, PDU_FES_INVALID_FIELD, 0 },
	{ "type FFh", capsule, &plain, CH_TYPE, 1, 255, PDU_FES_INVALID_FIELD, 0 },

	{ "ICReq flags", icreq, &fresh, CH_FLAGS, 1, 1, PDU_FES_INVALID_FIELD, 1 },
	{ "ICReq HLEN", icreq, &fresh, CH_HLEN, 1, 127, PDU_FES_INVALID_FIELD, 2 },
	{ "ICReq PDO", icreq, &fresh, CH_PDO, 1, 128, PDU_FES_INVALID_FIELD, 3 },
	{ "ICReq PLEN short", icreq, &fresh, CH_PLEN, 4, 127, PDU_FES_INVALID_FIELD, 4 },
	{ "ICReq PLEN long", icreq, &fresh, CH_PLEN, 4, 129, PDU_FES_INVALID_FIELD, 4 },
	{ "ICReq PFV", icreq, &fresh, 8, 2, 1, PDU_FES_UNSUPPORTED, 8 },
	{ "ICReq PFV, high byte", icreq, &fresh, 8, 2, 0x100, PDU_FES_UNSUPPORTED, 8 },
	{ "ICReq HPDA", icreq, &fresh, 10, 1, 32, PDU_FES_INVALID_FIELD, 10 },
	{ "ICReq DGST", icreq, &fresh, 11, 1, 4, PDU_FES_INVALID_FIELD, 11 },

	{ "TermReq flags", termreq, &plain, CH_FLAGS, 1, 1, PDU_FES_INVALID_FIELD, 1 },
	{ "TermReq HLEN", termreq, &plain, CH_HLEN, 1, 25, PDU_FES_INVALID_FIELD, 2 },
	{ "TermReq PDO", termreq, &plain, CH_PDO, 1, 24, PDU_FES_INVALID_FIELD, 3 },
	{ "TermReq PLEN 23", termreq, &plain, CH_PLEN, 4, 23, PDU_FES_INVALID_FIELD, 4 },
	{ "TermReq PLEN 153", termreq, &plain, CH_PLEN, 4, 153, PDU_FES_INVALID_FIELD, 4 },

	{ "LAST on a capsule", capsule, &plain, CH_FLAGS, 1, PDU_F_LAST, PDU_FES_INVALID_FIELD, 1 },
	{ "SUCCESS", h2cdata, &plain, CH_FLAGS, 1, PDU_F_SUCCESS, PDU_FES_INVALID_FIELD, 1 },
	{ "flag 80h", capsule, &plain, CH_FLAGS, 1, 0x80, PDU_FES_INVALID_FIELD, 1 },
	{ "HDGST not agreed", capsule, &plain, CH_FLAGS, 1, 1, PDU_FES_INVALID_FIELD, 1 },
	{ "DDGST not agreed", capsule_icd, &plain, CH_FLAGS, 1, 2, PDU_FES_INVALID_FIELD, 1 },
	{ "HDGST missing", capsule_digests, &digests, CH_FLAGS, 1, 2, PDU_FES_INVALID_FIELD, 1 },
	{ "DDGST missing", capsule_digests, &digests, CH_FLAGS, 1, 1, PDU_FES_INVALID_FIELD, 1 },
	{ "DDGST missing, H2CData", h2cdata_digests, &digests, CH_FLAGS, 1, 1,
	    PDU_FES_INVALID_FIELD, 1 },

	{ "HLEN 0", capsule, &plain, CH_HLEN, 1, 0, PDU_FES_INVALID_FIELD, 2 },
	{ "HLEN 24", capsule, &plain, CH_HLEN, 1, 24, PDU_FES_INVALID_FIELD, 2 },
	{ "HLEN 255", capsule, &plain, CH_HLEN, 1, 255, PDU_FES_INVALID_FIELD, 2 },
	{ "HLEN 72 of data", h2cdata, &plain, CH_HLEN, 1, 72, PDU_FES_INVALID_FIELD, 2 },

	{ "PDO 0 with data", capsule_icd, &plain, CH_PDO, 1, 0, PDU_FES_INVALID_FIELD, 3 },
	{ "PDO 0, H2CData", h2cdata, &plain, CH_PDO, 1, 0, PDU_FES_INVALID_FIELD, 3 },
	{ "PDO in the header", capsule_icd, &plain, CH_PDO, 1, 68, PDU_FES_INVALID_FIELD, 3 },
	{ "PDO in the digest", capsule_digests, &digests, CH_PDO, 1, 72, PDU_FES_INVALID_FIELD, 3 },
	{ "PDO not a dword", capsule_icd, &plain, CH_PDO, 1, 74, PDU_FES_INVALID_FIELD, 3 },
	{ "PDO against CPDA", capsule_aligned, &aligned, CH_PDO, 1, 72, PDU_FES_INVALID_FIELD, 3 },
	{ "PDO > PLEN", capsule, &plain, CH_PDO, 1, 76, PDU_FES_INVALID_FIELD, 3 },

	{ "PLEN 0", capsule, &plain, CH_PLEN, 4, 0, PDU_FES_INVALID_FIELD, 4 },
	{ "PLEN < HLEN", capsule, &plain, CH_PLEN, 4, 71, PDU_FES_INVALID_FIELD, 4 },
	{ "PLEN in the digest", capsule_hdgst, &digests, CH_PLEN, 4, 75, PDU_FES_INVALID_FIELD, 4 },
	{ "PLEN max", capsule_icd, &plain, CH_PLEN, 4, UINT32_MAX, PDU_FES_INVALID_FIELD, 4 },
	{ "PLEN over the capsule", capsule_icd, &plain, CH_PLEN, 4, 72 + MAX_ICD + 1,
	    PDU_FES_INVALID_FIELD, 4 },
	{ "DDGST without data", capsule_digests, &digests, CH_PLEN, 4, 76 + 4,
	    PDU_FES_INVALID_FIELD, 4 },
	{ "DDGST cut", capsule_digests, &digests, CH_PLEN, 4, 76 + 3, PDU_FES_INVALID_FIELD, 4 },
	{ "DDGST on nothing", capsule_digests, &digests, CH_PLEN, 4, 76, PDU_FES_INVALID_FIELD, 4 },
	{ "H2CData of nothing", h2cdata, &plain, CH_PLEN, 4, 24, PDU_FES_INVALID_FIELD, 4 },
	{ "H2CData of a digest", h2cdata_digests, &digests, CH_PLEN, 4, 28 + 4,
	    PDU_FES_INVALID_FIELD, 4 },
	{ "H2CData, PLEN max", h2cdata, &plain, CH_PLEN, 4, UINT32_MAX, PDU_FES_LIMIT_EXCEEDED, 0 },
	{ "H2CData, PLEN over", h2cdata, &plain, CH_PLEN, 4, 24 + MAXH2CDATA + 4,
	    PDU_FES_LIMIT_EXCEEDED, 0 },

	{ "DATAL over MAXH2CDATA", h2cdata, &plain, 16, 4, MAXH2CDATA + 4, PDU_FES_LIMIT_EXCEEDED,
	    0 },
	{ "DATAL max", h2cdata, &plain, 16, 4, UINT32_MAX, PDU_FES_LIMIT_EXCEEDED, 0 },
	{ "DATAL 0", h2cdata, &plain, 16, 4, 0, PDU_FES_INVALID_FIELD, 16 },
	{ "DATAL less", h2cdata, &plain, 16, 4, 4092, PDU_FES_INVALID_FIELD, 16 },
	{ "DATAL more", h2cdata_digests, &digests, 16, 4, 4100, PDU_FES_INVALID_FIELD, 16 },
	{ "DATAO wraps", h2cdata, &plain, 12, 4, UINT32_MAX - 4095, PDU_FES_OUT_OF_RANGE, 0 },
};

static struct sample
faulty(const struct fault *f)
{
	struct sample s = f->make();
	struct le32 v = le32(f->value);

	memcpy(s.b + f->at, &v, f->width);
	if (f->env->hdgst && (s.b[CH_FLAGS] & PDU_F_HDGST) && s.b[CH_HLEN] <= 128)
		seal(&s);
	return (s);
}

static void
one_fault_at_a_time(void **state)
{
	struct pdu_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct sample s = faulty(&faults[i]);
		int ret = check(&s, faults[i].env, &v);

		if (ret != -1 || v.fes != faults[i].fes || v.fei != faults[i].fei)
			fail_msg("%s: %d, fes %d fei %u", faults[i].what, ret, (int)v.fes, v.fei);
		assert_int_equal(v.silent, v.type == PDU_H2C_TERMREQ);
	}
}

/* What the common header alone tells is told with 8 bytes, before a buffer is chosen. */
static void
common_faults_need_8_bytes(void **state)
{
	struct pdu_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct sample s = faulty(&faults[i]);
		bool later = faults[i].at >= PDU_COMMON_BYTES;
		uint8_t *p = exact_copy(s.b, PDU_COMMON_BYTES);

		assert_int_equal(pdu_check_common(p, PDU_COMMON_BYTES, faults[i].env, &v),
		    later ? 0 : -1);
		assert_int_equal(v.fes, later ? PDU_FES_NONE : faults[i].fes);
		free(p);
	}
}

static void
every_shorter_length_is_refused(void **state)
{
	struct pdu_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
		struct sample s = good_cases[i].make();

		for (s.len = 0; s.len < good_cases[i].header_len; s.len++) {
			assert_int_equal(check(&s, good_cases[i].env, &v), -1);
			assert_int_equal(v.fes, PDU_FES_NONE);
		}
		assert_int_equal(check(&s, good_cases[i].env, &v), 0);
	}
}

/* With all fields wrong, then with the lower ones mended one by one. */
static void
lowest_fault_is_named(void **state)
{
	static const uint8_t right[] = { PDU_ICREQ, 0, 128, 0 };
	struct sample s = { .len = 128 };
	struct pdu_verdict v;

	(void)state;
	memset(s.b, 0xff, s.len);
	for (uint32_t i = 0; i < sizeof(right); i++) {
		assert_int_equal(check(&s, &fresh, &v), -1);
		assert_int_equal(v.fes, PDU_FES_INVALID_FIELD);
		assert_int_equal(v.fei, i);
		s.b[i] = right[i];
	}
	assert_int_equal(check(&s, &fresh, &v), -1);
	assert_int_equal(v.fei, CH_PLEN);
	put32(&s, CH_PLEN, 128);
	assert_int_equal(check(&s, &fresh, &v), -1);
	assert_int_equal(v.fes, PDU_FES_UNSUPPORTED);
	s.b[8] = s.b[9] = 0;
	assert_int_equal(check(&s, &fresh, &v), -1);
	assert_int_equal(v.fei, 10);
	s.b[10] = PDU_HPDA_MAX;
	assert_int_equal(check(&s, &fresh, &v), -1);
	assert_int_equal(v.fei, 11);
	s.b[11] = 3;
	assert_int_equal(check(&s, &fresh, &v), 0);	/* reserved bytes are not judged */
}

/* Any wrong bit is found before the fields behind the common header are looked at. */
static void
header_digest_is_checked(void **state)
{
	struct pdu_verdict v;

	(void)state;
	for (size_t bit = PDU_COMMON_BYTES * 8; bit < 28 * 8; bit++) {
		struct sample s = h2cdata_digests();
		struct le32 digest;

		s.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memcpy(&digest, s.b + 24, sizeof(digest));
		assert_int_equal(check(&s, &digests, &v), -1);
		assert_int_equal(v.fes, PDU_FES_HDGST);
		assert_int_equal(v.fei, le32_get(digest));
	}
}

static void
bounds_are_inclusive(void **state)
{
	struct sample s = capsule_icd();
	struct pdu_verdict v;

	(void)state;
	put32(&s, CH_PLEN, 72 + MAX_ICD);
	assert_int_equal(check(&s, &plain, &v), 0);
	assert_int_equal(v.data_len, MAX_ICD);
	s = h2cdata();
	put32(&s, CH_PLEN, 24 + MAXH2CDATA);
	put32(&s, 16, MAXH2CDATA);
	assert_int_equal(check(&s, &plain, &v), 0);
	put32(&s, 12, UINT32_MAX - MAXH2CDATA);
	assert_int_equal(check(&s, &plain, &v), 0);
	s = termreq();
	put32(&s, CH_PLEN, 152);
	assert_int_equal(check(&s, &plain, &v), 0);
	assert_int_equal(v.data_len, 128);
	s = capsule();			/* an offset, but no data there */
	s.b[CH_PDO] = 72;
	assert_int_equal(check(&s, &plain, &v), 0);
	assert_int_equal(v.data_len, 0);
}

/* Only the end of a transfer may have an odd length. */
static void
odd_length_only_at_the_end(void **state)
{
	struct sample s = h2cdata();
	struct pdu_verdict v;

	(void)state;
	put32(&s, CH_PLEN, 24 + 4095);
	put32(&s, 16, 4095);
	assert_int_equal(check(&s, &plain, &v), 0);
	s.b[CH_FLAGS] = 0;
	assert_int_equal(check(&s, &plain, &v), -1);
	assert_int_equal(v.fei, 16);
}

static void
icreq_parameters(void **state)
{
	struct sample s = icreq();
	struct pdu_icreq_params p;

	(void)state;
	pdu_get_icreq(s.b, &p);
	assert_int_equal(p.tx_align, 4);
	assert_int_equal(p.maxr2t, 1);
	assert_false(p.hdgst || p.ddgst);
	s.b[10] = 31;
	s.b[11] = PDU_DGST_DATA;
	put32(&s, 12, UINT32_MAX);
	pdu_get_icreq(s.b, &p);
	assert_int_equal(p.tx_align, 128);
	assert_int_equal(p.maxr2t, UINT32_MAX);
	assert_true(!p.hdgst && p.ddgst);
}

static void
names(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PDU_FES_MAX; i++)
		assert_string_not_equal(pdu_fes_name(i), "unknown");
	assert_string_equal(pdu_fes_name(PDU_FES_MAX), "unknown");
	assert_string_equal(pdu_fes_name(UINT32_MAX), "unknown");
	assert_string_equal(pdu_type_name(PDU_R2T), "R2T");
	assert_string_equal(pdu_type_name(8), "unknown");
	assert_string_equal(pdu_type_name(255), "unknown");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_pass),
		cmocka_unit_test(one_fault_at_a_time),
		cmocka_unit_test(common_faults_need_8_bytes),
		cmocka_unit_test(every_shorter_length_is_refused),
		cmocka_unit_test(lowest_fault_is_named),
		cmocka_unit_test(header_digest_is_checked),
		cmocka_unit_test(bounds_are_inclusive),
		cmocka_unit_test(odd_length_only_at_the_end),
		cmocka_unit_test(icreq_parameters),
		cmocka_unit_test(names),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
