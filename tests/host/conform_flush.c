/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flush: of one namespace, of all (VWC bits 2:1 are 11b), of none. NVMe Base 2.0 section 7.1.
 */
#include "config.h"

#include "tests/host/conform_range.h"

#define FLUSH .place = P_IO, .opc = OPC_FLUSH

static const struct conf_row rows[] = {
	{ "flush", NULL, 0, .nsid = N_RAM, FLUSH },
	{ "flush-4k", NULL, 0, .nsid = N_FILE, FLUSH },
	{ "flush-readonly", NULL, 0, .nsid = N_READONLY, FLUSH },
	{ "flush-all", "Base 2.0, 7.1: FFFFFFFFh, VWC bits 2:1", 0, .nsid = N_ALL, FLUSH },
	{ "flush-nsid-0", INVALID, DNR(ST_NAMESPACE), .nsid = N_ZERO, FLUSH },
	{ "flush-nsid-after-nn", INVALID, DNR(ST_NAMESPACE), .nsid = N_AFTER, FLUSH },
	{ "flush-nsid-fffffffe", INVALID, DNR(ST_NAMESPACE), .nsid = N_FFFFFFFE, FLUSH },
	{ "flush-nsid-inactive", INACTIVE, DNR(ST_FIELD), .nsid = N_INACTIVE, FLUSH },
	{ "flush-reserved", RESERVED, 0, { DNR(ST_FIELD) }, .nsid = N_RAM, .cdw10 = 0xffffffff,
	    .cdw12 = 0xffffffff, .cdw15 = 0xffffffff, FLUSH },
	{ "flush-fuse", "Base 2.0, 3.4.2: not a fused operation", DNR(ST_FIELD),
	    { ANY(ST_FUSED_MISSING) }, .nsid = N_RAM, PATCH(SQE_FLAGS, 1, SPEC_PSDT_SGL | 2),
	    FLUSH },
	{ "flush-sgl", "Base 2.0, 3.3.3.1: DPTR of a command without data", 0, { DNR(ST_FIELD) },
	    .nsid = N_RAM, PATCH(SQE_SGL_LEN, 4, 512), FLUSH },
};

CONF_TABLE(flush, "Base 2.0, 7.1", "Flush", false);
