/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A polite host, one small read at a time, beside a greedy one, which writes as much as it can:
 * what that does to the latency of the polite one. As two controllers, that is two processes, and
 * as two queues of one controller, that is one thread.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/host/host.h"

enum { LBA_SHIFT = 12, GREEDY_DEPTH = 1023, ROUNDS = 5 };

static const struct load polite = { .size = 4096, .queues = 1, .depth = 1, .reads = 100 };
static const struct load greedy = { .size = 128 << 10, .queues = 1, .depth = GREEDY_DEPTH };

static struct client *
take_over(const struct load *l, const struct host_queue *q)
{
	struct client *cl = client_new(l, LBA_SHIFT, settings.ram);

	client_add(cl, q->conn.fd, q->icd_max, q->conn.maxh2cdata);
	return (cl);
}

/* One window of the polite client, alone or with the other; its latencies are added to h. */
static void
window(struct client *const *cl, unsigned n, struct hist *h, double *mbps)
{
	uint64_t length = (uint64_t)(settings.seconds * (double)NS_PER_S), t;

	clients_run(cl, n, now_ns() + length / 4);
	hist_clear(cl[0]->hist);
	cl[n - 1]->done = 0;
	t = now_ns();
	clients_run(cl, n, t + length);
	*mbps = (double)cl[n - 1]->done * cl[n - 1]->load.size * 1e3 / (double)(now_ns() - t);
	hist_merge(h, cl[0]->hist);
	for (unsigned i = n; i-- > 0;)
		client_drain(cl[i]);
}

static void
say(const char *how, const char *what, const struct hist *h)
{
	char text[96];

	snprintf(text, sizeof(text), "%s: polite p50 %s", how, what);
	report_figure("fairness", text, hist_us(h, 0.5), "us");
	snprintf(text, sizeof(text), "%s: polite p99 %s", how, what);
	report_figure("fairness", text, hist_us(h, 0.99), "us");
}

static void
measure(const char *how, const struct host_queue *of_polite, const struct host_queue *of_greedy)
{
	struct client *cl[2] = { take_over(&polite, of_polite), take_over(&greedy, of_greedy) };
	struct hist *alone = calloc(2, sizeof(*alone)), *beside = alone + 1;
	double mbps = 0, none;
	char text[96];

	if (alone == NULL)
		err(1, "fairness");
	cl[1]->gentle = true;
	for (unsigned i = 0; i < ROUNDS; i++) {
		window(cl, 1, alone, &none);
		window(cl, 2, beside, &mbps);
	}
	say(how, "alone", alone);
	say(how, "beside", beside);
	snprintf(text, sizeof(text), "%s: what the greedy one wrote meanwhile", how);
	report_figure("fairness", text, mbps, "MB/s");
	free(alone);
	client_free(cl[0]);
	client_free(cl[1]);
}

static void
open_controller(struct host_ctrl *h, const struct target *t, unsigned queues)
{
	struct load l = greedy;
	struct host_opts o;

	l.queues = queues;
	target_opts(t, &l, &o);
	if (host_ctrl_open(h, &o) == -1 || host_ctrl_open_io(h) == -1)
		errx(1, "cannot connect to the target: %s", h->error.text);
}

void
fairness_run(const struct ceiling *ceiling)
{
	struct target_options o = { .engine = engine_default(), .ram_only = true };
	struct target *t = target_get(&o);
	struct host_ctrl a, b;

	(void)ceiling;
	if (!target_answers(t))
		return;
	if (!t->filled[BACKEND_RAM])
		target_fill(t, BACKEND_RAM);
	open_controller(&a, t, 1);
	open_controller(&b, t, 1);
	measure("two controllers", a.io[0], b.io[0]);
	host_ctrl_close(&a);
	host_ctrl_close(&b);
	open_controller(&a, t, 2);
	measure("two queues of one controller", a.io[0], a.io[1]);
	host_ctrl_close(&a);
	target_stop(t);
}
