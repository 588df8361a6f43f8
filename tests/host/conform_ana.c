/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asymmetric Namespace Access: what Identify says of it and its log, with and without namespaces.
 * The states and their statuses are changed by hand, in stories. NVMe Base 2.0 8.1 and 5.16.1.13.
 */
#include "config.h"

#include "tests/host/conform.h"

/* Each descriptor is of a group with a known state, and all of them end where the page does. */
static const char *
check_log(struct conf *c, const struct conf_row *r)
{
	unsigned n = get16(c->buf, 8);
	uint32_t at = 16;

	for (unsigned i = 0; i < n; i++) {
		uint32_t nsids = get32(c->buf, at + 4);
		uint8_t state = c->buf[at + 16] & 15;

		if (get32(c->buf, at) == 0 || (state > 4 && state != 15) || state == 0)
			return ("ANAGRPID or state");
		if ((r->cdw10 >> 8 & 1) != 0 && nsids != 0)
			return ("namespaces where only groups were asked for");
		at += 32 + nsids * 4;
		if (at > r->len)
			return ("more than this test asks for");
	}
	return (n > 0 ? NULL : "no group");
}

static const char *
check_ctrl(struct conf *c, const struct conf_row *r)
{
	const uint8_t *id = c->buf;

	(void)r;
	if ((id[76] & 8) == 0 || id[342] == 0 || (id[343] & 1) == 0)
		return ("CMIC, ANATT or ANACAP");
	return (get32(id, 540) != 0 && get32(id, 540) <= get32(id, 516) && get32(id, 344) != 0 &&
	    get32(id, 348) != 0 ? NULL : "MNAN, ANAGRPMAX or NANAGRPID");
}

static const char *
check_ns(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (get32(c->buf, 92) != 0 ? NULL : "ANAGRPID is 0");
}

#define LOG(dw10, n) .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = N_ALL, .len = 4096, \
	.cdw10 = 0x0c | (dw10) | 1023 << 16, .cdw12 = (n)
#define ID(cns, n) .opc = OPC_IDENTIFY, .dir = HOST_FROM_TARGET, .len = SPEC_IDENTIFY_LEN, \
	.cdw10 = (cns), .nsid = (n)

static const struct conf_row rows[] = {
	{ "ctrl", NULL, 0, .check = check_ctrl, ID(1, 0) },
	{ "ns", NULL, 0, .check = check_ns, ID(0, N_RAM) },
	{ "log", "Base 2.0, 5.16.1.13", 0, .check = check_log, LOG(0, 0) },
	{ "log-groups-only", "Base 2.0, 5.16.1.13: RGO", 0, .check = check_log, LOG(1 << 8, 0) },
	{ "log-past", "Base 2.0, 5.16.1: Log Page Offset", DNR(ST_FIELD), LOG(0, 1 << 20) },
};

CONF_TABLE(ana, "Base 2.0, 8.1", "Asymmetric Namespace Access", false);
