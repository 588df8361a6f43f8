/* SPDX-License-Identifier: BSD-2-Clause */
/* Dataset Management: which ranges reach the engine, in which slices, and what ends it. */
#include "config.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define END_512 (1u << 20)	/* blocks of NS_512 */

struct range { uint64_t slba; uint32_t nlb; };

static struct slot *
dsm(uint32_t nsid, const struct range *ranges, unsigned n, uint32_t sgl_len)
{
	struct nvme_dsm_range wire[256] = { 0 };
	const struct cmd cmd = { .opc = NVME_NVM_DATASET_MANAGEMENT, .nsid = nsid, .cdw10 = n - 1, .cdw11 = NVME_DSM_AD,
	    .sgl_len = sgl_len };

	for (unsigned i = 0; i < n; i++)
		wire[i] = (struct nvme_dsm_range){ .nlb = le32(ranges[i].nlb),
		    .slba = le64(ranges[i].slba), .cattr = le32(0xffffffff) };
	return (fake_nvm(&cmd, wire));
}

static void
dsm_ranges_one_by_one(void **state)
{
	const struct range ranges[] = { { 8, 8 }, { 100, 0 }, { 0, 1 }, { END_512 - 1, 1 } };
	struct slot *s;

	(void)state;
	for (unsigned linux_way = 0; linux_way < 2; linux_way++) {
		fake_expect(ENG_DISCARD, NS_512, 4096, 4096, 0, 0);
		fake_expect(ENG_DISCARD, NS_512, 0, 512, 0, 0);
		fake_expect(ENG_DISCARD, NS_512, (END_512 - 1) * 512ull, 512, 0, EOPNOTSUPP);
		s = dsm(NS_512, ranges, 4, linux_way ? 4096 : 64);
		assert_false(fake_answered(s));
		fake_disk_run();
		assert_int_equal(fake_status(s), 0);
		fake_release(s);
	}
}

static void
dsm_in_slices(void **state)
{
	const struct range ranges[] = { { 1, 131073 }, { 0, 1 } };
	struct slot *s;

	(void)state;
	fake_expect(ENG_DISCARD, NS_4K, 4096, 256 * MIB, 0, 0);
	fake_expect(ENG_DISCARD, NS_4K, 4096 + 256 * MIB, 256 * MIB, 0, 0);
	fake_expect(ENG_DISCARD, NS_4K, 4096 + 512 * MIB, 4096, 0, 0);
	fake_expect(ENG_DISCARD, NS_4K, 0, 4096, 0, 0);
	s = dsm(NS_4K, ranges, 2, 32);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

static void
dsm_error_ends_it(void **state)
{
	const struct range ranges[] = { { 0, 1 }, { 1, 1 }, { 2, 1 } };
	struct slot *s;

	(void)state;
	fake_expect(ENG_DISCARD, NS_512, 0, 512, 0, 0);
	fake_expect(ENG_DISCARD, NS_512, 512, 512, 0, EIO);
	s = dsm(NS_512, ranges, 3, 48);
	fake_disk_run();
	assert_int_equal(fake_status(s), NVME_SC_WRITE_FAULT);
	fake_release(s);
}

/* Nothing is touched when any range is wrong. */
static void
dsm_judges_all_first(void **state)
{
	const uint32_t most = (uint32_t)(4 * GIB / 4096);
	const struct {
		struct range r[5];
		unsigned n;
		uint16_t status;
	} rows[] = {
		{ { { 0, 1 }, { 1 << 24, 1 } }, 2, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { { 0, 1 }, { UINT64_MAX, 2 } }, 2, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { { (1 << 24) + 1, 0 } }, 1, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { { 0, 0xffffffff } }, 1, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { { 0, most + 1 }, { 1 << 24, 1 } }, 2, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slot *s = dsm(NS_4K, rows[i].r, rows[i].n, 16 * rows[i].n);

		assert_int_equal(fake_status(s), rows[i].status);
		fake_release(s);
	}
}

/* Slices of a range from block slba of NS_4K on. */
static void
expect_discarded(uint64_t slba, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += 256 * MIB)
		fake_expect(ENG_DISCARD, NS_4K, slba * 4096 + at, bytes - at < 256 * MIB ?
		    bytes - at : 256 * MIB, 0, 0);
}

/* DMRSL and DMSL: what lies beyond them is not touched, and that is no error. */
static void
dsm_beyond_the_limits(void **state)
{
	const uint32_t most = (uint32_t)(4 * GIB / 4096);
	const struct range longer[] = { { 0, most + 1 }, { 5, 1 } };
	const struct range all[] = { { 0, most - 1 }, { 1, most }, { 2, most }, { 3, most + 7 },
	    { 4, 1 }, { 0, 0 } };
	const struct range edge[] = { { 0, most }, { 1, most }, { 2, most }, { 3, most - 1 },
	    { 4, 2 } };
	struct slot *s;

	(void)state;
	expect_discarded(0, 4 * GIB);
	expect_discarded(5, 4096);
	s = dsm(NS_4K, longer, 2, 32);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	expect_discarded(0, 4 * GIB - 4096);
	for (unsigned i = 1; i < 4; i++)
		expect_discarded(i, 4 * GIB);
	s = dsm(NS_4K, all, 6, 96);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	for (unsigned i = 0; i < 3; i++)
		expect_discarded(i, 4 * GIB);
	expect_discarded(3, 4 * GIB - 4096);
	expect_discarded(4, 4096);
	s = dsm(NS_4K, edge, 5, 80);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

/* DMRL */
static void
dsm_as_many_ranges_as_there_may_be(void **state)
{
	struct range ranges[256];
	struct slot *s;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		ranges[i] = (struct range){ i * 2, 1 };
	for (unsigned n = 255; n < 257; n++) {
		for (unsigned i = 0; i < 255; i++)
			fake_expect(ENG_DISCARD, NS_512, i * 1024ull, 512, 0, 0);
		s = dsm(NS_512, ranges, n, 4096);
		fake_disk_run();
		assert_int_equal(fake_status(s), 0);
		fake_release(s);
	}
	ranges[255].slba = END_512;	/* judged all the same */
	s = dsm(NS_512, ranges, 256, 4096);
	assert_int_equal(fake_status(s), DNR(NVME_SC_LBA_OUT_OF_RANGE));
	fake_release(s);
}

/* Hints other than Deallocate change nothing, nor does a namespace that cannot. */
static void
dsm_hints(void **state)
{
	const struct nvme_dsm_range r = { .nlb = le32(1) };
	struct cmd cmd = { .opc = NVME_NVM_DATASET_MANAGEMENT, .nsid = NS_512, .cdw11 = 0x3, .sgl_len = 16 };

	(void)state;
	assert_int_equal(fake_nvm_status(&cmd, &r), 0);
	cmd.nsid = NS_RO;
	assert_int_equal(fake_nvm_status(&cmd, &r), 0);
	ns_find(fake.lane.ns, NS_512)->id.can_discard = 0;
	cmd = (struct cmd){ .opc = NVME_NVM_DATASET_MANAGEMENT, .nsid = NS_512,
	    .cdw11 = NVME_DSM_AD, .sgl_len = 16 };
	assert_int_equal(fake_nvm_status(&cmd, &r), 0);
	ns_find(fake.lane.ns, NS_4K)->id.can_discard = 0;	/* the last that could */
	assert_int_equal(fake_nvm_status(&cmd, &r), DNR(NVME_SC_INVALID_OPCODE));
}

/* A queue that closes does not begin the next part of a command that nobody will see the end of. */
static void
closing_between_parts(void **state)
{
	const struct range ranges[] = { { 0, 1 }, { 1, 1 } };

	(void)state;
	fake_expect(ENG_DISCARD, NS_512, 0, 512, 0, 0);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	dsm(NS_512, ranges, 2, 32);
	fake_nvm(&(struct cmd){ .opc = NVME_NVM_FLUSH, .nsid = NVME_NSID_ALL }, NULL);
	fake_disk_start();
	qp_close(&fake.c->io[0].qp, "test");
	fake_disk_run();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(dsm_ranges_one_by_one), T(dsm_in_slices), T(dsm_error_ends_it),
		T(dsm_judges_all_first), T(dsm_beyond_the_limits),
		T(dsm_as_many_ranges_as_there_may_be), T(dsm_hints),
		T(closing_between_parts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
