/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copy: descriptors of both formats, ranges of source and destination, limits. NVM Command Set 1.0
 * section 3.2.2; format 2 is of revision 1.1 and needs Host Behavior Support (CDFE).
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

enum { DESC = 32, SOURCE = 200, TARGET = 400 };

/* Where in the row: source slba, nlb of each range and their number are slba, nlb and arg; SDLBA is
 * cdw10, from the end of the namespace with C_END; cdw12 has format and more. */
static void
put_range(uint8_t *at, uint32_t nsid, uint64_t slba, uint32_t nlb)
{
	put32(at, 0, nsid);
	put64(at, 8, slba);
	put16(at, 16, (uint16_t)(nlb - 1));
}

static int
copy(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = *r;
	unsigned n = (unsigned)r->arg;
	bool format2 = (r->cdw12 >> 8 & 15) == 2;

	memset(c->buf, 0, (size_t)n * DESC);
	for (unsigned i = 0; i < n; i++)
		put_range(c->buf + (size_t)i * DESC, format2 ? r->nsid : 0, r->slba + (size_t)i *
		    r->nlb, r->nlb);
	if (r->flags & C_END)
		full.cdw10 = (uint32_t)conf_ns(c, r)->nlbas + r->cdw10;
	full.cdw12 |= n == 0 ? 0 : n - 1;
	if (r->len == 0)
		full.len = n * DESC;
	return (conf_plain(c, &full));
}

/* Four blocks of a pattern copied as two ranges, and read; the rest of the target as before. */
static int
then_read(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *io = &c->other[0];
	uint32_t block = conf_ns(c, r)->block;

	for (uint32_t i = 0; i < 4 * block; i++)
		c->buf[i] = (uint8_t)(i * 11 + 5);
	host_fill_write(io, r->nsid, SOURCE, 4, c->buf, 4 * block);
	if (conf_good(c, c->q, io) == -1 || copy(c, r) == -1)
		return (-1);
	host_fill_read(io, r->nsid, TARGET, 4, c->buf, 4 * block);
	return (conf_good(c, c->q, io));
}

static const char *
check_copied(struct conf *c, const struct conf_row *r)
{
	for (uint32_t i = 0; i < 4 * conf_ns(c, r)->block; i++)
		if (c->buf[i] != (uint8_t)(i * 11 + 5))
			return ("what is read is not what was copied");
	return (NULL);
}

/* The host says that it knows descriptors of format 2, and uses them. */
static int
format_2(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *set = &c->other[0];

	c->buf[4] = 1 << 2;		/* CDFE */
	host_fill(set, OPC_SET_FEATURES, 0, HOST_TO_TARGET, c->buf, 512);
	put32(set->sqe, SQE_CDW10, 0x16);
	if (conf_good(c, c->ctrl.admin, set) == -1)
		return (-1);
	return (then_read(c, r));
}

/* One more than a limit of Identify Namespace: MSRC (0), MSSRL (1), MCL (2) by `arg`. */
static int
over_limit(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = { .nsid = N_RAM, .opc = OPC_COPY, .dir = HOST_TO_TARGET, .arg = 1,
		.nlb = 1, .cdw10 = TARGET };
	uint32_t mssrl, mcl, msrc;

	if (conf_identify(c, 0, N_RAM) == -1)
		return (-1);
	mssrl = get16(c->buf, 74);
	mcl = get32(c->buf, 76);
	msrc = c->buf[80];
	if (mssrl == 0 || mcl == 0 || mcl < mssrl)
		return (conf_fail(c, "MSSRL %u and MCL %u", mssrl, mcl));
	if (r->arg == 0)
		full.arg = msrc + 2u;
	else if (r->arg == 1)
		full.nlb = mssrl + 1;
	else {
		full.nlb = mssrl;
		full.arg = mcl / mssrl + 1;
	}
	if (full.arg > 256 || full.arg > (r->arg == 0 ? 256u : msrc + 1u) || full.nlb > 65536 ||
	    full.arg * full.nlb + TARGET > c->ns[N_RAM].nlbas) {
		c->cmd.status = r->want;	/* cannot be passed here */
		return (0);
	}
	return (copy(c, &full));
}

#define AS .place = P_IO, .opc = OPC_COPY, .dir = HOST_TO_TARGET
#define COPY .run = copy, AS
#define FORMAT(n) .cdw12 = (n) << 8
#define F2 "NVM Command Set 1.1, 3.2.2: format 2h, Host Behavior Support"
#define LIMIT "NVM Command Set 1.0, 3.2.2: MSSRL, MCL, MSRC"

static const struct conf_row rows[] = {
	{ "copy", NULL, 0, .run = then_read, .check = check_copied, .nsid = N_RAM, .slba = SOURCE,
	    .nlb = 4, .arg = 1, .cdw10 = TARGET, AS },
	{ "copy-4k", NULL, 0, .run = then_read, .check = check_copied, .nsid = N_FILE,
	    .slba = SOURCE, .nlb = 4, .arg = 1, .cdw10 = TARGET, AS },
	{ "copy-two-ranges", NULL, 0, .run = then_read, .check = check_copied, .nsid = N_RAM,
	    .slba = SOURCE, .nlb = 2, .arg = 2, .cdw10 = TARGET, AS },
	{ "copy-four-ranges-4k", NULL, 0, .run = then_read, .check = check_copied, .nsid = N_FILE,
	    .slba = SOURCE, .nlb = 1, .arg = 4, .cdw10 = TARGET, AS },
	{ "copy-fua", NULL, 0, .run = then_read, .check = check_copied, .nsid = N_FILE,
	    .slba = SOURCE, .nlb = 4, .arg = 1, .cdw10 = TARGET, .cdw12 = 1u << 30, AS },
	{ "copy-format-2", F2, 0, .run = format_2, .check = check_copied, .nsid = N_RAM,
	    .slba = SOURCE, .nlb = 2, .arg = 2, .cdw10 = TARGET, FORMAT(2), .flags = C_FRESH, AS },
	{ "copy-format-2-not-enabled", F2, DNR(ST_FIELD), .nsid = N_RAM, .slba = SOURCE, .nlb = 1,
	    .arg = 1, .cdw10 = TARGET, FORMAT(2), .flags = C_FRESH, COPY },
	{ "copy-nsid-0", INVALID, DNR(ST_NAMESPACE), .nsid = N_ZERO, .nlb = 1, .arg = 1, COPY },
	{ "copy-nsid-after-nn", INVALID, DNR(ST_NAMESPACE), .nsid = N_AFTER, .nlb = 1, .arg = 1,
	    COPY },
	{ "copy-nsid-all", BROADCAST, DNR(ST_NAMESPACE), { DNR(ST_FIELD) }, .nsid = N_ALL,
	    .nlb = 1, .arg = 1, COPY },
	{ "copy-nsid-inactive", INACTIVE, DNR(ST_FIELD), .nsid = N_INACTIVE, .nlb = 1, .arg = 1,
	    COPY },
	{ "copy-readonly", "Base 2.0, 8.12: a namespace that is write protected",
	    ANY(ST_PROTECTED), .nsid = N_READONLY, .nlb = 1, .arg = 1, .cdw10 = TARGET, COPY },
	{ "copy-source-wrap", RANGE, DNR(ST_LBA), .nsid = N_RAM, .slba = UINT64_MAX, .nlb = 2,
	    .arg = 1, COPY },
	{ "copy-source-past", RANGE, DNR(ST_LBA), .nsid = N_RAM, .slba = 1u << 20, .nlb = 1,
	    .arg = 1, COPY },
	{ "copy-target-at-end", RANGE, DNR(ST_LBA), .nsid = N_RAM, .nlb = 1, .arg = 1,
	    .flags = C_END, COPY },
	{ "copy-target-across-end", RANGE, DNR(ST_LBA), .nsid = N_RAM, .nlb = 2, .arg = 1,
	    .flags = C_END, .cdw10 = 0xffffffff, COPY },
	{ "copy-target-2^63", RANGE, DNR(ST_LBA), .nsid = N_RAM, .nlb = 1, .arg = 1,
	    .cdw11 = 1u << 31, COPY },
	{ "copy-format-1", "NVM Command Set 1.0, 3.2.2: OCFS", DNR(ST_FIELD), .nsid = N_RAM,
	    .nlb = 1, .arg = 1, FORMAT(1), .len = 40, COPY },
	{ "copy-format-15", "NVM Command Set 1.0, 3.2.2: OCFS", DNR(ST_FIELD), .nsid = N_RAM,
	    .nlb = 1, .arg = 1, FORMAT(15), COPY },
	{ "copy-sgl-short", SGL_SHORT, DNR(ST_SGL_LENGTH), .nsid = N_RAM, .nlb = 1, .arg = 2,
	    .len = 32, COPY },
	{ "copy-sgl-half", SGL_SHORT, DNR(ST_SGL_LENGTH), .nsid = N_RAM, .nlb = 1, .arg = 1,
	    .len = 16, COPY },
	{ "copy-sgl-0", SGL_SHORT, DNR(ST_SGL_LENGTH), .nsid = N_RAM, COPY },
	{ "copy-over-msrc", LIMIT, DNR(ST_SIZE_LIMIT), .run = over_limit, .arg = 0, AS },
	{ "copy-over-mssrl", LIMIT, DNR(ST_SIZE_LIMIT), .run = over_limit, .arg = 1, AS },
	{ "copy-over-mcl", LIMIT, DNR(ST_SIZE_LIMIT), .run = over_limit, .arg = 2, AS },
};

CONF_TABLE(copy, "NVM Command Set 1.0, 3.2.2", "Copy", false);
