/* SPDX-License-Identifier: BSD-2-Clause */
/* Feature 06h: with the write cache off, nothing is answered before it is durable. */
#include "config.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)
#define WCE 0x1u

static const uint8_t data[4096];

static struct slot *
set(uint32_t value)
{
	return (fake_admin(&(struct cmd){ .opc = NVME_ADMIN_SET_FEATURES,
	    .cdw10 = NVME_FID_VOLATILE_WRITE_CACHE, .cdw11 = value }));
}

static uint16_t
answer(struct slot *s)
{
	uint16_t status = fake_status(s);

	fake_release(s);
	return (status);
}

static uint64_t
get(enum nvme_feature_select select)
{
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_GET_FEATURES,
	    .cdw10 = NVME_FID_VOLATILE_WRITE_CACHE | (uint32_t)select << 8 });
	uint64_t value;

	assert_int_equal(fake_status(s), 0);
	value = s->result;
	fake_release(s);
	return (value);
}

static void
expect(enum eng_verb verb, uint32_t nsid, unsigned flags, int error)
{
	fake_disk_expect(&(struct fake_op){ verb, fake_ns_fd(nsid), 0,
	    verb == ENG_FLUSH ? 0 : nsid == NS_4K ? 4096 : 512, flags, error });
}

static struct slot *
write_to(uint32_t nsid, uint32_t cdw12)
{
	return (fake_nvm(&(struct cmd){ .opc = NVME_NVM_WRITE, .nsid = nsid, .cdw12 = cdw12,
	    .sgl_len = nsid == NS_4K ? 4096 : 512 }, data));
}

static struct slot *
zero(uint32_t nsid)
{
	return (fake_nvm(&(struct cmd){ .opc = NVME_NVM_WRITE_ZEROES, .nsid = nsid }, NULL));
}

static uint16_t
answer_to(const struct cmd *cmd, const void *in)
{
	struct slot *s = fake_nvm(cmd, in);

	fake_disk_run();
	return (answer(s));
}

static void
switch_off(void)
{
	struct slot *s;

	expect(ENG_FLUSH, NS_512, 0, 0);	/* what is read-only has nothing to lose */
	expect(ENG_FLUSH, NS_4K, 0, 0);
	s = set(0);
	assert_false(fake_answered(s));
	fake_disk_run();
	assert_int_equal(answer(s), 0);
}

static void
off_and_on(void **state)
{
	(void)state;
	assert_true(get(NVME_FEATURE_CURRENT) == WCE);
	assert_int_equal(answer(set(WCE)), 0);		/* as it is */
	switch_off();
	assert_true(get(NVME_FEATURE_CURRENT) == 0);
	assert_true(get(NVME_FEATURE_DEFAULT) == WCE);
	assert_true(get(NVME_FEATURE_SAVED) == WCE);
	assert_true(get(NVME_FEATURE_SUPPORTED) == FEATURE_CHANGEABLE);
	assert_int_equal(answer(set(0)), 0);
	expect(ENG_WRITE, NS_512, FAKE_FUA, 0);
	expect(ENG_WRITE, NS_4K, FAKE_FUA, 0);
	expect(ENG_ZERO, NS_512, FAKE_FUA, 0);
	{
		struct slot *a = write_to(NS_512, 0), *b = write_to(NS_4K, 0), *c = zero(NS_512);

		fake_disk_run();
		assert_int_equal(answer(a), 0);
		assert_int_equal(answer(b), 0);
		assert_int_equal(answer(c), 0);
	}
	assert_int_equal(answer(set(WCE)), 0);
	assert_true(get(NVME_FEATURE_CURRENT) == WCE);
	expect(ENG_WRITE, NS_512, 0, 0);
	{
		struct slot *a = write_to(NS_512, 0);

		fake_disk_run();
		assert_int_equal(answer(a), 0);
	}
}

/* A read is a read. */
static void
reads_are_not_touched(void **state)
{
	struct slot *s;

	(void)state;
	switch_off();
	expect(ENG_READ, NS_512, 0, 0);
	s = fake_nvm(&(struct cmd){ .opc = NVME_NVM_READ, .nsid = NS_512, .sgl_len = 512 }, NULL);
	fake_disk_run();
	assert_int_equal(answer(s), 0);
}

/* What a read finds of them is not to change when the power fails. */
static void
deallocated_blocks(void **state)
{
	const struct nvme_dsm_range range = { .nlb = le32(1) };
	const struct cmd dsm = { .opc = NVME_NVM_DATASET_MANAGEMENT, .nsid = NS_512,
	    .cdw11 = NVME_DSM_AD, .sgl_len = sizeof(range) };

	(void)state;
	expect(ENG_DISCARD, NS_512, 0, 0);
	assert_int_equal(answer_to(&dsm, &range), 0);
	switch_off();
	expect(ENG_DISCARD, NS_512, 0, 0);
	expect(ENG_FLUSH, NS_512, 0, 0);
	assert_int_equal(answer_to(&dsm, &range), 0);
	expect(ENG_DISCARD, NS_512, 0, 0);
	expect(ENG_FLUSH, NS_512, 0, EIO);
	assert_int_equal(answer_to(&dsm, &range), NVME_SC_WRITE_FAULT);
	assert_int_equal(answer(set(WCE)), 0);
}

/* Writes that were on their way get a flush of their own before they are answered; one with FUA is
 * durable as it is, and one that failed needs none. */
static void
late_writes(void **state)
{
	struct slot *plain, *fua, *bad, *zeroes, *off;

	(void)state;
	expect(ENG_WRITE, NS_512, 0, 0);
	expect(ENG_WRITE, NS_512, FAKE_FUA, 0);
	expect(ENG_WRITE, NS_4K, 0, EIO);
	expect(ENG_ZERO, NS_4K, 0, 0);
	plain = write_to(NS_512, 0);
	fua = write_to(NS_512, NVME_RW_FUA);
	bad = write_to(NS_4K, 0);
	zeroes = zero(NS_4K);
	expect(ENG_FLUSH, NS_512, 0, 0);	/* of Set Features */
	off = set(0);
	expect(ENG_FLUSH, NS_512, 0, EIO);	/* of the write: lost after all */
	expect(ENG_FLUSH, NS_4K, 0, 0);		/* of the zeroes */
	expect(ENG_FLUSH, NS_4K, 0, 0);		/* of Set Features */
	fake_disk_run();
	assert_int_equal(answer(plain), NVME_SC_WRITE_FAULT);
	assert_int_equal(answer(fua), 0);
	assert_int_equal(answer(bad), NVME_SC_WRITE_FAULT);
	assert_int_equal(answer(zeroes), 0);
	assert_int_equal(answer(off), 0);
}

/* What could not be flushed cannot be promised: the cache stays on. */
static void
flush_fails(void **state)
{
	struct slot *s;

	(void)state;
	expect(ENG_FLUSH, NS_512, 0, EIO);
	s = set(0);
	fake_disk_run();
	assert_int_equal(answer(s), NVME_SC_WRITE_FAULT);
	assert_true(get(NVME_FEATURE_CURRENT) == WCE);
	assert_false(cache_is_off(&fake.lane));
	switch_off();
}

static void
one_at_a_time(void **state)
{
	struct slot *s;

	(void)state;
	expect(ENG_FLUSH, NS_512, 0, 0);
	expect(ENG_FLUSH, NS_4K, 0, 0);
	s = set(0);
	assert_int_equal(answer(set(WCE)), NVME_SC_COMMAND_INTERRUPTED);
	fake_disk_run();
	assert_int_equal(answer(s), 0);
	assert_int_equal(answer(set(WCE)), 0);
}

/* A controller reset turns it on again, also when it comes between. */
static void
reset(void **state)
{
	struct slot *s;

	(void)state;
	switch_off();
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460000), 0);
	assert_false(cache_is_off(&fake.lane));
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460001), 0);
	assert_true(get(NVME_FEATURE_CURRENT) == WCE);
	expect(ENG_FLUSH, NS_512, 0, 0);
	expect(ENG_FLUSH, NS_4K, 0, 0);
	s = set(0);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460000), 0);
	fake_disk_run();
	assert_int_equal(answer(s), 0);
	assert_false(cache_is_off(&fake.lane));
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460001), 0);
	assert_true(get(NVME_FEATURE_CURRENT) == WCE);
}

/* The flush begins when every lane has seen the flag, and not before. */
static void
all_lanes(void **state)
{
	static struct lane lanes[2];
	struct slot *s;

	(void)state;
	memset(lanes, 0, sizeof(lanes));
	for (unsigned i = 0; i < 2; i++)
		mail_init(&lanes[i]);
	mail_init(&fake.lane);
	fake_disk_lanes = true;
	fake.lane.all = lanes;
	fake.lane.nlanes = 2;
	s = set(0);
	assert_true(cache_is_off(&lanes[0]) && cache_is_off(&lanes[1]));
	mail_turn(&lanes[0]);
	mail_turn(&fake.lane);
	assert_false(fake_answered(s));		/* the fake disk expects no flush yet */
	mail_turn(&lanes[1]);
	expect(ENG_FLUSH, NS_512, 0, 0);
	expect(ENG_FLUSH, NS_4K, 0, 0);
	mail_turn(&fake.lane);
	fake_disk_run();
	assert_int_equal(answer(s), 0);
	fake.lane.all = &fake.lane;
	fake.lane.nlanes = 1;
	fake_disk_lanes = false;
}

/* Nothing that could be lost: then there is no cache to ask about, and Identify knows of none. */
static void
none_there(void **state)
{
	const struct cmd ask = { .opc = NVME_ADMIN_GET_FEATURES,
	    .cdw10 = NVME_FID_VOLATILE_WRITE_CACHE };

	(void)state;
	ns_find(fake.lane.ns, NS_512)->id.volatile_cache = 0;
	assert_int_equal(fake_admin_status(&ask), FIELD);
	assert_int_equal(answer(set(WCE)), FIELD);
	assert_int_equal(answer(set(0)), FIELD);
	assert_int_equal(feature_effects(fake.c, NVME_FID_VOLATILE_WRITE_CACHE), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(off_and_on), T(reads_are_not_touched), T(deallocated_blocks), T(late_writes),
		T(flush_fails),
		T(one_at_a_time), T(reset), T(all_lanes), T(none_there),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
