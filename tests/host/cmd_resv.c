/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resv: reservations of a namespace, one command at a time, and a watcher of their notices. Says
 * "status ..." in one line for an error status, and ends with 1 then.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { LID_RESV = 0x80, FID_RESV_MASK = 0x82, FID_RESV_PTPL = 0x83, RAE = 0x8000 };
enum { RESV_LOG = 64, RESV_HEAD = 64, RESV_ENTRY = 64, RESV_MOST = 128 };

/* What each word means: the opcode, the action, and which of its numbers is what. */
static const struct action {
	const char *name;
	uint8_t opc;
	uint32_t action;
	int n;				/* numbers that it takes */
	int crkey, key2, rtype;		/* which of them; -1: none */
	uint32_t len;
} actions[] = {
	{ "register", OPC_RESV_REGISTER, 0, 1, -1, 0, -1, 16 },
	{ "unregister", OPC_RESV_REGISTER, 1, 1, 0, -1, -1, 16 },
	{ "replace", OPC_RESV_REGISTER, 2, 2, 0, 1, -1, 16 },
	{ "acquire", OPC_RESV_ACQUIRE, 0, 2, 0, -1, 1, 16 },
	{ "preempt", OPC_RESV_ACQUIRE, 1, 3, 0, 2, 1, 16 },
	{ "abort", OPC_RESV_ACQUIRE, 2, 3, 0, 2, 1, 16 },
	{ "release", OPC_RESV_RELEASE, 0, 2, 0, -1, 1, 8 },
	{ "clear", OPC_RESV_RELEASE, 1, 1, 0, -1, -1, 8 },
};

/* Words behind the numbers. */
static const struct { const char *name; uint32_t bits; } words[] = {
	{ "iekey", 8 }, { "ptpl", 3u << 30 }, { "no-ptpl", 2u << 30 }, { "bad-ptpl", 1u << 30 },
};

static int
result(const struct host_cmd *cmd)
{
	if (cmd->status == 0)
		return (EXIT_OK);
	printf("status %#x (%s)\n", cmd->status, host_status_name(cmd->status));
	return (EXIT_FAULT);
}

static int
run(struct host_queue *q, struct host_cmd *cmd)
{
	return (host_queue_exec(q, cmd) == -1 ? say_queue_error(q) : result(cmd));
}

static int
do_action(const struct action *a, struct settings *s, struct host_ctrl *h)
{
	uint64_t number[3] = { 0 };
	uint32_t cdw10 = a->action;
	struct host_cmd cmd;
	uint8_t data[16] = { 0 };
	int i = 1;
	bool ok = true;

	for (; i <= a->n && ok; i++)
		number[i - 1] = i < s->narg ? parse_number(s->arg[i], &ok) : (ok = false);
	for (; i < s->narg && ok; i++) {
		ok = false;
		for (unsigned j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			if (strcmp(s->arg[i], words[j].name) == 0) {
				cdw10 |= words[j].bits;
				ok = true;
			}
	}
	if (!ok)
		return (say_usage("resv %s: %d numbers, then words", a->name, a->n));
	if (a->crkey >= 0)
		put64(data, 0, number[a->crkey]);
	if (a->key2 >= 0)
		put64(data, 8, number[a->key2]);
	if (a->rtype >= 0)
		cdw10 |= (uint32_t)number[a->rtype] << 8;
	host_fill(&cmd, a->opc, (uint32_t)s->nsid, HOST_TO_TARGET, data, a->len);
	put32(cmd.sqe, SQE_CDW10, cdw10);
	return (run(h->io[0], &cmd));
}

/* Sorted by key, so that a script can compare it. */
static int
by_key(const void *a, const void *b)
{
	uint64_t x = get64(a, 8), y = get64(b, 8);

	return (x < y ? -1 : x > y);
}

static int
do_report(struct settings *s, struct host_ctrl *h)
{
	static uint8_t buf[RESV_HEAD + RESV_MOST * RESV_ENTRY];
	struct host_cmd cmd;
	unsigned n;
	int status;

	host_fill(&cmd, OPC_RESV_REPORT, (uint32_t)s->nsid, HOST_FROM_TARGET, buf, sizeof(buf));
	put32(cmd.sqe, SQE_CDW10, sizeof(buf) / 4 - 1);
	put32(cmd.sqe, SQE_CDW11, 1);
	if ((status = run(h->io[0], &cmd)) != EXIT_OK)
		return (status);
	n = get16(buf, 5);
	printf("gen %u type %u ptpl %u registrants %u\n", get32(buf, 0), buf[4], buf[9], n);
	if (n > RESV_MOST)
		return (say_usage("more registrants than asked for"));
	qsort(buf + RESV_HEAD, n, RESV_ENTRY, by_key);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *e = buf + RESV_HEAD + (size_t)i * RESV_ENTRY;

		printf("key %" PRIu64 " holds %u cntlid %#x host ", get64(e, 8), e[2], get16(e, 0));
		for (unsigned j = 0; j < 16; j++)
			printf("%02x", e[16 + j]);
		putchar('\n');
	}
	return (EXIT_OK);
}

static int
set_feature(struct settings *s, struct host_ctrl *h, uint8_t fid, uint64_t value)
{
	struct host_cmd cmd;

	host_fill_set_feature(&cmd, fid, (uint32_t)value);
	put32(cmd.sqe, SQE_NSID, (uint32_t)s->nsid);
	return (run(h->admin, &cmd));
}

static int
do_ptpl(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;
	bool ok = true;
	uint64_t v;
	int status;

	if (s->narg > 1) {
		v = parse_number(s->arg[1], &ok);
		return (ok ? set_feature(s, h, FID_RESV_PTPL, v) : say_usage("ptpl: 0 or 1"));
	}
	host_fill_get_feature(&cmd, FID_RESV_PTPL);
	put32(cmd.sqe, SQE_NSID, (uint32_t)s->nsid);
	if ((status = run(h->admin, &cmd)) == EXIT_OK)
		printf("ptpl %u\n", cmd.dw0);
	return (status);
}

/* ---- notices ---- */

/* All that there are. Returns how many, or -1. */
static int
read_notices(struct host_ctrl *h)
{
	static const char *const names[] = { "nothing", "registration preempted",
	    "reservation released", "reservation preempted" };
	uint8_t log[RESV_LOG];
	struct host_cmd cmd;
	int n = 0;

	do {
		host_fill_log(&cmd, LID_RESV, 0, log, sizeof(log));
		if (host_run(h->admin, &cmd) == -1) {
			say_queue_error(h->admin);
			return (-1);
		}
		if (log[8] == 0 || log[8] > 3)
			break;
		printf("notice: %s, namespace %u, number %" PRIu64 "\n", names[log[8]],
		    get32(log, 12), get64(log, 0));
		n++;
	} while (log[9] > 0);
	return (n);
}

/* N notices as they come; a second number masks some. */
static int
do_watch(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd aer;
	uint64_t want, seen = 0, mask = 0;
	bool ok = true;
	int n;

	want = s->narg > 1 ? parse_number(s->arg[1], &ok) : 1;
	if (ok && s->narg > 2)
		mask = parse_number(s->arg[2], &ok);
	if (!ok)
		return (say_usage("resv watch COUNT [MASK]"));
	if (mask != 0 && set_feature(s, h, FID_RESV_MASK, mask) != EXIT_OK)
		return (EXIT_FAULT);
	printf("watching\n");
	while (seen < want) {
		host_fill(&aer, OPC_AER, 0, HOST_NODATA, NULL, 0);
		if (host_queue_submit(h->admin, &aer) == -1)
			return (say_queue_error(h->admin));
		while (!aer.complete) {
			if (host_ctrl_keep_alive(h) == -1)
				return (say_error(&h->error, &h->refusal));
			if (host_queue_wait(&h->admin, 1, 20) == -1 &&
			    h->admin->conn.error.fault != HOST_NONE)
				return (say_queue_error(h->admin));
		}
		if (aer.status != 0)
			return (result(&aer));
		printf("event %#x\n", aer.dw0);
		if ((n = read_notices(h)) == -1)
			return (EXIT_FAULT);
		seen += (uint64_t)n;
	}
	return (EXIT_OK);
}

int
cmd_resv(struct settings *s, struct host_ctrl *h)
{
	for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(s->arg[0], actions[i].name) == 0)
			return (do_action(&actions[i], s, h));
	if (strcmp(s->arg[0], "report") == 0)
		return (do_report(s, h));
	if (strcmp(s->arg[0], "ptpl") == 0)
		return (do_ptpl(s, h));
	if (strcmp(s->arg[0], "watch") == 0)
		return (do_watch(s, h));
	return (say_usage("resv: no action '%s'", s->arg[0]));
}
