/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * broker/range_reset.c: a new broker, which does not know what the last one granted.
 */
#include "config.h"

#include "tests/unit/range_world.h"

/* What was held for the last broker. nsid UINT32_MAX: all of it. */
static void
forgotten(struct host *who, uint32_t nsid)
{
	const struct ipc_range_ref *m = (const void *)heard(who, IPC_RANGE_FREE);

	assert_int_equal(m->token, 0);
	assert_int_equal(m->nsid, nsid);
}

/* All of it, since nobody knows what the last broker granted there. */
static void
unknown(struct host *who, uint32_t nsid)
{
	const struct ipc_range *r = heard(who, IPC_RANGE_HOLD);

	assert_int_equal(r->token, 0);
	assert_int_equal(r->nsid, nsid);
	assert_int_equal(r->offset, 0);
	assert_true(r->len == UINT64_MAX);
	assert_int_equal(r->answer, 0);
}

/* Of a world in which nobody is left from before. */
static void
takeover_begins(void)
{
	leaves(&a);
	leaves(&b);
	leaves(&c);
	range_takeover_begin(book);
}

static void
old_joins(struct host *h)
{
	h->m = range_join(book, h, true);
	assert_non_null(h->m);
}

/* Has a and b; c is not there. */
static void
taken_over(void)
{
	takeover_begins();
	old_joins(&a);
	old_joins(&b);
	silence();
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	heard(&b, IPC_RANGE_RESET);
	silence();
}

static void
nobody_is_granted_before_all_are_reset(void **state)
{
	uint64_t t;

	(void)state;
	taken_over();
	/* said to the last one: of no meaning now */
	assert_int_equal(lock(&a, 5, 1, 0, 512), 0);
	assert_int_equal(range_unlock(b.m, 77), 0);
	assert_int_equal(range_held(b.m, 78), 0);
	silence();
	assert_int_equal(range_reset_done(a.m), 0);
	assert_int_equal(lock(&a, 6, 1, 0, 512), 0);
	silence();
	/* who comes now does not know what is held: all is that somebody may still write for the last
	 * broker, and nothing else */
	has(&c, 3, DISK, false);
	joins(&c);
	unknown(&c, 3);
	silence();
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&a, UINT32_MAX);
	forgotten(&b, UINT32_MAX);
	forgotten(&c, UINT32_MAX);
	t = hold(&a, 1, 0, 512, true);
	assert_int_equal(hold(&b, 7, 0, 512, true), t);
	assert_int_equal(hold(&c, 3, 0, 512, true), t);
	silence();
	assert_int_equal(range_reset_done(b.m), -1);
}

/* Backends that nobody writes for the last broker do not wait, and each is free as soon as it can. */
static void
each_backend_for_itself(void **state)
{
	struct host d = { .name = "d" };
	uint64_t t;

	(void)state;
	has(&b, 8, OTHER, false);
	has(&d, 5, OTHER, false);
	has(&d, 6, DISK, false);
	has(&d, 9, OTHER + 1, false);
	taken_over();
	joins(&d);
	unknown(&d, 5);
	unknown(&d, 6);
	/* nobody else has that one */
	assert_int_equal(lock(&d, 1, 9, 0, 512), 0);
	t = hold(&d, 9, 0, 512, true);
	assert_int_equal(range_held(d.m, t), 0);
	granted(&d, 1);
	assert_int_equal(range_unlock(d.m, 1), 0);
	freed(&d, t);
	/* of OTHER and DISK only b still may write something */
	assert_int_equal(range_reset_done(a.m), 0);
	silence();
	/* a third one comes, and is known to write OTHER */
	assert_int_equal(lock(&d, 2, 5, 0, 512), 0);
	silence();
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&a, UINT32_MAX);
	forgotten(&b, UINT32_MAX);
	forgotten(&d, UINT32_MAX);
	t = hold(&b, 8, 0, 512, true);
	assert_int_equal(hold(&d, 5, 0, 512, true), t);
	silence();
	leaves(&d);
	freed(&b, t);
	silence();
}

static void
one_backend_is_free_before_the_other(void **state)
{
	uint64_t t;

	(void)state;
	has(&b, 8, OTHER, false);
	takeover_begins();
	old_joins(&a);
	old_joins(&b);
	old_joins(&c);
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	heard(&b, IPC_RANGE_RESET);
	heard(&c, IPC_RANGE_RESET);
	/* DISK: a, b. OTHER: b, c */
	assert_int_equal(range_reset_done(a.m), 0);
	silence();
	assert_int_equal(lock(&a, 1, 1, 0, 512), 0);
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&a, 1);
	forgotten(&b, 7);
	t = hold(&a, 1, 0, 512, true);
	assert_int_equal(hold(&b, 7, 0, 512, true), t);
	silence();
	assert_int_equal(lock(&b, 2, 8, 0, 512), 0);
	silence();
	range_gone(c.m);
	silence();
	range_drained(c.m);
	c.m = NULL;
	forgotten(&a, UINT32_MAX);
	forgotten(&b, UINT32_MAX);
	hold(&b, 8, 0, 512, true);
	silence();
}

/* It has not answered yet, and what it did not have is not what it may be writing for the last one. */
static void
a_namespace_comes_to_one_that_owes(void **state)
{
	uint64_t t;

	(void)state;
	takeover_begins();
	old_joins(&a);
	old_joins(&c);
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	heard(&c, IPC_RANGE_RESET);
	/* what c may write: nobody knows */
	has(&a, 4, OTHER, false);
	assert_int_equal(range_tell(a.m, a.record.ns[1].claim), 0);
	unknown(&a, 4);
	assert_int_equal(range_reset_done(c.m), 0);
	forgotten(&a, 4);
	forgotten(&c, 1);
	silence();
	/* it is one of two now, whatever else it owes; and its word counts */
	assert_int_equal(lock(&c, 2, 1, 0, 512), 0);
	t = hold(&a, 4, 0, 512, true);
	assert_int_equal(hold(&c, 1, 0, 512, true), t);
	assert_int_equal(range_held(c.m, t), 0);
	silence();
	assert_int_equal(range_held(a.m, t - 1), 0);	/* of the last broker */
	assert_int_equal(range_held(a.m, t), 0);
	granted(&c, 2);
	silence();
	assert_int_equal(range_reset_done(a.m), 0);
	forgotten(&a, UINT32_MAX);
	forgotten(&c, UINT32_MAX);
	silence();
}

/* Before all are taken over nothing is known of any backend. */
static void
who_comes_in_the_middle_of_it(void **state)
{
	uint64_t t;

	(void)state;
	takeover_begins();
	old_joins(&a);
	joins(&c);
	unknown(&c, 1);
	assert_int_equal(lock(&c, 2, 1, 0, 512), 0);
	silence();
	range_takeover_end(book);
	heard(&a, IPC_RANGE_RESET);
	forgotten(&c, 1);
	t = hold(&c, 1, 0, 512, true);
	assert_int_equal(range_held(c.m, t), 0);
	granted(&c, 2);
	silence();
}

static void
a_reset_ends_with_the_drain_of_the_dead(void **state)
{
	(void)state;
	taken_over();
	assert_int_equal(range_reset_done(a.m), 0);
	range_gone(b.m);
	silence();
	range_drained(b.m);
	b.m = NULL;
	forgotten(&a, UINT32_MAX);
	silence();
	assert_false(range_pass(book, 1));
}

/* One that was dead already, with nothing to drain, does not end the takeover of the others. */
static void
a_takeover_is_one(void **state)
{
	(void)state;
	takeover_begins();
	old_joins(&a);
	leaves(&a);
	old_joins(&b);
	silence();
	range_takeover_end(book);
	heard(&b, IPC_RANGE_RESET);
	silence();
	assert_int_equal(range_reset_done(b.m), 0);
	forgotten(&b, UINT32_MAX);
	silence();
}

static void
who_does_not_reset_is_killed(void **state)
{
	(void)state;
	taken_over();
	assert_int_equal(range_reset_done(a.m), 0);
	assert_true(range_pass(book, PATIENCE_MS));
	assert_int_equal(b.killed, 0);
	assert_true(range_pass(book, 1));
	assert_int_equal(a.killed, 0);
	assert_int_equal(b.killed, 1);
	silence();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, range_setup, range_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_granted_before_all_are_reset),
		TEST(each_backend_for_itself),
		TEST(one_backend_is_free_before_the_other),
		TEST(a_namespace_comes_to_one_that_owes),
		TEST(who_comes_in_the_middle_of_it),
		TEST(a_reset_ends_with_the_drain_of_the_dead),
		TEST(a_takeover_is_one),
		TEST(who_does_not_reset_is_killed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
