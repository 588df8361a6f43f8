/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Get Log Page: a table by log identifier. A page is built zeroed and whole, then the part that the
 * host asked for is copied; what lies behind its end reads as zeros. The discovery log is the
 * broker's page, byte for byte (discovery.c).
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define PAGE_MAX 4096u			/* of those that are built here */
#define SCOPE_CONTROLLER 0x00200000u	/* log 05h, CSP */
#define LID_MI_EFFECTS 0x13
#define LSUPP 0x1u			/* log 00h */
#define OT 0x00800000u			/* CDW14: LPO is an index */

static struct le128
le128(uint64_t v)
{
	return ((struct le128){ .lo = le64(v) });
}

/* ---- 01h Error Information ---- */

void
ctrl_error(struct controller *c, const struct slot *s, uint16_t status)
{
	const struct cmd *cmd = &s->cmd;
	struct nvme_error_entry *e;
	bool has_lba = s->qp->qid != 0 && s->rule != NULL && cmd->opc != NVME_OPC_FABRICS &&
	    cmd->opc != NVME_NVM_FLUSH && cmd->opc != NVME_NVM_DATASET_MANAGEMENT;

	if ((status & 0x7ff) == NVME_SC_ABORT_REQUESTED)
		return;			/* what was wished for is no error */
	pthread_mutex_lock(&c->error_lock);
	/* media and data integrity, but for an answer that somebody may have waited for */
	if ((status & 0x700) == 0x200 && (status & 0x7ff) != NVME_SC_COMPARE_FAILURE)
		c->media_errors++;
	e = &c->errors[c->nerrors % ERROR_ENTRIES];
	stat_add(&c->nerrors, 1);
	memset(e, 0, sizeof(*e));
	e->error_count = le64(c->nerrors);
	e->sqid = le16(s->qp->qid);
	e->cid = le16(cmd->cid);
	e->status = le16((uint16_t)(status << 1));
	e->parameter_location = le16(0xffff);	/* not said */
	if (has_lba)
		e->lba = le64((uint64_t)cmd->cdw11 << 32 | cmd->cdw10);
	e->nsid = le32(cmd->nsid);
	e->trtype = NVMF_TRTYPE_TCP;
	pthread_mutex_unlock(&c->error_lock);
}

static void
fill_errors(struct controller *c, void *page)
{
	struct nvme_error_entry *to = page;
	uint64_t n;

	pthread_mutex_lock(&c->error_lock);
	n = c->nerrors < ERROR_ENTRIES ? c->nerrors : ERROR_ENTRIES;
	for (uint64_t i = 0; i < n; i++)
		to[i] = c->errors[(c->nerrors - 1 - i) % ERROR_ENTRIES];
	pthread_mutex_unlock(&c->error_lock);
}

/* ---- 02h SMART / Health ---- */

static void
fill_smart(struct controller *c, void *page)
{
	struct nvme_smart_log *log = page;
	struct lane_stats sum = ctrl_stats(c);

	log->available_spare = 100;
	log->data_units_read = le128((sum.read_units + 999) / 1000);
	log->data_units_written = le128((sum.write_units + 999) / 1000);
	log->host_read_commands = le128(sum.reads);
	log->host_write_commands = le128(sum.writes);
	log->power_cycles = le128(1);
	log->power_on_hours = le128((mono_ms() / 60000 - c->minutes_since) / 60);
	pthread_mutex_lock(&c->error_lock);
	log->media_errors = le128(c->media_errors);
	log->error_log_entries = le128(c->nerrors);
	pthread_mutex_unlock(&c->error_lock);
}

/* ---- 03h Firmware Slot ---- */

static void
fill_firmware(struct controller *c, void *page)
{
	struct nvme_fw_slot_log *log = page;

	(void)c;
	log->afi = 1;
	identify_firmware(log->frs[0]);
}

/* ---- 05h Commands Supported and Effects, 12h and 13h their kin ---- */

/* I/O commands have no scope here: Linux would call it an unusual effect. */
static void
fill_effects(struct controller *c, void *page)
{
	struct nvme_effects_log *log = page;

	for (unsigned opc = 0; opc < 256; opc++) {
		const struct cmd_rule *rule = admin_rule((uint8_t)opc);

		if (rule != NULL && (!c->admit.discovery || rule->flags & RULE_DISCOVERY))
			log->admin[opc] = le32(NVME_EFFECTS_SUPPORTED | SCOPE_CONTROLLER);
		rule = c->admit.discovery ? NULL : nvm_rule((uint8_t)opc);
		if (rule != NULL)
			log->io[opc] = le32(NVME_EFFECTS_SUPPORTED |
			    (rule->flags & RULE_CHANGES ? NVME_EFFECTS_CONTENT_CHANGE : 0));
	}
}

static void
fill_features(struct controller *c, void *page)
{
	struct le32 *fid = page;

	for (unsigned i = 0; i < 256; i++)
		fid[i] = le32(feature_effects(c, (uint8_t)i));
}

static void
fill_mi(struct controller *c, void *page)
{
	(void)c;
	(void)page;	/* no management interface commands */
}

static void fill_supported(struct controller *, void *page);

static const struct log {
	uint8_t lid;
	bool io, discovery;	/* which controllers have it */
	uint32_t size;		/* bytes; 0: the broker's page */
	void (*fill)(struct controller *, void *page);
} logs[] = {
	{ NVME_LID_SUPPORTED_PAGES, true, true, 1024, fill_supported },
	{ NVME_LID_ERROR, true, true, sizeof(((struct controller *)0)->errors), fill_errors },
	{ NVME_LID_SMART, true, false, sizeof(struct nvme_smart_log), fill_smart },
	{ NVME_LID_FW_SLOT, true, false, sizeof(struct nvme_fw_slot_log), fill_firmware },
	{ NVME_LID_COMMANDS_EFFECTS, true, true, sizeof(struct nvme_effects_log), fill_effects },
	{ NVME_LID_FEATURE_EFFECTS, true, true, 1024, fill_features },
	{ LID_MI_EFFECTS, true, true, 4096, fill_mi },
	{ NVME_LID_DISCOVERY, false, true, 0, NULL },
};

static const struct log *
find_log(const struct controller *c, uint8_t lid)
{
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		if (logs[i].lid == lid && (c->admit.discovery ? logs[i].discovery : logs[i].io))
			return (&logs[i]);
	return (NULL);
}

static void
fill_supported(struct controller *c, void *page)
{
	struct le32 *lid = page;

	for (unsigned i = 0; i < 256; i++)
		if (find_log(c, (uint8_t)i) != NULL)
			lid[i] = le32(LSUPP);
}

static uint64_t
log_size(const struct controller *c, const struct log *log)
{
	return (log->size != 0 ? log->size : c->page.len);
}

static uint64_t
cmd_offset(const struct cmd *cmd)
{
	return ((uint64_t)cmd->cdw13 << 32 | cmd->cdw12);
}

static uint64_t
cmd_len(const struct cmd *cmd)
{
	return (((uint64_t)(cmd->cdw11 & 0xffff) << 16 | cmd->cdw10 >> 16) * 4 + 4);
}

uint16_t
logpage_prepare(struct slot *s)
{
	const struct controller *c = s->qp->ctrl;
	const struct cmd *cmd = &s->cmd;
	const struct log *log = find_log(c, cmd->cdw10 & 0xff);
	uint64_t len = cmd_len(cmd), offset = cmd_offset(cmd);

	if (log == NULL || (cmd->cdw14 & OT) != 0 || offset % 4 != 0 ||
	    len > c->hello.max_transfer)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (offset != 0 && offset >= log_size(c, log))
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	/* the counters are the controller's: LPA says there are none per namespace */
	if (log->lid == NVME_LID_SMART && cmd->nsid != 0 && cmd->nsid != NVME_NSID_ALL)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (cmd->sgl_len < len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_out = (uint32_t)len;
	return (0);
}

void
logpage_execute(struct slot *s)
{
	struct controller *c = s->qp->ctrl;
	const struct log *log = find_log(c, s->cmd.cdw10 & 0xff);
	uint8_t built[PAGE_MAX] = { 0 };
	const uint8_t *page = built;
	uint64_t size = log_size(c, log), offset = cmd_offset(&s->cmd), n = 0;

	if (log->fill != NULL)
		log->fill(c, built);
	else
		page = c->page.data;
	if (offset < size)	/* the broker's page may have become shorter meanwhile */
		n = size - offset < s->len_out ? size - offset : s->len_out;
	if (n > 0)
		memcpy(s->buf, page + offset, n);
	memset(s->buf + n, 0, s->len_out - n);
	if ((s->cmd.cdw10 & NVME_LOG_RAE) == 0)
		aer_log_read(c, log->lid);
	slot_done_data(s, s->len_out);
}
