/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases: what is read and written how, which servers take part, and running one of them.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { K = 1024, BUSY_POLL_US = 50 };
enum { QUICK = 1, DISKS = 2, POLL = 4 };

static const struct bench_case {
	const char *name;
	struct load load;
	unsigned flags;
} cases[] = {
	{ "r4k-d1", { .size = 4 * K, .depth = 1, .reads = 100, .block = true }, QUICK | DISKS },
	{ "r4k-d8", { .size = 4 * K, .depth = 8, .reads = 100 }, 0 },
	{ "r4k-d32", { .size = 4 * K, .depth = 32, .reads = 100 }, QUICK | DISKS },
	{ "r4k-d128", { .size = 4 * K, .depth = 128, .reads = 100 }, QUICK },
	{ "r4k-q4x32", { .size = 4 * K, .queues = 4, .depth = 32, .reads = 100 }, QUICK },
	{ "w4k-d1", { .size = 4 * K, .depth = 1, .block = true }, 0 },
	{ "w4k-d8", { .size = 4 * K, .depth = 8 }, 0 },
	{ "w4k-d32", { .size = 4 * K, .depth = 32 }, QUICK | DISKS },
	{ "w4k-d128", { .size = 4 * K, .depth = 128 }, 0 },
	{ "w4k-q4x32", { .size = 4 * K, .queues = 4, .depth = 32 }, 0 },
	{ "m4k-d32", { .size = 4 * K, .depth = 32, .reads = 70 }, 0 },
	{ "r16k-d32", { .size = 16 * K, .depth = 32, .reads = 100 }, 0 },
	{ "w16k-d32", { .size = 16 * K, .depth = 32 }, 0 },
	{ "r128k-d16", { .size = 128 * K, .depth = 16, .reads = 100 }, QUICK | DISKS },
	{ "w128k-d16", { .size = 128 * K, .depth = 16 }, QUICK | DISKS },
	{ "r4k-d32-crc", { .size = 4 * K, .depth = 32, .reads = 100, .hdgst = true, .ddgst = true },
	    QUICK },
	{ "w4k-d32-crc", { .size = 4 * K, .depth = 32, .hdgst = true, .ddgst = true }, 0 },
	{ "r128k-d16-crc", { .size = 128 * K, .depth = 16, .reads = 100, .hdgst = true,
	    .ddgst = true }, 0 },
	{ "w128k-d16-crc", { .size = 128 * K, .depth = 16, .hdgst = true, .ddgst = true }, 0 },
	{ "r4k-d1-poll", { .size = 4 * K, .depth = 1, .reads = 100 }, QUICK | POLL },
};

static const char *const engines[] = { "default", "auto", "uring", "threads" };

static struct contender *
add(struct series *s)
{
	struct contender *c = calloc(1, sizeof(*c));

	if (c == NULL || s->n == CONTENDERS_MAX)
		errx(1, "too many contenders");
	s->contender[s->n++] = c;
	return (c);
}

/* The default stands for itself where the engine cannot be chosen. */
static bool
has_engine(const char *name)
{
	char key[32];

	if (strcmp(name, "default") == 0)
		return (!target_knows("service", "engine: auto"));
	snprintf(key, sizeof(key), "engine: %s", name);
	return (target_knows("service", key));
}

/* A new target's disks are written once before anything is measured. */
static void
add_targets(struct series *s, const struct bench_case *b, const struct load *l, const char *engine)
{
	struct target_options o = { .engine = engine,
		.busy_poll = b->flags & POLL ? BUSY_POLL_US : 0 };
	struct target *t = target_get(&o);
	const char *why;

	for (int d = 0; d < BACKEND_MAX; d++) {
		if (!is_chosen(settings.backends, backend_name[d]) || !target_has(d, &why) ||
		    (d > 0 && !(b->flags & DISKS)))
			continue;
		if (!t->filled[d])
			target_fill(t, (enum backend)d);
		contender_target(add(s), t, l, (enum backend)d);
	}
}

static void
run_case(const struct bench_case *b, const struct ceiling *ceiling)
{
	struct series s = { .name = b->name, .ceiling = ceiling };
	struct load l = b->load;

	if (l.queues == 0)
		l.queues = 1;
	if ((b->flags & POLL) && !target_knows("service", "busy-poll: 1")) {
		report_note("%-14s not in this build: busy-poll", b->name);
		return;
	}
	if (!(b->flags & POLL))
		contender_ceiling(add(&s), ceiling, &l, false);
	if (l.depth > 1 || (b->flags & POLL))
		contender_ceiling(add(&s), ceiling, &l, true);
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (is_chosen(settings.engines, engines[i]) && has_engine(engines[i]))
			add_targets(&s, b, &l, engines[i]);
	series_run(&s);
	results_of(&s);
	for (unsigned i = 0; i < s.n; i++) {
		contender_close(s.contender[i]);
		free(s.contender[i]);
	}
}

void
cases_run(const struct ceiling *ceiling)
{
	report_heading();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (is_chosen(settings.cases, cases[i].name) &&
		    (!settings.quick || (cases[i].flags & QUICK)))
			run_case(&cases[i], ceiling);
	if (syscount_missing != NULL)
		report_note("system calls are not counted: %s", syscount_missing);
}
