/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * durable: commands that change a namespace, mixed at random, with and without FUA, and flushes
 * between them, on all queues at depth. What is asked for and what is answered is told as marks, so
 * that a record of the medium can be judged by it. An extent has one command at a time. --cache-off
 * switches the write cache off soon, and on again when half of what is left then is done.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { REGION_DEFAULT = 1 << 20, PROBES = 16, FUA_BYTE = SQE_CDW12 + 3, FUA_BIT = 0x40,
	DEAC_BIT = 0x02, FID_WRITE_CACHE = 6, RANGES_LEN = 4096, FUSED_MAX = 4096,
	FUSE_FIRST = 1, FUSE_SECOND = 2, INTERRUPTED = 0x21, ID_ONCS = 520, ONCS_DSM = 0x04 };

/* What was written last of an extent, when it was written and nothing else became of it since. */
struct last { uint64_t id, lba; uint32_t nlb; };

struct task {
	uint64_t	 id;
	uint64_t	 extent[2];		/* that it has; UINT64_MAX: none */
	struct host_cmd	 compare;		/* of a fused pair */
	uint8_t		 old[FUSED_MAX];
	bool		 pair;
};

struct durable {
	const struct settings *set;
	struct marks	 marks;
	uint64_t	 random, id, left, nextents;
	uint64_t	 switch_at;		/* left: then feature 06h changes */
	uint32_t	 extent;		/* blocks */
	bool		*busy, *vague;		/* per extent; vague: what it holds is not certain */
	struct last	*last;			/* per extent */
	struct task	*task;			/* per job */
	struct host_cmd	 cache;			/* Set Features */
	uint64_t	 cache_id;		/* 0: none is out */
	unsigned	 switched;		/* how often */
};

static struct task *
task_of(struct host_load *l, const struct host_job *j)
{
	return (&((struct durable *)l->arg)->task[j - l->job]);
}

static struct host_queue *
queue_of(const struct host_load *l, const struct host_job *j)
{
	return (l->ctrl->io[(j - l->job) / (l->ctrl->opts.depth - 1)]);
}

static uint64_t
dice(struct durable *d, uint64_t sides)
{
	return (random_next(&d->random) % sides);
}

static bool
take_extent(struct durable *d, uint64_t *e)
{
	*e = dice(d, d->nextents);
	for (unsigned i = 0; i < PROBES; i++, *e = (*e + 1) % d->nextents)
		if (!d->busy[*e])
			return (d->busy[*e] = true);
	*e = UINT64_MAX;
	return (false);
}

/* Some blocks of an extent that this task now has. */
static bool
take_range(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);

	if (!take_extent(d, &t->extent[0]))
		return (false);
	j->nlb = dice(d, 4) == 0 ? d->extent : 1 + (uint32_t)dice(d, d->extent);
	j->lba = d->set->lba + t->extent[0] * d->extent + dice(d, d->extent - j->nlb + 1);
	d->last[t->extent[0]].nlb = 0;
	return (true);
}

static void
is_written(struct durable *d, const struct task *t, const struct host_job *j)
{
	if (j->nlb == d->extent)
		d->vague[t->extent[0]] = false;
}

/* ---- one command each; false: not now ---- */

static void
fill_pattern(const struct host_load *l, const struct host_job *j, uint8_t *to, uint64_t id)
{
	const struct durable *d = l->arg;

	for (uint32_t i = 0; i < j->nlb; i++)
		host_pattern_fill(to + (size_t)i * l->ns.block, l->ns.block, j->lba + i,
		    d->set->seed, (uint32_t)id);
}

static void
new_data(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);

	fill_pattern(l, j, j->buf, t->id);
	host_fill_write(&j->cmd, l->ns.nsid, j->lba, j->nlb, j->buf, j->nlb * l->ns.block);
	d->last[t->extent[0]] = (struct last){ t->id, j->lba, j->nlb };
}

static bool
fill_write(struct host_load *l, struct host_job *j)
{
	if (!take_range(l, j))
		return (false);
	is_written(l->arg, task_of(l, j), j);
	new_data(l, j);
	return (true);
}

/* Over what was written there last, by Compare and Write; the first of the pair is to be submitted
 * right before the job's. */
static bool
fill_fused(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);
	const struct host_queue *q = queue_of(l, j);
	struct last last;

	if (q->inflight + 3 > q->size || !take_extent(d, &t->extent[0]))
		return (false);
	last = d->last[t->extent[0]];
	if (last.nlb == 0 || last.nlb * l->ns.block > FUSED_MAX)
		return (false);
	j->lba = last.lba;
	j->nlb = last.nlb;
	fill_pattern(l, j, t->old, last.id);
	host_fill_compare(&t->compare, l->ns.nsid, j->lba, j->nlb, t->old, j->nlb * l->ns.block);
	t->compare.sqe[SQE_FLAGS] |= FUSE_FIRST;
	new_data(l, j);
	j->cmd.sqe[SQE_FLAGS] |= FUSE_SECOND;
	return (t->pair = true);
}

static bool
fill_zero(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;

	if (!take_range(l, j))
		return (false);
	is_written(d, task_of(l, j), j);
	host_fill_zeroes(&j->cmd, l->ns.nsid, j->lba, j->nlb);
	j->cmd.sqe[FUA_BYTE] |= dice(d, 2) == 0 ? DEAC_BIT : 0;
	return (true);
}

static bool
fill_deallocate(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;

	if ((get16(l->ctrl->identify, ID_ONCS) & ONCS_DSM) == 0 || !take_range(l, j))
		return (false);
	d->vague[task_of(l, j)->extent[0]] = true;
	host_dsm_range(j->buf, 0, j->lba, j->nlb);
	host_fill_deallocate(&j->cmd, l->ns.nsid, j->buf, 1);
	return (true);
}

/* From another extent, whose content is certain: the same blocks of it. */
static bool
fill_copy(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);

	if (!take_range(l, j) || !take_extent(d, &t->extent[1]) || d->vague[t->extent[1]])
		return (false);
	is_written(d, t, j);
	for (unsigned i = 0; i < 32; i++)
		j->buf[i] = 0;
	host_copy_range(j->buf, 0, 0, j->lba + (t->extent[1] - t->extent[0]) * d->extent, j->nlb);
	host_fill_copy(&j->cmd, l->ns.nsid, j->lba, j->buf, 1, 0);
	return (true);
}

static bool
fill_flush(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;

	host_fill_flush(&j->cmd, dice(d, 4) == 0 ? HOST_NSID_ALL : l->ns.nsid);
	return (true);
}

static const struct deed {
	const char	*name;
	unsigned	 weight;
	bool		 fua;			/* may have it */
	bool		(*fill)(struct host_load *, struct host_job *);
} deeds[] = {
	{ "write", 55, true, fill_write },
	{ "zero", 12, true, fill_zero },
	{ "deallocate", 5, false, fill_deallocate },
	{ "copy", 10, true, fill_copy },
	{ "flush", 12, false, fill_flush },
	{ "fused", 8, true, fill_fused },
};

static const struct deed *
choose(struct durable *d)
{
	unsigned sum = 0, at;
	size_t i;

	for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		sum += deeds[i].weight;
	at = (unsigned)dice(d, sum);
	for (i = 0; at >= deeds[i].weight; i++)
		at -= deeds[i].weight;
	return (&deeds[i]);
}

/* ---- marks ---- */

static int
mark_submit(struct host_load *l, struct host_job *j, const struct deed *deed, bool fua)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);
	uint64_t from = j->lba + (t->extent[1] - t->extent[0]) * d->extent;

	return (mark_say(&d->marks, "submit %" PRIu64 " %s %" PRIu32 " %" PRIu64 " %" PRIu32
	    " %" PRIu64 " %d\n", t->id, deed->name, get32(j->cmd.sqe, SQE_NSID), j->lba, j->nlb,
	    t->extent[1] != UINT64_MAX ? from : 0, fua));
}

static int
mark_answer(const struct durable *d, uint64_t id)
{
	return (mark_say(&d->marks, "answer %" PRIu64 "\n", id));
}

/* ---- feature 06h ---- */

static void
cache_done(struct host_queue *q, struct host_cmd *cmd)
{
	struct durable *d = cmd->arg;

	(void)q;
	if (cmd->status == 0)
		mark_answer(d, d->cache_id);
	d->cache_id = 0;
	d->switch_at = d->left / 2;
}

static int
switch_cache(struct host_load *l, bool on)
{
	struct durable *d = l->arg;

	d->switched++;
	d->cache_id = ++d->id;
	host_fill_set_feature(&d->cache, FID_WRITE_CACHE, on);
	d->cache.done = cache_done;
	d->cache.arg = d;
	if (mark_say(&d->marks, "submit %" PRIu64 " cache-%s 0 0 0 0 0\n", d->cache_id,
	    on ? "on" : "off") == -1)
		return (-1);
	return (host_queue_submit(l->ctrl->admin, &d->cache));
}

/* While the others go on. */
static int
mind_cache(struct host_load *l)
{
	struct durable *d = l->arg;

	if (d->cache_id != 0)
		return (host_queue_poll(l->ctrl->admin));
	if (!d->set->cache_off || d->left > d->switch_at || d->switched == 2)
		return (0);
	return (switch_cache(l, d->switched == 1));
}

/* ---- the load ---- */

static void
give_extents(struct durable *d, struct task *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (t->extent[i] != UINT64_MAX)
			d->busy[t->extent[i]] = false;
	t->extent[0] = t->extent[1] = UINT64_MAX;
}

static bool
durable_next(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);
	const struct deed *deed = choose(d);
	bool fua = deed->fua && dice(d, 3) == 0;

	if (mind_cache(l) == -1) {
		host_load_fail(l, HOST_SYSTEM, "Set Features");
		return (false);
	}
	if (d->left == 0)
		return (false);
	t->id = ++d->id;
	t->extent[0] = t->extent[1] = UINT64_MAX;
	t->pair = false;
	j->lba = j->nlb = 0;
	if (!deed->fill(l, j)) {
		give_extents(d, t);
		return (false);
	}
	d->left--;
	j->cmd.sqe[FUA_BYTE] |= fua ? FUA_BIT : 0;
	if (mark_submit(l, j, deed, fua) == 0 &&
	    (!t->pair || host_queue_submit(queue_of(l, j), &t->compare) == 0))
		return (true);
	host_load_fail(l, HOST_SYSTEM, "mark, or Compare");
	return (false);
}

/* The target had no room for another pair: it is as if it never was, and no mark answers it. */
static int
forget_pair(struct durable *d, struct task *t)
{
	d->vague[t->extent[0]] = true;
	d->last[t->extent[0]].nlb = 0;
	give_extents(d, t);
	return (0);
}

static int
durable_check(struct host_load *l, struct host_job *j)
{
	struct durable *d = l->arg;
	struct task *t = task_of(l, j);

	if (t->pair && (j->cmd.status & ST_SC_MASK) == INTERRUPTED)
		return (forget_pair(d, t));
	if (host_load_check(l, j, d->set->seed, NULL) == -1)
		return (-1);
	if (mark_answer(d, t->id) == -1)
		return (host_load_fail(l, HOST_SYSTEM, "mark"));
	give_extents(d, t);
	return (0);
}

static int
durable_setup(struct durable *d, const struct settings *set, const struct host_load *l)
{
	uint64_t bytes = set->bytes != 0 ? set->bytes : REGION_DEFAULT;

	*d = (struct durable){ .set = set, .random = set->seed, .left = set->count,
		.switch_at = set->count / 6 * 5, .extent = l->max / l->ns.block, .marks = { .fd = -1 } };
	if (bytes / l->ns.block > l->ns.nlbas - set->lba || set->lba >= l->ns.nlbas)
		return (say_usage("--lba, --bytes: the namespace has %" PRIu64 " blocks",
		    l->ns.nlbas));
	if (l->max < RANGES_LEN || (d->nextents = bytes / l->max) < 2)
		return (say_usage("--max is 4K to half of --bytes"));
	d->busy = calloc(d->nextents, sizeof(*d->busy));
	d->vague = calloc(d->nextents, sizeof(*d->vague));
	d->last = calloc(d->nextents, sizeof(*d->last));
	d->task = calloc(l->njobs, sizeof(*d->task));
	if (d->busy == NULL || d->vague == NULL || d->last == NULL || d->task == NULL)
		return (say_usage("out of memory"));
	for (uint64_t e = 0; e < d->nextents; e++)
		d->vague[e] = true;	/* another host may have deallocated there before */
	if (set->marks == NULL || mark_open(&d->marks, set->marks) == -1)
		return (say_usage("--marks: cannot be opened"));
	return (EXIT_OK);
}

/* A shutdown in order makes durable whatever was answered before, too. */
static int
run_durable(struct durable *d, struct host_load *l)
{
	struct host_ctrl *h = l->ctrl;

	if (mark_say(&d->marks, "namespace %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 "\n",
	    l->ns.nsid, l->ns.block, l->ns.nlbas, d->set->seed) == -1)
		return (say_usage("--marks: cannot be written"));
	while (d->left > 0)
		if (host_load_run(l) == -1)
			return (say_error(&l->error, &h->refusal));
	d->id++;
	if (mark_say(&d->marks, "submit %" PRIu64 " shutdown 0 0 0 0 0\n", d->id) == -1 ||
	    host_ctrl_shutdown(h) == -1)
		return (say_error(&h->error, &h->refusal));
	if (mark_answer(d, d->id) == -1)
		return (say_usage("--marks: cannot be written"));
	printf("durable: ok, %" PRIu64 " commands, seed %" PRIu64 "\n", d->id, d->set->seed);
	return (EXIT_OK);
}

int
cmd_durable(struct settings *set, struct host_ctrl *h)
{
	struct durable d = { .marks = { .fd = -1 } };
	struct host_load l;
	int status;

	if (host_load_open(&l, h, (uint32_t)set->nsid, (uint32_t)set->max) == -1) {
		status = say_error(&l.error, &h->refusal);
	} else {
		l.next = durable_next;
		l.check = durable_check;
		l.arg = &d;
		if ((status = durable_setup(&d, set, &l)) == EXIT_OK)
			status = run_durable(&d, &l);
	}
	mark_close(&d.marks);
	free(d.busy);
	free(d.vague);
	free(d.last);
	free(d.task);
	host_load_close(&l);
	return (status);
}
