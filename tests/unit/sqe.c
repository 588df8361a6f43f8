/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands at the door: decoding, which SGLs are served, and ranges that do not wrap. */
#include "config.h"

#include "common/sqe.h"
#include "tests/unit/unit.h"

#define DNR(sc) ((sc) | NVME_SC_DNR)
#define PSDT(v) ((uint8_t)((v) << 6))
#define MAX_ICD 8192u

static void
decode_is_host_order(void **state)
{
	struct nvme_sqe sqe;
	struct cmd c;

	(void)state;
	for (size_t i = 0; i < sizeof(sqe); i++)
		((uint8_t *)&sqe)[i] = (uint8_t)i;
	sqe.fuse_psdt = 0x42;
	sqe_decode(&sqe, &c);
	assert_int_equal(c.opc, 0);
	assert_int_equal(c.fctype, 0);
	assert_int_equal(c.fuse, NVME_FUSE_SECOND);
	assert_int_equal(c.psdt, NVME_PSDT_SGL);
	assert_int_equal(c.cid, 0x0302);
	assert_int_equal(c.nsid, 0x07060504);
	assert_int_equal(c.cdw2, 0x0b0a0908);
	assert_int_equal(c.cdw3, 0x0f0e0d0c);
	assert_true(c.sgl_addr == 0x1f1e1d1c1b1a1918);
	assert_int_equal(c.sgl_len, 0x23222120);
	assert_int_equal(c.sgl_type, 2);
	assert_int_equal(c.sgl_subtype, 7);
	assert_int_equal(c.cdw10, 0x2b2a2928);
	assert_int_equal(c.cdw15, 0x3f3e3d3c);
}

static void
fabrics_has_fctype_for_nsid(void **state)
{
	struct nvme_sqe sqe = { .opc = NVME_OPC_FABRICS, .nsid = le32(0xaabbcc05) };
	struct cmd c;

	(void)state;
	sqe_decode(&sqe, &c);
	assert_int_equal(c.fctype, NVMF_AUTHENTICATION_SEND);
	assert_int_equal(c.nsid, 0);
	assert_int_equal(sqe_direction(&c), SQE_DIR_TO_CTRL);
}

struct sgl_case {
	const char *what;
	uint8_t opc, fctype, byte1, id;
	uint64_t addr;
	uint32_t len, icd;
	uint16_t status;
};

#define ICD NVME_SGL_ID_ICD
#define TRANSPORT NVME_SGL_ID_TRANSPORT
#define WRITE NVME_NVM_WRITE, 0
#define READ NVME_NVM_READ, 0
#define FLUSH NVME_NVM_FLUSH, 0
#define CONNECT NVME_OPC_FABRICS, NVMF_CONNECT
#define GET NVME_OPC_FABRICS, NVMF_PROPERTY_GET
#define SGL PSDT(NVME_PSDT_SGL)

static const struct sgl_case sgl_cases[] = {
	{ "write in capsule", WRITE, SGL, ICD, 0, 4096, 4096, 0 },
	{ "write in capsule, largest", WRITE, SGL, ICD, 0, MAX_ICD, MAX_ICD, 0 },
	{ "write by R2T", WRITE, SGL, TRANSPORT, 0, 1 << 20, 0, 0 },
	{ "read", READ, SGL, TRANSPORT, 0, 4096, 0, 0 },
	{ "metadata by SGL", READ, PSDT(NVME_PSDT_SGL_MSEG), TRANSPORT, 0, 4096, 0, 0 },
	{ "flush", FLUSH, SGL, TRANSPORT, 0, 0, 0, 0 },
	{ "flush, DPTR is reserved", FLUSH, SGL, 0, 0, 0, 0, 0 },
	{ "connect", CONNECT, SGL, ICD, 0, 1024, 1024, 0 },
	{ "connect, byte 1 reserved", CONNECT, 0, ICD, 0, 1024, 1024, 0 },
	{ "property get", GET, SGL, TRANSPORT, 0, 0, 0, 0 },

	{ "PRP", WRITE, PSDT(NVME_PSDT_PRP), ICD, 0, 512, 512, DNR(NVME_SC_INVALID_FIELD) },
	{ "PSDT 11b", WRITE, PSDT(3), ICD, 0, 512, 512, DNR(NVME_SC_INVALID_FIELD) },
	{ "PSDT 11b, fabrics", GET, PSDT(3), ICD, 0, 0, 0, DNR(NVME_SC_INVALID_FIELD) },
	{ "in capsule, SGL shorter", WRITE, SGL, ICD, 0, 511, 512,
	    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	{ "in capsule, SGL longer", WRITE, SGL, ICD, 0, 513, 512,
	    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	{ "in capsule, none came", WRITE, SGL, ICD, 0, 512, 0,
	    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	{ "in capsule, 4 GiB", WRITE, SGL, ICD, 0, UINT32_MAX, 512,
	    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	{ "in capsule, over the bound", WRITE, SGL, ICD, 0, MAX_ICD + 1, MAX_ICD + 1,
	    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	{ "in capsule, offset", WRITE, SGL, ICD, 1, 512, 512, DNR(NVME_SC_SGL_OFFSET_INVALID) },
	{ "in capsule, offset 2^63", WRITE, SGL, ICD, 1ull << 63, 512, 512,
	    DNR(NVME_SC_SGL_OFFSET_INVALID) },
	{ "in capsule on a read", READ, SGL, ICD, 0, 512, 512, DNR(NVME_SC_INVALID_FIELD) },
	{ "in capsule on a flush", FLUSH, SGL, ICD, 0, 512, 512, DNR(NVME_SC_INVALID_FIELD) },
	{ "in capsule on property get", GET, SGL, ICD, 0, 8, 8, DNR(NVME_SC_INVALID_FIELD) },
	{ "read, descriptor of the capsule", READ, SGL, ICD, 0, 512, 0,
	    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	{ "transport, but data came", WRITE, SGL, TRANSPORT, 0, 512, 512,
	    DNR(NVME_SC_INVALID_FIELD) },
	{ "transport, address", READ, SGL, TRANSPORT, 4096, 512, 0,
	    DNR(NVME_SC_SGL_OFFSET_INVALID) },
	{ "plain address", WRITE, SGL, 0x00, 0, 512, 0, DNR(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID) },
	{ "bit bucket", READ, SGL, 0x10, 0, 512, 0, DNR(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID) },
	{ "segment", READ, SGL, 0x20, 0, 512, 0, DNR(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID) },
	{ "last segment", READ, SGL, 0x31, 0, 512, 0, DNR(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID) },
	{ "keyed", READ, SGL, 0x4f, 0, 512, 0, DNR(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID) },
	{ "transport, other subtype", READ, SGL, 0x50, 0, 512, 0,
	    DNR(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID) },
	{ "both directions", 0x03, 0, SGL, TRANSPORT, 0, 512, 0, DNR(NVME_SC_INVALID_OPCODE) },
	{ "both directions, fabrics", NVME_OPC_FABRICS, 0x07, SGL, TRANSPORT, 0, 512, 0,
	    DNR(NVME_SC_INVALID_OPCODE) },
};

static void
sgl_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sgl_cases); i++) {
		const struct sgl_case *t = &sgl_cases[i];
		struct nvme_sqe sqe = { .opc = t->opc, .fuse_psdt = t->byte1,
			.sgl1 = { .addr = le64(t->addr), .len = le32(t->len), .id = t->id } };
		struct cmd c;
		uint16_t status;

		sqe.fctype = t->fctype;
		sqe_decode(&sqe, &c);
		status = sqe_check_sgl(&c, t->icd, MAX_ICD);
		if (status != t->status)
			fail_msg("%s: status %#x, not %#x", t->what, status, t->status);
	}
}

static void
where_the_data_is(void **state)
{
	struct cmd c = { .sgl_type = NVME_SGL_DATA_BLOCK, .sgl_subtype = NVME_SGL_OFFSET };

	(void)state;
	assert_true(sqe_is_icd(&c));
	c.sgl_subtype = NVME_SGL_ADDRESS;
	assert_false(sqe_is_icd(&c));
}

static void
ranges_do_not_wrap(void **state)
{
	(void)state;
	assert_true(range_ok(0, 0, 0));
	assert_true(range_ok(0, 100, 100));
	assert_true(range_ok(99, 1, 100));
	assert_true(range_ok(UINT64_MAX - 1, 1, UINT64_MAX));
	assert_false(range_ok(0, 1, 0));
	assert_false(range_ok(0, 101, 100));
	assert_false(range_ok(100, 1, 100));
	assert_false(range_ok(UINT64_MAX, 1, 100));
	assert_false(range_ok(UINT64_MAX, 2, UINT64_MAX));
	assert_false(range_ok(1, UINT64_MAX, UINT64_MAX));
}

static void
products_do_not_wrap(void **state)
{
	uint64_t p;

	(void)state;
	assert_true(size_mul(65536, 4096, &p));
	assert_true(p == 65536ull * 4096);
	assert_true(size_mul(UINT64_MAX, 1, &p));
	assert_false(size_mul(UINT64_MAX, 2, &p));
	assert_false(size_mul(1ull << 32, 1ull << 32, &p));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_is_host_order),
		cmocka_unit_test(fabrics_has_fctype_for_nsid),
		cmocka_unit_test(sgl_rules),
		cmocka_unit_test(where_the_data_is),
		cmocka_unit_test(ranges_do_not_wrap),
		cmocka_unit_test(products_do_not_wrap),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
