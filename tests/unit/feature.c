/* SPDX-License-Identifier: BSD-2-Clause */
/* Get and Set Features: each feature, what cannot be changed, and what is not there. */
#include "config.h"

#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)
#define SEQUENCE DNR(NVME_SC_COMMAND_SEQUENCE_ERROR)
#define CC_EN 0x00460001

static struct cmd
set_cmd(uint32_t fid, uint32_t value)
{
	return ((struct cmd){ .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = fid, .cdw11 = value });
}

static uint16_t
set(uint32_t fid, uint32_t value)
{
	struct cmd cmd = set_cmd(fid, value);

	return (fake_admin_status(&cmd));
}

static uint64_t
get(uint32_t fid)
{
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = fid });
	uint64_t value;

	assert_int_equal(fake_status(s), 0);
	value = s->result;
	fake_release(s);
	return (value);
}

static void
set_rules(void **state)
{
	static const struct { uint32_t cdw10, cdw11, nsid; uint16_t status; } rows[] = {
		{ NVME_FID_NUMBER_OF_QUEUES, 0, 0, SEQUENCE },		/* granted, and connected */
		{ NVME_FID_NUMBER_OF_QUEUES, 0x0000ffff, 0, FIELD },
		{ NVME_FID_NUMBER_OF_QUEUES, 0xffff0000, 0, FIELD },
		{ NVME_FID_VOLATILE_WRITE_CACHE, 1, 0, 0 },
		{ NVME_FID_VOLATILE_WRITE_CACHE, 0, 0, DNR(NVME_SC_FEATURE_NOT_CHANGEABLE) },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0xff, 0, 0 },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x100, 0, FIELD },	/* not in OAES */
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x80000000, 0, FIELD },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x4000, 0, FIELD },
		{ NVME_FID_KEEP_ALIVE_TIMER, 15000, 0, 0 },
		{ NVME_FID_KEEP_ALIVE_TIMER, 15000, NVME_NSID_ALL, 0 },
		{ NVME_FID_KEEP_ALIVE_TIMER, 15000, 1, DNR(NVME_SC_FEATURE_NOT_NS_SPECIFIC) },
		{ NVME_FID_KEEP_ALIVE_TIMER, 120000, 0, 0 },
		{ NVME_FID_KEEP_ALIVE_TIMER, 120001, 0, DNR(NVME_SC_KEEP_ALIVE_INVALID) },
		{ NVME_FID_KEEP_ALIVE_TIMER | NVME_FEATURE_SAVE, 0, 0,
		    DNR(NVME_SC_FEATURE_NOT_SAVEABLE) },
		{ NVME_FID_HOST_IDENTIFIER, 1, 0, SEQUENCE },
		{ NVME_FID_ARBITRATION, 0, 0, FIELD },
		{ NVME_FID_POWER_MANAGEMENT, 0, 0, FIELD },
		{ NVME_FID_TIMESTAMP, 0, 0, FIELD },
		{ NVME_FID_APST, 0, 0, FIELD },
		{ NVME_FID_NS_WRITE_PROTECTION, 0, 1, FIELD },
		{ 0x00, 0, 0, FIELD },
		{ 0xff, 0, 0, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = set_cmd(rows[i].cdw10, rows[i].cdw11);

		cmd.nsid = rows[i].nsid;
		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

static void
get_rules(void **state)
{
	static const struct { uint32_t cdw10, cdw11, sgl_len; uint16_t status; } rows[] = {
		{ NVME_FID_NUMBER_OF_QUEUES, 0, 0, 0 },
		{ NVME_FID_NUMBER_OF_QUEUES | 1 << 8, 0, 0, FIELD },
		{ NVME_FID_NUMBER_OF_QUEUES | 2 << 8, 0, 0, FIELD },
		{ NVME_FID_NUMBER_OF_QUEUES | 3 << 8, 0, 0, FIELD },
		{ NVME_FID_NUMBER_OF_QUEUES | 7 << 8, 0, 0, FIELD },
		{ NVME_FID_HOST_IDENTIFIER, 1, 16, 0 },
		{ NVME_FID_HOST_IDENTIFIER, 1, 4096, 0 },
		{ NVME_FID_HOST_IDENTIFIER, 0, 16, FIELD },
		{ NVME_FID_HOST_IDENTIFIER, 1, 15, DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ NVME_FID_HOST_IDENTIFIER, 1, 0, DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ NVME_FID_ERROR_RECOVERY, 0, 0, FIELD },
		{ NVME_FID_INTERRUPT_VECTOR, 0, 0, FIELD },
		{ 0xff, 0, 0, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct cmd cmd = { .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = rows[i].cdw10,
		    .cdw11 = rows[i].cdw11, .sgl_len = rows[i].sgl_len };

		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

/* Nothing that could be lost: then there is no cache to ask about, and Identify knows of none. */
static void
no_write_cache(void **state)
{
	struct cmd ask = { .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = NVME_FID_VOLATILE_WRITE_CACHE };

	(void)state;
	assert_int_equal(get(NVME_FID_VOLATILE_WRITE_CACHE), 1);
	ns_find(fake.lane.ns, NS_512)->id.volatile_cache = 0;
	assert_int_equal(fake_admin_status(&ask), FIELD);
	assert_int_equal(set(NVME_FID_VOLATILE_WRITE_CACHE, 1), FIELD);
	assert_int_equal(feature_effects(fake.c, NVME_FID_VOLATILE_WRITE_CACHE), 0);
}

/* Granted is what was asked, what there is, and as many of one kind as of the other. */
static void
queues_granted(void **state)
{
	static const struct { uint32_t asked, granted; } rows[] = {
		{ 0x00000000, 0x00000000 }, { 0x00010001, 0x00010001 }, { 0x00030003, 0x00030003 },
		{ 0x00040004, 0x00030003 }, { 0xfffefffe, 0x00030003 }, { 0x00000003, 0x00000000 },
		{ 0x00020000, 0x00000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = set_cmd(NVME_FID_NUMBER_OF_QUEUES, rows[i].asked);
		struct slot *s;

		assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, CC_EN), 0);
		assert_true(get(NVME_FID_NUMBER_OF_QUEUES) == 0x00030003);
		s = fake_admin(&cmd);
		assert_int_equal(fake_status(s), 0);
		assert_true(s->result == rows[i].granted);
		fake_release(s);
		assert_true(get(NVME_FID_NUMBER_OF_QUEUES) == rows[i].granted);
		assert_int_equal(fake_admin_status(&cmd), SEQUENCE);
		/* a reset makes it askable again */
		assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, CC_EN & ~1), 0);
	}
}

static void
values(void **state)
{
	struct slot *s;

	(void)state;
	assert_true(get(NVME_FID_VOLATILE_WRITE_CACHE) == 1);
	assert_true(get(NVME_FID_ASYNC_EVENT_CONFIG) == 0);
	assert_int_equal(set(NVME_FID_ASYNC_EVENT_CONFIG, 0x1f), 0);
	assert_true(get(NVME_FID_ASYNC_EVENT_CONFIG) == 0x1f);
	assert_true(get(NVME_FID_KEEP_ALIVE_TIMER) == 0);
	assert_int_equal(set(NVME_FID_KEEP_ALIVE_TIMER, 4001), 0);
	assert_true(get(NVME_FID_KEEP_ALIVE_TIMER) == 5000);
	assert_int_equal(set(NVME_FID_KEEP_ALIVE_TIMER, 0), 0);
	assert_true(get(NVME_FID_KEEP_ALIVE_TIMER) == 0);
	s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_GET_FEATURES,
	    .cdw10 = NVME_FID_HOST_IDENTIFIER, .cdw11 = 1, .sgl_len = 16 });
	assert_int_equal(fake_len(s), 16);
	assert_memory_equal(s->buf, fake.c->hostid, 16);
	assert_int_equal(s->buf[0], 0xde);
	fake_release(s);
}

static void
discovery(void **state)
{
	(void)state;
	assert_int_equal(set(NVME_FID_ASYNC_EVENT_CONFIG, NVME_AEC_DISCOVERY_CHANGE), 0);
	assert_int_equal(set(NVME_FID_ASYNC_EVENT_CONFIG, NVME_AEC_NS_ATTRIBUTE), FIELD);
	assert_int_equal(set(NVME_FID_KEEP_ALIVE_TIMER, 30000), 0);
	assert_int_equal(set(NVME_FID_NUMBER_OF_QUEUES, 0), FIELD);
	assert_int_equal(set(NVME_FID_VOLATILE_WRITE_CACHE, 1), FIELD);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(set_rules), T(get_rules), T(values),
		T(no_write_cache),
		cmocka_unit_test_setup_teardown(queues_granted, fake_fresh, fake_end),
		cmocka_unit_test_setup_teardown(discovery, fake_discovery, fake_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
