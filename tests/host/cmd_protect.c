/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protect: Set Features 84h of --nsid, or what it is and what the controller offers, in one line. Says
 * "status ..." for an error status, and ends with 1 then.
 */
#include "config.h"

#include <stdio.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { FID_PROTECT = 0x84, NWPC = 531, NSATTR = 99 };

static int
run(struct host_queue *q, struct host_cmd *cmd)
{
	if (host_queue_exec(q, cmd) == -1)
		return (say_queue_error(q));
	if (cmd->status == 0)
		return (EXIT_OK);
	printf("status %#x (%s)\n", cmd->status, host_status_name(cmd->status));
	return (EXIT_FAULT);
}

int
cmd_protect(struct settings *s, struct host_ctrl *h)
{
	static uint8_t id[SPEC_IDENTIFY_LEN];
	struct host_cmd get, cmd;
	uint64_t state;
	bool ok = true;
	int status;

	if (s->narg > 0) {
		state = parse_number(s->arg[0], &ok);
		if (!ok)
			return (say_usage("protect: a state"));
		host_fill_set_feature(&cmd, FID_PROTECT, (uint32_t)state);
		put32(cmd.sqe, SQE_NSID, (uint32_t)s->nsid);
		return (run(h->admin, &cmd));
	}
	host_fill_get_feature(&get, FID_PROTECT);
	put32(get.sqe, SQE_NSID, (uint32_t)s->nsid);
	host_fill_identify(&cmd, 0, (uint32_t)s->nsid, id, sizeof(id));
	if ((status = run(h->admin, &cmd)) != EXIT_OK)
		return (status);
	printf("nwpc %u nsattr %u\n", h->identify[NWPC], id[NSATTR]);
	if ((status = run(h->admin, &get)) == EXIT_OK)
		printf("state %u\n", get.dw0);
	return (status);
}
