/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other lanes of a worker: threads that are started before the filter, each with an engine of
 * its own that it makes itself (a ring belongs to the thread that enabled it). They end with the
 * process.
 */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include "worker/worker.h"

#define STACK_SIZE (128u << 10)

static struct {
	const struct ipc_hello *hello;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned up;			/* each lane but 0 says twice how far it is */
	int error;
	enum engine_kind kind;		/* AUTO: not known yet */
} start = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void
say_up(int error)
{
	pthread_mutex_lock(&start.lock);
	start.up++;
	if (error != 0)
		start.error = error;
	pthread_cond_broadcast(&start.changed);
	pthread_mutex_unlock(&start.lock);
}

static enum engine_kind
wait_for_kind(void)
{
	enum engine_kind kind;

	pthread_mutex_lock(&start.lock);
	while ((kind = start.kind) == ENGINE_AUTO)
		pthread_cond_wait(&start.changed, &start.lock);
	pthread_mutex_unlock(&start.lock);
	return (kind);
}

static void *
lane_main(void *arg)
{
	struct lane *lane = arg;
	int error = lane_init(lane, start.hello) == -1 ? errno : 0;

	say_up(error);
	if (error == 0 && lane_engine(lane, start.hello, wait_for_kind()) == -1)
		error = errno;
	say_up(error);
	if (error == 0)
		_exit(lane_run(lane));	/* it never stops by itself */
	pause();
	return (NULL);
}

static int
start_thread(struct lane *lane)
{
	pthread_attr_t attr;
	int error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return (error);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&(pthread_t){ 0 }, &attr, lane_main, lane);
	pthread_attr_destroy(&attr);
	return (error);
}

/* 0 or an errno; up is how many were started. Signals are lane 0's. */
static int
start_threads(struct lane *all, unsigned *up)
{
	sigset_t every, before;
	int error = 0;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	for (*up = 0; error == 0 && *up + 1 < all->nlanes; *up += error == 0)
		error = start_thread(&all[*up + 1]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return (error);
}

/* 0 or an errno. */
static int
wait_for(unsigned up)
{
	int error;

	pthread_mutex_lock(&start.lock);
	while (start.up < up && start.error == 0)
		pthread_cond_wait(&start.changed, &start.lock);
	error = start.error;
	pthread_mutex_unlock(&start.lock);
	return (error);
}

/* One that got no ring (memory that may be locked is short) decides for all: a filter knows one
 * kind, and a namespace's descriptor is kept for all or for none. */
static int
settle(struct lane *all)
{
	enum engine_kind kind = engine_kind(all->engine);

	for (unsigned i = 1; i < all->nlanes; i++)
		if (engine_kind(all[i].engine) == ENGINE_THREADS)
			kind = ENGINE_THREADS;
	pthread_mutex_lock(&start.lock);
	start.kind = kind;
	pthread_cond_broadcast(&start.changed);
	pthread_mutex_unlock(&start.lock);
	return (lane_engine(&all[0], start.hello, kind) == -1 ? errno : 0);
}

int
lanes_start(struct lane *all, const struct ipc_hello *hello)
{
	unsigned started;
	int error;

#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);	/* nothing is allocated for an operation: one is enough */
#endif
	start.hello = hello;
	for (unsigned i = 0; i < hello->lanes; i++) {
		all[i].index = i;
		all[i].all = all;
		all[i].nlanes = hello->lanes;
	}
	if (lane_init(&all[0], hello) == -1)
		return (-1);
	if ((error = start_threads(all, &started)) == 0 && (error = wait_for(started)) == 0 &&
	    (error = settle(all)) == 0)
		error = wait_for(2 * started);
	errno = error;
	return (error == 0 ? 0 : -1);
}
