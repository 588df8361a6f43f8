/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for descriptors with epoll(7). One wait_sleep gathers a batch of events, wait_call goes
 * through it; what is unwatched meanwhile is struck from the rest of the batch, so that no event
 * ever reaches a watch that is gone.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "worker/engine_impl.h"

#define BATCH	64

struct wait {
	int epoll, wake, timer;
	int64_t armed_ns;	/* when the timer ends a sleep, CLOCK_MONOTONIC; 0: never */
	int n, at;		/* events in the batch, and the next one to call */
	struct epoll_event batch[BATCH];
};

static const struct { unsigned eng; uint32_t epoll; } bits[] = {
	{ ENG_IN, EPOLLIN },
	{ ENG_OUT, EPOLLOUT },
	{ ENG_ERR, EPOLLERR | EPOLLHUP },
};
#define NBITS (sizeof(bits) / sizeof(bits[0]))

static uint32_t
epoll_from_eng(unsigned events)
{
	uint32_t epoll = 0;
	size_t i;

	for (i = 0; i < NBITS; i++)
		if (events & bits[i].eng)
			epoll |= bits[i].epoll;
	return (epoll);
}

static unsigned
eng_from_epoll(uint32_t epoll)
{
	unsigned events = 0;
	size_t i;

	for (i = 0; i < NBITS; i++)
		if (epoll & bits[i].epoll)
			events |= bits[i].eng;
	return (events);
}

struct wait *
wait_new(void)
{
	/* Edge-triggered: every write to it, and every time that the timer is due, ends a sleep, and
	 * nobody ever has to read them. */
	struct epoll_event wake = { .events = EPOLLIN | EPOLLET };
	struct wait *wait = calloc(1, sizeof(*wait));

	if (wait == NULL)
		return (NULL);
	wait->epoll = epoll_create1(EPOLL_CLOEXEC);
	wait->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	wait->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (wait->epoll == -1 || wait->wake == -1 || wait->timer == -1 ||
	    epoll_ctl(wait->epoll, EPOLL_CTL_ADD, wait->wake, &wake) == -1 ||
	    epoll_ctl(wait->epoll, EPOLL_CTL_ADD, wait->timer, &wake) == -1) {
		wait_free(wait);
		return (NULL);
	}
	return (wait);
}

void
wait_free(struct wait *wait)
{
	int saved = errno;

	if (wait == NULL)
		return;
	if (wait->epoll != -1)
		close(wait->epoll);
	if (wait->wake != -1)
		close(wait->wake);
	if (wait->timer != -1)
		close(wait->timer);
	free(wait);
	errno = saved;
}

static int
control(struct wait *wait, int op, struct eng_watch *watch)
{
	struct epoll_event event = { .events = epoll_from_eng(watch->events) };

	event.data.ptr = watch;
	return (epoll_ctl(wait->epoll, op, watch->fd, &event));
}

int
wait_add(struct wait *wait, struct eng_watch *watch)
{
	return (control(wait, EPOLL_CTL_ADD, watch));
}

int
wait_change(struct wait *wait, struct eng_watch *watch)
{
	return (control(wait, EPOLL_CTL_MOD, watch));
}

void
wait_remove(struct wait *wait, struct eng_watch *watch)
{
	int i;

	(void)control(wait, EPOLL_CTL_DEL, watch);
	for (i = wait->at; i < wait->n; i++)
		if (wait->batch[i].data.ptr == watch)
			wait->batch[i].data.ptr = NULL;
}

/*
 * A busy lane sleeps thousands of times a second, with timers that are due in seconds: starting and
 * stopping the kernel's for each sleep would cost more than the sleep. So it is set only when it
 * would be late, and may end a sleep in vain. Returns what epoll_wait shall wait: 0, or -1.
 */
static int
arm(struct wait *wait, int timeout_ms)
{
	struct itimerspec when = { 0 };
	int64_t now, due;

	if (timeout_ms <= 0)
		return (timeout_ms);
	clock_gettime(CLOCK_MONOTONIC, &when.it_value);
	now = (int64_t)when.it_value.tv_sec * 1000000000 + when.it_value.tv_nsec;
	due = now + (int64_t)timeout_ms * 1000000;
	if (wait->armed_ns > now && wait->armed_ns <= due)
		return (-1);
	when.it_value.tv_sec = (time_t)(due / 1000000000);
	when.it_value.tv_nsec = (long)(due % 1000000000);
	if (timerfd_settime(wait->timer, TFD_TIMER_ABSTIME, &when, NULL) == -1)
		return (timeout_ms);
	wait->armed_ns = due;
	return (-1);
}

int
wait_sleep(struct wait *wait, int timeout_ms)
{
	int n;

	assert(wait->at == wait->n);
	wait->at = wait->n = 0;
	n = epoll_wait(wait->epoll, wait->batch, BATCH, arm(wait, timeout_ms));
	if (n == -1)
		return (errno == EINTR ? 0 : -1);
	wait->n = n;
	return (0);
}

int
wait_call(struct wait *wait)
{
	struct eng_watch *watch;
	unsigned events;
	int calls = 0;

	while (wait->at < wait->n) {
		watch = wait->batch[wait->at].data.ptr;		/* NULL: unwatched, or ours */
		events = eng_from_epoll(wait->batch[wait->at].events);
		wait->at++;
		/* What is wanted may have changed since the event was gathered. */
		if (watch == NULL || (events &= watch->events | ENG_ERR) == 0)
			continue;
		watch->ready(watch, events);
		calls++;
	}
	return (calls);
}

void
wait_wake(struct wait *wait)
{
	static const uint64_t one = 1;
	ssize_t n;

	do
		n = write(wait->wake, &one, sizeof(one));
	while (n == -1 && errno == EINTR);
}

int
wait_eventfd(const struct wait *wait)
{
	return (wait->wake);
}
