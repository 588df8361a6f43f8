/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/file.c over system calls that answer from a script: every call must be the next one of the
 * script, and none may be left. Lengths and offsets are in bytes.
 */
#include "config.h"

#include <errno.h>

#include "tests/unit/unit.h"
#include "worker/engine_impl.h"

#define FD	77
#define KIB	1024
#define SLICE	(128 * KIB)

enum call { END, READ, WRITE, SYNC, ZERO_RANGE, PUNCH_HOLE };
enum { PLAIN, NOW, DURABLE = NOW };

struct step {
	enum call call;
	uint64_t at, len;
	int flag;		/* NOW, DURABLE */
	long answer;		/* bytes, or an errno made negative */
};

static const struct step *script;
static char buffer[64 * KIB];
static int transfer_iovs_are_zero;

static long
next(enum call call, uint64_t at, uint64_t len, int flag)
{
	const struct step *step = script++;

	assert_int_equal(call, step->call);
	assert_int_equal(at, step->at);
	assert_int_equal(len, step->len);
	assert_int_equal(flag, step->flag);
	if (step->answer >= 0)
		return (step->answer);
	errno = (int)-step->answer;
	return (-1);
}

static void
all_zero(const struct iovec *iov)
{
	const unsigned char *p = iov->iov_base;
	size_t i;

	for (i = 0; i < iov->iov_len; i++)
		assert_int_equal(p[i], 0);
}

static size_t
length(int fd, const struct iovec *iov, int n, off_t at)
{
	size_t len = 0;
	int i;

	assert_int_equal(fd, FD);
	for (i = 0; i < n; i++) {
		len += iov[i].iov_len;
		if (transfer_iovs_are_zero)
			all_zero(&iov[i]);
		else
			assert_ptr_equal(iov[i].iov_base, buffer + (at - 4096));
	}
	return (len);
}

ssize_t
file_sys_read(int fd, const struct iovec *iov, int n, off_t at, bool now)
{
	return (next(READ, (uint64_t)at, length(fd, iov, n, at), now));
}

ssize_t
file_sys_write(int fd, const struct iovec *iov, int n, off_t at, bool durable)
{
	return (next(WRITE, (uint64_t)at, length(fd, iov, n, at), durable));
}

int
file_sys_sync(int fd)
{
	assert_int_equal(fd, FD);
	return ((int)next(SYNC, 0, 0, 0));
}

int
file_sys_zero_range(int fd, off_t at, off_t len)
{
	assert_int_equal(fd, FD);
	return ((int)next(ZERO_RANGE, (uint64_t)at, (uint64_t)len, 0));
}

int
file_sys_punch_hole(int fd, off_t at, off_t len)
{
	assert_int_equal(fd, FD);
	return ((int)next(PUNCH_HOLE, (uint64_t)at, (uint64_t)len, 0));
}

static struct eng_op
op_of(enum eng_verb verb, uint64_t len)
{
	transfer_iovs_are_zero = verb == ENG_ZERO;
	return ((struct eng_op){ .verb = verb, .fd = FD, .buf = buffer, .offset = 4096,
	    .len = len, .error = -1 });
}

static void
check(struct eng_op op, const struct step *steps, int error)
{
	script = steps;
	file_do(&op);
	assert_int_equal(op.error, error);
	assert_int_equal(script->call, END);
}

#define CHECK(op, error, ...) \
	check(op, (const struct step[]){ __VA_ARGS__ { END, 0, 0, 0, 0 } }, error)

static void
test_whole(void **state)
{
	struct eng_op fua = op_of(ENG_WRITE, 8192);

	(void)state;
	fua.fua = true;
	CHECK(op_of(ENG_READ, 8192), 0, { READ, 4096, 8192, PLAIN, 8192 },);
	CHECK(op_of(ENG_WRITE, 8192), 0, { WRITE, 4096, 8192, PLAIN, 8192 },);
	CHECK(fua, 0, { WRITE, 4096, 8192, DURABLE, 8192 },);
	CHECK(op_of(ENG_FLUSH, 0), 0, { SYNC, 0, 0, 0, 0 },);
}

static void
test_short(void **state)
{
	(void)state;
	CHECK(op_of(ENG_READ, 8192), 0, { READ, 4096, 8192, PLAIN, 512 },
	    { READ, 4608, 7680, PLAIN, 7679 }, { READ, 12287, 1, PLAIN, 1 },);
	CHECK(op_of(ENG_WRITE, 8192), 0, { WRITE, 4096, 8192, PLAIN, 4096 },
	    { WRITE, 8192, 4096, PLAIN, -EINTR }, { WRITE, 8192, 4096, PLAIN, 4096 },);
	CHECK(op_of(ENG_READ, 8192), EIO, { READ, 4096, 8192, PLAIN, 4096 },
	    { READ, 8192, 4096, PLAIN, 0 },);
	CHECK(op_of(ENG_WRITE, 8192), EIO, { WRITE, 4096, 8192, PLAIN, 0 },);
	CHECK(op_of(ENG_WRITE, 8192), ENOSPC, { WRITE, 4096, 8192, PLAIN, 4096 },
	    { WRITE, 8192, 4096, PLAIN, -ENOSPC },);
}

static void
test_interrupted(void **state)
{
	struct eng_op discard = op_of(ENG_DISCARD, 4096);

	(void)state;
	discard.hole = true;
	CHECK(op_of(ENG_READ, 512), 0, { READ, 4096, 512, PLAIN, -EINTR },
	    { READ, 4096, 512, PLAIN, -EINTR }, { READ, 4096, 512, PLAIN, 512 },);
	CHECK(op_of(ENG_FLUSH, 0), 0, { SYNC, 0, 0, 0, -EINTR }, { SYNC, 0, 0, 0, 0 },);
	CHECK(discard, 0, { PUNCH_HOLE, 4096, 4096, 0, -EINTR }, { PUNCH_HOLE, 4096, 4096, 0, 0 },);
}

/* What a flush reports is the last word on data that is lost: never tried again. */
static void
test_errors(void **state)
{
	(void)state;
	CHECK(op_of(ENG_READ, 512), EIO, { READ, 4096, 512, PLAIN, -EIO },);
	CHECK(op_of(ENG_READ, 512), EAGAIN, { READ, 4096, 512, PLAIN, -EAGAIN },);
	CHECK(op_of(ENG_WRITE, 512), EBADF, { WRITE, 4096, 512, PLAIN, -EBADF },);
	CHECK(op_of(ENG_FLUSH, 0), EIO, { SYNC, 0, 0, 0, -EIO },);
}

static void
test_zero(void **state)
{
	struct eng_op op = op_of(ENG_ZERO, 4096);

	(void)state;
	CHECK(op, 0, { WRITE, 4096, 4096, PLAIN, 4096 },);
	op.zero_range = true;
	CHECK(op, 0, { ZERO_RANGE, 4096, 4096, 0, 0 },);
	CHECK(op, EIO, { ZERO_RANGE, 4096, 4096, 0, -EIO },);
	CHECK(op, 0, { ZERO_RANGE, 4096, 4096, 0, -EOPNOTSUPP }, { WRITE, 4096, 4096, PLAIN, 4096 },);
	/* Deallocated only where the host permits it. */
	op.hole = true;
	CHECK(op, 0, { ZERO_RANGE, 4096, 4096, 0, 0 },);
	op.may_unmap = true;
	CHECK(op, 0, { PUNCH_HOLE, 4096, 4096, 0, 0 },);
	CHECK(op, 0, { PUNCH_HOLE, 4096, 4096, 0, -EOPNOTSUPP }, { ZERO_RANGE, 4096, 4096, 0, 0 },);
	CHECK(op, EIO, { PUNCH_HOLE, 4096, 4096, 0, -EIO },);
	op.zero_range = false;
	CHECK(op, 0, { PUNCH_HOLE, 4096, 4096, 0, -EOPNOTSUPP }, { WRITE, 4096, 4096, PLAIN, 4096 },);
}

static void
test_zero_slices(void **state)
{
	struct eng_op op = op_of(ENG_ZERO, 2 * SLICE + 20 * KIB + 512);

	(void)state;
	CHECK(op, 0, { WRITE, 4096, SLICE, PLAIN, SLICE },
	    { WRITE, 4096 + SLICE, SLICE, PLAIN, 512 },
	    { WRITE, 4608 + SLICE, SLICE, PLAIN, SLICE },
	    { WRITE, 4608 + 2 * SLICE, 20 * KIB, PLAIN, 20 * KIB },);
}

/* One flush behind all slices; none after an error. */
static void
test_zero_fua(void **state)
{
	struct eng_op op = op_of(ENG_ZERO, 2 * SLICE);

	(void)state;
	op.fua = true;
	CHECK(op, 0, { WRITE, 4096, SLICE, PLAIN, SLICE }, { WRITE, 4096 + SLICE, SLICE, PLAIN, SLICE },
	    { SYNC, 0, 0, 0, 0 },);
	CHECK(op, ENOSPC, { WRITE, 4096, SLICE, PLAIN, -ENOSPC },);
	op.zero_range = true;
	CHECK(op, EIO, { ZERO_RANGE, 4096, 2 * SLICE, 0, 0 }, { SYNC, 0, 0, 0, -EIO },);
}

static void
test_discard(void **state)
{
	struct eng_op op = op_of(ENG_DISCARD, 4096);

	(void)state;
	CHECK(op, 0, );
	op.hole = true;
	CHECK(op, 0, { PUNCH_HOLE, 4096, 4096, 0, 0 },);
	CHECK(op, 0, { PUNCH_HOLE, 4096, 4096, 0, -EOPNOTSUPP },);
	CHECK(op, EIO, { PUNCH_HOLE, 4096, 4096, 0, -EIO },);
}

/* Nothing to do is done without a call; an offset is never negative for the kernel. */
static void
test_ranges(void **state)
{
	static const struct { uint64_t offset, len; } impossible[] = {
		{ UINT64_MAX, 1 }, { UINT64_MAX - 511, 512 }, { INT64_MAX, 1 },
		{ 0, UINT64_MAX }, { 1, INT64_MAX },
	};
	struct eng_op op;
	size_t verb, i;

	(void)state;
	for (verb = 0; verb < ENG_VERB_MAX; verb++) {
		if (verb == ENG_FLUSH)
			continue;
		op = op_of((enum eng_verb)verb, 0);
		op.hole = op.zero_range = op.fua = true;
		CHECK(op, 0, );
		for (i = 0; i < ARRAY_LEN(impossible); i++) {
			op.offset = impossible[i].offset;
			op.len = impossible[i].len;
			CHECK(op, EINVAL, );
			assert_false(file_try(&op));
		}
	}
	op = op_of(ENG_FLUSH, 0);
	op.offset = op.len = UINT64_MAX;
	CHECK(op, 0, { SYNC, 0, 0, 0, 0 },);
}

static void
check_try(enum eng_verb verb, const struct step *steps, bool complete, uint64_t moved)
{
	struct eng_op op = op_of(verb, 8192);

	script = steps;
	assert_int_equal(file_try(&op), complete);
	assert_int_equal(op.moved, moved);
	if (complete)
		return;
	/* The thread goes on where the lane stopped. */
	op.error = -1;
	file_do(&op);
	assert_int_equal(op.error, 0);
	assert_int_equal(script->call, END);
}

#define CHECK_TRY(verb, complete, moved, ...) check_try(verb, \
	    (const struct step[]){ __VA_ARGS__ { END, 0, 0, 0, 0 } }, complete, moved)

static void
test_try(void **state)
{
	(void)state;
	CHECK_TRY(ENG_READ, true, 8192, { READ, 4096, 8192, NOW, 8192 },);
	CHECK_TRY(ENG_READ, true, 8192, { READ, 4096, 8192, NOW, 4096 },
	    { READ, 8192, 4096, NOW, 4096 },);
	CHECK_TRY(ENG_READ, false, 0, { READ, 4096, 8192, NOW, -EAGAIN },
	    { READ, 4096, 8192, PLAIN, 8192 },);
	CHECK_TRY(ENG_READ, false, 0, { READ, 4096, 8192, NOW, -EOPNOTSUPP },
	    { READ, 4096, 8192, PLAIN, 8192 },);
	CHECK_TRY(ENG_READ, false, 4096, { READ, 4096, 8192, NOW, 4096 },
	    { READ, 8192, 4096, NOW, -EAGAIN }, { READ, 8192, 4096, PLAIN, 4096 },);
	/* A thread will know better. */
	CHECK_TRY(ENG_READ, false, 0, { READ, 4096, 8192, NOW, 0 },
	    { READ, 4096, 8192, PLAIN, 8192 },);
	CHECK_TRY(ENG_WRITE, false, 0, { WRITE, 4096, 8192, PLAIN, 8192 },);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_zero_slices),
		cmocka_unit_test(test_zero_fua),
		cmocka_unit_test(test_discard),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_try),
	};

	return (cmocka_run_group_tests_name("file", tests, NULL, NULL));
}
