/* SPDX-License-Identifier: BSD-2-Clause */
/* Verify: what is refused, what is read, and that nothing comes of it but a status. */
#include "config.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define VERIFY NVME_NVM_VERIFY
#define MIB (1u << 20)
#define END_512 (1u << 20)	/* blocks of NS_512 */

static void
verify(uint32_t nsid, uint32_t lba, uint32_t nlb, uint32_t flags, uint16_t status)
{
	const struct cmd cmd = { .opc = VERIFY, .nsid = nsid, .cdw10 = lba,
	    .cdw12 = (nlb - 1) | flags };
	struct slot *s = fake_nvm(&cmd, NULL);

	fake_turns();
	assert_int_equal(fake_status(s), status);
	assert_int_equal(fake_len(s), 0);
	fake_release(s);
}

static void
refused(void **state)
{
	(void)state;
	verify(0, 0, 1, 0, DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	verify(NS_NONE, 0, 1, 0, DNR(NVME_SC_INVALID_FIELD));
	verify(NVME_NSID_ALL, 0, 1, 0, DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	verify(NS_512, END_512, 1, 0, DNR(NVME_SC_LBA_OUT_OF_RANGE));
	verify(NS_512, END_512 - 1, 2, 0, DNR(NVME_SC_LBA_OUT_OF_RANGE));
	assert_true(ctrl_stats(fake.c).reads == 0);
}

static void
reads_in_slices(void **state)
{
	(void)state;
	fake_expect(ENG_READ, NS_RO, (END_512 - 1) * 512ull, 512, 0, 0);
	verify(NS_RO, END_512 - 1, 1, 0, 0);
	for (uint64_t at = 0; at < 32 * MIB; at += BOUNCE_BYTES)
		fake_expect(ENG_READ, NS_4K, at, BOUNCE_BYTES, 0, 0);
	fake_expect(ENG_READ, NS_4K, 32 * MIB, 4096, 0, 0);	/* VSL is advice */
	verify(NS_4K, 0, 8193, 0, 0);
	fake_expect(ENG_READ, NS_512, 512, BOUNCE_BYTES, 0, 0);
	fake_expect(ENG_READ, NS_512, 512 + BOUNCE_BYTES, 512, 0, 0);
	verify(NS_512, 1, 257, 0, 0);
	assert_true(ns_stats(fake.c, NS_512).reads == 1);
	assert_true(ns_stats(fake.c, NS_512).read_units == 257);
}

static void
errors_of_the_device(void **state)
{
	(void)state;
	fake_expect(ENG_READ, NS_512, 0, BOUNCE_BYTES, 0, 0);
	fake_expect(ENG_READ, NS_512, BOUNCE_BYTES, BOUNCE_BYTES, 0, EIO);
	verify(NS_512, 0, 1024, 0, NVME_SC_UNRECOVERED_READ_ERROR);
	assert_int_equal(fake.c->media_errors, 1);
	assert_true(ctrl_stats(fake.c).reads == 0);
}

static void
with_fua(void **state)
{
	(void)state;
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	fake_expect(ENG_READ, NS_512, 0, 512, 0, 0);
	verify(NS_512, 0, 1, NVME_RW_FUA, 0);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, EIO);
	verify(NS_512, 0, 1, NVME_RW_FUA, NVME_SC_UNRECOVERED_READ_ERROR);
}

static void
memory_is_there(void **state)
{
	(void)state;
	fake_add_ram(NS_RAM, 512, MIB);
	verify(NS_RAM, 0, 2048, NVME_RW_FUA, 0);
	verify(NS_RAM, 1, 2048, 0, DNR(NVME_SC_LBA_OUT_OF_RANGE));
	assert_true(ns_stats(fake.c, NS_RAM).read_units == 2048);
}

static void
closing_between_slices(void **state)
{
	const struct cmd cmd = { .opc = VERIFY, .nsid = NS_4K, .cdw12 = 8191 };

	(void)state;
	fake_expect(ENG_READ, NS_4K, 0, BOUNCE_BYTES, 0, 0);
	fake_nvm(&cmd, NULL);
	fake_disk_start();
	qp_close(&fake.c->io[0].qp, "test");
	fake_turns();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused), T(reads_in_slices), T(errors_of_the_device), T(with_fua),
		T(memory_is_there), T(closing_between_slices),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
