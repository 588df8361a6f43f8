/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * abort: fills a queue with writes (or with ARGUMENT read or zero), aborts each of them, and holds
 * the target to its word: bit 0 of an Abort's answer is 0 exactly for the commands that end as aborted.
 * Says how many those are before it waits for the others.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { MAX_DEPTH = 128, AT_ONCE = 4 };

struct attempt {
	struct host_cmd	 cmd, abort;
	bool		 sent;		/* the Abort */
};

static struct attempt attempts[MAX_DEPTH];
static unsigned count;

static void
fill(struct settings *s, const struct host_ns *ns, unsigned i, uint8_t *buf)
{
	struct host_cmd *cmd = &attempts[i].cmd;
	uint32_t len = s->bytes != 0 ? (uint32_t)s->bytes : ns->block;
	uint64_t lba = (s->lba + i * (uint64_t)(len / ns->block)) % (ns->nlbas - len / ns->block + 1);
	const char *what = s->narg > 0 ? s->arg[0] : "write";

	if (strcmp(what, "read") == 0)
		host_fill_read(cmd, ns->nsid, lba, len / ns->block, buf, len);
	else if (strcmp(what, "zero") == 0)
		host_fill_zeroes(cmd, ns->nsid, lba, len / ns->block);
	else
		host_fill_write(cmd, ns->nsid, lba, len / ns->block, buf, len);
}

static bool
was_aborted(const struct host_cmd *cmd)
{
	return ((cmd->status & ST_SC_MASK) == ST_ABORTED);
}

/* Until done() says so, or the time is over. */
static int
wait_until(struct host_ctrl *h, bool (*done)(void))
{
	struct host_queue *q[2] = { h->admin, h->io[0] };
	int64_t deadline = host_now_ms() + h->opts.timeout_ms;

	while (!done()) {
		for (unsigned i = 0; i < count && host_queue_may_submit(h->admin); i++) {
			struct attempt *a = &attempts[i];

			if (a->sent || h->admin->inflight >= AT_ONCE)
				continue;
			host_fill_abort(&a->abort, 1, a->cmd.cid);
			if (host_queue_submit(h->admin, &a->abort) == -1)
				return (say_queue_error(h->admin));
			a->sent = true;
		}
		if (host_queue_wait(q, 2, 20) == -1)
			return (say_queue_error(q[0]->conn.error.fault != HOST_NONE ? q[0] : q[1]));
		if (host_now_ms() >= deadline) {
			fprintf(stderr, "nvmehost: abort: time is over\n");
			return (EXIT_FAULT);
		}
	}
	return (EXIT_OK);
}

static int
give_time(struct host_ctrl *h, int ms)
{
	for (int64_t until = host_now_ms() + ms; host_now_ms() < until;)
		if (host_queue_wait(h->io, 1, 10) == -1)
			return (-1);
	return (0);
}

static bool
all_aborts_answered(void)
{
	for (unsigned i = 0; i < count; i++)
		if (!attempts[i].sent || !attempts[i].abort.complete)
			return (false);
	return (true);
}

static bool
all_over(void)
{
	for (unsigned i = 0; i < count; i++)
		if (!attempts[i].cmd.complete)
			return (false);
	return (true);
}

static int
judge(void)
{
	for (unsigned i = 0; i < count; i++) {
		const struct attempt *a = &attempts[i];

		if (a->abort.status == 0 && (a->abort.dw0 & 1) == !was_aborted(&a->cmd) &&
		    (a->cmd.status == 0 || was_aborted(&a->cmd)))
			continue;
		fprintf(stderr, "nvmehost: abort: status %#x, DW0 %#x, but the command: %#x (%s)\n",
		    a->abort.status, a->abort.dw0, a->cmd.status,
		    host_status_name(a->cmd.status));
		return (EXIT_FAULT);
	}
	return (EXIT_OK);
}

int
cmd_abort(struct settings *s, struct host_ctrl *h)
{
	struct host_ns ns;
	unsigned aborted = 0;
	uint8_t *buf;
	int status;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &ns) == -1)
		return (say_queue_error(h->admin));
	if ((buf = calloc(1, 4 << 20)) == NULL)
		return (say_usage("out of memory"));
	/* The first one is with the device when the others come: a kernel takes what has come together
	 * for one file as one, and puts none of that down. */
	for (; count < MAX_DEPTH && host_queue_may_submit(h->io[0]); count++) {
		fill(s, &ns, count, buf);
		if (host_queue_submit(h->io[0], &attempts[count].cmd) == -1 ||
		    (count == 0 && attempts[0].cmd.len > 0 && give_time(h, 300) == -1))
			return (say_queue_error(h->io[0]));
	}
	if (give_time(h, 20) == -1)
		return (say_queue_error(h->io[0]));
	status = wait_until(h, all_aborts_answered);
	for (unsigned i = 0; i < count; i++)
		aborted += attempts[i].abort.complete && (attempts[i].abort.dw0 & 1) == 0;
	printf("abort: %u of %u\n", aborted, count);
	if (status == EXIT_OK)
		status = wait_until(h, all_over);
	if (status == EXIT_OK)
		status = judge();
	free(buf);
	return (status);
}
