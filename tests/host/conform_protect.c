/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespace write protection: the states that may be set, and what each command to a protected
 * namespace is answered. NVMe Base 2.0 sections 5.27.1.28 and 8.12.
 */
#include "config.h"

#include "tests/host/conform.h"

#define FID 0x84
#define STATES "Base 2.0, 5.27.1.28: Write Protection State"
#define COMMANDS "Base 2.0, 8.12: commands to a namespace that is write protected"

enum { ID_NSATTR = 99, ID_INDEPENDENT_NSATTR = 8 };

static int
set_state(struct conf *c, uint32_t nsid, uint32_t state)
{
	struct host_cmd *cmd = &c->other[0];

	host_fill_set_feature(cmd, FID, state);
	put32(cmd->sqe, SQE_NSID, nsid);
	return (conf_good(c, c->ctrl.admin, cmd));
}

static int
get_state(struct conf *c, uint32_t nsid, uint32_t *state)
{
	struct host_cmd *cmd = &c->other[1];

	host_fill_get_feature(cmd, FID);
	put32(cmd->sqe, SQE_NSID, nsid);
	if (conf_good(c, c->ctrl.admin, cmd) == -1)
		return (-1);
	*state = cmd->dw0;
	return (0);
}

/* The row's command, while N_SMALL is protected. */
static int
while_protected(struct conf *c, const struct conf_row *r)
{
	uint8_t opc = r->opc;
	bool data = opc == OPC_WRITE || opc == OPC_READ || opc == OPC_COMPARE;
	int done;

	if (set_state(c, N_SMALL, 1) == -1)
		return (-1);
	host_fill_write(&c->cmd, N_SMALL, 0, 1, c->buf, data ? 512 : 0);
	c->cmd.sqe[SQE_OPC] = opc;
	c->cmd.dir = !data ? HOST_NODATA : opc == OPC_READ ? HOST_FROM_TARGET : HOST_TO_TARGET;
	if (opc == OPC_DSM) {
		host_dsm_range(c->buf, 0, 0, 1);
		host_fill_deallocate(&c->cmd, N_SMALL, c->buf, 1);
	}
	c->cmd.flags = HOST_F_SHORT;
	done = conf_exec(c, c->q, &c->cmd);
	return (set_state(c, N_SMALL, 0) == -1 ? -1 : done);
}

/* Written again as soon as that is permitted. */
static int
lifted(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (set_state(c, N_SMALL, 1) == -1 || set_state(c, N_SMALL, 0) == -1)
		return (-1);
	host_fill_write(&c->cmd, N_SMALL, 0, 1, c->buf, 512);
	return (conf_exec(c, c->q, &c->cmd));
}

/* What Get Features and both structures of Identify say, in each state. */
static int
is_said(struct conf *c, const struct conf_row *r)
{
	for (uint32_t state = 0; state <= 1; state++) {
		uint32_t is;
		unsigned nsattr;

		if (set_state(c, N_SMALL, !state) == -1 || set_state(c, N_SMALL, state) == -1 ||
		    get_state(c, N_SMALL, &is) == -1 ||
		    conf_identify(c, (uint8_t)r->arg, N_SMALL) == -1)
			return (-1);
		nsattr = c->buf[r->arg == 0 ? ID_NSATTR : ID_INDEPENDENT_NSATTR] & 1;
		if (is != state || nsattr != state) {
			(void)set_state(c, N_SMALL, 0);
			return (conf_fail(c, "set %u, got %u, NSATTR %u", state, is, nsattr));
		}
	}
	return (set_state(c, N_SMALL, 0));
}

#define GET(select, ns) .opc = OPC_GET_FEATURES, .cdw10 = FID | (select) << 8, .nsid = (ns)
#define SET(ns, v) .opc = OPC_SET_FEATURES, .cdw10 = FID, .cdw11 = (v), .nsid = (ns)
#define DO(op) .run = while_protected, .place = P_IO, .opc = (op)

static const char *
is_value(struct conf *c, const struct conf_row *r)
{
	return (c->cmd.dw0 == r->arg ? NULL : "not the value that it must have");
}

static const struct conf_row rows[] = {
	{ "current", STATES, 0, .check = is_value, GET(0, N_RAM) },
	{ "current-read-only", STATES, 0, .check = is_value, GET(0, N_READONLY) },
	{ "default", STATES, 0, .check = is_value, GET(1, N_RAM) },
	{ "saved", STATES, 0, .check = is_value, GET(2, N_RAM) },
	{ "supported", "Base 2.0, 5.15.1: changeable, of a namespace, not saveable", 0,
	    .check = is_value, .arg = 6, GET(3, N_RAM) },
	{ "select-5", "Base 2.0, 5.15.1: Select", DNR(ST_FIELD), GET(5, N_RAM) },
	{ "get-all", "Base 2.0, 5.15: NSID", DNR(ST_NAMESPACE), GET(0, N_ALL) },
	{ "get-nsid-0", "Base 2.0, 5.15: NSID", DNR(ST_NAMESPACE), GET(0, N_ZERO) },
	{ "get-inactive", "Base 2.0, 3.2.1.4: an inactive NSID", DNR(ST_FIELD), GET(0, N_INACTIVE) },
	{ "get-after", "Base 2.0, 3.2.1.2: an invalid NSID", DNR(ST_NAMESPACE), GET(0, N_AFTER) },
	{ "unprotected", STATES, 0, SET(N_RAM, 0) },
	{ "until-power-cycle", "Base 2.0, 5.27.1.28: NWPC bit 1 is 0", DNR(ST_FIELD), SET(N_RAM, 2) },
	{ "permanent", "Base 2.0, 5.27.1.28: NWPC bit 2 is 0", DNR(ST_FIELD), SET(N_RAM, 3) },
	{ "state-4", STATES, DNR(ST_FIELD), SET(N_RAM, 4) },
	{ "state-7", STATES, DNR(ST_FIELD), SET(N_RAM, 7) },
	{ "reserved-3", STATES, DNR(ST_FIELD), SET(N_RAM, 1u << 3) },
	{ "reserved-31", STATES, DNR(ST_FIELD), SET(N_RAM, 1u << 31) },
	{ "save", "Base 2.0, 5.27: Save", DNR(ST_NOT_SAVEABLE), .opc = OPC_SET_FEATURES,
	    .cdw10 = FID | 1u << 31, .cdw11 = 1, .nsid = N_RAM },
	{ "set-nsid-0", "Base 2.0, 5.27: NSID", DNR(ST_NAMESPACE), SET(N_ZERO, 1) },
	{ "set-inactive", "Base 2.0, 3.2.1.4: an inactive NSID", DNR(ST_FIELD), SET(N_INACTIVE, 1) },
	{ "set-after", "Base 2.0, 3.2.1.2: an invalid NSID", DNR(ST_NAMESPACE), SET(N_AFTER, 1) },
	{ "read-only", "Base 2.0, 5.27: a value that cannot be changed", DNR(ST_NOT_CHANGEABLE),
	    SET(N_READONLY, 1) },
	{ "all-and-one-cannot", "Base 2.0, 5.27: a value that cannot be changed",
	    DNR(ST_NOT_CHANGEABLE), SET(N_ALL, 1) },
	{ "identify", STATES, 0, .run = is_said },
	{ "identify-independent", STATES, 0, .run = is_said, .arg = 8 },
	{ "write", COMMANDS, DNR(ST_PROTECTED), DO(OPC_WRITE) },
	{ "zeroes", COMMANDS, DNR(ST_PROTECTED), DO(OPC_WRITE_ZEROES) },
	{ "deallocate", COMMANDS, DNR(ST_PROTECTED), DO(OPC_DSM) },
	{ "read", COMMANDS, 0, DO(OPC_READ) },
	{ "compare", COMMANDS, 0, .or = { DNR(ST_MISCOMPARE) }, DO(OPC_COMPARE) },
	{ "verify", COMMANDS, 0, DO(OPC_VERIFY) },
	{ "flush", COMMANDS, 0, DO(OPC_FLUSH) },
	{ "lifted", COMMANDS, 0, .run = lifted, .place = P_IO },
};

CONF_TABLE(protect, "Base 2.0, 8.12", "Namespace write protection", false);
