/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify: which structure (CNS) for which namespace, and the controller's own structures. A
 * structure is built zeroed and whole, then cut to what the host asked for: nothing of our memory
 * is ever in it. The structures of a namespace are in identify_ns.c.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

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
	id->acl = 3;
	id->aerl = MAX_AER - 1;
	id->lpa = NVME_LPA_EXTENDED | NVME_LPA_EFFECTS | NVME_LPA_SUPPORTED_PAGES;
	id->elpe = ERROR_ENTRIES - 1;
	id->kas = le16(KAS_MS / 100);
	id->maxcmd = le16((uint16_t)c->hello.queue_size);
	id->sgls = le32(NVME_SGLS_SUPPORTED | NVME_SGLS_OFFSET | NVME_SGLS_TRANSPORT);
	memcpy(id->subnqn, c->admit.subnqn, strnlen(c->admit.subnqn, sizeof(id->subnqn) - 1));
}

static void
ctrl_io(const struct controller *c, struct nvme_id_ctrl *id)
{
	id->cntrltype = NVME_CNTRLTYPE_IO;
	id->lpa |= NVME_LPA_SMART_PER_NS;
	id->cmic = NVME_CMIC_MULTI_PORT | NVME_CMIC_MULTI_CTRL;
	id->rtd3e = le32(c->hello.shutdown_timeout_ms * 1000);	/* microseconds */
	id->frmw = 0x03;			/* one slot, and it is read-only */
	id->sqes = 0x66;
	id->cqes = 0x44;
	id->nn = le32(c->admit.nn);
	id->oncs = le16(nvm_oncs(c->lane->ns) | NVME_ONCS_SAVE);
	id->ocfs = le16(NVM_COPY_FORMATS);
	id->vwc = NVME_VWC_FLUSH_ALL | (feature_write_cache(c) ? NVME_VWC_PRESENT : 0);
	id->ioccsz = le32((uint32_t)(sizeof(struct nvme_sqe) + c->hello.icd) / 16);
	id->iorcsz = le32(sizeof(struct nvme_cqe) / 16);
	id->msdbd = 1;
	id->ofcs = le16(NVME_OFCS_DISCONNECT);
}

static void
fill_ctrl(const struct slot *s, void *page)
{
	const struct controller *c = s->qp->ctrl;
	struct nvme_id_ctrl *id = page;

	ctrl_common(c, id);
	if (c->admit.discovery)
		id->cntrltype = NVME_CNTRLTYPE_DISCOVERY;
	else
		ctrl_io(c, id);
}

static void
fill_ctrl_nvm(const struct slot *s, void *page)
{
	struct nvme_id_ctrl_nvm *id = page;
	struct nvm_limits limits = nvm_limits(s->qp->lane->ns);

	id->vsl = log2_pages(NVM_VERIFY_MAX);
	id->wzsl = log2_pages(NVM_ZERO_MAX);
	id->dmrl = NVM_DISCARD_RANGES;
	id->dmrsl = le32(limits.dmrsl);
	id->dmsl = le64(limits.dmsl);
}

static void
fill_ns_list(const struct slot *s, void *page)
{
	struct ns_table *table = s->qp->lane->ns;
	struct nvme_ns_list *list = page;
	const struct ns *ns = ns_after(table, s->cmd.nsid);

	for (unsigned i = 0; ns != NULL && i < sizeof(list->nsid) / sizeof(list->nsid[0]); i++) {
		list->nsid[i] = le32(ns->id.nsid);
		ns = ns_after(table, ns->id.nsid);
	}
}

static void
fill_ns(const struct slot *s, void *page)
{
	const struct ns *ns = ns_find(s->qp->lane->ns, s->cmd.nsid);

	if (ns != NULL)
		identify_ns(ns, page);
}

static void
fill_ns_descs(const struct slot *s, void *page)
{
	identify_ns_descs(ns_find(s->qp->lane->ns, s->cmd.nsid), page);
}

static void
fill_ns_nvm(const struct slot *s, void *page)
{
	/* no protection information: all of it is zero */
	(void)s;
	(void)page;
}

static void
fill_ns_independent(const struct slot *s, void *page)
{
	const struct ns *ns = ns_find(s->qp->lane->ns, s->cmd.nsid);

	if (ns != NULL)
		identify_ns_independent(ns, page);
}

/* What the NSID may be. */
enum nsid_rule {
	NSID_IGNORED,
	NSID_VALID,		/* 1 to NN; one that is not there gives a structure of zeros */
	NSID_ACTIVE,
	NSID_BEFORE,		/* where a list begins, not included */
};

static const struct cns {
	uint8_t cns;
	enum nsid_rule nsid;
	bool csi;		/* CSI selects; ours is 0 (NVM) */
	bool discovery;
	void (*fill)(const struct slot *, void *page);
} table[] = {
	{ NVME_CNS_NS, NSID_VALID, false, false, fill_ns },
	{ NVME_CNS_CTRL, NSID_IGNORED, false, true, fill_ctrl },
	{ NVME_CNS_ACTIVE_NS_LIST, NSID_BEFORE, false, false, fill_ns_list },
	{ NVME_CNS_NS_DESC_LIST, NSID_ACTIVE, false, false, fill_ns_descs },
	{ NVME_CNS_CSI_NS, NSID_VALID, true, false, fill_ns_nvm },
	{ NVME_CNS_CSI_CTRL, NSID_IGNORED, true, false, fill_ctrl_nvm },
	{ NVME_CNS_CSI_ACTIVE_NS_LIST, NSID_BEFORE, true, false, fill_ns_list },
	{ NVME_CNS_INDEPENDENT_NS, NSID_VALID, false, false, fill_ns_independent },
};

static const struct cns *
find_cns(const struct slot *s)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].cns == (s->cmd.cdw10 & 0xff) &&
		    (table[i].discovery || !s->qp->ctrl->admit.discovery))
			return (&table[i]);
	return (NULL);
}

static bool
nsid_ok(const struct controller *c, enum nsid_rule rule, uint32_t nsid)
{
	switch (rule) {
	case NSID_VALID:
		return (nsid >= 1 && nsid <= c->admit.nn);
	case NSID_ACTIVE:
		return (ns_find(c->lane->ns, nsid) != NULL);
	case NSID_BEFORE:
		return (nsid < NVME_NSID_ALL - 1);
	case NSID_IGNORED:
		break;
	}
	return (true);
}

uint16_t
identify_prepare(struct slot *s)
{
	const struct cns *cns = find_cns(s);

	if (cns == NULL || (cns->csi && s->cmd.cdw11 >> 24 != NVME_CSI_NVM))
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (!nsid_ok(s->qp->ctrl, cns->nsid, s->cmd.nsid))
		return (NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	s->len_out = s->cmd.sgl_len < NVME_IDENTIFY_BYTES ? s->cmd.sgl_len : NVME_IDENTIFY_BYTES;
	return (0);
}

void
identify_execute(struct slot *s)
{
	uint8_t page[NVME_IDENTIFY_BYTES] = { 0 };

	find_cns(s)->fill(s, page);
	if (s->len_out > 0)
		memcpy(s->buf, page, s->len_out);
	slot_done_data(s, s->len_out);
}
