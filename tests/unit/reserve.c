/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations in the broker as it runs: what it says to whom and in which order, when the answer
 * goes out, and what a new broker goes on with.
 */
#include "config.h"

#include <signal.h>

#include "tests/unit/reserve_world.h"

static void
both_register(uint32_t nsid)
{
	ask(&a, 1, nsid, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), 0);
	ask(&b, 1, nsid, REGISTER, 0, 0, 20);
	assert_int_equal(answered(&b, 1), 0);
}

/* ---- order ---- */

/* Who asked is answered when everybody whose host may do less has seen it, and not before. */
static void
answers_last(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_EXCLUSIVE_ACCESS << 8, 10, 0);
	fence = told(&b, 1, 1, 1);
	assert_int_equal(report(&b, 2, 1).type, NVME_RESV_EXCLUSIVE_ACCESS);	/* in force */
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	fenced(&b, fence);
	assert_int_equal(answered(&a, 2), 0);
	ask(&b, 3, 1, ACQUIRE, NVME_RESV_EXCLUSIVE_ACCESS << 8, 20, 0);
	assert_int_equal(answered(&b, 3), CONFLICT);
	/* namespace 5 knows nothing of it */
	assert_int_equal(report(&b, 4, 5).n, 0);
	over();
}

/* Another change waits for the first one's answer; a report does not. */
static void
one_after_the_other(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fence = told(&b, 1, 0, 1);
	ask(&b, 2, 1, REGISTER, NVME_RREGA_UNREGISTER, 20, 0);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);	/* again: ignored */
	assert_true(fake_hears_nothing(&b, IPC_RESV_ANSWER));
	fenced(&b, fence);
	assert_int_equal(answered(&a, 2), 0);
	assert_int_equal(answered(&b, 2), 0);
	assert_int_equal(report(&a, 3, 1).n, 1);
	over();
}

/* Notices come before the answer, and only to those whom they concern. */
static void
notices(void **state)
{
	const struct ipc_resv_notice *m;
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RACQA_PREEMPT | NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 20);
	fence = told(&b, 1, 0, 0);
	assert_true(fake_hears_nothing(&b, IPC_RESV_NOTICE));
	fenced(&b, fence);
	m = next_is(&b, IPC_RESV_NOTICE);
	assert_int_equal(m->nsid, 1);
	assert_int_equal(m->type, NVME_RESV_REGISTRATION_PREEMPTED);
	assert_int_equal(answered(&a, 2), 0);
	over();
}

/* However many a host causes: the channel of one that does not read is not full of them. */
static void
many_notices(void **state)
{
	enum { MANY = 1000 };
	uint32_t token = 2;
	unsigned n = 0;

	(void)state;
	two_hosts();
	both_register(1);
	for (unsigned i = 0; i < MANY; i++) {
		ask(&a, token, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
		ask(&a, token, 1, RELEASE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
		fake_catch_up(&w);
	}
	assert_false(fake_has(&w.killed, b.child));
	b.got.type = IPC_RESV_NOTICE;
	ask(&b, 2, 1, NVME_NVM_RESERVATION_REPORT, 0, 0, 0);
	while (b.got.type != IPC_RESV_REPORT) {
		b.peer.ctx = &b;
		assert_int_equal(ipc_dispatch_wait(&b.peer, FAKE_WAIT_MS), 1);
		n += b.got.type == IPC_RESV_NOTICE;
	}
	assert_in_range(n, 16, 100);
	over();
}

/* So does one of which only writes are left: nobody is there to tell of what it missed. */
static void
no_notices_for_the_dead(void **state)
{
	struct ipc_drain drain;
	struct fake_peer opener;
	uint32_t token = 2;

	(void)state;
	two_hosts();
	both_register(5);
	fake_gone(&w, &b, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &opener);
	drain = *(const struct ipc_drain *)fake_expect(&opener, IPC_DRAIN);
	for (unsigned i = 0; i < 40; i++) {	/* more than anybody is told at once */
		ask(&a, token, 5, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
		ask(&a, token, 5, RELEASE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
	}
	FAKE_SAY(&opener, DRAIN_DONE, &drain);
	fake_gone(&w, &opener, 0);
	FAKE_UNTIL(&w, fake_has(&w.released, b.child));
	sleep(2);		/* whatever is still to come for it */
	ask(&a, token, 5, NVME_NVM_RESERVATION_REPORT, 0, 0, 0);
	next_is(&a, IPC_RESV_REPORT);
	fake_close(&opener);
	over();
}

/* One that does not answer is ended; then its writes are waited for, and then the answer goes out. */
static void
ends_who_is_silent(void **state)
{
	struct ipc_drain drain;
	struct fake_peer opener;

	(void)state;
	two_hosts();
	both_register(5);
	ask(&b, 2, 5, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 20, 0);
	fenced(&a, told(&a, 5, 0, 1));
	assert_int_equal(answered(&b, 2), 0);
	ask(&a, 2, 5, ACQUIRE, NVME_RACQA_PREEMPT_ABORT | NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 20);
	fenced(&a, told(&a, 5, 0, 0));
	told(&b, 5, 0, 1);
	FAKE_UNTIL(&w, fake_has(&w.killed, b.child));
	fake_gone(&w, &b, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &opener);
	drain = *(const struct ipc_drain *)fake_expect(&opener, IPC_DRAIN);
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	FAKE_SAY(&opener, DRAIN_DONE, &drain);
	assert_int_equal(answered(&a, 2), 0);
	fake_close(&opener);
	over();
}

/* ---- what nobody may ask ---- */

static void
refuses(void **state)
{
	struct fake_peer r;

	(void)state;
	two_hosts();
	r = controller(READER, 3, 1, 2);
	ask(&r, 1, 1, REGISTER, 0, 0, 30);
	assert_int_equal(answered(&r, 1), NVME_SC_OPERATION_DENIED | NVME_SC_DNR);
	assert_int_equal(report(&r, 2, 1).n, 0);
	ask(&a, 1, 2, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	ask(&a, 2, 1, 0x01, 0, 0, 10);
	FAKE_UNTIL(&w, fake_has(&w.killed, a.child));
	ask(&b, 0, 1, REGISTER, 0, 0, 10);
	FAKE_UNTIL(&w, fake_has(&w.killed, b.child));
	ask(&r, 3, 1, IPC_RESV_PTPL, 2, 0, 0);
	assert_int_equal(answered(&r, 3), NVME_SC_OPERATION_DENIED | NVME_SC_DNR);
	fake_close(&r);
	over();
}

static void
two_at_a_time(void **state)
{
	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	told(&b, 1, 0, 1);
	ask(&a, 3, 1, RELEASE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	FAKE_UNTIL(&w, fake_has(&w.killed, a.child));
	over();
}

/* Who asked is gone: the change stays, the answer finds nobody, and others go on. */
static void
nobody_waits(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fence = told(&b, 1, 0, 1);
	fake_gone(&w, &a, SIGKILL);
	ask(&b, 2, 1, REGISTER, NVME_RREGA_UNREGISTER, 20, 0);
	fenced(&b, fence);
	assert_int_equal(answered(&b, 2), 0);
	assert_int_equal(report(&b, 3, 1).type, NVME_RESV_WRITE_EXCLUSIVE);
	over();
}

/* ---- another broker ---- */

/* It ended between the change and its answer. Asked again, the change is not made again: a second
 * Unregister would be a conflict. */
static void
goes_on(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fenced(&b, told(&b, 1, 0, 1));
	assert_int_equal(answered(&a, 2), 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	told(&b, 1, 0, 0);
	new_broker();
	hears_all(&a, 1, 0, 0);
	hears_all(&b, 1, 0, 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	fenced(&a, told(&a, 1, 0, 0));
	fence = told(&b, 1, 0, 0);
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	fenced(&b, fence);
	assert_int_equal(answered(&a, 3), 0);
	assert_int_equal(report(&b, 2, 1).n, 1);
	/* what it is asked now is new */
	ask(&a, 4, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	assert_int_equal(answered(&a, 4), CONFLICT);
	over();
}

/* Somebody else's change comes first: that of the broker before is known all the same. */
static void
goes_on_behind_another(void **state)
{
	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fenced(&b, told(&b, 1, 0, 1));
	assert_int_equal(answered(&a, 2), 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	told(&b, 1, 0, 0);
	new_broker();
	hears_all(&a, 1, 0, 0);
	hears_all(&b, 1, 0, 0);
	ask(&b, 2, 1, REGISTER, NVME_RREGA_REPLACE, 20, 21);
	assert_int_equal(answered(&b, 2), 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	fenced(&a, told(&a, 1, 0, 0));
	fenced(&b, told(&b, 1, 0, 0));
	assert_int_equal(answered(&a, 3), 0);
	over();
}

/* The old broker makes a change while the new one starts: the warden tells of it. */
static void
goes_on_meanwhile(void **state)
{
	struct fake_warden old;
	const struct fake_held *page;

	(void)state;
	two_hosts();
	ask(&a, 1, 1, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), 0);
	fake_catch_up(&w);
	old = w;
	fake_inherit(&w, &old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	ask(&b, 1, 1, REGISTER, 0, 0, 20);
	assert_int_equal(answered(&b, 1), 0);
	fake_catch_up(&old);
	assert_non_null(page = fake_find_held(&old, HOLD_PAGE, 0));
	FAKE_SAY_FD(&w.broker, HELD, &page->name, &page->fd);
	fake_stop(&old);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &a);
	fake_child(&w, ROLE_WORKER, &b);
	fake_go(&w);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	fake_close(&spare);
	start_spare();
	hears_all(&b, 1, 0, 0);
	assert_int_equal(report(&b, 2, 1).n, 2);
	over();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(answers_last),
		TEST(one_after_the_other),
		TEST(notices),
		TEST(many_notices),
		TEST(no_notices_for_the_dead),
		TEST(ends_who_is_silent),
		TEST(refuses),
		TEST(two_at_a_time),
		TEST(nobody_waits),
		TEST(goes_on),
		TEST(goes_on_behind_another),
		TEST(goes_on_meanwhile),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
