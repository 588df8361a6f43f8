/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log pages that say what there is: commands (05h), features (12h), commands of a management
 * interface (13h, none), and the firmware slot (03h). All come from the tables that do the work, so
 * they cannot say anything else.
 */
#include "config.h"

#include "worker/worker.h"

#define SCOPE_CONTROLLER 0x00200000u	/* CSP */
#define CSI(cdw14) ((cdw14) >> 24)

static uint16_t
check_effects(struct slot *s)
{
	if (CSI(s->cmd.cdw14) != NVME_CSI_NVM)
		return (NVME_SC_IO_COMMAND_SET_NOT_SUPPORTED | NVME_SC_DNR);
	return (0);
}

static bool
has_fabrics(const struct qpair *qp)
{
	for (unsigned i = 0; i < 256; i++)
		if (fabrics_rule(qp, (uint8_t)i) != NULL)
			return (true);
	return (false);
}

/* I/O commands have no scope here: Linux would call it an unusual effect. */
static void
fill_effects(struct slot *s, void *page)
{
	const struct controller *c = s->qp->ctrl;
	struct nvme_effects_log *log = page;

	for (unsigned opc = 0; opc < 256; opc++) {
		const struct cmd_rule *rule = admin_rule((uint8_t)opc);

		if (rule != NULL && (!c->admit.discovery || rule->flags & RULE_DISCOVERY))
			log->admin[opc] = le32(NVME_EFFECTS_SUPPORTED | SCOPE_CONTROLLER);
		rule = nvm_rule((uint8_t)opc);
		if (!c->admit.discovery && nvm_is_offered(c->lane->ns, (uint8_t)opc))
			log->io[opc] = le32(NVME_EFFECTS_SUPPORTED |
			    (rule->flags & RULE_CHANGES ? NVME_EFFECTS_CONTENT_CHANGE : 0));
	}
	if (has_fabrics(s->qp))
		log->admin[NVME_OPC_FABRICS] = le32(NVME_EFFECTS_SUPPORTED | SCOPE_CONTROLLER);
}

const struct log log_effects = {
	.lid = NVME_LID_COMMANDS_EFFECTS, .where = LOG_IO | LOG_DISCOVERY,
	.check = check_effects, .size = sizeof(struct nvme_effects_log), .fill = fill_effects,
};

static void
fill_features(struct slot *s, void *page)
{
	struct le32 *fid = page;

	for (unsigned i = 0; i < 256; i++)
		fid[i] = le32(feature_effects(s->qp->ctrl, (uint8_t)i));
}

const struct log log_feature_effects = {
	.lid = NVME_LID_FEATURE_EFFECTS, .where = LOG_IO | LOG_DISCOVERY, .size = 1024,
	.fill = fill_features,
};

static void
fill_mi(struct slot *s, void *page)
{
	(void)s;
	(void)page;	/* none */
}

const struct log log_mi_effects = {
	.lid = NVME_LID_MI_EFFECTS, .where = LOG_IO | LOG_DISCOVERY, .size = 4096,
	.fill = fill_mi,
};

static void
fill_firmware(struct slot *s, void *page)
{
	struct nvme_fw_slot_log *log = page;

	(void)s;
	log->afi = 1;
	identify_firmware(log->frs[0]);
}

const struct log log_firmware = {
	.lid = NVME_LID_FW_SLOT, .where = LOG_IO, .size = sizeof(struct nvme_fw_slot_log),
	.fill = fill_firmware,
};
