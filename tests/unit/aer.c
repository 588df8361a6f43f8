/* SPDX-License-Identifier: BSD-2-Clause */
/* Asynchronous Event Requests: held, limited, aborted, and answered by an event. Abort. */
#include "config.h"

#include <sys/mman.h>

#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

static struct slot *
aer(uint16_t cid)
{
	return (fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ASYNC_EVENT_REQUEST, .cid = cid }));
}

/* Bit 0 of the answer to an Abort. */
static unsigned
abort_of(uint16_t sqid, uint16_t cid)
{
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ABORT, .cid = 999,
	    .cdw10 = sqid | (uint32_t)cid << 16 });
	unsigned bit;

	assert_int_equal(fake_status(s), 0);
	bit = (unsigned)s->result & 1;
	fake_release(s);
	return (bit);
}

static void
held_and_limited(void **state)
{
	struct slot *s[5];

	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		s[i] = aer(i);
	for (unsigned i = 0; i < 4; i++)
		assert_false(fake_answered(s[i]));
	assert_int_equal(fake_status(s[4]), DNR(NVME_SC_AER_LIMIT_EXCEEDED));
	assert_int_equal(fake.c->naers, 4);
	fake_release(s[4]);
	/* room again */
	assert_int_equal(abort_of(0, 2), 0);
	assert_int_equal(fake_status(s[2]), NVME_SC_ABORT_REQUESTED);
	fake_release(s[2]);
	assert_false(fake_answered(aer(6)));
}

static void
a_reset_drops_them(void **state)
{
	struct slot *s = aer(1);

	(void)state;
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460000), 0);
	assert_int_equal(fake_status(s), NVME_SC_ABORT_REQUESTED);
	assert_int_equal(fake.c->naers, 0);
	assert_true(fake.c->nerrors == 0);
	fake_release(s);
}

static void
aborts(void **state)
{
	const uint8_t data[512] = { 0 };
	const struct cmd write = { .opc = NVME_NVM_WRITE, .cid = 5, .nsid = NS_512,
	    .sgl_len = 512 };
	struct slot *s;

	(void)state;
	assert_int_equal(abort_of(0, 77), 1);		/* no such command */
	assert_int_equal(abort_of(0, 999), 1);		/* itself */
	assert_int_equal(abort_of(2, 5), 1);		/* not connected */
	assert_int_equal(abort_of(0xffff, 5), 1);
	fake_disk_expect(&(struct fake_op){ ENG_WRITE, fake_ns_fd(NS_512), 0, 512, 0, 0 });
	fake_disk_expect(&(struct fake_op){ ENG_WRITE, fake_ns_fd(NS_512), 0, 512, 0, 0 });
	s = fake_nvm(&write, data);
	assert_int_equal(abort_of(1, 4), 1);
	assert_int_equal(abort_of(1, 5), 0);
	assert_int_equal(fake_status(s), NVME_SC_ABORT_REQUESTED);
	fake_release(s);
	s = fake_nvm(&write, data);
	fake_disk_start();				/* too late */
	assert_int_equal(abort_of(1, 5), 1);
	fake_disk_run();
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

/* Those that wait for the outcome are counted, and told what it was. */
static void
aborts_that_wait(void **state)
{
	const struct cmd zero = { .opc = NVME_NVM_WRITE_ZEROES, .cid = 7, .nsid = NS_512 };
	struct slot *s, *wait[MAX_ABORTS], *one_more;

	(void)state;
	fake_disk_expect(&(struct fake_op){ ENG_ZERO, fake_ns_fd(NS_512), 0, 512, 0, 0 });
	s = fake_nvm(&zero, NULL);
	fake_disk_start();
	fake.abort_later = true;
	for (unsigned i = 0; i < MAX_ABORTS; i++) {
		wait[i] = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ABORT,
		    .cid = (uint16_t)(100 + i), .cdw10 = 1 | 7u << 16 });
		assert_ptr_equal(fake.aborter, wait[i]);
		assert_false(fake_answered(wait[i]));
	}
	one_more = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ABORT, .cid = 200,
	    .cdw10 = 1 | 7u << 16 });
	assert_int_equal(fake_status(one_more), NVME_SC_ABORT_LIMIT_EXCEEDED);
	fake_release(one_more);
	for (unsigned i = 0; i < MAX_ABORTS; i++) {
		abort_over(wait[i], i % 2 == 0);
		assert_int_equal(fake_status(wait[i]), 0);
		assert_int_equal(wait[i]->result, i % 2);
		fake_release(wait[i]);
	}
	assert_int_equal(fake.c->naborts, 0);
	assert_int_equal(fake.c->io[0].errands, 0);
	assert_int_equal(abort_of(2, 5), 1);		/* there is room again */
	fake_disk_run();
	fake_release(s);
}

/* ---- events: the discovery log has changed ---- */

static void
give_page(uint64_t generation)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_int_equal(write(fd, "1234", 4), 4);
	ctrl_page(fake.c, fd, &(struct ipc_page){ generation, 4 });
}

static void
give_long_page(uint64_t generation)
{
	static const uint8_t page[2048];
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
	ctrl_page(fake.c, fd, &(struct ipc_page){ generation, sizeof(page) });
}

static void
read_log(bool rae)
{
	const struct cmd cmd = { .opc = NVME_ADMIN_GET_LOG_PAGE,
	    .cdw10 = NVME_LID_DISCOVERY | (rae ? NVME_LOG_RAE : 0), .sgl_len = 4 };

	assert_int_equal(fake_admin_status(&cmd), 0);
}

static void
enable_events(void)
{
	const struct cmd cmd = { .opc = NVME_ADMIN_SET_FEATURES,
	    .cdw10 = NVME_FID_ASYNC_EVENT_CONFIG, .cdw11 = NVME_AEC_DISCOVERY_CHANGE };

	assert_int_equal(fake_admin_status(&cmd), 0);
}

static void
told(struct slot *s)
{
	assert_int_equal(fake_status(s), 0);
	assert_true(s->result == 0x0070f002);
	fake_release(s);
}

static void
events_only_when_wished_for(void **state)
{
	struct slot *s = aer(1);

	(void)state;
	give_page(1);
	give_page(2);
	assert_false(fake_answered(s));
	enable_events();
	give_page(2);			/* the same */
	assert_false(fake_answered(s));
	give_page(3);
	told(s);
}

static void
once_until_read(void **state)
{
	struct slot *s;

	(void)state;
	enable_events();
	give_page(1);
	give_page(2);			/* nobody asks yet */
	told(aer(1));
	s = aer(2);
	give_page(3);
	assert_false(fake_answered(s));
	read_log(true);			/* retained */
	assert_false(fake_answered(s));
	read_log(false);		/* with what was to be told */
	assert_false(fake_answered(s));
	give_page(4);
	told(s);
}

/* The end of a page that changed while it was read in parts does not show what changed. */
static void
a_tail_is_not_all(void **state)
{
	struct cmd tail = { .opc = NVME_ADMIN_GET_LOG_PAGE, .cdw10 = NVME_LID_DISCOVERY,
	    .cdw12 = 4, .sgl_len = 4 };
	struct slot *s;

	(void)state;
	enable_events();
	give_page(1);
	give_page(2);
	told(aer(1));
	s = aer(2);
	read_log(true);
	give_page(3);
	assert_int_equal(fake_admin_status(&tail), DNR(NVME_SC_INVALID_FIELD));
	assert_false(fake_answered(s));		/* what fails clears nothing */
	give_long_page(4);
	assert_int_equal(fake_admin_status(&tail), 0);
	told(s);
}

/* ---- all events ---- */

static void
set_events(uint32_t aec)
{
	const struct cmd cmd = { .opc = NVME_ADMIN_SET_FEATURES,
	    .cdw10 = NVME_FID_ASYNC_EVENT_CONFIG, .cdw11 = aec };

	assert_int_equal(fake_admin_status(&cmd), 0);
}

static uint16_t
get_log(uint8_t lid)
{
	return (fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_GET_LOG_PAGE, .cdw10 = lid,
	    .sgl_len = 4 }));
}

/* Each comes once, is kept while nobody waits, and comes again after its log was read. */
static void
every_event(void **state)
{
	static const struct { enum aer_event event; uint32_t dw0; bool readable; } rows[] = {
		{ AER_EVENT_FAULT, 0x00010400, true },
		{ AER_EVENT_HEALTH, 0x00020001, true },
		{ AER_EVENT_NS, 0x00040002, true },
		{ AER_EVENT_RESERVATION, 0x00800006, false },
	};

	(void)state;
	set_events(NVME_AEC_NS_ATTRIBUTE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slot *s;

		aer_event(fake.c, rows[i].event);
		aer_event(fake.c, rows[i].event);
		s = aer(1);
		assert_int_equal(fake_status(s), 0);
		assert_true(s->result == rows[i].dw0);
		fake_release(s);
		s = aer(2);
		aer_event(fake.c, rows[i].event);
		assert_false(fake_answered(s));
		if (rows[i].readable)
			assert_int_equal(get_log((uint8_t)(rows[i].dw0 >> 16)), 0);
		else
			aer_log_read(fake.c, (uint8_t)(rows[i].dw0 >> 16), true);
		assert_false(fake_answered(s));
		aer_event(fake.c, rows[i].event);
		assert_int_equal(fake_status(s), 0);
		assert_true(s->result == rows[i].dw0);
		fake_release(s);
		aer_log_read(fake.c, (uint8_t)(rows[i].dw0 >> 16), true);
	}
}

/* Two of them for two requests, in the order of the table; and one of a log that is masked waits. */
static void
several_events(void **state)
{
	struct slot *first, *second;

	(void)state;
	set_events(NVME_AEC_NS_ATTRIBUTE);
	ns_changed(fake.c, 1);
	aer_event(fake.c, AER_EVENT_FAULT);
	first = aer(1);
	second = aer(2);
	assert_true(first->result == 0x00010400);
	assert_true(second->result == 0x00040002);
	fake_release(first);
	fake_release(second);
}

/* What the broker changes while the host is there. */
static void
namespaces_that_change(void **state)
{
	struct ipc_ns id = ns_find(fake.lane.ns, NS_512)->id;
	struct slot *s;

	(void)state;
	fake.c->aec = NVME_AEC_NS_ATTRIBUTE | NVME_AEC_ANA_CHANGE;
	s = aer(1);
	assert_int_equal(ns_change(fake.c, &id), 0);	/* as it was */
	id.no_write = 1;				/* a reservation */
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_false(fake_answered(s));
	id.nlbas *= 2;
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_true(fake_status(s) == 0 && s->result == 0x00040002);
	fake_release(s);
	assert_int_equal(get_log(NVME_LID_CHANGED_NS), 0);
	s = aer(2);
	id.ana_state = 3;
	assert_int_equal(ns_change(fake.c, &id), 0);
	assert_true(fake_status(s) == 0 && s->result == 0x000c0302);
	fake_release(s);
	assert_int_equal(fake.c->changed.n, 0);		/* which is no attribute of it */
	s = aer(3);
	assert_int_equal(ns_gone(fake.c, &(struct ipc_ns_gone){ .nsid = NS_4K }), 0);
	assert_true(fake_status(s) == 0 && s->result == 0x00040002);
	fake_release(s);
	assert_int_equal(fake.c->changed.nsid[0], NS_4K);
}

static void
notices_not_wished_for(void **state)
{
	struct slot *s = aer(1);

	(void)state;
	ns_changed(fake.c, 1);
	aer_event(fake.c, AER_EVENT_ANA);
	aer_event(fake.c, AER_EVENT_DISCOVERY);
	assert_false(fake_answered(s));
	set_events(NVME_AEC_NS_ATTRIBUTE);	/* what was before is not told later */
	assert_false(fake_answered(s));
	ns_changed(fake.c, 1);
	assert_true(fake_status(s) == 0 && s->result == 0x00040002);
	fake_release(s);
}

static void
a_reset_forgets_events(void **state)
{
	struct slot *s;

	(void)state;
	set_events(NVME_AEC_NS_ATTRIBUTE);
	ns_changed(fake.c, 1);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460000), 0);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460001), 0);
	s = aer(1);
	assert_false(fake_answered(s));
	assert_int_equal(fake.c->aec, 0);
	assert_int_equal(fake.c->changed.n, 0);
}

/* To stay is to wish for it, also after a reset; what the host sets goes before that. */
static void
who_stays_is_told(void **state)
{
	const struct cmd off = { .opc = NVME_ADMIN_SET_FEATURES,
	    .cdw10 = NVME_FID_ASYNC_EVENT_CONFIG };
	struct slot *s;

	(void)state;
	fake.c->persistent = true;
	give_page(1);
	give_page(2);
	assert_int_equal(fake.c->events_pending, 0);
	aer_reset(fake.c);
	s = aer(1);
	give_page(3);
	told(s);
	read_log(false);
	assert_int_equal(fake_admin_status(&off), 0);
	give_page(4);
	assert_int_equal(fake.c->events_pending, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)
#define T_DISCOVERY(f) cmocka_unit_test_setup_teardown(f, fake_discovery, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(held_and_limited), T(a_reset_drops_them), T(aborts), T(aborts_that_wait),
		T_DISCOVERY(events_only_when_wished_for), T_DISCOVERY(once_until_read),
		T_DISCOVERY(who_stays_is_told),
		T_DISCOVERY(a_tail_is_not_all), T(every_event), T(several_events),
		T(namespaces_that_change),
		T(notices_not_wished_for), T(a_reset_forgets_events),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
