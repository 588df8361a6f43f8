/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of namespaces: whose they are, and that a controller's sums never become less. */
#include "config.h"

#include <fcntl.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

static unsigned
file_of(uint32_t nsid)
{
	return (ns_find(fake.lane.ns, nsid)->file);
}

static void
each_has_its_own(void **state)
{
	struct lane_stats one, sum;

	(void)state;
	ns_stat_read(&fake.lane, file_of(NS_512), 1024);
	ns_stat_write(&fake.lane, file_of(NS_512), 512);
	ns_stat_write(&fake.lane, file_of(NS_4K), 8192);
	one = ns_stats(fake.c, NS_512);
	assert_true(one.reads == 1 && one.read_units == 2);
	assert_true(one.writes == 1 && one.write_units == 1);
	one = ns_stats(fake.c, NS_4K);
	assert_true(one.reads == 0 && one.writes == 1 && one.write_units == 16);
	sum = ctrl_stats(fake.c);
	assert_true(sum.reads == 1 && sum.read_units == 2);
	assert_true(sum.writes == 2 && sum.write_units == 17);
}

static void
none_that_is_not_there(void **state)
{
	const struct lane_stats nothing = { 0 };
	struct lane_stats one = ns_stats(fake.c, NS_NONE);

	(void)state;
	assert_memory_equal(&one, &nothing, sizeof(one));
}

static void
a_slot_begins_anew(void **state)
{
	unsigned file = file_of(NS_4K);

	(void)state;
	ns_stat_read(&fake.lane, file, 4096);
	ns_stat_write(&fake.lane, file, 4096);
	ns_stat_retire(&fake.lane, file);
	assert_true(ns_stats(fake.c, NS_4K).reads == 0 && ns_stats(fake.c, NS_4K).write_units == 0);
	assert_true(ctrl_stats(fake.c).reads == 1 && ctrl_stats(fake.c).write_units == 8);
	ns_stat_read(&fake.lane, file, 512);
	assert_true(ns_stats(fake.c, NS_4K).read_units == 1);
	assert_true(ctrl_stats(fake.c).reads == 2 && ctrl_stats(fake.c).read_units == 9);
}

static void
another_namespace_begins_at_zero(void **state)
{
	struct ipc_ns id = ns_find(fake.lane.ns, NS_4K)->id;
	struct ipc_ns_gone gone = { .nsid = NS_4K };
	unsigned file = file_of(NS_4K);

	(void)state;
	ns_stat_write(&fake.lane, file, 4096);
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	id.nsid = 7;
	assert_int_equal(ns_add(fake.c, &id, open("/dev/null", O_RDONLY)), 0);
	assert_int_equal(file_of(7), file);
	assert_true(ns_stats(fake.c, 7).writes == 0);
	assert_true(ctrl_stats(fake.c).writes == 1);
	/* a row that is told again is the same namespace */
	ns_stat_write(&fake.lane, file, 4096);
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_true(ns_stats(fake.c, 7).writes == 1);
}

static void
lanes_are_added_up(void **state)
{
	struct lane two[2] = { 0 };

	(void)state;
	two[0] = fake.lane;
	two[0].all = two;
	two[0].nlanes = 2;
	two[1].ns = fake.lane.ns;
	ns_stat_read(&two[0], file_of(NS_512), 512);
	ns_stat_read(&two[1], file_of(NS_512), 1024);
	ns_stat_write(&two[1], file_of(NS_4K), 4096);
	fake.c->lane = two;
	assert_true(ns_stats(fake.c, NS_512).reads == 2);
	assert_true(ns_stats(fake.c, NS_512).read_units == 3);
	assert_true(ctrl_stats(fake.c).read_units == 3 && ctrl_stats(fake.c).write_units == 8);
	fake.c->lane = &fake.lane;
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_has_its_own), T(none_that_is_not_there), T(a_slot_begins_anew),
		T(another_namespace_begins_at_zero),
		T(lanes_are_added_up),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
