/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Property Get and Set, done wrong: offsets, sizes, reserved values, CC written as it must not be.
 */
#include "config.h"

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { SIZE_4, SIZE_8 };	/* ATTRIB, in width */

static void
fill(struct mis *m, const struct mis_row *r, uint8_t fctype)
{
	host_fill(&m->cmd, OPC_FABRICS, 0, HOST_NODATA, NULL, 0);
	m->cmd.sqe[SQE_FCTYPE] = fctype;
	m->cmd.sqe[SQE_ATTRIB] = (uint8_t)r->width;
	put32(m->cmd.sqe, SQE_OFST, r->at);
	put64(m->cmd.sqe, SQE_VALUE, r->value);
	m->watch = &m->cmd;
}

static int
get(struct mis *m, const struct mis_row *r)
{
	fill(m, r, FCT_PROP_GET);
	return (mis_submit(m, &m->cmd));
}

static int
set(struct mis *m, const struct mis_row *r)
{
	fill(m, r, FCT_PROP_SET);
	return (mis_submit(m, &m->cmd));
}

/* EN on and off, all in flight at once; the last answer is the outcome. */
static int
toggle(struct mis *m, const struct mis_row *r)
{
	static struct host_cmd many[20];

	for (unsigned i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		fill(m, r, FCT_PROP_SET);
		put64(m->cmd.sqe, SQE_VALUE, r->value | (i % 2 == 0 ? CC_EN : 0));
		many[i] = m->cmd;
		host_queue_submit(m->q, m->watch = &many[i]);
	}
	host_queue_poll(m->q);
	return (0);
}

#define BAD {STATUS(ST_FIELD)}
#define GOOD_CC (CC_SIZES | CC_EN)

static const struct mis_row rows[] = {
	{ "get-cap-4", L_CONNECTED, get, PROP_CAP, SIZE_4, 0, BAD, 0, 0 },
	{ "get-cap-half", L_CONNECTED, get, PROP_CAP + 4, SIZE_4, 0, BAD, 0, 0 },
	{ "get-cc-8", L_CONNECTED, get, PROP_CC, SIZE_8, 0, BAD, 0, 0 },
	{ "get-csts-8", L_CONNECTED, get, PROP_CSTS, SIZE_8, 0, BAD, 0, 0 },
	{ "get-size-reserved", L_CONNECTED, get, PROP_CC, 7, 0, BAD, 0, 0 },
	{ "get-unaligned", L_CONNECTED, get, PROP_CC + 1, SIZE_4, 0, BAD, 0, 0 },
	{ "get-unknown", L_CONNECTED, get, 0x1000, SIZE_4, 0, BAD, 0, 0 },
	{ "get-far", L_CONNECTED, get, 0xfffffffc, SIZE_8, 0, BAD, 0, 0 },
	{ "get-on-io-queue", L_IO, get, PROP_CSTS, SIZE_4, 0, {STATUS(ST_FIELD), STATUS(ST_OPCODE),
	    STATUS(ST_QTYPE), STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "set-cap", L_CONNECTED, set, PROP_CAP, SIZE_8, 1, BAD, 0, 0 },
	{ "set-vs", L_CONNECTED, set, PROP_VS, SIZE_4, 1, BAD, 0, 0 },
	{ "set-csts", L_CONNECTED, set, PROP_CSTS, SIZE_4, 1, BAD, 0, 0 },
	{ "set-nssr", L_CONNECTED, set, 0x20, SIZE_4, 0x4e564d65, BAD, 0, 0 },
	{ "set-unknown", L_CONNECTED, set, 0x2000, SIZE_4, 1, BAD, 0, 0 },
	{ "set-far", L_CONNECTED, set, 0xfffffff8, SIZE_8, 1, BAD, 0, 0 },
	{ "set-cc-8", L_CONNECTED, set, PROP_CC, SIZE_8, GOOD_CC, BAD, 0, 0 },
	{ "set-on-io-queue", L_IO, set, PROP_CC, SIZE_4, 0, {STATUS(ST_FIELD), STATUS(ST_OPCODE),
	    STATUS(ST_QTYPE), STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "cc-shn-3", L_CONNECTED, set, PROP_CC, SIZE_4, GOOD_CC | CC_SHN_MASK, BAD, 0, 0 },
	{ "cc-mps-15", L_CONNECTED, set, PROP_CC, SIZE_4, GOOD_CC | 15 << 7, BAD, 0, 0 },
	{ "cc-css-3", L_CONNECTED, set, PROP_CC, SIZE_4, GOOD_CC | 3 << 4, BAD, 0, 0 },
	{ "cc-ams-7", L_CONNECTED, set, PROP_CC, SIZE_4, GOOD_CC | 7 << 11, BAD, 0, 0 },
	{ "cc-iosqes-1", L_CONNECTED, set, PROP_CC, SIZE_4, CC_EN | 1 << 16 | 4 << 20, BAD, 0, 0 },
	{ "cc-iocqes-15", L_CONNECTED, set, PROP_CC, SIZE_4, CC_EN | 6 << 16 | 15 << 20, BAD,
	    0, 0 },
	{ "cc-mps-while-enabled", L_ENABLED, set, PROP_CC, SIZE_4, GOOD_CC | 1 << 7, BAD, 0, 0 },
	{ "cc-ams-while-enabled", L_ENABLED, set, PROP_CC, SIZE_4, GOOD_CC | 1 << 11, BAD, 0, 0 },
	{ "cc-en-toggled", L_CONNECTED, toggle, PROP_CC, SIZE_4, CC_SIZES, {SUCCESS,
	    STATUS(ST_FIELD), CLOSE, TERM_ANY}, R_GONE, 0 },
	{ "cc-shn-while-disabled", L_CONNECTED, set, PROP_CC, SIZE_4, CC_SIZES | CC_SHN_NORMAL,
	    {SUCCESS, STATUS(ST_FIELD)}, R_GONE, 0 },
};

const struct mis_table mis_rows_property = { "property", rows, ROWS(rows) };
