/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How near two processors are: a cache line goes to and fro between them. On a virtual machine the
 * distance changes under our feet, and loopback throughput with it by a factor of two or three, so
 * every window is labelled by this before and after. The server must be idle meanwhile.
 */
#include "config.h"

#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "tests/bench/bench.h"

enum { ROUNDS = 400, BATCHES = 9 };

struct line {
	_Alignas(128) atomic_uint turn;
	int cpu;
};

void
cpu_pin_both(int a, int b)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(a, &set);
	CPU_SET(b, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		err(1, "cannot run on processors %d and %d", a, b);
}

void
cpu_pin(int cpu)
{
	cpu_pin_both(cpu, cpu);
}

static void *
answer(void *arg)
{
	struct line *l = arg;

	cpu_pin(l->cpu);
	for (unsigned i = 0; i < (ROUNDS + 1) * BATCHES; i++) {
		while (atomic_load_explicit(&l->turn, memory_order_acquire) != 2 * i + 1)
			;
		atomic_store_explicit(&l->turn, 2 * i + 2, memory_order_release);
	}
	return (NULL);
}

static void
round_trip(struct line *l, unsigned i)
{
	atomic_store_explicit(&l->turn, 2 * i + 1, memory_order_release);
	while (atomic_load_explicit(&l->turn, memory_order_acquire) != 2 * i + 2)
		;
}

/* Nanoseconds from one processor to the other: the least of some batches, one way. We run on one
 * of the two, the answer comes from the other. */
double
pingpong_ns(int other_cpu)
{
	struct line l = { .turn = 0, .cpu = other_cpu };
	uint64_t best = UINT64_MAX, t;
	unsigned i = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, answer, &l) != 0)
		errx(1, "no thread for the ping-pong");
	for (unsigned b = 0; b < BATCHES; b++) {
		round_trip(&l, i++);	/* until the other one is there */
		t = now_ns();
		for (unsigned r = 0; r < ROUNDS; r++)
			round_trip(&l, i++);
		t = now_ns() - t;
		best = t < best ? t : best;
	}
	pthread_join(thread, NULL);
	return ((double)best / (2 * ROUNDS));
}
