/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/pool.c.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "worker/pool.h"

#define KIB	1024u
#define MIB	(1024u * KIB)

static void
test_sizes(void **state)
{
	struct pool *pool;

	(void)state;
	assert_null(pool_new(64 * KIB, 128 * KIB));
	assert_int_equal(errno, EINVAL);
	assert_null(pool_new(SIZE_MAX, 128 * KIB));
	assert_null(pool_new(MIB, SIZE_MAX));
	assert_int_equal(errno, EINVAL);
	pool = pool_new(200 * KIB, 60 * KIB);
	assert_non_null(pool);
	assert_int_equal(pool_largest(pool), 64 * KIB);
	assert_null(pool_get(pool, 64 * KIB + 1));
	assert_null(pool_get(pool, SIZE_MAX));
	assert_int_equal(pool_used(pool), 0);
	pool_put(pool, NULL);
	pool_free(pool);
	pool_free(NULL);
}

/* 200 KiB are three of 64 KiB; not a byte more. */
static void
test_exhaustion(void **state)
{
	struct pool *pool = pool_new(200 * KIB, 64 * KIB);
	void *buf[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		buf[i] = pool_get(pool, 33 * KIB);
		assert_non_null(buf[i]);
		assert_int_equal((uintptr_t)buf[i] % POOL_SMALLEST, 0);
		memset(buf[i], i, 33 * KIB);
	}
	assert_int_equal(pool_used(pool), 192 * KIB);
	assert_null(pool_get(pool, 1));
	pool_put(pool, buf[1]);
	assert_int_equal(pool_used(pool), 128 * KIB);
	assert_ptr_equal(pool_get(pool, 64 * KIB), buf[1]);
	pool_free(pool);
}

/* All the smallest, given back in an awkward order, are one largest again. */
static void
test_merge(void **state)
{
	struct pool *pool = pool_new(256 * KIB, 256 * KIB);
	void *buf[64];
	unsigned i;

	(void)state;
	for (i = 0; i < 64; i++)
		assert_non_null(buf[i] = pool_get(pool, i * 64));
	assert_null(pool_get(pool, 1));
	for (i = 0; i < 63; i++) {
		pool_put(pool, buf[(i * 37 + 5) % 64]);
		assert_null(pool_get(pool, 256 * KIB));
	}
	pool_put(pool, buf[(63 * 37 + 5) % 64]);
	assert_int_equal(pool_used(pool), 0);
	assert_non_null(pool_get(pool, 256 * KIB));
	pool_free(pool);
}

/* Few buffers in flight, few pages: the same low ones come again. */
static void
test_low_first(void **state)
{
	struct pool *pool = pool_new(4 * MIB, MIB);
	void *first = pool_get(pool, 4 * KIB), *second = pool_get(pool, 4 * KIB);
	int i;

	(void)state;
	assert_ptr_equal(second, (char *)first + 4 * KIB);
	for (i = 0; i < 10; i++) {
		pool_put(pool, first);
		assert_ptr_equal(pool_get(pool, 1), first);
	}
	pool_free(pool);
}

#define LIVE 48u

struct piece {
	uint8_t *buf;
	size_t len;
	uint8_t tag;
};

/* A piece is filled with its tag: another piece in the same place would have changed it. */
static void
check_and_put(struct pool *pool, struct piece *piece)
{
	size_t i;

	if (piece->buf == NULL)
		return;
	for (i = 0; i < piece->len; i += 509)
		assert_int_equal(piece->buf[i], piece->tag);
	assert_int_equal(piece->buf[piece->len - 1], piece->tag);
	pool_put(pool, piece->buf);
	piece->buf = NULL;
}

static size_t
whole(const struct piece *pieces)
{
	size_t sum = 0, block;
	unsigned i;

	for (i = 0; i < LIVE; i++) {
		if (pieces[i].buf == NULL)
			continue;
		for (block = POOL_SMALLEST; block < pieces[i].len; block *= 2)
			continue;
		sum += block;
	}
	return (sum);
}

static void
test_random(void **state)
{
	struct pool *pool = pool_new(MIB, 128 * KIB);
	struct piece pieces[LIVE] = { { NULL, 0, 0 } }, *piece;
	unsigned round, i, refused = 0;

	(void)state;
	srandom(4420);
	for (round = 0; round < 20000; round++) {
		piece = &pieces[(unsigned)random() % LIVE];
		check_and_put(pool, piece);
		piece->len = 1 + (size_t)random() % (128 * KIB >> random() % 6);
		piece->tag = (uint8_t)round;
		if ((piece->buf = pool_get(pool, piece->len)) != NULL)
			memset(piece->buf, piece->tag, piece->len);
		else
			refused++;
		assert_int_equal(pool_used(pool), whole(pieces));
		if (round % 1000 == 0)
			pool_trim(pool);
	}
	assert_true(refused > 100 && refused < 19900);
	for (i = 0; i < LIVE; i++)
		check_and_put(pool, &pieces[i]);
	for (i = 0; i < 8; i++)
		assert_non_null(pool_get(pool, 128 * KIB));
	pool_free(pool);
}

/* What nobody has is given back (and reads as zeros), what somebody has is left alone. */
static void
test_trim(void **state)
{
	struct pool *pool = pool_new(512 * KIB, 256 * KIB);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i;
	uint8_t *buf[8];

	(void)state;
	for (i = 0; i < 8; i++)
		memset(buf[i] = pool_get(pool, 64 * KIB), 0xa5, 64 * KIB);
	for (i = 0; i < 8; i += 2)
		pool_put(pool, buf[i]);
	pool_trim(pool);
	assert_int_equal(pool_used(pool), 256 * KIB);
	for (i = 0; i < 8; i += 2)
		assert_ptr_equal(pool_get(pool, 64 * KIB), buf[i]);
	for (i = 0; i < 8; i++) {
		assert_int_equal(buf[i][0], i % 2 == 0 ? 0 : 0xa5);
		assert_int_equal(buf[i][page], i % 2 == 0 ? 0 : 0xa5);
		assert_int_equal(buf[i][64 * KIB - 1], i % 2 == 0 ? 0 : 0xa5);
	}
	pool_free(pool);
}

/* misuse() ends its process by abort(). */
static void
assert_aborts(void (*misuse)(struct pool *))
{
	struct pool *pool = pool_new(MIB, 64 * KIB);
	struct rlimit none = { 0, 0 };
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)close(2);
		misuse(pool);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	pool_free(pool);
}

static void
put_twice(struct pool *pool)
{
	void *buf = pool_get(pool, 1);

	(void)pool_get(pool, 1);
	pool_put(pool, buf);
	pool_put(pool, buf);
}

static void
put_inside(struct pool *pool)
{
	pool_put(pool, (char *)pool_get(pool, 64 * KIB) + POOL_SMALLEST);
}

static void
put_unaligned(struct pool *pool)
{
	pool_put(pool, (char *)pool_get(pool, 64 * KIB) + 8);
}

static void
put_stranger(struct pool *pool)
{
	static char stranger[POOL_SMALLEST];

	pool_put(pool, stranger);
}

static void
test_misuse(void **state)
{
	(void)state;
	assert_aborts(put_twice);
	assert_aborts(put_inside);
	assert_aborts(put_unaligned);
	assert_aborts(put_stranger);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_low_first),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_misuse),
	};

	return (cmocka_run_group_tests_name("pool", tests, NULL, NULL));
}
