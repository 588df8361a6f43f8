/* SPDX-License-Identifier: BSD-2-Clause */
/* Identify: which structure for which namespace, what a host is told, and that the rest is zero. */
#include "config.h"

#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)
#define NSID DNR(NVME_SC_INVALID_NS_OR_FORMAT)

static struct cmd
identify(uint32_t cns, uint32_t nsid)
{
	return ((struct cmd){ .opc = NVME_ADMIN_IDENTIFY, .nsid = nsid, .cdw10 = cns,
	    .sgl_len = NVME_IDENTIFY_BYTES });
}

/* A whole structure, copied out. */
static void
get(uint32_t cns, uint32_t nsid, void *to)
{
	struct cmd cmd = identify(cns, nsid);
	struct slot *s = fake_admin(&cmd);

	assert_int_equal(fake_status(s), 0);
	assert_int_equal(fake_len(s), NVME_IDENTIFY_BYTES);
	memcpy(to, s->buf, NVME_IDENTIFY_BYTES);
	fake_release(s);
}

static bool
all_zero(const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		if (b[i] != 0)
			return (false);
	return (true);
}

static void
rules(void **state)
{
	static const struct { uint32_t cns, nsid, cdw11; uint16_t status; } rows[] = {
		{ NVME_CNS_NS, 0, 0, NSID },
		{ NVME_CNS_NS, 1, 0, 0 },
		{ NVME_CNS_NS, 8, 0, 0 },
		{ NVME_CNS_NS, 9, 0, NSID },
		{ NVME_CNS_NS, NVME_NSID_ALL, 0, NSID },
		{ NVME_CNS_CTRL, 0, 0, 0 },
		{ NVME_CNS_CTRL, 77, 0, 0 },
		{ NVME_CNS_ACTIVE_NS_LIST, 0, 0, 0 },
		{ NVME_CNS_ACTIVE_NS_LIST, 0xfffffffd, 0, 0 },
		{ NVME_CNS_ACTIVE_NS_LIST, 0xfffffffe, 0, NSID },
		{ NVME_CNS_ACTIVE_NS_LIST, NVME_NSID_ALL, 0, NSID },
		{ NVME_CNS_NS_DESC_LIST, 1, 0, 0 },
		{ NVME_CNS_NS_DESC_LIST, 0, 0, NSID },
		{ NVME_CNS_NS_DESC_LIST, NS_NONE, 0, NSID },
		{ NVME_CNS_NS_DESC_LIST, NVME_NSID_ALL, 0, NSID },
		{ NVME_CNS_CSI_NS, 1, 0, 0 },
		{ NVME_CNS_CSI_NS, 1, 0x02000000, FIELD },
		{ NVME_CNS_CSI_NS, 9, 0, NSID },
		{ NVME_CNS_CSI_CTRL, 0, 0, 0 },
		{ NVME_CNS_CSI_CTRL, 0, 0x02000000, FIELD },
		{ NVME_CNS_CSI_ACTIVE_NS_LIST, 0, 0, 0 },
		{ NVME_CNS_CSI_ACTIVE_NS_LIST, 0, 0x01000000, FIELD },
		{ NVME_CNS_INDEPENDENT_NS, 1, 0, 0 },
		{ NVME_CNS_INDEPENDENT_NS, 0, 0, NSID },
		{ NVME_CNS_NVMSET_LIST, 0, 0, FIELD },
		{ NVME_CNS_INDEPENDENT_NS, NVME_NSID_ALL, 0, NSID },
		{ NVME_CNS_ALLOCATED_NS_LIST, 0, 0, 0 },
		{ NVME_CNS_ALLOCATED_NS_LIST, 0xfffffffe, 0, NSID },
		{ NVME_CNS_ALLOCATED_NS_LIST, NVME_NSID_ALL, 0, NSID },
		{ NVME_CNS_ALLOCATED_NS, 1, 0, 0 },
		{ NVME_CNS_ALLOCATED_NS, NS_NONE, 0, 0 },
		{ NVME_CNS_ALLOCATED_NS, 0, 0, NSID },
		{ NVME_CNS_ALLOCATED_NS, 9, 0, NSID },
		{ NVME_CNS_ALLOCATED_NS, NVME_NSID_ALL, 0, NSID },
		{ NVME_CNS_NS_CTRL_LIST, 1, 0, 0 },
		{ NVME_CNS_NS_CTRL_LIST, NS_NONE, 0, 0 },
		{ NVME_CNS_NS_CTRL_LIST, 0, 0, NSID },
		{ NVME_CNS_NS_CTRL_LIST, 9, 0, NSID },
		{ NVME_CNS_NS_CTRL_LIST, NVME_NSID_ALL, 0, FIELD },
		{ NVME_CNS_CTRL_LIST, 0, 0, 0 },
		{ NVME_CNS_CTRL_LIST, NVME_NSID_ALL, 0, 0 },
		{ NVME_CNS_PRIMARY_CTRL_CAP, 0, 0, FIELD },
		{ NVME_CNS_SECONDARY_CTRL_LIST, 0, 0, FIELD },
		{ 0x16, 0, 0, FIELD },
		{ NVME_CNS_UUID_LIST, 0, 0, FIELD },
		{ NVME_CNS_DOMAIN_LIST, 0, 0, FIELD },
		{ NVME_CNS_ENDURANCE_GROUP_LIST, 0, 0, 0 },
		{ 0x1a, 0, 0, FIELD },
		{ 0x1b, 1, 0, FIELD },
		{ NVME_CNS_IO_COMMAND_SETS | 0x1234u << 16, 0, 0, 0 },
		{ NVME_CNS_IO_COMMAND_SETS | 0xffffu << 16, 0, 0, 0 },
		{ NVME_CNS_IO_COMMAND_SETS, 0, 0, FIELD },	/* controller 0 */
		{ 0x09, 0, 0, FIELD },
		{ 0x0a, 0, 0, FIELD },
		{ 0xff, 0, 0, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = identify(rows[i].cns, rows[i].nsid);

		cmd.cdw11 = rows[i].cdw11;
		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

static void
controller(void **state)
{
	struct nvme_id_ctrl id;

	(void)state;
	get(NVME_CNS_CTRL, 0, &id);
	assert_memory_equal(id.sn, "SN0123              ", 20);
	assert_memory_equal(id.mn, "Cellblock                               ", 40);
	assert_memory_equal(id.fr, PACKAGE_VERSION "        ", 8);
	assert_int_equal(le16_get(id.cntlid), 0x1234);
	assert_int_equal(le32_get(id.ver), 0x00020000);
	assert_int_equal(id.mdts, 8);			/* 1 MiB */
	assert_int_equal(id.cntrltype, 1);
	assert_int_equal(le16_get(id.kas), 10);
	assert_int_equal(le32_get(id.ctratt), 0x41);
	assert_int_equal(id.cmic, 3);
	assert_int_equal(id.aerl, 3);
	assert_int_equal(id.acl, 3);
	assert_int_equal(id.elpe, 63);
	assert_int_equal(id.lpa, 0x27);
	assert_int_equal(le32_get(id.oaes), NVME_AEC_NS_ATTRIBUTE);
	assert_int_equal(le16_get(id.oacs), 0);
	assert_int_equal(le16_get(id.crdt1), 10);
	assert_int_equal(le16_get(id.wctemp), 0x157);
	assert_int_equal(le16_get(id.cctemp), 0x161);
	assert_int_equal(id.sqes, 0x66);
	assert_int_equal(id.cqes, 0x44);
	assert_int_equal(le16_get(id.maxcmd), 128);
	assert_int_equal(le32_get(id.nn), 8);
	assert_int_equal(le16_get(id.fuses), 1);
	assert_int_equal(le16_get(id.acwu), 0);		/* one block: there is one with 4 KiB */
	assert_int_equal(le16_get(id.ocfs), 0x5);	/* Copy descriptor formats 0h and 2h */
	assert_int_equal(id.vwc, 7);
	ns_find(fake.lane.ns, NS_512)->id.volatile_cache = 0;
	assert_int_equal(le32_get(id.sgls), 0x00300001);
	assert_int_equal(le32_get(id.ioccsz), (64 + 16384) / 16);
	assert_int_equal(le32_get(id.iorcsz), 1);
	assert_int_equal(le16_get(id.icdoff), 0);
	assert_int_equal(id.msdbd, 1);
	assert_int_equal(le16_get(id.ofcs), 1);
	assert_int_equal(le32_get(id.rtd3e), 10000000);
	assert_string_equal((char *)id.subnqn, "nqn.2014-08.org.example:s");
	assert_true(all_zero(id.subnqn + 25, sizeof(id.subnqn) - 25));
	assert_true(all_zero(&id.psd, sizeof(id.psd) + sizeof(id.vendor)));
	assert_true(all_zero(id.reserved134, sizeof(id.reserved134)));
}

static void
write_cache(void **state)
{
	struct nvme_id_ctrl id;

	(void)state;
	get(NVME_CNS_CTRL, 0, &id);
	assert_int_equal(id.vwc, 7);
	ns_find(fake.lane.ns, NS_512)->id.volatile_cache = 0;	/* the only one that has it */
	get(NVME_CNS_CTRL, 0, &id);
	assert_int_equal(id.vwc, 6);
}

/* What is offered is there, and what is there is offered. */
static void
optional_commands(void **state)
{
	static const struct { uint8_t opc; uint16_t bit; } rows[] = {
		{ NVME_NVM_COMPARE, 0x001 }, { NVME_NVM_WRITE_UNCORRECTABLE, 0x002 },
		{ NVME_NVM_DATASET_MANAGEMENT, 0x004 }, { NVME_NVM_WRITE_ZEROES, 0x008 },
		{ NVME_NVM_RESERVATION_REGISTER, 0x020 }, { NVME_NVM_VERIFY, 0x080 },
		{ NVME_NVM_COPY, 0x100 },
	};
	struct nvme_id_ctrl id;
	uint16_t oncs = 0x010;		/* SEL of Get Features */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		oncs |= nvm_rule(rows[i].opc) != NULL ? rows[i].bit : 0;
	get(NVME_CNS_CTRL, 0, &id);
	assert_int_equal(le16_get(id.oncs), oncs);
}

/*
 * What hosts insist on: a controller that lacks one of these is not connected, or not used in full.
 * Linux: CNTLID, KAS, ICDOFF, SGLS, IOCCSZ, MAXCMD, CMIC for several paths.
 */
static void
what_hosts_insist_on(void **state)
{
	struct nvme_id_ctrl id;
	struct nvme_id_ns ns;

	(void)state;
	get(NVME_CNS_CTRL, 0, &id);
	assert_int_equal(le16_get(id.cntlid), fake.c->admit.cntlid);
	assert_true(le16_get(id.kas) > 0);
	assert_int_equal(le16_get(id.icdoff), 0);
	assert_true((le32_get(id.sgls) & 0x3) == 0x1 && (le32_get(id.sgls) & 1u << 20) != 0);
	assert_true(le32_get(id.ioccsz) >= 4 && le32_get(id.iorcsz) >= 1);
	assert_true(le16_get(id.maxcmd) >= 2);
	assert_true((id.cmic & NVME_CMIC_MULTI_CTRL) != 0);
	assert_true((id.cmic & NVME_CMIC_ANA) != 0 || (id.anatt == 0 && le32_get(id.mnan) == 0));
	assert_true(id.aerl >= 3);
	assert_int_equal(le16_get(id.oacs) & 0x0288, 0);	/* no directives, no virtualization */
	for (size_t i = 0; i < sizeof(id.sn); i++)
		assert_in_range(id.sn[i], 0x20, 0x7e);
	for (size_t i = 0; i < sizeof(id.mn); i++)
		assert_in_range(id.mn[i], 0x20, 0x7e);
	for (size_t i = 0; i < sizeof(id.fr); i++)
		assert_in_range(id.fr[i], 0x20, 0x7e);
	/* ESXi: one format, of 512 bytes where it was configured so; names for the device */
	get(NVME_CNS_NS, NS_512, &ns);
	assert_true(ns.nlbaf == 0 && ns.flbas == 0 && ns.lbaf[0].lbads == 9);
	assert_int_equal(le16_get(ns.lbaf[0].ms), 0);
	assert_true(all_zero(&ns.lbaf[1], sizeof(ns.lbaf) - sizeof(ns.lbaf[0])));
	assert_false(all_zero(ns.nguid, sizeof(ns.nguid)));
	assert_false(all_zero(ns.eui64, sizeof(ns.eui64)));
	get(NVME_CNS_NS, NS_4K, &ns);
	assert_true(ns.nlbaf == 0 && ns.flbas == 0 && ns.lbaf[0].lbads == 12);
}

static void
no_discard_no_dsm(void **state)
{
	struct nvme_id_ctrl_nvm nvm;
	struct nvme_id_ctrl id;

	(void)state;
	get(NVME_CNS_CTRL, 0, &id);
	assert_true((le16_get(id.oncs) & NVME_ONCS_DSM) != 0);
	ns_find(fake.lane.ns, NS_512)->id.can_discard = 0;
	ns_find(fake.lane.ns, NS_4K)->id.can_discard = 0;
	get(NVME_CNS_CTRL, 0, &id);
	assert_true((le16_get(id.oncs) & NVME_ONCS_DSM) == 0);
	/* a limit that is not 0 would offer it, whatever ONCS says */
	get(NVME_CNS_CSI_CTRL, 0, &nvm);
	assert_int_equal(nvm.dmrl, 0);
	assert_true(le32_get(nvm.dmrsl) == 0 && le64_get(nvm.dmsl) == 0);
	assert_int_equal(nvm.wzsl, 13);
}

static void
limits(void **state)
{
	struct nvme_id_ctrl_nvm id;

	(void)state;
	get(NVME_CNS_CSI_CTRL, 0, &id);
	assert_int_equal(id.vsl, 13);			/* 32 MiB */
	assert_int_equal(id.wzsl, 13);			/* 32 MiB */
	assert_int_equal(id.dmrl, 255);
	assert_int_equal(le32_get(id.dmrsl), 1 << 20);	/* 4 GiB of 4 KiB blocks */
	assert_true(le64_get(id.dmsl) == 1 << 22);
	assert_true(all_zero(id.reserved16, sizeof(id.reserved16)));
}

static void
namespaces(void **state)
{
	struct nvme_id_ns id;

	(void)state;
	get(NVME_CNS_NS, NS_512, &id);
	assert_true(le64_get(id.nsze) == 1 << 20);
	assert_true(le64_get(id.ncap) == 1 << 20);
	assert_true(le64_get(id.nuse) == 1 << 20);
	assert_true(le64_get(id.nvmcap.lo) == 1 << 29);
	assert_int_equal(id.lbaf[0].lbads, 9);
	assert_int_equal(id.nlbaf, 0);
	assert_int_equal(id.flbas, 0);
	assert_int_equal(id.nmic, 1);
	assert_int_equal(id.nsattr, 0);
	assert_int_equal(id.dlfeat, 9);
	assert_int_equal(id.nsfeat, NVME_NSFEAT_OPTPERF | NVME_NSFEAT_NSABP);
	assert_int_equal(le16_get(id.nacwu), 7);
	assert_int_equal(le16_get(id.npwg), 7);
	assert_int_equal(le16_get(id.npdg), 0);
	assert_int_equal(le16_get(id.mssrl), 32768);	/* Copy: 16 MiB in a range, */
	assert_true(le32_get(id.mcl) == 131072);	/* 64 MiB in all, */
	assert_int_equal(id.msrc, 127);			/* 128 ranges */
	assert_int_equal(id.nguid[0], 5);
	assert_int_equal(id.eui64[1], 8);
	assert_true(all_zero(id.vendor, sizeof(id.vendor)));

	get(NVME_CNS_NS, NS_4K, &id);
	assert_int_equal(id.lbaf[0].lbads, 12);
	assert_int_equal(le16_get(id.npwg), 0);
	assert_int_equal(le16_get(id.npdg), 15);
	assert_int_equal(le16_get(id.nows), 47);
	assert_int_equal(le16_get(id.mssrl), 4096);
	assert_true(le32_get(id.mcl) == 16384);
	assert_int_equal(id.dlfeat, 9);

	get(NVME_CNS_NS, NS_RO, &id);
	assert_int_equal(id.nsattr, 1);
	assert_int_equal(id.dlfeat, 8);		/* DEAC is there for all of them, or for none */
	assert_int_equal(le16_get(id.npwg), 0);
}

/* NOWS is a multiple of NPWG, or as much. */
static void
optimal_writes(void **state)
{
	static const struct { uint32_t phys, opt; uint16_t npwg, nows; } rows[] = {
		{ 4096, 0, 7, 7 }, { 4096, 512, 7, 7 }, { 4096, 4096, 7, 7 },
		{ 4096, 196608, 7, 383 }, { 4096, 196608 + 512, 7, 7 },
		{ 512, 196608 + 512, 0, 384 }, { 4096, 64 << 20, 7, 7 }, { 0, 0, 0, 0 },
		{ 512, 32 << 20, 0, 65535 },
	};
	struct nvme_id_ns id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ns_find(fake.lane.ns, NS_512)->id.phys_block_size = rows[i].phys;
		ns_find(fake.lane.ns, NS_512)->id.opt_io_size = rows[i].opt;
		get(NVME_CNS_NS, NS_512, &id);
		assert_int_equal(le16_get(id.npwg), rows[i].npwg);
		assert_int_equal(le16_get(id.nows), rows[i].nows);
	}
}

static void
inactive_is_zeros(void **state)
{
	static const uint8_t cns[] = { NVME_CNS_NS, NVME_CNS_CSI_NS, NVME_CNS_INDEPENDENT_NS,
	    NVME_CNS_ALLOCATED_NS, NVME_CNS_NS_CTRL_LIST };
	uint8_t page[NVME_IDENTIFY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cns); i++) {
		get(cns[i], NS_NONE, page);
		assert_true(all_zero(page, sizeof(page)));
	}
}

static void
independent(void **state)
{
	struct nvme_id_ns_independent id;

	(void)state;
	get(NVME_CNS_INDEPENDENT_NS, NS_512, &id);
	assert_int_equal(id.nstat, NVME_NSTAT_NRDY);
	assert_int_equal(id.nmic, 1);
	assert_int_equal(id.nsattr, 0);
	get(NVME_CNS_INDEPENDENT_NS, NS_RO, &id);
	assert_int_equal(id.nsattr, 1);
}

static void
lists(void **state)
{
	static const uint8_t cns[] = { NVME_CNS_ACTIVE_NS_LIST, NVME_CNS_CSI_ACTIVE_NS_LIST,
	    NVME_CNS_ALLOCATED_NS_LIST };
	struct nvme_ns_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(cns); i++) {
		get(cns[i], 0, &list);
		assert_int_equal(le32_get(list.nsid[0]), NS_512);
		assert_int_equal(le32_get(list.nsid[1]), NS_4K);
		assert_int_equal(le32_get(list.nsid[2]), NS_RO);
		assert_true(all_zero(&list.nsid[3], sizeof(list) - 12));
		get(cns[i], NS_4K, &list);
		assert_int_equal(le32_get(list.nsid[0]), NS_RO);
		assert_true(all_zero(&list.nsid[1], sizeof(list) - 4));
	}
}

/* This controller, and no other one: from CNTID on. */
static void
controllers(void **state)
{
	static const uint32_t all[] = { NVME_CNS_CTRL_LIST, NVME_CNS_NS_CTRL_LIST };
	static const struct { uint32_t cntid; unsigned n; } rows[] = {
		{ 0, 1 }, { 0x1234, 1 }, { 0x1235, 0 }, { 0xffff, 0 },
	};
	struct nvme_ctrl_list list;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all) * ARRAY_LEN(rows); i++) {
		unsigned n = rows[i / 2].n;

		get(all[i % 2] | rows[i / 2].cntid << 16, NS_512, &list);
		assert_int_equal(le16_get(list.num), n);
		assert_int_equal(le16_get(list.id[0]), n == 1 ? 0x1234 : 0);
		assert_true(all_zero(&list.id[1], sizeof(list.id) - 2));
	}
}

static void
command_sets_and_groups(void **state)
{
	struct nvme_io_command_sets sets;
	uint8_t page[NVME_IDENTIFY_BYTES];

	(void)state;
	get(NVME_CNS_IO_COMMAND_SETS | 0xffffu << 16, 0, &sets);
	assert_true(le64_get(sets.vector[0]) == 1);	/* NVM alone */
	assert_true(all_zero(&sets.vector[1], sizeof(sets) - 8));
	get(NVME_CNS_ENDURANCE_GROUP_LIST, 0, page);
	assert_true(all_zero(page, sizeof(page)));
	get(NVME_CNS_CSI_NS, NS_512, page);		/* no protection information */
	assert_true(all_zero(page, sizeof(page)));
}

static void
allocated_is_active(void **state)
{
	uint8_t active[NVME_IDENTIFY_BYTES], allocated[NVME_IDENTIFY_BYTES];

	(void)state;
	get(NVME_CNS_NS, NS_4K, active);
	get(NVME_CNS_ALLOCATED_NS, NS_4K, allocated);
	assert_memory_equal(active, allocated, sizeof(active));
}

static void
descriptors(void **state)
{
	static const uint8_t full[] = { 1, 8, 0, 0, 7, 8, 0, 0, 0, 0, 0, 0,
		2, 16, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		3, 16, 0, 0, 0x33, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		4, 1, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t uuid[] = { 3, 16, 0, 0, 0x11, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 4, 1, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t page[NVME_IDENTIFY_BYTES];

	(void)state;
	get(NVME_CNS_NS_DESC_LIST, NS_512, page);
	assert_memory_equal(page, full, sizeof(full));
	assert_true(all_zero(page + sizeof(full), sizeof(page) - sizeof(full)));
	get(NVME_CNS_NS_DESC_LIST, NS_4K, page);
	assert_memory_equal(page, uuid, sizeof(uuid));
}

/* A host may ask for less, or offer more room than there is structure. */
static void
any_length(void **state)
{
	static const struct { uint32_t asked, got; } rows[] = {
		{ 0, 0 }, { 1, 1 }, { 4, 4 }, { 4095, 4095 }, { 4096, 4096 }, { 8192, 4096 },
		{ 1u << 31, 4096 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = identify(NVME_CNS_CTRL, 0);
		struct slot *s;

		cmd.sgl_len = rows[i].asked;
		s = fake_admin(&cmd);
		assert_int_equal(fake_status(s), 0);
		assert_int_equal(fake_len(s), rows[i].got);
		if (rows[i].got == 4096)
			assert_int_equal(s->buf[78], 0x34);
		fake_release(s);
	}
}

static void
discovery(void **state)
{
	struct nvme_id_ctrl id;
	struct cmd cmd = identify(NVME_CNS_NS, 1);

	(void)state;
	get(NVME_CNS_CTRL, 0, &id);
	assert_int_equal(id.cntrltype, 2);
	assert_int_equal(le16_get(id.kas), 10);
	assert_int_equal(le32_get(id.oaes), 0x80000000);
	assert_int_equal(le16_get(id.cntlid), 0x1234);
	assert_int_equal(le32_get(id.sgls), 0x00300001);
	assert_int_equal(le32_get(id.nn), 0);
	assert_int_equal(le16_get(id.oncs), 0);
	for (unsigned cns = 0; cns < 256; cns++) {
		cmd.cdw10 = cns;
		assert_int_equal(fake_admin_status(&cmd), cns == NVME_CNS_CTRL ? 0 : FIELD);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)
#define T_DISCOVERY(f) cmocka_unit_test_setup_teardown(f, fake_discovery, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(rules), T(controller), T(optional_commands), T(what_hosts_insist_on),
		T(controllers), T(command_sets_and_groups), T(allocated_is_active),
		T(write_cache), T(no_discard_no_dsm), T(limits), T(namespaces), T(optimal_writes),
		T(inactive_is_zeros), T(independent), T(lists), T(descriptors), T(any_length),
		T_DISCOVERY(discovery),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
