/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write Zeroes: with and without deallocation, and more than WZSL. NVM Command Set 1.0 3.2.8.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

#define ZERO .run = conf_range, .place = P_IO, .opc = OPC_WRITE_ZEROES
#define DEAC (1u << 25)

/* Two blocks of a pattern, the row's command on the first, then both. */
static int
then_read(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *io = &c->other[0];
	uint32_t len = 2 * conf_ns(c, r)->block;

	memset(c->buf, 0x5c, len);
	host_fill_write(io, r->nsid, r->slba, 2, c->buf, len);
	if (conf_good(c, c->q, io) == -1 || conf_range(c, r) == -1)
		return (-1);
	host_fill_read(io, r->nsid, r->slba, 2, c->buf, len);
	return (conf_good(c, c->q, io));
}

static const char *
check_zeroed(struct conf *c, const struct conf_row *r)
{
	uint32_t block = conf_ns(c, r)->block;

	for (uint32_t i = 0; i < 2 * block; i++)
		if (c->buf[i] != (i < block ? 0 : 0x5c))
			return (i < block ? "it is not zero" : "more was made zero");
	return (NULL);
}

/* WZSL, plus `arg` blocks. It is a limit only for who clears bit 3 of ONCS: else it is advice. */
static int
over_limit(struct conf *c, const struct conf_row *r)
{
	const struct host_ns *ns = conf_ns(c, r);
	struct conf_row full = *r;

	if (conf_identify(c, 6, 0) == -1)
		return (-1);
	full.nlb = c->buf[1] == 0 || c->buf[1] > 16 ? 65536 :
	    (uint32_t)((4096ull << c->buf[1]) / ns->block);
	full.nlb += (uint32_t)r->arg;
	if (full.nlb > 65536 || full.nlb > ns->nlbas) {
		c->cmd.status = r->want;	/* nothing can be over it here */
		return (0);
	}
	if (conf_range(c, &full) == -1)
		return (-1);
	if (r->arg != 0 && (c->ctrl.identify[520] & 8) == 0 && c->cmd.status == DNR(ST_FIELD))
		c->cmd.status = 0;
	return (0);
}

static const struct conf_row rows[] = {
	RANGE_ROWS("zero", ZERO),
	{ "zero-and-read", NULL, 0, .run = then_read, .check = check_zeroed, .nsid = N_RAM,
	    .slba = 16, .place = P_IO, .opc = OPC_WRITE_ZEROES },
	{ "zero-and-read-4k", NULL, 0, .run = then_read, .check = check_zeroed, .nsid = N_FILE,
	    .slba = 16, .place = P_IO, .opc = OPC_WRITE_ZEROES },
	{ "zero-deac-and-read", "NVM Command Set 1.0, 3.2.8: DEAC, DLFEAT", 0, .run = then_read,
	    .check = check_zeroed, .nsid = N_RAM, .slba = 16, .cdw12 = DEAC, .place = P_IO,
	    .opc = OPC_WRITE_ZEROES },
	{ "zero-deac-and-read-4k", "NVM Command Set 1.0, 3.2.8: DEAC, DLFEAT", 0,
	    .run = then_read, .check = check_zeroed, .nsid = N_FILE, .slba = 16, .cdw12 = DEAC,
	    .place = P_IO, .opc = OPC_WRITE_ZEROES },
	{ "zero-fua", NULL, 0, .cdw12 = 1u << 30, ZERO },
	{ "zero-limit", "NVM Command Set 1.0, 4.1.5.4: WZSL", 0, .run = over_limit, .nsid = N_RAM,
	    .place = P_IO, .opc = OPC_WRITE_ZEROES },
	{ "zero-over-limit", "NVM Command Set 1.0, 3.2.8: WZSL with bit 3 of ONCS", 0,
	    .run = over_limit, .arg = 1, .nsid = N_FILE, .place = P_IO,
	    .opc = OPC_WRITE_ZEROES },
	{ "zero-readonly", "Base 2.0, 8.12: a namespace that is write protected",
	    ANY(ST_PROTECTED), .nsid = N_READONLY, ZERO },
	{ "zero-pract", PI, 0, .cdw12 = 1u << 29, ZERO },
};

CONF_TABLE(zeroes, "NVM Command Set 1.0, 3.2.8", "Write Zeroes", false);
