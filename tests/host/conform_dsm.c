/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dataset Management: the number of ranges and their data, what a range may be, the limits that
 * Identify tells, and what deallocated blocks read as. NVM Command Set 1.0 section 3.2.3.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

#define DSM .place = P_IO, .opc = OPC_DSM, .dir = HOST_TO_TARGET
#define AD .cdw11 = 4
#define LIMIT "NVM Command Set 1.0, 3.2.3.1: processing limits with bit 2 of ONCS"

/* `arg` ranges of one block, the last of which is nlb blocks at slba. */
static int
ranges(struct conf *c, const struct conf_row *r)
{
	unsigned n = (unsigned)r->arg;

	for (unsigned i = 0; i < n; i++)
		host_dsm_range(c->buf, i, 4096 + i, 1);
	if (n > 0)
		host_dsm_range(c->buf, n - 1, r->slba + (r->flags & C_END ? conf_ns(c, r)->nlbas :
		    0), r->nlb);
	return (conf_plain(c, r));
}

/* The limits: one more than each, in turn by `arg`. One that is 0 does not limit. What is beyond one
 * is an error only for who clears bit 2 of ONCS: else it is left as it is. */
static int
over_limit(struct conf *c, const struct conf_row *r)
{
	uint32_t dmrl, dmrsl, n = 1, nlb = 1;
	uint64_t dmsl;

	if (conf_identify(c, 6, 0) == -1)
		return (-1);
	dmrl = c->buf[3];
	dmrsl = get32(c->buf, 4);
	dmsl = get64(c->buf, 8);
	if (r->arg == 0)
		n = dmrl + 1;
	else
		nlb = dmrsl + 1;
	if ((r->arg == 0 && (dmrl == 0 || dmrl > 255)) || (r->arg == 1 && (dmrsl == 0 ||
	    dmrsl >= c->ns[N_RAM].nlbas)) || (dmsl != 0 && dmsl < dmrsl)) {
		c->cmd.status = r->want;	/* there is none that can be passed here */
		return (dmsl != 0 && dmsl < dmrsl ? conf_fail(c, "DMSL is below DMRSL") : 0);
	}
	memset(c->buf, 0, SPEC_IDENTIFY_LEN);
	for (unsigned i = 0; i < n; i++)
		host_dsm_range(c->buf, i, 0, nlb);
	host_fill_deallocate(&c->cmd, N_RAM, c->buf, n);
	if (conf_exec(c, c->q, &c->cmd) == -1)
		return (-1);
	if ((c->ctrl.identify[520] & 4) == 0 && c->cmd.status == DNR(ST_SIZE_LIMIT))
		c->cmd.status = 0;
	return (0);
}

/* Write, deallocate, read: all of it zeros, or all of it as before. DLFEAT says which it may be. */
static int
then_read(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *io = &c->other[0];
	uint32_t block = conf_ns(c, r)->block;

	memset(c->buf, 0x5c, block);
	host_fill_write(io, r->nsid, 1000, 1, c->buf, block);
	if (conf_good(c, c->q, io) == -1)
		return (-1);
	host_dsm_range(c->buf, 0, 1000, 1);
	if (conf_plain(c, r) == -1)
		return (-1);
	host_fill_read(io, r->nsid, 1000, 1, c->buf, block);
	return (conf_good(c, c->q, io));
}

static const char *
check_deallocated(struct conf *c, const struct conf_row *r)
{
	uint8_t first = c->buf[0];

	for (uint32_t i = 0; i < conf_ns(c, r)->block; i++)
		if (c->buf[i] != first)
			return ("neither as before nor all the same");
	return (first == 0 || first == 0x5c || first == 0xff ? NULL :
	    "neither zeros nor as before");
}

static const struct conf_row rows[] = {
	{ "dsm", NULL, 0, .run = ranges, .arg = 1, .nlb = 8, .nsid = N_RAM, AD, .len = 16, DSM },
	{ "dsm-4k", NULL, 0, .run = ranges, .arg = 1, .nlb = 8, .nsid = N_FILE, AD, .len = 16,
	    DSM },
	{ "dsm-3", NULL, 0, .run = ranges, .arg = 3, .nlb = 8, .nsid = N_RAM, AD, .len = 48,
	    .cdw10 = 2, DSM },
	{ "dsm-256", LIMIT, 0, .run = ranges, .arg = 256, .nlb = 1, .nsid = N_RAM, AD,
	    .len = 4096, .cdw10 = 255, DSM },
	{ "dsm-and-read", "NVM Command Set 1.0, 3.2.3.2: deallocated blocks", 0,
	    .run = then_read, .check = check_deallocated, .nsid = N_RAM, AD, .len = 16, DSM },
	{ "dsm-and-read-4k", "NVM Command Set 1.0, 3.2.3.2: deallocated blocks", 0,
	    .run = then_read, .check = check_deallocated, .nsid = N_FILE, AD, .len = 16, DSM },
	{ "dsm-no-blocks", "NVM Command Set 1.0, 3.2.3: a range of length 0", 0, .run = ranges,
	    .arg = 1, .nsid = N_RAM, AD, .len = 16, DSM },
	{ "dsm-idr", "NVM Command Set 1.0, 3.2.3: hints", 0, .run = ranges, .arg = 1, .nlb = 8,
	    .nsid = N_RAM, .cdw11 = 1, .len = 16, DSM },
	{ "dsm-idw", "NVM Command Set 1.0, 3.2.3: hints", 0, .run = ranges, .arg = 1, .nlb = 8,
	    .nsid = N_RAM, .cdw11 = 2, .len = 16, DSM },
	{ "dsm-no-attribute", "NVM Command Set 1.0, 3.2.3: hints", 0, .run = ranges, .arg = 1,
	    .nlb = 8, .nsid = N_RAM, .len = 16, DSM },
	{ "dsm-reserved-attributes", RESERVED, 0, { DNR(ST_FIELD) }, .run = ranges, .arg = 1,
	    .nlb = 8, .nsid = N_RAM, .cdw11 = 0xfffffff8, .len = 16, DSM },
	{ "dsm-room-for-256", "Base 2.0, 4.1.2: an SGL that is longer", 0, { DNR(ST_SGL_LENGTH) },
	    .run = ranges, .arg = 1, .nlb = 8, .nsid = N_RAM, AD, .len = 4096, DSM },
	{ "dsm-sgl-short", SGL_SHORT, DNR(ST_SGL_LENGTH), .run = ranges, .arg = 1, .nlb = 8,
	    .nsid = N_RAM, AD, .len = 16, .cdw10 = 1, DSM },
	{ "dsm-sgl-half", SGL_SHORT, DNR(ST_SGL_LENGTH), .run = ranges, .arg = 1, .nlb = 8,
	    .nsid = N_RAM, AD, .len = 8, DSM },
	{ "dsm-sgl-0", SGL_SHORT, DNR(ST_SGL_LENGTH), .run = ranges, .nsid = N_RAM, AD, DSM },
	{ "dsm-at-end", RANGE, DNR(ST_LBA), .run = ranges, .arg = 1, .nlb = 1, END(0),
	    .nsid = N_RAM, AD, .len = 16, DSM },
	{ "dsm-across-end", RANGE, DNR(ST_LBA), .run = ranges, .arg = 1, .nlb = 2, END(-1),
	    .nsid = N_RAM, AD, .len = 16, DSM },
	{ "dsm-second-across-end", RANGE, DNR(ST_LBA), .run = ranges, .arg = 2, .nlb = 2, END(-1),
	    .nsid = N_RAM, AD, .len = 32, .cdw10 = 1, DSM },
	{ "dsm-wrap", RANGE, DNR(ST_LBA), .run = ranges, .arg = 1, .nlb = 2, .slba = UINT64_MAX,
	    .nsid = N_RAM, AD, .len = 16, DSM },
	{ "dsm-over-dmrl", LIMIT, 0, .run = over_limit, .arg = 0, .place = P_IO },
	{ "dsm-over-dmrsl", LIMIT, 0, .run = over_limit, .arg = 1, .place = P_IO },
	{ "dsm-nsid-0", INVALID, DNR(ST_NAMESPACE), .run = ranges, .arg = 1, .nlb = 1,
	    .nsid = N_ZERO, AD, .len = 16, DSM },
	{ "dsm-nsid-after-nn", INVALID, DNR(ST_NAMESPACE), .run = ranges, .arg = 1, .nlb = 1,
	    .nsid = N_AFTER, AD, .len = 16, DSM },
	{ "dsm-nsid-all", BROADCAST, DNR(ST_NAMESPACE), { DNR(ST_FIELD) }, .run = ranges,
	    .arg = 1, .nlb = 1, .nsid = N_ALL, AD, .len = 16, DSM },
	{ "dsm-nsid-inactive", INACTIVE, DNR(ST_FIELD), .run = ranges, .arg = 1, .nlb = 1,
	    .nsid = N_INACTIVE, AD, .len = 16, DSM },
	{ "dsm-readonly", "Base 2.0, 8.12: a namespace that is write protected",
	    ANY(ST_PROTECTED), .run = ranges, .arg = 1, .nlb = 1, .nsid = N_READONLY, AD,
	    .len = 16, DSM },
	{ "dsm-readonly-hint", "Base 2.0, 8.12: a namespace that is write protected", 0,
	    { ANY(ST_PROTECTED) }, .run = ranges, .arg = 1, .nlb = 1, .nsid = N_READONLY,
	    .cdw11 = 1, .len = 16, DSM },
};

CONF_TABLE(dsm, "NVM Command Set 1.0, 3.2.3", "Dataset Management", false);
