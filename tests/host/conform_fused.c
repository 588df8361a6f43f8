/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compare and Write, fused: done together, refused together, and halves alone. NVMe Base 2.0
 * section 3.4.2, NVM Command Set 1.0 section 2.1.3.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

enum { WHERE = 700, FIRST = 1, SECOND = 2 };

static void
half(struct conf *c, struct host_cmd *cmd, uint8_t opc, uint64_t slba, uint32_t nlb, uint8_t fuse,
    uint8_t *data)
{
	(void)c;
	host_fill_write(cmd, N_RAM, slba, nlb, data, nlb * 512);
	cmd->flags = HOST_F_SHORT;
	cmd->sqe[SQE_OPC] = opc;
	cmd->sqe[SQE_FLAGS] = fuse;
}

/* The block holds 11h; what is compared with it is cdw14, what is written 33h. The two ranges
 * begin WHERE and WHERE + cdw10, of nlb and nlb + cdw11 blocks; the opcodes are cdw12 and cdw13.
 * Judged: the second one with arg 1, else the first. */
static int
fused(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *one = &c->other[0], *two = &c->other[1], *io = &c->other[2];
	uint8_t *first = c->buf, *second = c->buf + 8192, *was = c->buf + 16384;

	memset(was, 0x11, 4096);
	memset(first, (int)r->cdw14, 4096);
	memset(second, 0x33, 4096);
	host_fill_write(io, N_RAM, WHERE, 4, was, 2048);
	if (conf_good(c, c->q, io) == -1)
		return (-1);
	half(c, one, (uint8_t)r->cdw12, WHERE, r->nlb, FIRST, first);
	half(c, two, (uint8_t)r->cdw13, WHERE + r->cdw10, r->nlb + r->cdw11, SECOND, second);
	if (host_queue_submit(c->q, one) == -1 || conf_send(c, c->q, two) == -1 ||
	    conf_wait(c, c->q, one) == -1 || conf_wait(c, c->q, two) == -1)
		return (-1);
	host_fill_read(io, N_RAM, WHERE, 4, c->buf, 2048);
	if (conf_good(c, c->q, io) == -1)
		return (-1);
	c->cmd.status = r->arg == 1 ? two->status : one->status;
	if (two->status != 0 && (c->buf[0] != 0x11 || c->buf[511] != 0x11))
		return (conf_fail(c, "the write was refused, and done"));
	if (two->status == 0 && (c->buf[0] != 0x33 || c->buf[512 * r->nlb - 1] != 0x33))
		return (conf_fail(c, "the write was answered with success, and not done"));
	return (0);
}

/* One half, and then something else: an ordinary read (arg 0), or nothing but its answer. */
static int
alone(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *one = &c->other[0], *io = &c->other[1];

	half(c, one, (uint8_t)r->cdw12, WHERE, 1, (uint8_t)r->cdw13, c->buf);
	host_fill_read(io, N_RAM, WHERE, 1, c->buf + 8192, 512);
	if (host_queue_submit(c->q, one) == -1 || conf_send(c, c->q, io) == -1 ||
	    conf_wait(c, c->q, io) == -1 || conf_wait(c, c->q, one) == -1)
		return (-1);
	if (io->status != 0)
		return (conf_fail(c, "the read behind it: status %#x", io->status));
	c->cmd.status = one->status;
	return (0);
}

#define PAIR(compared) .run = fused, .place = P_IO, .opc = OPC_COMPARE, .nlb = 1, \
	.cdw12 = OPC_COMPARE, .cdw13 = OPC_WRITE, .cdw14 = (compared)
#define ALONE(o, f) .run = alone, .place = P_IO, .opc = (o), .cdw12 = (o), .cdw13 = (f)
#define SAME "NVM Command Set 1.0, 2.1.3: the same range"

static const struct conf_row rows[] = {
	{ "fused-equal-first", NULL, 0, PAIR(0x11) },
	{ "fused-equal-second", NULL, 0, .arg = 1, PAIR(0x11) },
	{ "fused-different-first", NULL, ANY(ST_MISCOMPARE), PAIR(0x22) },
	{ "fused-different-second", NULL, ANY(ST_FUSED_FAILED), .arg = 1, PAIR(0x22) },
	{ "fused-other-lba-first", SAME, DNR(ST_FIELD), { ANY(ST_FUSED_FAILED) }, .cdw10 = 1,
	    PAIR(0x11) },
	{ "fused-other-lba-second", SAME, DNR(ST_FIELD), { ANY(ST_FUSED_FAILED) }, .cdw10 = 1,
	    .arg = 1, PAIR(0x11) },
	{ "fused-longer-first", SAME, DNR(ST_FIELD), { ANY(ST_FUSED_FAILED) }, .cdw11 = 1,
	    PAIR(0x11) },
	{ "fused-longer-second", SAME, DNR(ST_FIELD), { ANY(ST_FUSED_FAILED) }, .cdw11 = 1,
	    .arg = 1, PAIR(0x11) },
	{ "fused-first-alone", "Base 2.0, 3.4.2: without its second", ANY(ST_FUSED_MISSING),
	    ALONE(OPC_COMPARE, FIRST) },
	{ "fused-second-alone", "Base 2.0, 3.4.2: without its first", ANY(ST_FUSED_MISSING),
	    ALONE(OPC_WRITE, SECOND) },
	{ "fused-write-first", "NVM Command Set 1.0, 2.1.3: only Compare and Write",
	    DNR(ST_FIELD), { ANY(ST_FUSED_MISSING) }, ALONE(OPC_WRITE, FIRST) },
	{ "fused-read-second", "NVM Command Set 1.0, 2.1.3: only Compare and Write",
	    DNR(ST_FIELD), { ANY(ST_FUSED_MISSING) }, ALONE(OPC_COMPARE, SECOND) },
};

CONF_TABLE(fused, "Base 2.0, 3.4.2", "Fused Compare and Write", false);
