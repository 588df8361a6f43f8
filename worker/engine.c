/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all kinds of engine have in common: which kind it becomes, and the order of a turn. Sockets
 * are waited for in the same way by all of them; how an operation is carried out is the kind's.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "worker/engine_impl.h"

struct engine *
engine_new(const struct engine_params *params)
{
	struct engine *engine = NULL;
	int why = 0;

	if (params->kind != ENGINE_THREADS && (engine = engine_uring_new(params)) == NULL)
		why = errno;
	if (engine == NULL && params->kind != ENGINE_URING &&
	    (engine = engine_threads_new(params)) != NULL)
		engine->why = why;
	return (engine);
}

void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	assert(engine->in_flight == 0);
	engine->type->free(engine);
}

enum engine_kind
engine_kind(const struct engine *engine)
{
	return (engine->type->kind);
}

int
engine_why(const struct engine *engine)
{
	return (engine->why);
}

bool
engine_has_ring_fd(const struct engine *engine)
{
	return (engine->has_ring_fd);
}

unsigned
engine_kernel_threads(const struct engine *engine)
{
	return (engine->kernel_threads);
}

int
engine_file_set(struct engine *engine, unsigned slot, int fd)
{
	assert(slot < ENGINE_FILES);
	return (engine->type->file_set(engine, slot, fd));
}

bool
engine_needs_fd(const struct engine *engine)
{
	return (engine->type->needs_fd);
}

void
engine_submit(struct engine *engine, struct eng_op *op)
{
	op->moved = 0;
	op->error = 0;
	op->give_up = false;
	engine->in_flight++;
	engine->type->submit(engine, op);
}

bool
engine_cancel(struct engine *engine, struct eng_op *op)
{
	if (!engine->type->cancel(engine, op))
		return (false);
	engine->in_flight--;
	return (true);
}

/* A thread may have it just now. */
void
engine_give_up(struct eng_op *op)
{
	__atomic_store_n(&op->give_up, true, __ATOMIC_RELAXED);
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

int
engine_wait(struct engine *engine, int timeout_ms)
{
	int ready, done, slept;

	if (timeout_ms != 0)
		timeout_ms = engine->type->may_sleep(engine, timeout_ms);
	slept = wait_sleep(engine->wait, timeout_ms);
	engine->type->awake(engine);
	if (slept == -1)
		return (-1);
	ready = wait_call(engine->wait);
	done = engine->type->run(engine);
	return (done == -1 ? -1 : ready + done);
}
