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
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = fid,
	    .nsid = NS_512 });
	uint64_t value;

	assert_int_equal(fake_status(s), 0);
	value = s->result;
	fake_release(s);
	return (value);
}

#define NSID DNR(NVME_SC_INVALID_NS_OR_FORMAT)
#define NOT_NS DNR(NVME_SC_FEATURE_NOT_NS_SPECIFIC)
#define LENGTH DNR(NVME_SC_DATA_SGL_LENGTH_INVALID)

static void
set_rules(void **state)
{
	static const struct { uint32_t cdw10, cdw11, nsid; uint16_t status; } rows[] = {
		{ NVME_FID_ARBITRATION, 0xffffff07, 0, 0 },
		{ NVME_FID_ARBITRATION, 0x08, 0, FIELD },
		{ NVME_FID_ARBITRATION, 0x07, 1, NOT_NS },
		{ NVME_FID_POWER_MANAGEMENT, 0x20, 0, 0 },		/* workload hint 1 */
		{ NVME_FID_POWER_MANAGEMENT, 0x01, 0, FIELD },		/* NPSS is 0 */
		{ NVME_FID_POWER_MANAGEMENT, 0x100, 0, FIELD },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00000150, 0, 0 },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00100100, 0, 0 },	/* under */
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x000f0150, 0, 0 },	/* all that there are */
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00010150, 0, FIELD },	/* sensor 1 */
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00090150, 0, FIELD },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00200150, 0, FIELD },	/* THSEL 2 */
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00400150, 0, FIELD },
		{ NVME_FID_ERROR_RECOVERY, 0x0010, NS_512, 0 },
		{ NVME_FID_ERROR_RECOVERY, 0x0010, NVME_NSID_ALL, 0 },
		{ NVME_FID_ERROR_RECOVERY, 0x0010, 0, NSID },
		{ NVME_FID_ERROR_RECOVERY, 0x0010, NS_NONE, FIELD },
		{ NVME_FID_ERROR_RECOVERY, 0x0010, 77, NSID },
		{ NVME_FID_ERROR_RECOVERY, 0x10000, NS_512, FIELD },	/* DULBE */
		{ NVME_FID_VOLATILE_WRITE_CACHE, 1, 0, 0 },
		{ NVME_FID_VOLATILE_WRITE_CACHE, 2, 0, FIELD },
		{ NVME_FID_VOLATILE_WRITE_CACHE, 1, NS_512, NOT_NS },
		{ NVME_FID_NUMBER_OF_QUEUES, 0, 0, SEQUENCE },		/* granted, and connected */
		{ NVME_FID_NUMBER_OF_QUEUES, 0x0000ffff, 0, FIELD },
		{ NVME_FID_NUMBER_OF_QUEUES, 0xffff0000, 0, FIELD },
		{ NVME_FID_INTERRUPT_COALESCING, 0xffff, 0, 0 },
		{ NVME_FID_INTERRUPT_COALESCING, 0x10000, 0, FIELD },
		{ NVME_FID_WRITE_ATOMICITY, 1, 0, 0 },
		{ NVME_FID_WRITE_ATOMICITY, 2, 0, FIELD },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x1ff, 0, 0 },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x200, 0, FIELD },	/* not in OAES */
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x80000000, 0, FIELD },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0x4000, 0, FIELD },
		{ NVME_FID_KEEP_ALIVE_TIMER, 15000, 0, 0 },
		{ NVME_FID_KEEP_ALIVE_TIMER, 15000, NVME_NSID_ALL, 0 },
		{ NVME_FID_KEEP_ALIVE_TIMER, 15000, 1, NOT_NS },
		{ NVME_FID_KEEP_ALIVE_TIMER, 120000, 0, 0 },
		{ NVME_FID_KEEP_ALIVE_TIMER, 120001, 0, DNR(NVME_SC_KEEP_ALIVE_INVALID) },
		{ NVME_FID_KEEP_ALIVE_TIMER | NVME_FEATURE_SAVE, 0, 0,
		    DNR(NVME_SC_FEATURE_NOT_SAVEABLE) },
		{ NVME_FID_HOST_BEHAVIOR, 0, 0, LENGTH },
		{ NVME_FID_HOST_BEHAVIOR, 1, 0, FIELD },
		{ NVME_FID_HOST_IDENTIFIER, 1, 0, SEQUENCE },
		{ NVME_FID_INTERRUPT_VECTOR, 0, 0, FIELD },
		{ NVME_FID_TIMESTAMP, 0, 0, FIELD },
		{ NVME_FID_APST, 0, 0, FIELD },
		{ NVME_FID_SOFTWARE_PROGRESS, 0, 0, FIELD },
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
	static const struct { uint32_t cdw10, cdw11, sgl_len, nsid; uint16_t status; } rows[] = {
		{ NVME_FID_NUMBER_OF_QUEUES, 0, 0, 0, 0 },
		{ NVME_FID_NUMBER_OF_QUEUES, 0, 0, NS_512, 0 },		/* NSID means nothing */
		{ NVME_FID_NUMBER_OF_QUEUES | 1 << 8, 0, 0, 0, 0 },
		{ NVME_FID_NUMBER_OF_QUEUES | 2 << 8, 0, 0, 0, 0 },
		{ NVME_FID_NUMBER_OF_QUEUES | 3 << 8, 0, 0, 0, 0 },
		{ NVME_FID_NUMBER_OF_QUEUES | 4 << 8, 0, 0, 0, FIELD },
		{ NVME_FID_NUMBER_OF_QUEUES | 7 << 8, 0, 0, 0, FIELD },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00010000, 0, 0, FIELD },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x000f0000, 0, 0, FIELD },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00100000, 0, 0, 0 },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x00200000, 0, 0, FIELD },
		{ NVME_FID_ERROR_RECOVERY, 0, 0, NS_512, 0 },
		{ NVME_FID_ERROR_RECOVERY, 0, 0, 0, NSID },
		{ NVME_FID_ERROR_RECOVERY, 0, 0, NVME_NSID_ALL, NSID },
		{ NVME_FID_ERROR_RECOVERY, 0, 0, NS_NONE, FIELD },
		{ NVME_FID_ERROR_RECOVERY | 3 << 8, 0, 0, 0, 0 },
		{ NVME_FID_HOST_BEHAVIOR, 0, 512, 0, 0 },
		{ NVME_FID_HOST_BEHAVIOR, 0, 511, 0, LENGTH },
		{ NVME_FID_HOST_BEHAVIOR | 3 << 8, 0, 0, 0, 0 },
		{ NVME_FID_HOST_IDENTIFIER, 1, 16, 0, 0 },
		{ NVME_FID_HOST_IDENTIFIER, 1, 4096, 0, 0 },
		{ NVME_FID_HOST_IDENTIFIER, 0, 16, 0, FIELD },
		{ NVME_FID_HOST_IDENTIFIER, 1, 15, 0, LENGTH },
		{ NVME_FID_HOST_IDENTIFIER, 1, 0, 0, LENGTH },
		{ NVME_FID_HOST_IDENTIFIER | 3 << 8, 0, 0, 0, 0 },
		{ NVME_FID_INTERRUPT_VECTOR, 0, 0, 0, FIELD },
		{ NVME_FID_INTERRUPT_VECTOR | 3 << 8, 0, 0, 0, FIELD },
		{ NVME_FID_SOFTWARE_PROGRESS, 0, 0, 0, FIELD },
		{ 0xff, 0, 0, 0, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct cmd cmd = { .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = rows[i].cdw10,
		    .cdw11 = rows[i].cdw11, .sgl_len = rows[i].sgl_len, .nsid = rows[i].nsid };

		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

/* Default, what can be done with it, and that a value set is the one got and gone after a reset. */
static void
selects(void **state)
{
	enum { NO = 0, CHANGE = 4, NS_CHANGE = 6 };
	static const struct { uint32_t fid, initial, can, set; } rows[] = {
		{ NVME_FID_ARBITRATION, 0x07, CHANGE, 0x01020303 },
		{ NVME_FID_POWER_MANAGEMENT, 0, CHANGE, 0x40 },
		{ NVME_FID_TEMPERATURE_THRESHOLD, 0x157, CHANGE, 0x0160 },
		{ NVME_FID_ERROR_RECOVERY, 0, NS_CHANGE, 0x1234 },
		{ NVME_FID_INTERRUPT_COALESCING, 0, CHANGE, 0x0102 },
		{ NVME_FID_WRITE_ATOMICITY, 0, CHANGE, 1 },
		{ NVME_FID_ASYNC_EVENT_CONFIG, 0, CHANGE, 0x11f },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = set_cmd(rows[i].fid, rows[i].set);

		assert_true(get(rows[i].fid) == rows[i].initial);
		cmd.nsid = rows[i].can == NS_CHANGE ? NS_512 : 0;
		assert_int_equal(fake_admin_status(&cmd), 0);
		assert_true(get(rows[i].fid) == rows[i].set);
		assert_true(get(rows[i].fid | NVME_FEATURE_DEFAULT << 8) == rows[i].initial);
		assert_true(get(rows[i].fid | NVME_FEATURE_SAVED << 8) == rows[i].initial);
		assert_true(get(rows[i].fid | NVME_FEATURE_SUPPORTED << 8) == rows[i].can);
	}
	assert_true(get(NVME_FID_HOST_IDENTIFIER | NVME_FEATURE_SUPPORTED << 8) == NO);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, CC_EN & ~1), 0);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, CC_EN), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(get(rows[i].fid) == rows[i].initial);
}

/* TLER is each namespace's own, unless all are meant. */
static void
per_namespace(void **state)
{
	struct cmd one = set_cmd(NVME_FID_ERROR_RECOVERY, 5), all = one;
	struct cmd other = { .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = NVME_FID_ERROR_RECOVERY,
	    .nsid = NS_4K };
	struct slot *s;

	(void)state;
	one.nsid = NS_512;
	assert_int_equal(fake_admin_status(&one), 0);
	s = fake_admin(&other);
	assert_true(s->result == 0);
	fake_release(s);
	all.nsid = NVME_NSID_ALL;
	all.cdw11 = 6;
	assert_int_equal(fake_admin_status(&all), 0);
	s = fake_admin(&other);
	assert_true(s->result == 6);
	fake_release(s);
	assert_true(get(NVME_FID_ERROR_RECOVERY) == 6);
}

/* Both thresholds of the composite temperature. */
static void
thresholds(void **state)
{
	struct cmd under = { .opc = NVME_ADMIN_GET_FEATURES,
	    .cdw10 = NVME_FID_TEMPERATURE_THRESHOLD, .cdw11 = 0x00100000 };
	struct slot *s;

	(void)state;
	assert_int_equal(set(NVME_FID_TEMPERATURE_THRESHOLD, 0x00100111), 0);
	s = fake_admin(&under);
	assert_true(s->result == 0x111);
	fake_release(s);
	assert_true(get(NVME_FID_TEMPERATURE_THRESHOLD) == 0x157);
	under.cdw10 |= NVME_FEATURE_DEFAULT << 8;
	s = fake_admin(&under);
	assert_true(s->result == 0);
	fake_release(s);
}

/* ---- 16h ---- */

static uint16_t
set_behavior(uint8_t acre, uint8_t etdas, uint8_t lbafee, uint8_t hdisns, uint8_t cdfe)
{
	uint8_t data[512] = { acre, etdas, lbafee, hdisns, cdfe };
	struct cmd cmd = set_cmd(NVME_FID_HOST_BEHAVIOR, 0);
	struct slot *s;
	uint16_t status;

	cmd.sgl_len = sizeof(data);
	s = fake_command(&fake.c->admin, &cmd, data);
	status = fake_status(s);
	fake_release(s);
	return (status);
}

static void
behavior(void **state)
{
	static const uint8_t want[512] = { 1, 1, 1, 0, 4 };
	static const uint8_t none[512];
	struct cmd cmd = { .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = NVME_FID_HOST_BEHAVIOR,
	    .sgl_len = 512 };
	struct slot *s;

	(void)state;
	assert_false(feature_copy_2(fake.c) || feature_retry_delay(fake.c));
	assert_int_equal(set_behavior(2, 0, 0, 0, 0), FIELD);
	assert_int_equal(set_behavior(0, 2, 0, 0, 0), FIELD);
	assert_int_equal(set_behavior(0, 0, 2, 0, 0), FIELD);
	assert_int_equal(set_behavior(0, 0, 0, 1, 0), FIELD);
	assert_int_equal(set_behavior(1, 0, 0, 0, 8), FIELD);	/* a format that is not there */
	assert_false(feature_copy_2(fake.c) || feature_retry_delay(fake.c));
	assert_int_equal(set_behavior(1, 1, 1, 0, 4), 0);
	assert_true(feature_copy_2(fake.c) && feature_retry_delay(fake.c));
	s = fake_admin(&cmd);
	assert_int_equal(fake_len(s), 512);
	assert_memory_equal(s->buf, want, 512);
	fake_release(s);
	cmd.cdw10 |= NVME_FEATURE_DEFAULT << 8;
	s = fake_admin(&cmd);
	assert_memory_equal(s->buf, none, 512);
	fake_release(s);
	assert_int_equal(set_behavior(0, 0, 0, 0, 0), 0);
	assert_false(feature_copy_2(fake.c) || feature_retry_delay(fake.c));
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
	assert_true(get(NVME_FID_KEEP_ALIVE_TIMER) == 0);
	assert_int_equal(set(NVME_FID_KEEP_ALIVE_TIMER, 4001), 0);
	assert_true(get(NVME_FID_KEEP_ALIVE_TIMER) == 5000);
	assert_true(get(NVME_FID_KEEP_ALIVE_TIMER | NVME_FEATURE_DEFAULT << 8) == 0);
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
	for (uint32_t fid = 0; fid < 256; fid++)
		assert_int_equal(feature_effects(fake.c, (uint8_t)fid),
		    fid == NVME_FID_ASYNC_EVENT_CONFIG || fid == NVME_FID_KEEP_ALIVE_TIMER ?
		    0x00200001 : 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(set_rules), T(get_rules), T(values),
		T(selects), T(per_namespace), T(thresholds), T(behavior),
		cmocka_unit_test_setup_teardown(queues_granted, fake_fresh, fake_end),
		cmocka_unit_test_setup_teardown(discovery, fake_discovery, fake_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
