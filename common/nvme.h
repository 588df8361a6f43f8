/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers and queue entries of NVM Express: Base 2.0, NVM Command Set 1.0 and the fabrics parts.
 * The names are the specification's, so that a search finds the section. Data structures that
 * commands transfer are in nvme_data.h, which comes along. Nothing here has behaviour.
 */
#ifndef COMMON_NVME_H
#define COMMON_NVME_H

#include <stddef.h>
#include <stdint.h>

#include "common/nvme_data.h"
#include "common/wire.h"

/* Opcodes. Bits 1:0 are the direction of the data: 01b to the controller, 10b to the host. */
enum nvme_admin_opc {
	NVME_ADMIN_DELETE_IO_SQ = 0x00,
	NVME_ADMIN_CREATE_IO_SQ = 0x01,
	NVME_ADMIN_GET_LOG_PAGE = 0x02,
	NVME_ADMIN_DELETE_IO_CQ = 0x04,
	NVME_ADMIN_CREATE_IO_CQ = 0x05,
	NVME_ADMIN_IDENTIFY = 0x06,
	NVME_ADMIN_ABORT = 0x08,
	NVME_ADMIN_SET_FEATURES = 0x09,
	NVME_ADMIN_GET_FEATURES = 0x0a,
	NVME_ADMIN_ASYNC_EVENT_REQUEST = 0x0c,
	NVME_ADMIN_NS_MANAGEMENT = 0x0d,
	NVME_ADMIN_FW_COMMIT = 0x10,
	NVME_ADMIN_FW_IMAGE_DOWNLOAD = 0x11,
	NVME_ADMIN_DEVICE_SELF_TEST = 0x14,
	NVME_ADMIN_NS_ATTACHMENT = 0x15,
	NVME_ADMIN_KEEP_ALIVE = 0x18,
	NVME_ADMIN_DIRECTIVE_SEND = 0x19,
	NVME_ADMIN_DIRECTIVE_RECEIVE = 0x1a,
	NVME_ADMIN_FORMAT_NVM = 0x80,
	NVME_ADMIN_SECURITY_SEND = 0x81,
	NVME_ADMIN_SECURITY_RECEIVE = 0x82,
	NVME_ADMIN_SANITIZE = 0x84,
};

enum nvme_nvm_opc {
	NVME_NVM_FLUSH = 0x00,
	NVME_NVM_WRITE = 0x01,
	NVME_NVM_READ = 0x02,
	NVME_NVM_WRITE_UNCORRECTABLE = 0x04,
	NVME_NVM_COMPARE = 0x05,
	NVME_NVM_WRITE_ZEROES = 0x08,
	NVME_NVM_DATASET_MANAGEMENT = 0x09,
	NVME_NVM_VERIFY = 0x0c,
	NVME_NVM_RESERVATION_REGISTER = 0x0d,
	NVME_NVM_RESERVATION_REPORT = 0x0e,
	NVME_NVM_RESERVATION_ACQUIRE = 0x11,
	NVME_NVM_RESERVATION_RELEASE = 0x15,
	NVME_NVM_COPY = 0x19,
};

/* One opcode on every queue; the direction is in bits 1:0 of FCTYPE instead. */
#define NVME_OPC_FABRICS 0x7f

enum nvmf_fctype {
	NVMF_PROPERTY_SET = 0x00,
	NVMF_CONNECT = 0x01,
	NVMF_PROPERTY_GET = 0x04,
	NVMF_AUTHENTICATION_SEND = 0x05,
	NVMF_AUTHENTICATION_RECEIVE = 0x06,
	NVMF_DISCONNECT = 0x08,
};

/* Status: SCT << 8 | SC, with CRD, M and DNR above. On the wire it is shifted by the phase bit. */
enum nvme_status {
	NVME_SC_SUCCESS = 0x000,
	NVME_SC_INVALID_OPCODE = 0x001,
	NVME_SC_INVALID_FIELD = 0x002,
	NVME_SC_COMMAND_ID_CONFLICT = 0x003,
	NVME_SC_DATA_TRANSFER_ERROR = 0x004,
	NVME_SC_POWER_LOSS_ABORT = 0x005,
	NVME_SC_INTERNAL_DEVICE_ERROR = 0x006,
	NVME_SC_ABORT_REQUESTED = 0x007,
	NVME_SC_ABORTED_SQ_DELETION = 0x008,
	NVME_SC_FAILED_FUSED = 0x009,
	NVME_SC_MISSING_FUSED = 0x00a,
	NVME_SC_INVALID_NS_OR_FORMAT = 0x00b,
	NVME_SC_COMMAND_SEQUENCE_ERROR = 0x00c,
	NVME_SC_INVALID_SGL_SEGMENT = 0x00d,
	NVME_SC_INVALID_SGL_COUNT = 0x00e,
	NVME_SC_DATA_SGL_LENGTH_INVALID = 0x00f,
	NVME_SC_METADATA_SGL_LENGTH_INVALID = 0x010,
	NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID = 0x011,
	NVME_SC_PRP_OFFSET_INVALID = 0x013,
	NVME_SC_ATOMIC_WRITE_UNIT_EXCEEDED = 0x014,
	NVME_SC_OPERATION_DENIED = 0x015,
	NVME_SC_SGL_OFFSET_INVALID = 0x016,
	NVME_SC_HOST_ID_INCONSISTENT = 0x018,
	NVME_SC_KEEP_ALIVE_EXPIRED = 0x019,
	NVME_SC_KEEP_ALIVE_INVALID = 0x01a,
	NVME_SC_PREEMPTED = 0x01b,
	NVME_SC_SANITIZE_FAILED = 0x01c,
	NVME_SC_SANITIZE_IN_PROGRESS = 0x01d,
	NVME_SC_SGL_GRANULARITY_INVALID = 0x01e,
	NVME_SC_NS_WRITE_PROTECTED = 0x020,
	NVME_SC_COMMAND_INTERRUPTED = 0x021,
	NVME_SC_TRANSIENT_TRANSPORT_ERROR = 0x022,
	NVME_SC_LBA_OUT_OF_RANGE = 0x080,
	NVME_SC_CAPACITY_EXCEEDED = 0x081,
	NVME_SC_NS_NOT_READY = 0x082,
	NVME_SC_RESERVATION_CONFLICT = 0x083,
	NVME_SC_FORMAT_IN_PROGRESS = 0x084,

	NVME_SC_COMPLETION_QUEUE_INVALID = 0x100,
	NVME_SC_INVALID_QUEUE_IDENTIFIER = 0x101,
	NVME_SC_INVALID_QUEUE_SIZE = 0x102,
	NVME_SC_ABORT_LIMIT_EXCEEDED = 0x103,
	NVME_SC_AER_LIMIT_EXCEEDED = 0x105,
	NVME_SC_INVALID_FW_SLOT = 0x106,
	NVME_SC_INVALID_LOG_PAGE = 0x109,
	NVME_SC_INVALID_FORMAT = 0x10a,
	NVME_SC_FEATURE_NOT_SAVEABLE = 0x10d,
	NVME_SC_FEATURE_NOT_CHANGEABLE = 0x10e,
	NVME_SC_FEATURE_NOT_NS_SPECIFIC = 0x10f,
	NVME_SC_IO_COMMAND_SET_NOT_SUPPORTED = 0x129,
	NVME_SC_NVM_CONFLICTING_ATTRIBUTES = 0x180,
	NVME_SC_NVM_INVALID_PROTECTION_INFO = 0x181,
	NVME_SC_NVM_WRITE_TO_READ_ONLY_RANGE = 0x182,
	NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED = 0x183,
	NVME_SC_NVM_INCOMPATIBLE_NS_OR_FORMAT = 0x185,
	NVME_SC_NVM_OVERLAPPING_IO_RANGE = 0x187,
	/* The same values mean something else when a Fabrics command is answered. */
	NVME_SC_CONNECT_INCOMPATIBLE_FORMAT = 0x180,
	NVME_SC_CONNECT_CONTROLLER_BUSY = 0x181,
	NVME_SC_CONNECT_INVALID_PARAMETERS = 0x182,
	NVME_SC_CONNECT_RESTART_DISCOVERY = 0x183,
	NVME_SC_CONNECT_INVALID_HOST = 0x184,
	NVME_SC_INVALID_QUEUE_TYPE = 0x185,
	NVME_SC_DISCOVER_RESTART = 0x190,
	NVME_SC_AUTHENTICATION_REQUIRED = 0x191,

	NVME_SC_WRITE_FAULT = 0x280,
	NVME_SC_UNRECOVERED_READ_ERROR = 0x281,
	NVME_SC_COMPARE_FAILURE = 0x285,
	NVME_SC_ACCESS_DENIED = 0x286,
	NVME_SC_DEALLOCATED_BLOCK = 0x287,

	NVME_SC_INTERNAL_PATH_ERROR = 0x300,
	NVME_SC_ANA_PERSISTENT_LOSS = 0x301,
	NVME_SC_ANA_INACCESSIBLE = 0x302,
	NVME_SC_ANA_TRANSITION = 0x303,
	NVME_SC_CONTROLLER_PATH_ERROR = 0x360,
	NVME_SC_HOST_PATH_ERROR = 0x370,

	NVME_SC_MASK = 0x07ff,		/* SCT and SC */
	NVME_SC_CRD_MASK = 0x1800,	/* which of CRDT1 to CRDT3 to wait before a retry */
	NVME_SC_MORE = 0x2000,
	NVME_SC_DNR = 0x4000,
};

/* Byte 1 of an SQE: FUSE in bits 1:0, PSDT in bits 7:6. */
enum nvme_fuse { NVME_FUSE_NONE, NVME_FUSE_FIRST, NVME_FUSE_SECOND, NVME_FUSE_RESERVED };
enum nvme_psdt { NVME_PSDT_PRP, NVME_PSDT_SGL, NVME_PSDT_SGL_MSEG, NVME_PSDT_RESERVED };

#define NVME_FUSE(byte1) ((byte1) & 0x3)
#define NVME_PSDT(byte1) ((byte1) >> 6)

/* SGL identifier byte: type in the high half, subtype in the low one. */
enum nvme_sgl_type {
	NVME_SGL_DATA_BLOCK = 0x0,
	NVME_SGL_BIT_BUCKET = 0x1,
	NVME_SGL_SEGMENT = 0x2,
	NVME_SGL_LAST_SEGMENT = 0x3,
	NVME_SGL_KEYED_DATA_BLOCK = 0x4,
	NVME_SGL_TRANSPORT_DATA_BLOCK = 0x5,
};
enum nvme_sgl_subtype { NVME_SGL_ADDRESS = 0x0, NVME_SGL_OFFSET = 0x1, NVME_SGL_TRANSPORT = 0xa };

#define NVME_SGL_ID(type, subtype) ((uint8_t)((type) << 4 | (subtype)))
#define NVME_SGL_ID_ICD NVME_SGL_ID(NVME_SGL_DATA_BLOCK, NVME_SGL_OFFSET)
#define NVME_SGL_ID_TRANSPORT NVME_SGL_ID(NVME_SGL_TRANSPORT_DATA_BLOCK, NVME_SGL_TRANSPORT)

struct nvme_sgl { struct le64 addr; struct le32 len; uint8_t reserved[3]; uint8_t id; };

struct nvme_sqe {
	uint8_t opc;
	uint8_t fuse_psdt;
	struct le16 cid;
	union {
		struct le32 nsid;
		uint8_t fctype;		/* Fabrics commands */
	};
	struct le32 cdw2;
	struct le32 cdw3;
	struct le64 mptr;
	struct nvme_sgl sgl1;
	union {
		struct {
			struct le32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
		};
		struct {
			struct le16 recfmt, qid, sqsize;	/* sqsize: 0's based */
			uint8_t cattr, reserved;
			struct le32 kato_ms;
		} connect;
		struct {
			uint8_t attrib, reserved[3];
			struct le32 ofst;
			struct le64 value;			/* Property Set only */
		} property;
		struct { struct le16 recfmt; } disconnect;
	};
};

struct nvme_cqe {
	union {
		struct { struct le32 dw0, dw1; };
		struct le64 value;		/* Property Get */
	};
	struct le16 sqhd;
	struct le16 sqid;
	struct le16 cid;
	struct le16 status;			/* status << 1; the phase bit is 0 on fabrics */
};

_Static_assert(sizeof(struct nvme_sgl) == 16 && offsetof(struct nvme_sgl, id) == 15, "SGL");
_Static_assert(sizeof(struct nvme_sqe) == 64 && _Alignof(struct nvme_sqe) == 1, "SQE");
_Static_assert(offsetof(struct nvme_sqe, fctype) == 4, "SQE FCTYPE");
_Static_assert(offsetof(struct nvme_sqe, mptr) == 16, "SQE MPTR");
_Static_assert(offsetof(struct nvme_sqe, sgl1) == 24, "SQE SGL1");
_Static_assert(offsetof(struct nvme_sqe, cdw10) == 40, "SQE CDW10");
_Static_assert(offsetof(struct nvme_sqe, connect.qid) == 42, "Connect QID");
_Static_assert(offsetof(struct nvme_sqe, connect.sqsize) == 44, "Connect SQSIZE");
_Static_assert(offsetof(struct nvme_sqe, connect.cattr) == 46, "Connect CATTR");
_Static_assert(offsetof(struct nvme_sqe, connect.kato_ms) == 48, "Connect KATO");
_Static_assert(offsetof(struct nvme_sqe, property.ofst) == 44, "Property OFST");
_Static_assert(offsetof(struct nvme_sqe, property.value) == 48, "Property VALUE");
_Static_assert(sizeof(struct nvme_cqe) == 16 && offsetof(struct nvme_cqe, status) == 14, "CQE");

#define NVME_CATTR_PRIORITY_MASK 0x03
#define NVME_CATTR_SQFLOW_OFF 0x04	/* the host asks for no SQ flow control */
#define NVME_CATTR_IOQ_DELETION 0x08	/* the host can delete single I/O queues */

/* DW0 of an answer to Connect that names the wrong field. */
#define NVME_CONNECT_IPO(ipo, iattr) ((uint32_t)(ipo) | (uint32_t)(iattr) << 16)

#define NVME_CNTLID_MAX 0xffef
#define NVME_CNTLID_STATIC_ANY 0xfffe
#define NVME_CNTLID_DYNAMIC 0xffff
#define NVME_SQHD_NONE 0xffff		/* in a response while SQ flow control is off */
#define NVME_NSID_ALL 0xffffffffu
#define NVME_ADMIN_ENTRIES_MIN 32	/* every admin queue may have so many */
#define NVME_ADMIN_ENTRIES_MAX 4096
#define NVME_ADMIN_ICD_BYTES 8192	/* every host may send this much with an admin command */
#define NVME_DISCOVERY_NQN "nqn.2014-08.org.nvmexpress.discovery"
#define NVME_TCP_DISCOVERY_PORT 8009
#define NVME_TCP_IO_PORT 4420

/* Properties (controller registers), by offset. */
enum nvme_property {
	NVME_PROP_CAP = 0x00,	/* 8 bytes */
	NVME_PROP_VS = 0x08,
	NVME_PROP_CC = 0x14,
	NVME_PROP_CSTS = 0x1c,
	NVME_PROP_NSSR = 0x20,
	NVME_PROP_CRTO = 0x68,
};
#define NVME_PROP_SIZE_MASK 0x07	/* ATTRIB bits 2:0 */
#define NVME_PROP_SIZE_4 0x00
#define NVME_PROP_SIZE_8 0x01

#define NVME_VS(major, minor, tertiary) \
	((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(tertiary))

#define NVME_CAP_MQES(v) ((uint64_t)(v) & 0xffff)	/* 0's based */
#define NVME_CAP_CQR (1ull << 16)
#define NVME_CAP_AMS_WRR (1ull << 17)
#define NVME_CAP_TO(v) (((uint64_t)(v) & 0xff) << 24)	/* units of 500 ms */
#define NVME_CAP_DSTRD(v) (((uint64_t)(v) & 0xf) << 32)
#define NVME_CAP_NSSRS (1ull << 36)
#define NVME_CAP_CSS_NVM (1ull << 37)
#define NVME_CAP_CSS_IOCS (1ull << 43)
#define NVME_CAP_CSS_ADMIN_ONLY (1ull << 44)
#define NVME_CAP_MPSMIN(v) (((uint64_t)(v) & 0xf) << 48)	/* 2^(12 + v) bytes */
#define NVME_CAP_MPSMAX(v) (((uint64_t)(v) & 0xf) << 52)
#define NVME_CAP_CRMS_WITH_MEDIA (1ull << 59)
#define NVME_CAP_CRMS_INDEPENDENT (1ull << 60)

#define NVME_CC_EN 0x1u
#define NVME_CC_CSS(cc) ((cc) >> 4 & 0x7)
#define NVME_CC_CSS_NVM 0u
#define NVME_CC_CSS_IOCS 6u
#define NVME_CC_CSS_ADMIN_ONLY 7u
#define NVME_CC_MPS(cc) ((cc) >> 7 & 0xf)
#define NVME_CC_AMS(cc) ((cc) >> 11 & 0x7)
#define NVME_CC_SHN(cc) ((cc) >> 14 & 0x3)
#define NVME_CC_SHN_NONE 0u
#define NVME_CC_SHN_NORMAL 1u
#define NVME_CC_SHN_ABRUPT 2u
#define NVME_CC_IOSQES(cc) ((cc) >> 16 & 0xf)
#define NVME_CC_IOCQES(cc) ((cc) >> 20 & 0xf)
#define NVME_CC_CRIME 0x01000000u
#define NVME_CC_CSS_MASK 0x00000070u
#define NVME_CC_MPS_MASK 0x00000780u
#define NVME_CC_AMS_MASK 0x00003800u
#define NVME_CC_SHN_MASK 0x0000c000u
#define NVME_CC_IOSQES_MASK 0x000f0000u
#define NVME_CC_IOCQES_MASK 0x00f00000u
#define NVME_CC_RESERVED_MASK 0xfe00000eu

#define NVME_CSTS_RDY 0x1u
#define NVME_CSTS_CFS 0x2u
#define NVME_CSTS_SHST_MASK 0xcu
#define NVME_CSTS_SHST_NONE 0x0u
#define NVME_CSTS_SHST_OCCURRING 0x4u
#define NVME_CSTS_SHST_COMPLETE 0x8u
#define NVME_CSTS_NSSRO 0x10u

/* Identify: CDW10 bits 7:0 CNS, 31:16 CNTID; CDW11 bits 31:24 CSI. */
enum nvme_cns {
	NVME_CNS_NS = 0x00,
	NVME_CNS_CTRL = 0x01,
	NVME_CNS_ACTIVE_NS_LIST = 0x02,
	NVME_CNS_NS_DESC_LIST = 0x03,
	NVME_CNS_NVMSET_LIST = 0x04,
	NVME_CNS_CSI_NS = 0x05,
	NVME_CNS_CSI_CTRL = 0x06,
	NVME_CNS_CSI_ACTIVE_NS_LIST = 0x07,
	NVME_CNS_INDEPENDENT_NS = 0x08,
	NVME_CNS_ALLOCATED_NS_LIST = 0x10,
	NVME_CNS_ALLOCATED_NS = 0x11,
	NVME_CNS_NS_CTRL_LIST = 0x12,
	NVME_CNS_CTRL_LIST = 0x13,
	NVME_CNS_PRIMARY_CTRL_CAP = 0x14,
	NVME_CNS_SECONDARY_CTRL_LIST = 0x15,
	NVME_CNS_UUID_LIST = 0x17,
	NVME_CNS_DOMAIN_LIST = 0x18,
	NVME_CNS_ENDURANCE_GROUP_LIST = 0x19,
	NVME_CNS_IO_COMMAND_SETS = 0x1c,
};
#define NVME_CSI_NVM 0x00

enum nvme_cntrltype { NVME_CNTRLTYPE_IO = 1, NVME_CNTRLTYPE_DISCOVERY, NVME_CNTRLTYPE_ADMIN };

/* Log pages: CDW10 LID 7:0, LSP 14:8, RAE 15, NUMDL 31:16; CDW11 NUMDU 15:0; CDW12/13 LPO. */
enum nvme_lid {
	NVME_LID_SUPPORTED_PAGES = 0x00,
	NVME_LID_ERROR = 0x01,
	NVME_LID_SMART = 0x02,
	NVME_LID_FW_SLOT = 0x03,
	NVME_LID_CHANGED_NS = 0x04,
	NVME_LID_COMMANDS_EFFECTS = 0x05,
	NVME_LID_DEVICE_SELF_TEST = 0x06,
	NVME_LID_ANA = 0x0c,
	NVME_LID_FEATURE_EFFECTS = 0x12,
	NVME_LID_MI_EFFECTS = 0x13,
	NVME_LID_DISCOVERY = 0x70,
	NVME_LID_RESERVATION = 0x80,
	NVME_LID_SANITIZE = 0x81,
};
#define NVME_LOG_RAE 0x00008000u
#define NVME_LOG_LSP(cdw10) ((cdw10) >> 8 & 0x7fu)
/* Log 70h: bits of LSP, of DLPF in the page, and of LIDSP in log 00h. */
#define NVMF_DISCOVERY_EXTENDED 0x1u	/* EXTDLPE: entries with room for attributes */
#define NVMF_DISCOVERY_PORT_LOCAL 0x2u	/* PLEO: what is reached by the same address */

/* Asymmetric Namespace Access: how a controller reaches a group of namespaces. */
enum nvme_ana_state {
	NVME_ANA_OPTIMIZED = 0x1,
	NVME_ANA_NON_OPTIMIZED = 0x2,
	NVME_ANA_INACCESSIBLE = 0x3,
	NVME_ANA_PERSISTENT_LOSS = 0x4,
	NVME_ANA_CHANGE = 0xf,
};
#define NVME_ANA_RGO 0x00000100u	/* log 0Ch, CDW10: groups only, without their namespaces */
/* ANACAP: each state that may be reported, by its bit. */
#define NVME_ANACAP_STATES 0x1f

/* Features: CDW10 bits 7:0 FID, Get: 10:8 SEL, Set: 31 SV. */
enum nvme_fid {
	NVME_FID_ARBITRATION = 0x01,
	NVME_FID_POWER_MANAGEMENT = 0x02,
	NVME_FID_TEMPERATURE_THRESHOLD = 0x04,
	NVME_FID_ERROR_RECOVERY = 0x05,
	NVME_FID_VOLATILE_WRITE_CACHE = 0x06,
	NVME_FID_NUMBER_OF_QUEUES = 0x07,
	NVME_FID_INTERRUPT_COALESCING = 0x08,
	NVME_FID_INTERRUPT_VECTOR = 0x09,
	NVME_FID_WRITE_ATOMICITY = 0x0a,
	NVME_FID_ASYNC_EVENT_CONFIG = 0x0b,
	NVME_FID_APST = 0x0c,
	NVME_FID_TIMESTAMP = 0x0e,
	NVME_FID_KEEP_ALIVE_TIMER = 0x0f,
	NVME_FID_HOST_BEHAVIOR = 0x16,
	NVME_FID_SOFTWARE_PROGRESS = 0x80,
	NVME_FID_HOST_IDENTIFIER = 0x81,
	NVME_FID_RESERVATION_MASK = 0x82,
	NVME_FID_RESERVATION_PERSISTENCE = 0x83,
	NVME_FID_NS_WRITE_PROTECTION = 0x84,
};
/* States of feature 84h. */
enum nvme_write_protection {
	NVME_WPS_NONE = 0,
	NVME_WPS_WRITE_PROTECT = 1,
};

enum nvme_feature_select {
	NVME_FEATURE_CURRENT, NVME_FEATURE_DEFAULT, NVME_FEATURE_SAVED, NVME_FEATURE_SUPPORTED,
};
#define NVME_FEATURE_SAVE 0x80000000u

/* Asynchronous events: DW0 of the completion and bits of OAES and feature 0Bh. */
enum nvme_aer_type {
	NVME_AER_ERROR = 0x0,
	NVME_AER_SMART = 0x1,
	NVME_AER_NOTICE = 0x2,
	NVME_AER_IO_COMMAND_SET = 0x6,
	NVME_AER_VENDOR = 0x7,
};
enum nvme_aer_error { NVME_AER_TRANSIENT_INTERNAL_ERROR = 0x04 };
enum nvme_aer_health { NVME_AER_RELIABILITY = 0x00 };
enum nvme_aer_io_command_set { NVME_AER_RESERVATION_LOG = 0x00 };
enum nvme_aer_notice {
	NVME_AER_NS_ATTRIBUTE_CHANGED = 0x00,
	NVME_AER_FW_ACTIVATION = 0x01,
	NVME_AER_ANA_CHANGE = 0x03,
	NVME_AER_DISCOVERY_CHANGE = 0xf0,
};
#define NVME_AER_DW0(type, info, lid) \
	((uint32_t)(type) | (uint32_t)(info) << 8 | (uint32_t)(lid) << 16)
#define NVME_AEC_SMART_MASK 0x000000ffu
#define NVME_AEC_NS_ATTRIBUTE 0x00000100u
#define NVME_AEC_FW_ACTIVATION 0x00000200u
#define NVME_AEC_ANA_CHANGE 0x00000800u
#define NVME_AEC_DISCOVERY_CHANGE 0x80000000u

/* Read, Write, Write Zeroes: CDW10/11 SLBA; CDW12 as below. */
#define NVME_RW_NLB0(cdw12) ((cdw12) & 0xffff)	/* 0's based */
#define NVME_RW_PRINFO_MASK 0x3c000000u
#define NVME_RW_DTYPE 0x00f00000u		/* Write, Copy: directive */
#define NVME_RW_NSZ 0x00800000u			/* Write Zeroes: the whole namespace */
#define NVME_RW_DEAC 0x02000000u		/* Write Zeroes: may deallocate */
#define NVME_RW_FUA 0x40000000u
#define NVME_RW_LR 0x80000000u

/* Reservations: CDW10 bits 2:0 are the action, 3 IEKEY; Acquire, Release: 15:8 RTYPE; Register: 31:30
 * CPTPL. Report: CDW10 NUMD (0's based), CDW11 bit 0 EDS. */
enum nvme_resv_type {
	NVME_RESV_NONE,
	NVME_RESV_WRITE_EXCLUSIVE,
	NVME_RESV_EXCLUSIVE_ACCESS,
	NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS,
	NVME_RESV_EXCLUSIVE_ACCESS_REGISTRANTS,
	NVME_RESV_WRITE_EXCLUSIVE_ALL,
	NVME_RESV_EXCLUSIVE_ACCESS_ALL,
	NVME_RESV_TYPE_MAX
};
enum nvme_resv_register { NVME_RREGA_REGISTER, NVME_RREGA_UNREGISTER, NVME_RREGA_REPLACE };
enum nvme_resv_acquire { NVME_RACQA_ACQUIRE, NVME_RACQA_PREEMPT, NVME_RACQA_PREEMPT_ABORT };
enum nvme_resv_release { NVME_RRELA_RELEASE, NVME_RRELA_CLEAR };
enum nvme_resv_cptpl { NVME_CPTPL_KEEP, NVME_CPTPL_RESERVED, NVME_CPTPL_OFF, NVME_CPTPL_ON };
/* Types of log 80h; bits 1 to 3 of feature 82h mask them. */
enum nvme_resv_notice {
	NVME_RESV_NOTICE_NONE,
	NVME_RESV_REGISTRATION_PREEMPTED,
	NVME_RESV_RELEASED,
	NVME_RESV_PREEMPTED,
	NVME_RESV_NOTICE_MAX
};
#define NVME_RESV_ACTION(cdw10) ((cdw10) & 0x7)
#define NVME_RESV_IEKEY 0x8u
#define NVME_RESV_RTYPE(cdw10) ((cdw10) >> 8 & 0xff)
#define NVME_RESV_CPTPL(cdw10) ((cdw10) >> 30)
#define NVME_RESV_EDS 0x1u

#define NVME_DSM_NR0(cdw10) ((cdw10) & 0xff)	/* 0's based */
#define NVME_DSM_AD 0x4u			/* CDW11: deallocate */

/* Copy: CDW10/11 SDLBA; CDW12 as Write, but for its low half. */
#define NVME_COPY_NR0(cdw12) ((cdw12) & 0xff)	/* ranges, 0's based */
#define NVME_COPY_FORMAT(cdw12) ((cdw12) >> 8 & 0xf)

#endif
