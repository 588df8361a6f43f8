/* SPDX-License-Identifier: BSD-2-Clause */
/* Namespaces: which are taken, their order, ranges at the edges, and errno as status. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

static bool
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) != -1);
}

static void
refused_ones_are_closed(void **state)
{
	static const struct {
		struct ipc_ns id;
		int error;
	} rows[] = {
		{ { .nsid = 0, .block_size = 512, .nlbas = 1 }, EINVAL },
		{ { .nsid = 0xfffffffe, .block_size = 512, .nlbas = 1 }, EINVAL },
		{ { .nsid = NVME_NSID_ALL, .block_size = 512, .nlbas = 1 }, EINVAL },
		{ { .nsid = 9, .block_size = 512, .nlbas = 0 }, EINVAL },
		{ { .nsid = 9, .block_size = 0, .nlbas = 1 }, EINVAL },
		{ { .nsid = 9, .block_size = 256, .nlbas = 1 }, EINVAL },
		{ { .nsid = 9, .block_size = 520, .nlbas = 1 }, EINVAL },
		{ { .nsid = 9, .block_size = 131072, .nlbas = 1 }, EINVAL },
		{ { .nsid = 9, .block_size = 512, .nlbas = 1ull << 54 }, EINVAL },
		{ { .nsid = 9, .block_size = 512, .nlbas = UINT64_MAX }, EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = open("/dev/null", O_RDONLY);

		assert_int_equal(ns_add(fake.c, &rows[i].id, fd), -1);
		assert_int_equal(errno, rows[i].error);
		assert_false(is_open(fd));
		assert_int_equal(fake.lane.ns->n, 3);
	}
}

static void
sorted_and_found(void **state)
{
	const struct ns_entry *at = fake.lane.ns->at;

	(void)state;
	assert_int_equal(at[0].nsid, NS_512);
	assert_int_equal(at[1].nsid, NS_4K);
	assert_int_equal(at[2].nsid, NS_RO);
	assert_ptr_equal(ns_find(fake.lane.ns, NS_RO), at[2].ns);
	assert_null(ns_find(fake.lane.ns, 0));
	assert_null(ns_find(fake.lane.ns, NS_NONE));
	assert_null(ns_find(fake.lane.ns, NVME_NSID_ALL));
	assert_ptr_equal(ns_after(fake.lane.ns, 0), at[0].ns);
	assert_ptr_equal(ns_after(fake.lane.ns, NS_4K), at[2].ns);
	assert_null(ns_after(fake.lane.ns, NS_RO));
	assert_int_equal(at[0].ns->lbads, 9);
	assert_int_equal(at[1].ns->lbads, 12);
}

static void
ranges(void **state)
{
	static const struct { uint64_t slba, nlb; bool ok; } rows[] = {
		{ 0, 1, true },
		{ 0, 1 << 20, true },
		{ (1 << 20) - 1, 1, true },
		{ (1 << 20) - 1, 2, false },
		{ 1 << 20, 1, false },
		{ 0, (1 << 20) + 1, false },
		{ UINT64_MAX, 1, false },
		{ UINT64_MAX, 2, false },
		{ UINT64_MAX - 1, 0x10000, false },
	};
	const struct ns *ns = ns_find(fake.lane.ns, NS_512);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ns_check_range(ns, rows[i].slba, rows[i].nlb),
		    rows[i].ok ? 0 : DNR(NVME_SC_LBA_OUT_OF_RANGE));
}

static void
errno_is_a_status(void **state)
{
	static const struct { enum eng_verb verb; int error; uint16_t status; } rows[] = {
		{ ENG_READ, 0, 0 },
		{ ENG_READ, EIO, NVME_SC_UNRECOVERED_READ_ERROR },
		{ ENG_WRITE, EIO, NVME_SC_WRITE_FAULT },
		{ ENG_FLUSH, EIO, NVME_SC_WRITE_FAULT },
		{ ENG_ZERO, EIO, NVME_SC_WRITE_FAULT },
		{ ENG_READ, ENODATA, DNR(NVME_SC_UNRECOVERED_READ_ERROR) },
		{ ENG_WRITE, ENODATA, DNR(NVME_SC_WRITE_FAULT) },
		{ ENG_WRITE, ENOSPC, NVME_SC_CAPACITY_EXCEEDED },
		{ ENG_ZERO, EDQUOT, NVME_SC_CAPACITY_EXCEEDED },
		{ ENG_WRITE, EFBIG, DNR(NVME_SC_CAPACITY_EXCEEDED) },
		{ ENG_WRITE, EROFS, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		{ ENG_WRITE, EBADF, DNR(NVME_SC_NS_WRITE_PROTECTED) },
		{ ENG_READ, EBADF, NVME_SC_UNRECOVERED_READ_ERROR },
		{ ENG_READ, ENXIO, NVME_SC_NS_NOT_READY },
		{ ENG_WRITE, ENODEV, NVME_SC_NS_NOT_READY },
		{ ENG_WRITE, ENOMEM, NVME_SC_INTERNAL_DEVICE_ERROR },
		{ ENG_READ, EINVAL, DNR(NVME_SC_INTERNAL_DEVICE_ERROR) },
		{ ENG_READ, ETIMEDOUT, NVME_SC_COMMAND_INTERRUPTED },
		{ ENG_WRITE, EBADE, DNR(NVME_SC_RESERVATION_CONFLICT) },
		{ ENG_DISCARD, EOPNOTSUPP, 0 },
		{ ENG_ZERO, EOPNOTSUPP, NVME_SC_WRITE_FAULT },
		{ ENG_DISCARD, EIO, NVME_SC_WRITE_FAULT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ns_status(rows[i].verb, rows[i].error),
		    rows[i].status);
}

static void
full(void **state)
{
	struct ipc_ns id = { .nsid = 100, .block_size = 512, .nlbas = 1 };

	(void)state;
	while (fake.lane.ns->n < IPC_MAX_NS) {
		assert_int_equal(ns_add(fake.c, &id, open("/dev/null", O_RDONLY)), 0);
		id.nsid++;
	}
	assert_int_equal(ns_add(fake.c, &id, open("/dev/null", O_RDONLY)), -1);
	assert_int_equal(errno, ENOSPC);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused_ones_are_closed), T(sorted_and_found), T(ranges), T(errno_is_a_status),
		T(full),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
