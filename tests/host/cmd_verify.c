/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify: write a pattern over a region in pieces of random sizes, on all queues at depth, then
 * read all of it back in other pieces. Passes repeat, each with a new generation, until the time is
 * over.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

/* Pieces follow each other within an extent; extents are visited in a scattered order. */
struct verify {
	uint64_t	 start, nblocks;	/* the region */
	uint64_t	 done, limit;		/* blocks handed out in this phase; where it ends */
	uint64_t	 extent, stride, nextents;	/* blocks per extent */
	uint64_t	 seed, random;
	uint32_t	 min, max;		/* blocks */
	uint32_t	 generation;
	bool		 writing;
	int64_t		 deadline;		/* 0: none */
};

static uint64_t
gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return (a);
}

/* The next piece: never across the end of its extent. */
static bool
take_piece(struct verify *v, struct host_job *j)
{
	uint64_t at = v->done % v->extent,
		 base = v->done / v->extent * v->stride % v->nextents * v->extent;
	uint64_t nlb = v->min + random_next(&v->random) % (v->max - v->min + 1u);

	if (v->writing && v->deadline != 0 && v->done > 0 && host_now_ms() >= v->deadline)
		v->limit = v->done;
	if (v->done >= v->limit)
		return (false);
	if (nlb > v->extent - at)
		nlb = v->extent - at;
	if (nlb > v->limit - v->done)
		nlb = v->limit - v->done;
	j->lba = v->start + base + at;
	j->nlb = (uint32_t)nlb;
	v->done += nlb;
	return (true);
}

static bool
verify_next(struct host_load *l, struct host_job *j)
{
	struct verify *v = l->arg;
	uint32_t len;

	if (!take_piece(v, j))
		return (false);
	len = j->nlb * l->ns.block;
	if (!v->writing) {
		host_fill_read(&j->cmd, l->ns.nsid, j->lba, j->nlb, j->buf, len);
		return (true);
	}
	for (uint32_t i = 0; i < j->nlb; i++)
		host_pattern_fill(j->buf + (size_t)i * l->ns.block, l->ns.block, j->lba + i,
		    v->seed, v->generation);
	host_fill_write(&j->cmd, l->ns.nsid, j->lba, j->nlb, j->buf, len);
	return (true);
}

static int
verify_check(struct host_load *l, struct host_job *j)
{
	struct verify *v = l->arg;

	return (host_load_check(l, j, v->seed, v->writing ? NULL : &v->generation));
}

static int
phase(struct host_load *l, struct verify *v, bool writing)
{
	struct host_cmd flush;

	v->writing = writing;
	v->done = 0;
	if (writing)
		v->limit = v->nextents * v->extent;
	if (host_load_run(l) == -1)
		return (-1);
	if (!writing)
		return (0);
	host_fill_flush(&flush, l->ns.nsid);
	if (host_run(l->ctrl->io[0], &flush) == -1) {
		l->error = l->ctrl->io[0]->conn.error;
		return (-1);
	}
	return (0);
}

/* The region in whole extents, so that every block of it is written. */
static int
verify_setup(struct verify *v, const struct settings *s, const struct host_load *l)
{
	uint32_t block = l->ns.block;

	if (s->lba >= l->ns.nlbas)
		return (say_usage("--lba: the namespace has %" PRIu64 " blocks", l->ns.nlbas));
	*v = (struct verify){ .start = s->lba, .nblocks = l->ns.nlbas - s->lba, .seed = s->seed,
		.random = s->seed, .generation = 1 };
	v->max = l->max / block;
	v->min = (uint32_t)((s->min + block - 1) / block);
	v->min = v->min < 1 ? 1 : v->min < v->max ? v->min : v->max;
	if (s->bytes != 0 && s->bytes / block < v->nblocks)
		v->nblocks = s->bytes / block;
	if (v->nblocks == 0)
		return (say_usage("--bytes is less than a block of %u", block));
	v->extent = v->nblocks / 64;
	if (v->extent < 1 || v->nblocks % 64 != 0)
		v->extent = v->nblocks;
	v->nextents = v->nblocks / v->extent;
	for (v->stride = v->nextents * 5 / 8 + 1; gcd(v->stride, v->nextents) != 1; v->stride++)
		continue;
	if (s->seconds != 0)
		v->deadline = host_now_ms() + (int64_t)s->seconds * 1000;
	return (EXIT_OK);
}

static int
run_passes(struct settings *s, struct host_load *l, struct verify *v)
{
	int64_t start = host_now_ms();

	do {
		if (s->no_write)
			v->limit = v->nblocks;
		else if (phase(l, v, true) == -1)
			return (say_error(&l->error, &l->ctrl->refusal));
		if (phase(l, v, false) == -1)
			return (say_error(&l->error, &l->ctrl->refusal));
		v->generation++;
	} while (v->deadline != 0 && !s->no_write && host_now_ms() < v->deadline);
	printf("verify: ok, %" PRIu64 " writes, %" PRIu64 " reads, %" PRIu64
	       " bytes, %u %s, %.1f s, "
	       "seed %" PRIu64 "\n",
	    l->writes, l->reads, l->bytes, v->generation - 1,
	    v->generation == 2 ? "pass" : "passes", (double)(host_now_ms() - start) / 1000,
	    v->seed);
	return (EXIT_OK);
}

int
cmd_verify(struct settings *s, struct host_ctrl *h)
{
	struct host_load l;
	struct verify v;
	int status;

	if (host_load_open(&l, h, (uint32_t)s->nsid, (uint32_t)s->max) == -1) {
		status = say_error(&l.error, &h->refusal);
	} else {
		l.next = verify_next;
		l.check = verify_check;
		l.arg = &v;
		if ((status = verify_setup(&v, s, &l)) == EXIT_OK)
			status = run_passes(s, &l, &v);
	}
	host_load_close(&l);
	return (status);
}
