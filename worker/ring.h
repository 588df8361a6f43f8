/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One io_uring of one thread: made, filled with registered files, and restricted for good to what
 * ring.c lists, before the thread's filter is in force. Knows no operation of ours.
 */
#ifndef WORKER_RING_H
#define WORKER_RING_H

#include <linux/io_uring.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;				/* -1: closed, the kernel keeps it under `index` */
	unsigned index;			/* of the thread's registered rings */
	bool registered;
	bool quiet_allowed;		/* its eventfd may be silenced without losing a wake-up */
	unsigned entries, cq_entries;
	void *map;			/* both queues; NULL: not there yet */
	size_t map_len;
	struct io_uring_sqe *sqes;
	unsigned sqe_tail;		/* filled, not shown to the kernel yet */
	unsigned *sq_head, *sq_tail, *sq_flags, *cq_head, *cq_tail, *cq_flags;
	struct io_uring_cqe *cqes;
};

/* Besides those that are asked for: one for files that are neither regular nor block devices. */
#define RING_OTHER_WORKERS 1u

struct ring_params {
	unsigned entries, cq_entries;	/* at most; powers of two */
	unsigned files;			/* slots, all empty */
	unsigned workers;		/* threads that the kernel may take for what would wait */
	int eventfd;			/* written to when something is complete */
};

/* Returns 0, or -1 with errno; ring_close is right after either. */
int	ring_open(struct ring *, const struct ring_params *);
void	ring_close(struct ring *);

/* Puts fd (-1: nothing) into a slot. The caller may close it. 0, or -1 with errno. */
int	ring_file_set(struct ring *, unsigned slot, int fd);

/* The next free entry, zeroed, submitted by ring_enter; NULL: all are taken. */
struct io_uring_sqe *ring_sqe(struct ring *);

/* Submits all entries and takes what is complete to the queue. Never waits. Returns 0, or -1 with
 * errno; what the kernel did not take then (EAGAIN, EBUSY: no memory now) stays for the next time. */
int	ring_enter(struct ring *);
unsigned ring_unsubmitted(const struct ring *);

/* The next completion, or NULL; ring_seen gives its place back. */
const struct io_uring_cqe *ring_cqe(const struct ring *);
void	ring_seen(struct ring *);

/* Is anything complete, or waiting for ring_enter to be? */
bool	ring_has_news(const struct ring *);

/* loud: from now on whatever becomes complete writes to the eventfd. What is complete already does
 * not; so look at ring_has_news() after it. */
void	ring_set_loud(struct ring *, bool loud);

#endif
