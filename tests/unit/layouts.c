/* SPDX-License-Identifier: BSD-2-Clause */
/* Our structures and numbers against libnvme's, pair by pair; see layouts.h. */
#include "config.h"

#include <stdio.h>

#include "tests/unit/layouts.h"
#include "tests/unit/unit.h"

#ifdef HAVE_LIBNVME_H
static void
every_pair_agrees(void **state)
{
	size_t wrong = 0;

	(void)state;
	assert_true(layouts_nours > 0);
	assert_int_equal(layouts_nours, layouts_ntheirs);
	for (size_t i = 0; i < layouts_nours; i++) {
		const struct layout *a = &layouts_ours[i], *b = &layouts_theirs[i];

		if (a->value == b->value && a->size == b->size)
			continue;
		print_message("# %s: %llu, %llu bytes; %s: %llu, %llu bytes\n", a->name,
		    (unsigned long long)a->value, (unsigned long long)a->size, b->name,
		    (unsigned long long)b->value, (unsigned long long)b->size);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_agrees),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
#else
int
main(void)
{
	puts("1..0 # SKIP configured without libnvme: apt-get install libnvme-dev");
	return (0);
}
#endif
