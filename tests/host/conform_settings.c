/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The features that are settings: each value that is permitted is kept, each other is refused.
 * NVMe Base 2.0 section 5.27.1, NVM Command Set 1.0 section 4.1.3.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

/* Get, with cdw12 as CDW11: what selects it there is not in the answer. */
static int
get(struct conf *c, const struct conf_row *r, uint32_t *value)
{
	host_fill_get_feature(&c->cmd, (uint8_t)r->cdw10);
	put32(c->cmd.sqe, SQE_NSID, r->nsid);
	put32(c->cmd.sqe, SQE_CDW11, r->cdw12);
	if (conf_good(c, c->q, &c->cmd) == -1)
		return (-1);
	*value = c->cmd.dw0;
	return (0);
}

static int
set(struct conf *c, const struct conf_row *r, uint32_t value)
{
	struct host_cmd *cmd = &c->other[0];

	host_fill_set_feature(cmd, (uint8_t)r->cdw10, value);
	put32(cmd->sqe, SQE_NSID, r->nsid);
	return (conf_good(c, c->q, cmd));
}

/* Set cdw11, get, then put back what was there. `arg`: what a get must say. */
static int
set_and_get(struct conf *c, const struct conf_row *r)
{
	uint32_t was = 0, is = 0;

	if (get(c, r, &was) == -1 || set(c, r, r->cdw11) == -1 || get(c, r, &is) == -1 ||
	    set(c, r, was | r->cdw12) == -1)
		return (-1);
	return (is == r->arg ? 0 : conf_fail(c, "set %#x, got %#x", r->cdw11, is));
}

/* Host Behavior Support: 512 bytes with cdw12 in byte cdw13, got again. */
static int
behavior(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *set = &c->other[0];

	memset(c->buf, 0, 1024);
	c->buf[r->cdw13] = (uint8_t)r->cdw12;
	host_fill(set, OPC_SET_FEATURES, 0, HOST_TO_TARGET, c->buf, 512);
	put32(set->sqe, SQE_CDW10, 0x16);
	if (conf_exec(c, c->q, set) == -1)
		return (-1);
	if (set->status != 0) {
		c->cmd.status = set->status;
		return (0);
	}
	host_fill(&c->cmd, OPC_GET_FEATURES, 0, HOST_FROM_TARGET, c->buf + 512, 512);
	put32(c->cmd.sqe, SQE_CDW10, 0x16);
	if (conf_good(c, c->q, &c->cmd) == -1)
		return (-1);
	return (memcmp(c->buf, c->buf + 512, 512) == 0 ? 0 :
	    conf_fail(c, "what was set is not what is got"));
}

#define GET(f) .opc = OPC_GET_FEATURES, .cdw10 = (f)
#define SET(f, v) .opc = OPC_SET_FEATURES, .cdw10 = (f), .cdw11 = (v)
#define KEPT(f, v) .run = set_and_get, .arg = (v), SET(f, v)
#define SELECT "Base 2.0, 5.15.1: Select"

static const char *
check_changeable(struct conf *c, const struct conf_row *r)
{
	return ((c->cmd.dw0 & 7) == r->arg ? NULL : "not what it is: changeable, of a namespace");
}

#define CAN(name, f, bits) { name "-supported", SELECT, 0, .check = check_changeable, \
	.arg = (bits), GET((f) | 3 << 8) }, \
	{ name "-default", SELECT, 0, GET((f) | 1 << 8), .nsid = (bits) & 2 ? N_RAM : 0 }, \
	{ name "-saved", SELECT, 0, GET((f) | 2 << 8), .nsid = (bits) & 2 ? N_RAM : 0 }, \
	{ name "-select-5", SELECT, DNR(ST_FIELD), GET((f) | 5 << 8) }, \
	{ name "-save", "Base 2.0, 5.27.1: Save", DNR(ST_NOT_SAVEABLE), SET((f) | 1u << 31, 0), \
	    .nsid = (bits) & 2 ? N_RAM : 0 }

static const struct conf_row rows[] = {
	CAN("arbitration", 0x01, 4), CAN("power", 0x02, 4), CAN("temperature", 0x04, 4),
	CAN("recovery", 0x05, 6), CAN("cache", 0x06, 4), CAN("atomicity", 0x0a, 4),
	{ "arbitration-kept", "Base 2.0, 5.27.1.1", 0, KEPT(0x01, 0x03020103) },
	{ "arbitration-nsid", "Base 2.0, 5.27.1: NSID", DNR(ST_NOT_NS_SPECIFIC), SET(0x01, 0),
	    .nsid = N_RAM },
	{ "power-state-0", "Base 2.0, 5.27.1.2", 0, KEPT(0x02, 0) },
	{ "power-state-1", "Base 2.0, 5.27.1.2: a state above NPSS", DNR(ST_FIELD), SET(0x02, 1) },
	{ "power-state-31", "Base 2.0, 5.27.1.2: a state above NPSS", DNR(ST_FIELD),
	    SET(0x02, 31) },
	{ "temperature-over", "Base 2.0, 5.27.1.3", 0, KEPT(0x04, 350) },
	{ "temperature-under", "Base 2.0, 5.27.1.3", 0, .run = set_and_get, .arg = 250,
	    SET(0x04, 250 | 1 << 20), .cdw12 = 1 << 20 },
	{ "temperature-type-2", "Base 2.0, 5.27.1.3: THSEL", DNR(ST_FIELD),
	    SET(0x04, 350 | 2 << 20) },
	{ "temperature-sensor-9", "Base 2.0, 5.27.1.3: TMPSEL", DNR(ST_FIELD),
	    SET(0x04, 350 | 9 << 16) },
	{ "recovery-time", "NVM Command Set 1.0, 4.1.3.2", 0, KEPT(0x05, 20), .nsid = N_RAM },
	{ "recovery-dulbe", "NVM Command Set 1.0, 4.1.3.2: NSFEAT bit 2 is 0", DNR(ST_FIELD),
	    SET(0x05, 1 << 16), .nsid = N_RAM },
	{ "recovery-nsid-0", "Base 2.0, 5.27.1: NSID", DNR(ST_NAMESPACE), SET(0x05, 20),
	    .nsid = N_ZERO },
	{ "recovery-inactive", "Base 2.0, 3.2.1.4: an inactive NSID", DNR(ST_FIELD),
	    SET(0x05, 20), .nsid = N_INACTIVE },
	{ "recovery-all", "Base 2.0, 5.27.1: NSID", 0, SET(0x05, 0), .nsid = N_ALL },
	{ "cache-off", "Base 2.0, 5.27.1.4", 0, KEPT(0x06, 0) },
	{ "cache-on", "Base 2.0, 5.27.1.4", 0, KEPT(0x06, 1) },
	{ "atomicity", "NVM Command Set 1.0, 4.1.3.3", 0, KEPT(0x0a, 1) },
	{ "behavior", "Base 2.0, 5.27.1.18", 0, .run = behavior, .opc = OPC_SET_FEATURES,
	    .cdw10 = 0x16 },
	{ "behavior-acre", "Base 2.0, 5.27.1.18: ACRE", 0, .run = behavior,
	    .opc = OPC_SET_FEATURES, .cdw10 = 0x16, .cdw12 = 1 },
	{ "behavior-acre-2", "Base 2.0, 5.27.1.18: ACRE", DNR(ST_FIELD), .run = behavior,
	    .opc = OPC_SET_FEATURES, .cdw10 = 0x16, .cdw12 = 2 },
	{ "behavior-short", "Base 2.0, 4.1.2: an SGL that is too short", DNR(ST_SGL_LENGTH),
	    SET(0x16, 0), .dir = HOST_TO_TARGET, .len = 256 },
	{ "behavior-get-short", "Base 2.0, 4.1.2: an SGL that is too short", DNR(ST_SGL_LENGTH),
	    GET(0x16), .dir = HOST_FROM_TARGET, .len = 256 },
};

CONF_TABLE(settings, "Base 2.0, 5.27.1", "Settings", false);
