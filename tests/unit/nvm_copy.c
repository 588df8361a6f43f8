/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copy: what is refused before anything is written, which slices go from where to where, and what a
 * failed one says of how far it came.
 */
#include "config.h"

#include <errno.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define COPY NVME_NVM_COPY
#define MIB (1u << 20)
#define END_512 (1u << 20)	/* blocks of NS_512 */
#define SLICE BOUNCE_BYTES
#define BLOCKS (SLICE / 512)	/* of a slice */
#define NS_RAM2 7u
#define TO 5120000u		/* block 10000 */

struct range { uint32_t snsid; uint64_t slba; uint32_t nlb; };

/* With descriptor format 2h when the first range says a namespace. */
static struct slot *
copy(uint32_t nsid, uint64_t to, const struct range *r, unsigned n, uint32_t flags)
{
	struct nvme_copy_range wire[NVM_COPY_RANGES + 1];
	const struct cmd cmd = { .opc = COPY, .nsid = nsid, .cdw10 = (uint32_t)to,
	    .cdw11 = (uint32_t)(to >> 32), .sgl_len = n * 32,
	    .cdw12 = (n - 1) | (r[0].snsid != 0 ? 2 << 8 : 0) | flags };

	memset(wire, 0xff, sizeof(wire));	/* what is reserved does not matter */
	for (unsigned i = 0; i < n; i++) {
		wire[i].snsid = le32(r[0].snsid != 0 ? r[i].snsid : 77);
		wire[i].slba = le64(r[i].slba);
		wire[i].nlb0 = le16((uint16_t)(r[i].nlb - 1));
	}
	return (fake_nvm(&cmd, wire));
}

static void
ends_with(struct slot *s, uint16_t status, uint32_t dw0)
{
	fake_turns();
	assert_int_equal(fake_status(s), status);
	assert_true(s->result == dw0);
	fake_release(s);
}

static void
know_format_2(void)
{
	fake.c->features.copy_2 = true;
}

static uint8_t *
map_of(uint32_t nsid)
{
	return (ns_find(fake.lane.ns, nsid)->map);
}

static void
refused_before_data(void **state)
{
	static const struct { struct cmd cmd; uint16_t status; } rows[] = {
		{ { .opc = COPY, .nsid = 0, .sgl_len = 32 }, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = COPY, .nsid = NS_NONE, .sgl_len = 32 }, DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COPY, .nsid = NVME_NSID_ALL, .sgl_len = 32 },
		    DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ { .opc = COPY, .nsid = NS_RO, .sgl_len = 32 }, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		/* formats that need protection information, one that the host did not ask for, none */
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 1 << 8, .sgl_len = 40 },
		    DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 2 << 8, .sgl_len = 32 },
		    DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 3 << 8, .sgl_len = 40 },
		    DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 4 << 8, .sgl_len = 32 },
		    DNR(NVME_SC_INVALID_FIELD) },
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 1 << 20, .sgl_len = 32 },
		    DNR(NVME_SC_INVALID_FIELD) },	/* directives */
		/* MSRC */
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 128, .sgl_len = 129 * 32 },
		    DNR(NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED) },
		{ { .opc = COPY, .nsid = NS_512, .cdw12 = 1, .sgl_len = 63 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = COPY, .nsid = NS_512, .sgl_len = 0 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
		{ { .opc = COPY, .nsid = NS_512, .sgl_len = 4097 },
		    DNR(NVME_SC_DATA_SGL_LENGTH_INVALID) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(fake_nvm_status(&rows[i].cmd, NULL), rows[i].status);
}

/* One wrong range, and nothing is written at all. */
static void
refused_before_the_first_block(void **state)
{
	static const struct {
		uint32_t nsid;
		uint64_t to;
		struct range r[5];
		unsigned n;
		uint16_t status;
	} rows[] = {
		/* sources */
		{ NS_512, 0, { { 0, 8, 1 }, { 0, END_512, 1 } }, 2, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ NS_512, 0, { { 0, 8, 1 }, { 0, UINT64_MAX, 1 } }, 2,
		    DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		/* destination */
		{ NS_512, END_512 - 1, { { 0, 8, 1 }, { 0, 9, 1 } }, 2,
		    DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		{ NS_512, UINT64_MAX, { { 0, 8, 1 } }, 1, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		/* MSSRL, MCL; before anything that the ranges are in */
		{ NS_512, END_512, { { 0, END_512, 32769 } }, 1,
		    DNR(NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED) },
		{ NS_4K, 0, { { 0, 0, 4097 } }, 1, DNR(NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED) },
		{ NS_512, 0, { { 0, 0, 32769 } }, 1, DNR(NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED) },
		{ NS_4K, 65536, { { 0, 0, 4096 }, { 0, 0, 4096 }, { 0, 0, 4096 }, { 0, 0, 4096 },
		    { 0, 0, 1 } }, 5, DNR(NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED) },
		/* namespaces of format 2h */
		{ NS_512, 0, { { NS_512, 8, 1 }, { NS_NONE, 8, 1 } }, 2,
		    DNR(NVME_SC_INVALID_FIELD) },
		{ NS_512, 0, { { NS_512, 8, 1 }, { 9, 8, 1 } }, 2,
		    DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ NS_512, 0, { { NS_RO, 8, 1 }, { 0, 8, 1 } }, 2,
		    DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ NS_512, 0, { { NVME_NSID_ALL, 8, 1 } }, 1, DNR(NVME_SC_INVALID_NS_OR_FORMAT) },
		{ NS_512, 0, { { NS_4K, 8, 1 } }, 1, DNR(NVME_SC_NVM_INCOMPATIBLE_NS_OR_FORMAT) },
		{ NS_512, 0, { { NS_RO, END_512, 1 } }, 1, DNR(NVME_SC_LBA_OUT_OF_RANGE) },
		/* overlap, with any part of the destination; format 2h forbids it */
		{ NS_512, 100, { { NS_512, 100, 1 } }, 1, DNR(NVME_SC_NVM_OVERLAPPING_IO_RANGE) },
		{ NS_512, 100, { { NS_512, 97, 4 } }, 1, DNR(NVME_SC_NVM_OVERLAPPING_IO_RANGE) },
		{ NS_512, 100, { { NS_512, 103, 4 } }, 1, DNR(NVME_SC_NVM_OVERLAPPING_IO_RANGE) },
		{ NS_512, 100, { { NS_RO, 0, 8 }, { NS_512, 102, 1 } }, 2,
		    DNR(NVME_SC_NVM_OVERLAPPING_IO_RANGE) },
	};

	(void)state;
	know_format_2();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ends_with(copy(rows[i].nsid, rows[i].to, rows[i].r, rows[i].n, 0), rows[i].status, 0);
	assert_true(ctrl_stats(fake.c).reads == 0 && ctrl_stats(fake.c).writes == 0);
}

static void
expect_slice(uint32_t from, uint64_t at, uint32_t to, uint64_t where, uint64_t len)
{
	fake_expect(ENG_READ, from, at, len, 0, 0);
	fake_expect(ENG_WRITE, to, where, len, 0, 0);
}

static void
ranges_in_slices(void **state)
{
	const struct range r[] = { { 0, 8, BLOCKS + 1 }, { 0, 4, 2 } };

	(void)state;
	expect_slice(NS_512, 4096, NS_512, 512 * 1000, SLICE);
	expect_slice(NS_512, 4096 + SLICE, NS_512, 512 * 1000 + SLICE, 512);
	expect_slice(NS_512, 2048, NS_512, 512 * 1001 + SLICE, 1024);
	ends_with(copy(NS_512, 1000, r, 2, 0), 0, 0);
	assert_true(fake_wrote.first == FAKE_FILL && fake_wrote.last == FAKE_FILL);
	assert_true(ns_stats(fake.c, NS_512).reads == 1 && ns_stats(fake.c, NS_512).writes == 1);
	assert_true(ns_stats(fake.c, NS_512).read_units == BLOCKS + 3);
	assert_true(ns_stats(fake.c, NS_512).write_units == BLOCKS + 3);
}

static void
as_many_and_as_long_as_there_may_be(void **state)
{
	struct range many[NVM_COPY_RANGES];
	const struct range longest[] = { { 0, 0, 4096 }, { 0, 0, 4096 }, { 0, 0, 4096 },
	    { 0, 0, 4096 } };

	(void)state;
	for (unsigned i = 0; i < NVM_COPY_RANGES; i++) {
		many[i] = (struct range){ 0, i * 2, 1 };
		expect_slice(NS_512, i * 1024, NS_512, 512 * (1000 + i), 512);
	}
	ends_with(copy(NS_512, 1000, many, NVM_COPY_RANGES, 0), 0, 0);
	fake_disk_end();
	for (unsigned i = 0; i < 2; i++) {	/* 64 MiB, for which the list is too long at once */
		for (unsigned k = 0; k < 128; k++)
			expect_slice(NS_4K, k * SLICE, NS_4K,
			    (1ull << 32) + (uint64_t)(i * 128 + k) * SLICE, SLICE);
	}
	ends_with(copy(NS_4K, 1 << 20, longest, 2, 0), 0, 0);
	fake_disk_end();
}

static void
other_namespaces(void **state)
{
	const struct range r[] = { { NS_RO, 100, 1 }, { NS_512, 0, 1 } };

	(void)state;
	know_format_2();
	expect_slice(NS_RO, 51200, NS_512, 51200, 512);
	expect_slice(NS_512, 0, NS_512, 51712, 512);
	ends_with(copy(NS_512, 100, r, 2, 1u << 31 /* LR */), 0, 0);
	assert_true(ns_stats(fake.c, NS_RO).reads == 1 && ns_stats(fake.c, NS_RO).writes == 0);
	assert_true(ns_stats(fake.c, NS_512).write_units == 2);
}

static struct ipc_ns
row_of(uint32_t nsid)
{
	return (ns_find(fake.lane.ns, nsid)->id);
}

/* A source may go meanwhile: what is being read is waited for, and not written any more. */
static void
source_goes(void **state)
{
	const struct range r = { NS_RO, 0, BLOCKS + 1 };
	struct ipc_ns_gone gone = { .fence = 3, .nsid = NS_RO };
	struct slot *s;

	(void)state;
	know_format_2();
	fake_expect(ENG_READ, NS_RO, 0, SLICE, 0, 0);
	s = copy(NS_512, 1000, &r, 1, 0);
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	assert_int_equal(fake.nfenced, 0);
	fake_turns();
	assert_int_equal(fake.fenced[0], 3);
	ends_with(s, DNR(NVME_SC_INVALID_FIELD), 0);
}

static void
source_is_reserved(void **state)
{
	const struct range r[] = { { NS_512, 0, 1 }, { NS_RO, 0, 1 } };
	struct ipc_ns id;

	(void)state;
	know_format_2();
	id = row_of(NS_RO);
	id.no_read = 1;
	assert_int_equal(ns_change(fake.c, &id), 0);
	ends_with(copy(NS_512, 1000, r, 2, 0), DNR(NVME_SC_RESERVATION_CONFLICT), 0);
	id.no_read = 0;
	assert_int_equal(ns_change(fake.c, &id), 0);
	expect_slice(NS_512, 0, NS_512, 512000, 512);
	expect_slice(NS_RO, 0, NS_512, 512512, 512);
	ends_with(copy(NS_512, 1000, r, 2, 0), 0, 0);
}

/* The path to the destination is judged with every command; that to a source is Copy's to judge. */
static void
source_is_out_of_reach(void **state)
{
	const struct range r[] = { { NS_512, 0, 1 }, { NS_RO, 0, 1 } };
	struct ipc_ns id;

	(void)state;
	know_format_2();
	id = row_of(NS_RO);
	id.ana_state = NVME_ANA_INACCESSIBLE;
	assert_int_equal(ns_change(fake.c, &id), 0);
	ends_with(copy(NS_512, 1000, r, 2, 0), NVME_SC_ANA_INACCESSIBLE, 0);
}

/* Format 0h: what moves up goes from its end, so that nothing is overwritten before it is read. */
static void
overlap(void **state)
{
	const struct range r = { 0, 0, 2 * BLOCKS + 1 };

	(void)state;
	expect_slice(NS_512, SLICE + 512, NS_512, SLICE + 1024, SLICE);
	expect_slice(NS_512, 512, NS_512, 1024, SLICE);
	expect_slice(NS_512, 0, NS_512, 512, 512);
	ends_with(copy(NS_512, 1, &r, 1, 0), 0, 0);
	expect_slice(NS_512, 512, NS_512, 0, SLICE);
	expect_slice(NS_512, 512 + SLICE, NS_512, SLICE, SLICE);
	ends_with(copy(NS_512, 0, &(struct range){ 0, 1, 2 * BLOCKS }, 1, 0), 0, 0);
}

static void
with_fua(void **state)
{
	const struct range r = { 0, 0, BLOCKS + 1 };
	struct slot *s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		expect_slice(NS_512, 0, NS_512, 512000, SLICE);
		expect_slice(NS_512, SLICE, NS_512, 512000 + SLICE, 512);
		fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, i == 0 ? 0 : EIO);
	}
	ends_with(copy(NS_512, 1000, &r, 1, NVME_RW_FUA), 0, 0);
	assert_true(ns_stats(fake.c, NS_512).write_units == BLOCKS + 1);
	/* one that failed is told to the next flush, too */
	ends_with(copy(NS_512, 1000, &r, 1, NVME_RW_FUA), NVME_SC_WRITE_FAULT, 0);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	s = fake_nvm(&(struct cmd){ .opc = NVME_NVM_FLUSH, .nsid = NS_512 }, NULL);
	ends_with(s, NVME_SC_WRITE_FAULT, 0);
	/* without a write cache every copy is durable */
	fake.lane.write_through = true;
	expect_slice(NS_512, 0, NS_512, 512000, 512);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	ends_with(copy(NS_512, 1000, &(struct range){ 0, 0, 1 }, 1, 0), 0, 0);
}

/* The kernel tells a loss once: to a Flush that ends while the Copy is at it, and not to the Copy's own. */
static void
loss_is_told_to_another(void **state)
{
	const struct range r = { 0, 0, 1 };
	struct slot *s, *flush;

	(void)state;
	fake_expect(ENG_READ, NS_512, 0, 512, 0, 0);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, EIO);
	fake_expect(ENG_WRITE, NS_512, 512000, 512, 0, 0);
	fake_expect(ENG_FLUSH, NS_512, 0, 0, 0, 0);
	s = copy(NS_512, 1000, &r, 1, NVME_RW_FUA);
	flush = fake_nvm(&(struct cmd){ .opc = NVME_NVM_FLUSH, .nsid = NS_512 }, NULL);
	ends_with(s, NVME_SC_WRITE_FAULT, 0);
	assert_int_equal(fake_status(flush), NVME_SC_WRITE_FAULT);
	fake_release(flush);
}

/* Dword 0: the first range that was not copied. */
static void
errors_of_the_device(void **state)
{
	const struct range r[] = { { 0, 0, 1 }, { 0, 8, 1 }, { 0, 16, BLOCKS + 1 } };

	(void)state;
	expect_slice(NS_512, 0, NS_512, TO, 512);
	fake_expect(ENG_READ, NS_512, 4096, 512, 0, EIO);
	ends_with(copy(NS_512, 10000, r, 3, 0), NVME_SC_UNRECOVERED_READ_ERROR, 1);
	fake_expect(ENG_READ, NS_512, 0, 512, 0, 0);
	fake_expect(ENG_WRITE, NS_512, TO, 512, 0, ENOSPC);
	ends_with(copy(NS_512, 10000, r, 3, 0), NVME_SC_CAPACITY_EXCEEDED, 0);
	expect_slice(NS_512, 0, NS_512, TO, 512);
	expect_slice(NS_512, 4096, NS_512, TO + 512, 512);
	expect_slice(NS_512, 8192, NS_512, TO + 1024, SLICE);
	fake_expect(ENG_READ, NS_512, 8192 + SLICE, 512, 0, 0);
	fake_expect(ENG_WRITE, NS_512, TO + 1024 + SLICE, 512, 0, EIO);
	ends_with(copy(NS_512, 10000, r, 3, 0), NVME_SC_WRITE_FAULT, 2);
	assert_true(ctrl_stats(fake.c).writes == 0);
}

static void
memory_to_memory(void **state)
{
	const struct range r = { 0, 0, 2 * BLOCKS + 1 };
	uint8_t *map, *want;

	(void)state;
	fake_add_ram(NS_RAM, 512, MIB);
	map = map_of(NS_RAM);
	for (unsigned i = 0; i < MIB / 2; i++)
		map[i] = (uint8_t)(i / 512 * 7 + i);
	want = exact_copy(map, 2 * SLICE + 512);
	ends_with(copy(NS_RAM, 3, &r, 1, 0), 0, 0);		/* up, overlapping */
	assert_memory_equal(map + 1536, want, 2 * SLICE + 512);
	ends_with(copy(NS_RAM, 1, &(struct range){ 0, 3, r.nlb }, 1, 0), 0, 0);	/* and down */
	assert_memory_equal(map + 512, want, 2 * SLICE + 512);
	assert_int_equal(pool_used(fake.lane.bounce), 0);
	free(want);
}

static void
memory_and_files(void **state)
{
	const struct range from_ram = { NS_RAM, 1, BLOCKS + 1 }, from_file = { NS_RO, 0, BLOCKS };

	(void)state;
	know_format_2();
	fake_add_ram(NS_RAM, 512, MIB);
	memset(map_of(NS_RAM) + 512, 0x11, SLICE);
	memset(map_of(NS_RAM) + 512 + SLICE, 0x22, 512);
	/* from where it lies */
	fake_expect(ENG_WRITE, NS_512, 0, SLICE, 0, 0);
	fake_expect(ENG_WRITE, NS_512, SLICE, 512, 0, 0);
	ends_with(copy(NS_512, 0, &from_ram, 1, 0), 0, 0);
	assert_true(fake_wrote.first == 0x22 && fake_wrote.last == 0x22);
	fake_expect(ENG_READ, NS_RO, 0, SLICE, 0, 0);
	ends_with(copy(NS_RAM, 8, &from_file, 1, 0), 0, 0);
	assert_int_equal(map_of(NS_RAM)[4095], 0x11);
	assert_int_equal(map_of(NS_RAM)[4096], FAKE_FILL);
	assert_int_equal(map_of(NS_RAM)[4095 + SLICE], FAKE_FILL);
	/* and from one to another */
	fake_add_ram(NS_RAM2, 512, MIB);
	ends_with(copy(NS_RAM2, 0, &(struct range){ NS_RAM, 8, 1 }, 1, 0), 0, 0);
	assert_int_equal(map_of(NS_RAM2)[511], FAKE_FILL);
	assert_int_equal(map_of(NS_RAM2)[512], 0);
}

static void
closing_between_slices(void **state)
{
	const struct range r = { 0, 0, 2 * BLOCKS };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {	/* one reads, one writes */
		fake_expect(ENG_READ, NS_512, 0, SLICE, 0, 0);
		copy(NS_512, 10000, &r, 1, 0);
	}
	fake_disk_start();
	qp_close(&fake.c->io[0].qp, "test");
	fake_turns();
	assert_int_equal(fake.c->io[0].state, QP_FREE);
}

static void
waits_for_a_buffer(void **state)
{
	struct slot *s[BOUNCES + 1];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(s) - 1; i++)
		fake_expect(ENG_READ, NS_512, i * 512, 512, 0, 0);
	for (unsigned i = 0; i < ARRAY_LEN(s) - 1; i++)
		fake_expect(ENG_WRITE, NS_512, 51200, 512, 0, 0);
	expect_slice(NS_512, BOUNCES * 512, NS_512, 51200, 512);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		s[i] = copy(NS_512, 100, &(struct range){ 0, i, 1 }, 1, 0);
	fake_turns();
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		ends_with(s[i], 0, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused_before_data), T(refused_before_the_first_block), T(ranges_in_slices),
		T(as_many_and_as_long_as_there_may_be), T(other_namespaces), T(source_goes),
		T(source_is_reserved), T(source_is_out_of_reach), T(loss_is_told_to_another), T(overlap),
		T(with_fua), T(errors_of_the_device), T(memory_to_memory), T(memory_and_files),
		T(closing_between_slices), T(waits_for_a_buffer),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
