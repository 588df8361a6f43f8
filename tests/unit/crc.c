/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC32C against the examples of RFC 3720, B.4, and continued against whole. */
#include "config.h"

#include "common/crc.h"
#include "tests/unit/unit.h"

static void
rfc3720_examples(void **state)
{
	uint8_t buf[32];

	(void)state;
	memset(buf, 0, sizeof(buf));
	assert_int_equal(crc32c(buf, sizeof(buf)), 0x8a9136aa);
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(crc32c(buf, sizeof(buf)), 0x62a8ab43);
	for (uint8_t i = 0; i < sizeof(buf); i++)
		buf[i] = i;
	assert_int_equal(crc32c(buf, sizeof(buf)), 0x46dd794e);
	for (uint8_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(31 - i);
	assert_int_equal(crc32c(buf, sizeof(buf)), 0x113fdb5c);
}

static void
check_value(void **state)
{
	(void)state;
	assert_int_equal(crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(crc32c("", 0), 0);
}

static void
pieces_are_the_whole(void **state)
{
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	size_t len = sizeof(text) - 1;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		uint32_t crc = crc32c_extend(crc32c(text, cut), text + cut, len - cut);

		assert_int_equal(crc, crc32c(text, len));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3720_examples),
		cmocka_unit_test(check_value),
		cmocka_unit_test(pieces_are_the_whole),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
