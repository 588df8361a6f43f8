/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/ring.c: what a ring refuses once it is enabled, whoever asks; and that older kernels,
 * which do not know all that it wants, give one that works.
 */
#include "config.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/kernels.h"
#include "worker/ring.h"

#define OPS		64	/* more than this kernel has */
#define REGISTER_OPS	64

static struct ring ring;
static int event, file;
static bool permitted;

static const struct ring_params params = { .entries = 8, .cq_entries = 16, .files = 4,
	.workers = 1 };

/* ---- one entry ---- */

static int
enter(struct io_uring_sqe what)
{
	struct io_uring_sqe *sqe = ring_sqe(&ring);
	const struct io_uring_cqe *cqe;
	int result;

	assert_non_null(sqe);
	*sqe = what;
	do
		assert_int_equal(ring_enter(&ring), 0);
	while ((cqe = ring_cqe(&ring)) == NULL);
	result = cqe->res;
	ring_seen(&ring);
	return (result);
}

static struct io_uring_sqe
read_of(unsigned slot)
{
	static char buf[16];

	return ((struct io_uring_sqe){ .opcode = IORING_OP_READ, .flags = IOSQE_FIXED_FILE,
	    .fd = (int)slot, .addr = (uintptr_t)buf, .len = sizeof(buf) });
}

static bool
is_ours(unsigned op)
{
	return (op == IORING_OP_READ || op == IORING_OP_WRITE || op == IORING_OP_FSYNC ||
	    op == IORING_OP_FALLOCATE);
}

/* ---- restrictions ---- */

static void
test_operations(void **state)
{
	(void)state;
	need_kernel(permitted);
	for (unsigned op = 0; op < OPS; op++) {
		struct io_uring_sqe sqe = read_of(1);
		int result;

		sqe.opcode = (uint8_t)op;
		if (is_ours(op))
			continue;
		result = enter(sqe);
		if (result != -EACCES && (op < IORING_OP_LAST || result != -EINVAL))
			fail_msg("operation %u: %d", op, result);
	}
	assert_int_equal(enter(read_of(1)), 16);
}

static void
test_only_registered_files(void **state)
{
	struct io_uring_sqe sqe = read_of(1);

	(void)state;
	need_kernel(permitted);
	sqe.fd = file;
	sqe.flags = 0;
	assert_int_equal(enter(sqe), -EACCES);
	assert_int_equal(enter(read_of(2)), -EBADF);	/* nothing in it */
	assert_int_equal(enter(read_of(4)), -EBADF);	/* no such slot */
	assert_int_equal(enter(read_of(UINT32_MAX)), -EBADF);
}

static void
test_no_other_flag(void **state)
{
	(void)state;
	need_kernel(permitted);
	for (unsigned bit = 0; bit < 8; bit++) {
		struct io_uring_sqe sqe = read_of(1);

		sqe.flags |= (uint8_t)(1u << bit);
		if (bit != IOSQE_FIXED_FILE_BIT && enter(sqe) >= 0)
			fail_msg("flag %u is not refused", bit);
	}
}

static void
test_no_other_identity(void **state)
{
	struct io_uring_sqe sqe = read_of(1);

	(void)state;
	need_kernel(permitted);
	sqe.personality = 1;
	assert_int_equal(enter(sqe), -EINVAL);
}

static void
test_registering(void **state)
{
	unsigned handle = ring.registered ? ring.index : (unsigned)ring.fd;
	unsigned how = ring.registered ? USE_REGISTERED_RING : 0;
	uint64_t arg[64] = { 0 };

	(void)state;
	need_kernel(permitted);
	for (unsigned op = 0; op < REGISTER_OPS; op++) {
		if (op == IORING_REGISTER_FILES_UPDATE || op == IORING_UNREGISTER_RING_FDS)
			continue;
		if (syscall(SYS_io_uring_register, handle, op | how, arg, 1) != -1)
			fail_msg("registering %u is not refused", op);
		assert_true(errno == EACCES || errno == EINVAL);
	}
	assert_int_equal(enter(read_of(1)), 16);
}

/* ---- files ---- */

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return (n);
}

static void
test_files(void **state)
{
	int fd, before;

	(void)state;
	need_kernel(permitted);
	before = descriptors();
	assert_true((fd = dup(file)) != -1);
	assert_int_equal(ring_file_set(&ring, 3, fd), 0);
	close(fd);
	assert_int_equal(descriptors(), before);
	assert_int_equal(enter(read_of(3)), 16);
	assert_int_equal(ring_file_set(&ring, 3, -1), 0);
	assert_int_equal(enter(read_of(3)), -EBADF);
	assert_int_equal(ring_file_set(&ring, 3, fd), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(ring_file_set(&ring, 4, file), -1);
}

/* ---- queues ---- */

static void
test_full(void **state)
{
	unsigned n;

	(void)state;
	need_kernel(permitted);
	for (n = 0; n < ring.entries; n++)
		*ring_sqe(&ring) = read_of(1);
	assert_null(ring_sqe(&ring));
	assert_int_equal(ring_unsubmitted(&ring), 8);
	assert_int_equal(ring_enter(&ring), 0);
	assert_int_equal(ring_unsubmitted(&ring), 0);
	for (n = 0; n < 8; assert_int_equal(ring_enter(&ring), 0))
		for (; ring_cqe(&ring) != NULL; n++)
			ring_seen(&ring);
	assert_int_equal(n, 8);
	assert_false(ring_has_news(&ring));
}

static void
test_loud(void **state)
{
	uint64_t n;

	(void)state;
	need_kernel(permitted);
	if (!ring.quiet_allowed)
		skip();
	assert_int_equal(enter(read_of(1)), 16);
	assert_int_equal(read(event, &n, sizeof(n)), -1);
	ring_set_loud(&ring, true);
	assert_int_equal(enter(read_of(1)), 16);
	assert_int_equal(read(event, &n, sizeof(n)), sizeof(n));
}

/* ---- kernels ---- */

static int
setup_on(enum kernel which)
{
	struct ring_params p = params;

	kernel = which;
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	file = memfd_create("ring", MFD_CLOEXEC);
	assert_int_equal(ftruncate(file, 4096), 0);
	p.eventfd = event;
	permitted = !under_valgrind() && ring_open(&ring, &p) == 0;
	if (!permitted)
		print_message("# io_uring: %s\n", strerror(errno));
	return (permitted ? ring_file_set(&ring, 1, file) : 0);
}

static int
setup(void **state)
{
	(void)state;
	return (setup_on(KERNEL_OURS));
}

static int
setup_6_1(void **state)
{
	(void)state;
	return (setup_on(KERNEL_6_1));
}

static int
setup_5_10(void **state)
{
	(void)state;
	return (setup_on(KERNEL_5_10));
}

static int
teardown(void **state)
{
	(void)state;
	ring_close(&ring);
	close(event);
	close(file);
	kernel = KERNEL_OURS;
	return (0);
}

static void
test_refused(void **state)
{
	static const enum kernel those[] = { KERNEL_FORBIDS, KERNEL_ANCIENT, KERNEL_RESTRICTS_NOTHING };
	static const int why[] = { EPERM, ENOSYS, EINVAL };
	struct ring_params p = params;
	struct ring other;
	int before = descriptors();

	(void)state;
	need_kernel(permitted);
	p.eventfd = event;
	for (size_t i = 0; i < ARRAY_LEN(those); i++) {
		kernel = those[i];
		assert_int_equal(ring_open(&other, &p), -1);
		assert_int_equal(errno, why[i]);
		ring_close(&other);
		assert_int_equal(descriptors(), before);
	}
}

/* A thread has few places for rings: none is lost. */
static void
test_again_and_again(void **state)
{
	struct ring_params p = params;
	struct ring other;

	(void)state;
	need_kernel(permitted);
	p.eventfd = event;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(ring_open(&other, &p), 0);
		assert_int_equal(other.registered, ring.registered);
		ring_close(&other);
	}
}

#define ON_EACH(test) \
	{ "newest: " #test, (test), setup, teardown, NULL }, \
	{ "as 6.1: " #test, (test), setup_6_1, teardown, NULL }, \
	{ "as 5.10: " #test, (test), setup_5_10, teardown, NULL }

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_EACH(test_operations),
		ON_EACH(test_only_registered_files),
		ON_EACH(test_no_other_flag),
		ON_EACH(test_no_other_identity),
		ON_EACH(test_registering),
		ON_EACH(test_files),
		ON_EACH(test_full),
		ON_EACH(test_loud),
		ON_EACH(test_refused),
		ON_EACH(test_again_and_again),
	};

	return (cmocka_run_group_tests_name("ring", tests, NULL, NULL));
}
