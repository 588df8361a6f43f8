/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify, the structures of the controller. What it claims comes from the tables that do the work
 * where that is possible: a command that has no row is not offered.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define CRDT1_100MS 10u			/* what a retry waits for: a device that is away */

static uint8_t
log2_pages(uint32_t bytes)
{
	uint8_t n = 0;

	while (bytes >> 1 >= 4096u << n)
		n++;
	return (n);
}

/* ASCII, padded with spaces: what tools and udev rules read. */
static void
put_text(uint8_t *to, size_t size, const char *text, size_t text_size)
{
	size_t len = strnlen(text, text_size);

	memset(to, ' ', size);
	memcpy(to, text, len < size ? len : size);
}

void
identify_firmware(uint8_t fr[NVME_FR_BYTES])
{
	put_text(fr, NVME_FR_BYTES, PACKAGE_VERSION, sizeof(PACKAGE_VERSION));
}

static void
ctrl_common(const struct controller *c, struct nvme_id_ctrl *id)
{
	put_text(id->sn, sizeof(id->sn), c->admit.serial, sizeof(c->admit.serial));
	put_text(id->mn, sizeof(id->mn), c->admit.model, sizeof(c->admit.model));
	identify_firmware(id->fr);
	id->mdts = log2_pages(c->hello.max_transfer);
	id->cntlid = le16(c->admit.cntlid);
	id->ver = le32(CTRL_VS);
	id->oaes = le32(aer_supported(c));
	id->ctratt = le32(NVME_CTRATT_HOSTID128 | NVME_CTRATT_TBKAS);
	id->acl = MAX_ABORTS - 1;
	id->aerl = MAX_AER - 1;
	id->lpa = NVME_LPA_EXTENDED | NVME_LPA_EFFECTS | NVME_LPA_SUPPORTED_PAGES;
	id->elpe = ERROR_ENTRIES - 1;
	id->kas = le16(KAS_MS / 100);
	id->maxcmd = le16((uint16_t)c->hello.queue_size);
	id->sgls = le32(NVME_SGLS_SUPPORTED | NVME_SGLS_OFFSET | NVME_SGLS_TRANSPORT);
	memcpy(id->subnqn, c->admit.subnqn, strnlen(c->admit.subnqn, sizeof(id->subnqn) - 1));
}

/* Optional commands of the NVM command set, by the bit that says that they are there. */
static const struct { uint8_t opc; uint16_t oncs; } optional[] = {
	{ NVME_NVM_COMPARE, NVME_ONCS_COMPARE },
	{ NVME_NVM_WRITE_UNCORRECTABLE, NVME_ONCS_WRITE_UNCORRECTABLE },
	{ NVME_NVM_DATASET_MANAGEMENT, NVME_ONCS_DSM },
	{ NVME_NVM_WRITE_ZEROES, NVME_ONCS_WRITE_ZEROES },
	{ NVME_NVM_RESERVATION_REGISTER, NVME_ONCS_RESERVATIONS },
	{ NVME_NVM_VERIFY, NVME_ONCS_VERIFY },
	{ NVME_NVM_COPY, NVME_ONCS_COPY },
};

static uint16_t
ctrl_oncs(const struct controller *c)
{
	uint16_t oncs = NVME_ONCS_SAVE;		/* SEL of Get Features */

	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		if (nvm_is_offered(c->lane->ns, optional[i].opc))
			oncs |= optional[i].oncs;
	return (oncs);
}

/* ACWU holds for every namespace: so for the one with the largest blocks. */
static uint16_t
fused_limit(struct ns_table *table)
{
	uint8_t lbads = 9;

	for (const struct ns *ns = ns_after(table, 0); ns != NULL;
	    ns = ns_after(table, ns->id.nsid))
		if (ns->lbads > lbads)
			lbads = ns->lbads;
	return ((uint16_t)(fused_blocks(lbads) - 1));
}

static void
ctrl_io(const struct controller *c, struct nvme_id_ctrl *id)
{
	id->cntrltype = NVME_CNTRLTYPE_IO;
	id->lpa |= NVME_LPA_SMART_PER_NS;
	id->cmic = NVME_CMIC_MULTI_PORT | NVME_CMIC_MULTI_CTRL;
	id->rtd3e = le32(c->hello.shutdown_timeout_ms * 1000);	/* microseconds */
	id->crdt1 = le16(CRDT1_100MS);
	id->wctemp = le16(WARNING_TEMPERATURE);
	id->cctemp = le16(CRITICAL_TEMPERATURE);
	id->frmw = 0x03;			/* one slot, and it is read-only */
	id->sqes = 0x66;
	id->cqes = 0x44;
	id->nn = le32(c->admit.nn);
	id->oncs = le16(ctrl_oncs(c));
	id->fuses = le16(NVME_FUSES_COMPARE_WRITE);
	id->nwpc = protect_offered(c);
	id->acwu = le16(fused_limit(c->lane->ns));
	id->ocfs = le16(NVM_COPY_FORMATS);
	id->vwc = NVME_VWC_FLUSH_ALL | (feature_write_cache(c) ? NVME_VWC_PRESENT : 0);
	id->ioccsz = le32((uint32_t)(sizeof(struct nvme_sqe) + c->hello.icd) / 16);
	id->iorcsz = le32(sizeof(struct nvme_cqe) / 16);
	id->msdbd = 1;
	id->ofcs = le16(NVME_OFCS_DISCONNECT);
	ana_identify(c, id);
}

void
identify_ctrl(const struct slot *s, void *page)
{
	const struct controller *c = s->qp->ctrl;
	struct nvme_id_ctrl *id = page;

	ctrl_common(c, id);
	if (c->admit.discovery)
		id->cntrltype = NVME_CNTRLTYPE_DISCOVERY;
	else
		ctrl_io(c, id);
}

void
identify_ctrl_nvm(const struct slot *s, void *page)
{
	struct nvme_id_ctrl_nvm *id = page;
	struct nvm_limits limits = nvm_limits(s->qp->lane->ns);

	id->vsl = log2_pages(NVM_VERIFY_ADVICE);
	id->wzsl = log2_pages(NVM_ZERO_SLICE);
	id->dmrl = limits.dmrl;
	id->dmrsl = le32(limits.dmrsl);
	id->dmsl = le64(limits.dmsl);
}
