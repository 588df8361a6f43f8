/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether what the controller says of itself is the truth: every capability bit against the logs
 * of what is supported, and those against what is answered. NVMe Base 2.0 section 5.17.2.1.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/host/conform.h"

enum { ADMIN = 0, IO = 1024 };		/* where in log 05h */

#define BITS(offset, width, bit) (offset), (width), (bit)

/* A bit of Identify Controller, and the opcodes (of the effects log) that it stands for. */
static const struct claim {
	const char	*name;
	uint16_t	 offset;
	uint8_t		 width, bit;
	uint16_t	 log;
	uint8_t		 opc[4];
	uint8_t		 n;
} claims[] = {
	{ "OACS security", BITS(256, 2, 0), ADMIN, { 0x81, 0x82 }, 2 },
	{ "OACS format", BITS(256, 2, 1), ADMIN, { 0x80 }, 1 },
	{ "OACS firmware", BITS(256, 2, 2), ADMIN, { 0x10, 0x11 }, 2 },
	{ "OACS namespace management", BITS(256, 2, 3), ADMIN, { 0x0d, 0x15 }, 2 },
	{ "OACS self-test", BITS(256, 2, 4), ADMIN, { 0x14 }, 1 },
	{ "OACS directives", BITS(256, 2, 5), ADMIN, { 0x19, 0x1a }, 2 },
	{ "OACS NVMe-MI", BITS(256, 2, 6), ADMIN, { 0x1d, 0x1e }, 2 },
	{ "OACS virtualization", BITS(256, 2, 7), ADMIN, { 0x1c }, 1 },
	{ "OACS doorbells", BITS(256, 2, 8), ADMIN, { 0x7c }, 1 },
	{ "OACS LBA status", BITS(256, 2, 9), ADMIN, { 0x86 }, 1 },
	{ "OACS lockdown", BITS(256, 2, 10), ADMIN, { 0x24 }, 1 },
	{ "ONCS Compare", BITS(520, 2, 0), IO, { OPC_COMPARE }, 1 },
	{ "ONCS Write Uncorrectable", BITS(520, 2, 1), IO, { OPC_WRITE_UNCORRECTABLE }, 1 },
	{ "ONCS Dataset Management", BITS(520, 2, 2), IO, { OPC_DSM }, 1 },
	{ "ONCS Write Zeroes", BITS(520, 2, 3), IO, { OPC_WRITE_ZEROES }, 1 },
	{ "ONCS reservations", BITS(520, 2, 5), IO, { OPC_RESV_REGISTER, OPC_RESV_REPORT,
	    OPC_RESV_ACQUIRE, OPC_RESV_RELEASE }, 4 },
	{ "ONCS Verify", BITS(520, 2, 7), IO, { OPC_VERIFY }, 1 },
	{ "ONCS Copy", BITS(520, 2, 8), IO, { OPC_COPY }, 1 },
	{ "FUSES Compare and Write", BITS(522, 2, 0), IO, { OPC_COMPARE, OPC_WRITE }, 2 },
};

/* A bit of Identify Controller, and the log or feature that it stands for. */
enum { LOG = 0x00, FEATURE = 0x12 };
static const struct promise {
	const char	*name;
	uint16_t	 offset;
	uint8_t		 width, bit;
	uint8_t		 log, id;
	bool		 both;		/* the one is not there without the other */
} promises[] = {
	{ "LPA effects", BITS(261, 1, 1), LOG, 0x05, true },
	{ "LPA telemetry", BITS(261, 1, 3), LOG, 0x07, true },
	{ "LPA persistent events", BITS(261, 1, 4), LOG, 0x0d, true },
	{ "LPA supported pages", BITS(261, 1, 5), LOG, 0x12, true },
	{ "CMIC ANA", BITS(76, 1, 3), LOG, 0x0c, true },
	{ "OAES ANA", BITS(92, 4, 11), LOG, 0x0c, false },
	{ "OAES namespace attributes", BITS(92, 4, 8), LOG, 0x04, false },
	{ "VWC", BITS(525, 1, 0), FEATURE, 0x06, true },
	{ "ONCS timestamp", BITS(520, 2, 6), FEATURE, 0x0e, true },
	{ "ONCS reservations, notices", BITS(520, 2, 5), LOG, 0x80, true },
	{ "ONCS reservations, mask", BITS(520, 2, 5), FEATURE, 0x82, true },
	{ "ONCS reservations, persistence", BITS(520, 2, 5), FEATURE, 0x83, true },
	{ "NWPC", BITS(531, 1, 0), FEATURE, 0x84, true },
};

static bool
id_bit(const struct conf *c, uint16_t offset, uint8_t width, uint8_t bit)
{
	const uint8_t *id = c->ctrl.identify;
	uint32_t v = width == 1 ? id[offset] : width == 2 ? get16(id, offset) : get32(id, offset);

	return ((v >> bit & 1) != 0);
}

/* Both logs of what is there in c->buf: 00h at 0, 12h at 4096, 05h at 8192. */
static int
read_logs(struct conf *c)
{
	if (conf_log(c, 5, 4096) == -1)
		return (-1);
	memcpy(c->buf + 8192, c->buf, 4096);
	if (conf_log(c, 0x12, 1024) == -1)
		return (-1);
	memcpy(c->buf + 4096, c->buf, 1024);
	return (conf_log(c, 0, 1024));
}

static bool
has(const struct conf *c, unsigned at, unsigned index)
{
	return ((get32(c->buf, at + 4 * index) & 1) != 0);
}

static int
capability_bits(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (read_logs(c) == -1)
		return (-1);
	for (unsigned i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		const struct claim *k = &claims[i];
		bool bit = id_bit(c, k->offset, k->width, k->bit);

		for (unsigned j = 0; j < k->n; j++)
			if (has(c, 8192 + k->log, k->opc[j]) != bit && (bit || j == 0) &&
			    k->offset != 522)
				return (conf_fail(c, "%s is %d, opcode %#x is%s supported", k->name,
				    bit, k->opc[j], bit ? " not" : ""));
	}
	return (0);
}

static int
log_and_feature_bits(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (read_logs(c) == -1)
		return (-1);
	for (unsigned i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		const struct promise *p = &promises[i];
		bool bit = id_bit(c, p->offset, p->width, p->bit);
		bool there = has(c, p->log == LOG ? 0 : 4096, p->id);

		if (bit != there && (bit || p->both))
			return (conf_fail(c, "%s is %d, %s %#x is%s there", p->name, bit,
			    p->log == LOG ? "log" : "feature", p->id, there ? "" : " not"));
	}
	return (0);
}

/* Every opcode that the effects log does not have is answered with Invalid Opcode. */
static int
opcodes(struct conf *c, const struct conf_row *r)
{
	struct host_queue *q = r->arg == IO ? c->ctrl.io[0] : c->ctrl.admin;

	if (read_logs(c) == -1)
		return (-1);
	for (unsigned opc = 0; opc < 256; opc++) {
		if (has(c, 8192 + (unsigned)r->arg, opc) || opc == OPC_FABRICS)
			continue;
		host_fill(&c->cmd, (uint8_t)opc, r->arg == IO ? N_RAM : 0, HOST_NODATA, NULL, 0);
		if (conf_exec(c, q, &c->cmd) == -1)
			return (-1);
		if ((c->cmd.status & W_MASK) != DNR(ST_OPCODE))
			return (conf_fail(c, "opcode %#x is not in the effects log: "
			    "status %#x", opc, c->cmd.status));
	}
	c->cmd.status = 0;
	return (0);
}

/* A log page is there if and only if log 00h has it. */
static int
logs(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (read_logs(c) == -1)
		return (-1);
	for (unsigned lid = 0; lid < 256; lid++) {
		host_fill_log(&c->cmd, (uint8_t)lid, 0, c->buf + 16384, 64);
		c->cmd.flags = HOST_F_SHORT;
		if (conf_exec(c, c->ctrl.admin, &c->cmd) == -1)
			return (-1);
		if ((c->cmd.status == 0) != has(c, 0, lid))
			return (conf_fail(c, "log %02xh: status %#x, but log 00h says %d", lid,
			    c->cmd.status, has(c, 0, lid)));
	}
	c->cmd.status = 0;
	return (0);
}

/* A feature can be got if and only if log 12h has it; one of a namespace with that. */
static int
features(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (read_logs(c) == -1)
		return (-1);
	for (unsigned fid = 0; fid < 256; fid++) {
		bool of_ns = (get32(c->buf, 4096 + 4 * fid) >> 20 & 1) != 0;

		host_fill(&c->cmd, OPC_GET_FEATURES, of_ns ? N_RAM : 0, HOST_FROM_TARGET,
		    c->buf + 16384, 4096);
		put32(c->cmd.sqe, SQE_CDW10, fid);
		put32(c->cmd.sqe, SQE_CDW11, fid == 0x81);
		c->cmd.flags = HOST_F_SHORT;
		if (conf_exec(c, c->ctrl.admin, &c->cmd) == -1)
			return (-1);
		if ((c->cmd.status == 0) != has(c, 4096, fid))
			return (conf_fail(c, "feature %02xh: status %#x, but log 12h says %d", fid,
			    c->cmd.status, has(c, 4096, fid)));
	}
	c->cmd.status = 0;
	return (0);
}

/* RESCAP of a namespace is not 0 if and only if there are reservations. */
static int
reservations(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (conf_identify(c, 0, N_RAM) == -1)
		return (-1);
	if ((c->buf[31] & 0x7f) != 0 && !id_bit(c, 520, 2, 5))
		return (conf_fail(c, "RESCAP is %#x, but ONCS says no reservations", c->buf[31]));
	return (0);
}

/* WCTEMP is the default of the threshold, and a controller of 1.2 or later has one. */
static int
temperatures(struct conf *c, const struct conf_row *r)
{
	uint16_t warning = get16(c->ctrl.identify, 266);

	(void)r;
	if (warning == 0 || get16(c->ctrl.identify, 268) < warning)
		return (conf_fail(c, "WCTEMP or CCTEMP"));
	host_fill(&c->cmd, OPC_GET_FEATURES, 0, HOST_NODATA, NULL, 0);
	put32(c->cmd.sqe, SQE_CDW10, 0x04 | 1 << 8);
	if (conf_exec(c, c->ctrl.admin, &c->cmd) == -1)
		return (-1);
	if (c->cmd.status == 0 && (c->cmd.dw0 & 0xffff) != warning)
		return (conf_fail(c, "WCTEMP is %#x, the threshold's default is not", warning));
	return (0);
}

static const struct conf_row rows[] = {
	{ "capability-bits", "Base 2.0, 5.17.2.1: OACS, ONCS, FUSES", 0, .run = capability_bits },
	{ "log-and-feature-bits", "Base 2.0, 5.17.2.1: LPA, CMIC, OAES, VWC, ONCS, NWPC", 0,
	    .run = log_and_feature_bits },
	{ "admin-opcodes", "Base 2.0, 5.16.1.6", 0, .run = opcodes, .arg = ADMIN },
	{ "io-opcodes", "Base 2.0, 5.16.1.6", 0, .run = opcodes, .arg = IO, .place = P_IO },
	{ "logs", "Base 2.0, 5.16.1.1", 0, .run = logs },
	{ "features", "Base 2.0, 5.16.1.18", 0, .run = features },
	{ "temperatures", "Base 2.0, 5.17.2.1 and 5.27.1.3: WCTEMP, CCTEMP", 0,
	    .run = temperatures },
	{ "reservations", "NVM Command Set 1.0, 4.1.5.1: RESCAP", 0, .run = reservations },
};

CONF_TABLE(truth, "Base 2.0, 5.17.2.1", "What the controller says of itself", false);
