/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asynchronous Event Requests: they wait, and not more of them than AERL says. NVMe Base 2.0 5.2.
 */
#include "config.h"

#include "tests/host/conform.h"

/* AERL + 1 wait; `arg` more are answered at once. */
static int
limit(struct conf *c, const struct conf_row *r)
{
	unsigned n = c->ctrl.identify[259] + 1u + (unsigned)r->arg;

	if (n > 7)
		return (conf_fail(c, "AERL is more than this test can have"));
	for (unsigned i = 0; i < n; i++) {
		host_fill(&c->other[i], OPC_AER, 0, HOST_NODATA, NULL, 0);
		if (conf_send(c, c->q, &c->other[i]) == -1)
			return (-1);
	}
	host_fill(&c->cmd, OPC_KEEP_ALIVE, 0, HOST_NODATA, NULL, 0);
	if (conf_good(c, c->q, &c->cmd) == -1)
		return (-1);
	for (unsigned i = 0; i + r->arg < n; i++)
		if (c->other[i].complete)
			return (conf_fail(c, "request %u of those that are permitted is answered: "
			    "status %#x", i + 1, c->other[i].status));
	if (r->arg == 0)
		return (0);
	if (conf_wait(c, c->q, &c->other[n - 1]) == -1)
		return (-1);
	c->cmd.status = c->other[n - 1].status;
	return (0);
}

static const struct conf_row rows[] = {
	{ "aerl", NULL, 0, .run = limit, .flags = C_FRESH | C_GONE },
	{ "over-aerl", "Base 2.0, 5.2: Asynchronous Event Request Limit Exceeded",
	    ANY(ST_AER_LIMIT), .run = limit, .arg = 1, .flags = C_FRESH | C_GONE },
};

CONF_TABLE(event, "Base 2.0, 5.2", "Asynchronous Event Request", false);
