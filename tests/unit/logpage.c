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
#define LID DNR(NVME_SC_INVALID_LOG_PAGE)
#define NSID DNR(NVME_SC_INVALID_NS_OR_FORMAT)

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
		{ 0x04, 4096, 0, 0 },
		{ 0x04, 4, 4092, 0 },
		{ 0x04, 4, 4096, FIELD },
		{ 0x06, 4, 0, LID },
		{ 0x07, 4, 0, LID },
		{ 0x09, 4, 0, LID },
		{ 0x0d, 4, 0, LID },
		{ 0x70, 1024, 0, LID },
		{ 0x81, 4, 0, LID },
		{ 0xff, 4, 0, LID },
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

/* Counters are per namespace; everything else is the controller's. */
static void
nsids(void **state)
{
	static const struct { uint8_t lid; uint32_t nsid; uint16_t status; } rows[] = {
		{ NVME_LID_SMART, 0, 0 },
		{ NVME_LID_SMART, NVME_NSID_ALL, 0 },
		{ NVME_LID_SMART, NS_512, 0 },
		{ NVME_LID_SMART, NS_NONE, FIELD },
		{ NVME_LID_SMART, 77, NSID },
		{ NVME_LID_SMART, 0xfffffffe, NSID },
		{ NVME_LID_SUPPORTED_PAGES, NS_512, FIELD },
		{ NVME_LID_ERROR, NVME_NSID_ALL, 0 },
		{ NVME_LID_ERROR, NS_512, FIELD },
		{ NVME_LID_FW_SLOT, NS_512, FIELD },
		{ NVME_LID_CHANGED_NS, NS_512, FIELD },
		{ NVME_LID_CHANGED_NS, NVME_NSID_ALL, 0 },
		{ NVME_LID_COMMANDS_EFFECTS, NS_512, FIELD },
		{ NVME_LID_FEATURE_EFFECTS, NS_512, FIELD },
		{ NVME_LID_MI_EFFECTS, NS_512, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = log_cmd(rows[i].lid, 4, 0);

		cmd.nsid = rows[i].nsid;
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
	cmd.cdw14 = 0x00800000;			/* offset type: index */
	assert_int_equal(fake_admin_status(&cmd), FIELD);
	cmd.cdw14 = 0x0000007f;			/* UUID index: there is no list of UUIDs */
	assert_int_equal(fake_admin_status(&cmd), 0);
	cmd.cdw10 |= 0x7f00;			/* LSP: nothing here */
	assert_int_equal(fake_admin_status(&cmd), 0);
	cmd = log_cmd(NVME_LID_COMMANDS_EFFECTS, 4096, 0);
	cmd.cdw14 = 0x02000000;			/* CSI: zoned */
	assert_int_equal(fake_admin_status(&cmd), DNR(NVME_SC_IO_COMMAND_SET_NOT_SUPPORTED));
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

/* ---- what is said to be there is there, and nothing else ---- */

static void
supported_pages(void **state)
{
	struct le32 id[256];

	(void)state;
	get_at(NVME_LID_SUPPORTED_PAGES, id, sizeof(id), 0);
	for (unsigned i = 0; i < 256; i++) {
		struct cmd cmd = log_cmd((uint8_t)i, 4, 0);

		assert_int_equal(le32_get(id[i]), fake_admin_status(&cmd) == LID ? 0 : 1);
	}
	assert_int_equal(le32_get(id[NVME_LID_CHANGED_NS]), 1);
	assert_int_equal(le32_get(id[NVME_LID_DISCOVERY]), 0);
}

static void
supported_commands(void **state)
{
	struct nvme_effects_log log;

	(void)state;
	get_at(NVME_LID_COMMANDS_EFFECTS, &log, sizeof(log), 0);
	for (unsigned opc = 0; opc < 256; opc++) {
		bool admin = admin_rule((uint8_t)opc) != NULL || opc == NVME_OPC_FABRICS;

		assert_int_equal(le32_get(log.admin[opc]), admin ? 0x00200001 : 0);
		assert_int_equal(le32_get(log.io[opc]) & 1, nvm_rule((uint8_t)opc) != NULL);
	}
	assert_int_equal(le32_get(log.admin[NVME_ADMIN_NS_MANAGEMENT]), 0);
	assert_int_equal(le32_get(log.io[NVME_NVM_READ]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE_ZEROES]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_DATASET_MANAGEMENT]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_FLUSH]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_COMPARE]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_VERIFY]), 0x00000001);
	assert_int_equal(le32_get(log.io[NVME_NVM_COPY]), 0x00000003);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE_UNCORRECTABLE]), 0);
	/* as in ONCS */
	ns_find(fake.lane.ns, NS_512)->id.can_discard = 0;
	ns_find(fake.lane.ns, NS_4K)->id.can_discard = 0;
	get_at(NVME_LID_COMMANDS_EFFECTS, &log, sizeof(log), 0);
	assert_int_equal(le32_get(log.io[NVME_NVM_DATASET_MANAGEMENT]), 0);
	assert_int_equal(le32_get(log.io[NVME_NVM_WRITE_ZEROES]), 0x00000003);
}

static void
supported_features(void **state)
{
	struct le32 id[256];

	(void)state;
	get_at(NVME_LID_FEATURE_EFFECTS, id, sizeof(id), 0);
	for (unsigned i = 0; i < 256; i++) {
		const struct cmd get = { .opc = NVME_ADMIN_GET_FEATURES, .nsid = NS_512,
		    .cdw10 = i | NVME_FEATURE_SUPPORTED << 8 };

		assert_int_equal(le32_get(id[i]) & 1, fake_admin_status(&get) == 0);
	}
	assert_int_equal(le32_get(id[NVME_FID_NUMBER_OF_QUEUES]), 0x00200001);
	assert_int_equal(le32_get(id[NVME_FID_ERROR_RECOVERY]), 0x00100001);
	assert_int_equal(le32_get(id[NVME_FID_APST]), 0);
}

/* ---- 04h: sorted, each once, until it is read without RAE ---- */

static void
changed(struct nvme_ns_list *to, uint32_t rae)
{
	struct cmd cmd = log_cmd(NVME_LID_CHANGED_NS, sizeof(*to), 0);
	struct slot *s;

	cmd.cdw10 |= rae;
	s = fake_admin(&cmd);
	assert_int_equal(fake_status(s), 0);
	memcpy(to, s->buf, sizeof(*to));
	fake_release(s);
}

static void
changed_namespaces(void **state)
{
	struct nvme_ns_list list;

	(void)state;
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 0);	/* what was there from the start */
	ns_changed(fake.c, 7);
	ns_changed(fake.c, 2);
	ns_changed(fake.c, 7);
	changed(&list, NVME_LOG_RAE);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 2);
	assert_int_equal(le32_get(list.nsid[1]), 7);
	assert_int_equal(le32_get(list.nsid[2]), 0);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 0);
	for (uint32_t i = 1; i <= 1024; i++)
		ns_changed(fake.c, i * 2);
	changed(&list, NVME_LOG_RAE);
	assert_int_equal(le32_get(list.nsid[0]), 2);
	assert_int_equal(le32_get(list.nsid[1023]), 2048);
	ns_changed(fake.c, 2048);			/* known */
	changed(&list, NVME_LOG_RAE);
	assert_int_equal(le32_get(list.nsid[1023]), 2048);
	ns_changed(fake.c, 1);
	ns_changed(fake.c, 3);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), NVME_NSID_ALL);
	assert_int_equal(le32_get(list.nsid[1]), 0);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 0);
}

/* What Identify would not show is no change; nor is anything before the controller is enabled. */
static void
told_again(void **state)
{
	struct ns was = *ns_find(fake.lane.ns, NS_512), is;
	struct nvme_ns_list list;

	(void)state;
	is = was;
	ns_told(fake.c, &was, &is);
	is.id.volatile_cache ^= 1;
	ns_told(fake.c, &was, &is);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 0);
	for (unsigned i = 0; i < 4; i++) {
		is = was;
		is.id.nlbas += i == 0;
		is.id.readonly += i == 1;
		is.id.can_discard ^= i == 2;
		is.id.opt_io_size += i == 3;
		ns_told(fake.c, &was, &is);
		changed(&list, 0);
		assert_int_equal(le32_get(list.nsid[0]), NS_512);
	}
	ns_told(fake.c, &was, NULL);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), NS_512);
	ns_told(fake.c, NULL, &was);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), NS_512);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460000), 0);
	ns_told(fake.c, &was, NULL);
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460001), 0);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 0);
}

/* A change between two parts is not lost with the second part. */
static void
changed_in_parts(void **state)
{
	struct cmd tail = log_cmd(NVME_LID_CHANGED_NS, 4, 4);
	struct nvme_ns_list list;

	(void)state;
	fake.c->aec = NVME_AEC_NS_ATTRIBUTE;
	ns_changed(fake.c, 7);
	changed(&list, NVME_LOG_RAE);
	ns_changed(fake.c, 1);
	assert_int_equal(fake_admin_status(&tail), 0);
	changed(&list, 0);
	assert_int_equal(le32_get(list.nsid[0]), 1);
	assert_int_equal(le32_get(list.nsid[1]), 7);
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

/* ---- its forms: LSP ---- */

/* Four entries: here, elsewhere, here on another port, and a referral to elsewhere. */
static void
give_entries(void)
{
	static const struct { uint8_t subtype; const char *traddr, *port; } rows[] = {
		{ NVMF_SUBTYPE_CURRENT, "192.0.2.1", "8009" },
		{ NVMF_SUBTYPE_NVM, "192.0.2.10", "4420" },
		{ NVMF_SUBTYPE_NVM, "192.0.2.1", "4420" },
		{ NVMF_SUBTYPE_REFERRAL, "192.0.2.99", "8009" },
	};
	struct { struct nvmf_discovery_header head; struct nvmf_discovery_entry e[4]; } page;

	memset(&page, 0, sizeof(page));
	page.head.genctr = le64(77);
	page.head.numrec = le64(4);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		page.e[i].subtype = rows[i].subtype;
		strcpy((char *)page.e[i].traddr, rows[i].traddr);
		strcpy((char *)page.e[i].trsvcid, rows[i].port);
	}
	ctrl_page(fake.c, memory_file(&page, sizeof(page)), &(struct ipc_page){ 77, sizeof(page) });
}

static uint16_t
get_form(unsigned lsp, void *to, uint32_t bytes, uint64_t offset)
{
	struct cmd cmd = log_cmd(NVME_LID_DISCOVERY, bytes, offset);
	struct slot *s;
	uint16_t status;

	cmd.cdw10 |= lsp << 8;
	s = fake_admin(&cmd);
	if ((status = fake_status(s)) == 0)
		memcpy(to, s->buf, bytes);
	fake_release(s);
	return (status);
}

static void
forms(void **state)
{
	static const struct { unsigned lsp, dlpf, numrec, size, tdlpl; } rows[] = {
		{ 0, 0, 4, 5120, 0 },
		{ 1, 1, 4, 1024 + 4 * 1032, 1024 + 4 * 1032 },
		{ 2, 2, 3, 4096, 0 },
		{ 3, 3, 3, 1024 + 3 * 1032, 1024 + 3 * 1032 },
		{ 4, 0, 4, 5120, 0 },		/* ALLSUBE: there is no such form */
		{ 0x7c, 0, 4, 5120, 0 },
	};
	struct nvmf_discovery_header head;
	uint8_t last[4];

	(void)state;
	for (unsigned lsp = 0; lsp < 4; lsp++)
		assert_int_equal(get_form(lsp, last, 4, 0), 0);	/* none yet */
	give_entries();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(get_form(rows[i].lsp, &head, sizeof(head), 0), 0);
		assert_true(le64_get(head.genctr) == 77);
		assert_int_equal(le64_get(head.numrec), rows[i].numrec);
		assert_int_equal(le16_get(head.recfmt), 0);
		assert_int_equal(head.dlpf, rows[i].dlpf);
		assert_int_equal(le32_get(head.tdlpl), rows[i].tdlpl);
		assert_int_equal(get_form(rows[i].lsp, last, 4, rows[i].size - 4), 0);
		assert_int_equal(get_form(rows[i].lsp, last, 4, rows[i].size), FIELD);
	}
}

static void
form_entries(void **state)
{
	struct nvmf_discovery_entry e;
	struct nvmf_discovery_more more;

	(void)state;
	give_entries();
	assert_int_equal(get_form(2, &e, sizeof(e), 2048), 0);
	assert_string_equal((char *)e.traddr, "192.0.2.1");
	assert_string_equal((char *)e.trsvcid, "4420");
	assert_int_equal(get_form(2, &e, sizeof(e), 3072), 0);
	assert_int_equal(e.subtype, NVMF_SUBTYPE_REFERRAL);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(get_form(1, &more, sizeof(more), 1024 + i * 1032 + 1024), 0);
		assert_int_equal(le32_get(more.tel), 1032);
		assert_int_equal(le16_get(more.numexat), 0);
	}
}

static void
lidsp(void **state)
{
	struct le32 id[256];

	(void)state;
	get_at(NVME_LID_SUPPORTED_PAGES, id, sizeof(id), 0);
	assert_int_equal(le32_get(id[NVME_LID_DISCOVERY]), 0x00030001);
	assert_int_equal(le32_get(id[NVME_LID_ERROR]), 1);
}

/* Any part of a form is what the whole has there, and zeros behind it. */
static void
parts_of_forms(void **state)
{
	static const uint32_t lens[] = { 4, 12, 1020, 1024, 1032, 2052 };
	uint8_t whole[8192], part[2052];

	(void)state;
	give_entries();
	for (unsigned lsp = 0; lsp < 4; lsp++) {
		assert_int_equal(get_form(lsp, whole, sizeof(whole), 0), 0);
		for (size_t i = 0; i < ARRAY_LEN(lens); i++)
			for (uint64_t at = 0; at + lens[i] <= sizeof(whole); at += 508)
				if (get_form(lsp, part, lens[i], at) == 0)
					assert_memory_equal(part, whole + at, lens[i]);
	}
	assert_int_equal(whole[8191], 0);
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
		{ NVME_LID_COMMANDS_EFFECTS, 0, 0 },
		{ NVME_LID_SMART, 0, LID },
		{ NVME_LID_FW_SLOT, 0, LID },
		{ NVME_LID_CHANGED_NS, 0, LID },
		{ NVME_LID_ANA, 0, LID },
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
		T(rules), T(nsids), T(other_fields), T(beyond_the_end_is_zero),
		T(supported_pages), T(supported_commands), T(supported_features),
		T(changed_namespaces), T(changed_in_parts),
		T(told_again), T_DISCOVERY(discovery_page),
		T_DISCOVERY(forms), T_DISCOVERY(form_entries), T_DISCOVERY(parts_of_forms),
		T_DISCOVERY(lidsp), T_DISCOVERY(discovery_rules), T_DISCOVERY(broken_pages),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
