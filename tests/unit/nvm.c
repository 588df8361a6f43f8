/* SPDX-License-Identifier: BSD-2-Clause */
/* The NVM command set: what is refused before data moves, and what reaches the engine. */
#include "config.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define MIB (1ull << 20)
#define END_512 (1u << 20)	/* blocks of NS_512 */

enum { FLUSH = NVME_NVM_FLUSH, READ = NVME_NVM_READ, WRITE = NVME_NVM_WRITE,
	ZERO = NVME_NVM_WRITE_ZEROES, DSM = NVME_NVM_DATASET_MANAGEMENT };

static void
refused_before_data(void **state)
{
	static const struct { struct cmd cmd; uint16_t status; } rows[] = {
		/* namespace */
		{ { .opc = READ, .nsid = 0, .sgl_len = 512 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = READ, .nsid = NS_NONE, .sgl_len = 512 }, DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = READ, .nsid = 8, .sgl_len = 512 }, DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = READ, .nsid = 9, .sgl_len = 512 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = DSM, .nsid = NS_NONE, .sgl_len = 16 }, DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = WRITE, .nsid = NVME_NSID_ALL, .sgl_len = 512 },
		    DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = ZERO, .nsid = 77 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = DSM, .nsid = 77, .sgl_len = 16 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = DSM, .nsid = NVME_NSID_ALL, .sgl_len = 16 },
		    DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = FLUSH, .nsid = 0 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = FLUSH, .nsid = NS_NONE }, DNR(NVME_SC_INVALID_FIELD) },
		/* range */
		{ { .opc = READ, .nsid = NS_512, .cdw10 = END_512, .sgl_len = 512 },
		    DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = READ, .nsid = NS_512, .cdw10 = END_512 - 1, .cdw12 = 1,
		    .sgl_len = 1024 }, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = WRITE, .nsid = NS_512, .cdw10 = 0xffffffff, .cdw11 = 0xffffffff,
		    .sgl_len = 512 }, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = WRITE, .nsid = NS_512, .cdw11 = 1, .sgl_len = 512 },
		    DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ { .opc = ZERO, .nsid = NS_512, .cdw10 = END_512 - 1, .cdw12 = 1 },
		    DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		/* MDTS is 1 MiB */
		{ { .opc = READ, .nsid = NS_512, .cdw12 = 2048, .sgl_len = 2049 * 512 },
		    DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = WRITE, .nsid = NS_4K, .cdw12 = 256, .sgl_len = 257 * 4096 },
		    DNR(NVME_SC_INVALID_FIELD) },
		/* SGL length */
		{ { .opc = READ, .nsid = NS_512, .sgl_len = 511 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = READ, .nsid = NS_512, .sgl_len = 4096 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = WRITE, .nsid = NS_4K, .sgl_len = 512 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = WRITE, .nsid = NS_512, .sgl_len = 0 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = DSM, .nsid = NS_512, .cdw10 = 1, .sgl_len = 31 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = DSM, .nsid = NS_512, .cdw10 = 0, .sgl_len = 0 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = DSM, .nsid = NS_512, .cdw10 = 255, .sgl_len = 4112 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		/* read-only */
		{ { .opc = WRITE, .nsid = NS_RO, .sgl_len = 512 }, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		{ { .opc = ZERO, .nsid = NS_RO }, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		{ { .opc = DSM, .nsid = NS_RO, .cdw11 = 4, .sgl_len = 16 },
		    DNR(NVME_SC_NS_WRITE_PROTECTED) },
		/* not offered */
		{ { .opc = WRITE, .nsid = NS_512, .cdw12 = 1u << 20, .sgl_len = 512 },
		    DNR(NVME_SC_INVALID_FIELD) },	/* directives */
		{ { .opc = ZERO, .nsid = NS_512, .cdw12 = NVME_RW_NSZ }, DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = NVME_NVM_WRITE_UNCORRECTABLE, .nsid = NS_512 },
		    DNR(NVME_SC_INVALID_OPCODE) },
		{ { .opc = 0xff, .nsid = NS_512 }, DNR(NVME_SC_INVALID_OPCODE) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(fake_nvm_status(&rows[i].cmd, NULL), rows[i].status);
	assert_int_equal(fake.c->nerrors, ARRAY_LEN(rows));
	assert_int_equal(ctrl_stats(fake.c).reads + ctrl_stats(fake.c).writes, 0);
}

static void
read_brings_data(void **state)
{
	const struct cmd cmd = { .opc = READ, .nsid = NS_4K, .cdw10 = 0x80000, .cdw12 = 1 | 1u << 31,
	    .sgl_len = 8192 };	/* limited retry: there is nothing to be limited */
	struct slot *s;

	(void)state;
	fake_expect(ENG_READ, NS_4K, 0x80000ull * 4096, 8192, 0, 0);
	s = fake_nvm(&cmd, NULL);
	assert_false(fake_answered(s));
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake_len(s), 8192);
	assert_int_equal(s->buf[0], FAKE_FILL);
	assert_int_equal(s->buf[8191], FAKE_FILL);
	assert_int_equal(ctrl_stats(fake.c).reads, 1);
	assert_int_equal(ctrl_stats(fake.c).read_units, 16);
	fake_release(s);
}

/* What FUA brings has to be on the medium. Failing that, whoever wrote it has to be told, too. */
static void
read_with_fua(void **state)
{
	struct cmd cmd = { .opc = READ, .nsid = NS_512, .cdw12 = NVME_RW_FUA, .sgl_len = 512 };
	const struct cmd flush = { .opc = FLUSH, .nsid = NS_512 };
	struct slot *s;

	(void)state;
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	fake_expect(ENG_READ, NS_512, 0, 512, 0, 0);
	s = fake_nvm(&cmd, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake_len(s), 512);
	fake_release(s);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, EIO);
	s = fake_nvm(&cmd, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), NVME_SC_UNRECOVERED_READ_ERROR);
	fake_release(s);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	s = fake_nvm(&flush, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), NVME_SC_WRITE_FAULT);
	fake_release(s);
	/* without any cache there is nothing to bring */
	ns_find(fake.lane.ns, NS_4K)->id.direct = 1;
	cmd.nsid = NS_4K;
	cmd.sgl_len = 4096;
	fake_expect(ENG_READ, NS_4K, 0, 4096, 0, 0);
	s = fake_nvm(&cmd, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

/* A queue that closes during that flush does not read any more. */
static void
closing_before_the_read(void **state)
{
	const struct cmd cmd = { .opc = READ, .nsid = NS_512, .cdw12 = NVME_RW_FUA, .sgl_len = 512 };

	(void)state;
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	fake_nvm(&cmd, NULL);
	fake_disk_start();
	qp_close(&fake.c->io[0].qp, "test");
	fake_disk_run();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

static void
last_block_of_a_read_only_one(void **state)
{
	const struct cmd cmd = { .opc = READ, .nsid = NS_RO, .cdw10 = END_512 - 1, .sgl_len = 512 };
	struct slot *s;

	(void)state;
	fake_expect(ENG_READ, NS_RO, (END_512 - 1) * 512ull, 512, 0, 0);
	s = fake_nvm(&cmd, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

static void
write_honours_fua(void **state)
{
	uint8_t data[1024] = { 1 };
	struct cmd cmd = { .opc = WRITE, .nsid = NS_512, .cdw10 = 8, .cdw12 = 1, .sgl_len = 1024 };

	(void)state;
	for (unsigned fua = 0; fua < 2; fua++) {
		struct slot *s;

		cmd.cdw12 = 1 | (fua ? NVME_RW_FUA : 0);
		fake_expect(ENG_WRITE, NS_512, 4096, 1024, fua ? FAKE_FUA : 0, 0);
		s = fake_nvm(&cmd, data);
		fake_disk_run();
		assert_int_equal(fake_status(s), 0);
		fake_release(s);
	}
	assert_int_equal(ctrl_stats(fake.c).writes, 2);
	assert_int_equal(ctrl_stats(fake.c).write_units, 4);
}

static void
errors_of_the_device(void **state)
{
	static const struct {
		struct cmd cmd;
		enum eng_verb verb;
		int error;
		uint16_t status;
	} rows[] = {
		{ { .opc = READ, .nsid = NS_512, .sgl_len = 512 }, ENG_READ, EIO,
		    NVME_SC_UNRECOVERED_READ_ERROR },
		{ { .opc = WRITE, .nsid = NS_512, .sgl_len = 512 }, ENG_WRITE, EIO,
		    NVME_SC_WRITE_FAULT },
		{ { .opc = WRITE, .nsid = NS_512, .sgl_len = 512 }, ENG_WRITE, ENOSPC,
		    NVME_SC_CAPACITY_EXCEEDED },
		{ { .opc = ZERO, .nsid = NS_512 }, ENG_ZERO, ENOSPC, NVME_SC_CAPACITY_EXCEEDED },
	};
	const uint8_t data[512] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slot *s;

		fake_expect(rows[i].verb, NS_512, 0, 512, 0, rows[i].error);
		s = fake_nvm(&rows[i].cmd, data);
		fake_disk_run();
		assert_int_equal(fake_status(s), rows[i].status);
		assert_int_equal(fake_len(s), 0);
		fake_release(s);
	}
	assert_int_equal(ctrl_stats(fake.c).reads + ctrl_stats(fake.c).writes, 0);
	assert_int_equal(fake.c->media_errors, 2);
}

static void
write_zeroes(void **state)
{
	static const struct {
		uint32_t nsid, cdw12;
		uint64_t len;
		unsigned flags;
	} rows[] = {
		{ NS_512, 0, 512, 0 },
		{ NS_512, 0xffff, 32 * MIB, 0 },
		{ NS_512, NVME_RW_DEAC, 512, FAKE_UNMAP },
		{ NS_512, NVME_RW_FUA | 7, 4096, FAKE_FUA },
		{ NS_4K, NVME_RW_DEAC | 8191, 32 * MIB, FAKE_UNMAP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct cmd cmd = { .opc = ZERO, .nsid = rows[i].nsid, .cdw12 = rows[i].cdw12 };
		struct slot *s;

		fake_expect(ENG_ZERO, rows[i].nsid, 0, rows[i].len, rows[i].flags, 0);
		s = fake_nvm(&cmd, NULL);
		fake_disk_run();
		assert_int_equal(fake_status(s), 0);
		fake_release(s);
	}
}

/* WZSL is advice: more than that is done in parts of as much. */
static void
write_zeroes_in_parts(void **state)
{
	const struct cmd cmd = { .opc = ZERO, .nsid = NS_4K, .cdw10 = 1,
	    .cdw12 = NVME_RW_DEAC | NVME_RW_FUA | 16384 };
	struct slot *s;

	(void)state;
	for (unsigned broken = 0; broken < 2; broken++) {
		fake_expect(ENG_ZERO, NS_4K, 4096, 32 * MIB, FAKE_UNMAP | FAKE_FUA, 0);
		fake_expect(ENG_ZERO, NS_4K, 4096 + 32 * MIB, 32 * MIB, FAKE_UNMAP | FAKE_FUA,
		    broken ? EIO : 0);
		if (!broken)
			fake_expect(ENG_ZERO, NS_4K, 4096 + 64 * MIB, 4096,
			    FAKE_UNMAP | FAKE_FUA, 0);
		s = fake_nvm(&cmd, NULL);
		fake_disk_run();
		assert_int_equal(fake_status(s), broken ? NVME_SC_WRITE_FAULT : 0);
		fake_release(s);
	}
	fake_expect(ENG_ZERO, NS_4K, 4096, 32 * MIB, FAKE_UNMAP | FAKE_FUA, 0);
	fake_nvm(&cmd, NULL);
	fake_disk_start();
	qp_close(&fake.c->io[0].qp, "test");
	fake_turns();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

static void
flush_one(void **state)
{
	struct slot *s;

	(void)state;
	fake_expect(ENG_FLUSH, NS_4K, 0, 0, 0, 0);
	s = fake_nvm(&(struct cmd){ .opc = FLUSH, .nsid = NS_4K }, NULL);
	assert_false(fake_answered(s));
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	/* nothing can be dirty */
	assert_int_equal(fake_nvm_status(&(struct cmd){ .opc = FLUSH, .nsid = NS_RO }, NULL), 0);
}

static void
flush_all(void **state)
{
	const struct cmd cmd = { .opc = FLUSH, .nsid = NVME_NSID_ALL };
	struct slot *s;

	(void)state;
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	fake_expect(ENG_FLUSH, NS_4K, 0, 0, 0, 0);
	s = fake_nvm(&cmd, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	/* the first error ends it */
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, EIO);
	s = fake_nvm(&cmd, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), NVME_SC_WRITE_FAULT);
	fake_release(s);
}

/* The kernel tells of lost data once. Who is told by it is not the only one that has to know. */
static void
losses_are_told_to_all(void **state)
{
	const struct cmd flush = { .opc = FLUSH, .nsid = NS_512 };
	const struct cmd fua = { .opc = WRITE, .nsid = NS_512, .cdw12 = NVME_RW_FUA, .sgl_len = 512 };
	static const uint8_t data[512];
	static const uint16_t after[] = { NVME_SC_WRITE_FAULT, 0 };
	struct slot *one, *two;

	(void)state;
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, EIO);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	one = fake_nvm(&flush, NULL);
	two = fake_nvm(&flush, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(one), NVME_SC_WRITE_FAULT);
	assert_int_equal(fake_status(two), NVME_SC_WRITE_FAULT);
	fake_release(one);
	fake_release(two);
	fake_expect(ENG_WRITE, NS_512, 0, 512, FAKE_FUA, EIO);
	one = fake_nvm(&fua, data);
	fake_disk_run();
	assert_int_equal(fake_status(one), NVME_SC_WRITE_FAULT);
	fake_release(one);
	for (unsigned i = 0; i < ARRAY_LEN(after); i++) {
		fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
		one = fake_nvm(&flush, NULL);
		fake_disk_run();
		assert_int_equal(fake_status(one), after[i]);
		fake_release(one);
	}
}

/* A write that had to wait too long for another host's range, a flush that got no thread: nothing was
 * carried out, so nothing was lost by it, and what was lost before has still to be told. */
static void
what_was_not_done_lost_nothing(void **state)
{
	static const uint8_t data[512];
	static const struct { uint8_t opc; int error; uint16_t status; } rows[] = {
		{ WRITE, EAGAIN, NVME_SC_COMMAND_INTERRUPTED },
		{ FLUSH, 0, 0 },
		{ WRITE, EIO, NVME_SC_WRITE_FAULT },
		{ FLUSH, EAGAIN, NVME_SC_COMMAND_INTERRUPTED },
		{ FLUSH, 0, NVME_SC_WRITE_FAULT },
		{ FLUSH, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool write = rows[i].opc == WRITE;
		const struct cmd cmd = { .opc = rows[i].opc, .nsid = NS_512,
		    .cdw12 = write ? NVME_RW_FUA : 0, .sgl_len = write ? 512 : 0 };
		struct slot *s;

		fake_expect(write ? ENG_WRITE : ENG_FLUSH, NS_512, 0, write ? 512 : 0,
		    write ? FAKE_FUA : 0, rows[i].error);
		s = fake_nvm(&cmd, write ? data : NULL);
		fake_disk_run();
		assert_int_equal(fake_status(s), rows[i].status);
		fake_release(s);
	}
}

/* A queue that closes takes back what has not begun and waits for the rest. */
static void
closing_with_commands(void **state)
{
	const uint8_t data[512] = { 0 };
	const struct cmd cmd = { .opc = WRITE, .nsid = NS_512, .sgl_len = 512 };

	(void)state;
	fake_expect(ENG_WRITE, NS_512, 0, 512, 0, 0);
	fake_expect(ENG_WRITE, NS_512, 0, 512, 0, 0);
	fake_nvm(&cmd, data);
	fake_disk_start();
	fake_nvm(&cmd, data);
	qp_close(&fake.c->io[0].qp, "test");
	assert_int_equal(fake.c->io[0].qp.state, QP_CLOSING);
	fake_disk_run();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused_before_data), T(read_brings_data), T(read_with_fua),
		T(closing_before_the_read), T(last_block_of_a_read_only_one),
		T(write_honours_fua), T(errors_of_the_device), T(write_zeroes),
		T(write_zeroes_in_parts), T(flush_one),
		T(losses_are_told_to_all),
		T(what_was_not_done_lost_nothing),
		T(flush_all), T(closing_with_commands),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
