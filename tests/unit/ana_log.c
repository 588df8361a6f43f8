/* SPDX-License-Identifier: BSD-2-Clause */
/* Log page 0Ch and what Identify says of ANA, from the rows of namespaces. */
#include "config.h"

#include <fcntl.h>

#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)
#define HEADER sizeof(struct nvme_ana_header)
#define GROUP sizeof(struct nvme_ana_group)

/* Of a host that was offered ANA; groups 3 and 9. */
static int
setup(void **state)
{
	int r = fake_io(state);

	fake.c->admit.anatt = 10;
	fake.c->admit.ana_groups = 128;
	return (r);
}

static void
put(uint32_t nsid, uint32_t group, uint32_t ana_state, uint64_t count)
{
	struct ipc_ns row = ns_find(fake.lane.ns, nsid)->id;

	row.ana_group = group;
	row.ana_state = ana_state;
	row.ana_count = count;
	assert_int_equal(ns_change(fake.c, &row), 0);
}

static void
put_all(void)
{
	put(NS_512, 9, NVME_ANA_INACCESSIBLE, 5);
	put(NS_4K, 3, NVME_ANA_OPTIMIZED, 1);
	put(NS_RO, 9, NVME_ANA_INACCESSIBLE, 5);
}

static struct cmd
log_cmd(uint32_t bytes, uint32_t offset, uint32_t flags)
{
	return ((struct cmd){ .opc = NVME_ADMIN_GET_LOG_PAGE,
	    .cdw10 = NVME_LID_ANA | flags | (bytes / 4 - 1) << 16, .cdw12 = offset,
	    .sgl_len = bytes });
}

static void
get(void *to, uint32_t bytes, uint32_t offset, uint32_t flags)
{
	struct cmd cmd = log_cmd(bytes, offset, flags);
	struct slot *s = fake_admin(&cmd);

	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake_len(s), bytes);
	memcpy(to, s->buf, bytes);
	fake_release(s);
}

static struct nvme_ana_group
group_at(const uint8_t *page, size_t at)
{
	struct nvme_ana_group g;

	memcpy(&g, page + at, sizeof(g));
	return (g);
}

static uint32_t
nsid_at(const uint8_t *page, size_t at)
{
	struct le32 v;

	memcpy(&v, page + at, sizeof(v));
	return (le32_get(v));
}

static void
whole_log(void **state)
{
	uint8_t page[256];
	struct nvme_ana_header head;
	struct nvme_ana_group g;

	(void)state;
	put_all();
	get(page, sizeof(page), 0, 0);
	memcpy(&head, page, sizeof(head));
	assert_int_equal(le16_get(head.ngrps), 2);
	g = group_at(page, HEADER);
	assert_int_equal(le32_get(g.grpid), 3);
	assert_int_equal(le32_get(g.nnsids), 1);
	assert_int_equal(le64_get(g.chgcnt), 1);
	assert_int_equal(g.state, NVME_ANA_OPTIMIZED);
	assert_int_equal(nsid_at(page, HEADER + GROUP), NS_4K);
	g = group_at(page, HEADER + GROUP + 4);
	assert_int_equal(le32_get(g.grpid), 9);
	assert_int_equal(le32_get(g.nnsids), 2);
	assert_int_equal(le64_get(g.chgcnt), 5);
	assert_int_equal(g.state, NVME_ANA_INACCESSIBLE);
	assert_int_equal(nsid_at(page, HEADER + 2 * GROUP + 4), NS_512);
	assert_int_equal(nsid_at(page, HEADER + 2 * GROUP + 8), NS_RO);
	for (size_t i = HEADER + 2 * GROUP + 12; i < sizeof(page); i++)
		assert_int_equal(page[i], 0);
}

/* RGO: without NSIDs. */
static void
groups_only(void **state)
{
	uint8_t page[128];

	(void)state;
	put_all();
	get(page, sizeof(page), 0, NVME_ANA_RGO);
	assert_int_equal(le32_get(group_at(page, HEADER).grpid), 3);
	assert_int_equal(le32_get(group_at(page, HEADER).nnsids), 0);
	assert_int_equal(le32_get(group_at(page, HEADER + GROUP).grpid), 9);
	assert_int_equal(le32_get(group_at(page, HEADER + GROUP).nnsids), 0);
	for (size_t i = HEADER + 2 * GROUP; i < sizeof(page); i++)
		assert_int_equal(page[i], 0);
}

static void
offsets(void **state)
{
	const uint32_t len = HEADER + 2 * GROUP + 12;
	const struct { uint32_t offset, flags; uint16_t status; } rows[] = {
		{ 4, 0, 0 }, { len - 4, 0, 0 }, { len, 0, FIELD }, { 2, 0, FIELD },
		{ HEADER + 2 * GROUP - 4, NVME_ANA_RGO, 0 },
		{ HEADER + 2 * GROUP, NVME_ANA_RGO, FIELD },
	};
	uint8_t whole[256], part[256];

	(void)state;
	put_all();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = log_cmd(4, rows[i].offset, rows[i].flags);

		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
	get(whole, sizeof(whole), 0, 0);
	for (uint32_t at = 4; at < len; at += 4) {
		get(part, sizeof(part) - at, at, 0);
		assert_memory_equal(part, whole + at, sizeof(part) - at);
	}
}

/* Rows of a group are told one after the other: the newest counts. */
static void
in_the_middle_of_a_change(void **state)
{
	uint8_t page[256];

	(void)state;
	put_all();
	put(NS_RO, 9, NVME_ANA_CHANGE, 6);
	get(page, sizeof(page), 0, 0);
	assert_int_equal(group_at(page, HEADER + GROUP + 4).state, NVME_ANA_CHANGE);
	assert_int_equal(le64_get(group_at(page, HEADER + GROUP + 4).chgcnt), 6);
	put(NS_512, 9, NVME_ANA_CHANGE, 6);
	get(page, sizeof(page), 0, 0);
	assert_int_equal(group_at(page, HEADER + GROUP + 4).state, NVME_ANA_CHANGE);
}

/* CHGCNT of the page goes up with every change, and with none else. */
static void
counts_changes(void **state)
{
	struct nvme_ana_header head;
	uint64_t before;

	(void)state;
	put_all();
	get(&head, sizeof(head), 0, 0);
	before = le64_get(head.chgcnt);
	put(NS_4K, 3, NVME_ANA_OPTIMIZED, 1);
	get(&head, sizeof(head), 0, 0);
	assert_int_equal(le64_get(head.chgcnt), before);
	put(NS_4K, 3, NVME_ANA_NON_OPTIMIZED, 2);
	get(&head, sizeof(head), 0, 0);
	assert_true(le64_get(head.chgcnt) > before);
}

static void
most_that_there_can_be(void **state)
{
	static uint8_t page[16384];
	struct nvme_ana_header head;
	struct ipc_ns row = { .block_size = 512, .nlbas = 8, .ana_state = NVME_ANA_OPTIMIZED,
	    .ana_count = 1 };

	(void)state;
	put_all();
	for (uint32_t i = 3; i < IPC_MAX_NS; i++) {
		row.nsid = 100 + i;
		row.ana_group = 1 + i % 128;
		assert_int_equal(ns_add(fake.c, &row, open("/dev/null", O_RDONLY)), 0);
	}
	get(page, sizeof(page), 0, 0);
	memcpy(&head, page, sizeof(head));
	assert_int_equal(le16_get(head.ngrps), 128);
	assert_int_equal(le32_get(group_at(page, HEADER + 127 * (GROUP + 8)).grpid), 128);
	/* exactly so long */
	assert_int_equal(fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_GET_LOG_PAGE,
	    .cdw10 = NVME_LID_ANA, .cdw12 = HEADER + 128 * GROUP + IPC_MAX_NS * 4 - 4,
	    .sgl_len = 4 }), 0);
	assert_int_equal(fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_GET_LOG_PAGE,
	    .cdw10 = NVME_LID_ANA, .cdw12 = HEADER + 128 * GROUP + IPC_MAX_NS * 4,
	    .sgl_len = 4 }), FIELD);
}

static void
identify(void **state)
{
	const struct cmd ctrl = { .opc = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_CTRL,
	    .sgl_len = 4096 };
	const struct cmd ns = { .opc = NVME_ADMIN_IDENTIFY, .nsid = NS_512,
	    .cdw10 = NVME_CNS_NS, .sgl_len = 4096 };
	const struct cmd independent = { .opc = NVME_ADMIN_IDENTIFY, .nsid = NS_512,
	    .cdw10 = NVME_CNS_INDEPENDENT_NS, .sgl_len = 4096 };
	struct slot *s = fake_admin(&ctrl);
	struct nvme_id_ctrl id;

	(void)state;
	memcpy(&id, s->buf, sizeof(id));
	fake_release(s);
	assert_int_equal(id.cmic, 0x0b);
	assert_int_equal(id.anatt, 10);
	assert_int_equal(id.anacap, 0x1f);
	assert_int_equal(le32_get(id.anagrpmax), 128);
	assert_int_equal(le32_get(id.nanagrpid), 128);
	/* Linux wants to know how large the log may become */
	assert_in_range(le32_get(id.mnan), 1, le32_get(id.nn));
	assert_int_equal(le32_get(id.oaes) & NVME_AEC_ANA_CHANGE, NVME_AEC_ANA_CHANGE);
	put_all();
	s = fake_admin(&ns);
	assert_int_equal(le32_get(((struct nvme_id_ns *)(void *)s->buf)->anagrpid), 9);
	fake_release(s);
	s = fake_admin(&independent);
	assert_int_equal(
	    le32_get(((struct nvme_id_ns_independent *)(void *)s->buf)->anagrpid), 9);
	fake_release(s);
}

/* Who was not offered it is told nothing of it. */
static void
not_offered(void **state)
{
	const struct cmd ctrl = { .opc = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_CTRL,
	    .sgl_len = 4096 };
	struct cmd log = log_cmd(16, 0, 0);
	struct slot *s = fake_admin(&ctrl);
	const struct nvme_id_ctrl *id = (void *)s->buf;

	(void)state;
	assert_int_equal(id->cmic, 3);
	assert_int_equal(id->anatt, 0);
	assert_int_equal(le32_get(id->anagrpmax), 0);
	assert_int_equal(le32_get(id->oaes) & NVME_AEC_ANA_CHANGE, 0);
	fake_release(s);
	assert_int_equal(fake_admin_status(&log), DNR(NVME_SC_INVALID_LOG_PAGE));
}

static void
statuses(void **state)
{
	static const struct { uint32_t ana_state; uint16_t status; } rows[] = {
		{ 0, 0 }, { NVME_ANA_OPTIMIZED, 0 }, { NVME_ANA_NON_OPTIMIZED, 0 },
		{ NVME_ANA_INACCESSIBLE, 0x302 }, { NVME_ANA_PERSISTENT_LOSS, 0x301 },
		{ NVME_ANA_CHANGE, 0x303 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put(NS_512, 1, rows[i].ana_state, i);
		assert_int_equal(ns_reach(ns_find(fake.lane.ns, NS_512)), rows[i].status);
	}
}

/* NVM Command Set 1.0, 4.1.5.1: NVMCAP, and NUSE. NSZE stays: with 0 a host forgets the namespace. */
static void
capacity(void **state)
{
	static const struct { uint32_t ana_state; bool known; } rows[] = {
		{ 0, true }, { NVME_ANA_OPTIMIZED, true }, { NVME_ANA_NON_OPTIMIZED, true },
		{ NVME_ANA_INACCESSIBLE, false }, { NVME_ANA_PERSISTENT_LOSS, false },
		{ NVME_ANA_CHANGE, true },
	};
	const struct cmd cmd = { .opc = NVME_ADMIN_IDENTIFY, .nsid = NS_512, .cdw10 = NVME_CNS_NS,
	    .sgl_len = 4096 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct nvme_id_ns *id;
		struct slot *s;

		put(NS_512, 1, rows[i].ana_state, i);
		s = fake_admin(&cmd);
		id = (void *)s->buf;
		assert_true(le64_get(id->nsze) == 1 << 20 && le64_get(id->ncap) == 1 << 20);
		assert_true(le64_get(id->nuse) == (rows[i].known ? 1 << 20 : 0));
		assert_true(le64_get(id->nvmcap.lo) == (rows[i].known ? 1 << 29 : 0));
		fake_release(s);
	}
}

/* NVMe Base, ANA effects on command processing: which features are there in which state. */
static void
features(void **state)
{
	static const uint8_t gone[] = { NVME_FID_ERROR_RECOVERY, NVME_FID_RESERVATION_MASK,
	    NVME_FID_RESERVATION_PERSISTENCE };
	static const struct { uint32_t ana_state; uint16_t status, protect; } rows[] = {
		{ NVME_ANA_OPTIMIZED, 0, 0 }, { NVME_ANA_NON_OPTIMIZED, 0, 0 },
		{ NVME_ANA_INACCESSIBLE, 0x302, 0 }, { NVME_ANA_PERSISTENT_LOSS, 0x301, 0x301 },
		{ NVME_ANA_CHANGE, 0x303, 0 },
	};
	struct cmd cmd = { .cdw11 = 0 };
	struct slot s = { .qp = &fake.c->admin };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put(NS_4K, 1, rows[i].ana_state, i);
		for (size_t f = 0; f < ARRAY_LEN(gone); f++) {
			cmd.opc = NVME_ADMIN_GET_FEATURES;
			cmd.cdw10 = gone[f];
			cmd.nsid = NS_4K;
			assert_int_equal(fake_admin_status(&cmd), rows[i].status);
			cmd.nsid = NS_512;	/* another group */
			assert_int_equal(fake_admin_status(&cmd), 0);
			cmd.cdw10 |= NVME_FEATURE_SUPPORTED << 8;
			cmd.nsid = NS_4K;
			assert_int_equal(fake_admin_status(&cmd), 0);
			s.cmd = (struct cmd){ .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = gone[f],
			    .nsid = NS_4K };
			assert_int_equal(set_features_prepare(&s), rows[i].status);
			s.cmd.nsid = NVME_NSID_ALL;
			assert_int_equal(set_features_prepare(&s), rows[i].status);
			s.cmd.nsid = NS_512;
			assert_int_equal(set_features_prepare(&s), 0);
		}
		ns_find(fake.lane.ns, NS_4K)->id.nwpc = 1;
		s.cmd = (struct cmd){ .opc = NVME_ADMIN_SET_FEATURES,
		    .cdw10 = NVME_FID_NS_WRITE_PROTECTION, .nsid = NS_4K };
		assert_int_equal(set_features_prepare(&s), rows[i].protect);
		s.cmd = (struct cmd){ .opc = NVME_ADMIN_SET_FEATURES,
		    .cdw10 = NVME_FID_HOST_BEHAVIOR, .sgl_len = 512 };
		assert_int_equal(set_features_prepare(&s), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(whole_log),
		TEST(groups_only),
		TEST(offsets),
		TEST(in_the_middle_of_a_change),
		TEST(counts_changes),
		TEST(most_that_there_can_be),
		TEST(identify),
		cmocka_unit_test_setup_teardown(not_offered, fake_io, fake_end),
		TEST(statuses),
		TEST(capacity),
		TEST(features),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
