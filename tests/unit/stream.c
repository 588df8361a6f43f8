/* SPDX-License-Identifier: BSD-2-Clause */
/* worker/stream.c: it is memmove, whatever lies where; and when it says that it needs a fence. */
#include "config.h"

#include "tests/unit/unit.h"
#include "worker/stream.h"

enum { SIZE = 64 << 10 };

static uint8_t map[SIZE] __attribute__((aligned(4096))), like[SIZE], from[SIZE];

static void
begin(void)
{
	for (unsigned i = 0; i < SIZE; i++) {
		map[i] = like[i] = (uint8_t)(i * 7 >> 3);
		from[i] = (uint8_t)(i * 13 >> 2);
	}
}

static void
test_it_is_memmove(void **state)
{
	static const size_t offset[] = { 0, 1, 8, 64, 100, 4032, 4096 };
	static const size_t len[] = { 0, 1, 512, 4095, 4096, 4097, 4160, 8192, 32768 };

	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(offset); t++)
		for (size_t f = 0; f < ARRAY_LEN(offset); f++)
			for (size_t l = 0; l < ARRAY_LEN(len); l++) {
				begin();
				stream_copy(map + offset[t], from + offset[f], len[l]);
				stream_fence();
				memmove(like + offset[t], from + offset[f], len[l]);
				assert_memory_equal(map, like, SIZE);
			}
}

static void
test_within_one_map(void **state)
{
	static const struct { size_t to, from; } rows[] = {
		{ 0, 64 }, { 64, 0 }, { 4096, 0 }, { 0, 4096 }, { 4096, 4096 }, { 8192, 0 },
		{ 0, 8192 }, { 8128, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		stream_copy(map + rows[i].to, map + rows[i].from, 8192);
		stream_fence();
		memmove(like + rows[i].to, like + rows[i].from, 8192);
		assert_memory_equal(map, like, SIZE);
	}
}

/* Only whole lines, only what is long, only apart. */
static void
test_what_goes_past_the_caches(void **state)
{
	static const struct { size_t to, len; bool streams; } rows[] = {
		{ 0, 4096, true }, { 512, 32768, true }, { 8, 4096, false }, { 0, 4100, false },
		{ 0, 512, false }, { 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool streams = stream_copy(map + rows[i].to, from, rows[i].len);

		stream_fence();
#ifdef __SSE2__
		assert_int_equal(streams, rows[i].streams);
#else
		assert_false(streams);
#endif
	}
	assert_false(stream_copy(map, map + 64, 8192));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_memmove),
		cmocka_unit_test(test_within_one_map),
		cmocka_unit_test(test_what_goes_past_the_caches),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
