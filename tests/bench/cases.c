/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases: what is read and written how, which servers take part, and running one of them.
 */
#include "config.h"

#include <sys/syscall.h>

#include <err.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

/* What was at work has a last timer after up to six seconds; then it is idle. */
enum { K = 1024, BUSY_POLL_US = 50, SETTLE_S = 7 };
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
	{ "r4k-rate0", { .size = 4 * K, .depth = 32, .reads = 100, .idle = true }, QUICK },
	{ "r4k-rate1k", { .size = 4 * K, .depth = 32, .reads = 100, .rate = 1000 }, 0 },
	{ "r4k-rate10k", { .size = 4 * K, .depth = 32, .reads = 100, .rate = 10000 }, QUICK },
	{ "r4k-d1-poll", { .size = 4 * K, .depth = 1, .reads = 100 }, QUICK | POLL },
};

static const char *const engines[] = { "default", "uring", "threads" };

static struct contender *
add(struct series *s)
{
	struct contender *c = calloc(1, sizeof(*c));

	if (c == NULL || s->n == CONTENDERS_MAX)
		errx(1, "too many contenders");
	s->contender[s->n++] = c;
	return (c);
}

static bool
kernel_has_rings(void)
{
	struct io_uring_params params = { .flags = 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 1, &params);

	if (fd != -1)
		close(fd);
	return (fd != -1);
}

/* The default stands for itself where the engine cannot be chosen. */
static bool
has_engine(const char *name)
{
	char key[32];

	if (strcmp(name, "default") == 0)
		return (!target_knows("service", "engine: auto"));
	if (strcmp(name, "uring") == 0 && !kernel_has_rings())
		return (false);
	snprintf(key, sizeof(key), "engine: %s", name);
	return (target_knows("service", key));
}

/* The engine that the target would choose here. */
const char *
engine_default(void)
{
	return (target_knows("service", "engine: auto") ? "auto" : "default");
}

/* A new target's disks are written once before anything is measured. */
static void
add_targets(struct series *s, const struct bench_case *b, const struct load *l, const char *engine)
{
	struct target_options o = { .engine = engine,
		.busy_poll = b->flags & POLL ? BUSY_POLL_US : 0, .ram_only = b->flags & POLL };
	struct target *t = target_get(&o);

	if (!target_answers(t))
		return;
	for (int d = 0; d < BACKEND_MAX; d++) {
		if (!is_chosen(settings.backends, backend_name[d]) || !target_has(t, d) ||
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
		contender_ceiling(add(&s), ceiling, &l, "block");
	if (!l.block && l.rate == 0 && !l.idle)
		contender_ceiling(add(&s), ceiling, &l, "spin");
	if (l.reads < 100 && l.size > 16 * K)
		contender_ceiling(add(&s), ceiling, &l, "copy");
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (is_chosen(settings.engines, engines[i]) && has_engine(engines[i]))
			add_targets(&s, b, &l, engines[i]);
	if (l.block)
		holders_start();
	if (l.idle)
		nanosleep(&(struct timespec){ SETTLE_S, 0 }, NULL);
	series_run(&s);
	holders_stop();
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
		    (!settings.quick || (cases[i].flags & QUICK)) && time_is_left(cases[i].name))
			run_case(&cases[i], ceiling);
	if (syscount_missing != NULL)
		report_note("system calls are not counted: %s", syscount_missing);
}
