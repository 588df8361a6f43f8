/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs 01h and 02h: the ring of errors and where they lie, counters, warnings and their events. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define READ	NVME_NVM_READ
#define WRITE	NVME_NVM_WRITE

static void
get_log(uint8_t lid, uint32_t nsid, uint32_t offset, void *to, uint32_t bytes)
{
	const struct cmd cmd = { .opc = NVME_ADMIN_GET_LOG_PAGE, .nsid = nsid,
	    .cdw10 = lid | (bytes / 4 - 1) << 16, .cdw12 = offset, .sgl_len = bytes };
	struct slot *s = fake_admin(&cmd);

	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake_len(s), bytes);
	memcpy(to, s->buf, bytes);
	fake_release(s);
}

static struct nvme_smart_log
smart(uint32_t nsid)
{
	struct nvme_smart_log log;

	get_log(NVME_LID_SMART, nsid, 0, &log, sizeof(log));
	return (log);
}

static struct nvme_error_entry
last_error(void)
{
	struct nvme_error_entry e;

	get_log(NVME_LID_ERROR, 0, 0, &e, sizeof(e));
	return (e);
}

/* One transfer of a block that the device answers with this errno. */
static uint16_t
transfer(uint8_t opc, uint32_t nsid, int error)
{
	static const uint8_t data[4096];
	uint32_t len = nsid == NS_4K ? 4096 : 512;
	const struct cmd cmd = { .opc = opc, .nsid = nsid, .sgl_len = len };
	struct slot *s;
	uint16_t status;

	fake_disk_expect(&(struct fake_op){ opc == READ ? ENG_READ : ENG_WRITE,
	    fake_ns_fd(nsid), 0, len, 0, error });
	s = fake_nvm(&cmd, data);
	fake_disk_run();
	status = fake_status(s);
	fake_release(s);
	return (status);
}

/* ---- 01h ---- */

static void
errors_newest_first(void **state)
{
	const struct cmd bad = { .opc = READ, .cid = 7, .nsid = 77, .cdw10 = 5, .cdw11 = 1,
	    .sgl_len = 512 };
	struct nvme_error_entry e[64];

	(void)state;
	get_log(NVME_LID_ERROR, 0, 0, e, sizeof(e));
	assert_true(le64_get(e[0].error_count) == 0);
	fake_nvm_status(&bad, NULL);
	for (unsigned i = 0; i < 70; i++)
		fake_admin_status(&(struct cmd){ .opc = 0xc0, .cid = (uint16_t)i });
	fake_nvm_status(&bad, NULL);
	get_log(NVME_LID_ERROR, 0, 0, e, sizeof(e));
	assert_true(le64_get(e[0].error_count) == 72);
	assert_int_equal(le16_get(e[0].sqid), 1);
	assert_int_equal(le16_get(e[0].cid), 7);
	assert_int_equal(le16_get(e[0].status), DNR(NVME_SC_INVALID_NS_OR_FORMAT) << 1);
	assert_int_equal(le16_get(e[0].parameter_location), 4);
	assert_true(le64_get(e[0].lba) == 0x100000005);
	assert_int_equal(le32_get(e[0].nsid), 77);
	assert_int_equal(e[0].trtype, 3);
	assert_int_equal(e[0].opcode, READ);
	assert_int_equal(e[1].opcode, 0xc0);
	assert_int_equal(e[0].version, 1);
	for (unsigned i = 1; i < 64; i++) {
		assert_true(le64_get(e[i].error_count) == 72 - i);
		assert_int_equal(le16_get(e[i].cid), 70 - i);
		assert_int_equal(le16_get(e[i].sqid), 0);
		assert_int_equal(le16_get(e[i].parameter_location), 0);
	}
	/* from the middle */
	get_log(NVME_LID_ERROR, 0, 64, e, 64);
	assert_true(le64_get(e[0].error_count) == 71);
}

/* Byte and bit of the field that was wrong. */
static void
where_it_is(void **state)
{
	static const struct { struct cmd cmd; uint16_t place; } rows[] = {
		{ { .opc = NVME_ADMIN_IDENTIFY, .cdw10 = 0xff }, 40 },
		{ { .opc = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_NS }, 4 },
		{ { .opc = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_CSI_CTRL, .cdw11 = 1u << 24 }, 47 },
		{ { .opc = NVME_ADMIN_GET_LOG_PAGE, .cdw10 = 0xff, .sgl_len = 4 }, 40 },
		{ { .opc = NVME_ADMIN_GET_LOG_PAGE, .cdw10 = 1, .cdw12 = 2, .sgl_len = 4 }, 48 },
		{ { .opc = NVME_ADMIN_GET_LOG_PAGE, .cdw10 = 1, .cdw14 = 0x00800000, .sgl_len = 4 },
		    58 | 7 << 8 },
		{ { .opc = NVME_ADMIN_GET_LOG_PAGE, .cdw10 = 1, .sgl_len = 0 }, 32 },
		{ { .opc = NVME_ADMIN_GET_FEATURES, .cdw10 = 0x700 | NVME_FID_POWER_MANAGEMENT }, 41 },
		{ { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FID_ASYNC_EVENT_CONFIG,
		    .cdw11 = 0x4000 }, 45 | 6 << 8 },
		{ { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FEATURE_SAVE |
		    NVME_FID_POWER_MANAGEMENT }, 43 | 7 << 8 },
		{ { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FID_KEEP_ALIVE_TIMER,
		    .cdw11 = UINT32_MAX }, 44 },
		{ { .opc = NVME_ADMIN_FORMAT_NVM }, 0 },
		{ { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FID_HOST_IDENTIFIER }, 0xffff },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_not_equal(fake_admin_status(&rows[i].cmd), 0);
		assert_int_equal(le16_get(last_error().parameter_location), rows[i].place);
	}
}

/* An answer says so when there is an entry for it; one that was aborted has none. */
static void
more_in_the_log(void **state)
{
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_FORMAT_NVM });

	(void)state;
	assert_int_equal(s->status, DNR(NVME_SC_INVALID_OPCODE) | NVME_SC_MORE);
	fake_release(s);
	s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ASYNC_EVENT_REQUEST, .cid = 5 });
	aer_abort(fake.c, 5);
	assert_int_equal(s->status, NVME_SC_ABORT_REQUESTED);
	fake_release(s);
	assert_true(fake.c->nerrors == 1);
}

/* A host that said it listens (ACRE) is told how long to wait; what lasts has no such thing. */
static void
retry_delay(void **state)
{
	uint8_t behavior[512] = { 1 };
	const struct cmd set = { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FID_HOST_BEHAVIOR,
	    .sgl_len = sizeof(behavior) };
	struct slot *s;

	(void)state;
	assert_int_equal(transfer(READ, NS_512, ENODEV), NVME_SC_NS_NOT_READY);
	s = fake_command(&fake.c->admin, &set, behavior);
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
	assert_int_equal(transfer(READ, NS_512, ENODEV), NVME_SC_NS_NOT_READY | 0x0800);
	assert_int_equal(transfer(READ, NS_512, EAGAIN), NVME_SC_COMMAND_INTERRUPTED | 0x0800);
	assert_int_equal(transfer(READ, NS_512, EIO), NVME_SC_UNRECOVERED_READ_ERROR);
	assert_int_equal(transfer(WRITE, NS_512, EFBIG), DNR(NVME_SC_CAPACITY_EXCEEDED));
}

/* Not of any command: the queue and the command are FFFFh. */
static void
faults(void **state)
{
	struct nvme_error_entry e;

	(void)state;
	ctrl_fault(fake.c, NS_4K, NVME_SC_WRITE_FAULT);
	e = last_error();
	assert_int_equal(le16_get(e.sqid), 0xffff);
	assert_int_equal(le16_get(e.cid), 0xffff);
	assert_int_equal(le16_get(e.status), NVME_SC_WRITE_FAULT << 1);
	assert_int_equal(le32_get(e.nsid), NS_4K);
}

/* ---- 02h ---- */

static void
counters(void **state)
{
	struct nvme_smart_log log = smart(0);

	(void)state;
	assert_true(le64_get(log.data_units_read.lo) == 0);
	assert_true(le64_get(log.power_cycles.lo) == 1);
	assert_int_equal(log.critical_warning, 0);
	assert_int_equal(log.available_spare, 100);
	assert_int_equal(log.available_spare_threshold, 0);
	assert_int_equal(le16_get(log.composite_temperature), 0);
	fake.lane.stats.reads = 3;
	fake.lane.stats.writes = 4;
	fake.lane.stats.read_units = 1;
	fake.lane.stats.write_units = 2001;
	fake.c->media_errors = 5;
	fake.c->nerrors = 6;
	fake_pass(2 * 3600 * 1000 + 60000);
	log = smart(NVME_NSID_ALL);
	assert_true(le64_get(log.host_read_commands.lo) == 3);
	assert_true(le64_get(log.host_write_commands.lo) == 4);
	assert_true(le64_get(log.data_units_read.lo) == 1);	/* rounded up */
	assert_true(le64_get(log.data_units_written.lo) == 3);
	assert_true(le64_get(log.media_errors.lo) == 5);
	assert_true(le64_get(log.error_log_entries.lo) == 6);
	assert_true(le64_get(log.power_on_hours.lo) == 2);
}

static void
one_namespace(void **state)
{
	(void)state;
	assert_int_equal(transfer(READ, NS_512, 0), 0);
	assert_int_equal(transfer(WRITE, NS_4K, 0), 0);
	assert_int_equal(transfer(WRITE, NS_4K, EIO), NVME_SC_WRITE_FAULT);
	assert_true(le64_get(smart(0).host_read_commands.lo) == 1);
	assert_true(le64_get(smart(0).host_write_commands.lo) == 1);
	assert_true(le64_get(smart(0).media_errors.lo) == 1);
	assert_true(le64_get(smart(NS_512).host_read_commands.lo) == 1);
	assert_true(le64_get(smart(NS_512).host_write_commands.lo) == 0);
	assert_true(le64_get(smart(NS_512).media_errors.lo) == 0);
	assert_true(le64_get(smart(NS_4K).host_write_commands.lo) == 1);
	assert_true(le64_get(smart(NS_4K).media_errors.lo) == 1);
}

/* The next namespace in the engine's slot is another one. */
static void
another_namespace(void **state)
{
	static const struct cmd tler = { .opc = NVME_ADMIN_SET_FEATURES, .nsid = NS_4K,
	    .cdw10 = NVME_FID_ERROR_RECOVERY, .cdw11 = 7 };
	const struct ipc_ns id = ns_find(fake.lane.ns, NS_4K)->id;
	const struct ipc_ns_gone gone = { .nsid = NS_4K };
	unsigned file = ns_find(fake.lane.ns, NS_4K)->file;

	(void)state;
	assert_int_equal(transfer(WRITE, NS_4K, EIO), NVME_SC_WRITE_FAULT);
	assert_int_equal(fake_admin_status(&tler), 0);
	assert_int_equal(ns_gone(fake.c, &gone), 0);
	assert_int_equal(ns_add(fake.c, &id, open("/dev/null", O_RDWR)), 0);
	assert_int_equal(ns_find(fake.lane.ns, NS_4K)->file, file);
	assert_true(le64_get(smart(NS_4K).media_errors.lo) == 0);
	assert_true(le64_get(smart(0).media_errors.lo) == 1);
	assert_int_equal(fake.c->features.tler[file], 0);
}

/* ---- warnings ---- */

static void
listen_to(uint32_t aec)
{
	const struct cmd set = { .opc = NVME_ADMIN_SET_FEATURES,
	    .cdw10 = NVME_FID_ASYNC_EVENT_CONFIG, .cdw11 = aec };

	assert_int_equal(fake_admin_status(&set), 0);
}

static struct slot *
wait_event(void)
{
	return (fake_admin(&(struct cmd){ .opc = NVME_ADMIN_ASYNC_EVENT_REQUEST }));
}

static void
told(struct slot *s)
{
	assert_int_equal(fake_status(s), 0);
	assert_true(s->result == 0x00020001);
	fake_release(s);
}

static void
media_errors_warn(void **state)
{
	struct slot *s = wait_event();

	(void)state;
	listen_to(0x04);
	transfer(WRITE, NS_512, ENOSPC);		/* not the medium */
	assert_int_equal(smart(0).critical_warning, 0);
	assert_false(fake_answered(s));
	transfer(READ, NS_512, EIO);
	told(s);
	assert_int_equal(smart(0).critical_warning, 0x04);
	s = wait_event();
	transfer(READ, NS_512, EIO);			/* nothing new */
	assert_false(fake_answered(s));
}

/* A flush that fails is the medium's, also one of all namespaces. */
static void
flush_fails(void **state)
{
	struct slot *s;

	(void)state;
	fake_disk_expect(&(struct fake_op){ ENG_FLUSH, fake_ns_fd(NS_512), 0, 0, 0, EIO });
	s = fake_nvm(&(struct cmd){ .opc = NVME_NVM_FLUSH, .nsid = NVME_NSID_ALL }, NULL);
	fake_disk_run();
	assert_int_equal(fake_status(s), NVME_SC_WRITE_FAULT);
	fake_release(s);
	assert_int_equal(smart(0).critical_warning, 0x04);
	assert_true(le64_get(smart(0).media_errors.lo) == 1);
}

static void
warnings_not_wished_for(void **state)
{
	struct slot *s = wait_event();

	(void)state;
	listen_to(0xfb);
	transfer(READ, NS_512, EIO);
	assert_false(fake_answered(s));
	listen_to(0xff);				/* it is still so */
	told(s);
}

/* The device refuses writes that the broker permitted. That NS_RO is read-only is no failure. */
static void
read_only_by_failure(void **state)
{
	struct slot *s = wait_event();

	(void)state;
	listen_to(0x08);
	assert_int_equal(transfer(WRITE, NS_512, EROFS), DNR(NVME_SC_NS_WRITE_PROTECTED));
	assert_int_equal(smart(NS_512).critical_warning, 0x08);
	assert_int_equal(smart(NS_4K).critical_warning, 0);
	assert_int_equal(smart(NS_RO).critical_warning, 0);
	assert_int_equal(smart(0).critical_warning, 0);	/* not all of the media */
	assert_false(fake_answered(s));
	assert_int_equal(transfer(WRITE, NS_4K, EROFS), DNR(NVME_SC_NS_WRITE_PROTECTED));
	assert_int_equal(smart(0).critical_warning, 0x08);
	told(s);
	ns_told(fake.c, ns_find(fake.lane.ns, NS_4K), ns_find(fake.lane.ns, NS_4K));
	/* told anew: it is as the broker says */
	assert_int_equal(smart(0).critical_warning, 0);
	assert_int_equal(smart(NS_4K).critical_warning, 0);
	assert_int_equal(smart(NS_512).critical_warning, 0x08);
}

static void
protected_is_no_failure(void **state)
{
	const struct cmd write = { .opc = WRITE, .nsid = NS_RO, .sgl_len = 512 };

	(void)state;
	assert_int_equal(fake_nvm_status(&write, NULL), DNR(NVME_SC_NS_WRITE_PROTECTED));
	assert_int_equal(smart(NS_RO).critical_warning, 0);
	assert_int_equal(fake.c->media_errors, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(errors_newest_first), T(where_it_is), T(more_in_the_log), T(retry_delay), T(faults),
		T(counters), T(one_namespace), T(another_namespace), T(media_errors_warn), T(flush_fails),
		T(warnings_not_wished_for),
		T(read_only_by_failure), T(protected_is_no_failure),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
