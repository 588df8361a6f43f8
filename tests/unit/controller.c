/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A controller's life: CC and CSTS, shutdown, reset and the end with a slow or broken device, keep
 * alive, and the reservation of queues.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/logmsg.h"
#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)
#define CC 0x00460000u		/* IOCQES 4, IOSQES 6 */
#define EN 0x1u
#define SHN 0x4000u

static uint16_t
set_cc(uint32_t cc)
{
	return (ctrl_property_set(fake.c, NVME_PROP_CC, 4, cc));
}

static uint32_t
csts(void)
{
	uint64_t v;

	assert_int_equal(ctrl_property_get(fake.c, NVME_PROP_CSTS, 4, &v), 0);
	return ((uint32_t)v);
}

static void
expect_flush(uint32_t nsid, int error)
{
	fake_disk_expect(&(struct fake_op){ ENG_FLUSH, fake_ns_fd(nsid), 0, 0, 0, error });
}

/* A write on queue 1 that the device has begun. */
static void
write_begins(void)
{
	const uint8_t data[512] = { 0 };

	fake_disk_expect(&(struct fake_op){ ENG_WRITE, fake_ns_fd(NS_512), 0, 512, 0, 0 });
	fake_nvm(&(struct cmd){ .opc = NVME_NVM_WRITE, .nsid = NS_512, .sgl_len = 512 }, data);
	fake_disk_start();
}

/* ---- CC ---- */

static void
cc_rules(void **state)
{
	static const struct { uint32_t cc; bool ok; } rows[] = {
		{ EN, true },				/* both entry sizes 0 */
		{ CC | EN, true },
		{ 0x00400000 | EN, true },
		{ 0x00060000 | EN, true },
		{ 0x00470000 | EN, false },		/* IOSQES 7 */
		{ 0x00560000 | EN, false },		/* IOCQES 5 */
		{ CC | 0xc000, false },			/* SHN 3 */
		{ CC | EN | 0x0800, false },		/* AMS 1 */
		{ CC | EN | 0x3800, false },
		{ CC | EN | 0x0080, false },		/* MPS 1 */
		{ CC | EN | 0x0010, false },		/* CSS 1 */
		{ CC | EN | 0x0060, false },		/* CSS 6 */
		{ CC | EN | 0x0070, true },		/* CSS 7 */
		{ CC | EN | 0xfe00000e, true },		/* reserved: ignored */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(set_cc(rows[i].cc), rows[i].ok ? 0 : FIELD);
		assert_int_equal(ctrl_enabled(fake.c), rows[i].ok);
		assert_int_equal(csts(), rows[i].ok);
		assert_int_equal(set_cc(0), 0);
		assert_int_equal(csts(), 0);
	}
	assert_true(fake.c->cc == 0);
}

static void
fixed_while_enabled(void **state)
{
	(void)state;
	assert_int_equal(set_cc(CC | EN), 0);
	assert_int_equal(set_cc(CC | EN | 0x70), FIELD);
	assert_int_equal(set_cc(EN), 0);		/* entry sizes may change */
	assert_int_equal(fake.c->cc, EN);
	assert_int_equal(csts(), NVME_CSTS_RDY);
}

/* ---- reset ---- */

static void
reset_and_again(void **state)
{
	const struct cmd queues = { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = 7 };

	(void)state;
	fake_connect(2);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(set_cc(CC), 0);
		assert_int_equal(csts(), 0);
		assert_false(ctrl_has_queues(fake.c));
		assert_int_equal(fake.c->admin.state, QP_LIVE);
		assert_int_equal(fake.c->queues_granted, 0);
		assert_int_equal(set_cc(CC | EN), 0);
		assert_int_equal(csts(), NVME_CSTS_RDY);
		assert_int_equal(fake_admin_status(&queues), 0);
		fake_connect(1);
	}
	assert_false(fake.lane.stop);
}

/* RDY stays until the device has given back what it has. */
static void
reset_waits(void **state)
{
	(void)state;
	write_begins();
	assert_int_equal(set_cc(CC), 0);
	assert_int_equal(csts(), NVME_CSTS_RDY);
	assert_false(ctrl_enabled(fake.c));
	assert_int_equal(set_cc(CC | EN), NVME_SC_COMMAND_SEQUENCE_ERROR);
	fake_pass(60000);
	assert_int_equal(fake.last_log, MSG_DRAIN_LATE);
	assert_int_equal(csts(), NVME_CSTS_RDY);
	fake_disk_run();
	assert_int_equal(csts(), 0);
	assert_int_equal(set_cc(CC | EN), 0);
	assert_int_equal(csts(), NVME_CSTS_RDY);
}

/* ---- shutdown ---- */

static void
shutdown_flushes(void **state)
{
	(void)state;
	write_begins();
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);			/* not the read-only one */
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	assert_int_equal(csts(), NVME_CSTS_RDY | NVME_CSTS_SHST_OCCURRING);
	fake_disk_run();
	assert_int_equal(csts(), NVME_CSTS_RDY | NVME_CSTS_SHST_COMPLETE);
	assert_false(ctrl_has_queues(fake.c));
	assert_false(fake.lane.stop);
	/* said once more, it is not done once more */
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	/* the way back leads over a reset */
	assert_int_equal(set_cc(CC), 0);
	assert_int_equal(csts(), 0);
	assert_int_equal(set_cc(CC | EN), 0);
	assert_int_equal(csts(), NVME_CSTS_RDY);
}

static void
abrupt_shutdown_while_disabled(void **state)
{
	(void)state;
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);
	assert_int_equal(set_cc(CC | 0x8000), 0);
	assert_int_equal(set_cc(CC | EN), NVME_SC_COMMAND_SEQUENCE_ERROR);
	fake_disk_run();
	assert_int_equal(csts(), NVME_CSTS_SHST_COMPLETE);
}

/* A slow device delays the word; it is never given too early. */
static void
slow_shutdown(void **state)
{
	(void)state;
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	fake_pass(60000);
	assert_int_equal(fake.last_log, MSG_DRAIN_LATE);
	assert_int_equal(csts() & NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_OCCURRING);
	assert_false(fake.lane.stop);
	fake_disk_run();
	assert_int_equal(csts() & NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_COMPLETE);
}

static void
failed_flush_is_no_shutdown(void **state)
{
	(void)state;
	expect_flush(NS_512, EIO);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	fake_disk_run();
	assert_int_equal(csts(), NVME_CSTS_RDY | NVME_CSTS_CFS | NVME_CSTS_SHST_OCCURRING);
	assert_int_equal(fake.last_log, MSG_FLUSH_FAILED);
}

static void
reset_during_shutdown(void **state)
{
	(void)state;
	expect_flush(NS_512, 0);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	assert_int_equal(set_cc(CC), 0);
	assert_true(csts() != 0);
	fake_disk_run();
	assert_int_equal(csts(), 0);
}

/* Asked for while a reset is under way, it comes after that. */
static void
shutdown_during_reset(void **state)
{
	(void)state;
	write_begins();
	assert_int_equal(set_cc(CC), 0);
	assert_int_equal(csts(), NVME_CSTS_RDY);
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);
	assert_int_equal(set_cc(CC | SHN), 0);
	fake_disk_run();
	assert_int_equal(csts(), NVME_CSTS_SHST_COMPLETE);
	assert_int_equal(set_cc(CC | EN), 0);
	assert_int_equal(set_cc(CC), 0);
	assert_int_equal(csts(), 0);
}

/* ... also when the reset came in the middle of another shutdown. */
static void
shutdown_reset_shutdown(void **state)
{
	(void)state;
	expect_flush(NS_512, 0);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	assert_int_equal(set_cc(CC), 0);
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);
	assert_int_equal(set_cc(CC | SHN), 0);
	fake_disk_run();
	assert_int_equal(csts(), NVME_CSTS_SHST_COMPLETE);
}

/* The host hangs up before the shutdown is complete: its data is flushed all the same. */
static void
hang_up_during_shutdown(void **state)
{
	(void)state;
	expect_flush(NS_512, 0);
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	qp_close(&fake.c->admin, "hang up");
	assert_false(fake.lane.stop);
	fake_disk_run();
	assert_true(fake.lane.stop);
	assert_int_equal(fake.lane.status, 0);
}

/* ---- the end ---- */

static void
admin_queue_lost(void **state)
{
	(void)state;
	write_begins();
	fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ASYNC_EVENT_REQUEST });
	qp_close(&fake.c->admin, "lost");
	assert_int_equal(fake.c->admin.state, QP_FREE);
	assert_int_equal(fake.c->io[0].state, QP_CLOSING);
	assert_false(fake.lane.stop);
	fake_disk_run();
	assert_true(fake.lane.stop);
	assert_int_equal(fake.lane.status, 0);
}

static void
leaving_flushes(void **state)
{
	(void)state;
	write_begins();
	expect_flush(NS_512, EIO);		/* goes on */
	expect_flush(NS_4K, 0);
	ctrl_leave(fake.c);
	ctrl_end(fake.c, "and again");
	ctrl_leave(fake.c);
	assert_false(fake.lane.stop);
	fake_disk_run();
	assert_true(fake.lane.stop);
	assert_int_equal(fake.lane.status, 0);
}

static void
a_stuck_device_does_not_hold_the_end(void **state)
{
	(void)state;
	write_begins();
	ctrl_end(fake.c, "test");
	fake_pass(9999);
	assert_false(fake.lane.stop);
	fake_pass(1);
	assert_true(fake.lane.stop);
	assert_int_equal(fake.lane.status, 1);
	fake_disk_run();
}

/* ---- keep alive ---- */

static void
keep_alive_is_enforced(void **state)
{
	(void)state;
	ctrl_set_kato(fake.c, 4500);		/* before CC.EN, too */
	assert_int_equal(fake.c->kato_ms, 5000);
	fake_pass(4999);
	assert_int_equal(csts(), 0);
	fake_pass(1);
	assert_int_equal(csts() & NVME_CSTS_CFS, NVME_CSTS_CFS);
	assert_true(fake.lane.stop);
	assert_int_equal(fake.logs, 2);
}

static void
keep_alive_command(void **state)
{
	(void)state;
	ctrl_set_kato(fake.c, 5000);
	for (unsigned i = 0; i < 10; i++) {
		fake_pass(4000);
		assert_int_equal(fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_KEEP_ALIVE }), 0);
	}
	assert_int_equal(csts(), NVME_CSTS_RDY);
	fake_pass(5000);
	assert_int_equal(csts() & NVME_CSTS_CFS, NVME_CSTS_CFS);
}

/* TBKAS: a command on any queue in an interval counts for all of it. */
static void
traffic_counts(void **state)
{
	const struct cmd flush = { .opc = NVME_NVM_FLUSH, .nsid = NS_RO };

	(void)state;
	ctrl_set_kato(fake.c, 5000);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(fake_nvm_status(&flush, NULL), 0);
		fake_pass(5000);
		assert_int_equal(csts(), NVME_CSTS_RDY);
	}
	fake_pass(4999);
	assert_int_equal(csts(), NVME_CSTS_RDY);
	fake_pass(1);
	assert_int_equal(csts() & NVME_CSTS_CFS, NVME_CSTS_CFS);
}

static void
kato_values(void **state)
{
	static const struct { uint32_t asked, kept; } rows[] = {
		{ 0, 0 }, { 1, 1000 }, { 999, 1000 }, { 1000, 1000 }, { 1001, 2000 },
		{ 15000, 15000 }, { UINT32_MAX, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ctrl_set_kato(fake.c, rows[i].asked);
		assert_int_equal(fake.c->kato_ms, rows[i].kept);
	}
	ctrl_set_kato(fake.c, 0);
	fake_pass(1ull << 40);
	assert_false(fake.lane.stop);
}

/* ---- queues ---- */

static void
ask(uint16_t qid, uint32_t sqsize, uint32_t token, struct ipc_refuse *r)
{
	ctrl_queue_ask(fake.c, &(struct ipc_queue_ask){ .token = token, .sqsize = sqsize,
	    .qid = qid }, r);
}

static void
queue_rules(void **state)
{
	static const struct { uint16_t qid; uint32_t sqsize; uint16_t status, ipo; } rows[] = {
		{ 0, 64, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 42 },
		{ 5, 64, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 42 },
		{ 0xffff, 64, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 42 },
		{ 2, 129, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 44 },
		{ 2, 65536, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 44 },
		{ 2, 1, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 44 },
		{ 2, 0, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS), 44 },
		{ 1, 64, NVME_SC_COMMAND_SEQUENCE_ERROR, 0 },	/* in use */
		{ 2, 128, 0, 0 },
		{ 2, 128, NVME_SC_COMMAND_SEQUENCE_ERROR, 0 },	/* reserved */
		{ 4, 2, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ipc_refuse r;

		ask(rows[i].qid, rows[i].sqsize, 7, &r);
		assert_int_equal(r.status, rows[i].status);
		assert_int_equal(r.ipo, rows[i].ipo);
		assert_int_equal(r.iattr, 0);
	}
}

/* Fewer queues granted than there are. */
static void
beyond_what_was_granted(void **state)
{
	const struct cmd two = { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = 7, .cdw11 = 0x00010001 };
	struct ipc_refuse r;

	(void)state;
	ask(1, 64, 7, &r);				/* disabled */
	assert_int_equal(r.status, NVME_SC_COMMAND_SEQUENCE_ERROR);
	assert_int_equal(set_cc(CC | EN), 0);
	ask(1, 64, 7, &r);				/* not asked for */
	assert_int_equal(r.status, NVME_SC_COMMAND_SEQUENCE_ERROR);
	assert_int_equal(fake_admin_status(&two), 0);
	ask(3, 64, 7, &r);
	assert_int_equal(r.status, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS));
	assert_int_equal(r.ipo, 42);
	ask(2, 64, 7, &r);
	assert_int_equal(r.status, 0);
}

static void
no_queues_on_the_way_down(void **state)
{
	struct ipc_refuse r;

	(void)state;
	expect_flush(NS_512, 0);
	expect_flush(NS_4K, 0);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	ask(2, 64, 7, &r);
	assert_int_equal(r.status, NVME_SC_COMMAND_SEQUENCE_ERROR);
	fake_disk_run();
	ask(2, 64, 7, &r);
	assert_int_equal(r.status, NVME_SC_COMMAND_SEQUENCE_ERROR);
}

static void
closing_is_in_use(void **state)
{
	struct ipc_refuse r;

	(void)state;
	write_begins();
	qp_close(&fake.c->io[0].qp, "disconnect");
	ask(1, 64, 7, &r);
	assert_int_equal(r.status, NVME_SC_COMMAND_SEQUENCE_ERROR);
	fake_disk_run();
	fake_connect(1);
}

/* A descriptor for nobody is closed, and nothing else happens. */
static void
given_wrongly(void **state)
{
	static const struct ipc_queue_handoff rows[] = {
		{ .token = 7, .sqsize = 64, .qid = 0 },
		{ .token = 7, .sqsize = 64, .qid = 5 },
		{ .token = 7, .sqsize = 64, .qid = 3 },		/* not reserved */
		{ .token = 7, .sqsize = 64, .qid = 1 },		/* live */
		{ .token = 8, .sqsize = 64, .qid = 2 },
		{ .token = 7, .sqsize = 65, .qid = 2 },
	};
	struct ipc_refuse r;

	(void)state;
	ask(2, 64, 7, &r);
	assert_int_equal(r.status, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = open("/dev/null", O_RDONLY);

		ctrl_queue_give(fake.c, &rows[i], fd);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		assert_int_equal(fake.c->io[1].state, QP_RESERVED);
	}
}

static void
given(void **state)
{
	const struct ipc_queue_handoff h = { .token = 7, .sqsize = 64, .qid = 2, .noflow = 1,
	    .hdgst = 1, .ddgst = 0, .hpda = 3, .cpda = 1, .maxr2t = 5 };
	struct ipc_refuse r;

	(void)state;
	ask(2, 64, 7, &r);
	ctrl_queue_give(fake.c, &h, 1234);
	assert_int_equal(fake.c->io[1].state, QP_LIVE);
	assert_true(fake.c->io[1].qp.noflow);
	assert_int_equal(fake.started_fd, 1234);
	assert_true(fake.params.hdgst);
	assert_false(fake.params.ddgst);
	assert_int_equal(fake.params.hpda, 3);
	assert_int_equal(fake.params.cpda, 1);
	assert_int_equal(fake.params.maxr2t, 5);
	assert_int_equal(fake.params.maxh2cdata, 262144);
	assert_int_equal(fake.params.max_icd, 16384);
	fake_pass(3600000);			/* the reservation's time is of no interest now */
	assert_int_equal(fake.c->io[1].state, QP_LIVE);
}

static void
reservations_end(void **state)
{
	struct ipc_refuse r;

	(void)state;
	ask(2, 64, 7, &r);
	ask(3, 64, 8, &r);
	ctrl_queue_cancel(fake.c, 9);
	assert_int_equal(fake.c->io[1].state, QP_RESERVED);
	ctrl_queue_cancel(fake.c, 7);
	assert_int_equal(fake.c->io[1].state, QP_FREE);
	assert_int_equal(fake.c->io[2].state, QP_RESERVED);
	fake_pass(5000);
	assert_int_equal(fake.c->io[2].state, QP_FREE);
	/* a reset takes reservations along */
	ask(2, 64, 7, &r);
	assert_int_equal(set_cc(CC), 0);
	assert_int_equal(csts(), 0);
	assert_int_equal(fake.c->io[1].state, QP_FREE);
}

static void
discovery_has_no_queues(void **state)
{
	struct ipc_refuse r;

	(void)state;
	ask(1, 64, 7, &r);
	assert_int_equal(r.status, DNR(NVME_SC_CONNECT_INVALID_PARAMETERS));
	assert_int_equal(r.ipo, 42);
	assert_int_equal(set_cc(CC | EN | SHN), 0);
	assert_int_equal(csts() & NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_COMPLETE);
	ctrl_set_kato(fake.c, 30000);
	fake_pass(30000);
	assert_true(fake.lane.stop);
}

/* A host that sets no timer does not mean to stay; one that is busy may. */
static void
discovery_idle(void **state)
{
	(void)state;
	assert_int_equal(fake.c->kato_ms, 120000);
	fake_pass(119999);
	assert_int_equal(fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_KEEP_ALIVE }), 0);
	fake_pass(119999);
	assert_false(fake.lane.stop);
	fake_pass(1);
	assert_true(fake.lane.stop);
}

#define FRESH(f) cmocka_unit_test_setup_teardown(f, fake_fresh, fake_end)
#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(cc_rules), FRESH(fixed_while_enabled), T(reset_and_again), T(reset_waits),
		T(shutdown_flushes), FRESH(abrupt_shutdown_while_disabled), T(slow_shutdown),
		T(failed_flush_is_no_shutdown), T(reset_during_shutdown),
		T(shutdown_during_reset), T(shutdown_reset_shutdown),
		T(hang_up_during_shutdown), T(admin_queue_lost), T(leaving_flushes),
		T(a_stuck_device_does_not_hold_the_end), FRESH(keep_alive_is_enforced),
		T(keep_alive_command), T(traffic_counts), T(kato_values), T(queue_rules),
		FRESH(beyond_what_was_granted), T(no_queues_on_the_way_down), T(closing_is_in_use),
		T(given_wrongly), T(given), T(reservations_end),
		cmocka_unit_test_setup_teardown(discovery_has_no_queues, fake_discovery, fake_end),
		cmocka_unit_test_setup_teardown(discovery_idle, fake_discovery, fake_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
