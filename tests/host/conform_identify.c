/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify: every CNS, what its NSID may be, how much of it is transferred, and what the structures
 * must say of themselves. NVMe Base 2.0 section 5.17, NVM Command Set 1.0 section 4.1.5.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

#define INACTIVE "Base 2.0, 3.2.1.4: an inactive NSID"
#define INVALID "Base 2.0, 3.2.1.2: an invalid NSID"
#define NO_SETS "Base 2.0, 5.17.1: a CNS that is not supported"

static const char *
check_ns(struct conf *c, const struct conf_row *r)
{
	const uint8_t *id = c->buf;
	unsigned lbads = r->nsid == N_FILE ? 12 : 9;

	if (c->cmd.received != SPEC_IDENTIFY_LEN)
		return ("it is not 4096 bytes");
	if (get64(id, 0) == 0 || get64(id, 8) > get64(id, 0) || get64(id, 16) > get64(id, 8))
		return ("NSZE, NCAP and NUSE disagree");
	if (id[25] != 0 || id[26] != 0 || id[128 + 2] != lbads)
		return ("LBADS is not that of the block size");
	if (get16(id, 128) != 0 || id[27] != 0 || id[28] != 0 || id[29] != 0)
		return ("metadata or protection where there is none: MS, MC, DPC, DPS");
	if ((id[24] & 4) != 0)
		return ("NSFEAT.DAE without a reason");
	if ((id[24] & 0x10) != 0 && ((get16(id, 64) + 1) % (get16(id, 66) + 1) != 0 ||
	    (get16(id, 68) + 1) % (get16(id, 70) + 1) != 0 ||
	    (get16(id, 72) + 1) % (get16(id, 64) + 1) != 0))
		return ("NPWG, NPDG or NOWS is no multiple of what it should be one of");
	return ((id[99] & 1) == (r->nsid == N_READONLY) ? NULL : "NSATTR is not the truth");
}

static const char *
check_ctrl(struct conf *c, const struct conf_row *r)
{
	const uint8_t *id = c->buf;

	(void)r;
	if (get16(id, 78) != c->ctrl.cntlid || get32(id, 80) != c->ctrl.vs)
		return ("CNTLID or VER");
	if (get32(id, 80) != 0x20000)
		return ("VER is not 2.0");
	if (id[111] != 1 || id[512] != 0x66 || id[513] != 0x44)
		return ("CNTRLTYPE, SQES or CQES");
	if (get32(id, 516) < N_SMALL || get32(id, 540) > get32(id, 516))
		return ("NN or MNAN");
	if ((get32(id, 96) & 1) == 0)
		return ("CTRATT: Host Identifiers are of 128 bits on fabrics");
	return ((id[1802] & 1) == 0 ? NULL : "FCATT: the controllers are dynamic ones");
}

/* Bit 3 of DLFEAT is the same in all namespaces of a subsystem. */
static int
same_deallocation(struct conf *c, const struct conf_row *r)
{
	static const uint32_t all[] = { N_RAM, N_FILE, N_READONLY, N_SMALL };
	unsigned with = 0;

	(void)r;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (conf_identify(c, 0, all[i]) == -1)
			return (-1);
		with += c->buf[33] >> 3 & 1;
	}
	if (with != 0 && with != sizeof(all) / sizeof(all[0]))
		return (conf_fail(c, "%u of %zu namespaces have DEAC", with,
		    sizeof(all) / sizeof(all[0])));
	return (0);
}

/* NSIDs ascend, from above the one asked for; which ones is known. */
static const char *
check_list(struct conf *c, const struct conf_row *r)
{
	static const uint32_t all[] = { N_RAM, N_FILE, N_READONLY, N_SMALL };
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] > (r->nsid == N_ZERO ? 0 : r->nsid) && get32(c->buf, 4 * n++) != all[i])
			return ("these are not the active namespaces above the NSID");
	for (; n < 1024; n++)
		if (get32(c->buf, 4 * n) != 0)
			return ("there are more namespaces than there should be");
	return (NULL);
}

/* EUI-64, NGUID, UUID, CSI: their lengths, each once, CSI 0; then zeros. */
static const char *
check_descs(struct conf *c, const struct conf_row *r)
{
	static const uint8_t length[] = { 0, 8, 16, 16, 1 };
	unsigned seen = 0, at = 0;

	(void)r;
	while (at + 4 < SPEC_IDENTIFY_LEN && c->buf[at] != 0) {
		uint8_t nidt = c->buf[at], nidl = c->buf[at + 1];

		if (nidt > 4 || nidl != length[nidt] || (seen & 1u << nidt))
			return ("a descriptor of an unknown type, a wrong length, or twice");
		if (nidt == 4 && c->buf[at + 4] != 0)
			return ("CSI is not that of the NVM command set");
		seen |= 1u << nidt;
		at += 4u + nidl;
	}
	if ((seen & 1u << 3) == 0 || (seen & 1u << 4) == 0)
		return ("no UUID, or no CSI");
	for (; at < SPEC_IDENTIFY_LEN; at++)
		if (c->buf[at] != 0)
			return ("something behind the descriptors");
	return (NULL);
}

static const char *
check_ready(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (c->buf[14] & 1 ? NULL : "NSTAT.NRDY is not set");
}

static const char *
check_cut(struct conf *c, const struct conf_row *r)
{
	return (c->cmd.received <= r->len ? NULL : "more than was asked for");
}

static const char *
check_4096(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (c->cmd.received == SPEC_IDENTIFY_LEN ? NULL : "it is not 4096 bytes");
}

/* Controller lists: number of identifiers, then those, ascending; ours is one of them. */
static const char *
check_ctrls(struct conf *c, const struct conf_row *r)
{
	unsigned n = get16(c->buf, 0);
	bool found = false;

	if (n > 2047)
		return ("more identifiers than there is room for");
	for (unsigned i = 1; i <= n; i++) {
		uint16_t id = get16(c->buf, 2 * i);

		if (id < r->cdw10 >> 16 || (i > 1 && id <= get16(c->buf, 2 * (i - 1))))
			return ("not ascending, or below the CNTID asked for");
		found |= id == c->ctrl.cntlid;
	}
	return (found == (c->ctrl.cntlid >= r->cdw10 >> 16) ? NULL : "where is this controller?");
}

/* Of the command sets combinations, the first has NVM and it is the only one. */
static const char *
check_sets(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (get64(c->buf, 0) == 1 && get64(c->buf, 8) == 0 ? NULL :
	    "not the NVM command set, or not alone");
}

#define ID(c, n) .opc = OPC_IDENTIFY, .dir = HOST_FROM_TARGET, .len = SPEC_IDENTIFY_LEN, \
	.cdw10 = (c), .nsid = (n)
#define CSI(n) .cdw11 = (uint32_t)(n) << 24

static const struct conf_row rows[] = {
	{ "disabled", "Base 2.0, 3.5.2: before CC.EN", ANY(ST_SEQUENCE), .place = P_DISABLED,
	    ID(1, 0) },
	/* 00h */
	{ "ns", NULL, 0, .check = check_ns, ID(0, N_RAM) },
	{ "ns-4k", NULL, 0, .check = check_ns, ID(0, N_FILE) },
	{ "ns-readonly", NULL, 0, .check = check_ns, ID(0, N_READONLY) },
	{ "ns-deac", "NVM Command Set 1.0, 4.1.5.1: DLFEAT", 0, .run = same_deallocation },
	{ "ns-0", INVALID, DNR(ST_NAMESPACE), ID(0, N_ZERO) },
	{ "ns-after-nn", INVALID, DNR(ST_NAMESPACE), ID(0, N_AFTER) },
	{ "ns-fffffffe", INVALID, DNR(ST_NAMESPACE), ID(0, N_FFFFFFFE) },
	{ "ns-all", "Base 2.0, 5.17.2: FFFFFFFFh without Namespace Management",
	    DNR(ST_NAMESPACE), ID(0, N_ALL) },
	{ "ns-inactive", "NVM Command Set 1.0, 4.1.5.1: zeros for an inactive NSID", 0,
	    .check = conf_is_zero, ID(0, N_INACTIVE) },
	/* 01h */
	{ "ctrl", NULL, 0, .check = check_ctrl, ID(1, 0) },
	{ "ctrl-nsid", "Base 2.0, 3.3.3.1: NSID that is not used", 0, { DNR(ST_FIELD) },
	    ID(1, N_RAM) },
	{ "ctrl-8192", "Base 2.0, 5.17: 4096 bytes are transferred", 0, { DNR(ST_SGL_LENGTH) },
	    .check = check_4096, .opc = OPC_IDENTIFY, .cdw10 = 1, .dir = HOST_FROM_TARGET,
	    .len = 8192 },
	{ "ctrl-100", "Base 2.0, 4.1.2: an SGL that is too short", DNR(ST_SGL_LENGTH),
	    { W_SUCCESS }, .check = check_cut, .opc = OPC_IDENTIFY, .cdw10 = 1,
	    .dir = HOST_FROM_TARGET, .len = 100 },
	{ "ctrl-0", "Base 2.0, 4.1.2: an SGL of length 0", DNR(ST_SGL_LENGTH), { W_SUCCESS },
	    .check = check_cut, .opc = OPC_IDENTIFY, .cdw10 = 1, .dir = HOST_FROM_TARGET,
	    .len = 0 },
	{ "ctrl-reserved", "Base 2.0, 1.4: reserved bits", 0, { DNR(ST_FIELD) }, ID(1, 0),
	    .cdw12 = 0xffffffff, .cdw13 = 0xffffffff, .cdw15 = 0xffffffff },
	/* 02h */
	{ "list", NULL, 0, .check = check_list, ID(2, N_ZERO) },
	{ "list-above-1", NULL, 0, .check = check_list, ID(2, N_RAM) },
	{ "list-above-inactive", NULL, 0, .check = check_list, ID(2, N_INACTIVE) },
	{ "list-fffffffd", NULL, 0, .check = conf_is_zero, ID(2, 0xfffffffd) },
	{ "list-fffffffe", NULL, DNR(ST_NAMESPACE), ID(2, N_FFFFFFFE) },
	{ "list-all", NULL, DNR(ST_NAMESPACE), ID(2, N_ALL) },
	/* 03h */
	{ "descs", NULL, 0, .check = check_descs, ID(3, N_RAM) },
	{ "descs-4k", NULL, 0, .check = check_descs, ID(3, N_FILE) },
	{ "descs-0", INVALID, DNR(ST_NAMESPACE), ID(3, N_ZERO) },
	{ "descs-after-nn", INVALID, DNR(ST_NAMESPACE), ID(3, N_AFTER) },
	{ "descs-all", INVALID, DNR(ST_NAMESPACE), { DNR(ST_FIELD) }, ID(3, N_ALL) },
	{ "descs-inactive", INACTIVE, DNR(ST_FIELD), { DNR(ST_NAMESPACE) }, ID(3, N_INACTIVE) },
	/* 05h to 08h */
	{ "csi-ns", NULL, 0, .check = conf_is_zero, ID(5, N_RAM) },
	{ "csi-ns-0", INVALID, DNR(ST_NAMESPACE), ID(5, N_ZERO) },
	{ "csi-ns-after-nn", INVALID, DNR(ST_NAMESPACE), ID(5, N_AFTER) },
	{ "csi-ns-all", NULL, DNR(ST_NAMESPACE), ID(5, N_ALL) },
	{ "csi-ns-inactive", NULL, 0, .check = conf_is_zero, ID(5, N_INACTIVE) },
	{ "csi-ns-zoned", "Base 2.0, 5.17.2.5: a command set that is not supported",
	    DNR(ST_FIELD), { DNR(ST_COMMAND_SET) }, ID(5, N_RAM), CSI(2) },
	{ "csi-ctrl", NULL, 0, .check = check_4096, ID(6, 0) },
	{ "csi-ctrl-kv", "Base 2.0, 5.17.2.6: a command set that is not supported",
	    DNR(ST_FIELD), { DNR(ST_COMMAND_SET) }, ID(6, 0), CSI(1) },
	{ "csi-ctrl-zoned", "Base 2.0, 5.17.2.6: a command set that is not supported",
	    DNR(ST_FIELD), { DNR(ST_COMMAND_SET) }, ID(6, 0), CSI(2) },
	{ "csi-ctrl-ff", "Base 2.0, 5.17.2.6: a command set that is not supported",
	    DNR(ST_FIELD), { DNR(ST_COMMAND_SET) }, ID(6, 0), CSI(255) },
	{ "csi-list", NULL, 0, .check = check_list, ID(7, N_ZERO) },
	{ "csi-list-all", NULL, DNR(ST_NAMESPACE), ID(7, N_ALL) },
	{ "csi-list-zoned", "Base 2.0, 5.17.2.7: a command set that is not supported",
	    DNR(ST_FIELD), { DNR(ST_COMMAND_SET) }, ID(7, N_ZERO), CSI(2) },
	{ "independent", NULL, 0, .check = check_ready, ID(8, N_RAM) },
	{ "independent-0", INVALID, DNR(ST_NAMESPACE), ID(8, N_ZERO) },
	{ "independent-after-nn", INVALID, DNR(ST_NAMESPACE), ID(8, N_AFTER) },
	{ "independent-inactive", NULL, 0, .check = conf_is_zero, ID(8, N_INACTIVE) },
	/* 10h to 1Ch */
	{ "allocated-list", NULL, 0, .check = check_list, ID(0x10, N_ZERO) },
	{ "allocated-list-above-2", NULL, 0, .check = check_list, ID(0x10, N_FILE) },
	{ "allocated-list-all", NULL, DNR(ST_NAMESPACE), ID(0x10, N_ALL) },
	{ "allocated-ns", NULL, 0, .check = check_ns, ID(0x11, N_RAM) },
	{ "allocated-ns-0", INVALID, DNR(ST_NAMESPACE), ID(0x11, N_ZERO) },
	{ "allocated-ns-after-nn", INVALID, DNR(ST_NAMESPACE), ID(0x11, N_AFTER) },
	{ "allocated-ns-unallocated", "NVM Command Set 1.0, 4.1.5: zeros", 0,
	    .check = conf_is_zero, ID(0x11, N_INACTIVE) },
	{ "ns-ctrls", NULL, 0, .check = check_ctrls, ID(0x12, N_RAM) },
	{ "ns-ctrls-above", NULL, 0, .check = check_ctrls, ID(0x12 | 0xffee << 16, N_RAM) },
	{ "ns-ctrls-0", INVALID, DNR(ST_NAMESPACE), { DNR(ST_FIELD) }, ID(0x12, N_ZERO) },
	{ "ns-ctrls-after-nn", INVALID, DNR(ST_NAMESPACE), ID(0x12, N_AFTER) },
	{ "ns-ctrls-all", "Base 2.0, 5.17.2.11: FFFFFFFFh", DNR(ST_FIELD), { DNR(ST_NAMESPACE) },
	    ID(0x12, N_ALL) },
	{ "ctrls", NULL, 0, .check = check_ctrls, ID(0x13, 0) },
	{ "ctrls-above", NULL, 0, .check = check_ctrls, ID(0x13 | 0xffee << 16, 0) },
	{ "command-sets", NULL, 0, .check = check_sets, ID(0x1c | 0xffff << 16, 0) },
	{ "nvm-sets", NO_SETS, DNR(ST_FIELD), ID(0x04, 0) },
	{ "primary", NO_SETS, DNR(ST_FIELD), ID(0x14, 0) },
	{ "secondary", NO_SETS, DNR(ST_FIELD), ID(0x15, 0) },
	{ "granularity", NO_SETS, DNR(ST_FIELD), ID(0x16, 0) },
	{ "uuids", NO_SETS, DNR(ST_FIELD), ID(0x17, 0) },
	{ "domains", NO_SETS, DNR(ST_FIELD), ID(0x18, 0) },
	{ "endurance-groups", "Base 2.0, 5.17.2.18: there are none", 0, { DNR(ST_FIELD) },
	    .check = conf_is_zero, ID(0x19, 0) },
	{ "command-sets-other-cntid", "Base 2.0, 5.17.2.21: CNTID", DNR(ST_FIELD), { DNR(0x11f) },
	    ID(0x1c | 0xffe0u << 16, 0) },
	{ "csi-allocated-list-zoned", NO_SETS, DNR(ST_FIELD), ID(0x1a, 0), CSI(2) },
	{ "csi-allocated-ns-zoned", NO_SETS, DNR(ST_FIELD), ID(0x1b, N_RAM), CSI(2) },
	{ "cns-0c", NO_SETS, DNR(ST_FIELD), ID(0x0c, 0) },
	{ "cns-1d", NO_SETS, DNR(ST_FIELD), ID(0x1d, 0) },
	{ "cns-3f", NO_SETS, DNR(ST_FIELD), ID(0x3f, 0) },
	{ "cns-ff", NO_SETS, DNR(ST_FIELD), ID(0xff, 0) },
};

CONF_TABLE(identify, "Base 2.0, 5.17", "Identify", false);
