/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wrong field of a command: its place is kept for the error log (error_log.c), its status is what
 * a judge returns.
 */
#include "config.h"

#include "worker/worker.h"

uint16_t
slot_bad_field(struct slot *s, unsigned byte, unsigned bit)
{
	s->ploc = (uint16_t)PLOC(byte, bit);
	return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
}

/* NVMe Base, NSID types: it might be one, and is inactive; or it never is. */
uint16_t
ctrl_no_ns(const struct controller *c, uint32_t nsid)
{
	if (nsid >= 1 && nsid <= c->admit.nn)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	return (NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
}

uint16_t
slot_no_ns(struct slot *s)
{
	uint16_t status = ctrl_no_ns(s->qp->ctrl, s->cmd.nsid);

	return (status == (NVME_SC_INVALID_FIELD | NVME_SC_DNR) ? slot_bad_field(s, 4, 0) : status);
}
