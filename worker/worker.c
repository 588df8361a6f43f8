/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblock-worker: greets one connection and, if that is an admin queue, becomes the host's
 * controller. Here: the order of its first moments. Memory, threads and everything else that the
 * sandbox forbids exist before it; no byte from a host is read before it is complete.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/logmsg.h"
#include "common/sandbox.h"
#include "common/title.h"
#include "worker/worker.h"

static struct worker_start {
	struct lane lanes[LANES_MAX];
	struct ipc_hello hello;
	struct sandbox box;
	int door;
} me = { .door = -1 };

/* The broker speaks first, once: it is trusted more than we are, but a nonsense would end us. */
static bool
hello_ok(const struct ipc_hello *h)
{
	return (h->queues > 0 && h->queue_size >= 2 && h->queue_size <= 65536 &&
	    h->max_transfer >= 4096 && h->lanes > 0 && h->lanes <= LANES_MAX &&
	    h->memory / h->lanes / 2 >= h->max_transfer &&
	    h->max_h2c_data >= PDU_MAXH2CDATA_MIN && h->engine_threads > 0);
}

/* Descriptors at most: queues, namespaces, and a few of our own. */
static uint64_t
worker_files(const struct ipc_hello *h)
{
	return (64 + 4u * h->lanes + h->queues + ENGINE_FILES);
}

/* What the filter and the limits have to know of the engines. */
static void
say_engines(struct sandbox *box, const struct lane *lanes)
{
	for (unsigned i = 0; i < lanes->nlanes; i++) {
		const struct engine *engine = lanes[i].engine;

		if (engine_kind(engine) == ENGINE_THREADS)
			box->engine |= SANDBOX_POOL;
		else
			box->engine |= engine_has_ring_fd(engine) ? SANDBOX_RING_FD : SANDBOX_RING;
		box->processes += 1 + engine_kernel_threads(engine);
	}
}

/* Of any lane, why it has threads although it might have a ring; or 0. */
static uint32_t
why_threads(const struct lane *lanes)
{
	uint32_t why = 0;

	for (unsigned i = 0; i < lanes->nlanes && why == 0; i++)
		why = (uint32_t)lanes[i].why_threads;
	return (why);
}

static int
die(const char *what)
{
	fprintf(stderr, "cellblock-worker: %s\n", what);
	return (1);
}

/* Threads, ring, memory: everything that needs what the filter will forbid. */
static int
start(void *arg)
{
	struct worker_start *w = arg;

	if (lanes_start(w->lanes, &w->hello) == -1) {
		int error = errno;

		if (w->hello.engine == ENGINE_URING)
			ask_log(MSG_NO_RING, "", 1, (uint64_t)error);
		errno = error;
		return (-1);
	}
	say_engines(&w->box, w->lanes);
	return (ask_start(&w->lanes[0], w->door));
}

int
main(int argc, char **argv, char **envp)
{
	struct ipc_jail jail = { 0 };
	struct ipc_ready ready;
	char err[256];
	int root = -1;

	title_init("worker", argc, argv, envp);
	signal(SIGXFSZ, SIG_IGN);	/* an inherited limit is an error of one command */
	if (sandbox_receive_jail(ROLE_WORKER, &jail, &root, &me.door, NULL) == -1)
		return (die("is started by cellblockd, not by hand"));
	title_set("spare");
	if (ask_hello(&me.hello) == -1)
		return (die("no HELLO came from the broker"));
	if (!hello_ok(&me.hello))
		return (die("HELLO makes no sense"));
	me.box = (struct sandbox){ .jail = &jail, .root = root, .max_files = worker_files(&me.hello),
	    .max_fsize = UINT64_MAX, .start = start, .start_arg = &me };
	if (sandbox_enter(&me.box, &ready, err, sizeof(err)) == -1)
		return (die(err));
	ready.engine = engine_kind(me.lanes[0].engine);
	ready.why = why_threads(me.lanes);
	if (IPC_SEND(IPC_CONTROL_FD, WORKER_READY, &ready) == -1)
		return (1);
	return (lane_run(&me.lanes[0]));
}
