/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Get Log Page: every log, offsets, lengths, namespaces, and what the logs say of what was just
 * done. NVMe Base 2.0 section 5.16.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

#define ABSENT "Base 2.0, 5.16.1: a log page that is not supported"
#define OFFSET "Base 2.0, 5.16.1: Log Page Offset"
#define SCOPE "Base 2.0, 5.16.1: NSID of a log of the controller"

/* Every byte behind the page's own size is zero. `arg`: that size. */
static const char *
check_tail(struct conf *c, const struct conf_row *r)
{
	for (uint32_t i = (uint32_t)r->arg; i < c->cmd.received; i++)
		if (c->buf[i] != 0)
			return ("something behind the end of the page");
	return (c->cmd.received == r->len ? NULL : "not as long as NUMD says");
}

static const char *
check_firmware(struct conf *c, const struct conf_row *r)
{
	(void)r;
	return ((c->buf[0] & 7) != 0 && memcmp(c->buf + 8, c->ctrl.identify + 64, 8) == 0 ? NULL :
	    "the active slot is none, or its revision is not FR");
}

/* Spare, threshold and usage are percentages; the temperature is nothing or plausible (kelvin). */
static const char *
check_smart(struct conf *c, const struct conf_row *r)
{
	unsigned kelvin = get16(c->buf, 1);

	(void)r;
	if (c->buf[3] > 100 || c->buf[4] > 100)
		return ("spare is more than 100 %");
	return (kelvin == 0 || (kelvin > 200 && kelvin < 400) ? NULL : "the temperature");
}

/* Twice the same part: at its offset it is what it was in the whole. */
static int
part(struct conf *c, const struct conf_row *r)
{
	if (conf_log(c, (uint8_t)r->cdw10, SPEC_IDENTIFY_LEN) == -1)
		return (-1);
	memcpy(c->buf + SPEC_IDENTIFY_LEN, c->buf, SPEC_IDENTIFY_LEN);
	host_fill_log(&c->cmd, (uint8_t)r->cdw10, r->arg, c->buf, r->len);
	return (conf_exec(c, c->q, &c->cmd));
}

static const char *
check_part(struct conf *c, const struct conf_row *r)
{
	return (memcmp(c->buf, c->buf + SPEC_IDENTIFY_LEN + r->arg, r->len) == 0 ? NULL :
	    "not what the whole page had there");
}

/* A command that fails, and its entry: the newest, with its queue, identifier and status. */
static int
error_entry(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *bad = &c->other[0];

	(void)r;
	host_fill_read(bad, N_RAM, c->ns[N_RAM].nlbas + 5, 1, c->buf, 512);
	if (conf_exec(c, c->ctrl.io[0], bad) == -1)
		return (-1);
	host_fill_log(&c->cmd, 1, 0, c->buf, 64);
	return (conf_exec(c, c->ctrl.admin, &c->cmd));
}

static const char *
check_entry(struct conf *c, const struct conf_row *r)
{
	(void)r;
	if (get64(c->buf, 0) == 0 || get16(c->buf, 8) != 1 ||
	    get16(c->buf, 10) != c->other[0].cid)
		return ("no entry for this command: count, SQID, CID");
	if (((get16(c->buf, 12) >> 1 ^ c->other[0].status) & W_MASK) != 0)
		return ("the entry has another status");
	return (get32(c->buf, 24) == N_RAM && get64(c->buf, 16) == c->ns[N_RAM].nlbas + 5 ? NULL :
	    "the entry has another NSID or LBA");
}

/* ... and of one without an LBA, whose CDW10 and CDW11 are something else. */
static int
error_without_lba(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *bad = &c->other[0];

	host_fill(bad, (uint8_t)r->arg, N_RAM, HOST_TO_TARGET, c->buf, 4);
	put32(bad->sqe, SQE_CDW10, 2);
	if (conf_exec(c, c->ctrl.io[0], bad) == -1)
		return (-1);
	if (bad->status == 0)
		return (conf_fail(c, "a command with too little data was done"));
	host_fill_log(&c->cmd, 1, 0, c->buf, 64);
	return (conf_exec(c, c->ctrl.admin, &c->cmd));
}

static const char *
check_no_lba(struct conf *c, const struct conf_row *r)
{
	if (c->buf[31] != r->arg || get16(c->buf, 10) != c->other[0].cid)
		return ("no entry for this command: opcode, CID");
	return (get64(c->buf, 16) == 0 ? NULL : "an LBA of a command that has none");
}

/* SMART before and after a read, a write, a failure: the counters have moved by as much. */
static int
counted(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *io = &c->other[0];

	(void)r;
	if (conf_log(c, 2, 512) == -1)
		return (-1);
	memcpy(c->buf + 512, c->buf, 512);
	host_fill_read(io, N_RAM, 0, 1, c->buf + 4096, 512);
	if (conf_good(c, c->ctrl.io[0], io) == -1)
		return (-1);
	host_fill_write(io, N_RAM, 0, 1, c->buf + 4096, 512);
	if (conf_good(c, c->ctrl.io[0], io) == -1)
		return (-1);
	host_fill_log(&c->cmd, 2, 0, c->buf, 512);
	return (conf_exec(c, c->ctrl.admin, &c->cmd));
}

static const char *
check_counted(struct conf *c, const struct conf_row *r)
{
	const uint8_t *was = c->buf + 512;

	(void)r;
	if (get64(c->buf, 64) - get64(was, 64) != 1 || get64(c->buf, 80) - get64(was, 80) != 1)
		return ("Host Read and Write Commands did not grow by one each");
	return (get64(c->buf, 32) >= get64(was, 32) && get64(c->buf, 48) >= get64(was, 48) ? NULL :
	    "Data Units went back");
}

#define LOG(lid, bytes) .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = N_ALL, \
	.len = (bytes), .cdw10 = (lid) | ((bytes) / 4 - 1) << 16
#define LOG_NS(lid, bytes, n) .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = (n), \
	.len = (bytes), .cdw10 = (lid) | ((bytes) / 4 - 1) << 16
#define NO(name, lid) { name, ABSENT, DNR(ST_LOG), LOG(lid, 512) }

static const struct conf_row rows[] = {
	{ "disabled", "Base 2.0, 3.5.2: before CC.EN", ANY(ST_SEQUENCE), .place = P_DISABLED,
	    LOG(2, 512) },
	{ "supported", "Base 2.0, 5.16.1.1", 0, LOG(0, 1024) },
	{ "error", "Base 2.0, 5.16.1.2", 0, LOG(1, 64) },
	{ "error-entry", "Base 2.0, 5.16.1.2", 0, .run = error_entry, .check = check_entry,
	    .place = P_IO },
	{ "error-register", "NVM Command Set 1.0, 4.1.4.1: LBA, if applicable", 0,
	    .run = error_without_lba, .check = check_no_lba, .arg = OPC_RESV_REGISTER,
	    .place = P_IO },
	{ "error-deallocate", "NVM Command Set 1.0, 4.1.4.1: LBA, if applicable", 0,
	    .run = error_without_lba, .check = check_no_lba, .arg = OPC_DSM, .place = P_IO },
	{ "smart", "Base 2.0, 5.16.1.3", 0, .check = check_smart, LOG(2, 512) },
	{ "smart-nsid-0", "Base 2.0, 5.16.1.3: the controller's", 0, .check = check_smart,
	    LOG_NS(2, 512, 0) },
	{ "smart-counted", "Base 2.0, 5.16.1.3", 0, .run = counted, .check = check_counted,
	    .place = P_IO },
	{ "smart-after-nn", "Base 2.0, 3.2.1.2: an invalid NSID", DNR(ST_NAMESPACE),
	    { DNR(ST_FIELD) }, LOG_NS(2, 512, N_AFTER) },
	{ "smart-inactive", "Base 2.0, 3.2.1.4: an inactive NSID", DNR(ST_FIELD),
	    LOG_NS(2, 512, N_INACTIVE) },
	{ "firmware", "Base 2.0, 5.16.1.4", 0, .check = check_firmware, LOG(3, 512) },
	{ "changed-ns", "Base 2.0, 5.16.1.5", 0, .check = conf_is_zero, LOG(4, 4096) },
	{ "effects", "Base 2.0, 5.16.1.6", 0, LOG(5, 4096) },
	{ "features", "Base 2.0, 5.16.1.18", 0, LOG(0x12, 1024) },
	{ "mi", "Base 2.0, 5.16.1.19: no NVMe-MI commands", 0, .check = conf_is_zero,
	    LOG(0x13, 4096) },
	/* lengths */
	{ "4-bytes", NULL, 0, LOG(2, 4) },
	{ "longer-than-the-page", "Base 2.0, 5.16: more than there is", 0, { DNR(ST_FIELD) },
	    .check = check_tail, .arg = 512, LOG(2, 2048) },
	{ "numd-more-than-sgl", "Base 2.0, 4.1.2: an SGL that is too short", DNR(ST_SGL_LENGTH),
	    .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = N_ALL, .len = 512,
	    .cdw10 = 2 | 128 << 16 },
	{ "numd-with-sgl-0", "Base 2.0, 4.1.2: an SGL that is too short", DNR(ST_SGL_LENGTH),
	    .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = N_ALL, .cdw10 = 2 | 127 << 16 },
	{ "sgl-more-than-numd", "Base 2.0, 4.1.2: an SGL that is longer", 0,
	    { DNR(ST_SGL_LENGTH) }, .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = N_ALL,
	    .len = 1024, .cdw10 = 2 | 127 << 16 },
	{ "numd-max", "Base 2.0, 5.17.2.1: MDTS", DNR(ST_FIELD), { DNR(ST_SGL_LENGTH) },
	    .opc = OPC_GET_LOG, .dir = HOST_FROM_TARGET, .nsid = N_ALL, .len = 4096,
	    .cdw10 = 2u | 0xffffu << 16, .cdw11 = 0xffff },
	/* offsets */
	{ "half", OFFSET, 0, .run = part, .check = check_part, .cdw10 = 5, .arg = 2048,
	    .len = 2048 },
	{ "odd-part", OFFSET, 0, .run = part, .check = check_part, .cdw10 = 5, .arg = 1020,
	    .len = 64 },
	{ "offset-to-the-end", OFFSET, 0, .run = part, .check = check_part, .cdw10 = 5,
	    .arg = 4092, .len = 4 },
	{ "offset-at-the-end", OFFSET, 0, { DNR(ST_FIELD) }, LOG(2, 4), .cdw12 = 512 },
	{ "offset-past", OFFSET, DNR(ST_FIELD), LOG(2, 4), .cdw12 = 516 },
	{ "offset-far-past", OFFSET, DNR(ST_FIELD), LOG(2, 4), .cdw12 = 1 << 20 },
	{ "offset-4G", OFFSET, DNR(ST_FIELD), LOG(2, 4), .cdw13 = 1 },
	{ "offset-max", OFFSET, DNR(ST_FIELD), LOG(2, 4), .cdw12 = 0xfffffffc,
	    .cdw13 = 0xffffffff },
	{ "offset-2", OFFSET, DNR(ST_FIELD), { W_SUCCESS }, LOG(2, 4), .cdw12 = 2 },
	{ "offset-index", "Base 2.0, 5.16.1: Offset Type", DNR(ST_FIELD), LOG(2, 4), .cdw12 = 4,
	    .cdw14 = 1 << 23 },
	/* what is not used */
	{ "lsp", "Base 2.0, 1.4: reserved bits", 0, { DNR(ST_FIELD) }, .opc = OPC_GET_LOG,
	    .dir = HOST_FROM_TARGET, .nsid = N_ALL, .len = 512,
	    .cdw10 = 2 | 0x7f << 8 | 127 << 16 },
	{ "rae", "Base 2.0, 5.16: Retain Asynchronous Event", 0, .opc = OPC_GET_LOG,
	    .dir = HOST_FROM_TARGET, .nsid = N_ALL, .len = 512, .cdw10 = 2 | 1 << 15 | 127 << 16 },
	{ "error-nsid", SCOPE, DNR(ST_FIELD), { W_SUCCESS }, LOG_NS(1, 64, N_RAM) },
	{ "firmware-nsid", SCOPE, DNR(ST_FIELD), { W_SUCCESS }, LOG_NS(3, 512, N_RAM) },
	{ "effects-csi-zoned", "Base 2.0, 5.16.1.6: a command set that is not supported",
	    DNR(ST_NO_COMMAND_SET), { W_SUCCESS, DNR(ST_FIELD) }, LOG(5, 4096), .cdw14 = 2u << 24 },
	/* what is not there */
	NO("self-test", 0x06), NO("telemetry-host", 0x07), NO("telemetry-ctrl", 0x08),
	NO("endurance", 0x09), NO("predictable", 0x0a), NO("predictable-events", 0x0b),
	NO("persistent-events", 0x0d), NO("lba-status", 0x0e), NO("endurance-events", 0x0f),
	NO("media-units", 0x10), NO("capacity", 0x11), NO("lockdown", 0x14), NO("boot", 0x15),
	NO("discovery", 0x70), NO("sanitize", 0x81), NO("zones", 0xbf), NO("reserved-1a", 0x2a),
	NO("reserved-7f", 0x7f), NO("vendor-c0", 0xc0), NO("vendor-ff", 0xff),
};

CONF_TABLE(log, "Base 2.0, 5.16", "Get Log Page", false);
