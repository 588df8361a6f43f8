/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From windows to numbers: for each contender and state the median and the quartiles, and the ratio
 * to the ceiling of the same state and the same series.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

struct result results[RESULTS_MAX];
unsigned nresults;

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

/* Between the neighbours of a sorted list. */
static double
quantile(const double *v, unsigned n, double part)
{
	double at = part * (n - 1);
	unsigned i = (unsigned)at;

	return (i + 1 < n ? v[i] + (v[i + 1] - v[i]) * (at - i) : v[i]);
}

static void
speed_of(const struct contender *c, struct result *r)
{
	double v[WINDOWS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < c->nwindows; i++)
		if (c->window[i].state == r->state)
			v[n++] = c->window[i].iops;
	qsort(v, n, sizeof(v[0]), by_size);
	r->windows = n;
	r->iops = quantile(v, n, 0.5);
	r->lowest = quantile(v, n, 0.25);
	r->highest = quantile(v, n, 0.75);
	r->mbps = r->iops * r->load.size / 1e6;
}

/* Sums over all windows; the processor's ticks only say how the time divides. */
static void
costs_of(const struct contender *c, struct result *r)
{
	double seconds = 0, count = 0, run = 0, user = 0, system = 0, switches = 0, syscalls = 0;
	double idle = 0, mio;

	for (unsigned i = 0; i < c->nwindows; i++) {
		const struct window *w = &c->window[i];

		if (w->state != r->state)
			continue;
		seconds += w->seconds;
		count += w->iops * w->seconds;
		run += (double)w->use.run_ns / (double)NS_PER_S;
		user += (double)w->use.user;
		system += (double)w->use.system;
		switches += (double)w->use.switches;
		syscalls += (double)w->use.syscalls;
		idle += w->idle * w->seconds;
		r->noisy += w->noisy;
	}
	mio = count > 0 ? count / 1e6 : NAN;
	r->cpu = run / mio;
	r->user = user + system > 0 ? r->cpu * user / (user + system) : 0;
	r->system = r->cpu - r->user;
	r->core = run / seconds;
	r->switches = switches / (mio * 1e6);
	r->wakeups = switches / seconds;
	r->syscalls = c->syscount.n > 0 ? syscalls / (mio * 1e6) : -1;
	r->idle = idle / seconds;
}

static struct result *
result_of(const struct series *s, const struct contender *c, enum state state)
{
	struct result *r;

	if (c->in_state[state] == 0 || nresults == RESULTS_MAX)
		return (NULL);
	r = &results[nresults++];
	*r = (struct result){ .server = c->server, .engine = c->engine, .backend = c->backend,
		.mode = c->mode, .state = state, .load = c->client->load, .rss_mib = c->rss_mib };
	snprintf(r->name, sizeof(r->name), "%s", s->name);
	speed_of(c, r);
	costs_of(c, r);
	r->p50_us = hist_us(c->hist[state], 0.5);
	r->p99_us = hist_us(c->hist[state], 0.99);
	r->p999_us = hist_us(c->hist[state], 0.999);
	return (r);
}

static double
ceiling_of(const struct result *r, const char *mode)
{
	const struct result *c = result_find(r->name, "ceiling", "-", "-", mode, r->state);

	return (c != NULL ? c->iops : 0);
}

/* At depth 1 like is compared with like: who sleeps with who sleeps. Otherwise with the better. */
static void
compare(struct result *r)
{
	r->ceiling_block = ceiling_of(r, "block");
	r->ceiling_spin = ceiling_of(r, "spin");
	r->ceiling_copy = ceiling_of(r, "copy");
	if (r->load.depth > 1)
		r->ceiling = fmax(fmax(r->ceiling_block, r->ceiling_spin), r->ceiling_copy);
	else
		r->ceiling = strcmp(r->mode, "spin") == 0 ? r->ceiling_spin : r->ceiling_block;
	if (r->load.rate > 0 || r->load.idle)
		r->ceiling = 0;
	r->ratio = r->ceiling > 0 ? r->iops / r->ceiling : 0;
}

void
results_of(const struct series *s)
{
	unsigned first = nresults;

	for (int state = 0; state < STATE_MAX; state++)
		for (unsigned i = 0; i < s->n; i++)
			result_of(s, s->contender[i], (enum state)state);
	for (unsigned i = first; i < nresults; i++) {
		compare(&results[i]);
		report_result(&results[i]);
	}
	if (s->rejected > 0)
		report_note("%s: %u windows were repeated (other state, or a busy neighbour)",
		    s->name, s->rejected);
}

/* NULL for a name means any. */
static bool
fits(const char *want, const char *is)
{
	return (want == NULL || strcmp(want, is) == 0);
}

const struct result *
result_find(const char *name, const char *server, const char *engine, const char *backend,
    const char *mode, enum state state)
{
	for (unsigned i = 0; i < nresults; i++) {
		const struct result *r = &results[i];

		if (fits(name, r->name) && fits(server, r->server) && fits(engine, r->engine) &&
		    fits(backend, r->backend) && fits(mode, r->mode) && r->state == state)
			return (r);
	}
	return (NULL);
}
