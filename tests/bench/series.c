/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows of several contenders in turns, until in one state everybody has enough of them, or
 * enough has been tried. Windows of another state are kept as well: they are comparable to each
 * other.
 */
#include "config.h"

#include "tests/bench/bench.h"

/* A window is repeated this often because of a neighbour; then it is kept, with a mark. */
enum { REPEATS = 3 };

static void
keep(struct contender *c, const struct window *w)
{
	if (c->nwindows == WINDOWS_MAX)
		return;
	c->window[c->nwindows++] = *w;
	c->in_state[w->state]++;
	hist_merge(c->hist[w->state], c->client->hist);
}

static void
say(const struct series *s, const struct contender *c, const struct window *w, bool same)
{
	fprintf(stderr, "%-16s %-7s %-7s %-4s %-5s %-4s %10.0f IOPS, waited %.1f %%, "
	    "client idle %.0f %%%s\n", s->name, c->server, c->engine, c->backend, c->mode,
	    same ? state_name[w->state] : "both", w->iops, w->waited * 100, w->idle * 100,
	    w->noisy ? ", noisy" : "");
}

/* Windows that do not count are repeated; *state is the last one seen. */
static void
take_one(struct series *s, struct contender *c, enum state *state)
{
	struct window w;

	for (unsigned i = 0; i <= REPEATS; i++) {
		bool same = window_take(c, s->ceiling, &w, state);

		if (settings.verbose)
			say(s, c, &w, same);
		w.noisy = w.noisy && !s->shared && !c->helped;
		if (same && (!w.noisy || i == REPEATS)) {
			keep(c, &w);
			return;
		}
		s->rejected++;
	}
}

static bool
is_enough(const struct series *s)
{
	for (int state = 0; state < STATE_MAX; state++) {
		unsigned i = 0;

		while (i < s->n && s->contender[i]->in_state[state] >= settings.windows)
			i++;
		if (i == s->n)
			return (true);
	}
	return (false);
}

/* Who has enough of the present state lets the others go on. */
void
series_run(struct series *s)
{
	unsigned rounds = 3 * settings.windows;
	enum state now = window_label();

	for (unsigned r = 0; r < rounds && !is_enough(s) && (r == 0 || !time_is_over()); r++) {
		now = window_label();
		for (unsigned i = 0; i < s->n; i++)
			if (s->contender[i]->in_state[now] < settings.windows)
				take_one(s, s->contender[i], &now);
	}
	for (unsigned i = 0; i < s->n; i++)
		s->contender[i]->rss_mib =
		    (double)mem_resident_kib(s->contender[i]->pid) / 1024;
}
