/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write, in the capsule and by R2T, and what is there afterwards. NVM Command Set 1.0 3.2.6.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

#define WRITE .run = conf_range, .place = P_IO, .opc = OPC_WRITE, .dir = HOST_TO_TARGET
#define MDTS "Base 2.0, 5.17.2.1: MDTS"

static int
mdts(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = *r;

	if (c->ctrl.mdts >= CONF_BUF)
		return (conf_fail(c, "MDTS is not below 4 MiB"));
	full.nlb = c->ctrl.mdts / 512 + (uint32_t)r->arg;
	return (conf_range(c, &full));
}

/* A pattern, then the row's command on the same block, then what is there; left in c->buf. */
static int
then_read(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *io = &c->other[0];
	uint8_t *pattern = c->buf + SPEC_IDENTIFY_LEN;

	memset(pattern, 0x5c, 4096);
	host_fill_write(io, r->nsid, 8, 1, pattern, conf_ns(c, r)->block);
	if (conf_good(c, c->q, io) == -1)
		return (-1);
	memset(c->buf, 0xa3, 4096);
	if (conf_range(c, r) == -1)
		return (-1);
	host_fill_read(io, r->nsid, 8, 1, c->buf, conf_ns(c, r)->block);
	return (conf_good(c, c->q, io));
}

/* c->buf: all of it is `arg`. */
static const char *
check_bytes(struct conf *c, const struct conf_row *r)
{
	for (uint32_t i = 0; i < conf_ns(c, r)->block; i++)
		if (c->buf[i] != r->arg)
			return ("what is read is not what was written");
	return (NULL);
}

/* A write that was refused has changed nothing. */
static int
refused_then_read(struct conf *c, const struct conf_row *r)
{
	uint16_t status;

	if (then_read(c, r) == -1)
		return (-1);
	status = c->cmd.status;
	if (check_bytes(c, &(struct conf_row){ .nsid = r->nsid, .arg = 0x5c }) != NULL)
		return (conf_fail(c, "the block was changed, status %#x", status));
	return (0);
}

static const struct conf_row rows[] = {
	RANGE_ROWS("write", WRITE),
	DATA_ROWS("write", WRITE),
	{ "write-and-read", NULL, 0, .run = then_read, .check = check_bytes, .arg = 0xa3,
	    .nsid = N_RAM, .slba = 8, .place = P_IO, .opc = OPC_WRITE, .dir = HOST_TO_TARGET },
	{ "write-and-read-4k", NULL, 0, .run = then_read, .check = check_bytes, .arg = 0xa3,
	    .nsid = N_FILE, .slba = 8, .place = P_IO, .opc = OPC_WRITE, .dir = HOST_TO_TARGET },
	{ "write-and-read-fua", NULL, 0, .run = then_read, .check = check_bytes, .arg = 0xa3,
	    .nsid = N_FILE, .slba = 8, .cdw12 = 1u << 30, .place = P_IO, .opc = OPC_WRITE,
	    .dir = HOST_TO_TARGET },
	{ "write-and-read-by-r2t", "NVMe-TCP 1.0, 3.3.2", 0, .run = then_read,
	    .check = check_bytes, .arg = 0xa3, .nsid = N_RAM, .slba = 8, .flags = C_NO_ICD,
	    .place = P_IO, .opc = OPC_WRITE, .dir = HOST_TO_TARGET },
	{ "write-refused-changes-nothing", SGL_SHORT, DNR(ST_SGL_LENGTH),
	    .run = refused_then_read, .nsid = N_RAM, .slba = 8, .nlb = 2, .flags = C_LEN,
	    .len = 512, .place = P_IO, .opc = OPC_WRITE, .dir = HOST_TO_TARGET },
	{ "write-readonly", "Base 2.0, 8.12: a namespace that is write protected",
	    ANY(ST_PROTECTED), .nsid = N_READONLY, WRITE },
	{ "write-mdts", MDTS, 0, .run = mdts, .place = P_IO, .opc = OPC_WRITE,
	    .dir = HOST_TO_TARGET },
	{ "write-over-mdts", MDTS, DNR(ST_FIELD), .run = mdts, .arg = 1, .place = P_IO,
	    .opc = OPC_WRITE, .dir = HOST_TO_TARGET },
	{ "write-by-r2t-sgl-long", SGL_LONG, DNR(ST_SGL_LENGTH), .flags = C_LEN | C_NO_ICD,
	    .len = 1024, WRITE },
	{ "write-limited-retry", NULL, 0, .cdw12 = 1u << 31, WRITE },
	{ "write-hints", "NVM Command Set 1.0, 3.2.6: DSM is a hint", 0, .cdw13 = 0xff, WRITE },
	{ "write-streams", "Base 2.0, 8.7: directives that are not supported", DNR(ST_FIELD),
	    { W_SUCCESS }, .cdw12 = 1u << 20, .cdw13 = 1u << 16, WRITE },
	{ "write-pract", PI, 0, .cdw12 = 1u << 29, WRITE },
	{ "write-prchk", PI, 0, .cdw12 = 7u << 26, WRITE },
	{ "write-tags", PI, 0, .cdw14 = 0xffffffff, .cdw15 = 0xffffffff, WRITE },
};

CONF_TABLE(write, "NVM Command Set 1.0, 3.2.6", "Write", false);
