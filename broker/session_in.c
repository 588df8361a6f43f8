/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker says. Form, state and repetition are judged by the table; here every field that is
 * used is judged again, because a worker that its host has taken over can send anything.
 */
#include "config.h"

#include <string.h>

#include "broker/broker.h"
#include "common/sandbox.h"

IPC_RECEIVER(from_worker, IPC_WORKER_TO_BROKER)

const struct ipc_table *const session_table = &from_worker;

/* Once: all workers are alike. */
static void
say_layers(struct broker *b, const struct ipc_ready *m)
{
	char names[128];

	if (b->layers_said)
		return;
	b->layers_said = true;
	if (m->missing != 0)
		log_print(LOG_NOTICE, "workers run without these layers: %s; see the table of "
		    "layers in cellblockd(8)", sandbox_layer_names(m->missing, names,
		    sizeof(names)));
}

/* Once, and again when it is not as before. */
static void
say_engine(struct broker *b, const struct ipc_ready *m)
{
	if (m->engine == b->engine_said && m->why == b->why_said)
		return;
	b->engine_said = m->engine;
	b->why_said = m->why;
	if (m->engine == ENGINE_URING)
		log_info("workers read and write through io_uring");
	else if (m->why == 0)
		log_info("workers read and write with threads");
	else
		log_print(LOG_NOTICE, "workers read and write with threads; io_uring: %s",
		    strerror((int)m->why));
}

/* Ready in its sandbox: its door may be given to the listener. */
static int
on_worker_ready(void *ctx, const struct ipc_ready *m, int *fds)
{
	struct session *s = ctx;

	(void)fds;
	session_heard(s);
	s->ch.peer.state = S_UP;
	if (s->phase != SESSION_STARTING)
		return (0);	/* one that was taken over */
	say_layers(s->broker, m);
	say_engine(s->broker, m);
	s->phase = SESSION_SPARE;
	timer_stop(s->deadline);
	spare_is_ready(s);
	return (0);
}

/* Who connected is the listener's word; it was said before the worker could speak. */
static bool
is_greeting(struct session *s)
{
	if (s->phase == SESSION_STARTING || s->phase == SESSION_SPARE)
		listener_drain(s->broker);
	return (s->phase == SESSION_GREETING && !s->killed);
}

/* Broker and listener died together and nobody knows where it came from: no fault of its own. */
static int
not_greeting(struct session *s)
{
	if (!s->inherited)
		return (-1);
	session_kill(s, NULL);
	return (0);
}

/* A Connect of either kind: kept, and asked about. */
static int
take_connect(struct session *s, const struct ipc_connect *m, void (*begin)(struct session *))
{
	if (!is_greeting(s))
		return (not_greeting(s));
	session_heard(s);
	s->connect = *m;
	s->ch.peer.state = S_ASKED;
	begin(s);
	return (0);
}

static int
on_connect(void *ctx, const struct ipc_connect *m, int *fds)
{
	(void)fds;
	return (take_connect(ctx, m, admission_begin));
}

static int
on_queue(void *ctx, const struct ipc_connect *m, int *fds)
{
	(void)fds;
	return (take_connect(ctx, m, queue_begin));
}

static int
on_queue_answer(void *ctx, const struct ipc_queue_answer *m, int *fds)
{
	struct session *s = ctx;

	(void)fds;
	session_heard(s);
	queue_answered(s, m);
	return (0);
}

static int
on_queue_hand(void *ctx, const struct ipc_queue_handoff *m, int *fds)
{
	struct session *s = ctx;

	if (s->phase == SESSION_GIVING)
		return (queue_hand(s, m, fds[0]));
	/* an older broker asked for it, and knew whose it is: the host connects it again */
	return (not_greeting(s));
}

static int
on_resv(void *ctx, const struct ipc_resv *m, int *fds)
{
	(void)fds;
	session_heard(ctx);
	return (reserve_ask(ctx, m));
}

static int
on_fenced(void *ctx, const struct ipc_fence *m, int *fds)
{
	(void)fds;
	session_heard(ctx);
	return (fence_answered(ctx, m->fence));
}

static int
on_state(void *ctx, const struct ipc_state *m, int *fds)
{
	struct session *s = ctx;

	(void)fds;
	session_told(s, m);
	report_state(s->broker);
	return (0);
}

static int
on_pong(void *ctx, const struct ipc_ping *m, int *fds)
{
	(void)fds;
	session_answered(ctx, m->seq);
	return (0);
}

static int
on_worker_log(void *ctx, const struct ipc_log *m, int *fds)
{
	(void)fds;
	logline_worker(ctx, m);
	return (0);
}

static int
on_range_lock(void *ctx, const struct ipc_range *m, int *fds)
{
	(void)fds;
	return (session_range_lock(ctx, m));
}

static int
on_range_unlock(void *ctx, const struct ipc_range_ref *m, int *fds)
{
	(void)fds;
	return (session_range_unlock(ctx, m));
}

static int
on_range_held(void *ctx, const struct ipc_range_ref *m, int *fds)
{
	(void)fds;
	return (session_range_held(ctx, m));
}

static int
on_range_reset_done(void *ctx, const struct ipc_empty *m, int *fds)
{
	(void)m;
	(void)fds;
	return (session_range_reset_done(ctx));
}
