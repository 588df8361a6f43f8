/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/timer.c, with a clock that stands still unless the test moves it.
 */
#include "config.h"

#include <limits.h>
#include <time.h>

#include "tests/unit/unit.h"
#include "worker/timer.h"

static uint64_t clock_us;
static char fired[64];
static struct timer_list list;

int	__wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	ts->tv_sec = (time_t)(clock_us / 1000000);
	ts->tv_nsec = (long)(clock_us % 1000000) * 1000;
	return (0);
}

static void
note(struct timer *timer)
{
	assert_false(timer->set);
	strncat(fired, timer->name, sizeof(fired) - strlen(fired) - 1);
}

static struct timer a, b, c;

static int
setup(void **state)
{
	(void)state;
	clock_us = 5000000;
	fired[0] = '\0';
	timer_list_init(&list);
	a = (struct timer){ .name = "a", .fire = note };
	b = (struct timer){ .name = "b", .fire = note };
	c = (struct timer){ .name = "c", .fire = note };
	return (0);
}

static void
run_after_ms(uint64_t ms)
{
	clock_us += ms * 1000;
	timer_run(&list);
}

static void
test_order(void **state)
{
	(void)state;
	assert_int_equal(timer_next_ms(&list), -1);
	timer_set(&list, &b, 20);
	timer_set(&list, &c, 30);
	timer_set(&list, &a, 10);
	assert_int_equal(timer_next_ms(&list), 11);
	run_after_ms(11);
	assert_string_equal(fired, "a");
	run_after_ms(30);
	assert_string_equal(fired, "abc");
	assert_int_equal(timer_next_ms(&list), -1);
}

static void
test_equal_times(void **state)
{
	(void)state;
	timer_set(&list, &c, 10);
	timer_set(&list, &a, 10);
	timer_set(&list, &b, 10);
	run_after_ms(11);
	assert_string_equal(fired, "cab");
}

/* Set at x.9 ms for 10 ms: nothing may happen at x+10.8 ms. */
static void
test_never_early(void **state)
{
	(void)state;
	clock_us += 900;
	timer_set(&list, &a, 10);
	clock_us += 9900;
	timer_run(&list);
	assert_string_equal(fired, "");
	assert_true(timer_next_ms(&list) > 0);
	clock_us += 1000;
	assert_int_equal(timer_next_ms(&list), 0);
	timer_run(&list);
	assert_string_equal(fired, "a");
}

static void
test_replace(void **state)
{
	(void)state;
	timer_set(&list, &a, 10);
	timer_set(&list, &b, 20);
	timer_set(&list, &a, 30);
	run_after_ms(21);
	assert_string_equal(fired, "b");
	assert_true(a.set);
	run_after_ms(10);
	assert_string_equal(fired, "ba");
}

static void
test_stop(void **state)
{
	(void)state;
	timer_stop(&list, &a);
	timer_set(&list, &a, 1);
	timer_set(&list, &b, 1);
	timer_stop(&list, &a);
	timer_stop(&list, &a);
	assert_false(a.set);
	run_after_ms(2);
	assert_string_equal(fired, "b");
}

static void
note_and_stop(struct timer *timer)
{
	note(timer);
	timer_stop(&list, timer->arg);
}

/* Both are due in the same run: the one that was stopped by the other does not fire. */
static void
test_stop_in_callback(void **state)
{
	(void)state;
	a.fire = note_and_stop;
	a.arg = &b;
	timer_set(&list, &a, 1);
	timer_set(&list, &b, 2);
	timer_set(&list, &c, 3);
	run_after_ms(10);
	assert_string_equal(fired, "ac");
	assert_false(b.set);
}

static void
note_and_set(struct timer *timer)
{
	note(timer);
	timer_set(&list, timer, 0);
}

/* Set again for at once, from fire(): once per run, even when the clock moves on meanwhile. */
static void
test_set_in_callback(void **state)
{
	(void)state;
	a.fire = note_and_set;
	timer_set(&list, &a, 0);
	timer_run(&list);
	assert_string_equal(fired, "");
	run_after_ms(1);
	assert_string_equal(fired, "a");
	assert_true(a.set);
	run_after_ms(1);
	assert_string_equal(fired, "aa");
}

static void
note_slowly(struct timer *timer)
{
	note_and_set(timer);
	clock_us += 50000;
}

static void
test_slow_callback(void **state)
{
	(void)state;
	a.fire = note_slowly;
	timer_set(&list, &a, 0);
	run_after_ms(1);
	assert_string_equal(fired, "a");
	assert_int_equal(timer_next_ms(&list), 0);
}

static void
test_far_away(void **state)
{
	(void)state;
	timer_set(&list, &a, UINT64_MAX);
	assert_int_equal(timer_next_ms(&list), INT_MAX);
	timer_set(&list, &b, (uint64_t)INT_MAX + 10);
	assert_int_equal(timer_next_ms(&list), INT_MAX);
	timer_set(&list, &c, INT_MAX - 10);
	assert_int_equal(timer_next_ms(&list), INT_MAX - 9);
	run_after_ms(1000);
	assert_string_equal(fired, "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_equal_times, setup),
		cmocka_unit_test_setup(test_never_early, setup),
		cmocka_unit_test_setup(test_replace, setup),
		cmocka_unit_test_setup(test_stop, setup),
		cmocka_unit_test_setup(test_stop_in_callback, setup),
		cmocka_unit_test_setup(test_set_in_callback, setup),
		cmocka_unit_test_setup(test_slow_callback, setup),
		cmocka_unit_test_setup(test_far_away, setup),
	};

	return (cmocka_run_group_tests_name("timer", tests, NULL, NULL));
}
