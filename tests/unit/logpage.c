/* SPDX-License-Identifier: BSD-2-Clause */
/* Get Log Page: lengths and offsets in 64 bits, the ring of errors, counters, the broker's page. */
#include "config.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)

/* bytes: a multiple of 4 */
static struct cmd
log_cmd(uint8_t lid, uint64_t bytes, uint64_t offset)
{
	uint64_t numd0 = bytes / 4 - 1;

	return ((struct cmd){ .opc = NVME_ADMIN_GET_LOG_PAGE,
	    .cdw10 = lid | (uint32_t)(numd0 & 0xffff) << 16, .cdw11 = (uint32_t)(numd0 >> 16),
	    .cdw12 = (uint32_t)offset, .cdw13 = (uint32_t)(offset >> 32),
	    .sgl_len = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes });
}

static void
get_at(uint8_t lid, void *to, uint32_t bytes, uint64_t offset)
{
	struct cmd cmd = log_cmd(lid, bytes, offset);
	struct slot *s = fake_admin(&cmd);

	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake_len(s), bytes);
	memcpy(to, s->buf, bytes);
	fake_release(s);
}

static void
rules(void **state)
{
	const uint64_t gib4 = 1ull << 32;
	const struct { uint8_t lid; uint64_t bytes, offset; uint16_t status; } rows[] = {
		{ 0x01, 64, 0, 0 },
		{ 0x01, 4096, 0, 0 },
		{ 0x01, 8192, 0, 0 },
		{ 0x01, 4, 4092, 0 },
		{ 0x01, 4, 4096, FIELD },
		{ 0x01, 4, 2, FIELD },
		{ 0x01, 4, 3, FIELD },
		{ 0x01, 4, 6, FIELD },
		{ 0x02, 512, 0, 0 },
		{ 0x02, 4, 508, 0 },
		{ 0x02, 512, 4, 0 },
		{ 0x02, 512, 512, FIELD },
		{ 0x02, 4, gib4, FIELD },
		{ 0x02, 4, gib4 + 4, FIELD },
		{ 0x02, 4, UINT64_MAX - 3, FIELD },
		{ 0x03, 512, 0, 0 },
		{ 0x00, 1024, 0, 0 },
		{ 0x05, 4096, 0, 0 },
		{ 0x12, 1024, 0, 0 },
		{ 0x13, 4096, 0, 0 },
		{ 0x04, 4096, 0, FIELD },
		{ 0x06, 4, 0, FIELD },
		{ 0x0c, 4, 0, FIELD },
		{ 0x70, 1024, 0, FIELD },
		{ 0xff, 4, 0, FIELD },
		/* MDTS is 1 MiB; NUMD FFFFFFFFh is 16 GiB and wraps nowhere */
		{ 0x02, 1 << 20, 0, 0 },
		{ 0x02, (1 << 20) + 4, 0, FIELD },
		{ 0x02, gib4, 0, FIELD },
		{ 0x02, gib4 + 512, 0, FIELD },
		{ 0x01, 4 * gib4, 0, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = log_cmd(rows[i].lid, rows[i].bytes, rows[i].offset);

		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

static void
other_fields(void **state)
{
	struct cmd cmd = log_cmd(NVME_LID_SMART, 512, 0);

	(void)state;
	cmd.sgl_len = 508;
	assert_int_equal(fake_admin_status(&cmd), DNR(NVME_SC_DATA_SGL_LENGTH_INVALID));
	cmd.sgl_len = 4096;
	assert_int_equal(fake_admin_status(&cmd), 0);
	cmd.nsid = NVME_NSID_ALL;
	assert_int_equal(fake_admin_status(&cmd), 0);
	cmd.nsid = 1;
	assert_int_equal(fake_admin_status(&cmd), FIELD);
	cmd.nsid = 0;
	cmd.cdw14 = 0x00800000;			/* offset type: index */
	assert_int_equal(fake_admin_status(&cmd), FIELD);
}

static void
beyond_the_end_is_zero(void **state)
{
	uint8_t page[1024];
	struct nvme_fw_slot_log log;

	(void)state;
	get_at(NVME_LID_FW_SLOT, &log, sizeof(log), 0);
	assert_int_equal(log.afi, 1);
	assert_memory_equal(log.frs[0], PACKAGE_VERSION "        ", 8);
	get_at(NVME_LID_FW_SLOT, page, sizeof(page), 8);
	assert_memory_equal(page, log.frs[0], 8);
	for (size_t i = 8; i < sizeof(page); i++)
		assert_int_equal(page[i], 0);
}

static void
errors_newest_first(void **state)
{
	const struct cmd bad = { .opc = NVME_NVM_READ, .cid = 7, .nsid = 77, .cdw10 = 5,
	    .cdw11 = 1, .sgl_len = 512 };
	struct nvme_error_entry e[64];

	(void)state;
	get_at(NVME_LID_ERROR, e, sizeof(e), 0);
	assert_true(le64_get(e[0].error_count) == 0);
	fake_nvm_status(&bad, NULL);
	for (unsigned i = 0; i < 70; i++)
		fake_admin_status(&(struct cmd){ .opc = 0xc0, .cid = (uint16_t)i });
	fake_nvm_status(&bad, NULL);
	get_at(NVME_LID_ERROR, e, sizeof(e), 0);
	assert_true(le64_get(e[0].error_count) == 72);
	assert_int_equal(le16_get(e[0].sqid), 1);
	assert_int_equal(le16_get(e[0].cid), 7);
	assert_int_equal(le16_get(e[0].status), DNR(NVME_SC_INVALID_NS_OR_FORMAT) << 1);
	assert_int_equal(le16_get(e[0].parameter_location), 0xffff);
	assert_true(le64_get(e[0].lba) == 0x100000005);
	assert_int_equal(le32_get(e[0].nsid), 77);
	assert_int_equal(e[0].trtype, 3);
	for (unsigned i = 1; i < 64; i++) {
		assert_true(le64_get(e[i].error_count) == 72 - i);
		assert_int_equal(le16_get(e[i].cid), 70 - i);
		assert_int_equal(le16_get(e[i].sqid), 0);
	}
	/* from the middle */
	get_at(NVME_LID_ERROR, e, 64, 64);
	assert_true(le64_get(e[0].error_count) == 71);
}

static void
counters(void **state)
{
	struct nvme_smart_log log;

	(void)state;
	get_at(NVME_LID_SMART, &log, sizeof(log), 0);
	assert_true(le64_get(log.data_units_read.lo) == 0);
	assert_true(le64_get(log.power_cycles.lo) == 1);
	assert_int_equal(log.critical_warning, 0);
	assert_int_equal(log.available_spare, 100);
	fake.lane.stats.reads = 3;
	fake.lane.stats.writes = 4;
	fake.lane.stats.read_units = 1;
	fake.lane.stats.write_units = 2001;
	fake.c->media_errors = 5;
	fake.c->nerrors = 6;
	fake_pass(2 * 3600 * 1000 + 60000);
	get_at(NVME_LID_SMART, &log, sizeof(log), 0);
	assert_true(le64_get(log.host_read_commands.lo) == 3);
	assert_true(le64_get(log.host_write_commands.lo) == 4);
	assert_true(le64_get(log.data_units_read.lo) == 1);	/* rounded up */
	assert_true(le64_get(log.data_units_written.lo) == 3);
	assert_true(le64_get(log.media_errors.lo) == 5);
	assert_true(le64_get(log.error_log_entries.lo) == 6);
	assert_true(le64_get(log.power_on_hours.lo) == 2);
}

static void
what_is_supported(void **state)
{
	static const uint8_t lids[] = { 0x00, 0x01, 0x02, 0x03, 0x05, 0x12, 0x13 };
	struct nvme_effects_log log;
	struct le32 id[256];
	unsigned n = 0;

	(void)state;
	get_at(NVME_LID_SUPPORTED_PAGES, id, sizeof(id), 0);
	for (unsigned i = 0; i < 256; i++)
		n += le32_get(id[i]);
	assert_int_equal(n, sizeof(lids));
	for (size_t i = 0; i < sizeof(lids); i++)
		assert_int_equal(le32_get(id[lids[i]]), 1);

	get_at(NVME_LID_COMMANDS_EFFECTS, &log, sizeof(log), 0);
	assert_int_equal(le32_get(log.admin[NVME_ADMIN_IDENTIFY]), 0x00200001);
	assert_int_equal(le32_get(log.admin[NVME_ADMIN_FORMAT_NVM]), 0);
	assert_int_equal(le32_get(log.io[NVME_NVM_READ]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE_ZEROES]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_DATASET_MANAGEMENT]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_FLUSH]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_COMPARE]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_VERIFY]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_COPY]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE_UNCORRECTABLE]), 0);

	get_at(NVME_LID_FEATURE_EFFECTS, id, sizeof(id), 0);
	assert_int_equal(le32_get(id[NVME_FID_NUMBER_OF_QUEUES]), 0x00200001);
	assert_int_equal(le32_get(id[NVME_FID_APST]), 0);
}

/* ---- discovery ---- */

static int
memory_file(const void *data, size_t size)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, data, size), size);
	return (fd);
}

static void
give_page(uint64_t generation, size_t size, uint8_t fill)
{
	struct ipc_page p = { .generation = generation, .size = size };
	uint8_t *data = malloc(size);
	int fd;

	assert_non_null(data);
	memset(data, fill, size);
	fd = memory_file(data, size);
	free(data);
	ctrl_page(fake.c, fd, &p);
	assert_int_equal(fcntl(fd, F_GETFD), -1);	/* taken and closed */
}

static void
discovery_page(void **state)
{
	uint8_t got[2048];

	(void)state;
	get_at(NVME_LID_DISCOVERY, got, 16, 0);		/* none yet */
	assert_int_equal(got[0], 0);
	give_page(1, 3072, 0x5a);
	get_at(NVME_LID_DISCOVERY, got, 1024, 0);
	assert_int_equal(got[0], 0x5a);
	assert_int_equal(got[1023], 0x5a);
	get_at(NVME_LID_DISCOVERY, got, 2048, 2048);
	assert_int_equal(got[1023], 0x5a);
	assert_int_equal(got[1024], 0);
	assert_int_equal(got[2047], 0);
}

static void
discovery_rules(void **state)
{
	static const struct { uint8_t lid; uint64_t offset; uint16_t status; } rows[] = {
		{ NVME_LID_DISCOVERY, 0, 0 },
		{ NVME_LID_DISCOVERY, 2044, 0 },
		{ NVME_LID_DISCOVERY, 2048, FIELD },
		{ NVME_LID_DISCOVERY, 1022, FIELD },
		{ NVME_LID_DISCOVERY, 1ull << 40, FIELD },
		{ NVME_LID_SUPPORTED_PAGES, 0, 0 },
		{ NVME_LID_ERROR, 0, 0 },
		{ NVME_LID_SMART, 0, FIELD },
		{ NVME_LID_FW_SLOT, 0, FIELD },
	};

	(void)state;
	give_page(1, 2048, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = log_cmd(rows[i].lid, 4, rows[i].offset);

		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

/* A page that is shorter than it was said to be, or absurd, changes nothing. */
static void
broken_pages(void **state)
{
	uint8_t got[4];

	(void)state;
	give_page(1, 2048, 7);
	ctrl_page(fake.c, memory_file("x", 1), &(struct ipc_page){ 2, 2048 });
	ctrl_page(fake.c, memory_file("x", 1), &(struct ipc_page){ 2, 0 });
	ctrl_page(fake.c, memory_file("x", 1), &(struct ipc_page){ 2, UINT64_MAX });
	get_at(NVME_LID_DISCOVERY, got, 4, 2044);
	assert_int_equal(got[0], 7);
	assert_true(fake.c->page.generation == 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)
#define T_DISCOVERY(f) cmocka_unit_test_setup_teardown(f, fake_discovery, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(rules), T(other_fields), T(beyond_the_end_is_zero), T(errors_newest_first),
		T(counters), T(what_is_supported), T_DISCOVERY(discovery_page),
		T_DISCOVERY(discovery_rules), T_DISCOVERY(broken_pages),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
