/* SPDX-License-Identifier: BSD-2-Clause */
/* Namespaces that change under commands: what began before is finished, then it is answered. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

static const struct cmd write_last = { .opc = NVME_NVM_WRITE, .nsid = NS_512,
	.cdw10 = (1 << 20) - 1, .sgl_len = 512 };
static const struct cmd write_next = { .opc = NVME_NVM_WRITE, .nsid = NS_512, .cdw10 = 1 << 20,
	.sgl_len = 512 };
static const uint8_t block[512];

static struct ipc_ns
row_of(uint32_t nsid, uint64_t fence)
{
	struct ipc_ns id = ns_find(fake.lane.ns, nsid)->id;

	id.fence = fence;
	return (id);
}

static void
expect_write(int fd, uint64_t lba)
{
	fake_disk_expect(&(struct fake_op){ ENG_WRITE, fd, lba * 512, 512, 0, 0 });
}

static void
grows(void **state)
{
	struct ipc_ns id = row_of(NS_512, 7);
	int fd = fake_ns_fd(NS_512);
	struct slot *s;

	(void)state;
	assert_int_equal(fake_nvm_status(&write_next, block), DNR(NVME_SC_LBA_OUT_OF_RANGE));
	id.nlbas++;
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_int_equal(fake.nfenced, 1);	/* nobody was in the way */
	assert_int_equal(fake.fused_version, fake.lane.ns->version);
	assert_int_equal(fake.fused_fenced, 0);	/* ... and knew of it before */
	assert_int_equal(fake.fenced[0], 7);
	expect_write(fd, 1 << 20);
	s = fake_nvm(&write_next, block);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	assert_int_equal(fake_ns_fd(NS_512), fd);
}

static void
waits_for_what_began(void **state)
{
	struct ipc_ns id = row_of(NS_512, 8);
	int fd = fake_ns_fd(NS_512);
	struct slot *before, *after;

	(void)state;
	expect_write(fd, (1 << 20) - 1);
	before = fake_nvm(&write_last, block);
	id.readonly = 1;
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_int_equal(fake.nfenced, 0);
	/* what begins now sees the new row, and is not waited for */
	assert_int_equal(fake_nvm_status(&write_last, block), DNR(NVME_SC_NS_WRITE_PROTECTED));
	id.readonly = 0;
	id.fence = 9;
	assert_int_equal(ns_change(fake.c, &id), 0);
	/* the row between had no commands; but what began before that is still there */
	assert_int_equal(fake.nfenced, 0);
	expect_write(fd, (1 << 20) - 1);
	after = fake_nvm(&write_last, block);
	fake_disk_run();
	assert_int_equal(fake.nfenced, 2);
	assert_int_equal(fake.fenced[0], 8);
	assert_int_equal(fake.fenced[1], 9);
	fake_release(before);
	fake_release(after);
}

/* What was written before may still be in a cache: a Flush that does nothing would be a lie. */
static void
read_only_is_flushed(void **state)
{
	const struct cmd flush = { .opc = NVME_NVM_FLUSH, .nsid = NS_512 };
	struct ipc_ns id = row_of(NS_512, 12);
	struct slot *s;

	(void)state;
	id.readonly = 1;
	for (unsigned twice = 0; twice < 2; twice++) {
		assert_int_equal(ns_change(fake.c, &id), 0);
		fake_disk_expect(&(struct fake_op){ ENG_FLUSH, fake_ns_fd(NS_512), 0, 0, 0, 0 });
		s = fake_nvm(&flush, NULL);
		fake_disk_run();
		assert_int_equal(fake_status(s), 0);
		fake_release(s);
	}
}

static void
goes(void **state)
{
	struct ipc_ns_gone gone = { .fence = 10, .nsid = NS_512 };
	int fd = fake_ns_fd(NS_512);
	unsigned file = ns_find(fake.lane.ns, NS_512)->file;
	struct slot *s;

	(void)state;
	expect_write(fd, (1 << 20) - 1);
	s = fake_nvm(&write_last, block);
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	assert_null(ns_find(fake.lane.ns, NS_512));
	assert_int_equal(fake_nvm_status(&write_last, block), DNR(NVME_SC_INVALID_FIELD));
	/* another broker, which does not know, says so again: that waits for the same commands */
	gone.fence = 11;
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	assert_int_equal(fake.nfenced, 0);
	assert_int_equal(fake_disk_fd(file), fd);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake.fenced[0], 10);
	assert_int_equal(fake.fenced[1], 11);
	assert_int_equal(fake_disk_fd(file), -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);	/* nobody here has it any more */
	fake_release(s);
	gone.fence = 12;
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	assert_int_equal(fake.nfenced, 3);
}

static void
what_is_not_there_does_not_change(void **state)
{
	struct ipc_ns id = row_of(NS_512, 13);

	(void)state;
	id.nsid = NS_NONE;
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_null(ns_find(fake.lane.ns, NS_NONE));
	assert_int_equal(fake.nfenced, 1);
	assert_int_equal(fake.fenced[0], 13);
}

static void
is_replaced(void **state)
{
	struct ipc_ns id = row_of(NS_512, 11);
	int old = fake_ns_fd(NS_512), new = open("/dev/null", O_RDWR);
	struct slot *a, *b;

	(void)state;
	expect_write(old, (1 << 20) - 1);
	a = fake_nvm(&write_last, block);
	assert_int_equal(ns_add(fake.c, &id, new), 0);
	assert_int_equal(fake.nfenced, 0);
	assert_int_equal(fake.lane.ns->n, 3);
	expect_write(new, (1 << 20) - 1);
	b = fake_nvm(&write_last, block);
	fake_disk_run();
	assert_int_equal(fake.fenced[0], 11);
	assert_int_equal(fcntl(old, F_GETFD), -1);
	assert_int_equal(fake_ns_fd(NS_512), new);
	fake_release(a);
	fake_release(b);
}

/* An answer that is sent from a RAM disk's memory: the change is over, the memory is not. */
static void
memory_stays(void **state)
{
	struct ipc_ns_gone gone = { .fence = 12, .nsid = NS_512 };
	int fd = fake_ns_fd(NS_512);
	struct ns *ns = ns_find(fake.lane.ns, NS_512);

	(void)state;
	ns_pin(&fake.lane, ns);
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	ns_pin_memory(&fake.lane, ns);
	ns_unpin(&fake.lane, ns);
	assert_int_equal(fake.fenced[0], 12);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	ns_unpin_memory(&fake.lane, ns);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(fake.nfenced, 1);
}

/* Slots of the engine are used again, however often something comes and goes. */
static void
again_and_again(void **state)
{
	struct ipc_ns id = row_of(NS_512, 0);
	struct ipc_ns_gone gone = { .nsid = 100 };

	(void)state;
	id.nsid = 100;
	for (unsigned i = 0; i < 3 * ENGINE_FILES; i++) {
		assert_int_equal(ns_add(fake.c, &id, open("/dev/null", O_RDONLY)), 0);
		assert_int_equal(ns_add(fake.c, &id, open("/dev/null", O_RDONLY)), 0);
		assert_int_equal(ns_gone(fake.c, &gone), 0);
	}
	assert_int_equal(fake.nfenced, 0);	/* 0: nobody asks */
	assert_int_equal(fake.lane.ns->n, 3);
}

static void
impossible_changes(void **state)
{
	struct ipc_ns rows[] = { row_of(NS_512, 1), row_of(NS_512, 1) };

	(void)state;
	rows[0].block_size = 4096;
	rows[1].nlbas = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(ns_change(fake.c, &rows[i]), -1);
		assert_int_equal(errno, EINVAL);
	}
	assert_int_equal(fake.nfenced, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(grows), T(waits_for_what_began), T(read_only_is_flushed), T(goes), T(is_replaced), T(memory_stays),
		T(again_and_again), T(what_is_not_there_does_not_change), T(impossible_changes),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
