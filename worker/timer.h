/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers of a lane: a sorted list, set and stopped by name, monotonic milliseconds.
 */
#ifndef WORKER_TIMER_H
#define WORKER_TIMER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/* Zeroed by its owner, who keeps it alive while it is set. A timer that fires is no longer set;
 * its fire() may set or stop this and every other timer. */
struct timer {
	const char *name;
	void (*fire)(struct timer *);
	void *arg;
	uint64_t at_ms;
	bool set;
	TAILQ_ENTRY(timer) next;
};
TAILQ_HEAD(timer_list, timer);

uint64_t mono_ms(void);

void	timer_list_init(struct timer_list *);
/* Never early, up to a millisecond late: also for 0, so that no turn fires what it has set itself.
 * Replaces an earlier setting. Equal times fire in the order in which they were set. */
void	timer_set(struct timer_list *, struct timer *, uint64_t in_ms);
void	timer_stop(struct timer_list *, struct timer *);	/* not set: nothing */
int	timer_next_ms(const struct timer_list *);	/* for engine_wait; -1: none */
void	timer_run(struct timer_list *);			/* fires all that are due, once each */

#endif
