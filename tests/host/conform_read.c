/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read. NVM Command Set 1.0 section 3.2.4.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

#define READ .run = conf_range, .place = P_IO, .opc = OPC_READ, .dir = HOST_FROM_TARGET

/* As many blocks as MDTS permits, plus `arg`. */
static int
mdts(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = *r;

	if (c->ctrl.mdts >= CONF_BUF)
		return (conf_fail(c, "MDTS is not below 4 MiB"));
	full.nlb = c->ctrl.mdts / 512 + (uint32_t)r->arg;
	return (conf_range(c, &full));
}

/* 65536 blocks, the most that NLB can say. */
static int
nlb_max(struct conf *c, const struct conf_row *r)
{
	conf_fill(c, r);
	put64(c->cmd.sqe, SQE_CDW10, 0);
	put32(c->cmd.sqe, SQE_CDW12, 0xffff);
	return (conf_exec(c, c->q, &c->cmd));
}

static const struct conf_row rows[] = {
	RANGE_ROWS("read", READ),
	DATA_ROWS("read", READ),
	{ "read-readonly", NULL, 0, .nsid = N_READONLY, READ },
	{ "read-mdts", "Base 2.0, 5.17.2.1: MDTS", 0, .run = mdts, .place = P_IO, .opc = OPC_READ,
	    .dir = HOST_FROM_TARGET },
	{ "read-over-mdts", "Base 2.0, 5.17.2.1: MDTS", DNR(ST_FIELD), .run = mdts, .arg = 1,
	    .place = P_IO, .opc = OPC_READ, .dir = HOST_FROM_TARGET },
	{ "read-nlb-max", "Base 2.0, 5.17.2.1: MDTS", DNR(ST_FIELD), { DNR(ST_SGL_LENGTH),
	    DNR(ST_LBA) }, .run = nlb_max, .place = P_IO, .opc = OPC_READ, .nsid = N_RAM,
	    .dir = HOST_FROM_TARGET, .len = 512 },
	{ "read-fua", NULL, 0, .cdw12 = 1u << 30, READ },
	{ "read-limited-retry", NULL, 0, .cdw12 = 1u << 31, READ },
	{ "read-hints", "NVM Command Set 1.0, 3.2.4: DSM is a hint", 0, .cdw13 = 0xff, READ },
	{ "read-pract", PI, 0, .cdw12 = 1u << 29, READ },
	{ "read-prchk", PI, 0, .cdw12 = 7u << 26, READ },
	{ "read-tags", PI, 0, .cdw14 = 0xffffffff, .cdw15 = 0xffffffff, READ },
};

CONF_TABLE(read, "NVM Command Set 1.0, 3.2.4", "Read", false);
