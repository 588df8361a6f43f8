/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every capsule must be: SGL descriptors by type and subtype, PSDT, FUSE, addresses and
 * offsets of data. NVMe-TCP 1.0 section 3.3, NVMe Base 2.0 sections 3.3.3.1 and 4.1.2.
 */
#include "config.h"

#include "tests/host/conform_range.h"

#define SGL "Base 2.0, 4.1.2: descriptors that this transport does not have"
#define OFFSET "NVMe-TCP 1.0, 3.3.2: data in the capsule is at offset 0"
#define TYPE(t) PATCH(SQE_SGL_TYPE, 1, (t))

#define READ .opc = OPC_READ, .dir = HOST_FROM_TARGET, .nsid = N_RAM, .len = 512, .place = P_IO
#define WRITE .opc = OPC_WRITE, .dir = HOST_TO_TARGET, .nsid = N_RAM, .len = 512, .place = P_IO
#define ID .opc = OPC_IDENTIFY, .dir = HOST_FROM_TARGET, .cdw10 = 1, .len = SPEC_IDENTIFY_LEN
/* Data that does not come along: what the descriptor says is what is wrong. */
#define R2T .flags = C_NO_ICD

static const struct conf_row rows[] = {
	{ "read-address", SGL, DNR(ST_SGL_TYPE), TYPE(0x00), READ },
	{ "read-offset", SGL, DNR(ST_SGL_TYPE), { DNR(ST_FIELD), DNR(ST_SGL_LENGTH) },
	    TYPE(SPEC_SGL_ICD), READ },
	{ "read-bit-bucket", SGL, DNR(ST_SGL_TYPE), TYPE(0x10), READ },
	{ "read-segment", SGL, DNR(ST_SGL_TYPE), TYPE(0x20), READ },
	{ "read-last-segment", SGL, DNR(ST_SGL_TYPE), TYPE(0x30), READ },
	{ "read-keyed", SGL, DNR(ST_SGL_TYPE), TYPE(0x40), READ },
	{ "read-keyed-invalidate", SGL, DNR(ST_SGL_TYPE), TYPE(0x4f), READ },
	{ "read-transport-0", SGL, DNR(ST_SGL_TYPE), TYPE(0x50), READ },
	{ "read-transport-f", SGL, DNR(ST_SGL_TYPE), TYPE(0x5f), READ },
	{ "read-vendor", SGL, DNR(ST_SGL_TYPE), TYPE(0xf0), READ },
	{ "read-reserved-type", SGL, DNR(ST_SGL_TYPE), TYPE(0x70), READ },
	{ "read-psdt-10b", "Base 2.0, 3.3.3.1: PSDT 10b", 0, { DNR(ST_FIELD) },
	    PATCH(SQE_FLAGS, 1, 0x80), READ },
	{ "read-transport-address", RESERVED, 0, { DNR(ST_FIELD), DNR(ST_SGL_OFFSET) },
	    PATCH(SQE_SGL_ADDR, 8, 4096), READ },
	{ "read-sgl-reserved", RESERVED, 0, { DNR(ST_FIELD) }, PATCH(36, 2, 0xffff), READ },
	{ "read-flags-reserved", RESERVED, 0, { DNR(ST_FIELD) },
	    PATCH(SQE_FLAGS, 1, SPEC_PSDT_SGL | 0x3c), READ },
	{ "write-address", SGL, DNR(ST_SGL_TYPE), TYPE(0x00), R2T, WRITE },
	{ "write-keyed", SGL, DNR(ST_SGL_TYPE), TYPE(0x40), R2T, WRITE },
	{ "write-segment", SGL, DNR(ST_SGL_TYPE), TYPE(0x21), R2T, WRITE },
	{ "write-transport-in-capsule", "NVMe-TCP 1.0, 3.3.2: data that no descriptor names",
	    DNR(ST_FIELD), { DNR(ST_SGL_TYPE), DNR(ST_SGL_LENGTH) }, TYPE(SPEC_SGL_TRANSPORT),
	    WRITE },
	{ "write-offset-4", OFFSET, DNR(ST_SGL_OFFSET), { DNR(ST_FIELD) },
	    PATCH(SQE_SGL_ADDR, 8, 4), WRITE },
	{ "write-offset-max", OFFSET, DNR(ST_SGL_OFFSET), { DNR(ST_FIELD) },
	    PATCH(SQE_SGL_ADDR, 8, UINT64_MAX), WRITE },
	{ "write-length-less", "NVMe-TCP 1.0, 3.3.2: data in the capsule", DNR(ST_SGL_LENGTH),
	    PATCH(SQE_SGL_LEN, 4, 256), WRITE },
	{ "write-length-more", "NVMe-TCP 1.0, 3.3.2: data in the capsule", DNR(ST_SGL_LENGTH),
	    PATCH(SQE_SGL_LEN, 4, 1024), WRITE },
	{ "write-offset-without-data", "NVMe-TCP 1.0, 3.3.2: data in the capsule",
	    DNR(ST_SGL_LENGTH), TYPE(SPEC_SGL_ICD), R2T, WRITE },
	{ "admin-address", SGL, DNR(ST_SGL_TYPE), TYPE(0x00), ID },
	{ "admin-keyed", SGL, DNR(ST_SGL_TYPE), TYPE(0x40), ID },
	{ "admin-prp", "NVMe-TCP 1.0, 3.3: PRPs are not used on fabrics", DNR(ST_FIELD),
	    PATCH(SQE_FLAGS, 1, 0), ID },
	{ "admin-psdt-reserved", "Base 2.0, 3.3.3.1: PSDT 11b", DNR(ST_FIELD),
	    PATCH(SQE_FLAGS, 1, 0xc0), ID },
	{ "admin-fuse-first", "Base 2.0, 3.4.2: not a fused operation", DNR(ST_FIELD),
	    PATCH(SQE_FLAGS, 1, SPEC_PSDT_SGL | 1), ID },
	{ "admin-fuse-second", "Base 2.0, 3.4.2: not a fused operation", DNR(ST_FIELD),
	    { ANY(ST_FUSED_MISSING) }, PATCH(SQE_FLAGS, 1, SPEC_PSDT_SGL | 2), ID },
	{ "admin-fuse-reserved", "Base 2.0, 3.3.3.1: FUSE 11b", DNR(ST_FIELD),
	    PATCH(SQE_FLAGS, 1, SPEC_PSDT_SGL | 3), ID },
	{ "admin-data-unasked", "NVMe-TCP 1.0, 3.3.2: data of a command without data",
	    DNR(ST_FIELD), { DNR(ST_SGL_LENGTH), W_SUCCESS }, .opc = OPC_KEEP_ALIVE,
	    .dir = HOST_TO_TARGET, .len = 16 },
};

CONF_TABLE(capsule, "NVMe-TCP 1.0, 3.3", "Capsules and SGLs", false);
