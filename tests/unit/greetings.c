/* SPDX-License-Identifier: BSD-2-Clause */
/* The listener's counts: caps in all and per source, penalties that grow and are forgotten. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "listener/greetings.h"

static struct greetings g;

static int
setup(void **state)
{
	(void)state;
	memset(&g, 0, sizeof(g));
	return (greetings_set_limits(&g, 4, 2));
}

static int
teardown(void **state)
{
	(void)state;
	greetings_free(&g);
	return (0);
}

static const struct ipc_addr *
v4(uint8_t last)
{
	static struct ipc_addr a = { .family = AF_INET, .addr = { 192, 0, 2, 0 } };

	a.addr[3] = last;
	a.port++;	/* never looked at */
	return (&a);
}

static const struct ipc_addr *
v6(uint8_t net, uint8_t host)
{
	static struct ipc_addr a = { .family = AF_INET6, .addr = { 0x20, 1, 0xd, 0xb8 } };

	a.addr[7] = net;
	a.addr[15] = host;
	return (&a);
}

static void
counts(void **state)
{
	(void)state;
	assert_int_equal(greetings_judge(&g, v4(1), 0), GREET_WELCOME);
	greetings_begin(&g, 10, v4(1));
	greetings_begin(&g, 11, v4(1));
	assert_int_equal(greetings_judge(&g, v4(1), 0), GREET_SOURCE_FULL);
	assert_int_equal(greetings_judge(&g, v4(2), 0), GREET_WELCOME);
	greetings_begin(&g, 12, v4(2));
	greetings_begin(&g, 13, v4(3));
	assert_int_equal(greetings_judge(&g, v4(4), 0), GREET_FULL);
	greetings_end(&g, 10, GREET_ADMITTED, 0);
	greetings_end(&g, 10, GREET_ADMITTED, 0);
	assert_int_equal(g.n, 3);
	assert_int_equal(greetings_judge(&g, v4(1), 0), GREET_WELCOME);
}

static void
one_prefix(void **state)
{
	(void)state;
	greetings_begin(&g, 1, v6(1, 1));
	greetings_begin(&g, 2, v6(1, 2));
	assert_int_equal(greetings_judge(&g, v6(1, 3), 0), GREET_SOURCE_FULL);
	assert_int_equal(greetings_judge(&g, v6(2, 1), 0), GREET_WELCOME);
}

static void
smaller_limits(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		greetings_begin(&g, i, v4((uint8_t)i));
	assert_int_equal(greetings_set_limits(&g, 2, 1), 0);
	assert_int_equal(greetings_judge(&g, v4(9), 0), GREET_FULL);
	for (uint32_t i = 0; i < 3; i++)
		greetings_end(&g, i, GREET_HANDED, 0);
	assert_int_equal(greetings_judge(&g, v4(9), 0), GREET_WELCOME);
	assert_int_equal(greetings_judge(&g, v4(3), 0), GREET_SOURCE_FULL);
}

static void
crash(uint8_t last, uint64_t now_ms)
{
	greetings_begin(&g, 77, v4(last));
	greetings_end(&g, 77, GREET_CRASHED, now_ms);
}

static void
penalties(void **state)
{
	uint64_t t = 1000000, until;

	(void)state;
	crash(1, t);
	crash(1, t);
	assert_int_equal(greetings_judge(&g, v4(1), t), GREET_WELCOME);
	crash(1, t);
	assert_int_equal(greetings_judge(&g, v4(1), t), GREET_PENALTY);
	assert_int_equal(greetings_judge(&g, v4(2), t), GREET_WELCOME);
	assert_int_equal(greetings_judge(&g, v4(1), t + PENALTY_FIRST_MS), GREET_WELCOME);
	crash(1, t);
	assert_int_equal(greetings_judge(&g, v4(1), t + PENALTY_FIRST_MS), GREET_PENALTY);
	for (int i = 0; i < 100; i++)
		crash(1, t);
	until = t + PENALTY_MAX_MS;
	assert_int_equal(greetings_judge(&g, v4(1), until - 1), GREET_PENALTY);
	assert_int_equal(greetings_judge(&g, v4(1), until), GREET_WELCOME);
	/* quiet for long: as if nothing had been */
	crash(1, t + PENALTY_FORGET_MS + 1);
	assert_int_equal(greetings_judge(&g, v4(1), t + PENALTY_FORGET_MS + 1), GREET_WELCOME);
}

static void
only_crashes_count(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		greetings_begin(&g, 5, v4(1));
		greetings_end(&g, 5, GREET_REFUSED, 1000);
	}
	assert_int_equal(greetings_judge(&g, v4(1), 1000), GREET_WELCOME);
}

static void
many_sources(void **state)
{
	uint64_t t = 1000000;

	(void)state;
	for (int i = 0; i < 3; i++)
		crash(1, t);
	/* as many others as are remembered: the quietest entry goes */
	for (unsigned i = 0; i < PENALTY_SOURCES; i++)
		crash((uint8_t)(i + 2), t + 1 + i);
	assert_int_equal(greetings_judge(&g, v4(1), t + 1), GREET_WELCOME);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts),
		TEST(one_prefix),
		TEST(smaller_limits),
		TEST(penalties),
		TEST(only_crashes_count),
		TEST(many_sources),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
