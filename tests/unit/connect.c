/* SPDX-License-Identifier: BSD-2-Clause */
/* Connect: what is accepted and what comes of it, and one refusal for every rule and bound. */
#include "config.h"

#include "common/connect.h"
#include "tests/unit/unit.h"

#define SUBNQN "nqn.2024-01.com.example:disk"
#define HOSTNQN "nqn.2014-08.org.nvmexpress:uuid:0"
#define INVALID (NVME_SC_CONNECT_INVALID_PARAMETERS | NVME_SC_DNR)

static const struct connect_limits limits = { .admin_entries = 128, .io_entries = 1024 };

struct capsule {
	struct nvme_sqe sqe;
	struct nvmf_connect_data data;
};

static struct capsule
admin_connect(void)
{
	struct capsule c = {
		.sqe = {
			.opc = NVME_OPC_FABRICS,
			.fuse_psdt = 0x40,
			.sgl1 = { .len = le32(1024), .id = NVME_SGL_ID_ICD },
			.connect = { .sqsize = le16(31), .kato_ms = le32(5000) },
		},
		.data = {
			.hostid = { 1 }, .cntlid = le16(0xffff),
			.subnqn = SUBNQN, .hostnqn = HOSTNQN,
		},
	};

	c.sqe.fctype = NVMF_CONNECT;
	return (c);
}

static struct capsule
io_connect(void)
{
	struct capsule c = admin_connect();

	c.sqe.connect.qid = le16(1);
	c.sqe.connect.sqsize = le16(1023);
	c.sqe.connect.kato_ms = le32(0);
	c.data.cntlid = le16(7);
	return (c);
}

static void
admin_is_accepted(void **state)
{
	struct capsule c = admin_connect();
	struct connect_refusal why;
	struct connect_req req;

	(void)state;
	c.sqe.connect.cattr = 0xf4;	/* reserved bits come along */
	assert_int_equal(connect_check(&c.sqe, &c.data, sizeof(c.data), &limits, &req, &why), 0);
	assert_int_equal(req.qid, 0);
	assert_int_equal(req.sqsize, 32);
	assert_int_equal(req.kato_ms, 5000);
	assert_int_equal(req.cntlid, NVME_CNTLID_DYNAMIC);
	assert_int_equal(req.cattr, 0xf4);
	assert_string_equal(req.subnqn, SUBNQN);
	assert_string_equal(req.hostnqn, HOSTNQN);
	assert_memory_equal(req.hostid, c.data.hostid, sizeof(req.hostid));
	assert_int_equal(connect_refusal_dw0(&why), 0);
}

static void
io_is_accepted(void **state)
{
	struct capsule c = io_connect();
	struct connect_refusal why;
	struct connect_req req;

	(void)state;
	assert_int_equal(connect_check(&c.sqe, &c.data, sizeof(c.data), &limits, &req, &why), 0);
	assert_int_equal(req.qid, 1);
	assert_int_equal(req.sqsize, 1024);
	assert_int_equal(req.cntlid, 7);
}

/* One change of a good Connect; width 0 is a field of text set to `value` times 'x'. */
struct refusal_case {
	const char *what;
	struct capsule (*good)(void);
	size_t at, width;
	uint64_t value;
	uint16_t status;
	uint8_t iattr;
	uint16_t ipo;
};

#define DATA 64		/* the data's place in struct capsule */

static const struct refusal_case refusal_cases[] = {
	{ "opcode", admin_connect, 0, 1, 0x06, NVME_SC_INVALID_OPCODE | NVME_SC_DNR, 0, 0 },
	{ "fctype", admin_connect, 4, 1, 0x04, NVME_SC_INVALID_OPCODE | NVME_SC_DNR, 0, 0 },
	{ "RECFMT", admin_connect, 40, 2, 1,
	    NVME_SC_CONNECT_INCOMPATIBLE_FORMAT | NVME_SC_DNR, 0, 0 },
	{ "admin SQSIZE 0", admin_connect, 44, 2, 0, INVALID, 0, 44 },
	{ "admin SQSIZE over the limit", admin_connect, 44, 2, 128, INVALID, 0, 44 },
	{ "admin SQSIZE FFFFh", admin_connect, 44, 2, 0xffff, INVALID, 0, 44 },
	{ "I/O SQSIZE 0", io_connect, 44, 2, 0, INVALID, 0, 44 },
	{ "I/O SQSIZE over the limit", io_connect, 44, 2, 1024, INVALID, 0, 44 },
	{ "I/O SQSIZE FFFFh", io_connect, 44, 2, 0xffff, INVALID, 0, 44 },
	{ "I/O KATO", io_connect, 48, 4, 1, INVALID, 0, 48 },
	{ "SGL short", admin_connect, 32, 4, 1023, INVALID, 0, 24 },
	{ "SGL long", admin_connect, 32, 4, 1025, INVALID, 0, 24 },
	{ "host id zero", admin_connect, DATA, 1, 0, INVALID, 1, 0 },
	{ "admin CNTLID", admin_connect, DATA + 16, 2, 7, INVALID, 1, 16 },
	{ "admin CNTLID FFFEh", admin_connect, DATA + 16, 2, 0xfffe, INVALID, 1, 16 },
	{ "I/O CNTLID FFFFh", io_connect, DATA + 16, 2, 0xffff, INVALID, 1, 16 },
	{ "I/O CNTLID FFF0h", io_connect, DATA + 16, 2, 0xfff0, INVALID, 1, 16 },
	{ "SUBNQN empty", admin_connect, DATA + 256, 1, 0, INVALID, 1, 256 },
	{ "SUBNQN of 224", admin_connect, DATA + 256, 0, 224, INVALID, 1, 256 },
	{ "SUBNQN without NUL", admin_connect, DATA + 256, 0, 256, INVALID, 1, 256 },
	{ "SUBNQN control", admin_connect, DATA + 256, 1, '\n', INVALID, 1, 256 },
	{ "HOSTNQN empty", io_connect, DATA + 512, 1, 0, INVALID, 1, 512 },
	{ "HOSTNQN of 224", io_connect, DATA + 512, 0, 224, INVALID, 1, 512 },
	{ "HOSTNQN without NUL", io_connect, DATA + 512, 0, 256, INVALID, 1, 512 },
	{ "HOSTNQN not UTF-8", io_connect, DATA + 512, 1, 0xff, INVALID, 1, 512 },
};
_Static_assert(offsetof(struct capsule, data) == DATA, "data follows the SQE");

static void
change(struct capsule *c, const struct refusal_case *t)
{
	uint8_t *p = (uint8_t *)c + t->at;
	struct le64 v = le64(t->value);

	if (t->width == 0)
		memset(p, 'x', t->value);
	else
		memcpy(p, &v, t->width);
}

static void
refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusal_cases); i++) {
		const struct refusal_case *t = &refusal_cases[i];
		struct capsule c = t->good();
		struct connect_refusal why;
		struct connect_req req;
		uint16_t status;

		change(&c, t);
		status = connect_check(&c.sqe, &c.data, sizeof(c.data), &limits, &req, &why);
		if (status != t->status || why.iattr != t->iattr || why.ipo != t->ipo)
			fail_msg("%s: status %#x iattr %u ipo %u", t->what, status, why.iattr,
			    why.ipo);
		assert_int_equal(connect_refusal_dw0(&why), t->ipo | (uint32_t)t->iattr << 16);
	}
}

static void
bounds_are_inclusive(void **state)
{
	struct capsule c = admin_connect();
	struct connect_limits most = { .admin_entries = UINT32_MAX, .io_entries = 65536 };
	struct connect_refusal why;
	struct connect_req req;

	(void)state;
	c.sqe.connect.sqsize = le16(1);
	assert_int_equal(connect_check_sqe(&c.sqe, &limits, &req, &why), 0);
	assert_int_equal(req.sqsize, 2);
	c.sqe.connect.sqsize = le16(4095);
	assert_int_equal(connect_check_sqe(&c.sqe, &most, &req, &why), 0);
	c.sqe.connect.sqsize = le16(4096);
	assert_int_equal(connect_check_sqe(&c.sqe, &most, &req, &why), INVALID);
	c = io_connect();
	c.sqe.connect.sqsize = le16(0xffff);
	assert_int_equal(connect_check_sqe(&c.sqe, &most, &req, &why), 0);
	assert_int_equal(req.sqsize, 65536);
	c.data.cntlid = le16(NVME_CNTLID_MAX);
	memset(c.data.subnqn, 'x', 223);
	assert_int_equal(connect_check(&c.sqe, &c.data, 1024, &most, &req, &why), 0);
	assert_int_equal(strlen(req.subnqn), 223);
}

static void
no_io_queues_here(void **state)
{
	static const struct connect_limits discovery = { .admin_entries = 128 };
	struct capsule c = io_connect();
	struct connect_refusal why;
	struct connect_req req;

	(void)state;
	assert_int_equal(connect_check_sqe(&c.sqe, &discovery, &req, &why), INVALID);
	assert_int_equal(why.iattr, 0);
	assert_int_equal(why.ipo, 42);
}

/* Two things are wrong: the one that comes first in the command is named. */
static void
lowest_fault_is_named(void **state)
{
	struct capsule c = io_connect();
	struct connect_refusal why;
	struct connect_req req;

	(void)state;
	c.sqe.connect.sqsize = le16(0);
	c.sqe.connect.kato_ms = le32(1);
	memset(&c.data, 0, sizeof(c.data));
	assert_int_equal(connect_check(&c.sqe, &c.data, 1024, &limits, &req, &why), INVALID);
	assert_int_equal(why.ipo, 44);
	c.sqe.connect.sqsize = le16(31);
	c.sqe.connect.kato_ms = le32(0);
	assert_int_equal(connect_check(&c.sqe, &c.data, 1024, &limits, &req, &why), INVALID);
	assert_int_equal(why.iattr, 1);
	assert_int_equal(why.ipo, 0);
}

static void
every_shorter_length_is_refused(void **state)
{
	struct capsule c = admin_connect();
	struct connect_refusal why;
	struct connect_req req;

	(void)state;
	for (size_t n = 0; n < sizeof(c.data); n++) {
		uint8_t *cut = exact_copy(&c.data, n);

		assert_int_equal(connect_check(&c.sqe, (struct nvmf_connect_data *)cut, n, &limits,
		    &req, &why), INVALID);
		assert_int_equal(why.ipo, 24);
		free(cut);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(admin_is_accepted),
		cmocka_unit_test(io_is_accepted),
		cmocka_unit_test(refusals),
		cmocka_unit_test(bounds_are_inclusive),
		cmocka_unit_test(no_io_queues_here),
		cmocka_unit_test(lowest_fault_is_named),
		cmocka_unit_test(every_shorter_length_is_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
