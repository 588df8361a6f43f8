/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties: CAP, VS, CC, CSTS and CRTO, and what a write to CC sets in motion. How queues are
 * closed and namespaces flushed for that is drain.c's part.
 */
#include "config.h"

#include "worker/worker.h"

uint64_t
property_cap(const struct ipc_hello *hello)
{
	return (NVME_CAP_MQES(hello->queue_size - 1) | NVME_CAP_CQR |
	    NVME_CAP_TO(CTRL_TO_500MS) | NVME_CAP_CSS_NVM | NVME_CAP_CRMS_WITH_MEDIA);
}

bool
ctrl_enabled(const struct controller *c)
{
	return ((c->cc & NVME_CC_EN) != 0 && (c->csts & NVME_CSTS_RDY) != 0);
}

/* ---- Get ---- */

static uint64_t
get_cap(const struct controller *c)
{
	return (c->cap);
}

static uint64_t
get_vs(const struct controller *c)
{
	(void)c;
	return (CTRL_VS);
}

static uint64_t
get_cc(const struct controller *c)
{
	return (c->cc);
}

static uint64_t
get_csts(const struct controller *c)
{
	return (c->csts);
}

static uint64_t
get_crto(const struct controller *c)
{
	(void)c;
	return (CTRL_TO_500MS);		/* CRWMT */
}

static const struct {
	uint32_t offset;
	unsigned size;
	uint64_t (*get)(const struct controller *);
} properties[] = {
	{ NVME_PROP_CAP, 8, get_cap },
	{ NVME_PROP_VS, 4, get_vs },
	{ NVME_PROP_CC, 4, get_cc },
	{ NVME_PROP_CSTS, 4, get_csts },
	{ NVME_PROP_CRTO, 4, get_crto },
};

uint16_t
ctrl_property_get(const struct controller *c, uint32_t offset, unsigned size, uint64_t *value)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if (properties[i].offset != offset || properties[i].size != size)
			continue;
		*value = properties[i].get(c);
		return (0);
	}
	return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
}

/* ---- Set ---- */

static bool
is_one_of(uint32_t v, uint32_t a, uint32_t b)
{
	return (v == a || v == b);
}

/* Both entry sizes may be 0 while there is no I/O queue, and Linux sets them on discovery too. */
static bool
cc_ok(const struct controller *c, uint32_t cc)
{
	const uint32_t fixed = NVME_CC_CSS_MASK | NVME_CC_MPS_MASK | NVME_CC_AMS_MASK;

	if (!is_one_of(NVME_CC_IOSQES(cc), 0, 6) || !is_one_of(NVME_CC_IOCQES(cc), 0, 4) ||
	    NVME_CC_SHN(cc) == 3 || NVME_CC_AMS(cc) != 0 || NVME_CC_MPS(cc) != 0 ||
	    !is_one_of(NVME_CC_CSS(cc), NVME_CC_CSS_NVM, NVME_CC_CSS_ADMIN_ONLY))
		return (false);
	return ((c->cc & cc & NVME_CC_EN) == 0 || ((c->cc ^ cc) & fixed) == 0);
}

static uint16_t
set_cc(struct controller *c, uint32_t cc)
{
	uint32_t was = c->cc;

	if (!cc_ok(c, cc))
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	/* a reset or shutdown that has not come to its end */
	if (c->drain != DRAIN_NONE && (cc & ~was & NVME_CC_EN) != 0)
		return (NVME_SC_COMMAND_SEQUENCE_ERROR);
	c->cc = cc & ~(NVME_CC_RESERVED_MASK | NVME_CC_CRIME);
	if ((was & ~cc & NVME_CC_EN) != 0) {
		drain_begin(c, DRAIN_RESET);
		return (0);
	}
	if ((~was & cc & NVME_CC_EN) != 0) {
		c->csts = NVME_CSTS_RDY;
		ask_stats(c);
	}
	/* what CSTS says of a shutdown before a reset is not of this one */
	if (NVME_CC_SHN(cc) != NVME_CC_SHN_NONE &&
	    ((c->csts & NVME_CSTS_SHST_MASK) == 0 || c->drain == DRAIN_RESET))
		drain_begin(c, DRAIN_SHUTDOWN);
	return (0);
}

uint16_t
ctrl_property_set(struct controller *c, uint32_t offset, unsigned size, uint64_t value)
{
	if (offset != NVME_PROP_CC || size != 4)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	return (set_cc(c, (uint32_t)value));
}
