/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lane: one thread, one engine, its timers and buffers. A turn is: wait, do what is ready, fire
 * what is due, let go on who waited for a buffer, send everything that became ready.
 */
#include "config.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "worker/worker.h"

#define HOT_LOOKS 4u
#define HOT_TURNS 8u		/* in a row, then all others are heard */
#define TRIM_MS 3000u		/* an idle controller gives its buffers back after this */

/* Looked at every TRIM_MS while there is work, so that no command has to set or stop a timer. */
static void
lane_trim(struct timer *t)
{
	struct lane *lane = t->arg;

	if (lane->active || pool_used(lane->io) > 0 || pool_used(lane->h2c) > 0 ||
	    pool_used(lane->bounce) > 0) {
		lane->active = false;
		timer_set(&lane->timers, &lane->trim, TRIM_MS);
		return;
	}
	rxbuf_trim(lane);
	pool_trim(lane->io);
	pool_trim(lane->h2c);
	pool_trim(lane->bounce);
}

int
lane_engine(struct lane *lane, const struct ipc_hello *hello, enum engine_kind kind)
{
	struct engine_params params = { .kind = kind, .threads = hello->engine_threads };

	if (lane->engine != NULL && engine_kind(lane->engine) == kind)
		return (0);
	engine_free(lane->engine);
	if ((lane->engine = engine_new(&params)) == NULL)
		return (-1);
	if (engine_why(lane->engine) != 0)
		lane->why_threads = engine_why(lane->engine);
	return (0);
}

int
lane_init(struct lane *lane, const struct ipc_hello *hello)
{
	size_t half = hello->memory / hello->lanes / 2;

	mail_init(lane);
	lane->ns = &ns_none;
	timer_list_init(&lane->timers);
	memory_init(&lane->memory);
	TAILQ_INIT(&lane->dirty);
	SLIST_INIT(&lane->rxbufs);
	TAILQ_INIT(&lane->late);
	TAILQ_INIT(&lane->dead);
	TAILQ_INIT(&lane->paused);
	TAILQ_INIT(&lane->want_io);
	TAILQ_INIT(&lane->want_h2c);
	TAILQ_INIT(&lane->want_bounce);
	range_lane_init(lane, half / 4, hello->change_timeout_ms / 3);
	lane->busy_poll_us = hello->busy_poll_us;
	lane->trim = (struct timer){ .name = "trim", .fire = lane_trim, .arg = lane };
	lane->io = pool_new(half, hello->max_transfer);
	lane->h2c = pool_new(half, hello->max_transfer);
	lane->bounce = pool_new(BOUNCES * BOUNCE_BYTES, BOUNCE_BYTES);
	if (lane->io == NULL || lane->h2c == NULL || lane->bounce == NULL)
		return (-1);
	return (lane_engine(lane, hello, hello->engine));
}

void
lane_used(struct lane *lane)
{
	lane->active = true;
	if (!lane->trim.set)
		timer_set(&lane->timers, &lane->trim, TRIM_MS);
}

void *
lane_buffer_get(struct lane *lane, struct pool *pool, size_t len)
{
	lane_used(lane);
	return (pool_get(pool, len));
}

void
lane_buffer_put(struct lane *lane, struct pool *pool, void *buf)
{
	if (buf == NULL || pool == NULL)	/* of no pool: received data that was used in place */
		return;
	pool_put(pool, buf);
	lane->freed = true;
}

void
lane_stop(struct lane *lane, int status)
{
	lane->stop = true;
	lane->status = status;
}

void
lane_answer(struct lane *lane)
{
	memory_done(&lane->memory);
	conn_turn_flush(lane);
}

/* Resuming may free, and sending may free: until nothing changes. */
static void
end_of_turn(struct lane *lane)
{
	conn_turn_begin(lane);
	memory_turn(&lane->memory);
	do {
		if (lane->freed) {
			lane->freed = false;
			xfer_turn(lane);
			bounce_turn(lane);
			conn_turn_resume(lane);
		}
		memory_done(&lane->memory);
		conn_turn_flush(lane);
	} while (lane->freed);
	conn_turn_reap(lane);
}

/* Something is to be done that no descriptor will tell. What is `ready` still was submitted by a
 * done(), or by the end of a connection, after memory_done() had looked. */
static bool
is_busy(const struct lane *lane)
{
	return (!TAILQ_EMPTY(&lane->memory.slow) || !TAILQ_EMPTY(&lane->memory.ready) ||
	    !TAILQ_EMPTY(&lane->late));
}

static uint64_t
mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

/* One that always has more does not keep the lane from the others for long. */
static bool
hot_has_more(struct lane *lane)
{
	for (unsigned i = 0; i < HOT_LOOKS && lane->hot_turns < HOT_TURNS; i++)
		if (conn_turn_poll(lane)) {
			lane->hot_turns++;
			return (true);
		}
	lane->hot_turns = 0;
	return (false);
}

/* Looks again and again for busy_poll_us, then sleeps: mostly at the connection that was heard last,
 * now and then at all of them. Whoever else wants the core gets it. */
static int
wait_busily(struct lane *lane, int timeout_ms)
{
	uint64_t until = mono_us() + lane->busy_poll_us;
	int n;

	do {
		if (hot_has_more(lane))
			return (1);
		if ((n = engine_wait(lane->engine, 0)) != 0 || mail_is_there(lane))
			return (n);
		sched_yield();
	} while (mono_us() < until);
	return (engine_wait(lane->engine, timeout_ms));
}

/* Only after a turn in which something came: who is idle stays asleep. */
static int
wait_for_work(struct lane *lane, int timeout_ms)
{
	if (is_busy(lane))
		return (engine_wait(lane->engine, 0));
	if (lane->busy_poll_us > 0 && lane->awake)
		return (wait_busily(lane, timeout_ms));
	return (engine_wait(lane->engine, timeout_ms));
}

int
lane_turn(struct lane *lane, int timeout_ms)
{
	int n = wait_for_work(lane, timeout_ms);

	if (n == -1)
		return (-1);
	lane->awake = n > 0;
	mail_turn(lane);
	timer_run(&lane->timers);
	end_of_turn(lane);
	return (0);
}

int
lane_run(struct lane *lane)
{
	while (!lane->stop)
		if (lane_turn(lane, timer_next_ms(&lane->timers)) == -1)
			return (1);
	return (lane->status);
}
