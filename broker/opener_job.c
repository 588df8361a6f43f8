/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation of an opener, seen from the broker: asked for, started when there is room, given a
 * deadline, answered once. An opener that hangs is killed and its job answered at once; the job
 * stays until the process is reaped, so that a dead device cannot collect processes without end.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

struct opener_job {
	TAILQ_ENTRY(opener_job) entry;
	struct broker *broker;
	struct backend *backend;	/* NULL: a drain */
	uint32_t type;			/* enum ipc_broker_to_opener */
	union {
		struct ipc_claim claim;
		struct ipc_reopen reopen;
		struct ipc_drain drain;
	} request;
	const struct held *held;	/* the claim that goes with it, or NULL */
	uint32_t ticket, child;		/* 0: not yet */
	struct channel ch;
	struct timer *deadline;
	bool over;			/* answered, or nobody waits for it */
	opener_done *done;
	void *ctx;
};

IPC_RECEIVER(from_opener, IPC_OPENER_TO_BROKER)

static const size_t request_size[] = {
	[IPC_CLAIM] = sizeof(struct ipc_claim),
	[IPC_REOPEN] = sizeof(struct ipc_reopen),
	[IPC_DRAIN] = sizeof(struct ipc_drain),
};

static void
job_free(struct opener_job *job)
{
	if (job->backend != NULL && job->ticket != 0)
		job->backend->openers--;
	channel_close(&job->ch);
	timer_free(job->deadline);
	TAILQ_REMOVE(&job->broker->jobs, job, entry);
	free(job);
}

/* Answers, once. The process ends by itself, or has been killed. */
static void
answer(struct opener_job *job, struct opener_result *r)
{
	if (job->over)
		return;
	job->over = true;
	timer_stop(job->deadline);
	job->done(job->ctx, r);
}

static void
fail(struct opener_job *job, enum open_stage stage, int error)
{
	struct opener_result r = { .why = { stage, (uint32_t)error }, .fd = -1 };

	answer(job, &r);
}

static enum open_stage
stage_of(const struct opener_job *job)
{
	return (job->type == IPC_REOPEN ? STAGE_REOPEN : STAGE_OPEN);
}

static void
deadline_due(void *ctx)
{
	struct opener_job *job = ctx;

	warden_kill(job->broker, job->child);
	fail(job, stage_of(job), ETIMEDOUT);
}

/* Drains count themselves, one per claim, and those that hang are not counted. */
static unsigned
count_running(const struct broker *b)
{
	const struct opener_job *job;
	unsigned n = 0;

	TAILQ_FOREACH(job, &b->jobs, entry)
		n += job->ticket != 0 && !job->over && job->backend != NULL;
	return (n);
}

static bool
has_room(const struct opener_job *job, unsigned running)
{
	return (job->backend == NULL || (running < OPENERS_MAX &&
	    job->backend->openers < OPENERS_OF_BACKEND));
}

static void
start(struct opener_job *job)
{
	uint32_t path = job->backend != NULL ? job->backend->path_index : NO_PATH;

	if (job->backend != NULL)
		job->backend->openers++;
	job->ticket = warden_spawn(job->broker, ROLE_OPENER, path);
}

/* Starts what waits and has room now, the oldest first. Hosts decide how many wait: the list is gone
 * through twice, not once for each of them. */
static void
start_waiting(struct broker *b)
{
	unsigned running = count_running(b);
	struct opener_job *job;

	TAILQ_FOREACH(job, &b->jobs, entry)
		if (job->ticket == 0 && !job->over && has_room(job, running)) {
			start(job);
			running += job->backend != NULL;
		}
}

static struct opener_job *
job_new(struct broker *b, struct backend *be, uint32_t type, opener_done *done, void *ctx)
{
	struct opener_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return (NULL);
	job->broker = b;
	job->backend = be;
	job->type = type;
	job->done = done;
	job->ctx = ctx;
	job->deadline = timer_new(deadline_due, job);
	channel_init(&job->ch);
	TAILQ_INSERT_TAIL(&b->jobs, job, entry);
	return (job);
}

struct opener_job *
opener_claim(struct backend *be, opener_done *done, void *ctx)
{
	struct opener_job *job = job_new(be->broker, be, IPC_CLAIM, done, ctx);

	if (job != NULL) {
		job->request.claim = (struct ipc_claim){ .readonly = be->ns->read_only,
		    .block_size = be->ns->block_size };
		start_waiting(be->broker);
	}
	return (job);
}

struct opener_job *
opener_reopen(struct backend *be, uint64_t lock_offset, bool readonly, opener_done *done, void *ctx)
{
	struct opener_job *job = job_new(be->broker, be, IPC_REOPEN, done, ctx);

	if (job != NULL) {
		job->request.reopen = (struct ipc_reopen){ .lock_offset = lock_offset,
		    .readonly = readonly, .direct = be->info.align != 0 };
		job->held = be->held;
		start_waiting(be->broker);
	}
	return (job);
}

struct opener_job *
opener_drain(struct broker *b, const struct held *held, uint64_t lock_offset, opener_done *done,
    void *ctx)
{
	struct opener_job *job = job_new(b, NULL, IPC_DRAIN, done, ctx);

	if (job != NULL) {
		job->request.drain.lock_offset = lock_offset;
		job->held = held;
		start_waiting(b);
	}
	return (job);
}

void
opener_forget(struct opener_job *job)
{
	if (job->over)
		return;
	job->over = true;
	timer_stop(job->deadline);
	if (job->ticket == 0)
		job_free(job);
	else if (job->child != 0)
		warden_kill(job->broker, job->child);
}

static struct opener_job *
by_ticket(struct broker *b, uint32_t ticket)
{
	struct opener_job *job;

	TAILQ_FOREACH(job, &b->jobs, entry)
		if (job->ticket == ticket && job->child == 0)
			return (job);
	return (NULL);
}

static void
opener_closed(void *ctx, const char *why)
{
	struct opener_job *job = ctx;

	if (!job->over)
		log_warnx("opener: ended without an answer: %s", why);
	fail(job, stage_of(job), EIO);
	warden_kill(job->broker, job->child);
}

static int
ask(struct opener_job *job)
{
	return (ipc_send(job->ch.peer.fd, job->type, &job->request, request_size[job->type],
	    job->held != NULL ? &job->held->fd : NULL, job->held != NULL));
}

bool
opener_spawned(struct broker *b, const struct ipc_spawned *m, int fd)
{
	struct opener_job *job = by_ticket(b, m->ticket);

	if (job == NULL)
		return (false);
	job->child = m->child;
	if (channel_open(&job->ch, fd, &from_opener, S_NEW, job, opener_closed) == -1 ||
	    job->over || ask(job) == -1) {
		fail(job, stage_of(job), EIO);
		channel_close(&job->ch);
		warden_kill(b, job->child);
	} else if (job->type != IPC_DRAIN)
		timer_set(job->deadline, OPEN_DEADLINE_MS);
	return (true);
}

bool
opener_spawn_failed(struct broker *b, const struct ipc_spawn_failed *m)
{
	struct opener_job *job = by_ticket(b, m->ticket);

	if (job == NULL)
		return (false);
	fail(job, stage_of(job), (int)m->error);
	job_free(job);
	return (true);
}

bool
opener_gone(struct broker *b, uint32_t child)
{
	struct opener_job *job;

	TAILQ_FOREACH(job, &b->jobs, entry)
		if (job->child == child)
			break;
	if (job == NULL)
		return (false);
	/* its answer may still lie in the channel */
	channel_drain(&job->ch);
	fail(job, stage_of(job), EIO);
	job_free(job);
	start_waiting(b);
	return (true);
}

/* ---- answers: an opener may answer only what it was asked ---- */

static int
opened(struct opener_job *job, uint32_t asked, struct opener_result *r, int *fds)
{
	if (job->type != asked)
		return (-1);
	r->ok = true;
	if (fds != NULL) {
		r->fd = fds[0];
		fds[0] = -1;
	}
	answer(job, r);
	if (fds != NULL)
		fds[0] = r->fd;		/* what nobody took is closed behind us */
	return (0);
}

static int
on_claimed(void *ctx, const struct ipc_claimed *m, int *fds)
{
	struct opener_result r = { .claimed = *m };

	return (opened(ctx, IPC_CLAIM, &r, fds));
}

static int
on_reopened(void *ctx, const struct ipc_drain *m, int *fds)
{
	struct opener_result r = { .fd = -1 };

	(void)m;
	return (opened(ctx, IPC_REOPEN, &r, fds));
}

static int
on_drain_done(void *ctx, const struct ipc_drain *m, int *fds)
{
	struct opener_result r = { .fd = -1 };

	(void)m;
	(void)fds;
	return (opened(ctx, IPC_DRAIN, &r, NULL));
}

static int
on_open_failed(void *ctx, const struct ipc_open_failed *m, int *fds)
{
	(void)fds;
	if (m->stage >= STAGE_MAX)
		return (-1);
	fail(ctx, m->stage, m->error > 4095 ? EIO : (int)m->error);
	return (0);
}
