/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notices of reservations, as a host reads them (log 80h); features 82h, which of them it wants, and
 * 83h, whether what it has lasts.
 */
#include "config.h"

#include "tests/unit/resv_world.h"

/* ---- notices ---- */

static struct slot *
aer(void)
{
	return (fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ASYNC_EVENT_REQUEST }));
}

static struct nvme_resv_log
read_log(uint32_t rae)
{
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_GET_LOG_PAGE,
	    .cdw10 = NVME_LID_RESERVATION | rae | 15u << 16, .sgl_len = 64 });
	struct nvme_resv_log log;

	assert_int_equal(fake_status(s), 0);
	memcpy(&log, s->buf, sizeof(log));
	fake_release(s);
	return (log);
}

static void
notice(uint32_t nsid, uint32_t type)
{
	resv_notice(fake.c, &(struct ipc_resv_notice){ nsid, type });
}

static void
is_notice(struct nvme_resv_log log, uint64_t number, uint8_t type, uint8_t more, uint32_t nsid)
{
	assert_true(le64_get(log.lpc) == number);
	assert_int_equal(log.rnlpt, type);
	assert_int_equal(log.nalp, more);
	assert_int_equal(le32_get(log.nsid), nsid);
}

static void
notices(void **state)
{
	struct slot *s = aer();

	(void)state;
	is_notice(read_log(0), 0, 0, 0, 0);
	notice(NS_NONE, NVME_RESV_RELEASED);
	notice(NS_512, 99);
	assert_false(fake_answered(s));
	notice(NS_512, NVME_RESV_RELEASED);
	assert_int_equal(fake_status(s), 0);
	assert_true(s->result == 0x800006);	/* I/O command set, log 80h */
	fake_release(s);
	notice(NS_4K, NVME_RESV_PREEMPTED);
	s = aer();
	assert_false(fake_answered(s));		/* not before the log is read */
	is_notice(read_log(NVME_LOG_RAE), 1, NVME_RESV_RELEASED, 1, NS_512);
	assert_false(fake_answered(s));
	is_notice(read_log(0), 1, NVME_RESV_RELEASED, 1, NS_512);
	assert_true(fake_answered(s));		/* there is another one */
	fake_release(s);
	is_notice(read_log(0), 2, NVME_RESV_PREEMPTED, 0, NS_4K);
	is_notice(read_log(0), 0, 0, 0, 0);
}

static void
many_notices(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RESV_NOTICES + 10; i++)
		notice(NS_512, NVME_RESV_RELEASED);
	for (unsigned i = 0; i < RESV_NOTICES; i++)
		is_notice(read_log(0), 11 + i, NVME_RESV_RELEASED, (uint8_t)(RESV_NOTICES - 1 - i),
		    NS_512);
	is_notice(read_log(0), 0, 0, 0, 0);
}

/* ---- features ---- */

static void
mask(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(get(NVME_FID_RESERVATION_MASK, NS_512, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(get(NVME_FID_RESERVATION_MASK, NS_NONE, &v), DNR(NVME_SC_INVALID_FIELD));
	assert_int_equal(get(NVME_FID_RESERVATION_MASK, NVME_NSID_ALL, &v),
	    DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	assert_int_equal(set(NVME_FID_RESERVATION_MASK, NS_NONE, 2), DNR(NVME_SC_INVALID_FIELD));
	assert_int_equal(set(NVME_FID_RESERVATION_MASK, NS_512, 1), DNR(NVME_SC_INVALID_FIELD));
	assert_int_equal(set(NVME_FID_RESERVATION_MASK, NS_512, 1u << NVME_RESV_RELEASED), 0);
	assert_int_equal(get(NVME_FID_RESERVATION_MASK, NS_512, &v), 0);
	assert_int_equal(v, 1u << NVME_RESV_RELEASED);
	assert_int_equal(get(NVME_FID_RESERVATION_MASK, NS_4K, &v), 0);
	assert_int_equal(v, 0);
	notice(NS_512, NVME_RESV_RELEASED);
	is_notice(read_log(0), 0, 0, 0, 0);
	notice(NS_4K, NVME_RESV_RELEASED);
	is_notice(read_log(0), 1, NVME_RESV_RELEASED, 0, NS_4K);
	assert_int_equal(set(NVME_FID_RESERVATION_MASK, NVME_NSID_ALL, 0xe), 0);
	for (uint32_t type = 1; type < NVME_RESV_NOTICE_MAX; type++)
		notice(NS_4K, type);
	is_notice(read_log(0), 0, 0, 0, 0);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460000), 0);	/* a reset */
	notice(NS_4K, NVME_RESV_RELEASED);
	assert_int_equal(fake.c->resv.n, 1);
}

static void
persistence(void **state)
{
	const uint32_t all[] = { NS_512, NS_4K, NS_RO };
	struct slot *s;
	uint64_t v;

	(void)state;
	assert_int_equal(set(NVME_FID_RESERVATION_PERSISTENCE, NS_512, 1),
	    DNR(NVME_SC_INVALID_FIELD));	/* not to be had */
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		row_of(all[i], NVME_RESCAP_PTPL, all[i] == NS_4K);
	assert_int_equal(get(NVME_FID_RESERVATION_PERSISTENCE, NS_512, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(get(NVME_FID_RESERVATION_PERSISTENCE, NS_4K, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(set(NVME_FID_RESERVATION_PERSISTENCE, NS_512, 2),
	    DNR(NVME_SC_INVALID_FIELD));
	assert_int_equal(set(NVME_FID_RESERVATION_PERSISTENCE, 0, 1),
	    DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	assert_int_equal(fake.nasked, 0);
	s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_SET_FEATURES, .nsid = NS_512,
	    .cdw10 = NVME_FID_RESERVATION_PERSISTENCE, .cdw11 = 1 });
	assert_false(fake_answered(s));
	assert_int_equal(asked()->opc, IPC_RESV_PTPL);
	assert_int_equal(asked()->cdw10, 1);
	assert_int_equal(asked()->nsid, NS_512);
	answer(asked()->token, NVME_SC_INTERNAL_DEVICE_ERROR);
	assert_int_equal(fake_status(s), NVME_SC_INTERNAL_DEVICE_ERROR);
	fake_release(s);
	/* all namespaces, one after the other */
	s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_SET_FEATURES, .nsid = NVME_NSID_ALL,
	    .cdw10 = NVME_FID_RESERVATION_PERSISTENCE });
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_false(fake_answered(s));
		assert_int_equal(asked()->nsid, all[i]);
		assert_int_equal(asked()->cdw10, 0);
		answer(asked()->token, 0);
	}
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_io, fake_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(notices),
		TEST(many_notices),
		TEST(mask),
		TEST(persistence),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
