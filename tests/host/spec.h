/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NVMe/TCP as the test host understands it: numbers and offsets, written down a second time on
 * purpose. The target's own headers say the same in common/; were they shared, a wrong offset there
 * would be wrong on both sides and no test could see it. Only for tests/. Offsets are bytes.
 */
#ifndef TESTS_HOST_SPEC_H
#define TESTS_HOST_SPEC_H

#include "common/wire.h"

enum spec_pdu {
	SPEC_ICREQ = 0x00, SPEC_ICRESP = 0x01, SPEC_H2CTERM = 0x02, SPEC_C2HTERM = 0x03,
	SPEC_CMD = 0x04, SPEC_RESP = 0x05, SPEC_H2CDATA = 0x06, SPEC_C2HDATA = 0x07,
	SPEC_R2T = 0x09,
};

enum { SPEC_F_HDGST = 1, SPEC_F_DDGST = 2, SPEC_F_LAST = 4, SPEC_F_SUCCESS = 8 };

enum spec_fes {
	SPEC_FES_FIELD = 1, SPEC_FES_SEQUENCE, SPEC_FES_HDGST, SPEC_FES_RANGE, SPEC_FES_LIMIT,
	SPEC_FES_PARAMETER,
};

/* Sizes: PDU headers, structures. */
enum {
	SPEC_CH_LEN = 8, SPEC_IC_LEN = 128, SPEC_TERM_LEN = 24, SPEC_TERM_MAX = 152,
	SPEC_CMD_LEN = 72, SPEC_RESP_LEN = 24, SPEC_DATA_LEN = 24, SPEC_R2T_LEN = 24,
	SPEC_DIGEST_LEN = 4,
	SPEC_SQE_LEN = 64, SPEC_CQE_LEN = 16, SPEC_CONNECT_LEN = 1024, SPEC_ADMIN_ICD = 8192,
	SPEC_IDENTIFY_LEN = 4096, SPEC_LOG_HEADER = 1024, SPEC_LOG_RECORD = 1024,
};

/* Common header, and the fields of each PDU after it. */
enum {
	CH_TYPE = 0, CH_FLAGS = 1, CH_HLEN = 2, CH_PDO = 3, CH_PLEN = 4,
	IC_PFV = 8, IC_PDA = 10, IC_DGST = 11, IC_MAX = 12,		/* MAXR2T or MAXH2CDATA */
	TERM_FES = 8, TERM_FEI = 10,
	DATA_CCCID = 8, DATA_TTAG = 10, DATA_OFFSET = 12, DATA_LENGTH = 16,	/* R2TO, R2TL */
};

/* Submission queue entry. */
enum {
	SQE_OPC = 0, SQE_FLAGS = 1, SQE_CID = 2, SQE_NSID = 4, SQE_FCTYPE = 4,
	SQE_SGL_ADDR = 24, SQE_SGL_LEN = 32, SQE_SGL_TYPE = 39,
	SQE_CDW10 = 40, SQE_CDW11 = 44, SQE_CDW12 = 48, SQE_CDW13 = 52, SQE_CDW14 = 56,
	SQE_CDW15 = 60,
	SQE_RECFMT = 40, SQE_QID = 42, SQE_SQSIZE = 44, SQE_CATTR = 46, SQE_KATO = 48,
	SQE_ATTRIB = 40, SQE_OFST = 44, SQE_VALUE = 48,
};

enum { CQE_DW0 = 0, CQE_DW1 = 4, CQE_SQHD = 8, CQE_SQID = 10, CQE_CID = 12, CQE_STATUS = 14 };

/* Connect data. */
enum { CONN_HOSTID = 0, CONN_CNTLID = 16, CONN_SUBNQN = 256, CONN_HOSTNQN = 512 };

enum { SPEC_PSDT_SGL = 0x40, SPEC_SGL_ICD = 0x01, SPEC_SGL_TRANSPORT = 0x5a };

enum spec_opc {
	OPC_GET_LOG = 0x02, OPC_IDENTIFY = 0x06, OPC_ABORT = 0x08, OPC_SET_FEATURES = 0x09,
	OPC_GET_FEATURES = 0x0a, OPC_AER = 0x0c, OPC_KEEP_ALIVE = 0x18, OPC_FABRICS = 0x7f,
	OPC_FLUSH = 0x00, OPC_WRITE = 0x01, OPC_READ = 0x02, OPC_WRITE_ZEROES = 0x08,
	OPC_DSM = 0x09, OPC_WRITE_UNCORRECTABLE = 0x04, OPC_COMPARE = 0x05, OPC_VERIFY = 0x0c,
	OPC_COPY = 0x19,
};

enum spec_fctype {
	FCT_PROP_SET = 0x00, FCT_CONNECT = 0x01, FCT_PROP_GET = 0x04, FCT_DISCONNECT = 0x08,
};

enum spec_prop { PROP_CAP = 0x00, PROP_VS = 0x08, PROP_CC = 0x14, PROP_CSTS = 0x1c };

enum spec_opc_resv {
	OPC_RESV_REGISTER = 0x0d, OPC_RESV_REPORT = 0x0e, OPC_RESV_ACQUIRE = 0x11,
	OPC_RESV_RELEASE = 0x15,
};

enum { CSTS_RDY = 1, CSTS_CFS = 2, CSTS_SHST = 0xc, CSTS_SHST_DONE = 0x8 };

/* CC: enable, NVM command set, 4 KiB pages, entry sizes 64 and 16; SHN normal. */
enum { CC_EN = 1, CC_SIZES = 6 << 16 | 4 << 20, CC_SHN_NORMAL = 1 << 14, CC_SHN_MASK = 3 << 14 };

/* Status: SCT << 8 | SC, with More and DNR where the CQE has them after its phase bit is gone. */
enum {
	ST_OPCODE = 0x001, ST_FIELD = 0x002, ST_CID = 0x003, ST_XFER = 0x004, ST_ABORTED = 0x007,
	ST_NAMESPACE = 0x00b, ST_SEQUENCE = 0x00c, ST_SGL_LENGTH = 0x00f, ST_SGL_TYPE = 0x011,
	ST_SGL_OFFSET = 0x016, ST_TRANSPORT = 0x022, ST_LBA = 0x080, ST_AER_LIMIT = 0x105,
	ST_LOG = 0x109, ST_FORMAT = 0x180, ST_BUSY = 0x181, ST_PARAMETER = 0x182,
	ST_KATO = 0x01a, ST_RESTART = 0x183, ST_HOST = 0x184, ST_QTYPE = 0x185,
	ST_INTERNAL = 0x006, ST_FUSED_FAILED = 0x009, ST_FUSED_MISSING = 0x00a,
	ST_HOSTID = 0x018, ST_PROTECTED = 0x020, ST_CONFLICT = 0x083, ST_ABORT_LIMIT = 0x103, ST_NOT_SAVEABLE = 0x10d,
	ST_NOT_CHANGEABLE = 0x10e, ST_NOT_NS_SPECIFIC = 0x10f, ST_NO_COMMAND_SET = 0x129,
	ST_COMMAND_SET = 0x12c,
	ST_SIZE_LIMIT = 0x183, ST_MISCOMPARE = 0x285,
	ST_SC_MASK = 0x7ff, ST_DNR = 0x4000,
};

static inline uint16_t
get16(const void *p, unsigned off)
{
	struct le16 v;

	__builtin_memcpy(&v, (const uint8_t *)p + off, sizeof(v));
	return (le16_get(v));
}

static inline uint32_t
get32(const void *p, unsigned off)
{
	struct le32 v;

	__builtin_memcpy(&v, (const uint8_t *)p + off, sizeof(v));
	return (le32_get(v));
}

static inline uint64_t
get64(const void *p, unsigned off)
{
	struct le64 v;

	__builtin_memcpy(&v, (const uint8_t *)p + off, sizeof(v));
	return (le64_get(v));
}

static inline void
put16(void *p, unsigned off, uint16_t value)
{
	struct le16 v = le16(value);

	__builtin_memcpy((uint8_t *)p + off, &v, sizeof(v));
}

static inline void
put32(void *p, unsigned off, uint32_t value)
{
	struct le32 v = le32(value);

	__builtin_memcpy((uint8_t *)p + off, &v, sizeof(v));
}

static inline void
put64(void *p, unsigned off, uint64_t value)
{
	struct le64 v = le64(value);

	__builtin_memcpy((uint8_t *)p + off, &v, sizeof(v));
}

#endif
