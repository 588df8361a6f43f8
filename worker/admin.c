/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The admin command set: a table by opcode. The commands with many parts are in rooms of their own
 * (identify.c, logpage.c, feature.c, aer.c, abort.c); Keep Alive is here.
 */
#include "config.h"

#include "worker/worker.h"

static uint16_t
nothing_prepare(struct slot *s)
{
	(void)s;
	return (0);
}

static void
keep_alive_execute(struct slot *s)
{
	ctrl_keep_alive(s->qp->ctrl);
	slot_done(s, 0);
}

static const struct cmd_rule rules[] = {
	{ NVME_ADMIN_GET_LOG_PAGE, "Get Log Page", logpage_prepare, logpage_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_IDENTIFY, "Identify", identify_prepare, identify_execute, RULE_DISCOVERY },
	{ NVME_ADMIN_ABORT, "Abort", abort_prepare, abort_execute, RULE_DISCOVERY },
	{ NVME_ADMIN_SET_FEATURES, "Set Features", set_features_prepare, set_features_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_GET_FEATURES, "Get Features", get_features_prepare, get_features_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_ASYNC_EVENT_REQUEST, "Asynchronous Event Request", aer_prepare, aer_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_KEEP_ALIVE, "Keep Alive", nothing_prepare, keep_alive_execute,
	    RULE_DISCOVERY | RULE_DISABLED },
};

const struct cmd_rule *
admin_rule(uint8_t opc)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].opc == opc)
			return (&rules[i]);
	return (NULL);
}
