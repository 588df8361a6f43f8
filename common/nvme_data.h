/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data structures that NVMe commands transfer: Connect data, Identify, log pages, DSM ranges.
 * Only bytes and wire integers, so every struct has the layout of its table in the specification;
 * the asserts hold sizes and offsets. Fields are named as there; zero the struct before filling it.
 */
#ifndef COMMON_NVME_DATA_H
#define COMMON_NVME_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

#define NVME_NQN_FIELD 256	/* bytes of an NQN on the wire; the text has at most 223 */
#define NVME_SN_BYTES 20
#define NVME_MN_BYTES 40
#define NVME_FR_BYTES 8
#define NVME_IDENTIFY_BYTES 4096

#define NVME_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#define NVME_AT(type, field, at) \
	_Static_assert(offsetof(struct type, field) == (at), #type " " #field)

struct le128 { struct le64 lo, hi; };

struct nvmf_connect_data {
	uint8_t hostid[16];
	struct le16 cntlid;
	uint8_t reserved18[238];
	uint8_t subnqn[NVME_NQN_FIELD];
	uint8_t hostnqn[NVME_NQN_FIELD];
	uint8_t reserved768[256];
};
NVME_SIZE(nvmf_connect_data, 1024);
NVME_AT(nvmf_connect_data, cntlid, 16);
NVME_AT(nvmf_connect_data, subnqn, 256);
NVME_AT(nvmf_connect_data, hostnqn, 512);

struct nvme_power_state {
	struct le16 mp;			/* centiwatts */
	uint8_t reserved2, mxps_nops;
	struct le32 enlat, exlat;	/* microseconds */
	uint8_t rrt, rrl, rwt, rwl;
	uint8_t reserved16[16];
};

/* Identify, CNS 01h. */
struct nvme_id_ctrl {
	struct le16 vid, ssvid;
	uint8_t sn[NVME_SN_BYTES];	/* sn, mn, fr: ASCII, padded with spaces */
	uint8_t mn[NVME_MN_BYTES];
	uint8_t fr[NVME_FR_BYTES];
	uint8_t rab;
	uint8_t ieee[3];		/* OUI, little-endian */
	uint8_t cmic;
	uint8_t mdts;			/* 2^mdts units of CAP.MPSMIN; 0: no limit */
	struct le16 cntlid;
	struct le32 ver, rtd3r, rtd3e, oaes, ctratt;
	struct le16 rrls;
	uint8_t reserved102[9];
	uint8_t cntrltype;
	uint8_t fguid[16];
	struct le16 crdt1, crdt2, crdt3;	/* units of 100 ms */
	uint8_t reserved134[119];
	uint8_t nvmsr, vwci, mec;
	struct le16 oacs;
	uint8_t acl, aerl;		/* 0's based */
	uint8_t frmw, lpa;
	uint8_t elpe, npss;		/* 0's based */
	uint8_t avscc, apsta;
	struct le16 wctemp, cctemp;	/* kelvin */
	struct le16 mtfa;
	struct le32 hmpre, hmmin;
	struct le128 tnvmcap, unvmcap;
	struct le32 rpmbs;
	struct le16 edstt;
	uint8_t dsto, fwug;
	struct le16 kas;		/* units of 100 ms */
	struct le16 hctma, mntmt, mxtmt;
	struct le32 sanicap, hmminds;
	struct le16 hmmaxd, nsetidmax, endgidmax;
	uint8_t anatt, anacap;		/* anatt: seconds */
	struct le32 anagrpmax, nanagrpid, pels;
	struct le16 domainid;
	uint8_t reserved358[10];
	struct le128 megcap;
	uint8_t reserved384[128];
	uint8_t sqes, cqes;
	struct le16 maxcmd;
	struct le32 nn;
	struct le16 oncs, fuses;
	uint8_t fna, vwc;
	struct le16 awun, awupf;	/* 0's based */
	uint8_t icsvscc, nwpc;
	struct le16 acwu, ocfs;
	struct le32 sgls, mnan;
	struct le128 maxdna;
	struct le32 maxcna;
	uint8_t reserved564[204];
	uint8_t subnqn[NVME_NQN_FIELD];
	uint8_t reserved1024[768];
	struct le32 ioccsz, iorcsz;	/* units of 16 bytes */
	struct le16 icdoff;
	uint8_t fcatt, msdbd;
	struct le16 ofcs;
	uint8_t reserved1806[242];
	struct nvme_power_state psd[32];
	uint8_t vendor[1024];
};
NVME_SIZE(nvme_id_ctrl, 4096);
NVME_AT(nvme_id_ctrl, fr, 64);
NVME_AT(nvme_id_ctrl, mdts, 77);
NVME_AT(nvme_id_ctrl, cntlid, 78);
NVME_AT(nvme_id_ctrl, ctratt, 96);
NVME_AT(nvme_id_ctrl, cntrltype, 111);
NVME_AT(nvme_id_ctrl, crdt1, 128);
NVME_AT(nvme_id_ctrl, oacs, 256);
NVME_AT(nvme_id_ctrl, wctemp, 266);
NVME_AT(nvme_id_ctrl, tnvmcap, 280);
NVME_AT(nvme_id_ctrl, kas, 320);
NVME_AT(nvme_id_ctrl, sanicap, 328);
NVME_AT(nvme_id_ctrl, anatt, 342);
NVME_AT(nvme_id_ctrl, domainid, 356);
NVME_AT(nvme_id_ctrl, megcap, 368);
NVME_AT(nvme_id_ctrl, sqes, 512);
NVME_AT(nvme_id_ctrl, nn, 516);
NVME_AT(nvme_id_ctrl, oncs, 520);
NVME_AT(nvme_id_ctrl, vwc, 525);
NVME_AT(nvme_id_ctrl, ocfs, 534);
NVME_AT(nvme_id_ctrl, sgls, 536);
NVME_AT(nvme_id_ctrl, maxcna, 560);
NVME_AT(nvme_id_ctrl, subnqn, 768);
NVME_AT(nvme_id_ctrl, ioccsz, 1792);
NVME_AT(nvme_id_ctrl, icdoff, 1800);
NVME_AT(nvme_id_ctrl, ofcs, 1804);
NVME_AT(nvme_id_ctrl, psd, 2048);
NVME_AT(nvme_id_ctrl, vendor, 3072);

#define NVME_CMIC_MULTI_PORT 0x01
#define NVME_CMIC_MULTI_CTRL 0x02
#define NVME_CMIC_ANA 0x08
#define NVME_CTRATT_HOSTID128 0x00000001u
#define NVME_CTRATT_TBKAS 0x00000040u
#define NVME_LPA_SMART_PER_NS 0x01
#define NVME_LPA_SUPPORTED_PAGES 0x20	/* logs 00h, 12h, 13h and scopes in 05h */
#define NVME_LPA_EFFECTS 0x02
#define NVME_LPA_EXTENDED 0x04		/* NUMDU and LPO may be used */
#define NVME_ONCS_COMPARE 0x0001
#define NVME_ONCS_WRITE_UNCORRECTABLE 0x0002
#define NVME_ONCS_DSM 0x0004
#define NVME_ONCS_WRITE_ZEROES 0x0008
#define NVME_ONCS_SAVE 0x0010
#define NVME_ONCS_RESERVATIONS 0x0020
#define NVME_ONCS_VERIFY 0x0080
#define NVME_ONCS_COPY 0x0100
#define NVME_FUSES_COMPARE_WRITE 0x0001
#define NVME_VWC_PRESENT 0x01
#define NVME_VWC_FLUSH_ALL_NO 0x04	/* Flush of NSID FFFFFFFFh: not supported */
#define NVME_VWC_FLUSH_ALL 0x06		/* Flush of NSID FFFFFFFFh: supported */
#define NVME_NWPC_WRITE_PROTECT 0x01	/* No Write Protect and Write Protect */
#define NVME_SGLS_SUPPORTED 0x00000001u
#define NVME_SGLS_OFFSET 0x00100000u	/* the address may be an in-capsule offset */
#define NVME_SGLS_TRANSPORT 0x00200000u	/* transport SGL data block */
#define NVME_OFCS_DISCONNECT 0x0001

/* Identify, CNS 00h. Block counts are in logical blocks. */
struct nvme_lbaf { struct le16 ms; uint8_t lbads, rp; };	/* lbads: log2 of bytes */

struct nvme_id_ns {
	struct le64 nsze, ncap, nuse;
	uint8_t nsfeat, nlbaf, flbas, mc, dpc, dps, nmic, rescap, fpi, dlfeat;
	struct le16 nawun, nawupf, nacwu, nabsn, nabo, nabspf, noiob;
	struct le128 nvmcap;
	struct le16 npwg, npwa, npdg, npda, nows;	/* 0's based */
	struct le16 mssrl;
	struct le32 mcl;
	uint8_t msrc;
	uint8_t reserved81[11];
	struct le32 anagrpid;
	uint8_t reserved96[3];
	uint8_t nsattr;
	struct le16 nvmsetid, endgid;
	uint8_t nguid[16], eui64[8];	/* big-endian */
	struct nvme_lbaf lbaf[64];
	uint8_t vendor[3712];
};
NVME_SIZE(nvme_id_ns, 4096);
NVME_AT(nvme_id_ns, dlfeat, 33);
NVME_AT(nvme_id_ns, noiob, 46);
NVME_AT(nvme_id_ns, nvmcap, 48);
NVME_AT(nvme_id_ns, npwg, 64);
NVME_AT(nvme_id_ns, mssrl, 74);
NVME_AT(nvme_id_ns, anagrpid, 92);
NVME_AT(nvme_id_ns, nsattr, 99);
NVME_AT(nvme_id_ns, nguid, 104);
NVME_AT(nvme_id_ns, eui64, 120);
NVME_AT(nvme_id_ns, lbaf, 128);
NVME_AT(nvme_id_ns, vendor, 384);

#define NVME_NSFEAT_THIN 0x01
#define NVME_NSFEAT_NSABP 0x02		/* nawun, nawupf, nacwu are valid */
#define NVME_NSFEAT_DAE 0x04
#define NVME_NSFEAT_UIDREUSE 0x08
#define NVME_NSFEAT_OPTPERF 0x10	/* npwg to nows are valid */
#define NVME_NMIC_SHARED 0x01
#define NVME_NSATTR_WRITE_PROTECTED 0x01
#define NVME_DLFEAT_ZEROES 0x01
#define NVME_DLFEAT_WRITE_ZEROES_DEAC 0x08

/* Identify, CNS 03h: descriptors follow each other, NIDL bytes of identifier after each header. */
struct nvme_ns_desc { uint8_t nidt, nidl, reserved2[2]; };
NVME_SIZE(nvme_ns_desc, 4);

enum nvme_nidt { NVME_NIDT_EUI64 = 1, NVME_NIDT_NGUID, NVME_NIDT_UUID, NVME_NIDT_CSI };

/* Identify, CNS 06h, CSI 00h: limits of the NVM command set. */
struct nvme_id_ctrl_nvm {
	uint8_t vsl, wzsl, wusl;	/* 2^n units of CAP.MPSMIN; 0: no limit */
	uint8_t dmrl;			/* ranges */
	struct le32 dmrsl;		/* logical blocks in a range */
	struct le64 dmsl;		/* logical blocks in all ranges */
	uint8_t reserved16[4080];
};
NVME_SIZE(nvme_id_ctrl_nvm, 4096);
NVME_AT(nvme_id_ctrl_nvm, dmrsl, 4);
NVME_AT(nvme_id_ctrl_nvm, dmsl, 8);

/* Identify, CNS 05h, CSI 00h. */
struct nvme_id_ns_nvm {
	struct le64 lbstm;
	uint8_t pic, reserved9[3];
	struct le32 elbaf[64];
	uint8_t reserved268[3828];
};
NVME_SIZE(nvme_id_ns_nvm, 4096);
NVME_AT(nvme_id_ns_nvm, elbaf, 12);

/* Identify, CNS 08h. */
struct nvme_id_ns_independent {
	uint8_t nsfeat, nmic, rescap, fpi;
	struct le32 anagrpid;
	uint8_t nsattr, reserved9;
	struct le16 nvmsetid, endgid;
	uint8_t nstat;
	uint8_t reserved15[4081];
};
NVME_SIZE(nvme_id_ns_independent, 4096);
NVME_AT(nvme_id_ns_independent, nstat, 14);
#define NVME_NSTAT_NRDY 0x01

/* Identify, CNS 02h (namespaces), 13h (controllers), 19h (endurance groups: as 13h). */
struct nvme_ns_list { struct le32 nsid[1024]; };
NVME_SIZE(nvme_ns_list, 4096);
struct nvme_ctrl_list { struct le16 num, id[2047]; };
NVME_SIZE(nvme_ctrl_list, 4096);

/* Identify, CNS 1Ch: for each combination of I/O command sets, a bit for each CSI. */
struct nvme_io_command_sets { struct le64 vector[512]; };
NVME_SIZE(nvme_io_command_sets, 4096);

/* Log page 01h: newest first. */
struct nvme_error_entry {
	struct le64 error_count;
	struct le16 sqid, cid, status, parameter_location;
	struct le64 lba;
	struct le32 nsid;
	uint8_t vendor_info, trtype, csi, opcode;
	struct le64 command_info;
	struct le16 trtype_info;
	uint8_t reserved42[21], version;
};
NVME_SIZE(nvme_error_entry, 64);
NVME_AT(nvme_error_entry, lba, 16);
NVME_AT(nvme_error_entry, command_info, 32);
#define NVME_ERROR_ENTRY_VERSION 1	/* csi and opcode are valid */

/* Log page 02h. */
struct nvme_smart_log {
	uint8_t critical_warning;
	struct le16 composite_temperature;	/* kelvin */
	uint8_t available_spare, available_spare_threshold, percentage_used;	/* percent */
	uint8_t endurance_group_warning;
	uint8_t reserved7[25];
	struct le128 data_units_read, data_units_written;	/* 1000 units of 512 bytes */
	struct le128 host_read_commands, host_write_commands;
	struct le128 controller_busy_time;	/* minutes */
	struct le128 power_cycles, power_on_hours, unsafe_shutdowns;
	struct le128 media_errors, error_log_entries;
	struct le32 warning_temperature_time, critical_temperature_time;	/* minutes */
	struct le16 temperature_sensor[8];
	struct le32 tmt1_count, tmt2_count, tmt1_time, tmt2_time;
	uint8_t reserved232[280];
};
NVME_SIZE(nvme_smart_log, 512);
NVME_AT(nvme_smart_log, data_units_read, 32);
NVME_AT(nvme_smart_log, power_cycles, 112);
NVME_AT(nvme_smart_log, error_log_entries, 176);
NVME_AT(nvme_smart_log, temperature_sensor, 200);
NVME_AT(nvme_smart_log, reserved232, 232);

/* Log page 03h. */
struct nvme_fw_slot_log {
	uint8_t afi, reserved1[7];
	uint8_t frs[7][NVME_FR_BYTES];
	uint8_t reserved64[448];
};
NVME_SIZE(nvme_fw_slot_log, 512);
NVME_AT(nvme_fw_slot_log, frs, 8);

/* Log page 05h. */
struct nvme_effects_log {
	struct le32 admin[256], io[256];
	uint8_t reserved2048[2048];
};
NVME_SIZE(nvme_effects_log, 4096);
#define NVME_EFFECTS_SUPPORTED 0x00000001u
#define NVME_EFFECTS_CONTENT_CHANGE 0x00000002u

/* Feature 16h. */
struct nvme_host_behavior {
	uint8_t acre, etdas, lbafee, hdisns;
	struct le16 cdfe;		/* copy descriptor formats */
	uint8_t reserved6[506];
};
NVME_SIZE(nvme_host_behavior, 512);
NVME_AT(nvme_host_behavior, cdfe, 4);
#define NVME_CDFE_FORMAT_2 0x0004u

/* Log page 0Ch: a header, then a descriptor with its list of NSIDs for each group. */
struct nvme_ana_header {
	struct le64 chgcnt;
	struct le16 ngrps;
	uint8_t reserved10[6];
};
NVME_SIZE(nvme_ana_header, 16);
struct nvme_ana_group {
	struct le32 grpid, nnsids;
	struct le64 chgcnt;
	uint8_t state, reserved17[15];
};
NVME_SIZE(nvme_ana_group, 32);

/* Log page 70h: a header, then NUMREC entries. */
struct nvmf_discovery_header {
	struct le64 genctr, numrec;
	struct le16 recfmt;
	uint8_t dlpf;			/* NVMF_DISCOVERY_ */
	uint8_t reserved19;
	struct le32 tdlpl;		/* of an extended page: all of it, bytes */
	uint8_t reserved24[1000];
};
NVME_SIZE(nvmf_discovery_header, 1024);
NVME_AT(nvmf_discovery_header, recfmt, 16);
NVME_AT(nvmf_discovery_header, tdlpl, 20);

struct nvmf_discovery_entry {
	uint8_t trtype, adrfam, subtype, treq;
	struct le16 portid, cntlid, asqsz, eflags;
	uint8_t reserved12[20];
	uint8_t trsvcid[32];		/* ASCII, as TRADDR */
	uint8_t reserved64[192];
	uint8_t subnqn[NVME_NQN_FIELD];
	uint8_t traddr[256];
	uint8_t tsas[256];
};
NVME_SIZE(nvmf_discovery_entry, 1024);
NVME_AT(nvmf_discovery_entry, asqsz, 8);
NVME_AT(nvmf_discovery_entry, trsvcid, 32);
NVME_AT(nvmf_discovery_entry, subnqn, 256);
NVME_AT(nvmf_discovery_entry, traddr, 512);
NVME_AT(nvmf_discovery_entry, tsas, 768);

/* What follows an entry in an extended page, before its attributes. */
struct nvmf_discovery_more {
	struct le32 tel;		/* the entry and this, bytes */
	struct le16 numexat;
	uint8_t reserved1030[2];
};
NVME_SIZE(nvmf_discovery_more, 8);
NVME_AT(nvmf_discovery_more, numexat, 4);

enum nvmf_trtype { NVMF_TRTYPE_TCP = 3 };
enum nvmf_adrfam { NVMF_ADRFAM_IPV4 = 1, NVMF_ADRFAM_IPV6 };
enum nvmf_subtype { NVMF_SUBTYPE_REFERRAL = 1, NVMF_SUBTYPE_NVM, NVMF_SUBTYPE_CURRENT };
#define NVMF_TREQ_SECURE_UNSPECIFIED 0x00
#define NVMF_TREQ_SECURE_REQUIRED 0x01
#define NVMF_TREQ_SECURE_NOT_REQUIRED 0x02
#define NVMF_TREQ_SQFLOW_OFF 0x04	/* the host may ask for no SQ flow control */
#define NVMF_EFLAGS_DUPRETINFO 0x0001
#define NVMF_EFLAGS_EPCSD 0x0002
#define NVMF_TSAS_TCP_NONE 0
#define NVMF_TSAS_TCP_TLS 2

/* Dataset Management. */
struct nvme_dsm_range { struct le32 cattr, nlb; struct le64 slba; };
NVME_SIZE(nvme_dsm_range, 16);
NVME_AT(nvme_dsm_range, slba, 8);

/* Reservation Register, Acquire (the second key is PRKEY) and Release (which has no second one). */
struct nvme_resv_keys { struct le64 crkey, nrkey; };
NVME_SIZE(nvme_resv_keys, 16);

/* Reservation Report with 128-bit host identifiers: a header, then one entry for each registrant. */
struct nvme_resv_report {
	struct le32 gen;
	uint8_t rtype;
	struct le16 regstrnt;
	uint8_t reserved7[2];
	uint8_t ptpls;
	uint8_t reserved10[54];
};
NVME_SIZE(nvme_resv_report, 64);
NVME_AT(nvme_resv_report, regstrnt, 5);
NVME_AT(nvme_resv_report, ptpls, 9);

struct nvme_resv_registrant {
	struct le16 cntlid;
	uint8_t rcsts;
	uint8_t reserved3[5];
	struct le64 rkey;
	uint8_t hostid[16];
	uint8_t reserved32[32];
};
NVME_SIZE(nvme_resv_registrant, 64);
NVME_AT(nvme_resv_registrant, rkey, 8);
NVME_AT(nvme_resv_registrant, hostid, 16);
#define NVME_RCSTS_HOLDS 0x01

/* Log page 80h: the oldest notice that was not read yet. */
struct nvme_resv_log {
	struct le64 lpc;
	uint8_t rnlpt;			/* enum nvme_resv_notice */
	uint8_t nalp;			/* how many there are besides, at most 255 */
	uint8_t reserved10[2];
	struct le32 nsid;
	uint8_t reserved16[48];
};
NVME_SIZE(nvme_resv_log, 64);
NVME_AT(nvme_resv_log, nsid, 12);

/* RESCAP of Identify, CNS 00h and 08h. */
#define NVME_RESCAP_PTPL 0x01
#define NVME_RESCAP_TYPES 0x7e		/* all six */
#define NVME_RESCAP_IEKEY13 0x80	/* IEKEY as in revision 1.3 and later */

/* Copy, descriptor formats 0h and 2h; snsid and sopt are reserved in the former. */
struct nvme_copy_range {
	struct le32 snsid;
	uint8_t reserved4[4];
	struct le64 slba;
	struct le16 nlb0;		/* 0's based */
	uint8_t reserved18[4];
	struct le16 sopt;
	struct le32 elbt;
	struct le16 elbat, elbatm;
};
NVME_SIZE(nvme_copy_range, 32);
NVME_AT(nvme_copy_range, slba, 8);
NVME_AT(nvme_copy_range, nlb0, 16);
NVME_AT(nvme_copy_range, elbt, 24);

#endif
