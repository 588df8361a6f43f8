/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race: hosts that change the same blocks at the same time. All words of the range are one value.
 * "count" adds one to it, --count times, each time with a fused Compare and Write of what it has
 * read; "tag" writes a value that is larger than all before, plainly; "check" says what is there. A
 * value that becomes smaller is a write that was lost, words that differ on the medium are two that
 * were mixed: both are errors.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { FUSE_FIRST = 1, FUSE_SECOND = 2, FAILED_FUSED = 0x009, INTERRUPTED = 0x021, MISCOMPARE = 0x285 };
enum { TAG_SHIFT = 32, GIVE_UP_MS = 60000 };

/* What happens on one queue. */
struct racer {
	struct host_cmd	 read, compare, write;
	struct race	*race;
	struct host_queue *q;
	uint8_t		*old, *new;
	bool		 is_torn;		/* old is not one value */
	bool		 busy;
};

struct race {
	struct host_ns	 ns;
	uint64_t	 lba, count, begun, done, unknown, missed, interrupted, torn;
	uint32_t	 nlb, len;
	uint64_t	 seen;			/* the largest value */
	int		 failed;
};

static int
complain(struct race *r, const char *what, uint64_t a, uint64_t b)
{
	fprintf(stderr, "nvmehost: race: %s: %#" PRIx64 ", %#" PRIx64 "\n", what, a, b);
	r->failed = EXIT_FAULT;
	return (-1);
}

static void
fill(uint8_t *to, uint32_t len, uint64_t value)
{
	for (uint32_t i = 0; i < len; i += 8)
		put64(to, i, value);
}

static bool
is_one_value(const uint8_t *data, uint32_t len)
{
	return (memcmp(data, data + 8, len - 8) == 0);
}

static void
fill_fused(struct host_cmd *cmd, const struct race *r, uint8_t opc, uint8_t fuse, void *buf)
{
	host_fill(cmd, opc, r->ns.nsid, HOST_TO_TARGET, buf, r->len);
	cmd->sqe[SQE_FLAGS] = fuse;
	put64(cmd->sqe, SQE_CDW10, r->lba);
	put32(cmd->sqe, SQE_CDW12, r->nlb - 1);
}

/* ---- one increment: read, compare and write ---- */

static void
submit_read(struct racer *c)
{
	struct race *r = c->race;

	host_fill_read(&c->read, r->ns.nsid, r->lba, r->nlb, c->old, r->len);
	host_queue_submit(c->q, &c->read);
}

static void
submit_pair(struct racer *c)
{
	struct race *r = c->race;

	fill(c->new, r->len, get64(c->old, 0) + 1);
	fill_fused(&c->compare, r, OPC_COMPARE, FUSE_FIRST, c->old);
	fill_fused(&c->write, r, OPC_WRITE, FUSE_SECOND, c->new);
	host_queue_submit(c->q, &c->compare);
	host_queue_submit(c->q, &c->write);
}

/* Reads are not atomic, but nothing that is less than what was there before may ever come. */
static void
read_was_answered(struct racer *c)
{
	struct race *r = c->race;
	uint64_t value = get64(c->old, 0);

	c->is_torn = !is_one_value(c->old, r->len);
	r->torn += c->is_torn;
	if (c->read.status != 0)
		complain(r, "a read failed", c->read.status, 0);
	else if (!c->is_torn && value < r->seen && c->q->qid == 1)
		complain(r, "a write was lost", r->seen, value);
	if (!c->is_torn && value > r->seen && c->q->qid == 1)
		r->seen = value;
}

static void
pair_was_answered(struct racer *c)
{
	struct race *r = c->race;
	uint16_t first = c->compare.status & ST_SC_MASK, second = c->write.status & ST_SC_MASK;

	if (first == 0 && second == 0) {
		r->done++;
		if (c->is_torn)
			complain(r, "two writes were mixed", get64(c->old, 0), get64(c->old, r->len - 8));
		return;
	}
	r->begun--;
	if (first == MISCOMPARE && second == FAILED_FUSED)
		r->missed++;
	else if (first == INTERRUPTED || second == INTERRUPTED)
		r->interrupted++;
	else
		complain(r, "a fused pair failed", first, second);
}

static void
step(struct racer *c)
{
	struct race *r = c->race;

	if (c->busy && c->read.complete) {
		c->read.complete = false;
		read_was_answered(c);
		submit_pair(c);
	} else if (c->busy && c->compare.complete && c->write.complete) {
		c->busy = c->compare.complete = c->write.complete = false;
		pair_was_answered(c);
	}
	if (!c->busy && r->begun < r->count && r->failed == 0 && host_queue_may_submit(c->q)) {
		c->busy = true;
		r->begun++;
		submit_read(c);
	}
}

static bool
any_is_busy(const struct racer *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (c[i].busy)
			return (true);
	return (false);
}

static int
count(struct race *r, struct host_ctrl *h)
{
	struct racer *c = calloc(h->nio, sizeof(*c));
	int64_t until = host_now_ms() + GIVE_UP_MS;
	uint64_t done = 0;

	if (c == NULL)
		return (say_usage("out of memory"));
	for (unsigned i = 0; i < h->nio; i++) {
		c[i] = (struct racer){ .race = r, .q = h->io[i], .old = malloc(r->len),
			.new = malloc(r->len) };
		if (c[i].old == NULL || c[i].new == NULL)
			return (say_usage("out of memory"));
	}
	do {
		for (unsigned i = 0; i < h->nio; i++)
			step(&c[i]);
		if (host_queue_wait(h->io, h->nio, 100) == -1)
			break;
		if (r->done != done)
			until = host_now_ms() + GIVE_UP_MS;
		done = r->done;
	} while (any_is_busy(c, h->nio) && host_now_ms() < until);
	for (unsigned i = 0; i < h->nio; i++) {
		r->unknown += c[i].busy;
		if (h->io[i]->conn.error.fault != HOST_NONE)
			r->failed = say_queue_error(h->io[i]);
		free(c[i].old);
		free(c[i].new);
	}
	free(c);
	return (r->failed);
}

/* ---- plain writes, and what is there ---- */

static int
look(struct race *r, struct host_ctrl *h, uint8_t *buf)
{
	struct host_cmd cmd;

	host_fill_read(&cmd, r->ns.nsid, r->lba, r->nlb, buf, r->len);
	if (host_run(h->io[0], &cmd) == -1)
		return (r->failed = say_queue_error(h->io[0]));
	return (EXIT_OK);
}

static int
tag(struct race *r, struct host_ctrl *h, uint8_t *buf)
{
	struct host_cmd cmd;
	uint64_t value;

	if (look(r, h, buf) != EXIT_OK)
		return (r->failed);
	value = get64(buf, 0) >> TAG_SHIFT;
	while (r->done < r->count) {
		fill(buf, r->len, ++value << TAG_SHIFT);
		host_fill_write(&cmd, r->ns.nsid, r->lba, r->nlb, buf, r->len);
		if (host_queue_exec(h->io[0], &cmd) == -1)
			return (say_queue_error(h->io[0]));
		if ((cmd.status & ST_SC_MASK) == INTERRUPTED)
			r->interrupted++;
		else if (cmd.status != 0)
			complain(r, "a write failed", cmd.status, 0);
		else
			r->done++;
		if (cmd.status != 0)
			value--;
		if (r->failed != 0)
			return (r->failed);
		/* what others add is more than it, until it writes again */
		if (look(r, h, buf) != EXIT_OK)
			return (r->failed);
		if (get64(buf, 0) >> TAG_SHIFT != value)
			complain(r, "a write was lost", value << TAG_SHIFT, get64(buf, 0));
	}
	return (r->failed);
}

static int
check(struct race *r, struct host_ctrl *h, uint8_t *buf)
{
	if (look(r, h, buf) != EXIT_OK)
		return (r->failed);
	if (!is_one_value(buf, r->len))
		complain(r, "two writes were mixed", get64(buf, 0), get64(buf, r->len - 8));
	printf("value: tag %" PRIu64 " count %" PRIu64 "\n", get64(buf, 0) >> TAG_SHIFT,
	    get64(buf, 0) & UINT32_MAX);
	return (r->failed);
}

int
cmd_race(struct settings *s, struct host_ctrl *h)
{
	struct race r = { .lba = s->lba, .count = s->count };
	uint8_t *buf;
	int status;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &r.ns) == -1)
		return (say_queue_error(h->admin));
	r.nlb = s->bytes < r.ns.block ? 1 : (uint32_t)(s->bytes / r.ns.block);
	r.len = r.nlb * r.ns.block;
	if ((buf = malloc(r.len)) == NULL)
		return (say_usage("out of memory"));
	if (strcmp(s->arg[0], "count") == 0)
		status = count(&r, h);
	else if (strcmp(s->arg[0], "tag") == 0)
		status = tag(&r, h, buf);
	else if (strcmp(s->arg[0], "check") == 0)
		status = check(&r, h, buf);
	else
		status = say_usage("race: count, tag or check");
	free(buf);
	printf("race: %" PRIu64 " done, %" PRIu64 " unknown, %" PRIu64 " missed, %" PRIu64
	    " interrupted, %" PRIu64 " torn reads\n", r.done, r.unknown, r.missed, r.interrupted,
	    r.torn);
	return (status);
}
