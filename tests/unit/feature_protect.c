/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feature 84h, write protection, as a host sets it: what is refused, what is asked of the broker and
 * made durable, and what a namespace that is protected answers.
 */
#include "config.h"

#include <errno.h>

#include "tests/unit/resv_world.h"

static void
protect_row(uint32_t nsid, uint16_t nwpc, uint16_t wprotect)
{
	struct ipc_ns row = ns_find(fake.lane.ns, nsid)->id;

	row.nwpc = nwpc;
	row.wprotect = wprotect;
	assert_int_equal(ns_change(fake.c, &row), 0);
}

static struct slot *
set_protection(uint32_t nsid, uint32_t wps)
{
	return (fake_admin(&(struct cmd){ .opc = NVME_ADMIN_SET_FEATURES, .nsid = nsid,
	    .cdw10 = NVME_FID_NS_WRITE_PROTECTION, .cdw11 = wps }));
}

static void
protection_rules(void **state)
{
	static const struct { uint32_t nsid, cdw11; uint16_t status; } rows[] = {
		{ NS_512, 2, DNR(NVME_SC_INVALID_FIELD) },
		{ NS_512, 3, DNR(NVME_SC_INVALID_FIELD) },
		{ NS_512, 7, DNR(NVME_SC_INVALID_FIELD) },
		{ NS_512, 9, DNR(NVME_SC_INVALID_FIELD) },
		{ 0, 1, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ NS_NONE, 1, DNR(NVME_SC_INVALID_FIELD) },
		{ NS_RO, 1, DNR(NVME_SC_FEATURE_NOT_CHANGEABLE) },
		{ NVME_NSID_ALL, 1, DNR(NVME_SC_FEATURE_NOT_CHANGEABLE) },
	};
	uint64_t v;

	(void)state;
	assert_int_equal(protect_offered(fake.c), 0);
	assert_int_equal(get(NVME_FID_NS_WRITE_PROTECTION, NS_512, &v), DNR(NVME_SC_INVALID_FIELD));
	assert_int_equal(set(NVME_FID_NS_WRITE_PROTECTION, NS_512, 1), DNR(NVME_SC_INVALID_FIELD));
	protect_row(NS_512, NVME_NWPC_WRITE_PROTECT, 0);
	protect_row(NS_4K, NVME_NWPC_WRITE_PROTECT, 1);
	assert_int_equal(protect_offered(fake.c), NVME_NWPC_WRITE_PROTECT);
	assert_int_equal(get(NVME_FID_NS_WRITE_PROTECTION, NS_512, &v), 0);
	assert_int_equal(v, NVME_WPS_NONE);
	assert_int_equal(get(NVME_FID_NS_WRITE_PROTECTION, NS_4K, &v), 0);
	assert_int_equal(v, NVME_WPS_WRITE_PROTECT);
	assert_int_equal(get(NVME_FID_NS_WRITE_PROTECTION, NVME_NSID_ALL, &v),
	    DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(set(NVME_FID_NS_WRITE_PROTECTION, rows[i].nsid, rows[i].cdw11),
		    rows[i].status);
	assert_int_equal(fake.nasked, 0);
}

/* The answer comes when the broker has said yes and what was written is durable. */
static void
protection_flushes(void **state)
{
	const struct fake_op flush = { .verb = ENG_FLUSH, .fd = fake_disk_fd(
	    ns_find(fake.lane.ns, NS_512)->file) }, failed = { .verb = ENG_FLUSH, .fd = flush.fd,
	    .error = EIO };
	struct slot *s, *abort;

	(void)state;
	protect_row(NS_512, NVME_NWPC_WRITE_PROTECT, 0);
	s = set_protection(NS_512, NVME_WPS_WRITE_PROTECT);
	assert_int_equal(asked()->opc, IPC_RESV_WPROTECT);
	assert_int_equal(asked()->nsid, NS_512);
	assert_int_equal(asked()->cdw10, 1);
	fake_disk_expect(&flush);
	answer(asked()->token, 0);
	assert_false(fake_answered(s));
	resv_ask_again(fake.c);			/* a new broker: it has been answered */
	answer(asked()->token, 0);
	/* nobody takes it away */
	abort = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ABORT,
	    .cdw10 = (uint32_t)s->cmd.cid << 16 });
	assert_int_equal(fake_status(abort), 0);
	assert_int_equal(abort->result, 1);
	fake_release(abort);
	assert_false(fake_answered(s));
	assert_int_equal(fake.nasked, 1);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	fake_disk_end();
	/* what cannot be made durable is said */
	s = set_protection(NS_512, NVME_WPS_WRITE_PROTECT);
	fake_disk_expect(&failed);
	answer(asked()->token, 0);
	fake_disk_run();
	assert_int_equal(fake_status(s), NVME_SC_WRITE_FAULT);
	fake_release(s);
	/* no flush for what is lifted or refused */
	s = set_protection(NS_512, NVME_WPS_NONE);
	assert_int_equal(asked()->cdw10, 0);
	answer(asked()->token, 0);
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	s = set_protection(NS_512, NVME_WPS_WRITE_PROTECT);
	answer(asked()->token, CONFLICT);
	assert_int_equal(fake_status(s), CONFLICT);
	fake_release(s);
	fake_disk_end();
}

static void
protected_commands(void **state)
{
	static const struct { uint8_t opc; uint16_t status; } rows[] = {
		{ NVME_NVM_WRITE, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		{ NVME_NVM_WRITE_ZEROES, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		{ NVME_NVM_READ, 0 },
		{ NVME_NVM_FLUSH, 0 },
	};
	const int fd = fake_disk_fd(ns_find(fake.lane.ns, NS_512)->file);
	const struct fake_op read = { .verb = ENG_READ, .fd = fd, .len = 512 },
	    flush = { .verb = ENG_FLUSH, .fd = fd };
	struct nvme_id_ns id = { 0 };
	struct nvme_id_ns_independent in = { 0 };

	(void)state;
	protect_row(NS_512, 0, 1);		/* set by another host */
	fake_disk_expect(&read);
	fake_disk_expect(&flush);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slot *s = fake_nvm(&(struct cmd){ .opc = rows[i].opc, .nsid = NS_512,
		    .sgl_len = rows[i].opc == NVME_NVM_WRITE || rows[i].opc == NVME_NVM_READ ?
		    512 : 0 }, keys);

		fake_disk_run();
		assert_int_equal(fake_status(s), rows[i].status);
		fake_release(s);
	}
	fake_disk_end();
	identify_ns(ns_find(fake.lane.ns, NS_512), &id);
	identify_ns_independent(ns_find(fake.lane.ns, NS_512), &in);
	assert_int_equal(id.nsattr, NVME_NSATTR_WRITE_PROTECTED);
	assert_int_equal(in.nsattr, NVME_NSATTR_WRITE_PROTECTED);
	assert_int_equal(fake.c->changed.nsid[0], NS_512);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_io, fake_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(protection_rules),
		TEST(protection_flushes),
		TEST(protected_commands),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
