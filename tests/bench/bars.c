/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bars: what is to be reached, and whether it was. A bar compares a result with the one of the
 * same state; where both states were seen, both count.
 */
#include "config.h"

#include <string.h>

#include "tests/bench/bench.h"

static unsigned missed, judged;

void
bar_judge(const char *what, double value, double bar, bool at_least)
{
	bool ok = at_least ? value >= bar : value <= bar;

	judged++;
	missed += !ok;
	report_bar(what, value, bar, at_least, ok);
}

/* Part of the ceiling on the RAM disk. */
static const struct { const char *name; double least; } ratios[] = {
	{ "r4k-d1", 0.95 },
	{ "r4k-d1-poll", 0.92 },
	{ "r4k-d32", 0.90 },
	{ "r4k-d128", 0.85 },
	{ "r4k-q4x32", 0.85 },
	{ "w4k-d32", 0.90 },
	{ "r128k-d16", 0.95 },
	{ "w128k-d16", 0.95 },
	{ "r4k-d32-crc", 0.90 },
	{ "w4k-d32-crc", 0.90 },
	{ "r128k-d16-crc", 0.90 },
	{ "w128k-d16-crc", 0.90 },
};

double
bar_ratio(const char *name)
{
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
		if (strcmp(ratios[i].name, name) == 0)
			return (ratios[i].least);
	return (0);
}

static void
judge_ratio(const struct result *r)
{
	char what[128];

	if (strcmp(r->backend, "ram") != 0 || bar_ratio(r->name) == 0 || r->ratio == 0)
		return;
	snprintf(what, sizeof(what), "%s, %s, %s: part of the ceiling", r->name, r->engine,
	    state_name[r->state]);
	bar_judge(what, r->ratio, bar_ratio(r->name), true);
}

static void
judge_file(const struct result *r)
{
	const struct result *ram = result_find(r->name, "target", r->engine, "ram", r->mode,
	    r->state);
	char what[128];

	if (strcmp(r->backend, "file") != 0 || ram == NULL)
		return;
	snprintf(what, sizeof(what), "%s, %s, %s: file in the page cache, part of the RAM disk",
	    r->name, r->engine, state_name[r->state]);
	bar_judge(what, r->iops / ram->iops, 0.85, true);
}

static void
judge_rate(const struct result *r)
{
	const struct result *c = result_find(r->name, "ceiling", "-", "-", "block", r->state);
	char what[128];

	if (r->load.rate != 10000 || strcmp(r->server, "target") != 0 || c == NULL)
		return;
	snprintf(what, sizeof(what), "%s, %s, %s: processor time, by that of the ceiling", r->name,
	    r->engine, state_name[r->state]);
	bar_judge(what, r->cpu / c->cpu, 1.15, false);
}

static void
judge_idle(const struct result *r)
{
	char what[128];

	if (!r->load.idle || strcmp(r->server, "target") != 0)
		return;
	snprintf(what, sizeof(what), "%s, %s, %s: wake-ups per second", r->name, r->engine,
	    state_name[r->state]);
	bar_judge(what, r->wakeups, 0, false);
}

static void (*const judges[])(const struct result *) = {
	judge_ratio, judge_file, judge_rate, judge_idle,
};

void
bars_judge_results(void)
{
	for (size_t j = 0; j < sizeof(judges) / sizeof(judges[0]); j++)
		for (unsigned i = 0; i < nresults; i++)
			judges[j](&results[i]);
}

void
bars_print(void)
{
	report_bars(judged, missed);
}
