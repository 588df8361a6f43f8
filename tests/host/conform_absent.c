/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this target says that it does not have: metadata, protection information, zones, other
 * command sets, and I/O opcodes that are nobody's. NVM Command Set 1.0, Zoned Namespaces 1.1.
 */
#include "config.h"

#include "tests/host/conform.h"

#define ZONES "Zoned Namespace Command Set 1.1, 3.4: not offered"
#define KEYS "Key Value Command Set 1.0, 3.2: not offered"
#define ABSENT "Base 2.0, 7: an opcode that is not supported"
#define IO(opcode) .opc = (opcode), .nsid = N_RAM, .place = P_IO
#define NO(name, opcode) { name, ABSENT, DNR(ST_OPCODE), IO(opcode) }

/* No format has metadata, and none can be asked for. */
static const char *
check_no_metadata(struct conf *c, const struct conf_row *r)
{
	const uint8_t *id = c->buf;

	(void)r;
	for (unsigned i = 0; i <= id[25]; i++)
		if (get16(id, 128 + 4 * i) != 0)
			return ("a format with metadata");
	return (id[27] == 0 && id[28] == 0 && id[29] == 0 ? NULL :
	    "MC, DPC or DPS where there is no metadata");
}

static const struct conf_row rows[] = {
	{ "metadata-ns", "NVM Command Set 1.0, 4.1.5.1: LBAF.MS, MC, DPC", 0,
	    .check = check_no_metadata, .opc = OPC_IDENTIFY, .nsid = N_RAM,
	    .dir = HOST_FROM_TARGET, .len = SPEC_IDENTIFY_LEN },
	{ "metadata-format", "Base 2.0, 5.14: Format NVM is not offered", DNR(ST_OPCODE),
	    .opc = 0x80, .nsid = N_RAM, .cdw10 = 1 },
	{ "zone-send", ZONES, DNR(ST_OPCODE), IO(0x79), .cdw13 = 4 },
	{ "zone-receive", ZONES, DNR(ST_OPCODE), IO(0x7a), .dir = HOST_FROM_TARGET, .len = 512,
	    .cdw12 = 127 },
	{ "zone-append", ZONES, DNR(ST_OPCODE), IO(0x7d), .dir = HOST_TO_TARGET, .len = 512 },
	{ "zone-log", ZONES, DNR(ST_LOG), .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET,
	    .nsid = N_RAM, .len = 4096, .cdw10 = 0xbf | 1023 << 16 },
	{ "zone-identify", ZONES, DNR(ST_FIELD), { DNR(ST_COMMAND_SET) }, .opc = OPC_IDENTIFY,
	    .cdw10 = 5, .cdw11 = 2u << 24, .nsid = N_RAM, .dir = HOST_FROM_TARGET,
	    .len = SPEC_IDENTIFY_LEN },
	{ "key-delete", KEYS, DNR(ST_OPCODE), IO(0x10) },
	{ "key-exist", KEYS, DNR(ST_OPCODE), IO(0x14) },
	{ "command-set-profile", "Base 2.0, 5.27.1.21: I/O Command Set Profile", DNR(ST_FIELD),
	    .opc = OPC_SET_FEATURES, .cdw10 = 0x19, .cdw11 = 0 },
	NO("io-mgmt-receive", 0x12), NO("io-mgmt-send", 0x1d), NO("reserved-03", 0x03),
	NO("reserved-06", 0x06), NO("reserved-0a", 0x0a), NO("reserved-3f", 0x3f),
	NO("reserved-7e", 0x7e), NO("vendor-80", 0x80), NO("vendor-ff", 0xff),
};

CONF_TABLE(absent, ABSENT, "What is not offered", false);
