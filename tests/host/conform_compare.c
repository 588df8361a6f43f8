/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compare: equal, different in the first, a middle and the last byte. NVM Command Set 1.0 3.2.1.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

#define AS .place = P_IO, .opc = OPC_COMPARE, .dir = HOST_TO_TARGET
#define COMPARE .run = conf_range, AS

/* A pattern of nlb blocks, compared with itself but for the byte `arg`; UINT64_MAX: with itself. */
static int
pattern(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *io = &c->other[0];
	uint32_t len = r->nlb * conf_ns(c, r)->block;

	for (uint32_t i = 0; i < len; i++)
		c->buf[i] = (uint8_t)(i * 7 + 3);
	host_fill_write(io, r->nsid, r->slba, r->nlb, c->buf, len);
	if (conf_good(c, c->q, io) == -1)
		return (-1);
	if (r->arg < len)
		c->buf[r->arg] ^= 1;
	return (conf_range(c, r));
}

static int
mdts(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = *r;

	full.nlb = c->ctrl.mdts / 512 + (uint32_t)r->arg;
	return (conf_range(c, &full));
}

#define PATTERN(n, blocks, byte) .run = pattern, .nsid = (n), .slba = 64, .nlb = (blocks), \
	.arg = (byte), AS
#define FAILURE ANY(ST_MISCOMPARE)

static const struct conf_row rows[] = {
	RANGE_ROWS("compare", COMPARE),
	DATA_ROWS("compare", COMPARE),
	{ "compare-equal", NULL, 0, PATTERN(N_RAM, 4, UINT64_MAX) },
	{ "compare-equal-4k", NULL, 0, PATTERN(N_FILE, 4, UINT64_MAX) },
	{ "compare-equal-long", NULL, 0, PATTERN(N_RAM, 128, UINT64_MAX) },
	{ "compare-first-byte", NULL, FAILURE, PATTERN(N_RAM, 4, 0) },
	{ "compare-last-byte", NULL, FAILURE, PATTERN(N_RAM, 4, 2047) },
	{ "compare-middle-4k", NULL, FAILURE, PATTERN(N_FILE, 4, 8191) },
	{ "compare-last-byte-long", NULL, FAILURE, PATTERN(N_RAM, 128, 65535) },
	{ "compare-readonly", NULL, 0, .nsid = N_READONLY, COMPARE },
	{ "compare-mdts", "Base 2.0, 5.17.2.1: MDTS", 0, { FAILURE }, .run = mdts, AS },
	{ "compare-over-mdts", "Base 2.0, 5.17.2.1: MDTS", DNR(ST_FIELD), .run = mdts, .arg = 1,
	    AS },
	{ "compare-fua", NULL, 0, .cdw12 = 1u << 30, COMPARE },
	{ "compare-pract", PI, 0, .cdw12 = 1u << 29, COMPARE },
};

CONF_TABLE(compare, "NVM Command Set 1.0, 3.2.1", "Compare", false);
