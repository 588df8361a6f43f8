/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log page 01h: the last errors of this controller, newest first, and what an answer with an error
 * says about trying again. Any lane may have an error; a good command does nothing of this.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define CRD_1 0x0800u			/* wait for CRDT1 */
#define NO_COMMAND 0xffffu		/* SQID and CID of a fault */

/* Where the wrong field is, for a status that names it. */
static const struct { uint16_t status; uint8_t byte; } places[] = {
	{ NVME_SC_INVALID_OPCODE, 0 },
	{ NVME_SC_COMMAND_ID_CONFLICT, 2 },
	{ NVME_SC_INVALID_NS_OR_FORMAT, 4 },
	{ NVME_SC_SGL_OFFSET_INVALID, 24 },
	{ NVME_SC_DATA_SGL_LENGTH_INVALID, 32 },
	{ NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID, 39 },
	{ NVME_SC_LBA_OUT_OF_RANGE, 40 },
	{ NVME_SC_INVALID_LOG_PAGE, 40 },
	{ NVME_SC_FEATURE_NOT_CHANGEABLE, 40 },
	{ NVME_SC_FEATURE_NOT_NS_SPECIFIC, 4 },
	{ NVME_SC_KEEP_ALIVE_INVALID, 44 },
	{ NVME_SC_IO_COMMAND_SET_NOT_SUPPORTED, 59 },
};

static uint16_t
error_location(const struct slot *s, uint16_t status)
{
	if (s->ploc != PLOC_NONE || s->cmd.opc == NVME_OPC_FABRICS)
		return (s->ploc);
	if ((status & NVME_SC_MASK) == NVME_SC_FEATURE_NOT_SAVEABLE)
		return (PLOC(43, 7));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].status == (status & NVME_SC_MASK))
			return (PLOC(places[i].byte, 0));
	return (PLOC_NONE);
}

/* With error_lock. */
static struct nvme_error_entry *
next_entry(struct controller *c)
{
	struct nvme_error_entry *e = &c->errors[c->nerrors % ERROR_ENTRIES];

	stat_add(&c->nerrors, 1);
	memset(e, 0, sizeof(*e));
	e->error_count = le64(c->nerrors);
	e->trtype = NVMF_TRTYPE_TCP;
	e->version = NVME_ERROR_ENTRY_VERSION;
	return (e);
}

/* Whose CDW10 and CDW11 are an LBA. */
static bool
has_lba(const struct cmd *cmd)
{
	switch (cmd->opc) {
	case NVME_NVM_WRITE:
	case NVME_NVM_READ:
	case NVME_NVM_COMPARE:
	case NVME_NVM_WRITE_ZEROES:
	case NVME_NVM_VERIFY:
	case NVME_NVM_COPY:
		return (true);
	default:
		return (false);
	}
}

static void
put_entry(struct controller *c, const struct slot *s, uint16_t status)
{
	const struct cmd *cmd = &s->cmd;
	struct nvme_error_entry *e = next_entry(c);

	e->sqid = le16(s->qp->qid);
	e->cid = le16(cmd->cid);
	e->status = le16((uint16_t)(status << 1));
	e->parameter_location = le16(error_location(s, status));
	if (s->qp->qid != 0 && s->rule != NULL && has_lba(cmd))
		e->lba = le64((uint64_t)cmd->cdw11 << 32 | cmd->cdw10);
	e->nsid = le32(cmd->nsid);
	e->csi = NVME_CSI_NVM;
	e->opcode = cmd->opc;
}

/* What is over soon: a host that listens to CRDT waits before it tries again. */
static bool
is_soon_over(uint16_t status)
{
	return (status == NVME_SC_NS_NOT_READY || status == NVME_SC_COMMAND_INTERRUPTED);
}

uint16_t
ctrl_error(struct controller *c, const struct slot *s, uint16_t status)
{
	bool news;

	if ((status & NVME_SC_MASK) == NVME_SC_ABORT_REQUESTED)
		return (status);	/* what was wished for is no error */
	if (is_soon_over(status) && feature_retry_delay(c))
		status |= CRD_1;
	pthread_mutex_lock(&c->error_lock);
	put_entry(c, s, status);
	news = health_note(c, s, status);
	pthread_mutex_unlock(&c->error_lock);
	if (news)
		mail_post(s->qp->lane, c->lane, &c->health_word);
	return (status | NVME_SC_MORE);
}

void
ctrl_fault(struct controller *c, uint32_t nsid, uint16_t status)
{
	struct nvme_error_entry *e;

	pthread_mutex_lock(&c->error_lock);
	e = next_entry(c);
	e->sqid = e->cid = e->parameter_location = le16(NO_COMMAND);
	e->status = le16((uint16_t)(status << 1));
	e->nsid = le32(nsid);
	pthread_mutex_unlock(&c->error_lock);
	aer_event(c, AER_EVENT_FAULT);
}

static void
fill_errors(struct slot *s, void *page)
{
	struct controller *c = s->qp->ctrl;
	struct nvme_error_entry *to = page;
	uint64_t n;

	pthread_mutex_lock(&c->error_lock);
	n = c->nerrors < ERROR_ENTRIES ? c->nerrors : ERROR_ENTRIES;
	for (uint64_t i = 0; i < n; i++)
		to[i] = c->errors[(c->nerrors - 1 - i) % ERROR_ENTRIES];
	pthread_mutex_unlock(&c->error_lock);
}

const struct log log_errors = {
	.lid = NVME_LID_ERROR, .where = LOG_IO | LOG_DISCOVERY,
	.size = ERROR_ENTRIES * sizeof(struct nvme_error_entry), .fill = fill_errors,
};
_Static_assert(ERROR_ENTRIES * sizeof(struct nvme_error_entry) <= LOG_BUILT_MAX, "log 01h");
