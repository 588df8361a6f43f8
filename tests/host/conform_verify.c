/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verify: nothing is transferred, and it may be more than VSL. NVM Command Set 1.0 section 3.2.5.
 */
#include "config.h"

#include "tests/host/conform_range.h"

#define AS .place = P_IO, .opc = OPC_VERIFY
#define VERIFY .run = conf_range, AS
#define LIMIT "NVM Command Set 1.0, 3.2.5: VSL with bit 7 of ONCS"

/* VSL, plus `arg` blocks. It is a limit only for who clears bit 7 of ONCS: else it is advice. */
static int
over_limit(struct conf *c, const struct conf_row *r)
{
	const struct host_ns *ns = conf_ns(c, r);
	struct conf_row full = *r;

	if (conf_identify(c, 6, 0) == -1)
		return (-1);
	full.nlb = c->buf[0] == 0 || c->buf[0] > 16 ? 65536 :
	    (uint32_t)((4096ull << c->buf[0]) / ns->block);
	full.nlb += (uint32_t)r->arg;
	if (full.nlb > 65536 || full.nlb > ns->nlbas) {
		c->cmd.status = r->want;	/* nothing can be over it here */
		return (0);
	}
	if (conf_range(c, &full) == -1)
		return (-1);
	if (r->arg != 0 && (c->ctrl.identify[520] & 0x80) == 0 && c->cmd.status == DNR(ST_FIELD))
		c->cmd.status = 0;
	return (0);
}

static const struct conf_row rows[] = {
	RANGE_ROWS("verify", VERIFY),
	{ "verify-many", NULL, 0, .nlb = 64, VERIFY },
	{ "verify-many-4k", NULL, 0, .nsid = N_FILE, .nlb = 64, VERIFY },
	{ "verify-readonly", NULL, 0, .nsid = N_READONLY, .nlb = 8, VERIFY },
	{ "verify-limit", LIMIT, 0, .run = over_limit, AS },
	{ "verify-over-limit", LIMIT, 0, .run = over_limit, .arg = 1, .nsid = N_FILE, AS },
	{ "verify-pract", PI, 0, .cdw12 = 1u << 29, VERIFY },
};

CONF_TABLE(verify, "NVM Command Set 1.0, 3.2.5", "Verify", false);
