/* SPDX-License-Identifier: BSD-2-Clause */
/* Past the page cache or through it: every combination of what is wanted and what there is. */
#include "config.h"

#include "broker/cache.h"
#include "tests/unit/unit.h"

#define NONE CONFIG_CACHE_NONE
#define PAGE CONFIG_CACHE_PAGE
#define DEFAULT CONFIG_CACHE_DEFAULT

static void
ways(void **state)
{
	static const struct {
		enum config_cache wanted;
		uint32_t kind, block_size, mem, offset;
		enum cache_way way;
	} rows[] = {
		{ DEFAULT, BACKEND_BLOCK, 512, 512, 512, CACHE_DIRECT },
		{ DEFAULT, BACKEND_BLOCK, 4096, 4, 4096, CACHE_DIRECT },
		{ DEFAULT, BACKEND_BLOCK, 4096, 4096, 512, CACHE_DIRECT },
		{ DEFAULT, BACKEND_BLOCK, 512, 0, 0, CACHE_PAGE_INSTEAD },
		{ DEFAULT, BACKEND_BLOCK, 512, 8192, 512, CACHE_PAGE_INSTEAD },
		{ DEFAULT, BACKEND_FILE, 512, 512, 512, CACHE_PAGE },
		{ DEFAULT, BACKEND_FILE, 512, 0, 0, CACHE_PAGE },
		{ DEFAULT, BACKEND_RAM, 512, 0, 0, CACHE_PAGE },
		{ PAGE, BACKEND_BLOCK, 512, 512, 512, CACHE_PAGE },
		{ PAGE, BACKEND_FILE, 512, 512, 4096, CACHE_PAGE },
		{ NONE, BACKEND_BLOCK, 512, 512, 512, CACHE_DIRECT },
		{ NONE, BACKEND_BLOCK, 512, 8192, 512, CACHE_NO_DIRECT },
		{ NONE, BACKEND_FILE, 512, 512, 512, CACHE_DIRECT },
		{ NONE, BACKEND_FILE, 4096, 512, 4096, CACHE_DIRECT },
		{ NONE, BACKEND_FILE, 512, 512, 4096, CACHE_NO_BLOCKS },
		{ NONE, BACKEND_FILE, 512, 512, 1024, CACHE_NO_BLOCKS },
		{ NONE, BACKEND_FILE, 4096, 512, 65536, CACHE_NO_DIRECT },
		{ NONE, BACKEND_FILE, 512, 0, 0, CACHE_NO_DIRECT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ipc_claimed c = { .kind = rows[i].kind, .block_size = rows[i].block_size,
		    .dio_mem = rows[i].mem, .dio_offset = rows[i].offset };

		assert_int_equal(cache_way(rows[i].wanted, &c), rows[i].way);
	}
}

static void
volatile_or_not(void **state)
{
	struct ipc_claimed ram = { .kind = BACKEND_RAM }, disk = { .kind = BACKEND_BLOCK };

	(void)state;
	assert_false(cache_is_volatile(false, &ram));
	assert_true(cache_is_volatile(false, &disk));
	assert_false(cache_is_volatile(true, &disk));
	disk.volatile_cache = 1;
	assert_true(cache_is_volatile(true, &disk));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways),
		cmocka_unit_test(volatile_or_not),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
