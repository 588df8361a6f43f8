/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers of a lane. A lane has a handful of them and mostly sets the one that is due last, so a
 * sorted list searched from its end is enough. No timer is ever freed here.
 */
#include "config.h"

#include <limits.h>
#include <time.h>

#include "worker/timer.h"

uint64_t
mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

void
timer_list_init(struct timer_list *list)
{
	TAILQ_INIT(list);
}

void
timer_set(struct timer_list *list, struct timer *timer, uint64_t in_ms)
{
	struct timer *before;

	timer_stop(list, timer);
	/* One more, because what mono_ms() cut off may have been almost a millisecond. */
	if (__builtin_add_overflow(mono_ms() + 1, in_ms, &timer->at_ms))
		timer->at_ms = UINT64_MAX;
	TAILQ_FOREACH_REVERSE(before, list, timer_list, next)
		if (before->at_ms <= timer->at_ms)
			break;
	if (before == NULL)
		TAILQ_INSERT_HEAD(list, timer, next);
	else
		TAILQ_INSERT_AFTER(list, before, timer, next);
	timer->set = true;
}

void
timer_stop(struct timer_list *list, struct timer *timer)
{
	if (!timer->set)
		return;
	TAILQ_REMOVE(list, timer, next);
	timer->set = false;
}

int
timer_next_ms(const struct timer_list *list)
{
	const struct timer *first = TAILQ_FIRST(list);
	uint64_t now;

	if (first == NULL)
		return (-1);
	now = mono_ms();
	if (first->at_ms <= now)
		return (0);
	return (first->at_ms - now > INT_MAX ? INT_MAX : (int)(first->at_ms - now));
}

void
timer_run(struct timer_list *list)
{
	/* Read once: what is set from now on is due later than this. */
	uint64_t now = mono_ms();
	struct timer *timer;

	while ((timer = TAILQ_FIRST(list)) != NULL && timer->at_ms <= now) {
		timer_stop(list, timer);
		timer->fire(timer);
	}
}
