/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine with a pool of threads: what might wait is carried out by a thread, what cannot is
 * carried out in the lane at once; done() is called by the lane in both cases. Threads touch an
 * operation between `todo` and `done` and nothing else of the lane's. Once it is made, the only
 * system calls here are futexes and those of wait_*.c and file_*.c: a filter may be in force.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "worker/engine_impl.h"

/* Bytes that the lane moves itself while all others wait; some 100 us of copying. */
#define LANE_MAX	(1u << 20)

/* Enough for a system call and a handful of frames; there are many workers with some threads. */
#define STACK_SIZE	(64u << 10)

enum stage { STAGE_CALLERS, STAGE_QUEUED, STAGE_TAKEN };	/* changes under the lock */

struct threads {
	/* The lane's own. */
	struct engine engine;
	struct eng_queue here;		/* carried out in the lane, done() not called yet */
	unsigned away;			/* of these with the threads */
	unsigned nthreads;
	pthread_t *threads;
	int fd[ENGINE_FILES];		/* of the slots */
	/* Shared with the threads. */
	pthread_mutex_t lock;
	pthread_cond_t work, running;
	struct eng_queue todo, done;
	unsigned up;			/* threads that have started */
	bool asleep;			/* the lane wants to be woken for the next one done */
	bool stop;
};

/* ---- the threads' side ---- */

/* The queue discipline, all of it: first come, first served. Called with the lock held. */
static struct eng_op *
choose(struct threads *t)
{
	struct eng_op *op = TAILQ_FIRST(&t->todo);

	if (op != NULL)
		TAILQ_REMOVE(&t->todo, op, next);
	return (op);
}

/* Waits for an operation. NULL when the engine ends. */
static struct eng_op *
take(struct threads *t)
{
	struct eng_op *op;

	pthread_mutex_lock(&t->lock);
	while ((op = choose(t)) == NULL && !t->stop)
		pthread_cond_wait(&t->work, &t->lock);
	if (op != NULL)
		op->stage = STAGE_TAKEN;
	pthread_mutex_unlock(&t->lock);
	return (op);
}

static void
give_back(struct threads *t, struct eng_op *op)
{
	bool wake;

	pthread_mutex_lock(&t->lock);
	TAILQ_INSERT_TAIL(&t->done, op, next);
	wake = t->asleep;
	t->asleep = false;		/* once is enough for all that are done meanwhile */
	pthread_mutex_unlock(&t->lock);
	if (wake)
		wait_wake(t->engine.wait);
}

static void *
thread_main(void *arg)
{
	struct threads *t = arg;
	struct eng_op *op;

	pthread_mutex_lock(&t->lock);
	t->up++;
	pthread_cond_signal(&t->running);
	pthread_mutex_unlock(&t->lock);
	while ((op = take(t)) != NULL) {
		file_do(op);
		give_back(t, op);
	}
	return (NULL);
}

/* ---- beginning and end ---- */

static int
make_threads(struct threads *t, unsigned threads)
{
	pthread_attr_t attr;
	int error = 0;

	if ((error = pthread_attr_init(&attr)) != 0)
		return (error);
	/* Refused where the C library needs more: then its own choice will do. */
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (t->nthreads < threads && error == 0) {
		error = pthread_create(&t->threads[t->nthreads], &attr, thread_main, t);
		if (error == 0)
			t->nthreads++;
	}
	pthread_attr_destroy(&attr);
	return (error);
}

/* The start of a thread makes system calls of its own, which the filter to come does not know. */
static void
wait_until_all_run(struct threads *t)
{
	pthread_mutex_lock(&t->lock);
	while (t->up < t->nthreads)
		pthread_cond_wait(&t->running, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

/* 0 or an errno. Signals are the lane's: the threads inherit a mask that has all of them. */
static int
start_threads(struct threads *t, unsigned threads)
{
	sigset_t all, before;
	int error;

	if (threads == 0)
		return (0);
	if ((t->threads = calloc(threads, sizeof(*t->threads))) == NULL)
		return (ENOMEM);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = make_threads(t, threads);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	wait_until_all_run(t);
	return (error);
}

/* Nothing is in flight. */
static void
threads_free(struct engine *engine)
{
	struct threads *t = (struct threads *)engine;
	unsigned i;

	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_broadcast(&t->work);
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < t->nthreads; i++)
		pthread_join(t->threads[i], NULL);
	wait_free(t->engine.wait);
	pthread_cond_destroy(&t->running);
	pthread_cond_destroy(&t->work);
	pthread_mutex_destroy(&t->lock);
	free(t->threads);
	free(t);
}

/* ---- the lane's side ---- */

static int
threads_file_set(struct engine *engine, unsigned slot, int fd)
{
	((struct threads *)engine)->fd[slot] = fd;
	return (0);
}

/* True when op is complete: the lane could do it without waiting. */
static bool
do_here(struct threads *t, struct eng_op *op)
{
	bool is_short = op->verb == ENG_FLUSH || op->len <= LANE_MAX;

	if (t->nthreads == 0 || (op->never_blocks && is_short)) {
		file_do(op);
		return (true);
	}
	return (op->page_cache && is_short && file_try(op));
}

static void
hand_over(struct threads *t, struct eng_op *op)
{
	pthread_mutex_lock(&t->lock);
	op->stage = STAGE_QUEUED;
	TAILQ_INSERT_TAIL(&t->todo, op, next);
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	t->away++;
}

static void
threads_submit(struct engine *engine, struct eng_op *op)
{
	struct threads *t = (struct threads *)engine;

	assert(op->stage == STAGE_CALLERS);
	op->fd = t->fd[op->file];
	if (do_here(t, op))
		TAILQ_INSERT_TAIL(&t->here, op, next);
	else
		hand_over(t, op);
}

static bool
threads_cancel(struct engine *engine, struct eng_op *op)
{
	struct threads *t = (struct threads *)engine;
	bool queued;

	pthread_mutex_lock(&t->lock);
	if ((queued = op->stage == STAGE_QUEUED)) {
		TAILQ_REMOVE(&t->todo, op, next);
		op->stage = STAGE_CALLERS;
	}
	pthread_mutex_unlock(&t->lock);
	if (queued)
		t->away--;
	return (queued);
}

/* For ever only when nothing is done yet; from then on a thread that is done wakes the lane. */
static int
threads_may_sleep(struct engine *engine, int timeout_ms)
{
	struct threads *t = (struct threads *)engine;
	bool may;

	if (!TAILQ_EMPTY(&t->here))
		return (0);
	if (t->away == 0)
		return (timeout_ms);
	pthread_mutex_lock(&t->lock);
	t->asleep = may = TAILQ_EMPTY(&t->done);
	pthread_mutex_unlock(&t->lock);
	return (may ? timeout_ms : 0);
}

/* The lane will look at `done` by itself. */
static void
threads_awake(struct engine *engine)
{
	struct threads *t = (struct threads *)engine;

	if (t->away == 0)
		return;
	pthread_mutex_lock(&t->lock);
	t->asleep = false;
	pthread_mutex_unlock(&t->lock);
}

/* Moves all that is done so far to due: what done() submits is for the next turn. */
static void
collect(struct threads *t, struct eng_queue *due)
{
	struct eng_op *op;

	TAILQ_CONCAT(due, &t->here, next);
	if (t->away == 0)
		return;
	pthread_mutex_lock(&t->lock);
	TAILQ_FOREACH(op, &t->done, next)
		t->away--;
	TAILQ_CONCAT(due, &t->done, next);
	pthread_mutex_unlock(&t->lock);
}

static int
threads_run(struct engine *engine)
{
	struct eng_queue due = TAILQ_HEAD_INITIALIZER(due);
	struct eng_op *op;
	int calls = 0;

	collect((struct threads *)engine, &due);
	while ((op = TAILQ_FIRST(&due)) != NULL) {
		TAILQ_REMOVE(&due, op, next);
		op->stage = STAGE_CALLERS;
		engine->in_flight--;
		op->done(op);
		calls++;
	}
	return (calls);
}

static const struct engine_type threads_type = {
	.kind = ENGINE_THREADS,
	.needs_fd = true,
	.free = threads_free,
	.file_set = threads_file_set,
	.submit = threads_submit,
	.cancel = threads_cancel,
	.may_sleep = threads_may_sleep,
	.awake = threads_awake,
	.run = threads_run,
};

struct engine *
engine_threads_new(const struct engine_params *params)
{
	struct threads *t = calloc(1, sizeof(*t));
	int error;

	if (t == NULL)
		return (NULL);
	t->engine.type = &threads_type;
	for (unsigned i = 0; i < ENGINE_FILES; i++)
		t->fd[i] = -1;
	TAILQ_INIT(&t->here);
	TAILQ_INIT(&t->todo);
	TAILQ_INIT(&t->done);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	pthread_cond_init(&t->running, NULL);
	t->engine.wait = wait_new();
	error = t->engine.wait == NULL ? errno : start_threads(t, params->threads);
	if (error != 0) {
		threads_free(&t->engine);
		errno = error;
		return (NULL);
	}
	return (&t->engine);
}
