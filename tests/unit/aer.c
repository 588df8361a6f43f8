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

/* ---- events: the discovery log has changed ---- */

static void
give_page(uint64_t generation)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_int_equal(write(fd, "1234", 4), 4);
	ctrl_page(fake.c, fd, &(struct ipc_page){ generation, 4 });
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
	read_log(false);
	told(s);
	s = aer(3);
	read_log(false);
	assert_false(fake_answered(s));
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
		T(held_and_limited), T(a_reset_drops_them), T(aborts),
		T_DISCOVERY(events_only_when_wished_for), T_DISCOVERY(once_until_read),
		T_DISCOVERY(who_stays_is_told),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
