/* SPDX-License-Identifier: BSD-2-Clause */
/* Wire integers: byte order, and that every bit survives the way out and back. */
#include "config.h"

#include "common/wire.h"
#include "tests/unit/unit.h"

static void
low_byte_comes_first(void **state)
{
	struct le16 a = le16(0x0102);
	struct le32 b = le32(0x01020304);
	struct le64 c = le64(0x0102030405060708);
	static const uint8_t bytes[] = { 8, 7, 6, 5, 4, 3, 2, 1 };

	(void)state;
	assert_memory_equal(&a, bytes + 6, sizeof(a));
	assert_memory_equal(&b, bytes + 4, sizeof(b));
	assert_memory_equal(&c, bytes, sizeof(c));
}

static void
every_bit_comes_back(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t v = 1ull << bit;

		assert_int_equal(le16_get(le16((uint16_t)v)), (uint16_t)v);
		assert_int_equal(le32_get(le32((uint32_t)v)), (uint32_t)v);
		assert_true(le64_get(le64(v)) == v && le64_get(le64(~v)) == ~v);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(low_byte_comes_first),
		cmocka_unit_test(every_bit_comes_back),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
