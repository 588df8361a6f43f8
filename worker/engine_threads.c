/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine with a pool of threads: what might wait is carried out by a thread, what cannot is
 * carried out in the lane at once; done() is called by the lane in both cases. Threads touch an
 * operation between `todo` and `done` and nothing else of the lane's. After engine_new the only
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

struct engine {
	/* The lane's own. */
	struct wait *wait;
	struct eng_queue here;		/* carried out in the lane, done() not called yet */
	unsigned in_flight;		/* submitted, done() not called yet */
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
choose(struct engine *engine)
{
	struct eng_op *op = TAILQ_FIRST(&engine->todo);

	if (op != NULL)
		TAILQ_REMOVE(&engine->todo, op, next);
	return (op);
}

/* Waits for an operation. NULL when the engine ends. */
static struct eng_op *
take(struct engine *engine)
{
	struct eng_op *op;

	pthread_mutex_lock(&engine->lock);
	while ((op = choose(engine)) == NULL && !engine->stop)
		pthread_cond_wait(&engine->work, &engine->lock);
	if (op != NULL)
		op->stage = STAGE_TAKEN;
	pthread_mutex_unlock(&engine->lock);
	return (op);
}

static void
give_back(struct engine *engine, struct eng_op *op)
{
	bool wake;

	pthread_mutex_lock(&engine->lock);
	TAILQ_INSERT_TAIL(&engine->done, op, next);
	wake = engine->asleep;
	engine->asleep = false;		/* once is enough for all that are done meanwhile */
	pthread_mutex_unlock(&engine->lock);
	if (wake)
		wait_wake(engine->wait);
}

static void *
thread_main(void *arg)
{
	struct engine *engine = arg;
	struct eng_op *op;

	pthread_mutex_lock(&engine->lock);
	engine->up++;
	pthread_cond_signal(&engine->running);
	pthread_mutex_unlock(&engine->lock);
	while ((op = take(engine)) != NULL) {
		file_do(op);
		give_back(engine, op);
	}
	return (NULL);
}

/* ---- beginning and end ---- */

static int
make_threads(struct engine *engine, unsigned threads)
{
	pthread_attr_t attr;
	int error = 0;

	if ((error = pthread_attr_init(&attr)) != 0)
		return (error);
	/* Refused where the C library needs more: then its own choice will do. */
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (engine->nthreads < threads && error == 0) {
		error = pthread_create(&engine->threads[engine->nthreads], &attr, thread_main,
		    engine);
		if (error == 0)
			engine->nthreads++;
	}
	pthread_attr_destroy(&attr);
	return (error);
}

/* The start of a thread makes system calls of its own, which the filter to come does not know. */
static void
wait_until_all_run(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	while (engine->up < engine->nthreads)
		pthread_cond_wait(&engine->running, &engine->lock);
	pthread_mutex_unlock(&engine->lock);
}

/* 0 or an errno. Signals are the lane's: the threads inherit a mask that has all of them. */
static int
start_threads(struct engine *engine, unsigned threads)
{
	sigset_t all, before;
	int error;

	if (threads == 0)
		return (0);
	if ((engine->threads = calloc(threads, sizeof(*engine->threads))) == NULL)
		return (ENOMEM);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = make_threads(engine, threads);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	wait_until_all_run(engine);
	return (error);
}

struct engine *
engine_new(const struct engine_params *params)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int error;

	if (engine == NULL)
		return (NULL);
	for (unsigned i = 0; i < ENGINE_FILES; i++)
		engine->fd[i] = -1;
	TAILQ_INIT(&engine->here);
	TAILQ_INIT(&engine->todo);
	TAILQ_INIT(&engine->done);
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->work, NULL);
	pthread_cond_init(&engine->running, NULL);
	engine->wait = wait_new();
	error = engine->wait == NULL ? errno : start_threads(engine, params->threads);
	if (error != 0) {
		engine_free(engine);
		errno = error;
		return (NULL);
	}
	return (engine);
}

void
engine_free(struct engine *engine)
{
	unsigned i;

	if (engine == NULL)
		return;
	assert(engine->in_flight == 0);
	pthread_mutex_lock(&engine->lock);
	engine->stop = true;
	pthread_cond_broadcast(&engine->work);
	pthread_mutex_unlock(&engine->lock);
	for (i = 0; i < engine->nthreads; i++)
		pthread_join(engine->threads[i], NULL);
	wait_free(engine->wait);
	pthread_cond_destroy(&engine->running);
	pthread_cond_destroy(&engine->work);
	pthread_mutex_destroy(&engine->lock);
	free(engine->threads);
	free(engine);
}

/* ---- the lane's side ---- */

int
engine_file_set(struct engine *engine, unsigned slot, int fd)
{
	assert(slot < ENGINE_FILES);
	engine->fd[slot] = fd;
	return (0);
}

bool
engine_needs_fd(const struct engine *engine)
{
	(void)engine;
	return (true);
}

/* True when op is complete: the lane could do it without waiting. */
static bool
do_here(struct engine *engine, struct eng_op *op)
{
	bool is_short = op->verb == ENG_FLUSH || op->len <= LANE_MAX;

	if (engine->nthreads == 0 || (op->never_blocks && is_short)) {
		file_do(op);
		return (true);
	}
	return (op->page_cache && is_short && file_try(op));
}

static void
hand_over(struct engine *engine, struct eng_op *op)
{
	pthread_mutex_lock(&engine->lock);
	op->stage = STAGE_QUEUED;
	TAILQ_INSERT_TAIL(&engine->todo, op, next);
	pthread_cond_signal(&engine->work);
	pthread_mutex_unlock(&engine->lock);
	engine->away++;
}

void
engine_submit(struct engine *engine, struct eng_op *op)
{
	assert(op->stage == STAGE_CALLERS);
	op->fd = engine->fd[op->file];
	op->moved = 0;
	op->error = 0;
	engine->in_flight++;
	if (do_here(engine, op))
		TAILQ_INSERT_TAIL(&engine->here, op, next);
	else
		hand_over(engine, op);
}

bool
engine_cancel(struct engine *engine, struct eng_op *op)
{
	bool queued;

	pthread_mutex_lock(&engine->lock);
	if ((queued = op->stage == STAGE_QUEUED)) {
		TAILQ_REMOVE(&engine->todo, op, next);
		op->stage = STAGE_CALLERS;
	}
	pthread_mutex_unlock(&engine->lock);
	if (!queued)
		return (false);
	engine->away--;
	engine->in_flight--;
	return (true);
}

unsigned
engine_in_flight(const struct engine *engine)
{
	return (engine->in_flight);
}

int
engine_watch(struct engine *engine, struct eng_watch *watch)
{
	return (wait_add(engine->wait, watch));
}

int
engine_rewatch(struct engine *engine, struct eng_watch *watch)
{
	return (wait_change(engine->wait, watch));
}

void
engine_unwatch(struct engine *engine, struct eng_watch *watch)
{
	wait_remove(engine->wait, watch);
}

void
engine_wake(struct engine *engine)
{
	wait_wake(engine->wait);
}

/* True when nothing is done yet; from then on a thread that is done wakes the lane. */
static bool
may_sleep(struct engine *engine)
{
	bool may;

	if (!TAILQ_EMPTY(&engine->here))
		return (false);
	if (engine->away == 0)
		return (true);
	pthread_mutex_lock(&engine->lock);
	engine->asleep = may = TAILQ_EMPTY(&engine->done);
	pthread_mutex_unlock(&engine->lock);
	return (may);
}

/* The lane is awake again and will look at `done` by itself. */
static void
stay_awake(struct engine *engine)
{
	if (engine->away == 0)
		return;
	pthread_mutex_lock(&engine->lock);
	engine->asleep = false;
	pthread_mutex_unlock(&engine->lock);
}

/* Moves all that is done so far to due: what done() submits is for the next turn. */
static void
collect(struct engine *engine, struct eng_queue *due)
{
	struct eng_op *op;

	TAILQ_CONCAT(due, &engine->here, next);
	if (engine->away == 0)
		return;
	pthread_mutex_lock(&engine->lock);
	TAILQ_FOREACH(op, &engine->done, next)
		engine->away--;
	TAILQ_CONCAT(due, &engine->done, next);
	pthread_mutex_unlock(&engine->lock);
}

static int
call_done(struct engine *engine)
{
	struct eng_queue due = TAILQ_HEAD_INITIALIZER(due);
	struct eng_op *op;
	int calls = 0;

	collect(engine, &due);
	while ((op = TAILQ_FIRST(&due)) != NULL) {
		TAILQ_REMOVE(&due, op, next);
		op->stage = STAGE_CALLERS;
		engine->in_flight--;
		op->done(op);
		calls++;
	}
	return (calls);
}

int
engine_wait(struct engine *engine, int timeout_ms)
{
	int calls, slept;

	if (timeout_ms != 0 && !may_sleep(engine))
		timeout_ms = 0;
	slept = wait_sleep(engine->wait, timeout_ms);
	stay_awake(engine);
	if (slept == -1)
		return (-1);
	calls = wait_call(engine->wait);
	return (calls + call_done(engine));
}
