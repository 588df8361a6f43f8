/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting a client: to the ceiling with sockets of its own, to the target through the test
 * host, whose sockets it takes over once the queues are connected.
 */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/host/host.h"
#include "tests/host/spec.h"

enum { LBA_SHIFT = 12, IN_CAPSULE = 16384, MAXH2CDATA = 1 << 20 };
enum { TIMEOUT_MS = 30000, TRIAL_MS = 3000 };

static void
begin(struct contender *c, const char *server)
{
	c->server = server;
	c->engine = c->backend = "-";
	for (int s = 0; s < STATE_MAX; s++)
		if ((c->hist[s] = calloc(1, sizeof(*c->hist[s]))) == NULL)
			err(1, "contender");
}

void
contender_ceiling(struct contender *c, const struct ceiling *ceiling, const struct load *l,
    const char *mode)
{
	begin(c, "ceiling");
	c->mode = mode;
	c->spin = strcmp(mode, "spin") == 0;
	c->pid = ceiling->pid;
	c->client = client_new(l, LBA_SHIFT, settings.ram);
	if ((c->fd = calloc(l->queues, sizeof(*c->fd))) == NULL)
		err(1, "contender");
	for (unsigned i = 0; i < l->queues; i++) {
		c->fd[i] = ceiling_connect(ceiling, l, strcmp(mode, "copy") == 0, LBA_SHIFT);
		client_add(c->client, c->fd[i], IN_CAPSULE, MAXH2CDATA);
	}
	syscount_open(&c->syscount, c->pid);
}

/* One entry of a queue is always free. */
void
target_opts(const struct target *t, const struct load *l, struct host_opts *o)
{
	host_opts_default(o);
	o->port = t->port;
	o->subnqn = BENCH_NQN;
	o->hdgst = l->hdgst;
	o->ddgst = l->ddgst;
	o->queues = l->queues;
	o->depth = l->depth + 1;
	o->timeout_ms = TIMEOUT_MS;
}

/* Does it serve at all? Its engine may be one that does not work here. Tried once. */
bool
target_answers(struct target *t)
{
	struct load l = { .queues = 1, .depth = 1 };
	struct host_ctrl h;
	struct host_opts o;

	if (t->tried)
		return (t->answers);
	target_opts(t, &l, &o);
	o.timeout_ms = TRIAL_MS;
	t->tried = true;
	t->answers = host_ctrl_open(&h, &o) == 0;
	if (!t->answers)
		report_note("engine %s does not serve here: %s", t->options.engine, h.error.text);
	host_ctrl_close(&h);
	return (t->answers);
}

static void
connect_controller(struct contender *c, const struct target *t, const struct load *l)
{
	struct host_opts o;

	target_opts(t, l, &o);
	if ((c->ctrl = malloc(sizeof(*c->ctrl))) == NULL)
		err(1, "contender");
	if (host_ctrl_open(c->ctrl, &o) == -1 || host_ctrl_open_io(c->ctrl) == -1)
		errx(1, "cannot connect to the target: %s", c->ctrl->error.text);
}

void
contender_target(struct contender *c, struct target *t, const struct load *l, enum backend b)
{
	begin(c, "target");
	c->engine = t->options.engine != NULL ? t->options.engine : "default";
	c->backend = backend_name[b];
	c->helped = b == BACKEND_LOOP;
	c->mode = t->options.busy_poll > 0 ? "spin" : "block";
	connect_controller(c, t, l);
	c->client = client_new(l, LBA_SHIFT, settings.ram);
	c->client->nsid = (uint32_t)b + 1;
	for (unsigned i = 0; i < l->queues; i++) {
		struct host_queue *q = c->ctrl->io[i];

		client_add(c->client, q->conn.fd, q->icd_max, q->conn.maxh2cdata);
	}
	c->pid = target_worker(t, c->ctrl->cntlid);
	syscount_open(&c->syscount, c->pid);
}

void
contender_close(struct contender *c)
{
	unsigned queues = c->client->load.queues;

	syscount_close(&c->syscount);
	for (unsigned i = 0; c->fd != NULL && i < queues; i++)
		close(c->fd[i]);
	free(c->fd);
	client_free(c->client);
	if (c->ctrl != NULL)
		host_ctrl_close(c->ctrl);
	free(c->ctrl);
	for (int s = 0; s < STATE_MAX; s++)
		free(c->hist[s]);
}

/* Write all of a disk once. */
void
target_fill(struct target *t, enum backend b)
{
	struct load l = { .size = 128 << 10, .queues = 1, .depth = 16 };
	struct contender c = { .fd = NULL };

	contender_target(&c, t, &l, b);
	client_fill(c.client);
	contender_close(&c);
	t->filled[b] = true;
}
