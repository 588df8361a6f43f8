/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stress: reads and writes mixed at random, on all queues at depth, for some seconds. Each block's
 * generation is remembered, so that every read of a block that this run has written is verified.
 * One command at a time has an extent: what a read finds is then certain. SIGTERM ends it early.
 */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { REGION_DEFAULT = 256 << 20, PROBES = 16 };

static volatile sig_atomic_t told_to_end;

static void
on_signal(int sig)
{
	(void)sig;
	told_to_end = 1;
}

struct stress {
	uint64_t	 start, nextents, seed, random;
	uint32_t	 extent, min;		/* blocks: of an extent, of the smallest command */
	unsigned	 write_percent;
	uint32_t	*generation;		/* per block; 0: not ours yet */
	bool		*busy;			/* per extent */
	uint64_t	 verified;		/* blocks */
	int64_t		 deadline;
};

static uint64_t
extent_of(const struct stress *s, const struct host_job *j)
{
	return ((j->lba - s->start) / s->extent);
}

/* Some extent that no command has; false: none was found, try again later. */
static bool
take_extent(struct stress *s, uint64_t *e)
{
	*e = random_next(&s->random) % s->nextents;
	for (unsigned i = 0; i < PROBES; i++, *e = (*e + 1) % s->nextents)
		if (!s->busy[*e])
			return (s->busy[*e] = true);
	return (false);
}

static void
fill_write(struct host_load *l, struct stress *s, struct host_job *j)
{
	uint32_t *generation = s->generation + (j->lba - s->start), block = l->ns.block;

	for (uint32_t i = 0; i < j->nlb; i++)
		host_pattern_fill(j->buf + (size_t)i * block, block, j->lba + i, s->seed,
		    ++generation[i]);
	host_fill_write(&j->cmd, l->ns.nsid, j->lba, j->nlb, j->buf, j->nlb * block);
}

static bool
stress_next(struct host_load *l, struct host_job *j)
{
	struct stress *s = l->arg;
	uint64_t e;
	uint32_t at;

	if (told_to_end || host_now_ms() >= s->deadline || !take_extent(s, &e))
		return (false);
	j->nlb = s->min + (uint32_t)(random_next(&s->random) % (s->extent - s->min + 1));
	at = (uint32_t)(random_next(&s->random) % (s->extent - j->nlb + 1));
	j->lba = s->start + e * s->extent + at;
	if (random_next(&s->random) % 100 < s->write_percent)
		fill_write(l, s, j);
	else
		host_fill_read(&j->cmd, l->ns.nsid, j->lba, j->nlb, j->buf,
		    j->nlb * l->ns.block);
	return (true);
}

/* Block by block, as each has a generation of its own. */
static int
stress_check(struct host_load *l, struct host_job *j)
{
	struct stress *s = l->arg;
	const uint32_t *generation = s->generation + (j->lba - s->start);
	struct host_job one = *j;

	s->busy[extent_of(s, j)] = false;
	if (j->cmd.status != 0 || j->cmd.dir != HOST_FROM_TARGET)
		return (host_load_check(l, j, s->seed, NULL));
	one.nlb = 1;
	for (uint32_t i = 0; i < j->nlb; i++, one.lba++, one.buf += l->ns.block) {
		if (generation[i] == 0)
			continue;
		if (host_load_check(l, &one, s->seed, &generation[i]) == -1)
			return (-1);
		s->verified++;
	}
	return (0);
}

static int
stress_setup(struct stress *s, const struct settings *set, const struct host_load *l)
{
	uint64_t bytes = set->bytes != 0 ? set->bytes : REGION_DEFAULT;
	uint64_t nblocks = bytes / l->ns.block;
	uint32_t min = (uint32_t)((set->min + l->ns.block - 1) / l->ns.block);

	*s = (struct stress){.start = set->lba, .seed = set->seed, .random = set->seed,
	    .write_percent = (unsigned)set->write_percent, .extent = l->max / l->ns.block};
	s->min = min < 1 ? 1 : min < s->extent ? min : s->extent;
	if (set->lba >= l->ns.nlbas)
		return (say_usage("--lba: the namespace has %" PRIu64 " blocks", l->ns.nlbas));
	if (nblocks > l->ns.nlbas - set->lba)
		nblocks = l->ns.nlbas - set->lba;
	if ((s->nextents = nblocks / s->extent) == 0)
		return (say_usage("--bytes is less than --max"));
	s->generation = calloc(s->nextents * s->extent, sizeof(*s->generation));
	s->busy = calloc(s->nextents, sizeof(*s->busy));
	if (s->generation == NULL || s->busy == NULL)
		return (say_usage("out of memory"));
	s->deadline = host_now_ms() + 1000 * (int64_t)(set->seconds != 0 ? set->seconds : 5);
	return (EXIT_OK);
}

static int
run_stress(const struct settings *set, struct host_load *l, const struct stress *s)
{
	int64_t start = host_now_ms();
	double seconds;

	if (host_load_run(l) == -1)
		return (say_error(&l->error, &l->ctrl->refusal));
	seconds = (double)(host_now_ms() - start) / 1000;
	if (set->json)
		printf("{\"reads\":%" PRIu64 ",\"writes\":%" PRIu64 ",\"bytes\":%" PRIu64
		       ",\"verified_blocks\":%" PRIu64 ",\"seconds\":%.3f,\"iops\":%.0f}\n",
		    l->reads, l->writes, l->bytes, s->verified, seconds,
		    (double)(l->reads + l->writes) / seconds);
	else
		printf("stress: ok, %" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64
		       " blocks verified, %.0f IOPS, %.1f MiB/s, seed %" PRIu64 "\n",
		    l->reads, l->writes, s->verified, (double)(l->reads + l->writes) / seconds,
		    (double)l->bytes / seconds / (1 << 20), s->seed);
	return (EXIT_OK);
}

int
cmd_stress(struct settings *set, struct host_ctrl *h)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct stress s = {0};
	struct host_load l;
	int status;

	sigaction(SIGTERM, &sa, NULL);
	if (host_load_open(&l, h, (uint32_t)set->nsid, (uint32_t)set->max) == -1) {
		status = say_error(&l.error, &h->refusal);
	} else {
		l.next = stress_next;
		l.check = stress_check;
		l.arg = &s;
		if ((status = stress_setup(&s, set, &l)) == EXIT_OK)
			status = run_stress(set, &l, &s);
	}
	free(s.generation);
	free(s.busy);
	host_load_close(&l);
	return (status);
}
