/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * broker/range.c, range_line.c: who is told what, in which order, until a range is granted; and what
 * happens when workers lie, hang and die.
 */
#include "config.h"

#include "tests/unit/range_world.h"

/* A lock of a's up to its grant; the token of the hold. */
static uint64_t
grant_to_a(uint64_t asked, uint64_t offset, uint64_t len)
{
	uint64_t t;

	assert_int_equal(lock(&a, asked, 1, offset, len), 0);
	t = hold(&a, 1, offset, len, true);
	assert_int_equal(hold(&b, 7, offset, len, true), t);
	silence();
	assert_int_equal(range_held(a.m, t), 0);
	silence();
	assert_int_equal(range_held(b.m, t), 0);
	granted(&a, asked);
	silence();
	return (t);
}

/* While a description is replaced by another, the record has both; the worker has one namespace. */
static void
told_once_of_two_descriptions(void **state)
{
	uint64_t t;

	(void)state;
	has(&b, 7, DISK, false);
	b.record.ns[0].state = RECORD_NS_LEAVING;
	t = grant_to_a(5, 4096, 512);
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	silence();
}

/* All who may write there, its own worker among them, and nobody else. */
static void
all_hold_then_grant_then_free(void **state)
{
	uint64_t t = grant_to_a(5, 4096, 512);

	(void)state;
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	silence();
	assert_false(range_pass(book, 1));
}

static void
overlapping_ones_wait_in_order(void **state)
{
	uint64_t t = grant_to_a(5, 4096, 512), t2, t3;

	(void)state;
	assert_int_equal(lock(&b, 9, 7, 4097, 1), 0);
	silence();
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	t2 = hold(&a, 1, 4097, 1, true);
	assert_int_equal(hold(&b, 7, 4097, 1, true), t2);
	silence();
	/* one that overlaps what waits, or is under way, is not first */
	assert_int_equal(lock(&a, 6, 1, 4000, 98), 0);
	silence();
	assert_int_equal(range_held(b.m, t2), 0);
	assert_int_equal(range_held(a.m, t2), 0);
	granted(&b, 9);
	assert_int_equal(range_unlock(b.m, 9), 0);
	freed(&a, t2);
	freed(&b, t2);
	t3 = hold(&a, 1, 4000, 98, true);
	assert_int_equal(hold(&b, 7, 4000, 98, true), t3);
	silence();
}

static void
apart_they_do_not_wait(void **state)
{
	uint64_t t2;

	(void)state;
	grant_to_a(5, 4096, 512);
	/* right behind it */
	assert_int_equal(lock(&b, 9, 7, 4608, 512), 0);
	t2 = hold(&a, 1, 4608, 512, true);
	hold(&b, 7, 4608, 512, true);
	assert_int_equal(range_held(b.m, t2), 0);
	assert_int_equal(range_held(a.m, t2), 0);
	granted(&b, 9);
	/* the same bytes of another backend */
	assert_int_equal(lock(&c, 3, 1, 4096, 512), 0);
	hold(&c, 1, 4096, 512, true);
	silence();
}

static void
rules_that_can_be_broken(void **state)
{
	static const struct { uint32_t nsid; uint64_t offset, len; } bad[] = {
		{ 2, 0, 512 },			/* not its own */
		{ 7, 0, 512 },			/* another one's name of it */
		{ 0, 0, 512 },
		{ UINT32_MAX, 0, 512 },
		{ 1, 0, 0 },
		{ 1, 0, RANGE_BYTES + 1 },
		{ 1, UINT64_MAX, 2 },		/* wraps */
		{ 1, INT64_MAX, 1 },
	};
	uint64_t t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(lock(&a, 1, bad[i].nsid, bad[i].offset, bad[i].len), -1);
	assert_int_equal(lock(&c, 1, 2, 0, 512), -1);		/* read-only */
	assert_int_equal(range_unlock(a.m, 1), -1);		/* has nothing */
	assert_int_equal(range_reset_done(a.m), -1);
	silence();
	t = grant_to_a(5, 0, 512);
	assert_int_equal(lock(&a, 6, 1, 8192, 512), -1);	/* one at a time */
	assert_int_equal(range_unlock(a.m, 6), -1);
	assert_int_equal(range_held(b.m, t), 0);		/* it is granted: too late to matter */
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	assert_int_equal(lock(&a, 7, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	assert_int_equal(range_held(a.m, t), 0);
	assert_int_equal(range_held(a.m, t), -1);		/* twice */
	assert_int_equal(range_held(c.m, t), -1);		/* not asked */
	assert_int_equal(range_held(c.m, t + 1), 0);		/* such a one may have ended */
	silence();
}

/* Nobody can be told of more ranges than it has time to answer. */
static void
it_may_not_change_its_mind(void **state)
{
	(void)state;
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	assert_int_equal(range_unlock(a.m, 5), -1);
	silence();
}

/* Its writes may land until it is drained, so till then it has not held anything. */
static void
the_dead_hold_when_they_are_drained(void **state)
{
	uint64_t t;

	(void)state;
	range_gone(b.m);
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	assert_int_equal(range_held(a.m, t), 0);
	silence();
	range_drained(b.m);
	b.m = NULL;
	granted(&a, 5);
	silence();
}

static void
what_the_dead_had_is_free_when_they_are_drained(void **state)
{
	uint64_t t = grant_to_a(5, 0, 512);

	(void)state;
	assert_int_equal(lock(&b, 9, 7, 0, 512), 0);
	range_gone(a.m);
	silence();
	range_drained(a.m);
	a.m = NULL;
	freed(&b, t);
	t = hold(&b, 7, 0, 512, true);
	assert_int_equal(range_held(b.m, t), 0);
	granted(&b, 9);
	silence();
}

static void
what_the_dead_only_asked_for_is_free_at_once(void **state)
{
	uint64_t t;

	(void)state;
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	range_gone(a.m);
	freed(&b, t);
	silence();
}

/* Before it can write anything, and without an answer. */
static void
who_comes_later_is_told(void **state)
{
	uint64_t t;
	struct host d = { .name = "d" };

	(void)state;
	has(&d, 3, DISK, false);
	has(&d, 4, OTHER, false);
	t = grant_to_a(5, 1024, 512);
	joins(&d);
	assert_int_equal(hold(&d, 3, 1024, 512, false), t);
	silence();
	/* for a namespace that is new to it */
	has(&d, 5, DISK, false);
	assert_int_equal(range_tell(d.m, d.record.ns[2].claim), 0);
	hold(&d, 3, 1024, 512, false);	/* twice is once */
	hold(&d, 5, 1024, 512, false);
	assert_int_equal(range_tell(d.m, d.record.ns[1].claim), 0);
	silence();
	assert_int_equal(range_unlock(a.m, 5), 0);
	freed(&a, t);
	freed(&b, t);
	freed(&d, t);
	silence();
	/* all names of it answer */
	assert_int_equal(lock(&a, 6, 1, 0, 1), 0);
	t = hold(&a, 1, 0, 1, true);
	hold(&b, 7, 0, 1, true);
	hold(&d, 3, 0, 1, true);
	hold(&d, 5, 0, 1, true);
	assert_int_equal(range_held(a.m, t), 0);
	assert_int_equal(range_held(b.m, t), 0);
	assert_int_equal(range_held(d.m, t), 0);
	silence();
	assert_int_equal(range_held(d.m, t), 0);
	granted(&a, 6);
	silence();
	leaves(&d);
}

static void
who_does_not_read_is_told_again_or_killed(void **state)
{
	struct host d = { .name = "d", .deaf = true };

	(void)state;
	has(&d, 3, DISK, false);
	grant_to_a(5, 0, 512);
	d.m = range_join(book, &d, false);
	assert_int_equal(range_tell(d.m, NULL), -1);
	assert_int_equal(d.killed, 0);
	d.deaf = false;
	assert_int_equal(range_tell(d.m, NULL), 0);
	hold(&d, 3, 0, 512, false);
	d.deaf = true;
	assert_int_equal(lock(&b, 9, 7, 4096, 512), 0);
	assert_int_equal(d.killed, 1);
	leaves(&d);
	not_heard();
	silence();
}

static void
time_is_over(void **state)
{
	uint64_t t;

	(void)state;
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	t = hold(&a, 1, 0, 512, true);
	hold(&b, 7, 0, 512, true);
	assert_int_equal(range_held(a.m, t), 0);
	assert_true(range_pass(book, PATIENCE_MS));
	assert_int_equal(a.killed + b.killed, 0);
	assert_true(range_pass(book, 1));
	assert_int_equal(a.killed, 0);
	assert_int_equal(b.killed, 1);
	/* it is not granted before the one that was killed is drained */
	range_gone(b.m);
	assert_true(range_pass(book, 1));
	assert_int_equal(b.killed, 1);
	silence();
	range_drained(b.m);
	b.m = NULL;
	granted(&a, 5);
	assert_true(range_pass(book, PATIENCE_MS));
	assert_int_equal(a.killed, 0);
	assert_true(range_pass(book, 1));
	assert_int_equal(a.killed, 1);
	silence();
}

/* Each ends; the others hear of it, in order. */
static void
ends(struct host *all, unsigned n, unsigned nth, uint64_t t)
{
	for (unsigned k = 0; k < n; k++)
		assert_int_equal(range_held(all[k].m, t), 0);
	granted(&all[nth], 1);
	assert_int_equal(range_unlock(all[nth].m, 1), 0);
	for (unsigned k = 0; k < n; k++)
		freed(&all[k], t);
}

/* So many at a time, and then a moment with none: who keeps out of all of them can write then, however
 * many wait. */
static void
no_more_than_some_at_a_time(void **state)
{
	struct host many[RANGE_ACTIVE + 2];
	uint64_t t[RANGE_ACTIVE];

	(void)state;
	leaves(&b);
	silence();
	memset(many, 0, sizeof(many));
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		many[i].name = "one of many";
		has(&many[i], 1, OTHER, false);
		joins(&many[i]);
	}
	leaves(&c);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		assert_int_equal(lock(&many[i], 1, 1, i * 512, 512), 0);
		if (i < RANGE_ACTIVE)
			t[i] = hold(&many[0], 1, i * 512, 512, true);
		for (unsigned k = 1; i < RANGE_ACTIVE && k < ARRAY_LEN(many); k++)
			hold(&many[k], 1, i * 512, 512, true);
		silence();
	}
	for (unsigned i = 0; i < RANGE_ACTIVE; i++) {
		silence();
		ends(many, ARRAY_LEN(many), (i + 3) % RANGE_ACTIVE, t[(i + 3) % RANGE_ACTIVE]);
	}
	for (unsigned i = RANGE_ACTIVE; i < ARRAY_LEN(many); i++)
		for (unsigned k = 0; k < ARRAY_LEN(many); k++)
			hold(&many[k], 1, i * 512, 512, true);
	silence();
	for (unsigned k = 0; k < ARRAY_LEN(many); k++)
		range_gone(many[k].m);
	for (unsigned k = 0; k < ARRAY_LEN(many); k++)
		range_drained(many[k].m);
	not_heard();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, range_setup, range_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_hold_then_grant_then_free),
		TEST(told_once_of_two_descriptions),
		TEST(overlapping_ones_wait_in_order),
		TEST(apart_they_do_not_wait),
		TEST(rules_that_can_be_broken),
		TEST(it_may_not_change_its_mind),
		TEST(the_dead_hold_when_they_are_drained),
		TEST(what_the_dead_had_is_free_when_they_are_drained),
		TEST(what_the_dead_only_asked_for_is_free_at_once),
		TEST(who_comes_later_is_told),
		TEST(who_does_not_read_is_told_again_or_killed),
		TEST(time_is_over),
		TEST(no_more_than_some_at_a_time),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
