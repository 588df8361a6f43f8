/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fabrics commands on queues that are connected: properties, each with both sizes, what may be
 * written to CC, Disconnect, authentication that is not offered. NVMe Base 2.0 chapter 6.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

#define PROPERTY "Base 2.0, 6.5 and 3.1.3: a property that is not supported"
#define SIZE "Base 2.0, 6.5: ATTRIB"
#define READONLY "Base 2.0, 6.6: a property that is read-only"
#define CC "Base 2.0, 3.1.3.5: values that are not supported"

/* FCTYPE is where NSID is; ATTRIB, OFST and VALUE are CDW10 to CDW13. */
#define GET(ofst, attrib) .opc = OPC_FABRICS, .nsid = FCT_PROP_GET, .cdw10 = (attrib), \
	.cdw11 = (ofst)
#define SET(ofst, attrib, value) .opc = OPC_FABRICS, .nsid = FCT_PROP_SET, .cdw10 = (attrib), \
	.cdw11 = (ofst), .cdw12 = (value)
#define SET_CC(value) SET(PROP_CC, 0, (value)), .flags = C_FRESH
#define FIRST_SET_CC(value) SET_CC(value), .place = P_DISABLED

/* NVM command set, no reserved bits; MQES, CQR as fabrics have them. */
static const char *
check_cap(struct conf *c, const struct conf_row *r)
{
	uint64_t cap = c->cmd.dw0 | (uint64_t)c->cmd.dw1 << 32;

	(void)r;
	if ((cap & 0xffff) < 1 || (cap & 1 << 16) == 0 || (cap >> 24 & 0xff) == 0)
		return ("MQES is 0, CQR is 0, or TO is 0");
	if ((cap >> 37 & 0x41) == 0 || (cap >> 37 & 0x3e) != 0)
		return ("CSS does not say the NVM command set");
	if ((cap >> 32 & 0xf) != 0 || (cap >> 48 & 0xf) > (cap >> 52 & 0xf))
		return ("DSTRD is not 0, or MPSMIN is more than MPSMAX");
	return ((cap >> 61) == 0 ? NULL : "reserved bits");
}

static const char *
check_dw(struct conf *c, const struct conf_row *r)
{
	return (c->cmd.dw0 == r->arg && c->cmd.dw1 == 0 ? NULL : "not the value it has");
}

/* Reads what cannot be there: nothing, if it is answered at all. */
static const char *
check_0(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (c->cmd.dw0 == 0 && c->cmd.dw1 == 0 ? NULL : "a value where there is none");
}

/* A second Connect on a queue that is connected. */
static int
connect_again(struct conf *c, const struct conf_row *r)
{
	struct host_connect *k = (struct host_connect *)c->buf;

	(void)r;
	host_connect_fill(k, c->q, &c->ctrl.opts, c->q->qid == 0 ? HOST_CNTLID_ANY :
	    c->ctrl.cntlid);
	if (conf_exec(c, c->q, &k->cmd) == -1)
		return (-1);
	c->cmd = k->cmd;
	return (0);
}

static const struct conf_row rows[] = {
	{ "get-cap", "Base 2.0, 3.1.3.1", 0, .check = check_cap, GET(PROP_CAP, 1) },
	{ "get-vs", "Base 2.0, 3.1.3.2", 0, .check = check_dw, .arg = 0x20000, GET(PROP_VS, 0) },
	{ "get-cc", "Base 2.0, 3.1.3.5", 0, .check = check_dw, .arg = CC_SIZES | CC_EN,
	    GET(PROP_CC, 0) },
	{ "get-cc-disabled", "Base 2.0, 3.1.3.5", 0, .check = check_dw, GET(PROP_CC, 0),
	    .place = P_DISABLED },
	{ "get-csts", "Base 2.0, 3.1.3.6", 0, .check = check_dw, .arg = CSTS_RDY,
	    GET(PROP_CSTS, 0) },
	{ "get-csts-disabled", "Base 2.0, 3.1.3.6", 0, .check = check_dw, GET(PROP_CSTS, 0),
	    .place = P_DISABLED },
	{ "get-crto", "Base 2.0, 3.1.3.21", 0, GET(0x68, 0) },
	{ "get-cap-4", SIZE, DNR(ST_FIELD), GET(PROP_CAP, 0) },
	{ "get-vs-8", SIZE, DNR(ST_FIELD), GET(PROP_VS, 1) },
	{ "get-csts-8", SIZE, DNR(ST_FIELD), GET(PROP_CSTS, 1) },
	{ "get-size-2", SIZE, DNR(ST_FIELD), GET(PROP_VS, 2) },
	{ "get-size-7", SIZE, DNR(ST_FIELD), GET(PROP_VS, 7) },
	{ "get-cap-high", PROPERTY, DNR(ST_FIELD), GET(0x04, 0) },
	{ "get-intms", PROPERTY, DNR(ST_FIELD), { W_SUCCESS }, .check = check_0, GET(0x0c, 0) },
	{ "get-nssr", PROPERTY, DNR(ST_FIELD), { W_SUCCESS }, .check = check_0, GET(0x20, 0) },
	{ "get-aqa", PROPERTY, DNR(ST_FIELD), { W_SUCCESS }, .check = check_0, GET(0x24, 0) },
	{ "get-asq", PROPERTY, DNR(ST_FIELD), { W_SUCCESS }, .check = check_0, GET(0x28, 1) },
	{ "get-odd", PROPERTY, DNR(ST_FIELD), GET(0x15, 0) },
	{ "get-vendor", PROPERTY, DNR(ST_FIELD), { W_SUCCESS }, .check = check_0,
	    GET(0x1300, 0) },
	{ "get-max", PROPERTY, DNR(ST_FIELD), GET(0xffffffff, 0) },
	{ "set-cap", READONLY, DNR(ST_FIELD), SET(PROP_CAP, 1, 0) },
	{ "set-vs", READONLY, DNR(ST_FIELD), SET(PROP_VS, 0, 0) },
	{ "set-csts", READONLY, DNR(ST_FIELD), { W_SUCCESS }, SET(PROP_CSTS, 0, 0) },
	{ "set-cc-8", SIZE, DNR(ST_FIELD), SET(PROP_CC, 1, CC_SIZES | CC_EN) },
	{ "set-nssr", "Base 2.0, 3.1.3.7: CAP.NSSRS is 0", DNR(ST_FIELD), { W_SUCCESS },
	    SET(0x20, 0, 0x4e564d65) },
	{ "set-max", PROPERTY, DNR(ST_FIELD), SET(0xffffffff, 0, 0) },
	{ "cc-same", NULL, 0, SET_CC(CC_SIZES | CC_EN) },
	{ "cc-reserved", "Base 2.0, 1.4: reserved bits", 0, { DNR(ST_FIELD) },
	    FIRST_SET_CC(CC_SIZES | CC_EN | 0xfe000000) },
	{ "cc-css-1", CC, DNR(ST_FIELD), FIRST_SET_CC(CC_SIZES | CC_EN | 1 << 4) },
	{ "cc-css-sets", CC, DNR(ST_FIELD), FIRST_SET_CC(CC_SIZES | CC_EN | 6 << 4) },
	{ "cc-mps-8k", CC, DNR(ST_FIELD), FIRST_SET_CC(CC_SIZES | CC_EN | 1 << 7) },
	{ "cc-ams-wrr", CC, DNR(ST_FIELD), FIRST_SET_CC(CC_SIZES | CC_EN | 1 << 11) },
	{ "cc-ams-reserved", CC, DNR(ST_FIELD), FIRST_SET_CC(CC_SIZES | CC_EN | 3 << 11) },
	{ "cc-shn-reserved", CC, DNR(ST_FIELD), { W_SUCCESS },
	    SET_CC(CC_SIZES | CC_EN | CC_SHN_MASK) },
	{ "cc-iosqes-7", CC, DNR(ST_FIELD), FIRST_SET_CC(7 << 16 | 4 << 20 | CC_EN) },
	{ "cc-iocqes-5", CC, DNR(ST_FIELD), FIRST_SET_CC(6 << 16 | 5 << 20 | CC_EN) },
	{ "cc-css-while-enabled", CC, DNR(ST_FIELD), { W_SUCCESS },
	    SET_CC(CC_SIZES | CC_EN | 7 << 4) },
	{ "connect-again", "Base 2.0, 6.3: a queue that is connected", ANY(ST_SEQUENCE),
	    .run = connect_again },
	{ "connect-again-io", "Base 2.0, 6.3: a queue that is connected", ANY(ST_SEQUENCE),
	    .run = connect_again, .place = P_IO },
	{ "disconnect-admin", "Base 2.0, 6.4: the admin queue", DNR(ST_QTYPE), .opc = OPC_FABRICS,
	    .nsid = FCT_DISCONNECT },
	{ "disconnect-format", "Base 2.0, 6.4: RECFMT", DNR(ST_FORMAT), .opc = OPC_FABRICS,
	    .nsid = FCT_DISCONNECT, .cdw10 = 1, .place = P_IO },
	{ "disconnect", "Base 2.0, 6.4", 0, .opc = OPC_FABRICS, .nsid = FCT_DISCONNECT,
	    .place = P_IO, .flags = C_GONE },
	{ "get-on-io-queue", "Base 2.0, 6: commands of the admin queue", DNR(ST_QTYPE),
	    { DNR(ST_OPCODE), DNR(ST_FIELD) }, GET(PROP_CAP, 1), .place = P_IO },
	{ "set-on-io-queue", "Base 2.0, 6: commands of the admin queue", DNR(ST_QTYPE),
	    { DNR(ST_OPCODE), DNR(ST_FIELD) }, SET(PROP_CC, 0, 0), .place = P_IO },
	{ "authentication-send", "Base 2.0, 6.2: not required, not offered", DNR(ST_OPCODE),
	    { ANY(ST_SEQUENCE) }, .opc = OPC_FABRICS, .nsid = 5, .dir = HOST_TO_TARGET,
	    .cdw11 = 16, .len = 16 },
	{ "authentication-receive", "Base 2.0, 6.1: not required, not offered", DNR(ST_OPCODE),
	    { ANY(ST_SEQUENCE) }, .opc = OPC_FABRICS, .nsid = 6, .dir = HOST_FROM_TARGET,
	    .cdw11 = 16, .len = 16 },
	{ "fctype-02", "Base 2.0, 6: a type that is reserved", DNR(ST_OPCODE), { DNR(ST_FIELD) },
	    .opc = OPC_FABRICS, .nsid = 0x02 },
	{ "fctype-7f", "Base 2.0, 6: a type that is reserved", DNR(ST_OPCODE), { DNR(ST_FIELD) },
	    .opc = OPC_FABRICS, .nsid = 0x7f },
	{ "fctype-c0", "Base 2.0, 6: a vendor's type", DNR(ST_OPCODE), { DNR(ST_FIELD) },
	    .opc = OPC_FABRICS, .nsid = 0xc0 },
};

CONF_TABLE(fabrics, "Base 2.0, 6", "Fabrics commands", false);
