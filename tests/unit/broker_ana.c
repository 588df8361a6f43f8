/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ANA states that somebody sets while controllers are there, with workers that answer, hang and die,
 * and brokers that end in the middle.
 */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/nvme.h"
#include "tests/unit/live_world.h"

#define GROUP	"    ana-groups: [{id: 3}]\n"

/* Both namespaces are told this state; answers when it is to. */
static void
told_ana(struct fake_peer *c, uint32_t state, uint64_t count, bool answers)
{
	static const uint32_t nsid[] = { 1, 5 };
	uint64_t fence[2];

	for (int i = 0; i < 2; i++) {
		const struct ipc_ns *ns = next_is(c, IPC_NS_CHANGE);

		assert_int_equal(ns->nsid, nsid[i]);
		assert_int_equal(ns->ana_group, 3);
		assert_int_equal(ns->ana_state, state);
		assert_int_equal(ns->ana_count, count);
		assert_int_equal(ns->nlbas, 2048);
		fence[i] = ns->fence;
	}
	for (int i = 0; i < 2 && answers; i++)
		live_fenced(c, fence[i]);
}

static void
set_ana(const struct ipc_peer *ctl, uint32_t state)
{
	struct ctl_ana_set m = { .version = CTL_VERSION, .group = 3, .state = state,
	    .subnqn = SUB };

	assert_int_equal(IPC_SEND(ctl->fd, CTL_ANA_SET, &m), 0);
}

static void
answered(struct ipc_peer *ctl, const char *failure)
{
	assert_int_equal(ipc_dispatch_wait(ctl, FAKE_WAIT_MS), 1);
	assert_int_equal(live_done.failed, failure != NULL);
	assert_non_null(strstr(live_done.text, failure != NULL ? failure : ""));
	live_done = (struct ctl_done){ 0 };
}

static bool
is_answered(struct ipc_peer *ctl)
{
	return (ipc_dispatch(ctl) != 0);
}

static void
ana_is_set(void **state)
{
	struct ipc_peer ctl;
	struct fake_peer c;

	(void)state;
	world_config(GROUP);
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	ctl = live_ctl();
	set_ana(&ctl, NVME_ANA_INACCESSIBLE);
	told_ana(&c, NVME_ANA_CHANGE, 2, false);
	assert_false(is_answered(&ctl));
	live_fenced(&c, ((const struct ipc_ns *)c.got.payload)->fence);
	live_fenced(&c, ((const struct ipc_ns *)c.got.payload)->fence);
	told_ana(&c, NVME_ANA_INACCESSIBLE, 3, true);
	answered(&ctl, NULL);
	/* the same again: everybody is asked once more */
	set_ana(&ctl, NVME_ANA_INACCESSIBLE);
	told_ana(&c, NVME_ANA_INACCESSIBLE, 3, true);
	answered(&ctl, NULL);
	/* no access is given or taken: no time in between */
	set_ana(&ctl, NVME_ANA_PERSISTENT_LOSS);
	told_ana(&c, NVME_ANA_PERSISTENT_LOSS, 4, true);
	answered(&ctl, NULL);
	/* as it is written down */
	set_ana(&ctl, 0);
	told_ana(&c, NVME_ANA_CHANGE, 5, true);
	told_ana(&c, NVME_ANA_OPTIMIZED, 6, true);
	answered(&ctl, NULL);
	close(ctl.fd);
	fake_close(&c);
	world_end();
}

static void
ana_refuses(void **state)
{
	struct ctl_ana_set wrong[] = {
		{ .version = CTL_VERSION, .group = 3, .state = 1, .subnqn = "nqn.2026-11.example:x" },
		{ .version = CTL_VERSION, .group = 4, .state = 1, .subnqn = SUB },
		{ .version = CTL_VERSION, .group = 3, .state = 5, .subnqn = SUB },
		{ .version = CTL_VERSION, .group = 3, .state = 1, .subnqn = SUB, .listener = "x" },
	};
	static const char *const why[] = { "no such subsystem", "no such ANA group",
	    "no such state", "no such listener" };
	struct ctl_ana_set endless = { .version = CTL_VERSION, .group = 3, .state = 1 };
	struct ipc_peer ctl;

	(void)state;
	world_config(GROUP);
	start_all();
	ctl = live_ctl();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(IPC_SEND(ctl.fd, CTL_ANA_SET, &wrong[i]), 0);
		answered(&ctl, why[i]);
	}
	memset(endless.subnqn, 'n', sizeof(endless.subnqn));
	assert_int_equal(IPC_SEND(ctl.fd, CTL_ANA_SET, &endless), 0);
	answered(&ctl, "no such subsystem");
	/* another version of cellblockctl */
	wrong[0].version++;
	assert_int_equal(IPC_SEND(ctl.fd, CTL_ANA_SET, &wrong[0]), 0);
	assert_int_equal(ipc_dispatch_wait(&ctl, FAKE_WAIT_MS), -1);
	close(ctl.fd);
	world_end();
}

/* One change of a group at a time; who does not wait for the answer changes nothing of it. */
static void
ana_one_at_a_time(void **state)
{
	struct ipc_peer ctl, other;
	struct fake_peer c;

	(void)state;
	world_config(GROUP);
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	ctl = live_ctl();
	other = live_ctl();
	set_ana(&ctl, NVME_ANA_INACCESSIBLE);
	told_ana(&c, NVME_ANA_CHANGE, 2, false);
	set_ana(&other, NVME_ANA_OPTIMIZED);
	answered(&other, "being changed already");
	close(ctl.fd);
	live_fenced(&c, ((const struct ipc_ns *)c.got.payload)->fence);
	live_fenced(&c, ((const struct ipc_ns *)c.got.payload)->fence);
	told_ana(&c, NVME_ANA_INACCESSIBLE, 3, true);
	close(other.fd);
	fake_close(&c);
	world_end();
}

/* "change" lasts until the next state is set, and not longer than ANATT. */
static void
ana_change_is_no_state_to_stay_in(void **state)
{
	struct ipc_peer ctl;
	struct fake_peer c;

	(void)state;
	world_config(GROUP "    anatt: 1s\n");
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	ctl = live_ctl();
	set_ana(&ctl, NVME_ANA_CHANGE);
	told_ana(&c, NVME_ANA_CHANGE, 2, true);
	answered(&ctl, NULL);
	set_ana(&ctl, NVME_ANA_NON_OPTIMIZED);
	told_ana(&c, NVME_ANA_CHANGE, 2, true);
	told_ana(&c, NVME_ANA_NON_OPTIMIZED, 3, true);
	answered(&ctl, NULL);
	set_ana(&ctl, NVME_ANA_CHANGE);
	told_ana(&c, NVME_ANA_CHANGE, 4, true);
	answered(&ctl, NULL);
	told_ana(&c, NVME_ANA_INACCESSIBLE, 5, true);
	close(ctl.fd);
	fake_close(&c);
	world_end();
}

/* Who does not finish is ended; the answer waits for its writes, the others do not. */
static void
ana_with_a_worker_that_hangs(void **state)
{
	struct ipc_peer ctl;
	struct fake_peer c, hangs;

	(void)state;
	world_config(GROUP "    anatt: 1s\n");
	start_all();
	hangs = greet(2);
	admit(&hangs, HOST, 0);
	c = greet(1);
	admit(&c, READER, 1);
	ctl = live_ctl();
	set_ana(&ctl, NVME_ANA_INACCESSIBLE);
	told_ana(&c, NVME_ANA_CHANGE, 2, true);
	FAKE_UNTIL(&w, fake_has(&w.killed, hangs.child));
	told_ana(&c, NVME_ANA_INACCESSIBLE, 3, true);
	assert_false(is_answered(&ctl));
	fake_gone(&w, &hangs, SIGKILL);
	live_let_go();
	answered(&ctl, NULL);
	close(ctl.fd);
	fake_close(&c);
	world_end();
}

/* One that has died already may still have writes on their way. */
static void
ana_waits_for_the_dead(void **state)
{
	struct fake_peer c, opener;
	struct ipc_peer ctl, other;
	struct ipc_drain m;

	(void)state;
	world_config(GROUP);
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	fake_gone(&w, &c, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &opener);
	m = *(const struct ipc_drain *)fake_expect(&opener, IPC_DRAIN);
	ctl = live_ctl();
	set_ana(&ctl, NVME_ANA_PERSISTENT_LOSS);
	FAKE_UNTIL(&w, fake_find_held(&w, HOLD_PAGE, 1) != NULL);	/* it has begun */
	other = live_ctl();
	for (int i = 0; i < 5; i++) {	/* and others are served meanwhile */
		set_ana(&other, 5);
		answered(&other, "no such state");
	}
	assert_false(is_answered(&ctl));
	FAKE_SAY(&opener, DRAIN_DONE, &m);
	answered(&ctl, NULL);
	close(other.fd);
	close(ctl.fd);
	fake_close(&opener);
	world_end();
}

static void
ana_outlives_a_broker(void **state)
{
	struct ipc_peer ctl;
	struct fake_peer c;

	(void)state;
	world_config(GROUP);
	start_all();
	c = greet(1);
	admit(&c, HOST, 0);
	UNTIL_RECORDED(&c, 5, HAD, 1);
	ctl = live_ctl();
	set_ana(&ctl, NVME_ANA_NON_OPTIMIZED);
	told_ana(&c, NVME_ANA_NON_OPTIMIZED, 2, true);
	answered(&ctl, NULL);
	close(ctl.fd);
	FAKE_UNTIL(&w, fake_find_held(&w, HOLD_PAGE, 1) != NULL);	/* the first is the claim's */
	live_another_broker(&c);
	told_ana(&c, NVME_ANA_NON_OPTIMIZED, 2, true);
	/* the file says something else than it did: that counts */
	world_config("    ana-groups: [{id: 3, state: persistent-loss}]\n");
	live_another_broker(&c);
	told_ana(&c, NVME_ANA_PERSISTENT_LOSS, 3, true);
	fake_close(&c);
	world_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ana_is_set),
		TEST(ana_refuses),
		TEST(ana_one_at_a_time),
		TEST(ana_change_is_no_state_to_stay_in),
		TEST(ana_with_a_worker_that_hangs),
		TEST(ana_waits_for_the_dead),
		TEST(ana_outlives_a_broker),
	};

	signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
