/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps several queues busy at depth from one thread. What the jobs do and how their answers are
 * judged is the caller's: next() and check().
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

enum { TICK_MS = 50 };

/* Keeps the first error. */
int
host_load_fail(struct host_load *l, enum host_fault fault, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (l->failed)
		return (-1);
	l->failed = 1;
	l->error.fault = fault;
	n = snprintf(l->error.text, sizeof(l->error.text), "%s: ", host_fault_name[fault]);
	va_start(ap, fmt);
	vsnprintf(l->error.text + n, sizeof(l->error.text) - (size_t)n, fmt, ap);
	va_end(ap);
	return (-1);
}

/* The usual judgement: success, and for a read the pattern, one generation or NULL for a write. */
int
host_load_check(
    struct host_load *l, const struct host_job *j, uint64_t seed, const uint32_t *generation)
{
	char why[192];

	if (j->cmd.status != 0)
		return (
		    host_load_fail(l, HOST_STATUS, "opcode %#x at LBA %llu, %u blocks: %#x (%s)",
			j->cmd.sqe[SQE_OPC], (unsigned long long)j->lba, j->nlb, j->cmd.status,
			host_status_name(j->cmd.status)));
	for (uint32_t i = 0; generation != NULL && i < j->nlb; i++)
		if (!host_pattern_check(j->buf + (size_t)i * l->ns.block, l->ns.block, j->lba + i,
			seed, *generation, why, sizeof(why)))
			return (host_load_fail(l, HOST_PATTERN, "%s", why));
	return (0);
}

static int
fail_queue(struct host_load *l, const struct host_queue *q)
{
	if (!l->failed)
		l->error = q->conn.error;
	l->failed = 1;
	return (-1);
}

static void	job_done(struct host_queue *, struct host_cmd *);

static void
job_start(struct host_load *l, struct host_queue *q, struct host_job *j)
{
	j->idle = true;
	if (l->failed || !host_queue_may_submit(q) || !l->next(l, j))
		return;
	j->cmd.done = job_done;
	j->idle = false;
	l->busy++;
	if (host_queue_submit(q, &j->cmd) == -1)
		fail_queue(l, q);
}

/* The generic part of an answer: count it, judge it, go on. */
static void
job_done(struct host_queue *q, struct host_cmd *cmd)
{
	struct host_job *j = (struct host_job *)cmd;
	struct host_load *l = j->load;

	l->busy--;
	if (l->check(l, j) == -1)
		l->failed = 1;
	if (cmd->dir == HOST_FROM_TARGET)
		l->reads++;
	else
		l->writes++;
	l->bytes += cmd->len;
	job_start(l, q, j);
}

/* Jobs for all I/O queues of the controller, depth - 1 each, with buffers of max bytes. */
int
host_load_open(struct host_load *l, struct host_ctrl *h, uint32_t nsid, uint32_t max)
{
	unsigned each = h->opts.depth - 1;

	memset(l, 0, sizeof(*l));
	l->ctrl = h;
	if (host_ns_open(h->admin, nsid, &l->ns) == -1)
		return (fail_queue(l, h->admin));
	l->max = max < h->mdts ? max : h->mdts;
	l->max -= l->max % l->ns.block;
	if (l->max < l->ns.block)
		return (host_load_fail(l, HOST_ARGUMENT, "the block size is %u", l->ns.block));
	l->njobs = each * h->nio;
	if ((l->job = calloc(l->njobs, sizeof(*l->job))) == NULL)
		return (host_load_fail(l, HOST_SYSTEM, "out of memory"));
	for (unsigned i = 0; i < l->njobs; i++) {
		l->job[i].load = l;
		if (posix_memalign((void **)&l->job[i].buf, 4096, l->max) != 0)
			return (host_load_fail(l, HOST_SYSTEM, "out of memory"));
	}
	return (0);
}

static void
start_idle(struct host_load *l)
{
	unsigned each = l->ctrl->opts.depth - 1;

	for (unsigned i = 0; i < l->njobs; i++)
		if (l->job[i].idle)
			job_start(l, l->ctrl->io[i / each], &l->job[i]);
}

/* Run until next() has no more for anybody, or something is wrong. */
int
host_load_run(struct host_load *l)
{
	struct host_ctrl *h = l->ctrl;
	int64_t progress = host_now_ms(), tick = 0, now;
	uint64_t before = 0;

	for (unsigned i = 0; i < l->njobs; i++)
		l->job[i].idle = true;
	for (;;) {
		start_idle(l);
		if (l->failed || l->busy == 0)
			return (l->failed ? -1 : 0);
		if (host_queue_wait(h->io, h->nio, TICK_MS) == -1)
			for (unsigned i = 0; i < h->nio; i++)
				if (h->io[i]->conn.error.fault != HOST_NONE)
					return (fail_queue(l, h->io[i]));
		if ((now = host_now_ms()) - tick < TICK_MS)
			continue;
		tick = now;
		if (host_ctrl_keep_alive(h) == -1)
			return (fail_queue(l, h->admin));
		if (l->reads + l->writes != before)
			progress = now;
		before = l->reads + l->writes;
		if (now - progress > h->opts.timeout_ms)
			return (host_load_fail(
			    l, HOST_TIMEOUT, "%u commands are not answered", l->busy));
	}
}

/* Only after the queues are closed or idle: commands in flight point into the jobs. */
void
host_load_close(struct host_load *l)
{
	for (unsigned i = 0; l->job != NULL && i < l->njobs; i++)
		free(l->job[i].buf);
	free(l->job);
	l->job = NULL;
}
