/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation of an opener, seen from the broker: asked for, started when there is room, given a
 * deadline, answered once. An opener that hangs is killed and its job answered at once; the job
 * stays until the process is reaped, so that a dead device cannot collect processes without end.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

struct opener_job {
	TAILQ_ENTRY(opener_job) entry;
	struct broker *broker;
	struct backend *backend;	/* NULL: a drain, or the state directory */
	uint32_t type;			/* enum ipc_broker_to_opener */
	union {
		struct ipc_claim claim;
		struct ipc_reopen reopen;
		struct ipc_drain drain;
		struct ipc_store store;
	} request;
	const struct held *held;	/* a drain's claim */
	uint64_t turn;			/* in whose order they are started */
	uint32_t ticket, child;		/* 0: not yet */
	struct channel ch;
	struct timer *deadline;
	bool counted;			/* among those that run */
	bool over;			/* answered, or nobody waits for it */
	opener_done *done;
	void *ctx;
};

IPC_RECEIVER(from_opener, IPC_OPENER_TO_BROKER)

static const size_t request_size[] = {
	[IPC_CLAIM] = sizeof(struct ipc_claim),
	[IPC_REOPEN] = sizeof(struct ipc_reopen),
	[IPC_DRAIN] = sizeof(struct ipc_drain),
	[IPC_STORE] = sizeof(struct ipc_store),
};

/* One that is over may still hang: it is its backend's burden then, and nobody else's. */
static void
over(struct opener_job *job)
{
	job->over = true;
	timer_stop(job->deadline);
	if (job->counted)
		job->broker->openers--;
	job->counted = false;
}

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
	over(job);
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
	return (job->type == IPC_REOPEN ? STAGE_REOPEN : job->type == IPC_STORE ? STAGE_STORE :
	    STAGE_OPEN);
}

static void
deadline_due(void *ctx)
{
	struct opener_job *job = ctx;

	warden_kill(job->broker, job->child);
	fail(job, stage_of(job), ETIMEDOUT);
}

/* Drains count themselves: one per claim. */
static bool
has_room(const struct opener_job *job)
{
	return (job->backend == NULL || (job->broker->openers < OPENERS_MAX &&
	    job->backend->openers < OPENERS_OF_BACKEND));
}

static void
start(struct opener_job *job)
{
	uint32_t path = job->backend != NULL ? job->backend->path_index :
	    job->type == IPC_STORE ? job->broker->state_path : NO_PATH;

	if (job->broker->opener_turn < job->turn)
		job->broker->opener_turn = job->turn;
	if (job->backend != NULL) {
		job->backend->openers++;
		job->broker->openers++;
		job->counted = true;
	}
	job->ticket = warden_spawn(job->broker, ROLE_OPENER, path);
}

/* Everybody's first comes before anybody's second: a controller with many namespaces does not keep
 * one with few waiting. nth counts from now on. */
static void
enqueue(struct opener_job *job, uint32_t nth)
{
	struct broker *b = job->broker;
	struct opener_job *before = TAILQ_LAST(&b->jobs, opener_jobs);

	job->turn = b->opener_turn + nth;
	while (before != NULL && before->turn > job->turn)
		before = TAILQ_PREV(before, opener_jobs, entry);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&b->jobs, job, entry);
	else
		TAILQ_INSERT_AFTER(&b->jobs, before, job, entry);
}

/* Starts what waits and has room now, in the order of turns. */
static void
start_waiting(struct broker *b)
{
	struct opener_job *job;

	TAILQ_FOREACH(job, &b->jobs, entry)
		if (job->ticket == 0 && !job->over && has_room(job))
			start(job);
}

static struct opener_job *
job_new(struct broker *b, struct backend *be, uint32_t type, uint32_t nth, opener_done *done,
    void *ctx)
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
	enqueue(job, nth);
	return (job);
}

struct opener_job *
opener_claim(struct backend *be, opener_done *done, void *ctx)
{
	struct opener_job *job = job_new(be->broker, be, IPC_CLAIM, 0, done, ctx);

	if (job != NULL) {
		job->request.claim = (struct ipc_claim){ .readonly = be->ns->read_only,
		    .block_size = be->ns->block_size };
		start_waiting(be->broker);
	}
	return (job);
}

struct opener_job *
opener_reopen(struct backend *be, uint64_t lock_offset, bool readonly, uint32_t nth,
    opener_done *done, void *ctx)
{
	struct opener_job *job = job_new(be->broker, be, IPC_REOPEN, nth, done, ctx);

	if (job != NULL) {
		job->request.reopen = (struct ipc_reopen){ .lock_offset = lock_offset,
		    .readonly = readonly, .direct = be->direct };
		start_waiting(be->broker);
	}
	return (job);
}

struct opener_job *
opener_drain(struct broker *b, const struct held *held, uint64_t lock_offset, opener_done *done,
    void *ctx)
{
	struct opener_job *job = job_new(b, NULL, IPC_DRAIN, 0, done, ctx);

	if (job != NULL) {
		job->request.drain.lock_offset = lock_offset;
		job->held = held;
		start_waiting(b);
	}
	return (job);
}

/* Openers of one service wait for each other at the directory: see opener.c. */
struct opener_job *
opener_store(struct broker *b, const struct ipc_store *what, opener_done *done, void *ctx)
{
	struct opener_job *job = job_new(b, NULL, IPC_STORE, 0, done, ctx);

	if (job != NULL) {
		job->request.store = *what;
		start_waiting(b);
	}
	return (job);
}

void
opener_forget(struct opener_job *job)
{
	if (job->over)
		return;
	over(job);
	if (job->ticket == 0)
		job_free(job);
	else if (job->child != 0)
		warden_kill(job->broker, job->child);
}

bool
opener_is_queued(const struct opener_job *job)
{
	return (job->ticket == 0 && job->backend != NULL &&
	    job->backend->openers < OPENERS_OF_BACKEND);
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

/* The rest when it is reaped: then it is known how it ended. */
static void
opener_closed(void *ctx, const char *why)
{
	struct opener_job *job = ctx;

	if (!channel_ended(why))
		log_warnx("opener broke a rule: %s; report this as a bug", why);
	warden_kill(job->broker, job->child);
}

/* What goes with the request; a backend may have lost it since the job was made. */
static const struct held *
claim_of(const struct opener_job *job)
{
	if (job->type == IPC_REOPEN)
		return (job->backend->held);
	return (job->held);
}

static int
ask(struct opener_job *job)
{
	const struct held *held = claim_of(job);

	if (held == NULL && job->type != IPC_CLAIM && job->type != IPC_STORE)
		return (-1);
	return (ipc_send(job->ch.peer.fd, job->type, &job->request, request_size[job->type],
	    held != NULL ? &held->fd : NULL, held != NULL));
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

static void
say_end(const struct opener_job *job, int status)
{
	if (job->over)
		return;
	if (WIFSIGNALED(status))
		log_warnx("an opener died of signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		log_warnx("an opener ended without an answer, status %d", WEXITSTATUS(status));
}

bool
opener_gone(struct broker *b, uint32_t child, int status)
{
	struct opener_job *job;

	TAILQ_FOREACH(job, &b->jobs, entry)
		if (job->child == child)
			break;
	if (job == NULL)
		return (false);
	/* its answer may still lie in the channel */
	channel_drain(&job->ch);
	say_end(job, status);
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
on_stored(void *ctx, const struct ipc_empty *m, int *fds)
{
	struct opener_result r = { .fd = -1 };

	(void)m;
	(void)fds;
	return (opened(ctx, IPC_STORE, &r, NULL));
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
