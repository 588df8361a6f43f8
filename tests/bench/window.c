/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One window: label, warm up, measure, label again. It counts only if the label is the same and
 * nobody else wanted our processors.
 */
#include "config.h"

#include <math.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define RAMP_NS		(60 * NS_PER_S / 1000)
#define SETTLE_NS	(3 * NS_PER_S / 1000)

const char *const state_name[STATE_MAX] = { "near", "far" };

/* Until the server sleeps, also one that polls for a while. */
enum state
window_label(void)
{
	nanosleep(&(struct timespec){ 0, SETTLE_NS }, NULL);
	return (pingpong_ns(settings.server_cpu) < settings.near_ns ? STATE_NEAR : STATE_FAR);
}

static double
part_waited(const struct cpu_use *u, uint64_t ns)
{
	return ((double)u->wait_ns / (double)ns);
}

static double
ns_of(uint64_t ticks)
{
	return ((double)ticks * (double)NS_PER_S / (double)sysconf(_SC_CLK_TCK));
}

/* Threads of one server wait for each other, and that is no neighbour's fault: of those the rest
 * counts of what their processor did. */
static double
part_of_others(const struct cpu_use *u, uint64_t ns)
{
	double others;

	if (u->threads < 2)
		return (part_waited(u, ns));
	others = ns_of(u->cpu_busy) - (double)u->run_ns - 2 * ns_of(1);
	return (others > 0 ? others / (double)ns : 0);
}

static void
measure(struct contender *c, struct window *w)
{
	struct client *cl = c->client;
	struct cpu_use before, after, me_before, me_after, me;
	uint64_t t, ns, length = (uint64_t)(settings.seconds * (double)NS_PER_S);

	client_run(cl, now_ns() + RAMP_NS);
	cpu_read(getpid(), NULL, &me_before);
	cpu_read(c->pid, &c->syscount, &before);
	hist_clear(cl->hist);
	cl->done = cl->idle_ns = 0;
	t = now_ns();
	client_run(cl, t + length);
	ns = cl->now - t;
	w->iops = (double)cl->done * (double)NS_PER_S / (double)ns;
	w->idle = (double)cl->idle_ns / (double)ns;
	w->seconds = (double)ns / (double)NS_PER_S;
	cpu_read(c->pid, &c->syscount, &after);
	cpu_read(getpid(), NULL, &me_after);
	cpu_since(&before, &after, &w->use);
	cpu_since(&me_before, &me_after, &me);
	w->waited = fmax(part_of_others(&w->use, ns), part_waited(&me, ns));
	w->noisy = w->waited > settings.wait_max ||
	    ns_of(w->use.stolen) > settings.wait_max * (double)ns + 1;
}

/* False: the distance of the processors changed meanwhile, and the window means nothing. */
bool
window_take(struct contender *c, const struct ceiling *ceiling, struct window *w, enum state *after)
{
	w->state = window_label();
	if (ceiling != NULL)
		atomic_store(ceiling->spin, c->spin);
	measure(c, w);
	client_drain(c->client);
	if (ceiling != NULL)
		atomic_store(ceiling->spin, false);
	*after = window_label();
	return (*after == w->state);
}
