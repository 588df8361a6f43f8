/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many controllers: what an idle one costs in memory, how fast they connect, and whether a busy one
 * notices a thousand others. The target may use both processors, as it would; only the worker that
 * is busy is pinned.
 */
#include "config.h"

#include <stdlib.h>

#include "tests/bench/bench.h"

/* Buffers go back after a round of the trim timer without work: six seconds at most. */
enum { MANY = 1000, FEW = 10, SETTLE_S = 7 };

#define ALONE	"scale-alone"
#define BESIDE	"scale-beside"

static const struct load idle = { .size = 4096, .queues = 2, .depth = 127 };
static const struct load deep = { .size = 4096, .queues = 2, .depth = 1023 };
static const struct load busy = { .size = 4096, .queues = 1, .depth = 32, .reads = 100 };

static void
settle(void)
{
	nanosleep(&(struct timespec){ SETTLE_S, 0 }, NULL);
}

static double
pss_kib(const struct target *t, const struct crowd *c, unsigned i)
{
	pid_t pid = target_worker(t, crowd_cntlid(c, i));

	return ((double)mem_rollup_kib(pid, "Pss:") - (double)mem_rollup_kib(pid, "Pss_Shmem:"));
}

static double
private_kib(const struct target *t, const struct load *l)
{
	struct crowd *c = crowd_new();
	double kib = 0;

	crowd_grow(c, t, l, FEW);
	settle();
	for (unsigned i = 0; i < FEW; i++)
		kib += (double)mem_rollup_kib(target_worker(t, crowd_cntlid(c, i)),
		    "Private_Dirty:") / FEW;
	crowd_free(c);
	return (kib);
}

static void
measure_depth(const struct target *t)
{
	double shallow = private_kib(t, &idle), deeper = private_kib(t, &deep);
	unsigned entries = 2 * (deep.depth - idle.depth);

	report_figure("scale", "private memory, idle, 2 queues of 128", shallow, "KiB");
	report_figure("scale", "private memory, idle, 2 queues of 1024", deeper, "KiB");
	report_figure("scale", "memory for each entry of a queue",
	    (deeper - shallow) * 1024 / entries, "bytes");
}

static void
measure_total(const struct target *t, unsigned n)
{
	struct family_memory m;
	char what[80];

	settle();
	family_memory(t, &m);
	snprintf(what, sizeof(what), "PSS of all processes with %u controllers", n);
	report_figure("scale", what, (double)m.pss_kib / 1024, "MiB");
}

/* The busy controller, with a ceiling to see what the machine did meanwhile. */
static void
measure_busy(const char *name, const struct ceiling *ceiling, struct target *t)
{
	struct contender bare = { .fd = NULL }, c = { .fd = NULL };
	struct series s = { .name = name, .ceiling = ceiling, .contender = { &bare, &c }, .n = 2 };

	contender_ceiling(&bare, ceiling, &busy, "block");
	contender_target(&c, t, &busy, BACKEND_RAM);
	cpu_pin_process(c.pid, settings.server_cpu);
	series_run(&s);
	results_of(&s);
	contender_close(&bare);
	contender_close(&c);
}

static void
compare_busy(void)
{
	unsigned n = 0;

	for (int state = 0; state < STATE_MAX; state++) {
		const struct result *alone, *beside;
		char what[96];

		alone = result_find(ALONE, "target", NULL, NULL, NULL, (enum state)state);
		beside = result_find(BESIDE, "target", NULL, NULL, NULL, (enum state)state);
		if (alone == NULL || beside == NULL)
			continue;
		snprintf(what, sizeof(what), "%s: a busy controller beside 1000 idle ones, by alone",
		    state_name[state]);
		bar_judge(what, beside->iops / alone->iops, 0.95, true);
		n++;
	}
	if (n == 0)
		report_note("scale: alone and beside were measured in different states");
}

static void
measure_crowd(struct target *t, const struct ceiling *ceiling)
{
	static const unsigned steps[] = { 1, 100, MANY };
	double seconds = 0, kib = 0;
	struct crowd *c = crowd_new();

	measure_busy(ALONE, ceiling, t);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint64_t since = now_ns();

		crowd_grow(c, t, &idle, steps[i]);
		seconds += (double)(now_ns() - since) / (double)NS_PER_S;
		measure_total(t, steps[i]);
	}
	report_figure("scale", "time to 1000 controllers with 2 I/O queues each", seconds, "s");
	report_figure("scale", "controllers connected per second, 16 at once",
	    MANY / seconds, "1/s");
	bar_judge("seconds to 1000 controllers with 2 I/O queues each", seconds, 20, false);
	for (unsigned i = 0; i < MANY; i += MANY / 10)
		kib += pss_kib(t, c, i) / 10;
	report_figure("scale", "PSS of an idle worker among 1000", kib, "KiB");
	bar_judge("MiB of an idle controller with 2 queues of 128 (PSS)", kib / 1024, 1.5, false);
	measure_busy(BESIDE, ceiling, t);
	compare_busy();
	crowd_free(c);
}

void
scale_run(const struct ceiling *ceiling)
{
	struct target_options o = { .engine = engine_default(), .ram_only = true, .spares = 16,
		.all_cpus = true };
	struct target *t = target_get(&o);
	struct crowd *c = crowd_new();

	if (!target_answers(t))
		return;
	target_fill(t, BACKEND_RAM);
	crowd_grow(c, t, &idle, 1);
	settle();
	report_figure("scale", "PSS of an idle worker, alone", pss_kib(t, c, 0), "KiB");
	crowd_free(c);
	measure_depth(t);
	measure_crowd(t, ceiling);
	target_stop(t);
}
