/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One controller with two queues, served by one lane and by two. The target may use both
 * processors here, the client still has only its own: with two processors the lanes and the client
 * share them, and what is gained is what the client leaves.
 */
#include "config.h"

#include "tests/bench/bench.h"

static const struct load two = { .size = 4096, .queues = 2, .depth = 32, .reads = 100 };

static struct target *
target_of(unsigned lanes)
{
	struct target_options o = { .engine = engine_default(), .ram_only = true, .lanes = lanes,
		.all_cpus = true };
	struct target *t = target_get(&o);

	if (target_answers(t) && !t->filled[BACKEND_RAM])
		target_fill(t, BACKEND_RAM);
	return (t);
}

void
lanes_run(const struct ceiling *ceiling)
{
	struct contender one = { .fd = NULL }, both = { .fd = NULL };
	struct series s = { .name = "lanes-r4k-q2x32", .ceiling = ceiling,
		.contender = { &one, &both }, .n = 2, .shared = true };
	struct target *t1, *t2;

	if (!target_knows("service", "lanes: 1")) {
		report_note("%-14s not in this build: lanes", "lanes");
		return;
	}
	report_note("lanes: the target on processors %d and %d, the client on %d",
	    settings.server_cpu, settings.client_cpu, settings.client_cpu);
	t1 = target_of(1);
	t2 = target_of(2);
	if (!target_answers(t1) || !target_answers(t2))
		return;
	contender_target(&one, t1, &two, BACKEND_RAM);
	contender_target(&both, t2, &two, BACKEND_RAM);
	one.mode = "1lane";
	both.mode = "2lane";
	series_run(&s);
	results_of(&s);
	contender_close(&one);
	contender_close(&both);
	target_stop(t1);
	target_stop(t2);
}
