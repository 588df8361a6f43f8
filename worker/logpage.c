/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Get Log Page: a table of pages, each of which is a row in the room of its noun. A page is there
 * whole before any of it is copied; what lies behind its end reads as zeros. Offsets are in bytes:
 * no page of ours has an index (IOS is 0 in log 00h). NVMe Base 2.0, Get Log Page.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define LSUPP 0x1u			/* log 00h */
#define OT 0x00800000u			/* CDW14: LPO is an index */

static const struct log *find_log(const struct controller *, uint8_t lid);

static void
fill_supported(struct slot *s, void *page)
{
	struct le32 *lid = page;
	const struct log *log;

	for (unsigned i = 0; i < 256; i++)
		if ((log = find_log(s->qp->ctrl, (uint8_t)i)) != NULL)
			lid[i] = le32(LSUPP | (uint32_t)log->lidsp << 16);
}

static const struct log log_supported = {
	.lid = NVME_LID_SUPPORTED_PAGES, .where = LOG_IO | LOG_DISCOVERY, .size = 1024,
	.fill = fill_supported,
};

static const struct log *const logs[] = {
	&log_supported,
	&log_errors,
	&log_health,
	&log_firmware,
	&log_changed_ns,
	&log_ana,
	&log_effects,
	&log_feature_effects,
	&log_mi_effects,
	&log_discovery,
	&log_reservation,
};

static const struct log *
find_log(const struct controller *c, uint8_t lid)
{
	unsigned where = c->admit.discovery ? LOG_DISCOVERY : LOG_IO;

	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		if (logs[i]->lid == lid && (logs[i]->where & where) != 0 &&
		    (logs[i]->is_there == NULL || logs[i]->is_there(c)))
			return (logs[i]);
	return (NULL);
}

bool
log_is_there(const struct controller *c, uint8_t lid)
{
	return (find_log(c, lid) != NULL);
}

static const struct log *
slot_log(const struct slot *s)
{
	return (find_log(s->qp->ctrl, s->cmd.cdw10 & 0xff));
}

uint64_t
log_offset(const struct slot *s)
{
	return ((uint64_t)s->cmd.cdw13 << 32 | s->cmd.cdw12);
}

uint8_t
log_lsp(const struct slot *s)
{
	return (s->cmd.cdw10 >> 8 & 0x7f);
}

static uint64_t
log_len(const struct slot *s)
{
	return (((uint64_t)(s->cmd.cdw11 & 0xffff) << 16 | s->cmd.cdw10 >> 16) * 4 + 4);
}

static uint64_t
log_size(struct slot *s, const struct log *log)
{
	uint64_t size = log->size;

	if (log->view != NULL)
		(void)log->view(s, &size);
	else if (log->measure != NULL)
		size = log->measure(s);
	return (size);
}

/* A page of the controller is asked for with no namespace or all of them. */
static uint16_t
check_nsid(struct slot *s, const struct log *log)
{
	uint32_t nsid = s->cmd.nsid;

	if (nsid == 0 || nsid == NVME_NSID_ALL)
		return (0);
	if (!log->per_ns)
		return (slot_bad_field(s, 4, 0));
	if (ns_find(s->qp->lane->ns, nsid) == NULL)
		return (slot_no_ns(s));
	return (0);
}

static uint16_t
check_range(struct slot *s, const struct log *log)
{
	uint64_t offset = log_offset(s), len = log_len(s);

	if ((s->cmd.cdw14 & OT) != 0)
		return (slot_bad_field(s, 58, 7));
	if (offset % 4 != 0 || (offset != 0 && offset >= log_size(s, log)))
		return (slot_bad_field(s, 48, 0));
	if (len > s->qp->ctrl->hello.max_transfer)
		return (slot_bad_field(s, 42, 0));
	if (s->cmd.sgl_len < len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	return (0);
}

uint16_t
logpage_prepare(struct slot *s)
{
	const struct log *log = slot_log(s);
	uint16_t status;

	if (log == NULL)
		return (NVME_SC_INVALID_LOG_PAGE | NVME_SC_DNR);
	if ((status = check_nsid(s, log)) != 0 ||
	    (log->check != NULL && (status = log->check(s)) != 0) ||
	    (status = check_range(s, log)) != 0)
		return (status);
	s->len_out = (uint32_t)log_len(s);
	return (0);
}

/* The page may have gone since prepare(): then it is one without anything in it. */
void
logpage_execute(struct slot *s)
{
	const struct log *log = slot_log(s);
	uint8_t built[LOG_BUILT_MAX] = { 0 };
	const uint8_t *page = built;
	uint64_t size = log == NULL ? 0 : log->size, offset = log_offset(s), n = 0;

	if (log != NULL && log->view != NULL)
		page = log->view(s, &size);
	else if (log != NULL && log->fill != NULL)
		log->fill(s, built);
	if (offset < size)	/* it may have become shorter meanwhile */
		n = size - offset < s->len_out ? size - offset : s->len_out;
	if (n > 0)
		memcpy(s->buf, page + offset, n);
	memset(s->buf + n, 0, s->len_out - n);
	if (log != NULL && log->copy != NULL)
		log->copy(s, offset, s->buf, s->len_out);
	if (log != NULL && (s->cmd.cdw10 & NVME_LOG_RAE) == 0) {
		if (log->was_read != NULL)
			log->was_read(s);
		aer_log_read(s->qp->ctrl, log->lid, offset == 0);
		if (log->again != NULL)
			log->again(s);
	}
	slot_done_data(s, s->len_out);
}
