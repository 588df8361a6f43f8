/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Latencies in a fixed table: 64 steps to each power of two, so a value is known to 1.6 %.
 * Recording is one increment and allocates nothing.
 */
#include "config.h"

#include <string.h>

#include "tests/bench/bench.h"

static unsigned
bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < HIST_STEPS)
		return ((unsigned)ns);
	shift = 63u - (unsigned)__builtin_clzll(ns) - HIST_BITS;
	if (shift >= HIST_OCTAVES - 1)
		return (HIST_STEPS * HIST_OCTAVES - 1);
	return (shift * HIST_STEPS + (unsigned)(ns >> shift));
}

/* The middle of a bucket. */
static double
value_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < 2 * HIST_STEPS)
		return (bucket);
	shift = bucket / HIST_STEPS - 1;
	return (((double)(bucket % HIST_STEPS + HIST_STEPS) + 0.5) * (double)(1ull << shift));
}

void
hist_add(struct hist *h, uint64_t ns)
{
	h->count[bucket_of(ns)]++;
	h->total++;
}

void
hist_merge(struct hist *to, const struct hist *from)
{
	for (unsigned i = 0; i < HIST_STEPS * HIST_OCTAVES; i++)
		to->count[i] += from->count[i];
	to->total += from->total;
}

void
hist_clear(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

/* Microseconds that a part of 0..1 of the values does not exceed; 0 of none. */
double
hist_us(const struct hist *h, double part)
{
	uint64_t want = (uint64_t)((double)h->total * part), seen = 0;

	for (unsigned i = 0; i < HIST_STEPS * HIST_OCTAVES; i++) {
		seen += h->count[i];
		if (h->count[i] > 0 && seen >= want)
			return (value_of(i) / 1000);
	}
	return (0);
}
