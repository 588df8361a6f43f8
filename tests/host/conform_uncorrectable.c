/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write Uncorrectable: if there is none, that is said. NVM Command Set 1.0 section 3.2.7.
 */
#include "config.h"

#include "tests/host/conform_range.h"

static const struct conf_row rows[] = {
	{ "uncorrectable", "Base 2.0, 7: an opcode that is not supported", DNR(ST_OPCODE),
	    .run = conf_range, .place = P_IO, .opc = OPC_WRITE_UNCORRECTABLE, .slba = 500 },
};

CONF_TABLE(uncorrectable, "NVM Command Set 1.0, 3.2.7", "Write Uncorrectable", false);
