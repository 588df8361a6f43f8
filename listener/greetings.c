/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts and penalties of the listener: see greetings.h. */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "listener/greetings.h"

static struct source
source_of(const struct ipc_addr *a)
{
	struct source s = { .family = a->family };

	memcpy(s.prefix, a->addr, a->family == AF_INET ? 4 : 8);
	return (s);
}

static int
source_equal(const struct source *a, const struct source *b)
{
	return (a->family == b->family && memcmp(a->prefix, b->prefix, sizeof(a->prefix)) == 0);
}

int
greetings_set_limits(struct greetings *g, uint32_t max, uint32_t per_source)
{
	uint32_t room = max < GREETINGS_MAX ? max : GREETINGS_MAX;
	struct greeting *p;

	if (room > g->room) {
		/* not realloc: its mremap is not among the listener's system calls */
		if ((p = calloc(room, sizeof(*p))) == NULL)
			return (-1);
		if (g->n > 0)
			memcpy(p, g->now, g->n * sizeof(*p));
		free(g->now);
		g->now = p;
		g->room = room;
	}
	g->max = room;
	g->per_source = per_source;
	return (0);
}

void
greetings_free(struct greetings *g)
{
	free(g->now);
	memset(g, 0, sizeof(*g));
}

void
greetings_forget(struct greetings *g)
{
	g->n = 0;
}

static uint32_t
count_of(const struct greetings *g, const struct source *from)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n; i++)
		n += (uint32_t)source_equal(&g->now[i].from, from);
	return (n);
}

static int
is_penalised(const struct greetings *g, const struct source *from, uint64_t now_ms)
{
	for (size_t i = 0; i < PENALTY_SOURCES; i++)
		if (g->penalty[i].until_ms > now_ms && source_equal(&g->penalty[i].from, from))
			return (1);
	return (0);
}

enum greet_verdict
greetings_judge(const struct greetings *g, const struct ipc_addr *addr, uint64_t now_ms)
{
	struct source from = source_of(addr);

	if (is_penalised(g, &from, now_ms))
		return (GREET_PENALTY);
	if (count_of(g, &from) >= g->per_source)
		return (GREET_SOURCE_FULL);
	return (g->n >= g->max ? GREET_FULL : GREET_WELCOME);
}

void
greetings_begin(struct greetings *g, uint32_t slot, const struct ipc_addr *from)
{
	assert(g->n < g->room);
	g->now[g->n].slot = slot;
	g->now[g->n].from = source_of(from);
	g->n++;
}

/* The source's own entry, or the one that was quiet for longest. */
static struct penalty *
penalty_of(struct greetings *g, const struct source *from)
{
	struct penalty *oldest = &g->penalty[0];

	for (size_t i = 0; i < PENALTY_SOURCES; i++) {
		struct penalty *p = &g->penalty[i];

		if (p->strikes > 0 && source_equal(&p->from, from))
			return (p);
		if (p->last_ms < oldest->last_ms)
			oldest = p;
	}
	*oldest = (struct penalty){ .from = *from };
	return (oldest);
}

static void
strike(struct greetings *g, const struct source *from, uint64_t now_ms)
{
	struct penalty *p = penalty_of(g, from);
	uint64_t ms = PENALTY_FIRST_MS;

	if (p->last_ms + PENALTY_FORGET_MS < now_ms)
		p->strikes = 0;
	p->strikes++;
	p->last_ms = now_ms;
	if (p->strikes <= PENALTY_FREE)
		return;
	for (uint32_t i = PENALTY_FREE + 1; i < p->strikes && ms < PENALTY_MAX_MS; i++)
		ms *= 2;
	p->until_ms = now_ms + (ms < PENALTY_MAX_MS ? ms : PENALTY_MAX_MS);
}

void
greetings_end(struct greetings *g, uint32_t slot, enum greet_outcome outcome, uint64_t now_ms)
{
	for (uint32_t i = 0; i < g->n; i++) {
		if (g->now[i].slot != slot)
			continue;
		if (outcome == GREET_CRASHED)
			strike(g, &g->now[i].from, now_ms);
		g->now[i] = g->now[--g->n];
		return;
	}
}
