/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover: the first commands of each queue leave together with its Connect, in one send. Whoever
 * answers Connect must not swallow them: all are answered, and what they wrote can be read.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { READS = 8, LARGE = 64 << 10, ADMIN_ENTRIES = 32, FID_QUEUES = 7 };

struct behind {
	struct host_cmd	 cmd[READS + 2];
	unsigned	 n;
};

static bool
all_complete(const struct host_connect *k, const struct behind *b)
{
	bool complete = k->cmd.complete;

	for (unsigned i = 0; i < b->n; i++)
		complete = complete && b->cmd[i].complete;
	return (complete);
}

/* Connect and what is behind it, answered in any order. */
static int
connect_with(struct host_queue *q, const struct host_opts *o, uint16_t cntlid, struct behind *b)
{
	int64_t deadline = host_now_ms() + o->timeout_ms;
	struct host_connect k;

	host_connect_fill(&k, q, o, cntlid);
	if (host_queue_open(q, o) == -1 || host_queue_submit(q, &k.cmd) == -1)
		return (-1);
	for (unsigned i = 0; i < b->n; i++)
		if (host_queue_submit(q, &b->cmd[i]) == -1)
			return (-1);
	while (!all_complete(&k, b) && !(k.cmd.complete && k.cmd.status != 0)) {
		if (host_queue_wait(&q, 1, 100) == -1)
			return (-1);
		if (host_now_ms() >= deadline)
			return (host_conn_fail(&q->conn, HOST_TIMEOUT,
			    "what was sent behind Connect is not answered"));
	}
	if (k.cmd.status != 0)
		return (host_conn_fail(&q->conn, HOST_REFUSED, "status %#x", k.cmd.status));
	for (unsigned i = 0; i < b->n; i++)
		if (b->cmd[i].status != 0)
			return (host_conn_fail(&q->conn, HOST_STATUS, "behind Connect: %s",
			    host_status_name(b->cmd[i].status)));
	q->cntlid = (uint16_t)k.cmd.dw0;
	return (0);
}

static int
connect_admin(struct host_ctrl *h, const struct host_opts *o)
{
	struct behind b = { .n = 1 };

	h->opts = *o;
	if ((h->admin = host_queue_new(0, ADMIN_ENTRIES, o)) == NULL)
		return (host_ctrl_fail(h, NULL));
	host_fill(&b.cmd[0], OPC_FABRICS, 0, HOST_NODATA, NULL, 0);
	b.cmd[0].sqe[SQE_FCTYPE] = FCT_PROP_GET;
	put32(b.cmd[0].sqe, SQE_OFST, PROP_VS);
	if (connect_with(h->admin, o, HOST_CNTLID_ANY, &b) == -1)
		return (host_ctrl_fail(h, h->admin));
	h->cntlid = h->admin->cntlid;
	h->kato_last = host_now_ms();
	if (host_ctrl_enable(h) == -1)
		return (-1);
	host_fill_set_feature(&b.cmd[0], FID_QUEUES, 0x10001 * (o->queues - 1));
	return (host_run(h->admin, &b.cmd[0]) == -1 ? host_ctrl_fail(h, h->admin) : 0);
}

/* Reads, a block written from the capsule, and a large write by R2T, of a pattern. */
static void
fill_behind(struct behind *b, const struct host_ns *ns, uint64_t lba, uint8_t *buf, uint64_t seed)
{
	uint32_t nlb = LARGE / ns->block;

	for (uint32_t i = 0; i < nlb + 1; i++)
		host_pattern_fill(buf + (size_t)i * ns->block, ns->block, lba + i, seed, 1);
	host_fill_write(&b->cmd[0], ns->nsid, lba + nlb, 1, buf + LARGE, ns->block);
	host_fill_write(&b->cmd[1], ns->nsid, lba, nlb, buf, LARGE);
	b->cmd[1].flags = HOST_F_NO_ICD;
	for (b->n = 2; b->n < READS + 2; b->n++)
		host_fill_read(&b->cmd[b->n], ns->nsid, lba + nlb + b->n, 1,
		    buf + LARGE + (size_t)b->n * ns->block, ns->block);
}

static int
check_written(struct host_queue *q, const struct host_ns *ns, uint64_t lba, uint8_t *buf,
    uint64_t seed)
{
	uint32_t nlb = LARGE / ns->block + 1;
	struct host_cmd cmd;
	char why[128];

	memset(buf, 0, (size_t)nlb * ns->block);
	host_fill_read(&cmd, ns->nsid, lba, nlb, buf, nlb * ns->block);
	if (host_run(q, &cmd) == -1)
		return (-1);
	for (uint32_t i = 0; i < nlb; i++)
		if (!host_pattern_check(buf + (size_t)i * ns->block, ns->block, lba + i, seed, 1, why,
		    sizeof(why)))
			return (host_conn_fail(&q->conn, HOST_PATTERN, "%s", why));
	return (0);
}

static int
handover(struct host_ctrl *h, struct host_queue *q, const struct settings *s, uint8_t *buf)
{
	uint64_t seed = s->seed + q->qid;
	struct host_ns ns;
	struct behind b;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &ns) == -1)
		return (say_queue_error(h->admin));
	q->icd_max = get32(h->identify, 1792) * 16 - SPEC_SQE_LEN;
	fill_behind(&b, &ns, s->lba, buf, seed);
	if (connect_with(q, &h->opts, h->cntlid, &b) == -1 ||
	    check_written(q, &ns, s->lba, buf, seed) == -1)
		return (say_queue_error(q));
	return (EXIT_OK);
}

int
cmd_handover(struct settings *s, struct host_ctrl *unused)
{
	uint8_t *buf = calloc(1, LARGE + (READS + 2) * 4096);
	struct host_queue *q = NULL;
	struct host_ctrl h = { 0 };
	int status = EXIT_OK;

	(void)unused;
	if (buf == NULL)
		return (say_usage("out of memory"));
	if (connect_admin(&h, &s->host) == -1)
		status = say_error(&h.error, &h.refusal);
	for (uint16_t qid = 1; status == EXIT_OK && qid <= s->host.queues; qid++) {
		if ((q = host_queue_new(qid, s->host.depth, &s->host)) == NULL)
			status = say_usage("out of memory, or --depth");
		else
			status = handover(&h, q, s, buf);
		host_queue_free(q);
	}
	if (status == EXIT_OK)
		printf("handover: ok, %u queues\n", s->host.queues);
	host_ctrl_close(&h);
	free(buf);
	return (status);
}
