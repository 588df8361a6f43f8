/* SPDX-License-Identifier: BSD-2-Clause */
/* Compare: what is refused, what is read in which slices, and who waits for a bounce buffer. */
#include "config.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define COMPARE NVME_NVM_COMPARE
#define MIB (1u << 20)
#define END_512 (1u << 20)	/* blocks of NS_512 */
#define DIFFERENT DNR(NVME_SC_COMPARE_FAILURE)

static uint8_t data[MIB];	/* what the host sends: as every read brings it */

static int
setup(void **state)
{
	memset(data, FAKE_FILL, sizeof(data));
	return (fake_io(state));
}

static struct slot *
compare(uint32_t nsid, uint32_t lba, uint32_t len, uint32_t flags)
{
	uint32_t block = nsid == NS_4K ? 4096 : 512;
	const struct cmd cmd = { .opc = COMPARE, .nsid = nsid, .cdw10 = lba,
	    .cdw12 = (len / block - 1) | flags, .sgl_len = len };

	return (fake_nvm(&cmd, data));
}

static void
ends_with(struct slot *s, uint16_t status)
{
	fake_turns();
	assert_int_equal(fake_status(s), status);
	assert_int_equal(fake_len(s), 0);
	fake_release(s);
}

static void
refused_before_data(void **state)
{
	static const struct { struct cmd cmd; uint16_t status; } rows[] = {
		{ { .opc = COMPARE, .nsid = 0, .sgl_len = 512 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = COMPARE, .nsid = NS_NONE, .sgl_len = 512 }, DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COMPARE, .nsid = NVME_NSID_ALL, .sgl_len = 512 },
		    DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = COMPARE, .nsid = NS_512, .cdw10 = END_512, .sgl_len = 512 },
		    DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = COMPARE, .nsid = NS_512, .cdw10 = END_512 - 1, .cdw12 = 1,
		    .sgl_len = 1024 }, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = COMPARE, .nsid = NS_512, .cdw10 = 0xffffffff, .cdw11 = 0xffffffff,
		    .sgl_len = 512 }, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = COMPARE, .nsid = NS_4K, .cdw12 = 256, .sgl_len = 257 * 4096 },
		    DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COMPARE, .nsid = NS_512, .sgl_len = 511 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = COMPARE, .nsid = NS_512, .sgl_len = 1024 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(fake_nvm_status(&rows[i].cmd, data), rows[i].status);
	assert_true(ctrl_stats(fake.c).reads == 0);
}

static void
equal_or_not(void **state)
{
	(void)state;
	fake_expect(ENG_READ, NS_512, 512, 1024, 0, 0);
	ends_with(compare(NS_512, 1, 1024, 0), 0);
	assert_true(ns_stats(fake.c, NS_512).reads == 1);
	assert_true(ns_stats(fake.c, NS_512).read_units == 2);
	data[1023] ^= 1;
	fake_expect(ENG_READ, NS_512, 512, 1024, 0, 0);
	ends_with(compare(NS_512, 1, 1024, 0), DIFFERENT);
	assert_true(ns_stats(fake.c, NS_512).reads == 1);
	assert_int_equal(fake.c->media_errors, 0);	/* the medium did nothing wrong */
	/* it changes nothing */
	data[1023] ^= 1;
	fake_expect(ENG_READ, NS_RO, 0, 512, 0, 0);
	ends_with(compare(NS_RO, 0, 512, 0), 0);
}

static void
in_slices(void **state)
{
	(void)state;
	for (uint32_t at = 0; at < MIB; at += BOUNCE_BYTES)
		fake_expect(ENG_READ, NS_4K, 8192 + at, BOUNCE_BYTES, 0, 0);
	ends_with(compare(NS_4K, 2, MIB, 0), 0);
	/* the last slice is shorter; the first difference ends it */
	fake_expect(ENG_READ, NS_4K, 0, BOUNCE_BYTES, 0, 0);
	fake_expect(ENG_READ, NS_4K, BOUNCE_BYTES, 4096, 0, 0);
	ends_with(compare(NS_4K, 0, BOUNCE_BYTES + 4096, 0), 0);
	data[BOUNCE_BYTES] = 0;
	fake_expect(ENG_READ, NS_4K, 0, BOUNCE_BYTES, 0, 0);
	fake_expect(ENG_READ, NS_4K, BOUNCE_BYTES, BOUNCE_BYTES, 0, 0);
	ends_with(compare(NS_4K, 0, MIB, 0), DIFFERENT);
}

static void
errors_of_the_device(void **state)
{
	(void)state;
	fake_expect(ENG_READ, NS_512, 0, 512, 0, EIO);
	ends_with(compare(NS_512, 0, 512, 0), NVME_SC_UNRECOVERED_READ_ERROR);
	fake_expect(ENG_READ, NS_4K, 0, BOUNCE_BYTES, 0, 0);
	fake_expect(ENG_READ, NS_4K, BOUNCE_BYTES, BOUNCE_BYTES, 0, ENODATA);
	ends_with(compare(NS_4K, 0, MIB, 0), DNR(NVME_SC_UNRECOVERED_READ_ERROR));
}

static void
with_fua(void **state)
{
	(void)state;
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	fake_expect(ENG_READ, NS_512, 0, 512, 0, 0);
	ends_with(compare(NS_512, 0, 512, NVME_RW_FUA), 0);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, EIO);
	ends_with(compare(NS_512, 0, 512, NVME_RW_FUA), NVME_SC_UNRECOVERED_READ_ERROR);
}

static void
memory_where_it_lies(void **state)
{
	uint8_t *map;

	(void)state;
	fake_add_ram(NS_RAM, 512, 2 * MIB);
	map = ns_find(fake.lane.ns, NS_RAM)->map;
	memset(map + 512, FAKE_FILL, MIB);
	for (unsigned fua = 0; fua < 2; fua++)
		ends_with(compare(NS_RAM, 1, MIB, fua != 0 ? NVME_RW_FUA : 0), 0);
	ends_with(compare(NS_RAM, 0, 1024, 0), DIFFERENT);
	map[512 + MIB - 1]++;
	ends_with(compare(NS_RAM, 1, MIB, 0), DIFFERENT);
	ends_with(compare(NS_RAM, 1, MIB - 512, 0), 0);
	assert_true(ns_stats(fake.c, NS_RAM).reads == 3);
}

static void
in_place_only_alone(void **state)
{
	struct slot s = { .qp = &fake.c->io[0].qp, .cmd = { .opc = COMPARE, .nsid = NS_RAM,
	    .sgl_len = 512 } };

	(void)state;
	fake_add_ram(NS_RAM, 512, MIB);
	assert_int_equal(nvm_rule(COMPARE)->prepare(&s), 0);
	assert_true(s.in_place);
	s.cmd.fuse = NVME_FUSE_FIRST;
	assert_int_equal(nvm_rule(COMPARE)->prepare(&s), 0);
	assert_false(s.in_place);
	s.cmd.nsid = NS_512;
	assert_int_equal(nvm_rule(COMPARE)->prepare(&s), 0);
	assert_false(s.in_place);
}

/* There are BOUNCES buffers; whoever comes later waits, in order. */
static void
waits_for_a_buffer(void **state)
{
	struct slot *s[BOUNCES + 2];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		fake_expect(ENG_READ, NS_512, i * 512, 512, 0, 0);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		s[i] = compare(NS_512, i, 512, 0);
	assert_int_equal(engine_in_flight(NULL), BOUNCES);
	assert_int_equal(pool_used(fake.lane.bounce), BOUNCES * BOUNCE_BYTES);
	fake_turns();
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		assert_int_equal(fake_status(s[i]), 0);
		fake_release(s[i]);
	}
	assert_int_equal(pool_used(fake.lane.bounce), 0);
}

static void
abort_takes_back_who_waits(void **state)
{
	struct slot *s[BOUNCES + 1];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		if (i < BOUNCES)
			fake_expect(ENG_READ, NS_512, 0, 512, 0, 0);
		s[i] = compare(NS_512, 0, 512, 0);
		s[i]->cmd.cid = (uint16_t)(10 + i);
	}
	fake_disk_start();
	assert_int_equal(qp_abort(&fake.c->io[0].qp, 10, NULL), ABORT_NOT);
	assert_int_equal(qp_abort(&fake.c->io[0].qp, 10 + BOUNCES, NULL), ABORT_DONE);
	assert_int_equal(fake_status(s[BOUNCES]), NVME_SC_ABORT_REQUESTED);
	fake_turns();
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		fake_release(s[i]);
}

/* What has not begun is taken back with its buffer; what has, ends with its slice. */
static void
closing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BOUNCES; i++) {
		fake_expect(ENG_READ, NS_4K, 0, BOUNCE_BYTES, 0, 0);
		compare(NS_4K, 0, MIB, 0);
		if (i == 0)
			fake_disk_start();
	}
	compare(NS_4K, 0, MIB, 0);
	qp_close(&fake.c->io[0].qp, "test");
	assert_int_equal(fake.c->io[0].qp.state, QP_CLOSING);
	assert_int_equal(pool_used(fake.lane.bounce), BOUNCE_BYTES);
	fake_turns();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused_before_data), T(equal_or_not), T(in_slices), T(errors_of_the_device),
		T(with_fua), T(memory_where_it_lies), T(in_place_only_alone),
		T(waits_for_a_buffer), T(abort_takes_back_who_waits), T(closing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
