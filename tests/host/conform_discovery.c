/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A discovery controller: what it has, and that it has nothing else. NVMe Base 2.0 sections 3.1.2.3
 * and 5.16.1.23.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

#define SUPPORT "Base 2.0, 3.1.2.3: what a discovery controller has"
#define LOG(lid, bytes) .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .len = (bytes), \
	.cdw10 = (lid) | ((bytes) / 4 - 1) << 16
#define ID(cns, n) .opc = OPC_IDENTIFY, .dir = HOST_FROM_TARGET, .len = SPEC_IDENTIFY_LEN, \
	.cdw10 = (cns), .nsid = (n)

static const char *
check_ctrl(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return (c->buf[111] == 2 && get32(c->buf, 516) == 0 ? NULL :
	    "CNTRLTYPE is not that of discovery, or there are namespaces");
}

/* RECFMT 0; as many records as NUMREC says, each of a known kind. */
static const char *
check_log(struct conf *c, const struct conf_row *r)
{
	uint64_t n = get64(c->buf, 8);

	if (get16(c->buf, 16) != 0 || n > (r->len - SPEC_LOG_HEADER) / SPEC_LOG_RECORD)
		return ("RECFMT is not 0, or more records than this test expects");
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *e = c->buf + SPEC_LOG_HEADER + i * SPEC_LOG_RECORD;

		if (e[0] != 3 || (e[1] != 1 && e[1] != 2) || e[2] < 1 || e[2] > 3)
			return ("TRTYPE, ADRFAM or SUBTYPE");
		if (get16(e, 8) < 32 || memchr(e + 256, '\0', 256) == NULL)
			return ("ASQSZ, or a SUBNQN without an end");
	}
	return (NULL);
}

static const struct conf_row rows[] = {
	{ "identify", SUPPORT, 0, .check = check_ctrl, ID(1, 0) },
	{ "identify-ns", SUPPORT, DNR(ST_FIELD), { DNR(ST_NAMESPACE) }, ID(0, 1) },
	{ "identify-list", SUPPORT, DNR(ST_FIELD), ID(2, 0) },
	{ "identify-csi", SUPPORT, DNR(ST_FIELD), ID(6, 0) },
	{ "log", "Base 2.0, 5.16.1.23", 0, .check = check_log, LOG(0x70, 16384) },
	{ "log-header", "Base 2.0, 5.16.1.23", 0, LOG(0x70, 16) },
	{ "log-past", "Base 2.0, 5.16.1: Log Page Offset", DNR(ST_FIELD), LOG(0x70, 1024),
	    .cdw12 = 1u << 30 },
	{ "log-4G", "Base 2.0, 5.16.1: Log Page Offset", DNR(ST_FIELD), LOG(0x70, 1024),
	    .cdw13 = 1 },
	{ "log-offset-2", "Base 2.0, 5.16.1: Log Page Offset", DNR(ST_FIELD), { W_SUCCESS },
	    LOG(0x70, 1024), .cdw12 = 2 },
	{ "log-lid-unknown", SUPPORT, DNR(ST_LOG), LOG(0x7f, 1024) },
	{ "log-smart", SUPPORT, DNR(ST_LOG), { W_SUCCESS }, LOG(0x02, 512) },
	{ "log-ana", SUPPORT, DNR(ST_LOG), LOG(0x0c, 512) },
	{ "get-queues", SUPPORT, DNR(ST_FIELD), .opc = OPC_GET_FEATURES, .cdw10 = 7 },
	{ "set-queues", SUPPORT, DNR(ST_FIELD), .opc = OPC_SET_FEATURES, .cdw10 = 7 },
	{ "get-events", "Base 2.0, 5.27.1.8", 0, .opc = OPC_GET_FEATURES, .cdw10 = 0x0b },
	{ "set-events", "Base 2.0, 5.27.1.8", 0, .opc = OPC_SET_FEATURES, .cdw10 = 0x0b,
	    .cdw11 = 1u << 31 },
	{ "get-keep-alive", "Base 2.0, 5.27.1.12", 0, .opc = OPC_GET_FEATURES, .cdw10 = 0x0f },
	{ "keep-alive", "Base 2.0, 5.18", 0, .opc = OPC_KEEP_ALIVE },
	{ "format", SUPPORT, DNR(ST_OPCODE), .opc = 0x80 },
	{ "ns-management", SUPPORT, DNR(ST_OPCODE), .opc = 0x0d },
	{ "opcode-ff", SUPPORT, DNR(ST_OPCODE), .opc = 0xff },
	{ "disabled", "Base 2.0, 3.5.2: before CC.EN", ANY(ST_SEQUENCE), .place = P_DISABLED,
	    LOG(0x70, 1024) },
};

CONF_TABLE(discovery, SUPPORT, "Discovery controllers", true);
