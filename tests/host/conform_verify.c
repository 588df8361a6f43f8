/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verify: nothing is transferred, and VSL limits it. NVM Command Set 1.0 section 3.2.5.
 */
#include "config.h"

#include "tests/host/conform_range.h"

#define AS .place = P_IO, .opc = OPC_VERIFY
#define VERIFY .run = conf_range, AS
#define LIMIT "NVM Command Set 1.0, 4.1.5.4: VSL"

/* VSL, plus `arg` blocks; where it is 0 there is no limit. */
static int
over_limit(struct conf *c, const struct conf_row *r)
{
	struct conf_row full = *r;

	if (conf_identify(c, 6, 0) == -1)
		return (-1);
	full.nlb = c->buf[0] == 0 || c->buf[0] > 12 ? 65536 : (4096u << c->buf[0]) / 512;
	if (full.nlb + r->arg > 65536 || full.nlb + r->arg > c->ns[N_RAM].nlbas) {
		c->cmd.status = r->want;
		return (0);
	}
	full.nlb += (uint32_t)r->arg;
	return (conf_range(c, &full));
}

static const struct conf_row rows[] = {
	RANGE_ROWS("verify", VERIFY),
	{ "verify-many", NULL, 0, .nlb = 64, VERIFY },
	{ "verify-many-4k", NULL, 0, .nsid = N_FILE, .nlb = 64, VERIFY },
	{ "verify-readonly", NULL, 0, .nsid = N_READONLY, .nlb = 8, VERIFY },
	{ "verify-limit", LIMIT, 0, .run = over_limit, AS },
	{ "verify-over-limit", LIMIT, DNR(ST_FIELD), .run = over_limit, .arg = 1, AS },
	{ "verify-pract", PI, 0, .cdw12 = 1u << 29, VERIFY },
};

CONF_TABLE(verify, "NVM Command Set 1.0, 3.2.5", "Verify", false);
