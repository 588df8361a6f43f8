/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Get and Set Features: every feature with each select, saving, namespaces, values that are out of
 * range, and that what was set is what is got. NVMe Base 2.0 sections 5.15 and 5.27.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

#define ABSENT "Base 2.0, 5.15.1: a feature that is not supported"
#define SELECT "Base 2.0, 5.15.1: Select"

#define GET(f) .opc = OPC_GET_FEATURES, .cdw10 = (f)
#define SEL(n) ((n) << 8)
#define SET(f, v) .opc = OPC_SET_FEATURES, .cdw10 = (f), .cdw11 = (v)
#define NO(name, f) { "get-" name, ABSENT, DNR(ST_FIELD), GET(f) }, \
	{ "set-" name, ABSENT, DNR(ST_FIELD), SET(f, 0) }
/* Current, default and supported capabilities of a feature that is there. */
#define SELECTS(name, f) { name "-current", SELECT, 0, GET(f) }, \
	{ name "-default", SELECT, 0, { DNR(ST_FIELD) }, GET(f | SEL(1)) }, \
	{ name "-supported", SELECT, 0, { DNR(ST_FIELD) }, .check = check_capabilities, \
	    GET(f | SEL(3)) }, \
	{ name "-select-4", SELECT, DNR(ST_FIELD), GET(f | SEL(4)) }, \
	{ name "-select-7", SELECT, DNR(ST_FIELD), GET(f | SEL(7)) }

static const char *
check_capabilities(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return ((c->cmd.dw0 & ~7u) == 0 ? NULL : "bits that are reserved");
}

/* Granted: at least one of each, as many of both, and the same as when it was asked for. */
static const char *
check_queues(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return ((c->cmd.dw0 & 0xffff) == c->cmd.dw0 >> 16 && (c->cmd.dw0 & 0xffff) != 0xffff ?
	    NULL : "not as many submission as completion queues");
}

/* Set cdw11, get, and put back what was there. `arg`: what a get must say then. */
static int
set_and_get(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *set = &c->other[0], *back = &c->other[1];
	uint32_t was, is, dw1;

	host_fill_get_feature(&c->cmd, (uint8_t)r->cdw10);
	if (conf_good(c, c->q, &c->cmd) == -1)
		return (-1);
	was = c->cmd.dw0;
	host_fill_set_feature(set, (uint8_t)r->cdw10, r->cdw11);
	host_fill_get_feature(&c->cmd, (uint8_t)r->cdw10);
	host_fill_set_feature(back, (uint8_t)r->cdw10, was);
	if (conf_good(c, c->q, set) == -1 || conf_good(c, c->q, &c->cmd) == -1)
		return (-1);
	is = c->cmd.dw0;
	dw1 = c->cmd.dw1;
	if (conf_good(c, c->q, back) == -1)
		return (-1);
	c->cmd.dw0 = is;
	c->cmd.dw1 = dw1;
	return (0);
}

static const char *
check_set(struct conf *c, const struct conf_row *r)
{
	return (c->cmd.dw0 == r->arg ? NULL : "what was set is not what is got");
}

static const char *
check_hostid(struct conf *c, const struct conf_row *r)
{
	return (c->cmd.received == r->len && memcmp(c->buf, c->ctrl.opts.hostid, 16) == 0 ? NULL :
	    "not the Host Identifier of the Connect");
}

static int
queues_twice(struct conf *c, const struct conf_row *r)
{
	host_fill_set_feature(&c->cmd, 7, 0);
	if (conf_good(c, c->q, &c->cmd) == -1)
		return (-1);
	c->other[0].dw0 = c->cmd.dw0;
	host_fill_set_feature(&c->cmd, 7, r->cdw11);
	return (conf_exec(c, c->q, &c->cmd));
}

/* "The controller shall not change the value between resets" is kept either way. */
static const char *
check_same(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (c->cmd.dw0 == c->other[0].dw0 ? NULL : "what was granted changed without a reset");
}

static const struct conf_row rows[] = {
	{ "get-disabled", "Base 2.0, 3.5.2: before CC.EN", ANY(ST_SEQUENCE), .place = P_DISABLED,
	    GET(7) },
	{ "set-disabled", "Base 2.0, 3.5.2: before CC.EN", ANY(ST_SEQUENCE), .place = P_DISABLED,
	    SET(7, 0) },
	SELECTS("queues", 0x07), SELECTS("events", 0x0b), SELECTS("keep-alive", 0x0f),
	/* 07h */
	{ "queues-granted", "Base 2.0, 5.27.1.5", 0, .check = check_queues, GET(7),
	    .place = P_IO, .flags = C_ADMIN },
	{ "queues-nsqr-ffff", "Base 2.0, 5.27.1.5", DNR(ST_FIELD), SET(7, 0xffff),
	    .flags = C_FRESH },
	{ "queues-ncqr-ffff", "Base 2.0, 5.27.1.5", DNR(ST_FIELD), SET(7, 0xffff0000),
	    .flags = C_FRESH },
	{ "queues-unequal", "Base 2.0, 5.27.1.5", 0, .check = check_queues, SET(7, 1 | 3 << 16),
	    .flags = C_FRESH },
	{ "queues-max", "Base 2.0, 5.27.1.5", 0, .check = check_queues, SET(7, 0xfffefffe),
	    .flags = C_FRESH },
	{ "queues-twice", "Base 2.0, 5.27.1.5: not changed between resets", ANY(ST_SEQUENCE),
	    { W_SUCCESS }, .run = queues_twice, .check = check_same, SET(7, 1 | 1 << 16),
	    .flags = C_FRESH },
	{ "queues-after-connect", "Base 2.0, 5.27.1.5: when there are I/O queues",
	    ANY(ST_SEQUENCE), SET(7, 0), .place = P_IO, .flags = C_ADMIN },
	{ "queues-save", "Base 2.0, 5.27.1: Save", DNR(ST_NOT_SAVEABLE), SET(7 | 1u << 31, 0),
	    .flags = C_FRESH },
	{ "queues-nsid", "Base 2.0, 5.27.1: NSID", DNR(ST_NOT_NS_SPECIFIC), SET(7, 0),
	    .nsid = N_RAM, .flags = C_FRESH },
	/* 0Bh */
	{ "events-set", "Base 2.0, 5.27.1.8", 0, .run = set_and_get, .check = check_set,
	    SET(0x0b, 0x1f), .arg = 0x1f },
	{ "events-ns", "Base 2.0, 5.27.1.8", 0, .run = set_and_get, .check = check_set,
	    SET(0x0b, 0x100), .arg = 0x100 },
	{ "events-reserved", "Base 2.0, 5.27.1.8: reserved bits", DNR(ST_FIELD), { W_SUCCESS },
	    SET(0x0b, 1u << 20) },
	{ "events-save", "Base 2.0, 5.27.1: Save", DNR(ST_NOT_SAVEABLE), SET(0x0b | 1u << 31, 0) },
	{ "events-nsid", "Base 2.0, 5.27.1: NSID", DNR(ST_NOT_NS_SPECIFIC), SET(0x0b, 0),
	    .nsid = N_RAM },
	{ "events-nsid-all", "Base 2.0, 5.27.1: NSID", 0, SET(0x0b, 0), .nsid = N_ALL },
	/* 0Fh */
	{ "keep-alive-set", "Base 2.0, 5.27.1.12", 0, .run = set_and_get, .check = check_set,
	    SET(0x0f, 60000), .arg = 60000 },
	{ "keep-alive-max", "Base 2.0, 5.27.1.12: Keep Alive Timeout Invalid", ANY(ST_KATO),
	    { W_SUCCESS }, SET(0x0f, 0xffffffff), .flags = C_FRESH },
	{ "keep-alive-save", "Base 2.0, 5.27.1: Save", DNR(ST_NOT_SAVEABLE),
	    SET(0x0f | 1u << 31, 60000) },
	/* 81h */
	{ "host-id", "Base 2.0, 5.27.1: Host Identifier", 0, .check = check_hostid, GET(0x81), .cdw11 = 1,
	    .dir = HOST_FROM_TARGET, .len = 16 },
	{ "host-id-64", "Base 2.0, 5.27.1: Host Identifier, EXHID on fabrics", DNR(ST_FIELD), GET(0x81),
	    .dir = HOST_FROM_TARGET, .len = 16 },
	{ "host-id-short", "Base 2.0, 4.1.2: an SGL that is too short", DNR(ST_SGL_LENGTH),
	    GET(0x81), .cdw11 = 1, .dir = HOST_FROM_TARGET, .len = 8 },
	{ "host-id-set", "Base 2.0, 5.27.1: Host Identifier on fabrics", ANY(ST_SEQUENCE), SET(0x81, 1),
	    .dir = HOST_TO_TARGET, .len = 16 },
	/* what is not there */
	NO("00", 0x00), NO("lba-range-type", 0x03), NO("vector", 0x09), NO("apst", 0x0c),
	NO("host-memory", 0x0d), NO("timestamp", 0x0e), NO("thermal", 0x10), NO("non-op", 0x11),
	NO("recovery", 0x12), NO("predictable", 0x13), NO("predictable-window", 0x14),
	NO("lba-status", 0x15), NO("sanitize", 0x17), NO("endurance", 0x18),
	NO("reserved-1b", 0x1b), NO("metadata-7e", 0x7e), NO("reserved-85", 0x85),
	NO("vendor-c0", 0xc0), NO("vendor-ff", 0xff),
};

CONF_TABLE(feature, "Base 2.0, 5.15 and 5.27", "Get and Set Features", false);
