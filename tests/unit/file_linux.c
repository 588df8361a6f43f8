/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/file_linux.c: the flags that each operation uses, which are those that a worker's filter
 * lets pass, and what becomes of the blocks of a file. The calls are made; a wrapper notes them.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "worker/engine_impl.h"

#define SIZE	(1u << 20)
#define HALF	(SIZE / 2)

static int read_flags, write_flags, fallocate_mode, syncs, nowait_errno;
static char buffer[SIZE];

ssize_t	__real_preadv2(int, const struct iovec *, int, off_t, int);
ssize_t	__wrap_preadv2(int, const struct iovec *, int, off_t, int);
ssize_t	__real_pwritev2(int, const struct iovec *, int, off_t, int);
ssize_t	__wrap_pwritev2(int, const struct iovec *, int, off_t, int);
int	__real_fallocate(int, int, off_t, off_t);
int	__wrap_fallocate(int, int, off_t, off_t);
int	__real_fdatasync(int);
int	__wrap_fdatasync(int);

ssize_t
__wrap_preadv2(int fd, const struct iovec *iov, int n, off_t at, int flags)
{
	read_flags = flags;
	if (flags == RWF_NOWAIT && nowait_errno != 0) {
		errno = nowait_errno;
		return (-1);
	}
	return (__real_preadv2(fd, iov, n, at, flags));
}

ssize_t
__wrap_pwritev2(int fd, const struct iovec *iov, int n, off_t at, int flags)
{
	write_flags = flags;
	return (__real_pwritev2(fd, iov, n, at, flags));
}

int
__wrap_fallocate(int fd, int mode, off_t at, off_t len)
{
	fallocate_mode = mode;
	return (__real_fallocate(fd, mode, at, len));
}

int
__wrap_fdatasync(int fd)
{
	syncs++;
	return (__real_fdatasync(fd));
}

/* 1 MiB of 'x' in a file without a name, in the build directory: a real file system. */
static int
temp_file(void)
{
	char path[] = "./file_linux.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd != -1);
	unlink(path);
	memset(buffer, 'x', SIZE);
	assert_int_equal(write(fd, buffer, SIZE), SIZE);
	assert_int_equal(fsync(fd), 0);
	return (fd);
}

static struct eng_op
run(int fd, enum eng_verb verb, struct eng_op op)
{
	read_flags = write_flags = fallocate_mode = -1;
	syncs = 0;
	op.verb = verb;
	op.fd = fd;
	op.buf = buffer;
	file_do(&op);
	return (op);
}

static blkcnt_t
blocks(int fd)
{
	struct stat st;

	assert_int_equal(fsync(fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	return (st.st_blocks);
}

/* The second quarter is zero, its neighbours are not. */
static void
check_contents(int fd)
{
	char *all = malloc(SIZE);
	size_t i;

	assert_non_null(all);
	assert_int_equal(pread(fd, all, SIZE, 0), SIZE);
	for (i = 0; i < SIZE; i++)
		assert_int_equal(all[i], i >= SIZE / 4 && i < HALF ? 0 : 'x');
	free(all);
}

static const struct eng_op second_quarter = { .offset = SIZE / 4, .len = SIZE / 4 };

static void
test_flags(void **state)
{
	struct eng_op op = { .len = 4096 };
	int fd = temp_file();

	(void)state;
	assert_int_equal(run(fd, ENG_READ, op).error, 0);
	assert_int_equal(read_flags, 0);
	assert_int_equal(run(fd, ENG_WRITE, op).error, 0);
	assert_int_equal(write_flags, 0);
	op.fua = true;
	assert_int_equal(run(fd, ENG_WRITE, op).error, 0);
	assert_int_equal(write_flags, RWF_DSYNC);
	assert_int_equal(syncs, 0);
	assert_int_equal(run(fd, ENG_ZERO, op).error, 0);
	assert_int_equal(write_flags, 0);
	assert_int_equal(syncs, 1);
	op.fua = false;
	assert_int_equal(run(fd, ENG_ZERO, op).error, 0);
	assert_int_equal(syncs, 0);
	assert_int_equal(run(fd, ENG_FLUSH, op).error, 0);
	assert_int_equal(syncs, 1);
	close(fd);
}

static void
test_nowait(void **state)
{
	struct eng_op op = { .verb = ENG_READ, .len = SIZE, .buf = buffer };
	int fd = memfd_create("file_linux", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, SIZE), 0);
	op.fd = fd;
	for (nowait_errno = EAGAIN; nowait_errno != 0;
	    nowait_errno = nowait_errno == EAGAIN ? EOPNOTSUPP : 0) {
		assert_false(file_try(&op));
		assert_int_equal(read_flags, RWF_NOWAIT);
		assert_int_equal(op.moved, 0);
	}
	close(fd);
}

/* Written a moment ago, so in the page cache; only a file system without RWF_NOWAIT says no. */
static void
test_nowait_hit(void **state)
{
	struct eng_op op = { .verb = ENG_READ, .len = SIZE, .buf = buffer };
	struct iovec iov = { buffer, 512 };

	(void)state;
	op.fd = temp_file();
	if (__real_preadv2(op.fd, &iov, 1, 0, RWF_NOWAIT) == -1 && errno == EOPNOTSUPP) {
		close(op.fd);
		skip();
	}
	memset(buffer, 0, SIZE);
	assert_true(file_try(&op));
	assert_int_equal(buffer[SIZE - 1], 'x');
	close(op.fd);
}

static void
test_zero_written(void **state)
{
	int fd = temp_file();

	(void)state;
	assert_int_equal(run(fd, ENG_ZERO, second_quarter).error, 0);
	assert_int_equal(fallocate_mode, -1);
	check_contents(fd);
	close(fd);
}

/* False when the file system of the build directory cannot do it. */
static bool
can(int fd, int mode)
{
	return (__real_fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, SIZE / 4, SIZE / 4) == 0);
}

static void
test_zero_range(void **state)
{
	struct eng_op op = second_quarter;
	int probe = temp_file(), fd = temp_file();
	blkcnt_t before = blocks(fd);

	(void)state;
	op.zero_range = op.hole = true;
	assert_int_equal(run(fd, ENG_ZERO, op).error, 0);
	assert_int_equal(fallocate_mode, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE);
	check_contents(fd);
	assert_int_equal(write_flags, can(probe, FALLOC_FL_ZERO_RANGE) ? -1 : 0);
	/* Still allocated: a later write cannot fail for want of space. */
	assert_true(blocks(fd) >= before);
	close(fd);
	close(probe);
}

static void
check_hole(enum eng_verb verb)
{
	struct eng_op op = second_quarter;
	int fd = temp_file(), probe = temp_file();
	blkcnt_t before = blocks(fd);

	op.hole = op.may_unmap = true;
	if (!can(probe, FALLOC_FL_PUNCH_HOLE)) {
		close(fd);
		close(probe);
		skip();
	}
	assert_int_equal(run(fd, verb, op).error, 0);
	assert_int_equal(fallocate_mode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	assert_int_equal(write_flags, -1);
	check_contents(fd);
	assert_true(blocks(fd) <= before - (blkcnt_t)(SIZE / 4 / 512));
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), SIZE / 4);
	assert_int_equal(lseek(fd, SIZE / 4, SEEK_DATA), HALF);
	close(fd);
	close(probe);
}

static void
test_zero_hole(void **state)
{
	(void)state;
	check_hole(ENG_ZERO);
}

static void
test_discard_hole(void **state)
{
	(void)state;
	check_hole(ENG_DISCARD);
}

static void
test_discard_nothing(void **state)
{
	int fd = temp_file();

	(void)state;
	assert_int_equal(run(fd, ENG_DISCARD, second_quarter).error, 0);
	assert_int_equal(fallocate_mode, -1);
	assert_int_equal(pread(fd, buffer, 1, SIZE / 4), 1);
	assert_int_equal(buffer[0], 'x');
	close(fd);
}

/* tmpfs has no ZERO_RANGE, even if somebody said so: zeros are written. */
static void
test_memfd(void **state)
{
	struct eng_op op = second_quarter;
	int fd = memfd_create("file_linux", MFD_CLOEXEC);

	(void)state;
	memset(buffer, 'x', SIZE);
	assert_int_equal(write(fd, buffer, SIZE), SIZE);
	op.zero_range = true;
	assert_int_equal(run(fd, ENG_ZERO, op).error, 0);
	check_contents(fd);
	op.hole = true;
	assert_int_equal(run(fd, ENG_DISCARD, op).error, 0);
	check_contents(fd);
	assert_int_equal(blocks(fd), SIZE / 4 * 3 / 512);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_nowait),
		cmocka_unit_test(test_nowait_hit),
		cmocka_unit_test(test_zero_written),
		cmocka_unit_test(test_zero_range),
		cmocka_unit_test(test_zero_hole),
		cmocka_unit_test(test_discard_hole),
		cmocka_unit_test(test_discard_nothing),
		cmocka_unit_test(test_memfd),
	};

	return (cmocka_run_group_tests_name("file_linux", tests, NULL, NULL));
}
