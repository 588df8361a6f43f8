/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for descriptors with poll(2), for any POSIX system. A watch has a place in two arrays of
 * the same length; one that is removed leaves its place empty until the next wait_sleep, so that
 * wait_call can walk on. Place 0 is the pipe by which other threads wake the lane.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/engine_impl.h"

struct wait {
	struct pollfd *fds;
	struct eng_watch **watches;	/* NULL: empty, or place 0 */
	size_t n, room;
	size_t at, end;			/* of the batch: the next place to call, and where it ends */
	int wake[2];			/* read end, write end */
};

static const struct { unsigned eng; short poll; } bits[] = {
	{ ENG_IN, POLLIN },
	{ ENG_OUT, POLLOUT },
	{ ENG_ERR, POLLERR | POLLHUP | POLLNVAL },
};
#define NBITS (sizeof(bits) / sizeof(bits[0]))

static short
poll_from_eng(unsigned events)
{
	int wanted = 0;
	size_t i;

	for (i = 0; i < NBITS; i++)
		if (events & bits[i].eng & ~ENG_ERR)
			wanted |= bits[i].poll;
	return ((short)wanted);
}

static unsigned
eng_from_poll(short poll)
{
	unsigned events = 0;
	size_t i;

	for (i = 0; i < NBITS; i++)
		if (poll & bits[i].poll)
			events |= bits[i].eng;
	return (events);
}

static int
make_room(struct wait *wait)
{
	size_t room = wait->room == 0 ? 16 : wait->room * 2;
	struct pollfd *fds;
	struct eng_watch **watches;

	if (wait->n < wait->room)
		return (0);
	if ((fds = reallocarray(wait->fds, room, sizeof(*fds))) == NULL)
		return (-1);
	wait->fds = fds;
	if ((watches = reallocarray(wait->watches, room, sizeof(struct eng_watch *))) == NULL)
		return (-1);
	wait->watches = watches;
	wait->room = room;
	return (0);
}

static int
add(struct wait *wait, int fd, unsigned events, struct eng_watch *watch)
{
	if (make_room(wait) == -1)
		return (-1);
	wait->fds[wait->n] = (struct pollfd){ .fd = fd, .events = poll_from_eng(events) };
	wait->watches[wait->n] = watch;
	wait->n++;
	return (0);
}

static int
make_pipe(int fds[2])
{
	int i;

	if (pipe(fds) == -1)
		return (-1);
	for (i = 0; i < 2; i++)
		if (fcntl(fds[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1)
			return (-1);
	return (0);
}

struct wait *
wait_new(void)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (wait == NULL)
		return (NULL);
	wait->wake[0] = wait->wake[1] = -1;
	if (make_pipe(wait->wake) == -1 || add(wait, wait->wake[0], ENG_IN, NULL) == -1) {
		wait_free(wait);
		return (NULL);
	}
	return (wait);
}

void
wait_free(struct wait *wait)
{
	int saved = errno, i;

	if (wait == NULL)
		return;
	for (i = 0; i < 2; i++)
		if (wait->wake[i] != -1)
			close(wait->wake[i]);
	free(wait->fds);
	free(wait->watches);
	free(wait);
	errno = saved;
}

/* The place of watch, or 0. */
static size_t
place_of(const struct wait *wait, const struct eng_watch *watch)
{
	size_t i;

	for (i = wait->n - 1; i > 0; i--)
		if (wait->watches[i] == watch)
			break;
	return (i);
}

int
wait_add(struct wait *wait, struct eng_watch *watch)
{
	if (place_of(wait, watch) != 0) {
		errno = EEXIST;
		return (-1);
	}
	return (add(wait, watch->fd, watch->events, watch));
}

int
wait_change(struct wait *wait, struct eng_watch *watch)
{
	size_t i = place_of(wait, watch);

	if (i == 0) {
		errno = ENOENT;
		return (-1);
	}
	wait->fds[i].events = poll_from_eng(watch->events);
	return (0);
}

void
wait_remove(struct wait *wait, struct eng_watch *watch)
{
	size_t i = place_of(wait, watch);

	if (i == 0)
		return;
	wait->watches[i] = NULL;
	wait->fds[i].revents = 0;
}

/* Closes the gaps that wait_remove left. */
static void
pack(struct wait *wait)
{
	size_t from, to = 1;

	for (from = 1; from < wait->n; from++) {
		if (wait->watches[from] == NULL)
			continue;
		wait->watches[to] = wait->watches[from];
		wait->fds[to] = wait->fds[from];
		to++;
	}
	wait->n = to;
}

int
wait_sleep(struct wait *wait, int timeout_ms)
{
	char drain[64];

	assert(wait->at == wait->end);
	pack(wait);
	wait->at = wait->end = 0;
	if (poll(wait->fds, (nfds_t)wait->n, timeout_ms) == -1)
		return (errno == EINTR ? 0 : -1);
	wait->end = wait->n;
	if (wait->fds[0].revents != 0)
		while (read(wait->wake[0], drain, sizeof(drain)) == (ssize_t)sizeof(drain))
			continue;
	return (0);
}

int
wait_call(struct wait *wait)
{
	struct eng_watch *watch;
	unsigned events;
	int calls = 0;

	while (wait->at < wait->end) {
		watch = wait->watches[wait->at];
		events = eng_from_poll(wait->fds[wait->at].revents);
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
	ssize_t n;

	/* A full pipe wakes as well as another byte would. */
	do
		n = write(wait->wake[1], "", 1);
	while (n == -1 && errno == EINTR);
}
